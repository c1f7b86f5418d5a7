//! Runs external programs that take part in a build: helm, functions in containers or as
//! executables, and legacy exec plugins.
//!
//! A plugin of others is configured by an object, gets the objects of the build as YAML, and
//! answers with YAML. What a build remembers of an object travels with it as the annotations that
//! kustomize uses for that, because plugins may look at them. Nothing here runs unless the options
//! allow it.
//! Source: <https://kubectl.docs.kubernetes.io/guides/extending_kustomize/>.

mod container;
mod declared;
mod dotenv;
mod executable;
mod function;
mod helm;
mod ksops;
mod bookkeeping;
mod places;
mod specification;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Entry, Manifests, Node};

use crate::load::{Loader, Remotes};
use crate::resource::{self, Resource, Resources};
use crate::schema::Schema;

pub use bookkeeping::write_all;
pub use container::run as run_container;
pub use declared::Declared;
pub use helm::Helm;

pub use ksops::{Ksops, KsopsFile, ksops_files};

use executable::Executable;
use function::Function;
use ksops::Generator;

/// What may run, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether plugins of others run at all; they bring helm charts with them.
    pub enabled: bool,
    /// How functions run.
    pub functions: FunctionOptions,
    /// How charts are inflated.
    pub helm: HelmOptions,
    /// How generators of ksops run.
    pub ksops: Ksops,
    /// Where old exec plugins may be; the first that exists is searched.
    pub homes: Vec<PathBuf>,
}

/// How functions run.
#[derive(Clone, Debug, Default)]
pub struct FunctionOptions {
    /// Whether executables may run.
    pub exec: bool,
    /// Whether containers that ask for the network get it.
    pub network: bool,
    /// What is mounted into every container, such as `type=bind,src=data,dst=/data`.
    pub mounts: Vec<String>,
    /// Variables for every function: `NAME=value`, or `NAME` for one of our own.
    pub environment: Vec<String>,
    /// Whether containers run as the user who runs us.
    pub as_current_user: bool,
}

/// How charts are inflated.
#[derive(Clone, Debug)]
pub struct HelmOptions {
    /// Whether charts are inflated at all.
    pub enabled: bool,
    /// Whether only a file of the repository enables them; then no program of the repository runs
    /// with them.
    pub enabled_by_project: bool,
    /// The helm to run.
    pub command: OsString,
    /// API versions for charts that name none.
    pub api_versions: Vec<String>,
    /// The Kubernetes version for charts that name none.
    pub kube_version: String,
    /// Whether helm talks.
    pub debug: bool,
    /// The remotes of the command, where charts are fetched to that are not there, each once; without
    /// them and without a lock beside the others, as kustomize does, and they stay.
    ///
    /// Where they are read for a lock or for vendoring, charts are fetched and make nothing.
    pub charts: Option<Arc<Remotes>>,
}

impl Default for Options {
    fn default() -> Self {
        let helm = HelmOptions {
            enabled: false,
            enabled_by_project: false,
            command: "helm".into(),
            api_versions: Vec::new(),
            kube_version: String::new(),
            debug: false,
            charts: None,
        };
        Self {
            enabled: false,
            functions: FunctionOptions::default(),
            helm,
            ksops: Ksops::default(),
            homes: Vec::new(),
        }
    }
}

/// A plugin of others, configured and ready to run.
#[derive(Debug)]
pub struct Plugin {
    runner: Runner,
    /// Who it is, for errors.
    name: String,
    /// Where it is configured.
    span: Span,
    /// Whether the objects' origins are tracked.
    tracked: bool,
}

#[derive(Debug)]
enum Runner {
    Function(Box<Function>),
    Executable(Executable),
    Ksops(Generator),
}

