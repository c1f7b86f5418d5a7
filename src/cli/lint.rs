//! `kustom lint`.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::dangling;
use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::flux::hide_secrets;
use kustom::lint::{
    Linter, Profile, Selection, Tally, leave_out_habits, left_out, lint, of_build, rule,
};
use kustom::load::LookupCache;
use kustom::place::Place;
use kustom::project::Project;
use kustom::report::{Check, Outcome, Report, Suite};
use kustom::validation::{Exception, Exceptions, Form};

use super::build::working_directory;
use super::objects::{ObjectArguments, Objects};
use super::output::Streams;
use super::report::Reporting;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    chosen: ObjectArguments,
    /// The rules to begin with: `recommended`, `all`, or a level of the Pod Security Standards,
    /// `baseline` or `restricted`, with or without the version of its policy, `restricted:v1.33`.
    /// Without it what `lint` of `kustom.yaml` says, or `recommended`.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<Profile>,
    /// A rule to ask besides; may be repeated.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    select: Vec<String>,
    /// What to leave out: a rule, `KIND/NAME`, a field, or both of the last with a colon between; may
    /// be repeated.
    #[arg(long, value_name = "RULE|OBJECT|FIELD")]
    ignore: Vec<String>,
    /// The least severity that fails.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: super::check::Least,
    #[command(flatten)]
    report: Reporting,
}

pub(super) fn run(mut arguments: Arguments, streams: &Streams) -> Result<ExitCode> {
    arguments.chosen.lint = true;
    let here = working_directory()?;
    let files = arguments.chosen.overrides.files()?;
    let mut run = Run::new(&arguments, &files, &here)?;
    let mut suites = Vec::new();
    for target in arguments.chosen.targets(&files, &here)? {
        let objects = arguments.chosen.objects(&files, &here, &target)?;
        suites.push(Suite {
            name: target.name(),
            file: target.name(),
            checks: vec![Check::ran("lint", run.findings(&objects))],
        });
        // The process ends soon; to free each value would take longer.
        std::mem::forget(objects);
    }
    let mut known = HashMap::new();
    for check in suites.iter_mut().flat_map(|suite| &mut suite.checks) {
        if let Outcome::Ran(findings) = &mut check.outcome {
            leave_out_habits(findings, &run.tally);
            let each = findings.iter_mut();
            each.for_each(|finding| in_one_voice(finding, &mut known));
        }
    }
    suites.extend(run.idle());
    let report = Report {
        suites,
        changes: Vec::new(),
        allowed: run.allowed,
        fails_at: arguments.fail_on.severity(),
        base: String::new(),
    };
    let code = arguments.report.write(report, streams)?;
    if let Some(sentence) = left_out(&run.tally) {
        streams.say(&format!("{sentence}\n"));
    }
    Ok(code)
}

