//! `update` and `merge`: a value for everything that a path names.

use super::path::{Path, Segment};
use super::report::{Indexed, Replaced, Report, Trail, identity, kind};
use super::search::{Anchors, key_text, nearest, position};
use crate::error::{Error, Kind, Result};
use crate::yaml::{Dress, Entry, Node, Style, Tag, Value, same_data};

/// How a value meets the one that was there.
pub(super) trait Assign {
    /// Puts the value in the place of `old`; says whether anything changed.
    fn assign(&mut self, old: &mut Node, is_new: bool) -> Result<bool>;
}

/// Gives everything that `path` names a value, and makes what is missing on the way.
pub(super) fn update(
    root: &mut Node,
    path: &Path,
    value: &mut dyn Assign,
    report: &mut Report,
) -> Result<()> {
    let mut walk = Walk {
        anchors: Anchors::of(root),
        path,
        value,
        report,
        trail: Trail::default(),
    };
    walk.root(root)
}

struct Walk<'a> {
    anchors: Anchors,
    path: &'a Path,
    value: &'a mut dyn Assign,
    report: &'a mut Report,
    trail: Trail,
}

impl Walk<'_> {
    fn root(&mut self, root: &mut Node) -> Result<()> {
        let segments = self.path.segments();
        if segments.is_empty() {
            return self.assign(root, false);
        }
        match &root.value {
            Value::Scalar(_) if root.is_null() => {
                *root = emptied(root, Value::Map(Vec::new()));
                self.dive(root, segments, false)
            }
            // There is nothing in a scalar that a path could name: it gives way.
            Value::Scalar(_) => {
                self.replaced(root, "the value");
                self.assign(root, false)
            }
            _ => self.dive(root, segments, false),
        }
    }

    /// Follows the rest of the path below a node.
    fn dive(&mut self, node: &mut Node, rest: &[Segment], is_new: bool) -> Result<()> {
        let Some((segment, tail)) = rest.split_first() else {
            return self.assign(node, is_new);
        };
        let is_empty = node.entries().is_empty() && node.items().is_empty();
        if *segment == Segment::Deep && tail.is_empty() && is_empty && !is_alias(node) {
            return self.assign(node, is_new);
        }
        let in_flow = node.style == Style::Flow;
        match &mut node.value {
            Value::Map(entries) => self.map(entries, segment, tail, is_new),
            Value::Seq(items) => self.seq(items, segment, tail, in_flow),
            Value::Scalar(_) | Value::Alias(_) => Ok(()),
        }
    }

    fn map(
        &mut self,
        entries: &mut Vec<Entry>,
        segment: &Segment,
        tail: &[Segment],
        is_new: bool,
    ) -> Result<()> {
        let mut is_found = false;
        for entry in entries.iter_mut() {
            if !self.anchors.names_entry(segment, entry) {
                continue;
            }
            is_found = true;
            self.trail.key(key_text(&entry.key));
            self.reshape(&mut entry.value, segment, tail);
            self.below(&mut entry.value, segment, tail)?;
            self.trail.pop();
        }
        if is_found || segment.is_pattern() {
            return Ok(());
        }
        let key = segment.key_text();
        if key == MERGE {
            let note = format!("a path cannot set a merge key, as `{}` asks for", self.path);
            self.report.accidents.push(note);
            return Ok(());
        }
        self.trail.key(&key);
        let mut value = shape_for(tail).unwrap_or_default();
        if !is_new {
            self.created(&key, entries);
        }
        self.dive(&mut value, tail, true)?;
        self.trail.pop();
        entries.push(Entry::new(key, value));
        Ok(())
    }

    fn seq(
        &mut self,
        items: &mut Vec<Node>,
        segment: &Segment,
        tail: &[Segment],
        in_flow: bool,
    ) -> Result<()> {
        match segment {
            Segment::Index(index) => self.item(items, *index, tail, in_flow),
            Segment::Append => {
                let number = items.len();
                self.push(items, number, tail)
            }
            segment => {
                for (number, item) in items.iter_mut().enumerate() {
                    let fits = fits(item, segment, tail);
                    if fits && self.anchors.names_item(segment, number, item) {
                        self.trail.index(number);
                        self.below(item, segment, tail)?;
                        self.trail.pop();
                    }
                }
                Ok(())
            }
        }
    }

    fn item(
        &mut self,
        items: &mut Vec<Node>,
        index: i64,
        tail: &[Segment],
        in_flow: bool,
    ) -> Result<()> {
        let Some(number) = position(index, items.len()) else {
            let message = format!(
                "`[{index}]` is out of range: `{}` has {} items",
                self.trail,
                items.len()
            );
            return Err(Error::new(Kind::Script, message));
        };
        if number >= items.len() {
            if number - items.len() > PADDING {
                let message = format!("`[{index}]` is far behind the end of `{}`", self.trail);
                return Err(
                    Error::new(Kind::Script, message).help("use `[+]` to add an item at the end")
                );
            }
            while items.len() < number {
                items.push(shape_for(tail).unwrap_or_else(|| padding(in_flow)));
            }
            return self.push(items, number, tail);
        }
        self.indexed(items, number);
        self.trail.index(number);
        let segment = Segment::Index(index);
        self.reshape(&mut items[number], &segment, tail);
        self.dive(&mut items[number], tail, false)?;
        self.trail.pop();
        Ok(())
    }

    fn push(&mut self, items: &mut Vec<Node>, number: usize, tail: &[Segment]) -> Result<()> {
        self.trail.index(number);
        let path = self.trail.to_string();
        // Adding an item is what `[+]` says; only a number that is not there is remarkable.
        self.report.created.push(path);
        let mut value = shape_for(tail).unwrap_or_default();
        self.dive(&mut value, tail, true)?;
        items.push(value);
        self.trail.pop();
        Ok(())
    }

    /// Goes on below a child that a step named.
    fn below(&mut self, node: &mut Node, segment: &Segment, tail: &[Segment]) -> Result<()> {
        if *segment != Segment::Deep {
            return self.dive(node, tail, false);
        }
        let mut deep = vec![Segment::Deep];
        deep.extend_from_slice(tail);
        match &node.value {
            Value::Alias(_) => Ok(()),
            Value::Scalar(_) if tail.is_empty() => self.assign(node, false),
            Value::Scalar(_) => Ok(()),
            _ if tail.is_empty() => self.dive(node, &deep, false),
            _ => {
                self.dive(node, &deep, false)?;
                self.dive(node, tail, false)
            }
        }
    }

    fn assign(&mut self, node: &mut Node, is_new: bool) -> Result<()> {
        let changed = self.value.assign(node, is_new)?;
        if !is_new {
            self.report.matched += 1;
            self.report.changed += usize::from(changed);
        }
        Ok(())
    }

    /// Makes a value the kind that the next step asks for.
    fn reshape(&mut self, node: &mut Node, segment: &Segment, tail: &[Segment]) {
        if fits(node, segment, tail) {
            return;
        }
        let Some(shape) = shape_for(tail) else { return };
        if !node.is_null() {
            let path = self.trail.to_string();
            self.report.replaced.push(Replaced {
                path,
                old: kind(node),
                new: kind(&shape),
            });
        }
        *node = emptied(node, shape.value);
    }

    fn replaced(&mut self, node: &Node, path: &str) {
        self.report.replaced.push(Replaced {
            path: path.to_owned(),
            old: kind(node),
            new: "the new value",
        });
    }

    fn created(&mut self, key: &str, neighbours: &[Entry]) {
        let path = self.trail.to_string();
        self.report.created.push(path);
        if self.report.near.is_none() {
            let words = neighbours.iter().map(|entry| key_text(&entry.key));
            self.report.near = nearest(key, words).map(str::to_owned);
        }
    }

    fn indexed(&mut self, items: &[Node], number: usize) {
        let identity = identity(items, number);
        let prefix = self.trail.to_string();
        let by_name = identity.and_then(|(field, text)| {
            let item = format!("{prefix}[{number}]");
            let written = self.report.path.replace(".[", "[");
            let rest = written.strip_prefix(item.as_str())?;
            Some(format!("{prefix}.({field}=={text}){rest}"))
        });
        self.report.indexed.push(Indexed {
            path: format!("{prefix}[{number}]"),
            identity: identity.map(|(field, text)| format!("({field}=={text})")),
            by_name,
        });
    }
}

