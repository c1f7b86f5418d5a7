//! What the steps of a build could do for custom kinds that it does not know.
//!
//! Whether a build comes out otherwise with them is known for certain only from another build. That
//! is spared where no step has run that could make a difference for one of its objects.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Environment;
use crate::build::{Observer, Step, StepKind, StepPatches};
use crate::kinds::{Kind, Kinds, Role};
use crate::load::Files;
use crate::resource::{Pattern, Resource, Resources};
use crate::yaml::{Node, Value};

/// Kinds of kustomize's tables that are told by their name alone, whatever the group.
const NAMESAKES: [&str; 10] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "ReplicaSet",
    "ReplicationController",
    "Service",
    "StatefulSet",
];

/// The steps that have run, as far as they look at the kinds of objects.
pub(super) struct Reach<'f> {
    files: &'f dyn Files,
    has_namespaces: bool,
    has_labels: bool,
    has_annotations: bool,
    has_images: bool,
    has_replicas: bool,
    /// Whether a plugin has run, which may be any of them.
    has_plugins: bool,
    patches: Vec<Patched>,
}

/// What a patch is for.
enum Patched {
    /// Kinds that a selector fits.
    Selected(Pattern),
    /// Objects that its text names.
    Text(Arc<[u8]>),
    /// Nobody knows.
    Anything,
}

impl<'f> Reach<'f> {
    /// Nothing yet; patches are read from `files`.
    pub(super) fn new(files: &'f dyn Files, environment: &Environment) -> Self {
        Self {
            files,
            has_namespaces: !environment.settings.namespaces.is_empty(),
            has_labels: false,
            has_annotations: false,
            has_images: false,
            has_replicas: false,
            has_plugins: false,
            patches: Vec::new(),
        }
    }

    /// Whether a step could have done something else for one of these objects, had it known its kind.
    pub(super) fn matters(&self, known: &Kinds, resources: &[Resource]) -> bool {
        let mut custom: BTreeMap<(&str, &str), (&Kind, Vec<&Resource>)> = BTreeMap::new();
        for resource in resources {
            let gvk = &resource.id().gvk;
            if let Some(kind) = known.get(&gvk.group, &gvk.kind) {
                let (_, objects) = custom
                    .entry((&gvk.group, &gvk.kind))
                    .or_insert_with(|| (kind, Vec::new()));
                objects.push(resource);
            }
        }
        if custom.is_empty() {
            return false;
        }
        let former = Former::of(resources);
        // Of several bases the nearest counts then, for all kinds.
        let mut kinds = custom.values();
        former.is_ambiguous
            || kinds.any(|(kind, objects)| {
                self.touches(kind, objects)
                    || (refers(kind) && objects.iter().any(|one| former.is_named_in(&one.node)))
            })
    }

    fn touches(&self, kind: &Kind, objects: &[&Resource]) -> bool {
        if self.has_plugins {
            return true;
        }
        let is_moved = || objects.iter().any(|one| !one.id().namespace.is_empty());
        if kind.cluster_scoped && self.has_namespaces && is_moved() {
            return true;
        }
        let is_marked = self.has_labels || self.has_annotations || self.has_replicas;
        if is_marked && NAMESAKES.contains(&kind.kind.as_str()) {
            return true;
        }
        let mut fields = kind.fields.iter();
        let does = fields.any(|field| match field.role {
            Role::PodTemplate => self.has_labels || self.has_annotations || self.has_images,
            Role::PodSpec | Role::Containers | Role::Container | Role::Image => self.has_images,
            Role::Volumes => self.has_images,
            Role::Replicas => self.has_replicas,
            Role::Labels | Role::Selector => self.has_labels,
            Role::List | Role::Reference(_) => false,
        });
        does || self
            .patches
            .iter()
            .any(|patched| patched.may_be(&kind.kind))
    }
}

fn refers(kind: &Kind) -> bool {
    let mut fields = kind.fields.iter();
    fields.any(|field| matches!(field.role, Role::Reference(_)))
}

