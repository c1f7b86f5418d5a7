//! Renders an environment, from its scripts to its manifests.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::configs::configs_in;
use super::extended_files::ExtendedFiles;
use super::object_findings::findings_of_objects;
use super::overrides::Overrides;
use super::reach::Reach;
use super::read_scan::{judged, watched};
use super::settings::place_of;
use super::substitution::substituted;
use super::templates::{Templated, values};
use super::{
    Environment, GuardPolicy, ImageOverride, Project, ReplicaOverride, Secrets, argocd, expected,
    flux, kinds, namespaces, scripted_files, secrets,
};
use crate::build::{self, Observer, SharedBases, Step, StepKind, StepPatches, build_observed};
use crate::error::{Error, Kind, Result};
use crate::finding::{Finding, Severity};
use crate::flux::hide_secrets;
use crate::guard::Mask;
use crate::kustomization::FILE_NAMES;
use crate::load::{
    Cached, Files, Memory, Overlay, Restriction, Sources, TrackedFiles, display_from,
};
use crate::place::{Place, Span};
use crate::plugin::{self, Ksops};
use crate::release::Release;
use crate::resource::Resource;
use crate::sops::{Decrypted, OnLocked, Sops};
use crate::template::Values;
use crate::yaml::Node;

/// Options of one render; they override the files.
#[derive(Clone, Debug, Default)]
pub struct Options<'o> {
    /// The files that git tracks.
    pub tracked: &'o TrackedFiles,
    /// What is done about secrets that are not filled in; it overrides the environment.
    pub secrets: Option<Secrets>,
    /// Values, which override all others.
    pub values: Values,
    /// Images, which override those of the environment.
    pub images: Vec<ImageOverride>,
    /// Numbers of replicas, which override those of the environment.
    pub replicas: Vec<ReplicaOverride>,
    /// The release of kustomize whose output is wanted, whatever the project says.
    pub release: Option<Release>,
    /// Which files a kustomization may name.
    pub restriction: Restriction,
    /// What may run outside, and how.
    pub plugins: plugin::Options,
    /// Decrypts what sops has encrypted; without it such files are taken as they are.
    pub sops: Option<&'o Sops>,
    /// Whether it is looked for what is lost without a word; see [`build::Options::lint`].
    pub lint: bool,
    /// Definitions of custom resources, if it is to be told what `customKinds: true` would change
    /// where nobody says whether it is set.
    pub would_know: Option<&'o [Node]>,
    /// Bases that are shared with other renders in the same working directory.
    pub bases: Option<Arc<SharedBases>>,
}

impl Options<'_> {
    /// What may run in a render: generators of ksops do in process, unless plugins are allowed to
    /// run and nothing else decrypts.
    pub(super) fn plugins_of(&self, project: &Project) -> plugin::Options {
        let mut plugins = project.helm.allowed(self.plugins.clone());
        plugins.ksops = match self.sops {
            Some(_) => Ksops::Decrypted,
            None if plugins.enabled && plugins.functions.exec => Ksops::Program,
            None => Ksops::Ciphertext,
        };
        plugins
    }
}

/// What a render makes.
pub struct Rendered {
    /// The objects, in order.
    pub resources: Vec<Resource>,
    /// What was noticed on the way; notes tell what was changed for this run.
    pub findings: Vec<Finding>,
    /// The objects as one YAML stream.
    pub text: String,
    /// The files that were made in memory.
    pub files: Memory,
    /// The files that were read: where the objects and their values come from.
    pub sources: Sources,
}

/// Renders an environment: its configs and secrets are laid over the disk, then it is built.
///
/// Nothing is written anywhere.
///
/// # Errors
///
/// A script or a template that does not run, a secret that is not filled in or tracked by git, an
/// override that matches nothing, and whatever is wrong with the kustomization.
pub fn render(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    options: &Options<'_>,
) -> Result<Rendered> {
    let rendered = render_observed(
        files,
        working_directory,
        project,
        environment,
        options,
        None,
    )?;
    be_strict(files, project, environment, &rendered.findings)?;
    Ok(rendered)
}

