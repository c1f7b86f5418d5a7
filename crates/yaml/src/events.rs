//! Parses tokens into events.
//!
//! The grammar is libyaml's, one state for each place in a production where a token is awaited:
//!
//! ```text
//! stream         ::= implicit_document? explicit_document*
//! node           ::= alias | properties? (scalar | collection)?
//! block_sequence ::= (`-` node?)*
//! block_mapping  ::= ((`?` node?)? (`:` node?)?)*
//! flow_sequence  ::= `[` (entry `,`)* entry? `]`
//! flow_mapping   ::= `{` (entry `,`)* entry? `}`
//! entry          ::= node | `?` node? (`:` node?)?
//! ```

use super::scan::fault;
use super::scan::{DEPTH, Mark, Origin, Scanner, Token, TokenKind};
use super::tags::{self, Handles};
use super::{Decor, Options, Str, Style, Tag};
use crate::error::{Error, Result};

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    DocumentStart,
    DocumentEnd,
    Alias,
    Scalar,
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
    StreamEnd,
}

/// A step through a document.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) says: EventKind,
    pub(super) style: Style,
    /// The type, where a tag says it; `!` alone says nothing.
    pub(super) tag: Option<Tag>,
    pub(super) start: Mark,
    pub(super) end: u32,
    /// The value of a scalar or the name of an alias.
    pub(super) text: Str,
    /// Anchor, tag and comments.
    pub(super) decor: Option<Box<Decor>>,
}

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A document that may have no `---`.
    FirstDocument,
    /// A document after the first.
    Document,
    /// The root after `---`.
    DocumentContent,
    DocumentEnd,
    /// The root of a document without `---`.
    Root,
    BlockEntry,
    /// An entry of a sequence at the indentation of its key.
    IndentlessEntry,
    BlockKey,
    BlockValue,
    FlowFirstItem,
    FlowItem,
    /// The key of a mapping of one entry in a flow sequence.
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowFirstKey,
    FlowKey,
    FlowValue,
    /// The value of an entry that has none.
    FlowNoValue,
    End,
}

/// Where a node may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Flow,
    Block,
    /// In a block mapping, where a sequence need not be indented.
    BlockMapping,
}

/// Turns a text into events.
pub(super) struct Events<'t> {
    scanner: Scanner<'t>,
    state: State,
    /// What is awaited when the current collection ends.
    states: Vec<State>,
    /// Where the open collections start.
    marks: Vec<Mark>,
    handles: Handles,
    /// Where the last token ended.
    last_end: Mark,
    /// The comment above an entry whose value is a collection.
    stem: Option<String>,
    /// Whether `: value` is an entry whose key is empty, as for go-yaml 4.
    go_yaml_4: bool,
}

impl<'t> Events<'t> {
    pub(super) fn new(text: &'t str, origin: Origin, options: &Options) -> Self {
        Self {
            scanner: Scanner::new(text, origin, options),
            state: State::FirstDocument,
            states: Vec::new(),
            marks: Vec::new(),
            handles: Handles::default(),
            last_end: Mark::default(),
            stem: None,
            go_yaml_4: options.go_yaml_4,
        }
    }

    /// An error at a place of the text.
    pub(super) fn error(&self, start: Mark, message: impl Into<String>) -> Error {
        self.scanner.error(start, message)
    }

    pub(super) fn too_deep(&self, start: Mark) -> Error {
        self.scanner.too_deep(start)
    }

