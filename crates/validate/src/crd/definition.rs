//! The schema of a version of a custom resource: it must be structural.

use super::object::Judge;
use super::rules;
use crate::finding::Findings;
use crate::path::Path;
use crate::value::{Data, Value};

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
const JUNCTORS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Judges the schema of a version of a custom resource.
pub(crate) fn definition(
    findings: &mut Findings,
    path: &Path<'_>,
    schema: &Value<'_>,
    version: &Value<'_>,
) {
    let kind = schema.text("type");
    let here = path.field("type");
    let at = schema.get("type").unwrap_or(schema);
    if kind.is_empty() {
        findings.required(&here, at, "the schema of an object has the type `object`");
    } else if kind != "object" {
        findings.invalid(&here, at, "the schema of an object has the type `object`");
    }
    if version.at(&["subresources", "status"]).is_some() && kind == "array" {
        findings.invalid(&here, at, "a resource with a status is an object");
    }
    let before = findings.0.len();
    if version.at(&["subresources", "status"]).is_some() {
        only_of_objects(findings, path, schema);
    }
    if let Some(found) = dialect(schema) {
        findings.invalid(path, found, "the dialect of a schema cannot be chosen");
    }
    metadata(findings, path, schema);
    node(findings, path, schema, Place::Root);
    if findings.0.len() == before {
        super::cost::judge(findings, path, schema);
    }
}

/// What the root of a schema may say where the status is a resource of its own.
const AT_ROOT: &[&str] = &[
    "description",
    "type",
    "format",
    "title",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "required",
    "items",
    "properties",
    "externalDocs",
    "example",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

fn only_of_objects(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    for entry in schema.entries() {
        let says_nothing = match &entry.value.data {
            Data::Null | Data::Bool(false) => true,
            Data::Text(text) => text.is_empty(),
            _ => false,
        };
        if !AT_ROOT.contains(&&*entry.key) && !says_nothing {
            findings.invalid(
                path,
                &entry.value,
                format!("with a status the root of a schema has no `{}`", entry.key),
            );
        }
    }
}

/// The first `$schema` in a schema.
fn dialect<'s, 'v>(schema: &'s Value<'v>) -> Option<&'s Value<'v>> {
    if let Some(found) = schema.get("$schema").filter(|found| !found.is_zero()) {
        return Some(found);
    }
    let properties = schema.get("properties").map_or(&[][..], Value::entries);
    let lists = JUNCTORS.into_iter().flat_map(|key| schema.list(key));
    ["items", "additionalProperties", "not"]
        .into_iter()
        .filter_map(|key| schema.get(key))
        .chain(properties.iter().map(|entry| &entry.value))
        .chain(lists)
        .find_map(dialect)
}

/// Where a schema stands within another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Property,
    Items,
    /// Below `allOf` and its like.
    Junctor,
}

fn metadata(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    let Some(found) = schema.at(&["properties", "metadata"]) else {
        return;
    };
    let properties = path.field("properties");
    let here = properties.key("metadata");
    if found.text("type") != "object" {
        let at = found.get("type").unwrap_or(found);
        findings.invalid(&here.field("type"), at, "metadata is an object");
    }
    let only_names = found.get("properties").is_none_or(|properties| {
        properties
            .entries()
            .iter()
            .all(|entry| matches!(&*entry.key, "name" | "generateName"))
    });
    let known = ["type", "description", "properties"];
    if !only_names
        || found
            .entries()
            .iter()
            .any(|entry| !known.contains(&&*entry.key) && !entry.value.is_zero())
    {
        findings.forbidden(
            &here,
            found,
            "metadata is what it is: only `name` and `generateName` can be restricted",
        );
    }
}

fn node(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>, place: Place) {
    let kind = schema.text("type");
    own_type(findings, path, schema, place);
    never_allowed(findings, path, schema);
    if place == Place::Junctor {
        in_junctor(findings, path, schema);
    }
    pattern(findings, path, schema);
    lists(findings, path, schema, kind);
    maps(findings, path, schema, kind);
    if let Some(found) = schema.get(KEEPS)
        && found.data == Data::Bool(false)
    {
        findings.invalid(&path.field(KEEPS), found, "it is `true`, or absent");
    }
    if schema.is_true("x-kubernetes-embedded-resource") {
        embedded(findings, path, schema);
    }
    if place != Place::Junctor {
        if let Some(default) = schema.get("default") {
            let before = findings.0.len();
            let here = path.field("default");
            Judge { findings }.value(&here, schema, default);
            // The place of a wrong default is the default, and not what is in it.
            for finding in &mut findings.0[before..] {
                finding.field = here.to_string();
            }
        }
        rules::check_all(findings, path, schema);
    }
    inner_schemas(findings, path, schema, place);
}

/// The field by which values keep what no schema knows.
const KEEPS: &str = "x-kubernetes-preserve-unknown-fields";

