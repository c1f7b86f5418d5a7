//! What a program that is called by another one is asked to render: by Argo CD as a plugin, or as a
//! KRM function.

use std::path::Path;

use kustom::build::{self, build};
use kustom::error::{Error, Kind, Result, nearest};
use kustom::finding::Finding;
use kustom::kustomization::FILE_NAMES;
use kustom::load::{Files as _, LookupCache, tracked_files};
use kustom::plugin;
use kustom::project::{ImageOverride, Options, Project, Secrets, render};
use kustom::resource::Resource;
use kustom::template::Values;

use super::project::said_by_git;
use super::run_overrides::image;

/// What is asked for; where nothing is, the directory says it.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// The environment.
    pub(super) environment: Option<String>,
    /// Values for templates.
    pub(super) values: Values,
    /// Images, which override those of the environment.
    pub(super) images: Vec<ImageOverride>,
    /// What is done about secrets that are not filled in.
    pub(super) secrets: Option<Secrets>,
    /// What may run.
    pub(super) plugins: plugin::Options,
}

/// What was made.
pub(super) struct Answer {
    pub(super) resources: Vec<Resource>,
    pub(super) text: String,
    pub(super) findings: Vec<Finding>,
}

/// What a field of a request is called, in the words of the caller.
pub(super) const FIELDS: [&str; 5] = ["enableHelm", "environment", "images", "secrets", "values"];

impl Request {
    /// Takes a field that is a text.
    pub(super) fn set_text(&mut self, name: &str, text: &str) -> Result<()> {
        match name {
            "environment" => self.environment = Some(text.to_owned()).filter(|it| !it.is_empty()),
            "secrets" => {
                self.secrets = match text {
                    "" => None,
                    "required" => Some(Secrets::Required),
                    "placeholder" => Some(Secrets::Placeholder),
                    "omit" => Some(Secrets::Omit),
                    _ => {
                        return Err(wrong("`secrets` is no policy")
                            .help("it is `required`, `placeholder` or `omit`"));
                    }
                }
            }
            "enableHelm" => match text {
                "true" => self.plugins.helm.enabled = true,
                "false" | "" => {}
                _ => return Err(wrong("`enableHelm` is neither `true` nor `false`")),
            },
            "images" => {
                for word in text.split_whitespace() {
                    self.add_image(word)?;
                }
            }
            "values" => return Err(wrong("`values` is no map")),
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// Takes an image, as `NAME=NEW:TAG`.
    pub(super) fn add_image(&mut self, word: &str) -> Result<()> {
        self.images.push(image(word).map_err(|_| {
            wrong("an entry of `images` has no new tag, digest or name")
                .help("write `NAME:TAG`, or `NAME=NEW:TAG`")
        })?);
        Ok(())
    }

    /// Renders it in a directory: the environment that is named, the one of the directory, or else
    /// its kustomization.
    pub(super) fn answer(&self, files: &LookupCache, here: &Path) -> Result<Answer> {
        let project = Project::find_or_infer(files, here)?;
        let named = self.environment.clone();
        let of_directory = || {
            project
                .as_ref()
                .and_then(|project| own(project, files, here))
        };
        let Some(name) = named.or_else(of_directory) else {
            return self.kustomization(files, here, project.as_ref());
        };
        let Some(project) = project else {
            return Err(wrong(format!(
                "there is no project with an environment `{name}` here"
            ))
            .help("a project has a `kustom.yaml` or a directory `environments`"));
        };
        let environment = project.environment(files, &name)?;
        let tracked = tracked_files(&project.root);
        let names = std::slice::from_ref(&name);
        let tracked = said_by_git(tracked, files, &project, names)?.unwrap_or_default();
        let options = Options {
            tracked: &tracked,
            secrets: self.secrets,
            values: self.values.clone(),
            images: self.images.clone(),
            plugins: self.plugins.clone(),
            lint: true,
            ..Options::default()
        };
        let rendered = render(files, here, &project, &environment, &options)?;
        Ok(Answer {
            resources: rendered.resources,
            text: rendered.text,
            findings: rendered.findings,
        })
    }

    fn kustomization(
        &self,
        files: &LookupCache,
        here: &Path,
        project: Option<&Project>,
    ) -> Result<Answer> {
        let is_there = |name: &str| files.resolve(&here.join(name)).is_ok();
        if !FILE_NAMES.iter().any(|name| is_there(name)) {
            let names = project
                .map(|project| project.names(files))
                .unwrap_or_default();
            let error = wrong("there is no environment and no kustomization here");
            return Err(match names.is_empty() {
                true => error.help("call it in the directory of one"),
                false => error.help(format!("name one of `{}`", names.join("`, `"))),
            });
        }
        if !self.images.is_empty() || self.secrets.is_some() {
            return Err(wrong("`images` and `secrets` need an environment")
                .help("a directory with a kustomization alone is built as it is"));
        }
        let options = build::Options {
            plugins: self.plugins.clone(),
            ..build::Options::default()
        };
        let built = build(files, here, here, &options)?;
        Ok(Answer {
            text: built.to_yaml()?,
            resources: built.resources,
            findings: built.findings,
        })
    }
}

/// The environment that a directory is, or the only one of the project that it is the root of.
fn own(project: &Project, files: &LookupCache, here: &Path) -> Option<String> {
    let names = project.names(files);
    let is_own = |name: &&String| project.environments.join(name) == here;
    match (names.iter().find(is_own), &names[..]) {
        (Some(name), _) => Some(name.clone()),
        (None, [only]) if project.root == here => Some(only.clone()),
        _ => None,
    }
}

/// A field that there is not.
pub(super) fn unknown(name: &str) -> Error {
    unknown_of(name, &FIELDS)
}

/// A field that is none of some.
pub(super) fn unknown_of(name: &str, fields: &[&str]) -> Error {
    let error = wrong(format!("`{name}` is nothing that can be asked for"));
    match nearest(name, fields.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("it is one of `{}`", fields.join("`, `"))),
    }
}

pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Project, message)
}
