//! What the charts of `HelmRelease`s make, through the user's `helm`.

use std::path::Path;
use std::sync::Arc;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::cluster::Cluster;
use super::object::{
    CommonMetadata, FluxKustomization, each_value, items, keep_source, set_source, text,
};
use super::parts::{image_of, of_patch};
use super::place::SourcePlace;
use super::release::{Chart, HelmRelease, Known, Missing};
use crate::build::{self, Built, build_of};
use crate::error::{Kind, Result};
use crate::finding::{Finding, Object, Severity};
use crate::kinds::Kinds;
use crate::kustomization::{HelmChart, HelmGlobals, Kustomization};
use crate::load::{Files, Loader, Memory, Overlay, Restriction};
use crate::place::Span;
use crate::plugin;
use crate::release::Release;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::threads;
use crate::yaml::{Node, Text, write, write_stream};

/// The rule of charts that are not rendered.
pub const NOT_RENDERED: &str = "chart-not-rendered";

/// Where charts of other repositories are looked for, below the root: `NAME-VERSION/NAME`.
pub(super) const VENDORED: &str = "vendor/charts";

/// How the charts of `HelmRelease`s are rendered.
#[derive(Clone, Copy, Debug)]
pub struct Charts<'c> {
    /// The root of the repository.
    pub root: &'c Path,
    /// Its addresses, as far as they are known.
    pub addresses: &'c [String],
    /// Whether charts are inflated, and by which helm.
    pub plugins: &'c plugin::Options,
    /// The release of kustomize that post-renderers are.
    pub release: Release,
}

/// The `HelmRelease`s of a build.
pub(super) struct Releases<'r> {
    pub(super) files: &'r dyn Files,
    pub(super) working_directory: &'r Path,
    pub(super) flux: &'r FluxKustomization,
    pub(super) cluster: &'r Cluster,
    pub(super) charts: &'r Charts<'r>,
    pub(super) lint: bool,
}

/// What a chart makes, or why it makes nothing.
enum Made {
    /// Objects, with the namespace of their release.
    Objects(Vec<(Resource, String)>, Vec<Finding>),
    Nothing(Missing),
}

