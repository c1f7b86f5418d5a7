//! What fields are: of kustomizations, of our own settings, of Kubernetes kinds.

use std::path::Path;

use serde_json::Value;

use super::cursor::{Cursor, Part};
use super::fields;
use super::markdown::code;
use super::objects::object;
use super::paths::is_kustomization;
use crate::project::{resolved, schema_of};
use crate::validation::Version;

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
    if let Some(root) = schema_of(&file) {
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
