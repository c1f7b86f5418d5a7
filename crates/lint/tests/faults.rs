//! Faults that are planted in a well-kept application are found, each by its rule.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use kustom_lint::{Linter, Policies, Selection};

const FAULTS: &str = include_str!("faults.txt");

/// A fault: whether it is one of a change, its rule, the text that it is planted in, and what that
/// becomes.
struct Fault<'t> {
    is_change: bool,
    rule: &'t str,
    old: &'t str,
    new: &'t str,
}

/// The application and the faults.
fn read() -> (&'static str, Vec<Fault<'static>>) {
    let mut sections = FAULTS.split("== ").skip(1);
    let application = sections
        .next()
        .unwrap()
        .strip_prefix("application\n")
        .unwrap();
    let mut faults = Vec::new();
    while let Some(section) = sections.next() {
        if section.trim() == "end" {
            break;
        }
        let (head, old) = section.split_once('\n').unwrap();
        let (kind, rule) = head.split_once(' ').unwrap();
        let new = sections.next().unwrap().strip_prefix("becomes\n").unwrap();
        faults.push(Fault {
            is_change: kind == "change",
            rule,
            old: cut(old),
            new: cut(new),
        });
    }
    (application, faults)
}

/// A text without its last line break.
fn cut(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

fn found(text: &str) -> Vec<String> {
    let linter = Linter::new(&Selection::default()).unwrap();
    let report = linter.lint(&common::objects(text));
    let unfollowed: Vec<&str> = report.tally.unfollowed().map(|it| it.0).collect();
    let told = report.findings.into_iter().map(|found| found.finding);
    let told = told.filter(|finding| !unfollowed.contains(&finding.rule));
    told.map(|finding| format!("{} {}: {}", finding.rule, finding.field, finding.message))
        .collect()
}

#[test]
fn every_planted_fault_is_found_and_nothing_without() {
    let (application, faults) = read();
    assert_eq!(found(application), Vec::<String>::new());
    assert!(faults.len() >= 60, "{}", faults.len());
    for fault in faults {
        let text = application.replacen(fault.old, fault.new, 1);
        assert_ne!(text, application, "{}", fault.rule);
        let told = match fault.is_change {
            true => {
                let linter = Linter::new(&Selection::default()).unwrap();
                let (before, after) = (common::objects(application), common::objects(&text));
                let broken = linter
                    .compare(&before, &after, 37, &Policies::default())
                    .into_iter();
                broken
                    .map(|one| format!("{} ", one.found.finding.rule))
                    .collect()
            }
            false => found(&text),
        };
        let is_its = |line: &String| line.starts_with(&format!("{} ", fault.rule));
        assert!(told.iter().any(is_its), "{}: {told:?}", fault.rule);
    }
}
