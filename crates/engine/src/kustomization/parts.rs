//! Decodes the parts of a kustomization, one function for each type.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Str, Text, Value};

use super::{BuildMetadata, OpenApi};
use crate::decode::{Mode, fields, mismatch};
use crate::generate;
use crate::order::Order;
use crate::release::{Change, Release};
use crate::resource::{LabelSelector, Pattern, SELECTOR_PARTS, Selector};
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
    fields!(mode, node, |value| {
        "name" => drop(mode.text(value)?),
        "namespace" => drop(mode.text(value)?),
        "labels" => drop(mode.pairs(value)?),
        "annotations" => drop(mode.pairs(value)?),
    })
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
            .help("a file takes the place of the built-in version; remove one of them"));
    }
    Ok(openapi)
}

pub(super) fn label(mode: Mode, node: &Node) -> Result<Label> {
    let mut label = Label::default();
    fields!(mode, node, |value| {
        "pairs" => label.pairs = mode.pairs(value)?,
        "includeSelectors" => label.reach.selectors = mode.boolean(value)?,
        "includeTemplates" => label.reach.templates = mode.boolean(value)?,
        "includeVolumeClaimTemplates" => {
            label.reach.volume_claim_templates = mode.boolean(value)?;
        },
        "fields" => label.fields = mode.list(value, Mode::field_spec)?,
    })?;
    Ok(label)
}

