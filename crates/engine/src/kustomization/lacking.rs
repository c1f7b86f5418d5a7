//! Findings about entries of a kustomization that lack a field without which they do nothing.
//!
//! Kustomize takes them without a word; the build goes on, and each is a finding.

use kustom_yaml::Node;
use kustom_yaml::error::nearest;
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Span;

use crate::decode::field;

/// What `buildMetadata` may ask for.
const METADATA: [&str; 3] = [
    "originAnnotations",
    "transformerAnnotations",
    "managedByLabel",
];

/// What a generator may do with what is there.
const BEHAVIORS: [&str; 3] = ["create", "merge", "replace"];

/// The fields that count only in the kustomization that is built.
const OF_THE_ROOT: [&str; 2] = ["sortOptions", "buildMetadata"];

/// What is wrong with a field that was read without an error.
pub(super) fn check(name: &str, value: &Node, findings: &mut Vec<Finding>) {
    match name {
        "images" | "imageTags" => entries(name, value, findings, image),
        "replicas" => entries(name, value, findings, replica),
        "labels" => entries(name, value, findings, label),
        "configMapGenerator" | "secretGenerator" => unknown_behaviors(name, value, findings),
        "buildMetadata" => unknown_words(value, findings),
        "openapi" => unknown_keys(value, findings),
        "namespace" => bad_namespace(value, findings),
        _ => {}
    }
}

/// The name of a field that has an effect only in the kustomization that is built, if it is set.
pub(super) fn of_the_root(name: &str, value: &Node) -> Option<&'static str> {
    let known = OF_THE_ROOT.into_iter().find(|known| *known == name)?;
    (!value.is_null()).then_some(known)
}

/// A remark on a field that is not heard, because another kustomization is built.
pub(crate) fn unheard(name: &str, span: Span) -> Finding {
    let message = format!("`{name}` has no effect in a kustomization that others build on");
    Finding::warning("ignored-field", message)
        .at(span)
        .help("say it in the kustomization that is built, or remove it")
}

/// A namespace that no API server takes: it has other than lowercase letters, digits and dashes, or is
/// longer than a label of a domain.
fn bad_namespace(value: &Node, findings: &mut Vec<Finding>) {
    let Some(text) = value.text().filter(|text| !text.is_empty()) else {
        return;
    };
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let touches = text.starts_with('-') || text.ends_with('-');
    // A variable that something later replaces is no name yet.
    let is_variable = text.contains(['$', '{']);
    if is_variable || (text.chars().all(is_part) && !touches && text.len() <= 63) {
        return;
    }
    let small: String = text
        .to_lowercase()
        .chars()
        .map(|c| if is_part(c) { c } else { '-' })
        .take(63)
        .collect();
    let small = small.trim_matches('-');
    let message = format!("the API server refuses the namespace `{text}`");
    let finding = Finding::warning("invalid-name", message).at(value.span);
    findings.push(finding.help(match small {
        "" => "write lowercase letters, digits and `-` only".to_owned(),
        small => format!("write lowercase letters, digits and `-` only, such as `{small}`"),
    }));
}

fn entries(
    name: &str,
    value: &Node,
    findings: &mut Vec<Finding>,
    lack: fn(&Node) -> Option<(String, &'static str)>,
) {
    for (index, entry) in value.items().iter().enumerate() {
        if let Some((what, help)) = lack(entry) {
            let message = format!("`{name}[{index}]` {what}");
            findings.push(
                Finding::warning("incomplete-entry", message)
                    .at(entry.span)
                    .help(help),
            );
        }
    }
}

fn is_empty(entry: &Node, name: &str) -> bool {
    field(entry, name).is_none_or(|value| value.is_null() || value.text() == Some(""))
}

fn image(entry: &Node) -> Option<(String, &'static str)> {
    if is_empty(entry, "name") {
        return Some((
            "has no `name`, and changes nothing".to_owned(),
            "say in `name` which image is meant, without its tag",
        ));
    }
    let says = ["newName", "newTag", "tagSuffix", "digest"];
    let is_idle = says.iter().all(|name| is_empty(entry, name));
    is_idle.then(|| {
        (
            "says nothing new, and changes nothing".to_owned(),
            "add `newName`, `newTag` or `digest`, or remove the entry",
        )
    })
}

fn replica(entry: &Node) -> Option<(String, &'static str)> {
    let has_no_count = field(entry, "count").is_none_or(Node::is_null);
    (has_no_count && !is_empty(entry, "name")).then(|| {
        (
            "has no `count`, which means 0 replicas".to_owned(),
            "add `count`; if 0 is meant, say `count: 0`",
        )
    })
}

fn label(entry: &Node) -> Option<(String, &'static str)> {
    let pairs = field(entry, "pairs").map_or(&[][..], Node::entries);
    pairs.is_empty().then(|| {
        (
            "has no `pairs`, and labels nothing".to_owned(),
            "an entry is written `- pairs: {KEY: VALUE}`",
        )
    })
}

/// Kustomize takes a `behavior` that it does not know for none.
fn unknown_behaviors(name: &str, value: &Node, findings: &mut Vec<Finding>) {
    for (index, entry) in value.items().iter().enumerate() {
        let Some(behavior) = field(entry, "behavior") else {
            continue;
        };
        let word = behavior.text().unwrap_or_default();
        if word.is_empty() || behavior.is_null() || BEHAVIORS.contains(&word) {
            continue;
        }
        let help = match nearest(word, BEHAVIORS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of `{}`", BEHAVIORS.join("`, `")),
        };
        let message =
            format!("`{word}` is no `behavior` of `{name}[{index}]`, which counts as `create`");
        findings.push(
            Finding::warning("ignored-field", message)
                .at(behavior.span)
                .help(help),
        );
    }
}

fn unknown_words(value: &Node, findings: &mut Vec<Finding>) {
    for item in value.items() {
        let word = item.text().unwrap_or_default();
        if METADATA.contains(&word) {
            continue;
        }
        let help = match nearest(word, METADATA) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of `{}`", METADATA.join("`, `")),
        };
        let message = format!("`{word}` is nothing that `buildMetadata` knows");
        findings.push(
            Finding::warning("ignored-field", message)
                .at(item.span)
                .help(help),
        );
    }
}

fn unknown_keys(value: &Node, findings: &mut Vec<Finding>) {
    for entry in value.entries() {
        let key = entry.key.text().unwrap_or_default();
        if ["path", "version"].contains(&key) {
            continue;
        }
        let help = match nearest(key, ["path", "version"]) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "it has a `path` or a `version`".to_owned(),
        };
        findings.push(
            Finding::warning("ignored-field", format!("`{key}` is no field of `openapi`"))
                .at(entry.key.span)
                .help(help),
        );
    }
}
