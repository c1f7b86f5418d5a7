//! Where the resources of a list are, by their ids.

use std::hash::BuildHasher as _;
use std::ops::Deref;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Resource;
use crate::id::KeyRef;

/// Positions by the hash of an id: what stands at one is held against the id that is looked for, so
/// that no id is kept a second time.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(FxHashMap<u64, Positions>);

impl Index {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self(FxHashMap::with_capacity_and_hasher(count, FxBuildHasher))
    }

    pub(super) fn reserve(&mut self, count: usize) {
        self.0.reserve(count);
    }

    /// The positions under an id at which what stands there `has` it.
    pub(super) fn with(&self, key: KeyRef<'_>, has: impl Fn(usize) -> bool) -> Positions {
        let Some(positions) = self.0.get(&hash(key)) else {
            return Positions::default();
        };
        match &**positions {
            &[one] if has(one) => Positions::One(one),
            several => Positions::Many(several.iter().copied().filter(|at| has(*at)).collect()),
        }
    }

    /// Notes that what stands at a position has an id.
    pub(super) fn add(&mut self, key: KeyRef<'_>, position: usize) {
        self.0.entry(hash(key)).or_default().add(position);
    }

    /// Notes that what stands at a position has an id no more.
    pub(super) fn remove(&mut self, key: KeyRef<'_>, position: usize) {
        if let Some(positions) = self.0.get_mut(&hash(key)) {
            positions.remove(position);
        }
    }

    /// Notes where a resource is under every id it ever had.
    pub(super) fn add_all(&mut self, position: usize, resource: &Resource) {
        for former in resource.former_keys() {
            self.add(former, position);
        }
        self.add(resource.id().key_ref(), position);
    }
}

fn hash(key: KeyRef<'_>) -> u64 {
    FxBuildHasher.hash_one(key)
}

/// Where resources are, nearly always one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Positions {
    /// One.
    One(usize),
    /// Any number, in the order in which they were noted.
    Many(Vec<usize>),
}

impl Positions {
    /// Notes one more.
    pub(super) fn add(&mut self, position: usize) {
        match self {
            Self::One(one) if *one == position => {}
            Self::One(one) => *self = Self::Many(vec![*one, position]),
            Self::Many(positions) if positions.is_empty() => *self = Self::One(position),
            Self::Many(positions) if positions.contains(&position) => {}
            Self::Many(positions) => positions.push(position),
        }
    }

    fn remove(&mut self, position: usize) {
        match self {
            Self::One(one) if *one == position => *self = Self::default(),
            Self::One(_) => {}
            Self::Many(positions) => positions.retain(|at| *at != position),
        }
    }
}

impl Default for Positions {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Deref for Positions {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        match self {
            Self::One(position) => std::slice::from_ref(position),
            Self::Many(positions) => positions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn what_only_has_the_hash_of_an_id_is_not_found_by_it() {
        let id = Id::default();
        let mut index = Index::default();
        for position in [2, 5, 7, 5] {
            index.add(id.key_ref(), position);
        }
        assert_eq!(*index.with(id.key_ref(), |_| true), [2, 5, 7]);
        assert_eq!(*index.with(id.key_ref(), |at| at == 5), [5]);
        index.remove(id.key_ref(), 5);
        assert!(index.with(id.key_ref(), |at| at == 5).is_empty());
        let mut alone = Index::default();
        alone.add(id.key_ref(), 3);
        assert!(alone.with(id.key_ref(), |_| false).is_empty());
        alone.remove(id.key_ref(), 3);
        assert!(alone.with(id.key_ref(), |_| true).is_empty());
    }
}
