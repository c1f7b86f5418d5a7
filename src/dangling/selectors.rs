//! Services and the pods that they are for: labels that select nothing, ports that nobody has.
//!
//! Pods may be made by a controller, so that a selector without a match is told only where a label
//! of what is rendered looks as if it was meant.

use super::missing::near;
use super::{PORT, SELECTOR, place_of, shown};
use crate::finding::Finding;
use crate::resource::Resource;
use crate::yaml::Node;

/// What services, budgets and policies select and do not find, and what routes ask of services.
pub(super) fn findings(resources: &[Resource]) -> Vec<Finding> {
    let pods: Vec<Pods<'_>> = resources.iter().filter_map(Pods::of).collect();
    let services: Vec<&Resource> = resources.iter().filter(|one| is_service(one)).collect();
    let mut findings = Vec::new();
    for resource in resources {
        if let Some(selector) = selector_of(resource) {
            let same_place = pods
                .iter()
                .filter(|pods| shares_namespace(pods.by, resource));
            let visible: Vec<&Pods<'_>> = same_place.collect();
            let fits = |pods: &&&Pods<'_>| {
                selector
                    .entries()
                    .iter()
                    .all(|it| pods.has(it.key.text(), &it.value))
            };
            let mut selected: Vec<&Pods<'_>> = visible.iter().filter(fits).copied().collect();
            if selected.is_empty()
                && let Some((finding, meant)) = unmatched(resource, selector, &visible)
            {
                findings.push(finding);
                selected.push(meant);
            }
            if is_service(resource) && !selected.is_empty() {
                findings.extend(target_ports(resource, &selected));
            }
        }
        if resource.id().gvk.kind == "Ingress" {
            backends(resource, &resource.node, &services, &mut findings);
        }
    }
    findings
}

/// The pods that an object makes, or is.
struct Pods<'r> {
    by: &'r Resource,
    labels: &'r Node,
    ports: Vec<&'r str>,
}

impl<'r> Pods<'r> {
    fn of(resource: &'r Resource) -> Option<Self> {
        let node = &resource.node;
        let template = match resource.id().gvk.kind.as_str() {
            "Pod" => Some(node),
            "CronJob" => node.at(&["spec", "jobTemplate", "spec", "template"]),
            _ => node.at(&["spec", "template"]),
        }?;
        let labels = template.at(&["metadata", "labels"])?;
        let spec = template.get("spec")?;
        let lists = ["containers", "initContainers"].map(|field| spec.get(field));
        let containers = lists.into_iter().flatten().flat_map(Node::items);
        let ports = containers
            .filter_map(|one| one.get("ports"))
            .flat_map(Node::items);
        let names = ports
            .filter_map(|port| port.get("name"))
            .filter_map(Node::text);
        Some(Self {
            by: resource,
            labels,
            ports: names.collect(),
        })
    }

    fn has(&self, key: Option<&str>, value: &Node) -> bool {
        let label = key.and_then(|key| self.labels.get(key));
        label.is_some_and(|label| label.text() == value.text())
    }
}

fn is_service(resource: &Resource) -> bool {
    let gvk = &resource.id().gvk;
    gvk.kind == "Service" && gvk.group.is_empty()
}

fn shares_namespace(one: &Resource, other: &Resource) -> bool {
    let (one, other) = (one.id(), other.id());
    one.namespace.is_empty() || other.namespace.is_empty() || one.same_namespace(other)
}

/// The labels that an object selects pods by, if it does.
fn selector_of(resource: &Resource) -> Option<&Node> {
    let node = &resource.node;
    let selector = match resource.id().gvk.kind.as_str() {
        "Service" if is_service(resource) => node.at(&["spec", "selector"]),
        "PodDisruptionBudget" => node.at(&["spec", "selector", "matchLabels"]),
        "NetworkPolicy" => node.at(&["spec", "podSelector", "matchLabels"]),
        _ => None,
    };
    selector.filter(|selector| !selector.entries().is_empty())
}

