//! Expressions of admission rules and of device selectors: they compile, to the type that is wanted.

use super::Cx;
use std::rc::Rc;

use crate::cel::{self, Bound, Inner, Named, Ty, compile};
use crate::path::Path;
use crate::value::Value;

/// The request that an admission rule judges.
fn request() -> Ty {
    let kind = || {
        Ty::object(
            "GroupVersionKind",
            vec![
                ("group", Ty::Text),
                ("version", Ty::Text),
                ("kind", Ty::Text),
            ],
        )
    };
    let resource = || {
        Ty::object(
            "GroupVersionResource",
            vec![
                ("group", Ty::Text),
                ("version", Ty::Text),
                ("resource", Ty::Text),
            ],
        )
    };
    let user = Ty::object(
        "UserInfo",
        vec![
            ("username", Ty::Text),
            ("uid", Ty::Text),
            ("groups", Ty::list(Ty::Text)),
            ("extra", Ty::map(Ty::list(Ty::Text))),
        ],
    );
    Ty::object(
        "AdmissionRequest",
        vec![
            ("kind", kind()),
            ("resource", resource()),
            ("subResource", Ty::Text),
            ("requestKind", kind()),
            ("requestResource", resource()),
            ("requestSubResource", Ty::Text),
            ("name", Ty::Text),
            ("namespace", Ty::Text),
            ("operation", Ty::Text),
            ("userInfo", user),
            ("dryRun", Ty::Bool),
            ("options", Ty::Dyn),
        ],
    )
}

/// What every admission rule may speak of.
fn admission(params: bool, authorizer: bool) -> Vec<(&'static str, Ty)> {
    let mut known = vec![
        ("object", Ty::Dyn),
        ("oldObject", Ty::Dyn),
        ("request", request()),
        ("namespaceObject", Ty::Dyn),
    ];
    if params {
        known.push(("params", Ty::Dyn));
    }
    if authorizer {
        known.push(("authorizer", Ty::Named("authorizer")));
        known.push(("authorizer.requestResource", Ty::Named("resource_check")));
    }
    known
}

/// Compiles the expression in a field; a type is told where it is one of those that are wanted.
fn expression(
    cx: &mut Cx<'_>,
    path: &Path<'_>,
    value: &Value<'_>,
    field: &str,
    variables: &[(&str, Ty)],
    wanted: &[Ty],
) -> Option<Ty> {
    let found = value.get(field)?;
    let text = found.as_text()?.trim();
    if text.is_empty() {
        return None;
    }
    let here = path.field(field);
    match compile(text, variables) {
        Ok((_, kind)) if wanted.is_empty() || wanted.iter().any(|wanted| wanted.takes(&kind)) => {
            Some(kind)
        }
        Ok((_, kind)) => {
            let names: Vec<String> = wanted
                .iter()
                .map(|kind| format!("`{}`", kind.name()))
                .collect();
            cx.findings.invalid(
                &here,
                found,
                format!(
                    "the expression is of the type `{}`, and not {}",
                    kind.name(),
                    names.join(" or ")
                ),
            );
            None
        }
        Err(message) => {
            cx.findings.invalid(
                &here,
                found,
                format!("the expression does not compile: {message}"),
            );
            None
        }
    }
}

/// Conditions under which a webhook or policy is asked at all.
pub(super) fn match_conditions(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("matchConditions");
    let conditions = value.list("matchConditions");
    if conditions.len() > 64 {
        cx.findings.add(
            "too-many-items",
            &list,
            value.origin,
            "there are at most 64 conditions",
        );
    }
    let known = admission(value.has("paramKind"), true);
    for (index, condition) in conditions.iter().enumerate() {
        expression(
            cx,
            &list.index(index),
            condition,
            "expression",
            &known,
            &[Ty::Bool],
        );
    }
}

