//! Updates name references after objects were renamed or moved to another namespace.
//!
//! [`Fields`] lists the fields that name other objects; the object that is meant is found by its
//! previous ids.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/namereference/>.

use std::collections::BTreeSet;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::{Node, Str, Value};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::fields::{self, FieldSpec, Fields, NameReference};
use crate::id::{Gvk, Id, NO_NAMESPACE};
use crate::resource::{History, Resource, Resources};

/// Sets every reference to what it refers to is called now.
///
/// # Errors
///
/// If a reference could mean several resources that have different names now, or a field has a
/// shape that no reference has.
pub fn apply(resources: &mut Resources, fields: &Fields) -> Result<()> {
    let targets = Targets::of(resources);
    // Objects are many, their types are few.
    let mut by_type: FxHashMap<Gvk, Vec<(&FieldSpec, &NameReference)>> = FxHashMap::default();
    for resource in &*resources {
        by_type
            .entry(resource.original_id().gvk)
            .or_insert_with_key(|gvk| fields.references_of(gvk));
    }
    let budget = resources.budget().clone();
    resources.change_contents(|resource| {
        let rows = by_type.get(&resource.original_id().gvk);
        let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
            return Ok(());
        };
        let (node, id, history) = resource.parts_mut();
        let referrer = Referrer::of(node, id, history)?;
        for (spec, reference) in rows {
            let reference = Reference {
                targets: &targets,
                referrer: &referrer,
                reference,
                budget: &budget,
                is_role: spec.path.ends_with("roleRef/name"),
            };
            let set = &mut |node: &mut Node| reference.set(node);
            fields::each_at_path(node, &spec.path, set).map_err(|error| {
                let message = format!("while `{}` of `{}` was set", spec.path, referrer.id);
                error.note(message, None)
            })?;
        }
        Ok(())
    })
}

/// Who pays for names that are set.
const OPERATOR: &str = "these references";

/// The renamed or moved resources, found by what they were called.
struct Targets {
    list: Vec<Target>,
    by_name: FxHashMap<(Str, Str), Vec<usize>>,
    names: FxHashMap<Str, Vec<usize>>,
    /// The present namespaces of those resources that came from one.
    moved_from: FxHashMap<Str, FxHashSet<Str>>,
}

/// A resource that a reference may mean.
struct Target {
    id: Id,
    original_namespace: Str,
    former: Vec<Gvk>,
    prefixes: Vec<Str>,
    suffixes: Vec<Str>,
}

/// A resource whose references are set.
struct Referrer<'r> {
    id: &'r Id,
    prefixes: &'r [Str],
    suffixes: &'r [Str],
    /// The namespaces of the service accounts that a RoleBinding speaks of.
    account_namespaces: BTreeSet<Str>,
    /// What a role binding's `roleRef` says of its role's type.
    role: Option<Gvk>,
}

struct Reference<'r> {
    targets: &'r Targets,
    referrer: &'r Referrer<'r>,
    reference: &'r NameReference,
    budget: &'r Budget,
    is_role: bool,
}

impl Targets {
    fn of(resources: &Resources) -> Self {
        let is_renamed = |resource: &&Resource| !resource.history.previous.is_empty();
        let renamed = resources.iter().filter(is_renamed).count();
        let mut targets = Self {
            list: Vec::with_capacity(renamed),
            by_name: FxHashMap::with_capacity_and_hasher(renamed, FxBuildHasher),
            names: FxHashMap::with_capacity_and_hasher(renamed, FxBuildHasher),
            moved_from: FxHashMap::default(),
        };
        for resource in resources {
            let original = resource.original_id();
            let current = Str::from(resource.id().effective_namespace());
            targets
                .moved_from
                .entry(original.effective_namespace().into())
                .or_default()
                .insert(current.clone());
            if resource.history.previous.is_empty() {
                continue;
            }
            let number = targets.list.len();
            for former in &resource.history.previous {
                let key = (former.name.clone(), current.clone());
                for list in [
                    targets.by_name.entry(key).or_default(),
                    targets.names.entry(former.name.clone()).or_default(),
                ] {
                    if list.last() != Some(&number) {
                        list.push(number);
                    }
                }
            }
            targets.list.push(Target {
                id: resource.id().clone(),
                original_namespace: original.effective_namespace().into(),
                former: resource
                    .history
                    .ids(&resource.id().gvk)
                    .map(|id| id.gvk)
                    .collect(),
                prefixes: resource.history.prefixes.clone(),
                suffixes: resource.history.suffixes.clone(),
            });
        }
        targets
    }

