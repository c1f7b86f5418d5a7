//! `edit remove`.

use clap::Subcommand;
use kustom::edit::{Change, List, Missing, Pairs};
use kustom::error::{Error, Kind, Result};
use kustom::generate::Product;

use super::super::lazy_args::{LazyArgs, Lenient};
use super::add::Patch;
use super::{BuildMetadata, Context, Plan, Planned, just, listed, some};

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(in super::super) enum Command {
    /// Remove resources, by name or pattern.
    Resource(LazyArgs<Lenient<Patterns>>),
    /// Remove components, by name or pattern.
    Component(LazyArgs<Lenient<Patterns>>),
    /// Remove transformers, by name or pattern.
    Transformer(LazyArgs<Lenient<Patterns>>),
    /// Remove entries of `images`, by name; kustomize has no such command.
    Image(LazyArgs<Lenient<Images>>),
    /// Remove labels from `commonLabels`.
    Label(LazyArgs<Lenient<Keys>>),
    /// Remove annotations from `commonAnnotations`.
    Annotation(LazyArgs<Lenient<Keys>>),
    /// Remove the patches that say just what the flags say.
    Patch(LazyArgs<Lenient<Patch>>),
    /// Remove generators of ConfigMaps.
    #[command(name = "configmap")]
    ConfigMap(LazyArgs<Lenient<Generators>>),
    /// Remove generators of Secrets.
    Secret(LazyArgs<Lenient<Generators>>),
    /// Remove traces of the build that the output keeps.
    #[command(name = "buildmetadata")]
    BuildMetadata(LazyArgs<Lenient<BuildMetadata>>),
}

impl Plan for Command {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        just(match self {
            Self::Resource(LazyArgs(Lenient(patterns))) => {
                patterns.change(List::Resources, "resource")?
            }
            Self::Component(LazyArgs(Lenient(patterns))) => {
                patterns.change(List::Components, "component")?
            }
            Self::Transformer(LazyArgs(Lenient(patterns))) => {
                patterns.change(List::Transformers, "transformer")?
            }
            Self::Image(LazyArgs(Lenient(images))) => {
                Change::RemoveImages(some(&images.words, "image")?.to_vec())
            }
            Self::Label(LazyArgs(Lenient(keys))) => keys.change(Pairs::Labels, "label")?,
            Self::Annotation(LazyArgs(Lenient(keys))) => {
                keys.change(Pairs::Annotations, "annotation")?
            }
            Self::Patch(LazyArgs(Lenient(patch))) => Change::RemovePatch(patch.read()?),
            Self::ConfigMap(LazyArgs(Lenient(generators))) => {
                generators.change(Product::ConfigMap)?
            }
            Self::Secret(LazyArgs(Lenient(generators))) => generators.change(Product::Secret)?,
            Self::BuildMetadata(LazyArgs(Lenient(options))) => {
                Change::RemoveItems(List::BuildMetadata, options.read()?)
            }
        })
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Patterns {
    /// The entries, as they are written, or patterns for them.
    #[arg(value_name = "PATTERN")]
    words: Vec<String>,
}

impl Patterns {
    fn change(&self, list: List, what: &str) -> Result<Change> {
        let patterns = some(&self.words, what)?.to_vec();
        Ok(Change::RemoveItems(list, patterns))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Images {
    /// The names of the images, as they are written.
    #[arg(value_name = "NAME")]
    words: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Keys {
    /// The keys; commas between several.
    #[arg(value_name = "KEYS")]
    words: Vec<String>,
    /// Ignore keys that do not exist.
    #[arg(short, long)]
    ignore_non_existence: bool,
}

impl Keys {
    fn change(&self, pairs: Pairs, what: &str) -> Result<Change> {
        let keys = listed(&self.words, what)?;
        if keys.iter().any(String::is_empty) {
            let message = format!("the name of a {what} is empty");
            return Err(Error::new(Kind::Kustomization, message));
        }
        let missing = match self.ignore_non_existence {
            true => Missing::Ignored,
            false => Missing::Refused,
        };
        Ok(Change::RemovePairs(pairs, keys, missing))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Generators {
    /// The names of the generators; commas between several.
    #[arg(value_name = "NAMES")]
    words: Vec<String>,
    /// The namespace of the generators.
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
}

impl Generators {
    fn change(&self, product: Product) -> Result<Change> {
        let names = listed(&self.words, "name")?;
        Ok(Change::RemoveGenerators(
            product,
            names,
            self.namespace.clone(),
        ))
    }
}
