//! Shows objects as a tree of directories, or of owners, as `kustomize cfg tree` does.

use std::collections::BTreeMap;

use kustom_guard::printable;
use kustom_yaml::Node;
use kustom_yaml::error::{Error, Kind, Result};

use super::Item;
use super::format::rank;
use super::query::{find, on_one_line, parts};

/// What the branches of a tree are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Structure {
    /// Owners if any object has one, directories otherwise.
    #[default]
    Either,
    /// Directories.
    Directories,
    /// Owners.
    Owners,
}

/// A field that is shown below its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeField {
    path: Vec<String>,
}

impl TreeField {
    /// The field at a path such as `spec.template.spec.containers[name=.*].image`.
    ///
    /// # Errors
    ///
    /// If it is no path.
    pub fn parse(path: &str) -> Result<Self> {
        Ok(Self { path: parts(path)? })
    }

    /// A field of every container, in pods and in whatever has a pod template.
    pub fn of_containers(name: &str) -> [Self; 3] {
        [
            "spec",
            "spec.template.spec",
            "spec.jobTemplate.spec.template.spec",
        ]
        .map(|pod| {
            let mut path: Vec<String> = pod.split('.').map(str::to_owned).collect();
            path.extend(["containers", "[name=.*]", name].map(str::to_owned));
            Self { path }
        })
    }

    /// The path of the list, and the field in its items, if it is one of containers.
    fn in_containers(&self) -> Option<(String, &str)> {
        let joined = self.path.join(".");
        let lists = [
            "spec.template.spec.containers",
            "spec.jobTemplate.spec.template.spec.containers",
            "spec.containers",
        ];
        let list = lists.into_iter().find(|list| joined.starts_with(list))?;
        Some((list.to_owned(), self.path.last()?))
    }
}

/// A line of a tree, and what is below it.
#[derive(Debug, Default)]
struct Branch {
    text: String,
    below: Vec<Self>,
}

impl Branch {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            below: Vec::new(),
        }
    }

    fn draw(&self, margin: &str, out: &mut String) {
        for (at, branch) in self.below.iter().enumerate() {
            let is_last = at + 1 == self.below.len();
            let (arm, deeper) = match is_last {
                true => ("└── ", "    "),
                false => ("├── ", "│   "),
            };
            out.push_str(margin);
            out.push_str(arm);
            for line in branch.text.split('\n') {
                out.push_str(&printable(line));
                out.push('\n');
            }
            branch.draw(&format!("{margin}{deeper}"), out);
        }
    }
}

/// The tree of some objects under a root; nothing for none.
///
/// # Errors
///
/// If the owner of an object is not among them.
pub fn tree(
    items: &[Item],
    root: &str,
    fields: &[TreeField],
    structure: Structure,
    is_package: &dyn Fn(&str) -> bool,
) -> Result<String> {
    if items.is_empty() {
        return Ok(String::new());
    }
    let has_owner = |item: &Item| item.node.at(&["metadata", "ownerReferences"]).is_some();
    let by_owner = match structure {
        Structure::Owners => true,
        Structure::Directories => false,
        Structure::Either => items.iter().any(has_owner),
    };
    let (root, below) = match by_owner {
        true => (".", owners(items, fields)?),
        false => (root, directories(items, fields, is_package)),
    };
    let mut out = format!("{}\n", printable(root));
    Branch {
        text: String::new(),
        below,
    }
    .draw("", &mut out);
    Ok(out)
}

fn text<'n>(node: &'n Node, path: &[&str]) -> &'n str {
    node.at(path).and_then(Node::text).unwrap_or_default()
}

fn file_name(item: &Item) -> &str {
    match item.path.rsplit('/').next() {
        Some("") | None => ".",
        Some(name) => name,
    }
}

/// File, namespace, name, kind and version: the order of objects in a branch.
fn key(item: &Item) -> [String; 5] {
    let node = &item.node;
    [
        file_name(item),
        text(node, &["metadata", "namespace"]),
        text(node, &["metadata", "name"]),
        text(node, &["kind"]),
        text(node, &["apiVersion"]),
    ]
    .map(str::to_owned)
}

fn object(item: &Item, label: &str, fields: &[TreeField]) -> Branch {
    let kind = text(&item.node, &["kind"]);
    let name = text(&item.node, &["metadata", "name"]);
    let shown = match text(&item.node, &["metadata", "namespace"]) {
        "" => format!("[{label}]  {kind} {name}"),
        namespace => format!("[{label}]  {kind} {namespace}/{name}"),
    };
    Branch {
        text: shown,
        below: shown_fields(&item.node, fields),
    }
}

