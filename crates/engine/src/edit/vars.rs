//! Replaces `vars` by `replacements`.
//!
//! What a build makes with the variables is held against what it makes without them: where they
//! differ, a variable stood, and a replacement takes its place. A variable that is a part of a
//! text is told from the rest by the letter beside it.

use std::path::Path;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Tag, Value};

use super::tree::{Tree, text_node};
use crate::build::{self, build_with};
use crate::id::Id;
use crate::load::Files;
use crate::resource::Resource;
use crate::vars::Var;

/// Takes `vars` away and adds replacements.
pub(super) fn replace(tree: &mut Tree, replacements: &Node) {
    tree.remove("vars");
    let new = replacements.items().to_vec();
    if new.is_empty() {
        return;
    }
    if let Some(items) = tree.list_mut("replacements") {
        items.extend(new);
    }
}

/// The replacements that do what the variables of the kustomization in a directory do.
///
/// # Errors
///
/// If it does not build, or a variable cannot be told from the text around it.
pub fn replacements(
    files: &dyn Files,
    working_directory: &Path,
    directory: &Path,
    options: &build::Options,
) -> Result<Node> {
    let found = std::cell::RefCell::new(Vec::new());
    let without = build_with(files, working_directory, directory, options, &|asked, _| {
        found.replace(std::mem::take(&mut asked.vars));
    })?;
    let with = build_with(files, working_directory, directory, options, &|_, _| {})?;
    if with.resources.len() != without.resources.len() {
        let message = "the objects are others without the variables";
        return Err(Error::new(Kind::Kustomization, message));
    }
    let mut uses = Vec::new();
    for (with, without) in with.resources.iter().zip(&without.resources) {
        let mut path = Vec::new();
        gather(without, &with.node, &without.node, &mut path, &mut uses);
    }
    let is_only = |id: &Id| {
        let others = without.resources.iter().map(Resource::original_id);
        let same = others.filter(|other| other.gvk == id.gvk && other.name == id.name);
        same.count() < 2
    };
    let vars = found.into_inner();
    let mut made = Vec::new();
    for var in &vars {
        let mut targets = Vec::new();
        for at in &uses {
            at.targets(var, &is_only, &mut targets)?;
        }
        if !targets.is_empty() {
            made.push(Node::map(vec![
                Entry::new("source", source(var)),
                Entry::new("targets", Node::seq(targets)),
            ]));
        }
    }
    Ok(Node::seq(made))
}

/// A text in which a variable stood.
struct Use {
    id: Id,
    /// The path of the text, as replacements write it.
    path: String,
    /// The text before variables were replaced.
    text: String,
}

/// The texts of an object that are others without variables.
fn gather(
    object: &Resource,
    with: &Node,
    without: &Node,
    path: &mut Vec<String>,
    uses: &mut Vec<Use>,
) {
    match (&with.value, &without.value) {
        (Value::Map(with), Value::Map(without)) => {
            for entry in without {
                let key = entry.key.text().unwrap_or_default();
                let Some(other) = with.iter().find(|other| other.is(key)) else {
                    continue;
                };
                path.push(key.replace('.', "\\."));
                gather(object, &other.value, &entry.value, path, uses);
                path.pop();
            }
        }
        (Value::Seq(with), Value::Seq(without)) => {
            for (index, (other, item)) in with.iter().zip(without).enumerate() {
                path.push(item_path(without, index));
                gather(object, other, item, path, uses);
                path.pop();
            }
        }
        (_, Value::Scalar(text)) if with.text() != Some(text) => uses.push(Use {
            id: object.original_id(),
            path: path.join("."),
            text: text.to_string(),
        }),
        _ => {}
    }
}

