//! Builds: kustomizations and whole projects.

use std::path::Path;

use kustom::build::{Options, build};
use kustom::project::{self, Project, configs, render, values};
use kustom::template::Values;

use super::parts::{Tree, names_a_remote, pair};
use super::yaml::check_written;

/// No kustomization panics, whatever its files hold; the places of what is said lie in the files;
/// what is printed is YAML; and looking for mistakes changes nothing.
pub(crate) fn any_build(text: &str) {
    if names_a_remote(text) {
        return;
    }
    built(&Tree::new(text, "app/kustomization.yaml"));
}

/// The same, of a kustomization whose replacements are the first text and whose objects are the
/// second one.
pub(crate) fn replacements(text: &str) {
    let (replacements, objects) = pair(text);
    if names_a_remote(text) {
        return;
    }
    let text = format!(
        "resources: [objects.yaml]\nreplacements: [{{path: all.yaml}}]\n\
         === app/objects.yaml\n{objects}\n=== app/all.yaml\n{replacements}"
    );
    built(&Tree::new(&text, "app/kustomization.yaml"));
}

fn built(tree: &Tree<'_>) {
    let files = tree.files();
    let printed = |lint| {
        let options = Options {
            lint,
            ..Options::default()
        };
        let directory = tree.directory();
        match build(&files, Path::new("/"), directory, &options) {
            Ok(built) => {
                tree.check_findings(&built.findings);
                let printed = built.to_yaml();
                printed
                    .inspect_err(|error| tree.check_error(error))
                    .ok()
                    .map(|text| (text, built.resources.len()))
            }
            Err(error) => {
                tree.check_error(&error);
                None
            }
        }
    };
    let plain = printed(false);
    assert_eq!(
        plain,
        printed(true),
        "looking for mistakes changes the output"
    );
    if let Some((text, count)) = plain {
        check_written(&text, count);
    }
}

/// No `kustom.yaml` and no `environment.yaml` panics, nor what is rendered by them.
pub(crate) fn project(text: &str) {
    if names_a_remote(text) {
        return;
    }
    let tree = Tree::new(text, "kustom.yaml");
    let files = tree.files();
    let root = Path::new("/");
    let project = match Project::find(&files, root) {
        Ok(project) => project,
        Err(error) => return tree.check_error(&error),
    };
    for name in project.names(&files) {
        let environment = match project.environment(&files, &name) {
            Ok(environment) => environment,
            Err(error) => {
                tree.check_error(&error);
                continue;
            }
        };
        let nothing = Values::default();
        let _ = values(&files, &project, &environment, &nothing);
        let _ = configs(&files, root, &project, &environment, &nothing);
        let options = project::Options {
            lint: true,
            ..project::Options::default()
        };
        match render(&files, root, &project, &environment, &options) {
            Ok(rendered) => tree.check_findings(&rendered.findings),
            Err(error) => tree.check_error(&error),
        }
    }
}
