//! Values within text that is YAML or JSON itself, such as a file in a ConfigMap.
//!
//! The text is read, changed and written again: YAML in its own style, JSON with sorted keys, on
//! lines of its own if it was. Of several documents only the first is kept, as kustomize does.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Options, print_go_v3, read_first};

use super::super::json;
use super::{Field, Loss, OPERATOR, Put, Walk};
use crate::release::{Change, Release};

/// Puts a value where a path leads to within the first text on its way; false if that cannot be
/// done, and nothing has changed. `loss` is set if the value does not fit there.
///
/// # Errors
///
/// If the build cannot pay for what is put, or for the text that comes of it.
pub(super) fn set(
    field: &Field<'_>,
    root: &mut Node,
    put: &Put<'_>,
    loss: &mut Option<Loss>,
    release: Release,
) -> Result<bool> {
    let read = |text: &str| parse(text).ok();
    let Some((scalar, start, Some(mut document))) = field.path.find_scalar(root, read) else {
        return Ok(false);
    };
    let mut exceeded = None;
    let mut put_one = |node: &mut Node| {
        *loss = loss.take().or(Loss::of(node, put.value));
        let result = match release.has(Change::EmbeddedFieldOptions) {
            true => put.set(node),
            false => put.instead_of(node),
        };
        result.inspect_err(|error| {
            if error.kind() == Kind::Limit {
                exceeded = Some(Error::new(Kind::Limit, error.message()));
            }
        })
    };
    let created = put.options.create.then_some(put.value);
    let count = Walk::new(field, created, &mut put_one).from(&mut document, start);
    if let Some(error) = exceeded {
        return Err(error);
    }
    let text = match count {
        Ok(1..) => written(&document, scalar.text().unwrap_or_default()),
        _ => None,
    };
    let Some(text) = text else { return Ok(false) };
    put.budget.charge_text(OPERATOR, &text, 1)?;
    scalar.set_text(&text);
    Ok(true)
}

/// The document in a scalar.
///
/// # Errors
///
/// If it is no YAML, or has no document.
pub(super) fn read(scalar: &Node) -> Result<Node> {
    let text = scalar.text().unwrap_or_default();
    parse(text).ok().flatten().ok_or_else(|| {
        // What the text is may be secret.
        let message = "the path leads into a string that is no YAML or JSON";
        Error::new(Kind::Transform, message).at(scalar.span)
    })
}

fn parse(text: &str) -> Result<Option<Node>> {
    let options = Options {
        keep_aliases: true,
        comments: true,
        ..Options::default()
    };
    read_first(text, &options)
}

fn written(document: &Node, old: &str) -> Option<String> {
    let text = print_go_v3(document);
    if !old.trim_start().starts_with(['{', '[']) {
        return Some(text.trim().to_owned());
    }
    // JSON takes the way through YAML, on which aliases and tags are resolved.
    let document = read_first(&text, &Options::default()).ok()??;
    json::write(&document, old.contains('\n') && old.contains("  "))
}
