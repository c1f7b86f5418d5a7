//! The built-in name references: which fields of which kinds name an object of another kind.
//!
//! The targets are sorted as kustomize sorts them; the rows of one target have no order.

use std::borrow::Cow;

use kustom_yaml::Str;

use super::defaults::{KEEP, table};
use super::{FieldSpec, NameReference};

/// What is named, and the fields that name it.
pub(super) static NAME_REFERENCE: &[NameReference] = &[
    reference("storage.k8s.io", "v1", "StorageClass", STORAGE_CLASS),
    reference("", "v1", "ServiceAccount", SERVICE_ACCOUNT),
    reference("rbac.authorization.k8s.io", "", "Role", ROLE),
    reference("rbac.authorization.k8s.io", "", "ClusterRole", CLUSTER_ROLE),
    reference("", "v1", "ConfigMap", CONFIG_MAP),
    reference("", "v1", "Secret", SECRET),
    reference("", "v1", "Service", SERVICE),
    reference("scheduling.k8s.io", "v1", "PriorityClass", PRIORITY_CLASS),
    reference("", "v1", "PersistentVolume", PERSISTENT_VOLUME),
    reference("", "v1", "PersistentVolumeClaim", PERSISTENT_VOLUME_CLAIM),
    reference("", "", "Deployment", SCALED),
    reference("", "", "StatefulSet", SCALED),
    reference(
        "admissionregistration.k8s.io",
        "",
        "ValidatingAdmissionPolicy",
        ADMISSION_POLICY,
    ),
    // Kustomize's slip: no object has this group, so an IngressClass is never followed.
    reference("networking.k8s.io/v1", "v1", "IngressClass", INGRESS_CLASS),
    reference("", "", "ReplicaSet", SCALED),
    reference("", "", "ReplicationController", SCALED),
];

const fn reference(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    referrers: &'static [FieldSpec],
) -> NameReference {
    NameReference {
        group: Str::const_new(group),
        version: Str::const_new(version),
        kind: Str::const_new(kind),
        referrers: Cow::Borrowed(referrers),
    }
}

/// What an autoscaler scales.
const SCALED: &[FieldSpec] = table! {
    ["" "" "HorizontalPodAutoscaler": "spec/scaleTargetRef/"] KEEP ["name"]
};

/// Volumes and variables of pods; roles that allow an object by its name; annotations of the
/// nginx controller.
const CONFIG_MAP: &[FieldSpec] = table! {
    [
        "" "v1" "Pod": "spec/",
        "" "" "PodTemplate": "template/spec/",
        "" "" "Deployment": "spec/template/spec/",
        "" "" "ReplicaSet": "spec/template/spec/",
        "" "" "DaemonSet": "spec/template/spec/",
        "" "" "StatefulSet": "spec/template/spec/",
        "" "" "Job": "spec/template/spec/",
        "" "" "CronJob": "spec/jobTemplate/spec/template/spec/",
    ] KEEP [
        "volumes/configMap/name",
        "volumes/projected/sources/configMap/name",
        "containers/env/valueFrom/configMapKeyRef/name",
        "containers/envFrom/configMapRef/name",
        "initContainers/env/valueFrom/configMapKeyRef/name",
        "initContainers/envFrom/configMapRef/name",
    ]
    ["" "" "Node": "spec/configSource/"] KEEP ["configMap"]
    ["" "" "Role": "rules/", "" "" "ClusterRole": "rules/"] KEEP ["resourceNames"]
    ["" "" "Ingress": "metadata/annotations/"]
        KEEP ["nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"]
};

/// The same, and credentials: of registries, storage, certificates.
const SECRET: &[FieldSpec] = table! {
    [
        "" "v1" "Pod": "spec/",
        "" "" "PodTemplate": "template/spec/",
        "" "" "Deployment": "spec/template/spec/",
        "" "" "ReplicaSet": "spec/template/spec/",
        "" "" "DaemonSet": "spec/template/spec/",
        "" "" "StatefulSet": "spec/template/spec/",
        "" "" "Job": "spec/template/spec/",
        "" "" "CronJob": "spec/jobTemplate/spec/template/spec/",
    ] KEEP [
        "volumes/secret/secretName",
        "volumes/projected/sources/secret/name",
        "containers/env/valueFrom/secretKeyRef/name",
        "containers/envFrom/secretRef/name",
        "initContainers/env/valueFrom/secretKeyRef/name",
        "initContainers/envFrom/secretRef/name",
        "imagePullSecrets/name",
    ]
    // The first row stands twice in kustomize, too: a name that was renamed to another's old name
    // is followed twice.
    ["" "" "Ingress": "spec/"] KEEP ["tls/secretName", "tls/secretName"]
    ["" "" "Ingress": "metadata/annotations/"] KEEP [
        "ingress.kubernetes.io\\/auth-secret",
        "nginx.ingress.kubernetes.io\\/auth-secret",
        "nginx.ingress.kubernetes.io\\/auth-tls-secret",
    ]
    ["" "" "ServiceAccount": "imagePullSecrets/"] KEEP ["name"]
    ["" "" "StorageClass": "parameters/"]
        KEEP ["secretName", "adminSecretName", "userSecretName", "secretRef"]
    ["" "" "Role": "rules/", "" "" "ClusterRole": "rules/"] KEEP ["resourceNames"]
    ["serving.knative.dev" "v1" "Service": "spec/template/spec/"]
        KEEP ["containers/env/valueFrom/secretKeyRef/name"]
    ["" "" "PersistentVolume": "spec/azureFile/"] KEEP ["secretName"]
};

