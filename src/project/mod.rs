//! Projects and environments, and the steps before a build.
//!
//! A project is a directory with a `kustom.yaml`, or one that is laid out by convention. Its
//! environments are directories with a kustomization; what else they need (configs made of the
//! base's by scripts, secrets that are filled in) is made in memory and laid over the disk.

mod argocd;
mod below;
mod boilerplate;
mod ciphertext;
mod configs;
mod extended_files;
mod flux;
mod environment;
mod expected;
mod explained;
mod graph;
mod ignored;
mod inferred;
mod scripted_files;
mod kinds;
mod many;
mod named_secrets;
mod namespaces;
mod object_findings;
mod output;
mod overrides;
mod paths;
mod provenance;
mod reach;
mod remotes;
mod render;
mod script_files;
mod secret_references;
mod secrets;
mod settings;
mod substitution;
mod template_map;
mod templates;
mod read_scan;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::dangling;
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::guard;
use crate::lint::{Linter, Questions, Selection};
use crate::load::{FileKind, Files, Within, display_from, normalized};
use crate::place::Place;
use crate::release::Release;
use crate::validation::{Exceptions, Version, definitions, policies};
use crate::write::is_of_git;
use crate::yaml::Node;

pub use argocd::ArgoEnvironment;
pub use ciphertext::UNDECRYPTED;
pub use configs::{Config, configs};
pub use environment::Environment;
pub use explained::{explain_environment, explain_objects};
pub use flux::{FluxEnvironment, FluxFile, flux_file};
pub use graph::graph_environment;
pub use many::{Many, Shard, render_many};
pub use output::RECORD;
pub use remotes::{VENDOR, visit_remotes};
pub use render::{Options, Rendered, be_strict, render, render_observed};
pub use script_files::ProjectFiles;
pub use secret_references::SecretReference;
pub use secrets::{
    Layout, Question, SecretFile, SecretStub, State, Wanted, committed_secrets, lay_out,
    named_secrets, questions, secret_files,
};
pub use settings::{
    AllowedFinding, Bounds, ConfigSource, DiffSettings, EnvironmentSettings, Expectation,
    GuardPolicy, HelmSettings, IgnoredDifference, ImageOverride, LintSettings, Missing,
    NamespacesInText, ProjectSettings, References, ReplicaOverride, RequiredExpression,
    RequiredSeverity, ScriptUse, Secrets, SubstituteSettings, SubstituteSource, ValidationSettings,
};
pub use templates::{merge_values_file, near_file, values};

pub(crate) use read_scan::own_baseline;
pub(crate) use secrets::explains;
pub(crate) use settings::{Step, nodes, place_at, span_at};
#[cfg(feature = "lsp")]
pub(crate) use settings::{resolved, schema_of};

