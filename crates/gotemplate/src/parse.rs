//! Tokens to the parts of a template.

use std::collections::BTreeMap;

use crate::functions;
use crate::lex::{Token, Type, tokens};
use crate::number;
use crate::quote::unquoted;
use crate::syntax::{Branch, Command, Expression, Kind, Node, Pipe};

/// How deep blocks and parentheses may be nested.
const DEEPEST: usize = 100;

/// What is wrong with a text, and where: an offset in bytes.
pub(crate) type Wrong = (usize, String);

type Parsed<T> = std::result::Result<T, Wrong>;

/// The templates of a text: its own under `name`, and those that it defines.
pub(crate) fn parse(name: &str, text: &str) -> Parsed<BTreeMap<String, Vec<Node>>> {
    let mut parser = Parser {
        tokens: tokens(text),
        next: 0,
        variables: vec!["$".to_owned()],
        templates: BTreeMap::new(),
        loops: 0,
        depth: 0,
    };
    let mut nodes = Vec::new();
    loop {
        match parser.part()? {
            Part::Node(node) => nodes.push(node),
            Part::Nothing => {}
            Part::EndOfText => break,
            Part::End(at) => return Err((at, "unexpected `{{end}}`".to_owned())),
            Part::Else(at) => return Err((at, "unexpected `{{else}}`".to_owned())),
        }
    }
    parser.add(name, nodes, 0)?;
    Ok(parser.templates)
}

struct Parser {
    /// The last is the end of the text, or an error.
    tokens: Vec<Token>,
    next: usize,
    variables: Vec<String>,
    templates: BTreeMap<String, Vec<Node>>,
    loops: usize,
    depth: usize,
}

enum Part {
    Node(Node),
    Nothing,
    End(usize),
    Else(usize),
    EndOfText,
}

/// What a command of the template language is about, for messages.
#[derive(Clone, Copy, PartialEq)]
enum Clause {
    If,
    With,
    Range,
    Other(&'static str),
}

impl Clause {
    fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::With => "with",
            Self::Range => "range",
            Self::Other(name) => name,
        }
    }
}

/// Whether a template has nothing but white space.
fn is_blank(nodes: &[Node]) -> bool {
    nodes
        .iter()
        .all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
}

impl Parser {
    fn peek(&self) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[self.next.min(last)]
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn skip_space(&mut self) {
        while self.peek().of == Type::Space {
            self.next += 1;
        }
    }

    fn unexpected<T>(&self, token: &Token, clause: &str) -> Parsed<T> {
        Err(match token.of {
            Type::Error => (token.at, token.text.clone()),
            Type::End => (token.at, "the text ends before `{{end}}`".to_owned()),
            _ => (token.at, format!("unexpected `{}` in {clause}", token.text)),
        })
    }

    fn expect_right(&mut self, clause: &str) -> Parsed<()> {
        self.skip_space();
        let token = self.take();
        match token.of {
            Type::Right => Ok(()),
            _ => self.unexpected(&token, clause),
        }
    }

