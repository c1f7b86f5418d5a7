//! `edit set`.

use clap::Subcommand;
use kustom::edit::{Assignment, Change, Generator, ImageArgument, List, Pairs, key_value, replica};
use kustom::error::{Error, Kind, Result};
use kustom::generate::Product;

use super::super::later::{Later, Lenient};
use super::add::build_metadata;
use super::{Context, Plan, Planned, only, some};

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(in super::super) enum Command {
    /// Set the prefix of all names; the empty one takes it away.
    #[command(name = "nameprefix")]
    NamePrefix(Later<Lenient<NamePrefix>>),
    /// Set the suffix of all names; write `-- -suffix` for one that begins with a dash.
    #[command(name = "namesuffix")]
    NameSuffix(Later<Lenient<NameSuffix>>),
    /// Set the namespace; the empty one takes it away.
    Namespace(Later<Lenient<Namespace>>),
    /// Set the names, tags and digests of images.
    Image(Later<Lenient<Image>>),
    /// Set the number of replicas of workloads.
    Replicas(Later<Lenient<Replicas>>),
    /// Set labels of objects, selectors and templates.
    Label(Later<Lenient<Label>>),
    /// Set annotations of objects and templates.
    Annotation(Later<Lenient<Annotation>>),
    /// Set which traces of the build the output keeps.
    #[command(name = "buildmetadata")]
    BuildMetadata(Later<Lenient<BuildMetadata>>),
    /// Change literals or the namespace of a ConfigMap's generator.
    #[command(name = "configmap")]
    ConfigMap(Later<Lenient<ConfigMap>>),
    /// Change literals or the namespace of a Secret's generator.
    Secret(Later<Lenient<Secret>>),
}

