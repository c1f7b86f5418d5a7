//! `kustom deps`.

use std::path::Path;
use std::process::ExitCode;

use kustom::check::{Checked, display_from, programs, unfollowed};
use kustom::error::Result;
use kustom::report::printable;
use serde_json::json;

use super::build::working_directory;
use super::check::Chosen;
use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How the files are written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    chosen: Chosen,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// One a line.
    Text,
    /// With what was looked for and not found, and the directories that were listed.
    Json,
    /// A rule for `make`, one for each environment.
    Make,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let found = arguments.chosen.find()?;
    let checked: Vec<Checked> = found
        .iter()
        .flat_map(|found| found.setup().environments())
        .collect();
    let findings: Vec<_> = checked
        .iter()
        .flat_map(|one| [unfollowed(one), programs(one)])
        .flatten()
        .collect();
    streams.findings(&findings);
    let here = working_directory()?;
    let here = here.as_path();
    match arguments.format {
        Format::Text => {
            let mut files: Vec<String> = checked.iter().flat_map(|one| files(one, here)).collect();
            files.sort();
            files.dedup();
            streams.list(files)?;
        }
        Format::Json => {
            let all: Vec<_> = checked.iter().map(|one| described(one, here)).collect();
            streams.json(format_args!("{:#}", serde_json::Value::from(all)))?;
        }
        Format::Make => {
            let rules = checked.iter().map(|one| rule(one, here));
            streams.data(&rules.collect::<String>())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What was read, and what was to be read and is not there.
fn files(checked: &Checked, here: &Path) -> Vec<String> {
    let accesses = checked.all_accesses();
    let read = accesses
        .iter()
        .filter(|(_, accesses)| accesses.read || accesses.wanted);
    read.map(|(path, _)| display_from(here, path)).collect()
}

fn described(checked: &Checked, here: &Path) -> serde_json::Value {
    let all = checked.all_accesses();
    let paths = |is: fn(&kustom::load::Accesses) -> bool| -> Vec<String> {
        let these = all.iter().filter(|(_, accesses)| is(accesses));
        these.map(|(path, _)| display_from(here, path)).collect()
    };
    json!({
        "environment": checked.suite.name,
        "files": files(checked, here),
        "missing": paths(|accesses| accesses.missing && !accesses.read),
        "directories": paths(|accesses| accesses.listed || accesses.walked),
    })
}

/// `production.yaml: file file`, with what `make` would not take for a name escaped.
fn rule(checked: &Checked, here: &Path) -> String {
    let escaped = |name: &str| {
        printable(name)
            .replace(' ', "\\ ")
            .replace('$', "$$")
            .replace('#', "\\#")
    };
    let mut text = format!("{}.yaml:", escaped(&checked.suite.name));
    for file in files(checked, here) {
        text.push_str(" \\\n  ");
        text.push_str(&escaped(&file));
    }
    text.push('\n');
    text
}
