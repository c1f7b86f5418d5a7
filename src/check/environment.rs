//! The checks of one environment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dangling;
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::flux::hide_secrets;
use crate::lint::{Foreign, Tally, is_lost_in_build, lint_nodes};
use crate::load::{Accesses, Files, Recording, is_outside};
use crate::place::Place;
use crate::project::{self, Config, Environment, Options, Project, Rendered, configs, render};
use crate::report::{Check, Suite, finding_of};
use crate::template::Values;
use crate::validation::{Form, Version, validate_beside, validate_together};
use crate::yaml::Node;

/// What came of an environment.
pub struct Checked {
    /// Its name in its project.
    pub name: String,
    /// Its checks.
    pub suite: Suite,
    /// Which exceptions of the project let something stay, by their numbers; nothing if it was not
    /// judged.
    pub used_exceptions: Option<BTreeSet<usize>>,
    /// What lint finds in it, before it is held against the others.
    pub(super) unwise: Option<Unwise>,
    /// What it asked of the files.
    pub accesses: BTreeMap<PathBuf, Accesses>,
    /// The accesses that found its project, on which it depends, too; all environments share them.
    pub found_by: Arc<BTreeMap<PathBuf, Accesses>>,
    /// What it renders to, or why it does not: then it would have asked for more.
    pub rendered: Result<Rendered, Error>,
}

/// The files that environments of one project read.
pub fn read_files(checked: &[Checked]) -> BTreeSet<&PathBuf> {
    let own = checked.iter().flat_map(|one| &one.accesses);
    // Nearly always the same one.
    let found_by = checked.chunk_by(|one, next| Arc::ptr_eq(&one.found_by, &next.found_by));
    let shared = found_by
        .filter_map(|alike| alike.first())
        .flat_map(|one| &*one.found_by);
    let read = own.chain(shared).filter(|(_, accesses)| accesses.read);
    read.map(|(path, _)| path).collect()
}

/// What lint finds in one environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Unwise {
    /// What was found; files are named from the root of the project.
    pub(super) findings: Vec<Finding>,
    /// What most of its objects do.
    pub(super) tally: Tally,
    /// Whether its Secrets are filled in.
    pub(super) is_filled: bool,
}

/// The checks, in the order of a report; what one of them finds is told by its rule.
const CHECKS: [&str; 8] = [
    "render",
    "configs",
    "unmatched",
    "deprecated",
    "drift",
    "rendered",
    "lint",
    "validate",
];

/// Runs all checks on one environment; `root` is what findings name files from, and `definitions`
/// are those of custom resources that are not rendered.
pub fn environment(
    files: &dyn Files,
    root: &Path,
    project: &Project,
    name: &str,
    options: &Options<'_>,
    definitions: &[Node],
) -> Checked {
    let recording = Recording::new(files);
    let done = prepared(&recording, project, name).and_then(|(environment, is_strict)| {
        let asked = project::Options {
            lint: true,
            would_know: Some(definitions),
            ..options.clone()
        };
        let mut rendered = render(&recording, root, project, &environment, &asked)?;
        if is_strict {
            let findings = rendered.findings.iter_mut();
            for finding in findings.filter(|finding| finding.rule == project::UNDECRYPTED) {
                finding.severity = Severity::Error;
            }
        }
        Ok((environment, rendered))
    });
    let (mut used, mut unwise) = (None, None);
    let (checks, rendered) = match done {
        Ok((environment, rendered)) => {
            let values = &options.values;
            let judged = validated(&recording, &rendered, project, &environment, definitions);
            let is_judged = !environment.kubernetes_versions(project).is_empty();
            used = is_judged.then_some(judged.used);
            unwise = linted(&recording, &rendered, project);
            let judged = judged.findings;
            let checks = sorted(
                &recording,
                root,
                project,
                &environment,
                &rendered,
                values,
                judged,
            );
            (checks, Ok(rendered))
        }
        Err(error) => (stopped(&error), Err(error)),
    };
    Checked {
        used_exceptions: used,
        unwise,
        ..Checked::new(root, project, name, checks, &recording, rendered)
    }
}

/// Renders one environment, to know what it reads; nothing is judged.
pub(super) fn inputs(
    files: &dyn Files,
    root: &Path,
    project: &Project,
    name: &str,
    options: &Options<'_>,
    _definitions: &[Node],
) -> Checked {
    let recording = Recording::new(files);
    let rendered = prepared(&recording, project, name).and_then(|(environment, _)| {
        let rendered = render(&recording, root, project, &environment, options)?;
        // What a check reads besides: the written configs, and the rendered file that is kept.
        if let Ok((list, _)) = configs(&recording, root, project, &environment, &options.values) {
            drift(&project.within(&recording), root, &list);
        }
        let _ = project.exceptions(&recording);
        let _ = project.lint_exceptions(&recording);
        if let Some(kept) = &project.rendered {
            let _ = project.read_own(&recording, &kept.join(environment.output()));
        }
        Ok(rendered)
    });
    Checked::new(root, project, name, Vec::new(), &recording, rendered)
}

