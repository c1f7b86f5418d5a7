//! The output of a build, each line with the place that it comes from.

use rustc_hash::{FxHashMap, FxHashSet};

use super::chain::{Effect, first_span, is_identity};
use super::recorder::Life;
use super::scripts::line_within;
use super::track::Seg;
use super::{Explained, secrets};
use crate::error::Result;
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Entry, Node, Options, Value, read, write};

/// A line of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Blamed {
    /// Its number in the output of all objects, counted from 1.
    pub number: usize,
    /// What it says; values of Secrets are masked.
    pub text: String,
    /// Which object it is of, as a number in [`Explained::output`]; none between two.
    pub object: Option<usize>,
    /// Where it was written last.
    pub place: Option<Place>,
}

/// A line of the output that a line of a source file reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// The line of the file.
    pub source_line: u32,
    /// The line of the output.
    pub line: Blamed,
}

impl Explained {
    /// The lines of the output, in order, of those objects that `is_wanted` names.
    ///
    /// # Errors
    ///
    /// If an object cannot be written.
    pub fn blame(&self, is_wanted: &dyn Fn(&Life) -> bool) -> Result<Vec<Blamed>> {
        let mut lines = Vec::new();
        let mut number = 0;
        for (index, life) in self.output().enumerate() {
            if index > 0 {
                number += 1;
                lines.push((
                    false,
                    Blamed {
                        number,
                        text: "---".to_owned(),
                        object: None,
                        place: None,
                    },
                ));
            }
            let mut text = String::new();
            write(life.node(), &mut text)?;
            let wanted = is_wanted(life);
            if !wanted {
                number += text.lines().count();
                continue;
            }
            let spans = Lines::of(life, &text);
            let shown = self.shown_lines(&text, &spans);
            for (at, text) in shown.into_iter().enumerate() {
                number += 1;
                let found = spans.lines.get(&(at + 1));
                let place = found.and_then(|line| self.place_of(life, line));
                lines.push((
                    true,
                    Blamed {
                        number,
                        text,
                        object: Some(index),
                        place,
                    },
                ));
            }
        }
        Ok(between(lines))
    }

    /// The lines of the output that the lines of a file reach: those that it wrote, also where a
    /// later step has built upon what it wrote.
    ///
    /// # Errors
    ///
    /// As [`Explained::blame`].
    pub fn reached_from(&self, file: &str, line: Option<u32>) -> Result<Vec<Reached>> {
        let is_it = |place: &Place| {
            place.file.as_deref() == Some(file) && line.is_none_or(|line| place.span.line == line)
        };
        let mut reached: Vec<Reached> = Vec::new();
        let lives: Vec<&Life> = self.output().collect();
        for blamed in self.blame(&|_| true)? {
            if let Some(place) = blamed.place.clone().filter(is_it) {
                reached.push(Reached {
                    source_line: place.span.line,
                    line: blamed,
                });
            }
        }
        let known: FxHashSet<usize> = reached.iter().map(|it| it.line.number).collect();
        // What a step has built upon: a prefix on a name, a tag on an image.
        let mut derived = Vec::new();
        let mut start = 0;
        for (index, life) in lives.iter().enumerate() {
            let mut text = String::new();
            write(life.node(), &mut text)?;
            let spans = Lines::of(life, &text);
            let shown = self.shown_lines(&text, &spans);
            for (at, text) in shown.iter().enumerate() {
                let Some(found) = spans.lines.get(&(at + 1)) else {
                    continue;
                };
                let Some(way) = found.way.as_ref().filter(|_| found.is_scalar) else {
                    continue;
                };
                for place in self.built_upon(life, way).into_iter().filter(is_it) {
                    let number = start + at + 1;
                    if !known.contains(&number) {
                        derived.push(Reached {
                            source_line: place.span.line,
                            line: Blamed {
                                number,
                                text: text.clone(),
                                object: Some(index),
                                place: self.place_of(life, found),
                            },
                        });
                    }
                }
            }
            start += text.lines().count() + 1;
        }
        reached.extend(derived);
        reached.sort_by_key(|it| (it.source_line, it.line.number));
        reached.dedup();
        Ok(reached)
    }

    /// The lines of an object as they are shown.
    fn shown_lines(&self, text: &str, spans: &Lines<'_>) -> Vec<String> {
        if self.shows_secrets() {
            return text.lines().map(str::to_owned).collect();
        }
        let is_secret = |at: usize| spans.lines.get(&(at + 1)).is_some_and(|it| it.is_secret);
        let lines = text.lines().enumerate();
        let lines = lines.map(|(at, line)| match is_secret(at) {
            true => hidden(line),
            false => line.to_owned(),
        });
        let open = lines.collect::<Vec<_>>().join("\n");
        let masked = self.secrets().hidden("manifest.yaml", &open);
        let count = text.lines().count();
        if masked.lines().count() == count {
            return masked.lines().map(str::to_owned).collect();
        }
        // A secret of several lines has become one.
        let one = |line: &str| self.secrets().hidden("manifest.yaml", line);
        open.lines().map(one).collect()
    }

