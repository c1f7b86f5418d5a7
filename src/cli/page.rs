//! Tests that the page of all commands, `docs/commands.md`, says what the parser says.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Arg, Command};

use super::documented;

/// With `UPDATE_COMMANDS` set, it is written anew.
#[test]
fn the_page_of_the_commands_is_what_the_parser_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let wanted = page();
    if std::env::var_os("UPDATE_COMMANDS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "UPDATE_COMMANDS=1 cargo test --bin kustom");
}

fn page() -> String {
    let mut all = documented();
    all.build();
    let mut page = String::from(
        "# Commands\n\n\
         This page is made from the parser of the command line; `kustom help COMMAND` and \
         `kustom man COMMAND` say the same.\n\n",
    );
    for command in shown(&all) {
        let name = command.get_name();
        let about = text(command.get_about().map(ToString::to_string));
        writeln!(page, "- [`kustom {name}`](#kustom-{name}): {about}").unwrap();
    }
    page.push_str("\n## Flags of every command\n");
    table(
        &mut page,
        all.get_arguments().filter(|arg| arg.is_global_set()),
    );
    for command in shown(&all) {
        section(&mut page, command, "##");
    }
    page
}

/// The commands below one, without those that are hidden.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|one| !one.is_hide_set())
}

fn section(page: &mut String, command: &Command, level: &str) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command.get_long_about().or(command.get_about());
    writeln!(
        page,
        "\n{level} {name}\n\n{}.",
        text(about.map(ToString::to_string))
    )
    .unwrap();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    writeln!(page, "\n```text\n{usage}\n```").unwrap();
    table(
        page,
        command.get_arguments().filter(|arg| !arg.is_global_set()),
    );
    for below in shown(command) {
        section(page, below, "###");
    }
}

/// A row for each argument, if there is one.
fn table<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    let is_listed =
        |arg: &&Arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version");
    let mut rows = arguments.filter(is_listed).peekable();
    if rows.peek().is_some() {
        page.push_str("\n| | |\n|---|---|\n");
    }
    for arg in rows {
        writeln!(page, "| {} | {} |", spelling(arg), meaning(arg)).unwrap();
    }
}

/// How an argument is written: `-o`, `--output PATH`.
fn spelling(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let takes = arg.get_action().takes_values();
    let value = if takes {
        names.join(" ")
    } else {
        String::new()
    };
    if arg.is_positional() {
        return format!("`{}`", value.replace('|', "\\|"));
    }
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let mut spelt: Vec<String> = [short, long].into_iter().flatten().collect();
    if let (Some(last), false) = (spelt.last_mut(), value.is_empty()) {
        *last = format!("{last} {}", value.replace('|', "\\|"));
    }
    format!("`{}`", spelt.join("`, `"))
}

/// What an argument is for, the values that it takes, and the one that it has by itself.
fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    let mut words = text(help.map(ToString::to_string)).replace('|', "\\|");
    let values = arg.get_possible_values();
    if arg.get_action().takes_values() && !values.is_empty() {
        let values = values.iter().filter(|value| !value.is_hide_set());
        let told = values.map(|value| match value.get_help() {
            Some(help) => format!("`{}`: {help}", value.get_name()),
            None => format!("`{}`", value.get_name()),
        });
        let told: Vec<String> = told.collect();
        write!(words, ". {}", told.join("; ").replace('|', "\\|")).unwrap();
    }
    if arg.get_action().takes_values() && !arg.get_default_values().is_empty() {
        let values = arg.get_default_values().iter();
        let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
        write!(words, " (default: `{}`)", values.join(" ")).unwrap();
    }
    words
}

/// A help text on one line.
fn text(help: Option<String>) -> String {
    let help = help.unwrap_or_default();
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}
