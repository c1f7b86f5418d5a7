//! What stands for values that Flux decrypts in the cluster.

use crate::finding::{Finding, Severity};
use crate::guard::{encryption, is_sops_document};
use crate::resource::Resource;
use crate::yaml::{Node, Str, Tag, Value};

/// What stands for a value, as in `flux build`.
const PLACEHOLDER: &str = "**SOPS**";

/// The same in the data of a Secret.
const ENCODED: &str = "KipTT1BTKio=";

/// Whether a value stands for one that is encrypted.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    value == PLACEHOLDER.as_bytes() || encryption(value) == Some("sops")
}

/// Puts a placeholder in the place of each value that is encrypted with SOPS, and takes what SOPS
/// has added away; a note tells of each object.
pub(super) fn stand_in(resources: &mut [Resource]) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in resources {
        if !is_sops_document(&resource.node) {
            continue;
        }
        resource.node.remove("sops");
        let is_secret = resource.id().gvk.kind == "Secret";
        if let Some(entries) = resource.node.entries_mut() {
            for entry in entries {
                let is_encoded = is_secret && entry.is("data");
                replace(
                    &mut entry.value,
                    if is_encoded { ENCODED } else { PLACEHOLDER },
                );
            }
        }
        let message = format!(
            "the values of {} `{}` are encrypted; `{PLACEHOLDER}` stands for each",
            resource.id().gvk.kind,
            resource.id().name
        );
        found.push(Finding::new("encrypted-value", Severity::Note, message).at(resource.node.span));
    }
    found
}

fn replace(node: &mut Node, placeholder: &str) {
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| replace(&mut entry.value, placeholder)),
        Value::Seq(items) => items.iter_mut().for_each(|item| replace(item, placeholder)),
        Value::Scalar(text) => {
            if encryption(text.as_bytes()) == Some("sops") {
                node.value = Value::Scalar(Str::from(placeholder));
                node.tag = Tag::Str;
            }
        }
        Value::Alias(_) => {}
    }
}
