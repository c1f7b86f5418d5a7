//! Collections that are pieces of a text.

use std::sync::Arc;

use super::super::list::List;
use super::super::scan::Origin;
use super::super::verbatim::{Extent, Source};
use super::super::{Dialect, Entry, Node, Style, Tag, Value};
use super::Reader;

/// The entries of a mapping that is a piece of a text.
fn entries(source: &Arc<Source>, extent: &Extent, _: Option<&str>) -> Vec<Entry> {
    entries_of(piece(source, extent))
}

/// The items of a list that is a piece of a text.
fn items(source: &Arc<Source>, extent: &Extent, _: Option<&str>) -> Vec<Node> {
    items_of(piece(source, extent))
}

/// The entries of what was read as a mapping.
pub(super) fn entries_of(node: Option<Node>) -> Vec<Entry> {
    match node.map(|node| node.value) {
        Some(Value::Map(entries)) => entries.into(),
        _ => Vec::new(),
    }
}

/// The items of what was read as a list.
pub(super) fn items_of(node: Option<Node>) -> Vec<Node> {
    match node.map(|node| node.value) {
        Some(Value::Seq(items)) => items.into(),
        _ => Vec::new(),
    }
}

/// A collection that is a piece of a text; what is large in it stays one.
fn piece(source: &Arc<Source>, extent: &Extent) -> Option<Node> {
    let origin = Origin {
        source: source.id,
        offset: extent.start as usize,
        lines: extent.line as usize,
    };
    let mut reader = Reader::of(source.lines(extent), origin, Dialect::Manifest);
    reader.pieces = Some(source);
    reader.first_of_line(0)?;
    let column = reader.column?;
    let node = reader.nested(None, column, 0, 0);
    debug_assert!(
        node.is_some() && reader.is_at_end(),
        "what is canonical is in the subset"
    );
    node
}

impl Reader<'_> {
    /// The collection that is here, on a line of its own, if it is large and can be printed line by
    /// line.
    pub(super) fn verbatim(&mut self, is_list: bool, depth: usize) -> Option<Extent> {
        if let Some(source) = self.pieces {
            return source.extent_at(self.offset(self.line_start));
        }
        let mut kept = self.kept.take()?;
        let extent = self.find(&mut kept, is_list, depth);
        self.kept = Some(kept);
        extent
    }

    /// Moves over a collection that is kept as a piece of the text.
    pub(super) fn pass_piece(&mut self, extent: Extent, is_list: bool) -> Option<Node> {
        let kept = self.kept.as_ref().map(|kept| kept.source());
        let source = Arc::clone(kept.or(self.pieces)?);
        let start = self.mark(self.at);
        let here = |offset: u32| (offset as usize).checked_sub(self.origin.offset);
        let (end, last) = (here(extent.end)?, here(extent.last)?);
        // The last line of a text may have no line break.
        let has_break = self.bytes.get(end.checked_sub(1)?) == Some(&b'\n');
        self.at = end - usize::from(has_break);
        self.line += extent.lines - u32::from(has_break);
        self.last_end = last;
        let span = self.origin.span(start, last as u32);
        let (value, tag) = match is_list {
            true => (Value::Seq(List::piece(source, extent, items)), Tag::Seq),
            false => (Value::Map(List::piece(source, extent, entries)), Tag::Map),
        };
        self.next_line()?;
        Some(Node {
            value,
            tag,
            style: Style::Plain,
            inferred: false,
            span,
            decor: None,
        })
    }
}
