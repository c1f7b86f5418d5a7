//! Deployments, stateful sets, daemon sets, replica sets and replication controllers.

use super::Check::{Is, Min, OneOf, Present, ReportedAt, Required};
use super::labels::{selects, template_is_selected};
use super::{Cx, TypeRules};
use crate::names::dns_label;
use crate::path::Path;
use crate::value::{Data, Value};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "apps.v1.DeploymentSpec",
        fields: &[
            ("replicas", &[Min(0)]),
            ("selector", &[Present]),
            ("template", &[]),
            ("minReadySeconds", &[Min(0)]),
            ("revisionHistoryLimit", &[Min(0)]),
            ("progressDeadlineSeconds", &[Min(0)]),
        ],
        whole: &[deployment, selector, template],
    },
    TypeRules {
        of: "apps.v1.DeploymentStrategy",
        fields: &[("type", &[OneOf(&["Recreate", "RollingUpdate"])])],
        whole: &[strategy],
    },
    TypeRules {
        of: "apps.v1.RollingUpdateDeployment",
        fields: &[],
        whole: &[rolling_deployment],
    },
    TypeRules {
        of: "apps.v1.ReplicaSetSpec",
        fields: &[
            ("replicas", &[Min(0)]),
            ("selector", &[Present]),
            ("template", &[]),
            ("minReadySeconds", &[Min(0)]),
        ],
        whole: &[selector, template],
    },
    TypeRules {
        of: "apps.v1.StatefulSetSpec",
        fields: &[
            ("replicas", &[Min(0)]),
            ("selector", &[Present]),
            ("template", &[]),
            ("minReadySeconds", &[Min(0)]),
            ("revisionHistoryLimit", &[Min(0)]),
            (
                "podManagementPolicy",
                &[OneOf(&["OrderedReady", "Parallel"])],
            ),
            ("serviceName", &[]),
        ],
        whole: &[selector, template, stateful_set],
    },
    TypeRules {
        of: "apps.v1.StatefulSetUpdateStrategy",
        fields: &[(
            "type",
            &[ReportedAt(1, ""), OneOf(&["OnDelete", "RollingUpdate"])],
        )],
        whole: &[stateful_strategy],
    },
    TypeRules {
        of: "apps.v1.RollingUpdateStatefulSetStrategy",
        fields: &[("partition", &[Min(0)])],
        whole: &[rolling_stateful],
    },
    TypeRules {
        of: "apps.v1.StatefulSetOrdinals",
        fields: &[("start", &[Min(0)])],
        whole: &[],
    },
    TypeRules {
        of: "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
        fields: &[
            ("whenDeleted", &[OneOf(&["Delete", "Retain"])]),
            ("whenScaled", &[OneOf(&["Delete", "Retain"])]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "apps.v1.DaemonSetSpec",
        fields: &[
            ("selector", &[Present]),
            ("template", &[]),
            ("minReadySeconds", &[Min(0)]),
            ("revisionHistoryLimit", &[Min(0)]),
        ],
        whole: &[selector, template],
    },
    TypeRules {
        of: "apps.v1.DaemonSetUpdateStrategy",
        fields: &[("type", &[OneOf(&["OnDelete", "RollingUpdate"])])],
        whole: &[],
    },
    TypeRules {
        of: "apps.v1.RollingUpdateDaemonSet",
        fields: &[],
        whole: &[rolling_daemon_set],
    },
    TypeRules {
        of: "core.v1.ReplicationControllerSpec",
        fields: &[
            ("replicas", &[Min(0)]),
            ("minReadySeconds", &[Min(0)]),
            ("template", &[Required]),
            ("selector", &[super::Labels]),
        ],
        whole: &[replication_controller, template],
    },
];

/// A whole number, not less than 0, or a percentage.
pub(super) fn int_or_percent(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    match &value.data {
        Data::Text(text) if percent(text).is_none() => {
            cx.findings.invalid(
                path,
                value,
                format!("`{text}` is no percentage, such as `25%`"),
            );
        }
        Data::Int(number) if *number < 0 => {
            cx.findings
                .invalid(path, value, format!("{number} is less than 0"));
        }
        _ => {}
    }
}

/// Not more than all.
pub(super) fn at_most_100_percent(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value
        .as_text()
        .and_then(percent)
        .is_some_and(|found| found > 100)
    {
        cx.findings
            .invalid(path, value, "more than 100 % is not possible");
    }
}

fn percent(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('%')?;
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().or(Some(u64::MAX))
}

/// Whether an amount comes to nothing; an absent one is not nothing.
fn is_none_at_all(value: Option<&Value<'_>>) -> bool {
    value.is_some_and(|value| match &value.data {
        Data::Int(number) => *number == 0,
        Data::Text(text) => percent(text) == Some(0),
        _ => false,
    })
}

fn selector(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(found) = value.get("selector") else {
        return;
    };
    let here = path.field("selector");
    if found.get("matchLabels").is_none_or(Value::is_zero)
        && found.list("matchExpressions").is_empty()
    {
        cx.findings.invalid(
            &here,
            found,
            "an empty selector selects everything, which is refused here",
        );
        return;
    }
    template_is_selected(cx, path, value, |labels| selects(found, labels));
}

/// What a template of pods that are kept running must be.
fn template(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(spec) = value.at(&["template", "spec"]) else {
        cx.findings.required(
            &path.field("template.spec.containers"),
            value.get("template").unwrap_or(value),
            "the template has no containers",
        );
        return;
    };
    let here = path.field("template.spec");
    if let Some(policy) = spec.get("restartPolicy")
        && ["OnFailure", "Never"].contains(&policy.as_text().unwrap_or_default())
    {
        cx.findings
            .not_supported(&here.field("restartPolicy"), policy, &["Always"]);
    }
    if let Some(deadline) = spec.get("activeDeadlineSeconds") {
        cx.findings.forbidden(
            &here.field("activeDeadlineSeconds"),
            deadline,
            "pods that are kept running have no deadline",
        );
    }
}

fn deployment(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let deadline = value.int("progressDeadlineSeconds").unwrap_or(600);
    let ready = value.int("minReadySeconds").unwrap_or(0);
    if deadline <= ready {
        let origin = value.get("progressDeadlineSeconds").unwrap_or(value);
        cx.findings.invalid(
            &path.field("progressDeadlineSeconds"),
            origin,
            "it must be greater than `minReadySeconds`",
        );
    }
}

fn strategy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.text("type") == "Recreate"
        && let Some(found) = value.get("rollingUpdate")
    {
        cx.findings.forbidden(
            &path.field("rollingUpdate"),
            found,
            "the type `Recreate` has no `rollingUpdate`",
        );
    }
}

