//! Builds one directory: loads its resources, then runs generators, components, transformers and
//! validators, in kustomize's order.

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::limits;
use kustom_yaml::{Text, json_or_config, read_strict_config};

use super::plugins::{self, Plugin};
use super::target::KustTarget;
use super::{Accumulated, Context, StepKind, depth, generators, origin, transformers};
use crate::fields::Fields;
use crate::kustomization::{Kind, unheard};
use crate::load::{Loader, shown_name};
use crate::resource::{Origin, Resource};

impl<'l> KustTarget<'l> {
    /// Runs the steps of the directory on what was gathered so far.
    pub(super) fn accumulate(
        &self,
        context: &mut Context<'_>,
        mut gathered: Accumulated,
    ) -> Result<Accumulated> {
        self.gather(context, &mut gathered, &self.kustomization.resources)?;
        self.merge_fields(context, &mut gathered)?;
        let asked = &self.kustomization;
        // What is configured by objects is read first: a mistake in it is found before any work.
        let plugins = self.plugins(context, &asked.generators)?;
        generators::run(context, self, &plugins, &mut gathered)?;
        // Components come after generators, so that they see what those made, and before the
        // transformers, which work on what components added.
        for component in &self.kustomization.components {
            gathered = self.component(context, gathered, component)?;
        }
        let plugins = self.plugins(context, &asked.transformers)?;
        transformers::run(context, self, &plugins, &mut gathered)?;
        let validators = self.plugins(context, &asked.validators)?;
        plugins::validate(context, self, &validators, &mut gathered)?;
        gathered
            .vars
            .collect(&self.kustomization.vars, &mut gathered.resources)?;
        Ok(gathered)
    }

    /// Adds the resources of files and directories, in order.
    fn gather(
        &self,
        context: &mut Context<'_>,
        gathered: &mut Accumulated,
        names: &[Text],
    ) -> Result<()> {
        let mut ahead = self.read_ahead(names).into_iter();
        // Most files hold one, and directories above add some. Memory that is not written to costs
        // nothing, and to move what is written costs more.
        let room = names.len().min(FILES_AHEAD) * ROOM;
        gathered.resources.reserve(room);
        for (index, name) in names.iter().enumerate() {
            let twice = |error| named_twice(error, name, names.get(..index).unwrap_or_default());
            let read = ahead.next().flatten();
            if context.leaves_out_file(self.loader.root(), name) {
                continue;
            }
            let read = read.or_else(|| {
                let content = self.loader.read_if_plain(name)?;
                Some(content.and_then(|content| self.documents(name, content)))
            });
            if read.is_none() && self.loader.is_base(name) {
                gathered.merge(self.base(context, name)?).map_err(twice)?;
                self.tell_of(context, name, gathered);
                continue;
            }
            match self.file(context, name, read) {
                Ok(resources) => gathered
                    .resources
                    .add_all(self.with_origin(resources, name)?)
                    .map_err(twice)?,
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
                resource.history.origin = Some(Box::new(origin.clone()));
            }
        }
        Ok(resources)
    }

    /// Reads the objects that configure plugins: from files, directories, or the list itself.
    fn plugins(&self, context: &mut Context<'_>, sources: &[Text]) -> Result<Vec<Plugin>> {
        let mut gathered = context.nothing();
        let mut names = Vec::new();
        for source in sources {
            let Some(mut objects) = self.inline_objects(context, source) else {
                names.push(source.clone());
                continue;
            };
            for object in &mut objects {
                let origin = self.origin.as_ref();
                let origin =
                    origin.map(|origin| origin::append(origin, &self.file_name.as_str().into()));
                object.history.origin = origin.map(Box::new);
            }
            gathered.resources.add_all(objects)?;
        }
        self.gather(context, &mut gathered, &names)?;
        gathered
            .resources
            .iter()
            .map(|object| plugins::configure(context, self, object))
            .collect()
    }

    /// Builds a directory that this one lists as a base or a component.
    fn base(&self, context: &mut Context<'_>, name: &Text) -> Result<Accumulated> {
        let loader = self.enter(context, name)?;
        let origin = self.origin_of(name);
        context.shared_base(self, origin, loader, |context, loader| {
            self.made_base(context, name, loader)
        })
    }

