//! The order, and nothing else.
//!
//! `accumulate` runs in each directory, leaves first; `finish` runs once, at the root. Every
//! step is a function of a room above; this room only says which comes when, and why.

mod accumulate;
mod bases;
mod config_maps;
mod depth;
mod elsewhere;
mod finish;
mod generators;
mod losses;
mod matched;
mod near;
mod origin;
mod patches;
mod plugins;
mod replacements;
mod step;
mod target;
mod transformers;
mod unmatched;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use kustom_guard::Mask;
use kustom_yaml::error::{Error, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::limits::Budget;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Node, Rope, Str, write, write_rope};

use crate::fields::Fields;
use crate::generate::Product;
use crate::kinds::Kinds;
use crate::kustomization::Kustomization;
use crate::load::{Files, Loader, Restriction, SourceStore, Sources, Traced};
use crate::order::Order;
use crate::plugin;
use crate::release::Release;
use crate::resource::{Resource, Resources};
use crate::schema::Schema;
use crate::vars::Vars;

pub use bases::SharedBases;
use bases::Sharing;
pub use config_maps::read_pairs;
pub use matched::{Matched, Operator};
pub use step::{Observer, Step, StepKind, StepPatches};
use target::KustTarget;

/// How a kustomization is built.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The release of kustomize whose output is wanted.
    pub release: Release,
    /// Which files a kustomization may name.
    pub restriction: Restriction,
    /// The order, unless the kustomization says one.
    pub order: Option<Order>,
    /// Whether everything gets the label `app.kubernetes.io/managed-by`.
    pub managed_by: bool,
    /// What may run outside, and how.
    pub plugins: plugin::Options,
    /// Files that are left out with the generators that are made of them, and with those that merge
    /// into what these would have made.
    pub omitted: BTreeSet<PathBuf>,
    /// Whether it is looked for what is lost without a word: keys that stand twice, parts of
    /// patches, values and names that are not what they seem. It takes time, and changes nothing
    /// but the findings.
    pub lint: bool,
    /// Whether nothing is found but what `kustomize build` says, too: deprecated fields and ignored
    /// flags. A finding of any other kind costs a search of all that was read for secrets, which
    /// it must not show.
    ///
    /// # Example
    ///
    /// ```
    /// use std::path::Path;
    /// use kustom_engine::build::{Options, build};
    /// use kustom_engine::load::Memory;
    ///
    /// let mut files = Memory::default();
    /// let text = "bases: []\npatches: [{target: {kind: Pod}, patch: '- {op: remove, path: /a}'}]\n";
    /// files.insert("/app/kustomization.yaml", text);
    /// let rules = |only_warnings_of_kustomize| {
    ///     let options = Options { only_warnings_of_kustomize, ..Options::default() };
    ///     let built = build(&files, Path::new("/"), Path::new("app"), &options)?;
    ///     Ok(built.findings.iter().map(|found| found.rule).collect::<Vec<_>>())
    /// };
    /// assert_eq!(rules(false)?, ["deprecated-field", "unmatched-patch"]);
    /// assert_eq!(rules(true)?, ["deprecated-field"]);
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub only_warnings_of_kustomize: bool,
    /// Kinds that are known besides those of kustomize; it has none.
    pub kinds: Option<Arc<Kinds>>,
    /// Where definitions of custom resources are put as they are read, also by a build that fails.
    pub definitions: Option<Arc<Mutex<Vec<Node>>>>,
    /// Bases that this build shares with others; without it only with itself.
    pub bases: Option<Arc<SharedBases>>,
}

impl Options {
    /// Keeps the definitions of custom resources among some objects, if somebody wants them.
    fn keep_definitions(&self, resources: &[Resource]) {
        let Some(kept) = &self.definitions else {
            return;
        };
        let is_definition =
            |resource: &&Resource| resource.id().gvk.kind == "CustomResourceDefinition";
        let found = resources.iter().filter(is_definition);
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(found.map(|resource| resource.node.clone()));
    }

    /// A schema, of the release and with the kinds that are known besides.
    fn completed(&self, schema: Schema) -> Schema {
        let kinds = self.kinds.as_ref();
        let schema = schema.as_of(self.release);
        schema.with_custom_kinds(kinds.map(|kinds| kinds.schema().clone()))
    }
}

