//! Reads contents in the order in which they are made of each other.
//!
//! A pack stores most versions of a file as differences to another one. Read so that each comes
//! after what it is a difference to, none is put together twice, only those on the way to the current
//! one are kept, and what was found out about one can serve those that are made of it.

use gix::ObjectId;
use gix::objs::Kind;
use gix::zlib::Inflate;
use kustom_guard::Copied;
use rustc_hash::FxHashMap;

use super::delta;
use super::packs::{KEPT, MOST_DELTAS, Packs, Place};

/// Which contents are differences to which.
pub(super) struct Lineage {
    /// What is stored in packs, wanted or not; what others are differences to comes before them.
    nodes: Vec<Node>,
    /// The node of each content, unless no pack has it, or it is broken.
    contents: Vec<Option<usize>>,
}

struct Node {
    place: Place,
    /// What it is a difference to.
    base: Option<usize>,
    /// How many differences lie between it and what is stored whole.
    depth: usize,
    /// Whether another is a difference to it.
    is_base: bool,
}

impl Lineage {
    pub(super) fn of(packs: &Packs, contents: impl Iterator<Item = ObjectId>) -> Self {
        let mut last = 0;
        let places = contents.map(|id| {
            let place = packs.place(id, last);
            last = place.map_or(last, |(pack, _)| pack);
            place
        });
        let places: Vec<Option<Place>> = places.collect();
        let mut lineage = Self {
            nodes: Vec::with_capacity(places.len()),
            contents: vec![None; places.len()],
        };
        // Nothing where what is stored is no content.
        let mut known: FxHashMap<Place, Option<usize>> = FxHashMap::default();
        known.reserve(places.len());
        // A pack is best read in its order.
        let mut contents: Vec<usize> = (0..places.len()).collect();
        contents.sort_unstable_by_key(|&content| places[content]);
        for content in contents {
            let node = places[content].and_then(|place| lineage.add(packs, place, &mut known));
            lineage.contents[content] = node;
        }
        lineage
    }

    /// Adds what is stored at a place, and all that is on the way to it.
    fn add(
        &mut self,
        packs: &Packs,
        place: Place,
        known: &mut FxHashMap<Place, Option<usize>>,
    ) -> Option<usize> {
        let mut way = Vec::new();
        let mut next = Some(place);
        // What is stored whole has no base; what is broken has no node.
        let mut found = loop {
            let Some(place) = next else { break Some(None) };
            if let Some(known) = known.get(&place) {
                break known.map(Some);
            }
            way.push(place);
            let Some((entry, base)) = packs.entry(place) else {
                break None;
            };
            let is_content = base.is_some() || entry.header.as_kind() == Some(Kind::Blob);
            // Differences may be a circle.
            if !is_content || way.len() > MOST_DELTAS {
                break None;
            }
            next = base;
        };
        for place in way.into_iter().rev() {
            found = found.and_then(|base| {
                let depth = base.map_or(0, |base| {
                    self.nodes[base].is_base = true;
                    self.nodes[base].depth + 1
                });
                self.nodes.push(Node {
                    place,
                    base,
                    depth,
                    is_base: false,
                });
                (depth <= MOST_DELTAS).then_some(Some(self.nodes.len() - 1))
            });
            known.insert(place, found.flatten());
        }
        found.flatten()
    }

    /// The contents, each behind the one that it is a difference to; those that no pack has come last.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut content = vec![None; self.nodes.len()];
        for (index, node) in self.contents.iter().enumerate() {
            if let Some(node) = node {
                content[*node] = Some(index);
            }
        }
        // The differences to each node, and what is stored whole, as lists in the order of the packs.
        let mut nodes: Vec<usize> = (0..self.nodes.len()).collect();
        nodes.sort_unstable_by_key(|&node| self.nodes[node].place);
        let mut first = vec![None; nodes.len()];
        let mut next = vec![None; nodes.len()];
        let mut whole = None;
        for node in nodes.into_iter().rev() {
            let list = match self.nodes[node].base {
                Some(base) => &mut first[base],
                None => &mut whole,
            };
            next[node] = list.replace(node);
        }
        let mut order = Vec::with_capacity(self.contents.len());
        let mut open = vec![whole];
        while let Some(list) = open.last_mut() {
            let Some(node) = *list else {
                open.pop();
                continue;
            };
            *list = next[node];
            order.extend(content[node]);
            open.push(first[node]);
        }
        let others = self.contents.iter().enumerate();
        order.extend(others.filter_map(|(index, node)| node.is_none().then_some(index)));
        order
    }
}

/// Reads contents; keeps those on the way to the last one, each with a note.
pub(super) struct VersionReader<'l, T> {
    packs: &'l Packs,
    lineage: &'l Lineage,
    inflate: Inflate,
    /// Where differences are inflated.
    delta: Vec<u8>,
    /// The content that was read last for each depth.
    levels: Vec<Level<T>>,
    /// How many bytes the levels take.
    size: usize,
    /// What the last content has of what it is a difference to.
    copied: Vec<Copied>,
}

struct Level<T> {
    node: Option<usize>,
    data: Vec<u8>,
    /// How much of the data is the content.
    length: usize,
    note: Option<T>,
}

impl<T> Default for Level<T> {
    fn default() -> Self {
        Self {
            node: None,
            data: Vec::new(),
            length: 0,
            note: None,
        }
    }
}

