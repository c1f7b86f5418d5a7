//! The table of the texts that were read, which gives places their files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use kustom_yaml::cut::Cut as _;
use kustom_yaml::place::{Place, SourceId, Span};
use kustom_yaml::{Inset, Text};

use super::Content;
use super::provenance::{MadeBy, Provenance};

/// The files that were read, by the numbers that stand in the spans of what was read from them.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

/// A text that was read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The file, if it is on this machine and stays there.
    pub(super) path: Option<PathBuf>,
    /// The name of the file, as it is shown to people.
    pub(super) shown: Arc<str>,
    /// Where its text was written, if it was made.
    pub(super) provenance: MadeBy,
    /// The text, if it is a scalar of a file.
    pub(super) inline: Option<Arc<InlineText>>,
}

/// A text that is a scalar of a file.
#[derive(Debug)]
pub(super) struct InlineText {
    /// The file, if it can be read.
    file: Option<Arc<Content>>,
    text: Text,
    /// How many bytes of the text come before what is read.
    skipped: usize,
    /// Made when the first place is asked for.
    inset: OnceLock<Inset>,
}

impl InlineText {
    pub(super) fn new(file: Option<Arc<Content>>, text: Text, skipped: usize) -> Self {
        Self {
            file,
            text,
            skipped,
            inset: OnceLock::new(),
        }
    }

    /// The span in the file of a span in the text.
    fn place(&self, span: Span) -> Span {
        if span.line == 0 {
            return self.text.span;
        }
        let inset = self.inset.get_or_init(|| match &self.file {
            Some(file) => Inset::new(&String::from_utf8_lossy(&file.bytes), &self.text)
                .after(self.text.cut(..self.skipped)),
            None => Inset::whole(&self.text),
        });
        inset.place(span)
    }
}

impl Sources {
    /// Adds a text, and says its number.
    pub(super) fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId::new(self.0.len() - 1)
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The texts from a number on.
    pub(super) fn since(&self, start: usize) -> Vec<Source> {
        self.0.get(start..).unwrap_or_default().to_vec()
    }

    /// Adds texts.
    pub(super) fn extend(&mut self, sources: &[Source]) {
        self.0.extend_from_slice(sources);
    }

    /// Adds a text that is a scalar of a file, and says its number.
    pub(super) fn add_inline(&mut self, inline: InlineText) -> SourceId {
        let shown = self.name(inline.text.span).unwrap_or_default();
        self.add(Source {
            path: None,
            shown,
            provenance: None,
            inline: Some(Arc::new(inline)),
        })
    }

    /// What is read of a text that is a scalar of a file.
    pub(super) fn inline_content(&self, source: SourceId) -> Option<Content> {
        let inline = self.0.get(source.index()?)?.inline.as_ref()?;
        Some(Content {
            bytes: Bytes::copy_from_slice(inline.text.cut(inline.skipped..).as_bytes()),
            source,
        })
    }

    /// The files that are on this machine, with their names for people.
    pub(super) fn files(&self) -> Vec<(PathBuf, Arc<str>)> {
        let files = self.0.iter();
        let on_disk = files.filter_map(|it| Some((it.path.clone()?, it.shown.clone())));
        on_disk.collect()
    }

    /// The name of the file that a span is in, as it is shown to people.
    pub fn name(&self, span: Span) -> Option<Arc<str>> {
        Some(self.0.get(span.source.index()?)?.shown.clone())
    }

    /// Where what stands at a span was written, if it was read from a file or made of one.
    pub fn place(&self, span: Span) -> Option<Place> {
        let mut place = Place::from(span);
        self.locate(&mut place);
        place.file.is_some().then_some(place)
    }

    /// Gives a place its file, or where the text that it is in was written; one that has a file
    /// keeps it.
    pub fn locate(&self, place: &mut Place) {
        let source = place
            .span
            .source
            .index()
            .and_then(|index| self.0.get(index));
        let (None, Some(source)) = (&place.file, source) else {
            return;
        };
        match (&source.inline, &source.provenance) {
            // The file of an inline text may itself be inline, or made.
            (Some(inline), _) => {
                place.span = inline.place(place.span);
                self.locate(place);
            }
            (None, Some(provenance)) => {
                let written = provenance.place(place.span);
                (place.file, place.span) = (written.file, written.span);
            }
            (None, None) => place.file = Some(source.shown.clone()),
        }
    }

    /// Where the text that a span is in was written, if it was made.
    pub fn provenance(&self, span: Span) -> Option<&dyn Provenance> {
        self.0.get(span.source.index()?)?.provenance.as_deref()
    }

    /// The number of the file at a path, if it was read; of one that was read twice the last.
    pub fn source_of(&self, path: &Path) -> Option<SourceId> {
        let mut sources = self.0.iter();
        let index = sources.rposition(|source| source.path.as_deref() == Some(path))?;
        Some(SourceId::new(index))
    }

    /// The path of the file that a span is in, if it is on this machine and stays there.
    pub fn path(&self, span: Span) -> Option<&Path> {
        self.0.get(span.source.index()?)?.path.as_deref()
    }

    /// The path of a file by its number, if it is on this machine and stays there.
    pub fn path_of(&self, source: SourceId) -> Option<&Path> {
        self.0.get(source.index()?)?.path.as_deref()
    }

    /// Whether a text is a file that was fetched from elsewhere.
    pub fn is_fetched(&self, source: SourceId) -> bool {
        let source = source.index().and_then(|index| self.0.get(index));
        source.is_some_and(|source| {
            source.path.is_none() && source.provenance.is_none() && source.inline.is_none()
        })
    }

    /// The paths of all files of this machine, in order, each once.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.0.iter().filter_map(|it| it.path.clone()).collect();
        paths.sort();
        paths.dedup();
        paths
    }
}
