//! Built-in generators and transformers that are configured by objects of their own.
//!
//! They decode into the same argument types that the fields of a kustomization have, and run the
//! same functions.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/builtins/>.

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::{Node, Text};

use super::parts::{self, HelmChart, HelmGlobals, Patch, ReplacementSource};
use crate::decode::{Mode, mismatch};
use crate::fields::FieldSpec;
use crate::generate;
use crate::release::Release;
use crate::transform::images::Image;
use crate::transform::namespace::{Namespace, Subjects};
use crate::transform::replicas::Replica;
use crate::transform::value_add::ValueAdd;

/// A built-in plugin and its arguments.
#[derive(Clone, Debug)]
pub enum Builtin {
    /// `AnnotationsTransformer`
    Annotations(Vec<(Text, Text)>, Vec<FieldSpec>),
    /// `ConfigMapGenerator`
    ConfigMap(generate::Args),
    /// `SecretGenerator`
    Secret(generate::Args),
    /// `HashTransformer`
    Hash,
    /// `HelmChartInflationGenerator`
    Helm(Box<HelmChart>, HelmGlobals),
    /// `IAMPolicyGenerator`
    IamPolicy(generate::IamPolicy),
    /// `ImageTagTransformer`
    Image(Image, Vec<FieldSpec>),
    /// `LabelTransformer`
    Labels(Vec<(Text, Text)>, Vec<FieldSpec>),
    /// `NamespaceTransformer`
    Namespace(Namespace, Vec<FieldSpec>),
    /// `PatchJson6902Transformer`
    PatchJson6902(Patch),
    /// `PatchStrategicMergeTransformer`: files or YAML, and YAML.
    PatchStrategicMerge(Vec<Text>, Text),
    /// `PatchTransformer`
    Patch(Patch),
    /// `PrefixTransformer`
    Prefix(Text, Vec<FieldSpec>),
    /// `SuffixTransformer`
    Suffix(Text, Vec<FieldSpec>),
    /// `PrefixSuffixTransformer`
    PrefixSuffix(Text, Text, Vec<FieldSpec>),
    /// `ReplacementTransformer`
    Replacements(Vec<ReplacementSource>),
    /// `ReplicaCountTransformer`
    Replica(Replica, Vec<FieldSpec>),
    /// `ValueAddTransformer`
    ValueAdd(Box<ValueAdd>),
}

/// The kinds of the built-in plugins, sorted.
pub const BUILTIN_PLUGINS: [&str; 18] = [
    "AnnotationsTransformer",
    "ConfigMapGenerator",
    "HashTransformer",
    "HelmChartInflationGenerator",
    "IAMPolicyGenerator",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SecretGenerator",
    "SuffixTransformer",
    "ValueAddTransformer",
];

impl Builtin {
    /// Decodes an object whose `apiVersion` is `builtin`; `None` for any other.
    ///
    /// # Errors
    ///
    /// If there is no built-in plugin of its kind, or its arguments have the wrong types.
    pub fn parse(node: &Node, release: Release) -> Result<Option<Self>> {
        if node.get("apiVersion").and_then(Node::text) != Some("builtin") {
            return Ok(None);
        }
        let kind = node.get("kind").and_then(Node::text).unwrap_or_default();
        let arguments = Arguments {
            node,
            mode: Mode::LENIENT.as_of(release),
        };
        let builtin = match kind {
            "AnnotationsTransformer" => {
                Self::Annotations(arguments.pairs("annotations")?, arguments.specs()?)
            }
            "ConfigMapGenerator" => Self::ConfigMap(arguments.generator(parts::config_map)?),
            "SecretGenerator" => Self::Secret(arguments.generator(parts::secret)?),
            "HashTransformer" => Self::Hash,
            "HelmChartInflationGenerator" => arguments.helm()?,
            "IAMPolicyGenerator" => Self::IamPolicy(arguments.iam_policy()?),
            "ImageTagTransformer" => Self::Image(
                arguments
                    .part("imageTag", parts::image)?
                    .unwrap_or_default(),
                arguments.specs()?,
            ),
            "LabelTransformer" => Self::Labels(arguments.pairs("labels")?, arguments.specs()?),
            "NamespaceTransformer" => Self::Namespace(arguments.namespace()?, arguments.specs()?),
            "PatchJson6902Transformer" => Self::PatchJson6902(arguments.json_patch()?),
            "PatchStrategicMergeTransformer" => Self::PatchStrategicMerge(
                arguments.part("paths", Mode::texts)?.unwrap_or_default(),
                arguments.text("patches")?,
            ),
            "PatchTransformer" => Self::Patch(parts::patch(Mode::LENIENT.as_of(release), node)?),
            "PrefixTransformer" => Self::Prefix(arguments.text("prefix")?, arguments.specs()?),
            "SuffixTransformer" => Self::Suffix(arguments.text("suffix")?, arguments.specs()?),
            "PrefixSuffixTransformer" => Self::PrefixSuffix(
                arguments.text("prefix")?,
                arguments.text("suffix")?,
                arguments.specs()?,
            ),
            "ReplacementTransformer" => Self::Replacements(
                arguments
                    .part("replacements", |mode, node| {
                        mode.list(node, parts::replacement_source)
                    })?
                    .unwrap_or_default(),
            ),
            "ReplicaCountTransformer" => Self::Replica(
                arguments
                    .part("replica", parts::replica)?
                    .unwrap_or_default(),
                arguments.specs()?,
            ),
            "ValueAddTransformer" => {
                Self::ValueAdd(Box::new(parts::value_add(Mode::LENIENT, node)?))
            }
            _ => return Err(unknown(node, kind)),
        };
        Ok(Some(builtin))
    }
}

