//! Horizontal pod autoscalers.

use super::Check::{Min, OneOf, Range, Required, Word};
use super::{Cx, TypeRules};
use crate::names::{dns_label, path_segment};
use crate::path::Path;
use crate::quantity::Quantity;
use crate::value::Value;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "autoscaling.v2.HorizontalPodAutoscalerSpec",
        fields: &[("maxReplicas", &[]), ("scaleTargetRef", &[])],
        whole: &[spec, metrics],
    },
    TypeRules {
        of: "autoscaling.v1.HorizontalPodAutoscalerSpec",
        fields: &[
            ("maxReplicas", &[]),
            ("scaleTargetRef", &[]),
            ("targetCPUUtilizationPercentage", &[Min(1)]),
        ],
        whole: &[spec],
    },
    TypeRules {
        of: "autoscaling.v2.CrossVersionObjectReference",
        fields: &[
            ("kind", &[Required, super::Is(path_segment)]),
            ("name", &[Required, super::Is(path_segment)]),
        ],
        whole: &[reference],
    },
    TypeRules {
        of: "autoscaling.v1.CrossVersionObjectReference",
        fields: &[
            ("kind", &[Required, super::Is(path_segment)]),
            ("name", &[Required, super::Is(path_segment)]),
        ],
        whole: &[reference],
    },
    TypeRules {
        of: "autoscaling.v2.HPAScalingRules",
        fields: &[
            ("stabilizationWindowSeconds", &[Range(0, 3_600)]),
            ("selectPolicy", &[Word(&["Disabled", "Max", "Min"])]),
            ("policies", &[]),
        ],
        whole: &[scaling_rules],
    },
    TypeRules {
        of: "autoscaling.v2.HPAScalingPolicy",
        fields: &[
            ("type", &[OneOf(&["Percent", "Pods"])]),
            ("value", &[]),
            ("periodSeconds", &[]),
        ],
        whole: &[policy],
    },
    TypeRules {
        of: "autoscaling.v2.MetricIdentifier",
        fields: &[("name", &[Required, super::Is(path_segment)])],
        whole: &[],
    },
    TypeRules {
        of: "autoscaling.v2.MetricTarget",
        fields: &[("type", &[])],
        whole: &[],
    },
    TypeRules {
        of: "autoscaling.v2.ContainerResourceMetricSource",
        fields: &[
            ("container", &[Required, super::Is(dns_label)]),
            (
                "name",
                &[Required, super::Is(super::resources::container_name)],
            ),
        ],
        whole: &[],
    },
    TypeRules {
        of: "autoscaling.v2.ResourceMetricSource",
        fields: &[("name", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "autoscaling.v2.MetricSpec",
        fields: &[("type", &[])],
        whole: &[],
    },
];

fn reference(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let text = value.text("apiVersion");
    let here = path.field("apiVersion");
    let origin = value.get("apiVersion").unwrap_or(value);
    if let Err(message) = crate::names::group_version(text) {
        cx.findings
            .invalid(&here, origin, format!("`{text}` {message}"));
    } else if text
        .split_once('/')
        .is_none_or(|(group, _)| group.is_empty())
        && !is_core(value.text("kind"))
        && path.to_string().ends_with("scaleTargetRef")
    {
        cx.findings.invalid(
            &here,
            origin,
            "the API group is missing, such as `apps` in `apps/v1`",
        );
    }
}

/// The one kind of the core group that scales.
fn is_core(kind: &str) -> bool {
    kind == "ReplicationController"
}

fn spec(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let at = |key: &str| value.get(key).unwrap_or(value);
    let least = value.int("minReplicas").unwrap_or(1);
    let most = value.int("maxReplicas").unwrap_or(0);
    if let Some(found) = value.get("minReplicas") {
        if least < 0 {
            cx.findings.invalid(
                &path.field("minReplicas"),
                found,
                "the number is less than 0",
            );
        } else if least == 0 && !scales_to_zero(value) {
            cx.findings.invalid(
                &path.field("minReplicas"),
                found,
                "0 needs an object metric or an external metric",
            );
        }
    }
    if most < 1 {
        cx.findings.invalid(
            &path.field("maxReplicas"),
            at("maxReplicas"),
            "the number must be greater than 0",
        );
    }
    if value.has("minReplicas") && most < least {
        cx.findings.invalid(
            &path.field("maxReplicas"),
            at("maxReplicas"),
            "the number must not be less than `minReplicas`",
        );
    }
}

fn scales_to_zero(value: &Value<'_>) -> bool {
    value
        .list("metrics")
        .iter()
        .any(|metric| ["Object", "External"].contains(&metric.text("type")))
}

/// Kinds of metrics and the field that holds their source.
const METRICS: &[(&str, &str)] = &[
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
    ("External", "external"),
];

fn metrics(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("metrics");
    for (index, metric) in value.list("metrics").iter().enumerate() {
        let here = list.index(index);
        let kind = metric.text("type");
        let origin = metric.get("type").unwrap_or(metric);
        if kind.is_empty() {
            cx.findings.required(
                &here.field("type"),
                metric,
                "the kind of the metric is required",
            );
        }
        let Some((_, source)) = METRICS.iter().find(|(name, _)| *name == kind) else {
            let names: Vec<&str> = METRICS.iter().map(|(name, _)| *name).collect();
            if !kind.is_empty() {
                cx.findings
                    .not_supported(&here.field("type"), origin, &names);
            }
            continue;
        };
        for (_, other) in METRICS {
            if other != source
                && let Some(found) = metric.get(other)
            {
                cx.findings.forbidden(
                    &here.field(other),
                    found,
                    format!("the kind `{kind}` has its source in `{source}`"),
                );
            }
        }
        let Some(found) = metric.get(source) else {
            cx.findings.required(
                &here.field(source),
                metric,
                &format!("the kind `{kind}` has its source in `{source}`"),
            );
            continue;
        };
        target(cx, &here.field(source), found, kind);
    }
}

fn target(cx: &mut Cx<'_>, path: &Path<'_>, source: &Value<'_>, kind: &str) {
    let target = source.get("target");
    let here = path.field("target");
    let types = &["Utilization", "Value", "AverageValue"];
    let Some(target) = target else {
        cx.findings
            .required(&here.field("type"), source, "the metric has no target");
        return;
    };
    match target.text("type") {
        "" => cx.findings.required(
            &here.field("type"),
            target,
            "the type of the target is required",
        ),
        other if !types.contains(&other) => {
            let origin = target.get("type").unwrap_or(target);
            cx.findings.invalid(
                &here.field("type"),
                origin,
                format!("`{other}` is none of {}", super::words(types)),
            );
        }
        _ => {}
    }
    for field in ["value", "averageValue"] {
        if let Some(found) = target.get(field)
            && Quantity::of(found).is_some_and(|amount| amount <= Quantity::ZERO)
        {
            cx.findings.invalid(
                &here.field(field),
                found,
                "the quantity must be greater than 0",
            );
        }
    }
    if let Some(found) = target.get("averageUtilization")
        && found.as_int().is_some_and(|number| number < 1)
    {
        cx.findings.invalid(
            &here.field("averageUtilization"),
            found,
            "the number must be greater than 0",
        );
    }
    let (value, average, utilization) = (
        target.has("value"),
        target.has("averageValue"),
        target.has("averageUtilization"),
    );
    match kind {
        "Object" => {
            if !value && !average {
                cx.findings.required(
                    &here.field("averageValue"),
                    target,
                    "`value` or `averageValue` is required",
                );
            }
        }
        "External" => {
            if value && average {
                let found = target.get("value").unwrap_or(target);
                cx.findings.forbidden(
                    &here.field("value"),
                    found,
                    "`value` and `averageValue` exclude each other",
                );
            } else if !value && !average {
                cx.findings.required(
                    &here.field("averageValue"),
                    target,
                    "`value` or `averageValue` is required",
                );
            }
        }
        "Pods" => {
            if !average {
                cx.findings.required(
                    &here.field("averageValue"),
                    target,
                    "a metric of pods has an `averageValue`",
                );
            }
        }
        _ => {
            if average && utilization {
                let found = target.get("averageValue").unwrap_or(target);
                cx.findings.forbidden(
                    &here.field("averageValue"),
                    found,
                    "`averageUtilization` and `averageValue` exclude each other",
                );
            } else if !average && !utilization {
                cx.findings.required(
                    &here.field("averageUtilization"),
                    target,
                    "`averageUtilization` or `averageValue` is required",
                );
            }
        }
    }
}

fn scaling_rules(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.get("policies").is_some_and(Value::is_zero) {
        cx.findings.required(
            &path.field("policies"),
            value,
            "at least one policy is required",
        );
    }
    if let Some(found) = value.get("tolerance")
        && Quantity::of(found).is_some_and(|amount| amount < Quantity::ZERO)
    {
        cx.findings.invalid(
            &path.field("tolerance"),
            found,
            "the quantity is less than 0",
        );
    }
}

fn policy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let at = |key: &str| value.get(key).unwrap_or(value);
    if value.text("type").is_empty() {
        cx.findings
            .not_supported(&path.field("type"), at("type"), &["Percent", "Pods"]);
    }
    if value.int("value").unwrap_or(0) <= 0 {
        cx.findings.invalid(
            &path.field("value"),
            at("value"),
            "the number must be greater than 0",
        );
    }
    let seconds = value.int("periodSeconds").unwrap_or(0);
    if seconds <= 0 {
        cx.findings.invalid(
            &path.field("periodSeconds"),
            at("periodSeconds"),
            "the number must be greater than 0",
        );
    } else if seconds > 1_800 {
        cx.findings.invalid(
            &path.field("periodSeconds"),
            at("periodSeconds"),
            "the number must not be greater than 1800",
        );
    }
}
