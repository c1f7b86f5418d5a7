//! What the rules of a custom resource cost at most: the server takes none that are too expensive.

use std::rc::Rc;

use super::rules;
use crate::cel::{self, Bound, Inner, Ty};
use crate::finding::Findings;
use crate::path::Path;
use crate::value::{Data, Value};

/// The most that one rule may cost, and all rules of a schema.
const RULE: u64 = 10_000_000;
const ALL: u64 = 100_000_000;
/// The most bytes of a request.
const REQUEST: u64 = 3 << 20;

/// A value's bound, and the fewest bytes that it takes as JSON.
type Measured = (Rc<Bound>, u64);

/// Judges the cost of all rules of a schema that is right otherwise.
pub(super) fn judge(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    let mut spent = Spent::default();
    below(findings, path, schema, Some(1), true, &mut spent);
    if spent.total > ALL {
        spent
            .rules
            .sort_by_key(|(cost, ..)| std::cmp::Reverse(*cost));
        for (_, field, origin) in spent.rules.iter().take(4) {
            findings.add(
                "forbidden-field",
                &Path::ROOT.field(field),
                *origin,
                "the rules of the schema may cost too much together, and this is one of the dearest",
            );
        }
        findings.add(
            "forbidden-field",
            path,
            schema.origin,
            format!(
                "the rules of the schema may cost {} times what is allowed",
                spent.total / ALL + 1
            ),
        );
    }
}

#[derive(Default)]
struct Spent {
    total: u64,
    /// The dear ones: cost, field, where it is written.
    rules: Vec<(u64, String, crate::value::Origin)>,
}

