//! Findings about entries without effect: operators that match nothing, and keys that occur twice.
//!
//! kustomize ignores them silently; each finding has the place of the entry.

use kustom_yaml::finding::Finding;
use kustom_yaml::nearest::Words;
use kustom_yaml::place::{Place, SourceId, Span};
use kustom_yaml::repeated_key;

use super::Context;
use super::near::{closest, nearly};
use crate::resource::{Resource, Resources};
use crate::transform::images::{self, Image};
use crate::transform::replacement::Replacement;
use crate::transform::value_add::ValueAdd;

impl Context<'_> {
    /// Notes keys that stand twice in an object as it is read, where remarks are asked for.
    ///
    /// An object that still has one at the end cannot be written; a patch may have lost it by then,
    /// or the whole object. What was read from no file is told where it is `named`.
    pub(super) fn note_repeated_keys(&mut self, resources: &[Resource], named: Span) {
        if !self.options.lint {
            return;
        }
        for resource in resources {
            let Some(error) = repeated_key(&resource.node) else {
                continue;
            };
            let message = format!("{} in {}", error.message(), resource.id().shown());
            let mut finding = Finding::warning("duplicate-key", message)
                .help("keep one of the two: only one of them has an effect");
            let places = error.notes().iter().map(|note| &note.place);
            let first = places.flatten().map(|place| place.span);
            let place = error.place().map(|place| place.span);
            match place.filter(|span| span.source != SourceId::NONE) {
                Some(span) => {
                    finding = finding.at(span);
                    finding.others = first.map(Place::from).collect();
                }
                None => finding = finding.at(named),
            }
            self.findings.push(finding);
        }
    }

    /// Notes an entry of `images` that met no image.
    ///
    /// `names` are those of all images, once they were asked for.
    pub(super) fn note_image(
        &mut self,
        resources: &Resources,
        names: &mut Option<Words>,
        image: &Image,
        count: usize,
    ) {
        if self.options.only_warnings_of_kustomize {
            return;
        }
        // One without a name was told when it was read.
        if count == 0 && !image.name.is_empty() {
            let message = if image.has_pattern() {
                format!("there is no image `{}`", image.name)
            } else {
                format!(
                    "the image name `{}` is no regular expression, so it matches nothing",
                    image.name
                )
            };
            let names = names.get_or_insert_with(|| Words::of(images::names(resources)));
            let near = names.nearest(&image.name);
            let is_other = |near: &&str| image.has_pattern() && **near != *image.name;
            let help = match near.filter(is_other) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "correct the name, or remove the entry".to_owned(),
            };
            self.findings.push(
                Finding::warning("unmatched-image", message)
                    .at(image.name.span)
                    .help(help),
            );
        }
    }

    /// Notes the targets of replacements that met no object; `counts` says how many each met.
    pub(super) fn note_replacements(
        &mut self,
        resources: &mut Resources,
        replacements: &[Replacement],
        counts: &[Vec<usize>],
    ) {
        if self.options.only_warnings_of_kustomize {
            return;
        }
        for (replacement, counts) in replacements.iter().zip(counts) {
            let targets = replacement.targets.iter().flatten().zip(counts);
            for (target, _) in targets.filter(|(_, count)| **count == 0) {
                let finding = Finding::warning(
                    "unmatched-replacement",
                    "a target of the replacement matches no resource",
                );
                let select = target.select.as_ref();
                let near = select.and_then(|selector| closest(&mut *resources, selector));
                let otherwise = "correct its `select`, or remove the target";
                self.findings
                    .push(nearly(finding, near, target.span, otherwise));
            }
        }
    }

    /// Notes a `ValueAddTransformer` that met no object.
    pub(super) fn note_value_add(&mut self, args: &ValueAdd, count: usize) {
        if count == 0 {
            self.findings.push(
                Finding::warning("unmatched-value", "the value is added to no resource")
                    .at(args.span)
                    .help("correct the targets, or remove the transformer"),
            );
        }
    }
}
