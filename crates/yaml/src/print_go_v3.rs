//! Prints nodes as go-yaml v3 does, for documents that are embedded in strings.
//!
//! Styles, comments, anchors, tags and the order of keys are kept; blank lines are dropped, and the
//! indentation becomes even: two columns for each level, the dashes of a list below its key.
//! go-yaml's emitter passes comments from event to event, and so does this one.
//! Productions: <https://yaml.org/spec/1.1/>.

mod comment;
mod flow;
mod scalar;

use std::borrow::Cow;

use super::{Entry, Node, Style, Tag, Value};
use comment::Comments;
use scalar::Shape;

/// How many columns a level takes.
const INDENT: i32 = 2;

/// The longest key that stands without `?`, in bytes.
const SIMPLE_KEY: usize = 128;

/// A document in its own style; it ends with a line feed.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Options, print_go_v3, read_first};
///
/// let options = Options { keep_aliases: true, comments: true, ..Options::default() };
/// let node = read_first("# ours\n\na:\n    - 'x'   # one\n    - {b: c}\n", &options)?;
/// assert_eq!(print_go_v3(&node.unwrap_or_default()), "# ours\n\na:\n- 'x' # one\n- {b: c}\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn print_go_v3(node: &Node) -> String {
    let mut writer = Writer::default();
    writer.document(node);
    writer.out
}

/// A value as YAML spells it, without the line feed at its end: quoted if it is quoted.
pub fn spelled(node: &Node) -> Cow<'_, str> {
    if let Value::Scalar(text) = &node.value
        && node.style == Style::Plain
        && !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        && text.as_bytes()[0] != b'-'
        && node.decor.is_none()
        && node.tag == Tag::Str
        && !matches!(text.as_str(), "true" | "false" | "null")
    {
        return Cow::Borrowed(text);
    }
    Cow::Owned(print_go_v3(node).trim().to_owned())
}

/// What a value is a part of, as far as its place depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Document,
    /// A list in block style: what follows stands on the line of the dash.
    Item,
    /// A map, or anything in flow style.
    Other,
}

/// Writes values into one buffer.
struct Writer {
    out: String,
    column: i32,
    indent: i32,
    /// Whether the last character is white space.
    is_space: bool,
    /// Whether the line has only white space, dashes and question marks so far.
    is_margin: bool,
    /// The indentation at which a foot comment was just written: a blank line follows it.
    foot_indent: i32,
    flow: usize,
    comments: Comments,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            out: String::new(),
            column: 0,
            indent: -1,
            is_space: true,
            is_margin: true,
            foot_indent: -1,
            flow: 0,
            comments: Comments::default(),
        }
    }
}

impl Writer {
    fn document(&mut self, node: &Node) {
        let decor = node.decor.as_deref();
        let is_collection = node.is_map() || node.is_seq();
        self.take_start(node);
        let is_apart = is_collection
            && self.comments.head.as_ref().is_some_and(|head| {
                // A comment right above a collection in flow style is its own.
                node.style != Style::Flow || head.lines().count() + 1 != node.span.line as usize
            });
        self.head_comment();
        if is_apart {
            self.line_break();
        }
        self.start(node, Parent::Document, false);
        self.line_comment();
        self.foot_comment();
        if is_collection {
            self.children(node, Parent::Document, false, true);
            // The comment below a collection at the root is that of the document.
            if let Some(foot) = decor.and_then(|decor| decor.foot.clone()) {
                self.comments.foot = Some(foot);
            }
        }
        self.foot_indent = 0;
        self.foot_comment();
        self.foot_indent = -1;
        self.margin();
    }

    /// Writes a scalar, or what stands before the first child of a collection.
    fn start(&mut self, node: &Node, parent: Parent, is_simple_key: bool) {
        if let Value::Alias(name) = &node.value {
            self.indicator("*", true, false, false);
            return self.word(name);
        }
        let decor = node.decor.as_deref();
        if let Some(anchor) = decor.and_then(|decor| decor.anchor.as_deref()) {
            self.indicator("&", true, false, false);
            self.word(anchor);
        }
        let tag = shown_tag(node);
        if let Some(tag) = &tag {
            self.space();
            self.word(tag);
        }
        if let Value::Scalar(text) = &node.value {
            let indent = self.indent;
            self.deepen(parent, true, false);
            self.scalar(node, text, is_simple_key);
            self.indent = indent;
        }
    }

    /// Writes what is in a collection.
    fn children(&mut self, node: &Node, parent: Parent, in_map: bool, is_root: bool) {
        let is_flow = self.flow > 0 || node.style == Style::Flow;
        let indent = self.indent;
        match &node.value {
            Value::Seq(items) if is_flow || items.is_empty() => {
                self.flow_list(node, items, parent, indent);
            }
            Value::Map(entries) if is_flow || entries.is_empty() => {
                self.flow_map(node, entries, parent, indent);
            }
            Value::Seq(items) => self.block_list(node, items, parent, in_map, is_root),
            Value::Map(entries) => self.block_map(node, entries, parent, is_root),
            _ => {}
        }
        self.indent = indent;
    }

    fn block_list(
        &mut self,
        node: &Node,
        items: &[Node],
        parent: Parent,
        in_map: bool,
        is_root: bool,
    ) {
        let is_compact = in_map && (self.column == 0 || !self.is_margin);
        self.deepen(parent, false, is_compact);
        for item in items {
            self.take_start(item);
            self.head_comment();
            self.margin();
            self.indicator("-", true, false, true);
            self.start(item, Parent::Item, false);
            self.line_comment();
            self.foot_comment();
            self.children(item, Parent::Item, false, false);
        }
        self.take_end(node, is_root, None);
    }

