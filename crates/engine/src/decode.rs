//! Decodes YAML nodes into typed fields, by the rules of Go's `encoding/json` as kustomize uses it;
//! for kustomizations, transformer configurations and configurations of plugins.
//!
//! Names of fields match in any case, null is the same as absent, and a number is no text.
//! Configurations of plugins are read more leniently: a number is accepted as a text, and unknown
//! fields are ignored.

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::{Node, Scalar, Str, Tag, Text};

use crate::release::{Change, Release};

/// How strictly a file is read, and as which release reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    is_strict: bool,
    release: Release,
}

impl Mode {
    /// A kustomization: unknown fields and numbers for texts are errors.
    pub(crate) const STRICT: Self = Self {
        is_strict: true,
        release: Release::NEWEST,
    };

    /// The configuration of a plugin.
    pub(crate) const LENIENT: Self = Self {
        is_strict: false,
        release: Release::NEWEST,
    };

    /// The same as a release of kustomize reads it.
    pub(crate) fn as_of(self, release: Release) -> Self {
        Self { release, ..self }
    }

    /// Whether numbers are no texts, and unknown fields errors.
    pub(crate) fn is_strict(self) -> bool {
        self.is_strict
    }

    /// Whether the release behaves as it does since a change.
    pub(crate) fn has(self, change: Change) -> bool {
        self.release.has(change)
    }

    /// Calls `set` with the name and the value of every field of a map.
    pub(crate) fn fields<'n>(
        self,
        node: &'n Node,
        known: &'static [&'static str],
        mut set: impl FnMut(&'static str, &'n Node) -> Result<()>,
    ) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        if !node.is_map() {
            return Err(mismatch(node, "a map"));
        }
        for entry in node.entries() {
            let key = entry.key.text().unwrap_or_default();
            match proper_name(key, known) {
                Some(name) => set(name, &entry.value)?,
                None if self.is_strict => return Err(unknown(&entry.key, known)),
                None => {}
            }
        }
        Ok(())
    }

    /// A text; null is the empty one.
    pub(crate) fn text(self, node: &Node) -> Result<Text> {
        if node.is_null() {
            return Ok(Text {
                text: Str::default(),
                span: node.span,
            });
        }
        match node.tag {
            Tag::Str | Tag::Timestamp if node.is_scalar() => Ok(Text::of(node)),
            Tag::Int | Tag::Float | Tag::Bool if !self.is_strict && node.is_scalar() => Ok(Text {
                text: plain_text(node)?,
                span: node.span,
            }),
            _ => Err(mismatch(node, "a string")),
        }
    }

    /// A list of anything.
    pub(crate) fn list<T>(
        self,
        node: &Node,
        item: impl Fn(Self, &Node) -> Result<T>,
    ) -> Result<Vec<T>> {
        if node.is_null() {
            return Ok(Vec::new());
        }
        if !node.is_seq() {
            return Err(mismatch(node, "a list"));
        }
        let mut list = Vec::with_capacity(node.items().len());
        for node in node.items() {
            list.push(item(self, node)?);
        }
        Ok(list)
    }

    /// A list of texts.
    pub(crate) fn texts(self, node: &Node) -> Result<Vec<Text>> {
        self.list(node, Self::text)
    }

    /// Anything, where null is nothing.
    pub(crate) fn optional<T>(
        self,
        node: &Node,
        decode: impl FnOnce(Self, &Node) -> Result<T>,
    ) -> Result<Option<T>> {
        if node.is_null() {
            return Ok(None);
        }
        decode(self, node).map(Some)
    }

    /// A map of texts, sorted by key.
    pub(crate) fn pairs(self, node: &Node) -> Result<Vec<(Text, Text)>> {
        if node.is_null() {
            return Ok(Vec::new());
        }
        if !node.is_map() {
            return Err(mismatch(node, "a map of strings"));
        }
        let pair = |entry: &kustom_yaml::Entry| {
            let key = Text {
                text: plain_text(&entry.key)?,
                span: entry.key.span,
            };
            Ok((key, self.text(&entry.value)?))
        };
        let mut pairs = node
            .entries()
            .iter()
            .map(pair)
            .collect::<Result<Vec<_>>>()?;
        pairs.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
        Ok(pairs)
    }

    /// A boolean; null is false.
    pub(crate) fn boolean(self, node: &Node) -> Result<bool> {
        if node.is_null() {
            return Ok(false);
        }
        match node.scalar_value() {
            Ok(Scalar::Bool(value)) if node.is_scalar() => Ok(value),
            _ => Err(mismatch(node, "true or false")),
        }
    }

    /// A whole number; null is 0, and `3.0` is one.
    pub(crate) fn integer(self, node: &Node) -> Result<i64> {
        if node.is_null() {
            return Ok(0);
        }
        match node.scalar_value() {
            Ok(Scalar::Int(value)) if node.is_scalar() => Ok(value),
            Ok(Scalar::Float(value)) if node.is_scalar() && value.fract() == 0.0 => {
                Ok(value as i64)
            }
            _ => Err(mismatch(node, "a whole number")),
        }
    }
}

