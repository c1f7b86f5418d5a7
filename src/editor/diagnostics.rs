//! Findings as remarks of an editor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kustom_lsp::{Diagnostic, Related, Severity, Target};
use rustc_hash::FxHashMap;

use super::range::of_span;
use super::workspace::Found;
use crate::finding::{self, Finding};
use crate::guard::{Mask, printable};
use crate::load::{FileKind, Files, normalized};
use crate::place::{Place, Span};
use crate::report::Merged;

/// A remark, and what it was made of.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) diagnostic: Diagnostic,
    pub(super) finding: Finding,
}

/// The texts that findings speak of, each read once.
struct Texts<'f> {
    files: &'f dyn Files,
    read: FxHashMap<PathBuf, Option<String>>,
}

impl Texts<'_> {
    fn get(&mut self, path: &Path) -> Option<&str> {
        if !self.read.contains_key(path) {
            let content = self.files.read(path).ok();
            let text = content.and_then(|content| String::from_utf8(content).ok());
            self.read.insert(path.to_path_buf(), text);
        }
        self.read.get(path)?.as_deref()
    }

    fn target(&mut self, root: &Path, place: &Place) -> Option<Target> {
        let path = normalized(&root.join(&**place.file.as_ref()?));
        let range = match self.get(&path) {
            Some(text) => of_span(text, place.span),
            None => 0..0,
        };
        Some(Target { path, range })
    }
}

/// The remarks of all files that something was found in, without what is secret.
pub(super) fn told(files: &dyn Files, all: &[Found]) -> BTreeMap<PathBuf, Vec<Told>> {
    let mut texts = Texts {
        files,
        read: FxHashMap::default(),
    };
    let mut told: BTreeMap<PathBuf, Vec<Told>> = BTreeMap::new();
    for found in all {
        let mut merged = found.report.merged();
        hide(files, &found.root, &mut merged);
        for one in &merged {
            let (target, diagnostic) = remark(&mut texts, found, one);
            told.entry(target.path).or_default().push(Told {
                diagnostic,
                finding: one.finding.clone(),
            });
        }
    }
    for list in told.values_mut() {
        list.sort_by_key(|one| (one.diagnostic.range.start, one.diagnostic.range.end));
        list.dedup_by(|one, other| one.diagnostic == other.diagnostic);
    }
    told
}

/// Hides in findings what is secret in the files that they name.
fn hide(files: &dyn Files, root: &Path, merged: &mut [Merged<'_>]) {
    const LARGEST: usize = 4 << 20;
    if merged.is_empty() {
        return;
    }
    let mut mask = Mask::default();
    for one in merged.iter_mut() {
        for place in one.finding.places_mut() {
            let Some(file) = place.file.as_deref().filter(|file| !mask.knows(file)) else {
                continue;
            };
            let path = normalized(&root.join(file));
            if let Ok((_, FileKind::File)) = files.resolve(&path)
                && let Ok(content) = files.read(&path)
                && content.len() <= LARGEST
            {
                mask.learn(file, &content);
            }
        }
    }
    for one in merged {
        mask.finding(&mut one.finding);
    }
}

fn remark(texts: &mut Texts<'_>, found: &Found, one: &Merged<'_>) -> (Target, Diagnostic) {
    let finding = &one.finding;
    let root = &found.root;
    let target = finding.place.as_ref();
    let target = target.and_then(|place| texts.target(root, place));
    let target = target.unwrap_or_else(|| whole_file(texts.files, root, &one.file));
    let mut message = printable(&finding.message).into_owned();
    if let Some(whose) = whose(found, one) {
        message.push_str(&format!(" (in {whose})"));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {}", printable(help)));
    }
    let mut related = Vec::new();
    for other in &finding.others {
        if let Some(target) = texts.target(root, other) {
            related.push(Related {
                target,
                message: "here, too".to_owned(),
            });
        }
    }
    for note in &finding.notes {
        let words = printable(&note.message).into_owned();
        match note.place.as_ref().and_then(|it| texts.target(root, it)) {
            Some(target) => related.push(Related {
                target,
                message: words,
            }),
            None => message.push_str(&format!("\nnote: {words}")),
        }
    }
    let diagnostic = Diagnostic {
        range: target.range.clone(),
        severity: match finding.severity {
            finding::Severity::Error => Severity::Error,
            finding::Severity::Warning => Severity::Warning,
            finding::Severity::Note => Severity::Information,
        },
        code: finding.rule.to_owned(),
        about: None,
        message,
        is_deprecated: finding.rule.starts_with("deprecated-"),
        related,
    };
    (target, diagnostic)
}

/// The environments that something is found in, unless it is in all of them.
fn whose(found: &Found, one: &Merged<'_>) -> Option<String> {
    let is_repository = one.suites.contains(&"repository");
    if is_repository || one.suites.len() == found.environments {
        return None;
    }
    let names = one.suites.iter();
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    Some(names.join(", "))
}

/// The beginning of a file that is there: the one that is meant, or one that says what its
/// directory is.
fn whole_file(files: &dyn Files, root: &Path, file: &str) -> Target {
    let path = normalized(&root.join(file));
    let beside = |name: &str| path.parent().map(|directory| directory.join(name));
    let others = ["environment.yaml", "kustomization.yaml.j2"].map(beside);
    let mut all = [Some(path.clone())].into_iter().chain(others).flatten();
    let there = all.find(|path| matches!(files.resolve(path), Ok((_, FileKind::File))));
    Target {
        path: there.unwrap_or(path),
        range: of_span("", Span::default()),
    }
}