    fn deeper(&mut self, at: usize) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err((at, "blocks and parentheses are nested too deep".to_owned()));
        }
        Ok(())
    }

    fn add(&mut self, name: &str, nodes: Vec<Node>, at: usize) -> Parsed<()> {
        match self.templates.get(name) {
            Some(known) if !is_blank(known) => {
                if is_blank(&nodes) {
                    return Ok(());
                }
                let message = format!("the template `{name}` is defined twice");
                Err((at, message))
            }
            _ => {
                self.templates.insert(name.to_owned(), nodes);
                Ok(())
            }
        }
    }

    fn part(&mut self) -> Parsed<Part> {
        self.skip_space();
        let token = self.take();
        match token.of {
            Type::Text => Ok(Part::Node(Node::Text(token.text))),
            Type::End => Ok(Part::EndOfText),
            Type::Left => self.action(token.at),
            _ => self.unexpected(&token, "the text"),
        }
    }

    fn action(&mut self, at: usize) -> Parsed<Part> {
        self.skip_space();
        if self.peek().of != Type::Keyword {
            let pipe = self.pipe(Clause::Other("a command"), Type::Right)?;
            return Ok(Part::Node(Node::Action(pipe)));
        }
        let keyword = self.take();
        let node = match keyword.text.as_str() {
            "if" => Node::If(self.branch(Clause::If, at)?),
            "with" => Node::With(self.branch(Clause::With, at)?),
            "range" => Node::Range(self.branch(Clause::Range, at)?),
            "end" => {
                self.expect_right("`end`")?;
                return Ok(Part::End(at));
            }
            "else" => {
                self.skip_space();
                let next = self.peek();
                if next.of != Type::Keyword || !matches!(next.text.as_str(), "if" | "with") {
                    self.expect_right("`else`")?;
                }
                return Ok(Part::Else(at));
            }
            word @ ("break" | "continue") => {
                self.expect_right(word)?;
                if self.loops == 0 {
                    let message = format!("`{word}` stands outside of a `range`");
                    return Err((keyword.at, message));
                }
                if word == "break" {
                    Node::Break
                } else {
                    Node::Continue
                }
            }
            "template" => {
                let name = self.name("`template`")?;
                self.skip_space();
                let pipe = if self.peek().of == Type::Right {
                    self.next += 1;
                    None
                } else {
                    Some(self.pipe(Clause::Other("`template`"), Type::Right)?)
                };
                Node::Template { name, pipe, at }
            }
            "block" => {
                let name = self.name("`block`")?;
                let pipe = self.pipe(Clause::Other("`block`"), Type::Right)?;
                self.body(&name, at)?;
                let pipe = Some(pipe);
                Node::Template { name, pipe, at }
            }
            _ => {
                if self.depth > 0 {
                    return Err((keyword.at, "`define` stands inside of a block".to_owned()));
                }
                let name = self.name("`define`")?;
                self.expect_right("`define`")?;
                self.body(&name, at)?;
                return Ok(Part::Nothing);
            }
        };
        Ok(Part::Node(node))
    }

    fn name(&mut self, clause: &str) -> Parsed<String> {
        self.skip_space();
        let token = self.take();
        match token.of {
            Type::Quoted | Type::Raw => text_of(&token),
            _ => self.unexpected(&token, clause),
        }
    }

    /// What a `define` or a `block` holds, with variables of its own.
    fn body(&mut self, name: &str, at: usize) -> Parsed<()> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let (nodes, has_else) = self.nodes(at)?;
        if has_else.is_some() {
            let message = format!("unexpected `{{{{else}}}}` in the template `{name}`");
            return Err((at, message));
        }
        self.variables = variables;
        self.loops = loops;
        self.add(name, nodes, at)
    }

    /// What stands before an `end` or an `else`, and where the `else` is.
    fn nodes(&mut self, at: usize) -> Parsed<(Vec<Node>, Option<usize>)> {
        self.deeper(at)?;
        let mut nodes = Vec::new();
        let end = loop {
            match self.part()? {
                Part::Node(node) => nodes.push(node),
                Part::Nothing => {}
                Part::End(_) => break None,
                Part::Else(at) => break Some(at),
                Part::EndOfText => {
                    return Err((at, "the block is not closed by `{{end}}`".to_owned()));
                }
            }
        };
        self.depth -= 1;
        Ok((nodes, end))
    }

    fn branch(&mut self, clause: Clause, at: usize) -> Parsed<Branch> {
        let variables = self.variables.len();
        let pipe = self.pipe(clause, Type::Right)?;
        self.loops += usize::from(clause == Clause::Range);
        let (then, has_else) = self.nodes(at)?;
        self.loops -= usize::from(clause == Clause::Range);
        let mut otherwise = Vec::new();
        if let Some(else_at) = has_else {
            self.skip_space();
            let follows = (self.peek().of == Type::Keyword).then(|| self.peek().text.clone());
            let node = match (follows.as_deref(), clause) {
                (Some("if"), Clause::If) => {
                    self.next += 1;
                    self.deeper(else_at)?;
                    Some(Node::If(self.branch(Clause::If, at)?))
                }
                (Some("with"), Clause::With) => {
                    self.next += 1;
                    self.deeper(else_at)?;
                    Some(Node::With(self.branch(Clause::With, at)?))
                }
                (Some("if" | "with"), _) if self.tokens[self.next - 1].of != Type::Right => {
                    let token = self.peek().clone();
                    return self.unexpected(&token, "`else`");
                }
                _ => None,
            };
            if let Some(node) = node {
                self.depth -= 1;
                otherwise.push(node);
            } else {
                let (nodes, again) = self.nodes(else_at)?;
                if let Some(again) = again {
                    return Err((again, "a second `{{else}}`".to_owned()));
                }
                otherwise = nodes;
            }
        }
        self.variables.truncate(variables);
        Ok(Branch {
            pipe,
            then,
            otherwise,
        })
    }

    fn pipe(&mut self, clause: Clause, end: Type) -> Parsed<Pipe> {
        self.skip_space();
        let at = self.peek().at;
        let mut pipe = Pipe {
            at,
            is_assignment: false,
            variables: Vec::new(),
            commands: Vec::new(),
        };
        self.declarations(clause, &mut pipe)?;
        loop {
            self.skip_space();
            let token = self.peek().clone();
            match token.of {
                of if of == end => {
                    self.next += 1;
                    break;
                }
                Type::Bool
                | Type::Rune
                | Type::Dot
                | Type::Field
                | Type::Identifier
                | Type::Number
                | Type::Nil
                | Type::Raw
                | Type::Quoted
                | Type::Variable
                | Type::LeftParen => {
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => {
                    self.next += 1;
                    return self.unexpected(&token, clause.name());
                }
            }
        }
        if pipe.commands.is_empty() {
            return Err((at, format!("{} has no value", clause.name())));
        }
        let constant = pipe.commands.iter().skip(1).find(|command| {
            matches!(
                command.arguments[0].kind,
                Kind::Bool(_) | Kind::Dot | Kind::Nil | Kind::Number(_) | Kind::Str(_)
            )
        });
        if let Some(constant) = constant {
            let at = constant.arguments[0].at;
            return Err((at, "what stands behind `|` is no function".to_owned()));
        }
        Ok(pipe)
    }

    fn declarations(&mut self, clause: Clause, pipe: &mut Pipe) -> Parsed<()> {
        loop {
            self.skip_space();
            if self.peek().of != Type::Variable {
                return Ok(());
            }
            let start = self.next;
            let variable = self.take();
            self.skip_space();
            let next = self.peek().clone();
            match next.of {
                Type::Assign | Type::Declare => {
                    self.next += 1;
                    pipe.is_assignment = next.of == Type::Assign;
                    pipe.variables.push(variable.text.clone());
                    self.variables.push(variable.text);
                    return Ok(());
                }
                Type::Comma => {
                    self.next += 1;
                    pipe.variables.push(variable.text.clone());
                    self.variables.push(variable.text);
                    if clause != Clause::Range || pipe.variables.len() > 1 {
                        let message = format!("too many variables in {}", clause.name());
                        return Err((next.at, message));
                    }
                    self.skip_space();
                    if self.peek().of != Type::Variable {
                        return Err((next.at, "`,` is followed by no variable".to_owned()));
                    }
                }
                _ => {
                    self.next = start;
                    return Ok(());
                }
            }
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        let at = self.peek().at;
        let mut arguments = Vec::new();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                arguments.push(operand);
            }
            let token = self.peek().clone();
            match token.of {
                Type::Space => {}
                Type::Right | Type::RightParen => break,
                Type::Pipe => {
                    self.next += 1;
                    break;
                }
                _ => return self.unexpected(&token, "an operand"),
            }
        }
        if arguments.is_empty() {
            return Err((at, "a command is empty".to_owned()));
        }
        Ok(Command { arguments })
    }

    fn operand(&mut self) -> Parsed<Option<Expression>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        let mut fields = Vec::new();
        while self.peek().of == Type::Field {
            fields.push(self.take().text.trim_start_matches('.').to_owned());
        }
        if fields.is_empty() {
            return Ok(Some(term));
        }
        let at = term.at;
        let kind = match term.kind {
            Kind::Field(mut names) => {
                names.extend(fields);
                Kind::Field(names)
            }
            Kind::Variable(name, mut names) => {
                names.extend(fields);
                Kind::Variable(name, names)
            }
            Kind::Bool(_) | Kind::Str(_) | Kind::Number(_) | Kind::Nil | Kind::Dot => {
                return Err((at, "a constant has no fields".to_owned()));
            }
            kind => Kind::Chain(Box::new(Expression { at, kind }), fields),
        };
        Ok(Some(Expression { at, kind }))
    }

    fn term(&mut self) -> Parsed<Option<Expression>> {
        let token = self.peek().clone();
        let at = token.at;
        self.next += 1;
        let kind = match token.of {
            Type::Identifier => {
                if !functions::is_known(&token.text) {
                    let message = format!("there is no function `{}`", token.text);
                    return Err((at, message));
                }
                Kind::Function(token.text)
            }
            Type::Dot => Kind::Dot,
            Type::Nil => Kind::Nil,
            Type::Variable => {
                if !self.variables.contains(&token.text) {
                    return Err((at, format!("there is no variable `{}`", token.text)));
                }
                Kind::Variable(token.text, Vec::new())
            }
            Type::Field => Kind::Field(vec![token.text.trim_start_matches('.').to_owned()]),
            Type::Bool => Kind::Bool(token.text == "true"),
            Type::Number | Type::Rune => {
                let number = number::constant(&token.text, token.of == Type::Rune);
                Kind::Number(number.map_err(|message| (at, message))?)
            }
            Type::Quoted | Type::Raw => Kind::Str(text_of(&token)?),
            Type::LeftParen => {
                self.deeper(at)?;
                let pipe = self.pipe(Clause::Other("a parenthesis"), Type::RightParen)?;
                self.depth -= 1;
                Kind::Pipe(Box::new(pipe))
            }
            _ => {
                self.next -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Expression { at, kind }))
    }
}

fn text_of(token: &Token) -> Parsed<String> {
    unquoted(&token.text).ok_or_else(|| {
        let message = format!("{} is no text that Go would read", token.text);
        (token.at, message)
    })
}
