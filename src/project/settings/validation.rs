//! The settings of validation.

use std::path::Path;

use serde::Deserialize;

use super::{Step, place_at};
use crate::error::{Error, Kind, Result};
use crate::load::Files;
use crate::validation::{Exception, Exceptions};

/// Findings of `kustom validate`, and of the references of rendered objects, that may stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ValidationSettings {
    /// What may stay although it is found.
    pub allow: Vec<AllowedFinding>,
}

/// A finding that may stay: everything that is named is true of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AllowedFinding {
    /// The rule, such as `missing-key`.
    pub rule: Option<String>,
    /// The object: `KIND/NAME` or `KIND/NAMESPACE/NAME`, with `*` for any text.
    pub object: Option<String>,
    /// The field: `spec.replicas`, with `*` for any text in a step and `**` for any steps.
    pub field: Option<String>,
    /// Why it may stay.
    pub reason: String,
}

impl ValidationSettings {
    /// The exceptions.
    ///
    /// # Errors
    ///
    /// An entry that names nothing, what is no rule, or gives no reason.
    pub(in crate::project) fn exceptions(
        &self,
        files: &dyn Files,
        path: &Path,
    ) -> Result<Exceptions> {
        exceptions(&self.allow, "validation", files, path)
    }
}

/// The exceptions of a list `allow` in a section of `kustom.yaml`.
///
/// # Errors
///
/// An entry that names nothing, what is no rule, or gives no reason.
pub(super) fn exceptions(
    allow: &[AllowedFinding],
    section: &str,
    files: &dyn Files,
    path: &Path,
) -> Result<Exceptions> {
    let mut list = Vec::new();
    for (index, entry) in allow.iter().enumerate() {
        let wrong = |message: String, help: &str| {
            let way = [
                Step::Field(section),
                Step::Field("allow"),
                Step::Item(index),
            ];
            Error::new(Kind::Project, message)
                .at(place_at(files, path, &way))
                .help(help)
        };
        if entry.reason.trim().is_empty() {
            let message = format!("an entry of `{section}.allow` gives no reason");
            return Err(wrong(message, "say why it may stay in `reason`"));
        }
        let (rule, object) = (entry.rule.as_deref(), entry.object.as_deref());
        let exception = Exception::new(rule, object, entry.field.as_deref());
        let help = "it takes `rule`, `object` (`KIND/NAME`), `field` (`spec.replicas`), and \
                    `reason`";
        list.push(exception.map_err(|why| {
            wrong(
                format!("an entry of `{section}.allow` is wrong: {why}"),
                help,
            )
        })?);
    }
    Ok(Exceptions::new(list))
}
