//! The kustomization file as a value.
//!
//! It is made of the argument types of the steps themselves, and every text in it knows where it
//! was written. Old spellings are brought into the new ones here.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>.

mod builtin;
mod lacking;
mod misfit;
mod parts;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Text};

use crate::decode::Mode;
use crate::generate;
use crate::release::Release;
use crate::resource::Selector;
use crate::transform::images::Image;
use crate::transform::labels::Label;
use crate::transform::namespace_map::NamespaceMap;
use crate::transform::replicas::Replica;
use crate::vars::Var;

pub use builtin::{BUILTIN_PLUGINS, Builtin};
pub(crate) use lacking::unheard;
pub use parts::{
    HelmChart, HelmGlobals, Patch, ReplacementSource, SortOptions, replacements, value_add_targets,
};

/// The names under which a kustomization is found in its directory.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What a kustomization asks for.
#[derive(Clone, Debug, Default)]
pub struct Kustomization {
    /// Whether it is a component.
    pub kind: Kind,
    /// Files, directories and URLs of resources, those of `bases` last.
    pub resources: Vec<Text>,
    /// Directories and URLs of components.
    pub components: Vec<Text>,
    /// Files with OpenAPI definitions of custom resources.
    pub crds: Vec<Text>,
    /// Files with tables of fields.
    pub configurations: Vec<Text>,
    /// Generators: files, directories or YAML.
    pub generators: Vec<Text>,
    /// Transformers: files, directories or YAML.
    pub transformers: Vec<Text>,
    /// Validators: files, directories or YAML.
    pub validators: Vec<Text>,
    /// Which Kubernetes schema is used.
    pub openapi: OpenApi,
    /// The prefix of all names.
    pub name_prefix: Text,
    /// What goes behind all names.
    pub name_suffix: Text,
    /// The namespace of everything that has one.
    pub namespace: Text,
    /// Labels for objects, selectors and templates.
    pub common_labels: Vec<(Text, Text)>,
    /// Labels, with their options.
    pub labels: Vec<Label>,
    /// Annotations for objects and templates.
    pub common_annotations: Vec<(Text, Text)>,
    /// Patches of either kind.
    pub patches: Vec<Patch>,
    /// Strategic merge patches: files or YAML.
    pub patches_strategic_merge: Vec<Text>,
    /// JSON patches.
    pub patches_json6902: Vec<Patch>,
    /// Images, those of `imageTags` last.
    pub images: Vec<Image>,
    /// Replacements, or files that hold them.
    pub replacements: Vec<ReplacementSource>,
    /// Numbers of replicas.
    pub replicas: Vec<Replica>,
    /// Where namespaces are moved to when all names are final; no kustomization says it.
    pub namespaces: NamespaceMap,
    /// Variables.
    pub vars: Vec<Var>,
    /// ConfigMaps to generate.
    pub config_maps: Vec<generate::Args>,
    /// Secrets to generate.
    pub secrets: Vec<generate::Args>,
    /// Defaults for both.
    pub generator_options: generate::Options,
    /// Helm charts to inflate.
    pub helm_charts: Vec<HelmChart>,
    /// What all helm charts share.
    pub helm_globals: HelmGlobals,
    /// Which traces of the build the output keeps.
    pub metadata: BuildMetadata,
    /// In which order the output is.
    pub sort_options: Option<SortOptions>,
    /// The fields that count only if this is the kustomization that is built, and where they stand.
    pub of_the_root: Vec<(&'static str, Span)>,
}

/// The two kinds of kustomization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// One that stands for itself.
    #[default]
    Kustomization,
    /// One that changes what another has gathered.
    Component,
}

/// The `openapi` field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenApi {
    /// A built-in version.
    pub version: Option<Text>,
    /// A file that takes the place of the built-in one.
    pub path: Option<Text>,
}

/// The `buildMetadata` field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuildMetadata {
    /// Whether anything is tracked, which any word in the field makes happen.
    pub tracked: bool,
    /// `originAnnotations`
    pub origin: bool,
    /// `transformerAnnotations`
    pub transformations: bool,
    /// `managedByLabel`
    pub managed_by: bool,
}

const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];

/// Fields that still work, and what to write instead.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

/// What an entry of `configMapGenerator` or `secretGenerator` asks for.
pub fn generator(product: generate::Product, node: &Node) -> Result<generate::Args> {
    match product {
        generate::Product::ConfigMap => parts::config_map(Mode::STRICT, node),
        generate::Product::Secret => parts::secret(Mode::STRICT, node),
    }
}

/// What is said of a kustomization that asks for nothing; the reader of its directory advises.
pub const EMPTY: &str = "the kustomization names nothing to build";

