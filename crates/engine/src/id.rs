//! Identifies objects by group, version, kind, namespace and name, and compares such ids.
//!
//! The rules are kustomize's: a namespace that is absent and one that says `default` are the same,
//! and an object that is known to be cluster-scoped has none, whatever it says.

use std::fmt;
use std::hash::{Hash, Hasher};

use compact_str::CompactString;
use kustom_yaml::cut::Cut as _;

/// The namespace that stands for "none" in a cluster-scoped object's id.
pub const NO_NAMESPACE: &str = "_non_namespaceable_";

/// The namespace of an object that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The kinds that others need: they come first, in this order.
pub(crate) const FIRST_KINDS: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// The kinds that need others: they come last, in this order.
pub(crate) const LAST_KINDS: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Group, version and kind of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gvk {
    /// The part of `apiVersion` before the first slash; empty for the core group.
    pub group: CompactString,
    /// The rest of `apiVersion`.
    pub version: CompactString,
    /// The kind.
    pub kind: CompactString,
}

/// The identity of an object within a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Id {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The name.
    pub name: CompactString,
    /// The namespace as the object says it; empty if it says none.
    pub namespace: CompactString,
    /// Whether the kind is known to have no namespace.
    pub cluster_scoped: bool,
}

/// An [`Id`] in the form in which equal objects are equal: what indexes are keyed by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    gvk: Gvk,
    name: CompactString,
    namespace: CompactString,
}

/// A [`Key`] that borrows from its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRef<'i> {
    // The kind alone tells nearly all types apart, and comes first.
    kind: &'i str,
    name: &'i str,
    namespace: &'i str,
    group: &'i str,
    version: &'i str,
}

impl<'i> KeyRef<'i> {
    /// Of an id with the group and the version of a type, and another kind, name and namespace.
    pub(crate) fn of(gvk: &'i Gvk, kind: &'i str, name: &'i str, namespace: &'i str) -> Self {
        let namespace = match namespace {
            "" => DEFAULT_NAMESPACE,
            namespace => namespace,
        };
        Self {
            kind,
            name,
            namespace,
            group: &gvk.group,
            version: &gvk.version,
        }
    }
}

/// Kind, name and namespace tell nearly all ids apart.
impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, self.name, self.namespace).hash(state);
    }
}

/// The kind alone tells nearly all types apart.
impl Hash for Gvk {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

impl Gvk {
    /// From the two fields that every object has.
    ///
    /// # Example
    ///
    /// ```
    /// let gvk = kustom_engine::id::Gvk::new("apps/v1", "Deployment");
    /// assert_eq!((gvk.group.as_str(), gvk.version.as_str()), ("apps", "v1"));
    /// assert_eq!(kustom_engine::id::Gvk::new("v1", "Service").to_string(), "Service.v1.[noGrp]");
    /// ```
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = split(api_version);
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// Whether it is [`Gvk::new`] of these fields.
    pub fn is_written(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = split(api_version);
        self.kind == kind && self.version == version && self.group == group
    }

    /// The `apiVersion` field.
    pub fn api_version(&self) -> CompactString {
        if self.group.is_empty() {
            return self.version.clone();
        }
        compact_str::format_compact!("{}/{}", self.group, self.version)
    }

    /// Whether every part that `pattern` gives is the same here; an empty part says nothing.
    pub fn is_selected_by(&self, pattern: &Self) -> bool {
        let fits = |pattern: &str, part: &str| pattern.is_empty() || pattern == part;
        fits(&pattern.group, &self.group)
            && fits(&pattern.version, &self.version)
            && fits(&pattern.kind, &self.kind)
    }
}

impl Id {
    /// The namespace that decides whether two objects are the same.
    pub fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            DEFAULT_NAMESPACE
        } else {
            &self.namespace
        }
    }

    /// The object in the words of its user, with backticks: ``Deployment `shop/web` ``. What is not
    /// known of it is left out.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::id::{Gvk, Id};
    ///
    /// let mut id = Id { gvk: Gvk::new("apps/v1", "Deployment"), ..Id::default() };
    /// id.name = "web".into();
    /// assert_eq!(id.shown(), "Deployment `web`");
    /// id.namespace = "shop".into();
    /// assert_eq!(id.shown(), "Deployment `shop/web`");
    /// ```
    pub fn shown(&self) -> String {
        let kind = or(&self.gvk.kind, "object");
        match (self.name.as_str(), self.namespace.as_str()) {
            ("", "") => kind.to_owned(),
            ("", namespace) => format!("{kind} of the namespace `{namespace}`"),
            (name, "") => format!("{kind} `{name}`"),
            (name, namespace) => format!("{kind} `{namespace}/{name}`"),
        }
    }

    /// Whether both live in the same namespace, or in none.
    pub fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// The form in which equal objects are equal, for as long as the id is there.
    pub fn key_ref(&self) -> KeyRef<'_> {
        KeyRef::of(
            &self.gvk,
            &self.gvk.kind,
            &self.name,
            self.effective_namespace(),
        )
    }

    /// The form in which equal objects are equal.
    pub fn key(&self) -> Key {
        Key {
            gvk: self.gvk.clone(),
            name: self.name.clone(),
            namespace: self.effective_namespace().into(),
        }
    }
}

/// `Kind.version.group`, with a word in brackets for what is missing.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = or(&self.kind, "[noKind]");
        let version = or(&self.version, "[noVer]");
        write!(f, "{kind}.{version}.{}", or(&self.group, "[noGrp]"))
    }
}

/// `Kind.version.group/name.namespace`, as kustomize prints it.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = or(&self.name, "[noName]");
        write!(f, "{}/{name}.{}", self.gvk, or(&self.namespace, "[noNs]"))
    }
}

/// Group and version of an `apiVersion`, which is too short for a search that has to be set up.
fn split(api_version: &str) -> (&str, &str) {
    let slash = api_version.bytes().position(|byte| byte == b'/');
    slash.map_or(("", api_version), |at| {
        (api_version.cut(..at), api_version.cut(at + 1..))
    })
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(namespace: &str, cluster_scoped: bool) -> Id {
        let gvk = Gvk::new("v1", "Thing");
        Id {
            gvk,
            name: "x".into(),
            namespace: namespace.into(),
            cluster_scoped,
        }
    }

    #[test]
    fn no_namespace_and_default_are_the_same() {
        assert_eq!(id("", false).key(), id("default", false).key());
        assert_ne!(id("", false).key(), id("other", false).key());
    }

    #[test]
    fn a_cluster_scoped_object_has_no_namespace_whatever_it_says() {
        assert_eq!(id("a", true).key(), id("b", true).key());
        assert_ne!(id("a", true).key(), id("a", false).key());
    }

    #[test]
    fn an_empty_part_of_a_pattern_says_nothing() {
        let deployment = Gvk::new("apps/v1", "Deployment");
        assert!(deployment.is_selected_by(&Gvk::new("", "Deployment")));
        assert!(!deployment.is_selected_by(&Gvk::new("extensions/", "Deployment")));
    }
}
