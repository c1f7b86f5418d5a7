//! Reads the replacements that a kustomization lists, inline or in files.

use kustom_yaml::error::Result;

use super::target::KustTarget;
use crate::kustomization::ReplacementSource;
use crate::release::Release;
use crate::transform::replacement::Replacement;

/// The replacements of a list, those of files in place of their names.
pub(super) fn load(
    target: &KustTarget<'_>,
    sources: &[ReplacementSource],
    release: Release,
) -> Result<Vec<Replacement>> {
    let mut list = Vec::new();
    for source in sources {
        match source {
            ReplacementSource::Inline(replacement) => list.push((**replacement).clone()),
            ReplacementSource::Path(path) => {
                let content = target.loader.read(path)?;
                let node = kustom_yaml::read_config(&content.bytes, content.source)?;
                list.extend(crate::kustomization::replacements(&node, release)?);
            }
        }
    }
    Ok(list)
}
