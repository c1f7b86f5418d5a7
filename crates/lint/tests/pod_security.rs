//! The Pod Security Standards, beside the verdicts of `k8s.io/pod-security-admission`.
//!
//! `go run . ../../crates/lint/tests/pod-security.jsonl` in `xtask/pod-security` records them anew.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use kustom_lint::{Level, Policy, PolicyVersion, violations};
use serde_json::Value;

const RECORDED: &str = include_str!("pod-security.jsonl");

/// The versions of the policy, and how the record calls them.
fn versions() -> impl Iterator<Item = (PolicyVersion, String)> {
    let minors = (0..=40).map(|minor| (PolicyVersion::Minor(minor), format!("v1.{minor}")));
    minors.chain([(PolicyVersion::Latest, "latest".to_owned())])
}

#[test]
fn every_object_fails_the_checks_that_it_fails_in_kubernetes() {
    let mut lines = RECORDED.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    let package = head["package"].as_str().unwrap();
    assert!(
        package.starts_with("k8s.io/pod-security-admission v0."),
        "{package}"
    );
    let (mut objects, mut verdicts, mut refused) = (0, 0, 0);
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap();
        let object = common::of_json(&line["object"]);
        objects += 1;
        for level in [Level::Baseline, Level::Restricted] {
            let name = if level == Level::Baseline {
                "baseline"
            } else {
                "restricted"
            };
            let mut wanted: Vec<String> = Vec::new();
            for (version, key) in versions() {
                if let Some(recorded) = line["verdicts"][name].get(&key) {
                    wanted = serde_json::from_value(recorded.clone()).unwrap();
                }
                let found = violations(&object, Policy { level, version });
                let found: Vec<&str> = found.iter().map(|one| one.check).collect();
                assert_eq!(found, wanted, "{name} {key}: {}", line["object"]);
                verdicts += 1;
                refused += usize::from(!found.is_empty());
            }
        }
    }
    assert!(objects >= 400, "{objects}");
    assert!(
        refused * 3 > verdicts && refused < verdicts,
        "{refused} of {verdicts}"
    );
}
