//! Finds `$(NAME)` in containers that no variable of the container defines.
//!
//! The kubelet replaces `$(NAME)` in commands, arguments and values of `env` by variables of the
//! same container, in `env` by those above. What it does not know stays as it is written.
//! Source: <https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>.

use super::selectors::pod_spec;
use super::{VARIABLE, object_of, place_of, shown};
use crate::finding::Finding;
use crate::resource::Resource;
use crate::yaml::Node;
use kustom_yaml::cut::Cut as _;

/// What the containers of an object ask for and do not have.
pub(super) fn findings(resource: &Resource) -> Vec<Finding> {
    let spec = pod_spec(resource);
    let lists = ["initContainers", "containers"].map(|list| spec.and_then(|spec| spec.get(list)));
    let containers = lists.into_iter().flatten().flat_map(Node::items);
    containers
        .filter(|container| asks(container) && list(container, "envFrom").is_empty())
        .flat_map(|container| of_container(resource, container))
        .collect()
}

/// Whether a container may ask for a variable at all, which few do.
fn asks(container: &Node) -> bool {
    let env = list(container, "env").iter();
    let words = ["command", "args"].into_iter();
    let words = words.flat_map(|field| list(container, field));
    let mut texts = env.filter_map(|entry| entry.get("value")).chain(words);
    texts.any(|node| node.text().is_some_and(|text| text.contains('$')))
}

fn of_container(resource: &Resource, container: &Node) -> Vec<Finding> {
    let env = list(container, "env");
    let name_of = |entry: &'_ Node| entry.get("name").and_then(Node::text).map(str::to_owned);
    let names: Vec<Option<String>> = env.iter().map(name_of).collect();
    let has =
        |names: &[Option<String>], name: &str| names.iter().flatten().any(|known| known == name);
    let mut findings = Vec::new();
    let mut add = |node: &Node, field: &str, name: &str, is_below: bool| {
        let container = container
            .get("name")
            .and_then(Node::text)
            .unwrap_or_default();
        let (end, help) = match is_below {
            true => (
                "which is set below it",
                format!("move `{name}` above: a variable knows those above it"),
            ),
            false => (
                "which the container does not have",
                format!("add `{name}` to its `env`, or write `$$({name})` if it is meant as text"),
            ),
        };
        let message = format!(
            "{field} of the container `{container}` of {} asks for `$({name})`, {end}",
            shown(resource)
        );
        findings.push(
            Finding::warning(VARIABLE, message)
                .at(place_of(node, resource))
                .about(object_of(resource))
                .help(help),
        );
    };
    for (index, entry) in env.iter().enumerate() {
        let Some(value) = entry.get("value") else {
            continue;
        };
        for name in variables(value.text().unwrap_or_default()) {
            if !has(&names[..index], name) {
                let field = format!("`{}`", names[index].as_deref().unwrap_or_default());
                add(value, &field, name, has(&names[index + 1..], name));
            }
        }
    }
    let words =
        ["command", "args"].map(|field| list(container, field).iter().map(move |it| (field, it)));
    let words: Vec<(&str, &Node)> = words.into_iter().flatten().collect();
    // A script of a shell may mean a command.
    if words
        .iter()
        .any(|(_, word)| word.text().is_some_and(is_script))
    {
        return findings;
    }
    for (field, word) in words {
        for name in variables(word.text().unwrap_or_default()) {
            if !has(&names, name) {
                add(word, &format!("`{field}`"), name, false);
            }
        }
    }
    findings
}

fn list<'n>(node: &'n Node, field: &str) -> &'n [Node] {
    node.get(field).map_or(&[], Node::items)
}

/// Whether a word hands a script to a shell, or is one.
fn is_script(word: &str) -> bool {
    let is_flag = word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
    is_flag || word.trim_end().contains('\n')
}

/// The names in `$(NAME)`, except those that are escaped, that look like a command, or that every
/// container has for the services around it.
fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = rest.cut(at + 1..);
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
            continue;
        }
        let inside = rest.strip_prefix('(').and_then(|it| it.split_once(')'));
        if let Some((name, after)) = inside.filter(|it| is_variable(it.0)) {
            found.push(name);
            rest = after;
        }
    }
    found
}

fn is_variable(name: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_of_service = name.contains("_SERVICE_") || name.contains("_PORT");
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(is_inside)
        && !is_of_service
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_in_capitals_and_not_escaped() {
        for (text, wanted) in [
            ("http://$(HOST):$(PORT)/", vec!["HOST", "PORT"]),
            ("$$(HOST) $$$(HOST)", vec!["HOST"]),
            ("$(date) ${HOST} $(A B) $(", vec![]),
            ("$(KUBERNETES_SERVICE_HOST) $(WEB_PORT_80_TCP)", vec![]),
        ] {
            assert_eq!(variables(text), wanted, "{text}");
        }
    }
}
