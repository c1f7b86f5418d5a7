//! Probes and hooks of containers.

use super::Check::{Is, Min, OneOf, Required};
use super::{Cx, PORT, ReportedAt, TypeRules};
use crate::names::{http_header, port_name};
use crate::path::Path;
use crate::value::{Data, Value};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.HTTPGetAction",
        fields: &[
            ("path", &[]),
            ("port", &[]),
            ("scheme", &[OneOf(&["HTTP", "HTTPS"])]),
        ],
        whole: &[http_get],
    },
    TypeRules {
        of: "core.v1.HTTPHeader",
        fields: &[("name", &[ReportedAt(2, ""), Required, Is(http_header)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.TCPSocketAction",
        fields: &[("port", &[])],
        whole: &[socket],
    },
    TypeRules {
        of: "core.v1.GRPCAction",
        fields: &[("port", &[Required, PORT])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.ExecAction",
        fields: &[("command", &[Required])],
        whole: &[],
    },
];

const PROBE_HANDLERS: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc"];

const HOOK_HANDLERS: &[&str] = &["exec", "httpGet", "tcpSocket", "sleep"];

fn handler(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, handlers: &[&str]) {
    let mut found = handlers
        .iter()
        .copied()
        .filter(|handler| value.has(handler));
    if found.next().is_none() {
        cx.findings.required(
            path,
            value,
            &format!("one of {} is required", super::words(handlers)),
        );
    }
    for second in found {
        let origin = value.get(second).unwrap_or(value);
        cx.findings
            .forbidden(&path.field(second), origin, "only one handler may be set");
    }
}

/// Judges a probe of a container.
pub(super) fn probe(cx: &mut Cx<'_>, path: &Path<'_>, kind: &str, value: &Value<'_>) {
    handler(cx, path, value, PROBE_HANDLERS);
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        cx.check(&[Min(0)], &path.field(field), value.get(field), value);
    }
    let grace = path.field("terminationGracePeriodSeconds");
    if let Some(found) = value.get("terminationGracePeriodSeconds") {
        if kind == "readinessProbe" {
            cx.findings
                .invalid(&grace, found, "a readiness probe ends nothing");
        } else {
            cx.check(&[Min(1)], &grace, Some(found), value);
        }
    }
    if kind != "readinessProbe"
        && let Some(found) = value.get("successThreshold")
        && found.as_int().is_some_and(|number| number > 1)
    {
        cx.findings
            .invalid(&path.field("successThreshold"), found, "it must be 1");
    }
}

/// Judges the hooks of a container.
pub(super) fn lifecycle(cx: &mut Cx<'_>, path: &Path<'_>, container: &Value<'_>, pod: &Value<'_>) {
    let Some(lifecycle) = container.get("lifecycle") else {
        return;
    };
    let here = path.field("lifecycle");
    for hook in ["postStart", "preStop"] {
        let Some(found) = lifecycle.get(hook) else {
            continue;
        };
        let here = here.field(hook);
        handler(cx, &here, found, HOOK_HANDLERS);
        if let Some(sleep) = found.get("sleep") {
            let grace = pod.int("terminationGracePeriodSeconds").unwrap_or(30);
            let seconds = sleep.int("seconds").unwrap_or(0);
            if seconds < 0 || seconds > grace {
                cx.findings.invalid(
                    &here.field("sleep"),
                    sleep,
                    format!("the pod has {grace} seconds to end, and this is {seconds}"),
                );
            }
        }
    }
}

fn http_get(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    port(cx, path, value);
}

fn socket(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    port(cx, path, value);
}

/// A port by its number or its name.
fn port(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    port_or_name(cx, &path.field("port"), value.get("port"), value);
}

/// A port by its number or its name.
pub(super) fn port_or_name(
    cx: &mut Cx<'_>,
    path: &Path<'_>,
    found: Option<&Value<'_>>,
    around: &Value<'_>,
) {
    match found.map(|value| &value.data) {
        Some(Data::Text(text)) => {
            if let Err(message) = port_name(text) {
                let origin = found.unwrap_or(around);
                cx.findings
                    .invalid(path, origin, format!("`{text}` {message}"));
            }
        }
        _ => {
            let number = found.and_then(Value::as_int).unwrap_or(0);
            if !(1..=65_535).contains(&number) {
                let origin = found.unwrap_or(around);
                cx.findings.invalid(
                    path,
                    origin,
                    format!("{number} is no port: it is between 1 and 65535"),
                );
            }
        }
    }
}
