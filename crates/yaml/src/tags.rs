//! Tags: from `!!int` to the type it names.

use std::borrow::Cow;

use super::Tag;
use crate::cut::Cut as _;

/// The prefix of the tags of the YAML type repository.
const CORE: &str = "tag:yaml.org,2002:";

/// What handles such as `!e!` stand for, as the directives of a document say.
#[derive(Debug, Default)]
pub(super) struct Handles {
    prefixes: Vec<(String, String)>,
    has_version: bool,
}

impl Handles {
    /// Takes a directive into account; an error message if that cannot be done.
    pub(super) fn declare(&mut self, directive: &str) -> Result<(), &'static str> {
        let mut words = directive.split([' ', '\t']).filter(|word| !word.is_empty());
        match (words.next(), words.next(), words.next()) {
            (Some("%YAML"), Some(version), None) => self.declare_version(version),
            (Some("%TAG"), Some(handle), Some(prefix)) => self.declare_prefix(handle, prefix),
            _ => Err("unknown directive"),
        }
    }

    fn declare_version(&mut self, version: &str) -> Result<(), &'static str> {
        if std::mem::replace(&mut self.has_version, true) {
            return Err("a document has one `%YAML` directive at most");
        }
        let (major, minor) = version.split_once('.').unwrap_or((version, ""));
        match (major.parse(), minor.parse()) {
            (Ok(1), Ok(1)) => Ok(()),
            _ => Err("only documents of YAML 1.1 may say their version"),
        }
    }

    fn declare_prefix(&mut self, handle: &str, prefix: &str) -> Result<(), &'static str> {
        if self.prefixes.iter().any(|(known, _)| known == handle) {
            return Err("the handle is declared twice");
        }
        self.prefixes
            .push((handle.to_owned(), decode(prefix).into_owned()));
        Ok(())
    }

    fn prefix(&self, handle: &str) -> Option<&str> {
        let declared = self.prefixes.iter().find(|(known, _)| known == handle);
        match (declared, handle) {
            (Some((_, prefix)), _) => Some(prefix),
            (None, "!") => Some("!"),
            (None, "!!") => Some(CORE),
            (None, _) => None,
        }
    }
}

/// The type that a tag names; `None` for `!`, which names none.
pub(super) fn resolve(written: &str, handles: &Handles) -> Result<Option<Tag>, String> {
    if written == "!" || written == "!<!>" {
        return Ok(None);
    }
    if let Some(uri) = written.strip_prefix("!<") {
        return Ok(Some(named(&decode(uri.trim_end_matches('>')))));
    }
    let (handle, suffix) = split(written);
    let Some(prefix) = handles.prefix(handle) else {
        return Err(format!("the tag handle `{handle}` is not declared"));
    };
    if prefix == CORE {
        return Ok(Some(core(&decode(suffix))));
    }
    Ok(Some(named(&format!("{prefix}{}", decode(suffix)))))
}

/// Splits a tag after its handle: `!`, `!!` or `!word!`.
fn split(written: &str) -> (&str, &str) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let rest = written.cut(1..).trim_start_matches(is_word);
    match rest.strip_prefix('!') {
        Some(suffix) => written.halves(written.len() - suffix.len()),
        None => written.halves(1),
    }
}

fn named(uri: &str) -> Tag {
    match uri.strip_prefix(CORE).or_else(|| uri.strip_prefix("!!")) {
        Some(name) => core(name),
        None => Tag::Other,
    }
}

fn core(name: &str) -> Tag {
    match name {
        "null" => Tag::Null,
        "bool" => Tag::Bool,
        "int" => Tag::Int,
        "float" => Tag::Float,
        "str" => Tag::Str,
        "timestamp" => Tag::Timestamp,
        "binary" => Tag::Binary,
        "merge" => Tag::Merge,
        "seq" => Tag::Seq,
        "map" => Tag::Map,
        _ => Tag::Other,
    }
}

/// Replaces escapes such as `%21`.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                rest = after.cut(2..);
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
