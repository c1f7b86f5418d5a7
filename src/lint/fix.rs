//! Edits that mend a finding, where it is certain what to write.

use std::path::Path;

use super::tree::Tree;
use crate::build::{self, build};
use crate::edit::{Proof, fix, replacements};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::kustomization::FILE_NAMES;
use crate::load::{Files, Loader, Memory, Overlay, Restriction, SourceStore, normalized};
use crate::place::Span;
use crate::yaml::cut::Cut as _;
use crate::yaml::{Inset, Node, Options, Text, Value, read, rewrite};

/// Rules of entries that do nothing: without them every build is the same.
pub(super) const IDLE: [&str; 6] = [
    "idle-patch",
    "unmatched-image",
    "unmatched-patch",
    "unmatched-replacement",
    "unmatched-value",
    "unused-var",
];

/// Lines that an edit may change in what is built.
const CHANGED: [&str; 2] = ["serviceAccount:", "serviceAccountName:"];

/// Rules of entries that others make useless.
const OVERRIDDEN: [&str; 3] = ["applied-twice", "overridden-below", "overridden-entry"];

/// Whether there may be an edit that mends what a rule finds.
pub fn is_fixable(rule: &str) -> bool {
    IDLE.contains(&rule)
        || OVERRIDDEN.contains(&rule)
        || matches!(
            rule,
            "deprecated-field" | "old-service-account-field" | "overridden-field"
        )
}

/// The text of a file without what a finding finds, if one edit is certain; `path` is the file.
pub fn fixed(finding: &Finding, files: &dyn Files, path: &Path, text: &str) -> Option<String> {
    let span = finding.place.as_ref()?.span;
    let offset = offset_of(text, span)?;
    let made = match finding.rule {
        "old-service-account-field" => renamed(text, offset)?,
        "deprecated-field" => converted(files, path, text)?,
        "overridden-field" => without_value(text, span)?,
        rule if OVERRIDDEN.contains(&rule) => {
            without_pair(text, offset).or_else(|| without_item(text, offset))?
        }
        rule if IDLE.contains(&rule) && is_kustomization(path) => without_item(text, offset)?,
        _ => return None,
    };
    (made != text).then_some(made)
}

/// The kustomizations that may name the patch in which something is found, where it has a file of its
/// own: the entry is there.
pub fn naming<'t>(finding: &Finding, tree: &'t Tree<'_>, path: &Path) -> Vec<&'t Path> {
    match finding.rule == "idle-patch" && !is_kustomization(path) {
        true => tree.naming(path),
        false => Vec::new(),
    }
}

/// The text of a kustomization without the entries of patches that name a file.
pub fn without_patch(kustomization: &Path, text: &str, file: &Path) -> Option<String> {
    let directory = kustomization.parent()?;
    let before = documents(text)?;
    let mut after = before.clone();
    let root = after.first_mut()?;
    for field in ["patches", "patchesJson6902", "patchesStrategicMerge"] {
        let is_it = |item: &Node| {
            let name = item.get("path").unwrap_or(item).text();
            name.is_some_and(|name| normalized(&directory.join(name)) == file)
        };
        let Some(items) = root.get_mut(field).and_then(Node::items_mut) else {
            continue;
        };
        items.retain(|item| !is_it(item));
        if items.is_empty() {
            root.remove(field);
        }
    }
    let made = rewrite(text, &before, &after).ok()?;
    (made != text).then_some(made)
}

fn is_kustomization(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| FILE_NAMES.contains(&name))
}

/// The offset in a text of a place of which the line and the column are known.
pub(super) fn offset_of(text: &str, span: Span) -> Option<usize> {
    let line = span.line.checked_sub(1)? as usize;
    let mut start = 0;
    for _ in 0..line {
        start += text.cut(start..).find('\n')? + 1;
    }
    let columns = text.cut(start..).char_indices();
    let column = span.column.checked_sub(1)? as usize;
    let (inside, _) = columns.chain([(text.len() - start, ' ')]).nth(column)?;
    Some(start + inside)
}

/// Whether two builds differ only where an edit changes something.
pub fn is_same_but_for_fixes(before: &str, after: &str) -> bool {
    let is_kept = |line: &&str| {
        let plain = line.trim_start_matches([' ', '-']);
        !CHANGED.iter().any(|start| plain.starts_with(start))
    };
    before
        .lines()
        .filter(is_kept)
        .eq(after.lines().filter(is_kept))
}

/// A text whose `serviceAccount` at an offset is written as the field that took its place.
fn renamed(text: &str, offset: usize) -> Option<String> {
    let before = documents(text)?;
    let mut after = before.clone();
    let entries = after.iter_mut().find_map(|root| around(root, offset))?;
    let has_new = entries
        .iter()
        .any(|entry| entry.key.text() == Some("serviceAccountName"));
    if has_new {
        entries.retain(|entry| entry.key.text() != Some("serviceAccount"));
    } else {
        let mut old = entries.iter_mut();
        let old = old.find(|entry| entry.key.text() == Some("serviceAccount"))?;
        old.key.value = Value::Scalar("serviceAccountName".into());
    }
    rewrite(text, &before, &after).ok()
}