/// How a replacement finds an item: by its name if no other item's name holds it, or by its number.
fn item_path(items: &[Node], index: usize) -> String {
    let name = |item: &Node| item.get("name").and_then(Node::as_str).map(str::to_owned);
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"-_/".contains(&it))
    };
    match name(&items[index]) {
        Some(own) if is_word(&own) => {
            let others = items.iter().enumerate().filter(|(at, _)| *at != index);
            let mut others = others.filter_map(|(_, item)| name(item));
            match others.any(|other| other.contains(&own)) {
                true => index.to_string(),
                false => format!("[name={own}]"),
            }
        }
        _ => index.to_string(),
    }
}

impl Use {
    fn targets(
        &self,
        var: &Var,
        is_only: &dyn Fn(&Id) -> bool,
        targets: &mut Vec<Node>,
    ) -> Result<()> {
        let mark = format!("$({})", &*var.name);
        if !self.text.contains(&mark) {
            return Ok(());
        }
        for options in self
            .options(&mark)
            .ok_or_else(|| self.not_told_apart(var))?
        {
            let mut entries = vec![
                Entry::new("select", self.select(is_only)),
                Entry::new("fieldPaths", Node::seq(vec![text_node(&self.path)])),
            ];
            if let Some((delimiter, index)) = options {
                let mut settings = vec![Entry::new("delimiter", text_node(&delimiter))];
                if index > 0 {
                    settings.push(Entry::new(
                        "index",
                        Node::scalar(index.to_string(), Tag::Int),
                    ));
                }
                entries.push(Entry::new("options", Node::map(settings)));
            }
            targets.push(Node::map(entries));
        }
        Ok(())
    }

    /// Delimiter and index of each place where a variable stands; none for a whole text.
    fn options(&self, mark: &str) -> Option<Vec<Option<(String, usize)>>> {
        if self.text == mark {
            return Some(vec![None]);
        }
        let at = self.text.find(mark)?;
        let before = self.text.cut(..at).chars().next_back();
        let behind = self.text.cut(at + mark.len()..).chars().next();
        let delimiter = match (before, behind) {
            (Some(before), Some(behind)) if before != behind => return None,
            (Some(delimiter), _) | (None, Some(delimiter)) => delimiter.to_string(),
            (None, None) => return None,
        };
        let parts: Vec<&str> = self.text.split(&delimiter).collect();
        let places: Vec<_> = (0..parts.len()).filter(|at| parts[*at] == mark).collect();
        // Each one must be found.
        if places.len() != self.text.matches(mark).count() {
            return None;
        }
        let places = places.into_iter().map(|at| Some((delimiter.clone(), at)));
        Some(places.collect())
    }

    fn select(&self, is_only: &dyn Fn(&Id) -> bool) -> Node {
        let id = &self.id;
        let namespace = match is_only(id) {
            true => "",
            false => id.effective_namespace(),
        };
        said(&[
            ("group", &id.gvk.group),
            ("version", &id.gvk.version),
            ("kind", &id.gvk.kind),
            ("name", &id.name),
            ("namespace", namespace),
        ])
    }

    fn not_told_apart(&self, var: &Var) -> Error {
        let message = format!(
            "the variable `{}` in `{}` of `{}` cannot be told from the text around it",
            var.name, self.path, self.id
        );
        Error::new(Kind::Kustomization, message)
            .at(var.name.span)
            .help("a replacement needs the same letter on both sides, such as `/$(NAME)/`")
    }
}

fn source(var: &Var) -> Node {
    let object = &var.object;
    let path = match &*var.field_path {
        "metadata.name" => "",
        path => path,
    };
    said(&[
        ("group", &object.gvk.group),
        ("version", &object.gvk.version),
        ("kind", &object.gvk.kind),
        ("name", &object.name),
        ("namespace", &object.namespace),
        ("fieldPath", path),
    ])
}

fn said(fields: &[(&'static str, &str)]) -> Node {
    let fields = fields.iter().filter(|(_, text)| !text.is_empty());
    Node::map(
        fields
            .map(|(name, text)| Entry::new(*name, text_node(text)))
            .collect(),
    )
}
