//! Summarises in a few lines how a change affects environments.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::shown;

/// What became of one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub environment: String,
    /// What can be said in words alone: it is new, it is gone, it does not render.
    pub note: Option<&'static str>,
    /// Objects that were not there.
    pub added: Vec<String>,
    /// Objects that are not there any more.
    pub removed: Vec<String>,
    /// Objects that are not what they were.
    pub changed: Vec<String>,
}

/// How many objects of a kind of change are named.
const NAMED: usize = 5;

impl Change {
    /// A change of an environment that nothing is known of yet.
    pub fn of(environment: &str) -> Self {
        Self {
            environment: environment.to_owned(),
            ..Self::default()
        }
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        let objects = [&self.added, &self.removed, &self.changed];
        self.note.is_none() && objects.iter().all(|names| names.is_empty())
    }
}

/// One line for each environment, and one for each kind of change.
pub(super) fn text(changes: &[Change]) -> String {
    let mut out = String::new();
    for change in changes {
        let parts = [
            ("added", &change.added),
            ("removed", &change.removed),
            ("changed", &change.changed),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .collect();
        let counts: Vec<String> = parts
            .iter()
            .map(|(word, names)| format!("{} {word}", names.len()))
            .collect();
        let told = match (change.note, counts.is_empty()) {
            (Some(note), _) => note.to_owned(),
            (None, true) => "renders as before".to_owned(),
            (None, false) => counts.join(", "),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}: {told}", shown::name(&change.environment));
        for (word, names) in parts {
            let more = names.len().saturating_sub(NAMED);
            let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
            let named = named.join(", ");
            let _ = write!(out, "  {word}: {}", shown::name(&named));
            let _ = match more {
                0 => writeln!(out),
                more => writeln!(out, " and {more} more"),
            };
        }
    }
    out
}

pub(super) fn json(changes: &[Change]) -> Value {
    let one = |change: &Change| {
        json!({
            "environment": change.environment,
            "note": change.note,
            "added": change.added,
            "removed": change.removed,
            "changed": change.changed,
        })
    };
    changes.iter().map(one).collect()
}