impl Plugin {
    /// The plugin that an object configures.
    ///
    /// `tracked` says whether the build tracks where objects come from.
    ///
    /// # Errors
    ///
    /// If plugins are not enabled, there is none of that kind, or its configuration is wrong.
    pub fn new(
        configuration: &Resource,
        loader: &Loader<'_>,
        options: &Options,
        tracked: bool,
    ) -> Result<Self> {
        let name = configuration.id().to_string();
        let at_object = |error: Error| error.at(configuration.node.span);
        if options.ksops != Ksops::Program && ksops::is(&configuration.node) {
            let generator = Generator::new(&configuration.node, loader, options.ksops);
            return Ok(Self {
                runner: Runner::Ksops(generator.map_err(at_object)?),
                name,
                span: configuration.node.span,
                tracked,
            });
        }
        if !options.enabled {
            let message = format!("`{name}` is no built-in plugin");
            return Err(at_object(Error::new(Kind::Plugin, message))
                .help("plugins of others run with `--enable-alpha-plugins`"));
        }
        let text = bookkeeping::write_all(std::iter::once(configuration))?;
        let runner = match Function::new(configuration, &text, loader, options) {
            Ok(Some(function)) => Runner::Function(Box::new(function)),
            Ok(None) => Executable::new(configuration, text, loader, options)
                .map(Runner::Executable)
                .map_err(at_object)?,
            Err(error) => return Err(at_object(error)),
        };
        Ok(Self {
            runner,
            name,
            span: configuration.node.span,
            tracked,
        })
    }

    /// What it says besides its work: why it will do nothing.
    pub fn findings(&self) -> Option<Finding> {
        match &self.runner {
            Runner::Function(function) if !function.runs() => {
                let message = format!("the function `{}` is skipped", self.name);
                Some(
                    Finding::warning("skipped-function", message)
                        .help("executables run with `--enable-exec`"),
                )
            }
            _ => None,
        }
    }

    /// Runs it as a generator.
    ///
    /// # Errors
    ///
    /// If it fails, or answers with something that is no list of objects.
    pub fn generate(&self, schema: &Schema, findings: &mut Vec<Finding>) -> Result<Vec<Resource>> {
        let mut results = Vec::new();
        let stream = match &self.runner {
            Runner::Function(function) => function.generate(&mut results),
            Runner::Executable(executable) => executable.run(String::new()),
            Runner::Ksops(generator) => {
                findings.extend(generator.findings());
                generator.generate()
            }
        };
        self.say(findings, results);
        if stream
            .as_ref()
            .is_ok_and(|stream| stream.documents.is_empty())
        {
            let silent = self.silent("it makes no object");
            findings.push(silent.help("a generator prints the objects that it makes"));
        }
        let mut made = self.read(stream, schema)?;
        for resource in &mut made {
            if matches!(self.runner, Runner::Function(_)) {
                let checked = resource.check_annotations();
                checked.map_err(|error| self.named(error))?;
            }
            bookkeeping::take_wishes(resource)?;
            // What stands in a file comes from there.
            if resource.node.span.source == SourceId::NONE {
                places::settle_resource(resource, self.span);
            }
        }
        let mut list = Resources::new();
        list.add_all(made).map_err(|error| self.named(error))?;
        Ok(list.into_iter().collect())
    }

    /// Runs it as a transformer: what it answers takes the place of the objects with the same ids,
    /// and those that it leaves out are gone.
    ///
    /// # Errors
    ///
    /// If it fails, or answers with something that is no list of different objects.
    pub fn transform(
        &self,
        resources: &mut Resources,
        schema: &Schema,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let (made, is_silent) = self.answer(resources, schema, findings)?;
        if is_silent && !resources.is_empty() {
            let silent = self.silent("every object is gone");
            findings.push(silent.help("a transformer prints all objects, the unchanged ones, too"));
        }
        let mut added = Vec::new();
        let mut stays = vec![false; resources.len()];
        for (resource, position) in made {
            match position {
                Some(position) => {
                    stays[position] = true;
                    take_place(resource, &mut resources.list_mut()[position]);
                }
                None => added.push(resource),
            }
        }
        let mut stays = stays.into_iter();
        let list = resources.list_mut();
        list.retain(|_| stays.next().unwrap_or_default());
        resources.extend(added);
        Ok(())
    }

