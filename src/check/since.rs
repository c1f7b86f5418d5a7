//! Holds a project against a revision: which environments a change can affect, and what it changes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use rustc_hash::FxHashSet;

use super::affected::{InputChange, Inputs};
use super::changes::{Without, change};
use super::context::CheckContext;
use super::environment::{Checked, environment};
use crate::across::refused_updates;
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::flux::hide_secrets;
use crate::lint::{Questions, compare, lost};
use crate::load::{Cached, Revision};
use crate::project::{Options, Project, Rendered, Secrets};
use crate::report::{Change, Check, Outcome, Suite, finding_of};
use crate::threads;
use crate::validation::{Form, Version};

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

/// A project and a revision of it.
pub struct Since<'s> {
    context: &'s CheckContext<'s>,
    /// What is read of either side, once for all environments.
    then: Cached<'s>,
    now: Cached<'s>,
    /// The inputs of both sides; nothing outside of a repository.
    inputs: Option<Inputs<'s>>,
    project_then: Option<Project>,
    /// The environments of the revision, and those of now, sorted.
    names: [Vec<String>; 2],
    /// What a clean checkout does not have; found when it is first asked for.
    hidden: OnceLock<FxHashSet<PathBuf>>,
    /// Whether anything in the repository changed; likewise.
    is_changed: OnceLock<bool>,
    /// How both sides are rendered.
    options: Options<'static>,
}

impl<'s> Since<'s> {
    /// Finds the project of the revision; environments are read when they are asked for.
    pub fn new(context: &'s CheckContext<'s>, revision: &'s Revision) -> Self {
        let then = Cached::new(revision).for_many();
        let now = Cached::new(context.files).for_many();
        let root = &context.project.root;
        let project_then = Project::find(&then, root).ok();
        let project_then = project_then.filter(|project| project.root == *root);
        let names_then = project_then.as_ref().map(|it| it.names(&then));
        let names = [names_then.unwrap_or_default(), context.project.names(&now)];
        let tree = context.tree;
        Self {
            inputs: tree.map(|tree| Inputs::new(context.files, revision, tree)),
            context,
            then,
            now,
            project_then,
            names,
            hidden: OnceLock::new(),
            is_changed: OnceLock::new(),
            options: Options {
                secrets: context.options.secrets.or(Some(Secrets::Placeholder)),
                bases: Some(Arc::default()),
                ..context.options.clone()
            },
        }
    }

    /// Which environments a change since the revision can affect, in their order.
    ///
    /// # Errors
    ///
    /// If the repository cannot be read.
    pub fn affected_each(&self, checked: &[Checked]) -> Result<Vec<Affected>> {
        threads::get_ready();
        let each = checked.par_iter().map(|one| self.affected(one));
        each.collect()
    }

