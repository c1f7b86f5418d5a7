//! Applications: what Argo CD renders of their sources.
//!
//! The options of a source become what Argo CD makes of them before it calls a tool: edits of the
//! kustomization, values of a chart, a list of files. They are laid over the tree, never written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::json::{Json, Shape};
use super::tree::matches_anywhere;
use super::types::{APPLICATION, decoded};
use crate::build::{
    self, Built, Observer, Step, StepKind, StepPatches, build_observed, build_of_observed,
};
use crate::edit::{Change, Force, ImageArgument, List, Pairs};
use crate::error::{Error, Kind, Result};
use crate::kustomization::{FILE_NAMES, Kustomization, SortOptions};
use crate::load::{FileKind, Files, Memory, Overlay, Provenance, unlistable, unreadable};
use crate::place::{Place, SourceId, Span};
use crate::schema::Schema;
use crate::yaml::{Node, Text, read_config, read_manifests, write, write_stream};

/// An Application.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The file that it is in, or that of the ApplicationSet which makes it.
    pub file: Option<PathBuf>,
    object: Json,
}

/// How an Application is rendered.
#[derive(Clone, Debug)]
pub struct ApplicationOptions<'o> {
    /// The root of the repository.
    pub root: &'o Path,
    /// Its addresses; without any, every source is taken for it.
    pub addresses: &'o [String],
    /// How a kustomization is built.
    pub build: build::Options,
}

/// What tool a source is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Kustomize,
    Helm,
    Directory,
}

impl Application {
    /// Reads an object.
    ///
    /// # Errors
    ///
    /// If a field has another type than Argo CD's.
    pub fn new(node: &Node, file: Option<PathBuf>) -> Result<Self> {
        let object = decoded(&Json::of(node)?, APPLICATION, "", &mut Vec::new())?;
        let metadata = |key: &str| {
            object
                .get("metadata")
                .map_or("", |it| it.str_at(key))
                .to_owned()
        };
        Ok(Self {
            name: metadata("name"),
            namespace: metadata("namespace"),
            file,
            object,
        })
    }

    pub(super) fn spec(&self, key: &str) -> Option<&Json> {
        self.object.get("spec")?.get(key)
    }

    fn sources(&self) -> Vec<&Json> {
        match self.spec("sources").map(Json::items) {
            Some(sources) if !sources.is_empty() => sources.iter().collect(),
            _ => self.spec("source").into_iter().collect(),
        }
    }

    /// The directories of its sources, from the root of the repository.
    pub fn paths(&self) -> Vec<&str> {
        let sources = self.sources().into_iter();
        sources
            .map(|source| source.str_at("path"))
            .filter(|path| !path.is_empty())
            .collect()
    }

    /// The namespace that objects without one are applied to.
    pub(super) fn destination(&self) -> &str {
        self.spec("destination")
            .map_or("", |it| it.str_at("namespace"))
    }

    /// The file and the place of something in it.
    fn place(&self, near: &Json, working_directory: &Path) -> Place {
        let mut place = Place::from(near.span);
        place.file = self.file.as_ref().map(|file| {
            let file = file.strip_prefix(working_directory).unwrap_or(file);
            file.display().to_string().into()
        });
        place
    }
}

/// Whether an option lets values replace those that are there.
fn force(options: &Json, key: &str) -> Force {
    match options.bool_at(key) {
        true => Force::Yes,
        false => Force::No,
    }
}

pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Resource, message)
}

/// Renders an Application as Argo CD does before it applies: the objects of all its sources, with the
/// namespace of its destination where they say none.
///
/// # Errors
///
/// A source that is not in this repository or needs a plugin, and whatever its tool refuses.
///
/// An observer is told of every step.
pub fn build_application(
    files: &dyn Files,
    working_directory: &Path,
    application: &Application,
    options: &ApplicationOptions<'_>,
    mut observer: Option<&mut dyn Observer>,
) -> Result<Built> {
    let mut upper = Memory::default();
    let mut directories: Vec<PathBuf> = Vec::new();
    let sources = application.sources();
    if sources.is_empty() {
        return Err(wrong(format!(
            "the Application `{}` names no source",
            application.name
        ))
        .at(application.place(&application.object, working_directory)));
    }
    for (index, source) in sources.iter().enumerate() {
        let prepared = Preparation {
            files,
            working_directory,
            application,
            options,
            sources: &sources,
            upper: &mut upper,
        }
        .source(source, index);
        let file = application.place(source, working_directory).file;
        let prepared = prepared.map_err(|error| {
            error
                .name_files(|_| file.clone())
                .at(application.place(source, working_directory))
        })?;
        directories.extend(prepared);
    }
    let overlay = Overlay {
        upper,
        lower: files,
    };
    let told = observer.as_mut().map(|it| &mut **it as &mut dyn Observer);
    let mut built = build_sources(&overlay, working_directory, &directories, options, told)?;
    for resource in &mut built.resources {
        take_given_name(&mut resource.node);
    }
    let namespace = application.destination();
    if !namespace.is_empty() {
        move_into(namespace, &mut built);
        if let Some(observer) = observer {
            let step = Step {
                kind: StepKind::Destination,
                span: Span::default(),
                directory: options.root,
                patches: StepPatches::default(),
            };
            observer.after_build(&step, &built.resources);
        }
    }
    Ok(built)
}

