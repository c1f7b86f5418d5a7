//! What is applied or written twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::fix::documents;
use super::tree::Tree;
use crate::load::normalized;
use crate::place::Span;
use crate::yaml::{Node, Options, Value, read, same_data};

/// Something that stands in two places.
#[derive(Clone, Debug)]
pub(super) struct Twice {
    /// What it is, as a sentence begins.
    pub(super) what: String,
    pub(super) path: PathBuf,
    pub(super) span: Span,
    /// The other place.
    pub(super) first: (PathBuf, Span),
    /// Whether it adds to what it finds, so that it does something else the second time.
    pub(super) adds: bool,
}

/// A kustomization's lists, as they are written.
struct Lists {
    path: PathBuf,
    /// Directories in `components`.
    components: Vec<(PathBuf, Span)>,
    /// What it builds on: directories.
    bases: Vec<PathBuf>,
    patches: Vec<(PathBuf, Node)>,
}

/// Components and patches that some of the kustomizations apply twice to the same objects.
pub(super) fn applied_twice(tree: &Tree<'_>, directories: &BTreeSet<PathBuf>) -> Vec<Twice> {
    let lists: BTreeMap<&Path, Lists> = directories
        .iter()
        .filter_map(|directory| Some((directory.as_path(), lists(tree, directory)?)))
        .collect();
    let mut found = Vec::new();
    for one in lists.values() {
        for (index, (directory, span)) in one.components.iter().enumerate() {
            let earlier = one.components[..index].iter();
            let mut earlier = earlier.filter(|(known, _)| known == directory);
            let first = match earlier.next() {
                Some((_, span)) => Some((one.path.clone(), *span)),
                None => below(&lists, one, directory),
            };
            if let Some(first) = first {
                found.push(Twice {
                    what: "the component".to_owned(),
                    path: one.path.clone(),
                    span: *span,
                    first,
                    adds: adds(tree, directory),
                });
            }
        }
        for (index, (file, item)) in one.patches.iter().enumerate() {
            let mut earlier = one.patches[..index].iter();
            let same = earlier.find(|(known, other)| known == file && has_same_rest(other, item));
            if let Some((_, other)) = same {
                found.push(Twice {
                    what: "the patch".to_owned(),
                    path: one.path.clone(),
                    span: item.span,
                    first: (one.path.clone(), other.span),
                    adds: tree.text(file).is_some_and(|text| adds_items(&text)),
                });
            }
        }
    }
    found
}

/// Whether a component has a patch that adds items to lists.
fn adds(tree: &Tree<'_>, component: &Path) -> bool {
    let Some(lists) = lists(tree, component) else {
        return false;
    };
    let own = tree.text(&lists.path);
    let files = lists.patches.iter().map(|(file, _)| tree.text(file));
    files.chain([own]).flatten().any(|text| adds_items(&text))
}

/// Whether a text has operations of a JSON patch that add an item.
fn adds_items(text: &str) -> bool {
    let mut words = text.split([' ', '\t', '\n', '\r', ',', '}', '"', '\'']);
    words.any(|word| word.starts_with('/') && word.ends_with("/-"))
}

/// Where a component is named by what a kustomization builds on.
fn below(
    lists: &BTreeMap<&Path, Lists>,
    from: &Lists,
    component: &Path,
) -> Option<(PathBuf, Span)> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&PathBuf> = from.bases.iter().collect();
    while let Some(next) = open.pop() {
        let Some(list) = lists.get(next.as_path()).filter(|_| seen.insert(next)) else {
            continue;
        };
        let named = list.components.iter().find(|(known, _)| known == component);
        if let Some((_, span)) = named {
            return Some((list.path.clone(), *span));
        }
        open.extend(&list.bases);
    }
    None
}

/// Whether two entries say the same but for how they spell the path.
fn has_same_rest(one: &Node, other: &Node) -> bool {
    let rest = |node: &Node| {
        let mut node = node.clone();
        if node.is_map() {
            node.remove("path");
        } else {
            node = Node::null();
        }
        node
    };
    same_data(&rest(one), &rest(other))
}

fn lists(tree: &Tree<'_>, directory: &Path) -> Option<Lists> {
    let path = tree.kustomizations.get(directory)?;
    let read = documents(&tree.text(path)?)?;
    let root = read.first()?;
    let items = |field: &str| root.get(field).map_or(&[][..], Node::items).iter();
    let at = |name: &Node| Some(normalized(&directory.join(name.text()?)));
    let is_base = |path: &PathBuf| tree.kustomizations.contains_key(path);
    let components = items("components").filter_map(|item| Some((at(item)?, item.span)));
    let bases = items("resources").chain(items("bases")).filter_map(at);
    let mut patches = Vec::new();
    for field in ["patches", "patchesJson6902", "patchesStrategicMerge"] {
        for item in items(field) {
            let name = item.get("path").unwrap_or(item);
            let file = at(name).filter(|file| tree.paths.contains(file));
            patches.extend(file.map(|file| (file, item.clone())));
        }
    }
    Some(Lists {
        path: path.clone(),
        components: components.collect(),
        bases: bases.filter(is_base).collect(),
        patches,
    })
}

/// Objects that two files hold in the same words; small ones are left alone.
pub(super) fn copied(tree: &Tree<'_>, files: &BTreeSet<PathBuf>) -> Vec<Twice> {
    /// With fewer values, two objects are the same by chance.
    const FEW: usize = 8;
    let mut known: BTreeMap<String, Vec<(PathBuf, Node)>> = BTreeMap::new();
    let mut found = Vec::new();
    for path in files.intersection(&tree.named) {
        let Some(text) = tree.text(path) else {
            continue;
        };
        let Ok(nodes) = read(&text, &Options::default()) else {
            continue;
        };
        for node in nodes.into_iter().filter(|node| values(node) >= FEW) {
            let text = |key: &str| node.get(key).and_then(Node::text);
            let name = node.at(&["metadata", "name"]).and_then(Node::text);
            let (Some(api), Some(kind), Some(name)) = (text("apiVersion"), text("kind"), name)
            else {
                continue;
            };
            let others = known.entry(format!("{api} {kind} {name}")).or_default();
            match others.iter().find(|(_, other)| same_data(other, &node)) {
                Some((first, other)) if first != path => found.push(Twice {
                    what: format!("{kind} `{name}`"),
                    path: path.clone(),
                    span: node.span,
                    first: (first.clone(), other.span),
                    adds: false,
                }),
                Some(_) => {}
                None => others.push((path.clone(), node)),
            }
        }
    }
    found
}

fn values(node: &Node) -> usize {
    match &node.value {
        Value::Map(entries) => entries.iter().map(|entry| values(&entry.value)).sum(),
        Value::Seq(items) => items.iter().map(values).sum(),
        Value::Scalar(_) | Value::Alias(_) => 1,
    }
}