/// Where the parts of a project are.
#[derive(Clone, Debug)]
pub struct Project {
    /// The directory in which it was found.
    pub root: PathBuf,
    /// The directory of the environments.
    pub environments: PathBuf,
    /// The directory of the base, if there is one.
    pub base: Option<PathBuf>,
    /// The directory of the configs that scripts change, if it is not the base's.
    pub configs: Option<PathBuf>,
    /// The directory of the placeholders for secrets, if there is one.
    pub boilerplate: Option<PathBuf>,
    /// The directory of the rendered files that are kept, if they are.
    pub rendered: Option<PathBuf>,
    /// What the guard leaves alone.
    pub guard: guard::Settings,
    /// What is said of references to what is not rendered.
    pub references: References,
    /// What the cluster has: `KIND/NAME`.
    pub external: Vec<String>,
    /// Definitions of custom resources that are not rendered, relative to the root.
    pub crds: Vec<String>,
    /// Whether the build knows custom kinds, if that is said.
    pub custom_kinds: Option<bool>,
    /// What may stay although it is found.
    pub validation: ValidationSettings,
    /// What lint asks, if checks do.
    pub lint: Option<LintSettings>,
    /// Policies that are not rendered, relative to the root.
    pub policies: Vec<String>,
    /// The versions of Kubernetes that the objects are for.
    pub kubernetes_versions: Vec<Version>,
    /// The release of kustomize whose output is wanted; without it the newest.
    pub kustomize_release: Option<Release>,
    /// How differences are shown.
    pub diff: DiffSettings,
    /// Values for the templates of all environments.
    pub values: Map<String, Value>,
    /// Whether helm charts are inflated, and for which Kubernetes.
    pub helm: HelmSettings,
    /// What clusters are bootstrapped with: directories and files, with `*` in names.
    pub flux: Vec<String>,
    /// Files with ConfigMaps and Secrets of the clusters.
    pub flux_variables: Vec<String>,
    /// Whether Flux refuses a variable without a value.
    pub flux_strict: bool,
    /// Where Applications and ApplicationSets of Argo CD are: directories and files, with `*` in names.
    pub argocd: Vec<String>,
    /// Entries of the two that the repository says by itself: field, entry, and the file that says so.
    inferred: Vec<(&'static str, String, String)>,
    /// The environments that Applications are, once somebody asked.
    applications: argocd::DiscoveredApplications,
    /// The environments that Flux objects are, once somebody asked.
    discovered: flux::Discovered,
    /// The directory that it was looked for from.
    start: PathBuf,
}

/// The file that makes a directory a project.
const PROJECT_FILE: &str = "kustom.yaml";

/// Where environments are by convention.
const ENVIRONMENTS: [&str; 4] = [
    "environments",
    "kustom/environments",
    "overlays",
    "kustom/overlays",
];

impl Project {
    /// Finds the project that a directory belongs to: in it, or in one above it; or what objects of
    /// Flux or Argo CD make of its repository.
    ///
    /// # Errors
    ///
    /// If there is none, or its `kustom.yaml` is wrong.
    pub fn find(files: &dyn Files, start: &Path) -> Result<Self> {
        Self::find_or_infer(files, start)?.ok_or_else(|| {
            Error::new(
                Kind::Project,
                format!("`{}` belongs to no project", start.display()),
            )
            .help(format!(
                "go into the project, name it with `-C DIR`, or begin one with `kustom init`; a \
                 project has a `{PROJECT_FILE}` or a directory `{}`",
                ENVIRONMENTS.join("`, `")
            ))
        })
    }

    /// Finds the project that a directory belongs to, if it belongs to one.
    ///
    /// # Errors
    ///
    /// If its `kustom.yaml` is wrong.
    pub fn find_if_any(files: &dyn Files, start: &Path) -> Result<Option<Self>> {
        for root in start.ancestors() {
            let mut environments = ENVIRONMENTS.iter().map(|name| root.join(name));
            let mut project = if files.resolve(&root.join(PROJECT_FILE)).is_ok() {
                Self::from_settings(files, root, start)?
            } else if let Some(environments) = environments.find(|dir| is_dir(files, dir)) {
                Self::by_convention(files, root, environments)
            } else {
                continue;
            };
            project.start = start.to_path_buf();
            return Ok(Some(project));
        }
        Ok(None)
    }

