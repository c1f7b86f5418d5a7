//! `edit set`.

use clap::Subcommand;
use kustom::edit::{self, Assignment, Change, ImageArgument, List, Pairs, replica};
use kustom::error::{Error, Kind, Result};
use kustom::generate::Product;

use super::super::lazy_args::{LazyArgs, Lenient};
use super::{BuildMetadata, Context, KeyValues, Plan, Planned, just, only, some};

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(in super::super) enum Command {
    /// Set the prefix of all names; the empty one takes it away.
    #[command(name = "nameprefix")]
    NamePrefix(LazyArgs<Lenient<Text>>),
    /// Set the suffix of all names; write `-- -suffix` for one that begins with a dash.
    #[command(name = "namesuffix")]
    NameSuffix(LazyArgs<Lenient<Text>>),
    /// Set the namespace; the empty one takes it away.
    Namespace(LazyArgs<Lenient<Text>>),
    /// Set the names, tags and digests of images.
    Image(LazyArgs<Lenient<Images>>),
    /// Set the number of replicas of workloads.
    Replicas(LazyArgs<Lenient<Replicas>>),
    /// Set labels of objects, selectors and templates.
    Label(LazyArgs<Lenient<KeyValues>>),
    /// Set annotations of objects and templates.
    Annotation(LazyArgs<Lenient<KeyValues>>),
    /// Set which traces of the build the output keeps.
    #[command(name = "buildmetadata")]
    BuildMetadata(LazyArgs<Lenient<BuildMetadata>>),
    /// Change literals or the namespace of a ConfigMap's generator.
    #[command(name = "configmap")]
    ConfigMap(LazyArgs<Lenient<Generator>>),
    /// Change literals or the namespace of a Secret's generator.
    Secret(LazyArgs<Lenient<Generator>>),
}

impl Plan for Command {
    fn plan(&self, _: &Context<'_>) -> Result<Planned> {
        just(match self {
            Self::NamePrefix(LazyArgs(Lenient(text))) => text.change("namePrefix", "prefix")?,
            Self::NameSuffix(LazyArgs(Lenient(text))) => text.change("nameSuffix", "suffix")?,
            Self::Namespace(LazyArgs(Lenient(text))) => text.change("namespace", "namespace")?,
            Self::Image(LazyArgs(Lenient(images))) => images.change()?,
            Self::Replicas(LazyArgs(Lenient(replicas))) => replicas.change()?,
            Self::Label(LazyArgs(Lenient(labels))) => {
                Change::SetPairs(Pairs::Labels, labels.read("label")?)
            }
            Self::Annotation(LazyArgs(Lenient(annotations))) => {
                let pairs = annotations.read("annotation")?;
                check_annotations(&pairs)?;
                Change::SetPairs(Pairs::Annotations, pairs)
            }
            Self::BuildMetadata(LazyArgs(Lenient(options))) => {
                Change::SetItems(List::BuildMetadata, options.read()?)
            }
            Self::ConfigMap(LazyArgs(Lenient(generator))) => {
                generator.change(Product::ConfigMap)?
            }
            Self::Secret(LazyArgs(Lenient(generator))) => generator.change(Product::Secret)?,
        })
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Text {
    /// The text; the empty one takes the field away.
    #[arg(value_name = "TEXT")]
    words: Vec<String>,
}

impl Text {
    fn change(&self, field: &'static str, what: &str) -> Result<Change> {
        let text = only(&self.words, what)?;
        Ok(Change::SetText(field, text.to_owned()))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Images {
    /// `NAME=NEW:TAG@DIGEST`, of which `NAME=` and parts of the rest may be left out; `*` keeps a
    /// part, and what is left out goes.
    #[arg(value_name = "IMAGE")]
    words: Vec<String>,
}

impl Images {
    fn change(&self) -> Result<Change> {
        let words = some(&self.words, "image")?.iter();
        let images = words.map(|word| ImageArgument::parse(word));
        Ok(Change::SetImages(images.collect::<Result<_>>()?))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Replicas {
    /// The name of a workload and its number of replicas.
    #[arg(value_name = "NAME=COUNT")]
    words: Vec<String>,
}

impl Replicas {
    fn change(&self) -> Result<Change> {
        let words = some(&self.words, "number of replicas")?.iter();
        let replicas = words.map(|word| replica(word)).collect::<Result<_>>()?;
        Ok(Change::SetReplicas(replicas))
    }
}

fn check_annotations(pairs: &[(String, String)]) -> Result<()> {
    match pairs.iter().find(|(key, _)| !is_annotation_key(key)) {
        None => Ok(()),
        Some((key, _)) => {
            let message = format!("`{key}` is no key of an annotation");
            Err(Error::new(Kind::Kustomization, message).help(
                "a key is up to 63 letters, digits, `-`, `_` and `.`, and may have a domain and `/` before it",
            ))
        }
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
pub(in super::super) struct Generator {
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

impl Generator {
    fn change(&self, product: Product) -> Result<Change> {
        let name = only(&self.words, "name")?;
        if self.from_literal.is_empty() && self.new_namespace.is_empty() {
            return Err(Error::new(Kind::Generator, "nothing is said to change")
                .help("say `--from-literal` or `--new-namespace`"));
        }
        let generator = edit::Generator {
            product,
            name: name.to_owned(),
            namespace: self.namespace.clone(),
        };
        let assignment = Assignment {
            literals: self.from_literal.clone(),
            new_namespace: self.new_namespace.clone(),
        };
        Ok(Change::SetInGenerator(generator, assignment))
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
