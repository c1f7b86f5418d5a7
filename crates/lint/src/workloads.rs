//! Rules about what makes pods: replicas, budgets, autoscalers, schedules.

use kustom_validate::{Path, Value};

use crate::cluster::{Cluster, Object, Pod};
use crate::secret_names::is_secret;
use crate::selector::selects;
use crate::{ObjectCheck, PodCheck, Sink};

/// Rules about pods and their checks.
pub(crate) const PODS: &[(&str, PodCheck)] = &[
    ("spread", spread),
    ("one-replica", one_replica),
    ("disruption-budget", disruption_budget),
];

const WORKLOADS: &[&str] = &[
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Pod",
];

/// Rules about objects of some kinds and their checks.
pub(crate) const OBJECTS: &[(&str, &[&str], ObjectCheck)] = &[
    ("secret-in-config-map", &["ConfigMap"], secret_in_config_map),
    (
        "unhealthy-eviction",
        &["PodDisruptionBudget"],
        unhealthy_eviction,
    ),
    ("rolling-update", &["Deployment"], rolling_update),
    (
        "autoscaler-minimum",
        &["HorizontalPodAutoscaler"],
        autoscaler_minimum,
    ),
    (
        "autoscaler-fixed",
        &["HorizontalPodAutoscaler"],
        autoscaler_fixed,
    ),
    (
        "autoscaler-without-requests",
        &["HorizontalPodAutoscaler"],
        autoscaler_without_requests,
    ),
    ("headless-service", &["StatefulSet"], headless_service),
    ("default-namespace", WORKLOADS, default_namespace),
    ("recommended-labels", WORKLOADS, recommended_labels),
    ("cron-deadline", &["CronJob"], cron_deadline),
    ("cron-overlap", &["CronJob"], cron_overlap),
    ("job-ttl", &["Job"], job_ttl),
];

/// The autoscaler of a workload.
fn scaler<'c, 'v>(cluster: &'c Cluster<'v>, pod: &Pod<'_>) -> Option<&'c Object<'v>> {
    let kinds = ["HorizontalPodAutoscaler", "ScaledObject"].into_iter();
    let mut scalers = kinds.flat_map(|kind| cluster.of_kind(kind));
    scalers.find(|one| {
        let target = one.value.at(&["spec", "scaleTargetRef"]);
        one.namespace == pod.namespace
            && target.is_some_and(|target| {
                let kind = target.text("kind");
                target.text("name") == pod.name && (kind.is_empty() || kind == pod.kind)
            })
    })
}

/// How many replicas a workload has, unless an autoscaler says it.
fn replicas(pod: &Pod<'_>) -> i64 {
    let replicas = pod.owner.at(&["spec", "replicas"]);
    replicas.and_then(Value::as_int).unwrap_or(1)
}

fn one_replica(cluster: &Cluster<'_>, pod: &Pod<'_>, _: &Path<'_>, sink: &mut Sink<'_>) {
    let is_one = is_leader(pod) || holds_claim(pod) || !is_asked(cluster, pod);
    if pod.kind != "Deployment" || scaler(cluster, pod).is_some() || is_one {
        return sink.unasked();
    }
    // What is scaled to zero is switched off on purpose.
    if replicas(pod) == 1 {
        let spec = pod.owner.get("spec");
        let at = pod.owner.at(&["spec", "replicas"]).or(spec);
        let message = "there is one replica";
        sink.add(
            &Path::ROOT.field("spec.replicas"),
            at.unwrap_or(pod.owner),
            message,
        );
    }
}

/// Whether a workload holds a volume that one pod can mount, so that a second one could not start.
fn is_leader(pod: &Pod<'_>) -> bool {
    let recreates = pod
        .owner
        .at(&["spec", "strategy", "type"])
        .and_then(Value::as_text);
    recreates == Some("Recreate")
}

/// Whether its replicas would have to share a claim.
fn holds_claim(pod: &Pod<'_>) -> bool {
    let mut volumes = pod.spec.list("volumes").iter();
    volumes.any(|volume| volume.has("persistentVolumeClaim"))
}

