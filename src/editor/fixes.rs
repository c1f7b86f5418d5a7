//! Changes that mend a finding, where its help line names one thing to try.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use kustom_lsp::{Edit, Fix};

use super::diagnostics::Told;
use super::paths::is_kustomization;
use super::scene::Scene;
use super::suggestions::{Suggestion, quoted, suggestion};
use crate::lint::{Tree, converted, documents, fixed, naming, without_item, without_patch};
use crate::yaml::cut::Cut as _;
use crate::yaml::{Node, Options, Tag, Value, implied_tag, read, rewrite};

/// The changes that mend one finding.
pub(super) fn fixes(scene: &Scene<'_>, path: &Path, text: &str, told: &Told) -> Vec<Fix> {
    let files = scene.files;
    let finding = &told.finding;
    let range = &told.diagnostic.range;
    let mut all = Vec::new();
    let mut add = |title: String, edits: Vec<Edit>, is_preferred| {
        all.push(Fix {
            title,
            edits,
            code: finding.rule.to_owned(),
            is_preferred,
        });
    };
    let edit = |range: Range<usize>, text: &str| Edit {
        path: path.to_path_buf(),
        range,
        text: text.to_owned(),
    };
    if finding.rule == "deprecated-field" && is_kustomization(path) {
        if let Some(fixed) = converted(files, path, text) {
            let edits = vec![edit(0..text.len(), &fixed)];
            add("Write deprecated fields anew".to_owned(), edits, true);
        }
        return all;
    }
    let helps = finding.notes.iter().filter_map(|note| note.help.as_deref());
    let helps = finding.help.as_deref().into_iter().chain(helps);
    for help in helps {
        match suggestion(help) {
            Some(Suggestion::Meant(word) | Suggestion::Written(word)) => {
                if let Some((old, place)) = meant(text, range, &finding.message, word) {
                    let title = format!("Write `{word}` in place of `{old}`");
                    add(title, vec![edit(place, word)], true);
                }
            }
            Some(Suggestion::Added(entry)) => {
                if let Some(whole) = with_entry(text, range.start, entry) {
                    let edits = vec![edit(0..text.len(), &whole)];
                    add(format!("Add `{entry}`"), edits, true);
                }
            }
            Some(Suggestion::Key(key)) => {
                let keys = missing_keys(scene, &finding.message, key);
                for value in &keys {
                    let entry = format!("{key}: {value}");
                    if let Some(whole) = with_entry(text, range.start, &entry) {
                        let edits = vec![edit(0..text.len(), &whole)];
                        add(format!("Add `{entry}`"), edits, keys.len() == 1);
                    }
                }
            }
            Some(Suggestion::Quoted) => {
                let old = text.cut(range.clone()).trim_end();
                if is_plain(old) {
                    let end = range.start + old.len();
                    let edits = vec![edit(range.start..end, &format!("\"{old}\""))];
                    add(format!("Put `{old}` in quotes"), edits, true);
                }
            }
            None => {}
        }
    }
    if let Some(title) = certain(finding.rule)
        && let Some(whole) = fixed(finding, files, path, text)
    {
        let edits = vec![edit(0..text.len(), &whole)];
        add(title.to_owned(), edits, true);
    }
    if finding.rule == "idle-patch" && !is_kustomization(path) {
        let tree = Tree::read(files, std::slice::from_ref(&scene.root));
        for kustomization in naming(finding, &tree, path) {
            let before = files.read(kustomization).ok();
            let before = before.and_then(|bytes| String::from_utf8(bytes).ok());
            let made = before.as_deref();
            let made = made.and_then(|text| without_patch(kustomization, text, path));
            if let (Some(before), Some(made)) = (before, made) {
                let edit = Edit {
                    path: kustomization.to_path_buf(),
                    range: 0..before.len(),
                    text: made,
                };
                add(
                    "Remove the entry of the patch".to_owned(),
                    vec![edit],
                    false,
                );
            }
        }
    }
    let has_no_effect = finding.rule.starts_with("unmatched-") || finding.rule == "idle-patch";
    if has_no_effect
        && is_kustomization(path)
        && let Some(whole) = without_item(text, range.start)
    {
        let edits = vec![edit(0..text.len(), &whole)];
        add("Remove the entry".to_owned(), edits, false);
    }
    if finding.message.ends_with(", and this is text") {
        let old = text.cut(range.clone()).trim_end();
        let inner = ['"', '\'']
            .iter()
            .find_map(|quote| old.strip_prefix(*quote)?.strip_suffix(*quote));
        if let Some(inner) = inner.filter(|inner| is_plain(inner) && is_no_text(inner)) {
            let end = range.start + old.len();
            let edits = vec![edit(range.start..end, inner)];
            add(format!("Take the quotes off `{inner}`"), edits, true);
        }
    }
    all
}

/// What is done about findings whose edit changes nothing else in any build.
fn certain(rule: &str) -> Option<&'static str> {
    match rule {
        "applied-twice" | "overridden-below" | "overridden-entry" => Some("Remove the entry"),
        "overridden-field" => Some("Remove the field"),
        _ => None,
    }
}

