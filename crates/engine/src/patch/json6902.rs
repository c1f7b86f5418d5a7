//! Applies JSON patches (RFC 6902) to nodes.
//!
//! Operations are applied to nodes, so that what a patch leaves alone keeps its place.
//! The reading of a path is that of RFC 6901, and as lenient as kustomize's: what stands before
//! the first slash is ignored, and `replace` creates a member that is missing.
//! Source: <https://www.rfc-editor.org/rfc/rfc6902>.

use std::borrow::Cow;
use std::fmt;

use json_patch::jsonptr::Token;

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::limits::Budget;
use kustom_yaml::place::Span;
use kustom_yaml::{
    Entry, Node, Size, Str, Style, Tag, Text, Value, charge_copy, escape_html, has_key_passed_json,
    has_passed_json, pass_through_json, spelt_config, spelt_json, unquoted, unspelt_json,
};

use super::places::{Places, push};

/// An object is spelt anew for each patch, which is charged this much smaller than a copy.
const SPELT: u64 = 16;

/// The operations of one patch, in order.
#[derive(Clone, Debug, Default)]
pub struct JsonPatch {
    operations: Vec<Operation>,
    /// Whether one of them compares values: these are compared as JSON spells them.
    tests: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// Where it is written.
    node: Node,
    name: Text,
    /// Nothing where there is no text.
    pub(super) path: Option<Pointer>,
    from: Option<Pointer>,
    /// The value, spelt if the patch tests.
    pub(super) value: Option<Node>,
}

/// A path as it is written, and its parts without escapes.
#[derive(Clone, Debug)]
pub(super) struct Pointer {
    pub(super) text: Text,
    /// None if it has no slash.
    parts: Vec<Str>,
}

impl JsonPatch {
    /// The operations that a list says, read as a kustomization is; null says none.
    ///
    /// # Errors
    ///
    /// If it is no list of maps.
    pub fn parse(list: &Node) -> Result<Self> {
        Self::of_spelt(&spelt_config(list)?)
    }

    /// The operations that a list says, read by [`read_json`](kustom_yaml::read_json).
    ///
    /// # Errors
    ///
    /// If it is no list of maps.
    pub fn of_spelt(list: &Node) -> Result<Self> {
        if list.is_null() {
            return Ok(Self::default());
        }
        if !list.is_seq() {
            return Err(
                Error::new(Kind::Patch, "a JSON patch is a list of operations")
                    .at(list.span)
                    .help("such as `- {op: replace, path: /spec/replicas, value: 2}`"),
            );
        }
        let read = list.items().iter().map(Operation::parse);
        let mut operations: Vec<Operation> = read.collect::<Result<_>>()?;
        let tests = operations
            .iter()
            .any(|operation| &*operation.name == "test");
        if !tests {
            for value in operations.iter_mut().filter_map(|it| it.value.as_mut()) {
                *value = unspelt_json(value)?;
            }
        }
        Ok(Self { operations, tests })
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Whether what stood among the annotations is gone afterwards.
    pub fn replaces_annotations(&self) -> bool {
        let is_above = |path: &Pointer| {
            let parts = path.text.split_once('/').map_or("", |(_, parts)| parts);
            matches!(parts, "" | "metadata" | "metadata/annotations")
        };
        self.operations
            .iter()
            .any(|operation| match &*operation.name {
                "add" | "replace" | "remove" | "copy" => operation.path.iter().any(is_above),
                "move" => operation.path.iter().chain(&operation.from).any(is_above),
                _ => false,
            })
    }

    pub(super) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Span {
        let first = self.operations.first();
        first.map_or(Span::default(), |operation| operation.node.span)
    }

    /// The last operation that speaks of one of these fields; the beginning if none does.
    pub(super) fn place_of(&self, fields: &[&str]) -> Span {
        let names = |operation: &Operation| {
            let path = operation.path.as_ref().map_or("", |path| &path.text);
            path.rsplit('/').any(|part| fields.contains(&part))
        };
        let has = |operation: &Operation| {
            let value = operation.value.as_ref();
            value.is_some_and(|value| fields.iter().any(|field| value.get(field).is_some()))
        };
        let mut operations = self.operations.iter().rev();
        let found = operations.find(|operation| names(operation) || has(operation));
        let path = found.and_then(|operation| operation.path.as_ref());
        path.map_or(self.place(), |path| path.text.span)
    }

    /// Whether it only asserts what the object is.
    pub(super) fn only_tests(&self) -> bool {
        self.operations.iter().all(Operation::is_test)
    }

    /// An object as the operations see it, which `plain` is after it went through JSON: where values
    /// are compared, scalars are spelt as JSON.
    pub(super) fn prepared<'n>(&self, object: &Node, plain: &'n Node) -> Result<Cow<'n, Node>> {
        match self.tests {
            true => spelt_json(object).map(Cow::Owned),
            false => Ok(Cow::Borrowed(plain)),
        }
    }

    /// What the operations have made of an object, as it is read again.
    pub(super) fn finished<'n>(&self, object: &'n Node) -> Result<Cow<'n, Node>> {
        match self.tests {
            true => unspelt_json(object).map(Cow::Owned),
            false => Ok(Cow::Borrowed(object)),
        }
    }
}

