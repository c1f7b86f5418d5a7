//! TOML, in the order of the text.

use std::fmt::Write as _;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Str, Tag, Value, implied_tag};
use toml_edit::{DocumentMut, Item, TableLike, Value as Toml};

use crate::number;

pub(super) fn decode(text: &str) -> Result<Vec<Node>> {
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let message = format!("the text is no TOML: {}", error.message());
        Error::new(Kind::Script, message)
    })?;
    let root = table(document.as_table());
    if root.entries().is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![root])
}

fn table(table: &dyn TableLike) -> Node {
    let mut entries = Vec::new();
    for (key, item) in table.iter() {
        let mut entry = Entry::new(key, node(item));
        let decor = table.key(key).map(|key| key.leaf_decor());
        let above = decor.and_then(|decor| decor.prefix()?.as_str());
        if let Some(comment) = above.and_then(comment) {
            entry.key.decor_mut().head = Some(comment);
        }
        let beside = item
            .as_value()
            .and_then(|value| value.decor().suffix()?.as_str());
        if let Some(comment) = beside.and_then(comment) {
            entry.value.decor_mut().line = Some(comment);
        }
        entries.push(entry);
    }
    Node::map(entries)
}

/// The lines of a text that are comments.
fn comment(text: &str) -> Option<Str> {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('#'))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n").into())
}

fn node(item: &Item) -> Node {
    match item {
        Item::None => Node::null(),
        Item::Value(value) => scalar(value),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => Node::seq(tables.iter().map(|inner| table(inner)).collect()),
    }
}

fn scalar(value: &Toml) -> Node {
    match value {
        Toml::String(text) => Node::string(text.value().as_str()),
        Toml::Boolean(value) => Node::scalar(value.value().to_string(), Tag::Bool),
        Toml::Integer(integer) => {
            let raw = integer.as_repr().and_then(|repr| repr.as_raw().as_str());
            let text = raw.map_or_else(|| integer.value().to_string(), str::to_owned);
            Node::scalar(text, Tag::Int)
        }
        Toml::Float(float) => {
            let raw = float.as_repr().and_then(|repr| repr.as_raw().as_str());
            let text = raw.map_or_else(|| float.value().to_string(), str::to_owned);
            match text.trim_start_matches('+') {
                "inf" => Node::scalar(".inf", Tag::Float),
                "-inf" => Node::scalar("-.inf", Tag::Float),
                "nan" | "-nan" => Node::scalar(".nan", Tag::Float),
                _ => Node::scalar(text, Tag::Float),
            }
        }
        Toml::Datetime(date) => {
            let text = date.value().to_string();
            let tag = implied_tag(&text);
            Node::scalar(text, tag)
        }
        Toml::Array(items) => Node::seq(items.iter().map(scalar).collect()),
        Toml::InlineTable(inner) => {
            let mut node = table(inner);
            node.decor_mut().inline = true;
            node
        }
    }
}

pub(super) fn encode(node: &Node) -> Result<String> {
    if let Some(text) = node.text() {
        return Ok(format!("{text}\n"));
    }
    let Value::Map(entries) = &node.value else {
        return Err(unfit(node));
    };
    let mut out = String::new();
    write_table(entries, "", &mut out)?;
    Ok(out)
}

#[cold]
fn unfit(node: &Node) -> Error {
    Error::new(Kind::Script, "a TOML document is made of a map").at(node.span)
}

/// Values first, then tables: what follows a header belongs to it.
fn write_table(entries: &[Entry], path: &str, out: &mut String) -> Result<()> {
    for entry in entries.iter().filter(|entry| !is_section(&entry.value)) {
        write_comment(&entry.key, out);
        out.push_str(&key(entry.key.text().unwrap_or_default()));
        out.push_str(" = ");
        write_value(&entry.value, out)?;
        let decor = entry.value.decor.as_deref();
        if let Some(comment) = decor.and_then(|decor| decor.line.as_ref()) {
            out.push_str("  ");
            out.push_str(comment);
        }
        out.push('\n');
    }
    for entry in entries.iter().filter(|entry| is_section(&entry.value)) {
        let name = key(entry.key.text().unwrap_or_default());
        let path = if path.is_empty() {
            name
        } else {
            format!("{path}.{name}")
        };
        match &entry.value.value {
            Value::Map(inner) => {
                if !out.is_empty() {
                    out.push('\n');
                }
                write_comment(&entry.key, out);
                out.push_str(&format!("[{path}]\n"));
                write_table(inner, &path, out)?;
            }
            _ => {
                for item in entry.value.items() {
                    write_comment(item, out);
                    out.push_str(&format!("[[{path}]]\n"));
                    write_table(item.entries(), &path, out)?;
                }
            }
        }
    }
    Ok(())
}

