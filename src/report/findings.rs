//! Collects the findings of checks, before a format is written.
//!
//! Checks come in suites: one for the repository, one for each environment. The same remark on a
//! base is made by every environment that builds on it; here it becomes one, with their names.

use std::path::{Component, Path};

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::changes::Change;
use crate::error::{Error, Note};
use crate::finding::{Finding, Severity};
use crate::load::display_from;

/// All that some checks found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The checks, by what they looked at.
    pub suites: Vec<Suite>,
    /// What became of environments since a revision, if one was named.
    pub changes: Vec<Change>,
    /// How many secrets were found that may stay.
    pub allowed: usize,
    /// What lets them and findings stay, a note each with its reason.
    pub permits: Vec<Finding>,
    /// The least severity that fails a check.
    pub fails_at: Severity,
    /// How a path of a place becomes one from the root of the repository.
    pub base: Base,
}

/// Where the current directory is, seen from the root of the repository.
///
/// Places name files from the current directory; annotations and reports for machines want them from
/// the root of the repository. Without one both are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The current directory, seen from the root: `sub/dir`, `../..` or nothing.
    here: String,
    /// The directories down to the root.
    root: Vec<String>,
}

impl Base {
    /// The base of a repository's root and of a current directory, both absolute.
    pub fn new(root: &Path, here: &Path) -> Self {
        let name = |part: Component<'_>| part.as_os_str().to_string_lossy().into_owned();
        Self {
            here: display_from(root, here),
            root: root.components().map(name).collect(),
        }
    }

    /// A path as it is seen from the root of the repository.
    ///
    /// # Example
    ///
    /// ```
    /// use std::path::Path;
    /// use kustom::report::Base;
    ///
    /// let base = Base::new(Path::new("/src/site"), Path::new("/src/site/deploy"));
    /// assert_eq!(base.from_root("app/web.yaml"), "deploy/app/web.yaml");
    /// let above = Base::new(Path::new("/src/site"), Path::new("/src"));
    /// assert_eq!(above.from_root("site/app/web.yaml"), "app/web.yaml");
    /// ```
    pub fn from_root(&self, file: &str) -> String {
        if file.starts_with('/') {
            return file.to_owned();
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in self.here.split('/').chain(file.split(['/', '\\'])) {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        // Out of the root and back into it.
        let out = parts.iter().take_while(|part| **part == "..").count();
        let back = parts.iter().skip(out).take(out);
        let own = self
            .root
            .len()
            .checked_sub(out)
            .map(|at| self.root.iter().skip(at));
        if own.is_some_and(|own| own.eq(back)) {
            drop(parts.drain(..2 * out));
        }
        parts.join("/")
    }
}

/// The checks of one environment, or of the repository.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// The file that findings without a place are shown at.
    pub file: String,
    /// Its checks, in order.
    pub checks: Vec<Check>,
}

impl Suite {
    /// What is the same of findings that are one: the rule, the words, and where it is.
    fn key_of<'f>(&self, finding: &'f Finding) -> (&'f str, &'f str, String) {
        let shown = match &finding.place {
            Some(place) => place.to_string(),
            // What is somewhere only by its notes is the same if they are.
            None if !finding.notes.is_empty() => finding.sentence(),
            None => self.name.clone(),
        };
        (finding.rule, finding.message.as_str(), shown)
    }
}

/// One check and what came of it.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It ran, and found these.
    Ran(Vec<Finding>),
    /// It did not run, for this reason.
    Skipped(String),
}

/// A finding with the suites that made it.
#[derive(Clone, Debug)]
pub struct Merged<'r> {
    /// The finding.
    pub finding: Finding,
    /// The names of the suites, in order.
    pub suites: Vec<&'r str>,
    /// The file to show it at.
    pub file: String,
    /// What a service knows it by from one run to the next; no line is part of it.
    pub fingerprint: String,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            suites: Vec::new(),
            changes: Vec::new(),
            allowed: 0,
            permits: Vec::new(),
            fails_at: Severity::Warning,
            base: Base::default(),
        }
    }
}

