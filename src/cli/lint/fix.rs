//! `kustom lint --fix`: edits that are certain, and proved by builds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::lint::{Tree, fixed, is_fixable, is_same_but_for_fixes, naming, without_patch};
use kustom::load::{Files, LookupCache, Memory, Overlay, display_from, normalized};
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
    /// Files of patches whose entries were taken away.
    pub(super) unneeded: Vec<String>,
}

/// Writes the edits for what was found, each only if every target is built as before but for what
/// the edit changes, and every other environment of the project as before; of several files none is
/// written before all edits are known.
pub(super) fn write(
    chosen: &ObjectArguments,
    (files, here): (&LookupCache, &Path),
    targets: &[Target],
    objects: &[Objects],
    (suites, root): (&[Suite], Option<&Path>),
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
        unneeded: Vec::new(),
    };
    let found = to_mend(suites);
    if found.is_empty() {
        return Ok(written);
    }
    let builds = Builds::before(chosen, (files, here), targets, objects)?;
    let mut edits = Edits {
        files,
        here,
        builds,
        edited: BTreeMap::new(),
        left: Vec::new(),
        unneeded: Vec::new(),
    };
    for finding in &found {
        edits.at_its_place(finding);
    }
    // What is found by its name comes last: until then places are right.
    if let Some(root) = root {
        let tree = Tree::read(files, &[root.to_path_buf()]);
        for finding in &found {
            edits.where_it_is_named(finding, &tree);
        }
    }
    written.left = edits.left;
    written.unneeded = edits.unneeded;
    let edited = edits.edited;
    let all: Vec<(PathBuf, Vec<u8>)> = edited
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect();
    if !all.is_empty() {
        write::files(&all)?;
    }
    written.files = all
        .iter()
        .map(|(path, _)| display_from(here, path))
        .collect();
    Ok(written)
}

/// The edits so far.
struct Edits<'a> {
    files: &'a LookupCache,
    here: &'a Path,
    builds: Builds<'a>,
    edited: BTreeMap<PathBuf, String>,
    left: Vec<String>,
    unneeded: Vec<String>,
}

impl Edits<'_> {
    fn text(&self, path: &Path) -> Option<String> {
        let known = self.edited.get(path).cloned();
        known.or_else(|| text_of(self.files, path))
    }

    /// Edits the file that a finding is in.
    fn at_its_place(&mut self, finding: &Finding) {
        let name = finding.place.as_ref().and_then(|place| place.file.clone());
        let Some(path) = name.map(|name| self.here.join(&*name)) else {
            return;
        };
        let made = self
            .text(&path)
            .and_then(|text| fixed(finding, self.files, &path, &text));
        if let Some(made) = made {
            self.keep_if_same(path, made);
        }
    }

    /// Edits the kustomizations that name the file that a finding is in.
    fn where_it_is_named(&mut self, finding: &Finding, tree: &Tree<'_>) {
        let name = finding.place.as_ref().and_then(|place| place.file.clone());
        let Some(file) = name.map(|name| normalized(&self.here.join(&*name))) else {
            return;
        };
        for kustomization in naming(finding, tree, &file) {
            let made = self
                .text(kustomization)
                .and_then(|text| without_patch(kustomization, &text, &file));
            if let Some(made) = made
                && self.keep_if_same(kustomization.to_path_buf(), made)
            {
                self.unneeded.push(display_from(self.here, &file));
            }
        }
    }

    /// Keeps an edit if everything is built as it must be.
    fn keep_if_same(&mut self, path: PathBuf, made: String) -> bool {
        let mut upper = Memory::default();
        for (path, text) in self.edited.iter().chain([(&path, &made)]) {
            upper.insert(path, text.as_str());
        }
        let overlay = Overlay {
            upper,
            lower: self.files,
        };
        let outside = self.builds.outside(&path);
        let why = outside.or_else(|| self.builds.broken_by(&overlay));
        let is_kept = why.is_none();
        match why {
            Some(why) => {
                let name = display_from(self.here, &path);
                self.left.push(format!("{name}: {why}"));
            }
            None => drop(self.edited.insert(path, made)),
        }
        is_kept
    }
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
        let file = place.and_then(|place| place.file.clone());
        (
            file,
            place.map(|place| (place.span.line, place.span.column)),
        )
    };
    found.sort_by_key(|finding| std::cmp::Reverse(key(finding)));
    found.dedup_by_key(|finding| key(finding));
    found
}

/// Objects as they are printed.
pub(super) fn printed(objects: &Objects) -> Result<String> {
    let mut text = String::new();
    write_stream(objects.resources.iter().map(|one| &one.node), &mut text)?;
    Ok(text)
}
