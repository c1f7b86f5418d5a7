//! Makes entries that are one value for kustomize, and changes them together ([`Links`](crate::resource::Links)).

use std::borrow::Cow;
use std::sync::Arc;

use kustom_yaml::{Node, Str, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::fields::segments;
use crate::resource::{Followed, Link, Map, Resource};

/// Up to how many keys are looked for one by one.
const FEW: usize = 16;

/// Entries that a step has made in one map.
pub(super) struct Made {
    /// The number of the field spec that leads to the map.
    pub(super) spec: usize,
    /// The map.
    pub(super) map: Map,
    /// Their keys, where those are not all of the step's.
    pub(super) keys: Option<FxHashSet<Str>>,
}

/// Links the entries that one step has made.
pub(super) fn link(resource: &mut Resource, pairs: &[(Text, Text)], mut made: Vec<Made>) {
    if made.len() < 2 {
        return;
    }
    // A walk meets them item by item, kustomize spec by spec.
    made.sort_by(|one, two| (one.spec, &one.map.items).cmp(&(two.spec, &two.map.items)));
    let has_all = made.iter().all(|made| made.keys.is_none());
    let all: Arc<[Map]> = match has_all {
        true => made.iter().map(|made| made.map.clone()).collect(),
        false => Arc::default(),
    };
    // Where all are new, they are the last of each map.
    let first = all.first().and_then(|map| map_at(&resource.node, map));
    let first = first.map_or(&[][..], Node::entries);
    let new = first.get(first.len().saturating_sub(pairs.len())..);
    // Of many keys, those of the maps are looked up.
    let are_many = !has_all && pairs.len() > FEW;
    let sought = made.iter().filter(|_| are_many);
    let values: Vec<_> = sought
        .map(|made| by_key(&resource.node, &made.map))
        .collect();
    for (index, (key, _)) in pairs.iter().enumerate() {
        let key = &key.text;
        let is_in = |keys: &Option<FxHashSet<Str>>| {
            let keys = keys.as_ref();
            keys.is_none_or(|keys| keys.contains(key))
        };
        let maps = match has_all {
            true => Arc::clone(&all),
            false => {
                let maps = made.iter().filter(|made| is_in(&made.keys));
                maps.map(|made| made.map.clone()).collect()
            }
        };
        let entry = new.and_then(|new| new.get(index));
        let value = match entry.filter(|entry| entry.is(key)) {
            Some(entry) => Some(&entry.value),
            None => {
                let first = made.iter().position(|made| is_in(&made.keys));
                first.and_then(|at| match values.get(at) {
                    Some(values) => values.get(key.as_str()).copied(),
                    None => value(&resource.node, &made[at].map, key),
                })
            }
        };
        if maps.len() > 1
            && let Some(value) = value
        {
            resource.links.push(Link {
                key: key.clone(),
                value: bare(value),
                maps,
            });
        }
    }
}

/// Cuts what a strategic merge patch replaces or deletes as a whole, and what is in its lists.
pub(crate) fn cut_replaced(resource: &mut Resource, patch: &Node) {
    let is_replaced = |field: &str| {
        let mut node = Some(patch);
        let mut segments = segments(field);
        while let Some(map) = node {
            if map.get("$patch").is_some() || map.is_seq() {
                return true;
            }
            node = segments.next().and_then(|step| map.get(name(&step)));
        }
        false
    };
    if !resource.links.is_empty() {
        resource.links.cut_field(is_replaced);
    }
}

/// Gives linked entries the value that a step has given one of them; of several the last one counts.
pub(crate) fn settle(resource: &mut Resource) {
    settle_some(resource, |_| true);
}

/// The keys that field specifications end at, which are the only ones that they change.
pub(crate) struct Ends<'s>(Vec<Cow<'s, str>>);

impl<'s> Ends<'s> {
    /// Of the paths of some specifications.
    pub(crate) fn of(paths: impl IntoIterator<Item = &'s str>) -> Self {
        let ends = paths.into_iter().filter_map(|path| segments(path).last());
        let mut ends: Vec<_> = ends.collect();
        ends.sort_unstable();
        ends.dedup();
        Self(ends)
    }

