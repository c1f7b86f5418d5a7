//! `kustom migrate`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::diff::Lines;
use kustom::error::{Error, Kind, Result};
use kustom::finding::Severity;
use kustom::guard::Mask;
use kustom::load::{Files as _, LookupCache, display_from, unreadable};
use kustom::migrate::{
    Basis, Draft, ENVIRONMENT_DIRECTORIES, Migrated, Migration, Proof, Request, migrate,
};
use kustom::report::printable;
use kustom::write::{Directory, New};

use super::build::{canonical, working_directory};
use super::diff::of_texts;
use super::output::{Streams, line, lines, stdin};
use super::reading::Reading;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell script or Makefile that renders, or a directory: with a script in it, or with a
    /// directory of environments.
    #[arg(
        value_name = "SCRIPT|DIR",
        default_value = ".",
        hide_default_value = true
    )]
    target: PathBuf,
    /// An environment, and what the script is called with for it: arguments, or `VARIABLE=VALUE`;
    /// without them its name. May be repeated; without it the script is searched for what it can be
    /// called with.
    #[arg(long = "env", value_name = "NAME[=ARGUMENTS]", value_parser = environment)]
    environments: Vec<(String, Option<String>)>,
    /// What the script prints, to compare with: of an environment, or of the only one; may be
    /// repeated. Without it the tree that the script would leave is built in memory.
    #[arg(long, value_name = "[ENV=]FILE")]
    expect: Vec<String>,
    /// Write nothing; print the files as differences to what is there.
    #[arg(long)]
    dry_run: bool,
    /// Overwrite files that are there.
    #[arg(long)]
    force: bool,
    /// The directory that the script is run in, if it is not the current one.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// Shows what became of the deployment, and writes it.
pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.reading.files()?;
    let target = arguments.target(&here)?;
    let directory = match &arguments.directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None if target.is_dir() => project_of(&target),
        None => here.clone(),
    };
    let expected = arguments.expected(&here, &files)?;
    let request = Request {
        here: &here,
        directory: &directory,
        target: &target,
        environments: &arguments.environments,
        expected: &expected,
    };
    let migration = migrate(&files, &request)?;
    streams.findings(&migration.findings);
    let mut text = String::new();
    for one in &migration.environments {
        text.push_str(&shown(one, &here, streams)?);
    }
    streams.data(&text)?;
    arguments.put_down(&migration, &here, streams)?;
    if let Some(legend) = legend(&migration) {
        streams.say(legend);
    }
    let is_same = |one: &Migrated| matches!(one.proof, Proof::Same { .. });
    let mut warnings = migration
        .findings
        .iter()
        .filter(|one| one.severity > Severity::Note);
    let is_whole = migration.environments.iter().all(is_same) && warnings.next().is_none();
    Ok(match is_whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

impl Arguments {
    /// What is to be read: named from here or, where that is not there, from `-C`.
    fn target(&self, here: &Path) -> Result<PathBuf> {
        let from_here = here.join(&self.target);
        let elsewhere = self
            .directory
            .as_ref()
            .map(|directory| here.join(directory).join(&self.target));
        let is_default = self.target.as_os_str() == ".";
        let path = match elsewhere {
            Some(path) if is_default || !from_here.exists() => path,
            _ => from_here,
        };
        path.canonicalize().map_err(|cause| {
            let message = format!("there is no `{}`", self.target.display());
            Error::new(Kind::Script, message)
                .caused_by(cause)
                .help("name the script that calls kustomize, or the directory of the environments")
        })
    }

    fn expected(&self, here: &Path, files: &LookupCache) -> Result<Vec<(Option<String>, String)>> {
        let mut all = Vec::new();
        for word in &self.expect {
            let is_file = here.join(word).is_file();
            let (name, file) = match word.split_once('=').filter(|_| !is_file) {
                Some((name, file)) => (Some(name.to_owned()), file),
                None => (None, word.as_str()),
            };
            let bytes = match file {
                "-" => stdin(self.reading.bytes()),
                _ => files.read(&here.join(file)),
            };
            let bytes = bytes.map_err(|cause| unreadable(file, cause))?;
            let text = String::from_utf8(bytes).map_err(|cause| {
                let message = format!("`{file}` is not UTF-8");
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
            all.push((name, text));
        }
        Ok(all)
    }

    /// Writes the drafts, or shows them as differences; what is the same is left alone.
    fn put_down(&self, migration: &Migration, here: &Path, streams: &Streams) -> Result<()> {
        let is_new = |draft: &&Draft| draft.before.as_deref() != Some(&draft.content[..]);
        let drafts: Vec<&Draft> = migration.drafts.iter().filter(is_new).collect();
        let name = |draft: &Draft| display_from(here, &draft.path);
        if self.dry_run {
            let all: String = drafts
                .iter()
                .map(|draft| difference(draft, &name(draft)))
                .collect();
            return streams.data(&all);
        }
        let known = drafts.iter().find(|draft| draft.before.is_some());
        if let Some(known) = known.filter(|_| !self.force) {
            let message = format!(
                "`{}` is there already, and says something else",
                name(known)
            );
            return Err(Error::new(Kind::Output, message).help(
                "nothing was written; `--dry-run` shows the difference, and `--force` overwrites",
            ));
        }
        let inside = |draft: &Draft| {
            let inside = draft.path.strip_prefix(&migration.root);
            inside.unwrap_or(&draft.path).to_path_buf()
        };
        let files: Vec<New> = drafts
            .iter()
            .map(|draft| match draft.before {
                Some(_) => New::over(inside(draft), draft.content.clone()),
                None => New::alone(inside(draft), draft.content.clone()),
            })
            .collect();
        let root = display_from(here, &migration.root);
        Directory::new(if root.is_empty() {
            ".".to_owned()
        } else {
            root
        })
        .write(&files)?;
        let names = drafts
            .iter()
            .map(|draft| line(&format!("written      {}", name(draft))));
        streams.data(&names.collect::<String>())
    }
}

/// The directory of a project whose environments a directory holds, or that itself.
fn project_of(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let is_environments = ENVIRONMENT_DIRECTORIES.contains(&&*name);
    match target.parent() {
        Some(parent) if is_environments => parent.to_path_buf(),
        _ => target.to_path_buf(),
    }
}

/// One line about an environment, and what differs.
fn shown(one: &Migrated, here: &Path, streams: &Streams) -> Result<String> {
    let directory = display_from(here, &one.directory);
    let of = |with: Basis| match (with, &one.called) {
        (Basis::Given, _) => "as expected".to_owned(),
        (Basis::Model, Some(called)) => format!("as `{called}` builds"),
        (Basis::Model, None) => "as `kustomize build` has it".to_owned(),
    };
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    Ok(match &one.proof {
        Proof::Same {
            lines,
            with,
            stand_ins,
        } => {
            let secrets = match stand_ins {
                0 => String::new(),
                count => format!(", with {} stood in for", counted(*count, "secret")),
            };
            line(&format!(
                "same bytes   {directory}: {}, {}{secrets}",
                counted(*lines, "line"),
                of(*with)
            ))
        }
        Proof::Differs {
            before,
            after,
            with,
        } => {
            let number = first_difference(before, after);
            let name = match with {
                Basis::Given => "expected",
                Basis::Model => "script",
            };
            let found = of_texts((name, before), ("kustom", after), streams);
            let found = match found {
                Ok(Some(found)) => found,
                Ok(None) => {
                    line("the objects are the same; their order or layout is not:")
                        + &layout(before, after, name)
                }
                Err(error) => line(&format!(
                    "the streams are not compared: {}",
                    error.message()
                )),
            };
            line(&format!("differs      {directory}: from line {number} on")) + &found
        }
        Proof::Unproven { reason, place } => {
            let place = place.as_ref().map(|place| format!(" ({place})"));
            let place = place.unwrap_or_default();
            line(&format!("not proven   {directory}: {reason}{place}"))
        }
        Proof::Failed(error) => {
            streams.error(error);
            line(&format!("no render    {directory}: {}", error.message()))
        }
    })
}

/// The first lines that differ between two streams of the same objects, without secrets.
fn layout(before: &str, after: &str, name: &str) -> String {
    const MOST: usize = 14;
    let mut mask = Mask::default();
    mask.learn("", before.as_bytes());
    mask.learn("", after.as_bytes());
    let found = Lines::of(before, after).unified(name, "kustom");
    let first: Vec<&str> = found.lines().take(MOST).collect();
    lines(&mask.text(&first.join("\n"), &[]))
}

/// The first line that two texts do not share, counted from 1.
fn first_difference(before: &str, after: &str) -> usize {
    let pairs = before.lines().zip(after.lines());
    pairs.take_while(|(one, other)| one == other).count() + 1
}

fn difference(draft: &Draft, name: &str) -> String {
    let before = String::from_utf8_lossy(draft.before.as_deref().unwrap_or_default());
    let after = String::from_utf8_lossy(&draft.content);
    let old = match draft.before {
        Some(_) => name,
        None => "/dev/null",
    };
    lines(&Lines::of(&before, &after).unified(&printable(old), &printable(name)))
}

/// What the comparison means, where it was one with a build in memory.
fn legend(migration: &Migration) -> Option<&'static str> {
    let mut proofs = migration.environments.iter().map(|one| &one.proof);
    let has_script = migration
        .environments
        .iter()
        .any(|one| one.called.is_some());
    let is_model = |proof: &Proof| {
        matches!(
            proof,
            Proof::Same {
                with: Basis::Model,
                ..
            } | Proof::Differs {
                with: Basis::Model,
                ..
            }
        )
    };
    (has_script && proofs.any(is_model)).then_some(
        "Compared with a build in memory of the tree that the script would leave. What yq itself\n\
         would lay out anew is not seen there: `--expect ENV=FILE` compares with what the script\n\
         prints.\n",
    )
}

fn environment(word: &str) -> std::result::Result<(String, Option<String>), String> {
    let (name, words) = match word.split_once('=') {
        Some((name, words)) => (name, Some(words.to_owned())),
        None => (word, None),
    };
    match name.is_empty() {
        true => Err("it is a name, or `NAME=ARGUMENTS`".to_owned()),
        false => Ok((name.to_owned(), words)),
    }
}
