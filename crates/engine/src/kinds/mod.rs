//! Kinds that kustomize does not know: custom resources.
//!
//! What it must be taught of each by `configurations`, `crds` and `openapi` (scope, merge keys,
//! references, images, pod templates, selectors, replicas) is read from a table of well-known
//! kinds and from CustomResourceDefinitions. A build uses nothing of it unless its options name kinds:
//! kustomize knows none of them.

mod crd;
mod definition;
mod guess;
mod pods;
mod table;
mod tables;

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use kustom_yaml::Node;
use kustom_yaml::Str;

use crate::fields::Fields;
use crate::resource::Resources;
use crate::schema::{CustomKind, CustomKinds};

/// A custom kind, whatever its version.
///
/// Its [`Display`](std::fmt::Display) form is its part of the table, which
/// [`Kinds::well_known`] reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// The API group.
    pub group: Str,
    /// The kind.
    pub kind: Str,
    /// Whether its objects live outside of namespaces.
    pub cluster_scoped: bool,
    /// Where that is written: the name and the release of a definition, or a page.
    pub source: Str,
    /// The fields that transformers touch.
    pub fields: Vec<Field>,
}

/// A field of a custom kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// The way from the root, its parts joined by `/`; `[name]` behind a part says by which keys
    /// the items of a list merge, `[]` that the list is replaced, `*` stands for any key, and `**` at the start for any way.
    pub path: Str,
    /// Its content.
    pub role: Role,
}

/// The content of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A pod template: `metadata` and `spec`.
    PodTemplate,
    /// The `spec` of a pod.
    PodSpec,
    /// A list of containers.
    Containers,
    /// One container.
    Container,
    /// A list of a pod's volumes.
    Volumes,
    /// An image.
    Image,
    /// A number of replicas.
    Replicas,
    /// The labels of what its controller makes.
    Labels,
    /// Labels by which it selects objects.
    Selector,
    /// A list whose items merge by keys.
    List,
    /// The name of another object.
    Reference(Target),
}

/// The object that a reference means.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The API group of what is meant where nothing beside the name says it; empty for the core
    /// group.
    pub group: Str,
    /// The kind, likewise; empty if only what is beside the name says it.
    pub kind: Str,
    /// How the name is written.
    pub form: Form,
}

/// How the name of an object is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Alone; in a field called `name`, what is beside it may say kind, group and namespace.
    #[default]
    Name,
    /// After its namespace and a slash, or alone.
    Qualified,
    /// As the first label of a host name, before its namespace.
    Host,
}

/// A reference from the objects of a kind, on its way.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The parts of the path; `*` stands for any key, `**` for any way.
    pub(crate) path: Vec<Str>,
    pub(crate) target: Target,
}

/// Custom kinds by group and kind, and what the schema must know of them.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    kinds: Arc<BTreeMap<(Str, Str), Kind>>,
    schema: Arc<CustomKinds>,
}

impl PartialEq for Kinds {
    fn eq(&self, other: &Self) -> bool {
        // What the schema must know follows from the kinds.
        Arc::ptr_eq(&self.kinds, &other.kinds) || self.kinds == other.kinds
    }
}

impl Eq for Kinds {}

impl Kinds {
    /// The well-known kinds.
    ///
    /// # Example
    ///
    /// ```
    /// let kinds = kustom_engine::kinds::Kinds::well_known();
    /// assert!(kinds.get("keda.sh", "ScaledObject").is_some());
    /// assert!(kinds.get("apps", "Deployment").is_none());
    /// ```
    pub fn well_known() -> Self {
        static KINDS: OnceLock<Kinds> = OnceLock::new();
        let kinds = KINDS.get_or_init(|| Self::default().with(table::well_known().to_vec()));
        kinds.clone()
    }

    /// The same with the kinds that CustomResourceDefinitions define; what is none is passed over.
    ///
    /// A kind that is well known keeps the fields of the table; its scope is that of the
    /// definition.
    #[must_use]
    pub fn defined_by<'n>(self, definitions: impl IntoIterator<Item = &'n Node>) -> Self {
        let kinds = definitions.into_iter().filter_map(Kind::from_definition);
        self.with(kinds.collect())
    }

    /// The facts known about a kind.
    pub fn get(&self, group: &str, kind: &str) -> Option<&Kind> {
        self.kinds.get(&(group.into(), kind.into()))
    }

    /// The facts that the schema needs.
    pub fn schema(&self) -> &Arc<CustomKinds> {
        &self.schema
    }

    /// The tables of fields, and beside them the fields of the custom kinds among some resources.
    ///
    /// A row of the tables goes before one of the same path here.
    pub fn beside(&self, fields: &Fields, resources: &Resources) -> Fields {
        let mut known = BTreeSet::new();
        for resource in resources {
            let gvk = resource.original_gvk().into_owned();
            known.insert((gvk.group, gvk.kind));
        }
        let mut all = fields.clone();
        for kind in known.iter().filter_map(|key| self.kinds.get(key)) {
            tables::leave_to_core(&mut all, &kind.kind);
            tables::extend(&mut all, kind);
        }
        all
    }

    /// The same with these kinds.
    fn with(mut self, more: Vec<Kind>) -> Self {
        if more.is_empty() {
            return self;
        }
        let kinds = Arc::make_mut(&mut self.kinds);
        let mut changed = BTreeSet::new();
        for kind in more {
            let key = (kind.group.clone(), kind.kind.clone());
            add(kinds, kind);
            changed.insert(key);
        }
        let schema = Arc::make_mut(&mut self.schema);
        for kind in changed.iter().filter_map(|key| kinds.get(key)) {
            let known = CustomKind {
                cluster_scoped: kind.cluster_scoped,
                definition: definition::of(&kind.fields).map(Arc::new),
            };
            schema.insert(&kind.group, &kind.kind, known);
        }
        self
    }
}

/// Adds a kind; one that is known keeps its fields, and takes the scope and further fields.
fn add(kinds: &mut BTreeMap<(Str, Str), Kind>, kind: Kind) {
    match kinds.entry((kind.group.clone(), kind.kind.clone())) {
        Slot::Vacant(slot) => drop(slot.insert(kind)),
        Slot::Occupied(mut known) => {
            let known = known.get_mut();
            known.cluster_scoped = kind.cluster_scoped;
            let paths: BTreeSet<String> = known.fields.iter().map(Field::plain).collect();
            let more = kind.fields.into_iter();
            let is_new = |field: &Field| !paths.contains(&field.plain());
            known.fields.extend(more.filter(is_new));
        }
    }
}

impl Kind {
    /// The fields that name other objects, those of pods with the rest.
    pub(crate) fn references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        for field in &self.fields {
            match &field.role {
                Role::Reference(target) => references.push(Reference {
                    path: field.parts(),
                    target: target.clone(),
                }),
                role => pods::references(role, &field.parts(), &mut references),
            }
        }
        references
    }
}

impl Field {
    /// The parts of the path, without what they say of lists.
    fn parts(&self) -> Vec<Str> {
        let parts = self.path.split('/');
        parts.map(|part| Str::from(part_name(part))).collect()
    }

    /// The path without what it says of lists.
    fn plain(&self) -> String {
        self.parts().join("/")
    }
}

/// The key that a part of a path names.
fn part_name(part: &str) -> &str {
    part.split_once('[').map_or(part, |(name, _)| name)
}
