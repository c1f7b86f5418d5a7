//! Walks a path, creates what is missing, and replaces nodes of the wrong kind.
//!
//! `update` and `delete` walk in the same way, as in yq 3; their [`PathAction`] says what happens
//! at the end.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Style, Tag, Value};

use super::path::{Path, PathQuirk, Segment, ValuePath};
use super::report::{CommandReport, Replaced, kind};
use super::search::{Anchors, key_text, position};
use super::value::inherit;
use crate::word::nearest;

/// What is done where a path ends.
pub(super) trait PathAction {
    /// Does it to a node, which was made on the way if it `is_new`.
    fn reach(&mut self, node: &mut Node, is_new: bool, so_far: &mut SoFar<'_>) -> Result<()>;

    /// Whether keys that are missing are made on the way.
    fn creates(&self) -> bool;

    /// Whether `**` names everything, and not only what holds nothing.
    fn is_everywhere(&self) -> bool;

    /// The step that the goal takes itself, behind the last one of the way.
    fn last(&self) -> Option<&Segment>;
}

/// What is known at a place of the way.
pub(super) struct SoFar<'a> {
    /// What aliases mean.
    pub(super) anchors: Anchors,
    /// What was done.
    pub(super) report: &'a mut CommandReport,
    /// Where we are.
    pub(super) trail: ValuePath,
}

/// Follows `steps` from the root of a document and does at the end what is to be done.
///
/// `path` is the whole path, for messages.
pub(super) fn walk<'a>(
    root: &mut Node,
    path: &'a Path,
    steps: &'a [Segment],
    action: &'a mut dyn PathAction,
    report: &'a mut CommandReport,
) -> Result<()> {
    if steps.len() > STEPS {
        let message = format!("a path has more than {STEPS} steps");
        return Err(Error::new(Kind::Script, message));
    }
    let so_far = SoFar {
        anchors: Anchors::of(root),
        report,
        trail: ValuePath::default(),
    };
    let mut walk = Walk {
        path,
        steps,
        action,
        so_far,
        in_flow: false,
    };
    let walked = walk.root(root, steps);
    walk.so_far.report.passed += walk.so_far.anchors.passed();
    walked?;
    walk.so_far.anchors.check(path)
}

/// How many steps a path may have: they become levels of the document.
const STEPS: usize = 500;

struct Walk<'a> {
    path: &'a Path,
    steps: &'a [Segment],
    action: &'a mut dyn PathAction,
    so_far: SoFar<'a>,
    /// Whether we are in a collection in flow style.
    in_flow: bool,
}

