//! Objects that controllers create, such as the Secret of a `Certificate`.
//!
//! A `Certificate` makes a Secret, an operator makes Secrets and Services for its databases, an
//! `ExternalSecret` fetches one. What they make is not rendered, and is there all the same. Which
//! field of a custom resource names what it makes is not known of every kind, so that a name is
//! taken for made if a custom resource has it, begins it, or says it other than as a consumer does.

use std::cell::OnceCell;

use kustom_yaml::cut::Cut as _;
use rustc_hash::{FxHashMap, FxHashSet};

use super::selectors::pod_spec;
use crate::resource::Resource;
use crate::yaml::{Node, Value};

/// What is made in the cluster of what is rendered; gathered when it is first asked for.
pub(crate) struct Makers<'r> {
    resources: &'r [Resource],
    made: OnceCell<Made<'r>>,
}

#[derive(Default)]
struct Made<'r> {
    /// The names of custom resources: what begins with one belongs to it.
    owners: FxHashSet<&'r str>,
    /// What custom resources say.
    mentioned: FxHashSet<&'r str>,
    /// The arguments of programs, which may make what they are told the name of.
    arguments: FxHashSet<&'r str>,
    /// The arguments by the words in them.
    by_word: FxHashMap<&'r str, Vec<&'r str>>,
    /// The claims of sets, without the number at the end.
    claims: FxHashSet<String>,
}

impl<'r> Makers<'r> {
    pub(crate) fn new(resources: &'r [Resource]) -> Self {
        Self {
            resources,
            made: OnceCell::new(),
        }
    }

    /// Whether an object of a kind and name may be made by something that is rendered.
    pub(crate) fn make(&self, kind: &str, name: &str) -> bool {
        let made = self.made.get_or_init(|| Made::of(self.resources));
        match kind {
            "PersistentVolumeClaim" => made.has_claim(name) || made.belongs_to_one(name),
            "ConfigMap" | "Secret" | "Service" | "ServiceAccount" => {
                made.mentioned.contains(name) || made.belongs_to_one(name) || made.is_argument(name)
            }
            "Deployment" | "StatefulSet" => made.belongs_to_one(name),
            _ => false,
        }
    }
}

impl<'r> Made<'r> {
    fn of(resources: &'r [Resource]) -> Self {
        let mut made = Self::default();
        for resource in resources {
            let id = resource.id();
            if is_maker(&id.gvk.group, &id.gvk.kind) {
                // Its controller knows it by any name that it has had, in its fields.
                made.owners.insert(&id.name);
                for entry in resource.node.entries() {
                    if !entry.is("metadata") && !entry.is("status") {
                        made.say(&entry.value);
                    }
                }
            }
            if id.gvk.kind == "Ingress" && has_issuer(resource) {
                let list = resource
                    .node
                    .at(&["spec", "tls"])
                    .map_or(&[][..], Node::items);
                let secrets = list.iter().filter_map(|one| one.get("secretName"));
                made.mentioned.extend(secrets.filter_map(Node::text));
            }
            if id.gvk.kind == "StatefulSet" {
                let templates = resource.node.at(&["spec", "volumeClaimTemplates"]);
                let templates = templates.map_or(&[][..], Node::items).iter();
                let names = templates.filter_map(|one| one.at(&["metadata", "name"]));
                let claims = names.filter_map(Node::text);
                made.claims
                    .extend(claims.map(|name| format!("{name}-{}", id.name)));
            }
            made.hear_object(resource);
        }
        made
    }