    /// Those that had a name and that a referrer can see at all.
    fn named(&self, name: &str, referrer: &Referrer<'_>) -> Vec<&Target> {
        if referrer.id.cluster_scoped {
            let numbers = self.names.get(name).into_iter().flatten();
            return numbers.map(|number| &self.list[*number]).collect();
        }
        let mut numbers = BTreeSet::new();
        let own = Str::from(referrer.id.effective_namespace());
        let namespaces = [Str::const_new(NO_NAMESPACE), own];
        for namespace in namespaces.iter().chain(&referrer.account_namespaces) {
            let key = (Str::from(name), namespace.clone());
            numbers.extend(self.by_name.get(&key).into_iter().flatten().copied());
        }
        let visible = numbers.into_iter().map(|number| &self.list[number]);
        visible.filter(|target| referrer.sees(&target.id)).collect()
    }

    /// Whether any resource that a referrer can see was once in a namespace.
    fn came_from(&self, namespace: &str, referrer: &Referrer<'_>) -> bool {
        self.moved_from.get(namespace).is_some_and(|present| {
            namespace != NO_NAMESPACE
                && (referrer.id.cluster_scoped
                    || present.contains(NO_NAMESPACE)
                    || present.contains(referrer.id.effective_namespace())
                    || referrer
                        .account_namespaces
                        .iter()
                        .any(|name| present.contains(name)))
        })
    }
}

impl<'r> Referrer<'r> {
    fn of(node: &Node, id: &'r Id, history: &'r History) -> Result<Self> {
        let text = |field| node.at(&["roleRef", field]).and_then(Node::text);
        let role = text("apiGroup").zip(text("kind")).map(|(group, kind)| Gvk {
            group: group.into(),
            kind: kind.into(),
            ..Gvk::default()
        });
        Ok(Self {
            id,
            prefixes: &history.prefixes,
            suffixes: &history.suffixes,
            account_namespaces: account_namespaces(node, id)?,
            role,
        })
    }

    /// Whether the other is cluster-scoped, in the same namespace, or in that of an account.
    fn sees(&self, other: &Id) -> bool {
        self.id.cluster_scoped
            || other.cluster_scoped
            || self.id.same_namespace(other)
            || self.account_namespaces.contains(&other.namespace)
    }
}

fn account_namespaces(node: &Node, id: &Id) -> Result<BTreeSet<Str>> {
    let mut namespaces = BTreeSet::new();
    if id.gvk.kind != "RoleBinding" {
        return Ok(namespaces);
    }
    let subjects = node.get("subjects").map(Node::items).unwrap_or_default();
    for subject in subjects {
        let is_account = subject.get("kind").and_then(Node::text) == Some("ServiceAccount");
        let Some(namespace) = subject.get("namespace").filter(|_| is_account) else {
            continue;
        };
        let Some(text) = namespace.as_str() else {
            return Err(
                Error::new(Kind::Reference, "the namespace of a subject is no text")
                    .at(namespace.span)
                    .help("take the field away, or give it a name"),
            );
        };
        namespaces.insert(text.into());
    }
    Ok(namespaces)
}

