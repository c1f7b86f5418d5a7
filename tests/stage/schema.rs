//! Holds JSON against the schemas of the repository.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

/// What is wrong with a text by a schema below `schemas/`.
pub(crate) fn misfit(schema: &str, text: &str) -> Option<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let schema = fs::read_to_string(directory.join(schema)).unwrap();
    let schema: Json = serde_json::from_str(&schema).unwrap();
    part(&schema, &schema, &serde_json::from_str(text).unwrap())
}

/// What is wrong with a value by a schema of the few words that ours use.
fn part(schema: &Json, root: &Json, value: &Json) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return part(&root["$defs"][name.rsplit('/').next()?], root, value);
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    let fits = match &schema["type"] {
        Json::String(kind) => is(kind),
        Json::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        _ => true,
    };
    let is_known = |words: &Json| words.as_array().is_none_or(|words| words.contains(value));
    let is_const = schema.get("const").is_none_or(|only| only == value);
    if !fits || !is_known(&schema["enum"]) || !is_const {
        return Some(format!("{value} is not {schema}"));
    }
    if let Some(fields) = value.as_object() {
        let required = schema["required"].as_array();
        for name in required.into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                return Some(format!("no {name} in {value}"));
            }
        }
        for (name, field) in fields {
            let Some(schema) = schema["properties"].get(name) else {
                return Some(format!("`{name}` is not described"));
            };
            if let Some(wrong) = part(schema, root, field) {
                return Some(wrong);
            }
        }
    }
    let items = value.as_array().into_iter().flatten();
    items
        .into_iter()
        .find_map(|item| part(&schema["items"], root, item))
}
