//! Secrets that this process has seen in the clear, such as decrypted ones: no message repeats
//! them, whatever it is about.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};

use super::placeholder::is_placeholder_value;
use super::sensitive::forms;

/// A value that is shorter could be part of any word.
const SHORTEST: usize = 4;

/// A value that is shorter than this is meant only where no letter or digit touches it.
const LONG: usize = 8;

static REMEMBERED: RwLock<Remembered> = RwLock::new(Remembered {
    values: BTreeSet::new(),
    automaton: None,
});

struct Remembered {
    values: BTreeSet<String>,
    automaton: Option<AhoCorasick>,
}

/// Remembers secrets until the process ends: each as it is, encoded, decoded, and line by line.
///
/// # Example
///
/// ```
/// use kustom_guard::{masked, remember};
///
/// remember(["plain-words"]);
/// assert_eq!(masked("`plain-words` is no number"), "`***` is no number");
/// assert_eq!(masked("`cGxhaW4td29yZHM=` is no number"), "`***` is no number");
/// ```
pub fn remember<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) {
    let mut remembered = REMEMBERED.write().unwrap_or_else(PoisonError::into_inner);
    let before = remembered.values.len();
    for secret in secrets {
        let secret = secret.as_ref();
        let lines = secret.lines().filter(|line| line.trim().len() >= LONG);
        for part in std::iter::once(secret).chain(lines) {
            let value = part.trim();
            if !is_placeholder_value(value) && !is_word_of_yaml(value) {
                remembered.values.extend(forms(part));
            }
        }
    }
    remembered.values.retain(|value| value.len() >= SHORTEST);
    if remembered.values.len() > before {
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&remembered.values);
        if let Ok(built) = built {
            remembered.automaton = Some(built);
        }
    }
}

/// Whether a value is one of the words that YAML has for booleans and for nothing: they stand in
/// every other message, and hiding them would tell more than showing them.
fn is_word_of_yaml(value: &str) -> bool {
    const WORDS: [&str; 7] = ["true", "false", "null", "yes", "no", "on", "off"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Where remembered secrets stand in a text.
pub fn remembered(text: &str) -> Vec<Range<usize>> {
    let remembered = REMEMBERED.read().unwrap_or_else(PoisonError::into_inner);
    let Some(automaton) = &remembered.automaton else {
        return Vec::new();
    };
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_alone = |range: &Range<usize>| {
        let (before, after) = (text.get(..range.start), text.get(range.end..));
        !is_letter(before.and_then(|it| it.chars().next_back()))
            && !is_letter(after.and_then(|it| it.chars().next()))
    };
    let found = automaton.find_iter(text).map(|found| found.range());
    found
        .filter(|range| range.len() >= LONG || is_alone(range))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::masked;

    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_form_and_a_short_one_only_by_itself() {
        remember([
            "first remembered line\nsecond remembered line",
            "kiwi",
            "x",
            "true",
            "False",
        ]);
        for text in [
            "`first remembered line`",
            "no `second remembered line` there",
            "Zmlyc3QgcmVtZW1iZXJlZCBsaW5l",
            "a kiwi, peeled",
        ] {
            assert!(masked(text).contains("***"), "{text}");
        }
        for text in ["kiwis are no secret", "x is true", "`dHJ1ZQ==` and `False`"] {
            assert_eq!(masked(text), text);
        }
    }
}
