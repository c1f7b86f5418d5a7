//! Environments, and the environments that they extend.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::settings::place_of;
use super::{
    ArgoEnvironment, EnvironmentSettings, FluxEnvironment, GuardPolicy, Project, Secrets, is_dir,
};
use crate::dangling;
use crate::error::{Error, Kind, Result, nearest};
use crate::kustomization::FILE_NAMES;
use crate::load::Files;
use crate::place::Place;
use crate::validation::Version;

/// The file that says what an environment is.
pub(super) const FILE: &str = "environment.yaml";

/// How many environments may extend each other.
const LONGEST: usize = 100;

/// One environment of a project.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name: that of its directory.
    pub name: String,
    /// Its directory.
    pub directory: PathBuf,
    /// What its `environment.yaml` says, over what those say that it extends.
    pub settings: EnvironmentSettings,
    /// What its own `environment.yaml` says.
    pub own: EnvironmentSettings,
    /// The environment that it extends.
    pub parent: Option<Box<Environment>>,
    /// The Flux object that it is, if it is one and no directory of the project.
    pub flux: Option<Arc<FluxEnvironment>>,
    /// The Application of Argo CD that it is, if it is one.
    pub argocd: Option<Arc<ArgoEnvironment>>,
}

impl Environment {
    /// An environment that is an object and has no settings.
    pub(super) fn of_object(name: &str, directory: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            directory,
            settings: EnvironmentSettings::default(),
            own: EnvironmentSettings::default(),
            parent: None,
            flux: None,
            argocd: None,
        }
    }

    /// Whether it is an object of Flux or Argo CD.
    pub(super) fn is_object(&self) -> bool {
        self.flux.is_some() || self.argocd.is_some()
    }

    /// Reads an environment and those that it extends.
    pub(super) fn read(files: &dyn Files, project: &Project, name: &str) -> Result<Self> {
        let mut chain: Vec<(String, EnvironmentSettings)> = Vec::new();
        let mut next = Some(name.to_owned());
        while let Some(name) = next {
            let named_here = || {
                chain.last().map(|(last, _)| {
                    let path = project.environments.join(last).join(FILE);
                    project.place(place_of(files, &path, &["extends"]))
                })
            };
            if chain.iter().any(|(known, _)| *known == name) {
                return Err(circle(&chain, &name, named_here()));
            }
            if chain.len() >= LONGEST {
                let message = format!("more than {LONGEST} environments extend each other");
                return Err(Error::new(Kind::Project, message)
                    .help("let them extend one that holds what they share"));
            }
            let directory = project.environments.join(&name);
            let is_name = !name.is_empty() && !name.contains(['/', '\\']) && name != "..";
            let is_there = match chain.is_empty() {
                true => is_dir(files, &directory),
                false => is_environment(files, &directory),
            };
            if !is_name || name == "." || !is_there {
                let known: Vec<&str> = chain.iter().map(|(known, _)| known.as_str()).collect();
                let error = unknown(files, project, &name, &known);
                return Err(match named_here() {
                    Some(place) => error.at(place),
                    None => error,
                });
            }
            let settings = EnvironmentSettings::read(&project.within(files), &directory.join(FILE))
                .map_err(|error| project.shown_error(error))?;
            next = settings.extends.clone();
            chain.push((name, settings));
        }
        let mut parent: Option<Box<Self>> = None;
        for (name, own) in chain.into_iter().rev() {
            let settings = match &parent {
                Some(parent) => own.over(&parent.settings),
                None => own.clone(),
            };
            parent = Some(Box::new(Self {
                directory: project.environments.join(&name),
                name,
                settings,
                own,
                parent,
                flux: None,
                argocd: None,
            }));
        }
        parent
            .map(|environment| *environment)
            .ok_or_else(|| unknown(files, project, name, &[]))
    }

    /// The environment and those that it extends, one after the other.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |one| one.parent.as_deref())
    }

    /// What is done about secrets that are not filled in.
    pub fn secrets(&self) -> Secrets {
        self.settings.secrets.unwrap_or_default()
    }

    /// What is done about secrets in files that git tracks.
    pub fn guard(&self) -> GuardPolicy {
        self.settings.guard.unwrap_or_default()
    }

    /// Whether a warning stops the render.
    pub fn is_strict(&self) -> bool {
        self.settings.strict.unwrap_or_default()
    }

    /// The versions of Kubernetes that its objects are for.
    pub fn kubernetes_versions<'s>(&'s self, project: &'s Project) -> &'s [Version] {
        self.settings
            .kubernetes_versions
            .as_deref()
            .unwrap_or(&project.kubernetes_versions)
    }

    /// What is said of references: what other objects of Flux bring to its cluster is there.
    pub fn reference_options(&self, project: &Project) -> dangling::Options {
        let mut options = project.reference_options();
        if let Some(flux) = &self.flux {
            options.beside = Arc::clone(flux.cluster.objects());
        }
        options
    }

    /// Whether the build knows custom kinds, if it or its project says so.
    pub fn custom_kinds(&self, project: &Project) -> Option<bool> {
        self.settings.custom_kinds.or(project.custom_kinds)
    }

    /// The name of the file that it is rendered into.
    pub fn output(&self) -> String {
        let named = self.own.output.clone();
        named.unwrap_or_else(|| format!("{}.yaml", self.name))
    }

    /// Where the name of that file is said, if it is.
    pub fn output_place(&self, files: &dyn Files, project: &Project) -> Option<Place> {
        self.own.output.as_ref()?;
        Some(project.place(place_of(files, &self.file(), &["output"])))
    }

    /// Its `environment.yaml`.
    pub(super) fn file(&self) -> PathBuf {
        self.directory.join(FILE)
    }
}