/// A selector that selects nothing, if one of its labels is nearly one that pods have; with these.
fn unmatched<'p, 'r>(
    resource: &Resource,
    selector: &Node,
    visible: &[&'p Pods<'r>],
) -> Option<(Finding, &'p Pods<'r>)> {
    for pods in visible.iter().copied() {
        let entries = selector.entries().iter();
        let mut unlike = entries.filter(|entry| !pods.has(entry.key.text(), &entry.value));
        let (Some(entry), None) = (unlike.next(), unlike.next()) else {
            continue;
        };
        let key = entry.key.text()?;
        let wanted = entry.value.text()?;
        let has = pods.labels.get(key).and_then(Node::text);
        if let Some(meant) = has.and_then(|has| near(wanted, &[has])) {
            let message = format!(
                "{} selects `{key}: {wanted}`, which no pod has",
                shown(resource)
            );
            let help = format!("did you mean `{key}: {meant}`, as {} has?", shown(pods.by));
            let finding = Finding::warning(SELECTOR, message).at(place_of(&entry.value, resource));
            return Some((finding.help(help), pods));
        }
    }
    None
}

/// The names of ports that none of the selected pods has.
fn target_ports(service: &Resource, selected: &[&Pods<'_>]) -> Vec<Finding> {
    let known: Vec<&str> = selected
        .iter()
        .flat_map(|pods| pods.ports.iter().copied())
        .collect();
    let ports = service
        .node
        .at(&["spec", "ports"])
        .map_or(&[][..], Node::items);
    let targets = ports.iter().filter_map(|port| port.get("targetPort"));
    let mut findings = Vec::new();
    for target in targets {
        let Some(name) = target.text().filter(|name| is_port_name(name)) else {
            continue;
        };
        if known.contains(&name) {
            continue;
        }
        let whose = shown(selected[0].by);
        let message = format!(
            "{} sends to the port `{name}`, which {whose} has not",
            shown(service)
        );
        findings.push(
            Finding::warning(PORT, message)
                .at(place_of(target, service))
                .help(choice(name, &known)),
        );
    }
    findings
}

/// A name of a port: a number written as a text is none.
fn is_port_name(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn choice(name: &str, known: &[&str]) -> String {
    if let Some(near) = near(name, known) {
        return format!("did you mean `{near}`?");
    }
    match known {
        [] => "give the port of a container this name".to_owned(),
        _ => format!("there is `{}`", known.join("`, `")),
    }
}

/// The ports that an Ingress asks of services that are rendered, and that these have not.
fn backends(ingress: &Resource, node: &Node, services: &[&Resource], findings: &mut Vec<Finding>) {
    for item in node.items() {
        backends(ingress, item, services, findings);
    }
    for entry in node.entries() {
        let is_backend = entry.is("backend") || entry.is("defaultBackend");
        match entry.value.get("service").filter(|_| is_backend) {
            Some(backend) => findings.extend(backend_port(ingress, backend, services)),
            None => backends(ingress, &entry.value, services, findings),
        }
    }
}

fn backend_port(ingress: &Resource, backend: &Node, services: &[&Resource]) -> Option<Finding> {
    let name = backend.get("name")?.text()?;
    let mut named = services.iter().filter(|one| one.id().name == name);
    let service = named.find(|one| shares_namespace(one, ingress))?;
    let ports = service.node.at(&["spec", "ports"])?;
    let (field, asked) = ["name", "number"].into_iter().find_map(|field| {
        let asked = backend.get("port")?.get(field)?;
        Some((if field == "name" { field } else { "port" }, asked))
    })?;
    let text = asked.text()?;
    let all = ports.items().iter().filter_map(|port| port.get(field));
    let known: Vec<&str> = all.filter_map(Node::text).collect();
    if known.contains(&text) {
        return None;
    }
    let message = format!(
        "{} sends to the port `{text}`, which {} has not",
        shown(ingress),
        shown(service)
    );
    let help = match choice(text, &known) {
        help if known.is_empty() => help.replace("of a container", "of the Service"),
        help => help,
    };
    Some(
        Finding::warning(PORT, message)
            .at(place_of(asked, ingress))
            .help(help),
    )
}