/// The entries among which `serviceAccount` has its value at an offset.
fn around(node: &mut Node, offset: usize) -> Option<&mut Vec<crate::yaml::Entry>> {
    let is_here = node.entries().iter().any(|entry| {
        entry.key.text() == Some("serviceAccount") && entry.value.span.start as usize == offset
    });
    if is_here {
        return node.entries_mut();
    }
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .find_map(|entry| around(&mut entry.value, offset)),
        Value::Seq(items) => items.iter_mut().find_map(|item| around(item, offset)),
        Value::Scalar(_) | Value::Alias(_) => None,
    }
}

pub(crate) fn documents(text: &str) -> Option<Vec<Node>> {
    let options = Options {
        keep_aliases: true,
        ..Options::default()
    };
    read(text, &options).ok()
}

/// A text without the item of a list of the first level that an offset is in, and without the list
/// if that was its only one.
pub(crate) fn without_item(text: &str, offset: usize) -> Option<String> {
    let before = documents(text)?;
    let mut after = before.clone();
    let root = after.first_mut()?;
    let mut emptied = None;
    let mut is_done = false;
    for entry in root.entries_mut()? {
        let Some(items) = entry.value.items_mut() else {
            continue;
        };
        let is_it = |item: &Node| {
            let span = item.span.range();
            item.span.line > 0 && span.contains(&offset)
        };
        if let Some(index) = items.iter().position(is_it) {
            items.remove(index);
            is_done = true;
            if items.is_empty() {
                emptied = entry.key.text().map(str::to_owned);
            }
            break;
        }
    }
    if let Some(key) = emptied {
        root.remove(&key);
    }
    is_done.then(|| rewrite(text, &before, &after).ok())?
}

/// A text without the label or annotation of a kustomization that stands at an offset, and without what
/// holds no others.
pub(crate) fn without_pair(text: &str, offset: usize) -> Option<String> {
    let before = documents(text)?;
    let mut after = before.clone();
    let root = after.first_mut()?;
    for field in ["commonLabels", "commonAnnotations"] {
        if let Some(pairs) = root.get_mut(field)
            && take_pair(pairs, offset)
        {
            if pairs.entries().is_empty() {
                root.remove(field);
            }
            return rewrite(text, &before, &after).ok();
        }
    }
    let items = root.get_mut("labels")?.items_mut()?;
    let at = items.iter_mut().position(|item| {
        item.get_mut("pairs")
            .is_some_and(|pairs| take_pair(pairs, offset))
    })?;
    if items[at].get("pairs")?.entries().is_empty() {
        items.remove(at);
        if items.is_empty() {
            root.remove("labels");
        }
    }
    rewrite(text, &before, &after).ok()
}

fn take_pair(pairs: &mut Node, offset: usize) -> bool {
    let Some(entries) = pairs.entries_mut() else {
        return false;
    };
    let count = entries.len();
    entries.retain(|entry| entry.key.span.start as usize != offset);
    entries.len() < count
}

/// A text without the value of a patch that stands at a place, and without what holds no others; the
/// patch may be a scalar of the text.
pub(crate) fn without_value(text: &str, span: Span) -> Option<String> {
    let before = documents(text)?;
    let mut after = before.clone();
    let is_here = |node: &Node| (node.span.line, node.span.column) == (span.line, span.column);
    if !after.iter_mut().any(|root| take_value(root, &is_here)) {
        let offset = offset_of(text, span)?;
        let patch = after
            .iter_mut()
            .find_map(|root| scalar_around(root, offset))?;
        let inset = Inset::new(text, &Text::of(patch));
        let inner = patch.text()?.to_owned();
        let inner_before = documents(&inner)?;
        let mut inner_after = inner_before.clone();
        let is_here = |node: &Node| {
            let place = inset.place(node.span);
            (place.line, place.column) == (span.line, span.column)
        };
        if !inner_after
            .iter_mut()
            .any(|root| take_value(root, &is_here))
        {
            return None;
        }
        let made = rewrite(&inner, &inner_before, &inner_after).ok()?;
        // A block that keeps no last line break goes on keeping none.
        let made = match inner.ends_with('\n') {
            true => made.as_str(),
            false => made.trim_end_matches('\n'),
        };
        patch.value = Value::Scalar(made.into());
    }
    rewrite(text, &before, &after).ok()
}

/// Takes out a value below a node, and what holds nothing any more.
fn take_value(node: &mut Node, is_it: &dyn Fn(&Node) -> bool) -> bool {
    let is_empty = |node: &Node| match &node.value {
        Value::Map(entries) => entries.is_empty(),
        Value::Seq(items) => items.is_empty(),
        Value::Scalar(_) | Value::Alias(_) => false,
    };
    if let Some(entries) = node.entries_mut() {
        for at in 0..entries.len() {
            let value = &mut entries[at].value;
            let is_scalar = value.is_scalar();
            if is_scalar && is_it(value) || take_value(value, is_it) {
                if is_scalar || is_empty(&entries[at].value) {
                    entries.remove(at);
                }
                return true;
            }
        }
    } else if let Some(items) = node.items_mut() {
        for at in 0..items.len() {
            if is_it(&items[at]) {
                items.remove(at);
                return true;
            }
            if take_value(&mut items[at], is_it) {
                if is_empty(&items[at]) {
                    items.remove(at);
                }
                return true;
            }
        }
    }
    false
}

