//! The objects of all environments, those that are the same in one row.

use std::collections::BTreeMap;

use super::EnvironmentView;
use crate::diff::{Change, Class, Diff, Subject, matched, subject_of};
use crate::finding::Finding;
use crate::resource::Resource;

/// An object in all environments.
pub(super) struct Row<'o> {
    /// What it is called where it is met first: `Kind namespace/name`.
    pub(super) subject: Subject,
    /// In each environment.
    pub(super) cells: Vec<Cell<'o>>,
}

/// An object in one environment.
#[derive(Clone, Default)]
pub(super) struct Cell<'o> {
    /// Its number in the output; nothing if it is not there.
    pub(super) object: Option<usize>,
    /// What differs from the environment that all are held against.
    pub(super) changes: Vec<&'o Change>,
}

/// How an object is to the one of the environment that all are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is not there.
    Absent,
    /// The environment does not render.
    Unknown,
    /// It is there, and is what it is held against, or says the same.
    Present,
    /// It differs.
    Differs,
    /// It differs in what should be checked, or does not although it should.
    Suspicious,
    /// It is there and not in the environment that all are held against.
    Only,
}

impl State {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unknown => "unknown",
            Self::Present => "present",
            Self::Differs => "differs",
            Self::Suspicious => "suspicious",
            Self::Only => "only",
        }
    }
}

impl Cell<'_> {
    /// How it is to the environment that all are held against.
    pub(super) fn state(&self, is_rendered: bool, is_in_reference: bool) -> State {
        if !is_rendered {
            return State::Unknown;
        }
        if self.object.is_none() {
            return State::Absent;
        }
        let is_suspicious =
            |change: &&Change| matches!(change.class, Class::Suspicious | Class::Security);
        match (is_in_reference, self.changes.is_empty()) {
            _ if self.changes.iter().any(is_suspicious) => State::Suspicious,
            (false, _) => State::Only,
            (true, true) => State::Present,
            (true, false) => State::Differs,
        }
    }
}

/// Whether a finding is about an object, by what it is called.
pub(super) fn is_about(finding: &Finding, resource: &Resource) -> bool {
    let id = resource.id();
    finding.object.as_deref().is_some_and(|object| {
        object.name == *id.name
            && object.kind == *id.gvk.kind
            && (object.namespace.is_empty() || object.namespace == *id.namespace)
    })
}

/// The rows: the objects of the reference in their order, then what only others have.
pub(super) fn rows(environments: &[EnvironmentView], reference: usize) -> Vec<Row<'_>> {
    let objects = |number: usize| -> &[Resource] {
        let view = &environments[number];
        view.rendered.as_ref().map_or(&[], |rendered| &rendered.1)
    };
    let mut rows: Vec<Row<'_>> = Vec::new();
    // The row of each object, by environment and number.
    let mut row_of: Vec<Vec<Option<usize>>> = (0..environments.len())
        .map(|number| vec![None; objects(number).len()])
        .collect();
    let mut order: Vec<usize> = (0..environments.len()).collect();
    order.sort_by_key(|number| *number != reference);
    for (at, &number) in order.iter().enumerate() {
        let mine = objects(number);
        // The reference first; then those that have something that it has not.
        for &other in &order[..at] {
            if row_of[number].iter().all(Option::is_some) {
                break;
            }
            for (theirs, own) in matched(objects(other), mine) {
                let row = row_of[other][theirs];
                let is_free = row.is_some_and(|row| rows[row].cells[number].object.is_none());
                if is_free && row_of[number][own].is_none() {
                    row_of[number][own] = row;
                    if let Some(row) = row {
                        rows[row].cells[number].object = Some(own);
                    }
                }
            }
        }
        for (own, resource) in mine.iter().enumerate() {
            if row_of[number][own].is_none() {
                row_of[number][own] = Some(rows.len());
                let mut cells = vec![Cell::default(); environments.len()];
                cells[number].object = Some(own);
                rows.push(Row {
                    subject: subject_of(Some(resource), None),
                    cells,
                });
            }
        }
    }
    for (number, environment) in environments.iter().enumerate() {
        let Some(diff) = &environment.diff else {
            continue;
        };
        let changes = by_subject(diff);
        for row in &mut rows {
            let of = |number: usize| row.cells[number].object.map(|at| &objects(number)[at]);
            let (Some(from), Some(to)) = (of(reference), of(number)) else {
                continue;
            };
            let found = changes.get(&subject_of(Some(from), Some(to)));
            row.cells[number].changes = found.cloned().unwrap_or_default();
        }
    }
    rows
}

/// The differences within objects that are on both sides, by object.
fn by_subject(diff: &Diff) -> BTreeMap<Subject, Vec<&Change>> {
    let mut changes: BTreeMap<Subject, Vec<&Change>> = BTreeMap::new();
    for change in diff.shown().filter(|change| !change.is_whole()) {
        let subject = (*change.subject).clone();
        changes.entry(subject).or_default().push(change);
    }
    changes
}
