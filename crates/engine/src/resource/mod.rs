//! Kubernetes objects during a build.
//!
//! A [`Resource`] is a YAML node, the id that is read off it, and what happened to it so far.
//! [`Resources`] keeps many of them in order and finds them by any id they ever had.

mod bookkeeping;
mod each;
mod history;
mod index;
mod links;
mod list;
mod nearby;
mod origin;
mod rare_list;
mod resources;
mod selector;

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::place::Span;
use kustom_yaml::{Entry, Node, Str};
use rustc_hash::FxHashMap;

use crate::id::{DEFAULT_NAMESPACE, Gvk, Id, KeyRef};
use crate::schema::Schema;

pub(crate) use bookkeeping::{annotate, remove_annotation};
pub use history::{Behavior, History, PreviousId};
pub use index::Positions;
pub use links::Links;
pub(crate) use links::{Followed, Link, Map};
pub use list::resources as from_documents;
pub use origin::{Origin, Plugin};
pub use rare_list::RareList;
pub use resources::Resources;
pub use selector::{LabelSelector, Pattern, SELECTOR_PARTS, Selector};

/// A Kubernetes object, and what a build remembers of it.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// The object.
    pub node: Node,
    /// Its changes so far.
    pub history: History,
    /// Entries that change together.
    pub links: Links,
    /// The id, as the node says it now.
    id: Id,
    /// Whether the kind alone says that it lives in a namespace, or in none.
    has_fixed_scope: bool,
    /// Its number, which no other has; 0 until it is one of some [`Resources`].
    number: u64,
    /// The series of patches of which a JSON patch has changed it last; 0 if none has.
    last_of: u64,
}

/// The number of the resource that was added last.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// The effect of a change on the ids of a resource.
#[derive(Clone, Debug)]
enum IdChange {
    /// No id changes.
    No,
    /// Another previous id was recorded than the present one.
    Noted,
    /// The name or the namespace changes; this was the id.
    Renamed(Id),
    /// The current id changes, or a previous one is forgotten.
    Yes,
}

/// What a node that has no kind is in place of an object.
#[cold]
fn without_kind(node: &Node) -> Error {
    let wrong = |message: String| Error::new(Kind::Resource, message);
    let found = match (node.is_seq(), node.is_scalar() && !node.is_null()) {
        (true, _) => Some("a list"),
        (_, true) => Some("a string"),
        _ => None,
    };
    if let Some(found) = found {
        return wrong(format!("expected an object, found {found}"))
            .at(node.span)
            .help("write a map with `apiVersion`, `kind` and `metadata`");
    }
    let name = meta(node, "name");
    let subject = match name {
        "" => "this object".to_owned(),
        name => format!("the object `{name}`"),
    };
    let mut keys = node.entries().iter().map(|entry| &entry.key);
    let mistyped = keys.find(|key| {
        key.text()
            .is_some_and(|text| text != "name" && nearest(text, ["kind"]).is_some())
    });
    if let Some(key) = mistyped.filter(|_| node.get("kind").is_none()) {
        return wrong(format!("{subject} has no `kind`"))
            .at(key.span)
            .help("did you mean `kind`?");
    }
    let place = node.get("kind").map_or(node.span, |kind| kind.span);
    wrong(format!("{subject} has no `kind`"))
        .at(place)
        .help("write what it is, such as `kind: Service`")
}

/// An object whose name is not there.
#[cold]
fn without_name(node: &Node, message: String) -> Error {
    let error = Error::new(Kind::Resource, message);
    if let Some(name) = node.get("name").and_then(Node::text) {
        return error
            .at(node.get("name").map_or(node.span, |name| name.span))
            .help(format!(
                "write it below `metadata`: `metadata: {{name: {name}}}`"
            ));
    }
    let metadata = node.get("metadata");
    let mut keys = metadata
        .into_iter()
        .flat_map(Node::entries)
        .map(|entry| &entry.key);
    let mistyped = keys.find(|key| {
        key.text()
            .is_some_and(|text| nearest(text, ["name", "namespace"]) == Some("name"))
    });
    match mistyped {
        Some(key) => error.at(key.span).help("did you mean `name`?"),
        None => error
            .at(metadata.map_or(node.span, |metadata| metadata.span))
            .help("write it as `metadata: {name: NAME}`"),
    }
}

