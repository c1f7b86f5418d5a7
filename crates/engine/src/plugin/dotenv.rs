//! Env files as ksops reads them: with quotes, comments, `export` and variables.
//!
//! Source: `github.com/joho/godotenv` v1.5, as it is written.

use kustom_yaml::cut::Cut as _;

/// The pairs of a file, in order; an error is the number of a line, and what it has.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
    let text = text.replace("\r\n", "\n");
    let mut rest = &*text;
    let mut pairs: Vec<(String, String)> = Vec::new();
    while let Some(statement) = next_statement(rest) {
        let line = || {
            let before = text.len() - statement.len();
            text.cut(..before).matches('\n').count() + 1
        };
        let (key, behind) = key(statement).map_err(|why| (line(), why))?;
        let (value, behind) = value(behind, &pairs).map_err(|why| (line(), why))?;
        pairs.push((key.to_owned(), value));
        rest = behind;
    }
    Ok(pairs)
}

/// What is no space and no comment.
fn next_statement(mut text: &str) -> Option<&str> {
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return None;
        }
        if !text.starts_with('#') {
            return Some(text);
        }
        text = text.split_once('\n')?.1;
    }
}

fn is_space(letter: char) -> bool {
    matches!(
        letter,
        '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}

fn key(statement: &str) -> Result<(&str, &str), &'static str> {
    let plain = match statement.strip_prefix("export") {
        Some(rest) if rest.starts_with(is_space) => rest.trim_start_matches(is_space),
        _ => statement,
    };
    let is_key = |letter: char| {
        letter == '_' || letter == '.' || letter.is_alphanumeric() || is_space(letter)
    };
    let end = plain.find(|letter| !is_key(letter));
    let (key, behind) = plain.halves(end.unwrap_or(plain.len()));
    let behind = behind
        .strip_prefix(['=', ':'])
        .ok_or("has no `=` behind its name")?;
    let key = key.trim_end_matches(is_space);
    match key.is_empty() {
        true => Err("has no name before its `=`"),
        false => Ok((key, behind.trim_start_matches(is_space))),
    }
}

/// A value, and what is behind it.
fn value<'t>(text: &'t str, known: &[(String, String)]) -> Result<(String, &'t str), &'static str> {
    let Some(quote) = text.chars().next().filter(|it| ['\'', '"'].contains(it)) else {
        let end = text.find(['\n', '\r']).unwrap_or(text.len());
        let (line, behind) = text.halves(end);
        let mut plain = line;
        for (at, _) in line.match_indices('#').rev() {
            if line.cut(..at).ends_with(is_space) {
                plain = line.cut(..at);
                break;
            }
        }
        return Ok((expanded(plain.trim_matches(is_space), known), behind));
    };
    let inner = text.cut(1..);
    let closing = inner.match_indices(quote);
    let mut closing = closing.filter(|(at, _)| !inner.cut(..*at).ends_with('\\'));
    let (end, _) = closing.next().ok_or("has a quote that is not closed")?;
    let (value, behind) = (inner.cut(..end).trim_matches(quote), inner.cut(end + 1..));
    match quote {
        '"' => Ok((expanded(&unescaped(value), known), behind)),
        _ => Ok((value.to_owned(), behind)),
    }
}

/// A text with its escapes resolved, but those of dollar signs.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('$') => out.push_str("\\$"),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

/// A text with its variables replaced by values that stand above it.
fn expanded(text: &str, known: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        let is_name =
            |letter: char| letter == '_' || letter.is_ascii_uppercase() || letter.is_ascii_digit();
        let opened = behind.strip_prefix('{').unwrap_or(behind);
        let end = opened
            .find(|letter| !is_name(letter))
            .unwrap_or(opened.len());
        let (name, after) = opened.halves(end);
        if let Some(before) = before.strip_suffix('\\') {
            out.push_str(before);
            out.push('$');
            rest = behind;
        } else if name.is_empty() || behind.starts_with('(') {
            out.push_str(before);
            out.push('$');
            rest = behind;
        } else {
            out.push_str(before);
            let value = known.iter().rev().find(|(known, _)| known == name);
            out.push_str(value.map_or("", |(_, value)| value));
            rest = after.strip_prefix('}').unwrap_or(after);
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text).unwrap()
    }

    #[test]
    fn what_godotenv_reads_is_read() {
        for (text, wanted) in [
            ("A=1", "1"),
            ("export A = 1 # one", "1"),
            ("A: 1#2", "1#2"),
            ("# c\n\n  A=\"x\\ny\" # c", "x\ny"),
            ("A='x\\n$B'", "x\\n$B"),
            ("A=\"two\nlines\"", "two\nlines"),
            // The quote at its end goes with the one that closes it.
            ("A=\"say \\\"hi\\\"\"", "say \"hi\\"),
            ("A=\\$B", "$B"),
            ("A=$(x)", "$(x)"),
            ("A=x$", "x$"),
            ("A=", ""),
        ] {
            assert_eq!(read(text), [("A".to_owned(), wanted.to_owned())], "{text}");
        }
        let pairs = read("B=1\nA=${B}2$B\nC=$NONE.\n");
        assert_eq!(pairs[1].1, "121");
        assert_eq!(pairs[2].1, ".");
    }

    #[test]
    fn what_it_refuses_is_refused() {
        assert_eq!(pairs("A=1\nB").unwrap_err().0, 2);
        assert!(pairs("A-B=1").is_err());
        assert!(pairs("=1").is_err());
        assert!(pairs("A='1").is_err());
    }
}