    /// Runs it as a validator: what it answers takes the place of the objects with the same ids,
    /// for others to compare; what it leaves out or adds is no news.
    ///
    /// # Errors
    ///
    /// As [`Plugin::transform`].
    pub fn validate(
        &self,
        resources: &mut Resources,
        schema: &Schema,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let (made, _) = self.answer(resources, schema, findings)?;
        for (resource, position) in made {
            if let Some(position) = position {
                take_place(resource, &mut resources.list_mut()[position]);
            }
        }
        Ok(())
    }

    /// What it says besides its work.
    fn say(&self, findings: &mut Vec<Finding>, said: Vec<Finding>) {
        findings.extend(said.into_iter().map(|finding| finding.at(self.span)));
    }

    /// A remark on a plugin that printed nothing and did not fail.
    fn silent(&self, so: &str) -> Finding {
        let message = format!("the plugin `{}` printed nothing: {so}", self.name);
        Finding::warning("silent-function", message).at(self.span)
    }

    /// What it answers to objects, each with the position of the one that has its id; and whether
    /// it said nothing at all.
    fn answer(
        &self,
        resources: &mut Resources,
        schema: &Schema,
        findings: &mut Vec<Finding>,
    ) -> Result<(Vec<(Resource, Option<usize>)>, bool)> {
        let text = bookkeeping::write_with_ids(resources)?;
        let mut results = Vec::new();
        let stream = match &self.runner {
            Runner::Function(function) => function.transform(&text, &mut results),
            Runner::Executable(executable) => executable.run(text),
            Runner::Ksops(_) => Err(Error::new(Kind::Plugin, "ksops transforms nothing")
                .help("name it in `generators`")),
        };
        self.say(findings, results);
        let is_silent = stream.as_ref().is_ok_and(|it| it.documents.is_empty());
        let mut made = self.read(stream, schema)?;
        for resource in &mut made {
            bookkeeping::remove(&mut resource.node, bookkeeping::ID);
        }
        let mut unique = Resources::new();
        unique.add_all(made).map_err(|error| self.named(error))?;
        let positioned = unique.into_iter().map(|mut resource| {
            places::settle_resource(&mut resource, self.span);
            let position = resources.with_id(resource.id());
            (resource, position)
        });
        Ok((positioned.collect(), is_silent))
    }

    fn read(&self, stream: Result<Manifests>, schema: &Schema) -> Result<Vec<Resource>> {
        let made = stream.and_then(|stream| resource::from_documents(stream, schema));
        let mut made = made.map_err(|error| self.named(error))?;
        if self.tracked {
            made.iter_mut()
                .try_for_each(bookkeeping::take_origin)
                .map_err(|error| self.named(error))?;
        }
        Ok(made)
    }

    fn named(&self, error: Error) -> Error {
        let message = format!("from the plugin `{}`", self.name);
        error.note(message, Some(self.span.into()))
    }
}

/// Takes notice of the files that a configuration names: a program that gets it will read them.
fn notice_files(configuration: &Node, loader: &Loader<'_>) {
    let fields = configuration.entries().iter();
    let is_own = |entry: &&Entry| {
        !["apiVersion", "kind", "metadata"]
            .iter()
            .any(|key| entry.is(key))
    };
    let mut open: Vec<&Node> = fields.filter(is_own).map(|entry| &entry.value).collect();
    while let Some(node) = open.pop() {
        if let Some(text) = node.text()
            && !text.is_empty()
            && !text.contains('\n')
        {
            loader.notice(text);
        }
        open.extend(node.items());
        open.extend(node.entries().iter().map(|entry| &entry.value));
    }
}

/// Puts what a plugin made of a resource into its place.
fn take_place(mut new: Resource, old: &mut Resource) {
    if !new.hash_covers_places() {
        places::keep(&mut new.node, &old.node);
    }
    new.succeed(old);
    // What is known of a resource but not written into it is not the plugin's.
    let vars = std::mem::take(&mut old.history.vars);
    *old = new;
    old.history.vars = vars;
}
