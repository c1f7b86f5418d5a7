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
        self.merge_all(&[other])
    }

    /// Adds the fields of several others, one after the other, in one pass over each table.
    ///
    /// # Errors
    ///
    /// As [`Fields::merge`].
    pub fn merge_all(&mut self, others: &[&Self]) -> Result<()> {
        type Of = fn(&Fields) -> &Specs;
        let tables: [(&str, &mut Specs, Of); 11] = [
            ("namePrefix", &mut self.name_prefix, |it| &it.name_prefix),
            ("nameSuffix", &mut self.name_suffix, |it| &it.name_suffix),
            ("namespace", &mut self.namespace, |it| &it.namespace),
            ("commonAnnotations", &mut self.common_annotations, |it| {
                &it.common_annotations
            }),
            ("commonLabels", &mut self.common_labels, |it| {
                &it.common_labels
            }),
            ("labels", &mut self.labels, |it| &it.labels),
            ("templateLabels", &mut self.template_labels, |it| {
                &it.template_labels
            }),
            (
                "volumeClaimTemplateLabels",
                &mut self.volume_claim_template_labels,
                |it| &it.volume_claim_template_labels,
            ),
            ("varReference", &mut self.var_reference, |it| {
                &it.var_reference
            }),
            ("images", &mut self.images, |it| &it.images),
            ("replicas", &mut self.replicas, |it| &it.replicas),
        ];
        for (name, table, of) in tables {
            let others = others.iter().map(|other| of(other));
            if extend(table, others).map_err(|error| in_table(error, name))? {
                sort_specs(table.to_mut());
            }
        }
        let others = others.iter().map(|other| &other.name_reference);
        merge_name_references(&mut self.name_reference, others)
            .map_err(|error| in_table(error, "nameReference"))
    }
}

fn in_table(error: Error, name: &str) -> Error {
    error.note(format!("in the table `{name}`"), None)
}

/// Adds the rows that are not there yet, and says whether that left the table unsorted.
fn extend<'s>(table: &mut Specs, others: impl Iterator<Item = &'s Specs>) -> Result<bool> {
    let rest = beyond_builtin(table, others);
    if rest.is_empty() {
        return Ok(false);
    }
    let mut merger = Merger::new(table);
    for other in rest {
        merger.add(other)?;
    }
    let added = merger.into_added();
    if added.is_empty() {
        return Ok(false);
    }
    let added: Vec<FieldSpec> = added.into_iter().cloned().collect();
    table.to_mut().extend(added);
    Ok(true)
}

/// Adds built-in tables as long as that takes no work, and returns the tables that are left.
fn beyond_builtin<'s, T: Clone>(
    table: &mut Table<T>,
    others: impl Iterator<Item = &'s Table<T>>,
) -> Vec<&'s Table<T>> {
    let mut rest = Vec::new();
    for other in others.filter(|other| !other.is_empty()) {
        match builtin_for(table, other).filter(|_| rest.is_empty()) {
            Some(builtin) => *table = builtin,
            None => rest.push(other),
        }
    }
    rest
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
fn merge_name_references<'s>(
    table: &mut Table<NameReference>,
    others: impl Iterator<Item = &'s Table<NameReference>>,
) -> Result<()> {
    let rest = beyond_builtin(table, others);
    if rest.is_empty() {
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
    // What joins the referrers of each target.
    let mut joining: Vec<Vec<&Specs>> = vec![Vec::new(); own.len()];
    for reference in rest.into_iter().flat_map(|other| other.iter()) {
        match index.get(&target(reference)) {
            Some(at) => joining[*at].push(&reference.referrers),
            None => {
                index.insert(target(reference), own.len());
                own.push(reference.clone());
                joining.push(Vec::new());
            }
        }
    }
    for (reference, joining) in own.iter_mut().zip(joining) {
        extend(&mut reference.referrers, joining.into_iter())?;
    }
    sort_name_references(own);
    Ok(())
}

/// Finds out which rows a table lacks.
pub(super) struct Merger<'s> {
    by_path: HashMap<&'s str, Known<'s>>,
    added: Vec<&'s FieldSpec>,
}

