//! Argo CD: what an ApplicationSet makes of a repository.
//!
//! An ApplicationSet is read as the API server has it; its generators make parameter sets, and its
//! template makes an Application of each. Nothing is asked of a cluster: generators that need one are
//! refused.

mod application;
mod chart;
mod generators;
mod json;
mod patch;
mod selector;
mod template;
mod tree;
mod types;

use std::collections::BTreeMap;

use kustom_gotemplate::Value;

use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::place::{SourceId, Span};
use crate::yaml::{Entry, Node, configs};

use generators::Generators;
use json::{Json, Shape};
use template::Renderer;
use types::{APPLICATION, APPLICATION_SET, decoded, encoded};

pub use application::{Application, ApplicationOptions, build_application};
pub use tree::Tree;

/// The group of Argo CD's objects.
pub const GROUP: &str = "argoproj.io";

/// The finalizer that Applications of an ApplicationSet get.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// What an ApplicationSet makes.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The Applications, in the order of the generators. Those of a `merge` come in the order of its
    /// first generator, where Argo CD has none.
    pub applications: Vec<Node>,
    /// What is dropped without a word, such as a field that is misspelt.
    pub findings: Vec<Finding>,
}

/// Whether a document is an object of Argo CD's of a kind.
pub fn is_kind(node: &Node, kind: &str) -> bool {
    let group = node.get("apiVersion").and_then(Node::as_str);
    let is_group = group
        .and_then(|version| version.split_once('/'))
        .is_some_and(|(group, _)| group == GROUP);
    is_group && node.get("kind").and_then(Node::as_str) == Some(kind)
}

/// What the ApplicationSets of a file make of a tree.
///
/// Places are those of the file, which has the source `source`.
///
/// # Errors
///
/// If the file is no YAML, holds no ApplicationSet, or one of them cannot be run: then Argo CD reports
/// a condition and leaves the Applications as they are.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom::argocd::{Tree, applications};
/// use kustom::load::Memory;
/// use kustom::place::SourceId;
///
/// let mut files = Memory::default();
/// files.insert("/repo/apps/web/kustomization.yaml", "");
/// let tree = Tree::read(&files, Path::new("/repo"))?;
/// let set = "apiVersion: argoproj.io/v1alpha1
/// kind: ApplicationSet
/// spec:
///   generators:
///   - git: {repoURL: x, revision: HEAD, directories: [{path: apps/*}]}
///   template:
///     metadata: {name: '{{path.basename}}'}
///     spec: {project: default, source: {repoURL: x, path: '{{path}}'}}
/// ";
/// let made = applications(set.as_bytes(), SourceId::NONE, &tree)?;
/// assert_eq!(made.applications[0].at(&["metadata", "name"]).unwrap().text(), Some("web"));
/// # Ok::<(), kustom::error::Error>(())
/// ```
pub fn applications(bytes: &[u8], source: SourceId, tree: &Tree<'_>) -> Result<Made> {
    let file = String::from_utf8_lossy(bytes);
    let mut made = Made::default();
    let documents = configs(bytes, source)?;
    let mut sets = documents
        .iter()
        .filter(|node| is_kind(node, "ApplicationSet"))
        .peekable();
    if sets.peek().is_none() {
        let kinds = documents
            .iter()
            .filter_map(|node| node.get("kind")?.as_str());
        let error = Error::new(Kind::Resource, "there is no ApplicationSet");
        return Err(match kinds.into_iter().next() {
            Some(kind) => error.help(format!("the first object is of the kind `{kind}`")),
            None => error.help("an ApplicationSet has `apiVersion: argoproj.io/v1alpha1` and `kind: ApplicationSet`"),
        });
    }
    for set in sets {
        one(set, &file, tree, &mut made)?;
    }
    Ok(made)
}

