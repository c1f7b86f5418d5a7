//! The Pod Security Standards, in every version of the policy.
//!
//! Source: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>, and the labels of
//! namespaces of <https://kubernetes.io/docs/concepts/security/pod-security-admission/>.

mod capabilities;
mod fields;

pub(crate) use fields::is_safe_sysctl;

use kustom_validate::{Finding, Origin, Path, Severity, Value};

use crate::cluster::{Cluster, Object, Pod};
use crate::policy::{Level, Policy, PolicyVersion};
use crate::rule::rule_of_table;
use crate::{Found, Linter, Report, Sink};

/// A control of the standards that a pod does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What the admission plug-in calls the check, such as `hostNamespaces`.
    pub check: &'static str,
    /// The rule of ours.
    pub rule: &'static str,
    /// Where, and what is there: the path, where it is written, and a sentence.
    pub places: Vec<(String, Origin, String)>,
}

/// What a control says of a pod.
type Control = fn(&Subject<'_>, &mut Places);

/// A check of the standards.
struct Check {
    name: &'static str,
    rule: &'static str,
    level: Level,
    /// From which minor on it says what, in order.
    versions: &'static [(u32, Control)],
    /// The check of `baseline` that it takes the place of.
    instead_of: Option<&'static str>,
}

const fn baseline(
    name: &'static str,
    rule: &'static str,
    versions: &'static [(u32, Control)],
) -> Check {
    Check {
        name,
        rule,
        level: Level::Baseline,
        versions,
        instead_of: None,
    }
}

const fn restricted(
    name: &'static str,
    rule: &'static str,
    versions: &'static [(u32, Control)],
    instead_of: Option<&'static str>,
) -> Check {
    Check {
        name,
        rule,
        level: Level::Restricted,
        versions,
        instead_of,
    }
}

const CHECKS: &[Check] = &[
    baseline(
        "appArmorProfile",
        "pss-app-armor",
        &[(0, fields::app_armor)],
    ),
    baseline(
        "capabilities_baseline",
        "pss-capabilities",
        &[(0, capabilities::added)],
    ),
    baseline(
        "hostNamespaces",
        "pss-host-namespaces",
        &[(0, fields::host_namespaces)],
    ),
    baseline(
        "hostPathVolumes",
        "pss-host-path-volumes",
        &[(0, fields::host_paths)],
    ),
    baseline("hostPorts", "pss-host-ports", &[(0, fields::host_ports)]),
    baseline(
        "hostProbesAndHostLifecycle",
        "pss-host-probes",
        &[(34, fields::host_probes)],
    ),
    baseline("privileged", "pss-privileged", &[(0, fields::privileged)]),
    baseline(
        "procMount",
        "pss-proc-mount",
        &[
            (0, fields::proc_mount),
            (35, fields::proc_mount_of_host_users),
        ],
    ),
    baseline(
        "seLinuxOptions",
        "pss-se-linux",
        &[(0, fields::se_linux), (31, fields::se_linux_with_engine)],
    ),
    baseline(
        "seccompProfile_baseline",
        "pss-seccomp",
        &[(0, fields::seccomp_annotations), (19, fields::seccomp)],
    ),
    baseline(
        "sysctls",
        "pss-sysctls",
        &[
            (0, fields::sysctls::<0>),
            (27, fields::sysctls::<27>),
            (29, fields::sysctls::<29>),
            (32, fields::sysctls::<32>),
            (37, fields::sysctls::<37>),
        ],
    ),
    baseline(
        "windowsHostProcess",
        "pss-windows-host-process",
        &[(0, fields::windows_host_process)],
    ),
    restricted(
        "allowPrivilegeEscalation",
        "pss-privilege-escalation",
        &[(8, fields::escalation), (25, fields::escalation_of_linux)],
        None,
    ),
    restricted(
        "capabilities_restricted",
        "pss-capabilities-restricted",
        &[(22, capabilities::kept), (25, capabilities::kept_of_linux)],
        Some("capabilities_baseline"),
    ),
    restricted(
        "procMount_restricted",
        "pss-proc-mount-restricted",
        &[(35, fields::proc_mount)],
        Some("procMount"),
    ),
    restricted(
        "restrictedVolumes",
        "pss-volume-types",
        &[(0, fields::volume_types)],
        Some("hostPathVolumes"),
    ),
    restricted(
        "runAsNonRoot",
        "pss-run-as-non-root",
        &[(0, fields::non_root), (35, fields::non_root_of_host_users)],
        None,
    ),
    restricted(
        "runAsUser",
        "pss-run-as-user",
        &[
            (23, fields::root_user),
            (35, fields::root_user_of_host_users),
        ],
        None,
    ),
    restricted(
        "seccompProfile_restricted",
        "pss-seccomp-restricted",
        &[
            (19, fields::seccomp_named),
            (25, fields::seccomp_named_of_linux),
        ],
        Some("seccompProfile_baseline"),
    ),
];

/// The names of the rules that are checked here.
#[cfg(test)]
pub(crate) fn rules() -> impl Iterator<Item = &'static str> {
    let own = ["pod-security", "pod-security-label"].into_iter();
    own.chain(CHECKS.iter().map(|check| check.rule))
}

