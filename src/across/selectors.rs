//! Selectors that select nothing, or what is another's.

use super::{FOREIGN, Objects, found, items, text};
use crate::dangling::shares_namespace;
use crate::dangling::{PORT, Pods, SELECTOR, choice, labels, pod_spec, shown};
use crate::finding::{Finding, Severity};
use crate::resource::Resource;
use crate::yaml::Node;

/// A label selector: a map of labels, or `matchLabels` and `matchExpressions`.
pub(super) struct Selector<'n> {
    /// Where it stands.
    pub(super) node: &'n Node,
    /// The labels that are told by their values, except those that pods get in the cluster.
    pub(super) labels: Vec<(&'n str, &'n str)>,
    terms: &'n [Node],
    /// Whether it asks for labels that pods get in the cluster.
    is_of_cluster: bool,
}

/// Labels that controllers give to pods, or the beginnings of such.
const GIVEN: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-hash",
    "statefulset.kubernetes.io/",
];

/// Words of labels that programs give to their own pods: which of them leads.
const ROLES: &[&str] = &["active", "leader", "master", "primary", "role"];

impl<'n> Selector<'n> {
    /// The selector of a `LabelSelector`.
    pub(super) fn of(node: &'n Node) -> Self {
        let map = node.get("matchLabels");
        Self::new(node, map, items(node, &["matchExpressions"]))
    }

    /// The selector that is a map of labels.
    fn of_map(node: &'n Node) -> Self {
        Self::new(node, Some(node), &[])
    }

    fn new(node: &'n Node, map: Option<&'n Node>, terms: &'n [Node]) -> Self {
        let all = map.into_iter().flat_map(labels);
        let (given, labels): (Vec<_>, Vec<_>) =
            all.partition(|(key, _)| GIVEN.iter().any(|given| key.starts_with(given)));
        let has_role = labels.iter().any(|(key, _)| {
            let mut parts = key.split(['-', '.', '/', '_']);
            parts.any(|part| ROLES.contains(&part))
        });
        Self {
            node,
            labels,
            terms,
            is_of_cluster: !given.is_empty() || has_role,
        }
    }

    fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.terms.is_empty()
    }

    /// Whether labels are selected.
    pub(super) fn fits(&self, labels: &Node) -> bool {
        let has = |key: &str| labels.get(key).and_then(Node::text);
        let equal = self
            .labels
            .iter()
            .all(|(key, value)| has(key) == Some(value));
        equal && self.terms.iter().all(|term| holds(term, has))
    }

    /// The pods around an object that are selected.
    pub(super) fn select<'o, 'r>(
        &self,
        objects: &'o Objects<'r>,
        by: &Resource,
    ) -> Vec<&'o Pods<'r>> {
        let mut pods = objects.workloads.with(by, &self.labels);
        pods.retain(|pods| self.fits(pods.labels));
        pods
    }
}

