//! Trees that are built from paths: `a.b.0` and what stands there.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Str};
use rustc_hash::FxHashMap;

/// How long a sequence may become by an index that is far beyond its end.
const LONGEST: usize = 100_000;

/// How many steps a path may have: they become levels of the document.
const STEPS: usize = 500;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A key.
    Key(Str),
    /// A place of a sequence.
    Index(usize),
}

/// A value that is being built; a key is found in one step, however many there are.
#[derive(Debug, Default)]
pub(super) enum Tree {
    /// Nothing yet.
    #[default]
    Null,
    /// What stands at the end of a path.
    Leaf(Node),
    /// A sequence.
    Seq(Vec<Tree>),
    /// A mapping, its keys in order.
    Map(Branches),
}

/// The entries of a mapping that is being built.
#[derive(Debug, Default)]
pub(super) struct Branches {
    entries: Vec<(Node, Tree)>,
    places: FxHashMap<Str, usize>,
}

impl Tree {
    /// An empty mapping.
    pub(super) fn map() -> Self {
        Self::Map(Branches::default())
    }

    /// The value at a path, made if it is not there.
    ///
    /// # Errors
    ///
    /// If a path is too long, or leads through a value.
    pub(super) fn at(&mut self, path: &[Step]) -> Result<&mut Self> {
        if path.len() > STEPS {
            let message = format!("a key has more than {STEPS} parts");
            return Err(Error::new(Kind::Script, message));
        }
        let mut tree = self;
        for step in path {
            tree = tree.child(step)?;
        }
        Ok(tree)
    }

    /// Whether nothing stands there yet.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a mapping without entries.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Map(map) if map.entries.is_empty())
    }

    /// The key of a mapping, or the value at a place of a sequence, to comment on.
    pub(super) fn commented(&mut self, step: &Step) -> Option<&mut Node> {
        match (self, step) {
            (Self::Map(map), step) => {
                let place = *map.places.get(&spelled(step))?;
                map.entries.get_mut(place).map(|(key, _)| key)
            }
            (Self::Seq(items), Step::Index(index)) => match items.get_mut(*index) {
                Some(Self::Leaf(node)) => Some(node),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value.
    pub(super) fn into_node(self) -> Node {
        match self {
            Self::Null => Node::null(),
            Self::Leaf(node) => node,
            Self::Seq(items) => Node::seq(items.into_iter().map(Self::into_node).collect()),
            Self::Map(map) => {
                let entries = map.entries.into_iter().map(|(key, tree)| Entry {
                    key,
                    value: tree.into_node(),
                });
                Node::map(entries.collect())
            }
        }
    }

    fn child(&mut self, step: &Step) -> Result<&mut Self> {
        if self.is_null() {
            *self = match step {
                Step::Key(_) => Self::map(),
                Step::Index(_) => Self::Seq(Vec::new()),
            };
        }
        match (self, step) {
            (Self::Map(map), step) => Ok(map.entry(spelled(step))),
            (Self::Seq(items), Step::Index(index)) => {
                if *index > items.len() + LONGEST {
                    let message = format!("index {index} is far out of range");
                    return Err(Error::new(Kind::Script, message));
                }
                if items.len() <= *index {
                    items.resize_with(*index + 1, Self::default);
                }
                Ok(&mut items[*index])
            }
            (_, step) => {
                let key = spelled(step);
                let message = format!("there is a value where the key `{key}` should go");
                Err(Error::new(Kind::Script, message))
            }
        }
    }
}

impl Branches {
    fn entry(&mut self, key: Str) -> &mut Tree {
        let place = *self.places.entry(key.clone()).or_insert_with(|| {
            self.entries.push((Node::string(key), Tree::Null));
            self.entries.len() - 1
        });
        &mut self.entries[place].1
    }
}

fn spelled(step: &Step) -> Str {
    match step {
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string().into(),
    }
}
