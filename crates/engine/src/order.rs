//! Sorts the output: kustomize's legacy order, first-in-first-out, or an order given by
//! `sortOptions`.
//!
//! Kustomize's legacy order puts what others need first: kinds in a fixed order, then by group,
//! version and kind, then by namespace and name.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/sortoptions/>.

use std::cmp::Ordering;

use kustom_yaml::Str;
use rustc_hash::FxHashMap;

use crate::id::{FIRST_KINDS, Gvk, Id, LAST_KINDS};
use crate::release::{Change, Release};
use crate::resource::{Resource, Resources};

/// How resources are ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were added.
    Fifo,
    /// Some kinds first, some last, the others between them.
    Legacy {
        /// These kinds come first, in this order.
        first: Vec<Str>,
        /// These kinds come last, in this order.
        last: Vec<Str>,
    },
}

impl Order {
    /// The legacy order with its default kinds.
    pub fn legacy() -> Self {
        let kinds =
            |names: &[&'static str]| names.iter().map(|name| Str::const_new(name)).collect();
        Self::Legacy {
            first: kinds(&FIRST_KINDS),
            last: kinds(&LAST_KINDS),
        }
    }

    /// Puts resources in the order of a release; those that are equal in it keep theirs.
    pub fn apply(&self, resources: &mut Resources, release: Release) {
        let Self::Legacy { first, last } = self else {
            return;
        };
        let rank = |kind: &str| {
            let in_last = last
                .iter()
                .rposition(|name| name == kind)
                .map(|at| at as i64 + 1);
            let in_first = || first.iter().rposition(|name| name == kind);
            in_last
                .or_else(|| in_first().map(|at| at as i64 - first.len() as i64))
                .unwrap_or_default()
        };
        let core_first = release.has(Change::CoreNamespaceFirst);
        let list = resources.list_mut();
        let places = places_of_types(list, rank, core_first);
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by(|&one, &other| {
            let by_name = || compare_names(list[one].id(), list[other].id());
            places[one].cmp(&places[other]).then_with(by_name)
        });
        permute(list, &mut order);
    }
}

/// Puts at each place what stands where `order` says; of `order` nothing is left.
fn permute<T>(list: &mut [T], order: &mut [usize]) {
    for start in 0..order.len() {
        // What stands at the start goes round, to where its cycle comes back to the start.
        let mut at = start;
        while order[at] != start {
            let from = std::mem::replace(&mut order[at], at);
            list.swap(at, from);
            at = from;
        }
        order[at] = at;
    }
}

/// For each resource, the place of its type in the order; types that nothing tells apart share one.
fn places_of_types(list: &[Resource], rank: impl Fn(&str) -> i64, core_first: bool) -> Vec<usize> {
    // Objects are many, their types are few.
    let mut numbers: FxHashMap<&Gvk, usize> = FxHashMap::default();
    let mut types: Vec<(i64, &Gvk)> = Vec::new();
    let of_each: Vec<usize> = list
        .iter()
        .map(|resource| {
            let gvk = &resource.id().gvk;
            *numbers.entry(gvk).or_insert_with(|| {
                types.push((rank(&gvk.kind), gvk));
                types.len() - 1
            })
        })
        .collect();
    let compare = |one: usize, other: usize| {
        let (one, other) = (types[one], types[other]);
        let by_gvk = || compare_gvks(one.1, other.1, core_first);
        one.0.cmp(&other.0).then_with(by_gvk)
    };
    let mut sorted: Vec<usize> = (0..types.len()).collect();
    sorted.sort_by(|&one, &other| compare(one, other));
    let mut places = vec![0; types.len()];
    for pair in sorted.windows(2) {
        let is_next = compare(pair[0], pair[1]) != Ordering::Equal;
        places[pair[1]] = places[pair[0]] + usize::from(is_next);
    }
    of_each.into_iter().map(|number| places[number]).collect()
}

/// Of two objects of one type: by `namespace|name`, with a tilde word for what is missing.
fn compare_names(one: &Id, other: &Id) -> Ordering {
    fn names(id: &Id) -> [&str; 2] {
        [or(&id.namespace, "~X"), or(&id.name, "~N")]
    }
    if one.namespace == other.namespace {
        return or(&one.name, "~N").cmp(or(&other.name, "~N"));
    }
    joined(names(one), names(other), b'|')
}

/// Of two types that come neither first nor last: by `group_version_kind`, with a tilde word for
/// what is missing. `core_first` says whether a `Namespace` of the core group comes before others.
fn compare_gvks(one: &Gvk, other: &Gvk, core_first: bool) -> Ordering {
    fn parts(gvk: &Gvk) -> [&str; 3] {
        [
            or(&gvk.group, "~G"),
            or(&gvk.version, "~V"),
            or(&gvk.kind, "~K"),
        ]
    }
    let mut order = joined(parts(one), parts(other), b'_');
    let are_namespaces = one.kind == "Namespace" && other.kind == "Namespace";
    // Of two Namespaces, the one of the core group is the one that others live in.
    if core_first && are_namespaces && (one.group.is_empty() || other.group.is_empty()) {
        order = order.reverse();
    }
    order.then_with(|| one.to_string().cmp(&other.to_string()))
}

fn or<'t>(text: &'t str, word: &'static str) -> &'t str {
    if text.is_empty() { word } else { text }
}

/// Compares texts as if they were put together, without doing it.
fn joined<const N: usize>(one: [&str; N], other: [&str; N], separator: u8) -> Ordering {
    let Some(at) = (0..N).find(|&at| one[at] != other[at]) else {
        return Ordering::Equal;
    };
    match at + 1 == N {
        true => one[at].cmp(other[at]),
        false => bytes(&one[at..], separator).cmp(bytes(&other[at..], separator)),
    }
}

/// The bytes of texts with a separator between them.
fn bytes<'t>(texts: &'t [&str], separator: u8) -> impl Iterator<Item = u8> + 't {
    texts.iter().enumerate().flat_map(move |(at, text)| {
        let separator = (at > 0).then_some(separator);
        separator.into_iter().chain(text.bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::permute;

    #[test]
    fn everything_goes_where_the_order_says() {
        // All orders of five: the digits of a number of which each stands once.
        for number in 0..5_usize.pow(5) {
            let order = [0, 1, 2, 3, 4].map(|digit| number / 5_usize.pow(digit) % 5);
            if (0..5).all(|at| order.contains(&at)) {
                let mut list = ["a", "b", "c", "d", "e"];
                let wanted = order.map(|at| list[at]);
                permute(&mut list, &mut order.clone());
                assert_eq!(list, wanted, "{order:?}");
            }
        }
    }
}
