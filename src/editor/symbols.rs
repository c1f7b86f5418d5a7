//! The parts of a document, and what is said above them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use kustom_lsp::{Lens, Symbol, SymbolKind};

use super::cursor::{documents, range, start};
use super::facts::{lines, lines_of_document};
use super::navigate::{changes, touched};
use super::objects::object;
use super::paths::is_kustomization;
use super::scene::{Met, Scene};
use crate::guard::{masked, printable};
use crate::yaml::cut::Cut as _;
use crate::yaml::{Entry, Node};

/// How deep symbols are nested.
const DEEPEST: usize = 4;

/// The objects of a file, or its fields.
pub(super) fn symbols(text: &str) -> Vec<Symbol> {
    let Some(documents) = documents(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for root in documents.iter().filter(|root| root.span.line > 0) {
        match object(root) {
            Some(named) => {
                let selection = root.at(&["metadata", "name"]).map_or(range(root), range);
                let namespace = Some(named.namespace.to_owned()).filter(|it| !it.is_empty());
                found.push(Symbol {
                    name: shown(&format!("{}/{}", named.kind, named.name)),
                    detail: namespace,
                    kind: SymbolKind::Object,
                    range: whole(text, root),
                    selection: within(selection, whole(text, root)),
                    children: children(text, root, 2),
                });
            }
            None => found.extend(children(text, root, DEEPEST)),
        }
    }
    found
}

fn shown(name: &str) -> String {
    printable(&masked(name)).into_owned()
}

/// The bytes of a node without what is blank behind it.
fn whole(text: &str, node: &Node) -> Range<usize> {
    let start = start(node);
    start..start + text.cut(range(node)).trim_end().len()
}

fn within(inner: Range<usize>, outer: Range<usize>) -> Range<usize> {
    match outer.start <= inner.start && inner.end <= outer.end {
        true => inner,
        false => outer.start..outer.start,
    }
}

fn children(text: &str, node: &Node, depth: usize) -> Vec<Symbol> {
    if depth == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for Entry { key, value } in node.entries() {
        if key.span.line == 0 {
            continue;
        }
        let end = whole(text, value).end.max(range(key).end);
        found.push(Symbol {
            name: shown(key.text().unwrap_or_default()),
            detail: None,
            kind: SymbolKind::Field,
            range: range(key).start..end,
            selection: range(key),
            children: children(text, value, depth - 1),
        });
    }
    for item in node.items().iter().filter(|item| item.span.line > 0) {
        let named = ["name", "path"].map(|key| item.get(key));
        let named = named.into_iter().flatten().next().unwrap_or(item);
        let Some(name) = named.text().filter(|name| !name.contains('\n')) else {
            continue;
        };
        let is_file = std::ptr::eq(named, item);
        found.push(Symbol {
            name: shown(name),
            detail: None,
            kind: match is_file {
                true => SymbolKind::File,
                false => SymbolKind::Named,
            },
            range: whole(text, item),
            selection: within(range(named), whole(text, item)),
            children: Vec::new(),
        });
    }
    found
}

/// What is said above objects, patches and entries.
pub(super) fn lenses(scene: &Scene<'_>, path: &Path, text: &str) -> Vec<Lens> {
    let Some(documents) = documents(text) else {
        return Vec::new();
    };
    if is_kustomization(path) {
        return documents
            .first()
            .map(|root| entries(scene, path, text, root))
            .unwrap_or_default();
    }
    let mut found = Vec::new();
    let mut is_manifest = false;
    for (number, root) in documents.iter().enumerate() {
        if root.span.line == 0 {
            continue;
        }
        let wanted = lines_of_document(text, &documents, number);
        let met = scene.written_in(path, wanted);
        if met.is_empty() {
            continue;
        }
        is_manifest = true;
        let at = root.at(&["metadata", "name"]).unwrap_or(root);
        let targets = changes(scene, &met);
        let files: BTreeSet<&PathBuf> = targets.iter().map(|target| &target.path).collect();
        let title = match files.len() {
            0 => format!("changed by nothing, in {}", environments(&met)),
            count => format!(
                "changed by {} in {}",
                counted(count, "file"),
                environments(&met)
            ),
        };
        found.push(Lens {
            range: first_line(text, range(at)),
            title,
            targets,
        });
    }
    if !is_manifest && let Some(root) = documents.first() {
        let met = touched(scene, path, (1, u32::MAX));
        if !met.is_empty() {
            found.push(Lens {
                range: first_line(text, range(root)),
                title: changed(&met),
                targets: scene.origins(&met),
            });
        }
    }
    found
}

/// What entries of a kustomization change.
fn entries(scene: &Scene<'_>, path: &Path, text: &str, root: &Node) -> Vec<Lens> {
    const LISTS: [&str; 6] = [
        "patches",
        "patchesJson6902",
        "images",
        "replicas",
        "replacements",
        "labels",
    ];
    let mut found = Vec::new();
    // Where no environment can be explained, nothing is known of what is matched.
    if scene.facts.is_empty() || !scene.read.contains(path) {
        return found;
    }
    for entry in root.entries() {
        if !LISTS.iter().any(|list| entry.is(list)) {
            continue;
        }
        for item in entry.value.items().iter().filter(|it| it.span.line > 0) {
            let met = touched(scene, path, lines(text, item));
            found.push(Lens {
                range: first_line(text, range(item)),
                title: changed(&met),
                targets: scene.origins(&met),
            });
        }
    }
    found
}

fn first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let line = text.cut(range.clone());
    let end = line.find(['\r', '\n']).unwrap_or(line.len());
    range.start..range.start + end
}

fn changed(met: &[Met<'_>]) -> String {
    let names: BTreeSet<String> = met
        .iter()
        .map(|one| one.facts.explained.name(one.life))
        .collect();
    match names.len() {
        0 => "changes nothing".to_owned(),
        count => format!(
            "changes {} in {}",
            counted(count, "object"),
            environments(met)
        ),
    }
}

fn environments(met: &[Met<'_>]) -> String {
    let names: BTreeSet<&str> = met.iter().map(|one| one.facts.name.as_str()).collect();
    match names.len() {
        1 if names.contains("") => "this kustomization".to_owned(),
        count => counted(count, "environment"),
    }
}

fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}
