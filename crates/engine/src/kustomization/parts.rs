//! Decodes the parts of a kustomization, one function for each type.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Str, Text, Value};

use super::{BuildMetadata, OpenApi};
use crate::decode::{Mode, mismatch};
use crate::generate;
use crate::order::Order;
use crate::release::{Change, Release};
use crate::resource::{LabelSelector, Pattern, Selector};
use crate::transform::images::Image;
use crate::transform::labels::Label;
use crate::transform::replacement::{self, Replacement};
use crate::transform::replicas::Replica;
use crate::transform::value_add::{self, ValueAdd};
use crate::vars::{ObjectReference, Var};

/// An entry of `patches` or `patchesJson6902`.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The file that holds the patch.
    pub path: Text,
    /// The patch itself.
    pub patch: Text,
    /// What it applies to.
    pub target: Option<Selector>,
    /// The name that the target must have, as it is written; old JSON patches must have one.
    pub target_name: Text,
    /// Whether the patch may rename its target.
    pub may_rename: bool,
    /// Whether the patch may change its target's kind.
    pub may_change_kind: bool,
    /// Where the entry stands.
    pub span: kustom_yaml::place::Span,
}

/// An entry of `replacements`.
#[derive(Clone, Debug)]
pub enum ReplacementSource {
    /// A file that holds one or a list of them.
    Path(Text),
    /// The replacement itself.
    Inline(Box<Replacement>),
}

/// An entry of `helmCharts`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HelmChart {
    /// The chart.
    pub name: Text,
    /// Its version.
    pub version: Text,
    /// Where it is fetched from.
    pub repo: Text,
    /// The name of the release.
    pub release_name: Text,
    /// The namespace of the release.
    pub namespace: Text,
    /// Files with further values.
    pub additional_values_files: Vec<Text>,
    /// The file with the values.
    pub values_file: Text,
    /// Values in the kustomization.
    pub values_inline: Option<Node>,
    /// How they meet those of the file: `override` (default), `merge` or `replace`.
    pub values_merge: Text,
    /// Whether the chart's CRDs are included.
    pub include_crds: bool,
    /// Whether hooks are left out.
    pub skip_hooks: bool,
    /// API versions that the chart may ask for.
    pub api_versions: Vec<Text>,
    /// The Kubernetes version that the chart may ask for.
    pub kube_version: Text,
    /// A template for the name of the release.
    pub name_template: Text,
    /// Whether tests are left out.
    pub skip_tests: bool,
    /// Whether helm talks.
    pub debug: bool,
    /// Whether development versions count.
    pub devel: bool,
}

/// The `helmGlobals` field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelmGlobals {
    /// Where charts are.
    pub chart_home: Text,
    /// Where helm's configuration is.
    pub config_home: Text,
}

impl HelmGlobals {
    /// Takes over what another gives.
    pub(super) fn override_with(&mut self, other: Self) {
        for (ours, theirs) in [
            (&mut self.chart_home, other.chart_home),
            (&mut self.config_home, other.config_home),
        ] {
            if !theirs.is_empty() {
                *ours = theirs;
            }
        }
    }
}

/// The `metadata` of a kustomization has no effect, but its types are checked.
pub(super) fn check_metadata(mode: Mode, node: &Node) -> Result<()> {
    mode.fields(
        node,
        &["name", "namespace", "labels", "annotations"],
        |name, value| match name {
            "labels" | "annotations" => mode.pairs(value).map(drop),
            _ => mode.text(value).map(drop),
        },
    )
}

pub(super) fn openapi(mode: Mode, node: &Node) -> Result<OpenApi> {
    let mut openapi = OpenApi::default();
    for (key, value) in mode.pairs(node)? {
        match &*key {
            "version" => openapi.version = Some(value),
            "path" => openapi.path = Some(value),
            _ => {}
        }
    }
    if let (Some(version), Some(_)) = (&openapi.version, &openapi.path) {
        let message = "`openapi` has both a `path` and a `version`";
        return Err(Error::new(Kind::Kustomization, message)
            .at(version.span)
            .help("a file takes the place of the built-in version; take one of them away"));
    }
    Ok(openapi)
}

