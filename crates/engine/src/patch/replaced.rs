//! Finds items that are lost when a patch replaces a whole list.

use std::collections::BTreeSet;

use kustom_yaml::{Node, Value};

/// What items are known by, in the order in which it is tried: one of several fields, or a list.
const NAMES: [&[&[&str]]; 11] = [
    &[&["name"]],
    &[&["metadata", "name"]],
    &[&["key"]],
    &[&["id"]],
    &[&["host"]],
    &[&["topologyKey"]],
    &[&["mountPath"]],
    &[&["type"]],
    &[&["configMapRef", "name"], &["secretRef", "name"]],
    &[
        &["configMap", "name"],
        &["secret", "name"],
        &["serviceAccountToken", "path"],
    ],
    &[&["resources"], &["nonResourceURLs"]],
];

/// What the new list does not have, in words, if that looks like a loss: fields of an item that
/// stays, or items.
///
/// A list whose items nothing tells apart is taken to be meant, unless it is shorter or its only
/// item is a part of the old one.
pub(super) fn loss(old: &[Node], new: &[Node]) -> Option<String> {
    let is_of_maps = |items: &[Node]| !items.is_empty() && items.iter().all(Node::is_map);
    if !is_of_maps(old) || !is_of_maps(new) {
        return None;
    }
    let Some(names) = NAMES
        .iter()
        .find(|names| tells(old, names) && tells(new, names))
    else {
        return match (old, new) {
            ([old], [new]) => missing(old, new)
                .filter(|_| has_no_other(old, new))
                .map(|field| format!("its item loses `{field}`")),
            _ if new.len() < old.len() => Some(format!(
                "of its {} items there are {} now",
                old.len(),
                new.len()
            )),
            _ => None,
        };
    };
    let find = |item: &Node| {
        let name = name(item, names);
        new.iter().find(|other| self::name(other, names) == name)
    };
    let label = |item: &Node| Some(format!("`{}`", name(item, names)?.1));
    let fields = old.iter().find_map(|item| {
        let field = missing(item, find(item)?)?;
        Some(format!("{} loses `{field}`", label(item)?))
    });
    let dropped: Vec<String> = old
        .iter()
        .filter(|item| find(item).is_none())
        .filter_map(label)
        .collect();
    let is_lost = !dropped.is_empty();
    fields.or_else(|| is_lost.then(|| format!("loses {}", super::remark::listed(dropped))))
}

/// What an item is known by: the number of the field, and its text or texts.
fn name(item: &Node, names: &[&[&str]]) -> Option<(usize, String)> {
    names.iter().enumerate().find_map(|(index, path)| {
        let node = item.at(path)?;
        let text = match node.text() {
            Some(text) => text.to_owned(),
            None => {
                let texts: Option<Vec<&str>> = node.items().iter().map(Node::text).collect();
                texts.filter(|texts| !texts.is_empty())?.join(", ")
            }
        };
        Some((index, text))
    })
}

/// Whether every item has such a field, and each another value.
fn tells(items: &[Node], names: &[&[&str]]) -> bool {
    let all: Vec<_> = items.iter().filter_map(|item| name(item, names)).collect();
    let distinct: BTreeSet<_> = all.iter().collect();
    all.len() == items.len() && distinct.len() == items.len()
}

/// The path of the first field that one item has and the other has not.
fn missing(old: &Node, new: &Node) -> Option<String> {
    old.entries().iter().find_map(|entry| {
        let key = entry.key.text()?;
        match new.get(key) {
            None if entry.value.is_null() => None,
            None => Some(key.to_owned()),
            Some(value) => match (&entry.value.value, &value.value) {
                (Value::Map(_), Value::Map(_)) => {
                    missing(&entry.value, value).map(|field| format!("{key}.{field}"))
                }
                _ => None,
            },
        }
    })
}

/// Whether the new item has no field that the old one has not.
fn has_no_other(old: &Node, new: &Node) -> bool {
    let mut keys = new.entries().iter().filter_map(|entry| entry.key.text());
    keys.all(|key| old.get(key).is_some())
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_config;

    use super::*;

    fn loss_of(old: &str, new: &str) -> Option<String> {
        let list = |text: &str| read_config(text.as_bytes(), SourceId::NONE).unwrap();
        loss(list(old).items(), list(new).items())
    }

    #[test]
    fn a_list_loses_what_it_does_not_repeat() {
        for (old, new, wanted) in [
            (
                "[{name: a, x: 1}]",
                "[{name: a, z: 2}]",
                Some("`a` loses `x`"),
            ),
            ("[{name: a}, {name: b}]", "[{name: a}]", Some("loses `b`")),
            (
                "[{name: a}, {name: b}]",
                "[{name: c}]",
                Some("loses `a`, `b`"),
            ),
            ("[{name: a}]", "[{name: b}]", Some("loses `a`")),
            ("[{name: a}]", "[{name: b}, {name: a, x: 1}]", None),
            (
                "[{metadata: {name: a}, spec: {x: 1, z: 1}}]",
                "[{metadata: {name: a}, spec: {x: 2}}]",
                Some("`a` loses `spec.z`"),
            ),
            ("[{key: a, effect: x}]", "[{key: b}]", Some("loses `a`")),
            (
                "[{hosts: [a], secretName: s}]",
                "[{hosts: [b]}]",
                Some("its item loses `secretName`"),
            ),
            (
                "[{x: 1}, {x: 2}]",
                "[{x: 3}]",
                Some("of its 2 items there are 1 now"),
            ),
            ("[{x: 1}, {x: 2}]", "[{x: 3}, {x: 4}]", None),
            ("[a, b]", "[c]", None),
            (
                "[{configMapRef: {name: a}}, {secretRef: {name: a}}]",
                "[{secretRef: {name: a}}]",
                Some("loses `a`"),
            ),
            (
                "[{secret: {name: a}}]",
                "[{secret: {name: a}}, {configMap: {name: b}}]",
                None,
            ),
            (
                "[{resources: [pods, nodes], verbs: [get]}]",
                "[{resources: [secrets], verbs: [get]}]",
                Some("loses `pods, nodes`"),
            ),
            (
                "[{resources: [pods], verbs: [get]}]",
                "[{resources: [pods], verbs: [list]}]",
                None,
            ),
        ] {
            assert_eq!(loss_of(old, new).as_deref(), wanted, "{old} {new}");
        }
    }
}
