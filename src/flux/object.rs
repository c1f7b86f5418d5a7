//! The Flux object `Kustomization`, as far as it says what is built.
//!
//! Fields that nobody knows are left out, as the API server does; one of the wrong type is an error.
//! Source: <https://fluxcd.io/flux/components/kustomize/kustomizations/>.

use std::path::{Component, Path, PathBuf};

use super::Substitution;
use super::cluster::Cluster;
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};
use crate::substitute::{Options, Variables};
use crate::yaml::{Entry, Node, Tag, Text, Value};

/// The group of the object.
const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// A Flux `Kustomization`.
#[derive(Clone, Debug)]
pub struct FluxKustomization {
    /// Its name.
    pub name: String,
    /// Its namespace, or `default`.
    pub namespace: String,
    /// The file that it was written in, if it was written in one.
    pub file: Option<PathBuf>,
    object: Node,
}

/// Where a Flux `Kustomization` gets its files from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRef {
    /// `GitRepository`, `OCIRepository`, `Bucket` or `ExternalArtifact`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; that of the `Kustomization` unless it says another.
    pub namespace: String,
}

/// What goes over the metadata of every object when it is applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommonMetadata {
    /// Labels.
    pub labels: Vec<Entry>,
    /// Annotations.
    pub annotations: Vec<Entry>,
}

impl FluxKustomization {
    /// Whether an object is one: kustomize's own kind of that name is none.
    pub fn is(object: &Node) -> bool {
        let version = object.get("apiVersion").and_then(Node::text);
        let group = version.and_then(|version| version.split_once('/'));
        object.get("kind").and_then(Node::text) == Some("Kustomization")
            && group.is_some_and(|(group, _)| group == GROUP)
    }

    /// Takes an object that [`is`](Self::is) one; `file` is what its places are in.
    ///
    /// # Errors
    ///
    /// If it has no name, or no `spec`.
    pub fn new(object: Node, file: Option<PathBuf>) -> Result<Self> {
        let text = |field: &str| {
            let value = object.at(&["metadata", field]).and_then(Node::as_str);
            value.unwrap_or_default().to_owned()
        };
        let name = text("name");
        if name.is_empty() {
            return Err(wrong("this `Kustomization` has no name").at(object.span));
        }
        if !object.get("spec").is_some_and(Node::is_map) {
            let message = format!("the Flux Kustomization `{name}` has no `spec`");
            return Err(wrong(message)
                .at(object.span)
                .help("it says there in `path` what is built"));
        }
        let namespace = match text("namespace") {
            namespace if namespace.is_empty() => "default".to_owned(),
            namespace => namespace,
        };
        let mut object = object;
        let source = object.span.source;
        keep_source(&mut object, source);
        Ok(Self {
            name,
            namespace,
            file,
            object,
        })
    }

    /// One that builds a directory and says nothing besides: what a cluster begins with.
    pub fn of_directory(name: &str, path: &str) -> Self {
        let spec = Node::map(vec![Entry::new("path", Node::string(path))]);
        Self {
            name: name.to_owned(),
            namespace: "flux-system".to_owned(),
            file: None,
            object: Node::map(vec![Entry::new("spec", spec)]),
        }
    }

    /// The same, with places in a file of a build.
    pub(super) fn in_source(&self, source: SourceId) -> Self {
        let mut placed = self.clone();
        set_source(&mut placed.object, source);
        placed
    }

    /// The ConfigMaps and Secrets that have its variables, and whether they may be missing.
    pub(super) fn sources_of_variables(&self) -> Vec<(&str, &str, bool)> {
        let entries = self.object.at(&["spec", "postBuild", "substituteFrom"]);
        let entries = entries.map_or(&[][..], Node::items).iter();
        entries
            .map(|entry| {
                let part = |field: &str| entry.get(field).and_then(Node::text).unwrap_or_default();
                (part("kind"), part("name"), part("optional") == "true")
            })
            .collect()
    }