/// A pod as the controls look at it.
struct Subject<'v> {
    pod: &'v Pod<'v>,
    path: Path<'v>,
}

/// What a control finds.
#[derive(Default)]
struct Places(Vec<(String, Origin, String)>);

impl Places {
    fn add(&mut self, path: &Path<'_>, at: &Value<'_>, message: impl Into<String>) {
        self.0.push((path.to_string(), at.origin, message.into()));
    }
}

impl<'v> Subject<'v> {
    /// Calls a function for each container, with its path.
    fn each_container(&self, mut call: impl FnMut(&'v Value<'v>, &Path<'_>)) {
        for container in &self.pod.containers {
            let list = self.path.field(container.list);
            call(container.value, &list.index(container.index));
        }
    }

    /// Calls a function for the security context of the pod and of each container that has one.
    fn each_context(&self, mut call: impl FnMut(&'v Value<'v>, &Path<'_>)) {
        if let Some(context) = self.pod.spec.get("securityContext") {
            call(context, &self.path.field("securityContext"));
        }
        self.each_container(|container, path| {
            if let Some(context) = container.get("securityContext") {
                call(context, &path.field("securityContext"));
            }
        });
    }

    fn is_windows(&self) -> bool {
        self.pod.spec.at(&["os", "name"]).and_then(Value::as_text) == Some("windows")
    }

    /// Whether the users of the pod are not those of the host.
    fn has_own_users(&self) -> bool {
        let host = self.pod.spec.get("hostUsers");
        host.is_some_and(|host| host.data == kustom_validate::Data::Bool(false))
    }

    fn annotations(&self) -> &'v [kustom_validate::Entry<'v>] {
        let metadata = self.pod.metadata;
        let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
        annotations.map_or(&[], Value::entries)
    }
}

/// What a pod, or an object that makes pods, does not meet of a policy, in the order of the admission
/// plug-in; nothing of other objects.
pub fn violations(object: &Value<'_>, policy: Policy) -> Vec<Violation> {
    let objects = std::slice::from_ref(object);
    let cluster = Cluster::of(objects);
    let pod = cluster.objects.first().and_then(|one| one.pod.as_ref());
    // The plug-in looks at kinds of Kubernetes only.
    pod.filter(|pod| pod.kind != "Rollout")
        .map_or_else(Vec::new, |pod| judged(pod, policy))
}

fn judged(pod: &Pod<'_>, policy: Policy) -> Vec<Violation> {
    let minor = match policy.version {
        PolicyVersion::Minor(minor) => minor,
        PolicyVersion::Latest => u32::MAX,
    };
    let of_version = |check: &Check| {
        let mut known = check.versions.iter().rev();
        known.find(|(since, _)| *since <= minor).map(|it| it.1)
    };
    let is_asked = |check: &&Check| check.level <= policy.level && of_version(check).is_some();
    let replaced: Vec<&str> = CHECKS
        .iter()
        .filter(is_asked)
        .filter_map(|check| check.instead_of)
        .collect();
    let subject = Subject {
        pod,
        path: Path::ROOT.field(pod.prefix),
    };
    let mut found = Vec::new();
    for check in CHECKS.iter().filter(is_asked) {
        if replaced.contains(&check.name) {
            continue;
        }
        let mut places = Places::default();
        if let Some(control) = of_version(check) {
            control(&subject, &mut places);
        }
        if !places.0.is_empty() {
            found.push(Violation {
                check: check.name,
                rule: check.rule,
                places: places.0,
            });
        }
    }
    found
}

/// What the labels of a namespace ask, by mode.
const MODES: [(&str, Severity); 3] = [
    ("enforce", Severity::Error),
    ("warn", Severity::Warning),
    ("audit", Severity::Note),
];

/// Judges an object by the profile, and by the labels of its namespace.
pub(crate) fn look(
    linter: &Linter,
    cluster: &Cluster<'_>,
    object: &Object<'_>,
    report: &mut Report,
) {
    if object.kind == "Namespace" && linter.asks("pod-security-label") {
        let mut sink = Sink::new("pod-security-label", object, report);
        labels(object, &mut sink);
    }
    let Some(pod) = object.pod.as_ref().filter(|pod| pod.kind != "Rollout") else {
        return;
    };
    if let Some(policy) = linter.policy {
        for violation in judged(pod, policy) {
            if linter.asks(violation.rule) {
                tell(object, violation, None, report);
            }
        }
    }
    if !linter.asks("pod-security") {
        return;
    }
    let Some(namespace) = cluster
        .of_kind("Namespace")
        .find(|one| one.name == pod.namespace)
    else {
        return;
    };
    let mut told: Vec<&str> = Vec::new();
    for (mode, severity) in MODES {
        let Some(policy) = policy_of(namespace, mode) else {
            continue;
        };
        for violation in judged(pod, policy) {
            if !told.contains(&violation.rule) {
                told.push(violation.rule);
                let by = Some((namespace.name, mode, policy, severity));
                tell(object, violation, by, report);
            }
        }
    }
}

/// Adds a violation as a finding.
fn tell(
    object: &Object<'_>,
    violation: Violation,
    by: Option<(&str, &str, Policy, Severity)>,
    report: &mut Report,
) {
    let control = rule_of_table(violation.rule);
    for (field, origin, message) in violation.places {
        let (rule, severity, message) = match by {
            Some((namespace, mode, policy, severity)) => {
                let verb = match mode {
                    "enforce" => "enforces",
                    "warn" => "warns of",
                    _ => "records",
                };
                let of =
                    format!("; the namespace `{namespace}` {verb} what `{policy}` does not allow");
                ("pod-security", severity, format!("{message}{of}"))
            }
            None => (violation.rule, control.severity, message),
        };
        report.findings.push(Found {
            object: object.number,
            finding: Finding {
                severity,
                rule,
                field,
                message,
                help: Some(control.help.to_owned()),
                origin,
            },
        });
    }
}

fn label<'v>(namespace: &Object<'v>, key: &str) -> Option<&'v Value<'v>> {
    namespace
        .labels()?
        .get(&format!("pod-security.kubernetes.io/{key}"))
}

