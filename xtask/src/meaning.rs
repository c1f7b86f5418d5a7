//! What `kustom diff` needs to know of the API's values: which lists have no order, which values
//! are quantities or ports, and what may hold anything.
//!
//! A list has no order if the API calls it a set or a map by key, except where its description says
//! that the order counts. Every other list is ordered, and is not in the table unless something
//! below it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Result;

const HEAD: &str = "\
# What the API of Kubernetes v1.37.2 says of values, as far as `kustom diff` asks.
# Written by `cargo run -p xtask -- meaning OPENAPI`; not to be edited.
# Source: the definitions of the API server, as `kubectl get --raw /openapi/v2` prints them:
# x-kubernetes-list-type, x-kubernetes-list-map-keys, and the types Quantity and IntOrString.
#
# kind    apiVersion  kind   type
# type    field       how    type of what is in it; why the order counts although it is a map or set
#
# how: object; fields (an object with any keys); list (its order counts); map KEYS (no order, items
# are told apart by these keys); set (no order); quantity; quantities (an object of them);
# port (number or text); texts (an object of texts); any.
";

/// Lists that the definitions call maps or sets, and whose descriptions give their order a meaning.
const IN_ORDER: [(&str, &str, &str); 8] = [
    ("Container", "env", "a variable may use those before it"),
    (
        "EphemeralContainer",
        "env",
        "a variable may use those before it",
    ),
    (
        "EphemeralContainerCommon",
        "env",
        "a variable may use those before it",
    ),
    (
        "MutatingWebhookConfiguration",
        "webhooks",
        "they are called one after the other",
    ),
    ("NodeSpec", "podCIDRs", "the first is podCIDR"),
    ("PodSpec", "initContainers", "they run one after the other"),
    ("PodStatus", "podIPs", "the first is podIP"),
    (
        "ValidatingAdmissionPolicySpec",
        "variables",
        "a variable may use those before it",
    ),
];

/// The groups whose names are not those of their packages.
const GROUPS: [(&str, &str); 21] = [
    ("admissionregistration", "admissionregistration.k8s.io"),
    ("apiextensions", "apiextensions.k8s.io"),
    ("apiregistration", "apiregistration.k8s.io"),
    ("apiserverinternal", "internal.apiserver.k8s.io"),
    ("authentication", "authentication.k8s.io"),
    ("authorization", "authorization.k8s.io"),
    ("certificates", "certificates.k8s.io"),
    ("coordination", "coordination.k8s.io"),
    ("core", ""),
    ("discovery", "discovery.k8s.io"),
    ("events", "events.k8s.io"),
    ("flowcontrol", "flowcontrol.apiserver.k8s.io"),
    ("lifecycle", "lifecycle.k8s.io"),
    ("networking", "networking.k8s.io"),
    ("node", "node.k8s.io"),
    ("rbac", "rbac.authorization.k8s.io"),
    ("resource", "resource.k8s.io"),
    ("scheduling", "scheduling.k8s.io"),
    ("storage", "storage.k8s.io"),
    ("storagemigration", "storagemigration.k8s.io"),
    ("imagepolicy", "imagepolicy.k8s.io"),
];

const APIS: [&str; 3] = [
    "io.k8s.api.",
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.kube-aggregator.pkg.apis.",
];
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/// A field that means something.
#[derive(Debug)]
struct Row {
    how: String,
    of: Option<String>,
    why: Option<&'static str>,
}

/// The table that the definitions of a file make.
pub fn table(file: &Path) -> Result<String> {
    let document: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let definitions = document["definitions"]
        .as_object()
        .ok_or("no definitions")?;
    let mut types: BTreeMap<&str, BTreeMap<&str, Row>> = BTreeMap::new();
    let mut kinds = BTreeMap::new();
    for (name, schema) in definitions {
        if let Some((api_version, kind)) = kind(name, schema) {
            kinds.insert((api_version, kind), name.as_str());
        }
        let fields = schema["properties"].as_object().into_iter().flatten();
        let rows =
            fields.filter_map(|(field, value)| Some((field.as_str(), row(name, field, value)?)));
        types.insert(name, rows.collect());
    }
    prune(&mut types);
    let used = reachable(&types, kinds.values().copied());
    let mut text = String::from(HEAD);
    for ((api_version, kind), name) in &kinds {
        let known = if used.contains(*name) {
            short(name)
        } else {
            ""
        };
        writeln!(text, "kind\t{api_version}\t{kind}\t{known}")?;
    }
    for (name, rows) in types.iter().filter(|(name, _)| used.contains(**name)) {
        for (field, row) in rows {
            let of = row.of.as_deref().map_or("", short);
            let why = row.why.map_or_else(String::new, |why| format!("\t{why}"));
            writeln!(text, "{}\t{field}\t{}\t{of}{why}", short(name), row.how)?;
        }
    }
    Ok(text)
}