    fn from_settings(files: &dyn Files, root: &Path, start: &Path) -> Result<Self> {
        let shown = |file: &str| display_from(start, Path::new(file));
        let settings = ProjectSettings::read(&Within::new(files, root), &root.join(PROJECT_FILE))
            .map_err(|error| error.rename_files(|file| shown(file).into()))?;
        let environments = match &settings.environments {
            Some(path) => normalized(&root.join(path)),
            None => ENVIRONMENTS
                .iter()
                .map(|name| root.join(name))
                .find(|directory| is_dir(files, directory))
                .unwrap_or_else(|| root.join(ENVIRONMENTS[0])),
        };
        paths::check(files, root, &settings)
            .map_err(|error| error.rename_files(|file| shown(file).into()))?;
        let mut project = Self::by_convention(files, root, environments);
        let named = |path: &Option<String>| path.as_ref().map(|path| normalized(&root.join(path)));
        project.base = named(&settings.base).or(project.base);
        project.boilerplate = named(&settings.secrets_boilerplate).or(project.boilerplate);
        project.configs = named(&settings.configs);
        project.rendered = named(&settings.rendered);
        project.guard = settings.guard;
        project.references = settings.references;
        project.external = settings.external;
        project.crds = settings.crds;
        project.custom_kinds = settings.custom_kinds;
        project.validation = settings.validation;
        project.lint = settings.lint;
        project.policies = settings.policies;
        project.kubernetes_versions = settings.kubernetes_versions;
        project.kustomize_release = settings.kustomize_release;
        project.diff = settings.diff;
        project.values = settings.values;
        project.helm = settings.helm;
        project.argocd = settings.argocd;
        project.flux = settings.flux;
        project.flux_variables = settings.flux_variables;
        project.flux_strict = !settings.flux_lenient;
        project.infer(files);
        Ok(project)
    }

    fn by_convention(files: &dyn Files, root: &Path, environments: PathBuf) -> Self {
        let beside = environments.parent().unwrap_or(root).to_path_buf();
        let first = |names: &[&str]| {
            let places = [beside.clone(), root.to_path_buf(), root.join("kustom")];
            let all = places
                .iter()
                .flat_map(|place| names.iter().map(|name| place.join(name)));
            all.into_iter().find(|directory| is_dir(files, directory))
        };
        Self {
            root: root.to_path_buf(),
            start: root.to_path_buf(),
            configs: None,
            rendered: None,
            guard: guard::Settings::default(),
            references: References::default(),
            external: Vec::new(),
            crds: Vec::new(),
            custom_kinds: None,
            validation: ValidationSettings::default(),
            lint: None,
            policies: Vec::new(),
            kubernetes_versions: Vec::new(),
            kustomize_release: None,
            diff: DiffSettings::default(),
            values: Map::new(),
            helm: HelmSettings::default(),
            argocd: Vec::new(),
            inferred: Vec::new(),
            applications: argocd::DiscoveredApplications::default(),
            flux: Vec::new(),
            flux_variables: Vec::new(),
            flux_strict: true,
            discovered: flux::Discovered::default(),
            base: first(&["base"]),
            boilerplate: first(&["secrets-boilerplate"]),
            environments,
        }
    }

    /// What is said of references to what is not rendered.
    pub fn reference_options(&self) -> dangling::Options {
        self.references.options(&self.external)
    }

    /// What may stay although it is found.
    ///
    /// # Errors
    ///
    /// If an entry is wrong.
    pub fn exceptions(&self, files: &dyn Files) -> Result<Exceptions> {
        self.validation
            .exceptions(files, &self.root.join(PROJECT_FILE))
    }

    /// What lint finds and may stay.
    ///
    /// # Errors
    ///
    /// If an entry is wrong.
    pub fn lint_exceptions(&self, files: &dyn Files) -> Result<Exceptions> {
        match &self.lint {
            Some(lint) => lint.exceptions(files, &self.root.join(PROJECT_FILE)),
            None => Ok(Exceptions::default()),
        }
    }

    /// A finding for each exception that has let nothing stay; `used` has the numbers of the others.
    pub fn idle_exceptions(&self, files: &dyn Files, used: &BTreeSet<usize>) -> Vec<Finding> {
        self.idle_entries(files, "validation", &self.validation.allow, used)
    }

    /// The same of the exceptions of lint.
    pub fn idle_lint_exceptions(&self, files: &dyn Files, used: &BTreeSet<usize>) -> Vec<Finding> {
        let allow = self.lint.as_ref().map_or(&[][..], |lint| &lint.allow);
        self.idle_entries(files, "lint", allow, used)
    }

