//! `kustom secrets init`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::load::{Disk, WorkTree};
use kustom::place::Place;
use kustom::project::{self, LaidOut, Project, Question, lay_out, questions};

use super::prompt;
use crate::cli::build::working_directory;
use crate::cli::output::Streams;
use crate::cli::project::find_environment;
use crate::cli::said::ValueFlags;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    #[command(flatten)]
    values: ValueFlags,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let directory = arguments.directory.as_deref();
    let (project, name) = find_environment(&Disk, &here, directory, &arguments.environment)?;
    let environment = project.environment(&Disk, &name)?;
    let tree = WorkTree::discover(&project.root)?;
    let said = arguments.values.read()?;
    let mut values = project::values(&Disk, &project, &environment, &said)?;
    let open = questions(&Disk, &project, &environment, &values)?;
    if !open.is_empty() && !prompt::can_ask() {
        return Err(unanswered(&open, &project));
    }
    for question in &open {
        let file = project.shown(&question.path);
        let answer = prompt::ask(&format!("{} for {file}: ", question.key))?;
        values.set(&question.key, answer.into())?;
    }
    let files = lay_out(&Disk, &project, &environment, &values)?;
    let mut text = String::new();
    for file in &files {
        write_new(file)?;
        text.push_str(&format!("{}\n", project.shown(&file.path)));
    }
    streams.data(&text)?;
    streams.findings(&unignored(tree.as_ref(), &files, &project)?);
    Ok(ExitCode::SUCCESS)
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
    files: &[LaidOut],
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
    Finding::warning(
        "unignored-secrets",
        format!("git does not ignore `{shown}`"),
    )
    .at(Place::file(shown))
    .help("add the line `/secrets/` to the `.gitignore` of the environment")
}

/// Writes a file that only its owner can read, and that is not there yet.
fn write_new(file: &LaidOut) -> Result<()> {
    let cannot = |cause: std::io::Error| {
        let message = format!("cannot write `{}`: {cause}", file.path.display());
        Error::new(Kind::Output, message).caused_by(cause)
    };
    if let Some(parent) = file.path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(parent).map_err(cannot)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&file.path).map_err(cannot)?;
    opened.write_all(&file.content).map_err(cannot)
}
