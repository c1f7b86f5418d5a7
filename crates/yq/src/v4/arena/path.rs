//! The paths of nodes.

use std::fmt;

use kustom_yaml::{Str, Tag};

use super::{Arena, DEEPEST};
use crate::number;
use crate::v4::arena_node::{Id, Key, Kind, TypeTag};

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key of a mapping.
    Key(Str),
    /// A place of a sequence.
    Index(i64),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

impl Arena<'_> {
    /// The keys and indices that lead to a node.
    pub(crate) fn path(&self, id: Id) -> Vec<Step> {
        let mut path = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let item = self.get(id);
            match item.key {
                _ if item.is_key => path.push(Step::Key(item.text.clone())),
                Key::None => {}
                Key::Index(index) => path.push(Step::Index(i64::from(index))),
                Key::Node(key) => path.push(self.step(key)),
            }
            at = item.parent.filter(|_| path.len() <= DEEPEST);
        }
        path.reverse();
        path
    }

    /// The keys and positions that lead to a node now, if it is still in its document.
    pub(crate) fn present_path(&mut self, id: Id) -> Option<Vec<Step>> {
        let mut path = Vec::new();
        let mut at = id;
        while let Some(parent) = self.get(at).parent {
            if path.len() > DEEPEST {
                return None;
            }
            let children = self.listed(parent);
            path.push(match self.get(parent).kind {
                Kind::Map => {
                    let mut entries = children.chunks_exact(2);
                    let entry = entries.find(|entry| entry.contains(&at))?;
                    Step::Key(self.get(entry[0]).text.clone())
                }
                _ => {
                    let index = children.iter().position(|child| *child == at)?;
                    Step::Index(i64::try_from(index).ok()?)
                }
            });
            at = parent;
        }
        path.reverse();
        Some(path)
    }

    /// What a key is as a step of a path.
    fn step(&self, key: Id) -> Step {
        let item = self.get(key);
        if item.label != TypeTag::Core(Tag::Str)
            && let Some(index) = number::int(&item.text)
        {
            return Step::Index(index);
        }
        Step::Key(item.text.clone())
    }

    /// The path as people write it, for messages.
    pub(crate) fn nice_path(&self, id: Id) -> String {
        let mut out = String::new();
        for step in self.path(id) {
            match step {
                Step::Index(index) => out.push_str(&format!("[{index}]")),
                Step::Key(key) if key.contains(['.', ' ', '[']) => {
                    out.push_str(&format!("[\"{key}\"]"));
                }
                Step::Key(key) => {
                    out.push('.');
                    out.push_str(&key);
                }
            }
        }
        out
    }
}
