//! Differences as `diff -u` writes them.
//!
//! Each resource is a file of normalised YAML: keys sorted, one style, without what is expected to
//! differ. What follows from names alone is in no hunk.

use crate::diff::{Diff, Document};

pub(super) fn write(diff: &Diff) -> String {
    let documents = diff.documents.iter();
    documents.map(|document| hunks(diff, document)).collect()
}

/// One resource; nothing if only the order of what has none differs.
fn hunks(diff: &Diff, document: &Document) -> String {
    let header = |side: &str, text: &str| match text.is_empty() {
        true => "/dev/null".to_owned(),
        false => format!("{side}/{}", file(document)),
    };
    similar::TextDiff::from_lines(&document.from, &document.to)
        .unified_diff()
        .header(
            &header(&diff.from, &document.from),
            &header(&diff.to, &document.to),
        )
        .to_string()
}

/// The resource as a path without blanks, as patches want it.
fn file(document: &Document) -> String {
    let subject = &document.subject;
    let name = subject.from.as_ref().or(subject.to.as_ref());
    let name = name.map_or_else(String::new, ToString::to_string);
    format!("{}/{name}.yaml", subject.kind)
}