pub(super) fn label(mode: Mode, node: &Node) -> Result<Label> {
    let mut label = Label::default();
    let known = &[
        "pairs",
        "includeSelectors",
        "includeTemplates",
        "includeVolumeClaimTemplates",
        "fields",
    ];
    mode.fields(node, known, |name, value| {
        match name {
            "pairs" => label.pairs = mode.pairs(value)?,
            "includeSelectors" => label.reach.selectors = mode.boolean(value)?,
            "includeTemplates" => label.reach.templates = mode.boolean(value)?,
            "includeVolumeClaimTemplates" => {
                label.reach.volume_claim_templates = mode.boolean(value)?;
            }
            _ => label.fields = mode.list(value, Mode::field_spec)?,
        }
        Ok(())
    })?;
    Ok(label)
}

pub(super) fn patch(mode: Mode, node: &Node) -> Result<Patch> {
    let mut patch = Patch {
        span: node.span,
        ..Patch::default()
    };
    mode.fields(
        node,
        &["path", "patch", "target", "options"],
        |name, value| {
            match name {
                "path" => patch.path = mode.text(value)?,
                "patch" => patch.patch = mode.text(value)?,
                "target" if !value.is_null() => {
                    patch.target = Some(selector(mode, value)?);
                    patch.target_name = value.get("name").map(Text::of).unwrap_or_default();
                }
                "target" => {}
                _ => patch_options(mode, value, &mut patch)?,
            }
            Ok(())
        },
    )?;
    Ok(patch)
}

fn patch_options(mode: Mode, node: &Node, patch: &mut Patch) -> Result<()> {
    if !mode.has(Change::PatchOptions) && node.is_map() {
        // A map of booleans, of which two keys mean something.
        for entry in node.entries() {
            let value = mode.boolean(&entry.value)?;
            match entry.key.text() {
                Some("allowNameChange") => patch.may_rename = value,
                Some("allowKindChange") => patch.may_change_kind = value,
                _ => {}
            }
        }
        return Ok(());
    }
    mode.fields(
        node,
        &["allowNameChange", "allowKindChange"],
        |name, value| {
            match name {
                "allowNameChange" => patch.may_rename = mode.boolean(value)?,
                _ => patch.may_change_kind = mode.boolean(value)?,
            }
            Ok(())
        },
    )
}

pub(super) fn selector(mode: Mode, node: &Node) -> Result<Selector> {
    selector_of(mode, node, Pattern::from_text)
}

/// The selector of a replacement's target: words in place of expressions before
/// [`Change::ReplacementPatterns`].
fn target_selector(mode: Mode, node: &Node) -> Result<Selector> {
    if mode.has(Change::ReplacementPatterns) {
        return selector(mode, node);
    }
    selector_of(mode, node, |text| Ok(Pattern::word(text)))
}

fn selector_of(
    mode: Mode,
    node: &Node,
    read: impl Fn(&str) -> Result<Pattern>,
) -> Result<Selector> {
    const FIELDS: &[&str] = &[
        "group",
        "version",
        "kind",
        "name",
        "namespace",
        "labelSelector",
        "annotationSelector",
    ];
    let mut selector = Selector::default();
    let labels = |value: &Node| {
        LabelSelector::parse(&mode.text(value)?).map_err(|error| error.at(value.span))
    };
    let pattern = |value: &Node| read(&mode.text(value)?).map_err(|error| error.at(value.span));
    mode.fields(node, FIELDS, |name, value| {
        match name {
            "group" => selector.group = pattern(value)?,
            "version" => selector.version = pattern(value)?,
            "kind" => selector.kind = pattern(value)?,
            "name" => selector.name = pattern(value)?,
            "namespace" => selector.namespace = pattern(value)?,
            "labelSelector" => selector.labels = labels(value)?,
            _ => selector.annotations = labels(value)?,
        }
        Ok(())
    })?;
    Ok(selector)
}

/// The name of an entry before one is read: where it would stand.
fn unnamed(node: &Node) -> Text {
    Text {
        text: Str::default(),
        span: node.span,
    }
}