/// What a build makes.
pub struct Built {
    /// The objects, in order.
    pub resources: Vec<Resource>,
    /// Remarks: deprecated fields, operators that matched nothing.
    pub findings: Vec<Finding>,
    /// How often each patch, image and replacement matched, in the order in which they ran.
    pub matches: Vec<Matched>,
    /// The files that were read: where the objects and their values come from.
    pub sources: Sources,
}

impl Built {
    /// The objects as one YAML stream.
    ///
    /// # Errors
    ///
    /// If an object cannot be written, such as one with a key that comes twice.
    pub fn to_yaml(&self) -> Result<String> {
        let mut text = String::new();
        self.to_rope()?.append_to(&mut text);
        Ok(text)
    }

    /// As [`Self::to_yaml`], but long pieces stay in the texts that they were read from until they are
    /// written.
    ///
    /// # Errors
    ///
    /// As [`Self::to_yaml`].
    pub fn to_rope(&self) -> Result<Rope<'_>> {
        let nodes = self.resources.iter().map(|resource| &resource.node);
        write_rope(nodes).map_err(|error| self.unwritten(error))
    }

    /// Says of an error of writing which object it is about, and which files its places are in.
    #[cold]
    fn unwritten(&self, error: Error) -> Error {
        let mut scratch = String::new();
        let mut list = self.resources.iter();
        let is_at_fault = |one: &&Resource| {
            scratch.clear();
            write(&one.node, &mut scratch).is_err()
        };
        // What stands in a kustomization has no place of its own; what was noted on the way has.
        let place = error.place().map(|place| place.span);
        let mut noted = self.findings.iter();
        if place.is_some_and(|span| span.source == SourceId::NONE)
            && let Some(noted) = noted.find(|finding| finding.rule == "duplicate-key")
        {
            let place = noted.place.clone().unwrap_or_default();
            return Error::new(error.kind(), &*noted.message)
                .at(place)
                .help(error.help_line().unwrap_or_default());
        }
        let error = match list.find(is_at_fault) {
            Some(one) => error.note(format!("in {}", one.id().shown()), None),
            None => error,
        };
        error.locate(|place| self.sources.locate(place))
    }
}

/// Builds the kustomization in a directory.
///
/// # Errors
///
/// Whatever is wrong with it or with one that it builds on: one sentence with the place, and the
/// kustomizations that led there as notes.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_engine::build::{Options, build};
/// use kustom_engine::load::Memory;
///
/// let mut files = Memory::default();
/// files.insert("/app/kustomization.yaml", "namePrefix: my-\nresources: [map.yaml]\n");
/// files.insert("/app/map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}");
/// let built = build(&files, Path::new("/"), Path::new("app"), &Options::default())?;
/// assert!(built.to_yaml()?.ends_with("  name: my-map\n"));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn build(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    options: &Options,
) -> Result<Built> {
    build_with(files, working_directory, directory, options, &|_, _| {})
}

