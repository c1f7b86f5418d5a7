//! Values of scripts and command lines, and what they take over from the old value.

use kustom_yaml::error::Result;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Decor, Node, Str, Style, Tag, Value, implied_tag};

use super::documents::documents_of;
use crate::word::core_tag;

/// What the flags of a command line say of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueFlags {
    /// `--tag`
    pub tag: Option<String>,
    /// `--style`
    pub style: Option<Style>,
    /// `--style tagged`
    pub tagged: bool,
    /// `--anchorName`
    pub anchor: Option<String>,
    /// `--makeAlias`: the text is the name of an anchor.
    pub alias: bool,
}

/// A value of the command line: `3` is a number, `[]` an empty sequence, anything else a text.
pub fn argument(text: &str, flags: &ValueFlags) -> Node {
    if flags.alias {
        return Node {
            value: Value::Alias(text.into()),
            tag: Tag::Other,
            ..Node::default()
        };
    }
    let mut node = if text == "[]" {
        Node {
            style: Style::Flow,
            ..Node::seq(Vec::new())
        }
    } else {
        Node::scalar(text, implied_tag(text))
    };
    // A word of YAML 1.1 stays as it was typed.
    node.span = typed();
    if let Some(anchor) = &flags.anchor {
        node.decor_mut().anchor = Some(anchor.as_str().into());
    }
    put_on(&mut node, flags);
    node
}

/// The first document of a text as a value.
pub fn value_of(text: &str) -> Result<Node> {
    let mut node = documents_of(text, true)?
        .into_iter()
        .next()
        .unwrap_or_default();
    without_place(&mut node);
    Ok(node)
}

/// Takes off the comments of a value itself, and those within it that speak to us.
///
/// What stands beside a value in a script is about the statement; what stands in it is part of it.
pub(super) fn without_remarks(node: &mut Node) {
    if let Some(decor) = &mut node.decor {
        (decor.head, decor.line, decor.foot) = (None, None, None);
    }
    forget_remarks(node);
}

fn forget_remarks(node: &mut Node) {
    if let Some(decor) = &mut node.decor {
        for comment in [&mut decor.head, &mut decor.line, &mut decor.foot] {
            comment.take_if(|comment| comment.contains("# kustom:"));
        }
    }
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(forget_remarks),
        Value::Map(entries) => {
            for entry in entries {
                forget_remarks(&mut entry.key);
                forget_remarks(&mut entry.value);
            }
        }
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}

/// Gives a scalar a style and a tag.
pub(super) fn put_on(node: &mut Node, flags: &ValueFlags) {
    let Some(text) = node.text().map(Str::from) else {
        return;
    };
    if let Some(style) = flags.style.filter(|style| *style != Style::Flow) {
        node.style = style;
        node.tag = Tag::Str;
        if let Some(decor) = &mut node.decor {
            decor.tag = None;
        }
    }
    match &flags.tag {
        Some(tag) => set_tag(node, tag, &text, flags.tagged),
        None if flags.tagged => {
            let name = node.tag.name();
            node.decor_mut().tag = Some(name.into());
        }
        None => {}
    }
}

/// Gives a scalar the type that a tag names; the tag shows only where it has to.
fn set_tag(node: &mut Node, tag: &str, text: &str, shows: bool) {
    node.tag = core_tag(tag).unwrap_or(Tag::Other);
    let goes_without = match node.tag {
        Tag::Str => true,
        known => known == implied_tag(text) && node.style == Style::Plain,
    };
    let written = (shows || !goes_without).then(|| tag.into());
    if written.is_some() || node.decor.is_some() {
        node.decor_mut().tag = written;
    }
}

/// Where a value stands that was typed and not read.
fn typed() -> Span {
    Span {
        source: FOREIGN,
        line: 1,
        ..Span::default()
    }
}

/// The source of values that are not of the text that is changed.
const FOREIGN: SourceId = SourceId::NONE;

/// Forgets where a value was read, so that it is not taken for a part of another text.
pub(super) fn without_place(node: &mut Node) {
    node.span = typed();
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(without_place),
        Value::Map(entries) => {
            for entry in entries {
                without_place(&mut entry.key);
                without_place(&mut entry.value);
            }
        }
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}

/// Whether yq 3 writes a value as a block of text, with `|` or `>`.
pub(super) fn is_block(value: &Node) -> bool {
    let text = value.text().unwrap_or_default();
    match value.style {
        Style::Literal | Style::Folded => true,
        Style::Plain => text.contains('\n'),
        _ => false,
    }
}

/// Gives a new value the anchor of the old one, to which aliases may refer, and its comments.
pub(super) fn inherit(old: &Node, new: &mut Node) {
    let Some(old) = old.decor.as_deref() else {
        return;
    };
    let own = new.decor_mut();
    for (own, old) in [
        (&mut own.head, &old.head),
        (&mut own.line, &old.line),
        (&mut own.foot, &old.foot),
    ] {
        if own.is_none() {
            own.clone_from(old);
        }
    }
    if own.anchor.is_none() {
        own.anchor.clone_from(&old.anchor);
    }
    if matches!(new.value, Value::Alias(_)) {
        new.decor_mut().anchor = None;
    }
    if new.decor.as_deref() == Some(&Decor::default()) {
        new.decor = None;
    }
}
