//! `edit remove`.

use clap::Subcommand;
use kustom::edit::{Change, List, Missing, Pairs};
use kustom::error::{Error, Kind, Result};
use kustom::generate::Product;

use super::super::later::{Later, Lenient};
use super::add::{PatchFlags, build_metadata};
use super::{Context, Plan, Planned, listed, some};

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(in super::super) enum Command {
    /// Remove resources, by name or pattern.
    Resource(Later<Lenient<Resource>>),
    /// Remove components, by name or pattern.
    Component(Later<Lenient<Component>>),
    /// Remove transformers, by name or pattern.
    Transformer(Later<Lenient<Transformer>>),
    /// Remove labels from `commonLabels`.
    Label(Later<Lenient<Label>>),
    /// Remove annotations from `commonAnnotations`.
    Annotation(Later<Lenient<Annotation>>),
    /// Remove the patches that say just what the flags say.
    Patch(Later<Lenient<Patch>>),
    /// Remove generators of ConfigMaps.
    #[command(name = "configmap")]
    ConfigMap(Later<Lenient<ConfigMap>>),
    /// Remove generators of Secrets.
    Secret(Later<Lenient<Secret>>),
    /// Remove traces of the build that the output keeps.
    #[command(name = "buildmetadata")]
    BuildMetadata(Later<Lenient<BuildMetadata>>),
}

impl Command {
    pub(super) fn plan(&self) -> &dyn Plan {
        match self {
            Self::Resource(Later(Lenient(arguments))) => arguments,
            Self::Component(Later(Lenient(arguments))) => arguments,
            Self::Transformer(Later(Lenient(arguments))) => arguments,
            Self::Label(Later(Lenient(arguments))) => arguments,
            Self::Annotation(Later(Lenient(arguments))) => arguments,
            Self::Patch(Later(Lenient(arguments))) => arguments,
            Self::ConfigMap(Later(Lenient(arguments))) => arguments,
            Self::Secret(Later(Lenient(arguments))) => arguments,
            Self::BuildMetadata(Later(Lenient(arguments))) => arguments,
        }
    }
}

fn from_list(list: List, words: &[String], what: &str) -> Result<Planned> {
    let patterns = some(words, what)?.to_vec();
    Ok((Some(Change::RemoveItems(list, patterns)), Vec::new()))
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Resource {
    /// The entries, as they are written, or patterns for them.
    #[arg(value_name = "PATTERN")]
    words: Vec<String>,
}

impl Plan for Resource {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        from_list(List::Resources, &self.words, "resource")
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Component {
    /// The entries, as they are written, or patterns for them.
    #[arg(value_name = "PATTERN")]
    words: Vec<String>,
}

impl Plan for Component {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        from_list(List::Components, &self.words, "component")
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Transformer {
    /// The entries, as they are written, or patterns for them.
    #[arg(value_name = "PATTERN")]
    words: Vec<String>,
}

impl Plan for Transformer {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        from_list(List::Transformers, &self.words, "transformer")
    }
}

fn from_pairs(pairs: Pairs, words: &[String], what: &str, ignore: bool) -> Result<Planned> {
    let keys = listed(words, what)?;
    if keys.iter().any(String::is_empty) {
        let message = format!("the name of a {what} is empty");
        return Err(Error::new(Kind::Kustomization, message));
    }
    let missing = if ignore {
        Missing::Ignored
    } else {
        Missing::Refused
    };
    Ok((Some(Change::RemovePairs(pairs, keys, missing)), Vec::new()))
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Label {
    /// The keys; commas between several.
    #[arg(value_name = "KEYS")]
    words: Vec<String>,
    /// Do not mind a label that is not there.
    #[arg(short, long)]
    ignore_non_existence: bool,
}

impl Plan for Label {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        from_pairs(
            Pairs::Labels,
            &self.words,
            "label",
            self.ignore_non_existence,
        )
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Annotation {
    /// The keys; commas between several.
    #[arg(value_name = "KEYS")]
    words: Vec<String>,
    /// Do not mind an annotation that is not there.
    #[arg(short, long)]
    ignore_non_existence: bool,
}

impl Plan for Annotation {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        let ignore = self.ignore_non_existence;
        from_pairs(Pairs::Annotations, &self.words, "annotation", ignore)
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Patch {
    #[command(flatten)]
    flags: PatchFlags,
}

impl Plan for Patch {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        Ok((Some(Change::RemovePatch(self.flags.patch()?)), Vec::new()))
    }
}

fn generators(product: Product, words: &[String], namespace: &str) -> Result<Planned> {
    let names = listed(words, "name")?;
    let change = Change::RemoveGenerators(product, names, namespace.to_owned());
    Ok((Some(change), Vec::new()))
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct ConfigMap {
    /// The names of the generators; commas between several.
    #[arg(value_name = "NAMES")]
    words: Vec<String>,
    /// The namespace of the generators.
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
}

impl Plan for ConfigMap {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        generators(Product::ConfigMap, &self.words, &self.namespace)
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Secret {
    /// The names of the generators; commas between several.
    #[arg(value_name = "NAMES")]
    words: Vec<String>,
    /// The namespace of the generators.
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
}

impl Plan for Secret {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        generators(Product::Secret, &self.words, &self.namespace)
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
        let change = Change::RemoveItems(List::BuildMetadata, options);
        Ok((Some(change), Vec::new()))
    }
}
