//! Finds Services whose selector matches no pod, and ports that no container has.
//!
//! Pods may be made by a controller, so that a selector without a match is told only where a label
//! of what is rendered looks as if it was meant.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::near::{Names, near};
use super::{PORT, SELECTOR, object_of, place_of, shown};
use crate::finding::Finding;
use crate::resource::Resource;
use crate::yaml::Node;

/// Services by their names.
pub(super) struct Services<'r>(FxHashMap<&'r str, Vec<&'r Resource>>);

impl<'r> Services<'r> {
    pub(super) fn of(resources: &'r [Resource]) -> Self {
        let mut services: FxHashMap<&str, Vec<&Resource>> = FxHashMap::default();
        for one in resources.iter().filter(|one| is_service(one)) {
            services.entry(&one.id().name).or_default().push(one);
        }
        Self(services)
    }
}

/// What services, budgets and policies select and do not find, and what routes ask of services.
pub(super) fn findings(resources: &[Resource], workloads: &Workloads<'_>) -> Vec<Finding> {
    let services = Services::of(resources);
    let mut findings = Vec::new();
    for resource in resources {
        look(resource, &services, workloads, &mut findings);
    }
    findings
}

/// The same for one object.
pub(super) fn look(
    resource: &Resource,
    services: &Services<'_>,
    workloads: &Workloads<'_>,
    findings: &mut Vec<Finding>,
) {
    if let Some(selector) = selector_of(resource) {
        let wanted: Vec<(&str, &str)> = labels(selector).collect();
        let mut selected = workloads.with(resource, &wanted);
        if selected.is_empty()
            && let Some((finding, meant)) = workloads.nearly(resource, selector)
        {
            findings.push(finding);
            selected.push(meant);
        }
        if is_service(resource) && !selected.is_empty() {
            findings.extend(target_ports(resource, &selected));
        }
    }
    if resource.id().gvk.kind == "Ingress" {
        backends(resource, &resource.node, services, findings);
    }
}

/// The pods that an object makes, or is.
pub(crate) struct Pods<'r> {
    /// The object.
    pub(crate) by: &'r Resource,
    /// Their labels.
    pub(crate) labels: &'r Node,
    /// The names of their ports.
    pub(crate) ports: Vec<&'r str>,
    /// The numbers of their ports.
    pub(crate) numbers: Vec<&'r str>,
}

impl<'r> Pods<'r> {
    fn of(resource: &'r Resource) -> Option<Self> {
        let spec = pod_spec(resource)?;
        let labels = pod_template(resource)?.at(&["metadata", "labels"])?;
        let lists = ["containers", "initContainers"].map(|field| spec.get(field));
        let containers = lists.into_iter().flatten().flat_map(Node::items);
        let ports = containers
            .filter_map(|one| one.get("ports"))
            .flat_map(Node::items);
        let (mut names, mut numbers) = (Vec::new(), Vec::new());
        for port in ports {
            names.extend(port.get("name").and_then(Node::text));
            numbers.extend(port.get("containerPort").and_then(Node::text));
        }
        Some(Self {
            by: resource,
            labels,
            ports: names,
            numbers,
        })
    }

    fn has(&self, key: &str, value: &str) -> bool {
        self.labels.get(key).and_then(Node::text) == Some(value)
    }
}

/// The template of the pods that an object makes, or the object if it is a pod.
fn pod_template(resource: &Resource) -> Option<&Node> {
    let node = &resource.node;
    match resource.id().gvk.kind.as_str() {
        "Pod" => Some(node),
        "CronJob" => node.at(&["spec", "jobTemplate", "spec", "template"]),
        _ => node.at(&["spec", "template"]),
    }
}

/// The specification of the pods that an object makes, or is.
pub(crate) fn pod_spec(resource: &Resource) -> Option<&Node> {
    pod_template(resource)?.get("spec")
}

/// All pods that are rendered, by their labels.
pub(crate) struct Workloads<'r> {
    pods: Vec<Pods<'r>>,
    by_label: FxHashMap<(&'r str, &'r str), Vec<usize>>,
    /// The values of each label; gathered when one is first asked for.
    values: OnceCell<FxHashMap<&'r str, Names<'r, ()>>>,
}

impl<'r> Workloads<'r> {
    /// The pods of objects.
    pub(crate) fn of(resources: &'r [Resource]) -> Self {
        let pods: Vec<Pods<'r>> = resources.iter().filter_map(Pods::of).collect();
        let mut by_label: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        for (index, one) in pods.iter().enumerate() {
            for label in labels(one.labels) {
                by_label.entry(label).or_default().push(index);
            }
        }
        Self {
            pods,
            by_label,
            values: OnceCell::new(),
        }
    }

