//! Changes that the API server refuses: fields that stay what they were when the object was made.
//!
//! Sources: the functions `Validate…Update` of `pkg/apis/*/validation` of Kubernetes 1.37, and the
//! words "immutable" and "cannot be updated" of the API reference.

use rustc_hash::FxHashMap;

use super::{found, items, text};
use crate::dangling::shown;
use crate::diff::quantity;
use crate::finding::{Finding, Severity};
use crate::id::Key;
use crate::resource::Resource;
use crate::yaml::{Node, Value};

/// The rule of a field that may not change.
pub const IMMUTABLE: &str = "immutable-field";

/// What may not change of a kind.
enum Rule {
    /// A field; what is absent is the text.
    Field(&'static [&'static str], &'static str),
    /// What is below a field, but for some of its fields.
    Except(&'static [&'static str], &'static [&'static str]),
    /// A field, where it was set before.
    Once(&'static [&'static str]),
    /// What is peculiar to the kind.
    Own(fn(&mut Change<'_>)),
}

use Rule::{Except, Field, Once, Own};

/// Kind, group, and what may not change of it.
const RULES: &[(&str, &str, &[Rule])] = &[
    (
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io",
        &[Field(&["roleRef"], "")],
    ),
    ("ConfigMap", "", &[Own(frozen)]),
    ("ControllerRevision", "apps", &[Field(&["data"], "")]),
    (
        "CSIDriver",
        "storage.k8s.io",
        &[
            Field(&["spec", "attachRequired"], "true"),
            Field(&["spec", "volumeLifecycleModes"], ""),
        ],
    ),
    (
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
        &[
            Field(&["spec", "scope"], ""),
            Field(&["spec", "names", "plural"], ""),
            Field(&["spec", "names", "kind"], ""),
            Own(stored_versions),
        ],
    ),
    ("DaemonSet", "apps", &[Field(&["spec", "selector"], "")]),
    ("Deployment", "apps", &[Field(&["spec", "selector"], "")]),
    (
        "EndpointSlice",
        "discovery.k8s.io",
        &[Field(&["addressType"], "")],
    ),
    (
        "IngressClass",
        "networking.k8s.io",
        &[Field(&["spec", "controller"], "")],
    ),
    (
        "Job",
        "batch",
        &[
            Field(&["spec", "selector"], ""),
            Field(&["spec", "completionMode"], "NonIndexed"),
            Field(&["spec", "podFailurePolicy"], ""),
            Field(&["spec", "successPolicy"], ""),
            Field(&["spec", "backoffLimitPerIndex"], ""),
            Field(&["spec", "managedBy"], ""),
            Own(completions),
            Own(job_template),
        ],
    ),
    (
        "PersistentVolume",
        "",
        &[
            Except(
                &["spec"],
                &[
                    "accessModes",
                    "capacity",
                    "claimRef",
                    "mountOptions",
                    "nodeAffinity",
                    "persistentVolumeReclaimPolicy",
                    "storageClassName",
                    "volumeAttributesClassName",
                    "volumeMode",
                ],
            ),
            Field(&["spec", "volumeMode"], "Filesystem"),
            Once(&["spec", "nodeAffinity"]),
        ],
    ),
    (
        "PersistentVolumeClaim",
        "",
        &[
            Except(
                &["spec"],
                &[
                    "resources",
                    "storageClassName",
                    "volumeAttributesClassName",
                    "volumeMode",
                    "volumeName",
                ],
            ),
            Field(&["spec", "volumeMode"], "Filesystem"),
            Once(&["spec", "storageClassName"]),
            Once(&["spec", "volumeName"]),
            Own(shrunk_claim),
        ],
    ),
    ("Pod", "", &[Own(pod)]),
    (
        "PriorityClass",
        "scheduling.k8s.io",
        &[
            Field(&["value"], "0"),
            Field(&["preemptionPolicy"], "PreemptLowerPriority"),
        ],
    ),
    ("ReplicaSet", "apps", &[Field(&["spec", "selector"], "")]),
    ("ResourceClaim", "resource.k8s.io", &[Field(&["spec"], "")]),
    (
        "ResourceClaimTemplate",
        "resource.k8s.io",
        &[Field(&["spec"], "")],
    ),
    ("ResourceQuota", "", &[Field(&["spec", "scopes"], "")]),
    (
        "RoleBinding",
        "rbac.authorization.k8s.io",
        &[Field(&["roleRef"], "")],
    ),
    ("RuntimeClass", "node.k8s.io", &[Field(&["handler"], "")]),
    ("Secret", "", &[Field(&["type"], "Opaque"), Own(frozen)]),
    (
        "Service",
        "",
        &[Own(cluster_ip), Once(&["spec", "loadBalancerClass"])],
    ),
    (
        "StatefulSet",
        "apps",
        &[
            Except(
                &["spec"],
                &[
                    "minReadySeconds",
                    "ordinals",
                    "persistentVolumeClaimRetentionPolicy",
                    "podManagementPolicy",
                    "replicas",
                    "revisionHistoryLimit",
                    "template",
                    "updateStrategy",
                    "volumeClaimTemplates",
                ],
            ),
            Field(&["spec", "podManagementPolicy"], "OrderedReady"),
            Own(claim_templates),
        ],
    ),
    (
        "StorageClass",
        "storage.k8s.io",
        &[
            Field(&["provisioner"], ""),
            Field(&["parameters"], ""),
            Field(&["reclaimPolicy"], "Delete"),
            Field(&["volumeBindingMode"], "Immediate"),
        ],
    ),
    (
        "VolumeAttributesClass",
        "storage.k8s.io",
        &[Field(&["driverName"], ""), Field(&["parameters"], "")],
    ),
];

/// What an API server that has some objects refuses of others that are to take their places.
///
/// Objects that are deployed by being made anew are left alone: those with an annotation of Helm,
/// Argo CD or Flux that says so, and those whose name the server gives.
pub fn refused_updates(before: &[Resource], now: &[Resource]) -> Vec<Finding> {
    let mut known: FxHashMap<Key, &Resource> = FxHashMap::default();
    for resource in before {
        known.insert(key_of(resource), resource);
    }
    let mut findings = Vec::new();
    for resource in now {
        let id = resource.id();
        let row = RULES
            .iter()
            .find(|(kind, group, _)| *kind == id.gvk.kind && *group == id.gvk.group);
        let (Some((_, _, rules)), Some(old)) = (row, known.get(&key_of(resource))) else {
            continue;
        };
        if id.name.is_empty() || is_made_anew(resource) {
            continue;
        }
        let mut change = Change {
            old,
            new: resource,
            findings: &mut findings,
        };
        for rule in *rules {
            change.judge(rule);
        }
    }
    findings
}

/// The version of an API is none of an object.
fn key_of(resource: &Resource) -> Key {
    let mut id = resource.id().clone();
    id.gvk.version = "".into();
    id.key()
}

fn is_made_anew(resource: &Resource) -> bool {
    let says = |key: &str, word: &str| {
        let value = resource.annotation(key);
        value.is_some_and(|value| value.split(',').any(|one| one.trim() == word))
    };
    resource.annotation("helm.sh/hook").is_some()
        || resource.annotation("argocd.argoproj.io/hook").is_some()
        || says("argocd.argoproj.io/sync-options", "Replace=true")
        || says("argocd.argoproj.io/sync-options", "Force=true")
        || says("kustomize.toolkit.fluxcd.io/force", "enabled")
}

/// An object, and what is to take its place.
struct Change<'c> {
    old: &'c Resource,
    new: &'c Resource,
    findings: &'c mut Vec<Finding>,
}

