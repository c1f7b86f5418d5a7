//! Where the values of variables come from: flat maps, ConfigMaps and Secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};
use crate::substitute::Variables;
use crate::yaml::{Node, Tag, manifests, read_config};

/// A kind of object that has values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Its `data`.
    ConfigMap,
    /// Its `data`, decoded, and its `stringData`.
    Secret,
}

impl Source {
    /// The kind of an object, if it has values.
    pub fn of(object: &Node) -> Option<Self> {
        let version = object.get("apiVersion").and_then(Node::text);
        match object.get("kind").and_then(Node::text) {
            Some("ConfigMap") if version == Some("v1") => Some(Self::ConfigMap),
            Some("Secret") if version == Some("v1") => Some(Self::Secret),
            _ => None,
        }
    }

    /// The one of a name.
    pub fn named(kind: &str) -> Option<Self> {
        match kind {
            "ConfigMap" => Some(Self::ConfigMap),
            "Secret" => Some(Self::Secret),
            _ => None,
        }
    }
}

/// Adds the variables of a file: a flat map of texts, or ConfigMaps and Secrets.
///
/// Places are in the file, which has no name yet.
///
/// # Errors
///
/// A text that is no YAML, a value that is no text, and a Secret whose data is no base64; none
/// repeats a value.
pub fn read_variables(bytes: &[u8], variables: &mut Variables) -> Result<()> {
    // The numbers of files begin at 1; there is one.
    let source = SourceId::new(0);
    let documents = manifests(bytes, source)?;
    if documents.iter().any(|one| Source::of(one).is_some()) {
        for document in &documents {
            let Some(kind) = Source::of(document) else {
                let message = "beside ConfigMaps and Secrets there is an object of another kind";
                return Err(Error::new(Kind::Project, message)
                    .at(document.span)
                    .help("only these two have values for variables"));
            };
            variables_of(document, kind, variables)?;
        }
        return Ok(());
    }
    let map = read_config(bytes, source)?;
    if !map.is_map() && !map.is_null() {
        return Err(
            Error::new(Kind::Project, "the values of variables are no map")
                .at(map.span)
                .help("write `name: value`, one a line, or a ConfigMap or Secret"),
        );
    }
    let plain = |text: &str, _: Span| Ok(text.as_bytes().to_vec());
    texts(&map, Source::ConfigMap, variables, &plain)
}

/// Adds the variables that a ConfigMap or Secret holds.
///
/// # Errors
///
/// As [`read_variables`].
pub fn variables_of(object: &Node, kind: Source, variables: &mut Variables) -> Result<()> {
    let plain = |text: &str, _: Span| Ok(text.as_bytes().to_vec());
    let field = |name: &str| object.get(name).filter(|node| !node.is_null());
    match (kind, field("data")) {
        (_, None) => {}
        (Source::ConfigMap, Some(data)) => texts(data, kind, variables, &plain)?,
        (Source::Secret, Some(data)) => texts(data, kind, variables, &decoded)?,
    }
    match field("stringData") {
        Some(data) if kind == Source::Secret => texts(data, kind, variables, &plain),
        _ => Ok(()),
    }
}

/// The value that a ConfigMap or Secret has under a key, line feeds included.
///
/// # Errors
///
/// A value of a Secret that is no base64; it is not repeated.
pub(super) fn value_of(object: &Node, kind: Source, key: &str) -> Result<Option<Vec<u8>>> {
    let text = |field: &str| object.at(&[field, key]).and_then(Node::text);
    if let (Source::Secret, Some(text)) = (kind, text("stringData")) {
        return Ok(Some(text.as_bytes().to_vec()));
    }
    match (kind, text("data")) {
        (_, None) => Ok(None),
        (Source::ConfigMap, Some(text)) => Ok(Some(text.as_bytes().to_vec())),
        (Source::Secret, Some(text)) => decoded(text, object.span).map(Some),
    }
}

fn decoded(text: &str, span: Span) -> Result<Vec<u8>> {
    let packed: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(packed).map_err(|_| {
        Error::new(Kind::Project, "a value of a Secret is no base64")
            .at(span)
            .help("write it in `stringData` as it is")
    })
}

fn texts(
    map: &Node,
    kind: Source,
    variables: &mut Variables,
    read: &dyn Fn(&str, Span) -> Result<Vec<u8>>,
) -> Result<()> {
    for entry in map.entries() {
        let name = entry.key.text().unwrap_or_default();
        let Some(text) = entry.value.text().filter(|_| entry.value.tag == Tag::Str) else {
            let message = format!("the value of `{name}` is no text");
            return Err(Error::new(Kind::Project, message)
                .at(entry.value.span)
                .help("put it in quotes: Flux takes only strings"));
        };
        let value = read(text, entry.value.span)?;
        match kind {
            Source::Secret => variables.set_secret(name, value),
            Source::ConfigMap => variables.set(name, value),
        }
    }
    Ok(())
}
