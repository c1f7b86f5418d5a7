//! Sets values as kustomize does: a replaced value keeps its style.
//!
//! A number that replaces a quoted text is text afterwards, and a quoted number that replaces a
//! plain one stays text, because the type travels with the value and the quotes stay behind.

use rustc_hash::FxHashMap;

use super::read::{Options, read_first};
use super::resolve::{self, Dialect, Scalar, is_old_bool};
use super::style::{Classes, is_remarkable};
use super::{Entry, Node, Str, Style, Tag, Text, Value};
use crate::place::Span;

/// Up to how many fields are looked for one by one.
const FEW: usize = 16;

impl Node {
    /// A scalar written without quotes, of whatever type that makes it.
    pub fn plain(text: &str) -> Self {
        let tag = match text {
            "<<" => Tag::Merge,
            _ => resolve::plain(text, Dialect::Manifest).tag(),
        };
        Self::scalar(text, tag)
    }

    /// A scalar whose type follows its text, now and whenever [`Node::set_text`] changes it.
    pub fn inferred(text: &str) -> Self {
        Self {
            inferred: true,
            ..Self::plain(text)
        }
    }

    /// Makes it a scalar with this text; the type stays, unless it follows the text.
    pub fn set_text(&mut self, text: &str) {
        self.value = Value::Scalar(text.into());
        if self.inferred {
            self.tag = self.resolved(text);
        } else if self.tag == Tag::Bool && is_old_bool(text) {
            // In a manifest such a word is a text, and a tag that says otherwise is refused.
            self.decor_mut().tag = Some(Tag::Bool.name().into());
        }
    }

    /// Replaces a scalar's text; without a tag the type follows from the text and the style that
    /// stays, now and whenever [`Node::set_text`] changes it.
    pub fn set_scalar(&mut self, text: &str, tag: Option<Tag>) {
        self.value = Value::Scalar(text.into());
        self.tag = tag.unwrap_or_else(|| self.resolved(text));
        self.inferred = tag.is_none();
        self.decor = None;
    }

    /// Sets a scalar field of a mapping; a new one is quoted if YAML 1.1 would misread it.
    pub fn set_scalar_field(&mut self, key: &str, text: &str, tag: Option<Tag>) {
        if let Some(field) = self.get_mut(key) {
            field.set_scalar(text, tag);
            return;
        }
        if let Some(entries) = self.entries_mut() {
            entries.push(new_field(key, text, tag));
        }
    }

    /// Replaces a scalar's text as [`Node::set_scalar`] does; the new text was written at `span`.
    /// Without one the place stays what it was.
    pub fn set_scalar_from(&mut self, text: &str, tag: Option<Tag>, span: Option<Span>) {
        self.set_scalar(text, tag);
        self.span = span.unwrap_or(self.span);
    }

    /// Sets a scalar field as [`Node::set_scalar_field`] does, and records where key and value were
    /// written.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yaml::place::SourceId;
    /// use kustom_yaml::{Node, Tag, Text, read_config};
    ///
    /// let labels = read_config(b"team: shop\n", SourceId::NONE)?;
    /// let [entry] = labels.entries() else { unreachable!() };
    /// let mut node = Node::map(Vec::new());
    /// node.set_text_field(&Text::of(&entry.key), &Text::of(&entry.value), Some(Tag::Str));
    /// assert_eq!(node.get("team").unwrap().span.column, 7);
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn set_text_field(&mut self, key: &Text, value: &Text, tag: Option<Tag>) {
        match self.get_mut(key) {
            Some(field) => field.set_scalar_from(value, tag, Some(value.span)),
            None => {
                if let Some(entries) = self.entries_mut() {
                    entries.push(new_text_field(key, value, tag));
                }
            }
        }
    }

