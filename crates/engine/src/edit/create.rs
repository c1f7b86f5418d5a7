//! Writes a new kustomization, as `kustomize create` does.

use std::path::Path;

use kustom_yaml::error::Result;
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, read_manifests, rewrite_flush};

use super::tree::{Tree, text_node};
use super::{Force, List, Pairs, labels};
use crate::kustomization::FILE_NAMES;
use crate::load::{FileKind, Files};
use crate::resource;
use crate::schema::Schema;

/// The fields of a new kustomization; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Files, directories and URLs.
    pub resources: Vec<String>,
    /// The prefix of all names.
    pub name_prefix: String,
    /// The suffix of all names.
    pub name_suffix: String,
    /// The namespace of everything that has one.
    pub namespace: String,
    /// `commonLabels`
    pub labels: Vec<(String, String)>,
    /// `commonAnnotations`
    pub annotations: Vec<(String, String)>,
}

/// The text of a new kustomization, its fields in kustomize's order.
///
/// # Errors
///
/// Only if a text cannot be written as YAML.
///
/// # Example
///
/// ```
/// use kustom_engine::edit::{Contents, create};
///
/// let contents = Contents { resources: vec!["web.yaml".to_owned()], ..Contents::default() };
/// assert!(create(&contents)?.ends_with("kind: Kustomization\nresources:\n- web.yaml\n"));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn create(contents: &Contents) -> Result<String> {
    let mut tree = Tree::new(Node::null());
    tree.set_text("apiVersion", "kustomize.config.k8s.io/v1beta1");
    tree.set_text("kind", "Kustomization");
    if !contents.resources.is_empty() {
        // As they were said, twice if they were said twice.
        if let Some(items) = tree.list_mut(List::Resources.field()) {
            items.extend(contents.resources.iter().map(|name| text_node(name)));
        }
    }
    tree.set_text("namePrefix", &contents.name_prefix);
    tree.set_text("nameSuffix", &contents.name_suffix);
    tree.set_text("namespace", &contents.namespace);
    for (pairs, values) in [
        (Pairs::Labels, &contents.labels),
        (Pairs::Annotations, &contents.annotations),
    ] {
        if !values.is_empty() {
            labels::add(&mut tree, pairs, values, Force::Yes)?;
        }
    }
    rewrite_flush("", &[], &[tree.into_root()])
}

/// The files below a directory that hold objects, in order; a directory below it that has a
/// kustomization stands for all that is in it.
///
/// # Errors
///
/// If the directory cannot be listed.
pub fn detect(files: &dyn Files, directory: &Path, is_recursive: bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    walk(files, directory, "", is_recursive, &mut found);
    Ok(found)
}

/// Adds what is below; as for kustomize, a link to a directory is no directory.
fn walk(files: &dyn Files, root: &Path, below: &str, is_recursive: bool, found: &mut Vec<String>) {
    let directory = root.join(below);
    let real = files.resolve(&directory).map(|(real, _)| real);
    let mut names = files.list(&directory).unwrap_or_default();
    names.sort();
    for name in names {
        let path = match below {
            "" => name.clone(),
            below => format!("{below}/{name}"),
        };
        let is_own = |found: &Path| real.as_ref().is_ok_and(|real| found == real.join(&name));
        match files.resolve(&root.join(&path)) {
            Ok((resolved, FileKind::Directory)) if is_recursive && is_own(&resolved) => {
                let is_there = |name: &&str| files.resolve(&root.join(&path).join(name)).is_ok();
                if FILE_NAMES.iter().any(is_there) {
                    found.push(path);
                } else {
                    walk(files, root, &path, is_recursive, found);
                }
            }
            Ok((resolved, FileKind::File)) => {
                let bytes = files.read(&resolved).unwrap_or_default();
                if holds_objects(&bytes) {
                    found.push(path);
                }
            }
            _ => {}
        }
    }
}

fn holds_objects(bytes: &[u8]) -> bool {
    read_manifests(bytes, SourceId::NONE)
        .and_then(|stream| resource::from_documents(stream, &Schema::builtin()))
        .is_ok_and(|objects| !objects.is_empty())
}