impl Change<'_> {
    fn judge(&mut self, rule: &Rule) {
        match rule {
            Field(path, default) => {
                if !same_or(self.old.node.at(path), self.new.node.at(path), default) {
                    self.refuse(path);
                }
            }
            Except(path, may_change) => {
                let empty: &[_] = &[];
                let entries = |side: &Node| -> Vec<String> {
                    let entries = side.at(path).map_or(empty, Node::entries).iter();
                    let keys = entries.filter_map(|entry| entry.key.text());
                    keys.filter(|key| !may_change.contains(key))
                        .map(str::to_owned)
                        .collect()
                };
                let mut keys = entries(&self.old.node);
                keys.extend(entries(&self.new.node));
                keys.sort();
                keys.dedup();
                for key in &keys {
                    let mut way = path.to_vec();
                    way.push(key);
                    if !same_or(self.old.node.at(&way), self.new.node.at(&way), "") {
                        self.refuse(&way);
                    }
                }
            }
            Once(path) => {
                let old = self.old.node.at(path).filter(|old| !is_nothing(old));
                let new = self.new.node.at(path).filter(|new| !is_nothing(new));
                if let (Some(old), Some(new)) = (old, new)
                    && !same(old, new, false)
                {
                    self.refuse(path);
                }
            }
            Own(judge) => judge(self),
        }
    }

    /// Tells that what is at a path may not change.
    fn refuse(&mut self, path: &[&str]) {
        self.refuse_with(path, "it cannot be changed");
    }

    fn refuse_with(&mut self, path: &[&str], why: &str) {
        let place = (0..=path.len())
            .rev()
            .find_map(|length| self.new.node.at(&path[..length]));
        let node = place.unwrap_or(&self.new.node);
        let field = path.join(".");
        let message = format!(
            "`{field}` of {} is another than before, and {why}",
            shown(self.new)
        );
        let finding = Finding::new(IMMUTABLE, Severity::Error, message).help(
            "the server refuses the update: keep what was, give the object another name, or delete \
             the old one first",
        );
        self.findings.push(found(finding, node, self.new));
    }
}

