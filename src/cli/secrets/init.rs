//! `kustom secrets init`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::load::{WorkTree, normalized};
use kustom::place::Place;
use kustom::project::{
    self, Environment, Project, Question, SecretFile, SecretStub, State, Wanted, lay_out, questions,
};
use kustom::report::printable;
use kustom::write::{Directory, New};

use super::prompt;
use crate::cli::build::working_directory;
use crate::cli::output::Streams;
use crate::cli::project::find_environment;
use crate::cli::run_overrides::ValueFlags;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    /// Only these files, as `status` names them; without any, all that the boilerplate has.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write files anew that are there: what templates make, what still is a placeholder, and each
    /// FILE that is named; what was filled in by hand stays.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    values: ValueFlags,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.values.files()?;
    let directory = arguments.directory.as_deref();
    let (project, name) = find_environment(&files, &here, directory, &arguments.environment)?;
    let environment = project.environment(&files, &name)?;
    let tree = WorkTree::discover(&project.root)?;
    let given = arguments.values.read()?;
    let decrypted = arguments.values.decrypted(&files);
    let values = project::values(&decrypted, &project, &environment, &given);
    let mut values = values.map_err(|error| decrypted.explained(error))?;
    let only = only(arguments, &here, &environment);
    let wanted = Wanted {
        only: &only,
        anew: arguments.force,
    };
    let open = questions(&files, &project, &environment, &values, wanted)?;
    if !open.is_empty() && !prompt::can_ask() {
        return Err(unanswered(&open, &project));
    }
    for question in &open {
        let file = project.shown(&question.path);
        let answer = prompt::ask(&format!(
            "{} for {}: ",
            printable(&question.key),
            printable(&file)
        ))?;
        values.set(&question.key, answer.into())?;
    }
    let layout = lay_out(&files, &project, &environment, &values, wanted)?;
    write(&layout.files, &project)?;
    let names = layout.files.iter().map(|file| project.shown(&file.path));
    streams.list(names)?;
    for file in &layout.left {
        streams.say(&left(file, arguments.force, &project));
    }
    if layout.files.is_empty() && layout.left.is_empty() {
        streams.say("the boilerplate has no file to write\n");
    }
    streams.findings(&unignored(tree.as_ref(), &layout.files, &project)?);
    Ok(ExitCode::SUCCESS)
}

/// The files that are named, from here or from the environment's directory.
fn only(arguments: &Arguments, here: &Path, environment: &Environment) -> Vec<PathBuf> {
    let path = |file: &PathBuf| {
        let from_here = normalized(&here.join(file));
        let inside = normalized(&environment.directory.join(file));
        let is_there = |path: &Path| path.parent().is_some_and(Path::is_dir);
        match !is_there(&from_here) && is_there(&inside) || file.starts_with("secrets") {
            true => inside,
            false => from_here,
        }
    };
    arguments.files.iter().map(path).collect()
}

/// What is said of a file that stays.
fn left(file: &SecretFile, is_forced: bool, project: &Project) -> String {
    let shown = project.shown(&file.path);
    let why = match (file.state, is_forced) {
        (State::Placeholder, _) => "it still is a placeholder",
        (State::Encrypted, _) => "it is encrypted",
        (_, false) => "it is filled in",
        (_, true) => "it was filled in by hand; name it to write it anew",
    };
    format!("`{shown}` is left as it is: {why}\n")
}

fn unanswered(open: &[Question], project: &Project) -> Error {
    let message = match open.len() {
        1 => "a value is missing".to_owned(),
        count => format!("{count} values are missing"),
    };
    let mut error = Error::new(Kind::Template, message);
    for question in open {
        let file = project.shown(&question.path);
        error = error.note(format!("`{}` for `{file}`", question.key), None);
    }
    error.help("give them with `--values FILE` or `--set KEY=VALUE`, or call this on a terminal, which asks for them")
}

/// A warning if git would take the files along.
fn unignored(
    tree: Option<&WorkTree>,
    files: &[SecretStub],
    project: &Project,
) -> Result<Vec<Finding>> {
    let Some(tree) = tree else {
        return Ok(Vec::new());
    };
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let ignored = tree.ignored(&paths)?;
    let open = paths.iter().zip(ignored).filter(|(_, ignored)| !ignored);
    Ok(open
        .map(|(path, _)| not_ignored(path, project))
        .take(1)
        .collect())
}

fn not_ignored(path: &Path, project: &Project) -> Finding {
    let shown = project.shown(path);
    let mut above = path.ancestors().skip(1);
    let secrets = above.find(|path| path.file_name().is_some_and(|name| name == "secrets"));
    let help = match secrets.and_then(Path::parent) {
        Some(parent) => {
            let ignore = project.shown(&parent.join(".gitignore"));
            format!("add the line `/secrets/` to `{ignore}`")
        }
        None => "name it in a `.gitignore`".to_owned(),
    };
    Finding::warning(
        "unignored-secrets",
        format!("git does not ignore `{shown}`"),
    )
    .at(Place::file(shown))
    .help(help)
}

/// Writes files that only their owner can read, below the project: all of them or none, and over
/// another one only if it is meant to take its place.
fn write(files: &[SecretStub], project: &Project) -> Result<()> {
    let files = files.iter().map(|file| New {
        path: file
            .path
            .strip_prefix(&project.root)
            .unwrap_or(&file.path)
            .to_path_buf(),
        content: file.content.clone(),
        replaces: file.replaces,
        private: true,
    });
    Directory::new(project.shown(&project.root)).write(&files.collect::<Vec<_>>())
}
