//! Field specifications: which fields of which kinds a transformer changes.
//!
//! They say where names, labels, annotations, images, namespaces, replicas, variables and
//! references to other objects live, kind by kind. The built-in tables are data that nobody
//! copies; what a `configurations:` or `crds:` file adds is merged in.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/builtins/>.

mod crds;
mod decode;
mod defaults;
mod merge;
mod plans;
mod references;
mod walk;

use std::borrow::Cow;

pub use plans::Plans;
pub use walk::{Failure, OnMissing, Plan, each_at_path, each_field, segments};

use kustom_yaml::Str;
use kustom_yaml::error::Result;

use crate::id::Gvk;
use crate::release::{Change, Release};
use merge::Merger;

/// A field of the objects of a type.
///
/// # Example
///
/// ```
/// use kustom_engine::fields::FieldSpec;
///
/// let spec = FieldSpec {
///     group: "apps".into(),
///     kind: "Deployment".into(),
///     path: "spec/template/metadata/labels".into(),
///     create: true,
///     ..FieldSpec::default()
/// };
/// assert!(spec.selects("apps", "v1", "Deployment"));
/// assert!(!spec.selects("extensions", "v1beta1", "Deployment"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSpec {
    /// The API group; empty for any.
    pub group: Str,
    /// The version; empty for any.
    pub version: Str,
    /// The kind; empty for any.
    pub kind: Str,
    /// The way from the root, its parts joined by `/`; see [`segments`].
    pub path: Str,
    /// Whether the field is made where it is missing.
    pub create: bool,
    /// Whether an empty group means the core group, and not any.
    pub core_only: bool,
    /// How many parts of the path must be there already; only those behind them are made.
    pub required: u8,
}

/// A type of object, and the fields in which others name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameReference {
    /// The API group of the object that is named; empty for any.
    pub group: Str,
    /// Its version; empty for any.
    pub version: Str,
    /// Its kind; empty for any.
    pub kind: Str,
    /// The fields that may hold its name.
    pub referrers: Specs,
}

/// A table of fields: the built-in one borrowed, any other owned.
pub type Specs = Cow<'static, [FieldSpec]>;

/// All tables, each sorted by group, version and kind.
///
/// [`Fields::default`] knows no field at all; [`Fields::builtin`] knows those of kustomize.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The fields that get the prefix of `namePrefix`.
    pub name_prefix: Specs,
    /// What `nameSuffix` goes behind.
    pub name_suffix: Specs,
    /// Where `namespace` is written, apart from `metadata/namespace`.
    pub namespace: Specs,
    /// Labels, selectors and the labels of templates, for `commonLabels` and `includeSelectors`.
    pub common_labels: Specs,
    /// What every entry of `labels` is written to besides; empty unless the user fills it.
    pub labels: Specs,
    /// Labels and the labels of templates, for `includeTemplates`.
    pub template_labels: Specs,
    /// Labels of the templates of claims, for `includeVolumeClaimTemplates`.
    pub volume_claim_template_labels: Specs,
    /// What `commonAnnotations` are written to.
    pub common_annotations: Specs,
    /// Who names whom.
    pub name_reference: Cow<'static, [NameReference]>,
    /// Where `$(VARIABLES)` are replaced.
    pub var_reference: Specs,
    /// Where images are named.
    pub images: Specs,
    /// Where the number of replicas is.
    pub replicas: Specs,
}

/// What an entry of `labels` reaches besides the labels of the objects themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelReach {
    /// Selectors, pod templates and claims: `includeSelectors`.
    pub selectors: bool,
    /// Pod templates: `includeTemplates`.
    pub templates: bool,
    /// The templates of claims: `includeVolumeClaimTemplates`.
    pub volume_claim_templates: bool,
}

impl FieldSpec {
    /// Whether it speaks of objects of this type.
    pub fn selects(&self, group: &str, version: &str, kind: &str) -> bool {
        let covers = |pattern: &str, word: &str| pattern.is_empty() || pattern == word;
        covers(&self.kind, kind)
            && covers(&self.group, group)
            && covers(&self.version, version)
            && (!self.core_only || group.is_empty())
    }

