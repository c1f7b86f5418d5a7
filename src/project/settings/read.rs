//! Our own files, read; what is wrong with them is said with its place.

use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result, nearest};
use crate::load::Files;
use crate::place::{Place, SourceId, Span};
use crate::yaml::config;

/// Reads a file into a type.
pub(super) fn read<T: DeserializeOwned + Default>(files: &dyn Files, path: &Path) -> Result<T> {
    let shown = path.display().to_string();
    let bytes = files.read(path).map_err(|cause| {
        Error::new(Kind::Load, format!("cannot read `{shown}`")).caused_by(cause)
    })?;
    let text = std::str::from_utf8(&bytes).map_err(|cause| {
        let message = format!("`{shown}` is not UTF-8");
        Error::new(Kind::Project, message).caused_by(cause)
    })?;
    // A file of comments alone says nothing, which is not the same as null.
    let says_nothing = |line: &str| line.is_empty() || line.starts_with('#') || line == "---";
    if text.lines().map(str::trim).all(says_nothing) {
        return Ok(T::default());
    }
    serde_yaml::from_str(text).map_err(|cause| explain(&shown, &cause))
}

/// Reads a file of values: a map, or nothing.
pub(in crate::project) fn read_map(files: &dyn Files, path: &Path) -> Result<Map<String, Value>> {
    read(files, path)
}

/// The place of a field in a file that was read before.
pub(in crate::project) fn place_of(files: &dyn Files, path: &Path, field: &[&str]) -> Place {
    let name: Arc<str> = path.display().to_string().into();
    let span = files
        .read(path)
        .ok()
        .and_then(|bytes| config(&bytes, SourceId::NONE).ok())
        .and_then(|node| node.at(field).map(|node| node.span));
    Place::in_file(name, span.unwrap_or_default())
}

/// The reader's error as ours: where, and which field was meant; never what a field holds.
fn explain(shown: &str, cause: &serde_yaml::Error) -> Error {
    let mut span = Span::default();
    if let Some(location) = cause.location() {
        span.line = u32::try_from(location.line()).unwrap_or_default();
        span.column = u32::try_from(location.column()).unwrap_or_default();
    }
    let place = Place::in_file(shown, span);
    let wrong = |message: String| Error::new(Kind::Project, message).at(place);
    match cause.without_snippet() {
        serde_yaml::Error::SerdeUnknownField {
            field, expected, ..
        } => {
            let error = wrong(format!("unknown field `{field}`"));
            match nearest(field, expected.iter().copied()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("the fields are `{}`", expected.join("`, `"))),
            }
        }
        serde_yaml::Error::SerdeUnknownVariant { expected, .. } => {
            wrong("the value is unknown".to_owned())
                .help(format!("it is one of `{}`", expected.join("`, `")))
        }
        serde_yaml::Error::SerdeInvalidType { expected, .. }
        | serde_yaml::Error::SerdeInvalidValue { expected, .. } => {
            wrong(format!("the value is not {expected}"))
        }
        serde_yaml::Error::DuplicateMappingKey { .. } => {
            wrong("a key is there twice".to_owned()).help("take one of the two away")
        }
        other => {
            let text = other.to_string();
            let sentence = text.lines().next().unwrap_or_default();
            let sentence = sentence.split(" at line ").next().unwrap_or_default();
            let sentence = sentence.strip_prefix("error: ").unwrap_or(sentence);
            let sentence = sentence.trim_end_matches('.');
            let plainer = SENTENCES.iter().find(|(theirs, _)| *theirs == sentence);
            wrong(plainer.map_or(sentence, |(_, ours)| ours).to_owned())
        }
    }
}

/// What the reader says, and how it is said here.
const SENTENCES: [(&str, &str); 5] = [
    ("expected mapping start", "the value is no map"),
    ("expected sequence start", "the value is no list"),
    ("expected string scalar", "the value is no text"),
    ("invalid boolean", "the value is neither `true` nor `false`"),
    (
        "invalid u32",
        "the value is no number, or one out of bounds",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;
    use crate::project::{EnvironmentSettings, Secrets};

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
        assert_eq!(placeholder.secrets, Some(Secrets::Placeholder));
    }

    #[test]
    fn an_unknown_field_is_an_error_with_the_nearest_known_one() {
        let error = settings("secrets: required\nstrikt: true\n").unwrap_err();
        let shown = format!("{error:#}");
        assert!(shown.contains("environment.yaml:2:1"), "{shown}");
        assert!(shown.contains("did you mean `strict`?"), "{shown}");
        let error = settings("images:\n- name: a\n  newTagg: b\n").unwrap_err();
        let shown = format!("{error:#}");
        assert!(shown.contains("environment.yaml:3:"), "{shown}");
        assert!(shown.contains("did you mean `newTag`?"), "{shown}");
        let error = settings("zebra: 1\n").unwrap_err();
        assert!(error.help_line().unwrap().contains("`extends`, `configs`"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
        let error = settings("strict: [1]\n").unwrap_err();
        assert!(error.to_string().contains("environment.yaml:1:"), "{error}");
        assert!(settings("secrets: maybe\n").is_err());
        assert!(settings("replicas: [{name: a, count: -1}]\n").is_err());
    }
}