/// Whether a file of this name makes a directory an environment.
pub(super) fn is_own_file(name: &str) -> bool {
    name == FILE || FILE_NAMES.contains(&name) || name == "kustomization.yaml.j2"
}

/// Whether a directory is that of an environment.
pub(super) fn is_environment(files: &dyn Files, directory: &Path) -> bool {
    let mut names = FILE_NAMES.iter().chain([&FILE]);
    is_dir(files, directory)
        && (names.any(|name| files.resolve(&directory.join(name)).is_ok())
            || files
                .resolve(&directory.join("kustomization.yaml.j2"))
                .is_ok())
}

fn circle(chain: &[(String, EnvironmentSettings)], name: &str, place: Option<Place>) -> Error {
    let with_place = |error: Error| match place {
        Some(place) => error.at(place),
        None => error,
    };
    if chain.last().is_some_and(|(last, _)| last == name) {
        let error = Error::new(Kind::Project, format!("`{name}` extends itself"));
        return with_place(error.help("remove `extends`, or name another environment in it"));
    }
    let names = chain.iter().map(|(known, _)| known.as_str()).chain([name]);
    let words: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let message = format!(
        "environments extend each other in a circle: {}",
        words.join(" extends ")
    );
    with_place(Error::new(Kind::Project, message).help("remove `extends` from one of them"))
}

/// `extending` are those that lead to it, none of which can be meant.
fn unknown(files: &dyn Files, project: &Project, name: &str, extending: &[&str]) -> Error {
    let mut names = project.names(files);
    names.retain(|known| !extending.contains(&known.as_str()));
    let error = Error::new(Kind::Project, format!("there is no environment `{name}`"));
    // A path may lead elsewhere and still end in the name that is meant.
    let last = name.trim_end_matches('/').rsplit('/').next();
    let near = names.iter().find(|name| Some(name.as_str()) == last);
    let near = near.map(String::as_str);
    match near.or_else(|| nearest(name, names.iter().map(String::as_str))) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => error.help(format!(
            "write the first one: `{}/NAME/kustomization.yaml`",
            project.shown(&project.environments)
        )),
        None => error.help(match names.as_slice() {
            [only] => format!("there is only `{only}`"),
            several => format!("there are `{}`", several.join("`, `")),
        }),
    }
}
