//! Gives comments to the values that they belong to, once these are complete.

use super::{Decor, Entry, Node, Str, Style, Value};

/// Gives a root the comments of its document.
pub(super) fn frame(root: &mut Node, head: Option<Str>, foot: Option<Str>) {
    if let Some(head) = head {
        let decor = root.decor_mut();
        decor.head = Some(match decor.head.take() {
            Some(own) => format!("{head}\n\n{own}").into(),
            None => head,
        });
    }
    if let Some(foot) = foot {
        let decor = root.decor_mut();
        decor.foot = Some(match decor.foot.take() {
            Some(own) => format!("{own}\n\n{foot}").into(),
            None => foot,
        });
    }
}

fn foot(node: &mut Node) -> Option<&mut Str> {
    node.decor.as_mut()?.foot.as_mut()
}

fn take_foot(node: &mut Node) -> Option<Str> {
    node.decor.as_mut()?.foot.take()
}

/// What is below a key that follows an entry is below that entry.
pub(super) fn give_foot_back(key: &mut Node, entries: &mut [Entry]) {
    if let Some(before) = entries.last_mut()
        && let Some(foot) = take_foot(key)
    {
        before.key.decor_mut().foot = Some(foot);
    }
}

/// What is below a value is below its key.
pub(super) fn move_foot(value: &mut Node, key: &mut Node) {
    if foot(key).is_none()
        && let Some(foot) = take_foot(value)
    {
        key.decor_mut().foot = Some(foot);
    }
}

/// Gives a collection the comments at its end.
pub(super) fn end_comments(node: &mut Node, decor: Option<Box<Decor>>) {
    let (line, mut foot) = decor.map_or((None, None), |decor| (decor.line, decor.foot));
    if node.style == Style::Plain
        && foot.is_some()
        && let Value::Map(entries) = &mut node.value
        && let Some(last) = entries.last_mut()
    {
        last.key.decor_mut().foot = foot.take();
    }
    if node.decor.is_some() || line.is_some() || foot.is_some() {
        let decor = node.decor_mut();
        decor.line = line;
        decor.foot = foot;
    }
}
