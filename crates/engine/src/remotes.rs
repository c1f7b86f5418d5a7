//! What kustomizations name that is elsewhere: visited, so that it can be locked or vendored.
//!
//! Nothing is built, and nothing is run: a kustomization is read, and so is what it builds on. What
//! is missing on this machine is left to the build, which says so.

use std::collections::BTreeSet;
use std::path::PathBuf;

use kustom_yaml::error::Result;
use kustom_yaml::{Node, Text, read_config, read_manifests};

use crate::load::{FileKind, Loader, is_http};
use crate::localize::{
    CHARTS, Fields, KUSTOMIZATION, Named, each, fields_of_plugin, has, has_inner, is_inline,
    kustomization_of,
};
use crate::resource;
use crate::schema::Schema;

/// Reads every remote that a kustomization and what it builds on name; `seen` are the directories
/// that were visited.
///
/// # Errors
///
/// If a kustomization cannot be read, or a remote cannot be fetched.
pub fn visit(loader: &Loader<'_>, seen: &mut BTreeSet<PathBuf>) -> Result<()> {
    if !seen.insert(loader.root().to_path_buf()) {
        return Ok(());
    }
    let name = kustomization_of(loader)?;
    let content = loader.read(&Text::from(name))?;
    let mut node = read_config(&content.bytes, content.source)?;
    if has(&node, "helmCharts") && !has_inner(&node, "helmGlobals", "chartHome") {
        loader.enter(&loader.root().join(CHARTS))?;
    }
    fields(loader, &mut node, KUSTOMIZATION, seen)
}

fn fields(
    loader: &Loader<'_>,
    node: &mut Node,
    fields: &Fields,
    seen: &mut BTreeSet<PathBuf>,
) -> Result<()> {
    for (path, named) in fields {
        each(node, path, &mut |scalar| {
            let name = Text::of(scalar);
            match name.is_empty() {
                true => Ok(()),
                false => one(loader, &name, *named, seen),
            }
        })?;
    }
    Ok(())
}

/// Visits what a text names.
fn one(loader: &Loader<'_>, name: &Text, named: Named, seen: &mut BTreeSet<PathBuf>) -> Result<()> {
    match named {
        Named::File | Named::Patch => file(loader, name),
        Named::KeyAndFile => match name.split_once('=') {
            Some((_, path)) => file(
                loader,
                &Text {
                    text: path.into(),
                    span: name.span,
                },
            ),
            None => file(loader, name),
        },
        Named::Directory => base(loader, name, seen),
        Named::Resource => file_or_base(loader, name, seen),
        Named::Plugin if is_inline(name) => plugins(loader, name.as_bytes(), name, seen),
        Named::Plugin if loader.is_base(name) => base(loader, name, seen),
        Named::Plugin if is_http(name) => {
            let content = loader.read(name)?;
            plugins(loader, &content.bytes, name, seen)
        }
        Named::Plugin => match loader.read(name) {
            Ok(content) => plugins(loader, &content.bytes, name, seen),
            Err(_) => Ok(()),
        },
        Named::Charts => loader.enter(&loader.root().join(&**name)),
    }
}

fn file(loader: &Loader<'_>, name: &Text) -> Result<()> {
    match is_http(name) {
        true => loader.read(name).map(drop),
        false => Ok(()),
    }
}

fn file_or_base(loader: &Loader<'_>, name: &Text, seen: &mut BTreeSet<PathBuf>) -> Result<()> {
    if loader.is_base(name) {
        return base(loader, name, seen);
    }
    match file(loader, name) {
        Err(error) if loader.may_be_base(name) => base(loader, name, seen)
            .map_err(|other| other.note(format!("read as a file: {}", error.message()), None)),
        read => read,
    }
}

fn base(loader: &Loader<'_>, name: &Text, seen: &mut BTreeSet<PathBuf>) -> Result<()> {
    let is_here = matches!(loader.kind(name), Some(FileKind::Directory));
    match loader.open(name) {
        Ok(inner) => visit(&inner, seen).map_err(|error| {
            error.note(
                format!("`{}` is named here", crate::load::shown_name(name)),
                Some(name.span.into()),
            )
        }),
        // A circle, or a file that is missing: for the build to say.
        Err(_) if is_here || crate::load::Repository::parse(name).is_none() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Visits what built-in plugins name.
fn plugins(
    loader: &Loader<'_>,
    text: &[u8],
    name: &Text,
    seen: &mut BTreeSet<PathBuf>,
) -> Result<()> {
    let read = read_manifests(text, name.span.source)
        .and_then(|read| resource::from_documents(read, &Schema::builtin()));
    let Ok(mut objects) = read else {
        return Ok(());
    };
    for object in &mut objects {
        let node = &mut object.node;
        let field = |name: &str| node.get(name).and_then(Node::text).unwrap_or_default();
        if field("apiVersion") == "builtin" {
            let kind = field("kind").to_owned();
            fields(loader, node, fields_of_plugin(&kind), seen)?;
        }
    }
    Ok(())
}
