//! Runs generators, transformers and validators that are configured by objects, built in or
//! external.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;

use super::patches::Series;
use super::target::KustTarget;
use super::{Accumulated, Context, config_maps, origin, patches, replacements};
use crate::generate::{self, Product};
use crate::hash;
use crate::kustomization::{Builtin, HelmChart, HelmGlobals};
use crate::plugin;
use crate::release::Change;
use crate::resource::{Origin, Resource, Resources};
use crate::transform::value_add::ValueAdd;
use crate::transform::{
    annotations, images, labels, namespace, prefix, replacement, replicas, suffix, value_add,
};

/// A plugin that is ready to run.
pub(super) struct Plugin {
    runner: Runner,
    /// What is recorded on the resources that it makes or changes.
    pub(super) origin: Option<Origin>,
    /// Where the object that configures it stands.
    pub(super) span: Span,
}

/// What runs a plugin.
enum Runner {
    /// A built-in generator or transformer.
    Builtin(Box<Builtin>),
    /// An external program.
    Outside(plugin::Plugin),
}

/// Reads a plugin from the object that configures it.
pub(super) fn configure(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    object: &Resource,
) -> Result<Plugin> {
    let runner = match Builtin::parse(&object.node, context.options.release)? {
        Some(builtin) => Runner::Builtin(Box::new(builtin)),
        None => {
            // What it does is known to nobody.
            target.loader.library().go_elsewhere();
            let options = &context.options.plugins;
            let tracked = target.origin.is_some();
            let outside = plugin::Plugin::new(object, &target.loader, options, tracked)?;
            let finding = outside
                .findings()
                .map(|finding| finding.at(object.node.span));
            context.findings.extend(finding);
            Runner::Outside(outside)
        }
    };
    Ok(Plugin {
        runner,
        origin: origin::of_plugin(object),
        span: object.node.span,
    })
}

/// Runs a plugin as a generator.
pub(super) fn generate(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    plugin: &Plugin,
) -> Result<Vec<Resource>> {
    let builtin = match &plugin.runner {
        Runner::Builtin(builtin) => &**builtin,
        Runner::Outside(outside) => {
            return outside.generate(&context.schema, &mut context.findings);
        }
    };
    let left_out = match builtin {
        Builtin::ConfigMap(args) => context.leaves_out(target, Product::ConfigMap, args),
        Builtin::Secret(args) => context.leaves_out(target, Product::Secret, args),
        _ => false,
    };
    if left_out {
        return Ok(Vec::new());
    }
    match builtin {
        Builtin::ConfigMap(args) => Ok(vec![config_maps::make(
            context,
            target,
            Product::ConfigMap,
            args,
        )?]),
        Builtin::Secret(args) => Ok(vec![config_maps::make(
            context,
            target,
            Product::Secret,
            args,
        )?]),
        Builtin::IamPolicy(args) => Ok(vec![generate::iam_policy(args, &context.schema)?]),
        Builtin::Helm(chart, globals) => inflate(context, target, chart, globals),
        _ => Err(
            Error::new(Kind::Plugin, "a transformer is named in `generators`")
                .help("name it in `transformers`"),
        ),
    }
}

/// Runs a plugin as a transformer.
pub(super) fn transform(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    plugin: &Plugin,
    resources: &mut Resources,
) -> Result<()> {
    let builtin = match &plugin.runner {
        Runner::Builtin(builtin) => &**builtin,
        Runner::Outside(outside) => {
            return outside.transform(resources, &context.schema, &mut context.findings);
        }
    };
    match builtin {
        Builtin::Annotations(pairs, specs) => annotations::apply(resources, pairs, specs),
        Builtin::Labels(pairs, specs) => {
            let set: Vec<_> = pairs.iter().collect();
            let seen = context.labels_of(resources, &set);
            labels::apply(resources, pairs, specs)?;
            context.note_labels(resources, &set, seen);
            Ok(())
        }
        Builtin::Hash => hash::apply(resources, &context.schema),
        Builtin::Image(image, specs) => {
            let counts = images::apply(
                resources,
                std::slice::from_ref(image),
                specs,
                context.options.release,
            )?;
            context.note_other_images(resources, std::slice::from_ref(image), specs);
            context.note_image(resources, &mut None, image, counts.iter().sum());
            Ok(())
        }
        Builtin::Namespace(wanted, specs) => namespace::apply(
            resources,
            wanted,
            specs,
            &context.schema,
            context.options.release,
        ),
        Builtin::Prefix(text, specs) => prefix::apply(resources, text, specs, &context.schema),
        Builtin::Suffix(text, specs) => suffix::apply(resources, text, specs, &context.schema),
        Builtin::PrefixSuffix(prefix, suffix, specs) => {
            if !prefix.is_empty() {
                prefix::apply(resources, prefix, specs, &context.schema)?;
            }
            if suffix.is_empty() {
                return Ok(());
            }
            suffix::apply(resources, suffix, specs, &context.schema)
        }
        Builtin::Replica(replica, specs) => replicas::apply(resources, replica, specs),
        Builtin::Patch(patch) => {
            patches::patch(context, target, resources, &mut Series::begin(), patch).map(drop)
        }
        Builtin::PatchJson6902(patch) => patches::json6902(context, target, resources, patch),
        Builtin::PatchStrategicMerge(paths, text) => {
            let mut sources = paths.clone();
            if !text.is_empty() {
                sources.push(text.clone());
            }
            patches::strategic_merge(context, target, resources, &sources)
        }
        Builtin::Replacements(sources) => {
            let list = replacements::load(target, sources, context.options.release)?;
            let counts = replacement::apply(
                resources,
                &list,
                &context.schema,
                context.options.release,
                &mut context.findings,
            )?;
            context.note_replacements(resources, &list, &counts);
            Ok(())
        }
        Builtin::ValueAdd(args) => {
            let args = whole_value_add(target, args)?;
            let count = value_add::apply(resources, &args, &context.schema)?;
            context.note_value_add(&args, count);
            Ok(())
        }
        Builtin::ConfigMap(_) | Builtin::Secret(_) | Builtin::IamPolicy(_) | Builtin::Helm(..) => {
            Err(
                Error::new(Kind::Plugin, "a generator is named in `transformers`")
                    .help("name it in `generators`"),
            )
        }
    }
}

