//! References from objects of custom kinds.
//!
//! Other than in kustomize's tables, what is beside a name counts: its kind and group, and the
//! namespace that it is looked for in.

use kustom_yaml::error::Result;
use kustom_yaml::limits::Budget;
use kustom_yaml::{Node, Str, Value};
use rustc_hash::FxHashMap;

use super::{Numbers, OPERATOR, Referrer, Target, Targets, ambiguous, same_ending};
use crate::id::{Gvk, NO_NAMESPACE};
use crate::kinds::{Form, Kinds, Reference};
use crate::resource::Resources;

/// The references of the custom kinds among some resources.
pub(super) struct Referrers(FxHashMap<(Str, Str), Vec<Reference>>);

impl Referrers {
    pub(super) fn among(resources: &Resources, kinds: &Kinds) -> Self {
        let mut found = FxHashMap::default();
        for resource in resources {
            let Gvk { group, kind, .. } = resource.original_gvk().into_owned();
            if let Some(known) = kinds.get(&group, &kind) {
                let references = || known.references();
                found.entry((group, kind)).or_insert_with(references);
            }
        }
        Self(found)
    }

    /// Those of a type.
    pub(super) fn of(&self, gvk: &Gvk) -> &[Reference] {
        let key = (gvk.group.clone(), gvk.kind.clone());
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// Sets references of an object to what they mean is called now.
///
/// # Errors
///
/// If one could mean several objects that have different names now.
pub(super) fn set(
    node: &mut Node,
    references: &[Reference],
    targets: &Targets,
    referrer: &Referrer<'_>,
    budget: &Budget,
) -> Result<()> {
    for reference in references {
        let setter = Setter {
            reference,
            targets,
            referrer,
            budget,
        };
        setter.walk(node, &reference.path)?;
    }
    Ok(())
}

struct Setter<'s> {
    reference: &'s Reference,
    targets: &'s Targets,
    referrer: &'s Referrer<'s>,
    budget: &'s Budget,
}

/// What is said of an object beside its name.
#[derive(Default)]
struct Beside<'n> {
    kind: Option<&'n str>,
    group: Option<&'n str>,
    namespace: Option<&'n str>,
}

impl<'n> Beside<'n> {
    fn of(map: &'n Node) -> Self {
        let text = |field| {
            map.get(field)
                .filter(|it| !it.is_null())
                .and_then(Node::text)
        };
        let filled = |field| text(field).filter(|text| !text.is_empty());
        let of_version = |version: &'n str| version.split_once('/').map_or("", |(group, _)| group);
        let version = filled("apiVersion").map(of_version);
        Self {
            kind: filled("kind"),
            group: text("group").or_else(|| text("apiGroup")).or(version),
            namespace: filled("namespace"),
        }
    }
}

