//! The guard as a project wants it: its allow-list, its baseline, and paths that stay the same.
//!
//! Fingerprints and allow-lists name files from the project's root, wherever the command is called;
//! findings name them from where the user is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::named_from;
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::guard::{Baseline, Guard, Permit, Settings, Sweep, gather};
use crate::load::{Files, WorkTree};
use crate::place::Place;
use crate::project::ProjectSettings;

/// The guard of one project.
pub struct Watch {
    /// The guard.
    pub guard: Guard,
    /// What paths in allow-lists are relative to.
    pub root: PathBuf,
    /// The directory that findings name files from.
    pub here: PathBuf,
    /// The fingerprints that may stay.
    pub baseline: Option<Baseline>,
    require_reason: bool,
    /// How many entries `kustom.yaml` allows; those of the baseline come after them.
    listed: usize,
    /// How `kustom.yaml` and the baseline are named.
    names: [String; 2],
}

impl Watch {
    /// The guard of the project that `start` is in; outside of one, it allows nothing.
    ///
    /// Findings name files from `here`. `baseline` is a file to use in place of the one that `kustom.yaml` names.
    ///
    /// # Errors
    ///
    /// A `kustom.yaml` or a baseline that cannot be read.
    pub fn of(
        files: &dyn Files,
        here: &Path,
        start: &Path,
        tree: Option<&WorkTree>,
        baseline: Option<&Path>,
    ) -> Result<Self> {
        let file = start
            .ancestors()
            .map(|directory| directory.join("kustom.yaml"))
            .find(|path| files.resolve(path).is_ok());
        let mut settings = Settings::default();
        let mut root = tree.map_or(start, WorkTree::root).to_path_buf();
        let mut names = ["kustom.yaml".to_owned(), String::new()];
        if let Some(file) = &file {
            settings = ProjectSettings::read(files, file)
                .map_err(|error| {
                    error.rename_files(|file| named_from(here, Path::new(file)).into())
                })?
                .guard;
            root = file.parent().unwrap_or(here).to_path_buf();
            names[0] = named_from(here, file);
        }
        let named = settings.baseline.as_ref().map(|path| root.join(path));
        let path = baseline.map(|path| here.join(path)).or(named);
        let baseline = match path {
            Some(path) => {
                names[1] = named_from(here, &path);
                Some(Baseline::read(files, &path, &names[1])?)
            }
            None => None,
        };
        let listed = settings.allow.len();
        let guard = settings.guard(baseline.as_ref());
        Ok(Self {
            guard,
            root,
            here: here.to_path_buf(),
            baseline,
            require_reason: settings.require_reason,
            listed,
            names,
        })
    }

    /// A baseline that is there already, read or with what is wrong with it.
    pub fn read_baseline(&self, files: &dyn Files, path: &Path) -> Option<Result<Baseline>> {
        files.resolve(path).ok()?;
        Some(Baseline::read(files, path, &named_from(&self.here, path)))
    }

    /// Makes fingerprints with the key of a baseline that is to be written anew; what `kustom.yaml`
    /// allows stays allowed.
    pub fn start_over(&mut self, baseline: Baseline) {
        let listed = self.guard.allow_list()[..self.listed].to_vec();
        self.guard = Guard::new()
            .require_reason(self.require_reason)
            .allow(listed)
            .key(baseline.key.clone());
        self.baseline = Some(baseline);
    }

    /// How a file is named to the guard: from the project's root.
    pub fn shown(&self) -> impl Fn(&Path) -> String + Sync + use<> {
        let root = self.root.clone();
        move |path| named_from(&root, path)
    }

    /// What was found, each secret once with all its places, named from where the user is.
    pub fn findings(&self, sweep: &Sweep) -> Vec<Finding> {
        let gathered = gather(sweep.leaks.iter().cloned());
        let mut findings: Vec<Finding> = gathered.iter().map(Finding::from).collect();
        for finding in &mut findings {
            for place in finding.place.iter_mut().chain(&mut finding.others) {
                self.rename(place);
            }
        }
        findings
    }

    /// The entries of allow-lists that allowed nothing in a sweep over everything. A pattern may be
    /// there for what will come; a fingerprint or the path of one file is not.
    pub fn idle(&self, sweep: &Sweep) -> Vec<Finding> {
        let mut used = vec![false; self.guard.allow_list().len()];
        for one in &sweep.allowed {
            if let Permit::Entry { index, .. } = one.by {
                used[index] = true;
            }
        }
        let is_pattern = |index: usize| {
            let entry = &self.guard.allow_list()[index];
            let path = entry.path.as_deref().unwrap_or_default();
            entry.fingerprint.is_none() && (path.is_empty() || path.contains(['*', '?']))
        };
        let idle = used
            .iter()
            .enumerate()
            .filter(|(index, used)| !**used && !is_pattern(*index));
        idle.map(|(index, _)| {
            let name = &self.names[usize::from(index >= self.listed)];
            let entry = &self.guard.allow_list()[index];
            let what = [&entry.fingerprint, &entry.path, &entry.rule, &entry.key];
            let what = what.into_iter().flatten().next();
            let message = match what {
                Some(what) => format!("an entry of the allow-list allows nothing: `{what}`"),
                None => "an entry of the allow-list names nothing, and allows nothing".to_owned(),
            };
            Finding::new("idle-permit", Severity::Note, message)
                .at(Place::file(name.as_str()))
                .help("what it allowed is gone; take the entry away")
        })
        .collect()
    }

    fn rename(&self, place: &mut Place) {
        if let Some(file) = &place.file {
            let path = crate::load::normalized(&self.root.join(&**file));
            place.file = Some(Arc::from(named_from(&self.here, &path)));
        }
    }
}