/// Whether a value is one that the server takes for none.
fn is_nothing(node: &Node) -> bool {
    node.is_null()
        || (node.is_map() && node.entries().iter().all(|it| is_nothing(&it.value)))
        || (node.is_seq() && node.items().is_empty())
        || node.text() == Some("")
}

/// Whether two fields are the same, one that is not there being a text, or nothing.
fn same_or(old: Option<&Node>, new: Option<&Node>, default: &str) -> bool {
    let there = |side: Option<&'_ Node>| side.is_some_and(|node| !is_nothing(node));
    match (old, new) {
        (Some(old), Some(new)) if there(Some(old)) && there(Some(new)) => same(old, new, false),
        (Some(one), other) | (other, Some(one)) if there(Some(one)) != there(other) => {
            let one = if there(Some(one)) { Some(one) } else { other };
            one.and_then(Node::text) == Some(default)
        }
        _ => true,
    }
}

/// Fields whose values are quantities.
const AMOUNTS: [&str; 3] = ["capacity", "limits", "requests"];

/// Whether two values mean the same: maps without regard to order, quantities by what they count.
fn same(old: &Node, new: &Node, are_amounts: bool) -> bool {
    match (&old.value, &new.value) {
        (Value::Map(ours), Value::Map(theirs)) => {
            let holds = |entries: &[crate::yaml::Entry], other: &Node| {
                entries.iter().all(|entry| {
                    let key = entry.key.text().unwrap_or_default();
                    is_nothing(&entry.value)
                        || other.get(key).is_some_and(|it| {
                            same(&entry.value, it, are_amounts || AMOUNTS.contains(&key))
                        })
                })
            };
            holds(ours, new) && holds(theirs, old)
        }
        (Value::Seq(ours), Value::Seq(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b, false))
        }
        (Value::Scalar(ours), Value::Scalar(theirs)) => {
            let amounts = || (quantity(ours), quantity(theirs));
            ours == theirs || (are_amounts && matches!(amounts(), (Some(a), Some(b)) if a == b))
        }
        _ => false,
    }
}

