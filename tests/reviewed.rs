//! Findings that somebody has looked at and found right: of the example, and of recorded deployments
//! where those are at hand.
//!
//! They stand in `tests/validate/reviewed-*.txt`, with the reason: environment, severity, rule, how
//! many, why. One that is new, or gone, fails the test.
//! The recorded deployments are read from `../shared/conformance`, or from the folder that the
//! variable `CONFORMANCE` names.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Environment, severity and rule, and how many there are.
type Counts = BTreeMap<(String, String, String), usize>;

#[test]
fn the_findings_of_the_example_are_those_that_were_reviewed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Counts::new();
    for name in names(&root.join("environments")) {
        judge(root, &name, &name, &[], &mut found);
    }
    assert!(!found.is_empty(), "nothing was judged");
    hold(&found, "reviewed-example.txt");
}

#[test]
fn the_findings_of_recorded_deployments_are_those_that_were_reviewed() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    let mut found = Counts::new();
    // The version of Kubernetes that a deployment was for.
    for (tree, environments, version) in [
        ("2020-render", "environments", "1.19"),
        ("2026-build", "overlays", "1.33"),
    ] {
        let root = folder.join("prow").join(tree).join("input");
        if !root.is_dir() {
            eprintln!("skipped: no recorded deployment in {}", root.display());
            return;
        }
        for name in names(&root.join(environments)) {
            let directory = root.join(environments).join(&name);
            let is_built = directory.join("kustomization.yaml").exists();
            if is_built {
                let label = format!("{tree}/{name}");
                let version = ["--kubernetes-version", version];
                judge(&root, &name, &label, &version, &mut found);
            }
        }
    }
    assert!(found.len() > 10, "nothing was judged");
    hold(&found, "reviewed-prow.txt");
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Counts the findings of an environment; each must have a line in a file.
fn judge(root: &Path, name: &str, label: &str, more: &[&str], into: &mut Counts) {
    let output = Command::new(env!("CARGO_BIN_EXE_kustom"))
        .args(["validate", name, "--format", "json"])
        .args(more)
        .current_dir(root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
    for finding in report["findings"].as_array().unwrap() {
        // What a generator made was written in no line of its own.
        let is_generated = finding["file"]
            .as_str()
            .unwrap()
            .ends_with("kustomization.yaml");
        assert!(
            finding["line"].is_number() || is_generated,
            "{label}: {finding}"
        );
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        let key = (label.to_owned(), text("severity"), text("rule"));
        *into.entry(key).or_default() += 1;
    }
}

/// Holds what was found against what was reviewed.
fn hold(found: &Counts, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/validate")
        .join(name);
    let text = fs::read_to_string(path).unwrap();
    let mut reviewed = Counts::new();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut next = || words.next().unwrap_or_default();
        let (key, count) = ((next(), next(), next()), next());
        assert!(words.next().is_some(), "`{line}` gives no reason");
        reviewed.insert(key, count.parse().unwrap());
    }
    let told = |counts: &Counts| -> String {
        let lines = counts.iter();
        let lines = lines
            .map(|((label, severity, rule), count)| format!("{label} {severity} {rule} {count}\n"));
        lines.collect()
    };
    assert_eq!(told(found), told(&reviewed), "in {name}");
}
