//! Finds what a server accepts and one regrets.
//!
//! The rules about objects are those of the crate `kustom-lint`; here nodes become the values that
//! they take, and what they find gets its place. What the build itself tells of kustomizations, and
//! what is wrong between objects, are rules of lint, too: [`of_build`], [`ACROSS`].

mod files;
mod fix;
mod overridden;
mod quiet;
mod tree;
mod twice;
mod unnamed;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

pub use files::{Around, of_files};
#[cfg(feature = "lsp")]
pub(crate) use fix::{converted, documents, without_item};
pub use fix::{fixed, is_fixable, is_same_but_for_fixes, naming, without_patch};
pub use kustom_lint::{
    Count, Group, Linter, Profile, Requirement, RequirementSeverity, Rule, RuleSet, Selection,
    Tally, UnknownRule, rule, rules,
};
pub use kustom_validate::{Expression, Severity as RuleSeverity};
pub use overridden::Build;
pub use quiet::{
    FirstNames, Foreign, Told, gather, leave_out_habits, leave_out_used_elsewhere, left_out,
};
pub use tree::Tree;

use kustom_lint::{Between, Environment, Policies};

use crate::across;
use crate::dangling;
use crate::finding::{Finding, Severity};
use crate::load::Sources;
use crate::resource::Resource;
use crate::validation::{self, Form, Version};
use crate::yaml::Node;

/// What was found of some objects.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// What was found, in the order of the objects; places are spans in their sources.
    pub findings: Vec<Finding>,
    /// What most of them do.
    pub tally: Tally,
}

/// Rules of what is lost without a word in a build, sorted.
const LOST_IN_BUILD: &[&str] = &[
    "added-item",
    "emptied-list",
    "env-file",
    "followed-reference",
    "idle-deletion",
    "idle-patch",
    "image-elsewhere",
    "index-path",
    "kept-label",
    "linked-value",
    "lost-patch",
    "misfit-replacement",
    "one-of",
    "patch-directive",
    "patch-path",
    "replaced-list",
];

/// Other rules about kustomizations that the build finds.
const OTHERS_OF_BUILD: &[&str] = &[
    "deprecated-field",
    "unmatched-image",
    "unmatched-patch",
    "unmatched-replacement",
    "unmatched-value",
    "unused-var",
];

/// Rules about objects that are applied together, which the checks of the cluster find.
pub const ACROSS: [&str; 3] = [across::DRAIN, across::FOREIGN, across::TWICE];

/// Whether a finding of a build, or of a render, is one of lint.
pub fn of_build(finding: &Finding) -> bool {
    is_lost_in_build(finding.rule) || OTHERS_OF_BUILD.contains(&finding.rule)
}

/// Whether a finding of a build is one that a linter asks for.
pub fn is_asked_of_build(linter: &Linter, finding: &Finding) -> bool {
    of_build(finding) && (rule(finding.rule).is_none() || linter.asks(finding.rule))
}

/// Whether a rule is about what is lost without a word in a build.
pub(crate) fn is_lost_in_build(rule: &str) -> bool {
    LOST_IN_BUILD.binary_search(&rule).is_ok()
}

/// What objects are asked.
#[derive(Clone, Debug)]
pub struct Questions {
    /// The rules.
    pub linter: Linter,
    /// Policies, bindings and parameters that are not rendered.
    pub policies: Vec<Node>,
    /// Short expressions that objects must meet.
    pub requirements: Vec<Requirement>,
}

/// Judges objects that are applied together; no habit is seen in those of `foreign` files.
pub fn lint(
    asked: &Questions,
    resources: &[Resource],
    foreign: &Foreign,
    form: Form,
    known: &dangling::Options,
) -> Linted {
    let nodes: Vec<&Node> = resources.iter().map(|resource| &resource.node).collect();
    let mut linted = lint_nodes(asked, &nodes, &foreign.flags(resources), form);
    if asked.linter.is_of_standards() {
        return linted;
    }
    let mut between = across::all_findings(resources, known);
    // Files of a directory need not be applied together.
    between.retain(|finding| match form {
        Form::Printed => ACROSS.contains(&finding.rule),
        Form::Written => finding.rule == across::DRAIN,
    });
    for finding in &mut between {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    linted.findings.extend(between);
    linted
}

/// The same, without what is wrong between objects by [`ACROSS`]; `foreign` says which objects are
/// of foreign files.
pub fn lint_nodes(asked: &Questions, nodes: &[&Node], foreign: &[bool], form: Form) -> Linted {
    let values: Vec<_> = nodes
        .iter()
        .map(|node| validation::value(node, form, 0, &mut 0))
        .collect();
    let others = asked.policies.iter();
    let others = others.map(|node| validation::value(node, Form::Written, 0, &mut 0));
    let others: Vec<_> = others.collect();
    let policies = Policies {
        objects: &others,
        requirements: &asked.requirements,
    };
    let report = asked.linter.lint_by(&values, foreign, &policies);
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
        let rule_name = found.finding.rule;
        let key = (found.object, rule_name, found.finding.help.clone());
        let finding = validation::finding(node, found.finding, &spans.1);
        // A rule that several containers of an object break is told once.
        let is_of_many = |rule: &Rule| rule.group != Group::Policies;
        if !kustom_lint::rule(rule_name).is_some_and(is_of_many) {
            findings.push(finding.about(validation::object_of(node)));
            continue;
        }
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

/// What objects break that take the place of others, by the rules and by policies; places are spans in
/// the sources of `after`, and what is gone has none.
pub fn compare(
    asked: &Questions,
    before: &[Resource],
    after: &[Resource],
    form: Form,
    version: Version,
) -> Vec<Finding> {
    let then: Vec<_> = before
        .iter()
        .map(|one| validation::value(&one.node, form, 0, &mut 0))
        .collect();
    let now: Vec<_> = after
        .iter()
        .map(|one| validation::value(&one.node, form, 0, &mut 0))
        .collect();
    let others = asked.policies.iter();
    let others = others.map(|node| validation::value(node, Form::Written, 0, &mut 0));
    let others: Vec<_> = others.collect();
    let policies = Policies {
        objects: &others,
        requirements: &[],
    };
    let broken = asked
        .linter
        .compare(&then, &now, version.minor(), &policies);
    let told = broken.into_iter().filter_map(|one| {
        let side = if one.is_before { before } else { after };
        let node = &side.get(one.found.object)?.node;
        let mut finding = validation::finding(node, one.found.finding, &validation::spans(node));
        if one.is_before {
            finding.place = None;
        }
        Some(finding.about(validation::object_of(node)))
    });
    told.collect()
}

/// What is lost with an environment that is gone.
pub fn lost(asked: &Questions, name: &str, before: &[Resource], version: Version) -> Vec<Finding> {
    let mut findings = compare(asked, before, &[], Form::Printed, version);
    let Some(rule) = rule("lost-environment").filter(|rule| asked.linter.asks(rule.name)) else {
        return findings;
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for resource in before {
        *counts
            .entry(resource.id().gvk.kind.to_string())
            .or_default() += 1;
    }
    let mut kinds: Vec<(String, usize)> = counts.into_iter().collect();
    kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), kind.clone()));
    let kinds = kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let message = match before.len() {
        0 => format!("`{name}` is gone; it had no objects"),
        _ => format!("`{name}` is gone, and nothing renders its objects any more: {kinds}"),
    };
    findings.insert(0, Finding::warning(rule.name, message).help(rule.help));
    findings
}

