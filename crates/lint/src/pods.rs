//! Rules about pods, and what is shared by their containers.

use kustom_validate::{Data, Path, Value};

use crate::cluster::{Cluster, Pod};
use crate::pod_security::is_safe_sysctl;
use crate::{PodCheck, Sink};

/// Rules and their checks.
pub(crate) const CHECKS: &[(&str, PodCheck)] = &[
    ("host-network", |_, pod, path, sink| {
        is_set(
            pod,
            path,
            "hostNetwork",
            "the pod is in the network of its node",
            sink,
        )
    }),
    ("host-pid", |_, pod, path, sink| {
        is_set(
            pod,
            path,
            "hostPID",
            "the pod is among the processes of its node",
            sink,
        )
    }),
    ("host-ipc", |_, pod, path, sink| {
        is_set(
            pod,
            path,
            "hostIPC",
            "the pod shares the memory of its node",
            sink,
        )
    }),
    ("host-path", |_, pod, path, sink| host_path(pod, path, sink)),
    ("writable-host-path", |_, pod, path, sink| {
        writable_host_path(pod, path, sink)
    }),
    ("runtime-socket", |_, pod, path, sink| {
        runtime_socket(pod, path, sink)
    }),
    ("host-process", |_, pod, path, sink| {
        host_process(pod, path, sink)
    }),
    ("unsafe-sysctl", |_, pod, path, sink| {
        unsafe_sysctl(pod, path, sink)
    }),
    ("default-service-account-token", account_token),
    ("old-service-account-field", |_, pod, path, sink| {
        old_account_field(pod, path, sink)
    }),
    ("priority-class", |_, pod, path, sink| {
        priority_class(pod, path, sink)
    }),
    ("naked-pod", |_, pod, path, sink| naked(pod, path, sink)),
    ("dns-config", |_, pod, path, sink| {
        dns_config(pod, path, sink)
    }),
    ("no-grace-period", |_, pod, path, sink| {
        no_grace(pod, path, sink)
    }),
    ("short-grace-period", |_, pod, path, sink| {
        short_grace(pod, path, sink)
    }),
    ("memory-volume", |_, pod, path, sink| {
        memory_volume(pod, path, sink)
    }),
];

fn is_set(pod: &Pod<'_>, path: &Path<'_>, field: &str, message: &str, sink: &mut Sink<'_>) {
    if let Some(value) = pod.spec.get(field)
        && value.data == Data::Bool(true)
    {
        sink.add(&path.field(field), value, message);
    }
}

/// The paths of the node that a pod mounts: the number of the volume, the volume, and the path.
fn host_paths<'v>(pod: &Pod<'v>) -> impl Iterator<Item = (usize, &'v Value<'v>, &'v Value<'v>)> {
    let volumes = pod.spec.list("volumes").iter().enumerate();
    volumes.filter_map(|(index, volume)| Some((index, volume, volume.get("hostPath")?)))
}

/// Sockets of container runtimes.
const SOCKETS: &[&str] = &[
    "containerd.sock",
    "cri-dockerd.sock",
    "crio.sock",
    "docker.sock",
    "podman.sock",
];

fn is_socket(path: &Value<'_>) -> bool {
    let path = path.text("path").trim_end_matches('/');
    SOCKETS.iter().any(|socket| path.ends_with(socket))
}

fn host_path(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    for (index, volume, host) in host_paths(pod) {
        // A socket of the runtime is told as that.
        if !is_socket(host) {
            let (name, at) = (volume.text("name"), host.text("path"));
            let message = format!("the volume `{name}` is `{at}` of the node");
            sink.add(
                &path.field("volumes").index(index).field("hostPath"),
                host,
                message,
            );
        }
    }
}

fn runtime_socket(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    for (index, _, host) in host_paths(pod).filter(|(_, _, host)| is_socket(host)) {
        let at = host.get("path").unwrap_or(host);
        let message = format!(
            "`{}` is the socket of the container runtime",
            host.text("path")
        );
        sink.add(
            &path.field("volumes").index(index).field("hostPath.path"),
            at,
            message,
        );
    }
}

fn writable_host_path(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    for container in &pod.containers {
        let list = path.field(container.list);
        let list = list.index(container.index);
        for (index, mount) in container.value.list("volumeMounts").iter().enumerate() {
            let name = mount.text("name");
            let is_host = host_paths(pod).any(|(_, volume, _)| volume.text("name") == name);
            if is_host && !mount.is_true("readOnly") {
                let message = format!("the container `{}` can write on the node", container.name());
                let field = list.field("volumeMounts");
                sink.add(&field.index(index).field("readOnly"), mount, message);
            }
        }
    }
}

fn host_process(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let containers = pod.containers.iter().map(|one| (Some(one), one.value));
    for (container, value) in std::iter::once((None, pod.spec)).chain(containers) {
        let found = value.at(&["securityContext", "windowsOptions", "hostProcess"]);
        let Some(found) = found.filter(|found| found.data == Data::Bool(true)) else {
            continue;
        };
        let field = "securityContext.windowsOptions.hostProcess";
        let message = "it runs as a process of the node";
        match container {
            Some(one) => {
                let list = path.field(one.list);
                sink.add(&list.index(one.index).field(field), found, message);
            }
            None => sink.add(&path.field(field), found, message),
        }
    }
}

