//! Labels and selectors of all kinds.

use std::collections::{HashMap, HashSet};

use super::Check::{Is, OneOf, Required, Word};
use super::{Cx, TypeRules};
use crate::names::{label_key, label_value};
use crate::path::Path;
use crate::value::Value;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "meta.v1.LabelSelector",
        fields: &[("matchLabels", &[super::Labels])],
        whole: &[],
    },
    TypeRules {
        of: "meta.v1.LabelSelectorRequirement",
        fields: &[("key", &[super::AlwaysIs(label_key)]), ("operator", &[])],
        whole: &[requirement],
    },
    TypeRules {
        of: "core.v1.NodeSelector",
        fields: &[("nodeSelectorTerms", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.NodeSelectorTerm",
        fields: &[],
        whole: &[node_selector_term],
    },
    TypeRules {
        of: "core.v1.TopologySelectorLabelRequirement",
        fields: &[
            ("key", &[super::AlwaysIs(label_key)]),
            ("values", &[Required, super::Unique]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.ScopedResourceSelectorRequirement",
        fields: &[("operator", &[]), ("scopeName", &[])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.NodeSelectorRequirement",
        fields: &[("key", &[]), ("operator", &[])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PreferredSchedulingTerm",
        fields: &[("weight", &[super::AlwaysRange(1, 100)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.WeightedPodAffinityTerm",
        fields: &[("weight", &[super::AlwaysRange(1, 100)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.PodAffinityTerm",
        fields: &[
            ("topologyKey", &[Required, Is(label_key)]),
            ("namespaces", &[super::EachIs(crate::names::dns_label)]),
        ],
        whole: &[match_label_keys],
    },
    TypeRules {
        of: "core.v1.Toleration",
        fields: &[
            ("key", &[Is(label_key)]),
            ("operator", &[]),
            (
                "effect",
                &[OneOf(&["NoSchedule", "PreferNoSchedule", "NoExecute"])],
            ),
        ],
        whole: &[toleration],
    },
    TypeRules {
        of: "core.v1.TopologySpreadConstraint",
        fields: &[
            ("topologyKey", &[Required]),
            (
                "whenUnsatisfiable",
                &[Required, OneOf(&["DoNotSchedule", "ScheduleAnyway"])],
            ),
            ("nodeAffinityPolicy", &[Word(&["Honor", "Ignore"])]),
            ("nodeTaintsPolicy", &[Word(&["Honor", "Ignore"])]),
        ],
        whole: &[spread_constraint],
    },
];

/// A requirement of a label selector.
fn requirement(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let values = value.list("values");
    match value.text("operator") {
        "In" | "NotIn" => {
            if values.is_empty() {
                cx.findings
                    .required(&path.field("values"), value, "`In` and `NotIn` need values");
            }
        }
        "Exists" | "DoesNotExist" => {
            if let Some(found) = value.get("values").filter(|found| !found.is_zero()) {
                cx.findings.forbidden(
                    &path.field("values"),
                    found,
                    "`Exists` and `DoesNotExist` take no values",
                );
            }
        }
        other => {
            let origin = value.get("operator").unwrap_or(value);
            cx.findings.invalid(
                &path.field("operator"),
                origin,
                format!("`{other}` is none of `In`, `NotIn`, `Exists`, `DoesNotExist`"),
            );
        }
    }
    let list = path.field("values");
    for (index, item) in values.iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        if let Err(message) = label_value(text) {
            cx.findings
                .invalid(&list.index(index), item, format!("`{text}` {message}"));
        }
    }
}

fn node_selector_term(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("matchExpressions");
    // What is only preferred may name values that no label can have.
    let preferred = path.ends_with_field("preference");
    for (index, item) in value.list("matchExpressions").iter().enumerate() {
        let here = list.index(index);
        node_requirement(cx, &here, item);
        if !preferred {
            cx.check(
                &[super::EachIs(label_value)],
                &here.field("values"),
                item.get("values"),
                item,
            );
        }
    }
    let list = path.field("matchFields");
    for (index, item) in value.list("matchFields").iter().enumerate() {
        node_field(cx, &list.index(index), item);
    }
}

/// A requirement about the labels of a node.
fn node_requirement(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let values = value.list("values");
    let list = path.field("values");
    match value.text("operator") {
        "In" | "NotIn" => {
            if values.is_empty() {
                cx.findings
                    .required(&list, value, "`In` and `NotIn` need values");
            }
        }
        "Exists" | "DoesNotExist" => {
            if let Some(found) = value.get("values").filter(|found| !found.is_zero()) {
                cx.findings
                    .forbidden(&list, found, "`Exists` and `DoesNotExist` take no values");
            }
        }
        "Gt" | "Lt" => {
            if values.len() != 1 {
                cx.findings
                    .required(&list, value, "`Gt` and `Lt` need exactly one value");
            }
        }
        other => {
            let origin = value.get("operator").unwrap_or(value);
            cx.findings.invalid(
                &path.field("operator"),
                origin,
                format!("`{other}` is none of `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`"),
            );
        }
    }
    cx.check(
        &[super::AlwaysIs(label_key)],
        &path.field("key"),
        value.get("key"),
        value,
    );
}

/// A requirement about the fields of a node, of which there is one: its name.
fn node_field(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    match value.text("operator") {
        "In" | "NotIn" => {
            if value.list("values").len() != 1 {
                cx.findings.required(
                    &path.field("values"),
                    value,
                    "a field of a node is held against exactly one value",
                );
            }
        }
        other => {
            let origin = value.get("operator").unwrap_or(value);
            cx.findings.invalid(
                &path.field("operator"),
                origin,
                format!("`{other}` is none of `In`, `NotIn`"),
            );
        }
    }
    let key = value.text("key");
    if key != "metadata.name" {
        let origin = value.get("key").unwrap_or(value);
        cx.findings.invalid(
            &path.field("key"),
            origin,
            format!("`{key}` is no field to select nodes by: it can only be `metadata.name`"),
        );
    } else {
        let list = path.field("values");
        for (index, item) in value.list("values").iter().enumerate() {
            let text = item.as_text().unwrap_or_default();
            if let Err(message) = crate::names::dns_subdomain(text) {
                cx.findings
                    .invalid(&list.index(index), item, format!("`{text}` {message}"));
            }
        }
    }
}

fn toleration(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let operator = value.text("operator");
    let at = |key: &str| value.get(key).unwrap_or(value);
    if value.text("key").is_empty() && operator != "Exists" {
        cx.findings.invalid(
            &path.field("operator"),
            at("operator"),
            "without a key, which means all keys, the operator must be `Exists`",
        );
    }
    if value.has("tolerationSeconds") && value.text("effect") != "NoExecute" {
        cx.findings.invalid(
            &path.field("effect"),
            at("effect"),
            "`tolerationSeconds` needs the effect `NoExecute`",
        );
    }
    match operator {
        "" | "Equal" => {
            let text = value.text("value");
            if let Err(message) = label_value(text) {
                // The server names the operator, though it means the value.
                cx.findings.invalid(
                    &path.field("operator"),
                    at("value"),
                    format!("`{text}` {message}"),
                );
            }
        }
        "Exists" => {
            if !value.text("value").is_empty() {
                cx.findings.invalid(
                    &path.field("operator"),
                    at("value"),
                    "`Exists` takes no value",
                );
            }
        }
        "Lt" | "Gt" => {
            if value.text("value").parse::<i64>().is_err() {
                cx.findings.invalid(
                    &path.field("value"),
                    at("value"),
                    "the value must be a whole number",
                );
            }
        }
        _ => cx.findings.not_supported(
            &path.field("operator"),
            at("operator"),
            &["Equal", "Exists", "Lt", "Gt"],
        ),
    }
}

fn spread_constraint(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let at = |key: &str| value.get(key).unwrap_or(value);
    if value.int("maxSkew").is_none_or(|skew| skew <= 0) {
        cx.findings.invalid(
            &path.field("maxSkew"),
            at("maxSkew"),
            "the skew must be greater than 0",
        );
    }
    if let Some(least) = value.int("minDomains") {
        if least <= 0 {
            cx.findings.invalid(
                &path.field("minDomains"),
                at("minDomains"),
                "the number of domains must be greater than 0",
            );
        }
        if value.text("whenUnsatisfiable") == "ScheduleAnyway" {
            cx.findings.invalid(
                &path.field("minDomains"),
                at("minDomains"),
                "`minDomains` needs `whenUnsatisfiable: DoNotSchedule`",
            );
        }
    }
    match_label_keys(cx, path, value);
}

/// Keys whose values a selector takes over from the pod itself.
fn match_label_keys(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let selector = value.get("labelSelector");
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let here = path.field(field);
        let Some(keys) = value.get(field).filter(|keys| !keys.is_zero()) else {
            continue;
        };
        if selector.is_none() {
            cx.findings
                .forbidden(&here, keys, "the keys need a `labelSelector`");
            continue;
        }
        cx.check(&[super::EachIs(label_key)], &here, Some(keys), value);
    }
    // A pod's own labels are put into the selector first; a template's are not, yet.
    let own = if cx.is_a("Pod") {
        cx.object.at(&["metadata", "labels"])
    } else {
        None
    };
    let here = path.field("matchLabelKeys");
    let expressions = selector.map_or(&[][..], |found| found.list("matchExpressions"));
    let mut named: HashMap<&str, usize> = HashMap::new();
    for expression in expressions {
        *named.entry(expression.text("key")).or_default() += 1;
    }
    let mismatched = value.list("mismatchLabelKeys").iter();
    let mismatched: HashSet<&str> = mismatched.filter_map(Value::as_text).collect();
    for (index, item) in value.list("matchLabelKeys").iter().enumerate() {
        let key = item.as_text().unwrap_or_default();
        let labels = selector.and_then(|found| found.get("matchLabels"));
        let taken = own.is_some_and(|labels| labels.has(key));
        let count = named.get(key).copied().unwrap_or_default()
            + usize::from(labels.is_some_and(|labels| labels.has(key)))
            + usize::from(taken);
        if count > 1 {
            cx.findings.invalid(
                &here.index(index),
                item,
                format!("`{key}` is in the `labelSelector` already"),
            );
        }
        if mismatched.contains(key) {
            cx.findings.invalid(
                &here.index(index),
                item,
                format!("`{key}` is in `mismatchLabelKeys`, too"),
            );
        }
    }
}

/// The labels of a template must be those that its owner selects.
pub(super) fn template_is_selected(
    cx: &mut Cx<'_>,
    path: &Path<'_>,
    value: &Value<'_>,
    selects: impl Fn(Option<&Value<'_>>) -> bool,
) {
    let labels = value.at(&["template", "metadata", "labels"]);
    if !selects(labels) {
        let origin = labels.or_else(|| value.get("template")).unwrap_or(value);
        cx.findings.invalid(
            &path.field("template.metadata.labels"),
            origin,
            "the labels of the template do not fit the `selector`",
        );
    }
}

/// Whether labels fit a label selector.
pub(crate) fn selects(selector: &Value<'_>, labels: Option<&Value<'_>>) -> bool {
    let label = |key: &str| {
        labels
            .and_then(|labels| labels.get(key))
            .and_then(Value::as_text)
    };
    let exact = selector.get("matchLabels").is_none_or(|wanted| {
        wanted
            .entries()
            .iter()
            .all(|entry| label(&entry.key) == entry.value.as_text())
    });
    exact
        && selector.list("matchExpressions").iter().all(|expression| {
            let found = label(expression.text("key"));
            let listed = || {
                expression
                    .list("values")
                    .iter()
                    .any(|value| value.as_text() == found)
            };
            match expression.text("operator") {
                "In" => found.is_some() && listed(),
                "NotIn" => found.is_none() || !listed(),
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}
