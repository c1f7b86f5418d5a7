//! The transformers of a directory, in their fixed order.

use kustom_yaml::error::Result;

use super::accumulate::Target;
use super::{Accumulated, Context, Matched, Operator, origin, patches, plugins};
use crate::kustomization::ReplacementSource;
use crate::release::Release;
use crate::resource::Resources;
use crate::transform::namespace::Namespace;
use crate::transform::replacement::Replacement;
use crate::transform::{
    annotations, images, labels, namespace, prefix, replacement, replicas, suffix,
};

/// Runs them; whatever a step deletes is gone before the next.
pub(super) fn run(
    context: &mut Context<'_>,
    target: &Target<'_>,
    gathered: &mut Accumulated,
) -> Result<()> {
    let asked = &target.kustomization;
    let plugins = plugins::load(context, target, &asked.transformers)?;
    let Accumulated {
        resources, fields, ..
    } = gathered;
    let done = |resources: &mut Resources, kind: &str| {
        origin::record(resources, origin::of_field(target, kind).as_ref());
        resources.drop_deleted();
    };

    // Patches come first: they see the names that their authors wrote.
    if !asked.patches_strategic_merge.is_empty() {
        patches::strategic_merge(context, target, resources, &asked.patches_strategic_merge)?;
        done(resources, "PatchStrategicMergeTransformer");
    }
    for (index, patch) in asked.patches.iter().enumerate() {
        let count = patches::patch(context, target, resources, patch)?;
        context.matches.push(Matched {
            name: patch.path.to_string(),
            count,
            place: patch.span.into(),
            ..Matched::new(Operator::Patch, target.loader.root(), index)
        });
        done(resources, "PatchTransformer");
    }
    if !asked.namespace.is_empty() {
        let wanted = Namespace {
            namespace: asked.namespace.clone(),
            ..Namespace::default()
        };
        namespace::apply(
            resources,
            &wanted,
            &fields.namespace,
            &context.schema,
            context.options.release,
        )
        .map_err(|error| error.at(asked.namespace.span))?;
        done(resources, "NamespaceTransformer");
    }
    if !asked.name_prefix.is_empty() {
        prefix::apply(
            resources,
            &asked.name_prefix,
            &fields.name_prefix,
            &context.schema,
        )?;
        done(resources, "PrefixTransformer");
    }
    if !asked.name_suffix.is_empty() {
        suffix::apply(
            resources,
            &asked.name_suffix,
            &fields.name_suffix,
            &context.schema,
        )?;
        done(resources, "SuffixTransformer");
    }
    for label in &asked.labels {
        let specs = fields.for_labels(&label.fields, label.reach)?;
        let seen = context.labels_of(resources, &label.pairs);
        labels::apply(resources, &label.pairs, &specs)?;
        context.note_labels(resources, &label.pairs, seen);
        done(resources, "LabelTransformer");
    }
    if !asked.labels.is_empty() || !asked.common_labels.is_empty() {
        let seen = context.labels_of(resources, &asked.common_labels);
        labels::apply(resources, &asked.common_labels, &fields.common_labels)?;
        context.note_labels(resources, &asked.common_labels, seen);
        done(resources, "LabelTransformer");
    }
    if !asked.common_annotations.is_empty() {
        annotations::apply(
            resources,
            &asked.common_annotations,
            &fields.common_annotations,
        )?;
        done(resources, "AnnotationsTransformer");
    }
    // Old JSON patches come late: they see the names of this layer.
    for patch in &asked.patches_json6902 {
        patches::json6902(context, target, resources, patch)?;
        done(resources, "PatchJson6902Transformer");
    }
    for replica in &asked.replicas {
        replicas::apply(resources, replica, &fields.replicas)?;
        done(resources, "ReplicaCountTransformer");
    }
    let counts = images::apply(
        resources,
        &asked.images,
        &fields.images,
        context.options.release,
    )?;
    context.note_other_images(resources, &asked.images, &fields.images);
    for (index, (image, count)) in asked.images.iter().zip(counts).enumerate() {
        context.note_image(image, count);
        context.matches.push(Matched {
            name: image.name.to_string(),
            count,
            place: image.name.span.into(),
            ..Matched::new(Operator::Image, target.loader.root(), index)
        });
        done(resources, "ImageTagTransformer");
    }
    if !asked.replacements.is_empty() {
        replace(context, target, resources)?;
        done(resources, "ReplacementTransformer");
    }
    for plugin in &plugins {
        plugins::transform(context, target, plugin, resources)?;
        origin::record(resources, plugin.origin.as_ref());
        resources.drop_deleted();
    }
    Ok(())
}

/// Makes the replacements, and counts what each entry met.
fn replace(
    context: &mut Context<'_>,
    target: &Target<'_>,
    resources: &mut Resources,
) -> Result<()> {
    let sources = &target.kustomization.replacements;
    let lists = sources
        .iter()
        .map(|source| {
            load_replacements(
                target,
                std::slice::from_ref(source),
                context.options.release,
            )
        })
        .collect::<Result<Vec<_>>>()?;
    let all: Vec<Replacement> = lists.iter().flatten().cloned().collect();
    let counts = replacement::apply(
        resources,
        &all,
        &context.schema,
        context.options.release,
        &mut context.findings,
    )?;
    context.note_replacements(resources, &all, &counts);
    let mut counts = counts.into_iter();
    for (index, (source, list)) in sources.iter().zip(&lists).enumerate() {
        let own: Vec<Vec<usize>> = counts.by_ref().take(list.len()).collect();
        let (name, span) = match source {
            ReplacementSource::Path(path) => (path.to_string(), path.span),
            ReplacementSource::Inline(replacement) => (String::new(), replacement.span),
        };
        context.matches.push(Matched {
            name,
            count: own.iter().flatten().sum(),
            place: span.into(),
            ..Matched::new(Operator::Replacement, target.loader.root(), index)
        });
    }
    Ok(())
}

/// The replacements of a list, those of files in place of their names.
pub(super) fn load_replacements(
    target: &Target<'_>,
    sources: &[ReplacementSource],
    release: Release,
) -> Result<Vec<Replacement>> {
    let mut list = Vec::new();
    for source in sources {
        match source {
            ReplacementSource::Inline(replacement) => list.push((**replacement).clone()),
            ReplacementSource::Path(path) => {
                let content = target.loader.read(path)?;
                let node = kustom_yaml::config(&content.bytes, content.source)?;
                list.extend(crate::kustomization::replacements(&node, release)?);
            }
        }
    }
    Ok(list)
}