/// Applies a patch to an object.
///
/// # Errors
///
/// If an operation is unknown, a path leads nowhere, a `test` fails, or the budget does not reach
/// for what is copied; the object is then of no more use.
pub fn apply(target: &mut Node, patch: &JsonPatch, budget: &Budget) -> Result<()> {
    apply_next(target, patch, budget, false).map(drop)
}

/// The same, if it is known whether the object is still as such a patch has left it; whether it is
/// known to be so afterwards. Only then need the next patch not send it through JSON again.
///
/// # Errors
///
/// As [`apply`].
pub fn apply_next(
    target: &mut Node,
    patch: &JsonPatch,
    budget: &Budget,
    has_passed: bool,
) -> Result<bool> {
    let bytes = match (patch.tests, has_passed) {
        (true, _) => {
            let bytes = Size::of(target).bytes;
            *target = spelt_json(target)?;
            bytes
        }
        (false, false) => pass_through_json(target)?,
        (false, true) => 0,
    };
    let charged = budget.charge("this JSON patch", bytes / SPELT);
    charged.map_err(|error| error.at(patch.place()))?;
    let mut places = Places::new(budget, patch.operations.len());
    places.have_passed = !patch.tests;
    for operation in &patch.operations {
        let done = operation.apply(target, &mut places);
        done.map_err(|error| operation.located(error, target))?;
    }
    if target.entries().is_empty() {
        let message = "the patch leaves no object";
        return Err(Error::new(Kind::Patch, message).at(target.span));
    }
    if patch.tests {
        *target = unspelt_json(target)?;
    }
    Ok(places.have_passed)
}

impl Pointer {
    pub(super) fn new(text: Text) -> Self {
        let parts = text.split('/').skip(1).map(decoded);
        Self {
            parts: parts.collect(),
            text,
        }
    }

    fn span(&self) -> Span {
        self.text.span
    }

    /// How many collections are around what it names.
    fn depth(&self) -> usize {
        self.parts.len()
    }

