//! Nodes to Lua.

use super::super::Encoding;
use super::is_name;
use crate::number;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Style, Tag, Value, implied_tag};

pub(in super::super) fn encode(node: &Node, encoding: &Encoding) -> Result<String> {
    let mut writer = Writer {
        encoding,
        out: String::new(),
        depth: 0,
    };
    if encoding.lua.globals {
        writer.globals(node)?;
    } else {
        writer.out.push_str(&unescaped(&encoding.lua.prefix));
        writer.value(node)?;
        writer.out.push_str(&unescaped(&encoding.lua.suffix));
    }
    Ok(writer.out)
}

/// A prefix or suffix with its escapes replaced.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(found) = chars.next() {
        let mut ahead = chars.clone();
        let meant = match (found, ahead.next()) {
            ('\\', Some(quote @ ('\'' | '"' | '\\'))) => Some(quote),
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('t')) => Some('\t'),
            _ => None,
        };
        if meant.is_some() {
            chars = ahead;
        }
        out.push(meant.unwrap_or(found));
    }
    out
}

struct Writer<'e> {
    encoding: &'e Encoding,
    out: String,
    depth: usize,
}

impl Writer<'_> {
    fn globals(&mut self, node: &Node) -> Result<()> {
        let Value::Map(entries) = &node.value else {
            let message = "only a map can become global variables";
            return Err(Error::new(Kind::Script, message).at(node.span));
        };
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                self.line();
            }
            match entry.key.text() {
                Some(name) if is_bare(&entry.key) => self.out.push_str(name),
                _ => {
                    self.out.push_str("_ENV[");
                    self.key(&entry.key)?;
                    self.out.push(']');
                }
            }
            self.assigned(&entry.key, &entry.value)?;
        }
        self.out.push('\n');
        Ok(())
    }

    /// What follows a key.
    fn assigned(&mut self, key: &Node, value: &Node) -> Result<()> {
        self.out.push_str(" = ");
        if self.comment(key, "") {
            self.line();
        }
        self.value(value)?;
        self.out.push(';');
        self.comment(value, " ");
        Ok(())
    }

    fn value(&mut self, node: &Node) -> Result<()> {
        match &node.value {
            Value::Scalar(text) => self.scalar(node, text),
            Value::Alias(_) => Err(unfit(node)),
            Value::Seq(items) => {
                self.out.push('{');
                self.depth += 1;
                for item in items {
                    self.line();
                    self.value(item)?;
                    self.out.push(',');
                    self.comment(item, " ");
                }
                self.close(items.is_empty());
                Ok(())
            }
            Value::Map(entries) => {
                self.out.push('{');
                self.depth += 1;
                for entry in entries {
                    self.line();
                    match entry.key.text() {
                        Some(name) if self.encoding.lua.unquoted && is_bare(&entry.key) => {
                            self.out.push_str(name);
                        }
                        _ => {
                            self.out.push('[');
                            self.key(&entry.key)?;
                            self.out.push(']');
                        }
                    }
                    self.assigned(&entry.key, &entry.value)?;
                }
                self.close(entries.is_empty());
                Ok(())
            }
        }
    }

    /// A key between brackets: neither nil nor no number.
    fn key(&mut self, key: &Node) -> Result<()> {
        if key.is_null() || matches!(key.text(), Some(".nan" | ".NaN" | ".NAN")) {
            let message = "a table of Lua has no such key";
            return Err(Error::new(Kind::Script, message).at(key.span));
        }
        self.value(key)
    }

    fn close(&mut self, is_empty: bool) {
        self.depth -= 1;
        if !is_empty {
            self.line();
        }
        self.out.push('}');
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.depth {
            self.out.push('\t');
        }
    }

    /// The comment beside a value; whether there is one.
    fn comment(&mut self, node: &Node, before: &str) -> bool {
        let decor = node.decor.as_deref();
        let Some(comment) = decor.and_then(|decor| decor.line.as_deref()) else {
            return false;
        };
        let comment = comment.strip_prefix('#').unwrap_or(comment);
        self.out.push_str(before);
        self.out.push_str("--");
        self.out.push_str(&comment.replace('\n', " "));
        true
    }

    fn scalar(&mut self, node: &Node, text: &str) -> Result<()> {
        let tag = match node.tag {
            Tag::Other => implied_tag(text),
            tag => tag,
        };
        match tag {
            Tag::Null => self.out.push_str("nil"),
            Tag::Bool => self.out.push_str(&text.to_lowercase()),
            Tag::Int => match number::int(text) {
                Some(number) if text.contains("0o") => self.out.push_str(&number.to_string()),
                _ => self.out.push_str(&text.to_lowercase()),
            },
            Tag::Float => match text.to_lowercase().as_str() {
                ".inf" | "+.inf" => self.out.push_str("(1/0)"),
                "-.inf" => self.out.push_str("(-1/0)"),
                ".nan" => self.out.push_str("(0/0)"),
                _ => self.out.push_str(text),
            },
            Tag::Str | Tag::Merge => self.string(node.style, text),
            _ => return Err(unfit(node)),
        }
        Ok(())
    }

    fn string(&mut self, style: Style, text: &str) {
        if matches!(style, Style::Literal | Style::Folded | Style::Flow) {
            let fences = (0..10).map(|count| "=".repeat(count));
            let mut free = fences.filter(|fence| !text.contains(&format!("]{fence}]")));
            if let Some(fence) = free.next().filter(|_| !text.contains('\r')) {
                self.out.push_str(&format!("[{fence}[\n{text}]{fence}]"));
                return;
            }
        }
        let quote = if style == Style::Single { '\'' } else { '"' };
        self.out.push(quote);
        for found in text.chars() {
            match found {
                '"' | '\'' | '\\' => {
                    self.out.push('\\');
                    self.out.push(found);
                }
                '\u{7}' => self.out.push_str("\\a"),
                '\u{8}' => self.out.push_str("\\b"),
                '\t' => self.out.push_str("\\t"),
                '\n' => self.out.push_str("\\n"),
                '\u{b}' => self.out.push_str("\\v"),
                '\u{c}' => self.out.push_str("\\f"),
                '\r' => self.out.push_str("\\r"),
                '\0'..='\u{1f}' | '\u{7f}' => {
                    self.out.push_str(&format!("\\{:03}", u32::from(found)));
                }
                _ => self.out.push(found),
            }
        }
        self.out.push(quote);
    }
}

/// Whether a key is a name that needs no brackets.
fn is_bare(key: &Node) -> bool {
    key.tag == Tag::Str && key.text().is_some_and(is_name)
}

#[cold]
fn unfit(node: &Node) -> Error {
    let message = "Lua has tables, strings, numbers, booleans and nil, and nothing else";
    Error::new(Kind::Script, message)
        .at(node.span)
        .help("make a string of the value first, such as by `tag = \"!!str\"`")
}
