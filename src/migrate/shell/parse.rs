//! Reads commands: lists, pipelines, compound commands, redirections.

use std::sync::Arc;

use super::braces;
use super::{Assigned, Assignment, Command, Part, Redirection, Script, Target, What, Word};
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};

/// How deep blocks and substitutions may nest.
const DEEPEST: usize = 60;

/// The words that begin or end blocks, and end the list of commands before them.
const CLOSING: [&str; 9] = [
    "then", "elif", "else", "fi", "do", "done", "esac", "}", "in",
];

/// Reads a text from its first character to its last.
pub(super) struct Parser {
    pub(super) characters: Vec<char>,
    /// For each character and the end: byte, line, column.
    marks: Vec<(u32, u32, u32)>,
    /// The place of everything, where the text is a part of another file.
    fixed: Option<Span>,
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) documents: Vec<Word>,
    /// Here-documents whose bodies begin behind the next line break.
    waiting: Vec<Waiting>,
}

struct Waiting {
    number: usize,
    end: String,
    strips_tabs: bool,
    is_literal: bool,
}

impl Parser {
    pub(super) fn new(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (mut line, mut column, mut byte) = (1, 1, 0);
        let mut marks = Vec::with_capacity(text.len() + 1);
        for character in text.chars() {
            marks.push((byte, line, column));
            byte += u32::try_from(character.len_utf8()).unwrap_or(1);
            if character == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        marks.push((byte, line, column));
        Self {
            characters: text.chars().collect(),
            marks,
            fixed: None,
            at: 0,
            depth: 0,
            documents: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Of a text whose characters all have one place.
    pub(super) fn fixed(text: &str, at: Span) -> Self {
        Self {
            fixed: Some(at),
            ..Self::new(text)
        }
    }

    /// A reader for a text within this one, which is as deep as this one and goes on with its
    /// documents.
    pub(super) fn within(&mut self, text: &str, at: Span) -> Self {
        Self {
            depth: self.depth,
            documents: std::mem::take(&mut self.documents),
            ..Self::fixed(text, at)
        }
    }

    pub(super) fn script(mut self) -> Result<Script> {
        let commands = self.list()?;
        if self.at < self.characters.len() {
            return Err(self.unexpected());
        }
        Ok(Script {
            commands,
            documents: self.documents,
        })
    }

    // ---- characters and places

    pub(super) fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    pub(super) fn follows(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(index, character)| self.peek_at(index) == Some(character))
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let follows = self.follows(text);
        if follows {
            self.at += text.chars().count();
        }
        follows
    }

    pub(super) fn span(&self, start: usize) -> Span {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let end = self.marks[self.at.min(self.characters.len())].0;
        let (byte, line, column) = self.marks[start.min(self.characters.len())];
        Span {
            source: SourceId::NONE,
            start: byte,
            end: end.max(byte),
            line,
            column,
        }
    }

    pub(super) fn error(&self, start: usize, message: impl Into<String>) -> Error {
        Error::new(Kind::Script, message).at(self.span(start))
    }

    fn unexpected(&mut self) -> Error {
        let start = self.at;
        let Some(first) = self.peek() else {
            return self.error(start, "the script ends in the middle of a command");
        };
        self.at += 1;
        if first.is_alphanumeric() {
            while self.peek().is_some_and(char::is_alphanumeric) {
                self.at += 1;
            }
        }
        let text: String = self.characters[start..self.at].iter().collect();
        self.error(start, format!("`{}` is not expected here", text.trim_end()))
            .help("`sh -n FILE` says what is wrong with a script")
    }

    pub(super) fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(self.error(
                self.at,
                format!("blocks and substitutions are nested more than {DEEPEST} deep"),
            )),
            false => Ok(()),
        }
    }

    /// Skips blanks, comments and lines that go on.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.peek_at(1) == Some('\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Takes a line break, with the here-documents that begin behind it.
    fn line_break(&mut self) -> Result<bool> {
        if self.peek() != Some('\n') {
            return Ok(false);
        }
        self.at += 1;
        for waiting in std::mem::take(&mut self.waiting) {
            let start = self.at;
            let mut body = String::new();
            let ends = loop {
                if self.at >= self.characters.len() {
                    break false;
                }
                let from = self.at;
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
                let line: String = self.characters[from..self.at].iter().collect();
                self.at += 1;
                let line = match waiting.strips_tabs {
                    true => line.trim_start_matches('\t'),
                    false => &line,
                };
                if line == waiting.end {
                    break true;
                }
                body.push_str(line);
                body.push('\n');
            };
            self.at = self.at.min(self.characters.len());
            if !ends {
                let message = format!("a here-document has no line `{}` at its end", waiting.end);
                return Err(self.error(start, message));
            }
            let at = self.span(start);
            self.documents[waiting.number] = if waiting.is_literal {
                Word {
                    at,
                    parts: vec![Part::Text {
                        text: body,
                        quoted: true,
                    }],
                }
            } else {
                let mut inner = self.within(&body, at);
                let parts = inner.document();
                self.documents = inner.documents;
                Word { at, parts: parts? }
            };
        }
        Ok(true)
    }

