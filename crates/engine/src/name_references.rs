//! Updates name references after objects were renamed or moved to another namespace.
//!
//! [`Fields`] lists the fields that name other objects; the object that is meant is found by its
//! previous ids.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/namereference/>.

mod custom;

use std::collections::BTreeSet;
use std::hash::Hash;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::{Node, Str, Value};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::fields::{Fields, NameReference, OnMissing, Plan};
use crate::id::{Gvk, Id, NO_NAMESPACE};
use crate::kinds::Kinds;
use crate::resource::{History, RareList, Resource, Resources};
use crate::transform::links::Ends;

/// Sets every reference to what it refers to is called now.
///
/// With `kinds`, the fields of custom kinds follow, too; and of several objects that have or had a
/// name, the one of the nearest base is meant, where kustomize takes one that was renamed.
///
/// # Errors
///
/// If a reference could mean several resources that have different names now, or a field has a
/// shape that no reference has.
pub fn apply(resources: &mut Resources, fields: &Fields, kinds: Option<&Kinds>) -> Result<()> {
    let mut targets = Targets::of(resources);
    if kinds.is_some() {
        targets.keep_unchanged(resources);
    }
    let custom = kinds.map(|kinds| custom::Referrers::among(resources, kinds));
    let are_linked = resources.iter().any(|resource| !resource.links.is_empty());
    // Objects are many, their types are few.
    let mut by_type: FxHashMap<Gvk, Rows<'_>> = FxHashMap::default();
    for resource in &*resources {
        let gvk = resource.original_gvk();
        if !by_type.contains_key(&*gvk) {
            let rows = Rows::of(fields, &gvk, are_linked);
            by_type.insert(gvk.into_owned(), rows);
        }
    }
    let budget = resources.budget().clone();
    resources.change_contents(|resource| {
        let gvk = resource.original_gvk();
        let rows = by_type.get(&*gvk);
        let own = custom.as_ref().map_or(&[][..], |custom| custom.of(&gvk));
        if rows.is_none_or(|rows| rows.list.is_empty()) && own.is_empty() {
            return Ok(());
        }
        let (node, id, history) = resource.parts_mut();
        let referrer = Referrer::of(node, id, history)?;
        custom::set(node, own, &targets, &referrer, &budget)?;
        let Some(rows) = rows else { return Ok(()) };
        let set = &mut |number: usize, _: &[u32], node: &mut Node| {
            let (path, reference) = rows.list[number];
            let reference = Reference {
                targets: &targets,
                referrer: &referrer,
                reference,
                budget: &budget,
                is_role: path.ends_with("roleRef/name"),
            };
            reference.set(node)
        };
        rows.plan
            .follow(node, OnMissing::Keep, set)
            .map_err(|failure| {
                let (path, _) = rows.list[failure.number];
                let message = format!("while `{path}` of `{id}` was set");
                failure.error.note(message, None)
            })?;
        rows.ends.settle(resource);
        Ok(())
    })
}

/// The fields in which the objects of a type may name others.
struct Rows<'f> {
    /// The path of each, and what it may name.
    list: Vec<(&'f str, &'f NameReference)>,
    plan: Plan<'f>,
    ends: Ends<'f>,
}

impl<'f> Rows<'f> {
    fn of(fields: &'f Fields, gvk: &Gvk, are_linked: bool) -> Self {
        let rows = fields.references_of(gvk);
        let linked = rows.iter().filter(|_| are_linked);
        Self {
            list: rows
                .iter()
                .map(|(spec, reference)| (&*spec.path, *reference))
                .collect(),
            plan: Plan::of(rows.iter().map(|(spec, _)| *spec)),
            ends: Ends::of(linked.map(|(spec, _)| &*spec.path)),
        }
    }
}

/// Who pays for names that are set.
const OPERATOR: &str = "these references";

/// The renamed or moved resources, found by what they were called.
struct Targets {
    list: Vec<Target>,
    names: FxHashMap<Str, Numbers>,
    /// The same of one namespace; only if many have a name.
    by_name: FxHashMap<(Str, Str), Numbers>,
    /// The present namespaces of those resources that came from one.
    moved_from: FxHashMap<Str, FxHashSet<Str>>,
    /// Those that have been neither renamed nor moved, by name; only if it matters.
    unchanged: FxHashMap<Str, Vec<Target>>,
}

/// The numbers of targets that had a name, nearly always one.
struct Numbers {
    first: usize,
    rest: Vec<usize>,
}

