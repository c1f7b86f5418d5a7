//! Writes changed nodes back into their text, and changes only the bytes that differ in meaning.
//!
//! The text is never printed anew. Two trees are compared, the one that was read and the one that
//! a program made of it, and every difference becomes a replaced token, an inserted line or a
//! removed line. Blank lines, comments, quotes, indentation, line ends and key order of everything
//! else stay as they are; new values take the indentation of their neighbours.
//!
//! The result is read again: if it does not say what the program meant, that is an error, never a
//! damaged file.

mod align;
mod block;
mod comment_count;
mod children;
mod comments;
mod documents;
mod flow;
mod layout;
mod refold;
mod render;
mod replace;
mod same;
mod site;
mod slices;
mod text;
mod value;

use std::ops::Range;

use super::{Node, Options, Value, read};
use crate::error::{Error, Kind, Result};
use layout::Layout;
pub use same::same_data;
use text::SourceText;

/// Writes the changes between two readings of a text into that text.
///
/// `before` are the documents of `text`, read with [`Options::keep_aliases`]; `after` is what a
/// program made of them. Nodes that the program left alone must keep their span, by which they are
/// recognised where they moved.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Node, Options, read, rewrite};
///
/// let text = "# ours\nreplicas:   2   # for now\n\nname: 'x'\n";
/// let before = read(text, &Options::default())?;
/// let mut after = before.clone();
/// after[0].set("replicas", Node::scalar("3", kustom_yaml::Tag::Int));
/// assert_eq!(
///     rewrite(text, &before, &after)?,
///     "# ours\nreplicas:   3   # for now\n\nname: 'x'\n"
/// );
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn rewrite(text: &str, before: &[Node], after: &[Node]) -> Result<String> {
    Ok(rewrite_in(Layout::default(), text, before, after)?.text)
}

/// As [`rewrite`]; but where the text has no list to follow, the dashes of a new one stand below
/// their key, as kustomize writes them.
pub fn rewrite_flush(text: &str, before: &[Node], after: &[Node]) -> Result<String> {
    let layout = Layout {
        seq: Some(0),
        ..Layout::default()
    };
    Ok(rewrite_in(layout, text, before, after)?.text)
}

/// As [`rewrite`]; and what was replaced by what, in the order of the text.
pub fn rewrite_changes(
    text: &str,
    before: &[Node],
    after: &[Node],
) -> Result<(String, Vec<Change>)> {
    let result = rewrite_in(Layout::default(), text, before, after)?;
    Ok((result.text, result.changes))
}

fn rewrite_in(layout: Layout, text: &str, before: &[Node], after: &[Node]) -> Result<Rewritten> {
    match slices::rewrite(text, before, after, layout) {
        Some(rewritten) => Ok(rewritten),
        None => rewrite_whole(layout, text, before, after),
    }
}

fn rewrite_whole(layout: Layout, text: &str, before: &[Node], after: &[Node]) -> Result<Rewritten> {
    // Aliases to anchors of earlier documents are as good as they were.
    let lasting = lost_anchor(before).is_some();
    let Edited {
        result,
        keeps_comments,
    } = edited(layout, text, before, after, lasting)?;
    if keeps_comments {
        return Ok(result);
    }
    // Where a comment does not find its way with the lines, the document is printed with all of them.
    let printed = comment_count::all_are_known(text, before)
        .then(|| {
            apply(
                text,
                documents::printed(SourceText::new(text), before, after, layout),
            )
        })
        .and_then(Result::ok);
    match printed {
        Some(printed) => match verify(&printed.text, after, lasting) {
            Ok(written) if comment_count::keeps_comments(before, after, &written) => Ok(printed),
            _ => Ok(result),
        },
        None => Ok(result),
    }
}

/// A changed text, if every comment is where it should be.
fn rewrite_strictly(
    layout: Layout,
    text: &str,
    before: &[Node],
    after: &[Node],
) -> Result<Option<Rewritten>> {
    let edited = edited(layout, text, before, after, false)?;
    Ok(edited.keeps_comments.then_some(edited.result))
}

/// A changed text that was read again.
struct Edited {
    result: Rewritten,
    keeps_comments: bool,
}