/// The directories of objects, each with its objects.
fn directories(
    items: &[Item],
    fields: &[TreeField],
    is_package: &dyn Fn(&str) -> bool,
) -> Vec<Branch> {
    let mut packages: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in items
        .iter()
        .filter(|item| !text(&item.node, &["kind"]).is_empty())
    {
        let directory = item
            .path
            .rsplit_once('/')
            .map_or(".", |(directory, _)| directory);
        packages.entry(directory).or_default().push(item);
    }
    let mut root = Branch::default();
    // The way to the branch of each directory, by positions.
    let mut ways: Vec<(&str, Vec<usize>)> = Vec::new();
    for (directory, mut items) in packages {
        items.sort_by_cached_key(|item| key(item));
        let parents = ways
            .iter()
            .filter(|(parent, _)| directory.starts_with(parent));
        let parent = parents.max_by_key(|(parent, _)| parent.len());
        let mut way = parent.map(|(_, way)| way.clone()).unwrap_or_default();
        let mut branch = way
            .iter()
            .fold(&mut root, |branch, at| &mut branch.below[*at]);
        if directory != "." {
            let name = directory.rsplit('/').next().unwrap_or_default();
            let name = match is_package(directory) {
                true => format!("Pkg: {name}"),
                false => name.to_owned(),
            };
            branch.below.push(Branch::new(name));
            way.push(branch.below.len() - 1);
            let last = branch.below.len() - 1;
            branch = &mut branch.below[last];
        }
        branch.below.extend(
            items
                .iter()
                .map(|item| object(item, file_name(item), fields)),
        );
        ways.push((directory, way));
    }
    root.below
}

/// The objects without an owner, each with those that it owns.
fn owners(items: &[Item], fields: &[TreeField]) -> Result<Vec<Branch>> {
    let own = |item: &Item| {
        let node = &item.node;
        let parts = [
            &["kind"][..],
            &["metadata", "namespace"],
            &["metadata", "name"],
        ];
        let [kind, namespace, name] = parts.map(|path| text(node, path));
        format!("{kind} {namespace}/{name}")
    };
    let owner = |item: &Item| {
        let owners = item.node.at(&["metadata", "ownerReferences"])?;
        let first = owners.items().first()?;
        let namespace = text(&item.node, &["metadata", "namespace"]);
        Some(format!(
            "{} {namespace}/{}",
            text(first, &["kind"]),
            text(first, &["name"])
        ))
    };
    let mut owned: BTreeMap<Option<String>, Vec<&Item>> = BTreeMap::new();
    for item in items {
        owned.entry(owner(item)).or_default().push(item);
    }
    let missing = owned
        .keys()
        .flatten()
        .find(|name| !items.iter().any(|item| own(item) == **name));
    if let Some(name) = missing {
        let message = format!("the owner `{name}` is not there");
        return Err(Error::new(Kind::Resource, message)
            .help("read its file, too, or say `--graph-structure directory`"));
    }
    fn below(
        owner: Option<String>,
        owned: &BTreeMap<Option<String>, Vec<&Item>>,
        own: &dyn Fn(&Item) -> String,
        fields: &[TreeField],
        depth: usize,
    ) -> Vec<Branch> {
        const DEEPEST: usize = 50;
        let mut items = owned.get(&owner).cloned().unwrap_or_default();
        items.sort_by_cached_key(|item| key(item));
        let branch = |item: &&Item| {
            let mut branch = object(item, "Resource", fields);
            if depth < DEEPEST {
                branch
                    .below
                    .extend(below(Some(own(item)), owned, own, fields, depth + 1));
            }
            branch
        };
        items.iter().map(branch).collect()
    }
    Ok(below(None, &owned, &own, fields, 0))
}

/// The fields of an object that are asked for; those of containers by container.
fn shown_fields(node: &Node, fields: &[TreeField]) -> Vec<Branch> {
    let mut plain: Vec<(String, String)> = Vec::new();
    let mut lists: BTreeMap<String, BTreeMap<String, Vec<(String, String)>>> = BTreeMap::new();
    for field in fields {
        for found in find(node, &field.path) {
            let value = on_one_line(found.node);
            match field.in_containers() {
                None => plain.push((field.path.join("."), value)),
                Some((list, name)) => {
                    let items = lists.entry(list).or_default();
                    let item = items.entry(found.picked.join("/")).or_default();
                    item.push((name.to_owned(), value));
                }
            }
        }
    }
    let order = |name: &str, value: &str| (rank(name), name.to_owned(), value.to_owned());
    let mut branches: Vec<((usize, String, String), Branch)> = plain
        .into_iter()
        .map(|(name, value)| {
            (
                order(&name, &value),
                Branch::new(format!("{name}: {value}")),
            )
        })
        .collect();
    for (list, items) in lists {
        let mut branch = Branch::new(list.clone());
        for (number, mut values) in items.into_values().enumerate() {
            values.sort_by_cached_key(|(name, value)| order(name, value));
            let values = values
                .iter()
                .map(|(name, value)| Branch::new(format!("{name}: {value}")));
            branch.below.push(Branch {
                text: number.to_string(),
                below: values.collect(),
            });
        }
        branches.push((order(&list, ""), branch));
    }
    branches.sort_by(|(one, _), (two, _)| one.cmp(two));
    branches.into_iter().map(|(_, branch)| branch).collect()
}
