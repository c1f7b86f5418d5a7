//! A project, and its environments as they are checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::environment::{Checked, environment, inputs};
use crate::error::Result;
use crate::finding::Finding;
use crate::load::{Accesses, Cached, Files, WorkTree, display_from, normalized};
use crate::project::{Options, Project, named_secrets};
use crate::report::Outcome;
use crate::threads;
use crate::yaml::Node;

/// A project and how it is checked.
pub struct CheckContext<'s> {
    /// Where its files are.
    pub files: &'s dyn Files,
    /// The project.
    pub project: &'s Project,
    /// The accesses that found it; every environment depends on them.
    pub accesses: Arc<BTreeMap<PathBuf, Accesses>>,
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
    /// Hears how many environments are done.
    pub done: &'s (dyn Fn(usize) + Sync),
}

/// Renders or checks one environment.
type One = fn(&dyn Files, &Path, &Project, &str, &Options<'_>, &[Node]) -> Checked;

impl CheckContext<'_> {
    /// Checks the environments, all at once; their order stays.
    ///
    /// The project must have been found from its root, so that messages do not depend on the
    /// working directory.
    pub fn environments(&self) -> Vec<Checked> {
        self.each(environment)
    }

    /// Renders the environments as a check does, to know what they read; nothing is judged.
    pub fn inputs(&self) -> Vec<Checked> {
        self.each(inputs)
    }

    fn each(&self, one: One) -> Vec<Checked> {
        let root = self.root();
        // What environments share is read once.
        let files = Cached::new(self.files).for_many();
        let options = Options {
            bases: (self.names.len() > 1).then(Arc::default),
            ..self.options.clone()
        };
        let check = |name: &String| {
            let (project, definitions) = (self.project, &self.definitions);
            let mut checked = one(&files, root, project, name, &options, definitions);
            for check in &mut checked.suite.checks {
                if let Outcome::Ran(findings) = &mut check.outcome {
                    self.rename(findings);
                }
            }
            checked.found_by = Arc::clone(&self.accesses);
            let here = |file: &str| Arc::from(self.named(&root.join(file)));
            checked.rendered = checked.rendered.map_err(|error| error.rename_files(here));
            checked.suite.file = self.named(&root.join(&checked.suite.file));
            checked.suite.name = self.label(name);
            checked
        };
        threads::get_ready();
        let finished = AtomicUsize::new(0);
        let check = |name: &String| {
            let checked = check(name);
            (self.done)(finished.fetch_add(1, Ordering::Relaxed) + 1);
            checked
        };
        self.names.par_iter().map(check).collect()
    }

    /// How an environment is called: by its name or, where there are several projects, behind the
    /// directory of its own.
    pub fn label(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The directories of environments that are filled in or rendered, and that git ignores.
    pub(super) fn filled_directories(&self, files: &dyn Files) -> Result<Vec<PathBuf>> {
        let mut directories = Vec::new();
        for name in self.project.names(files) {
            let directory = self.project.environments.join(&name);
            directories.extend(["secrets", "configs"].map(|part| directory.join(part)));
            // What a base names beside itself is filled in there.
            if let Ok(environment) = self.project.environment(files, &name) {
                let named = named_secrets(files, self.project, &environment)?;
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
        let inside: Vec<PathBuf> = directories.iter().map(|it| it.join("x/x")).collect();
        let mut ignored = tree.ignored(&inside)?.into_iter();
        directories.retain(|_| ignored.next().unwrap_or(false));
        Ok(directories)
    }

    /// What is rendered names its files from the root of the project.
    fn root(&self) -> &Path {
        &self.project.root
    }

    pub(super) fn rename(&self, findings: &mut [Finding]) {
        for finding in findings {
            for place in finding.places_mut() {
                if let Some(file) = &place.file {
                    place.file = Some(Arc::from(self.named(&self.root().join(&**file))));
                }
            }
        }
    }

    pub(super) fn named(&self, path: &Path) -> String {
        display_from(self.here, &normalized(path))
    }
}
