//! Collects the objects to judge, from environments, kustomizations, files and stdin.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kustom::build;
use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::kustomization::FILE_NAMES;
use kustom::lint::Foreign;
use kustom::load::{Disk, Files, LookupCache, Overlay, Revision, Sources, display_from};
use kustom::place::{Place, SourceId};
use kustom::project::{self, Environment, GuardPolicy, Project, Secrets, render};
use kustom::regexp;
use kustom::report;
use kustom::resource::{History, Resource};
use kustom::schema::Schema;
use kustom::validation::{Exception, Exceptions, Version, take_items};
use kustom::yaml::{Node, manifests, repeated_key};

use super::output::stdin;
use super::run_overrides::RunOverrides;

/// Which objects are judged.
#[derive(Debug, clap::Args)]
pub(super) struct ObjectArguments {
    /// Environments, directories with a kustomization, directories and files of manifests, or `-`
    /// for stdin; without any, all environments.
    #[arg(value_name = "ENV|DIR|FILE")]
    pub(super) targets: Vec<String>,
    /// A file of manifests, a directory of such, or `-` for stdin; may be repeated.
    #[arg(short, long = "filename", value_name = "FILE")]
    pub(super) filenames: Vec<String>,
    /// Files of directories to leave out, by a regular expression that fits a part of the path; may be
    /// repeated.
    #[arg(long, value_name = "REGEXP", value_parser = regexp::compile)]
    ignore_filename_pattern: Vec<regex::Regex>,
    #[command(flatten)]
    pub(super) overrides: RunOverrides,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    /// Whether builds look for what is lost without a word.
    #[arg(skip)]
    pub(super) lint: bool,
}

/// What a run is told not to find, by the words of `--ignore`.
pub(super) fn ignored<'w>(words: impl IntoIterator<Item = &'w String>) -> Result<Exceptions> {
    let exceptions = words.into_iter().map(|word| {
        Exception::parse(word).map_err(|why| {
            Error::new(Kind::Project, format!("`--ignore {word}` is wrong: {why}")).help(
                "it takes a rule, `KIND/NAME`, a field such as `spec.replicas`, or \
                 `KIND/NAME:FIELD`",
            )
        })
    });
    Ok(Exceptions::new(exceptions.collect::<Result<_>>()?))
}

/// What is judged together.
#[derive(Debug)]
pub(super) enum Target {
    Environment(String),
    Kustomization(PathBuf),
    /// Files that are applied together: one, or those below a directory.
    Manifests(String, Vec<PathBuf>),
    Stdin,
}

impl Target {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Environment(name) | Self::Manifests(name, _) => name.clone(),
            Self::Kustomization(path) => path.display().to_string(),
            Self::Stdin => "stdin".to_owned(),
        }
    }
}

/// Objects, with the names of their files.
pub(super) struct Objects {
    pub(super) resources: Vec<Resource>,
    names: Names,
    /// The kustomization, for what was read nowhere: generated objects.
    kustomization: Option<Arc<str>>,
    /// The versions of Kubernetes that an environment says they are for.
    pub(super) versions: Vec<Version>,
    /// What is wrong with the text of files itself, so that there are no objects.
    pub(super) broken: Vec<Finding>,
    /// What the build, or the render, has found.
    pub(super) found: Vec<Finding>,
    /// Whether the values of its Secrets are its own, and nothing stands in for them.
    pub(super) is_filled: bool,
}

/// The names of the files that objects come from.
enum Names {
    Built(Sources),
    Read(Vec<Arc<str>>),
}

impl ObjectArguments {
    /// Whether all environments are judged.
    pub(super) fn is_whole(&self) -> bool {
        self.targets.is_empty() && self.filenames.is_empty()
    }