fn edited(
    layout: Layout,
    text: &str,
    before: &[Node],
    after: &[Node],
    lasting_anchors: bool,
) -> Result<Edited> {
    let edits = documents::edits(SourceText::new(text), before, after, layout)?;
    if edits.is_empty() {
        let result = Rewritten {
            text: text.to_owned(),
            changes: Vec::new(),
        };
        return Ok(Edited {
            result,
            keeps_comments: true,
        });
    }
    let result = apply(text, edits)?;
    let written = verify(&result.text, after, lasting_anchors)?;
    Ok(Edited {
        keeps_comments: comment_count::keeps_comments(before, after, &written),
        result,
    })
}

/// A range of bytes and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
    /// Whether it must end with a line break where nothing follows it.
    is_closed: bool,
}

/// What became of some bytes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The bytes of the old text that gave way.
    pub old: Range<usize>,
    /// The bytes of the new text that stand there.
    pub new: Range<usize>,
}

/// A changed text, and its changes in order.
struct Rewritten {
    text: String,
    changes: Vec<Change>,
}

fn apply(text: &str, mut edits: Vec<Edit>) -> Result<Rewritten> {
    // Lines go behind what stays on the line they follow.
    edits.sort_by_key(|edit| (edit.start, edit.end, edit.text.starts_with(['\n', '\r'])));
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = String::with_capacity(text.len() + added);
    let mut changes = Vec::with_capacity(edits.len());
    let mut done = 0;
    for edit in &edits {
        let (Some(kept), true) = (text.get(done..edit.start), edit.end >= edit.start) else {
            return Err(failure("two changes of the text meet"));
        };
        out.push_str(kept);
        let start = out.len();
        out.push_str(&edit.text);
        changes.push(Change {
            old: edit.start..edit.end,
            new: start..out.len(),
        });
        done = edit.end;
    }
    match text.get(done..) {
        Some("") if edits.last().is_some_and(|edit| edit.is_closed) => {
            out.push_str(SourceText::new(text).line_break());
        }
        Some(rest) => out.push_str(rest),
        None => return Err(failure("a change of the text ends outside it")),
    }
    Ok(Rewritten { text: out, changes })
}

/// Reads the changed text again and holds it against what it should say.
fn verify(text: &str, after: &[Node], lasting_anchors: bool) -> Result<Vec<Node>> {
    let read = read_again(text, lasting_anchors).map_err(|error| match lost_anchor(after) {
        Some(lost) => lost,
        None => failure("the changed text is no YAML").caused_by(error),
    })?;
    let says_the_same =
        read.len() == after.len() && read.iter().zip(after).all(|(a, b)| same_data(a, b));
    // A text without a document and one with an empty document say the same.
    if says_the_same || (read.is_empty() && after.iter().all(Node::is_null)) {
        return Ok(read);
    }
    Err(failure("the changed text does not say what it should"))
}

/// The documents of a text that is to be compared with what a program made.
fn read_again(text: &str, lasting_anchors: bool) -> Result<Vec<Node>> {
    let options = Options {
        keep_aliases: true,
        comments: true,
        go_yaml_4: true,
        lasting_anchors,
        ..Options::default()
    };
    read(text, &options)
}

/// An alias whose anchor went with the change.
fn lost_anchor(documents: &[Node]) -> Option<Error> {
    fn walk<'n>(node: &'n Node, anchors: &mut Vec<&'n str>) -> Option<&'n Node> {
        if let Some(anchor) = node
            .decor
            .as_ref()
            .and_then(|decor| decor.anchor.as_deref())
        {
            anchors.push(anchor);
        }
        let mut entries = node.entries().iter();
        match &node.value {
            Value::Alias(name) if !anchors.contains(&name.as_str()) => Some(node),
            Value::Seq(items) => items.iter().find_map(|item| walk(item, anchors)),
            _ => entries.find_map(|entry| {
                walk(&entry.key, anchors).or_else(|| walk(&entry.value, anchors))
            }),
        }
    }
    let alias = documents
        .iter()
        .find_map(|document| walk(document, &mut Vec::new()))?;
    let Value::Alias(name) = &alias.value else {
        return None;
    };
    let message = format!("the alias `*{name}` would lose its anchor");
    Some(
        Error::new(Kind::Output, message)
            .at(alias.span)
            .help("nothing was written; change the alias first"),
    )
}

#[cold]
fn failure(what: &str) -> Error {
    Error::new(
        Kind::Output,
        format!("cannot write the change into the text: {what}"),
    )
    .help("nothing was written; print the whole document anew, or simplify the YAML around it")
}
