//! The scope of kinds, read from the paths of the API.
//!
//! A path with a namespace in it makes its kind a namespaced one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::definitions::{Definitions, is_served};

/// Whether each apiVersion and kind is namespaced.
pub type Scopes = BTreeMap<(String, String), bool>;

/// Reads the scopes from the client's modules.
pub fn read(directory: &Path, definitions: &Definitions) -> Result<Scopes> {
    let mut scopes = Scopes::new();
    for entry in fs::read_dir(directory)? {
        let text = fs::read_to_string(entry?.path())?;
        for (path, kind) in text.split("\n    def ").filter_map(read_by_name) {
            if is_served(&format!("{path}.{kind}")) {
                let key = (api_version(path, kind, definitions), kind.to_owned());
                *scopes.entry(key).or_default() |= path.contains("/namespaces/{namespace}/");
            }
        }
    }
    if scopes.is_empty() {
        return Err(format!("no path of the API in {}", directory.display()).into());
    }
    Ok(scopes)
}

/// The path and the kind of a method that reads one object.
fn read_by_name(method: &str) -> Option<(&str, &str)> {
    let (_, call) = method.split_once(".call_api(")?;
    let (path, rest) = call.split_once('\'')?.1.split_once('\'')?;
    if !rest.starts_with(", 'GET'") {
        return None;
    }
    let (_, parameter) = method.split_once(":param str name: name of the ")?;
    let (kind, _) = parameter.split_once(" (required)")?;
    Some((path, kind))
}

/// The apiVersion of a kind: that of the path, but a subresource may be of another group.
fn api_version(path: &str, kind: &str, definitions: &Definitions) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let own = match parts[..] {
        [_, "apis", group, version, ..] => format!("{group}/{version}"),
        [_, _, version, ..] => version.to_owned(),
        _ => String::new(),
    };
    let mut others = definitions.kinds.keys().filter(|(_, name)| name == kind);
    match (others.next(), others.next()) {
        (Some((only, _)), None) => only.clone(),
        _ => own,
    }
}
