//! The field of an object, as people write it.
//!
//! `spec.template.spec.containers[web].image`, with or without a dot before it; items by number or
//! by what they are known by; keys with dots in brackets or quotes, or plainly where nothing else
//! can be meant; or a JSON pointer, `/spec/template/spec/containers/0/image`.

use std::fmt;
use std::fmt::Write as _;

use super::track::{Seg, name_of};
use crate::error::{Error, Kind, Result, nearest};
use crate::yaml::Node;

/// A field of an object, not yet looked up.
///
/// # Example
///
/// ```
/// use kustom::explain::Field;
///
/// let field: Field = "spec.template.spec.containers[web].image".parse()?;
/// assert_eq!(field, "/spec/template/spec/containers/web/image".parse()?);
/// assert!("spec[".parse::<Field>().is_err());
/// # Ok::<(), kustom::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    words: Vec<String>,
}

impl std::str::FromStr for Field {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let words = match text.strip_prefix('/') {
            Some(pointer) => {
                let words = pointer.split('/');
                words
                    .map(|word| word.replace("~1", "/").replace("~0", "~"))
                    .collect()
            }
            None => dotted(text)?,
        };
        Ok(Self { words })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join("."))
    }
}

fn wrong(message: &str) -> Error {
    Error::new(Kind::Project, message)
        .help("write a field as `spec.template.spec.containers[web].image`, or as a JSON pointer")
}

fn dotted(text: &str) -> Result<Vec<String>> {
    let text = text.strip_prefix('$').unwrap_or(text);
    let mut words = Vec::new();
    let mut word = String::new();
    let mut letters = text.chars().peekable();
    let finish = |word: &mut String, words: &mut Vec<String>| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '.' => finish(&mut word, &mut words),
            '\\' => word.extend(letters.next()),
            '[' => {
                finish(&mut word, &mut words);
                let quote = letters.next_if(|next| matches!(next, '"' | '\''));
                let end = quote.unwrap_or(']');
                let mut inside = String::new();
                loop {
                    match letters.next() {
                        Some(letter) if letter == end => break,
                        Some(letter) => inside.push(letter),
                        None => return Err(wrong("a bracket of the field is not closed")),
                    }
                }
                if quote.is_some() && letters.next() != Some(']') {
                    return Err(wrong("a bracket of the field is not closed"));
                }
                words.push(inside);
            }
            '"' | '\'' if word.is_empty() => {
                for inner in letters.by_ref() {
                    if inner == letter {
                        break;
                    }
                    word.push(inner);
                }
            }
            letter => word.push(letter),
        }
    }
    finish(&mut word, &mut words);
    Ok(words)
}

/// Where a field leads in an object.
#[derive(Debug)]
pub(super) enum Found {
    /// To a value.
    At(Vec<Seg>),
    /// To a text, with so many words left that lead on in it.
    Within(Vec<Seg>, usize),
    /// Nowhere: after so many words, with what could have been meant.
    Nowhere(usize, Option<String>),
}

impl Field {
    /// Whether it is the whole object.
    pub fn is_whole(&self) -> bool {
        self.words.is_empty()
    }

    /// The last so many words, as a field of their own.
    pub(super) fn end(&self, count: usize) -> Self {
        let start = self.words.len().saturating_sub(count);
        Self {
            words: self.words[start..].to_vec(),
        }
    }

    /// Looks it up in an object.
    pub(super) fn find(&self, root: &Node) -> Found {
        let mut furthest = (0, None);
        let mut way = Vec::new();
        match self.from(root, 0, &mut way, &mut furthest) {
            Some(0) => Found::At(way),
            Some(left) => Found::Within(way, left),
            None => Found::Nowhere(furthest.0, furthest.1),
        }
    }

    /// Follows the words from one on, and says how many were not needed to reach a text.
    fn from(
        &self,
        node: &Node,
        at: usize,
        way: &mut Vec<Seg>,
        furthest: &mut (usize, Option<String>),
    ) -> Option<usize> {
        let Some(word) = self.words.get(at) else {
            return Some(0);
        };
        if node.is_scalar() {
            let is_text = node
                .as_str()
                .is_some_and(|text| text.contains(['\n', '{', '[']));
            return is_text.then(|| self.words.len() - at);
        }
        if node.is_seq() {
            let index = item(node, word);
            if let Some(index) = index {
                way.push(Seg::Item(index));
                if let Some(left) = self.from(&node.items()[index], at + 1, way, furthest) {
                    return Some(left);
                }
                way.pop();
            } else if furthest.0 <= at {
                let names = node
                    .items()
                    .iter()
                    .filter_map(name_of)
                    .map(|(_, name)| name);
                *furthest = (at, nearest(word, names).map(str::to_owned));
            }
            return None;
        }
        // A key may have dots in it, which parted it into words.
        let mut key = String::new();
        for end in at..self.words.len() {
            if end > at {
                key.push('.');
            }
            key.push_str(&self.words[end]);
            if let Some(value) = node.get(&key) {
                way.push(Seg::Key(key.as_str().into()));
                if let Some(left) = self.from(value, end + 1, way, furthest) {
                    return Some(left);
                }
                way.pop();
            }
        }
        if furthest.0 <= at && node.get(word).is_none() {
            let keys = node.entries().iter().filter_map(|entry| entry.key.text());
            *furthest = (at, nearest(word, keys).map(str::to_owned));
        }
        None
    }

