//! Literal and folded blocks of the subset.

use super::super::scan::{TokenKind, is_blank};
use super::super::{Node, Str, Style, Tag, Value};
use super::{Reader, spaces_end};

/// How a block of text ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Clip,
    Strip,
    Keep,
}

impl Reader<'_> {
    /// A block of text, up to the line after it; `column` is that of the collection around it.
    pub(super) fn block_text(&mut self, is_literal: bool, column: usize) -> Option<Node> {
        let start = self.mark(self.at);
        let style = if is_literal {
            Style::Literal
        } else {
            Style::Folded
        };
        self.at += 1;
        let mut chomp = self.chomp();
        let mut indent = None;
        if let digit @ b'1'..=b'9' = self.byte() {
            indent = Some(column + usize::from(digit - b'0'));
            self.at += 1;
            chomp = chomp.or_else(|| self.chomp());
        }
        self.pass(TokenKind::Scalar(style), start.at as usize, self.at);
        self.rest_of_line()?;
        let end = self.block_lines(is_literal, chomp.unwrap_or(Chomp::Clip), column, indent)?;
        self.last_end = end;
        let mut node = Node {
            value: Value::Scalar(Str::from(self.scratch.as_str())),
            tag: Tag::Str,
            style,
            inferred: false,
            span: self.origin.span(start, end as u32),
            decor: None,
        };
        self.next_line()?;
        self.settle(&mut node, start.at as usize);
        Some(node)
    }

    fn chomp(&mut self) -> Option<Chomp> {
        let chomp = match self.byte() {
            b'-' => Chomp::Strip,
            b'+' => Chomp::Keep,
            _ => return None,
        };
        self.at += 1;
        Some(chomp)
    }

    /// Puts the lines of a block of text together, and moves to the end of the last one.
    fn block_lines(
        &mut self,
        is_literal: bool,
        chomp: Chomp,
        column: usize,
        indent: Option<usize>,
    ) -> Option<usize> {
        let (text, bytes) = (self.text, self.bytes);
        let mut lines = Lines {
            bytes,
            break_at: self.at,
            line: self.line,
            indent: usize::MAX,
            blank: 0,
        };
        let mut from = match indent {
            Some(indent) => {
                lines.indent = indent;
                lines.next_content()??
            }
            None => {
                let (indent, first) = lines.first_content(column)?;
                lines.indent = indent;
                first
            }
        };
        self.scratch.clear();
        // Whether a line break is to be written once the next line is known.
        let mut is_pending = false;
        let mut was_blank = false;
        let end = loop {
            let is_blank = is_blank(bytes[from]);
            let folds = !is_literal && !was_blank && !is_blank;
            if is_pending && folds && lines.blank == 0 {
                self.scratch.push(' ');
            } else if is_pending && !folds {
                self.scratch.push('\n');
            }
            self.scratch.extend(std::iter::repeat_n('\n', lines.blank));
            was_blank = is_blank;
            let end = self.line_end(from);
            self.scratch.push_str(text.get(from..end)?);
            is_pending = end < bytes.len();
            lines.break_at = end;
            match lines.next_content()? {
                Some(next) => from = next,
                None => break end,
            }
        };
        if chomp != Chomp::Strip && is_pending {
            self.scratch.push('\n');
        }
        if chomp == Chomp::Keep {
            self.scratch.extend(std::iter::repeat_n('\n', lines.blank));
        }
        (self.at, self.line) = (lines.break_at, lines.line);
        // The scanner has looked for the indentation of another line.
        let next = lines.break_at + 1;
        self.blank = lines
            .spaces_end(next, next.saturating_add(lines.indent))
            .min(bytes.len());
        Some(match chomp {
            Chomp::Keep => self.at,
            _ => end,
        })
    }
}

/// The lines of a block of text.
struct Lines<'t> {
    bytes: &'t [u8],
    /// The line break before the line at hand; the end of the text if it is the last line's.
    break_at: usize,
    /// The number of the line that ends there.
    line: u32,
    indent: usize,
    /// How many lines without content came last.
    blank: usize,
}

impl Lines<'_> {
    /// The indentation and the start of the first line with content.
    fn first_content(&mut self, column: usize) -> Option<(usize, usize)> {
        let mut deepest = 0;
        loop {
            let start = self.break_at + 1;
            let content = self.spaces_end(start, usize::MAX);
            let indent = content - start;
            match self.bytes.get(content)? {
                b'\n' => {
                    deepest = deepest.max(indent);
                    self.pass_blank(content);
                }
                b'\t' => return None,
                // The deepest of the lines counts, also if it is blank.
                _ if indent <= column || indent < deepest => return None,
                _ => {
                    self.line += 1;
                    return Some((indent, content));
                }
            }
        }
    }

    /// The start of the content of the next line that has some, after the one that ends here; the
    /// outer answer is none if a tab indents a line.
    fn next_content(&mut self) -> Option<Option<usize>> {
        self.blank = 0;
        while self.break_at < self.bytes.len() {
            let start = self.break_at + 1;
            let content = self.spaces_end(start, start.saturating_add(self.indent));
            let is_indented = content - start == self.indent;
            match self.bytes.get(content) {
                Some(b'\n') => self.pass_blank(content),
                Some(b'\t') if !is_indented => return None,
                Some(_) if is_indented => {
                    self.line += 1;
                    return Some(Some(content));
                }
                _ => break,
            }
        }
        Some(None)
    }

    fn pass_blank(&mut self, break_at: usize) {
        self.blank += 1;
        self.line += 1;
        self.break_at = break_at;
    }

    /// Where the spaces end that start at a position, or a limit.
    fn spaces_end(&self, start: usize, limit: usize) -> usize {
        spaces_end(self.bytes, start).min(limit)
    }
}
