//! Expressions as trees.

use super::lex::{Token, tokens};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A variable, or the beginning of a qualified name.
    Name(String),
    /// A field, and whether it may be absent.
    Field(Box<Expr>, String, bool),
    /// An element, and whether it may be absent.
    Index(Box<Expr>, Box<Expr>, bool),
    /// A function, of what stands before its dot if anything does.
    Call(Option<Box<Expr>>, String, Vec<Expr>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// A message of a type.
    Message(String, Vec<(String, Expr)>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// As deep as brackets and operators may nest.
const MAX_DEPTH: u32 = 128;

/// As long as a chain of operators may be, which cel-go bounds by its depth.
const MAX_CHAIN: u32 = 250;

/// How many of the levels of operators are logical: a chain of those is no deeper than it must be.
const LOGICAL: usize = 2;

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    let found = parser.ternary()?;
    match parser.peek() {
        Token::End => Ok(found),
        _ => Err(parser.unexpected()),
    }
}

/// Whether a name is a word of the language itself.
pub(crate) fn is_word(name: &str) -> bool {
    RESERVED.contains(&name) || ["true", "false", "null"].contains(&name)
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: u32,
}

/// Words that cannot be names.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "in",
];

/// Binary operators by how tightly they bind, loosest first.
const LEVELS: [&[&str]; 5] = [
    &["||"],
    &["&&"],
    &["<=", ">=", "==", "!=", "<", ">", "in"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// A tree of one operator over all parts, in their order.
fn balanced(operator: &'static str, mut parts: Vec<Expr>) -> Expr {
    if parts.len() > 1 {
        let right = parts.split_off(parts.len() / 2);
        let [left, right] = [parts, right].map(|half| Box::new(balanced(operator, half)));
        return Expr::Binary(operator, left, right);
    }
    parts.pop().unwrap_or(Expr::Null)
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(found) if *found == sign);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> String {
        let (token, at) = &self.tokens[self.at];
        match token {
            Token::End => "the expression ends too early".to_owned(),
            Token::Sign(sign) => format!("`{sign}` is not expected at character {}", at + 1),
            Token::Word(word) => format!("`{word}` is not expected at character {}", at + 1),
            _ => format!("a value is not expected at character {}", at + 1),
        }
    }

    fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the expression is nested too deeply".to_owned());
        }
        let found = inner(self)?;
        self.depth -= 1;
        Ok(found)
    }

    fn ternary(&mut self) -> Result<Expr, String> {
        self.deeper(|parser| {
            let condition = parser.binary(0)?;
            if !parser.eat("?") {
                return Ok(condition);
            }
            let yes = parser.binary(0)?;
            parser.expect(":")?;
            let no = parser.ternary()?;
            Ok(Expr::If(Box::new(condition), Box::new(yes), Box::new(no)))
        })
    }

    fn operator(&self, level: usize) -> Option<&'static str> {
        let word = match self.peek() {
            Token::Sign(sign) => *sign,
            Token::Word(word) if word == "in" => "in",
            _ => return None,
        };
        LEVELS[level]
            .iter()
            .copied()
            .find(|operator| *operator == word)
    }

    fn binary(&mut self, level: usize) -> Result<Expr, String> {
        if level == LEVELS.len() {
            return self.unary();
        }
        let mut left = self.binary(level + 1)?;
        if level < LOGICAL {
            let mut parts = vec![left];
            while self.operator(level).is_some() {
                self.next();
                parts.push(self.binary(level + 1)?);
            }
            return Ok(balanced(LEVELS[level][0], parts));
        }
        let mut count = 0;
        while let Some(operator) = self.operator(level) {
            // A chain is a tree that leans to the left.
            count += 1;
            if count > MAX_CHAIN {
                return Err("the expression is nested too deeply".to_owned());
            }
            self.next();
            let right = self.binary(level + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        self.deeper(|parser| {
            if parser.eat("!") {
                return Ok(Expr::Not(Box::new(parser.unary()?)));
            }
            if parser.eat("-") {
                return Ok(match parser.unary()? {
                    Expr::Int(number) => Expr::Int(number.wrapping_neg()),
                    Expr::Double(number) => Expr::Double(-number),
                    other => Expr::Minus(Box::new(other)),
                });
            }
            parser.member()
        })
    }

    fn member(&mut self) -> Result<Expr, String> {
        let mut found = self.primary()?;
        let mut count = 0;
        loop {
            count += 1;
            if count > MAX_DEPTH {
                return Err("the expression is nested too deeply".to_owned());
            }
            if self.eat(".") {
                let Token::Word(name) = self.next() else {
                    return Err(self.unexpected());
                };
                if self.eat("(") {
                    let arguments = self.list(")")?;
                    found = Expr::Call(Some(Box::new(found)), name, arguments);
                } else if matches!(self.peek(), Token::Sign("{")) && qualified(&found).is_some() {
                    let name = format!("{}.{name}", qualified(&found).unwrap_or_default());
                    self.next();
                    found = self.message(name)?;
                } else {
                    found = Expr::Field(Box::new(found), name, false);
                }
            } else if self.eat(".?") {
                let Token::Word(name) = self.next() else {
                    return Err(self.unexpected());
                };
                found = Expr::Field(Box::new(found), name, true);
            } else if self.eat("[") {
                let index = self.ternary()?;
                self.expect("]")?;
                found = Expr::Index(Box::new(found), Box::new(index), false);
            } else if self.eat("[?") {
                let index = self.ternary()?;
                self.expect("]")?;
                found = Expr::Index(Box::new(found), Box::new(index), true);
            } else {
                return Ok(found);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, String> {
        let before = self.at;
        match self.next() {
            Token::Int(number) => Ok(Expr::Int(number)),
            Token::Uint(number) => Ok(Expr::Uint(number)),
            Token::Double(number) => Ok(Expr::Double(number)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Bytes(bytes) => Ok(Expr::Bytes(bytes)),
            Token::Sign("(") => {
                let found = self.ternary()?;
                self.expect(")")?;
                Ok(found)
            }
            Token::Sign("[") => Ok(Expr::List(self.list("]")?)),
            Token::Sign("{") => self.map(),
            Token::Sign(".") => self.primary(),
            Token::Word(word) => match word.as_str() {
                "true" => Ok(Expr::Bool(true)),
                "false" => Ok(Expr::Bool(false)),
                "null" => Ok(Expr::Null),
                reserved if RESERVED.contains(&reserved) => {
                    self.at = before;
                    Err(self.unexpected())
                }
                _ if self.eat("(") => Ok(Expr::Call(None, word, self.list(")")?)),
                _ if self.eat("{") => self.message(word),
                _ => Ok(Expr::Name(word)),
            },
            Token::Sign(_) | Token::End => {
                self.at = before;
                Err(self.unexpected())
            }
        }
    }

    fn list(&mut self, close: &str) -> Result<Vec<Expr>, String> {
        let mut items = Vec::new();
        loop {
            if self.eat(close) {
                return Ok(items);
            }
            self.eat("?");
            items.push(self.ternary()?);
            if !self.eat(",") {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    fn map(&mut self) -> Result<Expr, String> {
        let mut entries = Vec::new();
        loop {
            if self.eat("}") {
                return Ok(Expr::Map(entries));
            }
            self.eat("?");
            let key = self.ternary()?;
            self.expect(":")?;
            entries.push((key, self.ternary()?));
            if !self.eat(",") {
                self.expect("}")?;
                return Ok(Expr::Map(entries));
            }
        }
    }

    fn message(&mut self, name: String) -> Result<Expr, String> {
        let mut fields = Vec::new();
        loop {
            if self.eat("}") {
                return Ok(Expr::Message(name, fields));
            }
            self.eat("?");
            let Token::Word(field) = self.next() else {
                return Err(self.unexpected());
            };
            self.expect(":")?;
            fields.push((field, self.ternary()?));
            if !self.eat(",") {
                self.expect("}")?;
                return Ok(Expr::Message(name, fields));
            }
        }
    }
}

/// The name that a chain of fields spells, such as `Object.spec`.
pub(super) fn qualified(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.clone()),
        Expr::Field(inner, name, false) => Some(format!("{}.{name}", qualified(inner)?)),
        _ => None,
    }
}

impl Expr {
    /// Calls a function with every name that the expression uses as a variable.
    pub(crate) fn each_name(&self, see: &mut impl FnMut(&str)) {
        match self {
            Self::Name(name) => see(name),
            Self::Field(inner, ..) | Self::Not(inner) | Self::Minus(inner) => inner.each_name(see),
            Self::Index(one, other, _) | Self::Binary(_, one, other) => {
                one.each_name(see);
                other.each_name(see);
            }
            Self::Call(receiver, _, arguments) => {
                if let Some(receiver) = receiver {
                    receiver.each_name(see);
                }
                arguments
                    .iter()
                    .for_each(|argument| argument.each_name(see));
            }
            Self::List(items) => items.iter().for_each(|item| item.each_name(see)),
            Self::Map(entries) => {
                for (key, value) in entries {
                    key.each_name(see);
                    value.each_name(see);
                }
            }
            Self::Message(_, fields) => fields.iter().for_each(|(_, value)| value.each_name(see)),
            Self::If(one, two, three) => {
                one.each_name(see);
                two.each_name(see);
                three.each_name(see);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn expressions_are_read() {
        for text in [
            "self.replicas <= self.size",
            "has(self.a) ? self.a : 'x'",
            "self.list.all(x, x > 1 && x in [1, 2])",
            "Object{spec: Object.spec{replicas: 1}}",
            "a.?b.orValue(1) == -1 || !c[0].d[\"e\"]",
            "[{'a': 1, \"b\": [r'\\d', b'x', 0x1f, 1u, 1.5e3]}]",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn other_texts_are_no_expressions() {
        for text in [
            "",
            "a >",
            "1 +",
            "[1,2",
            "a b",
            "request.x =",
            "a..b",
            "'x",
            "if",
            "(a",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let chain = |operator: &str, count: usize| vec!["true"; count].join(operator);
        assert!(parse(&chain(" && ", 10_000)).is_ok());
        assert!(parse(&chain(" + ", 200)).is_ok() && parse(&chain(" + ", 300)).is_err());
        let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(parse(&deep).is_err());
        assert!(parse(&vec!["1"; 10_000].join("+")).is_err());
    }
}
