//! Finds references to objects that are neither rendered nor in every cluster.

use kustom_yaml::{Wildcards, matches_pattern};

use super::walk::{Reference, names_an_object};

/// The kind of the object that a reference names for certain.
pub(super) fn kind_of<'r>(reference: &Reference<'r>) -> Option<&'r str> {
    let by = reference.by.id();
    let kind = match reference.kind {
        _ if reference.is_host => None,
        Some(kind) => Some(kind).filter(|kind| CERTAIN.contains(kind) || is_scaled(reference)),
        None => kind_of_field(reference.keys, &by.gvk.kind),
    }?;
    // From outside of all namespaces, only a namespace beside the name says where it is.
    let is_found = !by.cluster_scoped || reference.namespace.is_some() || kind == "ClusterRole";
    let tells = reference.keys[1] != "involvedObject";
    (is_found && tells).then_some(kind)
}

/// The kind of the object that a reference names for certain, where it is one that a cluster brings
/// along, or a custom resource.
pub(super) fn kind_in_cluster<'r>(reference: &Reference<'r>) -> Option<&'r str> {
    let by = reference.by.id();
    let [first, above, own] = reference.keys;
    if reference.is_host {
        return None;
    }
    if let Some(kind) = reference.kind {
        let is_object = kind.starts_with(|c: char| c.is_ascii_uppercase())
            && !matches!(kind, "Group" | "User")
            && !ELSEWHERE.contains(&above);
        return is_object.then_some(kind);
    }
    let is_of = |group: &str| by.gvk.group == group;
    if !names_an_object(own) {
        return None;
    }
    Some(match (above, own) {
        ("annotations", "cluster-issuer") => "ClusterIssuer",
        ("annotations", "issuer") => "Issuer",
        (_, "priorityClassName") => "PriorityClass",
        (_, "runtimeClassName") => "RuntimeClass",
        (_, "storageClassName") if by.gvk.kind != "PersistentVolume" => "StorageClass",
        (_, "resourceClaimName") => "ResourceClaim",
        (_, "resourceClaimTemplateName") => "ResourceClaimTemplate",
        (_, "deviceClassName") => "DeviceClass",
        ("spec", "ingressClassName") if by.gvk.kind == "Ingress" => "IngressClass",
        ("spec", "gatewayClassName") if by.gvk.kind == "Gateway" => "GatewayClass",
        ("parentRefs", "name") if is_of("gateway.networking.k8s.io") => "Gateway",
        ("certificateRefs", "name") if is_of("gateway.networking.k8s.io") => "Secret",
        ("issuerRef", "name") => "Issuer",
        ("secretStoreRef", "name") => "SecretStore",
        ("spec", "volumeName") if by.gvk.kind == "PersistentVolumeClaim" => "PersistentVolume",
        ("spec", "volumeSnapshotClassName") => "VolumeSnapshotClass",
        ("source", "persistentVolumeClaimName") => "PersistentVolumeClaim",
        ("spec", "policyName") => match by.gvk.kind.as_str() {
            "ValidatingAdmissionPolicyBinding" => "ValidatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding" => "MutatingAdmissionPolicy",
            _ => return None,
        },
        ("priorityLevelConfiguration", "name") if first == "spec" => "PriorityLevelConfiguration",
        _ => return None,
    })
}

/// Keys above a kind and a name that select objects of other renders, or speak of what the cluster
/// makes.
const ELSEWHERE: &[&str] = &[
    "healthChecks",
    "ignoreDifferences",
    "involvedObject",
    "names",
    "ownerReferences",
    "resources",
    "target",
    "targets",
];

/// Whether a reference is one between parts that are deployed together: from an Ingress to its
/// Service, from an autoscaler to what it scales.
pub(super) fn belongs_together(reference: &Reference<'_>) -> bool {
    let routes = [
        "backend",
        "backendRefs",
        "defaultBackend",
        "service",
        "serviceName",
    ];
    // Generators of definitions put a service there that most of them never call.
    let is_scaffold = reference.by.id().gvk.kind == "CustomResourceDefinition";
    is_scaled(reference) || (!is_scaffold && reference.keys.iter().any(|key| routes.contains(key)))
}

/// Whether a reference says what is scaled.
fn is_scaled(reference: &Reference<'_>) -> bool {
    let [_, above, own] = reference.keys;
    own == "name" && matches!(above, "scaleTargetRef" | "targetRef")
}

