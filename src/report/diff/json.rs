//! Differences as JSON; `docs/diff.schema.json` describes it.

use serde_json::{Map, Value, json};

use super::super::shown::visible;
use crate::diff::{Affix, Change, Diff, Name, Shown, Side, Subject};
use crate::place::Place;

/// The version of the format: it changes when something is taken away or means something else.
const VERSION: u32 = 1;

pub(super) fn write(diff: &Diff) -> String {
    let counts = diff.counts();
    let value = json!({
        "version": VERSION,
        "from": diff.from,
        "to": diff.to,
        "summary": {
            "matched": diff.matched,
            "onlyFrom": counts.only_from,
            "onlyTo": counts.only_to,
            "differences": counts.differences,
            "distinct": counts.distinct,
            "suspicious": counts.suspicious,
            "expected": counts.expected,
            "order": counts.order,
            "layout": counts.layout,
            "ignored": counts.ignored,
        },
        "mapping": {
            "prefix": affix(&diff.mapping.prefix),
            "suffix": affix(&diff.mapping.suffix),
            "namespaces": diff.mapping.namespaces.iter()
                .map(|(from, to)| (from.to_string(), json!(to.as_str())))
                .collect::<Map<_, _>>(),
        },
        "changes": diff.shown().map(change).collect::<Vec<_>>(),
        "findings": diff.findings.iter()
            .map(|finding| json!({"rule": finding.rule, "message": finding.message}))
            .collect::<Vec<_>>(),
    });
    visible(&format!("{value:#}\n"))
}

fn affix(affix: &Affix) -> Value {
    match affix.is_same() {
        true => Value::Null,
        false => json!({"from": affix.from.as_str(), "to": affix.to.as_str()}),
    }
}

fn change(change: &Change) -> Value {
    let mut value = json!({
        "op": change.op.word(),
        "class": change.class.word(),
        "resource": subject(&change.subject),
        "path": change.path.to_string(),
        "from": change.from.as_ref().map(shown),
        "to": change.to.as_ref().map(shown),
    });
    if let Some((side, expected)) = &change.expected {
        let side = match side {
            Side::From => "from",
            Side::To => "to",
        };
        value["expected"] = json!({"side": side, "value": expected});
    }
    if let Some(reason) = &change.reason {
        value["reason"] = json!(reason);
    }
    value
}

fn subject(subject: &Subject) -> Value {
    json!({
        "group": subject.group,
        "kind": subject.kind,
        "from": subject.from.as_ref().map(name),
        "to": subject.to.as_ref().map(name),
    })
}

fn name(name: &Name) -> Value {
    json!({"namespace": name.namespace, "name": name.name})
}

fn shown(shown: &Shown) -> Value {
    json!({
        "value": shown.text,
        "masked": shown.is_masked,
        "place": shown.place.as_ref().map(place),
    })
}

fn place(place: &Place) -> Value {
    let mut value = json!({"file": place.file.as_deref().unwrap_or_default()});
    if place.span.line > 0 {
        value["line"] = json!(place.span.line);
    }
    value
}