/// The type of a schema, which it has unless it takes several or any.
fn own_type(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>, place: Place) {
    let kind = schema.text("type");
    let at = |key: &str| schema.get(key).unwrap_or(schema);
    let either = schema.is_true("x-kubernetes-int-or-string");
    let keeps = schema.is_true(KEEPS);
    let here = path.field("type");
    if !kind.is_empty() && !TYPES.contains(&kind) {
        findings.not_supported(&here, at("type"), TYPES);
    }
    if kind.is_empty() && !either && !keeps {
        match place {
            Place::Property => findings.required(&here, at("type"), "a property has a type"),
            Place::Items => findings.required(&here, at("type"), "elements have a type"),
            Place::Root | Place::Junctor => {}
        }
    }
    if either && keeps {
        findings.invalid(
            &path.field(KEEPS),
            at(KEEPS),
            "it excludes `x-kubernetes-int-or-string`",
        );
    }
}

/// A schema of whole objects within an object.
fn embedded(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    const TYPE: &str = "an embedded resource has the type `object`";
    let here = path.field("type");
    let at = schema.get("type").unwrap_or(schema);
    match schema.text("type") {
        "object" => {}
        "" => findings.required(&here, at, TYPE),
        _ => findings.invalid(&here, at, TYPE),
    }
    if let Some(found) = schema.get("additionalProperties") {
        findings.forbidden(
            &path.field("additionalProperties"),
            found,
            "an embedded resource has none",
        );
    }
    if !schema.is_true(KEEPS) && schema.get("properties").is_none_or(Value::is_zero) {
        findings.required(
            &path.field("properties"),
            schema,
            "an embedded resource has properties, or keeps unknown fields",
        );
    }
}

/// The schemas within a schema.
fn inner_schemas(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>, place: Place) {
    // Within a junctor, all is part of it.
    let inner = |inside: Place| match place {
        Place::Junctor => Place::Junctor,
        _ => inside,
    };
    let properties = path.field("properties");
    for entry in schema.get("properties").map_or(&[][..], Value::entries) {
        let is_metadata = place == Place::Root && entry.key == "metadata";
        if !is_metadata {
            let here = properties.key(&entry.key);
            node(findings, &here, &entry.value, inner(Place::Property));
        }
    }
    for (key, inside) in [
        ("additionalProperties", Place::Property),
        ("items", Place::Items),
    ] {
        let found = schema.get(key);
        if let Some(found) = found.filter(|found| matches!(found.data, Data::Map(_))) {
            node(findings, &path.field(key), found, inner(inside));
        }
    }
    let either = schema.is_true("x-kubernetes-int-or-string");
    for key in JUNCTORS {
        if either && is_pair(schema, key) {
            continue;
        }
        let list = path.field(key);
        for (index, item) in schema.list(key).iter().enumerate() {
            node(findings, &list.index(index), item, Place::Junctor);
        }
    }
    if let Some(found) = schema.get("not") {
        node(findings, &path.field("not"), found, Place::Junctor);
    }
}

/// Whether a schema says in so many words that a value is a number or a text.
fn is_pair(schema: &Value<'_>, key: &str) -> bool {
    let pair = |list: &[Value<'_>]| {
        list.len() == 2
            && ["integer", "string"]
                .iter()
                .zip(list)
                .all(|(wanted, item)| item.entries().len() == 1 && item.text("type") == *wanted)
    };
    match key {
        "anyOf" => pair(schema.list("anyOf")),
        "allOf" => schema
            .list("allOf")
            .iter()
            .any(|item| pair(item.list("anyOf"))),
        _ => false,
    }
}

/// What no schema may have.
fn never_allowed(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    for key in [
        "$ref",
        "definitions",
        "dependencies",
        "patternProperties",
        "additionalItems",
        "id",
    ] {
        let is_there = |found: &&Value<'_>| key == "dependencies" || !found.is_zero();
        if let Some(found) = schema.get(key).filter(is_there) {
            findings.forbidden(
                &path.field(key),
                found,
                format!("a schema has no `{key}` here"),
            );
        }
    }
    if let Some(found) = schema
        .get("uniqueItems")
        .filter(|found| found.data == Data::Bool(true))
    {
        findings.forbidden(
            &path.field("uniqueItems"),
            found,
            "it would take too long; use `x-kubernetes-list-type: set`",
        );
    }
    if let Some(found) = schema
        .get("items")
        .filter(|found| matches!(found.data, Data::List(_)))
    {
        findings.forbidden(
            &path.field("items"),
            found,
            "the elements of a list have one schema",
        );
    }
    let (all, some) = (schema.get("additionalProperties"), schema.get("properties"));
    if let (Some(all), Some(some)) = (all, some)
        && !some.is_zero()
        && all.data != Data::Bool(true)
    {
        findings.forbidden(
            &path.field("additionalProperties"),
            all,
            "`properties` and `additionalProperties` exclude each other",
        );
    } else if let Some(found) = all.filter(|found| found.data == Data::Bool(false)) {
        findings.forbidden(
            &path.field("additionalProperties"),
            found,
            "it cannot be `false`",
        );
    }
}

