//! The graph of a project: its environments, and what they are made of.

use std::path::{Path, PathBuf};

use super::configs::configs_in;
use super::extended_files::ExtendedFiles;
use super::templates::{Templated, values};
use super::{Config, Environment, Project};
use crate::error::{Error, Kind, Result};
use crate::graph::{Edge, Graph, Node, NodeKind};
use crate::kustomization::FILE_NAMES;
use crate::load::{Files, Restriction, SourceStore};
use crate::place::Place;
use crate::template::Values;

/// Adds an environment to a graph, and what it is made of: its number.
///
/// Nothing is built, and nothing that is elsewhere is fetched.
///
/// # Errors
///
/// If there is no such environment, or a kustomization, a template or a script is wrong; what was
/// found until then stays in the graph.
pub fn graph_environment(
    graph: &mut Graph,
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    name: &str,
    given: &Values,
) -> Result<usize> {
    let environment = project.environment(files, name)?;
    let of_object = environment
        .flux
        .as_ref()
        .map(|flux| -> Result<Vec<PathBuf>> {
            Ok(vec![flux.root.join(flux.kustomization.directory()?)])
        })
        .or_else(|| {
            environment.argocd.as_ref().map(|argo| {
                let paths = argo.application.paths().into_iter();
                Ok(paths.map(|path| argo.root.join(path)).collect())
            })
        });
    if let Some(directories) = of_object {
        let number = graph.node(format!("object {name}"), environment_node(name, None));
        for directory in directories? {
            built_by_object(graph, files, working_directory, number, &directory)?;
        }
        return Ok(number);
    }
    let mut number = None;
    // What is extended stands first.
    let chain: Vec<&Environment> = environment.chain().collect();
    for (index, one) in chain.iter().copied().enumerate().rev() {
        let whose = (one, index > 0);
        let added = directory(graph, files, working_directory, project, whose, given)?;
        if let Some(parent) = number {
            graph.connect(Edge {
                from: added,
                to: parent,
                relation: "extends",
                place: Some(Place::file(project.shown(&one.file()))),
            });
        }
        number = Some(added);
    }
    number.ok_or_else(|| Error::new(Kind::Project, "the environment is empty"))
}

/// What a Flux or an Argo CD object builds, if that is a kustomization.
fn built_by_object(
    graph: &mut Graph,
    files: &dyn Files,
    working_directory: &Path,
    from: usize,
    directory: &Path,
) -> Result<()> {
    if !has_kustomization(files, directory) {
        return Ok(());
    }
    let library = SourceStore::new(files, working_directory, Restriction::None);
    let to = library
        .open(directory)
        .and_then(|loader| graph.kustomization(&loader))
        .map_err(|error| error.locate(|place| library.locate(place)))?;
    graph.connect(Edge {
        from,
        to,
        relation: "path",
        place: None,
    });
    Ok(())
}

fn has_kustomization(files: &dyn Files, directory: &Path) -> bool {
    let mut names = FILE_NAMES.iter();
    names.any(|name| files.resolve(&directory.join(name)).is_ok())
}

fn environment_node(name: &str, file: Option<String>) -> Node {
    Node {
        kind: NodeKind::Environment,
        name: name.to_owned(),
        place: file.map(Place::file),
        files: 0,
        patches: 0,
    }
}

/// Adds an environment that is a directory; one that others extend may have no kustomization.
fn directory(
    graph: &mut Graph,
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    (environment, is_extended): (&Environment, bool),
    given: &Values,
) -> Result<usize> {
    let values = values(files, project, environment, given)?;
    let derived = ExtendedFiles::new(files, environment);
    let templated = Templated::new(&derived, project, environment, &values);
    if is_extended && !has_kustomization(&templated, &environment.directory) {
        let node = environment_node(&environment.name, Some(project.shown(&environment.file())));
        return Ok(graph.node(format!("extended {}", environment.name), node));
    }
    let library = SourceStore::new(&templated, working_directory, Restriction::None);
    let number = library
        .open(&environment.directory)
        .and_then(|loader| graph.kustomization(&loader))
        .map_err(|error| error.locate(|place| library.locate(place)))
        .map_err(|error| templated.explained(error))?;
    graph.make_environment(number, &environment.name);
    let (list, _) = configs_in(&templated, working_directory, project, environment)
        .map_err(|error| templated.explained(error))?;
    for config in &list {
        add_config(graph, project, number, config);
    }
    Ok(number)
}

/// Adds a config below what reads it: a generator, or else the environment.
fn add_config(graph: &mut Graph, project: &Project, environment: usize, config: &Config) {
    let name = project.shown(&config.source);
    let to = graph.node(
        format!("config {name}"),
        Node {
            kind: NodeKind::Config,
            name: name.clone(),
            place: Some(Place::file(name)),
            files: 0,
            patches: 0,
        },
    );
    let mut from = graph.readers(&config.path);
    if from.is_empty() {
        from.push(environment);
    }
    let script = config.scripts.last().map(|script| project.shown(script));
    for from in from {
        graph.connect(Edge {
            from,
            to,
            relation: "configs",
            place: script.clone().map(Place::file),
        });
    }
}
