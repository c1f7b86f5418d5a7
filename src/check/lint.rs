//! What lint finds in a project: in each environment, between them, and in their files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::context::CheckContext;
use super::environment::{Checked, prepared, read_files};
use crate::finding::Finding;
use crate::flux::hide_secrets;
use crate::lint::{
    Around, Build, FirstNames, NamedObjects, Questions, Tally, Told, Tree, between, gather,
    leave_out_habits, of_files,
};
use crate::load::Files;
use crate::project::{Rendered, render};
use crate::report::{Check, Outcome, Suite};
use crate::validation::{Exceptions, Form};

/// What lint finds in a project that asks it.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// What is found in each environment.
    each: Vec<Vec<Finding>>,
    /// What is found in the files.
    files: Option<Vec<Finding>>,
    /// Which exceptions of the project let something stay, by their numbers; nothing if an environment
    /// was not judged.
    pub(super) used: Option<BTreeSet<usize>>,
}

impl Linted {
    /// Adds what was found to the suites of the environments, which are in the order in which they were
    /// checked, and to that of the repository.
    pub fn add_to(&self, repository: Option<&mut Suite>, environments: &mut [Suite]) {
        for (suite, findings) in environments.iter_mut().zip(&self.each) {
            let mut checks = suite.checks.iter_mut();
            if let Some(check) = checks.find(|check| check.name == "lint")
                && let Outcome::Ran(known) = &mut check.outcome
            {
                known.extend(findings.iter().cloned());
            }
        }
        if let (Some(suite), Some(findings)) = (repository, &self.files) {
            suite.checks.push(Check::ran("files", findings.clone()));
        }
    }
}

impl CheckContext<'_> {
    /// What lint finds, if the project asks it; the files are looked at again if no earlier findings of
    /// them are given.
    pub fn lint(&self, checked: &[Checked], files: Option<&Linted>) -> Linted {
        let Some(settings) = &self.project.lint else {
            return Linted::default();
        };
        let selection = settings.selection().unwrap_or_default();
        let asked = self.project.questions(self.files, &selection);
        let exceptions = self.project.lint_exceptions(self.files);
        let (asked, exceptions) = match (asked, exceptions) {
            (Ok(asked), Ok(exceptions)) => (asked, exceptions),
            // Each environment says why.
            _ => {
                let own = |one: &Checked| one.unwise.as_ref().map(|it| it.findings.clone());
                let each = checked.iter().map(|one| own(one).unwrap_or_default());
                return Linted {
                    each: each.collect(),
                    ..Linted::default()
                };
            }
        };
        let mut used = BTreeSet::new();
        let each = self.in_each(checked, &asked, &exceptions, &mut used);
        let of_files = match files {
            Some(earlier) => earlier.files.clone(),
            None => {
                let mut found = self.in_files(checked, &asked);
                exceptions.apply(&mut found, &mut used);
                self.rename(&mut found);
                Some(found)
            }
        };
        let are_all_judged = checked.iter().all(|one| one.unwise.is_some());
        Linted {
            each,
            files: of_files,
            used: are_all_judged.then_some(used),
        }
    }

    fn in_each(
        &self,
        checked: &[Checked],
        asked: &Questions,
        exceptions: &Exceptions,
        used: &mut BTreeSet<usize>,
    ) -> Vec<Vec<Finding>> {
        let mut tally = Tally::default();
        let mut each: Vec<Vec<Finding>> = Vec::new();
        for one in checked {
            let unwise = one.unwise.clone().unwrap_or_default();
            tally.add(&unwise.tally);
            each.push(unwise.findings);
        }
        let numbers = rendered(checked).filter(|(number, _)| checked[*number].unwise.is_some());
        let numbers: Vec<(usize, &Rendered)> = numbers.collect();
        let environments: Vec<NamedObjects<'_>> = numbers
            .iter()
            .map(|(number, rendered)| {
                let one = &checked[*number];
                let is_filled = one.unwise.as_ref().is_some_and(|it| it.is_filled);
                NamedObjects {
                    name: &one.name,
                    resources: &rendered.resources,
                    sources: Some(&rendered.sources),
                    is_filled,
                }
            })
            .collect();
        if environments.len() > 1 {
            for (at, mut finding) in between(&asked.linter, &environments, Form::Printed) {
                let (number, rendered) = numbers[at];
                for place in finding.places_mut() {
                    rendered.sources.locate(place);
                }
                each[number].push(finding);
            }
        }
        for (one, findings) in checked.iter().zip(&mut each) {
            exceptions.apply(findings, used);
            leave_out_habits(findings, &tally);
            if let Ok(rendered) = &one.rendered {
                hide_secrets(findings, &rendered.resources);
            }
        }
        let names = checked.iter().map(|one| match &one.rendered {
            Ok(rendered) => FirstNames::of(&rendered.resources),
            Err(_) => FirstNames::default(),
        });
        let names: Vec<FirstNames> = names.collect();
        let told = each.iter_mut().zip(&names);
        let mut told: Vec<Told<'_>> = told
            .map(|(findings, names)| Told { findings, names })
            .collect();
        gather(&mut told, &asked.linter, &tally);
        each.iter_mut().for_each(|findings| self.rename(findings));
        each
    }

    /// What is wrong with the files that environments are made of.
    fn in_files(&self, checked: &[Checked], asked: &Questions) -> Vec<Finding> {
        if asked.linter.is_of_standards() {
            return Vec::new();
        }
        let root: &Path = &self.project.root;
        let tree = Tree::read(self.files, &[root.to_path_buf()]);
        let rebuilds: Vec<_> = checked
            .iter()
            .map(|one| move |files: &dyn Files| self.rebuilt(files, &one.name))
            .collect();
        let builds: Vec<Build<'_>> = rendered(checked)
            .map(|(number, rendered)| Build {
                resources: &rendered.resources,
                sources: &rendered.sources,
                found: &rendered.findings,
                rebuild: &rebuilds[number],
            })
            .collect();
        let read: BTreeSet<PathBuf> = read_files(checked).into_iter().cloned().collect();
        let around = Around {
            linter: &asked.linter,
            tree: &tree,
            here: root,
            builds: &builds,
            read: &read,
            kept: &self.project.kept_files(),
            is_whole: self.names.len() == self.project.names(self.files).len(),
            knows_all_users: true,
            ignored: &|paths| {
                let ignored = self.tree.and_then(|tree| tree.ignored(paths).ok());
                ignored.unwrap_or_else(|| vec![false; paths.len()])
            },
        };
        of_files(&around)
    }

    /// What an environment renders to of other files.
    fn rebuilt(&self, files: &dyn Files, name: &str) -> Option<String> {
        let (environment, _) = prepared(files, self.project, name).ok()?;
        let root = &self.project.root;
        let rendered = render(files, root, self.project, &environment, &self.options).ok()?;
        Some(rendered.text)
    }
}

/// The environments that render, with their numbers.
fn rendered(checked: &[Checked]) -> impl Iterator<Item = (usize, &Rendered)> {
    let each = checked.iter().enumerate();
    each.filter_map(|(number, one)| Some((number, one.rendered.as_ref().ok()?)))
}