/// Builds the directories of all sources, in their order.
fn build_sources<'o>(
    files: &dyn Files,
    working_directory: &Path,
    directories: &[PathBuf],
    options: &'o ApplicationOptions<'_>,
    observer: Option<&'o mut dyn Observer>,
) -> Result<Built> {
    if let [one] = directories {
        return build_observed(
            files,
            working_directory,
            one,
            &options.build,
            &|_, _| {},
            observer,
        );
    }
    let resources = directories.iter().map(|directory| {
        let inside = directory.strip_prefix(options.root).unwrap_or(directory);
        Text::from(&*inside.to_string_lossy())
    });
    let kustomization = Kustomization {
        resources: resources.collect(),
        sort_options: Some(SortOptions::fifo()),
        ..Kustomization::default()
    };
    build_of_observed(
        files,
        working_directory,
        options.root,
        &options.build,
        &|_| Ok(kustomization.clone()),
        observer,
    )
}

/// Gives a namespace to the objects that have none and need one.
fn move_into(namespace: &str, built: &mut Built) {
    let schema = Schema::builtin();
    for resource in &mut built.resources {
        let text = |key: &str| {
            let value = resource.node.get(key).and_then(Node::as_str);
            value.unwrap_or_default()
        };
        let is_cluster_scoped = schema.is_cluster_scoped(text("apiVersion"), text("kind"));
        if !is_cluster_scoped && resource.id().namespace.is_empty() {
            resource.set_namespace(namespace);
        }
    }
}

/// Lays what the sources say over the tree.
pub(super) struct Preparation<'p> {
    pub(super) files: &'p dyn Files,
    working_directory: &'p Path,
    pub(super) application: &'p Application,
    pub(super) options: &'p ApplicationOptions<'p>,
    pub(super) sources: &'p [&'p Json],
    pub(super) upper: &'p mut Memory,
}

