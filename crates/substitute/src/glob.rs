//! Patterns of `${x#pattern}`: `*`, `?`, `[a-c]`, `[^x]`, `\x`.
//!
//! `*` matches any text, `/` too. It matches as little as lets what follows it match, and is not
//! tried again. That a pattern is broken is noticed only where the text gets that far.

/// A pattern, cut at its stars.
pub(crate) struct Pattern<'p> {
    parts: Vec<Part<'p>>,
    length: usize,
}

/// What is between two stars.
struct Part<'p> {
    /// Whether a star stands before it.
    after_star: bool,
    text: &'p [u8],
}

/// A class that is not closed, or an escape of nothing.
pub(crate) struct Broken;

impl<'p> Pattern<'p> {
    pub(crate) fn new(pattern: &'p [u8]) -> Self {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while !rest.is_empty() {
            let stars = rest.iter().take_while(|byte| **byte == b'*').count();
            let (text, behind) = rest[stars..].split_at(part_length(&rest[stars..]));
            parts.push(Part {
                after_star: stars > 0,
                text,
            });
            rest = behind;
        }
        Self {
            parts,
            length: pattern.len(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Whether it matches the whole of a text.
    pub(crate) fn matches(&self, text: &[u8]) -> Result<bool, Broken> {
        let mut rest = text;
        for (index, part) in self.parts.iter().enumerate() {
            if part.after_star && part.text.is_empty() {
                return Ok(true);
            }
            let is_last = index + 1 == self.parts.len();
            let fits = |rest: &[u8]| !is_last || rest.is_empty();
            let starts = if part.after_star { rest.len() } else { 0 };
            let mut found = None;
            for start in 0..=starts {
                if let Some(behind) = part.at_start(&rest[start..])?
                    && fits(behind)
                {
                    found = Some(behind);
                    break;
                }
            }
            match found {
                Some(behind) => rest = behind,
                None => return Ok(false),
            }
        }
        Ok(rest.is_empty())
    }
}

/// How much of a pattern there is before its next star; one in a class is none.
fn part_length(pattern: &[u8]) -> usize {
    let mut in_class = false;
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'\\' if at + 1 < pattern.len() => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    at
}

impl Part<'_> {
    /// What is left of a text that begins with what the part matches.
    fn at_start<'t>(&self, text: &'t [u8]) -> Result<Option<&'t [u8]>, Broken> {
        let (mut pattern, mut text) = (self.text, text);
        while let Some(first) = pattern.first() {
            if text.is_empty() {
                return Ok(None);
            }
            match first {
                b'?' => {
                    text = &text[character(text).1..];
                    pattern = &pattern[1..];
                }
                b'[' => {
                    let (c, width) = character(text);
                    let (is_in, behind) = class(&pattern[1..], c)?;
                    if !is_in {
                        return Ok(None);
                    }
                    text = &text[width..];
                    pattern = behind;
                }
                _ => {
                    let escape = usize::from(*first == b'\\');
                    let byte = pattern.get(escape).ok_or(Broken)?;
                    if *byte != text[0] {
                        return Ok(None);
                    }
                    text = &text[1..];
                    pattern = &pattern[escape + 1..];
                }
            }
        }
        Ok(Some(text))
    }
}

/// Whether a character is in a class, whose pattern is given behind its `[`, and what follows it.
fn class(pattern: &[u8], c: char) -> Result<(bool, &[u8]), Broken> {
    let negated = pattern.first() == Some(&b'^');
    let mut rest = &pattern[usize::from(negated)..];
    let (mut is_in, mut is_first) = (false, true);
    loop {
        if !is_first && rest.first() == Some(&b']') {
            return Ok((is_in != negated, &rest[1..]));
        }
        let (low, behind) = class_character(rest)?;
        let (high, behind) = match behind.first() {
            Some(b'-') => class_character(&behind[1..])?,
            _ => (low, behind),
        };
        is_in |= (low..=high).contains(&c);
        is_first = false;
        rest = behind;
    }
}

/// A character of a class, perhaps escaped, and what follows it, which is never nothing.
fn class_character(pattern: &[u8]) -> Result<(char, &[u8]), Broken> {
    let escaped = match pattern.first() {
        None | Some(b'-' | b']') => return Err(Broken),
        Some(b'\\') => &pattern[1..],
        Some(_) => pattern,
    };
    let (c, width) = character(escaped);
    let is_invalid = c == char::REPLACEMENT_CHARACTER && width < 2;
    match escaped.get(width..) {
        Some(behind) if !is_invalid && !behind.is_empty() => Ok((c, behind)),
        _ => Err(Broken),
    }
}

/// The first character of a text and its width; a byte that is none is U+FFFD.
fn character(text: &[u8]) -> (char, usize) {
    let head = &text[..text.len().min(4)];
    match head
        .utf8_chunks()
        .next()
        .and_then(|it| it.valid().chars().next())
    {
        Some(c) => (c, c.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, text.len().min(1)),
    }
}
