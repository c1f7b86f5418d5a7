//! The tables of `docs/lint.md` are what the table of the rules says; with `UPDATE_LINT` set they are written anew.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kustom::lint::{Group, RuleSet, RuleSeverity, rules};

/// The text between a mark and the next `<!-- end -->`.
fn with_section(page: &str, mark: &str, section: &str) -> String {
    let (before, rest) = page.split_once(mark).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{mark}\n{section}<!-- end -->{after}")
}

fn profile(set: RuleSet) -> &'static str {
    match set {
        RuleSet::Fault => "recommended",
        RuleSet::Habit => "recommended, habit",
        RuleSet::More => "all",
        RuleSet::Baseline => "baseline",
        RuleSet::Restricted => "restricted",
    }
}

fn table_of_rules() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let own: Vec<_> = rules().iter().filter(|rule| rule.group == group).collect();
        if own.is_empty() {
            continue;
        }
        let name = group.name().replace('-', " ");
        writeln!(text, "### {}{}\n", name[..1].to_uppercase(), &name[1..]).unwrap();
        text.push_str("| rule | severity | profile | why | what to do | source |\n|---|---|---|---|---|---|\n");
        for rule in own {
            let severity = match rule.severity {
                RuleSeverity::Error => "error",
                RuleSeverity::Warning => "warning",
                RuleSeverity::Note => "note",
            };
            let (set, why, help) = (profile(rule.set), rule.why, rule.help);
            writeln!(
                text,
                "| `{}` | {severity} | {set} | {why} | {help} | [source]({}) |",
                rule.name, rule.source
            )
            .unwrap();
        }
        text.push('\n');
    }
    text
}

fn table_of_linters() -> String {
    let mut text = String::from(
        "| rule | kube-linter | kube-score | polaris | kubescape |\n|---|---|---|---|---|\n",
    );
    for rule in rules() {
        if rule.others.iter().all(|name| name.is_empty()) {
            continue;
        }
        let cells = rule.others.map(|name| match name {
            "" => "-".to_owned(),
            name => format!("`{name}`"),
        });
        writeln!(text, "| `{}` | {} |", rule.name, cells.join(" | ")).unwrap();
    }
    text
}

#[test]
fn the_page_has_every_rule_with_its_reason_and_its_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md");
    let page = fs::read_to_string(&path).unwrap();
    let rules = "<!-- rules: UPDATE_LINT=1 cargo test --test lint -->";
    let linters = "<!-- linters: UPDATE_LINT=1 cargo test --test lint -->";
    let wanted = with_section(&page, rules, &table_of_rules());
    let wanted = with_section(&wanted, linters, &table_of_linters());
    if std::env::var_os("UPDATE_LINT").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == wanted, "UPDATE_LINT=1 cargo test --test lint");
}

#[test]
fn what_three_linters_share_is_recommended() {
    let shared = rules().iter().filter(|rule| {
        let count = rule.others.iter().filter(|name| !name.is_empty()).count();
        count >= 3 && matches!(rule.set, RuleSet::Fault | RuleSet::Habit)
    });
    assert!(shared.count() >= 25);
}
