//! Explanations: chains of steps and lines with their places, for people and as JSON.
//!
//! The JSON is described in `schemas/explain.schema.json` and `schemas/blame.schema.json`.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::shown::visible;
use super::{BLUE, Color, GREEN, RED, YELLOW, painted};
use crate::explain::{Blamed, Chain, Effect, Event, Explained, Life, Reached};
use crate::guard::{escaped, printable as name};
use crate::place::Place;

const BOLD: &str = "1";
const DIM: &str = "2";
const MAGENTA: &str = "35";
const CYAN: &str = "36";

/// How many characters of a value are shown on its line.
const WIDEST: usize = 100;

/// The objects of a build, a line each: where it comes from, and how many steps changed it.
pub fn objects(explained: &Explained, color: Color) -> String {
    let mut text = String::new();
    let lists = [
        explained.output().collect::<Vec<_>>(),
        explained.removed().collect(),
    ];
    let all = lists.iter().flatten();
    let widest = all.map(|life| explained.name(life).chars().count()).max();
    for life in lists.iter().flatten() {
        let events = explained.life(life);
        let title = format!(
            "{:<width$}",
            explained.name(life),
            width = widest.unwrap_or(0)
        );
        let title = painted(&name(&title), BOLD, color);
        let first = events.first().and_then(|event| event.place.as_ref());
        let mut numbers: Vec<usize> = events.iter().skip(1).map(|event| event.number).collect();
        numbers.dedup();
        let steps = match (life.is_removed(), numbers.len()) {
            (true, _) => painted("removed", RED, color),
            (_, 1) => "1 step".to_owned(),
            (_, count) => format!("{count} steps"),
        };
        let place = first.map(short).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{title}  {}  {steps}", painted(&place, BLUE, color));
    }
    text
}

/// What made a field what it is, oldest first, with the lines of the sources.
pub fn chain(explained: &Explained, life: &Life, chain: &Chain, color: Color) -> String {
    let title = format!("{}: {}", explained.name(life), chain.field);
    let mut page = Page {
        explained,
        color,
        text: String::new(),
        last: None,
    };
    page.title(&title);
    match &chain.value {
        Some(value) => page.value("=", value, GREEN),
        None => page.line(2, &painted("is not in the output", RED, color)),
    }
    page.text.push('\n');
    for event in &chain.events {
        page.event(event, &chain.field);
    }
    page.text
}

/// What became of an object, step by step.
pub fn life(explained: &Explained, life: &Life, color: Color) -> String {
    let mut page = Page {
        explained,
        color,
        text: String::new(),
        last: None,
    };
    page.title(&explained.name(life));
    if life.is_removed() {
        page.line(2, &painted("is not in the output", RED, color));
    }
    page.text.push('\n');
    for event in &explained.life(life) {
        page.event(event, "");
    }
    page.text
}

struct Page<'e> {
    explained: &'e Explained,
    color: Color,
    text: String,
    /// The step and the place that were shown last.
    last: Option<(usize, Option<String>)>,
}

