//! What is legal and seldom meant.

use std::path::Path;

use super::named_from;
use crate::finding::Finding;
use crate::kustomization::FILE_NAMES;
use crate::load::{Files as _, Recording};
use crate::place::{Place, SourceId};
use crate::yaml::strict_config;

/// Keys that stand twice in the kustomizations that were read.
pub(super) fn kustomizations(files: &Recording<'_>, root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in files.read_files() {
        let name = path.file_name().unwrap_or_default();
        if !FILE_NAMES.iter().any(|known| name == *known) {
            continue;
        }
        let Ok(bytes) = files.read(&path) else {
            continue;
        };
        let named = named_from(root, &path);
        findings.extend(repeated_key(&bytes, &named));
    }
    findings
}

fn repeated_key(bytes: &[u8], named: &str) -> Option<Finding> {
    let error = strict_config(bytes, SourceId::NONE).err()?;
    let span = error.place().map(|place| place.span).unwrap_or_default();
    let message = format!("{}; only the last one counts", error.message());
    Some(
        Finding::warning("duplicate-key", message)
            .at(Place::in_file(named, span))
            .help("keep one of them"),
    )
}
