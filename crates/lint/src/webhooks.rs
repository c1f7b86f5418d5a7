//! Rules about admission webhooks.
//!
//! Source: <https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/>.

use kustom_validate::{Path, Value};

use crate::cluster::{Cluster, Object};
use crate::selector::{selects, selects_by};
use crate::{ObjectCheck, Sink};

const VALIDATING: &[&str] = &["ValidatingWebhookConfiguration"];
const WEBHOOKS: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Rules and their checks.
pub(crate) const CHECKS: &[(&str, &[&str], ObjectCheck)] = &[
    ("webhook-fails-open", VALIDATING, fails_open),
    ("webhook-own-namespace", WEBHOOKS, own_namespace),
    ("webhook-everything", WEBHOOKS, everything),
    ("webhook-timeout", WEBHOOKS, timeout),
];

/// The webhooks of a configuration, with their paths.
fn webhooks<'v>(object: &Object<'v>) -> impl Iterator<Item = (String, &'v Value<'v>)> {
    let webhooks = object.value.list("webhooks").iter().enumerate();
    webhooks.map(|(index, webhook)| (format!("webhooks[{index}]"), webhook))
}

fn fails_open(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    for (path, webhook) in webhooks(object) {
        if let Some(policy) = webhook.get("failurePolicy")
            && policy.as_text() == Some("Ignore")
        {
            let name = webhook.text("name");
            let message =
                format!("the webhook `{name}` lets everything pass while it does not answer");
            sink.add(
                &Path::ROOT.field(&path).field("failurePolicy"),
                policy,
                message,
            );
        }
    }
}

fn has(rule: &Value<'_>, key: &str, words: &[&str]) -> bool {
    let mut texts = rule.list(key).iter().filter_map(Value::as_text);
    texts.any(|it| words.contains(&it))
}

/// Whether a webhook is asked when a pod, or what makes pods, is made.
fn is_about_pods(webhook: &Value<'_>) -> bool {
    webhook.list("rules").iter().any(|rule| {
        let makes = has(rule, "operations", &["CREATE", "*"]);
        let core = has(rule, "apiGroups", &["", "*"])
            && has(rule, "resources", &["pods", "*", "*/*", "pods/*"]);
        let apps = has(rule, "apiGroups", &["apps", "*"])
            && has(
                rule,
                "resources",
                &["deployments", "replicasets", "*", "*/*"],
            );
        makes && (core || apps) && rule.text("scope") != "Cluster"
    })
}

fn own_namespace(cluster: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    for (path, webhook) in webhooks(object) {
        let service = webhook.at(&["clientConfig", "service"]);
        let Some(service) = service.filter(|_| webhook.text("failurePolicy") != "Ignore") else {
            continue;
        };
        let namespace = service.text("namespace");
        let known = cluster
            .of_kind("Namespace")
            .find(|one| one.name == namespace);
        let labels = known.and_then(Object::labels);
        let label = |key: &str| {
            let own = labels
                .and_then(|labels| labels.get(key))
                .and_then(Value::as_text);
            // The server gives every namespace its name as a label.
            own.or((key == "kubernetes.io/metadata.name").then_some(namespace))
        };
        let selector = webhook.get("namespaceSelector");
        // What labels a namespace has that is not here is not known.
        let is_known = known.is_some() || selector.is_none_or(Value::is_zero) || {
            let names_only = |term: &Value<'_>| term.text("key") == "kubernetes.io/metadata.name";
            let terms = selector.map_or(&[][..], |it| it.list("matchExpressions"));
            let map = selector.and_then(|it| it.get("matchLabels"));
            terms.iter().all(names_only)
                && map
                    .map_or(&[][..], Value::entries)
                    .iter()
                    .all(|it| it.key == "kubernetes.io/metadata.name")
        };
        let meets = selector.is_none_or(|selector| selects_by(selector, label));
        let pods = cluster
            .objects
            .iter()
            .filter(|one| one.namespace == namespace && one.pod.is_some());
        let objects = webhook.get("objectSelector").filter(|it| !it.is_zero());
        let meets_object = objects.is_none_or(|selector| {
            pods.into_iter().any(|one| {
                let pod = one.pod.as_ref().and_then(|pod| pod.metadata);
                selects(selector, pod.and_then(|metadata| metadata.get("labels")))
            })
        });
        let has_conditions = !webhook.list("matchConditions").is_empty();
        if is_known && meets && meets_object && !has_conditions && is_about_pods(webhook) {
            let message = format!(
                "the webhook `{}` is asked about the pods of its own namespace `{namespace}`",
                webhook.text("name")
            );
            let at = selector.unwrap_or(webhook);
            sink.add(
                &Path::ROOT.field(&path).field("namespaceSelector"),
                at,
                message,
            );
        }
    }
}

fn everything(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    for (path, webhook) in webhooks(object) {
        for (index, rule) in webhook.list("rules").iter().enumerate() {
            if has(rule, "apiGroups", &["*"]) && has(rule, "resources", &["*", "*/*"]) {
                let here = Path::ROOT.field(&path);
                let here = here.field("rules");
                let message = format!(
                    "the webhook `{}` is asked about everything",
                    webhook.text("name")
                );
                sink.add(&here.index(index), rule, message);
            }
        }
    }
}

fn timeout(_: &Cluster<'_>, object: &Object<'_>, sink: &mut Sink<'_>) {
    for (path, webhook) in webhooks(object) {
        if let Some(seconds) = webhook.get("timeoutSeconds")
            && seconds.as_int().is_some_and(|seconds| seconds > 10)
        {
            let message = format!(
                "the webhook `{}` may take {} seconds",
                webhook.text("name"),
                seconds.as_int().unwrap_or_default()
            );
            sink.add(
                &Path::ROOT.field(&path).field("timeoutSeconds"),
                seconds,
                message,
            );
        }
    }
}
