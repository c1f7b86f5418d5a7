//! The `replicas` field.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replicas/>.

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::place::Span;
use kustom_yaml::{Tag, Text};

use crate::fields::{self, FieldSpec, OnMissing};
use crate::id::Gvk;
use crate::resource::{Resource, Resources};

use super::links::Ends;

/// An entry of `replicas`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    /// The name of the workloads, as it is or was.
    pub name: Text,
    /// How many.
    pub count: i64,
    /// Where the number is written.
    pub count_span: Span,
}

/// Sets the number of replicas of every workload that has or had the name.
///
/// # Errors
///
/// If there is none.
pub fn apply(resources: &mut Resources, replica: &Replica, specs: &[FieldSpec]) -> Result<()> {
    let mut found = false;
    for position in resources.with_any_name(&replica.name.text) {
        found |= resources.change_content(position, |resource| set(resource, replica, specs))?;
    }
    if found {
        Ok(())
    } else {
        Err(unmatched(resources, replica, specs))
    }
}

/// Sets the number in one resource, if it has one.
fn set(resource: &mut Resource, replica: &Replica, specs: &[FieldSpec]) -> Result<bool> {
    let count = replica.count.to_string();
    let gvks: Vec<Gvk> = resource
        .ids()
        .filter(|id| id.name == replica.name.text)
        .map(|id| id.gvk)
        .collect();
    let is_meant = |spec: &&FieldSpec| {
        gvks.iter()
            .any(|gvk| spec.selects(&gvk.group, &gvk.version, &gvk.kind))
    };
    let span = resource.place_of_new(replica.count_span);
    let mut found = false;
    for spec in specs.iter().filter(is_meant) {
        found = true;
        let leaf = OnMissing::Scalar(Tag::Int);
        fields::each_field(&mut resource.node, spec, leaf, &mut |node| {
            node.set_scalar_from(&count, Some(Tag::Int), span);
            Ok(())
        })?;
    }
    if found {
        Ends::of(specs.iter().map(|spec| &*spec.path)).settle(resource);
    }
    Ok(found)
}

/// The finding if no workload has a name.
pub fn no_workload(name: &str) -> String {
    format!("there is no workload `{name}`")
}

#[cold]
fn unmatched(resources: &Resources, replica: &Replica, specs: &[FieldSpec]) -> Error {
    let kinds: Vec<&str> = specs.iter().map(|spec| spec.kind.as_str()).collect();
    if replica.name.is_empty() {
        return Error::new(Kind::Transform, "an entry of `replicas` has no `name`")
            .at(replica.name.span)
            .help("say in `name` which workload is meant");
    }
    let message = no_workload(&replica.name);
    let error = Error::new(Kind::Transform, message).at(replica.name.span);
    let names = resources
        .iter()
        .filter(|resource| kinds.contains(&resource.id().gvk.kind.as_str()))
        .map(|resource| resource.id().name.as_str());
    match nearest(&replica.name, names) {
        Some(name) => error.help(format!("did you mean `{name}`?")),
        None => error.help(format!("replicas are set on {}", kinds.join(", "))),
    }
}