    /// A note for each exception that has let findings stay, of validation and of lint, by their
    /// numbers: with its reason.
    pub fn used_exceptions(
        &self,
        files: &dyn Files,
        validation: &BTreeSet<usize>,
        lint: &BTreeSet<usize>,
    ) -> Vec<Finding> {
        let of_lint = self.lint.as_ref().map_or(&[][..], |lint| &lint.allow);
        let lists = [
            ("validation", &self.validation.allow[..], validation),
            ("lint", of_lint, lint),
        ];
        let mut notes = Vec::new();
        for (section, allow, used) in lists {
            for number in used {
                let Some(entry) = allow.get(*number) else {
                    continue;
                };
                let way = [
                    Step::Field(section),
                    Step::Field("allow"),
                    Step::Item(*number),
                ];
                let place = place_at(files, &self.root.join(PROJECT_FILE), &way);
                let message = format!("findings may stay: {}", entry.reason);
                let note = Finding::new("permit", crate::finding::Severity::Note, message);
                notes.push(note.at(self.place(place)));
            }
        }
        notes
    }

    fn idle_entries(
        &self,
        files: &dyn Files,
        section: &str,
        allow: &[AllowedFinding],
        used: &BTreeSet<usize>,
    ) -> Vec<Finding> {
        let entries = allow.iter().enumerate();
        let idle = entries.filter(|(number, _)| !used.contains(number));
        idle.map(|(number, entry)| {
            let way = [
                Step::Field(section),
                Step::Field("allow"),
                Step::Item(number),
            ];
            let place = place_at(files, &self.root.join(PROJECT_FILE), &way);
            let message = format!("an exception allows nothing: {}", entry.reason);
            Finding::warning("idle-permit", message)
                .at(self.place(place))
                .help("what it allowed is gone, or it never meant it; correct it, or remove it")
        })
        .collect()
    }

    /// Reads the definitions of custom resources that are not rendered.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or defines nothing.
    pub fn definitions(&self, files: &dyn Files) -> Result<Vec<Node>> {
        definitions(files, &self.start, &self.root, &self.crds).map_err(|error| {
            let path = self.root.join(PROJECT_FILE);
            let way = [Step::Field("crds")];
            error.note(
                "it is one of `crds`",
                Some(self.place(place_at(files, &path, &way))),
            )
        })
    }

    /// Reads the policies that are not rendered, with what lies beside them.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or holds no policy.
    pub fn policy_objects(&self, files: &dyn Files) -> Result<Vec<Node>> {
        policies(files, &self.start, &self.root, &self.policies).map_err(|error| {
            let path = self.root.join(PROJECT_FILE);
            let way = [Step::Field("policies")];
            error.note(
                "it is one of `policies`",
                Some(self.place(place_at(files, &path, &way))),
            )
        })
    }

    /// What lint asks of the objects of the project.
    ///
    /// # Errors
    ///
    /// If a policy cannot be read, or the settings are wrong.
    pub fn questions(&self, files: &dyn Files, selection: &Selection) -> Result<Questions> {
        let linter = Linter::new(selection);
        let linter = linter.map_err(|unknown| {
            Error::new(Kind::Project, unknown.to_string()).help("`docs/lint.md` lists the rules")
        })?;
        let lint = self.lint.as_ref();
        Ok(Questions {
            linter,
            policies: self.policy_objects(files)?,
            requirements: lint.map_or_else(Vec::new, LintSettings::requirements),
        })
    }

    /// Directories and files that are no manifests of an environment: what is rendered, placeholders,
    /// policies and definitions.
    pub fn kept_files(&self) -> Vec<PathBuf> {
        let named = self.policies.iter().chain(&self.crds);
        let named = named.chain(&self.flux).chain(&self.flux_variables);
        let mut kept: Vec<PathBuf> = named
            .map(|name| normalized(&self.root.join(name)))
            .collect();
        kept.extend(self.rendered.clone());
        kept.extend(self.boilerplate.clone());
        kept.extend(self.configs.clone());
        kept
    }