/// The first finding of a rule at a place.
type Known = HashMap<(&'static str, Place), Finding>;

/// Lets an object that one environment calls otherwise be told as in the first, so that it is told once.
fn in_one_voice(finding: &mut Finding, known: &mut Known) {
    let Some(mut place) = finding.place.clone().filter(|place| place.span.line > 0) else {
        return;
    };
    place.field = None;
    let first = known
        .entry((finding.rule, place))
        .or_insert_with(|| finding.clone());
    let is_same = |one: &Finding, other: &Finding| {
        one.place == other.place && one.help == other.help && one.notes == other.notes
    };
    if is_same(first, finding) {
        finding.message.clone_from(&first.message);
        finding.object.clone_from(&first.object);
    }
}

/// What objects are judged by.
struct Run<'a> {
    files: &'a LookupCache,
    arguments: &'a Arguments,
    project: Option<Project>,
    linter: Linter,
    references: dangling::Options,
    /// What the project lets stay: by lint, and by validation.
    exceptions: [Exceptions; 2],
    used: BTreeSet<usize>,
    /// What this run lets stay.
    ignored: Exceptions,
    ignores: BTreeSet<usize>,
    allowed: usize,
    tally: Tally,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a Arguments, files: &'a LookupCache, here: &Path) -> Result<Self> {
        let start: PathBuf = match &arguments.chosen.directory {
            Some(directory) => here.join(directory),
            None => here.to_path_buf(),
        };
        let project = Project::find_if_any(files, &start)?.map(|project| project.seen_from(here));
        let (rules, objects): (Vec<&String>, Vec<&String>) = arguments
            .ignore
            .iter()
            .partition(|word| rule(word).is_some());
        let selection = arguments.selection(project.as_ref(), &rules)?;
        let linter = Linter::new(&selection).map_err(|unknown| {
            Error::new(Kind::Project, unknown.to_string()).help("`docs/lint.md` lists the rules")
        })?;
        let mut references = dangling::Options {
            missing: Some(Severity::Note),
            ..dangling::Options::default()
        };
        let mut exceptions = [Exceptions::default(), Exceptions::default()];
        if let Some(project) = &project {
            references = project.reference_options();
            exceptions = [project.lint_exceptions(files)?, project.exceptions(files)?];
        }
        let ignored = objects.iter().map(|word| {
            Exception::parse(word).map_err(|why| {
                Error::new(Kind::Project, format!("`--ignore {word}` is wrong: {why}")).help(
                    "it takes a rule, `KIND/NAME`, a field such as `spec.replicas`, or \
                     `KIND/NAME:FIELD`",
                )
            })
        });
        Ok(Self {
            files,
            arguments,
            project,
            linter,
            references,
            exceptions,
            used: BTreeSet::new(),
            ignored: Exceptions::new(ignored.collect::<Result<_>>()?),
            ignores: BTreeSet::new(),
            allowed: 0,
            tally: Tally::default(),
        })
    }

    fn findings(&mut self, objects: &Objects) -> Vec<Finding> {
        let form = match objects.are_written() {
            true => Form::Written,
            false => Form::Printed,
        };
        let linted = lint(&self.linter, &objects.resources, form, &self.references);
        let mut of_objects = linted.findings;
        leave_out_habits(&mut of_objects, &linted.tally);
        self.tally.add(&linted.tally);
        let mut findings = objects.broken.clone();
        let of_build = objects.found.iter().filter(|finding| of_build(finding));
        findings.extend(of_build.filter(|_| !self.linter.is_of_standards()).cloned());
        findings.extend(of_objects);
        for place in findings.iter_mut().flat_map(Finding::places_mut) {
            objects.locate(place);
        }
        let count = findings.len();
        let [own, of_validation] = &self.exceptions;
        own.apply(&mut findings, &mut self.used);
        of_validation.apply(&mut findings, &mut BTreeSet::new());
        self.allowed += count - findings.len();
        self.ignored.apply(&mut findings, &mut self.ignores);
        hide_secrets(&mut findings, &objects.resources);
        findings
    }

    /// Exceptions that have let nothing stay: those of the project, where all of it was judged.
    fn idle(&self) -> Option<Suite> {
        let project = self.project.as_ref();
        let project = project.filter(|_| self.arguments.chosen.is_whole())?;
        let findings = project.idle_lint_exceptions(self.files, &self.used);
        (!findings.is_empty()).then(|| Suite {
            name: "exceptions".to_owned(),
            file: "kustom.yaml".to_owned(),
            checks: vec![Check::ran("exceptions", findings)],
        })
    }
}

impl Arguments {
    /// The rules that are asked: those of the project, changed by the flags.
    fn selection(&self, project: Option<&Project>, ignored: &[&String]) -> Result<Selection> {
        let settings = project.and_then(|project| project.lint.as_ref());
        let mut selection = match settings {
            // A project is read only if its settings are right.
            Some(settings) => settings
                .selection()
                .map_err(|why| Error::new(Kind::Project, why))?,
            None => Selection::default(),
        };
        if let Some(profile) = self.profile {
            selection = Selection {
                profile,
                ..Selection::default()
            };
        }
        selection.ignore.retain(|name| !self.select.contains(name));
        selection.select.extend(self.select.iter().cloned());
        selection
            .ignore
            .extend(ignored.iter().map(|name| (*name).clone()));
        Ok(selection)
    }
}
