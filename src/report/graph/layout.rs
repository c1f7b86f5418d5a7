//! A place for each node of a graph: in layers from left to right, with few crossings.
//!
//! The method of Sugiyama: a node stands one layer behind the last of those that name it; an edge
//! over several layers has a point in each between; layers are ordered by the means of neighbours,
//! and the order with the fewest crossings is kept; then each node moves as close to its neighbours
//! as those beside it let it. The same graph always gets the same picture.

use std::collections::VecDeque;

/// How often the order is improved.
const SWEEPS: usize = 12;

/// How often nodes move towards their neighbours.
const MOVES: usize = 6;

/// The space between two nodes of a layer.
const GAP: f64 = 10.0;

/// The space between two layers.
const BETWEEN: f64 = 64.0;

/// The height of an edge that passes a layer.
const PASSING: f64 = 4.0;

/// The size of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Where everything is.
#[derive(Debug)]
pub(super) struct Layout {
    /// The left end and the middle of the height of each node.
    pub(super) nodes: Vec<Point>,
    /// Where the layer of each node ends on the right.
    pub(super) ends: Vec<f64>,
    /// The points that each edge passes, two for each layer between its nodes.
    pub(super) edges: Vec<Vec<Point>>,
    pub(super) size: Size,
}

/// Lays out nodes of given sizes, with edges between their numbers.
pub(super) fn layout(sizes: &[Size], edges: &[(usize, usize)]) -> Layout {
    let layer_of = layers(sizes.len(), edges);
    let mut grid = Grid::new(sizes, edges, &layer_of);
    grid.order();
    let y = grid.heights();
    let widths: Vec<f64> = grid
        .layers
        .iter()
        .map(|layer| {
            layer
                .iter()
                .map(|id| grid.size[*id].width)
                .fold(0.0, f64::max)
        })
        .collect();
    let mut x = Vec::with_capacity(widths.len());
    let mut end = 0.0;
    for width in &widths {
        x.push(end);
        end += width + BETWEEN;
    }
    let lowest = grid
        .size
        .iter()
        .zip(&y)
        .map(|(size, y)| y + size.height / 2.0);
    let point = |id: usize, x: f64| Point { x, y: y[id] };
    Layout {
        nodes: (0..sizes.len())
            .map(|id| point(id, x[layer_of[id]]))
            .collect(),
        ends: layer_of
            .iter()
            .map(|layer| x[*layer] + widths[*layer])
            .collect(),
        edges: grid
            .passing
            .iter()
            .map(|passed| {
                let ends = passed.iter().flat_map(|(id, layer)| {
                    [x[*layer], x[*layer] + widths[*layer]].map(|x| point(*id, x))
                });
                ends.collect()
            })
            .collect(),
        size: Size {
            width: (end - BETWEEN).max(0.0),
            height: lowest.fold(0.0, f64::max),
        },
    }
}

/// The layer of each node: one behind the last of those that name it. In a circle, one has to be
/// the first.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut waits = vec![0_usize; count];
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges.iter().filter(|(from, to)| from != to) {
        waits[*to] += 1;
        next[*from].push(*to);
    }
    let mut layer = vec![0_usize; count];
    let mut done = vec![false; count];
    let mut ready: VecDeque<usize> = (0..count).filter(|id| waits[*id] == 0).collect();
    let mut rest = 0;
    loop {
        while let Some(id) = ready.pop_front() {
            if std::mem::replace(&mut done[id], true) {
                continue;
            }
            for to in next[id].iter().filter(|to| !done[**to]) {
                layer[*to] = layer[*to].max(layer[id] + 1);
            }
            for to in &next[id] {
                waits[*to] -= 1;
                if waits[*to] == 0 && !done[*to] {
                    ready.push_back(*to);
                }
            }
        }
        while rest < count && done[rest] {
            rest += 1;
        }
        if rest == count {
            return layer;
        }
        ready.push_back(rest);
    }
}

/// Nodes and passing edges in layers.
struct Grid {
    /// The ids of each layer, in order; the first ids are those of the nodes.
    layers: Vec<Vec<usize>>,
    size: Vec<Size>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// For each edge the ids that it passes, with their layers, from its left end to its right.
    passing: Vec<Vec<(usize, usize)>>,
}

impl Grid {
    fn new(sizes: &[Size], edges: &[(usize, usize)], layer_of: &[usize]) -> Self {
        let count = layer_of.iter().max().map_or(0, |last| last + 1);
        let mut grid = Self {
            layers: vec![Vec::new(); count],
            size: sizes.to_vec(),
            before: vec![Vec::new(); sizes.len()],
            after: vec![Vec::new(); sizes.len()],
            passing: Vec::with_capacity(edges.len()),
        };
        let passing = Size {
            width: 0.0,
            height: PASSING,
        };
        for (from, to) in edges {
            // An edge of a circle leads back.
            let (left, right) = match layer_of[*from] <= layer_of[*to] {
                true => (*from, *to),
                false => (*to, *from),
            };
            let mut last = left;
            let mut passed = Vec::new();
            for layer in layer_of[left] + 1..layer_of[right] {
                let id = grid.size.len();
                grid.size.push(passing);
                grid.before.push(Vec::new());
                grid.after.push(Vec::new());
                grid.join(last, id);
                passed.push((id, layer));
                last = id;
            }
            if layer_of[left] < layer_of[right] {
                grid.join(last, right);
            }
            if left != *from {
                passed.reverse();
            }
            grid.passing.push(passed);
        }
        grid.fill(layer_of);
        grid
    }

