//! What Flux builds of a directory: its kustomization, read leniently or generated, with what the
//! Flux object says besides.
//!
//! Source: `github.com/fluxcd/pkg/kustomize` v1.44.0, as it behaves.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::charts::{Charts, Releases};
use super::cluster::Cluster;
use super::decryption::stand_in;
use super::object::{FluxKustomization, items, text, wrong};
use super::parts::{image_of, of_patch};
use super::substitution::substitute_all;
use crate::build::{
    self, Built, Observer, SharedBases, Step, StepKind, StepPatches, build_of_observed,
};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::kustomization::{self, FILE_NAMES, Kustomization, SortOptions};
use crate::load::{FileKind, Files, Loader, Restriction, Within, unlistable, unreadable};
use crate::place::Place;
use crate::plugin;
use crate::resource::Resource;
use crate::transform::images::Image;
use crate::yaml::{Entry, Node, Text, read_config, read_strict_config, write_json};

/// How a Flux `Kustomization` is built.
#[derive(Clone, Copy, Debug)]
pub struct BuildOptions<'o> {
    /// The root of its source.
    pub root: &'o Path,
    /// What the cluster has.
    pub cluster: &'o Cluster,
    /// Whether a variable must have a value.
    pub strict: bool,
    /// Whether `spec.commonMetadata` is set, which kustomize-controller does as it applies.
    pub applied: bool,
    /// Whether it is looked for what is lost without a word; see [`build::Options::lint`].
    pub lint: bool,
    /// How the charts of `HelmRelease`s are rendered; without it nothing is said of them.
    pub charts: Option<Charts<'o>>,
    /// Bases that are shared with other builds in the same working directory.
    pub bases: Option<&'o Arc<SharedBases>>,
}

/// Builds what a Flux `Kustomization` says, as kustomize-controller does before it applies.
///
/// No plugin runs, no chart of a kustomization is inflated, and no file outside of the source is
/// read, as there. What the charts of its `HelmRelease`s make comes behind its objects, if they are
/// asked for.
///
/// # Errors
///
/// Whatever Flux refuses.
pub fn build_flux(
    files: &dyn Files,
    working_directory: &Path,
    flux: &FluxKustomization,
    options: BuildOptions<'_>,
) -> Result<Built> {
    build_flux_observed(files, working_directory, flux, options, None)
}

