//! `kustom doctor`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use kustom::error::Result;
use kustom::load::{WorkTree, display_from};
use kustom::process::{Command, Failure};
use kustom::project::Project;
use kustom::release::Release;
use kustom::report::printable;
use serde_json::{Value, json};

use super::build::{canonical, working_directory};
use super::output::Streams;
use super::reading::Reading;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// How it is written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A line for each.
    Text,
    /// A JSON array.
    Json,
}

/// A program that kustom may run, how it is asked for its version, and what for.
const PROGRAMS: [(&str, &[&str], &str); 6] = [
    ("git", &["--version"], "remote bases, `outdated`"),
    ("helm", &["version", "--short"], "charts"),
    (
        "sops",
        &["--version", "--disable-version-check"],
        "encrypted secrets",
    ),
    ("docker", &["--version"], "functions in containers"),
    (
        "podman",
        &["--version"],
        "functions in containers, where there is no docker",
    ),
    (
        "kubectl",
        &["version", "--client"],
        "`kubectl apply`, `kubectl diff`; never run by kustom",
    ),
];

/// What was looked for.
struct Found {
    name: &'static str,
    /// What it is, or why it is not known.
    answer: std::result::Result<String, String>,
    /// What it is used for.
    used_for: &'static str,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let start = match &arguments.directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let files = arguments.reading.files()?;
    let version = format!(
        "{}, prints as kustomize {}",
        env!("CARGO_PKG_VERSION"),
        Release::default()
    );
    let project = Project::find(&files, &start).map(|project| {
        let root = display_from(&here, &project.root);
        match project.names(&files).len() {
            1 => format!("`{root}`, 1 environment"),
            count => format!("`{root}`, {count} environments"),
        }
    });
    let repository = WorkTree::discover(&start).and_then(|tree| match tree {
        Some(tree) => {
            let root = display_from(&here, tree.root());
            let count = tree.tracked_files(tree.root())?.all().len();
            Ok(format!("`{root}`, {count} tracked files"))
        }
        None => Ok("none: what git tracks cannot be searched for secrets".to_owned()),
    });
    let said =
        |answer: Result<String>| answer.map_err(|error| streams.masked_error(&error).to_string());
    let mut found = vec![
        Found {
            name: "kustom",
            answer: Ok(version),
            used_for: "",
        },
        Found {
            name: "project",
            answer: said(project),
            used_for: "",
        },
        Found {
            name: "repository",
            answer: said(repository),
            used_for: "",
        },
    ];
    found.extend(PROGRAMS.into_iter().map(|(name, words, used_for)| Found {
        name,
        answer: version_of(name, words),
        used_for,
    }));
    match arguments.format {
        Format::Text => {
            let lines = found.iter().map(Found::line);
            streams.data(&lines.collect::<String>())?;
        }
        Format::Json => {
            let all: Vec<Value> = found.iter().map(Found::json).collect();
            streams.json(format_args!("{:#}", Value::from(all)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The first line that a program says of its version, or why it says none.
fn version_of(program: &str, words: &[&str]) -> std::result::Result<String, String> {
    let command = Command {
        limit: Some(PATIENCE),
        ..Command::new(program, words.iter().copied())
    };
    let output = command.run().map_err(|failure| match failure {
        Failure::Missing => "not found".to_owned(),
        other => other.into_error(program.as_ref()).to_string(),
    })?;
    let data = String::from_utf8_lossy(&output.data);
    let first = data.lines().next().unwrap_or_default().trim();
    match output.status.success() && !first.is_empty() {
        true => Ok(first.to_owned()),
        false => Err(format!("does not say its version ({})", output.ending())),
    }
}

impl Found {
    fn line(&self) -> String {
        let name = self.name;
        let (mark, answer) = match &self.answer {
            Ok(answer) => ("+", answer),
            Err(why) => ("-", why),
        };
        let used_for = match self.used_for {
            "" => String::new(),
            used_for => format!("  ({used_for})"),
        };
        format!("{mark} {name:10}  {}{used_for}\n", printable(answer))
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "found": self.answer.as_ref().ok(),
            "missing": self.answer.as_ref().err(),
            "usedFor": self.used_for,
        })
    }
}
