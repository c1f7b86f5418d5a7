//! What other linters find in the examples of our rules is what we find, or a reason says why not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use kustom_lint::{Linter, Profile, Selection, rule, rules};

/// Written by `cargo xtask linters`: rule, example, program, check, and the objects that it finds.
const RECORDED: &str = include_str!("linters.tsv");
/// Rule, program, and why their answers differ.
const DIFFERENCES: &str = include_str!("../data/differences.tsv");

const PROGRAMS: [&str; 4] = ["kube-linter", "kube-score", "polaris", "kubescape"];

/// The objects of an example that break a rule, as `KIND/NAME`.
fn found(text: &str, name: &str) -> BTreeSet<String> {
    let linter = Linter::new(&Selection {
        profile: Profile::All,
        ..Selection::default()
    });
    let objects = common::objects(text);
    let report = linter.unwrap().lint(&objects);
    let own = report
        .findings
        .iter()
        .filter(|one| one.finding.rule == name);
    own.map(|one| {
        let object = &objects[one.object];
        let metadata = object.get("metadata").unwrap();
        format!("{}/{}", object.text("kind"), metadata.text("name"))
    })
    .collect()
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

#[test]
fn what_others_find_is_what_we_find_or_a_reason_says_why_not() {
    let examples = common::examples();
    let reasons: BTreeMap<(&str, &str), &str> = rows(DIFFERENCES)
        .map(|row| ((row[0], row[1]), row[2]))
        .collect();
    let mut differ = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for row in rows(RECORDED) {
        let [name, kind, program, check, objects] = row[..] else {
            panic!("{row:?}");
        };
        let number = PROGRAMS.iter().position(|one| *one == program).unwrap();
        // The table says the same as what was recorded.
        assert_eq!(rule(name).unwrap().others[number], check, "{name}");
        let example = &examples[&(name.to_owned(), kind.to_owned())];
        let theirs: BTreeSet<String> = objects
            .split(',')
            .filter(|object| !object.is_empty())
            .map(str::to_owned)
            .collect();
        seen.insert((name, program, kind));
        if theirs != found(example, name) {
            differ.insert((name, program));
        }
    }
    for (number, program) in PROGRAMS.iter().enumerate().take(3) {
        for one in rules().iter().filter(|one| !one.others[number].is_empty()) {
            for kind in ["bad", "good"] {
                assert!(seen.contains(&(one.name, *program, kind)), "{}", one.name);
            }
        }
    }
    // What is known of kubescape was read, and not run.
    let told: BTreeSet<(&str, &str)> = reasons.keys().copied().collect();
    let read = told.iter().filter(|(_, program)| *program == "kubescape");
    differ.extend(read.copied());
    assert_eq!(differ, told);
}
