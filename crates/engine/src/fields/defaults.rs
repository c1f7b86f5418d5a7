//! The built-in field specifications, except name references.
//!
//! They are kustomize's, in its order: rows of one type are adjacent, and among the types the order
//! is that of `super::merge`.

use kustom_yaml::Str;

use super::FieldSpec;

/// Makes the field where it is missing.
pub(super) const CREATE: bool = true;
/// Leaves objects alone that do not have the field.
pub(super) const KEEP: bool = false;

/// One row of a built-in table.
pub(super) const fn row(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
    create: bool,
) -> FieldSpec {
    FieldSpec {
        group: Str::const_new(group),
        version: Str::const_new(version),
        kind: Str::const_new(kind),
        path: Str::const_new(path),
        create,
        core_only: false,
        required: 0,
    }
}

/// A table of blocks: types as `group version kind: start`, what happens where the field is
/// missing, and ends of paths. Every type of a block gets a row for every end, and for the whole
/// paths that are its own (`+ [path]`).
macro_rules! table {
    (@rows $({ $group:literal $version:literal $kind:literal $start:literal [$($own:literal)*]
               $create:ident [$($end:literal),+ $(,)?] })+) => {
        &[$(
            $($crate::fields::defaults::row(
                $group, $version, $kind, concat!($start, $end), $create,
            ),)+
            $($crate::fields::defaults::row($group, $version, $kind, $own, $create),)*
        )+]
    };
    ($([$($group:literal $version:literal $kind:literal : $start:literal
          $(+ [$($own:literal),+ $(,)?])?),+ $(,)?]
       $create:ident $ends:tt)+) => {
        $crate::fields::defaults::table!(
            @rows $($({ $group $version $kind $start [$($($own)+)?] $create $ends })+)+
        )
    };
}
pub(super) use table;

/// Every object has a name.
pub(super) static NAME: &[FieldSpec] = &[row("", "", "", "metadata/name", KEEP)];

/// The namespace itself, and services that are named by objects without a namespace.
pub(super) static NAMESPACE: &[FieldSpec] = table! {
    ["" "" "Namespace": "metadata/"] CREATE ["name"]
    ["apiextensions.k8s.io" "" "CustomResourceDefinition": "spec/conversion/webhook/"]
        KEEP ["clientConfig/service/namespace"]
    ["apiregistration.k8s.io" "" "APIService": "spec/service/"] CREATE ["namespace"]
};

/// The number that `replicas` sets.
pub(super) static REPLICAS: &[FieldSpec] = table! {
    [
        "" "" "Deployment": "spec/",
        "" "" "StatefulSet": "spec/",
        "" "" "ReplicaSet": "spec/",
        "" "" "ReplicationController": "spec/",
    ] CREATE ["replicas"]
};

/// Images of pods and of whatever has a pod template, custom kinds too.
pub(super) static IMAGES: &[FieldSpec] = table! {
    ["" "" "": "spec/", "" "" "": "spec/template/spec/"] CREATE [
        "containers[]/image",
        "initContainers[]/image",
        "volumes[]/image/reference",
    ]
    ["" "" "": "spec/jobTemplate/spec/template/spec/"] CREATE ["volumes[]/image/reference"]
};

/// The same before [`crate::release::Change::CronJobImageVolumes`]: all but the last row.
pub(super) static IMAGES_WITHOUT_CRON_JOBS: &[FieldSpec] = match IMAGES {
    [rows @ .., _] => rows,
    [] => &[],
};

/// The same before [`crate::release::Change::ImageVolumes`].
pub(super) static IMAGES_OF_CONTAINERS: &[FieldSpec] = table! {
    ["" "" "": "spec/", "" "" "": "spec/template/spec/"] CREATE [
        "containers[]/image",
        "initContainers[]/image",
    ]
};

/// An object's own labels: what an entry of `labels` is written to unless it asks for more.
pub(super) static LABELS: &[FieldSpec] = &[row("", "", "", "metadata/labels", CREATE)];

/// Labels of the claims that a StatefulSet makes of its templates.
pub(super) static VOLUME_CLAIM_TEMPLATE_LABELS: &[FieldSpec] = table! {
    ["apps" "" "StatefulSet": "spec/volumeClaimTemplates[]/metadata/"] CREATE ["labels"]
};

/// Labels of objects and of their pod templates before
/// [`crate::release::Change::ClaimTemplateLabels`]: those of claims too.
pub(super) static TEMPLATE_AND_CLAIM_LABELS: &[FieldSpec] = table! {
    ["" "" "Deployment": "spec/template/metadata/"] CREATE ["labels"]
    ["apps" "" "StatefulSet": "spec/"]
        CREATE ["template/metadata/labels", "volumeClaimTemplates[]/metadata/labels"]
    ["batch" "" "CronJob": "spec/jobTemplate/"]
        CREATE ["metadata/labels", "spec/template/metadata/labels"]
    [
        "batch" "" "Job": "spec/template/metadata/",
        "" "v1" "ReplicationController": "spec/template/metadata/",
        "" "" "DaemonSet": "spec/template/metadata/",
        "" "" "ReplicaSet": "spec/template/metadata/",
    ] CREATE ["labels"]
    ["" "" "": "metadata/"] CREATE ["labels"]
};