/// Renders an environment, strict or not, and tells an observer of every step of its build.
///
/// # Errors
///
/// As [`render`].
pub fn render_observed(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    options: &Options<'_>,
    observer: Option<&mut dyn Observer>,
) -> Result<Rendered> {
    let policy = environment.guard();
    let tracked = match policy {
        GuardPolicy::Off => <&TrackedFiles>::default(),
        _ => options.tracked,
    };
    let (rendered, found) = watched(Cached::new(files), project, tracked, |files| {
        render_in(
            files,
            working_directory,
            project,
            environment,
            options,
            observer,
        )
    })?;
    let mut rendered = rendered?;
    rendered.findings.extend(judged(found, policy)?);
    Ok(rendered)
}

/// Renders an environment without a look at what was read, and without strictness.
///
/// # Errors
///
/// As [`render`]; none repeats what is a secret in the files or the values.
pub(super) fn render_in(
    files: &Cached<'_>,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    options: &Options<'_>,
    observer: Option<&mut dyn Observer>,
) -> Result<Rendered> {
    let rendered = rendered(
        files,
        working_directory,
        project,
        environment,
        options,
        observer,
    );
    rendered.map_err(|error| {
        let mut mask = Mask::default();
        for (path, content) in files.contents() {
            mask.learn(&project.shown(&path), &content);
        }
        let values = serde_json::Value::from(options.values.clone().into_map());
        mask.learn("", values.to_string().as_bytes());
        mask.error(error)
    })
}

fn rendered(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    options: &Options<'_>,
    observer: Option<&mut dyn Observer>,
) -> Result<Rendered> {
    secrets::refuse_tracked(files, project, environment, &[], options.tracked)?;
    // The guard looks at the settings, too, which were read before.
    for one in environment.chain() {
        if files.resolve(&one.file()).is_ok() {
            let _ = files.read(&one.file());
        }
    }
    let policy = options.secrets.unwrap_or(environment.secrets());
    let on_locked = match policy {
        Secrets::Required => OnLocked::Refuse,
        Secrets::Placeholder | Secrets::Omit => OnLocked::Placeholder,
    };
    let shown = |path: &Path| project.shown(path);
    let decrypted = Decrypted::new(files, options.sops, on_locked, shown);
    if let Some(argo) = &environment.argocd {
        let whose = (project, environment);
        let view = &decrypted;
        let rendered = argocd::rendered(view, working_directory, whose, argo, options, observer);
        let mut rendered = rendered.map_err(|error| decrypted.explained(error))?;
        rendered.findings.extend(decrypted.findings());
        return Ok(rendered);
    }
    if let Some(flux) = &environment.flux {
        let is_decrypted = flux.kustomization.decrypts();
        let view: &dyn Files = if is_decrypted { &decrypted } else { files };
        let whose = (project, environment);
        let rendered = flux::rendered(view, working_directory, whose, flux, options, observer);
        let mut rendered = rendered.map_err(|error| decrypted.explained(error))?;
        rendered.findings.extend(decrypted.findings());
        return Ok(rendered);
    }
    let view = (files, &decrypted);
    let rendered = rendered_of(
        view,
        working_directory,
        project,
        environment,
        (options, policy),
        observer,
    );
    let mut rendered = rendered.map_err(|error| decrypted.explained(error))?;
    rendered.findings.extend(decrypted.findings());
    Ok(rendered)
}

