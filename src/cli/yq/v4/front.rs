//! Front matter: YAML at the start of a file that goes on in another language.

/// A file in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrontMatter {
    /// The YAML, with the `---` before it.
    pub(super) yaml: String,
    /// What follows, from the `---` after the YAML on.
    pub(super) rest: String,
}

impl FrontMatter {
    /// The parts of a text: the second `---` divides them.
    pub(super) fn of(text: &str) -> Self {
        let mut at = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if number > 0 && line.starts_with("---") {
                break;
            }
            at += line.len();
        }
        let (yaml, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        Self {
            yaml: yaml.to_owned(),
            rest: rest.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_line_of_dashes_divides_a_text() {
        let front = FrontMatter::of("---\na: 1\n---\n# text\n");
        assert_eq!(front.yaml, "---\na: 1\n");
        assert_eq!(front.rest, "---\n# text\n");
        assert_eq!(FrontMatter::of("a: 1\n").rest, "");
    }
}
