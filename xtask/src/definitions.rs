//! OpenAPI definitions, resolved into rows.
//!
//! A strategic merge never looks at the items of a list that it replaces, so those are left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Result;

/// The definitions of kustomize's own kinds, which no package carries.
const KUSTOMIZE: &str = include_str!("kustomize.json");

/// The API group of kustomize's own kinds.
const KUSTOMIZE_GROUP: &str = "kustomize.config.k8s.io/";

/// Everything the tables say about definitions.
#[derive(Default)]
pub struct Definitions {
    /// Named rows in the order of their names, then nameless ones.
    pub rows: Vec<(String, Row)>,
    /// The row of each apiVersion and kind.
    pub kinds: BTreeMap<(String, String), usize>,
    nameless: BTreeMap<Row, usize>,
}

/// What a strategic merge needs to know of one definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The rows of the fields, by name.
    pub fields: BTreeMap<String, usize>,
    /// The row of every other field.
    pub additional: Option<usize>,
    /// The row of the items of a merging list.
    pub item: Option<usize>,
    /// The keys of a merging list; none for a list of scalars.
    pub keys: Option<Vec<String>>,
}

/// Reads the definitions and adds those of kustomize's own kinds.
pub fn read(file: &Path) -> Result<Definitions> {
    let mut schemas = BTreeMap::new();
    for text in [&fs::read_to_string(file)?, KUSTOMIZE] {
        let document: Value = serde_json::from_str(text)?;
        let found = document["definitions"]
            .as_object()
            .ok_or("no definitions")?;
        schemas.extend(found.clone());
    }
    schemas.retain(|name, _| is_served(name));
    assemble(&schemas)
}

/// Whether a cluster serves a kind by default: kustomize's schema was read from a cluster, so what
/// has to be switched on is not in it. One such kind is in a version that is not alpha itself.
pub fn is_served(name: &str) -> bool {
    !name.contains("v1alpha1") && !name.ends_with(".EphemeralContainers")
}

/// Whether a row belongs to kustomize itself.
pub fn kustomize_rows(definitions: &Definitions) -> Vec<usize> {
    let own = definitions.kinds.iter();
    let mut rows: Vec<usize> = own
        .filter(|((api_version, _), _)| api_version.starts_with(KUSTOMIZE_GROUP))
        .map(|(_, row)| *row)
        .collect();
    rows.sort_unstable();
    rows
}

fn assemble(schemas: &BTreeMap<String, Value>) -> Result<Definitions> {
    let names: BTreeMap<&str, usize> = schemas.keys().map(String::as_str).zip(0..).collect();
    let mut made = Definitions {
        rows: schemas
            .keys()
            .map(|name| (name.clone(), Row::default()))
            .collect(),
        ..Definitions::default()
    };
    for (name, schema) in schemas {
        if schema.get("$ref").is_some() {
            return Err(format!("{name} is a reference, which kustomize does not follow").into());
        }
        let row = made.row(schema, &names)?;
        made.rows[names[name.as_str()]].1 = row;
        for (api_version, kind) in kinds(schema)? {
            if made
                .kinds
                .insert((api_version, kind), names[name.as_str()])
                .is_some()
            {
                return Err(format!("{name} is not the only one of its kind").into());
            }
        }
    }
    Ok(made)
}

impl Definitions {
    fn row(&mut self, schema: &Value, names: &BTreeMap<&str, usize>) -> Result<Row> {
        let mut row = Row {
            keys: merge_keys(schema)?,
            ..Row::default()
        };
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            row.fields.insert(name.clone(), self.target(field, names)?);
        }
        if schema["additionalProperties"].is_object() {
            row.additional = Some(self.target(&schema["additionalProperties"], names)?);
        }
        if row.keys.is_some() && schema["type"] == "array" {
            row.item = Some(self.target(&schema["items"], names)?);
        }
        Ok(row)
    }

    fn target(&mut self, schema: &Value, names: &BTreeMap<&str, usize>) -> Result<usize> {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/definitions/").ok_or(reference)?;
            return names.get(name).copied().ok_or_else(|| reference.into());
        }
        let row = self.row(schema, names)?;
        let next = self.rows.len();
        let index = *self.nameless.entry(row.clone()).or_insert(next);
        if index == next {
            self.rows.push((String::new(), row));
        }
        Ok(index)
    }
}

fn merge_keys(schema: &Value) -> Result<Option<Vec<String>>> {
    let strategies = schema["x-kubernetes-patch-strategy"]
        .as_str()
        .unwrap_or_default();
    if !strategies.split(',').any(|strategy| strategy == "merge") {
        return Ok(None);
    }
    let keys = match schema.get("x-kubernetes-list-map-keys") {
        Some(keys) => serde_json::from_value(keys.clone())?,
        None => schema["x-kubernetes-patch-merge-key"]
            .as_str()
            .map(|key| vec![key.to_owned()])
            .unwrap_or_default(),
    };
    Ok(Some(keys))
}

fn kinds(schema: &Value) -> Result<Vec<(String, String)>> {
    let listed = schema["x-kubernetes-group-version-kind"].as_array();
    let text = |entry: &Value, key: &str| -> Result<String> {
        Ok(entry[key]
            .as_str()
            .ok_or("a kind without group, version or name")?
            .to_owned())
    };
    let mut kinds = Vec::new();
    for entry in listed.into_iter().flatten() {
        let (group, version) = (text(entry, "group")?, text(entry, "version")?);
        let api_version = if group.is_empty() {
            version
        } else {
            format!("{group}/{version}")
        };
        kinds.push((api_version, text(entry, "kind")?));
    }
    Ok(kinds)
}