/// Whether an expression of a selector is true of labels.
fn holds<'l>(term: &Node, has: impl Fn(&str) -> Option<&'l str>) -> bool {
    let value = text(term, &["key"]).and_then(has);
    let values = items(term, &["values"]);
    let is_one = || values.iter().any(|one| one.text() == value);
    match text(term, &["operator"]).unwrap_or_default() {
        "In" => value.is_some() && is_one(),
        "NotIn" => value.is_none() || !is_one(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

pub(super) fn look(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let node = &by.node;
    let id = by.id();
    match (id.gvk.kind.as_str(), id.gvk.group.as_str()) {
        ("Service", "") => service(objects, by, into),
        ("PodDisruptionBudget", "policy") => {
            let selector = node.at(&["spec", "selector"]).map(Selector::of);
            selects(objects, by, selector, into);
        }
        ("NetworkPolicy", "networking.k8s.io") => {
            let selector = node.at(&["spec", "podSelector"]).map(Selector::of);
            selects(objects, by, selector, into);
            peers(objects, by, into);
        }
        ("Deployment" | "StatefulSet" | "DaemonSet", "apps") => overlaps(objects, by, into),
        ("ServiceMonitor", "monitoring.coreos.com") => services(objects, by, into),
        ("PodMonitor", "monitoring.coreos.com") => monitored_pods(objects, by, into),
        _ => {}
    }
    if let Some(spec) = pod_spec(by) {
        spread(by, spec, into);
        affinity(objects, by, spec, into);
    }
}

/// Tells whether an object selects no pods.
fn selects(
    objects: &Objects<'_>,
    by: &Resource,
    selector: Option<Selector<'_>>,
    into: &mut Vec<Finding>,
) {
    let Some(selector) = selector.filter(|one| !one.is_empty()) else {
        return;
    };
    if selector.select(objects, by).is_empty() {
        nothing(objects, by, &selector, into);
    }
}

/// Tells that a selector selects nothing: its pods may be made in the cluster, unless an object of
/// the same name has others.
fn nothing(objects: &Objects<'_>, by: &Resource, selector: &Selector<'_>, into: &mut Vec<Finding>) {
    let is_told = crate::dangling::selector_of(by)
        .is_some_and(|map| objects.workloads.nearly(by, map).is_some());
    let name = by.id().name.as_str();
    if is_told || objects.options.is_external("Pod", name) {
        return;
    }
    let message = format!("{} selects no pod that is rendered", shown(by));
    let twin = twin(objects, by).filter(|_| !selector.is_of_cluster);
    let other = twin.and_then(|(twin, labels)| {
        let (key, value) = *selector
            .labels
            .iter()
            .find(|(key, value)| labels.get(key).and_then(Node::text) != Some(value))?;
        let has = match labels.get(key).and_then(Node::text) {
            Some(has) => format!("has `{key}: {has}`"),
            None => format!("has no label `{key}`"),
        };
        Some(format!(
            "`{key}: {value}` is selected, and {} {has}",
            shown(twin)
        ))
    });
    let (severity, help) = match (other, objects.options.missing) {
        (Some(help), _) => (Severity::Warning, help),
        (None, Some(severity)) => {
            let help = format!(
                "correct the labels, or name `Pod/{name}` in `external` of `kustom.yaml` if the \
                 cluster has pods for it"
            );
            (severity, help)
        }
        (None, None) => return,
    };
    let finding = Finding::new(SELECTOR, severity, message).help(help);
    into.push(found(finding, selector.node, by));
}

fn service(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let spec = by.node.get("spec");
    let map = spec.and_then(|spec| spec.get("selector"));
    let Some(map) = map.filter(|map| !map.entries().is_empty()) else {
        without_selector(objects, by, into);
        return;
    };
    let selector = Selector::of_map(map);
    if selector.labels.is_empty() {
        return;
    }
    let selected = selector.select(objects, by);
    if selected.is_empty() {
        nothing(objects, by, &selector, into);
        return;
    }
    // A typical mistake after copying a Service.
    if let Some((twin, labels)) = twin(objects, by)
        && is_lasting(twin)
        && !selected.iter().any(|pods| std::ptr::eq(pods.by, twin))
    {
        let message = format!(
            "{} selects the pods of {}, and not those of {}",
            shown(by),
            shown(selected[0].by),
            shown(twin)
        );
        let help = match first_unlike(&selector, labels) {
            Some((key, Some(value))) => format!("did you mean `{key}: {value}`?"),
            _ => "select the labels that its pods have".to_owned(),
        };
        let finding = Finding::warning(FOREIGN, message).help(help);
        into.push(found(finding, map, by));
    }
}

/// The workload of an object's name, with the labels of its pods.
fn twin<'r>(objects: &Objects<'r>, by: &Resource) -> Option<(&'r Resource, &'r Node)> {
    const KINDS: [&str; 8] = [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Rollout",
        "CronJob",
        "Job",
        "Pod",
    ];
    let name = by.id().name.as_str();
    let mut twins = KINDS
        .iter()
        .filter_map(|kind| objects.named((*kind, name), by, None));
    twins.find_map(|twin| Some((twin, own_labels(twin)?)))
}

/// A Service without a selector gets its endpoints from elsewhere.
fn without_selector(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let name = by.id().name.as_str();
    let is_elsewhere = text(&by.node, &["spec", "type"]) == Some("ExternalName");
    let mut slices = objects.slices.get(name).into_iter().flatten();
    let has_slice = slices.any(|slice| shares_namespace(slice, by));
    let has_endpoints = has_slice || objects.named(("Endpoints", name), by, None).is_some();
    if is_elsewhere
        || has_endpoints
        || objects.makers.make("Service", name)
        || objects.options.is_external("EndpointSlice", name)
    {
        return;
    }
    let Some(severity) = objects.options.missing else {
        return;
    };
    let message = format!(
        "{} has no selector, and no endpoints are rendered",
        shown(by)
    );
    let help = format!(
        "add a selector, or name `EndpointSlice/{name}` in `external` of `kustom.yaml` if the \
         cluster has its endpoints"
    );
    let node = by.node.get("spec").unwrap_or(&by.node);
    let finding = Finding::new(SELECTOR, severity, message).help(help);
    into.push(found(finding, node, by));
}

/// Whether an object keeps pods running.
fn is_lasting(by: &Resource) -> bool {
    matches!(
        by.id().gvk.kind.as_str(),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet"
    )
}

/// Two workloads whose selectors select the pods of one of them fight for these.
fn overlaps(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let Some(node) = by.node.at(&["spec", "selector"]) else {
        return;
    };
    let selector = Selector::of(node);
    if selector.is_empty() {
        return;
    }
    let is_other = |pods: &&Pods<'_>| {
        let is_here = pods.by.id().effective_namespace() == by.id().effective_namespace();
        is_here && is_lasting(pods.by) && !std::ptr::eq(pods.by, by)
    };
    let selected = selector.select(objects, by);
    let Some(other) = selected.into_iter().find(is_other) else {
        return;
    };
    let own = by.node.at(&["spec", "template", "metadata", "labels"]);
    // Of two that select each other's, the first is told.
    let theirs = other.by.node.at(&["spec", "selector"]).map(Selector::of);
    let is_mutual = theirs.is_some_and(|theirs| own.is_some_and(|own| theirs.fits(own)));
    if is_mutual && is_before(other.by, by) {
        return;
    }
    let message = format!(
        "the selector of {} selects the pods of {}, too",
        shown(by),
        shown(other.by)
    );
    let finding = Finding::warning(FOREIGN, message)
        .help("give each a label of its own, and select it: a controller counts what it selects");
    into.push(found(finding, node, by));
}

/// Of two objects of one slice, whether the first comes first.
fn is_before(one: &Resource, other: &Resource) -> bool {
    std::ptr::from_ref(one) < std::ptr::from_ref(other)
}

/// Constraints that spread other pods than those that they stand in.
fn spread(by: &Resource, spec: &Node, into: &mut Vec<Finding>) {
    let Some(own) = own_labels(by) else { return };
    for constraint in items(spec, &["topologySpreadConstraints"]) {
        let selector = constraint.get("labelSelector").map(Selector::of);
        let Some(selector) = selector.filter(|one| !one.is_empty() && !one.fits(own)) else {
            continue;
        };
        let message = format!(
            "`topologySpreadConstraints` of {} counts other pods than its own",
            shown(by)
        );
        let help = match first_unlike(&selector, own) {
            Some((key, Some(value))) => format!("did you mean `{key}: {value}`?"),
            Some((key, None)) => format!("its pods have no label `{key}`"),
            None => "select the labels of its own pods".to_owned(),
        };
        let finding = Finding::warning(SELECTOR, message).help(help);
        into.push(found(finding, selector.node, by));
    }
}

fn own_labels(by: &Resource) -> Option<&Node> {
    let labels = ["metadata", "labels"];
    match by.id().gvk.kind.as_str() {
        "Pod" => by.node.at(&labels),
        "CronJob" => {
            let template = ["spec", "jobTemplate", "spec", "template"];
            by.node.at(&template)?.at(&labels)
        }
        _ => by.node.at(&["spec", "template"])?.at(&labels),
    }
}

/// The first label of a selector that others are unlike, with what they have in its place.
fn first_unlike<'l>(
    selector: &Selector<'l>,
    labels: &'l Node,
) -> Option<(&'l str, Option<&'l str>)> {
    let mut all = selector.labels.iter();
    all.find_map(|(key, value)| {
        let has = labels.get(key).and_then(Node::text);
        (has != Some(value)).then_some((*key, has))
    })
}

