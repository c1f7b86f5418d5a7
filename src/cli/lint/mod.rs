//! `kustom lint`.

mod files;
mod fix;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::dangling;
use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::flux::hide_secrets;
use kustom::lint::{
    FirstNames, Foreign, Linter, NamedObjects, Profile, Questions, Selection, Tally, Told, between,
    compare, gather, is_asked_of_build, leave_out_habits, leave_out_used_elsewhere, left_out, lint,
    lost, rule,
};
use kustom::load::{LookupCache, Recording};
use kustom::place::Place;
use kustom::project::Project;
use kustom::report::{Check, Outcome, Report, Suite};
use kustom::resource::Resource;
use kustom::validation::{Exceptions, Form, Version};

use crate::cli::build::working_directory;
use crate::cli::objects::{ObjectArguments, Objects, Target, ignored};
use crate::cli::output::Streams;
use crate::cli::progress::Progress;
use crate::cli::report::Reporting;

use files::Built;

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
    /// The git revision that is deployed: what the change since then breaks is found, too.
    #[arg(long, value_name = "REV")]
    against: Option<String>,
    /// The version of Kubernetes that the cluster has, or will have, `1.33`. Without it what the
    /// environment says, or the newest that is known.
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<Version>,
    /// Write what is certain into the files: nothing else changes in any build.
    #[arg(long)]
    fix: bool,
    /// The least severity that fails.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: crate::cli::check::Least,
    #[command(flatten)]
    report: Reporting,
}

pub(super) fn run(mut arguments: Arguments, streams: &Streams) -> Result<ExitCode> {
    arguments.chosen.lint = true;
    let here = working_directory()?;
    let files = arguments.chosen.overrides.files()?;
    let targets = arguments.chosen.targets(&files, &here)?;
    let (targets, gone) = match &arguments.against {
        Some(revision) => {
            let chosen = &arguments.chosen;
            chosen.apart_from_gone(&files, &here, targets, revision)?
        }
        None => (targets, Vec::new()),
    };
    let mut run = Run::new(&arguments, &files, &here)?;
    run.gone = gone;
    let (mut suites, mut objects) = run.suites(&files, &here, &targets)?;
    if arguments.fix {
        (run, suites, objects) = mended(
            (&arguments, streams),
            &here,
            &targets,
            (run, suites, objects),
        )?;
    }
    // The process ends soon; to free each value would take longer.
    std::mem::forget(objects);
    run.report(std::mem::take(&mut suites), streams)
}

/// How often what was mended is looked at again.
const ROUNDS: usize = 8;

