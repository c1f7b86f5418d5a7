//! Environments that are Flux objects: found from the entries of `flux` in `kustom.yaml`, or in one
//! file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::object_findings::findings_of_objects;
use super::settings::{Step, place_at};
use super::{Environment, Options, PROJECT_FILE, Project, Rendered, is_dir};
use crate::build::Observer;
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::{Finding, Severity};
use crate::flux::{
    BuildOptions, Charts, Cluster, FluxKustomization, Found, Search, Tree, build_flux_observed,
};
use crate::load::{FileKind, Files, Memory, WorkTree, unreadable};
use crate::place::SourceId;
use crate::yaml::{Wildcards, matches_pattern, read_manifests};

/// What makes an environment of a Flux `Kustomization`.
#[derive(Clone, Debug)]
pub struct FluxEnvironment {
    /// The object.
    pub kustomization: FluxKustomization,
    /// The root of its source.
    pub root: PathBuf,
    /// The root of the repository, which sources of charts are in.
    pub repository: PathBuf,
    /// The addresses of the repository, as far as they are known.
    pub addresses: Vec<String>,
    /// What the cluster has.
    pub cluster: Arc<Cluster>,
    /// Whether a variable must have a value.
    pub strict: bool,
    /// Whether `spec.commonMetadata` is set, as when it is applied.
    pub applied: bool,
}

/// How the object of a file is rendered.
#[derive(Clone, Copy, Debug)]
pub struct FluxFile<'f> {
    /// Files with ConfigMaps and Secrets of the cluster.
    pub values: &'f [PathBuf],
    /// Whether a variable must have a value.
    pub strict: bool,
    /// Whether `spec.commonMetadata` is set, as when it is applied.
    pub applied: bool,
}

/// What was found for a project; it is looked for once.
#[derive(Clone, Default)]
pub(super) struct Discovered(Arc<OnceLock<Known>>);

#[derive(Default)]
struct Known {
    environments: BTreeMap<String, (Found, Arc<Cluster>)>,
    repository: PathBuf,
    addresses: Vec<String>,
    failed: BTreeMap<String, Error>,
    findings: Vec<Finding>,
}

impl fmt::Debug for Discovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovered").finish_non_exhaustive()
    }
}

impl Project {
    /// The Flux objects of the project.
    fn discovered(&self, files: &dyn Files) -> &Known {
        self.discovered.0.get_or_init(|| {
            if self.flux.is_empty() {
                return Known::default();
            }
            // What is found here is no business of the environment that asks first.
            let files = files.unrecorded().unwrap_or(files);
            self.discover(files).unwrap_or_else(|error| {
                let failed = BTreeMap::from([("flux".to_owned(), error)]);
                Known {
                    failed,
                    ..Known::default()
                }
            })
        })
    }

    fn discover(&self, files: &dyn Files) -> Result<Known> {
        let (root, addresses) = repository_of(&self.root)?;
        let mut cluster = Cluster::default();
        for name in &self.flux_variables {
            let path = self.root.join(name);
            let shown = self.shown(&path);
            let bytes = self.read_own(files, &path).map_err(|cause| {
                self.at_setting(files, unreadable(&shown, cause), "fluxVariables")
            })?;
            add_values(&mut cluster, &bytes, &path, &shown)?;
        }
        let mut known = Known::default();
        let mut entries = Vec::new();
        for (index, pattern) in self.flux.iter().enumerate() {
            let found = expanded(files, &self.root, pattern);
            if found.is_empty() {
                let error = Error::new(Kind::Project, format!("nothing fits `{pattern}`"));
                let way = [Step::Field("flux"), Step::Item(index)];
                let place = place_at(files, &self.root.join(PROJECT_FILE), &way);
                let error = error
                    .at(self.place(place))
                    .help("an entry is a directory that a cluster is bootstrapped with");
                known.failed.insert(pattern.clone(), error);
            }
            entries.extend(found);
        }
        let search = Search {
            root: &root,
            entries: &entries,
            cluster: &cluster,
            addresses: &addresses,
        };
        let mut tree = Tree::search(files, &search);
        for (entry, error) in std::mem::take(&mut tree.failed) {
            let error = error.rename_files(|file| self.shown(&root.join(file)).into());
            let error = error.note(format!("`{entry}` is an entry of `flux`"), None);
            known.failed.insert(entry, error);
        }
        for (found, source) in &tree.foreign {
            let message = format!(
                "the Flux Kustomization `{}` builds files of {} `{}`, which is not this repository",
                found.kustomization.name, source.kind, source.name
            );
            known
                .findings
                .push(self.finding("foreign-source", Severity::Note, message, found));
        }
        let dependencies = self.missing_dependencies(&tree);
        known.findings.extend(dependencies);
        let views: BTreeMap<String, Arc<Cluster>> = tree
            .views()
            .into_iter()
            .map(|(entry, cluster)| (entry, Arc::new(cluster)))
            .collect();
        for (name, found) in named(tree.found) {
            let cluster = views.get(&found.entry).cloned().unwrap_or_default();
            known.environments.insert(name, (found, cluster));
        }
        (known.repository, known.addresses) = (root, addresses);
        Ok(known)
    }

