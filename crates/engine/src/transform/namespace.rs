//! The `namespace` field.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/namespace/>.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Str, Tag, Text};

use crate::fields::{FieldSpec, OnMissing, Plan, Plans};
use crate::id::Gvk;
use crate::release::{Change, Release};
use crate::resource::{Resource, Resources};
use crate::schema::Schema;

use super::links::Ends;

/// The arguments of the field or of a `NamespaceTransformer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// The namespace.
    pub namespace: Text,
    /// Whether namespaces that are there already stay.
    pub unset_only: bool,
    /// Which subjects of role bindings are moved.
    pub subjects: Subjects,
}

/// Which subjects of role bindings are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subjects {
    /// Those that are called `default`, whatever their kind.
    #[default]
    Default,
    /// Those whose kind is ServiceAccount.
    ServiceAccounts,
    /// None.
    None,
}

/// Moves all resources that are not known to be cluster-scoped; since
/// [`Change::HelmNamespace`] those of a chart stay where helm put them.
///
/// # Errors
///
/// If two resources have the same id afterwards, or something else than a text stands where a
/// namespace belongs.
pub fn apply(
    resources: &mut Resources,
    wanted: &Namespace,
    specs: &[FieldSpec],
    schema: &Schema,
    release: Release,
) -> Result<()> {
    let moves_charts = !release.has(Change::HelmNamespace);
    if wanted.namespace.is_empty() {
        return Ok(());
    }
    let budget = resources.budget().clone();
    let may_change_types = specs.iter().any(FieldSpec::is_of_type);
    let own = own_field();
    let others = Plans::each(resources, |gvk| other_fields(specs, gvk));
    let ends = Ends::of(specs.iter().map(|spec| &*spec.path));
    resources.change_ids(|resource| {
        budget.charge_text("this namespace", &wanted.namespace, 2)?;
        if moves_charts || !resource.history.from_helm {
            resource.remember_id();
            let others = others.of(&resource.id().gvk);
            wanted.move_one(resource, &own, others)?;
            ends.settle(resource);
            match may_change_types {
                true => resource.refresh(schema),
                false => resource.refresh_names(schema),
            }
        }
        Ok(())
    })?;
    resources.check_unique().map_err(|error| {
        error.help("the namespace field gives these the same name; name them apart, or move one")
    })
}

/// The field that all objects have, unless they are cluster-scoped.
static OWN: FieldSpec = FieldSpec {
    group: Str::const_new(""),
    version: Str::const_new(""),
    kind: Str::const_new(""),
    path: Str::const_new("metadata/namespace"),
    create: true,
    core_only: false,
    required: 0,
};

/// The way to the namespace of an object itself.
pub(super) fn own_field() -> Plan<'static> {
    Plan::of([&OWN])
}

/// The fields of a type that hold namespaces, less those that have rules of their own.
fn other_fields<'s>(specs: &'s [FieldSpec], gvk: &Gvk) -> Plan<'s> {
    let is_core = gvk.group.is_empty() && gvk.version == "v1";
    let has_own_rule = |spec: &FieldSpec| match spec.path.as_str() {
        "metadata/namespace" => true,
        "metadata/name" => !is_core,
        "subjects/namespace" => is_binding(gvk) && is_binding_kind(&spec.kind),
        _ => false,
    };
    let is_meant = |spec: &&FieldSpec| {
        spec.selects(&gvk.group, &gvk.version, &gvk.kind) && !has_own_rule(spec)
    };
    Plan::of(specs.iter().filter(is_meant))
}

fn is_binding(gvk: &Gvk) -> bool {
    is_binding_kind(&gvk.kind)
}

fn is_binding_kind(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

impl Namespace {
    /// Sets the namespace of one object, and `others`, the further fields of its type.
    pub(super) fn move_one(
        &self,
        resource: &mut Resource,
        own: &Plan<'_>,
        others: Option<&Plan<'_>>,
    ) -> Result<()> {
        let span = resource.place_of_new(self.namespace.span);
        let (node, id, _) = resource.parts_mut();
        let leaf = OnMissing::Scalar(Tag::Str);
        let set = &mut |_: usize, _: &[u32], field: &mut Node| self.set(field, span);
        if !id.cluster_scoped {
            own.walk(node, leaf, set)?;
        }
        if is_binding(&id.gvk)
            && let Some(subjects) = node.get_mut("subjects")
        {
            self.move_subjects(subjects, span)?;
        }
        if let Some(others) = others {
            others.walk(node, leaf, set)?;
        }
        Ok(())
    }

    /// Sets a namespace, which is then written at `span`.
    fn set(&self, node: &mut Node, span: Option<Span>) -> Result<()> {
        let Some(text) = node.text() else {
            let message = "something else than a string stands where a namespace belongs";
            return Err(Error::new(Kind::Transform, message).at(node.span));
        };
        if !self.unset_only || text.is_empty() || node.is_null() {
            node.set_scalar_from(&self.namespace, Some(Tag::Str), span);
        }
        Ok(())
    }

    fn move_subjects(&self, subjects: &mut Node, place: Option<Span>) -> Result<()> {
        let (field, word) = match self.subjects {
            Subjects::Default => ("name", "default"),
            Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
            Subjects::None => return Ok(()),
        };
        if subjects.is_null() {
            return Ok(());
        }
        let span = subjects.span;
        let not_a_list = || Error::new(Kind::Transform, "`subjects` is no list").at(span);
        for subject in subjects.items_mut().ok_or_else(not_a_list)? {
            if subject.get(field).and_then(Node::text) != Some(word) {
                continue;
            }
            if subject.get("namespace").is_none_or(Node::is_null) {
                subject.set("namespace", Node::string(""));
            }
            if let Some(namespace) = subject.get_mut("namespace") {
                self.set(namespace, place)?;
            }
        }
        Ok(())
    }
}