    /// Whether its field decides on the type of an object.
    pub(crate) fn is_of_type(&self) -> bool {
        let mut parts = segments(&self.path);
        let first = parts.find(|part| !part.trim().is_empty());
        first.is_some_and(|first| {
            let name = first.strip_suffix("[]").unwrap_or(&first).trim();
            matches!(name, "apiVersion" | "kind")
        })
    }
}

impl Fields {
    /// The fields that the newest kustomize knows.
    pub fn builtin() -> Self {
        Self::of_release(Release::NEWEST)
    }

    /// The fields that a release of kustomize knows.
    pub fn of_release(release: Release) -> Self {
        let images = if release.has(Change::CronJobImageVolumes) {
            defaults::IMAGES
        } else if release.has(Change::ImageVolumes) {
            defaults::IMAGES_WITHOUT_CRON_JOBS
        } else {
            defaults::IMAGES_OF_CONTAINERS
        };
        let name_reference = if release.has(Change::AdmissionPolicyReference) {
            Cow::Borrowed(references::NAME_REFERENCE)
        } else {
            let all = references::NAME_REFERENCE.iter();
            let known = all.filter(|row| row.kind != "ValidatingAdmissionPolicy");
            Cow::Owned(known.cloned().collect())
        };
        let template_labels = if release.has(Change::ClaimTemplateLabels) {
            defaults::TEMPLATE_LABELS
        } else {
            defaults::TEMPLATE_AND_CLAIM_LABELS
        };
        Self {
            name_prefix: Cow::Borrowed(defaults::NAME),
            name_suffix: Cow::Borrowed(defaults::NAME),
            namespace: Cow::Borrowed(defaults::NAMESPACE),
            common_labels: Cow::Borrowed(defaults::COMMON_LABELS),
            labels: Cow::Borrowed(&[]),
            template_labels: Cow::Borrowed(template_labels),
            volume_claim_template_labels: Cow::Borrowed(defaults::VOLUME_CLAIM_TEMPLATE_LABELS),
            common_annotations: Cow::Borrowed(defaults::COMMON_ANNOTATIONS),
            name_reference,
            var_reference: Cow::Borrowed(defaults::VAR_REFERENCE),
            images: Cow::Borrowed(images),
            replicas: Cow::Borrowed(defaults::REPLICAS),
        }
    }

    /// The built-in fields of a release with those of `configurations:` files, in the order of the
    /// files.
    ///
    /// # Errors
    ///
    /// If two of them disagree on whether a field is created.
    pub fn configured(release: Release, files: impl IntoIterator<Item = Self>) -> Result<Self> {
        let files: Vec<Self> = files.into_iter().collect();
        let mut own = Self::default();
        own.merge_all(&files.iter().collect::<Vec<_>>())?;
        let mut fields = Self::of_release(release);
        fields.merge(&own)?;
        Ok(fields)
    }

    /// The fields that an entry of `labels:` is written to: its own `fields` first, then those
    /// that its options ask for.
    ///
    /// # Errors
    ///
    /// If the entry and a table disagree on whether a field is created.
    pub fn for_labels(&self, own: &[FieldSpec], reach: LabelReach) -> Result<Vec<FieldSpec>> {
        let mut merger = Merger::new(own);
        merger.add(&self.labels)?;
        if reach.selectors {
            merger.add(&self.common_labels)?;
        } else {
            if reach.templates {
                merger.add(&self.template_labels)?;
            }
            if reach.volume_claim_templates {
                merger.add(&self.volume_claim_template_labels)?;
            }
            merger.add(defaults::LABELS)?;
        }
        let added = merger.into_added();
        Ok(own.iter().chain(added).cloned().collect())
    }

