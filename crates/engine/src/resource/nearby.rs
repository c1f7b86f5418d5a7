//! What resources have that a selector means, as words among which the nearest to another is looked
//! for.

use std::sync::Arc;

use kustom_yaml::Str;
use kustom_yaml::nearest::Words;
use rustc_hash::FxHashMap;

use super::{Pattern, Resource, Resources, Selector};
use crate::id::Gvk;

/// How many selectors are remembered.
const MANY: usize = 64;

/// Resources by what a selector without names and labels looks at, and the words of selectors.
#[derive(Clone, Debug)]
pub(super) struct Nearby {
    /// The positions of resources that no such selector tells apart.
    alike: Vec<Vec<usize>>,
    words: FxHashMap<Asked, Arc<Words>>,
}

/// What words were asked for: a part, and the patterns of the others.
type Asked = (&'static str, [Option<Str>; 4]);

impl Nearby {
    pub(super) fn of(resources: &[Resource]) -> Self {
        let mut known: FxHashMap<(&Gvk, &str, &str), usize> = FxHashMap::default();
        let mut alike: Vec<Vec<usize>> = Vec::new();
        for (position, resource) in resources.iter().enumerate() {
            let id = resource.id();
            let first = resource.original_namespace();
            let at = *known
                .entry((&id.gvk, id.effective_namespace(), first))
                .or_insert(alike.len());
            if at == alike.len() {
                alike.push(Vec::new());
            }
            alike[at].push(position);
        }
        Self {
            alike,
            words: FxHashMap::default(),
        }
    }

    /// The positions of those whose type and namespace a selector means.
    fn meant<'n>(
        &'n self,
        list: &'n [Resource],
        selector: &'n Selector,
    ) -> impl Iterator<Item = &'n Vec<usize>> {
        let is_meant = |positions: &&'n Vec<usize>| {
            let first = positions.first().and_then(|&position| list.get(position));
            first.is_some_and(|first| selector.matches_type_and_namespace(first))
        };
        self.alike.iter().filter(is_meant)
    }
}

impl Resources {
    /// The positions of the resources whose type and namespace a selector means, in order; nothing
    /// if it is quicker to look at all of them.
    pub(super) fn with_type_and_namespace(&mut self, selector: &Selector) -> Option<Vec<usize>> {
        if !self.is_worth_an_index() {
            return None;
        }
        let (list, nearby) = self.nearby();
        let count: usize = nearby.meant(list, selector).map(Vec::len).sum();
        if count >= list.len() / 4 {
            return None;
        }
        let mut found: Vec<usize> = nearby.meant(list, selector).flatten().copied().collect();
        found.sort_unstable();
        Some(found)
    }

    /// What the resources that a selector means have as a part of their ids, sorted, each word once.
    pub(crate) fn words_of_selected(
        &mut self,
        selector: &Selector,
        part: &'static str,
        value: fn(&Resource) -> &str,
    ) -> Arc<Words> {
        let named = match selector.name.exact() {
            Some(name) => Some(self.with_any_name(name)),
            None => self.with_name_like(&selector.name),
        };
        let list = self.as_slice();
        if let Some(positions) = named {
            let found = positions.iter().map(|&position| &list[position]);
            return Arc::new(words(found.filter(|one| selector.matches(one)), value));
        }
        if selector.has_labels() || !matches!(selector.name, Pattern::Any) {
            let found = list.iter().filter(|one| selector.matches(one));
            return Arc::new(words(found, value));
        }
        let of = |part| selector.part(part);
        let asked = (part, ["group", "version", "kind", "namespace"].map(of));
        let (list, nearby) = self.nearby();
        if let Some(words) = nearby.words.get(&asked) {
            return Arc::clone(words);
        }
        // Of resources that are alike, only the names differ.
        let count = if part == "name" { usize::MAX } else { 1 };
        let found = nearby.meant(list, selector);
        let found = found.flat_map(|positions| positions.iter().take(count));
        let words = Arc::new(words(found.map(|&position| &list[position]), value));
        if nearby.words.len() == MANY {
            nearby.words.clear();
        }
        nearby.words.insert(asked, Arc::clone(&words));
        words
    }
}

fn words<'r>(found: impl Iterator<Item = &'r Resource>, value: fn(&Resource) -> &str) -> Words {
    let mut found: Vec<&str> = found.map(value).collect();
    found.sort_unstable();
    found.dedup();
    Words::of(found)
}