    /// The parts before the last one, and that one.
    fn steps(&self) -> Result<(&[Str], &Str)> {
        let steps = self.parts.split_last();
        let (last, steps) = steps.ok_or_else(|| {
            let message = format!("the path `{self}` of a JSON patch has no `/`");
            Error::new(Kind::Patch, message)
                .at(self.span())
                .help("a path is absolute, such as `/spec/replicas`")
        })?;
        Ok((steps, last))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Operation {
    fn parse(node: &Node) -> Result<Self> {
        if !node.is_map() && !node.is_null() {
            return Err(
                Error::new(Kind::Patch, "an operation of a JSON patch is a map")
                    .at(node.span)
                    .help("such as `{op: replace, path: /spec/replicas, value: 2}`"),
            );
        }
        let text = |field| {
            let node = node.get(field)?;
            Some(Text {
                text: unquoted(node.text()?)?.into(),
                span: node.span,
            })
        };
        Ok(Self {
            name: text("op").unwrap_or_default(),
            path: text("path").map(Pointer::new),
            from: text("from").map(Pointer::new),
            value: node.get("value").cloned(),
            node: Node {
                span: node.span,
                ..Node::default()
            },
        })
    }

    pub(super) fn is_test(&self) -> bool {
        &*self.name == "test"
    }

    pub(super) fn adds(&self) -> bool {
        &*self.name == "add"
    }

    pub(super) fn replaces(&self) -> bool {
        &*self.name == "replace"
    }

    pub(super) fn apply(&self, target: &mut Node, places: &mut Places<'_>) -> Result<()> {
        let path = || self.pointer(self.path.as_ref(), "path");
        let from = || self.pointer(self.from.as_ref(), "from");
        match &*self.name {
            "add" => {
                self.charge(self.value.as_ref(), places.budget)?;
                let value = self.value.clone().unwrap_or_default();
                add(target, path()?, value, places)
            }
            "remove" => remove(target, path()?, places).map(drop),
            "replace" => {
                self.charge(self.value.as_ref(), places.budget)?;
                self.replace(target, path()?, places)
            }
            "move" => {
                let value = remove(target, from()?, places)?;
                self.charge(Some(&value), places.budget)?;
                add(target, path()?, value, places)
            }
            "copy" => {
                let found = find(target, from()?, places)?;
                self.charge(found, places.budget)?;
                let mut value = found.cloned().unwrap_or_default();
                escape(&mut value);
                add(target, path()?, value, places)
            }
            "test" => self.test(target, path()?, places),
            _ => Err(self.unknown()),
        }
    }

    /// Charges a value that is put at the end of the path.
    fn charge(&self, value: Option<&Node>, budget: &Budget) -> Result<()> {
        let Some(value) = value else { return Ok(()) };
        let depth = self.path.as_ref().map_or(0, Pointer::depth);
        // The operation is named once the budget is at its end: it is then still.
        let charged = charge_copy(budget, "", value, depth).or_else(|_| {
            let operator = format!("the operation `{}`", self.name);
            charge_copy(budget, &operator, value, depth)
        });
        charged.map_err(|error| error.at(self.node.span))
    }

    /// A field that the operation needs.
    fn pointer<'p>(&self, pointer: Option<&'p Pointer>, field: &str) -> Result<&'p Pointer> {
        pointer.ok_or_else(|| {
            let message = format!("the operation `{}` has no text as its `{field}`", self.name);
            Error::new(Kind::Patch, message)
                .at(self.node.span)
                .help(format!("such as `{field}: /spec/replicas`"))
        })
    }

    /// An error of an operation that there is, with the object that it is about.
    fn located(&self, error: Error, target: &Node) -> Error {
        let kind = target.get("kind").and_then(Node::text);
        let name = target.at(&["metadata", "name"]).and_then(Node::text);
        match (kind, name) {
            (Some(kind), Some(name)) if OPERATIONS.contains(&&*self.name) => {
                // Where values are compared, scalars are spelt as JSON.
                let [kind, name] = [kind, name].map(|text| text.trim_matches('"'));
                error.note(format!("in {kind} `{name}`"), None)
            }
            _ => error,
        }
    }

