//! `delete`: everything that a path names goes.

use super::path::{Path, Segment};
use super::report::{Indexed, Report, Trail, identity};
use super::search::{Anchors, is_merge, key_text, names_text, position};
use crate::error::{Error, Kind, Result};
use crate::yaml::{Entry, Node, Value};

/// Takes everything out of `root` that `path` names.
pub(super) fn delete(root: &mut Node, path: &Path, report: &mut Report) -> Result<()> {
    let Some((last, rest)) = path.segments().split_last() else {
        return Err(Error::new(Kind::Script, "the path of a `delete` is empty")
            .help("name what is to be deleted"));
    };
    if root.is_null() {
        *root = Node::map(Vec::new());
    }
    let mut walk = Walk {
        anchors: Anchors::of(root),
        last,
        report,
        trail: Trail::default(),
    };
    walk.dive(root, rest);
    Ok(())
}

struct Walk<'a> {
    anchors: Anchors,
    last: &'a Segment,
    report: &'a mut Report,
    trail: Trail,
}

impl Walk<'_> {
    /// Follows the path to the parents of what goes.
    fn dive(&mut self, node: &mut Node, rest: &[Segment]) {
        let Some((segment, tail)) = rest.split_first() else {
            return self.remove(node);
        };
        if *segment == Segment::Deep {
            self.dive(node, tail);
        }
        let tail = match segment {
            Segment::Deep => rest,
            _ => tail,
        };
        match &mut node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if self.anchors.names_entry(segment, entry) {
                        self.trail.key(key_text(&entry.key));
                        self.dive(&mut entry.value, tail);
                        self.trail.pop();
                    }
                }
            }
            Value::Seq(items) => self.items(items, segment, tail),
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    fn items(&mut self, items: &mut [Node], segment: &Segment, tail: &[Segment]) {
        let only = match segment {
            Segment::Index(index) => {
                let Some(number) = position(*index, items.len()) else {
                    return;
                };
                if number < items.len() {
                    self.indexed(items, number);
                }
                Some(number)
            }
            _ => None,
        };
        for (number, item) in items.iter_mut().enumerate() {
            let is_named = match only {
                Some(only) => number == only,
                None => self.anchors.names_item(segment, number, item),
            };
            if is_named {
                self.trail.index(number);
                self.dive(item, tail);
                self.trail.pop();
            }
        }
    }

    /// Takes out the children that the last step names.
    fn remove(&mut self, node: &mut Node) {
        let last = self.last;
        let removed = match &mut node.value {
            Value::Map(entries) => {
                let before = entries.len();
                entries.retain(|entry| !names_entry(last, entry));
                before - entries.len()
            }
            Value::Seq(items) => {
                let before = items.len();
                match last {
                    Segment::Index(index) => {
                        let number = position(*index, before).filter(|&number| number < before);
                        if let Some(number) = number {
                            self.indexed(items, number);
                            items.remove(number);
                        }
                    }
                    Segment::Append => {}
                    last => items.retain(|item| !self.names_item(last, item)),
                }
                before - items.len()
            }
            Value::Scalar(_) | Value::Alias(_) => 0,
        };
        self.report.matched += removed;
        self.report.changed += removed;
    }

    /// Whether the last step names an item: a filter by what it has, a name by what it says.
    fn names_item(&self, last: &Segment, item: &Node) -> bool {
        match last {
            Segment::All | Segment::Deep => true,
            Segment::Filter { path, pattern, .. } => self.anchors.has(path.as_ref(), pattern, item),
            last => item.text().is_some_and(|text| names_text(last, text)),
        }
    }

    fn indexed(&mut self, items: &[Node], number: usize) {
        let identity = identity(items, number);
        let path = format!("{}[{number}]", self.trail);
        if self.report.indexed.iter().any(|known| known.path == path) {
            return;
        }
        let by_name = identity.and_then(|(field, text)| {
            let written = self.report.path.replace(".[", "[");
            let rest = written.strip_prefix(path.as_str())?;
            Some(format!("{}.({field}=={text}){rest}", self.trail))
        });
        self.report.indexed.push(Indexed {
            path,
            identity: identity.map(|(field, text)| format!("({field}=={text})")),
            by_name,
        });
    }
}

/// Whether the last step names an entry, which it does by its key.
fn names_entry(last: &Segment, entry: &Entry) -> bool {
    let key = key_text(&entry.key);
    match last {
        Segment::Key(name) if name == "<<" => is_merge(entry),
        _ if is_merge(entry) => matches!(last, Segment::All | Segment::Deep),
        Segment::Filter {
            path: None,
            pattern,
            ..
        } => pattern.matches(key),
        last => names_text(last, key),
    }
}