/// Terms of affinity that name pods which nothing has, though one nearly does.
fn affinity(objects: &Objects<'_>, by: &Resource, spec: &Node, into: &mut Vec<Finding>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = spec.at(&["affinity", kind]) else {
            continue;
        };
        let required = items(
            affinity,
            &["requiredDuringSchedulingIgnoredDuringExecution"],
        );
        let preferred = items(
            affinity,
            &["preferredDuringSchedulingIgnoredDuringExecution"],
        );
        let preferred = preferred.iter().filter_map(|it| it.get("podAffinityTerm"));
        for term in required.iter().chain(preferred) {
            let is_here =
                term.get("namespaces").is_none() && term.get("namespaceSelector").is_none();
            if let Some(selector) = term.get("labelSelector").filter(|_| is_here) {
                almost(objects, by, &Selector::of(selector), kind, into);
            }
        }
    }
}

/// Peers of a network policy in its own namespace.
fn peers(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    for (rules, field) in [("ingress", "from"), ("egress", "to")] {
        for rule in items(&by.node, &["spec", rules]) {
            for peer in items(rule, &[field]) {
                if let Some(selector) = peer.get("podSelector")
                    && peer.get("namespaceSelector").is_none()
                {
                    almost(objects, by, &Selector::of(selector), rules, into);
                }
            }
        }
    }
}

