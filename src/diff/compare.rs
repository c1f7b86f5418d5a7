//! Compares two resources value by value.
//!
//! The comparison works on clear values; its result stays inside this module: it is classed and
//! masked before it is shown.

use rustc_hash::FxHashMap;

use super::api::Meaning;
use super::arguments::{Argument, arguments};
use super::class::Class;
use super::embedded::{document, place_within};
use super::found::{Found, Instead, What};
use super::lists::{Alignment, align};
use super::path::{Path, Step};
use super::renames::Renames;
use super::scalars::{Sameness, is_exact, is_same_in_text, own_tag, sameness};
use super::secret::{clear, is_secret};
use super::suspicion::Suspects;
use crate::resource::Resource;
use crate::yaml::{Entry, Node, Str, Tag, Value};

/// Below this, values are compared as wholes.
const DEPTH: usize = 200;

/// Compares two resources.
///
/// `is_split` says of a path whether what is below it must be told field by field, although all of
/// it is on one side only.
pub(super) fn compare(
    from: &Resource,
    to: &Resource,
    mapping: &Renames,
    suspects: &Suspects<'_>,
    is_split: &dyn Fn(&Path) -> bool,
) -> Vec<Found> {
    let gvk = &to.id().gvk;
    let mut comparer = Comparer {
        resource: to,
        mapping,
        suspects,
        is_split,
        path: Path::default(),
        holders: None,
        found: Vec::new(),
    };
    let meaning = Meaning::of_kind(&gvk.api_version(), &gvk.kind);
    comparer.values(&from.node, &to.node, meaning);
    comparer.found
}

/// Compares what two resources of different environments are called.
pub(super) fn compare_names(
    from: &Resource,
    to: &Resource,
    mapping: &Renames,
    suspects: &Suspects<'_>,
) -> Vec<(Class, Found)> {
    let has_names = |resource: &Resource| resource.node.get("metadata").is_some_and(Node::is_map);
    if !has_names(from) || !has_names(to) {
        return Vec::new();
    }
    let (a, b) = (from.id(), to.id());
    let class = |is_expected| match is_expected {
        true => Class::Expected,
        false => Class::Real,
    };
    let differs = |field: &str| {
        let value = |resource: &Resource| resource.node.at(&["metadata", field]).cloned();
        match (value(from), value(to)) {
            (Some(one), Some(other)) => !crate::yaml::same_data(&one, &other),
            (one, other) => one.is_some() != other.is_some(),
        }
    };
    let mut found = Vec::new();
    if differs("name") {
        let is_renamed = a.name != b.name;
        let is_expected = mapping.renames(a, b)
            || (a.gvk.kind == "Namespace" && mapping.namespace(&a.name) == b.name);
        let class = class(is_renamed && is_expected);
        found.push((class, called("name", What::Value, from, to)));
    }
    let (one, other) = (a.effective_namespace(), b.effective_namespace());
    if differs("namespace") {
        let class = class(one != other && mapping.namespace(one) == other);
        found.push((class, called("namespace", What::Value, from, to)));
    } else if let Some((side, expected)) = suspects.namespace(one) {
        let what = What::Same(side, expected);
        found.push((Class::Suspicious, called("namespace", what, from, to)));
    }
    found
}

fn called(field: &str, what: What, from: &Resource, to: &Resource) -> Found {
    let value = |resource: &'_ Resource| resource.node.at(&["metadata", field]).cloned();
    let path = ["metadata", field].map(|field| Step::Field(field.into()));
    let (one, other) = (
        from.node.at(&["metadata", field]),
        to.node.at(&["metadata", field]),
    );
    Found {
        path: Path(path.into()),
        what,
        from: value(from),
        to: value(to),
        is_embedded: false,
        is_secret: false,
        instead: instead(one, other),
    }
}

/// What makes the second side the first one, where a value stands.
fn instead(from: Option<&Node>, to: Option<&Node>) -> Vec<(usize, Instead)> {
    match (from, to) {
        (Some(from), Some(to)) => vec![(address(to), Instead::Value(from.clone()))],
        (Some(only), None) | (None, Some(only)) => vec![(address(only), Instead::Nothing)],
        (None, None) => Vec::new(),
    }
}

struct Comparer<'c> {
    resource: &'c Resource,
    mapping: &'c Renames,
    suspects: &'c Suspects<'c>,
    is_split: &'c dyn Fn(&Path) -> bool,
    path: Path,
    /// The texts that hold the documents that are compared, if they are in texts.
    holders: Option<[&'c Node; 2]>,
    found: Vec<Found>,
}

