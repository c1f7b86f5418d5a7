//! Reads `kustom.yaml` and `environment.yaml`; errors have places.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::shape::misfit;
use crate::error::{Error, Kind, Result};
use crate::load::{Files, unreadable};
use crate::place::{Place, SourceId, Span};
use crate::yaml::read_strict_config;

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

/// The deserializer's error as ours: where, and which field was meant.
fn explain(shown: &str, text: &str, cause: &serde_yaml::Error) -> Error {
    // What is no YAML, or says a thing twice, our own reader says best.
    let node = match read_strict_config(text.as_bytes(), SourceId::NONE) {
        Ok(node) => node,
        Err(error) => return error.name_files(|_| Some(shown.into())),
    };
    misfit(shown, text, &node).unwrap_or_else(|| {
        let mut span = Span::default();
        if let Some(location) = cause.location() {
            span.line = u32::try_from(location.line()).unwrap_or_default();
            span.column = u32::try_from(location.column()).unwrap_or_default();
        }
        let sentence = cause.without_snippet().to_string();
        let sentence = sentence.lines().next().unwrap_or_default();
        let sentence = sentence.split(" at line ").next().unwrap_or_default();
        let sentence = sentence.strip_prefix("error: ").unwrap_or(sentence);
        let sentence = sentence.trim_end_matches('.').to_owned();
        Error::new(Kind::Project, sentence).at(Place::in_file(shown, span))
    })
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
        assert!(
            error
                .help_line()
                .unwrap()
                .contains("`configs`, `customKinds`")
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, wanted) in [
            ("- a\n", "expected a map, found a list"),
            (
                "secrets: requird\n",
                "`requird` is not a value of `secrets`",
            ),
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
                "expected a whole number in `replicas[0].count`, found `many`",
            ),
            (
                "strict: [a]\n",
                "expected `true` or `false` in `strict`, found a list",
            ),
            (
                "guard: [a]\n",
                "expected one of `refuse`, `warn`, `off` in `guard`, found a list",
            ),
            (
                "expect:\n- patch: a\n  matches: [1]\n",
                "expected a number, or a range such as `2..5`, in `expect[0].matches`, found a list",
            ),
            (
                "expect: [{patch: a, matches: often}]\n",
                "`often` in `expect[0].matches` is not a number of matches",
            ),
            (
                "replicas: [{name: a, count: 99999999999999999999}]\n",
                "expected at most 4294967295 in `replicas[0].count`, found `99999999999999999999`",
            ),
            (
                "replicas: [{name: a, count: -1}]\n",
                "expected 0 or more in `replicas[0].count`, found `-1`",
            ),
            (
                "templates: maybe\n",
                "expected `true` or `false` in `templates`, found `maybe`",
            ),
            ("values: [a]\n", "expected a map in `values`, found a list"),
            (
                "extends:\n  a: b\n",
                "expected a string in `extends`, found a map",
            ),
            (
                "scripts:\n- file: a\n  script: [b]\n",
                "expected a string in `scripts[0].script`, found a list",
            ),
        ] {
            let error = settings(text).unwrap_err();
            assert!(error.message().starts_with(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn the_help_has_the_words_of_the_file() {
        for (text, wanted) in [
            ("replicas: {oven: 3}\n", "write `- {name: oven, count: 3}`"),
            (
                "images:\n  name: a\n  newTag: b\n",
                "write `- {name: a, newTag: b}`",
            ),
            ("extends: [prod]\n", "write `extends: prod`"),
            ("strict: [true]\n", "write `strict: true`"),
            ("strict: [a]\n", "write `strict: true`"),
            ("guard: [a]\n", "write `guard: refuse`"),
            ("guard: [off]\n", "write `guard: off`"),
            ("expect: [{patch: a, matches: [1]}]\n", "write `matches: 1`"),
            (
                "kubernetesVersions: 1.33\n",
                "write `kubernetesVersions: [\"1.33\"]`",
            ),
            ("replicas: oven=3\n", "write `- {name: oven, count: 3}`"),
            (
                "images: [example.org/oven:v2]\n",
                "write `- {name: example.org/oven, newTag: v2}`",
            ),
            ("valuesFiles: a.yaml\n", "write `valuesFiles: [a.yaml]`"),
            ("- strict: true\n", "write `strict: true`, without the `-`"),
            ("guard: wran\n", "did you mean `warn`?"),
            ("guard: zebra\n", "write one of `refuse`, `warn`, `off`"),
        ] {
            let error = settings(text).unwrap_err();
            assert_eq!(error.help_line(), Some(wanted), "{text}: {error}");
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
