//! Reads JSON so that every scalar keeps its spelling.
//!
//! A JSON patch is applied to spellings (`1.0` is not `1`, and `"\u003c"` is not `"<"`), and only what
//! it leaves behind is decoded. In a spelt value the text of a scalar is its JSON, quotes included.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::hash_map;
use std::fmt;

use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use super::{Entry, Node, Str, Tag, Value, read_config};
use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};

/// How deep values may be nested.
const DEPTH: usize = 200;

/// A JSON text as a spelt value; of equal keys the last counts.
///
/// # Errors
///
/// If it is no JSON, or nested too deep.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::read_json;
///
/// let node = read_json(r#"{"a": 1.0, "b": "x\/y"}"#, SourceId::NONE)?;
/// assert_eq!(node.get("a").and_then(|value| value.text()), Some("1.0"));
/// assert_eq!(node.get("b").and_then(|value| value.text()), Some(r#""x\/y""#));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn read_json(text: &str, source: SourceId) -> Result<Node> {
    let reader = Reader {
        text,
        source,
        last: Cell::default(),
    };
    let root: &RawValue =
        serde_json::from_str(text).map_err(|cause| reader.refused(text, &cause))?;
    reader.value(root.get(), 0)
}

/// A file that may be JSON, as [`super::read_config`] gives it: what starts with `{` is read as JSON, anything else as YAML.
///
/// kustomize decides so about `crds` and `openapi`. JSON has escapes that YAML has not: `\\/`, and pairs of
/// surrogates.
///
/// # Errors
///
/// If it is neither.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::json_or_config;
///
/// let node = json_or_config(br#"{"$ref": "a\/b"}"#, SourceId::NONE)?;
/// assert_eq!(node.get("$ref").and_then(|value| value.as_str()), Some("a/b"));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn json_or_config(bytes: &[u8], source: SourceId) -> Result<Node> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with('{') => decoded(read_json(text, source)?),
        _ => read_config(bytes, source),
    }
}

/// A spelt value with what its scalars mean; here half of a surrogate pair is refused.
fn decoded(mut node: Node) -> Result<Node> {
    let decode = |node: &mut Node| {
        *node = decoded(std::mem::take(node))?;
        Ok(())
    };
    match &mut node.value {
        Value::Scalar(spelling) if node.tag == Tag::Str => {
            let text = serde_json::from_str::<String>(spelling);
            let text = text.map_err(|cause| no_json(&cause).at(node.span))?;
            *spelling = text.into();
        }
        Value::Seq(items) => items.iter_mut().try_for_each(decode)?,
        Value::Map(entries) => entries
            .iter_mut()
            .try_for_each(|entry| decode(&mut entry.value))?,
        Value::Scalar(_) | Value::Alias(_) => {}
    }
    Ok(node)
}

/// The text that a JSON string stands for; half of a surrogate pair becomes U+FFFD, as in Go.
///
/// Anything that is no JSON string stands for nothing.
pub fn unquoted(spelling: &str) -> Option<Cow<'_, str>> {
    let inside = spelling.strip_prefix('"')?.strip_suffix('"')?;
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    let string: Lossy = serde_json::from_str(spelling).ok()?;
    Some(Cow::Owned(string.0))
}

/// Escapes in a spelling what Go escapes when it prints JSON that it was given.
pub fn escape_html(spelling: &str) -> Option<String> {
    let is_escaped = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    spelling.contains(is_escaped).then(|| {
        spelling.chars().fold(String::new(), |mut out, c| {
            match is_escaped(c) {
                true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                false => out.push(c),
            }
            out
        })
    })
}

struct Reader<'t> {
    text: &'t str,
    source: SourceId,
    /// Where the last value began.
    last: Cell<Position>,
}

/// A place in a text; lines and columns from 0.
#[derive(Clone, Copy, Default)]
struct Position {
    offset: usize,
    line: usize,
    column: usize,
}

impl<'t> Reader<'t> {
    fn value(&self, raw: &'t str, depth: usize) -> Result<Node> {
        if depth > DEPTH {
            let message = format!("values nested more than {DEPTH} deep are not read");
            return Err(Error::new(Kind::Yaml, message).at(self.span(raw)));
        }
        // Before what is in it, so that the places are asked for in order.
        let span = self.span(raw);
        let mut node = match raw.as_bytes().first() {
            Some(b'{') => {
                let members: Members<'t> = self.parsed(raw)?;
                let mut entries: Vec<Entry> = Vec::with_capacity(members.0.len());
                let mut places: FxHashMap<Str, usize> = FxHashMap::default();
                for (key, raw) in members.0 {
                    let entry = Entry::new(key.clone(), self.value(raw.get(), depth + 1)?);
                    match places.entry(key) {
                        hash_map::Entry::Occupied(place) => entries[*place.get()] = entry,
                        hash_map::Entry::Vacant(free) => {
                            free.insert(entries.len());
                            entries.push(entry);
                        }
                    }
                }
                Node::map(entries)
            }
            Some(b'[') => {
                let items: Vec<&'t RawValue> = self.parsed(raw)?;
                let items = items.iter().map(|raw| self.value(raw.get(), depth + 1));
                Node::seq(items.collect::<Result<_>>()?)
            }
            Some(b'"') => Node::scalar(raw, Tag::Str),
            Some(b't' | b'f') => Node::scalar(raw, Tag::Bool),
            Some(b'n') => Node::null(),
            _ => Node::scalar(raw, Tag::Float),
        };
        node.span = span;
        Ok(node)
    }

