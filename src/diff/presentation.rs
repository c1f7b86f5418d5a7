//! Turns what the comparison found into the public [`Diff`]: sorted, with places,
//! without secrets.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::class::{Class, class_alone};
use super::found::{Found, Instead, What};
use super::ignore::Ignored;
use super::masking::{Masker, printed, secret_values};
use super::matching::{Matching, generated_name};
use super::path::Path;
use super::renames::without_hash;
use super::scalars::own_tag;
use super::secret::{clear, is_mask};
use super::{Change, Detail, Diff, Document, Input, Name, Op, Options, Shown, Sides, Subject};
use crate::finding::Finding;
use crate::resource::Resource;
use crate::yaml::{Node, Style, Tag};

/// Two resources that are the same, and what differs in them.
pub(super) struct Pair<'r> {
    from: &'r Resource,
    to: &'r Resource,
    subject: Arc<Subject>,
    found: Vec<Classed>,
}

/// What was found, its class, and why it is ignored.
type Classed = (Class, Found, Option<String>);

impl<'r> Pair<'r> {
    pub(super) fn new(
        from: &'r Resource,
        to: &'r Resource,
        subject: Subject,
        found: Vec<Classed>,
    ) -> Self {
        Self {
            from,
            to,
            subject: Arc::new(subject),
            found,
        }
    }

    fn has(&self, is: impl Fn(Class) -> bool) -> bool {
        self.found.iter().any(|(class, ..)| is(*class))
    }
}

/// A resource that one side has.
struct Alone<'r> {
    op: Op,
    resource: &'r Resource,
    subject: Arc<Subject>,
    class: Class,
    reason: Option<String>,
}

/// Tells what was found.
pub(super) fn present(
    from: Input<'_>,
    to: Input<'_>,
    options: &Options<'_>,
    matching: &Matching,
    pairs: Vec<Pair<'_>>,
    ignored: &Ignored<'_>,
) -> Diff {
    let mut teller = Presenter {
        from,
        to,
        masker: Masker::new(options.masking),
        detail: options.detail,
    };
    let alone: Vec<Alone<'_>> = only(&matching.only_from, Op::Removed, from, ignored)
        .chain(only(&matching.only_to, Op::Added, to, ignored))
        .collect();
    teller.learn(options, &pairs, &alone);
    let findings = if options.sides == Sides::Environments && from.name != to.name {
        shared_secrets(from, to, options)
    } else {
        Vec::new()
    };
    let mut changes: Vec<Change> = alone.iter().map(|it| teller.alone(it)).collect();
    changes.sort_by(|a, b| a.subject.cmp(&b.subject));
    let mut found: Vec<(Class, &Pair<'_>, &Classed)> = pairs
        .iter()
        .flat_map(|pair| pair.found.iter().map(move |found| (found.0, pair, found)))
        .collect();
    found.sort_by(|(a, one, _), (b, other, _)| (a, &one.subject).cmp(&(b, &other.subject)));
    changes.extend(
        found
            .into_iter()
            .map(|(_, pair, found)| teller.change(pair, found)),
    );
    let shows = |class| options.detail.shows(class) && class != Class::Suspicious;
    let whole = alone.iter().filter(|it| shows(it.class));
    let mut documents: Vec<Document> = whole.map(|it| teller.whole(it)).collect();
    let told = pairs.iter().filter(|pair| pair.has(shows));
    documents.extend(told.map(|pair| teller.document(pair)));
    documents.sort_by(|a, b| a.subject.cmp(&b.subject));
    Diff {
        sides: options.sides,
        from: from.name.to_owned(),
        to: to.name.to_owned(),
        matched: matching.pairs.len(),
        mapping: matching.mapping.clone(),
        changes,
        documents,
        findings,
        detail: options.detail,
    }
}

struct Presenter<'t> {
    from: Input<'t>,
    to: Input<'t>,
    masker: Masker,
    detail: Detail,
}

