//! Edits of a kustomization's text: what `kustomize edit` does, and nothing besides.
//!
//! A [`Change`] is applied to the text of a kustomization and gives another text, in which only the
//! field that was asked for differs: comments, order, quotes, blank lines and line ends stay, and
//! deprecated fields are not rewritten. What kustomize refuses is refused.
//!
//! The change is made twice, to the text as it is written and to what it means; if both do not
//! come to the same, which aliases and merge keys can cause, they are expanded as far as needed. A
//! text that does not say what was asked for is never returned.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/cmd/>.

mod create;
mod fix;
mod generators;
mod glob;
mod image;
mod labels;
mod lists;
mod patches;
mod replicas;
mod shape;
mod tree;
mod vars;

pub use create::{Contents, create, detect};
pub use fix::{Conversion, Fixed, Proof, fix};
pub use generators::{Addition, Assignment, Generator, expand_files, missing};
pub use glob::{glob, is_match};
pub use image::{ImageArgument, Part};
pub use labels::{key_value, key_values};
pub use lists::List;
pub use patches::PatchArgument;
pub use replicas::replica;
pub use vars::replacements;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::{Finding, Severity};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, Options, Tag, Value, read, rewrite_flush};

use crate::generate::Product;
use crate::load::Loader;

use tree::Tree;

/// The rule of a remark on a change that has nothing to do.
const NOTHING_TO_DO: &str = "edit-without-effect";

/// A change of a kustomization.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Sets a field that holds a text; the empty text takes the field away.
    SetText(&'static str, String),
    /// Adds entries to a list; one that is there is passed over with a remark.
    AddItems(List, Vec<String>),
    /// The same, but one that is there is refused.
    AddNewItems(List, Vec<String>),
    /// Replaces a list.
    SetItems(List, Vec<String>),
    /// Removes the entries of a list that match one of some patterns.
    RemoveItems(List, Vec<String>),
    /// Sets entries of `images`.
    SetImages(Vec<ImageArgument>),
    /// Removes the entries of `images` that have one of some names.
    RemoveImages(Vec<String>),
    /// Sets entries of `replicas`.
    SetReplicas(Vec<(String, i64)>),
    /// Sets labels or annotations.
    SetPairs(Pairs, Vec<(String, String)>),
    /// Adds labels or annotations; one that is there is refused unless the change is forced.
    AddPairs(Pairs, Vec<(String, String)>, Force),
    /// Adds labels to the first entry of `labels` that reaches no selectors.
    AddLabels {
        /// The labels.
        pairs: Vec<(String, String)>,
        /// Whether templates get them too.
        include_templates: bool,
        /// The policy for a label that exists.
        force: Force,
    },
    /// Removes labels or annotations; one that is missing is refused unless it is ignored.
    RemovePairs(Pairs, Vec<String>, Missing),
    /// Adds an entry to `patches`, unless it is there.
    AddPatch(PatchArgument),
    /// Removes the entries of `patches` that say just this.
    RemovePatch(PatchArgument),
    /// Adds to the generator of a ConfigMap or a Secret, which is made if it is not there.
    AddToGenerator(Generator, Addition),
    /// Changes literals or the namespace of a generator.
    SetInGenerator(Generator, Assignment),
    /// Removes generators by name and namespace.
    RemoveGenerators(Product, Vec<String>, String),
}

/// Which map of texts is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// `commonLabels`
    Labels,
    /// `commonAnnotations`
    Annotations,
}

/// The policy for a key that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// Its value is replaced.
    Yes,
    /// The change is refused.
    No,
}

/// The policy for a key that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Ignored,
    /// The change is refused.
    Refused,
}

/// A changed text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edited {
    /// The whole text; the same one if there was nothing to do.
    pub text: String,
    /// The parts of the change that had nothing to do.
    pub findings: Vec<Finding>,
}

impl Change {
    /// Applies the change to the text of a kustomization, whose places get the number `source`.
    ///
    /// Generators are tried out with the files that `loader` reads; without one they are not.
    ///
    /// # Errors
    ///
    /// A text that is no kustomization, or a change that kustomize refuses.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::edit::{Change, ImageArgument};
    /// use kustom_yaml::place::SourceId;
    ///
    /// let text = "images:\n- name: web   # the front\n  newTag: v1\n";
    /// let change = Change::SetImages(vec![ImageArgument::parse("web:v2")?]);
    /// let edited = change.apply(text, SourceId::NONE, None)?;
    /// assert_eq!(edited.text, "images:\n- name: web   # the front\n  newTag: v2\n");
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn apply(
        &self,
        text: &str,
        source: SourceId,
        loader: Option<&Loader<'_>>,
    ) -> Result<Edited> {
        let mut findings = Vec::new();
        let text = edited(text, source, false, &mut |tree, is_meaning| {
            let mut made = self.make(tree, loader.filter(|_| is_meaning))?;
            if is_meaning {
                findings.append(&mut made);
            }
            Ok(())
        })?;
        Ok(Edited { text, findings })
    }

