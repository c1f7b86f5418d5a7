//! Where each value of a build comes from: the steps that made it what it is, oldest first.
//!
//! A [`Recorder`] watches a build; [`Explained`] answers from what it has seen: the life of an
//! object, the chain of a field, the place of each line of the output. No transformer knows of it,
//! and a build that nobody watches pays nothing.
//!
//! ```
//! use std::path::Path;
//! use kustom::build::Options;
//! use kustom::explain::directory;
//! use kustom::load::Memory;
//!
//! let mut files = Memory::default();
//! files.insert("/app/kustomization.yaml", "resources: [web.yaml]\nnamePrefix: my-\n");
//! files.insert("/app/web.yaml", "{apiVersion: v1, kind: Service, metadata: {name: web}}");
//! let explained = directory(&files, Path::new("/"), Path::new("app"), &Options::default())?;
//! let service = explained.find(&"Service/web".parse()?)?[0];
//! let chain = explained.field(service, &"metadata.name".parse()?)?;
//! let steps: Vec<_> = chain.events.iter().map(|event| event.step).collect();
//! assert_eq!(steps, ["resources", "namePrefix"]);
//! assert_eq!(chain.value.as_deref(), Some("my-web"));
//! # Ok::<(), kustom::error::Error>(())
//! ```

mod blame;
mod chain;
mod field;
mod object;
mod reasons;
mod recorder;
mod removal;
mod scripts;
mod secrets;
mod texts;
mod track;

use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use blame::{Blamed, Reached};
pub use chain::{Chain, Effect, Event, Reason};
pub use field::Field;
pub use object::ObjectName;
pub use recorder::{Life, Recorder};
pub use texts::Texts;

use crate::build::{self, build_observed};
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::Finding;
use crate::id::Id;
use crate::kinds::Kinds;
use crate::load::{Cached, Files, Sources, display_from};
use crate::place::{Place, Span};
use crate::resource::Resource;
use crate::yaml::{Node, Value};

use object::named;
use recorder::Recorded;
use secrets::Secrets;
use track::{Alignments, Seg};

/// A build, and what its steps did.
pub struct Explained {
    steps: Vec<Recorded>,
    lives: Vec<Life>,
    /// The objects of the output, in order, as numbers of lives.
    order: Vec<usize>,
    sources: Sources,
    texts: Texts,
    findings: Vec<Finding>,
    shows_secrets: bool,
    secrets: OnceLock<Secrets>,
    alignments: Alignments,
    /// The custom kinds that the build knew.
    kinds: Option<Arc<Kinds>>,
}

/// Builds the kustomization in a directory, and explains it.
///
/// # Errors
///
/// As [`build::build`].
pub fn directory(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    options: &build::Options,
) -> Result<Explained> {
    let cached = Cached::new(files);
    let options = build::Options {
        // Places in patches of a kustomization are those of the kustomization.
        lint: true,
        ..options.clone()
    };
    let mut recorder = Recorder::default();
    let observer = Some(&mut recorder as &mut dyn build::Observer);
    let built = build_observed(
        &cached,
        working_directory,
        directory,
        &options,
        &|_, _| {},
        observer,
    )?;
    let mut texts = Texts::default();
    for (path, content) in cached.contents() {
        let inside = path.strip_prefix(working_directory).unwrap_or(&path);
        let names = [
            inside.to_string_lossy(),
            display_from(working_directory, &path).into(),
        ];
        texts.add(&path, names.iter().map(|name| &**name), content);
    }
    let explained = Explained::new(recorder, &built.resources, built.sources, texts)?;
    Ok(explained.with_findings(built.findings))
}

impl Explained {
    /// What a recorder has seen of a build that came to some resources.
    ///
    /// # Errors
    ///
    /// If there was more to remember than the [limits](crate::limits) allow.
    pub fn new(
        recorder: Recorder,
        resources: &[Resource],
        sources: Sources,
        texts: Texts,
    ) -> Result<Self> {
        let parts = recorder.into_parts(resources);
        let (steps, lives, order) =
            parts.map_err(|error| error.locate(|place| sources.locate(place)))?;
        Ok(Self {
            steps,
            lives,
            order,
            sources,
            texts,
            findings: Vec::new(),
            shows_secrets: false,
            secrets: OnceLock::new(),
            alignments: Alignments::default(),
            kinds: None,
        })
    }

    /// The same, of a build that knew custom kinds.
    #[must_use]
    pub fn knowing(self, kinds: Option<Arc<Kinds>>) -> Self {
        Self { kinds, ..self }
    }