impl Page<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    fn title(&mut self, title: &str) {
        let title = painted(&name(title), BOLD, self.color);
        self.line(0, &title);
    }

    /// An event of a field; its path only where it is of another one.
    fn event(&mut self, event: &Event, field: &str) {
        let here = (event.number, event.place.as_ref().map(short));
        if self.last.as_ref() != Some(&here) {
            self.place(event);
            self.last = Some(here);
        }
        let path = match event.field.strip_prefix(field) {
            Some("") => String::new(),
            _ if event.field == field => String::new(),
            _ => format!("{}: ", name(&event.field)),
        };
        let path = painted(&path, CYAN, self.color);
        let shown = |text: &Option<String>| text.as_deref().map(value_line).unwrap_or_default();
        let text = match event.effect {
            Effect::Created => painted(&shown(&event.after), GREEN, self.color),
            Effect::Set => format!(
                "{} → {}",
                painted(&shown(&event.before), RED, self.color),
                painted(&shown(&event.after), GREEN, self.color)
            ),
            Effect::Repeated => format!("{} (as before)", shown(&event.after)),
            Effect::Removed => format!(
                "removed: {}",
                painted(&shown(&event.before), RED, self.color)
            ),
        };
        self.line(6, &format!("{path}{text}"));
        for reason in &event.reasons {
            let place = reason
                .place
                .as_ref()
                .map(|place| format!(", {}", short(place)));
            let text = format!("{}{}", reason.text, place.unwrap_or_default());
            let text = painted(&name(&text), DIM, self.color);
            self.line(8, &text);
        }
    }

    /// Where a step has written something, and the line that stands there.
    fn place(&mut self, event: &Event) {
        let step = painted(event.step, BOLD, self.color);
        let place = event.place.as_ref().map(short);
        let place = place.map(|place| painted(&place, BLUE, self.color));
        let entry = event.entry.as_ref().map(short);
        let entry = entry.map(|entry| painted(&format!("(asked for at {entry})"), DIM, self.color));
        let words = [Some(step), place, entry];
        let words: Vec<String> = words.into_iter().flatten().collect();
        self.line(2, &words.join("  "));
        if let Some(place) = &event.place
            && let Some(line) = self.explained.line(place)
        {
            let number = painted(&format!("{:>5} |", place.span.line), DIM, self.color);
            self.line(4, &format!("{number} {}", value_line(line.trim_end())));
        }
    }

    fn value(&mut self, sign: &str, value: &str, code: &str) {
        let text = painted(&value_line(value), code, self.color);
        self.line(2, &format!("{sign} {text}"));
    }
}

/// The first line of a value, as far as it is read at a glance.
fn value_line(value: &str) -> String {
    let mut lines = value.lines();
    let first = lines.next().unwrap_or("\"\"");
    let mut text: String = escaped(first, |_| true).chars().take(WIDEST).collect();
    let more = lines.count();
    if first.chars().count() > WIDEST {
        text.push('…');
    }
    match more {
        0 => text,
        1 => format!("{text} … (1 line more)"),
        _ => format!("{text} … ({more} lines more)"),
    }
}

/// A place as `file:line`.
fn short(place: &Place) -> String {
    let file = place.file.as_deref().unwrap_or_default();
    let text = match place.span.line {
        0 => file.to_owned(),
        line => format!("{file}:{line}"),
    };
    name(&text).into_owned()
}

/// The output with the place of each line before it, as `git blame` has the commit.
pub fn blame(lines: &[Blamed], color: Color) -> String {
    let places: Vec<String> = lines.iter().map(place_of).collect();
    let width = places
        .iter()
        .map(|place| place.chars().count())
        .max()
        .unwrap_or(0);
    let mut palette = Palette::default();
    let mut text = String::new();
    for (line, place) in lines.iter().zip(&places) {
        let code = palette.code(line.place.as_ref().and_then(|place| place.file.as_deref()));
        let place = painted(&format!("{place:<width$}"), code, color);
        let _ = writeln!(
            text,
            "{place} {:>5}) {}",
            line.number,
            output_line(&line.text)
        );
    }
    text
}

/// The lines that a file reaches, under the lines of the file; `environment` stands before each.
pub fn reverse(reached: &[(String, Reached)], color: Color) -> String {
    let mut text = String::new();
    let mut last = None;
    for (environment, one) in reached {
        if last != Some(one.source_line) {
            last = Some(one.source_line);
            let title = match one.source_line {
                0 => "the whole file".to_owned(),
                line => format!("line {line}"),
            };
            let _ = writeln!(text, "{}", painted(&title, BOLD, color));
        }
        let place = format!("{}:{}", name(environment), one.line.number);
        let place = painted(&place, BLUE, color);
        let _ = writeln!(text, "  {place}  {}", output_line(&one.line.text));
    }
    text
}

/// A line of the output, with its indent.
fn output_line(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let (blanks, rest) = line.split_at_checked(indent).unwrap_or(("", line));
    format!("{blanks}{}", name(rest))
}

fn place_of(line: &Blamed) -> String {
    line.place.as_ref().map(short).unwrap_or_default()
}

