//! Names the field that a value of the wrong type was written for, and shows how an entry of it is
//! written.

use kustom_yaml::Node;
use kustom_yaml::error::{Error, nearest};
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
    let Some(node) = path_to(root, span, &mut path).filter(|_| !path.is_empty()) else {
        return at_root(root, error);
    };
    let help = help(&path, wanted, found, node);
    let message = format!("expected {wanted} in `{path}`, found {found}");
    let error = error.reworded(message);
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// What to write where the whole file is no map: its first word may be a field.
fn at_root(root: &Node, error: Error) -> Error {
    let word = root.text().and_then(|text| text.split([' ', '\n']).next());
    let fields = EXAMPLES.iter().map(|(name, _)| *name);
    match word.and_then(|word| nearest(word, fields)) {
        Some(field) => error.help(format!("write `{field}:`, with a colon")),
        None if root.is_seq() => error.help("write the list below a field, such as `resources:`"),
        None => error.help("write a line `FIELD: VALUE` for each field, such as `resources:`"),
    }
}

/// The path of the first value that was written with a span.
fn path_to<'n>(node: &'n Node, span: Span, path: &mut String) -> Option<&'n Node> {
    if node.span == span {
        return Some(node);
    }
    let length = path.len();
    for entry in node.entries() {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(entry.key.text().unwrap_or_default());
        let found = path_to(&entry.value, span, path);
        if found.is_some() {
            return found;
        }
        path.truncate(length);
    }
    for (index, item) in node.items().iter().enumerate() {
        path.push_str(&format!("[{index}]"));
        let found = path_to(item, span, path);
        if found.is_some() {
            return found;
        }
        path.truncate(length);
    }
    None
}

fn help(path: &str, wanted: &str, found: &str, node: &Node) -> Option<String> {
    let last = path.rsplit('.').next().unwrap_or(path);
    let name = last.split('[').next().unwrap_or(last);
    if name == "patch" && wanted == "a string" {
        return Some("write the patch as a string: `patch: |-`, and its lines below".to_owned());
    }
    if name == "count" {
        return Some("write the number without quotes".to_owned());
    }
    if wanted == "a map of strings" {
        return Some("an entry is written `KEY: VALUE`".to_owned());
    }
    let known = EXAMPLES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    let is_short = |text: &&str| text.len() < 60 && !text.contains(['\n', '{']) && !text.is_empty();
    let text = node.text().filter(|_| !node.is_null()).filter(is_short);
    if let (Some((_, example)), Some(text)) = (known, text) {
        let example = example.split('`').next().unwrap_or(example);
        let placeholder = ["FILE", "DIRECTORY", "NAME"];
        let placeholder = placeholder.iter().find(|word| example.ends_with(*word));
        let asks_for = placeholder.filter(|_| example.starts_with("- "));
        if let Some(placeholder) = asks_for {
            let line = example.replace(placeholder, text);
            return Some(match wanted {
                "a list" => format!("write `{line}` on a line of its own"),
                _ => format!("write `{line}`"),
            });
        }
    }
    if let Some((_, example)) = known {
        return Some(format!("an entry is written `{example}`"));
    }
    (wanted == "a list" && found != "null").then(|| "put a `-` before each entry".to_owned())
}
