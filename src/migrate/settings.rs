//! What a run makes of files, as settings of an environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{Change, Content, Made, ModelFiles, Setting};
use super::run::{LEFT_OVER, STAYS, with_loads};
use crate::edit::{ImageArgument, replica};
use crate::finding::{Finding, Severity};
use crate::load::{FileKind, Files, display_from};
use crate::place::Place;
use crate::project::{ConfigSource, ScriptUse};
use crate::write::is_of_git;
use crate::yaml::{Node, Options, read};

/// The directory of an environment, and what the tree around it says.
pub(super) struct Where<'w> {
    /// The directory of the environment.
    pub(super) environment: &'w Path,
    /// Where the run has a copy of it that is built in its place.
    pub(super) copy: Option<&'w Path>,
    /// The directory of all environments.
    pub(super) environments: &'w Path,
    /// Nothing outside of it matters.
    pub(super) limit: &'w Path,
    /// Where the configs are that are taken by convention, without links in the path.
    pub(super) configs: Option<&'w Path>,
    /// The directory from which paths are shown.
    pub(super) here: &'w Path,
}

/// What an environment needs said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    pub(super) configs: Vec<ConfigSource>,
    pub(super) scripts: Vec<ScriptUse>,
    pub(super) images: Vec<String>,
    pub(super) replicas: Vec<String>,
    pub(super) namespace: Option<String>,
    pub(super) name_prefix: Option<String>,
    pub(super) name_suffix: Option<String>,
    /// Where placeholders for secrets are copied from.
    pub(super) boilerplate: Option<PathBuf>,
    /// The line that copies them.
    pub(super) boilerplate_at: Option<Place>,
    /// Files that the script writes by itself, and that the repository needs.
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
    /// Of these, those whose text stands in the script, and where.
    pub(super) written: Vec<(PathBuf, Place)>,
    /// Secrets whose contents are not known.
    pub(super) secrets: Vec<PathBuf>,
    /// The first line that makes one of them.
    pub(super) secrets_at: Option<Place>,
    /// What is read besides: sources of configs and scripts.
    pub(super) reads: Vec<PathBuf>,
    pub(super) findings: Vec<Finding>,
}

/// A copy that becomes a config.
struct Copied {
    from: PathBuf,
    to: PathBuf,
    /// How many parts of both paths are the name of the config.
    parts: usize,
    script: Option<PathBuf>,
}

impl Settings {
    /// What the files of a run need said.
    pub(super) fn of(files: &ModelFiles<'_>, place: &Where<'_>) -> Self {
        let mut settings = Self::default();
        let mut copies = Vec::new();
        for (path, made) in files.made() {
            let path = place.own(path);
            let is_others =
                path.starts_with(place.environments) && !path.starts_with(place.environment);
            if is_others
                || !path.starts_with(place.limit)
                || is_of_git(&path)
                || matches!(made.content, Content::Build(_))
            {
                continue;
            }
            if is_secret(&path, made) {
                settings.secret(&path, made, place);
            } else {
                settings.file(&path, made, place, files, &mut copies);
            }
        }
        settings.configs = configs(&copies, place, files.lower);
        if let Some(at) = settings.secrets_at.clone() {
            let message = match settings.secrets.len() {
                1 => "a secret comes from elsewhere".to_owned(),
                count => format!("{count} secrets come from elsewhere, from this line on"),
            };
            let help = "leave that to what lays them out: kustom reads secrets where they lie, and \
                        `kustom secrets status` says which are there";
            let finding = Finding::new(STAYS, Severity::Note, message);
            settings.findings.push(finding.at(at).help(help));
        }
        settings
    }