    fn make(&self, tree: &mut Tree, loader: Option<&Loader<'_>>) -> Result<Vec<Finding>> {
        match self {
            Self::SetText(field, text) => {
                tree.set_text(field, text);
                Ok(Vec::new())
            }
            Self::AddItems(list, items) => Ok(lists::add(tree, *list, items)),
            Self::AddNewItems(list, items) => lists::add_new(tree, *list, items),
            Self::SetItems(list, items) => {
                lists::set(tree, *list, items);
                Ok(Vec::new())
            }
            Self::RemoveItems(list, patterns) => lists::remove(tree, *list, patterns),
            Self::SetImages(images) => {
                image::set(tree, images);
                Ok(Vec::new())
            }
            Self::RemoveImages(names) => Ok(image::remove(tree, names)),
            Self::SetReplicas(replicas) => {
                replicas::set(tree, replicas);
                Ok(Vec::new())
            }
            Self::SetPairs(pairs, values) => {
                labels::add(tree, *pairs, values, Force::Yes).map(|()| Vec::new())
            }
            Self::AddPairs(pairs, values, force) => {
                labels::add(tree, *pairs, values, *force).map(|()| Vec::new())
            }
            Self::AddLabels {
                pairs,
                include_templates,
                force,
            } => labels::add_without_selectors(tree, pairs, *include_templates, *force)
                .map(|()| Vec::new()),
            Self::RemovePairs(pairs, keys, missing) => {
                labels::remove(tree, *pairs, keys, *missing).map(|()| Vec::new())
            }
            Self::AddPatch(patch) => Ok(patches::add(tree, patch)),
            Self::RemovePatch(patch) => Ok(patches::remove(tree, patch)),
            Self::AddToGenerator(generator, addition) => {
                generators::add(tree, generator, addition, loader).map(|()| Vec::new())
            }
            Self::SetInGenerator(generator, assignment) => {
                generators::set(tree, generator, assignment, loader).map(|()| Vec::new())
            }
            Self::RemoveGenerators(product, names, namespace) => {
                generators::remove(tree, *product, names, namespace)
            }
        }
    }
}

/// A remark on something that there was nothing to do for.
fn remark(message: impl Into<String>) -> Finding {
    Finding::new(NOTHING_TO_DO, Severity::Warning, message)
}

/// The text of a kustomization after a change, which is called with the tree that it means and
/// then with the tree that is written; comments are a part of that one if values move.
fn edited(
    text: &str,
    source: SourceId,
    with_comments: bool,
    change: &mut dyn FnMut(&mut Tree, bool) -> Result<()>,
) -> Result<String> {
    let meaning = kustom_yaml::read_config(text.as_bytes(), source)?;
    shape::check(&meaning)?;
    let mut wanted = Tree::new(meaning.clone());
    change(&mut wanted, true)?;
    let wanted = wanted.into_root();
    if same_meaning(&wanted, &Tree::new(meaning).into_root()) {
        return Ok(text.to_owned());
    }
    let options = Options {
        source,
        keep_aliases: true,
        comments: with_comments,
        ..Options::default()
    };
    let before = read(text, &options)?;
    let root = before.first().cloned().unwrap_or_default();
    let mut expanded = Expanded::Nothing;
    loop {
        let mut tree = Tree::new(expanded.of(&root, text, source)?);
        change(&mut tree, false)?;
        let after = tree.into_root();
        match written(text, &before, after.clone()) {
            Ok(result) if says(&result, &wanted) => return Ok(result),
            Err(error) if expanded == Expanded::All => return Err(error),
            _ => {}
        }
        expanded = match expanded {
            Expanded::Nothing => Expanded::Changed(changed_anchors(&root, &after)),
            Expanded::Changed(_) => Expanded::All,
            Expanded::All => {
                let message = "the change cannot be written into the text of the kustomization";
                return Err(Error::new(Kind::Output, message)
                    .help("nothing was written; simplify the YAML around the field"));
            }
        };
    }
}

/// Which aliases are replaced by what they stand for before a change.
#[derive(Clone, Debug, PartialEq)]
enum Expanded {
    Nothing,
    /// Those of anchors in which something changes.
    Changed(Vec<kustom_yaml::Str>),
    /// All, and merge keys.
    All,
}

impl Expanded {
    fn of(&self, root: &Node, text: &str, source: SourceId) -> Result<Node> {
        match self {
            Self::Nothing => Ok(root.clone()),
            Self::Changed(names) => Ok(tree::expanded(root, names)),
            Self::All => {
                let options = Options {
                    source,
                    ..Options::default()
                };
                Ok(read(text, &options)?.into_iter().next().unwrap_or_default())
            }
        }
    }
}

