//! Findings as a GitLab code quality report.
//!
//! Source: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use serde_json::{Value, json};

use super::findings::{Merged, Report};
use crate::finding::Severity;

/// A JSON array, one item for each finding.
pub(super) fn write(report: &Report) -> Value {
    report.merged().iter().map(issue).collect()
}

fn issue(one: &Merged<'_>) -> Value {
    let finding = &one.finding;
    let line = finding.place.as_ref().map_or(1, |place| place.span.line);
    json!({
        "description": finding.sentence(),
        "check_name": finding.rule,
        "fingerprint": one.fingerprint,
        "severity": match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        "location": {"path": one.file, "lines": {"begin": line.max(1)}},
    })
}
