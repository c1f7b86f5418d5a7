//! Every rule finds its bad example, and nothing in its good one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use kustom_lint::{Group, Linter, Profile, RuleSet, Selection, rules};

/// The rules that are broken by the objects of a text.
fn found(text: &str, rule: &str) -> Vec<usize> {
    let set = rules().iter().find(|one| one.name == rule).unwrap().set;
    let profile = match set {
        RuleSet::Baseline => "baseline".parse().unwrap(),
        RuleSet::Restricted => "restricted".parse().unwrap(),
        _ => Profile::All,
    };
    let linter = Linter::new(&Selection {
        profile,
        ..Selection::default()
    })
    .unwrap();
    let report = linter.lint(&common::objects(text));
    let own = report
        .findings
        .iter()
        .filter(|found| found.finding.rule == rule);
    own.map(|found| found.object).collect()
}

#[test]
fn every_rule_finds_its_bad_example_and_not_its_good_one() {
    let examples = common::examples();
    let about_objects = [Group::Workloads, Group::Access, Group::PodSecurity];
    for rule in rules()
        .iter()
        .filter(|rule| about_objects.contains(&rule.group))
    {
        let of = |kind: &str| examples.get(&(rule.name.to_owned(), kind.to_owned()));
        let (Some(bad), Some(good)) = (of("bad"), of("good")) else {
            panic!("{} has no examples", rule.name);
        };
        assert!(!found(bad, rule.name).is_empty(), "{}: {bad}", rule.name);
        assert!(found(good, rule.name).is_empty(), "{}: {good}", rule.name);
    }
    for (rule, _) in examples.keys() {
        assert!(
            rules().iter().any(|one| one.name == rule),
            "{rule} is no rule"
        );
    }
}

#[test]
fn a_habit_that_most_objects_break_is_counted() {
    let pod = |name: &str, resources: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: a, image: a:1, resources: {{{resources}}}}}]}}}}\n---\n"
        )
    };
    let mut text = String::new();
    for name in ["a", "b", "c"] {
        text.push_str(&pod(name, "requests: {cpu: 10m}"));
    }
    text.push_str(&pod("d", "requests: {cpu: 10m}, limits: {memory: 1Gi}"));
    let linter = Linter::new(&Selection::default()).unwrap();
    let report = linter.lint(&common::objects(&text));
    let unfollowed: Vec<&str> = report.tally.unfollowed().map(|it| it.0).collect();
    assert!(unfollowed.contains(&"memory-limits"), "{unfollowed:?}");
    assert!(!unfollowed.contains(&"cpu-requests"), "{unfollowed:?}");
}
