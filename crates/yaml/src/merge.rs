//! Resolves merge keys (`<<: *defaults`).
//!
//! The value is a mapping, or a list of mappings of which the earlier ones win; nothing deeper is
//! merged. In manifests the keys of the mapping itself win over all of them, wherever they stand;
//! in kustomizations the later key wins, be it merged or not.

use rustc_hash::FxHashMap;

use super::{Dialect, Entry, Node, Str, Tag, Value};
use crate::error::{Error, Kind, Result};
use crate::place::Span;

/// Replaces the merge keys of a mapping by what they bring; mappings below are done already.
///
/// `is_alias` tells whether a value was written as an alias, which may stand for a mapping only.
pub(super) fn apply(
    entries: &mut Vec<Entry>,
    dialect: Dialect,
    is_alias: impl Fn(&Node) -> bool,
) -> Result<()> {
    match dialect {
        Dialect::Manifest => apply_once(entries, is_alias),
        Dialect::Kustomization => apply_in_order(entries, is_alias),
    }
}

/// Whether a mapping has an entry that [`apply`] would work on.
pub(super) fn is_needed(entries: &[Entry]) -> bool {
    entries
        .iter()
        .any(|entry| entry.key.tag == Tag::Merge || entry.is("<<"))
}

fn apply_once(entries: &mut Vec<Entry>, is_alias: impl Fn(&Node) -> bool) -> Result<()> {
    let is_merge = |entry: &Entry| entry.key.tag == Tag::Merge;
    if let Some(second) = entries.iter().filter(|entry| is_merge(entry)).nth(1) {
        let message = "a map has one merge key `<<` at most";
        return Err(error(message, second.key.span));
    }
    // A quoted "<<" goes as well if it comes first: kustomize drops the key by its text.
    if let Some(index) = entries.iter().position(|entry| entry.is("<<"))
        && !is_merge(&entries[index])
    {
        entries.remove(index);
    }
    let Some(index) = entries.iter().position(is_merge) else {
        return Ok(());
    };
    let merged = sources(entries.remove(index).value, is_alias)?;
    let own = entries.len();
    let mut known: FxHashMap<Str, usize> = FxHashMap::default();
    for (index, entry) in entries.iter().enumerate() {
        if let Value::Scalar(key) = &entry.key.value {
            known.entry(key.clone()).or_insert(index);
        }
    }
    for source in merged {
        bring(entries, &mut known, own, source);
    }
    Ok(())
}

/// Adds the entries of a mapping that is merged.
fn bring(
    entries: &mut Vec<Entry>,
    known: &mut FxHashMap<Str, usize>,
    own: usize,
    source: Vec<Entry>,
) {
    let start = entries.len();
    for entry in source {
        let Value::Scalar(key) = &entry.key.value else {
            entries.push(entry);
            continue;
        };
        match known.get(key).copied() {
            None => {
                known.insert(key.clone(), entries.len());
                entries.push(entry);
            }
            // Keys of the mapping itself win, and of the source's own duplicates the first.
            Some(index) if index < own || index >= start => {}
            Some(index) => entries[index] = entry,
        }
    }
}

fn apply_in_order(entries: &mut Vec<Entry>, is_alias: impl Fn(&Node) -> bool) -> Result<()> {
    let mut merged = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        if entry.key.tag != Tag::Merge {
            merged.push(entry);
            continue;
        }
        for source in sources(entry.value, &is_alias)? {
            merged.extend(source);
        }
    }
    *entries = merged;
    Ok(())
}

/// The entries of the mappings to merge, the weakest first.
fn sources(value: Node, is_alias: impl Fn(&Node) -> bool) -> Result<Vec<Vec<Entry>>> {
    if !value.is_seq() || is_alias(&value) {
        return Ok(vec![mapping(value, &is_alias)?]);
    }
    let Value::Seq(items) = value.value else {
        return Ok(Vec::new());
    };
    let items = items.into_iter().rev();
    items.map(|item| mapping(item, &is_alias)).collect()
}

fn mapping(node: Node, is_alias: impl Fn(&Node) -> bool) -> Result<Vec<Entry>> {
    match node.value {
        Value::Map(entries) => Ok(entries.into()),
        _ if is_alias(&node) => {
            let message = "a merge key takes an alias of a map only";
            Err(error(message, node.span))
        }
        _ => {
            let message = "a merge key takes a map or a list of maps";
            Err(error(message, node.span))
        }
    }
}

fn error(message: &str, span: Span) -> Error {
    Error::new(Kind::Yaml, message).at(span)
}

#[cfg(test)]
mod tests {
    use crate::manifests;
    use crate::place::SourceId;

    fn field(text: &str, path: &[&str]) -> Option<String> {
        let documents = manifests(text.as_bytes(), SourceId::NONE).unwrap();
        let found = documents[0].at(path)?.text()?;
        Some(found.to_owned())
    }

    fn refusal(text: &str) -> String {
        let error = manifests(text.as_bytes(), SourceId::NONE).unwrap_err();
        error.to_string()
    }

    #[test]
    fn own_keys_win_and_earlier_mappings_win() {
        let text = "a: &a {x: 1, y: 1, z: 1}\nb: &b {x: 2, y: 2, w: 2}\nc: {y: 3, <<: [*b, *a]}\n";
        assert_eq!(field(text, &["c", "y"]).as_deref(), Some("3"));
        assert_eq!(field(text, &["c", "x"]).as_deref(), Some("2"));
        assert_eq!(field(text, &["c", "z"]).as_deref(), Some("1"));
        assert_eq!(field(text, &["c", "w"]).as_deref(), Some("2"));
        assert_eq!(field(text, &["c", "<<"]), None);
    }

    #[test]
    fn merging_reaches_through_mappings_that_merge() {
        let text = "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n";
        assert_eq!(field(text, &["c", "x"]).as_deref(), Some("1"));
    }

    #[test]
    fn a_quoted_merge_key_is_lost() {
        assert_eq!(field("a: {\"<<\": 1, b: 2}\n", &["a", "<<"]), None);
    }

    #[test]
    fn what_cannot_be_merged_is_refused() {
        let mapping = "a merge key takes a map or a list of maps";
        let alias = "a merge key takes an alias of a map only";
        for (text, wanted) in [
            ("a: {<<: 1}", format!("{mapping} (<input>:1:9)")),
            ("a:\n  <<:\n", format!("{mapping} (<input>:2:6)")),
            ("a: {<<: [[{b: c}]]}", format!("{mapping} (<input>:1:10)")),
            ("a: &a 1\nb: {<<: *a}", format!("{alias} (<input>:2:9)")),
            (
                "a: &a [{b: c}]\nb: {<<: *a}",
                format!("{alias} (<input>:2:9)"),
            ),
            (
                "a: {<<: {b: c}, <<: {d: e}}",
                "a map has one merge key `<<` at most (<input>:1:17)".to_owned(),
            ),
        ] {
            assert_eq!(refusal(text), wanted, "{text}");
        }
    }
}
