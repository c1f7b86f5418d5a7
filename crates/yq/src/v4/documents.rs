//! Splits a text into documents as yq 4 does.
//!
//! Everything before the first value is one head: comments, blank lines, directives, `---` and
//! `...`. So documents at the top that have only comments do not count, and `%YAML 1.2` is ignored.

use std::borrow::Cow;
use std::ops::Range;

use kustom_yaml::error::Result;
use kustom_yaml::place::SourceId;
use kustom_yaml::{
    ByteString, Change, Node, Options, Style, Value, read, read_lazily, rewrite_changes,
};

use crate::color::{colored, colored_part};

/// A text and its documents.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::{Node, Tag};
/// use kustom_yq::v4::Documents;
///
/// let documents = Documents::read("---\n# Source: app\n---\nreplicas: 1\n", SourceId::default())?;
/// let mut after = documents.nodes().to_vec();
/// assert_eq!(after.len(), 1);
/// after[0].set("replicas", Node::scalar("2", Tag::Int));
/// assert_eq!(documents.rewrite(&after)?, "---\n# Source: app\n---\nreplicas: 2\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Documents<'t> {
    text: &'t str,
    /// The text with the marks of its head left blank, if they are not those of its documents.
    masked: Option<String>,
    nodes: Vec<Node>,
}

impl<'t> Documents<'t> {
    /// Reads a text, aliases and comments kept.
    ///
    /// # Errors
    ///
    /// A text that is no YAML.
    pub fn read(text: &'t str, source: SourceId) -> Result<Self> {
        let found = read(text, &options(source));
        Self::of(text, found, source)
    }

    /// As [`Documents::read`]; of a long text, what an expression does not look into takes little room,
    /// and the rest is read twice.
    ///
    /// # Errors
    ///
    /// A text that is no YAML.
    pub fn read_lazily(text: &'t ByteString, source: SourceId) -> Result<Self> {
        /// Shorter texts take little room as they are.
        const LONG: usize = 4 << 20;
        let options = options(source);
        let found = match text.len() < LONG {
            true => read(text, &options),
            false => read_lazily(text, &options),
        };
        Self::of(text, found, source)
    }