pub(super) fn image(mode: Mode, node: &Node) -> Result<Image> {
    let mut image = Image {
        name: unnamed(node),
        ..Image::default()
    };
    let known = &["name", "newName", "tagSuffix", "newTag", "digest"];
    mode.fields(node, known, |name, value| {
        let field = match name {
            "name" => &mut image.name,
            "newName" => &mut image.new_name,
            "tagSuffix" => &mut image.tag_suffix,
            "newTag" => &mut image.new_tag,
            _ => &mut image.digest,
        };
        *field = mode.text(value)?;
        Ok(())
    })?;
    Ok(image)
}

pub(super) fn replica(mode: Mode, node: &Node) -> Result<Replica> {
    let mut replica = Replica {
        name: unnamed(node),
        ..Replica::default()
    };
    mode.fields(node, &["name", "count"], |name, value| {
        match name {
            "name" => replica.name = mode.text(value)?,
            _ => {
                replica.count = mode.integer(value)?;
                replica.count_span = value.span;
            }
        }
        Ok(())
    })?;
    Ok(replica)
}

pub(super) fn order(mode: Mode, node: &Node) -> Result<Option<Order>> {
    if node.is_null() {
        return Ok(None);
    }
    let mut word = Text {
        span: node.span,
        ..Text::default()
    };
    let mut kinds = None;
    mode.fields(node, &["order", "legacySortOptions"], |name, value| {
        match name {
            "order" => word = mode.text(value)?,
            _ if value.is_null() => {}
            _ => kinds = Some(legacy_kinds(mode, value)?),
        }
        Ok(())
    })?;
    let wrong = |message: &str| {
        Err(Error::new(Kind::Kustomization, message)
            .at(word.span)
            .help("`order` is `legacy` or `fifo`; only `legacy` has `legacySortOptions`"))
    };
    match (&*word, kinds) {
        ("fifo", None) => Ok(Some(Order::Fifo)),
        ("fifo", Some(_)) => wrong("`legacySortOptions` with the order `fifo`"),
        ("legacy", None) => Ok(Some(Order::legacy())),
        ("legacy", Some((first, last))) => Ok(Some(Order::Legacy { first, last })),
        ("", _) => wrong("`sortOptions` without an `order`"),
        (other, _) => wrong(&format!("`{other}` is no order")),
    }
}

fn legacy_kinds(mode: Mode, node: &Node) -> Result<(Vec<Str>, Vec<Str>)> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    mode.fields(node, &["orderFirst", "orderLast"], |name, value| {
        let kinds = mode
            .texts(value)?
            .into_iter()
            .map(|kind| kind.text)
            .collect();
        match name {
            "orderFirst" => first = kinds,
            _ => last = kinds,
        }
        Ok(())
    })?;
    Ok((first, last))
}

/// The fields that a ConfigMap's and a Secret's generator share.
const GENERATOR: &[&str] = &[
    "namespace",
    "name",
    "behavior",
    "literals",
    "files",
    "envs",
    "env",
    "options",
    "type",
];

pub(super) fn config_map(mode: Mode, node: &Node) -> Result<generate::Args> {
    generator(mode, node, &GENERATOR[..GENERATOR.len() - 1])
}

pub(super) fn secret(mode: Mode, node: &Node) -> Result<generate::Args> {
    generator(mode, node, GENERATOR)
}

fn generator(mode: Mode, node: &Node, known: &'static [&'static str]) -> Result<generate::Args> {
    let mut args = generate::Args {
        name: unnamed(node),
        ..generate::Args::default()
    };
    let mut env = Text::default();
    mode.fields(node, known, |name, value| {
        match name {
            "namespace" => args.namespace = mode.text(value)?,
            "name" => args.name = mode.text(value)?,
            "behavior" => args.behavior = mode.text(value)?,
            "literals" => args.literals = mode.texts(value)?,
            "files" => args.files = mode.texts(value)?,
            "envs" => args.envs = mode.texts(value)?,
            "env" => env = mode.text(value)?,
            "options" => args.options = generator_options(mode, value)?,
            _ => args.secret_type = mode.text(value)?,
        }
        Ok(())
    })?;
    if !env.is_empty() {
        args.envs.push(env);
    }
    Ok(args)
}

