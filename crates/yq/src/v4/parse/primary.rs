//! Parses primary expressions: values, paths, brackets, named operators.

use kustom_yaml::Str;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;

use super::template::{placed, template};
use super::{CHANGES, Parser, STEPS, nested};
use crate::v4::expr::{Branch, Call, Expr, Form, Infix, Template};
use crate::v4::lex::{Keyword, Token};
use crate::v4::table::{Arity, Operator};

/// How `if` is written.
const IF: &str = "write `if condition then value else value end`";

impl Parser<'_> {
    /// An expression without the operators that may follow it.
    pub(super) fn primary(&mut self) -> Result<Expr> {
        let expected = "an expression";
        let Some(token) = self.peek() else {
            return Err(self.unexpected(expected));
        };
        let expr = match token {
            Token::Open => return self.group(),
            Token::DotList => {
                let base = self.here(Form::Identity);
                return self.index(base);
            }
            Token::OpenList => return self.list(),
            Token::OpenMap => return self.object(),
            Token::Keyword(Keyword::If) => return self.conditional(),
            Token::Word(operator, words) => return self.call(operator, words),
            Token::Text(raw) => self.here(self.text(raw)?),
            Token::Key(name, optional) => self.here(Form::Key {
                name: name.clone(),
                optional: *optional,
            }),
            Token::Identity => self.here(Form::Identity),
            Token::Descend { keys } => self.here(Form::Descend { keys: *keys }),
            Token::Variable(name) => self.here(Form::Variable(name.clone())),
            Token::Literal(text, tag) => self.here(Form::Literal {
                text: text.clone(),
                tag: *tag,
            }),
            _ => return Err(self.unexpected(expected)),
        };
        self.at += 1;
        Ok(expr)
    }

    /// `if condition then value elif condition then value else value end`
    fn conditional(&mut self) -> Result<Expr> {
        let span = self.span();
        self.at += 1;
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            if branches.len() == STEPS {
                let message = format!("there are more than {STEPS} conditions in one `if`");
                return Err(Error::new(Kind::Script, message).at(self.span()));
            }
            let condition = self.expression(0)?;
            if !self.takes(Keyword::Then) {
                return Err(self.unexpected("`then`").help(IF));
            }
            let value = self.branch()?;
            branches.push(Branch { condition, value });
            if !self.takes(Keyword::Elif) {
                break;
            }
        }
        if self.takes(Keyword::Else) {
            otherwise = Some(Box::new(self.branch()?));
        }
        if !self.takes(Keyword::End) {
            let expected = match otherwise {
                Some(_) => "`end`",
                None => "`elif`, `else` or `end`",
            };
            return Err(self.unexpected(expected).help(IF));
        }
        let form = Form::If {
            branches,
            otherwise,
        };
        Ok(Expr { form, span })
    }

    fn branch(&mut self) -> Result<Expr> {
        self.branches += 1;
        let value = self.expression(0)?;
        self.branches -= 1;
        Ok(value)
    }

    /// Moves over a keyword, if it comes next.
    fn takes(&mut self, keyword: Keyword) -> bool {
        let is_next = self.peek() == Some(&Token::Keyword(keyword));
        self.at += usize::from(is_next);
        is_next
    }

    fn group(&mut self) -> Result<Expr> {
        let opened = self.span();
        self.at += 1;
        if self.peek() == Some(&Token::Close) {
            return Err(self.unexpected("an expression"));
        }
        let expr = self.expression(0)?;
        self.close(&Token::Close, ")", opened)?;
        Ok(expr)
    }

    fn close(&mut self, token: &Token, text: &str, opened: Span) -> Result<()> {
        if self.peek() == Some(token) {
            self.at += 1;
            return Ok(());
        }
        let place = format!("{}:{}", opened.line, opened.column);
        let help = format!("it closes what was opened at {place}");
        Err(self.unexpected(&format!("`{text}`")).help(help))
    }

    /// The `]` at the end of a list; whether it is `]?`.
    fn close_list(&mut self, opened: Span) -> Result<bool> {
        let optional = self.peek() == Some(&Token::CloseList { optional: true });
        self.close(&Token::CloseList { optional }, "]", opened)?;
        Ok(optional)
    }

    fn list(&mut self) -> Result<Expr> {
        let opened = self.span();
        self.at += 1;
        let items = self.content()?;
        self.close_list(opened)?;
        Ok(Expr {
            form: Form::List(Box::new(items)),
            span: opened,
        })
    }

    /// What stands between brackets or braces, which may be nothing.
    fn content(&mut self) -> Result<Expr> {
        match self.peek() {
            Some(Token::CloseList { .. } | Token::CloseMap) => Ok(self.here(Form::Nothing)),
            _ => self.expression(0),
        }
    }

    fn object(&mut self) -> Result<Expr> {
        let span = self.span();
        self.at += 1;
        let entries = self.content()?;
        self.close(&Token::CloseMap, "}", span)?;
        let object = Expr {
            form: Form::Object,
            span,
        };
        Ok(Expr {
            form: Form::Pipe(vec![entries, object]),
            span,
        })
    }

    /// `base[index]` or `base[from:to]`, from its bracket on.
    pub(super) fn index(&mut self, base: Expr) -> Result<Expr> {
        let opened = self.span();
        let span = base.span;
        let base = Box::new(base);
        self.at += 1;
        if self.peek() == Some(&Token::Infix(Infix::Pair)) {
            self.at += 1;
            let to = self.slice_end()?;
            self.close_list(opened)?;
            let from = None;
            let form = Form::Slice { base, from, to };
            return Ok(Expr { form, span });
        }
        let index = self.slice_start()?;
        if self.peek() == Some(&Token::Infix(Infix::Pair)) {
            self.at += 1;
            let to = self.slice_end()?;
            self.close_list(opened)?;
            let from = Some(Box::new(index));
            let form = Form::Slice { base, from, to };
            return Ok(Expr { form, span });
        }
        let optional = self.close_list(opened)?;
        let form = Form::Index {
            base,
            index: Box::new(index),
            optional,
        };
        Ok(Expr { form, span })
    }

    fn slice_start(&mut self) -> Result<Expr> {
        match self.peek() {
            Some(Token::CloseList { .. }) => Ok(self.here(Form::Nothing)),
            _ => {
                let start = self.expression(Infix::Pair.precedence() + 1)?;
                match self.peek() {
                    Some(Token::Infix(Infix::Union)) => self.union(start),
                    _ => Ok(start),
                }
            }
        }
    }

    fn slice_end(&mut self) -> Result<Option<Box<Expr>>> {
        match self.peek() {
            Some(Token::CloseList { .. }) => Ok(None),
            _ => self.expression(0).map(|expr| Some(Box::new(expr))),
        }
    }

    fn call(&mut self, operator: &'static Operator, words: &Str) -> Result<Expr> {
        let span = self.span();
        if operator.arity == Arity::Setter || self.is_setter(operator) {
            return Err(self.unexpected("an expression").help(format!(
                "write `.a {} = …` with what is to be changed before it",
                operator.names[0]
            )));
        }
        let first = self.at;
        self.at += 1;
        if let Some(meaning) = operator.stands_for {
            return nested(meaning, self.depth);
        }
        let number = self.number_in_parentheses(operator);
        let takes_one = match operator.arity {
            Arity::One => true,
            Arity::Optional => self.peek() == Some(&Token::Open),
            Arity::None | Arity::Setter => false,
        };
        let argument = if takes_one {
            let argument = self.argument(operator, span)?;
            if CHANGES.contains(&operator.names[0]) {
                self.statement(argument.span, first, self.at);
            }
            Some(Box::new(argument))
        } else {
            self.refuse_argument(operator)?;
            None
        };
        let call = Call {
            operator,
            number,
            words: words.clone(),
            argument,
        };
        Ok(Expr {
            form: Form::Call(call),
            span,
        })
    }

    fn argument(&mut self, operator: &Operator, span: Span) -> Result<Expr> {
        let has_one = match self.peek() {
            None => false,
            Some(Token::Open) => self.after(1) != Some(&Token::Close),
            Some(_) => true,
        };
        if !has_one {
            let name = operator.names[0];
            let message = format!("`{name}` expects an argument but has none");
            let error = Error::new(Kind::Script, message).at(span);
            return Err(error.help(format!("write `{name}(…)`")));
        }
        self.expression(operator.precedence)
    }

    fn refuse_argument(&self, operator: &Operator) -> Result<()> {
        if self.peek() != Some(&Token::Open) {
            return Ok(());
        }
        let name = operator.names[0];
        let error = self.unexpected("an operator or the end");
        Err(error.help(format!("`{name}` takes no argument; write `… | {name}`")))
    }

    /// The number of `flatten(1)`.
    fn number_in_parentheses(&mut self, operator: &Operator) -> Option<i64> {
        if !operator.takes_number || self.peek() != Some(&Token::Open) {
            return None;
        }
        let (Some(Token::Literal(text, _)), Some(Token::Close)) = (self.after(1), self.after(2))
        else {
            return None;
        };
        let number = text.parse().ok()?;
        self.at += 3;
        Some(number)
    }

    fn text(&self, raw: &str) -> Result<Form> {
        Ok(Form::Text(Template {
            raw: raw.into(),
            parts: template(raw, self.depth).map_err(|error| placed(error, self.span()))?,
        }))
    }
}
