//! What a help line suggests to write, read out of its words.

/// What a help line suggests, and whether it is a guess.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Suggestion<'h> {
    /// `did you mean X?`, for a word of the message.
    Meant(&'h str),
    /// `write X` or `write X instead`.
    Written(&'h str),
    /// ``add `key: value` to …``.
    Added(&'h str),
    /// ``add its `key`, as the object has it``.
    Key(&'h str),
    /// `put it in quotes`.
    Quoted,
}

/// Reads a help line.
pub(super) fn suggestion(help: &str) -> Option<Suggestion<'_>> {
    let help = help.trim_start();
    let quoted = |start: &str| {
        let rest = help.strip_prefix(start)?.strip_prefix('`')?;
        rest.split_once('`')
    };
    if let Some((word, _)) = quoted("did you mean ") {
        return Some(Suggestion::Meant(word));
    }
    if let Some((word, rest)) = quoted("write ")
        && matches!(rest, "" | " instead")
    {
        return Some(Suggestion::Written(word));
    }
    if let Some((word, rest)) = quoted("add ")
        && word.contains(": ")
        && rest.starts_with(" to ")
    {
        return Some(Suggestion::Added(word));
    }
    if let Some((key, ", as the object has it")) = quoted("add its ") {
        return Some(Suggestion::Key(key));
    }
    help.starts_with("put it in quotes")
        .then_some(Suggestion::Quoted)
}

/// The words of a message that stand in backticks.
pub(super) fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_one_thing_to_try_is_a_suggestion() {
        for (help, wanted) in [
            (
                "did you mean `resources`?",
                Some(Suggestion::Meant("resources")),
            ),
            (
                "write `patches` instead",
                Some(Suggestion::Written("patches")),
            ),
            (
                "add `name: web` to the item, as the object has it",
                Some(Suggestion::Added("name: web")),
            ),
            ("write `KIND/NAME` or `KIND/NAMESPACE/NAME`", None),
            (
                "add its `name`, as the object has it",
                Some(Suggestion::Key("name")),
            ),
            ("put it in quotes: `\"1\"`", Some(Suggestion::Quoted)),
            ("add `?ref=` with a tag", None),
            ("correct the name, or remove the entry", None),
            ("did you mean `", None),
        ] {
            assert_eq!(suggestion(help), wanted, "{help}");
        }
        let words: Vec<&str> = quoted("`a` is no `b`, `c").collect();
        assert_eq!(words, ["a", "b", "c"]);
    }
}
