//! Reads field specifications from the definitions that `crds:` lists.
//!
//! Such a file is no CustomResourceDefinition but what Go code generators make of types: a mapping
//! from names of types to `{Schema: …}`, where properties are marked by extensions.
//! Source: <https://github.com/kubernetes-sigs/kustomize/tree/master/examples/transformerconfigs/crd>.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Str, Tag};

use super::{FieldSpec, Fields, NameReference};

/// A property that takes common annotations.
const ANNOTATION: &str = "x-kubernetes-annotation";
/// A property that takes common labels.
const LABEL_SELECTOR: &str = "x-kubernetes-label-selector";
/// A property that is a name and takes the prefix.
const IDENTITY: &str = "x-kubernetes-identity";
/// A property that names an object of this `apiVersion`.
const REFERENCE_VERSION: &str = "x-kubernetes-object-ref-api-version";
/// A property that names an object of this kind.
const REFERENCE_KIND: &str = "x-kubernetes-object-ref-kind";
/// The key below such a property that holds the name.
const REFERENCE_NAME_KEY: &str = "x-kubernetes-object-ref-name-key";

/// How deep types may be nested in each other.
const DEPTH: usize = 100;
/// How many properties are looked at, counting those of a type wherever it is used.
const PROPERTIES: usize = 100_000;

impl Fields {
    /// From a file of definitions.
    ///
    /// # Errors
    ///
    /// If the file has another shape, or a type contains itself.
    pub fn from_crd(node: &Node) -> Result<Self> {
        let mut types = BTreeMap::new();
        for entry in mapping(node)? {
            let name = entry.key.text().unwrap_or_default();
            types.insert(name, properties(&entry.value)?);
        }
        let mut collector = Collector {
            types: &types,
            kind: Str::default(),
            path: Vec::new(),
            open: Vec::new(),
            left: PROPERTIES,
            fields: Self::default(),
        };
        for (name, properties) in &types {
            if is_object(properties) {
                collector.kind = name.rsplit('.').next().unwrap_or_default().into();
                collector.collect(name, node)?;
            }
        }
        let mut fields = Self::default();
        fields.merge(&collector.fields)?;
        Ok(fields)
    }
}

/// The properties of a type; of a name that is there twice the last counts.
type Properties<'n> = BTreeMap<&'n str, &'n Node>;

/// The entries of a mapping; null has none.
fn mapping(node: &Node) -> Result<&[kustom_yaml::Entry]> {
    if node.is_map() || node.is_null() {
        return Ok(node.entries());
    }
    let error = Error::new(Kind::Kustomization, "this is no definition of a type").at(node.span);
    Err(error.help(
        "`crds` takes files of OpenAPI definitions, `{<type>: {Schema: {properties: …}}}`; a \
         CustomResourceDefinition belongs under `resources`",
    ))
}

fn properties(definition: &Node) -> Result<Properties<'_>> {
    let entries = mapping(definition)?;
    let exact = entries.iter().rfind(|entry| entry.is("Schema"));
    let folded = || {
        let is_schema = |key: &str| key.eq_ignore_ascii_case("Schema");
        entries
            .iter()
            .rfind(|entry| entry.key.text().is_some_and(is_schema))
    };
    let Some(schema) = exact.or_else(folded) else {
        return Ok(Properties::new());
    };
    let entries = mapping(&schema.value)?;
    let Some(properties) = entries.iter().rfind(|entry| entry.is("properties")) else {
        return Ok(Properties::new());
    };
    let mut found = Properties::new();
    for entry in mapping(&properties.value)? {
        mapping(&entry.value)?;
        found.insert(entry.key.text().unwrap_or_default(), &entry.value);
    }
    Ok(found)
}

/// Whether a type is one of objects, and not only a part of others.
fn is_object(properties: &Properties<'_>) -> bool {
    ["apiVersion", "kind", "metadata"]
        .iter()
        .all(|name| properties.contains_key(name))
}

