//! Persistent volumes, claims, storage classes and drivers.

use std::collections::{BTreeMap, BTreeSet};

use super::Check::{Is, MaxLength, Min, OneOf, Range, Required, Word};
use super::{Cx, TypeRules, volume};
use crate::names::{Verdict, dns_subdomain, label_key};
use crate::path::Path;
use crate::quantity::Quantity;
use crate::value::Value;

const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.PersistentVolumeSpec",
        fields: &[
            ("accessModes", &[]),
            ("storageClassName", &[Is(dns_subdomain)]),
            ("volumeAttributesClassName", &[Is(dns_subdomain)]),
            (
                "persistentVolumeReclaimPolicy",
                &[OneOf(&["Delete", "Recycle", "Retain"])],
            ),
            ("volumeMode", &[Word(&["Block", "Filesystem"])]),
        ],
        whole: &[persistent_volume],
    },
    TypeRules {
        of: "core.v1.VolumeNodeAffinity",
        fields: &[("required", &[super::Present])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PersistentVolumeClaimSpec",
        fields: &[
            ("accessModes", &[]),
            ("storageClassName", &[Is(dns_subdomain)]),
            ("volumeAttributesClassName", &[Is(dns_subdomain)]),
            ("volumeMode", &[Word(&["Block", "Filesystem"])]),
        ],
        whole: &[claim],
    },
    TypeRules {
        of: "core.v1.TypedLocalObjectReference",
        fields: &[("kind", &[]), ("name", &[])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.TypedObjectReference",
        fields: &[("kind", &[]), ("name", &[])],
        whole: &[],
    },
    TypeRules {
        of: "storage.v1.StorageClass",
        fields: &[
            ("provisioner", &[Required, Is(provisioner)]),
            ("reclaimPolicy", &[OneOf(&["Delete", "Retain"])]),
            (
                "volumeBindingMode",
                &[Word(&["Immediate", "WaitForFirstConsumer"])],
            ),
        ],
        whole: &[storage_class],
    },
    TypeRules {
        of: "storage.v1.VolumeAttributesClass",
        fields: &[
            ("driverName", &[Required, Is(provisioner)]),
            ("parameters", &[Required]),
        ],
        whole: &[parameters],
    },
    TypeRules {
        of: "storage.v1.VolumeAttachmentSpec",
        fields: &[
            ("attacher", &[Required, MaxLength(63), Is(driver)]),
            ("nodeName", &[super::AlwaysIs(dns_subdomain)]),
            ("source", &[]),
        ],
        whole: &[attachment],
    },
    TypeRules {
        of: "storage.v1.CSIDriverSpec",
        fields: &[
            (
                "fsGroupPolicy",
                &[Word(&["File", "None", "ReadWriteOnceWithFSType"])],
            ),
            ("nodeAllocatableUpdatePeriodSeconds", &[Min(10)]),
        ],
        whole: &[csi_driver],
    },
    TypeRules {
        of: "storage.v1.TokenRequest",
        fields: &[
            ("audience", &[]),
            ("expirationSeconds", &[Range(600, 1 << 32)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "storage.v1.CSINodeDriver",
        fields: &[
            ("name", &[Required, MaxLength(63), Is(driver)]),
            ("nodeID", &[Required, MaxLength(256)]),
        ],
        whole: &[csi_node_driver],
    },
    TypeRules {
        of: "storage.v1.VolumeNodeResources",
        fields: &[("count", &[Min(0)])],
        whole: &[],
    },
    TypeRules {
        of: "storage.v1.CSIStorageCapacity",
        fields: &[("storageClassName", &[super::AlwaysIs(dns_subdomain)])],
        whole: &[capacity],
    },
];

fn driver(text: &str) -> Verdict {
    dns_subdomain(&text.to_ascii_lowercase())
}

fn provisioner(text: &str) -> Verdict {
    label_key(&text.to_ascii_lowercase())
}

fn access_modes(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("accessModes");
    let modes = value.list("accessModes");
    if modes.is_empty() {
        cx.findings
            .required(&here, value, "at least one mode of access is required");
    }
    for item in modes {
        if !ACCESS_MODES.contains(&item.as_text().unwrap_or_default()) {
            cx.findings.not_supported(&here, item, ACCESS_MODES);
        }
    }
    let once = modes
        .iter()
        .find(|item| item.as_text() == Some("ReadWriteOncePod"));
    if let Some(once) = once
        && modes
            .iter()
            .any(|item| item.as_text() != Some("ReadWriteOncePod"))
    {
        cx.findings
            .forbidden(&here, once, "`ReadWriteOncePod` stands alone");
    }
}

fn persistent_volume(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    access_modes(cx, path, value);
    let here = path.field("capacity");
    let capacity = value.get("capacity").filter(|found| !found.is_zero());
    match capacity {
        None => cx
            .findings
            .required(&here, value, "the capacity is required"),
        Some(found) => {
            if found.entries().len() != 1 || !found.has("storage") {
                cx.findings.add(
                    "unsupported-value",
                    &here,
                    found.origin,
                    "the capacity is `storage`, and nothing else",
                );
            }
            for entry in found.entries() {
                if Quantity::of(&entry.value).is_some_and(|amount| amount <= Quantity::ZERO) {
                    cx.findings.invalid(
                        &here.key(&entry.key),
                        &entry.value,
                        "the quantity must be greater than 0",
                    );
                }
            }
        }
    }
    let mut found = volume::PERSISTENT
        .iter()
        .copied()
        .filter(|source| value.has(source));
    if found.next().is_none() {
        cx.findings
            .required(path, value, "a volume has a source, such as `csi` or `nfs`");
    }
    // The server accepts a second source that is a `flexVolume`.
    for second in found.filter(|source| *source != "flexVolume") {
        let origin = value.get(second).unwrap_or(value);
        cx.findings
            .forbidden(&path.field(second), origin, "a volume has one source");
    }
    if let Some(host) = value.get("hostPath")
        && host.text("path") == "/"
        && value.text("persistentVolumeReclaimPolicy") == "Recycle"
    {
        let found = value.get("persistentVolumeReclaimPolicy").unwrap_or(value);
        cx.findings.forbidden(
            &path.field("persistentVolumeReclaimPolicy"),
            found,
            "the root of a host is not recycled",
        );
    }
    if value.has("local") && !value.has("nodeAffinity") {
        cx.findings.required(
            &path.field("nodeAffinity"),
            value,
            "a local volume says on which nodes it is",
        );
    }
    let csi = value.get("csi");
    if let Some(class) = value.get("volumeAttributesClassName") {
        let here = path.field("volumeAttributesClassName");
        if class.is_zero() {
            cx.findings
                .required(&here, class, "the field must not be empty");
        }
        if csi.is_none() {
            cx.findings.required(
                &path.field("csi"),
                class,
                "a class of attributes needs a `csi` volume",
            );
        }
    }
}

fn claim(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    access_modes(cx, path, value);
    let here = path.field("resources");
    let storage = value.at(&["resources", "requests", "storage"]);
    match storage {
        None => cx.findings.required(
            &here.key("storage"),
            value.get("resources").unwrap_or(value),
            "a claim requests `storage`",
        ),
        Some(found) if Quantity::of(found).is_some_and(|amount| amount <= Quantity::ZERO) => {
            cx.findings.invalid(
                &here.key("storage"),
                found,
                "the quantity must be greater than 0",
            );
        }
        Some(_) => {}
    }

    // The server drops a reference to another namespace: the feature is off.
    let in_template = !cx.is_a("PersistentVolumeClaim");
    let reference = value
        .get("dataSourceRef")
        .filter(|found| in_template || found.text("namespace").is_empty());
    let source = value.get("dataSource");
    for (field, found) in [("dataSource", source), ("dataSourceRef", reference)] {
        let Some(found) = found else { continue };
        if field == "dataSource" && reference.is_none() && !is_kept(found) {
            continue;
        }
        let here = path.field(field);
        for key in ["name", "kind"] {
            cx.check(&[Required], &here.field(key), found.get(key), found);
        }
        let group = found.text("apiGroup");
        if group.is_empty()
            && !found.text("kind").is_empty()
            && found.text("kind") != "PersistentVolumeClaim"
        {
            cx.findings.invalid(
                &here,
                found,
                "without an `apiGroup` it can only be a `PersistentVolumeClaim`",
            );
        }
        if !group.is_empty()
            && let Err(message) = dns_subdomain(group)
        {
            let origin = found.get("apiGroup").unwrap_or(found);
            cx.findings.invalid(
                &here.field("apiGroup"),
                origin,
                format!("`{group}` {message}"),
            );
        }
    }

    if let (Some(source), Some(reference)) = (source, reference) {
        if !reference.text("namespace").is_empty() {
            cx.findings.invalid(
                path,
                source,
                "a `dataSourceRef` with a namespace excludes a `dataSource`",
            );
        } else if ["apiGroup", "kind", "name"]
            .iter()
            .any(|key| source.text(key) != reference.text(key))
        {
            cx.findings
                .invalid(path, source, "`dataSource` must equal `dataSourceRef`");
        }
    }
}

/// Whether a source of data is of a kind that the field had from the beginning; the server drops
/// any other from it without a word.
fn is_kept(source: &Value<'_>) -> bool {
    matches!(
        (source.text("apiGroup"), source.text("kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    )
}

fn storage_class(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    parameters(cx, path, value);
    let list = path.field("allowedTopologies");
    let terms = value.list("allowedTopologies");
    let mut seen = BTreeSet::new();
    for (index, term) in terms.iter().enumerate() {
        let here = list.index(index);
        let here = here.field("matchLabelExpressions");
        let mut keys = std::collections::HashSet::new();
        for (number, expression) in term.list("matchLabelExpressions").iter().enumerate() {
            let key = expression.text("key");
            if !key.is_empty() && !keys.insert(key) {
                let origin = expression.get("key").unwrap_or(expression);
                cx.findings
                    .duplicate(&here.index(number).field("key"), origin, key);
            }
        }
        // The order of values does not count; the server takes a term without expressions for another
        // of the kind, even where it is the only one.
        let expressions = term.list("matchLabelExpressions").iter();
        let means: BTreeMap<&str, BTreeSet<&str>> = expressions
            .map(|expression| {
                let values = expression.list("values").iter().filter_map(Value::as_text);
                (expression.text("key"), values.collect())
            })
            .collect();
        if means.is_empty() || !seen.insert(means) {
            cx.findings.duplicate(&here, term, "the term");
        }
    }
}

fn parameters(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("parameters");
    let Some(found) = value.get("parameters") else {
        return;
    };
    if found.entries().len() > 512 {
        cx.findings.add(
            "too-many-items",
            &here,
            found.origin,
            "there are at most 512 parameters",
        );
    }
    let mut size = 0;
    for entry in found.entries() {
        size += entry.key.len() + entry.value.as_text().map_or(0, str::len);
        if entry.key.is_empty() {
            cx.findings.invalid(
                &here,
                &entry.value,
                "the name of a parameter must not be empty",
            );
        }
    }
    if size > 256 << 10 {
        cx.findings.add(
            "too-long-value",
            &here,
            found.origin,
            "the parameters have at most 256 KiB",
        );
    }
}

fn attachment(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("source");
    let source = value.get("source").unwrap_or(value);
    let name = source.get("persistentVolumeName");
    match (source.has("inlineVolumeSpec"), name) {
        (true, Some(_)) => cx.findings.forbidden(
            &here,
            source,
            "`inlineVolumeSpec` and `persistentVolumeName` exclude each other",
        ),
        (false, None) => cx.findings.required(
            &here,
            source,
            "`inlineVolumeSpec` or `persistentVolumeName` is required",
        ),
        (false, Some(found)) if found.is_zero() => {
            cx.findings.required(
                &here.field("persistentVolumeName"),
                found,
                "the name must not be empty",
            );
        }
        (false, Some(found)) => {
            let text = found.as_text().unwrap_or_default();
            if let Err(message) = dns_subdomain(text) {
                cx.findings.invalid(
                    &here.field("persistentVolumeName"),
                    found,
                    format!("`{text}` {message}"),
                );
            }
        }
        (true, None) => {}
    }
}

fn csi_driver(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("volumeLifecycleModes");
    for item in value.list("volumeLifecycleModes") {
        if !["Persistent", "Ephemeral"].contains(&item.as_text().unwrap_or_default()) {
            cx.findings
                .not_supported(&here, item, &["Persistent", "Ephemeral"]);
        }
    }
    let list = path.field("tokenRequests");
    let requests = value.list("tokenRequests");
    for (index, request) in requests.iter().enumerate() {
        let audience = request.text("audience");
        if requests[..index]
            .iter()
            .any(|other| other.text("audience") == audience)
        {
            let origin = request.get("audience").unwrap_or(request);
            cx.findings
                .duplicate(&list.index(index).field("audience"), origin, audience);
        }
    }
}

fn csi_node_driver(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let keys = value.list("topologyKeys");
    for (index, item) in keys.iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        if text.is_empty() {
            cx.findings
                .required(path, item, "a key of the topology must not be empty");
        } else if let Err(message) = label_key(text) {
            cx.findings
                .invalid(path, item, format!("`{text}` {message}"));
        }
        if keys[..index].iter().any(|other| other.data == item.data) {
            cx.findings.duplicate(path, item, text);
        }
    }
}

fn capacity(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(found) = value.get("capacity")
        && Quantity::of(found).is_some_and(|amount| amount < Quantity::ZERO)
    {
        cx.findings.invalid(
            &path.field("capacity"),
            found,
            "the quantity is less than 0",
        );
    }
}