    /// Adds what a custom resource says, but not what it says it uses.
    fn say(&mut self, node: &'r Node) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if !USES.contains(&entry.key.text().unwrap_or_default()) {
                        self.say(&entry.value);
                    }
                }
            }
            Value::Seq(items) => items.iter().for_each(|item| self.say(item)),
            Value::Scalar(text) => {
                self.mentioned.insert(text);
            }
            Value::Alias(_) => {}
        }
    }

    /// Adds the arguments of the programs of an object. A workload of Kubernetes has them in its
    /// containers alone; another kind may have them anywhere.
    fn hear_object(&mut self, resource: &'r Resource) {
        let gvk = &resource.id().gvk;
        let is_workload = WORKLOADS.contains(&(gvk.group.as_str(), gvk.kind.as_str()));
        let Some(spec) = pod_spec(resource).filter(|_| is_workload) else {
            return self.hear(&resource.node, false);
        };
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            for container in spec.get(list).map_or(&[][..], Node::items) {
                for field in container.entries() {
                    match field.key.text().unwrap_or_default() {
                        "args" | "command" => self.hear(&field.value, true),
                        "lifecycle" | "livenessProbe" | "readinessProbe" | "startupProbe" => {
                            self.hear(&field.value, false);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Adds the arguments of programs below a node.
    fn hear(&mut self, node: &'r Node, is_argument: bool) {
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|entry| {
                let key = entry.key.text().unwrap_or_default();
                self.hear(&entry.value, matches!(key, "args" | "command"));
            }),
            Value::Seq(items) => items.iter().for_each(|item| self.hear(item, is_argument)),
            Value::Scalar(text) if is_argument => {
                if self.arguments.insert(text) {
                    for word in words(text) {
                        self.by_word.entry(word).or_default().push(text);
                    }
                }
            }
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    /// `pg-app` belongs to the Cluster `pg`; `app.pg.credentials…` to the postgresql `pg`.
    fn belongs_to_one(&self, name: &str) -> bool {
        let ends = name
            .char_indices()
            .filter(|(_, letter)| !letter.is_alphanumeric());
        let is_owner = |part: &str| self.owners.contains(part);
        is_owner(name)
            || ends.clone().any(|(end, _)| is_owner(name.cut(..end)))
            || name.split('.').skip(1).any(is_owner)
    }

    /// `data-web-0` is the claim `data` of the set `web`.
    fn has_claim(&self, name: &str) -> bool {
        let parts = name.rsplit_once('-');
        parts.is_some_and(|(claim, number)| {
            number.parse::<u32>().is_ok() && self.claims.contains(claim)
        })
    }

    /// Whether an argument has a name in it, as a word of its own.
    fn is_argument(&self, name: &str) -> bool {
        // The words of the name are words of the argument, too.
        match words(name).max_by_key(|word| word.len()) {
            Some(word) => {
                let mut arguments = self.by_word.get(word).into_iter().flatten();
                arguments.any(|argument| word == name || names(argument, name))
            }
            None => self.arguments.iter().any(|it| names(it, name)),
        }
    }
}

/// Whether a controller makes objects of those of a kind.
fn is_maker(group: &str, kind: &str) -> bool {
    let is_custom = group.contains('.') && !group.ends_with(".k8s.io");
    let is_idle = IDLE
        .iter()
        .any(|(of, kinds)| group.ends_with(of) && (kinds.is_empty() || kinds.contains(&kind)));
    is_custom && !is_idle
}

/// The kinds of Kubernetes that run containers, by their groups.
const WORKLOADS: &[(&str, &str)] = &[
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
];

/// Groups, or kinds of them, of which nothing is made that a name could refer to.
const IDLE: &[(&str, &[&str])] = &[
    (
        "argoproj.io",
        &[
            "AnalysisTemplate",
            "AppProject",
            "Rollout",
            "WorkflowTemplate",
        ],
    ),
    ("cilium.io", &[]),
    ("gatekeeper.sh", &[]),
    ("istio.io", &[]),
    ("keda.sh", &[]),
    ("kyverno.io", &[]),
    (
        "monitoring.coreos.com",
        &["PodMonitor", "Probe", "PrometheusRule", "ServiceMonitor"],
    ),
    ("projectcontour.io", &[]),
    ("traefik.containo.us", &[]),
    ("traefik.io", &[]),
];

/// Fields that say what is used, and below which nothing is made.
const USES: &[&str] = &[
    "configMapKeyRef",
    "configMapRef",
    "containers",
    "env",
    "envFrom",
    "imagePullSecrets",
    "initContainers",
    "secretKeyRef",
    "secretRef",
    "valuesFrom",
    "volumes",
];

/// Whether cert-manager is asked for the certificates of an Ingress.
fn has_issuer(resource: &Resource) -> bool {
    let annotations = resource.node.at(&["metadata", "annotations"]);
    let keys = annotations.map_or(&[][..], Node::entries).iter();
    keys.filter_map(|entry| entry.key.text()).any(|key| {
        key.starts_with("cert-manager.io/")
            || key.starts_with("certmanager.k8s.io/")
            || key == "kubernetes.io/tls-acme"
    })
}

/// Whether an argument has a name in it, as a word of its own.
fn names(argument: &str, name: &str) -> bool {
    argument.match_indices(name).any(|(at, _)| {
        !argument.cut(..at).ends_with(is_inside)
            && !argument.cut(at + name.len()..).starts_with(is_inside)
    })
}

/// The words of a text: letters, digits and hyphens.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_inside(letter))
        .filter(|word| !word.is_empty())
}

/// Whether a letter is one of a word.
fn is_inside(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-'
}