/// What may not stand below `allOf` and its like.
fn in_junctor(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    for key in [
        "type",
        "default",
        "title",
        "description",
        "nullable",
        "additionalProperties",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-map-type",
        "x-kubernetes-validations",
    ] {
        if let Some(found) = schema.get(key).filter(|found| !found.is_zero()) {
            findings.forbidden(
                &path.field(key),
                found,
                format!("below `allOf`, `anyOf`, `oneOf` and `not` there is no `{key}`"),
            );
        }
    }
}

fn pattern(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    let Some(found) = schema.get("pattern") else {
        return;
    };
    if let Err(error) = regex::Regex::new(found.as_text().unwrap_or_default()) {
        let text = error.to_string();
        let last = text
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        findings.invalid(
            &path.field("pattern"),
            found,
            format!("this is no regular expression: {last}"),
        );
    }
}

fn lists(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>, kind: &str) {
    const TYPES: &[&str] = &["atomic", "set", "map"];
    let at = |key: &str| schema.get(key).unwrap_or(schema);
    let items = schema.get("items");
    if kind == "array" && items.is_none() {
        findings.required(
            &path.field("items"),
            schema,
            "a list says what its elements are",
        );
    }
    let list_type = schema.text("x-kubernetes-list-type");
    let here = path.field("x-kubernetes-list-type");
    if schema.has("x-kubernetes-list-type") {
        if kind != "array" {
            findings.invalid(
                &path.field("type"),
                at("type"),
                "only a list has a list type",
            );
        }
        if !TYPES.contains(&list_type) {
            findings.not_supported(&here, at("x-kubernetes-list-type"), TYPES);
        }
    }
    if list_type == "map" {
        list_map(findings, path, schema);
        return;
    }
    if !schema.list("x-kubernetes-list-map-keys").is_empty() {
        findings.invalid(
            &here,
            at("x-kubernetes-list-map-keys"),
            "keys need the list type `map`",
        );
    }
    if list_type == "set"
        && let Some(items) = items
        && is_shared(items)
    {
        findings.invalid(
            &path.field("items"),
            items,
            "elements of a set are plain values, or atomic",
        );
    }
}

/// A list whose elements are told apart by some of their fields, the keys.
fn list_map(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>) {
    let keys = schema.list("x-kubernetes-list-map-keys");
    let here = path.field("x-kubernetes-list-map-keys");
    if keys.is_empty() {
        let at = schema.get("x-kubernetes-list-type").unwrap_or(schema);
        findings.required(&here, at, "the list type `map` needs keys");
    }
    for (index, item) in keys.iter().enumerate() {
        if keys[..index].iter().any(|other| other.data == item.data) {
            findings.invalid(&here, item, "a key is there twice");
        }
    }
    let Some(items) = schema.get("items") else {
        return;
    };
    if items.text("type") != "object" {
        let at = items.get("type").unwrap_or(items);
        findings.invalid(
            &path.field("items.type"),
            at,
            "elements of a list of the type `map` are objects",
        );
        return;
    }
    let properties = path.field("items.properties");
    for key in keys {
        let name = key.as_text().unwrap_or_default();
        let Some(found) = items
            .get("properties")
            .and_then(|properties| properties.get(name))
        else {
            findings.invalid(&here, key, format!("elements have no property `{name}`"));
            continue;
        };
        let required = items.list("required").iter();
        let is_required = required.into_iter().any(|it| it.as_text() == Some(name));
        list_map_key(findings, &properties.key(name), found, is_required);
    }
}

/// The schema of a key: a plain value that is always there.
fn list_map_key(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>, is_required: bool) {
    if ["array", "object"].contains(&schema.text("type")) {
        findings.invalid(&path.field("type"), schema, "a key is a plain value");
    }
    if !is_required && schema.get("default").is_none() {
        findings.required(
            &path.field("default"),
            schema,
            "a key is required, or has a default",
        );
    }
    if schema.is_true("nullable") {
        findings.forbidden(&path.field("nullable"), schema, "a key cannot be null");
    }
}

/// Whether values of a schema can be changed in part.
fn is_shared(schema: &Value<'_>) -> bool {
    match schema.text("type") {
        "object" => schema.text("x-kubernetes-map-type") != "atomic",
        "array" => !["", "atomic"].contains(&schema.text("x-kubernetes-list-type")),
        _ => false,
    }
}

fn maps(findings: &mut Findings, path: &Path<'_>, schema: &Value<'_>, kind: &str) {
    let Some(found) = schema.get("x-kubernetes-map-type") else {
        return;
    };
    if kind != "object" {
        let at = schema.get("type").unwrap_or(schema);
        findings.invalid(&path.field("type"), at, "only an object has a map type");
    }
    if !["granular", "atomic"].contains(&found.as_text().unwrap_or_default()) {
        findings.not_supported(
            &path.field("x-kubernetes-map-type"),
            found,
            &["granular", "atomic"],
        );
    }
}
