//! The conventional order of fields, as `kustomize cfg` writes them: names and types first.

use kustom_yaml::{Node, Value};

/// Fields with a place of their own, in order; all others follow, sorted.
///
/// The order is kustomize's; a name that comes twice has its last place.
const ORDER: &str = "\
    name generateName namespace clusterName apiVersion kind metadata type labels annotations spec status \
    stringData data binaryData \
    parallelism completions activeDeadlineSeconds backoffLimit replicas selector manualSelector template \
    ttlSecondsAfterFinished volumeClaimTemplates service serviceName podManagementPolicy updateStrategy \
    strategy minReadySeconds revision revisionHistoryLimit paused progressDeadlineSeconds \
    restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy serviceAccountName \
    serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace \
    hostname subdomain schedulerName priorityClassName priority runtimeClassName enableServiceLinks \
    nodeSelector hostAliases initContainers containers volumes securityContext imagePullSecrets affinity \
    tolerations dnsConfig readinessGates \
    image command args workingDir ports envFrom env resources volumeMounts volumeDevices livenessProbe \
    readinessProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy \
    securityContext stdin stdinOnce tty \
    clusterIP externalIPs loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy \
    sessionAffinity protocol port targetPort hostPort containerPort hostIP \
    readOnly mountPath subPath subPathExpr mountPropagation \
    value valueFrom fieldRef resourceFieldRef configMapKeyRef secretKeyRef prefix configMapRef secretRef";

/// Kinds whose lists of containers and operations are sorted.
const SORTED_KINDS: [&str; 7] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "ReplicaSet",
    "StatefulSet",
    "ValidatingWebhookConfiguration",
];

const SORTED_VERSIONS: [&str; 8] = [
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "batch/v1",
    "batch/v1beta1",
    "extensions/v1beta1",
    "v1",
    "admissionregistration.k8s.io/v1",
];

/// Where a field stands among others: by its place, or behind all that have one.
pub(super) fn rank(name: &str) -> usize {
    let known: Vec<&str> = ORDER.split_whitespace().collect();
    let place = known.iter().rposition(|word| *word == name);
    place.unwrap_or(known.len())
}

/// Puts the fields of an object into order; one without `kind` or `apiVersion` stays as it is, and
/// so does one with the annotation `config.kubernetes.io/formatting: none`.
pub fn format(node: &mut Node) {
    let text = |node: &Node, path: &[&str]| node.at(path).and_then(Node::text).map(str::to_owned);
    let strategy = text(
        node,
        &["metadata", "annotations", "config.kubernetes.io/formatting"],
    );
    let (kind, version) = (text(node, &["kind"]), text(node, &["apiVersion"]));
    if let (Some(kind), Some(version)) = (kind, version)
        && strategy.as_deref() != Some("none")
    {
        let sorts = SORTED_KINDS.contains(&&*kind) && SORTED_VERSIONS.contains(&&*version);
        order(node, "", sorts);
    }
}

fn order(node: &mut Node, path: &str, sorts: bool) {
    match &mut node.value {
        Value::Map(entries) => {
            let key = |text: Option<&str>| {
                let text = text.unwrap_or_default();
                (rank(text), text.to_owned())
            };
            entries.sort_by_cached_key(|entry| key(entry.key.text()));
            for entry in entries {
                let path = format!("{path}.{}", entry.key.text().unwrap_or_default());
                order(&mut entry.value, &path, sorts);
            }
        }
        Value::Seq(items) => {
            match path {
                ".spec.template.spec.containers" if sorts => {
                    let name =
                        |item: &Node| item.get("name").and_then(Node::text).map(str::to_owned);
                    items.sort_by_cached_key(name);
                }
                ".webhooks.rules.operations" if sorts => {
                    items.sort_by_cached_key(|item| item.text().map(str::to_owned));
                }
                _ => {}
            }
            for item in items {
                order(item, path, sorts);
            }
        }
        _ => {}
    }
}
