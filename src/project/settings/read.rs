//! Reads `kustom.yaml` and `environment.yaml`; errors have places.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result, nearest};
use crate::load::{Files, unreadable};
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Node, Scalar, read_config, read_strict_config};

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
            misfit(shown, text, span, expected)
        }
        other => {
            // What is no YAML, or says a thing twice, our own reader says best.
            if let Err(error) = read_strict_config(text.as_bytes(), SourceId::NONE) {
                return error.name_files(|_| Some(shown.into()));
            }
            let text_of_error = other.to_string();
            let sentence = text_of_error.lines().next().unwrap_or_default();
            let sentence = sentence.split(" at line ").next().unwrap_or_default();
            let sentence = sentence.strip_prefix("error: ").unwrap_or(sentence);
            let sentence = sentence.trim_end_matches('.');
            match WANTED.iter().find(|(theirs, _)| *theirs == sentence) {
                Some((_, wanted)) => misfit(shown, text, span, wanted),
                None => wrong(sentence.to_owned()),
            }
        }
    }
}

/// What the reader says, and what it wants by it.
const WANTED: [(&str, &str); 6] = [
    ("expected mapping start", "a map"),
    ("expected sequence start", "a list"),
    ("expected string scalar", "a text"),
    ("invalid boolean", "`true` or `false`"),
    ("invalid u32", "a whole number"),
    (
        "invalid bounds",
        "a number, or a text such as `1+` or `2..5`,",
    ),
];

/// How a field is written, by the last part of its path; those of lists are entries.
const FORMS: [(&str, &str); 31] = [
    ("allow", "- {rule: RULE, path: FILE, reason: WHY}"),
    ("apiVersions", "- GROUP/VERSION"),
    ("argocd", "- DIRECTORY"),
    ("base", "base: DIRECTORY"),
    ("baseline", "baseline: FILE"),
    ("configs", "- {from: DIRECTORY, to: DIRECTORY}"),
    ("count", "count: 3"),
    ("crds", "- FILE"),
    ("environments", "environments: DIRECTORY"),
    ("expect", "- {patch: FILE, matches: 1}"),
    ("expression", "expression: .a.b = 1"),
    ("extends", "extends: ENVIRONMENT"),
    ("external", "- KIND/NAME"),
    ("file", "file: FILE"),
    ("flux", "- DIRECTORY"),
    ("fluxVariables", "- FILE"),
    ("guard", "{allow: [], baseline: FILE}"),
    ("helm", "{enabled: true}"),
    ("images", "- {name: NAME, newTag: TAG}"),
    ("kubernetesVersions", "- \"1.33\""),
    ("name", "name: NAME"),
    ("namespace", "namespace: NAME"),
    ("namespaces", "OLD: NEW"),
    ("newTag", "newTag: TAG"),
    ("replicas", "- {name: NAME, count: 3}"),
    ("script", "script: FILE"),
    ("scripts", "- {file: FILE, script: FILE}"),
    ("strict", "strict: true"),
    ("templates", "- FILE.j2"),
    ("values", "KEY: VALUE"),
    ("valuesFiles", "- FILE"),
];

/// A value that is not what its field wants: which field, what was found, how it is written.
fn misfit(shown: &str, text: &str, span: Span, wanted: &str) -> Error {
    let (path, node) = field_at(text, span);
    let found = match &node {
        None => None,
        Some(node) if node.is_map() => Some("a map"),
        Some(node) if node.is_seq() => Some("a list"),
        Some(node) if node.is_null() => Some("nothing"),
        Some(node) => Some(match node.scalar_value() {
            Ok(Scalar::Int(number)) if number < 0 => "a negative number",
            Ok(Scalar::Int(_) | Scalar::Uint(_)) => "a number",
            Ok(Scalar::Float(_)) => "a fraction",
            Ok(Scalar::Bool(_)) => "a boolean",
            _ => "a text",
        }),
    };
    let place = node.map_or(span, |node| node.span);
    let wanted_there = match path.is_empty() {
        true => wanted.to_owned(),
        false => format!("{wanted} in `{path}`"),
    };
    let message = match found {
        Some(found) => format!("expected {wanted_there}, found {found}"),
        None => format!("expected {wanted_there}"),
    };
    let error = Error::new(Kind::Project, message).at(Place::in_file(shown, place));
    let last = path.rsplit('.').next().unwrap_or_default();
    let name = last.split('[').next().unwrap_or_default();
    let form = FORMS.iter().find(|(known, _)| *known == name);
    let is_entry =
        |form: &str| form.starts_with("- ") || form.starts_with("KEY") || form.starts_with("OLD");
    match form {
        Some((_, form)) if is_entry(form) => error.help(format!("an entry is written `{form}`")),
        Some((_, form)) => error.help(format!("it is written `{form}`")),
        None if wanted == "a list" => error.help("a list has a `-` before each entry"),
        None if wanted == "a map" => error.help("a map has a line `KEY: VALUE` for each entry"),
        None if wanted == "a whole number" => error.help(format!("it is written `{name}: 3`")),
        None if wanted.starts_with('`') => error.help(format!("it is written `{name}: true`")),
        None => error,
    }
}

/// The field at a line and a column, in backticks.
fn subject(text: &str, span: Span) -> String {
    let (path, _) = field_at(text, span);
    match path.is_empty() {
        true => "the file".to_owned(),
        false => format!("`{path}`"),
    }
}

/// The path of the field at a line and a column, and what it holds.
fn field_at(text: &str, span: Span) -> (String, Option<Node>) {
    let mut path = String::new();
    let Ok(node) = read_config(text.as_bytes(), SourceId::NONE) else {
        return (path, None);
    };
    let wanted = (span.line, span.column);
    let mut best = (0, 0);
    let mut found = &node;
    nearest_before(
        &node,
        wanted,
        &mut String::new(),
        &mut best,
        &mut path,
        &mut found,
    );
    let found = found.clone();
    (path, Some(found))
}

/// The path of the last value that starts at a place or before it; of several the outermost.
fn nearest_before<'n>(
    node: &'n Node,
    wanted: (u32, u32),
    path: &mut String,
    best: &mut (u32, u32),
    found: &mut String,
    value: &mut &'n Node,
) {
    let start = (node.span.line, node.span.column);
    if start <= wanted && start > *best {
        *best = start;
        found.clone_from(path);
        *value = node;
    }
    let length = path.len();
    for entry in node.entries() {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(entry.key.text().unwrap_or_default());
        nearest_before(&entry.value, wanted, path, best, found, value);
        path.truncate(length);
    }
    for (index, item) in node.items().iter().enumerate() {
        path.push_str(&format!("[{index}]"));
        nearest_before(item, wanted, path, best, found, value);
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
            ("- a\n", "expected a map, found a list"),
            ("secrets: requird\n", "`secrets` has an unknown value"),
            (
                "replicas: {a: 1}\n",
                "expected a list in `replicas`, found a map",
            ),
            ("images: [{newTag: x}]\n", "`images[0]` has no `name`"),
            (
                "replicas:\n- {name: a, count: 1}\n- name: b\n",
                "`replicas[1]` has no `count`",
            ),
            (
                "replicas:\n- name: a\n  count: many\n",
                "expected a whole number in `replicas[0].count`, found a text",
            ),
            ("values: [a]\n", "expected a map in `values`, found a list"),
            (
                "extends:\n  a: b\n",
                "expected a text in `extends`, found a map",
            ),
            (
                "scripts:\n- file: a\n  script: [b]\n",
                "expected a text in `scripts[0].script`, found a list",
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
