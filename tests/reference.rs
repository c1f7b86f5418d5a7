//! The page of all settings, `docs/settings.md`, is what the schemas say, which are made of the types; with `UPDATE_SETTINGS` set it is written anew.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

const INTRODUCTION: &str = "\
# Settings

This page is made of the program's own types, as the JSON Schemas are that editors read (`kustom schema`).
Every field may be left out unless it is required here. [Environments](environments.md) explains them with examples.
";

#[test]
fn the_page_of_the_settings_is_what_the_types_say() {
    let path = root().join("docs/settings.md");
    let wanted = page();
    if std::env::var_os("UPDATE_SETTINGS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "UPDATE_SETTINGS=1 cargo test --test reference"
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    for name in ["kustom", "environment"] {
        let path = root().join(format!("schemas/{name}.schema.json"));
        let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        writeln!(page, "\n## `{name}.yaml`").unwrap();
        let mut told = BTreeSet::new();
        fields(&mut page, &schema, &schema, "", &mut told);
    }
    page
}

/// The table of a type's fields, and then those of the types of these fields.
fn fields(
    page: &mut String,
    root: &Value,
    schema: &Value,
    prefix: &str,
    told: &mut BTreeSet<String>,
) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let required: Vec<&str> = schema["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    page.push_str("\n| field | type | |\n|---|---|---|\n");
    for (name, field) in properties {
        let mut about = words(field);
        if required.contains(&name.as_str()) {
            about.push_str(" Required.");
        }
        if let Some(default) = default(field) {
            write!(about, " Default: `{default}`.").unwrap();
        }
        for (choice, meaning) in choices(root, field) {
            write!(about, " `{choice}`: {meaning}").unwrap();
        }
        let kind = kind(root, field).replace('|', "\\|");
        writeln!(
            page,
            "| `{name}` | {kind} | {} |",
            about.trim().replace('|', "\\|")
        )
        .unwrap();
    }
    for (name, field) in properties {
        for (path, definition) in objects(root, field, name) {
            let below = format!("{prefix}{path}");
            let shape = definition["properties"].as_object().map(Map::len);
            if shape.is_some() && told.insert(below.clone()) && below.len() < 80 {
                let about = words(definition);
                writeln!(page, "\n### `{below}`\n\n{about}").unwrap();
                fields(page, root, definition, &format!("{below}."), told);
            }
        }
    }
}

/// The description of a field or a type, on one line.
fn words(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a field is if it is left out, unless that is nothing.
fn default(field: &Value) -> Option<String> {
    match &field["default"] {
        Value::Null => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Object(entries) if entries.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A schema with its reference followed.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The schemas that a field may be, references followed, without `null`.
fn alternatives<'a>(root: &'a Value, field: &'a Value) -> Vec<&'a Value> {
    let field = resolve(root, field);
    for word in ["anyOf", "allOf"] {
        if let Some(parts) = field[word].as_array() {
            let parts = parts.iter().flat_map(|part| alternatives(root, part));
            return parts.filter(|part| part["type"] != "null").collect();
        }
    }
    vec![field]
}

/// The words that a field takes, each with its meaning.
fn choices<'a>(root: &'a Value, field: &'a Value) -> Vec<(&'a str, String)> {
    let all = alternatives(root, field).into_iter();
    let all = all.filter_map(|one| one["oneOf"].as_array()).flatten();
    all.filter_map(|one| Some((one["const"].as_str()?, words(one))))
        .collect()
}

/// A field's type in words.
fn kind(root: &Value, field: &Value) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for one in alternatives(root, field) {
        let kind = if one["oneOf"].is_array() || one["enum"].is_array() {
            "one of these words".to_owned()
        } else {
            match one["type"].as_str().or_else(|| first_type(one)) {
                Some("array") => format!("list of {}", kind(root, &one["items"])),
                Some("object") if one["additionalProperties"].is_object() => {
                    format!("map to {}", kind(root, &one["additionalProperties"]))
                }
                Some("object") => "map".to_owned(),
                Some("string") => "text".to_owned(),
                Some("integer") => "number".to_owned(),
                Some(other) => other.to_owned(),
                None => "any value".to_owned(),
            }
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.join(" or ")
}

/// The first type of several that is not `null`.
fn first_type(schema: &Value) -> Option<&str> {
    let types = schema["type"].as_array()?;
    types
        .iter()
        .filter_map(Value::as_str)
        .find(|kind| *kind != "null")
}

/// The types with fields that a field leads to, each with its path: `images[]`.
fn objects<'a>(root: &'a Value, field: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for one in alternatives(root, field) {
        if one["properties"].is_object() {
            found.push((path.to_owned(), one));
        } else if one["items"].is_object() {
            found.extend(objects(root, &one["items"], &format!("{path}[]")));
        } else if one["additionalProperties"].is_object() {
            found.extend(objects(
                root,
                &one["additionalProperties"],
                &format!("{path}.*"),
            ));
        }
    }
    found
}
