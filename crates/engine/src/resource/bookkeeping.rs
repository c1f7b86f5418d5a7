//! What is remembered of a resource as annotations, where kustomize keeps it.
//!
//! A step that takes all annotations away, or copies them, does so with the notes among them.

use kustom_yaml::Node;
use kustom_yaml::error::Result;

use super::{History, Origin, RareList, Resource};

impl Resource {
    /// The object with what is remembered of it among its annotations.
    pub(crate) fn annotated(&self) -> Node {
        let mut node = self.node.clone();
        self.history.write_to(&mut node);
        node
    }

    /// Makes a change that may replace all annotations: what it leaves of the notes among them is
    /// remembered afterwards, and nothing else.
    ///
    /// # Errors
    ///
    /// Whatever `change` fails with, or if it leaves an origin that cannot be read.
    pub(crate) fn change_annotated<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let annotations = self.node.at(&["metadata", "annotations"]);
        if annotations.is_some_and(|node| !node.is_map() && !node.is_null()) {
            return change(self);
        }
        self.history.write_to(&mut self.node);
        let result = change(self)?;
        let left = History::take_from(&mut self.node);
        let before = std::mem::replace(&mut self.history, left);
        self.history.keep_own(before);
        self.take_origin()?;
        Ok(result)
    }

    /// Reads where it came from, as far as its annotations still say.
    ///
    /// # Errors
    ///
    /// If they are no YAML.
    pub(crate) fn take_origin(&mut self) -> Result<()> {
        if let Some(text) = remove_annotation(&mut self.node, Origin::ANNOTATION) {
            let origin = Origin::parse(text.text().unwrap_or_default())?;
            self.history.origin = Some(Box::new(origin));
        }
        if let Some(text) = remove_annotation(&mut self.node, Origin::TRANSFORMATIONS) {
            let list = Origin::parse_list(text.text().unwrap_or_default())?;
            self.history.transformations = list.into();
        }
        Ok(())
    }
}

impl History {
    /// Writes all that has an annotation into a node.
    fn write_to(&self, node: &mut Node) {
        for (key, value) in self.annotations() {
            annotate(node, &key, Node::string(value));
        }
        if let Some(origin) = &self.origin {
            annotate(node, Origin::ANNOTATION, Node::string(origin.to_text()));
        }
        if !self.transformations.is_empty() {
            let text = Origin::list_to_text(&self.transformations);
            annotate(node, Origin::TRANSFORMATIONS, Node::string(text));
        }
    }

    /// Takes over what has no annotation.
    fn keep_own(&mut self, before: Self) {
        self.bases = before.bases;
        self.vars = before.vars;
        self.secrets = before.secrets;
        // What was written just now stood behind what was read.
        self.read_with = match self.needs_hash {
            true => before.read_with,
            false => RareList::default(),
        };
    }
}

/// Sets an annotation.
pub(crate) fn annotate(node: &mut Node, key: &str, value: Node) {
    for field in ["metadata", "annotations"] {
        let parent = if field == "metadata" {
            Some(&mut *node)
        } else {
            node.get_mut("metadata")
        };
        if let Some(parent) = parent
            && !parent.get(field).is_some_and(Node::is_map)
        {
            parent.set(field, Node::map(Vec::new()));
        }
    }
    if let Some(annotations) = node.at_mut(&["metadata", "annotations"]) {
        annotations.set(key, value);
    }
}

/// Takes an annotation away, and the map if it was the last.
pub(crate) fn remove_annotation(node: &mut Node, key: &str) -> Option<Node> {
    let annotations = node.at_mut(&["metadata", "annotations"])?;
    let value = annotations.remove(key)?;
    if annotations.entries().is_empty() {
        node.get_mut("metadata")?.remove("annotations");
    }
    Some(value)
}
