//! `kustom lint --fix`: edits that are certain, and proved by builds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::lint::{fixed, is_fixable, is_same_but_for_fixes};
use kustom::load::{Files, LookupCache, Memory, Overlay};
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
/// the edit changes, and every other environment of the project as before; of several files none is
/// written before all edits are known.
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
    let mut written = Written {
        files: Vec::new(),
        left: Vec::new(),
    };
    let found = to_mend(suites);
    if found.is_empty() {
        return Ok(written);
    }
    let builds = Builds::before(chosen, (files, here), targets, objects)?;
    let mut edited: BTreeMap<PathBuf, String> = BTreeMap::new();
    for finding in found {
        let Some(name) = finding.place.as_ref().and_then(|place| place.file.clone()) else {
            continue;
        };
        let path = here.join(&*name);
        let Some(text) = edited.get(&path).cloned().or_else(|| text_of(files, &path)) else {
            continue;
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
        let why = builds.outside(&path).or_else(|| builds.broken_by(&overlay));
        match why {
            Some(why) => written.left.push(format!("{name}: {why}")),
            None => drop(edited.insert(path, made)),
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

/// What is built before any edit, as printed.
struct Builds<'a> {
    chosen: &'a ObjectArguments,
    here: &'a Path,
    targets: Vec<(&'a Target, String)>,
    /// Environments that were not named; without a text they do not render.
    others: Vec<(Target, Option<String>)>,
}

impl<'a> Builds<'a> {
    fn before(
        chosen: &'a ObjectArguments,
        (files, here): (&LookupCache, &'a Path),
        named: &'a [Target],
        objects: &[Objects],
    ) -> Result<Self> {
        let targets = named.iter().zip(objects);
        let targets = targets
            .map(|(target, objects)| Ok((target, printed(objects)?)))
            .collect::<Result<_>>()?;
        let mut builds = Self {
            chosen,
            here,
            targets,
            others: Vec::new(),
        };
        let is_environment = |target: &(&Target, _)| matches!(target.0, Target::Environment(_));
        let others = match builds.targets.iter().any(is_environment) {
            true => chosen.other_environments(files, here, named)?,
            false => Vec::new(),
        };
        let others = others.into_iter().map(|other| {
            let text = builds.build(files, &other).ok();
            (other, text)
        });
        builds.others = others.collect();
        Ok(builds)
    }

    fn build(&self, files: &dyn Files, target: &Target) -> Result<String> {
        printed(&self.chosen.objects(files, self.here, target)?)
    }

    /// Why a file may not be written, if it is none of those that were named. Those of environments are
    /// all that they read.
    fn outside(&self, path: &Path) -> Option<String> {
        let is_inside = |(target, _): &(&Target, String)| match target {
            Target::Environment(_) => true,
            Target::Kustomization(directory) => path.starts_with(self.here.join(directory)),
            Target::Manifests(_, files) => files.iter().any(|file| self.here.join(file) == *path),
            Target::Stdin => false,
        };
        (!self.targets.iter().any(is_inside))
            .then(|| "it lies outside of what was named".to_owned())
    }

    /// Why edited files are not what was asked for, if they are not.
    fn broken_by(&self, edited: &dyn Files) -> Option<String> {
        let is_same = |(target, before): &(&Target, String)| {
            self.build(edited, target)
                .is_ok_and(|after| is_same_but_for_fixes(before, &after))
        };
        if !self.targets.iter().all(is_same) {
            return Some("something else would change with it".to_owned());
        }
        self.others.iter().find_map(|(other, before)| {
            let name = other.name();
            let Some(before) = before else {
                return Some(format!(
                    "`{name}` may need it, and does not render to show that it does not"
                ));
            };
            let is_same = self
                .build(edited, other)
                .is_ok_and(|after| after == *before);
            (!is_same).then(|| {
                format!(
                    "`{name}` would change with it; run `kustom lint --fix` on all environments"
                )
            })
        })
    }
}

fn text_of(files: &LookupCache, path: &Path) -> Option<String> {
    let bytes = files.read(path).ok()?;
    String::from_utf8(bytes.to_vec()).ok()
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

/// Objects as they are printed.
fn printed(objects: &Objects) -> Result<String> {
    let mut text = String::new();
    write_stream(objects.resources.iter().map(|one| &one.node), &mut text)?;
    Ok(text)
}
