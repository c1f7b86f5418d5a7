//! The order of the output.
//!
//! Kustomize's legacy order puts what others need first: kinds in a fixed order, then by group,
//! version and kind, then by namespace and name.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/sortoptions/>.

use std::cmp::Ordering;

use crate::id::{FIRST_KINDS, Id, LAST_KINDS};
use crate::resource::{Resource, Resources};
use crate::yaml::Str;

/// How resources are ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were added.
    Fifo,
    /// Some kinds first, some last, the others between them.
    Legacy {
        /// These kinds come first, in this order.
        first: Vec<Str>,
        /// These kinds come last, in this order.
        last: Vec<Str>,
    },
}

impl Order {
    /// The legacy order with its default kinds.
    pub fn legacy() -> Self {
        let kinds =
            |names: &[&'static str]| names.iter().map(|name| Str::const_new(name)).collect();
        Self::Legacy {
            first: kinds(&FIRST_KINDS),
            last: kinds(&LAST_KINDS),
        }
    }

    /// Puts resources in order; those that are equal in it keep theirs.
    pub fn apply(&self, resources: &mut Resources) {
        let Self::Legacy { first, last } = self else {
            return;
        };
        let rank = |kind: &str| {
            let in_last = last
                .iter()
                .rposition(|name| name == kind)
                .map(|at| at as i64 + 1);
            let in_first = || first.iter().rposition(|name| name == kind);
            in_last
                .or_else(|| in_first().map(|at| at as i64 - first.len() as i64))
                .unwrap_or_default()
        };
        let list = resources.list_mut();
        let mut keyed: Vec<(SortKey, Resource)> = list
            .drain(..)
            .map(|resource| {
                (
                    SortKey::new(rank(&resource.id().gvk.kind), resource.id()),
                    resource,
                )
            })
            .collect();
        keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
        list.extend(keyed.into_iter().map(|(_, resource)| resource));
    }
}

/// What is compared, made once for each resource.
#[derive(PartialEq, Eq)]
struct SortKey {
    rank: i64,
    /// `group_version_kind`, with a tilde word for what is missing.
    gvk: String,
    is_core_namespace: bool,
    is_namespace: bool,
    /// `gvk|namespace|name`, with a tilde word for what is missing.
    id: String,
}

impl SortKey {
    fn new(rank: i64, id: &Id) -> Self {
        let or = |text: &Str, word: &'static str| {
            if text.is_empty() {
                Str::const_new(word)
            } else {
                text.clone()
            }
        };
        let gvk = &id.gvk;
        let (group, version) = (or(&gvk.group, "~G"), or(&gvk.version, "~V"));
        let is_namespace = gvk.kind == "Namespace";
        Self {
            rank,
            gvk: format!("{group}_{version}_{}", or(&gvk.kind, "~K")),
            is_core_namespace: is_namespace && gvk.group.is_empty(),
            is_namespace,
            id: format!("{gvk}|{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")),
        }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let by_gvk = || {
            let order = self.gvk.cmp(&other.gvk);
            // Of two Namespaces, the one of the core group is the one that others live in.
            let of_namespaces = self.is_namespace && other.is_namespace;
            if of_namespaces && (self.is_core_namespace || other.is_core_namespace) {
                order.reverse()
            } else {
                order
            }
        };
        self.rank
            .cmp(&other.rank)
            .then_with(by_gvk)
            .then_with(|| self.id.cmp(&other.id))
    }
}