impl Resource {
    /// Checks that a node is an object: it has a kind and, unless that is a list, a name.
    ///
    /// # Errors
    ///
    /// `missing kind` or `missing metadata.name`, with the place of the node.
    pub fn new(mut node: Node, schema: &Schema) -> Result<Self> {
        let kind = node
            .get("kind")
            .filter(|kind| !is_empty(kind))
            .and_then(Node::text);
        if kind.is_none_or(str::is_empty) {
            return Err(without_kind(&node));
        }
        let is_list = kind.is_some_and(|kind| kind.ends_with("List"));
        if !is_list && meta(&node, "name").is_empty() {
            let kind = kind.unwrap_or_default();
            let message = format!("this `{kind}` has no `metadata.name`");
            return Err(without_name(&node, message));
        }
        let history = History::take_from(&mut node);
        Ok(Self::generated(node, history, schema))
    }

    /// Where its name is written, or the whole object if that is nowhere.
    pub fn name_span(&self) -> Span {
        let name = self
            .node
            .get("metadata")
            .and_then(|metadata| metadata.get("name"));
        name.map(|name| name.span)
            .filter(|span| span.line > 0 && span.source == self.node.span.source)
            .unwrap_or(self.node.span)
    }

    /// An object that we made ourselves.
    pub fn generated(node: Node, history: History, schema: &Schema) -> Self {
        let (id, has_fixed_scope) = read_id(&node, schema);
        Self {
            node,
            history,
            links: Links::default(),
            id,
            has_fixed_scope,
            number: 0,
            last_of: 0,
        }
    }

    /// Whether a JSON patch of a series has left it as it is.
    pub(crate) fn is_last_of(&self, series: u64) -> bool {
        self.last_of == series
    }

    /// Notes that a JSON patch of a series has left it as it is, or that none has.
    pub(crate) fn set_last_of(&mut self, series: Option<u64>) {
        self.last_of = series.unwrap_or_default();
    }

    /// The id it has now.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Its number, which no other of a build has and which stays through all changes;
    /// 0 until it is one of some [`Resources`].
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether its content hash covers the lines and columns of its values: they are then those
    /// that kustomize knows, and no step may set others.
    pub fn hash_covers_places(&self) -> bool {
        self.history.needs_hash && !matches!(&*self.id.gvk.kind, "ConfigMap" | "Secret")
    }

    /// The place of a value that a step sets, as the step knows it; nothing if the value keeps the
    /// place that it had.
    pub(crate) fn place_of_new(&self, span: Span) -> Option<Span> {
        (!self.hash_covers_places()).then_some(span)
    }

    /// Takes the place of another: it is the same resource from now on.
    pub(crate) fn succeed(&mut self, other: &Self) {
        self.number = other.number;
    }

    /// Gives it a number, if it has none.
    fn enlist(&mut self) {
        if self.number == 0 {
            self.number = NUMBERS.fetch_add(1, Ordering::Relaxed) + 1;
        }
    }

    /// The node, to change in ways that leave the id as it is, beside the id and the history.
    pub fn parts_mut(&mut self) -> (&mut Node, &Id, &History) {
        (&mut self.node, &self.id, &self.history)
    }

    /// Reads the id again, after the node was changed.
    pub fn refresh(&mut self, schema: &Schema) {
        let [api_version, kind, metadata] = fields(&self.node, ["apiVersion", "kind", "metadata"]);
        let [api_version, kind] = [api_version, kind].map(text_or_empty);
        let id = &mut self.id;
        // Most changes leave most of it as it is.
        let is_same_type = id.gvk.is_written(api_version, kind);
        if !is_same_type {
            id.gvk = Gvk::new(api_version, kind);
        }
        if !is_same_type || !self.has_fixed_scope {
            (id.cluster_scoped, self.has_fixed_scope) = scope(schema, api_version, kind);
        }
        refresh_names(id, metadata);
    }

    /// The same after a change of other fields than `apiVersion` and `kind`.
    pub fn refresh_names(&mut self, schema: &Schema) {
        // What else than the type decides on the scope is asked again.
        match self.has_fixed_scope {
            true => refresh_names(&mut self.id, self.node.get("metadata")),
            false => self.refresh(schema),
        }
    }

