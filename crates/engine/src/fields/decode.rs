//! Reads field specifications from the files that `configurations:` lists.
//!
//! They are read strictly: an unknown field or a field that is there twice is an error. Names of
//! fields match in any case, and null is the same as absent.

use std::borrow::Cow;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Str, Tag};

use super::merge::{sort_name_references, sort_specs};
use super::{FieldSpec, Fields, NameReference, Specs};
use crate::decode::{Mode, mismatch, proper_name, unknown};

/// The tables that a file may fill.
const TABLES: [&str; 12] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "volumeClaimTemplateLabels",
    "commonAnnotations",
    "nameReference",
    "varReference",
    "images",
    "replicas",
];

impl Fields {
    /// From a transformer configuration; what it does not name stays empty.
    ///
    /// # Errors
    ///
    /// If it has an unknown field, a field twice, or a value of another type than the field's.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::fields::Fields;
    /// use kustom_yaml::{Options, read};
    ///
    /// let text = "images: [{kind: Runner, path: spec/image}]";
    /// let fields = Fields::from_node(&read(text, &Options::default())?[0])?;
    /// assert_eq!(fields.images[0].kind, "Runner");
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Self::default();
        for (name, value) in members(node, &TABLES)? {
            let table = match name {
                "namePrefix" => &mut fields.name_prefix,
                "nameSuffix" => &mut fields.name_suffix,
                "namespace" => &mut fields.namespace,
                "commonLabels" => &mut fields.common_labels,
                "labels" => &mut fields.labels,
                "templateLabels" => &mut fields.template_labels,
                "volumeClaimTemplateLabels" => &mut fields.volume_claim_template_labels,
                "commonAnnotations" => &mut fields.common_annotations,
                "varReference" => &mut fields.var_reference,
                "images" => &mut fields.images,
                "replicas" => &mut fields.replicas,
                _ => {
                    let mut references = list(value, reference)?;
                    sort_name_references(&mut references);
                    fields.name_reference = Cow::Owned(references);
                    continue;
                }
            };
            let mut specs = list(value, spec)?;
            sort_specs(&mut specs);
            *table = Cow::Owned(specs);
        }
        Ok(fields)
    }
}

fn spec(node: &Node) -> Result<FieldSpec> {
    let mut spec = FieldSpec::default();
    for (name, value) in members(node, &["group", "version", "kind", "path", "create"])? {
        match name {
            "group" => spec.group = text(value)?,
            "version" => spec.version = text(value)?,
            "kind" => spec.kind = text(value)?,
            "path" => spec.path = path(value)?,
            _ => spec.create = boolean(value)?,
        }
    }
    Ok(spec)
}

fn reference(node: &Node) -> Result<NameReference> {
    let mut reference = NameReference::default();
    for (name, value) in members(node, &["group", "version", "kind", "fieldSpecs"])? {
        match name {
            "group" => reference.group = text(value)?,
            "version" => reference.version = text(value)?,
            "kind" => reference.kind = text(value)?,
            _ => reference.referrers = Specs::Owned(list(value, spec)?),
        }
    }
    Ok(reference)
}

/// The fields of a mapping that are not null, under their proper names. Of names that differ in
/// case only, the last in byte order wins because it comes last.
fn members<'n>(
    node: &'n Node,
    known: &'static [&'static str],
) -> Result<Vec<(&'static str, &'n Node)>> {
    if node.is_null() {
        return Ok(Vec::new());
    }
    if !node.is_map() {
        return Err(mismatch(node, "a map"));
    }
    let mut found = Vec::with_capacity(node.entries().len());
    for entry in node.entries() {
        let key = entry.key.text().unwrap_or_default();
        let Some(name) = proper_name(key, known) else {
            return Err(unknown(&entry.key, known));
        };
        if found.iter().any(|(_, other, _)| *other == key) {
            let message = format!("the field `{key}` is there twice");
            return Err(Error::new(Kind::Kustomization, message).at(entry.key.span));
        }
        found.push((name, key, &entry.value));
    }
    found.sort_by_key(|(_, key, _)| *key);
    let present = found.into_iter().filter(|(.., value)| !value.is_null());
    Ok(present.map(|(name, _, value)| (name, value)).collect())
}

fn list<T>(node: &Node, item: fn(&Node) -> Result<T>) -> Result<Vec<T>> {
    Mode::STRICT.list(node, |_, node| item(node))
}

fn text(node: &Node) -> Result<Str> {
    Ok(Mode::STRICT.text(node)?.text)
}

/// A path may be a number or a boolean, unlike any other text.
fn path(node: &Node) -> Result<Str> {
    match (node.tag, node.text()) {
        (Tag::Bool, Some(_)) => Ok(if boolean(node)? { "true" } else { "false" }.into()),
        (Tag::Int | Tag::Float, Some(text)) => Ok(text.into()),
        _ => text(node),
    }
}

fn boolean(node: &Node) -> Result<bool> {
    Mode::STRICT.boolean(node)
}

