#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod access;
mod changes;
mod cluster;
mod containers;
mod defaults;
mod environments;
mod network;
mod pod_security;
mod pods;
mod policies;
mod policy;
mod rule;
mod secret_names;
mod selector;
mod webhooks;
mod workloads;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use kustom_validate::{Finding, Path, Value};

pub use changes::Broken;
pub use environments::{Between, Environment, Spot};
pub use pod_security::{Violation, violations};
pub use policies::{Policies, Requirement, RequirementSeverity};
pub use policy::{Level, Policy, PolicyVersion};
pub use rule::{Group, Profile, Rule, RuleSet, rule, rules};

use cluster::{Cluster, Container, Object, Pod};
use rule::rule_of_table;

/// Which rules are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The rules to begin with.
    pub profile: Profile,
    /// Rules that are asked besides, by their names.
    pub select: Vec<String>,
    /// Rules that are not asked, by their names.
    pub ignore: Vec<String>,
}

/// A name that is no rule's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule(pub String);

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no rule of lint", self.0)
    }
}

impl std::error::Error for UnknownRule {}

/// Judges objects by rules.
#[derive(Clone, Debug)]
pub struct Linter {
    asked: BTreeSet<&'static str>,
    /// Rules that are told whatever most objects do.
    always: BTreeSet<&'static str>,
    policy: Option<Policy>,
    is_recommended: bool,
    /// Rules about objects that are told sparingly: those of `recommended` that nobody selected.
    sparing: BTreeSet<&'static str>,
}

/// Rules of what reaches the node; who breaks several of them is an agent of its nodes.
const OF_NODE: [&str; 8] = [
    "added-capabilities",
    "host-ipc",
    "host-network",
    "host-path",
    "host-pid",
    "host-port",
    "privileged",
    "run-as-root",
];

/// Something unwise in one of some objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number of the object in the list.
    pub object: usize,
    /// What it is.
    pub finding: Finding,
}

/// What became of some objects.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was found, in the order of the objects.
    pub findings: Vec<Found>,
    /// How many were asked by each habit, and how many broke it.
    pub tally: Tally,
    /// What cannot be asked of any object, by its words.
    faults: HashMap<String, Fault>,
}

/// An expression that fails, which is told of the first object.
#[derive(Clone, Copy, Debug)]
struct Fault {
    /// The number of its finding.
    finding: usize,
    /// The object that it was met at last.
    last: usize,
    /// For how many objects it fails.
    objects: usize,
}

impl Report {
    /// Adds an expression that fails, once for all objects that it fails for.
    fn add_fault(&mut self, found: Found) {
        let object = found.object;
        match self.faults.get_mut(&found.finding.message) {
            Some(fault) => {
                fault.objects += usize::from(fault.last != object);
                fault.last = object;
                let known = &mut self.findings[fault.finding].finding;
                known.severity = known.severity.max(found.finding.severity);
            }
            None => {
                let fault = Fault {
                    finding: self.findings.len(),
                    last: object,
                    objects: 1,
                };
                let message = found.finding.message.clone();
                self.faults.insert(message, fault);
                self.findings.push(found);
            }
        }
    }

    /// Says of each fault how many objects it met; no more are added.
    fn count_faults(&mut self) {
        for fault in std::mem::take(&mut self.faults).into_values() {
            if fault.objects > 1 {
                let message = &mut self.findings[fault.finding].finding.message;
                message.push_str(&format!("; it fails for {} objects", fault.objects));
            }
        }
    }
}

/// The subjects that each rule of habit has met in a run, and which of them broke it.
///
/// A subject is a workload or one of its containers, by its kind and its names: one that several
/// environments have is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    habits: BTreeMap<&'static str, BTreeMap<u64, bool>>,
    /// Agents of nodes that break rules of what reaches the node.
    agents: BTreeSet<u64>,
}

/// Subjects of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many were asked.
    pub asked: usize,
    /// How many broke the rule.
    pub broken: usize,
}

/// Of so many subjects it can be told what the habit is.
const FEW: usize = 4;

