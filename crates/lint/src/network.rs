//! Rules about what leads to pods: Services, Ingresses, network policies.

use kustom_validate::{Path, Value};

use crate::cluster::{Cluster, Object, Pod};
use crate::selector::selects;
use crate::{ObjectCheck, PodCheck, Sink};

/// Rules about pods and their checks.
pub(crate) const PODS: &[(&str, PodCheck)] = &[("network-policy", network_policy)];

/// Rules about objects of some kinds and their checks.
pub(crate) const OBJECTS: &[(&str, &[&str], ObjectCheck)] = &[
    ("node-port", &["Service"], node_port),
    ("external-ips", &["Service"], external_ips),
    ("ingress-tls", &["Ingress"], ingress_tls),
    ("ingress-snippet", &["Ingress"], ingress_snippet),
    ("open-network-policy", &["NetworkPolicy"], open_policy),
];

fn network_policy(cluster: &Cluster<'_>, pod: &Pod<'_>, _: &Path<'_>, sink: &mut Sink<'_>) {
    // No policy holds what is in the network of its node.
    if pod.spec.is_true("hostNetwork") || pod.kind == "PodTemplate" {
        return sink.unasked();
    }
    let labels = pod.metadata.and_then(|metadata| metadata.get("labels"));
    let covers = |policy: &Object<'_>| {
        let selector = policy.value.at(&["spec", "podSelector"]);
        policy.group == "networking.k8s.io"
            && policy.namespace == pod.namespace
            && selector.is_none_or(|selector| selects(selector, labels))
    };
    // Policies of other projects have selectors of their own.
    let others = [
        "CiliumNetworkPolicy",
        "CiliumClusterwideNetworkPolicy",
        "GlobalNetworkPolicy",
    ];
    let has_other = others
        .iter()
        .any(|kind| cluster.of_kind(kind).next().is_some());
    let mut policies = cluster.of_kind("NetworkPolicy");
    if !has_other && !policies.any(covers) {
        let at = pod.owner.get("kind").unwrap_or(pod.owner);
        sink.add(
            &Path::ROOT.field("kind"),
            at,
            "no NetworkPolicy selects its pods",
        );
    }
}

fn node_port(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    if let Some(kind) = object.value.at(&["spec", "type"])
        && kind.as_text() == Some("NodePort")
    {
        sink.add(
            &Path::ROOT.field("spec.type"),
            kind,
            "it is open on every node",
        );
    }
}

fn external_ips(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    if let Some(list) = object.value.at(&["spec", "externalIPs"])
        && !list.items().is_empty()
    {
        sink.add(
            &Path::ROOT.field("spec.externalIPs"),
            list,
            "it takes addresses of its own choosing",
        );
    }
}

fn ingress_tls(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let Some(spec) = object.value.get("spec") else {
        return sink.unasked();
    };
    if spec.list("tls").is_empty() && !has_certificate(object) {
        sink.add(&Path::ROOT.field("spec.tls"), spec, "it speaks without TLS");
    }
}

/// Whether an annotation gives the controller a certificate: clouds keep them outside of the cluster.
fn has_certificate(object: &Object<'_>) -> bool {
    let annotations = object.value.at(&["metadata", "annotations"]);
    annotations
        .map_or(&[][..], Value::entries)
        .iter()
        .any(|entry| {
            let (domain, name) = entry.key.split_once('/').unwrap_or(("", &entry.key));
            let names = ["certificate", "pre-shared-cert", "router.tls"];
            domain != "cert-manager.io"
                && names.iter().any(|word| name.contains(word))
                && entry.value.as_text() != Some("false")
        })
}

fn ingress_snippet(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let annotations = object.value.at(&["metadata", "annotations"]);
    for entry in annotations.map_or(&[][..], Value::entries) {
        let name = entry.key.rsplit('/').next().unwrap_or_default();
        if entry.key.starts_with("nginx.ingress.kubernetes.io/") && name.ends_with("-snippet") {
            let path = Path::ROOT.field("metadata.annotations");
            let message = format!("`{name}` is put into the configuration of the controller");
            sink.add(&path.key(&entry.key), &entry.value, message);
        }
    }
}

fn open_policy(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let Some(spec) = object.value.get("spec") else {
        return sink.unasked();
    };
    for (index, rule) in spec.list("ingress").iter().enumerate() {
        if rule.list("from").is_empty() && rule.list("ports").is_empty() {
            let list = Path::ROOT.field("spec.ingress");
            sink.add(&list.index(index), rule, "the rule lets everything in");
        }
    }
}