    /// The environments of the project around, if there is one, that are none of the targets.
    pub(super) fn other_environments(
        &self,
        files: &LookupCache,
        here: &Path,
        targets: &[Target],
    ) -> Result<Vec<Target>> {
        let project = self.project_around(files, here)?;
        let names = project.map_or_else(Vec::new, |project| project.names(files));
        let is_target = |name: &String| {
            let mut targets = targets.iter();
            targets.any(|target| matches!(target, Target::Environment(known) if known == name))
        };
        let others = names.into_iter().filter(|name| !is_target(name));
        Ok(others.map(Target::Environment).collect())
    }

    /// The environments of a revision that are not there any more.
    pub(super) fn gone(
        &self,
        files: &LookupCache,
        here: &Path,
        revision: &str,
    ) -> Result<Vec<String>> {
        let now = super::project::find(files, here, self.directory.as_deref())?;
        let tree = Revision::open(&now.root, revision)?.allowing(files.allowed());
        let Ok(Some(then)) = Project::find_if_any(&tree, &now.root) else {
            return Ok(Vec::new());
        };
        let known = now.names(files);
        let names = then.names(&tree).into_iter();
        Ok(names.filter(|name| !known.contains(name)).collect())
    }

    /// The targets without those that are gone but are in a revision, and these.
    pub(super) fn apart_from_gone(
        &self,
        files: &LookupCache,
        here: &Path,
        targets: Vec<Target>,
        revision: &str,
    ) -> Result<(Vec<Target>, Vec<Target>)> {
        let (mut left, mut gone) = (Vec::new(), Vec::new());
        for target in targets {
            match self.as_gone(files, here, &target, revision)? {
                Some(before) => gone.push(before),
                None => left.push(target),
            }
        }
        Ok((left, gone))
    }

    /// What a target was in a revision, if it is there no more.
    fn as_gone(
        &self,
        files: &LookupCache,
        here: &Path,
        target: &Target,
        revision: &str,
    ) -> Result<Option<Target>> {
        match target {
            Target::Environment(name) => {
                let project = self.project_around(files, here)?;
                if let Some(now) = project {
                    if now.names(files).contains(name) {
                        return Ok(None);
                    }
                    let tree = Revision::open(&now.root, revision)?.allowing(files.allowed());
                    let then = Project::find_if_any(&tree, &now.root).ok().flatten();
                    if then.is_some_and(|then| then.names(&tree).contains(name)) {
                        return Ok(Some(Target::Environment(name.clone())));
                    }
                }
                let path = here.join(name);
                let tree = Revision::open(nearest_directory(&path), revision)?;
                let mut names = FILE_NAMES.iter();
                let was_there = names.any(|file| tree.resolve(&path.join(file)).is_ok());
                Ok(was_there.then(|| Target::Kustomization(PathBuf::from(name))))
            }
            Target::Manifests(name, paths) => {
                if paths.iter().any(|path| here.join(path).exists()) {
                    return Ok(None);
                }
                let was_there = |path: &PathBuf| {
                    let path = here.join(path);
                    let tree = Revision::open(nearest_directory(&path), revision)?;
                    Ok(tree.resolve(&path).is_ok())
                };
                let there = paths.iter().map(was_there).collect::<Result<Vec<_>>>()?;
                let is_gone = !there.is_empty() && there.contains(&true);
                Ok(is_gone.then(|| Target::Manifests(name.clone(), paths.clone())))
            }
            Target::Kustomization(_) | Target::Stdin => Ok(None),
        }
    }

    fn project_around(&self, files: &LookupCache, here: &Path) -> Result<Option<Project>> {
        let start = match &self.directory {
            Some(directory) => here.join(directory),
            None => here.to_path_buf(),
        };
        Project::find_if_any(files, &start)
    }

