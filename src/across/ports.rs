//! Ports that one object asks of another, and that this has not.

use super::selectors::Selector;
use super::{Objects, found, items, listed, text};
use crate::dangling::{MISSING, PORT, choice, is_service, shown};
use crate::finding::{Finding, Severity};
use crate::resource::Resource;
use crate::yaml::Node;

pub(super) fn look(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let node = &by.node;
    let id = by.id();
    match (id.gvk.kind.as_str(), id.gvk.group.as_str()) {
        ("Service", "") => targets(objects, by, into),
        ("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration", _) => {
            for webhook in items(node, &["webhooks"]) {
                called(objects, by, webhook.at(&["clientConfig", "service"]), into);
            }
        }
        ("CustomResourceDefinition", _) => {
            let client = ["spec", "conversion", "webhook", "clientConfig", "service"];
            called(objects, by, node.at(&client), into);
        }
        ("APIService", _) => called(objects, by, node.at(&["spec", "service"]), into),
        ("NetworkPolicy", "networking.k8s.io") => policy(objects, by, into),
        (_, "gateway.networking.k8s.io") => route(objects, by, into),
        _ => {}
    }
}

/// Numbers of ports that a Service sends to, and none of its pods listens at, although they say
/// where they listen.
fn targets(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let Some(map) = by.node.at(&["spec", "selector"]) else {
        return;
    };
    let wanted: Vec<(&str, &str)> = crate::dangling::labels(map).collect();
    if wanted.is_empty() {
        return;
    }
    let selected = objects.workloads.with(by, &wanted);
    let known: Vec<&str> = selected
        .iter()
        .flat_map(|pods| pods.numbers.clone())
        .collect();
    if selected.iter().any(|pods| pods.numbers.is_empty()) || known.is_empty() {
        return;
    }
    let ports = items(&by.node, &["spec", "ports"]);
    let is_known = |port: &Node| {
        let target = port.get("targetPort").or_else(|| port.get("port"));
        target.and_then(Node::text).is_none_or(|asked| {
            !asked.bytes().all(|byte| byte.is_ascii_digit()) || known.contains(&asked)
        })
    };
    // A container need not name its ports; where it names none that the Service has, it names others.
    let severity = match ports.iter().any(is_known) {
        true => Severity::Note,
        false => Severity::Warning,
    };
    for port in ports.iter().filter(|port| !is_known(port)) {
        let target = port.get("targetPort").or_else(|| port.get("port"));
        if let Some((target, asked)) = target.and_then(|it| Some((it, it.text()?))) {
            let message = format!(
                "{} sends to the port `{asked}`, which no container of {} names",
                shown(by),
                shown(selected[0].by)
            );
            let help = match severity {
                Severity::Note => format!("name it among its ports, which are {}", listed(&known)),
                _ => choice(asked, &known),
            };
            let finding = Finding::new(PORT, severity, message).help(help);
            into.push(found(finding, target, by));
        }
    }
}

/// The service that the API server calls: its port is 443 where none is said.
fn called(objects: &Objects<'_>, by: &Resource, service: Option<&Node>, into: &mut Vec<Finding>) {
    let Some(service) = service else { return };
    let namespace = text(service, &["namespace"]);
    let (asked, node) = match service.get("port") {
        Some(port) => (port.text().unwrap_or_default(), port),
        None => ("443", service),
    };
    if let Some(name) = text(service, &["name"]) {
        let target = objects.named(("Service", name), by, namespace);
        sends(by, target, asked, node, into);
    }
}

/// Tells that a Service has not the port that something is sent to.
fn sends(
    by: &Resource,
    service: Option<&Resource>,
    asked: &str,
    node: &Node,
    into: &mut Vec<Finding>,
) {
    let Some(service) = service.filter(|one| is_service(one)) else {
        return;
    };
    let ports = items(&service.node, &["spec", "ports"]).iter();
    let known: Vec<&str> = ports.filter_map(|port| text(port, &["port"])).collect();
    if known.is_empty() || known.contains(&asked) {
        return;
    }
    let message = format!(
        "{} sends to the port `{asked}`, which {} has not",
        shown(by),
        shown(service)
    );
    let finding = Finding::warning(PORT, message).help(choice(asked, &known));
    into.push(found(finding, node, by));
}

/// Named ports of the pods that a policy is for.
fn policy(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let Some(selector) = by.node.at(&["spec", "podSelector"]).map(Selector::of) else {
        return;
    };
    let selected = selector.select(objects, by);
    let known: Vec<&str> = selected
        .iter()
        .flat_map(|pods| pods.ports.clone())
        .collect();
    let Some(first) = selected.first() else {
        return;
    };
    for rule in items(&by.node, &["spec", "ingress"]) {
        for port in items(rule, &["ports"]) {
            let port = port.get("port");
            let Some((port, name)) = port.and_then(|port| Some((port, port.text()?))) else {
                continue;
            };
            let is_name = name.bytes().any(|byte| byte.is_ascii_alphabetic());
            if is_name && !known.contains(&name) {
                let message = format!(
                    "{} lets through to the port `{name}`, which {} has not",
                    shown(by),
                    shown(first.by)
                );
                let finding = Finding::warning(PORT, message).help(choice(name, &known));
                into.push(found(finding, port, by));
            }
        }
    }
}

/// A route: the ports of its services, and the listeners of its gateways.
fn route(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    for rule in items(&by.node, &["spec", "rules"]) {
        for backend in items(rule, &["backendRefs"]) {
            let kind = text(backend, &["kind"]).unwrap_or("Service");
            let (Some(name), Some(port), "Service") =
                (text(backend, &["name"]), backend.get("port"), kind)
            else {
                continue;
            };
            let service = objects.named(("Service", name), by, text(backend, &["namespace"]));
            sends(by, service, port.text().unwrap_or_default(), port, into);
        }
    }
    for parent in items(&by.node, &["spec", "parentRefs"]) {
        let kind = text(parent, &["kind"]).unwrap_or("Gateway");
        let (Some(name), Some(section), "Gateway") =
            (text(parent, &["name"]), parent.get("sectionName"), kind)
        else {
            continue;
        };
        let gateway = objects.named(("Gateway", name), by, text(parent, &["namespace"]));
        let gateway = gateway.filter(|one| one.id().gvk.group == "gateway.networking.k8s.io");
        let Some(gateway) = gateway else { continue };
        let listeners = items(&gateway.node, &["spec", "listeners"]).iter();
        let known: Vec<&str> = listeners.filter_map(|it| text(it, &["name"])).collect();
        let section_name = section.text().unwrap_or_default();
        if !known.contains(&section_name) {
            let message = format!(
                "{} is for the listener `{section_name}`, which {} has not",
                shown(by),
                shown(gateway)
            );
            let finding = Finding::new(MISSING, Severity::Warning, message)
                .help(choice(section_name, &known));
            into.push(found(finding, section, by));
        }
    }
}
