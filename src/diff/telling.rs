//! What was found, as it is told: in order, with places, without secrets.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::compare::{Found, What};
use super::folding::{Class, class_alone};
use super::mapping::without_hash;
use super::masking::{Masker, printed, secret_values};
use super::matching::Matching;
use super::path::Path;
use super::{Change, Diff, Document, Input, Name, Op, Options, Shown, Subject};
use crate::finding::Finding;
use crate::id::Id;
use crate::resource::Resource;
use crate::yaml::Node;

/// Two resources that are the same, and what differs in them.
pub(super) struct Pair<'r> {
    from: &'r Resource,
    to: &'r Resource,
    subject: Arc<Subject>,
    found: Vec<(Class, Found)>,
}

impl<'r> Pair<'r> {
    pub(super) fn new(from: &'r Resource, to: &'r Resource, found: Vec<(Class, Found)>) -> Self {
        Self {
            from,
            to,
            subject: Arc::new(subject(Some(from.id()), Some(to.id()))),
            found,
        }
    }

    fn has(&self, is: impl Fn(Class) -> bool) -> bool {
        self.found.iter().any(|(class, _)| is(*class))
    }
}

/// Tells what was found.
pub(super) fn tell(
    from: Input<'_>,
    to: Input<'_>,
    options: &Options<'_>,
    matching: &Matching,
    pairs: Vec<Pair<'_>>,
) -> Diff {
    let mut teller = Teller {
        from,
        to,
        masker: Masker::new(options.masking),
    };
    let alone: Vec<(Op, &Resource)> = only(&matching.only_from, Op::Removed, from)
        .chain(only(&matching.only_to, Op::Added, to))
        .collect();
    teller.learn(options, &pairs, &alone);
    let findings = if options.are_environments {
        shared_secrets(from, to, options)
    } else {
        Vec::new()
    };
    let mut changes: Vec<Change> = alone.iter().map(|(op, it)| teller.alone(*op, it)).collect();
    changes.sort_by(|a, b| a.subject.cmp(&b.subject));
    let mut found: Vec<(Class, &Pair<'_>, &Found)> = pairs
        .iter()
        .flat_map(|pair| {
            pair.found
                .iter()
                .map(move |(class, found)| (*class, pair, found))
        })
        .collect();
    found.sort_by(|(a, one, _), (b, other, _)| (a, &one.subject).cmp(&(b, &other.subject)));
    changes.extend(
        found
            .into_iter()
            .map(|(class, pair, found)| teller.change(class, pair, found)),
    );
    let whole = alone.iter().map(|(op, it)| teller.whole(*op, it));
    let mut documents: Vec<Document> = whole.collect();
    let told = pairs
        .iter()
        .filter(|pair| pair.has(|class| class.counts() && class != Class::Suspicious));
    documents.extend(told.map(|pair| teller.document(pair)));
    documents.sort_by(|a, b| a.subject.cmp(&b.subject));
    Diff {
        from: from.name.to_owned(),
        to: to.name.to_owned(),
        matched: matching.pairs.len(),
        mapping: matching.mapping.clone(),
        changes,
        documents,
        findings,
    }
}

struct Teller<'t> {
    from: Input<'t>,
    to: Input<'t>,
    masker: Masker,
}

impl Teller<'_> {
    /// Gathers the secrets that could be seen: those of all Secrets, and what is one in a resource
    /// that is shown.
    fn learn(&mut self, options: &Options<'_>, pairs: &[Pair<'_>], alone: &[(Op, &Resource)]) {
        if options.masking.show {
            return;
        }
        for resource in self.from.resources.iter().chain(self.to.resources) {
            self.masker.learn_secret(resource, options.secrets);
        }
        let shown = pairs
            .iter()
            .filter(|pair| pair.has(|class| class != Class::Expected));
        let shown = shown.flat_map(|pair| [pair.from, pair.to]);
        for resource in shown.chain(alone.iter().map(|(_, resource)| *resource)) {
            self.masker.learn_manifest(&resource.node, options.secrets);
        }
        self.masker.finish();
    }

    fn change(&mut self, class: Class, pair: &Pair<'_>, found: &Found) -> Change {
        let path = &found.path;
        let from = self.shown(self.from, pair.from, path, found.from.as_ref());
        let to = self.shown(self.to, pair.to, path, found.to.as_ref());
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
        Change {
            op,
            class,
            subject: Arc::clone(&pair.subject),
            path: self.masked_path(path),
            from,
            to,
            expected,
        }
    }

    fn alone(&mut self, op: Op, resource: &Resource) -> Change {
        let input = if op == Op::Removed {
            self.from
        } else {
            self.to
        };
        let path = Path::default();
        let shown = self.shown(input, resource, &path, Some(&resource.node));
        let (from, to) = one_sided(op, shown);
        Change {
            op,
            class: class_alone(resource),
            subject: Arc::new(subject_alone(op, resource)),
            path,
            from,
            to,
            expected: None,
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
        let (text, is_masked) = self.masker.shown(resource, path, node);
        Some(Shown {
            text,
            place: (input.place)(node.span),
            is_masked,
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

    fn whole(&mut self, op: Op, resource: &Resource) -> Document {
        let text = self.yaml(resource, &FxHashMap::default());
        let (from, to) = one_sided(op, Some(text));
        Document {
            subject: Arc::new(subject_alone(op, resource)),
            from: from.unwrap_or_default(),
            to: to.unwrap_or_default(),
        }
    }

    fn document(&mut self, pair: &Pair<'_>) -> Document {
        let expected = pair
            .found
            .iter()
            .filter(|(class, _)| *class == Class::Expected);
        let instead: FxHashMap<usize, &Node> = expected
            .filter_map(|(_, found)| found.instead.as_ref().map(|(at, node)| (*at, node)))
            .collect();
        Document {
            subject: Arc::clone(&pair.subject),
            from: self.yaml(pair.from, &FxHashMap::default()),
            to: self.yaml(pair.to, &instead),
        }
    }

    fn yaml(&mut self, resource: &Resource, instead: &FxHashMap<usize, &Node>) -> String {
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
) -> impl Iterator<Item = (Op, &'r Resource)> {
    numbers
        .iter()
        .map(move |&number| (op, &input.resources[number]))
}

fn one_sided<T>(op: Op, value: Option<T>) -> (Option<T>, Option<T>) {
    match op {
        Op::Removed => (value, None),
        _ => (None, value),
    }
}

fn subject_alone(op: Op, resource: &Resource) -> Subject {
    let (from, to) = one_sided(op, Some(resource.id()));
    subject(from, to)
}

fn subject(from: Option<&Id>, to: Option<&Id>) -> Subject {
    let name = |id: &Id| Name {
        namespace: id.namespace.to_string(),
        name: without_hash(id).to_owned(),
    };
    let gvk = from.or(to).map(|id| id.gvk.clone()).unwrap_or_default();
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
    let name = subject(Some(resource.id()), None);
    values
        .filter(|(_, value)| is_one(value))
        .map(|(path, value)| {
            (
                super::compare::clear(&path, value),
                format!("`{path}` of the {name}"),
            )
        })
        .filter(|(clear, _)| {
            !options
                .secrets
                .is_placeholder(&String::from_utf8_lossy(clear))
        })
        .collect()
}
