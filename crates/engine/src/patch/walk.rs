//! Walks a strategic merge patch and the object that it was merged into, in parallel.

use kustom_yaml::error::nearest;
use kustom_yaml::finding::Severity;
use kustom_yaml::place::Span;
use kustom_yaml::{Entry, Node, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::one_of::{Step, label};
use super::remark::{Remark, same};
use super::replaced;
use super::strategic::Lookup;
use crate::schema::{Definition, ListMerge, Schema};

const DIRECTIVE: &str = "$patch";

/// Walks a patch, and the object before and after it, side by side.
pub(super) struct Walk<'s> {
    schema: &'s Schema,
    path: Vec<Step>,
    pub(super) remarks: Vec<Remark>,
    /// Deletions, and whether they took something away.
    pub(super) deletions: Vec<(Remark, bool)>,
    /// How many names may still be guessed at.
    guesses: usize,
}

/// How many names are held against mistyped ones: guesses are help, not worth a minute.
pub(super) const GUESSES: usize = 100_000;

/// How many items that share a key are looked at.
const SHARED: usize = 64;

/// Up to how many items are looked at one by one.
const FEW: usize = 16;

/// The items of a list, found by their keys.
struct Items<'n> {
    items: Vec<&'n Node>,
    /// For each key, where the items with a value are; of short lists nothing.
    places: Vec<FxHashMap<&'n str, Vec<usize>>>,
}

impl<'n> Items<'n> {
    fn of(items: impl Iterator<Item = &'n Node>, keys: Keys<'_>) -> Self {
        let items: Vec<&Node> = items.collect();
        let mut places = Vec::new();
        if items.len() > FEW {
            for key in keys.telling() {
                let mut by_value: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
                for (place, item) in items.iter().enumerate() {
                    by_value
                        .entry(Keys::value(item, key))
                        .or_default()
                        .push(place);
                }
                places.push(by_value);
            }
        }
        Self { items, places }
    }

    /// The items that an item may be meant to be, the first ones if they are many.
    fn agreeing(&self, item: &Node, keys: Keys<'_>) -> Vec<&'n Node> {
        let agrees = |other: &&Node| keys.agree(item, other);
        if self.places.is_empty() {
            return self.items.iter().copied().filter(agrees).collect();
        }
        let mut places: Vec<usize> = keys
            .telling()
            .zip(&self.places)
            .filter_map(|(key, by_value)| match Keys::value(item, key) {
                "" => None,
                value => by_value.get(value),
            })
            .flat_map(|places| places.iter().copied().take(SHARED))
            .collect();
        places.sort_unstable();
        places.dedup();
        let items = places.into_iter().map(|place| self.items[place]);
        items.filter(agrees).collect()
    }
}

/// The same value three times.
#[derive(Clone, Copy)]
struct Sides<'n> {
    before: Option<&'n Node>,
    patch: &'n Node,
    after: Option<&'n Node>,
}

