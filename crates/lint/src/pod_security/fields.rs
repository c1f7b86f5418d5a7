//! The controls that look at single fields.

use kustom_validate::{Data, Path, Value};

use super::{Places, Subject};

fn text_or_none(value: Option<&Value<'_>>) -> String {
    match value.and_then(Value::as_text) {
        Some(text) if !text.is_empty() => format!("`{text}`"),
        _ => "nothing".to_owned(),
    }
}

/// Profiles of AppArmor, by field and by annotation.
pub(super) fn app_armor(subject: &Subject<'_>, places: &mut Places) {
    subject.each_context(|context, path| {
        if let Some(profile) = context.get("appArmorProfile") {
            let kind = profile.get("type");
            if !matches!(profile.text("type"), "RuntimeDefault" | "Localhost") {
                let message = format!("the type of the profile is {}", text_or_none(kind));
                places.add(
                    &path.field("appArmorProfile.type"),
                    kind.unwrap_or(profile),
                    message,
                );
            }
        }
    });
    let path = Path::ROOT.field(subject.pod.metadata_path);
    let path = path.field("annotations");
    for entry in subject.annotations() {
        let is_profile = entry
            .key
            .starts_with("container.apparmor.security.beta.kubernetes.io/");
        let value = entry.value.as_text().unwrap_or_default();
        let is_allowed =
            value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
        if is_profile && !is_allowed {
            places.add(
                &path.key(&entry.key),
                &entry.value,
                format!("the profile is `{value}`"),
            );
        }
    }
}

/// The namespaces of the host.
pub(super) fn host_namespaces(subject: &Subject<'_>, places: &mut Places) {
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(value) = subject.pod.spec.get(field)
            && value.data == Data::Bool(true)
        {
            places.add(
                &subject.path.field(field),
                value,
                format!("`{field}` is set"),
            );
        }
    }
}

/// Volumes of the host.
pub(super) fn host_paths(subject: &Subject<'_>, places: &mut Places) {
    let list = subject.path.field("volumes");
    for (index, volume) in subject.pod.spec.list("volumes").iter().enumerate() {
        if let Some(path) = volume.get("hostPath") {
            let message = format!("the volume `{}` is a path of the host", volume.text("name"));
            places.add(&list.index(index).field("hostPath"), path, message);
        }
    }
}

/// Ports of the host.
pub(super) fn host_ports(subject: &Subject<'_>, places: &mut Places) {
    subject.each_container(|container, path| {
        let list = path.field("ports");
        for (index, port) in container.list("ports").iter().enumerate() {
            if let Some(value) = port.get("hostPort").filter(|value| !value.is_zero()) {
                let number = value.as_int().unwrap_or_default();
                let message = format!("the port {number} of the host is taken");
                places.add(&list.index(index).field("hostPort"), value, message);
            }
        }
    });
}