    /// The object.
    pub fn object(&self) -> &Node {
        &self.object
    }

    /// A field of its `spec`, unless it is null.
    pub(super) fn spec(&self, field: &str) -> Option<&Node> {
        self.object
            .at(&["spec", field])
            .filter(|node| !node.is_null())
    }

    /// A text of its `spec`.
    pub(super) fn text(&self, field: &str) -> Result<Option<Text>> {
        self.spec(field)
            .map(|node| text(node, &format!("spec.{field}")))
            .transpose()
    }

    /// The directory that is built, below the root of its source: a path leads out of it nowhere.
    ///
    /// # Errors
    ///
    /// If `spec.path` is no text.
    pub fn directory(&self) -> Result<PathBuf> {
        let path = self.text("path")?.unwrap_or_default();
        let mut directory = PathBuf::new();
        for part in Path::new(&*path.text).components() {
            match part {
                Component::Normal(name) => directory.push(name),
                Component::ParentDir => drop(directory.pop()),
                _ => {}
            }
        }
        Ok(directory)
    }

    /// Where its files come from.
    pub fn source(&self) -> SourceRef {
        let part = |field: &str| {
            let value = self.object.at(&["spec", "sourceRef", field]);
            value.and_then(Node::text).unwrap_or_default().to_owned()
        };
        let namespace = match part("namespace") {
            namespace if namespace.is_empty() => self.namespace.clone(),
            namespace => namespace,
        };
        SourceRef {
            kind: part("kind"),
            name: part("name"),
            namespace,
        }
    }

    /// Whether Flux decrypts its files with SOPS.
    pub fn decrypts(&self) -> bool {
        let provider = self.object.at(&["spec", "decryption", "provider"]);
        provider.and_then(Node::text) == Some("sops")
    }

    /// Whether it waits for nothing and builds nothing at present.
    pub fn is_suspended(&self) -> bool {
        self.spec("suspend").and_then(Node::text) == Some("true")
    }

    /// Those that it waits for, as namespace and name, with their places.
    pub fn dependencies(&self) -> Vec<(String, String, &Node)> {
        let entries = self.spec("dependsOn").map_or(&[][..], Node::items);
        entries
            .iter()
            .filter_map(|entry| {
                let part = |field: &str| entry.get(field).and_then(Node::text);
                let namespace = part("namespace").unwrap_or(&self.namespace);
                Some((namespace.to_owned(), part("name")?.to_owned(), entry))
            })
            .collect()
    }

    /// What goes over the metadata of every object when it is applied.
    ///
    /// # Errors
    ///
    /// If a label or an annotation is no text.
    pub fn common_metadata(&self) -> Result<CommonMetadata> {
        CommonMetadata::of(&self.object)
    }

    /// What is substituted after its build, with what the cluster has.
    ///
    /// # Errors
    ///
    /// A value that is no text, and what `substituteFrom` names if the cluster has it not.
    pub fn substitution(&self, cluster: &Cluster, strict: bool) -> Result<Substitution> {
        let mut variables = Variables::default();
        let Some(post_build) = self.spec("postBuild") else {
            return Ok(Substitution::default());
        };
        for entry in post_build
            .get("substituteFrom")
            .map_or(&[][..], Node::items)
        {
            self.take(entry, cluster, &mut variables)?;
        }
        match post_build.get("substitute").filter(|it| !it.is_null()) {
            None => {}
            Some(map) if !map.is_map() => {
                return Err(wrong("`spec.postBuild.substitute` is no map").at(map.span));
            }
            Some(map) => {
                for entry in map.entries() {
                    let name = entry.key.text().unwrap_or_default();
                    let field = format!("spec.postBuild.substitute.{name}");
                    variables.set(name, text(&entry.value, &field)?.as_bytes());
                }
            }
        }
        let strategy = post_build.get("substituteStrategy").and_then(Node::text);
        let options = Options {
            strict,
            always: strategy == Some("Always"),
        };
        Ok(Substitution { variables, options })
    }

