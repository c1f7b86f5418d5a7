//! What the tables say of the fields of a kind: types, words, what is required.

use crate::schema::{self, Definition, Field, Schema, Type};

/// A field of an object, as one version of Kubernetes knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldAbout {
    /// Its name.
    pub name: &'static str,
    /// Its type in words: `string`, `list of core.v1.Container`.
    pub kind: String,
    /// Whether the API document calls it required.
    pub required: bool,
    /// The words that it takes; empty if any.
    pub allowed: Vec<&'static str>,
    /// What tells the items of a list apart; empty if nothing does.
    pub list_keys: Vec<&'static str>,
}

/// What is known of kinds in one version of Kubernetes.
pub struct Kinds {
    minor: u32,
    schema: Schema,
}

impl Kinds {
    /// The kinds of Kubernetes 1.`minor`.
    ///
    /// # Example
    ///
    /// ```
    /// let kinds = kustom_validate::Kinds::new(33);
    /// let field = kinds.field("v1", "Service", &["spec", "ports", "[]", "protocol"]).unwrap();
    /// assert_eq!((field.kind.as_str(), field.required), ("string", false));
    /// let names = kinds.fields("apps/v1", "Deployment", &["spec"]);
    /// assert!(names.iter().any(|field| field.name == "replicas"));
    /// assert!(kinds.field("v1", "Service", &["spec", "prots"]).is_none());
    /// ```
    pub fn new(minor: u32) -> Self {
        Self {
            minor,
            schema: Schema::of(minor),
        }
    }

    /// Whether this version serves a kind; nothing of kinds that no version has.
    pub fn serves(&self, api_version: &str, kind: &str) -> Option<bool> {
        schema::kind(api_version, kind).map(|known| known.is_served(self.minor))
    }

    /// Whether objects of a kind are in namespaces, if a version of Kubernetes has it.
    pub fn is_namespaced(api_version: &str, kind: &str) -> Option<bool> {
        schema::kind(api_version, kind).map(|known| known.namespaced)
    }

    /// A field of a kind; `[]` on its way is an item of a list, or a value of a map.
    pub fn field(&self, api_version: &str, kind: &str, way: &[&str]) -> Option<FieldAbout> {
        let (last, above) = way.split_last()?;
        let definition = self.definition(api_version, kind, above)?;
        Some(about(&self.schema, definition.field(last)?))
    }

    /// The fields of what is at the end of a way in a kind.
    pub fn fields(&self, api_version: &str, kind: &str, way: &[&str]) -> Vec<FieldAbout> {
        let definition = self.definition(api_version, kind, way);
        let fields = definition.map_or(&[][..], Definition::fields);
        fields.iter().map(|it| about(&self.schema, it)).collect()
    }

    /// The `apiVersion` and the name of every kind that is served, sorted.
    pub fn served(&self) -> Vec<(&'static str, &'static str)> {
        let all = schema::kinds().iter();
        let mut served: Vec<_> = all
            .filter(|kind| kind.is_served(self.minor))
            .map(|kind| (kind.api_version, kind.kind))
            .collect();
        served.sort_unstable();
        served
    }

    fn definition(&self, api_version: &str, kind: &str, way: &[&str]) -> Option<&Definition> {
        let kind = schema::kind(api_version, kind)?;
        let mut definition = self.schema.definition(Schema::number(kind.definition)?);
        let mut words = way.iter();
        while let Some(word) = words.next() {
            let mut kind = &definition.field(word)?.kind;
            definition = loop {
                match kind {
                    Type::Definition(number) => break self.schema.definition(*number),
                    Type::List(inner) | Type::Map(inner) => {
                        words.next()?;
                        kind = inner;
                    }
                    _ => return None,
                }
            };
        }
        Some(definition)
    }
}

fn about(schema: &Schema, field: &Field) -> FieldAbout {
    FieldAbout {
        name: field.name,
        kind: words(schema, &field.kind),
        required: field.required,
        allowed: field.allowed.clone(),
        list_keys: field
            .list_keys
            .iter()
            .copied()
            .filter(|key| !key.is_empty())
            .collect(),
    }
}

fn words(schema: &Schema, kind: &Type) -> String {
    match kind {
        Type::String => "string".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Int32 | Type::Int64 => "integer".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Bytes => "base64".to_owned(),
        Type::Time | Type::MicroTime => "time".to_owned(),
        Type::Quantity => "quantity".to_owned(),
        Type::IntOrString => "integer or string".to_owned(),
        Type::Object => "object".to_owned(),
        Type::Any => "anything".to_owned(),
        Type::SchemaOrArray | Type::SchemaOrBoolean | Type::SchemaOrStrings => "schema".to_owned(),
        Type::List(inner) => format!("list of {}", words(schema, inner)),
        Type::Map(inner) => format!("map of {}", words(schema, inner)),
        Type::Definition(number) => schema.definition(*number).name.to_owned(),
    }
}
