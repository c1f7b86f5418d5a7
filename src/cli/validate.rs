//! `kustom validate`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::build;
use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::load::{Disk, Files, Sources};
use kustom::place::{Place, SourceId};
use kustom::project::{Project, Secrets, render};
use kustom::report::{self, Check, Report, Suite};
use kustom::validation::{Form, UNKNOWN_SCHEMA, Version, validate};
use kustom::yaml::{Node, manifests, repeated_key};

use super::build::working_directory;
use super::output::Streams;
use super::report::Reporting;
use super::said::Said;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Environments, directories with a kustomization, directories and files of manifests, or `-`
    /// for stdin; without any, all environments.
    #[arg(value_name = "ENV|DIR|FILE")]
    targets: Vec<String>,
    /// A version of Kubernetes, `1.33`; may be repeated, to see whether all of them take the objects.
    /// Without it those that the environment says, or the newest that is known.
    #[arg(long, value_name = "VERSION", value_delimiter = ',')]
    kubernetes_version: Vec<Version>,
    /// Kinds to leave out, `Kind` or `group/version/Kind`.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    skip: Vec<String>,
    /// Kinds that must not be there, `Kind` or `group/version/Kind`.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    reject: Vec<String>,
    /// Say nothing of kinds that nothing is known of.
    #[arg(long)]
    ignore_missing_schemas: bool,
    /// The least severity that fails.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: super::check::Least,
    #[command(flatten)]
    said: Said,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
    #[command(flatten)]
    report: Reporting,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let mut suites = Vec::new();
    for target in arguments.targets(&here)? {
        let objects = arguments.objects(&here, &target)?;
        let versions = match (&arguments.kubernetes_version[..], &objects.versions[..]) {
            ([], []) => vec![Version::NEWEST],
            ([], own) => own.to_vec(),
            (asked, _) => asked.to_vec(),
        };
        for version in &versions {
            let name = match versions.len() {
                1 => target.name(),
                _ => format!("{} ({version})", target.name()),
            };
            let findings = arguments.judge(&objects, *version);
            suites.push(Suite {
                name,
                file: target.name(),
                checks: vec![Check::ran("validate", findings)],
            });
        }
    }
    let report = Report {
        suites,
        changes: Vec::new(),
        allowed: 0,
        fails_at: arguments.fail_on.severity(),
        base: String::new(),
    };
    arguments.report.write(&report, streams)
}

/// What is judged.
enum Target {
    Environment(String),
    Kustomization(PathBuf),
    Manifests(PathBuf),
    Stdin,
}

impl Target {
    fn name(&self) -> String {
        match self {
            Self::Environment(name) => name.clone(),
            Self::Kustomization(path) | Self::Manifests(path) => path.display().to_string(),
            Self::Stdin => "stdin".to_owned(),
        }
    }
}

/// Objects, with the names of their files.
struct Objects {
    nodes: Vec<Node>,
    sources: Option<Sources>,
    file: Option<Arc<str>>,
    /// The versions of Kubernetes that an environment says they are for.
    versions: Vec<Version>,
    /// What is wrong with the text itself, so that there are no objects.
    broken: Vec<Finding>,
}

impl Arguments {
    fn targets(&self, here: &Path) -> Result<Vec<Target>> {
        if self.targets.is_empty() {
            let project = super::project::find(&Disk, here, self.directory.as_deref())?;
            return Ok(project
                .names(&Disk)
                .into_iter()
                .map(Target::Environment)
                .collect());
        }
        let mut targets = Vec::new();
        for name in &self.targets {
            let path = Path::new(name);
            if name == "-" {
                targets.push(Target::Stdin);
            } else if path.is_file() {
                targets.push(Target::Manifests(path.to_owned()));
            } else if path.is_dir() && kustomization_in(path) {
                targets.push(Target::Kustomization(path.to_owned()));
            } else if path.is_dir() && !self.is_environment(here, name) {
                targets.extend(manifests_below(path)?.into_iter().map(Target::Manifests));
            } else {
                targets.push(Target::Environment(name.clone()));
            }
        }
        Ok(targets)
    }

    fn is_environment(&self, here: &Path, name: &str) -> bool {
        super::project::find(&Disk, here, self.directory.as_deref())
            .is_ok_and(|project| project.names(&Disk).iter().any(|known| known == name))
    }