impl Walk<'_> {
    fn root(&mut self, root: &mut Node, steps: &[Segment]) -> Result<()> {
        if root.is_null() && (!steps.is_empty() || !self.action.creates()) {
            *root = emptied(root, Value::Map(Vec::new().into()));
        }
        if root.is_scalar() && !steps.is_empty() {
            // There is nothing in a scalar that a path could name: it gives way.
            if self.action.creates() {
                self.so_far.report.replaced.push(Replaced {
                    path: "the value".to_owned(),
                    old: kind(root),
                    new: "the new value",
                });
            }
            return self.reach(root, false);
        }
        self.dive(root, steps, false)
    }

    fn reach(&mut self, node: &mut Node, is_new: bool) -> Result<()> {
        self.action.reach(node, is_new, &mut self.so_far)
    }

    /// Follows the rest of the path below a node.
    fn dive(&mut self, node: &mut Node, rest: &[Segment], is_new: bool) -> Result<()> {
        if !self.so_far.anchors.visit() {
            return Ok(());
        }
        let Some((segment, tail)) = rest.split_first() else {
            return self.reach(node, is_new);
        };
        if *segment == Segment::Deep {
            if self.action.is_everywhere() {
                self.dive(node, tail, is_new)?;
            } else if tail.is_empty() && is_leaf(node) && !is_alias(node) {
                return self.reach(node, is_new);
            }
        }
        let was_in_flow = self.in_flow;
        self.in_flow |= node.style == Style::Flow;
        match &mut node.value {
            Value::Map(entries) => self.map(entries, rest, is_new)?,
            Value::Seq(items) => self.seq(items, rest)?,
            Value::Scalar(_) | Value::Alias(_) => {}
        }
        self.in_flow = was_in_flow;
        Ok(())
    }

    fn map(&mut self, entries: &mut Vec<Entry>, rest: &[Segment], is_new: bool) -> Result<()> {
        let Some((segment, tail)) = rest.split_first() else {
            return Ok(());
        };
        self.so_far.anchors.pass(entries.len());
        let mut is_found = false;
        for entry in entries.iter_mut() {
            if !self.so_far.anchors.names_entry(segment, entry) {
                continue;
            }
            is_found = true;
            self.so_far.trail.key(key_text(&entry.key));
            self.reshape(&mut entry.value, segment, tail);
            self.below(&mut entry.value, rest)?;
            self.so_far.trail.pop();
        }
        if is_found || segment.is_pattern() || !self.action.creates() {
            return Ok(());
        }
        let key = segment.key_text();
        if key == MERGE {
            let path = self.path;
            self.so_far.report.quirks.push(PathQuirk {
                message: format!("a path cannot set a merge key, as `{path}` asks for"),
                help: None,
            });
            return Ok(());
        }
        self.so_far.trail.key(&key);
        let mut value = shape_for(tail).unwrap_or_default();
        if !is_new {
            self.created(&key, entries);
        }
        self.dive(&mut value, tail, true)?;
        self.so_far.trail.pop();
        entries.push(Entry::new(key, value));
        Ok(())
    }

    fn seq(&mut self, items: &mut Vec<Node>, rest: &[Segment]) -> Result<()> {
        let Some((segment, tail)) = rest.split_first() else {
            return Ok(());
        };
        match segment {
            Segment::Index(index) => self.item(items, *index, rest),
            Segment::Append => {
                let number = items.len();
                self.push(items, number, rest)
            }
            segment => {
                self.so_far.anchors.pass(items.len());
                for (number, item) in items.iter_mut().enumerate() {
                    let fits = fits(item, segment, tail);
                    if fits && self.so_far.anchors.names_item(segment, number, item) {
                        self.so_far.trail.index(number);
                        self.below(item, rest)?;
                        self.so_far.trail.pop();
                    }
                }
                Ok(())
            }
        }
    }

    fn item(&mut self, items: &mut Vec<Node>, index: i64, rest: &[Segment]) -> Result<()> {
        let trail = &self.so_far.trail;
        let Some(number) = position(index, items.len()) else {
            if !self.action.creates() {
                return Ok(());
            }
            let count = items.len();
            let message = format!("`[{index}]` is out of range: `{trail}` has {count} items");
            return Err(Error::new(Kind::Script, message));
        };
        if number >= items.len() {
            if number - items.len() > PADDING {
                let message = format!("`[{index}]` is far behind the end of `{trail}`");
                return Err(
                    Error::new(Kind::Script, message).help("use `[+]` to add an item at the end")
                );
            }
            while items.len() < number {
                items.push(shape_for(&rest[1..]).unwrap_or_else(|| padding(self.in_flow)));
            }
            return self.push(items, number, rest);
        }
        let mut behind: Vec<&Segment> = rest[1..].iter().collect();
        behind.extend(self.action.last());
        let so_far = &mut self.so_far;
        let before = &self.steps[..self.steps.len() - rest.len()];
        so_far
            .report
            .index(&so_far.trail, items, number, (before, &behind));
        self.so_far.trail.index(number);
        self.reshape(&mut items[number], &rest[0], &rest[1..]);
        self.dive(&mut items[number], &rest[1..], false)?;
        self.so_far.trail.pop();
        Ok(())
    }

    fn push(&mut self, items: &mut Vec<Node>, number: usize, rest: &[Segment]) -> Result<()> {
        self.so_far.trail.index(number);
        let path = self.so_far.trail.to_string();
        // Adding an item is what `[+]` says; only a number that is not there is remarkable.
        if rest[0] == Segment::Append && self.action.creates() {
            self.so_far.report.added.push(path);
        } else {
            self.so_far.report.created.push(path);
        }
        let mut value = shape_for(&rest[1..]).unwrap_or_else(|| padding(self.in_flow));
        self.dive(&mut value, &rest[1..], true)?;
        items.push(value);
        self.so_far.trail.pop();
        Ok(())
    }

    /// Goes on below a child that the first step named.
    fn below(&mut self, node: &mut Node, rest: &[Segment]) -> Result<()> {
        let tail = &rest[1..];
        if rest[0] != Segment::Deep {
            return self.dive(node, tail, false);
        }
        if self.action.is_everywhere() {
            return self.dive(node, rest, false);
        }
        match &node.value {
            Value::Alias(_) => Ok(()),
            Value::Scalar(_) if tail.is_empty() => self.reach(node, false),
            Value::Scalar(_) => Ok(()),
            _ if tail.is_empty() => self.dive(node, rest, false),
            _ => {
                self.dive(node, rest, false)?;
                self.dive(node, tail, false)
            }
        }
    }

    /// Makes a value the kind that the next step asks for.
    fn reshape(&mut self, node: &mut Node, segment: &Segment, tail: &[Segment]) {
        if fits(node, segment, tail) {
            return;
        }
        let Some(shape) = shape_for(tail) else { return };
        if !node.is_null() {
            let path = self.so_far.trail.to_string();
            self.so_far.report.replaced.push(Replaced {
                path,
                old: kind(node),
                new: kind(&shape),
            });
        }
        *node = emptied(node, shape.value);
    }

    fn created(&mut self, key: &str, neighbours: &[Entry]) {
        /// What it takes to hold two words against each other, in keys that are passed by.
        const COMPARED: usize = 16;

        let path = self.so_far.trail.to_string();
        let anchors = &self.so_far.anchors;
        anchors.pass(neighbours.len().saturating_mul(COMPARED));
        let report = &mut self.so_far.report;
        report.created.push(path);
        if report.near.is_none() {
            // A node that the script itself created is not reported as overwritten.
            let read = neighbours.iter().filter(|entry| entry.key.span.column > 0);
            let words = read.map(|entry| key_text(&entry.key));
            report.near = nearest(key, words).map(str::to_owned);
        }
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
        // A number asks for a sequence wherever it stands, even behind `**`.
        Value::Seq(_) if next.wants_seq() => true,
        _ if next.wants_seq() => false,
        Value::Map(_) => true,
        Value::Seq(_) => next.is_pattern() || *segment == Segment::Deep,
        Value::Scalar(_) => *segment == Segment::Deep,
    }
}

/// An empty collection that keeps the anchor and the comments of what was there.
fn emptied(old: &Node, value: Value) -> Node {
    let mut node = match value {
        Value::Seq(items) => Node::seq(items.into()),
        _ => Node::map(Vec::new()),
    };
    inherit(old, &mut node);
    node
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

fn is_leaf(node: &Node) -> bool {
    node.entries().is_empty() && node.items().is_empty()
}
