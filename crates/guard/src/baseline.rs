//! A file of secrets that may stay, by what they are known by.
//!
//! It names rules, paths and keyed hashes, so that a repository can begin to be watched before its
//! old secrets are all gone. The key is drawn once for each file and lies in it: it keeps hashes of
//! one repository from being looked up in those of another, not a weak password from being guessed
//! by who reads both.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::{Place, Span};
use serde::Deserialize;

use super::allow::AllowRule;
use super::found_secret::FoundSecret;

/// Fingerprints that may stay, and the key they were made with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Baseline {
    /// The key.
    pub key: String,
    /// What may stay.
    #[serde(default)]
    pub allow: Vec<AllowRule>,
}

impl Baseline {
    /// One that allows nothing; `random` makes its key.
    pub fn new(random: &[u8]) -> Self {
        let key = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            key,
            allow: Vec::new(),
        }
    }

    /// Reads the text of a file; `shown` is its name.
    ///
    /// # Errors
    ///
    /// If it is no baseline, or has no key.
    pub fn parse(text: &str, shown: &str) -> Result<Self> {
        let baseline: Self = serde_yaml::from_str(text).map_err(|cause| {
            let mut span = Span::default();
            if let Some(location) = cause.location() {
                span.line = u32::try_from(location.line()).unwrap_or_default();
                span.column = u32::try_from(location.column()).unwrap_or_default();
            }
            let text = cause.without_snippet().to_string();
            let sentence = text.lines().next().unwrap_or_default();
            let message = sentence.trim_end_matches('.').trim_start_matches("error: ");
            Error::new(Kind::Secret, format!("this is no baseline: {message}"))
                .at(Place::in_file(shown, span))
                .help("`kustom secrets check --write-baseline FILE` writes one")
        })?;
        if baseline.key.len() < 32 {
            return Err(
                Error::new(Kind::Secret, "the key of the baseline is too short")
                    .at(Place::file(shown))
                    .help("it is at least 32 characters that nobody chose"),
            );
        }
        Ok(baseline)
    }

    /// Allows these leaks and no others; what was allowed before keeps its reason.
    pub fn cover<'l>(&mut self, leaks: impl IntoIterator<Item = &'l FoundSecret>) {
        let before: BTreeMap<String, Option<String>> = std::mem::take(&mut self.allow)
            .into_iter()
            .filter_map(|entry| Some((entry.fingerprint?, entry.reason)))
            .collect();
        let prints = leaks
            .into_iter()
            .filter_map(|leak| leak.fingerprint.as_ref());
        let mut prints: Vec<String> = prints.map(ToString::to_string).collect();
        prints.sort();
        prints.dedup();
        self.allow = prints
            .into_iter()
            .map(|print| AllowRule {
                reason: before.get(&print).cloned().flatten(),
                fingerprint: Some(print),
                ..AllowRule::default()
            })
            .collect();
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# Secrets that may stay, by rule, path and a keyed hash of the value.\n\
             # Written by `kustom secrets check --write-baseline`; a `reason` may be added to each.\n",
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "key: {}", quoted(&self.key));
        if self.allow.is_empty() {
            text.push_str("allow: []\n");
            return text;
        }
        text.push_str("allow:\n");
        for entry in &self.allow {
            let mut mark = "- ";
            for (field, value) in [
                ("rule", &entry.rule),
                ("path", &entry.path),
                ("key", &entry.key),
                ("fingerprint", &entry.fingerprint),
                ("reason", &entry.reason),
            ] {
                if let Some(value) = value {
                    let _ = writeln!(text, "{mark}{field}: {}", quoted(value));
                    mark = "  ";
                }
            }
        }
        text
    }
}

/// Text in double quotes, as JSON has it, which YAML reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Guard;

    #[test]
    fn what_is_written_is_read_and_reasons_stay() {
        let mut baseline = Baseline::new(&[7; 32]);
        let guard = Guard::new().key(baseline.key.clone());
        let scan = guard.scan("a \"b\".env", b"X_TOKEN=uyS1F1a10F1qmQj8q17zZuMHnG5\n");
        baseline.cover(&scan.leaks);
        baseline.allow[0].reason = Some("a fixture: # no".to_owned());
        let read = Baseline::parse(&baseline.to_text(), "baseline.yaml").unwrap();
        assert_eq!(read, baseline);
        let mut again = read.clone();
        again.cover(&scan.leaks);
        assert_eq!(again, baseline);
        let guard = guard.allow(read.allow);
        let scan = guard.scan("a \"b\".env", b"\nX_TOKEN=uyS1F1a10F1qmQj8q17zZuMHnG5\n");
        assert_eq!((scan.leaks.len(), scan.allowed.len()), (0, 1));
    }

    #[test]
    fn what_is_no_baseline_is_refused() {
        for text in ["kee: x\n", "key: short\n", "[]", "key: {}\n"] {
            let error = Baseline::parse(text, "b.yaml").unwrap_err();
            assert!(error.to_string().contains("b.yaml"), "{error}");
        }
    }
}