    pub(super) fn targets(&self, files: &LookupCache, here: &Path) -> Result<Vec<Target>> {
        let named = self.filenames.iter().map(|name| (name, true));
        let named: Vec<_> = named
            .chain(self.targets.iter().map(|it| (it, false)))
            .collect();
        if named.is_empty() {
            let project = super::project::find(files, here, self.directory.as_deref())?;
            return Ok(project
                .names(files)
                .into_iter()
                .map(Target::Environment)
                .collect());
        }
        let mut targets = Vec::new();
        for (name, is_file) in named {
            let path = Path::new(name);
            let below = || self.manifests_below(path);
            targets.push(if name == "-" {
                Target::Stdin
            } else if !path.is_dir() && (path.exists() || is_file || is_manifest(path)) {
                Target::Manifests(path.display().to_string(), vec![path.to_owned()])
            } else if path.is_dir() && !is_file && kustomization_in(path).is_some() {
                Target::Kustomization(path.to_owned())
            } else if path.is_dir() && (is_file || !self.is_environment(files, here, name)) {
                Target::Manifests(path.display().to_string(), below()?)
            } else {
                Target::Environment(name.clone())
            });
        }
        Ok(targets)
    }

    /// Whether a name that a directory has, too, is an environment of a project. Where no project says so, the
    /// directory is meant; no convention is asked, since that takes a look at every file.
    fn is_environment(&self, files: &LookupCache, here: &Path, name: &str) -> bool {
        let project = self.project_around(files, here).ok().flatten();
        project.is_some_and(|project| project.names(files).iter().any(|known| known == name))
    }

    pub(super) fn objects(
        &self,
        files: &dyn Files,
        here: &Path,
        target: &Target,
    ) -> Result<Objects> {
        match target {
            Target::Environment(name) => {
                let project = super::project::find(files, here, self.directory.as_deref())?;
                let environment = project.environment(files, name)?;
                self.rendered(here, files, &project, environment)
            }
            Target::Kustomization(path) => self.built(here, files, path),
            Target::Manifests(_, paths) => {
                let mut objects = Objects::read();
                for path in paths {
                    let name = path.display().to_string();
                    let bytes = files
                        .read(path)
                        .map_err(|error| unreadable(&name, &error))?;
                    objects.add(&bytes, name);
                }
                Ok(objects)
            }
            Target::Stdin => {
                let most = self.overrides.files()?.largest();
                let bytes = stdin(most).map_err(|error| unreadable("stdin", &error))?;
                let mut objects = Objects::read();
                objects.add(&bytes, "stdin".to_owned());
                Ok(objects)
            }
        }
    }

    /// The objects of a target as of a revision, if it was there.
    pub(super) fn objects_of(
        &self,
        files: &LookupCache,
        here: &Path,
        target: &Target,
        revision: &str,
    ) -> Result<Option<Vec<Resource>>> {
        let as_of = |error: Error| error.elsewhere().note(format!("as of `{revision}`"), None);
        match target {
            Target::Environment(name) => {
                let now = super::project::find(files, here, self.directory.as_deref())?;
                let tree = Revision::open(&now.root, revision)?.allowing(files.allowed());
                let then = Project::find_if_any(&tree, &now.root).map_err(as_of)?;
                let is_there = |then: &Project| then.names(&tree).contains(name);
                let Some(then) = then.filter(is_there) else {
                    return Ok(None);
                };
                let mut environment = then.environment(&tree, name).map_err(as_of)?;
                // What is compared need not be fit to be deployed.
                environment.settings.strict = Some(false);
                environment.settings.guard = Some(GuardPolicy::Off);
                // Secrets are not in git: those that are filled in stand on both sides.
                let secrets = environment.directory.join("secrets");
                let overlay = Overlay {
                    upper: super::diff::filled_in(&now.within(files), &secrets)?,
                    lower: &tree,
                };
                let objects = self
                    .rendered(here, &overlay, &then, environment)
                    .map_err(as_of)?;
                Ok(Some(objects.resources))
            }
            Target::Kustomization(path) => {
                let tree = Revision::open(nearest_directory(&here.join(path)), revision)?;
                if tree.resolve(&here.join(path)).is_err() {
                    return Ok(None);
                }
                let objects = self.built(here, &tree, path).map_err(as_of)?;
                Ok(Some(objects.resources))
            }
            Target::Manifests(_, paths) => {
                let mut objects = Objects::read();
                for path in paths {
                    let full = here.join(path);
                    let tree = Revision::open(nearest_directory(&full), revision)?;
                    if let Ok(bytes) = tree.read(&full) {
                        objects.add(&bytes, path.display().to_string());
                    }
                }
                Ok(Some(objects.resources))
            }
            Target::Stdin => Err(Error::new(
                Kind::Project,
                "`--against` cannot know what stdin was before",
            )
            .help("name an environment, a directory or a file")),
        }
    }

