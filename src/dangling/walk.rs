//! Walks the fields of an object that may name another object.

use std::cell::LazyCell;

use crate::resource::Resource;
use crate::yaml::{Entry, Node, Value};

/// A text that may be the name of an object.
pub(super) struct Reference<'r> {
    /// The object that says it.
    pub(super) by: &'r Resource,
    /// The keys that lead to it, the nearest last: its own, and those of the two above.
    pub(super) keys: [&'r str; 3],
    /// The text.
    pub(super) name: &'r Node,
    /// The text, without the namespace that an annotation may put before it.
    pub(super) text: &'r str,
    /// The kind that is said beside it.
    pub(super) kind: Option<&'r str>,
    /// The namespace that is said beside it.
    pub(super) namespace: Option<&'r str>,
    /// Whether what is named may be missing.
    pub(super) is_optional: bool,
    /// Whether it is the host of an address, and so a Service.
    pub(super) is_host: bool,
    /// The plural words beside a list of names: the `resources` of a rule.
    pub(super) plurals: Vec<&'r str>,
}

impl Reference<'_> {
    /// The key that says what is named: that of the map, if the field itself is called `name`.
    pub(super) fn word(&self) -> &str {
        let [_, above, own] = self.keys;
        if own == "name" { above } else { own }
    }

    /// Whether it names a ServiceAccount that rights are given to.
    pub(super) fn is_subject(&self) -> bool {
        self.keys[1] == "subjects" && self.kind == Some("ServiceAccount")
    }

    /// How it is told: `` `secretName` of Database `db` ``.
    pub(super) fn shown(&self) -> String {
        let [_, above, own] = self.keys;
        let field = match own {
            "name" if !above.is_empty() => format!("{above}.{own}"),
            _ => own.to_owned(),
        };
        format!("`{field}` of {}", super::shown(self.by))
    }

    /// Whether an object is where a reference looks for it.
    pub(super) fn reaches(&self, other: &Resource) -> bool {
        let (from, to) = (self.by.id(), other.id());
        if to.cluster_scoped {
            return true;
        }
        match self.namespace {
            Some(namespace) => to.namespace.is_empty() || to.effective_namespace() == namespace,
            None => {
                from.cluster_scoped
                    || from.namespace.is_empty()
                    || to.namespace.is_empty()
                    || from.same_namespace(to)
            }
        }
    }

    /// Whether an object had the name where a reference looks for it.
    pub(super) fn meant_formerly(&self, other: &Resource) -> bool {
        let id = other.id();
        let mut formers = other.history.previous.iter();
        formers.any(|former| {
            let has_name = former.name == self.text;
            match self.namespace {
                Some(namespace) => {
                    let has_left = former.name != id.name || id.effective_namespace() != namespace;
                    let was_there = former.namespace == namespace
                        || id.effective_namespace() == namespace
                        || id.cluster_scoped;
                    has_name && has_left && was_there
                }
                // Without a namespace, only a name can be another.
                None => has_name && former.name != id.name && self.reaches(other),
            }
        })
    }
}

/// Shows every text of an object that may be a name.
///
/// A former name may stand in any field and in any address. Without `formers`, only the fields that
/// [`names_an_object`] knows are shown.
pub(super) fn references<'r>(
    resource: &'r Resource,
    formers: bool,
    visit: &mut dyn FnMut(Reference<'r>),
) {
    let mut walker = Walker {
        by: resource,
        formers,
        visit,
    };
    let kind = resource.id().gvk.kind.as_str();
    let holds_data = matches!(kind, "ConfigMap" | "Secret");
    for entry in resource.node.entries() {
        match entry.key.text().unwrap_or_default() {
            "apiVersion" | "kind" | "status" => {}
            "data" if kind == "ConfigMap" => walker.addresses(&entry.value),
            "data" | "stringData" | "binaryData" if holds_data => {}
            "metadata" => walker.annotations(&entry.value),
            // A definition names one object: the service that converts its versions.
            "spec" if kind == "CustomResourceDefinition" => {
                if let Some(conversion) = entry.value.get("conversion") {
                    walker.node(conversion, ["", "spec", "conversion"]);
                }
            }
            key => walker.node(&entry.value, ["", "", key]),
        }
    }
}

