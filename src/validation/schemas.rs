//! Reads JSON schemas of custom resources from where kubeconform looks for them.
//!
//! Such a schema is made of a definition by a script, which leaves the rules and defaults out and
//! spells some fields in the words of JSON Schema. Here it becomes a definition again.
//! Source: <https://github.com/yannh/kubeconform#overriding-schemas-location>.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Form, UNKNOWN_SCHEMA, Version, validate_beside};
use crate::error::{Error, Kind, Result};
use crate::id::Gvk;
use crate::load::{Files, Loader, Restriction, SourceStore, is_http};
use crate::place::SourceId;
use crate::yaml::{Entry, Node, Style, Tag, Text, json_or_config};

/// What kubeconform calls the schemas that it knows by itself.
const BUILT_IN: &str = "default";

/// Definitions made of the schemas of those kinds of objects that nothing is known of otherwise.
///
/// A location is a path or an address with `{{ .ResourceKind }}`, `{{ .ResourceAPIVersion }}`,
/// `{{ .Group }}`, `{{ .KindSuffix }}`, `{{ .NormalizedKubernetesVersion }}` and
/// `{{ .StrictSuffix }}` in it, or a directory; the first one that has a schema counts.
///
/// # Errors
///
/// If a location is written otherwise, or a schema cannot be read.
pub fn schemas(
    files: &dyn Files,
    working_directory: &Path,
    locations: &[String],
    (nodes, definitions): (&[&Node], &[Node]),
    version: Version,
) -> Result<Vec<Node>> {
    let locations = locations.iter().filter(|it| *it != BUILT_IN);
    let templates: Vec<String> = locations.map(|it| template(it)).collect();
    let mut found = Vec::new();
    if templates.is_empty() {
        return Ok(found);
    }
    for template in &templates {
        filled(template, &Gvk::default(), version)?;
    }
    let library = SourceStore::new(files, working_directory, Restriction::None);
    let loader = library.open(working_directory)?;
    for gvk in unknown(nodes, definitions, version) {
        for template in &templates {
            let name = filled(template, &gvk, version)?;
            if let Some(bytes) = read(&loader, &name)? {
                let mut schema = json_or_config(bytes.trim_ascii(), SourceId::NONE)
                    .map_err(|error| error.note(format!("`{name}` is no JSON schema"), None))?;
                quote(&mut schema);
                found.push(definition(&gvk, &schema));
                break;
            }
        }
    }
    Ok(found)
}

/// The kinds of objects that nothing is known of.
fn unknown(nodes: &[&Node], definitions: &[Node], version: Version) -> BTreeSet<Gvk> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let kinds = nodes.iter().filter_map(|node| {
        let (api_version, kind) = (text(node, "apiVersion")?, text(node, "kind")?);
        Some(Gvk::new(&api_version, &kind))
    });
    let defined: Vec<Node> = nodes
        .iter()
        .filter(|node| text(node, "kind").as_deref() == Some("CustomResourceDefinition"))
        .map(|node| (*node).clone())
        .chain(definitions.iter().cloned())
        .collect();
    let mut kinds: BTreeSet<Gvk> = kinds.collect();
    kinds.retain(|gvk| {
        let probe = map([
            ("apiVersion", Node::string(gvk.api_version())),
            ("kind", Node::string(gvk.kind.clone())),
            ("metadata", map([("name", Node::string("a"))])),
        ]);
        let findings = validate_beside(&[&probe], &defined, version, Form::Printed);
        // A group may be defined in part.
        let rules = [UNKNOWN_SCHEMA, "unknown-kind"];
        findings.iter().any(|finding| rules.contains(&finding.rule))
    });
    kinds
}

/// Gives texts quotes, as they had: `"on"` is no truth value.
fn quote(node: &mut Node) {
    if node.tag == Tag::Str {
        node.style = Style::Double;
    }
    for entry in node.entries_mut().into_iter().flatten() {
        quote(&mut entry.value);
    }
    for item in node.items_mut().into_iter().flatten() {
        quote(item);
    }
}