/// The rows of one path.
#[derive(Default)]
struct Known<'s> {
    rows: Vec<&'s FieldSpec>,
    /// The first row of each type, and of all types that a row for more of them would cover.
    first: HashMap<Type<'s>, usize>,
    /// How many rows are in there.
    indexed: usize,
}

/// A group, a version and a kind; what is empty stands for any.
type Type<'s> = (&'s str, &'s str, &'s str);

/// Up to this many rows, looking at each is quicker than an index.
const FEW: usize = 16;

impl<'s> Known<'s> {
    /// The first row of a type that the new row covers.
    fn covered_by(&mut self, new: &'s FieldSpec) -> Option<&'s FieldSpec> {
        if self.rows.len() <= FEW || new.core_only {
            let mut rows = self.rows.iter();
            return rows
                .find(|old| new.selects(&old.group, &old.version, &old.kind))
                .copied();
        }
        for (at, old) in self.rows.iter().enumerate().skip(self.indexed) {
            for mask in 0..8 {
                let part = |bit: u8, text: &'s str| if mask & bit == 0 { text } else { "" };
                let covered = (
                    part(1, &old.group),
                    part(2, &old.version),
                    part(4, &old.kind),
                );
                self.first.entry(covered).or_insert(at);
            }
        }
        self.indexed = self.rows.len();
        let at = self.first.get(&(&*new.group, &*new.version, &*new.kind));
        at.map(|at| self.rows[*at])
    }
}

impl<'s> Merger<'s> {
    /// For a table.
    pub(super) fn new(table: &'s [FieldSpec]) -> Self {
        let mut by_path: HashMap<&str, Known<'_>> = HashMap::with_capacity(table.len());
        for spec in table {
            by_path.entry(&spec.path).or_default().rows.push(spec);
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
            match known.covered_by(spec) {
                Some(old) if old.create != spec.create => return Err(conflict(old, spec)),
                Some(_) => {}
                None => {
                    known.rows.push(spec);
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
    fn many_rows_of_one_path_are_merged_as_few_are() {
        let names = ["", "a", "b", "c"];
        let mut rows = Vec::new();
        for number in 0..200_usize {
            let of = |by: usize| names[number / by % names.len()];
            let mut row = spec(of(1), of(4), "p", true);
            row.version = of(16).into();
            row.core_only = number.is_multiple_of(7);
            rows.push(row);
        }
        rows.reverse();
        let mut wanted: Vec<&FieldSpec> = Vec::new();
        for row in &rows {
            if !wanted
                .iter()
                .any(|old| row.selects(&old.group, &old.version, &old.kind))
            {
                wanted.push(row);
            }
        }
        let mut merger = Merger::new(&[]);
        merger.add(&rows).unwrap();
        assert!(wanted.len() > FEW);
        assert_eq!(merger.into_added(), wanted);
    }

    #[test]
    fn several_sets_are_merged_as_one_after_the_other() {
        let sets: Vec<Fields> = (0..9)
            .map(|number| Fields {
                name_reference: Cow::Owned(vec![NameReference {
                    kind: ["Secret", "Bee"][number % 2].into(),
                    referrers: Cow::Owned(vec![spec("", &format!("K{number}"), "p", false)]),
                    ..NameReference::default()
                }]),
                ..with_labels(vec![spec("", ["A", "", "B"][number % 3], "p", true)])
            })
            .collect();
        let mut one_by_one = Fields::builtin();
        for set in &sets {
            one_by_one.merge(set).unwrap();
        }
        let mut at_once = Fields::builtin();
        let sets: Vec<&Fields> = sets.iter().collect();
        at_once.merge_all(&sets).unwrap();
        assert_eq!(one_by_one, at_once);
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
