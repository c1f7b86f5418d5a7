//! Applies strategic merge patches, as Kubernetes defines them and kustomize implements them.
//!
//! Both trees are walked together: maps are merged, lists by the rules of the schema, a null takes
//! away, and what is replaced keeps the style in which it was written.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#patchstrategicmerge>
//! and, for the directives,
//! <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md>.
//!
//! Kustomize's own ways are kept, odd ones included: a value that the target leaves blank goes as
//! soon as any patch touches the object, one that says `null` stays.

mod keyed_list;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::{Entry, Node, Value};

use crate::schema::{Definition, ListMerge, Schema};
use keyed_list::Other;

/// What became of a value that a patch was merged into.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It goes.
    Cleared,
    /// It stays, changed in place.
    Kept,
    /// Another takes its place.
    Replaced(Node),
}

/// Merges a patch into an object; `false` says that the patch deletes the object.
///
/// # Errors
///
/// If the two do not have the same shape somewhere, a `$patch` directive is unknown, or the budget
/// does not reach for lists whose items must each be held against all others.
pub fn merge(target: &mut Node, patch: &Node, schema: &Schema, budget: &Budget) -> Result<bool> {
    let seen = Cell::new(0);
    let outcome = Merge::new(schema, budget, &seen).walk(Some(target), Some(patch), None)?;
    let charged = budget.charge("this patch", seen.get().saturating_mul(FIELD));
    charged.map_err(|error| error.at(patch.span))?;
    // A `$patch: replace` of a whole object has no effect in kustomize.
    Ok(!matches!(outcome, Outcome::Cleared))
}

/// The word behind `$patch`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

const DIRECTIVE: &str = "$patch";

#[derive(Clone, Copy)]
pub(super) struct Merge<'s> {
    schema: &'s Schema,
    pub(super) budget: &'s Budget,
    /// How many fields of targets were visited.
    seen: &'s Cell<u64>,
}

/// What it costs to visit a field of a target, in bytes.
const FIELD: u64 = 2;

impl<'s> Merge<'s> {
    pub(super) fn new(schema: &'s Schema, budget: &'s Budget, seen: &'s Cell<u64>) -> Self {
        Self {
            schema,
            budget,
            seen,
        }
    }

    /// Merges `patch` into `target`; either may be missing.
    pub(super) fn walk(
        self,
        target: Option<&mut Node>,
        patch: Option<&Node>,
        definition: Option<Definition<'s>>,
    ) -> Result<Outcome> {
        let definition = definition.or_else(|| {
            let of = |node: &Node| self.definition_of(node);
            target
                .as_deref()
                .and_then(of)
                .or_else(|| patch.and_then(of))
        });
        let filled = |node: Option<&Node>| node.is_some_and(|node| !node.is_null());
        let shape = if filled(target.as_deref()) {
            target.as_deref()
        } else {
            patch
        };
        match shape.filter(|node| !node.is_null()).map(|node| &node.value) {
            Some(Value::Seq(_)) => {
                check_shape(target.as_deref(), patch, Node::is_seq, "a list")?;
                self.walk_list(target, patch, definition)
            }
            Some(Value::Scalar(_) | Value::Alias(_)) => {
                check_shape(target.as_deref(), patch, Node::is_scalar, "a single value")?;
                Ok(patch.map_or(Outcome::Kept, |patch| Outcome::Replaced(patch.clone())))
            }
            Some(Value::Map(_)) | None => {
                check_shape(target.as_deref(), patch, Node::is_map, "a map")?;
                self.walk_map(target, patch, definition)
            }
        }
    }

