//! The files that generators of Secrets read.
//!
//! Their content is the secret, so none of them may be tracked by git. Whether one is, the caller
//! knows.

use kustom_yaml::Node;
use kustom_yaml::place::Span;

use super::documents::read;

/// A file that a `secretGenerator` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReference {
    /// The file, relative to the directory of the kustomization, as it is written.
    pub file: String,
    /// The generator's name.
    pub generator: String,
    /// Where it is named.
    pub span: Span,
}

/// The files that the `secretGenerator`s of a kustomization read: `files`, `envs` and `env`.
///
/// A text that does not parse names none.
pub fn generator_files(text: &str) -> Vec<FileReference> {
    files_of_generators(&read(text).unwrap_or_default())
}

/// The same of the documents of a text.
pub(super) fn files_of_generators(documents: &[Node]) -> Vec<FileReference> {
    let mut found = Vec::new();
    for document in documents {
        let is_plugin = document.get("kind").and_then(Node::text) == Some("SecretGenerator");
        let listed = document.get("secretGenerator").map_or(&[][..], Node::items);
        let own = is_plugin.then_some(document);
        for generator in listed.iter().chain(own) {
            references(generator, &mut found);
        }
    }
    found
}

fn references(generator: &Node, found: &mut Vec<FileReference>) {
    let name = generator
        .get("name")
        .or_else(|| generator.at(&["metadata", "name"]))
        .and_then(Node::text)
        .unwrap_or_default();
    for field in ["files", "envs", "env"] {
        let Some(value) = generator.get(field) else {
            continue;
        };
        let items = if value.is_scalar() {
            std::slice::from_ref(value)
        } else {
            value.items()
        };
        for item in items {
            let Some(text) = item.text() else { continue };
            // `key=path` gives the file another name in the Secret.
            let file = match text.split_once('=') {
                Some((_, file)) if field == "files" => file,
                _ => text,
            };
            found.push(FileReference {
                file: file.to_owned(),
                generator: name.to_owned(),
                span: item.span,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_envs_of_secret_generators_are_named() {
        let text = "\
secretGenerator:
- name: a
  files: [secrets/token, key=secrets/other]
- name: b
  envs:
  - secrets/env
configMapGenerator:
- name: c
  files: [config]
";
        let found = generator_files(text);
        let files: Vec<&str> = found.iter().map(|reference| &*reference.file).collect();
        assert_eq!(files, ["secrets/token", "secrets/other", "secrets/env"]);
        assert_eq!(found[2].generator, "b");
        assert_eq!(found[2].span.line, 6);
    }

    #[test]
    fn text_that_does_not_parse_names_nothing() {
        assert_eq!(generator_files("a: b: c"), []);
        assert_eq!(generator_files(""), []);
    }
}
