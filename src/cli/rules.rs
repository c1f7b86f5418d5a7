//! `kustom rules`.

use std::process::ExitCode;

use kustom::error::{Error, Kind, Result, nearest};
use kustom::{guard, lint, report};
use serde_json::{Map, Value, json};

use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A rule, as a finding shows it in brackets; without one, all are listed.
    #[arg(value_name = "RULE")]
    names: Vec<String>,
    /// How they are written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// The list: a rule on each line, and what it finds; of rules that are named, all that is known.
    Text,
    /// A JSON array with all that is known of each.
    Json,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let all = names();
    let unknown = arguments.names.iter().find(|name| !all.contains(&&***name));
    if let Some(name) = unknown {
        return Err(no_rule(name, &all));
    }
    let wanted = match arguments.names.is_empty() {
        true => all,
        false => arguments.names.iter().map(String::as_str).collect(),
    };
    match arguments.format {
        Format::Json => {
            let rules: Vec<Value> = wanted.into_iter().map(described).collect();
            streams.json(format_args!("{:#}", Value::from(rules)))?;
        }
        Format::Text if arguments.names.is_empty() => {
            let width = wanted.iter().map(|name| name.len()).max().unwrap_or(0);
            let line = |name: &str| format!("{name:width$}  {}\n", report::about(name).what);
            streams.data(&wanted.into_iter().map(line).collect::<String>())?;
        }
        Format::Text => {
            let pages: Vec<String> = wanted.into_iter().map(page).collect();
            streams.data(&pages.join("\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of all rules, those of tokens' formats too, sorted.
fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = report::rules().chain(guard::rules()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn no_rule(name: &str, all: &[&str]) -> Error {
    let error = Error::new(Kind::Project, format!("there is no rule `{name}`"));
    error.help(match nearest(name, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`kustom rules` lists them".to_owned(),
    })
}

/// What is known of a rule; what does not apply to it is left out.
fn described(name: &str) -> Value {
    let about = report::about(name);
    let mut fields = Map::new();
    fields.insert("rule".to_owned(), json!(name));
    fields.insert("finds".to_owned(), json!(about.what));
    fields.insert("help".to_owned(), json!(about.help));
    for (field, value) in more(name) {
        fields.insert(field.to_owned(), json!(value));
    }
    Value::Object(fields)
}

/// What is known of rules of lint and of formats of tokens alone.
fn more(name: &str) -> Vec<(&'static str, &'static str)> {
    if let Some(rule) = lint::rules().iter().find(|rule| rule.name == name) {
        return vec![
            ("severity", rule.severity.name()),
            ("group", rule.group.name()),
            ("profile", rule.set.profile()),
            ("source", rule.source),
        ];
    }
    let format = guard::formats().find(|(format, _)| *format == name);
    let expression = format.map(|(_, expression)| ("expression", expression));
    expression.into_iter().collect()
}

fn page(name: &str) -> String {
    let about = report::about(name);
    let mut page = format!("{name}\n  {}\n  help: {}\n", about.what, about.help);
    for (field, value) in more(name) {
        page.push_str(&format!("  {field}: {value}\n"));
    }
    page
}
