//! Runs the generators of a directory: ConfigMaps, Secrets, charts and plugins.

use kustom_yaml::error::Result;

use super::plugins::{self, Plugin};
use super::target::KustTarget;
use super::{Accumulated, Context, StepKind, config_maps, origin};
use crate::generate::Product;
use crate::release::Change;
use crate::resource::{Origin, Resource};

/// Runs them in order: ConfigMaps, Secrets, charts, then those that are configured by objects.
/// Each result is absorbed before the next one is made.
pub(super) fn run(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    plugins: &[Plugin],
    gathered: &mut Accumulated,
) -> Result<()> {
    let kustomization = &target.kustomization;
    let directory = target.loader.root();
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
            let resource = config_maps::make(context, target, product, &args)?;
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
    for plugin in plugins {
        let made = plugins::generate(context, target, plugin)?;
        add_all(context, gathered, made, plugin.origin.as_ref())?;
        let kind = StepKind::Generator;
        context.tell(kind, plugin.span, directory, &gathered.resources);
    }
    Ok(())
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
            resource.history.origin = origin.cloned().map(Box::new);
        }
        gathered
            .resources
            .add_generated(resource, with_string_data)?;
    }
    Ok(())
}