    fn file(
        &mut self,
        path: &Path,
        made: &Made,
        place: &Where<'_>,
        files: &ModelFiles<'_>,
        copies: &mut Vec<Copied>,
    ) {
        let from = made.from.as_deref().map(|from| place.own(from));
        let mut changes = &made.changes[..];
        match &from {
            None => {
                match &made.content {
                    Content::Known(bytes) => {
                        let there = files.lower.read(path).ok();
                        if there.as_deref() != Some(&bytes[..]) {
                            self.files.insert(path.to_path_buf(), bytes.to_vec());
                            self.written.push((path.to_path_buf(), made.at.clone()));
                        }
                    }
                    Content::Build(_) => {}
                    Content::Unknown if path.starts_with(place.environment) => {
                        self.unknown(path, made, place);
                    }
                    Content::Unknown => {}
                }
                return;
            }
            Some(from) if from == path => {}
            Some(from) if from.starts_with(place.limit) => {
                if from.file_name() != path.file_name() {
                    let message = format!(
                        "`{}` is a copy of `{}`, which has another name",
                        place.relative(path),
                        place.shown(from)
                    );
                    self.left_over(
                        &made.at,
                        message,
                        "a config keeps its name: give the file the name that the kustomization \
                         wants, or let the kustomization name the file as it is",
                    );
                    return;
                }
                let (parts, script) = match changes.first() {
                    Some(Change::Script(script)) => {
                        let parts = (1..=common(from, path))
                            .rev()
                            .find(|parts| is_script_of(script, path, *parts));
                        match parts {
                            Some(parts) => (parts, Some(script.clone())),
                            None => (common(from, path), None),
                        }
                    }
                    _ => (common(from, path), None),
                };
                if script.is_some() {
                    changes = &changes[1..];
                }
                self.reads.push(from.clone());
                self.reads.extend(script.clone());
                copies.push(Copied {
                    from: from.clone(),
                    to: path.to_path_buf(),
                    parts,
                    script,
                });
            }
            Some(from) => {
                let message = format!(
                    "`{}` is a copy of `{}`, which lies outside of the tree",
                    place.relative(path),
                    place.shown(from)
                );
                self.left_over(&made.at, message, "keep the file in the repository");
                return;
            }
        }
        self.changes(path, changes, made, place);
    }

    /// Changes of a file, as scripts and settings.
    fn changes(&mut self, path: &Path, changes: &[Change], made: &Made, place: &Where<'_>) {
        let file = place.relative(path);
        let mut statements = String::new();
        for (index, change) in changes.iter().enumerate() {
            match change {
                Change::Expression(text) => {
                    let expression = with_loads(text, |name| place.relative(Path::new(name)));
                    self.scripts.push(ScriptUse {
                        file: file.clone(),
                        expression: Some(expression.trim().to_owned()),
                        script: None,
                    });
                }
                Change::Script(script) => {
                    self.reads.push(script.clone());
                    self.scripts.push(ScriptUse {
                        file: file.clone(),
                        script: Some(place.relative(script)),
                        expression: None,
                    });
                }
                Change::Statements(text) => {
                    statements.push_str(text);
                    if !matches!(changes.get(index + 1), Some(Change::Statements(_))) {
                        let name = place.script_name(path, &self.files);
                        let script = place.environment.join(&name);
                        let text = std::mem::take(&mut statements);
                        self.files.insert(script, text.into_bytes());
                        self.scripts.push(ScriptUse {
                            file: file.clone(),
                            script: Some(name),
                            expression: None,
                        });
                    }
                }
                Change::Setting(setting) => self.setting(setting, path, made, place),
                // It was told where it was met.
                Change::Other => {}
            }
        }
    }

    fn setting(&mut self, setting: &Setting, path: &Path, made: &Made, place: &Where<'_>) {
        if path.parent() != Some(place.environment) {
            let expression = expression(setting, &made.content);
            match expression {
                Some(expression) => self.scripts.push(ScriptUse {
                    file: place.relative(path),
                    expression: Some(expression),
                    script: None,
                }),
                None => {
                    let message = format!(
                        "`kustomize edit` changes `{}`, and what it makes of it is not known",
                        place.shown(path)
                    );
                    let help = "make the change once, with `kustom edit`, and keep it";
                    self.left_over(&made.at, message, help);
                }
            }
            return;
        }
        match setting {
            Setting::Image(text) => self.images.push(text.clone()),
            Setting::Replicas(text) => self.replicas.push(text.clone()),
            Setting::Namespace(text) => self.namespace = Some(text.clone()),
            Setting::NamePrefix(text) => self.name_prefix = Some(text.clone()),
            Setting::NameSuffix(text) => self.name_suffix = Some(text.clone()),
        }
    }

