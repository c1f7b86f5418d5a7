//! Edits of lists of names: `resources`, `components` and the like.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;

use super::glob::is_match;
use super::remark;
use super::tree::{Tree, text_node};

/// A field that is a list of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `resources`, and the deprecated `bases`, which is read along with it.
    Resources,
    /// `components`
    Components,
    /// `configurations`
    Configurations,
    /// `generators`
    Generators,
    /// `transformers`
    Transformers,
    /// `buildMetadata`
    BuildMetadata,
}

impl List {
    /// The name of the field.
    pub fn field(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Components => "components",
            Self::Configurations => "configurations",
            Self::Generators => "generators",
            Self::Transformers => "transformers",
            Self::BuildMetadata => "buildMetadata",
        }
    }

    /// The fields that are read as one list.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Resources => &["resources", "bases"],
            Self::Components => &["components"],
            Self::Configurations => &["configurations"],
            Self::Generators => &["generators"],
            Self::Transformers => &["transformers"],
            Self::BuildMetadata => &["buildMetadata"],
        }
    }
}

fn has(tree: &Tree, list: List, item: &str) -> bool {
    let mut items = list.fields().iter().flat_map(|field| tree.items(field));
    items.any(|node| tree.text(Some(node)) == item)
}

fn push(tree: &mut Tree, list: List, item: &str) {
    if let Some(items) = tree.list_mut(list.field()) {
        items.push(text_node(item));
    }
}

/// Adds items; one that is there is passed over.
pub(super) fn add(tree: &mut Tree, list: List, items: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for item in items {
        if has(tree, list, item) {
            let message = format!("`{item}` is in `{}` already", list.field());
            findings.push(remark(message));
        } else {
            push(tree, list, item);
        }
    }
    findings
}

/// Adds items, none of which may be there.
pub(super) fn add_new(tree: &mut Tree, list: List, items: &[String]) -> Result<Vec<Finding>> {
    for item in items {
        if has(tree, list, item) {
            let message = format!("`{item}` is in `{}` already", list.field());
            return Err(Error::new(Kind::Kustomization, message).help("leave it out"));
        }
        push(tree, list, item);
    }
    Ok(Vec::new())
}

/// Replaces a list; items that stay keep their place in the text.
pub(super) fn set(tree: &mut Tree, list: List, items: &[String]) {
    let mut old: Vec<_> = tree.items(list.field()).to_vec();
    let new = items.iter().map(|item| {
        let at = old
            .iter()
            .position(|node| node.text() == Some(item.as_str()));
        at.map_or_else(|| text_node(item), |at| old.remove(at))
    });
    let new: Vec<_> = new.collect();
    if let Some(items) = tree.list_mut(list.field()) {
        *items = new;
    }
}

/// Removes the items that match a pattern.
pub(super) fn remove(tree: &mut Tree, list: List, patterns: &[String]) -> Result<Vec<Finding>> {
    let mut matched = vec![false; patterns.len()];
    for field in list.fields() {
        let mut goes = Vec::new();
        for node in tree.items(field) {
            let item = tree.text(Some(node));
            let mut is_meant = false;
            for (pattern, matched) in patterns.iter().zip(&mut matched) {
                if is_match(pattern, item)? {
                    (is_meant, *matched) = (true, true);
                }
            }
            goes.push(is_meant);
        }
        if goes.contains(&true) {
            tree.retain(field, |index| !goes[index]);
        }
    }
    let unmatched = patterns.iter().zip(matched).filter(|(_, is_it)| !is_it);
    Ok(unmatched
        .map(|(pattern, _)| {
            let message = format!("nothing in `{}` matches `{pattern}`", list.field());
            remark(message).help("nothing was removed for it; an entry is named as it is written")
        })
        .collect())
}