impl Preparation<'_> {
    /// The directory to build for a source; none for one that only others refer to.
    fn source(&mut self, source: &Json, index: usize) -> Result<Option<PathBuf>> {
        let chart = source.str_at("chart");
        if !chart.is_empty() {
            let directory = self.options.root.join(format!(".argocd-chart-{index}"));
            return self
                .helm(source, &directory, Some(chart))
                .map(|()| Some(directory));
        }
        let path = source.str_at("path");
        if path.is_empty() && !source.str_at("ref").is_empty() {
            return Ok(None);
        }
        if !self.is_here(source) {
            let message = format!(
                "a source of the Application `{}` is `{}`, which is not this repository",
                self.application.name,
                source.str_at("repoURL")
            );
            return Err(wrong(message).at(source.span));
        }
        let directory = self.inside(path, source)?;
        match self.tool(source, &directory)? {
            Tool::Kustomize => self.kustomize(source, &directory)?,
            Tool::Helm => self.helm(source, &directory, None)?,
            Tool::Directory => self.directory(source, &directory)?,
        }
        Ok(Some(directory))
    }

    pub(super) fn is_here(&self, source: &Json) -> bool {
        let address = plain_address(source.str_at("repoURL"));
        let known = self.options.addresses;
        known.is_empty() || known.iter().any(|one| plain_address(one) == address)
    }

    fn inside(&self, path: &str, near: &Json) -> Result<PathBuf> {
        let lost = |message: String| wrong(message).at(near.span);
        if path.split('/').any(|part| part == "..") || path.starts_with('/') {
            return Err(lost(format!(
                "the path `{path}` of a source leads out of the repository"
            )));
        }
        let directory = self.options.root.join(path);
        let directory = crate::load::normalized(&directory);
        match self.files.resolve(&directory) {
            Ok((_, FileKind::Directory)) => Ok(directory),
            _ => Err(lost(format!(
                "the Application `{}` renders `{path}`, which is no directory",
                self.application.name
            ))
            .help("`path` of a source is relative to the root of the repository")),
        }
    }

    fn is_file(&self, path: &Path) -> bool {
        matches!(self.files.resolve(path), Ok((_, FileKind::File)))
    }

    /// What the source says that it is for, or what its directory looks like.
    fn tool(&self, source: &Json, directory: &Path) -> Result<Tool> {
        if let Some(plugin) = source.get("plugin") {
            let message = "a source is for a plugin, which only Argo CD can run";
            return Err(wrong(message).at(plugin.span));
        }
        let is_kustomization = || {
            FILE_NAMES
                .iter()
                .any(|name| self.is_file(&directory.join(name)))
        };
        Ok(if source.get("kustomize").is_some() {
            Tool::Kustomize
        } else if source.get("helm").is_some() {
            Tool::Helm
        } else if source.get("directory").is_some() {
            Tool::Directory
        } else if self.is_file(&directory.join("Chart.yaml")) {
            Tool::Helm
        } else if is_kustomization() {
            Tool::Kustomize
        } else {
            Tool::Directory
        })
    }

    /// Edits of the kustomization, in the order in which Argo CD makes them.
    fn kustomize(&mut self, source: &Json, directory: &Path) -> Result<()> {
        let Some(options) = source.get("kustomize") else {
            return Ok(());
        };
        let changes = self.changes(options)?;
        let components = self.components(options, directory)?;
        let patches = options.get("patches").map_or(&[][..], Json::items);
        if changes.is_empty() && components.is_empty() && patches.is_empty() {
            return Ok(());
        }
        let names = FILE_NAMES.iter().map(|name| directory.join(name));
        let Some(path) = names.into_iter().find(|path| self.is_file(path)) else {
            let message = "the source has options of kustomize, and its directory no kustomization";
            return Err(wrong(message).at(options.span));
        };
        let bytes = self
            .files
            .read(&path)
            .map_err(|cause| unreadable(&path.to_string_lossy(), cause))?;
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        for change in changes {
            text = change.apply(&text, SourceId::NONE, None)?.text;
        }
        if !patches.is_empty() {
            text = with_patches(&text, patches)?;
        }
        if !components.is_empty() {
            let change = Change::AddItems(List::Components, components);
            text = change.apply(&text, SourceId::NONE, None)?.text;
        }
        self.upper.insert(path, text);
        Ok(())
    }

    /// What the options of a source change in the kustomization itself, in the order of Argo CD.
    fn changes(&self, options: &Json) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for field in ["namePrefix", "nameSuffix"] {
            if !options.str_at(field).is_empty() {
                changes.push(Change::SetText(field, options.str_at(field).to_owned()));
            }
        }
        let texts = |key: &str| -> Vec<String> {
            let items = options.get(key).map_or(&[][..], Json::items).iter();
            items
                .filter_map(Json::as_str)
                .map(|text| self.with_variables(text))
                .collect()
        };
        let images: Result<Vec<ImageArgument>> = texts("images")
            .iter()
            .map(|image| ImageArgument::parse(image))
            .collect();
        let images = images?;
        if !images.is_empty() {
            changes.push(Change::SetImages(images));
        }
        let mut replicas = Vec::new();
        for one in options.get("replicas").map_or(&[][..], Json::items) {
            let count = match one.get("count").map(|count| &count.shape) {
                Some(Shape::Number(number) | Shape::Text(number)) => number.parse().ok(),
                _ => None,
            };
            let count =
                count.ok_or_else(|| wrong("`count` of `replicas` is no number").at(one.span))?;
            replicas.push((one.str_at("name").to_owned(), count));
        }
        if !replicas.is_empty() {
            changes.push(Change::SetReplicas(replicas));
        }
        changes.extend(self.labels(options)?);
        changes.extend(self.annotations(options));
        if !options.str_at("namespace").is_empty() {
            changes.push(Change::SetText(
                "namespace",
                options.str_at("namespace").to_owned(),
            ));
        }
        Ok(changes)
    }

    /// The pairs of a map of texts, with their variables replaced.
    fn pairs(&self, options: &Json, key: &str) -> Vec<(String, String)> {
        let map = options.get(key).and_then(Json::map).into_iter().flatten();
        let pairs = map.map(|(key, value)| {
            let value = value.as_str().unwrap_or_default();
            (key.clone(), self.with_variables(value))
        });
        pairs.collect()
    }

    fn labels(&self, options: &Json) -> Result<Option<Change>> {
        let pairs = self.pairs(options, "commonLabels");
        if pairs.is_empty() {
            return Ok(None);
        }
        let force = force(options, "forceCommonLabels");
        let include_templates = options.bool_at("labelIncludeTemplates");
        if options.bool_at("labelWithoutSelector") {
            return Ok(Some(Change::AddLabels {
                pairs,
                include_templates,
                force,
            }));
        }
        if include_templates {
            let message = "`labelIncludeTemplates` is refused without `labelWithoutSelector`";
            return Err(wrong(message).at(options.span));
        }
        Ok(Some(Change::AddPairs(Pairs::Labels, pairs, force)))
    }

    fn annotations(&self, options: &Json) -> Option<Change> {
        let pairs = self.pairs(options, "commonAnnotations");
        let force = force(options, "forceCommonAnnotations");
        (!pairs.is_empty()).then_some(Change::AddPairs(Pairs::Annotations, pairs, force))
    }

    /// The components that are added. With `ignoreMissingComponents` Argo CD stops at the first one
    /// that is there.
    fn components(&self, options: &Json, directory: &Path) -> Result<Vec<String>> {
        let listed = options.get("components").map_or(&[][..], Json::items);
        let mut found = Vec::new();
        for component in listed {
            let path = component.as_str().unwrap_or_default();
            let below = crate::load::normalized(&directory.join(path));
            let is_there = FILE_NAMES
                .iter()
                .any(|name| self.is_file(&below.join(name)));
            if options.bool_at("ignoreMissingComponents") {
                if is_there {
                    return Ok(vec![path.to_owned()]);
                }
                continue;
            }
            if !is_there {
                let message = format!("there is no component `{path}`");
                return Err(wrong(message)
                    .at(component.span)
                    .help("`ignoreMissingComponents: true` leaves out what is not there"));
            }
            found.push(path.to_owned());
        }
        Ok(found)
    }

    /// What Argo CD puts into images, labels and annotations; the revision is not known here.
    fn with_variables(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in [
            ("ARGOCD_APP_NAMESPACE", self.application.destination()),
            ("ARGOCD_APP_NAME", &self.application.name),
        ] {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text
    }

    /// A kustomization of all manifests of a directory.
    fn directory(&mut self, source: &Json, directory: &Path) -> Result<()> {
        let nothing = Json::new(Shape::Map(BTreeMap::new()), source.span);
        let options = source.get("directory").unwrap_or(&nothing);
        let mut found = Vec::new();
        self.manifests(directory, "", options, &mut found, 0)?;
        for (number, name) in found.iter().enumerate() {
            self.give_names(&directory.join(name), number, source)?;
        }
        let items = found
            .into_iter()
            .map(|name| Json::text(name, source.span))
            .collect();
        let resources = Json::new(Shape::List(items), source.span);
        let names = FILE_NAMES.iter().map(|name| directory.join(name));
        let there = names.into_iter().find(|path| self.is_file(path));
        let path = there.unwrap_or_else(|| directory.join(FILE_NAMES[0]));
        let made = BTreeMap::from([("resources".to_owned(), resources)]);
        self.insert(path, source, made)
    }

    fn manifests(
        &self,
        directory: &Path,
        prefix: &str,
        options: &Json,
        found: &mut Vec<String>,
        depth: usize,
    ) -> Result<()> {
        const DEEPEST: usize = 100;
        let names = self
            .files
            .list(directory)
            .map_err(|cause| unlistable(directory, &directory.to_string_lossy(), cause))?;
        for name in names {
            let path = directory.join(&name);
            let inside = format!("{prefix}{name}");
            match self.files.resolve(&path) {
                Ok((real, FileKind::Directory))
                    if options.bool_at("recurse")
                        && real == path
                        && depth < DEEPEST
                        && name != ".git" =>
                {
                    self.manifests(&path, &format!("{inside}/"), options, found, depth + 1)?;
                }
                Ok((_, FileKind::File)) => {
                    let fits = |key: &str| matches_anywhere(options.str_at(key), &inside);
                    let is_left_out = (!options.str_at("include").is_empty() && !fits("include"))
                        || (!options.str_at("exclude").is_empty() && fits("exclude"));
                    if is_left_out {
                        continue;
                    }
                    if name.ends_with(".jsonnet") {
                        let message = format!("`{inside}` is Jsonnet, which is not supported");
                        return Err(wrong(message).at(options.span));
                    }
                    let ends = [".yaml", ".yml", ".json"];
                    if ends.iter().any(|end| name.ends_with(end)) {
                        found.push(inside);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives objects a name that get theirs from the server, for the build; it is taken away again.
    fn give_names(&mut self, path: &Path, number: usize, source: &Json) -> Result<()> {
        // What cannot be read is for the build to say.
        let Ok(bytes) = self.files.read(path) else {
            return Ok(());
        };
        if !String::from_utf8_lossy(&bytes).contains(GENERATE_NAME) {
            return Ok(());
        }
        let Ok(mut read) = read_manifests(&bytes, SourceId::NONE) else {
            return Ok(());
        };
        let mut is_given = false;
        for (index, document) in read.documents.iter_mut().enumerate() {
            let Some(metadata) = document.get_mut("metadata") else {
                continue;
            };
            let front = metadata.get(GENERATE_NAME).and_then(Node::as_str);
            let front = front.unwrap_or_default().to_owned();
            if !front.is_empty() && metadata.get("name").is_none() {
                let name = format!("{front}{GIVEN}{number}-{index}");
                metadata.set("name", Node::string(name));
                is_given = true;
            }
        }
        if is_given {
            let mut text = String::new();
            write_stream(&read.documents, &mut text)?;
            let mut place = self.application.place(source, self.working_directory);
            let shown = path.strip_prefix(self.working_directory).unwrap_or(path);
            place.file = Some(shown.display().to_string().into());
            place.span = Span::default();
            let text = text.into_bytes().into();
            self.upper
                .insert_made(path, text, Arc::new(MadeOfSource(place)));
        }
        Ok(())
    }

    /// Puts a kustomization that was made of a source; what is wrong with it is said of the source.
    pub(super) fn insert(
        &mut self,
        path: PathBuf,
        source: &Json,
        kustomization: BTreeMap<String, Json>,
    ) -> Result<()> {
        let node = Json::new(Shape::Map(kustomization), Span::default()).to_node();
        let mut text = String::new();
        write(&node, &mut text)?;
        let made = MadeOfSource(self.application.place(source, self.working_directory));
        let text = text.into_bytes().into();
        self.upper.insert_made(path, text, Arc::new(made));
        Ok(())
    }
}

/// A kustomization that says what a source says.
#[derive(Debug)]
struct MadeOfSource(Place);

impl Provenance for MadeOfSource {
    fn place(&self, _: Span) -> Place {
        self.0.clone()
    }
}

/// The field of an object whose name the server makes.
const GENERATE_NAME: &str = "generateName";

/// What stands behind it in a name for the build.
const GIVEN: &str = "generated-";

/// Takes away the name that an object was given for the build.
fn take_given_name(node: &mut Node) {
    let Some(metadata) = node.get_mut("metadata") else {
        return;
    };
    let text = |field: &str| metadata.get(field).and_then(Node::as_str);
    let rest = text(GENERATE_NAME).and_then(|front| text("name")?.strip_prefix(front));
    if rest.is_some_and(|rest| rest.starts_with(GIVEN)) {
        metadata.remove("name");
    }
}

/// A repository's address without what does not tell it from others.
fn plain_address(address: &str) -> String {
    let address = address.trim_end_matches('/').trim_end_matches(".git");
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.replacen(':', "/", 1).to_lowercase()
}

/// The kustomization with patches behind its own. Argo CD writes it anew, too.
fn with_patches(text: &str, patches: &[Json]) -> Result<String> {
    let mut whole = Json::of(&read_config(text.as_bytes(), SourceId::NONE)?)?;
    if let Shape::Map(map) = &mut whole.shape {
        let nothing = Json::new(Shape::List(Vec::new()), whole.span);
        let listed = map.entry("patches".to_owned()).or_insert(nothing);
        if let Shape::List(listed) = &mut listed.shape {
            listed.extend(patches.iter().cloned());
        }
    }
    let mut out = String::new();
    write(&whole.to_node(), &mut out)?;
    Ok(out)
}
