//! Splits the words of a command line into flags and their values.

use rustc_hash::FxHashMap;

use crate::yaml::{Node, Str};

/// A word, or a flag with its value.
#[derive(Clone, Debug)]
pub(super) struct Argument<'n> {
    /// The flag, if it is one.
    pub(super) flag: Option<Str>,
    /// What is compared: the value of a flag, or the word.
    pub(super) value: Node,
    /// The words.
    pub(super) words: &'n [Node],
}

impl Argument<'_> {
    /// A flag and its value as one text.
    pub(super) fn whole(&self) -> Node {
        let texts: Vec<&str> = self.words.iter().filter_map(Node::text).collect();
        Node {
            span: self.words.first().map(|word| word.span).unwrap_or_default(),
            ..Node::string(texts.join(" "))
        }
    }
}

/// The arguments that a list of words is; none if something in it is no text.
pub(super) fn arguments(words: &[Node]) -> Option<Vec<Argument<'_>>> {
    if !words.iter().all(Node::is_scalar) {
        return None;
    }
    let mut found = Vec::with_capacity(words.len());
    let mut rest = words;
    while let [word, after @ ..] = rest {
        let argument = argument(word, after.first(), rest);
        rest = &rest[argument.words.len()..];
        found.push(argument);
    }
    number_repeated(&mut found);
    Some(found)
}

fn argument<'n>(word: &'n Node, next: Option<&'n Node>, rest: &'n [Node]) -> Argument<'n> {
    let text = word.text().unwrap_or_default();
    let name = text.trim_start_matches('-');
    let is_flag = text.starts_with('-') && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !is_flag {
        return Argument {
            flag: None,
            value: word.clone(),
            words: &rest[..1],
        };
    }
    if let Some((flag, value)) = text.split_once('=') {
        let value = Node {
            span: word.span,
            ..Node::string(value)
        };
        return Argument {
            flag: Some(flag.into()),
            value,
            words: &rest[..1],
        };
    }
    let value = next.filter(|next| next.text().is_some_and(|text| !text.starts_with('-')));
    Argument {
        flag: Some(text.into()),
        value: value.unwrap_or(word).clone(),
        words: &rest[..1 + usize::from(value.is_some())],
    }
}

/// A flag that is there several times goes by its value, too.
fn number_repeated(arguments: &mut [Argument<'_>]) {
    let mut counts: FxHashMap<Str, usize> = FxHashMap::default();
    for flag in arguments
        .iter()
        .filter_map(|argument| argument.flag.clone())
    {
        *counts.entry(flag).or_default() += 1;
    }
    for argument in arguments {
        let is_repeated = |flag: &Str| counts.get(flag).is_some_and(|count| *count > 1);
        if argument.flag.as_ref().is_some_and(is_repeated) {
            argument.flag = None;
            argument.value = match argument.words {
                [word] => word.clone(),
                _ => argument.whole(),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str]) -> Vec<String> {
        let words: Vec<Node> = words.iter().map(|word| Node::string(*word)).collect();
        let found = arguments(&words).unwrap();
        let one = |argument: &Argument<'_>| {
            let flag = argument.flag.as_deref().unwrap_or("");
            format!("{flag}:{}", argument.value.text().unwrap())
        };
        found.iter().map(one).collect()
    }

    #[test]
    fn a_flag_goes_with_its_value() {
        assert_eq!(
            shown(&[
                "serve",
                "--port=80",
                "--dry-run",
                "-v",
                "3",
                "--x=a",
                "--x=b",
                "--",
                "-1"
            ]),
            [
                "serve",
                "--port:80",
                "--dry-run:--dry-run",
                "-v:3",
                ":--x=a",
                ":--x=b",
                ":--",
                ":-1"
            ]
            .map(|text| if text.contains(':') {
                text.to_owned()
            } else {
                format!(":{text}")
            })
        );
    }

    #[test]
    fn a_list_of_lists_is_no_command_line() {
        assert!(arguments(&[Node::seq(Vec::new())]).is_none());
    }
}