/// The anchors of a tree whose values are others in another one.
fn changed_anchors(before: &Node, after: &Node) -> Vec<kustom_yaml::Str> {
    let (old, new) = (tree::anchors(before), tree::anchors(after));
    let changed = old.iter().filter(|(name, node)| {
        new.get(*name)
            .is_none_or(|after| !kustom_yaml::same_data(node, after))
    });
    changed.map(|(name, _)| name.clone()).collect()
}

/// The text with another first document.
fn written(text: &str, before: &[Node], root: Node) -> Result<String> {
    let mut after = before.to_vec();
    match after.first_mut() {
        Some(first) if root.is_map() && root.entries().is_empty() && !first.is_null() => {
            return Ok(without(text, first));
        }
        Some(first) => *first = root,
        None => after.push(root),
    }
    let result = rewrite_flush(text, before, &after)?;
    let last = |documents: &[Node]| {
        let entry = documents.first().and_then(|root| root.entries().last());
        entry.map(|entry| entry.key.span)
    };
    let result = match (last(before), last(&after)) {
        _ if before.len() != 1 => result,
        (_, Some(new)) if new.line == 0 => set_apart(result)?,
        (Some(old), new) if new != Some(old) => closed_up(result, old.start as usize),
        _ => result,
    };
    Ok(ended_like(text, result))
}

/// Takes away the empty line that [`set_apart`] has put between a comment and the last field,
/// which is gone and stood at `at`.
fn closed_up(mut text: String, at: usize) -> String {
    for line_break in ["\r\n", "\n"] {
        let above = text
            .get(..at)
            .and_then(|text| text.strip_suffix(line_break));
        let above = above.and_then(|text| text.strip_suffix(line_break));
        let line = above.and_then(|text| text.rsplit('\n').next());
        if line.is_some_and(|line| line.starts_with('#')) {
            text.replace_range(at - line_break.len()..at, "");
            return text;
        }
    }
    text
}

/// Leaves out the line break at the end where there was none, if that says the same.
fn ended_like(text: &str, result: String) -> String {
    let bare = result.trim_end_matches(['\n', '\r']);
    let means = |text: &str| kustom_yaml::read_config(text.as_bytes(), SourceId::NONE).ok();
    let is_same = || match (means(bare), means(&result)) {
        (Some(bare), Some(result)) => same_meaning(&bare, &result),
        _ => false,
    };
    let is_bare = !text.is_empty() && !text.ends_with('\n') && result.ends_with('\n');
    match is_bare && is_same() {
        true => bare.to_owned(),
        false => result,
    }
}

/// Puts an empty line between a comment at the end of a text and the field that now follows it:
/// the comment is not about that.
fn set_apart(text: String) -> Result<String> {
    let documents = read(&text, &Options::default())?;
    let last = documents.first().and_then(|root| root.entries().last());
    let at = last.map_or(0, |entry| entry.key.span.start as usize);
    let above = text.get(..at).unwrap_or_default();
    let Some(line) = above.strip_suffix('\n') else {
        return Ok(text);
    };
    let line = line.rsplit('\n').next().unwrap_or_default();
    if !line.starts_with('#') {
        return Ok(text);
    }
    let line_break = if line.ends_with('\r') { "\r\n" } else { "\n" };
    Ok(format!("{above}{line_break}{}", text.cut(at..)))
}

/// A text without its only fields; the comments above and below them stay.
fn without(text: &str, root: &Node) -> String {
    let (start, end) = (root.span.start as usize, root.span.end as usize);
    let above = text.get(..start).unwrap_or_default();
    let within = text.get(start..end).unwrap_or_default();
    let below = text.get(end..).unwrap_or_default();
    // The line that the last field ends on goes, and its comment.
    let below = match below.split_once('\n') {
        Some((_, rest)) if !within.ends_with('\n') => rest,
        None => "",
        Some(_) => below,
    };
    format!("{above}{below}")
}

/// Whether a text means a tree.
fn says(text: &str, wanted: &Node) -> bool {
    kustom_yaml::read_config(text.as_bytes(), SourceId::NONE)
        .is_ok_and(|node| same_meaning(&Tree::new(node).into_root(), wanted))
}

/// Whether two trees mean the same: the order of keys does not count.
fn same_meaning(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(x), Value::Scalar(y)) => {
            (a.tag == Tag::Null && b.tag == Tag::Null) || (a.tag == b.tag && x == y)
        }
        (Value::Seq(x), Value::Seq(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_meaning(x, y))
        }
        (Value::Map(x), Value::Map(y)) => {
            let same = |entry: &kustom_yaml::Entry| {
                let key = entry.key.text().unwrap_or_default();
                b.get(key)
                    .is_some_and(|value| same_meaning(&entry.value, value))
            };
            x.len() == y.len() && x.iter().all(same)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
