//! Rules about single containers.

use kustom_validate::{Data, Path, Quantity, Value};

use crate::cluster::{Container, Pod};
use crate::secret_names::is_secret;
use crate::{ContainerCheck, Sink};

/// Rules and their checks.
pub(crate) const CHECKS: &[(&str, ContainerCheck)] = &[
    ("cpu-requests", |pod, one, path, sink| {
        resource(pod, one, path, ["requests", "cpu"], sink)
    }),
    ("memory-requests", |pod, one, path, sink| {
        resource(pod, one, path, ["requests", "memory"], sink)
    }),
    ("cpu-limits", |pod, one, path, sink| {
        resource(pod, one, path, ["limits", "cpu"], sink)
    }),
    ("memory-limits", |pod, one, path, sink| {
        resource(pod, one, path, ["limits", "memory"], sink)
    }),
    ("ephemeral-storage", |pod, one, path, sink| {
        resource(pod, one, path, ["limits", "ephemeral-storage"], sink)
    }),
    ("memory-request-below-limit", request_below_limit),
    ("latest-tag", latest_tag),
    ("image-pull-policy", image_pull_policy),
    ("stale-latest", stale_latest),
    ("privileged", |_, one, path, sink| {
        is_set(one, path, "privileged", "the container is privileged", sink)
    }),
    ("privilege-escalation", privilege_escalation),
    ("run-as-root", run_as_root),
    ("low-user-id", low_user_id),
    ("writable-root-filesystem", writable_root),
    ("added-capabilities", added_capabilities),
    ("kept-capabilities", kept_capabilities),
    ("host-port", host_port),
    ("proc-mount", proc_mount),
    ("liveness-probe", |pod, one, path, sink| {
        probe(pod, one, path, "livenessProbe", sink)
    }),
    ("readiness-probe", |pod, one, path, sink| {
        probe(pod, one, path, "readinessProbe", sink)
    }),
    ("equal-probes", equal_probes),
    ("secret-in-environment", secret_in_environment),
    ("variable-twice", variable_twice),
    ("secret-as-variable", secret_as_variable),
    ("seccomp-profile", seccomp_profile),
    ("ssh-port", |_, one, path, sink| {
        port(one, path, |number| number == 22, sink)
    }),
    ("privileged-port", |_, one, path, sink| {
        port(one, path, |number| number < 1024, sink)
    }),
    ("sudo", sudo),
];

/// The value in the security context of a container, or of its pod.
fn effective<'v>(pod: &Pod<'v>, container: &Container<'v>, field: &str) -> Option<&'v Value<'v>> {
    let own = container.value.at(&["securityContext", field]);
    own.or_else(|| pod.spec.at(&["securityContext", field]))
}

fn is_true(value: Option<&Value<'_>>) -> bool {
    value.is_some_and(|value| value.data == Data::Bool(true))
}

fn is_windows(pod: &Pod<'_>) -> bool {
    pod.spec.at(&["os", "name"]).and_then(Value::as_text) == Some("windows")
}

fn resource(
    pod: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    [kind, name]: [&str; 2],
    sink: &mut Sink<'_>,
) {
    // What runs before the others is done soon; the pod may say it for all of its containers.
    if !container.is_main() {
        return sink.unasked();
    }
    let resources = container.value.get("resources");
    let has = |of: &Value<'_>, kind: &str| of.at(&[kind, name]).is_some();
    let is_said = |of: &Value<'_>| has(of, kind) || kind == "requests" && has(of, "limits");
    if resources.is_some_and(is_said) || pod.spec.get("resources").is_some_and(is_said) {
        return;
    }
    let at = resources.and_then(|it| it.get(kind)).or(resources);
    let word = match kind {
        "requests" => "requests no",
        _ => "has no limit of",
    };
    let word_for_name = if name == "cpu" {
        "processor time"
    } else {
        name
    };
    let message = format!(
        "the container `{}` {word} {word_for_name}",
        container.name()
    );
    let field = format!("resources.{kind}");
    sink.add(&path.field(&field), at.unwrap_or(container.value), message);
}

fn request_below_limit(
    _: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    sink: &mut Sink<'_>,
) {
    let of = |kind: &str| container.value.at(&["resources", kind, "memory"]);
    let (Some(request), Some(limit)) = (of("requests"), of("limits")) else {
        return sink.unasked();
    };
    if Quantity::of(request) != Quantity::of(limit) {
        let message = "less memory is requested than the container may use";
        sink.add(&path.field("resources.requests.memory"), request, message);
    }
}

