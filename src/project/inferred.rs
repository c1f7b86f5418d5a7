//! Projects without a `kustom.yaml` and without environments, whose repository says by itself which
//! objects of Flux or Argo CD a cluster begins with.
//!
//! Only what is certain counts: the directory that the `gotk-sync.yaml` of `flux bootstrap` names,
//! the one that a `FluxInstance` is synced from, and a directory `argocd` of plain manifests.

use std::collections::BTreeSet;
use std::path::Path;

use super::flux::repository_of;
use super::{ENVIRONMENTS, Project, is_dir};
use crate::argocd;
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::flux::FluxKustomization;
use crate::kustomization::FILE_NAMES;
use crate::load::{FileKind, Files};
use crate::place::{Place, SourceId};
use crate::yaml::{Node, configs};

/// How deep below the root it is looked.
const DEEPEST: usize = 8;

/// How many files and directories are looked at.
const MOST: usize = 20_000;

/// The directory of Argo CD's objects.
const ARGOCD: &str = "argocd";

/// Directories whose files are no objects of the repository's own cluster.
const FOREIGN: [&str; 5] = ["charts", "node_modules", "templates", "tests", "vendor"];

/// An entry, and the file that says so.
type Inferred = (String, String);

impl Project {
    /// Finds the project that a directory belongs to, or what the objects of Flux or Argo CD in its
    /// repository make of that.
    ///
    /// # Errors
    ///
    /// If its `kustom.yaml` is wrong.
    pub fn find_or_infer(files: &dyn Files, start: &Path) -> Result<Option<Self>> {
        match Self::find_if_any(files, start)? {
            Some(project) => Ok(Some(project)),
            None => {
                let (root, _) = repository_of(start)?;
                let mut project = Self::by_convention(files, &root, root.join(ENVIRONMENTS[0]));
                project.start = start.to_path_buf();
                project.infer(files);
                let is_any = !project.flux.is_empty() || !project.argocd.is_empty();
                Ok(is_any.then_some(project))
            }
        }
    }

    /// Looks for entries, if neither the settings nor directories say what the environments are.
    pub(super) fn infer(&mut self, files: &dyn Files) {
        if !self.flux.is_empty() || !self.argocd.is_empty() || !self.names(files).is_empty() {
            return;
        }
        // Only the files that say so decide, not all that were looked at.
        let plain = files.unrecorded().unwrap_or(files);
        let mut search = Search {
            files: plain,
            root: &self.root,
            count: 0,
            found: BTreeSet::new(),
        };
        search.directory("", 0);
        let found: Vec<Inferred> = search.found.into_iter().collect();
        self.flux = found.iter().map(|(entry, _)| entry.clone()).collect();
        self.flux.dedup();
        let of_argocd = of_argocd(plain, &self.root);
        self.argocd
            .extend(of_argocd.iter().map(|(entry, _)| entry.clone()));
        self.inferred = found
            .into_iter()
            .map(|found| ("flux", found))
            .chain(of_argocd.map(|found| ("argocd", found)))
            .map(|(field, (entry, file))| (field, entry, file))
            .collect();
        for (_, _, file) in &self.inferred {
            let _ = files.read(&self.root.join(file));
        }
    }

    /// What was taken for entries without a word of `kustom.yaml`.
    pub fn inferred_findings(&self) -> Vec<Finding> {
        let all = self.inferred.iter().map(|(field, entry, file)| {
            let message = format!("`{entry}` is taken for an entry of `{field}`");
            Finding::new("inferred-entry", Severity::Note, message)
                .at(Place::file(self.shown(&self.root.join(file))))
                .help(format!(
                    "write `{field}: [{entry}]` into `kustom.yaml` to say so, or other entries"
                ))
        });
        all.collect()
    }
}

struct Search<'s> {
    files: &'s dyn Files,
    root: &'s Path,
    count: usize,
    found: BTreeSet<Inferred>,
}

impl Search<'_> {
    fn directory(&mut self, inside: &str, depth: usize) {
        let directory = self.root.join(inside);
        for name in self.files.list(&directory).unwrap_or_default() {
            self.count += 1;
            if name.starts_with('.') || FOREIGN.contains(&&*name) || self.count > MOST {
                continue;
            }
            let below = match inside {
                "" => name.clone(),
                inside => format!("{inside}/{name}"),
            };
            match self.files.resolve(&directory.join(&name)) {
                Ok((real, FileKind::Directory)) if real.ends_with(&name) && depth < DEEPEST => {
                    self.directory(&below, depth + 1);
                }
                Ok((_, FileKind::File)) if name.ends_with(".yaml") || name.ends_with(".yml") => {
                    self.file(&below, name == "gotk-sync.yaml");
                }
                _ => {}
            }
        }
    }

    fn file(&mut self, inside: &str, is_sync: bool) {
        let Ok(bytes) = self.files.read(&self.root.join(inside)) else {
            return;
        };
        let text = String::from_utf8_lossy(&bytes);
        let is_instance = text.contains("FluxInstance") || text.contains("flux-instance");
        if !is_sync && !is_instance {
            return;
        }
        for document in configs(&bytes, SourceId::NONE).unwrap_or_default() {
            let path = match is_sync {
                true if FluxKustomization::is(&document) => document.at(&["spec", "path"]),
                true => None,
                false => synced_path(&document),
            };
            if let Some(path) = path.and_then(Node::text) {
                self.add(path, inside);
            }
        }
        // What a cluster is bootstrapped with lies around the directory of that file.
        let bootstrapped = Path::new(inside)
            .parent()
            .filter(|directory| directory.ends_with("flux-system"))
            .and_then(Path::parent)
            .filter(|_| is_sync && !self.found.iter().any(|(_, file)| file == inside));
        if let Some(directory) = bootstrapped {
            self.add(&directory.to_string_lossy(), inside);
        }
    }

    /// Adds a directory of the repository that a file names.
    fn add(&mut self, path: &str, file: &str) {
        let path = path.trim_start_matches("./").trim_matches('/');
        if !path.is_empty() && !path.contains("..") && is_dir(self.files, &self.root.join(path)) {
            self.found.insert((path.to_owned(), file.to_owned()));
        }
    }
}

/// The path that a `FluxInstance` is synced from, or the chart that installs one.
fn synced_path(document: &Node) -> Option<&Node> {
    match document.get("kind").and_then(Node::text) {
        Some("FluxInstance") => document.at(&["spec", "sync", "path"]),
        Some("HelmRelease") => document.at(&["spec", "values", "instance", "sync", "path"]),
        _ => None,
    }
}

/// The directory of Argo CD's objects, if it holds some as they are, and nothing that is built.
fn of_argocd(files: &dyn Files, root: &Path) -> Option<Inferred> {
    let directory = root.join(ARGOCD);
    let below = files.walk(&directory).unwrap_or_default();
    let is_built = below.iter().any(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        FILE_NAMES.contains(&&*name) || name == "Chart.yaml"
    });
    if is_built {
        return None;
    }
    let has_one = |path: &&std::path::PathBuf| {
        let is_yaml = path
            .extension()
            .is_some_and(|it| it == "yaml" || it == "yml");
        is_yaml
            && files.read(&directory.join(path)).is_ok_and(|bytes| {
                let documents = configs(&bytes, SourceId::NONE).unwrap_or_default();
                let kinds = ["Application", "ApplicationSet"];
                let mut all = documents.iter();
                all.any(|one| kinds.iter().any(|kind| argocd::is_kind(one, kind)))
            })
    };
    let file = below.iter().take(MOST).find(has_one)?;
    Some((ARGOCD.to_owned(), format!("{ARGOCD}/{}", file.display())))
}
