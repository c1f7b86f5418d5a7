//! What is explained: an environment of a project, or any kustomization.

use std::path::{Path, PathBuf};

use kustom::build;
use kustom::error::Result;
use kustom::explain::{self, Explained};
use kustom::load::{LookupCache, tracked_files};
use kustom::project::{Project, explain_environment};

use super::build::working_directory;
use super::progress::Progress;
use super::project::{find_environment, said_by_git};
use super::run_overrides::{Policy, RunOverrides};

/// Where the build comes from.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// A directory with a kustomization, in place of an environment.
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    dir: Option<PathBuf>,
    /// Show the values of secrets.
    #[arg(long)]
    show_secrets: bool,
    /// What is done about secrets that nobody has filled in; placeholders, if nothing is said.
    #[arg(long, value_name = "POLICY")]
    secrets: Option<Policy>,
    #[command(flatten)]
    overrides: RunOverrides,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long = "directory", id = "from", value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Source {
    /// The directory that is meant in place of an environment.
    pub(super) fn directory(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Where the project is looked for.
    pub(super) fn start(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// The files, as far as they may be read.
    pub(super) fn files(&self) -> Result<LookupCache> {
        self.overrides.files()
    }

    /// Builds what is meant, and explains it.
    pub(super) fn explained(&self, environment: Option<&str>) -> Result<Explained> {
        let _progress = Progress::new(1, "environments");
        let here = working_directory()?;
        let files = self.files()?;
        let explained = match (self.directory(), environment) {
            (Some(directory), _) => {
                let options = self.overrides.options(None)?;
                let options = build::Options {
                    release: options.release.unwrap_or_default(),
                    restriction: options.restriction,
                    plugins: options.plugins,
                    ..build::Options::default()
                };
                explain::directory(&files, &here, directory, &options)?
            }
            (None, name) => {
                let label = name.unwrap_or_default();
                let (project, name) = find_environment(&files, &here, self.start(), label)?;
                self.environment(&files, &here, &project, &name)?
            }
        };
        Ok(explained.showing_secrets(self.show_secrets))
    }

    /// Renders an environment, and explains it.
    pub(super) fn environment(
        &self,
        files: &LookupCache,
        here: &Path,
        project: &Project,
        name: &str,
    ) -> Result<Explained> {
        let environment = project.environment(files, name)?;
        let tracked = tracked_files(&project.environments.join(name));
        let tracked = said_by_git(tracked, files, project, &[name.to_owned()])?;
        let tracked = tracked.unwrap_or_default();
        let options = kustom::project::Options {
            tracked: &tracked,
            ..self
                .overrides
                .options(Some(self.secrets.unwrap_or(Policy::Placeholder).secrets()))?
        };
        let explained = explain_environment(files, here, project, &environment, &options)?;
        Ok(explained.showing_secrets(self.show_secrets))
    }
}
