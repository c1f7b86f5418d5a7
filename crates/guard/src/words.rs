//! Splits a name into words: `camelCase`, `snake_case`, `kebab-case` and the like.

use kustom_yaml::cut::Cut as _;

/// The words of a name in lower case: `DB_PASSWORD`, `dbPassword` and `db.password` all give `db`
/// and `password`.
pub(super) fn words(name: &str) -> Vec<String> {
    let bytes = name.as_bytes();
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for (index, &byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            open = false;
            continue;
        }
        if open && starts_word(bytes, index) {
            open = false;
        }
        let letter = char::from(byte.to_ascii_lowercase());
        match words.last_mut() {
            Some(word) if open => word.push(letter),
            _ => words.push(letter.to_string()),
        }
        open = true;
    }
    words
}

/// Whether an upper-case letter in the middle of a run opens a word: after a lower-case letter or a
/// digit, and as the last of several before a lower-case one (`APIKey`).
fn starts_word(bytes: &[u8], index: usize) -> bool {
    if !bytes[index].is_ascii_uppercase() {
        return false;
    }
    let before = bytes[index - 1];
    let after = bytes.get(index + 1).copied().unwrap_or(b' ');
    !before.is_ascii_uppercase() || after.is_ascii_lowercase()
}

/// Whether a word in lower case is made of entries of the sorted `lexicon` only, as `mysecret` is
/// of `my` and `secret`.
pub(super) fn is_made_of(word: &str, lexicon: &[&str]) -> bool {
    if word.is_empty() || word.len() > 48 || !word.is_ascii() {
        return false;
    }
    let mut reached = [false; 49];
    reached[0] = true;
    for start in 0..word.len() {
        if !reached[start] {
            continue;
        }
        for (end, is_reached) in reached.iter_mut().enumerate().skip(start + 1) {
            // A glued part of one letter would let nearly everything through.
            let part = word.cut(start..end);
            if end > word.len() || (end - start == 1 && part != word) {
                continue;
            }
            *is_reached |= lexicon.binary_search(&part).is_ok();
        }
    }
    reached[word.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_join_words_gives_the_same_words() {
        for name in [
            "DB_PASSWORD",
            "dbPassword",
            "db.password",
            "db-password",
            "DbPassword",
        ] {
            assert_eq!(words(name), ["db", "password"], "{name}");
        }
        assert_eq!(words("HTTPServerAPIKey"), ["http", "server", "api", "key"]);
        assert_eq!(words("--//_"), [""; 0]);
    }

    #[test]
    fn glued_words_are_found() {
        let lexicon = ["me", "my", "secret"];
        assert!(is_made_of("mysecret", &lexicon));
        assert!(!is_made_of("mysecret2", &lexicon));
        assert!(!is_made_of("mysecrets", &lexicon));
        assert!(!is_made_of("", &lexicon));
    }
}
