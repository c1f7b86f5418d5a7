//! Where the text of a file that a script changed was written: in its base, or by a statement.
//!
//! The map is computed on demand: the script is run again, with the files that it loaded.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::error::Result;
use crate::load::{BaseText, MadeBy, Provenance};
use crate::place::{Place, Span};
use crate::yaml::Inset;
use crate::yaml::source_map::{Origin, SourceMap};
use crate::yq::v4::Loader;
use crate::yq::{Script, Source};

/// A file that a script made of another.
#[derive(Debug)]
pub(super) struct Scripted {
    pub(super) base: Base,
    /// The script, if there is one.
    pub(super) run: Option<Run>,
    /// What it made.
    pub(super) content: Arc<[u8]>,
    /// The map of the content; `None` if the script cannot be traced.
    map: OnceLock<Option<SourceMap>>,
}

/// Leads a place in the text of a file to where that was written, if it was made.
pub(super) fn written(made: Option<&dyn Provenance>, file: &str, place: &mut Place) {
    if let Some(made) = made.filter(|_| place.file.as_deref() == Some(file)) {
        let written = made.place(place.span);
        (place.file, place.span) = (written.file, written.span);
    }
}

/// The file that a script changed.
#[derive(Debug)]
pub(super) struct Base {
    /// As people call it.
    pub(super) name: Arc<str>,
    /// What is in it.
    pub(super) content: Arc<[u8]>,
    /// Where that was written, if it was made itself.
    pub(super) provenance: MadeBy,
}

/// A script, and the files that it loaded.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) loaded: BTreeMap<String, String>,
    /// Where its lines stand, if it is a value of another file.
    pub(super) within: Option<Within>,
}

/// The file that an expression is a value of.
#[derive(Clone, Debug)]
pub(super) struct Within {
    pub(super) file: Arc<str>,
    pub(super) inset: Inset,
}

impl Scripted {
    /// What a script made of a base; without one it is the same.
    pub(super) fn new(base: Base, run: Option<Run>, content: Arc<[u8]>) -> Self {
        Self {
            base,
            run,
            content,
            map: OnceLock::new(),
        }
    }

    /// The map of the content, made when it is first asked for.
    fn map(&self) -> Option<&SourceMap> {
        let map = self.map.get_or_init(|| self.traced().ok());
        map.as_ref()
    }

    fn traced(&self) -> Result<SourceMap> {
        let base = SourceMap::unchanged();
        let Some(run) = &self.run else {
            return Ok(base);
        };
        let source = Source {
            name: &run.name,
            bytes: &run.bytes,
        };
        let config = Source {
            name: &self.base.name,
            bytes: &self.base.content,
        };
        let loaded = |path: &str| Ok(run.loaded.get(path).cloned().unwrap_or_default());
        let (_, map) = Script::parse(source)?.trace(config, &loaded, &base)?;
        Ok(map)
    }

    /// Who wrote what stands at a span.
    fn origin(&self, map: &SourceMap, span: Span) -> Origin {
        let line = line_range(&self.content, span.line);
        if span.column == 0 {
            let step = map.step_in(line.clone()).cloned();
            return step.map_or_else(|| map.origin(line.start), Origin::Step);
        }
        let text = String::from_utf8_lossy(&self.content[line.clone()]);
        let before = text.chars().take(span.column as usize - 1);
        let at = line.start + before.map(char::len_utf8).sum::<usize>();
        // Of a block scalar the lines may be new below an old header.
        let is_block = matches!(self.content.get(at), Some(b'|' | b'>'));
        let end = span.range().len() + at;
        match map.origin(at) {
            Origin::Base(_) if is_block && map.step_in(at..end).is_some() => {
                let step = map.step_in(at..end).cloned();
                step.map_or(Origin::Base(at), Origin::Step)
            }
            origin => origin,
        }
    }
}

impl Provenance for Scripted {
    fn place(&self, span: Span) -> Place {
        let Some(map) = self.map() else {
            return Place::file(self.base.name.clone());
        };
        match self.origin(map, span) {
            Origin::Base(byte) => self.base.place(byte, span.column > 0),
            Origin::Step(place) => match &self.run {
                Some(run) => run.place_in_file(place),
                None => place,
            },
        }
    }

    fn base(&self) -> Option<BaseText<'_>> {
        Some(BaseText {
            name: &self.base.name,
            content: &self.base.content,
            provenance: self.base.provenance.as_deref(),
        })
    }
}

impl Base {
    fn place(&self, byte: usize, has_column: bool) -> Place {
        let before = &self.content[..byte.min(self.content.len())];
        let start = before.iter().rposition(|&byte| byte == b'\n');
        let start = start.map_or(0, |at| at + 1);
        let lines = before.iter().filter(|&&byte| byte == b'\n').count();
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        let span = Span {
            line: u32::try_from(lines + 1).unwrap_or(u32::MAX),
            column: match has_column {
                true => u32::try_from(column).unwrap_or(u32::MAX),
                false => 0,
            },
            ..Span::default()
        };
        match &self.provenance {
            Some(provenance) => provenance.place(span),
            None => Place::in_file(self.name.clone(), span),
        }
    }
}

impl Run {
    /// A place in the script, as people know it.
    pub(super) fn place_in_file(&self, place: Place) -> Place {
        match &self.within {
            Some(within) if place.file.as_deref() == Some(&self.name) => within.place(place),
            _ => place,
        }
    }
}

impl Within {
    /// A place in the value, as one of the file.
    pub(super) fn place(&self, place: Place) -> Place {
        Place {
            field: place.field,
            ..Place::in_file(self.file.clone(), self.inset.place(place.span))
        }
    }
}

/// The bytes of a line, counted from 1, without its end.
fn line_range(text: &[u8], number: u32) -> std::ops::Range<usize> {
    let mut start = 0;
    let mut lines = text.split_inclusive(|&byte| byte == b'\n');
    for _ in 1..number {
        start += lines.next().map_or(0, <[u8]>::len);
    }
    let line = lines.next().unwrap_or_default();
    start..start + line.trim_ascii_end().len()
}

/// Loads files, and remembers what they said.
pub(super) struct Remembered<'l> {
    loader: &'l dyn Loader,
    loaded: RefCell<BTreeMap<String, String>>,
}

impl<'l> Remembered<'l> {
    pub(super) fn new(loader: &'l dyn Loader) -> Self {
        Self {
            loader,
            loaded: RefCell::default(),
        }
    }

    /// What was loaded.
    pub(super) fn into_loaded(self) -> BTreeMap<String, String> {
        self.loaded.into_inner()
    }
}

impl Loader for Remembered<'_> {
    fn load(&self, path: &str) -> Result<String> {
        let text = self.loader.load(path)?;
        self.loaded
            .borrow_mut()
            .insert(path.to_owned(), text.clone());
        Ok(text)
    }
}