fn unknown(node: &Node, kind: &str) -> Error {
    let span = node.get("kind").map_or(node.span, |kind| kind.span);
    let error = Error::new(
        Kind::Kustomization,
        format!("there is no built-in plugin `{kind}`"),
    )
    .at(span);
    match nearest(kind, BUILTIN_PLUGINS) {
        Some(word) => error.help(format!("did you mean `{word}`?")),
        None => error,
    }
}

/// The object that configures a plugin.
struct Arguments<'n> {
    node: &'n Node,
    mode: Mode,
}

impl Arguments<'_> {
    /// A field, whatever the case of its name.
    fn find(&self, name: &str) -> Option<&Node> {
        let entries = self.node.entries();
        let named = |entry: &&kustom_yaml::Entry| {
            entry
                .key
                .text()
                .is_some_and(|key| key.eq_ignore_ascii_case(name))
        };
        entries
            .iter()
            .find(named)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    fn part<T>(&self, name: &str, decode: impl Fn(Mode, &Node) -> Result<T>) -> Result<Option<T>> {
        self.find(name)
            .map(|node| decode(self.mode, node))
            .transpose()
    }

    fn text(&self, name: &str) -> Result<Text> {
        Ok(self.part(name, Mode::text)?.unwrap_or_default())
    }

    fn pairs(&self, name: &str) -> Result<Vec<(Text, Text)>> {
        Ok(self.part(name, Mode::pairs)?.unwrap_or_default())
    }

    fn specs(&self) -> Result<Vec<FieldSpec>> {
        let list = |mode: Mode, node: &Node| mode.list(node, Mode::field_spec);
        Ok(self.part("fieldSpecs", list)?.unwrap_or_default())
    }

    fn metadata(&self, field: &str) -> Result<Text> {
        match self.find("metadata") {
            Some(node) => Arguments {
                node,
                mode: self.mode,
            }
            .text(field),
            None => Ok(Text::default()),
        }
    }

    /// A generator is named by its own fields, or by its metadata.
    fn generator(
        &self,
        decode: fn(Mode, &Node) -> Result<generate::Args>,
    ) -> Result<generate::Args> {
        let mut args = decode(self.mode, self.node)?;
        if args.name.is_empty() {
            args.name = self.metadata("name")?;
        }
        if args.namespace.is_empty() {
            args.namespace = self.metadata("namespace")?;
        }
        Ok(args)
    }

    fn helm(&self) -> Result<Builtin> {
        let chart = parts::helm_chart(self.mode, self.node)?;
        let globals = parts::helm_globals(self.mode, self.node)?;
        Ok(Builtin::Helm(Box::new(chart), globals))
    }

    fn namespace(&self) -> Result<Namespace> {
        let word = self.text("setRoleBindingSubjects")?;
        let subjects = match &*word {
            "" | "defaultOnly" => Subjects::Default,
            "allServiceAccounts" => Subjects::ServiceAccounts,
            "none" => Subjects::None,
            _ => {
                let message = format!("`{word}` is not a value of `setRoleBindingSubjects`");
                return Err(Error::new(Kind::Kustomization, message)
                    .at(word.span)
                    .help("it is `defaultOnly`, `allServiceAccounts` or `none`"));
            }
        };
        Ok(Namespace {
            namespace: self.metadata("namespace")?,
            unset_only: self.part("unsetOnly", Mode::boolean)?.unwrap_or_default(),
            subjects,
        })
    }

    fn json_patch(&self) -> Result<Patch> {
        let mut patch = parts::patch(self.mode, self.node)?;
        patch.patch = self.text("jsonOp")?;
        Ok(patch)
    }

    fn iam_policy(&self) -> Result<generate::IamPolicy> {
        let field = |part: &str, name: &str| match self.find(part) {
            Some(node) if node.is_map() => Arguments {
                node,
                mode: self.mode,
            }
            .text(name),
            Some(node) => Err(mismatch(node, "a map")),
            None => Ok(Text::default()),
        };
        Ok(generate::IamPolicy {
            cloud: self.text("cloud")?,
            service_name: field("kubernetesService", "name")?,
            service_namespace: field("kubernetesService", "namespace")?,
            account: field("serviceAccount", "name")?,
            project: field("serviceAccount", "projectId")?,
        })
    }
}
