//! Scans a text into tokens, by the rules of libyaml.
//!
//! kustomize reads YAML with two versions of one scanner, libyaml's, which predates YAML 1.2 and
//! has a mind of its own about keys, tabs and indentation. What it takes must be taken here and
//! what it refuses refused, so this scanner keeps its rules: a token that could begin a key is
//! remembered until a `:` on the same line proves it one, and a deeper column opens a collection.

mod block;
mod comment;
pub(super) mod fault;
mod margin;
mod plain;
mod property;
mod quoted;

use std::collections::VecDeque;

use self::comment::Notes;
use self::fault::Fault;
pub(super) use self::margin::{Blank, Margin};
pub(super) use self::plain::{Class, class};
pub(super) use self::quoted::{escape_digits, escaped};
use super::{Dialect, Options, Str, Style};
use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};

/// How deep collections may be nested, so that no input can exhaust the stack of those who walk
/// the nodes.
pub(super) const DEPTH: usize = 1000;

/// How far from its start, in characters, a key may have its `:`.
const KEY_LENGTH: u32 = 1024;

/// Where a text stands in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// The file.
    pub(super) source: SourceId,
    /// Bytes before the text.
    pub(super) offset: usize,
    /// Lines before the text.
    pub(super) lines: usize,
}

impl Origin {
    /// The start of a file.
    pub(super) fn start(source: SourceId) -> Self {
        Self {
            source,
            offset: 0,
            lines: 0,
        }
    }

    /// The place in the file of a piece of the text.
    pub(super) fn span(self, start: Mark, end: u32) -> Span {
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Span {
            source: self.source,
            start: narrow(self.offset + start.at as usize),
            end: narrow(self.offset + end as usize),
            line: narrow(self.lines + start.line as usize + 1),
            column: start.column.saturating_add(1),
        }
    }
}

/// A position in the text; line and column count from 0, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamStart,
    StreamEnd,
    /// `%YAML 1.1`
    Directive,
    /// `---`
    DocumentStart,
    /// `...`
    DocumentEnd,
    /// The indentation of a first `-`.
    BlockSequence,
    /// The indentation of a first key.
    BlockMapping,
    /// The end of an indentation.
    BlockEnd,
    /// `[`
    FlowSequence,
    /// `]`
    FlowSequenceEnd,
    /// `{`
    FlowMapping,
    /// `}`
    FlowMappingEnd,
    /// `-`
    BlockEntry,
    /// `,`
    FlowEntry,
    /// `?`, or nothing before a key that has none.
    Key,
    /// `:`
    Value,
    /// `*name`
    Alias,
    /// `&name`
    Anchor,
    /// `!name`
    Tag,
    Scalar(Style),
}

/// A piece of the text.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) is: TokenKind,
    /// The number of the flow level, from 1, at which the token may begin a key; 0 for none.
    level: u32,
    pub(super) start: Mark,
    pub(super) end: Mark,
    /// The value of a scalar, the name of an anchor, the spelling of a tag or directive.
    pub(super) text: Str,
}

/// A token that begins a key if a `:` follows on its line.
#[derive(Clone, Copy, Debug, Default)]
struct Candidate {
    possible: bool,
    /// It stands where only a key can stand.
    required: bool,
    /// The number of the token since the start.
    number: usize,
    mark: Mark,
}

