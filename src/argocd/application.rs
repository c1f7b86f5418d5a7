//! Applications: what Argo CD renders of their sources.
//!
//! The options of a source become what Argo CD makes of them before it calls a tool: edits of the
//! kustomization, values of a chart, a list of files. They are laid over the tree, never written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::json::{Json, Shape};
use super::tree::matches_anywhere;
use super::types::{APPLICATION, decoded};
use crate::build::{self, Built, build, build_of};
use crate::edit::{Change, Force, ImageArgument, List, Pairs};
use crate::error::{Error, Kind, Result};
use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::{FileKind, Files, Memory, Overlay, unlistable, unreadable};
use crate::order::Order;
use crate::place::{Place, SourceId, Span};
use crate::schema::Schema;
use crate::yaml::{Node, Text, read_config, write};

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

    fn spec(&self, key: &str) -> Option<&Json> {
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
    fn destination(&self) -> &str {
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

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Resource, message)
}

/// Renders an Application as Argo CD does before it applies: the objects of all its sources, with the
/// namespace of its destination where they say none.
///
/// # Errors
///
/// A source that is not in this repository or needs a plugin, and whatever its tool refuses.
pub fn build_application(
    files: &dyn Files,
    working_directory: &Path,
    application: &Application,
    options: &ApplicationOptions<'_>,
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
    let mut built = match directories.as_slice() {
        [one] => build(&overlay, working_directory, one, &options.build)?,
        several => {
            let resources: Vec<Text> = several
                .iter()
                .map(|directory| {
                    let inside = directory.strip_prefix(options.root).unwrap_or(directory);
                    Text::from(&*inside.to_string_lossy())
                })
                .collect();
            build_of(
                &overlay,
                working_directory,
                options.root,
                &options.build,
                &|_| {
                    Ok(Kustomization {
                        resources: resources.clone(),
                        order: Some(Order::Fifo),
                        ..Kustomization::default()
                    })
                },
            )?
        }
    };
    let namespace = application.destination();
    if !namespace.is_empty() {
        let schema = Schema::builtin();
        for resource in &mut built.resources {
            let text = |key: &str| {
                resource
                    .node
                    .get(key)
                    .and_then(Node::as_str)
                    .unwrap_or_default()
            };
            let is_cluster_scoped = schema.is_cluster_scoped(text("apiVersion"), text("kind"));
            if !is_cluster_scoped && resource.id().namespace.is_empty() {
                resource.set_namespace(namespace);
            }
        }
    }
    Ok(built)
}

