//! `kustom completion`.

use std::process::ExitCode;

use clap::Command;
use clap_complete::env::Shells;
use clap_complete_nushell::Nushell;
use kustom::error::{Error, Kind, Result};

use super::complete::VARIABLE;
use super::output::Streams;

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