/// The arguments with the targets of the file that they name, and with the name of the directory
/// where they give no value.
fn whole_value_add(target: &KustTarget<'_>, args: &ValueAdd) -> Result<ValueAdd> {
    let mut args = args.clone();
    if args.value.trim().is_empty() {
        let name = target.loader.root().file_name();
        args.value.text = name.and_then(|name| name.to_str()).unwrap_or("/").into();
    }
    if !args.target_file_path.is_empty() {
        let content = target.loader.read(&args.target_file_path)?;
        let node = kustom_yaml::read_config(&content.bytes, content.source)?;
        args.targets
            .extend(crate::kustomization::value_add_targets(&node)?);
    }
    Ok(args)
}

/// Runs the validators: transformers that must leave everything as it is.
pub(super) fn validate(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    validators: &[Plugin],
    gathered: &mut Accumulated,
) -> Result<()> {
    for validator in validators {
        // What was there is not looked through for marks: only one validator may leave its own.
        let before = texts(&gathered.resources, |_| {})?;
        match &validator.runner {
            Runner::Builtin(_) => {
                transform(context, target, validator, &mut gathered.resources)?;
            }
            Runner::Outside(outside) => {
                let findings = &mut context.findings;
                outside.validate(&mut gathered.resources, &context.schema, findings)?;
            }
        }
        if texts(&gathered.resources, take_mark)? != before {
            return Err(
                Error::new(Kind::Plugin, "a validator has changed the resources")
                    .help("name it in `transformers` if it is meant to"),
            );
        }
    }
    Ok(())
}

/// The text and history of each resource, sorted.
fn texts(resources: &Resources, change: fn(&mut Resource)) -> Result<Vec<String>> {
    let mut texts = resources
        .iter()
        .map(|resource| {
            let mut resource = resource.clone();
            change(&mut resource);
            plugin::write_all(std::iter::once(&resource))
        })
        .collect::<Result<Vec<_>>>()?;
    texts.sort();
    Ok(texts)
}

/// A validator may leave its mark: one label.
fn take_mark(resource: &mut Resource) {
    if let Some(labels) = resource.node.at_mut(&["metadata", "labels"])
        && labels.remove("validated-by").is_some()
        && labels.entries().is_empty()
        && let Some(metadata) = resource.node.get_mut("metadata")
    {
        metadata.remove("labels");
    }
}

/// Inflates a helm chart of the `helmCharts` field; it gets the namespace from here or from above.
pub(super) fn inflate_field(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    chart: &HelmChart,
) -> Result<Vec<Resource>> {
    let globals = &target.kustomization.helm_globals;
    let is_given = context.options.release.has(Change::HelmNamespace);
    if !is_given || !chart.namespace.is_empty() || target.helm_namespace.is_empty() {
        return inflate(context, target, chart, globals);
    }
    let chart = HelmChart {
        namespace: target.helm_namespace.clone(),
        ..chart.clone()
    };
    inflate(context, target, &chart, globals)
}

fn inflate(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    chart: &HelmChart,
    globals: &HelmGlobals,
) -> Result<Vec<Resource>> {
    let options = &context.options.plugins;
    target.loader.library().go_elsewhere();
    context.helm.inflate(
        chart,
        globals,
        &target.loader,
        options,
        &context.schema,
        &mut context.findings,
    )
}