/// Probes and hooks that ask a host of their own choosing.
pub(super) fn host_probes(subject: &Subject<'_>, places: &mut Places) {
    const HANDLERS: [&[&str]; 5] = [
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    subject.each_container(|container, path| {
        for handler in HANDLERS {
            for action in ["httpGet", "tcpSocket"] {
                let host = container
                    .at(handler)
                    .and_then(|handler| handler.at(&[action, "host"]))
                    .filter(|host| !host.is_zero());
                if let Some(host) = host {
                    let field = format!("{}.{action}.host", handler.join("."));
                    let name = host.as_text().unwrap_or_default();
                    places.add(
                        &path.field(&field),
                        host,
                        format!("it asks the host `{name}`"),
                    );
                }
            }
        }
    });
}

/// Privileged containers.
pub(super) fn privileged(subject: &Subject<'_>, places: &mut Places) {
    subject.each_container(|container, path| {
        if let Some(value) = container.at(&["securityContext", "privileged"])
            && value.data == Data::Bool(true)
        {
            places.add(
                &path.field("securityContext.privileged"),
                value,
                "the container is privileged",
            );
        }
    });
}

/// Masks of `/proc`.
pub(super) fn proc_mount(subject: &Subject<'_>, places: &mut Places) {
    subject.each_container(|container, path| {
        if let Some(value) = container.at(&["securityContext", "procMount"])
            && value.as_text() != Some("Default")
        {
            let message = format!("`procMount` is {}", text_or_none(Some(value)));
            places.add(&path.field("securityContext.procMount"), value, message);
        }
    });
}

/// The same, unless the pod has users of its own.
pub(super) fn proc_mount_of_host_users(subject: &Subject<'_>, places: &mut Places) {
    if !subject.has_own_users() {
        proc_mount(subject, places);
    }
}

fn se_linux_but(subject: &Subject<'_>, types: &[&str], places: &mut Places) {
    subject.each_context(|context, path| {
        let Some(options) = context.get("seLinuxOptions") else {
            return;
        };
        let path = path.field("seLinuxOptions");
        let kind = options.text("type");
        if !types.contains(&kind)
            && let Some(value) = options.get("type")
        {
            places.add(&path.field("type"), value, format!("the type is `{kind}`"));
        }
        for field in ["user", "role"] {
            if let Some(value) = options.get(field).filter(|value| !value.is_zero()) {
                places.add(&path.field(field), value, format!("`{field}` is set"));
            }
        }
    });
}

/// Types of SELinux.
pub(super) fn se_linux(subject: &Subject<'_>, places: &mut Places) {
    let types = ["", "container_t", "container_init_t", "container_kvm_t"];
    se_linux_but(subject, &types, places);
}

/// The same, with the type for engines in containers.
pub(super) fn se_linux_with_engine(subject: &Subject<'_>, places: &mut Places) {
    let types = [
        "",
        "container_t",
        "container_init_t",
        "container_kvm_t",
        "container_engine_t",
    ];
    se_linux_but(subject, &types, places);
}

/// Profiles of seccomp, when they were annotations.
pub(super) fn seccomp_annotations(subject: &Subject<'_>, places: &mut Places) {
    let path = Path::ROOT.field(subject.pod.metadata_path);
    let path = path.field("annotations");
    let containers = &subject.pod.containers;
    for entry in subject.annotations() {
        let of = entry
            .key
            .strip_prefix("container.seccomp.security.alpha.kubernetes.io/");
        let is_one = of.is_some_and(|name| containers.iter().any(|one| one.name() == name))
            || entry.key == "seccomp.security.alpha.kubernetes.io/pod";
        let value = entry.value.as_text().unwrap_or_default();
        let is_allowed = matches!(value, "runtime/default" | "docker/default")
            || value.starts_with("localhost/");
        if is_one && !is_allowed {
            places.add(
                &path.key(&entry.key),
                &entry.value,
                format!("the profile is `{value}`"),
            );
        }
    }
}

fn is_held(profile: &Value<'_>) -> bool {
    matches!(profile.text("type"), "RuntimeDefault" | "Localhost")
}

/// Profiles of seccomp that are lifted.
pub(super) fn seccomp(subject: &Subject<'_>, places: &mut Places) {
    subject.each_context(|context, path| {
        if let Some(profile) = context.get("seccompProfile").filter(|it| !is_held(it)) {
            let kind = profile.get("type");
            let message = format!("the type of the profile is {}", text_or_none(kind));
            places.add(
                &path.field("seccompProfile.type"),
                kind.unwrap_or(profile),
                message,
            );
        }
    });
}

/// Profiles of seccomp that are lifted, or not named.
pub(super) fn seccomp_named(subject: &Subject<'_>, places: &mut Places) {
    seccomp(subject, places);
    let of_pod = subject.pod.spec.at(&["securityContext", "seccompProfile"]);
    let is_set = of_pod.is_some_and(is_held);
    subject.each_container(|container, path| {
        let own = container.at(&["securityContext", "seccompProfile"]);
        if own.is_none() && !is_set {
            let message = "neither the container nor the pod names a profile";
            places.add(
                &path.field("securityContext.seccompProfile"),
                container,
                message,
            );
        }
    });
}

/// The same, of pods for Linux.
pub(super) fn seccomp_named_of_linux(subject: &Subject<'_>, places: &mut Places) {
    if !subject.is_windows() {
        seccomp_named(subject, places);
    }
}

/// Sysctls that stay within the pod, and the minor since which they may be set.
const SYSCTLS: &[(u32, &str)] = &[
    (0, "kernel.shm_rmid_forced"),
    (0, "net.ipv4.ip_local_port_range"),
    (0, "net.ipv4.ip_unprivileged_port_start"),
    (0, "net.ipv4.ping_group_range"),
    (0, "net.ipv4.tcp_syncookies"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_fin_timeout"),
    (29, "net.ipv4.tcp_keepalive_intvl"),
    (29, "net.ipv4.tcp_keepalive_probes"),
    (29, "net.ipv4.tcp_keepalive_time"),
    (32, "net.ipv4.tcp_rmem"),
    (32, "net.ipv4.tcp_wmem"),
    (37, "net.ipv4.tcp_notsent_lowat"),
    (37, "net.ipv4.tcp_slow_start_after_idle"),
];

/// Whether a sysctl stays within the pod, as of the newest policy.
pub(crate) fn is_safe_sysctl(name: &str) -> bool {
    SYSCTLS.iter().any(|(_, known)| *known == name)
}

/// Sysctls, as of a minor.
pub(super) fn sysctls<const MINOR: u32>(subject: &Subject<'_>, places: &mut Places) {
    let list = subject.path.field("securityContext.sysctls");
    let context = subject.pod.spec.get("securityContext");
    let sysctls = context.map_or(&[][..], |context| context.list("sysctls"));
    for (index, sysctl) in sysctls.iter().enumerate() {
        let name = sysctl.text("name");
        let mut known = SYSCTLS.iter().filter(|(since, _)| *since <= MINOR);
        if !known.any(|(_, known)| *known == name) {
            let at = sysctl.get("name").unwrap_or(sysctl);
            let message = format!("the sysctl `{name}` may not be set");
            places.add(&list.index(index).field("name"), at, message);
        }
    }
}

/// Host processes of Windows.
pub(super) fn windows_host_process(subject: &Subject<'_>, places: &mut Places) {
    subject.each_context(|context, path| {
        if let Some(value) = context.at(&["windowsOptions", "hostProcess"])
            && value.data == Data::Bool(true)
        {
            places.add(
                &path.field("windowsOptions.hostProcess"),
                value,
                "it is a process of the host",
            );
        }
    });
}

/// Rights beyond those of the parent.
pub(super) fn escalation(subject: &Subject<'_>, places: &mut Places) {
    subject.each_container(|container, path| {
        let value = container.at(&["securityContext", "allowPrivilegeEscalation"]);
        if value.is_none_or(|value| value.data != Data::Bool(false)) {
            let field = path.field("securityContext.allowPrivilegeEscalation");
            let message = "`allowPrivilegeEscalation` is not false";
            places.add(&field, value.unwrap_or(container), message);
        }
    });
}

/// The same, of pods for Linux.
pub(super) fn escalation_of_linux(subject: &Subject<'_>, places: &mut Places) {
    if !subject.is_windows() {
        escalation(subject, places);
    }
}

/// Volumes of kinds that Kubernetes manages.
pub(super) fn volume_types(subject: &Subject<'_>, places: &mut Places) {
    const ALLOWED: [&str; 9] = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let list = subject.path.field("volumes");
    for (index, volume) in subject.pod.spec.list("volumes").iter().enumerate() {
        if ALLOWED.iter().any(|kind| volume.has(kind)) {
            continue;
        }
        let mut others = volume.entries().iter();
        let other = others.find(|it| it.key != "name" && !it.value.is_null());
        // The server makes a volume without a kind an `emptyDir`.
        let Some(kind) = other.map(|entry| &entry.key) else {
            continue;
        };
        let message = format!(
            "the volume `{}` is of the kind `{kind}`",
            volume.text("name")
        );
        places.add(&list.index(index), volume, message);
    }
}

/// Another user than root.
pub(super) fn non_root(subject: &Subject<'_>, places: &mut Places) {
    let of_pod = subject.pod.spec.at(&["securityContext", "runAsNonRoot"]);
    let is_set = of_pod.is_some_and(|value| value.data == Data::Bool(true));
    if let Some(value) = of_pod.filter(|_| !is_set) {
        let field = subject.path.field("securityContext.runAsNonRoot");
        places.add(&field, value, "`runAsNonRoot` is false");
    }
    subject.each_container(|container, path| {
        let field = path.field("securityContext.runAsNonRoot");
        match container.at(&["securityContext", "runAsNonRoot"]) {
            Some(value) if value.data != Data::Bool(true) => {
                places.add(&field, value, "`runAsNonRoot` is false");
            }
            None if !is_set => {
                let message = "neither the container nor the pod sets `runAsNonRoot`";
                places.add(&field, container, message);
            }
            _ => {}
        }
    });
}

/// The same, unless the pod has users of its own.
pub(super) fn non_root_of_host_users(subject: &Subject<'_>, places: &mut Places) {
    if !subject.has_own_users() {
        non_root(subject, places);
    }
}

/// User 0.
pub(super) fn root_user(subject: &Subject<'_>, places: &mut Places) {
    subject.each_context(|context, path| {
        if let Some(value) = context.get("runAsUser")
            && value.as_int() == Some(0)
        {
            places.add(&path.field("runAsUser"), value, "`runAsUser` is 0");
        }
    });
}

/// The same, unless the pod has users of its own.
pub(super) fn root_user_of_host_users(subject: &Subject<'_>, places: &mut Places) {
    if !subject.has_own_users() {
        root_user(subject, places);
    }
}