fn kind_of_field([first, above, own]: [&str; 3], by: &str) -> Option<&'static str> {
    if !names_an_object(own) {
        return None;
    }
    let in_volume = matches!(first, "volumes" | "sources");
    Some(match (above, own) {
        ("configMapKeyRef" | "configMapRef", "name") => "ConfigMap",
        ("secretKeyRef" | "secretRef" | "imagePullSecrets", "name") => "Secret",
        ("configMap", "name") if in_volume => "ConfigMap",
        ("secret", "name" | "secretName") if in_volume => "Secret",
        ("persistentVolumeClaim", "claimName") => "PersistentVolumeClaim",
        ("tls", "secretName") if by == "Ingress" => "Secret",
        ("service", "name") if matches!(first, "backend" | "defaultBackend") => "Service",
        ("service", "name") if CALLS.contains(&by) => "Service",
        ("backend", "serviceName") if by == "Ingress" => "Service",
        ("spec", "serviceName") if by == "StatefulSet" => "Service",
        ("backendRefs", "name") => "Service",
        ("scaleTargetRef", "name") => "Deployment",
        (_, "serviceAccountName") => "ServiceAccount",
        _ => return None,
    })
}

/// The kinds that an application brings along itself.
const CERTAIN: &[&str] = &[
    "ClusterRole",
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "PersistentVolumeClaim",
    "Role",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

/// The kinds by which the API server calls a service.
const CALLS: &[&str] = &[
    "APIService",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Whether every cluster has it, or one in which a common program runs.
pub(super) fn is_well_known(kind: &str, name: &str) -> bool {
    WELL_KNOWN
        .iter()
        .any(|(of, pattern)| *of == kind && matches_pattern(pattern, name, Wildcards::Star))
}

const WELL_KNOWN: &[(&str, &str)] = &[
    ("ClusterRole", "admin"),
    ("ClusterRole", "cluster-admin"),
    ("ClusterRole", "edit"),
    ("ClusterRole", "system:*"),
    ("ClusterRole", "view"),
    // The root certificates that controllers put into every namespace.
    ("ConfigMap", "istio-ca-root-cert"),
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "linkerd-identity-trust-roots"),
    ("ConfigMap", "openshift-service-ca.crt"),
    // What kubeadm and the cloud providers leave in `kube-system` and `kube-public`.
    ("ConfigMap", "aws-auth"),
    ("ConfigMap", "cluster-info"),
    ("ConfigMap", "coredns"),
    ("ConfigMap", "extension-apiserver-authentication"),
    ("ConfigMap", "kube-proxy"),
    ("ConfigMap", "kubeadm-config"),
    ("Deployment", "coredns"),
    ("PriorityClass", "system-cluster-critical"),
    ("PriorityClass", "system-node-critical"),
    ("PriorityLevelConfiguration", "catch-all"),
    ("PriorityLevelConfiguration", "exempt"),
    ("PriorityLevelConfiguration", "global-default"),
    ("PriorityLevelConfiguration", "leader-election"),
    ("PriorityLevelConfiguration", "node-high"),
    ("PriorityLevelConfiguration", "system"),
    ("PriorityLevelConfiguration", "workload-high"),
    ("PriorityLevelConfiguration", "workload-low"),
    ("Role", "extension-apiserver-authentication-reader"),
    ("Role", "system:*"),
    ("Service", "kube-dns"),
    ("Service", "kubernetes"),
    ("ServiceAccount", "builder"),
    ("ServiceAccount", "default"),
    ("ServiceAccount", "deployer"),
    ("ServiceAccount", "pipeline"),
];

/// The name before the hash that kustomize adds to a generated one, if it ends like that.
pub(super) fn without_hash(name: &str) -> Option<&str> {
    let (stem, hash) = name.rsplit_once('-')?;
    let is_digit = |byte: u8| b"2456789bcdfghkmt".contains(&byte);
    (hash.len() == 10 && hash.bytes().all(is_digit)).then_some(stem)
}

/// The kinds that are easily taken for one another.
pub(super) fn kinds_beside(kind: &str) -> &'static [&'static str] {
    const FAMILIES: [&[&str]; 2] = [
        &[
            "DaemonSet",
            "Deployment",
            "ReplicaSet",
            "Rollout",
            "StatefulSet",
        ],
        &["ClusterRole", "Role"],
    ];
    let family = FAMILIES.into_iter().find(|family| family.contains(&kind));
    family.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_ten_letters_of_its_alphabet() {
        assert_eq!(without_hash("app-env-b9t2424hkf"), Some("app-env"));
        for name in ["app", "app-b9t2424hk", "app-abcdefghij", "b9t2424hkf"] {
            assert_eq!(without_hash(name), None, "{name}");
        }
    }
}