/// Tells that a selector selects nothing, if one of its labels is nearly one that pods have.
fn almost(
    objects: &Objects<'_>,
    by: &Resource,
    selector: &Selector<'_>,
    field: &str,
    into: &mut Vec<Finding>,
) {
    if selector.is_empty() || !selector.select(objects, by).is_empty() {
        return;
    }
    if let Some((label, meant, pods)) = objects.workloads.almost(by, &selector.labels) {
        let (key, value) = selector.labels[label];
        let message = format!(
            "`{field}` of {} selects `{key}: {value}`, which no pod has",
            shown(by)
        );
        let help = format!("did you mean `{key}: {meant}`, as {} has?", shown(pods.by));
        let finding = Finding::warning(SELECTOR, message).help(help);
        into.push(found(finding, selector.node, by));
    }
}

/// The services that a ServiceMonitor selects, and their ports.
fn services(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let Some(node) = by.node.at(&["spec", "selector"]) else {
        return;
    };
    let selector = Selector::of(node);
    let names = items(&by.node, &["spec", "namespaceSelector", "matchNames"]);
    let is_anywhere = text(&by.node, &["spec", "namespaceSelector", "any"]) == Some("true");
    let is_looked_at = |service: &&Resource| {
        let namespace = service.id().effective_namespace();
        is_anywhere
            || match names {
                [] => shares_namespace(service, by),
                names => names.iter().any(|name| name.text() == Some(namespace)),
            }
    };
    let rarest = selector
        .labels
        .iter()
        .map(|label| objects.services.get(label))
        .min_by_key(|list| list.map_or(0, Vec::len));
    let known: Vec<&Resource> = match rarest {
        Some(list) => list.into_iter().flatten().copied().collect(),
        None => objects.of_kind("Service").collect(),
    };
    let is_selected = |service: &&Resource| {
        let labels = service.node.at(&["metadata", "labels"]);
        is_looked_at(service) && labels.is_some_and(|labels| selector.fits(labels))
    };
    let selected: Vec<&Resource> = known.into_iter().filter(is_selected).collect();
    if selected.is_empty() && !selector.is_empty() {
        let twin = objects.named(("Service", by.id().name.as_str()), by, None);
        let twin = twin.filter(is_looked_at);
        let unlike = twin.and_then(|twin| {
            let none = Node::null();
            let labels = twin.node.at(&["metadata", "labels"]).unwrap_or(&none);
            let (key, has) = first_unlike(&selector, labels)?;
            Some(match has {
                Some(has) => format!("{} has `{key}: {has}`", shown(twin)),
                None => format!("{} has no label `{key}`", shown(twin)),
            })
        });
        let message = format!("{} selects no Service that is rendered", shown(by));
        let (severity, help) = match (unlike, objects.options.missing) {
            (Some(help), _) => (Severity::Warning, help),
            (None, Some(severity)) => (
                severity,
                "it selects the labels of the Service itself; correct them if it is rendered here"
                    .to_owned(),
            ),
            (None, None) => return,
        };
        let finding = Finding::new(SELECTOR, severity, message).help(help);
        into.push(found(finding, selector.node, by));
        return;
    }
    let ports = selected
        .iter()
        .flat_map(|one| items(&one.node, &["spec", "ports"]));
    let names: Vec<&str> = ports.filter_map(|port| text(port, &["name"])).collect();
    if let Some(first) = selected.first() {
        endpoints(by, "endpoints", &names, first, into);
    }
}

fn monitored_pods(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let Some(node) = by.node.at(&["spec", "selector"]) else {
        return;
    };
    let selector = Selector::of(node);
    if selector.is_empty() || by.node.at(&["spec", "namespaceSelector"]).is_some() {
        return;
    }
    let selected = selector.select(objects, by);
    let names: Vec<&str> = selected
        .iter()
        .flat_map(|pods| pods.ports.clone())
        .collect();
    match selected.first() {
        Some(first) => endpoints(by, "podMetricsEndpoints", &names, first.by, into),
        None => almost(objects, by, &selector, "selector", into),
    }
}

/// Ports that a monitor asks for by their names.
fn endpoints(by: &Resource, field: &str, known: &[&str], of: &Resource, into: &mut Vec<Finding>) {
    for endpoint in items(&by.node, &["spec", field]) {
        let port = endpoint.get("port");
        let Some((port, name)) = port.and_then(|port| Some((port, port.text()?))) else {
            continue;
        };
        if !known.contains(&name) {
            let message = format!(
                "{} asks for the port `{name}`, which {} has not",
                shown(by),
                shown(of)
            );
            let finding = Finding::warning(PORT, message).help(choice(name, known));
            into.push(found(finding, port, by));
        }
    }
}
