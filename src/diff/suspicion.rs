//! Finds differences that are missing: values that should differ between the sides and do not.
//!
//! Where the second side calls a Service or a namespace otherwise, a field that names it must
//! differ. One that is the same on both sides names what only one of them has.

use rustc_hash::{FxHashMap, FxHashSet};

use super::matching::Matching;
use super::path::{Path, Step};
use super::renames::{Renames, Side};
use crate::fields::{Fields, segments};
use crate::resource::Resource;
use crate::yaml::{Node, Str};

/// Names that are the same thing's on one side only.
pub(super) struct Suspects<'f> {
    fields: &'f Fields,
    /// By name: the kind of what it names, the side that does not have it, what it has instead.
    names: FxHashMap<Str, Vec<Suspect>>,
    namespaces: FxHashMap<Str, (Side, Str)>,
}

struct Suspect {
    kind: Str,
    side: Side,
    expected: Str,
}

impl<'f> Suspects<'f> {
    pub(super) fn new(
        fields: &'f Fields,
        from: &[Resource],
        to: &[Resource],
        matching: &Matching,
    ) -> Self {
        let mut names: FxHashMap<Str, Vec<Suspect>> = FxHashMap::default();
        let known = |resources: &[Resource]| -> FxHashSet<(Str, Str)> {
            let ids = resources.iter().map(Resource::id);
            ids.map(|id| (id.gvk.kind.clone(), id.name.clone()))
                .collect()
        };
        let (known_from, known_to) = (known(from), known(to));
        for &(a, b) in &matching.pairs {
            let (a, b) = (from[a].id(), to[b].id());
            if a.name == b.name {
                continue;
            }
            let kind = &a.gvk.kind;
            for (name, side, expected, others) in [
                (&b.name, Side::From, &a.name, &known_from),
                (&a.name, Side::To, &b.name, &known_to),
            ] {
                if !others.contains(&(kind.clone(), name.clone())) {
                    names.entry(name.clone()).or_default().push(Suspect {
                        kind: kind.clone(),
                        side,
                        expected: expected.clone(),
                    });
                }
            }
        }
        Self {
            fields,
            names,
            namespaces: namespaces(&matching.mapping, from, to),
        }
    }

    /// No suspects.
    pub(super) fn none(fields: &'f Fields) -> Self {
        Self {
            fields,
            names: FxHashMap::default(),
            namespaces: FxHashMap::default(),
        }
    }

    /// Which side a value is wrong on that both have, and what is expected there.
    pub(super) fn at(
        &self,
        resource: &Resource,
        path: &Path,
        value: &Node,
        is_embedded: bool,
    ) -> Option<(Side, Str)> {
        let text = value.text()?;
        if let Some((side, expected)) = self.namespaces.get(text)
            && names_namespace(path)
        {
            return Some((*side, expected.clone()));
        }
        let suspects = self.names.get(text).filter(|_| !is_embedded)?;
        let gvk = &resource.id().gvk;
        let fields: Vec<&str> = path.fields().collect();
        let kinds: Vec<&str> = self
            .fields
            .references_of(gvk)
            .into_iter()
            .filter(|(spec, _)| leads_to(&spec.path, &fields))
            .map(|(_, referral)| referral.kind.as_str())
            .collect();
        let meant = suspects
            .iter()
            .find(|it| kinds.contains(&it.kind.as_str()))?;
        Some((meant.side, meant.expected.clone()))
    }

    /// What is wrong with the namespace of two resources that are the same, if something is.
    pub(super) fn namespace(&self, shared: &str) -> Option<(Side, Str)> {
        self.namespaces.get(shared).cloned()
    }
}

/// Namespaces that only one side has, and that the other calls otherwise.
fn namespaces(
    mapping: &Renames,
    from: &[Resource],
    to: &[Resource],
) -> FxHashMap<Str, (Side, Str)> {
    let used = |resources: &[Resource]| -> FxHashSet<Str> {
        let ids = resources.iter().map(Resource::id);
        ids.map(|id| match id.gvk.kind.as_str() {
            "Namespace" => id.name.clone(),
            _ => id.effective_namespace().into(),
        })
        .collect()
    };
    let (used_from, used_to) = (used(from), used(to));
    let mut found = FxHashMap::default();
    for (a, b) in &mapping.namespaces {
        if !used_to.contains(a) {
            found.insert(a.clone(), (Side::To, b.clone()));
        }
        if !used_from.contains(b) {
            found.insert(b.clone(), (Side::From, a.clone()));
        }
    }
    found
}

/// Whether a field, a flag or a variable says that its value is a namespace.
fn names_namespace(path: &Path) -> bool {
    let last = path.0.iter().rev().find_map(|step| match step {
        Step::Field(name) if name == "value" => None,
        Step::Field(name) | Step::Item(name) => Some(name),
        Step::Index(_) => None,
    });
    last.is_some_and(|name| name.to_ascii_lowercase().contains("namespace"))
}

/// Whether a row of the table of references leads to a value: a row that ends at a list of
/// subjects means their names.
fn leads_to(spec: &str, fields: &[&str]) -> bool {
    let mut fields = fields.iter();
    let mut last = std::borrow::Cow::Borrowed("");
    for segment in segments(spec) {
        if fields.next().is_none_or(|field| *field != segment) {
            return false;
        }
        last = segment;
    }
    match fields.as_slice() {
        [] => true,
        [rest] => *rest == "name" && last == "subjects",
        _ => false,
    }
}
