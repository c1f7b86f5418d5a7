//! Runs the generators of a directory: ConfigMaps, Secrets, charts and plugins.

use std::path::Path;

use kustom_yaml::Text;
use kustom_yaml::error::Result;
use kustom_yaml::place::Span;

use super::accumulate::KustTarget;
use super::{Accumulated, Context, StepKind, origin, plugins};
use crate::generate::{self, Args, Pair, Product};
use crate::load::{Content, Loader, normalized};
use crate::release::Change;
use crate::resource::{Origin, Resource};

/// Runs them in order: ConfigMaps, Secrets, charts, then those that are configured by objects.
/// Each result is absorbed before the next one is made.
pub(super) fn run(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    gathered: &mut Accumulated,
) -> Result<()> {
    let kustomization = &target.kustomization;
    let directory = target.loader.root();
    // What is configured by objects is read first: a mistake in it is found before any work.
    let plugins = plugins::load(context, target, &kustomization.generators)?;
    for (product, list, kind) in [
        (
            Product::ConfigMap,
            &kustomization.config_maps,
            StepKind::ConfigMapGenerator,
        ),
        (
            Product::Secret,
            &kustomization.secrets,
            StepKind::SecretGenerator,
        ),
    ] {
        let origin = origin::of_field(target, kind);
        for args in list {
            if context.leaves_out(target, product, args) {
                continue;
            }
            let mut args = args.clone();
            args.options
                .merge_defaults(&kustomization.generator_options);
            let resource = make(context, target, product, &args)?;
            add_all(context, gathered, vec![resource], origin.as_ref())
                .map_err(|error| error.at(args.name.span))?;
            context.tell(kind, args.name.span, directory, &gathered.resources);
        }
    }
    for chart in &kustomization.helm_charts {
        let origin = origin::of_field(target, StepKind::HelmChartInflationGenerator);
        let made = plugins::inflate_field(context, target, chart)?;
        add_all(context, gathered, made, origin.as_ref())
            .map_err(|error| error.at(chart.name.span))?;
        let kind = StepKind::HelmChartInflationGenerator;
        context.tell(kind, chart.name.span, directory, &gathered.resources);
    }
    for plugin in &plugins {
        let made = plugins::generate(context, target, plugin)?;
        add_all(context, gathered, made, plugin.origin.as_ref())?;
        let kind = StepKind::Generator;
        context.tell(kind, plugin.span, directory, &gathered.resources);
    }
    Ok(())
}

impl Context<'_> {
    /// Whether a file of objects is left out: it is not there on purpose.
    pub(super) fn leaves_out_file(&self, root: &Path, name: &str) -> bool {
        let omitted = &self.options.omitted;
        !omitted.is_empty() && omitted.contains(&normalized(&root.join(name)))
    }

    /// Whether a generator is left out: it is made of a file that is not there on purpose, or
    /// merges into what would have been.
    pub(super) fn leaves_out(
        &mut self,
        target: &KustTarget<'_>,
        product: Product,
        args: &Args,
    ) -> bool {
        if self.options.omitted.is_empty() {
            return false;
        }
        let known = (product, args.name.text.clone());
        let merges = ["merge", "replace"].contains(&&*args.behavior);
        if merges && self.left_out.contains(&known) {
            return true;
        }
        let path_of = |source: &Text| {
            let (_, path) = generate::file_source(source).ok()?;
            Some(path.to_owned())
        };
        let envs = args.envs.iter().map(|source| source.to_string());
        let mut paths = envs.chain(args.files.iter().filter_map(path_of));
        let is_left_out = paths.any(|path| {
            let path = normalized(&target.loader.root().join(path));
            self.options.omitted.contains(&path)
        });
        if is_left_out {
            self.left_out.push(known);
        }
        is_left_out
    }
}

/// Makes a ConfigMap or a Secret.
pub(super) fn make(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    product: Product,
    args: &Args,
) -> Result<Resource> {
    let is_linted = context.options.lint;
    if is_linted {
        context.findings.extend(generate::key_remarks(args));
    }
    let mut note = |content: &Content| {
        if is_linted {
            let remarks = generate::env_remarks(&content.bytes, content.source, product);
            context.findings.extend(remarks);
        }
    };
    let pairs = read_pairs(&target.loader, args, &mut note)?;
    generate::generate(product, args, pairs, &context.schema)
}

/// The pairs of a generator: those of env files, which `note` sees, then literals, then files.
pub fn read_pairs(
    loader: &Loader<'_>,
    args: &Args,
    note: &mut dyn FnMut(&Content),
) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for source in &args.envs {
        let content = loader.read(source)?;
        note(&content);
        pairs.extend(generate::env_file(&content.bytes, content.source, source)?);
    }
    for source in &args.literals {
        pairs.push(generate::literal(source)?);
    }
    for source in &args.files {
        let (key, path) = generate::file_source(source)?;
        let path = kustom_yaml::Text {
            text: path.into(),
            span: source.span,
        };
        let content = loader.read(&path)?;
        pairs.push(Pair {
            key: key.into(),
            value: content.bytes,
            source: source.clone(),
            place: Span {
                source: content.source,
                ..Span::default()
            },
        });
    }
    Ok(pairs)
}

fn add_all(
    context: &Context<'_>,
    gathered: &mut Accumulated,
    made: Vec<Resource>,
    origin: Option<&Origin>,
) -> Result<()> {
    let with_string_data = context.options.release.has(Change::SecretStringData);
    for mut resource in made {
        if resource.history.origin.is_none() {
            resource.history.origin = origin.cloned();
        }
        gathered
            .resources
            .add_generated(resource, with_string_data)?;
    }
    Ok(())
}
