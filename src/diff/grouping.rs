//! Groups equal differences at several places.

use rustc_hash::FxHashMap;

use super::{Change, Class, Op, Side};

/// A difference and all places that have it.
#[derive(Clone, Debug)]
pub struct Group<'d> {
    /// The places, in order; never empty.
    pub changes: Vec<&'d Change>,
}

impl<'d> Group<'d> {
    /// The first place.
    pub fn first(&self) -> &'d Change {
        self.changes[0]
    }
}

/// What makes two differences the same: what was done, from what to what, and at which kind of
/// field.
#[derive(PartialEq, Eq, Hash)]
struct Key<'d> {
    op: Op,
    class: Class,
    from: Option<&'d str>,
    to: Option<&'d str>,
    field: String,
    slip: Option<Slip<'d>>,
    /// Resources that are on one side only are told one by one.
    whole: Option<usize>,
}

/// What makes two suspicions the same: the side, and what its names lack or have too much.
#[derive(PartialEq, Eq, Hash)]
enum Slip<'d> {
    Lacks(Side, &'d str),
    Has(Side, &'d str),
    Other(Side, &'d str),
}

fn slip(change: &Change) -> Option<Slip<'_>> {
    let (side, expected) = change.expected.as_ref()?;
    let value = change.from.as_ref()?.text.as_str();
    Some(if let Some(prefix) = expected.strip_suffix(value) {
        Slip::Lacks(*side, prefix)
    } else if let Some(prefix) = value.strip_suffix(expected.as_str()) {
        Slip::Has(*side, prefix)
    } else {
        Slip::Other(*side, expected)
    })
}

/// Gathers differences that say the same; the order is that of the first of each.
pub fn groups<'d>(changes: impl IntoIterator<Item = &'d Change>) -> Vec<Group<'d>> {
    let mut groups: Vec<Group<'d>> = Vec::new();
    let mut known: FxHashMap<Key<'d>, usize> = FxHashMap::default();
    for (number, change) in changes.into_iter().enumerate() {
        let text = |shown: &'d Option<super::Shown>| shown.as_ref().map(|it| it.text.as_str());
        let slip = slip(change);
        let is_told_by_values = slip.is_none();
        let key = Key {
            op: change.op,
            class: change.class,
            from: text(&change.from).filter(|_| is_told_by_values),
            to: text(&change.to).filter(|_| is_told_by_values),
            field: change.path.ending(),
            slip,
            whole: change.is_whole().then_some(number),
        };
        let next = groups.len();
        let group = *known.entry(key).or_insert(next);
        match groups.get_mut(group) {
            Some(group) => group.changes.push(change),
            None => groups.push(Group {
                changes: vec![change],
            }),
        }
    }
    groups
}