    /// The same, with what was noticed on the way.
    #[must_use]
    pub fn with_findings(self, findings: Vec<Finding>) -> Self {
        Self { findings, ..self }
    }

    /// The same, with the values of Secrets in the clear.
    #[must_use]
    pub fn showing_secrets(self, shows_secrets: bool) -> Self {
        Self {
            shows_secrets,
            ..self
        }
    }

    /// What was noticed on the way.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The objects of the output, in its order.
    pub fn output(&self) -> impl Iterator<Item = &Life> {
        self.order.iter().map(|index| &self.lives[*index])
    }

    /// The objects that steps took away.
    pub fn removed(&self) -> impl Iterator<Item = &Life> {
        self.lives.iter().filter(|life| life.is_removed())
    }

    /// The objects of a name: those that have it in the output, or else those that had it.
    ///
    /// # Errors
    ///
    /// If there was none, with what could have been meant.
    pub fn find(&self, name: &ObjectName) -> Result<Vec<&Life>> {
        let present = || self.output();
        let now: Vec<&Life> = present().filter(|life| name.means(life.id())).collect();
        if !now.is_empty() {
            return Ok(now);
        }
        let then: Vec<&Life> = present().filter(|life| name.means_life(life)).collect();
        if !then.is_empty() {
            return Ok(then);
        }
        let gone: Vec<&Life> = self
            .removed()
            .filter(|life| name.means_life(life))
            .collect();
        if !gone.is_empty() {
            return Ok(gone);
        }
        let error = Error::new(Kind::Project, format!("there is no object `{name}`"));
        let of_kind: Vec<&Life> = present()
            .filter(|life| name.means_kind(life.id()))
            .collect();
        let names = of_kind
            .iter()
            .flat_map(|life| life.ids())
            .map(|id| id.name.as_str());
        if let Some(near) = nearest(name.name(), names) {
            let meant = of_kind
                .iter()
                .find(|life| life.ids().any(|id| id.name == near));
            let near = meant.map_or_else(|| near.to_owned(), |life| named(life.id()));
            return Err(error.help(format!("did you mean `{near}`?")));
        }
        let same: Vec<String> = present()
            .filter(|life| life.ids().any(|id| id.name == name.name()))
            .map(|life| format!("`{}`", named(life.id())))
            .collect();
        if !same.is_empty() {
            return Err(error.help(format!("of that name there is {}", same.join(", "))));
        }
        let some: Vec<String> = of_kind
            .iter()
            .map(|life| format!("`{}`", named(life.id())))
            .collect();
        Err(match some.is_empty() {
            true => error.help("without an object, all are listed"),
            false => error.help(format!("of that kind there is {}", some.join(", "))),
        })
    }

    /// An object's name, as [`ObjectName`] reads it.
    pub fn name(&self, life: &Life) -> String {
        named(life.id())
    }

    /// The names of the files that the build read.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.texts.names()
    }

    /// The line of the source at a place, without secrets.
    pub fn line(&self, place: &Place) -> Option<String> {
        let line = self.texts.line(place)?;
        let file = place.file.as_deref().unwrap_or_default();
        Some(match self.shows_secrets {
            true => line,
            false => self.secrets().hidden(file, &line),
        })
    }

    /// Where a span of an object is written.
    pub fn written(&self, span: Span) -> Option<Place> {
        self.place(span)
    }

    /// What is not shown.
    fn secrets(&self) -> &Secrets {
        self.secrets.get_or_init(|| Secrets::of(&self.lives))
    }

    fn shows_secrets(&self) -> bool {
        self.shows_secrets
    }

    /// A value as it is shown.
    fn value(&self, id: &Id, way: &[Seg], node: &Node) -> String {
        match &node.value {
            Value::Scalar(text) | Value::Alias(text) if self.shows_secrets => text.to_string(),
            _ if secrets::is_data(id, way) => secrets::HIDDEN.to_owned(),
            Value::Scalar(text) | Value::Alias(text) => {
                let keys = way.iter().rev().find_map(|seg| match seg {
                    Seg::Key(key) => Some(key.as_str()),
                    Seg::Item(_) => None,
                });
                self.secrets().hidden_value(keys.unwrap_or_default(), text)
            }
            Value::Map(entries) => match entries.len() {
                0 => "{}".to_owned(),
                1 => "{1 field}".to_owned(),
                count => format!("{{{count} fields}}"),
            },
            Value::Seq(items) => match items.len() {
                0 => "[]".to_owned(),
                1 => "[1 item]".to_owned(),
                count => format!("[{count} items]"),
            },
        }
    }
}
