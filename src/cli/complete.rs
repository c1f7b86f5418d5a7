//! Completion by the shell: commands and flags by the parser, environments, objects and fields by a
//! look at the project.
//!
//! `source <(kustom completion bash)` asks for it; from then on, the shell calls the program with
//! `COMPLETE` set, the words of the line behind `--`, and the number of the word.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, ValueCompleter};
use clap_complete::env::CompleteEnv;
use kustom::explain::{self, Explained, ObjectName};
use kustom::limits::{self, Limits};
use kustom::load::LookupCache;
use kustom::project::{Options, Project, Secrets, explain_environment};
use kustom::report::printable;
use kustom::yaml::Node;

use super::build::working_directory;
use super::completion::{self, VARIABLE};
use super::documented;
use super::output;
use super::project::{find_environment, roots};

/// The most fields that are offered.
const MOST: usize = 300;

/// Answers a shell that asks; nothing if none does.
pub(super) fn answered(words: &[OsString]) -> Option<ExitCode> {
    let shell = std::env::var_os(VARIABLE)?;
    if let Some(done) = completion::script_of(&shell, words) {
        return Some(done.unwrap_or_else(|error| {
            output::Streams::default().error(&error);
            ExitCode::from(2)
        }));
    }
    // A key fetches nothing.
    limits::set(Limits {
        offline: true,
        ..Limits::DEFAULT
    });
    let here = std::env::current_dir().ok();
    let complete = CompleteEnv::with_factory(documented).var(VARIABLE);
    match complete.try_complete(words.to_vec(), here.as_deref()) {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        Err(error) => {
            output::usage(&error, &output::Streams::default());
            Some(ExitCode::from(2))
        }
    }
}

/// Completes an environment.
#[derive(Clone)]
pub(super) struct Environments;

/// Completes an environment, then an object of it, then a field of that.
#[derive(Clone)]
pub(super) struct EnvironmentObjectField;

/// Completes an object of the environment that stands before it.
#[derive(Clone)]
pub(super) struct Objects;

impl ValueCompleter for Environments {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        candidates(Line::read().environments(), current)
    }
}

impl ValueCompleter for Objects {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let line = Line::read();
        let environment = line.environment(current);
        candidates(objects(line.explained(environment.as_deref())), current)
    }
}

impl ValueCompleter for EnvironmentObjectField {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let line = Line::read();
        let environment = line.environment(current);
        if environment.is_none() && line.directory.is_none() {
            return candidates(line.environments(), current);
        }
        let explained = line.explained(environment.as_deref());
        let words = line.before(current).into_iter();
        let mut words = words.filter(|word| Some(*word) != environment.as_deref());
        let Some(object) = words.rfind(|word| word.contains('/')) else {
            return candidates(objects(explained), current);
        };
        let (Some(explained), Ok(object)) = (explained, object.parse::<ObjectName>()) else {
            return Vec::new();
        };
        let typed = current.to_string_lossy();
        let mut found = BTreeSet::new();
        for life in explained.find(&object).unwrap_or_default() {
            fields(life.node(), "", &typed, &mut found);
        }
        candidates(found, current)
    }
}

/// A completer as an argument takes it.
pub(super) fn completer(of: impl ValueCompleter + 'static) -> ArgValueCompleter {
    ArgValueCompleter::new(of)
}

fn candidates(
    words: impl IntoIterator<Item = String>,
    current: &OsStr,
) -> Vec<CompletionCandidate> {
    let typed = current.to_string_lossy();
    let words = words.into_iter();
    // A name that a terminal would not show is none to be typed.
    let plain = words.filter(|word| word.starts_with(&*typed) && printable(word) == word.as_str());
    plain.map(CompletionCandidate::new).collect()
}

/// The line that is completed.
struct Line {
    words: Vec<String>,
    /// Behind `-C`.
    start: Option<PathBuf>,
    /// Behind `--dir`.
    directory: Option<PathBuf>,
}

