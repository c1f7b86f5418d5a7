//! What the environments make of the files: objects, and what each line of a file changes of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kustom_lsp::Target;
use rustc_hash::FxHashMap;

use super::cursor::{documents, range, start};
use super::range::of_span;
use crate::explain::{Effect, Explained, Life};
use crate::load::{Files, normalized};
use crate::place::{Place, Span};
use crate::yaml::{Node, Value};

/// An environment, explained; or a kustomization by itself, without a name.
pub(super) struct Facts {
    pub(super) name: String,
    /// The directory that places are named from.
    root: PathBuf,
    pub(super) explained: Explained,
    /// What each line of the files has made, once somebody asks of one.
    touches: OnceLock<FxHashMap<PathBuf, Vec<Touch>>>,
}

/// A line of a file that made something of a field.
pub(super) struct Touch {
    /// The object, as a number in the output.
    pub(super) object: usize,
    pub(super) path: PathBuf,
    pub(super) span: Span,
    pub(super) field: String,
    pub(super) effect: Effect,
    /// Whether it is the first thing that is known of its object.
    pub(super) is_origin: bool,
}

impl Facts {
    pub(super) fn new(name: &str, root: &Path, explained: Explained) -> Self {
        Self {
            name: name.to_owned(),
            root: root.to_path_buf(),
            explained,
            touches: OnceLock::new(),
        }
    }

    /// The objects of the output.
    pub(super) fn objects(&self) -> impl Iterator<Item = (usize, &Life)> {
        self.explained.output().enumerate()
    }

    pub(super) fn object(&self, number: usize) -> Option<&Life> {
        self.explained.output().nth(number)
    }

    /// What lines of a file have made; lines are counted from 1.
    pub(super) fn touches(&self, path: &Path, lines: (u32, u32)) -> impl Iterator<Item = &Touch> {
        let by_file = self.touches.get_or_init(|| {
            let mut by_file: FxHashMap<PathBuf, Vec<Touch>> = FxHashMap::default();
            for (object, life) in self.objects() {
                for touch in self.touches_of(object, life) {
                    by_file.entry(touch.path.clone()).or_default().push(touch);
                }
            }
            by_file
        });
        let all = by_file.get(path).into_iter().flatten();
        all.filter(move |touch| (lines.0..=lines.1).contains(&touch.span.line))
    }

    /// All that has made an object what it is.
    pub(super) fn touches_of(&self, object: usize, life: &Life) -> Vec<Touch> {
        let mut touches = Vec::new();
        for (at, event) in self.explained.life(life).iter().enumerate() {
            let mut places: Vec<&Place> = event.place.iter().chain(&event.entry).collect();
            places.dedup();
            for place in places {
                let Some(file) = place.file.as_deref() else {
                    continue;
                };
                touches.push(Touch {
                    object,
                    path: normalized(&self.root.join(file)),
                    span: place.span,
                    field: event.field.clone(),
                    effect: event.effect,
                    is_origin: at == 0,
                });
            }
        }
        touches
    }

    /// The file and the line that a span was written at.
    pub(super) fn written(&self, span: Span) -> Option<(PathBuf, Span)> {
        let place = self.explained.written(span)?;
        let path = normalized(&self.root.join(&*place.file?));
        Some((path, place.span))
    }

    /// Where an object is first written.
    pub(super) fn origin(&self, life: &Life) -> Option<(PathBuf, Span)> {
        let node = life.nodes().next()?;
        self.written(first_span(node))
    }

    /// The objects that are written in some lines of a file.
    pub(super) fn written_in(&self, path: &Path, lines: (u32, u32)) -> Vec<(usize, &Life)> {
        let is_here = |life: &Life| {
            self.origin(life).is_some_and(|(file, span)| {
                file == path && (lines.0..=lines.1).contains(&span.line)
            })
        };
        self.objects().filter(|(_, life)| is_here(life)).collect()
    }
}

/// Where a node is written: itself, or the first thing in it.
pub(super) fn first_span(node: &Node) -> Span {
    if node.span.line > 0 {
        return node.span;
    }
    let inner = match &node.value {
        Value::Map(entries) => entries.first().map(|entry| match entry.key.span.line {
            0 => first_span(&entry.value),
            _ => entry.key.span,
        }),
        Value::Seq(items) => items.first().map(first_span),
        Value::Scalar(_) | Value::Alias(_) => None,
    };
    inner.unwrap_or(node.span)
}

/// The texts of files, each read and parsed once.
pub(super) struct Texts<'f> {
    files: &'f dyn Files,
    read: BTreeMap<PathBuf, Option<(String, Option<Vec<Node>>)>>,
}

impl<'f> Texts<'f> {
    pub(super) fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            read: BTreeMap::new(),
        }
    }

    pub(super) fn get(&mut self, path: &Path) -> Option<(&str, Option<&[Node]>)> {
        if !self.read.contains_key(path) {
            let content = self.files.read(path).ok();
            let text = content.and_then(|content| String::from_utf8(content).ok());
            let read = text.map(|text| {
                let documents = documents(&text);
                (text, documents)
            });
            self.read.insert(path.to_path_buf(), read);
        }
        let (text, documents) = self.read.get(path)?.as_ref()?;
        Some((text, documents.as_deref()))
    }

    /// A piece of a file as a target.
    pub(super) fn target(&mut self, path: &Path, span: Span) -> Target {
        let text = self.get(path).map(|(text, _)| text);
        Target {
            path: path.to_path_buf(),
            range: text.map_or(0..0, |text| of_span(text, span)),
        }
    }
}

/// The number of the line of an offset, counted from 1 as YAML counts lines.
pub(super) fn line_of(text: &str, offset: usize) -> u32 {
    let bytes = text.as_bytes();
    let before = bytes.iter().take(offset).enumerate();
    let ends = before.filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    u32::try_from(ends.count() + 1).unwrap_or(u32::MAX)
}

/// The lines of a node.
pub(super) fn lines(text: &str, node: &Node) -> (u32, u32) {
    let end = range(node).end.max(start(node) + 1) - 1;
    (node.span.line, line_of(text, end).max(node.span.line))
}

/// The lines of a document: as far as the next one.
pub(super) fn lines_of_document(text: &str, documents: &[Node], number: usize) -> (u32, u32) {
    let first = documents.get(number).map_or(0, |root| root.span.line);
    let next = documents.get(number + 1).filter(|next| next.span.line > 0);
    let last = next.map_or_else(|| line_of(text, text.len()), |next| next.span.line - 1);
    (first, last.max(first))
}
