//! Custom resource definitions: what their schemas must be, and what they say of objects.

mod cost;
mod definition;
mod formats;
mod object;
mod rules;

use std::collections::HashMap;

use crate::schema::group_of;
use crate::value::{Data, Entry, Lookup, Value};

pub(crate) use definition::definition;
pub(crate) use object::object;

/// A kind that a custom resource definition among the objects defines.
#[derive(Debug)]
pub(crate) struct CustomKind<'o> {
    pub(crate) group: &'o str,
    pub(crate) kind: &'o str,
    pub(crate) namespaced: bool,
    versions: &'o [Value<'o>],
}

impl<'o> CustomKind<'o> {
    /// The kind that a definition defines.
    pub(crate) fn of(definition: &'o Value<'o>) -> Option<Self> {
        let is_definition = definition.text("kind") == "CustomResourceDefinition"
            && group_of(definition.text("apiVersion")) == "apiextensions.k8s.io";
        let spec = definition.get("spec").filter(|_| is_definition)?;
        Some(Self {
            group: spec.text("group"),
            kind: spec.get("names")?.text("kind"),
            namespaced: spec.text("scope") != "Cluster",
            versions: spec.list("versions"),
        })
    }

    /// A version that is served.
    pub(crate) fn version(&self, name: &str) -> Option<&'o Value<'o>> {
        self.versions
            .iter()
            .find(|version| version.text("name") == name && version.is_true("served"))
    }
}

/// The kinds that are defined beside objects.
#[derive(Debug, Default)]
pub(crate) struct CustomKinds<'o> {
    /// By group, those of a group in their order.
    by_group: HashMap<&'o str, Vec<CustomKind<'o>>>,
    /// The first of each group and kind, by its place in the group.
    by_kind: HashMap<(&'o str, &'o str), usize>,
}

impl<'o> CustomKinds<'o> {
    /// Those of a group.
    pub(crate) fn of_group(&self, group: &str) -> &[CustomKind<'o>] {
        self.by_group.get(group).map_or(&[], Vec::as_slice)
    }

    /// The first that is defined of a group and kind.
    pub(crate) fn of_kind(&self, group: &str, kind: &str) -> Option<&CustomKind<'o>> {
        self.of_group(group).get(*self.by_kind.get(&(group, kind))?)
    }

    /// A group that is written like another, but for capitals.
    pub(crate) fn group_like(&self, group: &str) -> Option<&'o str> {
        if let Some((&known, _)) = self.by_group.get_key_value(group) {
            return Some(known);
        }
        let groups = self.by_group.keys().copied();
        groups
            .filter(|known| known.eq_ignore_ascii_case(group))
            .min()
    }
}

impl<'o> FromIterator<CustomKind<'o>> for CustomKinds<'o> {
    fn from_iter<I: IntoIterator<Item = CustomKind<'o>>>(kinds: I) -> Self {
        let mut found = Self::default();
        for kind in kinds {
            let of_group = found.by_group.entry(kind.group).or_default();
            let place = of_group.len();
            let first = found.by_kind.entry((kind.group, kind.kind));
            first.or_insert(place);
            of_group.push(kind);
        }
        found
    }
}

/// Whether two values are the same to JSON, where 1 and 1.0 are.
fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (&one.data, &other.data) {
        (Data::List(one), Data::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Data::Map(one), Data::Map(other)) => {
            let there = Lookup::of(other);
            let is_there = |entry: &Entry<'_>| {
                let found = there.first(&entry.key);
                found.is_some_and(|found| same(&entry.value, found))
            };
            one.len() == other.len() && one.iter().all(is_there)
        }
        (one, other) => {
            one == other || number(one).is_some_and(|found| number(other) == Some(found))
        }
    }
}

/// A text that two values share if they are the same to JSON.
fn canonical(value: &Value<'_>) -> String {
    match &value.data {
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Data::Map(entries) => {
            let entry = |entry: &Entry<'_>| format!("{:?}:{}", entry.key, canonical(&entry.value));
            let mut entries: Vec<String> = entries.iter().map(entry).collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
        data => match number(data) {
            Some(number) => (number + 0.0).to_string(),
            None => format!("{data:?}"),
        },
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "schemas bound numbers as doubles"
)]
fn number(data: &Data<'_>) -> Option<f64> {
    match data {
        Data::Int(number) => Some(*number as f64),
        Data::Number(number) => Some(*number),
        _ => None,
    }
}
