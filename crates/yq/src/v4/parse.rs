//! Parses tokens into an expression.
//!
//! Operators of one rank group from the right: `1 - 2 - 3` is `1 - (2 - 3)`, as in yq.

mod primary;
mod template;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;

use super::expr::{Attribute, DOT, Expr, Form, INDEX, Infix, PIPE};
use super::lex::{Keyword, Lexeme, Token, lex};
use super::table::Operator;

/// The operators that change something without assigning to it.
const CHANGES: [&str; 5] = ["del", "delpaths", "explode", "setpath", "sort_keys"];
/// How deep expressions may be nested, so that no input can exhaust the stack.
const DEPTH: usize = 200;
/// How long a path may be, for the same reason: its steps become levels of the document.
const STEPS: usize = 500;

/// An expression, and what in it changes something.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The expression.
    pub(super) root: Expr,
    /// Its statements, in the order of the text.
    pub(super) statements: Vec<Statement>,
}

/// A part of an expression that changes something: an assignment or a deletion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    /// Where it says what is changed, by which what it did is known.
    pub(super) target: Span,
    /// The first byte of what names it in reports, and one past the last.
    pub(super) extent: (u32, u32),
    /// Whether it stands in a branch of `if`, which may not be taken.
    pub(super) is_conditional: bool,
}

/// Parses an expression; no text at all is `.`.
pub(super) fn parse(text: &str) -> Result<Expr> {
    nested(text, 0)
}

/// Parses a text that stands inside another expression.
pub(super) fn nested(text: &str, depth: usize) -> Result<Expr> {
    Ok(whole(text, depth)?.root)
}

/// Parses a script.
pub(super) fn parse_script(text: &str) -> Result<Parsed> {
    whole(text, 0)
}

fn whole(text: &str, depth: usize) -> Result<Parsed> {
    let lexemes = lex(text)?;
    let last = lexemes.last().map_or(0, |lexeme| lexeme.span.end as usize);
    let words = text.get(..last).unwrap_or(text);
    let end = Span {
        start: u32::try_from(words.len()).unwrap_or(u32::MAX),
        end: u32::try_from(words.len()).unwrap_or(u32::MAX),
        line: u32::try_from(words.matches('\n').count() + 1).unwrap_or(u32::MAX),
        column: u32::try_from(words.chars().rev().take_while(|c| *c != '\n').count() + 1)
            .unwrap_or(u32::MAX),
        ..Span::default()
    };
    let mut parser = Parser {
        lexemes: &lexemes,
        at: 0,
        end,
        depth,
        branches: 0,
        statements: Vec::new(),
    };
    let root = if lexemes.is_empty() {
        parser.here(Form::Identity)
    } else {
        parser.expression(0)?
    };
    if parser.peek().is_some() {
        return Err(parser.unexpected("an operator or the end"));
    }
    let mut statements = parser.statements;
    statements.sort_by_key(|statement| statement.extent);
    Ok(Parsed { root, statements })
}

