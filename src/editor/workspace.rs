//! The projects of the open documents, and what is known of their environments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kustom_lsp::Scope;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::facts::Facts;
use super::paths::{is_kustomization, kustomization_above, kustomization_in};
use super::scene::Scene;

use crate::build;
use crate::check::{CheckContext, Checked, Linted, read_files};
use crate::error::Result;
use crate::explain::{self, Explained};
use crate::finding::Finding;
use crate::kustomization::FILE_NAMES;
use crate::load::{Accesses, Cached, Files, Recording, WorkTree};
use crate::project::{Options, Project, Secrets, explain_environment};
use crate::report::{Check, Report, Suite, finding_of};
use crate::validation::Version;

/// What was found of a project, or of a kustomization outside of any.
pub(super) struct Found {
    /// The directory that its places are named from.
    pub(super) root: PathBuf,
    pub(super) report: Report,
    /// How many environments there are.
    pub(super) environments: usize,
}

/// The projects, by their roots.
#[derive(Default)]
pub(super) struct Workspaces {
    projects: BTreeMap<PathBuf, ProjectState>,
    /// Kustomizations that belong to no environment, by their directories.
    loners: BTreeMap<PathBuf, Loner>,
}

/// What is known of a project.
#[derive(Default)]
struct ProjectState {
    checked: Vec<Checked>,
    /// The environments that have to be looked at anew.
    stale: BTreeSet<String>,
    repository: Option<Suite>,
    /// What lint finds, if the project asks it.
    linted: Linted,
    /// Why the project itself cannot be read.
    broken: Option<Finding>,
    is_read: bool,
    /// The environments that were explained.
    facts: BTreeMap<String, Facts>,
    /// What was known of them before something was changed: while somebody types, an environment
    /// seldom renders.
    earlier: BTreeMap<String, Facts>,
    /// The environments that cannot be explained as they are.
    unexplained: BTreeSet<String>,
}

impl ProjectState {
    /// Forgets what is known of an environment, but for what was called how.
    fn outdate(&mut self, name: &str) {
        if let Some(facts) = self.facts.remove(name) {
            self.earlier.insert(name.to_owned(), facts);
        }
        self.unexplained.remove(name);
    }
}

/// A kustomization by itself.
struct Loner {
    accesses: BTreeMap<PathBuf, Accesses>,
    findings: Vec<Finding>,
    /// What becomes of its files, if it can be built.
    facts: Option<Facts>,
}

impl Workspaces {
    /// Hears that a file is another; whether something has read or missed it.
    pub(super) fn changed(&mut self, path: &Path) -> bool {
        let mut matters = false;
        for state in self.projects.values_mut() {
            // A project that could not be read may be mended by anything.
            if state.broken.is_some() {
                state.is_read = false;
                matters = true;
            }
            let concerned = state.checked.iter();
            let concerned =
                concerned.filter(|it| depends(&it.accesses, path) || depends(&it.found_by, path));
            let names: Vec<String> = concerned.map(|it| it.name.clone()).collect();
            for name in names {
                state.outdate(&name);
                state.stale.insert(name);
                matters = true;
            }
        }
        let before = self.loners.len();
        self.loners
            .retain(|_, loner| !depends(&loner.accesses, path));
        matters || self.loners.len() != before
    }