pub(super) fn patch(mode: Mode, node: &Node) -> Result<Patch> {
    let mut patch = Patch {
        span: node.span,
        ..Patch::default()
    };
    fields!(mode, node, |value| {
        "path" => patch.path = mode.text(value)?,
        "patch" => patch.patch = mode.text(value)?,
        "target" => {
            patch.target = mode.optional(value, selector)?;
            patch.target_name = value.get("name").map(Text::of).unwrap_or_default();
        },
        "options" => patch_options(mode, value, &mut patch)?,
    })?;
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
    fields!(mode, node, |value| {
        "allowNameChange" => patch.may_rename = mode.boolean(value)?,
        "allowKindChange" => patch.may_change_kind = mode.boolean(value)?,
    })
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
    let mut selector = Selector::default();
    let labels = |value: &Node| {
        LabelSelector::parse(&mode.text(value)?).map_err(|error| error.at(value.span))
    };
    let pattern = |value: &Node| read(&mode.text(value)?).map_err(|error| error.at(value.span));
    selector.spans = SELECTOR_PARTS.map(|part| {
        node.get(part)
            .map_or_else(kustom_yaml::place::Span::default, |value| value.span)
    });
    fields!(mode, node, |value| {
        "group" => selector.group = pattern(value)?,
        "version" => selector.version = pattern(value)?,
        "kind" => selector.kind = pattern(value)?,
        "name" => selector.name = pattern(value)?,
        "namespace" => selector.namespace = pattern(value)?,
        "labelSelector" => selector.labels = labels(value)?,
        "annotationSelector" => selector.annotations = labels(value)?,
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
    fields!(mode, node, |value| {
        "name" => image.name = mode.text(value)?,
        "newName" => image.new_name = mode.text(value)?,
        "tagSuffix" => image.tag_suffix = mode.text(value)?,
        "newTag" => image.new_tag = mode.text(value)?,
        "digest" => image.digest = mode.text(value)?,
    })?;
    Ok(image)
}

pub(super) fn replica(mode: Mode, node: &Node) -> Result<Replica> {
    let mut replica = Replica {
        name: unnamed(node),
        ..Replica::default()
    };
    fields!(mode, node, |value| {
        "name" => replica.name = mode.text(value)?,
        "count" => {
            replica.count = mode.integer(value)?;
            replica.count_span = value.span;
        },
    })?;
    Ok(replica)
}

/// `sortOptions`, as they are written: only those of the root are asked, so only there is a mistake
/// one.
#[derive(Clone, Debug)]
pub struct SortOptions {
    order: Text,
    kinds: Option<LegacyKinds>,
}

/// The kinds that come first, and those that come last.
type LegacyKinds = (Vec<Str>, Vec<Str>);

impl SortOptions {
    /// The order in which objects were added.
    pub fn fifo() -> Self {
        Self {
            order: "fifo".into(),
            kinds: None,
        }
    }

    /// The order that is asked for.
    ///
    /// # Errors
    ///
    /// If there is none, an unknown one, or one that has no kinds and gives some.
    pub fn order(&self) -> Result<Order> {
        let wrong = |message: &str| {
            Err(Error::new(Kind::Kustomization, message)
                .at(self.order.span)
                .help("`order` is `legacy` or `fifo`; only `legacy` has `legacySortOptions`"))
        };
        match (&*self.order, &self.kinds) {
            ("fifo", None) => Ok(Order::Fifo),
            ("fifo", Some(_)) => wrong("`legacySortOptions` with the order `fifo`"),
            ("legacy", None) => Ok(Order::legacy()),
            ("legacy", Some((first, last))) => Ok(Order::Legacy {
                first: first.clone(),
                last: last.clone(),
            }),
            ("", _) => wrong("`sortOptions` without an `order`"),
            (other, _) => wrong(&format!("`{other}` is no order")),
        }
    }
}

pub(super) fn sort_options(mode: Mode, node: &Node) -> Result<Option<SortOptions>> {
    if node.is_null() {
        return Ok(None);
    }
    let mut order = unnamed(node);
    let mut kinds = None;
    fields!(mode, node, |value| {
        "order" => order = mode.text(value)?,
        "legacySortOptions" => kinds = mode.optional(value, legacy_kinds)?,
    })?;
    Ok(Some(SortOptions { order, kinds }))
}

fn legacy_kinds(mode: Mode, node: &Node) -> Result<LegacyKinds> {
    let kinds = |value: &Node| -> Result<Vec<Str>> {
        let kinds = mode.texts(value)?.into_iter();
        Ok(kinds.map(|kind| kind.text).collect())
    };
    let (mut first, mut last) = (Vec::new(), Vec::new());
    fields!(mode, node, |value| {
        "orderFirst" => first = kinds(value)?,
        "orderLast" => last = kinds(value)?,
    })?;
    Ok((first, last))
}

pub(super) fn config_map(mode: Mode, node: &Node) -> Result<generate::Args> {
    generator(mode, node, &GENERATOR[..GENERATOR.len() - 1])
}

pub(super) fn secret(mode: Mode, node: &Node) -> Result<generate::Args> {
    generator(mode, node, GENERATOR)
}

/// The fields of a Secret's generator; a ConfigMap's has all but the last.
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
    fields!(mode, node, |value| {
        "labels" => options.labels = mode.pairs(value)?,
        "annotations" => options.annotations = mode.pairs(value)?,
        "disableNameSuffixHash" => options.disable_name_suffix_hash = mode.boolean(value)?,
        "immutable" => options.immutable = mode.boolean(value)?,
    })?;
    Ok(options)
}

pub(super) fn helm_globals(mode: Mode, node: &Node) -> Result<HelmGlobals> {
    let mut globals = HelmGlobals::default();
    fields!(mode, node, |value| {
        "chartHome" => globals.chart_home = mode.text(value)?,
        "configHome" => globals.config_home = mode.text(value)?,
    })?;
    Ok(globals)
}

pub(super) fn helm_chart(mode: Mode, node: &Node) -> Result<HelmChart> {
    let mut chart = HelmChart {
        name: unnamed(node),
        ..HelmChart::default()
    };
    fields!(mode, node, |value| {
        "name" => chart.name = mode.text(value)?,
        "version" => chart.version = mode.text(value)?,
        "repo" => chart.repo = mode.text(value)?,
        "releaseName" => chart.release_name = mode.text(value)?,
        "namespace" => chart.namespace = mode.text(value)?,
        "additionalValuesFiles" => chart.additional_values_files = mode.texts(value)?,
        "valuesFile" => chart.values_file = mode.text(value)?,
        "valuesInline" => chart.values_inline = mode.optional(value, values)?,
        "valuesMerge" => chart.values_merge = mode.text(value)?,
        "includeCRDs" => chart.include_crds = mode.boolean(value)?,
        "skipHooks" => chart.skip_hooks = mode.boolean(value)?,
        "apiVersions" => chart.api_versions = mode.texts(value)?,
        "kubeVersion" => chart.kube_version = mode.text(value)?,
        "nameTemplate" => chart.name_template = mode.text(value)?,
        "skipTests" => chart.skip_tests = mode.boolean(value)?,
        "debug" => chart.debug = mode.boolean(value)?,
        "devel" => chart.devel = mode.boolean(value)?,
    })?;
    Ok(chart)
}

fn values(_: Mode, node: &Node) -> Result<Node> {
    if node.is_map() {
        Ok(node.clone())
    } else {
        Err(mismatch(node, "a map"))
    }
}

/// An entry of the deprecated `helmChartInflationGenerator`; some of its fields have no successor.
pub(super) fn old_helm_chart(mode: Mode, node: &Node) -> Result<(HelmChart, HelmGlobals)> {
    let (mut chart, mut globals) = (HelmChart::default(), HelmGlobals::default());
    fields!(mode, node, |value| {
        "chartName" => chart.name = mode.text(value)?,
        "chartVersion" => chart.version = mode.text(value)?,
        "chartRepoUrl" => chart.repo = mode.text(value)?,
        "chartHome" => globals.chart_home = mode.text(value)?,
        "chartRepoName" => drop(mode.text(value)?),
        "helmBin" => drop(mode.text(value)?),
        "helmHome" => globals.config_home = mode.text(value)?,
        "values" => chart.values_file = mode.text(value)?,
        "valuesLocal" => chart.values_inline = mode.optional(value, values)?,
        "valuesMerge" => chart.values_merge = mode.text(value)?,
        "releaseName" => chart.release_name = mode.text(value)?,
        "releaseNamespace" => drop(mode.text(value)?),
        "extraArgs" => drop(mode.texts(value)?),
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

/// A replacement; the `path` of one that is in a file has no meaning.
fn replacement_with(mode: Mode, node: &Node, mut path: Option<&mut Text>) -> Result<Replacement> {
    let mut replacement = Replacement {
        span: node.span,
        ..Replacement::default()
    };
    fields!(mode, node, |value| {
        "source" => replacement.source = mode.optional(value, replacement_origin)?,
        "targets" => {
            let list = |mode: Mode, value: &Node| mode.list(value, replacement_target);
            let targets = mode.optional(value, list)?;
            // In a kustomization no targets at all are none.
            replacement.targets = targets.filter(|list| !mode.is_strict() || !list.is_empty());
        },
        "sourceValue" => replacement.source_value = mode.optional(value, Mode::text)?,
        "path" => if let Some(path) = path.as_deref_mut() {
            *path = mode.text(value)?;
        },
    })?;
    Ok(replacement)
}

/// The `source` of a replacement.
fn replacement_origin(mode: Mode, node: &Node) -> Result<replacement::Source> {
    let mut source = replacement::Source {
        span: node.span,
        ..replacement::Source::default()
    };
    source.kind_span = node
        .get("kind")
        .map_or_else(kustom_yaml::place::Span::default, |kind| kind.span);
    fields!(mode, node, |value| {
        "group" => source.gvk.group = mode.text(value)?.text,
        "version" => source.gvk.version = mode.text(value)?.text,
        "kind" => source.gvk.kind = mode.text(value)?.text,
        "name" => source.name = mode.text(value)?,
        "namespace" => source.namespace = mode.text(value)?,
        "fieldPath" => source.field_path = mode.text(value)?,
        "options" => source.options = field_options(mode, value)?,
    })?;
    Ok(source)
}

fn replacement_target(mode: Mode, node: &Node) -> Result<replacement::Target> {
    let mut target = replacement::Target {
        span: node.span,
        ..replacement::Target::default()
    };
    fields!(mode, node, |value| {
        "select" => target.select = mode.optional(value, target_selector)?,
        "reject" => target.reject = mode.list(value, target_selector)?,
        "fieldPaths" => target.field_paths = mode.texts(value)?,
        "options" => target.options = field_options(mode, value)?,
    })?;
    Ok(target)
}

fn field_options(mode: Mode, node: &Node) -> Result<replacement::FieldOptions> {
    let mut options = replacement::FieldOptions::default();
    fields!(mode, node, |value| {
        "delimiter" => options.delimiter = mode.text(value)?,
        "index" => options.index = mode.integer(value)?,
        // Known, but without a meaning so far.
        "encoding" => drop(mode.text(value)?),
        "create" => options.create = mode.boolean(value)?,
    })?;
    Ok(options)
}

pub(super) fn var(mode: Mode, node: &Node) -> Result<Var> {
    let mut var = Var {
        name: unnamed(node),
        ..Var::default()
    };
    fields!(mode, node, |value| {
        "name" => var.name = mode.text(value)?,
        "objref" => var.object = object_reference(mode, value)?,
        "fieldref" => fields!(mode, value, |value| {
            "fieldPath" => var.field_path = mode.text(value)?,
        })?,
    })?;
    Ok(var)
}

fn object_reference(mode: Mode, node: &Node) -> Result<ObjectReference> {
    let mut object = ObjectReference::default();
    let mut api_version = Text::default();
    fields!(mode, node, |value| {
        "apiVersion" => api_version = mode.text(value)?,
        "group" => object.gvk.group = mode.text(value)?.text,
        "version" => object.gvk.version = mode.text(value)?.text,
        "kind" => object.gvk.kind = mode.text(value)?.text,
        "name" => object.name = mode.text(value)?.text,
        "namespace" => object.namespace = mode.text(value)?.text,
    })?;
    object.set_api_version(&api_version);
    Ok(object)
}

pub(super) fn value_add(mode: Mode, node: &Node) -> Result<ValueAdd> {
    let mut args = ValueAdd {
        span: node.span,
        ..ValueAdd::default()
    };
    fields!(mode, node, |value| {
        "value" => args.value = mode.text(value)?,
        "targets" => args.targets = mode.list(value, value_add_target)?,
        "targetFilePath" => args.target_file_path = mode.text(value)?,
    })?;
    Ok(args)
}

/// The targets in the file that a `ValueAddTransformer` names.
///
/// # Errors
///
/// If the file holds something else.
pub fn value_add_targets(node: &Node) -> Result<Vec<value_add::Target>> {
    let (mode, mut targets) = (Mode::LENIENT, Vec::new());
    fields!(mode, node, |value| {
        "targets" => targets = mode.list(value, value_add_target)?,
    })?;
    Ok(targets)
}

fn value_add_target(mode: Mode, node: &Node) -> Result<value_add::Target> {
    let mut target = value_add::Target {
        span: node.span,
        ..value_add::Target::default()
    };
    fields!(mode, node, |value| {
        "selector" => target.selector = mode.optional(value, selector)?,
        "fieldPath" => target.field_path = mode.text(value)?,
        "filePathPosition" => target.position = mode.integer(value)?,
    })?;
    Ok(target)
}
