//! Where what an object is printed as was written.

use std::cell::OnceCell;

use kustom_yaml::error::Error;
use kustom_yaml::place::{Place, SourceId, Span};
use kustom_yaml::{Node, Style, Value, read_config};

use crate::lines::Lines;

/// An object, and the text that it is printed as.
pub(crate) struct Origin<'o> {
    object: &'o Node,
    text: &'o str,
    /// The text, read, once it is asked for.
    printed: OnceCell<Option<Node>>,
    lines: OnceCell<Lines>,
}

impl<'o> Origin<'o> {
    pub(crate) fn new(object: &'o Node, text: &'o str) -> Self {
        Self {
            object,
            text,
            printed: OnceCell::new(),
            lines: OnceCell::new(),
        }
    }

    /// An error with the place at which what is printed at an offset was written.
    pub(crate) fn placed(&self, error: Error, offset: usize) -> Error {
        let (span, field) = self.find(offset);
        let mut place = Place::from(span);
        place.field = (!field.is_empty()).then_some(field);
        error.at(place)
    }

    /// The line of an offset in the printed text, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> u32 {
        let lines = self.lines.get_or_init(|| Lines::of(self.text));
        lines.before(offset).saturating_add(1)
    }

    /// The place of a value or key, and the path of its field.
    pub(crate) fn find(&self, offset: usize) -> (Span, String) {
        let mut path = String::new();
        // The text was printed by us, and can be read.
        let read = || read_config(self.text.as_bytes(), SourceId::NONE).ok();
        let Some(printed) = self.printed.get_or_init(read) else {
            return (self.object.span, path);
        };
        let (mut node, mut old) = (printed, self.object);
        loop {
            let holds = |node: &Node| node.span.range().contains(&offset);
            match (&node.value, &old.value) {
                (Value::Map(entries), Value::Map(_)) => {
                    // A collection may end where its last value does not: the last that begins
                    // before the offset counts.
                    let begins =
                        |entry: &&kustom_yaml::Entry| entry.key.span.start as usize <= offset;
                    let Some(entry) = entries.iter().rfind(begins) else {
                        break;
                    };
                    let key = entry.key.text().unwrap_or_default();
                    let Some(before) = old.entries().iter().find(|entry| entry.is(key)) else {
                        break;
                    };
                    if holds(&entry.key) {
                        return (before.key.span, path);
                    }
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                    (node, old) = (&entry.value, &before.value);
                }
                (Value::Seq(items), Value::Seq(_)) => {
                    let begins = |item: &Node| item.span.start as usize <= offset;
                    let Some(index) = items.iter().rposition(begins) else {
                        break;
                    };
                    let Some(before) = old.items().get(index) else {
                        break;
                    };
                    path.push_str(&format!("[{index}]"));
                    (node, old) = (&items[index], before);
                }
                _ => break,
            }
        }
        (self.within(node, old, offset), path)
    }

    /// The place of a line in a block of text, where both have the same lines.
    fn within(&self, printed: &Node, written: &Node, offset: usize) -> Span {
        let mut span = written.span;
        if printed.style == Style::Literal && written.style == Style::Literal {
            let line = self.line(offset).saturating_sub(printed.span.line);
            if line > 0 && span.line > 0 {
                span.line += line;
                span.column = 0;
            }
        }
        span
    }
}