/// The scalar that an offset is in.
fn scalar_around(node: &mut Node, offset: usize) -> Option<&mut Node> {
    let span = node.span.range();
    if node.is_scalar() {
        return span.contains(&offset).then_some(node);
    }
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .find_map(|entry| scalar_around(&mut entry.value, offset)),
        Value::Seq(items) => items
            .iter_mut()
            .find_map(|item| scalar_around(item, offset)),
        Value::Scalar(_) | Value::Alias(_) => None,
    }
}

/// A kustomization without deprecated fields, if what is built of it stays the same.
pub(crate) fn converted(files: &dyn Files, path: &Path, text: &str) -> Option<String> {
    let directory = path.parent()?;
    let store = SourceStore::new(files, directory, Restriction::None);
    let loader: Loader<'_> = store.open(directory).ok()?;
    let source = store.source(path);
    let mut proof = Candidate {
        files,
        path,
        directory,
    };
    let fixed = fix(text, source, false, &loader, &mut proof).ok()?;
    (fixed.text != text).then_some(fixed.text)
}

/// A kustomization that is being fixed.
struct Candidate<'c> {
    files: &'c dyn Files,
    path: &'c Path,
    directory: &'c Path,
}

impl Candidate<'_> {
    fn with(&self, text: &str) -> Overlay<'_> {
        let mut upper = Memory::default();
        upper.insert(self.path, text);
        Overlay {
            upper,
            lower: self.files,
        }
    }
}

fn options() -> build::Options {
    build::Options {
        restriction: Restriction::None,
        ..build::Options::default()
    }
}

impl Proof for Candidate<'_> {
    fn holds(&mut self, text: &str) -> Result<bool> {
        let made = |files: &dyn Files| {
            build(files, self.directory, self.directory, &options())
                .and_then(|built| built.to_yaml())
        };
        let before = made(self.files).map_err(|error| {
            let message = format!("it does not build: {}", error.message());
            Error::new(Kind::Kustomization, message)
        })?;
        Ok(made(&self.with(text)).ok() == Some(before))
    }

    fn replacements(&mut self, text: &str) -> Result<Node> {
        let files = self.with(text);
        replacements(&files, self.directory, self.directory, &options())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::place::Span;

    fn at(text: &str, offset: usize) -> Finding {
        let start = u32::try_from(offset).unwrap();
        let before = &text[..offset];
        let span = Span {
            start,
            end: start,
            line: before.matches('\n').count() as u32 + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() as u32 + 1,
            ..Span::default()
        };
        Finding::warning("old-service-account-field", "a").at(span)
    }

    /// A pod with comments, quotes and other fields around, drawn by a number.
    fn pod(seed: u64) -> String {
        let pick = |of: &[&'static str], by: u64| of[(seed / by % of.len() as u64) as usize];
        let quote = pick(&["", "\"", "'"], 1);
        let comment = pick(&["", "  # whose", "   # \u{e9}t\u{e9}"], 3);
        let before = pick(
            &[
                "",
                "  nodeName: a\n",
                "  # above\n",
                "  containers:\n  - {name: a, image: a}\n",
            ],
            9,
        );
        let after = pick(
            &["", "  hostUsers: false\n", "\n  restartPolicy: Never\n"],
            36,
        );
        let new = pick(&["", "  serviceAccountName: bot\n"], 108);
        let more = pick(
            &["", "---\nkind: ConfigMap\ndata:\n  serviceAccount: x\n"],
            216,
        );
        format!(
            "kind: Pod\nspec:\n{before}{new}  serviceAccount: {quote}bot{quote}{comment}\n{after}{more}"
        )
    }

    #[test]
    fn the_old_field_is_written_as_the_new_one_and_nothing_else() {
        for seed in 0..432 {
            let text = pod(seed);
            let value = text.find("  serviceAccount: ").unwrap() + "  serviceAccount: ".len();
            let finding = at(&text, value);
            let made = fixed(&finding, &Memory::default(), Path::new("/a.yaml"), &text).unwrap();
            assert!(is_same_but_for_fixes(&text, &made), "{text}\n---\n{made}");
            let names = made.matches("serviceAccountName").count();
            assert_eq!(names, 1, "{made}");
            // Done once, there is nothing left to do.
            assert_eq!(
                fixed(&finding, &Memory::default(), Path::new("/a.yaml"), &made),
                None
            );
        }
    }

    #[test]
    fn builds_are_compared_but_for_what_is_changed() {
        assert!(is_same_but_for_fixes(
            "a: 1\nserviceAccount: x\n",
            "a: 1\nserviceAccountName: x\n"
        ));
        assert!(!is_same_but_for_fixes("a: 1\n", "a: 2\n"));
    }
}
