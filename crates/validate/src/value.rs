//! A value of an object, with the place it was written at.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// Where a value was written: a number of the caller's choosing that findings carry back.
pub type Origin = u32;

/// A value, as JSON knows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a> {
    /// What it is.
    pub data: Data<'a>,
    /// Where it was written.
    pub origin: Origin,
}

/// The shapes of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<'a> {
    /// Nothing; the API server treats it as absent.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits in 64 bits.
    Int(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Value<'a>>),
    /// A map in the order of its source.
    Map(Vec<Entry<'a>>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// Where the key was written.
    pub origin: Origin,
    /// The value.
    pub value: Value<'a>,
}

impl<'a> Value<'a> {
    /// The value of a key, unless it is absent or null.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    /// What stands at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry<'a>] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The elements of the list at a key; none if it is absent.
    pub fn list(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text at a key; empty if it is absent, as it is in Go.
    pub fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Self::as_text).unwrap_or_default()
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self.data {
            Data::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The whole number at a key.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Self::as_int)
    }

    /// Whether `true` stands at a key.
    pub fn is_true(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|value| value.data == Data::Bool(true))
    }

    /// Whether something that is not null stands at a key.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Whether it is what Go calls the zero value: `""`, 0, false, nothing in it.
    pub fn is_zero(&self) -> bool {
        match &self.data {
            Data::Null => true,
            Data::Bool(set) => !set,
            Data::Int(number) => *number == 0,
            Data::Number(number) => *number == 0.0,
            Data::Text(text) => text.is_empty(),
            Data::List(items) => items.is_empty(),
            Data::Map(entries) => entries.is_empty(),
        }
    }

    /// The word for its type in messages.
    pub fn type_name(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Int(_) => "a whole number",
            Data::Number(_) => "a number",
            Data::Text(_) => "text",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }
}

/// Up to this many entries or items, looking at each is quicker than an index.
const FEW: usize = 16;

/// The entries of a map by their keys, which takes no longer where there are many.
pub(crate) enum Lookup<'v, 'a> {
    /// Few: each is looked at.
    Few(&'v [Entry<'a>]),
    /// Many: the first of each key.
    Many(HashMap<&'v str, &'v Value<'a>>),
}

impl<'v, 'a> Lookup<'v, 'a> {
    /// Of the entries of a map.
    pub(crate) fn of(entries: &'v [Entry<'a>]) -> Self {
        if entries.len() <= FEW {
            return Self::Few(entries);
        }
        let mut first = HashMap::with_capacity(entries.len());
        for entry in entries {
            first.entry(&*entry.key).or_insert(&entry.value);
        }
        Self::Many(first)
    }

    /// Whether there is a key, be its value null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.first(key).is_some()
    }

    /// The value of a key, unless it is absent or null.
    pub(crate) fn get(&self, key: &str) -> Option<&'v Value<'a>> {
        self.first(key).filter(|value| !value.is_null())
    }

    /// The value of a key, be it null.
    pub(crate) fn first(&self, key: &str) -> Option<&'v Value<'a>> {
        match self {
            Self::Few(entries) => {
                let found = entries.iter().find(|entry| entry.key == key);
                found.map(|entry| &entry.value)
            }
            Self::Many(first) => first.get(key).copied(),
        }
    }
}

/// Of each key, whether the same one came before.
pub(crate) fn repeats<K: Hash + Eq>(keys: impl IntoIterator<Item = K>) -> Vec<bool> {
    let keys: Vec<K> = keys.into_iter().collect();
    if keys.len() <= FEW {
        let is_repeated = |(index, key): (usize, &K)| keys[..index].contains(key);
        return keys.iter().enumerate().map(is_repeated).collect();
    }
    let mut seen = HashSet::new();
    keys.iter().map(|key| !seen.insert(key)).collect()
}

/// Of each item, whether an equal one came before.
pub(crate) fn repeated(items: &[Value<'_>]) -> Vec<bool> {
    if items.len() > FEW {
        return repeats(items.iter().map(|item| format!("{:?}", item.data)));
    }
    let before = |index: usize| items[..index].iter();
    let is_repeated =
        |(index, item): (usize, &Value<'_>)| before(index).any(|it| it.data == item.data);
    items.iter().enumerate().map(is_repeated).collect()
}