    /// The fields in which an object of this type may name another, and what each may name, in the
    /// order of the table.
    pub fn references_of(&self, gvk: &Gvk) -> Vec<(&FieldSpec, &NameReference)> {
        let mut rows = Vec::new();
        for reference in &*self.name_reference {
            for spec in &*reference.referrers {
                if spec.selects(&gvk.group, &gvk.version, &gvk.kind) {
                    rows.push((spec, reference));
                }
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_tables_have_the_rows_of_kustomize() {
        let fields = Fields::builtin();
        let counts = [
            fields.name_prefix.len(),
            fields.name_suffix.len(),
            fields.namespace.len(),
            fields.common_labels.len(),
            fields.labels.len(),
            fields.template_labels.len(),
            fields.volume_claim_template_labels.len(),
            fields.common_annotations.len(),
            fields.images.len(),
            fields.replicas.len(),
            fields.var_reference.len(),
        ];
        assert_eq!(counts, [1, 1, 3, 32, 0, 9, 1, 9, 7, 4, 72]);
    }

    #[test]
    fn the_builtin_tables_are_borrowed() {
        let fields = Fields::builtin();
        assert!(matches!(fields.common_labels, Cow::Borrowed(_)));
        assert!(matches!(fields.name_reference, Cow::Borrowed(_)));
        let referrers = fields.name_reference.iter();
        assert!(
            referrers
                .map(|reference| &reference.referrers)
                .all(|referrers| matches!(referrers, Cow::Borrowed(_)))
        );
    }

    #[test]
    fn an_empty_part_of_a_spec_stands_for_any() {
        let spec = FieldSpec {
            version: "v1".into(),
            ..FieldSpec::default()
        };
        assert!(spec.selects("apps", "v1", "Deployment"));
        assert!(!spec.selects("apps", "v1beta1", "Deployment"));
        assert!(!spec.selects("apps", "", "Deployment"));
    }

    #[test]
    fn an_object_names_others_in_the_fields_of_its_type() {
        let mut fields = Fields::builtin();
        let count = |fields: &Fields, group: &str, kind: &str| {
            let gvk = Gvk {
                group: group.into(),
                version: "v1".into(),
                kind: kind.into(),
            };
            fields.references_of(&gvk).len()
        };
        assert_eq!(count(&fields, "", "ConfigMap"), 0);
        assert_eq!(count(&fields, "apps", "Deployment"), 16);
        let any = FieldSpec {
            path: "metadata/annotations/owner".into(),
            ..FieldSpec::default()
        };
        fields.name_reference.to_mut()[3].referrers = Cow::Owned(vec![any]);
        assert_eq!(count(&fields, "", "ConfigMap"), 1);
    }

    fn paths(specs: &[FieldSpec]) -> Vec<&str> {
        specs.iter().map(|spec| spec.path.as_str()).collect()
    }

    #[test]
    fn labels_reach_selectors_and_templates_only_when_asked() {
        let fields = Fields::builtin();
        let count = |fields: &Fields, reach| fields.for_labels(&[], reach).unwrap().len();
        let none = LabelReach::default();
        let plain = fields.for_labels(&[], none).unwrap();
        assert_eq!(paths(&plain), ["metadata/labels"]);
        let templates = LabelReach {
            templates: true,
            ..none
        };
        assert_eq!(count(&fields, templates), 9);
        let claims = LabelReach {
            volume_claim_templates: true,
            ..none
        };
        assert_eq!(count(&fields, claims), 2);
        let selectors = LabelReach {
            selectors: true,
            ..templates
        };
        assert_eq!(count(&fields, selectors), 32);
        let older = Fields::of_release("5.8.1".parse().unwrap());
        assert_eq!(count(&older, templates), 10);
    }

    #[test]
    fn an_older_release_knows_fewer_images_and_names() {
        let counts = ["5.4.2", "5.6", "5.7", "5.8.1", "5.8.3"].map(|release| {
            let fields = Fields::of_release(release.parse().unwrap());
            (fields.images.len(), fields.name_reference.len())
        });
        assert_eq!(counts, [(4, 15), (4, 16), (6, 16), (6, 16), (7, 16)]);
    }

    #[test]
    fn the_fields_of_a_label_come_first_and_may_hide_the_default() {
        let own = |kind: &str, create| FieldSpec {
            kind: kind.into(),
            path: "metadata/labels".into(),
            create,
            ..FieldSpec::default()
        };
        let fields = Fields::builtin();
        let hidden = fields.for_labels(&[own("Foo", true)], LabelReach::default());
        assert_eq!(hidden.unwrap(), [own("Foo", true)]);
        assert!(
            fields
                .for_labels(&[own("Foo", false)], LabelReach::default())
                .is_err()
        );
    }
}
