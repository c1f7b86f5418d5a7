//! Compares two lists of resources by meaning.
//!
//! Resources are matched, compared value by value, and every difference is classed: one that
//! follows from what things are called on each side is expected; one that should be there and is
//! not is suspicious. Secrets are masked last, so that no value of a [`Diff`] holds one.
//!
//! | file | knows |
//! |---|---|
//! | `matching` | which resource is which |
//! | `renames` | what both sides call the same thing |
//! | `api` | what the API says of lists, quantities and ports; a table |
//! | `compare`, `lists`, `arguments`, `scalars`, `embedded` | when two values are the same |
//! | `suspicion`, `class`, `ignore` | what a difference means |
//! | `secret`, `masking` | what is a secret, and how it is shown |

mod api;
mod arguments;
mod compare;
mod embedded;
mod found;
mod class;
mod grouping;
mod guarded;
mod ignore;
mod lines;
mod lists;
mod renames;
mod masking;
mod matching;
mod path;
mod scalars;
mod secret;
mod similar;
mod suspicion;
mod presentation;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use class::Class;
pub use grouping::{Group, groups};
pub use ignore::Ignore;
pub use lines::Lines;
pub use masking::Masking;
pub use path::{Path, Step};
pub use renames::{Affix, Renames, Side};

pub(crate) use scalars::quantity;

use crate::fields::Fields;
use crate::finding::Finding;
use crate::place::{Place, Span};
use crate::resource::Resource;
use compare::{compare, compare_names};
use found::Found;
use ignore::Ignored;
use matching::matching;
use presentation::{Pair, present};
use renames::differ_in_hash;
use suspicion::Suspects;

/// Tells which parts of a text are secrets.
pub trait Secrets {
    /// The parts of a manifest that are secrets, in bytes.
    fn find(&self, manifest: &str) -> Vec<Range<usize>>;

    /// Whether a value only stands for a secret.
    fn is_placeholder(&self, value: &str) -> bool;
}

/// One of the two lists.
#[derive(Clone, Copy)]
pub struct Input<'r> {
    /// What people call it: `production`, `HEAD~1`.
    pub name: &'r str,
    /// The resources.
    pub resources: &'r [Resource],
    /// Says where a value was written.
    pub place: &'r dyn Fn(Span) -> Option<Place>,
}

/// What the two lists are of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    /// Two environments: what follows from their names is expected, and they should share no
    /// secret.
    Environments,
    /// One thing at two times: another name or namespace is another object.
    #[default]
    Times,
    /// What a cluster has, and what it would have: what the server counts up is expected.
    Cluster,
}

/// How two lists are compared.
pub struct Options<'o> {
    /// What they are of each other.
    pub sides: Sides,
    /// Where resources name each other.
    pub fields: &'o Fields,
    /// Who knows what is a secret.
    pub secrets: &'o dyn Secrets,
    /// How secrets are shown.
    pub masking: Masking,
    /// Words that are declared to differ: hosts, buckets.
    pub expected: &'o [(String, String)],
    /// What is ignored.
    pub ignored: &'o [Ignore],
    /// Which differences count and are shown.
    pub detail: Detail,
}

/// Which differences count and are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Whether layout, and orders that mean nothing, count.
    pub strict: bool,
    /// Whether everything is shown that was found, whether or not it counts.
    pub all: bool,
}

impl Detail {
    /// Whether differences of a class count.
    pub fn counts(self, class: Class) -> bool {
        class.counts() || (self.strict && class.counts_strictly())
    }

    /// Whether differences of a class are shown.
    pub fn shows(self, class: Class) -> bool {
        self.all || self.counts(class)
    }
}

/// What differs between two lists of resources.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// What the two lists are of each other.
    pub sides: Sides,
    /// What people call the first list.
    pub from: String,
    /// What people call the second one.
    pub to: String,
    /// How many resources are on both sides.
    pub matched: usize,
    /// What both sides call the same thing.
    pub mapping: Renames,
    /// The differences; what matters most comes first.
    pub changes: Vec<Change>,
    /// The resources with differences that are shown, whole, without secrets and without what is
    /// not shown.
    pub documents: Vec<Document>,
    /// Remarks: a secret that both sides share, an entry that ignores nothing.
    pub findings: Vec<Finding>,
    /// Which differences count and are shown.
    pub detail: Detail,
}

/// A difference.
#[derive(Clone, Debug)]
pub struct Change {
    /// What was done.
    pub op: Op,
    /// What it means.
    pub class: Class,
    /// Of which resource.
    pub subject: Arc<Subject>,
    /// Where in it; nowhere if all of it is there on one side only.
    pub path: Path,
    /// The first side.
    pub from: Option<Shown>,
    /// The second side.
    pub to: Option<Shown>,
    /// What was to be expected, and on which side, if the difference is suspicious.
    pub expected: Option<(Side, String)>,
    /// Why it is ignored, if it is and a reason is given.
    pub reason: Option<String>,
}