impl Releases<'_> {
    /// Adds what the charts make behind all objects; what makes nothing is found.
    pub(super) fn add_to(&self, built: &mut Built) -> Result<Vec<Finding>> {
        let namespace = &self.flux.namespace;
        let releases: Vec<(usize, HelmRelease)> = built
            .resources
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((at, HelmRelease::of(&one.node, namespace)?)))
            .collect();
        if releases.is_empty() {
            return Ok(Vec::new());
        }
        let helm = &self.charts.plugins.helm;
        let is_asked = helm.enabled || helm.enabled_by_project || self.charts.plugins.enabled;
        if !is_asked {
            return Ok(releases.iter().map(|(_, one)| unasked(one)).collect());
        }
        threads::get_ready();
        let known = Known {
            rendered: &built.resources,
            place: SourcePlace {
                files: self.files,
                root: self.charts.root,
                addresses: self.charts.addresses,
                cluster: self.cluster,
            },
        };
        let made: Vec<Result<Made>> = releases
            .par_iter()
            .map(|(at, release)| self.made(release, &known, built, *at))
            .collect();
        let mut findings = Vec::new();
        let mut objects = Vec::new();
        for ((_, release), made) in releases.iter().zip(made) {
            let note = || format!("in HelmRelease `{}`", release.shown());
            match made.map_err(|error| error.note(note(), None))? {
                Made::Objects(made, found) => {
                    objects.extend(made);
                    findings.extend(found);
                }
                Made::Nothing(missing) => findings.push(missing_chart(release, &missing)),
            }
        }
        let objects = in_namespaces(objects, &built.resources);
        built.resources.extend(objects);
        Ok(findings)
    }

    fn made(
        &self,
        release: &HelmRelease,
        known: &Known<'_>,
        built: &Built,
        at: usize,
    ) -> Result<Made> {
        let locate = |error: crate::error::Error| error.locate(|place| built.sources.locate(place));
        let chart = match release.chart(known) {
            Ok(chart) => chart,
            Err(missing) => return Ok(Made::Nothing(missing)),
        };
        // Where charts are only fetched, nothing else counts.
        let renders = self.charts.plugins.helm.renders();
        let values = match renders {
            true => release.values(known).map_err(locate)?,
            false => Ok(Node::map(Vec::new())),
        };
        let values = match values {
            Ok(values) => values,
            Err(missing) => return Ok(Made::Nothing(missing)),
        };
        let chart_values = match renders {
            true => release.chart_values(known, &chart).map_err(locate)?,
            false => None,
        };
        let directory = self.charts.root.join(format!(".kustom-release-{at}"));
        let mut upper = Memory::default();
        let mut text = String::new();
        write(&values, &mut text)?;
        upper.insert(directory.join("values.yaml"), text);
        if let (Some(values), Chart::Here(path)) = (&chart_values, &chart) {
            let mut text = String::new();
            write(values, &mut text)?;
            upper.insert(self.charts.root.join(path).join("values.yaml"), text);
        }
        let overlay = Overlay {
            upper,
            lower: self.files,
        };
        let span = built.resources[at].node.span;
        let file = built.sources.path(span).map(Path::to_path_buf);
        let options = build::Options {
            release: self.charts.release,
            restriction: Restriction::None,
            plugins: self.plugins(),
            lint: self.lint,
            ..build::Options::default()
        };
        let placed = |loader: &Loader<'_>| {
            let mut release = release.clone();
            keep_source(&mut release.object, span.source);
            if let Some(file) = &file {
                set_source(&mut release.object, loader.library().source(file));
            }
            release
        };
        let renderers = release.post_renderers().map_err(locate)?.len();
        let first = build_of(
            &overlay,
            self.working_directory,
            &directory,
            &options,
            &|loader| {
                let release = placed(loader);
                let (helm_chart, home) = self.helm_chart(&release, &chart);
                let mut kustomization = Kustomization {
                    helm_charts: vec![helm_chart],
                    helm_globals: HelmGlobals {
                        chart_home: home,
                        ..HelmGlobals::default()
                    },
                    ..Kustomization::default()
                };
                if renders {
                    post_render(&release, 0, &mut kustomization)?;
                }
                Ok(kustomization)
            },
        );
        let is_remote = matches!(chart, Chart::Of { .. });
        let mut made = match first {
            Ok(_) if !renders => return Ok(Made::Objects(Vec::new(), Vec::new())),
            Ok(built) => built,
            // Only what cannot be fetched is a file that cannot be read.
            Err(error) if error.kind() == Kind::Load && is_remote && renders => {
                return Ok(Made::Nothing(Missing {
                    why: error.message().to_owned(),
                    help: "`kustom lock` and `kustom vendor` lay charts into the tree",
                    span,
                }));
            }
            Err(error) => return Err(error),
        };
        let mut findings = std::mem::take(&mut made.findings);
        for renderer in 1..renderers {
            let nodes: Vec<Node> = made.resources.iter().map(|one| one.node.clone()).collect();
            let mut text = String::new();
            write_stream(&nodes, &mut text)?;
            let mut upper = Memory::default();
            upper.insert(directory.join("helm-output.yaml"), text);
            let overlay = Overlay {
                upper,
                lower: self.files,
            };
            made = build_of(
                &overlay,
                self.working_directory,
                &directory,
                &options,
                &|loader| {
                    let mut kustomization = Kustomization {
                        resources: vec!["helm-output.yaml".into()],
                        ..Kustomization::default()
                    };
                    post_render(&placed(loader), renderer, &mut kustomization)?;
                    Ok(kustomization)
                },
            )?;
            findings.append(&mut made.findings);
        }
        let common = CommonMetadata::of(&release.object).map_err(locate)?;
        for resource in &mut made.resources {
            common.put_over(&mut resource.node);
            // Places are in files that the build of the release does not know.
            each_value(&mut resource.node, &mut |node| node.span = span);
            settle_keys(&mut resource.node, span);
        }
        let namespace = release.release_namespace();
        let made = made.resources.into_iter();
        let objects = made.map(|one| (one, namespace.to_owned())).collect();
        Ok(Made::Objects(objects, findings))
    }

    /// What may run: a chart that is fetched is gone with the command.
    fn plugins(&self) -> plugin::Options {
        let mut plugins = self.charts.plugins.clone();
        // Nothing else runs in Flux.
        plugins.helm.enabled |= plugins.enabled;
        plugins.enabled = false;
        plugins.helm.charts.get_or_insert_with(Arc::default);
        plugins
    }

    /// What helm is told, and the directory that the chart is looked for in.
    fn helm_chart(&self, release: &HelmRelease, chart: &Chart) -> (HelmChart, Text) {
        let span = release
            .spec(&["chart"])
            .or_else(|| release.spec(&["chartRef"]))
            .map_or(release.object.span, |node| node.span);
        let text = |text: &str| Text {
            text: text.into(),
            span,
        };
        let mut asked = HelmChart {
            release_name: text(&release.release_name()),
            namespace: text(release.release_namespace()),
            values_file: text("values.yaml"),
            include_crds: release.installs_crds(),
            skip_hooks: !release.runs_hooks(),
            skip_tests: !release.runs_tests(),
            ..HelmChart::default()
        };
        let home = match chart {
            Chart::Here(path) => {
                let path = self.charts.root.join(path);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                asked.name = text(&name);
                path.parent().unwrap_or(self.charts.root).to_path_buf()
            }
            Chart::Of {
                repository,
                name,
                version,
            } => {
                asked.name = text(name);
                asked.repo = text(repository);
                asked.version = text(version);
                self.charts.root.join(VENDORED)
            }
        };
        (asked, text(&home.to_string_lossy()))
    }
}

