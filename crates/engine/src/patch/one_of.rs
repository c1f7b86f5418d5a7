//! Finds sibling fields of which the API server accepts only one.
//!
//! A strategic merge adds a field beside the one that it was meant to replace; the API server
//! refuses the object then. Kubernetes drops the other by `x-kubernetes-unions` and
//! `retainKeys`; kustomize knows neither.
//! Source: the validation of Kubernetes v1.34, `pkg/apis/{core,apps,networking,policy,autoscaling}/validation`,
//! and for kinds of others their API references (Argo CD, Argo Rollouts, cert-manager).

use kustom_yaml::{Node, Value};

/// A group of fields, and where it is.
struct Group {
    /// The kinds that have it; none for all.
    kinds: &'static [&'static str],
    /// The end of the path of the map; `[]` is an item of a list.
    path: &'static [&'static str],
    rule: Rule,
}

enum Rule {
    /// At most one of these.
    AtMostOne(&'static [&'static str]),
    /// With this value of a field, not that other field.
    Without(&'static str, &'static str, &'static str),
    /// With this value of a field, no item of that list may have that field.
    NoItemWith(&'static str, &'static str, [&'static str; 2]),
}

use Rule::{AtMostOne, NoItemWith, Without};

/// What a volume may be.
const VOLUMES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "local",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

/// What a probe or a hook may do.
const HANDLERS: &[&str] = &["exec", "grpc", "httpGet", "sleep", "tcpSocket"];

const fn group(path: &'static [&'static str], rule: Rule) -> Group {
    Group {
        kinds: &[],
        path,
        rule,
    }
}

const fn of(kinds: &'static [&'static str], path: &'static [&'static str], rule: Rule) -> Group {
    Group { kinds, path, rule }
}

