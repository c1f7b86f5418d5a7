//! A YAML node that remembers its place and style.

use compact_str::CompactString;

use super::list::{Absent, List, Sought};

use crate::place::Span;

/// The text of a scalar; short ones live in the node itself.
pub type Str = CompactString;

/// A YAML value.
///
/// Aliases are either kept as [`Value::Alias`] (for editing) or replaced by what they mean (for
/// building); which of the two is up to the reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The value itself.
    pub value: Value,
    /// The type, resolved when it was read; copying a value copies its type.
    pub tag: Tag,
    /// How it was written.
    pub style: Style,
    /// Whether the type is inferred again from each new text; see [`Node::inferred`].
    pub inferred: bool,
    /// Where it was written; all zero for a value made by us.
    pub span: Span,
    /// What few values have: an anchor, a tag of their own, comments.
    pub decor: Option<Box<Decor>>,
}

/// The three shapes of a value, and the alias.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text; what it means is said by the node's [`Tag`].
    Scalar(Str),
    /// A sequence.
    Seq(List<Node>),
    /// A mapping in source order; duplicate keys are kept, and later steps may refuse them.
    Map(List<Entry>),
    /// `*name`, where the reader was asked to keep aliases.
    Alias(Str),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, nearly always a scalar.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// The type of a value, in the short names of the YAML 1.1 type repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tag {
    /// `!!null`
    #[default]
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!str`
    Str,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`, the plain key `<<`
    Merge,
    /// `!!seq`
    Seq,
    /// `!!map`
    Map,
    /// Any other, spelled out in [`Decor::tag`]
    Other,
}

/// How a value was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// A plain scalar, or a collection in block style.
    #[default]
    Plain,
    /// `'single'`
    Single,
    /// `"double"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// `[a]`, `{a: b}`
    Flow,
}

/// What few values have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decor {
    /// The name after `&`.
    pub anchor: Option<Str>,
    /// The tag as the source spells it, such as `!!str`, `!foo` or `!<tag:x>`.
    pub tag: Option<Str>,
    /// Comment lines above, each with its `#`.
    pub head: Option<Str>,
    /// The comment on the same line, with its `#`.
    pub line: Option<Str>,
    /// Comment lines below, each with its `#`.
    pub foot: Option<Str>,
    /// Whether TOML has it on one line: a table in braces.
    pub inline: bool,
}

impl Tag {
    /// The short name, such as `!!str`; `!` for a tag that is not of the repository.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Str => "!!str",
            Self::Timestamp => "!!timestamp",
            Self::Binary => "!!binary",
            Self::Merge => "!!merge",
            Self::Seq => "!!seq",
            Self::Map => "!!map",
            Self::Other => "!",
        }
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::Scalar(Str::const_new("null"))
    }
}

impl Node {
    /// A scalar of a type, written plainly.
    pub fn scalar(text: impl Into<Str>, tag: Tag) -> Self {
        Self {
            value: Value::Scalar(text.into()),
            tag,
            ..Self::default()
        }
    }

    /// A string, written plainly where the writer allows it.
    pub fn string(text: impl Into<Str>) -> Self {
        Self::scalar(text, Tag::Str)
    }

    /// `null`.
    pub fn null() -> Self {
        Self::default()
    }

    /// A mapping.
    pub fn map(entries: Vec<Entry>) -> Self {
        Self {
            value: Value::Map(entries.into()),
            tag: Tag::Map,
            ..Self::default()
        }
    }

    /// A sequence.
    pub fn seq(items: Vec<Self>) -> Self {
        Self {
            value: Value::Seq(items.into()),
            tag: Tag::Seq,
            ..Self::default()
        }
    }