    /// A text and what was read of it, unless its head has to be left out.
    fn of(text: &'t str, found: Result<Vec<Node>>, source: SourceId) -> Result<Self> {
        let is_headed = match &found {
            Ok(nodes) => nodes.len() > 1 && is_empty(&nodes[0]),
            Err(_) => true,
        };
        if is_headed && let Some(masked) = masked(text, found.is_err()) {
            match read(&masked, &options(source)) {
                Ok(nodes) => {
                    return Ok(Self {
                        text,
                        masked: Some(masked),
                        nodes: shared(nodes),
                    });
                }
                // What is wrong below the head counts.
                Err(error) if found.is_err() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(Self {
            text,
            masked: None,
            nodes: shared(found?),
        })
    }

    /// The text as it was read.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The values of the documents.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The text with changed documents written into it.
    ///
    /// # Errors
    ///
    /// As for [`rewrite`](kustom_yaml::rewrite).
    pub fn rewrite(&self, after: &[Node]) -> Result<String> {
        self.rewrite_changes(after).map(|(text, _)| text)
    }

    /// As [`Documents::rewrite`]; and what was replaced by what, in the order of the text.
    ///
    /// # Errors
    ///
    /// As for [`rewrite`](kustom_yaml::rewrite).
    pub fn rewrite_changes(&self, after: &[Node]) -> Result<(String, Vec<Change>)> {
        let Some(masked) = &self.masked else {
            return rewrite_changes(self.text, &self.nodes, after);
        };
        let (changed, changes) = rewrite_changes(masked, &self.nodes, after)?;
        let is_kept = |(a, b): &(u8, u8)| a == b;
        let common = masked.bytes().zip(changed.bytes()).take_while(is_kept);
        let head = common.count().min(last_difference(self.text, masked));
        match (self.text.get(..head), changed.get(head..)) {
            (Some(head), Some(rest)) => Ok((format!("{head}{rest}"), changes)),
            _ => Ok((changed, changes)),
        }
    }

    /// The text with the bare words in place of documents that are scalars, as yq prints them.
    pub fn unwrapped(&self) -> Cow<'t, str> {
        let mut out = String::new();
        let mut done = 0;
        for node in self.nodes.iter().filter(|node| is_wrapped(node)) {
            let (Range { start, end }, marker) = self.lines(node);
            if let (Value::Scalar(word), Some(before)) = (&node.value, self.text.get(done..start)) {
                out.push_str(before);
                out.push_str(marker);
                out.push_str(word);
                out.push('\n');
                done = end;
            }
        }
        match self.text.get(done..) {
            Some(rest) if done > 0 => Cow::Owned(out + rest),
            _ => Cow::Borrowed(self.text),
        }
    }

    /// The text in the colours of yq; documents that are scalars may be `unwrapped`, and have none.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yaml::place::SourceId;
    /// use kustom_yq::v4::Documents;
    ///
    /// let documents = Documents::read("'a: 1'\n---\n[~, x]\n", SourceId::default())?;
    /// let colored = documents.colored(true);
    /// assert_eq!(colored, "a: 1\n---\n[~,\u{1b}[32m x\u{1b}[0m]\n");
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn colored(&self, unwrapped: bool) -> String {
        let mut out = String::new();
        let mut done = 0;
        for node in self.nodes.iter().filter(|_| unwrapped) {
            let Value::Scalar(word) = &node.value else {
                continue;
            };
            if word.is_empty() && node.style == Style::Plain {
                continue;
            }
            let (Range { start, end }, marker) = self.lines(node);
            if let Some(before) = self.text.get(done..start) {
                let is_first = done == 0;
                out.push_str(&if is_first {
                    colored(before)
                } else {
                    colored_part(before)
                });
                out.push_str(marker);
                out.push_str(word);
                out.push('\n');
                done = end;
            }
        }
        match self.text.get(done..).unwrap_or_default() {
            text if done == 0 => colored(text),
            rest => out + &colored_part(rest),
        }
    }

    /// The lines on which a scalar document stands, and what must stay of them.
    fn lines(&self, node: &Node) -> (Range<usize>, &'static str) {
        let before = self.text.get(..node.span.start as usize).unwrap_or("");
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let behind = (node.span.end as usize).min(self.text.len());
        let is_complete = behind > 0 && self.text.as_bytes().get(behind - 1) == Some(&b'\n');
        let end = match self.text.get(behind..).and_then(|rest| rest.find('\n')) {
            _ if is_complete => behind,
            Some(at) => behind + at + 1,
            None => self.text.len(),
        };
        let has_marker = self.text.get(start..).unwrap_or("").starts_with("---");
        (start..end, if has_marker { "---\n" } else { "" })
    }
}

/// How the texts of yq 4 are read.
fn options(source: SourceId) -> Options {
    Options {
        keep_aliases: true,
        lasting_anchors: true,
        comments: true,
        go_yaml_4: true,
        source,
        ..Options::default()
    }
}

/// Values of which copies cost little: what an expression leaves alone is one.
fn shared(mut nodes: Vec<Node>) -> Vec<Node> {
    nodes.iter_mut().for_each(Node::share);
    nodes
}

/// Whether a document is a scalar that is not written as its bare word on a line of its own.
fn is_wrapped(node: &Node) -> bool {
    let is_bare = node.style == Style::Plain && node.decor.is_none() && node.span.column == 1;
    matches!(&node.value, Value::Scalar(word) if !word.is_empty() || node.style != Style::Plain)
        && !is_bare
}

/// Whether a document is nothing but the space between two marks.
fn is_empty(node: &Node) -> bool {
    let has_properties = node
        .decor
        .as_ref()
        .is_some_and(|decor| decor.anchor.is_some() || decor.tag.is_some());
    node.is_null() && node.text() == Some("") && !has_properties
}

/// Where two texts of one length part for the last time.
fn last_difference(a: &str, b: &str) -> usize {
    let mut pairs = a.bytes().zip(b.bytes());
    pairs.rposition(|(a, b)| a != b).map_or(0, |at| at + 1)
}

/// The text with blanks for the marks of its head, if there are any: for all of them, or for those
/// before the last.
fn masked(text: &str, all: bool) -> Option<String> {
    let mut marks: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    // Whether the first value stands behind a mark.
    let mut opens_itself = false;
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        let is_comment = |rest: &str| rest.trim_start().starts_with('#');
        if let Some(rest) = line
            .strip_prefix("---")
            .or_else(|| line.strip_prefix("..."))
        {
            let is_bare = rest.trim().is_empty() || is_comment(rest);
            if !is_bare || rest.starts_with(|c: char| !c.is_ascii_whitespace()) {
                opens_itself = rest.starts_with(|c: char| c.is_ascii_whitespace());
                break;
            }
            marks.push(at..at + 3);
        } else if line.starts_with('%') {
            if all {
                marks.push(at..at + words.len());
            }
        } else if !words.is_empty() && !is_comment(words) {
            break;
        }
        at += line.len();
    }
    if !all && !opens_itself {
        marks.pop();
    }
    if marks.is_empty() {
        return None;
    }
    let mut masked = text.to_owned();
    for mark in marks {
        let blanks = " ".repeat(mark.len());
        masked.replace_range(mark, &blanks);
    }
    Some(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Documents<'_> {
        Documents::read(text, SourceId::default()).unwrap()
    }

    #[test]
    fn empty_documents_at_the_top_are_the_head_of_the_first() {
        for (text, count) in [
            ("---\n---\na: 1\n", 1),
            ("# x\n---\n# y\n---\n--- # z\na: 1\n---\n---\nb: 1\n", 3),
            ("---\n...\n---\na: 1\n", 1),
            ("---\n---\n", 1),
            ("---\n--- a\n", 1),
            ("--- |\none\n\ntwo\n---\na: 1\n", 2),
            ("...\n", 0),
            ("%YAML 1.2\n---\na: yes\n", 1),
            ("---\n~\n---\na: 1\n", 2),
            ("--- !!null\n---\na: 1\n", 2),
        ] {
            let documents = documents(text);
            assert_eq!(documents.nodes().len(), count, "{text}");
            assert_eq!(documents.rewrite(documents.nodes()).unwrap(), text);
        }
        assert!(Documents::read("---\n---\na: [\n", SourceId::default()).is_err());
    }

    #[test]
    fn a_document_that_is_a_word_is_printed_bare() {
        for (text, bare) in [
            ("\"a: b\"\n", "a: b\n"),
            ("# x\n'y' # z\n", "# x\ny\n"),
            ("--- cat", "---\ncat\n"),
            ("--- |\none\n", "---\none\n\n"),
            ("--- |-\n  one\n---\na: 1\n", "---\none\n---\na: 1\n"),
            ("a: 'b'\n---\n!!str 1\n---\n\n", "a: 'b'\n---\n1\n---\n\n"),
            ("word\n", "word\n"),
            ("[\"a\"]\n", "[\"a\"]\n"),
        ] {
            assert_eq!(documents(text).unwrapped(), bare, "{text}");
        }
    }
}
