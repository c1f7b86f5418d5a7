//! A template's text to tokens.
//!
//! Source: <https://pkg.go.dev/text/template#hdr-Text_and_spaces> and the sections behind it.

use kustom_yaml::cut::Cut as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Left,
    Right,
    Space,
    Assign,
    Declare,
    Pipe,
    Comma,
    Char,
    LeftParen,
    RightParen,
    Dot,
    Field,
    Variable,
    Identifier,
    Keyword,
    Bool,
    Nil,
    Number,
    Rune,
    Quoted,
    Raw,
    End,
    Error,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) of: Type,
    pub(crate) at: usize,
    pub(crate) text: String,
}

const KEYWORDS: [&str; 10] = [
    "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with",
];

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

/// The tokens of a text; the last is [`Type::End`] or [`Type::Error`], whose text says what is wrong.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        at: 0,
        parens: 0,
        tokens: Vec::new(),
    };
    if let Err((at, message)) = lexer.run() {
        lexer.push(Type::Error, at, message);
    }
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    parens: usize,
    tokens: Vec<Token>,
}

type Step = Result<(), (usize, String)>;

fn has_left_trim(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('-') && chars.next().is_some_and(|next| SPACES.contains(&next))
}

/// Whether a text begins with a right delimiter, and whether it trims what is behind.
fn right_delimiter(rest: &str) -> Option<bool> {
    if rest.starts_with("}}") {
        return Some(false);
    }
    let mut chars = rest.chars();
    let is_space = chars.next().is_some_and(|first| SPACES.contains(&first));
    (is_space && chars.as_str().starts_with("-}}")).then_some(true)
}