    /// Skips everything between commands.
    fn newlines(&mut self) -> Result<()> {
        loop {
            self.blanks();
            if !self.line_break()? {
                return Ok(());
            }
        }
    }

    /// Whether a word follows that stands alone.
    fn at_word(&self, word: &str) -> bool {
        self.follows(word)
            && self
                .peek_at(word.chars().count())
                .is_none_or(|next| next.is_whitespace() || ";&|()<>".contains(next))
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.at_word(word) && self.take(word)
    }

    fn expect_word(&mut self, word: &str, block: usize) -> Result<()> {
        self.newlines()?;
        if self.take_word(word) {
            return Ok(());
        }
        if self.at >= self.characters.len() {
            let message = format!("a block has no `{word}`");
            return Err(self.error(block, message));
        }
        Err(self.unexpected())
    }

    // ---- commands

    /// Commands up to what closes them.
    pub(super) fn list(&mut self) -> Result<Vec<Command>> {
        let mut commands = Vec::new();
        loop {
            self.newlines()?;
            let is_closed = self.peek().is_none_or(|next| next == ')')
                || self.follows(";;")
                || self.follows(";&")
                || CLOSING
                    .iter()
                    .any(|word| *word != "in" && self.at_word(word));
            if is_closed {
                return Ok(commands);
            }
            commands.push(self.and_or()?);
            self.blanks();
            if self.follows(";;") || self.follows(";&") {
                return Ok(commands);
            }
            if !(self.take(";") || (!self.follows("&&") && self.take("&"))) {
                let may_end = self.peek().is_none_or(|next| next == '\n' || next == ')');
                if !may_end {
                    return Err(self.unexpected());
                }
            }
        }
    }

    fn and_or(&mut self) -> Result<Command> {
        let start = self.at;
        let mut left = self.pipeline()?;
        loop {
            self.blanks();
            let is_and = match (self.take("&&"), self.follows("||")) {
                (true, _) => true,
                (false, true) => {
                    self.at += 2;
                    false
                }
                (false, false) => return Ok(left),
            };
            self.newlines()?;
            let right = Box::new(self.pipeline()?);
            let both = Box::new(left);
            left = Command {
                at: self.span(start),
                what: match is_and {
                    true => What::And(both, right),
                    false => What::Or(both, right),
                },
                redirections: Vec::new(),
            };
        }
    }

    fn pipeline(&mut self) -> Result<Command> {
        self.blanks();
        let start = self.at;
        let negated = self.take_word("!");
        if negated {
            self.blanks();
        }
        if self.take_word("time") {
            self.blanks();
        }
        let mut stages = vec![self.command()?];
        loop {
            self.blanks();
            if self.follows("||") || self.peek() != Some('|') {
                break;
            }
            self.at += 1;
            if self.peek() == Some('&') {
                self.at += 1;
            }
            self.newlines()?;
            stages.push(self.command()?);
        }
        if let (1, false) = (stages.len(), negated)
            && let Some(only) = stages.pop()
        {
            return Ok(only);
        }
        Ok(Command {
            at: self.span(start),
            what: What::Pipeline { negated, stages },
            redirections: Vec::new(),
        })
    }

    fn command(&mut self) -> Result<Command> {
        self.deeper()?;
        let start = self.at;
        let what = self.compound(start)?;
        let command = match what {
            Some(what) => {
                let mut redirections = Vec::new();
                loop {
                    self.blanks();
                    match self.redirection()? {
                        Some(one) => redirections.push(one),
                        None => break,
                    }
                }
                Command {
                    at: self.span(start),
                    what,
                    redirections,
                }
            }
            None => self.simple()?,
        };
        self.depth -= 1;
        Ok(command)
    }

