//! Many resources, in order, found by any id they ever had.

use std::collections::HashSet;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::{Entry, Node, Size, Str, Style, base64_lines};
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::index::{Index, Positions};
use super::nearby::Nearby;
use super::{Behavior, IdChange, Pattern, Resource, text_map};
use crate::id::{Id, KeyRef};
use crate::regexp::Texts;
use crate::schema::Schema;

/// What is there when a generator merges into it is charged this much smaller: it is only moved.
const MERGED: u64 = 8;

/// How many resources, and how many patterns for names, are worth an index of names.
const MANY: usize = 64;
const OFTEN: usize = 8;

/// Resources in the order in which they were added.
///
/// Looking one up by id takes one step, however many there are: an index is made when it is first
/// needed and dropped when something changes that could change an id.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    list: Vec<Resource>,
    /// Where the resource with a present id is.
    current: Option<Index>,
    /// Where the resources are that have or had an id: with each layer there are more of these.
    any: Option<Index>,
    /// Where the resources are that have or had a name, some of them a short time only.
    named: Option<FxHashMap<Str, Positions>>,
    /// The same, to be found by patterns.
    alike: Option<Texts>,
    /// What they have that selectors which match nothing may have meant.
    nearby: Option<Box<Nearby>>,
    /// How many patterns were looked for.
    patterns: usize,
    /// Whether single resources are renamed, so that an index of present ids is kept.
    is_renamed: bool,
    /// Whether no two are known to have the same id.
    is_unique: bool,
    /// Whether one of them may be deleted.
    may_be_deleted: bool,
    /// The budget that code charges before it adds or enlarges resources.
    budget: Budget,
}