    /// The schema of a node that looks like an object of its own.
    fn definition_of(self, node: &Node) -> Option<Definition<'s>> {
        let text = |field| {
            node.get(field)
                .and_then(Node::text)
                .filter(|text| !text.is_empty())
        };
        self.schema.definition(text("apiVersion")?, text("kind")?)
    }

    fn walk_map(
        self,
        target: Option<&mut Node>,
        patch: Option<&Node>,
        definition: Option<Definition<'s>>,
    ) -> Result<Outcome> {
        let target = match target {
            Some(target) if !target.is_null() => target,
            target => return self.add_map(target.as_deref(), patch, definition),
        };
        let Some(patch) = patch else {
            self.merge_fields(target, &[], definition)?;
            return Ok(Outcome::Kept);
        };
        if patch.is_null() {
            return Ok(Outcome::Cleared);
        }
        if target.entries().is_empty() {
            target.style = patch.style;
        }
        match map_directive(patch)? {
            Directive::Delete => Ok(Outcome::Cleared),
            Directive::Replace => {
                let mut new = patch.clone();
                new.remove(DIRECTIVE);
                self.resolve_field_directives(&mut new, definition)?;
                Ok(Outcome::Replaced(new))
            }
            Directive::Merge => {
                self.merge_fields(target, patch.entries(), definition)?;
                Ok(Outcome::Kept)
            }
        }
    }

    /// A map where there is none yet, or only a null.
    fn add_map(
        self,
        target: Option<&Node>,
        patch: Option<&Node>,
        definition: Option<Definition<'s>>,
    ) -> Result<Outcome> {
        let Some(patch) = patch else {
            let is_written = target
                .and_then(Node::text)
                .is_some_and(|text| !text.is_empty());
            return Ok(if is_written {
                Outcome::Kept
            } else {
                Outcome::Cleared
            });
        };
        if !patch.is_map() {
            return Ok(Outcome::Cleared);
        }
        // An unknown directive is not minded here: the map is new anyway.
        if matches!(map_directive(patch), Ok(Directive::Delete)) {
            return Ok(Outcome::Cleared);
        }
        let mut new = patch.clone();
        if map_directive(patch).is_ok() {
            new.remove(DIRECTIVE);
        }
        self.resolve_field_directives(&mut new, definition)?;
        Ok(Outcome::Replaced(new))
    }

    /// Resolves directives and nulls within a new value, which kustomize merges with itself;
    /// `false` says that it goes.
    pub(super) fn resolve_directives(
        self,
        node: &mut Node,
        definition: Option<Definition<'s>>,
    ) -> Result<bool> {
        let definition = definition.or_else(|| self.definition_of(node));
        match &node.value {
            Value::Map(_) => {
                if map_directive(node)? == Directive::Delete {
                    return Ok(false);
                }
                node.remove(DIRECTIVE);
                self.resolve_field_directives(node, definition)?;
            }
            Value::Seq(_) => {
                let how = definition.map_or(ListMerge::Replace, Definition::list_merge);
                if !matches!(how, ListMerge::Replace) {
                    let (directive, list) = list_directive(node)?;
                    if directive == Directive::Delete {
                        return Ok(false);
                    }
                    let mut list = list.into_owned();
                    self.merge_list(&mut list, Other::Itself, &how, definition)?;
                    *node = list;
                }
            }
            _ => node.quote_if_misread(),
        }
        Ok(true)
    }

    fn resolve_field_directives(
        self,
        node: &mut Node,
        definition: Option<Definition<'s>>,
    ) -> Result<()> {
        let Some(entries) = node.entries_mut() else {
            return Ok(());
        };
        check_keys(entries)?;
        let mut result = Ok(());
        entries.retain_mut(|entry| {
            if entry.value.is_null() || result.is_err() {
                return false;
            }
            let field = entry.key.text().and_then(|key| definition?.field(key));
            self.resolve_directives(&mut entry.value, field)
                .unwrap_or_else(|error| {
                    result = Err(error);
                    false
                })
        });
        result
    }

    /// Merges the fields of both maps; those of the target that the patch does not name are
    /// visited too.
    fn merge_fields(
        self,
        target: &mut Node,
        patch: &[Entry],
        definition: Option<Definition<'s>>,
    ) -> Result<()> {
        let Some(fields) = target.entries_mut() else {
            return Ok(());
        };
        check_keys(patch)?;
        self.seen.set(self.seen.get() + fields.len() as u64);
        let theirs = Lookup::new(patch);
        // What is new must be known before anything goes: a field that the patch deletes stays
        // deleted.
        let ours = Lookup::new(fields);
        let is_new = |entry: &&Entry| {
            entry
                .key
                .text()
                .is_some_and(|key| key != DIRECTIVE && ours.get(key).is_none())
        };
        let new: Vec<&Entry> = patch.iter().filter(is_new).collect();
        let mut result = Ok(());
        fields.retain_mut(|entry| {
            let Some(key) = entry.key.text().filter(|_| result.is_ok()) else {
                return true;
            };
            let value = theirs.get(key).map(|position| &patch[position].value);
            if value.is_none()
                && let Some(stays) = stays_alone(&mut entry.value)
            {
                return stays;
            }
            let field = definition.and_then(|definition| definition.field(key));
            self.merge_field(&mut entry.value, value, field)
                .unwrap_or_else(|error| {
                    result = Err(error);
                    true
                })
        });
        result?;
        self.add_fields(fields, &new, definition)
    }

    /// Merges one field; `false` says that it goes.
    fn merge_field(
        self,
        value: &mut Node,
        patch: Option<&Node>,
        definition: Option<Definition<'s>>,
    ) -> Result<bool> {
        match self.walk(Some(value), patch, definition)? {
            Outcome::Cleared => return Ok(false),
            Outcome::Replaced(new) if new.is_null() => return Ok(false),
            Outcome::Replaced(mut new) => {
                new.quote_if_misread();
                value.replace_keeping_style(new);
            }
            Outcome::Kept => value.quote_if_misread(),
        }
        Ok(true)
    }

    /// Adds the fields that only the patch has.
    fn add_fields(
        self,
        fields: &mut Vec<Entry>,
        new: &[&Entry],
        definition: Option<Definition<'s>>,
    ) -> Result<()> {
        for entry in new.iter().filter(|entry| !entry.value.is_null()) {
            let key = entry.key.text().unwrap_or_default();
            let field = definition.and_then(|definition| definition.field(key));
            if let Outcome::Replaced(mut value) = self.walk(None, Some(&entry.value), field)? {
                value.quote_if_misread();
                let key = Node {
                    decor: None,
                    ..entry.key.clone()
                };
                fields.push(Entry { key, value });
            }
        }
        Ok(())
    }

    fn walk_list(
        self,
        target: Option<&mut Node>,
        patch: Option<&Node>,
        definition: Option<Definition<'s>>,
    ) -> Result<Outcome> {
        let how = definition.map_or(ListMerge::Replace, Definition::list_merge);
        let target = match target {
            Some(target) if !target.is_null() => target,
            _ => {
                // Nothing to merge with: the patch's list stands alone.
                return patch.map_or(Ok(Outcome::Cleared), |patch| match how {
                    ListMerge::Replace => Ok(Outcome::Replaced(patch.clone())),
                    _ => self.add_list(patch.clone(), &how, definition),
                });
            }
        };
        if let Some(patch) = patch
            && target.items().is_empty()
        {
            target.style = patch.style;
        }
        let Some(patch) = patch else {
            if !matches!(how, ListMerge::Replace) {
                self.merge_list(target, Other::Nothing, &how, definition)?;
            }
            return Ok(Outcome::Kept);
        };
        if matches!(how, ListMerge::Replace) {
            return Ok(Outcome::Replaced(patch.clone()));
        }
        if patch.is_null() {
            return Ok(Outcome::Cleared);
        }
        let (directive, patch) = list_directive(patch)?;
        match directive {
            Directive::Delete => Ok(Outcome::Cleared),
            Directive::Replace => self.add_list(patch.into_owned(), &how, definition),
            Directive::Merge => {
                self.merge_list(target, Other::Patch(patch.items()), &how, definition)?;
                Ok(Outcome::Kept)
            }
        }
    }

    /// A new list is merged with itself.
    fn add_list(
        self,
        mut new: Node,
        how: &ListMerge<'_>,
        definition: Option<Definition<'s>>,
    ) -> Result<Outcome> {
        self.merge_list(&mut new, Other::Itself, how, definition)?;
        Ok(Outcome::Replaced(new))
    }

    fn merge_list(
        self,
        target: &mut Node,
        patch: Other<'_>,
        how: &ListMerge<'_>,
        definition: Option<Definition<'s>>,
    ) -> Result<()> {
        let keys: &[&str] = match how {
            ListMerge::Keys(keys) => keys,
            _ => &[""],
        };
        let item = definition.and_then(Definition::item);
        let Some(items) = target.items_mut() else {
            return Ok(());
        };
        keyed_list::merge(self, items, patch, keys, item)
    }
}