/// The word that a suggestion takes the place of, and where it stands: a word of the message on the
/// line of the finding, from its place on.
fn meant<'m>(
    text: &str,
    range: &Range<usize>,
    message: &'m str,
    new: &str,
) -> Option<(&'m str, Range<usize>)> {
    let rest = text.cut(range.start..);
    let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let line_start = text.cut(..range.start).rfind(['\r', '\n']);
    let line_start = line_start.map_or(0, |at| at + 1);
    for start in [range.start, line_start] {
        let line = text.cut(start..range.start + end);
        for word in quoted(message).filter(|word| !word.is_empty() && *word != new) {
            let mut places = line.match_indices(word);
            let whole = places.find(|(at, _)| {
                let is_inside =
                    |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                let before = line.cut(..*at).chars().next_back();
                let after = line.cut(at + word.len()..).chars().next();
                !is_inside(before) && !is_inside(after)
            });
            if let Some((at, _)) = whole {
                return Some((word, start + at..start + at + word.len()));
            }
        }
    }
    None
}

/// The values of a key that the items of a list have where a message says that one lacks it:
/// ``the message `spec.containers[?]` of Deployment `web` …``.
fn missing_keys(scene: &Scene<'_>, message: &str, key: &str) -> BTreeSet<String> {
    let mut words = quoted(message);
    let (Some(list), Some(name)) = (words.next(), words.next()) else {
        return BTreeSet::new();
    };
    let kind = message.split('`').nth(2).unwrap_or_default();
    let kind = kind.trim().strip_prefix("of ").unwrap_or_default();
    let list = list.rsplit_once('[').map_or(list, |(list, _)| list);
    let mut found = BTreeSet::new();
    for met in scene.named(kind, name) {
        let lists = met.life.nodes().filter_map(|node| at_path(node, list));
        for item in lists.flat_map(Node::items) {
            found.extend(item.get(key).and_then(Node::text).map(str::to_owned));
        }
    }
    found
}

/// The value at a path as messages write it: `spec.containers[web].ports`.
fn at_path<'n>(root: &'n Node, path: &str) -> Option<&'n Node> {
    path.split('.').try_fold(root, |node, part| {
        let (key, items) = part.split_once('[').unwrap_or((part, ""));
        let names = items.split('[').map(|item| item.trim_end_matches(']'));
        let names = names.filter(|name| !name.is_empty());
        names.fold(node.get(key), |node, name| {
            let mut items = node?.items().iter();
            items.find(|item| item.get("name").and_then(Node::text) == Some(name))
        })
    })
}

/// Whether a text would be no text without quotes.
fn is_no_text(text: &str) -> bool {
    implied_tag(text) != Tag::Str
}

/// Whether a text is a number, a boolean or null as it is written.
fn is_plain(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || "+-.".contains(c);
    !text.is_empty() && text.chars().all(is_letter)
}

/// A text with an entry added to the mapping at an offset.
fn with_entry(text: &str, offset: usize, entry: &str) -> Option<String> {
    let new = read(entry, &Options::default()).ok()?;
    let new = new.first()?.entries().first()?;
    let before = documents(text)?;
    let mut after = before.clone();
    let target = after.iter_mut().find_map(|root| mapping_at(root, offset))?;
    let key = new.key.text()?;
    if target.get(key).is_some() {
        return None;
    }
    let mut entry = crate::yaml::Entry::new(key, Node::plain(new.value.text()?));
    entry.value.tag = new.value.tag;
    target.entries_mut()?.insert(0, entry);
    rewrite(text, &before, &after).ok()
}

/// The innermost mapping that begins at an offset, or that has an entry there.
fn mapping_at(node: &mut Node, offset: usize) -> Option<&mut Node> {
    let begins = node.is_map() && node.span.start as usize == offset;
    let has = node
        .entries()
        .iter()
        .any(|entry| entry.key.span.start as usize == offset);
    if begins || has {
        return Some(node);
    }
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .find_map(|entry| mapping_at(&mut entry.value, offset)),
        Value::Seq(items) => items.iter_mut().find_map(|item| mapping_at(item, offset)),
        Value::Scalar(_) | Value::Alias(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_the_message_is_replaced_where_it_stands() {
        let text = "a: 1\nresorces: [xresorces]\n";
        let (word, range) = meant(text, &(5..13), "unknown field `resorces`", "resources").unwrap();
        assert_eq!((word, &text[range]), ("resorces", "resorces"));
        assert_eq!(meant(text, &(5..13), "unknown `nowhere`", "x"), None);
        assert_eq!(meant("", &(0..0), "`a`", "b"), None);
    }

    #[test]
    fn an_entry_goes_with_its_list() {
        let text = "# all\nimages:\n- name: a\n- name: b\nresources: [x]\n";
        let at = text.find("b\n").unwrap();
        let one = without_item(text, at).unwrap();
        assert_eq!(one, "# all\nimages:\n- name: a\nresources: [x]\n");
        let none = without_item(&one, one.find("a\n").unwrap()).unwrap();
        assert!(!none.contains("images"), "{none}");
        assert_eq!(without_item(text, 0), None);
        assert_eq!(without_item("a: [", 3), None);
    }

    #[test]
    fn an_entry_is_added_where_the_mapping_begins() {
        let text = "spec:\n  containers:\n  - image: a\n";
        let at = text.find("image").unwrap();
        assert_eq!(
            with_entry(text, at, "name: web").unwrap(),
            "spec:\n  containers:\n  - name: web\n    image: a\n"
        );
        assert_eq!(with_entry(text, at, "image: b"), None);
    }
}