/// Whether a Service leads to its pods, so that somebody waits while there is none.
fn is_asked(cluster: &Cluster<'_>, pod: &Pod<'_>) -> bool {
    let labels = pod.metadata.and_then(|metadata| metadata.get("labels"));
    let label = |key: &str| labels?.get(key)?.as_text();
    let mut services = cluster.of_kind("Service");
    services.any(|service| {
        let selector = service.value.at(&["spec", "selector"]);
        let pairs = selector.map_or(&[][..], Value::entries);
        service.namespace == pod.namespace
            && !pairs.is_empty()
            && pairs
                .iter()
                .all(|pair| label(&pair.key) == pair.value.as_text())
    })
}

fn spread(cluster: &Cluster<'_>, pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let is_scaled = scaler(cluster, pod).is_some();
    if !matches!(pod.kind, "Deployment" | "StatefulSet") || !is_scaled && replicas(pod) < 2 {
        return sink.unasked();
    }
    let affinity = pod.spec.at(&["affinity", "podAntiAffinity"]);
    if pod.spec.list("topologySpreadConstraints").is_empty() && affinity.is_none_or(Value::is_zero)
    {
        let message = "nothing keeps the replicas on different nodes";
        sink.add(&path.field("topologySpreadConstraints"), pod.spec, message);
    }
}

fn disruption_budget(cluster: &Cluster<'_>, pod: &Pod<'_>, _: &Path<'_>, sink: &mut Sink<'_>) {
    let is_scaled = scaler(cluster, pod).is_some();
    if !matches!(pod.kind, "Deployment" | "StatefulSet") || !is_scaled && replicas(pod) < 2 {
        return sink.unasked();
    }
    let labels = pod.metadata.and_then(|metadata| metadata.get("labels"));
    let mut budgets = cluster.of_kind("PodDisruptionBudget");
    let covers = |budget: &Object<'_>| {
        let selector = budget.value.at(&["spec", "selector"]);
        budget.namespace == pod.namespace
            && selector.is_some_and(|selector| selects(selector, labels))
    };
    if !budgets.any(covers) {
        let at = pod.owner.get("kind").unwrap_or(pod.owner);
        sink.add(
            &Path::ROOT.field("kind"),
            at,
            "no PodDisruptionBudget keeps replicas during a drain",
        );
    }
}

fn secret_in_config_map(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let data = object.value.get("data");
    for entry in data.map_or(&[][..], Value::entries) {
        let text = entry.value.as_text().unwrap_or_default();
        // A file is told by the guard, which reads it.
        if !text.trim().contains('\n') && is_secret(&entry.key, text) {
            let path = Path::ROOT.field("data");
            let message = format!("the value of `{}` stands in the clear", entry.key);
            sink.add(&path.key(&entry.key), &entry.value, message);
        }
    }
}

fn unhealthy_eviction(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let policy = object.value.at(&["spec", "unhealthyPodEvictionPolicy"]);
    if policy.and_then(Value::as_text) != Some("AlwaysAllow") {
        let spec = object.value.get("spec").unwrap_or(object.value);
        let field = Path::ROOT.field("spec.unhealthyPodEvictionPolicy");
        sink.add(
            &field,
            policy.unwrap_or(spec),
            "pods that are not ready cannot be evicted",
        );
    }
}

fn rolling_update(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    if let Some(kind) = object.value.at(&["spec", "strategy", "type"])
        && kind.as_text() == Some("Recreate")
    {
        sink.add(
            &Path::ROOT.field("spec.strategy.type"),
            kind,
            "all pods are ended before new ones begin",
        );
    }
}

fn bounds(object: &Object<'_>) -> (i64, Option<i64>) {
    let of = |key: &str| object.value.at(&["spec", key]).and_then(Value::as_int);
    (of("minReplicas").unwrap_or(1), of("maxReplicas"))
}

fn autoscaler_minimum(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let (least, most) = bounds(object);
    // Where both are the same, that is told.
    if least < 2 && most != Some(least) {
        let spec = object.value.get("spec").unwrap_or(object.value);
        let at = spec.get("minReplicas").unwrap_or(spec);
        sink.add(
            &Path::ROOT.field("spec.minReplicas"),
            at,
            "it may leave one replica",
        );
    }
}

fn autoscaler_fixed(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let (least, most) = bounds(object);
    if most == Some(least) {
        let at = object
            .value
            .at(&["spec", "maxReplicas"])
            .unwrap_or(object.value);
        let message = format!("`minReplicas` and `maxReplicas` are {least}");
        sink.add(&Path::ROOT.field("spec.maxReplicas"), at, message);
    }
}

