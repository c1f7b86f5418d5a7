//! `kustom man`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Command;
use clap_mangen::Man;
use kustom::error::{Error, Kind, Result, nearest};
use kustom::write::{Directory, New};

use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The command, such as `render` or `secrets init`; without one, the program.
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands into this directory.
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, mut all: Command, streams: &Streams) -> Result<ExitCode> {
    all.build();
    if let Some(directory) = &arguments.output {
        let mut pages = Vec::new();
        add(&all, "", &mut pages)?;
        Directory::new(directory).write(&pages)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = &all;
    for word in &arguments.command {
        let found = command.find_subcommand(word);
        command = found.ok_or_else(|| unknown(command, word))?;
    }
    let page = page(command)?;
    streams.bytes(&page).map(|()| ExitCode::SUCCESS)
}

fn unknown(command: &Command, word: &str) -> Error {
    let names = command.get_subcommands().map(Command::get_name);
    let error = Error::new(Kind::Project, format!("there is no command `{word}`"));
    match nearest(word, names) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`kustom help` lists the commands"),
    }
}

/// Adds the pages of a command and of those below it, by the name of their file.
fn add(command: &Command, prefix: &str, pages: &mut Vec<New>) -> Result<()> {
    let name = format!("{prefix}{}", command.get_name());
    pages.push(New::over(format!("{name}.1"), page(command)?));
    let prefix = format!("{name}-");
    let mut below = command.get_subcommands().filter(|one| !one.is_hide_set());
    below.try_for_each(|one| add(one, &prefix, pages))
}

/// A page in the language of `man`.
fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    // The long name, `kustom-render`, is what the page is called.
    let name = command.get_bin_name().unwrap_or("kustom").replace(' ', "-");
    let written = Man::new(command.clone()).title(name).render(&mut page);
    written.map_err(|cause| {
        Error::new(Kind::Output, "a manual page cannot be written").caused_by(cause)
    })?;
    Ok(page)
}