    /// The project, with paths shown as they are named from another directory.
    #[must_use]
    pub fn seen_from(mut self, directory: &Path) -> Self {
        self.start = directory.to_path_buf();
        self
    }

    /// The names of the environments, sorted: directories with a kustomization or an
    /// `environment.yaml`.
    pub fn names(&self, files: &dyn Files) -> Vec<String> {
        let names = files.list(&self.environments).unwrap_or_default();
        let is_environment =
            |name: &String| environment::is_environment(files, &self.environments.join(name));
        let mut names: Vec<String> = names.into_iter().filter(is_environment).collect();
        if !self.flux.is_empty() {
            names.extend(self.flux_names(files));
        }
        if !self.argocd.is_empty() {
            names.extend(self.application_names(files));
        }
        names.sort();
        names.dedup();
        names
    }

    /// The directories beside the environments that hold no file but hidden ones and secrets, named
    /// from the root of the project: environments that nobody has written yet.
    pub fn empty_environments(&self, files: &dyn Files) -> Vec<PathBuf> {
        let says_nothing = |directory: &PathBuf| {
            let names = files.list(directory).unwrap_or_default();
            let is_own = |name: &String| !name.starts_with('.') && name != "secrets";
            is_dir(files, directory) && !names.iter().any(is_own)
        };
        let names = files.list(&self.environments).unwrap_or_default();
        let directories = names
            .into_iter()
            .filter(|name| !name.starts_with('.'))
            .map(|name| self.environments.join(name));
        let empty = directories.filter(says_nothing);
        empty.map(|path| PathBuf::from(self.shown(&path))).collect()
    }

    /// An environment of the project.
    ///
    /// # Errors
    ///
    /// If there is none of that name, its `environment.yaml` is wrong, or so is what it extends.
    pub fn environment(&self, files: &dyn Files, name: &str) -> Result<Environment> {
        let is_directory = || environment::is_environment(files, &self.environments.join(name));
        if !self.argocd.is_empty()
            && !is_directory()
            && let Some(environment) = self.application_environment(files, name)?
        {
            return Ok(environment);
        }
        if !self.flux.is_empty()
            && !is_directory()
            && let Some(environment) = self.flux_environment(files, name)?
        {
            return Ok(environment);
        }
        Environment::read(files, self, name)
    }

    /// A path as it is shown to people: from where the project was looked for, unless
    /// [`seen_from`](Self::seen_from) says otherwise.
    pub fn shown(&self, path: &Path) -> String {
        display_from(&self.start, path)
    }

    /// The files that are read for the project: its own, and what the caller allows besides.
    pub fn within<'f>(&self, files: &'f dyn Files) -> Within<'f> {
        Within::new(files, &self.root)
    }

    /// Reads a file of the project, or one of a base that lies outside of it, which is the load
    /// restrictor's to judge.
    pub fn read_own(&self, files: &dyn Files, path: &Path) -> std::io::Result<Vec<u8>> {
        match normalized(path).starts_with(&self.root) {
            true => self.within(files).read(path),
            false => files.read(path),
        }
    }

    /// A path as allow-lists name it: from the project's root.
    fn named(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        inside.display().to_string()
    }

    /// A place with a file that is named as it is shown to people.
    pub(crate) fn place(&self, mut place: Place) -> Place {
        place.file = place.file.map(|file| self.shown(Path::new(&*file)).into());
        place
    }

    /// An error of a file that is named as it is shown to people.
    fn shown_error(&self, error: Error) -> Error {
        error.rename_files(|file| self.shown(Path::new(file)).into())
    }
}

fn is_dir(files: &dyn Files, path: &Path) -> bool {
    matches!(files.resolve(path), Ok((_, FileKind::Directory)))
}