/// A habit is followed where at most one subject of so many breaks it, or a single one.
const ONE_OF: usize = 10;

impl Tally {
    /// Adds what another list of objects does.
    pub fn add(&mut self, other: &Self) {
        for (rule, subjects) in &other.habits {
            let own = self.habits.entry(rule).or_default();
            for (subject, is_broken) in subjects {
                *own.entry(*subject).or_default() |= is_broken;
            }
        }
        self.agents.extend(&other.agents);
    }

    /// The habits that the run does not have: of four subjects or more, more than one breaks them,
    /// and more than one of ten.
    pub fn unfollowed(&self) -> impl Iterator<Item = (&'static str, Count)> + '_ {
        let all = self.habits.iter().map(|(rule, subjects)| {
            let broken = subjects.values().filter(|is_broken| **is_broken).count();
            let asked = subjects.len();
            (*rule, Count { asked, broken })
        });
        all.filter(|(_, count)| count.asked >= FEW && count.broken > (count.asked / ONE_OF).max(1))
    }

    /// Whether there are too few workloads and containers to tell what the habits are.
    pub fn is_of_few(&self) -> bool {
        self.habits.values().all(|subjects| subjects.len() < FEW)
    }

    /// How many agents of nodes break rules of what reaches the node, and are not told.
    pub fn agents(&self) -> usize {
        self.agents.len()
    }
}

impl Linter {
    /// A linter with some rules.
    ///
    /// # Errors
    ///
    /// A name in `select` or `ignore` that is no rule's.
    pub fn new(selection: &Selection) -> Result<Self, UnknownRule> {
        let mut asked: BTreeSet<&'static str> = BTreeSet::new();
        let mut always = BTreeSet::new();
        for one in rules() {
            if selection.profile.asks(one.set) {
                asked.insert(one.name);
                if one.set != RuleSet::Habit || selection.profile == Profile::All {
                    always.insert(one.name);
                }
            }
        }
        let known = |name: &String| rule(name).ok_or_else(|| UnknownRule(name.clone()));
        for name in &selection.select {
            asked.insert(known(name)?.name);
            always.insert(known(name)?.name);
        }
        for name in &selection.ignore {
            asked.remove(known(name)?.name);
        }
        let mut sparing = BTreeSet::new();
        if selection.profile == Profile::Recommended {
            let own = rules().iter().filter(|one| {
                matches!(one.group, Group::Workloads | Group::Access)
                    && !selection.select.iter().any(|name| name == one.name)
            });
            sparing.extend(own.map(|one| one.name));
        }
        let policy = match selection.profile {
            Profile::PodSecurity(policy) => Some(policy),
            Profile::Recommended | Profile::All => None,
        };
        Ok(Self {
            asked,
            always,
            policy,
            is_recommended: selection.profile == Profile::Recommended,
            sparing,
        })
    }

    /// Whether a rule is asked.
    pub fn asks(&self, rule: &str) -> bool {
        self.asked.contains(rule)
    }

    /// What the findings of a rule about one object are told together with: those of all habits,
    /// those of what reaches the node, those of rights, or those of the rule; nothing where each is
    /// told.
    pub fn family(&self, rule: &str) -> Option<&'static str> {
        let rule = rule_of_table(self.sparing.get(rule)?);
        Some(match rule.group {
            _ if rule.set == RuleSet::Habit => "habits",
            _ if OF_NODE.contains(&rule.name) => "node",
            Group::Access => "rights",
            _ => rule.name,
        })
    }

    /// Whether a rule is not told of files that others made, nor of agents that need what it finds.
    pub fn is_sparing(&self, rule: &str) -> bool {
        self.sparing.contains(rule)
    }

    /// Whether the profile is `recommended`, which tells as little as is useful.
    pub fn is_recommended(&self) -> bool {
        self.is_recommended
    }

    /// Whether only a level of the Pod Security Standards is asked.
    pub fn is_of_standards(&self) -> bool {
        self.policy.is_some()
    }

