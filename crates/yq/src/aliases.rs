//! Resolves the aliases of a document.

use std::collections::HashMap;

use kustom_yaml::{Node, Value};

/// The nodes that the aliases of a document stand for.
///
/// An anchor may be given twice: an alias means the last one before it.
#[derive(Debug, Default)]
pub(super) struct Aliases<'n> {
    targets: HashMap<*const Node, &'n Node>,
}

impl<'n> Aliases<'n> {
    /// Finds what every alias below `root` means.
    pub(super) fn of(root: &'n Node) -> Self {
        let mut aliases = Self::default();
        aliases.walk(root, &mut HashMap::new());
        aliases
    }

    fn walk(&mut self, node: &'n Node, anchors: &mut HashMap<&'n str, &'n Node>) {
        if let Some(anchor) = node
            .decor
            .as_ref()
            .and_then(|decor| decor.anchor.as_deref())
        {
            anchors.insert(anchor, node);
        }
        match &node.value {
            Value::Alias(name) => {
                if let Some(target) = anchors.get(name.as_str()) {
                    self.targets.insert(std::ptr::from_ref(node), target);
                }
            }
            Value::Seq(items) => {
                for item in items {
                    self.walk(item, anchors);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    self.walk(&entry.key, anchors);
                    self.walk(&entry.value, anchors);
                }
            }
            Value::Scalar(_) => {}
        }
    }

    /// The node itself, or what it stands for; `None` for an alias without an anchor.
    pub(super) fn resolve(&self, node: &'n Node) -> Option<&'n Node> {
        match node.value {
            Value::Alias(_) => self.targets.get(&std::ptr::from_ref(node)).copied(),
            _ => Some(node),
        }
    }
}
