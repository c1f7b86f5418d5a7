//! What two objects claim and only one can have.

use std::collections::BTreeMap;

use super::{Objects, TWICE, found, items, text};
use crate::dangling::{place_of, shown};
use crate::finding::{Finding, Severity};
use crate::resource::Resource;
use crate::yaml::{Node, to_json};

/// What is claimed.
struct Claim {
    /// What tells it from others.
    key: Vec<String>,
    /// How it is told.
    description: String,
}

/// Who claims something first, and at which place.
type Owners<'r> = BTreeMap<Vec<String>, (&'r Resource, &'r Node)>;

pub(super) fn look(objects: &Objects<'_>, into: &mut Vec<Finding>) {
    let mut owners = Owners::new();
    for by in objects.resources {
        let id = by.id();
        match (id.gvk.kind.as_str(), id.gvk.group.as_str()) {
            ("Ingress", _) => ingress(by, &mut owners, into),
            ("HTTPRoute" | "GRPCRoute", "gateway.networking.k8s.io") => {
                route(by, &mut owners, into);
            }
            ("Route", "route.openshift.io") => openshift(by, &mut owners, into),
            ("Service", "") => service(by, &mut owners, into),
            ("HorizontalPodAutoscaler" | "ScaledObject", _) => scaler(by, &mut owners, into),
            ("StorageClass" | "IngressClass" | "PriorityClass", _) => {
                default(by, &mut owners, into);
            }
            _ => {}
        }
    }
}

/// Takes a claim, or tells that another has it.
fn take<'r>(
    (by, node): (&'r Resource, &'r Node),
    claim: Claim,
    severity: Severity,
    help: &str,
    owners: &mut Owners<'r>,
    into: &mut Vec<Finding>,
) {
    if let Some((first, place)) = owners.get(&claim.key) {
        if first.id() == by.id() {
            return;
        }
        let message = format!(
            "{} claims {}, as {} does",
            shown(by),
            claim.description,
            shown(first)
        );
        let mut finding = Finding::new(TWICE, severity, message).help(help);
        finding.others.push(place_of(place, first));
        into.push(found(finding, node, by));
        return;
    }
    owners.insert(claim.key, (by, node));
}

fn ingress<'r>(by: &'r Resource, owners: &mut Owners<'r>, into: &mut Vec<Finding>) {
    let class = text(&by.node, &["spec", "ingressClassName"])
        .or_else(|| by.annotation("kubernetes.io/ingress.class"))
        .unwrap_or_default();
    // The second of a canary, and the parts of a merged Ingress, share their paths on purpose.
    let is_shared = by.annotation("nginx.ingress.kubernetes.io/canary") == Some("true")
        || by.annotation("nginx.org/mergeable-ingress-type").is_some();
    if is_shared {
        return;
    }
    // Some controllers give each Ingress an address of its own.
    let group = by.annotation("alb.ingress.kubernetes.io/group.name");
    let has_own_address = group.is_none() && matches!(class, "" | "alb" | "gce" | "gce-internal");
    for rule in items(&by.node, &["spec", "rules"]) {
        let host = text(rule, &["host"]).unwrap_or_default();
        if host.is_empty() && has_own_address {
            continue;
        }
        for path in items(rule, &["http", "paths"]) {
            let given = text(path, &["path"]).unwrap_or("/");
            let kind = text(path, &["pathType"]).unwrap_or_default();
            let is_exact = if kind == "Exact" { "=" } else { "" };
            let at = match given.trim_end_matches('/') {
                "" => "/",
                trimmed if is_exact.is_empty() => trimmed,
                _ => given,
            };
            let key = [
                "ingress",
                class,
                group.unwrap_or_default(),
                host,
                at,
                is_exact,
            ];
            let claim = Claim {
                key: key.map(str::to_owned).to_vec(),
                description: format!("`{}{given}`", if host.is_empty() { "*" } else { host }),
            };
            let node = path.get("path").unwrap_or(path);
            let help = "which of the two answers is left to the controller; keep one";
            take((by, node), claim, Severity::Warning, help, owners, into);
        }
    }
}

fn route<'r>(by: &'r Resource, owners: &mut Owners<'r>, into: &mut Vec<Finding>) {
    let Some(spec) = by.node.get("spec") else {
        return;
    };
    let parents = items(spec, &["parentRefs"]);
    let hosts: Vec<&str> = match items(spec, &["hostnames"]) {
        [] => vec!["*"],
        names => names.iter().filter_map(Node::text).collect(),
    };
    for parent in parents {
        let part = |field: &str| text(parent, &[field]).unwrap_or_default();
        let namespace = match part("namespace") {
            "" => by.id().effective_namespace(),
            namespace => namespace,
        };
        let gateway = [
            part("kind"),
            namespace,
            part("name"),
            part("sectionName"),
            part("port"),
        ];
        for host in &hosts {
            for rule in items(spec, &["rules"]) {
                let matches = items(rule, &["matches"]);
                let whole = matches.is_empty().then_some(rule);
                for one in matches.iter().chain(whole) {
                    let (wanted, description) = match whole {
                        Some(_) => (r#"{"path":"/"}"#.to_owned(), "/".to_owned()),
                        None => matched(one),
                    };
                    let mut key = vec![by.id().gvk.kind.to_string()];
                    key.extend(gateway.map(str::to_owned));
                    key.extend([(*host).to_owned(), wanted]);
                    let claim = Claim {
                        key,
                        description: format!("`{host}{description}`"),
                    };
                    let help = "the older of the two answers, and the other never; keep one";
                    take((by, one), claim, Severity::Warning, help, owners, into);
                }
            }
        }
    }
}

