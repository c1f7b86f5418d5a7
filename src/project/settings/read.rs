//! Reads `kustom.yaml` and `environment.yaml`; errors have places.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result, nearest};
use crate::load::{Files, unreadable};
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Node, read_config};

/// Reads a file into a type.
pub(super) fn read<T: DeserializeOwned + Default>(files: &dyn Files, path: &Path) -> Result<T> {
    read_with_text(files, path).map(|(value, _)| value)
}

/// Reads a file into a type, beside its text.
fn read_with_text<T>(files: &dyn Files, path: &Path) -> Result<(T, String)>
where
    T: DeserializeOwned + Default,
{
    let shown = path.display().to_string();
    let bytes = files.read(path).map_err(|cause| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        unreadable(&name, cause).at(Place::file(shown.as_str()))
    })?;
    let text = String::from_utf8(bytes).map_err(|cause| {
        let message = format!("`{shown}` is not UTF-8");
        Error::new(Kind::Project, message).caused_by(cause)
    })?;
    // A file of comments alone says nothing, which is not the same as null.
    let says_nothing = |line: &str| line.is_empty() || line.starts_with('#') || line == "---";
    if text.lines().map(str::trim).all(says_nothing) {
        return Ok((T::default(), text));
    }
    match serde_yaml::from_str(&text) {
        Ok(value) => Ok((value, text)),
        Err(cause) => Err(explain(&shown, &text, &cause)),
    }
}

/// Reads a file of values, a map or nothing, beside its text.
pub(in crate::project) fn read_map(
    files: &dyn Files,
    path: &Path,
) -> Result<(Map<String, Value>, String)> {
    read_with_text(files, path)
}

/// The reader's error as ours: where, and which field was meant; never what a field holds.
fn explain(shown: &str, text: &str, cause: &serde_yaml::Error) -> Error {
    let mut span = Span::default();
    if let Some(location) = cause.location() {
        span.line = u32::try_from(location.line()).unwrap_or_default();
        span.column = u32::try_from(location.column()).unwrap_or_default();
    }
    let place = Place::in_file(shown, span);
    let wrong = |message: String| Error::new(Kind::Project, message).at(place);
    let subject = || subject(text, span);
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
        serde_yaml::Error::SerdeUnknownVariant {
            variant, expected, ..
        } => {
            let error = wrong(format!("{} has an unknown value", subject()));
            match nearest(variant, expected.iter().copied()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("it is one of `{}`", expected.join("`, `"))),
            }
        }
        serde_yaml::Error::SerdeMissingField { field, .. } => {
            wrong(format!("{} has no `{field}`", subject())).help(format!("add `{field}: …` to it"))
        }
        serde_yaml::Error::SerdeInvalidType { expected, .. }
        | serde_yaml::Error::SerdeInvalidValue { expected, .. } => {
            wrong(format!("{} is not {expected}", subject()))
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
            match SENTENCES.iter().find(|(theirs, ..)| *theirs == sentence) {
                Some((_, ours, help)) => wrong(format!("{} {ours}", subject())).help(*help),
                None => wrong(sentence.to_owned()),
            }
        }
    }
}

/// What the reader says, how it is said here, and what to do.
const SENTENCES: [(&str, &str, &str); 5] = [
    (
        "expected mapping start",
        "is no map",
        "a map has a line `KEY: VALUE` for each entry",
    ),
    (
        "expected sequence start",
        "is no list",
        "a list has a `-` before each entry",
    ),
    (
        "expected string scalar",
        "is no text",
        "a text stands behind the field, in quotes if it looks like something else",
    ),
    (
        "invalid boolean",
        "is neither `true` nor `false`",
        "write one of the two, without quotes",
    ),
    (
        "invalid u32",
        "is no number, or one out of bounds",
        "write a whole number that is not negative, without quotes",
    ),
];

/// The field at a line and a column, in backticks.
fn subject(text: &str, span: Span) -> String {
    let mut path = String::new();
    if let Ok(node) = read_config(text.as_bytes(), SourceId::NONE) {
        let wanted = (span.line, span.column);
        let mut best = (0, 0);
        nearest_before(&node, wanted, &mut String::new(), &mut best, &mut path);
    }
    match path.is_empty() {
        true => "the file".to_owned(),
        false => format!("`{path}`"),
    }
}

/// The path of the last value that starts at a place or before it; of several the outermost.
fn nearest_before(
    node: &Node,
    wanted: (u32, u32),
    path: &mut String,
    best: &mut (u32, u32),
    found: &mut String,
) {
    let start = (node.span.line, node.span.column);
    if start <= wanted && start > *best {
        *best = start;
        found.clone_from(path);
    }
    let length = path.len();
    for entry in node.entries() {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(entry.key.text().unwrap_or_default());
        nearest_before(&entry.value, wanted, path, best, found);
        path.truncate(length);
    }
    for (index, item) in node.items().iter().enumerate() {
        path.push_str(&format!("[{index}]"));
        nearest_before(item, wanted, path, best, found);
        path.truncate(length);
    }
}

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
    fn what_does_not_fit_is_named() {
        for (text, wanted) in [
            ("- a\n", "the file is no map"),
            ("secrets: requird\n", "`secrets` has an unknown value"),
            ("replicas: {a: 1}\n", "`replicas` is no list"),
            ("images: [{newTag: x}]\n", "`images[0]` has no `name`"),
            (
                "replicas:\n- {name: a, count: 1}\n- name: b\n",
                "`replicas[1]` has no `count`",
            ),
            (
                "replicas:\n- name: a\n  count: many\n",
                "`replicas[0].count` is no number",
            ),
            ("values: [a]\n", "`values` is no map"),
            ("extends:\n  a: b\n", "`extends` is no text"),
            (
                "scripts:\n- file: a\n  script: [b]\n",
                "`scripts[0].script` is no text",
            ),
        ] {
            let error = settings(text).unwrap_err();
            assert!(error.message().starts_with(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
        let error = settings("strict: [1]\n").unwrap_err();
        assert!(error.to_string().contains("environment.yaml:1:"), "{error}");
        assert!(settings("secrets: maybe\n").is_err());
        assert!(settings("replicas: [{name: a, count: -1}]\n").is_err());
    }
}