/// What the map of a name says of the object that is named.
#[derive(Default)]
struct Beside<'r> {
    kind: Option<&'r str>,
    namespace: Option<&'r str>,
    is_optional: bool,
    resources: &'r [Node],
}

impl<'r> Beside<'r> {
    fn of(map: &'r Node) -> Self {
        let field = |field: &str| map.get(field).and_then(Node::text);
        Self {
            kind: field("kind"),
            namespace: field("namespace"),
            is_optional: field("optional") == Some("true"),
            resources: map.get("resources").map_or(&[][..], Node::items),
        }
    }
}

struct Walker<'r, 'v> {
    by: &'r Resource,
    /// Whether former names are looked for, too.
    formers: bool,
    visit: &'v mut dyn FnMut(Reference<'r>),
}

impl<'r> Walker<'r, '_> {
    /// `keys` are those that lead to the node, the nearest last.
    fn node(&mut self, node: &'r Node, keys: [&'r str; 3]) {
        match &node.value {
            Value::Map(entries) => self.map(node, entries, keys),
            Value::Seq(items) => {
                let is_read = self.reads(keys[2]);
                for item in items {
                    match &item.value {
                        Value::Scalar(text) if is_read => {
                            self.text(item, text, keys, &Beside::default());
                        }
                        _ => self.node(item, keys),
                    }
                }
            }
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    /// Whether the texts of a field may be names that are looked for.
    fn reads(&self, key: &str) -> bool {
        self.formers || names_an_object(key)
    }

    fn map(&mut self, node: &'r Node, entries: &'r [Entry], keys: [&'r str; 3]) {
        let beside = LazyCell::new(|| Beside::of(node));
        for entry in entries {
            let key = entry.key.text().unwrap_or_default();
            let below = [keys[1], keys[2], key];
            match &entry.value.value {
                Value::Scalar(_) if !self.reads(key) => {}
                _ if selects(key) => {}
                Value::Scalar(_) if is_beside(key) => {}
                Value::Scalar(text) => self.text(&entry.value, text, below, &beside),
                Value::Seq(items) if self.formers && key == "resourceNames" => {
                    for item in items {
                        if let Value::Scalar(text) = &item.value {
                            self.text(item, text, below, &beside);
                        }
                    }
                }
                _ => self.node(&entry.value, below),
            }
        }
    }

    /// Annotations name objects by their last part, often with a namespace before the name.
    fn annotations(&mut self, metadata: &'r Node) {
        let annotations = metadata.get("annotations").map_or(&[][..], Node::entries);
        for entry in annotations {
            let key = entry.key.text().unwrap_or_default();
            let Some((_, last)) = key.rsplit_once('/') else {
                continue;
            };
            if let Value::Scalar(text) = &entry.value.value {
                let keys = ["", "annotations", last];
                if self.reads(last) {
                    self.text(&entry.value, text, keys, &Beside::default());
                }
            }
        }
    }

    /// Texts of a ConfigMap that are addresses as a whole.
    fn addresses(&mut self, data: &'r Node) {
        if !self.formers {
            return;
        }
        for entry in data.entries() {
            if let Value::Scalar(text) = &entry.value.value {
                self.address(
                    &entry.value,
                    text,
                    ["", "", entry.key.text().unwrap_or_default()],
                );
            }
        }
    }

    fn address(&mut self, node: &'r Node, text: &'r str, keys: [&'r str; 3]) {
        // Only by a former name is a host told from one outside of the cluster.
        if !self.formers || !text.contains(':') && !text.contains(".svc") {
            return;
        }
        // What stands before a colon in an image is no host.
        if keys[2].to_ascii_lowercase().contains("image") {
            return;
        }
        if let Some((name, namespace)) = host(text) {
            (self.visit)(Reference {
                by: self.by,
                keys,
                name: node,
                text: name,
                kind: None,
                namespace,
                is_optional: false,
                is_host: true,
                plurals: Vec::new(),
            });
        }
    }

    fn text(&mut self, node: &'r Node, text: &'r str, keys: [&'r str; 3], beside: &Beside<'r>) {
        let is_annotation = keys[1] == "annotations";
        let (before, name) = match text.split_once('/') {
            Some((namespace, name)) if is_annotation => (Some(namespace), name),
            _ => (None, text),
        };
        self.address(node, text, keys);
        if !is_name(name) {
            return;
        }
        let is_named = keys[2] == "name";
        let plurals = match keys[2] {
            "resourceNames" => beside.resources,
            _ => &[],
        };
        (self.visit)(Reference {
            by: self.by,
            keys,
            name: node,
            text: name,
            kind: beside.kind.filter(|_| is_named),
            namespace: before.or(beside.namespace).filter(|it| !it.is_empty()),
            is_optional: beside.is_optional,
            is_host: false,
            plurals: plurals.iter().filter_map(Node::text).collect(),
        });
    }
}

/// The service and the namespace in an address within the cluster: `http://web:80/`, `db:5432`,
/// `--cache=cache.shop.svc:6379`.
fn host(text: &str) -> Option<(&str, Option<&str>)> {
    let text = match text.split_once('=') {
        Some((flag, value)) if flag.starts_with('-') => value,
        _ => text,
    };
    let (has_scheme, rest) = match text.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, text),
    };
    let authority = rest.split(['/', '?']).next()?;
    let address = authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address);
    let (host, port) = match address.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (address, None),
    };
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let has_port = port.is_some_and(is_number);
    let is_label = |label: &&str| {
        let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(is_inside)
    };
    let mut labels = host.split('.');
    let name = labels.next().filter(is_label)?;
    let namespace = labels.next();
    let is_inside = labels.next().map(|label| label == "svc");
    let is_address = has_scheme || has_port || is_inside == Some(true);
    (is_address && is_inside != Some(false) && (port.is_none() || has_port))
        .then_some((name, namespace))
}

