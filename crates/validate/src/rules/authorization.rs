//! Questions that the server answers and does not keep: reviews of access and of tokens.

use super::Check::Required;
use super::{Cx, TypeRules};
use crate::path::Path;
use crate::value::Value;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "authentication.v1.TokenReviewSpec",
        fields: &[("token", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "authorization.v1.SelfSubjectRulesReviewSpec",
        fields: &[("namespace", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "authorization.v1.SelfSubjectAccessReview",
        fields: &[],
        whole: &[bare],
    },
    TypeRules {
        of: "authorization.v1.SelfSubjectAccessReviewSpec",
        fields: &[],
        whole: &[asked],
    },
    TypeRules {
        of: "authorization.v1.SubjectAccessReview",
        fields: &[],
        whole: &[bare],
    },
    TypeRules {
        of: "authorization.v1.LocalSubjectAccessReview",
        fields: &[],
        whole: &[bare, local],
    },
    TypeRules {
        of: "authorization.v1.SubjectAccessReviewSpec",
        fields: &[],
        whole: &[asked, user],
    },
    TypeRules {
        of: "authorization.v1.FieldSelectorAttributes",
        fields: &[],
        whole: &[selector],
    },
    TypeRules {
        of: "authorization.v1.LabelSelectorAttributes",
        fields: &[],
        whole: &[selector],
    },
];

/// A question has no name; one about a namespace says that.
fn bare(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(metadata) = value.get("metadata") else {
        return;
    };
    let is_local = cx.is_a("LocalSubjectAccessReview");
    let may_be_there = |key: &str| key == "managedFields" || is_local && key == "namespace";
    let mut entries = metadata.entries().iter();
    if entries.any(|entry| !may_be_there(&entry.key) && !entry.value.is_zero()) {
        let message = match is_local {
            true => "a review has no metadata but a namespace",
            false => "a review has no metadata",
        };
        cx.findings
            .invalid(&path.field("metadata"), metadata, message);
    }
}

fn asked(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.has("resourceAttributes") == value.has("nonResourceAttributes") {
        let message = "exactly one of `resourceAttributes` and `nonResourceAttributes` is asked";
        cx.findings.invalid(path, value, message);
    }
}

fn user(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.text("user").is_empty() && value.list("groups").is_empty() {
        let message = "`user` or `groups` says whose access it is";
        cx.findings.invalid(&path.field("user"), value, message);
    }
}

fn local(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let own = value.get("metadata").map_or("", |it| it.text("namespace"));
    let Some(spec) = value.get("spec") else {
        return;
    };
    if let Some(found) = spec.get("resourceAttributes")
        && found.text("namespace") != own
    {
        let origin = found.get("namespace").unwrap_or(found);
        let here = path.field("spec.resourceAttributes.namespace");
        cx.findings
            .invalid(&here, origin, "it must be the namespace of the review");
    }
    if let Some(found) = spec.get("nonResourceAttributes") {
        let here = path.field("spec.nonResourceAttributes");
        cx.findings
            .invalid(&here, found, "a namespace has none of these");
    }
}

fn selector(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let raw = value.get("rawSelector").filter(|found| !found.is_zero());
    match (raw, value.list("requirements").is_empty()) {
        (Some(raw), false) => {
            let message = "`rawSelector` and `requirements` exclude each other";
            cx.findings
                .invalid(&path.field("rawSelector"), raw, message);
        }
        (None, true) => {
            let message = "`requirements` or `rawSelector` is required";
            cx.findings
                .required(&path.field("requirements"), value, message);
        }
        _ => {}
    }
}
