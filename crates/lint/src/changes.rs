//! What a change breaks: two states of objects, held against each other.

use std::collections::HashMap;

use kustom_validate::{Finding, Kinds, Path, Quantity, Value};

use crate::cluster::{Cluster, Object, Pod};
use crate::pods::account;
use crate::rule::rule_of_table;
use crate::{Found, Linter};

/// Something that a change breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Whether the object is one of those before the change.
    pub is_before: bool,
    /// What it is, and in which object.
    pub found: Found,
}

/// The rules that are checked here.
#[cfg(test)]
pub(crate) const RULES: [&str; 9] = [
    "image-downgrade",
    "lost-claim",
    "lost-definition",
    "lost-environment",
    "lost-namespace",
    "moved-selector",
    "removed-in-use",
    "shrunk-quota",
    "unserved-api",
];

struct Sides<'s, 'v> {
    linter: &'s Linter,
    before: Cluster<'v>,
    after: Cluster<'v>,
    by_id: HashMap<(&'v str, &'v str, &'v str), usize>,
    broken: Vec<Broken>,
}

/// What objects break that take the place of others, in a cluster of Kubernetes 1 and a minor.
pub(crate) fn compare(
    linter: &Linter,
    before: &[Value<'_>],
    after: &[Value<'_>],
    minor: u32,
) -> Vec<Broken> {
    let (before, after) = (Cluster::of(before), Cluster::of(after));
    let by_id = after
        .objects
        .iter()
        .map(|one| (id(one), one.number))
        .collect();
    let mut sides = Sides {
        linter,
        before,
        after,
        by_id,
        broken: Vec::new(),
    };
    sides.removed();
    sides.references();
    sides.changed();
    sides.unserved(minor);
    sides.broken
}

fn id<'v>(object: &Object<'v>) -> (&'v str, &'v str, &'v str) {
    (object.kind, object.namespace, object.name)
}

impl<'v> Sides<'_, 'v> {
    fn tell(
        &mut self,
        rule: &'static str,
        is_before: bool,
        object: usize,
        path: &str,
        at: &Value<'_>,
        message: String,
    ) {
        if !self.linter.asks(rule) {
            return;
        }
        let rule = rule_of_table(rule);
        self.broken.push(Broken {
            is_before,
            found: Found {
                object,
                finding: Finding {
                    severity: rule.severity,
                    rule: rule.name,
                    field: path.to_owned(),
                    message,
                    help: Some(rule.help.to_owned()),
                    origin: at.origin,
                },
            },
        });
    }

    fn is_gone(&self, object: &Object<'_>) -> bool {
        !self
            .by_id
            .contains_key(&(object.kind, object.namespace, object.name))
    }

    /// What takes other things with it when it goes.
    fn removed(&mut self) {
        let mut told = Vec::new();
        for object in self.before.objects.iter().filter(|one| self.is_gone(one)) {
            let told_as = match (object.kind, object.group) {
                ("PersistentVolumeClaim", "") => {
                    ("lost-claim", "it is gone, and its volume with it")
                }
                ("Namespace", "") => ("lost-namespace", "it is gone, and everything in it"),
                ("CustomResourceDefinition", "apiextensions.k8s.io") => {
                    ("lost-definition", "it is gone, and all objects of its kind")
                }
                ("StatefulSet", "apps") => {
                    let policy = object.value.at(&[
                        "spec",
                        "persistentVolumeClaimRetentionPolicy",
                        "whenDeleted",
                    ]);
                    if policy.and_then(Value::as_text) != Some("Delete") {
                        continue;
                    }
                    ("lost-claim", "it is gone, and its claims with it")
                }
                _ => continue,
            };
            told.push((object.number, object.value, told_as));
        }
        for (number, value, (rule, message)) in told {
            self.tell(rule, true, number, "", value, message.to_owned());
        }
    }

    /// What stays and names what is gone.
    fn references(&mut self) {
        let gone: HashMap<(&str, &str, &str), ()> = self
            .before
            .objects
            .iter()
            .filter(|one| self.is_gone(one))
            .map(|one| (id(one), ()))
            .collect();
        if gone.is_empty() {
            return;
        }
        let mut told = Vec::new();
        for object in &self.after.objects {
            for (kind, name, path, at) in references(object) {
                // What has no namespace is kept as if it were in `default`.
                let namespace = match kind {
                    "ClusterRole" | "PriorityClass" | "StorageClass" | "IngressClass" => "default",
                    _ => object.namespace,
                };
                if gone.contains_key(&(kind, namespace, name)) {
                    let message = format!("it names the {kind} `{name}`, which is gone");
                    told.push((object.number, path, at, message));
                }
            }
        }
        for (number, path, at, message) in told {
            self.tell("removed-in-use", false, number, &path, at, message);
        }
    }

    /// What is there on both sides.
    fn changed(&mut self) {
        let mut told: Vec<(&'static str, usize, String, &'v Value<'v>, String)> = Vec::new();
        for then in &self.before.objects {
            let Some(now) = self
                .by_id
                .get(&id(then))
                .and_then(|number| self.after.objects.get(*number))
            else {
                continue;
            };
            match then.kind {
                "Service" => {
                    let of = |one: &Object<'v>| one.value.at(&["spec", "selector"]);
                    if let (Some(old), Some(new)) = (of(then), of(now))
                        && labels(old) != labels(new)
                    {
                        let message = format!("it selected {}", words(old));
                        told.push((
                            "moved-selector",
                            now.number,
                            "spec.selector".to_owned(),
                            new,
                            message,
                        ));
                    }
                }
                "PodDisruptionBudget" | "NetworkPolicy" => {
                    let field = match then.kind {
                        "NetworkPolicy" => "podSelector",
                        _ => "selector",
                    };
                    let of = |one: &Object<'v>| one.value.at(&["spec", field, "matchLabels"]);
                    if let (Some(old), Some(new)) = (of(then), of(now))
                        && labels(old) != labels(new)
                    {
                        let message = format!("it selected {}", words(old));
                        let path = format!("spec.{field}.matchLabels");
                        told.push(("moved-selector", now.number, path, new, message));
                    }
                }
                "ResourceQuota" => {
                    let of = |one: &Object<'v>| one.value.at(&["spec", "hard"]);
                    if let (Some(old), Some(new)) = (of(then), of(now)) {
                        told.extend(shrunk(old, new).map(|(key, at, message)| {
                            let path = Path::ROOT.field("spec.hard").key(&key).to_string();
                            ("shrunk-quota", now.number, path, at, message)
                        }));
                        let new_ones = new.entries().iter().filter(|it| old.get(&it.key).is_none());
                        told.extend(new_ones.map(|entry| {
                            let path = Path::ROOT.field("spec.hard").key(&entry.key).to_string();
                            let message = format!("`{}` was not bounded before", entry.key);
                            ("shrunk-quota", now.number, path, &entry.value, message)
                        }));
                    }
                }
                _ => {}
            }
            if let (Some(old), Some(new)) = (&then.pod, &now.pod) {
                for (path, at, message) in downgrades(old, new) {
                    told.push(("image-downgrade", now.number, path, at, message));
                }
            }
        }
        for (rule, number, path, at, message) in told {
            self.tell(rule, false, number, &path, at, message);
        }
    }

    /// What the cluster will not serve, and what it no longer serves as it did.
    fn unserved(&mut self, minor: u32) {
        let kinds = Kinds::new(minor);
        let mut told = Vec::new();
        for object in &self.after.objects {
            let api_version = object.value.text("apiVersion");
            if kinds.serves(api_version, object.kind) == Some(false)
                && let Some(at) = object.value.get("apiVersion")
            {
                let message = format!(
                    "Kubernetes 1.{minor} does not serve `{}` of `{api_version}`",
                    object.kind
                );
                told.push((object.number, at, message));
            }
        }
        for (number, at, message) in told {
            self.tell("unserved-api", false, number, "apiVersion", at, message);
        }
    }
}

fn labels<'v>(map: &Value<'v>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = map
        .entries()
        .iter()
        .map(|entry| {
            (
                entry.key.to_string(),
                entry.value.as_text().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    all.sort();
    all
}

fn words(map: &Value<'_>) -> String {
    let each = labels(map)
        .into_iter()
        .map(|(key, value)| format!("`{key}={value}`"));
    each.collect::<Vec<_>>().join(", ")
}

/// The quantities that are less than they were.
fn shrunk<'v>(
    old: &'v Value<'v>,
    new: &'v Value<'v>,
) -> impl Iterator<Item = (String, &'v Value<'v>, String)> {
    old.entries().iter().filter_map(move |entry| {
        let now = new.get(&entry.key)?;
        let (was, is) = (Quantity::of(&entry.value)?, Quantity::of(now)?);
        let shown = |value: &Value<'_>| match value.as_text() {
            Some(text) => text.to_owned(),
            None => value.as_int().unwrap_or_default().to_string(),
        };
        (is < was).then(|| {
            let message = format!(
                "`{}` was {}, and is {}",
                entry.key,
                shown(&entry.value),
                shown(now)
            );
            (entry.key.to_string(), now, message)
        })
    })
}

/// The numbers of a version such as `v1.2.3-rc.1`, and whether it is a release.
fn version(tag: &str) -> Option<(Vec<u64>, bool)> {
    let plain = tag.strip_prefix('v').unwrap_or(tag);
    let (numbers, rest) = match plain.find(['-', '+', '_']) {
        Some(at) => (plain.get(..at)?, plain.get(at..)?),
        None => (plain, ""),
    };
    let numbers: Option<Vec<u64>> = numbers.split('.').map(|part| part.parse().ok()).collect();
    // A single number may be a date or the number of a build, which says as much.
    numbers.map(|numbers| (numbers, !rest.starts_with('-')))
}

fn image(text: &str) -> Option<(&str, &str)> {
    let named = text.split('@').next()?;
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let colon = named.get(slash..)?.find(':')? + slash;
    Some((named.get(..colon)?, named.get(colon + 1..)?))
}

/// The containers whose image is an older version of the same.
fn downgrades<'v>(old: &Pod<'v>, new: &Pod<'v>) -> Vec<(String, &'v Value<'v>, String)> {
    let mut found = Vec::new();
    for container in &new.containers {
        let mut others = old.containers.iter();
        let then = others.find(|one| one.name() == container.name() && one.list == container.list);
        let (Some(then), Some(at)) = (then, container.value.get("image")) else {
            continue;
        };
        let (was, is) = (then.value.text("image"), at.as_text().unwrap_or_default());
        let (Some((name, was_tag)), Some((same, is_tag))) = (image(was), image(is)) else {
            continue;
        };
        let (Some(older), Some(newer)) = (version(is_tag), version(was_tag)) else {
            continue;
        };
        if name == same && older.0.len() == newer.0.len() && older < newer {
            let path = format!(
                "{}.{}[{}].image",
                new.prefix, container.list, container.index
            );
            found.push((
                path,
                at,
                format!("`{name}` was `{was_tag}`, and is `{is_tag}`"),
            ));
        }
    }
    found
}

/// What an object names: kind, name, where it stands.
fn references<'v>(object: &Object<'v>) -> Vec<(&'static str, &'v str, String, &'v Value<'v>)> {
    let mut found = Vec::new();
    let mut named = |kind: &'static str, way: &[&str]| {
        if let Some(at) = object.value.at(way).filter(|at| !at.is_zero()) {
            found.push((kind, at.as_text().unwrap_or_default(), way.join("."), at));
        }
    };
    match object.kind {
        "StatefulSet" => named("Service", &["spec", "serviceName"]),
        "PersistentVolumeClaim" => named("StorageClass", &["spec", "storageClassName"]),
        "RoleBinding" | "ClusterRoleBinding" => {
            let kind = object
                .value
                .at(&["roleRef", "kind"])
                .and_then(Value::as_text);
            match kind {
                Some("Role") => named("Role", &["roleRef", "name"]),
                _ => named("ClusterRole", &["roleRef", "name"]),
            }
        }
        "Ingress" => {
            named("IngressClass", &["spec", "ingressClassName"]);
            named("Service", &["spec", "defaultBackend", "service", "name"]);
        }
        _ => {}
    }
    match (object.kind, &object.pod) {
        (_, Some(pod)) => of_pod(pod, &mut found),
        ("HorizontalPodAutoscaler", _) => {
            if let Some(target) = object.value.at(&["spec", "scaleTargetRef"])
                && let Some(kind) = ["Deployment", "StatefulSet", "ReplicaSet"]
                    .iter()
                    .find(|kind| **kind == target.text("kind"))
            {
                found.push((
                    *kind,
                    target.text("name"),
                    "spec.scaleTargetRef".to_owned(),
                    target,
                ));
            }
        }
        ("Ingress", _) => {
            let rules = object
                .value
                .at(&["spec", "rules"])
                .map_or(&[][..], Value::items);
            for (number, rule) in rules.iter().enumerate() {
                let paths = rule.at(&["http", "paths"]).map_or(&[][..], Value::items);
                for (index, path) in paths.iter().enumerate() {
                    if let Some(service) = path.at(&["backend", "service", "name"]) {
                        let field = format!(
                            "spec.rules[{number}].http.paths[{index}].backend.service.name"
                        );
                        found.push((
                            "Service",
                            service.as_text().unwrap_or_default(),
                            field,
                            service,
                        ));
                    }
                }
            }
        }
        _ => {}
    }
    found
}