const GROUPS: &[Group] = &[
    group(&["env", "[]"], AtMostOne(&["value", "valueFrom"])),
    group(
        &["env", "[]", "valueFrom"],
        AtMostOne(&[
            "configMapKeyRef",
            "fieldRef",
            "fileKeyRef",
            "resourceFieldRef",
            "secretKeyRef",
        ]),
    ),
    group(
        &["envFrom", "[]"],
        AtMostOne(&["configMapRef", "secretRef"]),
    ),
    group(&["volumes", "[]"], AtMostOne(VOLUMES)),
    of(&["PersistentVolume"], &["spec"], AtMostOne(VOLUMES)),
    group(
        &["projected", "sources", "[]"],
        AtMostOne(&[
            "clusterTrustBundle",
            "configMap",
            "downwardAPI",
            "podCertificate",
            "secret",
            "serviceAccountToken",
        ]),
    ),
    group(
        &["downwardAPI", "items", "[]"],
        AtMostOne(&["fieldRef", "resourceFieldRef"]),
    ),
    group(&["livenessProbe"], AtMostOne(HANDLERS)),
    group(&["readinessProbe"], AtMostOne(HANDLERS)),
    group(&["startupProbe"], AtMostOne(HANDLERS)),
    group(&["lifecycle", "postStart"], AtMostOne(HANDLERS)),
    group(&["lifecycle", "preStop"], AtMostOne(HANDLERS)),
    group(
        &["seccompProfile"],
        Without("type", "RuntimeDefault", "localhostProfile"),
    ),
    group(
        &["seccompProfile"],
        Without("type", "Unconfined", "localhostProfile"),
    ),
    group(
        &["appArmorProfile"],
        Without("type", "RuntimeDefault", "localhostProfile"),
    ),
    group(
        &["appArmorProfile"],
        Without("type", "Unconfined", "localhostProfile"),
    ),
    of(
        &["Deployment"],
        &["spec", "strategy"],
        Without("type", "Recreate", "rollingUpdate"),
    ),
    of(
        &["StatefulSet"],
        &["spec", "updateStrategy"],
        Without("type", "OnDelete", "rollingUpdate"),
    ),
    of(
        &["NetworkPolicy"],
        &["from", "[]"],
        AtMostOne(&["ipBlock", "podSelector"]),
    ),
    of(
        &["NetworkPolicy"],
        &["from", "[]"],
        AtMostOne(&["ipBlock", "namespaceSelector"]),
    ),
    of(
        &["NetworkPolicy"],
        &["to", "[]"],
        AtMostOne(&["ipBlock", "podSelector"]),
    ),
    of(
        &["NetworkPolicy"],
        &["to", "[]"],
        AtMostOne(&["ipBlock", "namespaceSelector"]),
    ),
    of(
        &["Ingress"],
        &["backend"],
        AtMostOne(&["resource", "service"]),
    ),
    of(
        &["Ingress"],
        &["spec", "defaultBackend"],
        AtMostOne(&["resource", "service"]),
    ),
    of(
        &["Ingress"],
        &["service", "port"],
        AtMostOne(&["name", "number"]),
    ),
    of(
        &["PodDisruptionBudget"],
        &["spec"],
        AtMostOne(&["maxUnavailable", "minAvailable"]),
    ),
    of(
        &["HorizontalPodAutoscaler"],
        &["metrics", "[]"],
        AtMostOne(&[
            "containerResource",
            "external",
            "object",
            "pods",
            "resource",
        ]),
    ),
    of(
        &["HorizontalPodAutoscaler"],
        &["resource", "target"],
        AtMostOne(&["averageUtilization", "averageValue"]),
    ),
    of(
        &["HorizontalPodAutoscaler"],
        &["containerResource", "target"],
        AtMostOne(&["averageUtilization", "averageValue"]),
    ),
    of(
        &["ClusterRole", "Role"],
        &["rules", "[]"],
        AtMostOne(&["nonResourceURLs", "resources"]),
    ),
    of(
        &["Service"],
        &["spec"],
        Without("type", "ExternalName", "clusterIP"),
    ),
    of(
        &["Service"],
        &["spec"],
        NoItemWith("type", "ClusterIP", ["ports", "nodePort"]),
    ),
    of(
        &["Application"],
        &["spec"],
        AtMostOne(&["source", "sources"]),
    ),
    of(
        &["Rollout"],
        &["spec", "strategy"],
        AtMostOne(&["blueGreen", "canary"]),
    ),
    of(
        &["ClusterIssuer", "Issuer"],
        &["spec"],
        AtMostOne(&["acme", "ca", "selfSigned", "vault", "venafi"]),
    ),
    of(
        &["ClusterIssuer", "Issuer"],
        &["solvers", "[]"],
        AtMostOne(&["dns01", "http01"]),
    ),
];

/// A part of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A key of a map.
    Key(String),
    /// An item of a list, by what tells it from others.
    Item(String),
}

/// Two fields that stand side by side and must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clash {
    /// The map that has them.
    pub(super) path: Vec<Step>,
    /// What must not stand there, as it is shown: `type: Recreate`.
    pub(super) one: String,
    /// What must not stand beside it.
    pub(super) other: String,
}

impl Clash {
    /// The names of the fields.
    pub(super) fn fields(&self) -> [&str; 2] {
        let name = self.one.split(':').next().unwrap_or_default();
        [name, &self.other]
    }
}

/// Whether a field and one of others are of one group.
pub(super) fn are_alternatives<'n>(field: &str, mut others: impl Iterator<Item = &'n str>) -> bool {
    others.any(|other| {
        GROUPS.iter().any(|group| match group.rule {
            AtMostOne(names) => names.contains(&field) && names.contains(&other),
            Without(..) | NoItemWith(..) => false,
        })
    })
}

/// All such fields of an object.
pub(super) fn clashes(object: &Node) -> Vec<Clash> {
    let kind = object.get("kind").and_then(Node::text).unwrap_or_default();
    let mut found = Vec::new();
    walk(object, kind, &mut Vec::new(), &mut found);
    found
}