pub(super) fn generator_options(mode: Mode, node: &Node) -> Result<generate::Options> {
    let mut options = generate::Options::default();
    let known = &[
        "labels",
        "annotations",
        "disableNameSuffixHash",
        "immutable",
    ];
    mode.fields(node, known, |name, value| {
        match name {
            "labels" => options.labels = mode.pairs(value)?,
            "annotations" => options.annotations = mode.pairs(value)?,
            "disableNameSuffixHash" => options.disable_name_suffix_hash = mode.boolean(value)?,
            _ => options.immutable = mode.boolean(value)?,
        }
        Ok(())
    })?;
    Ok(options)
}

pub(super) fn helm_globals(mode: Mode, node: &Node) -> Result<HelmGlobals> {
    let mut globals = HelmGlobals::default();
    mode.fields(node, &["chartHome", "configHome"], |name, value| {
        match name {
            "chartHome" => globals.chart_home = mode.text(value)?,
            _ => globals.config_home = mode.text(value)?,
        }
        Ok(())
    })?;
    Ok(globals)
}

/// The fields of an entry of `helmCharts`.
const CHART: &[&str] = &[
    "name",
    "version",
    "repo",
    "releaseName",
    "namespace",
    "additionalValuesFiles",
    "valuesFile",
    "valuesInline",
    "valuesMerge",
    "includeCRDs",
    "skipHooks",
    "apiVersions",
    "kubeVersion",
    "nameTemplate",
    "skipTests",
    "debug",
    "devel",
];

pub(super) fn helm_chart(mode: Mode, node: &Node) -> Result<HelmChart> {
    let mut chart = HelmChart {
        name: unnamed(node),
        ..HelmChart::default()
    };
    mode.fields(node, CHART, |name, value| {
        match name {
            "name" => chart.name = mode.text(value)?,
            "version" => chart.version = mode.text(value)?,
            "repo" => chart.repo = mode.text(value)?,
            "releaseName" => chart.release_name = mode.text(value)?,
            "namespace" => chart.namespace = mode.text(value)?,
            "additionalValuesFiles" => chart.additional_values_files = mode.texts(value)?,
            "valuesFile" => chart.values_file = mode.text(value)?,
            "valuesInline" => chart.values_inline = values(value)?,
            "valuesMerge" => chart.values_merge = mode.text(value)?,
            "includeCRDs" => chart.include_crds = mode.boolean(value)?,
            "skipHooks" => chart.skip_hooks = mode.boolean(value)?,
            "apiVersions" => chart.api_versions = mode.texts(value)?,
            "kubeVersion" => chart.kube_version = mode.text(value)?,
            "nameTemplate" => chart.name_template = mode.text(value)?,
            "skipTests" => chart.skip_tests = mode.boolean(value)?,
            "debug" => chart.debug = mode.boolean(value)?,
            _ => chart.devel = mode.boolean(value)?,
        }
        Ok(())
    })?;
    Ok(chart)
}

fn values(node: &Node) -> Result<Option<Node>> {
    match node {
        node if node.is_null() => Ok(None),
        node if node.is_map() => Ok(Some(node.clone())),
        node => Err(mismatch(node, "a map")),
    }
}

/// An entry of the deprecated `helmChartInflationGenerator`; some of its fields have no successor.
pub(super) fn old_helm_chart(mode: Mode, node: &Node) -> Result<(HelmChart, HelmGlobals)> {
    const FIELDS: &[&str] = &[
        "chartName",
        "chartVersion",
        "chartRepoUrl",
        "chartHome",
        "chartRepoName",
        "helmBin",
        "helmHome",
        "values",
        "valuesLocal",
        "valuesMerge",
        "releaseName",
        "releaseNamespace",
        "extraArgs",
    ];
    let (mut chart, mut globals) = (HelmChart::default(), HelmGlobals::default());
    mode.fields(node, FIELDS, |name, value| {
        match name {
            "chartName" => chart.name = mode.text(value)?,
            "chartVersion" => chart.version = mode.text(value)?,
            "chartRepoUrl" => chart.repo = mode.text(value)?,
            "chartHome" => globals.chart_home = mode.text(value)?,
            "helmHome" => globals.config_home = mode.text(value)?,
            "values" => chart.values_file = mode.text(value)?,
            "valuesLocal" => chart.values_inline = values(value)?,
            "valuesMerge" => chart.values_merge = mode.text(value)?,
            "releaseName" => chart.release_name = mode.text(value)?,
            "extraArgs" => drop(mode.texts(value)?),
            _ => drop(mode.text(value)?),
        }
        Ok(())
    })?;
    Ok((chart, globals))
}

