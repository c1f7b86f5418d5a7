//! The tables as Rust source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::definitions::{Definitions, Row, kustomize_rows};
use crate::scope::Scopes;

const HEADER: &str = "\
//! What Kubernetes v1.21 says of its kinds, and kustomize of its own.
//!
//! Written by `cargo run -p xtask -- schema`; not to be edited.

use super::rows::{KindRow, Row, cluster, list, map, named, namespaced, scalar, unscoped};
";

/// The last column of a line of numbers or words.
const WIDTH: usize = 98;

/// The text of `tables.rs`.
pub fn render(definitions: &Definitions, scopes: &Scopes) -> String {
    let rows = || definitions.rows.iter().map(|(_, row)| row);
    let words = numbered(rows().flat_map(|row| row.fields.keys().cloned()));
    let keys = numbered(rows().filter_map(|row| row.keys.clone()));

    let mut out = HEADER.to_owned();
    kinds(&mut out, definitions, scopes);
    own_rows(&mut out, definitions);
    row_table(&mut out, definitions, &keys);
    let fields = rows().flat_map(|row| &row.fields);
    let fields = fields.map(|(name, row)| format!("({}, {row})", words[name]));
    let about = "The fields of the rows: an index into `WORDS`, in order, and one into `ROWS`.";
    wrapped(&mut out, about, "FIELDS", "(u16, u16)", fields.collect());
    let about = "The names of the fields, in order.";
    let words = words.keys().map(|word| format!("{word:?}"));
    wrapped(&mut out, about, "WORDS", "&str", words.collect());
    let about = "The merge keys of lists; none for a list of scalars.";
    let keys = keys.keys().map(|keys| format!("&{keys:?}"));
    wrapped(&mut out, about, "KEYS", "&[&str]", keys.collect());
    out
}

fn numbered<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let sorted: BTreeSet<T> = values.collect();
    sorted.into_iter().zip(0..).collect()
}

fn kinds(out: &mut String, definitions: &Definitions, scopes: &Scopes) {
    let all: BTreeSet<_> = definitions.kinds.keys().chain(scopes.keys()).collect();
    let line = |key: &&(String, String)| {
        let scope = match scopes.get(key) {
            Some(true) => "namespaced",
            Some(false) => "cluster",
            None => "unscoped",
        };
        let row = match definitions.kinds.get(key) {
            Some(row) => format!("Some({row})"),
            None => "None".to_owned(),
        };
        format!("{scope}({:?}, {:?}, {row})", key.0, key.1)
    };
    let about = "Every apiVersion and kind, in order, with its scope and its row.";
    lines(
        out,
        about,
        "KINDS",
        "KindRow",
        all.iter().map(line).collect(),
    );
}

fn own_rows(out: &mut String, definitions: &Definitions) {
    let rows = kustomize_rows(definitions);
    let _ = write!(
        out,
        "\n/// The rows of kustomize's own kinds.\npub(super) const KUSTOMIZE: [u16; {}] = {rows:?};\n",
        rows.len()
    );
}

fn row_table(out: &mut String, definitions: &Definitions, keys: &BTreeMap<Vec<String>, usize>) {
    let mut field = 0;
    let mut items = Vec::new();
    for (name, row) in &definitions.rows {
        let Row {
            fields,
            additional,
            item,
            keys: own,
        } = row;
        let own = own.as_ref().map(|own| keys[own]);
        items.push(match (name.as_str(), additional, own) {
            ("", None, None) if fields.is_empty() => "scalar()".to_owned(),
            ("", Some(row), None) if fields.is_empty() => format!("map({row})"),
            ("", None, Some(keys)) if fields.is_empty() => format!("list({item:?}, {keys})"),
            (_, None, None) => format!("named({name:?}, {field}, {})", fields.len()),
            _ => unreachable!("no row of Kubernetes v1.21 is like {name} {row:?}"),
        });
        field += fields.len();
    }
    let about = "The definitions: those with a name, in order, then those without.";
    lines(out, about, "ROWS", "Row", items);
    let named = definitions.rows.iter().filter(|(name, _)| !name.is_empty());
    let _ = write!(
        out,
        "\n/// How many rows have a name.\npub(super) const NAMED: usize = {};\n",
        named.count()
    );
}

/// A table with one item in a line.
fn lines(out: &mut String, about: &str, name: &str, of: &str, items: Vec<String>) {
    head(out, about, name, of, items.len());
    for item in items {
        let _ = writeln!(out, "    {item},");
    }
    out.push_str("];\n");
}

/// A table with as many items in a line as fit.
fn wrapped(out: &mut String, about: &str, name: &str, of: &str, items: Vec<String>) {
    head(out, about, name, of, items.len());
    let mut line = "   ".to_owned();
    for item in items {
        if line.len() + item.len() + 2 > WIDTH {
            let _ = writeln!(out, "{line}");
            line.truncate(3);
        }
        let _ = write!(line, " {item},");
    }
    let _ = write!(out, "{line}\n];\n");
}

fn head(out: &mut String, about: &str, name: &str, of: &str, count: usize) {
    let _ = write!(
        out,
        "\n/// {about}\n#[rustfmt::skip]\npub(super) static {name}: [{of}; {count}] = [\n"
    );
}
