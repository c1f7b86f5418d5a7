//! A directory that is built: its kustomization, and the files that it names.

use std::path::Path;
use std::sync::Arc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::{Excerpt, Place, SourceId};
use kustom_yaml::threads;
use kustom_yaml::{
    Manifests, Text, json_or_config, read_config, read_manifests, read_strict_config,
};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{ChosenSchema, Context};
use crate::kustomization::{EMPTY, FILE_NAMES, Kustomization};
use crate::load::{Content, FileKind, Loader, shown_name};
use crate::resource::{self, Origin, Resource};
use crate::schema::Schema;

/// A directory and what its kustomization asks for.
pub(super) struct KustTarget<'l> {
    pub(super) loader: Loader<'l>,
    pub(super) kustomization: Kustomization,
    /// The name of the kustomization's file.
    pub(super) file_name: String,
    /// The kustomization's file, if it was read from one.
    pub(super) content: Option<Arc<Content>>,
    /// Where the directory is, as seen from the root; only if origins are tracked.
    pub(super) origin: Option<Origin>,
    /// The namespace that helm charts are given, from here or from above.
    pub(super) helm_namespace: Text,
}

impl<'l> KustTarget<'l> {
    /// Reads the kustomization of a directory.
    pub(super) fn load(context: &mut Context<'_>, loader: Loader<'l>) -> Result<Self> {
        let (file_name, content) = find(&loader)?;
        let whole_file = |error: Error| match loader.library().name(span_of(&content)) {
            Some(name) => error.at(Place::file(name)),
            None => error,
        };
        let node = read_config(&content.bytes, content.source).map_err(whole_file)?;
        let (kustomization, mut findings) =
            Kustomization::parse_as_of(&node, context.options.release)
                .map_err(whole_file)
                .map_err(|error| filled(error, &loader))?;
        if context.options.only_warnings_of_kustomize
            && !loader.library().is_made(span_of(&content))
        {
            let old = findings
                .iter_mut()
                .filter(|found| found.rule == "deprecated-field");
            old.for_each(|found| show_lone_key(found, &content.bytes));
        }
        context.findings.extend(findings);
        if context.options.lint {
            context.findings.extend(repeated_field(&content));
        }
        Ok(Self {
            file_name,
            content: Some(Arc::new(content)),
            ..Self::of(loader, kustomization)
        })
    }

    /// A directory, with a kustomization that need not lie in it.
    pub(super) fn of(loader: Loader<'l>, kustomization: Kustomization) -> Self {
        Self {
            loader,
            helm_namespace: kustomization.namespace.clone(),
            kustomization,
            file_name: FILE_NAMES[0].to_owned(),
            content: None,
            origin: None,
        }
    }

    /// Takes over the schema that the kustomization asks for, unless one was chosen already.
    pub(super) fn use_schema(&self, context: &mut Context<'_>) -> Result<()> {
        let openapi = &self.kustomization.openapi;
        let content = openapi
            .path
            .as_ref()
            .map(|path| self.loader.read(path))
            .transpose()?;
        if context.chosen_schema.is_some() {
            return Ok(());
        }
        if let Some(content) = content {
            context.chosen_schema = Some(ChosenSchema::Document {
                content: content.bytes.clone(),
                is_beside: context.looked_beyond_the_table,
            });
            let parsed =
                json_or_config(&content.bytes, content.source).and_then(Schema::from_openapi);
            match parsed {
                Ok(schema) if context.looked_beyond_the_table => {
                    context.schema = context.options.completed(schema).beside_builtin();
                }
                Ok(schema) => context.schema = context.options.completed(schema),
                // It matters only if a patch is merged.
                Err(error) => context.broken_schema = Some(error),
            }
        } else if let Some(version) = &openapi.version {
            context.chosen_schema = Some(ChosenSchema::Release(version.text.clone()));
            let schema = Schema::of_release(version);
            let schema = schema.map_err(|error| error.at(version.span))?;
            context.schema = context.options.completed(schema);
        }
        Ok(())
    }

    /// The source of a text that the kustomization holds, without its first bytes.
    pub(super) fn inline(&self, text: &Text, skipped: usize) -> SourceId {
        let library = self.loader.library();
        library.inline(self.content.as_ref(), text, skipped)
    }

    /// The objects of an entry that is their text, and not the name of a file.
    pub(super) fn inline_objects(
        &self,
        context: &Context<'_>,
        entry: &Text,
    ) -> Option<Vec<Resource>> {
        // Nothing else is an object with a kind and a name.
        if !entry.contains(['\n', '{']) {
            return None;
        }
        let stream = read_manifests(entry.as_bytes(), self.inline(entry, 0)).ok()?;
        resource::from_documents(stream, &context.schema).ok()
    }

    /// The files of a long list, read on all cores if there are several; nothing where a name may be
    /// a base.
    pub(super) fn read_ahead(&self, names: &[Text]) -> Vec<Option<Result<Manifests>>> {
        if names.len() < MANY_FILES || threads::wanted() == 1 {
            return Vec::new();
        }
        threads::get_ready();
        let is_file = |name: &Text| self.loader.kind(name) == Some(FileKind::File);
        names
            .par_iter()
            .map(|name| match self.loader.read_if_plain(name) {
                Some(read) => Some(read.and_then(|content| self.documents(name, content))),
                None => is_file(name).then(|| self.stream(name)),
            })
            .collect()
    }

    /// The documents of a file.
    fn stream(&self, name: &Text) -> Result<Manifests> {
        self.documents(name, self.loader.read(name)?)
    }

