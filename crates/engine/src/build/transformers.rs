//! Runs the transformers of a directory, in kustomize's fixed order.

use std::collections::hash_map::Entry;

use kustom_yaml::Text;
use kustom_yaml::error::Result;
use kustom_yaml::place::Span;
use rustc_hash::FxHashMap;

use super::patches::Series;
use super::plugins::{self, Plugin};
use super::target::KustTarget;
use super::{
    Accumulated, Context, Matched, Operator, StepKind, StepPatches, origin, patches, replacements,
};
use crate::fields::{FieldSpec, Fields};
use crate::kustomization::{Kustomization, Patch, ReplacementSource};
use crate::resource::Resources;
use crate::transform::labels::Label;
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
    let Accumulated {
        resources, fields, ..
    } = gathered;
    let kinds = context.options.kinds.as_deref();
    let known = kinds.map(|kinds| kinds.beside(fields, resources));
    let mut steps = Steps {
        fields: known.as_ref().unwrap_or(fields),
        asked: &target.kustomization,
        context,
        target,
        resources,
    };
    // Patches come first: they see the names that their authors wrote.
    steps.patches_strategic_merge()?;
    steps.patches()?;
    steps.namespace()?;
    steps.name_prefix()?;
    steps.name_suffix()?;
    steps.labels()?;
    steps.common_annotations()?;
    // Old JSON patches come late: they see the names of this layer.
    steps.patches_json6902()?;
    steps.replicas()?;
    steps.images()?;
    steps.replacements()?;
    steps.plugins(plugins)
}

/// The steps of a directory, each named as its field.
struct Steps<'s, 'o, 'l> {
    context: &'s mut Context<'o>,
    target: &'s KustTarget<'l>,
    asked: &'s Kustomization,
    fields: &'s Fields,
    resources: &'s mut Resources,
}

