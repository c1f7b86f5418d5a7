//! Pods and their templates: what holds for the pod as a whole.

use std::collections::{HashMap, HashSet};

use super::Check::{AlwaysIs, EachIs, Is, MaxItems, OneOf, Range, Required, Word};
use super::{Cx, Labels, ReportedAt, TypeRules, container, resources, volume};
use crate::names::{dns_label, dns_subdomain, label_key, sysctl};
use crate::path::Path;
use crate::value::Value;

/// The greatest number of a user, a group, or a second.
const MAX_ID: i64 = 2_147_483_647;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.PodSpec",
        fields: &[
            ("containers", &[Required]),
            ("restartPolicy", &[OneOf(&["Always", "OnFailure", "Never"])]),
            (
                "dnsPolicy",
                &[OneOf(&[
                    "ClusterFirst",
                    "ClusterFirstWithHostNet",
                    "Default",
                    "None",
                ])],
            ),
            ("activeDeadlineSeconds", &[Range(1, MAX_ID)]),
            ("serviceAccountName", &[Is(dns_subdomain)]),
            ("nodeName", &[Is(dns_subdomain)]),
            ("nodeSelector", &[Labels]),
            ("runtimeClassName", &[super::Given(dns_subdomain)]),
            ("priorityClassName", &[Is(dns_subdomain)]),
            (
                "preemptionPolicy",
                &[Word(&["PreemptLowerPriority", "Never"])],
            ),
        ],
        whole: &[spec],
    },
    TypeRules {
        of: "core.v1.PodTemplateSpec",
        fields: &[],
        whole: &[template_metadata],
    },
    TypeRules {
        of: "core.v1.HostAlias",
        fields: &[
            ("ip", &[AlwaysIs(crate::net::ip)]),
            ("hostnames", &[EachIs(dns_subdomain)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PodReadinessGate",
        fields: &[("conditionType", &[AlwaysIs(label_key)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PodDNSConfig",
        fields: &[
            ("nameservers", &[MaxItems(3), EachIs(crate::net::ip)]),
            ("searches", &[MaxItems(32), EachIs(search_domain)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PodDNSConfigOption",
        fields: &[("name", &[ReportedAt(1, ""), Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PodSecurityContext",
        fields: &[
            ("fsGroup", &[Range(0, MAX_ID)]),
            ("runAsUser", &[Range(0, MAX_ID)]),
            ("runAsGroup", &[Range(0, MAX_ID)]),
            (
                "fsGroupChangePolicy",
                &[Word(&["Always", "OnRootMismatch"])],
            ),
            ("supplementalGroupsPolicy", &[Word(&["Merge", "Strict"])]),
            (
                "seLinuxChangePolicy",
                &[Word(&["MountOption", "Recursive"])],
            ),
        ],
        whole: &[supplemental_groups],
    },
    TypeRules {
        of: "core.v1.SeccompProfile",
        fields: &[
            (
                "type",
                &[
                    Required,
                    OneOf(&["Localhost", "RuntimeDefault", "Unconfined"]),
                ],
            ),
            ("localhostProfile", &[]),
        ],
        whole: &[local_profile],
    },
    TypeRules {
        of: "core.v1.AppArmorProfile",
        fields: &[(
            "type",
            &[
                Required,
                OneOf(&["Localhost", "RuntimeDefault", "Unconfined"]),
            ],
        )],
        whole: &[local_profile],
    },
    TypeRules {
        of: "core.v1.PodOS",
        fields: &[("name", &[])],
        whole: &[os],
    },
    TypeRules {
        of: "core.v1.PodSchedulingGate",
        fields: &[("name", &[])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PodResourceClaim",
        fields: &[
            ("name", &[Required, Is(dns_label)]),
            ("resourceClaimName", &[Is(dns_subdomain)]),
            ("resourceClaimTemplateName", &[Is(dns_subdomain)]),
        ],
        whole: &[pod_claim],
    },
    TypeRules {
        of: "core.v1.Sysctl",
        fields: &[("name", &[Required, Is(sysctl)])],
        whole: &[],
    },
];

fn search_domain(text: &str) -> crate::names::Verdict {
    // A lone dot is the root, and the last one may stand.
    if text == "." {
        return Ok(());
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    dns_subdomain(&text.replace('_', "a"))
}

fn template_metadata(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(metadata) = value.get("metadata") {
        // The server reports them without the metadata between.
        crate::meta::labels_and_annotations(path, metadata, cx.findings);
    }
    let spec = value.get("spec");
    if spec.is_some_and(|spec| !spec.list("ephemeralContainers").is_empty()) {
        let found = spec
            .and_then(|spec| spec.get("ephemeralContainers"))
            .unwrap_or(value);
        cx.findings.forbidden(
            &path.field("spec.ephemeralContainers"),
            found,
            "a template has no ephemeral containers",
        );
    }
}

fn spec(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if !cx.is_a("StatefulSet") {
        // A stateful set gives its pods names of its own.
        for field in ["hostname", "subdomain"] {
            cx.check(
                &[Is(dns_label)],
                &path.field(field),
                value.get(field),
                value,
            );
        }
    }
    volume::all(cx, path, value);
    container::all(cx, path, value);
    if let Some(found) = value.get("resources") {
        resources::of_pod(cx, &path.field("resources"), found);
    }
    dns(cx, path, value);
    host_namespaces(cx, path, value);
    sysctls(cx, path, value);
    windows(cx, path, value);
    super::windows::host_process(cx, path, value);
    spread(cx, path, value);
    tolerations_and_gates(cx, path, value);
    claims(cx, path, value);
    if cx.is_a("Pod")
        && let Some(found) = value
            .get("ephemeralContainers")
            .filter(|found| !found.is_zero())
    {
        cx.findings.forbidden(
            &path.field("ephemeralContainers"),
            found,
            "ephemeral containers are added to a running pod",
        );
    }
    if let Some(overhead) = value.get("overhead") {
        // The server reads it as limits.
        resources::amounts(cx, &path.field("overhead.limits"), overhead);
    }
}

fn dns(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.text("dnsPolicy") != "None" {
        return;
    }
    let config = value.get("dnsConfig");
    match config {
        None => cx.findings.required(
            &path.field("dnsConfig"),
            value,
            "the policy `None` needs a `dnsConfig`",
        ),
        Some(config) if config.list("nameservers").is_empty() => cx.findings.required(
            &path.field("dnsConfig.nameservers"),
            config,
            "the policy `None` needs at least one name server",
        ),
        Some(_) => {}
    }
}

/// Namespaces of the host that a pod shares.
fn host_namespaces(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.is_true("hostPID") && value.is_true("shareProcessNamespace") {
        let found = value.get("shareProcessNamespace").unwrap_or(value);
        cx.findings.invalid(
            &path.field("shareProcessNamespace"),
            found,
            "`hostPID` and `shareProcessNamespace` exclude each other",
        );
    }
    let users = value
        .get("hostUsers")
        .is_some_and(|found| found.data == crate::Data::Bool(false));
    if users {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            if value.is_true(field) {
                let found = value.get(field).unwrap_or(value);
                cx.findings.forbidden(
                    &path.field(field),
                    found,
                    "`hostUsers: false` does not allow it",
                );
            }
        }
        for list in ["containers", "initContainers"] {
            let here = path.field(list);
            for (index, container) in value.list(list).iter().enumerate() {
                if let Some(devices) = container
                    .get("volumeDevices")
                    .filter(|found| !found.is_zero())
                {
                    cx.findings.forbidden(
                        &here.index(index).field("volumeDevices"),
                        devices,
                        "`hostUsers: false` does not allow it",
                    );
                }
            }
        }
    }
    if value.has("hostnameOverride") {
        let found = value.get("hostnameOverride").unwrap_or(value);
        let text = found.as_text().unwrap_or_default();
        let here = path.field("hostnameOverride");
        if text.len() > 64 {
            cx.findings.add(
                "too-long-value",
                &here,
                found.origin,
                "the text is longer than 64 bytes",
            );
        }
        if let Err(message) = dns_subdomain(text) {
            cx.findings
                .invalid(&here, found, format!("`{text}` {message}"));
        }
        for field in ["setHostnameAsFQDN", "hostNetwork"] {
            if value.is_true(field) {
                cx.findings
                    .forbidden(&here, found, format!("`{field}` does not allow it"));
            }
        }
    }
}

/// Parameters of the kernel that belong to a namespace which the pod shares with its host.
fn sysctls(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(context) = value.get("securityContext") else {
        return;
    };
    let list = path.field("securityContext.sysctls");
    let mut seen = HashSet::new();
    for (index, item) in context.list("sysctls").iter().enumerate() {
        let name = item.text("name").replace('/', ".");
        let item_path = list.index(index);
        let here = item_path.field("name");
        let origin = item.get("name").unwrap_or(item);
        if !name.is_empty() && !seen.insert(name.clone()) {
            cx.findings.duplicate(&here, origin, &name);
        }
        let ipc = ["kernel.shm", "kernel.msg", "fs.mqueue."];
        if value.is_true("hostNetwork") && name.starts_with("net.") {
            cx.findings
                .invalid(&here, origin, "`hostNetwork` does not allow it");
        }
        if value.is_true("hostIPC")
            && (name == "kernel.sem" || ipc.iter().any(|prefix| name.starts_with(prefix)))
        {
            cx.findings
                .invalid(&here, origin, "`hostIPC` does not allow it");
        }
    }
}

fn supplemental_groups(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("supplementalGroups");
    for (index, item) in value.list("supplementalGroups").iter().enumerate() {
        cx.check(&[Range(0, MAX_ID)], &list.index(index), Some(item), value);
    }
}

/// A profile of seccomp or AppArmor on the host.
fn local_profile(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("localhostProfile");
    let profile = value.get("localhostProfile");
    let text = value.text("localhostProfile");
    match value.text("type") {
        "Localhost" if profile.is_none() || text.is_empty() => {
            cx.findings
                .required(&here, value, "the type `Localhost` needs a profile");
        }
        "Localhost" => {
            let is_file = path.to_string().ends_with("seccompProfile");
            if is_file
                && let (Some(found), Err(message)) =
                    (profile, crate::names::local_descending_path(text))
            {
                cx.findings.invalid(&here, found, message);
            }
            if !is_file && let Some(found) = profile {
                if text.trim() != text {
                    cx.findings
                        .invalid(&here, found, "a blank stands at its end");
                }
                if text.len() > 4095 {
                    cx.findings.add(
                        "too-long-value",
                        &here,
                        found.origin,
                        "the text is longer than 4095 bytes",
                    );
                }
            }
        }
        _ => {
            if let Some(found) = profile {
                cx.findings
                    .invalid(&here, found, "only the type `Localhost` has a profile");
            }
        }
    }
}

fn os(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let name = value.text("name");
    if name.is_empty() {
        cx.findings
            .required(&path.field("name"), value, "the field is required");
    } else if name != "linux" && name != "windows" {
        // The server names the system as a whole.
        let found = value.get("name").unwrap_or(value);
        cx.findings
            .not_supported(path, found, &["linux", "windows"]);
    }
}

/// Fields of the pod that Windows does not have.
const NOT_ON_WINDOWS: &[&str] = &["hostPID", "hostIPC", "shareProcessNamespace"];
/// Fields of the pod's security context that Windows does not have.
const NOT_IN_POD_CONTEXT: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
];
/// Fields of a container's security context that Windows does not have.
const NOT_IN_CONTEXT: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

fn windows(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let system = value.get("os").map_or("", |os| os.text("name"));
    if system == "linux" {
        let context = path.field("securityContext");
        if let Some(found) = value.at(&["securityContext", "windowsOptions"]) {
            cx.findings.forbidden(
                &context.field("windowsOptions"),
                found,
                "a Linux pod has no Windows options",
            );
        }
        for list in ["containers", "initContainers"] {
            let here = path.field(list);
            for (index, container) in value.list(list).iter().enumerate() {
                if let Some(found) = container.at(&["securityContext", "windowsOptions"]) {
                    cx.findings.forbidden(
                        &here.index(index).field("securityContext.windowsOptions"),
                        found,
                        "a Linux pod has no Windows options",
                    );
                }
            }
        }
        return;
    }
    if system != "windows" {
        return;
    }
    let refuse = |cx: &mut Cx<'_>, path: &Path<'_>, value: Option<&Value<'_>>, fields: &[&str]| {
        for field in fields {
            if let Some(found) = value.and_then(|value| value.get(field)) {
                cx.findings
                    .forbidden(&path.field(field), found, "a Windows pod does not have it");
            }
        }
    };
    for field in NOT_ON_WINDOWS.iter().filter(|field| value.is_true(field)) {
        refuse(cx, path, Some(value), &[field]);
    }
    refuse(
        cx,
        &path.field("securityContext"),
        value.get("securityContext"),
        NOT_IN_POD_CONTEXT,
    );
    for list in ["containers", "initContainers"] {
        let here = path.field(list);
        for (index, container) in value.list(list).iter().enumerate() {
            let here = here.index(index);
            refuse(
                cx,
                &here.field("securityContext"),
                container.get("securityContext"),
                NOT_IN_CONTEXT,
            );
        }
    }
}

fn spread(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("topologySpreadConstraints");
    let mut seen = HashMap::new();
    for (index, item) in value.list("topologySpreadConstraints").iter().enumerate() {
        let pair = (item.text("topologyKey"), item.text("whenUnsatisfiable"));
        let first = *seen.entry(pair).or_insert(index);
        if first != index {
            // The server reports the first of the two.
            let here = list.index(first);
            let here = here.field("{topologyKey, whenUnsatisfiable}");
            cx.findings
                .duplicate(&here, item, &format!("{}, {}", pair.0, pair.1));
        }
    }
}

fn tolerations_and_gates(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("schedulingGates");
    let gates = value.list("schedulingGates");
    for (index, gate) in gates.iter().enumerate() {
        let name = gate.text("name");
        let origin = gate.get("name").unwrap_or(gate);
        if let Err(message) = label_key(name) {
            cx.findings
                .invalid(&list.index(index), origin, format!("`{name}` {message}"));
        }
    }
}

fn pod_claim(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    match (
        value.has("resourceClaimName"),
        value.has("resourceClaimTemplateName"),
    ) {
        (true, true) => cx.findings.invalid(
            path,
            value,
            "only one of `resourceClaimName`, `resourceClaimTemplateName` may be set",
        ),
        (false, false) => cx.findings.invalid(
            path,
            value,
            "one of `resourceClaimName`, `resourceClaimTemplateName` is required",
        ),
        _ => {}
    }
}

/// Claims that containers use must be the pod's.
fn claims(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let known: HashSet<&str> = value
        .list("resourceClaims")
        .iter()
        .map(|claim| claim.text("name"))
        .collect();
    for list in ["containers", "initContainers"] {
        let here = path.field(list);
        for (index, container) in value.list(list).iter().enumerate() {
            let Some(found) = container.get("resources") else {
                continue;
            };
            let here = here.index(index);
            let here = here.field("resources.claims");
            for (number, claim) in found.list("claims").iter().enumerate() {
                let here = here.index(number);
                let name = claim.get("name").unwrap_or(claim);
                if claim.text("name").is_empty() {
                    cx.findings
                        .required(&here.field("name"), claim, "the field is required");
                } else if !known.contains(&claim.text("name")) {
                    cx.findings.not_found(
                        &here.field("name"),
                        name,
                        "claim in `spec.resourceClaims` named",
                    );
                }
                cx.check(
                    &[Is(dns_label)],
                    &here.field("request"),
                    claim.get("request"),
                    claim,
                );
            }
        }
    }
}