impl Checked {
    fn new(
        root: &Path,
        project: &Project,
        name: &str,
        checks: Vec<Check>,
        recording: &Recording<'_>,
        rendered: Result<Rendered, Error>,
    ) -> Self {
        let directory = project.environments.join(name);
        Self {
            name: name.to_owned(),
            suite: Suite {
                name: name.to_owned(),
                file: super::display_from(root, &directory.join("kustomization.yaml")),
                checks,
            },
            used_exceptions: None,
            unwise: None,
            accesses: recording.accesses(),
            found_by: Arc::default(),
            rendered,
        }
    }

    /// All accesses that it depends on. What it asked itself counts where its project was found by
    /// the same path.
    pub fn all_accesses(&self) -> BTreeMap<&Path, Accesses> {
        let all = self.found_by.iter().chain(&self.accesses);
        all.map(|(path, accesses)| (path.as_path(), *accesses))
            .collect()
    }
}

/// An environment as it is checked, and whether it is strict: findings are gathered, so that none
/// of them stops it.
pub(super) fn prepared(
    files: &dyn Files,
    project: &Project,
    name: &str,
) -> Result<(Environment, bool), Error> {
    let mut environment = project.environment(files, name)?;
    let is_strict = environment.is_strict();
    environment.settings.strict = Some(false);
    Ok((environment, is_strict))
}

/// What was found on the way, by check.
fn sorted(
    files: &Recording<'_>,
    root: &Path,
    project: &Project,
    environment: &Environment,
    rendered: &Rendered,
    values: &Values,
    judged: Vec<Finding>,
) -> Vec<Check> {
    let mut by_check: BTreeMap<&str, Vec<Finding>> = BTreeMap::new();
    for finding in &rendered.findings {
        let check = check_of(finding.rule);
        by_check.entry(check).or_default().push(finding.clone());
    }
    match configs(files, root, project, environment, values) {
        Ok((list, _)) => {
            by_check
                .entry("drift")
                .or_default()
                .extend(drift(&project.within(files), root, &list))
        }
        Err(error) => by_check
            .entry("drift")
            .or_default()
            .push(finding_of("render", &error)),
    }
    let versions = environment.kubernetes_versions(project);
    // What is wrong between objects is so in every version.
    let check = if versions.is_empty() {
        "lint"
    } else {
        "validate"
    };
    by_check.entry(check).or_default().extend(judged);
    let checks = CHECKS.into_iter();
    checks
        .map(|name| match &project.rendered {
            _ if name == "validate" && versions.is_empty() => Check::skipped(
                name,
                "no `kubernetesVersions` are named in `kustom.yaml` or `environment.yaml`",
            ),
            None if name == "rendered" => {
                Check::skipped(name, "`kustom.yaml` names no directory of rendered files")
            }
            Some(kept) if name == "rendered" => {
                let path = kept.join(environment.output());
                Check::ran(
                    name,
                    stale(project.read_own(files, &path), root, &path, rendered),
                )
            }
            _ => Check::ran(name, by_check.remove(name).unwrap_or_default()),
        })
        .collect()
}

/// What was found, and which exceptions let something else stay.
struct Judged {
    findings: Vec<Finding>,
    used: BTreeSet<usize>,
}

/// What API servers of an environment's versions say to the rendered objects, each remark once, and
/// what is wrong between them.
fn validated(
    files: &dyn Files,
    rendered: &Rendered,
    project: &Project,
    environment: &Environment,
    definitions: &[Node],
) -> Judged {
    let mut used = BTreeSet::new();
    let exceptions = match project.exceptions(files) {
        Ok(exceptions) => exceptions,
        Err(error) => {
            let findings = vec![finding_of("render", &error)];
            return Judged { findings, used };
        }
    };
    if !exceptions.is_empty() {
        // They were left out of what the render found.
        let options = environment.reference_options(project);
        let mut references = dangling::references(&rendered.resources, &options);
        exceptions.apply(&mut references, &mut used);
    }
    let versions = environment.kubernetes_versions(project);
    let mut findings = said_by_servers(rendered, versions, definitions);
    let options = environment.reference_options(project);
    let mut together = validate_together(&rendered.resources, None, &options);
    for place in together.iter_mut().flat_map(Finding::places_mut) {
        rendered.sources.locate(place);
    }
    if versions.is_empty() {
        // Whether a server refuses it is asked of a version only.
        for finding in &mut together {
            finding.severity = finding.severity.min(Severity::Warning);
        }
    }
    findings.extend(together);
    exceptions.apply(&mut findings, &mut used);
    hide_secrets(&mut findings, &rendered.resources);
    Judged { findings, used }
}