    fn compound(&mut self, start: usize) -> Result<Option<What>> {
        if self.follows("((") && self.is_arithmetic() {
            return self.skip_arithmetic(start).map(Some);
        }
        if self.take("(") {
            let inside = self.list()?;
            return match self.take(")") {
                true => Ok(Some(What::Subshell(inside))),
                false => Err(self.error(start, "a `(` is not closed")),
            };
        }
        if self.take_word("{") {
            let inside = self.list()?;
            self.expect_word("}", start)?;
            return Ok(Some(What::Group(inside)));
        }
        if self.take_word("[[") {
            return self.double_brackets(start).map(Some);
        }
        if self.take_word("if") {
            return self.conditional(start).map(Some);
        }
        if self.take_word("for") {
            return self.for_loop(start).map(Some);
        }
        for (word, until) in [("while", false), ("until", true)] {
            if self.take_word(word) {
                let condition = self.list()?;
                self.expect_word("do", start)?;
                let body = self.list()?;
                self.expect_word("done", start)?;
                return Ok(Some(What::Loop {
                    until,
                    condition,
                    body,
                }));
            }
        }
        if self.take_word("case") {
            return self.case(start).map(Some);
        }
        if self.take_word("select") {
            while !self.at_word("do") && self.at < self.characters.len() {
                self.at += 1;
            }
            self.expect_word("do", start)?;
            self.list()?;
            self.expect_word("done", start)?;
            return Ok(Some(What::Unsupported("`select` asks somebody")));
        }
        if self.take_word("function") {
            self.blanks();
            let name = self.name();
            self.blanks();
            if self.take("(") {
                self.blanks();
                self.take(")");
            }
            return self.function(name).map(Some);
        }
        let before = self.at;
        let name = self.name();
        if !name.is_empty() {
            self.blanks();
            if self.take("(") {
                self.blanks();
                if self.take(")") {
                    return self.function(name).map(Some);
                }
            }
        }
        self.at = before;
        Ok(None)
    }

    /// The name of a function, or nothing.
    fn name(&mut self) -> String {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| c.is_alphanumeric() || "_-.:".contains(c))
        {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    fn function(&mut self, name: String) -> Result<What> {
        self.newlines()?;
        let body = Arc::new(self.command()?);
        Ok(What::Function { name, body })
    }

    fn conditional(&mut self, start: usize) -> Result<What> {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = self.list()?;
            self.expect_word("then", start)?;
            arms.push((condition, self.list()?));
            self.newlines()?;
            if self.take_word("elif") {
                continue;
            }
            if self.take_word("else") {
                otherwise = self.list()?;
            }
            self.expect_word("fi", start)?;
            return Ok(What::If { arms, otherwise });
        }
    }

    fn for_loop(&mut self, start: usize) -> Result<What> {
        self.blanks();
        if self.follows("((") {
            self.skip_arithmetic(start)?;
            self.blanks();
            self.take(";");
            self.expect_word("do", start)?;
            self.list()?;
            self.expect_word("done", start)?;
            return Ok(What::Unsupported("a loop that counts"));
        }
        let variable = self.name();
        self.newlines()?;
        let items = match self.take_word("in") {
            true => {
                let mut items = Vec::new();
                loop {
                    self.blanks();
                    if self.peek().is_none_or(|next| ";\n&".contains(next)) {
                        break;
                    }
                    items.extend(self.words()?);
                }
                Some(items)
            }
            false => None,
        };
        self.blanks();
        self.take(";");
        self.expect_word("do", start)?;
        let body = self.list()?;
        self.expect_word("done", start)?;
        Ok(What::For {
            variable,
            items,
            body,
        })
    }