    /// What is known around a document.
    pub(super) fn scene<'s>(
        &'s mut self,
        files: &'s dyn Files,
        path: &Path,
        options: &Options<'static>,
    ) -> Option<Scene<'s>> {
        let directory = path.parent()?;
        let mut scene = Scene {
            files,
            root: directory.to_path_buf(),
            facts: Vec::new(),
            earlier: Vec::new(),
            read: BTreeSet::new(),
            project: None,
            version: Version::NEWEST,
        };
        let mut is_read = false;
        if let Some(root) = root_of(files, directory) {
            let state = self.projects.entry(root.clone()).or_default();
            // What has changed since is judged later; what becomes of it is asked for now.
            if !state.is_read {
                state.refresh(files, &root, options, Scope::Typed);
            }
            scene.project = Project::find(files, &root).ok();
            if let Some(project) = &scene.project {
                state.explain(files, &root, project, options);
                let versions = &project.kubernetes_versions;
                scene.version = versions.iter().copied().max().unwrap_or(Version::NEWEST);
            }
            let state: &'s ProjectState = state;
            scene.facts = state.facts.values().collect();
            let earlier = state.earlier.iter();
            let earlier = earlier.filter(|(name, _)| !state.facts.contains_key(*name));
            scene.earlier = earlier.map(|(_, facts)| facts).collect();
            let read = read_files(&state.checked).into_iter();
            scene.read.extend(read.cloned());
            is_read = scene.read.contains(path);
            scene.root = root;
        }
        if is_read {
            return Some(scene);
        }
        // What no environment reads is part of a kustomization by itself.
        let Some(alone) = kustomization_above(files, directory) else {
            return Some(scene);
        };
        if scene.project.is_some() && !alone.starts_with(&scene.root) {
            return Some(scene);
        }
        let known = self.loners.entry(alone.clone());
        let loner = known.or_insert_with(|| Loner::of(files, &alone, options));
        if scene.project.is_none() {
            scene.root = alone;
        }
        scene.facts.extend(&loner.facts);
        let read = loner.accesses.iter();
        let read = read.filter(|(_, accesses)| accesses.read);
        scene.read.extend(read.map(|(path, _)| path.clone()));
        Some(scene)
    }

    /// What is found of all that open documents belong to.
    pub(super) fn reports(
        &mut self,
        files: &dyn Files,
        documents: &[PathBuf],
        options: &Options<'static>,
        scope: Scope,
    ) -> Vec<Found> {
        let mut found = Vec::new();
        let mut roots = BTreeSet::new();
        let mut alone = BTreeSet::new();
        for document in documents {
            let Some(directory) = document.parent() else {
                continue;
            };
            match root_of(files, directory) {
                Some(root) => drop(roots.insert(root)),
                None => alone.extend(kustomization_above(files, directory)),
            }
        }
        self.projects.retain(|root, _| roots.contains(root));
        for root in roots {
            let state = self.projects.entry(root.clone()).or_default();
            state.refresh(files, &root, options, scope);
            found.push(state.found(&root));
            // What no environment builds is looked at by itself.
            let read = |path: &Path| {
                state
                    .checked
                    .iter()
                    .any(|it| it.accesses.contains_key(path) || it.found_by.contains_key(path))
            };
            for document in documents {
                let is_inside = document.starts_with(&root) && is_kustomization(document);
                if is_inside && !read(document) {
                    alone.extend(document.parent().map(Path::to_path_buf));
                }
            }
        }
        self.loners.retain(|directory, _| alone.contains(directory));
        for directory in alone {
            let known = self.loners.entry(directory.clone());
            let loner = known.or_insert_with(|| Loner::of(files, &directory, options));
            let mut report = Report::of("render", loner.findings.clone());
            for suite in &mut report.suites {
                suite.file = kustomization_in(files, &directory)
                    .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
                    .unwrap_or_else(|| FILE_NAMES[0].to_owned());
            }
            found.push(Found {
                root: directory,
                report,
                environments: 0,
            });
        }
        found
    }
}

impl ProjectState {
    fn refresh(
        &mut self,
        files: &dyn Files,
        root: &Path,
        options: &Options<'static>,
        scope: Scope,
    ) {
        let result = self.refreshed(files, root, options, scope);
        self.is_read = true;
        self.broken = result.err().map(|error| finding_of("render", &error));
        if self.broken.is_some() {
            self.checked.clear();
            self.facts.clear();
            self.repository = None;
            self.linted = Linted::default();
        }
    }

    fn refreshed(
        &mut self,
        files: &dyn Files,
        root: &Path,
        options: &Options<'static>,
        scope: Scope,
    ) -> Result<()> {
        let recording = Recording::new(files);
        let project = Project::find(&recording, root)?;
        let names = project.names(files);
        let definitions = project.definitions(&recording)?;
        let is_known = |name: &String| self.checked.iter().any(|it| it.name == *name);
        let wanted = names.iter();
        let wanted: Vec<String> = wanted
            .filter(|name| self.stale.contains(*name) || !is_known(name))
            .cloned()
            .collect();
        self.stale.clear();
        let context = |tree, names: Vec<String>| CheckContext {
            files,
            project: &project,
            accesses: Arc::new(recording.accesses()),
            tree,
            is_git_unread: false,
            prefix: String::new(),
            here: root,
            names,
            options: options.clone(),
            definitions: definitions.clone(),
            done: &|_| {},
        };
        let anew = context(None, wanted).environments();
        self.checked.retain(|known| {
            let is_new = anew.iter().any(|it| it.name == known.name);
            names.contains(&known.name) && !is_new
        });
        for one in &anew {
            if one.rendered.is_err() {
                self.outdate(&one.name);
            }
        }
        self.facts.retain(|name, _| names.contains(name));
        self.earlier.retain(|name, _| names.contains(name));
        self.checked.extend(anew);
        let place = |name: &String| names.iter().position(|known| known == name);
        self.checked.sort_by_key(|it| place(&it.name));
        if scope == Scope::Everything || self.repository.is_none() {
            // Without git, its checks are left out.
            let tree = WorkTree::discover(root).ok().flatten();
            let context = context(tree.as_ref(), names);
            self.linted = context.lint(&self.checked, None);
            self.repository = Some(context.repository(&self.checked, &self.linted)?.suite);
        } else {
            self.linted = context(None, names).lint(&self.checked, Some(&self.linted));
        }
        Ok(())
    }

