//! Scans comments, and attaches each to its token.
//!
//! go-yaml v3 has three kinds: those above a value (head), on its line (line) and below it (foot).
//! A comment is noted where the scanner meets it, with the token it speaks of, and handed over
//! when the parser reaches that token. Without notes comments are only passed over.

use super::{Mark, Scanner, TokenKind, break_length, is_blank};
use crate::cut::Cut as _;
use crate::{Decor, Str};

/// How far, in bytes, a comment is looked for.
const REACH: usize = 512;

/// The comments of a value, each line with its `#`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comments {
    pub(crate) head: String,
    pub(crate) line: String,
    pub(crate) foot: String,
}

impl Comments {
    /// Takes the part of the first comment of a document that a blank line sets apart from what
    /// follows.
    pub(crate) fn take_document_head(&mut self) -> Option<String> {
        let (head, rest) = match self.head.rfind("\n\n") {
            _ if self.head.ends_with('\n') => {
                let end = self.head.len() - 1;
                (self.head.cut(..end).to_owned(), String::new())
            }
            Some(at) if at > 0 => (
                self.head.cut(..at).to_owned(),
                self.head.cut(at + 2..).to_owned(),
            ),
            _ => return None,
        };
        self.head = rest;
        Some(head)
    }

    /// Takes what stands above the `-` of an entry whose value is a collection, to which it
    /// belongs as a whole; so many bytes at the start of the head.
    pub(crate) fn take_stem(&mut self, above: usize) -> String {
        let rest = self.head.get(above + 1..).unwrap_or_default().to_owned();
        self.head.truncate(above);
        std::mem::replace(&mut self.head, rest)
    }

    /// Gives all of them to a value.
    pub(crate) fn move_to(&mut self, decor: &mut Decor) {
        let Self { head, line, foot } = std::mem::take(self);
        let some = |text: String| (!text.is_empty()).then(|| Str::from(text));
        decor.head = some(head);
        decor.line = some(line);
        decor.foot = some(foot);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.line.is_empty() && self.foot.is_empty()
    }
}

/// The comments that were met.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Those whose token was not reached, in the order of the text.
    waiting: std::collections::VecDeque<Note>,
    /// Those of the tokens reached, until a value takes them.
    current: Comments,
}