/// The tag of an image, and whether a digest says which one it is.
fn tag_of(image: &str) -> (Option<&str>, bool) {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    (tag.filter(|tag| !tag.is_empty()), digest.is_some())
}

/// Whether nothing says which version of an image is meant.
fn is_latest(image: &str) -> bool {
    let (tag, has_digest) = tag_of(image);
    !has_digest && matches!(tag, None | Some("latest"))
}

fn image<'v>(container: &Container<'v>) -> Option<(&'v Value<'v>, &'v str)> {
    let value = container.value.get("image")?;
    let text = value.as_text()?;
    (!text.is_empty()).then_some((value, text))
}

fn latest_tag(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let Some((value, text)) = image(container) else {
        return sink.unasked();
    };
    if is_latest(text) {
        let message = match tag_of(text).0 {
            None => format!("the image `{text}` names no version"),
            Some(_) => format!("the image `{text}` is whatever is the latest"),
        };
        sink.add(&path.field("image"), value, message);
    }
}

fn image_pull_policy(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let Some((value, text)) = image(container) else {
        return sink.unasked();
    };
    let policy = container.value.get("imagePullPolicy");
    let is_always = match policy.and_then(Value::as_text) {
        Some(policy) => policy == "Always",
        None => is_latest(text),
    };
    if !is_always && !tag_of(text).1 {
        let message = format!("the image `{text}` is not pulled again where a node has it");
        sink.add(
            &path.field("imagePullPolicy"),
            policy.unwrap_or(value),
            message,
        );
    }
}

fn stale_latest(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let Some((_, text)) = image(container).filter(|(_, text)| is_latest(text)) else {
        return sink.unasked();
    };
    if let Some(policy) = container.value.get("imagePullPolicy")
        && policy.as_text() != Some("Always")
    {
        let word = policy.as_text().unwrap_or_default();
        let message = format!("the image `{text}` names no version, and is pulled `{word}`");
        sink.add(&path.field("imagePullPolicy"), policy, message);
    }
}

fn is_set(
    container: &Container<'_>,
    path: &Path<'_>,
    field: &str,
    message: &str,
    sink: &mut Sink<'_>,
) {
    let value = container.value.at(&["securityContext", field]);
    if let Some(value) = value.filter(|value| value.data == Data::Bool(true)) {
        sink.add(&path.field("securityContext").field(field), value, message);
    }
}

fn privilege_escalation(
    pod: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    sink: &mut Sink<'_>,
) {
    let privileged = container.value.at(&["securityContext", "privileged"]);
    // What is privileged is told as that.
    if container.is_ephemeral() || is_windows(pod) || is_true(privileged) {
        return sink.unasked();
    }
    let value = container
        .value
        .at(&["securityContext", "allowPrivilegeEscalation"]);
    if value.is_none_or(|value| value.data != Data::Bool(false)) {
        let context = container.value.get("securityContext");
        let at = value.or(context).unwrap_or(container.value);
        let message = format!(
            "a process of the container `{}` may gain rights",
            container.name()
        );
        sink.add(
            &path.field("securityContext.allowPrivilegeEscalation"),
            at,
            message,
        );
    }
}

fn run_as_root(pod: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    if container.is_ephemeral() || is_windows(pod) {
        return sink.unasked();
    }
    let user = effective(pod, container, "runAsUser");
    let non_root = effective(pod, container, "runAsNonRoot");
    let at = user.or(non_root).unwrap_or(container.value);
    match user.and_then(Value::as_int) {
        Some(0) => {
            let message = format!("the container `{}` runs as root", container.name());
            sink.add(&path.field("securityContext.runAsUser"), at, message);
        }
        Some(_) => {}
        None if is_true(non_root) => {}
        None => {
            let message = format!("the container `{}` may run as root", container.name());
            sink.add(&path.field("securityContext.runAsNonRoot"), at, message);
        }
    }
}

fn low_user_id(pod: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    for (field, word) in [("runAsUser", "user"), ("runAsGroup", "group")] {
        let value = effective(pod, container, field);
        let id = value.and_then(Value::as_int);
        if id.is_none_or(|id| id < 10_000) {
            let message = match id {
                Some(id) => format!("the {word} {id} may be one of the node"),
                None => format!("no {word} is named"),
            };
            let here = path.field("securityContext");
            sink.add(
                &here.field(field),
                value.unwrap_or(container.value),
                message,
            );
        }
    }
}

