//! Lua to nodes: tables and constants are read, nothing is run.

use super::is_name;
use crate::number;
use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Str, Tag};

/// How deep tables may be nested.
const DEPTH: usize = 500;

const NOT_RUN: &str = "Lua is read, not run: write what the program makes";

pub(in super::super) fn decode(text: &str) -> Result<Vec<Node>> {
    let mut reader = Reader {
        text,
        at: 0,
        globals: Table::default(),
        locals: Table::default(),
        depth: 0,
    };
    reader.chunk().map(|node| vec![node])
}

/// A value of Lua.
#[derive(Clone, Debug, PartialEq)]
enum Lua {
    Nil,
    Bool(bool),
    Number(f64),
    Text(Str),
    Table(Table),
}

/// A table; keys in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq)]
struct Table(Vec<(Lua, Lua)>);

impl Table {
    fn set(&mut self, key: Lua, value: Lua) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.0.push((key, value)),
        }
    }

    fn get(&self, name: &str) -> Option<&Lua> {
        let mut entries = self.0.iter();
        let is_it = |key: &Lua| matches!(key, Lua::Text(text) if text == name);
        entries.find(|(key, _)| is_it(key)).map(|(_, value)| value)
    }

    /// A sequence, if the keys count from one; else a mapping, what counts first.
    fn into_node(self) -> Node {
        let mut entries = self.0;
        entries.retain(|(_, value)| *value != Lua::Nil);
        let place = |key: &Lua| match key {
            Lua::Number(number) if *number >= 1.0 && number.fract() == 0.0 => *number,
            _ => f64::INFINITY,
        };
        entries.sort_by(|(a, _), (b, _)| place(a).total_cmp(&place(b)));
        let mut numbers = entries.iter().zip(1_u32..);
        if numbers.all(|((key, _), number)| *key == Lua::Number(f64::from(number))) {
            return Node::seq(
                entries
                    .into_iter()
                    .map(|(_, value)| value.into_node())
                    .collect(),
            );
        }
        let entry = |(key, value): (Lua, Lua)| Entry {
            key: key.into_node(),
            value: value.into_node(),
        };
        Node::map(entries.into_iter().map(entry).collect())
    }
}