/// The fields by which the items of a list are told apart.
#[derive(Clone, Copy)]
struct Keys<'k>(&'k [&'k str]);

impl<'s> Walk<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            path: Vec::new(),
            remarks: Vec::new(),
            deletions: Vec::new(),
            guesses: GUESSES,
        }
    }

    pub(super) fn object(&mut self, before: &Node, patch: &Node, after: Option<&Node>) {
        let sides = Sides {
            before: Some(before),
            patch,
            after,
        };
        self.map(sides, None);
    }

    fn definition_of(&self, node: &Node) -> Option<Definition<'s>> {
        let text = |field| node.get(field).and_then(Node::text);
        self.schema.definition(text("apiVersion")?, text("kind")?)
    }

    fn map(&mut self, sides: Sides<'_>, definition: Option<Definition<'s>>) {
        let Sides {
            before,
            patch,
            after,
        } = sides;
        let definition = definition.or_else(|| {
            let before = before.and_then(|node| self.definition_of(node));
            before.or_else(|| self.definition_of(patch))
        });
        let directive = patch.get(DIRECTIVE);
        match directive.and_then(Node::text) {
            Some("delete") => return self.deleted(sides, directive.unwrap_or(patch).span),
            Some("replace") => {
                let span = directive.unwrap_or(patch).span;
                return self.is_replaced(
                    sides,
                    span,
                    "is not obeyed: what it names is merged, or stays",
                );
            }
            _ => {}
        }
        let [ours, theirs, left] =
            [before, Some(patch), after].map(|node| node.map_or(&[][..], Node::entries));
        let [was, says, is] = [ours, theirs, left].map(Lookup::new);
        for (index, entry) in theirs.iter().enumerate() {
            let Some(key) = entry.key.text() else {
                continue;
            };
            // The first of two keys counts; that there are two is told by itself.
            if says.get(key) != Some(index) {
                continue;
            }
            self.path.push(Step::Key(key.to_owned()));
            if is_directive(key) {
                if is.get(key).is_some() {
                    self.left(entry.key.span);
                }
            } else if !self.is_exempt() {
                let field = definition.and_then(|definition| definition.field(key));
                let sides = Sides {
                    before: value_at(ours, was.get(key)),
                    patch: &entry.value,
                    after: value_at(left, is.get(key)),
                };
                if entry.value.is_null() {
                    if !has_partner(patch, key) {
                        self.deleted(sides, entry.key.span);
                    }
                } else {
                    self.value(sides, field, entry.key.span);
                }
            }
            self.path.pop();
        }
    }

    /// Fields of an object that a patch has to name, or that tools write into every object.
    fn is_exempt(&self) -> bool {
        let keys: Vec<&str> = self.path.iter().filter_map(Step::key).collect();
        matches!(
            keys.as_slice(),
            ["apiVersion" | "kind" | "status"]
                | ["metadata", "name" | "namespace" | "creationTimestamp"]
                | [.., "metadata", "creationTimestamp"]
        )
    }

    fn value(&mut self, sides: Sides<'_>, definition: Option<Definition<'s>>, place: Span) {
        match &sides.patch.value {
            Value::Map(_) if contributes(sides.patch) && sides.after.is_none() => self.lost(place),
            Value::Map(entries) => {
                let before = sides.before.map_or(&[][..], Node::entries);
                if entries.is_empty() && !before.is_empty() && self.path.len() > 1 {
                    self.remark(
                        "lost-patch",
                        place,
                        "is empty in the patch, which changes nothing: maps are merged",
                        "name each field that goes with a null, or put `$patch: replace` into the map",
                    );
                    return;
                }
                self.map(sides, definition);
            }
            Value::Seq(_) => self.list(sides, definition, place),
            Value::Scalar(text) => {
                if sides.after.and_then(Node::text) != Some(text) {
                    self.lost(place);
                }
            }
            Value::Alias(_) => {}
        }
    }

    fn list(&mut self, sides: Sides<'_>, definition: Option<Definition<'s>>, place: Span) {
        let how = definition.map_or(ListMerge::Replace, Definition::list_merge);
        let item = definition.and_then(Definition::item);
        match &how {
            ListMerge::Replace => {
                self.left_below(sides.patch, sides.after);
                let before = sides.before.map_or(&[][..], Node::items);
                if let Some(loss) = replaced::loss(before, sides.patch.items()) {
                    let tail = format!("is replaced as a whole, and {loss}");
                    self.remark(
                        "replaced-list",
                        place,
                        &tail,
                        "kustomize does not merge the items of this list: write down all that is \
                         to stay, or use a JSON patch",
                    );
                }
            }
            ListMerge::Primitive => self.united(sides, place),
            ListMerge::Keys(keys) => self.keyed(sides, Keys(keys), item, place),
        }
    }

    /// A list of scalars that are united.
    fn united(&mut self, sides: Sides<'_>, place: Span) {
        if self.by_item_directive(sides) {
            return;
        }
        let after = sides.after.map_or(&[][..], Node::items);
        let there: FxHashSet<Option<&str>> = after.iter().map(Node::text).collect();
        let is_lost = |item: &&Node| !there.contains(&item.text());
        let scalars = sides.patch.items().iter().filter(|item| item.is_scalar());
        if scalars.clone().any(|item| is_lost(&item)) {
            self.lost(place);
        }
    }

    /// A list that has an item which is a directive for all of it.
    fn by_item_directive(&mut self, sides: Sides<'_>) -> bool {
        let items = sides.patch.items();
        let first = items.iter().find(|item| item.get(DIRECTIVE).is_some());
        let Some(item) = first.filter(|item| item.entries().len() == 1) else {
            return false;
        };
        let span = item.entries()[0].key.span;
        let has_items = |node: Option<&Node>| node.is_some_and(|node| !node.items().is_empty());
        let others = items.iter().filter(|item| item.get(DIRECTIVE).is_none());
        let word = item.get(DIRECTIVE).and_then(Node::text);
        match word {
            Some("delete") if !has_items(sides.before) => self.deletion(span, false),
            Some("delete") if items.len() > 1 => self.remark(
                "emptied-list",
                span,
                "loses all its items: an item that is nothing but `$patch: delete` means the \
                 whole list, and the items beside it are lost",
                "put the directive into the item that is to go, beside what tells it from others",
            ),
            Some("delete") => self.remark(
                "emptied-list",
                span,
                "loses all its items: an item that is nothing but `$patch: delete` means the \
                 whole list",
                "name the item that is to go; for the whole list write null in its place",
            ),
            Some("replace") if others.clone().count() == 0 && has_items(sides.before) => {
                let mut remark = self.new_remark(
                    "emptied-list",
                    span,
                    "loses all its items: `$patch: replace` has nothing beside it to put in their \
                     place",
                    "write the new items beside it; for none at all write null in place of the list",
                );
                // That is how an empty list is written: probably it was meant.
                remark.severity = Severity::Note;
                self.remarks.push(remark);
            }
            Some("replace") => {
                let after = sides.after.map_or(&[][..], Node::items);
                if after.len() != others.clone().count() || !has_all(after, others.clone()) {
                    self.remark(
                        "lost-patch",
                        span,
                        "is not what the patch replaces it with",
                        "items that have no key, or the same one, are lost; give each a key of its own",
                    );
                }
            }
            _ => return false,
        }
        true
    }

    /// A list whose items are told apart by keys.
    fn keyed(
        &mut self,
        sides: Sides<'_>,
        keys: Keys<'_>,
        definition: Option<Definition<'s>>,
        place: Span,
    ) {
        if self.by_item_directive(sides) {
            return;
        }
        let before = sides.before.map_or(&[][..], Node::items);
        let after = sides.after.map_or(&[][..], Node::items);
        let items = sides.patch.items();
        if items.is_empty() {
            if !before.is_empty() {
                self.remark(
                    "lost-patch",
                    place,
                    "is empty in the patch, which changes nothing: the items of this list are merged",
                    "write null in place of the list to remove all items",
                );
            }
            return;
        }
        let sides = [before, after].map(|items| Items::of(items.iter(), keys));
        for item in items.iter().filter(|item| item.is_map()) {
            self.path.push(Step::Item(keys.label(item)));
            self.item(item, &sides, keys, definition);
            self.path.pop();
        }
        self.survivors(items, (before, after), &sides[1], keys, place);
    }

    fn item(
        &mut self,
        patch: &Node,
        [before, after]: &[Items<'_>; 2],
        keys: Keys<'_>,
        definition: Option<Definition<'s>>,
    ) {
        let [ours, left] = [before, after].map(|items| items.agreeing(patch, keys));
        let sides = Sides {
            before: Self::candidate(&ours, patch),
            patch,
            after: Self::candidate(&left, patch),
        };
        let directive = patch.get(DIRECTIVE);
        match directive.and_then(Node::text) {
            Some("delete") => {
                let span = directive.unwrap_or(patch).span;
                match sides.after {
                    Some(_) if sides.before.is_some() => self.remark(
                        "lost-patch",
                        span,
                        "is still there, although the patch deletes it",
                        &keys.help(patch, sides.before),
                    ),
                    _ => {
                        self.deletion(span, sides.before.is_some());
                        self.suggest(patch, before, keys);
                    }
                }
                return;
            }
            Some("replace") => {
                let span = directive.unwrap_or(patch).span;
                return self.is_replaced(sides, span, "is not obeyed: the item stays as it was");
            }
            _ => {}
        }
        let is_contained = sides.after.is_some_and(|after| contains(after, patch));
        if !is_contained && (keys.missing(patch).is_some() || sides.after.is_none()) {
            let tail = match keys.missing(patch) {
                Some(key) => format!(
                    "is lost: it has no `{key}`, which is one of the fields that tell its items apart"
                ),
                None => "is lost: another item has its key, or has none".to_owned(),
            };
            return self.remark(
                "lost-patch",
                patch.span,
                &tail,
                &keys.help(patch, sides.before),
            );
        }
        if ours.len() == 1 && left.len() > 1 {
            return self.remark(
                "lost-patch",
                patch.span,
                "is there twice: the patch's item was added beside the one that it means",
                &keys.help(patch, sides.before),
            );
        }
        if sides.before.is_none() && self.needs_image() {
            let is_whole = patch.get("image").is_some();
            if !is_whole
                && sides
                    .after
                    .is_some_and(|after| after.get("image").is_none())
            {
                self.remark(
                    "added-item",
                    patch.span,
                    "is new: no item has that name, and the new one has no `image`",
                    "correct the name, or give the new container its `image`",
                );
                self.suggest(patch, before, keys);
            }
        }
        self.map(sides, definition);
    }

    /// The item that is meant by one of a patch: the one that says all that it says, if there is one.
    fn candidate<'n>(agreeing: &[&'n Node], patch: &Node) -> Option<&'n Node> {
        let mut items = agreeing.iter().copied();
        let best = items.find(|item| contains(item, patch));
        best.or(agreeing.first().copied())
    }

    /// Whether the present item is a container.
    fn needs_image(&self) -> bool {
        let list = self.path.iter().rev().find_map(Step::key);
        matches!(list, Some("containers" | "initContainers"))
    }

    /// What was there and goes although no item of the patch deletes it.
    fn survivors(
        &mut self,
        patch: &[Node],
        (before, after): (&[Node], &[Node]),
        left: &Items<'_>,
        keys: Keys<'_>,
        place: Span,
    ) {
        let is_deletion = |item: &&Node| item.get(DIRECTIVE).and_then(Node::text) == Some("delete");
        let deletions = Items::of(patch.iter().filter(is_deletion), keys);
        let is_meant = |item: &Node| !deletions.agreeing(item, keys).is_empty();
        let is_gone = |item: &&Node| {
            item.is_map()
                && !item.entries().is_empty()
                && !is_meant(item)
                && left.agreeing(item, keys).is_empty()
        };
        let gone: Vec<&Node> = before.iter().filter(is_gone).collect();
        if gone.is_empty() {
            return;
        }
        let culprit = patch.iter().find(|item| keys.missing(item).is_some());
        let span = culprit.map_or(place, |item| item.span);
        let missing = |items: &[Node]| items.iter().find_map(|item| keys.missing(item));
        let why = match (missing(patch), missing(before)) {
            (Some(key), _) => format!("an item of the patch has no `{key}`"),
            (None, Some(key)) => format!("an item of the object has no `{key}`"),
            (None, None) => "items of the patch share their keys".to_owned(),
        };
        let help = "give every item the fields that tell the items of the list apart";
        if after.is_empty() {
            let tail = format!("loses all its items: {why}");
            return self.remark("emptied-list", span, &tail, help);
        }
        for item in gone {
            self.path.push(Step::Item(keys.label(item)));
            let tail = format!("is gone, although nothing deletes it: {why}");
            self.remark("lost-patch", span, &tail, help);
            self.path.pop();
        }
    }

    /// A directive `replace` of a map: nothing else may be left.
    fn is_replaced(&mut self, sides: Sides<'_>, place: Span, tail: &str) {
        let mut wanted = sides.patch.clone();
        wanted.remove(DIRECTIVE);
        let is_obeyed = sides.after.map_or(!contributes(&wanted), |after| {
            contains(after, &wanted) && contains(&wanted, after)
        });
        if !is_obeyed {
            self.directive(place, "$patch: replace", tail);
        }
    }

    fn deleted(&mut self, sides: Sides<'_>, place: Span) {
        if sides.before.is_some() && sides.after.is_some() {
            self.remark(
                "lost-patch",
                place,
                "is still there, although the patch deletes it",
                "use a JSON patch with `op: remove`",
            );
        } else {
            self.deletion(place, sides.before.is_some());
        }
    }

    fn deletion(&mut self, place: Span, took: bool) {
        let remark = self.new_remark(
            "idle-deletion",
            place,
            "is not there, so that nothing is deleted",
            "correct what the patch names, or remove the deletion",
        );
        self.deletions.push((remark, took));
    }

    /// Guesses which item was meant by the remark or deletion that was just made.
    fn suggest(&mut self, patch: &Node, before: &Items<'_>, keys: Keys<'_>) {
        let Some(rest) = self.guesses.checked_sub(before.items.len()) else {
            return;
        };
        self.guesses = rest;
        let wanted = keys.label(patch);
        let known: Vec<String> = before.items.iter().map(|item| keys.label(item)).collect();
        let near = nearest(&wanted, known.iter().map(String::as_str));
        let Some(near) = near.filter(|near| *near != wanted) else {
            return;
        };
        let help = format!("did you mean `{near}`?");
        let is_deletion = patch.get(DIRECTIVE).is_some();
        let last = match is_deletion {
            true => self.deletions.last_mut().map(|(remark, _)| remark),
            false => self.remarks.last_mut(),
        };
        if let Some(remark) = last {
            remark.help = help;
        }
    }

    fn lost(&mut self, place: Span) {
        self.remark(
            "lost-patch",
            place,
            "is not what the patch says",
            "look at what is rendered, and say it with a JSON patch",
        );
    }

    fn left(&mut self, place: Span) {
        self.remark(
            "patch-directive",
            place,
            "is not obeyed, and is left in the object",
            "kustomize obeys `$patch: delete`, `replace` and `merge`, in maps and in lists whose \
             items it can tell apart; use a JSON patch here",
        );
    }

    fn directive(&mut self, place: Span, word: &str, tail: &str) {
        let mut remark = self.new_remark(
            "patch-directive",
            place,
            tail,
            "remove what is to go with nulls or `$patch: delete`, or use a JSON patch",
        );
        remark.head = format!("`{word}` at {}", remark.head);
        self.remarks.push(remark);
    }

    /// Directives in a value that is taken as it is.
    fn left_below(&mut self, patch: &Node, after: Option<&Node>) {
        if after.is_none() {
            return;
        }
        match &patch.value {
            Value::Map(entries) => {
                for entry in entries {
                    let key = entry.key.text().unwrap_or_default();
                    self.path.push(Step::Key(key.to_owned()));
                    if is_directive(key) {
                        self.left(entry.key.span);
                    } else {
                        self.left_below(&entry.value, after);
                    }
                    self.path.pop();
                }
            }
            Value::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    let name = label(item).unwrap_or_else(|| index.to_string());
                    self.path.push(Step::Item(name));
                    self.left_below(item, after);
                    self.path.pop();
                }
            }
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    fn remark(&mut self, rule: &'static str, place: Span, tail: &str, help: &str) {
        let remark = self.new_remark(rule, place, tail, help);
        self.remarks.push(remark);
    }

    fn new_remark(&self, rule: &'static str, place: Span, tail: &str, help: &str) -> Remark {
        Remark {
            rule,
            severity: Severity::Warning,
            place,
            head: match self.path.as_slice() {
                [] => "the top".to_owned(),
                path => format!("`{}`", shown(path)),
            },
            tail: tail.to_owned(),
            help: help.to_owned(),
            objects: Vec::new(),
        }
    }
}