/// A ConfigMap or Secret that says that it is immutable.
fn frozen(change: &mut Change<'_>) {
    if text(&change.old.node, &["immutable"]) != Some("true") {
        return;
    }
    for field in ["immutable", "data", "binaryData", "stringData"] {
        if !same_or(change.old.node.get(field), change.new.node.get(field), "") {
            change.refuse_with(&[field], "the object was `immutable`");
        }
    }
}

/// A version in which objects are kept may not go before they are kept in another.
fn stored_versions(change: &mut Change<'_>) {
    let name = |version: &Node| text(version, &["name"]).map(str::to_owned);
    let versions = ["spec", "versions"];
    let kept = items(&change.old.node, &versions).iter();
    let kept = kept.filter(|it| text(it, &["storage"]) == Some("true"));
    let now: Vec<Option<String>> = items(&change.new.node, &versions)
        .iter()
        .map(name)
        .collect();
    for version in kept {
        let version = name(version);
        if !now.contains(&version) {
            let version = version.unwrap_or_default();
            let why = format!("objects are kept as `{version}`, which is gone");
            change.refuse_with(&versions, &why);
        }
    }
}

/// Completions may change with the parallelism of an indexed job, and not otherwise.
fn completions(change: &mut Change<'_>) {
    let path = ["spec", "completions"];
    let of = |side: &Resource, field: &str| text(&side.node, &["spec", field]).map(str::to_owned);
    let is_elastic = of(change.new, "completionMode").as_deref() == Some("Indexed")
        && of(change.new, "completions") == of(change.new, "parallelism");
    if !is_elastic && !same_or(change.old.node.at(&path), change.new.node.at(&path), "1") {
        change.refuse(&path);
    }
}

/// The pods of a job stay what they are; while it is suspended, where they run may change.
fn job_template(change: &mut Change<'_>) {
    const MAY_CHANGE: [&str; 4] = ["affinity", "nodeSelector", "schedulingGates", "tolerations"];
    let is_suspended = text(&change.old.node, &["spec", "suspend"]) == Some("true");
    let template = |side: &Resource| {
        let mut template = side.node.at(&["spec", "template"])?.clone();
        if is_suspended {
            if let Some(metadata) = template.get_mut("metadata") {
                metadata.remove("labels");
                metadata.remove("annotations");
            }
            for field in MAY_CHANGE {
                template.get_mut("spec").and_then(|spec| spec.remove(field));
            }
        }
        Some(template)
    };
    let (old, new) = (template(change.old), template(change.new));
    if !same_or(old.as_ref(), new.as_ref(), "") {
        let path = different(change, &["spec", "template"]);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        change.refuse_with(&path, "the pods of a Job cannot be changed");
    }
}

/// The innermost map in which two sides differ in one field only, and that field.
fn different(change: &Change<'_>, path: &[&str]) -> Vec<String> {
    let mut path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
    loop {
        let way: Vec<&str> = path.iter().map(String::as_str).collect();
        let (Some(old), Some(new)) = (change.old.node.at(&way), change.new.node.at(&way)) else {
            return path;
        };
        let keys = old.entries().iter().chain(new.entries());
        let mut keys: Vec<&str> = keys.filter_map(|entry| entry.key.text()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| !same_or(old.get(key), new.get(key), ""));
        match keys.as_slice() {
            [only] => {
                let only = (*only).to_owned();
                path.push(only);
            }
            _ => return path,
        }
    }
}

/// A claim grows, and never shrinks.
fn shrunk_claim(change: &mut Change<'_>) {
    let path = ["spec", "resources", "requests", "storage"];
    let size = |side: &Resource| quantity(text(&side.node, &path)?);
    if let (Some(old), Some(new)) = (size(change.old), size(change.new))
        && new < old
    {
        change.refuse_with(&path, "a claim cannot shrink");
    }
}

