//! Edits of `patches`.

use kustom_yaml::finding::Finding;
use kustom_yaml::{Entry, Node};

use super::remark;
use super::tree::{Tree, text_node};

/// An entry of `patches`; what is empty is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchArgument {
    /// The file of the patch.
    pub path: String,
    /// The patch itself.
    pub patch: String,
    /// The API group of the target.
    pub group: String,
    /// Its version.
    pub version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// A selector of its annotations.
    pub annotation_selector: String,
    /// A selector of its labels.
    pub label_selector: String,
}

impl PatchArgument {
    fn target(&self) -> [(&'static str, &str); 7] {
        [
            ("group", &self.group),
            ("version", &self.version),
            ("kind", &self.kind),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("annotationSelector", &self.annotation_selector),
            ("labelSelector", &self.label_selector),
        ]
    }

    fn has_target(&self) -> bool {
        self.target().iter().any(|(_, text)| !text.is_empty())
    }

    /// Whether an entry says just this.
    fn is(&self, tree: &Tree, item: &Node) -> bool {
        let text = |node: &Node, name: &str| tree.text(tree.member(node, name)).to_owned();
        let has_same_target = match tree.member(item, "target") {
            None => !self.has_target(),
            Some(target) => {
                self.has_target()
                    && self
                        .target()
                        .iter()
                        .all(|(name, wanted)| text(target, name) == *wanted)
            }
        };
        has_same_target
            && tree.member(item, "options").is_none()
            && text(item, "path") == self.path
            && text(item, "patch") == self.patch
    }

    fn entry(&self) -> Node {
        let filled = |fields: &[(&'static str, &str)]| -> Vec<Entry> {
            let fields = fields.iter().filter(|(_, text)| !text.is_empty());
            fields
                .map(|(name, text)| Entry::new(*name, text_node(text)))
                .collect()
        };
        let mut entries = filled(&[("path", &self.path), ("patch", &self.patch)]);
        if self.has_target() {
            entries.push(Entry::new("target", Node::map(filled(&self.target()))));
        }
        Node::map(entries)
    }
}

/// Adds an entry, unless it is there.
pub(super) fn add(tree: &mut Tree, patch: &PatchArgument) -> Vec<Finding> {
    let is_there = tree
        .items("patches")
        .iter()
        .any(|item| patch.is(tree, item));
    if is_there {
        return vec![remark("the patch is in `patches` already")];
    }
    if let Some(items) = tree.list_mut("patches") {
        items.push(patch.entry());
    }
    Vec::new()
}

/// Removes the entries that say just this.
pub(super) fn remove(tree: &mut Tree, patch: &PatchArgument) -> Vec<Finding> {
    let items = tree.items("patches").iter();
    let goes: Vec<bool> = items.map(|item| patch.is(tree, item)).collect();
    if !goes.contains(&true) {
        let finding = remark("no entry of `patches` says just this");
        return vec![finding.help("path, patch and target must be those of the entry")];
    }
    tree.retain("patches", |index| !goes[index]);
    Vec::new()
}