    fn secret(&mut self, path: &Path, made: &Made, place: &Where<'_>) {
        let below = place.environment.join("secrets");
        let inside = made
            .from
            .as_deref()
            .filter(|from| from.starts_with(place.limit));
        if let (Content::Known(_), Some(from), Ok(name)) =
            (&made.content, inside, path.strip_prefix(&below))
            && from.ends_with(name)
            && made.changes.is_empty()
        {
            let depth = name.components().count();
            let boilerplate = from.ancestors().nth(depth).map(Path::to_path_buf);
            if boilerplate.is_some()
                && self
                    .boilerplate
                    .as_ref()
                    .is_none_or(|it| boilerplate.as_ref() == Some(it))
            {
                self.boilerplate = boilerplate;
                self.boilerplate_at = Some(made.at.clone());
                return;
            }
        }
        self.secrets.push(path.to_path_buf());
        let first = self.secrets_at.get_or_insert_with(|| made.at.clone());
        let line = |at: &Place| (at.file.clone(), at.span.line);
        if line(&made.at) < line(first) {
            *first = made.at.clone();
        }
    }

    fn unknown(&mut self, path: &Path, made: &Made, place: &Where<'_>) {
        let message = format!("what is written to `{}` is not known", place.relative(path));
        self.left_over(
            &made.at,
            message,
            "keep the file in the repository, or make it with a template and values",
        );
    }

    fn left_over(&mut self, at: &Place, message: String, help: &str) {
        let finding = Finding::warning(LEFT_OVER, message);
        self.findings.push(finding.at(at.clone()).help(help));
    }
}

impl Where<'_> {
    /// A path in the environment, where the run works on a copy of it.
    fn own(&self, path: &Path) -> PathBuf {
        match self.copy.and_then(|copy| path.strip_prefix(copy).ok()) {
            Some(inside) => self.environment.join(inside),
            None => path.to_path_buf(),
        }
    }

    /// A path as the settings of the environment name it.
    fn relative(&self, path: &Path) -> String {
        match path.is_absolute() {
            true => display_from(self.environment, &self.own(path)),
            false => path.to_string_lossy().into_owned(),
        }
    }

    fn shown(&self, path: &Path) -> String {
        display_from(self.here, path)
    }

    /// The name of a new script for a file.
    fn script_name(&self, path: &Path, taken: &BTreeMap<PathBuf, Vec<u8>>) -> String {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let name = |number: usize| match number {
            1 => format!("scripts/{stem}.yaml"),
            _ => format!("scripts/{stem}-{number}.yaml"),
        };
        let is_free = |name: &String| !taken.contains_key(&self.environment.join(name));
        (1..).map(name).find(is_free).unwrap_or_default()
    }
}

/// Says that a field may be new.
const CREATES: &str = " # kustom: create";

/// A setting of a kustomization as an expression that sets it there: an entry of a list is the one
/// that the edited text has.
fn expression(setting: &Setting, edited: &Content) -> Option<String> {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let field = |name: &str, value: &str| Some(format!(".{name} = {}{CREATES}", text(value)));
    let (list, name) = match setting {
        Setting::Namespace(name) => return field("namespace", name),
        Setting::NamePrefix(name) => return field("namePrefix", name),
        Setting::NameSuffix(name) => return field("nameSuffix", name),
        Setting::Image(image) => ("images", ImageArgument::parse(image).ok()?.name),
        Setting::Replicas(one) => ("replicas", replica(one).ok()?.0),
    };
    let Content::Known(bytes) = edited else {
        return None;
    };
    let documents = read(std::str::from_utf8(bytes).ok()?, &Options::default()).ok()?;
    let items = documents.first()?.get(list)?.items();
    let entry = items
        .iter()
        .find(|item| item.get("name").and_then(Node::text) == Some(&*name))?;
    let fields = entry.entries().iter().map(|field| {
        let value = field.value.text().unwrap_or_default();
        let value = match field.key.text() {
            Some("count") => value.to_owned(),
            _ => text(value),
        };
        format!("{}: {value}", text(field.key.text().unwrap_or_default()))
    });
    let fields: Vec<String> = fields.collect();
    let name = text(&name);
    Some(format!(
        ".{list} = [.{list}[] | select(.name != {name})] + [{{{}}}]{CREATES}",
        fields.join(", ")
    ))
}

