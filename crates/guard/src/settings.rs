//! The settings of a guard: the field `guard` of `kustom.yaml`.

use serde::Deserialize;

use super::Guard;
use super::allow::AllowRule;
use super::baseline::Baseline;

/// What a project says of its guard: the field `guard` of `kustom.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Settings {
    /// What may stay although it looks like a secret.
    pub allow: Vec<AllowRule>,
    /// The file of fingerprints that may stay, relative to `kustom.yaml`.
    pub baseline: Option<String>,
    /// Whether a comment allows only if it says why.
    pub require_reason: bool,
}

impl Settings {
    /// The guard that is meant, with the fingerprints of a baseline.
    pub fn guard(&self, baseline: Option<&Baseline>) -> Guard {
        let guard = Guard::new()
            .require_reason(self.require_reason)
            .allow(self.allow.iter().cloned());
        match baseline {
            Some(baseline) => guard
                .key(baseline.key.clone())
                .allow(baseline.allow.iter().cloned()),
            None => guard,
        }
    }
}
