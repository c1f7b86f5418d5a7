//! The `namePrefix` field.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/nameprefix/>.

use kustom_yaml::error::Result;
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Str, Tag, Text};

use crate::fields::{FieldSpec, OnMissing, Plan};
use crate::id::Gvk;
use crate::resource::{Resource, Resources};
use crate::schema::Schema;

use super::links::Ends;

/// Puts a prefix before the names of all resources but those whose names mean something outside
/// the build.
///
/// # Errors
///
/// If a name is no plain value.
pub fn apply(
    resources: &mut Resources,
    prefix: &Text,
    specs: &[FieldSpec],
    schema: &Schema,
) -> Result<()> {
    let record = |resource: &mut Resource| resource.history.prefixes.push(prefix.text.clone());
    let change = |name: &str| compact_str::format_compact!("{prefix}{name}");
    rename_all(resources, specs, schema, prefix.span, record, change)
}

/// Changes the fields that `specs` name, as the entry at `span` asks for; a change of
/// `metadata.name` is recorded.
pub(super) fn rename_all(
    resources: &mut Resources,
    specs: &[FieldSpec],
    schema: &Schema,
    span: Span,
    record: impl Fn(&mut Resource) + Sync,
    change: impl Fn(&str) -> Str + Sync,
) -> Result<()> {
    let budget = resources.budget().clone();
    let may_change_types = specs.iter().any(FieldSpec::is_of_type);
    let plan = |spec| (Plan::of([spec]), Ends::of([&*spec.path]));
    let plans: Vec<(Plan<'_>, Ends<'_>)> = specs.iter().map(plan).collect();
    resources.change_ids(|resource| {
        if keeps_its_name(&resource.original_gvk()) {
            return Ok(());
        }
        let span = resource.place_of_new(span);
        for (spec, (plan, ends)) in specs.iter().zip(&plans) {
            let selects = |gvk: &Gvk| spec.selects(&gvk.group, &gvk.version, &gvk.kind);
            if !selects(&resource.original_gvk()) {
                continue;
            }
            if spec.path == "metadata/name" {
                record(resource);
                resource.remember_id();
            }
            let set = &mut |_: usize, _: &[u32], name: &mut Node| {
                let changed = change(name.text().unwrap_or_default());
                // The former name is remembered.
                budget.charge_text("this prefix or suffix", &changed, 2)?;
                name.set_scalar_from(&changed, None, span);
                Ok(())
            };
            if selects(&resource.id().gvk) {
                plan.walk(&mut resource.node, OnMissing::Scalar(Tag::Str), set)?;
                // What is one value is renamed once more by the next field.
                ends.settle(resource);
            }
            match may_change_types {
                true => resource.refresh(schema),
                false => resource.refresh_names(schema),
            }
        }
        Ok(())
    })
}

/// Whether the kind is one whose names mean something outside the build.
fn keeps_its_name(gvk: &Gvk) -> bool {
    matches!(&*gvk.kind, "CustomResourceDefinition" | "Namespace")
        || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
}
