//! The answers of the language server: what is wrong, where things are, what becomes of them.
//!
//! [`Editor`] answers for one client, in paths and offsets; `kustom_lsp` speaks the protocol. Open
//! documents are laid over the disk, so that every answer is for the texts as they stand. An
//! environment is checked and explained anew only when something that it has read was changed.

mod about;
mod completion;
mod cursor;
mod diagnostics;
mod facts;
mod fields;
mod fixes;
mod hover;
mod markdown;
mod navigate;
mod objects;
mod paths;
mod range;
mod rename;
mod scene;
mod suggestions;
mod symbols;
mod workspace;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use kustom_lsp::{Ended, Worker, serve, supervise};

use kustom_lsp::{
    Answers, Completion, Diagnostic, Edit, Fix, Hover, Lens, Refused, Rename, Scope, Symbol, Target,
};

use crate::load::{Disk, FileKind, Files, LookupCache, Memory, Overlay};
use crate::project;

use diagnostics::Told;
use scene::Scene;
use workspace::Workspaces;

/// The answers for one client.
pub struct Editor {
    /// The open documents.
    open: Memory,
    /// What may be read besides the files of projects.
    allowed: Vec<PathBuf>,
    options: project::Options<'static>,
    workspaces: Workspaces,
    /// What was said last, with what it was said of.
    told: BTreeMap<PathBuf, Vec<Told>>,
}

impl Editor {
    /// Answers that render environments with some options; `allowed` are directories outside of
    /// projects that their parts may be read from.
    pub fn new(options: project::Options<'static>, allowed: Vec<PathBuf>) -> Self {
        Self {
            open: Memory::default(),
            allowed,
            options: workspace::quiet(options),
            workspaces: Workspaces::default(),
            told: BTreeMap::new(),
        }
    }

    /// Calls with what is known around a document, and its text.
    fn around<T>(&mut self, path: &Path, work: impl FnOnce(&Scene<'_>, &str) -> T) -> Option<T> {
        let text = self.text(path)?;
        self.with_files(|editor, files| {
            let scene = editor.workspaces.scene(files, path, &editor.options)?;
            Some(work(&scene, &text))
        })
    }

    /// Calls with the files as they stand: the open documents over the disk.
    fn with_files<T>(&mut self, work: impl FnOnce(&mut Self, &dyn Files) -> T) -> T {
        let disk = LookupCache::default().allowing(self.allowed.clone());
        let files = Overlay {
            upper: self.open.clone(),
            lower: &disk,
        };
        work(self, &files)
    }
}

impl Answers for Editor {
    fn locate(&self, path: &Path) -> PathBuf {
        if let Ok((path, _)) = Disk.resolve(path) {
            return path;
        }
        // One that is not saved yet is in a directory that is there.
        let found = path.parent().zip(path.file_name());
        let found = found.and_then(|(parent, name)| Some(Disk.resolve(parent).ok()?.0.join(name)));
        found.unwrap_or_else(|| crate::load::normalized(path))
    }

    fn set_text(&mut self, path: &Path, text: Option<&str>) {
        let before = self.text(path);
        match text {
            Some(text) => self.open.insert(path, text),
            None => self.open.remove(path),
        }
        // To open a document, and to close a saved one, changes nothing.
        if self.text(path) != before {
            self.workspaces.changed(path);
        }
    }

    fn files_changed(&mut self, paths: &[PathBuf]) -> bool {
        let mut matters = false;
        for path in paths {
            // The text of an open document counts, whatever the disk has.
            matters |= self.open.content(path).is_some() || self.workspaces.changed(path);
        }
        matters
    }

    fn text(&self, path: &Path) -> Option<String> {
        let content = match self.open.content(path) {
            Some(content) => content.to_vec(),
            None => match Disk.resolve(path) {
                Ok((_, FileKind::File)) => Disk.read(path).ok()?,
                _ => return None,
            },
        };
        String::from_utf8(content).ok()
    }

    fn diagnostics(&mut self, scope: Scope) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
        let told = self.with_files(|editor, files| {
            let documents: Vec<PathBuf> = editor
                .open
                .iter()
                .map(|(path, _)| path.to_path_buf())
                .collect();
            let reports = editor
                .workspaces
                .reports(files, &documents, &editor.options, scope);
            diagnostics::told(files, &reports)
        });
        let said = told.iter().map(|(path, list)| {
            let list = list.iter().map(|one| one.diagnostic.clone()).collect();
            (path.clone(), list)
        });
        let said = said.collect();
        self.told = told;
        said
    }

    fn fixes(&mut self, path: &Path, range: Range<usize>) -> Vec<Fix> {
        let told = self.told.get(path).cloned().unwrap_or_default();
        let touches = |one: &&Told| {
            let own = &one.diagnostic.range;
            own.start <= range.end && range.start <= own.end
        };
        let touched: Vec<Told> = told.iter().filter(touches).cloned().collect();
        if touched.is_empty() {
            return Vec::new();
        }
        let found = self.around(path, |scene, text| {
            let mut all = Vec::new();
            for fix in touched
                .iter()
                .flat_map(|one| fixes::fixes(scene, path, text, one))
            {
                if !all.contains(&fix) {
                    all.push(fix);
                }
            }
            all
        });
        found.unwrap_or_default()
    }

    fn hover(&mut self, path: &Path, offset: usize) -> Option<Hover> {
        self.around(path, |scene, text| hover::hover(scene, path, text, offset))?
    }

    fn definition(&mut self, path: &Path, offset: usize) -> Vec<Target> {
        let found = self.around(path, |scene, text| {
            navigate::definition(scene, path, text, offset)
        });
        found.unwrap_or_default()
    }

    fn references(&mut self, path: &Path, offset: usize) -> Vec<Target> {
        let found = self.around(path, |scene, text| {
            navigate::uses(scene, path, text, offset)
        });
        found.unwrap_or_default()
    }

    fn completion(&mut self, path: &Path, offset: usize) -> Vec<Completion> {
        let found = self.around(path, |scene, text| {
            completion::completion(scene, path, text, offset)
        });
        found.unwrap_or_default()
    }

    fn symbols(&mut self, path: &Path) -> Vec<Symbol> {
        let text = self.text(path);
        text.map(|text| symbols::symbols(&text)).unwrap_or_default()
    }

    fn lenses(&mut self, path: &Path) -> Vec<Lens> {
        let found = self.around(path, |scene, text| symbols::lenses(scene, path, text));
        found.unwrap_or_default()
    }

    fn renamable(&mut self, path: &Path, offset: usize) -> Result<Rename, Refused> {
        let found = self.around(path, |scene, text| {
            rename::renamable(scene, path, text, offset)
        });
        found.unwrap_or_else(|| Err(Refused("the document cannot be read".to_owned())))
    }

    fn rename(&mut self, path: &Path, offset: usize, name: &str) -> Result<Vec<Edit>, Refused> {
        let found = self.around(path, |scene, text| {
            rename::rename(scene, path, text, offset, name)
        });
        found.unwrap_or_else(|| Err(Refused("the document cannot be read".to_owned())))
    }

    fn reset(&mut self) {
        self.workspaces = Workspaces::default();
        self.told.clear();
    }
}
