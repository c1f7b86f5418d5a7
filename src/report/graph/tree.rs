//! Graphs as trees of lines.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::{BLUE, GREEN, RED, YELLOW, painted};
use super::{Color, counts, name, shown_place};
use crate::graph::{Edge, Graph, NodeKind};

const BOLD: &str = "1";
const DIM: &str = "2";
const MAGENTA: &str = "35";
const CYAN: &str = "36";

/// A tree for each root. What a node names is shown once; further on it says `(above)`.
pub(super) fn write(graph: &Graph, roots: &[usize], color: Color) -> String {
    let mut below: Vec<Vec<&Edge>> = vec![Vec::new(); graph.nodes().len()];
    for edge in graph.edges() {
        below[edge.from].push(edge);
    }
    let mut tree = Tree {
        graph,
        below,
        color,
        shown: BTreeSet::new(),
        text: String::new(),
    };
    for root in roots {
        tree.root(*root);
    }
    tree.text
}

struct Tree<'g> {
    graph: &'g Graph,
    below: Vec<Vec<&'g Edge>>,
    color: Color,
    shown: BTreeSet<usize>,
    text: String,
}

impl<'g> Tree<'g> {
    /// Writes a root and all below it; the chain of bases may be long, so nothing here recurs.
    fn root(&mut self, root: usize) {
        self.line("", "", root, None);
        let mut open: Vec<(usize, usize, String)> = Vec::new();
        if self.shown.insert(root) {
            open.push((root, 0, String::new()));
        }
        while let Some((node, next, indent)) = open.pop() {
            let Some(edge) = self.below[node].get(next).copied() else {
                continue;
            };
            let is_last = next + 1 == self.below[node].len();
            let (branch, deeper) = match is_last {
                true => ("└─ ", "   "),
                false => ("├─ ", "│  "),
            };
            open.push((node, next + 1, indent.clone()));
            let is_new = self.shown.insert(edge.to);
            let has_parts = !self.below[edge.to].is_empty();
            self.line(&indent, branch, edge.to, Some((edge, is_new || !has_parts)));
            if is_new && has_parts {
                open.push((edge.to, 0, indent + deeper));
            }
        }
    }

    fn line(&mut self, indent: &str, branch: &str, number: usize, by: Option<(&'g Edge, bool)>) {
        let node = &self.graph.nodes()[number];
        let code = color_of(node.kind);
        let mut about = node.kind.word().to_owned();
        if let Some(counts) = counts(node) {
            about.push_str(", ");
            about.push_str(&counts);
        }
        let is_extended = by.is_some_and(|(edge, _)| edge.relation == "extends");
        let how = if is_extended { "extends " } else { "" };
        let above = match by {
            Some((_, false)) => " (above)",
            _ => "",
        };
        // An entry says where it stands; a kustomization is in its directory.
        let at = match node.kind {
            NodeKind::Base | NodeKind::Component => None,
            NodeKind::Environment => shown_place(node.place.as_ref()),
            // Where it is asked for here; of a config, the script that changes it here.
            _ => by.and_then(|(edge, _)| shown_place(edge.place.as_ref())),
        };
        let at = at.map_or_else(String::new, |place| {
            format!("  {}", painted(&place, BLUE, self.color))
        });
        let bold = match node.kind {
            NodeKind::Environment => format!("{BOLD};{code}"),
            _ => code.to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.text,
            "{}{how}{}  {}{above}{at}",
            painted(&format!("{indent}{branch}"), DIM, self.color),
            painted(&name(node), &bold, self.color),
            painted(&about, DIM, self.color),
        );
    }
}

fn color_of(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Environment => GREEN,
        NodeKind::Base => BLUE,
        NodeKind::Component => MAGENTA,
        NodeKind::Remote => RED,
        NodeKind::Chart => YELLOW,
        NodeKind::Generator => CYAN,
        NodeKind::Config => "0",
    }
}