impl Kustomization {
    /// Reads a kustomization; the findings speak of deprecated fields.
    ///
    /// # Errors
    ///
    /// An unknown field, a value of the wrong type, or a file that asks for nothing.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::kustomization::Kustomization;
    /// use kustom_yaml::place::SourceId;
    /// use kustom_yaml::read_config;
    ///
    /// let node = read_config(b"resorces: [a.yaml]\n", SourceId::NONE)?;
    /// let error = Kustomization::parse(&node).unwrap_err();
    /// assert_eq!(error.help_line(), Some("did you mean `resources`?"));
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn parse(node: &Node) -> Result<(Self, Vec<Finding>)> {
        Self::parse_as_of(node, Release::NEWEST)
    }

    /// The same as a release of kustomize reads it.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn parse_as_of(node: &Node, release: Release) -> Result<(Self, Vec<Finding>)> {
        let mut reader = Reader {
            mode: Mode::STRICT.as_of(release),
            ..Reader::default()
        };
        let mut findings = Vec::new();
        Mode::STRICT
            .fields(node, FIELDS, |name, value| {
                if let Some((_, instead)) = DEPRECATED.iter().find(|(old, _)| *old == name)
                    && !value.is_null()
                {
                    let message = format!("`{name}` is deprecated");
                    let place = key_span(node, value);
                    findings.push(
                        Finding::warning("deprecated-field", message)
                            .at(place)
                            .help(format!("write `{instead}` instead")),
                    );
                }
                reader.field(name, value)?;
                lacking::check(name, value, &mut findings);
                if let Some(name) = lacking::of_the_root(name, value) {
                    reader
                        .result
                        .of_the_root
                        .push((name, key_span(node, value)));
                }
                Ok(())
            })
            .map_err(|error| misfit::named(node, error))?;
        Ok((reader.finish(node)?, findings))
    }

    /// Reads a kustomization as Go's decoder does where nobody asks it to be strict: unknown fields
    /// are left out, also in entries, and a number will do for a text. One that asks for nothing is
    /// none to be refused.
    ///
    /// # Errors
    ///
    /// A value of the wrong type.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::kustomization::Kustomization;
    /// use kustom_yaml::place::SourceId;
    /// use kustom_yaml::read_config;
    ///
    /// let node = read_config(b"images: [{name: web, tag: v2}]\nnameprefix: 1\n", SourceId::NONE)?;
    /// let kustomization = Kustomization::parse_leniently(&node)?;
    /// assert_eq!(&*kustomization.name_prefix, "1");
    /// assert_eq!(&*kustomization.images[0].new_tag, "");
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn parse_leniently(node: &Node) -> Result<Self> {
        let mut reader = Reader {
            mode: Mode::LENIENT,
            asks_for_something: true,
            ..Reader::default()
        };
        let mode = reader.mode;
        mode.fields(node, FIELDS, |name, value| reader.field(name, value))
            .map_err(|error| misfit::named(node, error))?;
        reader.asks_for_something = true;
        reader.finish(node)
    }
}

/// What an entry selects objects by: group, version, kind, name, namespace, labels, annotations.
///
/// # Errors
///
/// An unknown field, a value that is no text, a pattern or a selector that cannot be read.
pub fn selector(node: &Node) -> Result<Selector> {
    parts::selector(Mode::STRICT, node)
}

/// What a `buildMetadata` field asks for.
///
/// # Errors
///
/// If it is no list of texts.
pub fn build_metadata(node: &Node) -> Result<BuildMetadata> {
    parts::build_metadata(Mode::STRICT, node)
}

/// The place of the key that a value belongs to.
fn key_span(node: &Node, value: &Node) -> Span {
    let entry = node
        .entries()
        .iter()
        .find(|entry| std::ptr::eq(&entry.value, value));
    entry.map_or(value.span, |entry| entry.key.span)
}

/// A kustomization while it is read.
struct Reader {
    mode: Mode,
    result: Kustomization,
    kind: Text,
    api_version: Text,
    bases: Vec<Text>,
    image_tags: Vec<Image>,
    old_charts: Vec<HelmChart>,
    old_globals: HelmGlobals,
    asks_for_something: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            mode: Mode::STRICT,
            result: Kustomization::default(),
            kind: Text::default(),
            api_version: Text::default(),
            bases: Vec::new(),
            image_tags: Vec::new(),
            old_charts: Vec::new(),
            old_globals: HelmGlobals::default(),
            asks_for_something: false,
        }
    }
}