/// What was done to a value on the way from the first side to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// It is on the second side only.
    Added,
    /// It is on the first side only.
    Removed,
    /// It is another one.
    Changed,
    /// It says the same in another form: layout, comments, the spelling of an amount.
    Reformatted,
    /// Its items are in another order.
    Reordered,
    /// Nothing, although something was to be expected.
    Same,
}

/// The resource of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// Its kind.
    pub kind: String,
    /// Its group.
    pub group: String,
    /// Its namespace and name on the first side.
    pub from: Option<Name>,
    /// Its namespace and name on the second side.
    pub to: Option<Name>,
}

/// A namespace, if there is one, and a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The namespace; empty if there is none.
    pub namespace: String,
    /// The name, without the hash of its content.
    pub name: String,
}

/// A value as it is shown: nothing of it is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// A line of YAML, several lines of text, or YAML.
    pub text: String,
    /// The text itself, if the value is one; [`Shown::text`] may have quotes around it.
    pub exact: Option<String>,
    /// Where it was written.
    pub place: Option<Place>,
    /// Whether something of it is hidden.
    pub is_masked: bool,
}

/// A resource on both sides as YAML.
#[derive(Clone, Debug)]
pub struct Document {
    /// Which.
    pub subject: Arc<Subject>,
    /// On the first side; empty if it is not there.
    pub from: String,
    /// On the second side, with what is not shown as on the first.
    pub to: String,
}

/// How many differences there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Resources on the first side only.
    pub only_from: usize,
    /// Resources on the second side only.
    pub only_to: usize,
    /// Values that differ, or suspiciously do not.
    pub differences: usize,
    /// Of these, how many say something else than the others.
    pub distinct: usize,
    /// Of these, how many are suspicious.
    pub suspicious: usize,
    /// Differences that follow from what things are called.
    pub expected: usize,
    /// Lists in another order that means nothing.
    pub order: usize,
    /// Values that are the same and written otherwise.
    pub layout: usize,
    /// Differences that the project ignores.
    pub ignored: usize,
}

impl Diff {
    /// Whether nothing differs that counts.
    pub fn is_empty(&self) -> bool {
        !self
            .changes
            .iter()
            .any(|change| self.detail.counts(change.class))
    }

    /// The differences that are shown.
    pub fn shown(&self) -> impl Iterator<Item = &Change> {
        let is_shown = |change: &&Change| self.detail.shows(change.class);
        self.changes.iter().filter(is_shown)
    }

    /// How many differences there are.
    pub fn counts(&self) -> Counts {
        let count = |is: &dyn Fn(&Change) -> bool| self.changes.iter().filter(|it| is(it)).count();
        let is_difference = |it: &Change| it.class.counts() && !it.is_whole();
        let differences = self.changes.iter().filter(|it| is_difference(it));
        Counts {
            only_from: count(&|it| it.class.counts() && it.is_whole() && it.op == Op::Removed),
            only_to: count(&|it| it.class.counts() && it.is_whole() && it.op == Op::Added),
            differences: count(&is_difference),
            distinct: groups(differences).len(),
            suspicious: count(&|it| it.class == Class::Suspicious),
            expected: count(&|it| it.class == Class::Expected),
            order: count(&|it| it.class == Class::Order),
            layout: count(&|it| it.class == Class::Layout),
            ignored: count(&|it| it.class == Class::Ignored),
        }
    }
}

impl Change {
    /// Whether a resource is on one side only.
    pub fn is_whole(&self) -> bool {
        self.path.0.is_empty() && matches!(self.op, Op::Added | Op::Removed)
    }
}

impl Op {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Reformatted => "reformatted",
            Self::Reordered => "reordered",
            Self::Same => "same",
        }
    }
}

