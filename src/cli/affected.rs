//! `kustom affected`.

use std::process::ExitCode;

use kustom::check::{Affected, Since};
use kustom::error::Result;
use kustom::finding::{Finding, Severity};

use super::check::Chosen;
use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The revision that the files are held against, such as `origin/main`; `main...` is where
    /// `main` and the present commit parted.
    #[arg(long, value_name = "REV")]
    base: String,
    /// How the names are written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    chosen: Chosen,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// One a line.
    Text,
    /// A JSON array, as the matrix of a workflow wants it.
    Json,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let (mut names, mut findings) = (Vec::new(), Vec::new());
    for found in arguments.chosen.find()? {
        let revision = found.revision(&arguments.base)?;
        let setup = found.setup();
        let since = Since::new(&setup, &revision);
        let inputs = setup.inputs();
        let answers = since.affected_each(&inputs)?;
        for (checked, answer) in inputs.into_iter().zip(answers) {
            match answer {
                Affected::No => continue,
                Affected::Yes => {}
                Affected::Perhaps(finding) => findings.push(*finding),
            }
            names.push(checked.suite.name);
        }
        for name in since.gone() {
            let (name, base) = (setup.label(name), &arguments.base);
            let message = format!("`{name}` is gone since `{base}`, and is not named");
            findings.push(Finding::new("gone", Severity::Note, message));
        }
    }
    streams.findings(&findings);
    match arguments.format {
        Format::Text => streams.list(names)?,
        Format::Json => streams.json(serde_json::Value::from(names))?,
    }
    Ok(ExitCode::SUCCESS)
}
