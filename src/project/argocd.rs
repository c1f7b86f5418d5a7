//! Environments that are Applications of Argo CD: found from the entries of `argocd` in
//! `kustom.yaml`, those that an ApplicationSet makes or another Application renders included.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::flux::{expanded, repository_of};
use super::object_findings::findings_of_objects;
use super::settings::{Step, place_at};
use super::{Environment, Options, PROJECT_FILE, Project, Rendered};
use crate::argocd::{
    self, Application, ApplicationOptions, applications, build_application, is_kind,
};
use crate::build::{self, Built, Observer};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::kustomization::FILE_NAMES;
use crate::load::{FileKind, Files, Memory, unlistable, unreadable};
use crate::place::SourceId;
use crate::plugin::Ksops;
use crate::yaml::{Node, configs, write};

/// How many Applications may lead to each other.
const DEEPEST: usize = 10;

/// How many Applications a project may have.
const MOST: usize = 20_000;

/// What makes an environment of an Application.
#[derive(Clone, Debug)]
pub struct ArgoEnvironment {
    /// The object.
    pub application: Application,
    /// The root of its repository.
    pub root: PathBuf,
    /// The addresses of the repository.
    pub addresses: Vec<String>,
}

/// What was found for a project; it is looked for once.
#[derive(Clone, Default)]
pub(super) struct DiscoveredApplications(Arc<OnceLock<Known>>);

impl fmt::Debug for DiscoveredApplications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiscoveredApplications")
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Known {
    environments: BTreeMap<String, Found>,
    failed: BTreeMap<String, Error>,
    findings: Vec<Finding>,
    root: PathBuf,
    addresses: Vec<String>,
}

/// An Application, and the files that say that there is one.
#[derive(Clone)]
struct Found {
    application: Application,
    reads: BTreeSet<PathBuf>,
    /// Whether the names of the whole tree decide what it is.
    is_of_tree: bool,
}

impl Project {
    fn applications(&self, files: &dyn Files) -> &Known {
        self.applications.0.get_or_init(|| {
            if self.argocd.is_empty() {
                return Known::default();
            }
            // What is found here is no business of the environment that asks first.
            let files = files.unrecorded().unwrap_or(files);
            self.discover_applications(files)
                .unwrap_or_else(|error| Known {
                    failed: BTreeMap::from([("argocd".to_owned(), error)]),
                    ..Known::default()
                })
        })
    }

    fn discover_applications(&self, files: &dyn Files) -> Result<Known> {
        let (root, addresses) = repository_of(&self.root)?;
        let mut search = Search {
            project: self,
            files,
            known: Known {
                root,
                addresses,
                ..Known::default()
            },
            found: Vec::new(),
            seen: BTreeSet::new(),
            tree: None,
        };
        for (index, pattern) in self.argocd.iter().enumerate() {
            let entries = expanded(files, &self.root, pattern);
            if entries.is_empty() {
                let error = Error::new(Kind::Project, format!("nothing fits `{pattern}`"));
                let way = [Step::Field("argocd"), Step::Item(index)];
                let place = place_at(files, &self.root.join(PROJECT_FILE), &way);
                let error = error
                    .at(self.place(place))
                    .help("an entry is a file or a directory with Applications or ApplicationSets");
                search.known.failed.insert(pattern.clone(), error);
            }
            for entry in entries {
                search.entry(&entry, 0);
            }
        }
        let Search {
            mut known, found, ..
        } = search;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for one in &found {
            *counts.entry(one.application.name.clone()).or_default() += 1;
        }
        for one in found {
            let app = &one.application;
            let name = match counts.get(&app.name) {
                Some(1) => app.name.clone(),
                _ => format!("{}/{}", app.namespace, app.name),
            };
            if known.environments.insert(name.clone(), one).is_some() {
                let message = format!("there are two Applications `{name}`");
                let error = Error::new(Kind::Project, message)
                    .help("Argo CD takes the last one; give each a name of its own");
                known.failed.insert(name, error);
            }
        }
        Ok(known)
    }

    /// The names of the environments that Applications are.
    pub(super) fn application_names(&self, files: &dyn Files) -> Vec<String> {
        let known = self.applications(files);
        let names = known.environments.keys().chain(known.failed.keys());
        names.cloned().collect()
    }

    /// What was noticed as Applications were looked for.
    pub fn application_findings(&self, files: &dyn Files) -> Vec<Finding> {
        self.applications(files).findings.clone()
    }

    /// An environment that an Application is.
    ///
    /// # Errors
    ///
    /// If an entry of that name cannot be read.
    pub(super) fn application_environment(
        &self,
        files: &dyn Files,
        name: &str,
    ) -> Result<Option<Environment>> {
        let known = self.applications(files);
        if let Some(error) = known.failed.get(name) {
            return Err(error.without_source());
        }
        let Some(found) = known.environments.get(name) else {
            return Ok(None);
        };
        // Whoever records or searches what is read is told of what decides what it is. A walk is for
        // records alone: one through the tree for each environment would cost the most of all.
        for path in &found.reads {
            let _ = files.read(path);
        }
        if found.is_of_tree && files.unrecorded().is_some() {
            let _ = files.walk(&known.root);
        }
        let application = found.application.clone();
        let path = application
            .paths()
            .first()
            .map_or("", |path| path)
            .to_owned();
        Ok(Some(Environment {
            argocd: Some(Arc::new(ArgoEnvironment {
                application,
                root: known.root.clone(),
                addresses: known.addresses.clone(),
            })),
            ..Environment::of_object(name, known.root.join(path))
        }))
    }
}

