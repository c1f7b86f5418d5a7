//! `kustom completion`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, ValueEnum as _};
use clap_complete::env::Shells;
use clap_complete_nushell::Nushell;
use kustom::error::{Error, Kind, Result};

use super::documented;
use super::output::Streams;

/// The variable by which a shell asks.
pub(super) const VARIABLE: &str = "COMPLETE";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// A shell that can be told how a line goes on.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shell {
    /// `source <(kustom completion bash)`
    Bash,
    /// `source <(kustom completion zsh)`
    Zsh,
    /// `kustom completion fish | source`
    Fish,
    /// `kustom completion powershell | Out-String | Invoke-Expression`
    Powershell,
    /// `eval (kustom completion elvish | slurp)`
    Elvish,
    /// `kustom completion nushell | save --force kustom.nu; source kustom.nu`; commands and flags
    /// only.
    Nushell,
}

impl Shell {
    /// The name by which the library knows it.
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Elvish => "elvish",
            Self::Nushell => "nushell",
        }
    }
}

/// Answers `COMPLETE=SHELL kustom` where the library does not: a shell that it does not know.
pub(super) fn script_of(shell: &OsStr, words: &[OsString]) -> Option<Result<ExitCode>> {
    let is_off = shell.is_empty() || shell == "0";
    let name = Path::new(shell).file_stem().unwrap_or(shell);
    let name = name.to_string_lossy();
    if is_off || Shells::builtins().completer(&name).is_some() {
        return None;
    }
    // Its script asks nobody at a key.
    if name == Shell::Nushell.name() && words.len() <= 1 {
        let nushell = Arguments {
            shell: Shell::Nushell,
        };
        return Some(run(&nushell, documented(), &Streams::default()));
    }
    let names = Shell::value_variants().iter().map(|shell| shell.name());
    let names: Vec<&str> = names.collect();
    let message = format!("`{VARIABLE}={name}` names no shell that can be completed");
    let error = Error::new(Kind::Project, message);
    let help = format!("the shells are `{}`", names.join("`, `"));
    Some(Err(error.help(help)))
}

pub(super) fn run(arguments: &Arguments, mut all: Command, streams: &Streams) -> Result<ExitCode> {
    let mut script = Vec::new();
    if matches!(arguments.shell, Shell::Nushell) {
        clap_complete::generate(Nushell, &mut all, "kustom", &mut script);
        return streams.bytes(&script).map(|()| ExitCode::SUCCESS);
    }
    let wrong = |message: String| Error::new(Kind::Output, message);
    let shells = Shells::builtins();
    let name = arguments.shell.name();
    let Some(shell) = shells.completer(name) else {
        return Err(wrong(format!("`{name}` cannot be completed")));
    };
    // The script calls the program again at each key, so that names of environments are known.
    shell
        .write_registration(VARIABLE, "kustom", "kustom", "kustom", &mut script)
        .map_err(|cause| wrong("the script cannot be written".to_owned()).caused_by(cause))?;
    streams.bytes(&script).map(|()| ExitCode::SUCCESS)
}