fn of_pod<'v>(pod: &Pod<'v>, found: &mut Vec<(&'static str, &'v str, String, &'v Value<'v>)>) {
    let prefix = pod.prefix;
    if let Some(at) = pod.spec.get("serviceAccountName") {
        found.push((
            "ServiceAccount",
            account(pod),
            format!("{prefix}.serviceAccountName"),
            at,
        ));
    }
    if let Some(at) = pod.spec.get("priorityClassName") {
        let path = format!("{prefix}.priorityClassName");
        found.push(("PriorityClass", at.as_text().unwrap_or_default(), path, at));
    }
    for (index, volume) in pod.spec.list("volumes").iter().enumerate() {
        for (kind, way) in [
            ("ConfigMap", ["configMap", "name"]),
            ("Secret", ["secret", "secretName"]),
            (
                "PersistentVolumeClaim",
                ["persistentVolumeClaim", "claimName"],
            ),
        ] {
            let is_optional = volume.get(way[0]).is_some_and(|it| it.is_true("optional"));
            if let Some(at) = volume.at(&way).filter(|_| !is_optional) {
                let path = format!("{prefix}.volumes[{index}].{}", way.join("."));
                found.push((kind, at.as_text().unwrap_or_default(), path, at));
            }
        }
    }
    for container in &pod.containers {
        let here = format!("{prefix}.{}[{}]", container.list, container.index);
        for (index, source) in container.value.list("envFrom").iter().enumerate() {
            for (kind, field) in [("ConfigMap", "configMapRef"), ("Secret", "secretRef")] {
                let reference = source.get(field).filter(|it| !it.is_true("optional"));
                if let Some(at) = reference.and_then(|it| it.get("name")) {
                    let path = format!("{here}.envFrom[{index}].{field}.name");
                    found.push((kind, at.as_text().unwrap_or_default(), path, at));
                }
            }
        }
        for (index, variable) in container.value.list("env").iter().enumerate() {
            for (kind, field) in [("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")] {
                let reference = variable
                    .at(&["valueFrom", field])
                    .filter(|it| !it.is_true("optional"));
                if let Some(at) = reference.and_then(|it| it.get("name")) {
                    let path = format!("{here}.env[{index}].valueFrom.{field}.name");
                    found.push((kind, at.as_text().unwrap_or_default(), path, at));
                }
            }
        }
    }
}
