//! Priority and fairness of requests.

use super::Check::{Is, Min, OneOf, Range, Required};
use super::{Cx, TypeRules};
use crate::names::{dns_label, dns_subdomain};
use crate::path::Path;
use crate::value::Value;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "flowcontrol.v1.FlowSchemaSpec",
        fields: &[("priorityLevelConfiguration", &[])],
        whole: &[flow_schema],
    },
    TypeRules {
        of: "flowcontrol.v1.FlowDistinguisherMethod",
        fields: &[("type", &[])],
        whole: &[distinguisher],
    },
    TypeRules {
        of: "flowcontrol.v1.PriorityLevelConfigurationReference",
        fields: &[("name", &[Required, Is(dns_subdomain)])],
        whole: &[],
    },
    TypeRules {
        of: "flowcontrol.v1.PolicyRulesWithSubjects",
        fields: &[("subjects", &[Required])],
        whole: &[rules],
    },
    TypeRules {
        of: "flowcontrol.v1.Subject",
        fields: &[("kind", &[])],
        whole: &[subject],
    },
    TypeRules {
        of: "flowcontrol.v1.ServiceAccountSubject",
        fields: &[("name", &[]), ("namespace", &[Required])],
        whole: &[service_account],
    },
    TypeRules {
        of: "flowcontrol.v1.UserSubject",
        fields: &[("name", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "flowcontrol.v1.GroupSubject",
        fields: &[("name", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "flowcontrol.v1.ResourcePolicyRule",
        fields: &[
            ("verbs", &[Required]),
            ("apiGroups", &[Required]),
            ("resources", &[Required]),
        ],
        whole: &[resource_rule],
    },
    TypeRules {
        of: "flowcontrol.v1.NonResourcePolicyRule",
        fields: &[("verbs", &[Required]), ("nonResourceURLs", &[Required])],
        whole: &[url_rule],
    },
    TypeRules {
        of: "flowcontrol.v1.PriorityLevelConfigurationSpec",
        fields: &[("type", &[Required, OneOf(&["Exempt", "Limited"])])],
        whole: &[priority_level],
    },
    TypeRules {
        of: "flowcontrol.v1.LimitedPriorityLevelConfiguration",
        fields: &[
            ("nominalConcurrencyShares", &[Min(0)]),
            ("lendablePercent", &[Range(0, 100)]),
            ("borrowingLimitPercent", &[Min(0)]),
            ("limitResponse", &[]),
        ],
        whole: &[limited],
    },
    TypeRules {
        of: "flowcontrol.v1.ExemptPriorityLevelConfiguration",
        fields: &[
            ("nominalConcurrencyShares", &[Min(0)]),
            ("lendablePercent", &[Range(0, 100)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "flowcontrol.v1.LimitResponse",
        fields: &[("type", &[Required, OneOf(&["Queue", "Reject"])])],
        whole: &[limit_response],
    },
    TypeRules {
        of: "flowcontrol.v1.QueuingConfiguration",
        fields: &[],
        whole: &[queuing],
    },
];

fn flow_schema(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let name = &*cx.name();
    let here = path.field("matchingPrecedence");
    let origin = value.get("matchingPrecedence").unwrap_or(value);
    let precedence = value.int("matchingPrecedence").unwrap_or(1_000);
    // 0 is the default of the field, and set to 1000.
    if precedence < 0 {
        cx.findings
            .invalid(&here, origin, "the precedence must be positive");
    } else if precedence > 10_000 {
        cx.findings.invalid(
            &here,
            origin,
            "the precedence must not be greater than 10000",
        );
    } else if precedence == 1 && name != "exempt" {
        cx.findings
            .invalid(&here, origin, "the precedence 1 is for the schema `exempt`");
    }
    if ["exempt", "catch-all"].contains(&name) && !is_mandatory(name, value) {
        cx.findings.invalid(
            path,
            value,
            format!("the schema `{name}` is the server's own and cannot differ from it"),
        );
    }
}

/// Whether a schema of the server's own looks as the server has it.
fn is_mandatory(name: &str, value: &Value<'_>) -> bool {
    let precedence = if name == "exempt" { 1 } else { 10_000 };
    value.int("matchingPrecedence") == Some(precedence)
        && value
            .get("priorityLevelConfiguration")
            .is_some_and(|found| found.text("name") == name)
        && value.list("rules").len() == 1
}

fn distinguisher(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let known = &["ByNamespace", "ByUser"];
    if !known.contains(&value.text("type")) {
        cx.findings.not_supported(
            &path.field("type"),
            value.get("type").unwrap_or(value),
            known,
        );
    }
}

fn rules(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.list("resourceRules").is_empty() && value.list("nonResourceRules").is_empty() {
        cx.findings.required(
            path,
            value,
            "`resourceRules` or `nonResourceRules` is required",
        );
    }
}

fn subject(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let kinds = [
        ("ServiceAccount", "serviceAccount"),
        ("User", "user"),
        ("Group", "group"),
    ];
    let kind = value.text("kind");
    let Some((_, own)) = kinds.iter().find(|(name, _)| *name == kind) else {
        let names = &["Group", "ServiceAccount", "User"];
        cx.findings.not_supported(
            &path.field("kind"),
            value.get("kind").unwrap_or(value),
            names,
        );
        return;
    };
    for (_, field) in kinds {
        let found = value.get(field);
        if field == *own {
            if found.is_none() {
                cx.findings.required(
                    &path.field(field),
                    value,
                    &format!("the kind `{kind}` needs it"),
                );
            }
        } else if let Some(found) = found {
            cx.findings.forbidden(
                &path.field(field),
                found,
                format!("the kind `{kind}` does not have it"),
            );
        }
    }
}

fn service_account(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let name = value.text("name");
    let here = path.field("name");
    if name.is_empty() {
        cx.findings.required(
            &here,
            value.get("name").unwrap_or(value),
            "the field is required",
        );
    } else if name != "*" {
        cx.check(&[Is(dns_subdomain)], &here, value.get("name"), value);
    }
    cx.check(
        &[Is(dns_label)],
        &path.field("namespace"),
        value.get("namespace"),
        value,
    );
}

fn star_alone(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, field: &str) {
    let items = value.list(field);
    if items.len() > 1
        && items.iter().any(|item| item.as_text() == Some("*"))
        && let Some(list) = value.get(field)
    {
        cx.findings
            .invalid(&path.field(field), list, "`*` stands alone");
    }
}

const VERBS: &[&str] = &[
    "get",
    "list",
    "create",
    "update",
    "delete",
    "deletecollection",
    "patch",
    "watch",
    "proxy",
    "*",
];
const URL_VERBS: &[&str] = &[
    "get", "head", "post", "put", "delete", "connect", "options", "trace", "patch", "*",
];

fn verbs(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, known: &[&str]) {
    let here = path.field("verbs");
    star_alone(cx, path, value, "verbs");
    for item in value.list("verbs") {
        if !known.contains(&item.as_text().unwrap_or_default()) {
            cx.findings.not_supported(&here, item, known);
        }
    }
}

fn resource_rule(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    verbs(cx, path, value, VERBS);
    for field in ["apiGroups", "resources", "namespaces"] {
        star_alone(cx, path, value, field);
    }
    let list = path.field("namespaces");
    let namespaces = value.list("namespaces");
    if namespaces.is_empty() && !value.is_true("clusterScope") {
        cx.findings.required(
            &list,
            value,
            "a rule that is not for the cluster names its namespaces",
        );
    }
    for (index, item) in namespaces.iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        if text != "*"
            && let Err(message) = dns_label(text)
        {
            cx.findings
                .invalid(&list.index(index), item, format!("`{text}` {message}"));
        }
    }
}

fn url_rule(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    verbs(cx, path, value, URL_VERBS);
    star_alone(cx, path, value, "nonResourceURLs");
    let list = path.field("nonResourceURLs");
    for (index, item) in value.list("nonResourceURLs").iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        let mut say = |message: &str| cx.findings.invalid(&list.index(index), item, message);
        if text == "*" {
            continue;
        }
        if !text.starts_with('/') {
            say("must begin with `/`");
        } else if text.contains(' ') {
            say("must not contain a blank");
        } else if text.contains("//") {
            say("must not contain `//`");
        } else if text.trim_end_matches("/*").contains('*') {
            say("`*` can only stand at the end, behind `/`");
        }
    }
}

fn priority_level(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let name = &*cx.name();
    let kind = value.text("type");
    if ["Exempt", "Limited"].contains(&kind) && (kind == "Exempt") != (name == "exempt") {
        let found = value.get("type").unwrap_or(value);
        cx.findings.invalid(
            &path.field("type"),
            found,
            "`Exempt` is the type of `exempt`, and of nothing else",
        );
    }
    if name == "catch-all" && !is_catch_all(value) {
        cx.findings.invalid(
            path,
            value,
            "the level `catch-all` is the server's own and cannot differ from it",
        );
    }
    match kind {
        "Exempt" => {
            if let Some(found) = value.get("limited") {
                cx.findings.forbidden(
                    &path.field("limited"),
                    found,
                    "the type `Exempt` does not have it",
                );
            }
        }
        "Limited" => {
            if let Some(found) = value.get("exempt") {
                cx.findings.forbidden(
                    &path.field("exempt"),
                    found,
                    "the type `Limited` does not have it",
                );
            }
            if !value.has("limited") {
                cx.findings
                    .required(&path.field("limited"), value, "the type `Limited` needs it");
            }
        }
        _ => {}
    }
}

/// Whether a level is the one that the server has for all that no other takes.
fn is_catch_all(value: &Value<'_>) -> bool {
    let Some(limited) = value.get("limited") else {
        return false;
    };
    let response = limited.get("limitResponse");
    value.text("type") == "Limited"
        && limited.int("nominalConcurrencyShares") == Some(5)
        && limited.int("lendablePercent").unwrap_or(0) == 0
        && !limited.has("borrowingLimitPercent")
        && response.is_some_and(|found| found.text("type") == "Reject" && !found.has("queuing"))
}

fn limited(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if !value.has("limitResponse") {
        cx.findings.required(
            &path.field("limitResponse.type"),
            value,
            "the field is required",
        );
    }
}

fn limit_response(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    match (value.text("type"), value.get("queuing")) {
        ("Reject", Some(found)) => {
            cx.findings.forbidden(
                &path.field("queuing"),
                found,
                "the type `Reject` does not have it",
            );
        }
        ("Queue", None) => {
            cx.findings
                .required(&path.field("queuing"), value, "the type `Queue` needs it")
        }
        _ => {}
    }
}

fn queuing(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    // What is absent or 0 gets a default.
    let number = |field: &str, default: i64| match value.int(field) {
        None | Some(0) => default,
        Some(number) => number,
    };
    let (queues, hand, limit) = (
        number("queues", 64),
        number("handSize", 8),
        number("queueLengthLimit", 50),
    );
    let at = |field: &str| value.get(field).unwrap_or(value);
    if limit <= 0 {
        cx.findings.invalid(
            &path.field("queueLengthLimit"),
            at("queueLengthLimit"),
            "the number must be positive",
        );
    }
    if queues <= 0 {
        cx.findings.invalid(
            &path.field("queues"),
            at("queues"),
            "the number must be positive",
        );
    } else if queues > 10_000_000 {
        cx.findings.invalid(
            &path.field("queues"),
            at("queues"),
            "the number must not be greater than 10000000",
        );
    }
    if hand <= 0 {
        cx.findings.invalid(
            &path.field("handSize"),
            at("handSize"),
            "the number must be positive",
        );
    } else if hand > queues {
        cx.findings.invalid(
            &path.field("handSize"),
            at("handSize"),
            "the number must not be greater than `queues`",
        );
    } else if entropy_bits(queues, hand) > 60 {
        cx.findings.invalid(
            &path.field("handSize"),
            at("handSize"),
            "the hands of so many queues are too many to deal",
        );
    }
}

/// How many bits it takes to deal a hand of so many queues.
fn entropy_bits(queues: i64, hand: i64) -> u32 {
    let mut product = 1_f64;
    for dealt in 0..hand {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the number of bits is all that counts"
        )]
        let left = (queues - dealt) as f64;
        product *= left;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of bits is small"
    )]
    let bits = product.log2().ceil() as u32;
    bits
}
