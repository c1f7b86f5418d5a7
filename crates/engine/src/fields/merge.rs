//! Merges two sets of field specifications.
//!
//! A row whose field is there already is dropped, where "there" means: for a type that the new row
//! covers. So a row for every kind is lost if one kind has a row for the same path. That is
//! kustomize's rule, as is the order of the rows.

use std::borrow::Cow;
use std::collections::HashMap;

use kustom_yaml::Str;
use kustom_yaml::error::{Error, Kind, Result};

use super::{FieldSpec, Fields, NameReference, Specs};
use crate::id::{FIRST_KINDS, LAST_KINDS};

/// A table: borrowed if it is a built-in one.
type Table<T> = Cow<'static, [T]>;

impl Fields {
    /// Adds the fields of `other` that are not there yet.
    ///
    /// # Errors
    ///
    /// If both have a field and disagree on whether it is created where it is missing.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let tables = [
            ("namePrefix", &mut self.name_prefix, &other.name_prefix),
            ("nameSuffix", &mut self.name_suffix, &other.name_suffix),
            ("namespace", &mut self.namespace, &other.namespace),
            (
                "commonAnnotations",
                &mut self.common_annotations,
                &other.common_annotations,
            ),
            (
                "commonLabels",
                &mut self.common_labels,
                &other.common_labels,
            ),
            ("labels", &mut self.labels, &other.labels),
            (
                "templateLabels",
                &mut self.template_labels,
                &other.template_labels,
            ),
            (
                "volumeClaimTemplateLabels",
                &mut self.volume_claim_template_labels,
                &other.volume_claim_template_labels,
            ),
            (
                "varReference",
                &mut self.var_reference,
                &other.var_reference,
            ),
            ("images", &mut self.images, &other.images),
            ("replicas", &mut self.replicas, &other.replicas),
        ];
        for (name, table, other) in tables {
            if extend(table, other).map_err(|error| in_table(error, name))? {
                sort_specs(table.to_mut());
            }
        }
        merge_name_references(&mut self.name_reference, &other.name_reference)
            .map_err(|error| in_table(error, "nameReference"))
    }
}

fn in_table(error: Error, name: &str) -> Error {
    error.note(format!("in the table `{name}`"), None)
}

/// Adds the rows that are not there yet, and says whether that left the table unsorted.
fn extend(table: &mut Specs, other: &Specs) -> Result<bool> {
    if other.is_empty() {
        return Ok(false);
    }
    if let Some(builtin) = builtin_for(table, other) {
        *table = builtin;
        return Ok(false);
    }
    let mut merger = Merger::new(table);
    merger.add(other)?;
    let added = merger.into_added();
    if added.is_empty() {
        return Ok(false);
    }
    let added: Vec<FieldSpec> = added.into_iter().cloned().collect();
    table.to_mut().extend(added);
    Ok(true)
}

/// What comes of adding a built-in table to nothing or to itself: the same table, since no row of
/// it would be dropped for another.
fn builtin_for<T: Clone>(table: &Table<T>, other: &Table<T>) -> Option<Table<T>> {
    match (table, other) {
        (Cow::Borrowed(own), Cow::Borrowed(other)) if std::ptr::eq(*own, *other) => {}
        (own, Cow::Borrowed(_)) if own.is_empty() => {}
        _ => return None,
    }
    Some(other.clone())
}

/// Unlike the tables of fields, the referrers of a target keep the order in which they came.
fn merge_name_references(
    table: &mut Table<NameReference>,
    other: &Table<NameReference>,
) -> Result<()> {
    if other.is_empty() {
        return Ok(());
    }
    if let Some(builtin) = builtin_for(table, other) {
        *table = builtin;
        return Ok(());
    }
    let target = |reference: &NameReference| {
        (
            reference.group.clone(),
            reference.version.clone(),
            reference.kind.clone(),
        )
    };
    let own = table.to_mut();
    let mut index: HashMap<(Str, Str, Str), usize> = own
        .iter()
        .enumerate()
        .map(|(at, reference)| (target(reference), at))
        .collect();
    for reference in other.iter() {
        match index.get(&target(reference)) {
            Some(at) => {
                extend(&mut own[*at].referrers, &reference.referrers)?;
            }
            None => {
                index.insert(target(reference), own.len());
                own.push(reference.clone());
            }
        }
    }
    sort_name_references(own);
    Ok(())
}

/// Finds out which rows a table lacks.
pub(super) struct Merger<'s> {
    by_path: HashMap<&'s str, Vec<&'s FieldSpec>>,
    added: Vec<&'s FieldSpec>,
}