    /// Judges objects that are applied together.
    pub fn lint(&self, objects: &[Value<'_>]) -> Report {
        self.lint_by(objects, &[], &Policies::default())
    }

    /// The same, with policies that are not among the objects, and requirements; `foreign` says of
    /// which objects others have written the files, so that no habit is seen in them.
    pub fn lint_by(
        &self,
        objects: &[Value<'_>],
        foreign: &[bool],
        policies: &Policies<'_>,
    ) -> Report {
        let cluster = Cluster::of(objects);
        let mut report = Report::default();
        let mut uncounted = Report::default();
        for object in &cluster.objects {
            if foreign
                .get(object.number)
                .is_some_and(|is_foreign| *is_foreign)
            {
                self.object(&cluster, object, &mut uncounted);
            } else {
                self.object(&cluster, object, &mut report);
            }
        }
        report.findings.append(&mut uncounted.findings);
        policies::look(self, &cluster, policies, &mut report);
        let Report {
            findings, tally, ..
        } = &mut report;
        findings.sort_by_key(|found| found.object);
        tally.habits.retain(|name, _| !self.always.contains(name));
        report
    }

    /// What objects break that take the place of others, in a cluster of Kubernetes 1.`minor`, by
    /// the rules and by policies: those are asked as a server does that changes, makes and removes
    /// objects.
    pub fn compare(
        &self,
        before: &[Value<'_>],
        after: &[Value<'_>],
        minor: u32,
        policies: &Policies<'_>,
    ) -> Vec<Broken> {
        let mut broken = changes::compare(self, before, after, minor);
        let sides = [before, after].map(Cluster::of);
        let reports = policies::look_at_changes(self, [&sides[0], &sides[1]], policies);
        for (report, is_before) in reports.into_iter().zip([false, true]) {
            let found = report.findings.into_iter();
            broken.extend(found.map(|found| Broken { is_before, found }));
        }
        broken
    }

    /// The same linter, which asks no admission policies.
    #[must_use]
    pub fn without_policies(&self) -> Self {
        let mut linter = self.clone();
        linter.asked.remove("policy");
        linter
    }

    /// What is equal in environments and must not be, and what one of them lacks.
    pub fn between(&self, environments: &[Environment<'_, '_>]) -> Vec<Between> {
        environments::compare(self, environments)
    }

    fn object<'v>(&self, cluster: &Cluster<'v>, object: &Object<'v>, report: &mut Report) {
        let containers = containers::CHECKS.iter();
        let pods = pods::CHECKS.iter().chain(workloads::PODS);
        let pods = pods.chain(network::PODS);
        if let Some(pod) = &object.pod {
            let spec_path = Path::ROOT.field(pod.prefix);
            for (name, check) in containers.filter(|(name, _)| self.asks(name)) {
                for container in &pod.containers {
                    let list = spec_path.field(container.list);
                    let path = list.index(container.index);
                    let mut sink = self.sink(name, object, report);
                    check(pod, container, &path, &mut sink);
                    sink.done(Some(container));
                }
            }
            for (name, check) in pods.filter(|(name, _)| self.asks(name)) {
                let mut sink = self.sink(name, object, report);
                check(cluster, pod, &spec_path, &mut sink);
                sink.done(None);
            }
        }
        let objects = workloads::OBJECTS.iter().chain(network::OBJECTS);
        let objects = objects.chain(access::CHECKS).chain(webhooks::CHECKS);
        let is_of = |kinds: &[&str]| kinds.contains(&object.kind);
        for (name, kinds, check) in
            objects.filter(|(name, kinds, _)| self.asks(name) && is_of(kinds))
        {
            let mut sink = self.sink(name, object, report);
            check(cluster, object, &mut sink);
            sink.done(None);
            debug_assert!(!kinds.is_empty());
        }
        pod_security::look(self, cluster, object, report);
    }

    fn sink<'r, 'v>(&self, name: &str, object: &'r Object<'v>, report: &'r mut Report) -> Sink<'r> {
        let rule = rule_of_table(name);
        let is_spared = || {
            self.is_sparing(rule.name)
                && OF_NODE.contains(&rule.name)
                && object.pod.as_ref().is_some_and(Pod::is_agent)
        };
        Sink {
            is_spared: is_spared(),
            rule,
            object: object.number,
            subject: [object.kind, object.name],
            report,
            is_asked: true,
            is_broken: false,
        }
    }
}

/// A check of a container.
type ContainerCheck = fn(&Pod<'_>, &Container<'_>, &Path<'_>, &mut Sink<'_>);
/// A check of a pod, or of the pods that a workload makes.
type PodCheck = fn(&Cluster<'_>, &Pod<'_>, &Path<'_>, &mut Sink<'_>);
/// A check of an object of some kinds.
type ObjectCheck = fn(&Cluster<'_>, &Object<'_>, &mut Sink<'_>);

/// Takes what a check finds about one subject.
struct Sink<'r> {
    rule: &'static Rule,
    object: usize,
    /// The kind and the name of the object.
    subject: [&'r str; 2],
    report: &'r mut Report,
    is_asked: bool,
    is_broken: bool,
    /// Whether the object is an agent that needs what is found.
    is_spared: bool,
}

impl<'r> Sink<'r> {
    fn new(name: &str, object: &'r Object<'_>, report: &'r mut Report) -> Self {
        Self {
            rule: rule_of_table(name),
            object: object.number,
            subject: [object.kind, object.name],
            report,
            is_asked: true,
            is_broken: false,
            is_spared: false,
        }
    }

    /// Says that the subject is none that the rule is about.
    fn unasked(&mut self) {
        self.is_asked = false;
    }

    /// Says what is wrong, at a value or at what is around what is missing.
    fn add(&mut self, path: &Path<'_>, at: &Value<'_>, message: impl Into<String>) {
        self.is_broken = true;
        if self.is_spared {
            return;
        }
        self.report.findings.push(Found {
            object: self.object,
            finding: Finding {
                severity: self.rule.severity,
                rule: self.rule.name,
                field: path.to_string(),
                message: message.into(),
                help: Some(self.rule.help.to_owned()).filter(|help| !help.is_empty()),
                origin: at.origin,
            },
        });
    }

    /// Counts the subject: the object, or one of its containers.
    fn done(self, container: Option<&Container<'_>>) {
        let mut hasher = DefaultHasher::new();
        self.subject.hash(&mut hasher);
        let tally = &mut self.report.tally;
        if self.is_spared {
            if self.is_broken {
                tally.agents.insert(hasher.finish());
            }
        } else if self.rule.set == RuleSet::Habit && (self.is_asked || self.is_broken) {
            let container = container.map(|container| (container.list, container.index));
            container.hash(&mut hasher);
            let subjects = tally.habits.entry(self.rule.name).or_default();
            *subjects.entry(hasher.finish()).or_default() |= self.is_broken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_about_objects_has_one_check_and_every_check_a_rule() {
        let mut checked: Vec<&str> = Vec::new();
        checked.extend(containers::CHECKS.iter().map(|one| one.0));
        checked.extend(pods::CHECKS.iter().map(|one| one.0));
        checked.extend(workloads::PODS.iter().map(|one| one.0));
        checked.extend(network::PODS.iter().map(|one| one.0));
        checked.extend(workloads::OBJECTS.iter().map(|one| one.0));
        checked.extend(network::OBJECTS.iter().map(|one| one.0));
        checked.extend(access::CHECKS.iter().map(|one| one.0));
        checked.extend(webhooks::CHECKS.iter().map(|one| one.0));
        checked.extend(pod_security::rules());
        checked.sort_unstable();
        let twice = checked.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None);
        let mut others: Vec<&str> = Vec::new();
        others.extend(changes::RULES);
        others.extend(environments::RULES);
        others.extend(["policy", "policy-not-run", "requirement"]);
        others.retain(|name| rule(name).is_none());
        assert!(others.is_empty(), "{others:?}");
        let about_objects = [Group::Workloads, Group::Access, Group::PodSecurity];
        let of_objects = rules()
            .iter()
            .filter(|one| about_objects.contains(&one.group));
        let mut named: Vec<&str> = of_objects.map(|one| one.name).collect();
        named.sort_unstable();
        assert_eq!(checked, named);
    }
}
