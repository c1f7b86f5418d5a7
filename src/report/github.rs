//! Findings as workflow commands of GitHub Actions.
//!
//! Source: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use std::fmt::Write as _;

use super::changes;
use super::findings::{Merged, Report};
use super::shown;
use super::text;
use crate::finding::Severity;

/// How many annotations of one severity GitHub shows for a step.
const SHOWN: usize = 10;

/// A command for each finding that GitHub would show; the others in a group, and a summary.
pub(super) fn write(report: &Report) -> String {
    let merged = report.merged();
    let mut out = String::new();
    let mut rest = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let of_severity = merged.iter().filter(|one| one.finding.severity == severity);
        for (index, one) in of_severity.enumerate() {
            if index < SHOWN {
                command(&mut out, one);
            } else {
                rest.push(one);
            }
        }
    }
    if !rest.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "::group::{} more", rest.len());
        for one in rest {
            let finding = &one.finding;
            let place = finding.place.as_ref().map_or(0, |place| place.span.line);
            let message = finding.sentence().replace(['\r', '\n'], " ");
            let (message, file) = (shown::name(&message), shown::name(&one.file));
            let name = finding.severity.name();
            let _ = writeln!(out, "{name}: {message} ({file}:{place})");
        }
        out.push_str("::endgroup::\n");
    }
    out.push_str(&changes::text(&report.changes));
    let _ = write!(out, "kustom: {}", text::summary(report));
    out
}

fn command(out: &mut String, one: &Merged<'_>) {
    let finding = &one.finding;
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let _ = write!(out, "::{name} file={}", property(&one.file));
    if let Some(span) = finding.place.as_ref().map(|place| place.span)
        && span.line > 0
    {
        let _ = write!(out, ",line={}", span.line);
        if span.column > 0 {
            let _ = write!(out, ",col={}", span.column);
        }
    }
    let mut message = finding.sentence();
    for other in &finding.others {
        let _ = write!(message, "\nalso: {other}");
    }
    if let Some(help) = &finding.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    let title = property(&format!("kustom {}", finding.rule));
    let _ = writeln!(out, ",title={title}::{}", data(&message));
}

/// A message: what would end a command is escaped.
fn data(text: &str) -> String {
    let lines = text.split('\n').map(shown::name);
    let text = lines.collect::<Vec<_>>().join("\n");
    text.replace('%', "%25").replace('\n', "%0A")
}

/// A property: what would end a property too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::place::Place;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let finding = Finding::error("render", "100% wrong\n::error::injected")
            .at(Place::file("a,b:c.yaml"))
            .help("fix it");
        let text = write(&Report::of("render", vec![finding]));
        assert_eq!(
            text,
            "::error file=a%2Cb%3Ac.yaml,title=kustom render::100%25 wrong%0A::error::injected\
             %0Ahelp: fix it\nkustom: 1 error\n"
        );
    }

    #[test]
    fn no_more_is_annotated_than_is_shown() {
        let findings = (0..13)
            .map(|number| Finding::error("x", format!("number {number}")))
            .collect();
        let text = write(&Report::of("x", findings));
        assert_eq!(text.matches("::error file").count(), SHOWN);
        assert!(text.contains("::group::3 more\n"), "{text}");
        assert!(text.ends_with("::endgroup::\nkustom: 13 errors\n"));
    }
}