    /// The next event; after the end of the stream, that end again.
    pub(super) fn next(&mut self) -> Result<Event> {
        match self.state {
            State::FirstDocument => {
                self.take()?;
                self.document_start(true)
            }
            State::Document => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::Root => {
                self.state = State::DocumentEnd;
                self.node(Context::Block)
            }
            State::BlockEntry => self.block_entry(),
            State::IndentlessEntry => self.indentless_entry(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowFirstItem => self.flow_item(true),
            State::FlowItem => self.flow_item(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                self.state = State::FlowItem;
                let end = self.last_end;
                Ok(self.event(EventKind::MappingEnd, end, end.at))
            }
            State::FlowFirstKey => self.flow_key(true),
            State::FlowKey => self.flow_key(false),
            State::FlowValue => self.flow_value(),
            State::FlowNoValue => {
                self.scanner.peek()?;
                self.state = State::FlowKey;
                Ok(self.empty())
            }
            State::End => Ok(self.event(EventKind::StreamEnd, self.last_end, self.last_end.at)),
        }
    }

    fn is(&mut self) -> Result<TokenKind> {
        Ok(self.scanner.peek()?.is)
    }

    fn take(&mut self) -> Result<Token> {
        self.scanner.peek()?;
        let token = self.scanner.take();
        self.last_end = token.end;
        Ok(token)
    }

    fn event(&self, says: EventKind, start: Mark, end: u32) -> Event {
        Event {
            says,
            style: Style::Plain,
            tag: None,
            start,
            end,
            text: Str::default(),
            decor: None,
        }
    }

    /// A value that is not written.
    fn empty(&self) -> Event {
        self.event(EventKind::Scalar, self.last_end, self.last_end.at)
    }

    /// Continues with the collection around the one that ends.
    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Reads a node, and afterwards goes on in a state.
    fn node_then(&mut self, context: Context, state: State) -> Result<Event> {
        self.state = state;
        self.node(context)
    }

    fn document_start(&mut self, first: bool) -> Result<Event> {
        while !first && self.is()? == TokenKind::DocumentEnd {
            self.take()?;
        }
        let start = self.scanner.peek()?.start;
        match self.is()? {
            TokenKind::StreamEnd => {
                self.state = State::End;
                return self.next();
            }
            TokenKind::Directive | TokenKind::DocumentStart => {}
            _ if first => {
                self.state = State::Root;
                let mut event = self.event(EventKind::DocumentStart, start, start.at);
                event.decor = self.document_head();
                return Ok(event);
            }
            _ => {}
        }
        while self.is()? == TokenKind::Directive {
            let token = self.take()?;
            if let Err(message) = self.handles.declare(&token.text) {
                return Err(self.error(token.start, message));
            }
        }
        let token = self.scanner.peek()?;
        if token.is != TokenKind::DocumentStart {
            let start = token.start;
            return Err(self
                .error(start, "expected `---` before the next document")
                .help("a document has one value at its root"));
        }
        let token = self.take()?;
        self.state = State::DocumentContent;
        Ok(self.event(EventKind::DocumentStart, token.start, token.end.at))
    }

    /// The part of the first comment that a blank line sets apart from what follows.
    fn document_head(&mut self) -> Option<Box<Decor>> {
        let comments = self.scanner.comments_mut()?;
        let head = comments.take_document_head()?;
        Some(Box::new(Decor {
            head: Some(head.into()),
            ..Decor::default()
        }))
    }

    fn document_content(&mut self) -> Result<Event> {
        match self.is()? {
            TokenKind::Directive
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.state = State::DocumentEnd;
                Ok(self.empty())
            }
            _ => self.node_then(Context::Block, State::DocumentEnd),
        }
    }

    fn document_end(&mut self) -> Result<Event> {
        let end = self.last_end;
        if self.is()? == TokenKind::DocumentEnd {
            self.take()?;
        }
        self.handles = Handles::default();
        self.state = State::Document;
        let mut event = self.event(EventKind::DocumentEnd, end, end.at);
        self.take_comments(&mut event);
        if let Some(decor) = &mut event.decor
            && decor.foot.is_none()
        {
            decor.foot = decor.head.take();
        }
        Ok(event)
    }

    /// Gives an event the comments that were met.
    fn take_comments(&mut self, event: &mut Event) {
        let Some(comments) = self.scanner.comments_mut() else {
            return;
        };
        self.stem = None;
        if comments.is_empty() {
            return;
        }
        comments.move_to(event.decor.get_or_insert_default());
    }

    fn node(&mut self, context: Context) -> Result<Event> {
        if self.is()? == TokenKind::Alias {
            let token = self.take()?;
            let mut event = self.event(EventKind::Alias, token.start, token.end.at);
            event.text = token.text;
            self.take_comments(&mut event);
            return Ok(event);
        }
        let (tag, decor) = self.properties()?;
        let token = self.scanner.peek()?;
        let (is, start, end) = (token.is, token.start, token.end.at);
        let mut event = self.event(EventKind::Scalar, start, end);
        event.tag = tag;
        event.decor = decor;
        match is {
            TokenKind::BlockEntry if context == Context::BlockMapping => {
                self.open(start, State::IndentlessEntry)?;
                event.says = EventKind::SequenceStart;
            }
            TokenKind::Scalar(style) => {
                self.take_comments(&mut event);
                event.style = style;
                event.text = self.take()?.text;
            }
            TokenKind::FlowSequence | TokenKind::FlowMapping => {
                self.take_comments(&mut event);
                event.style = Style::Flow;
                let (says, state) = match is {
                    TokenKind::FlowSequence => (EventKind::SequenceStart, State::FlowFirstItem),
                    _ => (EventKind::MappingStart, State::FlowFirstKey),
                };
                event.says = says;
                self.open(start, state)?;
                self.take()?;
            }
            TokenKind::BlockSequence | TokenKind::BlockMapping if context != Context::Flow => {
                if let Some(stem) = self.stem.take() {
                    event.decor.get_or_insert_default().head = Some(stem.into());
                }
                let (says, state) = match is {
                    TokenKind::BlockSequence => (EventKind::SequenceStart, State::BlockEntry),
                    _ => (EventKind::MappingStart, State::BlockKey),
                };
                event.says = says;
                self.open(start, state)?;
                self.scanner.take();
            }
            _ if event.decor.is_some() || event.tag.is_some() => {
                event.start = self.last_end;
                event.end = self.last_end.at;
            }
            _ => return Err(self.expected_value()),
        }
        Ok(event)
    }

