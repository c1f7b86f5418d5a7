//! The steps that run once, at the root: content hashes, name references, variables, local
//! configuration, order.
//!
//! These steps are no part of the recursion: a name is final only when every layer has had its
//! say, and a reference can only then follow it.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Tag};

use super::target::KustTarget;
use super::{Context, Matched, Operator, StepKind, origin};
use crate::hash;
use crate::name_references;
use crate::order::Order;
use crate::release::Release;
use crate::resource::{Origin, Resource, Resources, text_map};
use crate::transform::namespace_map;

/// Builds the kustomization of the root.
pub(super) fn run(context: &mut Context<'_>, mut target: KustTarget<'_>) -> Result<Resources> {
    target.use_schema(context)?;
    let sort_options = target.kustomization.sort_options.as_ref();
    context.order = sort_options.and_then(|options| options.order().ok());
    let metadata = target.kustomization.metadata;
    target.origin = metadata.tracked.then(Origin::default);
    let nothing = context.nothing();
    let mut gathered = target.accumulate(context, nothing)?;

    let root = target.loader.root();
    let at_root = |context: &mut Context<'_>, kind: StepKind, resources: &Resources| {
        context.tell(kind, Span::default(), root, resources);
    };

    // The hash comes before the references, which must carry it.
    hash::apply(&mut gathered.resources, &context.schema)?;
    at_root(context, StepKind::HashTransformer, &gathered.resources);
    let ambiguous = context.ambiguous_names(&gathered.resources);
    let kinds = context.options.kinds.as_deref();
    name_references::apply(&mut gathered.resources, &gathered.fields, kinds)?;
    at_root(
        context,
        StepKind::NameReferenceTransformer,
        &gathered.resources,
    );
    context.note_ambiguous(&gathered.resources, ambiguous);
    let unused = gathered
        .vars
        .resolve(&mut gathered.resources, &gathered.fields)?;
    context.findings.extend(unused);
    at_root(context, StepKind::RefVarTransformer, &gathered.resources);
    drop_local(&mut gathered.resources)?;
    at_root(context, StepKind::LocalConfig, &gathered.resources);
    context.note_left(&gathered.resources);
    move_namespaces(context, &target, &mut gathered.resources)?;

    let asked = context.options.order.as_ref();
    let order = match &target.kustomization.sort_options {
        Some(options) => Some(&options.order()?),
        None => asked,
    };
    if asked.is_some() && order != asked {
        let message = "the kustomization's `sortOptions` override `--reorder`";
        context
            .findings
            .push(Finding::warning("ignored-flag", message).help("leave the flag out"));
    }
    order
        .unwrap_or(&Order::legacy())
        .apply(&mut gathered.resources, context.options.release);
    at_root(context, StepKind::SortOrder, &gathered.resources);
    gathered.resources.check_unique()?;
    let label = context.options.managed_by || metadata.managed_by;
    let keeps_empty = metadata.origin && metadata.transformations;
    gathered.resources.change_contents(|resource| {
        if label {
            add_managed_by(resource, context.options.release);
        }
        origin::annotate(resource, metadata);
        settle_annotations(&mut resource.node, keeps_empty);
        Ok(())
    })?;
    at_root(context, StepKind::Annotations, &gathered.resources);
    Ok(gathered.resources)
}

/// Moves namespaces, and counts what was met of each.
fn move_namespaces(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    resources: &mut Resources,
) -> Result<()> {
    let map = &target.kustomization.namespaces;
    if map.moves.is_empty() {
        return Ok(());
    }
    let counts = namespace_map::apply(resources, map, &context.schema, &mut context.findings)?;
    for (index, (one, count)) in map.moves.iter().zip(counts).enumerate() {
        context.matches.push(Matched {
            name: one.from.to_string(),
            count,
            place: one.from.span.into(),
            ..Matched::new(Operator::Namespace, target.loader.root(), index)
        });
    }
    let span = map.moves.first().map(|one| one.to.span);
    context.tell(
        StepKind::NamespaceTransformer,
        span.unwrap_or_default(),
        target.loader.root(),
        resources,
    );
    Ok(())
}

/// Drops the resources that are only there to be referred to.
fn drop_local(resources: &mut Resources) -> Result<()> {
    for resource in resources.iter() {
        let id = resource.id();
        let has_kind = resource
            .node
            .get("kind")
            .is_some_and(|kind| !kind.is_null());
        if !has_kind
            || id.gvk.kind.is_empty()
            || (id.name.is_empty() && !id.gvk.kind.ends_with("List"))
        {
            let message = format!("`{id}` has lost its kind or its name");
            return Err(Error::new(Kind::Resource, message).at(resource.node.span));
        }
    }
    let is_local = |resource: &Resource| {
        let annotation = resource.annotation("config.kubernetes.io/local-config");
        annotation.is_some_and(|value| value != "false")
    };
    if resources.iter().any(is_local) {
        resources.list_mut().retain(|resource| !is_local(resource));
    }
    Ok(())
}

fn add_managed_by(resource: &mut Resource, release: Release) {
    let value = format!("kustomize-{release}");
    let Some(metadata) = resource.node.get_mut("metadata") else {
        return;
    };
    if metadata.get("labels").is_none_or(Node::is_null) {
        metadata.set("labels", Node::map(Vec::new()));
    }
    if let Some(labels) = metadata.get_mut("labels") {
        labels.set_scalar_field("app.kubernetes.io/managed-by", &value, Some(Tag::Str));
    }
}

/// Annotations are texts: kustomize writes them anew, with keys that have lost their quotes.
fn settle_annotations(node: &mut Node, keeps_empty: bool) {
    let metadata = node.get("metadata").filter(|metadata| metadata.is_map());
    if metadata.is_some_and(|metadata| metadata.get("annotations").is_none()) {
        return;
    }
    let annotations = node
        .at(&["metadata", "annotations"])
        .map(text_map)
        .unwrap_or_default();
    if annotations.is_empty() && keeps_empty {
        return;
    }
    if node.get("metadata").is_none_or(Node::is_null) {
        node.set("metadata", Node::map(Vec::new()));
    }
    let Some(metadata) = node.get_mut("metadata") else {
        return;
    };
    metadata.remove("annotations");
    if !annotations.is_empty() {
        metadata.set("annotations", Node::map(annotations));
    }
}