impl Presenter<'_> {
    /// Gathers the secrets that could be seen: those of all Secrets, and what is one in a resource
    /// that is shown.
    fn learn(&mut self, options: &Options<'_>, pairs: &[Pair<'_>], alone: &[Alone<'_>]) {
        if options.masking.show {
            return;
        }
        for resource in self.from.resources.iter().chain(self.to.resources) {
            self.masker.learn_secret(resource, options.secrets);
            self.masker.learn_substituted(resource, options.secrets);
        }
        let shown = pairs
            .iter()
            .filter(|pair| pair.has(|class| class != Class::Expected));
        let shown = shown.flat_map(|pair| [pair.from, pair.to]);
        for resource in shown.chain(alone.iter().map(|it| it.resource)) {
            self.masker.learn_manifest(&resource.node, options.secrets);
        }
        self.masker.finish();
    }

    fn change(&mut self, pair: &Pair<'_>, (class, found, reason): &Classed) -> Change {
        let path = &found.path;
        let mut from = self.shown(self.from, pair.from, path, found.from.as_ref());
        let mut to = self.shown(self.to, pair.to, path, found.to.as_ref());
        let expected = match &found.what {
            What::Same(side, expected) => Some((*side, expected.to_string())),
            _ => None,
        };
        let op = match (&found.what, &from, &to) {
            (What::Form, ..) => Op::Reformatted,
            (What::Order { .. }, ..) => Op::Reordered,
            (What::Same(..), ..) => Op::Same,
            (What::Value, None, _) => Op::Added,
            (What::Value, _, None) => Op::Removed,
            (What::Value, ..) => Op::Changed,
        };
        if op != Op::Same
            && let (Some(one), Some(other)) = (&mut from, &mut to)
            && one.text == other.text
        {
            tell_apart([found.from.as_ref(), found.to.as_ref()], [one, other]);
        }
        Change {
            op,
            class: *class,
            subject: Arc::clone(&pair.subject),
            path: self.masked_path(path),
            from,
            to,
            expected,
            reason: reason.clone(),
        }
    }

    fn alone(&mut self, alone: &Alone<'_>) -> Change {
        let input = match alone.op {
            Op::Removed => self.from,
            _ => self.to,
        };
        let path = Path::default();
        let node = Some(&alone.resource.node);
        let shown = self.shown(input, alone.resource, &path, node);
        let (from, to) = one_sided(alone.op, shown);
        Change {
            op: alone.op,
            class: alone.class,
            subject: Arc::clone(&alone.subject),
            path,
            from,
            to,
            expected: None,
            reason: alone.reason.clone(),
        }
    }

    fn shown(
        &mut self,
        input: Input<'_>,
        resource: &Resource,
        path: &Path,
        node: Option<&Node>,
    ) -> Option<Shown> {
        let node = node?;
        Some(Shown {
            place: (input.place)(node.span),
            ..self.masker.shown(resource, path, node)
        })
    }

    /// A path can hold a secret, too: the word that tells an item from its neighbours.
    fn masked_path(&mut self, path: &Path) -> Path {
        let steps = path
            .0
            .iter()
            .map(|step| step.map(|name| self.masker.text(name).into()));
        Path(steps.collect())
    }

    fn whole(&mut self, alone: &Alone<'_>) -> Document {
        let text = self.yaml(alone.resource, &FxHashMap::default());
        let (from, to) = one_sided(alone.op, Some(text));
        Document {
            subject: Arc::clone(&alone.subject),
            from: from.unwrap_or_default(),
            to: to.unwrap_or_default(),
        }
    }

    fn document(&mut self, pair: &Pair<'_>) -> Document {
        let shows = |class| self.detail.shows(class);
        // A text of which something is shown is shown whole.
        let shown = pair.found.iter().filter(|(class, ..)| shows(*class));
        let kept: FxHashSet<usize> = shown
            .filter(|(_, found, _)| found.is_embedded)
            .flat_map(|(_, found, _)| found.instead.iter().map(|(at, _)| *at))
            .collect();
        let hidden = pair.found.iter().filter(|(class, ..)| !shows(*class));
        let instead: FxHashMap<usize, &Instead> = hidden
            .flat_map(|(_, found, _)| found.instead.iter().map(|(at, value)| (*at, value)))
            .filter(|(at, _)| !kept.contains(at))
            .collect();
        Document {
            subject: Arc::clone(&pair.subject),
            from: self.yaml(pair.from, &instead),
            to: self.yaml(pair.to, &instead),
        }
    }

    fn yaml(&mut self, resource: &Resource, instead: &FxHashMap<usize, &Instead>) -> String {
        let node = self
            .masker
            .node(resource, &mut Path::default(), &resource.node, instead);
        let mut text = printed(&node);
        text.push('\n');
        text
    }
}

