//! What a value means once kustomize has encoded and decoded it.
//!
//! Before it prints, kustomize encodes a node by go-yaml v3, decodes that into plain values, turns
//! these into JSON, and decodes the JSON by go-yaml v2. The trip decides what type a scalar has:
//!
//! | tag                      | written                     | value                              |
//! |--------------------------|-----------------------------|------------------------------------|
//! | `!!str`                  | anyhow                      | the text                           |
//! | spelled out              | anyhow                      | what the tag makes of the text     |
//! | implied, not `!!str`     | plainly                     | what the tag makes of the text     |
//! | implied, as if plain     | quoted, `\|`, `>`           | the text: the quotes win           |
//! | implied, other than that | quoted, `\|`, `>`           | what the tag makes of the text     |
//! | `!!null`, implied        | as nothing, in flow or key  | the empty text                     |
//! | `!!timestamp`, implied   | plainly, with `:`, in flow  | the text                           |
//!
//! "As if plain" means that the text, written plainly, would have that very tag; the third of these
//! comes about when a plain number replaces a quoted text. A tag that cannot make anything of the
//! text (`!!int ten`) is an error.
//!
//! And the trip does damage, faithfully repeated here: folded scalars gain or lose line breaks, a
//! block whose line breaks at the end are kept gains one if the document's last comment follows,
//! blocks that start with a tab cannot be read again, and JSON holds characters raw that YAML
//! refuses or takes for line breaks.

use std::borrow::Cow;

use super::resolve::{self, Dialect};
use super::style::{Classes, Emitter, allowed, is_break, is_open_ended};
use super::{Node, Scalar, Style, Tag, Timestamp, Value};
use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};
use crate::place::Place;

/// Where a scalar stands in what go-yaml v3 encodes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    /// Inside `[…]` or `{…}`, at any depth.
    pub(super) in_flow: bool,
    /// As a key of a mapping.
    pub(super) is_key: bool,
    /// As the last value of a document that ends in a comment.
    pub(super) is_before_foot: bool,
}

/// The value after which the comment at the foot of a document is printed.
pub(super) fn before_foot(root: &Node) -> Option<&Node> {
    root.decor.as_ref()?.foot.as_ref()?;
    Some(last_value(root))
}

/// The value that ends last: of collections, the last in the last.
fn last_value(root: &Node) -> &Node {
    last(root, |_| false)
}

/// The value that ends last, if it is a block of text whose line breaks at the end are kept.
pub(super) fn last_open_block(root: &Node) -> Option<&Node> {
    // No such block is verbatim.
    let last = last(root, |node| match &node.value {
        Value::Map(entries) => entries.as_verbatim().is_some(),
        Value::Seq(items) => items.as_verbatim().is_some(),
        _ => false,
    });
    let is_block = matches!(last.style, Style::Literal | Style::Folded);
    (is_block && last.text().is_some_and(is_open_ended)).then_some(last)
}

/// The value that ends last, but for what is in those at which the search stops.
fn last(root: &Node, stops: impl Fn(&Node) -> bool) -> &Node {
    let mut node = root;
    while let Some(last) = match &node.value {
        _ if stops(node) => None,
        Value::Map(entries) => entries.last().map(|entry| &entry.value),
        Value::Seq(items) => items.last(),
        _ => None,
    } {
        node = last;
    }
    node
}

/// The text of a scalar that is a string wherever it stands and takes no damage: nearly all are,
/// unless a comment follows at the foot of the document.
pub(super) fn unharmed(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text)
            if node.tag == Tag::Str
                && node.style != Style::Folded
                && text.as_bytes().first() != Some(&b'\t') =>
        {
            Some(text)
        }
        _ => None,
    }
}

/// The value of a scalar with this text after encoding and decoding by go-yaml v3.
pub(super) fn decoded<'n>(node: &'n Node, text: &'n str, position: Position) -> Result<Scalar<'n>> {
    let explicit = is_explicit(node);
    let is_plain = matches!(node.style, Style::Plain | Style::Flow);
    if node.tag == Tag::Str
        || (!explicit && !is_plain && resolve::plain(text, Dialect::Manifest).tag() == node.tag)
    {
        return block_damage(node, text, position).map(Scalar::Str);
    }
    if !explicit && is_plain {
        // What is written as nothing, or holds a `:`, is put in quotes in some positions.
        let is_quoted = match node.tag {
            Tag::Null => text.is_empty() && (position.in_flow || position.is_key),
            Tag::Timestamp => position.in_flow && text.contains(':'),
            _ => false,
        };
        if is_quoted {
            return Ok(Scalar::Str(Cow::Borrowed(text)));
        }
    }
    match node.tag {
        Tag::Merge | Tag::Other => block_damage(node, text, position).map(Scalar::Str),
        _ => tagged(node, text),
    }
}

/// Makes the empty text of every null that is printed as such: those that are written as nothing
/// in braces or brackets.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::{manifests, settle_nulls};
///
/// let mut documents = manifests(b"a: {b, c: null}\n", SourceId::NONE)?;
/// settle_nulls(&mut documents[0]);
/// let values = documents[0].get("a").map(|a| a.entries()).unwrap_or_default();
/// assert_eq!(values[0].value.as_str(), Some(""));
/// assert!(values[1].value.is_null());
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn settle_nulls(node: &mut Node) {
    settle(node, false);
}

