//! Runs functions over the objects in files, as `kustomize fn run` does.
//!
//! A function gets a list of objects and answers with one. What it changes is written into the
//! text of the file, so that comments and layout stay; what it makes gets a file of its own.
//! Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md>.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path};

use kustom_guard::listener;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Options, Style, read, rewrite_flush, same_data};

use super::{Annotated, Item, Wrapping, print, read_text};
use crate::plugin::{Declared, FunctionOptions, run_container};
use crate::process::Command;

/// Annotations by which an object is known while functions run.
const BOOKKEEPING: [&str; 9] = [
    "config.kubernetes.io/index",
    "config.kubernetes.io/path",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/package-path",
    "config.kubernetes.io/package",
];

const ID: &str = "internal.config.kubernetes.io/id";

/// The directory whose functions reach what is beside it.
const FUNCTIONS: &str = "functions";

/// A program or a container that changes objects.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// The image, if it is a container; the command is one for [`run_container`] then.
    pub image: Option<String>,
    /// The program.
    pub command: Command,
    /// What it is told.
    pub configuration: Node,
    /// The directory below which objects are given to it; empty for all.
    pub scope: String,
}

impl Function {
    /// The functions that some objects declare, the deepest first; `in_scope` says whether each
    /// gets only what is in its directory and below. Those that the options do not allow are left
    /// out. What is mounted is found from the directory on.
    ///
    /// # Errors
    ///
    /// If a declaration is wrong, or asks for what is not allowed.
    pub fn declared(
        items: &[Item],
        in_scope: bool,
        options: &FunctionOptions,
        directory: &Path,
    ) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        for item in items {
            let scope = match in_scope {
                true => scope(&item.path),
                false => String::new(),
            };
            let function = Self::of(&item.node, scope, options, directory);
            found.extend(function.map_err(|error| match item.path.as_str() {
                "" => error,
                path => error.note(format!("in `{path}`"), None),
            })?);
        }
        let depth = |scope: &str| match scope {
            "" => 0,
            scope => scope.split('/').count(),
        };
        found.sort_by_key(|function| std::cmp::Reverse(depth(&function.scope)));
        Ok(found)
    }

    /// The function that one object declares, with that object as its configuration.
    ///
    /// # Errors
    ///
    /// As [`Function::declared`].
    pub fn of(
        object: &Node,
        scope: String,
        options: &FunctionOptions,
        directory: &Path,
    ) -> Result<Option<Self>> {
        let declared = Declared::of(object, options, directory)?;
        Ok(declared.map(|declared| {
            let mut command = declared.command;
            command.environment = pairs(&declared.environment);
            Self {
                image: declared.image,
                command,
                configuration: object.clone(),
                scope,
            }
        }))
    }

    /// The image or the program, as it is called in messages.
    pub fn name(&self) -> Cow<'_, str> {
        match &self.image {
            Some(image) => image.into(),
            None => self.command.program.to_string_lossy(),
        }
    }

    /// What the function makes of objects; those out of its reach come behind, unchanged.
    ///
    /// # Errors
    ///
    /// If it fails, or answers with something that is no list of objects.
    pub fn run(&self, items: Vec<Item>) -> Result<Vec<Item>> {
        let reaches = |item: &Item| {
            self.scope.is_empty() || Path::new(&scope(&item.path)).starts_with(&self.scope)
        };
        let (inside, outside): (Vec<Item>, Vec<Item>) = items.into_iter().partition(reaches);
        let numbered: Vec<Item> = inside.iter().enumerate().map(numbered).collect();
        let wrapping = Wrapping {
            kind: "ResourceList".to_owned(),
            api_version: "config.kubernetes.io/v1".to_owned(),
            function_config: Some(self.configuration.clone()).filter(|it| !it.is_null()),
        };
        let command = Command {
            input: print(&numbered, Annotated::Full, &wrapping).into_bytes(),
            talks: Some(listener),
            ..self.command.clone()
        };
        let output = match self.image {
            Some(_) => run_container(command)?,
            None => command
                .run()
                .map_err(|failure| failure.into_error(&command.program))?,
        };
        if !output.status.success() {
            let program = self.name();
            let message = format!("the function `{program}` failed: {}", output.ending());
            return Err(Error::new(Kind::Plugin, message).help("nothing was written"));
        }
        let answer = String::from_utf8_lossy(&output.data);
        let answer = read_text(&answer).map_err(|error| {
            error.note("in what the function answered; nothing was written", None)
        })?;
        let is_object = |item: &Item| item.node.get("kind").and_then(Node::text).is_some();
        if !answer.iter().all(is_object) {
            let program = self.name();
            let message =
                format!("the function `{program}` answered with something without `kind`");
            return Err(Error::new(Kind::Plugin, message).help("nothing was written"));
        }
        let mut made: Vec<Item> = answer
            .into_iter()
            .map(|item| returned(item, &inside, &self.scope))
            .collect();
        made.extend(outside);
        Ok(made)
    }
}