    /// The documents of what was read of a file.
    pub(super) fn documents(&self, name: &Text, content: Content) -> Result<Manifests> {
        let library = self.loader.library();
        let (stream, size) = library
            .manifests(content)
            .map_err(|error| named_here(error, name))?;
        let charged = library.budget().charge("this file", size);
        charged.map_err(|error| error.at(name.span))?;
        Ok(stream)
    }

    /// The resources of a file, which may have been read already.
    pub(super) fn file(
        &self,
        context: &mut Context<'_>,
        name: &Text,
        read: Option<Result<Manifests>>,
    ) -> Result<Vec<Resource>> {
        let stream = read.unwrap_or_else(|| self.stream(name))?;
        let named = |error: Error| named_here(error, name);
        let resources = resource::from_documents(stream, &context.schema).map_err(named)?;
        context.note_repeated_keys(&resources, name.span);
        context.options.keep_definitions(&resources);
        context.looked_beyond_the_table |= resources.iter().any(|resource| {
            let gvk = &resource.id().gvk;
            !context.schema.knows_scope(&gvk.api_version(), &gvk.kind)
        });
        Ok(resources)
    }
}

/// A field that stands twice in a kustomization, where the last one counts.
fn repeated_field(content: &Content) -> Option<Finding> {
    let error = read_strict_config(&content.bytes, content.source).err()?;
    let place = error.place()?.clone();
    let message = format!("{}; only the last one counts", error.message());
    Some(
        Finding::warning("duplicate-key", message)
            .at(place)
            .help("keep one of them"),
    )
}

/// Shows the line of a finding where it is the key that the finding is about, and nothing else: with
/// it the finding repeats no value of the file.
fn show_lone_key(finding: &mut Finding, content: &[u8]) {
    let Some(span) = finding.place.as_ref().map(|place| place.span) else {
        return;
    };
    let key = content.get(span.range()).map(str::from_utf8);
    let behind = content.get(span.range().end..).unwrap_or_default();
    let is_lone = span.column == 1
        && [&b":\n"[..], b":\r\n"]
            .iter()
            .any(|end| behind.starts_with(end));
    if let (Some(Ok(key)), true) = (key, is_lone) {
        let excerpt = Excerpt::new(&format!("{key}:"), 0..key.len());
        finding.excerpt = Some(Box::new(excerpt));
    }
}

/// How many files are worth a thread.
pub(super) const MANY_FILES: usize = 64;

fn named_here(error: Error, name: &Text) -> Error {
    let message = format!("`{}` is named here", shown_name(name));
    match name.span.line {
        0 => error,
        _ => error.step(message, Some(name.span.into())),
    }
}

/// The kustomization file of a directory; there must be exactly one.
fn find(loader: &Loader<'_>) -> Result<(String, Content)> {
    let [usual, others @ ..] = FILE_NAMES;
    let if_there = |name: &'static str| Some((name, loader.read_if_there(name)?));
    // It is opened without a look at it before.
    let usual = match loader.read_if_plain(&Text::from(usual)) {
        Some(Ok(content)) => Some((usual, content)),
        _ => if_there(usual),
    };
    let mut found = usual
        .into_iter()
        .chain(others.into_iter().filter_map(if_there));
    let Some((name, content)) = found.next() else {
        return Err(no_kustomization(loader));
    };
    match found.next() {
        None => Ok((name.to_owned(), content)),
        Some((other, _)) => {
            let shown = loader.shown_root();
            let message = format!("there are two kustomizations in `{shown}`");
            let place = |name: &str| Place::file(in_directory(&shown, name));
            Err(Error::new(ErrorKind::Load, message)
                .at(place(name))
                .note("the other one is here", Some(place(other)))
                .help("remove one of the two"))
        }
    }
}

/// Why a directory has no kustomization: there is none, or there is one that cannot be read.
fn no_kustomization(loader: &Loader<'_>) -> Error {
    let is_there = |name: &&&str| loader.kind(name).is_some();
    let unreadable = FILE_NAMES.iter().find(is_there);
    if let Some(error) = unreadable.and_then(|name| loader.read(&Text::from(*name)).err()) {
        return Error::new(ErrorKind::Load, error.message())
            .at(Place::file(loader.shown_root()))
            .help("a kustomization is a file that can be read");
    }
    let message = format!("there is no kustomization in `{}`", loader.shown_root());
    let path = in_directory(&loader.shown_root(), FILE_NAMES[0]);
    Error::new(ErrorKind::Load, message).help(format!("write `{path}`, as `kustom create` does"))
}

/// A file of a directory, as it is shown.
fn in_directory(directory: &str, name: &str) -> String {
    Path::new(directory).join(name).display().to_string()
}

/// What to write into a kustomization that names nothing: the files that lie beside it.
#[cold]
fn filled(error: Error, loader: &Loader<'_>) -> Error {
    const MANY: usize = 5;
    if error.message() != EMPTY {
        return error;
    }
    let is_manifest = |name: &String| {
        let name = name.as_str();
        (name.ends_with(".yaml") || name.ends_with(".yml")) && !FILE_NAMES.contains(&name)
    };
    let mut names = loader.names();
    names.retain(is_manifest);
    error.help(match names.len() {
        0 => "write `resources:` and a `- FILE` or `- DIRECTORY` for each".to_owned(),
        1..=MANY => format!("write `resources: [{}]`", names.join(", ")),
        _ => format!("write `resources:` and a `- {}` for each file", names[0]),
    })
}

fn span_of(content: &Content) -> kustom_yaml::place::Span {
    kustom_yaml::place::Span {
        source: content.source,
        ..Default::default()
    }
}
