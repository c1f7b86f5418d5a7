//! Edits the lines around a change as a text of their own.
//!
//! Where a program changed nothing but scalars of block collections, what stands elsewhere cannot
//! change its meaning: each child of a block collection begins on a line of its own, at the column
//! of its siblings, and reads alone as it reads among them. So the lines of such a child are edited,
//! and read again, by themselves; a long text is not read twice for a few words.

use std::ops::Range;

use super::super::{Entry, Node, Style, Value};
use super::align::place;
use super::layout::Layout;
use super::same::{is_flow, same_data, same_node};
use super::{Change, Rewritten, read_again, rewrite_strictly};

/// Below this many bytes a text is edited as a whole.
const LONG: usize = 4096;

/// The text with the changes, if they are of this kind.
pub(super) fn rewrite(
    text: &str,
    before: &[Node],
    after: &[Node],
    layout: Layout,
) -> Option<Rewritten> {
    rewrite_above(LONG, text, before, after, layout)
}

/// The same for texts, and for parts of them, of so many bytes.
fn rewrite_above(
    long: usize,
    text: &str,
    before: &[Node],
    after: &[Node],
    layout: Layout,
) -> Option<Rewritten> {
    if text.len() < long || text.contains('\r') || before.len() != after.len() {
        return None;
    }
    let cutter = Cutter { text, long };
    let mut slices = Vec::new();
    for (number, (old, new)) in before.iter().zip(after).enumerate() {
        if same_node(old, new) {
            continue;
        }
        // What follows the last child may belong to the next document.
        let is_last = number + 1 == before.len();
        cutter.cut(old, new, is_last.then_some(text.len()), &mut slices)?;
    }
    if slices.is_empty() {
        return None;
    }
    let (mut out, mut changes, mut done) = (String::with_capacity(text.len()), Vec::new(), 0);
    for slice in slices {
        let rewritten = slice.rewrite(text, layout)?;
        out.push_str(text.get(done..slice.lines.start)?);
        let moved = |range: Range<usize>, by: usize| range.start + by..range.end + by;
        changes.extend(rewritten.changes.into_iter().map(|change| Change {
            old: moved(change.old, slice.lines.start),
            new: moved(change.new, out.len()),
        }));
        out.push_str(&rewritten.text);
        done = slice.lines.end;
    }
    out.push_str(text.get(done..)?);
    Some(Rewritten { text: out, changes })
}

/// The lines of a child, and what it was and is to be.
struct Slice<'n> {
    lines: Range<usize>,
    old: Child<'n>,
    new: Child<'n>,
}

/// A child of a block collection.
#[derive(Clone, Copy)]
enum Child<'n> {
    Item(&'n Node),
    Entry(&'n Entry),
}

impl<'n> Child<'n> {
    fn value(self) -> &'n Node {
        match self {
            Self::Item(node) => node,
            Self::Entry(entry) => &entry.value,
        }
    }

    fn is_same(self, other: Self) -> bool {
        self.has_same_key(other) && same_node(self.value(), other.value())
    }

    fn has_same_key(self, other: Self) -> bool {
        match (self, other) {
            (Self::Item(_), Self::Item(_)) => true,
            (Self::Entry(one), Self::Entry(other)) => same_node(&one.key, &other.key),
            _ => false,
        }
    }

    /// Where it begins, if that is on a line of its own: behind the dash, or its key.
    fn line(self, text: &str) -> Option<usize> {
        let (node, has_dash) = match self {
            Self::Item(node) => (node, true),
            Self::Entry(entry) => (&entry.key, false),
        };
        place(node)?;
        let before = text.get(..node.span.start as usize)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let margin = before.get(start..)?;
        let margin = match has_dash {
            true => margin.trim_end_matches(' ').strip_suffix('-')?,
            false => margin,
        };
        margin.bytes().all(|byte| byte == b' ').then_some(start)
    }
}

/// Cuts a text into the lines of children.
struct Cutter<'t> {
    text: &'t str,
    long: usize,
}