fn template(location: &str) -> String {
    if location.ends_with(".json") {
        return location.to_owned();
    }
    format!(
        "{}/{{{{ .NormalizedKubernetesVersion }}}}-standalone{{{{ .StrictSuffix }}}}/\
         {{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json",
        location.trim_end_matches('/')
    )
}

/// A template with the words of a kind.
fn filled(template: &str, gvk: &Gvk, version: Version) -> Result<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let wrong = || {
            let message = format!("`{template}` is no location of schemas");
            Error::new(Kind::Project, message).help(
                "it knows `{{ .ResourceKind }}`, `{{ .ResourceAPIVersion }}`, `{{ .Group }}`, \
                 `{{ .KindSuffix }}`, `{{ .NormalizedKubernetesVersion }}` and \
                 `{{ .StrictSuffix }}`",
            )
        };
        let (word, after) = after.split_once("}}").ok_or_else(wrong)?;
        out.push_str(before);
        let group = gvk.group.split('.').next().unwrap_or_default();
        match word.trim_matches(|c: char| c == '-' || c.is_whitespace()) {
            ".ResourceKind" => out.push_str(&gvk.kind.to_lowercase()),
            ".ResourceAPIVersion" => out.push_str(&gvk.version),
            ".Group" => out.push_str(&gvk.group),
            ".KindSuffix" if group.is_empty() => out.extend(["-", &gvk.version]),
            ".KindSuffix" => out.extend(["-", group, "-", &gvk.version]),
            ".NormalizedKubernetesVersion" => out.push_str(&format!("v{version}.0")),
            ".StrictSuffix" => out.push_str("-strict"),
            _ => return Err(wrong()),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn read(loader: &Loader<'_>, name: &str) -> Result<Option<Vec<u8>>> {
    if is_http(name) {
        return loader.library().served(name);
    }
    match loader.kind(name) {
        Some(_) => loader
            .read(&Text::from(name))
            .map(|content| Some(content.bytes.into())),
        None => Ok(None),
    }
}

/// A definition of a kind with a schema.
fn definition(gvk: &Gvk, schema: &Node) -> Node {
    let plural = format!("{}s", gvk.kind.to_lowercase());
    let yes = || Node::scalar("true", Tag::Bool);
    let version = map([
        ("name", Node::string(gvk.version.clone())),
        ("served", yes()),
        ("storage", yes()),
        (
            "schema",
            map([("openAPIV3Schema", structural(schema, true))]),
        ),
    ]);
    map([
        ("apiVersion", Node::string("apiextensions.k8s.io/v1")),
        ("kind", Node::string("CustomResourceDefinition")),
        (
            "spec",
            map([
                ("group", Node::string(gvk.group.clone())),
                ("scope", Node::string("Namespaced")),
                (
                    "names",
                    map([
                        ("plural", Node::string(plural)),
                        ("kind", Node::string(gvk.kind.clone())),
                    ]),
                ),
                ("versions", Node::seq(vec![version])),
            ]),
        ),
    ])
}

fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    let entries = entries.into_iter();
    Node::map(entries.map(|(key, value)| Entry::new(key, value)).collect())
}

/// A JSON schema in the words of a definition.
fn structural(schema: &Node, is_root: bool) -> Node {
    let yes = || Node::scalar("true", Tag::Bool);
    let text = |key: &str| schema.get(key).and_then(Node::text);
    let is_either = text("format") == Some("int-or-string") || is_integer_or_text(schema);
    let mut entries: Vec<Entry> = Vec::new();
    for entry in schema.entries() {
        let key = entry.key.text().unwrap_or_default();
        let value = match key {
            "$schema" | "$id" | "id" => continue,
            "type" | "oneOf" | "format" if is_either => continue,
            "type" if entry.value.is_seq() => {
                let mut kinds = entry.value.items().iter();
                entries.push(Entry::new("nullable", yes()));
                match kinds.find(|kind| kind.text() != Some("null")) {
                    Some(kind) => kind.clone(),
                    None => continue,
                }
            }
            "additionalProperties" if entry.value.is_map() => structural(&entry.value, false),
            "additionalProperties" => continue,
            "items" => structural(&entry.value, false),
            "properties" => {
                let fields = entry.value.entries().iter();
                let fields = fields.map(|field| Entry {
                    key: field.key.clone(),
                    value: structural(&field.value, false),
                });
                Node::map(fields.collect())
            }
            _ => entry.value.clone(),
        };
        entries.push(Entry::new(key, value));
    }
    if is_either {
        entries.push(Entry::new("x-kubernetes-int-or-string", yes()));
    }
    // JSON Schema lets through what it does not name, unless it says otherwise.
    let is_closed = schema
        .get("additionalProperties")
        .is_some_and(|it| it.is_map() || it.text() == Some("false"));
    if !is_root && !is_closed && text("type") == Some("object") {
        entries.push(Entry::new("x-kubernetes-preserve-unknown-fields", yes()));
    }
    Node::map(entries)
}

