//! The `labels` and `commonLabels` fields.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/labels/>.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::VALUE;
use kustom_yaml::{Node, Str, Tag, Text};
use rustc_hash::FxHashSet;

use super::links::{self, Made};
use crate::fields::{FieldSpec, LabelReach, OnMissing, Plans};
use crate::resource::{Map, Resources};

/// An entry of `labels`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Label {
    /// The labels.
    pub pairs: Vec<(Text, Text)>,
    /// Whether selectors, templates and claims get them too.
    pub reach: LabelReach,
    /// Other fields that get them.
    pub fields: Vec<FieldSpec>,
}

/// Sets labels in the fields that `specs` name.
///
/// # Errors
///
/// If something else than a map stands where labels belong.
pub fn apply(resources: &mut Resources, pairs: &[(Text, Text)], specs: &[FieldSpec]) -> Result<()> {
    if let Some((key, value)) = pairs.iter().find(|(key, _)| key.is_empty()) {
        let place = if key.span.line > 0 {
            key.span
        } else {
            value.span
        };
        return Err(
            Error::new(Kind::Transform, "the key of a label or annotation is empty").at(place),
        );
    }
    if pairs.is_empty() {
        return Ok(());
    }
    let size = |text: &Text| VALUE + text.len() as u64;
    let sizes = pairs.iter().map(|(key, value)| size(key) + size(value));
    let budget = resources.budget().clone();
    let total: u64 = sizes.sum();
    let keys: FxHashSet<&str> = pairs.iter().map(|(key, _)| &**key).collect();
    let plans = Plans::among(specs, resources);
    resources.change_contents(|resource| {
        let Some(plan) = plans.of(&resource.id().gvk) else {
            return Ok(());
        };
        let has_places = !resource.hash_covers_places();
        let mut made = Vec::new();
        let set = &mut |spec: usize, items: &[u32], labels: &mut Node| {
            if !labels.is_map() && !labels.is_null() {
                return Err(no_map(labels));
            }
            // Those that are there are passed by.
            let total = total.saturating_add(labels.entries().len() as u64);
            let charged = budget.charge("these labels or annotations", total);
            charged.map_err(|error| error.at(pairs[0].0.span))?;
            let before = labels.entries().len();
            labels.set_text_fields(pairs, Some(Tag::Str), has_places);
            let new = labels.entries().get(before..).unwrap_or_default();
            if !new.is_empty() {
                made.push(Made {
                    spec,
                    map: Map {
                        field: specs[spec].path.clone(),
                        items: items.to_vec(),
                    },
                    keys: (new.len() != pairs.len()).then(|| {
                        let keys = new.iter().filter_map(|entry| entry.key.text());
                        keys.map(Str::from).collect()
                    }),
                });
            }
            Ok(())
        };
        plan.walk(&mut resource.node, OnMissing::Map, set)?;
        links::settle_keys(resource, &keys);
        links::link(resource, pairs, made);
        Ok(())
    })
}

/// Something else than a map where labels or annotations belong.
#[cold]
fn no_map(found: &Node) -> Error {
    let what = if found.is_seq() {
        "a list"
    } else {
        "a single value"
    };
    let message = format!("{what} is where a map of labels or annotations should be");
    Error::new(Kind::Transform, message)
        .at(found.span)
        .help("write a map there, such as `{app: web}`, or remove it")
}