struct Parser<'t> {
    lexemes: &'t [Lexeme],
    at: usize,
    end: Span,
    depth: usize,
    /// How many branches of `if` the parser is within.
    branches: usize,
    statements: Vec<Statement>,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.lexemes.get(self.at).map(|lexeme| &lexeme.token)
    }

    fn after(&self, steps: usize) -> Option<&'t Token> {
        self.lexemes
            .get(self.at + steps)
            .map(|lexeme| &lexeme.token)
    }

    fn span(&self) -> Span {
        self.lexemes
            .get(self.at)
            .map_or(self.end, |lexeme| lexeme.span)
    }

    fn here(&self, form: Form) -> Expr {
        Expr {
            form,
            span: self.span(),
        }
    }

    /// The expression that starts here, as far as its operators bind at least so tightly.
    fn expression(&mut self, least: u8) -> Result<Expr> {
        self.depth += 1;
        if self.depth > DEPTH {
            let message = format!("the expression is nested more than {DEPTH} levels deep");
            return Err(Error::new(Kind::Script, message).at(self.span()));
        }
        let first = self.at;
        let mut left = self.primary()?;
        let mut links = 0;
        while let Some(token) = self.peek() {
            // What was read so far becomes a part of what follows it.
            links += 1;
            if links > STEPS {
                return Err(self.too_long());
            }
            match self.continued(left, token, least, first)? {
                (more, true) => left = more,
                (whole, false) => {
                    left = whole;
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    /// What follows an expression, if it belongs to it.
    fn continued(
        &mut self,
        left: Expr,
        token: &Token,
        least: u8,
        first: usize,
    ) -> Result<(Expr, bool)> {
        let is_open = self.is_open_ended();
        let span = self.span();
        let precedence = match token {
            Token::Pipe => PIPE,
            Token::Infix(infix) => infix.precedence(),
            Token::Word(operator, _) if self.is_setter(operator) => 40,
            Token::OpenList if is_open => INDEX,
            Token::Key(..) | Token::DotList if is_open => DOT,
            _ => return Ok((left, false)),
        };
        if precedence < least {
            return Ok((left, false));
        }
        let form = match token {
            Token::Pipe => return Ok((self.pipe(left)?, true)),
            Token::Key(..) | Token::DotList => return Ok((self.path(left)?, true)),
            Token::OpenList => return Ok((self.index(left)?, true)),
            Token::Infix(Infix::Union) => return Ok((self.union(left)?, true)),
            Token::Infix(infix) => {
                if infix.assigns() {
                    self.statement(left.span, first, self.at);
                }
                self.infix(left, *infix)?
            }
            Token::Word(operator, _) => {
                self.statement(span, first, self.at + 1);
                self.attribute(left, operator)?
            }
            _ => return Ok((left, false)),
        };
        Ok((Expr { form, span }, true))
    }

    /// Remembers a statement that is named by the tokens up to another one.
    fn statement(&mut self, target: Span, first: usize, after: usize) {
        let bounds = (self.lexemes.get(first), self.lexemes.get(after - 1));
        if let (Some(first), Some(last)) = bounds {
            let extent = (first.span.start, last.span.end);
            let is_conditional = self.branches > 0;
            self.statements.push(Statement {
                target,
                extent,
                is_conditional,
            });
        }
    }

    /// Whether `.key` or `[index]` may follow what was read last.
    fn is_open_ended(&self) -> bool {
        let Some(last) = self.at.checked_sub(1) else {
            return false;
        };
        match &self.lexemes[last].token {
            Token::Close | Token::CloseList { .. } | Token::CloseMap => true,
            Token::Key(..) | Token::Variable(_) | Token::Keyword(Keyword::End) => true,
            Token::Word(operator, _) => operator.is_open_ended,
            _ => false,
        }
    }

    fn is_setter(&self, operator: &Operator) -> bool {
        let assigns = matches!(self.after(1), Some(Token::Infix(Infix::Assign { .. })));
        operator.attribute.is_some() && assigns
    }

    fn infix(&mut self, left: Expr, infix: Infix) -> Result<Form> {
        self.at += 1;
        let right = Box::new(self.expression(infix.precedence())?);
        match infix {
            Infix::Bind { .. } if !matches!(right.form, Form::Variable(_)) => {
                let error = Error::new(Kind::Script, "expected the name of a variable");
                return Err(error.at(right.span).help("write `expression as $name | …`"));
            }
            Infix::Reduce => check_reduce(&left, &right)?,
            _ => {}
        }
        Ok(Form::Infix {
            infix,
            left: Box::new(left),
            right,
        })
    }

    /// `first | second | third`; a loop, so that a long script needs no deep stack.
    fn pipe(&mut self, first: Expr) -> Result<Expr> {
        let span = first.span;
        let mut parts = vec![first];
        while self.peek() == Some(&Token::Pipe) {
            self.at += 1;
            parts.push(self.expression(PIPE + 1)?);
        }
        Ok(Expr {
            form: Form::Pipe(parts),
            span,
        })
    }

    /// `first, second, third`; a loop, for the same reason.
    fn union(&mut self, first: Expr) -> Result<Expr> {
        let span = first.span;
        let mut parts = vec![first];
        while self.peek() == Some(&Token::Infix(Infix::Union)) {
            self.at += 1;
            let mut part = self.expression(Infix::Union.precedence() + 1)?;
            if self.peek() == Some(&Token::Infix(Infix::Block)) {
                let span = self.span();
                let form = self.infix(part, Infix::Block)?;
                part = Expr { form, span };
            }
            parts.push(part);
        }
        Ok(Expr {
            form: Form::Union(parts),
            span,
        })
    }

    /// `.first.second[0].third`
    fn path(&mut self, first: Expr) -> Result<Expr> {
        let span = first.span;
        let mut parts = vec![first];
        while self.is_open_ended() && matches!(self.peek(), Some(Token::Key(..) | Token::DotList)) {
            if parts.len() > STEPS {
                return Err(self.too_long());
            }
            parts.push(self.expression(DOT + 1)?);
        }
        Ok(Expr {
            form: Form::Pipe(parts),
            span,
        })
    }

    fn attribute(&mut self, target: Expr, operator: &Operator) -> Result<Form> {
        let relative = match self.after(1) {
            Some(Token::Infix(Infix::Assign { relative, .. })) => *relative,
            _ => false,
        };
        self.at += 2;
        let value = Box::new(self.expression(40)?);
        Ok(Form::Attribute {
            attribute: operator.attribute.unwrap_or(Attribute::Style),
            relative,
            target: Box::new(target),
            value,
        })
    }

    #[cold]
    fn too_long(&self) -> Error {
        let message = format!("a path has more than {STEPS} steps");
        Error::new(Kind::Script, message).at(self.span())
    }

    #[cold]
    fn unexpected(&self, expected: &str) -> Error {
        let before = self.at.checked_sub(1).and_then(|at| self.lexemes.get(at));
        let operator = before.map(|lexeme| &lexeme.token);
        if let (None, Some(token @ (Token::Infix(_) | Token::Pipe))) = (self.peek(), operator) {
            let (operator, example) = match token {
                Token::Pipe => ("`|`".to_owned(), "`| .name`".to_owned()),
                other => {
                    let name = spelled(other);
                    (
                        name.clone(),
                        format!("`{} \"low\"`", name.trim_matches('`')),
                    )
                }
            };
            let message = format!("expected a value after {operator}, found the end");
            return Error::new(Kind::Script, message)
                .at(self.span())
                .help(format!("write what belongs there, such as {example}"));
        }
        let message = match self.peek() {
            None => format!("expected {expected}, found the end"),
            Some(token) => format!("expected {expected}, found {}", spelled(token)),
        };
        let error = Error::new(Kind::Script, message).at(self.span());
        match self.peek() {
            Some(Token::Literal(text, _)) if text.starts_with('-') => {
                error.help("put a blank after the minus to subtract")
            }
            Some(Token::Infix(Infix::Assign { .. })) if self.at > 0 => {
                error.help("the operators that assign are `=`, `|=`, `+=`, `-=` and `*=`")
            }
            _ => error,
        }
    }
}

/// `expression as $item ireduce (start; step)` and nothing else.
fn check_reduce(left: &Expr, right: &Expr) -> Result<()> {
    let is_bound = matches!(
        left.form,
        Form::Infix {
            infix: Infix::Bind { .. },
            ..
        }
    );
    let wrong = if !is_bound {
        left.span
    } else if right.block().is_none() {
        right.span
    } else {
        return Ok(());
    };
    let error = Error::new(
        Kind::Script,
        "`ireduce` expects a variable before it and two expressions after it",
    );
    Err(error
        .at(wrong)
        .help("write `.[] as $item ireduce (start; step)`"))
}

fn spelled(token: &Token) -> String {
    let text: &str = match token {
        Token::Open => "(",
        Token::Close => ")",
        Token::DotList => ".[",
        Token::OpenList => "[",
        Token::CloseList { .. } => "]",
        Token::OpenMap => "{",
        Token::CloseMap => "}",
        Token::Identity => ".",
        Token::Descend { .. } => "..",
        Token::Pipe => "|",
        Token::Key(name, _) => return format!("`.{name}`"),
        Token::Variable(name) => return format!("`${name}`"),
        Token::Literal(text, _) => text,
        Token::Text(_) => return "a string".to_owned(),
        Token::Word(operator, _) => operator.names[0],
        Token::Keyword(keyword) => keyword.name(),
        Token::Infix(infix) => infix.name(),
    };
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::super::expr::Part;
    use super::*;

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    /// The expression with all its parentheses.
    fn shape(expr: &Expr) -> String {
        match &expr.form {
            Form::Identity => ".".into(),
            Form::Nothing => "nothing".into(),
            Form::Literal { text, .. } => text.to_string(),
            Form::Text(template) => format!("{:?}", template.raw),
            Form::Variable(name) => format!("${name}"),
            Form::Key { name, .. } => format!(".{name}"),
            Form::Index { base, index, .. } => format!("{}[{}]", shape(base), shape(index)),
            Form::Slice { base, from, to } => {
                let side = |side: &Option<Box<Expr>>| side.as_deref().map(shape);
                let (from, to) = (side(from), side(to));
                let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
                format!("{}[{from}:{to}]", shape(base))
            }
            Form::Descend { .. } => "..".into(),
            Form::List(items) => format!("[{}]", shape(items)),
            Form::Object => "object".into(),
            Form::Pipe(parts) => {
                let parts: Vec<_> = parts.iter().map(shape).collect();
                format!("({})", parts.join(" | "))
            }
            Form::Union(parts) => {
                let parts: Vec<_> = parts.iter().map(shape).collect();
                format!("({})", parts.join(", "))
            }
            Form::Infix { infix, left, right } => {
                format!("({} {} {})", shape(left), infix.name(), shape(right))
            }
            Form::Attribute { target, value, .. } => {
                format!("({} attribute {})", shape(target), shape(value))
            }
            Form::If {
                branches,
                otherwise,
            } => {
                let mut text = String::from("(");
                for branch in branches {
                    let (condition, value) = (shape(&branch.condition), shape(&branch.value));
                    text.push_str(&format!("{condition} ? {value} : "));
                }
                text.push_str(&otherwise.as_deref().map_or(".".into(), shape));
                text + ")"
            }
            Form::Call(call) => match &call.argument {
                Some(argument) => format!("{}({})", call.operator.names[0], shape(argument)),
                None => call.operator.names[0].into(),
            },
        }
    }

    #[test]
    fn operators_bind_and_group_as_in_yq() {
        for (text, wanted) in [
            (".a + .b * 2 | .c", "((.a + (.b * 2)) | .c)"),
            ("1 - 2 - 3", "(1 - (2 - 3))"),
            (".a.b[0].c", "(.a | .b[0] | .c)"),
            (".[0].a", "(.[0] | .a)"),
            (".a[1:]", ".a[1:]"),
            (".a == 1 and .b", "((.a == 1) and .b)"),
            ("select(.a).b", "(select(.a) | .b)"),
            ("del(.a).b", "del((.a | .b))"),
            ("map(.a)[0]", "map(.a)[0]"),
            (".a = .b, .c = 1", "((.a = .b), (.c = 1))"),
            (
                ".[] as $x ireduce (0; . + $x)",
                "((.[nothing] as $x) ireduce (0 ; (. + $x)))",
            ),
            ("{\"a\": 1}", "((\"a\" : 1) | object)"),
            ("[]", "[nothing]"),
            (".a style=\"flow\"", "(.a attribute \"flow\")"),
            (".a .b", "(.a | .b)"),
            ("if .a then 1 end", "(.a ? 1 : .)"),
            (
                "if .a | .b then 1, 2 elif .c then 3 else 4 | 5 end + 6",
                "(((.a | .b) ? (1, 2) : .c ? 3 : (4 | 5)) + 6)",
            ),
            (
                "if if .a then 1 else 2 end then 3 end[0].b",
                "(((.a ? 1 : 2) ? 3 : .)[0] | .b)",
            ),
            ("", "."),
        ] {
            assert_eq!(shape(&parse(text).unwrap()), wanted, "{text}");
        }
    }

    #[test]
    fn a_string_holds_expressions() {
        let expr = parse(r#""a\(.b)c\\(d)""#).unwrap();
        let Form::Text(template) = expr.form else {
            panic!("no string");
        };
        assert!(matches!(&template.parts[..], [
            Part::Text(a), Part::Expr(_), Part::Text(c)
        ] if a == "a" && c == "c\\(d)"));
    }

    #[test]
    fn what_was_found_and_what_was_expected_is_said() {
        for (text, wanted) in [
            (
                ".a |",
                "expected a value after `|`, found the end (<input>:1:5)",
            ),
            ("(.a", "expected `)`, found the end (<input>:1:4)"),
            (
                ".a]",
                "expected an operator or the end, found `]` (<input>:1:3)",
            ),
            (
                ".a //= 1",
                "expected an expression, found `=` (<input>:1:6)",
            ),
            (
                ".a -1",
                "expected an operator or the end, found `-1` (<input>:1:4)",
            ),
            (
                "path(.a)",
                "expected an operator or the end, found `(` (<input>:1:5)",
            ),
            (
                "select()",
                "`select` expects an argument but has none (<input>:1:1)",
            ),
            ("if .a", "expected `then`, found the end (<input>:1:6)"),
            ("if .a end", "expected `then`, found `end` (<input>:1:7)"),
            (
                "if .a then 1",
                "expected `elif`, `else` or `end`, found the end (<input>:1:13)",
            ),
            (
                "if .a then 1 else 2 else 3 end",
                "expected `end`, found `else` (<input>:1:21)",
            ),
            (
                "if .a then end",
                "expected an expression, found `end` (<input>:1:12)",
            ),
            (
                "else 1",
                "expected an expression, found `else` (<input>:1:1)",
            ),
            (".a as 1", "expected the name of a variable (<input>:1:7)"),
            (
                "\"\\(.a |)\"",
                "in the string: expected a value after `|`, found the end (<input>:1:1)",
            ),
        ] {
            assert_eq!(message(text), wanted, "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        for open in ["(", "if "] {
            let text = open.repeat(50 * DEPTH);
            assert!(message(&text).starts_with("the expression is nested"));
        }
    }

    #[test]
    fn the_conditions_of_an_if_have_an_end() {
        let text = format!("if 1 then 2{} end", " elif 1 then 2".repeat(4 * STEPS));
        assert!(message(&text).starts_with("there are more than"));
    }

    #[test]
    fn a_long_pipe_is_no_nesting() {
        let long = vec![".a = 1"; 20_000].join(" | ");
        assert!(parse(&long).is_ok());
    }
}
