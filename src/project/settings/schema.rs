//! Tests that the JSON Schemas for editors match the types.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

use super::{EnvironmentSettings, ProjectSettings};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.meta_schema = Some("http://json-schema.org/draft-07/schema#".into())
    });
    SchemaGenerator::new(settings)
        .into_root_schema_for::<T>()
        .to_value()
}

fn shipped() -> [(&'static str, Value); 2] {
    [
        ("kustom.schema.json", schema::<ProjectSettings>()),
        ("environment.schema.json", schema::<EnvironmentSettings>()),
    ]
}

/// With `UPDATE_SCHEMAS` set, they are written anew.
#[test]
fn the_schemas_that_are_shipped_are_those_of_the_types() {
    for (name, schema) in shipped() {
        let path = root().join("schemas").join(name);
        let wanted = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &wanted).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, wanted, "{name}: run the tests with UPDATE_SCHEMAS=1");
    }
}

#[test]
fn the_files_of_the_example_are_valid() {
    let [(_, project), (_, environment)] = shipped();
    let value =
        |path: &Path| serde_yaml::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap();
    let mut count = 0;
    assert_eq!(
        wrong(&project, &project, &value(&root().join("kustom.yaml"))),
        None
    );
    for entry in fs::read_dir(root().join("environments")).unwrap() {
        let path = entry.unwrap().path().join("environment.yaml");
        if path.is_file() {
            assert_eq!(
                wrong(&environment, &environment, &value(&path)),
                None,
                "{path:?}"
            );
            count += 1;
        }
    }
    assert!(count >= 3);
    let no: Value = serde_json::json!({"secrets": "maybe"});
    assert!(wrong(&environment, &environment, &no).is_some());
    let no: Value = serde_json::json!({"images": [{"nam": "a"}]});
    assert!(wrong(&environment, &environment, &no).is_some());
}

#[test]
fn every_field_is_explained_in_the_manual() {
    let manual = fs::read_to_string(root().join("docs/environments.md")).unwrap();
    for (name, schema) in shipped() {
        let definitions = schema["definitions"].as_object().into_iter().flatten();
        let all = definitions.map(|(_, part)| part).chain([&schema]);
        for field in all
            .filter_map(|part| part["properties"].as_object())
            .flatten()
        {
            let cell = format!("`{}`", field.0);
            assert!(
                manual.contains(&cell),
                "{name}: {cell} is not in docs/environments.md"
            );
        }
    }
}

/// What is wrong with a value: as much of JSON Schema as these schemas use.
fn wrong(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = root.pointer(name.trim_start_matches('#')).unwrap();
        return wrong(root, definition, value);
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        if let Some(choices) = schema[word].as_array() {
            return choices
                .iter()
                .all(|one| wrong(root, one, value).is_some())
                .then(|| format!("{value} is none of {choices:?}"));
        }
    }
    if let Some(choices) = schema["enum"].as_array() {
        return (!choices.contains(value)).then(|| format!("{value} is none of {choices:?}"));
    }
    if schema.get("const").is_some() {
        return (schema["const"] != *value).then(|| format!("{value}"));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => true,
    };
    if !allowed {
        return Some(format!("{value} is no {}", schema["type"]));
    }
    match value {
        Value::Array(items) => items
            .iter()
            .find_map(|item| wrong(root, &schema["items"], item)),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| match schema["properties"].get(name) {
                Some(field) => wrong(root, field, value),
                None => (schema["additionalProperties"] == Value::Bool(false))
                    .then(|| format!("`{name}` is unknown")),
            }),
        _ => None,
    }
}