    fn made_base(
        &self,
        context: &mut Context<'_>,
        name: &Text,
        loader: Loader<'l>,
    ) -> Result<Accumulated> {
        let target = self.child(context, name, loader)?;
        if target.kustomization.kind == Kind::Component {
            let shown = shown_name(name);
            let message = format!("`{shown}` is a component, which `resources` cannot take");
            return Err(Error::new(ErrorKind::Kustomization, message)
                .at(name.span)
                .help(format!("write `components: [{shown}]`")));
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
        let loader = self.enter(context, name)?;
        let target = self.child(context, name, loader)?;
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

    /// Goes into a directory that this one names.
    fn enter(&self, context: &mut Context<'_>, name: &Text) -> Result<Loader<'l>> {
        if name
            .get(.."git::".len())
            .is_some_and(|start| start.eq_ignore_ascii_case("git::"))
        {
            let message = "`git::` before a URL is deprecated";
            context.findings.push(
                Finding::warning("deprecated-field", message)
                    .at(name.span)
                    .help("remove it; it has no effect"),
            );
        }
        let charged = context.budget.charge("this directory", limits::DIRECTORY);
        charged.map_err(|error| error.at(name.span))?;
        let loader = self.loader.open(name)?;
        context.sharing.note_directory(&loader);
        Ok(loader)
    }

    /// The target in a directory that this one names.
    fn child(&self, context: &mut Context<'_>, name: &Text, loader: Loader<'l>) -> Result<Self> {
        let mut target = Self::load(context, loader).map_err(|error| built_here(error, name))?;
        let unheard = target.unheard(context, self);
        context.findings.extend(unheard);
        target.kustomization.metadata = self.kustomization.metadata;
        target.origin = self.origin_of(name);
        // The nearest one counts.
        if target.helm_namespace.is_empty() {
            target.helm_namespace = self.helm_namespace.clone();
        }
        target.use_schema(context)?;
        Ok(target)
    }

    /// The origin of what this one names, if origins are tracked.
    fn origin_of(&self, name: &Text) -> Option<Origin> {
        let origin = self.origin.as_ref();
        origin.map(|origin| origin::append(origin, name))
    }

    /// What this kustomization says that is not heard in the build of another one, and that is not
    /// what that one says itself.
    fn unheard(&self, context: &Context<'_>, parent: &Self) -> Vec<Finding> {
        let asked = &self.kustomization;
        let is_lost = |name: &str| match name {
            "sortOptions" => {
                let order = asked
                    .sort_options
                    .as_ref()
                    .map(|options| options.order().ok());
                order != Some(context.order.clone())
            }
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
        let mut defined = Vec::new();
        for name in &self.kustomization.crds {
            let content = self.loader.read(name)?;
            let definitions = json_or_config(&content.bytes, content.source)?;
            defined.push(Fields::from_crd(&definitions)?);
        }
        let defined: Vec<&Fields> = defined.iter().collect();
        gathered.fields.merge_all(&defined)
    }
}

/// Room for what comes of a file, in objects.
const ROOM: usize = 3;

/// For how many files there is room before they are read: a list of names is soon written.
const FILES_AHEAD: usize = 1 << 14;

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

fn built_here(error: Error, name: &Text) -> Error {
    error.step(
        format!("`{}` is built from here", shown_name(name)),
        Some(name.span.into()),
    )
}

/// An object that is there twice because its file or base is named twice.
#[cold]
fn named_twice(error: Error, name: &Text, before: &[Text]) -> Error {
    let first = before.iter().find(|known| known.text == name.text);
    match first.filter(|_| error.kind() == ErrorKind::Reference) {
        Some(first) => {
            let message = format!("`{}` is there twice", shown_name(name));
            Error::new(ErrorKind::Reference, message)
                .at(name.span)
                .note_at("the first one is here", first.span)
                .help("remove one of the two")
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::build::target::MANY_FILES;
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
