//! Configuration in files, as `kustomize cfg` reads and shows it.
//!
//! Objects keep their comments and the order of their fields; where an object was read is told in
//! annotations, if that is asked for.
//! Source: <https://github.com/kubernetes-sigs/kustomize/tree/master/cmd/config>.

mod format;
mod query;
mod run;
mod tree;

use std::path::Path;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::{Place, SourceId};
use kustom_yaml::{Entry, Node, Options, Style, print_go_v3, read};

use crate::load::{FileKind, Files};

pub use format::format;
pub use query::Query;
pub use run::{Function, pairs, texts};
pub use tree::{Structure, TreeField, tree};

/// An object, and where it was read.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// The object.
    pub node: Node,
    /// The path of its file below the directory that was read; empty for text from elsewhere.
    pub path: String,
    /// Whether the object had no path, and it was made from its kind and name.
    pub is_path_made_up: bool,
    /// Its number in the file; none for an item of a list.
    pub index: Option<usize>,
}

/// The objects of a YAML file, or of those below a directory, in the order of their paths.
///
/// # Errors
///
/// If there is nothing of the name, or a file is no YAML.
pub fn read_path(files: &dyn Files, path: &Path, shown: &str) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    match files.resolve(path) {
        Ok((resolved, FileKind::File)) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            read_file(files, &resolved, &name, shown, &mut items)?;
        }
        Ok(_) => walk(files, path, "", shown, &mut items)?,
        Err(cause) => {
            let message = format!("there is no `{shown}`");
            return Err(Error::new(Kind::Load, message).caused_by(cause));
        }
    }
    Ok(items)
}

