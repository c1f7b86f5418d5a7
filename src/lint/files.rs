//! Rules about the files that objects are made of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kustom_lint::{Linter, rule};
use rustc_hash::FxHashSet;

use super::overridden::{Build, Cut, Here, needless, overridden};
use super::tree::Tree;
use super::twice::{Twice, applied_twice, copied};
use super::unnamed::{Asked, unnamed};
use crate::error::Note;
use crate::finding::{Finding, Severity};
use crate::kustomization::FILE_NAMES;
use crate::load::display_from;
use crate::place::{Place, Span};

/// What is built, and the files around it.
pub struct Around<'a> {
    /// The rules.
    pub linter: &'a Linter,
    /// The files of the project, or of the directory.
    pub tree: &'a Tree<'a>,
    /// The directory that files are named from, in findings and in the builds.
    pub here: &'a Path,
    /// What is built.
    pub builds: &'a [Build<'a>],
    /// The files that were read for it.
    pub read: &'a BTreeSet<PathBuf>,
    /// Directories and files that are there for something else.
    pub kept: &'a [PathBuf],
    /// Whether it is all that the files are for, so that every kustomization is looked at.
    pub is_whole: bool,
    /// Whether the files hold everything that may build on a kustomization.
    pub knows_all_users: bool,
    /// Which files git ignores.
    pub ignored: &'a dyn Fn(&[PathBuf]) -> Vec<bool>,
}

/// What is wrong with the files that objects are made of; places are in files.
pub fn of_files(around: &Around<'_>) -> Vec<Finding> {
    let asks = |name: &str| around.linter.asks(name);
    let mut found = Vec::new();
    let built = built(around);
    if asks("unnamed-file") {
        found.extend(unnamed_files(around, &built));
    }
    if ["overridden-entry", "overridden-field", "overridden-below"]
        .into_iter()
        .any(asks)
    {
        found.extend(useless(around));
    }
    if asks("applied-twice") {
        found.extend(applied(around, &built));
    }
    if asks("copied-object") {
        for twice in copied(around.tree, around.read) {
            let message = format!("{} stands in another file, word for word", twice.what);
            let first = "it stands here, too";
            found.extend(around.twice(
                "copied-object",
                message,
                &twice.path,
                twice.span,
                (first, twice.first),
            ));
        }
    }
    found.retain(|finding| asks(finding.rule));
    found
}

/// What is applied twice, where that makes a difference, or the second time makes none.
fn applied(around: &Around<'_>, built: &BTreeSet<PathBuf>) -> Vec<Finding> {
    let twice = applied_twice(around.tree, built);
    let others = twice.iter().filter(|one| !one.adds);
    let others = others.map(|one| (one.path.clone(), one.span)).collect();
    let needless = needless(around.tree, around.builds, others);
    let is_told = |one: &Twice| {
        let spot = (one.path.clone(), one.span.line, one.span.column);
        one.adds || needless.contains(&spot)
    };
    let told = twice.into_iter().filter(is_told).filter_map(|one| {
        let message = format!("{} is applied twice to the same objects", one.what);
        let first = ("it is applied here first", one.first);
        around.twice("applied-twice", message, &one.path, one.span, first)
    });
    told.collect()
}

/// The directories of the kustomizations that are built.
fn built(around: &Around<'_>) -> BTreeSet<PathBuf> {
    let read = around.builds.iter().flat_map(|build| build.sources.paths());
    let owned = read.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| FILE_NAMES.contains(&name))
    });
    owned
        .filter_map(|path| Some(path.parent()?.to_path_buf()))
        .collect()
}

fn unnamed_files(around: &Around<'_>, built: &BTreeSet<PathBuf>) -> Vec<Finding> {
    let objects = around.builds.iter().flat_map(|build| build.resources);
    let kinds: FxHashSet<(String, String)> = objects
        .map(|one| {
            (
                one.id().gvk.group.to_string(),
                one.id().gvk.kind.to_string(),
            )
        })
        .collect();
    let asked = Asked {
        directories: (!around.is_whole).then_some(built),
        read: around.read,
        kept: around.kept,
        kinds: &kinds,
    };
    let files = unnamed(around.tree, &asked);
    if files.is_empty() {
        return Vec::new();
    }
    let ignored = (around.ignored)(&files);
    let files = files
        .iter()
        .zip(ignored)
        .filter(|(_, is_ignored)| !is_ignored);
    // What lies beside each other is one decision.
    let mut found: Vec<(&Path, Finding)> = Vec::new();
    for (file, _) in files {
        let Some(directory) = file.parent() else {
            continue;
        };
        let place = Place::file(around.shown(file));
        match found.last_mut() {
            Some((known, finding)) if *known == directory => finding.others.push(place),
            _ => {
                let message = "no kustomization names it, and nothing else does".to_owned();
                let told = around.tell("unnamed-file", message, file, Span::default());
                found.extend(told.map(|finding| (directory, finding)));
            }
        }
    }
    let told = found.into_iter().map(|(_, mut finding)| {
        if !finding.others.is_empty() {
            let count = finding.others.len();
            let files = if count == 1 { "file" } else { "files" };
            let more = format!("; so it is with {count} more {files} beside it");
            finding.message.push_str(&more);
        }
        finding
    });
    told.collect()
}

fn useless(around: &Around<'_>) -> Vec<Finding> {
    let found = overridden(
        around.tree,
        &Here(around.here),
        around.builds,
        around.knows_all_users,
    );
    let told = found.into_iter().filter_map(|one| {
        let (rule, message) = match (one.cut, one.is_by_own) {
            (Cut::Value, _) => (
                "overridden-field",
                format!(
                    "{} has no effect: another patch has the last word",
                    one.what
                ),
            ),
            (_, true) => (
                "overridden-entry",
                format!(
                    "{} has no effect: another entry has the last word",
                    one.what
                ),
            ),
            (_, false) => (
                "overridden-below",
                format!(
                    "{} has no effect: what builds on it has the last word",
                    one.what
                ),
            ),
        };
        let finding = around.tell(rule, message, &one.path, one.span)?;
        Some(match one.again {
            Some((path, span)) => around.noted(finding, "it is set here", &path, span),
            None => finding,
        })
    });
    told.collect()
}

impl Around<'_> {
    fn shown(&self, path: &Path) -> String {
        display_from(self.here, path)
    }

    fn tell(&self, name: &str, message: String, path: &Path, span: Span) -> Option<Finding> {
        let rule = rule(name)?;
        let severity = match rule.severity {
            kustom_validate::Severity::Note => Severity::Note,
            kustom_validate::Severity::Warning => Severity::Warning,
            kustom_validate::Severity::Error => Severity::Error,
        };
        let place = Place::in_file(self.shown(path), span);
        Some(
            Finding::new(rule.name, severity, message)
                .at(place)
                .help(rule.help),
        )
    }

    fn noted(&self, mut finding: Finding, words: &str, path: &Path, span: Span) -> Finding {
        finding.notes.push(Note {
            message: words.to_owned(),
            place: Some(Place::in_file(self.shown(path), span)),
            help: None,
            is_step: false,
        });
        finding
    }

    fn twice(
        &self,
        name: &str,
        message: String,
        path: &Path,
        span: Span,
        (words, first): (&str, (PathBuf, Span)),
    ) -> Option<Finding> {
        let finding = self.tell(name, message, path, span)?;
        Some(self.noted(finding, words, &first.0, first.1))
    }
}