impl Resources {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// None yet, to be paid for by the budget of a build.
    pub fn within(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            ..Self::default()
        }
    }

    /// The budget that code charges before it adds or enlarges resources.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The resources, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.list.iter()
    }

    /// The resources, to change in ways that may change their ids.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Resource> {
        self.list_mut().iter_mut()
    }

    /// The resources as a slice, to change in ways that leave every id as it is.
    pub fn contents_mut(&mut self) -> &mut [Resource] {
        self.may_be_deleted = true;
        &mut self.list
    }

    /// The list itself, to reorder or filter.
    pub fn list_mut(&mut self) -> &mut Vec<Resource> {
        self.forget_ids();
        self.may_be_deleted = true;
        &mut self.list
    }

    /// The resources as a slice.
    pub fn as_slice(&self) -> &[Resource] {
        &self.list
    }

    /// The resource at a position.
    pub fn get(&self, position: usize) -> Option<&Resource> {
        self.list.get(position)
    }

    /// Lets copies share all that is in them until they change it.
    pub(crate) fn share(&mut self) {
        self.list
            .iter_mut()
            .for_each(|resource| resource.node.share());
    }

    /// Makes of a copy the resources of another build, which pays for them.
    pub(crate) fn become_new(&mut self, budget: &Budget) {
        self.budget = budget.clone();
        for resource in &mut self.list {
            resource.number = 0;
            resource.enlist();
        }
    }

    /// Makes room for more.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.list.reserve(count);
    }

    /// Adds one whose id must be new.
    ///
    /// # Errors
    ///
    /// Names both places if one with its id is there already.
    pub fn add(&mut self, mut resource: Resource) -> Result<()> {
        resource.enlist();
        let position = self.list.len();
        if let Some(there) = self.with_id(resource.id()) {
            return Err(conflict(&self.list[there], &resource));
        }
        self.current().add(resource.id().key_ref(), position);
        self.may_be_deleted |= resource.is_deleted();
        self.list.push(resource);
        self.note_ids(position);
        Ok(())
    }

    /// Adds those that another directory came to.
    ///
    /// # Errors
    ///
    /// As [`Resources::add`].
    pub fn append(&mut self, mut others: Self) -> Result<()> {
        if !self.list.is_empty() {
            return self.add_all(others);
        }
        others.check_unique()?;
        *self = others;
        Ok(())
    }

    /// Adds many.
    ///
    /// # Errors
    ///
    /// As [`Resources::add`].
    pub fn add_all(&mut self, resources: impl IntoIterator<Item = Resource>) -> Result<()> {
        let mut resources = resources.into_iter();
        let (count, _) = resources.size_hint();
        self.list.reserve(count);
        self.current().reserve(count);
        resources.try_for_each(|resource| self.add(resource))
    }

    /// Adds many without a look at their ids.
    pub(crate) fn extend(&mut self, added: Vec<Resource>) {
        let list = self.list_mut();
        list.extend(added);
        list.iter_mut().for_each(Resource::enlist);
    }

    /// The positions of the resources that have or had an id.
    pub fn with_any_id(&mut self, id: &Id) -> Positions {
        let key = id.key_ref();
        self.any();
        let any = self.any.as_ref();
        any.map_or_else(Positions::default, |any| {
            any.with(key, |at| self.list[at].ever_had(key))
        })
    }

    /// Whether there are enough resources for an index, and it was asked for often enough.
    pub(super) fn is_worth_an_index(&mut self) -> bool {
        self.patterns += 1;
        self.list.len() >= MANY && self.patterns >= OFTEN
    }

    /// The positions of the resources that may have or have had a name that fits, in order; nothing
    /// if it is quicker to look at all of them.
    pub(super) fn with_name_like(&mut self, pattern: &Pattern) -> Option<Vec<usize>> {
        if !self.is_worth_an_index() {
            return None;
        }
        let literals = pattern.literals()?;
        let alike = self.alike.get_or_insert_with(|| {
            let mut texts = Texts::default();
            for (position, resource) in self.list.iter().enumerate() {
                add_names(&mut texts, position, resource);
            }
            texts
        });
        let found = alike.with(&literals);
        (found.len() < self.list.len() / 4).then_some(found)
    }

    /// The positions of the resources that may have or have had a name, in order.
    pub fn with_any_name(&mut self, name: &str) -> Vec<usize> {
        let named = self.named.get_or_insert_with(|| {
            let mut named = FxHashMap::default();
            for (position, resource) in self.list.iter().enumerate() {
                insert_names(&mut named, position, resource);
            }
            named
        });
        let positions = named.get(name).map_or(&[][..], |found| found);
        let mut positions = positions.to_vec();
        positions.sort_unstable();
        positions
    }

    /// The position of the resource that has an id now.
    pub fn with_id(&mut self, id: &Id) -> Option<usize> {
        let key = id.key_ref();
        self.current();
        let current = self.current.as_ref()?;
        let found = current.with(key, |at| self.list[at].id().key_ref() == key);
        found.last().copied()
    }

    /// Changes one resource; the indexes survive if its id does.
    ///
    /// # Errors
    ///
    /// Whatever `change` fails with.
    pub fn update<T>(
        &mut self,
        position: usize,
        schema: &Schema,
        change: impl FnOnce(&mut Resource) -> Result<T>,
    ) -> Result<T> {
        let (moved, result) = self.list[position].update(schema, change);
        match moved {
            IdChange::No => {}
            IdChange::Noted => self.note_ids(position),
            IdChange::Renamed(old) => self.note_rename(position, &old),
            IdChange::Yes => self.forget_ids(),
        }
        self.may_be_deleted |= self.list[position].is_deleted();
        result
    }

    /// Changes one resource in ways that leave its id as it is.
    ///
    /// # Errors
    ///
    /// Whatever `change` fails with.
    pub fn change_content<T>(
        &mut self,
        position: usize,
        change: impl FnOnce(&mut Resource) -> Result<T>,
    ) -> Result<T> {
        let resource = &mut self.list[position];
        let result = change(resource);
        self.may_be_deleted |= resource.is_deleted();
        result
    }

    /// Takes the ids of a resource into the indexes of all ids, where there are any.
    fn note_ids(&mut self, position: usize) {
        self.nearby = None;
        let resource = &self.list[position];
        if let Some(any) = &mut self.any {
            any.add_all(position, resource);
        }
        if let Some(named) = &mut self.named {
            insert_names(named, position, resource);
        }
        if let Some(alike) = &mut self.alike {
            add_names(alike, position, resource);
        }
    }

    /// Takes over that one resource has another name or namespace.
    fn note_rename(&mut self, position: usize, old: &Id) {
        let resource = &self.list[position];
        let is_lost = !resource.ever_had(old.key_ref());
        if let Some(any) = self.any.as_mut().filter(|_| is_lost) {
            any.remove(old.key_ref(), position);
        }
        let key = resource.id().key_ref();
        self.is_unique &= self.current.as_mut().is_some_and(|current| {
            current.remove(old.key_ref(), position);
            let found = current.with(key, |at| self.list[at].id().key_ref() == key);
            current.add(key, position);
            found.is_empty()
        });
        if !self.is_unique {
            self.current = None;
        }
        self.is_renamed = true;
        self.note_ids(position);
    }

    /// Takes over what many changes did, each to one resource.
    pub(super) fn note_id_changes(&mut self, moved: IdChange, may_be_deleted: bool) {
        match moved {
            IdChange::No => {}
            IdChange::Noted => {
                self.any = None;
                self.named = None;
                self.alike = None;
                self.nearby = None;
            }
            IdChange::Renamed(_) | IdChange::Yes => self.forget_ids(),
        }
        self.may_be_deleted |= may_be_deleted;
    }

    /// The list, to change each resource and [`Resources::note_id_changes`] then.
    pub(super) fn raw_mut(&mut self) -> &mut [Resource] {
        &mut self.list
    }

    /// Lets ids be looked up anew, since some have changed.
    pub(super) fn forget_ids(&mut self) {
        self.current = None;
        self.any = None;
        self.named = None;
        self.alike = None;
        self.nearby = None;
        self.is_unique = false;
    }

    /// Checks that no two resources have the same id.
    ///
    /// # Errors
    ///
    /// Names both places of the first pair.
    pub fn check_unique(&mut self) -> Result<()> {
        if self.is_unique {
            return Ok(());
        }
        let mut seen: FxHashMap<KeyRef<'_>, &Resource> =
            FxHashMap::with_capacity_and_hasher(self.list.len(), FxBuildHasher);
        for resource in &self.list {
            if let Some(there) = seen.insert(resource.id().key_ref(), resource) {
                return Err(conflict(there, resource));
            }
        }
        self.is_unique = true;
        if self.is_renamed {
            self.current();
        }
        Ok(())
    }

    /// Drops those that a patch has deleted.
    pub fn drop_deleted(&mut self) {
        if self.may_be_deleted && self.list.iter().any(Resource::is_deleted) {
            self.list_mut().retain(|resource| !resource.is_deleted());
        }
        self.may_be_deleted = false;
    }

    /// Adds a generated resource, merges it into one that is there, or replaces that one, as its
    /// behaviour says. A Secret that is merged into keeps its `stringData`, encoded into `data`, if
    /// `with_string_data`.
    ///
    /// # Errors
    ///
    /// If there is nothing to merge with, more than one, or something that was not to be there, or
    /// if the `stringData` is no map of plain values.
    pub fn add_generated(&mut self, mut new: Resource, with_string_data: bool) -> Result<()> {
        let id = new.id().clone();
        let found = self.with_any_id(&id);
        let behavior = new.history.behavior;
        let merges = matches!(behavior, Behavior::Merge | Behavior::Replace);
        match &*found {
            [] if merges => {
                let message = format!(
                    "there is no {} to {}, which `behavior: {}` asks for",
                    id.shown(),
                    behavior.word(),
                    behavior.word()
                );
                Err(Error::new(Kind::Generator, message)
                    .help("take `behavior` away to create it, or correct its name and namespace"))
            }
            [] => self.add(new),
            &[position] if new.history.from_helm => Err(conflict(&self.list[position], &new)),
            [_] if !merges => {
                let message = format!("the generated {} exists already", id.shown());
                Err(Error::new(Kind::Generator, message)
                    .help("say `behavior: merge` or `behavior: replace`"))
            }
            &[position] => {
                inherit(&mut new, &self.list[position]);
                if behavior == Behavior::Merge {
                    let size = Size::of(&self.list[position].node).bytes;
                    self.budget.charge("this generator", size / MERGED)?;
                    let gvk = &new.id().gvk;
                    let old = &self.list[position];
                    let is_secret = gvk.kind == "Secret" && gvk.api_version() == "v1";
                    let first = match with_string_data && is_secret {
                        true => string_data(old)?,
                        false => Vec::new(),
                    };
                    merge_map(&mut new, &first, old, "data");
                    merge_map(&mut new, &[], old, "binaryData");
                }
                if self.with_id(new.id()) != Some(position) {
                    let message = format!("{} matches several objects", id.shown());
                    return Err(Error::new(Kind::Generator, message));
                }
                // It has taken over every id of the one it replaces.
                self.list[position] = new;
                Ok(())
            }
            several => {
                let message = format!("{} objects could be meant by {}", several.len(), id.shown());
                Err(Error::new(Kind::Generator, message))
            }
        }
    }

    /// The resources, and what they have that selectors may have meant.
    pub(super) fn nearby(&mut self) -> (&[Resource], &mut Nearby) {
        let nearby = self
            .nearby
            .get_or_insert_with(|| Box::new(Nearby::of(&self.list)));
        (&self.list, nearby)
    }

    fn current(&mut self) -> &mut Index {
        self.current.get_or_insert_with(|| {
            indexed(&self.list, |current, position, resource| {
                current.add(resource.id().key_ref(), position);
            })
        })
    }

    fn any(&mut self) {
        let list = &self.list;
        self.any
            .get_or_insert_with(|| indexed(list, Index::add_all));
    }
}

