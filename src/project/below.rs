//! Finds the projects below a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{ENVIRONMENTS, PROJECT_FILE, Project, environment};
use crate::error::Result;
use crate::load::Files;

impl Project {
    /// The projects that some files belong to, sorted by their roots: each directory with a
    /// `kustom.yaml`, and each with environments where convention has them.
    ///
    /// The same environments belong to one project only: to one with a `kustom.yaml` rather than to
    /// one without.
    ///
    /// # Errors
    ///
    /// If a `kustom.yaml` is wrong.
    pub fn below(files: &dyn Files, paths: &[PathBuf]) -> Result<Vec<Self>> {
        let mut roots = BTreeSet::new();
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str());
            match (name, path.parent()) {
                (Some(PROJECT_FILE), Some(root)) => drop(roots.insert((false, root.to_path_buf()))),
                (Some(name), Some(directory)) if environment::is_own_file(name) => {
                    roots.extend(by_convention(directory).map(|root| (true, root)));
                }
                _ => {}
            }
        }
        let mut found: BTreeMap<PathBuf, Self> = BTreeMap::new();
        for (_, root) in roots {
            let project = Self::find(files, &root)?;
            if project.root == root && !project.names(files).is_empty() {
                found.entry(project.environments.clone()).or_insert(project);
            }
        }
        let mut projects: Vec<Self> = found.into_values().collect();
        projects.sort_by(|a, b| a.root.cmp(&b.root));
        Ok(projects)
    }
}

/// The root of the project that has an environment in a directory.
fn by_convention(environment: &Path) -> Option<PathBuf> {
    let environments = environment.parent()?;
    let mut roots = ENVIRONMENTS
        .iter()
        .filter(|name| environments.ends_with(name));
    // `kustom/environments` ends in `environments`, too.
    let name = roots.by_ref().max_by_key(|name| name.len())?;
    let count = Path::new(name).components().count();
    environments.ancestors().nth(count).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn a_repository_holds_many_projects_and_each_environment_is_of_one() {
        let mut files = Memory::default();
        for path in [
            "/r/a/environments/x/kustomization.yaml",
            "/r/a/environments/x/deep/kustomization.yaml",
            "/r/b/kustom/overlays/y/environment.yaml",
            "/r/c/kustom.yaml",
            "/r/c/deploy/overlays/z/kustomization.yaml",
            "/r/d/overlays/notes.txt",
            "/r/e/kustom.yaml",
        ] {
            let text = match path {
                "/r/c/kustom.yaml" => "environments: deploy/overlays\n",
                _ => "",
            };
            files.insert(path, text);
        }
        let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.to_path_buf()).collect();
        let found = Project::below(&files, &paths).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.root.to_str().unwrap(), it.names(&files)))
            .collect();
        let wanted = [("/r/a", "x"), ("/r/b", "y"), ("/r/c", "z")];
        assert_eq!(
            found,
            wanted.map(|(root, name)| (root, vec![name.to_owned()]))
        );
    }
}