/// Whether a file is a secret: by the directory that it lies in, or that it comes from.
fn is_secret(path: &Path, made: &Made) -> bool {
    let names = |path: &Path| {
        path.parent().is_some_and(|directory| {
            directory.components().any(|part| {
                part.as_os_str()
                    .to_string_lossy()
                    .to_lowercase()
                    .contains("secret")
            })
        })
    };
    names(path) || (made.from.as_deref().is_some_and(names) && made.from.as_deref() != Some(path))
}

/// How many parts at their ends two paths have in common.
fn common(one: &Path, other: &Path) -> usize {
    let parts = one.components().rev().zip(other.components().rev());
    parts.take_while(|(one, other)| one == other).count()
}

/// Whether a script is for the config that the last parts of a path name.
fn is_script_of(script: &Path, path: &Path, parts: usize) -> bool {
    let name = last(path, parts);
    let with_end = PathBuf::from(format!("{}.yq", name.display()));
    script.ends_with(&name)
        || script.ends_with(&with_end)
        || script.ends_with(name.with_extension("yq"))
}

fn last(path: &Path, parts: usize) -> PathBuf {
    let count = path.components().count();
    path.components()
        .skip(count.saturating_sub(parts))
        .collect()
}

fn before(path: &Path, parts: usize) -> PathBuf {
    path.ancestors().nth(parts).unwrap_or(path).to_path_buf()
}

/// Copies as sources of configs; none where convention says the same.
fn configs(copies: &[Copied], place: &Where<'_>, files: &dyn Files) -> Vec<ConfigSource> {
    let to = place.environment.join("configs");
    let scripts = place.environment.join("yq_scripts");
    let is_by_convention = |copy: &Copied| {
        (1..copy.to.components().count()).any(|parts| {
            let fits = copy.script.as_ref().is_none_or(|script| {
                script.starts_with(&scripts)
                    && is_script_of(script, &copy.to, parts)
                    && script.components().count() == scripts.components().count() + parts
            });
            let from = files.resolve(&copy.from).map(|(path, _)| path);
            let from = from.as_deref().unwrap_or(&copy.from);
            place.configs == Some(&*before(from, parts))
                && from.file_name() == copy.to.file_name()
                && last(from, parts) == last(&copy.to, parts)
                && before(&copy.to, parts) == to
                && fits
        })
    };
    if copies.iter().all(is_by_convention) {
        return Vec::new();
    }
    // From where, to where, with which scripts: the names of the files.
    let mut groups: BTreeMap<(PathBuf, PathBuf), (Vec<PathBuf>, Option<PathBuf>)> = BTreeMap::new();
    for copy in copies {
        let from = before(&copy.from, copy.parts);
        let key = (from, before(&copy.to, copy.parts));
        let (names, known) = groups.entry(key).or_default();
        names.push(last(&copy.to, copy.parts));
        if let Some(script) = &copy.script {
            *known = Some(before(script, copy.parts));
        }
    }
    let mut sources: Vec<ConfigSource> = Vec::new();
    for ((from, to), (names, known)) in groups {
        let scripts_of = |directory: &Option<PathBuf>| {
            let directory = directory
                .as_ref()
                .filter(|directory| **directory != scripts)?;
            Some(place.relative(directory))
        };
        let is_whole = matches!(files.resolve(&from), Ok((_, FileKind::Directory)))
            && files
                .walk(&from)
                .is_ok_and(|all| all.iter().all(|name| names.contains(name)));
        if is_whole {
            sources.push(ConfigSource {
                from: Some(place.relative(&from)),
                to: Some(place.relative(&to)),
                scripts: scripts_of(&known),
            });
            continue;
        }
        for name in names {
            let directory = name
                .parent()
                .filter(|inside| !inside.as_os_str().is_empty());
            let nested = |path: &Path| match directory {
                Some(inside) => path.join(inside),
                None => path.to_path_buf(),
            };
            let own = known.as_ref().map(|known| nested(known));
            sources.push(ConfigSource {
                from: Some(place.relative(&from.join(&name))),
                to: Some(place.relative(&nested(&to))),
                scripts: scripts_of(&own),
            });
        }
    }
    for source in &mut sources {
        source.to = source.to.take().filter(|to| to != "configs");
    }
    sources
}
