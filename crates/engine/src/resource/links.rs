//! Entries of maps that are one value for kustomize.

use std::sync::Arc;

use kustom_yaml::place::Span;
use kustom_yaml::{Node, Str};
use rustc_hash::FxHashSet;

use super::RareList;

/// The entries of an object that change together.
///
/// Where `labels`, `commonLabels` or `commonAnnotations` make an entry in several maps of an object,
/// kustomize puts one node of its tree into all of them. What writes into one of them later, be it
/// `labels` without selectors, a strategic merge patch, a replacement, or a prefix that follows a
/// configured field, writes into all, until a JSON patch makes the whole object anew, or a strategic
/// one replaces a map.
/// Source: `SetEntry` in `api/filters/filtersutil/setters.go` of kustomize, and what it prints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    pub(crate) list: RareList<Link>,
    /// What has changed because something else was: for a remark at the end.
    pub(crate) followed: RareList<Followed>,
    /// The keys of many links, among them keys of links that are no more.
    keys: Option<Box<FxHashSet<Str>>>,
}

/// Up to how many links are looked at one by one.
const FEW: usize = 16;

/// An entry that has changed with another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Followed {
    /// The map that it is in, as a field spec spells the way to it.
    pub(crate) field: Str,
    /// Its key.
    pub(crate) key: Str,
    /// Where the new value of the other was written.
    pub(crate) span: Span,
}

/// Entries with one key and one value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    /// The key.
    pub(crate) key: Str,
    /// What they were when they were last looked at.
    pub(crate) value: Node,
    /// The maps that they are in.
    pub(crate) maps: Arc<[Map]>,
}

impl Link {
    /// Leaves some of the maps.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(&Map) -> bool) {
        if !self.maps.iter().all(&is_kept) {
            self.maps = self
                .maps
                .iter()
                .filter(|map| is_kept(map))
                .cloned()
                .collect();
        }
    }
}

/// The way to a map: as a field spec spells it, and the number of each item that it goes through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Map {
    pub(crate) field: Str,
    pub(crate) items: Vec<u32>,
}

impl Links {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Every entry is a value of its own from now on.
    pub fn cut(&mut self) {
        self.list.clear();
    }

    /// Adds a link.
    pub(crate) fn push(&mut self, link: Link) {
        if self.list.len() == FEW {
            let keys = self.list.iter().map(|link| link.key.clone());
            self.keys = Some(Box::new(keys.collect()));
        }
        if self.list.len() >= FEW {
            self.keys.get_or_insert_default().insert(link.key.clone());
        }
        self.list.push(link);
    }

    /// Whether there may be one with a key.
    pub(crate) fn may_have(&self, keys: &FxHashSet<&str>) -> bool {
        match self.list.len() <= FEW {
            true => self
                .list
                .iter()
                .any(|link| keys.contains(link.key.as_str())),
            false => {
                let known = self.keys.as_ref();
                known.is_some_and(|known| keys.iter().any(|key| known.contains(*key)))
            }
        }
    }

    /// The entries of one map are values of their own from now on.
    pub fn cut_field(&mut self, is_meant: impl Fn(&str) -> bool) {
        self.list.retain_mut(|link| {
            link.keep(|map| !is_meant(&map.field));
            link.maps.len() > 1
        });
    }
}
