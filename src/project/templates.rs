//! Templates among the files of a project, and the values that they are given.
//!
//! A file `x.yaml.j2` stands for the file `x.yaml` that it makes, wherever that is named. It is
//! rendered when it is first read, so that one that nobody names needs no values.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::settings::read_map;
use super::template_map::TemplateMap;
use super::{Environment, Project, Step, place_at};
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::Finding;
use crate::load::{FileKind, Files, MadeBy, ParsedFiles, is_outside, normalized, unreadable};
use crate::place::Place;
use crate::template::{self, SUFFIX, Values};

/// Files, with what templates make in their places.
pub(super) struct Templated<'f> {
    lower: &'f dyn Files,
    project: &'f Project,
    values: &'f Values,
    /// Whether there are templates at all.
    enabled: bool,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// The templates in the directories of the files that were read.
    directories: BTreeMap<PathBuf, HashSet<String>>,
    /// Templates that a file hides, by the file's path.
    hidden: BTreeMap<PathBuf, PathBuf>,
    /// What is wrong with the first one that is wrong.
    error: Option<Error>,
}

impl<'f> Templated<'f> {
    pub(super) fn new(
        lower: &'f dyn Files,
        project: &'f Project,
        environment: &Environment,
        values: &'f Values,
    ) -> Self {
        Self {
            lower,
            project,
            values,
            enabled: environment.settings.templates.unwrap_or(true),
            made: Mutex::default(),
        }
    }

    /// The error of a template where there is one, in place of what came of it.
    pub(super) fn explained(&self, error: Error) -> Error {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.error.take().unwrap_or(error)
    }

    /// Remarks on templates that a file of the same name hides.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let hidden = made.hidden.iter();
        hidden
            .map(|(file, template)| {
                let shown = self.project.shown(&self.lower.editable_path(template));
                let message = format!("`{shown}` is ignored: the file that it would make exists");
                Finding::warning("hidden-template", message)
                    .at(Place::file(shown))
                    .help(format!("remove it, or `{}`", self.project.shown(file)))
            })
            .collect()
    }

    /// Remembers a template that stands beside the file that it would make.
    fn note_hidden(&self, path: &Path) {
        let directory = path.parent().unwrap_or(path);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        // A directory is listed once for all its files, and most hold no template.
        if !made.directories.contains_key(directory) {
            let names = self.lower.list(directory).unwrap_or_default();
            let names = names.into_iter().filter(|name| name.ends_with(SUFFIX));
            let directory = directory.to_path_buf();
            made.directories.insert(directory, names.collect());
        }
        let templates = &made.directories[directory];
        if templates.is_empty() {
            return;
        }
        let template = with_suffix(path);
        let name = template.file_name().unwrap_or_default().to_string_lossy();
        if templates.contains(&*name) {
            made.hidden.insert(path.to_path_buf(), template);
        }
    }

    /// The template that stands for a file which is not there.
    fn template_of(&self, path: &Path) -> Option<PathBuf> {
        let path = normalized(path);
        if !self.enabled || !path.starts_with(&self.project.root) {
            return None;
        }
        let template = with_suffix(&path);
        match self.project.within(self.lower).resolve(&template) {
            Ok((template, FileKind::File)) => Some(template),
            Err(cause) if is_outside(&cause) => {
                let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
                let shown = self.project.shown(&template);
                made.error.get_or_insert_with(|| unreadable(&shown, cause));
                None
            }
            _ => None,
        }
    }

    /// What is read at a path, where the files without templates have `found` something or nothing.
    fn read_with<T: From<Vec<u8>>>(&self, path: &Path, found: io::Result<T>) -> io::Result<T> {
        match found {
            Ok(bytes) => {
                if self.enabled && path.starts_with(&self.project.root) {
                    self.note_hidden(path);
                }
                Ok(bytes)
            }
            Err(cause) => match self.template_of(path) {
                Some(template) if cause.kind() == io::ErrorKind::NotFound => {
                    self.render(&normalized(path), &template).map(T::from)
                }
                _ => Err(cause),
            },
        }
    }

    fn render(&self, path: &Path, template: &Path) -> io::Result<Vec<u8>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = made.files.get(path) {
            return Ok(bytes.clone());
        }
        let bytes = self.lower.read(template)?;
        let name = self.project.shown(&self.lower.editable_path(template));
        match rendered(&name, &bytes, self.values) {
            Ok(text) => {
                made.files
                    .insert(path.to_path_buf(), text.clone().into_bytes());
                Ok(text.into_bytes())
            }
            Err(error) => {
                let cause = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
                made.error.get_or_insert(error);
                Err(cause)
            }
        }
    }

    /// A name in a list, as what it stands for.
    fn name<'n>(&self, name: &'n str) -> &'n str {
        let plain = name.strip_suffix(SUFFIX).filter(|plain| !plain.is_empty());
        plain.filter(|_| self.enabled).unwrap_or(name)
    }
}

