//! `edit add`.

use clap::Subcommand;
use kustom::edit::{
    Addition, Change, Force, Generator, List, Pairs, PatchArgument, expand_files, glob, missing,
};
use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::generate::Product;
use kustom::load::is_http;
use kustom::yaml::Text;

use super::super::lazy_args::{LazyArgs, Lenient};
use super::{BuildMetadata, Context, KeyValues, Plan, Planned, just, listed, only, some};

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(in super::super) enum Command {
    /// Add files, directories or URLs to `resources`.
    Resource(LazyArgs<Lenient<Resource>>),
    /// Add directories or URLs to `components`.
    Component(LazyArgs<Lenient<Component>>),
    /// Add directories to `resources`, divided by commas.
    Base(LazyArgs<Lenient<Base>>),
    /// Add files to `transformers`.
    Transformer(LazyArgs<Lenient<FileNames>>),
    /// Add files to `generators`.
    Generator(LazyArgs<Lenient<FileNames>>),
    /// Add files to `configurations`.
    Configuration(LazyArgs<Lenient<FileNames>>),
    /// Add labels for objects, selectors and templates, or for objects alone.
    Label(LazyArgs<Lenient<Label>>),
    /// Add annotations for objects and templates.
    Annotation(LazyArgs<Lenient<Annotation>>),
    /// Add a patch.
    Patch(LazyArgs<Lenient<Patch>>),
    /// Add a ConfigMap, or add to one that is generated.
    #[command(name = "configmap")]
    ConfigMap(LazyArgs<Lenient<ConfigMap>>),
    /// Add a Secret, or add to one that is generated.
    Secret(LazyArgs<Lenient<Secret>>),
    /// Add traces of the build that the output keeps.
    #[command(name = "buildmetadata")]
    BuildMetadata(LazyArgs<Lenient<BuildMetadata>>),
}

impl Plan for Command {
    fn plan(&self, context: &Context<'_>) -> Result<Planned> {
        match self {
            Self::Resource(LazyArgs(Lenient(names))) => names.plan(context),
            Self::Component(LazyArgs(Lenient(names))) => names.plan(context),
            Self::Base(LazyArgs(Lenient(names))) => names.plan(context),
            Self::Transformer(LazyArgs(Lenient(names))) => {
                names.plan(context, List::Transformers, "transformer")
            }
            Self::Generator(LazyArgs(Lenient(names))) => {
                names.plan(context, List::Generators, "generator")
            }
            Self::Configuration(LazyArgs(Lenient(names))) => {
                names.plan(context, List::Configurations, "configuration")
            }
            Self::Label(LazyArgs(Lenient(labels))) => just(labels.change()?),
            Self::Annotation(LazyArgs(Lenient(annotations))) => just(annotations.change()?),
            Self::Patch(LazyArgs(Lenient(patch))) => just(patch.change()?),
            Self::ConfigMap(LazyArgs(Lenient(map))) => map.plan(context),
            Self::Secret(LazyArgs(Lenient(secret))) => secret.plan(context),
            Self::BuildMetadata(LazyArgs(Lenient(options))) => {
                just(Change::AddNewItems(List::BuildMetadata, options.read()?))
            }
        }
    }
}

/// The files, directories and repositories that patterns mean, as they are written down.
pub(super) fn verified(context: &Context<'_>, patterns: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for pattern in patterns {
        let mut matched = glob(context.files, context.directory(), pattern)?;
        if matched.is_empty() {
            verify(context, pattern)?;
            matched.push(pattern.clone());
        }
        found.append(&mut matched);
    }
    Ok(found)
}

/// Checks that a name that is no file leads to a directory or a repository.
fn verify(context: &Context<'_>, name: &str) -> Result<()> {
    let text = Text::from(name);
    let Err(error) = context.loader.open(&text) else {
        return Ok(());
    };
    if is_http(name) && context.loader.read(&text).is_ok() {
        return Ok(());
    }
    Err(error.help("`add resource --no-verify` adds a name without looking"))
}