/// As [`build_flux`], and tells an observer of every step.
///
/// # Errors
///
/// As [`build_flux`].
pub fn build_flux_observed(
    files: &dyn Files,
    working_directory: &Path,
    flux: &FluxKustomization,
    options: BuildOptions<'_>,
    mut observer: Option<&mut dyn Observer>,
) -> Result<Built> {
    let within = Within::new(files, options.root);
    let directory = options.root.join(flux.directory()?);
    if !matches!(within.resolve(&directory), Ok((_, FileKind::Directory))) {
        let path = flux.text("path")?.unwrap_or_default();
        let message = format!(
            "the Flux Kustomization `{}` builds `{}`, which is no directory",
            flux.name, path.text
        );
        let mut place = Place::from(path.span);
        place.file = flux.file.as_ref().map(|file| {
            let file = file.strip_prefix(working_directory).unwrap_or(file);
            file.display().to_string().into()
        });
        return Err(wrong(message)
            .at(place)
            .help("`spec.path` is relative to the root of the repository"));
    }
    let build_options = build::Options {
        restriction: Restriction::None,
        plugins: remotes_alone(options.charts),
        lint: options.lint,
        bases: options.bases.cloned(),
        ..build::Options::default()
    };
    let found = RefCell::new(Vec::new());
    let placed = RefCell::new(flux.clone());
    let told = observer.as_mut().map(|it| &mut **it as &mut dyn Observer);
    let mut built = build_of_observed(
        &within,
        working_directory,
        &directory,
        &build_options,
        &|loader| {
            if let Some(file) = &flux.file {
                let source = loader.library().source(file);
                *placed.borrow_mut() = flux.in_source(source);
            }
            let mut kustomization = root(loader, &within, options.lint, &found)?;
            let flux = placed.borrow();
            flux.change(&mut kustomization, &|path| {
                within.resolve(&loader.root().join(path)).is_ok()
            })?;
            kustomization
                .sort_options
                .get_or_insert_with(SortOptions::fifo);
            Ok(kustomization)
        },
        told,
    )?;
    let mut tell = |kind, span: Option<&Node>, resources: &[Resource]| {
        if let Some(observer) = &mut observer {
            let step = Step {
                kind,
                span: span.map(|node| node.span).unwrap_or_default(),
                directory: &directory,
                patches: StepPatches::default(),
            };
            observer.after_build(&step, resources);
        }
    };
    let located = |error: Error| error.locate(|place| built.sources.locate(place));
    let flux = placed.into_inner();
    let mut findings = found.into_inner();
    if flux.decrypts() {
        findings.extend(stand_in(&mut built.resources));
        let span = flux.spec("decryption");
        tell(StepKind::Decryption, span, &built.resources);
    }
    let substitution = flux
        .substitution(options.cluster, options.strict)
        .map_err(located)?;
    findings.extend(substitute_all(&mut built.resources, &substitution).map_err(located)?);
    if !substitution.is_idle() {
        // What is left is left on purpose.
        built
            .findings
            .retain(|finding| finding.rule != "substitution-left");
        let span = flux.spec("postBuild");
        tell(StepKind::Substitution, span, &built.resources);
    }
    // A patch that is not written here was put into every object of its kind, whatever that builds.
    built.findings.retain(|finding| {
        let is_written = || finding.place.as_ref().is_some_and(|it| it.span.line > 0);
        finding.rule != "unmatched-patch" || is_written()
    });
    if options.applied {
        let common = flux.common_metadata().map_err(located)?;
        for resource in &mut built.resources {
            common.put_over(&mut resource.node);
        }
        if let Some(span) = flux.spec("commonMetadata") {
            tell(StepKind::CommonMetadata, Some(span), &built.resources);
        }
    }
    if let Some(charts) = &options.charts {
        let render = Releases {
            files,
            working_directory,
            flux: &flux,
            cluster: options.cluster,
            charts,
            lint: options.lint,
        };
        let count = built.resources.len();
        findings.extend(render.add_to(&mut built)?);
        if built.resources.len() > count {
            tell(StepKind::Releases, None, &built.resources);
        }
    }
    for place in findings.iter_mut().flat_map(Finding::places_mut) {
        built.sources.locate(place);
    }
    built.findings.extend(findings);
    Ok(built)
}

/// Options with which nothing runs, and with the remotes of the command.
fn remotes_alone(charts: Option<Charts<'_>>) -> plugin::Options {
    let mut plugins = plugin::Options::default();
    plugins.helm.charts = charts.and_then(|charts| charts.plugins.helm.charts.clone());
    plugins
}

/// The kustomization of a directory: its own, or one that names all manifests below it.
fn root(
    loader: &Loader<'_>,
    files: &dyn Files,
    lint: bool,
    found: &RefCell<Vec<Finding>>,
) -> Result<Kustomization> {
    let is_there = |name: &&&str| loader.kind(name) == Some(FileKind::File);
    let there: Vec<&&str> = FILE_NAMES.iter().filter(is_there).collect();
    match there[..] {
        [] => generated(loader, files),
        [name] => written(loader, name, lint, found),
        [one, other, ..] => {
            let message = format!(
                "there are two kustomizations in `{}`: `{one}` and `{other}`",
                loader.shown_root()
            );
            Err(Error::new(Kind::Load, message).help("remove one of them"))
        }
    }
}

