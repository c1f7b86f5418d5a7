//! Builds one directory: loads its resources, then runs generators, components, transformers and
//! validators, in kustomize's order.

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::limits;
use kustom_yaml::place::Place;
use kustom_yaml::threads;
use kustom_yaml::{
    Manifests, Size, Text, json_or_config, read_config, read_manifests, read_strict_config,
};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{Accumulated, Context, StepKind, depth, generators, origin, plugins, transformers};
use crate::fields::Fields;
use crate::kustomization::{FILE_NAMES, Kind, Kustomization, unheard};
use crate::load::{Content, FileKind, Loader, shown_name};
use crate::resource::{self, Origin, Resource};
use crate::schema::Schema;

/// A directory and what its kustomization asks for.
pub(super) struct KustTarget<'l> {
    pub(super) loader: Loader<'l>,
    pub(super) kustomization: Kustomization,
    /// The name of the kustomization's file.
    pub(super) file_name: String,
    /// Where the directory is, as seen from the root; only if origins are tracked.
    pub(super) origin: Option<Origin>,
    /// The namespace that helm charts are given, from here or from above.
    pub(super) helm_namespace: Text,
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

impl<'l> KustTarget<'l> {
    /// Reads the kustomization of a directory.
    pub(super) fn load(context: &mut Context<'_>, loader: Loader<'l>) -> Result<Self> {
        let (file_name, content) = find(&loader)?;
        let whole_file = |error: Error| match loader.library().name(span_of(&content)) {
            Some(name) => error.at(Place::file(name)),
            None => error,
        };
        let node = read_config(&content.bytes, content.source).map_err(whole_file)?;
        let (kustomization, findings) =
            Kustomization::parse_as_of(&node, context.options.release).map_err(whole_file)?;
        context.findings.extend(findings);
        if context.options.lint {
            context.findings.extend(repeated_field(&content));
        }
        Ok(Self {
            file_name,
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
        if context.schema_is_chosen {
            return Ok(());
        }
        if let Some(content) = content {
            context.schema_is_chosen = true;
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
            context.schema_is_chosen = true;
            let schema = Schema::of_release(version);
            let schema = schema.map_err(|error| error.at(version.span))?;
            context.schema = context.options.completed(schema);
        }
        Ok(())
    }

    /// Runs the steps of the directory on what was gathered so far.
    pub(super) fn accumulate(
        &self,
        context: &mut Context<'_>,
        mut gathered: Accumulated,
    ) -> Result<Accumulated> {
        self.gather(context, &mut gathered, &self.kustomization.resources)?;
        self.merge_fields(context, &mut gathered)?;
        generators::run(context, self, &mut gathered)?;
        // Components come after generators, so that they see what those made, and before the
        // transformers, which work on what components added.
        for component in &self.kustomization.components {
            gathered = self.component(context, gathered, component)?;
        }
        transformers::run(context, self, &mut gathered)?;
        plugins::validate(context, self, &mut gathered)?;
        gathered
            .vars
            .collect(&self.kustomization.vars, &mut gathered.resources)?;
        Ok(gathered)
    }

    /// Adds the resources of files and directories, in order.
    pub(super) fn gather(
        &self,
        context: &mut Context<'_>,
        gathered: &mut Accumulated,
        names: &[Text],
    ) -> Result<()> {
        let mut ahead = self.read_ahead(names).into_iter();
        for name in names {
            let read = ahead.next().flatten();
            if context.leaves_out_file(self.loader.root(), name) {
                continue;
            }
            if read.is_none() && self.loader.is_base(name) {
                gathered.merge(self.base(context, name)?)?;
                self.tell_of(context, name, gathered);
                continue;
            }
            match self.file(context, name, read) {
                Ok(resources) => gathered
                    .resources
                    .add_all(self.with_origin(resources, name)?)?,
                Err(error) if self.loader.may_be_base(name) => {
                    let base = self.base(context, name);
                    gathered.merge(base.map_err(|other| neither(name, error, other))?)?;
                }
                Err(error) => return Err(error),
            }
            self.tell_of(context, name, gathered);
        }
        Ok(())
    }

    /// Tells who watches that the objects of a file or a base are here.
    fn tell_of(&self, context: &mut Context<'_>, name: &Text, gathered: &Accumulated) {
        let directory = self.loader.root();
        context.tell(
            StepKind::Resources,
            name.span,
            directory,
            &gathered.resources,
        );
    }

    fn with_origin(&self, mut resources: Vec<Resource>, name: &Text) -> Result<Vec<Resource>> {
        if let Some(origin) = &self.origin {
            let origin = origin::append(origin, name);
            for resource in &mut resources {
                resource.check_annotations()?;
                resource.history.origin = Some(origin.clone());
            }
        }
        Ok(resources)
    }

    /// The files of a long list, read on all cores; nothing where a name may be a base.
    fn read_ahead(&self, names: &[Text]) -> Vec<Option<Result<Manifests>>> {
        if names.len() < MANY_FILES {
            return Vec::new();
        }
        threads::get_ready();
        let is_file = |name: &Text| self.loader.kind(name) == Some(FileKind::File);
        names
            .par_iter()
            .map(|name| is_file(name).then(|| self.stream(name)))
            .collect()
    }

    /// The documents of a file.
    fn stream(&self, name: &Text) -> Result<Manifests> {
        let content = self.loader.read(name)?;
        let stream = read_manifests(&content.bytes, content.source)
            .map_err(|error| named_here(error, name))?;
        // Only aliases make more of a text than it is long.
        if content.bytes.contains(&b'*') {
            let sizes = stream.documents.iter().map(|node| Size::of(node).bytes);
            let budget = self.loader.library().budget();
            let charged = budget.charge("this file", sizes.sum());
            charged.map_err(|error| error.at(name.span))?;
        }
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

    /// Builds a directory that this one lists as a base or a component.
    fn base(&self, context: &mut Context<'_>, name: &Text) -> Result<Accumulated> {
        let target = self.child(context, name)?;
        if target.kustomization.kind == Kind::Component {
            let message = format!("`{}` is a component", shown_name(name));
            return Err(Error::new(ErrorKind::Kustomization, message)
                .at(name.span)
                .help("name it in `components`"));
        }
        let depth = target.loader.depth();
        let nothing = context.nothing();
        let mut built = depth::work_at(depth, || target.accumulate(context, nothing))
            .map_err(|error| built_here(error, name))?;
        if context.options.kinds.is_some() {
            context.bases += 1;
            let base = context.bases;
            let mark = |resource: &mut Resource| resource.history.bases.push(base);
            built.resources.list_mut().iter_mut().for_each(mark);
        }
        Ok(built)
    }

    /// Lets a component work on what was gathered so far.
    fn component(
        &self,
        context: &mut Context<'_>,
        gathered: Accumulated,
        name: &Text,
    ) -> Result<Accumulated> {
        let target = self.child(context, name)?;
        if target.kustomization.kind != Kind::Component {
            let message = format!("`{}` is no component", shown_name(name));
            return Err(Error::new(ErrorKind::Kustomization, message)
                .at(name.span)
                .help("a component says `kind: Component`; others are named in `resources`"));
        }
        let depth = target.loader.depth();
        depth::work_at(depth, || target.accumulate(context, gathered))
            .map_err(|error| built_here(error, name))
    }

    /// The target in a directory that this one names.
    fn child(&self, context: &mut Context<'_>, name: &Text) -> Result<Self> {
        if name
            .get(.."git::".len())
            .is_some_and(|start| start.eq_ignore_ascii_case("git::"))
        {
            let message = "`git::` before a URL is deprecated";
            context.findings.push(
                Finding::warning("deprecated-field", message)
                    .at(name.span)
                    .help("take it away; it has no effect"),
            );
        }
        let charged = context.budget.charge("this directory", limits::DIRECTORY);
        charged.map_err(|error| error.at(name.span))?;
        let loader = self.loader.open(name)?;
        let mut target = Self::load(context, loader).map_err(|error| built_here(error, name))?;
        let unheard = target.unheard(context, self);
        context.findings.extend(unheard);
        target.kustomization.metadata = self.kustomization.metadata;
        target.origin = self
            .origin
            .as_ref()
            .map(|origin| origin::append(origin, name));
        // The nearest one counts.
        if target.helm_namespace.is_empty() {
            target.helm_namespace = self.helm_namespace.clone();
        }
        target.use_schema(context)?;
        Ok(target)
    }

    /// What this kustomization says that is not heard in the build of another one, and that is not
    /// what that one says itself.
    fn unheard(&self, context: &Context<'_>, parent: &Self) -> Vec<Finding> {
        let asked = &self.kustomization;
        let is_lost = |name: &str| match name {
            "sortOptions" => asked.order != context.order,
            _ => asked.metadata != parent.kustomization.metadata,
        };
        let fields = asked.of_the_root.iter();
        fields
            .filter(|(name, _)| is_lost(name))
            .map(|(name, span)| unheard(name, *span))
            .collect()
    }

    /// Adds the tables of fields of this directory to those from below.
    fn merge_fields(&self, context: &Context<'_>, gathered: &mut Accumulated) -> Result<()> {
        let mut configured = Vec::new();
        for name in &self.kustomization.configurations {
            let content = self.loader.read(name)?;
            configured.push(Fields::from_node(&read_strict_config(
                &content.bytes,
                content.source,
            )?)?);
        }
        gathered
            .fields
            .merge(&Fields::configured(context.options.release, configured)?)?;
        for name in &self.kustomization.crds {
            let content = self.loader.read(name)?;
            let definitions = json_or_config(&content.bytes, content.source)?;
            gathered.fields.merge(&Fields::from_crd(&definitions)?)?;
        }
        Ok(())
    }
}

/// How many files are worth a thread.
const MANY_FILES: usize = 64;

fn named_here(error: Error, name: &Text) -> Error {
    let message = format!("`{}` is named here", shown_name(name));
    error.note_at(message, name.span)
}

/// The kustomization file of a directory; there must be exactly one.
fn find(loader: &Loader<'_>) -> Result<(String, Content)> {
    let mut found = FILE_NAMES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), loader.read_if_there(name)?)));
    let shown = loader.shown_root();
    let Some(first) = found.next() else {
        return Err(no_kustomization(loader));
    };
    match found.next() {
        None => Ok(first),
        Some((other, _)) => {
            let message = format!(
                "there are two kustomizations in `{shown}`: `{}` and `{other}`",
                first.0
            );
            Err(Error::new(ErrorKind::Load, message).help("take one of them away"))
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
    Error::new(ErrorKind::Load, message).help(format!(
        "a kustomization is called {}",
        FILE_NAMES.join(", or ")
    ))
}

/// What is served over HTTP is neither a file nor a base; the name says which was meant.
fn neither(name: &Text, as_file: Error, as_base: Error) -> Error {
    let location = name.split('?').next().unwrap_or_default();
    let is_file = [".yaml", ".yml", ".json"]
        .iter()
        .any(|ending| location.ends_with(ending));
    let (error, word, other) = if is_file {
        (as_file, "repository", as_base)
    } else {
        (as_base, "file", as_file)
    };
    error.note(format!("read as a {word}: {}", other.message()), None)
}

fn span_of(content: &Content) -> kustom_yaml::place::Span {
    kustom_yaml::place::Span {
        source: content.source,
        ..Default::default()
    }
}

fn built_here(error: Error, name: &Text) -> Error {
    error.note(
        format!("`{}` is built from here", shown_name(name)),
        Some(name.span.into()),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::MANY_FILES;
    use crate::build::{Options, build};
    use crate::load::Memory;

    /// A kustomization that names many files and, in their middle, a base.
    fn files() -> Memory {
        let mut files = Memory::default();
        let mut list = String::from("resources:\n");
        for number in 0..2 * MANY_FILES {
            if number == MANY_FILES {
                list.push_str("- ../base\n");
            }
            list.push_str(&format!("- {number}.yaml\n"));
            let text =
                format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a{number}}}}}");
            files.insert(format!("/app/{number}.yaml"), text);
        }
        list.push_str("sortOptions: {order: fifo}\n");
        files.insert("/app/kustomization.yaml", list);
        files.insert("/base/kustomization.yaml", "resources: [base.yaml]\n");
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: base}}";
        files.insert("/base/base.yaml", text);
        files
    }

    #[test]
    fn files_that_are_read_ahead_keep_their_places() {
        let built = build(
            &files(),
            Path::new("/"),
            Path::new("app"),
            &Options::default(),
        )
        .unwrap();
        let names: Vec<&str> = built
            .resources
            .iter()
            .map(|resource| resource.id().name.as_str())
            .collect();
        assert_eq!(names.len(), 2 * MANY_FILES + 1);
        assert_eq!(
            names[MANY_FILES - 1..=MANY_FILES + 1],
            ["a63", "base", "a64"]
        );
    }

    #[test]
    fn of_several_mistakes_in_many_files_the_first_is_told() {
        let mut files = files();
        files.insert("/app/90.yaml", "a: [");
        files.insert("/app/70.yaml", "b: }");
        let built = build(
            &files,
            Path::new("/"),
            Path::new("app"),
            &Options::default(),
        );
        let error = built.err().unwrap();
        assert!(error.to_string().contains("app/70.yaml"), "{error}");
    }
}
