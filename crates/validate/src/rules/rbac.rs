//! Roles and their bindings.

use super::Check::{Is, OneOf, Required};
use super::{Cx, TypeRules};
use crate::names::{dns_subdomain, path_segment};
use crate::path::Path;
use crate::value::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "rbac.v1.ClusterRole",
        fields: &[("rules", &[])],
        whole: &[aggregation],
    },
    TypeRules {
        of: "rbac.v1.Role",
        fields: &[("rules", &[])],
        whole: &[],
    },
    TypeRules {
        of: "rbac.v1.PolicyRule",
        fields: &[("verbs", &[Required])],
        whole: &[rule],
    },
    TypeRules {
        of: "rbac.v1.RoleRef",
        fields: &[
            ("apiGroup", &[]),
            ("kind", &[]),
            ("name", &[Required, Is(path_segment)]),
        ],
        whole: &[role_ref],
    },
    TypeRules {
        of: "rbac.v1.Subject",
        fields: &[("kind", &[]), ("name", &[Required])],
        whole: &[subject],
    },
];

fn aggregation(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(found) = value.get("aggregationRule") else {
        return;
    };
    if found.list("clusterRoleSelectors").is_empty() {
        cx.findings.required(
            &path.field("aggregationRule.clusterRoleSelectors"),
            found,
            "at least one selector is required",
        );
    }
}

fn rule(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let urls = value.list("nonResourceURLs");
    if !urls.is_empty() {
        let here = path.field("nonResourceURLs");
        if cx.is_a("Role") {
            cx.findings
                .invalid(&here, &urls[0], "a rule of a namespace has no URLs");
        }
        let resources = ["apiGroups", "resources", "resourceNames"];
        if resources.iter().any(|field| !value.list(field).is_empty()) {
            cx.findings.invalid(
                &here,
                &urls[0],
                "a rule is for resources or for URLs, not for both",
            );
        }
        return;
    }
    for field in ["apiGroups", "resources"] {
        if value.list(field).is_empty() {
            cx.findings.required(
                &path.field(field),
                value.get(field).unwrap_or(value),
                "a rule for resources needs it",
            );
        }
    }
}

fn role_ref(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let group = value.text("apiGroup");
    // An empty group is set to the right one before it is judged.
    if !group.is_empty() {
        cx.check(
            &[OneOf(&[GROUP])],
            &path.field("apiGroup"),
            value.get("apiGroup"),
            value,
        );
    }
    let kinds: &[&str] = if cx.is_a("ClusterRoleBinding") {
        &["ClusterRole"]
    } else {
        &["Role", "ClusterRole"]
    };
    if !kinds.contains(&value.text("kind")) {
        cx.findings.not_supported(
            &path.field("kind"),
            value.get("kind").unwrap_or(value),
            kinds,
        );
    }
}

fn subject(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let group = value.text("apiGroup");
    let at = |key: &str| value.get(key).unwrap_or(value);
    match value.text("kind") {
        "ServiceAccount" => {
            let name = value.text("name");
            if !name.is_empty()
                && let Err(message) = dns_subdomain(name)
            {
                cx.findings.invalid(
                    &path.field("name"),
                    at("name"),
                    format!("`{name}` {message}"),
                );
            }
            if !group.is_empty() {
                cx.findings
                    .not_supported(&path.field("apiGroup"), at("apiGroup"), &[""]);
            }
            if value.text("namespace").is_empty() && cx.is_a("ClusterRoleBinding") {
                cx.findings.required(
                    &path.field("namespace"),
                    value,
                    "a service account has a namespace",
                );
            }
        }
        "User" | "Group" => {
            if !group.is_empty() && group != GROUP {
                cx.findings
                    .not_supported(&path.field("apiGroup"), at("apiGroup"), &[GROUP]);
            }
        }
        _ => cx.findings.not_supported(
            &path.field("kind"),
            at("kind"),
            &["ServiceAccount", "User", "Group"],
        ),
    }
}