    /// Whether it remembers one that is not its present id, since it had so many former ones.
    fn has_other_ids_since(&self, formers: usize) -> bool {
        let is_present = |former: &PreviousId| {
            former.name == self.id.name
                && former.kind == self.id.gvk.kind
                && former.namespace == self.id.effective_namespace()
        };
        let added = self.history.previous.get(formers..);
        added.is_none_or(|added| !added.iter().all(is_present))
    }

    /// Changes it, and says what became of its ids.
    fn update<T>(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> (IdChange, Result<T>) {
        let (id, formers) = (self.id.clone(), self.history.previous.len());
        let result = change(self);
        self.refresh(schema);
        let moved = if self.history.previous.len() < formers {
            IdChange::Yes
        } else if self.id != id {
            // The group and the version of today are those of all former ids.
            match self.id.gvk == id.gvk && !self.is_deleted() {
                true => IdChange::Renamed(id),
                false => IdChange::Yes,
            }
        } else if self.has_other_ids_since(formers) {
            IdChange::Noted
        } else {
            IdChange::No
        };
        (moved, result)
    }

    /// The id it had first.
    pub fn original_id(&self) -> Id {
        self.history
            .ids(&self.id.gvk)
            .next()
            .unwrap_or_else(|| self.id.clone())
    }

    /// Group, version and kind of [`Resource::original_id`].
    pub fn original_gvk(&self) -> Cow<'_, Gvk> {
        match self.history.previous.first() {
            Some(first) if first.kind != self.id.gvk.kind => Cow::Owned(Gvk {
                kind: first.kind.clone(),
                ..self.id.gvk.clone()
            }),
            _ => Cow::Borrowed(&self.id.gvk),
        }
    }

    /// The name it had first.
    pub fn original_name(&self) -> &str {
        let first = self.history.previous.first();
        first.map_or(&self.id.name, |first| &first.name)
    }

    /// The namespace that it had first, as [`Id::effective_namespace`] says it.
    pub fn original_namespace(&self) -> &str {
        match self.history.previous.first() {
            Some(first) if first.namespace.is_empty() => DEFAULT_NAMESPACE,
            Some(first) => &first.namespace,
            None => self.id.effective_namespace(),
        }
    }

    /// Every id it ever had, the oldest first, the present one last.
    pub fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        self.history
            .ids(&self.id.gvk)
            .chain(std::iter::once(self.id.clone()))
    }

    /// The keys of the ids that it had, with the group and version of today.
    fn former_keys(&self) -> impl Iterator<Item = KeyRef<'_>> {
        let gvk = &self.id.gvk;
        let formers = self.history.previous.iter();
        formers.map(|former| KeyRef::of(gvk, &former.kind, &former.name, &former.namespace))
    }

    /// Whether it has or had an id.
    fn ever_had(&self, key: KeyRef<'_>) -> bool {
        self.id.key_ref() == key || self.former_keys().any(|former| former == key)
    }

    /// Refuses annotations that are no mapping, where more are to be added.
    ///
    /// # Errors
    ///
    /// If they are a list or a scalar other than null.
    pub fn check_annotations(&self) -> Result<()> {
        match self.node.at(&["metadata", "annotations"]) {
            Some(node) if !node.is_map() && !node.is_null() => {
                let message = format!("the annotations of `{}` are no map", self.id);
                Err(Error::new(Kind::Resource, message).at(node.span))
            }
            _ => Ok(()),
        }
    }

    /// Whether a patch has deleted it.
    pub fn is_deleted(&self) -> bool {
        is_empty(&self.node)
    }

    /// Records the present id as a previous one.
    pub fn remember_id(&mut self) {
        self.history.remember(&self.id);
    }

    /// Sets the name, keeping the style in which the old one was written.
    pub fn set_name(&mut self, name: &str) {
        self.set_meta("name", name);
        self.id.name = name.into();
    }

    /// Sets the namespace; an empty one takes the field away.
    pub fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            if let Some(metadata) = self.node.get_mut("metadata") {
                metadata.remove("namespace");
            }
        } else {
            self.set_meta("namespace", namespace);
        }
        self.id.namespace = namespace.into();
    }

    fn set_meta(&mut self, field: &str, text: &str) {
        if self.node.get("metadata").is_none() {
            self.node.set("metadata", Node::map(Vec::new()));
        }
        if let Some(metadata) = self.node.get_mut("metadata") {
            metadata.set_scalar_field(field, text, None);
        }
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.node
            .at(&["metadata", "labels", key])
            .and_then(Node::text)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.node
            .at(&["metadata", "annotations", key])
            .and_then(Node::text)
    }
}