/// What is unwise in the rendered objects, if the project asks.
fn linted(files: &dyn Files, rendered: &Rendered, project: &Project) -> Option<Unwise> {
    let settings = project.lint.as_ref()?;
    // The settings were looked at when they were read.
    let selection = settings.selection().unwrap_or_default();
    // What it reads decides, too, which environments a change can affect.
    let asked = project.questions(files, &selection);
    let asked = asked.and_then(|asked| project.lint_exceptions(files).map(|_| asked));
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            return Some(Unwise {
                findings: vec![finding_of("render", &error)],
                ..Unwise::default()
            });
        }
    };
    let nodes: Vec<&Node> = rendered.resources.iter().map(|one| &one.node).collect();
    let foreign = Foreign::of(&rendered.resources, &rendered.sources, files);
    let flags = foreign.flags(&rendered.resources);
    let linted = lint_nodes(&asked, &nodes, &flags, Form::Printed);
    let mut findings = linted.findings;
    foreign.take_out(&mut findings, &asked.linter);
    for place in findings.iter_mut().flat_map(Finding::places_mut) {
        rendered.sources.locate(place);
    }
    let is_secret = |path: &Path| path.components().any(|part| part.as_os_str() == "secrets");
    Some(Unwise {
        findings,
        tally: linted.tally,
        is_filled: !rendered.files.iter().any(|(path, _)| is_secret(path)),
    })
}

fn said_by_servers(
    rendered: &Rendered,
    versions: &[Version],
    definitions: &[Node],
) -> Vec<Finding> {
    let nodes: Vec<&Node> = rendered.resources.iter().map(|one| &one.node).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for version in versions {
        for mut finding in validate_beside(&nodes, definitions, *version, Form::Printed) {
            for place in finding.places_mut() {
                rendered.sources.locate(place);
            }
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// The checks of an environment that does not render.
fn stopped(error: &Error) -> Vec<Check> {
    let mut checks = vec![Check::ran("render", vec![finding_of("render", error)])];
    let others = CHECKS.into_iter().filter(|name| *name != "render");
    checks.extend(others.map(|name| Check::skipped(name, "the environment does not render")));
    checks
}

fn check_of(rule: &str) -> &'static str {
    match rule {
        "deprecated-field" => "deprecated",
        "orphan-script" => "configs",
        "changed-value"
        | "custom-kind"
        | "duplicate-key"
        | "substitution-left"
        | dangling::FORMER
        | dangling::MISSING
        | dangling::PORT
        | dangling::SELECTOR
        | dangling::VARIABLE => "lint",
        _ if rule.starts_with("script-") => "configs",
        _ if rule.starts_with("unmatched-") => "unmatched",
        _ if is_lost_in_build(rule) => "lint",
        _ => "render",
    }
}

/// The rendered file that is kept, if it is not what would be rendered today.
fn stale(kept: io::Result<Vec<u8>>, root: &Path, path: &Path, rendered: &Rendered) -> Vec<Finding> {
    let named = super::display_from(root, path);
    let message = match kept {
        Ok(kept) if kept == rendered.text.as_bytes() => return Vec::new(),
        Ok(_) => format!("`{named}` is not what would be rendered"),
        Err(cause) if is_outside(&cause) => format!("`{named}` is outside of the project"),
        Err(_) => format!("`{named}` is not there"),
    };
    vec![
        Finding::warning("stale-render", message)
            .at(Place::file(named))
            .help("render it again with `kustom render ENV -o FILE`, and commit it"),
    ]
}

/// The configs on disk that are not what the scripts make of the base's today.
fn drift(files: &dyn Files, root: &Path, list: &[Config]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for config in list {
        let Ok(on_disk) = files.read(&config.path) else {
            continue;
        };
        if *on_disk != *config.content {
            let named = super::display_from(root, &config.path);
            let message = format!("`{named}` is not what its script makes of the base's config");
            findings.push(
                Finding::warning("stale-config", message)
                    .at(Place::file(named))
                    .help("write it with `kustom config ENV --write`, or delete it"),
            );
        }
    }
    findings
}
