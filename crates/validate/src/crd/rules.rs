//! The rules that schemas state in expressions: `x-kubernetes-validations`.

use crate::cel::{self, Ty, Val};
use crate::finding::Findings;
use crate::path::Path;
use crate::time::Time;
use crate::value::{Data, Value};

const REASONS: &[&str] = &[
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];

/// The type of values of a schema.
fn type_of(schema: &Value<'_>) -> Ty {
    if schema.is_true("x-kubernetes-int-or-string") {
        return Ty::Dyn;
    }
    match schema.text("type") {
        "boolean" => Ty::Bool,
        "integer" => Ty::Int,
        "number" => Ty::Double,
        "string" => match schema.text("format") {
            "byte" => Ty::Bytes,
            "date" | "date-time" | "datetime" => Ty::Timestamp,
            "duration" => Ty::Duration,
            _ => Ty::Text,
        },
        "array" => Ty::list(schema.get("items").map_or(Ty::Dyn, type_of)),
        "object" => {
            if let Some(inner) = schema
                .get("additionalProperties")
                .filter(|found| matches!(found.data, Data::Map(_)))
            {
                return Ty::map(type_of(inner));
            }
            let Some(properties) = schema.get("properties") else {
                return Ty::object("object", embedded(schema));
            };
            let mut fields = embedded(schema);
            let names: Vec<(String, Ty)> = properties
                .entries()
                .iter()
                .map(|entry| (escaped(&entry.key), type_of(&entry.value)))
                .collect();
            fields.extend(
                names
                    .iter()
                    .map(|(name, kind)| (name.as_str(), kind.clone())),
            );
            Ty::object("object", fields)
        }
        _ => Ty::Dyn,
    }
}

fn embedded(schema: &Value<'_>) -> Vec<(&'static str, Ty)> {
    if !schema.is_true("x-kubernetes-embedded-resource") {
        return Vec::new();
    }
    vec![
        ("apiVersion", Ty::Text),
        ("kind", Ty::Text),
        (
            "metadata",
            Ty::object(
                "metadata",
                vec![("name", Ty::Text), ("generateName", Ty::Text)],
            ),
        ),
    ]
}

/// A field's name as expressions write it.
pub(super) fn escaped(name: &str) -> String {
    if cel::is_word(name) {
        return format!("__{name}__");
    }
    name.replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}

/// The type of `self` in the rules of a schema; the root of a resource has a name and a kind.
pub(super) fn own_type(schema: &Value<'_>, root: bool) -> Ty {
    let own = type_of(schema);
    let (true, Ty::Object(fields)) = (root, &own) else {
        return own;
    };
    let names = vec![("name", Ty::Text), ("generateName", Ty::Text)];
    let mut all: Vec<(&str, Ty)> = vec![
        ("apiVersion", Ty::Text),
        ("kind", Ty::Text),
        ("metadata", Ty::object("metadata", names)),
    ];
    for (name, kind) in &fields.fields {
        if !all.iter().any(|(known, _)| known == name) {
            all.push((name, kind.clone()));
        }
    }
    Ty::object("object", all)
}

/// Judges the rules of a schema themselves.
pub(super) fn check_all(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    let rules = schema.list("x-kubernetes-validations");
    if rules.is_empty() {
        return;
    }
    let list = path.field("x-kubernetes-validations");
    let own = own_type(schema, path.to_string().ends_with("openAPIV3Schema"));
    for (index, rule) in rules.iter().enumerate() {
        let here = list.index(index);
        one(findings, &here, rule, &own, schema);
    }
}

