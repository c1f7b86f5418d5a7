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
    if kind.is_empty() {
        cx.findings
            .required(&path.field("type"), value, "a limit says what it is for");
    } else if !["Pod", "Container", "PersistentVolumeClaim"].contains(&kind)
        && label_key(kind).is_err()
        || !kind.is_empty()
            && !kind.contains('/')
            && !["Pod", "Container", "PersistentVolumeClaim"].contains(&kind)
    {
        let origin = value.get("type").unwrap_or(value);
        cx.findings.invalid(
            &path.field("type"),
            origin,
            format!("`{kind}` is no standard kind of limit, and has no domain"),
        );
    }
    let of = |field: &str, key: &str| {
        value
            .get(field)
            .and_then(|found| found.get(key))
            .and_then(Quantity::of)
    };
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
        && of("min", "storage").is_none()
        && of("max", "storage").is_none()
    {
        cx.findings.required(
            &path.field("limits"),
            value,
            "a limit for claims has a minimum or a maximum of `storage`",
        );
    }
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
        // Minimum, default request, default and maximum do not fall.
        let order = ["min", "defaultRequest", "default", "max"];
        for (index, low) in order.iter().enumerate() {
            for high in &order[index + 1..] {
                let (Some(least), Some(most)) = (of(low, key), of(high, key)) else {
                    continue;
                };
                if least > most {
                    // The server names the one that a user would change.
                    let field = if *low == "min" && *high == "max" {
                        "min"
                    } else if *high == "max" {
                        low
                    } else if *low == "min" {
                        high
                    } else {
                        low
                    };
                    let list = path.field(field);
                    let origin = value
                        .get(field)
                        .and_then(|found| found.get(key))
                        .unwrap_or(value);
                    cx.findings.invalid(
                        &list.key(key),
                        origin,
                        format!("`{low}` of `{key}` is greater than its `{high}`"),
                    );
                }
            }
        }
        if let Some(ratio) = of("maxLimitRequestRatio", key) {
            let list = path.field("maxLimitRequestRatio");
            let origin = value
                .get("maxLimitRequestRatio")
                .and_then(|found| found.get(key))
                .unwrap_or(value);
            if Quantity::parse("1").is_some_and(|one| ratio < one) {
                cx.findings
                    .invalid(&list.key(key), origin, "the ratio is less than 1");
            }
        }
        let bounds = (of("max", key), of("min", key));
        if let (Some(ratio), (Some(most), Some(least))) = (of("maxLimitRequestRatio", key), bounds)
            && ratio.is_more_than(most, least)
        {
            let list = path.field("maxLimitRequestRatio");
            let origin = value
                .get("maxLimitRequestRatio")
                .and_then(|found| found.get(key))
                .unwrap_or(value);
            cx.findings.invalid(
                &list.key(key),
                origin,
                "the ratio is more than that of `max` to `min`",
            );
        }
        if !resources::may_overcommit(key) {
            let (limit, request) = (of("default", key), of("defaultRequest", key));
            if limit.is_some() && request.is_some() && limit != request {
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

fn quota(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let hard = path.field("hard");
    for entry in value.get("hard").map_or(&[][..], Value::entries) {
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
    let resources: Vec<&str> = value
        .get("hard")
        .map_or(&[][..], Value::entries)
        .iter()
        .map(|entry| &*entry.key)
        .collect();
    let applies = |scope: &str| {
        resources
            .iter()
            .all(|name| resources::scope_applies(scope, name))
    };
    let mut scopes: Vec<&str> = Vec::new();
    let here = path.field("scopes");
    for item in value.list("scopes") {
        let scope = item.as_text().unwrap_or_default();
        if !SCOPES.contains(&scope) {
            cx.findings
                .invalid(&here, item, format!("`{scope}` is no scope of a quota"));
        } else if !applies(scope) {
            cx.findings.invalid(
                &here,
                item,
                format!("the scope `{scope}` does not apply to all resources of the quota"),
            );
        }
        scopes.push(scope);
    }
    conflicts(cx, &here, value.get("scopes"), &scopes);
    let expressions = value
        .get("scopeSelector")
        .map_or(&[][..], |selector| selector.list("matchExpressions"));
    let here = path.field("scopeSelector.matchExpressions");
    let mut scopes: Vec<&str> = Vec::new();
    for expression in expressions {
        let scope = expression.text("scopeName");
        let at = |key: &str| expression.get(key).unwrap_or(expression);
        if !SCOPES.contains(&scope) {
            cx.findings.invalid(
                &here.field("scopeName"),
                at("scopeName"),
                format!("`{scope}` is no scope of a quota"),
            );
        } else if !applies(scope) {
            cx.findings.invalid(
                &here,
                at("scopeName"),
                format!("the scope `{scope}` does not apply to all resources of the quota"),
            );
        }
        let operator = expression.text("operator");
        let values = expression.list("values");
        if [
            "BestEffort",
            "NotBestEffort",
            "Terminating",
            "NotTerminating",
            "CrossNamespacePodAffinity",
        ]
        .contains(&scope)
            && operator != "Exists"
        {
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
        scopes.push(scope);
    }
    conflicts(
        cx,
        &path.field("scopeSelector.matchExpressions"),
        value.get("scopeSelector"),
        &scopes,
    );
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