    /// Whether a change since the revision can affect an environment.
    ///
    /// # Errors
    ///
    /// If the repository cannot be read.
    pub fn affected(&self, checked: &Checked) -> Result<Affected> {
        if let Some(finding) = unfollowed(checked) {
            return Ok(Affected::Perhaps(Box::new(finding)));
        }
        let Some(inputs) = &self.inputs else {
            return Ok(Affected::Yes);
        };
        let is_affected = match inputs.changed(checked)? {
            InputChange::Same => false,
            InputChange::Other => true,
            InputChange::OtherNames => !self.renders_the_same(&checked.name)?,
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
            Some(finding) if self.anything_changed(inputs)? => Affected::Perhaps(Box::new(finding)),
            _ => Affected::No,
        })
    }

    /// The environments that were there in the revision and are not any more.
    pub fn gone(&self) -> impl Iterator<Item = &String> {
        let [then, now] = &self.names;
        then.iter().filter(|name| now.binary_search(name).is_err())
    }

    /// What became of environments, and which ones are gone.
    ///
    /// Both sides are as in a clean checkout, so that what is filled in here makes no difference.
    /// With each goes what an API server that has the objects of the revision would refuse, and what
    /// the change breaks.
    pub(super) fn changes(&self, affected: &[String]) -> Result<Vec<(Change, Broken)>> {
        let names: Vec<&String> = affected.iter().chain(self.gone()).collect();
        let one = |name: &&String| {
            let (then, now) = self.sides(name)?;
            let change = change(&self.context.label(name), then.as_ref(), now.as_ref());
            Ok((change, self.refused(name, then.as_ref(), now.as_ref())))
        };
        threads::get_ready();
        names.par_iter().map(one).collect()
    }

    fn anything_changed(&self, inputs: &Inputs<'_>) -> Result<bool> {
        if let Some(known) = self.is_changed.get() {
            return Ok(*known);
        }
        let found = inputs.anything_changed()?;
        Ok(*self.is_changed.get_or_init(|| found))
    }

    /// Whether an environment renders now as it did in the revision, with the same findings.
    fn renders_the_same(&self, name: &str) -> Result<bool> {
        let (Some(then), Some(now)) = self.sides(name)? else {
            return Ok(false);
        };
        let change = change(name, Some(&then), Some(&now));
        let findings = |side: &Checked| -> Vec<Finding> {
            let checks = side.suite.checks.iter();
            checks.flat_map(Check::findings).cloned().collect()
        };
        let unwise = |side: &Checked| side.unwise.as_ref().map(|it| it.findings.clone());
        let are_same = findings(&then) == findings(&now) && unwise(&then) == unwise(&now);
        Ok(change.is_none() && are_same)
    }

    /// An environment then and now, where it is there, both as in a clean checkout.
    fn sides(&self, name: &str) -> Result<(Option<Checked>, Option<Checked>)> {
        let is_known = |names: &[String]| {
            let found = names.binary_search_by(|known| known.as_str().cmp(name));
            found.is_ok()
        };
        let [then, now] = &self.names;
        let (root, options) = (&self.context.project.root, &self.options);
        let definitions = &self.context.definitions;
        let then = self.project_then.as_ref().filter(|_| is_known(then));
        let then = then.map(|it| environment(&self.then, root, it, name, options, definitions));
        let now = match is_known(now) {
            true => {
                let project = self.context.project;
                let files = Without {
                    files: &self.now,
                    hidden: self.hidden()?,
                };
                Some(environment(
                    &files,
                    root,
                    project,
                    name,
                    options,
                    definitions,
                ))
            }
            false => None,
        };
        Ok((then, now))
    }

    /// What a clean checkout does not have.
    fn hidden(&self) -> Result<&FxHashSet<PathBuf>> {
        if let Some(known) = self.hidden.get() {
            return Ok(known);
        }
        let hidden = self.context.filled_directories(&self.now)?;
        Ok(self.hidden.get_or_init(|| hidden.into_iter().collect()))
    }

    /// What an API server refuses that has the objects of one side and is to take those of the other,
    /// and what else that breaks.
    fn refused(&self, name: &str, then: Option<&Checked>, now: Option<&Checked>) -> Broken {
        let sides = [then, now].map(|side| side.and_then(|it| it.rendered.as_ref().ok()));
        let asked = self.questions();
        let version = self.context.project.kubernetes_versions.iter().max();
        let version = version.copied().unwrap_or(Version::NEWEST);
        let mut broken = Broken::default();
        match sides {
            [Some(then), Some(now)] => {
                broken.refused = refused_updates(&then.resources, &now.resources);
                if let Some(asked) = &asked {
                    let (then, now) = (&then.resources, &now.resources);
                    broken.unwise = Some(compare(asked, then, now, Form::Printed, version));
                }
            }
            [Some(then), None] if now.is_none() => {
                let lost = asked.map(|asked| lost(&asked, name, &then.resources, version));
                broken.unwise = lost;
            }
            _ => return broken,
        }
        let mut unwise = broken.unwise.take();
        for findings in [Some(&mut broken.refused), unwise.as_mut()]
            .into_iter()
            .flatten()
        {
            self.settle(findings, sides);
        }
        broken.unwise = unwise;
        broken
    }

    /// Gives findings their files, and takes away what the project lets stay.
    fn settle(&self, findings: &mut Vec<Finding>, [then, now]: [Option<&Rendered>; 2]) {
        for place in findings.iter_mut().flat_map(Finding::places_mut) {
            if let Some(now) = now {
                now.sources.locate(place);
            }
        }
        let project = self.context.project;
        let exceptions = [
            project.exceptions(&self.now),
            project.lint_exceptions(&self.now),
        ];
        for exceptions in exceptions.into_iter().flatten() {
            exceptions.apply(findings, &mut BTreeSet::new());
        }
        for side in [then, now].into_iter().flatten() {
            hide_secrets(findings, &side.resources);
        }
        self.context.rename(findings);
    }

    /// What lint asks, if the project asks it.
    fn questions(&self) -> Option<Questions> {
        let project = self.context.project;
        let selection = project.lint.as_ref()?.selection().ok()?;
        project.questions(&self.now, &selection).ok()
    }
}

/// What is found of a change.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// What an API server refuses.
    refused: Vec<Finding>,
    /// What lint finds, if it is asked.
    unwise: Option<Vec<Finding>>,
}

/// Rules of policies, which are asked of what is done to objects.
const OF_POLICIES: [&str; 2] = ["policy", "policy-not-run"];

impl Broken {
    /// Adds it to the checks of an environment. What policies say of the change takes the place of
    /// what they say of objects that are made.
    pub(super) fn add_to(self, suite: &mut Suite) {
        for check in &mut suite.checks {
            let Outcome::Ran(findings) = &mut check.outcome else {
                continue;
            };
            match (check.name, &self.unwise) {
                ("validate", _) => findings.extend(self.refused.iter().cloned()),
                ("lint", Some(unwise)) => {
                    findings.retain(|finding| !OF_POLICIES.contains(&finding.rule));
                    findings.extend(unwise.iter().cloned());
                }
                _ => {}
            }
        }
    }

    /// A suite for an environment that is gone, if something is lost with it.
    pub(super) fn of_gone(self, name: &str) -> Option<Suite> {
        let unwise = self.unwise.filter(|findings| !findings.is_empty())?;
        Some(Suite {
            name: name.to_owned(),
            file: name.to_owned(),
            checks: vec![Check::ran("lint", unwise)],
        })
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
