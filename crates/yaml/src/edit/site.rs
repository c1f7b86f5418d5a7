//! Locates every node of a document in its text.
//!
//! A node knows the bytes of its own token. An edit also needs the dash or key before it, the gap
//! between them, its anchor and tag, and its last byte. One pass over a document finds them all.

use super::super::{Node, Style, Value};
use super::text::SourceText;
use crate::error::{Error, Kind, Result};

/// The place of one node in the text, as byte offsets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Site {
    /// Of a key or an item: where it begins, with its `?`, `-`, anchor or tag.
    pub(super) lead: usize,
    /// Behind the `:`, `-`, `?` or bracket that the node follows.
    pub(super) gap: usize,
    /// Of a value: whether there is a `:` at all.
    pub(super) has_colon: bool,
    /// Where anchor and tag begin; `start` if there are none.
    pub(super) properties: usize,
    /// Where anchor and tag end; `gap` if there are none.
    pub(super) bare: usize,
    /// The first byte of the token.
    pub(super) start: usize,
    /// One past the last byte; of a block scalar the end of its last line.
    pub(super) end: usize,
    /// The number of the node that follows in document order, after everything below this one.
    pub(super) next: usize,
}

/// The sites of the nodes of a document, in document order: a map, then its first key, its first
/// value, and so on.
#[derive(Debug, Default)]
pub(super) struct Sites(Vec<Site>);

impl Sites {
    pub(super) fn of(&self, number: usize) -> &Site {
        &self.0[number]
    }

    /// The numbers of a sequence's items.
    pub(super) fn items(&self, number: usize, count: usize) -> Vec<usize> {
        let mut numbers = Vec::with_capacity(count);
        let mut next = number + 1;
        for _ in 0..count {
            numbers.push(next);
            next = self.0[next].next;
        }
        numbers
    }

    /// The numbers of a mapping's keys and values.
    pub(super) fn entries(&self, number: usize, count: usize) -> Vec<(usize, usize)> {
        let mut numbers = Vec::with_capacity(count);
        let mut next = number + 1;
        for _ in 0..count {
            let value = self.0[next].next;
            numbers.push((next, value));
            next = self.0[value].next;
        }
        numbers
    }
}

/// Finds the sites of the document whose content begins behind `gap`.
pub(super) fn locate(text: SourceText<'_>, root: &Node, gap: usize) -> Result<Sites> {
    let mut finder = Finder {
        text,
        sites: Vec::new(),
    };
    finder.node(root, gap, gap, false)?;
    Ok(Sites(finder.sites))
}

struct Finder<'t> {
    text: SourceText<'t>,
    sites: Vec<Site>,
}