    /// Those that wait for one that is not there, or for themselves.
    fn missing_dependencies(&self, tree: &Tree) -> Vec<Finding> {
        let all = || {
            tree.found
                .iter()
                .chain(tree.foreign.iter().map(|(found, _)| found))
        };
        let find = |entry: &str, namespace: &str, name: &str| {
            all().find(|found| {
                let one = &found.kustomization;
                found.entry == entry && one.namespace == namespace && one.name == name
            })
        };
        let mut findings = Vec::new();
        for found in &tree.found {
            for (namespace, name, node) in found.kustomization.dependencies() {
                if find(&found.entry, &namespace, &name).is_some() {
                    continue;
                }
                let message = format!(
                    "the Flux Kustomization `{}` waits for `{namespace}/{name}`, which is not there",
                    found.kustomization.name
                );
                let mut finding =
                    self.finding("missing-dependency", Severity::Warning, message, found);
                if let Some(place) = &mut finding.place {
                    place.span = node.span;
                }
                let near = all()
                    .filter(|other| other.entry == found.entry)
                    .map(|other| other.kustomization.name.as_str());
                finding.help = Some(match nearest(&name, near) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "it is never applied; correct `dependsOn`, or add what it names".into(),
                });
                findings.push(finding);
            }
            if let Some(circle) = circle(found, &find) {
                let message = format!(
                    "Flux Kustomizations wait for each other: {}",
                    circle.join(" waits for ")
                );
                findings.push(
                    self.finding("missing-dependency", Severity::Warning, message, found)
                        .help("none of them is ever applied; take one `dependsOn` away"),
                );
            }
        }
        findings
    }

    fn finding(
        &self,
        rule: &'static str,
        severity: Severity,
        message: String,
        found: &Found,
    ) -> Finding {
        let one = &found.kustomization;
        let mut place = crate::place::Place::from(one.object().span);
        place.file = one.file.as_ref().map(|file| self.shown(file).into());
        Finding::new(rule, severity, message).at(place)
    }

    fn at_setting(&self, files: &dyn Files, error: Error, field: &str) -> Error {
        let way = [Step::Field(field)];
        error.at(self.place(place_at(files, &self.root.join(PROJECT_FILE), &way)))
    }

    /// The names of the environments that Flux objects are.
    pub(super) fn flux_names(&self, files: &dyn Files) -> Vec<String> {
        let known = self.discovered(files);
        let names = known.environments.keys().chain(known.failed.keys());
        names.cloned().collect()
    }

    /// What was noticed as Flux objects were looked for.
    pub fn flux_findings(&self, files: &dyn Files) -> Vec<Finding> {
        self.discovered(files).findings.clone()
    }

    /// An environment that a Flux object is.
    ///
    /// # Errors
    ///
    /// If an entry of that name cannot be built.
    pub(super) fn flux_environment(
        &self,
        files: &dyn Files,
        name: &str,
    ) -> Result<Option<Environment>> {
        let known = self.discovered(files);
        if let Some(error) = known.failed.get(name) {
            return Err(error.without_source());
        }
        let Some((found, cluster)) = known.environments.get(name) else {
            return Ok(None);
        };
        // Whoever records is told of what decides what it is.
        for path in &found.reads {
            let _ = files.read(path);
        }
        let flux = FluxEnvironment {
            kustomization: found.kustomization.clone(),
            root: found.root.clone(),
            repository: known.repository.clone(),
            addresses: known.addresses.clone(),
            cluster: Arc::clone(cluster),
            strict: self.flux_strict,
            applied: true,
        };
        environment(name, flux).map(Some)
    }
}