impl Report {
    /// Adds what was found of another project, seen from the same place.
    pub fn add(&mut self, other: Self) {
        self.suites.extend(other.suites);
        self.changes.extend(other.changes);
        self.allowed += other.allowed;
        self.permits.extend(other.permits);
    }

    /// A report of one check.
    pub fn of(name: &'static str, findings: Vec<Finding>) -> Self {
        let check = Check {
            name,
            outcome: Outcome::Ran(findings),
        };
        Self {
            suites: vec![Suite {
                name: "repository".to_owned(),
                file: ".".to_owned(),
                checks: vec![check],
            }],
            changes: Vec::new(),
            allowed: 0,
            permits: Vec::new(),
            fails_at: Severity::Error,
            base: Base::default(),
        }
    }

    /// Every finding once, in order, with the suites that made it.
    pub fn merged(&self) -> Vec<Merged<'_>> {
        let mut merged = self.unnumbered();
        number(&mut merged);
        merged
    }

    /// The same without fingerprints.
    pub(super) fn unnumbered(&self) -> Vec<Merged<'_>> {
        let mut merged: Vec<Merged<'_>> = Vec::new();
        let mut known: FxHashMap<(&str, &str, String), usize> = FxHashMap::default();
        for suite in &self.suites {
            for finding in suite.checks.iter().flat_map(Check::findings) {
                let place = finding.place.as_ref();
                let key = suite.key_of(finding);
                if let Some(&index) = known.get(&key) {
                    let known = &mut merged[index];
                    if known.suites.last() != Some(&suite.name.as_str()) {
                        known.suites.push(&suite.name);
                    }
                    share(&mut known.finding, finding);
                    continue;
                }
                known.insert(key, merged.len());
                let named = place.and_then(|place| place.file.as_deref());
                merged.push(Merged {
                    finding: finding.clone(),
                    suites: vec![&suite.name],
                    file: self.from_root(named.unwrap_or(&suite.file)),
                    fingerprint: String::new(),
                });
            }
        }
        merged
    }

    /// How many findings there are, each counted once.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut severities: FxHashMap<_, Severity> = FxHashMap::default();
        for suite in &self.suites {
            for finding in suite.checks.iter().flat_map(Check::findings) {
                let known = severities.entry(suite.key_of(finding));
                let known = known.or_insert(finding.severity);
                *known = finding.severity.max(*known);
            }
        }
        for severity in severities.into_values() {
            match severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Note => counts.notes += 1,
            }
        }
        counts
    }

    /// Whether a check failed.
    pub fn failed(&self) -> bool {
        let mut checks = self.suites.iter().flat_map(|suite| &suite.checks);
        checks.any(|check| self.fails(check))
    }

    /// Whether a check of this report failed.
    pub fn fails(&self, check: &Check) -> bool {
        let mut findings = check.findings().iter();
        findings.any(|finding| finding.severity >= self.fails_at)
    }

    /// A path as it is seen from the root of the repository.
    pub fn from_root(&self, file: &str) -> String {
        self.base.from_root(file)
    }
}

impl Check {
    /// A check that ran.
    pub fn ran(name: &'static str, findings: Vec<Finding>) -> Self {
        Self {
            name,
            outcome: Outcome::Ran(findings),
        }
    }

    /// A check that did not run.
    pub fn skipped(name: &'static str, reason: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Skipped(reason.into()),
        }
    }

    /// What it found.
    pub fn findings(&self) -> &[Finding] {
        match &self.outcome {
            Outcome::Ran(findings) => findings,
            Outcome::Skipped(_) => &[],
        }
    }
}

impl Counts {
    /// The counts in words: `2 errors, 1 warning`.
    pub fn sentence(self) -> String {
        let parts = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ];
        let words: Vec<String> = parts
            .into_iter()
            .filter(|&(count, _)| count > 0)
            .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
            .collect();
        if words.is_empty() {
            "nothing found".to_owned()
        } else {
            words.join(", ")
        }
    }
}

/// An error as a finding: what stopped a check.
pub fn finding_of(rule: &'static str, error: &Error) -> Finding {
    let mut finding = Finding::error(rule, error.message());
    let refused = error.findings().iter().map(Note::from);
    finding.notes = refused.chain(error.notes().iter().cloned()).collect();
    finding.place = error.place().cloned();
    finding.help = error.help_line().map(str::to_owned);
    finding.excerpt = error.excerpt().cloned().map(Box::new);
    finding.is_elsewhere = error.is_elsewhere();
    finding
}