/// How what Applications are made of is built: nothing is decrypted, and nothing runs.
fn discovery() -> build::Options {
    let mut options = build::Options::default();
    options.plugins.ksops = Ksops::Ciphertext;
    options
}

struct Search<'s> {
    project: &'s Project,
    files: &'s dyn Files,
    known: Known,
    found: Vec<Found>,
    /// The directories that were looked at.
    seen: BTreeSet<PathBuf>,
    tree: Option<argocd::Tree<'s>>,
}

impl Search<'_> {
    /// A file, or all files of a directory and those below it.
    fn entry(&mut self, path: &Path, depth: usize) {
        let shown = self.project.shown(path);
        let result = match self.files.resolve(path) {
            Ok((_, FileKind::File)) => self.file(path),
            Ok((_, FileKind::Directory)) if self.is_built(path) => self.built(path),
            // A link may lead to a directory that was looked at, or back up.
            Ok((real, FileKind::Directory))
                if depth < DEEPEST * DEEPEST && self.seen.insert(real.clone()) =>
            {
                let names = self
                    .files
                    .list(path)
                    .map_err(|cause| unlistable(path, &shown, cause));
                names.map(|names| {
                    for name in names {
                        let is_manifest = [".yaml", ".yml", ".json"]
                            .iter()
                            .any(|end| name.ends_with(end));
                        let below = path.join(&name);
                        let is_directory = super::is_dir(self.files, &below);
                        if !name.starts_with('.') && (is_manifest || is_directory) {
                            self.entry(&below, depth + 1);
                        }
                    }
                })
            }
            _ => Ok(()),
        };
        if let Err(error) = result {
            self.known.failed.insert(shown, error);
        }
    }

    /// Whether a directory has a kustomization.
    fn is_built(&self, directory: &Path) -> bool {
        FILE_NAMES
            .iter()
            .any(|name| self.files.resolve(&directory.join(name)).is_ok())
    }

    /// A directory whose Applications are what its kustomization makes; a component makes none.
    fn built(&mut self, directory: &Path) -> Result<()> {
        let mut reads = BTreeSet::new();
        for name in FILE_NAMES {
            let path = directory.join(name);
            let Ok(bytes) = self.files.read(&path) else {
                continue;
            };
            if String::from_utf8_lossy(&bytes).contains("kind: Component") {
                return Ok(());
            }
            reads.insert(path);
        }
        let start = self.project.start.clone();
        let built = build::build(self.files, &start, directory, &discovery())?;
        reads.extend(built.sources.paths());
        self.take(&built, &reads, directory, false, 0, None);
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let shown = self.project.shown(path);
        let bytes = self
            .files
            .read(path)
            .map_err(|cause| unreadable(&shown, cause))?;
        // Most files are no objects of Argo CD, and need not even be YAML.
        if !String::from_utf8_lossy(&bytes).contains(argocd::GROUP) {
            return Ok(());
        }
        let source = SourceId::new(0);
        let in_file = |error: Error| error.name_files(|_| Some(shown.as_str().into()));
        let documents = configs(&bytes, source).map_err(in_file)?;
        let reads = BTreeSet::from([path.to_path_buf()]);
        if documents.iter().any(|node| is_kind(node, "ApplicationSet")) {
            self.set(&bytes, source, path, &reads, 0).map_err(in_file)?;
        }
        for node in documents.iter().filter(|node| is_kind(node, "Application")) {
            self.application(node, path, &reads, false, 0)
                .map_err(in_file)?;
        }
        Ok(())
    }

    fn set(
        &mut self,
        bytes: &[u8],
        source: SourceId,
        path: &Path,
        reads: &BTreeSet<PathBuf>,
        depth: usize,
    ) -> Result<()> {
        if self.tree.is_none() {
            self.tree = Some(argocd::Tree::read(self.files, &self.known.root)?);
        }
        let Some(tree) = &self.tree else {
            return Ok(());
        };
        let made = applications(bytes, source, tree)?;
        let shown = self.project.shown(path);
        for mut finding in made.findings {
            for place in finding.places_mut() {
                place.file.get_or_insert_with(|| shown.as_str().into());
            }
            self.known.findings.push(finding);
        }
        for node in &made.applications {
            self.application(node, path, reads, true, depth)?;
        }
        Ok(())
    }

    fn application(
        &mut self,
        node: &Node,
        path: &Path,
        reads: &BTreeSet<PathBuf>,
        is_of_tree: bool,
        depth: usize,
    ) -> Result<()> {
        let application = Application::new(node, Some(path.to_path_buf()))?;
        let is_known = self.found.iter().any(|found| {
            let known = &found.application;
            known.name == application.name
                && known.namespace == application.namespace
                && known.file == application.file
        });
        if is_known {
            return Ok(());
        }
        if self.found.len() >= MOST {
            let message = format!("there are more than {MOST} Applications");
            return Err(Error::new(Kind::Limit, message));
        }
        let found = Found {
            application,
            reads: reads.clone(),
            is_of_tree,
        };
        self.found.push(found.clone());
        if depth < DEEPEST && self.may_lead_on(&found.application) {
            self.below(&found, depth + 1);
        }
        Ok(())
    }

    /// Whether a file of its sources speaks of Argo CD.
    fn may_lead_on(&self, application: &Application) -> bool {
        application.paths().iter().any(|path| {
            let directory = self.known.root.join(path);
            let below = self.files.walk(&directory).unwrap_or_default();
            below.iter().take(MOST).any(|name| {
                let ends = ["yaml", "yml", "json", "tpl"];
                let is_text = name
                    .extension()
                    .is_some_and(|it| ends.iter().any(|end| it == *end));
                is_text
                    && self.files.read(&directory.join(name)).is_ok_and(|bytes| {
                        let text = String::from_utf8_lossy(&bytes);
                        text.contains(argocd::GROUP) && text.contains("kind: Application")
                    })
            })
        })
    }

    /// How an Application is rendered for those that it makes: its chart, too, if the project allows
    /// helm by itself.
    fn options_below(&self) -> build::Options {
        let mut options = discovery();
        options.plugins = self.project.helm.allowed(options.plugins);
        options.plugins.helm.charts = Some(Arc::default());
        options
    }

    /// The Applications that an Application renders. What it cannot render is said as it is rendered.
    fn below(&mut self, found: &Found, depth: usize) {
        let options = ApplicationOptions {
            root: &self.known.root,
            addresses: &self.known.addresses,
            build: self.options_below(),
        };
        let root = self.known.root.clone();
        let built = build_application(self.files, &root, &found.application, &options, None);
        let Ok(built) = built else {
            return;
        };
        let file = found.application.file.clone().unwrap_or_default();
        let name = Some(found.application.name.as_str());
        self.take(&built, &found.reads, &file, found.is_of_tree, depth, name);
    }

    /// Takes the objects of Argo CD's that were built, by an Application if one is named.
    fn take(
        &mut self,
        built: &Built,
        reads: &BTreeSet<PathBuf>,
        file: &Path,
        is_of_tree: bool,
        depth: usize,
        by: Option<&str>,
    ) {
        for resource in &built.resources {
            let is_application = is_kind(&resource.node, "Application");
            if !is_application && !is_kind(&resource.node, "ApplicationSet") {
                continue;
            }
            let path = built
                .sources
                .path(resource.node.span)
                .map_or(file.to_path_buf(), Path::to_path_buf);
            let mut reads = reads.clone();
            reads.insert(path.clone());
            let mut text = String::new();
            let result = if write(&resource.node, &mut text).is_err() {
                Ok(())
            } else if is_application {
                self.application(&resource.node, &path, &reads, is_of_tree, depth)
            } else {
                self.set(text.as_bytes(), SourceId::NONE, &path, &reads, depth)
            };
            if let Err(error) = result {
                let error = match by {
                    Some(name) => error.note(format!("rendered by the Application `{name}`"), None),
                    None => error,
                };
                let name = resource.id().name.clone();
                let shown = self.project.shown(&path);
                let key = match self.known.failed.contains_key(&shown) {
                    true => format!("{shown}: {name}"),
                    false => shown,
                };
                self.known.failed.insert(key, error);
            }
        }
    }
}

