//! What is said of references to what is not rendered.

use std::path::Path;

use serde::Deserialize;

use super::{Step, place_at};
use crate::dangling;
use crate::error::{Error, Kind, Result};
use crate::finding::Severity;
use crate::load::Files;

/// References of rendered objects to what is not rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct References {
    /// How a name is told that nothing rendered has, and that the cluster may have; without it as
    /// a note.
    pub missing: Missing,
    /// What the cluster has: `KIND/NAME`, with `*` for any text, such as `Secret/registry-*`.
    pub external: Vec<String>,
}

/// How a name is told that nothing rendered has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// As a note.
    #[default]
    Note,
    /// As a warning.
    Warning,
    /// Not at all.
    Off,
}

impl References {
    /// Checks that every entry of `external` names a kind and a name.
    pub(in crate::project) fn checked(&self, files: &dyn Files, path: &Path) -> Result<()> {
        let is_wrong = |entry: &String| {
            let parts = entry.split_once('/');
            parts
                .is_none_or(|(kind, name)| kind.is_empty() || name.is_empty() || name.contains('/'))
        };
        let mut entries = self.external.iter().enumerate();
        let Some((index, wrong)) = entries.find(|(_, entry)| is_wrong(entry)) else {
            return Ok(());
        };
        let way = [
            Step::Field("references"),
            Step::Field("external"),
            Step::Item(index),
        ];
        let message = format!("`{wrong}` in `references.external` is no `KIND/NAME`");
        Err(Error::new(Kind::Project, message)
            .at(place_at(files, path, &way))
            .help("such as `Secret/registry-login`, or `ConfigMap/*` for all of a kind"))
    }

    /// As the search for them takes it.
    pub(in crate::project) fn options(&self) -> dangling::Options {
        dangling::Options {
            missing: match self.missing {
                Missing::Note => Some(Severity::Note),
                Missing::Warning => Some(Severity::Warning),
                Missing::Off => None,
            },
            external: self.external.clone(),
        }
    }
}