/// `NAME=value` as names and values.
pub fn pairs(texts: &[String]) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    let pairs = texts.iter().filter_map(|text| text.split_once('='));
    pairs
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// The directory that a file's functions reach.
fn scope(path: &str) -> String {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    match directory.strip_suffix(FUNCTIONS) {
        Some(parent) if parent.is_empty() || parent.ends_with('/') => {
            parent.trim_end_matches('/').to_owned()
        }
        _ => directory.to_owned(),
    }
}

fn numbered((number, item): (usize, &Item)) -> Item {
    let mut item = item.clone();
    let number = (number + 1).to_string();
    for name in [ID, "config.k8s.io/id"] {
        let annotations = super::child(&mut item.node, "metadata")
            .and_then(|metadata| super::child(metadata, "annotations"));
        if let Some(annotations) = annotations {
            let value = Node {
                style: Style::Single,
                ..Node::string(number.as_str())
            };
            annotations.set(name, value);
        }
    }
    item
}

/// The annotations that say in which file an object is.
const PATHS: [&str; 2] = [
    "internal.config.kubernetes.io/path",
    "config.kubernetes.io/path",
];

/// An object of an answer, without what it was known by; one that was not given gets a path.
fn returned(mut item: Item, given: &[Item], directory: &str) -> Item {
    let number = |name: &str| item.annotation(name)?.parse::<usize>().ok();
    let before = number(ID)
        .or_else(|| number("config.k8s.io/id"))
        .and_then(|number| given.get(number.checked_sub(1)?));
    let path = PATHS.into_iter().find_map(|name| item.annotation(name));
    let path = path.map(str::to_owned);
    match before {
        Some(before) => {
            item.index = before.index;
            item.path = path.unwrap_or_else(|| before.path.clone());
        }
        None => {
            item.index = number("internal.config.kubernetes.io/index");
            item.path = path.unwrap_or_default();
        }
    }
    // In text from elsewhere they say what its author has said.
    let is_own = before.is_some_and(|before| before.path.is_empty());
    forget(&mut item.node, |name| !is_own || !PATHS.contains(&name));
    // Items of a list go nowhere, and neither does what is made beside them.
    let beside = before.or(given.first());
    if item.path.is_empty() && beside.is_none_or(|beside| beside.index.is_some()) {
        item.path = default_path(&item.node, directory);
        item.is_path_made_up = true;
    }
    item
}

/// Takes away annotations by which an object was known.
fn forget(node: &mut Node, is_meant: impl Fn(&str) -> bool) {
    let Some(metadata) = node.get_mut("metadata") else {
        return;
    };
    let Some(annotations) = metadata.get_mut("annotations") else {
        return;
    };
    for name in BOOKKEEPING.into_iter().filter(|name| is_meant(name)) {
        annotations.remove(name);
    }
    if annotations.is_map() && annotations.entries().is_empty() {
        metadata.remove("annotations");
        if metadata.entries().is_empty() {
            node.remove("metadata");
        }
    }
}

/// Where an object goes that says nothing of it: `<kind>_<name>.yaml`.
fn default_path(node: &Node, directory: &str) -> String {
    let text = |path: &[&str]| node.at(path).and_then(Node::text).unwrap_or_default();
    let words = [text(&["kind"]), text(&["metadata", "name"])];
    let name = format!("{}.yaml", words.join("_"))
        .to_lowercase()
        .replace('/', "_");
    let below = match text(&["metadata", "namespace"]) {
        "" => name,
        namespace => format!("{}/{name}", namespace.replace('/', "_")),
    };
    match directory {
        "" => below,
        directory => format!("{directory}/{below}"),
    }
}