/// Decodes the fields of a map: `fields!(mode, node, |value| { "name" => …, "count" => … })`.
///
/// The names are those that the map may have, in the order in which messages list them.
macro_rules! fields {
    ($mode:expr, $node:expr, |$value:ident| {
        $($name:literal => $set:expr),+ $(,)?
    }) => {
        $mode.fields($node, &[$($name),+], |name, $value| {
            match name {
                $($name => $set,)+
                _ => {}
            }
            Ok(())
        })
    };
}
pub(crate) use fields;

/// The known field that a key names: the one that it spells, or one that differs in case only.
pub(crate) fn proper_name(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let exact = known.iter().find(|name| **name == key);
    exact
        .or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(key)))
        .copied()
}

/// The value of a field of a map; its name matches in any case.
pub(crate) fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let is_named = |key: &Node| key.text().is_some_and(|key| key.eq_ignore_ascii_case(name));
    let entry = node.entries().iter().find(|entry| is_named(&entry.key));
    entry.map(|entry| &entry.value)
}

/// The text that JSON has for a key or, where that will do, for a number.
fn plain_text(node: &Node) -> Result<Str> {
    Ok(match node.scalar_value()? {
        Scalar::Bool(value) => if value { "true" } else { "false" }.into(),
        Scalar::Int(value) => compact_str::format_compact!("{value}"),
        Scalar::Uint(value) => compact_str::format_compact!("{value}"),
        Scalar::Null => "null".into(),
        _ => node.text().unwrap_or_default().into(),
    })
}

/// The parts of the sentence about a value that does not fit.
const EXPECTED: &str = "expected ";
const FOUND: &str = ", found ";

/// What was wanted and what was found, of an error about a value that does not fit.
pub(crate) fn wanted_and_found(error: &Error) -> Option<(&str, &str)> {
    let rest = error.message().strip_prefix(EXPECTED)?;
    rest.split_once(FOUND)
}

/// Something else was found than a field holds.
pub(crate) fn mismatch(node: &Node, wanted: &str) -> Error {
    let found = match (&node.tag, node.is_map(), node.is_seq()) {
        (_, true, _) => "a map",
        (_, _, true) => "a list",
        (Tag::Bool, ..) => "a boolean",
        (Tag::Int | Tag::Float, ..) => "a number",
        (Tag::Null, ..) => "null",
        _ => "a string",
    };
    let message = format!("{EXPECTED}{wanted}{FOUND}{found}");
    let error = Error::new(Kind::Kustomization, message).at(node.span);
    match (wanted, node.text()) {
        ("a string", Some(text)) => error.help(format!("put it in quotes: `\"{text}\"`")),
        _ => error,
    }
}

/// The error for a field that is not among the known ones.
pub(crate) fn unknown(key: &Node, known: &'static [&'static str]) -> Error {
    let name = key.text().unwrap_or_default();
    let error = Error::new(Kind::Kustomization, format!("unknown field `{name}`")).at(key.span);
    match nearest(name, known.iter().copied()) {
        Some(word) => error.help(format!("did you mean `{word}`?")),
        None => error.help(format!("the fields here are {}", known.join(", "))),
    }
}