impl Finder<'_> {
    /// Finds a node and everything below it; returns where it ends.
    fn node(&mut self, node: &Node, lead: usize, gap: usize, in_flow: bool) -> Result<usize> {
        let number = self.sites.len();
        self.sites.push(Site::default());
        let (properties, bare) = self.properties(node, gap, in_flow);
        let mut site = Site {
            lead,
            gap,
            properties: properties.unwrap_or(bare),
            bare,
            start: bare,
            end: bare,
            ..Site::default()
        };
        if !is_absent(node) {
            site.start = self.text.skip_trivia(bare);
            if properties.is_none() {
                site.properties = site.start;
            }
            site.end = self.content(node, &site, in_flow)?;
        }
        site.next = self.sites.len();
        self.sites[number] = site;
        Ok(site.end)
    }

    fn content(&mut self, node: &Node, site: &Site, in_flow: bool) -> Result<usize> {
        let start = site.start;
        match (&node.value, node.style) {
            (Value::Map(_), Style::Flow) => self.flow_map(node, start),
            (Value::Seq(_), Style::Flow) => self.flow_seq(node, start),
            (Value::Map(_), _) => self.block_map(node, start),
            (Value::Seq(_), _) => self.block_seq(node, start),
            (Value::Scalar(_), Style::Literal | Style::Folded) if !in_flow => {
                Ok(self.block_scalar_end(node, start))
            }
            _ => {
                let span = node.span.range();
                let is_there = span.start == start || span.start == site.properties;
                if is_there && start < span.end && span.end <= self.text.len() {
                    Ok(span.end)
                } else {
                    Err(self.lost(node))
                }
            }
        }
    }

    /// Passes anchor and tag; returns where they begin, if there are any, and where they end.
    fn properties(&self, node: &Node, gap: usize, in_flow: bool) -> (Option<usize>, usize) {
        let Some(decor) = &node.decor else {
            return (None, gap);
        };
        let count = usize::from(decor.anchor.is_some()) + usize::from(decor.tag.is_some());
        let mut begin = None;
        let mut end = gap;
        for _ in 0..count {
            let at = self.text.skip_trivia(end);
            begin.get_or_insert(at);
            end = self.text.property_end(at, in_flow);
        }
        (begin, end)
    }

    fn block_seq(&mut self, node: &Node, start: usize) -> Result<usize> {
        let mut position = start;
        for item in node.items() {
            let dash = self.text.skip_trivia(position);
            if self.text.byte(dash) != Some(b'-') {
                return Err(self.lost(item));
            }
            position = self.node(item, dash, dash + 1, false)?;
        }
        Ok(position)
    }

    fn block_map(&mut self, node: &Node, start: usize) -> Result<usize> {
        let mut position = start;
        for entry in node.entries() {
            position = self.entry(&entry.key, &entry.value, position, false)?;
        }
        Ok(position)
    }

    fn flow_seq(&mut self, node: &Node, start: usize) -> Result<usize> {
        let mut position = start + 1;
        for item in node.items() {
            let lead = self.text.skip_trivia(position);
            let end = self.node(item, lead, lead, true)?;
            position = self.text.skip_comma(end);
        }
        self.flow_end(node, position, b']')
    }

    fn flow_map(&mut self, node: &Node, start: usize) -> Result<usize> {
        // `[a: 1]` holds a map without braces.
        let has_braces = self.text.byte(start) == Some(b'{');
        let mut position = start + usize::from(has_braces);
        for entry in node.entries() {
            position = self.entry(&entry.key, &entry.value, position, true)?;
            if has_braces {
                position = self.text.skip_comma(position);
            }
        }
        if has_braces {
            self.flow_end(node, position, b'}')
        } else {
            Ok(position)
        }
    }

    fn flow_end(&self, node: &Node, position: usize, close: u8) -> Result<usize> {
        let end = self.text.skip_trivia(position);
        if self.text.byte(end) == Some(close) {
            Ok(end + 1)
        } else {
            Err(self.lost(node))
        }
    }

    fn entry(&mut self, key: &Node, value: &Node, from: usize, in_flow: bool) -> Result<usize> {
        let lead = self.text.skip_trivia(from);
        let is_explicit = self.text.byte(lead) == Some(b'?') && self.text.is_blank(lead + 1);
        let gap = lead + usize::from(is_explicit);
        let key_end = self.node(key, lead, gap, in_flow)?;
        let colon = self.text.skip_trivia(key_end);
        let has_colon = self.text.byte(colon) == Some(b':');
        let gap = if has_colon { colon + 1 } else { key_end };
        let number = self.sites.len();
        let end = self.node(value, lead, gap, in_flow)?;
        self.sites[number].has_colon = has_colon;
        Ok(end)
    }

    /// The end of the last line of a block scalar whose header begins at `start`.
    fn block_scalar_end(&self, node: &Node, start: usize) -> usize {
        let header_end = self.text.word_end(start);
        let keeps = self.text.slice(start, header_end).contains('+');
        let limit = (node.span.end as usize).min(self.text.len());
        let last = self.text.trim_end(start, limit);
        let has_lines = last > self.text.line_end(start);
        let mut end = if has_lines {
            self.text.line_end(last)
        } else if keeps {
            self.text.line_end(start)
        } else {
            header_end
        };
        if !keeps {
            return end;
        }
        loop {
            let line = self.text.next_line(end);
            if line > limit || line >= self.text.len() || !self.text.is_blank_line(line) {
                return end;
            }
            end = self.text.line_end(line);
        }
    }

    #[cold]
    fn lost(&self, node: &Node) -> Error {
        Error::new(
            Kind::Yaml,
            "cannot tell where this value stands in the text",
        )
        .at(node.span)
    }
}

/// Whether nothing is written for the value: `key:`, `-`.
pub(super) fn is_absent(node: &Node) -> bool {
    node.style == Style::Plain && matches!(&node.value, Value::Scalar(text) if text.is_empty())
}
