//! `kustom yq`: scripts and expressions on files, by the command lines of yq 3 and yq 4.
//!
//! A first word that is a command of yq 3 selects its command line; anything else is an
//! expression.

mod help;
mod v3;
mod v4;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Command;
use kustom::error::{Error, Kind, Result};
use kustom::load::{Files as _, LookupCache, largest_file};
use kustom::write;
use kustom::yq::codec::Format;
use kustom::yq::v3::usage;

use super::examples;
use super::flags;
use super::output::Streams;
use v3::Form;

/// `kustom yq` as help shows it: the flags of yq 4, and the commands of both.
pub(super) fn command() -> Command {
    let about = "Change or query YAML, by the command lines of yq 3 and yq 4";
    let words = ["[EXPRESSION]", "[FILE]..."];
    let formats: Vec<&str> = Format::names().collect();
    let after = format!("Formats: {}\n\n{}", formats.join(", "), examples::YQ);
    let each = "Run an expression on each document by itself, as without a command";
    let all = "Run an expression once, on all documents of all files together";
    help::described("yq", about, &words, v4::FLAGS)
        .override_usage(
            "kustom yq [OPTIONS] EXPRESSION [FILE]...\n       \
             kustom yq [OPTIONS] COMMAND ...",
        )
        .after_help(after)
        .subcommand(help::described("eval", each, &words, &[]))
        .subcommand(help::described("eval-all", all, &words, &[]))
        .subcommands(Form::ALL.map(Form::command))
}

/// The words behind `kustom yq`, which are told apart as yq tells them.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// An expression or a command of yq 3, flags and files.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    pub(super) words: Vec<String>,
}

/// Runs `kustom yq` with the arguments behind that.
pub(super) fn run(arguments: &[String], streams: &Streams) -> ExitCode {
    match execute(arguments, streams) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            streams.error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Whether the exit status is success.
fn execute(arguments: &[String], streams: &Streams) -> Result<bool> {
    let Some((first, rest)) = arguments.split_first() else {
        return Err(usage("`kustom yq` needs an expression or a command")
            .help("try `kustom yq . FILE`, or `kustom yq write FILE --script SCRIPT`"));
    };
    if first == "help" {
        let all = command();
        let below = rest.first().and_then(|name| all.find_subcommand(name));
        let asked = below.cloned().unwrap_or(all);
        return help::print(asked, streams).map(|()| true);
    }
    match Form::named(first) {
        Some(form) => form.run(rest, streams),
        None if has_script(arguments) => Form::Write.run(arguments, streams),
        None => v4::run(arguments, streams),
    }
}

/// Whether a script of yq 3 is given without a command.
fn has_script(arguments: &[String]) -> bool {
    let words = arguments.iter().take_while(|argument| *argument != "--");
    let mut words = words.map(String::as_str).peekable();
    while let Some(word) = words.next() {
        // In yq 4, `-s` is followed by an expression that names files.
        let is_short = word == "-s" && words.peek().is_some_and(|file| Path::new(file).is_file());
        if is_short || word == "--script" || word.starts_with("--script=") {
            return true;
        }
    }
    false
}

/// The bytes of a file, or of stdin for `-`.
fn read_bytes(file: &str, most: u64) -> Result<Vec<u8>> {
    if file != "-" {
        let files = LookupCache::default().bounded(most);
        return files
            .read(Path::new(file))
            .map_err(|error| unreadable(file, error));
    }
    super::output::stdin(most).map_err(|error| unreadable("stdin", error))
}

/// The text of a file that is not larger than that.
fn read_at_most(file: &str, most: u64) -> Result<String> {
    String::from_utf8(read_bytes(file, most)?)
        .map_err(|error| Error::new(Kind::Load, format!("`{file}` is not UTF-8")).caused_by(error))
}

#[cold]
fn unreadable(file: &str, error: io::Error) -> Error {
    Error::new(Kind::Load, format!("cannot read `{file}`: {error}")).caused_by(error)
}

/// The most bytes that are read of a file.
fn most(arguments: &flags::Arguments) -> Result<u64> {
    match arguments.value("max-file-size") {
        Some(text) => {
            crate::cli::size(text).map_err(|why| usage(format!("`--max-file-size {text}`: {why}")))
        }
        None => Ok(largest_file()),
    }
}

/// Puts a changed text in the place of a file; a link stays a link.
fn write_text(file: &str, text: &str) -> Result<()> {
    write::file(Path::new(file), text.as_bytes())
}

/// Gives the places of an error the name of their file.
fn named(error: Error, file: &str) -> Error {
    let name: Arc<str> = if file == "-" { "stdin" } else { file }.into();
    error.name_files(|_| Some(name.clone()))
}