/// A colour for each file, in the order in which they come.
#[derive(Default)]
struct Palette {
    known: FxHashMap<String, &'static str>,
}

impl Palette {
    fn code(&mut self, file: Option<&str>) -> &'static str {
        const CODES: [&str; 6] = [BLUE, GREEN, YELLOW, MAGENTA, CYAN, RED];
        let Some(file) = file else { return DIM };
        let next = CODES[self.known.len() % CODES.len()];
        self.known.entry(file.to_owned()).or_insert(next)
    }
}

/// JSON, whose values hold no secrets: what is explained is masked before.
fn to_text(value: &Value) -> String {
    visible(&format!("{value:#}\n"))
}

/// Chains as JSON; see `schemas/explain.schema.json`.
pub fn chains_json(explained: &Explained, found: &[(&Life, Chain)]) -> String {
    let objects = found.iter().map(|(life, chain)| {
        let mut object = object_json(explained, life, &chain.events);
        object["field"] = chain.field.as_str().into();
        object["value"] = chain.value.as_deref().into();
        object
    });
    document(objects.collect())
}

/// Lives as JSON; see `schemas/explain.schema.json`.
pub fn lives_json(explained: &Explained, found: &[&Life]) -> String {
    let objects = found.iter();
    let objects = objects.map(|life| object_json(explained, life, &explained.life(life)));
    document(objects.collect())
}

fn document(objects: Vec<Value>) -> String {
    to_text(&json!({"version": 1, "objects": objects}))
}

fn object_json(explained: &Explained, life: &Life, events: &[Event]) -> Value {
    let id = life.id();
    json!({
        "object": explained.name(life),
        "apiVersion": id.gvk.api_version().as_str(),
        "kind": id.gvk.kind.as_str(),
        "namespace": Some(id.namespace.as_str()).filter(|it| !it.is_empty()),
        "name": id.name.as_str(),
        "removed": life.is_removed(),
        "events": events.iter().map(event_json).collect::<Vec<_>>(),
    })
}

fn event_json(event: &Event) -> Value {
    let effect = match event.effect {
        Effect::Created => "created",
        Effect::Set => "set",
        Effect::Repeated => "repeated",
        Effect::Removed => "removed",
    };
    let reason = |reason: &crate::explain::Reason| json!({"text": reason.text, "place": reason.place.as_ref().map(place_json)});
    json!({
        "step": event.step,
        "number": event.number,
        "effect": effect,
        "field": event.field,
        "before": event.before,
        "after": event.after,
        "place": event.place.as_ref().map(place_json),
        "entry": event.entry.as_ref().map(place_json),
        "reasons": event.reasons.iter().map(reason).collect::<Vec<_>>(),
    })
}

fn place_json(place: &Place) -> Value {
    let number = |number: u32| Some(number).filter(|number| *number > 0);
    json!({
        "file": place.file.as_deref(),
        "line": number(place.span.line),
        "column": number(place.span.column),
    })
}

/// The output with its places as JSON; see `schemas/blame.schema.json`.
pub fn blame_json(explained: &Explained, lines: &[Blamed]) -> String {
    let names: Vec<String> = explained
        .output()
        .map(|life| explained.name(life))
        .collect();
    let lines = lines.iter().map(|line| line_json(line, &names));
    to_text(&json!({"version": 1, "lines": lines.collect::<Vec<_>>()}))
}

/// What a file reaches as JSON; see `schemas/blame.schema.json`.
pub fn reverse_json(file: &str, reached: &[(String, Reached)]) -> String {
    let lines = reached.iter().map(|(environment, one)| {
        let mut line = line_json(&one.line, &[]);
        line["environment"] = environment.as_str().into();
        line["sourceLine"] = Some(one.source_line).filter(|line| *line > 0).into();
        line
    });
    to_text(&json!({"version": 1, "file": file, "lines": lines.collect::<Vec<_>>()}))
}

fn line_json(line: &Blamed, names: &[String]) -> Value {
    json!({
        "number": line.number,
        "text": line.text,
        "object": line.object.and_then(|object| names.get(object)),
        "place": line.place.as_ref().map(place_json),
    })
}
