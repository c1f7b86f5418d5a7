//! Runs the transformers of a directory, in kustomize's fixed order.

use kustom_yaml::Text;
use kustom_yaml::error::Result;
use kustom_yaml::place::Span;

use super::plugins::{self, Plugin};
use super::target::KustTarget;
use super::{
    Accumulated, Context, Matched, Operator, StepKind, StepPatches, origin, patches, replacements,
};
use crate::kustomization::ReplacementSource;
use crate::resource::Resources;
use crate::transform::namespace::Namespace;
use crate::transform::replacement::{Replacement, Replacing};
use crate::transform::{annotations, images, labels, namespace, prefix, replicas, suffix};

/// Runs them; whatever a step deletes is gone before the next.
pub(super) fn run(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    plugins: &[Plugin],
    gathered: &mut Accumulated,
) -> Result<()> {
    let asked = &target.kustomization;
    let Accumulated {
        resources, fields, ..
    } = gathered;
    let kinds = context.options.kinds.as_deref();
    let known = kinds.map(|kinds| kinds.beside(fields, resources));
    let fields = known.as_ref().unwrap_or(fields);

    // Patches come first: they see the names that their authors wrote.
    if !asked.patches_strategic_merge.is_empty() {
        let list = &asked.patches_strategic_merge;
        patches::strategic_merge(context, target, resources, list)?;
        let kind = StepKind::PatchStrategicMergeTransformer;
        context.after_patches(target, kind, StepPatches::Patches(list), resources);
    }
    for (index, patch) in asked.patches.iter().enumerate() {
        let count = patches::patch(context, target, resources, patch)?;
        context.matches.push(Matched {
            name: patch.path.to_string(),
            count,
            place: patch.span.into(),
            ..Matched::new(Operator::Patch, target.loader.root(), index)
        });
        let kind = StepKind::PatchTransformer;
        context.after_patches(target, kind, StepPatches::Patch(patch), resources);
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
        context.after_transformer(
            target,
            StepKind::NamespaceTransformer,
            asked.namespace.span,
            resources,
        );
    }
    if !asked.name_prefix.is_empty() {
        prefix::apply(
            resources,
            &asked.name_prefix,
            &fields.name_prefix,
            &context.schema,
        )?;
        context.after_transformer(
            target,
            StepKind::PrefixTransformer,
            asked.name_prefix.span,
            resources,
        );
    }
    if !asked.name_suffix.is_empty() {
        suffix::apply(
            resources,
            &asked.name_suffix,
            &fields.name_suffix,
            &context.schema,
        )?;
        context.after_transformer(
            target,
            StepKind::SuffixTransformer,
            asked.name_suffix.span,
            resources,
        );
    }
    for label in &asked.labels {
        let specs = fields.for_labels(&label.fields, label.reach)?;
        let seen = context.labels_of(resources, &label.pairs);
        labels::apply(resources, &label.pairs, &specs)?;
        context.note_labels(resources, &label.pairs, seen);
        context.after_transformer(
            target,
            StepKind::LabelTransformer,
            first_key(&label.pairs),
            resources,
        );
    }
    if !asked.labels.is_empty() || !asked.common_labels.is_empty() {
        let seen = context.labels_of(resources, &asked.common_labels);
        labels::apply(resources, &asked.common_labels, &fields.common_labels)?;
        context.note_labels(resources, &asked.common_labels, seen);
        context.after_transformer(
            target,
            StepKind::LabelTransformer,
            first_key(&asked.common_labels),
            resources,
        );
    }
    if !asked.common_annotations.is_empty() {
        annotations::apply(
            resources,
            &asked.common_annotations,
            &fields.common_annotations,
        )?;
        context.after_transformer(
            target,
            StepKind::AnnotationsTransformer,
            first_key(&asked.common_annotations),
            resources,
        );
    }
    // Old JSON patches come late: they see the names of this layer.
    for patch in &asked.patches_json6902 {
        patches::json6902(context, target, resources, patch)?;
        let kind = StepKind::PatchJson6902Transformer;
        context.after_patches(target, kind, StepPatches::Patch(patch), resources);
    }
    for replica in &asked.replicas {
        replicas::apply(resources, replica, &fields.replicas)?;
        context.after_transformer(
            target,
            StepKind::ReplicaCountTransformer,
            replica.name.span,
            resources,
        );
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
        context.after_transformer(
            target,
            StepKind::ImageTagTransformer,
            image.name.span,
            resources,
        );
    }
    if !asked.replacements.is_empty() {
        replace(context, target, resources)?;
        context.after_transformer(
            target,
            StepKind::ReplacementTransformer,
            Span::default(),
            resources,
        );
    }
    for plugin in plugins {
        plugins::transform(context, target, plugin, resources)?;
        origin::record(resources, plugin.origin.as_ref());
        resources.drop_deleted();
        context.tell(
            StepKind::Transformer,
            plugin.span,
            target.loader.root(),
            resources,
        );
    }
    Ok(())
}

/// Where the first of some pairs stands.
fn first_key(pairs: &[(Text, Text)]) -> Span {
    pairs.first().map(|(key, _)| key.span).unwrap_or_default()
}

/// Makes the replacements, and counts what each entry met.
fn replace(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    resources: &mut Resources,
) -> Result<()> {
    let sources = &target.kustomization.replacements;
    let lists = sources
        .iter()
        .map(|source| {
            replacements::load(
                target,
                std::slice::from_ref(source),
                context.options.release,
            )
        })
        .collect::<Result<Vec<_>>>()?;
    let all: Vec<Replacement> = lists.iter().flatten().cloned().collect();
    let mut replacing = Replacing::default();
    let mut counts = Vec::with_capacity(all.len());
    for one in &all {
        counts.push(replacing.apply(
            resources,
            one,
            &context.schema,
            context.options.release,
            &mut context.findings,
        )?);
        let kind = StepKind::ReplacementTransformer;
        context.tell(kind, one.span, target.loader.root(), resources);
    }
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