    fn replace(&self, target: &mut Node, path: &Pointer, places: &mut Places<'_>) -> Result<()> {
        let value = self.value.clone().unwrap_or_default();
        if path.text.is_empty() {
            if value.is_scalar() {
                let message = "an object can only be replaced by an object";
                return Err(Error::new(Kind::Patch, message).at(path.span()));
            }
            places.forget(String::new);
            places.have_passed = false;
            *target = value;
            return Ok(());
        }
        let (parent, mut way) = parent(target, path, places)?;
        match &mut parent.value {
            Value::Map(_) => set(parent, way, value, path, places)?,
            Value::Seq(items) => {
                let index = index(way.last, items.len(), path)?;
                way.take(index);
                places.forget(|| way.path());
                places.have_passed &= has_passed_json(&value, path.depth());
                items[index] = value;
            }
            _ => return Err(ends(parent, &way, way.last, path)),
        }
        Ok(())
    }

    fn test(&self, target: &Node, path: &Pointer, places: &mut Places<'_>) -> Result<()> {
        let found = match path.text.is_empty() {
            true => Some(target),
            false => find(target, path, places)?,
        };
        let is_same = match (found.filter(|it| !it.is_null()), &self.value) {
            (None, value) => value.as_ref().is_none_or(Node::is_null),
            (Some(found), Some(value)) => same(found, value),
            (Some(_), None) => false,
        };
        if is_same {
            return Ok(());
        }
        // The values may be secret, so they are not repeated.
        let message = format!("the test of `{path}` fails: the object has another value");
        let span = self.value.as_ref().map_or(self.node.span, |it| it.span);
        let error = Error::new(Kind::Patch, message).at(span);
        Err(match (found, &self.value) {
            (Some(found), Some(value)) if means_same(found, value) => error.help(
                "it means the same, but values are compared as JSON spells them: `1`, not \
                     `1.0`, and `\\u003c`, `\\u003e`, `\\u0026` for `<`, `>`, `&`",
            ),
            _ => error,
        })
    }

    fn unknown(&self) -> Error {
        let span = match self.name.span.line {
            0 => self.node.span,
            _ => self.name.span,
        };
        if self.name.is_empty() {
            return Error::new(Kind::Patch, "an operation of a JSON patch has no `op`")
                .at(span)
                .help("add what it does: `op: add`, `op: replace` or `op: remove`");
        }
        let error = Error::new(Kind::Patch, format!("unknown operation `{}`", self.name)).at(span);
        match nearest(&self.name, OPERATIONS) {
            Some(word) => error.help(format!("did you mean `{word}`?")),
            None => error.help(format!("write one of `{}`", OPERATIONS.join("`, `"))),
        }
    }
}

/// The operations that there are.
const OPERATIONS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];

fn add(target: &mut Node, path: &Pointer, value: Node, places: &mut Places<'_>) -> Result<()> {
    let (parent, way) = parent(target, path, places)?;
    let is_flow = parent.style == Style::Flow;
    match &mut parent.value {
        Value::Map(_) => set(parent, way, value, path, places)?,
        Value::Seq(items) => {
            places.have_passed &= !is_flow && has_passed_json(&value, path.depth());
            if way.last == "-" {
                items.push(value);
                return Ok(());
            }
            let index = index(way.last, items.len() + 1, path)?;
            places.forget(|| way.path());
            charge_shift(places.budget, items.len() - index, path)?;
            items.insert(index, value);
        }
        _ => return Err(ends(parent, &way, way.last, path)),
    }
    Ok(())
}

fn remove(target: &mut Node, path: &Pointer, places: &mut Places<'_>) -> Result<Node> {
    let (parent, way) = parent(target, path, places)?;
    let removed = match &mut parent.value {
        Value::Map(entries) => {
            // All that follow move, so an index would not last.
            places.forget(|| way.path());
            charge_shift(places.budget, entries.len(), path)?;
            let position = entries.iter().position(|entry| entry.is(way.last));
            position.map(|position| entries.remove(position).value)
        }
        Value::Seq(items) => {
            let index = index(way.last, items.len(), path)?;
            places.forget(|| way.path());
            charge_shift(places.budget, items.len() - index, path)?;
            Some(items.remove(index))
        }
        _ => return Err(ends(parent, &way, way.last, path)),
    };
    places.have_passed &= !(parent.entries().is_empty() && parent.items().is_empty());
    removed.ok_or_else(|| missing(target, path))
}