    /// Starts a collection; the state after it is the current one.
    fn open(&mut self, start: Mark, state: State) -> Result<()> {
        if self.marks.len() >= DEPTH {
            return Err(self.scanner.too_deep(start));
        }
        self.marks.push(start);
        self.states.push(self.state);
        self.state = state;
        Ok(())
    }

    /// Ends a collection.
    fn close(&mut self) {
        self.marks.pop();
        self.pop_state();
    }

    /// A tag and an anchor, in either order.
    fn properties(&mut self) -> Result<(Option<Tag>, Option<Box<Decor>>)> {
        let mut tag = None;
        let mut decor: Option<Box<Decor>> = None;
        let first = self.is()?;
        for _ in 0..2 {
            match self.is()? {
                TokenKind::Anchor if decor.as_ref().is_none_or(|decor| decor.anchor.is_none()) => {
                    let token = self.take()?;
                    decor.get_or_insert_default().anchor = Some(token.text);
                }
                TokenKind::Tag if tag.is_none() && (first != TokenKind::Tag || decor.is_none()) => {
                    let token = self.take()?;
                    match tags::resolve(&token.text, &self.handles) {
                        Ok(found) => {
                            tag = found;
                            decor.get_or_insert_default().tag = Some(token.text);
                        }
                        Err(message) => return Err(self.error(token.start, message)),
                    }
                }
                _ => break,
            }
        }
        Ok((tag, decor))
    }

    fn block_entry(&mut self) -> Result<Event> {
        match self.is()? {
            TokenKind::BlockEntry => {
                self.entry_start()?;
                match self.is()? {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => {
                        self.state = State::BlockEntry;
                        Ok(self.empty())
                    }
                    _ => self.node_then(Context::Block, State::BlockEntry),
                }
            }
            TokenKind::BlockEnd => {
                self.scanner.take();
                self.close();
                Ok(self.event(EventKind::SequenceEnd, self.last_end, self.last_end.at))
            }
            _ => Err(self.expected_entry()),
        }
    }