/// The claims of a set: its pods have made them already.
fn claim_templates(change: &mut Change<'_>) {
    let path = ["spec", "volumeClaimTemplates"];
    let templates = |side: &Resource| {
        let mut templates = side.node.at(&path)?.clone();
        for template in templates.items_mut().into_iter().flatten() {
            // What the server adds.
            for field in ["apiVersion", "kind", "status"] {
                template.remove(field);
            }
            if text(template, &["spec", "volumeMode"]) == Some("Filesystem")
                && let Some(spec) = template.get_mut("spec")
            {
                spec.remove("volumeMode");
            }
        }
        Some(templates)
    };
    if !same_or(
        templates(change.old).as_ref(),
        templates(change.new).as_ref(),
        "",
    ) {
        change.refuse(&path);
    }
}

/// The address of a service is given once, and `None` is none of its own.
fn cluster_ip(change: &mut Change<'_>) {
    let path = ["spec", "clusterIP"];
    let of = |side: &Resource, field: &str| {
        text(&side.node, &["spec", field])
            .unwrap_or_default()
            .to_owned()
    };
    let is_elsewhere = |side: &Resource| of(side, "type") == "ExternalName";
    if is_elsewhere(change.old) || is_elsewhere(change.new) {
        return;
    }
    let (old, new) = (of(change.old, "clusterIP"), of(change.new, "clusterIP"));
    // An address that is left out stays what it was.
    if !new.is_empty() && old != new {
        change.refuse(&path);
    }
}

