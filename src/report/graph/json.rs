//! Graphs as JSON; see `schemas/graph.schema.json`.

use serde_json::{Value, json};

use super::super::shown;
use crate::graph::Graph;
use crate::place::Place;

pub(super) fn write(graph: &Graph, roots: &[usize]) -> String {
    let nodes: Vec<Value> = graph
        .nodes()
        .iter()
        .enumerate()
        .map(|(number, node)| {
            json!({
                "id": number,
                "kind": node.kind.word(),
                "name": node.name,
                "place": place(node.place.as_ref()),
                "files": node.files,
                "patches": node.patches,
            })
        })
        .collect();
    let edges: Vec<Value> = graph
        .edges()
        .iter()
        .map(|edge| {
            json!({
                "from": edge.from,
                "to": edge.to,
                "relation": edge.relation,
                "place": place(edge.place.as_ref()),
            })
        })
        .collect();
    shown::json(json!({"version": 1, "roots": roots, "nodes": nodes, "edges": edges}))
}

fn place(place: Option<&Place>) -> Value {
    let number = |number: u32| match number {
        0 => Value::Null,
        number => number.into(),
    };
    place.map_or(Value::Null, |place| {
        json!({
            "file": place.file.as_deref(),
            "line": number(place.span.line),
            "column": number(place.span.column),
        })
    })
}