    fn indentless_entry(&mut self) -> Result<Event> {
        if self.is()? != TokenKind::BlockEntry {
            self.close();
            return Ok(self.event(EventKind::SequenceEnd, self.last_end, self.last_end.at));
        }
        self.entry_start()?;
        match self.is()? {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.state = State::IndentlessEntry;
                Ok(self.empty())
            }
            _ => self.node_then(Context::Block, State::IndentlessEntry),
        }
    }

    /// Takes a `-`; the comment above it belongs to the collection that follows as a whole.
    fn entry_start(&mut self) -> Result<()> {
        let above = self
            .scanner
            .comments_mut()
            .map_or(0, |comments| comments.head.len());
        self.take()?;
        if above == 0 {
            return Ok(());
        }
        if !matches!(
            self.is()?,
            TokenKind::BlockSequence | TokenKind::BlockMapping
        ) {
            return Ok(());
        }
        if let Some(comments) = self.scanner.comments_mut() {
            self.stem = Some(comments.take_stem(above));
        }
        Ok(())
    }

    fn block_key(&mut self) -> Result<Event> {
        match self.is()? {
            TokenKind::Key => {
                self.take_key()?;
                match self.is()? {
                    TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                        self.state = State::BlockValue;
                        Ok(self.empty())
                    }
                    _ => self.node_then(Context::BlockMapping, State::BlockValue),
                }
            }
            TokenKind::BlockEnd => {
                let mut event = self.event(EventKind::MappingEnd, self.last_end, self.last_end.at);
                self.take_comments(&mut event);
                self.scanner.take();
                self.close();
                Ok(event)
            }
            TokenKind::Value if self.go_yaml_4 => self.empty_key(State::BlockValue),
            _ => Err(self.expected_key()),
        }
    }

    /// The key of an entry that begins with its `:`.
    fn empty_key(&mut self, state: State) -> Result<Event> {
        let start = self.scanner.peek()?.start;
        let mut event = self.event(EventKind::Scalar, start, start.at);
        self.take_comments(&mut event);
        self.state = state;
        Ok(event)
    }

    /// Takes the start of a key, which a `?` need not mark.
    fn take_key(&mut self) -> Result<()> {
        let token = self.scanner.peek()?;
        self.last_end = token.end;
        self.scanner.take();
        Ok(())
    }

    fn block_value(&mut self) -> Result<Event> {
        if self.is()? == TokenKind::Value {
            self.take()?;
            if !matches!(
                self.is()?,
                TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
            ) {
                return self.node_then(Context::BlockMapping, State::BlockKey);
            }
        }
        self.state = State::BlockKey;
        Ok(self.empty())
    }

    fn flow_item(&mut self, first: bool) -> Result<Event> {
        if self.is()? != TokenKind::FlowSequenceEnd {
            if !first {
                if self.is()? != TokenKind::FlowEntry {
                    return Err(self.expected_separator("list", "]"));
                }
                self.take()?;
            }
            match self.is()? {
                TokenKind::Key => {
                    let mut event = self.event(EventKind::MappingStart, Mark::default(), 0);
                    event.style = Style::Flow;
                    event.start = self.scanner.peek()?.start;
                    self.take_key()?;
                    self.state = State::FlowPairKey;
                    return Ok(event);
                }
                TokenKind::Value if self.go_yaml_4 => {
                    let start = self.scanner.peek()?.start;
                    let mut event = self.event(EventKind::MappingStart, start, 0);
                    event.style = Style::Flow;
                    self.state = State::FlowPairKey;
                    return Ok(event);
                }
                TokenKind::FlowSequenceEnd => {}
                _ => return self.node_then(Context::Flow, State::FlowItem),
            }
        }
        self.flow_end(EventKind::SequenceEnd)
    }

    /// Takes the closing bracket.
    fn flow_end(&mut self, says: EventKind) -> Result<Event> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end.at);
        let mut event = self.event(says, start, end);
        self.take_comments(&mut event);
        self.take()?;
        self.close();
        Ok(event)
    }

    fn flow_pair_key(&mut self) -> Result<Event> {
        match self.is()? {
            TokenKind::Value if self.go_yaml_4 => self.empty_key(State::FlowPairValue),
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // The token is lost where no `:` is: `[? , a]` is not taken by libyaml.
                self.take()?;
                self.state = State::FlowPairValue;
                Ok(self.empty())
            }
            _ => self.node_then(Context::Flow, State::FlowPairValue),
        }
    }

    fn flow_pair_value(&mut self) -> Result<Event> {
        if self.is()? == TokenKind::Value {
            self.take()?;
            if !matches!(
                self.is()?,
                TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
            ) {
                return self.node_then(Context::Flow, State::FlowPairEnd);
            }
        }
        self.state = State::FlowPairEnd;
        Ok(self.empty())
    }

    fn flow_key(&mut self, first: bool) -> Result<Event> {
        if self.is()? != TokenKind::FlowMappingEnd {
            if !first {
                if self.is()? != TokenKind::FlowEntry {
                    return Err(self.expected_separator("map", "}"));
                }
                self.take()?;
            }
            match self.is()? {
                TokenKind::Key => {
                    self.take_key()?;
                    if matches!(
                        self.is()?,
                        TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd
                    ) {
                        self.state = State::FlowValue;
                        return Ok(self.empty());
                    }
                    return self.node_then(Context::Flow, State::FlowValue);
                }
                TokenKind::Value if self.go_yaml_4 => return self.empty_key(State::FlowValue),
                TokenKind::FlowMappingEnd => {}
                _ => return self.node_then(Context::Flow, State::FlowNoValue),
            }
        }
        self.flow_end(EventKind::MappingEnd)
    }

    fn flow_value(&mut self) -> Result<Event> {
        if self.is()? == TokenKind::Value {
            self.take()?;
            if !matches!(self.is()?, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node_then(Context::Flow, State::FlowKey);
            }
        }
        self.state = State::FlowKey;
        Ok(self.empty())
    }

    /// The first token and its mark, for an error.
    fn found(&mut self) -> (Mark, &'static str) {
        match self.scanner.peek() {
            Ok(token) => (token.start, name(token.is)),
            Err(_) => (self.last_end, "nothing"),
        }
    }

    /// The line in which the innermost open collection starts.
    fn opened_in(&self) -> u32 {
        let start = self.marks.last().copied().unwrap_or_default();
        self.scanner.origin().span(start, start.at).line
    }

    #[cold]
    fn expected_value(&mut self) -> Error {
        // Of a text that ends too soon, the bracket that is open says more.
        let is_end = matches!(self.is(), Ok(TokenKind::StreamEnd));
        let open = self.marks.last().map(|mark| self.scanner.byte_at(*mark));
        match open {
            Some(b'[') if is_end => return self.expected_separator("list", "]"),
            Some(b'{') if is_end => return self.expected_separator("map", "}"),
            _ => {}
        }
        let (mark, found) = self.found();
        self.error(mark, format!("expected a value, found {found}"))
    }

    #[cold]
    fn expected_key(&mut self) -> Error {
        let line = self.opened_in();
        let (mark, found) = self.found();
        let (text, first) = (self.scanner.text(), self.scanner.first_line());
        let at = mark.at as usize;
        let map = self.marks.last().map_or(0, |mark| mark.at as usize);
        let fault = match self.is() {
            Ok(TokenKind::BlockEntry | TokenKind::BlockSequence) => {
                fault::stray_entry(text, at, first)
            }
            Ok(TokenKind::BlockMapping) => fault::stray_key(text, at, map, first),
            Ok(TokenKind::Scalar(_)) => fault::closed_early(text, at, first),
            _ => None,
        };
        if let Some(fault) = fault {
            return self.scanner.faulty(fault);
        }
        let message = format!("expected a key of the map of line {line}, found {found}");
        self.error(mark, message)
            .help("put all of the value before it in quotes, or begin a key on a line of its own")
    }

    #[cold]
    fn expected_entry(&mut self) -> Error {
        let line = self.opened_in();
        let (mark, found) = self.found();
        let message = format!("expected a `-` of the list of line {line}, found {found}");
        self.error(mark, message)
            .help("begin the line with `- `, or indent it as the entry above, to belong to that")
    }

    #[cold]
    fn expected_separator(&mut self, what: &str, end: &str) -> Error {
        let line = self.opened_in();
        let (mark, found) = self.found();
        // A key on a later line is hardly meant to be within the brackets.
        let goes_on = self.scanner.origin().span(mark, mark.at).line > line;
        let is_next_key = goes_on && matches!(self.is(), Ok(TokenKind::Value));
        if is_next_key || matches!(self.is(), Ok(TokenKind::StreamEnd)) {
            let open = self.marks.last().copied().unwrap_or_default();
            let message = format!("the {what} that begins here is not closed");
            return self
                .error(open, message)
                .help(format!("end it with `{end}`"));
        }
        let message =
            format!("expected `,` or `{end}` in the {what} of line {line}, found {found}");
        self.error(mark, message)
            .help(format!("end the {what} with `{end}`"))
    }
}

/// A token in words.
fn name(is: TokenKind) -> &'static str {
    match is {
        TokenKind::StreamStart | TokenKind::StreamEnd => "the end of the text",
        TokenKind::Directive => "a directive",
        TokenKind::DocumentStart => "`---`",
        TokenKind::DocumentEnd => "`...`",
        TokenKind::BlockSequence => "an indented list",
        TokenKind::BlockMapping => "an indented map",
        TokenKind::BlockEnd => "a line that is indented less",
        TokenKind::FlowSequence => "`[`",
        TokenKind::FlowSequenceEnd => "`]`",
        TokenKind::FlowMapping => "`{`",
        TokenKind::FlowMappingEnd => "`}`",
        TokenKind::BlockEntry => "`-`",
        TokenKind::FlowEntry => "`,`",
        TokenKind::Key => "a key",
        TokenKind::Value => "`:`",
        TokenKind::Alias => "an alias",
        TokenKind::Anchor => "an anchor",
        TokenKind::Tag => "a tag",
        TokenKind::Scalar(Style::Plain) => "a plain value",
        TokenKind::Scalar(Style::Literal | Style::Folded) => "a block of text",
        TokenKind::Scalar(_) => "a quoted value",
    }
}
