//! Edits of `configMapGenerator` and `secretGenerator`.

use std::path::Path;

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::finding::Finding;
use kustom_yaml::{Entry, Node, Tag};

use super::glob::glob;
use super::remark;
use super::tree::{Anchors, Tree, own_member, set_member, set_text, text_node};
use crate::build::read_pairs;
use crate::generate::{self, Product};
use crate::id::DEFAULT_NAMESPACE;
use crate::kustomization;
use crate::load::{Files, Loader};
use crate::schema::Schema;

/// A generator, by what it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    /// The kind of object that it makes.
    pub product: Product,
    /// Its name.
    pub name: String,
    /// Its namespace; the empty one is `default`.
    pub namespace: String,
}

/// An addition to a generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addition {
    /// `key=value` pairs.
    pub literals: Vec<String>,
    /// `[key=]path` pairs.
    pub files: Vec<String>,
    /// A file with `KEY=value` lines; empty for none.
    pub env_file: String,
    /// Whether the name gets no hash of the content.
    pub disable_name_suffix_hash: bool,
    /// `create`, `merge` or `replace`; empty to leave it as it is.
    pub behavior: String,
    /// The type of a Secret that is made anew.
    pub secret_type: String,
}

/// A change of a generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// `key=value` pairs, whose keys must be there.
    pub literals: Vec<String>,
    /// Another namespace; empty to leave it as it is.
    pub new_namespace: String,
}

impl Addition {
    /// Checks what does not depend on the kustomization.
    ///
    /// # Errors
    ///
    /// If nothing is added, an env file comes with other sources, or the behaviour is unknown.
    pub fn check(&self) -> Result<()> {
        let wrong = |message: &str, help: &str| {
            Err(Error::new(Kind::Generator, message).help(help.to_owned()))
        };
        let has_others = !self.files.is_empty() || !self.literals.is_empty();
        match (self.env_file.is_empty(), has_others) {
            (true, false) => wrong(
                "nothing is said to add",
                "say `--from-literal`, `--from-file` or `--from-env-file`",
            ),
            (false, true) => wrong(
                "`--from-env-file` goes with no other source",
                "add the env file and the others one after the other",
            ),
            _ if !["", "create", "merge", "replace"].contains(&self.behavior.as_str()) => wrong(
                &format!("`{}` is no behavior of a generator", self.behavior),
                "it is `create`, `merge` or `replace`",
            ),
            _ => Ok(()),
        }
    }
}

/// The `[key=]path` pairs that `[key=]pattern` pairs mean in a directory.
///
/// # Errors
///
/// If a pattern with a key matches several files or none.
pub fn expand_files(
    files: &dyn Files,
    directory: &Path,
    sources: &[String],
) -> Result<(Vec<String>, Vec<Finding>)> {
    let (mut expanded, mut findings) = (Vec::new(), Vec::new());
    for source in sources {
        let parts: Vec<&str> = source.split('=').collect();
        let (key, pattern) = match parts.as_slice() {
            [key, pattern] => (*key, *pattern),
            parts => ("", parts.first().copied().unwrap_or_default()),
        };
        let found = glob(files, directory, pattern)?;
        match (key, found.as_slice()) {
            ("", []) => findings.push(remark(format!("nothing matches `{pattern}`"))),
            ("", found) => expanded.extend_from_slice(found),
            (key, [one]) => expanded.push(format!("{key}={one}")),
            (_, []) => return Err(missing(files, directory, pattern)),
            (_, found) => {
                let message = format!("`{pattern}` matches {} files", found.len());
                return Err(Error::new(Kind::Generator, message)
                    .help("a source with a key of its own is one file"));
            }
        }
    }
    Ok((expanded, findings))
}

/// That a pattern of files matches none: by its name, if it is one.
pub fn missing(files: &dyn Files, directory: &Path, pattern: &str) -> Error {
    if pattern.contains(['*', '?', '[']) {
        return Error::new(Kind::Generator, format!("no file matches `{pattern}`"))
            .help("a pattern is read from the directory of the kustomization");
    }
    let error = Error::new(Kind::Load, format!("there is no `{pattern}`"));
    let (above, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let names = files.list(&directory.join(above)).unwrap_or_default();
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) if above.is_empty() => error.help(format!("did you mean `{near}`?")),
        Some(near) => error.help(format!("did you mean `{above}/{near}`?")),
        None => error.help("it is looked for in the directory of the kustomization"),
    }
}

fn field(product: Product) -> &'static str {
    match product {
        Product::ConfigMap => "configMapGenerator",
        Product::Secret => "secretGenerator",
    }
}

fn is_in(tree: &Tree, item: &Node, namespace: &str) -> bool {
    let effective = |namespace: &str| match namespace {
        "" => DEFAULT_NAMESPACE.to_owned(),
        other => other.to_owned(),
    };
    effective(tree.text(tree.member(item, "namespace"))) == effective(namespace)
}

impl Generator {
    fn position(&self, tree: &Tree) -> Option<usize> {
        tree.items(field(self.product)).iter().position(|item| {
            tree.text(tree.member(item, "name")) == self.name && is_in(tree, item, &self.namespace)
        })
    }

    /// Makes the object that an entry asks for, to see whether it can be made.
    fn try_out(&self, tree: &Tree, index: usize, loader: Option<&Loader<'_>>) -> Result<()> {
        let (Some(loader), Some(item)) = (loader, tree.items(field(self.product)).get(index))
        else {
            return Ok(());
        };
        let args = kustomization::generator(self.product, item)?;
        let pairs = read_pairs(loader, &args, &mut |_| {})?;
        generate::generate(self.product, &args, pairs, &Schema::builtin()).map(drop)
    }
}