/// Labels of objects and of their pod templates.
pub(super) static TEMPLATE_LABELS: &[FieldSpec] = table! {
    [
        "" "" "Deployment": "spec/template/metadata/",
        "apps" "" "StatefulSet": "spec/template/metadata/",
    ] CREATE ["labels"]
    ["batch" "" "CronJob": "spec/jobTemplate/"]
        CREATE ["metadata/labels", "spec/template/metadata/labels"]
    [
        "batch" "" "Job": "spec/template/metadata/",
        "" "v1" "ReplicationController": "spec/template/metadata/",
        "" "" "DaemonSet": "spec/template/metadata/",
        "" "" "ReplicaSet": "spec/template/metadata/",
    ] CREATE ["labels"]
    ["" "" "": "metadata/"] CREATE ["labels"]
};

/// The same, and the selectors that must find what is labelled.
pub(super) static COMMON_LABELS: &[FieldSpec] = table! {
    ["" "v1" "Service": "spec/"] CREATE ["selector"]
    // Pods that keep near to or away from each other.
    ["apps" "" "Deployment": "spec/template/spec/"] KEEP [
        "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        "topologySpreadConstraints/labelSelector/matchLabels",
    ]
    ["" "" "Deployment": "spec/"] CREATE ["template/metadata/labels", "selector/matchLabels"]
    ["apps" "" "StatefulSet": "spec/template/spec/"] KEEP [
        "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        "topologySpreadConstraints/labelSelector/matchLabels",
    ]
    ["apps" "" "StatefulSet": "spec/"] CREATE [
        "selector/matchLabels",
        "template/metadata/labels",
        "volumeClaimTemplates[]/metadata/labels",
    ]
    ["batch" "" "CronJob": "spec/jobTemplate/"]
        CREATE ["metadata/labels", "spec/template/metadata/labels"]
    // Who runs a job makes its selector; one that is written by hand must fit.
    ["batch" "" "CronJob": "spec/jobTemplate/spec/"] KEEP ["selector/matchLabels"]
    ["policy" "" "PodDisruptionBudget": "spec/"] KEEP ["selector/matchLabels"]
    ["batch" "" "Job": "spec/"] KEEP ["selector/matchLabels"]
    ["batch" "" "Job": "spec/"] CREATE ["template/metadata/labels"]
    // An absent selector of a policy means all pods.
    ["networking.k8s.io" "" "NetworkPolicy": "spec/"] KEEP [
        "podSelector/matchLabels",
        "ingress/from/podSelector/matchLabels",
        "egress/to/podSelector/matchLabels",
    ]
    ["" "v1" "ReplicationController": "spec/"] CREATE ["template/metadata/labels", "selector"]
    ["" "" "DaemonSet": "spec/", "" "" "ReplicaSet": "spec/"]
        CREATE ["template/metadata/labels", "selector/matchLabels"]
    ["" "" "": "metadata/"] CREATE ["labels"]
};

/// Annotations of objects and of the templates of other objects.
pub(super) static COMMON_ANNOTATIONS: &[FieldSpec] = table! {
    [
        "" "" "Deployment": "spec/template/metadata/",
        "" "" "StatefulSet": "spec/template/metadata/",
    ] CREATE ["annotations"]
    ["batch" "" "CronJob": "spec/jobTemplate/"]
        CREATE ["metadata/annotations", "spec/template/metadata/annotations"]
    [
        "batch" "" "Job": "spec/template/metadata/",
        "" "v1" "ReplicationController": "spec/template/metadata/",
        "" "" "DaemonSet": "spec/template/metadata/",
        "" "" "ReplicaSet": "spec/template/metadata/",
    ] CREATE ["annotations"]
    ["" "" "": "metadata/"] CREATE ["annotations"]
};

/// Where variables are known to be of use: what containers run with, and addresses.
pub(super) static VAR_REFERENCE: &[FieldSpec] = table! {
    ["" "" "Service": "spec/ports/"] KEEP ["port", "targetPort"]
    ["" "" "PersistentVolume": "spec/"] KEEP ["nfs/server"]
    [
        "" "" "Deployment": "spec/template/spec/"
            + ["spec/template/spec/volumes/nfs/server", "spec/template/metadata/annotations"],
        "" "" "StatefulSet": "spec/template/spec/" + ["spec/volumeClaimTemplates/spec/nfs/server"],
        // Kustomize's path: it lacks the `spec` of the pod.
        "" "" "CronJob": "spec/jobTemplate/spec/template/spec/"
            + ["spec/jobTemplate/spec/template/volumes/nfs/server"],
        "" "" "DaemonSet": "spec/template/spec/" + ["spec/template/spec/volumes/nfs/server"],
    ] KEEP [
        "containers/args",
        "containers/command",
        "containers/env/value",
        "containers/volumeMounts/mountPath",
        "initContainers/args",
        "initContainers/command",
        "initContainers/env/value",
        "initContainers/volumeMounts/mountPath",
    ]
    ["" "" "Ingress": "spec/"] KEEP ["rules/host", "tls/hosts", "tls/secretName"]
    [
        "" "" "Job": "spec/template/spec/",
        "" "" "Pod": "spec/",
        "" "" "ReplicaSet": "spec/template/spec/",
    ] KEEP [
        "containers/args",
        "containers/command",
        "containers/env/value",
        "containers/volumeMounts/mountPath",
        "initContainers/args",
        "initContainers/command",
        "initContainers/env/value",
        "initContainers/volumeMounts/mountPath",
        "volumes/nfs/server",
    ]
    ["" "" "": "metadata/"] KEEP ["labels", "annotations"]
};