/// The resources whose use is measured against the request: the name, and where that is said.
fn measured<'v>(object: &Object<'v>) -> Vec<(&'v str, String, &'v Value<'v>)> {
    let Some(spec) = object.value.get("spec") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(percent) = spec.get("targetCPUUtilizationPercentage") {
        found.push((
            "cpu",
            "spec.targetCPUUtilizationPercentage".to_owned(),
            percent,
        ));
    }
    for (index, metric) in spec.list("metrics").iter().enumerate() {
        let resource = metric.get("resource");
        let is_ratio = |resource: &&Value<'_>| {
            resource.at(&["target", "type"]).and_then(Value::as_text) == Some("Utilization")
                || resource.has("targetAverageUtilization")
        };
        if let Some(resource) = resource.filter(is_ratio) {
            let name = resource.text("name");
            found.push((name, format!("spec.metrics[{index}].resource"), resource));
        }
    }
    found
}

fn autoscaler_without_requests(cluster: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let Some(target) = object.value.at(&["spec", "scaleTargetRef"]) else {
        return sink.unasked();
    };
    let scaled = cluster.named(target.text("kind"), object.namespace, target.text("name"));
    let Some(pod) = scaled.and_then(|scaled| scaled.pod.as_ref()) else {
        return sink.unasked();
    };
    for (resource, field, at) in measured(object) {
        let has = |value: &Value<'_>| {
            let kinds = ["requests", "limits"];
            kinds
                .iter()
                .any(|kind| value.at(&["resources", kind, resource]).is_some())
        };
        let mut main = pod.containers.iter().filter(|one| one.is_main());
        if let Some(container) = main.find(|one| !has(one.value) && !has(pod.spec)) {
            let message = format!(
                "it measures `{resource}` against what is requested, and the container `{}` requests none",
                container.name()
            );
            sink.add(&Path::ROOT.field(&field), at, message);
        }
    }
}

fn headless_service(cluster: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let Some(value) = object.value.at(&["spec", "serviceName"]) else {
        return sink.unasked();
    };
    let name = value.as_text().unwrap_or_default();
    let service = cluster.named("Service", object.namespace, name);
    let ip = |service: &Object<'_>| {
        let ip = service.value.at(&["spec", "clusterIP"]);
        ip.and_then(Value::as_text).map(str::to_owned)
    };
    if let Some(service) = service
        && ip(service).as_deref() != Some("None")
    {
        let message = format!("the Service `{name}` is not headless");
        sink.add(&Path::ROOT.field("spec.serviceName"), value, message);
    }
}

fn default_namespace(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    if object.namespace == "default" {
        let metadata = object.value.get("metadata").unwrap_or(object.value);
        let at = metadata.get("namespace").unwrap_or(metadata);
        sink.add(
            &Path::ROOT.field("metadata.namespace"),
            at,
            "it is in the namespace `default`",
        );
    }
}

fn recommended_labels(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let labels = object.labels();
    if !labels.is_some_and(|labels| labels.has("app.kubernetes.io/name")) {
        let at = labels.or_else(|| object.value.get("metadata"));
        let message = "the label `app.kubernetes.io/name` is not there";
        sink.add(
            &Path::ROOT.field("metadata.labels"),
            at.unwrap_or(object.value),
            message,
        );
    }
}

fn cron_deadline(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let spec = object.value.get("spec").unwrap_or(object.value);
    if !spec.has("startingDeadlineSeconds") {
        let field = Path::ROOT.field("spec.startingDeadlineSeconds");
        sink.add(&field, spec, "a missed run is made up for without an end");
    }
}

fn cron_overlap(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let spec = object.value.get("spec").unwrap_or(object.value);
    if matches!(spec.text("concurrencyPolicy"), "" | "Allow") {
        let at = spec.get("concurrencyPolicy").unwrap_or(spec);
        sink.add(
            &Path::ROOT.field("spec.concurrencyPolicy"),
            at,
            "runs may overlap",
        );
    }
}

fn job_ttl(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    let spec = object.value.get("spec").unwrap_or(object.value);
    if !spec.has("ttlSecondsAfterFinished") {
        let field = Path::ROOT.field("spec.ttlSecondsAfterFinished");
        sink.add(&field, spec, "it stays when it is done");
    }
}
