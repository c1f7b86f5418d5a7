//! Pairs the resources of the two sides.
//!
//! What both were before anything was done to them says it exactly, where we rendered them. What
//! is left is matched by group, kind, the role of its namespace and the base of its name, as far
//! as those can be learned from the rest; and what is left then by what it says.

use std::collections::BTreeMap;
use std::hash::Hash;

use kustom_yaml::cut::Cut as _;
use rustc_hash::{FxHashMap, FxHashSet};

use super::lists::content;
use super::renames::{Affix, Renames, Side, without_hash};
use super::similar::most_similar;
use crate::id::Id;
use crate::resource::Resource;
use crate::yaml::{Node, Str};

/// Which resource of one side is which of the other, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Matching {
    /// In the order of the first side.
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) only_from: Vec<usize>,
    pub(super) only_to: Vec<usize>,
    pub(super) mapping: Renames,
}

/// Matches the resources of two sides.
pub(super) fn matching(from: &[Resource], to: &[Resource]) -> Matching {
    let mut matcher = Matcher::new(from, to);
    matcher.by_lineage();
    matcher.by_identity();
    matcher.learn_affixes();
    matcher.learn_namespaces();
    matcher.by_role();
    matcher.learn_namespaces();
    matcher.by_role();
    matcher.by_base();
    matcher.by_content();
    matcher.finish()
}

/// What identifies a resource: what it is called, and what it was called first.
struct Identity {
    current: Id,
    original: Id,
}

struct Matcher<'r> {
    resources: [&'r [Resource]; 2],
    identities: [Vec<Identity>; 2],
    /// What is not matched yet.
    left: [Vec<usize>; 2],
    pairs: Vec<(usize, usize)>,
    mapping: Renames,
}

impl<'r> Matcher<'r> {
    fn new(from: &'r [Resource], to: &'r [Resource]) -> Self {
        let identities = |resources: &[Resource]| resources.iter().map(Identity::of).collect();
        Self {
            resources: [from, to],
            identities: [identities(from), identities(to)],
            left: [(0..from.len()).collect(), (0..to.len()).collect()],
            pairs: Vec::new(),
            mapping: Renames::default(),
        }
    }

    /// Matches by group, kind, and what both were called before anything was done to them.
    fn by_lineage(&mut self) {
        self.by_key(|_, identity| {
            let id = &identity.original;
            let namespace = Str::from(id.effective_namespace());
            let name = Str::from(without_hash(id));
            (id.gvk.group.clone(), id.gvk.kind.clone(), namespace, name)
        });
    }

    /// Matches what has the same name and says the same, however often it is there.
    fn by_identity(&mut self) {
        let mut found: FxHashMap<_, [Vec<usize>; 2]> = FxHashMap::default();
        for (index, left) in self.left.iter().enumerate() {
            for &number in left {
                let id = self.current(index, number);
                let key = (
                    (id.gvk.group.clone(), id.gvk.kind.clone()),
                    (id.namespace.clone(), id.name.clone()),
                );
                found.entry(key).or_default()[index].push(number);
            }
        }
        let mut pairs = Vec::new();
        for [from, to] in found.into_values() {
            let mut same: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
            for b in to.into_iter().rev() {
                let hash = content(&self.resources[1][b].node, None);
                same.entry(hash).or_default().push(b);
            }
            for a in from {
                let hash = content(&self.resources[0][a].node, None);
                let twin = same.get_mut(&hash).and_then(Vec::pop);
                pairs.extend(twin.map(|b| (a, b)));
            }
        }
        self.accept(pairs);
    }

    /// Matches what has the same key and shares it with nothing else on its side.
    fn by_key<K: Hash + Eq>(&mut self, key: impl Fn(Side, &Identity) -> K) {
        let mut found: FxHashMap<K, [Vec<usize>; 2]> = FxHashMap::default();
        for (side, index) in [(Side::From, 0), (Side::To, 1)] {
            for &number in &self.left[index] {
                let key = key(side, &self.identities[index][number]);
                found.entry(key).or_default()[index].push(number);
            }
        }
        let pairs = found
            .into_values()
            .filter_map(|[from, to]| match (&*from, &*to) {
                ([from], [to]) => Some((*from, *to)),
                _ => None,
            });
        let pairs = pairs.collect();
        self.accept(pairs);
    }

    fn accept(&mut self, pairs: Vec<(usize, usize)>) {
        let from: FxHashSet<usize> = pairs.iter().map(|pair| pair.0).collect();
        let to: FxHashSet<usize> = pairs.iter().map(|pair| pair.1).collect();
        self.left[0].retain(|number| !from.contains(number));
        self.left[1].retain(|number| !to.contains(number));
        self.pairs.extend(pairs);
    }

