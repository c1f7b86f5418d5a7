//! The command line: arguments in, exit code out.

#![cfg_attr(not(test), deny(clippy::string_slice))]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
