//! Graphs in the languages of other programs: Graphviz and Mermaid.

use std::fmt::Write as _;

use super::{counts, name};
use crate::graph::{Graph, Node, NodeKind};

/// The shape and the colour of each kind, in the words of Graphviz.
fn look(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Environment => "shape=box, style=\"filled,bold\", fillcolor=\"#dafbe1\"",
        NodeKind::Base => "shape=box, style=filled, fillcolor=\"#ddf4ff\"",
        NodeKind::Component => "shape=component, style=filled, fillcolor=\"#fbefff\"",
        NodeKind::Remote => "shape=box, style=\"filled,dashed\", fillcolor=\"#ffebe9\"",
        NodeKind::Chart => "shape=hexagon, style=filled, fillcolor=\"#fff8c5\"",
        NodeKind::Generator => "shape=box, style=\"filled,rounded\", fillcolor=\"#f6f8fa\"",
        NodeKind::Config => "shape=note, style=filled, fillcolor=\"#f6f8fa\"",
    }
}

/// The language of Graphviz.
pub(super) fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph kustom {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=11];\n  \
         edge [fontname=\"sans-serif\", fontsize=9, color=\"#59636e\"];\n",
    );
    // Writing to a string cannot fail.
    for (number, node) in graph.nodes().iter().enumerate() {
        let label = quoted(&label(node), '\\', "\\");
        let _ = writeln!(
            text,
            "  n{number} [label=\"{label}\", {}];",
            look(node.kind)
        );
    }
    for edge in graph.edges() {
        let _ = writeln!(
            text,
            "  n{} -> n{} [label=\"{}\"];",
            edge.from, edge.to, edge.relation
        );
    }
    text.push_str("}\n");
    text
}

/// A label with its quotes escaped, and its line ends as the language writes them.
fn quoted(text: &str, escape: char, mark: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '"' => {
                quoted.push_str(mark);
                quoted.push('"');
            }
            c if c == escape => {
                quoted.push_str(mark);
                quoted.push(c);
            }
            c => quoted.push(c),
        }
    }
    quoted
}

/// A flowchart of Mermaid.
pub(super) fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    // Writing to a string cannot fail.
    for (number, node) in graph.nodes().iter().enumerate() {
        let (open, close) = match node.kind {
            NodeKind::Environment => ("[[", "]]"),
            NodeKind::Base => ("[", "]"),
            NodeKind::Component => ("[/", "/]"),
            NodeKind::Remote => (">", "]"),
            NodeKind::Chart => ("{{", "}}"),
            NodeKind::Generator => ("(", ")"),
            NodeKind::Config => ("[(", ")]"),
        };
        let label = entities(&label(node));
        let kind = node.kind.word();
        let _ = writeln!(text, "  n{number}{open}\"{label}\"{close}:::{kind}");
    }
    for edge in graph.edges() {
        let arrow = match edge.relation {
            "extends" => "-.->",
            _ => "-->",
        };
        let _ = writeln!(
            text,
            "  n{} {arrow}|{}| n{}",
            edge.from, edge.relation, edge.to
        );
    }
    for (kind, color) in [
        (NodeKind::Environment, "#2da44e"),
        (NodeKind::Base, "#0969da"),
        (NodeKind::Component, "#8250df"),
        (NodeKind::Remote, "#cf222e"),
        (NodeKind::Chart, "#9a6700"),
        (NodeKind::Generator, "#59636e"),
        (NodeKind::Config, "#59636e"),
    ] {
        let _ = writeln!(
            text,
            "  classDef {} stroke:{color},stroke-width:2px",
            kind.word()
        );
    }
    text
}

/// A label in which nothing means anything to Mermaid: all but letters, digits and what paths are
/// made of are entities.
fn entities(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("<br>"),
            c if c.is_alphanumeric() || " /.,:-_@+=()".contains(c) => escaped.push(c),
            c => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
        }
    }
    escaped
}

/// The name, and below it how much it names.
fn label(node: &Node) -> String {
    match counts(node) {
        Some(counts) => format!("{}\n{counts}", name(node)),
        None => name(node),
    }
}