impl Command {
    pub(super) fn plan(&self) -> &dyn Plan {
        match self {
            Self::NamePrefix(Later(Lenient(arguments))) => arguments,
            Self::NameSuffix(Later(Lenient(arguments))) => arguments,
            Self::Namespace(Later(Lenient(arguments))) => arguments,
            Self::Image(Later(Lenient(arguments))) => arguments,
            Self::Replicas(Later(Lenient(arguments))) => arguments,
            Self::Label(Later(Lenient(arguments))) => arguments,
            Self::Annotation(Later(Lenient(arguments))) => arguments,
            Self::BuildMetadata(Later(Lenient(arguments))) => arguments,
            Self::ConfigMap(Later(Lenient(arguments))) => arguments,
            Self::Secret(Later(Lenient(arguments))) => arguments,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct NamePrefix {
    /// The prefix.
    #[arg(value_name = "PREFIX")]
    words: Vec<String>,
}

impl Plan for NamePrefix {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let prefix = only(&self.words, "prefix")?;
        let change = Change::SetText("namePrefix", prefix.to_owned());
        Ok((Some(change), Vec::new()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct NameSuffix {
    /// The suffix.
    #[arg(value_name = "SUFFIX")]
    words: Vec<String>,
}

impl Plan for NameSuffix {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let suffix = only(&self.words, "suffix")?;
        let change = Change::SetText("nameSuffix", suffix.to_owned());
        Ok((Some(change), Vec::new()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Namespace {
    /// The namespace.
    #[arg(value_name = "NAMESPACE")]
    words: Vec<String>,
}

impl Plan for Namespace {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let namespace = only(&self.words, "namespace")?;
        let change = Change::SetText("namespace", namespace.to_owned());
        Ok((Some(change), Vec::new()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Image {
    /// `NAME=NEW:TAG@DIGEST`, of which `NAME=` and parts of the rest may be left out; `*` keeps a
    /// part, and what is left out goes.
    #[arg(value_name = "IMAGE")]
    words: Vec<String>,
}

impl Plan for Image {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let words = some(&self.words, "image")?.iter();
        let images = words.map(|word| ImageArgument::parse(word));
        let change = Change::SetImages(images.collect::<Result<_>>()?);
        Ok((Some(change), Vec::new()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Replicas {
    /// The name of a workload and its number of replicas.
    #[arg(value_name = "NAME=COUNT")]
    words: Vec<String>,
}

impl Plan for Replicas {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let words = some(&self.words, "number of replicas")?.iter();
        let change = Change::SetReplicas(words.map(|word| replica(word)).collect::<Result<_>>()?);
        Ok((Some(change), Vec::new()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Label {
    /// A label and its value.
    #[arg(value_name = "KEY:VALUE")]
    words: Vec<String>,
}

impl Plan for Label {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let words = some(&self.words, "label")?.iter();
        let values = words.map(|word| key_value(word)).collect::<Result<_>>()?;
        Ok((Some(Change::SetPairs(Pairs::Labels, values)), Vec::new()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Annotation {
    /// An annotation and its value.
    #[arg(value_name = "KEY:VALUE")]
    words: Vec<String>,
}

impl Plan for Annotation {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let words = some(&self.words, "annotation")?.iter();
        let values: Vec<(String, String)> =
            words.map(|word| key_value(word)).collect::<Result<_>>()?;
        if let Some((key, _)) = values.iter().find(|(key, _)| !is_annotation_key(key)) {
            let message = format!("`{key}` is no key of an annotation");
            return Err(Error::new(Kind::Kustomization, message).help(
                "a key is up to 63 letters, digits, `-`, `_` and `.`, and may have a domain and `/` before it",
            ));
        }
        let change = Change::SetPairs(Pairs::Annotations, values);
        Ok((Some(change), Vec::new()))
    }
}

/// Whether Kubernetes accepts a key; `add annotation` does not ask, as in kustomize.
fn is_annotation_key(key: &str) -> bool {
    let is_inner = |rest: &str, others: &str, longest: usize| {
        let is_edge = |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_alphanumeric());
        rest.len() <= longest
            && is_edge(rest.chars().next())
            && is_edge(rest.chars().last())
            && rest
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || others.contains(it))
    };
    match key.split_once('/') {
        Some((domain, name)) => {
            domain.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && is_inner(domain, "-.", 253)
                && is_inner(name, "-_.", 63)
        }
        None => is_inner(key, "-_.", 63),
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct BuildMetadata {
    /// `originAnnotations`, `transformerAnnotations` or `managedByLabel`; commas between several.
    #[arg(value_name = "OPTIONS")]
    words: Vec<String>,
}

impl Plan for BuildMetadata {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let options = build_metadata(&self.words)?;
        let change = Change::SetItems(List::BuildMetadata, options);
        Ok((Some(change), Vec::new()))
    }
}

/// What the generators of ConfigMaps and Secrets share.
#[derive(Debug, clap::Args)]
struct Source {
    /// The name of the generator.
    #[arg(value_name = "NAME")]
    words: Vec<String>,
    /// A key that is there, and its new value; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<String>,
    /// The namespace of the generator.
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
    /// Another namespace.
    #[arg(long, default_value = "", hide_default_value = true)]
    new_namespace: String,
}

impl Source {
    fn plan(&self, product: Product) -> Result<Planned> {
        let name = only(&self.words, "name")?;
        if self.from_literal.is_empty() && self.new_namespace.is_empty() {
            return Err(Error::new(Kind::Generator, "nothing is said to change")
                .help("say `--from-literal` or `--new-namespace`"));
        }
        let generator = Generator {
            product,
            name: name.to_owned(),
            namespace: self.namespace.clone(),
        };
        let assignment = Assignment {
            literals: self.from_literal.clone(),
            new_namespace: self.new_namespace.clone(),
        };
        let change = Change::SetInGenerator(generator, assignment);
        Ok((Some(change), Vec::new()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct ConfigMap {
    #[command(flatten)]
    source: Source,
}

impl Plan for ConfigMap {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        self.source.plan(Product::ConfigMap)
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Secret {
    #[command(flatten)]
    source: Source,
}

impl Plan for Secret {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        self.source.plan(Product::Secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_annotations_are_those_of_kubernetes() {
        for key in ["a", "a.b/c-d_e", "1", "A9", "example.com/x"] {
            assert!(is_annotation_key(key), "{key}");
        }
        let long = "a".repeat(64);
        for key in [
            "", "~", "a b", "/a", "a/", "-a", "a-", "1.x/a", "a/b/c", &long,
        ] {
            assert!(!is_annotation_key(key), "{key}");
        }
    }
}
