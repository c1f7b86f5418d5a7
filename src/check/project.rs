//! Runs all checks of a project: those of the repository, and those of each environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::changes::{Without, change};
use super::environment::{Checked, environment};
use super::{
    InputChange, ProjectGuard, anything_changed, changed_since, display_from,
    tracked_generator_files, tracked_secrets, unignored,
};
use crate::across::refused_updates;
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::load::{Accesses, Files, Revision, WorkTree, normalized};
use crate::project::{Options, Project, Secrets, named_secrets};
use crate::report::{Change, Check, Outcome, Report, Suite, finding_of};
use crate::secret_scan::{scan_files, scan_tracked};
use crate::threads;
use crate::yaml::Node;

/// A project and how it is checked.
pub struct CheckContext<'s> {
    /// Where its files are.
    pub files: &'s dyn Files,
    /// The project.
    pub project: &'s Project,
    /// The accesses that found it; every environment depends on them.
    pub accesses: BTreeMap<PathBuf, Accesses>,
    /// The repository that it is in, if it is in one.
    pub tree: Option<&'s WorkTree>,
    /// Whether there is none because git could not be asked, with the guard off.
    pub is_git_unread: bool,
    /// What stands before the names of its environments, where there are several projects:
    /// `services/shop/`.
    pub prefix: String,
    /// Where the user is: what findings name files from.
    pub here: &'s Path,
    /// The names of the environments that are looked at.
    pub names: Vec<String>,
    /// How they are rendered.
    pub options: Options<'static>,
    /// Definitions of custom resources that are not rendered.
    pub definitions: Vec<Node>,
    /// Whether anything in the repository changed; computed on demand.
    pub changed: OnceLock<bool>,
}

/// Whether a change can affect an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Affected {
    /// It cannot.
    No,
    /// It can.
    Yes,
    /// It may: what the environment reads is not all known, for the reason that is found.
    Perhaps(Box<Finding>),
}