impl Step {
    fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Item(_) => None,
        }
    }
}

impl<'k> Keys<'k> {
    /// The value of a key of an item; ports are TCP where they say nothing.
    fn value<'n>(item: &'n Node, key: &str) -> &'n str {
        let value = item.get(key).filter(is_there).and_then(Node::text);
        match value.unwrap_or_default() {
            "" if key == "protocol" => "TCP",
            text => text,
        }
    }

    /// The keys by which two items can be told to be the same.
    fn telling(self) -> impl Iterator<Item = &'k str> {
        self.0.iter().copied().filter(|key| *key != "protocol")
    }

    /// Whether two items may be meant to be the same: no key tells them apart.
    fn agree(self, one: &Node, other: &Node) -> bool {
        let mut is_told = false;
        let fits = self.0.iter().all(|key| {
            let (one, other) = (Self::value(one, key), Self::value(other, key));
            is_told |= !one.is_empty() && one == other && *key != "protocol";
            one.is_empty() || other.is_empty() || one == other
        });
        fits && is_told
    }

    /// The first key that an item lacks.
    fn missing(self, item: &Node) -> Option<&'k str> {
        let is_missing = |key: &&&str| {
            let value = item.get(key).filter(is_there).and_then(Node::text);
            value.is_none_or(str::is_empty)
        };
        self.0.iter().find(is_missing).copied()
    }

    fn label(self, item: &Node) -> String {
        let values = self.0.iter().filter_map(|key| item.get(key)?.text());
        let values: Vec<&str> = values.filter(|text| !text.is_empty()).collect();
        match values.is_empty() {
            true => label(item).unwrap_or_else(|| "?".to_owned()),
            false => values.join("/"),
        }
    }

    /// How to give an item the key that it lacks.
    fn help(self, item: &Node, meant: Option<&Node>) -> String {
        let Some(key) = self.missing(item) else {
            return "give every item of the list a key of its own".to_owned();
        };
        match meant.map_or("", |meant| Self::value(meant, key)) {
            "" => format!("add its `{key}`, as the object has it"),
            value => format!("add `{key}: {value}` to the item, as the object has it"),
        }
    }
}