impl Cutter<'_> {
    /// Finds the children of a block collection in which something changed, and in them as far down
    /// as there is much text.
    ///
    /// `end` is where the lines of the last child end, if that is known.
    fn cut<'n>(
        &self,
        old: &'n Node,
        new: &'n Node,
        end: Option<usize>,
        slices: &mut Vec<Slice<'n>>,
    ) -> Option<()> {
        let is_block = !is_flow(old) && !is_flow(new) && old.decor == new.decor;
        if !is_block || old.style != new.style || old.tag != new.tag || place(old) != place(new) {
            return None;
        }
        let (old, new) = (children(old)?, children(new)?);
        if old.len() != new.len() {
            return None;
        }
        let count = old.len();
        for (number, (old_child, new_child)) in old.iter().zip(&new).enumerate() {
            if old_child.is_same(*new_child) {
                continue;
            }
            if !old_child.has_same_key(*new_child) {
                return None;
            }
            let start = old_child.line(self.text)?;
            let end = match number + 1 == count {
                true => end?,
                false => old[number + 1].line(self.text)?,
            };
            if start >= end {
                return None;
            }
            let found = slices.len();
            let (was, is) = (old_child.value(), new_child.value());
            if end - start < self.long || self.cut(was, is, Some(end), slices).is_none() {
                slices.truncate(found);
                slices.push(Slice {
                    lines: start..end,
                    old: *old_child,
                    new: *new_child,
                });
            }
        }
        Some(())
    }
}

fn children(node: &Node) -> Option<Vec<Child<'_>>> {
    match &node.value {
        Value::Seq(items) => Some(items.iter().map(Child::Item).collect()),
        Value::Map(entries) => Some(entries.iter().map(Child::Entry).collect()),
        Value::Scalar(_) | Value::Alias(_) => None,
    }
}

impl Slice<'_> {
    fn rewrite(&self, text: &str, layout: Layout) -> Option<Rewritten> {
        let lines = text.get(self.lines.clone())?;
        let read = read_again(lines, false).ok()?;
        let [document] = read.as_slice() else {
            return None;
        };
        let mut changed = document.clone();
        match (children(document)?.as_slice(), self.old, self.new) {
            ([Child::Item(read)], Child::Item(old), Child::Item(new)) => {
                *changed.items_mut()?.first_mut()? = carried(read, old, new)?;
            }
            ([Child::Entry(read)], Child::Entry(old), Child::Entry(new)) => {
                if !same_data(&read.key, &old.key) {
                    return None;
                }
                let value = carried(&read.value, &old.value, &new.value)?;
                changed.entries_mut()?.first_mut()?.value = value;
            }
            _ => return None,
        }
        rewrite_strictly(layout, lines, &read, &[changed]).ok()?
    }
}

/// What became of a value, for the reading of its lines alone; nothing if more than scalars changed.
fn carried(read: &Node, old: &Node, new: &Node) -> Option<Node> {
    if same_node(old, new) {
        return same_data(read, old).then(|| read.clone());
    }
    let mut changed = read.clone();
    match (&old.value, &new.value) {
        (Value::Scalar(was), Value::Scalar(is)) => {
            // New lines take their indentation from the whole text.
            let is_line = |node: &Node, text: &str| {
                !matches!(node.style, Style::Literal | Style::Folded) && !text.contains('\n')
            };
            // Without the lines around it, a comment may be that of another node.
            let is_alone = old.decor == new.decor && same_data(read, old);
            if !is_line(old, was) || !is_line(new, is) || !is_alone {
                return None;
            }
            changed.value = new.value.clone();
            (changed.tag, changed.style) = (new.tag, new.style);
            match place(new) {
                None => changed.span = new.span,
                found if found == place(old) => {}
                Some(_) => return None,
            }
        }
        (Value::Seq(was), Value::Seq(is)) => {
            let items = changed.items_mut()?;
            if was.len() != is.len() || was.len() != items.len() || !same_head(old, new) {
                return None;
            }
            for (item, (was, is)) in items.iter_mut().zip(was.iter().zip(is)) {
                *item = carried(item, was, is)?;
            }
        }
        (Value::Map(was), Value::Map(is)) => {
            let entries = changed.entries_mut()?;
            if was.len() != is.len() || was.len() != entries.len() || !same_head(old, new) {
                return None;
            }
            for (entry, (was, is)) in entries.iter_mut().zip(was.iter().zip(is)) {
                if !same_node(&was.key, &is.key) || !same_data(&entry.key, &was.key) {
                    return None;
                }
                entry.value = carried(&entry.value, &was.value, &is.value)?;
            }
        }
        _ => return None,
    }
    Some(changed)
}