fn only<'r>(
    numbers: &'r [usize],
    op: Op,
    input: Input<'r>,
    ignored: &'r Ignored<'_>,
) -> impl Iterator<Item = Alone<'r>> {
    numbers.iter().map(move |&number| {
        let resource = &input.resources[number];
        let (from, to) = one_sided(op, Some(resource));
        let subject = subject(from, to);
        let entry = ignored.find(&subject, &Path::default());
        Alone {
            op,
            resource,
            subject: Arc::new(subject),
            class: entry.map_or_else(|| class_alone(resource), |_| Class::Ignored),
            reason: entry.and_then(|entry| entry.reason.clone()),
        }
    })
}

/// Makes two values that differ and are shown alike be shown otherwise: by their types, or as
/// before and after where what differs is hidden.
fn tell_apart(nodes: [Option<&Node>; 2], shown: [&mut Shown; 2]) {
    fn manner(node: &Node) -> Option<&str> {
        Some(match node.tag {
            Tag::Null => "null",
            Tag::Bool => "true or false",
            Tag::Int | Tag::Float => "number",
            Tag::Timestamp => "date",
            Tag::Binary => "binary",
            Tag::Map => "map",
            Tag::Seq => "list",
            Tag::Str | Tag::Merge if node.style == Style::Plain => "plain text",
            Tag::Str | Tag::Merge => "quoted text",
            Tag::Other => own_tag(node)?,
        })
    }
    let words = match nodes.map(|node| manner(node?)) {
        [Some(one), Some(other)] if one != other => [one.to_owned(), other.to_owned()],
        _ => ["before", "after"].map(str::to_owned),
    };
    for (shown, word) in shown.into_iter().zip(words) {
        let text = match &shown.exact {
            // Quotes would only say that it is one.
            Some(exact) if word == "plain text" => exact,
            _ => &shown.text,
        };
        shown.text = format!("{} ({word})", text.trim_end_matches('\n'));
        shown.exact = None;
    }
}

fn one_sided<T>(op: Op, value: Option<T>) -> (Option<T>, Option<T>) {
    match op {
        Op::Removed => (value, None),
        _ => (None, value),
    }
}

/// What a resource is called on both sides; one without a name goes by what its name begins with.
pub(super) fn subject(from: Option<&Resource>, to: Option<&Resource>) -> Subject {
    let name = |resource: &Resource| Name {
        namespace: resource.id().namespace.to_string(),
        name: match without_hash(resource.id()) {
            "" => generated_name(resource).to_owned(),
            name => name.to_owned(),
        },
    };
    let resource = from.or(to);
    let gvk = resource.map(|it| it.id().gvk.clone()).unwrap_or_default();
    Subject {
        kind: gvk.kind.to_string(),
        group: gvk.group.to_string(),
        from: from.map(name),
        to: to.map(name),
    }
}

/// Values that look like secrets and are used by both environments.
fn shared_secrets(from: Input<'_>, to: Input<'_>, options: &Options<'_>) -> Vec<Finding> {
    let mut known: FxHashMap<Vec<u8>, String> = FxHashMap::default();
    for (clear, at) in from
        .resources
        .iter()
        .flat_map(|it| real_secrets(it, options))
    {
        known.entry(clear).or_insert(at);
    }
    let mut findings = Vec::new();
    let mut seen: FxHashSet<String> = FxHashSet::default();
    for resource in to.resources {
        for (clear, at) in real_secrets(resource, options) {
            let Some(first) = known.get(&clear).filter(|_| seen.insert(at.clone())) else {
                continue;
            };
            let message = format!(
                "`{}` uses a secret of `{}`: {at} is {first}",
                to.name, from.name
            );
            findings.push(
                Finding::warning("shared-secret", message)
                    .help("give each environment a secret of its own"),
            );
        }
    }
    findings
}

/// The values of a Secret that are ones by their looks, and where they are.
fn real_secrets(resource: &Resource, options: &Options<'_>) -> Vec<(Vec<u8>, String)> {
    let mut values = secret_values(resource).peekable();
    if values.peek().is_none() {
        return Vec::new();
    }
    let manifest = printed(&resource.node);
    let found = options.secrets.find(&manifest);
    let is_one = |value: &Node| {
        let text = value.text().unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        !line.is_empty()
            && found
                .iter()
                .filter_map(|range| manifest.get(range.clone()))
                .any(|found| found.contains(line) || text.contains(found.trim()))
    };
    let name = subject(Some(resource), None);
    values
        .filter(|(_, value)| is_one(value))
        .map(|(path, value)| (clear(&path, value), format!("`{path}` of the {name}")))
        .filter(|(clear, _)| {
            let text = String::from_utf8_lossy(clear);
            !is_mask(&text) && !options.secrets.is_placeholder(&text)
        })
        .collect()
}