impl Mode {
    /// A field specification.
    pub(crate) fn field_spec(self, node: &Node) -> Result<FieldSpec> {
        const FIELDS: &[&str] = &["group", "version", "kind", "path", "create"];
        let mut spec = FieldSpec::default();
        self.fields(node, FIELDS, |name, value| {
            match name {
                "group" => spec.group = self.text(value)?.text,
                "version" => spec.version = self.text(value)?.text,
                "kind" => spec.kind = self.text(value)?.text,
                "path" => spec.path = self.text(value)?.text,
                _ => spec.create = self.boolean(value)?,
            }
            Ok(())
        })?;
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_strict_config;

    use super::*;

    fn fields(text: &str) -> Result<Fields> {
        Fields::from_node(&read_strict_config(text.as_bytes(), SourceId::NONE)?)
    }

    #[track_caller]
    fn refused(text: &str, wanted: &str) {
        assert_eq!(fields(text).unwrap_err().message(), wanted, "{text}");
    }

    #[test]
    fn every_table_is_read() {
        let specs = "[{group: g, version: v1, kind: K, path: a/b, create: true}]";
        for name in TABLES.iter().filter(|name| **name != "nameReference") {
            let read = fields(&format!("{name}: {specs}")).unwrap();
            let tables = [
                read.name_prefix,
                read.name_suffix,
                read.namespace,
                read.common_labels,
                read.labels,
                read.template_labels,
                read.volume_claim_template_labels,
                read.common_annotations,
                read.var_reference,
                read.images,
                read.replicas,
            ];
            let rows: Vec<FieldSpec> = tables.into_iter().flat_map(Specs::into_owned).collect();
            let wanted = FieldSpec {
                group: "g".into(),
                version: "v1".into(),
                kind: "K".into(),
                path: "a/b".into(),
                create: true,
                ..FieldSpec::default()
            };
            assert_eq!(rows, [wanted], "{name}");
        }
        let read = fields("nameReference: [{kind: K, fieldSpecs: [{path: a/b}]}]").unwrap();
        assert_eq!(read.name_reference[0].referrers[0].path, "a/b");
    }

    #[test]
    fn names_of_fields_match_in_any_case() {
        let read = fields("NAMEPREFIX: [{Path: a, KIND: Foo}]").unwrap();
        assert_eq!(read.name_prefix[0].kind, "Foo");
        let read = fields("namePrefix: [{path: a}]\nNAMEPREFIX: [{path: b}]").unwrap();
        assert_eq!(read.name_prefix[0].path, "a");
    }

    #[test]
    fn nothing_and_null_are_empty() {
        for text in [
            "",
            "# nothing\n",
            "null",
            "{}",
            "namePrefix:",
            "namePrefix: []",
        ] {
            assert_eq!(fields(text).unwrap(), Fields::default(), "{text}");
        }
        let read = fields("namePrefix: [null, {path: ~, create: ~, version: ~}]").unwrap();
        assert_eq!(
            *read.name_prefix,
            [FieldSpec::default(), FieldSpec::default()]
        );
        assert!(
            fields("nameReference: [{fieldSpecs: }]")
                .unwrap()
                .name_reference[0]
                .referrers
                .is_empty()
        );
    }

    #[test]
    fn only_the_first_document_counts() {
        let read = fields("images: [{path: a}]\n---\nimages: [{path: b}]\n").unwrap();
        assert_eq!(read.images[0].path, "a");
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let error = fields("namoPrefix: []").unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "unknown field `namoPrefix` (<input>:1:1)\n  help: did you mean `namePrefix`?"
        );
        refused("namePrefix: [{path: a, zork: 1}]", "unknown field `zork`");
        refused("nameReference: [{path: a}]", "unknown field `path`");
        refused("apiVersion: v1", "unknown field `apiVersion`");
    }

    #[test]
    fn a_field_that_is_there_twice_is_refused() {
        refused(
            "images: []\nimages: []",
            "the field `images` is there twice",
        );
        refused(
            "images: [{path: a, path: a}]",
            "the field `path` is there twice",
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        refused("[]", "expected a map, found a list");
        refused("a", "expected a map, found a string");
        refused("images: {}", "expected a list, found a map");
        refused("images: [a]", "expected a map, found a string");
        refused("images: [{kind: 5}]", "expected a string, found a number");
        refused("images: [{group: [x]}]", "expected a string, found a list");
        refused(
            "images: [{create: 'true'}]",
            "expected true or false, found a string",
        );
        refused(
            "images: [{create: 1}]",
            "expected true or false, found a number",
        );
    }

    #[test]
    fn a_path_may_look_like_something_else() {
        let read = fields("images: [{path: 5, create: yes}, {path: n}]").unwrap();
        assert_eq!(
            (read.images[0].path.as_str(), read.images[0].create),
            ("5", true)
        );
        assert_eq!(read.images[1].path, "false");
    }

    #[test]
    fn tables_are_sorted() {
        let read = fields("images: [{path: a}, {kind: Foo, path: b}]").unwrap();
        assert_eq!(read.images[0].kind, "Foo");
    }
}
