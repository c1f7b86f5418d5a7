//! `kustom schema`.

use std::process::ExitCode;

use kustom::error::{Error, Kind, Result, nearest};

use super::output::Streams;

/// The JSON Schemas by their names, and what each describes.
const SCHEMAS: [(&str, &str, &str); 6] = [
    (
        "kustom",
        "`kustom.yaml`",
        include_str!("../../schemas/kustom.schema.json"),
    ),
    (
        "environment",
        "`environment.yaml`",
        include_str!("../../schemas/environment.schema.json"),
    ),
    (
        "explain",
        "the output of `kustom explain --format json`",
        include_str!("../../schemas/explain.schema.json"),
    ),
    (
        "blame",
        "the output of `kustom blame --format json`",
        include_str!("../../schemas/blame.schema.json"),
    ),
    (
        "graph",
        "the output of `kustom graph --format json`",
        include_str!("../../schemas/graph.schema.json"),
    ),
    (
        "message",
        "a line of the messages as JSON",
        include_str!("../../schemas/message.schema.json"),
    ),
];

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The schema; without one, all are listed.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let Some(wanted) = &arguments.name else {
        let lines = SCHEMAS.map(|(name, of, _)| format!("{name:12}  {of}\n"));
        return streams.data(&lines.concat()).map(|()| ExitCode::SUCCESS);
    };
    let known = SCHEMAS.iter().find(|(name, _, _)| name == wanted);
    let Some((_, _, text)) = known else {
        let error = Error::new(Kind::Project, format!("there is no schema `{wanted}`"));
        let names = SCHEMAS.map(|(name, _, _)| name);
        return Err(match nearest(wanted, names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("there are `{}`", names.join("`, `"))),
        });
    };
    streams.data(text).map(|()| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_listed() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let mut there: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        there.sort();
        let mut listed = SCHEMAS.map(|(name, _, _)| format!("{name}.schema.json"));
        listed.sort();
        assert_eq!(there, listed);
    }
}
