//! What is legal and seldom meant.

use std::path::Path;

use super::named_from;
use crate::finding::{Finding, Severity};
use crate::kustomization::{FILE_NAMES, Kustomization, Patch};
use crate::load::{Files as _, Recording, normalized};
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Node, config, strict_config};

/// Keys that stand twice, and JSON patches that count items, in the kustomizations that were read.
pub(super) fn kustomizations(files: &Recording<'_>, root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in files.read_files() {
        let name = path.file_name().unwrap_or_default();
        if !FILE_NAMES.iter().any(|known| name == *known) {
            continue;
        }
        let Ok(bytes) = files.read(&path) else {
            continue;
        };
        let Ok(node) = config(&bytes, SourceId::NONE) else {
            continue;
        };
        let named = named_from(root, &path);
        findings.extend(repeated_key(&bytes, &named));
        if let Ok((kustomization, _)) = Kustomization::parse(&node) {
            let directory = path.parent().unwrap_or(root);
            let lists = [&kustomization.patches, &kustomization.patches_json6902];
            for patch in lists.into_iter().flatten() {
                findings.extend(counted(files, root, directory, &named, patch));
            }
        }
    }
    findings
}

fn repeated_key(bytes: &[u8], named: &str) -> Option<Finding> {
    let error = strict_config(bytes, SourceId::NONE).err()?;
    let span = error.place().map(|place| place.span).unwrap_or_default();
    let message = format!("{}; only the last one counts", error.message());
    Some(
        Finding::warning("duplicate-key", message)
            .at(Place::in_file(named, span))
            .help("keep one of them"),
    )
}

/// The operations of a JSON patch that name an item by its number without testing it first.
fn counted(
    files: &Recording<'_>,
    root: &Path,
    directory: &Path,
    kustomization: &str,
    patch: &Patch,
) -> Vec<Finding> {
    let (text, named) = if patch.path.is_empty() {
        (patch.patch.as_bytes().to_vec(), None)
    } else {
        let path = normalized(&directory.join(&*patch.path));
        (
            files.read(&path).unwrap_or_default(),
            Some(named_from(root, &path)),
        )
    };
    let Ok(operations) = config(&text, SourceId::NONE) else {
        return Vec::new();
    };
    let mut tested: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for operation in operations.items() {
        let field = |name: &str| operation.get(name).and_then(Node::text);
        let (Some(op), Some(path)) = (field("op"), field("path")) else {
            continue;
        };
        let Some(item) = item_of(path) else { continue };
        if op == "test" {
            tested.push(item);
        } else if !tested.contains(&item) {
            let place = match &named {
                Some(named) => {
                    let span = operation
                        .get("path")
                        .map_or(Span::default(), |node| node.span);
                    Place::in_file(named.as_str(), span)
                }
                None => Place::in_file(kustomization, patch.span),
            };
            let message = format!("`{path}` names an item of a list by its number");
            findings.push(
                Finding::new("index-path", Severity::Note, message)
                    .at(place)
                    .help(format!(
                        "whoever adds an item before it changes what is patched; an operation \
                         `test` of `{item}` before it notices that"
                    )),
            );
        }
    }
    findings
}

/// The path up to its last number: `/spec/containers/0` of `/spec/containers/0/image`.
fn item_of(path: &str) -> Option<&str> {
    let mut end = None;
    let mut at = 0;
    for part in path.split('/') {
        let stop = at + part.len();
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            end = Some(stop);
        }
        at = stop + 1;
    }
    end.map(|end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_named_up_to_its_number() {
        assert_eq!(item_of("/a/0/b/12/c"), Some("/a/0/b/12"));
        assert_eq!(item_of("/a/-"), None);
        assert_eq!(item_of("/a/v1"), None);
    }
}