fn rolling_deployment(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for field in ["maxUnavailable", "maxSurge"] {
        if let Some(found) = value.get(field) {
            int_or_percent(cx, &path.field(field), found);
        }
    }
    let here = path.field("maxUnavailable");
    if is_none_at_all(value.get("maxUnavailable")) && is_none_at_all(value.get("maxSurge")) {
        let found = value.get("maxUnavailable").unwrap_or(value);
        cx.findings.invalid(
            &here,
            found,
            "`maxUnavailable` and `maxSurge` cannot both be 0",
        );
    }
    if let Some(found) = value.get("maxUnavailable") {
        at_most_100_percent(cx, &here, found);
    }
}

fn rolling_daemon_set(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for field in ["maxUnavailable", "maxSurge"] {
        if let Some(found) = value.get(field) {
            int_or_percent(cx, &path.field(field), found);
            at_most_100_percent(cx, &path.field(field), found);
        }
    }
    let surge = value
        .get("maxSurge")
        .is_some_and(|found| !is_none_at_all(Some(found)));
    let unavailable = value
        .get("maxUnavailable")
        .map_or(!surge, |found| !is_none_at_all(Some(found)));
    let here = path.field("maxUnavailable");
    let origin = value.get("maxUnavailable").unwrap_or(value);
    if surge && value.has("maxUnavailable") && unavailable {
        cx.findings.invalid(
            &path.field("maxSurge"),
            origin,
            "it needs `maxUnavailable: 0`",
        );
    } else if !surge && !unavailable {
        cx.findings.invalid(
            &here,
            origin,
            "`maxUnavailable` and `maxSurge` cannot both be 0",
        );
    }
}

fn stateful_strategy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.text("type") == "OnDelete"
        && let Some(found) = value.get("rollingUpdate")
    {
        cx.findings.invalid(
            &path.field("rollingUpdate"),
            found,
            "the type `OnDelete` has no `rollingUpdate`",
        );
    }
}

fn rolling_stateful(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(found) = value.get("maxUnavailable") {
        let here = path.field("maxUnavailable");
        int_or_percent(cx, &here, found);
        at_most_100_percent(cx, &here, found);
        if is_none_at_all(Some(found)) {
            cx.findings.invalid(&here, found, "it cannot be 0");
        }
    }
}

fn stateful_set(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    // Each claim is a volume of the pods, before their own.
    let claims = value.list("volumeClaimTemplates");
    let volumes = path.field("template.spec.volumes");
    count_on(cx, &volumes, claims.len());
    for (index, claim) in claims.iter().enumerate() {
        let metadata = claim.get("metadata").unwrap_or(claim);
        cx.check(
            &[Required, Is(dns_label)],
            &volumes.index(index).field("name"),
            metadata.get("name"),
            metadata,
        );
    }
    let name = value.text("serviceName");
    if !name.is_empty()
        && let Err(message) = dns_label(name)
    {
        let found = value.get("serviceName").unwrap_or(value);
        cx.findings.invalid(
            &path.field("serviceName"),
            found,
            format!("`{name}` {message}"),
        );
    }
}

/// Raises the number of each element of a list in what was found, as the server counts it behind others.
fn count_on(cx: &mut Cx<'_>, list: &Path<'_>, others: usize) {
    let list = format!("{list}[");
    for finding in &mut cx.findings.0 {
        let Some(element) = finding.field.strip_prefix(&list) else {
            continue;
        };
        if let Some((number, rest)) = element.split_once(']')
            && let Ok(number) = number.parse::<usize>()
        {
            finding.field = format!("{list}{}]{rest}", number + others);
        }
    }
}

fn replication_controller(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let labels = value.at(&["template", "metadata", "labels"]);
    let Some(selector) = value.get("selector").filter(|found| !found.is_zero()) else {
        if labels.is_none_or(Value::is_zero) {
            cx.findings.required(
                &path.field("selector"),
                value,
                "without labels of the template it is required",
            );
        }
        return;
    };
    template_is_selected(cx, path, value, |labels| {
        selector.entries().iter().all(|entry| {
            let found = labels.and_then(|labels| labels.get(&entry.key));
            found.and_then(Value::as_text) == entry.value.as_text()
        })
    });
}