fn below(
    findings: &mut Findings,
    path: &Path<'_>,
    schema: &Value<'_>,
    often: Option<u64>,
    root: bool,
    spent: &mut Spent,
) {
    let list = schema.list("x-kubernetes-validations");
    if !list.is_empty()
        && let Some((bound, least)) = measured(schema, root)
    {
        let here = path.field("x-kubernetes-validations");
        for (index, rule) in list.iter().enumerate() {
            let times = often.unwrap_or(REQUEST / (least + 1));
            of_rule(
                findings,
                &here.index(index),
                rule,
                schema,
                root,
                &bound,
                times,
                spent,
            );
        }
    }
    let number = |key: &str| schema.int(key).map(|most| u64::try_from(most).unwrap_or(0));
    let times = |most: Option<u64>| Some(often?.saturating_mul(most?));
    let additional = schema.get("additionalProperties");
    let inner = match (schema.text("type"), additional) {
        ("object", Some(_)) => times(number("maxProperties")),
        ("array", _) => times(number("maxItems")),
        _ => often,
    };
    let is_schema = |found: &&Value<'_>| matches!(found.data, Data::Map(_));
    let properties = path.field("properties");
    for entry in schema.get("properties").map_or(&[][..], Value::entries) {
        below(
            findings,
            &properties.key(&entry.key),
            &entry.value,
            inner,
            false,
            spent,
        );
    }
    for (key, found) in [
        ("additionalProperties", additional),
        ("items", schema.get("items")),
    ] {
        if let Some(found) = found.filter(is_schema) {
            below(findings, &path.field(key), found, inner, false, spent);
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "a rule, and all that it stands in"
)]
fn of_rule(
    findings: &mut Findings,
    path: &Path<'_>,
    rule: &Value<'_>,
    schema: &Value<'_>,
    root: bool,
    bound: &Rc<Bound>,
    times: u64,
    spent: &mut Spent,
) {
    let own = rules::own_type(schema, root);
    let old = if rule.is_true("optionalOldSelf") {
        Ty::Optional(Box::new(own.clone()))
    } else {
        own.clone()
    };
    let variables = [("self", own), ("oldSelf", old)];
    // A message is made once.
    for (key, times) in [("rule", times), ("messageExpression", 1)] {
        let Some(found) = rule.get(key) else { continue };
        let Ok(expression) = cel::parse(found.as_text().unwrap_or_default()) else {
            continue;
        };
        let cost = cel::cost(&expression, &variables, bound).saturating_mul(times);
        let here = path.field(key);
        if cost > RULE {
            let finding = findings.add(
                "forbidden-field",
                &here,
                found.origin,
                format!(
                    "the expression may cost {} times what is allowed",
                    cost / RULE + 1
                ),
            );
            finding.help =
                Some("bound what it reads: `maxItems`, `maxProperties`, `maxLength`".to_owned());
        }
        spent.total = spent.total.saturating_add(cost);
        if cost >= ALL / 100 {
            spent.rules.push((cost, here.to_string(), found.origin));
        }
    }
}

/// The bound of values of a schema; none if the server knows no type for them.
fn measured(schema: &Value<'_>, root: bool) -> Option<Measured> {
    let plain = |most: u64, least: u64| {
        let bound = Bound {
            most,
            inner: Inner::Nothing,
        };
        Some((Rc::new(bound), least))
    };
    let number = |key: &str| schema.int(key).map(|most| u64::try_from(most).unwrap_or(0));
    // A character has four bytes at most.
    let length = number("maxLength").map(|most| most.saturating_mul(4));
    if schema.is_true("x-kubernetes-int-or-string") {
        return plain(length.unwrap_or(REQUEST - 2), 1);
    }
    let is_schema = |found: &&Value<'_>| matches!(found.data, Data::Map(_));
    match schema.text("type") {
        "boolean" => plain(0, 4),
        "integer" | "number" => plain(0, 1),
        "string" => match schema.text("format") {
            "byte" => plain(number("maxLength").unwrap_or(REQUEST - 2), 2),
            "duration" => plain(32, 3),
            "date" => plain(12, 12),
            "date-time" => plain(32, 21),
            _ => {
                let words = schema.list("enum").iter().filter_map(Value::as_text);
                let longest = words.map(|word| word.len() as u64).max();
                plain(length.or(longest).unwrap_or(REQUEST - 2), 2)
            }
        },
        "array" => {
            let items = schema.get("items").filter(is_schema)?;
            let embedded = items.is_true("x-kubernetes-embedded-resource");
            let (inner, least) = measured(items, embedded)?;
            let most = number("maxItems").unwrap_or((REQUEST - 2) / (least + 1));
            let bound = Bound {
                most,
                inner: Inner::Items(inner),
            };
            Some((Rc::new(bound), 2))
        }
        "object" => {
            if let Some(values) = schema.get("additionalProperties").filter(is_schema) {
                let embedded = values.is_true("x-kubernetes-embedded-resource");
                let (inner, least) = measured(values, embedded)?;
                let most = number("maxProperties").unwrap_or((REQUEST - 2) / (least + 6));
                let bound = Bound {
                    most,
                    inner: Inner::Values(inner),
                };
                return Some((Rc::new(bound), 2));
            }
            Some(object(schema, root))
        }
        _ => None,
    }
}

fn object(schema: &Value<'_>, root: bool) -> Measured {
    let mut fields = Vec::new();
    let mut least = 2;
    for entry in schema.get("properties").map_or(&[][..], Value::entries) {
        let embedded = entry.value.is_true("x-kubernetes-embedded-resource");
        let Some((bound, size)) = measured(&entry.value, embedded) else {
            continue;
        };
        fields.push((rules::escaped(&entry.key), bound));
        let required = schema.list("required").iter();
        if required
            .filter_map(Value::as_text)
            .any(|name| name == entry.key)
            && !entry.value.has("default")
        {
            least += entry.key.len() as u64 + size + 4;
        }
    }
    if root {
        let text = || {
            Rc::new(Bound {
                most: REQUEST - 2,
                inner: Inner::Nothing,
            })
        };
        let metadata = Bound {
            most: 0,
            inner: Inner::Fields(vec![
                ("name".to_owned(), text()),
                ("generateName".to_owned(), text()),
            ]),
        };
        let own = [
            ("apiVersion", text()),
            ("kind", text()),
            ("metadata", Rc::new(metadata)),
        ];
        // The server puts its own in their place, unless the schema names all of them.
        let whole = ["apiVersion", "kind"]
            .iter()
            .all(|name| says_text(schema, &[name]))
            && ["name", "generateName"]
                .iter()
                .all(|name| says_text(schema, &["metadata", name]));
        if !whole {
            fields.retain(|(known, _)| own.iter().all(|(name, _)| known != name));
            fields.extend(own.map(|(name, bound)| (name.to_owned(), bound)));
        }
    }
    let bound = Bound {
        most: 0,
        inner: Inner::Fields(fields),
    };
    (Rc::new(bound), least)
}

/// Whether a schema says that the value at the end of a path of fields is text.
fn says_text(schema: &Value<'_>, path: &[&str]) -> bool {
    let found = path
        .iter()
        .try_fold(schema, |at, name| at.at(&["properties", name]));
    found.is_some_and(|found| found.text("type") == "string")
}