/// Renders an environment of files of which some were encrypted: `files` are as they lie there.
fn rendered_of(
    (files, decrypted): (&dyn Files, &Decrypted<'_>),
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    (options, policy): (&Options<'_>, Secrets),
    mut observer: Option<&mut dyn Observer>,
) -> Result<Rendered> {
    let derived = ExtendedFiles::new(decrypted, environment);
    let values = values(decrypted, project, environment, &options.values)?;
    let templated = Templated::new(&derived, project, environment, &values);
    let (upper, mut findings) = generated(&templated, working_directory, project, environment)
        .map_err(|error| templated.explained(error))?;
    let mut overlay = Overlay {
        upper,
        lower: &templated,
    };
    let policy = (policy, &values, options.tracked);
    let missing = secrets::stand_in(files, project, environment, &overlay, policy)
        .map_err(|error| templated.explained(error))?;
    for (path, content) in missing.placeholders.iter() {
        overlay.upper.insert(path, content);
    }
    let overrides = Overrides::new(environment, options, &missing.omitted);
    let release = options.release.or(project.kustomize_release);
    let build_options = build::Options {
        release: release.unwrap_or_default(),
        restriction: options.restriction,
        plugins: options.plugins_of(project),
        omitted: missing.omitted.clone(),
        lint: options.lint,
        kinds: kinds::known(files, project, environment)?,
        definitions: (environment.custom_kinds(project) == Some(true)).then(Arc::default),
        bases: options.bases.clone(),
        ..build::Options::default()
    };
    let wonders = options
        .would_know
        .filter(|_| environment.custom_kinds(project).is_none());
    let mut reach = Reach::new(&overlay, environment);
    let build = |options: &build::Options, observer: Option<&mut dyn Observer>| {
        build_observed(
            &overlay,
            working_directory,
            &environment.directory,
            options,
            &|asked, library| {
                overrides.apply(asked, files, library);
                asked.namespaces = namespaces::map(environment, files, library);
            },
            observer.map(|it| it as &mut dyn Observer),
        )
        .map_err(|error| templated.explained(error))
        .map_err(|error| overrides.explained(error))
        .map_err(|error| without_kustomization(error, &overlay, project, environment))
    };
    let told: Option<&mut dyn Observer> = match &mut observer {
        Some(observer) => Some(&mut **observer),
        None if wonders.is_some() => Some(&mut reach),
        None => None,
    };
    let mut built = build(&build_options, told);
    // Definitions may be rendered anywhere, and count from the start.
    if let Some(kinds) = kinds::with_rendered(&build_options, built.as_ref().ok()) {
        let told: Option<&mut dyn Observer> = match &mut observer {
            Some(observer) => Some(&mut **observer),
            None => None,
        };
        let options = build::Options {
            kinds: Some(kinds),
            ..build_options.clone()
        };
        built = build(&options, told);
    }
    let mut built = built?;
    let substituted = substituted(files, project, environment, &mut built)?;
    if let (Some(observer), Some(_)) = (&mut observer, &environment.settings.substitute) {
        let step = Step {
            kind: StepKind::Substitution,
            span: Span::default(),
            directory: &environment.directory,
            patches: StepPatches::default(),
        };
        observer.after_build(&step, &built.resources);
    }
    let of_kinds = wonders.map(|definitions| {
        kinds::would_change(&built, definitions, &reach, |known| {
            let options = build::Options {
                kinds: Some(known),
                lint: false,
                ..build_options
            };
            build(&options, None)
        })
    });
    let text = built
        .to_yaml()
        .map_err(|error| templated.explained(error))?;
    let notes = overrides.check(files, &built, project)?;
    findings.extend(namespaces::check(environment, &built.matches));
    let idle = expected::check(files, project, environment, &built.matches)?;
    let is_expected = |finding: &Finding| {
        // It may point at the part of a target that goes wrong.
        let within = |place: &Place, all: &Place| {
            let (part, whole) = (place.span, all.span);
            place.file == all.file && part.start >= whole.start && part.end <= whole.end
        };
        finding.rule.starts_with("unmatched-")
            && finding
                .place
                .as_ref()
                .is_some_and(|place| idle.iter().any(|all| within(place, all)))
    };
    findings.extend(findings_of_objects(files, &built, project, environment)?);
    // What stands for a secret says nothing of what will be filled in.
    let is_placeholder = |finding: &Finding| {
        let span = finding.place.as_ref().map(|place| place.span);
        let path = span.and_then(|span| built.sources.path(span));
        let named = |finding: &Finding| finding.place.as_ref().and_then(|place| place.file.clone());
        let is_unfilled = || {
            let mut unfilled = missing.findings.iter().map(named);
            unfilled.any(|file| file.is_some() && file == named(finding))
        };
        let stands_in =
            || path.is_some_and(|path| missing.placeholders.iter().any(|it| it.0 == path));
        finding.rule == "env-file" && (stands_in() || is_unfilled())
    };
    let is_said = |finding: &Finding| !is_expected(finding) && !is_placeholder(finding);
    findings.extend(built.findings.into_iter().filter(is_said));
    findings.extend(substituted);
    findings.extend(templated.findings());
    findings.extend(missing.findings);
    findings.extend(notes);
    findings.extend(of_kinds.into_iter().flatten());
    hide_secrets(&mut findings, &built.resources);
    Ok(Rendered {
        resources: built.resources,
        findings,
        text,
        files: overlay.upper,
        sources: built.sources,
    })
}

/// The configs of an environment, and the other files that its scripts change.
fn generated(
    view: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
) -> Result<(Memory, Vec<Finding>)> {
    let (list, mut findings) = configs_in(view, working_directory, project, environment)?;
    let mut upper = Memory::default();
    for config in list {
        upper.insert_made(config.path, config.content, config.provenance);
    }
    let overlay = Overlay { upper, lower: view };
    let (changed, found) = scripted_files::changed(&overlay, project, environment)?;
    let used: BTreeSet<String> = scripted_files::named_scripts(environment)
        .iter()
        .map(|path| project.shown(path))
        .collect();
    findings.retain(|finding| {
        let file = finding
            .place
            .as_ref()
            .and_then(|place| place.file.as_deref());
        finding.rule != "orphan-script" || file.is_none_or(|file| !used.contains(file))
    });
    findings.extend(found);
    let mut upper = overlay.upper;
    upper.extend(changed);
    Ok((upper, findings))
}

/// Stops if there is a warning and the environment is strict.
///
/// # Errors
///
/// Refuses every warning, and says which setting does.
pub fn be_strict(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    findings: &[Finding],
) -> Result<()> {
    let warnings = findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note);
    if !environment.is_strict() || warnings.clone().next().is_none() {
        return Ok(());
    }
    let mut chain = environment.chain();
    let strict = chain.find(|one| one.own.strict.is_some());
    let file = strict.unwrap_or(environment).file();
    let message = format!("`{}` is strict, so warnings are errors", environment.name);
    let refused = warnings.cloned().map(|mut finding| {
        finding.severity = Severity::Error;
        finding
    });
    Err(Error::new(Kind::Project, message)
        .at(project.place(place_of(files, &file, &["strict"])))
        .refusing(refused))
}

/// The error of a build, in the words of somebody who has written an environment without one.
fn without_kustomization(
    error: Error,
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Error {
    let is_there = |name: &&str| files.resolve(&environment.directory.join(name)).is_ok();
    let is_object = environment.flux.is_some() || environment.argocd.is_some();
    if is_object || FILE_NAMES.iter().any(is_there) {
        return error;
    }
    let shown = project.shown(&environment.directory);
    let message = format!("there is no kustomization in `{shown}`");
    let base = project
        .base
        .as_deref()
        .map(|base| display_from(&environment.directory, base));
    let names = project.names(files);
    let mut others = names.iter().filter(|name| **name != environment.name);
    let other = others.next().map_or("ENVIRONMENT", String::as_str);
    let help = match base {
        Some(base) => format!(
            "write `resources: [{base}]` into `{shown}/kustomization.yaml`, or `extends: {other}` \
             into `{shown}/environment.yaml`"
        ),
        None => format!(
            "write `{shown}/kustomization.yaml`, or `extends: {other}` into \
             `{shown}/environment.yaml`"
        ),
    };
    Error::new(Kind::Project, message).help(help)
}
