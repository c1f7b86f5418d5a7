//! Two resources, value by value.
//!
//! What is found here is found on clear values, and belongs to nobody outside of this room: it is
//! classed and masked before it is shown.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustc_hash::FxHashMap;

use super::arguments::{Argument, arguments};
use super::embedded::{document, place_within};
use super::folding::Class;
use super::lists::{Alignment, align};
use super::mapping::{Mapping, Side};
use super::path::{Path, Step};
use super::scalars::same;
use super::suspicion::Suspects;
use crate::resource::Resource;
use crate::schema::{Definition, Schema};
use crate::yaml::{Entry, Node, Str, Value};

/// Below this, values are compared as wholes.
const DEPTH: usize = 200;

/// A difference, before it is classed and masked.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: Path,
    pub(super) what: What,
    pub(super) from: Option<Node>,
    pub(super) to: Option<Node>,
    /// Where it is inside of a text.
    pub(super) is_embedded: bool,
    /// Whether all of it is a secret.
    pub(super) is_secret: bool,
    /// Where the second side's value is in memory, and what stands there in the first side's words.
    pub(super) instead: Option<(usize, Node)>,
}

/// What kind of difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A value that is there on one side, or another one.
    Value,
    /// A text that means the same and is written otherwise.
    Form,
    /// Another order of items.
    Order {
        /// Whether the order means nothing.
        is_set: bool,
    },
    /// The same where something else was to be expected: which side, and what.
    Same(Side, Str),
}

/// Compares two resources.
pub(super) fn compare(
    from: &Resource,
    to: &Resource,
    schema: &Schema,
    mapping: &Mapping,
    suspects: &Suspects<'_>,
) -> Vec<Found> {
    let gvk = &to.id().gvk;
    let mut comparer = Comparer {
        resource: to,
        mapping,
        suspects,
        path: Path::default(),
        holders: None,
        found: Vec::new(),
    };
    let definition = schema.definition(&gvk.api_version(), &gvk.kind);
    comparer.values(&from.node, &to.node, definition);
    comparer.found
}

/// Compares what two resources are called.
pub(super) fn compare_names(
    from: &Resource,
    to: &Resource,
    mapping: &Mapping,
    suspects: &Suspects<'_>,
) -> Vec<(Class, Found)> {
    let (a, b) = (from.id(), to.id());
    let class = |is_expected| {
        if is_expected {
            Class::Expected
        } else {
            Class::Real
        }
    };
    let mut found = Vec::new();
    if a.name != b.name {
        let is_expected = mapping.renames(a, b)
            || (a.gvk.kind == "Namespace" && mapping.namespace(&a.name) == b.name);
        found.push((class(is_expected), called("name", What::Value, from, to)));
    }
    let (one, other) = (a.effective_namespace(), b.effective_namespace());
    if one != other {
        let is_expected = mapping.namespace(one) == other;
        found.push((
            class(is_expected),
            called("namespace", What::Value, from, to),
        ));
    } else if let Some((side, expected)) = suspects.namespace(one) {
        let what = What::Same(side, expected);
        found.push((Class::Suspicious, called("namespace", what, from, to)));
    }
    found
}

fn called(field: &str, what: What, from: &Resource, to: &Resource) -> Found {
    let value = |resource: &'_ Resource| resource.node.at(&["metadata", field]).cloned();
    Found {
        path: Path(
            ["metadata", field]
                .map(|field| Step::Field(field.into()))
                .into(),
        ),
        what,
        from: value(from),
        to: value(to),
        is_embedded: false,
        is_secret: false,
        instead: to
            .node
            .at(&["metadata", field])
            .map(address)
            .zip(value(from)),
    }
}

struct Comparer<'c> {
    resource: &'c Resource,
    mapping: &'c Mapping,
    suspects: &'c Suspects<'c>,
    path: Path,
    /// The texts that hold the documents that are compared, if they are in texts.
    holders: Option<[Node; 2]>,
    found: Vec<Found>,
}