/// Lays what the sources say over the tree.
struct Preparation<'p> {
    files: &'p dyn Files,
    application: &'p Application,
    options: &'p ApplicationOptions<'p>,
    sources: &'p [&'p Json],
    upper: &'p mut Memory,
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

    fn is_here(&self, source: &Json) -> bool {
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
        let pairs = |key: &str| -> Vec<(String, String)> {
            let map = options.get(key).and_then(Json::map).into_iter().flatten();
            map.map(|(key, value)| {
                (
                    key.clone(),
                    self.with_variables(value.as_str().unwrap_or_default()),
                )
            })
            .collect()
        };
        let force = |key: &str| {
            if options.bool_at(key) {
                Force::Yes
            } else {
                Force::No
            }
        };
        let labels = pairs("commonLabels");
        if !labels.is_empty() {
            let force = force("forceCommonLabels");
            let include_templates = options.bool_at("labelIncludeTemplates");
            changes.push(if options.bool_at("labelWithoutSelector") {
                Change::AddLabels {
                    pairs: labels,
                    include_templates,
                    force,
                }
            } else if include_templates {
                let message = "`labelIncludeTemplates` is refused without `labelWithoutSelector`";
                return Err(wrong(message).at(options.span));
            } else {
                Change::AddPairs(Pairs::Labels, labels, force)
            });
        }
        let annotations = pairs("commonAnnotations");
        if !annotations.is_empty() {
            let force = force("forceCommonAnnotations");
            changes.push(Change::AddPairs(Pairs::Annotations, annotations, force));
        }
        if !options.str_at("namespace").is_empty() {
            changes.push(Change::SetText(
                "namespace",
                options.str_at("namespace").to_owned(),
            ));
        }
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
        let items = found
            .into_iter()
            .map(|name| Json::text(name, source.span))
            .collect();
        let resources = Json::new(Shape::List(items), source.span);
        let names = FILE_NAMES.iter().map(|name| directory.join(name));
        let there = names.into_iter().find(|path| self.is_file(path));
        let path = there.unwrap_or_else(|| directory.join(FILE_NAMES[0]));
        self.insert(path, BTreeMap::from([("resources".to_owned(), resources)]))
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

    /// A kustomization that inflates a chart: one of the tree, or a named one of a repository of charts.
    fn helm(&mut self, source: &Json, directory: &Path, chart: Option<&str>) -> Result<()> {
        let nothing = Json::new(Shape::Map(BTreeMap::new()), source.span);
        let helm = source.get("helm").unwrap_or(&nothing);
        let span = source.span;
        let text = |text: &str| Json::text(text, span);
        let or = |first: &str, second: &str| {
            if first.is_empty() {
                second.to_owned()
            } else {
                first.to_owned()
            }
        };
        let values = self.values(helm, directory)?;
        let mut entry = BTreeMap::from([
            (
                "releaseName".to_owned(),
                text(&or(helm.str_at("releaseName"), &self.application.name)),
            ),
            (
                "namespace".to_owned(),
                text(&or(
                    helm.str_at("namespace"),
                    self.application.destination(),
                )),
            ),
            (
                "includeCRDs".to_owned(),
                Json::new(Shape::Bool(!helm.bool_at("skipCrds")), span),
            ),
            (
                "skipTests".to_owned(),
                Json::new(Shape::Bool(helm.bool_at("skipTests")), span),
            ),
        ]);
        if !values.map().is_none_or(BTreeMap::is_empty) {
            entry.insert("valuesInline".to_owned(), values);
        }
        for key in ["kubeVersion", "apiVersions"] {
            if let Some(value) = helm.get(key) {
                entry.insert(key.to_owned(), value.clone());
            }
        }
        let mut whole = BTreeMap::new();
        if let Some(chart) = chart {
            entry.insert("name".to_owned(), text(chart));
            let address = source.str_at("repoURL");
            let address = match address.contains("://") {
                true => address.to_owned(),
                false => format!("oci://{address}"),
            };
            entry.insert("repo".to_owned(), text(&address));
            entry.insert("version".to_owned(), text(source.str_at("targetRevision")));
        } else {
            let name = directory.file_name().unwrap_or_default().to_string_lossy();
            entry.insert("name".to_owned(), text(&name));
            let home = BTreeMap::from([("chartHome".to_owned(), text(".."))]);
            whole.insert("helmGlobals".to_owned(), Json::new(Shape::Map(home), span));
        }
        let charts = Shape::List(vec![Json::new(Shape::Map(entry), span)]);
        whole.insert("helmCharts".to_owned(), Json::new(charts, span));
        self.insert(directory.join(FILE_NAMES[0]), whole)
    }

    /// The values of a chart: files in their order, `values`, `valuesObject`, parameters.
    fn values(&self, helm: &Json, directory: &Path) -> Result<Json> {
        let mut all = Json::new(Shape::Map(BTreeMap::new()), helm.span);
        for file in helm.get("valueFiles").map_or(&[][..], Json::items) {
            let name = file.as_str().unwrap_or_default();
            let Some(path) = self.value_file(name, directory, file)? else {
                continue;
            };
            let Ok(bytes) = self.files.read(&path) else {
                if helm.bool_at("ignoreMissingValueFiles") {
                    continue;
                }
                let message = format!("there is no file of values `{name}`");
                return Err(wrong(message)
                    .at(file.span)
                    .help("`ignoreMissingValueFiles: true` leaves out what is not there"));
            };
            let shown = path.strip_prefix(self.options.root).unwrap_or(&path);
            let source = SourceId::new(0);
            let node = read_config(&bytes, source)
                .map_err(|error| error.name_files(|_| Some(shown.display().to_string().into())))?;
            over(&mut all, &Json::of(&node)?);
        }
        let values = helm.str_at("values");
        if let Some(object) = helm.get("valuesObject") {
            over(&mut all, object);
        } else if !values.is_empty() {
            let near = helm.get("values").map_or(helm.span, |values| values.span);
            let node = read_config(values.as_bytes(), SourceId::NONE).map_err(|error| {
                wrong(format!("`values` is no YAML: {}", error.message())).at(near)
            })?;
            over(&mut all, &Json::of(&node)?);
        }
        if let Some(parameter) = helm.get("fileParameters") {
            return Err(wrong("`fileParameters` of a chart are not supported").at(parameter.span));
        }
        for parameter in helm.get("parameters").map_or(&[][..], Json::items) {
            set_parameter(&mut all, parameter)?;
        }
        Ok(all)
    }

    /// The path of a file of values: `$ref/…` is in the source of that name.
    fn value_file(&self, name: &str, directory: &Path, near: &Json) -> Result<Option<PathBuf>> {
        if name.contains("://") {
            return Err(
                wrong(format!("the values `{name}` are not in this repository")).at(near.span),
            );
        }
        let Some(rest) = name.strip_prefix('$') else {
            let base = match name.strip_prefix('/') {
                Some(absolute) => self.options.root.join(absolute),
                None => directory.join(name),
            };
            return Ok(Some(crate::load::normalized(&base)));
        };
        let (reference, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut sources = self.sources.iter();
        let Some(source) = sources.find(|source| source.str_at("ref") == reference) else {
            let message = format!("no source has `ref: {reference}`");
            return Err(wrong(message).at(near.span));
        };
        if !self.is_here(source) {
            let message = format!(
                "the values `{name}` are in `{}`, which is not this repository",
                source.str_at("repoURL")
            );
            return Err(wrong(message).at(near.span));
        }
        Ok(Some(crate::load::normalized(&self.options.root.join(path))))
    }

    fn insert(&mut self, path: PathBuf, kustomization: BTreeMap<String, Json>) -> Result<()> {
        let node = Json::new(Shape::Map(kustomization), Span::default()).to_node();
        let mut text = String::new();
        write(&node, &mut text)?;
        self.upper.insert(path, text);
        Ok(())
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

/// Lays values over others: maps into maps, all else in its place.
fn over(value: &mut Json, other: &Json) {
    match (&mut value.shape, &other.shape) {
        (Shape::Map(ours), Shape::Map(theirs)) => {
            for (key, other) in theirs {
                match ours.get_mut(key) {
                    Some(value) => over(value, other),
                    None => {
                        ours.insert(key.clone(), other.clone());
                    }
                }
            }
        }
        (_, Shape::Null) => {}
        (shape, other) => *shape = other.clone(),
    }
}

/// `--set a.b=c`, with the types that helm gives the texts.
fn set_parameter(values: &mut Json, parameter: &Json) -> Result<()> {
    let (name, value) = (parameter.str_at("name"), parameter.str_at("value"));
    if name.is_empty() || name.contains(['[', '\\', ',', '{']) || value.contains(['{', '\\', ',']) {
        let message = format!("the parameter `{name}` of a chart is not supported");
        return Err(wrong(message)
            .at(parameter.span)
            .help("write `valuesObject`, which says the same"));
    }
    let is_number = value
        .parse::<i64>()
        .is_ok_and(|number| number.to_string() == value);
    let shape = match value {
        _ if parameter.bool_at("forceString") => Shape::Text(value.to_owned()),
        "true" => Shape::Bool(true),
        "false" => Shape::Bool(false),
        "null" => Shape::Null,
        _ if is_number => Shape::Number(value.to_owned()),
        _ => Shape::Text(value.to_owned()),
    };
    let mut new = Json::new(shape, parameter.span);
    for part in name.rsplit('.') {
        new = Json::new(
            Shape::Map(BTreeMap::from([(part.to_owned(), new)])),
            parameter.span,
        );
    }
    over(values, &new);
    Ok(())
}
