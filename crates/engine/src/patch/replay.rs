//! Replays JSON patches step by step, to report which item an index selects and which paths miss.
//!
//! What a number hits depends on what stands before it: whoever adds an item there, be it a
//! strategic merge patch that puts its own items first, changes what is patched. And kustomize
//! reads paths leniently: what stands before the first slash is ignored, and what is replaced need
//! not be there.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::nearest;
use kustom_yaml::finding::{Finding, Severity};
use kustom_yaml::limits::Budget;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Node, Text};
use rustc_hash::FxHashSet;

use super::json6902::{JsonPatch, Operation, list_of, new_key};
use super::one_of::label;
use super::places::Places;
use super::remark::{Remark, listed};
use super::walk::GUESSES;

/// An operation that names an item by its number, and what that hit.
#[derive(Debug)]
pub(super) struct Counted {
    path: Text,
    /// The path of the item.
    item: String,
    /// What it is, with the object: `app` of Deployment `web`.
    hits: Vec<String>,
    /// Whether one of these is not where it was read.
    is_moved: bool,
}

impl Counted {
    pub(super) fn place(&self) -> Span {
        self.path.span
    }

    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.path.span == other.path.span && self.path.text == other.path.text
    }

    pub(super) fn add(&mut self, other: Self) {
        self.hits.extend(other.hits);
        self.is_moved |= other.is_moved;
    }

    pub(super) fn finding(self) -> Finding {
        let severity = match self.is_moved {
            true => Severity::Warning,
            false => Severity::Note,
        };
        let mut message = format!("`{}` names an item of a list by its number", self.path);
        if !self.hits.is_empty() {
            message.push_str(": ");
            message.push_str(&listed(self.hits));
        }
        Finding::new("index-path", severity, message)
            .at(self.path.span)
            .help(format!(
                "whoever adds an item before it changes what is patched; an operation `test` of \
                 `{}` before it notices that",
                self.item
            ))
    }
}

/// Applies a patch to an object once more, looking at each operation before it is made; gives what
/// it came to, as far as it went. `source` is where the object was read.
pub(super) fn replay(
    object: &Node,
    patch: &JsonPatch,
    source: SourceId,
    name: &str,
) -> (Node, Vec<Counted>, Vec<Remark>) {
    let mut node = object.clone();
    // What is made here is looked at and thrown away.
    let budget = Budget::default();
    let mut places = Places::new(&budget, patch.operations().len());
    let mut guesses = GUESSES;
    let mut tested: FxHashSet<&str> = FxHashSet::default();
    let mut own: FxHashSet<Span> = FxHashSet::default();
    let (mut found, mut remarks) = (Vec::new(), Vec::new());
    for operation in patch.operations() {
        remarks.extend(lenient(&node, operation, &mut places, &mut guesses));
        if let Some(path) = operation.path.as_ref().map(|path| &path.text)
            && let Some(item) = item_of(path)
        {
            if operation.is_test() {
                tested.insert(item);
            } else if !tested.contains(item) {
                let hit = Hit {
                    path,
                    item,
                    source,
                    own: &own,
                    name,
                };
                found.push(hit.counted(&node, patch, operation, &mut places));
            }
        }
        own.extend(operation.value.as_ref().map(|value| value.span));
        if operation.apply(&mut node, &mut places).is_err() {
            break;
        }
    }
    (node, found, remarks)
}

