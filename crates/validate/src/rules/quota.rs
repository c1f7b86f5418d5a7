//! Limit ranges and resource quotas.

use super::resources::{self, quantity_at_least};
use super::{Cx, TypeRules};
use crate::names::label_key;
use crate::path::Path;
use crate::quantity::Quantity;
use crate::value::{Value, repeats};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.LimitRangeSpec",
        fields: &[],
        whole: &[limit_types],
    },
    TypeRules {
        of: "core.v1.LimitRangeItem",
        fields: &[("type", &[])],
        whole: &[limit_range_item],
    },
    TypeRules {
        of: "core.v1.ResourceQuotaSpec",
        fields: &[],
        whole: &[quota],
    },
    TypeRules {
        of: "core.v1.ScopeSelector",
        fields: &[("matchExpressions", &[])],
        whole: &[],
    },
];

/// Each type of limit is there once.
fn limit_types(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("limits");
    let limits = value.list("limits");
    let repeats = repeats(limits.iter().map(|limit| limit.text("type")));
    for (index, limit) in limits.iter().enumerate() {
        let kind = limit.text("type");
        if repeats[index] {
            let found = limit.get("type").unwrap_or(limit);
            cx.findings
                .duplicate(&list.index(index).field("type"), found, kind);
        }
    }
}

