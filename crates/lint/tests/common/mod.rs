//! Objects of YAML and JSON for tests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, reason = "not every test reads both")]

use std::collections::BTreeMap;

use std::borrow::Cow;

use kustom_validate::{Data, Entry, Value};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, Scalar, manifests};

/// The objects of a YAML stream; the origin of a value is its line.
pub(crate) fn objects(text: &str) -> Vec<Value<'static>> {
    let nodes = manifests(text.as_bytes(), SourceId::NONE).unwrap();
    nodes.iter().map(of_node).collect()
}

fn of_node(node: &Node) -> Value<'static> {
    let data = match &node.value {
        kustom_yaml::Value::Map(entries) => Data::Map(
            entries
                .iter()
                .map(|entry| Entry {
                    key: Cow::Owned(entry.key.text().unwrap_or_default().to_owned()),
                    origin: entry.key.span.line,
                    value: of_node(&entry.value),
                })
                .collect(),
        ),
        kustom_yaml::Value::Seq(items) => Data::List(items.iter().map(of_node).collect()),
        _ => match node.scalar_value().unwrap() {
            Scalar::Null => Data::Null,
            Scalar::Bool(set) => Data::Bool(set),
            Scalar::Int(number) => Data::Int(number),
            other => {
                let text = match other {
                    Scalar::Str(text) => text.into_owned(),
                    _ => node.text().unwrap_or_default().to_owned(),
                };
                Data::Text(Cow::Owned(text))
            }
        },
    };
    Value {
        data,
        origin: node.span.line,
    }
}

/// An object of JSON.
pub(crate) fn of_json(value: &serde_json::Value) -> Value<'static> {
    let data = match value {
        serde_json::Value::Null => Data::Null,
        serde_json::Value::Bool(set) => Data::Bool(*set),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Data::Int(number),
            None => Data::Number(number.as_f64().unwrap()),
        },
        serde_json::Value::String(text) => Data::Text(Cow::Owned(text.clone())),
        serde_json::Value::Array(items) => Data::List(items.iter().map(of_json).collect()),
        serde_json::Value::Object(map) => Data::Map(
            map.iter()
                .map(|(key, value)| Entry {
                    key: Cow::Owned(key.clone()),
                    origin: 0,
                    value: of_json(value),
                })
                .collect(),
        ),
    };
    Value { data, origin: 0 }
}

#[allow(dead_code, reason = "not every test asks for them")]
const EXAMPLES: [&str; 3] = [
    include_str!("../../examples/workloads.txt"),
    include_str!("../../examples/access.txt"),
    include_str!("../../examples/pod-security.txt"),
];

/// The examples by rule and kind: `("latest-tag", "bad")`.
#[allow(dead_code, reason = "not every test asks for them")]
pub(crate) fn examples() -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for file in EXAMPLES {
        let mut key = None;
        for line in file.lines() {
            let head = line
                .strip_prefix("-- ")
                .and_then(|it| it.strip_suffix(" --"));
            if let Some((rule, kind)) = head.and_then(|head| head.split_once(": ")) {
                let new = (rule.to_owned(), kind.to_owned());
                assert!(found.insert(new.clone(), String::new()).is_none(), "{line}");
                key = Some(new);
            } else if let Some(key) = &key {
                let text: &mut String = found.get_mut(key).unwrap();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    found
}