/// Mends what is certain, and looks again: what is gone may show what else is useless.
fn mended<'a>(
    (arguments, streams): (&'a Arguments, &Streams),
    here: &Path,
    targets: &[Target],
    (mut run, mut suites, mut objects): (Run<'a>, Vec<Suite>, Vec<Objects>),
) -> Result<(Run<'a>, Vec<Suite>, Vec<Objects>)> {
    let (mut written, mut unneeded) = (BTreeSet::new(), BTreeSet::new());
    let mut left = Vec::new();
    for _ in 0..ROUNDS {
        let files = arguments.chosen.overrides.files()?;
        let root = run.root(here, targets);
        let found = (suites.as_slice(), root.as_deref());
        let mended = fix::write(&arguments.chosen, (&files, here), targets, &objects, found)?;
        left = mended.left;
        if mended.files.is_empty() {
            break;
        }
        written.extend(mended.files);
        unneeded.extend(mended.unneeded);
        let files = arguments.chosen.overrides.files()?;
        let gone = run.gone;
        run = Run::new(arguments, &files, here)?;
        run.gone = gone;
        (suites, objects) = run.suites(&files, here, targets)?;
    }
    for (word, paths) in [("written", &written), ("no longer named", &unneeded)] {
        for path in paths {
            streams.say(&format!("{word}: {path}\n"));
        }
    }
    for why in left {
        streams.say(&format!("left as it is: {why}\n"));
    }
    Ok((run, suites, objects))
}

/// The first finding of a rule at a place, by its words but for the object's name.
type Known = HashMap<(&'static str, Place, String), Finding>;

/// Lets an object that one environment calls otherwise be told as in the first, so that it is told once.
fn in_one_voice(finding: &mut Finding, known: &mut Known) {
    let Some(mut place) = finding.place.clone().filter(|place| place.span.line > 0) else {
        return;
    };
    place.field = None;
    let words = match &finding.object {
        Some(object) => finding.message.replace(&format!("`{}`", object.name), ""),
        None => finding.message.clone(),
    };
    let first = known
        .entry((finding.rule, place, words))
        .or_insert_with(|| finding.clone());
    let is_same = |one: &Finding, other: &Finding| {
        one.place == other.place
            && one.severity == other.severity
            && one.help == other.help
            && one.notes == other.notes
    };
    if is_same(first, finding) {
        finding.message.clone_from(&first.message);
        finding.object.clone_from(&first.object);
    }
}

/// The check of a target.
const LINT: &str = "lint";

/// What objects are judged by.
struct Run<'a> {
    arguments: &'a Arguments,
    project: Option<Project>,
    asked: Questions,
    idle: Vec<Finding>,
    references: dangling::Options,
    /// What the project lets stay: by lint, and by validation.
    exceptions: [Exceptions; 2],
    used: BTreeSet<usize>,
    /// What this run lets stay.
    ignored: Exceptions,
    ignores: BTreeSet<usize>,
    allowed: usize,
    tally: Tally,
    /// How many findings lie in files that others made.
    foreign: usize,
    /// What is known of each target: the files that it reads, and the first names of its objects.
    known: Vec<(HashSet<String>, FirstNames)>,
    /// What was named and is only in the revision that is compared with.
    gone: Vec<Target>,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a Arguments, files: &LookupCache, here: &Path) -> Result<Self> {
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
        let asked = match &project {
            Some(project) => project.questions(files, &selection)?,
            None => Questions {
                linter: Linter::new(&selection).map_err(|unknown| {
                    Error::new(Kind::Project, unknown.to_string())
                        .help("`docs/lint.md` lists the rules")
                })?,
                policies: Vec::new(),
                requirements: Vec::new(),
            },
        };
        let mut references = dangling::Options {
            missing: Some(Severity::Note),
            ..dangling::Options::default()
        };
        let mut exceptions = [Exceptions::default(), Exceptions::default()];
        if let Some(project) = &project {
            references = project.reference_options();
            exceptions = [project.lint_exceptions(files)?, project.exceptions(files)?];
        }
        Ok(Self {
            arguments,
            project,
            asked,
            idle: Vec::new(),
            references,
            exceptions,
            used: BTreeSet::new(),
            ignored: ignored(objects)?,
            ignores: BTreeSet::new(),
            allowed: 0,
            tally: Tally::default(),
            foreign: 0,
            known: Vec::new(),
            gone: Vec::new(),
        })
    }

    /// What is found of each target, and their objects.
    fn suites(
        &mut self,
        files: &LookupCache,
        here: &Path,
        targets: &[Target],
    ) -> Result<(Vec<Suite>, Vec<Objects>)> {
        let chosen = &self.arguments.chosen;
        let mut all = Vec::new();
        let mut each = Vec::new();
        let progress = Progress::new(targets.len(), "targets");
        let mut read = BTreeSet::new();
        for target in targets {
            let recording = Recording::new(files);
            let objects = chosen.objects(&recording, here, target)?;
            read.extend(recording.read_files());
            let before = match &self.arguments.against {
                Some(revision) => chosen.objects_of(files, here, target, revision)?,
                None => None,
            };
            let foreign = objects.foreign(files);
            each.push(self.findings(&objects, &foreign, before.as_deref()));
            let names = FirstNames::of(&objects.resources);
            self.known.push((objects.built_of(here), names));
            all.push(objects);
            progress.step();
        }
        self.between(targets, &all, &mut each);
        let gone = self.lost(files, here)?;
        let mut known = HashMap::new();
        let mut suites = Vec::new();
        let built = Built {
            chosen,
            files,
            here,
            targets,
            objects: &all,
            read: &read,
        };
        let mut of_files = built.findings(self.project.as_ref(), &self.asked.linter);
        self.leave_out(&mut of_files);
        if !of_files.is_empty() {
            suites.push(Suite {
                name: "repository".to_owned(),
                file: "kustom.yaml".to_owned(),
                checks: vec![Check::ran("files", of_files)],
            });
        }
        for ((target, objects), mut findings) in targets.iter().zip(&all).zip(each) {
            for place in findings.iter_mut().flat_map(Finding::places_mut) {
                objects.locate(place);
            }
            self.leave_out(&mut findings);
            hide_secrets(&mut findings, &objects.resources);
            leave_out_habits(&mut findings, &self.tally);
            let told = findings.iter_mut();
            told.for_each(|finding| in_one_voice(finding, &mut known));
            suites.push(Suite {
                name: target.name(),
                file: target.name(),
                checks: vec![Check::ran(LINT, findings)],
            });
        }
        for (name, mut findings) in gone {
            self.leave_out(&mut findings);
            suites.push(Suite {
                file: name.clone(),
                name,
                checks: vec![Check::ran("lint", findings)],
            });
        }
        if let Some(project) = self.project.as_ref().filter(|_| chosen.is_whole()) {
            self.idle = project.idle_lint_exceptions(files, &self.used);
        }
        Ok((suites, all))
    }

    /// The directory whose files are looked at.
    fn root(&self, here: &Path, targets: &[Target]) -> Option<PathBuf> {
        files::root(here, self.project.as_ref(), targets).map(|root| root.path)
    }

    /// Takes away what the project lets stay, and what this run does.
    fn leave_out(&mut self, findings: &mut Vec<Finding>) {
        let count = findings.len();
        let [own, of_validation] = &self.exceptions;
        own.apply(findings, &mut self.used);
        of_validation.apply(findings, &mut BTreeSet::new());
        self.allowed += count - findings.len();
        self.ignored.apply(findings, &mut self.ignores);
    }

    /// What is found of the objects of one target; places are spans.
    fn findings(
        &mut self,
        objects: &Objects,
        foreign: &Foreign,
        before: Option<&[Resource]>,
    ) -> Vec<Finding> {
        let form = form(objects);
        let known = &self.references;
        // What is there already is changed: policies are asked of that below.
        let asked = Questions {
            linter: match before {
                Some(_) => self.asked.linter.without_policies(),
                None => self.asked.linter.clone(),
            },
            ..self.asked.clone()
        };
        let mut linted = lint(&asked, &objects.resources, foreign, form, known);
        self.tally.add(&linted.tally);
        let linter = &self.asked.linter;
        self.foreign += foreign.take_out(&mut linted.findings, linter);
        let mut findings = objects.broken.clone();
        let asked = |finding: &&Finding| is_asked_of_build(linter, finding);
        let of_build = objects.found.iter().filter(asked);
        findings.extend(of_build.filter(|_| !linter.is_of_standards()).cloned());
        findings.extend(linted.findings);
        if let Some(before) = before {
            let version = self.version(&objects.versions);
            findings.extend(compare(
                &self.asked,
                before,
                &objects.resources,
                form,
                version,
            ));
        }
        findings
    }

    fn version(&self, own: &[Version]) -> Version {
        let asked = self.arguments.kubernetes_version;
        let version = asked.or(own.iter().max().copied());
        version.unwrap_or(Version::NEWEST)
    }

    /// What is lost with what is gone since the revision: of what was named or, where all are judged,
    /// with the environments.
    fn lost(&self, files: &LookupCache, here: &Path) -> Result<Vec<(String, Vec<Finding>)>> {
        let chosen = &self.arguments.chosen;
        let Some(revision) = &self.arguments.against else {
            return Ok(Vec::new());
        };
        if self.asked.linter.is_of_standards() {
            return Ok(Vec::new());
        }
        let names = match &self.project {
            Some(_) if chosen.is_whole() => chosen.gone(files, here, revision)?,
            _ => Vec::new(),
        };
        let environments: Vec<_> = names.into_iter().map(Target::Environment).collect();
        let versions = self.project.as_ref();
        let versions = versions.map_or(&[][..], |project| &project.kubernetes_versions);
        let version = self.version(versions);
        let lost = environments.iter().chain(&self.gone).map(|target| {
            let before = chosen.objects_of(files, here, target, revision)?;
            let name = target.name();
            let mut findings = lost(&self.asked, &name, &before.unwrap_or_default(), version);
            for finding in &mut findings {
                finding.place = None;
            }
            Ok((name, findings))
        });
        lost.collect()
    }

    /// Adds what is wrong between environments, where several are judged.
    fn between(&self, targets: &[Target], all: &[Objects], each: &mut [Vec<Finding>]) {
        let numbers: Vec<usize> = (0..targets.len())
            .filter(|number| matches!(targets[*number], Target::Environment(_)))
            .collect();
        if numbers.len() < 2 {
            return;
        }
        let names: Vec<String> = numbers
            .iter()
            .map(|number| targets[*number].name())
            .collect();
        let environments: Vec<NamedObjects<'_>> = numbers
            .iter()
            .zip(&names)
            .map(|(number, name)| {
                let objects = &all[*number];
                NamedObjects {
                    name,
                    resources: &objects.resources,
                    sources: objects.sources(),
                    is_filled: objects.is_filled,
                }
            })
            .collect();
        for (number, finding) in between(&self.asked.linter, &environments, Form::Printed) {
            each[numbers[number]].push(finding);
        }
    }

    /// Tells findings of one cause together, and entries that do nothing only where no target needs
    /// them.
    fn quieten(&self, suites: &mut [Suite]) {
        let none = FirstNames::default();
        let checks = suites.iter_mut().flat_map(|suite| &mut suite.checks);
        let (of_targets, others): (Vec<_>, Vec<_>) = checks.partition(|one| one.name == LINT);
        let findings = |check: &'_ mut Check| match &mut check.outcome {
            Outcome::Ran(findings) => Some(std::mem::take(findings)),
            Outcome::Skipped(_) => None,
        };
        let mut checks: Vec<&mut Check> = of_targets.into_iter().chain(others).collect();
        let mut found: Vec<Vec<Finding>> = checks
            .iter_mut()
            .map(|check| findings(check).unwrap_or_default())
            .collect();
        let names = self.known.iter().map(|(_, names)| names);
        let names = names.chain(std::iter::repeat(&none));
        let mut told: Vec<Told<'_>> = found
            .iter_mut()
            .zip(names)
            .map(|(findings, names)| Told { findings, names })
            .collect();
        leave_out_used_elsewhere(&mut told, |number, file| {
            let known = self.known.get(number);
            known.is_some_and(|(files, _)| files.contains(file))
        });
        gather(&mut told, &self.asked.linter, &self.tally);
        for (check, findings) in checks.into_iter().zip(found) {
            if let Outcome::Ran(place) = &mut check.outcome {
                *place = findings;
            }
        }
    }

    fn report(mut self, mut suites: Vec<Suite>, streams: &Streams) -> Result<ExitCode> {
        self.quieten(&mut suites);
        // Exceptions that have let nothing stay: those of the project, where all of it was judged.
        let idle = std::mem::take(&mut self.idle);
        if !idle.is_empty() {
            suites.push(Suite {
                name: "exceptions".to_owned(),
                file: "kustom.yaml".to_owned(),
                checks: vec![Check::ran("exceptions", idle)],
            });
        }
        let report = Report {
            suites,
            changes: Vec::new(),
            allowed: self.allowed,
            permits: Vec::new(),
            fails_at: self.arguments.fail_on.severity(),
            base: self.arguments.report.base(&working_directory()?)?,
        };
        let code = self.arguments.report.write(report, streams)?;
        for sentence in left_out(&self.tally, self.foreign) {
            streams.say(&format!("{sentence}\n"));
        }
        Ok(code)
    }
}

/// How the objects of a target reach the server.
fn form(objects: &Objects) -> Form {
    match objects.are_written() {
        true => Form::Written,
        false => Form::Printed,
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
