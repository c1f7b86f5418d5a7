//! Which files are kustomizations, and which one a directory belongs to.

use std::path::{Path, PathBuf};

use crate::kustomization::FILE_NAMES;
use crate::load::Files;

/// Whether a file is a kustomization, by its name.
pub(super) fn is_kustomization(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    FILE_NAMES.iter().any(|known| name == *known)
}

/// The kustomization of a directory, if it has one.
pub(super) fn kustomization_in(files: &dyn Files, directory: &Path) -> Option<PathBuf> {
    let mut paths = FILE_NAMES.iter().map(|name| directory.join(name));
    paths.find(|path| files.resolve(path).is_ok())
}

/// The nearest directory with a kustomization, from one upwards.
pub(super) fn kustomization_above(files: &dyn Files, directory: &Path) -> Option<PathBuf> {
    let mut above = directory.ancestors();
    let found = above.find(|it| kustomization_in(files, it).is_some());
    found.map(Path::to_path_buf)
}