/// Charges for the entries that move by one place.
fn charge_shift(budget: &Budget, entries: usize, path: &Pointer) -> Result<()> {
    let charged = budget.charge("this operation", entries as u64);
    charged.map_err(|error| error.at(path.span()))
}

/// The value at a path; nothing if only the last key is missing.
fn find<'n>(target: &'n Node, path: &Pointer, places: &mut Places<'_>) -> Result<Option<&'n Node>> {
    let (parent, way) = parent_of(target, path, places)?;
    match &parent.value {
        Value::Map(entries) => {
            let position = places.find(|| way.path(), entries, way.last)?;
            Ok(position.map(|position| &entries[position].value))
        }
        Value::Seq(items) => Ok(items.get(index(way.last, items.len(), path)?)),
        _ => Err(ends(parent, &way, way.last, path)),
    }
}

/// Spells a value as Go prints JSON that it copies.
fn escape(value: &mut Node) {
    match &mut value.value {
        Value::Scalar(spelling) if value.tag == Tag::Str && spelling.starts_with('"') => {
            if let Some(escaped) = escape_html(spelling) {
                *spelling = escaped.into();
            }
        }
        Value::Seq(items) => items.iter_mut().for_each(escape),
        Value::Map(entries) => entries.iter_mut().for_each(|it| escape(&mut it.value)),
        _ => {}
    }
}

/// The list that holds the item at the end of a path, and which it is.
pub(super) fn list_of<'n>(
    target: &'n Node,
    item: &str,
    places: &mut Places<'_>,
) -> Option<(&'n [Node], usize)> {
    let path = Pointer::new(Text::from(item));
    let (parent, way) = parent_of(target, &path, places).ok()?;
    Some((parent.items(), way.last.parse().ok()?))
}

/// The map that has no such key as is at the end of a path, and the key.
pub(super) fn new_key<'n, 'p>(
    target: &'n Node,
    path: &'p Pointer,
    places: &mut Places<'_>,
) -> Option<(&'n Node, &'p str)> {
    let (parent, way) = parent_of(target, path, places).ok()?;
    let Value::Map(entries) = &parent.value else {
        return None;
    };
    let found = places.find(|| way.path(), entries, way.last).ok()?;
    found.is_none().then_some((parent, way.last))
}

/// Where a path leads: to the value that holds its last part, and that part.
#[derive(Debug)]
struct Way<'p> {
    steps: &'p [Str],
    last: &'p str,
    /// How many of the steps are behind.
    taken: usize,
    /// Those of them that number an item in other letters than it is known by: `-1`.
    numbers: Vec<(usize, usize)>,
}

impl<'p> Way<'p> {
    fn of(path: &'p Pointer) -> Result<Self> {
        let (steps, last) = path.steps()?;
        Ok(Self {
            steps,
            last,
            taken: 0,
            numbers: Vec::new(),
        })
    }

    /// Takes a step to the item with a number.
    fn take(&mut self, number: usize) {
        let step = self.steps.get(self.taken).map_or(self.last, Str::as_str);
        if step.starts_with(['-', '+', '0']) {
            self.numbers.push((self.taken, number));
        }
        self.taken += 1;
    }

    /// The path so far, in which no two places have the same.
    fn path(&self) -> String {
        let mut path = String::new();
        let parts = self.steps.iter().map(Str::as_str).chain([self.last]);
        for (at, part) in parts.take(self.taken).enumerate() {
            match self.numbers.iter().find(|(step, _)| *step == at) {
                Some((_, number)) => push(&mut path, &number.to_string()),
                None => push(&mut path, part),
            }
        }
        path
    }
}

