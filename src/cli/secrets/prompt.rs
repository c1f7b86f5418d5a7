//! Questions on a terminal; what is typed is not shown.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use kustom::error::{Error, Kind, Result};

/// Whether stdin and stderr are terminals.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line, which must not be empty.
pub(super) fn ask(question: &str) -> Result<String> {
    let failed = |cause: io::Error| {
        Error::new(Kind::Load, "cannot read the answer from the terminal").caused_by(cause)
    };
    let mut stderr = io::stderr().lock();
    stderr
        .write_all(question.as_bytes())
        .and_then(|()| stderr.flush())
        .map_err(failed)?;
    let hidden = Hidden::new();
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(failed)?;
    drop(hidden);
    // The line break that was typed was not shown either.
    let _ = stderr.write_all(b"\n");
    let answer = line.trim_end_matches(['\r', '\n']);
    if answer.is_empty() {
        return Err(Error::new(Kind::Secret, "there is no answer")
            .help("nothing was written; call it again when the value is at hand"));
    }
    Ok(answer.to_owned())
}

/// The terminal shows nothing of what is typed while this lives.
struct Hidden {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl Hidden {
    fn new() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            // Where it cannot be hidden, the answer is still wanted.
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &silent);
        }
        Self { before }
    }
}

#[cfg(unix)]
impl Drop for Hidden {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}

#[cfg(not(unix))]
impl Hidden {
    fn new() -> Self {
        Self {}
    }
}
