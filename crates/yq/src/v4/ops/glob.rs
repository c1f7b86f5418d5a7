//! Patterns for keys and values: `*` and `?`.

/// Whether a text fits a pattern in which `*` stands for any text and `?` for any byte.
pub(crate) fn glob(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let (mut t, mut p) = (0, 0);
    let mut retry = None;
    while t < text.len() || p < pattern.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t + 1));
                p += 1;
                continue;
            }
            Some(b'?') if t < text.len() => {
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
            ("abc", "*c", true),
            ("abc", "a?c", true),
            ("abc", "*b", false),
            ("abc", "", false),
            ("", "", true),
            ("", "*", true),
            ("aXbXc", "a*b*c", true),
            ("abcd", "a*b*d?", false),
        ] {
            assert_eq!(glob(text, pattern), wanted, "{text} {pattern}");
        }
    }
}
