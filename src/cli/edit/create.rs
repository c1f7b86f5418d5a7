//! `kustom create`, and `kustomize create`.

use kustom::edit::{Contents, create, detect, key_values};
use kustom::error::{Error, Kind, Result};

use super::super::output::Streams;
use super::Context;
use super::add::verified;
use super::place::{Here, Kustomizations, Places, Target};

#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// Files, directories or URLs, or patterns for files; commas between several.
    #[arg(long, default_value = "", hide_default_value = true)]
    resources: String,
    /// The namespace of everything that has one.
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
    /// Annotations of objects and templates: `KEY:VALUE`, commas between several.
    #[arg(long, default_value = "", hide_default_value = true)]
    annotations: String,
    /// Labels of objects, selectors and templates: `KEY:VALUE`, commas between several.
    #[arg(long, default_value = "", hide_default_value = true)]
    labels: String,
    /// The prefix of all names.
    #[arg(long = "nameprefix", default_value = "", hide_default_value = true)]
    name_prefix: String,
    /// What goes behind all names.
    #[arg(long = "namesuffix", default_value = "", hide_default_value = true)]
    name_suffix: String,
    /// Name the files of the directory that hold objects.
    #[arg(long)]
    autodetect: bool,
    /// With `--autodetect`, look in directories below, too.
    #[arg(long)]
    recursive: bool,
    // Words are not looked at, as in kustomize.
    #[arg(hide = true)]
    words: Vec<String>,
}

/// Writes new kustomizations.
pub(super) fn run(arguments: &Arguments, places: &Places, streams: &Streams) -> Result<()> {
    let files = places.files();
    let kustomizations = Kustomizations::of(places, &files)?;
    let mut targets = Vec::new();
    for directory in kustomizations.directories() {
        targets.push(kustomizations.with(directory, |loader, here| {
            let context = Context {
                files: &files,
                loader,
                file_name: "",
            };
            let text = create(&arguments.contents(&context)?)?;
            match here {
                Here::Found(found) => {
                    let message = format!("`{}` is there already", found.shown);
                    return Err(Error::new(Kind::Output, message).help("`edit` changes it"));
                }
                Here::Wrong(error) if is_taken(loader) => return Err(error),
                Here::Wrong(_) => {}
            }
            let path = loader.root().join("kustomization.yaml");
            let shown = match loader.shown_root().as_str() {
                "." => "kustomization.yaml".to_owned(),
                root => format!("{root}/kustomization.yaml"),
            };
            Ok(Target {
                path,
                shown: shown.into(),
                old: String::new(),
                new: text,
            })
        })?);
    }
    places.put_down(&targets, streams)
}

fn is_taken(loader: &kustom::load::Loader<'_>) -> bool {
    let mut names = kustom::kustomization::FILE_NAMES.iter();
    names.any(|name| loader.kind(name).is_some())
}

impl Arguments {
    fn contents(&self, context: &Context<'_>) -> Result<Contents> {
        let mut resources = match self.resources.as_str() {
            "" => Vec::new(),
            said => {
                let patterns: Vec<String> = said.split(',').map(str::to_owned).collect();
                verified(context, &patterns)?
            }
        };
        if self.autodetect {
            for found in detect(context.files, context.directory(), self.recursive)? {
                if !resources.contains(&found) {
                    resources.push(found);
                }
            }
        }
        Ok(Contents {
            resources,
            name_prefix: self.name_prefix.clone(),
            name_suffix: self.name_suffix.clone(),
            namespace: self.namespace.clone(),
            labels: key_values(&self.labels)?,
            annotations: key_values(&self.annotations)?,
        })
    }
}
