//! The structure of an object: known fields, of the right type, in the right form.
//!
//! These are the refusals that the API server makes while it decodes, before any rule is asked.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::finding::{Findings, Severity};
use crate::path::Path;
use crate::quantity::Quantity;
use crate::schema::{Definition, Schema, Type};
use crate::time::Time;
use crate::value::{Data, Value};

/// Go's standard base64: padded, and not strict about the bits of the last character.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes base64 as Go does, which passes over line breaks.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    BASE64.decode(text).ok()
}

/// Holds an object against its definition.
///
/// A schema of a custom resource within another is read leniently: the server drops what it does not
/// know there, without a word.
pub(crate) struct Structure<'s> {
    pub(crate) lenient: bool,
    pub(crate) schema: &'s Schema,
    pub(crate) findings: &'s mut Findings,
    /// Whether the server's rules see something else than what is written.
    pub(crate) differs: bool,
}

impl Structure<'_> {
    /// Judges a map against a definition, given by its number.
    pub(crate) fn object(&mut self, number: usize, path: &Path<'_>, value: &Value<'_>) {
        let Data::Map(entries) = &value.data else {
            self.wrong_type(path, value, "a map");
            return;
        };
        let definition = self.schema.definition(number);
        for entry in entries {
            let here = path.field(&entry.key);
            match definition.field(&entry.key) {
                Some(field) => {
                    self.differs |= field.dropped;
                    self.value(&field.kind, number, &here, &entry.value);
                }
                None => self.unknown(definition, number, &here, entry),
            }
        }
    }

    fn unknown(
        &mut self,
        definition: &Definition,
        number: usize,
        path: &Path<'_>,
        entry: &crate::value::Entry<'_>,
    ) {
        let near = crate::did_you_mean(
            &entry.key,
            definition.fields().iter().map(|field| field.name),
        );
        let below = self.level_below(number, &entry.key);
        let kind = definition.name.rsplit('.').next().unwrap_or_default();
        let finding = self.findings.add(
            "unknown-field",
            path,
            entry.origin,
            format!("{kind} has no field `{}`", entry.key),
        );
        if self.lenient {
            finding.severity = Severity::Warning;
            finding.message.push_str(", and it is lost");
        }
        finding.help = near
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| below.map(|below| format!("the field belongs into `{below}`")));
    }

    /// The field one level below that has a field of this name.
    fn level_below(&self, number: usize, name: &str) -> Option<&'static str> {
        let definition = self.schema.definition(number);
        definition
            .fields()
            .iter()
            .find_map(|field| match field.kind {
                Type::Definition(inner) if field.name != "status" => self
                    .schema
                    .definition(inner)
                    .field(name)
                    .map(|_| field.name),
                _ => None,
            })
    }

    fn value(&mut self, kind: &Type, around: usize, path: &Path<'_>, value: &Value<'_>) {
        if value.is_null() {
            return;
        }
        match kind {
            Type::String => {
                if value.as_text().is_none() {
                    self.wrong_type(path, value, "text");
                }
            }
            Type::Boolean => {
                if !matches!(value.data, Data::Bool(_)) {
                    self.wrong_type(path, value, "a boolean");
                }
            }
            Type::Int32 => self.integer(path, value, i64::from(i32::MIN), i64::from(i32::MAX)),
            Type::Int64 => self.integer(path, value, i64::MIN, i64::MAX),
            Type::Number => {
                if !matches!(value.data, Data::Int(_) | Data::Number(_)) {
                    self.wrong_type(path, value, "a number");
                }
            }
            Type::Bytes => self.bytes(path, value),
            Type::Time | Type::MicroTime => self.time(path, value),
            Type::Quantity => self.quantity(path, value),
            Type::IntOrString => match value.data {
                Data::Text(_) => {}
                _ => self.integer(path, value, i64::from(i32::MIN), i64::from(i32::MAX)),
            },
            Type::Object => {
                if !matches!(value.data, Data::Map(_)) {
                    self.wrong_type(path, value, "a map");
                }
            }
            Type::Any => {}
            Type::List(element) => match &value.data {
                Data::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.differs |= item.is_null();
                        self.value(element, around, &path.index(index), item);
                    }
                }
                _ => self.wrong_type(path, value, "a list"),
            },
            Type::Map(element) => match &value.data {
                Data::Map(entries) => {
                    for entry in entries {
                        self.differs |= entry.value.is_null();
                        self.value(element, around, &path.field(&entry.key), &entry.value);
                    }
                }
                _ => self.wrong_type(path, value, "a map"),
            },
            Type::Definition(number) => self.object(*number, path, value),
            Type::SchemaOrArray => match &value.data {
                Data::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.inner_schema(around, &path.index(index), item);
                    }
                }
                Data::Map(_) => self.inner_schema(around, path, value),
                // The server passes over anything else.
                _ => {}
            },
            Type::SchemaOrBoolean => match value.data {
                Data::Bool(_) => {}
                _ => self.inner_schema(around, path, value),
            },
            Type::SchemaOrStrings => match value.data {
                Data::List(_) => {}
                _ => self.inner_schema(around, path, value),
            },
        }
    }

    fn bytes(&mut self, path: &Path<'_>, value: &Value<'_>) {
        match value.as_text() {
            None => self.wrong_type(path, value, "base64"),
            Some(text) if decode_base64(text).is_none() => {
                self.findings
                    .add("wrong-type", path, value.origin, "the text is no base64");
            }
            Some(_) => {}
        }
    }

    fn time(&mut self, path: &Path<'_>, value: &Value<'_>) {
        match value.as_text() {
            None => self.wrong_type(path, value, "a time"),
            Some(text) if Time::parse(text).is_none() => {
                let message =
                    format!("`{text}` is no time as of RFC 3339, such as `2006-01-02T15:04:05Z`");
                self.findings.add("wrong-type", path, value.origin, message);
            }
            Some(_) => {}
        }
    }

    fn quantity(&mut self, path: &Path<'_>, value: &Value<'_>) {
        if !matches!(value.data, Data::Text(_) | Data::Int(_) | Data::Number(_)) {
            self.wrong_type(path, value, "a quantity");
        } else if Quantity::of(value).is_none() {
            let text = value.as_text().unwrap_or_default();
            let message = format!("`{text}` is no quantity");
            let finding = self.findings.add("wrong-type", path, value.origin, message);
            let help = "write a number and a suffix, such as `100m` or `1.5Gi`";
            finding.help = Some(help.to_owned());
        }
    }

    fn inner_schema(&mut self, number: usize, path: &Path<'_>, value: &Value<'_>) {
        let outer = std::mem::replace(&mut self.lenient, true);
        self.object(number, path, value);
        self.lenient = outer;
    }

    fn integer(&mut self, path: &Path<'_>, value: &Value<'_>, least: i64, greatest: i64) {
        match value.data {
            Data::Int(number) if (least..=greatest).contains(&number) => {}
            Data::Int(number) => {
                let bits = if greatest == i64::MAX { 64 } else { 32 };
                self.findings.add(
                    "wrong-type",
                    path,
                    value.origin,
                    format!("`{number}` does not fit into {bits} bits"),
                );
            }
            _ => self.wrong_type(path, value, "a whole number"),
        }
    }

    fn wrong_type(&mut self, path: &Path<'_>, value: &Value<'_>, wanted: &str) {
        let found = value.type_name();
        let finding = self.findings.add(
            "wrong-type",
            path,
            value.origin,
            format!("the field takes {wanted}, and this is {found}"),
        );
        if wanted == "text" && matches!(value.data, Data::Bool(_) | Data::Int(_) | Data::Number(_))
        {
            finding.help = Some("put it in quotes".to_owned());
        }
    }
}
