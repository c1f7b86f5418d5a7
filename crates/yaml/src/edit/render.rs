//! Renders new values as text that fits its place.

use super::super::print::After;
use super::super::quoting;
use super::super::{Entry, Node, Style, Value};
use super::layout::Layout;
use super::refold;

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// The column of the keys or dashes of the parent.
    pub(super) column: usize,
    /// What the value follows.
    pub(super) after: After,
    /// Whether it stands between brackets.
    pub(super) in_flow: bool,
    /// Whether everything around it is written as JSON.
    pub(super) as_json: bool,
    /// Whether the blanks before it stand already.
    pub(super) is_in_place: bool,
    /// How the neighbours indent.
    pub(super) layout: Layout,
}

/// A value as text: what goes on the line of its key or dash, and the lines below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) head: String,
    /// Without the last line break; empty if there are none.
    pub(super) lines: String,
}

impl Rendered {
    /// All of it on lines of their own, where the head begins at `column`.
    pub(super) fn below(self, column: usize) -> Self {
        let mut lines = " ".repeat(column) + &self.head;
        if !self.lines.is_empty() {
            lines.push('\n');
            lines.push_str(&self.lines);
        }
        Self {
            head: String::new(),
            lines,
        }
    }

    /// Head and lines in one piece.
    pub(super) fn joined(self) -> String {
        if self.lines.is_empty() {
            return self.head;
        }
        self.head + "\n" + &self.lines
    }
}

/// A value with anchor and tag, without its own line comment.
pub(super) fn value(node: &Node, context: Context) -> Rendered {
    let json;
    let node = if context.as_json {
        json = as_json(node);
        &json
    } else {
        node
    };
    let mut printer = context.layout.printer();
    if context.in_flow {
        printer.properties(node);
        printer.flow(node);
        return Rendered {
            head: printer.out,
            lines: String::new(),
        };
    }
    printer.value_with(node, context.column, context.after, None);
    let text = printer.out.strip_suffix('\n').unwrap_or(&printer.out);
    let text = match context.after {
        After::Nothing => text,
        _ if context.is_in_place => text.trim_start_matches(' '),
        After::Key | After::Dash => text.strip_prefix(' ').unwrap_or(text),
    };
    let (head, lines) = text.split_once('\n').unwrap_or((text, ""));
    Rendered {
        head: head.to_owned(),
        lines: lines.to_owned(),
    }
}

/// Whether the text ends with more line breaks than a block scalar takes along by itself.
pub(super) fn keeps_breaks(node: &Node) -> bool {
    node.text()
        .is_some_and(|text| text.ends_with("\n\n") || text == "\n")
}

/// A copy whose last scalar is no block that what follows could become a part of.
///
/// `None` if the value is tame as it is; with `always`, no block is.
pub(super) fn tamed(node: &Node, always: bool) -> Option<Node> {
    let mut last = node;
    while let Some(child) = last_child(last) {
        last = child;
    }
    let text = last.text()?;
    if quoting::block_style(last, text).is_none() || !(always || keeps_breaks(last)) {
        return None;
    }
    let mut copy = node.clone();
    let mut last = &mut copy;
    while last_child(last).is_some() {
        last = match &mut last.value {
            Value::Map(entries) => &mut entries.last_mut()?.value,
            Value::Seq(items) => items.last_mut()?,
            _ => return None,
        };
    }
    last.style = Style::Double;
    Some(copy)
}

fn last_child(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::Map(entries) => entries.last().map(|entry| &entry.value),
        Value::Seq(items) => items.last(),
        _ => None,
    }
}