impl<'l, T> VersionReader<'l, T> {
    pub(super) fn new(packs: &'l Packs, lineage: &'l Lineage) -> Self {
        Self {
            packs,
            lineage,
            inflate: Inflate::default(),
            delta: Vec::new(),
            levels: Vec::new(),
            size: 0,
            copied: Vec::new(),
        }
    }

    /// Shows a content, or the start of what is no text, and what it has of the one that it is a
    /// difference to, if there is a note of that one; notes what is told of it.
    ///
    /// Nothing happens where no pack has the content, or it is large or broken.
    pub(super) fn read<R>(
        &mut self,
        content: usize,
        look: impl FnOnce(&[u8], Option<(&T, &[Copied])>) -> (R, Option<T>),
    ) -> Option<R> {
        let node = (*self.lineage.contents.get(content)?)?;
        let mut way = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.filter(|node| !self.has(*node)) {
            way.push(node);
            next = self.lineage.nodes[node].base;
        }
        self.copied.clear();
        for node in way.into_iter().rev() {
            self.make(node)?;
        }
        let depth = self.lineage.nodes[node].depth;
        let (below, level) = self.levels.split_at_mut_checked(depth)?;
        let level = level.first_mut()?;
        let noted = below.last().and_then(|base| base.note.as_ref());
        let base = noted.map(|note| (note, &*self.copied));
        let (result, note) = look(level.data.get(..level.length)?, base);
        level.note = note;
        Some(result)
    }

    fn has(&self, node: usize) -> bool {
        let level = self.levels.get(self.lineage.nodes[node].depth);
        level.is_some_and(|level| level.node == Some(node))
    }

    /// Puts the content of a node together; that of its base is there.
    fn make(&mut self, node: usize) -> Option<()> {
        let Node {
            place,
            base,
            depth,
            is_base,
        } = self.lineage.nodes[node];
        let (entry, _) = self.packs.entry(place)?;
        while self.levels.len() <= depth {
            self.levels.push(Level::default());
        }
        let (below, level) = self.levels.split_at_mut_checked(depth)?;
        let level = level.first_mut()?;
        level.node = None;
        level.note = None;
        let before = level.data.capacity();
        let made = if base.is_some() {
            let delta = &mut self.delta;
            let delta = self.packs.inflate(place, &entry, &mut self.inflate, delta);
            let base = below.last()?;
            self.copied.clear();
            let copied = &mut self.copied;
            delta.and_then(|delta| {
                let base = base.data.get(..base.length)?;
                delta::apply(base, delta, &mut level.data, |part| copied.push(part))?;
                Some(level.data.len())
            })
        } else {
            let data = &mut level.data;
            let inflate = &mut self.inflate;
            let whole = match is_base {
                true => self.packs.inflate(place, &entry, inflate, data),
                false => self.packs.inflate_text(place, &entry, inflate, data),
            };
            whole.map(<[u8]>::len)
        };
        self.size = self.size + level.data.capacity() - before;
        level.length = made?;
        level.node = Some(node);
        self.size = forget(&mut self.levels, depth, self.size, KEPT);
        Some(())
    }
}

/// Forgets contents, but never the one at a depth, until all take no more than a limit; `size` is
/// what they take, and the answer what those do that are left.
fn forget<T>(levels: &mut [Level<T>], depth: usize, mut size: usize, limit: usize) -> usize {
    for other in (depth + 1..levels.len()).rev().chain(0..depth) {
        if size <= limit {
            break;
        }
        size -= levels[other].data.capacity();
        levels[other] = Level::default();
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_comes_right_behind_what_it_is_made_of() {
        // 0 and 5 are whole; 1 and 2 are made of 0, 3 of 1, 4 of 3, 6 of 5, in a pack that has them
        // the other way round; nobody wants 1.
        let bases = [None, Some(0), Some(0), Some(1), Some(3), None, Some(5)];
        let nodes = bases.iter().enumerate().map(|(node, base)| Node {
            place: (0, 100 - node as u64),
            base: *base,
            depth: 0,
            is_base: false,
        });
        let lineage = Lineage {
            nodes: nodes.collect(),
            contents: vec![
                Some(4),
                None,
                Some(6),
                Some(0),
                Some(3),
                Some(2),
                None,
                Some(5),
            ],
        };
        // By node: 5, 6, 0, 2, 3, 4.
        assert_eq!(lineage.order(), [7, 2, 3, 5, 4, 0, 1, 6]);
    }

    #[test]
    fn what_is_deepest_is_forgotten_first_and_the_current_content_never() {
        let kept = |limit| {
            let mut levels: Vec<Level<()>> = (0..5).map(|_| Level::default()).collect();
            for level in &mut levels {
                level.data = Vec::with_capacity(10);
            }
            let size = forget(&mut levels, 2, 50, limit);
            let kept = levels.iter().map(|level| level.data.capacity() > 0);
            (size, kept.collect::<Vec<bool>>())
        };
        assert_eq!(kept(50), (50, vec![true; 5]));
        assert_eq!(kept(35), (30, vec![true, true, true, false, false]));
        assert_eq!(kept(20), (20, vec![false, true, true, false, false]));
        assert_eq!(kept(0), (10, vec![false, false, true, false, false]));
    }
}
