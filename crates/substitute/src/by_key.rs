//! Finds the entries of a map by their keys.

use std::collections::HashMap;

use kustom_yaml::{Entry, Node};

/// The entries of a map, each found as quickly however many there are.
pub(crate) enum ByKey<'n> {
    /// Few: each is looked at.
    Few(&'n [Entry]),
    /// Many: the first of each key.
    Many(HashMap<&'n str, &'n Entry>),
}

impl<'n> ByKey<'n> {
    pub(crate) fn of(map: &'n Node) -> Self {
        const FEW: usize = 16;

        let entries = map.entries();
        if entries.len() <= FEW {
            return Self::Few(entries);
        }
        let mut first = HashMap::with_capacity(entries.len());
        for entry in entries {
            if let Some(key) = entry.key.text() {
                first.entry(key).or_insert(entry);
            }
        }
        Self::Many(first)
    }

    /// The first entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Entry> {
        match self {
            Self::Few(entries) => entries.iter().find(|entry| entry.is(key)),
            Self::Many(first) => first.get(key).copied(),
        }
    }
}
