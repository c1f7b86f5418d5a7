//! Containers: images, ports, environment, probes, mounts, security.

use std::collections::{HashMap, HashSet};

use super::Check::{Is, OneOf, Required, Word};
use super::{Cx, PORT, PROTOCOLS, ReportedAt, TypeRules, probes, resources};
use crate::names::{config_key, dns_label, dns_subdomain, env_name, no_backsteps, port_name};
use crate::path::Path;
use crate::value::{Data, Value, repeats};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.ContainerPort",
        fields: &[
            ("containerPort", &[Required, PORT]),
            ("name", &[Is(port_name)]),
            ("protocol", &[OneOf(PROTOCOLS)]),
            ("hostIP", &[]),
        ],
        whole: &[host_port],
    },
    TypeRules {
        of: "core.v1.EnvVar",
        fields: &[("name", &[Required, Is(env_name)])],
        whole: &[env_var],
    },
    TypeRules {
        of: "core.v1.EnvFromSource",
        fields: &[("prefix", &[Is(env_name)])],
        whole: &[env_from],
    },
    TypeRules {
        of: "core.v1.ConfigMapKeySelector",
        fields: &[("name", &[]), ("key", &[Required, Is(config_key)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.SecretKeySelector",
        fields: &[("name", &[]), ("key", &[Required, Is(config_key)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.SecurityContext",
        fields: &[
            ("runAsUser", &[super::Range(0, 2_147_483_647)]),
            ("runAsGroup", &[super::Range(0, 2_147_483_647)]),
            ("procMount", &[Word(&["Default", "Unmasked"])]),
        ],
        whole: &[privileges],
    },
    TypeRules {
        of: "core.v1.ResourceFieldSelector",
        fields: &[("resource", &[])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.VolumeDevice",
        fields: &[
            ("name", &[Required]),
            ("devicePath", &[Required, Is(no_backsteps)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.VolumeMount",
        fields: &[
            ("name", &[Required]),
            ("mountPath", &[Required]),
            (
                "mountPropagation",
                &[
                    ReportedAt(2, "mountPropagation"),
                    Word(&["Bidirectional", "HostToContainer", "None"]),
                ],
            ),
            (
                "recursiveReadOnly",
                &[
                    ReportedAt(2, "recursiveReadOnly"),
                    Word(&["Disabled", "IfPossible", "Enabled"]),
                ],
            ),
        ],
        whole: &[mount],
    },
    TypeRules {
        of: "core.v1.ContainerResizePolicy",
        fields: &[
            ("resourceName", &[Required, OneOf(&["cpu", "memory"])]),
            (
                "restartPolicy",
                &[Required, OneOf(&["NotRequired", "RestartContainer"])],
            ),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.ContainerRestartRule",
        fields: &[
            (
                "action",
                &[Required, OneOf(&["Restart", "RestartAllContainers"])],
            ),
            ("exitCodes", &[super::Present]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.ContainerRestartRuleOnExitCodes",
        fields: &[("operator", &[Required, OneOf(&["In", "NotIn"])])],
        whole: &[],
    },
];

/// Judges all containers of a pod.
pub(super) fn all(cx: &mut Cx<'_>, path: &Path<'_>, pod: &Value<'_>) {
    let mut names: HashSet<&str> = HashSet::new();
    let volumes = Volumes::of(cx.object, pod);
    for list in ["containers", "initContainers"] {
        let here = path.field(list);
        let within = repeats(
            pod.list(list)
                .iter()
                .map(|container| container.text("name")),
        );
        for (index, container) in pod.list(list).iter().enumerate() {
            let here = here.index(index);
            let name = container.text("name");
            // The schema's own list of names speaks of duplicates within one list.
            if !name.is_empty() && !names.insert(name) && !within[index] {
                let origin = container.get("name").unwrap_or(container);
                cx.findings.duplicate(&here.field("name"), origin, name);
            }
            let init = list == "initContainers";
            one(cx, &here, container, pod, init, &volumes);
        }
    }
    host_ports(cx, path, pod);
}

/// What a change of resources does to a container, said once for each resource.
fn resize(cx: &mut Cx<'_>, path: &Path<'_>, container: &Value<'_>, pod: &Value<'_>) {
    let list = path.field("resizePolicy");
    let mut seen = HashSet::new();
    for (index, policy) in container.list("resizePolicy").iter().enumerate() {
        let resource = policy.text("resourceName");
        if !seen.insert(resource) {
            cx.findings.duplicate(&list.index(index), policy, resource);
        }
        if pod.text("restartPolicy") == "Never" && policy.text("restartPolicy") != "NotRequired" {
            let origin = policy.get("restartPolicy").unwrap_or(policy);
            let message = "must be `NotRequired`, since the pod's `restartPolicy` is `Never`";
            cx.findings.invalid(&list, origin, message);
        }
    }
}

fn one(
    cx: &mut Cx<'_>,
    path: &Path<'_>,
    container: &Value<'_>,
    pod: &Value<'_>,
    init: bool,
    volumes: &Volumes<'_>,
) {
    cx.check(
        &[Required, Is(dns_label)],
        &path.field("name"),
        container.get("name"),
        container,
    );
    cx.check(
        &[Required],
        &path.field("image"),
        container.get("image"),
        container,
    );
    let image = container.text("image");
    if cx.is_a("Pod")
        && image.trim() != image
        && let Some(found) = container.get("image")
    {
        cx.findings.invalid(
            &path.field("image"),
            found,
            "a blank stands at its beginning or end",
        );
    }
    cx.check(
        &[OneOf(&["Always", "IfNotPresent", "Never"])],
        &path.field("imagePullPolicy"),
        container.get("imagePullPolicy"),
        container,
    );
    cx.check(
        &[OneOf(&["File", "FallbackToLogsOnError"])],
        &path.field("terminationMessagePolicy"),
        container.get("terminationMessagePolicy"),
        container,
    );
    if let Some(found) = container.get("resources") {
        resources::requirements(cx, &path.field("resources"), found);
    }
    resize(cx, path, container, pod);
    ports(cx, path, container);
    let restarts = init && container.text("restartPolicy") == "Always";
    if init && !restarts {
        for field in [
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
            // What names no hook is dropped.
            let is_there = |found: &&Value<'_>| field != "lifecycle" || !found.is_zero();
            if let Some(found) = container.get(field).filter(is_there) {
                cx.findings.forbidden(
                    &path.field(field),
                    found,
                    "an init container that does not restart has none",
                );
            }
        }
    } else {
        probes::lifecycle(cx, path, container, pod);
        for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
            if let Some(found) = container.get(kind) {
                probes::probe(cx, &path.field(kind), kind, found);
            }
        }
    }
    restart_policy(cx, path, container);
    mounts(cx, path, container, volumes);
    if let Some(context) = container.get("securityContext") {
        let here = path.field("securityContext");
        let users = pod
            .get("hostUsers")
            .is_some_and(|found| found.data == Data::Bool(false));
        if context.text("procMount") == "Unmasked"
            && !users
            && let Some(found) = context.get("procMount")
        {
            cx.findings.invalid(
                &here.field("procMount"),
                found,
                "`Unmasked` needs `hostUsers: false`",
            );
        }
    }
}

fn restart_policy(cx: &mut Cx<'_>, path: &Path<'_>, container: &Value<'_>) {
    let Some(policy) = container.get("restartPolicy") else {
        if let Some(rules) = container
            .get("restartPolicyRules")
            .filter(|found| !found.is_zero())
        {
            cx.findings.required(
                &path.field("restartPolicy"),
                rules,
                "the rules need a `restartPolicy`",
            );
        }
        return;
    };
    let text = policy.as_text().unwrap_or_default();
    if !["Always", "Never", "OnFailure"].contains(&text) {
        cx.findings.not_supported(
            &path.field("restartPolicy"),
            policy,
            &["Always", "Never", "OnFailure"],
        );
    }
}

fn ports(cx: &mut Cx<'_>, path: &Path<'_>, container: &Value<'_>) {
    let list = path.field("ports");
    let mut seen = HashSet::new();
    for (index, port) in container.list("ports").iter().enumerate() {
        let name = port.text("name");
        if !name.is_empty() && port_name(name).is_ok() && !seen.insert(name) {
            let origin = port.get("name").unwrap_or(port);
            cx.findings
                .duplicate(&list.index(index).field("name"), origin, name);
        }
    }
}

fn host_port(cx: &mut Cx<'_>, path: &Path<'_>, port: &Value<'_>) {
    if let Some(found) = port.get("hostPort").filter(|found| !found.is_zero()) {
        cx.check(&[PORT], &path.field("hostPort"), Some(found), port);
    }
}

/// Ports of the host: each once, and those of the containers where the network is the host's.
fn host_ports(cx: &mut Cx<'_>, path: &Path<'_>, pod: &Value<'_>) {
    let mut seen = HashSet::new();
    for list in ["containers", "initContainers"] {
        let here = path.field(list);
        for (index, container) in pod.list(list).iter().enumerate() {
            let here = here.index(index);
            let here = here.field("ports");
            for (number, port) in container.list("ports").iter().enumerate() {
                let Some(found) = port.get("hostPort").filter(|found| !found.is_zero()) else {
                    continue;
                };
                let here = here.index(number);
                let here = here.field("hostPort");
                if pod.is_true("hostNetwork") && port.int("containerPort") != found.as_int() {
                    cx.findings.invalid(
                        &here,
                        found,
                        "with `hostNetwork` it must equal `containerPort`",
                    );
                }
                let protocol = match port.text("protocol") {
                    "" => "TCP",
                    other => other,
                };
                let key = (port.text("hostIP"), protocol, found.as_int());
                if list == "containers" && !seen.insert(key) {
                    cx.findings
                        .duplicate(&here, found, &found.as_int().unwrap_or(0).to_string());
                }
            }
        }
    }
}

/// Where the value of a variable may come from.
const SOURCES: &[&str] = &[
    "fieldRef",
    "resourceFieldRef",
    "configMapKeyRef",
    "secretKeyRef",
    "fileKeyRef",
];

/// Fields of a pod that the environment may hold.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

fn env_var(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(from) = value.get("valueFrom") else {
        return;
    };
    let here = path.field("valueFrom");
    let found: Vec<&str> = SOURCES
        .iter()
        .copied()
        .filter(|source| from.has(source))
        .collect();
    if found.is_empty() {
        cx.findings.invalid(
            &here,
            from,
            format!("one of {} is required", super::words(SOURCES)),
        );
    } else if !value.text("value").is_empty() {
        cx.findings
            .invalid(&here, from, "`value` and `valueFrom` exclude each other");
    } else if found.len() > 1 {
        cx.findings.invalid(
            &here,
            from,
            format!("only one of {} may be set", super::words(&found)),
        );
    }
    if let Some(field) = from.get("fieldRef") {
        field_ref(cx, &here.field("fieldRef"), field, FIELDS, true);
    }
    if let Some(resource) = from.get("resourceFieldRef") {
        resource_ref(cx, &here.field("resourceFieldRef"), resource, false);
    }
    for source in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(reference) = from.get(source) {
            cx.check(
                &[super::AlwaysIs(dns_subdomain)],
                &here.field(source).field("name"),
                reference.get("name"),
                reference,
            );
        }
    }
}

/// A reference to a field of the pod.
pub(super) fn field_ref(
    cx: &mut Cx<'_>,
    path: &Path<'_>,
    value: &Value<'_>,
    allowed: &[&str],
    subscripts: bool,
) {
    let here = path.field("fieldPath");
    let Some(found) = value.get("fieldPath").filter(|found| !found.is_zero()) else {
        cx.findings.required(&here, value, "the field is required");
        return;
    };
    let text = found.as_text().unwrap_or_default();
    if !["", "v1"].contains(&value.text("apiVersion")) {
        let version = value.get("apiVersion").unwrap_or(value);
        cx.findings
            .invalid(&here, version, "pods are of the version `v1`");
        return;
    }
    if let Some((list, rest)) = text.split_once('[') {
        let key = rest.strip_suffix(']').map(|key| key.trim_matches('\''));
        match key {
            Some(key)
                if subscripts && ["metadata.labels", "metadata.annotations"].contains(&list) =>
            {
                if let Err(message) = crate::names::label_key(&key.to_lowercase()) {
                    cx.findings
                        .invalid(&here, found, format!("`{key}` {message}"));
                }
            }
            _ => cx
                .findings
                .invalid(&here, found, format!("`{text}` takes no subscript")),
        }
        return;
    }
    if !allowed.contains(&text) {
        if text.starts_with("metadata.") || text.starts_with("spec.") || text.starts_with("status.")
        {
            cx.findings.not_supported(&here, found, allowed);
        } else {
            cx.findings.invalid(
                &here,
                found,
                format!("`{text}` is no field of a pod that is known here"),
            );
        }
    }
}

/// A reference to a request or limit of a container.
pub(super) fn resource_ref(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, volume: bool) {
    if volume && value.text("containerName").is_empty() {
        cx.findings.required(
            &path.field("containerName"),
            value,
            "a volume must say of which container",
        );
    }
    let here = path.field("resource");
    let Some(found) = value.get("resource").filter(|found| !found.is_zero()) else {
        cx.findings.required(&here, value, "the field is required");
        return;
    };
    let known = [
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.ephemeral-storage",
    ];
    let text = found.as_text().unwrap_or_default();
    let huge = text
        .strip_prefix("limits.")
        .or_else(|| text.strip_prefix("requests."));
    if !known.contains(&text) && !huge.is_some_and(resources::is_huge_pages) {
        cx.findings.not_supported(&here, found, &known);
        return;
    }
    let Some(divisor) = value.get("divisor").filter(|found| !found.is_zero()) else {
        return;
    };
    let allowed: &[&str] = if text.ends_with(".cpu") {
        &["1m", "1"]
    } else {
        &[
            "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
        ]
    };
    let amount = crate::quantity::Quantity::of(divisor);
    let is_allowed = allowed
        .iter()
        .any(|unit| crate::quantity::Quantity::parse(unit) == amount);
    if amount.is_some_and(|amount| amount > crate::quantity::Quantity::ZERO) && !is_allowed {
        cx.findings.invalid(
            &path.field("divisor"),
            divisor,
            format!("the divisor is none of {}", super::words(allowed)),
        );
    }
}

fn env_from(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let sources = ["configMapRef", "secretRef"];
    let found: Vec<&str> = sources
        .into_iter()
        .filter(|source| value.has(source))
        .collect();
    // The server reports the list.
    let list = path.up(1);
    match found.as_slice() {
        [] => cx.findings.invalid(
            &list,
            value,
            format!("one of {} is required", super::words(&sources)),
        ),
        [_] => {}
        _ => cx.findings.invalid(
            &list,
            value,
            format!("only one of {} may be set", super::words(&sources)),
        ),
    }
    for source in found {
        if let Some(reference) = value.get(source) {
            cx.check(
                &[super::AlwaysIs(dns_subdomain)],
                &path.field(source).field("name"),
                reference.get("name"),
                reference,
            );
        }
    }
}

fn privileges(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let escalation = value
        .get("allowPrivilegeEscalation")
        .is_some_and(|found| found.data == Data::Bool(false));
    if !escalation {
        return;
    }
    if value.is_true("privileged") {
        cx.findings.invalid(
            path,
            value,
            "`allowPrivilegeEscalation: false` and `privileged: true` exclude each other",
        );
    }
    let added = value
        .get("capabilities")
        .map_or(&[][..], |found| found.list("add"));
    if added
        .iter()
        .any(|item| item.as_text() == Some("CAP_SYS_ADMIN"))
    {
        cx.findings.invalid(
            path,
            value,
            "`allowPrivilegeEscalation: false` and the capability `CAP_SYS_ADMIN` exclude each other",
        );
    }
}

fn mount(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for field in ["subPath", "subPathExpr"] {
        let text = value.text(field);
        if let (Some(found), Err(message)) =
            (value.get(field), crate::names::local_descending_path(text))
            && !text.is_empty()
        {
            cx.findings.invalid(&path.field(field), found, message);
        }
    }
    if !value.text("subPath").is_empty() && !value.text("subPathExpr").is_empty() {
        let found = value.get("subPathExpr").unwrap_or(value);
        cx.findings.invalid(
            &path.field("subPathExpr"),
            found,
            "`subPath` and `subPathExpr` exclude each other",
        );
    }
    if ["Enabled", "IfPossible"].contains(&value.text("recursiveReadOnly"))
        && let Some(found) = value.get("recursiveReadOnly")
    {
        let list = path.up(1);
        let here = list.field("recursiveReadOnly");
        if !value.is_true("readOnly") {
            cx.findings
                .forbidden(&here, found, "it needs `readOnly: true`");
        }
        if !["", "None"].contains(&value.text("mountPropagation")) {
            cx.findings
                .forbidden(&here, found, "it needs `mountPropagation: None`");
        }
    }
}

/// The claims that a stateful set makes for each of its pods.
fn claim_templates(object: &Value<'_>) -> Vec<String> {
    let templates = object
        .get("spec")
        .map_or(&[][..], |spec| spec.list("volumeClaimTemplates"));
    templates
        .iter()
        .filter_map(|claim| claim.at(&["metadata", "name"])?.as_text())
        .map(str::to_owned)
        .collect()
}

/// What the containers of a pod may mount.
struct Volumes<'v> {
    /// The volumes, the first of each name.
    by_name: HashMap<&'v str, &'v Value<'v>>,
    claims: HashSet<String>,
}

impl<'v> Volumes<'v> {
    fn of(object: &Value<'_>, pod: &'v Value<'v>) -> Self {
        let mut by_name = HashMap::new();
        for volume in pod.list("volumes") {
            by_name.entry(volume.text("name")).or_insert(volume);
        }
        Self {
            by_name,
            claims: claim_templates(object).into_iter().collect(),
        }
    }
}

/// What a container mounts must be a volume of its pod.
fn mounts(cx: &mut Cx<'_>, path: &Path<'_>, container: &Value<'_>, volumes: &Volumes<'_>) {
    let volume = |name: &str| volumes.by_name.get(name).copied();
    let is_claim = |name: &str| volumes.claims.contains(name);
    let list = path.field("volumeMounts");
    let mut paths = HashSet::new();
    for (index, mount) in container.list("volumeMounts").iter().enumerate() {
        let here = list.index(index);
        let name = mount.get("name").unwrap_or(mount);
        let volume_name = mount.text("name");
        if !volume_name.is_empty() && volume(volume_name).is_none() && !is_claim(volume_name) {
            cx.findings
                .not_found(&here.field("name"), name, "volume in `spec.volumes` named");
        }
        let target = mount.text("mountPath");
        if !target.is_empty() && !paths.insert(target) {
            let origin = mount.get("mountPath").unwrap_or(mount);
            cx.findings.invalid(
                &here.field("mountPath"),
                origin,
                format!("`{target}` is mounted already"),
            );
        }
        if mount.text("mountPropagation") == "Bidirectional"
            && !container
                .get("securityContext")
                .is_some_and(|context| context.is_true("privileged"))
            && let Some(found) = mount.get("mountPropagation")
        {
            cx.findings.forbidden(
                &list.field("mountPropagation"),
                found,
                "only privileged containers propagate mounts to the host",
            );
        }
    }
    let list = path.field("volumeDevices");
    let mut devices = (HashSet::new(), HashSet::new());
    let mounted = container.list("volumeMounts").iter();
    let mounted: HashSet<&str> = mounted.map(|mount| mount.text("name")).collect();
    for (index, device) in container.list("volumeDevices").iter().enumerate() {
        let here = list.index(index);
        let name = device.get("name").unwrap_or(device);
        let text = device.text("name");
        match volume(text) {
            _ if is_claim(text) => {}
            None if !text.is_empty() => {
                cx.findings
                    .not_found(&here.field("name"), name, "volume in `spec.volumes` named");
            }
            Some(volume) if !volume.has("persistentVolumeClaim") && !volume.has("ephemeral") => {
                cx.findings.invalid(
                    &here.field("name"),
                    name,
                    format!("`{text}` is no claim: only persistent and ephemeral claims are block devices"),
                );
            }
            _ => {}
        }
        if !text.is_empty() && !devices.0.insert(text) {
            cx.findings.invalid(
                &here.field("name"),
                name,
                format!("`{text}` is used already"),
            );
        }
        let target = device.text("devicePath");
        if !target.is_empty() && (!devices.1.insert(target) || paths.contains(target)) {
            let origin = device.get("devicePath").unwrap_or(device);
            cx.findings.invalid(
                &here.field("devicePath"),
                origin,
                format!("`{target}` is used already"),
            );
        }
        if !text.is_empty() && mounted.contains(text) {
            cx.findings.invalid(
                &here.field("name"),
                name,
                format!("`{text}` is mounted, too"),
            );
        }
    }
}
