//! `kustom explain`.

use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::explain::{Explained, Field, ObjectName};
use kustom::finding::Finding;
use kustom::report;

use super::complete::{EnvironmentObjectField, completer};
use super::explained::Source;
use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment, unless --dir names a directory; then an object, `KIND/NAME` or
    /// `KIND/NAMESPACE/NAME`; then one of its fields, such as `spec.template.spec.containers[web].image`.
    #[arg(value_name = "ENV [OBJECT [FIELD]]", num_args = 0..=3, add = completer(EnvironmentObjectField))]
    words: Vec<String>,
    /// How to write it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people, with the lines of the sources.
    Text,
    /// For programs; see schemas/explain.schema.json.
    Json,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let mut words = arguments.words.iter().map(String::as_str);
    let environment = match arguments.source.directory() {
        Some(_) => None,
        None => Some(words.next().ok_or_else(|| {
            Error::new(Kind::Project, "no environment is named")
                .help("name one, or a kustomization with `--dir`")
        })?),
    };
    let object: Option<ObjectName> = words.next().map(str::parse).transpose()?;
    let field: Option<Field> = words.next().map(str::parse).transpose()?;
    if let Some(word) = words.next() {
        let message = format!("`{word}` is one argument too many");
        return Err(Error::new(Kind::Project, message)
            .help("with `--dir` there is an object, and then a field"));
    }
    let explained = arguments.source.explained(environment)?;
    // A patch that meets nothing is the first guess where a value is not what it should be.
    let is_told = |finding: &&Finding| finding.rule.starts_with("unmatched");
    let findings: Vec<Finding> = explained
        .findings()
        .iter()
        .filter(is_told)
        .cloned()
        .collect();
    streams.findings(&findings);
    let text = text(arguments, &explained, object.as_ref(), field, streams)?;
    streams.data(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(
    arguments: &Arguments,
    explained: &Explained,
    object: Option<&ObjectName>,
    field: Option<Field>,
    streams: &Streams,
) -> Result<String> {
    let color = streams.color_of_data();
    let is_json = matches!(arguments.format, Format::Json);
    let Some(object) = object else {
        return Ok(match is_json {
            true => {
                let all: Vec<_> = explained.output().chain(explained.removed()).collect();
                report::lives_json(explained, &all)
            }
            false => report::objects(explained, color),
        });
    };
    let lives = explained.find(object)?;
    let Some(field) = field.filter(|field| !field.is_whole()) else {
        return Ok(match is_json {
            true => report::lives_json(explained, &lives),
            false => {
                let pages = lives
                    .iter()
                    .map(|life| report::life(explained, life, color));
                pages.collect::<Vec<_>>().join("\n")
            }
        });
    };
    // Of several objects, one may have the field that the others have not.
    let results: Vec<_> = lives
        .iter()
        .map(|life| explained.field(life, &field).map(|chain| (*life, chain)))
        .collect();
    let (found, errors): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let found: Vec<_> = found.into_iter().flatten().collect();
    if found.is_empty()
        && let Some(Err(error)) = errors.into_iter().next()
    {
        return Err(error);
    }
    Ok(match is_json {
        true => report::chains_json(explained, &found),
        false => {
            let pages = found.iter();
            let pages = pages.map(|(life, chain)| report::chain(explained, life, chain, color));
            pages.collect::<Vec<_>>().join("\n")
        }
    })
}
