//! The data of a page: the lines of objects, each with its place, what was found in them, and what
//! differs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::findings::word;
use super::rows::{Cell, is_about};
use super::{EnvironmentView, Overview, Prepared};
use crate::diff::{Diff, Shown};
use crate::explain::Blamed;
use crate::finding::Finding;
use crate::place::Place;
use crate::report::diff::told;
use crate::report::findings::Check;
use crate::report::shown;
use crate::resource::Resource;

/// How many bytes of lines a page has at most.
const MOST_BYTES: usize = 16 << 20;

/// How many lines of one object.
const MOST_LINES: usize = 3000;

/// The data of some environments, as JSON that may stand within a page.
pub(super) fn write(
    overview: &Overview<'_>,
    prepared: &Prepared<'_>,
    environments: &[usize],
) -> String {
    let rows = &prepared.rows;
    let mut files = Files::default();
    let mut left = MOST_BYTES;
    let mut cells: Vec<Vec<Value>> =
        vec![vec![Value::Null; overview.environments.len()]; rows.len()];
    for &number in environments {
        let found = findings_of(overview, &overview.environments[number].name);
        let diff = overview.environments[number].diff.as_ref();
        let objects = &prepared.objects[number];
        let view = &overview.environments[number];
        let resources = view.rendered.as_ref().map(|rendered| &rendered.1);
        for (row, cells) in rows.iter().zip(&mut cells) {
            let cell = &row.cells[number];
            let lines = cell.object.and_then(|object| objects.get(object));
            if let Some(lines) = lines {
                let resource = cell.object.and_then(|at| resources?.get(at));
                let about = resource.map_or_else(Vec::new, |resource| found.about(resource));
                let found = (&found.by_line, about);
                cells[number] = object(lines, (cell, diff), &found, &mut files, &mut left);
            }
        }
    }
    let rows: Vec<Value> = rows
        .iter()
        .zip(cells)
        .map(|(row, cells)| json!({"name": row.subject.to_string(), "cells": cells}))
        .collect();
    let names: Vec<&str> = overview
        .environments
        .iter()
        .map(|environment| environment.name.as_str())
        .collect();
    let data = json!({
        "environments": names,
        "reference": overview.reference,
        "files": files.names,
        "rows": rows,
    });
    // Nothing in it ends the element that it stands in.
    shown::compact_json(data).replace('<', "\\u003c")
}

/// The lines of each object of an environment.
pub(super) fn lines_of(environment: &EnvironmentView) -> Vec<Vec<Blamed>> {
    let mut objects: Vec<Vec<Blamed>> = Vec::new();
    let Some((explained, _)) = &environment.rendered else {
        return objects;
    };
    for line in explained.blame(&|_| true).unwrap_or_default() {
        let Some(object) = line.object else { continue };
        if objects.len() <= object {
            objects.resize_with(object + 1, Vec::new);
        }
        objects[object].push(line);
    }
    objects
}

/// What was found in an environment.
#[derive(Default)]
struct Found<'o> {
    by_line: ByLine<'o>,
    /// Those that name an object.
    of_objects: Vec<&'o Finding>,
}

/// Findings by the file and the line that they are about.
type ByLine<'o> = BTreeMap<(&'o str, u32), Vec<&'o Finding>>;

impl<'o> Found<'o> {
    fn about(&self, resource: &Resource) -> Vec<&'o Finding> {
        let about = self.of_objects.iter().filter(|it| is_about(it, resource));
        about.copied().collect()
    }
}

fn findings_of<'o>(overview: &'o Overview<'_>, name: &str) -> Found<'o> {
    let mut found = Found::default();
    let suites = overview
        .report
        .suites
        .iter()
        .filter(|suite| suite.name == name);
    let checks = suites.flat_map(|suite| &suite.checks);
    for finding in checks.flat_map(Check::findings) {
        if finding.object.is_some() {
            found.of_objects.push(finding);
        }
        for place in finding.place.iter().chain(&finding.others) {
            if let Some(file) = place.file.as_deref() {
                let list = found.by_line.entry((file, place.span.line)).or_default();
                if !list.contains(&finding) {
                    list.push(finding);
                }
            }
        }
    }
    found
}

fn object(
    lines: &[Blamed],
    (cell, diff): (&Cell<'_>, Option<&Diff>),
    (by_line, about): &(&ByLine<'_>, Vec<&Finding>),
    files: &mut Files,
    left: &mut usize,
) -> Value {
    let mut texts: Vec<&str> = Vec::with_capacity(lines.len());
    let mut places: Vec<i64> = Vec::with_capacity(lines.len() * 2);
    let mut findings: Vec<Value> = Vec::new();
    let mut said: Vec<&Finding> = Vec::new();
    for (at, line) in lines.iter().enumerate().take(MOST_LINES) {
        if line.text.len() > *left {
            break;
        }
        *left -= line.text.len();
        texts.push(&line.text);
        let place = line.place.as_ref();
        let file = place.and_then(|place| place.file.as_deref());
        places.push(file.map_or(-1, |file| files.number(file)));
        places.push(place.map_or(0, |place| place.span.line.into()));
        let key = (
            file.unwrap_or_default(),
            place.map_or(0, |place| place.span.line),
        );
        for finding in by_line.get(&key).into_iter().flatten() {
            // A finding is told at its first line.
            if !said.contains(finding) {
                said.push(finding);
                findings.push(told_at(Some(at), finding));
            }
        }
    }
    let others = about.iter().filter(|finding| !said.contains(finding));
    findings.extend(others.map(|finding| told_at(None, finding)));
    let both = cell.changes.iter().zip(std::iter::repeat(diff));
    let changes: Vec<Value> = both
        .filter_map(|(change, diff)| Some((change, diff?)))
        .map(|(change, diff)| {
            let place = |shown: &Option<Shown>| {
                let place = shown.as_ref().and_then(|shown| shown.place.as_ref());
                place.map(file_and_line)
            };
            let (explanation, lines) = told(diff, change);
            let lines: Vec<Value> = lines
                .into_iter()
                .map(|(mark, line)| json!([mark, line]))
                .collect();
            json!({
                "remark": explanation,
                "class": change.class.word(),
                "path": change.path.to_string(),
                "lines": lines,
                "from": place(&change.from),
                "to": place(&change.to),
            })
        })
        .collect();
    json!({
        "lines": texts.join("\n"),
        "places": places,
        "left": lines.len() - texts.len(),
        "findings": findings,
        "changes": changes,
    })
}

/// A finding at the number of a line, or of the whole object.
fn told_at(line: Option<usize>, finding: &Finding) -> Value {
    json!([
        line,
        word(finding.severity),
        shown::sentence(&finding.message),
        finding.rule,
        finding.help.as_deref().map(shown::sentence),
    ])
}

fn file_and_line(place: &Place) -> String {
    let file = place.file.as_deref().unwrap_or("<input>");
    match place.span.line {
        0 => file.to_owned(),
        line => format!("{file}:{line}"),
    }
}

/// The names of files, each once.
#[derive(Default)]
struct Files {
    names: Vec<String>,
    numbers: BTreeMap<String, i64>,
}

impl Files {
    fn number(&mut self, name: &str) -> i64 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = i64::try_from(self.names.len()).unwrap_or(-1);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}