impl Reader {
    fn field(&mut self, name: &str, value: &Node) -> Result<()> {
        self.asks_for_something |= counts(name, value);
        let mode = self.mode;
        let result = &mut self.result;
        match name {
            "apiVersion" => self.api_version = mode.text(value)?,
            "kind" => self.kind = mode.text(value)?,
            "metadata" => parts::check_metadata(mode, value)?,
            "openapi" => result.openapi = parts::openapi(mode, value)?,
            "namePrefix" => result.name_prefix = mode.text(value)?,
            "nameSuffix" => result.name_suffix = mode.text(value)?,
            "namespace" => result.namespace = mode.text(value)?,
            "commonLabels" => result.common_labels = mode.pairs(value)?,
            "labels" => result.labels = mode.list(value, parts::label)?,
            "commonAnnotations" => result.common_annotations = mode.pairs(value)?,
            "patchesStrategicMerge" => result.patches_strategic_merge = mode.texts(value)?,
            "patchesJson6902" => result.patches_json6902 = mode.list(value, parts::patch)?,
            "patches" => result.patches = mode.list(value, parts::patch)?,
            "images" => result.images = mode.list(value, parts::image)?,
            "imageTags" => self.image_tags = mode.list(value, parts::image)?,
            "replacements" => result.replacements = mode.list(value, parts::replacement_source)?,
            "replicas" => result.replicas = mode.list(value, parts::replica)?,
            "vars" => result.vars = mode.list(value, parts::var)?,
            "sortOptions" => result.sort_options = parts::sort_options(mode, value)?,
            "resources" => result.resources = mode.texts(value)?,
            "components" => result.components = mode.texts(value)?,
            "crds" => result.crds = mode.texts(value)?,
            "bases" => self.bases = mode.texts(value)?,
            "configMapGenerator" => result.config_maps = mode.list(value, parts::config_map)?,
            "secretGenerator" => result.secrets = mode.list(value, parts::secret)?,
            "helmGlobals" => result.helm_globals = parts::helm_globals(mode, value)?,
            "helmCharts" => result.helm_charts = mode.list(value, parts::helm_chart)?,
            "helmChartInflationGenerator" => {
                for (chart, globals) in mode.list(value, parts::old_helm_chart)? {
                    self.old_charts.push(chart);
                    self.old_globals.override_with(globals);
                }
            }
            "generatorOptions" => result.generator_options = parts::generator_options(mode, value)?,
            "configurations" => result.configurations = mode.texts(value)?,
            "generators" => result.generators = mode.texts(value)?,
            "transformers" => result.transformers = mode.texts(value)?,
            "validators" => result.validators = mode.texts(value)?,
            _ => result.metadata = parts::build_metadata(mode, value)?,
        }
        Ok(())
    }

    fn finish(mut self, node: &Node) -> Result<Kustomization> {
        let mut result = self.result;
        if !self.asks_for_something {
            let error = Error::new(ErrorKind::Kustomization, EMPTY);
            // A file without a line is named by the caller, who read it.
            return Err(match node.span.line {
                0 => error,
                _ => error.at(node.span),
            });
        }
        result.kind = kind_of(&self.kind)?;
        let wanted = match result.kind {
            Kind::Kustomization => "kustomize.config.k8s.io/v1beta1",
            Kind::Component => "kustomize.config.k8s.io/v1alpha1",
        };
        if !self.api_version.is_empty() && &*self.api_version != wanted {
            let message = format!(
                "`{}` is no `apiVersion` of a kustomization",
                self.api_version
            );
            return Err(Error::new(ErrorKind::Kustomization, message)
                .at(self.api_version.span)
                .help(format!("write `{wanted}`")));
        }
        result.resources.append(&mut self.bases);
        result.images.append(&mut self.image_tags);
        result.helm_charts.append(&mut self.old_charts);
        if result.helm_globals == HelmGlobals::default() {
            result.helm_globals = self.old_globals;
        }
        Ok(result)
    }
}

fn kind_of(kind: &Text) -> Result<Kind> {
    match &**kind {
        "" | "Kustomization" => Ok(Kind::Kustomization),
        "Component" => Ok(Kind::Component),
        _ => Err(Error::new(
            ErrorKind::Kustomization,
            format!("`{kind}` is no kind of kustomization"),
        )
        .at(kind.span)
        .help("`kind` is `Kustomization` or `Component`")),
    }
}

/// Whether a field asks for something; what is moved to another field must have content.
fn counts(name: &str, value: &Node) -> bool {
    match name {
        "apiVersion" | "kind" => false,
        "bases" | "imageTags" | "helmChartInflationGenerator" => !value.items().is_empty(),
        _ => !value.is_null() && value.text() != Some(""),
    }
}
