//! Writes a message as a JSON object; `schemas/message.schema.json` describes it.

use serde_json::{Map, Value, json};

use super::{Diagnostic, Label, Related, shown};
use crate::place::Place;

/// The object, and the end of its line.
pub(super) fn line(told: &Diagnostic) -> String {
    let mut map = Map::new();
    let mut set = |name: &str, value: Value| drop(map.insert(name.to_owned(), value));
    set("severity", told.severity.name().into());
    set("message", told.message.as_str().into());
    if let Some(rule) = told.rule {
        set("rule", rule.into());
    }
    if let Some(label) = &told.primary {
        set("place", labelled(label));
    }
    if !told.also.is_empty() {
        set("also", told.also.iter().map(located).collect());
    }
    if !told.related.is_empty() {
        set("related", told.related.iter().map(related).collect());
    }
    if let Some(help) = &told.help {
        set("help", help.as_str().into());
    }
    if !told.environments.is_empty() {
        set("environments", told.environments.clone().into());
    }
    ended(map.into())
}

/// What is neither data nor wrong, as an object of the same shape.
pub fn remark(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    ended(json!({"severity": "info", "message": text}))
}

fn ended(value: Value) -> String {
    shown::compact_json(value) + "\n"
}

fn related(related: &Related) -> Value {
    let mut map = Map::new();
    map.insert("message".to_owned(), related.message.as_str().into());
    if let Some(label) = &related.label {
        map.insert("place".to_owned(), labelled(label));
    }
    if let Some(help) = &related.help {
        map.insert("help".to_owned(), help.as_str().into());
    }
    map.insert("step".to_owned(), related.is_step.into());
    Value::Object(map)
}

/// A place with its line, and the columns that are meant.
fn labelled(label: &Label) -> Value {
    let mut value = located(&label.place);
    if let (Some(map), Some(excerpt)) = (value.as_object_mut(), &label.excerpt) {
        map.insert("text".to_owned(), excerpt.line().into());
        let count = |end: usize| {
            excerpt
                .line()
                .char_indices()
                .take_while(|(at, _)| *at < end)
                .count()
        };
        let marked = excerpt.marked();
        let columns = json!([count(marked.start) + 1, count(marked.end) + 1]);
        map.insert("marked".to_owned(), columns);
    }
    value
}

fn located(place: &Place) -> Value {
    let mut map = Map::new();
    if let Some(file) = &place.file {
        map.insert("file".to_owned(), (&**file).into());
    }
    for (name, number) in [("line", place.span.line), ("column", place.span.column)] {
        if number > 0 {
            map.insert(name.to_owned(), number.into());
        }
    }
    if let Some(field) = &place.field {
        map.insert("field".to_owned(), field.as_str().into());
    }
    Value::Object(map)
}