    fn join(&mut self, left: usize, right: usize) {
        self.after[left].push(right);
        self.before[right].push(left);
    }

    /// Fills the layers in the order in which a walk from the first layer meets the nodes.
    fn fill(&mut self, layer_of: &[usize]) {
        let mut layer_of = layer_of.to_vec();
        layer_of.resize(self.size.len(), 0);
        for (id, layer) in self.passing.iter().flatten() {
            layer_of[*id] = *layer;
        }
        let mut seen = vec![false; self.size.len()];
        for start in 0..self.size.len() {
            let mut open = vec![start];
            while let Some(id) = open.pop() {
                if !self.before[id].is_empty() && id == start && !seen[id] {
                    break;
                }
                if !std::mem::replace(&mut seen[id], true) {
                    self.layers[layer_of[id]].push(id);
                    open.extend(self.after[id].iter().rev());
                }
            }
        }
        // A circle has no start.
        for id in 0..self.size.len() {
            if !seen[id] {
                self.layers[layer_of[id]].push(id);
            }
        }
    }

    /// Orders the layers so that few edges cross.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            let count = self.layers.len();
            let mut rank = vec![0.0; self.size.len()];
            for layer in &self.layers {
                note(layer, &mut rank);
            }
            let is_forward = sweep % 2 == 0;
            for step in 1..count {
                let at = if is_forward { step } else { count - 1 - step };
                let neighbours = if is_forward {
                    &self.before
                } else {
                    &self.after
                };
                let mut keyed: Vec<(f64, usize)> = self.layers[at]
                    .iter()
                    .map(|id| (mean(&neighbours[*id], &rank).unwrap_or(rank[*id]), *id))
                    .collect();
                keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
                self.layers[at] = keyed.into_iter().map(|(_, id)| id).collect();
                note(&self.layers[at], &mut rank);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    /// How many pairs of edges cross.
    fn crossings(&self) -> usize {
        let mut rank = vec![0_usize; self.size.len()];
        for layer in &self.layers {
            for (at, id) in layer.iter().enumerate() {
                rank[*id] = at;
            }
        }
        let mut count = 0;
        for (layer, next) in self.layers.iter().zip(self.layers.iter().skip(1)) {
            // Edges by their left ends: each crosses those before it that end further down.
            let mut ends = Counter::new(next.len());
            let mut all = 0;
            for id in layer {
                let mut targets: Vec<usize> = self.after[*id].iter().map(|to| rank[*to]).collect();
                targets.sort_unstable();
                for target in &targets {
                    count += all - ends.up_to(*target);
                }
                for target in &targets {
                    ends.add(*target);
                }
                all += targets.len();
            }
        }
        count
    }

    /// The height of each node.
    fn heights(&self) -> Vec<f64> {
        let mut y = vec![0.0; self.size.len()];
        for layer in &self.layers {
            let mut end = 0.0;
            for id in layer {
                let height = self.size[*id].height;
                y[*id] = end + height / 2.0;
                end += height + GAP;
            }
        }
        for turn in 0..MOVES {
            let is_forward = turn % 2 == 1;
            let count = self.layers.len();
            for step in 0..count {
                let at = if is_forward { step } else { count - 1 - step };
                let neighbours = if is_forward {
                    &self.before
                } else {
                    &self.after
                };
                self.settle(&self.layers[at], neighbours, &mut y);
            }
        }
        let top = self
            .size
            .iter()
            .zip(&y)
            .map(|(size, y)| y - size.height / 2.0);
        let top = top.fold(f64::INFINITY, f64::min);
        y.iter().map(|one| one - top).collect()
    }

    /// Moves the nodes of a layer towards their neighbours: by the least squares that keep the order
    /// and the space between them.
    fn settle(&self, layer: &[usize], neighbours: &[Vec<usize>], y: &mut [f64]) {
        // Without the space between them, only the order is left to keep.
        let mut offset = 0.0;
        let mut offsets = Vec::with_capacity(layer.len());
        let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
        for (at, id) in layer.iter().enumerate() {
            if let Some(last) = at.checked_sub(1).and_then(|last| layer.get(last)) {
                offset += (self.size[*last].height + self.size[*id].height) / 2.0 + GAP;
            }
            offsets.push(offset);
            // What has no neighbour on this side stays, but gives way.
            let (wanted, weight) = match mean(&neighbours[*id], y) {
                Some(wanted) => (wanted, 1.0),
                None => (y[*id], 0.05),
            };
            blocks.push(((wanted - offset) * weight, weight, 1));
            while let [.., one, other] = blocks[..] {
                if one.0 / one.1 <= other.0 / other.1 {
                    break;
                }
                blocks.truncate(blocks.len() - 2);
                blocks.push((one.0 + other.0, one.1 + other.1, one.2 + other.2));
            }
        }
        let mut ids = layer.iter().zip(&offsets);
        for (sum, weight, members) in blocks {
            for (id, offset) in ids.by_ref().take(members) {
                y[*id] = sum / weight + offset;
            }
        }
    }
}

/// Notes the rank of each node of a layer.
fn note(layer: &[usize], rank: &mut [f64]) {
    let mut at = 0.0;
    for id in layer {
        rank[*id] = at;
        at += 1.0;
    }
}

fn mean(neighbours: &[usize], of: &[f64]) -> Option<f64> {
    let mut count = 0.0;
    let mut sum = 0.0;
    for id in neighbours {
        sum += of[*id];
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

/// Counts numbers below a bound, and how many are up to another one: Fenwick's tree.
struct Counter(Vec<usize>);

impl Counter {
    fn new(bound: usize) -> Self {
        Self(vec![0; bound + 1])
    }

    fn add(&mut self, number: usize) {
        let mut at = number + 1;
        while let Some(count) = self.0.get_mut(at) {
            *count += 1;
            at += at & at.wrapping_neg();
        }
    }

    /// How many of those that were added are this number or below.
    fn up_to(&self, number: usize) -> usize {
        let mut at = number + 1;
        let mut sum = 0;
        while at > 0 {
            sum += self.0.get(at).copied().unwrap_or_default();
            at -= at & at.wrapping_neg();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(count: usize) -> Vec<Size> {
        let one = |number: usize| Size {
            width: 80.0 + 7.0 * (number % 5) as f64,
            height: if number.is_multiple_of(3) { 42.0 } else { 26.0 },
        };
        (0..count).map(one).collect()
    }

    /// Edges of a graph without circles, drawn by a linear congruence.
    fn drawn(seed: u64, count: usize, edges: usize) -> Vec<(usize, usize)> {
        let mut state = seed;
        let mut next = |bound: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % bound
        };
        let mut found = Vec::new();
        for _ in 0..edges {
            let (one, other) = (next(count), next(count));
            if one != other {
                found.push((one.min(other), one.max(other)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn no_two_boxes_lie_over_each_other_and_edges_lead_to_the_right() {
        for seed in 0..40 {
            let count = 2 + seed as usize;
            let sizes = boxes(count);
            let edges = drawn(seed, count, count * 2);
            let layout = layout(&sizes, &edges);
            for (from, to) in &edges {
                assert!(layout.nodes[*from].x < layout.nodes[*to].x, "{seed}");
            }
            for one in 0..count {
                for other in 0..one {
                    let (a, b) = (layout.nodes[one], layout.nodes[other]);
                    let apart = (a.y - b.y).abs() + 0.001;
                    let needed = (sizes[one].height + sizes[other].height) / 2.0;
                    assert!(a.x != b.x || apart >= needed, "{seed}: {one} {other}");
                }
            }
            for (size, node) in sizes.iter().zip(&layout.nodes) {
                assert!(node.y - size.height / 2.0 >= -0.001, "{seed}");
                assert!(node.y + size.height / 2.0 <= layout.size.height + 0.001);
                assert!(node.x + size.width <= layout.size.width + 0.001);
            }
        }
    }

    #[test]
    fn crossings_are_counted_and_removed() {
        // Two that name two, crosswise.
        let edges = [(0, 3), (1, 2)];
        let sizes = boxes(4);
        let layer_of = layers(4, &edges);
        let mut grid = Grid::new(&sizes, &edges, &layer_of);
        grid.layers = vec![vec![0, 1], vec![2, 3]];
        assert_eq!(grid.crossings(), 1);
        grid.order();
        assert_eq!(grid.crossings(), 0);
        // Counted one by one, it is the same.
        for seed in 0..20 {
            let edges = drawn(seed, 12, 30);
            let layer_of = layers(12, &edges);
            let grid = Grid::new(&boxes(12), &edges, &layer_of);
            let mut slow = 0;
            for (layer, next) in grid.layers.iter().zip(grid.layers.iter().skip(1)) {
                let rank = |id: &usize| next.iter().position(|it| it == id).unwrap();
                let all: Vec<(usize, usize)> = layer
                    .iter()
                    .enumerate()
                    .flat_map(|(at, id)| grid.after[*id].iter().map(move |to| (at, rank(to))))
                    .collect();
                for one in &all {
                    slow += all
                        .iter()
                        .filter(|other| one.0 < other.0 && one.1 > other.1)
                        .count();
                }
            }
            assert_eq!(grid.crossings(), slow, "{seed}");
        }
    }

    #[test]
    fn a_circle_and_nothing_are_laid_out_too() {
        let circle = layout(&boxes(3), &[(0, 1), (1, 2), (2, 0), (1, 1)]);
        assert_eq!(circle.nodes.len(), 3);
        assert_eq!(circle.edges.len(), 4);
        let nothing = layout(&[], &[]);
        assert!(nothing.nodes.is_empty() && nothing.size.height >= 0.0);
    }
}
