//! `kustom secrets status`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::Result;
use kustom::load::{LookupCache, TrackedFiles, WorkTree, tracked_files};
use kustom::project::{
    self, Environment, Project, SecretFile, Secrets, State, committed_secrets, secret_files,
};
use kustom::report::printable;
use kustom::sops::{self, Decryption, Sops, is_encrypted};
use kustom::template::Values;
use serde_json::json;

use crate::cli::build::working_directory;
use crate::cli::output::Streams;
use crate::cli::project::find;
use crate::cli::reading::Reading;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment; without it all of them.
    #[arg(value_name = "ENV")]
    environment: Option<String>,
    /// How it is written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Say which of the encrypted ones can be decrypted, with the `sops` that is installed.
    #[arg(long)]
    decrypt: bool,
    #[command(flatten)]
    reading: Reading,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// A list of objects, one for each file.
    Json,
}

/// A file, and what git knows of it.
struct Line {
    environment: String,
    file: SecretFile,
    policy: Secrets,
    is_tracked: bool,
    /// Whether git ignores it, where there is a repository.
    is_ignored: Option<bool>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = &arguments.reading.files()?;
    let project = find(files, &here, arguments.directory.as_deref())?;
    let names = match &arguments.environment {
        Some(name) => vec![name.clone()],
        None => project.names(files),
    };
    let tree = WorkTree::discover(&project.root)?;
    let tracked = tracked_files(&project.root)?;
    let mut lines = Vec::new();
    for name in names {
        let environment = project.environment(files, &name)?;
        lines.extend(of_environment(files, &project, &environment, &tracked)?);
    }
    if let Some(tree) = &tree {
        let paths: Vec<PathBuf> = lines.iter().map(|line| line.file.path.clone()).collect();
        for (line, is_ignored) in lines.iter_mut().zip(tree.ignored(&paths)?) {
            line.is_ignored = Some(is_ignored);
        }
    }
    if arguments.decrypt {
        decrypt(files, &project, &mut lines)?;
    }
    match arguments.format {
        Format::Text => {
            // A file of a base is one of every environment that builds on it.
            let mut shown = BTreeSet::new();
            let texts = lines.iter().map(|line| line.text(&project));
            let texts = texts.filter(|text| shown.insert(text.clone()));
            streams.data(&texts.collect::<String>())?;
        }
        Format::Json => {
            let all: Vec<_> = lines.iter().map(|line| line.json(&project)).collect();
            streams.json(format_args!("{:#}", serde_json::Value::from(all)))?;
        }
    }
    let has_something_to_do = lines.iter().any(Line::has_something_to_do);
    Ok(ExitCode::from(u8::from(has_something_to_do)))
}

fn of_environment(
    files: &LookupCache,
    project: &Project,
    environment: &Environment,
    tracked: &TrackedFiles,
) -> Result<Vec<Line>> {
    let values = project::values(files, project, environment, &Values::default())?;
    let mut secrets = secret_files(files, project, environment, &values)?;
    let known: BTreeSet<PathBuf> = secrets.iter().map(|file| file.path.clone()).collect();
    let mut committed = committed_secrets(files, project, environment, &values);
    committed.retain(|file| !known.contains(&file.path));
    secrets.extend(committed);
    let lines = secrets.into_iter().map(|file| Line {
        environment: environment.name.clone(),
        policy: environment.secrets(),
        is_tracked: tracked.contains(&file.path),
        is_ignored: None,
        file,
    });
    Ok(lines.collect())
}

/// Finds out which encrypted files can be decrypted.
fn decrypt(files: &LookupCache, project: &Project, lines: &mut [Line]) -> Result<()> {
    let program = Sops::default();
    let encrypted = lines.iter_mut().map(|line| &mut line.file);
    for file in encrypted.filter(|file| file.state == State::Encrypted) {
        let Ok(content) = project.read_own(files, &file.path) else {
            continue;
        };
        if !is_encrypted(&content) {
            continue;
        }
        let format = sops::Format::of(&file.path, &content);
        let decryption = program.decrypt(&project.shown(&file.path), &content, format)?;
        if matches!(decryption, Decryption::Plain(_)) {
            file.state = State::Decrypted;
        }
    }
    Ok(())
}

impl Line {
    fn text(&self, project: &Project) -> String {
        let is_committed = self.is_committed();
        let remarks = [
            (self.is_tracked && !is_committed, "tracked by git"),
            (self.is_open(), "not ignored by git"),
            (!self.file.is_used, "unused"),
            (
                self.file.boilerplate.is_none() && !is_committed,
                "named by no boilerplate",
            ),
        ];
        let remarks = remarks.into_iter().filter(|(holds, _)| *holds);
        let remarks = remarks.map(|(_, words)| words.to_owned());
        let references = self.file.references.iter().map(|one| {
            let made = printable(&one.secret);
            format!("{} for the Secret `{made}`", one.kind)
        });
        let remarks: Vec<String> = remarks.chain(references).collect();
        let end = match remarks.is_empty() {
            true => String::new(),
            false => format!("  ({})", remarks.join(", ")),
        };
        let state = self.file.state.name();
        let shown = project.shown(&self.file.path);
        format!("{state:<11}  {}{end}\n", printable(&shown))
    }

    fn json(&self, project: &Project) -> serde_json::Value {
        let shown = |path: &Path| project.shown(path);
        json!({
            "environment": self.environment,
            "path": shown(&self.file.path),
            "state": self.file.state.name(),
            "used": self.file.is_used,
            "boilerplate": self.file.boilerplate.as_deref().map(shown),
            "instruction": self.file.instruction,
            "references": self.file.references.iter().map(|one| json!({
                "kind": one.kind,
                "name": one.name,
                "secret": one.secret,
            })).collect::<Vec<_>>(),
            "tracked": self.is_tracked,
            "ignored": self.is_ignored,
        })
    }

    /// Whether it is there to be committed, and protects what it holds.
    fn is_committed(&self) -> bool {
        self.file.is_committed && self.file.state != State::Filled
    }

    /// Whether git would take the file along.
    fn is_open(&self) -> bool {
        self.is_ignored == Some(false) && !self.is_tracked && !self.is_committed()
    }

    fn has_something_to_do(&self) -> bool {
        let is_wanted = self.file.is_used && self.policy == Secrets::Required;
        let is_there = self.file.state != State::Missing;
        // What is encrypted is there to be committed.
        let is_secret = self.file.state < State::Encrypted || self.file.state == State::Filled;
        (is_wanted && self.file.state < State::Encrypted)
            || (is_secret && self.is_tracked)
            || (is_secret && is_there && self.is_open())
    }
}