impl Patched {
    fn of(files: &dyn Files, directory: &Path, text: &str) -> Self {
        // A patch has several lines, or braces; a path has neither.
        if text.contains(['\n', '{']) {
            return Self::Text(text.as_bytes().into());
        }
        match files.read(&directory.join(text)) {
            Ok(bytes) => Self::Text(bytes.into()),
            Err(_) => Self::Anything,
        }
    }

    fn may_be(&self, kind: &str) -> bool {
        match self {
            Self::Selected(wanted) => wanted.matches(kind),
            Self::Text(text) => {
                let mut windows = text.windows(kind.len().max(1));
                windows.any(|window| window == kind.as_bytes())
            }
            Self::Anything => true,
        }
    }
}

impl Observer for Reach<'_> {
    fn sees_objects(&self) -> bool {
        false
    }

    fn after(&mut self, step: &Step<'_>, _: &Resources) {
        match step.kind {
            StepKind::NamespaceTransformer => self.has_namespaces = true,
            StepKind::LabelTransformer => self.has_labels = true,
            StepKind::AnnotationsTransformer => self.has_annotations = true,
            StepKind::ImageTagTransformer => self.has_images = true,
            StepKind::ReplicaCountTransformer => self.has_replicas = true,
            StepKind::Transformer => self.has_plugins = true,
            _ => {}
        }
        let (files, directory) = (self.files, step.directory);
        match step.patches {
            StepPatches::Nothing => {}
            StepPatches::Patch(patch) => self.patches.push(match &patch.target {
                Some(target) => Patched::Selected(target.kind.clone()),
                None if patch.patch.is_empty() => Patched::of(files, directory, &patch.path),
                None => Patched::Text(patch.patch.as_bytes().into()),
            }),
            StepPatches::Patches(list) => {
                let patches = list.iter();
                self.patches
                    .extend(patches.map(|text| Patched::of(files, directory, text)));
            }
        }
    }
}

/// What objects were called before, and where they were.
struct Former<'r> {
    /// Names and namespaces that are others now.
    words: FxHashSet<&'r str>,
    /// Whether a name is one that another object of the kind has had.
    is_ambiguous: bool,
}

impl<'r> Former<'r> {
    fn of(resources: &'r [Resource]) -> Self {
        let mut former = Self {
            words: FxHashSet::default(),
            is_ambiguous: false,
        };
        // Who has a name, or had it, by kind.
        let mut owners: FxHashMap<(&str, &str), (usize, bool)> = FxHashMap::default();
        for (number, resource) in resources.iter().enumerate() {
            let id = resource.id();
            let previous = resource.history.previous.iter();
            let mut names: Vec<(&str, &str)> = vec![(&id.gvk.kind, &id.name)];
            for earlier in previous {
                if earlier.name != id.name {
                    former.words.insert(&earlier.name);
                }
                if earlier.namespace != id.effective_namespace() {
                    former.words.insert(&earlier.namespace);
                }
                names.push((&earlier.kind, &earlier.name));
            }
            let is_renamed = names.iter().any(|(_, name)| **name != *id.name);
            for name in names {
                let (owner, was_renamed) = *owners.entry(name).or_insert((number, is_renamed));
                former.is_ambiguous |= owner != number && (is_renamed || was_renamed);
            }
        }
        former
    }

    /// Whether a text of an object has one of the words, alone or beside others.
    fn is_named_in(&self, node: &Node) -> bool {
        match &node.value {
            Value::Map(entries) => {
                let fields = entries.iter().filter(|entry| !entry.is("metadata"));
                fields
                    .map(|entry| &entry.value)
                    .any(|it| self.is_named_in(it))
            }
            Value::Seq(items) => items.iter().any(|item| self.is_named_in(item)),
            Value::Scalar(text) => {
                self.words.contains(&**text)
                    || text.split(['/', '.']).any(|part| self.words.contains(part))
            }
            Value::Alias(_) => true,
        }
    }
}
