//! The rules of `kustom lint` about the files that objects are made of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kustom::finding::Finding;
use kustom::kustomization::FILE_NAMES;
use kustom::lint::{Around, Build, Linter, Tree, of_files};
use kustom::load::{Files, LookupCache, Sources, WorkTree};
use kustom::project::Project;

use super::fix::printed;
use crate::cli::objects::{ObjectArguments, Objects, Target};

/// What was built, of which files.
pub(super) struct Built<'b> {
    pub(super) chosen: &'b ObjectArguments,
    pub(super) files: &'b LookupCache,
    pub(super) here: &'b Path,
    pub(super) targets: &'b [Target],
    pub(super) objects: &'b [Objects],
    /// The files that were read.
    pub(super) read: &'b BTreeSet<PathBuf>,
}

impl Built<'_> {
    /// What is wrong with the files.
    pub(super) fn findings(&self, project: Option<&Project>, linter: &Linter) -> Vec<Finding> {
        let Some(root) = root(self.here, project, self.targets) else {
            return Vec::new();
        };
        if linter.is_of_standards() {
            return Vec::new();
        }
        let sources = self.objects.iter().filter_map(Objects::sources);
        let read = sources.flat_map(Sources::paths);
        let kustomizations = read.filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| FILE_NAMES.contains(&name))
        });
        let mut roots = vec![root.path.clone()];
        roots.extend(kustomizations.filter_map(|path| Some(path.parent()?.to_path_buf())));
        let tree = Tree::read(self.files, &roots);
        let rebuilds: Vec<_> = self
            .targets
            .iter()
            .map(|target| {
                move |files: &dyn Files| {
                    let objects = self.chosen.objects(files, self.here, target).ok()?;
                    printed(&objects).ok()
                }
            })
            .collect();
        let builds: Vec<Build<'_>> = self
            .objects
            .iter()
            .zip(&rebuilds)
            .filter_map(|(objects, rebuild)| {
                Some(Build {
                    resources: &objects.resources,
                    sources: objects.sources()?,
                    found: &objects.found,
                    rebuild,
                })
            })
            .collect();
        let around = Around {
            linter,
            tree: &tree,
            here: self.here,
            builds: &builds,
            read: self.read,
            kept: &project.map(Project::kept_files).unwrap_or_default(),
            is_whole: self.chosen.is_whole(),
            knows_all_users: root.is_closed,
            ignored: &|paths| {
                let work_tree = WorkTree::discover(&root.path).ok().flatten();
                let ignored = work_tree.and_then(|tree| tree.ignored(paths).ok());
                ignored.unwrap_or_else(|| vec![false; paths.len()])
            },
        };
        of_files(&around)
    }
}

/// A directory whose files are looked at.
pub(super) struct Root {
    pub(super) path: PathBuf,
    /// Whether nothing outside of it builds on what is in it, as far as is known.
    is_closed: bool,
}

/// The directory of the project, or of the repository, or what is built.
pub(super) fn root(here: &Path, project: Option<&Project>, targets: &[Target]) -> Option<Root> {
    let first = targets.iter().find_map(|target| match target {
        Target::Environment(_) => project.map(|project| project.root.clone()),
        Target::Kustomization(directory) => Some(here.join(directory)),
        Target::Manifests(..) | Target::Stdin => None,
    })?;
    if let Some(project) = project.filter(|project| first.starts_with(&project.root)) {
        return Some(Root {
            path: project.root.clone(),
            is_closed: true,
        });
    }
    let tree = WorkTree::discover(&first).ok().flatten();
    let above = tree.filter(|tree| !tree.is_bare() && first.starts_with(tree.root()));
    let is_closed = above.is_some();
    let path = above.map_or(first, |tree| tree.root().to_path_buf());
    Some(Root { path, is_closed })
}
