//! Where results and remarks go.

use std::io::{self, IsTerminal as _, Write as _};

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::report::{self, Color, Format, Report};

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// What is asked for goes before what the environment says, and that before the terminal.
    fn color(self, is_terminal: bool) -> Color {
        let says =
            |name: &str, is: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| is(&value));
        let is_plain = || {
            says("NO_COLOR", |value| !value.is_empty())
                || says("TERM", |value| value == "dumb")
                || says("CLICOLOR", |value| value == "0")
        };
        let is_forced = || says("CLICOLOR_FORCE", |value| !matches!(value, "" | "0"));
        match self {
            Self::Always => Color::Always,
            Self::Auto if !is_plain() && (is_terminal || is_forced()) => Color::Always,
            _ => Color::Never,
        }
    }
}

/// The columns of the terminal; as many as are easily read where there is none.
pub(super) fn width() -> usize {
    const READABLE: usize = 100;
    let told = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    #[cfg(unix)]
    let told = told.or_else(|| {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    });
    told.unwrap_or(READABLE)
}

/// The two streams: data to one, words to the other.
pub(super) struct Streams {
    /// That of stderr.
    color: Color,
    /// That of stdout.
    color_of_data: Color,
    quiet: bool,
}

impl Streams {
    pub(super) fn new(when: When, quiet: bool) -> Self {
        Self {
            color: when.color(io::stderr().is_terminal()),
            color_of_data: when.color(io::stdout().is_terminal()),
            quiet,
        }
    }

    /// Whether data for people is coloured.
    pub(super) fn color_of_data(&self) -> Color {
        self.color_of_data
    }

    /// Whether nothing but errors is said.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Says something that is neither data nor wrong.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Says what went wrong.
    pub(super) fn error(&self, error: &Error) {
        say(&report::error(error, self.color));
    }

    /// Says what went wrong with several things.
    pub(super) fn errors(&self, errors: &Report) {
        say(&report::report(errors, Format::Text, self.color));
    }

    /// Says what was noticed of several things.
    pub(super) fn report(&self, found: &Report) {
        if !self.quiet {
            say(&report::report(found, Format::Text, self.color));
        }
    }

    /// Says what was noticed.
    pub(super) fn findings(&self, findings: &[Finding]) {
        if !self.quiet {
            let text: String = findings
                .iter()
                .map(|finding| report::finding(finding, self.color))
                .collect();
            say(&text);
        }
    }

    /// Prints data; a reader that has gone away is no error.
    pub(super) fn data(&self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Prints data that need not be text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::new(Kind::Output, "cannot write to stdout").caused_by(cause))
            }
            _ => Ok(()),
        }
    }
}

fn say(text: &str) {
    // There is nowhere left to report a failure of this.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