fn environment(name: &str, flux: FluxEnvironment) -> Result<Environment> {
    let directory = flux.root.join(flux.kustomization.directory()?);
    Ok(Environment {
        flux: Some(Arc::new(flux)),
        ..Environment::of_object(name, directory)
    })
}

/// The environment that a file with a Flux `Kustomization` is, and the project that it is in.
///
/// `name` says which, if there are several in the file.
///
/// # Errors
///
/// If the file holds none, or several and no name is given.
pub fn flux_file(
    files: &dyn Files,
    here: &Path,
    file: &Path,
    name: Option<&str>,
    how: FluxFile<'_>,
) -> Result<(Project, Environment)> {
    let path = here.join(file);
    let shown = file.display().to_string();
    let read =
        |path: &Path, shown: &str| files.read(path).map_err(|cause| unreadable(shown, cause));
    let bytes = read(&path, &shown)?;
    let source = SourceId::new(0);
    let in_file = |error: Error| error.name_files(|_| Some(shown.as_str().into()));
    let documents = read_manifests(&bytes, source).map_err(in_file)?.documents;
    let mut all = Vec::new();
    for document in documents.into_iter().filter(FluxKustomization::is) {
        let real = files.resolve(&path).map_or(path.clone(), |(real, _)| real);
        all.push(FluxKustomization::new(document, Some(real)).map_err(in_file)?);
    }
    let names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    let wanted = match name {
        Some(name) => all.into_iter().find(|one| one.name == name),
        None if all.len() == 1 => all.pop(),
        None => None,
    };
    let Some(kustomization) = wanted else {
        let error = match names.is_empty() {
            true => Error::new(
                Kind::Project,
                format!("`{shown}` holds no Flux Kustomization"),
            )
            .help("one says `apiVersion: kustomize.toolkit.fluxcd.io/v1`"),
            false => Error::new(
                Kind::Project,
                format!("`{shown}` holds several Flux Kustomizations"),
            )
            .help(format!("name one of `{}`", names.join("`, `"))),
        };
        return Err(error);
    };
    let mut cluster = Cluster::default();
    for name in how.values {
        let shown = name.display().to_string();
        let path = here.join(name);
        add_values(&mut cluster, &read(&path, &shown)?, &path, &shown)?;
    }
    let (root, addresses) = repository_of(here)?;
    let project = match Project::find_if_any(files, here)? {
        Some(project) => project,
        None => Project::by_convention(files, &root, root.clone()).seen_from(here),
    };
    let flux = FluxEnvironment {
        repository: root.clone(),
        root,
        addresses,
        cluster: Arc::new(cluster),
        strict: how.strict,
        applied: how.applied,
        kustomization,
    };
    let name = flux.kustomization.name.clone();
    Ok((project, environment(&name, flux)?))
}

