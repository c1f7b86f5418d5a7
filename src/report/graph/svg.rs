//! Graphs as pictures: SVG that needs nothing else, alone or within a page.

use std::fmt::Write as _;

use super::super::page::escaped;
use super::layout::{Point, Size, layout};
use super::{counts, name, shown_place};
use crate::graph::{Edge, Graph, Node, NodeKind};

use kustom_yaml::cut::Cut as _;

/// The colours, which a page has anyway.
const COLORS: &str = include_str!("../page/colors.css");

/// What a graph looks like.
pub(in crate::report) const STYLE: &str = include_str!("graph.css");

/// How many nodes are drawn at most: more than this nobody can look at.
const MOST: usize = 400;

/// How many columns of a name are shown.
const WIDEST: usize = 40;

/// How wide a column of text is, and the space around it.
const COLUMN: f64 = 7.3;
const PADDING: f64 = 10.0;

/// How high a box of one line is, and one of two.
const LOW: f64 = 26.0;
const HIGH: f64 = 42.0;

/// The space around the picture.
const MARGIN: f64 = 12.0;

/// A picture by itself.
pub(super) fn write(graph: &Graph) -> String {
    let style = format!("<style>\n{COLORS}{STYLE}</style>\n");
    picture(graph, &style, MOST)
}

/// A picture within a page that has the style; of many nodes only those that lead to others.
pub(in crate::report) fn figure(graph: &Graph, most: usize) -> String {
    picture(graph, "", most.min(MOST))
}

fn picture(graph: &Graph, style: &str, most: usize) -> String {
    let kept = kept(graph, most);
    let left_out = graph.nodes().len() - kept.len();
    let mut number_of = vec![None; graph.nodes().len()];
    for (number, id) in kept.iter().enumerate() {
        number_of[*id] = Some(number);
    }
    let edges: Vec<(&Edge, (usize, usize))> = graph
        .edges()
        .iter()
        .filter_map(|edge| Some((edge, (number_of[edge.from]?, number_of[edge.to]?))))
        .collect();
    let labels: Vec<Label> = kept
        .iter()
        .map(|id| Label::of(&graph.nodes()[*id]))
        .collect();
    let sizes: Vec<Size> = labels.iter().map(Label::size).collect();
    let ends: Vec<(usize, usize)> = edges.iter().map(|(_, ends)| *ends).collect();
    let layout = layout(&sizes, &ends);
    let (legend, legend_width) = legend(&kept, graph, left_out);
    let width = (layout.size.width + 2.0 * MARGIN).max(legend_width);
    let height = layout.size.height + 3.0 * MARGIN + LOW;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" role=\"img\" \
         aria-label=\"What the environments are made of\" width=\"{width:.0}\" \
         height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, monospace\" font-size=\"12\">\n{style}{legend}\
         <g transform=\"translate({MARGIN} {:.0})\">\n",
        2.0 * MARGIN + LOW
    );
    for ((edge, (from, to)), passed) in edges.iter().zip(&layout.edges) {
        let start = Point {
            x: layout.nodes[*from].x + sizes[*from].width,
            ..layout.nodes[*from]
        };
        // No edge lies over what is wider in the same layer.
        let end_of_layer = Point {
            x: layout.ends[*from],
            ..start
        };
        let points: Vec<Point> = [end_of_layer]
            .iter()
            .chain(passed)
            .chain([&layout.nodes[*to]])
            .copied()
            .collect();
        text.push_str(&line(edge, (*from, *to), start, &points));
    }
    for (number, (label, at)) in labels.iter().zip(&layout.nodes).enumerate() {
        text.push_str(&label.boxed(number, *at));
    }
    text.push_str("</g>\n</svg>\n");
    text
}

/// The nodes that are drawn: all, or else those that lead to others, or else the first.
fn kept(graph: &Graph, most: usize) -> Vec<usize> {
    let all = || 0..graph.nodes().len();
    if graph.nodes().len() <= most {
        return all().collect();
    }
    let is_leaf = |kind| {
        matches!(
            kind,
            NodeKind::Generator | NodeKind::Chart | NodeKind::Config
        )
    };
    let trunk = all().filter(|id| !is_leaf(graph.nodes()[*id].kind));
    trunk.take(MOST).collect()
}

/// What stands in a box.
struct Label<'g> {
    node: &'g Node,
    shown: String,
    below: Option<String>,
}

impl<'g> Label<'g> {
    fn of(node: &'g Node) -> Self {
        Self {
            node,
            shown: shortened(&name(node)),
            below: counts(node),
        }
    }

    fn size(&self) -> Size {
        let columns = columns(&self.shown).max(self.below.as_deref().map_or(0, columns));
        Size {
            width: width_of(columns) + 2.0 * PADDING,
            height: if self.below.is_some() { HIGH } else { LOW },
        }
    }