pub(super) fn build_metadata(mode: Mode, node: &Node) -> Result<BuildMetadata> {
    let words = mode.texts(node)?;
    let has = |word: &str| words.iter().any(|text| &**text == word);
    Ok(BuildMetadata {
        tracked: !words.is_empty(),
        origin: has("originAnnotations"),
        transformations: has("transformerAnnotations"),
        managed_by: has("managedByLabel"),
    })
}

pub(super) fn replacement_source(mode: Mode, node: &Node) -> Result<ReplacementSource> {
    let mut path = Text::default();
    let replacement = replacement_with(mode, node, Some(&mut path))?;
    if path.is_empty() {
        return Ok(ReplacementSource::Inline(Box::new(replacement)));
    }
    let has_targets = replacement
        .targets
        .is_some_and(|targets| !targets.is_empty());
    if replacement.source.is_some() || has_targets {
        let message = "a replacement has a `path`, or `source` and `targets`, not both";
        return Err(Error::new(Kind::Kustomization, message).at(node.span));
    }
    Ok(ReplacementSource::Path(path))
}

/// The replacements in a file: one, or a list of them.
///
/// # Errors
///
/// If the file holds something else.
pub fn replacements(node: &Node, release: Release) -> Result<Vec<Replacement>> {
    let lenient = Mode::LENIENT.as_of(release);
    let replacement = |mode, node: &Node| replacement_with(mode, node, None);
    match &node.value {
        Value::Seq(_) => lenient.list(node, replacement),
        Value::Map(_) => Ok(vec![replacement(lenient, node)?]),
        _ => Err(mismatch(node, "a replacement or a list of them")),
    }
}

fn replacement_with(mode: Mode, node: &Node, mut path: Option<&mut Text>) -> Result<Replacement> {
    let mut replacement = Replacement {
        span: node.span,
        ..Replacement::default()
    };
    mode.fields(
        node,
        &["source", "targets", "sourceValue", "path"],
        |name, value| {
            match (name, &mut path) {
                ("path", Some(path)) => **path = mode.text(value)?,
                ("path", None) => {}
                _ if value.is_null() => {}
                ("source", _) => replacement.source = Some(replacement_source_field(mode, value)?),
                ("targets", _) => {
                    let targets = mode.list(value, replacement_target)?;
                    // In a kustomization no targets at all are none.
                    let has_some = !mode.is_strict() || !targets.is_empty();
                    replacement.targets = has_some.then_some(targets);
                }
                _ => replacement.source_value = Some(mode.text(value)?),
            }
            Ok(())
        },
    )?;
    Ok(replacement)
}

fn replacement_source_field(mode: Mode, node: &Node) -> Result<replacement::Source> {
    const FIELDS: &[&str] = &[
        "group",
        "version",
        "kind",
        "name",
        "namespace",
        "fieldPath",
        "options",
    ];
    let mut source = replacement::Source {
        span: node.span,
        ..replacement::Source::default()
    };
    mode.fields(node, FIELDS, |name, value| {
        match name {
            "group" => source.gvk.group = mode.text(value)?.text,
            "version" => source.gvk.version = mode.text(value)?.text,
            "kind" => source.gvk.kind = mode.text(value)?.text,
            "name" => source.name = mode.text(value)?,
            "namespace" => source.namespace = mode.text(value)?,
            "fieldPath" => source.field_path = mode.text(value)?,
            _ => source.options = field_options(mode, value)?,
        }
        Ok(())
    })?;
    Ok(source)
}

