//! Patches and images as objects of Flux write them.

use super::object::{text, wrong};
use crate::error::Result;
use crate::kustomization::{self, Patch};
use crate::transform::images::Image;
use crate::yaml::{Node, Text};

/// A patch, with the fields of its target that Flux knows; its options are dropped.
pub(super) fn of_patch(node: &Node, patch: Text) -> Result<Patch> {
    const FIELDS: [&str; 7] = [
        "group",
        "version",
        "kind",
        "name",
        "namespace",
        "labelSelector",
        "annotationSelector",
    ];
    if !node.is_map() {
        return Err(wrong("a patch is no map").at(node.span));
    }
    let mut asked = Patch {
        patch,
        span: node.span,
        ..Patch::default()
    };
    if let Some(target) = node.get("target").filter(|it| !it.is_null()) {
        let mut known = target.clone();
        if let Some(entries) = known.entries_mut() {
            entries.retain(|entry| FIELDS.iter().any(|field| entry.is(field)));
        }
        asked.target_name = target.get("name").map(Text::of).unwrap_or_default();
        asked.target = Some(kustomization::selector(&known)?);
    }
    Ok(asked)
}

/// An entry of `images`.
pub(super) fn image_of(node: &Node, field: &str) -> Result<Image> {
    let part = |name: &str| match node.get(name).filter(|it| !it.is_null()) {
        Some(value) => text(value, &format!("{field}.{name}")),
        None => Ok(Text::default()),
    };
    Ok(Image {
        name: part("name")?,
        new_name: part("newName")?,
        new_tag: part("newTag")?,
        digest: part("digest")?,
        tag_suffix: Text::default(),
    })
}
