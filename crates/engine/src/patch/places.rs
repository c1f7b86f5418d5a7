//! Where the keys of large maps are while a JSON patch is applied.
//!
//! Each operation looks its path up anew; where a map on the way is large, its keys are indexed,
//! and the index is kept for as long as nothing but additions change the map.

use kustom_yaml::error::Result;
use kustom_yaml::limits::Budget;
use kustom_yaml::{Entry, Str};
use rustc_hash::FxHashMap;

/// Up to how many keys are looked at one by one.
const FEW: usize = 32;

/// Up to how many operations look at all keys, each anew.
const FEW_OPERATIONS: usize = 8;

/// How many maps are indexed at a time.
const MAPS: usize = 8;

/// What it costs to index a key, in bytes.
const KEY: u64 = 8;

/// The indexes of large maps, each under the path that leads there.
#[derive(Debug)]
pub(super) struct Places<'b> {
    pub(super) budget: &'b Budget,
    /// Whether all that the operations have changed is as JSON leaves it.
    pub(super) have_passed: bool,
    /// How many operations there are.
    operations: usize,
    maps: Vec<(String, FxHashMap<Str, usize>)>,
}

impl<'b> Places<'b> {
    pub(super) fn new(budget: &'b Budget, operations: usize) -> Self {
        Self {
            budget,
            have_passed: false,
            operations,
            maps: Vec::new(),
        }
    }

    /// The position of the first entry with a key, in the map at a path.
    pub(super) fn find(
        &mut self,
        path: impl FnOnce() -> String,
        entries: &[Entry],
        key: &str,
    ) -> Result<Option<usize>> {
        let are_few = entries.len() <= FEW;
        if are_few || self.operations <= FEW_OPERATIONS {
            if !are_few {
                let cost = entries.len() as u64;
                self.budget.charge("this JSON patch", cost)?;
            }
            return Ok(entries.iter().position(|entry| entry.is(key)));
        }
        let path = path();
        if let Some((_, index)) = self.maps.iter().find(|(known, _)| *known == path) {
            return Ok(index.get(key).copied());
        }
        let cost = KEY.saturating_mul(entries.len() as u64);
        self.budget.charge("this JSON patch", cost)?;
        let mut index = FxHashMap::default();
        for (position, entry) in entries.iter().enumerate() {
            if let Some(key) = entry.key.text() {
                index.entry(Str::from(key)).or_insert(position);
            }
        }
        let found = index.get(key).copied();
        if self.maps.len() == MAPS {
            self.maps.remove(0);
        }
        self.maps.push((path, index));
        Ok(found)
    }

    /// Notes that the map at a path has got a new last entry.
    pub(super) fn added(&mut self, path: impl FnOnce() -> String, key: &str, position: usize) {
        if self.maps.is_empty() {
            return;
        }
        let path = path();
        if let Some((_, index)) = self.maps.iter_mut().find(|(known, _)| *known == path) {
            index.insert(key.into(), position);
        }
    }

    /// Forgets what is at a path and below, because something else stands there now.
    pub(super) fn forget(&mut self, path: impl FnOnce() -> String) {
        if self.maps.is_empty() {
            return;
        }
        let path = path();
        self.maps.retain(|(known, _)| {
            let below = known.strip_prefix(path.as_str());
            !below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
    }
}

/// Puts a part at the end of a path; a slash in it is escaped, so that no two places share a path.
pub(super) fn push(path: &mut String, part: &str) {
    path.push('/');
    match part.contains(['~', '/']) {
        true => path.push_str(&part.replace('~', "~0").replace('/', "~1")),
        false => path.push_str(part),
    }
}