impl Notes {
    /// Whether no comment waits for a value.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.current.is_empty()
    }

    /// The comments of the tokens reached.
    pub(super) fn current(&mut self) -> &mut Comments {
        &mut self.current
    }

    /// Gathers the comments that belong to a token, the end of a block or another, or to what is
    /// before it.
    pub(super) fn unfold(&mut self, token: u32, is_end: bool) {
        while let Some(note) = self.waiting.front() {
            if token < note.token {
                return;
            }
            let current = &mut self.current;
            let text = match note.side {
                // An end has nothing above it: what follows the end has.
                Side::Head if is_end => return,
                Side::Head => &mut current.head,
                Side::Line => &mut current.line,
                Side::Foot => &mut current.foot,
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&note.text);
            self.waiting.pop_front();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Head,
    Line,
    Foot,
}

/// A comment of one or more lines.
#[derive(Debug)]
struct Note {
    side: Side,
    text: String,
    /// Where the white space with the comment starts.
    blank: u32,
    /// Where the token it belongs to starts.
    token: u32,
    start: Mark,
    end: u32,
}

/// A block of comment lines on its way to becoming a note.
struct Block {
    text: String,
    start: Mark,
    blank: u32,
    token: u32,
}

impl Scanner<'_> {
    /// The comments that were met and belong to the value at hand.
    pub(crate) fn comments_mut(&mut self) -> Option<&mut Comments> {
        self.notes.as_deref_mut().map(|notes| &mut notes.current)
    }

    /// Gathers the comments that belong to the first token or to what is before it.
    pub(super) fn unfold_comments(&mut self) {
        let (Some(notes), Some(token)) = (self.notes.as_deref_mut(), self.tokens.front()) else {
            return;
        };
        notes.unfold(token.start.at, token.is == TokenKind::BlockEnd);
    }
    /// Where a block ends: before the comments that stand at its own indentation.
    pub(super) fn block_end(&self, mark: Mark, blank: Mark) -> Mark {
        let Some(notes) = &self.notes else {
            return mark;
        };
        let mut mark = mark;
        if mark == blank {
            mark.at = mark.at.saturating_sub(1);
        }
        let mut stop = mark.at;
        for note in notes.waiting.iter().rev() {
            if note.end < stop {
                break;
            }
            if note.start.column as i32 == self.indent + 1 {
                mark = note.start;
            }
            stop = note.blank;
        }
        mark
    }

    /// Passes over a comment on the line of the token that was just scanned.
    pub(super) fn skip_line_comment(&mut self, token: Mark) {
        let blanks = self.bytes[self.at..]
            .iter()
            .take(REACH)
            .take_while(|byte| is_blank(**byte))
            .count();
        if blanks == REACH || self.byte(blanks) != b'#' || self.breaks_before() > 0 {
            return;
        }
        self.at += blanks;
        let start = self.mark();
        self.skip_line_content();
        if let Some(notes) = &mut self.notes {
            notes.waiting.push_back(Note {
                side: Side::Line,
                text: self.text.cut(start.at as usize..self.at).to_owned(),
                blank: 0,
                token: token.at,
                start,
                end: 0,
            });
        }
    }

    /// How many line breaks are in the white space that ends here.
    fn breaks_before(&self) -> u32 {
        let mut at = self.at;
        let mut breaks = 0;
        while at > 0 {
            at -= 1;
            match self.bytes[at] {
                b' ' | b'\t' => {}
                b'\n' => breaks += 1,
                b'\r' => breaks += u32::from(self.bytes.get(at + 1) != Some(&b'\n')),
                0x85 if at > 0 && break_length(self.bytes, at - 1) == 2 => {
                    at -= 1;
                    breaks += 1;
                }
                0xA8 | 0xA9 if at > 1 && break_length(self.bytes, at - 2) == 3 => {
                    at -= 2;
                    breaks += 1;
                }
                _ => break,
            }
        }
        breaks
    }

    /// The comment after the first `-` of a list is one above its first item.
    pub(super) fn reconsider_entry_comment(&mut self) {
        let count = self.tokens.len();
        let Some(first) = count
            .checked_sub(2)
            .and_then(|index| self.tokens.get(index))
        else {
            return;
        };
        let is_entry = first.is == TokenKind::BlockSequence
            && self
                .tokens
                .back()
                .is_some_and(|token| token.is == TokenKind::BlockEntry);
        if !is_entry || break_length(self.bytes, self.at) > 0 {
            return;
        }
        let here = self.mark();
        let note = self
            .notes
            .as_mut()
            .and_then(|notes| notes.waiting.back_mut());
        if let Some(note) = note.filter(|note| note.side == Side::Line) {
            note.side = Side::Head;
            if note.start.line + 1 == here.line {
                note.token = here.at;
            }
        }
    }

    /// Passes over comment lines; `blank` is where the white space before them starts.
    pub(super) fn skip_comments(&mut self, blank: Mark) {
        if self.ahead == 0 {
            self.skip_line_content();
        } else if self.notes.is_some() {
            self.note_comments(blank);
        } else {
            self.skip_line_content();
            while let Some(ahead) = self.comment_ahead() {
                self.skip_to(self.at + ahead);
                self.skip_line_content();
            }
        }
    }

    /// The bytes to the next comment, where only white space is before it.
    fn comment_ahead(&self) -> Option<usize> {
        let mut ahead = 1;
        while ahead < REACH {
            let at = self.at + ahead;
            match self.bytes.get(at)? {
                b'#' => return Some(ahead),
                b' ' | b'\t' => ahead += 1,
                _ => match break_length(self.bytes, at) {
                    0 => return None,
                    length => ahead += length,
                },
            }
        }
        None
    }

    /// Moves over white space.
    fn skip_to(&mut self, to: usize) {
        while self.at < to {
            if !self.skip_break() {
                self.at += 1;
            }
        }
    }

    /// Notes comment lines, in blocks of what belongs together.
    fn note_comments(&mut self, blank: Mark) {
        let mut walk = CommentWalk::new(self, blank);
        while walk.peek < REACH && walk.step(self) {
            walk.peek += 1;
        }
        let end = (self.at + walk.peek).saturating_sub(1) as u32;
        walk.flush(self, Side::Head, end);
    }
}

