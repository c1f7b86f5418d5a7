//! Shows a progress bar on stderr, with the time that is left.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How wide the bar is.
const WIDTH: usize = 30;

/// What takes no longer than this needs no bar.
const SOON: Duration = Duration::from_secs(1);

/// Whether nothing but errors is to be said.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Shows no bar in this run.
pub(super) fn silence() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// A progress bar; shown on terminals only, of what takes longer than a second.
pub(super) struct Progress {
    total: usize,
    is_wanted: bool,
    start: Instant,
    /// How far the bar that is shown is.
    shown: AtomicUsize,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let is_quiet = IS_QUIET.load(Ordering::Relaxed);
        Self {
            total,
            is_wanted: !is_quiet && total > 1 && io::stderr().is_terminal(),
            start: Instant::now(),
            shown: AtomicUsize::new(0),
        }
    }

    /// Shows how many are done; a thread that is late never turns the bar back. It goes with the last.
    fn show(&self, done: usize) {
        let spent = self.start.elapsed();
        if !self.is_wanted || spent < SOON {
            return;
        }
        let is_first = self.shown.fetch_max(done, Ordering::Relaxed) < done;
        if done >= self.total {
            self.write("\r\x1b[K");
        } else if is_first {
            self.write(&format!("\r{}\x1b[K", bar(done, self.total, spent)));
        }
    }

    /// The bar as what hears how many are done.
    pub(super) fn shown(self) -> Box<dyn Fn(usize) + Send + Sync> {
        Box::new(move |done| self.show(done))
    }

    fn write(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        // A bar that cannot be shown is no loss.
        let _ = stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush());
    }
}

/// `[=====     ] 5/10 environments, 12 s left`
fn bar(done: usize, total: usize, spent: Duration) -> String {
    let full = WIDTH * done.min(total) / total.max(1);
    let (bar, rest) = ("=".repeat(full), " ".repeat(WIDTH - full));
    let rate = spent.as_secs_f64() / done.max(1) as f64;
    let left = (rate * total.saturating_sub(done) as f64).ceil();
    let left = match left {
        left if left < 1.0 => String::new(),
        left if left < 100.0 => format!(", {left} s left"),
        left => format!(", {} min left", (left / 60.0).ceil()),
    };
    format!("[{bar}{rest}] {done}/{total} environments{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_that_of_those_before() {
        let after = |done, seconds| bar(done, 100, Duration::from_secs(seconds));
        assert!(after(10, 2).ends_with("10/100 environments, 18 s left"));
        assert!(after(10, 60).ends_with("10/100 environments, 9 min left"));
        assert!(after(100, 60).ends_with("100/100 environments"));
        assert!(after(100, 60).starts_with(&format!("[{}]", "=".repeat(WIDTH))));
    }
}
