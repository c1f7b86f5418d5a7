//! What fields are: of kustomizations, of our own settings, of Kubernetes kinds.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use super::cursor::{Cursor, Part};
use super::fields;
use super::markdown::code;
use super::objects::object;
use super::paths::is_kustomization;
use crate::validation::Version;

/// The schemas of our own files, as they are shipped.
const PROJECT: &str = include_str!("../../schemas/kustom.schema.json");
const ENVIRONMENT: &str = include_str!("../../schemas/environment.schema.json");

/// The schema of a settings file, by its name.
pub(super) fn settings(name: &str) -> Option<&'static Value> {
    static SCHEMAS: OnceLock<[Value; 2]> = OnceLock::new();
    let all = SCHEMAS.get_or_init(|| {
        [PROJECT, ENVIRONMENT].map(|text| serde_json::from_str(text).unwrap_or_default())
    });
    match name {
        "kustom.yaml" => all.first(),
        "environment.yaml" => all.get(1),
        _ => None,
    }
}

/// The part of a schema at the end of a way.
pub(super) fn schema_at(root: &'static Value, way: &[Part]) -> Option<&'static Value> {
    let mut schema = root;
    for part in way {
        let inner = resolved(root, schema);
        schema = match part {
            Part::Key(key) => inner.iter().find_map(|it| {
                let known = it.get("properties").and_then(|it| it.get(key));
                known.or_else(|| it.get("additionalProperties").filter(|it| it.is_object()))
            })?,
            Part::Item(_) => inner.iter().find_map(|it| it.get("items"))?,
        };
    }
    Some(schema)
}

/// What a schema may be: itself, or what it refers to.
pub(super) fn resolved(root: &'static Value, schema: &'static Value) -> Vec<&'static Value> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(one) = open.pop() {
        if found.len() > 20 {
            break;
        }
        found.push(one);
        if let Some(name) = one.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or_default();
            open.extend(root.get("definitions").and_then(|all| all.get(name)));
        }
        for list in ["anyOf", "oneOf", "allOf"] {
            let list = one.get(list).and_then(Value::as_array);
            open.extend(list.into_iter().flatten());
        }
    }
    found
}

/// What the field under the pointer is.
pub(super) fn field(path: &Path, version: Version, cursor: &Cursor<'_>) -> Option<String> {
    let file = path.file_name()?.to_string_lossy();
    let name = cursor.way.iter().rev().find_map(|part| match part {
        Part::Key(key) => Some(key.as_str()),
        Part::Item(_) => None,
    })?;
    if is_kustomization(path) {
        let (_, field) = fields::find(&cursor.way)?;
        let field = field?;
        let instead = field
            .instead
            .map(|it| format!(" Deprecated: write `{it}`."));
        return Some(format!(
            "**{}**: {}{}",
            field.name,
            field.about,
            instead.unwrap_or_default()
        ));
    }
    if let Some(root) = settings(&file) {
        let schema = schema_at(root, &cursor.way)?;
        let about = schema.get("description").and_then(Value::as_str)?;
        return Some(format!("**{name}**: {}", about.replace('\n', " ")));
    }
    let object = object(cursor.root)?;
    let kinds = version.kinds();
    let way = cursor.keys();
    let field = kinds.field(object.api_version, object.kind, &way)?;
    let mut text = format!("**{}**: {}", field.name, field.kind);
    if field.required {
        text.push_str(", required");
    }
    if !field.allowed.is_empty() {
        let words = field.allowed.iter().map(|word| code(word));
        let words: Vec<String> = words.collect();
        text.push_str(&format!("; one of {}", words.join(", ")));
    }
    if !field.list_keys.is_empty() {
        let keys = field.list_keys.iter().map(|key| code(key));
        let keys: Vec<String> = keys.collect();
        text.push_str(&format!("; merged by {}", keys.join(" and ")));
    }
    text.push_str(&format!(" ({} in Kubernetes {version})", object.kind));
    Some(text)
}
