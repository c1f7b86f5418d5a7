//! Admission webhooks and policies.

use std::collections::HashSet;

use super::Check::{Is, OneOf, Range, Required, Word};
use super::{Cx, TypeRules};
use crate::names::{Verdict, dns_label_1035, dns_subdomain, label_key};
use crate::path::Path;
use crate::url::Url;
use crate::value::{Value, repeated, repeats};

const FAILURE: &[&str] = &["Fail", "Ignore"];
const MATCH: &[&str] = &["Equivalent", "Exact"];
const REINVOCATION: &[&str] = &["IfNeeded", "Never"];
const OPERATIONS: &[&str] = &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "admissionregistration.v1.ValidatingWebhook",
        fields: &[
            ("name", &[super::AlwaysIs(qualified_name)]),
            ("failurePolicy", &[Word(FAILURE)]),
            ("matchPolicy", &[Word(MATCH)]),
            ("sideEffects", &[Required, OneOf(&["None", "NoneOnDryRun"])]),
            ("timeoutSeconds", &[Range(1, 30)]),
            ("admissionReviewVersions", &[]),
            ("clientConfig", &[]),
        ],
        whole: &[webhook, super::expressions::match_conditions],
    },
    TypeRules {
        of: "admissionregistration.v1.MutatingWebhook",
        fields: &[
            ("name", &[super::AlwaysIs(qualified_name)]),
            ("failurePolicy", &[Word(FAILURE)]),
            ("matchPolicy", &[Word(MATCH)]),
            ("sideEffects", &[Required, OneOf(&["None", "NoneOnDryRun"])]),
            ("timeoutSeconds", &[Range(1, 30)]),
            ("reinvocationPolicy", &[Word(REINVOCATION)]),
            ("admissionReviewVersions", &[]),
            ("clientConfig", &[]),
        ],
        whole: &[webhook, super::expressions::match_conditions],
    },
    TypeRules {
        of: "admissionregistration.v1.RuleWithOperations",
        fields: RULE,
        whole: &[rule],
    },
    TypeRules {
        of: "admissionregistration.v1.NamedRuleWithOperations",
        fields: RULE,
        whole: &[rule, named_rule],
    },
    TypeRules {
        of: "admissionregistration.v1.MatchResources",
        fields: &[("matchPolicy", &[Word(MATCH)])],
        whole: &[],
    },
    TypeRules {
        of: "admissionregistration.v1.MatchCondition",
        fields: &[
            ("name", &[Required, Is(label_key)]),
            ("expression", &[Required]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "admissionregistration.v1.ParamKind",
        fields: &[
            ("apiVersion", &[Required, Is(param_version)]),
            ("kind", &[Required, Is(param_kind)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "admissionregistration.v1.ParamRef",
        fields: &[
            ("name", &[Is(crate::names::path_segment)]),
            (
                "parameterNotFoundAction",
                &[Required, OneOf(&["Deny", "Allow"])],
            ),
        ],
        whole: &[param_ref],
    },
    TypeRules {
        of: "admissionregistration.v1.ValidatingAdmissionPolicySpec",
        fields: &[
            ("failurePolicy", &[Word(FAILURE)]),
            ("matchConstraints", &[super::Present]),
        ],
        whole: &[
            match_constraints,
            validating_policy,
            super::expressions::policy,
        ],
    },
    TypeRules {
        of: "admissionregistration.v1.MutatingAdmissionPolicySpec",
        fields: &[
            ("failurePolicy", &[Word(FAILURE)]),
            ("matchConstraints", &[super::Present]),
            ("reinvocationPolicy", &[Required, OneOf(REINVOCATION)]),
            ("mutations", &[Required]),
        ],
        whole: &[match_constraints, super::expressions::policy],
    },
    TypeRules {
        of: "admissionregistration.v1.Mutation",
        fields: &[(
            "patchType",
            &[Required, OneOf(&["ApplyConfiguration", "JSONPatch"])],
        )],
        whole: &[mutation],
    },
    TypeRules {
        of: "admissionregistration.v1.Variable",
        fields: &[
            ("name", &[Required, Is(identifier)]),
            ("expression", &[Required]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "admissionregistration.v1.Validation",
        fields: &[("expression", &[Required])],
        whole: &[validation],
    },
    TypeRules {
        of: "admissionregistration.v1.AuditAnnotation",
        fields: &[
            ("key", &[super::AlwaysIs(label_key)]),
            ("valueExpression", &[Required]),
        ],
        whole: &[audit_annotation],
    },
    TypeRules {
        of: "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec",
        fields: &[
            ("policyName", &[Required, Is(dns_subdomain)]),
            (
                "validationActions",
                &[Required, super::EachOneOf(&["Audit", "Deny", "Warn"])],
            ),
        ],
        whole: &[actions],
    },
    TypeRules {
        of: "admissionregistration.v1.MutatingAdmissionPolicyBindingSpec",
        fields: &[("policyName", &[Required, Is(dns_subdomain)])],
        whole: &[],
    },
];

const RULE: &[(&str, &[super::Check])] = &[
    ("operations", &[Required, super::EachOneOf(OPERATIONS)]),
    ("apiGroups", &[Required]),
    ("apiVersions", &[Required]),
    ("resources", &[Required]),
    ("scope", &[Word(&["*", "Cluster", "Namespaced"])]),
];

/// A DNS name of at least three parts.
fn qualified_name(text: &str) -> Verdict {
    if text.is_empty() {
        return Err("is empty, and the name is required".to_owned());
    }
    dns_subdomain(text)?;
    if text.split('.').count() < 3 {
        return Err("has fewer than three parts between dots".to_owned());
    }
    Ok(())
}

fn identifier(text: &str) -> Verdict {
    let first = text
        .bytes()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == b'_');
    if first && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
        Ok(())
    } else {
        Err("is no identifier".to_owned())
    }
}

fn param_version(text: &str) -> Verdict {
    crate::names::group_version(text)?;
    let (group, version) = text.split_once('/').unwrap_or(("", text));
    if !group.is_empty() {
        dns_subdomain(group)?;
    }
    dns_label_1035(version)
}

fn param_kind(text: &str) -> Verdict {
    dns_label_1035(&text.to_lowercase())
}

fn webhook(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(config) = value.get("clientConfig") {
        client_config(cx, &path.field("clientConfig"), config, true);
    } else {
        cx.findings.required(
            &path.field("clientConfig"),
            value,
            "`url` or `service` is required",
        );
    }
    review_versions(
        cx,
        &path.field("admissionReviewVersions"),
        value,
        "admissionReviewVersions",
    );
}

/// Versions of the review that server and webhook have in common.
pub(super) fn review_versions(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, field: &str) {
    let versions = value.list(field);
    if versions.is_empty() {
        cx.findings
            .required(path, value, "one of `v1`, `v1beta1` is required");
        return;
    }
    let mut known = false;
    let repeated = repeated(versions);
    for (index, item) in versions.iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        let here = path.index(index);
        if repeated[index] {
            cx.findings
                .invalid(&here, item, format!("`{text}` is there twice"));
        } else if let Err(message) = dns_label_1035(text) {
            cx.findings
                .invalid(&here, item, format!("`{text}` {message}"));
        }
        known |= ["v1", "v1beta1"].contains(&text);
    }
    if !known && let Some(list) = value.get(field) {
        cx.findings
            .invalid(path, list, "none of `v1`, `v1beta1` is there");
    }
}

/// Where a webhook is: at a URL or behind a service.
pub(super) fn client_config(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, https: bool) {
    let (url, service) = (value.get("url"), value.get("service"));
    match (url, service) {
        (Some(url), None) => webhook_url(cx, &path.field("url"), url, https),
        (None, Some(service)) => webhook_service(cx, &path.field("service"), service),
        _ => cx
            .findings
            .required(path, value, "exactly one of `url`, `service` is required"),
    }
}

fn webhook_url(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, https: bool) {
    let text = value.as_text().unwrap_or_default();
    let mut say = |message: &str| {
        cx.findings
            .invalid(path, value, format!("the address {message}"))
    };
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(why) => return say(&format!("is none: {why}")),
    };
    if https && url.scheme != "https" {
        say("must begin with `https://`");
    }
    if url.host.is_empty() {
        say("has no host");
    }
    if url.has_user {
        say("must not have a user");
    }
    if !url.fragment.is_empty() {
        say("must not have a fragment");
    }
    if !url.query.is_empty() {
        say("must not have a query");
    }
}

fn webhook_service(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for field in ["name", "namespace"] {
        cx.check(&[Required], &path.field(field), value.get(field), value);
    }
    if let Some(port) = value.get("port") {
        cx.check(&[super::PORT], &path.field("port"), Some(port), value);
    }
    let Some(found) = value.get("path") else {
        return;
    };
    let text = found.as_text().unwrap_or_default();
    let here = path.field("path");
    if text.is_empty() {
        return;
    }
    if !text.starts_with('/') {
        cx.findings.invalid(&here, found, "must begin with `/`");
    }
    if text == "/" {
        return;
    }
    let inner = text.strip_prefix('/').unwrap_or(text);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    for part in inner.split('/') {
        if part.is_empty() {
            cx.findings.invalid(&here, found, "has an empty part");
        } else if let Err(message) = dns_subdomain(part) {
            cx.findings
                .invalid(&here, found, format!("`{part}` {message}"));
        }
    }
}

fn rule(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for (field, what) in [
        ("operations", "operations"),
        ("apiGroups", "groups"),
        ("apiVersions", "versions"),
    ] {
        let items = value.list(field);
        if items.len() > 1
            && items.iter().any(|item| item.as_text() == Some("*"))
            && let Some(list) = value.get(field)
        {
            cx.findings.invalid(
                &path.field(field),
                list,
                format!("beside `*` there must be no other {what}"),
            );
        }
    }
    for (index, item) in value.list("apiVersions").iter().enumerate() {
        if item.is_zero() {
            cx.findings.required(
                &path.field("apiVersions").index(index),
                item,
                "the version must not be empty",
            );
        }
    }
    let resources = value.list("resources");
    let here = path.field("resources");
    let texts: Vec<&str> = resources
        .iter()
        .map(|item| item.as_text().unwrap_or_default())
        .collect();
    let has = |text: &str| texts.contains(&text);
    let mut before = HashSet::new();
    for (index, text) in texts.iter().enumerate() {
        let here = here.index(index);
        let item = &resources[index];
        if text.is_empty() {
            cx.findings
                .required(&here, item, "the resource must not be empty");
            continue;
        }
        let Some((resource, sub)) = text.split_once('/') else {
            continue;
        };
        if sub != "*" && before.contains(&(resource, "*")) {
            cx.findings
                .invalid(&here, item, format!("`{resource}/*` covers it"));
        } else if resource != "*" && before.contains(&("*", sub)) {
            cx.findings
                .invalid(&here, item, format!("`*/{sub}` covers it"));
        }
        before.insert((resource, sub));
    }
    let Some(list) = value.get("resources") else {
        return;
    };
    if has("*/*") && texts.len() > 1 {
        cx.findings
            .invalid(&here, list, "beside `*/*` there must be no other resource");
    } else if has("*")
        && texts
            .iter()
            .rfind(|text| !text.contains('/'))
            .is_some_and(|text| *text != "*")
    {
        // The server looks at the last one without a subresource.
        cx.findings.invalid(
            &here,
            list,
            "beside `*` there must be no other resource without a subresource",
        );
    }
}

fn named_rule(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    cx.check(
        &[super::EachIs(crate::names::path_segment), super::Unique],
        &path.field("resourceNames"),
        value.get("resourceNames"),
        value,
    );
}

fn param_ref(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (name, selector) = (!value.text("name").is_empty(), value.has("selector"));
    if name && selector {
        for field in ["name", "selector"] {
            let found = value.get(field).unwrap_or(value);
            cx.findings.forbidden(
                &path.field(field),
                found,
                "`name` and `selector` exclude each other",
            );
        }
    } else if !name && !selector {
        cx.findings
            .required(path, value, "`name` or `selector` is required");
    }
}

fn match_constraints(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(found) = value.get("matchConstraints") else {
        return;
    };
    if found.list("resourceRules").is_empty() {
        cx.findings.required(
            &path.field("matchConstraints.resourceRules"),
            found,
            "at least one rule is required",
        );
    }
}

fn validating_policy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let annotations = value.list("auditAnnotations");
    if value.list("validations").is_empty() && annotations.is_empty() {
        for field in ["validations", "auditAnnotations"] {
            cx.findings.required(
                &path.field(field),
                value,
                "a policy has `validations` or `auditAnnotations`",
            );
        }
    }
    let list = path.field("auditAnnotations");
    let repeats = repeats(annotations.iter().map(|item| item.text("key")));
    for (index, item) in annotations.iter().enumerate() {
        let key = item.text("key");
        if repeats[index] && !key.is_empty() {
            let found = item.get("key").unwrap_or(item);
            cx.findings
                .duplicate(&list.index(index).field("key"), found, key);
        }
    }
}

fn mutation(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let kinds = [
        ("ApplyConfiguration", "applyConfiguration"),
        ("JSONPatch", "jsonPatch"),
    ];
    for (kind, field) in kinds {
        let found = value.get(field);
        let here = path.field(field);
        if value.text("patchType") == kind {
            match found {
                None => cx
                    .findings
                    .required(&here, value, &format!("the type `{kind}` needs it")),
                Some(found) => {
                    cx.check(
                        &[Required],
                        &here.field("expression"),
                        found.get("expression"),
                        found,
                    );
                }
            }
        } else if let Some(found) = found
            && kinds
                .iter()
                .any(|(kind, _)| *kind == value.text("patchType"))
        {
            cx.findings
                .invalid(&here, found, format!("only the type `{kind}` has it"));
        }
    }
}

const REASONS: &[&str] = &[
    "Forbidden",
    "Invalid",
    "RequestEntityTooLarge",
    "Unauthorized",
];

fn validation(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let message = value.text("message");
    if let Some(found) = value.get("message") {
        let here = path.field("message");
        if !message.is_empty() && message.trim().is_empty() {
            cx.findings
                .invalid(&here, found, "the message must not be blank");
        } else if message.trim().contains('\n') {
            cx.findings
                .invalid(&here, found, "the message must be one line");
        }
    }
    if value.text("expression").trim().contains('\n') && message.trim().is_empty() {
        cx.findings.required(
            &path.field("message"),
            value,
            "an expression of several lines needs a message",
        );
    }
    let told = value.text("messageExpression");
    if !told.is_empty() && told.trim().is_empty() {
        let found = value.get("messageExpression").unwrap_or(value);
        cx.findings.invalid(
            &path.field("messageExpression"),
            found,
            "the expression must not be blank",
        );
    }
    cx.check(
        &[OneOf(REASONS)],
        &path.field("reason"),
        value.get("reason"),
        value,
    );
}

fn audit_annotation(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let name = cx.name();
    let key = value.text("key");
    let here = path.field("key");
    let found = value.get("key").unwrap_or(value);
    if name.is_empty() {
        cx.findings
            .invalid(&here, found, "the key needs the `name` of the policy");
    } else if !key.is_empty()
        && label_key(key).is_ok()
        && let Err(message) = label_key(&format!("{name}/{key}"))
    {
        cx.findings
            .invalid(&here, found, format!("`{name}/{key}` {message}"));
    }
}

fn actions(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("validationActions");
    let actions = value.list("validationActions");
    let has = |name: &str| actions.iter().any(|item| item.as_text() == Some(name));
    if has("Deny")
        && has("Warn")
        && let Some(list) = value.get("validationActions")
    {
        cx.findings
            .invalid(&here, list, "`Deny` and `Warn` exclude each other");
    }
}
