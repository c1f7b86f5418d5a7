//! The name of an object on the command line: `KIND/NAME` or `KIND/NAMESPACE/NAME`.

use super::Life;
use crate::error::{Error, Kind, Result};
use crate::id::Id;
use crate::yaml::{Wildcards, matches_pattern};

/// An object, by kind and name; its namespace only where that is said.
///
/// A kind is written in any case, alone or with its group (`Deployment.apps`), and may be the plural
/// (`deployments`) or one of kubectl's short names (`deploy`). The name is any that the object had.
///
/// # Example
///
/// ```
/// use kustom::explain::ObjectName;
///
/// let name: ObjectName = "deploy/shop/web".parse()?;
/// assert_eq!(name.to_string(), "deploy/shop/web");
/// assert!("web".parse::<ObjectName>().is_err());
/// # Ok::<(), kustom::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    kind: String,
    namespace: Option<String>,
    name: String,
}

/// kubectl's short names, for kinds that one meets every day.
const SHORT: [(&str, &str); 24] = [
    ("cm", "configmap"),
    ("crd", "customresourcedefinition"),
    ("cj", "cronjob"),
    ("deploy", "deployment"),
    ("ds", "daemonset"),
    ("ep", "endpoints"),
    ("hpa", "horizontalpodautoscaler"),
    ("ing", "ingress"),
    ("limits", "limitrange"),
    ("netpol", "networkpolicy"),
    ("ns", "namespace"),
    ("no", "node"),
    ("pc", "priorityclass"),
    ("pdb", "poddisruptionbudget"),
    ("po", "pod"),
    ("pv", "persistentvolume"),
    ("pvc", "persistentvolumeclaim"),
    ("quota", "resourcequota"),
    ("rc", "replicationcontroller"),
    ("rs", "replicaset"),
    ("sa", "serviceaccount"),
    ("sc", "storageclass"),
    ("sts", "statefulset"),
    ("svc", "service"),
];

impl std::str::FromStr for ObjectName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (*kind, None, *name),
            [kind, namespace, name] => (*kind, Some((*namespace).to_owned()), *name),
            _ => ("", None, ""),
        };
        if kind.is_empty() || name.is_empty() {
            let message = format!("`{text}` names no object");
            return Err(Error::new(Kind::Project, message)
                .help("write `KIND/NAME` or `KIND/NAMESPACE/NAME`, such as `Deployment/web`"));
        }
        Ok(Self {
            kind: kind.to_owned(),
            namespace,
            name: name.to_owned(),
        })
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let namespace = self.namespace.iter().map(|it| format!("{it}/"));
        let namespace: String = namespace.collect();
        write!(f, "{}/{namespace}{}", self.kind, self.name)
    }
}

impl ObjectName {
    /// The name as it is written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an id is of this object; nobody's namespace is any.
    pub fn means(&self, id: &Id) -> bool {
        let namespace = self.namespace.as_deref();
        *id.name == *self.name
            && self.means_kind(id)
            && namespace.is_none_or(|wanted| wanted == id.effective_namespace())
    }

    /// Whether an id is among those that are meant, where `*` stands for any text.
    pub fn selects(&self, id: &Id) -> bool {
        let fits = |pattern: &str, text: &str| matches_pattern(pattern, text, Wildcards::Star);
        let namespace = self.namespace.as_deref();
        fits(&self.name, &id.name)
            && (self.kind == "*" || self.means_kind(id))
            && namespace.is_none_or(|wanted| fits(wanted, id.effective_namespace()))
    }

    /// Whether an object has it now or had it once.
    pub(super) fn means_life(&self, life: &Life) -> bool {
        let namespace = self.namespace.as_deref();
        let is_there = |id: &Id| namespace.is_none_or(|it| it == id.effective_namespace());
        self.means(life.id())
            || life.ids().any(|id| self.means(id))
            || (life.ids().any(is_there)
                && life
                    .ids()
                    .any(|id| *id.name == *self.name && self.means_kind(id)))
    }

    pub(super) fn means_kind(&self, id: &Id) -> bool {
        let wanted = self.kind.to_lowercase();
        let (wanted, group) = match wanted.split_once('.') {
            Some((kind, group)) => (kind, Some(group)),
            None => (wanted.as_str(), None),
        };
        let short = SHORT.iter().find(|(short, _)| *short == wanted);
        let wanted = short.map_or(wanted, |(_, kind)| kind);
        let kind = id.gvk.kind.to_lowercase();
        let is_plural = || {
            let stem = wanted.strip_suffix("ies").map(|stem| format!("{stem}y"));
            wanted.strip_suffix('s') == Some(&kind)
                || wanted.strip_suffix("es") == Some(&kind)
                || stem.is_some_and(|stem| stem == kind)
        };
        (wanted == kind || is_plural())
            && group.is_none_or(|group| group == id.gvk.group.to_lowercase())
    }
}

/// An object's name, as [`ObjectName`] reads it.
pub(super) fn named(id: &Id) -> String {
    match id.namespace.as_str() {
        "" => format!("{}/{}", id.gvk.kind, id.name),
        namespace => format!("{}/{namespace}/{}", id.gvk.kind, id.name),
    }
}