impl<'s> Merger<'s> {
    /// For a table.
    pub(super) fn new(table: &'s [FieldSpec]) -> Self {
        let mut by_path: HashMap<&str, Vec<&FieldSpec>> = HashMap::with_capacity(table.len());
        for spec in table {
            by_path.entry(&spec.path).or_default().push(spec);
        }
        Self {
            by_path,
            added: Vec::new(),
        }
    }

    /// Takes the rows that are not there yet.
    pub(super) fn add(&mut self, specs: &'s [FieldSpec]) -> Result<()> {
        for spec in specs {
            let known = self.by_path.entry(&spec.path).or_default();
            match known
                .iter()
                .find(|old| spec.selects(&old.group, &old.version, &old.kind))
            {
                Some(old) if old.create != spec.create => return Err(conflict(old, spec)),
                Some(_) => {}
                None => {
                    known.push(spec);
                    self.added.push(spec);
                }
            }
        }
        Ok(())
    }

    /// The rows that were taken.
    pub(super) fn into_added(self) -> Vec<&'s FieldSpec> {
        self.added
    }
}

fn conflict(old: &FieldSpec, new: &FieldSpec) -> Error {
    let message = format!(
        "the field specs for `{}` conflict: `create` is {} for {} and {} for {}",
        new.path,
        old.create,
        type_of(old),
        new.create,
        type_of(new),
    );
    Error::new(Kind::Kustomization, message)
        .help("write the same `create` for this path everywhere")
}

/// The type that a row is for, in words.
fn type_of(spec: &FieldSpec) -> String {
    let parts = [&spec.group, &spec.version, &spec.kind];
    let given: Vec<&str> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(Str::as_str)
        .collect();
    if given.is_empty() {
        "every kind".to_owned()
    } else {
        format!("`{}`", given.join("/"))
    }
}

/// Puts rows into the order in which they are looked at and applied.
pub(super) fn sort_specs(specs: &mut [FieldSpec]) {
    specs.sort_by_cached_key(|spec| sort_key(&spec.group, &spec.version, &spec.kind));
}

/// The same for the targets of references.
pub(super) fn sort_name_references(references: &mut [NameReference]) {
    references.sort_by_cached_key(|reference| {
        sort_key(&reference.group, &reference.version, &reference.kind)
    });
}