impl Numbers {
    /// Notes a number, which is as great as those before it or greater, under a key.
    fn note<K: Eq + Hash>(map: &mut FxHashMap<K, Self>, key: K, number: usize) {
        let rest = Vec::new();
        let numbers = map.entry(key).or_insert(Self {
            first: number,
            rest,
        });
        if numbers.all().next_back() != Some(number) {
            numbers.rest.push(number);
        }
    }

    /// Whether they are too many to look at each of them.
    fn are_many(&self) -> bool {
        const FEW: usize = 8;
        self.rest.len() >= FEW
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = usize> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }
}

/// A resource that a reference may mean.
struct Target {
    id: Id,
    original_namespace: Str,
    /// The kinds that it had; none if it always had the present one.
    former_kinds: RareList<Str>,
    prefixes: Vec<Str>,
    suffixes: RareList<Str>,
    /// The bases that it came through, the innermost first.
    bases: RareList<u32>,
}

/// A resource whose references are set.
struct Referrer<'r> {
    id: &'r Id,
    prefixes: &'r [Str],
    suffixes: &'r [Str],
    /// The bases that it came through, the innermost first.
    bases: &'r [u32],
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
            names: FxHashMap::with_capacity_and_hasher(renamed, FxBuildHasher),
            by_name: FxHashMap::default(),
            moved_from: FxHashMap::default(),
            unchanged: FxHashMap::default(),
        };
        // No reference is set then.
        if renamed == 0 {
            return targets;
        }
        for resource in resources {
            let current = resource.id().effective_namespace();
            targets.note_move(resource.original_namespace(), current);
            if resource.history.previous.is_empty() {
                continue;
            }
            let number = targets.list.len();
            for name in former_names(resource) {
                Numbers::note(&mut targets.names, name.clone(), number);
            }
            targets.list.push(Target::of(resource));
        }
        if targets.names.values().any(Numbers::are_many) {
            let renamed = resources.iter().filter(is_renamed);
            for (number, resource) in renamed.enumerate() {
                for name in former_names(resource) {
                    let namespace = Str::from(resource.id().effective_namespace());
                    Numbers::note(&mut targets.by_name, (name.clone(), namespace), number);
                }
            }
        }
        targets
    }

    /// Notes that a resource came from one namespace and is in another, or the same.
    fn note_move(&mut self, original: &str, current: &str) {
        match self.moved_from.get_mut(original) {
            Some(present) if present.contains(current) => {}
            Some(present) => {
                present.insert(current.into());
            }
            None => {
                let present = FxHashSet::from_iter([current.into()]);
                self.moved_from.insert(original.into(), present);
            }
        }
    }

    /// Keeps the others in mind, too.
    fn keep_unchanged(&mut self, resources: &Resources) {
        let is_unchanged = |resource: &&Resource| resource.history.previous.is_empty();
        for resource in resources.iter().filter(is_unchanged) {
            let list = self
                .unchanged
                .entry(resource.id().name.clone())
                .or_default();
            list.push(Target::of(resource));
        }
    }

    /// Those that had a name and that a referrer can see at all.
    fn named(&self, name: &str, referrer: &Referrer<'_>) -> Vec<&Target> {
        let Some(numbers) = self.names.get(name) else {
            return Vec::new();
        };
        if referrer.id.cluster_scoped {
            return numbers.all().map(|number| &self.list[number]).collect();
        }
        if numbers.are_many() {
            return self.named_in_its_namespaces(name, referrer);
        }
        let own = referrer.id.effective_namespace();
        let is_near = |target: &&Target| {
            let namespace = target.id.effective_namespace();
            namespace == NO_NAMESPACE
                || namespace == own
                || referrer.account_namespaces.contains(namespace)
        };
        let near = numbers.all().map(|number| &self.list[number]);
        near.filter(is_near)
            .filter(|target| referrer.sees(&target.id))
            .collect()
    }

    /// The same of a name that many had.
    fn named_in_its_namespaces(&self, name: &str, referrer: &Referrer<'_>) -> Vec<&Target> {
        let mut numbers = Vec::new();
        let own = Str::from(referrer.id.effective_namespace());
        let namespaces = [Str::const_new(NO_NAMESPACE), own];
        for namespace in namespaces.iter().chain(&referrer.account_namespaces) {
            let key = (Str::from(name), namespace.clone());
            numbers.extend(self.by_name.get(&key).into_iter().flat_map(Numbers::all));
        }
        numbers.sort_unstable();
        numbers.dedup();
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

/// The names that a resource had; many steps remember one that they do not change.
fn former_names(resource: &Resource) -> impl Iterator<Item = &Str> {
    let mut last = None;
    let previous = resource.history.previous.iter();
    let names = previous.map(|former| &former.name);
    names.filter(move |name| last.replace(*name) != Some(*name))
}

impl Target {
    fn of(resource: &Resource) -> Self {
        let history = &resource.history;
        let mut former_kinds: Vec<Str> = Vec::new();
        let mut formers = history.previous.iter();
        if formers.any(|former| former.kind != resource.id().gvk.kind) {
            former_kinds.extend(history.previous.iter().map(|former| former.kind.clone()));
            former_kinds.dedup();
        }
        Self {
            id: resource.id().clone(),
            original_namespace: resource.original_namespace().into(),
            former_kinds: former_kinds.into(),
            prefixes: history.prefixes.clone(),
            suffixes: history.suffixes.clone(),
            bases: history.bases.clone(),
        }
    }

    /// Whether it ever was of a type, of which an empty part says nothing.
    fn was(&self, group: &str, version: &str, kind: &str) -> bool {
        let fits = |pattern: &str, part: &str| pattern.is_empty() || pattern == part;
        fits(group, &self.id.gvk.group)
            && fits(version, &self.id.gvk.version)
            && (kind.is_empty() || self.kinds().iter().any(|own| own == kind))
    }

    /// The kinds that it had before the present one, or that one.
    fn kinds(&self) -> &[Str] {
        match &*self.former_kinds {
            [] => std::slice::from_ref(&self.id.gvk.kind),
            kinds => kinds,
        }
    }
}

impl<'r> Referrer<'r> {
    /// How many of the bases that it came through another came through, too.
    fn nearness(&self, other: &Target) -> usize {
        let pairs = self.bases.iter().rev().zip(other.bases.iter().rev());
        pairs.take_while(|(own, other)| own == other).count()
    }

    fn of(node: &Node, id: &'r Id, history: &'r History) -> Result<Self> {
        let role = node.get("roleRef").and_then(|role| {
            let text = |field| role.get(field).and_then(Node::text);
            text("apiGroup").zip(text("kind"))
        });
        let role = role.map(|(group, kind)| Gvk {
            group: group.into(),
            kind: kind.into(),
            ..Gvk::default()
        });
        Ok(Self {
            id,
            prefixes: &history.prefixes,
            suffixes: &history.suffixes,
            bases: &history.bases,
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
                    .help("remove the field, or give it a name"),
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
        if candidates.is_empty() {
            return Ok(());
        }
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
        if candidates.is_empty() {
            return Ok(());
        }
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
        candidates.retain(|target| self.is_wanted(target));
        let referrer = self.referrer.id;
        candidates.retain(|target| {
            referrer.cluster_scoped
                || target.id.cluster_scoped
                || target.id.gvk.kind == "ServiceAccount"
                || referrer.same_namespace(&target.id)
        });
        self.keep_nearest(&mut candidates, node.text().unwrap_or_default());
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
            several => Err(ambiguous(several, node)),
        }
    }

    /// Whether something ever was of a type that is meant here.
    fn is_wanted(&self, target: &Target) -> bool {
        let NameReference {
            group,
            version,
            kind,
            ..
        } = self.reference;
        let is_of_role = |role: &Gvk| target.was(&role.group, &role.version, &role.kind);
        let role = self.referrer.role.as_ref().filter(|_| self.is_role);
        target.was(group, version, kind) && role.is_none_or(is_of_role)
    }

    /// Leaves those of the nearest base, if it is known; none, if an object that still has the name
    /// is nearer or as near.
    fn keep_nearest(&self, candidates: &mut Vec<&Target>, name: &str) {
        let Some(unchanged) = self.targets.unchanged.get(name) else {
            return;
        };
        let holds = |target: &&Target| self.is_wanted(target) && self.referrer.sees(&target.id);
        let holders = unchanged.iter().filter(holds);
        let Some(nearest) = holders.map(|target| self.referrer.nearness(target)).max() else {
            return;
        };
        candidates.retain(|target| self.referrer.nearness(target) > nearest);
    }

    /// Whether prefixes and suffixes say that both went through the same overlays.
    fn same_layers(&self, target: &Target, empty_fits: bool) -> bool {
        let fits = |ours: &[Str], theirs: &[Str]| {
            (empty_fits && (ours.is_empty() || theirs.is_empty())) || same_ending(ours, theirs)
        };
        fits(self.referrer.prefixes, &target.prefixes)
            && fits(self.referrer.suffixes, &target.suffixes)
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

fn ambiguous(several: &[&Target], node: &Node) -> Error {
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
