//! `kustom substitute`: variables in manifests, as Flux substitutes them after its build.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::build::{Options, build_of};
use kustom::error::Result;
use kustom::finding::Finding;
use kustom::flux::{Substitution, read_variables, substitute_all};
use kustom::kustomization::{Kustomization, SortOptions};
use kustom::load::{Files, Memory, Overlay, Restriction, unreadable};
use kustom::substitute::{self, Variables};

use super::build::working_directory;
use super::output::{Streams, stdin};
use super::reading::Bound;
use super::run_overrides::assigned;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The manifests; `-` for stdin.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A file of variables: a map of texts, or ConfigMaps and Secrets; may be repeated, the last one
    /// on top.
    #[arg(long, value_name = "FILE")]
    values: Vec<PathBuf>,
    /// A variable, on top of those of files; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Let a variable without a value be empty, as before kustomize-controller 1.9.
    #[arg(long)]
    lenient: bool,
    /// Substitute even if there are no variables, so that defaults count.
    #[arg(long)]
    always: bool,
    #[command(flatten)]
    bound: Bound,
}

/// Prints the objects.
pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.bound.files();
    let substitution = Substitution {
        variables: arguments.variables(&files)?,
        options: substitute::Options {
            strict: !arguments.lenient,
            always: arguments.always,
        },
    };
    let mut upper = Memory::default();
    let mut names = Vec::new();
    for name in &arguments.files {
        let is_stdin = name.as_os_str() == "-";
        let name = if is_stdin { Path::new("stdin") } else { name };
        if is_stdin {
            let bytes =
                stdin(arguments.bound.bytes()).map_err(|cause| unreadable("stdin", cause))?;
            upper.insert(here.join(name), bytes);
        }
        names.push(name.display().to_string());
    }
    let overlay = Overlay {
        upper,
        lower: &files,
    };
    let options = Options {
        restriction: Restriction::None,
        ..Options::default()
    };
    let mut built = build_of(&overlay, &here, &here, &options, &|loader| {
        for name in &names {
            // What is no file is not taken for a base.
            loader.read(&name.as_str().into())?;
        }
        Ok(Kustomization {
            resources: names.iter().map(|name| name.as_str().into()).collect(),
            sort_options: Some(SortOptions::fifo()),
            ..Kustomization::default()
        })
    })?;
    let found = substitute_all(&mut built.resources, &substitution)
        .map_err(|error| error.locate(|place| built.sources.locate(place)))?;
    let mut findings: Vec<Finding> = found;
    for place in findings.iter_mut().flat_map(Finding::places_mut) {
        built.sources.locate(place);
    }
    let text = built.to_yaml()?;
    streams.findings(&findings);
    streams.data(&text)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn variables(&self, files: &dyn Files) -> Result<Variables> {
        let here = working_directory()?;
        let mut variables = Variables::default();
        for path in &self.values {
            let shown: Arc<str> = path.display().to_string().into();
            let bytes = files
                .read(&here.join(path))
                .map_err(|cause| unreadable(&shown, cause))?;
            read_variables(&bytes, &mut variables)
                .map_err(|error| error.name_files(|_| Some(shown.clone())))?;
        }
        for word in &self.set {
            // The word may hold a secret, and is not repeated.
            let (name, value) = assigned(word, "--set")?;
            variables.set(name, value);
        }
        Ok(variables)
    }
}
