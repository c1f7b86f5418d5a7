//! Operators that match nothing.
//!
//! Kustomize keeps silent about them; each is a finding here, at the place where it is written.

use super::Context;
use super::patches::closest;
use crate::finding::Finding;
use crate::resource::Resources;
use crate::transform::images::Image;
use crate::transform::replacement::Replacement;
use crate::transform::value_add::ValueAdd;

impl Context<'_> {
    /// Notes an entry of `images` that met no image.
    pub(super) fn note_image(&mut self, image: &Image, count: usize) {
        if count == 0 {
            let message = format!("no image is called `{}`", image.name);
            self.findings.push(
                Finding::warning("unmatched-image", message)
                    .at(image.name.span)
                    .help("nothing was changed; correct the name, or take the entry away"),
            );
        }
    }

    /// Notes the targets of replacements that met no object; `counts` says how many each met.
    pub(super) fn note_replacements(
        &mut self,
        resources: &Resources,
        replacements: &[Replacement],
        counts: &[Vec<usize>],
    ) {
        for (replacement, counts) in replacements.iter().zip(counts) {
            let targets = replacement.targets.iter().flatten().zip(counts);
            for (target, _) in targets.filter(|(_, count)| **count == 0) {
                let finding = Finding::warning(
                    "unmatched-replacement",
                    "a target of the replacement matches no resource",
                )
                .at(target.span);
                let near = target.select.as_ref();
                let help = near.and_then(|selector| closest(resources, selector));
                self.findings.push(finding.help(help.unwrap_or_else(|| {
                    "nothing was changed there; correct its `select`, or take the target away"
                        .to_owned()
                })));
            }
        }
    }

    /// Notes a `ValueAddTransformer` that met no object.
    pub(super) fn note_value_add(&mut self, args: &ValueAdd, count: usize) {
        if count == 0 {
            self.findings.push(
                Finding::warning("unmatched-value", "the value is added to no resource")
                    .at(args.span)
                    .help("nothing was changed; correct the targets, or take the transformer away"),
            );
        }
    }
}