/// The policy of a mode; what the server does not understand counts as it does there.
fn policy_of(namespace: &Object<'_>, mode: &str) -> Option<Policy> {
    let level = match label(namespace, mode)?.as_text()?.parse() {
        Ok(level) => level,
        Err(_) if mode == "enforce" => Level::Restricted,
        Err(_) => Level::Privileged,
    };
    let version = label(namespace, &format!("{mode}-version")).and_then(Value::as_text);
    let version = version.and_then(|text| text.parse().ok());
    Some(Policy {
        level,
        version: version.unwrap_or(PolicyVersion::Latest),
    })
}

/// Tells labels that are no level or no version, and keys that are none.
fn labels(namespace: &Object<'_>, sink: &mut Sink<'_>) {
    let path = Path::ROOT.field("metadata.labels");
    for entry in namespace.labels().map_or(&[][..], Value::entries) {
        let Some(key) = entry.key.strip_prefix("pod-security.kubernetes.io/") else {
            continue;
        };
        let text = entry.value.as_text().unwrap_or_default();
        let wrong = match key.strip_suffix("-version").unwrap_or(key) {
            "enforce" | "warn" | "audit" if key.ends_with("-version") => {
                text.parse::<PolicyVersion>().err()
            }
            "enforce" | "warn" | "audit" => text.parse::<Level>().err(),
            _ => Some(format!(
                "`{key}` is no label of Pod Security Admission; there are `enforce`, `warn` and `audit`, with and without `-version`"
            )),
        };
        if let Some(message) = wrong {
            sink.add(&path.key(&entry.key), &entry.value, message);
        }
    }
}
