//! Annotates resources with their origin and their transformers, as `buildMetadata` asks for.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/buildmetadata/>.

use kustom_yaml::{Entry, Node, Text};

use crate::kustomization::BuildMetadata;
use crate::load::Repository;
use crate::resource::{Origin, Plugin, Resource, Resources, text_map};

use super::StepKind;
use super::target::KustTarget;

/// The origin of something that a directory names: below it, or in a repository.
pub(super) fn append(origin: &Origin, name: &Text) -> Origin {
    match Repository::parse(name) {
        Some(repository) => Origin {
            path: repository.origin_path(),
            repo: repository.address,
            reference: repository.reference,
            ..origin.clone()
        },
        None => Origin {
            path: joined(&origin.path, name),
            ..origin.clone()
        },
    }
}

/// The origin of what a built-in generator makes, or the name of a built-in transformer.
pub(super) fn of_field(target: &KustTarget<'_>, kind: StepKind) -> Option<Origin> {
    let origin = target.origin.as_ref()?;
    Some(Origin {
        repo: origin.repo.clone(),
        reference: origin.reference.clone(),
        configured_in: joined(&origin.path, &target.file_name),
        configured_by: Some(Plugin {
            api_version: "builtin".into(),
            kind: kind.plugin(),
            ..Plugin::default()
        }),
        ..Origin::default()
    })
}

/// The origin of what a plugin makes that is configured by an object.
pub(super) fn of_plugin(configuration: &Resource) -> Option<Origin> {
    let origin = configuration.history.origin.as_ref()?;
    let id = configuration.id();
    Some(Origin {
        repo: origin.repo.clone(),
        reference: origin.reference.clone(),
        configured_in: origin.path.clone(),
        configured_by: Some(Plugin {
            api_version: id.gvk.api_version().into(),
            kind: id.gvk.kind.to_string(),
            name: id.name.to_string(),
            namespace: id.namespace.to_string(),
        }),
        ..Origin::default()
    })
}

/// Records a transformer on every resource; one without an origin was made by it.
pub(super) fn record(resources: &mut Resources, transformer: Option<&Origin>) {
    let Some(transformer) = transformer else {
        return;
    };
    for resource in resources.contents_mut() {
        if resource.history.origin.is_none() {
            resource.history.origin = Some(Box::new(transformer.clone()));
        } else {
            resource.history.transformations.push(transformer.clone());
        }
        // The note is one of the annotations, which are all written as texts with it.
        if let Some(metadata) = resource.node.get_mut("metadata")
            && let Some(annotations) = metadata.get("annotations").filter(|it| it.is_map())
            && annotations
                .entries()
                .iter()
                .any(|entry| entry.value.as_str().is_none())
        {
            let annotations = Node::map(text_map(annotations));
            metadata.set("annotations", annotations);
        }
    }
}

/// Writes the annotations that are asked for, and takes away those that are not.
pub(super) fn annotate(resource: &mut Resource, metadata: BuildMetadata) {
    let annotations = resource.node.at(&["metadata", "annotations"]);
    let is_ours = |entry: &Entry| {
        let key = entry.key.text();
        key == Some(Origin::ANNOTATION) || key == Some(Origin::TRANSFORMATIONS)
    };
    let has_ours = annotations.is_some_and(|annotations| annotations.entries().iter().any(is_ours));
    if !metadata.origin && !metadata.transformations && !has_ours {
        return;
    }
    let origin = resource
        .history
        .origin
        .as_deref()
        .filter(|_| metadata.origin);
    let origin = origin.map(Origin::to_text);
    let list = &resource.history.transformations;
    let list = (metadata.transformations && !list.is_empty()).then(|| Origin::list_to_text(list));
    for (key, text, asked) in [
        (Origin::ANNOTATION, origin, metadata.origin),
        (Origin::TRANSFORMATIONS, list, metadata.transformations),
    ] {
        match text {
            Some(text) => set(&mut resource.node, key, &text),
            None if !asked => remove(&mut resource.node, key),
            None => {}
        }
    }
}

fn set(node: &mut Node, key: &str, text: &str) {
    let Some(metadata) = node.get_mut("metadata") else {
        return;
    };
    if metadata.get("annotations").is_none_or(Node::is_null) {
        metadata.set("annotations", Node::map(Vec::new()));
    }
    if let Some(annotations) = metadata.get_mut("annotations") {
        annotations.set(key, Node::string(text));
    }
}

fn remove(node: &mut Node, key: &str) {
    if let Some(annotations) = node.at_mut(&["metadata", "annotations"]) {
        annotations.remove(key);
    }
}

/// Joins two paths as text, without `.` and as far as possible without `..`.
fn joined(directory: &str, name: &str) -> String {
    let mut outside = 0;
    let mut inside: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." if inside.pop().is_none() => outside += 1,
            ".." => {}
            part => inside.push(part),
        }
    }
    let is_absolute = if directory.is_empty() {
        name
    } else {
        directory
    }
    .starts_with('/');
    if is_absolute {
        return format!("/{}", inside.join("/"));
    }
    let up = std::iter::repeat_n("..", outside);
    up.chain(inside).collect::<Vec<_>>().join("/")
}