/// What an object is called before prefixes, suffixes and hashes.
fn origin(resource: &Resource) -> String {
    resource.original_id().name.to_string()
}

/// An environment as it is held against others.
#[derive(Clone, Copy)]
pub struct NamedObjects<'e> {
    /// Its name.
    pub name: &'e str,
    /// Its objects.
    pub resources: &'e [Resource],
    /// The files that it has read, if they are known.
    pub sources: Option<&'e Sources>,
    /// Whether its Secrets are filled in.
    pub is_filled: bool,
}

/// What is wrong between environments: the number of the environment, and a finding whose place is a
/// span in its sources.
pub fn between(
    linter: &Linter,
    environments: &[NamedObjects<'_>],
    form: Form,
) -> Vec<(usize, Finding)> {
    let values: Vec<Vec<_>> = environments
        .iter()
        .map(|environment| {
            let each = environment.resources.iter();
            each.map(|one| validation::value(&one.node, form, 0, &mut 0))
                .collect()
        })
        .collect();
    let origins = environments.iter();
    let origins = origins.map(|one| one.resources.iter().map(origin).collect());
    let origins: Vec<Vec<String>> = origins.collect();
    let named: Vec<Environment<'_, '_>> = environments
        .iter()
        .zip(values.iter().zip(&origins))
        .map(|(one, (objects, origins))| Environment {
            name: one.name,
            objects,
            origins,
            is_filled: one.is_filled,
        })
        .collect();
    // The file in which another environment has what one lacks.
    let file = |one: &Between| -> Option<(usize, PathBuf)> {
        let (lacking, spot) = one.lacking?;
        let with = environments.get(spot.environment)?;
        let node = &with.resources.get(spot.object)?.node;
        let span = *validation::spans(node).get(spot.origin as usize)?;
        Some((lacking, with.sources?.path(span)?.to_path_buf()))
    };
    let mut told: Vec<(usize, Finding)> = Vec::new();
    let mut together: HashMap<(usize, usize, PathBuf), usize> = HashMap::new();
    for one in linter.between(&named) {
        let file = file(&one);
        if let Some((lacking, file)) = &file {
            let sources = environments.get(*lacking).and_then(|it| it.sources);
            // What an environment reads and does not have is taken away there, for a reason.
            if sources.is_some_and(|sources| sources.paths().iter().any(|path| path == file)) {
                continue;
            }
        }
        let environment = one.environment;
        let list = environments
            .get(environment)
            .map_or(&[][..], |it| it.resources);
        let Some(node) = list.get(one.found.object).map(|resource| &resource.node) else {
            continue;
        };
        let is_object = one.found.finding.rule == "only-there";
        let finding = validation::finding(node, one.found.finding, &validation::spans(node));
        // What lies in one directory is lacking for one reason.
        let directory = file.filter(|_| is_object);
        let directory =
            directory.and_then(|(lacking, file)| Some((lacking, file.parent()?.to_path_buf())));
        if let Some((lacking, directory)) = directory {
            let key = (environment, lacking, directory);
            match together.get(&key) {
                Some(&first) => {
                    told[first].1.others.extend(finding.place);
                    continue;
                }
                None => drop(together.insert(key, told.len())),
            }
        }
        told.push((environment, finding.about(validation::object_of(node))));
    }
    for (_, finding) in &mut told {
        let count = finding.others.len();
        if count > 0 {
            let objects = if count == 1 { "object" } else { "objects" };
            let more = format!("; so it is with {count} more {objects} beside it");
            finding.message.push_str(&more);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_build_are_sorted() {
        assert!(LOST_IN_BUILD.is_sorted());
    }
}
