//! The entries of a mapping or the items of a list, which several trees may share.
//!
//! A tree that is read once for many builds is shared ([`super::Node::share`]): copies of it cost a
//! count for each collection, and a change copies only what is on its way.
//!
//! A collection may be a piece of its source, which is read when somebody looks into it. Where the
//! reader knows what will be printed of one, it is verbatim: its lines are copied out.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use super::verbatim::{Extent, Source};

/// A vector that is its own, or shared until somebody changes it.
///
/// # Example
///
/// ```
/// use kustom_yaml::List;
///
/// let mut list = List::from(vec![1, 2]);
/// list.share();
/// let mut copy = list.clone();
/// copy.push(3);
/// assert_eq!((&list[..], &copy[..]), (&[1, 2][..], &[1, 2, 3][..]));
/// ```
#[derive(Clone)]
pub struct List<T>(Inner<T>);

#[derive(Clone)]
enum Inner<T> {
    Own(Vec<T>),
    Shared(Arc<Shared<T>>),
    Verbatim(Arc<Verbatim<T>>),
}

/// A vector that nobody changes any more, and what was found out about it.
pub(super) struct Shared<T> {
    list: Vec<T>,
    /// How many values are in it, however deep.
    pub(super) weight: usize,
    /// Its text as it was printed, and at which indentation and depth.
    pub(super) printed: OnceLock<Printed>,
    pub(super) absent: Absent,
}

/// Something that is looked for in every value of a tree, and that most trees have nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Sought {
    /// A mapping with a key that stands twice.
    RepeatedKey = 1,
    /// An encrypted value.
    Ciphertext = 2,
    /// A date without quotes, or a variable.
    DateOrVariable = 4,
}

/// What is known not to be in a collection that nobody changes any more.
#[derive(Debug, Default)]
pub(super) struct Absent(AtomicU8);

impl Absent {
    pub(super) fn is_known(&self, sought: Sought) -> bool {
        self.0.load(Ordering::Relaxed) & sought as u8 != 0
    }

    pub(super) fn remember(&self, sought: Sought) {
        self.0.fetch_or(sought as u8, Ordering::Relaxed);
    }
}

/// The text of a collection, from the start of its first line.
pub(super) struct Printed {
    pub(super) indent: usize,
    pub(super) depth: usize,
    pub(super) text: Box<str>,
}

/// A piece of a text that is a collection.
pub(super) struct Verbatim<T> {
    source: Arc<Source>,
    extent: Extent,
    read: Read<T>,
    list: OnceLock<Vec<T>>,
    absent: Absent,
}

/// Reads a piece of a text; what is large in it stays one. Where only a key is asked for, what has
/// another may be left out, and comments too.
pub(super) type Read<T> = fn(&Arc<Source>, &Extent, Option<&str>) -> Vec<T>;

impl<T> Verbatim<T> {
    /// The text that it is a piece of.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Where it is, and how large.
    pub(super) fn extent(&self) -> &Extent {
        &self.extent
    }

    fn list(&self) -> &Vec<T> {
        self.list
            .get_or_init(|| (self.read)(&self.source, &self.extent, None))
    }
}

impl<T> List<T> {
    /// A collection that is a piece of a text, and what reads it.
    pub(super) fn piece(source: Arc<Source>, extent: Extent, read: Read<T>) -> Self {
        Self(Inner::Verbatim(Arc::new(Verbatim {
            source,
            extent,
            read,
            list: OnceLock::new(),
            absent: Absent::default(),
        })))
    }

    /// The piece of a text that it is, as long as nobody changes it.
    pub(super) fn as_piece(&self) -> Option<&Verbatim<T>> {
        match &self.0 {
            Inner::Verbatim(piece) => Some(piece),
            _ => None,
        }
    }

    /// The same, if it is known what will be printed of it.
    pub(super) fn as_verbatim(&self) -> Option<&Verbatim<T>> {
        self.as_piece()
            .filter(|piece| piece.source.forgotten.is_none())
    }

    /// Shows what has a key in it, maybe among others; what has to be read for that is not kept.
    pub(super) fn glimpse<R>(&self, key: &str, look: impl FnOnce(&[T]) -> R) -> R {
        match self.as_piece() {
            Some(piece) if piece.list.get().is_none() => {
                look(&(piece.read)(&piece.source, &piece.extent, Some(key)))
            }
            _ => look(self),
        }
    }

