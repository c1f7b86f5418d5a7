//! Compares the objects of environments before and after a change.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::environment::Checked;
use crate::load::{FileKind, Files, MadeBy, ParsedFiles, normalized};
use crate::project::Rendered;
use crate::report::Change;
use crate::resource::Resource;
use crate::yaml::write;

/// Files without some directories: as in a clean checkout, nothing is filled in or rendered there.
pub(super) struct Without<'f> {
    pub(super) files: &'f dyn Files,
    /// What is not there.
    pub(super) hidden: &'f FxHashSet<PathBuf>,
}

impl Without<'_> {
    fn open(&self, path: &Path) -> io::Result<()> {
        let path = normalized(path);
        match path.ancestors().any(|above| self.hidden.contains(above)) {
            true => Err(io::ErrorKind::NotFound.into()),
            false => Ok(()),
        }
    }
}

impl Files for Without<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.files.parsed()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.open(path)?;
        self.files.read(path)
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        self.open(path)?;
        self.files.read_shared(path)
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        self.open(path)?;
        self.files.resolve(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.open(directory)?;
        let mut names = self.files.list(directory)?;
        names.retain(|name| self.open(&directory.join(name)).is_ok());
        Ok(names)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut files = match self.open(directory) {
            Ok(()) => self.files.walk(directory)?,
            Err(_) => Vec::new(),
        };
        files.retain(|file| self.open(&directory.join(file)).is_ok());
        Ok(files)
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        self.files.provenance(path)
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        self.files.editable_path(path)
    }

    fn miss(&self, path: &Path) {
        self.files.miss(path);
    }

    fn allowed(&self) -> &[PathBuf] {
        self.files.allowed()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.files.hand_over(path)
    }
}

/// What differs between an environment of a revision and that of now; either may be missing or may
/// not render.
pub(super) fn change(name: &str, then: Option<&Checked>, now: Option<&Checked>) -> Change {
    let mut change = Change::of(name);
    let rendered = |side: Option<&Checked>| side.map(|one| one.rendered.as_ref().ok().map(objects));
    match (rendered(then), rendered(now)) {
        (None, _) => change.note = Some("is new"),
        (_, None) => change.note = Some("is gone"),
        (_, Some(None)) => change.note = Some("does not render"),
        (Some(None), _) => change.note = Some("did not render before"),
        (Some(Some(then)), Some(Some(now))) => {
            for (name, text) in &now {
                match then.get(name) {
                    None => change.added.push(name.clone()),
                    Some(before) if before != text => change.changed.push(name.clone()),
                    Some(_) => {}
                }
            }
            let gone = then.keys().filter(|name| !now.contains_key(*name));
            change.removed.extend(gone.cloned());
        }
    }
    change
}

/// The objects by kind, namespace and name, the hash of a content not being part of it.
fn objects(rendered: &Rendered) -> BTreeMap<String, String> {
    let mut objects = BTreeMap::new();
    for resource in &rendered.resources {
        let mut text = String::new();
        // What cannot be written was no error of the render, and is the same on both sides.
        let _ = write(&resource.node, &mut text);
        objects.insert(shown(resource), text);
    }
    objects
}

fn shown(resource: &Resource) -> String {
    let id = resource.id();
    let name = match resource.history.previous.last() {
        Some(former) if resource.history.needs_hash => &former.name,
        _ => &id.name,
    };
    if id.namespace.is_empty() {
        format!("{} {name}", id.gvk.kind)
    } else {
        format!("{} {}/{name}", id.gvk.kind, id.namespace)
    }
}