/// `Deployment prow/deck`, as the first side calls it.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.kind.is_empty() {
            "document"
        } else {
            &self.kind
        })?;
        let name = self.from.as_ref().or(self.to.as_ref());
        match name
            .map(ToString::to_string)
            .filter(|name| !name.is_empty())
        {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// Compares two lists of resources.
///
/// # Example
///
/// ```
/// use kustom::diff::{Detail, Input, Masking, Options, Sides, diff};
/// use kustom::fields::Fields;
/// use kustom::guard::Guard;
/// use kustom::place::SourceId;
/// use kustom::resource::Resource;
/// use kustom::schema::Schema;
/// use kustom::yaml::manifests;
///
/// let schema = Schema::builtin();
/// let read = |text: &str| -> kustom::error::Result<Vec<Resource>> {
///     let nodes = manifests(text.as_bytes(), SourceId::NONE)?;
///     nodes.into_iter().map(|node| Resource::new(node, &schema)).collect()
/// };
/// let one = read("{kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storage: 1Gi}}")?;
/// let other = read("{kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storage: 2Gi}}")?;
/// let input = |name, resources| Input { name, resources, place: &|_| None };
/// let options = Options {
///     sides: Sides::Environments,
///     fields: &Fields::builtin(),
///     secrets: &Guard::new(),
///     masking: Masking::default(),
///     expected: &[],
///     ignored: &[],
///     detail: Detail::default(),
/// };
/// let found = diff(input("one", &one), input("other", &other), &options);
/// assert_eq!(found.changes[0].path.to_string(), "spec.storage");
/// # Ok::<(), kustom::error::Error>(())
/// ```
pub fn diff(from: Input<'_>, to: Input<'_>, options: &Options<'_>) -> Diff {
    let mut matching = matching(from.resources, to.resources);
    // An environment and itself have no names that could differ as a matter of course.
    let are_environments = options.sides == Sides::Environments && from.name != to.name;
    if are_environments {
        // Who is called otherwise says so in labels, hosts and the like.
        matching.mapping.name_environments(from.name, to.name);
    } else {
        matching.mapping = matching.mapping.forgotten();
    }
    for (one, other) in options.expected {
        matching.mapping.declare(one, other);
    }
    let comparison = Comparison {
        from: from.resources,
        to: to.resources,
        options,
        ignored: Ignored::new(options.ignored),
    };
    if !are_environments {
        comparison.learn_hashes(&mut matching);
    }
    let suspects = Suspects::new(options.fields, from.resources, to.resources, &matching);
    let mut pairs = Vec::new();
    for &(a, b) in &matching.pairs {
        let (one, other) = (&from.resources[a], &to.resources[b]);
        let mut found = Vec::new();
        if are_environments {
            found = compare_names(one, other, &matching.mapping, &suspects);
        }
        found.extend(comparison.compare(one, other, &matching.mapping, &suspects));
        if !found.is_empty() {
            pairs.push(comparison.pair(one, other, found));
        }
    }
    let mut found = present(from, to, options, &matching, pairs, &comparison.ignored);
    found.findings.extend(comparison.ignored.idle());
    found
}

/// The resources of two lists that are the same, by their numbers, in the order of the first list.
pub fn matched(from: &[Resource], to: &[Resource]) -> Vec<(usize, usize)> {
    matching(from, to).pairs
}

/// What a difference of these two would be of.
pub fn subject_of(from: Option<&Resource>, to: Option<&Resource>) -> Subject {
    presentation::subject(from, to)
}

struct Comparison<'c> {
    from: &'c [Resource],
    to: &'c [Resource],
    options: &'c Options<'c>,
    ignored: Ignored<'c>,
}

impl<'c> Comparison<'c> {
    fn compare(
        &self,
        from: &Resource,
        to: &Resource,
        mapping: &Renames,
        suspects: &Suspects<'_>,
    ) -> Vec<(Class, Found)> {
        let subject = presentation::subject(Some(from), Some(to));
        let is_split = |path: &Path| self.ignored.splits(&subject, path);
        let found = compare(from, to, mapping, suspects, &is_split);
        let classed = found.into_iter().map(|found| {
            let class = class::class(&found, to, mapping, self.options.sides);
            (class, found)
        });
        classed.collect()
    }

    /// Classes what is ignored.
    fn pair(&self, from: &'c Resource, to: &'c Resource, found: Vec<(Class, Found)>) -> Pair<'c> {
        let subject = presentation::subject(Some(from), Some(to));
        let found = found.into_iter().map(|(class, found)| {
            let entry = self.ignored.find(&subject, &found.path);
            let class = entry.map_or(class, |_| Class::Ignored);
            (class, found, entry.and_then(|entry| entry.reason.clone()))
        });
        let found = found.collect();
        Pair::new(from, to, subject, found)
    }

    /// Learns which names follow from another content: the hash in them is told with what it is
    /// made of, and by itself where nothing else that counts has changed.
    fn learn_hashes(&self, matching: &mut matching::Matching) {
        let nothing = matching.mapping.clone();
        let suspects = Suspects::none(self.options.fields);
        for &(a, b) in &matching.pairs {
            let (one, other) = (&self.from[a], &self.to[b]);
            let (from, to) = (one.id(), other.id());
            if !differ_in_hash(from, to) {
                continue;
            }
            let found = self.compare(one, other, &nothing, &suspects);
            let counts = |(class, found): &(Class, Found)| {
                class.counts() && !found.path.is(&["metadata", "name"])
            };
            if found.iter().any(counts) {
                matching.mapping.learn_name(&from.name, &to.name);
            }
        }
    }
}