struct Collector<'n> {
    types: &'n BTreeMap<&'n str, Properties<'n>>,
    /// The kind whose fields are collected.
    kind: Str,
    /// The properties that led here.
    path: Vec<&'n str>,
    /// The types that led here.
    open: Vec<&'n str>,
    left: usize,
    fields: Fields,
}

impl<'n> Collector<'n> {
    /// Collects what the properties of a type say; `named` is where the type is asked for.
    fn collect(&mut self, name: &'n str, named: &Node) -> Result<()> {
        let types = self.types;
        let Some(properties) = types.get(name) else {
            return Ok(());
        };
        if self.open.contains(&name) {
            let message = format!("the type `{name}` contains itself");
            return Err(Error::new(Kind::Kustomization, message)
                .at(named.span)
                .help("leave out the `$ref` that closes the circle"));
        }
        self.left = self.left.saturating_sub(properties.len());
        if self.left == 0 || self.open.len() == DEPTH {
            let message = format!("the types below `{}` are nested too deeply", self.kind);
            return Err(Error::new(Kind::Kustomization, message).at(named.span));
        }
        self.open.push(name);
        for (property, schema) in properties {
            self.path.push(property);
            self.property(schema)?;
            if let Some((reference, node)) = text(schema, "$ref") {
                self.collect(reference, node)?;
            }
            self.path.pop();
        }
        self.open.pop();
        Ok(())
    }

    /// Collects what one property says of itself.
    fn property(&mut self, schema: &Node) -> Result<()> {
        let says = |name| text(schema, name).map(|(text, _)| text);
        if says(ANNOTATION).is_some() {
            let spec = self.spec(None);
            self.fields.common_annotations.to_mut().push(spec);
        }
        if says(LABEL_SELECTOR).is_some() {
            let spec = self.spec(None);
            self.fields.common_labels.to_mut().push(spec);
        }
        if says(IDENTITY).is_some() {
            let spec = self.spec(None);
            self.fields.name_prefix.to_mut().push(spec);
        }
        if let (Some(version), Some(kind)) = (says(REFERENCE_VERSION), says(REFERENCE_KIND)) {
            let spec = self.spec(Some(says(REFERENCE_NAME_KEY).unwrap_or("name")));
            self.fields.name_reference.to_mut().push(NameReference {
                group: Str::default(),
                version: version.into(),
                kind: kind.into(),
                referrers: Cow::Owned(vec![spec]),
            });
        }
        Ok(())
    }

    /// The present field, or one below it.
    fn spec(&self, below: Option<&str>) -> FieldSpec {
        let parts: Vec<&str> = self.path.iter().copied().chain(below).collect();
        FieldSpec {
            kind: self.kind.clone(),
            path: parts.join("/").into(),
            ..FieldSpec::default()
        }
    }
}

