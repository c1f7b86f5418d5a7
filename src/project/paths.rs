//! The paths in `kustom.yaml`.

use std::path::Path;

use super::{ENVIRONMENTS, PROJECT_FILE, ProjectSettings, Step, is_dir, is_of_git, place_at};
use crate::error::{Error, Kind, Result, nearest};
use crate::load::{FileKind, Files, normalized};

/// Holds every path against what must be there.
pub(super) fn check(files: &dyn Files, root: &Path, settings: &ProjectSettings) -> Result<()> {
    let wrong = |field: &str, message: String| {
        let place = place_at(files, &root.join(PROJECT_FILE), &[Step::Field(field)]);
        Error::new(Kind::Project, message).at(place)
    };
    let all = [
        ("base", &settings.base),
        ("configs", &settings.configs),
        ("environments", &settings.environments),
        ("rendered", &settings.rendered),
        ("secretsBoilerplate", &settings.secrets_boilerplate),
    ];
    for (field, name) in all {
        let Some(name) = name else { continue };
        if name.is_empty() {
            return Err(wrong(field, format!("`{field}` is empty"))
                .help("name a directory, or remove the line"));
        }
        let path = normalized(&root.join(name));
        if field == "rendered" && is_of_git(&path) {
            return Err(
                wrong(field, format!("`{field}` leads into git's own files"))
                    .help("name another directory"),
            );
        }
        let found = files.resolve(&path).map(|(_, kind)| kind);
        match (field, found) {
            // The first render makes it.
            ("rendered", Err(_)) | (_, Ok(FileKind::Directory)) => {}
            // A single file will do.
            ("configs", Ok(FileKind::File)) => {}
            (_, Ok(FileKind::File)) => {
                return Err(wrong(field, format!("`{field}` names the file `{name}`"))
                    .help("it is a directory"));
            }
            (_, Err(_)) => {
                let message = format!("there is no directory `{name}` for `{field}`");
                return Err(wrong(field, message).help(near(files, root, field, name)));
            }
        }
    }
    Ok(())
}

/// A directory that may have been meant.
fn near(files: &dyn Files, root: &Path, field: &str, name: &str) -> String {
    let path = Path::new(name);
    let parent = path.parent().unwrap_or(Path::new(""));
    let last = path.file_name().unwrap_or_default().to_string_lossy();
    let names = files
        .list(&normalized(&root.join(parent)))
        .unwrap_or_default();
    let mut names = names.iter().map(String::as_str);
    let is_there = |name: &&str| is_dir(files, &normalized(&root.join(parent).join(name)));
    let meant = nearest(&last, names.by_ref().filter(is_there));
    if let Some(meant) = meant {
        return format!("did you mean `{}`?", parent.join(meant).display());
    }
    let mut usual = ENVIRONMENTS
        .iter()
        .filter(|usual| field == "environments" && is_dir(files, &root.join(usual)));
    match usual.next() {
        Some(usual) => format!("there is `{usual}`, which is found without the line"),
        None => "a path is relative to `kustom.yaml`".to_owned(),
    }
}
