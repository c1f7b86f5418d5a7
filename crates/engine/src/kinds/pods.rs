//! What is known of the parts of a pod, wherever a custom kind holds one.
//!
//! Source: the rows for pods in kustomize's tables, and
//! <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>.

use kustom_yaml::Str;

use super::{Form, Reference, Role, Target};

/// Where a container names objects: the path, and the kind.
const IN_CONTAINER: &[(&str, &str)] = &[
    ("env/valueFrom/configMapKeyRef/name", "ConfigMap"),
    ("env/valueFrom/secretKeyRef/name", "Secret"),
    ("envFrom/configMapRef/name", "ConfigMap"),
    ("envFrom/secretRef/name", "Secret"),
];

/// The lists of containers of a pod.
const LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// Where a pod names objects besides: the path, the group and the kind.
const IN_POD: &[(&str, &str, &str)] = &[
    ("imagePullSecrets/name", "", "Secret"),
    ("priorityClassName", "scheduling.k8s.io", "PriorityClass"),
    ("serviceAccountName", "", "ServiceAccount"),
    ("serviceAccount", "", "ServiceAccount"),
];

/// Where a volume names objects: the path, and the kind.
const IN_VOLUME: &[(&str, &str)] = &[
    ("configMap/name", "ConfigMap"),
    ("persistentVolumeClaim/claimName", "PersistentVolumeClaim"),
    ("projected/sources/configMap/name", "ConfigMap"),
    ("projected/sources/secret/name", "Secret"),
    ("secret/secretName", "Secret"),
];

/// Adds the references of a part of a pod at a path; other fields have none.
pub(super) fn references(role: &Role, path: &[Str], into: &mut Vec<Reference>) {
    let mut add = |start: &[&str], end: &str, group: &str, kind: &str| {
        let start = start.iter().copied();
        let parts = start.chain(end.split('/')).map(Str::from);
        into.push(Reference {
            path: path.iter().cloned().chain(parts).collect(),
            target: Target {
                group: group.into(),
                kind: kind.into(),
                form: Form::Name,
            },
        });
    };
    let mut pod = |start: &[&str]| {
        for (end, group, kind) in IN_POD {
            add(start, end, group, kind);
        }
        let below = |list| start.iter().copied().chain([list]).collect::<Vec<&str>>();
        for list in LISTS {
            for (end, kind) in IN_CONTAINER {
                add(&below(*list), end, "", kind);
            }
        }
        for (end, kind) in IN_VOLUME {
            add(&below("volumes"), end, "", kind);
        }
    };
    match role {
        Role::PodTemplate => pod(&["spec"]),
        Role::PodSpec => pod(&[]),
        Role::Containers | Role::Container => {
            for (end, kind) in IN_CONTAINER {
                add(&[], end, "", kind);
            }
        }
        Role::Volumes => {
            for (end, kind) in IN_VOLUME {
                add(&[], end, "", kind);
            }
        }
        _ => {}
    }
}

/// The ends of the paths below a part of a pod that hold images; lists called `containers` or
/// `initContainers` are looked through anyway.
pub(super) fn images(role: &Role) -> &'static [&'static str] {
    match role {
        Role::PodTemplate => &["/spec/volumes/image/reference"],
        Role::PodSpec => &["/volumes/image/reference"],
        Role::Containers | Role::Container => &["/image"],
        Role::Volumes => &["/image/reference"],
        _ => &[],
    }
}