fn writable_root(pod: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    if !container.is_main() || is_windows(pod) {
        return sink.unasked();
    }
    let value = container
        .value
        .at(&["securityContext", "readOnlyRootFilesystem"]);
    if !is_true(value) {
        let context = container.value.get("securityContext");
        let at = value.or(context).unwrap_or(container.value);
        let message = format!(
            "the container `{}` can write into its image",
            container.name()
        );
        sink.add(
            &path.field("securityContext.readOnlyRootFilesystem"),
            at,
            message,
        );
    }
}

/// Capabilities that lead to the node.
const DANGEROUS: &[&str] = &[
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "NET_ADMIN",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_TIME",
];

fn capabilities<'v>(container: &Container<'v>, list: &str) -> &'v [Value<'v>] {
    let capabilities = container.value.at(&["securityContext", "capabilities"]);
    capabilities.map_or(&[], |capabilities| capabilities.list(list))
}

fn plain(name: &str) -> &str {
    name.strip_prefix("CAP_").unwrap_or(name)
}

fn added_capabilities(
    _: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    sink: &mut Sink<'_>,
) {
    let list = path.field("securityContext.capabilities.add");
    for (index, item) in capabilities(container, "add").iter().enumerate() {
        let name = item.as_text().unwrap_or_default();
        if DANGEROUS.contains(&plain(name)) {
            let message = format!("the capability `{name}` reaches the node");
            sink.add(&list.index(index), item, message);
        }
    }
}

fn kept_capabilities(
    pod: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    sink: &mut Sink<'_>,
) {
    let is_privileged = is_true(container.value.at(&["securityContext", "privileged"]));
    if container.is_ephemeral() || is_windows(pod) || is_privileged {
        return sink.unasked();
    }
    let mut dropped = capabilities(container, "drop")
        .iter()
        .filter_map(Value::as_text);
    if !dropped.any(|name| matches!(plain(name), "ALL" | "all" | "NET_RAW")) {
        let context = container.value.get("securityContext");
        let at = context.and_then(|it| it.get("capabilities")).or(context);
        let message = format!(
            "the container `{}` keeps `NET_RAW` and others",
            container.name()
        );
        let field = path.field("securityContext.capabilities.drop");
        sink.add(&field, at.unwrap_or(container.value), message);
    }
}

fn host_port(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let list = path.field("ports");
    for (index, port) in container.value.list("ports").iter().enumerate() {
        if let Some(value) = port.get("hostPort").filter(|value| !value.is_zero()) {
            let number = value.as_int().unwrap_or_default();
            let message = format!("the port {number} of the node is taken");
            sink.add(&list.index(index).field("hostPort"), value, message);
        }
    }
}

fn proc_mount(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let value = container.value.at(&["securityContext", "procMount"]);
    if let Some(value) = value.filter(|value| value.as_text() == Some("Unmasked")) {
        sink.add(
            &path.field("securityContext.procMount"),
            value,
            "`/proc` is not masked",
        );
    }
}

/// Whether the pods of an object run until somebody ends them.
fn is_service(pod: &Pod<'_>) -> bool {
    matches!(
        pod.kind,
        "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Rollout"
    ) || pod.kind == "Pod" && matches!(pod.spec.text("restartPolicy"), "" | "Always")
}

fn probe(
    pod: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    field: &str,
    sink: &mut Sink<'_>,
) {
    let is_idle = field == "readinessProbe" && !listens(container);
    if !container.is_main() || !is_service(pod) || is_idle {
        return sink.unasked();
    }
    if !container.value.has(field) {
        let word = field.strip_suffix("Probe").unwrap_or(field);
        let message = format!("the container `{}` has no {word} probe", container.name());
        sink.add(&path.field(field), container.value, message);
    }
}

/// Whether something says that a container takes requests, which a readiness probe holds back.
fn listens(container: &Container<'_>) -> bool {
    let asks = |probe: &Value<'_>| {
        let ways = ["httpGet", "tcpSocket", "grpc"];
        ways.iter().any(|way| probe.has(way))
    };
    let mut probes = ["livenessProbe", "startupProbe"].iter();
    !container.value.list("ports").is_empty()
        || probes.any(|probe| container.value.get(probe).is_some_and(asks))
}