/// What a match asks for, with its defaults, and its path.
fn matched(node: &Node) -> (String, String) {
    let path = text(node, &["path", "value"]).unwrap_or("/");
    let kind = text(node, &["path", "type"]).unwrap_or("PathPrefix");
    let at = match kind {
        "PathPrefix" if path != "/" => path.trim_end_matches('/'),
        _ => path,
    };
    let others = ["headers", "method", "queryParams"].iter();
    let others = others.filter_map(|field| node.get(field));
    let others: Vec<String> = others.filter_map(|other| to_json(other).ok()).collect();
    let wanted = match (kind, at, others.as_slice()) {
        ("PathPrefix", "/", []) => r#"{"path":"/"}"#.to_owned(),
        _ => format!("{kind} {at} {}", others.join(" ")),
    };
    (wanted, path.to_owned())
}

fn openshift<'r>(by: &'r Resource, owners: &mut Owners<'r>, into: &mut Vec<Finding>) {
    let Some(host) = by.node.at(&["spec", "host"]) else {
        return;
    };
    let name = host.text().unwrap_or_default();
    if name.is_empty() {
        return;
    }
    let path = text(&by.node, &["spec", "path"]).unwrap_or_default();
    let claim = Claim {
        key: ["route", name, path].map(str::to_owned).to_vec(),
        description: format!("`{name}{path}`"),
    };
    let help = "the router takes the older of the two; keep one";
    take((by, host), claim, Severity::Warning, help, owners, into);
}

/// Addresses and ports of nodes: the server gives each only once.
fn service<'r>(by: &'r Resource, owners: &mut Owners<'r>, into: &mut Vec<Finding>) {
    if let Some(address) = by.node.at(&["spec", "clusterIP"])
        && let Some(ip) = address.text().filter(|ip| !matches!(*ip, "" | "None"))
    {
        let claim = Claim {
            key: ["clusterIP", ip].map(str::to_owned).to_vec(),
            description: format!("the address `{ip}`"),
        };
        let help = "leave the address out, so that the server gives one";
        take((by, address), claim, Severity::Error, help, owners, into);
    }
    for port in items(&by.node, &["spec", "ports"]) {
        let Some(node) = port.get("nodePort") else {
            continue;
        };
        let number = node.text().unwrap_or_default();
        if number.is_empty() || number == "0" {
            continue;
        }
        let protocol = text(port, &["protocol"]).unwrap_or("TCP");
        let claim = Claim {
            key: ["nodePort", number, protocol].map(str::to_owned).to_vec(),
            description: format!("the node port `{number}`"),
        };
        let help = "leave the port out, so that the server gives one";
        take((by, node), claim, Severity::Error, help, owners, into);
    }
}

fn scaler<'r>(by: &'r Resource, owners: &mut Owners<'r>, into: &mut Vec<Finding>) {
    let Some(target) = by.node.at(&["spec", "scaleTargetRef"]) else {
        return;
    };
    let name = text(target, &["name"]).unwrap_or_default();
    let kind = text(target, &["kind"]).unwrap_or("Deployment");
    let namespace = by.id().effective_namespace();
    if name.is_empty() {
        return;
    }
    let claim = Claim {
        key: ["scale", namespace, kind, name].map(str::to_owned).to_vec(),
        description: format!("the replicas of {kind} `{name}`"),
    };
    let node = target.get("name").unwrap_or(target);
    let help = "two autoscalers of one workload undo what the other does; keep one";
    take((by, node), claim, Severity::Warning, help, owners, into);
}

/// What is used where nothing is named.
fn default<'r>(by: &'r Resource, owners: &mut Owners<'r>, into: &mut Vec<Finding>) {
    let kind = by.id().gvk.kind.as_str();
    let annotations = by.node.at(&["metadata", "annotations"]);
    let says = |key: &str| annotations.and_then(|all| all.get(key));
    let node = match kind {
        "PriorityClass" => by.node.get("globalDefault"),
        "IngressClass" => says("ingressclass.kubernetes.io/is-default-class"),
        _ => says("storageclass.kubernetes.io/is-default-class")
            .or_else(|| says("storageclass.beta.kubernetes.io/is-default-class")),
    };
    let Some(node) = node.filter(|node| node.text() == Some("true")) else {
        return;
    };
    let claim = Claim {
        key: ["default", kind].map(str::to_owned).to_vec(),
        description: format!("to be the default {kind}"),
    };
    let severity = match kind {
        "PriorityClass" => Severity::Error,
        _ => Severity::Warning,
    };
    let help = "there is one default in a cluster; keep one";
    take((by, node), claim, severity, help, owners, into);
}