/// Keeps of what two suites say of one mistake what holds for both: the steps that they share, the
/// parts of the help, and the worse severity.
fn share(finding: &mut Finding, other: &Finding) {
    finding.notes.retain(|note| other.notes.contains(note));
    finding.severity = finding.severity.max(other.severity);
    if let (Some(ours), Some(theirs)) = (&finding.help, &other.help)
        && ours != theirs
    {
        let parts: Vec<&str> = theirs.split("; ").collect();
        let shared: Vec<&str> = ours
            .split("; ")
            .filter(|part| parts.contains(part))
            .collect();
        if !shared.is_empty() {
            finding.help = Some(shared.join("; "));
        }
    }
}

/// Gives every finding what it is known by; those that would be known by the same are counted.
fn number(merged: &mut [Merged<'_>]) {
    let mut seen: FxHashMap<[u8; 32], u32> = FxHashMap::default();
    for one in merged {
        let finding = &one.finding;
        let told = finding.identity.as_deref().unwrap_or(&finding.message);
        let mut hasher = Sha256::new();
        for part in [finding.rule, &one.file, told] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        let count = seen.entry(hasher.clone().finalize().into()).or_default();
        *count += 1;
        hasher.update(count.to_le_bytes());
        let digest = hasher.finalize();
        one.fingerprint = digest[..16].iter().map(|b| format!("{b:02x}")).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::{Place, Span};

    fn finding(line: u32) -> Finding {
        let span = Span {
            line,
            column: 3,
            ..Span::default()
        };
        Finding::warning("deprecated-field", "`vars` is deprecated")
            .at(Place::in_file("base/kustomization.yaml", span))
    }

    fn report(findings: &[Finding]) -> Report {
        let suite = |name: &str| Suite {
            name: name.to_owned(),
            file: format!("environments/{name}"),
            checks: vec![Check::ran("deprecated", findings.to_vec())],
        };
        Report {
            suites: vec![suite("production"), suite("staging")],
            ..Report::of("deprecated", Vec::new())
        }
    }

    #[test]
    fn a_remark_on_a_base_is_one_with_all_its_environments() {
        let report = report(&[finding(3)]);
        let merged = report.merged();
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].suites, ["production", "staging"]);
        assert_eq!(report.counts().sentence(), "1 warning");
        assert!(!report.failed());
    }

    #[test]
    fn of_one_mistake_only_what_holds_everywhere_is_kept() {
        let step = |name: &str| Note {
            message: format!("built from `{name}`"),
            ..Note::default()
        };
        let mut one = finding(3).help("name the field; it is called `a-web` now");
        one.notes = vec![step("shared"), step("a")];
        let mut other = finding(3).help("name the field; it is called `b-web` now");
        other.notes = vec![step("shared"), step("b")];
        other.severity = Severity::Error;
        share(&mut one, &other);
        assert_eq!(one.help.as_deref(), Some("name the field"));
        assert_eq!(one.notes, [step("shared")]);
        assert_eq!(one.severity, Severity::Error);
    }

    #[test]
    fn a_fingerprint_survives_a_move_and_tells_twins_apart() {
        let print = |findings: &[Finding]| -> Vec<String> {
            let report = report(findings);
            report
                .merged()
                .into_iter()
                .map(|it| it.fingerprint)
                .collect()
        };
        assert_eq!(print(&[finding(3)]), print(&[finding(30)]));
        let twins = print(&[finding(3), finding(4)]);
        assert_ne!(twins[0], twins[1]);
    }

    #[test]
    fn paths_are_seen_from_the_root() {
        let report = Report {
            base: Base::new(Path::new("/r"), Path::new("/r/deploy/kustom")),
            ..Report::of("x", Vec::new())
        };
        assert_eq!(report.from_root("a/b.yaml"), "deploy/kustom/a/b.yaml");
        assert_eq!(report.from_root("../c.yaml"), "deploy/c.yaml");
        assert_eq!(report.from_root("/tmp/d"), "/tmp/d");
    }
}
