//! Objects as the checks look at them: kinds, pods and their containers.

use std::collections::HashMap;

use kustom_validate::Value;

/// All objects of a run.
pub(crate) struct Cluster<'v> {
    pub(crate) objects: Vec<Object<'v>>,
    by_kind: HashMap<&'v str, Vec<usize>>,
}

/// An object.
pub(crate) struct Object<'v> {
    /// Its number in the list.
    pub(crate) number: usize,
    pub(crate) value: &'v Value<'v>,
    pub(crate) kind: &'v str,
    /// The group of its API; empty for the core.
    pub(crate) group: &'v str,
    pub(crate) name: &'v str,
    /// Its namespace; `default` if it says none.
    pub(crate) namespace: &'v str,
    /// The pod that it is, or of which it makes some.
    pub(crate) pod: Option<Pod<'v>>,
}

/// A pod, or what pods are made by.
#[derive(Clone)]
pub(crate) struct Pod<'v> {
    pub(crate) owner: &'v Value<'v>,
    pub(crate) kind: &'v str,
    pub(crate) name: &'v str,
    pub(crate) namespace: &'v str,
    pub(crate) spec: &'v Value<'v>,
    pub(crate) metadata: Option<&'v Value<'v>>,
    /// The path of the spec.
    pub(crate) prefix: &'static str,
    /// The path of the metadata.
    pub(crate) metadata_path: &'static str,
    pub(crate) containers: Vec<Container<'v>>,
}

/// A container of a pod.
#[derive(Clone)]
pub(crate) struct Container<'v> {
    pub(crate) value: &'v Value<'v>,
    /// The field that it is in, and its number there.
    pub(crate) list: &'static str,
    pub(crate) index: usize,
}

impl Container<'_> {
    /// Whether it runs as long as the pod does: no init container, unless it is a sidecar.
    pub(crate) fn is_main(&self) -> bool {
        self.list == "containers"
    }

    /// Whether it is one that somebody adds to look into a pod.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.list == "ephemeralContainers"
    }

    pub(crate) fn name(&self) -> &str {
        self.value.text("name")
    }
}

/// Directories of a node that belong to its kubelet, its kernel, its network or its logs.
const OF_THE_NODE: [&str; 15] = [
    "/",
    "/dev",
    "/etc/cni",
    "/lib/modules",
    "/opt/cni",
    "/proc",
    "/run/udev",
    "/run/xtables.lock",
    "/sys",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/log",
    "/var/run/netns",
];

impl Pod<'_> {
    /// Whether it is an agent that serves each node, as those of networks, volumes, devices, logs
    /// and measurements: a DaemonSet of the system, or one that is given what belongs to the node.
    pub(crate) fn is_agent(&self) -> bool {
        let is_given = |volume: &Value<'_>| {
            let path = volume.get("hostPath").map(|host| host.text("path"));
            path.is_some_and(|path| {
                let path = path.trim_end_matches('/');
                OF_THE_NODE.iter().any(|known| {
                    let below = path.strip_prefix(known);
                    path == known.trim_end_matches('/')
                        || below.is_some_and(|below| below.starts_with('/'))
                })
            })
        };
        self.kind == "DaemonSet"
            && (self.namespace == "kube-system"
                || self.spec.text("priorityClassName").starts_with("system-")
                || self.spec.list("volumes").iter().any(is_given))
    }
}

impl<'v> Cluster<'v> {
    pub(crate) fn of(objects: &'v [Value<'v>]) -> Self {
        let objects: Vec<Object<'v>> = objects
            .iter()
            .enumerate()
            .map(|(number, value)| Object::of(number, value))
            .collect();
        let mut by_kind: HashMap<&str, Vec<usize>> = HashMap::new();
        for object in &objects {
            by_kind.entry(object.kind).or_default().push(object.number);
        }
        Self { objects, by_kind }
    }

    /// The objects of a kind, in order.
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Object<'v>> {
        let numbers = self.by_kind.get(kind).into_iter().flatten();
        numbers.filter_map(|number| self.objects.get(*number))
    }

    /// The object of a kind and name in a namespace.
    pub(crate) fn named(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object<'v>> {
        self.of_kind(kind)
            .find(|one| one.name == name && one.namespace == namespace)
    }
}

impl<'v> Object<'v> {
    fn of(number: usize, value: &'v Value<'v>) -> Self {
        let api_version = value.text("apiVersion");
        let metadata = value.get("metadata");
        let text = |key: &str| metadata.map_or("", |metadata| metadata.text(key));
        let namespace = match text("namespace") {
            "" => "default",
            namespace => namespace,
        };
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let kind = value.text("kind");
        let name = text("name");
        Self {
            number,
            value,
            kind,
            group,
            name,
            namespace,
            pod: pod(value, kind, group).map(|(spec, metadata, [prefix, metadata_path])| Pod {
                owner: value,
                kind,
                name,
                namespace,
                spec,
                metadata,
                prefix,
                metadata_path,
                containers: containers(spec),
            }),
        }
    }

    /// The labels.
    pub(crate) fn labels(&self) -> Option<&'v Value<'v>> {
        self.value.at(&["metadata", "labels"])
    }
}

/// The paths of the spec and of the metadata.
type Paths = [&'static str; 2];

const OWN: Paths = ["spec", "metadata"];
const TEMPLATE: Paths = ["spec.template.spec", "spec.template.metadata"];
const PLAIN: Paths = ["template.spec", "template.metadata"];
const CRON: Paths = [
    "spec.jobTemplate.spec.template.spec",
    "spec.jobTemplate.spec.template.metadata",
];

fn pod<'v>(
    value: &'v Value<'v>,
    kind: &str,
    group: &str,
) -> Option<(&'v Value<'v>, Option<&'v Value<'v>>, Paths)> {
    let paths = match (kind, group) {
        ("Pod", "") => OWN,
        ("PodTemplate", "") => PLAIN,
        ("ReplicationController", "")
        | ("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet", "apps" | "extensions")
        | ("Job", "batch")
        | ("Rollout", "argoproj.io") => TEMPLATE,
        ("CronJob", "batch") => CRON,
        _ => return None,
    };
    let at = |path: &str| path.split('.').try_fold(value, |value, key| value.get(key));
    Some((at(paths[0])?, at(paths[1]), paths))
}

fn containers<'v>(spec: &'v Value<'v>) -> Vec<Container<'v>> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let each = lists.into_iter().flat_map(|list| {
        let items = spec.list(list).iter().enumerate();
        items.map(move |(index, value)| Container { value, list, index })
    });
    each.collect()
}
