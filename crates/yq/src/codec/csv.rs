//! Tables: the first row names the columns.

use std::collections::HashSet;

use csv::{ReaderBuilder, Terminator, WriterBuilder};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::{Entry, Node, Value};

/// What a text in Unicode may begin with.
const BYTE_ORDER_MARK: char = '\u{feff}';

pub(super) fn decode(text: &str, delimiter: u8, typed: bool) -> Result<Vec<Node>> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let names = reader.headers().map_err(broken)?.clone();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let entries = names
            .iter()
            .zip(&row)
            .map(|(name, cell)| Entry::new(name, read_cell(cell, typed)));
        rows.push(Node::map(entries.collect()));
    }
    Ok(vec![Node::seq(rows)])
}

#[cold]
fn broken(error: csv::Error) -> Error {
    Error::new(Kind::Script, format!("the text is no table: {error}"))
}

fn read_cell(cell: &str, typed: bool) -> Node {
    match super::snippet(cell) {
        Some(node) if typed || node.text() == Some(cell) => node,
        _ => Node::string(cell),
    }
}

pub(super) fn encode(node: &Node, delimiter: u8) -> Result<String> {
    if let Some(text) = node.text() {
        return Ok(format!("{text}\n"));
    }
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(Terminator::Any(b'\n'))
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows(node)? {
        writer.write_record(row).map_err(broken)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap_or_default();
    Ok(match text.starts_with(BYTE_ORDER_MARK) {
        // A reader takes the first one for no part of the text.
        true => format!("{BYTE_ORDER_MARK}{text}"),
        false => text,
    })
}

/// Remarks on the keys of later rows that the first one lacks: they have no column.
pub(super) fn left_out(node: &Node) -> Vec<Finding> {
    let mut known: HashSet<&str> = HashSet::new();
    let mut findings = Vec::new();
    for (number, item) in node.items().iter().enumerate() {
        let keys = item.entries().iter().map(|entry| &entry.key);
        for (key, name) in keys.filter_map(|key| Some((key, key.text()?))) {
            if !known.insert(name) {
                continue;
            }
            if number > 0 {
                let message =
                    format!("the column `{name}` is left out: the first row of the table lacks it");
                findings.push(
                    Finding::warning("left-out-column", message)
                        .at(key.span)
                        .help("give the first row all keys, or choose some: `map(pick([…]))`"),
                );
            }
        }
    }
    findings
}

/// The rows of a table: one row of scalars, rows of scalars, or mappings with the same keys.
fn rows(node: &Node) -> Result<Vec<Vec<&str>>> {
    let Value::Seq(items) = &node.value else {
        return Err(unfit(node));
    };
    match items.first().map(|item| &item.value) {
        None => Ok(Vec::new()),
        Some(Value::Map(entries)) => {
            let names: Vec<&str> = entries
                .iter()
                .filter_map(|entry| entry.key.text())
                .collect();
            let mut rows = vec![names.clone()];
            for item in items {
                if !item.is_map() {
                    return Err(unfit(item));
                }
                if let Some(entry) = item.entries().iter().find(|entry| !entry.key.is_scalar()) {
                    return Err(unfit(&entry.key));
                }
                let cells = names.iter().map(|name| item.get(name).map_or(Ok(""), cell));
                rows.push(cells.collect::<Result<_>>()?);
            }
            Ok(rows)
        }
        // Rows of cells have no columns that they could miss.
        Some(Value::Seq(_)) => items
            .iter()
            .map(|item| match &item.value {
                Value::Seq(cells) => cells.iter().map(cell).collect(),
                _ => Err(unfit(item)),
            })
            .collect(),
        Some(_) => Ok(vec![items.iter().map(cell).collect::<Result<_>>()?]),
    }
}

fn cell(node: &Node) -> Result<&str> {
    node.text().ok_or_else(|| unfit(node))
}

#[cold]
fn unfit(node: &Node) -> Error {
    Error::new(
        Kind::Script,
        "a table is made of a sequence of scalars, of rows of scalars, or of flat maps",
    )
    .at(node.span)
}

#[cfg(test)]
mod tests {
    use kustom_yaml::Tag;

    use super::*;

    #[test]
    fn tables_come_back() {
        let text = "name,cats\nGary,1\n\"Samantha, R\",\"two\nlines\"\n";
        let nodes = decode(text, b',', true).unwrap();
        assert_eq!(nodes[0].items()[0].get("cats").unwrap().tag, Tag::Int);
        assert_eq!(encode(&nodes[0], b',').unwrap(), text);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(encode(&Node::map(Vec::new()), b',').is_err());
        let nested = Node::seq(vec![Node::seq(vec![Node::seq(Vec::new())])]);
        assert!(encode(&nested, b',').is_err());
        assert!(decode("a,b\n1\n", b',', true).is_err());
    }
}
