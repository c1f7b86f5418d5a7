//! The table of the rules.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use kustom_validate::Severity;

use crate::policy::{Level, Policy, PolicyVersion};

const TABLE: &str = include_str!("../data/rules.tsv");

/// A rule: what it finds has its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, such as `latest-tag`.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// How bad it is.
    pub severity: Severity,
    /// Which profiles ask it.
    pub set: RuleSet,
    /// What kube-linter, kube-score, polaris and kubescape call it; empty where they do not ask it.
    pub others: [&'static str; 4],
    /// The page of Kubernetes, or the standard, that says so.
    pub source: &'static str,
    /// Why it matters, as a sentence.
    pub why: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Pods, what makes them, and what leads to them.
    Workloads,
    /// Rights, and what may stop requests.
    Access,
    /// The Pod Security Standards.
    PodSecurity,
    /// The files that objects are made of.
    Kustomization,
    /// Environments, held against each other.
    Environments,
    /// Two states, held against each other.
    Changes,
    /// Policies of one's own.
    Policies,
}

impl Group {
    /// Every group, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Workloads,
        Self::Access,
        Self::PodSecurity,
        Self::Kustomization,
        Self::Environments,
        Self::Changes,
        Self::Policies,
    ];

    /// Its name, such as `workloads`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Workloads => "workloads",
            Self::Access => "access",
            Self::PodSecurity => "pod-security",
            Self::Kustomization => "kustomization",
            Self::Environments => "environments",
            Self::Changes => "changes",
            Self::Policies => "policies",
        }
    }
}

/// Which profiles ask a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleSet {
    /// It is recommended, and always told.
    Fault,
    /// It is recommended, and not told where most of a run breaks it.
    Habit,
    /// It is asked with all others, or where it is selected.
    More,
    /// It is of the level `baseline` of the Pod Security Standards.
    Baseline,
    /// It is of the level `restricted` of the Pod Security Standards.
    Restricted,
}

impl RuleSet {
    /// The profile that asks it, and whether it is a habit.
    pub fn profile(self) -> &'static str {
        match self {
            Self::Fault => "recommended",
            Self::Habit => "recommended, habit",
            Self::More => "all",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// A set of rules to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Faults, and habits that most of the run has.
    #[default]
    Recommended,
    /// All rules but those of the Pod Security Standards.
    All,
    /// A level of the Pod Security Standards, and nothing else.
    PodSecurity(Policy),
}

impl Profile {
    /// Whether the rules of a set are asked.
    pub(crate) fn asks(self, set: RuleSet) -> bool {
        match (self, set) {
            (Self::Recommended | Self::All, RuleSet::Fault | RuleSet::Habit)
            | (Self::All, RuleSet::More) => true,
            (Self::PodSecurity(policy), RuleSet::Baseline | RuleSet::Restricted) => {
                policy.level != Level::Privileged
            }
            _ => false,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recommended => f.write_str("recommended"),
            Self::All => f.write_str("all"),
            Self::PodSecurity(policy) => policy.fmt(f),
        }
    }
}

impl FromStr for Profile {
    type Err = String;

    /// Reads `recommended`, `all`, or a level of the Pod Security Standards with or without the
    /// version of its policy, `restricted:v1.33`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (level, version) = match text.split_once(':') {
            Some((level, version)) => (level, version),
            None => (text, "latest"),
        };
        let level = match (level, text) {
            (_, "recommended") => return Ok(Self::Recommended),
            (_, "all") => return Ok(Self::All),
            ("baseline", _) => Level::Baseline,
            ("restricted", _) => Level::Restricted,
            _ => {
                return Err(format!(
                    "`{text}` is no profile; there are `recommended`, `all`, `baseline` and `restricted`"
                ));
            }
        };
        let version: PolicyVersion = version.parse()?;
        Ok(Self::PodSecurity(Policy { level, version }))
    }
}

/// Every rule, in the order of the table.
pub fn rules() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(read).collect()
    })
}

/// The rule of a name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    rules().iter().find(|rule| rule.name == name)
}

/// The rule of a check of ours; a test sees to it that each has one.
pub(crate) fn rule_of_table(name: &str) -> &'static Rule {
    rule(name).unwrap_or(&rules()[0])
}

fn read(line: &'static str) -> Option<Rule> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [
        name,
        group,
        severity,
        set,
        linter,
        score,
        polaris,
        scape,
        source,
        why,
        help,
    ] = cells.as_slice()
    else {
        return None;
    };
    Some(Rule {
        name,
        group: Group::ALL
            .into_iter()
            .find(|known| known.name() == *group)?,
        severity: match *severity {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "note" => Severity::Note,
            _ => return None,
        },
        set: match *set {
            "fault" => RuleSet::Fault,
            "habit" => RuleSet::Habit,
            "more" => RuleSet::More,
            "baseline" => RuleSet::Baseline,
            "restricted" => RuleSet::Restricted,
            _ => return None,
        },
        others: [linter, score, polaris, scape],
        source,
        why,
        help,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_rule_of_its_own_with_a_reason_and_a_source() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(rules().len(), lines.count());
        for (index, rule) in rules().iter().enumerate() {
            let before = &rules()[..index];
            assert!(
                before.iter().all(|one| one.name != rule.name),
                "{}",
                rule.name
            );
            assert!(rule.why.ends_with(['.', ')']), "{}", rule.name);
            assert!(rule.source.starts_with("https://"), "{}", rule.name);
            assert!(!rule.help.is_empty(), "{}", rule.name);
        }
    }

    #[test]
    fn profiles_are_read_as_they_are_written() {
        for text in [
            "recommended",
            "all",
            "baseline",
            "restricted",
            "restricted:v1.33",
        ] {
            assert_eq!(text.parse::<Profile>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "strict",
            "baseline:1.33",
            "baseline:v1.033",
            "all:v1.2",
            "privileged",
        ] {
            assert!(text.parse::<Profile>().is_err(), "{text}");
        }
    }
}