impl Line {
    fn read() -> Self {
        let words = std::env::args_os().skip_while(|word| word != "--");
        // The program and the command come first.
        let words: Vec<String> = words
            .skip(3)
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let behind = |flags: [&str; 2]| {
            let at = words.iter().position(|word| flags.contains(&&**word))?;
            words.get(at + 1).map(PathBuf::from)
        };
        Self {
            start: behind(["-C", "--directory"]),
            directory: behind(["--dir", "--dir"]),
            words,
        }
    }

    /// The words that are no flags, without the one that is being written.
    fn before(&self, current: &OsStr) -> Vec<&str> {
        let current = current.to_string_lossy();
        let flags = ["-C", "--directory", "--dir"];
        let all = self.words.iter().map(String::as_str);
        let behind = std::iter::once("").chain(all.clone());
        let words = all.zip(behind);
        let words =
            words.filter(|(word, before)| !word.starts_with('-') && !flags.contains(before));
        let mut words: Vec<&str> = words.map(|(word, _)| word).collect();
        if let Some(at) = words.iter().rposition(|word| *word == current) {
            words.remove(at);
        }
        words
    }

    /// The environment that is named already.
    fn environment(&self, current: &OsStr) -> Option<String> {
        let known = self.environments();
        let mut words = self.before(current).into_iter();
        words.find(|word| known.contains(*word)).map(str::to_owned)
    }

    fn environments(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let Ok(here) = working_directory() else {
            return found;
        };
        let start = self.start.as_ref().map_or(here.clone(), |it| here.join(it));
        let files = LookupCache::default();
        for (root, prefix) in roots(&start).unwrap_or_default() {
            if let Ok(project) = Project::find(&files, &root) {
                let names = project.names(&files).into_iter();
                found.extend(names.map(|name| format!("{prefix}{name}")));
            }
        }
        found
    }

    fn explained(&self, environment: Option<&str>) -> Option<Explained> {
        let here = working_directory().ok()?;
        let files = LookupCache::default();
        if let Some(directory) = &self.directory {
            let options = kustom::build::Options::default();
            return explain::directory(&files, &here, directory, &options).ok();
        }
        let start = self.start.as_deref();
        let (project, name) = find_environment(&files, &here, start, environment?).ok()?;
        let environment = project.environment(&files, &name).ok()?;
        let options = Options {
            secrets: Some(Secrets::Placeholder),
            ..Options::default()
        };
        explain_environment(&files, &here, &project, &environment, &options).ok()
    }
}

fn objects(explained: Option<Explained>) -> BTreeSet<String> {
    let explained = explained.iter();
    let names = explained.flat_map(|explained| {
        let all = explained.output().chain(explained.removed());
        all.map(|life| explained.name(life))
    });
    names.collect()
}

/// The ways to the scalars of an object that begin as somebody has typed.
fn fields(node: &Node, start: &str, typed: &str, found: &mut BTreeSet<String>) {
    let may_lead_on = start.starts_with(typed) || typed.starts_with(start);
    if found.len() >= MOST || !may_lead_on {
        return;
    }
    for entry in node.entries() {
        let key = entry.key.text().unwrap_or_default();
        let way = match (start, key.contains(['.', '/', '[', ' '])) {
            (_, true) => format!("{start}[{key}]"),
            ("", false) => key.to_owned(),
            (start, false) => format!("{start}.{key}"),
        };
        fields(&entry.value, &way, typed, found);
    }
    for (index, item) in node.items().iter().enumerate() {
        let name = item.get("name").and_then(Node::text);
        let way = match name {
            Some(name) => format!("{start}[{name}]"),
            None => format!("{start}[{index}]"),
        };
        fields(item, &way, typed, found);
    }
    if node.is_scalar() && start.starts_with(typed) {
        found.insert(start.to_owned());
    }
}
