//! Findings of rendered objects: what is still encrypted, and references that lead nowhere.

use std::collections::BTreeSet;

use super::ciphertext::undecrypted;
use super::{Environment, Project};
use crate::build::Built;
use crate::dangling;
use crate::error::Result;
use crate::finding::Finding;
use crate::load::Files;

/// What the objects themselves tell: what is still encrypted, and references that lead nowhere.
pub(super) fn findings_of_objects(
    files: &dyn Files,
    built: &Built,
    project: &Project,
    environment: &Environment,
) -> Result<Vec<Finding>> {
    let options = environment.reference_options(project);
    let mut findings = dangling::references(&built.resources, &options);
    if !findings.is_empty() && !project.validation.allow.is_empty() {
        let exceptions = project.exceptions(files)?;
        exceptions.apply(&mut findings, &mut BTreeSet::new());
    }
    findings.splice(0..0, undecrypted(&built.resources));
    for place in findings.iter_mut().flat_map(Finding::places_mut) {
        built.sources.locate(place);
    }
    Ok(findings)
}