/// Builds the kustomization in a directory as if it said something else: `change` has the last
/// word on what is asked of the root, and may name the files that say so.
///
/// # Errors
///
/// As [`build`].
pub fn build_with(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    options: &Options,
    change: &dyn Fn(&mut Kustomization, &SourceStore<'_>),
) -> Result<Built> {
    build_observed(files, working_directory, directory, options, change, None)
}

/// Builds the kustomization in a directory, and tells an observer of every step.
///
/// # Errors
///
/// As [`build`].
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_engine::build::{Observer, Options, Step, StepKind, build_observed};
/// use kustom_engine::load::Memory;
/// use kustom_engine::resource::Resources;
///
/// struct Steps(Vec<StepKind>);
///
/// impl Observer for Steps {
///     fn after(&mut self, step: &Step<'_>, _: &Resources) {
///         self.0.push(step.kind);
///     }
/// }
///
/// let mut files = Memory::default();
/// files.insert("/app/kustomization.yaml", "namePrefix: my-\nresources: [map.yaml]\n");
/// files.insert("/app/map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}");
/// let mut steps = Steps(Vec::new());
/// let (root, app) = (Path::new("/"), Path::new("app"));
/// build_observed(&files, root, app, &Options::default(), &|_, _| {}, Some(&mut steps))?;
/// assert_eq!(steps.0[..2], [StepKind::Resources, StepKind::PrefixTransformer]);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn build_observed<'o>(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    options: &'o Options,
    change: &dyn Fn(&mut Kustomization, &SourceStore<'_>),
    observer: Option<&'o mut dyn Observer>,
) -> Result<Built> {
    finished(
        files,
        working_directory,
        options,
        observer,
        &|context, library| {
            let mut target = KustTarget::load(context, library.open(directory)?)?;
            change(&mut target.kustomization, library);
            finish::run(context, target)
        },
    )
}

/// Builds a directory by a kustomization that need not lie in it: `read` makes it, and may read
/// files for that through the loader of the directory.
///
/// # Errors
///
/// As [`build`], and whatever `read` refuses.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_engine::build::{Options, build_of};
/// use kustom_engine::kustomization::Kustomization;
/// use kustom_engine::load::Memory;
///
/// let mut files = Memory::default();
/// files.insert("/app/map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}");
/// let built = build_of(&files, Path::new("/"), Path::new("app"), &Options::default(), &|_| {
///     let resources = vec!["map.yaml".into()];
///     Ok(Kustomization { resources, ..Kustomization::default() })
/// })?;
/// assert_eq!(built.resources.len(), 1);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn build_of(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    options: &Options,
    read: &dyn Fn(&Loader<'_>) -> Result<Kustomization>,
) -> Result<Built> {
    build_of_observed(files, working_directory, directory, options, read, None)
}

/// As [`build_of`], and tells an observer of every step.
///
/// # Errors
///
/// As [`build_of`].
pub fn build_of_observed<'o>(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    options: &'o Options,
    read: &dyn Fn(&Loader<'_>) -> Result<Kustomization>,
    observer: Option<&'o mut dyn Observer>,
) -> Result<Built> {
    finished(
        files,
        working_directory,
        options,
        observer,
        &|context, library| {
            let loader = library.open(directory)?;
            let kustomization = read(&loader)?;
            finish::run(context, KustTarget::of(loader, kustomization))
        },
    )
}

/// What a build makes, with the places of its findings.
fn finished<'o>(
    files: &dyn Files,
    working_directory: &Path,
    options: &'o Options,
    observer: Option<&'o mut dyn Observer>,
    run: &dyn Fn(&mut Context<'o>, &SourceStore<'_>) -> Result<Resources>,
) -> Result<Built> {
    let traced = Traced::new(files);
    let mut library =
        SourceStore::new(files, working_directory, options.restriction).as_of(options.release);
    if options.bases.is_some() {
        library = library.tracing(&traced);
    }
    // What is built for a lock is not held to the old one.
    if let Some(remotes) = &options.plugins.helm.charts
        && !options.plugins.helm.renders()
    {
        library = library.sharing(Arc::clone(remotes));
    }
    let mut context = Context::new(options, library.budget());
    context.observer = observer;
    if let Some(observer) = &mut context.observer {
        observer.start();
    }
    let resources = run(&mut context, &library)
        .map_err(|error| mask(&library).error(error.locate(|place| library.locate(place))))?;
    let (mut findings, mut matches) = (context.findings, context.matches);
    if options.only_warnings_of_kustomize {
        findings.retain(|found| ["deprecated-field", "ignored-flag"].contains(&found.rule));
    }
    let of_findings = findings.iter_mut().flat_map(Finding::places_mut);
    let of_matches = matches.iter_mut().map(|matched| &mut matched.place);
    for place in of_findings.chain(of_matches) {
        library.locate(place);
    }
    // What is only deprecated is a word of ours.
    if findings
        .iter()
        .any(|found| found.rule != "deprecated-field")
    {
        let mask = mask(&library);
        findings.iter_mut().for_each(|found| mask.finding(found));
    }
    Ok(Built {
        resources: resources.into_iter().collect(),
        findings,
        matches,
        sources: library.into_sources(),
    })
}

/// What no message about the files of a build repeats.
#[cold]
fn mask(library: &SourceStore<'_>) -> Mask {
    let mut mask = Mask::default();
    for (name, content) in library.contents() {
        mask.learn(&name, &content);
    }
    mask
}

/// What a kustomization says in `openapi`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ChosenSchema {
    /// The definitions of a release of Kubernetes.
    Release(Str),
    /// Those of a document.
    Document {
        content: Bytes,
        /// Whether those of Kubernetes stay.
        is_beside: bool,
    },
}