/// Whether kustomize takes a node for nothing: null, `{}` or `[]`.
fn is_empty(node: &Node) -> bool {
    node.is_null()
        || (node.is_map() && node.entries().is_empty())
        || (node.is_seq() && node.items().is_empty())
}

/// A text field of the metadata, or nothing.
fn meta<'n>(node: &'n Node, field: &str) -> &'n str {
    node.get("metadata")
        .map_or("", |metadata| filled(metadata, field))
}

/// A text field that is not null, or nothing.
fn filled<'n>(node: &'n Node, field: &str) -> &'n str {
    text_or_empty(node.get(field).filter(|value| !value.is_null()))
}

fn text_or_empty(field: Option<&Node>) -> &str {
    field.and_then(Node::text).unwrap_or_default()
}

/// Takes over the name and the namespace that metadata says.
fn refresh_names(id: &mut Id, metadata: Option<&Node>) {
    let named = metadata.map(|metadata| fields(metadata, ["name", "namespace"]));
    let [name, namespace] = named.unwrap_or_default();
    for (part, field) in [(&mut id.name, name), (&mut id.namespace, namespace)] {
        let text = text_or_empty(field.filter(|field| !field.is_null()));
        if part != text {
            *part = text.into();
        }
    }
}

/// The values of some keys of a mapping, each as [`Node::get`] finds it, in one pass.
fn fields<'n, const N: usize>(node: &'n Node, keys: [&str; N]) -> [Option<&'n Node>; N] {
    let mut found = [None; N];
    let mut missing = N;
    for entry in node.entries() {
        let Some(text) = entry.key.text() else {
            continue;
        };
        for (found, key) in found.iter_mut().zip(keys) {
            if text == key && found.is_none() {
                *found = Some(&entry.value);
                missing -= 1;
            }
        }
        if missing == 0 {
            break;
        }
    }
    found
}

/// The id that a node says, and whether its scope is fixed.
fn read_id(node: &Node, schema: &Schema) -> (Id, bool) {
    let [api_version, kind] = fields(node, ["apiVersion", "kind"]).map(text_or_empty);
    let (cluster_scoped, is_fixed) = scope(schema, api_version, kind);
    let id = Id {
        gvk: Gvk::new(api_version, kind),
        name: Str::from(meta(node, "name")),
        namespace: Str::from(meta(node, "namespace")),
        cluster_scoped,
    };
    (id, is_fixed)
}

/// Whether objects of a kind live outside of namespaces, and whether that is so for every schema.
fn scope(schema: &Schema, api_version: &str, kind: &str) -> (bool, bool) {
    match Schema::fixed_scope(api_version, kind) {
        Some(is_cluster_scoped) => (is_cluster_scoped, true),
        None => (schema.is_cluster_scoped(api_version, kind), false),
    }
}

/// A map as a map of texts, each key once; values that are no scalars become empty.
pub(crate) fn text_map(node: &Node) -> Vec<Entry> {
    const FEW: usize = 16;
    let mut entries: Vec<Entry> = Vec::with_capacity(node.entries().len());
    let is_large = node.entries().len() > FEW;
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    for entry in node.entries() {
        let key = entry.key.text().unwrap_or_default();
        let text = entry.value.text().unwrap_or_default();
        let value = Node {
            span: entry.value.span,
            ..Node::string(text)
        };
        let place = match is_large {
            true => *places.entry(key).or_insert(entries.len()),
            false => {
                let known = entries.iter().position(|known| known.is(key));
                known.unwrap_or(entries.len())
            }
        };
        match entries.get_mut(place) {
            Some(known) => known.value = value,
            None => entries.push(Entry {
                key: Node {
                    span: entry.key.span,
                    ..Node::plain(key)
                },
                value,
            }),
        }
    }
    entries
}