/// The text of a key, and its node; of a key that is there twice the last counts.
fn text<'n>(node: &'n Node, key: &str) -> Option<(&'n str, &'n Node)> {
    let value = &node.entries().iter().rfind(|entry| entry.is(key))?.value;
    match value.tag {
        Tag::Str | Tag::Timestamp => Some((value.text()?, value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_config;

    use super::*;

    fn fields(text: &str) -> Result<Fields> {
        Fields::from_crd(&read_config(text.as_bytes(), SourceId::NONE)?)
    }

    /// A type of objects that has these properties, too.
    fn object(properties: &str) -> Fields {
        let text = format!(
            "x.io/v1.Foo: {{Schema: {{properties: {{kind: {{}}, apiVersion: , metadata: {{}}, \
             {properties}}}}}}}"
        );
        fields(&text).unwrap()
    }

    fn spec(path: &str) -> FieldSpec {
        FieldSpec {
            kind: "Foo".into(),
            path: path.into(),
            ..FieldSpec::default()
        }
    }

    #[test]
    fn a_mark_makes_a_field_of_a_property() {
        let found = object(
            "a: {x-kubernetes-annotation: ''}, l: {x-kubernetes-label-selector: ''}, \
             i: {x-kubernetes-identity: ''}",
        );
        assert_eq!(*found.common_annotations, [spec("a")]);
        assert_eq!(*found.common_labels, [spec("l")]);
        assert_eq!(*found.name_prefix, [spec("i")]);
        assert!(found.name_suffix.is_empty());
    }

    #[test]
    fn a_reference_needs_version_and_kind_and_may_say_the_key() {
        let found = object(
            "s: {x-kubernetes-object-ref-api-version: v1, x-kubernetes-object-ref-kind: Secret}, \
             t: {x-kubernetes-object-ref-api-version: v1, x-kubernetes-object-ref-kind: Secret, \
                 x-kubernetes-object-ref-name-key: id}, \
             u: {x-kubernetes-object-ref-kind: Secret}",
        );
        let [secret] = &*found.name_reference else {
            panic!("{found:?}")
        };
        assert_eq!(
            (secret.version.as_str(), secret.kind.as_str()),
            ("v1", "Secret")
        );
        assert_eq!(*secret.referrers, [spec("s/name"), spec("t/id")]);
    }

    #[test]
    fn types_are_followed_through_their_references() {
        let found = fields(
            "x.io.Foo: {schema: {properties: {kind: {}, apiVersion: {}, metadata: {}, \
             spec: {$ref: x.io.Spec}, status: {$ref: gone}}}}\n\
             x.io.Spec: {schema: {properties: {a: {x-kubernetes-annotation: '', $ref: Deep}}}}\n\
             Deep: {schema: {properties: {b: {x-kubernetes-annotation: ''}}}}\n",
        );
        let found = found.unwrap().common_annotations;
        assert_eq!(*found, [spec("spec/a"), spec("spec/a/b")]);
    }

    #[test]
    fn marks_that_are_no_texts_or_written_otherwise_do_not_count() {
        let found = object(
            "a: {x-kubernetes-annotation: true}, b: {X-Kubernetes-Annotation: ''}, \
             c: {x-kubernetes-annotation: }, d: {properties: {e: {x-kubernetes-annotation: ''}}}",
        );
        assert_eq!(found, Fields::default());
        // The last of two equal keys counts.
        let found = object("a: {x-kubernetes-annotation: ''}, a: {}");
        assert_eq!(found, Fields::default());
    }

    #[test]
    fn only_types_of_objects_are_looked_at() {
        let text = "Foo: {Schema: {properties: {kind: {}, a: {x-kubernetes-annotation: ''}}}}";
        assert_eq!(fields(text).unwrap(), Fields::default());
        for text in [
            "",
            "{}",
            "Foo: ",
            "Foo: {Schema: }",
            "Foo: {Schema: {properties: {a: }}}",
        ] {
            assert_eq!(fields(text).unwrap(), Fields::default(), "{text}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            "[]",
            "a: b",
            "a: {Schema: b}",
            "a: {Schema: {properties: [b]}}",
            "a: {Schema: {properties: {b: c}}}",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
        ] {
            let error = fields(text).unwrap_err();
            assert_eq!(error.message(), "this is no definition of a type", "{text}");
        }
    }

    #[test]
    fn a_type_that_contains_itself_is_refused() {
        let text = "Foo: {Schema: {properties: {kind: , apiVersion: , metadata: , s: {$ref: Bar}}}}\n\
                    Bar: {Schema: {properties: {t: {$ref: Foo}}}}\n";
        assert_eq!(
            fields(text).unwrap_err().message(),
            "the type `Foo` contains itself"
        );
    }

    #[test]
    fn types_that_unfold_without_end_are_refused() {
        let mut text = String::from(
            "T0: {Schema: {properties: {kind: , apiVersion: , metadata: , a: {$ref: T1}}}}\n",
        );
        for number in 1..60 {
            let next = number + 1;
            text.push_str(&format!(
                "T{number}: {{Schema: {{properties: {{a: {{$ref: T{next}}}, b: {{$ref: T{next}}}}}}}}}\n"
            ));
        }
        assert!(
            fields(&text)
                .unwrap_err()
                .message()
                .contains("nested too deeply")
        );
    }
}
