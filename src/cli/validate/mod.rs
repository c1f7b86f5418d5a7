//! `kustom validate`.

mod results;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::dangling;
use kustom::error::Result;
use kustom::finding::{Finding, Severity};
use kustom::flux::hide_secrets;
use kustom::load::LookupCache;
use kustom::project::Project;
use kustom::report::{Check, Report, Suite};
use kustom::resource::Resource;
use kustom::validation::{
    Exceptions, Form, UNKNOWN_SCHEMA, Version, definitions, schemas, validate_beside,
    validate_between,
};
use kustom::yaml::Node;

use super::build::working_directory;
use super::objects::{ObjectArguments, Objects, ignored};
use super::output::Streams;
use super::progress::Progress;
use super::report::Reporting;
use super::selection::SelectionFlags;
use results::{Results, Shape};

pub(super) use words::words_of_validate;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    chosen: ObjectArguments,
    #[command(flatten)]
    selection: SelectionFlags,
    /// A version of Kubernetes, `1.33`; may be repeated, to see whether all of them take the objects.
    /// Without it those that the environment says, or the newest that is known.
    #[arg(long, value_name = "VERSION", value_delimiter = ',')]
    kubernetes_version: Vec<Version>,
    /// Definitions of custom resources to judge by: a file, a directory, the address of a file, or a
    /// repository; may be repeated.
    #[arg(long, value_name = "FILE|DIR|URL")]
    crd: Vec<String>,
    /// Where JSON schemas of custom resources are, as kubeconform takes it: a directory, or a path or
    /// an address with `{{ .ResourceKind }}` and its kin; `default` is what is built in.
    #[arg(long, value_name = "TEMPLATE")]
    schema_location: Vec<String>,
    /// The git revision that is deployed: changes that the server refuses to take are found, too.
    #[arg(long, value_name = "REV")]
    against: Option<String>,
    /// What to leave out: a rule, `KIND/NAME`, a field, or both of the last with a colon between; may
    /// be repeated.
    #[arg(long, value_name = "RULE|OBJECT|FIELD")]
    ignore: Vec<String>,
    /// Kinds to leave out, `Kind` or `group/version/Kind`.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    skip: Vec<String>,
    /// Kinds that must not be there, `Kind` or `group/version/Kind`.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    reject: Vec<String>,
    /// Say nothing of kinds that nothing is known of.
    #[arg(long)]
    ignore_missing_schemas: bool,
    /// Refuse unknown fields and keys that stand twice, which is done without it, too.
    #[arg(long)]
    strict: bool,
    /// Stop at the first target that fails.
    #[arg(long)]
    exit_on_error: bool,
    /// Tell every object as kubeconform does, and not findings.
    #[arg(long, value_name = "SHAPE", conflicts_with_all = ["select", "exclude"])]
    results: Option<Shape>,
    /// With `--results`, tell how many objects there are of each kind of result.
    #[arg(long)]
    summary: bool,
    /// With `--results`, tell objects that nothing is wrong with, too.
    #[arg(long)]
    verbose: bool,
    /// How many threads kubeconform would use; any number is taken, and has no effect.
    #[arg(short = 'n', value_name = "NUMBER", hide = true)]
    threads: Option<usize>,
    /// The least severity that fails.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: super::check::Least,
    #[command(flatten)]
    report: Reporting,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.chosen.overrides.files()?;
    let mut judge = Judge::new(arguments, &files, &here)?;
    let selection = arguments.selection.begin();
    let mut suites = Vec::new();
    let mut results = arguments.results.map(Results::new);
    let targets = arguments.chosen.targets(&files, &here)?;
    let progress = Progress::new(targets.len(), "targets");
    let mut targets = targets.into_iter().peekable();
    while let Some(target) = targets.next() {
        let objects = arguments.chosen.objects(&files, &here, &target)?;
        let before = match &arguments.against {
            Some(revision) => arguments
                .chosen
                .objects_of(&files, &here, &target, revision)?,
            None => None,
        };
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
            let mut findings = judge.findings(&objects, before.as_deref(), *version)?;
            selection.keep_findings(&objects.resources, &mut findings);
            if let Some(results) = &mut results {
                results.add(&objects, &findings, arguments);
            }
            suites.push(Suite {
                name,
                file: target.name(),
                checks: vec![Check::ran("validate", findings)],
            });
        }
        let fails = |suite: &Suite| {
            let mut findings = suite.checks.iter().flat_map(Check::findings);
            findings.any(|finding| finding.severity >= arguments.fail_on.severity())
        };
        let is_over = arguments.exit_on_error && suites.iter().any(fails);
        if is_over || targets.peek().is_none() {
            // The process ends soon; to free each value would take longer.
            std::mem::forget((objects, before));
            break;
        }
        progress.step();
    }
    drop(progress);
    selection.finish()?;
    if let Some(results) = &results {
        return arguments
            .report
            .write_text(&results.told(arguments), results.failed(), streams);
    }
    suites.extend(judge.idle());
    let report = Report {
        suites,
        changes: Vec::new(),
        allowed: judge.allowed,
        permits: Vec::new(),
        fails_at: arguments.fail_on.severity(),
        base: arguments.report.base(&here)?,
    };
    arguments.report.write(report, streams)
}

