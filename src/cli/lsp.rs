//! `kustom lsp`.

use std::io;
use std::process::ExitCode;

use kustom::editor::{Editor, Ended, serve};
use kustom::error::{Error, Kind, Result};
use kustom::load::Files as _;
use kustom::project::Secrets;

use super::run_overrides::RunOverrides;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Speak on stdin and stdout, which is the only way; editors like to say it.
    #[arg(long)]
    stdio: bool,
    #[command(flatten)]
    overrides: RunOverrides,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let options = arguments.overrides.options(Some(Secrets::Placeholder))?;
    let allowed = arguments.overrides.files()?.allowed().to_vec();
    let mut editor = Editor::new(options, allowed);
    let input = io::BufReader::new(io::stdin());
    let ended = serve(input, &mut io::stdout(), &mut editor).map_err(|cause| {
        Error::new(Kind::Output, "the editor cannot be answered").caused_by(cause)
    })?;
    Ok(match ended {
        Ended::Orderly => ExitCode::SUCCESS,
        Ended::WithoutShutdown => ExitCode::FAILURE,
    })
}