fn settle(node: &mut Node, in_flow: bool) {
    let in_flow = in_flow || node.style == Style::Flow;
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(|item| settle(item, in_flow)),
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| settle(&mut entry.value, in_flow)),
        Value::Scalar(text) => {
            let is_nothing = node.tag == Tag::Null && text.is_empty() && in_flow;
            if is_nothing && !is_explicit(node) && node.style == Style::Plain {
                node.tag = Tag::Str;
            }
        }
        Value::Alias(_) => {}
    }
}

/// What the tag of a scalar makes of its text.
pub(super) fn tagged<'n>(node: &'n Node, text: &str) -> Result<Scalar<'n>> {
    if node.tag == Tag::Bool && resolve::is_old_bool(text) && is_explicit(node) {
        let message = "the value is tagged `!!bool` but reads as `!!str`";
        return Err(Error::new(Kind::Output, message)
            .at(node.span)
            .help("write `true` or `false`"));
    }
    node.scalar_value()
}

/// The text of a key: a string, a whole number or a date; at the root of a document any scalar
/// will do.
pub(super) fn key(key: &Node, in_flow: bool, is_root: bool) -> Result<Cow<'_, str>> {
    let Value::Scalar(text) = &key.value else {
        let message = "a map or a list cannot be a key";
        return Err(Error::new(Kind::Output, message)
            .at(key.span)
            .help("quote a template such as `{{ .Values.name }}`"));
    };
    let position = Position {
        in_flow,
        is_key: true,
        is_before_foot: false,
    };
    key_of(key, text, decoded(key, text, position)?, is_root)
}

/// The text of a key that has this value.
pub(super) fn key_of<'n>(
    key: &Node,
    text: &'n str,
    value: Scalar<'n>,
    is_root: bool,
) -> Result<Cow<'n, str>> {
    match value {
        Scalar::Str(_) if key.tag == Tag::Merge => {
            let message = "the merge key `<<` must stand above a map";
            Err(Error::new(Kind::Output, message).at(key.span))
        }
        Scalar::Str(text) => Ok(text),
        Scalar::Null => Err(wrong_key(text, "null", key)),
        _ if is_root => Ok(Cow::Borrowed(text)),
        Scalar::Int(int) => Ok(Cow::Owned(int.to_string())),
        Scalar::Uint(int) => Ok(Cow::Owned(int.to_string())),
        Scalar::Timestamp(stamp) => timestamp_text(stamp, key).map(Cow::Owned),
        Scalar::Bool(_) => Err(wrong_key(text, "a boolean", key)),
        Scalar::Float(_) => Err(wrong_key(text, "a fraction", key)),
    }
}

#[cold]
fn wrong_key(text: &str, what: &str, key: &Node) -> Error {
    Error::new(
        Kind::Output,
        format!("the key `{text}` is {what}, but keys must be strings, whole numbers or dates"),
    )
    .at(key.span)
    .help(format!("quote it: `\"{text}\"`"))
}

/// The text that a timestamp becomes.
pub(super) fn timestamp_text(stamp: Timestamp, node: &Node) -> Result<String> {
    let text = stamp.to_string();
    let offset = text.get(text.len() - 6..).unwrap_or_default();
    if offset.starts_with(['+', '-']) && offset.cut(1..3) > "23" {
        let message = "a timestamp with an offset of a day or more cannot be printed";
        return Err(Error::new(Kind::Output, message).at(node.span));
    }
    Ok(text)
}

/// Checks that a float is a number that JSON can write.
pub(super) fn check_finite(float: f64, node: &Node) -> Result<()> {
    if float.is_finite() {
        return Ok(());
    }
    let message = "infinity and NaN cannot be printed";
    Err(Error::new(Kind::Output, message)
        .at(node.span)
        .help("quote it if it is a string"))
}

/// Whether two keys that come to the same text are one number or date in two spellings, of which
/// the later one counts.
pub(super) fn are_spellings(a: &Node, b: &Node) -> bool {
    a.tag == b.tag && matches!(a.tag, Tag::Int | Tag::Timestamp) && a.text() != b.text()
}

#[cold]
pub(super) fn key_is_there_twice(text: &str, a: &Node, b: &Node) -> Error {
    let (first, second) = if a.span.start <= b.span.start {
        (a, b)
    } else {
        (b, a)
    };
    Error::new(Kind::Output, format!("the key `{text}` is there twice"))
        .at(second.span)
        .note("the first one is here", Some(Place::from(first.span)))
        .help("keep one of the two")
}

#[cold]
pub(super) fn too_deep(node: &Node) -> Error {
    let message = format!("collections nested more than {DEPTH} deep cannot be printed");
    Error::new(Kind::Output, message).at(node.span)
}

#[cold]
pub(super) fn alias(name: &str, node: &Node) -> Error {
    let message = format!("the alias `*{name}` was never replaced by what it means");
    Error::new(Kind::Output, message).at(node.span)
}