/// The key that brings in the entries of another mapping.
const MERGE: &str = "<<";

/// How many items may be made to reach an index.
const PADDING: usize = 10_000;

/// The collection that the next step needs; `None` at the end of a path.
fn shape_for(tail: &[Segment]) -> Option<Node> {
    let next = tail.first()?;
    Some(if next.wants_seq() {
        Node::seq(Vec::new())
    } else {
        Node::map(Vec::new())
    })
}

/// Whether a value has the kind that the next step asks for.
fn fits(node: &Node, segment: &Segment, tail: &[Segment]) -> bool {
    let Some(next) = tail.first() else {
        return true;
    };
    match &node.value {
        Value::Alias(_) => true,
        Value::Map(_) => !next.wants_seq() || *segment == Segment::Deep,
        Value::Seq(_) => next.wants_seq() || next.is_pattern() || *segment == Segment::Deep,
        Value::Scalar(_) => *segment == Segment::Deep,
    }
}

/// An empty collection that keeps the anchor and the comments of what was there.
fn emptied(old: &Node, value: Value) -> Node {
    let mut node = match value {
        Value::Seq(items) => Node::seq(items),
        _ => Node::map(Vec::new()),
    };
    inherit(old, &mut node);
    node
}

/// Gives a new value the anchor of the old one, to which aliases may refer, and its comments.
pub(super) fn inherit(old: &Node, new: &mut Node) {
    let Some(old) = old.dress.as_deref() else {
        return;
    };
    let own = new.dress_mut();
    for (own, old) in [
        (&mut own.head, &old.head),
        (&mut own.line, &old.line),
        (&mut own.foot, &old.foot),
    ] {
        if own.is_none() {
            own.clone_from(old);
        }
    }
    if own.anchor.is_none() {
        own.anchor.clone_from(&old.anchor);
    }
    if matches!(new.value, Value::Alias(_)) {
        new.dress_mut().anchor = None;
    }
    if new.dress.as_deref() == Some(&Dress::default()) {
        new.dress = None;
    }
}

fn padding(in_flow: bool) -> Node {
    if in_flow {
        Node {
            style: Style::Single,
            ..Node::string("")
        }
    } else {
        Node::scalar("", Tag::Null)
    }
}

fn is_alias(node: &Node) -> bool {
    matches!(node.value, Value::Alias(_))
}

/// The value of a statement of a script.
pub(super) struct Literal<'n>(pub(super) Option<&'n Node>);

impl Assign for Literal<'_> {
    fn assign(&mut self, old: &mut Node, is_new: bool) -> Result<bool> {
        let Some(value) = self.0 else {
            if is_new {
                *old = Node::null();
                return Ok(true);
            }
            return Err(Error::new(Kind::Script, "the statement has no `value`")
                .help("write `value: null` to set it to null, or use the command `delete`"));
        };
        if same_data(old, value) {
            return Ok(false);
        }
        let mut new = value.clone();
        inherit(old, &mut new);
        if same_data(old, &new) {
            return Ok(false);
        }
        *old = new;
        Ok(true)
    }
}