fn write_comment(node: &Node, out: &mut String) {
    let head = node.decor.as_ref().and_then(|decor| decor.head.as_ref());
    for line in head.into_iter().flat_map(|head| head.lines()) {
        out.push_str(line);
        out.push('\n');
    }
}

/// Whether a value gets a header of its own: a table that was not read in braces.
fn is_section(node: &Node) -> bool {
    let is_inline = |node: &Node| node.decor.as_ref().is_some_and(|decor| decor.inline);
    match &node.value {
        Value::Map(_) => !is_inline(node),
        Value::Seq(items) => {
            let mut items = items.iter().peekable();
            items.peek().is_some() && items.all(|item| item.is_map() && !is_inline(item))
        }
        _ => false,
    }
}

fn write_value(node: &Node, out: &mut String) -> Result<()> {
    match &node.value {
        Value::Scalar(text) => write_scalar(node, text, out),
        Value::Alias(_) => Err(unfit(node)),
        Value::Seq(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_value(item, out)?;
            }
            out.push(']');
            Ok(())
        }
        Value::Map(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { " " });
                out.push_str(&key(entry.key.text().unwrap_or_default()));
                out.push_str(" = ");
                write_value(&entry.value, out)?;
            }
            out.push_str(if entries.is_empty() { "}" } else { " }" });
            Ok(())
        }
    }
}

fn write_scalar(node: &Node, text: &str, out: &mut String) -> Result<()> {
    match node.tag {
        Tag::Null => {
            return Err(Error::new(Kind::Script, "TOML has no null").at(node.span));
        }
        Tag::Bool => out.push_str(&text.to_lowercase()),
        Tag::Int => match number::int(text) {
            Some(int) => out.push_str(&int.to_string()),
            None => out.push_str(text),
        },
        Tag::Float => match text.trim_start_matches('+') {
            ".inf" => out.push_str("inf"),
            "-.inf" => out.push_str("-inf"),
            ".nan" => out.push_str("nan"),
            _ => out.push_str(text),
        },
        Tag::Timestamp => out.push_str(text),
        _ => quote(text, out),
    }
    Ok(())
}

fn key(text: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !text.is_empty() && text.chars().all(is_bare) {
        return text.to_owned();
    }
    let mut out = String::new();
    quote(text, &mut out);
    out
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for found in text.chars() {
        match found {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(found));
            }
            _ => out.push(found),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back() {
        let text = "# first\na = 7  # seven\nb = [1, \"x\\ty\", { c = true }]\n\n[d]\ne = 1.5\n\
                    [[d.f]]\ng = 2001-01-01\n";
        let nodes = decode(text).unwrap();
        assert_eq!(encode(&nodes[0]).unwrap(), text);
    }

    #[test]
    fn tables_in_braces_stay_in_braces() {
        let text = "a = { b = 1, c = { d = [{ e = 2 }, { f = 3 }] } }\ng = [{ h = 1 }, { i = {} }]\n\
                    \n[j]\nk = { l = \"m\" }  # beside\n\n[j.n]\no = 1\n";
        let nodes = decode(text).unwrap();
        assert_eq!(encode(&nodes[0]).unwrap(), text);
    }

    #[test]
    fn what_is_no_toml_is_refused() {
        assert!(decode("a = ").is_err());
        assert!(encode(&Node::seq(Vec::new())).is_err());
        assert!(encode(&Node::map(vec![Entry::new("a", Node::null())])).is_err());
        assert_eq!(decode("# nothing\n").unwrap(), []);
    }
}
