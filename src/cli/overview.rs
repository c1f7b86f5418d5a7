//! `kustom report`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::diff::{Detail, Diff, Ignore, Input, Masking, Options as DiffOptions, Sides, diff};
use kustom::error::{Error, Kind, Result, nearest};
use kustom::explain::Explained;
use kustom::fields::Fields;
use kustom::graph::Graph;
use kustom::guard::Guard;
use kustom::load::tracked_files;
use kustom::project::{GuardPolicy, Options, explain_objects, graph_environment};
use kustom::report::{EnvironmentView, Overview, Report};
use kustom::resource::Resource;
use kustom::write;
use kustom::yaml::settle_nulls;

use super::check::{Chosen, Found};
use super::output::Streams;
use super::project::said_by_git;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The page, `FILE.html`; or a directory for an index and a page for each environment.
    #[arg(short, long, value_name = "FILE.html|DIR")]
    output: PathBuf,
    /// The environment that the others are held against; without it the first.
    #[arg(long, value_name = "ENV")]
    reference: Option<String>,
    /// What the page is called.
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let found = arguments.chosen.find()?;
    let mut report = Report::default();
    let mut graph = Graph::default();
    let mut rendered: Vec<Rendered> = Vec::new();
    for found in &found {
        let setup = found.setup();
        report.add(setup.report(setup.environments(), None)?);
        let ignored = found.project().ignored_differences(&*found.disk())?;
        let project = found.project().clone().seen_from(found.here());
        for name in &setup.names {
            let label = setup.label(name);
            let (disk, here) = (found.disk(), found.here());
            let values = &setup.options.values;
            // What cannot be read is told by the checks.
            let root = graph_environment(&mut graph, &*disk, here, &project, name, values);
            if let Ok(root) = root {
                graph.make_environment(root, &label);
            }
            rendered.push((label, environment(found, name).ok(), ignored.clone()));
        }
    }
    let reference = reference(arguments, &rendered)?;
    let environments = views(rendered, reference);
    let report = streams.masked(report);
    let title = match &arguments.title {
        Some(title) => title.clone(),
        None => title(&found),
    };
    let overview = Overview {
        title: &title,
        graph: &graph,
        environments: &environments,
        reference,
        report: &report,
    };
    let output = &arguments.output;
    let is_page = output
        .extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("html"));
    if is_page && !output.is_dir() {
        write::file(output, overview.page().as_bytes())?;
    } else {
        let pages = overview.pages().into_iter();
        let pages = pages.map(|page| (output.join(page.name), page.text.into_bytes()));
        write::files_with_directories(&pages.collect::<Vec<_>>())?;
    }
    streams.summary(&report);
    Ok(ExitCode::SUCCESS)
}

/// What an environment renders to, and what made it.
fn environment(found: &Found, name: &str) -> Result<(Explained, Vec<Resource>)> {
    let (disk, here) = (found.disk(), found.here());
    let project = found.project().clone().seen_from(here);
    let mut environment = project.environment(&*disk, name)?;
    // What is looked at need not be fit to be deployed.
    environment.settings.strict = Some(false);
    environment.settings.guard = Some(GuardPolicy::Off);
    let tracked = tracked_files(&project.environments.join(name));
    let tracked = said_by_git(tracked, &*disk, &project, &[name.to_owned()])?.unwrap_or_default();
    let options = Options {
        tracked: &tracked,
        ..found.options().clone()
    };
    let (explained, mut resources) =
        explain_objects(&*disk, here, &project, &environment, &options)?;
    for resource in &mut resources {
        settle_nulls(resource.parts_mut().0);
    }
    Ok((explained, resources))
}

/// An environment: its name, what it renders to, and what is ignored where it differs.
type Rendered = (String, Option<(Explained, Vec<Resource>)>, Vec<Ignore>);

/// The number of the environment that the others are held against.
fn reference(arguments: &Arguments, rendered: &[Rendered]) -> Result<usize> {
    let Some(name) = &arguments.reference else {
        // One that does not render has nothing to hold others against.
        let first = rendered.iter().position(|one| one.1.is_some());
        return Ok(first.unwrap_or_default());
    };
    let names = || rendered.iter().map(|one| one.0.as_str());
    names().position(|known| known == name).ok_or_else(|| {
        let message = format!("`{name}` is none of the environments of the report");
        let error = Error::new(Kind::Project, message);
        match nearest(name, names()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("name one that is reported"),
        }
    })
}

/// The environments, each but the reference with what differs from that.
fn views(rendered: Vec<Rendered>, reference: usize) -> Vec<EnvironmentView> {
    let diffs: Vec<Option<Diff>> = rendered
        .iter()
        .enumerate()
        .map(|(number, other)| match number == reference {
            true => None,
            false => compared(rendered.get(reference)?, other),
        })
        .collect();
    let views = rendered.into_iter().zip(diffs);
    views
        .map(|((name, rendered, _), diff)| EnvironmentView {
            name,
            rendered,
            diff,
        })
        .collect()
}

fn compared(from: &Rendered, to: &Rendered) -> Option<Diff> {
    let (from_explained, from_resources) = from.1.as_ref()?;
    let (to_explained, to_resources) = to.1.as_ref()?;
    let options = DiffOptions {
        sides: Sides::Environments,
        fields: &Fields::builtin(),
        secrets: &Guard::new(),
        masking: Masking::default(),
        expected: &[],
        ignored: &to.2,
        detail: Detail::default(),
    };
    let from = Input {
        name: &from.0,
        resources: from_resources,
        place: &|span| from_explained.place(span),
    };
    let to = Input {
        name: &to.0,
        resources: to_resources,
        place: &|span| to_explained.place(span),
    };
    Some(diff(from, to, &options))
}

/// The name of the directory of the project.
fn title(found: &[Found]) -> String {
    let root = match found {
        [one] => one.project().root.as_path(),
        _ => found.first().map_or(Path::new(""), Found::here),
    };
    let name = root
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "kustom".to_owned())
}
