//! Prints nodes as YAML in a clean style that keeps the author's choices.
//!
//! Styles, comments, anchors, tags and the order of keys stay; indentation is made even. This is
//! how new documents and new values look; a changed file is written by the lossless editor, and
//! kustomize's own output by the writer of its dialect.

mod comments;
mod flow;

use std::borrow::Cow;

use super::quoting::{self, Spot};
use super::{Entry, Node, Style, Value};
use comments::has_head;

/// How nodes are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintOptions {
    /// How many columns a level of nesting takes, from 1 to 9.
    pub indent: usize,
    /// Whether the dashes of a sequence stand below their key, not one level deeper.
    pub compact_sequences: bool,
    /// Whether flow style and needless quotes are dropped.
    pub pretty: bool,
    /// The column at which folded text breaks; never if absent.
    pub width: Option<usize>,
    /// Whether a document that is a scalar is printed as its bare text.
    pub unwrapped: bool,
    /// Whether comments are printed.
    pub comments: bool,
}

impl Default for PrintOptions {
    fn default() -> Self {
        Self {
            indent: 2,
            compact_sequences: false,
            pretty: false,
            width: Some(80),
            unwrapped: false,
            comments: true,
        }
    }
}

/// Prints documents, with `---` between them.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Options, PrintOptions, print, read};
///
/// let documents = read("a:   [1,2]\nb:\n    - 'x'\n", &Options::default())?;
/// assert_eq!(print(&documents, &PrintOptions::default()), "a: [1, 2]\nb:\n  - 'x'\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn print(documents: &[Node], options: &PrintOptions) -> String {
    let mut printer = Printer::new(options);
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            printer.out.push_str("---\n");
        }
        printer.document(document);
    }
    printer.out
}

/// Prints one document; it ends with a line feed.
pub fn print_node(node: &Node, options: &PrintOptions) -> String {
    let mut printer = Printer::new(options);
    printer.document(node);
    printer.out
}

/// Writes nodes into one buffer.
pub(super) struct Printer {
    /// What was written so far.
    pub(super) out: String,
    /// Columns from a key to the dashes below it.
    pub(super) sequence_indent: usize,
    /// Columns from a dash to what follows it.
    pub(super) dash_width: usize,
    options: PrintOptions,
}

/// What stands before a value on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// `key:` or `? key`; a collection starts on a new line.
    Key,
    /// `-` or `?`; a collection starts on the same line.
    Dash,
    /// Nothing: the value is the document.
    Nothing,
}

impl Printer {
    pub(super) fn new(options: &PrintOptions) -> Self {
        Self {
            out: String::new(),
            sequence_indent: if options.compact_sequences {
                0
            } else {
                options.indent
            },
            dash_width: 2,
            options: *options,
        }
    }

    pub(super) fn document(&mut self, node: &Node) {
        if self.options.unwrapped
            && let Some(text) = node.text()
        {
            self.out.push_str(text);
            self.out.push('\n');
            return;
        }
        self.head(node, 0);
        if has_head(node) && self.is_block(node) && self.options.comments {
            // Without the blank line it would be about the first child.
            self.out.push('\n');
        }
        let comment = self.comment(node, |decor| decor.line.as_deref());
        self.value_with(node, 0, After::Nothing, comment);
        self.foot(node, 0);
    }

    /// The lines of an entry, from its head comment to its foot comment.
    pub(super) fn entry(&mut self, entry: &Entry, column: usize) {
        self.head(&entry.key, column);
        self.head(&entry.value, column);
        self.margin(column);
        self.entry_without_head(entry, column);
    }

    /// An entry whose margin stands already.
    fn entry_without_head(&mut self, entry: &Entry, column: usize) {
        self.key(&entry.key, column);
        let comment = self.comment(&entry.key, |decor| decor.line.as_deref());
        self.value(&entry.value, column, After::Key, comment);
        self.foot(&entry.value, column);
        self.foot(&entry.key, column);
    }

    /// A key with its colon.
    pub(super) fn key(&mut self, key: &Node, column: usize) {
        if !is_simple_key(key) {
            self.out.push('?');
            self.value(key, column, After::Dash, None);
            self.margin(column);
            self.out.push(':');
            return;
        }
        self.properties(key);
        match &key.value {
            Value::Scalar(text) => {
                let text = quoting::inline(&self.undecorated(key), text, Spot::Key).into_owned();
                self.out.push_str(&text);
            }
            Value::Alias(name) => {
                self.out.push('*');
                self.out.push_str(name);
                self.out.push(' ');
            }
            Value::Seq(_) => self.out.push_str("[]"),
            Value::Map(_) => self.out.push_str("{}"),
        }
        self.out.push(':');
    }