/// A path as people write it: `spec.containers[web].image`.
pub(super) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Item(name) => {
                text.push('[');
                text.push_str(name);
                text.push(']');
            }
        }
    }
    text
}

/// The directives of a strategic merge patch.
fn is_directive(key: &str) -> bool {
    key == DIRECTIVE
        || key == "$retainKeys"
        || key.starts_with("$setElementOrder/")
        || key.starts_with("$deleteFromPrimitiveList/")
}

/// The value at a position, if it is not null.
fn value_at(entries: &[Entry], position: Option<usize>) -> Option<&Node> {
    position
        .map(|position| &entries[position].value)
        .filter(is_there)
}

fn is_there(node: &&Node) -> bool {
    !node.is_null()
}

/// Whether a null beside another field is there to make room for it: `valueFrom: null` beside a
/// `value`, `rollingUpdate: null` beside `type: Recreate`.
fn has_partner(patch: &Node, key: &str) -> bool {
    let others = patch
        .entries()
        .iter()
        .filter(|entry| !entry.value.is_null());
    let mut names = others.filter_map(|entry| entry.key.text());
    match key {
        "rollingUpdate" => names.any(|name| name == "type"),
        "value" => names.any(|name| name == "valueFrom"),
        "valueFrom" => names.any(|name| name == "value"),
        _ => super::one_of::are_alternatives(key, names),
    }
}