    /// Learns what goes before and behind names: of what is matched or, where that is nothing, by
    /// a vote of all that could be.
    fn learn_affixes(&mut self) {
        let mut votes: BTreeMap<(Affix, Affix), usize> = BTreeMap::new();
        for &(from, to) in &self.pairs {
            let (from, to) = (self.current(0, from), self.current(1, to));
            if let Some(affixes) = differences(without_hash(from), without_hash(to)) {
                *votes.entry(affixes).or_default() += 1;
            }
        }
        if votes
            .keys()
            .all(|(prefix, suffix)| prefix.is_same() && suffix.is_same())
        {
            self.vote_of_strangers(&mut votes);
        }
        let most = votes.into_iter().max_by(|(a, votes), (b, others)| {
            // Of as many votes the shortest counts: it cuts nothing off that is part of a name.
            votes.cmp(others).then_with(|| length(b).cmp(&length(a)))
        });
        if let Some(((prefix, suffix), _)) = most {
            (self.mapping.prefix, self.mapping.suffix) = (prefix, suffix);
        }
    }

    /// Every way in which names of one kind could come from one base votes for what it would mean.
    fn vote_of_strangers(&self, votes: &mut BTreeMap<(Affix, Affix), usize>) {
        /// A base that many names share says nothing of any.
        const CROWD: usize = 4;
        type Cut<'n> = (&'n str, &'n str);
        let mut bases: FxHashMap<(&str, &str, &str), [Vec<Cut<'_>>; 2]> = FxHashMap::default();
        for (index, left) in self.left.iter().enumerate() {
            for &number in left {
                let id = self.current(index, number);
                let name = without_hash(id);
                for (prefix, base, suffix) in cuts(name) {
                    let key = (id.gvk.group.as_str(), id.gvk.kind.as_str(), base);
                    bases.entry(key).or_default()[index].push((prefix, suffix));
                }
            }
        }
        for [from, to] in bases.into_values() {
            if from.len() > CROWD || to.len() > CROWD {
                continue;
            }
            for (a, b) in from.iter().flat_map(|a| to.iter().map(move |b| (a, b))) {
                let affix = |from: &str, to: &str| Affix {
                    from: from.into(),
                    to: to.into(),
                };
                *votes.entry((affix(a.0, b.0), affix(a.1, b.1))).or_default() += 1;
            }
        }
    }

    /// Learns which namespace is which, by a vote of what is matched and of what has the same base.
    fn learn_namespaces(&mut self) {
        let mut votes: BTreeMap<(Str, Str), usize> = BTreeMap::new();
        let mut bases: FxHashMap<_, [Vec<usize>; 2]> = FxHashMap::default();
        for (index, side) in [Side::From, Side::To].into_iter().enumerate() {
            for &number in &self.left[index] {
                let id = self.current(index, number);
                let key = (&id.gvk.group, &id.gvk.kind, self.mapping.base(id, side));
                bases.entry(key).or_default()[index].push(number);
            }
        }
        let strangers = bases
            .into_values()
            .filter_map(|[from, to]| match (&*from, &*to) {
                ([from], [to]) => Some((*from, *to)),
                _ => None,
            });
        for (from, to) in self.pairs.iter().copied().chain(strangers) {
            let (from, to) = (self.current(0, from), self.current(1, to));
            let key = match from.gvk.kind.as_str() {
                "Namespace" => (from.name.clone(), to.name.clone()),
                _ if from.cluster_scoped => continue,
                _ => (
                    from.effective_namespace().into(),
                    to.effective_namespace().into(),
                ),
            };
            *votes.entry(key).or_default() += 1;
        }
        let mut votes: Vec<_> = votes.into_iter().collect();
        votes.sort_by(|(a, votes), (b, others)| others.cmp(votes).then_with(|| a.cmp(b)));
        // One namespace is one namespace: the first vote for it counts.
        let (mut seen_from, mut seen_to) = (FxHashSet::default(), FxHashSet::default());
        self.mapping.namespaces.clear();
        for ((from, to), _) in votes {
            if seen_from.contains(&from) || seen_to.contains(&to) {
                continue;
            }
            seen_from.insert(from.clone());
            seen_to.insert(to.clone());
            if from != to {
                self.mapping.namespaces.insert(from, to);
            }
        }
    }

    /// Matches by group, kind, the role of the namespace and the base of the name.
    fn by_role(&mut self) {
        let mapping = std::mem::take(&mut self.mapping);
        self.by_key(|side, identity| {
            let id = &identity.current;
            let of_first = |namespace: &str| match side {
                Side::From => Str::from(mapping.namespace(namespace)),
                Side::To => namespace.into(),
            };
            let base = match id.gvk.kind.as_str() {
                "Namespace" => of_first(&id.name),
                _ => mapping.base(id, side).into(),
            };
            let namespace = of_first(id.effective_namespace());
            (id.gvk.group.clone(), id.gvk.kind.clone(), namespace, base)
        });
        self.mapping = mapping;
    }

    /// Matches by group, kind and the base of the name, wherever it lives.
    fn by_base(&mut self) {
        let mapping = std::mem::take(&mut self.mapping);
        self.by_key(|side, identity| {
            let id = &identity.current;
            let base: Str = mapping.base(id, side).into();
            (id.gvk.group.clone(), id.gvk.kind.clone(), base)
        });
        self.mapping = mapping;
    }

    /// Matches what is left of a kind by what it says.
    fn by_content(&mut self) {
        let mut kinds: BTreeMap<_, [Vec<usize>; 2]> = BTreeMap::new();
        for (index, left) in self.left.iter().enumerate() {
            for &number in left {
                let id = self.current(index, number);
                let key = (id.gvk.group.clone(), id.gvk.kind.clone());
                kinds.entry(key).or_default()[index].push(number);
            }
        }
        let mut pairs = Vec::new();
        for [from, to] in kinds.into_values() {
            let nodes = |index: usize, numbers: &[usize]| -> Vec<&Node> {
                let all = self.resources[index];
                numbers.iter().map(|&number| &all[number].node).collect()
            };
            let found = most_similar(&nodes(0, &from), &nodes(1, &to));
            pairs.extend(found.into_iter().map(|(a, b)| (from[a], to[b])));
        }
        self.accept(pairs);
    }

    fn current(&self, side: usize, number: usize) -> &Id {
        &self.identities[side][number].current
    }

    fn finish(mut self) -> Matching {
        self.pairs.sort_unstable();
        let mut mapping = std::mem::take(&mut self.mapping);
        for &(from, to) in &self.pairs {
            mapping.learn_name(&self.current(0, from).name, &self.current(1, to).name);
        }
        let [only_from, only_to] = self.left;
        Matching {
            pairs: self.pairs,
            only_from,
            only_to,
            mapping,
        }
    }
}

impl Identity {
    fn of(resource: &Resource) -> Self {
        let mut current = resource.id().clone();
        if current.name.is_empty() {
            current.name = generated_name(resource).into();
        }
        let original = match resource.history.previous.is_empty() {
            true => current.clone(),
            false => resource.original_id(),
        };
        Self { current, original }
    }
}

/// What the name of a resource begins with that gets the rest of it in the cluster.
pub(super) fn generated_name(resource: &Resource) -> &str {
    let generated = resource.node.at(&["metadata", "generateName"]);
    generated.and_then(Node::text).unwrap_or_default()
}

/// What makes one name of another: a prefix, a suffix, or both where one holds the other.
fn differences(from: &str, to: &str) -> Option<(Affix, Affix)> {
    let around = |whole: &str, part: &str| {
        let start = whole.find(part)?;
        let (prefix, rest) = whole.halves(start);
        let suffix = rest.cut(part.len()..);
        (is_cut(prefix, true) && is_cut(suffix, false))
            .then(|| (Str::from(prefix), Str::from(suffix)))
    };
    let empty = Str::default;
    if let Some((prefix, suffix)) = around(to, from) {
        let prefix = Affix {
            from: empty(),
            to: prefix,
        };
        return Some((
            prefix,
            Affix {
                from: empty(),
                to: suffix,
            },
        ));
    }
    if let Some((prefix, suffix)) = around(from, to) {
        let prefix = Affix {
            from: prefix,
            to: empty(),
        };
        return Some((
            prefix,
            Affix {
                from: suffix,
                to: empty(),
            },
        ));
    }
    // Both have one: what they end in alike is the name.
    let alike = from
        .bytes()
        .rev()
        .zip(to.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let base = &from.get(from.len() - alike..)?;
    let start = base.find(['-', '.']).map(|dash| dash + 1);
    // A base that begins with a dash is cut behind it.
    let base = match start {
        Some(start) if !from.cut(..from.len() - alike).is_empty() => base.get(start..)?,
        _ => return None,
    };
    if base.is_empty() {
        return None;
    }
    let prefix = Affix {
        from: from.cut(..from.len() - base.len()).into(),
        to: to.cut(..to.len() - base.len()).into(),
    };
    Some((prefix, Affix::default()))
}

/// Whether a text may go before or behind a name: it is empty, or a dash or a dot is between.
fn is_cut(affix: &str, is_prefix: bool) -> bool {
    affix.is_empty()
        || if is_prefix {
            affix.ends_with(['-', '.'])
        } else {
            affix.starts_with(['-', '.'])
        }
}

/// The ways to cut a name into a prefix, a base and a suffix, at its dashes and dots.
fn cuts(name: &str) -> Vec<(&str, &str, &str)> {
    /// A name of more words is cut near its ends only.
    const ENDS: usize = 4;
    let dashes: Vec<usize> = name.match_indices(['-', '.']).map(|(at, _)| at).collect();
    let starts = std::iter::once(0).chain(dashes.iter().take(ENDS).map(|at| at + 1));
    let mut cuts = Vec::new();
    for start in starts {
        let ends = std::iter::once(name.len()).chain(dashes.iter().rev().take(ENDS).copied());
        for end in ends.filter(|end| start < *end) {
            cuts.push((name.cut(..start), name.cut(start..end), name.cut(end..)));
        }
    }
    cuts
}

fn length((prefix, suffix): &(Affix, Affix)) -> usize {
    [&prefix.from, &prefix.to, &suffix.from, &suffix.to]
        .iter()
        .map(|text| text.len())
        .sum()
}
