//! The settings of references to objects that are not rendered.

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
    /// What the cluster has, as in `external` of `kustom.yaml`.
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
        checked(&self.external, &["references", "external"], files, path)
    }

    /// As the search for them takes it, with what `kustom.yaml` says of the cluster.
    pub(in crate::project) fn options(&self, external: &[String]) -> dangling::Options {
        dangling::Options {
            missing: match self.missing {
                Missing::Note => Some(Severity::Note),
                Missing::Warning => Some(Severity::Warning),
                Missing::Off => None,
            },
            external: [external, &self.external].concat(),
            ..dangling::Options::default()
        }
    }
}

/// Checks that every entry of a list names a kind and a name.
pub(super) fn checked(
    list: &[String],
    field: &[&str],
    files: &dyn Files,
    path: &Path,
) -> Result<()> {
    let is_wrong = |entry: &String| {
        let parts = entry.split_once('/');
        parts.is_none_or(|(kind, name)| kind.is_empty() || name.is_empty() || name.contains('/'))
    };
    let mut entries = list.iter().enumerate();
    let Some((index, wrong)) = entries.find(|(_, entry)| is_wrong(entry)) else {
        return Ok(());
    };
    let mut way: Vec<Step<'_>> = field.iter().copied().map(Step::Field).collect();
    way.push(Step::Item(index));
    let message = format!("`{wrong}` in `{}` is no `KIND/NAME`", field.join("."));
    Err(Error::new(Kind::Project, message)
        .at(place_at(files, path, &way))
        .help("such as `Secret/registry-login`, or `ConfigMap/*` for all of a kind"))
}