/// Adds to a generator, or makes one.
pub(super) fn add(
    tree: &mut Tree,
    generator: &Generator,
    addition: &Addition,
    loader: Option<&Loader<'_>>,
) -> Result<()> {
    let field = field(generator.product);
    let index = match generator.position(tree) {
        Some(index) => index,
        None => {
            let Some(items) = tree.list_mut(field) else {
                return Ok(());
            };
            items.push(new_entry(generator, addition));
            items.len() - 1
        }
    };
    if let Some((item, anchors)) = tree.item_mut(field, index) {
        if !addition.behavior.is_empty() {
            set_member(item, "behavior", &addition.behavior, anchors);
        }
        append(item, "literals", &addition.literals, anchors);
        append(item, "files", &addition.files, anchors);
        let env_file = (!addition.env_file.is_empty()).then(|| addition.env_file.clone());
        append(item, "envs", env_file.as_slice(), anchors);
        if addition.disable_name_suffix_hash
            && let Some(options) = own_member(item, "options", anchors, || Node::map(Vec::new()))
            && let Some(switch) = own_member(options, "disableNameSuffixHash", anchors, Node::null)
            && !matches!(switch.text(), Some("true"))
        {
            *switch = Node {
                span: switch.span,
                ..Node::scalar("true", Tag::Bool)
            };
        }
    }
    generator.try_out(tree, index, loader)
}

fn new_entry(generator: &Generator, addition: &Addition) -> Node {
    let is_secret = generator.product == Product::Secret;
    let kind = if is_secret { &addition.secret_type } else { "" };
    let fields = [
        ("name", generator.name.as_str()),
        ("namespace", &generator.namespace),
        ("behavior", &addition.behavior),
        ("type", kind),
    ];
    let fields = fields.into_iter().filter(|(_, text)| !text.is_empty());
    Node::map(
        fields
            .map(|(name, text)| Entry::new(name, text_node(text)))
            .collect(),
    )
}

fn append(item: &mut Node, name: &str, texts: &[String], anchors: &Anchors) {
    if texts.is_empty() {
        return;
    }
    let Some(list) = own_member(item, name, anchors, || Node::seq(Vec::new())) else {
        return;
    };
    if list.is_null() {
        *list = Node {
            span: list.span,
            ..Node::seq(Vec::new())
        };
    }
    if let Some(items) = list.items_mut() {
        items.extend(texts.iter().map(|text| text_node(text)));
    }
}

/// Changes literals and the namespace of a generator.
pub(super) fn set(
    tree: &mut Tree,
    generator: &Generator,
    assignment: &Assignment,
    loader: Option<&Loader<'_>>,
) -> Result<()> {
    let field = field(generator.product);
    let Some(index) = generator.position(tree) else {
        let message = format!("there is no `{}` in `{field}`", generator.name);
        return Err(Error::new(Kind::Generator, message)
            .help("a generator is found by its name and by its `--namespace`"));
    };
    for literal in &assignment.literals {
        let Some((key, _)) = literal.split_once('=') else {
            // What stands there may be a secret, so it is not repeated.
            let message = "a literal is not of the form `key=value`";
            return Err(
                Error::new(Kind::Generator, message).help("write the key, `=`, and the new value")
            );
        };
        let mut is_set = false;
        if let Some((item, anchors)) = tree.item_mut(field, index)
            && let Some(list) = own_member(item, "literals", anchors, || Node::seq(Vec::new()))
        {
            for node in list.items_mut().into_iter().flatten() {
                super::tree::unalias(node, anchors);
                let old = node.text().and_then(|text| text.split_once('='));
                if old.is_some_and(|(old, _)| old == key) {
                    set_text(node, literal);
                    is_set = true;
                }
            }
        }
        if !is_set {
            let message = format!("`{}` has no literal with the key `{key}`", generator.name);
            return Err(Error::new(Kind::Generator, message)
                .help("`edit add` adds one; files and env files are edited themselves"));
        }
    }
    if !assignment.new_namespace.is_empty()
        && let Some((item, anchors)) = tree.item_mut(field, index)
    {
        set_member(item, "namespace", &assignment.new_namespace, anchors);
    }
    generator.try_out(tree, index, loader)
}

/// Removes generators by name.
pub(super) fn remove(
    tree: &mut Tree,
    product: Product,
    names: &[String],
    namespace: &str,
) -> Result<Vec<Finding>> {
    let field = field(product);
    let mut found: Vec<&str> = Vec::new();
    let mut goes = Vec::new();
    for item in tree.items(field) {
        let name = tree.text(tree.member(item, "name"));
        let meant = names.iter().find(|wanted| *wanted == name);
        let meant = meant.filter(|_| is_in(tree, item, namespace));
        found.extend(meant.map(String::as_str));
        goes.push(meant.is_some());
    }
    if found.is_empty() {
        let message = format!("there is no `{}` in `{field}`", names.join("`, `"));
        return Err(Error::new(Kind::Generator, message)
            .help("a generator is found by its name and by its `--namespace`"));
    }
    let missing = names.iter().filter(|name| !found.contains(&name.as_str()));
    let findings = missing.map(|name| remark(format!("there is no `{name}` in `{field}`")));
    let findings = findings.collect();
    tree.retain(field, |index| !goes[index]);
    Ok(findings)
}
