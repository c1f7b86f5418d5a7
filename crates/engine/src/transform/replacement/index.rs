//! Objects by name and by kind, so that none is looked at in vain.

use std::collections::HashMap;

use kustom_yaml::Str;

use crate::regexp::Texts;
use crate::resource::{Resource, Resources, Selector};

/// How many objects, and how many patterns for names, are worth an index of names.
const MANY: usize = 64;
const OFTEN: usize = 8;

/// The positions of the objects that have or had a name or a kind; made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Index {
    positions: Option<Positions>,
    /// The names, to be found by patterns.
    alike: Option<Texts>,
    /// How many patterns were looked for.
    patterns: usize,
}

#[derive(Debug, Default)]
struct Positions {
    names: HashMap<Str, Vec<usize>>,
    kinds: HashMap<Str, Vec<usize>>,
}

impl Index {
    /// The positions, in order, of all objects that a selector may mean.
    pub(super) fn selected(&mut self, resources: &Resources, select: &Selector) -> Vec<usize> {
        let name = select.name.exact();
        self.patterns += usize::from(name.is_none());
        let is_alike = name.is_none() && resources.len() >= MANY && self.patterns >= OFTEN;
        let literals = is_alike.then(|| select.name.literals()).flatten();
        match literals {
            Some(literals) => {
                let alike = self.alike.get_or_insert_with(|| {
                    let mut texts = Texts::default();
                    for (position, resource) in resources.iter().enumerate() {
                        add_names(&mut texts, position, resource);
                    }
                    texts
                });
                alike.with(&literals)
            }
            None => self.with(resources, name, select.kind.exact()),
        }
    }

    /// The positions, in order, of all objects that may have a name and a kind; nothing and the
    /// empty text stand for any.
    pub(super) fn with(
        &mut self,
        resources: &Resources,
        name: Option<&str>,
        kind: Option<&str>,
    ) -> Vec<usize> {
        let given = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(Str::from);
        let (name, kind) = (given(name), given(kind));
        if name.is_none() && kind.is_none() {
            return (0..resources.len()).collect();
        }
        let positions = self
            .positions
            .get_or_insert_with(|| Positions::of(resources));
        let found = match (name, kind) {
            (Some(name), _) => positions.names.get(&name),
            (None, Some(kind)) => positions.kinds.get(&kind),
            (None, None) => None,
        };
        found.cloned().unwrap_or_default()
    }

    /// Notes that an object has another name or kind; it is still found by those that it had.
    pub(super) fn note(&mut self, position: usize, resource: &Resource) {
        if let Some(positions) = &mut self.positions {
            positions.note(position, resource);
        }
        if let Some(alike) = &mut self.alike {
            add_names(alike, position, resource);
        }
    }
}

fn add_names(texts: &mut Texts, position: usize, resource: &Resource) {
    for id in resource.ids() {
        texts.add(position, &id.name);
    }
}

impl Positions {
    fn of(resources: &Resources) -> Self {
        let mut positions = Self::default();
        for (position, resource) in resources.iter().enumerate() {
            positions.note(position, resource);
        }
        positions
    }

    fn note(&mut self, position: usize, resource: &Resource) {
        for id in resource.ids() {
            for (map, key) in [(&mut self.names, id.name), (&mut self.kinds, id.gvk.kind)] {
                let found = map.entry(key).or_default();
                if let Err(place) = found.binary_search(&position) {
                    found.insert(place, position);
                }
            }
        }
    }
}
