//! Findings as JSON of our own; `docs/check.md` describes the fields.

use serde_json::{Map, Value, json};

use super::changes;
use super::findings::{Merged, Outcome, Report};
use super::shown;
use crate::finding::Object;
use crate::place::Place;

/// One object: a summary, the suites with their checks, and the findings.
pub(super) fn write(report: &Report) -> Value {
    let counts = report.counts();
    let findings: Vec<Value> = report
        .merged()
        .iter()
        .map(|one| finding(report, one))
        .collect();
    json!({
        "version": 1,
        "summary": {
            "failed": report.failed(),
            "errors": counts.errors,
            "warnings": counts.warnings,
            "notes": counts.notes,
            "allowed": report.allowed,
        },
        "suites": report.suites.iter().map(|suite| json!({
            "name": suite.name,
            "checks": suite.checks.iter().map(|check| match &check.outcome {
                Outcome::Skipped(reason) => {
                    json!({"name": check.name, "status": "skipped", "reason": reason})
                }
                Outcome::Ran(findings) => json!({
                    "name": check.name,
                    "status": if report.fails(check) { "failed" } else { "passed" },
                    "findings": findings.len(),
                }),
            }).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "findings": findings,
        "changes": changes::json(&report.changes),
    })
}

fn finding(report: &Report, one: &Merged<'_>) -> Value {
    let finding = &one.finding;
    let mut value = json!({
        "rule": finding.rule,
        "severity": finding.severity.name(),
        "message": finding.sentence(),
        "suites": one.suites,
        "fingerprint": one.fingerprint,
    });
    if let Some(map) = value.as_object_mut() {
        if let Some(place) = &finding.place {
            map.extend(located(report, place));
        }
        if !finding.others.is_empty() {
            let others = finding.others.iter().map(|place| located(report, place));
            map.insert("others".to_owned(), others.map(Value::Object).collect());
        }
        if let Some(object) = &finding.object {
            let shown = |text: &str| shown::name(text).into_owned();
            let object = Object {
                kind: shown(&object.kind),
                namespace: shown(&object.namespace),
                name: shown(&object.name),
            };
            map.insert("object".to_owned(), object.to_string().into());
        }
        if let Some(help) = &finding.help {
            map.insert("help".to_owned(), help.as_str().into());
        }
    }
    value
}

fn located(report: &Report, place: &Place) -> Map<String, Value> {
    let mut map = Map::new();
    if let Some(file) = &place.file {
        map.insert("file".to_owned(), report.from_root(file).into());
    }
    if let Some(field) = &place.field {
        map.insert("field".to_owned(), field.as_str().into());
    }
    for (name, number) in [("line", place.span.line), ("column", place.span.column)] {
        if number > 0 {
            map.insert(name.to_owned(), number.into());
        }
    }
    map
}
