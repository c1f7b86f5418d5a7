//! Which line of a patch removed a value.

use std::path::Path;

use super::Explained;
use super::recorder::{PatchText, Recorded};
use super::track::{Seg, name_of};
use crate::id::Id;
use crate::load::normalized;
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Inset, Node, Text, read_config, read_manifests};
use kustom_yaml::cut::Cut as _;

/// Where the step of patches says that a value goes, if it is one of patches and says so.
pub(super) fn place(
    explained: &Explained,
    step: &Recorded,
    id: &Id,
    root: &Node,
    way: &[Seg],
) -> Option<Place> {
    let found = step.patches.iter().find_map(|patch| {
        let documents = documents(explained, &step.directory, patch)?;
        documents.iter().find_map(|one| span(one, id, root, way))
    })?;
    explained.place(found)
}

/// What a patch says, with its places.
fn documents(explained: &Explained, directory: &Path, patch: &PatchText) -> Option<Vec<Node>> {
    match patch {
        PatchText::File(name) => {
            let path = normalized(&directory.join(&**name));
            let source = explained.sources.source_of(&path)?;
            read(explained.texts.at(&path)?, source)
        }
        PatchText::Inline(text) => {
            let trimmed = text.trim();
            let mut documents = read(trimmed.as_bytes(), text.span.source)?;
            let inset = inset(explained, text, trimmed);
            documents.iter_mut().for_each(|node| inset.settle(node));
            Some(documents)
        }
    }
}

fn inset(explained: &Explained, text: &Text, trimmed: &str) -> Inset {
    let path = explained.sources.path(text.span);
    let Some(file) = path.and_then(|path| explained.texts.at(path)) else {
        return Inset::whole(text);
    };
    let before = text.cut(..text.find(trimmed).unwrap_or(0));
    Inset::new(&String::from_utf8_lossy(file), text).after(before)
}

fn read(bytes: &[u8], source: SourceId) -> Option<Vec<Node>> {
    match read_manifests(bytes, source) {
        Ok(stream) => Some(stream.documents),
        Err(_) => read_config(bytes, source).ok().map(|node| vec![node]),
    }
}

/// Where a document of a patch says that a value goes.
fn span(document: &Node, id: &Id, root: &Node, way: &[Seg]) -> Option<Span> {
    if document.is_seq() {
        return operation(document, way);
    }
    let text = |path: &[&str]| document.at(path).and_then(Node::text);
    let is_other = |said: Option<&str>, is: &str| said.is_some_and(|said| said != is);
    if is_other(text(&["kind"]), &id.gvk.kind) {
        return None;
    }
    // With a target, the name says nothing; without one it is one of those that the object had.
    directive(document, root, way)
}

/// The operation of a JSON patch that removed, replaced or moved a value or what it was in.
fn operation(list: &Node, way: &[Seg]) -> Option<Span> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let removes = |operation: &Node, is_exact: bool| {
        let field = match text(operation, "op").as_deref() {
            Some("remove" | "replace" | "add") => "path",
            Some("move") => "from",
            _ => return false,
        };
        text(operation, field).is_some_and(|pointer| leads_to(&pointer, way, is_exact))
    };
    let items = list.items();
    let exact = items.iter().rfind(|item| removes(item, true));
    // The numbers of items may be others by the time that it runs.
    let found = exact.or_else(|| items.iter().rfind(|item| removes(item, false)));
    found.map(|item| item.span)
}

/// Whether a pointer leads to a value, or to what it is in.
fn leads_to(pointer: &str, way: &[Seg], is_exact: bool) -> bool {
    let Some(pointer) = pointer.strip_prefix('/') else {
        return false;
    };
    let mut parts = 0;
    let fits = pointer.split('/').enumerate().all(|(at, part)| {
        parts = at + 1;
        let part = part.replace("~1", "/").replace("~0", "~");
        match way.get(at) {
            Some(Seg::Key(key)) => **key == *part,
            Some(Seg::Item(index)) => match part.parse::<usize>() {
                Ok(number) => !is_exact || number == *index,
                Err(_) => false,
            },
            None => false,
        }
    });
    fits && parts <= way.len()
}

/// The directive, the null or the new list of a strategic merge patch that a value gave way to.
fn directive(patch: &Node, root: &Node, way: &[Seg]) -> Option<Span> {
    let (mut patch, mut object) = (patch, root);
    let mut found = own_directive(patch);
    for seg in way {
        match seg {
            Seg::Key(key) => {
                let deletion = format!("$deleteFromPrimitiveList/{key}");
                let mut entries = patch.entries().iter();
                if let Some(entry) = entries.find(|entry| entry.is(&deletion)) {
                    found = Some(entry.key.span);
                }
                let mut entries = patch.entries().iter();
                let Some(entry) = entries.find(|entry| entry.is(key)) else {
                    break;
                };
                patch = &entry.value;
                object = object.get(key)?;
                if patch.is_null() {
                    return Some(entry.key.span);
                }
                // Another shape or another list takes the place of what was there.
                if patch.is_scalar() || (patch.is_seq() && !patch.items().iter().any(Node::is_map))
                {
                    return found.or(Some(entry.key.span));
                }
                found = own_directive(patch).or(found);
            }
            Seg::Item(index) => {
                object = object.items().get(*index)?;
                let whole = patch.items().iter().find_map(|item| {
                    let is_alone = item.entries().len() == 1;
                    own_directive(item).filter(|_| is_alone)
                });
                found = whole.or(found);
                let name = name_of(object);
                let mut items = patch.items().iter();
                let Some(item) = items.find(|item| name.is_some() && name_of(item) == name) else {
                    break;
                };
                patch = item;
                found = own_directive(patch).or(found);
            }
        }
    }
    found
}

/// The place of `$patch: delete` or `$patch: replace` in a mapping.
fn own_directive(node: &Node) -> Option<Span> {
    let entry = node.entries().iter().find(|entry| entry.is("$patch"))?;
    let is_hard = matches!(entry.value.text(), Some("delete" | "replace"));
    is_hard.then_some(entry.key.span)
}
