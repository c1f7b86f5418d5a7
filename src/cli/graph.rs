//! `kustom graph`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::graph::Graph;
use kustom::load::{LookupCache, Restriction, SourceStore};
use kustom::project::{Project, graph_environment};
use kustom::report::{self, Color, GraphFormat};
use kustom::template::Values;
use kustom::write;

use super::build::{canonical, working_directory};
use super::output::Streams;
use super::project::{find, find_environment, roots};
use super::run_overrides::ValueFlags;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environments.
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// All environments.
    #[arg(long, conflicts_with = "environments")]
    all: bool,
    /// A directory with a kustomization, in place of environments.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["environments", "all", "directory"])]
    dir: Option<PathBuf>,
    /// How to write it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write it to a file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    values: ValueFlags,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A tree for each environment.
    Text,
    /// The language of Graphviz.
    Dot,
    /// A flowchart of Mermaid.
    Mermaid,
    /// A picture that needs nothing else.
    Svg,
    /// For programs; see schemas/graph.schema.json.
    Json,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let (graph, roots, errors) = gathered(arguments)?;
    let color = match arguments.output {
        Some(_) => Color::Never,
        None => streams.color_of_data(),
    };
    let format = match arguments.format {
        Format::Text => GraphFormat::Tree,
        Format::Dot => GraphFormat::Dot,
        Format::Mermaid => GraphFormat::Mermaid,
        Format::Svg => GraphFormat::Svg,
        Format::Json => GraphFormat::Json,
    };
    let text = report::graph(&graph, &roots, format, color);
    match &arguments.output {
        Some(path) => write::file(path, text.as_bytes())?,
        None => streams.data(&text)?,
    }
    for error in &errors {
        streams.error(error);
    }
    Ok(match errors.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(2),
    })
}

/// The graph, the nodes that were asked for, and what stopped those that are not there.
fn gathered(arguments: &Arguments) -> Result<(Graph, Vec<usize>, Vec<Error>)> {
    let here = working_directory()?;
    let files = arguments.values.files()?;
    let mut graph = Graph::default();
    if let Some(directory) = &arguments.dir {
        let library = SourceStore::new(&files, &here, Restriction::None);
        let root = library
            .open(directory)
            .and_then(|loader| graph.kustomization(&loader))
            .map_err(|error| error.locate(|place| library.locate(place)))?;
        return Ok((graph, vec![root], Vec::new()));
    }
    let given = arguments.values.read()?;
    let (mut roots, mut errors) = (Vec::new(), Vec::<Error>::new());
    let wanted = wanted(arguments, &files, &here)?;
    let is_one = wanted.len() == 1;
    for (project, name, label) in &wanted {
        match environment(&mut graph, &files, &here, (project, name, label), &given) {
            Ok(root) => roots.push(root),
            Err(error) if is_one => return Err(error),
            // What several are built on is told once.
            Err(error) => {
                let is_told = errors
                    .iter()
                    .any(|told| told.message() == error.message() && told.place() == error.place());
                if !is_told {
                    errors.push(error);
                }
            }
        }
    }
    Ok((graph, roots, errors))
}

fn environment(
    graph: &mut Graph,
    files: &LookupCache,
    here: &Path,
    (project, name, label): (&Project, &str, &str),
    given: &Values,
) -> Result<usize> {
    let root = graph_environment(graph, files, here, project, name, given)?;
    graph.make_environment(root, label);
    Ok(root)
}

/// The environments that are meant: their projects, names there, and what people call them.
fn wanted(
    arguments: &Arguments,
    files: &LookupCache,
    here: &Path,
) -> Result<Vec<(Project, String, String)>> {
    let directory = arguments.directory.as_deref();
    let mut wanted = Vec::new();
    if arguments.all {
        let start = match directory {
            Some(directory) => canonical(&here.join(directory), directory)?,
            None => here.to_path_buf(),
        };
        for (root, prefix) in roots(&start)? {
            let project = find(files, here, Some(&root))?;
            for name in project.names(files) {
                let label = format!("{prefix}{name}");
                wanted.push((project.clone(), name, label));
            }
        }
        return Ok(wanted);
    }
    if arguments.environments.is_empty() {
        return Err(Error::new(Kind::Project, "no environment is named")
            .help("name one, or all with `--all`, or a kustomization with `--dir`"));
    }
    for label in &arguments.environments {
        let (project, name) = find_environment(files, here, directory, label)?;
        wanted.push((project, name, label.clone()));
    }
    Ok(wanted)
}