    fn case(&mut self, start: usize) -> Result<What> {
        self.blanks();
        let subject = self.word()?;
        self.expect_word("in", start)?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.take_word("esac") {
                return Ok(What::Case { subject, arms });
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if !self.take("|") {
                    break;
                }
            }
            if !self.take(")") {
                return Err(self.unexpected());
            }
            let body = self.list()?;
            arms.push((patterns, body));
            self.blanks();
            let ends = self.take(";;&") || self.take(";;") || self.take(";&");
            self.newlines()?;
            if !ends && !self.at_word("esac") {
                return match self.at >= self.characters.len() {
                    true => Err(self.error(start, "a `case` has no `esac`")),
                    false => Err(self.unexpected()),
                };
            }
        }
    }

    fn double_brackets(&mut self, start: usize) -> Result<What> {
        let mut words = Vec::new();
        loop {
            self.newlines()?;
            let here = self.at;
            if self.take_word("]]") {
                return Ok(What::Test(words));
            }
            let operator = ["&&", "||", "(", ")", "<", ">", "!="]
                .into_iter()
                .find(|operator| self.take(operator));
            if let Some(operator) = operator {
                words.push(self.plain(here, operator));
                continue;
            }
            if self.at >= self.characters.len() {
                return Err(self.error(start, "a `[[` is not closed"));
            }
            if words.last().is_some_and(|word: &Word| word.is("=~")) {
                let from = self.at;
                while self.peek().is_some_and(|c| !c.is_whitespace()) {
                    self.at += 1;
                }
                let text: String = self.characters[from..self.at].iter().collect();
                words.push(self.plain(here, &text));
                continue;
            }
            let word = self.word()?;
            if self.at == here {
                return Err(self.unexpected());
            }
            words.push(word);
        }
    }

    fn plain(&self, start: usize, text: &str) -> Word {
        Word {
            at: self.span(start),
            parts: vec![Part::Text {
                text: text.to_owned(),
                quoted: false,
            }],
        }
    }

    /// Whether `((` begins an expression: it ends with `))` before anything that no expression has.
    fn is_arithmetic(&self) -> bool {
        let rest = self.characters.get(self.at + 2..).unwrap_or_default();
        let line = rest.split(|c| *c == '\n').next().unwrap_or_default();
        line.windows(2).any(|pair| pair == [')', ')'])
    }

    pub(super) fn skip_arithmetic(&mut self, start: usize) -> Result<What> {
        self.at += 2;
        let mut depth = 0_usize;
        while let Some(next) = self.peek() {
            self.at += 1;
            match next {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' if self.peek() == Some(')') => {
                    self.at += 1;
                    return Ok(What::Unsupported("arithmetic"));
                }
                _ => {}
            }
        }
        Err(self.error(start, "a `((` is not closed"))
    }

    fn simple(&mut self) -> Result<Command> {
        let start = self.at;
        let (mut assignments, mut words, mut redirections) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(one) = self.redirection()? {
                redirections.push(one);
                continue;
            }
            if self.peek().is_none_or(|next| "\n;&|()".contains(next)) {
                break;
            }
            let declares = words.first().is_some_and(|word: &Word| {
                ["local", "export", "declare", "readonly", "typeset"]
                    .iter()
                    .any(|name| word.is(name))
            });
            if (words.is_empty() || declares)
                && let Some(assignment) = self.assignment()?
            {
                assignments.push(assignment);
                continue;
            }
            words.extend(self.words()?);
        }
        if assignments.is_empty() && words.is_empty() && redirections.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command {
            at: self.span(start),
            what: What::Simple { assignments, words },
            redirections,
        })
    }

    fn assignment(&mut self) -> Result<Option<Assignment>> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += 1;
        }
        let name: String = self.characters[start..self.at].iter().collect();
        let appends = self.follows("+=");
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !is_name || !(appends || self.peek() == Some('=')) {
            self.at = start;
            return Ok(None);
        }
        self.at += if appends { 2 } else { 1 };
        let value = if self.take("(") {
            let mut items = Vec::new();
            loop {
                self.newlines()?;
                if self.take(")") {
                    break Assigned::List(items);
                }
                if self.at >= self.characters.len() {
                    return Err(self.error(start, "a list is not closed"));
                }
                let before = self.at;
                items.extend(self.words()?);
                if self.at == before {
                    return Err(self.unexpected());
                }
            }
        } else {
            Assigned::Text(self.word()?)
        };
        Ok(Some(Assignment {
            name,
            appends,
            value,
        }))
    }

    /// A word, or those that its braces make of it.
    fn words(&mut self) -> Result<Vec<Word>> {
        let before = self.at;
        let word = self.word()?;
        if self.at == before {
            return Err(self.unexpected());
        }
        Ok(braces::expanded(word))
    }

    fn redirection(&mut self) -> Result<Option<Redirection>> {
        let start = self.at;
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.at += 1;
        }
        let is_both = digits.is_empty() && (self.follows("&>"));
        if !is_both && !matches!(self.peek(), Some('<' | '>')) {
            self.at = start;
            return Ok(None);
        }
        if digits.is_empty() && (self.follows("<(") || self.follows(">(")) {
            return Ok(None);
        }
        if is_both {
            self.at += 1;
        }
        let is_output = self.peek() == Some('>');
        self.at += 1;
        let descriptor = digits.parse().unwrap_or(u32::from(is_output));
        let to = if is_output {
            if self.take(">") {
                self.blanks();
                Target::Onto(self.target()?)
            } else if self.take("&") {
                self.blanks();
                Target::Copy(self.target()?)
            } else {
                self.take("|");
                self.blanks();
                Target::To(self.target()?)
            }
        } else if self.take("<<") {
            self.blanks();
            Target::Text(self.target()?)
        } else if self.take("<") {
            let strips_tabs = self.take("-");
            self.blanks();
            let word = self.target()?;
            let is_quoted = |part: &Part| matches!(part, Part::Text { quoted: true, .. });
            let Some(end) = word.literal() else {
                return Err(self.error(start, "the end of a here-document is no plain word"));
            };
            self.documents.push(Word::default());
            let number = self.documents.len() - 1;
            self.waiting.push(Waiting {
                number,
                end,
                strips_tabs,
                is_literal: word.parts.iter().any(is_quoted),
            });
            Target::Document(number)
        } else if self.take("&") {
            self.blanks();
            Target::Copy(self.target()?)
        } else {
            self.take(">");
            self.blanks();
            Target::From(self.target()?)
        };
        Ok(Some(Redirection { descriptor, to }))
    }

    fn target(&mut self) -> Result<Word> {
        let before = self.at;
        let word = self.word()?;
        match self.at == before {
            true => Err(self.unexpected()),
            false => Ok(word),
        }
    }
}
