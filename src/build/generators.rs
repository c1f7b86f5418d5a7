//! The generators of a directory.

use super::accumulate::Target;
use super::{Accumulated, Context, origin, plugins};
use crate::error::Result;
use crate::generate::{self, Args, Pair, Product};
use crate::place::Span;
use crate::release::Change;
use crate::resource::{Origin, Resource};

/// Runs them in order: ConfigMaps, Secrets, charts, then those that are configured by objects.
/// Each result is absorbed before the next one is made.
pub(super) fn run(
    context: &mut Context<'_>,
    target: &Target<'_>,
    gathered: &mut Accumulated,
) -> Result<()> {
    let kustomization = &target.kustomization;
    // What is configured by objects is read first: a mistake in it is found before any work.
    let plugins = plugins::load(context, target, &kustomization.generators)?;
    for (product, list, kind) in [
        (
            Product::ConfigMap,
            &kustomization.config_maps,
            "ConfigMapGenerator",
        ),
        (Product::Secret, &kustomization.secrets, "SecretGenerator"),
    ] {
        let origin = origin::of_field(target, kind);
        for args in list {
            let mut args = args.clone();
            args.options
                .merge_defaults(&kustomization.generator_options);
            let resource = make(context, target, product, &args)?;
            absorb(context, gathered, vec![resource], origin.as_ref())
                .map_err(|error| error.at(args.name.span))?;
        }
    }
    for chart in &kustomization.helm_charts {
        let origin = origin::of_field(target, "HelmChartInflationGenerator");
        let made = plugins::inflate_field(context, target, chart)?;
        absorb(context, gathered, made, origin.as_ref())
            .map_err(|error| error.at(chart.name.span))?;
    }
    for plugin in &plugins {
        let made = plugins::generate(context, target, plugin)?;
        absorb(context, gathered, made, plugin.origin.as_ref())?;
    }
    Ok(())
}

/// Makes a ConfigMap or a Secret.
pub(super) fn make(
    context: &Context<'_>,
    target: &Target<'_>,
    product: Product,
    args: &Args,
) -> Result<Resource> {
    let mut pairs = Vec::new();
    for source in &args.envs {
        let content = target.loader.read(source)?;
        pairs.extend(generate::env_file(&content.bytes, content.source, source)?);
    }
    for source in &args.literals {
        pairs.push(generate::literal(source)?);
    }
    for source in &args.files {
        let (key, path) = generate::file_source(source)?;
        let path = crate::yaml::Text {
            text: path.into(),
            span: source.span,
        };
        let content = target.loader.read(&path)?;
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
    generate::generate(product, args, pairs, &context.schema)
}

fn absorb(
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
        gathered.resources.absorb(resource, with_string_data)?;
    }
    Ok(())
}