impl<'s> Setter<'s> {
    /// The depth is that of the path, and of the value that was read.
    fn walk(&self, node: &mut Node, path: &[Str]) -> Result<()> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(());
        };
        if first == "**" {
            return self.anywhere(node, rest);
        }
        match &mut node.value {
            Value::Seq(items) => items.iter_mut().try_for_each(|item| self.walk(item, path)),
            Value::Map(_) if rest.is_empty() => self.field(node, first),
            Value::Map(entries) => entries
                .iter_mut()
                .filter(|entry| first == "*" || entry.is(first))
                .try_for_each(|entry| self.walk(&mut entry.value, rest)),
            _ => Ok(()),
        }
    }

    /// Follows a path from a value and from all that is in it.
    fn anywhere(&self, node: &mut Node, path: &[Str]) -> Result<()> {
        if node.is_map() {
            self.walk(node, path)?;
        }
        match &mut node.value {
            Value::Map(entries) => entries
                .iter_mut()
                .try_for_each(|entry| self.anywhere(&mut entry.value, path)),
            Value::Seq(items) => items
                .iter_mut()
                .try_for_each(|item| self.anywhere(item, path)),
            _ => Ok(()),
        }
    }

    /// Sets a field of a map: a name, or a list of names.
    fn field(&self, map: &mut Node, field: &str) -> Result<()> {
        let Some(value) = map.get(field) else {
            return Ok(());
        };
        if value.is_seq() {
            let items = map.get_mut(field).and_then(Node::items_mut);
            return items
                .into_iter()
                .flatten()
                .try_for_each(|item| self.text(item));
        }
        if field != "name" || self.reference.target.form != Form::Name {
            return map.get_mut(field).map_or(Ok(()), |value| self.text(value));
        }
        let beside = Beside::of(map);
        let Some(target) = self.meant(value, value.text().unwrap_or_default(), &beside)? else {
            return Ok(());
        };
        let moves = beside.namespace.is_some() && !target.id.cluster_scoped;
        if let Some(name) = map.get_mut(field) {
            self.rename(name, &target.id.name)?;
        }
        if moves && let Some(namespace) = map.get_mut("namespace") {
            self.rename(namespace, target.id.effective_namespace())?;
        }
        Ok(())
    }

    /// Sets a text that is or holds a name.
    fn text(&self, node: &mut Node) -> Result<()> {
        let Some(text) = node.as_str().map(str::to_owned) else {
            return Ok(());
        };
        let in_namespace = |namespace| Beside {
            namespace,
            ..Beside::default()
        };
        let found = |name: &str, namespace| self.meant(node, name, &in_namespace(namespace));
        let new = match self.reference.target.form {
            Form::Name => found(&text, None)?.map(|target| target.id.name.to_string()),
            Form::Qualified => {
                let (namespace, name) = match text.split_once('/') {
                    Some((namespace, name)) => (Some(namespace), name),
                    None => (None, text.as_str()),
                };
                found(name, namespace)?.map(|target| match namespace {
                    Some(_) => format!("{}/{}", target.id.effective_namespace(), target.id.name),
                    None => target.id.name.to_string(),
                })
            }
            Form::Host => {
                let labels: Vec<&str> = text.splitn(3, '.').collect();
                let is_inside = labels
                    .get(2)
                    .is_none_or(|rest| rest.split('.').next() == Some("svc"));
                if !is_inside {
                    return Ok(());
                }
                let found = found(labels[0], labels.get(1).copied())?;
                found.map(|target| {
                    let mut new = vec![target.id.name.as_str()];
                    if labels.len() > 1 {
                        new.push(target.id.effective_namespace());
                    }
                    new.extend(labels.get(2));
                    new.join(".")
                })
            }
        };
        match new {
            Some(new) => self.rename(node, &new),
            None => Ok(()),
        }
    }

    fn rename(&self, node: &mut Node, text: &str) -> Result<()> {
        if node.text() == Some(text) {
            return Ok(());
        }
        self.budget.charge_text(OPERATOR, text, 1)?;
        node.set_scalar(text, None);
        Ok(())
    }

    /// The object that is meant, unless it has kept its name.
    fn meant(&self, node: &Node, name: &str, beside: &Beside<'_>) -> Result<Option<&'s Target>> {
        let target = &self.reference.target;
        let kind = beside.kind.unwrap_or(&target.kind);
        if name.is_empty() || kind.is_empty() {
            return Ok(None);
        }
        let default = (target.kind == kind).then_some(target.group.as_str());
        let group = beside.group.or(default);
        let named = self.targets.names.get(name);
        let numbers = named.into_iter().flat_map(Numbers::all);
        let renamed = numbers.map(|number| &self.targets.list[number]);
        let kept = self.targets.unchanged.get(name).into_iter().flatten();
        let is_meant = |one: &&Target| {
            let is_kind = one.kinds().iter().any(|known| known == kind);
            is_kind
                && group.is_none_or(|group| one.id.gvk.group == group)
                && self.reaches(one, beside.namespace)
        };
        let mut renamed: Vec<&Target> = renamed.filter(is_meant).collect();
        let nearness = |one: &&Target| self.referrer.nearness(one);
        if let Some(nearest) = kept.filter(is_meant).map(|one| nearness(&one)).max() {
            renamed.retain(|one| nearness(one) > nearest);
        }
        // Of a namespace that was left, those are meant that left it.
        if let Some(namespace) = beside.namespace
            && renamed
                .iter()
                .any(|one| one.original_namespace == namespace)
        {
            renamed.retain(|one| one.original_namespace == namespace);
        }
        let nearest = renamed.iter().map(nearness).max();
        renamed.retain(|one| Some(nearness(one)) == nearest);
        if renamed.len() > 1 {
            let has_same_layers = |one: &&Target| {
                same_ending(self.referrer.prefixes, &one.prefixes)
                    && same_ending(self.referrer.suffixes, &one.suffixes)
            };
            if renamed.iter().any(&has_same_layers) {
                renamed.retain(has_same_layers);
            }
        }
        match renamed.as_slice() {
            [] => Ok(None),
            [first, rest @ ..]
                if rest.iter().all(|one| {
                    one.id.name == first.id.name && one.id.same_namespace(&first.id)
                }) =>
            {
                Ok(Some(first))
            }
            several => Err(ambiguous(several, node)),
        }
    }

    /// Whether an object is where it is looked for.
    fn reaches(&self, one: &Target, namespace: Option<&str>) -> bool {
        if one.id.cluster_scoped {
            return true;
        }
        match namespace {
            Some(namespace) => {
                one.original_namespace == namespace || one.id.effective_namespace() == namespace
            }
            None => {
                self.referrer.id.effective_namespace() == NO_NAMESPACE
                    || self.referrer.id.same_namespace(&one.id)
            }
        }
    }
}
