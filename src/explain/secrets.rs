//! What no explanation shows: the data of Secrets, wherever it was copied to, and what the guard
//! takes for a secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::recorder::Life;
use super::track::Seg;
use crate::guard::{Guard, is_field_with_secrets, is_placeholder};
use crate::id::Id;
use crate::yaml::Node;

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "***";

/// A value that is shorter is hidden where it is data of a Secret, and nowhere else.
const SHORTEST: usize = 8;

/// A line of many is hidden elsewhere if it is as long as this.
const LONG: usize = 24;

/// The values of all Secrets of a build, and the guard.
pub(super) struct Secrets {
    /// The longest first: one may be a part of another.
    values: Vec<String>,
    guard: Guard,
}

fn is_data_field(name: &str) -> bool {
    matches!(name, "data" | "stringData")
}

/// Whether a value is data of a Secret, or may be meant as such.
pub(super) fn is_data(id: &Id, way: &[Seg]) -> bool {
    let in_data = match way {
        [] => false,
        [Seg::Key(key)] => !is_data_field(key) && is_field_with_secrets(key),
        [Seg::Key(key), ..] => is_field_with_secrets(key),
        _ => false,
    };
    id.gvk.kind == "Secret" && id.gvk.group.is_empty() && in_data
}

impl Secrets {
    pub(super) fn of(lives: &[Life]) -> Self {
        let mut values = Vec::new();
        let nodes = lives.iter().flat_map(|life| {
            let is_secret = life.id().gvk.kind == "Secret";
            life.nodes().filter(move |_| is_secret)
        });
        for node in nodes {
            for field in node.entries() {
                if field.key.text().is_some_and(is_field_with_secrets) {
                    let entries = field.value.entries().iter().map(|entry| &entry.value);
                    let texts = entries.chain([&field.value]).filter_map(Node::text);
                    texts.for_each(|text| learn(text, &mut values));
                }
            }
        }
        Self::new(values)
    }

    fn new(mut values: Vec<String>) -> Self {
        values.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup();
        Self {
            values,
            guard: Guard::new(),
        }
    }

    /// A text without the data of Secrets.
    pub(super) fn without_data(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            if text.contains(value) {
                text = text.replace(value, HIDDEN);
            }
        }
        text
    }

    /// A text of a file without what is a secret in it.
    pub(super) fn hidden(&self, file: &str, text: &str) -> String {
        let mut text = self.without_data(text);
        let scan = self.guard.scan(file, text.as_bytes());
        let allowed = scan.allowed.into_iter().map(|allowed| allowed.leak);
        let leaks = scan.leaks.into_iter().chain(allowed);
        let mut ranges: Vec<_> = leaks.map(|leak| leak.span.range()).collect();
        ranges.sort_by_key(|range| range.start);
        let mut last = text.len();
        for range in ranges.into_iter().rev() {
            let fits = range.end <= last
                && text.is_char_boundary(range.start)
                && text.is_char_boundary(range.end);
            if fits {
                last = range.start;
                text.replace_range(range, HIDDEN);
            }
        }
        text
    }

    /// A value without what is a secret in it; `key` is what it is called.
    pub(super) fn hidden_value(&self, key: &str, value: &str) -> String {
        // A value is judged by its name.
        let start = format!("{key}: ");
        let text = self.hidden("manifest.yaml", &format!("{start}{value}\n"));
        let text = text.strip_prefix(&start).unwrap_or(HIDDEN);
        text.strip_suffix('\n').unwrap_or(text).to_owned()
    }
}

/// Learns a value of a Secret, as it is and decoded. Of several lines those count that are one
/// word, as those of a key are: what else is in a configuration may stand anywhere.
fn learn(text: &str, values: &mut Vec<String>) {
    let bare: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(bare).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    // What is encoded says itself whether it is a placeholder.
    if is_placeholder(decoded.as_deref().unwrap_or(text)) {
        return;
    }
    for text in [Some(text.to_owned()), decoded].into_iter().flatten() {
        let text = text.trim();
        let shortest = if text.contains('\n') { LONG } else { SHORTEST };
        let is_word = |line: &&str| line.len() >= shortest && !line.contains(char::is_whitespace);
        let words = text.lines().map(str::trim).filter(is_word);
        values.extend(words.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_hidden_as_it_is_and_decoded() {
        let mut values = Vec::new();
        // Padded and not; a placeholder; a configuration, of which one line is a key.
        for clear in [
            "hunter2-forever",
            "hunter2-forever-x",
            "<fill in>",
            "a: 1\nlong name: x\nkey-of-many-letters-0123456789\n",
        ] {
            learn(&STANDARD.encode(clear), &mut values);
        }
        let secrets = Secrets::new(values);
        for clear in ["hunter2-forever", "hunter2-forever-x"] {
            assert_eq!(secrets.without_data(clear).replace("-x", ""), HIDDEN);
            assert_eq!(secrets.hidden_value("x", &STANDARD.encode(clear)), HIDDEN);
        }
        let text = "key-of-many-letters-0123456789";
        assert_eq!(secrets.without_data(text), HIDDEN);
        for text in ["a: 1", "<fill in>", "long name: x"] {
            assert_eq!(secrets.without_data(text), text);
        }
    }
}