/// The value that holds the last part of a path.
fn parent<'n, 'p>(
    target: &'n mut Node,
    path: &'p Pointer,
    places: &mut Places<'_>,
) -> Result<(&'n mut Node, Way<'p>)> {
    let mut node = target;
    let mut way = Way::of(path)?;
    for step in way.steps {
        let at = position(node, step, path, &mut way, places)?;
        let next = match &mut node.value {
            Value::Map(entries) => entries.get_mut(at).map(|entry| &mut entry.value),
            Value::Seq(items) => items.get_mut(at),
            Value::Scalar(_) | Value::Alias(_) => None,
        };
        node = next.ok_or_else(|| leads_nowhere(path, "it goes through a value"))?;
    }
    Ok((node, way))
}

fn parent_of<'n, 'p>(
    target: &'n Node,
    path: &'p Pointer,
    places: &mut Places<'_>,
) -> Result<(&'n Node, Way<'p>)> {
    let mut node = target;
    let mut way = Way::of(path)?;
    for step in way.steps {
        let at = position(node, step, path, &mut way, places)?;
        let next = match &node.value {
            Value::Map(entries) => entries.get(at).map(|entry| &entry.value),
            Value::Seq(items) => items.get(at),
            Value::Scalar(_) | Value::Alias(_) => None,
        };
        node = next.ok_or_else(|| leads_nowhere(path, "it goes through a value"))?;
    }
    Ok((node, way))
}

/// The position of what one part of a path asks for, which is put at the end of the way.
fn position(
    node: &Node,
    step: &str,
    path: &Pointer,
    way: &mut Way<'_>,
    places: &mut Places<'_>,
) -> Result<usize> {
    match &node.value {
        Value::Map(entries) => {
            let position = places.find(|| way.path(), entries, step)?;
            let position = position.ok_or_else(|| ends(node, way, step, path))?;
            way.taken += 1;
            Ok(position)
        }
        Value::Seq(items) => {
            let index = index(step, items.len(), path)?;
            way.take(index);
            Ok(index)
        }
        Value::Scalar(_) | Value::Alias(_) => Err(ends(node, way, step, path)),
    }
}

/// An index into a list; a negative one counts from its end.
fn index(text: &str, len: usize, path: &Pointer) -> Result<usize> {
    let index = text.parse::<i64>().ok();
    let from_start = index.map(|index| match index < 0 {
        true => index.saturating_add_unsigned(len as u64),
        false => index,
    });
    let within = from_start.and_then(|index| usize::try_from(index).ok());
    within.filter(|index| *index < len).ok_or_else(|| {
        let message = format!("`{text}` in the path `{path}` is no index of the list");
        let error = Error::new(Kind::Patch, message).at(path.span());
        match len {
            0 => error.help("the list is empty; `-` stands for its end"),
            _ => error.help(format!(
                "indexes go from 0 to {}; `-` stands for its end",
                len - 1
            )),
        }
    })
}

/// That a path goes on where the object ends: at a value that has no such part, or no parts at all.
#[cold]
fn ends(node: &Node, way: &Way<'_>, step: &str, path: &Pointer) -> Error {
    let at = way.path();
    let part = part_span(&path.text, &at, step);
    let at = match at.as_str() {
        "" => "the object".to_owned(),
        at => format!("`{at}`"),
    };
    let Value::Map(entries) = &node.value else {
        let error = leads_nowhere(path, &format!("{at} is neither a map nor a list"));
        return error.help("only maps and lists have parts; replace the value first");
    };
    let error = leads_nowhere(path, &format!("there is no `{step}` in {at}")).within(part);
    match nearest(step, entries.iter().filter_map(|entry| entry.key.text())) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!(
            "add `{step}` to {at} first, in an operation before this one"
        )),
    }
}

