//! YAML and JSON of files and texts as Go's controllers read them: YAML 1.1 through JSON.
//!
//! Every number is a float, keys are texts, a date is a text.

use std::collections::BTreeMap;

use kustom_yaml::place::SourceId;
use kustom_yaml::{
    Node, Value as Shape, read_config, read_json, spelt_config, unquoted, unspelt_json,
};

use crate::json;
use crate::meter::{Meter, Refusal, Result};
use crate::value::Value;

fn refused(error: &kustom_yaml::error::Error) -> Refusal {
    Refusal::new(error.message())
}

/// The value of a JSON text.
///
/// # Errors
///
/// If it is none.
pub fn from_json(text: &str) -> Result<Value> {
    from_spelt(&read_json(text, SourceId::NONE).map_err(|error| refused(&error))?)
}

/// The value of the first document of a YAML text.
///
/// # Errors
///
/// If it is none.
pub fn from_yaml(text: &str) -> Result<Value> {
    from_node(&read_config(text.as_bytes(), SourceId::NONE).map_err(|error| refused(&error))?)
}

/// The value of a node that was read as [`kustom_yaml::configs`] reads.
///
/// # Errors
///
/// If it has no JSON, or is nested too deep.
pub fn from_node(node: &Node) -> Result<Value> {
    from_spelt(&spelt_config(node).map_err(|error| refused(&error))?)
}

/// The value of a node whose scalars are spelt as JSON.
fn from_spelt(node: &Node) -> Result<Value> {
    match &node.value {
        Shape::Scalar(spelling) => scalar(spelling),
        Shape::Seq(items) => Value::list(items.iter().map(from_spelt).collect::<Result<_>>()?),
        Shape::Map(entries) => {
            let mut map = BTreeMap::new();
            for entry in entries {
                let key = entry.key.text().unwrap_or_default();
                let key = match unquoted(key) {
                    Some(key) if entry.key.text().is_some_and(|key| key.starts_with('"')) => {
                        key.into_owned()
                    }
                    _ => key.to_owned(),
                };
                map.insert(key, from_spelt(&entry.value)?);
            }
            Value::map(map)
        }
        Shape::Alias(_) => Err(Refusal::new("an alias has no value here")),
    }
}

fn scalar(spelling: &str) -> Result<Value> {
    Ok(match spelling {
        "" | "null" => Value::Nil,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if spelling.starts_with('"') => Value::text(unquoted(spelling).unwrap_or_default()),
        _ => {
            let number: Option<f64> = spelling.parse().ok();
            let number = number.filter(|number| number.is_finite());
            Value::Float(number.ok_or_else(|| Refusal::new("a number is too large"))?)
        }
    })
}

/// The YAML of a value, without a line break at its end.
pub(crate) fn to_yaml(value: &Value, meter: &Meter) -> Result<String> {
    let json = json::escaped(value, meter)?;
    let node = read_json(&json, SourceId::NONE).and_then(|node| unspelt_json(&node));
    let mut out = String::new();
    node.and_then(|node| kustom_yaml::write(&node, &mut out))
        .map_err(|error| refused(&error))?;
    Ok(out.strip_suffix('\n').unwrap_or(&out).to_owned())
}