/// First the kinds that others need, last those that need others; among equals by name, where
/// what is missing comes after everything else.
fn sort_key(group: &str, version: &str, kind: &str) -> (i8, String) {
    let or = |text: &str, word: &str| (if text.is_empty() { word } else { text }).to_owned();
    let text = [or(group, "~G"), or(version, "~V"), or(kind, "~K")].join("_");
    let rank = if let Some(at) = FIRST_KINDS.iter().position(|name| *name == kind) {
        at as i8 - FIRST_KINDS.len() as i8
    } else if let Some(at) = LAST_KINDS.iter().position(|name| *name == kind) {
        at as i8 + 1
    } else {
        0
    };
    (rank, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    fn spec(group: &str, kind: &str, path: &str, create: bool) -> FieldSpec {
        FieldSpec {
            group: group.into(),
            kind: kind.into(),
            path: path.into(),
            create,
            ..FieldSpec::default()
        }
    }

    fn with_labels(specs: Vec<FieldSpec>) -> Fields {
        Fields {
            common_labels: Cow::Owned(specs),
            ..Fields::default()
        }
    }

    /// The built-in tables, as if the user had written them.
    fn owned() -> Fields {
        let own = |specs: Specs| Cow::Owned(specs.into_owned());
        let fields = Fields::builtin();
        let mut references = fields.name_reference.into_owned();
        for reference in &mut references {
            reference.referrers.to_mut();
        }
        Fields {
            name_prefix: own(fields.name_prefix),
            name_suffix: own(fields.name_suffix),
            namespace: own(fields.namespace),
            common_labels: own(fields.common_labels),
            labels: own(fields.labels),
            template_labels: own(fields.template_labels),
            volume_claim_template_labels: own(fields.volume_claim_template_labels),
            common_annotations: own(fields.common_annotations),
            name_reference: Cow::Owned(references),
            var_reference: own(fields.var_reference),
            images: own(fields.images),
            replicas: own(fields.replicas),
        }
    }

    #[test]
    fn the_builtin_tables_merge_with_themselves_into_themselves() {
        let (builtin, owned) = (Fields::builtin(), owned());
        for (first, second) in [
            (Fields::default(), &owned),
            (Fields::default(), &builtin),
            (owned.clone(), &owned),
            (owned.clone(), &builtin),
            (builtin.clone(), &owned),
            (builtin.clone(), &builtin),
        ] {
            let mut merged = first;
            merged.merge(second).unwrap();
            assert_eq!(merged, builtin);
        }
    }

    #[test]
    fn the_builtin_tables_are_sorted() {
        let fields = owned();
        for table in [
            fields.namespace,
            fields.common_labels,
            fields.template_labels,
            fields.common_annotations,
            fields.var_reference,
            fields.images,
            fields.replicas,
        ] {
            let mut sorted = table.clone();
            sort_specs(sorted.to_mut());
            assert_eq!(table, sorted);
        }
        let mut sorted = fields.name_reference.clone();
        sort_name_references(sorted.to_mut());
        assert_eq!(fields.name_reference, sorted);
    }

    #[test]
    fn merging_nothing_copies_nothing() {
        let mut fields = Fields::default();
        fields.merge(&Fields::builtin()).unwrap();
        fields.merge(&Fields::builtin()).unwrap();
        fields.merge(&Fields::default()).unwrap();
        assert!(matches!(fields.common_labels, Cow::Borrowed(_)));
        assert!(matches!(fields.name_reference, Cow::Borrowed(_)));
    }

    #[test]
    fn a_row_for_one_kind_hides_a_later_one_for_all_kinds() {
        let foo = with_labels(vec![spec("", "Foo", "metadata/labels", true)]);
        let configured = Fields::configured(Release::NEWEST, [foo]).unwrap();
        assert_eq!(configured.common_labels.len(), 33);
        let mut gathered = Fields::default();
        gathered.merge(&configured).unwrap();
        assert_eq!(gathered.common_labels.len(), 32);
        let all = spec("", "", "metadata/labels", true);
        assert!(!gathered.common_labels.contains(&all));
    }

    #[test]
    fn a_row_that_is_there_is_dropped_and_one_of_another_group_is_not() {
        let path = "spec/template/metadata/labels";
        let known = with_labels(vec![spec("", "Deployment", path, true)]);
        assert_eq!(
            Fields::configured(Release::NEWEST, [known])
                .unwrap()
                .common_labels
                .len(),
            32
        );
        let narrower = with_labels(vec![spec("apps", "Deployment", path, true)]);
        assert_eq!(
            Fields::configured(Release::NEWEST, [narrower])
                .unwrap()
                .common_labels
                .len(),
            33
        );
    }

    #[test]
    fn rows_that_disagree_on_creation_conflict() {
        let error = Fields::configured(
            Release::NEWEST,
            [with_labels(vec![spec("", "", "metadata/labels", false)])],
        )
        .unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "the field specs for `metadata/labels` conflict: `create` is true for every kind and \
             false for every kind\n  in the table `commonLabels`\n  help: write the same `create` \
             for this path everywhere"
        );
        // The row of one kind becomes a conflict when it meets the one for all kinds.
        let foo = with_labels(vec![spec("x.io", "Foo", "metadata/labels", false)]);
        let configured = Fields::configured(Release::NEWEST, [foo]).unwrap();
        let error = Fields::default().merge(&configured).unwrap_err();
        assert!(
            error
                .message()
                .contains("false for `x.io/Foo` and true for every kind")
        );
    }

    #[test]
    fn referrers_of_a_known_target_join_its_own() {
        let reference = |kind: &str, referrer: FieldSpec| NameReference {
            version: "v1".into(),
            kind: kind.into(),
            referrers: Cow::Owned(vec![referrer]),
            ..NameReference::default()
        };
        let file = Fields {
            name_reference: Cow::Owned(vec![
                reference("Secret", spec("", "Foo", "spec/secret", false)),
                reference("Secret", spec("", "Ingress", "spec/tls/secretName", false)),
                reference("Bee", spec("", "Foo", "spec/bee", false)),
            ]),
            ..Fields::default()
        };
        let fields = Fields::configured(Release::NEWEST, [file]).unwrap();
        assert_eq!(fields.name_reference.len(), 17);
        let of = |kind: &str| {
            let found = fields
                .name_reference
                .iter()
                .find(|reference| reference.kind == kind);
            found.map(|reference| reference.referrers.len())
        };
        assert_eq!((of("Secret"), of("Bee")), (Some(71), Some(1)));
    }

    #[test]
    fn what_is_missing_sorts_after_what_is_named() {
        let mut specs = vec![
            spec("", "", "a", false),
            spec("", "ValidatingWebhookConfiguration", "a", false),
            spec("", "Foo", "a", false),
            spec("x.io", "Foo", "a", false),
            spec("", "Deployment", "a", false),
        ];
        sort_specs(&mut specs);
        let order: Vec<(&str, &str)> = specs
            .iter()
            .map(|spec| (spec.group.as_str(), spec.kind.as_str()))
            .collect();
        assert_eq!(
            order,
            [
                ("", "Deployment"),
                ("x.io", "Foo"),
                ("", "Foo"),
                ("", ""),
                ("", "ValidatingWebhookConfiguration"),
            ]
        );
    }
}