/// A walk over white space and comments that decides where a block of comments ends.
struct CommentWalk {
    block: Block,
    /// Bytes from here that were looked at.
    peek: usize,
    line: u32,
    /// Column of the byte looked at, counted from 1.
    column: u32,
    indent: u32,
    /// Whether the token before the comments is a `:`.
    after_value: bool,
    /// The line in which a comment below the token before must start.
    foot_line: Option<u32>,
    /// Whether no blank line came before.
    first_gap: bool,
    /// Whether the last line was blank.
    after_gap: bool,
}

impl CommentWalk {
    fn new(scanner: &Scanner<'_>, blank: Mark) -> Self {
        let count = scanner.tokens.len();
        let skips_comma = scanner
            .tokens
            .back()
            .is_some_and(|token| token.is == TokenKind::FlowEntry && count > 1);
        let token = &scanner.tokens[count - 1 - usize::from(skips_comma)];
        let breaks = scanner.breaks_before();
        let column = scanner.column();
        let foot_line =
            (scanner.line + 1).saturating_sub(breaks) + u32::from(breaks == 0 && column > 1);
        Self {
            block: Block {
                text: String::new(),
                start: Mark::default(),
                blank: blank.at,
                token: token.start.at,
            },
            peek: 0,
            line: scanner.line,
            column,
            indent: scanner.indent.max(0) as u32,
            after_value: token.is == TokenKind::Value,
            foot_line: (blank.line > 0).then_some(foot_line),
            first_gap: breaks <= 1,
            after_gap: false,
        }
    }

    /// Looks at a byte; tells whether to go on.
    fn step(&mut self, scanner: &mut Scanner<'_>) -> bool {
        self.column += 1;
        let at = scanner.at + self.peek;
        let byte = scanner.byte(self.peek);
        if is_blank(byte) {
            return true;
        }
        let closes_flow = scanner.in_flow() && matches!(byte, b']' | b'}');
        let breaks = break_length(scanner.bytes, at) > 0;
        if closes_flow || breaks || at >= scanner.bytes.len() {
            self.gap(scanner, closes_flow, breaks);
            self.first_gap = false;
            self.after_gap = true;
            self.column = 0;
            self.line += 1;
            return breaks;
        }
        // A comment at another indentation belongs to what is before.
        let dedents = self.column <= self.indent && self.column != self.block.start.column;
        if dedents {
            self.flush(scanner, Side::Foot, at as u32);
        }
        if byte != b'#' {
            return false;
        }
        self.comment(scanner, at);
        true
    }

    /// The end of a line, of the text, or of a flow collection.
    fn gap(&mut self, scanner: &mut Scanner<'_>, closes_flow: bool, breaks: bool) {
        if !closes_flow && self.after_gap {
            return;
        }
        let start = self.block.start;
        let is_dedented = start.column <= self.indent;
        let is_below = self.foot_line == Some(start.line) && !self.after_value;
        if closes_flow || (self.first_gap && (is_below || is_dedented)) {
            if is_dedented {
                self.block.token = start.at;
            }
            let end = (scanner.at + self.peek) as u32;
            self.flush(scanner, Side::Foot, end);
        } else if !self.block.text.is_empty() && breaks {
            self.block.text.push('\n');
        }
    }

    /// Reads a comment up to the end of its line.
    fn comment(&mut self, scanner: &mut Scanner<'_>, at: usize) {
        if self.block.text.is_empty() {
            self.block.start = Mark {
                at: at as u32,
                line: self.line,
                column: self.column,
            };
        } else {
            self.block.text.push('\n');
        }
        self.after_gap = false;
        scanner.skip_to(at);
        scanner.skip_line_content();
        self.block.text.push_str(scanner.text.cut(at..scanner.at));
        self.peek = 0;
        self.column = 0;
        self.line = scanner.line;
    }

    /// Makes a note of the block, if there is one, and starts the next.
    fn flush(&mut self, scanner: &mut Scanner<'_>, side: Side, end: u32) {
        let text = std::mem::take(&mut self.block.text);
        let Some(notes) = scanner.notes.as_deref_mut().filter(|_| !text.is_empty()) else {
            return;
        };
        let start = self.block.start;
        notes.waiting.push_back(Note {
            side,
            text,
            blank: self.block.blank,
            token: match side {
                Side::Head => start.at,
                _ => self.block.token,
            },
            start,
            end,
        });
        self.block.blank = end;
        self.block.token = end;
    }
}