/// Adds the patches and images of a post-renderer to a kustomization.
fn post_render(
    release: &HelmRelease,
    number: usize,
    kustomization: &mut Kustomization,
) -> Result<()> {
    let renderers = release.post_renderers()?;
    let Some(renderer) = renderers.get(number) else {
        return Ok(());
    };
    let list = |field: &str| match renderer.get(field).filter(|it| !it.is_null()) {
        Some(list) => items(list, &format!("spec.postRenderers.kustomize.{field}")),
        None => Ok(&[][..]),
    };
    for node in list("patches")? {
        let patch = match node.get("patch").filter(|it| !it.is_null()) {
            Some(patch) => text(patch, "spec.postRenderers.kustomize.patches.patch")?,
            None => Text::default(),
        };
        kustomization.patches.push(of_patch(node, patch)?);
    }
    for node in list("images")? {
        let field = "spec.postRenderers.kustomize.images";
        kustomization.images.push(image_of(node, field)?);
    }
    Ok(())
}

fn settle_keys(node: &mut Node, span: Span) {
    each_value(node, &mut |node| {
        if let Some(entries) = node.entries_mut() {
            entries.iter_mut().for_each(|entry| entry.key.span = span);
        }
    });
}

fn object_of(release: &HelmRelease) -> Object {
    Object {
        kind: "HelmRelease".to_owned(),
        namespace: release.namespace.clone(),
        name: release.name.clone(),
    }
}

fn unasked(release: &HelmRelease) -> Finding {
    let message = format!(
        "HelmRelease `{}` is not rendered: charts need `--enable-helm`",
        release.shown()
    );
    Finding::new(NOT_RENDERED, Severity::Note, message)
        .at(release.object.span)
        .about(object_of(release))
        .help(
            "a project says it once and for all with `helm: {enabled: true}` in its `kustom.yaml`",
        )
}

fn missing_chart(release: &HelmRelease, missing: &Missing) -> Finding {
    let message = format!(
        "HelmRelease `{}` is not rendered: {}",
        release.shown(),
        missing.why
    );
    Finding::warning(NOT_RENDERED, message)
        .at(missing.span)
        .about(object_of(release))
        .help(missing.help)
}

/// Gives objects without a namespace that of their release, where their kind has one.
fn in_namespaces(objects: Vec<(Resource, String)>, beside: &[Resource]) -> Vec<Resource> {
    let definitions = objects.iter().map(|(one, _)| one).chain(beside);
    let definitions = definitions
        .filter(|one| one.id().gvk.kind == "CustomResourceDefinition")
        .map(|one| &one.node);
    let kinds = Kinds::well_known().defined_by(definitions);
    let schema = Schema::builtin();
    let settled = objects.into_iter().map(|(mut resource, namespace)| {
        let gvk = &resource.id().gvk;
        let version = resource.node.get("apiVersion").and_then(Node::text);
        let has_none = schema.is_cluster_scoped(version.unwrap_or_default(), &gvk.kind)
            || kinds
                .get(&gvk.group, &gvk.kind)
                .is_some_and(|kind| kind.cluster_scoped);
        if !has_none && resource.id().namespace.is_empty() {
            resource.set_namespace(&namespace);
        }
        resource
    });
    settled.collect()
}