fn limit_range_item(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let kind = value.text("type");
    limited_kind(cx, path, value, kind);
    let mut keys: Vec<&str> = Vec::new();
    for field in [
        "min",
        "max",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
    ] {
        let list = path.field(field);
        for entry in value.get(field).map_or(&[][..], Value::entries) {
            keys.push(&entry.key);
            if let Err(message) = resources::limit_name(kind, &entry.key) {
                cx.findings.add(
                    "invalid-value",
                    &list.key(&entry.key),
                    entry.origin,
                    format!("`{}` {message}", entry.key),
                );
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        order_of_limits(cx, path, value, key);
        ratio_of_limits(cx, path, value, key);
        let (limit, request) = (
            limit_of(value, "default", key),
            limit_of(value, "defaultRequest", key),
        );
        if !resources::may_overcommit(key)
            && limit.is_some()
            && request.is_some()
            && limit != request
        {
            let list = path.field("defaultRequest");
            let origin = value.get("defaultRequest").unwrap_or(value);
            cx.findings.invalid(
                &list.key(key),
                origin,
                format!(
                    "`{key}` cannot be overcommitted: default request and default must be equal"
                ),
            );
        }
    }
}

/// A quantity of a limit: `min.cpu`.
fn limit_of(limit: &Value<'_>, field: &str, key: &str) -> Option<Quantity> {
    limit.get(field)?.get(key).and_then(Quantity::of)
}

/// The kind that a limit is for, and the fields that it then may or must have.
fn limited_kind(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, kind: &str) {
    let is_standard = ["Pod", "Container", "PersistentVolumeClaim"].contains(&kind);
    if kind.is_empty() {
        cx.findings
            .required(&path.field("type"), value, "a limit says what it is for");
    } else if !is_standard && (label_key(kind).is_err() || !kind.contains('/')) {
        let origin = value.get("type").unwrap_or(value);
        cx.findings.invalid(
            &path.field("type"),
            origin,
            format!("`{kind}` is no standard kind of limit, and has no domain"),
        );
    }
    if kind == "Pod" {
        for field in ["default", "defaultRequest"] {
            if let Some(found) = value.get(field).filter(|found| !found.is_zero()) {
                cx.findings.forbidden(
                    &path.field(field),
                    found,
                    "a limit for pods has no defaults",
                );
            }
        }
    }
    if kind == "PersistentVolumeClaim"
        && limit_of(value, "min", "storage").is_none()
        && limit_of(value, "max", "storage").is_none()
    {
        cx.findings.required(
            &path.field("limits"),
            value,
            "a limit for claims has a minimum or a maximum of `storage`",
        );
    }
}

/// Minimum, default request, default and maximum do not fall.
fn order_of_limits(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, key: &str) {
    let order = ["min", "defaultRequest", "default", "max"];
    for (index, low) in order.iter().enumerate() {
        for high in &order[index + 1..] {
            let (Some(least), Some(most)) = (limit_of(value, low, key), limit_of(value, high, key))
            else {
                continue;
            };
            if least <= most {
                continue;
            }
            // The server names the one that a user would change.
            let field = match (*low, *high) {
                ("min", "max") => "min",
                ("min", _) => *high,
                _ => *low,
            };
            let list = path.field(field);
            let origin = value.get(field).and_then(|found| found.get(key));
            cx.findings.invalid(
                &list.key(key),
                origin.unwrap_or(value),
                format!("`{low}` of `{key}` is greater than its `{high}`"),
            );
        }
    }
}

/// The ratio of limit to request is at least 1, and no more than maximum and minimum allow.
fn ratio_of_limits(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, key: &str) {
    const FIELD: &str = "maxLimitRequestRatio";
    let Some(ratio) = limit_of(value, FIELD, key) else {
        return;
    };
    let list = path.field(FIELD);
    let origin = value.get(FIELD).and_then(|found| found.get(key));
    let origin = origin.unwrap_or(value);
    if Quantity::parse("1").is_some_and(|one| ratio < one) {
        cx.findings
            .invalid(&list.key(key), origin, "the ratio is less than 1");
    }
    if let (Some(most), Some(least)) = (limit_of(value, "max", key), limit_of(value, "min", key))
        && ratio.is_more_than(most, least)
    {
        cx.findings.invalid(
            &list.key(key),
            origin,
            "the ratio is more than that of `max` to `min`",
        );
    }
}

/// The scopes of quotas, and whether they are about pods that end.
const SCOPES: &[&str] = &[
    "BestEffort",
    "NotBestEffort",
    "Terminating",
    "NotTerminating",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// Scopes that exclude each other.
const CONFLICTS: &[(&str, &str)] = &[
    ("BestEffort", "NotBestEffort"),
    ("Terminating", "NotTerminating"),
];

/// The scopes that are about the pods themselves, and take no values.
const PLAIN_SCOPES: &[&str] = &[
    "BestEffort",
    "NotBestEffort",
    "Terminating",
    "NotTerminating",
    "CrossNamespacePodAffinity",
];

fn quota(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let hard = path.field("hard");
    let amounts = value.get("hard").map_or(&[][..], Value::entries);
    for entry in amounts {
        let here = hard.key(&entry.key);
        if let Err(message) = resources::quota_name(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &here,
                entry.origin,
                format!("`{}` {message}", entry.key),
            );
        }
        quantity_at_least(cx, &here, &entry.value, "0");
        if resources::is_whole(&entry.key)
            && Quantity::of(&entry.value).is_some_and(|found| !found.is_whole())
        {
            cx.findings
                .invalid(&here, &entry.value, "the number must be whole");
        }
    }
    let resources: Vec<&str> = amounts.iter().map(|entry| &*entry.key).collect();
    let mut scopes: Vec<&str> = Vec::new();
    let here = path.field("scopes");
    for item in value.list("scopes") {
        let scope = item.as_text().unwrap_or_default();
        scope_of_quota(cx, (&here, &here), item, scope, &resources);
        scopes.push(scope);
    }
    conflicts(cx, &here, value.get("scopes"), &scopes);
    let selector = value.get("scopeSelector");
    let expressions = selector.map_or(&[][..], |selector| selector.list("matchExpressions"));
    let here = path.field("scopeSelector.matchExpressions");
    let mut scopes: Vec<&str> = Vec::new();
    for expression in expressions {
        let scope = expression.text("scopeName");
        let item = expression.get("scopeName").unwrap_or(expression);
        let name = here.field("scopeName");
        scope_of_quota(cx, (&name, &here), item, scope, &resources);
        scope_expression(cx, &here, expression, scope);
        scopes.push(scope);
    }
    conflicts(cx, &here, selector, &scopes);
}

/// A scope is known, and applies to all resources of the quota; each mistake has a path of its own.
fn scope_of_quota(
    cx: &mut Cx<'_>,
    (unknown, idle): (&Path<'_>, &Path<'_>),
    item: &Value<'_>,
    scope: &str,
    resources: &[&str],
) {
    let applies = |name: &&str| resources::scope_applies(scope, name);
    if !SCOPES.contains(&scope) {
        let message = format!("`{scope}` is no scope of a quota");
        cx.findings.invalid(unknown, item, message);
    } else if !resources.iter().all(applies) {
        let message = format!("the scope `{scope}` does not apply to all resources of the quota");
        cx.findings.invalid(idle, item, message);
    }
}

/// The operator and the values of an expression about a scope.
fn scope_expression(cx: &mut Cx<'_>, here: &Path<'_>, expression: &Value<'_>, scope: &str) {
    let at = |key: &str| expression.get(key).unwrap_or(expression);
    let operator = expression.text("operator");
    let values = expression.list("values");
    if PLAIN_SCOPES.contains(&scope) && operator != "Exists" {
        cx.findings.invalid(
            &here.field("operator"),
            at("operator"),
            format!("the scope `{scope}` takes only `Exists`"),
        );
    }
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            cx.findings.required(
                &here.field("values"),
                expression,
                "`In` and `NotIn` need values",
            );
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            cx.findings.invalid(
                &here.field("values"),
                at("values"),
                "`Exists` and `DoesNotExist` take no values",
            );
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            cx.findings.invalid(
                &here.field("operator"),
                at("operator"),
                format!("`{other}` is no operator of a selector"),
            );
        }
    }
}

fn conflicts(cx: &mut Cx<'_>, path: &Path<'_>, list: Option<&Value<'_>>, scopes: &[&str]) {
    let Some(list) = list else { return };
    for (one, other) in CONFLICTS {
        if scopes.contains(one) && scopes.contains(other) {
            cx.findings.invalid(
                path,
                list,
                format!("`{one}` and `{other}` exclude each other"),
            );
        }
    }
}
