//! The name of the file that an environment is rendered into.

use std::path::{Component, Path};

use crate::write::is_of_git;

/// The name of the record of rendered files, which no output may have; those of shards have more
/// behind it.
pub const RECORD: &str = ".kustom-rendered";

/// What is wrong with a name, if it is none below the directory that it is written into.
pub(super) fn misfit(name: &str) -> Option<&'static str> {
    let path = Path::new(name);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if path.components().next().is_none() {
        return Some("is empty");
    }
    if !path.components().all(is_plain) {
        return Some("leads out of its directory");
    }
    if is_of_git(path) {
        return Some("leads into git's own files");
    }
    let start = name.get(..RECORD.len()).unwrap_or_default();
    start
        .eq_ignore_ascii_case(RECORD)
        .then_some("has the name of the record of rendered files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_stays_in_its_directory_and_out_of_git() {
        for name in ["a.yaml", "team/a.yaml", "a.git/x", ".github/a.yaml"] {
            assert_eq!(misfit(name), None, "{name}");
        }
        for name in [
            "",
            ".",
            "../a",
            "/a",
            "a/../../b",
            ".git/a",
            "a/.GIT/b",
            ".git",
            ".Kustom-Rendered",
        ] {
            assert!(misfit(name).is_some(), "{name}");
        }
    }
}