fn walk(
    files: &dyn Files,
    root: &Path,
    below: &str,
    shown: &str,
    items: &mut Vec<Item>,
) -> Result<()> {
    let mut names = files.list(&root.join(below)).unwrap_or_default();
    names.sort();
    for name in names {
        let path = match below {
            "" => name,
            below => format!("{below}/{name}"),
        };
        let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        match files.resolve(&root.join(&path)) {
            Ok((_, FileKind::Directory)) if !path.ends_with(".git") => {
                walk(files, root, &path, shown, items)?;
            }
            Ok((resolved, FileKind::File)) if is_yaml => {
                let shown = format!("{}/{path}", shown.trim_end_matches('/'));
                read_file(files, &resolved, &path, &shown, items)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_file(
    files: &dyn Files,
    file: &Path,
    path: &str,
    shown: &str,
    items: &mut Vec<Item>,
) -> Result<()> {
    let bytes = files.read(file).map_err(|cause| {
        Error::new(Kind::Load, format!("cannot read `{shown}`")).caused_by(cause)
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::new(Kind::Yaml, format!("`{shown}` is not UTF-8")))?;
    items.extend(read_items(&text, path).map_err(|error| named(error, shown))?);
    Ok(())
}

/// The objects of a text; those of a list that is alone in it are unwrapped.
///
/// # Errors
///
/// If the text is no YAML.
pub fn read_text(text: &str) -> Result<Vec<Item>> {
    read_items(text, "").map_err(|error| named(error, "stdin"))
}

fn named(error: Error, file: &str) -> Error {
    let error = error.name_files(|_| Some(file.into()));
    error.at(Place::file(file))
}

fn read_items(text: &str, path: &str) -> Result<Vec<Item>> {
    let options = Options {
        source: SourceId::NONE,
        keep_aliases: true,
        comments: true,
        ..Options::default()
    };
    let documents = read(text, &options)?;
    let documents: Vec<Node> = documents.into_iter().filter(|it| !it.is_null()).collect();
    if let [list] = documents.as_slice() {
        let kind = list.get("kind").and_then(Node::text);
        if let (Some("List" | "ResourceList"), Some(items)) = (kind, list.get("items")) {
            let items = items.items().iter().map(|node| Item {
                node: node.clone(),
                path: path.to_owned(),
                is_path_made_up: false,
                index: None,
            });
            return Ok(items.collect());
        }
    }
    let items = documents.into_iter().enumerate().map(|(index, node)| Item {
        node,
        path: path.to_owned(),
        is_path_made_up: false,
        index: Some(index),
    });
    Ok(items.collect())
}

/// What is told of where an object was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotated {
    /// Nothing.
    No,
    /// The file.
    Path,
    /// The file, and the number in it.
    Full,
}

impl Item {
    fn annotation(&self, name: &str) -> Option<&str> {
        self.node.at(&["metadata", "annotations", name])?.text()
    }

    /// Whether it is for tools alone: it has the annotation `config.kubernetes.io/local-config`.
    pub fn is_local(&self) -> bool {
        self.annotation("config.kubernetes.io/local-config")
            .is_some_and(|value| value != "false")
    }

    /// The node with annotations that tell where it was read.
    pub fn annotated(&self, annotated: Annotated) -> Node {
        let mut node = self.node.clone();
        let index = self.index.map(|index| index.to_string());
        let index = index.filter(|_| annotated == Annotated::Full);
        let path = Some(self.path.clone()).filter(|path| !path.is_empty());
        let path = path.filter(|_| annotated != Annotated::No);
        let mut pairs = [
            ("config.kubernetes.io/index", &index),
            ("config.kubernetes.io/path", &path),
            ("internal.config.kubernetes.io/index", &index),
            ("internal.config.kubernetes.io/path", &path),
        ];
        if self.is_path_made_up {
            pairs.rotate_left(2);
        }
        for (name, value) in pairs {
            let Some(value) = value else { continue };
            if self.annotation(name) == Some(value) {
                continue;
            }
            let metadata = child(&mut node, "metadata");
            let annotations = metadata.map(|metadata| child(metadata, "annotations"));
            if let Some(Some(annotations)) = annotations {
                let value = Node {
                    style: Style::Single,
                    ..Node::string(value.as_str())
                };
                annotations.set(name, value);
            }
        }
        node
    }

    /// Takes all comments away.
    pub fn strip_comments(&mut self) {
        strip(&mut self.node);
    }
}

fn child<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    if node.get(name).is_none_or(Node::is_null) {
        node.set(name, Node::map(Vec::new()));
    }
    node.get_mut(name)
}

fn strip(node: &mut Node) {
    if let Some(decor) = &mut node.decor {
        (decor.head, decor.line, decor.foot) = (None, None, None);
    }
    for item in node.items_mut().into_iter().flatten() {
        strip(item);
    }
    for entry in node.entries_mut().into_iter().flatten() {
        strip(&mut entry.key);
        strip(&mut entry.value);
    }
}

/// A list that wraps objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wrapping {
    /// Its kind; empty for no list.
    pub kind: String,
    /// Its `apiVersion`.
    pub api_version: String,
    /// What stands in its `functionConfig`.
    pub function_config: Option<Node>,
}

/// Objects as text: documents, or one list.
pub fn print(items: &[Item], annotated: Annotated, wrapping: &Wrapping) -> String {
    let nodes = items.iter().map(|item| item.annotated(annotated));
    if wrapping.kind.is_empty() {
        let texts: Vec<String> = nodes.map(|node| print_go_v3(&node)).collect();
        return texts.join("---\n");
    }
    let mut entries = vec![
        Entry::new("apiVersion", Node::string(wrapping.api_version.as_str())),
        Entry::new("kind", Node::string(wrapping.kind.as_str())),
        Entry::new("items", Node::seq(nodes.collect())),
    ];
    if let Some(config) = &wrapping.function_config {
        entries.push(Entry::new("functionConfig", config.clone()));
    }
    print_go_v3(&Node::map(entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# top\nkind: A\napiVersion: v1\nmetadata:\n  name: a # n\n---\nkind: B\n";

    #[test]
    fn objects_keep_comments_and_say_where_they_were_read() {
        let items = read_items(TEXT, "a.yaml").unwrap();
        let printed = print(&items, Annotated::No, &Wrapping::default());
        assert_eq!(printed, TEXT);
        let printed = print(&items[1..], Annotated::Full, &Wrapping::default());
        assert!(
            printed.contains("config.kubernetes.io/index: '1'"),
            "{printed}"
        );
        assert!(
            printed.contains("config.kubernetes.io/path: 'a.yaml'"),
            "{printed}"
        );
    }

    #[test]
    fn a_list_that_is_alone_is_unwrapped() {
        let items = read_text("kind: List\nitems: [{kind: A}, {kind: B}]\n").unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(
            read_text("kind: List\nitems: []\n---\nkind: A\n")
                .unwrap()
                .len(),
            2
        );
        assert!(read_text("a: [").is_err());
    }
}
