//! Edits of `labels`, `commonLabels` and `commonAnnotations`.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Tag};

use super::tree::{Tree, key_text, own_member, set_text, text_node};
use super::{Force, Missing, Pairs};

impl Pairs {
    fn field(self) -> &'static str {
        match self {
            Self::Labels => "commonLabels",
            Self::Annotations => "commonAnnotations",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Labels => "label",
            Self::Annotations => "annotation",
        }
    }
}

/// Reads `KEY:VALUE` or `KEY`; one pair of double quotes around the value goes.
///
/// # Errors
///
/// If the key is missing.
///
/// # Example
///
/// ```
/// use kustom_engine::edit::key_value;
///
/// assert_eq!(key_value("tier:\"web\"")?, ("tier".to_owned(), "web".to_owned()));
/// assert_eq!(key_value("tier")?, ("tier".to_owned(), String::new()));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn key_value(text: &str) -> Result<(String, String)> {
    let Some((key, value)) = text.split_once(':') else {
        return Ok((text.to_owned(), String::new()));
    };
    if key.is_empty() {
        let message = format!("`{text}` has no key before the `:`");
        return Err(Error::new(Kind::Kustomization, message).help("write `KEY:VALUE`"));
    }
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Ok((key.to_owned(), quoted.unwrap_or(value).to_owned()))
}

/// Reads `KEY:VALUE,KEY:VALUE`.
///
/// # Errors
///
/// As [`key_value`].
pub fn key_values(text: &str) -> Result<Vec<(String, String)>> {
    match text {
        "" => Ok(Vec::new()),
        text => text.split(',').map(key_value).collect(),
    }
}

/// The pairs, each key once with its last value.
fn last_values(pairs: &[(String, String)]) -> Vec<&(String, String)> {
    let is_last = |at: usize, key: &str| !pairs[at + 1..].iter().any(|(later, _)| later == key);
    let pairs = pairs.iter().enumerate();
    pairs
        .filter(|(at, (key, _))| is_last(*at, key))
        .map(|(_, pair)| pair)
        .collect()
}

/// Sets pairs in `commonLabels` or `commonAnnotations`.
pub(super) fn add(
    tree: &mut Tree,
    pairs: Pairs,
    values: &[(String, String)],
    force: Force,
) -> Result<()> {
    let map = tree.map_mut(pairs.field());
    for (key, value) in last_values(values) {
        set_pair(map, key, value, force, pairs.word())?;
    }
    Ok(())
}

/// Sets a pair in a map of texts.
fn set_pair(map: &mut Node, key: &str, value: &str, force: Force, word: &str) -> Result<()> {
    let Some(entries) = map.entries_mut() else {
        return Ok(());
    };
    let at = entries
        .iter()
        .rposition(|entry| key_text(&entry.key) == key);
    let Some(at) = at else {
        entries.push(Entry {
            key: text_node(key),
            value: text_node(value),
        });
        return Ok(());
    };
    let entry = &mut entries[at];
    if force == Force::No {
        let message = format!("the {word} `{key}` is there already");
        return Err(Error::new(Kind::Kustomization, message)
            .at(entry.key.span)
            .help("say `--force` to replace its value"));
    }
    set_text(&mut entry.value, value);
    Ok(())
}

/// Adds labels to the first entry of `labels` with the same reach, or to a new one.
pub(super) fn add_without_selectors(
    tree: &mut Tree,
    pairs: &[(String, String)],
    include_templates: bool,
    force: Force,
) -> Result<()> {
    for (key, value) in last_values(pairs) {
        let is_on = |item: &Node, name: &str| is_true(tree, item, name);
        let found = tree.items("labels").iter().position(|item| {
            !is_on(item, "includeSelectors") && is_on(item, "includeTemplates") == include_templates
        });
        if let Some(index) = found {
            if let Some((item, anchors)) = tree.item_mut("labels", index)
                && let Some(map) = own_member(item, "pairs", anchors, || Node::map(Vec::new()))
            {
                if map.is_null() {
                    *map = Node {
                        span: map.span,
                        ..Node::map(Vec::new())
                    };
                }
                set_pair(map, key, value, force, "label")?;
            }
            continue;
        }
        let pair = Entry {
            key: text_node(key),
            value: text_node(value),
        };
        let mut entries = vec![Entry::new("pairs", Node::map(vec![pair]))];
        if include_templates {
            entries.push(Entry::new(
                "includeTemplates",
                Node::scalar("true", Tag::Bool),
            ));
        }
        if let Some(items) = tree.list_mut("labels") {
            items.push(Node::map(entries));
        }
    }
    Ok(())
}

/// Whether a member is true, in the words of YAML 1.1.
pub(super) fn is_true(tree: &Tree, item: &Node, name: &str) -> bool {
    tree.member(item, name)
        .and_then(Node::text)
        .is_some_and(|word| {
            let word = word.to_ascii_lowercase();
            matches!(word.as_str(), "true" | "yes" | "on" | "y")
        })
}

/// Removes pairs; a map that is empty then goes.
pub(super) fn remove(
    tree: &mut Tree,
    pairs: Pairs,
    keys: &[String],
    missing: Missing,
) -> Result<()> {
    let (field, word) = (pairs.field(), pairs.word());
    let refused = |tree: &Tree, message: String| {
        let error = Error::new(Kind::Kustomization, message);
        if pairs == Pairs::Labels && !tree.items("labels").is_empty() {
            return error.help("this removes from `commonLabels` only; `labels` is edited by hand");
        }
        error.help("say `--ignore-non-existence` if it may be missing")
    };
    if tree.field(field).is_none() {
        return match missing {
            Missing::Ignored => Ok(()),
            Missing::Refused => Err(refused(tree, format!("there is no `{field}`"))),
        };
    }
    let mut gone: Vec<&str> = Vec::new();
    for key in keys {
        let is_there = |entry: &Entry| key_text(&entry.key) == *key;
        let entries = tree.field(field).map_or(&[][..], Node::entries);
        let is_missing = !entries.iter().any(is_there) || gone.contains(&key.as_str());
        if is_missing && missing == Missing::Refused {
            return Err(refused(tree, format!("there is no {word} `{key}`")));
        }
        gone.push(key);
    }
    let map = tree.map_mut(field);
    if let Some(entries) = map.entries_mut() {
        entries.retain(|entry| !gone.contains(&&*key_text(&entry.key)));
        if entries.is_empty() {
            tree.remove(field);
        }
    }
    Ok(())
}
