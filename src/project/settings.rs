//! `kustom.yaml` and `environment.yaml`.
//!
//! Both are optional, and so is everything in them.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Kind, Result, nearest};
use crate::guard;
use crate::load::Files;
use crate::place::{Place, Span};

/// What `kustom.yaml` says: paths relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ProjectSettings {
    /// The directory of the base.
    pub base: Option<String>,
    /// The directory of the environments.
    pub environments: Option<String>,
    /// The directory of the placeholders for secrets.
    pub secrets_boilerplate: Option<String>,
    /// What the guard leaves alone.
    pub guard: guard::Settings,
}

/// What `environment.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct EnvironmentSettings {
    /// What is done about secrets that nobody has filled in.
    pub secrets: Secrets,
    /// Whether a warning stops the render.
    pub strict: bool,
}

/// What is done about secrets that nobody has filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secrets {
    /// They must be there.
    #[default]
    Required,
    /// The placeholders stand in for them.
    Placeholder,
}

impl ProjectSettings {
    /// Reads a `kustom.yaml`.
    ///
    /// # Errors
    ///
    /// An unknown field, or a value of the wrong type.
    pub fn read(files: &dyn Files, path: &Path) -> Result<Self> {
        read(
            files,
            path,
            &["base", "environments", "guard", "secretsBoilerplate"],
        )
    }
}

impl EnvironmentSettings {
    /// Reads an `environment.yaml`; one that is missing says nothing.
    ///
    /// # Errors
    ///
    /// An unknown field, or a value of the wrong type.
    pub fn read(files: &dyn Files, path: &Path) -> Result<Self> {
        if files.resolve(path).is_err() {
            return Ok(Self::default());
        }
        read(files, path, &["secrets", "strict"])
    }
}

fn read<T: DeserializeOwned + Default>(
    files: &dyn Files,
    path: &Path,
    fields: &[&'static str],
) -> Result<T> {
    let shown = path.display().to_string();
    let bytes = files.read(path).map_err(|cause| {
        Error::new(Kind::Load, format!("cannot read `{shown}`")).caused_by(cause)
    })?;
    let text = std::str::from_utf8(&bytes).map_err(|cause| {
        let message = format!("`{shown}` is not UTF-8");
        Error::new(Kind::Project, message).caused_by(cause)
    })?;
    // A file of comments alone says nothing, which is not the same as null.
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(T::default());
    }
    serde_yaml::from_str(text).map_err(|cause| explain(&shown, &cause, fields))
}

/// The reader's error as ours: where, and which field was meant.
fn explain(shown: &str, cause: &serde_yaml::Error, fields: &[&'static str]) -> Error {
    let mut span = Span::default();
    if let Some(location) = cause.location() {
        span.line = u32::try_from(location.line()).unwrap_or_default();
        span.column = u32::try_from(location.column()).unwrap_or_default();
    }
    let text = cause.without_snippet().to_string();
    let sentence = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let unknown = text
        .split("unknown field `")
        .nth(1)
        .and_then(|rest| rest.split('`').next());
    let message = match unknown {
        Some(field) => format!("unknown field `{field}`"),
        None => sentence
            .strip_prefix("error: ")
            .unwrap_or(sentence)
            .to_owned(),
    };
    let error = Error::new(Kind::Project, message).at(Place::in_file(shown, span));
    match unknown.and_then(|field| nearest(field, fields.iter().copied())) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("the fields are `{}`", fields.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    fn settings(text: &str) -> Result<EnvironmentSettings> {
        let mut files = Memory::default();
        files.insert("/e/environment.yaml", text);
        EnvironmentSettings::read(&files, Path::new("/e/environment.yaml"))
    }

    #[test]
    fn everything_is_optional() {
        assert_eq!(
            settings("# nothing\n").unwrap(),
            EnvironmentSettings::default()
        );
        let placeholder = settings("secrets: placeholder\n").unwrap();
        assert_eq!(placeholder.secrets, Secrets::Placeholder);
    }

    #[test]
    fn an_unknown_field_is_an_error_with_the_nearest_known_one() {
        let error = settings("secrets: required\nstrikt: true\n").unwrap_err();
        let shown = format!("{error:#}");
        assert!(shown.contains("environment.yaml:2:1"), "{shown}");
        assert!(shown.contains("did you mean `strict`?"), "{shown}");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
        let error = settings("strict: [1]\n").unwrap_err();
        assert!(error.to_string().contains("environment.yaml:1:"), "{error}");
        assert!(settings("secrets: maybe\n").is_err());
    }
}