    /// Explains the environments that render and are not explained.
    fn explain(
        &mut self,
        files: &dyn Files,
        root: &Path,
        project: &Project,
        options: &Options<'static>,
    ) {
        let is_wanted = |it: &&Checked| {
            let is_known = self.facts.contains_key(&it.name) || self.unexplained.contains(&it.name);
            let may_render = it.rendered.is_ok() || self.stale.contains(&it.name);
            !is_known && may_render
        };
        let wanted = self.checked.iter().filter(is_wanted);
        let wanted: Vec<String> = wanted.map(|it| it.name.clone()).collect();
        // What environments share is read once.
        let files = Cached::new(files);
        let facts = wanted.par_iter().map(|name| {
            let environment = project.environment(&files, name).ok()?;
            let explained = explain_environment(&files, root, project, &environment, options);
            Some(Facts::new(name, root, explained.ok()?))
        });
        let facts: Vec<Option<Facts>> = facts.collect();
        for (name, facts) in wanted.into_iter().zip(facts) {
            match facts {
                Some(facts) => {
                    self.earlier.remove(&name);
                    self.facts.insert(name, facts);
                }
                None => drop(self.unexplained.insert(name)),
            }
        }
    }

    fn found(&self, root: &Path) -> Found {
        let mut suites: Vec<Suite> = self.repository.iter().cloned().collect();
        let own = self.checked.iter().map(|it| it.suite.clone());
        let mut own: Vec<Suite> = own.collect();
        self.linted.add_to(suites.first_mut(), &mut own);
        suites.extend(own);
        if let Some(finding) = &self.broken {
            suites.push(Suite {
                name: "repository".to_owned(),
                file: "kustom.yaml".to_owned(),
                checks: vec![Check::ran("render", vec![finding.clone()])],
            });
        }
        Found {
            root: root.to_path_buf(),
            report: Report {
                suites,
                ..Report::default()
            },
            environments: self.checked.len(),
        }
    }
}

impl Loner {
    fn of(files: &dyn Files, directory: &Path, options: &Options<'static>) -> Self {
        let recording = Recording::new(files);
        let (findings, facts) = match explained(&recording, directory, options) {
            Ok(explained) => (
                explained.findings().to_vec(),
                Some(Facts::new("", directory, explained)),
            ),
            Err(error) => (vec![finding_of("render", &error)], None),
        };
        Self {
            accesses: recording.accesses(),
            findings,
            facts,
        }
    }
}

/// A kustomization by itself, explained.
fn explained(files: &dyn Files, directory: &Path, options: &Options<'_>) -> Result<Explained> {
    let options = build::Options {
        release: options.release.unwrap_or_default(),
        restriction: options.restriction,
        plugins: options.plugins.clone(),
        ..build::Options::default()
    };
    explain::directory(files, directory, directory, &options)
}

/// The options of a server: nothing is written, and placeholders stand for secrets.
pub(super) fn quiet(mut options: Options<'static>) -> Options<'static> {
    options.secrets = options.secrets.or(Some(Secrets::Placeholder));
    // Nothing is written into the work tree, not even charts.
    options.plugins.helm.charts = Some(std::sync::Arc::default());
    options
}

/// Whether the result of a build may be another if a file is: it was asked for, or a directory
/// above it was listed.
fn depends(accesses: &BTreeMap<PathBuf, Accesses>, path: &Path) -> bool {
    let is_listed = |directory: &Path, is_parent: bool| {
        let accesses = accesses.get(directory);
        accesses.is_some_and(|it| it.walked || it.handed_over || is_parent && it.listed)
    };
    accesses.contains_key(path)
        || path
            .ancestors()
            .skip(1)
            .enumerate()
            .any(|(distance, directory)| is_listed(directory, distance == 0))
}

/// The root of the project that a directory belongs to; one whose settings are broken is one, too.
fn root_of(files: &dyn Files, directory: &Path) -> Option<PathBuf> {
    match Project::find_if_any(files, directory) {
        Ok(project) => Some(project?.root),
        Err(_) => {
            let mut above = directory.ancestors();
            let is_root = |it: &&Path| files.resolve(&it.join("kustom.yaml")).is_ok();
            above.find(is_root).map(Path::to_path_buf)
        }
    }
}