/// Addresses within the cluster.
const SERVICE: &[FieldSpec] = table! {
    ["apps" "" "StatefulSet": "spec/"] KEEP ["serviceName"]
    ["" "" "Ingress": "spec/"] KEEP [
        "rules/http/paths/backend/serviceName",
        "backend/serviceName",
        "rules/http/paths/backend/service/name",
        "defaultBackend/service/name",
    ]
    ["apiregistration.k8s.io" "" "APIService": "spec/"] KEEP ["service/name"]
    // The whole map, because the namespace changes with the name.
    [
        "admissionregistration.k8s.io" "" "ValidatingWebhookConfiguration": "webhooks/",
        "admissionregistration.k8s.io" "" "MutatingWebhookConfiguration": "webhooks/",
    ] KEEP ["clientConfig/service"]
};

/// What a binding grants.
const ROLE: &[FieldSpec] = table! {
    ["rbac.authorization.k8s.io" "" "RoleBinding": "roleRef/"] KEEP ["name"]
};

/// The same across the cluster.
const CLUSTER_ROLE: &[FieldSpec] = table! {
    [
        "rbac.authorization.k8s.io" "" "RoleBinding": "roleRef/",
        "rbac.authorization.k8s.io" "" "ClusterRoleBinding": "roleRef/",
    ] KEEP ["name"]
};

/// Who runs a pod, and to whom something is granted.
const SERVICE_ACCOUNT: &[FieldSpec] = table! {
    [
        "rbac.authorization.k8s.io" "" "RoleBinding": "",
        "rbac.authorization.k8s.io" "" "ClusterRoleBinding": "",
    ] KEEP ["subjects"]
    [
        "" "" "Pod": "spec/",
        "" "" "StatefulSet": "spec/template/spec/",
        "" "" "Deployment": "spec/template/spec/",
        "" "" "ReplicationController": "spec/template/spec/",
        "" "" "CronJob": "spec/jobTemplate/spec/template/spec/",
        "" "" "Job": "spec/template/spec/",
        "" "" "DaemonSet": "spec/template/spec/",
    ] KEEP ["serviceAccountName"]
};

/// Volumes of pods.
const PERSISTENT_VOLUME_CLAIM: &[FieldSpec] = table! {
    [
        "" "" "Pod": "spec/",
        "" "" "StatefulSet": "spec/template/spec/",
        "" "" "Deployment": "spec/template/spec/",
        "" "" "ReplicationController": "spec/template/spec/",
        "" "" "CronJob": "spec/jobTemplate/spec/template/spec/",
        "" "" "Job": "spec/template/spec/",
        "" "" "DaemonSet": "spec/template/spec/",
    ] KEEP ["volumes/persistentVolumeClaim/claimName"]
};

/// What a claim is bound to.
const PERSISTENT_VOLUME: &[FieldSpec] = table! {
    ["" "" "PersistentVolumeClaim": "spec/"] KEEP ["volumeName"]
    ["" "" "ClusterRole": "rules/"] KEEP ["resourceNames"]
};

/// Volumes, claims, and templates of claims.
const STORAGE_CLASS: &[FieldSpec] = table! {
    [
        "" "" "PersistentVolume": "spec/",
        "" "" "PersistentVolumeClaim": "spec/",
        "" "" "StatefulSet": "spec/volumeClaimTemplates/spec/",
    ] KEEP ["storageClassName"]
};

/// How important a pod is.
const PRIORITY_CLASS: &[FieldSpec] = table! {
    [
        "" "" "Pod": "spec/",
        "" "" "StatefulSet": "spec/template/spec/",
        "" "" "Deployment": "spec/template/spec/",
        "" "" "ReplicationController": "spec/template/spec/",
        "" "" "CronJob": "spec/jobTemplate/spec/template/spec/",
        "" "" "Job": "spec/template/spec/",
        "" "" "DaemonSet": "spec/template/spec/",
    ] KEEP ["priorityClassName"]
};

/// Which controller serves an Ingress.
const INGRESS_CLASS: &[FieldSpec] = table! {
    ["" "" "Ingress": "spec/"] KEEP ["ingressClassName"]
};

/// What a policy is bound to.
const ADMISSION_POLICY: &[FieldSpec] = table! {
    ["admissionregistration.k8s.io" "" "ValidatingAdmissionPolicyBinding": "spec/"]
        KEEP ["policyName"]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_as_many_referrers_as_in_kustomize() {
        let counts: Vec<(&str, usize)> = NAME_REFERENCE
            .iter()
            .map(|reference| (reference.kind.as_str(), reference.referrers.len()))
            .collect();
        assert_eq!(
            counts,
            [
                ("StorageClass", 3),
                ("ServiceAccount", 9),
                ("Role", 1),
                ("ClusterRole", 2),
                ("ConfigMap", 52),
                ("Secret", 70),
                ("Service", 8),
                ("PriorityClass", 7),
                ("PersistentVolume", 2),
                ("PersistentVolumeClaim", 7),
                ("Deployment", 1),
                ("StatefulSet", 1),
                ("ValidatingAdmissionPolicy", 1),
                ("IngressClass", 1),
                ("ReplicaSet", 1),
                ("ReplicationController", 1),
            ]
        );
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), 167);
    }

    #[test]
    fn the_group_of_the_ingress_class_is_one_that_no_object_has() {
        let reference = NAME_REFERENCE
            .iter()
            .find(|reference| reference.kind == "IngressClass")
            .unwrap();
        assert_eq!(reference.group, "networking.k8s.io/v1");
    }
}
