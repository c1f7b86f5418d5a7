//! Detects the indentation of a text, for new lines.

use super::super::print::Printer;
use super::super::{Node, PrintOptions};
use super::same::is_flow;
use super::site::Sites;
use super::text::SourceText;

/// The steps of indentation seen so far, from the nearest neighbours outwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Columns from a key to the keys of the mapping below it.
    pub(super) map: Option<usize>,
    /// Columns from a key to the dashes below it.
    pub(super) seq: Option<usize>,
    /// Columns from a dash to what follows it.
    pub(super) dash: Option<usize>,
}

impl Layout {
    /// What the direct children of a block collection show, before what was known.
    pub(super) fn refined(
        mut self,
        text: SourceText<'_>,
        sites: &Sites,
        node: &Node,
        number: usize,
    ) -> Self {
        let seen = Self::of_children(text, sites, node, number);
        self.map = seen.map.or(self.map);
        self.seq = seen.seq.or(self.seq);
        self.dash = seen.dash.or(self.dash);
        self
    }

    /// What is not known is as another says.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            map: self.map.or(other.map),
            seq: self.seq.or(other.seq),
            dash: self.dash.or(other.dash),
        }
    }

    /// The first steps that a document shows anywhere.
    pub(super) fn of_document(text: SourceText<'_>, sites: &Sites, root: &Node) -> Self {
        let mut layout = Self::default();
        let mut open = vec![(root, 0)];
        while let Some((node, number)) = open.pop() {
            if layout.map.is_some() && layout.seq.is_some() && layout.dash.is_some() {
                break;
            }
            if is_flow(node) {
                continue;
            }
            let seen = Self::of_children(text, sites, node, number);
            layout.map = layout.map.or(seen.map);
            layout.seq = layout.seq.or(seen.seq);
            layout.dash = layout.dash.or(seen.dash);
            open.extend(children(node, number, sites));
        }
        layout
    }

    fn of_children(text: SourceText<'_>, sites: &Sites, node: &Node, number: usize) -> Self {
        let mut seen = Self::default();
        for (child, number) in children(node, number, sites) {
            if is_flow(child) || (child.entries().is_empty() && child.items().is_empty()) {
                continue;
            }
            let site = sites.of(number);
            let step = text.column(site.start).checked_sub(text.column(site.lead));
            let is_below = text.line_start(site.start) > site.lead;
            let slot = match (node.is_map(), child.is_seq()) {
                (true, true) if is_below => &mut seen.seq,
                (true, false) if is_below => &mut seen.map,
                (false, _) if !is_below => &mut seen.dash,
                _ => continue,
            };
            *slot = slot.or(step);
        }
        seen
    }

    /// A printer that lays lines out this way.
    pub(super) fn printer(self) -> Printer {
        let indent = self
            .map
            .or(self.seq.filter(|&step| step > 0))
            .or(self.dash.filter(|&step| step > 2));
        let indent = indent.unwrap_or(2).clamp(1, 9);
        let options = PrintOptions {
            indent,
            ..PrintOptions::default()
        };
        let mut printer = Printer::new(&options);
        printer.sequence_indent = self.seq.unwrap_or(indent);
        printer.dash_width = self.dash.unwrap_or(2).max(2);
        printer
    }
}

/// The values or items of a collection, with their numbers.
fn children<'n>(node: &'n Node, number: usize, sites: &Sites) -> Vec<(&'n Node, usize)> {
    if node.is_map() {
        let entries = node.entries();
        let numbers = sites.entries(number, entries.len());
        let values = numbers.into_iter().map(|(_, value)| value);
        entries
            .iter()
            .map(|entry| &entry.value)
            .zip(values)
            .collect()
    } else {
        let items = node.items();
        items.iter().zip(sites.items(number, items.len())).collect()
    }
}