impl<'c> Comparer<'c> {
    fn values(&mut self, from: &Node, to: &Node, meaning: Meaning) {
        if self.path.0.len() > DEPTH {
            if !crate::yaml::same_data(from, to) {
                self.push(What::Value, Some(from), Some(to));
            }
            return;
        }
        let is_tagged = own_tag(from) != own_tag(to);
        match (&from.value, &to.value) {
            (Value::Scalar(_), Value::Scalar(_)) => self.scalars(from, to, meaning),
            (Value::Map(from), Value::Map(to)) if !is_tagged => self.maps(from, to, meaning),
            (Value::Seq(one), Value::Seq(other)) if !is_tagged => {
                self.lists(from, to, one, other, meaning);
            }
            _ => self.push(What::Value, Some(from), Some(to)),
        }
    }

    fn maps(&mut self, from: &[Entry], to: &[Entry], meaning: Meaning) {
        // The API has texts for keys; what else may read a document tells `1` from `"1"`.
        let is_embedded = self.holders.is_some();
        let key = |entry: &Entry| -> (Option<Tag>, Str) {
            let text = entry.key.text().unwrap_or_default();
            (is_embedded.then_some(entry.key.tag), text.into())
        };
        let index = |entries: &[Entry]| -> FxHashMap<(Option<Tag>, Str), usize> {
            entries.iter().map(key).zip(0..).collect()
        };
        let (known, others) = (index(to), index(from));
        for (number, entry) in from.iter().enumerate() {
            let name = key(entry);
            // Of a key that is there twice the last one counts.
            if others.get(&name) != Some(&number) || self.is_identity(&name.1) {
                continue;
            }
            let twin = known.get(&name).map(|&at| &to[at]);
            let field = meaning.field(&name.1);
            self.within(Step::Field(name.1), |it| match twin {
                Some(twin) => {
                    if is_embedded && !is_same_in_text(&entry.key, &twin.key) {
                        it.push(What::Value, Some(&entry.key), Some(&twin.key));
                    }
                    it.values(&entry.value, &twin.value, field);
                }
                None => it.one_side(Some(&entry.value), None, meaning),
            });
        }
        for (number, entry) in to.iter().enumerate() {
            let name = key(entry);
            let is_last = known.get(&name) == Some(&number);
            if is_last && !others.contains_key(&name) && !self.is_identity(&name.1) {
                self.within(Step::Field(name.1), |it| {
                    it.one_side(None, Some(&entry.value), meaning);
                });
            }
        }
    }

    /// Name and namespace are what resources of two environments are matched by; they are compared
    /// with them.
    fn is_identity(&self, key: &str) -> bool {
        self.mapping.is_of_environments()
            && matches!(key, "name" | "namespace")
            && self.path.is(&["metadata"])
    }

    /// A field that is there on one side only, of an object of a meaning.
    fn one_side(&mut self, from: Option<&Node>, to: Option<&Node>, holder: Meaning) {
        let Some(node) = from.or(to) else { return };
        let is_foreign = self.holders.is_some();
        if node.is_null() && holder.drops_null() && !is_foreign {
            return;
        }
        if node.is_map() && !node.entries().is_empty() && (self.is_split)(&self.path) {
            for entry in node.entries() {
                let (name, value) = (entry.key.text().unwrap_or_default(), Some(&entry.value));
                let (one, other) = if from.is_some() {
                    (value, None)
                } else {
                    (None, value)
                };
                self.within(Step::Field(name.into()), |it| {
                    it.one_side(one, other, Meaning::Free);
                });
            }
            return;
        }
        self.push(What::Value, from, to);
    }

    fn lists(&mut self, from: &Node, to: &Node, one: &[Node], other: &[Node], meaning: Meaning) {
        let is_command = matches!(self.path.fields().next_back(), Some("args" | "command"));
        if is_command
            && let (Some(one), Some(other)) = (arguments(one), arguments(other))
            && one.iter().chain(&other).any(|it| it.flag.is_some())
        {
            return self.command_lines([from, to], &one, &other, meaning);
        }
        let aligned = align(one, other, meaning, self.mapping);
        if aligned.is_reordered {
            let pairs = aligned.pairs.iter().map(|(_, a, b)| (*a, *b)).collect();
            self.reordered([from, to], pairs, aligned.order_counts);
        }
        self.aligned(aligned, one, other, meaning.item());
    }

    fn aligned(&mut self, aligned: Alignment, from: &[Node], to: &[Node], item: Meaning) {
        for (step, a, b) in aligned.pairs {
            self.within(step, |it| it.values(&from[a], &to[b], item));
        }
        for (step, a) in aligned.removed {
            self.within(step, |it| it.push(What::Value, Some(&from[a]), None));
        }
        for (step, b) in aligned.added {
            self.within(step, |it| it.push(What::Value, None, Some(&to[b])));
        }
    }

