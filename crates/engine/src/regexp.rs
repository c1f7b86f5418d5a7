//! Translates Go's regular expressions into those of the `regex` crate.
//!
//! Two engines of one family read a few things differently: a brace that counts nothing is a plain
//! brace, classes do not nest, `\d` and its kin mean ASCII, `\<` is no word boundary, and a
//! repetition cannot be repeated.
//! Source: <https://pkg.go.dev/regexp/syntax>.

mod literals;

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

use kustom_yaml::error::{Error, Kind, Result};

pub use literals::{Expressions, Literals, Texts};

/// The most often a counted repetition may repeat.
const MOST_REPEATS: u32 = 1000;

/// The classes that have a name.
static CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Compiles an expression.
///
/// # Errors
///
/// If it is no regular expression, with the reason as the cause.
pub fn compile(text: &str) -> Result<Regex> {
    let no_expression = || {
        let message = format!("`{text}` is no regular expression");
        Error::new(Kind::Kustomization, message)
    };
    let spelling = translate(text)
        .map_err(|reason| no_expression().caused_by(std::io::Error::other(reason)))?;
    Regex::new(&spelling).map_err(|cause| no_expression().caused_by(cause))
}

/// An expression in the spelling of our engine.
fn translate(text: &str) -> std::result::Result<String, &'static str> {
    let mut reader = Reader {
        chars: text.chars().peekable(),
        out: String::with_capacity(text.len() + 8),
    };
    let mut is_repeated = false;
    while let Some(found) = reader.chars.next() {
        let repeats = match found {
            '*' | '+' | '?' => {
                reader.out.push(found);
                true
            }
            '{' => reader.braces()?,
            _ => {
                reader.other(found)?;
                false
            }
        };
        if repeats {
            if is_repeated {
                return Err("a repetition cannot be repeated");
            }
            if reader.chars.next_if_eq(&'?').is_some() {
                reader.out.push('?');
            }
        }
        is_repeated = repeats;
    }
    Ok(reader.out)
}

struct Reader<'t> {
    chars: Peekable<Chars<'t>>,
    out: String,
}

