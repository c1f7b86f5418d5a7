//! The `namespace` field.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/namespace/>.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Tag, Text};

use crate::fields::{self, FieldSpec, OnMissing};
use crate::release::{Change, Release};
use crate::resource::{Resource, Resources};
use crate::schema::Schema;

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
    resources.change_ids(|resource| {
        budget.charge_text("this namespace", &wanted.namespace, 2)?;
        if moves_charts || !resource.history.from_helm {
            resource.remember_id();
            wanted.move_one(resource, specs)?;
            resource.refresh(schema);
        }
        Ok(())
    })?;
    resources.check_unique().map_err(|error| {
        error.help("the namespace field gives these the same name; name them apart, or move one")
    })
}

impl Namespace {
    pub(super) fn move_one(&self, resource: &mut Resource, specs: &[FieldSpec]) -> Result<()> {
        let id = resource.id().clone();
        let span = resource.place_of_new(self.namespace.span);
        let is_core = id.gvk.group.is_empty() && id.gvk.version == "v1";
        let is_binding = matches!(&*id.gvk.kind, "RoleBinding" | "ClusterRoleBinding");
        let node = &mut resource.node;
        let leaf = OnMissing::Scalar(Tag::Str);
        if !id.cluster_scoped {
            let path = "metadata/namespace".into();
            let spec = FieldSpec {
                path,
                create: true,
                ..FieldSpec::default()
            };
            fields::each_field(node, &spec, leaf, &mut |field| self.set(field, span))?;
        }
        if is_binding && let Some(subjects) = node.get_mut("subjects") {
            self.move_subjects(subjects, span)?;
        }
        for spec in specs {
            // These fields have rules of their own.
            let is_handled = match spec.path.as_str() {
                "metadata/namespace" => true,
                "metadata/name" => !is_core,
                "subjects/namespace" => {
                    is_binding && matches!(&*spec.kind, "RoleBinding" | "ClusterRoleBinding")
                }
                _ => false,
            };
            if !is_handled {
                fields::each_field(node, spec, leaf, &mut |field| self.set(field, span))?;
            }
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