/// A kustomization as Flux reads it before it writes it anew: what it does not know is gone then.
fn written(
    loader: &Loader<'_>,
    name: &str,
    lint: bool,
    found: &RefCell<Vec<Finding>>,
) -> Result<Kustomization> {
    let content = loader.read(&Text::from(name))?;
    let node = read_config(&content.bytes, content.source)?;
    let mut kustomization = Kustomization::parse_leniently(&node)?;
    if let Some(chart) = kustomization.helm_charts.first() {
        let message = format!("Flux does not inflate the chart `{}`", chart.name.text);
        return Err(wrong(message)
            .at(chart.name.span)
            .help("write a HelmRelease for it, or commit what the chart renders to"));
    }
    let resources = node.entries().iter().filter(|entry| {
        entry
            .key
            .text()
            .is_some_and(|key| key.eq_ignore_ascii_case("resources"))
    });
    if resources
        .map(|entry| entry.value.items().len())
        .sum::<usize>()
        == 0
    {
        // Flux asks for this one, so that the file is not empty.
        kustomization.metadata = kustomization::BuildMetadata {
            tracked: true,
            origin: true,
            ..kustomization::BuildMetadata::default()
        };
    }
    if lint {
        let mut found = found.borrow_mut();
        if let Err(error) = read_strict_config(&content.bytes, content.source) {
            let message = format!("{}; only the last one counts", error.message());
            let place = error.place().cloned().unwrap_or_default();
            found.push(
                Finding::warning("duplicate-key", message)
                    .at(place)
                    .help("keep one of them"),
            );
        }
        found.extend(dropped(node));
    }
    Ok(kustomization)
}

/// The fields that Flux drops because it does not know them.
fn dropped(mut node: Node) -> Vec<Finding> {
    const MANY: usize = 100;
    let mut found = Vec::new();
    for _ in 0..MANY {
        let Err(error) = Kustomization::parse(&node) else {
            break;
        };
        let Some(place) = error.place().cloned() else {
            break;
        };
        if !remove(&mut node, &place) {
            break;
        }
        if !error.message().starts_with("unknown field") {
            // A number will do for a text.
            continue;
        }
        let message = format!("{}, which Flux drops without a word", error.message());
        let help = error.help_line().unwrap_or("remove it").to_owned();
        found.push(
            Finding::warning("dropped-field", message)
                .at(place)
                .help(help),
        );
    }
    found
}

/// Takes away the entry whose key or value is at a place.
fn remove(node: &mut Node, place: &Place) -> bool {
    if let Some(entries) = node.entries_mut() {
        let is_it = |entry: &Entry| [entry.key.span, entry.value.span].contains(&place.span);
        if let Some(index) = entries.iter().position(is_it) {
            entries.remove(index);
            return true;
        }
        return entries
            .iter_mut()
            .any(|entry| remove(&mut entry.value, place));
    }
    let mut items = node.items_mut().into_iter().flatten();
    items.any(|item| remove(item, place))
}

/// The kustomization that Flux generates where there is none.
fn generated(loader: &Loader<'_>, files: &dyn Files) -> Result<Kustomization> {
    let mut resources = Vec::new();
    let shown = loader.shown_root();
    manifests_below(loader.root(), (&shown, "./"), files, &mut resources)?;
    Ok(Kustomization {
        resources,
        ..Kustomization::default()
    })
}

/// Manifests and kustomizations below a directory, in the order in which Go walks it; links to
/// directories are not followed. The directory is given as it is shown, and from the first one.
fn manifests_below(
    directory: &Path,
    (shown, inside): (&str, &str),
    files: &dyn Files,
    found: &mut Vec<Text>,
) -> Result<()> {
    let names = files
        .list(directory)
        .map_err(|cause| unlistable(directory, shown, cause))?;
    for name in names {
        let path = directory.join(&name);
        let named = format!("{inside}{name}");
        let is_manifest = name.ends_with(".yaml") || name.ends_with(".yml");
        match files.resolve(&path) {
            Ok((real, FileKind::Directory)) if real == path => {
                let is_kustomization = |name: &&str| {
                    matches!(files.resolve(&path.join(name)), Ok((_, FileKind::File)))
                };
                match FILE_NAMES.iter().any(is_kustomization) {
                    true => found.push(named.as_str().into()),
                    false => {
                        let next = (&*format!("{shown}/{name}"), &*format!("{named}/"));
                        manifests_below(&path, next, files, found)?;
                    }
                }
            }
            Ok((_, FileKind::File)) if is_manifest => found.push(named.as_str().into()),
            Ok(_) => {}
            Err(cause) if is_manifest => {
                return Err(unreadable(&format!("{shown}/{name}"), cause));
            }
            Err(_) => {}
        }
    }
    Ok(())
}