fn one(findings: &mut Findings, path: &Path<'_>, rule: &Value<'_>, own: &Ty, schema: &Value<'_>) {
    let at = |key: &str| rule.get(key).unwrap_or(rule);
    let text = rule.text("rule");
    let optional = rule.is_true("optionalOldSelf");
    let old = if optional {
        Ty::Optional(Box::new(own.clone()))
    } else {
        own.clone()
    };
    let variables = [("self", own.clone()), ("oldSelf", old)];
    let here = path.field("rule");
    let mut uses_old = false;
    if text.trim().is_empty() {
        findings.required(&here, at("rule"), "the rule is empty");
    } else {
        match cel::compile(text, &variables) {
            Ok((expression, kind)) => {
                expression.each_name(&mut |name| uses_old |= name == "oldSelf");
                if !Ty::Bool.takes(&kind) {
                    findings.invalid(
                        &here,
                        at("rule"),
                        format!("the rule is no truth value, but `{}`", kind.name()),
                    );
                }
            }
            Err(message) => findings.invalid(&here, at("rule"), message),
        }
    }
    if rule.has("optionalOldSelf") && !uses_old {
        findings.invalid(
            &path.field("optionalOldSelf"),
            at("optionalOldSelf"),
            "the rule does not use `oldSelf`",
        );
    }
    let message = rule.text("message");
    if let Some(found) = rule.get("message") {
        let here = path.field("message");
        if !message.is_empty() && message.trim().is_empty() {
            findings.invalid(&here, found, "the message is blank");
        } else if message.trim().contains('\n') {
            findings.invalid(&here, found, "the message must be one line");
        }
    }
    if text.trim().contains('\n')
        && message.trim().is_empty()
        && rule.text("messageExpression").is_empty()
    {
        findings.required(
            &path.field("message"),
            rule,
            "a rule of several lines needs a message",
        );
    }
    if let Some(found) = rule.get("messageExpression") {
        let here = path.field("messageExpression");
        let text = found.as_text().unwrap_or_default();
        if text.trim().is_empty() {
            findings.required(&here, found, "the expression is empty");
        } else {
            match cel::compile(text, &variables) {
                Ok((_, kind)) if Ty::Text.takes(&kind) => {}
                Ok((_, kind)) => findings.invalid(
                    &here,
                    found,
                    format!("the expression is no text, but `{}`", kind.name()),
                ),
                Err(message) => findings.invalid(&here, found, message),
            }
        }
    }
    if let Some(found) = rule.get("reason")
        && !REASONS.contains(&found.as_text().unwrap_or_default())
    {
        findings.not_supported(&path.field("reason"), found, REASONS);
    }
    if let Some(found) = rule.get("fieldPath").filter(|found| !found.is_zero())
        && !is_field_path(found.as_text().unwrap_or_default(), schema)
    {
        findings.invalid(
            &path.field("fieldPath"),
            found,
            "the schema has no such field",
        );
    }
}

/// Whether a path such as `.spec.names` or `.labels['a']` is one of a schema.
fn is_field_path(text: &str, schema: &Value<'_>) -> bool {
    let mut rest = text.trim();
    if rest != text || rest.is_empty() || rest.contains('\n') {
        return false;
    }
    let mut at = schema;
    while !rest.is_empty() {
        let (name, after) = if let Some(inner) = rest.strip_prefix("['") {
            match inner.split_once("']") {
                Some((name, after)) => (name, after),
                None => return false,
            }
        } else if let Some(inner) = rest.strip_prefix('.') {
            let end = inner.find(['.', '[']).unwrap_or(inner.len());
            (
                inner.get(..end).unwrap_or_default(),
                inner.get(end..).unwrap_or_default(),
            )
        } else {
            return false;
        };
        let next = at
            .get("properties")
            .and_then(|properties| properties.get(name))
            .or_else(|| {
                at.get("additionalProperties")
                    .filter(|found| matches!(found.data, Data::Map(_)))
            });
        match next {
            Some(found) => at = found,
            None => return false,
        }
        rest = after;
    }
    true
}