/// Whether a plain value that the patch does not name stays; nothing if it is none.
fn stays_alone(value: &mut Node) -> Option<bool> {
    match &value.value {
        Value::Scalar(text) if value.is_null() => Some(!text.is_empty()),
        Value::Scalar(_) => {
            value.quote_if_misread();
            Some(true)
        }
        _ => None,
    }
}

/// Where the entries of a map are, by key; only a large map is worth an index.
pub(super) enum Lookup<'e> {
    Small(&'e [Entry]),
    Large(HashMap<&'e str, usize>),
}

impl<'e> Lookup<'e> {
    pub(super) fn new(entries: &'e [Entry]) -> Self {
        if entries.len() <= 16 {
            return Self::Small(entries);
        }
        let mut index = HashMap::with_capacity(entries.len());
        for (position, entry) in entries.iter().enumerate() {
            if let Some(key) = entry.key.text() {
                index.entry(key).or_insert(position);
            }
        }
        Self::Large(index)
    }

    pub(super) fn get(&self, key: &str) -> Option<usize> {
        match self {
            Self::Small(entries) => entries.iter().position(|entry| entry.is(key)),
            Self::Large(index) => index.get(key).copied(),
        }
    }
}

/// Refuses keys of a patch that name no field.
fn check_keys(entries: &[Entry]) -> Result<()> {
    match entries.iter().find(|entry| !entry.key.is_scalar()) {
        Some(entry) => Err(Error::new(Kind::Patch, "a map or a list cannot be a key")
            .at(entry.key.span)
            .help("quote a template such as `{{ .Values.name }}`")),
        None => Ok(()),
    }
}

/// Both values must have the shape that is asked for, or be null.
fn check_shape(
    target: Option<&Node>,
    patch: Option<&Node>,
    fits: fn(&Node) -> bool,
    shape: &str,
) -> Result<()> {
    for (node, whose) in [(target, "target"), (patch, "patch")] {
        if let Some(node) = node
            && !node.is_null()
            && !fits(node)
        {
            let found = match node.value {
                Value::Map(_) => "a map",
                Value::Seq(_) => "a list",
                _ => "a single value",
            };
            let message = format!("the {whose} has {found} where the other has {shape}");
            let place = patch.or(target).map(|node| node.span).unwrap_or_default();
            return Err(Error::new(Kind::Patch, message)
                .at(place)
                .help("a strategic merge patch has the shape of what it patches"));
        }
    }
    Ok(())
}

/// The directive of a map, `merge` if it has none.
fn map_directive(patch: &Node) -> Result<Directive> {
    patch
        .get(DIRECTIVE)
        .map_or(Ok(Directive::Merge), directive_of)
}

fn directive_of(node: &Node) -> Result<Directive> {
    match node.text() {
        Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        other => {
            let message = format!("unknown patch directive `{}`", other.unwrap_or_default());
            Err(Error::new(Kind::Patch, message)
                .at(node.span)
                .help("`$patch` is one of `merge`, `replace` and `delete`"))
        }
    }
}

/// The directive of a list, and the list without it: the first item with `$patch`, if it has
/// nothing else.
fn list_directive(patch: &Node) -> Result<(Directive, Cow<'_, Node>)> {
    let first = patch
        .items()
        .iter()
        .find(|item| item.get(DIRECTIVE).is_some());
    let Some(item) = first.filter(|item| item.entries().len() == 1) else {
        return Ok((Directive::Merge, Cow::Borrowed(patch)));
    };
    let word = &item.entries()[0].value;
    let directive = directive_of(word)?;
    let mut copy = patch.clone();
    if let Some(items) = copy.items_mut() {
        let text = word.text();
        items.retain(|item| {
            let is_empty = item.is_null() || item.is_map() && item.entries().is_empty();
            !is_empty && item.get(DIRECTIVE).and_then(Node::text) != text
        });
    }
    Ok((directive, Cow::Owned(copy)))
}