impl Reference<'_> {
    /// Sets a name, a map with a name, or a list of either.
    fn set(&self, node: &mut Node) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        match &mut node.value {
            Value::Scalar(_) => self.set_name(node),
            Value::Map(_) => self.set_map(node),
            Value::Seq(items) => items.iter_mut().try_for_each(|item| match &item.value {
                _ if item.is_null() => Ok(()),
                Value::Scalar(_) => self.set_name(item),
                Value::Map(_) => self.set_map(item),
                _ => Err(Error::new(Kind::Reference, "a list where a name belongs").at(item.span)),
            }),
            Value::Alias(_) => Ok(()),
        }
    }

    fn set_name(&self, node: &mut Node) -> Result<()> {
        let old = node.text().unwrap_or_default();
        let candidates = self.targets.named(old, self.referrer);
        let same = |a: &Id, b: &Id| a.name == b.name;
        if let Some(target) = self.choose(candidates, same, node)?
            && target.id.name != old
        {
            self.budget.charge_text(OPERATOR, &target.id.name, 1)?;
            node.set_scalar(&target.id.name, None);
        }
        Ok(())
    }

    fn set_map(&self, node: &mut Node) -> Result<()> {
        let Some(name) = node.get("name") else {
            return Err(Error::new(Kind::Reference, "a reference without a `name`").at(node.span));
        };
        let old = name.text().unwrap_or_default();
        let mut candidates = self.targets.named(old, self.referrer);
        if let Some(namespace) = node.get("namespace") {
            let namespace = namespace.text().unwrap_or_default();
            let by_origin = self.targets.came_from(namespace, self.referrer);
            candidates.retain(|target| {
                if by_origin {
                    target.original_namespace == namespace
                } else {
                    !target.id.cluster_scoped && target.id.effective_namespace() == namespace
                }
            });
        }
        let same = |a: &Id, b: &Id| a.name == b.name && a.namespace == b.namespace;
        let Some(target) = self.choose(candidates, same, name)? else {
            return Ok(());
        };
        if target.id.name == old && target.id.namespace.is_empty() {
            return Ok(());
        }
        self.budget.charge_text(OPERATOR, &target.id.name, 1)?;
        node.set_scalar_field("name", &target.id.name, None);
        if !target.id.namespace.is_empty() {
            node.set_scalar_field("namespace", &target.id.namespace, None);
        }
        Ok(())
    }

    /// The one that is meant, if any is.
    fn choose<'t>(
        &self,
        mut candidates: Vec<&'t Target>,
        same: impl Fn(&Id, &Id) -> bool,
        node: &Node,
    ) -> Result<Option<&'t Target>> {
        let wanted = Gvk {
            group: self.reference.group.clone(),
            version: self.reference.version.clone(),
            kind: self.reference.kind.clone(),
        };
        let was = |target: &Target, gvk: &Gvk| {
            target
                .former
                .iter()
                .any(|former| former.is_selected_by(gvk))
        };
        candidates.retain(|target| was(target, &wanted));
        if self.is_role
            && let Some(role) = &self.referrer.role
        {
            candidates.retain(|target| was(target, role));
        }
        let referrer = self.referrer.id;
        candidates.retain(|target| {
            referrer.cluster_scoped
                || target.id.cluster_scoped
                || target.id.gvk.kind == "ServiceAccount"
                || referrer.same_namespace(&target.id)
        });
        if let [only] = candidates.as_slice() {
            return Ok(Some(only));
        }
        candidates.retain(|target| self.same_layers(target, true));
        if candidates.len() > 1 {
            candidates.retain(|target| self.same_layers(target, false));
        }
        match candidates.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|other| same(&first.id, &other.id)) => {
                Ok(Some(first))
            }
            several => Err(self.ambiguous(several, node)),
        }
    }

    /// Whether prefixes and suffixes say that both went through the same overlays.
    fn same_layers(&self, target: &Target, empty_fits: bool) -> bool {
        let fits = |ours: &[Str], theirs: &[Str]| {
            (empty_fits && (ours.is_empty() || theirs.is_empty())) || same_ending(ours, theirs)
        };
        fits(self.referrer.prefixes, &target.prefixes)
            && fits(self.referrer.suffixes, &target.suffixes)
    }

    fn ambiguous(&self, several: &[&Target], node: &Node) -> Error {
        let name = node.text().unwrap_or_default();
        let ids: Vec<String> = several
            .iter()
            .map(|target| format!("`{}`", target.id))
            .collect();
        let message = format!("`{name}` could mean {}", ids.join(" or "));
        Error::new(Kind::Reference, message)
            .at(node.span)
            .help("write the full name that is meant, as it is after prefixes and suffixes")
    }
}

/// Whether the shorter list is the end of the longer; an empty one only of an empty one.
fn same_ending(one: &[Str], other: &[Str]) -> bool {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    if short.is_empty() {
        long.is_empty()
    } else {
        long.ends_with(short)
    }
}
