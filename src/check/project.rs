//! The report of all checks of a project: those of the repository, and those of each environment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::context::CheckContext;
use super::environment::{Checked, read_files};
use super::lint::Linted;
use super::since::{Affected, Since};
use super::{ProjectGuard, tracked_generator_files, tracked_secrets, unignored};
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::load::{Revision, WorkTree};
use crate::place::Place;
use crate::report::{Base, Check, Outcome, Report, Suite, finding_of};
use crate::secret_scan::{scan_files, scan_tracked};

/// What git keeps of a project, or would keep, that it must not.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The checks, with what they found.
    pub suite: Suite,
    /// How many secrets may stay.
    pub allowed: usize,
    /// What lets them and findings stay, a note each with its reason.
    pub permits: Vec<Finding>,
}

impl CheckContext<'_> {
    /// The report of all checks; environments that no change since `revision` can affect are left
    /// out.
    ///
    /// # Errors
    ///
    /// If the repository or the project's own files cannot be read.
    pub fn report(
        &self,
        checked: Vec<Checked>,
        revision: Option<(&str, &Revision)>,
    ) -> Result<Report> {
        let linted = self.lint(&checked, None);
        let Repository {
            suite,
            allowed,
            permits,
        } = self.repository(&checked, &linted)?;
        let mut suites = vec![suite];
        let mut changes = Vec::new();
        let mut own: Vec<Suite> = checked.iter().map(|one| one.suite.clone()).collect();
        linted.add_to(suites.first_mut(), &mut own);
        if let Some((revision_name, revision)) = revision {
            let since = Since::new(self, revision);
            let (mut affected, mut numbers) = (Vec::new(), FxHashMap::default());
            let answers = since.affected_each(&checked)?;
            for ((one, suite), answer) in checked.iter().zip(own).zip(answers) {
                if answer == Affected::No {
                    suites.push(skipped(suite, revision_name));
                    continue;
                }
                numbers.insert(suite.name.clone(), suites.len());
                affected.push(one.name.clone());
                suites.push(suite);
            }
            for (change, broken) in since.changes(&affected)? {
                match numbers.get(&change.environment) {
                    Some(number) => broken.add_to(&mut suites[*number]),
                    None => suites.extend(broken.of_gone(&change.environment)),
                }
                changes.push(change);
            }
        } else {
            suites.extend(own);
        }
        Ok(Report {
            suites,
            changes,
            allowed,
            permits,
            fails_at: Severity::Warning,
            base: self
                .tree
                .map_or_else(Base::default, |tree| Base::new(tree.root(), self.here)),
        })
    }

    /// What git keeps, or would keep, that it must not; and what of it is allowed.
    ///
    /// # Errors
    ///
    /// If the repository or the project's own files cannot be read.
    pub fn repository(&self, checked: &[Checked], linted: &Linted) -> Result<Repository> {
        let root = &self.project.root;
        let watch = ProjectGuard::of(self.files, self.here, root, self.tree, None)?;
        let shown = watch.shown();
        let mut checks = Vec::new();
        let done = &|_, _| {};
        let scans = match self.tree {
            Some(tree) => {
                let mut scans = scan_tracked(&watch.guard, tree, root, &shown, done)?;
                let inside = self.read_in_submodules(checked, tree)?;
                scans.add(scan_files(&watch.guard, &inside, &shown, done)?);
                scans
            }
            None => scan_files(&watch.guard, &self.read_files(checked), &shown, done)?,
        };
        let mut findings = watch.findings(&scans);
        findings.extend(watch.idle(self.files, &scans, self.tree)?);
        checks.push(Check::ran("secrets", findings));
        checks.push(match self.tree {
            Some(tree) => Check::ran("git", self.index_facts(tree, root)?),
            None if self.is_git_unread => {
                Check::skipped("git", "git cannot be read, and the guard is off")
            }
            None => Check::skipped("git", "this is no git repository"),
        });
        let empty = self.project.empty_environments(self.files);
        let mut empty: Vec<Finding> = empty.iter().map(|path| empty_environment(path)).collect();
        if !empty.is_empty() {
            self.rename(&mut empty);
            checks.push(Check::ran("environments", empty));
        }
        let mut inferred = self.project.inferred_findings();
        if !inferred.is_empty() {
            self.rename(&mut inferred);
            checks.push(Check::ran("entries", inferred));
        }
        if !self.project.argocd.is_empty() {
            let mut findings = self.project.application_findings(self.files);
            self.rename(&mut findings);
            checks.push(Check::ran("argocd", findings));
        }
        if !self.project.flux.is_empty() {
            let mut findings = self.project.flux_findings(self.files);
            self.rename(&mut findings);
            checks.push(Check::ran("flux", findings));
        }
        let is_whole = self.names.len() == self.project.names(self.files).len();
        if is_whole && !self.project.validation.allow.is_empty() {
            let used = checked.iter().map(|one| one.used_exceptions.as_ref());
            let idle = |used: &_| self.project.idle_exceptions(self.files, used);
            checks.push(self.idle("exceptions", used.collect(), &idle));
        }
        let lint = self.project.lint.as_ref().filter(|_| is_whole);
        if lint.is_some_and(|lint| !lint.allow.is_empty()) {
            let used = linted.used.as_ref().map(|used| vec![used]);
            let idle = |used: &_| self.project.idle_lint_exceptions(self.files, used);
            checks.push(self.idle("lint exceptions", used, &idle));
        }
        let file = self.named(&root.join("kustom.yaml"));
        let suite = Suite {
            name: match self.prefix.trim_end_matches('/') {
                "" => "repository".to_owned(),
                root => format!("repository {root}"),
            },
            file,
            checks,
        };
        let mut permits = watch.permits(self.files, &scans);
        let validation = checked
            .iter()
            .filter_map(|one| one.used_exceptions.as_ref());
        let validation = validation.flatten().copied().collect();
        let lint = linted.used.clone().unwrap_or_default();
        let mut exceptions = self.project.used_exceptions(self.files, &validation, &lint);
        self.rename(&mut exceptions);
        permits.extend(exceptions);
        Ok(Repository {
            suite,
            allowed: scans.allowed.len(),
            permits,
        })
    }

    /// The exceptions that let nothing stay, where every environment was judged.
    fn idle(
        &self,
        name: &'static str,
        used: Option<Vec<&BTreeSet<usize>>>,
        idle: &dyn Fn(&BTreeSet<usize>) -> Vec<Finding>,
    ) -> Check {
        match used {
            Some(used) => {
                let mut idle = idle(&used.into_iter().flatten().copied().collect());
                self.rename(&mut idle);
                Check::ran(name, idle)
            }
            None => Check::skipped(name, "not every environment was judged"),
        }
    }

    fn index_facts(&self, tree: &WorkTree, root: &Path) -> Result<Vec<Finding>> {
        let mut findings = tracked_generator_files(tree, root, self.here)?;
        let mut environments = Vec::new();
        for name in self.project.names(self.files) {
            match self.project.environment(self.files, &name) {
                Ok(environment) => environments.push(environment),
                Err(error) if self.names.contains(&name) => drop(error),
                Err(error) => findings.push(finding_of("render", &error)),
            }
        }
        let (files, project, here) = (self.files, self.project, self.here);
        findings.extend(tracked_secrets(files, tree, project, &environments, here)?);
        findings.extend(unignored(files, tree, project, &environments, here)?);
        Ok(findings)
    }

    /// The files that environments read and that git tracks in submodules.
    fn read_in_submodules(&self, checked: &[Checked], tree: &WorkTree) -> Result<Vec<PathBuf>> {
        let paths = tree.paths_in_submodules(&self.project.root)?;
        if paths.is_empty() {
            return Ok(paths);
        }
        let paths: BTreeSet<PathBuf> = paths.into_iter().collect();
        let read = self.read_files(checked).into_iter();
        Ok(read.filter(|path| paths.contains(path)).collect())
    }

    /// The files that environments read, without the secrets that were filled in.
    fn read_files(&self, checked: &[Checked]) -> Vec<PathBuf> {
        let read = read_files(checked).into_iter();
        let environments = &self.project.environments;
        let is_filled = |path: &&PathBuf| {
            let mut inside = path.strip_prefix(environments).into_iter().flatten();
            inside.nth(1).is_some_and(|part| part == "secrets")
        };
        read.filter(|path| !is_filled(path)).cloned().collect()
    }
}

/// A directory that looks like an environment and says nothing.
fn empty_environment(path: &Path) -> Finding {
    let shown = path.display();
    let message = format!("there is no kustomization in `{shown}`");
    Finding::warning("empty-environment", message)
        .at(Place::file(shown.to_string()))
        .help(format!(
            "write `{shown}/kustomization.yaml`, or `extends: ENVIRONMENT` into \
             `{shown}/environment.yaml`, or remove the directory"
        ))
}

fn skipped(mut suite: Suite, revision: &str) -> Suite {
    for check in &mut suite.checks {
        check.outcome = Outcome::Skipped(format!("no change since `{revision}` can affect it"));
    }
    suite
}