/// `oneOf: [{type: string}, {type: integer}]`.
fn is_integer_or_text(schema: &Node) -> bool {
    let either = schema.get("oneOf").map_or(&[][..], Node::items);
    let mut kinds: Vec<&str> = either
        .iter()
        .filter_map(|it| it.get("type")?.text())
        .collect();
    kinds.sort_unstable();
    kinds == ["integer", "string"]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::load::Memory;
    use crate::yaml::manifests;

    #[test]
    fn a_location_has_the_words_of_the_kind() {
        let gvk = Gvk::new("shop.example.org/v1beta1", "Cart");
        let filled = |template: &str| filled(template, &gvk, Version::NEWEST).unwrap();
        assert_eq!(
            filled("s/{{.Group}}/{{ .ResourceKind }}_{{.ResourceAPIVersion}}.json"),
            "s/shop.example.org/cart_v1beta1.json"
        );
        assert_eq!(
            filled(&template("schemas/")),
            "schemas/v1.37.0-standalone-strict/cart-shop-v1beta1.json"
        );
        assert!(super::filled("{{.Nothing}}.json", &gvk, Version::NEWEST).is_err());
        assert!(super::filled("{{.Group.json", &gvk, Version::NEWEST).is_err());
    }

    #[test]
    fn objects_are_judged_by_a_schema_of_json() {
        let mut files = Memory::default();
        let schema = r#"{"type": "object", "properties": {"spec": {"type": "object",
            "additionalProperties": false, "required": ["size"], "properties": {
                "size": {"type": ["integer", "null"]},
                "port": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                "free": {"type": "object", "properties": {"a": {"type": "string"}}}}}}}"#;
        files.insert("/work/s/cart_v1.json", schema.as_bytes().to_vec());
        let text = "apiVersion: example.org/v1\nkind: Cart\nmetadata: {name: a}\nspec:\n  \
                    size: large\n  port: true\n  szie: 1\n  free: {b: 1}\n";
        let nodes = manifests(text.as_bytes(), SourceId::new(0)).unwrap();
        let nodes: Vec<&Node> = nodes.iter().collect();
        let found = schemas(
            &files,
            Path::new("/work"),
            &[
                "default".to_owned(),
                "s/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json".to_owned(),
            ],
            (&nodes, &[]),
            Version::NEWEST,
        )
        .unwrap();
        let said = validate_beside(&nodes, &found, Version::NEWEST, Form::Written);
        let fields: Vec<&str> = said
            .iter()
            .filter_map(|finding| finding.place.as_ref()?.field.as_deref())
            .collect();
        assert_eq!(fields, ["spec.szie"]);
        let text = text.replace("  szie: 1\n", "");
        let nodes = manifests(text.as_bytes(), SourceId::new(0)).unwrap();
        let nodes: Vec<&Node> = nodes.iter().collect();
        let said = validate_beside(&nodes, &found, Version::NEWEST, Form::Written);
        let fields: Vec<&str> = said
            .iter()
            .filter_map(|finding| finding.place.as_ref()?.field.as_deref())
            .collect();
        assert_eq!(fields, ["spec.size", "spec.port"]);
    }
}