/// Whether two collections differ in nothing but their children, and stand in one place.
fn same_head(old: &Node, new: &Node) -> bool {
    old.tag == new.tag
        && old.style == new.style
        && old.decor == new.decor
        && place(old) == place(new)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Options, Tag, read};
    use super::super::rewrite_whole;
    use super::*;

    /// Every scalar of a tree that is no key, to change.
    fn scalars<'n>(node: &'n mut Node, found: &mut Vec<&'n mut Node>) {
        if node.is_scalar() {
            return found.push(node);
        }
        match &mut node.value {
            Value::Seq(items) => items.iter_mut().for_each(|item| scalars(item, found)),
            Value::Map(entries) => entries
                .iter_mut()
                .for_each(|entry| scalars(&mut entry.value, found)),
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    const TEXTS: [&str; 9] = [
        "a: 1 # one\n# two\nb: [x, {y: z}] # three\n\n# four\nc:\n- d: 'e'\n  f: |\n    g\n\n- h\n# end\n",
        "- a\n-   b: 1\n    c: 2\n\n    # deep\n    d:\n    - e: \"f\"\n- - g\n  - h\n",
        "# top\n---\na:\n  b: x\n    y\n  # foot\n\nc: ~\n---\nd: e\n# last\n",
        "---\na: &x 1\nb: *x\nc:\n  d: !own e\n  f: 2 # x\n",
        "a:\n    b: |+\n      c\n\n    # of d\n    d: 'e\n      f'\n\n\n\ng: h",
        "? a\n: b\nc: d\n",
        "a:\n-\n-  # nothing\n- b:\n    c\n- d: >-\n    e\n    f\n  g: h\n# below\ni: j # k\n",
        "a: {b: 1,\n  c: 2} # d\ne:\n  - [f,\n     g]\n  - h\n",
        "metadata:\n  name: a # b\n  labels:\n    # c\n    d: e\n\n    # f\n\n    # g\n    h: i\n  # j\nspec: k\n",
    ];

    #[test]
    fn a_part_is_changed_as_the_whole_is() {
        let options = Options {
            keep_aliases: true,
            comments: true,
            go_yaml_4: true,
            lasting_anchors: true,
            ..Options::default()
        };
        let (mut cut, mut whole) = (0, 0);
        for text in TEXTS {
            let before = read(text, &options).unwrap();
            let count = |nodes: &mut [Node]| {
                let mut found = Vec::new();
                nodes.iter_mut().for_each(|node| scalars(node, &mut found));
                found.len()
            };
            let total = count(&mut before.clone());
            for number in 0..total {
                for word in ["new", "x: y", "- z", "# no", "", "1", "two words"] {
                    // One scalar, and each third one beside it.
                    for step in [total, 3] {
                        let mut after = before.clone();
                        let mut found = Vec::new();
                        after.iter_mut().for_each(|node| scalars(node, &mut found));
                        for node in found.into_iter().skip(number).step_by(step) {
                            node.value = Value::Scalar(word.into());
                            node.tag = if word == "1" { Tag::Int } else { Tag::Str };
                            if node.tag == Tag::Str && node.style == Style::Plain {
                                node.style = Style::Double;
                            }
                        }
                        let layout = Layout::default();
                        match rewrite_above(0, text, &before, &after, layout) {
                            Some(found) => {
                                let wanted = rewrite_whole(layout, text, &before, &after).unwrap();
                                assert_eq!(found.text, wanted.text, "{text}{number} {word}");
                                assert_eq!(found.changes, wanted.changes, "{text}{number} {word}");
                                cut += 1;
                            }
                            None => whole += 1,
                        }
                    }
                }
            }
        }
        assert!(cut > whole, "{cut} of {}", cut + whole);
    }
}
