//! Names the field that a value of the wrong type was written for, and shows how an entry of it is
//! written.

use kustom_yaml::Node;
use kustom_yaml::error::Error;
use kustom_yaml::place::Span;

use crate::decode::wanted_and_found;

/// How an entry of a field is written.
const EXAMPLES: &[(&str, &str)] = &[
    ("additionalValuesFiles", "- FILE"),
    ("apiVersions", "- GROUP/VERSION"),
    ("bases", "- DIRECTORY"),
    ("buildMetadata", "- originAnnotations"),
    ("commonAnnotations", "KEY: VALUE"),
    ("commonLabels", "KEY: VALUE"),
    ("components", "- DIRECTORY"),
    ("configMapGenerator", "- name: NAME"),
    ("configurations", "- FILE"),
    ("crds", "- FILE"),
    ("envs", "- FILE"),
    ("fieldPaths", "- spec.replicas"),
    ("files", "- FILE` or `- KEY=FILE"),
    ("generators", "- FILE"),
    ("helmCharts", "- name: NAME"),
    ("imageTags", "- name: NAME"),
    ("images", "- name: NAME"),
    ("labels", "- pairs: {KEY: VALUE}"),
    ("literals", "- KEY=VALUE"),
    ("objref", "{kind: KIND, name: NAME, apiVersion: VERSION}"),
    ("openapi", "path: FILE"),
    ("options", "KEY: true"),
    ("pairs", "KEY: VALUE"),
    ("patches", "- path: FILE"),
    ("patchesJson6902", "- path: FILE"),
    ("patchesStrategicMerge", "- FILE"),
    ("replacements", "- path: FILE"),
    ("replicas", "- name: NAME"),
    ("resources", "- FILE` or `- DIRECTORY"),
    ("select", "{kind: KIND, name: NAME}"),
    ("sortOptions", "order: fifo"),
    ("source", "{kind: KIND, name: NAME}"),
    ("target", "{kind: KIND, name: NAME}"),
    ("targets", "- select: {kind: KIND, name: NAME}"),
    ("transformers", "- FILE"),
    ("validators", "- FILE"),
    ("vars", "- name: NAME"),
];

/// Names the field, if the error is that a value below `root` does not fit it.
pub(super) fn named(root: &Node, error: Error) -> Error {
    let Some((wanted, found)) = wanted_and_found(&error) else {
        return error;
    };
    let span = error.place().map_or_else(Span::default, |place| place.span);
    let mut path = String::new();
    if !path_to(root, span, &mut path) || path.is_empty() {
        return error;
    }
    let help = help(&path, wanted, found);
    let message = format!("expected {wanted} in `{path}`, found {found}");
    let error = error.reworded(message);
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// The path of the first value that was written with a span.
fn path_to(node: &Node, span: Span, path: &mut String) -> bool {
    if node.span == span {
        return true;
    }
    let length = path.len();
    for entry in node.entries() {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(entry.key.text().unwrap_or_default());
        if path_to(&entry.value, span, path) {
            return true;
        }
        path.truncate(length);
    }
    for (index, item) in node.items().iter().enumerate() {
        path.push_str(&format!("[{index}]"));
        if path_to(item, span, path) {
            return true;
        }
        path.truncate(length);
    }
    false
}

fn help(path: &str, wanted: &str, found: &str) -> Option<String> {
    let last = path.rsplit('.').next().unwrap_or(path);
    let name = last.split('[').next().unwrap_or(last);
    if name == "patch" && wanted == "a text" {
        return Some("write the patch as a text: `patch: |-`, and its lines below".to_owned());
    }
    if name == "count" {
        return Some("write the number without quotes".to_owned());
    }
    if wanted == "a map of texts" {
        return Some("an entry is written `KEY: VALUE`".to_owned());
    }
    let known = EXAMPLES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    if let Some((_, example)) = known {
        return Some(format!("an entry is written `{example}`"));
    }
    (wanted == "a list" && found != "null").then(|| "put a `-` before each entry".to_owned())
}
