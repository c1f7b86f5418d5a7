//! Words of scripts: names of types, and suggestions for mistyped keys.

use kustom_yaml::Tag;
use kustom_yaml::error::{Case, nearest_within};

/// The types that YAML knows.
const CORE: [Tag; 10] = [
    Tag::Null,
    Tag::Bool,
    Tag::Int,
    Tag::Float,
    Tag::Str,
    Tag::Timestamp,
    Tag::Binary,
    Tag::Merge,
    Tag::Seq,
    Tag::Map,
];

/// The type that a name such as `!!str` stands for.
pub(super) fn core_tag(name: &str) -> Option<Tag> {
    CORE.into_iter().find(|tag| tag.name() == name)
}

/// The word that one is probably a typing error of: one letter in three may differ.
pub(super) fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let limit = word.chars().count() / 3;
    let others = words.into_iter().filter(|other| *other != word);
    nearest_within(word, others, Case::Counts, |_| limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_near_if_a_letter_or_two_differ() {
        let words = ["pod_namespace", "log_level", "a"];
        assert_eq!(nearest("pod_namespce", words), Some("pod_namespace"));
        assert_eq!(nearest("level", words), None);
        assert_eq!(nearest("b", words), None);
        assert_eq!(nearest("port", ["host"]), None);
    }

    #[test]
    fn types_are_known_by_their_names() {
        assert_eq!(core_tag("!!int"), Some(Tag::Int));
        assert_eq!(core_tag("!own"), None);
    }
}