fn unsafe_sysctl(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let context = pod.spec.get("securityContext");
    let sysctls = context.map_or(&[][..], |context| context.list("sysctls"));
    for (index, sysctl) in sysctls.iter().enumerate() {
        let name = sysctl.text("name");
        if !is_safe_sysctl(name) {
            let field = path.field("securityContext.sysctls");
            let message = format!("the sysctl `{name}` is not safe");
            sink.add(
                &field.index(index).field("name"),
                sysctl.get("name").unwrap_or(sysctl),
                message,
            );
        }
    }
}

/// The ServiceAccount of a pod, by either of its fields.
pub(crate) fn account<'v>(pod: &Pod<'v>) -> &'v str {
    match (
        pod.spec.text("serviceAccountName"),
        pod.spec.text("serviceAccount"),
    ) {
        ("", "") => "default",
        ("", old) => old,
        (name, _) => name,
    }
}

fn account_token(cluster: &Cluster<'_>, pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    if account(pod) != "default" {
        return;
    }
    const FIELD: &str = "automountServiceAccountToken";
    let of_account = || {
        let account = cluster.named("ServiceAccount", pod.namespace, "default");
        account.and_then(|account| account.value.get(FIELD))
    };
    let value = pod.spec.get(FIELD);
    let counts = value.or_else(of_account);
    if counts.is_none_or(|value| value.data != Data::Bool(false)) {
        let message = "the pods get the token of the ServiceAccount `default`";
        sink.add(&path.field(FIELD), value.unwrap_or(pod.spec), message);
    }
}

fn old_account_field(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    if let Some(value) = pod
        .spec
        .get("serviceAccount")
        .filter(|value| !value.is_zero())
    {
        sink.add(
            &path.field("serviceAccount"),
            value,
            "`serviceAccount` is deprecated",
        );
    }
}

fn priority_class(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    if pod.spec.text("priorityClassName").is_empty() {
        sink.add(
            &path.field("priorityClassName"),
            pod.spec,
            "no priority is named",
        );
    }
}

fn naked(pod: &Pod<'_>, _: &Path<'_>, sink: &mut Sink<'_>) {
    let metadata = pod.owner.get("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    let is_hook = |annotations: &Value<'_>| {
        let mut keys = annotations.entries().iter();
        keys.any(|entry| matches!(&*entry.key, "helm.sh/hook" | "argocd.argoproj.io/hook"))
    };
    let is_owned = metadata.is_some_and(|metadata| metadata.has("ownerReferences"));
    if pod.kind == "Pod" && !is_owned && !annotations.is_some_and(is_hook) {
        let at = pod.owner.get("kind").unwrap_or(pod.owner);
        sink.add(
            &Path::ROOT.field("kind"),
            at,
            "nothing makes the pod again when it is gone",
        );
    }
}

fn dns_config(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let options = pod
        .spec
        .get("dnsConfig")
        .map_or(&[][..], |it| it.list("options"));
    if !options.iter().any(|option| option.text("name") == "ndots") {
        sink.add(
            &path.field("dnsConfig.options"),
            pod.spec,
            "`ndots` is left at 5",
        );
    }
}

const GRACE: &str = "terminationGracePeriodSeconds";

fn no_grace(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    if let Some(value) = pod
        .spec
        .get(GRACE)
        .filter(|value| value.as_int() == Some(0))
    {
        sink.add(
            &path.field(GRACE),
            value,
            "the processes are killed without a word",
        );
    }
}

/// The seconds that a hook sleeps, where that can be told.
fn sleep(hook: &Value<'_>) -> Option<i64> {
    if let Some(seconds) = hook.at(&["sleep", "seconds"]) {
        return seconds.as_int();
    }
    let command = hook.at(&["exec", "command"])?;
    let words: Vec<&str> = command.items().iter().filter_map(Value::as_text).collect();
    let text = words.join(" ");
    let mut words = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '"' | '\''));
    words
        .by_ref()
        .find(|word| *word == "sleep" || word.ends_with("/sleep"))?;
    words
        .find(|word| !word.is_empty())?
        .trim_end_matches('s')
        .parse()
        .ok()
}

fn short_grace(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    let grace = pod.spec.get(GRACE);
    let seconds = grace.and_then(Value::as_int).unwrap_or(30);
    for container in &pod.containers {
        let Some(hook) = container.value.at(&["lifecycle", "preStop"]) else {
            continue;
        };
        if let Some(slept) = sleep(hook).filter(|slept| *slept >= seconds && seconds > 0) {
            let list = path.field(container.list);
            let message = format!(
                "`preStop` of the container `{}` takes {slept} seconds, and the pod has {seconds}",
                container.name()
            );
            sink.add(
                &list.index(container.index).field("lifecycle.preStop"),
                hook,
                message,
            );
        }
    }
}

fn memory_volume(pod: &Pod<'_>, path: &Path<'_>, sink: &mut Sink<'_>) {
    for (index, volume) in pod.spec.list("volumes").iter().enumerate() {
        let Some(directory) = volume.get("emptyDir") else {
            continue;
        };
        let has_limits = |one: &crate::cluster::Container<'_>| {
            one.value.at(&["resources", "limits", "memory"]).is_some()
        };
        let mut main = pod.containers.iter().filter(|one| one.is_main());
        if directory.text("medium") == "Memory"
            && !directory.has("sizeLimit")
            && !main.all(has_limits)
        {
            let message = format!(
                "the volume `{}` is memory without a limit",
                volume.text("name")
            );
            sink.add(
                &path.field("volumes").index(index).field("emptyDir"),
                directory,
                message,
            );
        }
    }
}
