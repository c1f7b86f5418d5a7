//! `[a, b]` and `{a: b}` of the subset.

use super::super::scan::{Class, TokenKind, class};
use super::super::{Entry, Node, Style, Tag, Value};
use super::{DEPTH, Reader};

impl Reader<'_> {
    /// A list or a mapping in brackets, with no key and no value left out.
    pub(super) fn flow(&mut self, depth: usize) -> Option<Node> {
        if depth >= DEPTH {
            return None;
        }
        let start = self.mark(self.at);
        let open = self.at;
        let decor = self.noted().and_then(|margin| {
            margin.reach(open);
            margin.take()
        });
        let (value, tag) = match self.byte() {
            b'[' => {
                let before = self.items.len();
                self.flow_parts(b']', |reader| {
                    let item = reader.flow_value(depth + 1)?;
                    reader.items.push(item);
                    Some(())
                })?;
                (Value::Seq(self.items.split_off(before).into()), Tag::Seq)
            }
            _ => {
                let before = self.entries.len();
                self.flow_parts(b'}', |reader| {
                    let key = reader.flow_key()?;
                    reader.flow_space()?;
                    let value = reader.flow_value(depth + 1)?;
                    reader.entries.push(Entry { key, value });
                    Some(())
                })?;
                (Value::Map(self.entries.split_off(before).into()), Tag::Map)
            }
        };
        self.pass(TokenKind::FlowSequenceEnd, self.at - 1, self.at);
        Some(Node {
            value,
            tag,
            style: Style::Flow,
            inferred: false,
            span: self.origin.span(start, self.at as u32),
            decor,
        })
    }

    /// Reads what stands between brackets, one after the other.
    fn flow_parts(&mut self, end: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.flow_space()?;
        while self.byte() != end {
            read(self)?;
            self.flow_space()?;
            match self.byte() {
                b',' => self.at += 1,
                byte if byte == end => break,
                _ => return None,
            }
            self.flow_space()?;
        }
        self.at += 1;
        Some(())
    }

    /// Moves over white space, comments and line breaks between the parts.
    fn flow_space(&mut self) -> Option<()> {
        loop {
            self.skip_spaces();
            match self.bytes.get(self.at)? {
                // Which part such a comment belongs to is for others.
                b'#' if self.margin.is_some() => return None,
                b'#' => self.at = self.line_end(self.at),
                b'\n' => {
                    self.at += 1;
                    self.tally.inner_lines += 1;
                    self.line += 1;
                    self.line_start = self.at;
                    self.wide = 0;
                    // A document may not end here, and a directive not stand here.
                    if matches!(self.byte(), b'-' | b'.' | b'%') {
                        return None;
                    }
                }
                b'\t' => return None,
                _ => return Some(()),
            }
        }
    }

    fn flow_key(&mut self) -> Option<Node> {
        let start = self.at;
        let is_quoted = matches!(self.byte(), b'"' | b'\'');
        let key = self.flow_scalar()?;
        self.skip_spaces();
        self.colon(start, key, is_quoted)
    }

    fn flow_value(&mut self, depth: usize) -> Option<Node> {
        match self.byte() {
            b'[' | b'{' => self.flow(depth),
            _ => self.flow_scalar(),
        }
    }

    fn flow_scalar(&mut self) -> Option<Node> {
        let start = self.at;
        let node = match self.byte() {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            b'-' if !self.is_flag() => return None,
            b'*' | b'&' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' | b'#' => return None,
            byte if byte < 0x80 && class(byte) != Class::Content => return None,
            _ => {
                let plain = self.flow_plain();
                self.plain_node(start, plain.end)
            }
        };
        self.count_wide(start);
        Some(node)
    }

    /// Whether a word with one or two dashes before it is here: `--port`, `-c`.
    fn is_flag(&self) -> bool {
        let rest = &self.bytes[self.at + 1..];
        let rest = rest.strip_prefix(b"-").unwrap_or(rest);
        rest.first().is_some_and(u8::is_ascii_alphanumeric)
    }
}
