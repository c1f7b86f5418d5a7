//! `kustom lint --fix`: edits that are certain, and proved by builds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::lint::{fixed, is_fixable, is_of_all, is_same_but_for_fixes};
use kustom::load::{Files as _, LookupCache, Memory, Overlay};
use kustom::report::{Check, Suite};
use kustom::write;
use kustom::yaml::write_stream;

use crate::cli::objects::{ObjectArguments, Objects, Target};

/// What became of the edits.
pub(super) struct Written {
    /// The files that were written.
    pub(super) files: Vec<String>,
    /// Why findings that could be mended were not, as sentences.
    pub(super) left: Vec<String>,
}

/// Writes the edits for what was found, each only if every target is built as before but for what
/// the edit changes; of several files none is written before all edits are known.
pub(super) fn write(
    chosen: &ObjectArguments,
    (files, here): (&LookupCache, &Path),
    targets: &[Target],
    objects: &[Objects],
    suites: &[Suite],
) -> Result<Written> {
    if targets.iter().any(|target| matches!(target, Target::Stdin)) {
        let message = "`--fix` cannot write to stdin";
        return Err(
            Error::new(Kind::Project, message).help("name a file, a directory or an environment")
        );
    }
    let before = texts(objects)?;
    let mut written = Written {
        files: Vec::new(),
        left: Vec::new(),
    };
    let mut edited: BTreeMap<PathBuf, String> = BTreeMap::new();
    for finding in to_mend(suites) {
        let Some(name) = finding.place.as_ref().and_then(|place| place.file.clone()) else {
            continue;
        };
        if is_of_all(finding.rule) && !chosen.is_whole() && is_shared(targets) {
            let why = format!(
                "{name}: other environments may need it; run `kustom lint --fix` on all of them"
            );
            written.left.push(why);
            continue;
        }
        let path = here.join(&*name);
        let text = match edited.get(&path) {
            Some(text) => text.clone(),
            None => match files
                .read(&path)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
            {
                Some(text) => text,
                None => continue,
            },
        };
        let Some(made) = fixed(finding, files, &path, &text) else {
            continue;
        };
        let mut upper = Memory::default();
        for (path, text) in edited.iter().chain([(&path, &made)]) {
            upper.insert(path, text.as_str());
        }
        let overlay = Overlay {
            upper,
            lower: files,
        };
        let after: Result<Vec<Objects>> = targets
            .iter()
            .map(|target| chosen.objects(&overlay, here, target))
            .collect();
        let is_same = match after.and_then(|after| texts(&after)) {
            Ok(after) => {
                before.len() == after.len()
                    && before
                        .iter()
                        .zip(&after)
                        .all(|(one, other)| is_same_but_for_fixes(one, other))
            }
            Err(_) => false,
        };
        if is_same {
            edited.insert(path, made);
        } else {
            written
                .left
                .push(format!("{name}: something else would change with it"));
        }
    }
    let all: Vec<(PathBuf, Vec<u8>)> = edited
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect();
    if !all.is_empty() {
        write::files(&all)?;
    }
    written.files = all
        .iter()
        .map(|(path, _)| kustom::load::display_from(here, path))
        .collect();
    Ok(written)
}

/// Findings that may be mended, the last of a file first, so that places stay right.
fn to_mend(suites: &[Suite]) -> Vec<&Finding> {
    let checks = suites.iter().flat_map(|suite| &suite.checks);
    let mut found: Vec<&Finding> = checks
        .flat_map(Check::findings)
        .filter(|finding| is_fixable(finding.rule))
        .collect();
    let key = |finding: &&Finding| {
        let place = finding.place.as_ref();
        (
            place.and_then(|place| place.file.clone()),
            place.map(|place| place.span.start),
        )
    };
    found.sort_by_key(|finding| std::cmp::Reverse(key(finding)));
    found.dedup_by_key(|finding| key(finding));
    found
}

fn is_shared(targets: &[Target]) -> bool {
    targets
        .iter()
        .any(|target| matches!(target, Target::Environment(_)))
}

/// The objects of each target as they are printed.
fn texts(objects: &[Objects]) -> Result<Vec<String>> {
    let text = |one: &Objects| {
        let mut text = String::new();
        write_stream(one.resources.iter().map(|one| &one.node), &mut text)?;
        Ok(text)
    };
    objects.iter().map(text).collect()
}