/// Runs the rules of a schema over a value and all that is in it.
///
/// Rules about changes say nothing of a new object.
pub(super) fn run_all(
    path: &Path<'_>,
    schema: &Value<'_>,
    value: &Value<'_>,
    findings: &mut Findings,
) {
    for rule in schema.list("x-kubernetes-validations") {
        run(path, rule, schema, value, findings);
    }
    match &value.data {
        Data::Map(entries) => {
            let properties = schema.get("properties");
            let additional = schema
                .get("additionalProperties")
                .filter(|found| matches!(found.data, Data::Map(_)));
            for entry in entries {
                if let Some(inner) = properties
                    .and_then(|properties| properties.get(&entry.key))
                    .or(additional)
                {
                    run_all(&path.field(&entry.key), inner, &entry.value, findings);
                }
            }
        }
        Data::List(items) => {
            if let Some(inner) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    run_all(&path.index(index), inner, item, findings);
                }
            }
        }
        _ => {}
    }
}

fn run(
    path: &Path<'_>,
    rule: &Value<'_>,
    schema: &Value<'_>,
    value: &Value<'_>,
    findings: &mut Findings,
) {
    let text = rule.text("rule");
    let Ok(expression) = cel::parse(text) else {
        return;
    };
    let mut uses_old = false;
    expression.each_name(&mut |name| uses_old |= name == "oldSelf");
    if uses_old || value.is_null() {
        return;
    }
    let own = typed(schema, value);
    let scope = || vec![("self".to_owned(), own.clone())];
    let message = match cel::run(&expression, scope()) {
        None => return,
        Some(Ok(found)) if found.is_true() => return,
        Some(Ok(_)) => {
            let told = rule.text("messageExpression");
            let told = cel::parse(told)
                .ok()
                .and_then(|expression| cel::run(&expression, scope()))
                .and_then(Result::ok)
                .and_then(|found| found.as_text().map(str::to_owned))
                .filter(|told| !told.trim().is_empty() && !told.contains('\n'));
            let own = rule.text("message").trim();
            told.unwrap_or_else(|| {
                if own.is_empty() {
                    format!("the rule `{}` does not hold", text.trim())
                } else {
                    own.to_owned()
                }
            })
        }
        Some(Err(error)) => format!("the rule `{}` fails: {error}", text.trim()),
    };
    let field = rule.text("fieldPath");
    let here = path.field(field.trim_start_matches('.'));
    let keys: Vec<&str> = field.split('.').filter(|key| !key.is_empty()).collect();
    let origin = value.at(&keys).unwrap_or(value);
    findings.invalid(&here, origin, message);
}

/// A value with the types that its schema gives to texts and numbers.
fn typed(schema: &Value<'_>, value: &Value<'_>) -> Val {
    match (&value.data, type_of(schema)) {
        (Data::Map(entries), _) => {
            let properties = schema.get("properties");
            let additional = schema
                .get("additionalProperties")
                .filter(|found| matches!(found.data, Data::Map(_)));
            let typed = entries
                .iter()
                .filter(|entry| !entry.value.is_null())
                .map(|entry| {
                    let known = properties.and_then(|properties| properties.get(&entry.key));
                    let name = if known.is_some() {
                        escaped(&entry.key)
                    } else {
                        entry.key.to_string()
                    };
                    let inner = known
                        .or(additional)
                        .map_or_else(|| Val::of(&entry.value), |inner| typed(inner, &entry.value));
                    (Val::text(&name), inner)
                });
            Val::Map(std::rc::Rc::new(typed.collect()))
        }
        (Data::List(items), _) => {
            let inner = schema.get("items");
            let items = items
                .iter()
                .map(|item| inner.map_or_else(|| Val::of(item), |inner| typed(inner, item)));
            Val::List(std::rc::Rc::new(items.collect()))
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "the schema says that it is a double"
        )]
        (Data::Int(number), Ty::Double) => Val::Double(*number as f64),
        (Data::Text(text), Ty::Timestamp) => {
            let time = Time::parse(text).or_else(|| Time::of_date(text));
            time.map_or_else(|| Val::text(text), Val::Timestamp)
        }
        (Data::Text(text), Ty::Duration) => {
            crate::time::go_duration(text).map_or_else(|| Val::text(text), Val::Duration)
        }
        _ => Val::of(value),
    }
}