impl Comparer<'_> {
    fn values(&mut self, from: &Node, to: &Node, definition: Option<Definition<'_>>) {
        if self.path.0.len() > DEPTH {
            if !crate::yaml::same_data(from, to) {
                self.push(What::Value, Some(from), Some(to));
            }
            return;
        }
        match (&from.value, &to.value) {
            (Value::Map(from), Value::Map(to)) => self.maps(from, to, definition),
            (Value::Seq(one), Value::Seq(other)) => self.lists(from, to, one, other, definition),
            (Value::Scalar(_), Value::Scalar(_)) => self.scalars(from, to),
            _ => self.push(What::Value, Some(from), Some(to)),
        }
    }

    fn maps(&mut self, from: &[Entry], to: &[Entry], definition: Option<Definition<'_>>) {
        let key = |entry: &Entry| Str::from(entry.key.text().unwrap_or_default());
        let index = |entries: &[Entry]| -> FxHashMap<Str, usize> {
            entries.iter().map(key).zip(0..).collect()
        };
        let (known, others) = (index(to), index(from));
        for (number, entry) in from.iter().enumerate() {
            let name = key(entry);
            // Of a key that is there twice the last one counts.
            if others.get(&name) != Some(&number) || self.is_identity(&name) {
                continue;
            }
            let twin = known.get(&name).map(|&at| &to[at].value);
            let definition = definition.and_then(|definition| definition.field(&name));
            self.within(Step::Field(name), |it| match twin {
                Some(twin) => it.values(&entry.value, twin, definition),
                None => it.one_side(Some(&entry.value), None),
            });
        }
        for (number, entry) in to.iter().enumerate() {
            let name = key(entry);
            let is_last = known.get(&name) == Some(&number);
            if is_last && !others.contains_key(&name) && !self.is_identity(&name) {
                self.within(Step::Field(name), |it| {
                    it.one_side(None, Some(&entry.value))
                });
            }
        }
    }

    /// Name and namespace are what resources are matched by; they are compared with them.
    fn is_identity(&self, key: &str) -> bool {
        matches!(key, "name" | "namespace") && self.path.is(&["metadata"])
    }

    /// A value that is there on one side only; null is as good as absent, and so is the protocol
    /// that Kubernetes takes for a port that names none.
    fn one_side(&mut self, from: Option<&Node>, to: Option<&Node>) {
        let node = from.or(to);
        let is_protocol = || self.path.ending() == "ports.protocol" && self.holders.is_none();
        let is_default = node.and_then(Node::text) == Some("TCP") && is_protocol();
        if node.is_some_and(|node| !node.is_null()) && !is_default {
            self.push(What::Value, from, to);
        }
    }

    fn lists(
        &mut self,
        from: &Node,
        to: &Node,
        one: &[Node],
        other: &[Node],
        definition: Option<Definition<'_>>,
    ) {
        let is_command = matches!(self.path.fields().next_back(), Some("args" | "command"));
        if is_command
            && let (Some(one), Some(other)) = (arguments(one), arguments(other))
            && one.iter().chain(&other).any(|it| it.flag.is_some())
        {
            return self.command_lines([from, to], &one, &other);
        }
        let field = self.path.fields().next_back().unwrap_or_default();
        let aligned = align(field, one, other, definition, self.mapping);
        let item = definition.and_then(Definition::item);
        if aligned.is_reordered {
            let is_set = aligned.is_set;
            self.push(What::Order { is_set }, Some(from), Some(to));
        }
        self.aligned(aligned, one, other, item);
    }

    fn aligned(
        &mut self,
        aligned: Alignment,
        from: &[Node],
        to: &[Node],
        item: Option<Definition<'_>>,
    ) {
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

    fn within(&mut self, step: Step, work: impl FnOnce(&mut Self)) {
        self.path.0.push(step);
        work(self);
        self.path.0.pop();
    }

    /// Flags by their names, the words between them by their order.
    fn command_lines(&mut self, lists: [&Node; 2], from: &[Argument<'_>], to: &[Argument<'_>]) {
        let index = |list: &[Argument<'_>]| -> FxHashMap<Str, usize> {
            let flags = list.iter().zip(0..);
            flags
                .filter_map(|(it, at)| Some((it.flag.clone()?, at)))
                .collect()
        };
        let (known, others) = (index(to), index(from));
        let mut places = Vec::new();
        for argument in from {
            let Some(flag) = &argument.flag else { continue };
            let twin = known.get(flag).map(|&at| (at, &to[at]));
            places.extend(twin.map(|(at, _)| at));
            self.within(Step::Item(flag.clone()), |it| match twin {
                Some((_, twin)) => it.flags(argument, twin),
                None => it.push(What::Value, Some(&argument.value), None),
            });
        }
        for argument in to {
            let flag = argument
                .flag
                .as_ref()
                .filter(|flag| !others.contains_key(*flag));
            if let Some(flag) = flag {
                self.within(Step::Item(flag.clone()), |it| {
                    it.push(What::Value, None, Some(&argument.value));
                });
            }
        }
        let words = |list: &[Argument<'_>]| -> Vec<Node> {
            let words = list.iter().filter(|it| it.flag.is_none());
            words.map(|it| it.value.clone()).collect()
        };
        let (one, other) = (words(from), words(to));
        let aligned = align("", &one, &other, None, self.mapping);
        if aligned.is_reordered || !places.is_sorted() {
            self.push(
                What::Order { is_set: false },
                Some(lists[0]),
                Some(lists[1]),
            );
        }
        self.aligned(aligned, &one, &other, None);
    }

    /// A flag on both sides: by its value, unless it is written otherwise.
    fn flags(&mut self, from: &Argument<'_>, to: &Argument<'_>) {
        if from.words.len() != to.words.len() && same(&from.value, &to.value, &Path::default()) {
            let (from, to) = (from.whole(), to.whole());
            return self.push(What::Value, Some(&from), Some(&to));
        }
        let before = self.found.len();
        self.scalars(&from.value, &to.value);
        // In the whole list the value stands in its word.
        let word = |argument: &Argument<'_>| {
            argument
                .words
                .last()
                .map(|word| (address(word), word.clone()))
        };
        for found in &mut self.found[before..] {
            found.instead = word(to)
                .zip(word(from))
                .map(|((at, _), (_, word))| (at, word));
        }
    }

    fn scalars(&mut self, from: &Node, to: &Node) {
        if from.is_null() || to.is_null() {
            if from.is_null() != to.is_null() {
                let given = |node| Some(node).filter(|node: &&Node| !node.is_null());
                self.push(What::Value, given(from), given(to));
            }
            return;
        }
        if self.holders.is_none() && is_secret(self.resource, &self.path) {
            self.secrets(from, to);
        } else if !same(from, to, &self.path) {
            self.texts(from, to);
        } else if let Some((side, expected)) =
            self.suspects
                .at(self.resource, &self.path, from, self.holders.is_some())
        {
            self.push(What::Same(side, expected), Some(from), Some(to));
        }
    }

    /// Secrets are compared by what they are, however they are encoded.
    fn secrets(&mut self, from: &Node, to: &Node) {
        let (clear_from, clear_to) = (clear(&self.path, from), clear(&self.path, to));
        if clear_from != clear_to {
            self.push(What::Value, Some(from), Some(to));
        }
    }

    /// Texts that differ: as documents, if they are that.
    fn texts(&mut self, from: &Node, to: &Node) {
        let name = self.path.fields().next_back().unwrap_or_default();
        let parsed = |node: &Node| document(name, node.as_str()?);
        let (Some(one), Some(other)) = (parsed(from), parsed(to)) else {
            return self.push(What::Value, Some(from), Some(to));
        };
        if self.holders.is_some() {
            // A document in a document is compared, too, but its places are its holder's.
            let before = self.found.len();
            self.values(&one, &other, None);
            if before == self.found.len() {
                self.push(What::Form, Some(from), Some(to));
            }
            return;
        }
        let before = self.found.len();
        self.holders = Some([from.clone(), to.clone()]);
        self.values(&one, &other, None);
        self.holders = None;
        if before == self.found.len() {
            self.push(What::Form, Some(from), Some(to));
        }
    }

    fn push(&mut self, what: What, from: Option<&Node>, to: Option<&Node>) {
        let placed = |side: usize, node: Option<&Node>| {
            let mut node = node?.clone();
            if let Some(holders) = &self.holders {
                node.span = place_within(&holders[side], node.span);
            }
            Some(node)
        };
        self.found.push(Found {
            is_secret: self.holders.is_none() && is_secret(self.resource, &self.path),
            is_embedded: self.holders.is_some(),
            instead: to
                .filter(|_| self.holders.is_none())
                .map(address)
                .zip(from.cloned()),
            from: placed(0, from),
            to: placed(1, to),
            path: self.path.clone(),
            what,
        });
    }
}

/// Where a value is in memory: values are shown as they are but for some, which are found by this.
pub(super) fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

/// Whether a value is a secret because of where it stands.
pub(super) fn is_secret(resource: &Resource, path: &Path) -> bool {
    let gvk = &resource.id().gvk;
    let mut fields = path.fields();
    let in_secret = gvk.kind == "Secret"
        && gvk.group.is_empty()
        && matches!(fields.next(), Some("data" | "stringData"))
        && fields.next().is_some();
    in_secret || path.fields().next_back() == Some(LAST_APPLIED)
}

/// The annotation in which `kubectl apply` keeps the whole object, secrets and all.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A secret as it is used: what is in `data` is base64.
pub(super) fn clear(path: &Path, node: &Node) -> Vec<u8> {
    let text = node.text().unwrap_or_default();
    if path.fields().next() == Some("data") {
        decoded(text).unwrap_or_else(|| text.into())
    } else {
        text.into()
    }
}

/// Base64 with white space anywhere, padded or not.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bare: String = text.split_whitespace().collect();
    GeneralPurpose::new(&STANDARD, lenient).decode(bare).ok()
}
