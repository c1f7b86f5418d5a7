//! Inserts and removes whole documents of a text.

use super::super::Node;
use super::Edit;
use super::align;
use super::layout::Layout;
use super::render;
use super::same::same_node;
use super::site::{self, Sites};
use super::text::SourceText;
use super::value::Editor;
use crate::error::Result;

/// Every change between two lists of documents.
///
/// What the text does not show of how it is laid out is as `layout` says.
pub(super) fn edits(
    text: SourceText<'_>,
    before: &[Node],
    after: &[Node],
    layout: Layout,
) -> Result<Vec<Edit>> {
    let pairs = align::items(before, after);
    let is_aligned = pairs.len() == before.len() && pairs.iter().all(Option::is_some);
    let starts = starts(text, before);
    let mut edits = Vec::new();
    for (new, pair) in after.iter().zip(&pairs) {
        let Some(old) = *pair else { continue };
        if same_node(&before[old], new) {
            continue;
        }
        let sites = site::locate(text, &before[old], starts[old].gap)?;
        let mut editor = Editor::new(text, sites);
        editor.document(&before[old], new, layout);
        edits.append(&mut editor.edits);
    }
    if !is_aligned {
        let mut editor = Editor::new(text, Sites::default());
        editor.documents(&starts, &pairs, after, layout);
        edits.append(&mut editor.edits);
    }
    Ok(edits)
}

/// The documents that differ printed anew, each in its place.
pub(super) fn printed(
    text: SourceText<'_>,
    before: &[Node],
    after: &[Node],
    layout: Layout,
) -> Vec<Edit> {
    let pairs = align::items(before, after);
    let starts = starts(text, before);
    let mut editor = Editor::new(text, Sites::default());
    for (new, pair) in after.iter().zip(&pairs) {
        let Some(old) = *pair else { continue };
        if same_node(&before[old], new) {
            continue;
        }
        let start = starts[old];
        let end = starts.get(old + 1).map_or(text.len(), |next| next.at);
        let seen = site::locate(text, &before[old], start.gap)
            .map(|sites| Layout::of_document(text, &sites, &before[old]))
            .unwrap_or_default();
        let break_before = if start.has_marker { "\n" } else { "" };
        let lines = render::document(new, seen.or(layout));
        editor.edit(start.gap, end, format!("{break_before}{lines}\n"));
    }
    if pairs.len() != before.len() || pairs.iter().any(Option::is_none) {
        editor.documents(&starts, &pairs, after, layout);
    }
    editor.edits
}

/// Where a document begins.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// Where its directives or its `---` begin, or its text if it has none of them.
    at: usize,
    /// Behind its `---`.
    gap: usize,
    has_marker: bool,
}

fn starts(text: SourceText<'_>, documents: &[Node]) -> Vec<Start> {
    let mut starts = Vec::with_capacity(documents.len());
    let mut line = text.skip_mark(0);
    let mut directives = None;
    let mut found = Start {
        at: line,
        gap: line,
        has_marker: false,
    };
    for document in documents {
        let limit = document.span.start as usize;
        while line <= limit && line < text.len() {
            let at = text.skip_mark(line);
            let behind = at + 3;
            if text.byte(at) == Some(b'%') {
                directives.get_or_insert(at);
            } else if text.is_marker(at, "---") && behind <= limit {
                found = Start {
                    at: directives.take().unwrap_or(at),
                    gap: behind,
                    has_marker: true,
                };
            } else if text.is_marker(at, "...") && behind <= limit {
                found = Start {
                    at: text.next_line(at),
                    gap: behind,
                    has_marker: false,
                };
            } else if text.comment_column(at).is_none() && !text.is_blank_line(at) {
                // A line of a text may begin with `%` too.
                directives = None;
            }
            line = text.next_line(line);
        }
        starts.push(found);
    }
    starts
}

impl Editor<'_> {
    /// Puts whole documents in and takes them out.
    fn documents(
        &mut self,
        starts: &[Start],
        pairs: &align::Pairs,
        after: &[Node],
        layout: Layout,
    ) {
        let ends: Vec<usize> = starts
            .iter()
            .skip(1)
            .map(|next| next.at)
            .chain([self.text.len()])
            .collect();
        let mut is_kept = vec![false; starts.len()];
        for &number in pairs.iter().flatten() {
            is_kept[number] = true;
        }
        for (number, _) in is_kept.iter().enumerate().filter(|(_, kept)| !**kept) {
            self.edit(starts[number].at, ends[number], "");
        }
        let first = starts.first().copied();
        let mut at = first.map_or(self.text.len(), |start| start.at);
        let mut is_first = true;
        for (new, pair) in after.iter().zip(pairs) {
            if let Some(number) = *pair {
                at = ends[number];
                is_first = false;
                continue;
            }
            let opens = is_first && first.is_none_or(|start| !start.has_marker);
            let text = render::document(new, layout);
            self.insert_document(at, &text, opens, first.is_some());
            is_first = is_first && first.is_some();
        }
    }

    /// Puts a document in; one that `opens` the text has no `---`, but what follows it needs one.
    fn insert_document(&mut self, at: usize, text: &str, opens: bool, has_others: bool) {
        let needs_break = at > 0 && self.text.line_start(at) != at;
        let before = if needs_break { "\n" } else { "" };
        let marker = if opens { "" } else { "---\n" };
        let behind = match self.text.byte(at) {
            Some(b'%') => "...\n",
            _ if opens && has_others => "---\n",
            _ => "",
        };
        self.edit(at, at, format!("{before}{marker}{text}\n{behind}"));
    }
}