    /// Settles the links after a step that has followed the specifications.
    pub(crate) fn settle(&self, resource: &mut Resource) {
        let is_meant = |key: &str| self.0.iter().any(|end| end == key);
        if resource.links.list.iter().any(|link| is_meant(&link.key)) {
            settle_some(resource, is_meant);
        }
    }
}

/// The same after a step that means all of them: none has only followed.
pub(crate) fn settle_all_meant(resource: &mut Resource) {
    let followed = resource.links.followed.len();
    settle(resource);
    resource.links.followed.truncate(followed);
}

/// The same after a step that has changed no other keys.
pub(super) fn settle_keys(resource: &mut Resource, keys: &FxHashSet<&str>) {
    if resource.links.may_have(keys) {
        settle_some(resource, |key| keys.contains(key));
    }
}

fn settle_some(resource: &mut Resource, is_meant: impl Fn(&str) -> bool) {
    let has_places = !resource.hash_covers_places();
    let mut links = std::mem::take(&mut resource.links.list);
    let mut followed = std::mem::take(&mut resource.links.followed);
    for link in &mut links {
        if !is_meant(&link.key) {
            continue;
        }
        let key = link.key.clone();
        link.keep(|map| value(&resource.node, map, &key).is_some());
        let values = link
            .maps
            .iter()
            .filter_map(|map| Some((map, value(&resource.node, map, &key)?)));
        let changed = values.filter(|(_, value)| !is_same(value, &link.value));
        let Some((_, last)) = changed.max_by_key(|(map, _)| *map) else {
            continue;
        };
        let new = bare(last);
        for map in &*link.maps {
            if let Some(old) = value_mut(&mut resource.node, map, &key)
                && !is_same(old, &new)
            {
                let span = if has_places { new.span } else { old.span };
                followed.push(Followed {
                    field: map.field.clone(),
                    key: key.clone(),
                    span: new.span,
                });
                *old = Node {
                    span,
                    ..new.clone()
                };
            }
        }
        link.value = new;
    }
    links.retain_mut(|link| link.maps.len() > 1);
    (resource.links.list, resource.links.followed) = (links, followed);
}

/// A value without comments.
fn bare(value: &Node) -> Node {
    Node {
        decor: None,
        ..value.clone()
    }
}

fn is_same(one: &Node, other: &Node) -> bool {
    one.tag == other.tag && one.value == other.value
}

/// The value of a key in a map.
fn value<'n>(node: &'n Node, map: &Map, key: &str) -> Option<&'n Node> {
    map_at(node, map)?.get(key)
}

/// The values of a map by their keys, of which the first of two equal ones counts.
fn by_key<'n>(node: &'n Node, map: &Map) -> FxHashMap<&'n str, &'n Node> {
    let entries = map_at(node, map).map_or(&[][..], Node::entries);
    let values = entries.iter().rev();
    values
        .filter_map(|entry| Some((entry.key.text()?, &entry.value)))
        .collect()
}

/// The node of a map.
fn map_at<'n>(node: &'n Node, map: &Map) -> Option<&'n Node> {
    let mut items = map.items.iter();
    let mut node = node;
    for step in segments(&map.field) {
        while node.is_seq() {
            node = node.items().get(*items.next()? as usize)?;
        }
        node = node.get(name(&step))?;
    }
    Some(node)
}

/// The same, to change.
fn value_mut<'n>(node: &'n mut Node, map: &Map, key: &str) -> Option<&'n mut Node> {
    let mut items = map.items.iter();
    let mut node = node;
    for step in segments(&map.field) {
        while node.is_seq() {
            node = node.items_mut()?.get_mut(*items.next()? as usize)?;
        }
        node = node.get_mut(name(&step))?;
    }
    node.get_mut(key)
}

/// The key of a step, which may say that a list is there.
fn name(step: &str) -> &str {
    step.strip_suffix("[]").unwrap_or(step)
}
