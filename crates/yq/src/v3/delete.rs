//! `delete`: removes every value that a path names.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Value};

use super::path::{Path, Segment};
use super::report::CommandReport;
use super::search::{Anchors, is_merge, key_text, names_text, position};
use super::walk::{PathAction, SoFar, walk};

/// Takes everything out of `root` that `path` names.
pub(super) fn delete(root: &mut Node, path: &Path, report: &mut CommandReport) -> Result<()> {
    let Some((last, rest)) = path.segments().split_last() else {
        return Err(Error::new(Kind::Script, "the path of a `delete` is empty")
            .help("name what is to be deleted"));
    };
    walk(root, path, rest, &mut Remove(last, rest), report)
}

/// Takes the children that a step names out of everything that the steps before it lead to.
struct Remove<'a>(&'a Segment, &'a [Segment]);

impl PathAction for Remove<'_> {
    fn reach(&mut self, node: &mut Node, _: bool, so_far: &mut SoFar<'_>) -> Result<()> {
        let last = self.0;
        so_far
            .anchors
            .pass(node.entries().len() + node.items().len());
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
                            let around = (self.1, &[][..]);
                            so_far.report.index(&so_far.trail, items, number, around);
                            items.remove(number);
                        }
                    }
                    last => items.retain(|item| !names_item(last, item, &so_far.anchors)),
                }
                before - items.len()
            }
            Value::Scalar(_) | Value::Alias(_) => 0,
        };
        so_far.report.matched += removed;
        so_far.report.changed += removed;
        Ok(())
    }

    fn creates(&self) -> bool {
        false
    }

    fn is_everywhere(&self) -> bool {
        true
    }

    fn last(&self) -> Option<&Segment> {
        Some(self.0)
    }
}

/// Whether the last step names an item: a filter by what it has, a name by what it says. A
/// collection says nothing, which is the name `""`.
fn names_item(last: &Segment, item: &Node, anchors: &Anchors) -> bool {
    match last {
        Segment::All | Segment::Deep => true,
        Segment::Filter { path, pattern, .. } => anchors.has(path.as_ref(), pattern, item),
        last => names_text(last, key_text(item)),
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