/// Renders an environment that a Flux object is.
pub(super) fn rendered(
    files: &dyn Files,
    working_directory: &Path,
    (project, environment): (&Project, &Environment),
    flux: &FluxEnvironment,
    options: &Options<'_>,
    observer: Option<&mut dyn Observer>,
) -> Result<Rendered> {
    // What is told of it is told with its lines.
    if let (Some(_), Some(file)) = (&observer, &flux.kustomization.file) {
        let _ = files.read(file);
    }
    let plugins = project.helm.allowed(options.plugins.clone());
    let release = options.release.or(project.kustomize_release);
    let build = BuildOptions {
        root: &flux.root,
        cluster: &flux.cluster,
        strict: flux.strict,
        applied: flux.applied,
        lint: options.lint,
        charts: Some(Charts {
            root: &flux.repository,
            addresses: &flux.addresses,
            plugins: &plugins,
            release: release.unwrap_or_default(),
        }),
        bases: options.bases.as_ref(),
    };
    let built = build_flux_observed(
        files,
        working_directory,
        &flux.kustomization,
        build,
        observer,
    )?;
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

/// Adds the ConfigMaps and Secrets of a file; those that say no namespace are Flux's own.
fn add_values(cluster: &mut Cluster, bytes: &[u8], path: &Path, shown: &str) -> Result<()> {
    let in_file = |error: Error| error.name_files(|_| Some(shown.into()));
    let source = SourceId::new(0);
    for document in read_manifests(bytes, source).map_err(in_file)?.documents {
        cluster
            .add(&document, "flux-system", Some(path))
            .map_err(in_file)?;
    }
    Ok(())
}

/// The root of the repository that a directory is in, and its addresses; the directory itself where
/// there is none.
pub(super) fn repository_of(directory: &Path) -> Result<(PathBuf, Vec<String>)> {
    Ok(match WorkTree::discover(directory)? {
        Some(tree) if !tree.is_bare() => (tree.root().to_path_buf(), tree.remotes()),
        _ => (directory.to_path_buf(), Vec::new()),
    })
}

/// What fits a pattern, with `*` for any text within a name.
pub(super) fn expanded(files: &dyn Files, root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".")) {
        let mut next = Vec::new();
        for directory in found {
            if !part.contains('*') {
                next.push(directory.join(part));
                continue;
            }
            let names = files.list(&directory).unwrap_or_default().into_iter();
            let fitting = names.filter(|name| {
                !name.starts_with('.') && matches_pattern(part, name, Wildcards::Star)
            });
            next.extend(fitting.map(|name| directory.join(name)));
        }
        found = next;
    }
    let is_entry = |path: &PathBuf| {
        is_dir(files, path)
            || matches!(files.resolve(path), Ok((_, FileKind::File)))
                && path
                    .extension()
                    .is_some_and(|it| it == "yaml" || it == "yml")
    };
    found.retain(is_entry);
    found
}

/// A name for each, as short as tells them apart: name, namespace/name, entry/name,
/// entry/namespace/name.
fn named(found: Vec<Found>) -> Vec<(String, Found)> {
    let forms = |found: &Found| {
        let (one, entry) = (&found.kustomization, &found.entry);
        let last = entry.rsplit('/').next().unwrap_or_default();
        let last = last.trim_end_matches(".yaml").trim_end_matches(".yml");
        [
            one.name.clone(),
            format!("{}/{}", one.namespace, one.name),
            format!("{last}/{}", one.name),
            format!("{last}/{}/{}", one.namespace, one.name),
            format!("{entry}/{}/{}", one.namespace, one.name),
        ]
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &found {
        for form in forms(one) {
            *counts.entry(form).or_default() += 1;
        }
    }
    let with_names = found.into_iter().map(|one| {
        let forms = forms(&one);
        let short = forms.iter().find(|form| counts.get(*form) == Some(&1));
        (short.unwrap_or(&forms[4]).clone(), one)
    });
    with_names.collect()
}

/// The names of those that wait for each other, if one waits for itself; told at the first of them.
fn circle<'f>(
    found: &'f Found,
    find: &dyn Fn(&str, &str, &str) -> Option<&'f Found>,
) -> Option<Vec<String>> {
    let id = |found: &Found| {
        (
            found.kustomization.namespace.clone(),
            found.kustomization.name.clone(),
        )
    };
    let start = id(found);
    let mut ways = vec![vec![found]];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(way) = ways.pop() {
        let last = way[way.len() - 1];
        for (namespace, name, _) in last.kustomization.dependencies() {
            let Some(next) = find(&found.entry, &namespace, &name) else {
                continue;
            };
            if id(next) == start {
                let is_first = way.iter().all(|one| id(one) >= start);
                let names = way
                    .iter()
                    .chain([&next])
                    .map(|one| format!("`{}`", one.kustomization.name));
                return is_first.then(|| names.collect());
            }
            if seen.insert(id(next)) {
                let mut longer = way.clone();
                longer.push(next);
                ways.push(longer);
            }
        }
    }
    None
}