    /// Two lists of which these items are the same, in another order.
    fn reordered(&mut self, lists: [&Node; 2], mut pairs: Vec<(usize, usize)>, counts: bool) {
        pairs.sort_unstable();
        let mut order: Vec<usize> = pairs.iter().map(|pair| pair.1).collect();
        let mut is_paired = vec![false; lists[1].items().len()];
        order.iter().for_each(|&at| is_paired[at] = true);
        order.extend((0..is_paired.len()).filter(|&at| !is_paired[at]));
        let [from, to] = lists.map(named_items);
        self.push(What::Order { counts }, Some(&from), Some(&to));
        if let Some(found) = self.found.last_mut().filter(|_| self.holders.is_none()) {
            found.instead = vec![(address(lists[1]), Instead::Order(order))];
        }
    }

    fn within(&mut self, step: Step, work: impl FnOnce(&mut Self)) {
        self.path.0.push(step);
        work(self);
        self.path.0.pop();
    }

    /// Flags by their names, the words between them by their order.
    fn command_lines(
        &mut self,
        lists: [&Node; 2],
        from: &[Argument<'_>],
        to: &[Argument<'_>],
        meaning: Meaning,
    ) {
        let index = |list: &[Argument<'_>]| -> FxHashMap<Str, usize> {
            let flags = list.iter().zip(0..);
            flags
                .filter_map(|(it, at)| Some((it.flag.clone()?, at)))
                .collect()
        };
        let (known, others) = (index(to), index(from));
        // Which argument of one side is which of the other, by their numbers.
        let mut pairs = Vec::new();
        for (number, argument) in from.iter().enumerate() {
            let Some(flag) = &argument.flag else { continue };
            let twin = known.get(flag).map(|&at| (at, &to[at]));
            pairs.extend(twin.map(|(at, _)| (number, at)));
            self.within(Step::Item(flag.clone()), |it| match twin {
                Some((_, twin)) => it.flags(argument, twin, meaning.item()),
                None => it.argument_alone(Some(argument), None),
            });
        }
        for argument in to {
            let flag = argument
                .flag
                .as_ref()
                .filter(|flag| !others.contains_key(*flag));
            if let Some(flag) = flag {
                self.within(Step::Item(flag.clone()), |it| {
                    it.argument_alone(None, Some(argument));
                });
            }
        }
        let words = |list: &[Argument<'_>]| -> (Vec<usize>, Vec<Node>) {
            let words = list.iter().enumerate().filter(|(_, it)| it.flag.is_none());
            words.map(|(at, it)| (at, it.value.clone())).unzip()
        };
        let ((numbers, one), (others, other)) = (words(from), words(to));
        let aligned = align(&one, &other, meaning, self.mapping);
        let of_words = aligned.pairs.iter();
        pairs.extend(of_words.map(|(_, a, b)| (numbers[*a], others[*b])));
        pairs.sort_unstable();
        if !pairs.is_sorted_by_key(|pair| pair.1) {
            let [from, to] = lists.map(named_items);
            self.push(What::Order { counts: true }, Some(&from), Some(&to));
        }
        let before = self.found.len();
        self.aligned(aligned, &one, &other, meaning.item());
        for found in &mut self.found[before..] {
            found.instead.clear();
        }
    }

    /// A flag that one side has; its words are not shown if it is not.
    fn argument_alone(&mut self, from: Option<&Argument<'_>>, to: Option<&Argument<'_>>) {
        self.push(
            What::Value,
            from.map(|it| &it.value),
            to.map(|it| &it.value),
        );
        let words = from.or(to).map_or(&[][..], |argument| argument.words);
        if let Some(found) = self.found.last_mut() {
            let nothing = words.iter().map(|word| (address(word), Instead::Nothing));
            found.instead = nothing.collect();
        }
    }

    /// A flag on both sides: by its value, unless it is written otherwise.
    fn flags(&mut self, from: &Argument<'_>, to: &Argument<'_>, meaning: Meaning) {
        let words = from.words.iter().zip(to.words);
        let is_same =
            from.words.len() == to.words.len() && words.clone().all(|(a, b)| is_exact(a, b));
        if is_same {
            return self.scalars(&from.value, &to.value, meaning);
        }
        let before = self.found.len();
        if from.words.len() == to.words.len() {
            self.scalars(&from.value, &to.value, meaning);
        }
        if before == self.found.len() {
            let (from, to) = (from.whole(), to.whole());
            self.push(What::Value, Some(&from), Some(&to));
        }
        // In the whole list the value stands in its words.
        let instead: Vec<(usize, Instead)> = match from.words.len() == to.words.len() {
            true => words
                .map(|(from, to)| (address(to), Instead::Value(from.clone())))
                .collect(),
            false => Vec::new(),
        };
        for found in &mut self.found[before..] {
            found.instead.clone_from(&instead);
        }
    }

    fn scalars(&mut self, from: &Node, to: &Node, meaning: Meaning) {
        if self.holders.is_some() {
            return match is_same_in_text(from, to) {
                true => self.suspect(from, to),
                false => self.texts(from, to),
            };
        }
        if from.is_null() != to.is_null() {
            let given = |node| Some(node).filter(|node: &&Node| !node.is_null());
            return self.push(What::Value, given(from), given(to));
        }
        if is_secret(self.resource, &self.path) {
            return self.secrets(from, to);
        }
        match sameness(from, to, meaning) {
            Sameness::Same => self.suspect(from, to),
            Sameness::Spelling => self.push(What::Form, Some(from), Some(to)),
            Sameness::Different => self.texts(from, to),
        }
    }

    /// A value that is the same on both sides, and perhaps should not be.
    fn suspect(&mut self, from: &Node, to: &Node) {
        let is_embedded = self.holders.is_some();
        let suspect = self
            .suspects
            .at(self.resource, &self.path, from, is_embedded);
        if let Some((side, expected)) = suspect {
            self.push(What::Same(side, expected), Some(from), Some(to));
        }
    }

    /// Secrets are compared by what they are, however they are encoded.
    fn secrets(&mut self, from: &Node, to: &Node) {
        if from.tag != to.tag || clear(&self.path, from) != clear(&self.path, to) {
            self.push(What::Value, Some(from), Some(to));
        } else if from.text() != to.text() {
            self.push(What::Form, Some(from), Some(to));
        }
    }

    /// Texts that differ: as documents, if they are that.
    fn texts(&mut self, from: &Node, to: &Node) {
        let name = self.path.fields().next_back().unwrap_or_default();
        let parsed = |node: &Node| document(name, node.as_str()?);
        let documents = parsed(from).zip(parsed(to));
        let Some((one, other)) = documents.filter(|(one, other)| one.is_like(other)) else {
            return self.push(What::Value, Some(from), Some(to));
        };
        let before = self.found.len();
        if self.holders.is_some() {
            // A document in a document is compared, too, but its places are its holder's.
            self.values(&one.node, &other.node, Meaning::Free);
        } else {
            self.inside([from, to], &one.node, &other.node);
        }
        if before == self.found.len() {
            let is_layout = self.holds_documents() && one.says_the_same(&other);
            let what = if is_layout { What::Form } else { What::Value };
            self.push(what, Some(from), Some(to));
        }
    }

    /// Compares the documents that two texts are.
    fn inside(&mut self, holders: [&Node; 2], one: &Node, other: &Node) {
        let mut inner = Comparer {
            resource: self.resource,
            mapping: self.mapping,
            suspects: self.suspects,
            is_split: self.is_split,
            path: std::mem::take(&mut self.path),
            holders: Some(holders),
            found: Vec::new(),
        };
        inner.values(one, other, Meaning::Free);
        self.path = inner.path;
        self.found.extend(inner.found);
    }

    /// Whether texts here are known to be read as documents: elsewhere a comment may be a script's.
    fn holds_documents(&self) -> bool {
        let gvk = &self.resource.id().gvk;
        let first = self.path.fields().next();
        (gvk.kind == "ConfigMap" && gvk.group.is_empty() && first == Some("data"))
            || self.path.fields().take(2).eq(["metadata", "annotations"])
    }

    fn push(&mut self, what: What, from: Option<&Node>, to: Option<&Node>) {
        let placed = |side: usize, node: Option<&Node>| {
            let mut node = node?.clone();
            if let Some(holders) = &self.holders {
                node.span = place_within(holders[side], node.span);
            }
            Some(node)
        };
        let instead = match self.holders {
            Some([from, to]) => instead(Some(from), Some(to)),
            None => instead(from, to),
        };
        self.found.push(Found {
            is_secret: self.holders.is_none() && is_secret(self.resource, &self.path),
            is_embedded: self.holders.is_some(),
            instead,
            from: placed(0, from),
            to: placed(1, to),
            path: self.path.clone(),
            what,
        });
    }
}

/// The items of a list on one line, by what they are called; the list itself if they have no names.
fn named_items(list: &Node) -> Node {
    let name = |item: &Node| {
        let name = match item.is_map() {
            true => super::lists::IDENTITIES
                .iter()
                .find_map(|key| item.get(key)?.text()),
            false => item.text().filter(|text| !text.contains('\n')),
        };
        name.map(str::to_owned)
    };
    let names: Option<Vec<String>> = list.items().iter().map(name).collect();
    match names {
        Some(names) => Node {
            span: list.span,
            ..Node::string(names.join(", "))
        },
        None => list.clone(),
    }
}

/// Where a value is in memory: values are shown as they are but for some, which are found by this.
pub(super) fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}