    fn objects(&self, here: &Path, target: &Target) -> Result<Objects> {
        match target {
            Target::Environment(name) => {
                let project: Project =
                    super::project::find(&Disk, here, self.directory.as_deref())?;
                let environment = project.environment(&Disk, name)?;
                let options = self.said.options(Some(Secrets::Placeholder))?;
                let rendered = render(&Disk, here, &project, &environment, &options)?;
                let nodes = rendered.resources.into_iter().map(|resource| resource.node);
                let mut objects = Objects::built(nodes.collect(), rendered.sources);
                objects.versions = environment.kubernetes_versions(&project).to_vec();
                Ok(objects)
            }
            Target::Kustomization(path) => {
                let options = self.said.options(None)?;
                let options = build::Options {
                    release: options.release.unwrap_or_default(),
                    restriction: options.restriction,
                    plugins: options.plugins,
                    ..build::Options::default()
                };
                let built = build::build(&Disk, here, path, &options)?;
                let nodes = built.resources.into_iter().map(|resource| resource.node);
                Ok(Objects::built(nodes.collect(), built.sources))
            }
            Target::Manifests(path) => {
                let bytes = fs::read(path)
                    .map_err(|error| unreadable(&path.display().to_string(), &error))?;
                Ok(Objects::read(&bytes, path.display().to_string()))
            }
            Target::Stdin => {
                let mut bytes = Vec::new();
                io::stdin()
                    .lock()
                    .read_to_end(&mut bytes)
                    .map_err(|error| unreadable("stdin", &error))?;
                Ok(Objects::read(&bytes, "stdin".to_owned()))
            }
        }
    }

    fn judge(&self, objects: &Objects, version: Version) -> Vec<Finding> {
        if !objects.broken.is_empty() {
            return objects.broken.clone();
        }
        let is_one_of = |node: &Node, kinds: &[String]| {
            let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default();
            let full = format!("{}/{}", text("apiVersion"), text("kind"));
            kinds
                .iter()
                .any(|kind| *kind == text("kind") || *kind == full)
        };
        let (kept, rejected): (Vec<&Node>, Vec<&Node>) = objects
            .nodes
            .iter()
            .filter(|node| !is_one_of(node, &self.skip))
            .partition(|node| !is_one_of(node, &self.reject));
        let mut findings: Vec<Finding> = rejected.into_iter().map(prohibited).collect();
        let form = match objects.sources {
            Some(_) => Form::Printed,
            None => Form::Written,
        };
        findings.extend(validate(&kept, version, form));
        findings.retain(|finding| !(self.ignore_missing_schemas && finding.rule == UNKNOWN_SCHEMA));
        for place in findings.iter_mut().flat_map(Finding::places_mut) {
            objects.locate(place);
        }
        findings
    }
}

fn prohibited(node: &Node) -> Finding {
    let kind = node.get("kind");
    let name = kind.and_then(Node::text).unwrap_or_default();
    Finding::error("rejected-kind", format!("`{name}` must not be there"))
        .at(kind.map_or(node.span, |kind| kind.span))
        .help("take it away, or leave the kind out of `--reject`")
}

impl Objects {
    fn built(nodes: Vec<Node>, sources: Sources) -> Self {
        Self {
            nodes,
            sources: Some(sources),
            file: None,
            versions: Vec::new(),
            broken: Vec::new(),
        }
    }

    fn read(bytes: &[u8], name: String) -> Self {
        let file: Arc<str> = name.into();
        let mut objects = Self {
            nodes: Vec::new(),
            sources: None,
            file: Some(file),
            versions: Vec::new(),
            broken: Vec::new(),
        };
        let source = SourceId::new(0);
        match manifests(bytes, source) {
            Ok(nodes) => {
                objects.broken = nodes
                    .iter()
                    .filter_map(repeated_key)
                    .map(|error| broken("duplicate-key", &error))
                    .collect();
                objects.nodes = nodes;
            }
            Err(error) => objects.broken.push(broken("invalid-yaml", &error)),
        }
        let mut broken = std::mem::take(&mut objects.broken);
        for place in broken.iter_mut().flat_map(Finding::places_mut) {
            objects.locate(place);
        }
        objects.broken = broken;
        objects
    }

    /// Says which file a place is in.
    fn locate(&self, place: &mut Place) {
        if place.file.is_none() {
            place.file = match &self.sources {
                Some(sources) => sources.name(place.span),
                None => self.file.clone(),
            };
        }
    }
}

/// An error of reading as a finding.
fn broken(rule: &'static str, error: &Error) -> Finding {
    let mut finding = report::finding_of(rule, error);
    finding.severity = Severity::Error;
    finding
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::new(Kind::Load, format!("`{name}` cannot be read: {error}"))
}

fn kustomization_in(directory: &Path) -> bool {
    ["kustomization.yaml", "kustomization.yml", "Kustomization"]
        .iter()
        .any(|name| Disk.resolve(&directory.join(name)).is_ok())
}

/// The files of manifests below a directory, in order.
fn manifests_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(directory).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            Error::new(
                Kind::Load,
                format!("`{}` cannot be listed: {error}", directory.display()),
            )
        })?;
        let is_manifest = entry
            .path()
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| ["yaml", "yml", "json"].contains(&extension));
        if entry.file_type().is_file() && is_manifest {
            let path = entry.path();
            found.push(path.strip_prefix(".").unwrap_or(path).to_owned());
        }
    }
    if found.is_empty() {
        let message = format!("`{}` has no manifests", directory.display());
        return Err(Error::new(Kind::Load, message)
            .help("name a file, an environment, or a directory with a kustomization"));
    }
    Ok(found)
}
