//! Names and amounts of resources: of containers, claims, limits and quotas.

use super::Cx;
use crate::names::{Verdict, label_key};
use crate::path::Path;
use crate::quantity::Quantity;
use crate::value::Value;

/// Resources that containers ask for by a plain name.
const CONTAINER: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// Names without a domain that the API knows.
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "storage",
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

/// Names that a quota may have without a domain.
const QUOTA: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// Resources of a quota that are counted.
const COUNTED: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// Pages of memory that are larger than usual, by size.
pub(super) fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether more of a resource may be promised than there is.
pub(super) fn may_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

/// Whether a resource is in a domain other than Kubernetes'.
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && label_key(&format!("requests.{name}")).is_ok()
}

/// Whether a resource is counted in whole numbers.
pub(super) fn is_whole(name: &str) -> bool {
    COUNTED.contains(&name) || is_extended(name) || name.starts_with("count/")
}

/// A name of a resource that a container may ask for.
pub(super) fn container_name(name: &str) -> Verdict {
    label_key(name)?;
    if CONTAINER.contains(&name) || is_huge_pages(name) || name.contains('/') {
        return Ok(());
    }
    Err("is no resource of a container: it needs a domain, such as `example.org/gpu`".to_owned())
}

/// A name that a LimitRange of a type may limit.
pub(super) fn limit_name(kind: &str, name: &str) -> Verdict {
    label_key(name)?;
    if name.contains('/') {
        return Ok(());
    }
    let known = match kind {
        "Pod" | "Container" => CONTAINER.contains(&name) || is_huge_pages(name),
        "PersistentVolumeClaim" => STANDARD.contains(&name) || is_huge_pages(name),
        _ => STANDARD.contains(&name) || is_huge_pages(name),
    };
    if known {
        Ok(())
    } else {
        Err("is no resource that can be limited, and has no domain".to_owned())
    }
}

/// A name that a quota may count.
pub(super) fn quota_name(name: &str) -> Verdict {
    label_key(name)?;
    let huge = is_huge_pages(name) || name.starts_with("requests.hugepages-");
    if name.contains('/') || QUOTA.contains(&name) || huge {
        Ok(())
    } else {
        Err("is no resource that a quota knows, and has no domain".to_owned())
    }
}

/// Whether a scope applies to a resource of a quota. Names that are not the API's own are
/// accepted.
pub(super) fn scope_applies(scope: &str, name: &str) -> bool {
    if !QUOTA.contains(&name) {
        return true;
    }
    match scope {
        "BestEffort" => name == "pods",
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => {
            matches!(
                name,
                "pods"
                    | "cpu"
                    | "memory"
                    | "requests.cpu"
                    | "requests.memory"
                    | "limits.cpu"
                    | "limits.memory"
            )
        }
        "VolumeAttributesClass" => {
            matches!(name, "persistentvolumeclaims" | "requests.storage")
        }
        _ => true,
    }
}

/// A quantity that is not less than another.
pub(super) fn quantity_at_least(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, least: &str) {
    let (Some(found), Some(bound)) = (Quantity::of(value), Quantity::parse(least)) else {
        return;
    };
    if found < bound {
        cx.findings
            .invalid(path, value, format!("the quantity is less than {least}"));
    }
}

/// Amounts of resources that a container may have.
pub(super) fn amounts(cx: &mut Cx<'_>, path: &Path<'_>, list: &Value<'_>) {
    for entry in list.entries() {
        let here = path.key(&entry.key);
        if let Err(message) = container_name(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &here,
                entry.origin,
                format!("`{}` {message}", entry.key),
            );
        }
        quantity_at_least(cx, &here, &entry.value, "0");
        if is_extended(&entry.key)
            && Quantity::of(&entry.value).is_some_and(|found| !found.is_whole())
        {
            cx.findings
                .invalid(&here, &entry.value, "the number must be whole");
        }
    }
}

/// What a pod as a whole may ask for.
const POD: &[&str] = &["cpu", "memory", "hugepages-"];

/// Requests and limits of a pod as a whole.
pub(super) fn of_pod(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    requirements(cx, path, value);
    for field in ["limits", "requests"] {
        let list = path.field(field);
        for entry in value.get(field).map_or(&[][..], Value::entries) {
            if !matches!(&*entry.key, "cpu" | "memory") && !is_huge_pages(&entry.key) {
                cx.findings.add(
                    "unsupported-value",
                    &list.key(&entry.key),
                    entry.origin,
                    format!("`{}` is none of {}", entry.key, super::words(POD)),
                );
            }
        }
    }
    if let Some(found) = value.get("claims").filter(|found| !found.is_zero()) {
        cx.findings.forbidden(
            &path.field("claims"),
            found,
            "claims are those of a container",
        );
    }
}

/// Requests and limits of a container or a pod.
pub(super) fn requirements(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (limits, requests) = (value.get("limits"), value.get("requests"));
    let amount = |list: Option<&Value<'_>>, key: &str| {
        list.and_then(|list| list.get(key)).and_then(Quantity::of)
    };
    let mut huge = false;
    let mut usual = false;
    for (field, list) in [("limits", limits), ("requests", requests)] {
        let Some(list) = list else { continue };
        amounts(cx, &path.field(field), list);
        for entry in list.entries() {
            huge |= is_huge_pages(&entry.key);
            usual |= matches!(&*entry.key, "cpu" | "memory");
            if field == "requests"
                && let (Some(request), Some(limit)) =
                    (Quantity::of(&entry.value), amount(limits, &entry.key))
            {
                if may_overcommit(&entry.key) && request > limit {
                    cx.findings.invalid(
                        &path.field("requests"),
                        &entry.value,
                        format!("more `{}` is requested than the limit allows", entry.key),
                    );
                } else if !may_overcommit(&entry.key) && request != limit {
                    cx.findings.invalid(
                        &path.field("requests"),
                        &entry.value,
                        format!("the request of `{}` must equal its limit", entry.key),
                    );
                }
            }
            if field == "requests"
                && !may_overcommit(&entry.key)
                && amount(limits, &entry.key).is_none()
            {
                cx.findings.required(
                    &path.field("limits"),
                    &entry.value,
                    &format!("`{}` is requested and needs a limit", entry.key),
                );
            }
        }
    }
    if huge && !usual {
        cx.findings.forbidden(
            path,
            value,
            "huge pages need a request or limit of `cpu` or `memory`",
        );
    }
}