    fn rendered(
        &self,
        here: &Path,
        files: &dyn Files,
        project: &Project,
        environment: Environment,
    ) -> Result<Objects> {
        let options = project::Options {
            lint: self.lint,
            ..self.overrides.options(Some(Secrets::Placeholder))?
        };
        let rendered = render(files, here, project, &environment, &options)?;
        let is_secret = |path: &Path| path.components().any(|part| part.as_os_str() == "secrets");
        Ok(Objects {
            is_filled: !rendered.files.iter().any(|(path, _)| is_secret(path)),
            found: rendered.findings,
            resources: rendered.resources,
            names: Names::Built(rendered.sources),
            kustomization: kustomization_in(&environment.directory)
                .map(|path| display_from(here, &path).into()),
            versions: environment.kubernetes_versions(project).to_vec(),
            broken: Vec::new(),
        })
    }

    fn built(&self, here: &Path, files: &dyn Files, path: &Path) -> Result<Objects> {
        let options = self.overrides.options(None)?;
        let options = build::Options {
            release: options.release.unwrap_or_default(),
            restriction: options.restriction,
            plugins: options.plugins,
            lint: self.lint,
            ..build::Options::default()
        };
        let built = build::build(files, here, path, &options)?;
        Ok(Objects {
            is_filled: true,
            found: built.findings,
            resources: built.resources,
            names: Names::Built(built.sources),
            kustomization: kustomization_in(path).map(|path| path.to_string_lossy().into()),
            versions: Vec::new(),
            broken: Vec::new(),
        })
    }

    /// The files of manifests below a directory, in order.
    fn manifests_below(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in walkdir::WalkDir::new(directory).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                Error::new(
                    Kind::Load,
                    format!("`{}` cannot be listed: {error}", directory.display()),
                )
            })?;
            let path = entry.path();
            let shown = path.to_string_lossy();
            let is_ignored = |pattern: &regex::Regex| pattern.is_match(&shown);
            let is_ignored = self.ignore_filename_pattern.iter().any(is_ignored);
            if entry.file_type().is_file() && is_manifest(path) && !is_ignored {
                found.push(path.strip_prefix(".").unwrap_or(path).to_owned());
            }
        }
        if found.is_empty() {
            let message = format!("`{}` has no manifests", directory.display());
            return Err(Error::new(Kind::Load, message)
                .help("name a file, an environment, or a directory with a kustomization"));
        }
        Ok(found)
    }
}

impl Objects {
    fn read() -> Self {
        Self {
            resources: Vec::new(),
            names: Names::Read(Vec::new()),
            kustomization: None,
            versions: Vec::new(),
            broken: Vec::new(),
            found: Vec::new(),
            is_filled: true,
        }
    }

    /// Whether they come from files as they are written.
    pub(super) fn are_written(&self) -> bool {
        matches!(self.names, Names::Read(_))
    }