impl Reader<'_> {
    fn other(&mut self, found: char) -> std::result::Result<(), &'static str> {
        match found {
            '\\' => self.escape(),
            '[' => self.class(),
            '(' => {
                self.out.push('(');
                self.group()
            }
            ']' | '}' => {
                self.literal(found);
                Ok(())
            }
            _ => {
                self.out.push(found);
                Ok(())
            }
        }
    }

    /// A character that stands for itself.
    fn literal(&mut self, found: char) {
        if found.is_ascii_alphanumeric() || !found.is_ascii() {
            self.out.push(found);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(self.out, "\\x{{{:x}}}", u32::from(found));
        }
    }

    /// `{2}`, `{2,}` or `{2,3}`, which is a repetition; any other brace is itself.
    fn braces(&mut self) -> std::result::Result<bool, &'static str> {
        let mut ahead = self.chars.clone();
        let Some(length) = counts(&mut ahead) else {
            self.literal('{');
            return Ok(false);
        };
        let (least, most) = length?;
        self.chars = ahead;
        let _ = match most {
            Some(most) => write!(self.out, "{{{least},{most}}}"),
            None => write!(self.out, "{{{least},}}"),
        };
        Ok(true)
    }

    /// What may follow the parenthesis of a group: a name or flags.
    fn group(&mut self) -> std::result::Result<(), &'static str> {
        let mut ahead = self.chars.clone();
        if ahead.next() != Some('?') {
            return Ok(());
        }
        let flags: String = ahead
            .take_while(|flag| !matches!(flag, ':' | ')' | '<'))
            .collect();
        if flags != "P" && flags.chars().any(|flag| !"imsU-".contains(flag)) {
            return Err("a group has flags that do not exist");
        }
        self.out.push('?');
        self.chars.next();
        Ok(())
    }

    fn escape(&mut self) -> std::result::Result<(), &'static str> {
        let Some(found) = self.chars.next() else {
            return Err("a backslash has nothing to escape");
        };
        match found {
            'Q' => self.quoted(),
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' | 'A' | 'z' => {
                self.out.push('\\');
                self.out.push(found);
            }
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.out.push('[');
                self.ascii_class(found);
                self.out.push(']');
            }
            'p' | 'P' => self.property(found),
            _ => {
                let found = self.escaped(found)?;
                self.literal(found);
            }
        }
        Ok(())
    }

    /// Everything up to `\E` stands for itself.
    fn quoted(&mut self) {
        while let Some(found) = self.chars.next() {
            if found == '\\' && self.chars.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(found);
        }
    }

    fn ascii_class(&mut self, letter: char) {
        self.out.push_str(match letter {
            'd' => "0-9",
            'D' => "[^0-9]",
            's' => "\\t\\n\\f\\r\\x20",
            'S' => "[^\\t\\n\\f\\r\\x20]",
            'w' => "0-9A-Za-z_",
            _ => "[^0-9A-Za-z_]",
        });
    }

    fn property(&mut self, letter: char) {
        self.out.push('\\');
        self.out.push(letter);
        if self.chars.next_if_eq(&'{').is_some() {
            self.out.push('{');
            for found in self.chars.by_ref() {
                self.out.push(found);
                if found == '}' {
                    break;
                }
            }
        } else {
            self.out.extend(self.chars.next());
        }
    }

    /// The character that an escape stands for.
    fn escaped(&mut self, letter: char) -> std::result::Result<char, &'static str> {
        Ok(match letter {
            'a' => '\x07',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => return self.hexadecimal(),
            '0'..='7' => return self.octal(letter),
            _ if letter.is_ascii() && !letter.is_ascii_alphanumeric() => letter,
            _ => return Err("there is no such escape"),
        })
    }

    fn hexadecimal(&mut self) -> std::result::Result<char, &'static str> {
        let digits: String = if self.chars.next_if_eq(&'{').is_some() {
            self.chars.by_ref().take_while(|&c| c != '}').collect()
        } else {
            self.chars.by_ref().take(2).collect()
        };
        u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or("there is no such escape")
    }

    /// Up to three digits; a single one other than zero would refer back to a group.
    fn octal(&mut self, first: char) -> std::result::Result<char, &'static str> {
        let mut code = first.to_digit(8).unwrap_or_default();
        let mut length = 1;
        while length < 3
            && let Some(digit) = self.chars.peek().and_then(|c| c.to_digit(8))
        {
            self.chars.next();
            code = code * 8 + digit;
            length += 1;
        }
        if length == 1 && first != '0' {
            return Err("an expression cannot refer back to a group");
        }
        char::from_u32(code).ok_or("there is no such escape")
    }

    /// What stands in brackets; classes do not nest, and nothing but `-` and `^` works in them.
    fn class(&mut self) -> std::result::Result<(), &'static str> {
        self.out.push('[');
        if self.chars.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let found = self.chars.next().ok_or("a bracket is not closed")?;
            if found == ']' && !is_first {
                self.out.push(']');
                return Ok(());
            }
            is_first = false;
            self.member(found)?;
        }
    }

    fn member(&mut self, found: char) -> std::result::Result<(), &'static str> {
        match (found, self.chars.peek().copied()) {
            ('[', Some(':')) if self.named_class()? => return Ok(()),
            ('\\', Some('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P')) => {
                if let Some(letter) = self.chars.next() {
                    match letter {
                        'p' | 'P' => self.property(letter),
                        _ => self.ascii_class(letter),
                    }
                }
                return Ok(());
            }
            _ => {}
        }
        let low = self.bound(found)?;
        self.literal(low);
        let mut ahead = self.chars.clone();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|&next| next != ']') {
            self.chars = ahead;
            let next = self.chars.next().ok_or("a bracket is not closed")?;
            let high = self.bound(next)?;
            self.out.push('-');
            self.literal(high);
        }
        Ok(())
    }

    fn bound(&mut self, found: char) -> std::result::Result<char, &'static str> {
        if found != '\\' {
            return Ok(found);
        }
        let letter = self.chars.next().ok_or("a bracket is not closed")?;
        self.escaped(letter)
    }

    /// `[:alpha:]`, if it is closed; the bracket has been read.
    fn named_class(&mut self) -> std::result::Result<bool, &'static str> {
        let mut ahead = self.chars.clone();
        ahead.next();
        let name: String = ahead.by_ref().take_while(|&c| c != ':').collect();
        if ahead.next() != Some(']') {
            return Ok(false);
        }
        let word = name.strip_prefix('^').unwrap_or(&name);
        if CLASSES.binary_search(&word).is_err() {
            return Err("a class has a name that does not exist");
        }
        self.chars = ahead;
        let _ = write!(self.out, "[:{name}:]");
        Ok(true)
    }
}

