//! Findings as SARIF 2.1.0, for code scanning services.
//!
//! No text of the files is in it, and no line is part of what a result is known by.
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use serde_json::{Value, json};

use super::findings::{Merged, Report};
use super::rules;
use super::shown;
use crate::finding::Severity;
use crate::place::Place;

/// One run of one tool.
pub(super) fn write(report: &Report) -> Value {
    let merged = report.merged();
    let mut ids: Vec<&str> = merged.iter().map(|one| one.finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    let results: Vec<Value> = merged.iter().map(|one| result(report, one, &ids)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "kustom",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": ids.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "SRCROOT": {"description": {"text": "The root of the repository."}},
            },
            "results": results,
        }],
    })
}

fn rule(id: &str) -> Value {
    let about = rules::about(id);
    json!({
        "id": id,
        "shortDescription": {"text": about.what},
        "fullDescription": {"text": about.what},
        "help": {"text": about.help, "markdown": about.help},
    })
}

fn result(report: &Report, one: &Merged<'_>, ids: &[&str]) -> Value {
    let finding = &one.finding;
    let mut message = finding.sentence();
    if let Some(help) = &finding.help {
        message.push_str(&format!("\n{help}"));
    }
    let mut value = json!({
        "ruleId": finding.rule,
        "ruleIndex": ids.binary_search(&finding.rule).unwrap_or_default(),
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": {"text": message},
        "locations": [location(&one.file, finding.place.as_ref())],
        "partialFingerprints": {"kustom/v1": one.fingerprint},
        "properties": {"suites": one.suites},
    });
    if !finding.others.is_empty()
        && let Some(map) = value.as_object_mut()
    {
        let others = finding.others.iter().map(|place| {
            let file = place.file.as_deref().unwrap_or(".");
            location(&report.from_root(file), Some(place))
        });
        map.insert("relatedLocations".to_owned(), others.collect());
    }
    value
}

fn location(file: &str, place: Option<&Place>) -> Value {
    let span = place.map(|place| place.span).unwrap_or_default();
    let mut region = json!({"startLine": span.line.max(1)});
    if span.column > 0 {
        region["startColumn"] = span.column.into();
    }
    let mut artifact = json!({"uri": uri(&shown::name(file))});
    if !file.starts_with('/') {
        artifact["uriBaseId"] = "SRCROOT".into();
    }
    json!({"physicalLocation": {"artifactLocation": artifact, "region": region}})
}

/// A path as a relative reference: RFC 3986 leaves few characters as they are.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::place::Span;

    #[test]
    fn a_result_has_a_rule_a_relative_place_and_a_fingerprint() {
        let span = Span {
            line: 3,
            column: 5,
            ..Span::default()
        };
        let finding = Finding::warning("unmatched-patch", "the patch matches no resource")
            .at(Place::in_file("a b/k.yaml", span));
        let sarif = write(&Report::of("unmatched", vec![finding]));
        let run = &sarif["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "unmatched-patch");
        let result = &run["results"][0];
        assert_eq!(result["level"], "warning");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/k.yaml");
        assert_eq!(place["region"], json!({"startLine": 3, "startColumn": 5}));
        let print = result["partialFingerprints"]["kustom/v1"].as_str();
        assert_eq!(print.map(str::len), Some(32));
    }
}