    /// The lines of an item, from its head comment to its foot comment.
    pub(super) fn item(&mut self, item: &Node, column: usize) {
        self.head(item, column);
        self.margin(column);
        self.item_without_head(item, column);
    }

    fn item_without_head(&mut self, item: &Node, column: usize) {
        self.out.push('-');
        self.value(item, column, After::Dash, None);
        self.foot(item, column);
    }

    /// A value, from the blank before it to the line feed after it.
    ///
    /// `column` is where the parent's keys or dashes stand; `comment` is the line comment of the
    /// key, for a value without one.
    pub(super) fn value(
        &mut self,
        node: &Node,
        column: usize,
        after: After,
        comment: Option<&str>,
    ) {
        let own = self.comment(node, |decor| decor.line.as_deref());
        self.value_with(node, column, after, own.or(comment));
    }

    /// A value with this line comment, whatever its own is.
    pub(super) fn value_with(
        &mut self,
        node: &Node,
        column: usize,
        after: After,
        comment: Option<&str>,
    ) {
        if after != After::Nothing {
            self.out.push(' ');
        }
        let start = self.out.len();
        self.properties(node);
        let has_properties = self.out.len() > start;
        if !self.is_block(node) {
            self.inline(node);
            return self.end_line(comment, column);
        }
        if let Value::Scalar(text) = &node.value {
            return self.block_scalar(node, text, column, after, comment);
        }
        // The first child stands on the line of the dash, if nothing else has to.
        let continues = after != After::Key && !has_properties && comment.is_none();
        if !continues {
            self.end_line(comment, column);
        }
        let column = match after {
            After::Nothing => column,
            After::Key if node.is_seq() => column + self.sequence_indent,
            After::Key => column + self.options.indent,
            After::Dash => column + self.dash_width,
        };
        let is_first_inline = continues && after == After::Dash;
        if is_first_inline {
            self.margin(self.dash_width - 2);
        }
        match &node.value {
            Value::Map(entries) => self.entries(entries, column, is_first_inline),
            Value::Seq(items) => self.items(items, column, is_first_inline),
            _ => {}
        }
    }

    fn entries(&mut self, entries: &[Entry], column: usize, is_first_inline: bool) {
        for (index, entry) in entries.iter().enumerate() {
            let above = index.checked_sub(1).map(|above| &entries[above]);
            if above.is_some_and(|above| self.has_foot(&above.key) || self.has_foot(&above.value)) {
                // Without the blank line it would be about the next entry.
                self.out.push('\n');
            }
            let has_head = has_head(&entry.key) || has_head(&entry.value);
            if index > 0 || !is_first_inline {
                self.entry(entry, column);
            } else if has_head && self.options.comments {
                // A comment above the first key stands on the line of the dash, and the keys below.
                self.inline_head(&[&entry.key, &entry.value], column);
                self.margin(column);
                self.entry_without_head(entry, column);
            } else {
                self.entry_without_head(entry, column);
            }
        }
    }

    fn items(&mut self, items: &[Node], column: usize, is_first_inline: bool) {
        for (index, item) in items.iter().enumerate() {
            let above = index.checked_sub(1).map(|above| &items[above]);
            if above.is_some_and(|above| self.has_foot(above)) {
                self.out.push('\n');
            }
            if index > 0 || !is_first_inline {
                self.item(item, column);
            } else if has_head(item) && self.options.comments {
                self.inline_head(&[item], column);
                self.margin(column);
                self.item_without_head(item, column);
            } else {
                self.item_without_head(item, column);
            }
        }
    }

    fn block_scalar(
        &mut self,
        node: &Node,
        text: &str,
        column: usize,
        after: After,
        comment: Option<&str>,
    ) {
        let Some(style) = self.block_style(node, text) else {
            return;
        };
        let indent = self.options.indent;
        self.out
            .push_str(&quoting::block_header(style, text, indent));
        // A second line of it would be one of the text.
        let comment = comment.map(|comment| comment.replace('\n', " "));
        self.end_line(comment.as_deref(), 0);
        let outer = if after == After::Nothing { 0 } else { column };
        let margin = " ".repeat(outer + indent);
        if style == Style::Folded {
            let width = self.options.width.unwrap_or(usize::MAX);
            quoting::folded_lines(&mut self.out, text, &margin, &mut |gap| {
                gap.column + 1 + gap.next > width
            });
        } else {
            quoting::literal_lines(&mut self.out, text, &margin);
        }
    }

    /// A value on one line, or in flow style, without its properties.
    fn inline(&mut self, node: &Node) {
        let Value::Scalar(text) = &node.value else {
            return self.flow(node);
        };
        let text = quoting::inline(&self.undecorated(node), text, Spot::Block).into_owned();
        self.out.push_str(&text);
    }

