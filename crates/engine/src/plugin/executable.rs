//! Runs legacy exec plugins: one program for each kind, below the plugin home.
//!
//! Source: <https://kubectl.docs.kubernetes.io/guides/extending_kustomize/exec_plugins/>.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Manifests, Text, read_config, read_manifests};

use super::{Options, notice_files, words};
use crate::decode::Mode;
use crate::load::{Disk, Loader};
use crate::process::{Command, TemporaryFile};
use crate::resource::Resource;

/// An exec plugin and its configuration.
#[derive(Debug)]
pub(super) struct Executable {
    path: PathBuf,
    arguments: Vec<String>,
    configuration: String,
    root: PathBuf,
}

/// Longer variables are refused by the system.
const LONGEST_VARIABLE: usize = 131_071;

impl Executable {
    /// The plugin for an object's kind; `configuration` is the object as text.
    pub(super) fn new(
        object: &Resource,
        configuration: String,
        loader: &Loader<'_>,
        options: &Options,
    ) -> Result<Self> {
        let path = loader.program(&find(object, options)?)?;
        let arguments = arguments(&configuration, loader)?;
        notice_files(&object.node, loader);
        Ok(Self {
            path,
            arguments,
            configuration,
            root: loader.hand_over(loader.root())?,
        })
    }

    /// Runs it on objects.
    pub(super) fn run(&self, input: String) -> Result<Manifests> {
        let cannot = |cause: io::Error| {
            let message = format!("cannot write the configuration of a plugin: {cause}");
            Error::new(Kind::Plugin, message).caused_by(cause)
        };
        let mut file = TemporaryFile::new("kust-plugin-config-").map_err(cannot)?;
        file.write_all(self.configuration.as_bytes())
            .map_err(cannot)?;
        let command = self.command(&file, input);
        let output = command
            .run()
            .map_err(|failure| failure.into_error(&command.program))?;
        if output.status.success() {
            return read_manifests(&output.data, SourceId::NONE);
        }
        let why = output.last_words().unwrap_or_else(|| output.ending());
        Err(Error::new(
            Kind::Plugin,
            format!("`{}` failed: {why}", self.path.display()),
        ))
    }

    fn command(&self, file: &TemporaryFile, input: String) -> Command {
        let first = OsString::from(file.path());
        let rest = self.arguments.iter().map(OsString::from);
        let variables = [
            (
                "KUSTOMIZE_PLUGIN_CONFIG_STRING",
                OsString::from(&self.configuration),
            ),
            ("KUSTOMIZE_PLUGIN_CONFIG_ROOT", OsString::from(&self.root)),
        ];
        let fits = |(name, value): &(&str, OsString)| {
            name.len() + "=".len() + value.len() <= LONGEST_VARIABLE
        };
        Command {
            // Files in memory have no directory to run in.
            directory: self.root.is_dir().then(|| self.root.clone()),
            environment: variables
                .into_iter()
                .filter(fits)
                .map(|(name, value)| (name.into(), value))
                .collect(),
            input: input.into_bytes(),
            ..Command::new(&self.path, std::iter::once(first).chain(rest))
        }
    }
}

/// The program for a kind: `<home>/<apiVersion>/<kind in lower case>/<Kind>`.
fn find(object: &Resource, options: &Options) -> Result<PathBuf> {
    let gvk = object.original_gvk();
    let Some(home) = options.homes.iter().find(|home| home.exists()) else {
        let places: Vec<_> = options
            .homes
            .iter()
            .map(|home| format!("`{}`", home.display()))
            .collect();
        let message = format!("there is no plugin `{gvk}`: plugins have no home");
        return Err(Error::new(Kind::Plugin, message)
            .help(format!("they are looked for in {}", places.join(", or "))));
    };
    let directory = home
        .join(&*gvk.group)
        .join(&*gvk.version)
        .join(gvk.kind.to_lowercase());
    let path = directory.join(&*gvk.kind);
    match Disk::is_executable(&path) {
        Ok(true) => Ok(path),
        Ok(false) => {
            let message = format!("the plugin `{}` is not executable", path.display());
            Err(Error::new(Kind::Plugin, message).help("`chmod +x` makes it so"))
        }
        Err(cause) => {
            let error = Error::new(Kind::Plugin, format!("there is no plugin `{gvk}`"));
            Err(error
                .help(format!("it is looked for at `{}`", path.display()))
                .caused_by(cause))
        }
    }
}

/// What a configuration asks to be given as arguments.
fn arguments(configuration: &str, loader: &Loader<'_>) -> Result<Vec<String>> {
    let node = read_config(configuration.as_bytes(), SourceId::NONE)?;
    let mode = Mode::LENIENT;
    let (mut line, mut file) = (Text::default(), Text::default());
    mode.fields(&node, &["argsOneLiner", "argsFromFile"], |name, value| {
        match name {
            "argsOneLiner" => line = mode.text(value)?,
            _ => file = mode.text(value)?,
        }
        Ok(())
    })?;
    let mut arguments = words::split(&line)?;
    if !file.is_empty() {
        let content = loader.read(&file)?;
        let text = String::from_utf8_lossy(&content.bytes).into_owned();
        let lines = text.split('\n').map(|line| line.trim_start_matches(' '));
        arguments.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(arguments)
}