impl FluxKustomization {
    /// Changes a kustomization as the object says; `is_there` tells whether a path leads somewhere.
    fn change(
        &self,
        kustomization: &mut Kustomization,
        is_there: &dyn Fn(&str) -> bool,
    ) -> Result<()> {
        for (field, asked) in [
            ("targetNamespace", &mut kustomization.namespace),
            ("namePrefix", &mut kustomization.name_prefix),
            ("nameSuffix", &mut kustomization.name_suffix),
        ] {
            if let Some(text) = self.text(field)? {
                *asked = text;
            }
        }
        self.add_patches(kustomization)?;
        let ignores_missing = self.spec("ignoreMissingComponents").and_then(Node::text);
        for node in self.list("components")? {
            let component = text(node, "spec.components")?;
            if !is_local(&component) {
                let message = format!(
                    "the component `{}` is not in this repository",
                    component.text
                );
                return Err(wrong(message)
                    .at(node.span)
                    .help("Flux takes only paths that are relative to `spec.path`"));
            }
            if ignores_missing != Some("true") || is_there(&component) {
                kustomization.components.push(component);
            }
        }
        for node in self.list("images")? {
            set_image(&mut kustomization.images, image_of(node, "spec.images")?);
        }
        match self.spec("buildMetadata") {
            Some(words) if !items(words, "spec.buildMetadata")?.is_empty() => {
                kustomization.metadata = kustomization::build_metadata(words)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn add_patches(&self, kustomization: &mut Kustomization) -> Result<()> {
        for node in self.list("patches")? {
            let patch = match node.get("patch").filter(|it| !it.is_null()) {
                Some(patch) => text(patch, "spec.patches.patch")?,
                None => Text::default(),
            };
            kustomization.patches.push(of_patch(node, patch)?);
        }
        for node in self.list("patchesStrategicMerge")? {
            kustomization.patches_strategic_merge.push(json(node)?);
        }
        for node in self.list("patchesJson6902")? {
            let patch = json(node.get("patch").unwrap_or(&Node::null()))?;
            kustomization.patches_json6902.push(of_patch(node, patch)?);
        }
        Ok(())
    }

    fn list(&self, field: &str) -> Result<&[Node]> {
        match self.spec(field) {
            Some(node) => items(node, &format!("spec.{field}")),
            None => Ok(&[]),
        }
    }
}

/// A value as a patch of one line.
fn json(node: &Node) -> Result<Text> {
    let mut text = String::new();
    write_json(node, &mut text)?;
    Ok(Text {
        text: text.into(),
        span: node.span,
    })
}

/// Sets an image: the first entry of its name takes over what is said, a tag and a digest as a pair.
fn set_image(images: &mut Vec<Image>, image: Image) {
    let Some(known) = images
        .iter_mut()
        .find(|known| known.name.text == image.name.text)
    else {
        images.push(image);
        return;
    };
    if !image.new_name.is_empty() {
        known.new_name = image.new_name;
    }
    if !image.new_tag.is_empty() || !image.digest.is_empty() {
        (known.new_tag, known.digest) = (image.new_tag, image.digest);
    }
}

/// Whether a component is named by a path that is relative to the directory.
fn is_local(name: &str) -> bool {
    const REMOTE: [&str; 8] = [
        "git::",
        "gh:",
        "ssh://",
        "https://",
        "http://",
        "git@",
        "github.com:",
        "github.com/",
    ];
    let lower = name.to_lowercase();
    let is_remote = |start: &&str| lower.len() > start.len() && lower.starts_with(*start);
    let path = lower.strip_prefix("file://").unwrap_or(&lower);
    !REMOTE.iter().any(is_remote) && !path.starts_with('/')
}
