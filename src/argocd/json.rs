//! Values of an ApplicationSet, each with its place.

use std::collections::BTreeMap;

use kustom_gotemplate as gotemplate;

use crate::error::{Error, Kind, Result};
use crate::place::Span;
use crate::yaml::{Entry, Node, Tag, Value, spelt_config, unquoted};

/// A JSON value that knows where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Json {
    pub(super) shape: Shape,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Null,
    Bool(bool),
    /// As JSON spells it.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
}

impl Json {
    pub(super) fn new(shape: Shape, span: Span) -> Self {
        Self { shape, span }
    }

    pub(super) fn text(text: impl Into<String>, span: Span) -> Self {
        Self::new(Shape::Text(text.into()), span)
    }

    /// A document that was read as [`crate::yaml::read_config`] reads.
    pub(super) fn of(node: &Node) -> Result<Self> {
        Ok(Self::of_spelt(&spelt_config(node)?))
    }

    /// A node whose scalars are spelt as JSON.
    pub(super) fn of_spelt(node: &Node) -> Self {
        let shape = match &node.value {
            Value::Scalar(spelling) => scalar(spelling),
            Value::Seq(items) => Shape::List(items.iter().map(Self::of_spelt).collect()),
            Value::Map(entries) => {
                let entries = entries.iter();
                Shape::Map(
                    entries
                        .map(|entry| (key(entry), Self::of_spelt(&entry.value)))
                        .collect(),
                )
            }
            Value::Alias(_) => Shape::Null,
        };
        Self::new(shape, node.span)
    }

    pub(super) fn is_null(&self) -> bool {
        self.shape == Shape::Null
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.shape {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.shape {
            Shape::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn map(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.shape {
            Shape::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What is under a key, if it is a map and has something there.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.map()?.get(key).filter(|value| !value.is_null())
    }

    /// The text under a key, or an empty one.
    pub(super) fn str_at(&self, key: &str) -> &str {
        self.get(key).and_then(Self::as_str).unwrap_or_default()
    }

    pub(super) fn bool_at(&self, key: &str) -> bool {
        matches!(self.get(key), Some(value) if value.shape == Shape::Bool(true))
    }

    /// The name of its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self.shape {
            Shape::Null => "null",
            Shape::Bool(_) => "a boolean",
            Shape::Number(_) => "a number",
            Shape::Text(_) => "a string",
            Shape::List(_) => "a list",
            Shape::Map(_) => "a map",
        }
    }

    /// Whether a text in it could hold a template.
    pub(super) fn has_braces(&self) -> bool {
        match &self.shape {
            Shape::Text(text) => text.contains("{{"),
            Shape::List(items) => items.iter().any(Self::has_braces),
            Shape::Map(map) => map
                .iter()
                .any(|(key, value)| key.contains("{{") || value.has_braces()),
            _ => false,
        }
    }

    /// The value as a template sees it.
    pub(super) fn to_value(&self) -> Result<gotemplate::Value> {
        let value = match &self.shape {
            Shape::Null => Ok(gotemplate::Value::Nil),
            Shape::Bool(value) => Ok(gotemplate::Value::Bool(*value)),
            Shape::Number(spelling) => {
                let number = spelling
                    .parse()
                    .ok()
                    .filter(|number: &f64| number.is_finite());
                return number.map(gotemplate::Value::Float).ok_or_else(|| {
                    Error::new(Kind::Template, "a number is too large").at(self.span)
                });
            }
            Shape::Text(text) => Ok(gotemplate::Value::text(text)),
            Shape::List(items) => {
                let items: Result<Vec<_>> = items.iter().map(Self::to_value).collect();
                gotemplate::Value::list(items?)
            }
            Shape::Map(map) => {
                let mut entries = BTreeMap::new();
                for (key, value) in map {
                    entries.insert(key.clone(), value.to_value()?);
                }
                gotemplate::Value::map(entries)
            }
        };
        value.map_err(|refusal| Error::new(Kind::Template, refusal.message()).at(self.span))
    }

    /// The value as it is printed.
    pub(super) fn to_node(&self) -> Node {
        let mut node = match &self.shape {
            Shape::Null => Node::null(),
            Shape::Bool(value) => Node::scalar(if *value { "true" } else { "false" }, Tag::Bool),
            Shape::Number(spelling) => {
                let is_float = spelling.contains(['.', 'e', 'E']);
                Node::scalar(
                    spelling.as_str(),
                    if is_float { Tag::Float } else { Tag::Int },
                )
            }
            Shape::Text(text) => Node::string(text.as_str()),
            Shape::List(items) => Node::seq(items.iter().map(Self::to_node).collect()),
            Shape::Map(map) => {
                let entries = map.iter();
                Node::map(
                    entries
                        .map(|(key, value)| Entry {
                            key: Node::string(key.as_str()),
                            value: value.to_node(),
                        })
                        .collect(),
                )
            }
        };
        node.span = self.span;
        node
    }
}

fn scalar(spelling: &str) -> Shape {
    match spelling {
        "" | "null" => Shape::Null,
        "true" => Shape::Bool(true),
        "false" => Shape::Bool(false),
        _ if spelling.starts_with('"') => {
            Shape::Text(unquoted(spelling).unwrap_or_default().into_owned())
        }
        _ => Shape::Number(spelling.to_owned()),
    }
}

fn key(entry: &Entry) -> String {
    let text = entry.key.text().unwrap_or_default();
    match unquoted(text) {
        Some(key) if text.starts_with('"') => key.into_owned(),
        _ => text.to_owned(),
    }
}

/// The number as Go writes it after it was a float.
pub(super) fn as_float(spelling: &str) -> String {
    let number: Option<f64> = spelling.parse().ok();
    let Some(number) = number.filter(|number| number.is_finite()) else {
        return spelling.to_owned();
    };
    let meter = gotemplate::Meter::new(1000);
    gotemplate::to_json(&gotemplate::Value::Float(number), &meter)
        .unwrap_or_else(|_| spelling.to_owned())
}