    /// The node without its quotes, where the options ask for that.
    fn undecorated<'n>(&self, node: &'n Node) -> Cow<'n, Node> {
        if self.options.pretty && node.is_scalar() && node.style != Style::Plain {
            let mut plain = node.clone();
            plain.style = Style::Plain;
            return Cow::Owned(plain);
        }
        Cow::Borrowed(node)
    }

    fn block_style(&self, node: &Node, text: &str) -> Option<Style> {
        quoting::block_style(&self.undecorated(node), text)
    }

    /// Anchor and tag, each followed by a blank.
    pub(super) fn properties(&mut self, node: &Node) {
        if let Some(anchor) = node
            .decor
            .as_ref()
            .and_then(|decor| decor.anchor.as_deref())
        {
            self.out.push('&');
            self.out.push_str(anchor);
            self.out.push(' ');
        }
        if let Some(tag) = quoting::shown_tag(node) {
            self.out.push_str(&tag);
            self.out.push(' ');
        }
    }

    /// Whether the value takes lines of its own.
    fn is_block(&self, node: &Node) -> bool {
        let keeps_flow =
            !self.options.pretty && node.style == Style::Flow && !self.has_comments(node);
        match &node.value {
            Value::Scalar(text) => self.block_style(node, text).is_some(),
            Value::Seq(items) => !items.is_empty() && !keeps_flow,
            Value::Map(entries) => !entries.is_empty() && !keeps_flow,
            Value::Alias(_) => false,
        }
    }

    fn margin(&mut self, column: usize) {
        for _ in 0..column {
            self.out.push(' ');
        }
    }
}

/// Whether the key stands on one line, without `?`.
fn is_simple_key(key: &Node) -> bool {
    match &key.value {
        Value::Scalar(text) => text.len() < MAX_SIMPLE_KEY && !text.contains('\n'),
        Value::Alias(_) => true,
        Value::Seq(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
    }
}

/// YAML's limit for a key without `?` is 1024 characters; properties and quotes need room.
const MAX_SIMPLE_KEY: usize = 900;

#[cfg(test)]
mod tests {
    use super::super::{Options, read};
    use super::*;

    fn printed(text: &str) -> String {
        let options = Options {
            keep_aliases: true,
            ..Options::default()
        };
        print(&read(text, &options).unwrap(), &PrintOptions::default())
    }

    #[test]
    fn styles_anchors_tags_and_order_stay() {
        let text = "b: 'x'\na: \"y\"\nc: &n !t\n  k: [1, {a: b}]\nd: *n\ne: |-\n  l1\n  l2\nf: >\n  folded\n";
        assert_eq!(printed(text), text);
    }

    #[test]
    fn indentation_becomes_even() {
        assert_eq!(
            printed("a:\n    b:\n    - c:   1\n      d:\n          - - 1\n            - 2\n"),
            "a:\n  b:\n    - c: 1\n      d:\n        - - 1\n          - 2\n"
        );
    }

    #[test]
    fn empty_values_and_collections_stand_on_their_line() {
        assert_eq!(
            printed("a:\nb: {}\nc: []\nd: ~\n"),
            "a:\nb: {}\nc: []\nd: ~\n"
        );
        assert_eq!(printed("-\n- {a: }\n"), "-\n- {a: null}\n");
        let unnamed = "! : ! \nb: {! : ! , c: [! ]}\nd: ! \"\"\n! e: !t\n";
        let again = printed(&printed(unnamed));
        assert_eq!(printed(unnamed), again);
        let kinds = |text: &str| {
            let read = read(text, &Options::default()).unwrap();
            read[0]
                .entries()
                .iter()
                .map(|it| (it.key.tag, it.value.tag))
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(unnamed), kinds(&again));
    }

    #[test]
    fn keys_that_are_no_simple_scalars_get_a_question_mark() {
        let text = "? - a\n  - b\n: c\n";
        assert_eq!(printed(text), text);
    }

    #[test]
    fn comments_are_printed_where_the_node_has_them() {
        let mut map = Node::map(vec![Entry::new("a", Node::string("x"))]);
        let entries = map.entries_mut().unwrap();
        entries[0].key.decor_mut().head = Some("# above\n# it".into());
        entries[0].value.decor_mut().line = Some("beside".into());
        entries[0].key.decor_mut().foot = Some("# below".into());
        let text = print_node(&map, &PrintOptions::default());
        assert_eq!(text, "# above\n# it\na: x # beside\n# below\n");
    }

    #[test]
    fn pretty_drops_flow_style_and_needless_quotes() {
        let documents = read("{a: ['b', \"1\"]}\n", &Options::default()).unwrap();
        let options = PrintOptions {
            pretty: true,
            ..PrintOptions::default()
        };
        assert_eq!(print(&documents, &options), "a:\n  - b\n  - \"1\"\n");
    }
}
