//! Graphs of what kustomizations are made of, for people and for programs.

mod json;
mod languages;
mod layout;
mod svg;
mod tree;

pub(super) use svg::{STYLE, figure};

use super::Color;
use super::shown;
use crate::graph::{Graph, Node};
use crate::place::Place;

/// How a graph is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GraphFormat {
    /// Trees, for a terminal.
    #[default]
    Tree,
    /// The language of Graphviz.
    Dot,
    /// A flowchart of Mermaid.
    Mermaid,
    /// A picture.
    Svg,
    /// For programs; `schemas/graph.schema.json` says of what form.
    Json,
}

/// Writes a graph; `roots` are the numbers of the nodes that were asked for.
pub fn graph(graph: &Graph, roots: &[usize], format: GraphFormat, color: Color) -> String {
    match format {
        GraphFormat::Tree => tree::write(graph, roots, color),
        GraphFormat::Dot => languages::dot(graph),
        GraphFormat::Mermaid => languages::mermaid(graph),
        GraphFormat::Svg => svg::write(graph),
        GraphFormat::Json => json::write(graph, roots),
    }
}

/// What a node is called, as it may be shown.
fn name(node: &Node) -> String {
    shown::name(&node.name).into_owned()
}

/// Where something is written, as it may be shown.
fn shown_place(place: Option<&Place>) -> Option<String> {
    let place = place?;
    let file = place.file.as_deref()?;
    let text = match place.span.line {
        0 => file.to_owned(),
        line => format!("{file}:{line}"),
    };
    Some(shown::name(&text).into_owned())
}

/// How many files and patches a kustomization names, if any: `12 files, 1 patch`.
fn counts(node: &Node) -> Option<String> {
    let count = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts = [
        count(node.files, "file", "files"),
        count(node.patches, "patch", "patches"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