impl Lua {
    fn into_node(self) -> Node {
        match self {
            Self::Nil => Node::null(),
            Self::Bool(value) => Node::scalar(value.to_string(), Tag::Bool),
            Self::Text(text) => Node::string(text),
            Self::Table(table) => table.into_node(),
            Self::Number(number) if number.is_nan() => Node::scalar(".nan", Tag::Float),
            Self::Number(number) if number.is_infinite() => {
                let text = if number > 0.0 { ".inf" } else { "-.inf" };
                Node::scalar(text, Tag::Float)
            }
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e18 => {
                Node::scalar((number as i64).to_string(), Tag::Int)
            }
            Self::Number(number) => Node::scalar(number::write_float(number), Tag::Float),
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    globals: Table,
    locals: Table,
    depth: usize,
}

impl<'t> Reader<'t> {
    /// Statements up to a `return` or the end; what is returned, or all global variables.
    fn chunk(&mut self) -> Result<Node> {
        loop {
            while self.takes(";") {}
            self.skip()?;
            if self.rest().is_empty() {
                return Ok(std::mem::take(&mut self.globals).into_node());
            }
            let word = self.word();
            match word {
                "return" => return self.returned(),
                "local" => {
                    self.skip()?;
                    let name = self.name()?;
                    let value = if self.takes("=") {
                        self.value()?
                    } else {
                        Lua::Nil
                    };
                    self.locals.set(name, value);
                }
                name if is_name(name) => {
                    let name = Lua::Text(name.into());
                    self.expect("=")?;
                    let value = self.value()?;
                    self.globals.set(name, value);
                }
                _ => return Err(self.unread()),
            }
            self.skip()?;
        }
    }

    fn returned(&mut self) -> Result<Node> {
        self.skip()?;
        let mut first = None;
        while !self.rest().is_empty() && !self.rest().starts_with(';') {
            let value = self.value()?;
            first.get_or_insert(value);
            if !self.takes(",") {
                break;
            }
        }
        while self.takes(";") {}
        self.skip()?;
        if !self.rest().is_empty() {
            return Err(self.error("expected the end behind what is returned"));
        }
        let nothing = || std::mem::take(&mut self.globals).into_node();
        Ok(first.map_or_else(nothing, Lua::into_node))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Leaves out blanks and comments.
    fn skip(&mut self) -> Result<()> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let Some(comment) = self.rest().strip_prefix("--") else {
                return Ok(());
            };
            self.at += 2;
            if self.long_text()?.is_none() {
                self.at += comment.find('\n').unwrap_or(comment.len());
            }
        }
    }

    /// Takes a sign, if it is next.
    fn takes(&mut self, sign: &str) -> bool {
        if self.skip().is_err() || !self.rest().starts_with(sign) {
            return false;
        }
        self.at += sign.len();
        true
    }

    fn expect(&mut self, sign: &str) -> Result<()> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self.error(format!("expected `{sign}`")))
    }

    /// Takes letters, digits and `_`.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let word = rest.cut(..end.unwrap_or(rest.len()));
        self.at += word.len();
        word
    }

    fn name(&mut self) -> Result<Lua> {
        let word = self.word();
        if is_name(word) {
            return Ok(Lua::Text(word.into()));
        }
        Err(self.error("expected a name"))
    }

    /// A value, or a number divided by one, which is how Lua spells infinity.
    fn value(&mut self) -> Result<Lua> {
        let value = self.factor()?;
        match value {
            Lua::Number(above) if self.takes("/") => match self.factor()? {
                Lua::Number(below) => Ok(Lua::Number(above / below)),
                _ => Err(self.unread()),
            },
            value => Ok(value),
        }
    }

    fn factor(&mut self) -> Result<Lua> {
        self.depth += 1;
        if self.depth > DEPTH {
            let message = format!("the tables are nested more than {DEPTH} levels deep");
            return Err(self.error(message));
        }
        self.skip()?;
        let value = match self.rest().as_bytes().first() {
            Some(b'{') => self.table(),
            Some(b'(') => {
                self.at += 1;
                let value = self.value()?;
                self.expect(")").map(|()| value)
            }
            Some(b'-') => {
                self.at += 1;
                match self.factor()? {
                    Lua::Number(number) => Ok(Lua::Number(-number)),
                    _ => Err(self.unread()),
                }
            }
            Some(quote @ (b'"' | b'\'')) => self.quoted(char::from(*quote)),
            Some(b'[') => match self.long_text()? {
                Some(text) => Ok(Lua::Text(text)),
                None => Err(self.unread()),
            },
            Some(b'0'..=b'9' | b'.') => self.number(),
            _ => self.constant(),
        }?;
        self.depth -= 1;
        Ok(value)
    }

    /// A word: `nil`, a boolean, or a variable that was set.
    fn constant(&mut self) -> Result<Lua> {
        let start = self.at;
        match self.word() {
            "nil" => Ok(Lua::Nil),
            "true" => Ok(Lua::Bool(true)),
            "false" => Ok(Lua::Bool(false)),
            word if is_name(word) => {
                let known = self.locals.get(word).or_else(|| self.globals.get(word));
                Ok(known.cloned().unwrap_or(Lua::Nil))
            }
            _ => {
                self.at = start;
                Err(self.unread())
            }
        }
    }

    fn table(&mut self) -> Result<Lua> {
        self.at += 1;
        let mut table = Table::default();
        let mut next = 1_u32;
        while !self.takes("}") {
            let key = self.table_key()?;
            let value = self.value()?;
            match key {
                Some(Lua::Nil) => return Err(self.error("a table has no key `nil`")),
                Some(Lua::Number(number)) if number.is_nan() => {
                    return Err(self.error("a table has no key that is no number"));
                }
                Some(key) => table.set(key, value),
                None => {
                    table.set(Lua::Number(f64::from(next)), value);
                    next += 1;
                }
            }
            if self.takes(",") || self.takes(";") {
                continue;
            }
            if self.takes("}") {
                break;
            }
            return Err(self.error("expected `,` or `}`").help(NOT_RUN));
        }
        Ok(Lua::Table(table))
    }

    /// `[key] =` or `name =`; nothing before an item that counts.
    fn table_key(&mut self) -> Result<Option<Lua>> {
        self.skip()?;
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with('[') && !rest.starts_with("[[") && !rest.starts_with("[=") {
            self.at += 1;
            let key = self.value()?;
            self.expect("]")?;
            self.expect("=")?;
            return Ok(Some(key));
        }
        let word = self.word();
        if is_name(word) && self.takes("=") && !self.rest().starts_with('=') {
            return Ok(Some(Lua::Text(word.into())));
        }
        self.at = start;
        Ok(None)
    }

    fn number(&mut self) -> Result<Lua> {
        let rest = self.rest();
        let hexadecimal = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"));
        if let Some(digits) = hexadecimal {
            let end = digits.find(|c: char| !c.is_ascii_hexdigit());
            let digits = digits.cut(..end.unwrap_or(digits.len()));
            self.at += 2 + digits.len();
            let number = u64::from_str_radix(digits, 16);
            return number
                .map(|number| Lua::Number(number as f64))
                .map_err(|_| self.error("expected a number"));
        }
        let mut before = ' ';
        let end = rest.find(|c: char| {
            let is_sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
            before = c;
            !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || is_sign)
        });
        let digits = rest.cut(..end.unwrap_or(rest.len()));
        let number = digits.parse();
        self.at += digits.len();
        number
            .map(Lua::Number)
            .map_err(|_| self.error("expected a number"))
    }

    /// A text between `[[` and `]]`, or with as many `=` on both sides, if one is next.
    fn long_text(&mut self) -> Result<Option<Str>> {
        let Some(inner) = self.rest().strip_prefix('[') else {
            return Ok(None);
        };
        let text = inner.trim_start_matches('=');
        let fence = inner.cut(..inner.len() - text.len());
        let Some(text) = text.strip_prefix('[') else {
            return Ok(None);
        };
        let close = format!("]{fence}]");
        let Some((content, _)) = text.split_once(&close) else {
            return Err(self.error(format!("expected `{close}`")));
        };
        self.at += 2 * close.len() + content.len();
        let content = content.strip_prefix("\r\n").unwrap_or(content);
        Ok(Some(content.strip_prefix('\n').unwrap_or(content).into()))
    }

    fn quoted(&mut self, quote: char) -> Result<Lua> {
        self.at += 1;
        let mut bytes = Vec::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, found)) = chars.next() {
            match found {
                '\n' => break,
                found if found == quote => {
                    self.at += at + 1;
                    let text = String::from_utf8(bytes)
                        .map_err(|_| self.error("the text is not UTF-8"))?;
                    return Ok(Lua::Text(text.into()));
                }
                '\\' => {
                    let rest = chars.as_str();
                    let taken = escape(rest, &mut bytes)
                        .ok_or_else(|| self.error("there is no such escape"))?;
                    while chars.as_str().len() > rest.len() - taken {
                        chars.next();
                    }
                }
                found => bytes.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Err(self.error(format!("expected `{quote}`")))
    }

    #[cold]
    fn unread(&self) -> Error {
        self.error("expected a table or a constant").help(NOT_RUN)
    }

    #[cold]
    fn error(&self, message: impl std::fmt::Display) -> Error {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        Error::new(Kind::Script, format!("line {line} of the Lua: {message}"))
    }
}

/// What an escape stands for, behind its backslash; how many bytes it has.
fn escape(rest: &str, bytes: &mut Vec<u8>) -> Option<usize> {
    let first = rest.chars().next()?;
    let byte = match first {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' | '\n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' | '"' | '\'' => first as u8,
        'z' => {
            let blanks = rest.cut(1..);
            return Some(1 + blanks.len() - blanks.trim_start().len());
        }
        '0'..='9' => {
            let end = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
            bytes.push(rest.cut(..end).parse().ok()?);
            return Some(end);
        }
        'x' => {
            bytes.push(u8::from_str_radix(rest.get(1..3)?, 16).ok()?);
            return Some(3);
        }
        'u' => {
            let (digits, _) = rest.get(1..)?.strip_prefix('{')?.split_once('}')?;
            let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(3 + digits.len());
        }
        _ => return None,
    };
    bytes.push(byte);
    Some(1)
}
