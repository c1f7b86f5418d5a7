//! What the server writes into an object before its policies are asked, as far as expressions ask for it.
//!
//! Source: the defaults of the API reference, <https://kubernetes.io/docs/reference/kubernetes-api/>.

use std::borrow::Cow;

use kustom_validate::{Data, Entry, Value};

fn add(value: &mut Value<'_>, key: &'static str, data: Data<'static>) {
    let origin = value.origin;
    if let Data::Map(entries) = &mut value.data
        && !entries
            .iter()
            .any(|entry| entry.key == key && !entry.value.is_null())
    {
        entries.push(Entry {
            key: Cow::Borrowed(key),
            origin,
            value: Value { data, origin },
        });
    }
}

fn at<'m, 'a>(value: &'m mut Value<'a>, key: &str) -> Option<&'m mut Value<'a>> {
    match &mut value.data {
        Data::Map(entries) => entries
            .iter_mut()
            .find(|entry| entry.key == key)
            .map(|entry| &mut entry.value),
        _ => None,
    }
}

fn each<'m, 'a>(value: &'m mut Value<'a>, key: &str) -> impl Iterator<Item = &'m mut Value<'a>> {
    let items = match at(value, key).map(|list| &mut list.data) {
        Some(Data::List(items)) => items.as_mut_slice(),
        _ => &mut [],
    };
    items.iter_mut()
}

const fn text(text: &'static str) -> Data<'static> {
    Data::Text(Cow::Borrowed(text))
}

/// An object with the defaults that the server writes into it.
pub(crate) fn defaulted<'a>(object: &Value<'a>) -> Value<'a> {
    let mut made = object.clone();
    let kind = object.text("kind").to_owned();
    if let Some(spec) = at(&mut made, "spec") {
        match kind.as_str() {
            "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
                add(spec, "replicas", Data::Int(1));
            }
            "Service" => {
                add(spec, "type", text("ClusterIP"));
                add(spec, "sessionAffinity", text("None"));
                for port in each(spec, "ports") {
                    add(port, "protocol", text("TCP"));
                }
            }
            "CronJob" => {
                add(spec, "concurrencyPolicy", text("Allow"));
                add(spec, "suspend", Data::Bool(false));
            }
            "Job" => {
                add(spec, "parallelism", Data::Int(1));
                add(spec, "backoffLimit", Data::Int(6));
            }
            _ => {}
        }
        if kind == "Deployment" {
            let rolling = vec![];
            add(spec, "strategy", Data::Map(rolling));
            if let Some(strategy) = at(spec, "strategy") {
                add(strategy, "type", text("RollingUpdate"));
            }
        }
    }
    let way: &[&str] = match kind.as_str() {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => &["spec", "template", "spec"],
        _ => return made,
    };
    let mut spec = Some(&mut made);
    for key in way {
        spec = spec.and_then(|value| at(value, key));
    }
    if let Some(spec) = spec {
        pod(spec);
    }
    made
}

fn pod(spec: &mut Value<'_>) {
    add(spec, "restartPolicy", text("Always"));
    add(spec, "dnsPolicy", text("ClusterFirst"));
    add(spec, "schedulerName", text("default-scheduler"));
    add(spec, "terminationGracePeriodSeconds", Data::Int(30));
    add(spec, "securityContext", Data::Map(Vec::new()));
    for list in ["initContainers", "containers"] {
        for container in each(spec, list) {
            let image = container.text("image").to_owned();
            let name = image.rsplit('/').next().unwrap_or_default();
            let is_latest =
                !name.contains('@') && (!name.contains(':') || name.ends_with(":latest"));
            let policy = if is_latest { "Always" } else { "IfNotPresent" };
            add(container, "imagePullPolicy", text(policy));
            add(container, "resources", Data::Map(Vec::new()));
            add(
                container,
                "terminationMessagePath",
                text("/dev/termination-log"),
            );
            add(container, "terminationMessagePolicy", text("File"));
            for port in each(container, "ports") {
                add(port, "protocol", text("TCP"));
            }
        }
    }
}