/// The expressions of an admission policy.
pub(super) fn policy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    match_conditions(cx, path, value);
    let params = value.has("paramKind");
    let mut variables: Vec<(&str, Ty)> = Vec::new();
    let list = path.field("variables");
    for (index, variable) in value.list("variables").iter().enumerate() {
        let here = list.index(index);
        let mut known = admission(params, true);
        known.push(("variables", Ty::object("variables", variables.clone())));
        let kind = expression(cx, &here, variable, "expression", &known, &[]);
        // One that does not compile is not there for those after it.
        if let Some(kind) = kind {
            variables.push((variable.text("name"), kind));
        }
    }
    let with = |authorizer: bool| {
        let mut known = admission(params, authorizer);
        known.push(("variables", Ty::object("variables", variables.clone())));
        known
    };
    let list = path.field("validations");
    for (index, validation) in value.list("validations").iter().enumerate() {
        let here = list.index(index);
        expression(
            cx,
            &here,
            validation,
            "expression",
            &with(true),
            &[Ty::Bool],
        );
        expression(
            cx,
            &here,
            validation,
            "messageExpression",
            &with(false),
            &[Ty::Text],
        );
    }
    let list = path.field("auditAnnotations");
    for (index, annotation) in value.list("auditAnnotations").iter().enumerate() {
        let here = list.index(index);
        expression(
            cx,
            &here,
            annotation,
            "valueExpression",
            &with(true),
            &[Ty::Text, Ty::Null],
        );
    }
    let list = path.field("mutations");
    let patch = Ty::Message("JSONPatch".to_owned());
    for (index, mutation) in value.list("mutations").iter().enumerate() {
        let here = list.index(index);
        if let Some(found) = mutation.get("applyConfiguration") {
            let wanted = [Ty::Message("Object".to_owned())];
            expression(
                cx,
                &here.field("applyConfiguration"),
                found,
                "expression",
                &with(true),
                &wanted,
            );
        }
        if let Some(found) = mutation.get("jsonPatch") {
            let wanted = [Ty::list(patch.clone())];
            expression(
                cx,
                &here.field("jsonPatch"),
                found,
                "expression",
                &with(true),
                &wanted,
            );
        }
    }
}

/// Which devices a selector selects.
pub(super) fn device(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let device = Ty::object(
        "device",
        vec![
            ("driver", Ty::Text),
            ("attributes", Ty::map(Ty::map(Ty::Dyn))),
            ("capacity", Ty::map(Ty::map(Ty::Named("quantity")))),
            ("allowMultipleAllocations", Ty::Bool),
        ],
    );
    if value.text("expression").trim().is_empty() {
        let found = value.get("expression").unwrap_or(value);
        cx.findings
            .invalid(&path.field("expression"), found, "the expression is empty");
    }
    let known = [("device", device), ("cel", Ty::BINDINGS)];
    if expression(cx, path, value, "expression", &known, &[Ty::Bool]).is_some() {
        device_cost(cx, path, value, &known);
    }
}

/// A selector is asked of every device that may be allocated, and must be cheap.
fn device_cost(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, known: &[(&str, Ty)]) {
    const MOST: u64 = 1_000_000;
    let Some(found) = value.get("expression") else {
        return;
    };
    let Ok(parsed) = cel::parse(found.as_text().unwrap_or_default()) else {
        return;
    };
    let cost = cel::cost(&parsed, known, &device_bound());
    if cost > MOST {
        let times = cost / MOST + 1;
        cx.findings.forbidden(
            &path.field("expression"),
            found,
            format!("the expression may cost {times} times what is allowed"),
        );
    }
}

/// How large the parts of a device can be.
fn device_bound() -> Rc<Bound> {
    let bound = |most: u64, inner: Inner| Rc::new(Bound { most, inner });
    let names = |key: u64, value: Rc<Bound>, has_fields: bool| {
        let named = Named {
            key,
            value,
            has_fields,
        };
        bound(32, Inner::Named(named))
    };
    let attributes = names(63, names(32, bound(64, Inner::Nothing), true), false);
    let capacity = names(63, names(32, bound(0, Inner::Nothing), false), false);
    let fields = [
        ("driver", bound(63, Inner::Nothing)),
        ("attributes", attributes),
        ("capacity", capacity),
        ("allowMultipleAllocations", bound(1, Inner::Nothing)),
    ];
    let fields = fields.map(|(name, bound)| (name.to_owned(), bound));
    bound(0, Inner::Fields(fields.into()))
}
