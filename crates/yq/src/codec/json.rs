//! JSON: values one after the other, keys in the order of the text.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Tag};
use serde_json::Deserializer;

use super::Encoding;
use crate::{json, number};

pub(super) fn decode(text: &str) -> Result<Vec<Node>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let stream = Deserializer::from_str(text).into_iter::<Decoded>();
    stream
        .map(|value| {
            value
                .map(|value| value.0)
                .map_err(|error| syntax_error(&error))
        })
        .collect()
}

#[cold]
fn syntax_error(error: &serde_json::Error) -> Error {
    Error::new(Kind::Script, format!("the text is no JSON: {error}"))
}

/// A node that was read from JSON.
struct Decoded(Node);

impl<'de> serde::Deserialize<'de> for Decoded {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor).map(Decoded)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::null())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::scalar(value.to_string(), Tag::Bool))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::scalar(value.to_string(), Tag::Int))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::scalar(value.to_string(), Tag::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        // A number without a fraction is an integer, however it was written.
        if value.fract() == 0.0 && value.abs() < 9e15 {
            return Ok(Node::scalar((value as i64).to_string(), Tag::Int));
        }
        Ok(Node::scalar(number::write_float(value), Tag::Float))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::string(value))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(Decoded(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::seq(items))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, Decoded(value))) = map.next_entry::<String, Decoded>()? {
            entries.push(Entry::new(key, value));
        }
        Ok(Node::map(entries))
    }
}

pub(super) fn encode(node: &Node, encoding: &Encoding) -> Result<String> {
    let mut out = match node.text() {
        Some(text) if encoding.unwrapped => text.to_owned(),
        _ => json(node, encoding.indent)?,
    };
    out.push('\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        let encoding = Encoding {
            indent: 0,
            unwrapped: false,
            ..Encoding::default()
        };
        let nodes = decode(text).unwrap();
        nodes
            .iter()
            .map(|node| encode(node, &encoding).unwrap())
            .collect()
    }

    #[test]
    fn values_come_back() {
        for text in [
            "null\n",
            "{\"b\":[1,2.5,-3],\"a\":{}}\n",
            "\"tab\\t quote\\\" \\u0001 é\"\n",
            "[]\n{\"a\":true}\n",
        ] {
            assert_eq!(round(text), text);
        }
        assert_eq!(round("[3.0, 1e3, 1.10]"), "[3,1000,1.1]\n");
        assert!(decode("{\"a\":").is_err());
    }
}
