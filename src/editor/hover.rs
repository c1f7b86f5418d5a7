//! What is shown where the pointer rests: what a field is, and what becomes of it in each
//! environment.

use std::collections::BTreeMap;
use std::path::Path;

use kustom_lsp::Hover;

use super::about;
use super::cursor::{Cursor, at, documents, pointer, range};
use super::facts::{Facts, Touch, line_of, lines, lines_of_document};
use super::markdown::{code, table};
use super::objects::object;
use super::scene::Scene;
use crate::explain::{Chain, Effect, Field, Life};
use crate::guard::printable;
use crate::yaml::cut::Cut as _;

/// How many rows a table has at most.
const ROWS: usize = 12;

/// The document that is asked about.
struct Asked<'a> {
    path: &'a Path,
    text: &'a str,
}

/// What is shown at an offset of a document.
pub(super) fn hover(scene: &Scene<'_>, path: &Path, text: &str, offset: usize) -> Option<Hover> {
    let asked = &Asked { path, text };
    let facts = &scene.facts;
    let documents = documents(text).unwrap_or_default();
    let cursor = at(&documents, offset).filter(|it| !it.way.is_empty());
    let Some(cursor) = cursor else {
        return of_line(asked, facts, offset);
    };
    if !cursor.is_on(offset) {
        return None;
    }
    let mut parts = Vec::new();
    parts.extend(about::field(path, scene.version, &cursor));
    let origin = lines_of_document(asked.text, &documents, cursor.document);
    let shown = match object(cursor.root) {
        Some(_) => values(asked, facts, &cursor, origin),
        None => None,
    };
    parts.extend(shown.or_else(|| touched(asked, facts, lines_of(text, &cursor))));
    if parts.is_empty() {
        return None;
    }
    let node = match (cursor.is_on_key, cursor.key) {
        (true, Some(key)) => key,
        _ => cursor.node,
    };
    Some(Hover {
        range: range(node),
        markdown: parts.join("\n\n"),
    })
}

/// What a field of a manifest becomes in each environment, and where it is changed.
fn values(
    asked: &Asked<'_>,
    facts: &[&Facts],
    cursor: &Cursor<'_>,
    origin: (u32, u32),
) -> Option<String> {
    let field: Field = pointer(cursor.root, &cursor.way).parse().ok()?;
    let mut rows = Vec::new();
    let mut title = None;
    for one in facts {
        for (_, life) in one.written_in(asked.path, origin) {
            let Ok(chain) = one.explained.field(life, &field) else {
                continue;
            };
            title.get_or_insert_with(|| chain.field.clone());
            let value = match &chain.value {
                Some(value) => code(value),
                None => "*removed*".to_owned(),
            };
            rows.push([named(one), one.explained.name(life), value, changes(&chain)]);
        }
    }
    let title = title?;
    // The object is said only where it is not the same everywhere.
    let same = rows.iter().all(|row| row[1] == rows[0][1]);
    let head = match same {
        true => format!("{} of {}", code(&title), code(&rows[0][1])),
        false => code(&title),
    };
    let columns: &[&str] = match same {
        true => &["environment", "value", "changed by"],
        false => &["environment", "object", "value", "changed by"],
    };
    let rows = rows
        .into_iter()
        .map(|[name, object, value, by]| match same {
            true => vec![name, value, by],
            false => vec![name, code(&object), value, by],
        });
    Some(format!("{head}\n\n{}", table(columns, rows.collect())))
}

/// The places that changed a value after it was written.
fn changes(chain: &Chain) -> String {
    let later = chain.events.iter().skip(1);
    let later = later.filter(|event| event.effect != Effect::Repeated);
    let mut places: Vec<String> = Vec::new();
    for event in later {
        let place = match &event.place {
            Some(place) => format!("{} {}", event.step, code(&short(place))),
            None => event.step.to_owned(),
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    match places.is_empty() {
        true => "—".to_owned(),
        false => places.join(", "),
    }
}

fn short(place: &crate::place::Place) -> String {
    let file = place.file.as_deref().unwrap_or_default();
    format!("{file}:{}", place.span.line)
}

/// The lines of what is under the pointer, with its key.
fn lines_of(text: &str, cursor: &Cursor<'_>) -> (u32, u32) {
    let (first, last) = lines(text, cursor.node);
    let key = cursor.key.map_or(first, |key| key.span.line);
    (first.min(key), last)
}

/// What a line of a text that is no YAML has made: of an expression, of a template.
fn of_line(asked: &Asked<'_>, facts: &[&Facts], offset: usize) -> Option<Hover> {
    let text = asked.text;
    let line = line_of(text, offset);
    let markdown = touched(asked, facts, (line, line))?;
    let start = text
        .cut(..offset)
        .rfind(['\r', '\n'])
        .map_or(0, |at| at + 1);
    let rest = text.cut(start..);
    let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
    Some(Hover {
        range: start..start + end,
        markdown,
    })
}

/// What lines of a patch, a kustomization or settings have made of objects.
fn touched(asked: &Asked<'_>, facts: &[&Facts], wanted: (u32, u32)) -> Option<String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut more = 0;
    for one in facts {
        let mut known: BTreeMap<(usize, &str), &Touch> = BTreeMap::new();
        for touch in one.touches(asked.path, wanted) {
            known.entry((touch.object, &touch.field)).or_insert(touch);
        }
        for ((number, field), touch) in known {
            if rows.len() >= ROWS {
                more += 1;
                continue;
            }
            let Some(life) = one.object(number) else {
                continue;
            };
            rows.push(vec![
                named(one),
                code(&one.explained.name(life)),
                match field {
                    "" => "*all of it*".to_owned(),
                    field => code(field),
                },
                value(one, life, field, touch),
            ]);
        }
    }
    if rows.is_empty() {
        return None;
    }
    let mut text = table(&["environment", "object", "field", "value"], rows);
    if more > 0 {
        text.push_str(&format!("\nand {more} more"));
    }
    Some(text)
}

fn value(facts: &Facts, life: &Life, field: &str, touch: &Touch) -> String {
    if touch.effect == Effect::Removed {
        return "*removed*".to_owned();
    }
    let chain = field.parse::<Field>().ok();
    let chain = chain.filter(|field| !field.is_whole());
    let chain = chain.and_then(|field| facts.explained.field(life, &field).ok());
    match chain.and_then(|chain| chain.value) {
        Some(value) => code(&value),
        None => String::new(),
    }
}

fn named(facts: &Facts) -> String {
    match facts.name.is_empty() {
        true => "this kustomization".to_owned(),
        false => printable(&facts.name).into_owned(),
    }
}