    /// The places of the values that the steps built the last one from.
    fn built_upon(&self, life: &Life, way: &[Seg]) -> Vec<Place> {
        let chain = self.chain(life, life.versions.len() - 1, way);
        let mut places = Vec::new();
        for event in chain.events.iter().rev() {
            places.extend(event.place.clone());
            let reasons = event.reasons.iter();
            places.extend(reasons.filter_map(|reason| reason.place.clone()));
            let derives = matches!(
                event.step,
                "namePrefix" | "nameSuffix" | "images" | "content hash" | "name reference" | "vars"
            );
            if !derives {
                break;
            }
        }
        places
    }

    fn place_of(&self, life: &Life, line: &Line) -> Option<Place> {
        // What a patch names its target by is no change of it.
        let names_it = line.way.as_ref().is_some_and(|way| is_identity(way));
        if line.span.source != SourceId::NONE && !names_it {
            return self.place(line.span);
        }
        let way = line.way.as_ref()?;
        let events = self.chain(life, life.versions.len() - 1, way).events;
        let mut events = events.into_iter().rev();
        events.find_map(|event| event.place.filter(|_| event.effect != Effect::Repeated))
    }
}

/// A line without its value.
fn hidden(line: &str) -> String {
    let start = line.len() - line.trim_start().len();
    let (blanks, text) = line.split_at_checked(start).unwrap_or(("", line));
    match text.split_once(": ") {
        Some((key, _)) => format!("{blanks}{key}: ***"),
        None if text.ends_with(':') => line.to_owned(),
        None => format!("{blanks}***"),
    }
}

/// Keeps the separators between objects that are there.
fn between(lines: Vec<(bool, Blamed)>) -> Vec<Blamed> {
    let mut kept: Vec<Blamed> = Vec::with_capacity(lines.len());
    let mut pending = None;
    for (is_text, line) in lines {
        if is_text {
            if let Some(separator) = pending.take().filter(|_| !kept.is_empty()) {
                kept.push(separator);
            }
            kept.push(line);
        } else {
            pending = Some(line);
        }
    }
    kept
}

/// Where a line of an object comes from.
struct Line {
    span: Span,
    /// The value that it is about, if that is one value.
    way: Option<Vec<Seg>>,
    is_scalar: bool,
    is_secret: bool,
}

/// The lines of an object, counted from 1.
struct Lines<'e> {
    life: &'e Life,
    lines: FxHashMap<usize, Line>,
}

impl<'e> Lines<'e> {
    fn of(life: &'e Life, text: &str) -> Self {
        let mut lines = Self {
            life,
            lines: FxHashMap::default(),
        };
        let printed = read(text, &Options::default()).unwrap_or_default();
        if let Some(printed) = printed.first() {
            let count = text.lines().count() + 1;
            lines.gather(life.node(), printed, &mut Vec::new(), count);
        }
        lines
    }

    /// Notes the lines of a value; `end` is the first line behind it.
    fn gather(&mut self, node: &Node, printed: &Node, way: &mut Vec<Seg>, end: usize) {
        match (&node.value, &printed.value) {
            (Value::Map(own), Value::Map(entries)) => {
                let mut first: FxHashMap<&str, &Entry> = FxHashMap::default();
                for entry in own {
                    first
                        .entry(entry.key.text().unwrap_or_default())
                        .or_insert(entry);
                }
                for (at, entry) in entries.iter().enumerate() {
                    let Some(key) = entry.key.text() else {
                        continue;
                    };
                    let Some(own) = first.get(key) else {
                        continue;
                    };
                    let next = entries.get(at + 1);
                    let end = next.map_or(end, |next| next.key.span.line as usize);
                    way.push(Seg::Key(key.into()));
                    let span = match own.value.is_scalar() || own.key.span.source == SourceId::NONE
                    {
                        true => first_span(&own.value),
                        false => own.key.span,
                    };
                    let is_scalar = own.value.is_scalar();
                    self.note(entry.key.span.line as usize, span, way, is_scalar);
                    self.gather(&own.value, &entry.value, way, end);
                    way.pop();
                }
            }
            (Value::Seq(items), Value::Seq(others)) => {
                for (at, (item, other)) in items.iter().zip(others).enumerate() {
                    let next = others.get(at + 1);
                    let end = next.map_or(end, |next| next.span.line as usize);
                    way.push(Seg::Item(at));
                    let is_scalar = item.is_scalar();
                    self.note(other.span.line as usize, first_span(item), way, is_scalar);
                    self.gather(item, other, way, end);
                    way.pop();
                }
            }
            (Value::Scalar(_), Value::Scalar(_)) => {
                let first = printed.span.line as usize;
                for line in first + 1..end {
                    let inner = Span {
                        line: u32::try_from(line - first).unwrap_or(u32::MAX),
                        ..Span::default()
                    };
                    let span = match node.span.source {
                        SourceId::NONE => node.span,
                        _ => line_within(node, inner),
                    };
                    self.note(line, span, way, true);
                }
            }
            _ => {}
        }
    }

    /// Notes a line, unless something before it on the line was noted: the value behind a key is.
    fn note(&mut self, line: usize, span: Span, way: &[Seg], is_scalar: bool) {
        let is_secret = secrets::is_data(self.life.id(), way);
        let new = Line {
            span,
            way: Some(way.to_vec()),
            is_scalar,
            is_secret,
        };
        // The first entry of an item stands on the line of the item.
        self.lines.insert(line, new);
    }
}