fn walk(node: &Node, kind: &str, path: &mut Vec<Step>, found: &mut Vec<Clash>) {
    match &node.value {
        Value::Map(entries) => {
            for group in GROUPS {
                let is_of = group.kinds.is_empty() || group.kinds.contains(&kind);
                if is_of && ends_with(path, group.path) {
                    found.extend(group.rule.clash(node, path));
                }
            }
            for entry in entries.iter().filter(|entry| !entry.value.is_scalar()) {
                let key = entry.key.text().unwrap_or_default();
                path.push(Step::Key(key.to_owned()));
                walk(&entry.value, kind, path, found);
                path.pop();
            }
        }
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_map()) {
                path.push(Step::Item(label(item).unwrap_or_else(|| index.to_string())));
                walk(item, kind, path, found);
                path.pop();
            }
        }
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}

fn ends_with(path: &[Step], end: &[&str]) -> bool {
    let fits = |(step, word): (&Step, &&str)| match step {
        Step::Key(key) => key == word,
        Step::Item(_) => *word == "[]",
    };
    path.len() >= end.len() && path.iter().rev().zip(end.iter().rev()).all(fits)
}

impl Rule {
    fn clash(&self, map: &Node, path: &[Step]) -> Option<Clash> {
        let is_there = |name: &str| map.get(name).is_some_and(|value| !value.is_null());
        let says = |field: &str, word: &str| map.get(field).and_then(Node::text) == Some(word);
        let (one, other) = match self {
            AtMostOne(names) => {
                let mut there = names.iter().filter(|name| is_there(name));
                ((*there.next()?).to_owned(), *there.next()?)
            }
            Without(field, word, other) => {
                let both = says(field, word) && is_there(other);
                both.then(|| (format!("{field}: {word}"), *other))?
            }
            NoItemWith(field, word, [list, other]) => {
                let items = map.get(list).map_or(&[][..], Node::items);
                let has_one = items
                    .iter()
                    .filter_map(|item| item.get(other))
                    .any(|value| !value.is_null());
                (says(field, word) && has_one).then(|| (format!("{field}: {word}"), *other))?
            }
        };
        Some(Clash {
            path: path.to_vec(),
            one,
            other: other.to_owned(),
        })
    }
}

/// What people tell an item of a list from the others by; never a value that may be secret.
pub(super) fn label(item: &Node) -> Option<String> {
    const NAMES: [&[&str]; 12] = [
        &["name"],
        &["metadata", "name"],
        &["containerPort"],
        &["port"],
        &["mountPath"],
        &["devicePath"],
        &["ip"],
        &["host"],
        &["topologyKey"],
        &["key"],
        &["type"],
        &["uid"],
    ];
    NAMES.iter().find_map(|path| {
        let text = item.at(path).filter(|value| !value.is_null())?.text()?;
        (!text.is_empty()).then(|| text.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_config;

    use super::*;

    fn clashes_of(text: &str) -> Vec<(String, String)> {
        let object = read_config(text.as_bytes(), SourceId::NONE).unwrap();
        let found = clashes(&object).into_iter();
        found.map(|clash| (clash.one, clash.other)).collect()
    }

    #[test]
    fn two_of_a_group_clash_where_the_group_is() {
        for (text, wanted) in [
            (
                "{kind: Pod, spec: {containers: [{env: [{name: A, value: '', valueFrom: {}}]}]}}",
                Some(("value", "valueFrom")),
            ),
            (
                "{kind: Deployment, spec: {strategy: {type: Recreate, rollingUpdate: {}}}}",
                Some(("type: Recreate", "rollingUpdate")),
            ),
            (
                "{kind: Foo, spec: {strategy: {type: Recreate, rollingUpdate: {}}}}",
                None,
            ),
            (
                "{kind: Pod, spec: {volumes: [{name: a, emptyDir: {}, secret: null}]}}",
                None,
            ),
            ("{kind: ConfigMap, data: {value: a, valueFrom: b}}", None),
        ] {
            let found = clashes_of(text);
            let wanted: Vec<_> = wanted
                .into_iter()
                .map(|(one, other): (&str, &str)| (one.to_owned(), other.to_owned()))
                .collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