/// What objects are judged by.
struct Judge<'a> {
    files: &'a LookupCache,
    arguments: &'a Arguments,
    here: PathBuf,
    project: Option<Project>,
    definitions: Vec<Node>,
    references: dangling::Options,
    /// What the project lets stay.
    exceptions: Exceptions,
    used: BTreeSet<usize>,
    /// What this run lets stay.
    ignored: Exceptions,
    ignores: BTreeSet<usize>,
    allowed: usize,
}

impl<'a> Judge<'a> {
    fn new(arguments: &'a Arguments, files: &'a LookupCache, here: &Path) -> Result<Self> {
        let start = match &arguments.chosen.directory {
            Some(directory) => here.join(directory),
            None => here.to_path_buf(),
        };
        let project = Project::find_if_any(files, &start)?.map(|project| project.seen_from(here));
        let mut found = definitions(files, here, here, &arguments.crd)?;
        let mut references = dangling::Options {
            missing: Some(Severity::Note),
            ..dangling::Options::default()
        };
        let mut exceptions = Exceptions::default();
        if let Some(project) = &project {
            found.extend(project.definitions(files)?);
            references = project.reference_options();
            exceptions = project.exceptions(files)?;
        }
        Ok(Self {
            arguments,
            files,
            here: here.to_path_buf(),
            project,
            definitions: found,
            references,
            exceptions,
            used: BTreeSet::new(),
            ignored: ignored(&arguments.ignore)?,
            ignores: BTreeSet::new(),
            allowed: 0,
        })
    }

    fn findings(
        &mut self,
        objects: &Objects,
        before: Option<&[Resource]>,
        version: Version,
    ) -> Result<Vec<Finding>> {
        let arguments = self.arguments;
        let (kept, rejected): (Vec<&Resource>, Vec<&Resource>) = objects
            .resources
            .iter()
            .filter(|one| !is_one_of(&one.node, &arguments.skip))
            .partition(|one| !is_one_of(&one.node, &arguments.reject));
        let mut findings = objects.broken.clone();
        findings.extend(rejected.iter().map(|one| prohibited(&one.node)));
        let form = match objects.are_written() {
            true => Form::Written,
            false => Form::Printed,
        };
        let nodes: Vec<&Node> = kept.iter().map(|one| &one.node).collect();
        let locations = &arguments.schema_location;
        let known = (nodes.as_slice(), self.definitions.as_slice());
        let mut definitions = schemas(self.files, &self.here, locations, known, version)?;
        definitions.extend(self.definitions.iter().cloned());
        findings.extend(validate_beside(&nodes, &definitions, version, form));
        // What is left out is there all the same.
        findings.extend(validate_between(
            &objects.resources,
            before,
            &self.references,
        ));
        findings.retain(|finding| {
            let is_unknown = finding.rule == UNKNOWN_SCHEMA;
            let kind = finding.object.as_ref().map(|object| object.kind.as_str());
            let is_skipped = kind.is_some_and(|kind| arguments.skip.iter().any(|one| one == kind));
            // Results tell of them in a way of their own.
            let is_left_out = arguments.ignore_missing_schemas && arguments.results.is_none();
            !(is_skipped || is_left_out && is_unknown)
        });
        for place in findings.iter_mut().flat_map(Finding::places_mut) {
            objects.locate(place);
        }
        let count = findings.len();
        self.exceptions.apply(&mut findings, &mut self.used);
        self.allowed += count - findings.len();
        self.ignored.apply(&mut findings, &mut self.ignores);
        hide_secrets(&mut findings, &objects.resources);
        Ok(findings)
    }

    /// Exceptions that have let nothing stay: those of the project, where all of it was judged.
    fn idle(&self) -> Option<Suite> {
        let words = self.arguments.ignore.iter().enumerate();
        let idle = words.filter(|(number, _)| !self.ignores.contains(number));
        let mut findings: Vec<Finding> = idle
            .map(|(_, word)| {
                let message = format!("`--ignore {word}` ignores nothing");
                Finding::warning("idle-ignore", message)
                    .help("correct it, or remove it if what it ignored is gone")
            })
            .collect();
        let is_whole = self.arguments.chosen.is_whole();
        if let Some(project) = self.project.as_ref().filter(|_| is_whole) {
            findings.extend(project.idle_exceptions(self.files, &self.used));
        }
        (!findings.is_empty()).then(|| Suite {
            name: "exceptions".to_owned(),
            file: "kustom.yaml".to_owned(),
            checks: vec![Check::ran("exceptions", findings)],
        })
    }
}

/// Whether an object is of one of some kinds, `Kind` or `group/version/Kind`.
fn is_one_of(node: &Node, kinds: &[String]) -> bool {
    if kinds.is_empty() {
        return false;
    }
    let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default();
    let full = format!("{}/{}", text("apiVersion"), text("kind"));
    kinds
        .iter()
        .any(|kind| *kind == text("kind") || *kind == full)
}

fn prohibited(node: &Node) -> Finding {
    let kind = node.get("kind");
    let name = kind.and_then(Node::text).unwrap_or_default();
    Finding::error("rejected-kind", format!("`{name}` must not be there"))
        .at(kind.map_or(node.span, |kind| kind.span))
        .help("remove it, or leave the kind out of `--reject`")
}