    /// Adds the variables of an entry of `substituteFrom`.
    fn take(&self, entry: &Node, cluster: &Cluster, variables: &mut Variables) -> Result<()> {
        let part = |field: &str| entry.get(field).and_then(Node::text).unwrap_or_default();
        let (kind, name) = (part("kind"), part("name"));
        if let Some(values) = cluster.get(kind, &self.namespace, name) {
            variables.extend(values);
            return Ok(());
        }
        let is_known = matches!(kind, "ConfigMap" | "Secret");
        if !is_known || part("optional") == "true" {
            return Ok(());
        }
        let message = format!(
            "`substituteFrom` of the Flux Kustomization `{}` names the {kind} `{name}`, which is \
             not known",
            self.name
        );
        Err(wrong(message).at(entry.span).help(
            "Flux reads it from the cluster: name a file that holds it in `fluxVariables` of \
             `kustom.yaml`, or with `kustom render --substitute-from`",
        ))
    }
}

impl CommonMetadata {
    /// What the `spec` of an object says.
    ///
    /// # Errors
    ///
    /// If a label or an annotation is no text.
    pub(super) fn of(object: &Node) -> Result<Self> {
        let pairs = |field: &str| {
            let map = object.at(&["spec", "commonMetadata", field]);
            let entries = map.map_or(&[][..], Node::entries);
            for entry in entries {
                text(&entry.value, &format!("spec.commonMetadata.{field}"))?;
            }
            Ok(entries.to_vec())
        };
        Ok(Self {
            labels: pairs("labels")?,
            annotations: pairs("annotations")?,
        })
    }

    /// Puts the labels and annotations over those of an object.
    pub(super) fn put_over(&self, object: &mut Node) {
        let Some(metadata) = object.get_mut("metadata") else {
            return;
        };
        for (field, pairs) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if pairs.is_empty() {
                continue;
            }
            if !metadata.get(field).is_some_and(Node::is_map) {
                metadata.set(field, Node::map(Vec::new()));
            }
            let Some(map) = metadata.get_mut(field) else {
                continue;
            };
            for pair in pairs {
                let key = pair.key.text().unwrap_or_default();
                let mut value = Node::string("");
                value.set_scalar(pair.value.text().unwrap_or_default(), Some(Tag::Str));
                value.span = pair.value.span;
                map.set(key, value);
            }
        }
    }
}

/// A text, and nothing else.
pub(super) fn text(node: &Node, field: &str) -> Result<Text> {
    if node.is_scalar() && matches!(node.tag, Tag::Str | Tag::Timestamp) {
        return Ok(Text::of(node));
    }
    Err(wrong(format!("`{field}` is no text"))
        .at(node.span)
        .help("put it in quotes"))
}

/// The items of a list, and nothing else.
pub(super) fn items<'n>(node: &'n Node, field: &str) -> Result<&'n [Node]> {
    match &node.value {
        Value::Seq(items) => Ok(items),
        _ => Err(wrong(format!("`{field}` is no list")).at(node.span)),
    }
}

pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Project, message)
}

/// Forgets the places in other files than that of the object.
pub(super) fn keep_source(node: &mut Node, source: SourceId) {
    each_value(node, &mut |node| {
        if node.span.source != source {
            node.span = Span::default();
        }
    });
}

pub(super) fn set_source(node: &mut Node, source: SourceId) {
    each_value(node, &mut |node| {
        if node.span.line > 0 {
            node.span.source = source;
        }
    });
}

pub(super) fn each_value(node: &mut Node, change: &mut dyn FnMut(&mut Node)) {
    change(node);
    match &mut node.value {
        Value::Map(entries) => {
            for entry in entries {
                each_value(&mut entry.key, change);
                each_value(&mut entry.value, change);
            }
        }
        Value::Seq(items) => items.iter_mut().for_each(|item| each_value(item, change)),
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}
