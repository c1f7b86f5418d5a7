//! Classifies a difference.

use super::Sides;
use super::found::{Found, What};
use super::path::Path;
use super::renames::{Renames, Text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The class of a difference, sorted by importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The same, although everything says that it should differ.
    Suspicious,
    /// Decides what may be done and what runs: roles, images, security contexts, secrets.
    Security,
    /// Any other.
    Real,
    /// Another order of what has none.
    Order,
    /// The same, written otherwise: layout, comments, the spelling of an amount.
    Layout,
    /// Follows from what two environments call things.
    Expected,
    /// The project ignores it.
    Ignored,
}

impl Class {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Suspicious => "suspicious",
            Self::Security => "security",
            Self::Real => "real",
            Self::Order => "order",
            Self::Layout => "layout",
            Self::Expected => "expected",
            Self::Ignored => "ignored",
        }
    }

    /// Whether it counts as a difference, and is shown unasked.
    pub fn counts(self) -> bool {
        matches!(self, Self::Suspicious | Self::Security | Self::Real)
    }

    /// Whether it counts as one if nothing but what was foreseen may differ.
    pub fn counts_strictly(self) -> bool {
        self.counts() || matches!(self, Self::Order | Self::Layout)
    }
}

/// Fields that decide what a container may do, wherever they stand.
const GUARDED: [&str; 13] = [
    "allowPrivilegeEscalation",
    "automountServiceAccountToken",
    "capabilities",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "image",
    "privileged",
    "runAsNonRoot",
    "runAsUser",
    "securityContext",
    "serviceAccountName",
];

/// Fields that the server writes into every object.
const SERVERS: [&[&str]; 2] = [
    &["metadata", "generation"],
    &["metadata", "resourceVersion"],
];

/// The class of a difference between two resources.
pub(super) fn class(found: &Found, resource: &Resource, mapping: &Renames, sides: Sides) -> Class {
    match found.what {
        What::Same(..) => return Class::Suspicious,
        What::Order { counts: false } => return Class::Order,
        What::Form => return Class::Layout,
        _ => {}
    }
    let is_servers = || SERVERS.iter().any(|fields| found.path.is(fields));
    if (sides == Sides::Cluster && is_servers()) || is_expected(found, resource, mapping) {
        Class::Expected
    } else if is_guarded(found, resource) {
        Class::Security
    } else {
        Class::Real
    }
}

/// The class of a resource that only one side has.
pub(super) fn class_alone(resource: &Resource) -> Class {
    if is_guarding(resource) {
        Class::Security
    } else {
        Class::Real
    }
}

/// What the names of things predict; not in the language of others, of which nothing is known.
fn is_expected(found: &Found, resource: &Resource, mapping: &Renames) -> bool {
    if found.is_embedded || found.is_secret || found.what != What::Value {
        return false;
    }
    let (Some(from), Some(to)) = (&found.from, &found.to) else {
        return false;
    };
    let is_literal = is_literal(&found.path, resource);
    let place = if is_literal {
        Text::Literal
    } else {
        Text::Field
    };
    let texts = from.text().filter(|_| from.tag == to.tag).zip(to.text());
    texts.is_some_and(|(from, to)| mapping.predicts(from, to, place))
}

/// Whether a value is a program's: a literal of a ConfigMap, a variable, an argument; or an image,
/// of which another tag is another program.
fn is_literal(path: &Path, resource: &Resource) -> bool {
    let mut fields = path.fields();
    let is_data = || matches!(path.fields().next(), Some("data" | "binaryData"));
    (resource.id().gvk.kind == "ConfigMap" && is_data())
        || fields.any(|field| matches!(field, "args" | "command" | "env" | "image"))
}

fn is_guarded(found: &Found, resource: &Resource) -> bool {
    found.is_secret
        || (is_guarding(resource) && found.path.fields().next() != Some("metadata"))
        || (!found.is_embedded
            && found
                .path
                .fields()
                .any(|field| GUARDED.binary_search(&field).is_ok()))
        || found
            .to
            .as_ref()
            .or(found.from.as_ref())
            .is_some_and(holds_guarded)
}

fn is_guarding(resource: &Resource) -> bool {
    let gvk = &resource.id().gvk;
    gvk.group == "rbac.authorization.k8s.io"
        || matches!(
            gvk.kind.as_str(),
            "NetworkPolicy" | "Secret" | "ServiceAccount"
        )
}

/// Whether a value that was added or removed as a whole decides what a container may do.
fn holds_guarded(node: &Node) -> bool {
    let is_guarded = |key: Option<&str>| key.is_some_and(|key| GUARDED.binary_search(&key).is_ok());
    node.entries()
        .iter()
        .any(|entry| is_guarded(entry.key.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(GUARDED.is_sorted());
    }
}
