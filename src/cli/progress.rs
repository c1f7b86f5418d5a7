//! Shows a progress bar on stderr, with the time that is left.
//!
//! One bar stands at a time: that of the newest work. A thread draws it, so that it goes on while a
//! step takes long; whatever else is written takes it away first.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::terminal;

/// How wide the bar is where there is room.
const WIDTH: usize = 30;

/// What takes no longer than this needs no bar.
const SOON: Duration = Duration::from_secs(1);

/// How often it is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Whether no bar is to be shown.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// What is on the last line of the terminal.
static LINE: Mutex<Line> = Mutex::new(Line {
    work: None,
    is_drawn: false,
    has_ticker: false,
});

struct Line {
    /// What is shown.
    work: Option<Arc<Work>>,
    /// Whether a bar stands there.
    is_drawn: bool,
    /// Whether a thread draws.
    has_ticker: bool,
}

struct Work {
    unit: &'static str,
    total: AtomicUsize,
    done: AtomicUsize,
    start: Instant,
    /// When the first of many was begun, if they had to be counted.
    counted: OnceLock<Instant>,
}

/// Shows no bar in this run.
pub(super) fn silence() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// Takes the bar away until what is returned is dropped: something else is written meanwhile.
pub(super) fn hidden() -> impl Drop {
    let mut line = Line::get();
    line.erase();
    line
}

/// Work in steps; shown on terminals only, if it takes longer than a second, until it is dropped.
pub(super) struct Progress(Arc<Work>);

impl Progress {
    /// So many steps, and what they are called; none, if they are yet to be counted.
    pub(super) fn new(total: usize, unit: &'static str) -> Self {
        let work = Arc::new(Work {
            unit,
            total: AtomicUsize::new(total),
            done: AtomicUsize::new(0),
            start: Instant::now(),
            counted: OnceLock::new(),
        });
        let is_wanted = !IS_QUIET.load(Ordering::Relaxed) && io::stderr().is_terminal();
        if is_wanted {
            Line::get().show(&work);
        }
        Self(work)
    }

    /// A step is done; the bar goes with the last.
    pub(super) fn step(&self) {
        let done = self.0.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done >= self.0.total.load(Ordering::Relaxed) {
            Line::get().leave(&self.0);
        }
    }

    /// So many of so many steps are done; a thread that is late never turns the bar back.
    pub(super) fn at(&self, done: usize, total: usize) {
        self.0.counted.get_or_init(Instant::now);
        self.0.total.store(total, Ordering::Relaxed);
        self.0.done.fetch_max(done, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        Line::get().leave(&self.0);
    }
}

impl Line {
    fn get() -> MutexGuard<'static, Self> {
        LINE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&mut self, work: &Arc<Work>) {
        self.erase();
        self.work = Some(Arc::clone(work));
        if !self.has_ticker {
            // Without a thread there is no bar, which is no loss.
            self.has_ticker = thread::Builder::new().spawn(tick).is_ok();
        }
    }

    fn leave(&mut self, work: &Arc<Work>) {
        if self.work.as_ref().is_some_and(|it| Arc::ptr_eq(it, work)) {
            self.erase();
            self.work = None;
        }
    }

    fn draw(&mut self) {
        let Some(work) = &self.work else {
            return;
        };
        if work.start.elapsed() >= SOON {
            let total = work.total.load(Ordering::Relaxed);
            let done = work.done.load(Ordering::Relaxed);
            let columns = terminal::columns(io::stderr()).unwrap_or(80);
            let spent = work.counted.get().unwrap_or(&work.start).elapsed();
            let bar = bar(done, total, work.unit, spent, columns);
            write(&format!("\r{bar}\x1b[K"));
            self.is_drawn = true;
        }
    }

    fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            write("\r\x1b[K");
        }
    }
}

/// Draws as long as there is something to show.
fn tick() {
    loop {
        thread::sleep(TICK);
        let mut line = Line::get();
        if line.work.is_none() {
            line.has_ticker = false;
            return;
        }
        line.draw();
    }
}

fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    // A bar that cannot be shown is no loss.
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// `[=====     ] 5/10 environments, 12 s left`; never as wide as the terminal. Of none nothing is
/// known yet.
fn bar(done: usize, total: usize, unit: &str, spent: Duration, columns: usize) -> String {
    let time = match left(done, total, spent) {
        None => format!(", {} so far", shown(spent.as_secs_f64())),
        Some(left) if left < 1.0 => String::new(),
        Some(left) => format!(", {} left", shown(left)),
    };
    let told = match total {
        0 => format!("looking for {unit}{time}"),
        total => format!("{done}/{total} {unit}{time}"),
    };
    // Two brackets, a blank, and the column of the cursor.
    let width = WIDTH.min(columns.saturating_sub(told.len() + 4));
    let full = width * done.min(total) / total.max(1);
    match width {
        0..5 => told.chars().take(columns.saturating_sub(1)).collect(),
        _ => format!("[{}{}] {told}", "=".repeat(full), " ".repeat(width - full)),
    }
}

/// The seconds that are left, at the pace of those before; nothing is known before the first.
fn left(done: usize, total: usize, spent: Duration) -> Option<f64> {
    let rate = spent.as_secs_f64() / done as f64;
    (done > 0).then(|| (rate * total.saturating_sub(done) as f64).ceil())
}

fn shown(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 100.0 => format!("{} s", seconds.floor()),
        seconds => format!("{} min", (seconds / 60.0).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(done: usize, seconds: u64) -> String {
        bar(done, 100, "environments", Duration::from_secs(seconds), 80)
    }

    #[test]
    fn the_time_that_is_left_is_that_of_those_before() {
        assert!(after(10, 2).ends_with("10/100 environments, 18 s left"));
        assert!(after(10, 60).ends_with("10/100 environments, 9 min left"));
        assert!(after(100, 60).ends_with("100/100 environments"));
        assert!(after(100, 60).starts_with(&format!("[{}]", "=".repeat(WIDTH))));
        assert!(after(0, 7).ends_with("0/100 environments, 7 s so far"));
        let counting = bar(0, 0, "files", Duration::from_secs(3), 80);
        assert!(
            counting.ends_with("looking for files, 3 s so far"),
            "{counting}"
        );
    }

    #[test]
    fn the_bar_fits_the_terminal() {
        for columns in 1..100 {
            let bar = bar(3, 40, "versions", Duration::from_secs(9), columns);
            assert!(bar.len() < columns.max(2), "{columns}: {bar}");
        }
    }

    #[test]
    fn steps_are_counted_without_a_terminal() {
        let progress = Progress::new(2, "files");
        progress.step();
        progress.at(1, 2);
        assert_eq!(progress.0.done.load(Ordering::Relaxed), 1);
        drop(hidden());
    }
}