/// The place of one part of a path that is written as it is read; of another the place of all.
fn part_span(path: &Text, before: &str, step: &str) -> Span {
    let span = path.span;
    let quotes = (span.end.saturating_sub(span.start) as usize).checked_sub(path.len());
    let rest = path
        .strip_prefix(before)
        .and_then(|rest| rest.strip_prefix('/'));
    let is_there = rest.is_some_and(|rest| {
        rest.strip_prefix(step)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let (Some(quotes @ (0 | 2)), true) = (quotes, is_there) else {
        return span;
    };
    let narrow = |count: usize| u32::try_from(count).unwrap_or_default();
    let start = span.start + narrow(quotes / 2 + before.len() + 1);
    Span {
        start,
        end: start + narrow(step.len()),
        column: span.column + narrow(quotes / 2 + before.chars().count() + 1),
        ..span
    }
}

fn leads_nowhere(path: &Pointer, why: &str) -> Error {
    let message = format!("the path `{path}` leads nowhere: {why}");
    Error::new(Kind::Patch, message).at(path.span())
}

#[cold]
fn missing(target: &Node, path: &Pointer) -> Error {
    let error = Error::new(Kind::Patch, format!("there is nothing at `{path}`")).at(path.span());
    let budget = Budget::default();
    let parent = parent_of(target, path, &mut Places::new(&budget, 1)).ok();
    let error = match &parent {
        Some((_, way)) => error.within(part_span(&path.text, &way.path(), way.last)),
        None => error,
    };
    let near = parent.and_then(|(parent, way)| {
        let keys = parent.entries().iter().filter_map(|entry| entry.key.text());
        nearest(way.last, keys).map(str::to_owned)
    });
    match near {
        Some(word) => error.help(format!("did you mean `{word}`?")),
        None => {
            error.help("correct the path, or remove the operation; `add` makes what is not there")
        }
    }
}

/// A part of a path without its escapes; a tilde that escapes nothing stands for itself.
fn decoded(part: &str) -> Str {
    if !part.contains('~') {
        return part.into();
    }
    Token::from_encoded(part)
        .map(|token| token.decoded().into())
        .unwrap_or_else(|_| part.replace("~1", "/").replace("~0", "~").into())
}

/// Sets a key of a map.
fn set(
    map: &mut Node,
    mut way: Way<'_>,
    value: Node,
    path: &Pointer,
    places: &mut Places<'_>,
) -> Result<()> {
    let is_flow = map.style == Style::Flow;
    let Value::Map(entries) = &mut map.value else {
        return Ok(());
    };
    places.have_passed &= has_passed_json(&value, path.depth());
    match places.find(|| way.path(), entries, way.last)? {
        Some(position) => {
            way.taken += 1;
            places.forget(|| way.path());
            entries[position].value = value;
        }
        None => {
            places.have_passed &= !is_flow && has_key_passed_json(way.last);
            places.added(|| way.path(), way.last, entries.len());
            entries.push(Entry::new(way.last, value));
        }
    }
    Ok(())
}

/// Whether two values are equal: the order of members does not matter, the spelling of scalars does.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(ours), Value::Map(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|entry| {
                    let key = entry.key.text().unwrap_or_default();
                    other
                        .get(key)
                        .is_some_and(|value| same(&entry.value, value))
                })
        }
        (Value::Seq(ours), Value::Seq(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Scalar(ours), Value::Scalar(theirs)) => ours == theirs,
        _ => false,
    }
}

