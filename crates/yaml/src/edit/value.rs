//! Edits one value: compares it with the old one, down to the scalars.

use super::super::print::After;
use super::super::{Node, Style};
use super::Edit;
use super::layout::Layout;
use super::render::{self, Context};
use super::same::{is_flow, same_data, same_node, same_properties, same_writing};
use super::site::{Site, Sites};
use super::text::SourceText;

/// Collects the changes of one document.
pub(super) struct Editor<'t> {
    pub(super) text: SourceText<'t>,
    pub(super) sites: Sites,
    pub(super) edits: Vec<Edit>,
    /// The line break of the text.
    line_break: &'static str,
}

/// A value as it was, with its number among the sites.
#[derive(Clone, Copy, Debug)]
pub(super) struct Old<'n> {
    pub(super) node: &'n Node,
    pub(super) number: usize,
}

impl<'t> Editor<'t> {
    pub(super) fn new(text: SourceText<'t>, sites: Sites) -> Self {
        Self {
            text,
            sites,
            edits: Vec::new(),
            line_break: text.line_break(),
        }
    }

    /// Notes a change; `text` is written with line feeds.
    pub(super) fn edit(&mut self, start: usize, end: usize, text: impl Into<String>) {
        self.note(start, end, text.into(), false);
    }

    /// Notes a change that may be the end of the text, and then ends with a line break.
    ///
    /// A block scalar needs it.
    pub(super) fn edit_lines(&mut self, start: usize, end: usize, text: impl Into<String>) {
        self.note(start, end, text.into(), true);
    }

    fn note(&mut self, start: usize, end: usize, mut text: String, is_closed: bool) {
        if self.line_break != "\n" && text.contains('\n') {
            text = text.replace('\n', self.line_break);
        }
        if start != end || !text.is_empty() {
            self.edits.push(Edit {
                start,
                end,
                text,
                is_closed,
            });
        }
    }

    /// Compares a whole document.
    pub(super) fn document(&mut self, old: &Node, new: &Node, layout: Layout) {
        let context = Context {
            column: 0,
            after: After::Nothing,
            in_flow: false,
            as_json: false,
            is_in_place: false,
            layout: Layout::of_document(self.text, &self.sites, old).or(layout),
        };
        let old = Old {
            node: old,
            number: 0,
        };
        self.value(old, new, context);
        self.foot_comment(old, old, new, context);
    }

    /// Compares two values and everything below them.
    pub(super) fn value(&mut self, old: Old<'_>, new: &Node, context: Context) {
        let node = old.node;
        // Most of a text is left alone: that is seen without looking for where it stands.
        if same_node(node, new) {
            return;
        }
        if keeps_shape(node, new, context) {
            if !same_properties(node, new) {
                self.properties(old, new, context);
            }
            if node.is_map() {
                self.map(old, new, context);
            } else {
                self.seq(old, new, context);
            }
        } else if is_collection(node) || !(same_data(node, new) && same_writing(node, new)) {
            self.replace(old, new, context);
        }
        self.line_comment(old, new, context);
    }

    pub(super) fn site(&self, old: Old<'_>) -> Site {
        *self.sites.of(old.number)
    }

    /// Where the first child of a collection begins.
    pub(super) fn first_lead(&self, old: Old<'_>) -> usize {
        let is_empty = old.node.entries().is_empty() && old.node.items().is_empty();
        match is_empty {
            true => self.site(old).start,
            false => self.sites.of(old.number + 1).lead,
        }
    }

    /// Changes anchor and tag of a collection that stays.
    fn properties(&mut self, old: Old<'_>, new: &Node, context: Context) {
        let site = self.site(old);
        let text = render::properties(new);
        let line = self.text.line_start(site.start);
        if site.properties < site.bare {
            let start = match text.is_empty() {
                true => self.text.blanks_before(site.properties).max(site.gap),
                false => site.properties,
            };
            self.edit(start, site.bare, text);
        } else if !is_block(old.node) {
            self.edit(site.start, site.start, format!("{text} "));
        } else if line > site.gap && context.after != After::Nothing {
            self.edit(site.gap, site.gap, format!(" {text}"));
        } else {
            // The first child stands where they go: it moves down a line.
            let margin = " ".repeat(self.text.column(site.start));
            self.edit(site.start, site.start, format!("{text}\n{margin}"));
        }
    }
}

/// Whether the old collection can stay, so that only its children are compared.
fn keeps_shape(old: &Node, new: &Node, context: Context) -> bool {
    let is_same_kind = (old.is_map() && new.is_map()) || (old.is_seq() && new.is_seq());
    let new_is_empty = new.entries().is_empty() && new.items().is_empty();
    is_same_kind && (new_is_empty || context.in_flow || is_flow(old) == is_flow(new))
}

fn is_collection(node: &Node) -> bool {
    node.is_map() || node.is_seq()
}

/// Whether the value is a block collection with at least one child.
pub(super) fn is_block(node: &Node) -> bool {
    !is_flow(node) && (!node.entries().is_empty() || !node.items().is_empty())
}

/// Whether the value is a text below a header such as `|`.
pub(super) fn is_block_scalar(node: &Node) -> bool {
    node.is_scalar() && matches!(node.style, Style::Literal | Style::Folded)
}
