//! Plain scalars of the subset.

use super::super::scan::{Class, TokenKind, class, is_blank, is_blank_or_end};
use super::super::{Node, Str, Style, Tag, resolve};
use super::{Reader, spaces_end};
use crate::cut::Cut as _;
use crate::search;

/// A line of a plain scalar.
pub(super) struct Plain {
    /// Where its content ends.
    pub(super) end: usize,
    /// Whether a `:` follows that makes it a key.
    pub(super) is_key: bool,
}

/// What follows a line of a plain scalar.
enum Next {
    /// Another line of it, which starts here, after so many line breaks.
    Line(usize, usize),
    /// The next line with content, which was moved to.
    Other,
    /// What is left of the line, or a line that begins with a comment.
    Comment,
}

impl Reader<'_> {
    /// Moves over the content of the first line of a plain scalar, to what ends it.
    pub(super) fn plain(&mut self) -> Option<Plain> {
        let can_start = match self.byte() {
            b'-' => !is_blank_or_end(self.bytes, self.at + 1),
            b'?' | b':' | b'*' | b'&' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' | b'#' | b','
            | b'[' | b']' | b'{' | b'}' | b'"' | b'\'' | b'\t' | b'\n' => false,
            _ => true,
        };
        can_start.then(|| self.plain_line())
    }

    /// Moves over the content of a line of a plain scalar that is not within brackets.
    fn plain_line(&mut self) -> Plain {
        let (bytes, start) = (self.bytes, self.at);
        let mut plain = Plain {
            end: bytes.len(),
            is_key: false,
        };
        for at in search::all_of3(b':', b'#', b'\n', bytes.get(start..).unwrap_or_default()) {
            let at = start + at;
            let ends = match bytes[at] {
                b':' => {
                    plain.is_key = is_blank_or_end(bytes, at + 1);
                    plain.is_key
                }
                b'#' => at > start && is_blank(bytes[at - 1]),
                _ => true,
            };
            if ends {
                plain.end = at;
                break;
            }
        }
        // The blanks at the end are left to those who look for a comment or a colon.
        while plain.end > start && is_blank(bytes[plain.end - 1]) {
            plain.end -= 1;
        }
        self.at = plain.end;
        plain
    }

    /// The same within brackets.
    pub(super) fn flow_plain(&mut self) -> Plain {
        let bytes = self.bytes;
        let mut at = self.at;
        let mut plain = Plain {
            end: at,
            is_key: false,
        };
        while let Some(&byte) = bytes.get(at) {
            match class(byte) {
                Class::Break if byte == b'\n' => break,
                Class::Colon if is_blank_or_end(bytes, at + 1) => {
                    plain.is_key = true;
                    break;
                }
                Class::Flow => break,
                // Another break is a character that starts as odd line breaks do: there are none.
                Class::Content
                | Class::Wide
                | Class::Continuation
                | Class::Break
                | Class::Colon => {}
                Class::Blank => {
                    while bytes.get(at).is_some_and(|byte| is_blank(*byte)) {
                        at += 1;
                    }
                    if bytes.get(at) == Some(&b'#') {
                        break;
                    }
                    continue;
                }
            }
            at += 1;
            plain.end = at;
        }
        self.at = plain.end;
        plain
    }

    /// The node of a plain key; the blanks before its `:` are passed.
    pub(super) fn plain_key(&mut self, start: usize, plain: &Plain) -> Node {
        let node = self.plain_node(start, plain.end);
        while is_blank(self.byte()) {
            self.at += 1;
        }
        node
    }

    /// The node of a plain scalar of one line.
    pub(super) fn plain_node(&mut self, start: usize, end: usize) -> Node {
        self.pass(TokenKind::Scalar(Style::Plain), start, end);
        let text = self.text.cut(start..end);
        self.scalar(
            self.mark(start),
            end,
            text.into(),
            self.tag(text),
            Style::Plain,
        )
    }

    fn tag(&self, text: &str) -> Tag {
        match text {
            "<<" => Tag::Merge,
            _ => resolve::plain(text, self.dialect).tag(),
        }
    }

    /// A plain value whose first line was passed, and its further ones: those that are deeper than
    /// the collection around it. Moves on to the line after it.
    pub(super) fn plain_value(
        &mut self,
        start: usize,
        first: &Plain,
        indent: usize,
    ) -> Option<Node> {
        let mark = self.mark(start);
        let mut end = first.end;
        let mut is_long = false;
        let next = loop {
            let (from, breaks) = match self.after_plain(end, indent)? {
                Next::Line(from, breaks) => (from, breaks),
                next => break next,
            };
            if !is_long {
                self.scratch.clear();
                self.scratch.push_str(self.text.cut(start..end));
                is_long = true;
            }
            match breaks {
                1 => self.scratch.push(' '),
                _ => self.scratch.extend(std::iter::repeat_n('\n', breaks - 1)),
            }
            self.at = from;
            let line = self.plain_line();
            if line.is_key {
                return None;
            }
            self.scratch.push_str(self.text.cut(from..line.end));
            end = line.end;
        };
        (self.token, self.token_start) = (TokenKind::Scalar(Style::Plain), start);
        self.last_end = end;
        let text = if is_long {
            &self.scratch
        } else {
            self.text.cut(start..end)
        };
        let mut node = self.scalar(mark, end, Str::from(text), self.tag(text), Style::Plain);
        match next {
            Next::Comment => self.last_of_line(node, start),
            _ => {
                self.settle(&mut node, start);
                Some(node)
            }
        }
    }

    /// Moves from the end of a line of a plain scalar to the next line with content, unless that
    /// is a comment.
    fn after_plain(&mut self, end: usize, indent: usize) -> Option<Next> {
        let bytes = self.bytes;
        let mut at = end;
        while bytes.get(at).is_some_and(|byte| is_blank(*byte)) {
            at += 1;
        }
        if bytes.get(at) != Some(&b'\n') {
            self.blank = at;
            return Some(Next::Comment);
        }
        let mut breaks = 0;
        let mut start;
        loop {
            breaks += 1;
            start = at + 1;
            at = spaces_end(bytes, start);
            match bytes.get(at) {
                Some(b'\n') => {}
                Some(b'#') => {
                    // The scanner is here when it sees that the value has ended.
                    self.blank = at;
                    return Some(Next::Comment);
                }
                Some(b'\t') => return None,
                Some(_) => break,
                None => {
                    self.line += breaks as u32;
                    (self.at, self.column) = (at, None);
                    return Some(Next::Other);
                }
            }
        }
        self.line += breaks as u32;
        self.stand_at(at, start);
        if at - start > indent {
            return Some(Next::Line(at, breaks));
        }
        self.stop_at_marker()?;
        Some(Next::Other)
    }
}
