//! Projects, environments, and what is done for one before it is built.
//!
//! A project is a directory with a `kustom.yaml`, or one that is laid out by convention. Its
//! environments are directories with a kustomization; what else they need (configs made of the
//! base's by scripts, secrets that are filled in) is made in memory and laid over the disk.

mod configs;
mod render;
mod secrets;
mod settings;

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result, nearest};
use crate::load::{FileKind, Files, normalized};

pub use configs::{Config, configs};
pub use render::{Rendered, render};
pub use secrets::{LaidOut, lay_out};
pub use settings::{EnvironmentSettings, ProjectSettings, Secrets};

/// Where the parts of a project are.
#[derive(Clone, Debug)]
pub struct Project {
    /// The directory in which it was found.
    pub root: PathBuf,
    /// The directory of the environments.
    pub environments: PathBuf,
    /// The directory of the base, if there is one.
    pub base: Option<PathBuf>,
    /// The directory of the placeholders for secrets, if there is one.
    pub boilerplate: Option<PathBuf>,
}

/// One environment of a project.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name: that of its directory.
    pub name: String,
    /// Its directory.
    pub directory: PathBuf,
    /// What its `environment.yaml` says.
    pub settings: EnvironmentSettings,
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
    /// Finds the project that a directory belongs to: in it, or in one above it.
    ///
    /// # Errors
    ///
    /// If there is none, or its `kustom.yaml` is wrong.
    pub fn find(files: &dyn Files, start: &Path) -> Result<Self> {
        for root in start.ancestors() {
            if files.resolve(&root.join(PROJECT_FILE)).is_ok() {
                return Self::from_settings(files, root);
            }
            let environments = ENVIRONMENTS.iter().map(|name| root.join(name));
            if let Some(environments) = environments.into_iter().find(|dir| is_dir(files, dir)) {
                return Ok(Self::by_convention(files, root, environments));
            }
        }
        Err(Error::new(
            Kind::Project,
            format!("`{}` belongs to no project", start.display()),
        )
        .help(format!(
            "a project has a `{PROJECT_FILE}` or a directory `{}`",
            ENVIRONMENTS.join("`, `")
        )))
    }

    fn from_settings(files: &dyn Files, root: &Path) -> Result<Self> {
        let settings = ProjectSettings::read(files, &root.join(PROJECT_FILE))?;
        let environments = match &settings.environments {
            Some(path) => normalized(&root.join(path)),
            None => ENVIRONMENTS
                .iter()
                .map(|name| root.join(name))
                .find(|directory| is_dir(files, directory))
                .unwrap_or_else(|| root.join(ENVIRONMENTS[0])),
        };
        let mut project = Self::by_convention(files, root, environments);
        let named = |path: &Option<String>| path.as_ref().map(|path| normalized(&root.join(path)));
        project.base = named(&settings.base).or(project.base);
        project.boilerplate = named(&settings.secrets_boilerplate).or(project.boilerplate);
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
            base: first(&["base"]),
            boilerplate: first(&["secrets-boilerplate"]),
            environments,
        }
    }

    /// The names of the environments, sorted.
    pub fn names(&self, files: &dyn Files) -> Vec<String> {
        let names = files.list(&self.environments).unwrap_or_default();
        names
            .into_iter()
            .filter(|name| is_dir(files, &self.environments.join(name)))
            .collect()
    }

    /// An environment of the project.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or its `environment.yaml` is wrong.
    pub fn environment(&self, files: &dyn Files, name: &str) -> Result<Environment> {
        let directory = self.environments.join(name);
        let is_name = !name.is_empty() && !name.contains(['/', '\\']) && name != "..";
        if !is_name || !is_dir(files, &directory) {
            return Err(self.unknown(files, name));
        }
        let settings = EnvironmentSettings::read(files, &directory.join("environment.yaml"))?;
        Ok(Environment {
            name: name.to_owned(),
            directory,
            settings,
        })
    }

    fn unknown(&self, files: &dyn Files, name: &str) -> Error {
        let names = self.names(files);
        let error = Error::new(Kind::Project, format!("there is no environment `{name}`"));
        match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => {
                error.help(format!("`{}` holds none", self.environments.display()))
            }
            None => error.help(format!("there are `{}`", names.join("`, `"))),
        }
    }
}

fn is_dir(files: &dyn Files, path: &Path) -> bool {
    matches!(files.resolve(path), Ok((_, FileKind::Directory)))
}