/// Renders an environment that an Application is.
pub(super) fn rendered(
    files: &dyn Files,
    working_directory: &Path,
    (project, environment): (&Project, &Environment),
    argo: &ArgoEnvironment,
    options: &Options<'_>,
    observer: Option<&mut dyn Observer>,
) -> Result<Rendered> {
    // What is told of it is told with its lines.
    if let (Some(_), Some(file)) = (&observer, &argo.application.file) {
        let _ = files.read(file);
    }
    let release = options.release.or(project.kustomize_release);
    let mut plugins = options.plugins_of(project);
    // A chart that is fetched is gone with the command.
    plugins.helm.charts.get_or_insert_with(Arc::default);
    let build = ApplicationOptions {
        root: &argo.root,
        addresses: &argo.addresses,
        build: build::Options {
            release: release.unwrap_or_default(),
            restriction: options.restriction,
            plugins,
            lint: options.lint,
            bases: options.bases.clone(),
            ..build::Options::default()
        },
    };
    let application = &argo.application;
    let built = build_application(files, working_directory, application, &build, observer)?;
    let text = built.to_yaml()?;
    let mut findings = findings_of_objects(files, &built, project, environment)?;
    findings.extend(built.findings);
    Ok(Rendered {
        resources: built.resources,
        findings,
        text,
        files: Memory::default(),
        sources: built.sources,
    })
}