/// A path that means something else than it seems, or something that is not there.
fn lenient(
    object: &Node,
    operation: &Operation,
    places: &mut Places<'_>,
    guesses: &mut usize,
) -> Option<Remark> {
    let pointer = operation.path.as_ref()?;
    let path = &pointer.text;
    let remark = |severity, head: String, tail: String, help: String| Remark {
        rule: "patch-path",
        severity,
        place: path.span,
        head,
        tail,
        help,
        objects: Vec::new(),
    };
    if !path.is_empty() && !path.starts_with('/') {
        let meant = path.find('/').map_or("", |at| path.cut(at..));
        return Some(remark(
            Severity::Warning,
            format!("the path `{path}`"),
            format!("does not begin with `/`: what is patched is `{meant}`"),
            format!("write `/{path}`"),
        ));
    }
    if !operation.replaces() {
        return None;
    }
    let (parent, key) = new_key(object, pointer, places)?;
    let known = parent.entries().iter().filter_map(|entry| entry.key.text());
    let rest = guesses.checked_sub(parent.entries().len());
    let near = rest.and_then(|_| nearest(key, known));
    *guesses = rest.unwrap_or(*guesses);
    let severity = match near {
        Some(_) => Severity::Warning,
        None => Severity::Note,
    };
    Some(remark(
        severity,
        format!("`{path}`"),
        "is not there, so that `replace` adds it".to_owned(),
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "say `op: add`, which means the same and does not look like a mistake".to_owned()
            }
        },
    ))
}

/// An operation that is about to hit an item.
struct Hit<'h> {
    path: &'h Text,
    item: &'h str,
    /// Where the object was read.
    source: SourceId,
    /// What the patch has put into the object so far.
    own: &'h FxHashSet<Span>,
    /// The object's name.
    name: &'h str,
}

impl Hit<'_> {
    fn counted(
        &self,
        object: &Node,
        patch: &JsonPatch,
        operation: &Operation,
        places: &mut Places<'_>,
    ) -> Counted {
        let mut counted = Counted {
            path: self.path.clone(),
            item: self.item.to_owned(),
            hits: Vec::new(),
            is_moved: false,
        };
        let found = list_of(object, self.item, places);
        let shown = |node: &Node| {
            let finished = patch.finished(node).ok()?;
            label(&finished).map(|it| format!("`{it}`"))
        };
        let Some((list, index)) = found.filter(|(list, index)| *index < list.len()) else {
            return counted;
        };
        let Some(text) = shown(&list[index]) else {
            return counted;
        };
        // Adding puts a new item there, in front of what the number means now.
        let adds = operation.adds() && self.item.len() == self.path.len();
        let before = if adds { "before " } else { "" };
        let mut message = format!("{before}{text} of {}", self.name);
        let moved = self.moved(list, index);
        if let Some((place, other)) = moved.and_then(|(place, other)| Some((place, shown(other)?)))
        {
            message.push_str(&format!(", which a patch has put {place} {other}"));
            counted.is_moved = true;
        }
        counted.hits.push(message);
        counted
    }

    /// Another item that the one at a position stood on the other side of when both were read, or
    /// that a patch has put there since.
    fn moved<'n>(&self, list: &'n [Node], index: usize) -> Option<(&'static str, &'n Node)> {
        let span = list[index].span;
        let is_read = |node: &Node| node.span.source == self.source;
        let is_own = |node: &Node| self.own.contains(&node.span);
        let (above, below) = (&list[..index], &list[index + 1..]);
        if is_own(&list[index]) {
            return None;
        }
        let passed = below
            .iter()
            .filter(|other| is_read(other))
            .find(|other| !is_read(&list[index]) || other.span.start < span.start);
        let pushed = above
            .iter()
            .filter(|_| is_read(&list[index]))
            .find(|other| !is_read(other) && !is_own(other));
        passed
            .map(|other| ("before", other))
            .or_else(|| pushed.map(|other| ("behind", other)))
    }
}

/// The path up to its last number: `/spec/containers/0` of `/spec/containers/0/image`.
fn item_of(path: &str) -> Option<&str> {
    let mut end = None;
    let mut at = 0;
    for part in path.split('/') {
        let stop = at + part.len();
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            end = Some(stop);
        }
        at = stop + 1;
    }
    end.map(|end| path.cut(..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_named_up_to_its_number() {
        assert_eq!(item_of("/a/0/b/12/c"), Some("/a/0/b/12"));
        assert_eq!(item_of("/a/-"), None);
        assert_eq!(item_of("/a/v1"), None);
    }
}
