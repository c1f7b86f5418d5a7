//! One input as several texts, and the places in them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use kustom::error::Error;
use kustom::finding::Finding;
use kustom::load::{Memory, normalized};
use kustom::place::{Place, Span};

/// The text before the first line `===`, and the text after it.
pub(crate) fn pair(text: &str) -> (&str, &str) {
    text.split_once("===\n").unwrap_or((text, ""))
}

/// A tree of files.
pub(crate) struct Tree<'t> {
    /// The first file.
    pub(crate) first: PathBuf,
    /// What is in each file, by the name that messages call it.
    pub(crate) texts: HashMap<String, &'t str>,
}

impl<'t> Tree<'t> {
    /// Cuts a text at lines `=== NAME`; what stands before the first one is the file `first`, and a
    /// line without a name gives its file a number.
    pub(crate) fn new(text: &'t str, first: &str) -> Self {
        let mut tree = Self {
            first: PathBuf::new(),
            texts: HashMap::new(),
        };
        let (mut name, mut start, mut at) = (first.to_owned(), 0, 0);
        for line in text.split_inclusive('\n') {
            if let Some(next) = line.strip_prefix("===") {
                if at > 0 {
                    tree.add(&name, &text[start..at]);
                }
                name = match next.trim() {
                    "" => tree.texts.len().to_string(),
                    next => next.to_owned(),
                };
                start = at + line.len();
            }
            at += line.len();
        }
        tree.add(&name, &text[start..]);
        tree
    }

    fn add(&mut self, name: &str, text: &'t str) {
        let path = normalized(&Path::new("/").join(name));
        if self.texts.is_empty() {
            self.first = path.clone();
        }
        let name = path.strip_prefix("/").unwrap_or(&path);
        self.texts.insert(name.display().to_string(), text);
    }

    /// The files, in memory.
    pub(crate) fn files(&self) -> Memory {
        let mut files = Memory::default();
        for (name, text) in &self.texts {
            files.insert(Path::new("/").join(name), *text);
        }
        files
    }

    /// The directory of the first file.
    pub(crate) fn directory(&self) -> &Path {
        self.first.parent().unwrap_or(Path::new("/"))
    }

    /// The places of an error lie in the texts.
    pub(crate) fn check_error(&self, error: &Error) {
        let notes = error.notes().iter().filter_map(|note| note.place.as_ref());
        error.place().into_iter().chain(notes).for_each(|place| {
            self.check_place(place);
        });
    }

    /// The places of findings lie in the texts.
    pub(crate) fn check_findings(&self, findings: &[Finding]) {
        for finding in findings {
            let notes = finding.notes.iter().filter_map(|note| note.place.as_ref());
            finding.place.iter().chain(notes).for_each(|place| {
                self.check_place(place);
            });
        }
    }

    fn check_place(&self, place: &Place) {
        let named = place.file.as_deref().and_then(|file| self.texts.get(file));
        if let Some(text) = named {
            check_span(place.span, text);
        }
    }
}

/// A span lies in its text, between characters, and on the line that it says.
pub(crate) fn check_span(span: Span, text: &str) {
    let range = span.range();
    assert!(
        range.start <= range.end && text.get(range.clone()).is_some(),
        "{span:?} is no part of a text of {} bytes",
        text.len()
    );
    if span.line == 0 {
        return;
    }
    // Of some places only line and column are known.
    let is_by_line = range.end == 0 && span.line > 1;
    let before = if is_by_line {
        text
    } else {
        &text[..range.start]
    };
    // Which characters break lines depends on the format.
    let fewest = before.matches('\n').count();
    let most = before
        .matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        .count();
    let line = span.line as usize - 1;
    let fewest = if is_by_line { 0 } else { fewest };
    assert!(
        (fewest..=most).contains(&line),
        "{span:?} is not on its line"
    );
}

/// Whether a text could name something on another machine, which no target asks for.
pub(crate) fn names_a_remote(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["://", "github.com", "git::", "git@"]
        .iter()
        .any(|mark| text.contains(mark))
}
