//! What a cluster has that objects of Flux refer to: values for variables and charts, and sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decryption::is_placeholder;
use super::variables::{Source, variables_of};
use crate::error::Result;
use crate::substitute::Variables;
use crate::yaml::Node;

/// ConfigMaps and Secrets that `substituteFrom` and `valuesFrom` may name, and sources of charts.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    values: BTreeMap<(Source, String, String), Arc<Known>>,
    sources: BTreeMap<Key, Arc<Node>>,
    objects: Arc<BTreeSet<(String, String)>>,
}

/// Kind, namespace and name.
type Key = (String, String, String);

#[derive(Debug)]
struct Known {
    variables: Variables,
    object: Node,
    file: Option<PathBuf>,
}

/// What stands for a value that is encrypted: it may be part of a name.
const ENCRYPTED: &str = "encrypted";

/// Kinds that say where charts come from.
const SOURCES: [&str; 6] = [
    "ArtifactGenerator",
    "Bucket",
    "GitRepository",
    "HelmChart",
    "HelmRepository",
    "OCIRepository",
];

impl Cluster {
    /// Adds an object, if it has values or is a source; one that says no namespace is in
    /// `namespace`.
    ///
    /// # Errors
    ///
    /// If a value cannot be read.
    pub fn add(&mut self, object: &Node, namespace: &str, file: Option<&Path>) -> Result<()> {
        let text = |field: &str| object.at(&["metadata", field]).and_then(Node::text);
        let namespace = text("namespace").unwrap_or(namespace).to_owned();
        let name = text("name").unwrap_or_default().to_owned();
        let kind = object.get("kind").and_then(Node::text).unwrap_or_default();
        Arc::make_mut(&mut self.objects).insert((kind.to_owned(), name.clone()));
        if SOURCES.contains(&kind) {
            let key = (kind.to_owned(), namespace, name);
            self.sources.insert(key, Arc::new(object.clone()));
            return Ok(());
        }
        let Some(kind) = Source::of(object) else {
            return Ok(());
        };
        let mut variables = Variables::default();
        variables_of(object, kind, &mut variables)?;
        let encrypted = |name: &&str| variables.get(name).is_some_and(is_placeholder);
        let encrypted: Vec<String> = variables
            .names()
            .filter(encrypted)
            .map(String::from)
            .collect();
        for name in encrypted {
            variables.set(name, ENCRYPTED);
        }
        let known = Known {
            variables,
            object: object.clone(),
            file: file.map(Path::to_path_buf),
        };
        self.values.insert((kind, namespace, name), Arc::new(known));
        Ok(())
    }

    /// What it has: kind and name of every object.
    pub fn objects(&self) -> &Arc<BTreeSet<(String, String)>> {
        &self.objects
    }

    /// The values of an object.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Variables> {
        self.known(kind, namespace, name)
            .map(|known| &known.variables)
    }

    /// A ConfigMap or Secret.
    pub(super) fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<&Node> {
        self.known(kind, namespace, name).map(|known| &known.object)
    }

    /// The file that an object was written in.
    pub(super) fn file(&self, kind: &str, namespace: &str, name: &str) -> Option<&Path> {
        self.known(kind, namespace, name)?.file.as_deref()
    }

    /// A source.
    pub(super) fn source(&self, kind: &str, namespace: &str, name: &str) -> Option<&Node> {
        let key = (kind.to_owned(), namespace.to_owned(), name.to_owned());
        self.sources.get(&key).map(|node| &**node)
    }

    /// The sources of a kind.
    pub(super) fn sources_of(&self, kind: &str) -> impl Iterator<Item = &Node> {
        let all = self.sources.iter();
        all.filter(move |(key, _)| key.0 == kind)
            .map(|(_, node)| &**node)
    }

    /// Lays what another cluster has over this one.
    pub(super) fn take(&mut self, other: &Self) {
        Arc::make_mut(&mut self.objects).extend(other.objects.iter().cloned());
        for (key, known) in &other.values {
            self.values.insert(key.clone(), Arc::clone(known));
        }
        for (key, node) in &other.sources {
            self.sources.insert(key.clone(), Arc::clone(node));
        }
    }

    /// Adds what only other clusters have, as far as they agree about it.
    pub(super) fn fill(&mut self, others: &[&Self]) {
        let mut found: BTreeMap<_, Option<Arc<Known>>> = BTreeMap::new();
        for (key, known) in others.iter().flat_map(|other| &other.values) {
            let one = found
                .entry(key.clone())
                .or_insert_with(|| Some(Arc::clone(known)));
            let agrees = one.as_ref().is_some_and(|one| one.agrees(known));
            if !agrees {
                *one = None;
            }
        }
        for (key, known) in found {
            if let Some(known) = known {
                self.values.entry(key).or_insert(known);
            }
        }
        for (key, node) in others.iter().flat_map(|other| &other.sources) {
            let known = self.sources.entry(key.clone());
            known.or_insert_with(|| Arc::clone(node));
        }
    }

    fn known(&self, kind: &str, namespace: &str, name: &str) -> Option<&Known> {
        let kind = Source::named(kind)?;
        let key = (kind, namespace.to_owned(), name.to_owned());
        self.values.get(&key).map(|known| &**known)
    }
}

impl Known {
    /// Whether another one has the same values.
    fn agrees(&self, other: &Self) -> bool {
        let ours = &self.variables;
        ours.names().eq(other.variables.names())
            && ours
                .names()
                .all(|name| ours.get(name) == other.variables.get(name))
    }
}
