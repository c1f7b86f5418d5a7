//! What differs between two lists of resources, and what that means.
//!
//! Resources are matched, compared value by value, and every difference is classed: one that
//! follows from what things are called on each side is expected; one that should be there and is
//! not is suspicious. Secrets are masked last, so that no value of a [`Diff`] holds one.
//!
//! | file | knows |
//! |---|---|
//! | `matching` | which resource is which |
//! | `mapping` | what both sides call the same thing |
//! | `compare`, `lists`, `arguments`, `scalars`, `embedded` | when two values are the same |
//! | `suspicion`, `folding` | what a difference means |
//! | `masking` | how a secret is shown |

mod arguments;
mod compare;
mod embedded;
mod folding;
mod grouping;
mod lists;
mod mapping;
mod masking;
mod matching;
mod path;
mod scalars;
mod similar;
mod suspicion;
mod telling;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use folding::Class;
pub use grouping::{Group, groups};
pub use mapping::{Affix, Mapping, Side};
pub use masking::Masking;
pub use path::{Path, Step};

use crate::fields::Fields;
use crate::finding::Finding;
use crate::place::{Place, Span};
use crate::resource::Resource;
use crate::schema::Schema;
use compare::{compare, compare_names};
use matching::matching;
use suspicion::Suspects;
use telling::{Pair, tell};

/// Whoever knows what is a secret.
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

/// How two lists are compared.
pub struct Options<'o> {
    /// What Kubernetes says of lists.
    pub schema: &'o Schema,
    /// Where resources name each other.
    pub fields: &'o Fields,
    /// Who knows what is a secret.
    pub secrets: &'o dyn Secrets,
    /// How secrets are shown.
    pub masking: Masking,
    /// Words that are declared to differ: hosts, buckets.
    pub expected: &'o [(String, String)],
    /// Whether both sides are environments that should share no secret.
    pub are_environments: bool,
}

/// What differs between two lists of resources.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// What people call the first list.
    pub from: String,
    /// What people call the second one.
    pub to: String,
    /// How many resources are on both sides.
    pub matched: usize,
    /// What both sides call the same thing.
    pub mapping: Mapping,
    /// The differences; what matters most comes first.
    pub changes: Vec<Change>,
    /// The resources with differences that count, whole, without secrets and without what is
    /// expected to differ.
    pub documents: Vec<Document>,
    /// Remarks: a secret that both sides share.
    pub findings: Vec<Finding>,
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
    /// It says the same in another form: layout, comments.
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
    /// A line, several lines of text, or YAML.
    pub text: String,
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
    /// On the second side, with what is expected to differ as on the first.
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
}

impl Diff {
    /// Whether nothing differs that counts.
    pub fn is_empty(&self) -> bool {
        !self.changes.iter().any(|change| change.class.counts())
    }

    /// How many differences there are.
    pub fn counts(&self) -> Counts {
        let count = |is: &dyn Fn(&Change) -> bool| self.changes.iter().filter(|it| is(it)).count();
        let is_difference = |it: &Change| it.class.counts() && !it.is_whole();
        let differences = self.changes.iter().filter(|it| is_difference(it));
        Counts {
            only_from: count(&|it| it.is_whole() && it.op == Op::Removed),
            only_to: count(&|it| it.is_whole() && it.op == Op::Added),
            differences: count(&is_difference),
            distinct: groups(differences).len(),
            suspicious: count(&|it| it.class == Class::Suspicious),
            expected: count(&|it| it.class == Class::Expected),
            order: count(&|it| it.class == Class::Order),
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
        match self.from.as_ref().or(self.to.as_ref()) {
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
/// use kustom::diff::{Input, Options, Masking, diff};
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
///     schema: &schema,
///     fields: &Fields::builtin(),
///     secrets: &Guard::new(),
///     masking: Masking::default(),
///     expected: &[],
///     are_environments: true,
/// };
/// let found = diff(input("one", &one), input("other", &other), &options);
/// assert_eq!(found.changes[0].path.to_string(), "spec.storage");
/// # Ok::<(), kustom::error::Error>(())
/// ```
pub fn diff(from: Input<'_>, to: Input<'_>, options: &Options<'_>) -> Diff {
    let mut matching = matching(from.resources, to.resources);
    for (one, other) in options.expected {
        matching.mapping.declare(one, other);
    }
    if options.are_environments {
        // Who is called otherwise says so in labels, hosts and the like.
        matching.mapping.declare(from.name, to.name);
    }
    let suspects = Suspects::new(options.fields, from.resources, to.resources, &matching);
    let mut pairs = Vec::new();
    for &(a, b) in &matching.pairs {
        let (one, other) = (&from.resources[a], &to.resources[b]);
        let mut found = compare_names(one, other, &matching.mapping, &suspects);
        let compared = compare(one, other, options.schema, &matching.mapping, &suspects);
        found.extend(compared.into_iter().map(|found| {
            let class = folding::class(&found, other, &matching.mapping);
            (class, found)
        }));
        if !found.is_empty() {
            pairs.push(Pair::new(one, other, found));
        }
    }
    tell(from, to, options, &matching, pairs)
}
