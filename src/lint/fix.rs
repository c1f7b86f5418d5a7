//! Edits that mend a finding, where it is certain what to write.

use std::path::Path;

use crate::build::{self, build};
use crate::edit::{Proof, fix, replacements};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::load::{Files, Loader, Memory, Overlay, Restriction, SourceStore};
use crate::yaml::{Node, Options, Value, read, rewrite};

/// Rules of entries that do nothing: without them every build is the same.
const IDLE: [&str; 6] = [
    "idle-patch",
    "unmatched-image",
    "unmatched-patch",
    "unmatched-replacement",
    "unmatched-value",
    "unused-var",
];

/// Lines that an edit may change in what is built.
const CHANGED: [&str; 2] = ["serviceAccount:", "serviceAccountName:"];

/// Whether there may be an edit that mends what a rule finds.
pub fn is_fixable(rule: &str) -> bool {
    IDLE.contains(&rule) || matches!(rule, "deprecated-field" | "old-service-account-field")
}

/// The text of a file without what a finding finds, if one edit is certain; `path` is the file.
pub fn fixed(finding: &Finding, files: &dyn Files, path: &Path, text: &str) -> Option<String> {
    let offset = finding.place.as_ref()?.span.start as usize;
    let made = match finding.rule {
        "old-service-account-field" => renamed(text, offset)?,
        "deprecated-field" => converted(files, path, text)?,
        rule if IDLE.contains(&rule) => without_item(text, offset)?,
        _ => return None,
    };
    (made != text).then_some(made)
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

    fn at(text: &str, word: &str) -> Finding {
        let start = u32::try_from(text.find(word).unwrap()).unwrap();
        let span = Span {
            start,
            end: start,
            line: 1,
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
            let word = &text[value..value + 3];
            let mut finding = at(&text, word);
            finding.place.as_mut().unwrap().span.start = u32::try_from(value).unwrap();
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
