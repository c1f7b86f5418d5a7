//! `kustom lsp`.

use std::io;
use std::process::{Child, Command, ExitCode, Stdio};

use kustom::editor::{Editor, Ended, Worker, serve, supervise};
use kustom::error::{Error, Kind, Result};
use kustom::load::Files as _;
use kustom::project::Secrets;

use super::run_overrides::RunOverrides;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Speak on stdin and stdout, which is the only way; editors like to say it.
    #[arg(long)]
    stdio: bool,
    /// Answer in this process, and end with it if the program makes a mistake.
    #[arg(long)]
    unsupervised: bool,
    #[command(flatten)]
    overrides: RunOverrides,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // What is wrong with the flags is said before an editor waits.
    let options = arguments.overrides.options(Some(Secrets::Placeholder))?;
    let allowed = arguments.overrides.files()?.allowed().to_vec();
    let input = io::BufReader::new(io::stdin());
    let output = &mut io::stdout();
    let ended = match arguments.unsupervised {
        true => serve(input, output, &mut Editor::new(options, allowed)),
        false => {
            let mut workers = Workers::default();
            supervise(input, output, &mut || workers.start())
        }
    };
    let ended = ended.map_err(|cause| {
        Error::new(Kind::Output, "the editor cannot be answered").caused_by(cause)
    })?;
    Ok(match ended {
        Ended::Orderly => ExitCode::SUCCESS,
        Ended::WithoutShutdown => ExitCode::FAILURE,
    })
}

/// The process that answers, and those that did before.
#[derive(Default)]
struct Workers(Option<Child>);

impl Workers {
    /// Starts this program with the same arguments.
    fn start(&mut self) -> io::Result<Worker> {
        self.end();
        let mut child = Command::new(std::env::current_exe()?)
            .args(std::env::args_os().skip(1))
            .arg("--unsupervised")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let streams = child.stdin.take().zip(child.stdout.take());
        self.0 = Some(child);
        let (input, output) = streams.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Worker {
            input: Box::new(input),
            output: Box::new(output),
        })
    }

    fn end(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.end();
    }
}