/// The new texts of files, by their paths: none for a file that has no object any more. Files in
/// which nothing changes are left out.
///
/// # Errors
///
/// If an object wants a path that leads out of the directory, or a file cannot be written anew.
pub fn texts(
    before: &[Item],
    after: &[Item],
    old: &dyn Fn(&str) -> Result<Option<String>>,
) -> Result<BTreeMap<String, Option<String>>> {
    let mut files: BTreeMap<&str, (Vec<&Item>, Vec<&Item>)> = BTreeMap::new();
    for item in before {
        files.entry(&item.path).or_default().0.push(item);
    }
    for item in after {
        let stays = |part: Component<'_>| matches!(part, Component::Normal(_));
        if item.path.is_empty() || !Path::new(&item.path).components().all(stays) {
            let message = format!("a function wants to write `{}`", item.path);
            return Err(Error::new(Kind::Plugin, message)
                .help("nothing was written; a path must be below the directory"));
        }
        files.entry(&item.path).or_default().1.push(item);
    }
    let mut result = BTreeMap::new();
    for (path, (before, mut after)) in files {
        after.sort_by_key(|item| item.index.unwrap_or(usize::MAX));
        let same = |(a, b): (&&Item, &&Item)| same_data(&a.node, &b.node);
        if before.len() == after.len() && before.iter().zip(&after).all(same) {
            continue;
        }
        let text = match after.is_empty() {
            true => None,
            false => Some(text_of(&before, &after, old(path)?)?),
        };
        result.insert(path.to_owned(), text);
    }
    Ok(result)
}

fn text_of(before: &[&Item], after: &[&Item], old: Option<String>) -> Result<String> {
    let anew = || {
        let items: Vec<Item> = after.iter().map(|item| (*item).clone()).collect();
        print(&items, Annotated::No, &Wrapping::default())
    };
    let Some(old) = old.filter(|_| before.len() == after.len()) else {
        return Ok(anew());
    };
    let options = Options {
        keep_aliases: true,
        ..Options::default()
    };
    let documents = read(&old, &options)?;
    let mut changed = documents.clone();
    let mut items = after.iter().map(|item| {
        let mut item = (*item).clone();
        item.strip_comments();
        item.node
    });
    if before.iter().all(|item| item.index.is_none()) {
        let items = Node::seq(items.collect());
        for list in changed.iter_mut().filter(|node| !node.is_null()) {
            list.set("items", items.clone());
        }
    } else {
        for document in changed.iter_mut().filter(|node| !node.is_null()) {
            if let Some(node) = items.next() {
                *document = node;
            }
        }
    }
    Ok(rewrite_flush(&old, &documents, &changed).unwrap_or_else(|_| anew()))
}

#[cfg(test)]
mod tests {
    use super::super::read_items;
    use super::*;

    fn function(script: &str) -> Function {
        Function {
            command: Command::new("sh", ["-c", script]),
            ..Function::default()
        }
    }

    fn written(text: &str, script: &str) -> BTreeMap<String, Option<String>> {
        let before = read_items(text, "a.yaml").unwrap();
        let after = function(script).run(before.clone()).unwrap();
        texts(&before, &after, &|path| {
            Ok((path == "a.yaml").then(|| text.to_owned()))
        })
        .unwrap()
    }

    #[test]
    fn only_what_a_function_changes_is_written() {
        let text = "# top\nkind:   A # x\nmetadata: {name: 'a'}\n---\n# two\nkind: B\n";
        assert!(written(text, "cat").is_empty());
        let changed = written(text, "sed 's/kind: B/kind: C/'");
        let wanted = text.replace("kind: B", "kind: C");
        assert_eq!(changed["a.yaml"].as_deref(), Some(&*wanted));
        let list = "kind: List # l\nitems:\n- kind: A # a\n";
        let changed = written(list, "sed 's/kind: A/kind: C/'");
        let wanted = list.replace("kind: A", "kind: C");
        assert_eq!(changed["a.yaml"].as_deref(), Some(&*wanted));
    }

    #[test]
    fn what_a_function_makes_gets_a_file() {
        let made = "echo '{kind: New, metadata: {name: n, namespace: q}}'";
        let files = written("kind: A\n", made);
        assert_eq!(files["a.yaml"], None);
        assert!(files["q/new_n.yaml"].is_some());
    }

    #[test]
    fn a_function_that_fails_or_answers_with_nonsense_is_refused() {
        for script in [
            "exit 3",
            "echo 'a: ['",
            "echo '{kind: ResourceList, items: [a]}'",
        ] {
            assert!(function(script).run(Vec::new()).is_err(), "{script}");
        }
        let outside = function(
            "echo '{kind: A, metadata: {annotations: {config.kubernetes.io/path: ../a.yaml}}}'",
        );
        let after = outside.run(Vec::new()).unwrap();
        assert!(texts(&[], &after, &|_| Ok(None)).is_err());
    }

    #[test]
    fn functions_reach_what_is_beside_and_below_them() {
        assert_eq!(scope("a.yaml"), "");
        assert_eq!(scope("a/b.yaml"), "a");
        assert_eq!(scope("a/functions/b.yaml"), "a");
        assert_eq!(scope("functions/b.yaml"), "");
        assert_eq!(scope("a/myfunctions/b.yaml"), "a/myfunctions");
    }
}