/// Whether two spelt values are the same once they are decoded.
fn means_same(one: &Node, other: &Node) -> bool {
    match (unspelt_json(one), unspelt_json(other)) {
        (Ok(one), Ok(other)) => same(&one, &other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::{manifests, read_config};

    use super::*;

    fn patch(text: &str) -> JsonPatch {
        JsonPatch::parse(&read_config(text.as_bytes(), SourceId::NONE).unwrap()).unwrap()
    }

    #[test]
    fn patches_that_know_of_each_other_do_what_each_does_alone() {
        const OBJECT: &str = "\
kind: A
metadata: {name: a, labels: {}, 'on': yes} # comment
spec:
  list: [1, '2', {k: v}, []]
  one: [x]
  number: 1000000
  text: >
    a
      b

    c
  deep: {er: {still: !!str 1}}
";
        const PATHS: [&str; 16] = [
            "/spec/list/-",
            "/spec/list/0",
            "/spec/list/-1",
            "/spec/list/2/k",
            "/spec/one/0",
            "/spec/number",
            "/spec/text",
            "/spec/new",
            "/spec/deep/er/still",
            "/spec/deep/er",
            "/spec/deep",
            "/metadata/labels/x",
            "/metadata/labels/true",
            "/metadata/labels/a~1b: ",
            "/metadata/on",
            "spec/new",
        ];
        const VALUES: [&str; 16] = [
            "a",
            "'1'",
            "1",
            "1000000",
            "1.50",
            "true",
            "null",
            "[]",
            "{}",
            "[a, {b: c}]",
            "{a: {b: []}}",
            "{'on': 1}",
            "'a: b'",
            "\"a\\n\\n b\"",
            "\"\\ta\"",
            "{a: 'null'}",
        ];
        const OPERATIONS: [&str; 6] = ["add", "add", "replace", "remove", "move", "copy"];
        let mut state = 5_u32;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % limit
        };
        let budget = Budget::default();
        let [mut known, mut errors] = [0; 2];
        for _ in 0..2000 {
            let mut alone = manifests(OBJECT.as_bytes(), SourceId::NONE)
                .unwrap()
                .remove(0);
            let mut next = alone.clone();
            let mut has_passed = false;
            for _ in 0..6 {
                let operations = (0..=below(2)).map(|_| {
                    let [op, path, from, value] = [
                        OPERATIONS[below(OPERATIONS.len())],
                        PATHS[below(PATHS.len())],
                        PATHS[below(PATHS.len())],
                        VALUES[below(VALUES.len())],
                    ];
                    format!("- {{op: {op}, path: '{path}', from: '{from}', value: {value}}}\n")
                });
                let text: String = operations.collect();
                let patch = patch(&text);
                let wanted = apply(&mut alone, &patch, &budget);
                let done = apply_next(&mut next, &patch, &budget, has_passed);
                known += usize::from(has_passed);
                match (wanted, done) {
                    (Ok(()), Ok(passed)) => {
                        assert_eq!(next, alone, "{text}");
                        has_passed = passed;
                    }
                    (Err(wanted), Err(error)) => {
                        assert_eq!(error.to_string(), wanted.to_string(), "{text}");
                        errors += 1;
                        break;
                    }
                    (wanted, done) => panic!("{wanted:?} {done:?} {text}"),
                }
            }
        }
        assert!(known > 500 && errors > 500, "{known} {errors}");
    }

    #[test]
    fn what_a_patch_adds_need_not_go_through_json_again() {
        let mut node = manifests(b"kind: A\nspec: {list: [a]}\n", SourceId::NONE)
            .unwrap()
            .remove(0);
        let budget = Budget::default();
        let mut passes = |text: &str| apply_next(&mut node, &patch(text), &budget, false).unwrap();
        assert!(passes(
            "[{op: add, path: /spec/list/-, value: {a: 1, b: [c]}}]"
        ));
        assert!(passes(
            "[{op: add, path: /spec/key, value: text}, {op: remove, path: /spec/key}]"
        ));
        // What it has not the style of is made so by the next.
        assert!(!passes("[{op: add, path: /spec/true, value: text}]"));
        assert!(!passes("[{op: add, path: /spec/key, value: 1.5}]"));
        assert!(!passes(
            "[{op: add, path: /spec/key, value: {}}, {op: add, path: /spec/key/a, value: b}]"
        ));
    }
}
