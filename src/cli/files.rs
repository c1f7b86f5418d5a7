//! One file for each object, in a directory.
//!
//! The names are kustomize's: `[<namespace>_]<group>_<version>_<kind>_<name>.yaml` in lower case,
//! with the namespace only where there are several.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::id::{Id, NO_NAMESPACE};
use kustom::resource::Resource;
use kustom::write;
use kustom::yaml::write_stream;

/// Writes every object to a file of its own: all of them or, if one cannot be, none.
pub(super) fn write_each(directory: &Path, resources: &[Resource]) -> Result<()> {
    let files = split(resources)?.into_iter();
    let files: Vec<(PathBuf, Vec<u8>)> = files
        .map(|(name, text)| (directory.join(name), text.into_bytes()))
        .collect();
    write::files(&files)
}

/// Every object by itself, with the name of its file.
pub(super) fn split(resources: &[Resource]) -> Result<Vec<(String, String)>> {
    let mut files = Vec::with_capacity(resources.len());
    for (resource, name) in resources.iter().zip(names(resources)?) {
        let mut text = String::new();
        write_stream(std::iter::once(&resource.node), &mut text)?;
        files.push((name, text));
    }
    Ok(files)
}

/// A name for each object, no two the same.
fn names(resources: &[Resource]) -> Result<Vec<String>> {
    let mut namespaces = resources.iter().map(|one| one.id().effective_namespace());
    let first = namespaces.clone().find(|name| *name != NO_NAMESPACE);
    let has_several = namespaces.any(|name| name != NO_NAMESPACE && Some(name) != first);
    let mut taken: BTreeMap<String, &Id> = BTreeMap::new();
    let mut names = Vec::with_capacity(resources.len());
    for resource in resources {
        let id = resource.id();
        let name = name_of(id, has_several);
        if let Some(odd) = name.chars().find(|c| matches!(c, '/' | '\0')) {
            let message = format!(
                "`{id}` cannot be a file: its name has a `{}`",
                odd.escape_default()
            );
            return Err(Error::new(Kind::Output, message)
                .at(resource.node.span)
                .help("write everything to one file"));
        }
        match taken.entry(name.clone()) {
            Entry::Vacant(entry) => drop(entry.insert(id)),
            Entry::Occupied(entry) => {
                let message = format!("`{}` and `{id}` would both be `{name}`", entry.get());
                return Err(Error::new(Kind::Output, message).help("write everything to one file"));
            }
        }
        names.push(name);
    }
    Ok(names)
}

fn name_of(id: &Id, with_namespace: bool) -> String {
    let namespace = id.effective_namespace();
    let namespace = if with_namespace && namespace != NO_NAMESPACE {
        namespace
    } else {
        ""
    };
    let gvk = [&*id.gvk.group, &id.gvk.version, &id.gvk.kind];
    let given = std::iter::once(namespace)
        .chain(gvk)
        .filter(|part| !part.is_empty());
    let parts: Vec<&str> = given.chain([&*id.name]).collect();
    format!("{}.yaml", parts.join("_").to_lowercase())
}