impl Steps<'_, '_, '_> {
    /// Ends a step whose entry stands at `span`.
    fn done(&mut self, kind: StepKind, span: Span) {
        self.context
            .after_transformer(self.target, kind, span, self.resources);
    }

    /// Remembers how many objects an entry met.
    fn matched(&mut self, operator: Operator, index: usize, name: &Text, count: usize, span: Span) {
        self.context.matches.push(Matched {
            name: name.to_string(),
            count,
            place: span.into(),
            ..Matched::new(operator, self.target.loader.root(), index)
        });
    }

    fn patches_strategic_merge(&mut self) -> Result<()> {
        let list = &self.asked.patches_strategic_merge;
        if list.is_empty() {
            return Ok(());
        }
        patches::strategic_merge(self.context, self.target, self.resources, list)?;
        let kind = StepKind::PatchStrategicMergeTransformer;
        let patches = StepPatches::Patches(list);
        self.context
            .after_patches(self.target, kind, patches, self.resources);
        Ok(())
    }

    fn patches(&mut self) -> Result<()> {
        let mut series = Series::begin();
        for (index, patch) in self.asked.patches.iter().enumerate() {
            let (context, target) = (&mut *self.context, self.target);
            let count = patches::patch(context, target, self.resources, &mut series, patch)?;
            self.matched(Operator::Patch, index, &patch.path, count, patch.span);
            self.after_patch(StepKind::PatchTransformer, patch);
        }
        Ok(())
    }

    fn patches_json6902(&mut self) -> Result<()> {
        for patch in &self.asked.patches_json6902 {
            patches::json6902(self.context, self.target, self.resources, patch)?;
            self.after_patch(StepKind::PatchJson6902Transformer, patch);
        }
        Ok(())
    }

    fn after_patch(&mut self, kind: StepKind, patch: &Patch) {
        let patch = StepPatches::Patch(patch);
        self.context
            .after_patches(self.target, kind, patch, self.resources);
    }

    fn namespace(&mut self) -> Result<()> {
        let namespace = &self.asked.namespace;
        if namespace.is_empty() {
            return Ok(());
        }
        let wanted = Namespace {
            namespace: namespace.clone(),
            ..Namespace::default()
        };
        let (schema, release) = (&self.context.schema, self.context.options.release);
        let specs = &self.fields.namespace;
        namespace::apply(self.resources, &wanted, specs, schema, release)
            .map_err(|error| error.at(namespace.span))?;
        self.done(StepKind::NamespaceTransformer, namespace.span);
        Ok(())
    }

    fn name_prefix(&mut self) -> Result<()> {
        let text = &self.asked.name_prefix;
        if !text.is_empty() {
            let specs = &self.fields.name_prefix;
            prefix::apply(self.resources, text, specs, &self.context.schema)?;
            self.done(StepKind::PrefixTransformer, text.span);
        }
        Ok(())
    }

    fn name_suffix(&mut self) -> Result<()> {
        let text = &self.asked.name_suffix;
        if !text.is_empty() {
            let specs = &self.fields.name_suffix;
            suffix::apply(self.resources, text, specs, &self.context.schema)?;
            self.done(StepKind::SuffixTransformer, text.span);
        }
        Ok(())
    }

    /// `labels`, and after them `commonLabels`.
    fn labels(&mut self) -> Result<()> {
        // Looked at once before all entries and once behind them, not with each.
        let labels = self.asked.labels.iter().flat_map(|label| &label.pairs);
        let pairs: Vec<&(Text, Text)> = labels.chain(&self.asked.common_labels).collect();
        let seen = self.context.labels_of(self.resources, &pairs);
        let mut entries = self.asked.labels.as_slice();
        while let [first, ..] = entries {
            let specs = self.fields.for_labels(&first.fields, first.reach)?;
            let is_like =
                |label: &&Label| (&label.fields, label.reach) == (&first.fields, first.reach);
            // Entries that reach the same fields are one, unless somebody wants to hear of each.
            let count = match self.context.observer {
                Some(_) => 1,
                None => entries.iter().take_while(is_like).count(),
            };
            let (run, rest) = entries.split_at(count);
            match run {
                [one] => labels::apply(self.resources, &one.pairs, &specs)?,
                several => labels::apply(self.resources, &union(several), &specs)?,
            }
            for label in run {
                self.done(StepKind::LabelTransformer, first_key(&label.pairs));
            }
            entries = rest;
        }
        if !self.asked.labels.is_empty() || !self.asked.common_labels.is_empty() {
            self.label(&self.asked.common_labels, &self.fields.common_labels)?;
        }
        self.context.note_labels(self.resources, &pairs, seen);
        Ok(())
    }

    fn label(&mut self, pairs: &[(Text, Text)], specs: &[FieldSpec]) -> Result<()> {
        labels::apply(self.resources, pairs, specs)?;
        self.done(StepKind::LabelTransformer, first_key(pairs));
        Ok(())
    }

    fn common_annotations(&mut self) -> Result<()> {
        let pairs = &self.asked.common_annotations;
        if !pairs.is_empty() {
            annotations::apply(self.resources, pairs, &self.fields.common_annotations)?;
            self.done(StepKind::AnnotationsTransformer, first_key(pairs));
        }
        Ok(())
    }

    fn replicas(&mut self) -> Result<()> {
        for replica in &self.asked.replicas {
            replicas::apply(self.resources, replica, &self.fields.replicas)?;
            self.done(StepKind::ReplicaCountTransformer, replica.name.span);
        }
        Ok(())
    }

    fn images(&mut self) -> Result<()> {
        let (images, specs) = (&self.asked.images, &self.fields.images);
        let release = self.context.options.release;
        let counts = images::apply(self.resources, images, specs, release)?;
        self.context
            .note_other_images(self.resources, images, specs);
        let mut known = None;
        for (index, (image, count)) in images.iter().zip(counts).enumerate() {
            let resources = &*self.resources;
            self.context.note_image(resources, &mut known, image, count);
            let (name, span) = (&image.name, image.name.span);
            self.matched(Operator::Image, index, name, count, span);
            self.done(StepKind::ImageTagTransformer, span);
        }
        Ok(())
    }

    /// Makes the replacements, and counts what each entry met.
    fn replacements(&mut self) -> Result<()> {
        let sources = &self.asked.replacements;
        if sources.is_empty() {
            return Ok(());
        }
        let release = self.context.options.release;
        let lists = sources
            .iter()
            .map(|source| replacements::load(self.target, std::slice::from_ref(source), release))
            .collect::<Result<Vec<_>>>()?;
        let all: Vec<Replacement> = lists.iter().flatten().cloned().collect();
        let mut replacing = Replacing::default();
        let mut counts = Vec::with_capacity(all.len());
        let kind = StepKind::ReplacementTransformer;
        for one in &all {
            counts.push(replacing.apply(
                self.resources,
                one,
                &self.context.schema,
                release,
                &mut self.context.findings,
            )?);
            let directory = self.target.loader.root();
            self.context.tell(kind, one.span, directory, self.resources);
        }
        self.context
            .note_replacements(self.resources, &all, &counts);
        let mut counts = counts.into_iter();
        for (index, (source, list)) in sources.iter().zip(&lists).enumerate() {
            let own: Vec<Vec<usize>> = counts.by_ref().take(list.len()).collect();
            let count = own.iter().flatten().sum();
            let inline = Text::default();
            let (name, span) = match source {
                ReplacementSource::Path(path) => (path, path.span),
                ReplacementSource::Inline(replacement) => (&inline, replacement.span),
            };
            self.matched(Operator::Replacement, index, name, count, span);
        }
        self.done(kind, Span::default());
        Ok(())
    }

    /// The transformers that are configured by objects.
    fn plugins(&mut self, plugins: &[Plugin]) -> Result<()> {
        for plugin in plugins {
            plugins::transform(self.context, self.target, plugin, self.resources)?;
            origin::record(self.resources, plugin.origin.as_ref());
            self.resources.drop_deleted();
            let directory = self.target.loader.root();
            let kind = StepKind::Transformer;
            self.context
                .tell(kind, plugin.span, directory, self.resources);
        }
        Ok(())
    }
}

/// The pairs of entries as if they were one: of a key the last value counts, at the first place.
fn union(labels: &[Label]) -> Vec<(Text, Text)> {
    let mut pairs: Vec<(Text, Text)> = Vec::new();
    let mut known: FxHashMap<&str, usize> = FxHashMap::default();
    for pair in labels.iter().flat_map(|label| &label.pairs) {
        match known.entry(&pair.0) {
            Entry::Occupied(at) => pairs[*at.get()].1 = pair.1.clone(),
            Entry::Vacant(free) => {
                free.insert(pairs.len());
                pairs.push(pair.clone());
            }
        }
    }
    pairs
}

/// Where the first of some pairs stands.
fn first_key(pairs: &[(Text, Text)]) -> Span {
    pairs.first().map(|(key, _)| key.span).unwrap_or_default()
}