/// Whether a text can be the name of an object: no variable, no path, no number alone.
fn is_name(text: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    (1..=253).contains(&text.len()) && text.bytes().all(is_inside)
}

/// Whether a field of this name may name an object for certain, by itself or by the kind beside it:
/// no other stands in the tables of `missing`.
pub(super) fn names_an_object(key: &str) -> bool {
    key.ends_with("ame") || key.ends_with("issuer")
}

/// Whether a field picks objects by labels, where a value may be anything.
fn selects(key: &str) -> bool {
    matches!(
        key,
        "annotations"
            | "commonLabels"
            | "labels"
            | "matchExpressions"
            | "matchLabels"
            | "nodeSelector"
            | "ownerReferences"
            | "podLabels"
            | "selector"
    )
}

/// Whether a field stands beside a name and is none.
fn is_beside(key: &str) -> bool {
    matches!(
        key,
        "apiGroup" | "apiVersion" | "group" | "kind" | "namespace" | "optional"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_within_the_cluster_names_a_service() {
        for (text, wanted) in [
            ("http://web", Some(("web", None))),
            ("redis:6379", Some(("redis", None))),
            (
                "postgres://user:secret@db.shop:5432/app?x=1",
                Some(("db", Some("shop"))),
            ),
            (
                "--cache=cache.shop.svc.cluster.local",
                Some(("cache", Some("shop"))),
            ),
            ("https://web.example.com/", None),
            ("web", None),
            ("web.shop", None),
            ("a:1,b:2", None),
            ("web:http", None),
            ("12:30:00", None),
            ("://", None),
        ] {
            assert_eq!(host(text), wanted, "{text}");
        }
    }
}
