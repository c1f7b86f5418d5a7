//! Reads definitions of custom resources from other files and URLs.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::load::{Files, Loader, Restriction, SourceStore, is_http};
use crate::yaml::{Node, Text, manifests};

/// Reads definitions of custom resources.
///
/// Each name is a file, a directory with all below it, the address of a file, or a repository, as
/// kustomizations name them; `directory` is what they are relative to. Whatever else the files
/// hold is left alone.
///
/// # Errors
///
/// If something cannot be read, is no YAML, or defines nothing.
pub fn definitions(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    names: &[String],
) -> Result<Vec<Node>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let library = SourceStore::new(files, working_directory, Restriction::None);
    definitions_of(&library, directory, names)
}

/// Reads admission policies, and what lies beside them: bindings, parameters, namespaces.
///
/// Names are those that [`definitions`] takes.
///
/// # Errors
///
/// If something cannot be read, is no YAML, or holds no policy.
pub fn policies(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    names: &[String],
) -> Result<Vec<Node>> {
    let library = SourceStore::new(files, working_directory, Restriction::None);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found = objects_of(&library, directory, names, |_| true, "holds no object")?;
    let is_policy = |node: &Node| {
        let kind = node.get("kind").and_then(Node::text);
        kind == Some("ValidatingAdmissionPolicy")
    };
    if !found.iter().any(is_policy) {
        let message = format!("`{}` holds no policy", names.join("`, `"));
        return Err(Error::new(Kind::Project, message).help(
            "name a file or a directory with objects of the kind `ValidatingAdmissionPolicy`",
        ));
    }
    Ok(found)
}

/// The same, of the files of a library.
///
/// # Errors
///
/// As [`definitions`].
pub fn definitions_of(
    library: &SourceStore<'_>,
    directory: &Path,
    names: &[String],
) -> Result<Vec<Node>> {
    let is_definition = |kind: &str| kind == "CustomResourceDefinition";
    objects_of(
        library,
        directory,
        names,
        is_definition,
        "defines no custom resource",
    )
}

/// The objects of some kinds that names lead to; none of them is an error.
fn objects_of(
    library: &SourceStore<'_>,
    directory: &Path,
    names: &[String],
    is_wanted: fn(&str) -> bool,
    nothing: &str,
) -> Result<Vec<Node>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let loader = library.open(directory)?;
    let mut found = Vec::new();
    for name in names {
        let before = found.len();
        if loader.is_base(name) {
            below(
                &loader.open(&Text::from(name.as_str()))?,
                is_wanted,
                &mut found,
            )?;
        } else {
            match read(&loader, name, is_wanted, &mut found) {
                Err(_) if is_http(name) && loader.may_be_base(name) => {
                    below(
                        &loader.open(&Text::from(name.as_str()))?,
                        is_wanted,
                        &mut found,
                    )?;
                }
                other => other?,
            }
        }
        if found.len() == before {
            let error = Error::new(Kind::Project, format!("`{name}` {nothing}"));
            return Err(match is_wanted("Policy") {
                true => error.help("name a file or a directory with objects"),
                false => error.help(
                    "name a file or a directory with objects of the kind `CustomResourceDefinition`",
                ),
            });
        }
    }
    Ok(found)
}

fn below(loader: &Loader<'_>, is_wanted: fn(&str) -> bool, into: &mut Vec<Node>) -> Result<()> {
    let paths: Vec<PathBuf> = loader.files_below(loader.root())?;
    for path in paths {
        let is_manifest = path
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| ["yaml", "yml", "json"].contains(&extension));
        if is_manifest {
            read(loader, &path.to_string_lossy(), is_wanted, into)?;
        }
    }
    Ok(())
}

fn read(
    loader: &Loader<'_>,
    name: &str,
    is_wanted: fn(&str) -> bool,
    into: &mut Vec<Node>,
) -> Result<()> {
    let content = loader.read(&Text::from(name))?;
    let nodes = manifests(&content.bytes, content.source)
        .map_err(|error| error.name_files(|span| loader.library().name(span)))?;
    for node in nodes {
        add(node, is_wanted, into);
    }
    Ok(())
}

/// Adds a definition, or those in a list.
fn add(mut node: Node, is_wanted: fn(&str) -> bool, into: &mut Vec<Node>) {
    let kind = node.get("kind").and_then(Node::text).unwrap_or_default();
    let is_list = kind.ends_with("List");
    let is_one = !is_list && is_wanted(kind);
    if is_one {
        into.push(node);
    } else if is_list && let Some(items) = node.get_mut("items").and_then(Node::items_mut) {
        for item in std::mem::take(items) {
            add(item, is_wanted, into);
        }
    }
}
