//! Locates fields in `kustom.yaml` and `environment.yaml`.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::load::Files;
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Node, read_config};

use crate::project::Environment;

/// A part of the way to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'s> {
    /// A field.
    Field(&'s str),
    /// An item of a list, counted from 0.
    Item(usize),
}

/// The place of a value in a file that was read before; as far as the way leads.
pub(crate) fn place_at(files: &dyn Files, path: &Path, way: &[Step<'_>]) -> Place {
    in_file(path, span_at(nodes(files, path).as_deref(), way))
}

/// The span of a value in what a file says, for many values of one file; as far as the way leads.
pub(crate) fn span_at(node: Option<&Node>, way: &[Step<'_>]) -> Span {
    node.map_or_else(Span::default, |node| {
        let mut at = node;
        for step in way {
            let next = match step {
                Step::Field(name) => at.get(name),
                Step::Item(index) => at.items().get(*index),
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        at.span
    })
}

/// The place of a field in a file that was read before.
pub(in crate::project) fn place_of(files: &dyn Files, path: &Path, field: &[&str]) -> Place {
    let way: Vec<Step<'_>> = field.iter().copied().map(Step::Field).collect();
    place_at(files, path, &way)
}

/// The place of an entry that fits, or of a field of it, in a list of an environment's settings:
/// its own, or those of one that it extends.
pub(in crate::project) fn place_of_entry(
    files: &dyn Files,
    environment: &Environment,
    list: &str,
    field: &str,
    fits: &dyn Fn(&Node) -> bool,
) -> Place {
    match entry(files, environment, list, fits) {
        Some((path, entry)) => in_file(&path, entry.get(field).unwrap_or(&entry).span),
        None => place_of(files, &environment.file(), &[list]),
    }
}

/// The place of an entry of a list in a field of an environment's settings, counted over those that
/// it extends, which come first.
pub(in crate::project) fn place_of_nested(
    files: &dyn Files,
    environment: &Environment,
    field: &str,
    list: &str,
    index: usize,
) -> Place {
    let chain: Vec<PathBuf> = environment.chain().map(Environment::file).collect();
    let mut left = index;
    for path in chain.iter().rev() {
        let count = nodes(files, path)
            .and_then(|node| Some(node.at(&[field, list])?.items().len()))
            .unwrap_or_default();
        if left < count {
            let way = [Step::Field(field), Step::Field(list), Step::Item(left)];
            return place_at(files, path, &way);
        }
        left -= count;
    }
    place_of(files, &environment.file(), &[field])
}

/// An entry that fits in a list of an environment's settings, and its file: its own, or that of one
/// that it extends.
pub(in crate::project) fn entry(
    files: &dyn Files,
    environment: &Environment,
    list: &str,
    fits: &dyn Fn(&Node) -> bool,
) -> Option<(PathBuf, Node)> {
    environment.chain().find_map(|one| {
        let path = one.file();
        let node = nodes(files, &path)?;
        let mut entries = node.get(list)?.items().iter();
        let entry = entries.find(|entry| fits(entry))?.clone();
        Some((path, entry))
    })
}

/// The settings of an environment, or of one that it extends, in which a field stands, and their
/// file.
pub(in crate::project) fn settings_with(
    files: &dyn Files,
    environment: &Environment,
    field: &str,
) -> Option<(PathBuf, Node)> {
    environment.chain().find_map(|one| {
        let path = one.file();
        let node = nodes(files, &path)?;
        node.get(field)?;
        Some((path, (*node).clone()))
    })
}

/// The value of a key in a map of an environment's settings, and its file: its own, or that of one
/// that it extends.
pub(in crate::project) fn value_of_key(
    files: &dyn Files,
    environment: &Environment,
    map: &str,
    key: &str,
) -> Option<(PathBuf, Node)> {
    environment.chain().find_map(|one| {
        let path = one.file();
        let node = nodes(files, &path)?;
        let value = node.get(map)?.get(key)?.clone();
        Some((path, value))
    })
}

/// Whether a field of an entry says a text, or neither says anything.
pub(in crate::project) fn says(entry: &Node, field: &str, text: Option<&str>) -> bool {
    entry.get(field).and_then(Node::text) == text
}

/// What a file says that was read before.
///
/// Each entry of a long list asks for its place, so the files that were asked for last are kept as
/// they were parsed; the content decides whether one is still the same.
pub(crate) fn nodes(files: &dyn Files, path: &Path) -> Option<Rc<Node>> {
    /// An environment, and what it extends.
    const KEPT: usize = 8;
    thread_local! {
        static PARSED: RefCell<Vec<(Vec<u8>, Rc<Node>)>> = const { RefCell::new(Vec::new()) };
    }
    let bytes = files.read(path).ok()?;
    PARSED.with_borrow_mut(|parsed| {
        let at = match parsed.iter().position(|(known, _)| *known == bytes) {
            Some(at) => at,
            None => {
                let node = read_config(&bytes, SourceId::NONE).ok()?;
                parsed.truncate(KEPT - 1);
                parsed.push((bytes, Rc::new(node)));
                parsed.len() - 1
            }
        };
        parsed[..=at].rotate_right(1);
        Some(Rc::clone(&parsed[0].1))
    })
}

pub(super) fn in_file(path: &Path, span: Span) -> Place {
    let name: Arc<str> = path.display().to_string().into();
    Place::in_file(name, span)
}
