//! Patterns in which `*` stands for any text: names of objects, files, keys.

/// The characters of a pattern that do not stand for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wildcards {
    /// `*` for any text.
    Star,
    /// `*` for any text, `?` for any byte.
    StarAndMark,
}

/// Whether the whole of a text matches a pattern.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Wildcards, matches_pattern};
///
/// assert!(matches_pattern("web-*", "web-1", Wildcards::Star));
/// assert!(!matches_pattern("web-?", "web-1", Wildcards::Star));
/// assert!(matches_pattern("web-?", "web-1", Wildcards::StarAndMark));
/// ```
pub fn matches_pattern(pattern: &str, text: &str, wildcards: Wildcards) -> bool {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let (mut t, mut p) = (0, 0);
    // The last star, and where the text goes on once that takes a byte more.
    let mut retry = None;
    while t < text.len() || p < pattern.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t + 1));
                p += 1;
                continue;
            }
            Some(b'?') if wildcards == Wildcards::StarAndMark && t < text.len() => {
                p += 1;
                t += 1;
                continue;
            }
            Some(byte) if text.get(t) == Some(byte) => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        match retry {
            Some((star, next)) if next <= text.len() => (p, t) = (star, next),
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_many_texts() {
        for (text, pattern, wanted) in [
            ("abc", "abc", true),
            ("abc", "a*", true),
            ("a", "a*", true),
            ("abc", "*c", true),
            ("abc", "*b", false),
            ("ab", "a", false),
            ("ab", "a*c", false),
            ("acb", "a*b*c", false),
            ("abc", "", false),
            ("", "", true),
            ("", "*", true),
            ("abcde", "a*c*e", true),
            ("aXbXc", "a*b*c", true),
            ("ab", "ab*b", false),
            ("a", "a*a", false),
            ("aa.yaml", "a.yaml", false),
        ] {
            for wildcards in [Wildcards::Star, Wildcards::StarAndMark] {
                let found = matches_pattern(pattern, text, wildcards);
                assert_eq!(found, wanted, "{text} {pattern}");
            }
        }
    }

    #[test]
    fn a_question_mark_is_any_byte_or_itself() {
        for (text, pattern, star, mark) in [
            ("abc", "a?c", false, true),
            ("a?c", "a?c", true, true),
            ("abcd", "a*b*d?", false, false),
            ("a", "a?", false, false),
        ] {
            assert_eq!(matches_pattern(pattern, text, Wildcards::Star), star);
            assert_eq!(matches_pattern(pattern, text, Wildcards::StarAndMark), mark);
        }
    }
}
