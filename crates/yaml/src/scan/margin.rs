//! Comments for a reader that has no tokens.
//!
//! Which value a comment belongs to is decided by the scanner alone. The quick reader says which
//! token it passed last and where; what is noted, and where blocks end for it, is computed by the
//! scanner's own functions, from the state that it would be in there.

use std::collections::VecDeque;

use super::comment::{Comments, Notes};
use super::{Mark, Origin, Scanner, Token, TokenKind, is_continuation};
use crate::{Decor, Options, Str};

/// The comments of a text, as they are met.
pub(crate) struct Margin<'t> {
    scanner: Scanner<'t>,
    /// Where the blocks end, for comments, that the last gap ends.
    ends: VecDeque<u32>,
}

/// Where white space with comments starts, and what is before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blank {
    /// The last token, and where it starts.
    pub(crate) token: TokenKind,
    pub(crate) token_start: usize,
    pub(crate) at: usize,
    pub(crate) line: u32,
}

impl<'t> Margin<'t> {
    pub(crate) fn new(text: &'t str, origin: Origin) -> Self {
        let options = Options {
            comments: true,
            ..Options::default()
        };
        Self {
            scanner: Scanner::new(text, origin, &options),
            ends: VecDeque::new(),
        }
    }

    /// Whether no comment waits for a value.
    pub(crate) fn is_quiet(&self) -> bool {
        self.ends.is_empty() && self.scanner.notes.as_deref().is_none_or(Notes::is_empty)
    }

    /// Brings the scanner to a position.
    fn stand_at(&mut self, at: usize, line: u32) {
        let scanner = &mut self.scanner;
        let before = scanner.bytes.get(..at).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let passed = before.get(line_start..).unwrap_or_default();
        scanner.at = at;
        scanner.line = line;
        scanner.line_start = line_start;
        scanner.wide = passed.iter().filter(|byte| is_continuation(**byte)).count();
    }

    /// Notes the comment that follows in a line, and speaks of the token that starts somewhere;
    /// returns where it ends.
    pub(crate) fn line_comment(&mut self, at: usize, line: u32, token: usize) -> usize {
        self.stand_at(at, line);
        let mark = Mark {
            at: token as u32,
            ..Mark::default()
        };
        self.scanner.skip_line_comment(mark);
        self.scanner.at
    }

    /// Notes the comments in white space; `columns` are those of the open blocks, the innermost
    /// one's last. Returns where the next token is, its line and where that starts.
    pub(crate) fn gap(&mut self, blank: Blank, columns: &[i32]) -> Option<(usize, u32, usize)> {
        self.stand_at(blank.at, blank.line);
        let scanner = &mut self.scanner;
        scanner.key_allowed = true;
        scanner.tokens.clear();
        let start = Mark {
            at: blank.token_start as u32,
            ..Mark::default()
        };
        scanner.tokens.push_back(Token {
            is: blank.token,
            level: 0,
            start,
            end: start,
            text: Str::default(),
        });
        scanner.indents.clear();
        scanner.indents.push(-1);
        scanner.indents.extend_from_slice(columns);
        scanner.indent = scanner.indents.pop().unwrap_or(-1);
        let mark = scanner.mark();
        scanner.skip_to_token(mark).ok()?;
        scanner.close_blocks(scanner.column() as i32, mark);
        let is_marker = scanner.at == scanner.line_start && scanner.document_marker().is_some();
        if is_marker || scanner.at >= scanner.bytes.len() {
            let here = scanner.mark();
            scanner.close_blocks(-1, here);
        }
        let ends = scanner.tokens.drain(1..).map(|token| token.start.at);
        self.ends.extend(ends);
        Some((scanner.at, scanner.line, scanner.line_start))
    }

    fn notes(&mut self) -> &mut Notes {
        self.scanner.notes.get_or_insert_default()
    }

    /// What was met for the tokens reached.
    pub(crate) fn current(&mut self) -> &mut Comments {
        self.notes().current()
    }

    /// Reaches the token that starts somewhere.
    pub(crate) fn reach(&mut self, token: usize) {
        self.notes().unfold(token as u32, false);
    }

    /// Reaches the end of the innermost block.
    pub(crate) fn reach_end(&mut self) {
        if let Some(end) = self.ends.pop_front() {
            self.notes().unfold(end, true);
        }
    }

    /// Takes the comments of the tokens reached.
    pub(crate) fn take(&mut self) -> Option<Box<Decor>> {
        let comments = self.current();
        if comments.is_empty() {
            return None;
        }
        let mut decor = Box::<Decor>::default();
        comments.move_to(&mut decor);
        Some(decor)
    }
}
