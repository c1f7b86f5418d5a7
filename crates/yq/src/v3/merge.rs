//! `merge`: merges one document into another.

use std::collections::HashMap;

use kustom_yaml::{Entry, Node, Tag, Value};

use super::search::key_text;
use super::value::without_place;

/// How documents are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Whether values that are there give way.
    pub overwrite: bool,
    /// Whether keys that are missing are made.
    pub create: bool,
    /// What happens to sequences.
    pub arrays: Arrays,
    /// What happens to comments.
    pub comments: Comments,
}

impl Default for Merge {
    fn default() -> Self {
        Self {
            overwrite: false,
            create: true,
            arrays: Arrays::Update,
            comments: Comments::SetWhenBlank,
        }
    }
}

/// What happens to sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrays {
    /// The items meet one by one.
    Update,
    /// The new sequence takes the place of the old one.
    Overwrite,
    /// The new items follow the old ones.
    Append,
}

impl Arrays {
    /// The way of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "update" => Self::Update,
            "overwrite" => Self::Overwrite,
            "append" => Self::Append,
            _ => return None,
        })
    }
}

/// What happens to comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comments {
    /// A value without comments gets those of the other one.
    SetWhenBlank,
    /// Comments stay as they are.
    Ignore,
    /// The other comments follow.
    Append,
    /// The other comments take their place.
    Overwrite,
}

impl Comments {
    /// The way of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "setWhenBlank" => Self::SetWhenBlank,
            "ignore" => Self::Ignore,
            "append" => Self::Append,
            "overwrite" => Self::Overwrite,
            _ => return None,
        })
    }
}

impl Merge {
    /// Lays `source` into `target`.
    pub(super) fn apply(&self, target: &mut Node, source: &Node) {
        if target.is_null() && !source.is_null() {
            return self.replace(target, source);
        }
        let gives_way = self.overwrite || target.text() == Some("");
        match (&mut target.value, &source.value) {
            (Value::Map(entries), Value::Map(others)) => self.entries(entries, others),
            (Value::Seq(items), Value::Seq(others)) => match self.arrays {
                Arrays::Append => items.extend(others.iter().map(placeless)),
                Arrays::Overwrite => self.replace(target, source),
                Arrays::Update => self.items(items, others),
            },
            _ if gives_way => self.replace(target, source),
            _ => self.comment(target, source),
        }
    }

    fn entries(&self, entries: &mut Vec<Entry>, others: &[Entry]) {
        let key = |entry: &Entry| (key_text(&entry.key).to_owned(), entry.key.is_scalar());
        let mut first = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            first.entry(key(entry)).or_insert(at);
        }
        for other in others {
            let known = first.get(&key(other)).copied();
            self.entry(entries, known, other);
            if known.is_none() && self.create {
                first.insert(key(other), entries.len() - 1);
            }
        }
    }

    /// Lays an entry over the one that is known by its key.
    fn entry(&self, entries: &mut Vec<Entry>, known: Option<usize>, other: &Entry) {
        match known.map(|at| &mut entries[at]) {
            Some(_) if other.key.tag == Tag::Merge => {}
            Some(entry) => {
                self.comment(&mut entry.key, &other.key);
                self.apply(&mut entry.value, &other.value);
            }
            None if self.create => {
                let mut entry = Entry {
                    key: placeless(&other.key),
                    value: placeless(&other.value),
                };
                self.uncomment(&mut entry.key);
                self.uncomment(&mut entry.value);
                entries.push(entry);
            }
            None => {}
        }
    }

    fn items(&self, items: &mut Vec<Node>, others: &[Node]) {
        for (number, other) in others.iter().enumerate() {
            match items.get_mut(number) {
                Some(item) => self.apply(item, other),
                None => items.push(placeless(other)),
            }
        }
    }

    fn replace(&self, target: &mut Node, source: &Node) {
        let mut new = placeless(source);
        let comments = target.decor.take();
        let own = new.decor.take();
        new.inferred = false;
        if let Some(own) = &own
            && (own.anchor.is_some() || own.tag.is_some())
        {
            let decor = new.decor_mut();
            decor.anchor.clone_from(&own.anchor);
            decor.tag.clone_from(&own.tag);
        }
        if let Some(comments) = comments {
            let decor = new.decor_mut();
            decor.head = comments.head;
            decor.line = comments.line;
            decor.foot = comments.foot;
        }
        self.comment(&mut new, source);
        *target = new;
    }

    /// Lays the comments of one node over those of another.
    fn comment(&self, target: &mut Node, source: &Node) {
        let Some(other) = &source.decor else { return };
        if other.head.is_none() && other.line.is_none() && other.foot.is_none() {
            return;
        }
        let decor = target.decor_mut();
        let pairs = [
            (&mut decor.head, &other.head, "\n"),
            (&mut decor.line, &other.line, " "),
            (&mut decor.foot, &other.foot, "\n"),
        ];
        for (own, other, glue) in pairs {
            let Some(other) = other else { continue };
            match (self.comments, own.as_mut()) {
                (Comments::Ignore, _) | (Comments::SetWhenBlank, Some(_)) => {}
                (Comments::Append, Some(own)) => {
                    own.push_str(glue);
                    own.push_str(other);
                }
                _ => *own = Some(other.clone()),
            }
        }
    }

    fn uncomment(&self, node: &mut Node) {
        if self.comments == Comments::Ignore
            && let Some(decor) = &mut node.decor
        {
            decor.head = None;
            decor.line = None;
            decor.foot = None;
        }
    }
}

fn placeless(node: &Node) -> Node {
    let mut copy = node.clone();
    without_place(&mut copy);
    copy
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, print_node, read};

    use super::*;

    fn merged(merge: Merge, target: &str, source: &str) -> String {
        let mut target = read(target, &Options::default()).unwrap().remove(0);
        let source = read(source, &Options::default()).unwrap().remove(0);
        merge.apply(&mut target, &source);
        print_node(&target, &Default::default())
    }

    #[test]
    fn values_that_are_there_stay_unless_they_are_overwritten() {
        let merge = Merge::default();
        assert_eq!(merged(merge, "{a: 1}", "{a: 2, b: 3}"), "{a: 1, b: 3}\n");
        let merge = Merge {
            overwrite: true,
            create: false,
            ..merge
        };
        assert_eq!(merged(merge, "{a: 1}", "{a: 2, b: 3}"), "{a: 2}\n");
    }

    #[test]
    fn sequences_meet_in_three_ways() {
        let with = |arrays| Merge {
            arrays,
            overwrite: true,
            ..Merge::default()
        };
        assert_eq!(
            merged(with(Arrays::Update), "[1, 2, 3]", "[4, 5]"),
            "[4, 5, 3]\n"
        );
        assert_eq!(merged(with(Arrays::Append), "[1]", "[4, 5]"), "[1, 4, 5]\n");
        assert_eq!(merged(with(Arrays::Overwrite), "[1]", "[4, 5]"), "[4, 5]\n");
    }

    #[test]
    fn a_mapping_does_not_take_the_place_of_a_scalar_by_itself() {
        assert_eq!(
            merged(Merge::default(), "{a: 1}", "{a: {b: 2}}"),
            "{a: 1}\n"
        );
        assert_eq!(
            merged(Merge::default(), "{a: null}", "{a: {b: 2}}"),
            "{a: {b: 2}}\n"
        );
    }
}