fn equal_probes(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let of = |field: &str| container.value.get(field);
    let (Some(liveness), Some(readiness)) = (of("livenessProbe"), of("readinessProbe")) else {
        return sink.unasked();
    };
    if same(liveness, readiness) {
        let message = "the liveness probe is the readiness probe";
        sink.add(&path.field("livenessProbe"), liveness, message);
    }
}

/// Whether two values are equal, wherever they are written.
fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (&one.data, &other.data) {
        (Data::List(one), Data::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Data::Map(entries), Data::Map(others)) => {
            let is_there = |entry: &kustom_validate::Entry<'_>| {
                other
                    .get(&entry.key)
                    .is_some_and(|value| same(&entry.value, value))
            };
            entries.len() == others.len() && entries.iter().all(is_there)
        }
        (one, other) => one == other,
    }
}

fn secret_in_environment(
    _: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    sink: &mut Sink<'_>,
) {
    let list = path.field("env");
    for (index, variable) in container.value.list("env").iter().enumerate() {
        let Some(value) = variable.get("value") else {
            continue;
        };
        let name = variable.text("name");
        if is_secret(name, value.as_text().unwrap_or_default()) {
            let message = format!("the value of `{name}` stands in the clear");
            sink.add(&list.index(index).field("value"), value, message);
        }
    }
}

fn variable_twice(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let list = path.field("env");
    let mut known = std::collections::HashSet::new();
    for (index, variable) in container.value.list("env").iter().enumerate() {
        let name = variable.text("name");
        if !known.insert(name) {
            let at = variable.get("name").unwrap_or(variable);
            let message = format!("the variable `{name}` is there twice");
            sink.add(&list.index(index).field("name"), at, message);
        }
    }
}

fn secret_as_variable(
    _: &Pod<'_>,
    container: &Container<'_>,
    path: &Path<'_>,
    sink: &mut Sink<'_>,
) {
    let list = path.field("env");
    for (index, variable) in container.value.list("env").iter().enumerate() {
        if let Some(from) = variable.at(&["valueFrom", "secretKeyRef"]) {
            let message = format!(
                "the variable `{}` is taken from a Secret",
                variable.text("name")
            );
            sink.add(&list.index(index).field("valueFrom"), from, message);
        }
    }
    let list = path.field("envFrom");
    for (index, source) in container.value.list("envFrom").iter().enumerate() {
        if let Some(from) = source.get("secretRef") {
            let message = format!(
                "variables are taken from the Secret `{}`",
                from.text("name")
            );
            sink.add(&list.index(index).field("secretRef"), from, message);
        }
    }
}

fn seccomp_profile(pod: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let is_privileged = is_true(container.value.at(&["securityContext", "privileged"]));
    if container.is_ephemeral() || is_windows(pod) || is_privileged {
        return sink.unasked();
    }
    let profile = effective(pod, container, "seccompProfile");
    let kind = profile.map_or("", |profile| profile.text("type"));
    if matches!(kind, "" | "Unconfined") {
        let message = match kind {
            "" => format!(
                "the container `{}` names no profile of seccomp",
                container.name()
            ),
            _ => format!(
                "the container `{}` has no bounds of seccomp",
                container.name()
            ),
        };
        sink.add(
            &path.field("securityContext.seccompProfile"),
            profile.unwrap_or(container.value),
            message,
        );
    }
}

fn port(container: &Container<'_>, path: &Path<'_>, is_told: fn(i64) -> bool, sink: &mut Sink<'_>) {
    let list = path.field("ports");
    for (index, port) in container.value.list("ports").iter().enumerate() {
        if let Some(value) = port.get("containerPort")
            && value
                .as_int()
                .is_some_and(|number| number > 0 && is_told(number))
        {
            let number = value.as_int().unwrap_or_default();
            let message = format!(
                "the container `{}` listens on port {number}",
                container.name()
            );
            sink.add(&list.index(index).field("containerPort"), value, message);
        }
    }
}

fn sudo(_: &Pod<'_>, container: &Container<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    for field in ["command", "args"] {
        let list = path.field(field);
        for (index, word) in container.value.list(field).iter().enumerate() {
            let mut words = word.as_text().unwrap_or_default().split_whitespace();
            if words.any(|word| word == "sudo") {
                sink.add(&list.index(index), word, "it is run by `sudo`");
            }
        }
    }
}
