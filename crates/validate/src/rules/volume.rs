//! Volumes of pods, and the sources that persistent volumes share with them.

use std::collections::HashSet;

use super::Check::{Is, MaxLength, OneOf, Range, Required, Word};
use super::{Cx, ReportedAt, TypeRules, container};
use crate::names::{
    Verdict, dns_label, dns_subdomain, local_descending_path, local_file_path, no_backsteps,
};
use crate::path::Path;
use crate::quantity::Quantity;
use crate::value::Value;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.HostPathVolumeSource",
        fields: &[("path", &[Required, Is(no_backsteps)]), ("type", &[])],
        whole: &[host_path],
    },
    TypeRules {
        of: "core.v1.NFSVolumeSource",
        fields: &[("path", &[Required]), ("server", &[Required])],
        whole: &[nfs],
    },
    TypeRules {
        of: "core.v1.ISCSIVolumeSource",
        fields: &[
            ("targetPortal", &[Required]),
            ("iqn", &[Required, Is(iqn)]),
            ("lun", &[Range(0, 255)]),
        ],
        whole: &[iscsi],
    },
    TypeRules {
        of: "core.v1.ISCSIPersistentVolumeSource",
        fields: &[
            ("targetPortal", &[Required]),
            ("iqn", &[Required, Is(iqn)]),
            ("lun", &[Range(0, 255)]),
        ],
        whole: &[iscsi],
    },
    TypeRules {
        of: "core.v1.GCEPersistentDiskVolumeSource",
        fields: &[("pdName", &[Required]), ("partition", &[Range(0, 255)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.AWSElasticBlockStoreVolumeSource",
        fields: &[("volumeID", &[Required]), ("partition", &[Range(0, 255)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.GitRepoVolumeSource",
        fields: &[
            ("repository", &[Required]),
            ("directory", &[Is(local_descending_path)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PersistentVolumeClaimVolumeSource",
        fields: &[("claimName", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.SecretVolumeSource",
        fields: &[("secretName", &[Required]), ("defaultMode", &[MODE])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.ConfigMapVolumeSource",
        fields: &[("name", &[Required]), ("defaultMode", &[MODE])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.SecretProjection",
        fields: &[("name", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.ConfigMapProjection",
        fields: &[("name", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.KeyToPath",
        fields: &[
            ("key", &[Required]),
            ("path", &[Required, Is(local_file_path)]),
            ("mode", &[MODE]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.DownwardAPIVolumeSource",
        fields: &[("defaultMode", &[MODE])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.DownwardAPIVolumeFile",
        fields: &[
            (
                "path",
                &[ReportedAt(3, "path"), Required, Is(local_file_path)],
            ),
            ("mode", &[ReportedAt(3, "mode"), MODE]),
        ],
        whole: &[downward],
    },
    TypeRules {
        of: "core.v1.ProjectedVolumeSource",
        fields: &[("defaultMode", &[MODE])],
        whole: &[projected],
    },
    TypeRules {
        of: "core.v1.ServiceAccountTokenProjection",
        fields: &[
            (
                "path",
                &[ReportedAt(4, "path"), Required, Is(local_file_path)],
            ),
            ("expirationSeconds", &[]),
        ],
        whole: &[token],
    },
    TypeRules {
        of: "core.v1.ClusterTrustBundleProjection",
        fields: &[("path", &[Required, Is(local_file_path)])],
        whole: &[trust_bundle],
    },
    TypeRules {
        of: "core.v1.GlusterfsVolumeSource",
        fields: &[("endpoints", &[Required]), ("path", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.RBDVolumeSource",
        fields: &[("monitors", &[Required]), ("image", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.RBDPersistentVolumeSource",
        fields: &[("monitors", &[Required]), ("image", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.CephFSVolumeSource",
        fields: &[("monitors", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.CephFSPersistentVolumeSource",
        fields: &[("monitors", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.CinderVolumeSource",
        fields: &[("volumeID", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.CinderPersistentVolumeSource",
        fields: &[("volumeID", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.FCVolumeSource",
        fields: &[],
        whole: &[fibre_channel],
    },
    TypeRules {
        of: "core.v1.AzureFileVolumeSource",
        fields: &[("secretName", &[Required]), ("shareName", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.AzureFilePersistentVolumeSource",
        fields: &[("secretName", &[Required]), ("shareName", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.AzureDiskVolumeSource",
        fields: &[
            ("diskName", &[Required]),
            ("diskURI", &[Required]),
            ("cachingMode", &[Word(&["None", "ReadOnly", "ReadWrite"])]),
            ("kind", &[Word(&["Dedicated", "Managed", "Shared"])]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.VsphereVirtualDiskVolumeSource",
        fields: &[("volumePath", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PhotonPersistentDiskVolumeSource",
        fields: &[("pdID", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PortworxVolumeSource",
        fields: &[("volumeID", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.FlexVolumeSource",
        fields: &[("driver", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.FlexPersistentVolumeSource",
        fields: &[("driver", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.LocalVolumeSource",
        fields: &[("path", &[Required, Is(no_backsteps)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.CSIVolumeSource",
        fields: &[("driver", &[Required, MaxLength(63), Is(driver)])],
        whole: &[csi_secret],
    },
    TypeRules {
        of: "core.v1.CSIPersistentVolumeSource",
        fields: &[
            ("driver", &[Required, MaxLength(63), Is(driver)]),
            ("volumeHandle", &[Required]),
        ],
        whole: &[csi_secrets],
    },
    TypeRules {
        of: "core.v1.EmptyDirVolumeSource",
        fields: &[],
        whole: &[empty_dir],
    },
    TypeRules {
        of: "core.v1.EphemeralVolumeSource",
        fields: &[("volumeClaimTemplate", &[super::Present])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PersistentVolumeClaimTemplate",
        fields: &[],
        whole: &[claim_template],
    },
    TypeRules {
        of: "core.v1.ImageVolumeSource",
        fields: &[("pullPolicy", &[OneOf(&["Always", "IfNotPresent", "Never"])])],
        whole: &[image],
    },
];

/// The permissions of a file.
const MODE: super::Check = Range(0, 0o777);

fn driver(text: &str) -> Verdict {
    dns_subdomain(&text.to_ascii_lowercase())
}

fn iqn(text: &str) -> Verdict {
    let holds = if let Some(rest) = text.strip_prefix("iqn.") {
        // The year and month when the naming authority got its domain, then the domain.
        let bytes = rest.as_bytes();
        bytes.len() > 8
            && bytes[..4].iter().all(u8::is_ascii_digit)
            && bytes[4] == b'-'
            && bytes[5..7].iter().all(u8::is_ascii_digit)
            && bytes[7] == b'.'
    } else if let Some(rest) = text.strip_prefix("eui.") {
        rest.len() == 16 && rest.bytes().all(|c| c.is_ascii_hexdigit())
    } else if let Some(rest) = text.strip_prefix("naa.") {
        rest.len() == 32 && rest.bytes().all(|c| c.is_ascii_hexdigit())
    } else {
        false
    };
    if holds {
        Ok(())
    } else {
        Err("is no iSCSI name: it begins with `iqn.`, `eui.` or `naa.`".to_owned())
    }
}

/// The kinds of volumes that a pod may have.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "persistentVolumeClaim",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "downwardAPI",
    "fc",
    "azureFile",
    "configMap",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "projected",
    "portworxVolume",
    "scaleIO",
    "storageos",
    "csi",
    "ephemeral",
    "image",
];

/// Judges the volumes of a pod.
pub(super) fn all(cx: &mut Cx<'_>, path: &Path<'_>, pod: &Value<'_>) {
    let list = path.field("volumes");
    let generated = &*cx.name();
    for (index, volume) in pod.list("volumes").iter().enumerate() {
        let here = list.index(index);
        cx.check(
            &[Required, Is(dns_label)],
            &here.field("name"),
            volume.get("name"),
            volume,
        );
        let mut found = SOURCES.iter().copied().filter(|source| volume.has(source));
        let _first = found.next();
        for second in found {
            let origin = volume.get(second).unwrap_or(volume);
            cx.findings
                .forbidden(&here.field(second), origin, "a volume has one source");
        }
        if volume.has("ephemeral") && cx.is_a("Pod") && !generated.is_empty() {
            let claim = format!("{generated}-{}", volume.text("name"));
            if dns_subdomain(&claim).is_err() {
                let origin = volume.get("name").unwrap_or(volume);
                cx.findings.invalid(
                    &here.field("name"),
                    origin,
                    format!("its claim would be named `{claim}`, which is no DNS subdomain"),
                );
            }
        }
    }
}

fn claim_template(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(metadata) = value.get("metadata") {
        crate::meta::template(&path.field("metadata"), metadata, cx.findings);
    }
}

fn host_path(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let types = &[
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    cx.check(
        &[OneOf(types)],
        &path.field("type"),
        value.get("type"),
        value,
    );
}

fn nfs(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(found) = value.get("path")
        && !value.text("path").is_empty()
        && !value.text("path").starts_with('/')
    {
        cx.findings
            .invalid(&path.field("path"), found, "must be an absolute path");
    }
}

fn iscsi(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if (value.is_true("chapAuthDiscovery") || value.is_true("chapAuthSession"))
        && !value.has("secretRef")
    {
        cx.findings
            .required(&path.field("secretRef"), value, "CHAP needs a secret");
    }
    if value.has("initiatorName")
        && let Err(message) = iqn(value.text("initiatorName"))
    {
        let found = value.get("initiatorName").unwrap_or(value);
        cx.findings
            .invalid(&path.field("initiatorname"), found, message);
    }
}

fn fibre_channel(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let names = !value.list("targetWWNs").is_empty();
    let ids = !value.list("wwids").is_empty();
    match (names, ids) {
        (false, false) => cx.findings.required(
            &path.field("targetWWNs"),
            value,
            "`targetWWNs` or `wwids` is required",
        ),
        (true, true) => cx.findings.invalid(
            &path.field("targetWWNs"),
            value,
            "`targetWWNs` and `wwids` exclude each other",
        ),
        (true, false) if !value.has("lun") => {
            cx.findings
                .required(&path.field("lun"), value, "`targetWWNs` need a `lun`")
        }
        _ => {}
    }
    cx.check(
        &[Range(0, 255)],
        &path.field("lun"),
        value.get("lun"),
        value,
    );
}

fn csi_secret(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(secret) = value.get("nodePublishSecretRef") {
        cx.check(
            &[Required],
            &path.field("nodePublishSecretRef.name"),
            secret.get("name"),
            secret,
        );
    }
}

/// The secrets of a persistent volume, each with its namespace.
fn csi_secrets(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for field in [
        "controllerPublishSecretRef",
        "nodePublishSecretRef",
        "controllerExpandSecretRef",
        "nodeExpandSecretRef",
    ] {
        let Some(secret) = value.get(field) else {
            continue;
        };
        let here = path.field(field);
        for key in ["name", "namespace"] {
            cx.check(&[Required], &here.field(key), secret.get(key), secret);
        }
    }
}

fn empty_dir(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let limit = value.get("sizeLimit");
    if let Some(found) = limit
        && Quantity::of(found).is_some_and(|found| found < Quantity::ZERO)
    {
        cx.findings
            .forbidden(&path.field("sizeLimit"), found, "the limit is less than 0");
    }
    let medium = value.text("medium");
    if let Some(size) = medium.strip_prefix("HugePages-")
        && Quantity::parse(size).is_none()
    {
        let found = value.get("medium").unwrap_or(value);
        cx.findings.invalid(
            &path.field("medium"),
            found,
            format!("`{size}` is no size of pages"),
        );
    }
}

fn image(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if !cx.is_a("Pod") {
        return;
    }
    cx.check(
        &[Required],
        &path.field("reference"),
        value.get("reference"),
        value,
    );
}

const DOWNWARD: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

fn downward(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    // The server reports the volume, and no item.
    let path = &path.up(2);
    match (value.get("fieldRef"), value.get("resourceFieldRef")) {
        (Some(field), other) => {
            container::field_ref(cx, &path.field("fieldRef"), field, DOWNWARD, true);
            if other.is_some() {
                cx.findings.invalid(
                    path,
                    value,
                    "`fieldRef` and `resourceFieldRef` exclude each other",
                );
            }
        }
        (None, Some(resource)) => {
            container::resource_ref(cx, &path.field("resourceFieldRef"), resource, true)
        }
        (None, None) => {
            cx.findings
                .required(path, value, "`fieldRef` or `resourceFieldRef` is required")
        }
    }
}

fn token(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(found) = value.get("expirationSeconds") else {
        return;
    };
    let seconds = found.as_int().unwrap_or(0);
    let here = path.field("expirationSeconds");
    if seconds < 600 {
        cx.findings
            .invalid(&here, found, "a token is valid for at least 600 seconds");
    } else if seconds > 1 << 32 {
        cx.findings
            .invalid(&here, found, "a token is valid for at most 2^32 seconds");
    }
}

fn trust_bundle(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (name, signer) = (value.has("name"), value.has("signerName"));
    if name && signer {
        cx.findings
            .invalid(path, value, "`name` and `signerName` exclude each other");
    } else if !name && !signer {
        cx.findings
            .required(path, value, "`name` or `signerName` is required");
    }
}

const PROJECTIONS: &[&str] = &[
    "secret",
    "configMap",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
    "podCertificate",
];

fn projected(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("sources");
    let mut paths: HashSet<String> = HashSet::new();
    let mut conflict = false;
    for (index, source) in value.list("sources").iter().enumerate() {
        let here = list.index(index);
        let mut found = PROJECTIONS.iter().copied().filter(|kind| source.has(kind));
        let _first = found.next();
        for second in found {
            let origin = source.get(second).unwrap_or(source);
            cx.findings
                .forbidden(&here, origin, "a source has one kind");
        }
        let items = ["secret", "configMap", "downwardAPI"]
            .into_iter()
            .filter_map(|kind| source.get(kind))
            .flat_map(|source| source.list("items"));
        // The server asks no token whether its path is free.
        for item in items.chain(source.get("clusterTrustBundle")) {
            let target = item.text("path");
            conflict |= !target.is_empty() && !paths.insert(target.to_owned());
        }
    }
    if conflict {
        cx.findings
            .invalid(path, value, "two sources have the same path");
    }
}

/// The kinds of persistent volumes.
pub(super) const PERSISTENT: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "azureDisk",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];