    /// Those in the namespace of an object.
    pub(crate) fn around(&self, by: &Resource) -> impl Iterator<Item = &Pods<'r>> {
        let pods = self.pods.iter();
        pods.filter(move |pods| shares_namespace(pods.by, by))
    }

    /// Those in the namespace of an object that have all of some labels.
    pub(crate) fn with(&self, by: &Resource, wanted: &[(&str, &str)]) -> Vec<&Pods<'r>> {
        let lists = wanted.iter().map(|label| self.by_label.get(label));
        let Some(rarest) = lists.min_by_key(|list| list.map_or(0, Vec::len)) else {
            return self.around(by).collect();
        };
        let candidates = rarest.into_iter().flatten().map(|index| &self.pods[*index]);
        let fits = |pods: &&Pods<'_>| {
            shares_namespace(pods.by, by) && wanted.iter().all(|(key, value)| pods.has(key, value))
        };
        candidates.filter(fits).collect()
    }

    /// A selector that selects nothing, if one of its labels is nearly one that pods have; with these.
    pub(crate) fn nearly(
        &self,
        resource: &Resource,
        selector: &Node,
    ) -> Option<(Finding, &Pods<'r>)> {
        let wanted: Vec<(&str, &str)> = labels(selector).collect();
        if wanted.len() < selector.entries().len() {
            return None;
        }
        let (label, meant, pods) = self.almost(resource, &wanted)?;
        let (key, value) = wanted[label];
        let message = format!(
            "{} selects `{key}: {value}`, which no pod has",
            shown(resource)
        );
        let help = format!("did you mean `{key}: {meant}`, as {} has?", shown(pods.by));
        let finding = Finding::warning(SELECTOR, message)
            .at(place_of(&selector.entries()[label].value, resource))
            .about(object_of(resource));
        Some((finding.help(help), pods))
    }

    /// The first pods around an object that have all of some labels but one, and nearly that; which
    /// of them, and the value that they have.
    pub(crate) fn almost(
        &self,
        by: &Resource,
        wanted: &[(&str, &str)],
    ) -> Option<(usize, &'r str, &Pods<'r>)> {
        let values = self.values.get_or_init(|| {
            let mut values: FxHashMap<&str, Names<'_, ()>> = FxHashMap::default();
            for (key, value) in self.by_label.keys() {
                values.entry(key).or_default().insert(value, ());
            }
            values
        });
        let mut first: Option<(usize, usize, &str)> = None;
        for (label, (key, value)) in wanted.iter().enumerate() {
            let known = values.get(key).map(|known| known.near(value));
            for (meant, ()) in known.into_iter().flatten() {
                let fits = |pods: &Pods<'_>| {
                    let mut all = wanted.iter().enumerate();
                    shares_namespace(pods.by, by)
                        && all.all(|(other, (key, value))| other == label || pods.has(key, value))
                };
                let mut list = self.by_label[&(*key, meant)].iter().copied();
                if let Some(pods) = list.find(|&index| fits(&self.pods[index]))
                    && first.is_none_or(|(before, ..)| pods < before)
                {
                    first = Some((pods, label, meant));
                }
            }
        }
        first.map(|(pods, label, meant)| (label, meant, &self.pods[pods]))
    }
}

/// The labels in a map of them.
pub(crate) fn labels(node: &Node) -> impl Iterator<Item = (&str, &str)> {
    let entries = node.entries().iter();
    entries.filter_map(|entry| entry.key.text().zip(entry.value.text()))
}

pub(crate) fn is_service(resource: &Resource) -> bool {
    let gvk = &resource.id().gvk;
    gvk.kind == "Service" && gvk.group.is_empty()
}

pub(crate) fn shares_namespace(one: &Resource, other: &Resource) -> bool {
    let (one, other) = (one.id(), other.id());
    one.namespace.is_empty() || other.namespace.is_empty() || one.same_namespace(other)
}

/// The labels that an object selects pods by, if it does.
pub(crate) fn selector_of(resource: &Resource) -> Option<&Node> {
    let node = &resource.node;
    let selector = match resource.id().gvk.kind.as_str() {
        "Service" if is_service(resource) => node.at(&["spec", "selector"]),
        "PodDisruptionBudget" => node.at(&["spec", "selector", "matchLabels"]),
        "NetworkPolicy" => node.at(&["spec", "podSelector", "matchLabels"]),
        _ => None,
    };
    selector.filter(|selector| !selector.entries().is_empty())
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
                .about(object_of(service))
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

pub(crate) fn choice(name: &str, known: &[&str]) -> String {
    if let Some(near) = near(name, known) {
        return format!("did you mean `{near}`?");
    }
    match known {
        [] => "give the port of a container this name".to_owned(),
        _ => format!("there is `{}`", known.join("`, `")),
    }
}

/// The ports that an Ingress asks of services that are rendered, and that these have not.
fn backends(ingress: &Resource, node: &Node, services: &Services<'_>, findings: &mut Vec<Finding>) {
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

fn backend_port(ingress: &Resource, backend: &Node, services: &Services<'_>) -> Option<Finding> {
    let name = backend.get("name")?.text()?;
    let mut named = services.0.get(name)?.iter();
    let service = named.find(|one| shares_namespace(one, ingress))?;
    let ports = service.node.at(&["spec", "ports"])?;
    let (field, asked) = ["name", "number"].into_iter().find_map(|field| {
        let wanted = backend.get("port")?.get(field)?;
        Some((if field == "name" { field } else { "port" }, wanted))
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
            .about(object_of(ingress))
            .help(help),
    )
}