fn replacement_target(mode: Mode, node: &Node) -> Result<replacement::Target> {
    let mut target = replacement::Target {
        span: node.span,
        ..replacement::Target::default()
    };
    mode.fields(
        node,
        &["select", "reject", "fieldPaths", "options"],
        |name, value| {
            match name {
                "select" if value.is_null() => {}
                "select" => target.select = Some(target_selector(mode, value)?),
                "reject" => target.reject = mode.list(value, target_selector)?,
                "fieldPaths" => target.field_paths = mode.texts(value)?,
                _ => target.options = field_options(mode, value)?,
            }
            Ok(())
        },
    )?;
    Ok(target)
}

fn field_options(mode: Mode, node: &Node) -> Result<replacement::FieldOptions> {
    let mut options = replacement::FieldOptions::default();
    mode.fields(
        node,
        &["delimiter", "index", "encoding", "create"],
        |name, value| {
            match name {
                "delimiter" => options.delimiter = mode.text(value)?,
                "index" => options.index = mode.integer(value)?,
                // Known, but without a meaning so far.
                "encoding" => drop(mode.text(value)?),
                _ => options.create = mode.boolean(value)?,
            }
            Ok(())
        },
    )?;
    Ok(options)
}

pub(super) fn var(mode: Mode, node: &Node) -> Result<Var> {
    let mut var = Var::default();
    var.name.span = node.span;
    mode.fields(node, &["name", "objref", "fieldref"], |name, value| {
        match name {
            "name" => var.name = mode.text(value)?,
            "objref" => var.object = object_reference(mode, value)?,
            _ => mode.fields(value, &["fieldPath"], |_, value| {
                var.field_path = mode.text(value)?;
                Ok(())
            })?,
        }
        Ok(())
    })?;
    Ok(var)
}

fn object_reference(mode: Mode, node: &Node) -> Result<ObjectReference> {
    const FIELDS: &[&str] = &[
        "apiVersion",
        "group",
        "version",
        "kind",
        "name",
        "namespace",
    ];
    let mut object = ObjectReference::default();
    let mut api_version = Text::default();
    mode.fields(node, FIELDS, |name, value| {
        let text = mode.text(value)?;
        match name {
            "apiVersion" => api_version = text,
            "group" => object.gvk.group = text.text,
            "version" => object.gvk.version = text.text,
            "kind" => object.gvk.kind = text.text,
            "name" => object.name = text.text,
            _ => object.namespace = text.text,
        }
        Ok(())
    })?;
    object.set_api_version(&api_version);
    Ok(object)
}

pub(super) fn value_add(mode: Mode, node: &Node) -> Result<ValueAdd> {
    let mut args = ValueAdd {
        span: node.span,
        ..ValueAdd::default()
    };
    mode.fields(
        node,
        &["value", "targets", "targetFilePath"],
        |name, value| {
            match name {
                "value" => args.value = mode.text(value)?,
                "targets" => args.targets = mode.list(value, value_add_target)?,
                _ => args.target_file_path = mode.text(value)?,
            }
            Ok(())
        },
    )?;
    Ok(args)
}

/// The targets in the file that a `ValueAddTransformer` names.
///
/// # Errors
///
/// If the file holds something else.
pub fn value_add_targets(node: &Node) -> Result<Vec<value_add::Target>> {
    let mut targets = Vec::new();
    Mode::LENIENT.fields(node, &["targets"], |_, value| {
        targets = Mode::LENIENT.list(value, value_add_target)?;
        Ok(())
    })?;
    Ok(targets)
}

fn value_add_target(mode: Mode, node: &Node) -> Result<value_add::Target> {
    let mut target = value_add::Target {
        span: node.span,
        ..value_add::Target::default()
    };
    mode.fields(
        node,
        &["selector", "fieldPath", "filePathPosition"],
        |name, value| {
            match name {
                "selector" if value.is_null() => {}
                "selector" => target.selector = Some(selector(mode, value)?),
                "fieldPath" => target.field_path = mode.text(value)?,
                _ => target.position = mode.integer(value)?,
            }
            Ok(())
        },
    )?;
    Ok(target)
}