/// Of a pod, images and times may change, and tolerations may be added.
fn pod(change: &mut Change<'_>) {
    let spec = |side: &Resource| {
        let mut spec = side.node.get("spec")?.clone();
        for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
            spec.remove(field);
        }
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            let containers = spec.get_mut(list).and_then(Node::items_mut);
            for container in containers.into_iter().flatten() {
                container.remove("image");
            }
        }
        Some(spec)
    };
    if !same_or(spec(change.old).as_ref(), spec(change.new).as_ref(), "") {
        let path = different(change, &["spec"]);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        change.refuse_with(&path, "only the images of a Pod can be changed");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::place::SourceId;
    use crate::resource::History;
    use crate::schema::Schema;
    use crate::yaml::manifests;

    fn resources(text: &str) -> Vec<Resource> {
        let nodes = manifests(text.as_bytes(), SourceId::new(0))
            .unwrap()
            .into_iter();
        let schema = Schema::builtin();
        nodes
            .map(|node| Resource::generated(node, History::default(), &schema))
            .collect()
    }

    /// The fields that are refused where `from` becomes `to` in a text.
    fn refused(text: &str, from: &str, to: &str) -> Vec<String> {
        assert!(text.contains(from), "{from}");
        let (old, new) = (resources(text), resources(&text.replace(from, to)));
        let found = refused_updates(&old, &new).into_iter();
        found
            .filter_map(|finding| finding.place.unwrap().field)
            .collect()
    }

    const CLAIM: &str = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: \
                         {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}";

    #[test]
    fn a_claim_grows_and_is_bound_and_does_nothing_else() {
        let none: [&str; 0] = [];
        assert_eq!(refused(CLAIM, "1Gi", "2Gi"), none);
        assert_eq!(refused(CLAIM, "1Gi", "1024Mi"), none);
        assert_eq!(
            refused(CLAIM, "resources", "volumeMode: Filesystem, resources"),
            none
        );
        assert_eq!(
            refused(CLAIM, "resources", "volumeName: a, resources"),
            none
        );
        assert_eq!(
            refused(CLAIM, "1Gi", "1Mi"),
            ["spec.resources.requests.storage"]
        );
        assert_eq!(
            refused(CLAIM, "resources", "volumeMode: Block, resources"),
            ["spec.volumeMode"]
        );
        assert_eq!(
            refused(CLAIM, "ReadWriteOnce", "ReadWriteMany"),
            ["spec.accessModes"]
        );
    }

    const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: \
                           ClusterIP, clusterIP: 10.0.0.1, ports: [{port: 80}]}}";

    #[test]
    fn an_address_stays_unless_it_is_left_out() {
        let none: [&str; 0] = [];
        assert_eq!(refused(SERVICE, "10.0.0.1", "10.0.0.2"), ["spec.clusterIP"]);
        assert_eq!(refused(SERVICE, "10.0.0.1", "None"), ["spec.clusterIP"]);
        assert_eq!(refused(SERVICE, "clusterIP: 10.0.0.1, ", ""), none);
        assert_eq!(
            refused(SERVICE, "type: ClusterIP", "type: ExternalName"),
            none
        );
        assert_eq!(refused(SERVICE, "port: 80", "port: 81"), none);
    }

    const JOB: &str = "{apiVersion: batch/v1, kind: Job, metadata: {name: a, annotations: {b: c}}, \
                       spec: {suspend: false, template: {metadata: {labels: {app: a}}, spec: \
                       {containers: [{name: a, image: b}]}}}}";

    #[test]
    fn the_pods_of_a_job_stay_unless_it_is_made_anew() {
        assert_eq!(
            refused(JOB, "image: b", "image: c"),
            ["spec.template.spec.containers"]
        );
        assert_eq!(
            refused(JOB, "app: a", "app: b"),
            ["spec.template.metadata.labels.app"]
        );
        let none: [&str; 0] = [];
        let suspended = JOB.replace("suspend: false", "suspend: true");
        assert_eq!(refused(&suspended, "app: a", "app: b"), none);
        let hook = JOB.replace("b: c", "argocd.argoproj.io/hook: Sync");
        assert_eq!(refused(&hook, "image: b", "image: c"), none);
        let named = JOB.replace("name: a, annotations", "generateName: a, annotations");
        assert_eq!(refused(&named, "image: b", "image: c"), none);
    }

    const SET: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: \
                       {replicas: 1, serviceName: a, selector: {matchLabels: {app: a}}, \
                       volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: \
                       {storage: 1Gi}}}}]}}";

    #[test]
    fn a_set_changes_its_replicas_and_not_its_claims() {
        let none: [&str; 0] = [];
        assert_eq!(refused(SET, "replicas: 1", "replicas: 2"), none);
        assert_eq!(refused(SET, "1Gi", "1024Mi"), none);
        assert_eq!(
            refused(
                SET,
                "replicas",
                "podManagementPolicy: OrderedReady, replicas"
            ),
            none
        );
        assert_eq!(refused(SET, "1Gi", "2Gi"), ["spec.volumeClaimTemplates"]);
        assert_eq!(
            refused(SET, "serviceName: a", "serviceName: b"),
            ["spec.serviceName"]
        );
        assert_eq!(refused(SET, "{app: a}", "{app: b}"), ["spec.selector"]);
        let parallel = "podManagementPolicy: Parallel, replicas";
        assert_eq!(
            refused(SET, "replicas", parallel),
            ["spec.podManagementPolicy"]
        );
    }

    #[test]
    fn a_definition_keeps_its_scope_and_the_version_that_is_stored() {
        let text = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: \
                    {name: as.b.c}, spec: {scope: Namespaced, names: {plural: as, kind: A}, versions: \
                    [{name: v1, storage: true}]}}";
        assert_eq!(refused(text, "Namespaced", "Cluster"), ["spec.scope"]);
        assert_eq!(refused(text, "name: v1", "name: v2"), ["spec.versions"]);
        let more = "{name: v1, storage: false}, {name: v2, storage: true}";
        assert!(refused(text, "{name: v1, storage: true}", more).is_empty());
    }

    #[test]
    fn a_secret_keeps_its_type_and_an_immutable_one_its_data() {
        let text = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: Yg==}}";
        assert!(refused(text, "Yg==", "Yw==").is_empty());
        assert!(refused(text, ", data", ", type: Opaque, data").is_empty());
        assert_eq!(refused(text, ", data", ", type: my/own, data"), ["type"]);
        let frozen = text.replace(", data", ", immutable: true, data");
        assert_eq!(refused(&frozen, "Yg==", "Yw=="), ["data"]);
    }
}