    fn parsed<T: serde::Deserialize<'t>>(&self, raw: &'t str) -> Result<T> {
        serde_json::from_str(raw).map_err(|cause| self.refused(raw, &cause))
    }

    /// Where a part of the text stands.
    fn span(&self, raw: &str) -> Span {
        let start = (raw.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        // Values are read in the order of the text: the way goes on where the last one began.
        let known = Some(self.last.get()).filter(|last| last.offset <= start);
        let from = known.unwrap_or_default();
        let between = self.text.cut(from.offset..start);
        let breaks = between.matches('\n').count();
        let line = between.rsplit('\n').next().unwrap_or_default();
        let at = Position {
            offset: start,
            line: from.line + breaks,
            column: line.chars().count() + if breaks > 0 { 0 } else { from.column },
        };
        self.last.set(at);
        Span {
            source: self.source,
            start: start as u32,
            end: (start + raw.len()) as u32,
            line: at.line as u32 + 1,
            column: at.column as u32 + 1,
        }
    }

    #[cold]
    fn refused(&self, raw: &str, cause: &serde_json::Error) -> Error {
        let lines = self.span(raw).line + (cause.line() as u32).saturating_sub(1);
        let span = Span {
            source: self.source,
            line: lines,
            column: cause.column() as u32,
            ..Span::default()
        };
        no_json(cause).at(span)
    }
}

#[cold]
fn no_json(cause: &serde_json::Error) -> Error {
    // Where it is, is said by the place.
    let why = cause.to_string();
    let why = why.split(" at line ").next().unwrap_or_default();
    Error::new(Kind::Yaml, format!("the text is no JSON: {why}"))
}

/// The members of an object in the order of the text.
struct Members<'t>(Vec<(Str, &'t RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Lossy, &RawValue>()? {
                    members.push((Str::from(key.0), value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// A string in which halves of surrogate pairs are U+FFFD.
struct Lossy(String);

impl<'de> serde::Deserialize<'de> for Lossy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Lossy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(lossy(bytes)))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// The text of bytes that `serde_json` decoded: a half of a surrogate pair is three bytes there.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return text;
            }
            Err(error) => {
                let (valid, invalid) = rest.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(valid));
                text.push('\u{FFFD}');
                rest = invalid.get(3..).unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_and_places_are_kept() {
        let text = "[\n  {\"a\": -1.50E2, \"b\\u00e9\": null},\n \"<\"]";
        let node = read_json(text, SourceId::NONE).unwrap();
        let number = node.items()[0].get("a").unwrap();
        assert_eq!(number.text(), Some("-1.50E2"));
        assert_eq!((number.span.line, number.span.column), (2, 9));
        assert_eq!(&text[number.span.range()], "-1.50E2");
        assert!(node.items()[0].get("bé").unwrap().is_null());
        assert_eq!(node.items()[1].text(), Some("\"<\""));
    }

    #[test]
    fn strings_are_decoded_as_go_decodes_them() {
        for (spelling, text) in [
            (r#""a\/b""#, "a/b"),
            (r#""\ud83d\ude00\u0041""#, "😀A"),
            (r#""x\ud83dy\ude00""#, "x\u{FFFD}y\u{FFFD}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
            (r#""plain""#, "plain"),
        ] {
            assert_eq!(unquoted(spelling).as_deref(), Some(text), "{spelling}");
        }
        assert_eq!(unquoted("1"), None);
        assert_eq!(escape_html("\"a<b\"").as_deref(), Some("\"a\\u003cb\""));
        assert_eq!(escape_html("\"ab\""), None);
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_depth_ends() {
        let node = read_json(r#"{"a": 1, "b": 2, "a": 3}"#, SourceId::NONE).unwrap();
        assert_eq!(node.entries().len(), 2);
        assert_eq!(node.get("a").unwrap().text(), Some("3"));
        let deep = "[".repeat(DEPTH + 2) + &"]".repeat(DEPTH + 2);
        assert!(read_json(&deep, SourceId::NONE).is_err());
        for text in ["", "[1,]", "{a: 1}", "[] x", "[01]"] {
            assert!(read_json(text, SourceId::NONE).is_err(), "{text}");
        }
    }
}