/// Whether a value of a patch leaves anything in the object.
fn contributes(patch: &Node) -> bool {
    match &patch.value {
        Value::Map(entries) => {
            !deletes(patch)
                && entries.iter().any(|entry| {
                    let is_directive = entry.key.text().is_some_and(is_directive);
                    !is_directive && contributes(&entry.value)
                })
        }
        Value::Seq(items) => items.iter().any(contributes),
        Value::Scalar(_) => !patch.is_null(),
        Value::Alias(_) => false,
    }
}

fn deletes(patch: &Node) -> bool {
    patch.get(DIRECTIVE).and_then(Node::text) == Some("delete")
}

/// Whether a list has all that the items of a patch say, in any order.
fn has_all<'n>(found: &[Node], items: impl Iterator<Item = &'n Node>) -> bool {
    let mut texts: Option<FxHashSet<&str>> = None;
    items.enumerate().all(|(place, item)| {
        // Most keep their place.
        if found.get(place).is_some_and(|other| contains(other, item)) {
            return true;
        }
        match item.text() {
            Some(text) => texts
                .get_or_insert_with(|| found.iter().filter_map(Node::text).collect())
                .contains(text),
            None => found.iter().any(|other| contains(other, item)),
        }
    })
}

/// Whether a value has all that a patch says.
fn contains(value: &Node, patch: &Node) -> bool {
    match (&value.value, &patch.value) {
        (Value::Map(_), Value::Map(entries)) => entries.iter().all(|entry| {
            let Some(key) = entry.key.text().filter(|key| !is_directive(key)) else {
                return true;
            };
            match value.get(key).filter(is_there) {
                None => !contributes(&entry.value),
                Some(_) if entry.value.is_null() || deletes(&entry.value) => false,
                Some(found) => contains(found, &entry.value),
            }
        }),
        (Value::Seq(found), Value::Seq(items)) => {
            let items = items.iter();
            has_all(found, items.filter(|item| item.get(DIRECTIVE).is_none()))
        }
        (Value::Scalar(ours), Value::Scalar(theirs)) => ours == theirs,
        _ => same(value, patch),
    }
}
