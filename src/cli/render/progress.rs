//! Shows a progress bar on stderr.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How wide the bar is.
const WIDTH: usize = 30;

/// A progress bar; shown on terminals only.
pub(super) struct Progress {
    total: usize,
    is_shown: bool,
    /// How far the bar that is shown is.
    shown: AtomicUsize,
}

impl Progress {
    pub(super) fn new(total: usize, is_wanted: bool) -> Self {
        Self {
            total,
            is_shown: is_wanted && total > 1 && io::stderr().is_terminal(),
            shown: AtomicUsize::new(0),
        }
    }

    /// Shows how many are done; a thread that is late never turns the bar back.
    pub(super) fn show(&self, done: usize) {
        if !self.is_shown || self.shown.fetch_max(done, Ordering::Relaxed) >= done {
            return;
        }
        let full = WIDTH * done / self.total;
        let (bar, rest) = ("=".repeat(full), " ".repeat(WIDTH - full));
        self.write(&format!(
            "\r[{bar}{rest}] {done}/{} environments",
            self.total
        ));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if self.is_shown {
            self.write("\r\x1b[K");
        }
    }

    fn write(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        // A bar that cannot be shown is no loss.
        let _ = stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush());
    }
}