    fn boxed(&self, number: usize, at: Point) -> String {
        let size = self.size();
        let kind = self.node.kind.word();
        // The lines of a tooltip.
        let title = format!("{}, {kind}", name(self.node));
        let parts = [
            Some(title),
            self.below.clone(),
            shown_place(self.node.place.as_ref()),
        ];
        let about: Vec<String> = parts.iter().flatten().map(|part| escaped(part)).collect();
        let (fill, stroke) = paint(self.node.kind);
        let radius = match self.node.kind {
            NodeKind::Generator => 12,
            NodeKind::Config => 0,
            _ => 5,
        };
        let middle = size.height / 2.0;
        let baseline = if self.below.is_some() { -3.0 } else { 4.0 };
        let mut text = format!(
            "<g class=\"{kind}\" id=\"node-{number}\" transform=\"translate({:.1} {:.1})\">\
             <title>{}</title><rect y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius}\" \
             fill=\"{fill}\" stroke=\"{stroke}\"/><text x=\"{PADDING}\" y=\"{baseline}\">{}</text>",
            at.x,
            at.y,
            about.join("\n"),
            -middle,
            size.width,
            size.height,
            escaped(&self.shown),
        );
        if let Some(below) = &self.below {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "<text class=\"quiet\" x=\"{PADDING}\" y=\"12\" fill=\"#59636e\">{}</text>",
                escaped(below)
            );
        }
        text.push_str("</g>\n");
        text
    }
}

/// An edge: a curve through the points that it passes.
fn line(edge: &Edge, (from, to): (usize, usize), start: Point, points: &[Point]) -> String {
    let mut path = format!("M{:.1} {:.1}", start.x, start.y);
    let mut last = start;
    for point in points {
        // Writing to a string cannot fail.
        let _ = match (last.y - point.y).abs() < 0.05 {
            true => write!(path, "H{:.1}", point.x),
            false => {
                let middle = f64::midpoint(last.x, point.x);
                write!(
                    path,
                    "C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}",
                    last.y, point.y, point.x, point.y
                )
            }
        };
        last = *point;
    }
    let dashes = match edge.relation {
        "extends" => " stroke-dasharray=\"5 4\"",
        _ => "",
    };
    format!(
        "<path class=\"edge from-{from} to-{to}\" d=\"{path}\" fill=\"none\" \
         stroke=\"#8c959f\"{dashes}><title>{}</title></path>\n",
        escaped(edge.relation)
    )
}

/// The kinds that are drawn, with their colours, and how much is not: with its width.
fn legend(kept: &[usize], graph: &Graph, left_out: usize) -> (String, f64) {
    let mut text = String::from("<g class=\"legend\">\n");
    let mut x = MARGIN;
    let y = MARGIN;
    for kind in NodeKind::ALL {
        let count = kept.iter().filter(|id| graph.nodes()[**id].kind == kind);
        let count = count.count();
        if count == 0 {
            continue;
        }
        let word = match (kind.word(), count) {
            (word, 1) => format!("1 {word}"),
            (word, count) => format!("{count} {word}s"),
        };
        let (fill, stroke) = paint(kind);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<g class=\"{}\"><rect x=\"{x:.1}\" y=\"{y}\" width=\"14\" height=\"14\" rx=\"3\" \
             fill=\"{fill}\" stroke=\"{stroke}\"/><text x=\"{:.1}\" y=\"{:.1}\">{word}</text></g>",
            kind.word(),
            x + 20.0,
            y + 11.0,
        );
        x += 20.0 + width_of(columns(&word)) + 18.0;
    }
    if left_out > 0 {
        let word = format!("{left_out} more, which are not drawn");
        let _ = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{:.1}\">{word}</text>",
            y + 11.0
        );
        x += width_of(columns(&word));
    }
    text.push_str("</g>\n");
    (text, x + MARGIN)
}

/// The colours of a kind, for programs that read no style sheets.
fn paint(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Environment => ("#dafbe1", "#1a7f37"),
        NodeKind::Base => ("#ddf4ff", "#0969da"),
        NodeKind::Component => ("#fbefff", "#8250df"),
        NodeKind::Remote => ("#ffebe9", "#cf222e"),
        NodeKind::Chart => ("#fff8c5", "#9a6700"),
        NodeKind::Generator | NodeKind::Config => ("#f6f8fa", "#59636e"),
    }
}

/// The end of a long name: a path says most there.
fn shortened(name: &str) -> String {
    let count = columns(name);
    if count <= WIDEST {
        return name.to_owned();
    }
    let mut over = count + 1 - WIDEST;
    let start = name.char_indices().find(|(_, c)| {
        let is_enough = over == 0;
        over = over.saturating_sub(width(*c));
        is_enough
    });
    let at = start.map_or(name.len(), |(at, _)| at);
    // A part of a path is shown as a whole, where one begins.
    let rest = name.cut(at..);
    let part = rest.find('/').filter(|part| *part < rest.len() / 2);
    format!("…{}", rest.cut(part.unwrap_or(0)..))
}

/// How many columns a text takes in a font of one width.
fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// Letters of East Asia and pictures are twice as wide.
fn width(c: char) -> usize {
    let is_wide = matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFF60 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD);
    if is_wide { 2 } else { 1 }
}

fn width_of(columns: usize) -> f64 {
    f64::from(u32::try_from(columns).unwrap_or(u32::MAX)) * COLUMN
}
