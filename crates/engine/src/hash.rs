//! The content hash that is added to the names of generated objects.
//!
//! It covers the data, and nothing else: a ConfigMap that is renamed or labelled keeps its hash.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#generator>.
//! An object of another kind has no data to tell from the rest: kustomize hashes its syntax tree.

mod tree;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Tag, write_json};
use sha2::{Digest as _, Sha256};

use crate::resource::{Resource, Resources};
use crate::schema::Schema;

/// Adds the hash to the name of every resource whose generator asked for it.
///
/// # Errors
///
/// If the data cannot be written as JSON.
pub fn apply(resources: &mut Resources, schema: &Schema) -> Result<()> {
    if !resources.iter().any(|resource| resource.history.needs_hash) {
        return Ok(());
    }
    resources.change_ids(|resource| {
        if !resource.history.needs_hash {
            return Ok(());
        }
        let hash = of(resource)?;
        resource.remember_id();
        let name = format!("{}-{hash}", resource.id().name);
        resource.set_name(&name);
        resource.refresh_names(schema);
        Ok(())
    })
}

/// The hash of a resource's content.
///
/// # Errors
///
/// If its data cannot be written as JSON.
pub fn of(resource: &Resource) -> Result<String> {
    let mut json = String::with_capacity(256);
    json.push('{');
    let node = &resource.node;
    let kind = resource.id().gvk.kind.as_str();
    match kind {
        "ConfigMap" => {
            member_if_map(&mut json, node, "binaryData")?;
            member(&mut json, node, "data")?;
            json.push_str(r#""kind":"ConfigMap","name":""}"#);
        }
        "Secret" => {
            member(&mut json, node, "data")?;
            json.push_str(r#""kind":"Secret","name":"","#);
            member_if_map(&mut json, node, "stringData")?;
            member(&mut json, node, "type")?;
            json.pop();
            json.push('}');
        }
        _ => json = tree::json(resource),
    }
    Ok(encode(&Sha256::digest(json)))
}

fn member_if_map(json: &mut String, node: &Node, field: &str) -> Result<()> {
    if node.get(field).is_some_and(Node::is_map) {
        member(json, node, field)
    } else {
        Ok(())
    }
}

/// A map as it is, a plain value as text, and empty text for what is missing.
fn member(json: &mut String, node: &Node, field: &str) -> Result<()> {
    json.push('"');
    json.push_str(field);
    json.push_str("\":");
    match node.get(field) {
        None => write_json(&Node::string(""), json)?,
        Some(value) if value.is_scalar() => {
            let text = value.text().unwrap_or_default();
            write_json(&Node::scalar(text, Tag::Str), json)?;
        }
        Some(value) if value.is_map() => write_json(value, json)?,
        Some(value) => {
            let message = format!("`{field}` of a generated object is no map");
            return Err(Error::new(Kind::Generator, message).at(value.span));
        }
    }
    json.push(',');
    Ok(())
}

/// The first ten hexadecimal digits, some of them replaced so that no word is spelled by chance.
fn encode(digest: &[u8]) -> String {
    let digits = digest
        .iter()
        .take(5)
        .flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(b"gh2k456789mbcdtf"[usize::from(digit)]))
        .collect()
}