/// Cuts a text into tokens.
pub(super) struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    origin: Origin,
    /// go-yaml v3 looks two tokens ahead, for the sake of comments; v2 none.
    ahead: usize,
    at: usize,
    line: u32,
    /// Byte after the last line break.
    line_start: usize,
    /// How many bytes more than characters the line has so far.
    wide: usize,
    tokens: VecDeque<Token>,
    /// How many tokens were taken.
    taken: usize,
    /// Whether the first token is known not to become part of a key.
    ready: bool,
    /// The column of the innermost open block collection, or -1.
    indent: i32,
    indents: Vec<i32>,
    /// One for the block context and one for each open flow collection.
    candidates: Vec<Candidate>,
    key_allowed: bool,
    /// The flow level for the next token, if it may begin a key.
    level: u32,
    notes: Option<Box<Notes>>,
    /// Whether text below `--- |` may stand at the margin.
    go_yaml_4: bool,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, origin: Origin, options: &Options) -> Self {
        let mut scanner = Self {
            text,
            bytes: text.as_bytes(),
            origin,
            ahead: match options.dialect {
                Dialect::Manifest => 2,
                Dialect::Kustomization => 0,
            },
            at: 0,
            line: 0,
            line_start: 0,
            wide: 0,
            tokens: VecDeque::with_capacity(16),
            taken: 0,
            ready: false,
            indent: -1,
            indents: Vec::new(),
            candidates: vec![Candidate::default()],
            key_allowed: true,
            level: 0,
            notes: options.comments.then(Box::default),
            go_yaml_4: options.go_yaml_4,
        };
        scanner.push(TokenKind::StreamStart, Mark::default());
        scanner
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Result<&Token> {
        if !self.ready {
            self.fill()?;
            self.ready = true;
        }
        if self.notes.is_some() {
            self.unfold_comments();
        }
        Ok(&self.tokens[0])
    }

    /// Takes the token that was peeked at.
    pub(super) fn take(&mut self) -> Token {
        self.ready = false;
        self.taken += 1;
        let end = || Token {
            is: TokenKind::StreamEnd,
            level: 0,
            start: Mark::default(),
            end: Mark::default(),
            text: Str::default(),
        };
        self.tokens.pop_front().unwrap_or_else(end)
    }

    /// An error at a place of the text.
    #[cold]
    pub(super) fn error(&self, start: Mark, message: impl Into<String>) -> Error {
        Error::new(Kind::Yaml, message).at(self.origin.span(start, start.at))
    }

    /// A mistake as an error.
    #[cold]
    pub(super) fn faulty(&self, fault: Fault) -> Error {
        let before = self.text.cut(..fault.at);
        let line = before.matches('\n').count();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mark = Mark {
            at: narrow(fault.at),
            line: narrow(line),
            column: narrow(before.cut(start..).chars().count()),
        };
        self.error(mark, fault.message).help(fault.help)
    }

    /// The text that is cut.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// The number of the text's first line in its file.
    pub(super) fn first_line(&self) -> usize {
        self.origin.span(Mark::default(), 0).line as usize
    }

    /// The byte at a mark; 0 behind the last.
    pub(super) fn byte_at(&self, mark: Mark) -> u8 {
        let at = mark.at as usize;
        self.bytes.get(at).copied().unwrap_or_default()
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    /// Scans until the first token cannot change any more.
    fn fill(&mut self) -> Result<()> {
        while self.tokens.len() <= self.ahead || self.may_become_key()? {
            self.fetch()?;
        }
        Ok(())
    }

    /// Whether a `:` that is still to come could put something before the first token.
    fn may_become_key(&mut self) -> Result<bool> {
        let Some(level) = (self.tokens[0].level as usize).checked_sub(1) else {
            return Ok(false);
        };
        match self.candidates.get(level) {
            Some(candidate) if candidate.number == self.taken => self.is_valid(level),
            _ => Ok(false),
        }
    }

    fn is_valid(&mut self, level: usize) -> Result<bool> {
        let candidate = self.candidates[level];
        if !candidate.possible {
            return Ok(false);
        }
        let mark = candidate.mark;
        if mark.line == self.line && self.column() <= mark.column + KEY_LENGTH {
            return Ok(true);
        }
        if candidate.required {
            return Err(self.missing_colon(mark));
        }
        self.candidates[level].possible = false;
        Ok(false)
    }

    #[cold]
    fn missing_colon(&self, mark: Mark) -> Error {
        if mark.line != self.line
            && let Some(fault) = fault::no_key(self.text, mark.at as usize)
        {
            return self.faulty(fault);
        }
        let error = self.error(mark, "expected a key here, but no `:` follows it");
        if mark.line == self.line {
            error.help("a key of more than 1024 characters needs a `?` before it")
        } else {
            error.help("write `key: value`, or indent the line to continue the value above")
        }
    }

    fn in_flow(&self) -> bool {
        self.candidates.len() > 1
    }

    #[inline]
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    #[inline]
    fn column(&self) -> u32 {
        (self.at - self.line_start - self.wide) as u32
    }

    #[inline]
    fn mark(&self) -> Mark {
        Mark {
            at: self.at as u32,
            line: self.line,
            column: self.column(),
        }
    }

    /// Scans the next token, or, with a key, several.
    fn fetch(&mut self) -> Result<()> {
        let blank = self.mark();
        self.skip_to_token(blank)?;
        self.close_blocks(self.column() as i32, blank);
        let Some(&byte) = self.bytes.get(self.at) else {
            return self.fetch_end();
        };
        if self.at == self.line_start {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if let Some(is) = self.document_marker() {
                return self.fetch_document_marker(is);
            }
        }
        let is_separator = match byte {
            b':' => !self.in_flow(),
            b',' => self.in_flow(),
            _ => false,
        };
        let comment = match self.tokens.back() {
            // What follows a separator on its line speaks of what is before it.
            Some(last) if is_separator => last.start,
            _ => self.mark(),
        };
        self.fetch_token(byte)?;
        if self.ahead > 0
            && self
                .tokens
                .back()
                .is_some_and(|last| last.is != TokenKind::BlockEntry)
        {
            self.skip_line_comment(comment);
        }
        Ok(())
    }

    fn fetch_token(&mut self, byte: u8) -> Result<()> {
        let in_flow = self.in_flow();
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequence),
            b'{' => self.fetch_flow_start(TokenKind::FlowMapping),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if is_blank_or_end(self.bytes, self.at + 1) => self.fetch_block_entry(),
            b'?' if in_flow || is_blank_or_end(self.bytes, self.at + 1) => self.fetch_key(),
            b':' if in_flow || is_blank_or_end(self.bytes, self.at + 1) => self.fetch_value(),
            b'*' => self.fetch_anchor(TokenKind::Alias),
            b'&' => self.fetch_anchor(TokenKind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' if !in_flow => self.fetch_block_scalar(Style::Literal),
            b'>' if !in_flow => self.fetch_block_scalar(Style::Folded),
            b'\'' => self.fetch_quoted(Style::Single),
            b'"' => self.fetch_quoted(Style::Double),
            b'-' => self.fetch_plain(),
            b'?' | b':' if !in_flow => self.fetch_plain(),
            b'\t' | b'?' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.cannot_start(byte)),
            _ => self.fetch_plain(),
        }
    }

    #[cold]
    fn cannot_start(&self, byte: u8) -> Error {
        if byte == b'\t' {
            return self
                .error(self.mark(), "a tab cannot indent a line")
                .help("use spaces");
        }
        let character = char::from(byte);
        let message = format!("a plain value cannot start with `{character}`");
        self.error(self.mark(), message)
            .help("put the value in quotes")
    }

    fn push(&mut self, is: TokenKind, start: Mark) {
        self.push_text(is, start, Str::default());
    }

    /// Appends a token that starts at a mark and ends here.
    #[inline]
    fn push_text(&mut self, is: TokenKind, start: Mark, text: Str) {
        let end = self.mark();
        let level = std::mem::take(&mut self.level);
        self.tokens.push_back(Token {
            is,
            level,
            start,
            end,
            text,
        });
    }

    /// Puts an empty token before the token of a number, or last if that one is gone.
    fn insert(&mut self, number: usize, is: TokenKind, mark: Mark) {
        let token = Token {
            is,
            level: 0,
            start: mark,
            end: mark,
            text: Str::default(),
        };
        let index = number.checked_sub(self.taken);
        let index = index.unwrap_or(self.tokens.len());
        self.tokens.insert(index.min(self.tokens.len()), token);
    }

    /// Appends a token of one character.
    fn push_indicator(&mut self, is: TokenKind) {
        let start = self.mark();
        self.at += 1;
        self.push(is, start);
    }

    /// Remembers that the next token may begin a key.
    fn save_candidate(&mut self) -> Result<()> {
        if !self.key_allowed {
            return Ok(());
        }
        self.drop_candidate()?;
        let mark = self.mark();
        let required = !self.in_flow() && self.indent == mark.column as i32;
        let number = self.taken + self.tokens.len();
        self.level = self.candidates.len() as u32;
        if let Some(candidate) = self.candidates.last_mut() {
            *candidate = Candidate {
                possible: true,
                required,
                number,
                mark,
            };
        }
        Ok(())
    }

    /// Forgets the candidate of the current level.
    fn drop_candidate(&mut self) -> Result<()> {
        let Some(candidate) = self.candidates.last_mut() else {
            return Ok(());
        };
        if candidate.possible && candidate.required {
            let mark = candidate.mark;
            return Err(self.missing_colon(mark));
        }
        candidate.possible = false;
        Ok(())
    }

    /// Opens a block collection if the column is deeper than the current one.
    fn open_block(&mut self, number: Option<usize>, is: TokenKind, mark: Mark) -> Result<()> {
        let column = mark.column as i32;
        if self.in_flow() || self.indent >= column {
            return Ok(());
        }
        if self.indents.len() >= DEPTH {
            return Err(self.too_deep(mark));
        }
        self.indents.push(self.indent);
        self.indent = column;
        let number = number.unwrap_or(self.taken + self.tokens.len());
        self.insert(number, is, mark);
        Ok(())
    }

    #[cold]
    pub(super) fn too_deep(&self, mark: Mark) -> Error {
        let message = format!("collections are nested more than {DEPTH} levels deep");
        self.error(mark, message)
    }

    /// Closes the block collections that are deeper than a column.
    fn close_blocks(&mut self, column: i32, blank: Mark) {
        if self.in_flow() {
            return;
        }
        let mut mark = blank;
        while self.indent > column {
            mark = self.block_end(mark, blank);
            self.tokens.push_back(Token {
                is: TokenKind::BlockEnd,
                level: 0,
                start: mark,
                end: mark,
                text: Str::default(),
            });
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_end(&mut self) -> Result<()> {
        let here = self.mark();
        self.close_blocks(-1, here);
        self.drop_candidate()?;
        self.key_allowed = false;
        self.push(TokenKind::StreamEnd, here);
        // No key goes on after the end.
        if self.at > self.line_start {
            self.line += 1;
            self.line_start = self.at;
            self.wide = 0;
        }
        Ok(())
    }

    /// `---` or `...` at the start of a line.
    pub(super) fn document_marker(&self) -> Option<TokenKind> {
        let is = match self.bytes.get(self.at..self.at + 3)? {
            b"---" => TokenKind::DocumentStart,
            b"..." => TokenKind::DocumentEnd,
            _ => return None,
        };
        is_blank_or_end(self.bytes, self.at + 3).then_some(is)
    }

    fn fetch_document_marker(&mut self, is: TokenKind) -> Result<()> {
        let start = self.mark();
        self.close_blocks(-1, start);
        self.drop_candidate()?;
        self.key_allowed = false;
        self.at += 3;
        self.push(is, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, is: TokenKind) -> Result<()> {
        self.save_candidate()?;
        if self.candidates.len() > DEPTH {
            return Err(self.too_deep(self.mark()));
        }
        self.candidates.push(Candidate {
            number: self.taken + self.tokens.len(),
            ..Candidate::default()
        });
        self.key_allowed = true;
        self.push_indicator(is);
        Ok(())
    }

    fn fetch_flow_end(&mut self, is: TokenKind) -> Result<()> {
        self.drop_candidate()?;
        if self.in_flow() {
            self.leave_flow();
        }
        self.key_allowed = false;
        self.push_indicator(is);
        Ok(())
    }

    fn leave_flow(&mut self) {
        let Some(candidate) = self.candidates.pop() else {
            return;
        };
        // go-yaml forgets here that `[]` and `{}` may be keys; only `[]a: b` shows it.
        let index = candidate.number.checked_sub(self.taken);
        if let Some(token) = index.and_then(|index| self.tokens.get_mut(index)) {
            token.level = 0;
        }
    }

    fn fetch_flow_entry(&mut self) -> Result<()> {
        self.drop_candidate()?;
        self.key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<()> {
        if !self.in_flow() {
            if !self.key_allowed {
                let message = "a list item cannot start here";
                return Err(self
                    .error(self.mark(), message)
                    .help("start the list on a line of its own"));
            }
            self.open_block(None, TokenKind::BlockSequence, self.mark())?;
        }
        self.drop_candidate()?;
        self.key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<()> {
        if !self.in_flow() {
            if !self.key_allowed {
                return Err(self.error(self.mark(), "a `?` key cannot start here"));
            }
            self.open_block(None, TokenKind::BlockMapping, self.mark())?;
        }
        self.drop_candidate()?;
        self.key_allowed = !self.in_flow();
        self.push_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<()> {
        let level = self.candidates.len() - 1;
        if self.is_valid(level)? {
            let Candidate { number, mark, .. } = self.candidates[level];
            self.insert(number, TokenKind::Key, mark);
            self.open_block(Some(number), TokenKind::BlockMapping, mark)?;
            self.candidates[level].possible = false;
            self.key_allowed = false;
        } else {
            if !self.in_flow() {
                if !self.key_allowed {
                    return Err(self.unexpected_colon());
                }
                self.open_block(None, TokenKind::BlockMapping, self.mark())?;
            }
            self.key_allowed = !self.in_flow();
        }
        self.push_indicator(TokenKind::Value);
        Ok(())
    }

    #[cold]
    fn unexpected_colon(&self) -> Error {
        self.faulty(fault::second_colon(self.text, self.at, self.first_line()))
    }

    /// Moves on to the next token, over white space, comments and line breaks.
    fn skip_to_token(&mut self, blank: Mark) -> Result<()> {
        loop {
            if self.at == 0 && self.text.starts_with('\u{FEFF}') {
                self.at += 3;
                self.wide += 2;
            }
            let tabs = self.in_flow() || !self.key_allowed;
            while self.byte(0) == b' ' || (tabs && self.byte(0) == b'\t') {
                self.at += 1;
            }
            if self.notes.is_some() {
                self.reconsider_entry_comment();
            }
            if self.byte(0) == b'#' {
                self.skip_comments(blank);
            }
            if !self.skip_break() {
                return Ok(());
            }
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    /// Moves over a line break, if there is one.
    #[inline]
    fn skip_break(&mut self) -> bool {
        let length = break_length(self.bytes, self.at);
        if length == 0 {
            return false;
        }
        self.at += length;
        self.line += 1;
        self.line_start = self.at;
        self.wide = 0;
        true
    }

    /// Moves over a character that is no line break.
    #[inline]
    fn skip_character(&mut self) {
        self.at += 1;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| is_continuation(*byte))
        {
            self.at += 1;
            self.wide += 1;
        }
    }

    /// Moves to the end of the line.
    fn skip_line_content(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if break_length(self.bytes, self.at) > 0 {
                return;
            }
            self.wide += usize::from(is_continuation(byte));
            self.at += 1;
        }
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Whether a byte is one of a character other than its first.
#[inline]
fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// The bytes of the line break at a position, 0 for none: LF, CR, CR LF, NEL, LS or PS.
#[inline]
pub(super) fn break_length(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\r') => 1,
        Some(0xC2) if bytes.get(at + 1) == Some(&0x85) => 2,
        Some(0xE2) if is_wide_break(bytes, at) => 3,
        _ => 0,
    }
}

/// LS or PS, the line breaks that folding keeps.
fn is_wide_break(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..at + 3), Some([0xE2, 0x80, 0xA8 | 0xA9]))
}

#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Whether a space, a tab, a line break or the end of the text is at a position.
#[inline]
pub(super) fn is_blank_or_end(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        None => true,
        Some(byte) => is_blank(*byte) || break_length(bytes, at) > 0,
    }
}

/// Leaves out a byte order mark.
pub(super) fn without_bom(text: &str, origin: Origin) -> (&str, Origin) {
    match text.strip_prefix('\u{FEFF}') {
        Some(rest) => {
            let offset = origin.offset + text.len() - rest.len();
            (rest, Origin { offset, ..origin })
        }
        None => (text, origin),
    }
}