impl CheckContext<'_> {
    /// Checks the environments, all at once; their order stays.
    ///
    /// The project must have been found from its root, so that messages do not depend on the
    /// working directory.
    pub fn environments(&self) -> Vec<Checked> {
        let root = self.root();
        let check = |name: &String| {
            let (files, project) = (self.files, self.project);
            let definitions = &self.definitions;
            let mut checked = environment(files, root, project, name, &self.options, definitions);
            for check in &mut checked.suite.checks {
                if let Outcome::Ran(findings) = &mut check.outcome {
                    self.rename(findings);
                }
            }
            for (path, accesses) in &self.accesses {
                checked.accesses.entry(path.clone()).or_insert(*accesses);
            }
            let here = |file: &str| Arc::from(self.named(&root.join(file)));
            checked.rendered = checked.rendered.map_err(|error| error.rename_files(here));
            checked.suite.file = self.named(&root.join(&checked.suite.file));
            checked.suite.name = self.label(name);
            checked
        };
        threads::get_ready();
        self.names.par_iter().map(check).collect()
    }

    /// Whether a change since a revision can affect an environment.
    ///
    /// # Errors
    ///
    /// If the repository cannot be read.
    pub fn affected(&self, checked: &Checked, revision: &Revision) -> Result<Affected> {
        if let Some(finding) = unfollowed(checked) {
            return Ok(Affected::Perhaps(Box::new(finding)));
        }
        let Some(tree) = self.tree else {
            return Ok(Affected::Yes);
        };
        let name = &checked.name;
        let is_affected = match changed_since(self.files, revision, tree, &checked.accesses)? {
            InputChange::Same => false,
            InputChange::Other => true,
            InputChange::OtherNames => !self.renders_the_same(name, revision)?,
            InputChange::Unknown(reason) => {
                let label = &checked.suite.name;
                let message =
                    format!("what `{label}` read as of the revision is not all known: {reason}");
                let finding = Finding::warning("unfollowed", message);
                return Ok(Affected::Perhaps(Box::new(finding)));
            }
        };
        Ok(match programs(checked) {
            _ if is_affected => Affected::Yes,
            Some(finding) if self.anything_changed(revision, tree)? => {
                Affected::Perhaps(Box::new(finding))
            }
            _ => Affected::No,
        })
    }

    fn anything_changed(&self, revision: &Revision, tree: &WorkTree) -> Result<bool> {
        if let Some(known) = self.changed.get() {
            return Ok(*known);
        }
        let found = anything_changed(self.files, revision, tree)?;
        Ok(*self.changed.get_or_init(|| found))
    }

    /// Whether an environment renders now as it did in a revision, with the same findings.
    fn renders_the_same(&self, name: &String, revision: &Revision) -> Result<bool> {
        let sides = self.sides(revision)?;
        let (Some(then), Some(now)) = sides.of(name) else {
            return Ok(false);
        };
        let change = change(name, Some(&then), Some(&now));
        let findings = |side: &Checked| -> Vec<Finding> {
            let checks = side.suite.checks.iter();
            checks.flat_map(Check::findings).cloned().collect()
        };
        Ok(change.is_none() && findings(&then) == findings(&now))
    }

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
        let (suite, allowed) = self.repository(&checked)?;
        let mut suites = vec![suite];
        let mut affected = Vec::new();
        for one in checked {
            let left_out = match revision {
                Some((name, revision)) if self.affected(&one, revision)? == Affected::No => {
                    Some(name)
                }
                _ => None,
            };
            suites.push(match left_out {
                Some(name) => skipped(one.suite, name),
                None => {
                    affected.push(one.name.clone());
                    one.suite
                }
            });
        }
        let mut changes = Vec::new();
        if let Some((_, revision)) = revision {
            for (change, refused) in self.changes(&affected, revision)? {
                let suite = suites
                    .iter_mut()
                    .find(|suite| suite.name == change.environment);
                let checks = suite.into_iter().flat_map(|suite| &mut suite.checks);
                for check in checks.filter(|check| check.name == "validate") {
                    if let Outcome::Ran(findings) = &mut check.outcome {
                        findings.extend(refused.iter().cloned());
                    }
                }
                changes.push(change);
            }
        }
        let base = self
            .tree
            .map_or_else(String::new, |tree| display_from(tree.root(), self.here));
        Ok(Report {
            suites,
            changes,
            allowed,
            fails_at: Severity::Warning,
            base: if base == "." { String::new() } else { base },
        })
    }

    /// The environments that were there in a revision and are not any more.
    ///
    /// # Errors
    ///
    /// If the repository cannot be read.
    pub fn gone(&self, revision: &Revision) -> Result<Vec<String>> {
        let sides = self.sides(revision)?;
        let gone = sides.known_then.iter();
        let gone = gone.filter(|name| !sides.known_now.contains(name));
        Ok(gone.cloned().collect())
    }

    /// How an environment is called: by its name or, where there are several projects, behind the
    /// directory of its own.
    pub fn label(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// What became of environments since a revision, and which ones are gone.
    ///
    /// Both sides are as in a clean checkout, so that what is filled in here makes no difference.
    /// With each goes what an API server that has the objects of the revision would refuse.
    fn changes(
        &self,
        affected: &[String],
        revision: &Revision,
    ) -> Result<Vec<(Change, Vec<Finding>)>> {
        let sides = self.sides(revision)?;
        let gone = sides.known_then.iter();
        let gone = gone.filter(|name| !sides.known_now.contains(name));
        let names: Vec<&String> = affected.iter().chain(gone).collect();
        let one = |name: &&String| {
            let (then, now) = sides.of(name);
            let change = change(&self.label(name), then.as_ref(), now.as_ref());
            (change, self.refused(then.as_ref(), now.as_ref()))
        };
        threads::get_ready();
        Ok(names.par_iter().map(one).collect())
    }

    /// What an API server refuses that has the objects of one side and is to take those of the other.
    fn refused(&self, then: Option<&Checked>, now: Option<&Checked>) -> Vec<Finding> {
        let sides = [then, now].map(|side| side.and_then(|it| it.rendered.as_ref().ok()));
        let [Some(then), Some(now)] = sides else {
            return Vec::new();
        };
        let mut findings = refused_updates(&then.resources, &now.resources);
        for place in findings.iter_mut().flat_map(Finding::places_mut) {
            now.sources.locate(place);
        }
        if let Ok(exceptions) = self.project.exceptions(self.files) {
            exceptions.apply(&mut findings, &mut BTreeSet::new());
        }
        self.rename(&mut findings);
        findings
    }

    fn sides<'r>(&'r self, revision: &'r Revision) -> Result<Sides<'r>> {
        let root = self.root();
        let then = Project::find(revision, root);
        let then = then.ok().filter(|project| project.root == root);
        let names = |project: &Project| project.names(revision);
        Ok(Sides {
            revision,
            known_then: then.as_ref().map(names).unwrap_or_default(),
            then,
            clean: Without {
                files: self.files,
                hidden: self.filled_directories()?,
            },
            known_now: self.project.names(self.files),
            now: self.project,
            definitions: &self.definitions,
            options: Options {
                secrets: self.options.secrets.or(Some(Secrets::Placeholder)),
                ..self.options.clone()
            },
        })
    }

    /// The directories of environments that are filled in or rendered, and that git ignores.
    fn filled_directories(&self) -> Result<Vec<PathBuf>> {
        let mut directories = Vec::new();
        for name in self.project.names(self.files) {
            let directory = self.project.environments.join(&name);
            directories.extend(["secrets", "configs"].map(|part| directory.join(part)));
            // What a base names beside itself is filled in there.
            if let Ok(environment) = self.project.environment(self.files, &name) {
                let named = named_secrets(self.files, self.project, &environment)?;
                directories.extend(
                    named
                        .into_iter()
                        .filter(|path| !path.starts_with(&directory)),
                );
            }
        }
        let Some(tree) = self.tree else {
            return Ok(directories);
        };
        let files: Vec<PathBuf> = directories.iter().map(|it| it.join("x/x")).collect();
        let mut ignored = tree.ignored(&files)?.into_iter();
        directories.retain(|_| ignored.next().unwrap_or(false));
        Ok(directories)
    }

    /// What git keeps, or would keep, that it must not; and how much of it is allowed.
    fn repository(&self, checked: &[Checked]) -> Result<(Suite, usize)> {
        let root = &self.project.root;
        let watch = ProjectGuard::of(self.files, self.here, root, self.tree, None)?;
        let shown = watch.shown();
        let mut checks = Vec::new();
        let scans = match self.tree {
            Some(tree) => {
                let mut scans = scan_tracked(&watch.guard, tree, root, &shown)?;
                let inside = self.read_in_submodules(checked, tree)?;
                scans.add(scan_files(&watch.guard, &inside, &shown)?);
                scans
            }
            None => scan_files(&watch.guard, &self.read_files(checked), &shown)?,
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
            let used: Option<Vec<&BTreeSet<usize>>> = used.collect();
            checks.push(match used {
                Some(used) => {
                    let used = used.into_iter().flatten().copied().collect();
                    let mut idle = self.project.idle_exceptions(self.files, &used);
                    self.rename(&mut idle);
                    Check::ran("exceptions", idle)
                }
                None => Check::skipped("exceptions", "not every environment was judged"),
            });
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
        Ok((suite, scans.allowed.len()))
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
        for environment in &environments {
            for finding in unignored(files, tree, project, environment, here)? {
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
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
        let accesses = checked.iter().flat_map(|one| &one.accesses);
        let read = accesses
            .filter(|(_, accesses)| accesses.read)
            .map(|(path, _)| path);
        let environments = &self.project.environments;
        let is_filled = |path: &&PathBuf| {
            let mut inside = path.strip_prefix(environments).into_iter().flatten();
            inside.nth(1).is_some_and(|part| part == "secrets")
        };
        let paths: BTreeSet<PathBuf> = read.filter(|path| !is_filled(path)).cloned().collect();
        paths.into_iter().collect()
    }

    /// What is rendered names its files from the root of the project.
    fn root(&self) -> &Path {
        &self.project.root
    }

    fn rename(&self, findings: &mut [Finding]) {
        for finding in findings {
            for place in finding.places_mut() {
                if let Some(file) = &place.file {
                    place.file = Some(Arc::from(self.named(&self.root().join(&**file))));
                }
            }
        }
    }

    fn named(&self, path: &Path) -> String {
        display_from(self.here, &normalized(path))
    }
}

/// A project in a revision and now, both as in a clean checkout.
struct Sides<'s> {
    revision: &'s Revision,
    then: Option<Project>,
    known_then: Vec<String>,
    clean: Without<'s>,
    now: &'s Project,
    known_now: Vec<String>,
    definitions: &'s [Node],
    options: Options<'static>,
}

impl Sides<'_> {
    /// An environment then and now, where it is there.
    fn of(&self, name: &String) -> (Option<Checked>, Option<Checked>) {
        let root = &self.now.root;
        let then = self
            .then
            .as_ref()
            .filter(|_| self.known_then.contains(name));
        let now = self.known_now.contains(name);
        let (options, definitions) = (&self.options, self.definitions);
        (
            then.map(|it| environment(self.revision, root, it, name, options, definitions)),
            now.then(|| environment(&self.clean, root, self.now, name, options, definitions)),
        )
    }
}

/// Why what an environment reads is not all known, if it is not: what stops a render hides what
/// would have been read after it.
pub fn unfollowed(checked: &Checked) -> Option<Finding> {
    let error = checked.rendered.as_ref().err()?;
    let why = finding_of("unfollowed", error);
    let name = &checked.suite.name;
    let message = format!(
        "what `{name}` reads is not all known, because it does not render: {}",
        why.message
    );
    Some(Finding {
        severity: Severity::Warning,
        message,
        ..why
    })
}

/// That an environment runs programs which read by themselves, if it does.
pub fn programs(checked: &Checked) -> Option<Finding> {
    let mut accesses = checked.accesses.values();
    accesses.any(|accesses| accesses.handed_over).then(|| {
        let name = &checked.suite.name;
        let message =
            format!("`{name}` runs programs, and what those read by themselves is not known");
        Finding::new("unfollowed", Severity::Note, message)
            .help("any change in the repository may affect it")
    })
}

fn skipped(mut suite: Suite, revision: &str) -> Suite {
    for check in &mut suite.checks {
        check.outcome = Outcome::Skipped(format!("no change since `{revision}` can affect it"));
    }
    suite
}