type Counts = std::result::Result<(u32, Option<u32>), &'static str>;

/// The numbers of a counted repetition whose brace has been read, if it is one.
fn counts(chars: &mut Peekable<Chars<'_>>) -> Option<Counts> {
    let least = number(chars)?;
    let most = match chars.next()? {
        '}' => Some(least),
        ',' if chars.next_if_eq(&'}').is_some() => None,
        ',' => {
            let most = number(chars)?;
            (chars.next()? == '}').then_some(Some(most))?
        }
        _ => return None,
    };
    let largest = most.unwrap_or(least);
    Some(if least > largest || largest > MOST_REPEATS {
        Err("a repetition has counts that cannot be")
    } else {
        Ok((least, most))
    })
}

/// A number without leading zeros; one beyond all counts is as good as any other.
fn number(chars: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut digits = 0;
    let mut value: u32 = 0;
    let starts_with_zero = chars.peek() == Some(&'0');
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        digits += 1;
        value = value.saturating_mul(10).saturating_add(digit);
    }
    (digits > 0 && !(starts_with_zero && digits > 1)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fits(pattern: &str, text: &str) -> bool {
        compile(&format!("^(?:{pattern})$")).unwrap().is_match(text)
    }

    #[test]
    fn a_brace_that_counts_nothing_is_a_brace() {
        assert!(fits(r"\${NAME}-plane", "${NAME}-plane"));
        assert!(fits("{{app}}", "{{app}}"));
        assert!(fits("a{,2}", "a{,2}"));
        assert!(fits("a{02}", "a{02}"));
        assert!(fits("a{2,3}", "aaa"));
        assert!(fits("a{2,}", "aaa"));
        assert!(!fits("a{2}", "aaa"));
    }

    #[test]
    fn classes_do_not_nest() {
        assert!(fits("[a[&&b]", "["));
        assert!(fits("[a[&&b]", "&"));
        assert!(fits("[]a-]+", "]-a"));
        assert!(fits("[^[:digit:]]", "a"));
        assert!(fits(r"[\d\-x]+", "1-x"));
        assert!(fits(r"[\D]", "x"));
        assert!(!fits(r"[^\D]", "x"));
    }

    #[test]
    fn letters_and_digits_are_ascii() {
        assert!(fits(r"\d\w\s", "1a "));
        assert!(!fits(r"\d", "٣"));
        assert!(!fits(r"\w", "é"));
    }

    #[test]
    fn escaped_punctuation_is_itself() {
        assert!(fits(r"\<a\>\_\-\/", "<a>_-/"));
        assert!(fits(r"\Qa.b\E.c", "a.b-c"));
        assert!(fits(r"\x41\x{42}\103", "ABC"));
    }

    #[test]
    fn groups_and_flags_are_kept() {
        assert!(fits("(?i)web|(?P<db>db)", "WEB"));
        assert!(fits("(?:a|b)+?", "ab"));
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "a**",
            "a+*",
            "a{2}{3}",
            "*",
            "a|*",
            "(",
            "[a",
            "a\\",
            r"\y",
            r"\1",
            "(?x)a",
            "(?=a)",
            "a{1001}",
            "a{3,2}",
            "[z-a]",
            "[[:no:]]",
            r"[\w-z-\d]",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }
}