/// An index of the resources that no patch has deleted.
fn indexed(list: &[Resource], add: impl Fn(&mut Index, usize, &Resource)) -> Index {
    let mut index = Index::with_capacity(list.len());
    for (position, resource) in list.iter().enumerate() {
        if !resource.is_deleted() {
            add(&mut index, position, resource);
        }
    }
    index
}

fn add_names(texts: &mut Texts, position: usize, resource: &Resource) {
    texts.add(position, &resource.id().name);
    let mut last = &resource.id().name;
    for former in &resource.history.previous {
        // Many steps remember a name that they do not change.
        if former.name != *last {
            texts.add(position, &former.name);
        }
        last = &former.name;
    }
}

fn insert_names(named: &mut FxHashMap<Str, Positions>, position: usize, resource: &Resource) {
    for former in &resource.history.previous {
        named.entry(former.name.clone()).or_default().add(position);
    }
    let name = resource.id().name.clone();
    named.entry(name).or_default().add(position);
}

impl<'r> IntoIterator for &'r Resources {
    type Item = &'r Resource;
    type IntoIter = std::slice::Iter<'r, Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Resources {
    type Item = Resource;
    type IntoIter = std::vec::IntoIter<Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

fn conflict(there: &Resource, new: &Resource) -> Error {
    let message = format!("{} is there twice", new.id().shown());
    // Objects of a chart have no source: the caller that renders it knows the place.
    let mut error = Error::new(Kind::Reference, message);
    if !new.history.from_helm {
        error = error.at(new.name_span());
    }
    if !there.history.from_helm {
        error = error.note_at("the other one is here", there.name_span());
    }
    error.help(match (there.history.from_helm, new.history.from_helm) {
        (true, true) => {
            "two templates of a chart make it, or two releases do: switch one of them off \
                 with a value, or give the releases other names or namespaces"
        }
        (false, false) => "remove one of the two, or give it another name or namespace",
        _ => "a chart makes one of them: switch it off with a value, or remove the other",
    })
}

/// A generated resource takes over what the one it replaces has besides its data.
fn inherit(new: &mut Resource, old: &Resource) {
    for field in ["labels", "annotations"] {
        merge_meta(new, old, field);
    }
    new.succeed(old);
    new.set_name(&old.id().name.clone());
    new.set_namespace(&old.id().namespace.clone());
    let needs_hash = new.history.needs_hash && old.history.needs_hash;
    let made = std::mem::replace(&mut new.history, old.history.clone());
    new.history.needs_hash = needs_hash;
    // What is replaced comes from the new generator, what is merged from the old one.
    if made.behavior == Behavior::Replace || new.history.origin.is_none() {
        new.history.origin = made.origin;
    }
}

/// The union of both as texts, the new one's values winning; a mapping of nothing goes.
fn merge_meta(new: &mut Resource, old: &Resource, field: &str) {
    let texts = |resource: &Resource| {
        let map = resource.node.at(&["metadata", field]);
        map.map(text_map).unwrap_or_default()
    };
    let merged = united(texts(new), texts(old));
    let Some(metadata) = new.node.get_mut("metadata") else {
        return;
    };
    metadata.remove(field);
    if !merged.is_empty() {
        metadata.set(field, Node::map(merged));
    }
}

/// The values of `stringData` as they are in `data`; of equal keys the first counts.
fn string_data(of: &Resource) -> Result<Vec<Entry>> {
    let Some(theirs) = of.node.get("stringData").filter(|node| !node.is_null()) else {
        return Ok(Vec::new());
    };
    let wrong = |what: &str, node: &Node| {
        let message = format!("{what} in the `stringData` of a Secret that is merged into");
        Error::new(Kind::Generator, message)
            .at(node.span)
            .help("`stringData` is a map of plain values")
    };
    if !theirs.is_map() {
        return Err(wrong("there is no map", theirs));
    }
    let mut encoded = Vec::with_capacity(theirs.entries().len());
    for entry in theirs.entries() {
        let Some(text) = entry.value.text() else {
            return Err(wrong(
                "a value in the `stringData` is not plain",
                &entry.value,
            ));
        };
        let text = if entry.value.is_null() { "" } else { text };
        encoded.push(Entry {
            key: entry.key.clone(),
            value: Node {
                span: entry.value.span,
                ..Node::string(base64_lines(text.as_bytes()))
            },
        });
    }
    Ok(encoded)
}

/// The union of both fields as texts, and between them of `first`; a null is an empty text there.
fn merge_map(new: &mut Resource, first: &[Entry], old: &Resource, field: &str) {
    let entries = |resource: &Resource| -> Vec<Entry> {
        let map = resource.node.get(field);
        map.map(Node::entries)
            .unwrap_or_default()
            .iter()
            .map(data)
            .collect()
    };
    let ours = united(Vec::new(), entries(new));
    let ours = united(ours, first.iter().map(data).collect());
    let merged = united(ours, entries(old));
    new.node.remove(field);
    if !merged.is_empty() {
        new.node.set(field, Node::map(merged));
    }
}

/// An entry of a ConfigMap's data as kustomize writes it.
fn data(entry: &Entry) -> Entry {
    let text = entry.value.text().filter(|_| !entry.value.is_null());
    let mut value = Node {
        span: entry.value.span,
        ..Node::string(text.unwrap_or_default())
    };
    match text.is_some_and(|text| text.contains('\n')) {
        true => value.style = Style::Literal,
        false => value.quote_if_misread(),
    }
    Entry {
        key: Node {
            span: entry.key.span,
            ..Node::plain(entry.key.text().unwrap_or_default())
        },
        value,
    }
}

/// Our entries, and theirs whose keys are not among them.
fn united(mut ours: Vec<Entry>, theirs: Vec<Entry>) -> Vec<Entry> {
    let text = |entry: &Entry| Str::from(entry.key.text().unwrap_or_default());
    let mut known: HashSet<Str> = ours.iter().map(text).collect();
    ours.extend(theirs.into_iter().filter(|entry| known.insert(text(entry))));
    ours
}