/// What all directories of a build share.
struct Context<'o> {
    options: &'o Options,
    /// What the build may read and make.
    budget: Budget,
    /// The schema in use.
    schema: Schema,
    /// What a kustomization has set it to: the first setting wins.
    chosen_schema: Option<ChosenSchema>,
    /// Whether the scope of a kind was asked for that the built-in table does not hold.
    looked_beyond_the_table: bool,
    /// What is wrong with the chosen schema.
    broken_schema: Option<Error>,
    helm: plugin::Helm,
    /// The generators that were left out.
    left_out: Vec<(Product, Str)>,
    /// The order that the root asks for.
    order: Option<Order>,
    findings: Vec<Finding>,
    /// Remarks that hold only if a value is still there at the end.
    pending: Vec<elsewhere::Pending>,
    matches: Vec<Matched>,
    observer: Option<&'o mut dyn Observer>,
    /// How many bases were built, if kinds are known besides.
    bases: u32,
    sharing: Sharing,
}

impl<'o> Context<'o> {
    fn new(options: &'o Options, budget: &Budget) -> Self {
        Self {
            options,
            budget: budget.clone(),
            schema: options.completed(Schema::builtin()),
            chosen_schema: None,
            looked_beyond_the_table: false,
            broken_schema: None,
            helm: plugin::Helm::default(),
            left_out: Vec::new(),
            order: None,
            findings: Vec::new(),
            pending: Vec::new(),
            matches: Vec::new(),
            observer: None,
            bases: 0,
            sharing: Sharing::new(options.bases.clone()),
        }
    }

    /// Tells who watches of a step that has run.
    fn tell(&mut self, kind: StepKind, span: Span, directory: &Path, resources: &Resources) {
        let step = Step {
            kind,
            span,
            directory,
            patches: StepPatches::Nothing,
        };
        self.tell_step(&step, resources);
    }

    fn tell_step(&mut self, step: &Step<'_>, resources: &Resources) {
        if let Some(observer) = &mut self.observer {
            observer.after(step, resources);
            self.sharing.note_step(step);
        }
    }

    /// Ends a transformer: what it deleted is gone before the next one runs.
    fn after_transformer(
        &mut self,
        target: &KustTarget<'_>,
        kind: StepKind,
        span: Span,
        resources: &mut Resources,
    ) {
        let step = Step {
            kind,
            span,
            directory: target.loader.root(),
            patches: StepPatches::Nothing,
        };
        self.after_step(target, &step, resources);
    }

    /// Ends a transformer of patches.
    fn after_patches(
        &mut self,
        target: &KustTarget<'_>,
        kind: StepKind,
        patches: StepPatches<'_>,
        resources: &mut Resources,
    ) {
        let step = Step {
            kind,
            span: patches.span(),
            directory: target.loader.root(),
            patches,
        };
        self.after_step(target, &step, resources);
    }

    fn after_step(&mut self, target: &KustTarget<'_>, step: &Step<'_>, resources: &mut Resources) {
        if let Some(origin) = origin::of_field(target, step.kind) {
            origin::record(resources, Some(&origin));
        }
        resources.drop_deleted();
        self.tell_step(step, resources);
    }
}

impl Context<'_> {
    /// Nothing yet.
    fn nothing(&self) -> Accumulated {
        Accumulated {
            resources: Resources::within(&self.budget),
            fields: Fields::default(),
            vars: Vars::default(),
        }
    }

    /// A schema that cannot be read matters as soon as a patch is merged by it.
    fn check_schema(&mut self, patches: &[Resource]) -> Result<()> {
        let broken = if patches.is_empty() {
            None
        } else {
            self.broken_schema.take()
        };
        broken.map_or(Ok(()), Err)
    }
}

/// What flows up from a directory to the one that builds on it.
#[derive(Clone)]
struct Accumulated {
    resources: Resources,
    fields: Fields,
    vars: Vars,
}

impl Accumulated {
    /// Adds the result of a base.
    fn merge(&mut self, base: Self) -> Result<()> {
        self.resources.append(base.resources)?;
        self.fields.merge(&base.fields)?;
        self.vars.merge(base.vars)
    }
}