impl Lexer<'_> {
    fn push(&mut self, of: Type, at: usize, text: impl Into<String>) {
        self.tokens.push(Token {
            of,
            at,
            text: text.into(),
        });
    }

    fn rest(&self) -> &str {
        self.text.cut(self.at..)
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    fn run(&mut self) -> Step {
        loop {
            let start = self.at;
            let Some(left) = self.rest().find("{{").map(|offset| start + offset) else {
                let text = self.rest().to_owned();
                if !text.is_empty() {
                    self.push(Type::Text, start, text);
                }
                self.push(Type::End, self.text.len(), "");
                return Ok(());
            };
            let trims = has_left_trim(self.text.cut(left + 2..));
            let mut text = self.text.cut(start..left);
            if trims {
                text = text.trim_end_matches(SPACES);
            }
            if !text.is_empty() {
                let text = text.to_owned();
                self.push(Type::Text, start, text);
            }
            self.at = left + 2 + if trims { 2 } else { 0 };
            if self.rest().starts_with("/*") {
                self.comment()?;
                continue;
            }
            self.push(Type::Left, left, "{{");
            self.parens = 0;
            self.action()?;
        }
    }

    fn comment(&mut self) -> Step {
        let start = self.at;
        let Some(end) = self.text.cut(start + 2..).find("*/") else {
            return Err((start, "a comment is not closed".to_owned()));
        };
        self.at = start + 2 + end + 2;
        let Some(trims) = right_delimiter(self.rest()) else {
            let message = "a comment ends before the closing `}}`";
            return Err((start, message.to_owned()));
        };
        self.close(trims);
        Ok(())
    }

    fn close(&mut self, trims: bool) {
        self.at += if trims { 4 } else { 2 };
        if trims {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(SPACES).len();
        }
    }

    fn action(&mut self) -> Step {
        loop {
            let start = self.at;
            if let Some(trims) = right_delimiter(self.rest()) {
                if self.parens > 0 {
                    return Err((start, "a parenthesis is not closed".to_owned()));
                }
                self.close(trims);
                self.push(Type::Right, start, "}}");
                return Ok(());
            }
            let Some(first) = self.next() else {
                return Err((start, "an action is not closed by `}}`".to_owned()));
            };
            match first {
                _ if SPACES.contains(&first) => {
                    while self.peek().is_some_and(|next| SPACES.contains(&next))
                        && right_delimiter(self.rest()).is_none()
                    {
                        self.next();
                    }
                    self.push(Type::Space, start, " ");
                }
                '=' => self.push(Type::Assign, start, "="),
                ':' => {
                    if self.next() != Some('=') {
                        return Err((start, "expected `:=`".to_owned()));
                    }
                    self.push(Type::Declare, start, ":=");
                }
                '|' => self.push(Type::Pipe, start, "|"),
                '"' => self.quoted(start, '"', Type::Quoted)?,
                '\'' => self.quoted(start, '\'', Type::Rune)?,
                '`' => {
                    let Some(end) = self.rest().find('`') else {
                        return Err((start, "a raw text is not closed".to_owned()));
                    };
                    self.at += end + 1;
                    self.emit(Type::Raw, start);
                }
                '$' => self.named(start, Type::Variable)?,
                '.' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => {
                    self.named(start, Type::Field)?;
                }
                '.' | '+' | '-' | '0'..='9' => {
                    self.at = start;
                    self.number(start)?;
                }
                _ if is_word(first) => self.word(start)?,
                '(' => {
                    self.parens += 1;
                    self.push(Type::LeftParen, start, "(");
                }
                ')' => {
                    let Some(parens) = self.parens.checked_sub(1) else {
                        return Err((start, "a `)` opens nowhere".to_owned()));
                    };
                    self.parens = parens;
                    self.push(Type::RightParen, start, ")");
                }
                ',' => self.push(Type::Comma, start, ","),
                ' '..='~' => self.push(Type::Char, start, first),
                _ => return Err((start, format!("`{first}` means nothing in an action"))),
            }
        }
    }

    fn emit(&mut self, of: Type, start: usize) {
        let text = self.text.cut(start..self.at).to_owned();
        self.push(of, start, text);
    }

    fn quoted(&mut self, start: usize, quote: char, of: Type) -> Step {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\n' | '\\') => {
                    return Err((start, "a string in quotes is not closed".to_owned()));
                }
                Some(found) if found == quote => break,
                Some(_) => {}
            }
        }
        self.emit(of, start);
        Ok(())
    }

    fn is_at_end_of_word(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(next) => SPACES.contains(&next) || self.rest().starts_with("}}"),
        }
    }

    fn words(&mut self) -> Step {
        while self.peek().is_some_and(is_word) {
            self.next();
        }
        match self.peek() {
            Some(next) if !self.is_at_end_of_word() => {
                Err((self.at, format!("`{next}` is no part of a name")))
            }
            _ => Ok(()),
        }
    }

    /// A field or a variable, whose first character is behind us.
    fn named(&mut self, start: usize, of: Type) -> Step {
        if of == Type::Field && self.is_at_end_of_word() {
            self.push(Type::Dot, start, ".");
            return Ok(());
        }
        self.words()?;
        self.emit(of, start);
        Ok(())
    }

    fn word(&mut self, start: usize) -> Step {
        self.words()?;
        let of = match self.text.cut(start..self.at) {
            word if KEYWORDS.contains(&word) => Type::Keyword,
            "true" | "false" => Type::Bool,
            "nil" => Type::Nil,
            _ => Type::Identifier,
        };
        self.emit(of, start);
        Ok(())
    }

    fn number(&mut self, start: usize) -> Step {
        let is_signed = matches!(self.peek(), Some('+' | '-'));
        if is_signed {
            self.next();
        }
        while let Some(next) = self.peek() {
            let before = self.text.cut(..self.at).chars().next_back();
            let digits = self.text.cut(start..self.at);
            let is_hex = digits.contains(['x', 'X']);
            let is_exponent = match before {
                Some('e' | 'E') => !is_hex,
                Some('p' | 'P') => is_hex,
                _ => false,
            };
            if is_word(next) || next == '.' || (matches!(next, '+' | '-') && is_exponent) {
                self.next();
            } else {
                break;
            }
        }
        self.emit(Type::Number, start);
        Ok(())
    }
}

fn is_word(found: char) -> bool {
    found == '_' || found.is_alphanumeric()
}
