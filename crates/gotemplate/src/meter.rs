//! What a template may cost.

use std::cell::Cell;
use std::fmt;

/// The steps that are left. One meter can be shared by many templates.
#[derive(Debug)]
pub struct Meter {
    left: Cell<u64>,
}

/// Why a function or a value was refused, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    message: String,
    /// What to try next.
    pub(crate) help: Option<&'static str>,
    /// Whether a limit is the reason.
    pub(crate) is_limit: bool,
}

/// `Result` with a [`Refusal`].
pub(crate) type Result<T> = std::result::Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            is_limit: false,
        }
    }

    pub(crate) fn help(self, help: &'static str) -> Self {
        Self {
            help: Some(help),
            ..self
        }
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// How many bytes cost as much as a step.
const BYTES: usize = 64;

impl Meter {
    /// A meter with a number of steps; 64 bytes that a template makes count as one.
    pub fn new(steps: u64) -> Self {
        Self {
            left: Cell::new(steps),
        }
    }

    pub(crate) fn step(&self) -> Result<()> {
        self.charge(1)
    }

    pub(crate) fn charge(&self, steps: u64) -> Result<()> {
        let Some(left) = self.left.get().checked_sub(steps) else {
            self.left.set(0);
            return Err(Refusal {
                message: "the template takes too many steps, or makes too much".to_owned(),
                help: None,
                is_limit: true,
            });
        };
        self.left.set(left);
        Ok(())
    }

    pub(crate) fn charge_bytes(&self, count: usize) -> Result<()> {
        self.charge(1 + (count / BYTES) as u64)
    }

    /// Charges for a number of pieces of one length.
    pub(crate) fn charge_pieces(&self, count: usize, length: usize) -> Result<()> {
        self.charge_bytes(count.saturating_mul(length.max(1)))
    }
}
