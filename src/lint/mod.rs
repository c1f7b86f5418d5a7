//! Finds what a server accepts and one regrets.
//!
//! The rules about objects are those of the crate `kustom-lint`; here nodes become the values that
//! they take, and what they find gets its place. What the build itself tells of kustomizations, and
//! what is wrong between objects, are rules of lint, too: [`of_build`], [`ACROSS`].

use std::collections::HashMap;

pub use kustom_lint::{
    Count, Group, Linter, Profile, Rule, RuleSet, Selection, Tally, UnknownRule, rule, rules,
};
pub use kustom_validate::Severity as RuleSeverity;

use crate::across;
use crate::dangling;
use crate::finding::{Finding, Severity};
use crate::resource::Resource;
use crate::validation::{self, Form};
use crate::yaml::Node;

/// What was found of some objects.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// What was found, in the order of the objects; places are spans in their sources.
    pub findings: Vec<Finding>,
    /// What most of them do.
    pub tally: Tally,
}

/// Rules of checks that are about kustomizations, sorted: the build finds them.
const OF_BUILD: &[&str] = &[
    "added-item",
    "deprecated-field",
    "emptied-list",
    "env-file",
    "followed-reference",
    "idle-deletion",
    "idle-patch",
    "image-elsewhere",
    "index-path",
    "kept-label",
    "lost-patch",
    "misfit-replacement",
    "one-of",
    "patch-directive",
    "patch-path",
    "replaced-list",
    "unmatched-image",
    "unmatched-patch",
    "unmatched-replacement",
    "unmatched-value",
    "unused-var",
];

/// Rules about objects that are applied together, which the checks of the cluster find.
pub const ACROSS: [&str; 4] = [
    across::DRAIN,
    across::FOREIGN,
    across::TWICE,
    dangling::SELECTOR,
];

/// Whether a finding of a build, or of a render, is one of lint.
pub fn of_build(finding: &Finding) -> bool {
    OF_BUILD.binary_search(&finding.rule).is_ok()
}

/// Judges objects that are applied together.
pub fn lint(
    linter: &Linter,
    resources: &[Resource],
    form: Form,
    known: &dangling::Options,
) -> Linted {
    let nodes: Vec<&Node> = resources.iter().map(|resource| &resource.node).collect();
    let mut linted = lint_nodes(linter, &nodes, form);
    if linter.is_of_standards() {
        return linted;
    }
    let mut between = across::all_findings(resources, known);
    between.retain(|finding| ACROSS.contains(&finding.rule));
    for finding in &mut between {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    linted.findings.extend(between);
    linted
}

/// The same, without what is wrong between objects by [`ACROSS`].
pub fn lint_nodes(linter: &Linter, nodes: &[&Node], form: Form) -> Linted {
    let values: Vec<_> = nodes
        .iter()
        .map(|node| validation::value(node, form, 0, &mut 0))
        .collect();
    let report = linter.lint(&values);
    let mut findings: Vec<Finding> = Vec::new();
    let mut known: HashMap<(usize, &str, Option<String>), usize> = HashMap::new();
    let mut spans = (usize::MAX, Vec::new());
    for found in report.findings {
        let Some(node) = nodes.get(found.object) else {
            continue;
        };
        if spans.0 != found.object {
            spans = (found.object, validation::spans(node));
        }
        // What two controls of the standards find is not the same.
        let key = (found.object, found.finding.rule, found.finding.help.clone());
        let finding = validation::finding(node, found.finding, &spans.1);
        // A rule that several containers of an object break is told once.
        if let Some(&first) = known.get(&key) {
            let others = &mut findings[first].others;
            others.extend(finding.place.filter(|place| !others.contains(place)));
            continue;
        }
        known.insert(key, findings.len());
        findings.push(finding.about(validation::object_of(node)));
    }
    Linted {
        findings,
        tally: report.tally,
    }
}

/// Takes away what most of some objects do.
pub fn leave_out_habits(findings: &mut Vec<Finding>, tally: &Tally) {
    let unfollowed: Vec<(&str, Count)> = tally.unfollowed().collect();
    findings.retain(|finding| unfollowed.iter().all(|(rule, _)| *rule != finding.rule));
}

/// The habits that were left out, as a sentence.
pub fn left_out(tally: &Tally) -> Option<String> {
    let words: Vec<String> = tally
        .unfollowed()
        .map(|(rule, count)| format!("`{rule}` ({} of {})", count.broken, count.asked))
        .collect();
    (!words.is_empty()).then(|| {
        format!(
            "left out, since most objects break them: {}; `--profile all` tells each",
            words.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_build_are_sorted() {
        assert!(OF_BUILD.is_sorted());
    }
}
