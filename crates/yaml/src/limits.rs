//! Limits: the budget of a build, and the time limit of external programs.
//!
//! An operator that copies values can double their size with every line of a kustomization. Code
//! that copies charges the [`Budget`] of the build first. The limits are far above what real builds
//! need, and flags raise them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::error::{Error, Kind, Result};

/// The limits of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How much one build may read and make, in bytes: texts, and [`VALUE`] for each value.
    pub size: u64,
    /// How many bytes are read of a file at most, unless something else is said where it is named.
    pub file: u64,
    /// How long a program of others may run, unless something else is said where it is named.
    pub time: Duration,
    /// Whether nothing is fetched: no repository, no file over HTTP, no chart, no image.
    pub offline: bool,
}

/// What a value costs beside its text, in bytes: about what it takes in memory.
pub const VALUE: u64 = 64;

/// What it costs to go into a directory of a build, in bytes: it takes time even if nothing is there.
pub const DIRECTORY: u64 = 32 << 10;

impl Limits {
    /// 512 MiB, forty times the largest of thousands of public kustomizations; 256 MiB of a file,
    /// many times the largest configuration that is known; ten minutes; online.
    pub const DEFAULT: Self = Self {
        size: 512 << 20,
        file: 256 << 20,
        time: Duration::from_secs(600),
        offline: false,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

static LIMITS: OnceLock<Limits> = OnceLock::new();

/// Sets the limits of the process; only the first call counts, and only before anything is built.
pub fn set(limits: Limits) {
    let _ = LIMITS.set(limits);
}

/// The limits of the process.
pub fn current() -> Limits {
    *LIMITS.get_or_init(Limits::default)
}

/// Reads a size: a number of bytes, or one with `K`, `M` or `G` (1024 each), as in `2G` or `64MiB`.
///
/// # Errors
///
/// If it is no size, or none at all.
///
/// # Example
///
/// ```
/// use kustom_yaml::limits::size;
///
/// assert_eq!(size("2M")?, 2 << 20);
/// assert_eq!(size("1GiB")?, 1 << 30);
/// assert!(size("much").is_err());
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn size(text: &str) -> Result<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &*text.strip_prefix(digits).unwrap_or_default().to_uppercase() {
        "" | "B" => Some(0),
        "K" | "KI" | "KIB" => Some(10),
        "M" | "MI" | "MIB" => Some(20),
        "G" | "GI" | "GIB" => Some(30),
        _ => None,
    };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| digits.parse().ok()).flatten();
    number
        .filter(|number: &u64| *number > 0)
        .zip(shift)
        .and_then(|(number, shift)| number.checked_mul(1 << shift))
        .ok_or_else(|| {
            Error::new(Kind::Limit, format!("`{text}` is no size")).help("such as `512M` or `2G`")
        })
}

/// Reads a time: a number of seconds, or one with `s`, `m` or `h`.
///
/// # Errors
///
/// If it is no time, or none at all.
pub fn time(text: &str) -> Result<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits).unwrap_or_default() {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let number = digits.parse().ok().filter(|number: &u64| *number > 0);
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            Error::new(Kind::Limit, format!("`{text}` is no time")).help("such as `90s` or `5m`")
        })
}

/// What a build may still read and make; clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Purse>);

#[derive(Debug)]
struct Purse {
    limit: u64,
    spent: AtomicU64,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn of(limit: u64) -> Self {
        Self(Arc::new(Purse {
            limit,
            spent: AtomicU64::new(0),
        }))
    }

    /// Takes bytes from it, before they are made.
    ///
    /// # Errors
    ///
    /// If fewer are left; `operator` names the spender, as in `this replacement`.
    pub fn charge(&self, operator: &str, bytes: u64) -> Result<()> {
        let before = self.0.spent.fetch_add(bytes, Ordering::Relaxed);
        match before.checked_add(bytes) {
            Some(spent) if spent <= self.0.limit => Ok(()),
            _ => Err(self.exceeded(operator)),
        }
    }

    /// Takes bytes from it if so many are left; whether they were.
    pub fn take(&self, bytes: u64) -> bool {
        let spent = self.spent();
        let is_left = spent
            .checked_add(bytes)
            .is_some_and(|all| all <= self.0.limit);
        if is_left {
            self.0.spent.fetch_add(bytes, Ordering::Relaxed);
        }
        is_left
    }

    /// How many bytes were taken from it.
    pub fn spent(&self) -> u64 {
        self.0.spent.load(Ordering::Relaxed)
    }

    /// Takes the bytes of a text from it, a number of times.
    ///
    /// # Errors
    ///
    /// As [`Budget::charge`].
    pub fn charge_text(&self, operator: &str, text: &str, times: usize) -> Result<()> {
        let each = VALUE.saturating_add(text.len() as u64);
        self.charge(operator, each.saturating_mul(times as u64))
    }

    #[cold]
    fn exceeded(&self, operator: &str) -> Error {
        // Others must not get through by overflow.
        self.0.spent.store(u64::MAX / 2, Ordering::Relaxed);
        let limit = Shown(self.0.limit);
        let message = format!("with {operator} the build comes to more than {limit}");
        Error::new(Kind::Limit, message).help(
            "if that much is meant, raise the limit: `--max-size 2G`, or `KUSTOM_MAX_SIZE=2G` in \
             the environment",
        )
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(current().size)
    }
}

/// A size as people write it.
struct Shown(u64);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        let whole = |shift: u32| self.0 > 0 && self.0.is_multiple_of(1 << shift);
        match units.into_iter().find(|(shift, _)| whole(*shift)) {
            Some((shift, unit)) => write!(f, "{} {unit}", self.0 >> shift),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_none() {
        let sizes = ["1000", "64K", "200m", "2G"].map(|text| size(text).unwrap());
        assert_eq!(sizes, [1000, 64 << 10, 200 << 20, 2 << 30]);
        for wrong in [
            "",
            "0",
            "K",
            "-1",
            "+1",
            "1.5G",
            "1T",
            "99999999999G",
            "1 K",
            "ö",
        ] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_and_times_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("1", Some(1)),
            ("10K", Some(10 << 10)),
            ("3Mi", Some(3 << 20)),
            ("2GiB", Some(2 << 30)),
            ("0", None),
            ("", None),
            ("-1", None),
            ("1.5G", None),
            ("1T", None),
            ("ü", None),
            ("99999999999G", None),
        ] {
            assert_eq!(size(text).ok(), wanted, "{text}");
        }
        assert_eq!(time("90").ok(), Some(Duration::from_secs(90)));
        assert_eq!(time("2m").ok(), Some(Duration::from_secs(120)));
        assert!(time("0s").is_err() && time("5d").is_err());
    }

    #[test]
    fn a_budget_is_shared_and_ends() {
        let budget = Budget::of(1 << 10);
        assert!(!budget.take(u64::MAX) && !budget.take(1025) && budget.take(0));
        assert_eq!(budget.spent(), 0);
        let other = budget.clone();
        assert!(budget.charge("this", 1000).is_ok());
        assert!(other.charge("that", 24).is_ok());
        let error = other.charge("that", 1).unwrap_err();
        assert_eq!(
            error.message(),
            "with that the build comes to more than 1 KiB"
        );
        assert!(budget.charge("this", u64::MAX).is_err());
        assert!(budget.charge("this", 1).is_err());
    }
}