fn to_list(context: &Context<'_>, list: List, mut items: Vec<String>) -> Planned {
    items.retain(|item| item != context.file_name);
    let change = (!items.is_empty()).then_some(Change::AddItems(list, items));
    (change, Vec::new())
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Resource {
    /// Files, directories or URLs, or patterns for files.
    #[arg(value_name = "PATH")]
    words: Vec<String>,
    /// Add the names as they are, without looking for them.
    #[arg(long)]
    no_verify: bool,
}

impl Resource {
    fn plan(&self, context: &Context<'_>) -> Result<Planned> {
        let words = some(&self.words, "resource")?;
        let items = if self.no_verify {
            words.to_vec()
        } else {
            verified(context, words)?
        };
        Ok(to_list(context, List::Resources, items))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Component {
    /// Directories or URLs, or patterns for directories.
    #[arg(value_name = "PATH")]
    words: Vec<String>,
}

impl Component {
    fn plan(&self, context: &Context<'_>) -> Result<Planned> {
        let items = verified(context, some(&self.words, "component")?)?;
        Ok(to_list(context, List::Components, items))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Base {
    /// Directories; commas between several.
    #[arg(value_name = "PATHS")]
    words: Vec<String>,
}

impl Base {
    fn plan(&self, context: &Context<'_>) -> Result<Planned> {
        let bases = listed(&self.words, "base")?;
        let is_missing = |base: &&String| base.is_empty() || context.loader.kind(base).is_none();
        if let Some(base) = bases.iter().find(is_missing) {
            return Err(Error::new(Kind::Load, format!("there is no `{base}`")));
        }
        Ok((
            Some(Change::AddNewItems(List::Resources, bases)),
            Vec::new(),
        ))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct FileNames {
    /// Files, or patterns for them.
    #[arg(value_name = "PATH")]
    words: Vec<String>,
}

impl FileNames {
    /// Adds the files; a pattern that matches nothing is a remark.
    fn plan(&self, context: &Context<'_>, list: List, what: &str) -> Result<Planned> {
        let (mut items, mut findings) = (Vec::new(), Vec::new());
        for pattern in some(&self.words, what)? {
            let mut found = glob(context.files, context.directory(), pattern)?;
            if found.is_empty() {
                let message = format!("nothing matches `{pattern}`");
                let finding = Finding::new("edit-without-effect", Severity::Warning, message);
                findings.push(finding.help("nothing was added for it"));
            }
            items.append(&mut found);
        }
        let change = (!items.is_empty()).then_some(Change::AddItems(list, items));
        Ok((change, findings))
    }
}

fn force(is_forced: bool) -> Force {
    if is_forced { Force::Yes } else { Force::No }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Label {
    #[command(flatten)]
    labels: KeyValues,
    /// Replace the value of a label that is there.
    #[arg(short, long)]
    force: bool,
    /// Label the objects alone, in `labels`.
    #[arg(long)]
    without_selector: bool,
    /// Label templates, too; goes with `--without-selector`.
    #[arg(long)]
    include_templates: bool,
}

impl Label {
    fn change(&self) -> Result<Change> {
        some(&self.labels.words, "label")?;
        if self.include_templates && !self.without_selector {
            let message = "`--include-templates` goes with `--without-selector`";
            return Err(Error::new(Kind::Kustomization, message)
                .help("without it, templates are labelled anyway"));
        }
        let pairs = self.labels.read("label")?;
        let force = force(self.force);
        Ok(match self.without_selector {
            true => Change::AddLabels {
                pairs,
                include_templates: self.include_templates,
                force,
            },
            false => Change::AddPairs(Pairs::Labels, pairs, force),
        })
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Annotation {
    #[command(flatten)]
    annotations: KeyValues,
    /// Replace the value of an annotation that is there.
    #[arg(short, long)]
    force: bool,
}

impl Annotation {
    fn change(&self) -> Result<Change> {
        let pairs = self.annotations.read("annotation")?;
        let force = force(self.force);
        Ok(Change::AddPairs(Pairs::Annotations, pairs, force))
    }
}

/// An entry of `patches`, as flags say it.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Patch {
    /// The file of the patch.
    #[arg(long, default_value = "", hide_default_value = true)]
    path: String,
    /// The patch itself.
    #[arg(long, default_value = "", hide_default_value = true)]
    patch: String,
    /// The API group of the target.
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    /// The API version of the target.
    #[arg(long, default_value = "", hide_default_value = true)]
    version: String,
    /// The kind of the target.
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,
    /// The name of the target.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The namespace of the target.
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
    /// A selector of the target's annotations.
    #[arg(long, default_value = "", hide_default_value = true)]
    annotation_selector: String,
    /// A selector of the target's labels.
    #[arg(long, default_value = "", hide_default_value = true)]
    label_selector: String,
    // Words are not looked at, as in kustomize.
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Patch {
    pub(super) fn read(&self) -> Result<PatchArgument> {
        if !self.path.is_empty() && !self.patch.is_empty() {
            let message = "`--path` and `--patch` are both given";
            return Err(Error::new(Kind::Kustomization, message)
                .help("a patch is in a file or in the kustomization"));
        }
        Ok(PatchArgument {
            path: self.path.clone(),
            patch: self.patch.clone(),
            group: self.group.clone(),
            version: self.version.clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            annotation_selector: self.annotation_selector.clone(),
            label_selector: self.label_selector.clone(),
        })
    }

    fn change(&self) -> Result<Change> {
        let patch = self.read()?;
        if patch.path.is_empty() && patch.patch.is_empty() {
            return Err(Error::new(Kind::Kustomization, "no patch is given")
                .help("say `--path FILE` or `--patch TEXT`"));
        }
        Ok(Change::AddPatch(patch))
    }
}

/// What the generators of ConfigMaps and Secrets share.
#[derive(Debug, clap::Args)]
struct Source {
    /// The name of the generator.
    #[arg(value_name = "NAME")]
    words: Vec<String>,
    /// A file, with a key of its own or under its name; commas between several.
    #[arg(long, value_name = "[KEY=]PATH", value_delimiter = ',')]
    from_file: Vec<String>,
    /// A key and its value; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<String>,
    /// A file with `KEY=value` lines.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "",
        hide_default_value = true
    )]
    from_env_file: String,
    /// Leave the hash of the content out of the name.
    #[arg(long = "disableNameSuffixHash")]
    disable_name_suffix_hash: bool,
    /// The namespace of the generator.
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
}

impl Source {
    fn plan(
        &self,
        context: &Context<'_>,
        product: Product,
        behavior: &str,
        secret_type: &str,
    ) -> Result<Planned> {
        let (files, findings) = expand_files(context.files, context.directory(), &self.from_file)?;
        let has_others = !self.from_literal.is_empty() || !self.from_env_file.is_empty();
        if let Some(first) = self
            .from_file
            .first()
            .filter(|_| files.is_empty() && !has_others)
        {
            return Err(missing(context.files, context.directory(), first));
        }
        let name = only(&self.words, "name")?;
        let addition = Addition {
            literals: self.from_literal.clone(),
            files,
            env_file: self.from_env_file.clone(),
            disable_name_suffix_hash: self.disable_name_suffix_hash,
            behavior: behavior.to_owned(),
            secret_type: secret_type.to_owned(),
        };
        addition.check()?;
        let generator = Generator {
            product,
            name: name.to_owned(),
            namespace: self.namespace.clone(),
        };
        Ok((Some(Change::AddToGenerator(generator, addition)), findings))
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct ConfigMap {
    #[command(flatten)]
    source: Source,
    /// What is done where there is an object of the name: `create`, `merge` or `replace`.
    #[arg(long, default_value = "", hide_default_value = true)]
    behavior: String,
}

impl ConfigMap {
    fn plan(&self, context: &Context<'_>) -> Result<Planned> {
        let behavior = &self.behavior;
        self.source.plan(context, Product::ConfigMap, behavior, "")
    }
}

#[derive(Debug, clap::Args)]
pub(in super::super) struct Secret {
    #[command(flatten)]
    source: Source,
    /// The type of the Secret.
    #[arg(long = "type", value_name = "TYPE", default_value = "Opaque")]
    secret_type: String,
}

impl Secret {
    fn plan(&self, context: &Context<'_>) -> Result<Planned> {
        let secret_type = &self.secret_type;
        self.source.plan(context, Product::Secret, "", secret_type)
    }
}
