//! `kustom secrets`.

mod check;
mod init;
mod prompt;
mod status;

use std::process::ExitCode;

use kustom::error::Result;

use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lay out the files that an environment's secrets are filled into; what is there stays.
    #[command(after_long_help = super::examples::SECRETS_INIT)]
    Init(init::Arguments),
    /// Say how far the files of secrets are; exit with 1 if there is something to do.
    #[command(after_long_help = super::examples::SECRETS_STATUS)]
    Status(status::Arguments),
    /// Look for secrets in what git tracks, or in the files that are named; exit with 1 if there
    /// is one.
    #[command(after_long_help = super::examples::SECRETS_CHECK)]
    Check(check::Arguments),
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    match &arguments.command {
        Command::Init(arguments) => init::run(arguments, streams),
        Command::Status(arguments) => status::run(arguments, streams),
        Command::Check(arguments) => check::run(arguments, streams),
    }
}