    /// Adds the objects of a file.
    fn add(&mut self, bytes: &[u8], name: String) {
        let Names::Read(names) = &mut self.names else {
            return;
        };
        let source = SourceId::new(names.len());
        names.push(name.into());
        let mut broken = Vec::new();
        match manifests(bytes, source) {
            Ok(nodes) => {
                let doubles = nodes.iter().filter_map(repeated_key);
                broken.extend(doubles.map(|error| self::broken("duplicate-key", &error)));
                if broken.is_empty() {
                    let schema = Schema::builtin();
                    for node in nodes {
                        self.add_node(node, &schema);
                    }
                }
            }
            Err(error) => broken.push(self::broken("invalid-yaml", &error)),
        }
        for finding in &mut broken {
            // What has no place of its own is about the file.
            finding.place.get_or_insert_with(|| {
                Place::from(kustom::place::Span {
                    source,
                    ..kustom::place::Span::default()
                })
            });
            for place in finding.places_mut() {
                place.file.get_or_insert_with(|| match &self.names {
                    Names::Read(names) => Arc::clone(&names[names.len() - 1]),
                    Names::Built(_) => "".into(),
                });
            }
        }
        self.broken.extend(broken);
    }

    /// Adds an object, or those of a list.
    fn add_node(&mut self, mut node: Node, schema: &Schema) {
        match take_items(&mut node) {
            Some(items) => items
                .into_iter()
                .for_each(|item| self.add_node(item, schema)),
            None => self
                .resources
                .push(Resource::generated(node, History::default(), schema)),
        }
    }

    /// Which of its files others made: none of those that were named.
    pub(super) fn foreign(&self, files: &dyn Files) -> Foreign {
        match &self.names {
            Names::Built(sources) => Foreign::of(&self.resources, sources, files),
            Names::Read(_) => Foreign::default(),
        }
    }

    /// Gives a place its file.
    pub(super) fn locate(&self, place: &mut Place) {
        match &self.names {
            Names::Built(sources) => {
                sources.locate(place);
                if place.file.is_none() {
                    place.file.clone_from(&self.kustomization);
                }
            }
            Names::Read(_) if place.file.is_none() => place.file = self.file(place.span),
            Names::Read(_) => {}
        }
    }

    /// The files that were read, where objects are built.
    pub(super) fn sources(&self) -> Option<&Sources> {
        match &self.names {
            Names::Built(sources) => Some(sources),
            Names::Read(_) => None,
        }
    }

    /// The file that a span is in.
    pub(super) fn file(&self, span: kustom::place::Span) -> Option<Arc<str>> {
        match &self.names {
            Names::Built(sources) => sources.name(span),
            Names::Read(names) => names.get(span.source.index()?).cloned(),
        }
    }

    /// The names of the files that they were built of.
    pub(super) fn built_of(&self, here: &Path) -> HashSet<String> {
        match &self.names {
            Names::Built(sources) => {
                let paths = sources.paths().into_iter();
                paths.map(|path| display_from(here, &path)).collect()
            }
            Names::Read(_) => HashSet::new(),
        }
    }

    /// The files that were read, where objects come from files as they are written.
    pub(super) fn files(&self) -> &[Arc<str>] {
        match &self.names {
            Names::Built(_) => &[],
            Names::Read(names) => names,
        }
    }
}

/// An error of reading as a finding.
fn broken(rule: &'static str, error: &Error) -> Finding {
    let mut finding = report::finding_of(rule, error);
    finding.severity = Severity::Error;
    finding
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::new(Kind::Load, format!("`{name}` cannot be read: {error}"))
}

/// Whether the name of a file says that it holds manifests.
fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["yaml", "yml", "json"].contains(&extension))
}

/// The directory that a path is in or, where that is gone, the one that was around it.
fn nearest_directory(path: &Path) -> &Path {
    let mut around = path.ancestors();
    around.find(|one| one.is_dir()).unwrap_or(path)
}

fn kustomization_in(directory: &Path) -> Option<PathBuf> {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let mut paths = names.iter().map(|name| directory.join(name));
    paths.find(|path| Disk.resolve(path).is_ok())
}