    /// The text of a scalar, whatever its type.
    #[inline]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar that is a string.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        if self.tag == Tag::Str {
            self.text()
        } else {
            None
        }
    }

    /// Whether it is null.
    #[inline]
    pub fn is_null(&self) -> bool {
        self.tag == Tag::Null && matches!(self.value, Value::Scalar(_))
    }

    /// The entries of a mapping; of anything else none.
    #[inline]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The entries of a mapping, to change.
    #[inline]
    pub fn entries_mut(&mut self) -> Option<&mut Vec<Entry>> {
        match &mut self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a sequence; of anything else none.
    #[inline]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Seq(items) => items,
            _ => &[],
        }
    }

    /// The items of a sequence, to change.
    #[inline]
    pub fn items_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Whether it is a mapping.
    #[inline]
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether it is a sequence.
    #[inline]
    pub fn is_seq(&self) -> bool {
        matches!(self.value, Value::Seq(_))
    }

    /// Whether it is a scalar.
    #[inline]
    pub fn is_scalar(&self) -> bool {
        matches!(self.value, Value::Scalar(_))
    }

    /// The value of a key of a mapping; the first one if the key is there twice.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.is(key))
            .map(|entry| &entry.value)
    }

    /// The value of a key of a mapping, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let index = self.entries().iter().position(|entry| entry.is(key))?;
        let entry = self.entries_mut()?.get_mut(index)?;
        Some(&mut entry.value)
    }

    /// Sets the value of a key of a mapping, at its place or at the end; does nothing on other shapes.
    pub fn set(&mut self, key: &str, value: Self) {
        if let Some(old) = self.get_mut(key) {
            *old = value;
        } else if let Some(entries) = self.entries_mut() {
            entries.push(Entry {
                key: Self::string(key),
                value,
            });
        }
    }

    /// Takes a key out of a mapping.
    pub fn remove(&mut self, key: &str) -> Option<Self> {
        let index = self.entries().iter().position(|entry| entry.is(key))?;
        Some(self.entries_mut()?.remove(index).value)
    }

    /// Lets copies of it share its collections until they are changed.
    pub fn share(&mut self) {
        self.share_weighed();
    }

    /// The same; returns how many values it is.
    fn share_weighed(&mut self) -> usize {
        /// How many values are worth it.
        const WORTH_SHARING: usize = 16;
        let weight = match &mut self.value {
            Value::Scalar(_) | Value::Alias(_) => return 1,
            Value::Seq(items) => match items.as_piece() {
                // What is in its source is shared already.
                Some(piece) => piece.extent().values as usize,
                None => items.iter_mut().map(Self::share_weighed).sum(),
            },
            Value::Map(entries) => match entries.as_piece() {
                Some(piece) => piece.extent().values as usize,
                None => {
                    let mut weight = entries.len();
                    for entry in entries.iter_mut() {
                        weight += entry.value.share_weighed();
                    }
                    weight
                }
            },
        };
        if weight >= WORTH_SHARING {
            match &mut self.value {
                Value::Scalar(_) | Value::Alias(_) => {}
                Value::Seq(items) => items.share_of(weight),
                Value::Map(entries) => entries.share_of(weight),
            }
        }
        weight + 1
    }

    /// Whether no scalar in it is what is sought; keys are not looked at.
    ///
    /// Of a collection that copies share it is found out once.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yaml::place::SourceId;
    /// use kustom_yaml::{Node, Sought, manifests};
    ///
    /// let node = &manifests(b"a: [ENC, c]", SourceId::NONE)?[0];
    /// let is_sought = |scalar: &Node| scalar.text() == Some("ENC");
    /// assert!(!node.lacks(Sought::Ciphertext, &is_sought));
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn lacks(&self, sought: Sought, is_sought: &dyn Fn(&Self) -> bool) -> bool {
        let once = |absent: Option<&Absent>, search: &dyn Fn() -> bool| {
            if absent.is_some_and(|absent| absent.is_known(sought)) {
                return true;
            }
            let lacks = search();
            if let (Some(absent), true) = (absent, lacks) {
                absent.remember(sought);
            }
            lacks
        };
        match &self.value {
            Value::Scalar(_) => !is_sought(self),
            Value::Alias(_) => true,
            Value::Seq(items) => once(items.absent(), &|| {
                items.iter().all(|item| item.lacks(sought, is_sought))
            }),
            Value::Map(entries) => once(entries.absent(), &|| {
                let mut values = entries.iter().map(|entry| &entry.value);
                values.all(|value| value.lacks(sought, is_sought))
            }),
        }
    }

    /// Shows the entries of a mapping that have a key, or merge others; what has to be read for that is
    /// not kept. Other entries may be left out, and comments.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yaml::{Options, read};
    ///
    /// let document = &read("{a: 1, b: 2}", &Options::default())?[0];
    /// let found = document.glimpse("b", |entries| {
    ///     let entry = entries.iter().find(|entry| entry.is("b"))?;
    ///     entry.value.text().map(str::to_owned)
    /// });
    /// assert_eq!(found.as_deref(), Some("2"));
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn glimpse<R>(&self, key: &str, look: impl FnOnce(&[Entry]) -> R) -> R {
        match &self.value {
            Value::Map(entries) => entries.glimpse(key, look),
            _ => look(&[]),
        }
    }

    /// How many values are in it, however deep, if it is a piece of its text that is read when
    /// somebody looks into it; none of them is an alias, or has an anchor.
    pub fn unread_values(&self) -> Option<usize> {
        let extent = match &self.value {
            Value::Seq(items) => items.as_piece()?.extent(),
            Value::Map(entries) => entries.as_piece()?.extent(),
            Value::Scalar(_) | Value::Alias(_) => return None,
        };
        Some(extent.values as usize)
    }

    /// The value at the end of a path of keys.
    #[inline]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The value at the end of a path of keys, to change.
    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        path.iter().try_fold(self, |node, key| node.get_mut(key))
    }

    /// The dress, made if it was not there.
    pub fn decor_mut(&mut self) -> &mut Decor {
        self.decor.get_or_insert_default()
    }
}

impl Entry {
    /// An entry with a string key.
    pub fn new(key: impl Into<Str>, value: Node) -> Self {
        Self {
            key: Node::string(key),
            value,
        }
    }

    /// Whether the key has this text.
    #[inline]
    pub fn is(&self, key: &str) -> bool {
        matches!(&self.key.value, Value::Scalar(text) if text == key)
    }
}