impl Files for Templated<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.lower.parsed()
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        if self.lower.resolve(path).is_ok() {
            return self.lower.provenance(path);
        }
        let template = self.template_of(path)?;
        let bytes = self.lower.read(&template).ok()?;
        let name = self.project.shown(&self.lower.editable_path(&template));
        let text = text(&name, &bytes).ok()?;
        Some(Arc::new(TemplateMap::new(&name, text, self.values)))
    }

    fn miss(&self, path: &Path) {
        self.lower.miss(path);
    }

    fn allowed(&self) -> &[PathBuf] {
        self.lower.allowed()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.lower.hand_over(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_with(path, self.lower.read(path))
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        self.read_with(path, self.lower.read_shared(path))
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        self.lower.resolve(path).or_else(|cause| {
            let template = self.template_of(path).ok_or(cause)?;
            let name = template.to_string_lossy();
            let plain = name.strip_suffix(SUFFIX).unwrap_or(&name);
            Ok((PathBuf::from(plain), FileKind::File))
        })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = self.lower.list(directory)?;
        if directory.starts_with(&self.project.root) {
            for name in &mut names {
                *name = self.name(name).to_owned();
            }
            names.sort();
            names.dedup();
        }
        Ok(names)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths = self.lower.walk(directory)?;
        if directory.starts_with(&self.project.root) {
            for path in &mut paths {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let plain = self.name(&name).to_owned();
                if plain != name {
                    path.set_file_name(plain);
                }
            }
            paths.sort();
            paths.dedup();
        }
        Ok(paths)
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        match self.lower.resolve(path) {
            Err(_) => match self.template_of(path) {
                Some(template) => self.lower.editable_path(&template),
                None => path.to_path_buf(),
            },
            Ok(_) => self.lower.editable_path(path),
        }
    }
}

/// What a template makes.
pub(super) fn rendered(name: &str, bytes: &[u8], values: &Values) -> Result<String> {
    template::render(name, text(name, bytes)?, values)
}

/// A template as text.
pub(super) fn text<'b>(name: &str, bytes: &'b [u8]) -> Result<&'b str> {
    std::str::from_utf8(bytes).map_err(|cause| {
        let message = format!("the template `{name}` is not UTF-8");
        Error::new(Kind::Template, message).caused_by(cause)
    })
}

fn with_suffix(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// The values of an environment: the base's, those of what it extends, its own, and on top what
/// was said for this run.
///
/// # Errors
///
/// A file of values that is named and missing, or that is no map.
pub fn values(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    on_top: &Values,
) -> Result<Values> {
    let files = &project.within(files);
    let mut values = Values::default();
    if let Some(base) = &project.base {
        layer(files, project, &mut values, &base.join(VALUES))?;
    }
    values.merge(project.values.clone());
    let chain: Vec<&Environment> = environment.chain().collect();
    for one in chain.into_iter().rev() {
        match &one.own.values_files {
            None => layer(files, project, &mut values, &one.directory.join(VALUES))?,
            Some(names) => {
                for (index, name) in names.iter().enumerate() {
                    let path = normalized(&one.directory.join(name));
                    if files.resolve(&path).is_err_and(|cause| !is_outside(&cause)) {
                        let way = [Step::Field("valuesFiles"), Step::Item(index)];
                        let place = place_at(files, &one.file(), &way);
                        let message = format!("there is no file of values `{name}`");
                        let error = Error::new(Kind::Project, message).at(project.place(place));
                        return Err(match near_file(files, &path) {
                            Some(near) => error.help(format!(
                                "did you mean `{}`?",
                                Path::new(name).with_file_name(near).display()
                            )),
                            None => {
                                error.help("it is named relative to the environment's directory")
                            }
                        });
                    }
                    layer(files, project, &mut values, &path)?;
                }
            }
        }
        values.merge(one.own.values.clone());
    }
    values.merge_all(on_top.clone());
    Ok(values)
}

/// The file beside one that is not there that was probably meant.
pub fn near_file(files: &dyn Files, path: &Path) -> Option<String> {
    let names = files.list(path.parent()?).ok()?;
    let name = path.file_name()?.to_string_lossy();
    nearest(&name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Lays a file of values over others.
///
/// # Errors
///
/// If it cannot be read, or is no map.
pub fn merge_values_file(values: &mut Values, files: &dyn Files, path: &Path) -> Result<()> {
    let (layer, text) = read_map(files, path)?;
    values.merge_file(&path.display().to_string(), &text, layer);
    Ok(())
}

/// The file of values that is looked for by itself.
const VALUES: &str = "values.yaml";

fn layer(files: &dyn Files, project: &Project, values: &mut Values, path: &Path) -> Result<()> {
    match files.resolve(path) {
        Err(cause) if !is_outside(&cause) => {}
        _ => {
            let read = read_map(files, path).map_err(|error| project.shown_error(error));
            let (layer, text) = read?;
            let name = project.shown(&files.editable_path(path));
            values.merge_file(&name, &text, layer);
        }
    }
    Ok(())
}