/// A block scalar whose lines stand at `margin`, as the old ones did.
///
/// `None` if the header cannot say so.
pub(super) fn block_scalar(
    node: &Node,
    context: Context,
    margin: usize,
    old_lines: &[&str],
) -> Option<Rendered> {
    let text = node.text()?;
    let style = quoting::block_style(node, text)?;
    let step = margin.checked_sub(context.column).filter(|step| *step > 0);
    let needs_step = text.starts_with([' ', '\n']);
    if needs_step && (context.after == After::Nothing || step.is_none_or(|step| step > 9)) {
        return None;
    }
    let mut printer = context.layout.printer();
    printer.properties(node);
    printer
        .out
        .push_str(&quoting::block_header(style, text, step.unwrap_or(1)));
    let mut lines = String::new();
    let margin = " ".repeat(margin);
    if style == Style::Folded {
        let breaks = refold::breaks(text, old_lines);
        let width = old_lines.iter().map(|line| line.chars().count()).max();
        quoting::folded_lines(&mut lines, text, &margin, &mut |gap| {
            breaks.says(gap, width.unwrap_or(80))
        });
    } else {
        quoting::literal_lines(&mut lines, text, &margin);
    }
    lines.truncate(lines.len() - usize::from(lines.ends_with('\n')));
    Some(Rendered {
        head: printer.out,
        lines,
    })
}

/// An entry as lines at the column of the context, without the last line break.
///
/// With `tame`, it does not end with a block scalar.
pub(super) fn entry(entry: &Entry, context: Context, tame: bool) -> String {
    let mut printer = context.layout.printer();
    match tamed(&entry.value, tame) {
        Some(value) => {
            let key = entry.key.clone();
            printer.entry(&Entry { key, value }, context.column);
        }
        None => printer.entry(entry, context.column),
    }
    trimmed(printer.out)
}

/// An item as lines at the column of the context, without the last line break.
///
/// With `tame`, it does not end with a block scalar.
pub(super) fn item(item: &Node, context: Context, tame: bool) -> String {
    let mut printer = context.layout.printer();
    let tamed = tamed(item, tame);
    printer.item(tamed.as_ref().unwrap_or(item), context.column);
    trimmed(printer.out)
}

/// A document as lines, without the last line break.
pub(super) fn document(node: &Node, layout: Layout) -> String {
    let mut printer = layout.printer();
    printer.document(node);
    trimmed(printer.out)
}

/// An entry between braces.
pub(super) fn flow_entry(entry: &Entry, context: Context) -> String {
    let mut printer = context.layout.printer();
    if context.as_json {
        let entry = Entry {
            key: as_json(&entry.key),
            value: as_json(&entry.value),
        };
        printer.flow_entry(&entry);
    } else {
        printer.flow_entry(entry);
    }
    printer.out
}

/// Anchor and tag of a value.
pub(super) fn properties(node: &Node) -> String {
    let mut printer = Layout::default().printer();
    printer.properties(node);
    printer.out.truncate(printer.out.trim_end().len());
    printer.out
}

/// A key on its own, without the colon.
pub(super) fn key(node: &Node, context: Context) -> String {
    let mut printer = context.layout.printer();
    if context.in_flow {
        let json;
        let node = if context.as_json {
            json = as_json(node);
            &json
        } else {
            node
        };
        printer.properties(node);
        printer.flow(node);
    } else {
        printer.key(node, context.column);
        let end = printer.out.trim_end_matches([':', ' ']).len();
        printer.out.truncate(end);
        if matches!(node.value, Value::Alias(_)) {
            // A colon would be a part of the name.
            printer.out.push(' ');
        }
    }
    printer.out
}

fn trimmed(mut text: String) -> String {
    text.truncate(text.len() - usize::from(text.ends_with('\n')));
    text
}

/// A copy in which every text stands in double quotes.
fn as_json(node: &Node) -> Node {
    let mut copy = node.clone();
    quote(&mut copy);
    copy
}

fn quote(node: &mut Node) {
    match &mut node.value {
        Value::Scalar(_) => {
            if node.tag == super::super::Tag::Str {
                node.style = Style::Double;
            }
        }
        Value::Seq(items) => items.iter_mut().for_each(quote),
        Value::Map(entries) => {
            for entry in entries {
                entry.key.style = Style::Double;
                quote(&mut entry.value);
            }
        }
        Value::Alias(_) => {}
    }
}
