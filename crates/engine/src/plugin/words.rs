//! Splits a line into words as a shell does: quotes, backslashes and comments.

use kustom_yaml::error::{Error, Kind, Result};

/// The words of a line.
pub(super) fn split(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (None | Some('"'), '\\') => word.extend(characters.next()),
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (None, '#') => break,
            (None, _) if c.is_whitespace() => end(&mut word, &mut words),
            _ => word.push(c),
        }
    }
    if let Some(open) = quote {
        let message = format!("`{line}` has no closing `{open}`");
        return Err(Error::new(Kind::Plugin, message).help("correct `argsOneLiner`"));
    }
    end(&mut word, &mut words);
    Ok(words)
}

/// Words that are empty do not count, quoted or not.
fn end(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_as_a_shell_would() {
        for (line, words) in [
            ("", &[][..]),
            ("  one   two ", &["one", "two"]),
            ("'a b' \"c d\"e", &["a b", "c de"]),
            (r#"a\ b "x\"y" 'x\y'"#, &["a b", "x\"y", "x\\y"]),
            ("one # two", &["one"]),
            ("one#two three", &["one"]),
            ("'' x", &["x"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        assert!(split("it's").is_err());
    }
}