pub(super) use super::size::DEPTH;

/// Whether the tag was spelled out, so that it is written again; `!` only says "not plain".
fn is_explicit(node: &Node) -> bool {
    let tag = node.decor.as_ref().and_then(|decor| decor.tag.as_ref());
    tag.is_some_and(|tag| tag != "!")
}

/// What happens to a string if it is written as a block.
fn block_damage<'n>(node: &Node, text: &'n str, position: Position) -> Result<Cow<'n, str>> {
    let is_folded = node.style == Style::Folded;
    // Nearly every text leaves here.
    if !is_folded && !text.starts_with('\t') && !position.is_before_foot {
        return Ok(Cow::Borrowed(text));
    }
    let is_block = match node.style {
        Style::Folded | Style::Literal => true,
        Style::Plain | Style::Flow => text.contains('\n'),
        Style::Single | Style::Double => false,
    };
    let allowed = allowed(text, Classes::of(text), Emitter::V3);
    let is_simple_key = position.is_key && !allowed.multiline && text.len() <= LONGEST_SIMPLE_KEY;
    if !is_block || !allowed.block || position.in_flow || is_simple_key {
        return Ok(Cow::Borrowed(text));
    }
    if text.starts_with('\t') {
        let message = "a block of text that starts with a tab cannot be printed";
        return Err(Error::new(Kind::Output, message)
            .at(node.span)
            .help("write it in double quotes, with `\\t` and `\\n`"));
    }
    let mut text = Cow::Borrowed(text);
    if is_folded {
        text = Cow::Owned(unfold(&fold(&text), &text));
    }
    if position.is_before_foot && is_open_ended(&text) {
        text.to_mut().push('\n');
    }
    Ok(text)
}

/// Keys up to this many bytes are written on one line with their values.
pub(super) const LONGEST_SIMPLE_KEY: usize = 128;

/// The lines of a folded scalar as libyaml writes them, without indentation.
///
/// Where a line break follows a line that starts with no blank, another one is added to protect it
/// from being folded. Whether the next line needs that is looked up at the start of the text,
/// a slip that this repeats.
fn fold(text: &str) -> String {
    let first = text.trim_start_matches(is_break).chars().next();
    let protects = first.is_some_and(|c| !is_blank(c) && c != '\0');
    let mut out = String::with_capacity(text.len() + 16);
    let mut at_line_start = true;
    let mut starts_blank = true;
    for c in text.chars() {
        if is_break(c) {
            if !at_line_start && !starts_blank && c == '\n' && protects {
                out.push('\n');
            }
            at_line_start = true;
        } else if at_line_start {
            starts_blank = is_blank(c);
            at_line_start = false;
        }
        out.push(c);
    }
    out
}

/// What a reader makes of the lines of a folded scalar, written for a text.
fn unfold(lines: &str, text: &str) -> String {
    let mut out = String::with_capacity(lines.len());
    let mut rest = lines;
    let mut leading_break = "";
    let mut was_blank = false;
    let mut breaks = take_breaks(&mut rest);
    while let Some(first) = rest.chars().next() {
        let is_blank = is_blank(first);
        if leading_break == "\n" && !was_blank && !is_blank {
            if breaks.is_empty() {
                out.push(' ');
            }
        } else {
            out.push_str(leading_break);
        }
        out.push_str(breaks);
        was_blank = is_blank;
        let end = rest.find(is_break).unwrap_or(rest.len());
        out.push_str(rest.cut(..end));
        rest = rest.cut(end..);
        let run = take_breaks(&mut rest);
        let first_len = run.chars().next().map_or(0, char::len_utf8);
        (leading_break, breaks) = run.halves(first_len);
    }
    // The chomping indicator: `-`, none, `+`.
    if text.ends_with(is_break) {
        out.push_str(leading_break);
    }
    if is_open_ended(text) {
        out.push_str(breaks);
    }
    out
}

/// Takes the line breaks that a text starts with.
fn take_breaks<'t>(text: &mut &'t str) -> &'t str {
    let rest = text.trim_start_matches(is_break);
    let (breaks, rest) = text.halves(text.len() - rest.len());
    *text = rest;
    breaks
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        unfold(&fold(text), text)
    }

    #[test]
    fn a_more_indented_line_gains_a_line_break_before_it() {
        assert_eq!(folded("x\n  y\nz\n"), "x\n\n  y\nz\n");
        assert_eq!(folded("x\n\ty\n"), "x\n\n\ty\n");
    }

    #[test]
    fn kept_line_breaks_become_one_more() {
        assert_eq!(folded("x\n\n"), "x\n\n\n");
        assert_eq!(folded("x\n"), "x\n");
        assert_eq!(folded("x"), "x");
    }

    #[test]
    fn a_text_that_starts_with_a_space_loses_line_breaks() {
        assert_eq!(folded("  x\ny\nz\n"), "  x\ny z\n");
    }

    #[test]
    fn quiet_folded_text_is_unharmed() {
        for text in ["a\nb\n\nc\n", "\na\n", "a b c\n", "\n\na"] {
            assert_eq!(folded(text), text, "{text:?}");
        }
    }
}
