//! The help of `kustom yq`, for both of its command lines.
//!
//! The parser of all commands takes the words of yq as they are. The commands here describe them, for
//! `--help`, manual pages, completion and the page of the commands; they parse nothing.

use clap::{Arg, ArgAction, Command};
use kustom::error::Result;
use kustom::report::Color;

use crate::cli::flags::Flag;
use crate::cli::output::Streams;

/// The versions whose output is printed.
const YQ_4: &str = "v4.54.3";
const YQ_3: &str = "3.4.1";

/// A command with positional words, such as `FILE`, `[PATH]` and `[FILE]...`, and flags.
pub(super) fn described(
    name: &'static str,
    about: &'static str,
    words: &[&'static str],
    flags: &'static [Flag],
) -> Command {
    let word = |word: &&'static str| {
        let name = word.trim_matches(['[', ']', '.']);
        let arg = Arg::new(name).value_name(name).help(meaning(name));
        match word.ends_with("...") {
            true => arg.action(ArgAction::Append).num_args(0..),
            false => arg,
        }
        .required(!word.starts_with('['))
    };
    Command::new(name)
        .bin_name(match name {
            "yq" => "kustom yq".to_owned(),
            name => format!("kustom yq {name}"),
        })
        .about(about)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .args(words.iter().map(word))
        .args(flags.iter().map(Arg::from))
}

/// What a positional word is.
fn meaning(word: &str) -> &'static str {
    match word {
        "EXPRESSION" => {
            "What is done, such as `.spec.replicas = 3`; without it the file is printed"
        }
        "FILE" => "The file; `-` is stdin",
        "OTHER" => "The file beside it",
        "PATH" => "A path, such as `spec.ports[0].port`, `*` for all keys, `**` for all below",
        "VALUE" => "The new value, as YAML writes a scalar",
        _ => "",
    }
}

/// Prints the help of a command.
pub(super) fn print(mut command: Command, streams: &Streams) -> Result<()> {
    let text = command.render_help();
    streams.data(&match streams.color_of_data() {
        Color::Always => text.ansi().to_string(),
        Color::Never => text.to_string(),
    })
}

/// Prints the versions of kustom and of the yq whose output it prints, which stands last.
pub(super) fn print_version(is_yq_3: bool, streams: &Streams) -> Result<()> {
    let version = if is_yq_3 { YQ_3 } else { YQ_4 };
    let own = env!("CARGO_PKG_VERSION");
    streams.data(&format!("kustom {own} (as yq) version {version}\n"))
}