/// The apiVersion and kind of a definition, if it is one of an object.
fn kind(name: &str, schema: &Value) -> Option<(String, String)> {
    let rest = APIS.iter().find_map(|api| name.strip_prefix(api))?;
    let metadata = schema["properties"]["metadata"]["$ref"].as_str()?;
    if !metadata.ends_with(".ObjectMeta") || schema["properties"].get("apiVersion").is_none() {
        return None;
    }
    let [package, version, kind] = rest.split('.').collect::<Vec<_>>()[..] else {
        return None;
    };
    let group = GROUPS.iter().find(|(known, _)| *known == package);
    let group = group.map_or(package, |(_, group)| group);
    let api_version = match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    };
    Some((api_version, kind.to_owned()))
}

fn row(name: &str, field: &str, schema: &Value) -> Option<Row> {
    let row = |how: &str, of: Option<&str>| {
        Some(Row {
            how: how.to_owned(),
            of: of.map(str::to_owned),
            why: None,
        })
    };
    if let Some(of) = reference(schema) {
        return match of.rsplit('.').next()? {
            "Quantity" => row("quantity", None),
            "IntOrString" if field.to_lowercase().ends_with("port") => row("port", None),
            "IntOrString" | "Time" | "MicroTime" | "Duration" => None,
            "RawExtension"
            | "JSON"
            | "FieldsV1"
            | "JSONSchemaPropsOrArray"
            | "JSONSchemaPropsOrBool"
            | "JSONSchemaPropsOrStringArray" => row("any", None),
            _ => row("object", Some(of)),
        };
    }
    let inner = &schema["additionalProperties"];
    match schema["type"].as_str()? {
        "array" => list(name, field, schema),
        "object" if inner.is_object() => match reference(inner) {
            Some(of) if of.ends_with(".Quantity") => row("quantities", None),
            Some(of) => row("fields", Some(of)),
            None if inner["type"] == "string" => row("texts", None),
            None => row("any", None),
        },
        "object" => row("any", None),
        _ => None,
    }
}

fn list(name: &str, field: &str, schema: &Value) -> Option<Row> {
    let of = reference(&schema["items"]).map(str::to_owned);
    let last = name.rsplit('.').next()?;
    let mut in_order = IN_ORDER.iter();
    let ordered = in_order.find(|row| (row.0, row.1) == (last, field));
    let list_type = schema["x-kubernetes-list-type"].as_str();
    let how = match (ordered, list_type) {
        (Some(_), _) => "list".to_owned(),
        (None, Some("set")) => "set".to_owned(),
        (None, Some("map")) => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array()?;
            let keys: Vec<&str> = keys.iter().filter_map(Value::as_str).collect();
            format!("map {}", keys.join(" "))
        }
        _ => "list".to_owned(),
    };
    (of.is_some() || how != "list" || ordered.is_some()).then_some(Row {
        how,
        of,
        why: ordered.map(|(_, _, why)| *why),
    })
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/definitions/")
}

/// Takes away what leads to nothing.
fn prune(types: &mut BTreeMap<&str, BTreeMap<&str, Row>>) {
    loop {
        let empty: BTreeSet<String> = types
            .iter()
            .filter(|(_, rows)| rows.is_empty())
            .map(|(name, _)| (*name).to_owned())
            .collect();
        let mut changed = false;
        for rows in types.values_mut() {
            rows.retain(|_, row| {
                let leads_nowhere = row.of.as_ref().is_some_and(|of| empty.contains(of));
                if leads_nowhere {
                    row.of = None;
                }
                let is_kept = row.of.is_some()
                    || row.why.is_some()
                    || !matches!(row.how.as_str(), "object" | "list");
                changed |= leads_nowhere || !is_kept;
                is_kept
            });
        }
        if !changed {
            return;
        }
    }
}

fn reachable<'t>(
    types: &BTreeMap<&'t str, BTreeMap<&'t str, Row>>,
    roots: impl Iterator<Item = &'t str>,
) -> BTreeSet<String> {
    let mut left: Vec<String> = roots.map(str::to_owned).collect();
    let mut found = BTreeSet::new();
    while let Some(name) = left.pop() {
        let Some(rows) = types.get(name.as_str()).filter(|rows| !rows.is_empty()) else {
            continue;
        };
        if found.insert(name) {
            left.extend(rows.values().filter_map(|row| row.of.clone()));
        }
    }
    found
}

/// A definition's name without what all have.
fn short(name: &str) -> &str {
    let mut heads = APIS.iter().chain([&META]);
    heads
        .find_map(|head| name.strip_prefix(head))
        .unwrap_or(name)
}
