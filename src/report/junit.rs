//! Checks as a JUnit report: a suite for each environment, a case for each check.
//!
//! Services read several dialects; this is what all of them understand.

use std::fmt::Write as _;

use super::findings::{Check, Outcome, Report, Suite};
use super::{Color, Diagnostic, Look, shown};
use crate::finding::Finding;

/// The report as XML.
pub(super) fn write(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let suites = &report.suites;
    let checks = || suites.iter().flat_map(|suite| &suite.checks);
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<testsuites name=\"kustom\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
        checks().count(),
        checks().filter(|check| report.fails(check)).count(),
    );
    for one in suites {
        suite(&mut out, report, one);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, report: &Report, suite: &Suite) {
    let failures = suite.checks.iter().filter(|check| report.fails(check));
    let is_skipped = |check: &&Check| matches!(check.outcome, Outcome::Skipped(_));
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        escaped(&suite.name),
        suite.checks.len(),
        failures.count(),
        suite.checks.iter().filter(is_skipped).count(),
    );
    for check in &suite.checks {
        case(out, report, suite, check);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, report: &Report, suite: &Suite, check: &Check) {
    let (name, class) = (escaped(check.name), escaped(&suite.name));
    let _ = write!(
        out,
        "    <testcase name=\"{name}\" classname=\"kustom.{class}\""
    );
    match &check.outcome {
        Outcome::Skipped(reason) => {
            let _ = write!(
                out,
                ">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                escaped(reason)
            );
        }
        Outcome::Ran(findings) if findings.is_empty() => out.push_str("/>\n"),
        Outcome::Ran(findings) => {
            let told: String = findings
                .iter()
                .map(|one| plain(one).full(UNWRAPPED))
                .collect();
            let body = if report.fails(check) {
                let worst = findings.iter().max_by_key(|one| one.severity);
                let message = worst.map_or("", |one| &one.message);
                let rule = worst.map_or("", |one| one.rule);
                format!(
                    "<failure message=\"{}\" type=\"{rule}\">{}</failure>",
                    escaped(message),
                    escaped(&told)
                )
            } else {
                format!("<system-out>{}</system-out>", escaped(&told))
            };
            let _ = write!(out, ">\n      {body}\n    </testcase>\n");
        }
    }
}

/// A viewer wraps by itself.
const UNWRAPPED: Look = Look {
    color: Color::Never,
    width: usize::MAX,
};

/// A finding without its rule, which is the type of the failure.
fn plain(finding: &Finding) -> Diagnostic {
    Diagnostic {
        rule: None,
        ..Diagnostic::from(finding)
    }
}

/// Text for an attribute or an element; what neither XML nor a log can hold is shown escaped.
fn escaped(text: &str) -> String {
    let text = shown::sentence(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn a_check_is_a_case_that_passes_fails_or_is_skipped() {
        let mut report = Report::of(
            "render",
            vec![Finding::error("render", "a < b & \"c\"\u{7}")],
        );
        report.suites[0].checks.extend([
            Check::ran("lint", vec![Finding::warning("w", "small")]),
            Check::ran("configs", Vec::new()),
            Check::skipped("rendered", "nothing is kept"),
        ]);
        report.fails_at = Severity::Error;
        let xml = write(&report);
        assert!(xml.contains("tests=\"4\" failures=\"1\""), "{xml}");
        assert!(xml.contains("message=\"a &lt; b &amp; &quot;c&quot;\\u{7}\" type=\"render\""));
        assert!(xml.contains("<system-out>warning: small"));
        assert!(xml.contains("<testcase name=\"configs\" classname=\"kustom.repository\"/>"));
        assert!(xml.contains("<skipped message=\"nothing is kept\"/>"));
    }
}