    /// Whether nothing is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Inner::Own(list) => list.is_empty(),
            Inner::Shared(shared) => shared.list.is_empty(),
            // It has a line at least.
            Inner::Verbatim(_) => false,
        }
    }

    /// None yet.
    pub const fn new() -> Self {
        Self(Inner::Own(Vec::new()))
    }

    /// Lets copies share it.
    pub fn share(&mut self) {
        self.share_of(0);
    }

    /// Lets copies share it; `weight` is the number of values in it, however deep.
    pub(super) fn share_of(&mut self, weight: usize) {
        if let Inner::Own(list) = &mut self.0 {
            self.0 = Inner::Shared(Arc::new(Shared::new(std::mem::take(list), weight)));
        }
    }

    /// Whether it is a copy of another that nobody has changed: known only of shared ones.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Inner::Shared(one), Inner::Shared(other)) => Arc::ptr_eq(one, other),
            (Inner::Verbatim(one), Inner::Verbatim(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// What is known not to be in it, if copies share it.
    pub(super) fn absent(&self) -> Option<&Absent> {
        match &self.0 {
            Inner::Own(_) => None,
            Inner::Shared(shared) => Some(&shared.absent),
            Inner::Verbatim(verbatim) => Some(&verbatim.absent),
        }
    }

    /// What is known of it, if it is shared.
    pub(super) fn shared(&self) -> Option<&Shared<T>> {
        match &self.0 {
            Inner::Shared(shared) => Some(shared),
            Inner::Own(_) | Inner::Verbatim(_) => None,
        }
    }
}

impl<T> Shared<T> {
    fn new(list: Vec<T>, weight: usize) -> Self {
        Self {
            list,
            weight,
            printed: OnceLock::new(),
            absent: Absent::default(),
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(list: Vec<T>) -> Self {
        Self(Inner::Own(list))
    }
}

impl<T: Clone> From<List<T>> for Vec<T> {
    fn from(list: List<T>) -> Self {
        match list.0 {
            Inner::Own(list) => list,
            Inner::Shared(shared) => match Arc::try_unwrap(shared) {
                Ok(alone) => alone.list,
                Err(shared) => shared.list.clone(),
            },
            Inner::Verbatim(verbatim) => {
                verbatim.list();
                match Arc::try_unwrap(verbatim) {
                    Ok(alone) => alone.list.into_inner().unwrap_or_default(),
                    Err(verbatim) => verbatim.list().clone(),
                }
            }
        }
    }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;

    #[inline]
    fn deref(&self) -> &Vec<T> {
        match &self.0 {
            Inner::Own(list) => list,
            Inner::Shared(shared) => &shared.list,
            Inner::Verbatim(verbatim) => verbatim.list(),
        }
    }
}

impl<T: Clone> DerefMut for List<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<T> {
        if !matches!(self.0, Inner::Own(_)) {
            self.0 = Inner::Own(Vec::from(std::mem::take(self)));
        }
        match &mut self.0 {
            Inner::Own(list) => list,
            Inner::Shared(_) | Inner::Verbatim(_) => unreachable!("it was made its own above"),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || **self == **other
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T: Clone> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        Vec::from(self).into_iter()
    }
}

impl<'l, T> IntoIterator for &'l List<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'l, T: Clone> IntoIterator for &'l mut List<T> {
    type Item = &'l mut T;
    type IntoIter = std::slice::IterMut<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Node, manifests, repeated_key, write};
    use super::*;
    use crate::place::SourceId;

    /// An object of several hundred values of every style.
    fn object(repeated: &str) -> Node {
        let mut text = String::from("kind: Thing\nmetadata: {name: a, labels: {b: c}}\nspec:\n");
        for number in 0..80 {
            text.push_str(&format!(
                "  field{number}:\n    description: Says what the field is for, and goes on for \
                 longer than a line may be,\n      so that it is folded.\n    values: [a, 'yes', \
                 {number}]\n    text: |\n      one\n        two\n    0x1F: {{z: ~, y: \"q: r\"}}\n"
            ));
        }
        text.push_str(repeated);
        text.push_str("status:\n- [");
        text.push_str(&"a, {b: c}, ".repeat(200));
        text.push_str("d]\n");
        manifests(text.as_bytes(), SourceId::NONE)
            .unwrap()
            .remove(0)
    }

    #[test]
    fn what_is_shared_is_printed_and_changed_as_what_is_not() {
        let changes: [fn(&mut Node); 6] = [
            |_| {},
            |node| {
                node.at_mut(&["metadata", "labels"])
                    .unwrap()
                    .set("a", Node::string("b"))
            },
            |node| {
                node.at_mut(&["spec", "field7"])
                    .unwrap()
                    .set("a", Node::string("b"))
            },
            |node| drop(node.at_mut(&["spec"]).unwrap().remove("field9")),
            |node| {
                let moved = node.get("spec").unwrap().get("field3").unwrap().clone();
                node.at_mut(&["spec", "field4"])
                    .unwrap()
                    .set("deeper", moved);
            },
            |node| {
                let spec = node.remove("spec").unwrap();
                node.set("metadata", Node::map(vec![Entry::new("spec", spec)]));
            },
        ];
        for repeated in ["", "  field1: twice\n"] {
            let plain = object(repeated);
            let mut shared = plain.clone();
            shared.share();
            // What was printed first is kept; the order in which trees are printed does not matter.
            for change in changes.iter().chain(&changes).chain(changes.iter().rev()) {
                let (mut wanted, mut copy) = (plain.clone(), shared.clone());
                change(&mut wanted);
                change(&mut copy);
                assert_eq!(copy, wanted);
                let print = |node: &Node| {
                    let mut text = String::from("# before\n");
                    write(node, &mut text)
                        .map(|()| text)
                        .map_err(|error| error.to_string())
                };
                assert_eq!(print(&copy), print(&wanted));
                let key = |node: &Node| repeated_key(node).map(|error| error.to_string());
                assert_eq!(key(&copy), key(&wanted));
                assert_eq!(key(&wanted).is_some(), !repeated.is_empty());
            }
            assert_eq!(shared, plain);
        }
    }

    #[test]
    fn a_shared_list_needs_no_more_room() {
        assert_eq!(size_of::<List<Node>>(), size_of::<Vec<Node>>());
        assert_eq!(size_of::<Node>(), 64);
        assert_eq!(size_of::<Entry>(), 128);
    }

    #[test]
    fn a_change_of_a_copy_is_its_own() {
        let mut list = List::from(vec![List::from(vec![1]), List::from(vec![2])]);
        list.iter_mut().for_each(List::share);
        list.share();
        let mut copy = list.clone();
        assert_eq!(copy, list);
        copy[0].push(3);
        assert_eq!(list, List::from(vec![vec![1].into(), vec![2].into()]));
        assert!(copy[1].shared().is_some() && copy.shared().is_none());
    }
}
