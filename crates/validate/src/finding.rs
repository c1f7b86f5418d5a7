//! What is wrong with an object.

use crate::path::Path;
use crate::value::{Origin, Value};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something to know; the server accepts the object.
    Note,
    /// The server accepts the object and warns, or will refuse it in a later version.
    Warning,
    /// The server refuses the object.
    Error,
}

impl Severity {
    /// Its name, such as `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The kind of mistake, such as `required-field` or `invalid-value`
    pub rule: &'static str,
    /// The field, as the API server writes it; empty for the object as a whole.
    pub field: String,
    /// One sentence in lower case.
    pub message: String,
    /// What to try, if there is one thing.
    pub help: Option<String>,
    /// Where the value was written that must change, or the nearest one around it.
    pub origin: Origin,
}

/// Findings as they are gathered.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    pub(crate) fn add(
        &mut self,
        rule: &'static str,
        path: &Path<'_>,
        origin: Origin,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.0.push(Finding {
            severity: Severity::Error,
            rule,
            field: path.to_string(),
            message: message.into(),
            help: None,
            origin,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// A field that must be there.
    pub(crate) fn required(&mut self, path: &Path<'_>, around: &Value<'_>, message: &str) {
        self.add("required-field", path, around.origin, message);
    }

    /// A value that breaks a rule.
    pub(crate) fn invalid(
        &mut self,
        path: &Path<'_>,
        value: &Value<'_>,
        message: impl Into<String>,
    ) {
        self.add("invalid-value", path, value.origin, message);
    }

    /// A field that must not be there.
    pub(crate) fn forbidden(
        &mut self,
        path: &Path<'_>,
        value: &Value<'_>,
        message: impl Into<String>,
    ) {
        self.add("forbidden-field", path, value.origin, message);
    }

    /// A value that is there already.
    pub(crate) fn duplicate(&mut self, path: &Path<'_>, value: &Value<'_>, what: &str) {
        self.add(
            "duplicate-value",
            path,
            value.origin,
            format!("`{what}` is there twice"),
        );
    }

    /// A word that is none of those that are allowed.
    pub(crate) fn not_supported(&mut self, path: &Path<'_>, value: &Value<'_>, allowed: &[&str]) {
        let found = value.as_text().unwrap_or_default().to_owned();
        let words: Vec<String> = allowed.iter().map(|word| format!("`{word}`")).collect();
        let near = crate::did_you_mean(&found, allowed.iter().copied())
            .filter(|_| !found.is_empty())
            .map(str::to_owned);
        let what = if found.is_empty() {
            "an empty text".to_owned()
        } else {
            format!("`{found}`")
        };
        let finding = self.add(
            "unsupported-value",
            path,
            value.origin,
            format!("{what} is none of {}", words.join(", ")),
        );
        finding.help = near.map(|near| format!("did you mean `{near}`?"));
    }

    /// The name of something that is not there.
    pub(crate) fn not_found(&mut self, path: &Path<'_>, value: &Value<'_>, what: &str) {
        let name = value.as_text().unwrap_or_default().to_owned();
        self.add(
            "unknown-name",
            path,
            value.origin,
            format!("there is no {what} `{name}`"),
        );
    }
}
