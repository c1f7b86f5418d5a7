//! Checks that an edit loses and doubles no comment.

use std::collections::HashMap;

use super::super::Node;
use super::text::SourceText;

/// How often each comment line is there.
type Census = HashMap<String, usize>;

/// Whether no comment is lost or doubled in what was written.
///
/// Where a value from elsewhere has no comment, the one that was there may stay.
pub(super) fn keeps_comments(before: &[Node], after: &[Node], written: &[Node]) -> bool {
    let before = census(before);
    if before.is_empty() {
        // It may have been read without them.
        return true;
    }
    let (after, written) = (census(after), census(written));
    let count = |census: &Census, line: &String| census.get(line).copied().unwrap_or_default();
    let are_there = after
        .iter()
        .all(|(line, wanted)| count(&written, line) >= *wanted);
    let are_once = written
        .iter()
        .all(|(line, found)| *found <= count(&after, line).max(count(&before, line)));
    are_there && are_once
}

/// Whether every line that is all comment is known as the comment of a node.
pub(super) fn all_are_known(text: &str, before: &[Node]) -> bool {
    let known = census(before);
    let text = SourceText::new(text);
    let mut line = text.skip_mark(0);
    while line < text.len() {
        let end = text.line_end(line);
        let is_comment = text.comment_column(line).is_some();
        if is_comment && !known.contains_key(text.slice(line, end).trim()) {
            return false;
        }
        line = text.next_line(line);
    }
    true
}

fn census(nodes: &[Node]) -> Census {
    let mut census = Census::new();
    nodes.iter().for_each(|node| count(node, &mut census));
    census
}

fn count(node: &Node, census: &mut Census) {
    if let Some(decor) = node.decor.as_deref() {
        let comments = [&decor.head, &decor.line, &decor.foot];
        let lines = comments.into_iter().flatten().flat_map(|text| text.lines());
        for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
            *census.entry(line.to_owned()).or_default() += 1;
        }
    }
    for item in node.items() {
        count(item, census);
    }
    for entry in node.entries() {
        count(&entry.key, census);
        count(&entry.value, census);
    }
}
