//! Text to [`Template`].
//!
//! The grammar is not that of a shell. Outside of `${…}`, `$$` is a dollar sign and a lone `$` is
//! text. Within, a word after a default mixes text and expressions, every other part is one or the
//! other; only the two parts of a replacement know escapes.
//! Source: `github.com/fluxcd/pkg/envsubst` v1.9.0, as it behaves.

use kustom_yaml::Str;
use kustom_yaml::cut::Cut as _;

use crate::letters::is_of_name;
use crate::template::{Default, Expression, Operation, Piece, Template, Which};

/// How deep expressions may be nested.
const DEEPEST: usize = 100;

/// What Flux does not understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub kind: MistakeKind,
    /// The offset of the expression's `$`, in bytes.
    pub offset: usize,
    /// The offset at which it is wrong.
    pub at: usize,
    /// The beginning of the expression, up to the operator.
    pub head: String,
}

/// What can be wrong with an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MistakeKind {
    /// `${}`, `${ x}`: no name.
    NoName,
    /// `${x.y}`, `${x-y}`: neither a brace nor an operator after the name.
    NoBrace,
    /// `${x^^^}`, `${x:1}2`: an operator that does not end as it must.
    BadOperator,
    /// `${x#}`: a part that is empty.
    EmptyPart,
    /// The text ends before the expression.
    Unclosed,
    /// More than a hundred expressions within each other.
    TooDeep,
}

impl Mistake {
    /// One sentence about it.
    pub fn message(&self) -> String {
        let head = &self.head;
        match self.kind {
            MistakeKind::NoName => format!("`{head}` names no variable"),
            MistakeKind::NoBrace => {
                format!("Flux knows no such expression as `{head}…}}`")
            }
            MistakeKind::BadOperator => {
                format!("Flux cannot read the expression that begins with `{head}`")
            }
            MistakeKind::EmptyPart => format!("a part of the expression `{head}…}}` is empty"),
            MistakeKind::Unclosed => format!("the expression `{head}` has no `}}`"),
            MistakeKind::TooDeep => format!("more than {DEEPEST} expressions are nested here"),
        }
    }

    /// What to try.
    pub fn help(&self) -> &'static str {
        match self.kind {
            MistakeKind::TooDeep => "nest fewer of them",
            _ => "write `$${` where it is not meant for Flux: one that it cannot read fails all",
        }
    }
}

impl Template {
    /// Takes a text apart.
    ///
    /// # Errors
    ///
    /// The first `${` that the grammar does not know; nothing of the text is then substituted.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        Parser::new(text).template()
    }
}