    /// The words as far as one, for a message.
    pub(super) fn until(&self, at: usize) -> String {
        let end = (at + 1).min(self.words.len());
        self.words[..end].join(".")
    }
}

/// The item of a list that a word means: its number, `name=web`, or what it is known by.
fn item(list: &Node, word: &str) -> Option<usize> {
    let items = list.items();
    if let Ok(index) = word.parse::<usize>()
        && index < items.len()
    {
        return Some(index);
    }
    if let Some((field, value)) = word.split_once('=') {
        let has = |item: &Node| item.get(field).and_then(Node::text) == Some(value);
        if let Some(found) = items.iter().position(has) {
            return Some(found);
        }
    }
    let is_known = |item: &Node| match item.text() {
        Some(text) => text == word,
        None => name_of(item).is_some_and(|(_, name)| name == word),
    };
    items.iter().position(is_known)
}

/// A way in words that [`Field`] reads.
pub(super) fn shown(root: &Node, way: &[Seg]) -> String {
    let mut text = String::new();
    let mut node = Some(root);
    for seg in way {
        match seg {
            Seg::Key(key) => {
                let is_plain = |c: char| c.is_alphanumeric() || "-_$/".contains(c);
                if key.chars().all(is_plain) && !key.is_empty() {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(key);
                } else {
                    text.push_str(&format!("[{key}]"));
                }
                node = node.and_then(|node| node.get(key));
            }
            Seg::Item(index) => {
                let list = node.map(Node::items).unwrap_or_default();
                node = list.get(*index);
                let name = node.and_then(name_of).map(|(_, name)| name);
                let is_one = |name: &&str| {
                    let all = list.iter().filter_map(name_of);
                    all.filter(|(_, other)| other == name).count() == 1
                };
                // Writing to a string cannot fail.
                let _ = match name.filter(is_one) {
                    Some(name) => write!(text, "[{name}]"),
                    None => write!(text, "[{index}]"),
                };
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Options, read};

    const OBJECT: &str = "metadata:\n  labels: {app.kubernetes.io/name: web}\ndata:\n  app.yaml: |\n    log:\n      level: info\nspec:\n  containers:\n  - {name: web, args: [-v]}\n  - {name: log.x}\n";

    fn found(text: &str) -> String {
        let node = read(OBJECT, &Options::default()).unwrap().remove(0);
        let field: Field = text.parse().unwrap();
        match field.find(&node) {
            Found::At(way) => shown(&node, &way),
            Found::Within(way, left) => format!("{} > {}", shown(&node, &way), field.end(left)),
            Found::Nowhere(at, near) => format!("{}? {near:?}", field.until(at)),
        }
    }

    #[test]
    fn a_field_is_read_as_people_write_it() {
        for (text, wanted) in [
            ("spec.containers[web].args", "spec.containers[web].args"),
            (
                ".spec.containers[0].args[0]",
                "spec.containers[web].args[0]",
            ),
            ("/spec/containers/1/name", "spec.containers[log.x].name"),
            (
                "spec.containers[name=log.x].name",
                "spec.containers[log.x].name",
            ),
            (
                "spec.containers.web.args.-v",
                "spec.containers[web].args[0]",
            ),
            (
                "metadata.labels.app.kubernetes.io/name",
                "metadata.labels[app.kubernetes.io/name]",
            ),
            (
                "/metadata/labels/app.kubernetes.io~1name",
                "metadata.labels[app.kubernetes.io/name]",
            ),
            (
                "metadata.labels[\"app.kubernetes.io/name\"]",
                "metadata.labels[app.kubernetes.io/name]",
            ),
            ("data.app\\.yaml", "data[app.yaml]"),
            ("data[app.yaml].log.level", "data[app.yaml] > log.level"),
            ("", ""),
            ("spec.contaners", "spec.contaners? Some(\"containers\")"),
            (
                "spec.containers[wbe].args",
                "spec.containers.wbe? Some(\"web\")",
            ),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
        assert!("a[b".parse::<Field>().is_err());
    }
}
