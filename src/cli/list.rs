//! `kustom list`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::Result;
use kustom::load::{LookupCache, display_from};
use kustom::project::{
    self, Environment, Options, Project, Rendered, SecretFile, Secrets, State, committed_secrets,
    render_many, secret_files,
};
use kustom::report::printable;
use kustom::template::Values;
use serde_json::{Value, json};

use super::build::{canonical, working_directory};
use super::output::Streams;
use super::project::roots;
use super::reading::Reading;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Look for projects from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// How the list is written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A table for people.
    Text,
    /// The names alone, one a line.
    Names,
    /// A JSON array.
    Json,
}

/// What is said of an environment.
struct Row {
    name: String,
    directory: String,
    /// What it extends, the nearest first; nothing if its settings cannot be read.
    extends: Vec<String>,
    /// Its objects by kind, or why it does not render.
    objects: Result<BTreeMap<String, usize>>,
    /// Its secrets by how far they are.
    secrets: BTreeMap<State, usize>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let start = match &arguments.directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let files = arguments.reading.files()?;
    let mut rows = Vec::new();
    for (root, prefix) in roots(&start)? {
        let project = Project::find(&files, &root)?.seen_from(&here);
        let names = project.names(&files);
        if let Format::Names = arguments.format {
            let names = names.iter().map(|name| format!("{prefix}{name}"));
            streams.list(names)?;
            continue;
        }
        rows.extend(of_project(&files, &here, &project, &prefix)?);
    }
    match arguments.format {
        Format::Names => {}
        Format::Text => streams.data(&table(&rows))?,
        Format::Json => {
            let all: Vec<Value> = rows.iter().map(|row| row.json(streams)).collect();
            streams.json(format_args!("{:#}", Value::from(all)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn of_project(
    files: &LookupCache,
    here: &Path,
    project: &Project,
    prefix: &str,
) -> Result<Vec<Row>> {
    let names = project.names(files);
    // What is listed need not be fit to be deployed.
    let mut options = Options {
        secrets: Some(Secrets::Placeholder),
        ..Options::default()
    };
    options.plugins.helm.charts = Some(std::sync::Arc::default());
    let count = |_: &Environment, rendered: Rendered| Ok(kinds(&rendered));
    let many = render_many(files, here, project, &names, &options, &count, &|_| {})?;
    let rows = many.each.into_iter().map(|(name, objects)| {
        let environment = project.environment(files, &name).ok();
        let extended = environment.iter().flat_map(|one| one.chain().skip(1));
        Row {
            directory: display_from(
                here,
                &environment.as_ref().map_or_else(
                    || project.environments.join(&name),
                    |environment| environment.directory.clone(),
                ),
            ),
            extends: extended.map(|one| one.name.clone()).collect(),
            secrets: environment.map_or_else(BTreeMap::new, |environment| {
                states(files, project, &environment).unwrap_or_default()
            }),
            name: format!("{prefix}{name}"),
            objects,
        }
    });
    Ok(rows.collect())
}

fn kinds(rendered: &Rendered) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for resource in &rendered.resources {
        *kinds.entry(resource.id().gvk.kind.to_string()).or_default() += 1;
    }
    kinds
}

fn states(
    files: &LookupCache,
    project: &Project,
    environment: &Environment,
) -> Result<BTreeMap<State, usize>> {
    let values = project::values(files, project, environment, &Values::default())?;
    let mut states = BTreeMap::new();
    let filled = secret_files(files, project, environment, &values)?;
    let committed = committed_secrets(files, project, environment, &values);
    let committed = committed
        .into_iter()
        .filter(|one| filled.iter().all(|file| file.path != one.path))
        .collect::<Vec<_>>();
    for SecretFile { state, .. } in filled.into_iter().chain(committed) {
        *states.entry(state).or_default() += 1;
    }
    Ok(states)
}

impl Row {
    fn json(&self, streams: &Streams) -> Value {
        let error = self.objects.as_ref().err();
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(state, count)| (state.name().to_owned(), Value::from(*count)));
        json!({
            "environment": self.name,
            "directory": self.directory,
            "extends": self.extends,
            "objects": self.objects.as_ref().ok(),
            "error": error.map(|error| streams.masked_error(error).to_string()),
            "secrets": secrets.collect::<serde_json::Map<_, _>>(),
        })
    }

    /// The columns of the table.
    fn columns(&self) -> [String; 4] {
        let objects = match &self.objects {
            Ok(kinds) => kinds.values().sum::<usize>().to_string(),
            Err(_) => "does not render".to_owned(),
        };
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(state, count)| format!("{count} {}", state.name()));
        [
            printable(&self.name).into_owned(),
            printable(&self.extends.join(", ")).into_owned(),
            objects,
            secrets.collect::<Vec<_>>().join(", "),
        ]
    }
}

/// A table with columns as wide as what stands in them.
fn table(rows: &[Row]) -> String {
    let head = ["ENVIRONMENT", "EXTENDS", "OBJECTS", "SECRETS"].map(str::to_owned);
    let lines: Vec<[String; 4]> = std::iter::once(head)
        .chain(rows.iter().map(Row::columns))
        .collect();
    let width = |column: usize| {
        let texts = lines.iter().map(|line| line[column].chars().count());
        texts.max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3].map(width);
    let mut text = String::new();
    for line in &lines {
        let padded = line.iter().zip(widths).map(|(it, width)| {
            let shown = if it.is_empty() { "-" } else { it };
            format!("{shown:width$}")
        });
        let padded: Vec<String> = padded.collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}