/// Reads a text from its beginning to its end.
struct Parser<'t> {
    text: &'t str,
    /// The offset of what is read next.
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// The whole text.
    fn template(&mut self) -> Result<Template, Mistake> {
        let (mut pieces, mut halved) = (Vec::new(), Vec::new());
        let mut text = String::new();
        while let Some(dollar) = memchr::memchr(b'$', self.rest().as_bytes()) {
            text.push_str(self.rest().cut(..dollar));
            self.at += dollar;
            if self.follows("${") {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(self.expression()?);
                continue;
            }
            text.push('$');
            let is_pair = self.follows("$$");
            if is_pair && !self.follows("$${") {
                halved.push(self.at);
            }
            self.at += if is_pair { 2 } else { 1 };
        }
        text.push_str(self.rest());
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Template { pieces, halved })
    }

    /// An expression, from its `$` to its `}`.
    fn expression(&mut self) -> Result<Piece, Mistake> {
        let offset = self.at;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.mistake(MistakeKind::TooDeep, offset));
        }
        self.at += "${".len();
        let expression = match self.peek() {
            Some('#') => self.length(offset)?,
            _ => self.operation(offset)?,
        };
        self.depth -= 1;
        Ok(Piece::Expression(Box::new(expression)))
    }

    /// `#x}`
    fn length(&mut self, offset: usize) -> Result<Expression, Mistake> {
        self.at += 1;
        let name = self.name();
        if name.is_empty() {
            return Err(self.mistake(MistakeKind::BadOperator, offset));
        }
        self.close(offset)?;
        Ok(Expression {
            offset,
            name,
            operation: Operation::Length,
        })
    }

    /// A name, and what follows it up to `}`.
    fn operation(&mut self, offset: usize) -> Result<Expression, Mistake> {
        let name = self.name();
        if name.is_empty() {
            return Err(self.mistake(MistakeKind::NoName, offset));
        }
        let operation = match self.peek() {
            Some('}') => {
                self.at += 1;
                Operation::Value { is_idle: false }
            }
            Some(':') => self.default_or_slice(offset)?,
            Some('=') => self.default(Default::Equals, 1, offset)?,
            Some(',' | '^') => self.case(offset)?,
            Some(sign @ ('#' | '%')) => self.remove(sign, offset)?,
            Some('/') => self.replace(offset)?,
            Some(_) => return Err(self.mistake(MistakeKind::NoBrace, offset)),
            None => return Err(self.mistake(MistakeKind::Unclosed, offset)),
        };
        Ok(Expression {
            offset,
            name,
            operation,
        })
    }

    fn default_or_slice(&mut self, offset: usize) -> Result<Operation, Mistake> {
        let second = self.rest().chars().nth(1);
        let operator = match second {
            Some('-') => Default::Dash,
            Some('=') => Default::Assign,
            Some('?') => Default::Error,
            Some('+') => Default::Alternative,
            // The reader steps back by the width of what it looked at, and misses the colon.
            Some(c) if !c.is_ascii() => {
                return Err(self.mistake(MistakeKind::BadOperator, offset));
            }
            Some(_) => return self.slice(offset),
            None => return Err(self.mistake(MistakeKind::Unclosed, offset)),
        };
        self.default(operator, 2, offset)
    }

    fn default(
        &mut self,
        operator: Default,
        width: usize,
        offset: usize,
    ) -> Result<Operation, Mistake> {
        self.at += width;
        let mut word = Vec::new();
        loop {
            match self.peek() {
                Some('}') => break,
                _ => word.push(self.part(|c| c == '}', false, offset)?),
            }
        }
        self.at += 1;
        Ok(Operation::Default { operator, word })
    }

    fn slice(&mut self, from: usize) -> Result<Operation, Mistake> {
        self.at += 1;
        let offset = self.part(|c| matches!(c, ':' | '}'), false, from)?;
        if self.peek() != Some(':') {
            self.close(from)?;
            return Ok(Operation::Slice {
                offset,
                length: None,
            });
        }
        self.skip_all(':');
        let length = self.part(|c| c == '}', false, from)?;
        self.close(from)?;
        Ok(Operation::Slice {
            offset,
            length: Some(length),
        })
    }

    fn case(&mut self, offset: usize) -> Result<Operation, Mistake> {
        let is_sign = |c: &char| matches!(c, ',' | '^');
        let signs: Vec<char> = self.rest().chars().take(2).take_while(is_sign).collect();
        self.at += signs.len();
        self.close(offset)?;
        let upper = signs[0] == '^';
        Ok(match signs[..] {
            [one, other] if one != other => Operation::Value { is_idle: true },
            _ => Operation::Case {
                upper,
                first: signs.len() == 1,
            },
        })
    }

    fn remove(&mut self, sign: char, offset: usize) -> Result<Operation, Mistake> {
        self.at += 1;
        let longest = self.peek() == Some(sign);
        self.at += usize::from(longest);
        let pattern = self.part(|c| c == '}', false, offset)?;
        self.close(offset)?;
        Ok(Operation::Remove {
            suffix: sign == '%',
            longest,
            pattern,
        })
    }

    fn replace(&mut self, offset: usize) -> Result<Operation, Mistake> {
        self.at += 1;
        let which = match self.peek() {
            Some('/') => Which::All,
            Some('#') => Which::Prefix,
            Some('%') => Which::Suffix,
            _ => Which::First,
        };
        self.at += usize::from(which != Which::First);
        let text = self.part(|c| c == '/', true, offset)?;
        if self.peek() != Some('/') {
            return Err(self.mistake(MistakeKind::BadOperator, offset));
        }
        self.skip_all('/');
        let new = match self.peek() {
            Some('}') => None,
            _ => Some(self.part(|c| c == '}', true, offset)?),
        };
        self.close(offset)?;
        Ok(Operation::Replace { which, text, new })
    }

    /// A part behind an operator: an expression, or text up to one or to what ends it.
    fn part(
        &mut self,
        ends: impl Fn(char) -> bool,
        escapes: bool,
        offset: usize,
    ) -> Result<Piece, Mistake> {
        if self.follows("${") {
            return self.expression();
        }
        let mut text = String::new();
        let mut is_empty = true;
        while let Some(c) = self.peek() {
            if self.follows("${") {
                break;
            }
            let is_escape = escapes && [r"\\", r"\/", "$$"].iter().any(|two| self.follows(two));
            if is_escape {
                self.at += 1;
                let Some(meant) = self.peek() else { break };
                text.push(meant);
            } else if ends(c) {
                break;
            } else {
                text.push(c);
            }
            is_empty = false;
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        if is_empty {
            let kind = match self.peek() {
                Some(_) => MistakeKind::EmptyPart,
                None => MistakeKind::Unclosed,
            };
            return Err(self.mistake(kind, offset));
        }
        Ok(Piece::Text(text))
    }

    /// The name of a variable, empty if there is none.
    fn name(&mut self) -> Str {
        let rest = self.rest();
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        self.at += end;
        rest.cut(..end).into()
    }

    fn close(&mut self, offset: usize) -> Result<(), Mistake> {
        match self.peek() {
            Some('}') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.mistake(MistakeKind::BadOperator, offset)),
            None => Err(self.mistake(MistakeKind::Unclosed, offset)),
        }
    }

    /// Goes past all characters of a kind.
    fn skip_all(&mut self, sign: char) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(sign).len();
    }

    fn rest(&self) -> &'t str {
        self.text.cut(self.at..)
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn follows(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    /// A mistake in the expression at an offset, and how that begins: a default may be secret, so
    /// nothing behind the operator is shown.
    fn mistake(&self, kind: MistakeKind, offset: usize) -> Mistake {
        let inside = self.text.cut(offset + "${".len()..);
        let name = inside.find(|c| !is_of_name(c)).unwrap_or(inside.len());
        let sign = inside.cut(name..).chars().next();
        let end = name + sign.filter(|c| !c.is_control()).map_or(0, char::len_utf8);
        Mistake {
            kind,
            offset,
            at: self.at,
            head: format!("${{{}", inside.cut(..end)),
        }
    }
}