    /// Sets scalar fields of a mapping, each as [`Node::set_text_field`] does or, without places, as
    /// [`Node::set_scalar_field`] does.
    pub fn set_text_fields(&mut self, fields: &[(Text, Text)], tag: Option<Tag>, has_places: bool) {
        if fields.len() <= FEW {
            for (key, value) in fields {
                match has_places {
                    true => self.set_text_field(key, value, tag),
                    false => self.set_scalar_field(key, value, tag),
                }
            }
            return;
        }
        let Some(entries) = self.entries_mut() else {
            return;
        };
        let mut places: FxHashMap<Str, usize> = FxHashMap::default();
        for (place, entry) in entries.iter().enumerate() {
            if let Some(key) = entry.key.text() {
                places.entry(key.into()).or_insert(place);
            }
        }
        for (key, value) in fields {
            let place = *places.entry(key.text.clone()).or_insert(entries.len());
            match entries.get_mut(place) {
                Some(entry) => {
                    let span = has_places.then_some(value.span);
                    entry.value.set_scalar_from(value, tag, span);
                }
                None if has_places => entries.push(new_text_field(key, value, tag)),
                None => entries.push(new_field(key, value, tag)),
            }
        }
    }

    /// Takes another node's value and type but keeps the style in which this one was written.
    pub fn replace_keeping_style(&mut self, value: Self) {
        let style = self.style;
        *self = value;
        self.style = style;
    }

    /// Marks a string as quoted that was written plainly and that YAML 1.1 would misread.
    pub fn quote_if_misread(&mut self) {
        if self.style == Style::Plain && self.as_str().is_some_and(is_misread) {
            self.style = Style::Double;
        }
    }

    fn resolved(&self, text: &str) -> Tag {
        match self.style {
            Style::Plain | Style::Flow => resolve::plain(text, Dialect::Manifest).tag(),
            _ => Tag::Str,
        }
    }
}

/// A field with the places of its key and its value.
fn new_text_field(key: &Text, value: &Text, tag: Option<Tag>) -> Entry {
    let mut entry = new_field(key, value, tag);
    (entry.key.span, entry.value.span) = (key.span, value.span);
    entry
}

/// A field that a mapping does not have yet; a text is quoted if YAML 1.1 would misread it.
fn new_field(key: &str, text: &str, tag: Option<Tag>) -> Entry {
    let mut value = Node::scalar(text, tag.unwrap_or(Tag::Str));
    if tag.is_some_and(|tag| tag != Tag::Str) {
        value.style = Style::Plain;
    } else if is_misread(text) {
        value.style = Style::Double;
    } else if tag.is_none() {
        value.tag = resolve::plain(text, Dialect::Manifest).tag();
    }
    value.inferred = tag.is_none();
    Entry {
        key: Node::plain(key),
        value,
    }
}

/// Whether YAML 1.1 takes a text, read as a document, for something else than text.
///
/// Nothing and several lines never count, nor does what is no YAML.
fn is_misread(text: &str) -> bool {
    // Nearly every text leaves here.
    let starts_quietly = |first: &u8| first.is_ascii_alphabetic() && !is_remarkable(*first);
    let classes = Classes::of(text);
    if text.as_bytes().first().is_none_or(starts_quietly)
        && (classes.is_quiet() || !(classes.has_space() || classes.has_newline()))
        && !text.ends_with(':')
    {
        return false;
    }
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    if !has_indicators(text) {
        return is_old_bool(text) || resolve::plain(text, Dialect::Kustomization).tag() != Tag::Str;
    }
    let options = Options {
        dialect: Dialect::Kustomization,
        ..Options::default()
    };
    match read_first(text, &options) {
        Ok(Some(node)) => match node.value_in(Dialect::Kustomization) {
            _ if !node.is_scalar() => can_be_decoded(&node),
            Ok(value) => !matches!(value, Scalar::Str(_)),
            Err(_) => false,
        },
        Ok(None) => true,
        Err(_) => false,
    }
}

/// Whether go-yaml v2 decodes it: no key is a mapping or a list, as in a template's `{{ name }}`.
fn can_be_decoded(node: &Node) -> bool {
    let mut entries = node.entries().iter();
    entries.all(|it| it.key.is_scalar() && can_be_decoded(&it.value))
        && node.items().iter().all(can_be_decoded)
}

/// Whether a line may be more in YAML than a plain scalar.
fn has_indicators(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts = bytes
        .first()
        .is_some_and(|first| !first.is_ascii_alphanumeric() && first.is_ascii());
    starts || bytes.ends_with(b":") || text.contains(": ") || text.contains(" #")
}