    fn block_map(&mut self, node: &Node, entries: &[Entry], parent: Parent, is_root: bool) {
        self.deepen(parent, false, false);
        let mut tail = None;
        for entry in entries {
            tail = self.take_key(&entry.key, tail);
            self.head_comment();
            self.margin();
            if let Some(line) = self.comments.line.take() {
                self.comments.key_line = Some(line);
            }
            if is_simple_key(&entry.key) {
                self.start(&entry.key, Parent::Other, true);
                self.children(&entry.key, Parent::Other, true, false);
                self.take_start(&entry.value);
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.start(&entry.key, Parent::Other, false);
                self.children(&entry.key, Parent::Other, true, false);
                self.take_start(&entry.value);
                self.margin();
                self.indicator(":", true, false, true);
            }
            self.key_line_comment(&entry.value);
            self.start(&entry.value, Parent::Other, false);
            self.line_comment();
            self.foot_comment();
            self.children(&entry.value, Parent::Other, true, false);
        }
        self.take_end(node, is_root, tail);
        self.head_comment();
    }

    /// Moves the indentation to the right.
    fn deepen(&mut self, parent: Parent, is_flow: bool, is_compact: bool) {
        if self.indent < 0 {
            self.indent = if is_flow { INDENT } else { 0 };
        } else if parent == Parent::Item {
            self.indent += 2;
        } else {
            self.indent = INDENT * ((self.indent + INDENT) / INDENT);
            if is_compact {
                self.indent -= 2;
            }
        }
    }

    /// Goes to the indentation, on a new line if need be.
    fn margin(&mut self) {
        let indent = self.indent.max(0);
        let is_beyond = self.column > indent || (self.column == indent && !self.is_space);
        if !self.is_margin || is_beyond {
            self.line_break();
        }
        if self.foot_indent == indent {
            self.line_break();
        }
        while self.column < indent {
            self.push(' ');
        }
        self.is_space = true;
        self.foot_indent = -1;
    }

    fn indicator(&mut self, text: &str, needs_space: bool, is_space: bool, is_margin: bool) {
        if needs_space {
            self.space();
        }
        self.push_str(text);
        self.is_space = is_space;
        self.is_margin = self.is_margin && is_margin;
    }

    fn word(&mut self, text: &str) {
        self.push_str(text);
        self.is_space = false;
        self.is_margin = false;
    }

    /// A blank, unless there is one.
    fn space(&mut self) {
        if !self.is_space {
            self.push(' ');
        }
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.is_margin = true;
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn push_str(&mut self, text: &str) {
        for c in text.chars() {
            self.push(c);
        }
    }
}

/// The tag that a value shows: its own, or one without which it would read as another type.
fn shown_tag(node: &Node) -> Option<Cow<'_, str>> {
    if let Some(tag) = node.decor.as_ref().and_then(|decor| decor.tag.as_deref()) {
        return (tag != "!").then_some(Cow::Borrowed(tag));
    }
    let text = node.text()?;
    let is_shown = match node.tag {
        Tag::Str | Tag::Other => false,
        Tag::Merge => true,
        tag => super::resolve::plain(text, super::Dialect::Manifest).tag() != tag,
    };
    is_shown.then(|| Cow::Borrowed(node.tag.name()))
}

/// Whether a key stands without `?`.
fn is_simple_key(key: &Node) -> bool {
    let decor = key.decor.as_deref();
    let anchor = decor
        .and_then(|decor| decor.anchor.as_deref())
        .map_or(0, str::len);
    let tag = shown_tag(key).map_or(0, |tag| tag.len());
    let length = match &key.value {
        Value::Scalar(text) if Shape::of(text).has_breaks => return false,
        Value::Scalar(text) => text.len(),
        Value::Alias(name) => name.len(),
        Value::Seq(items) if items.is_empty() => 0,
        Value::Map(entries) if entries.is_empty() => 0,
        _ => return false,
    };
    anchor + tag + length <= SIMPLE_KEY
}

#[cfg(test)]
mod tests {
    use super::super::{Options, read_first};
    use super::*;

    fn kept(text: &str) -> String {
        let options = Options {
            keep_aliases: true,
            comments: true,
            ..Options::default()
        };
        print_go_v3(&read_first(text, &options).unwrap().unwrap_or_default())
    }

    #[test]
    fn styles_anchors_tags_and_order_stay() {
        // go-yaml leaves a line blank behind folded text.
        let text = "b: 'x'\na: \"y\"\nc: &n !t\n  k: [1, {a: b}]\nd: *n\ne: |-\n  l1\n  l2\nf: >\n  folded\n\ng: !!str 5\n";
        assert_eq!(kept(text), text);
    }

    #[test]
    fn indentation_becomes_even_and_blank_lines_go() {
        let text = "a:\n    - b:   1\n\n      c: 2\n    -   - d\n\n\ne:\n      f: g\n";
        assert_eq!(kept(text), "a:\n- b: 1\n  c: 2\n- - d\ne:\n  f: g\n");
    }

    #[test]
    fn comments_stay_where_they_belong() {
        let text = "# top\n\n# head\na: 1 # line\n# foot\n\nb: # key\n- x # item\n# below\n";
        assert_eq!(kept(text), text);
    }
}
