//! `kustom blame`.

use std::path::Path;
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result, nearest};
use kustom::explain::{Explained, Life, ObjectName, Reached};
use kustom::load::{display_from, normalized};
use kustom::report;

use super::build::working_directory;
use super::complete::{Environments, Objects, completer};
use super::explained::Source;
use super::output::Streams;
use super::progress::Progress;
use super::project::find;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment, unless --dir names a directory.
    #[arg(value_name = "ENV", add = completer(Environments))]
    environment: Option<String>,
    /// Only this object, `KIND/NAME` or `KIND/NAMESPACE/NAME`; may be repeated.
    #[arg(long, value_name = "OBJECT", conflicts_with = "reverse", add = completer(Objects))]
    only: Vec<String>,
    /// The lines of the output that this file reaches, or one line of it; without ENV, in all
    /// environments.
    #[arg(long, value_name = "FILE[:LINE]")]
    reverse: Option<String>,
    /// How to write it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people, a colour for each file.
    Text,
    /// For programs; see schemas/blame.schema.json.
    Json,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let is_json = matches!(arguments.format, Format::Json);
    if let Some(asked) = &arguments.reverse {
        let (file, line) = file_and_line(asked)?;
        let reached = reached(arguments, &file, line)?;
        streams.data(&match is_json {
            true => report::reverse_json(&file, &reached),
            false => report::reverse(&reached, streams.color_of_data()),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.environment.is_none() && arguments.source.directory().is_none() {
        return Err(Error::new(Kind::Project, "no environment is named")
            .help("name one, or a kustomization with `--dir`"));
    }
    let explained = arguments
        .source
        .explained(arguments.environment.as_deref())?;
    let only: Vec<ObjectName> = arguments
        .only
        .iter()
        .map(|word| word.parse())
        .collect::<Result<_>>()?;
    let mut wanted: Vec<&Life> = Vec::new();
    for name in &only {
        wanted.extend(explained.find(name)?);
    }
    let is_wanted =
        |life: &Life| only.is_empty() || wanted.iter().any(|one| std::ptr::eq(*one, life));
    let lines = explained.blame(&is_wanted)?;
    streams.data(&match is_json {
        true => report::blame_json(&explained, &lines),
        false => report::blame(&lines, streams.color_of_data()),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A file and perhaps a line, as places have them.
fn file_and_line(asked: &str) -> Result<(String, Option<u32>)> {
    let (file, line) = match asked.rsplit_once(':') {
        Some((file, line))
            if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            let line = line.parse().map_err(|_| {
                Error::new(Kind::Project, format!("`{asked}` names no line"))
                    .help("write `FILE` or `FILE:LINE`")
            })?;
            (file, Some(line))
        }
        _ => (asked, None),
    };
    let here = working_directory()?;
    let path = normalized(&here.join(file));
    Ok((display_from(&here, &path), line))
}

/// The lines that a file reaches, each with the environment.
fn reached(arguments: &Arguments, file: &str, line: Option<u32>) -> Result<Vec<(String, Reached)>> {
    let source = &arguments.source;
    let mut all = Vec::new();
    let mut files_seen: Vec<String> = Vec::new();
    let mut add = |name: &str, explained: &Explained| -> Result<()> {
        let found = explained.reached_from(file, line)?;
        all.extend(found.into_iter().map(|one| (name.to_owned(), one)));
        files_seen.extend(explained.files().map(str::to_owned));
        Ok(())
    };
    match (source.directory(), &arguments.environment) {
        (Some(directory), _) => {
            add(&directory.display().to_string(), &source.explained(None)?)?;
        }
        (None, Some(name)) => add(name, &source.explained(Some(name))?)?,
        (None, None) => {
            let here = working_directory()?;
            let files = source.files()?;
            let project = find(&files, &here, source.start())?;
            let names = project.names(&files);
            let progress = Progress::new(names.len(), "environments");
            for name in names {
                add(&name, &source.environment(&files, &here, &project, &name)?)?;
                progress.step();
            }
        }
    }
    all.sort_by(|(one_name, one), (other_name, other)| {
        let key = |name: &str, it: &Reached| (it.source_line, name.to_owned(), it.line.number);
        key(one_name, one).cmp(&key(other_name, other))
    });
    if all.is_empty() && !files_seen.iter().any(|name| name == file) {
        let message = format!("no output is made of `{file}`");
        let error = Error::new(Kind::Project, message);
        let near = nearest(file, files_seen.iter().map(String::as_str));
        return Err(match near {
            Some(near) if Path::new(near) != Path::new(file) => {
                error.help(format!("did you mean `{near}`?"))
            }
            _ => error.help("name a file that the environments read; `kustom deps` lists them"),
        });
    }
    Ok(all)
}