fn one(node: &Node, file: &str, tree: &Tree<'_>, made: &mut Made) -> Result<()> {
    let mut dropped = Vec::new();
    let set = decoded(&Json::of(node)?, APPLICATION_SET, "", &mut dropped)?;
    for field in dropped.iter().filter(|field| is_meant(&field.path)) {
        let message = format!("Argo CD knows no field `{}`, and drops it", field.path);
        let mut finding = Finding::warning(UNKNOWN_FIELD, message).at(field.span);
        if let Some(meant) = field.meant {
            finding = finding.help(format!("did you mean `{meant}`?"));
        }
        made.findings.push(finding);
    }
    let Some(spec) = set.get("spec") else {
        return Err(Error::new(Kind::Resource, "the ApplicationSet has no `spec`").at(node.span));
    };
    let renderer = Renderer::new(file, spec)?;
    let generators = Generators {
        renderer: &renderer,
        tree,
    };
    let nothing = Json::new(Shape::Map(BTreeMap::new()), spec.span);
    let template = spec.get("template").unwrap_or(&nothing);
    for generator in spec.get("generators").map_or(&[][..], Json::items) {
        for generated in generators.run(generator, template, None)? {
            for parameters in &generated.sets {
                let application =
                    application(&set, spec, &generated.template, parameters, &renderer)?;
                made.applications.push(printed(&application));
            }
        }
    }
    Ok(())
}

/// The rule of fields that are dropped.
pub const UNKNOWN_FIELD: &str = "argocd-unknown-field";

/// Fields of the metadata are the API server's.
fn is_meant(path: &str) -> bool {
    !path.starts_with("metadata.") && !path.starts_with("status")
}

fn application(
    set: &Json,
    spec: &Json,
    template: &Json,
    parameters: &Value,
    renderer: &Renderer<'_>,
) -> Result<Json> {
    let mut application = if parameters.entries_of().is_empty() {
        template.clone()
    } else {
        let mut rendered = renderer.all(template, parameters)?;
        let keeps = spec
            .get("syncPolicy")
            .is_some_and(|policy| policy.bool_at("preserveResourcesOnDeletion"));
        let mut metadata = metadata_of(&rendered);
        let has_own = metadata
            .get("finalizers")
            .is_some_and(|own| !own.items().is_empty());
        if !keeps && !has_own {
            let span = metadata.span;
            let finalizers = Shape::List(vec![Json::text(FINALIZER, span)]);
            set_field(&mut metadata, "finalizers", Json::new(finalizers, span));
            set_field(&mut rendered, "metadata", metadata);
        }
        rendered
    };
    if let Some(patch) = spec.get("templatePatch") {
        let text = patch.as_str().unwrap_or_default();
        let text = renderer.replace(text, patch.span, parameters)?;
        application = patch::patched(&application, &text, patch.span)?;
    }
    let namespace = set
        .get("metadata")
        .map_or("", |metadata| metadata.str_at("namespace"));
    let mut metadata = metadata_of(&application);
    set_field(
        &mut metadata,
        "namespace",
        Json::text(namespace, Span::default()),
    );
    set_field(&mut application, "metadata", metadata);
    Ok(application)
}

/// Sets a field of a map.
fn set_field(value: &mut Json, key: &str, new: Json) {
    if !matches!(value.shape, Shape::Map(_)) {
        value.shape = Shape::Map(BTreeMap::new());
    }
    if let Shape::Map(map) = &mut value.shape {
        map.insert(key.to_owned(), new);
    }
}

/// The metadata of an Application, which may have none yet.
fn metadata_of(application: &Json) -> Json {
    let nothing = || Json::new(Shape::Map(BTreeMap::new()), application.span);
    application.get("metadata").cloned().unwrap_or_else(nothing)
}

fn printed(application: &Json) -> Node {
    let mut node = encoded(application, APPLICATION).to_node();
    if let Some(entries) = node.entries_mut() {
        entries.insert(0, Entry::new("kind", Node::string("Application")));
        let version = Node::string(format!("{GROUP}/v1alpha1"));
        entries.insert(0, Entry::new("apiVersion", version));
    }
    node
}
