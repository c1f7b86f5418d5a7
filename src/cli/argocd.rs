//! `kustom argocd`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::argocd::{Made, Tree, applications};
use kustom::error::{Error, Kind, Result};
use kustom::load::{Files as _, unreadable};
use kustom::place::SourceId;
use kustom::yaml::write_stream;

use super::argocd_plugin;
use super::build::working_directory;
use super::output::Streams;
use super::reading::Bound;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the Applications that an ApplicationSet makes of the tree below the current directory.
    Applications(Applications),
    /// Print the objects of the current directory, as a config management plugin does.
    Generate,
    /// Print the parameters of the plugin.
    Parameters,
    /// Print the plugin's configuration.
    PluginYaml,
}

#[derive(Debug, clap::Args)]
struct Applications {
    /// Files with ApplicationSets.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The root of the repository, if it is not the current directory.
    #[arg(long, value_name = "DIR")]
    repository: Option<PathBuf>,
    #[command(flatten)]
    bound: Bound,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    match &arguments.command {
        Command::Applications(arguments) => arguments.run(streams),
        Command::Generate => argocd_plugin::generate(streams).map(|()| ExitCode::SUCCESS),
        Command::Parameters => argocd_plugin::parameters(streams).map(|()| ExitCode::SUCCESS),
        Command::PluginYaml => argocd_plugin::plugin_yaml(streams).map(|()| ExitCode::SUCCESS),
    }
}

impl Applications {
    fn run(&self, streams: &Streams) -> Result<ExitCode> {
        let here = working_directory()?;
        let root = self
            .repository
            .as_ref()
            .map_or(here.clone(), |root| here.join(root));
        let disk = self.bound.files();
        let tree = Tree::read(&disk, &root)?;
        let mut objects = Vec::new();
        let mut findings = Vec::new();
        for path in &self.files {
            let made = self.made(&here, path, &tree)?;
            objects.extend(made.applications);
            findings.extend(made.findings);
        }
        streams.findings(&findings);
        let mut text = String::new();
        write_stream(&objects, &mut text)?;
        streams.data(&text)?;
        Ok(ExitCode::SUCCESS)
    }

    fn made(&self, here: &Path, path: &Path, tree: &Tree<'_>) -> Result<Made> {
        let name: Arc<str> = path.to_string_lossy().into();
        let bytes = self.bound.files().read(&here.join(path)).map_err(|cause| {
            if cause.kind() == std::io::ErrorKind::NotFound {
                return Error::new(Kind::Load, format!("there is no file `{name}`"))
                    .caused_by(cause);
            }
            unreadable(&name, cause)
        })?;
        let source = SourceId::new(0);
        let named = |error: Error| error.at(kustom::place::Place::file(Arc::clone(&name)));
        let mut made = applications(&bytes, source, tree).map_err(|error| {
            named(error.name_files(|span| (span.source == source).then(|| Arc::clone(&name))))
        })?;
        for finding in &mut made.findings {
            for place in finding.places_mut() {
                place.file.get_or_insert_with(|| Arc::clone(&name));
            }
        }
        Ok(made)
    }
}
