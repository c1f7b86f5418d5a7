//! The path to a field, as the API server writes it: `spec.containers[0].resources.limits[cpu]`.

use std::fmt;

/// A path that grows on the stack; it becomes text only where there is something to say.
#[derive(Clone, Copy, Debug)]
pub struct Path<'p> {
    parent: Option<&'p Self>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Field(&'p str),
    Index(usize),
    Key(&'p str),
}

impl<'p> Path<'p> {
    /// The object itself.
    pub const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Root,
    };

    /// A field of it; dots take several steps at once.
    pub fn field<'n>(&'n self, name: &'n str) -> Path<'n>
    where
        'p: 'n,
    {
        Path {
            parent: Some(self),
            step: Step::Field(name),
        }
    }

    /// The path that is so many steps shorter.
    pub(crate) fn up(&self, steps: usize) -> Path<'p> {
        match (steps, self.parent) {
            (0, _) => *self,
            (_, Some(parent)) => parent.up(steps - 1),
            (_, None) => Path::ROOT,
        }
    }

    /// Whether it is the object itself.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.step, Step::Root | Step::Field("")) && self.parent.is_none_or(Self::is_root)
    }

    /// Whether its last step is a field of this name.
    pub(crate) fn ends_with_field(&self, name: &str) -> bool {
        matches!(self.step, Step::Field(last) if last == name)
    }

    /// An element of a list.
    pub fn index<'n>(&'n self, index: usize) -> Path<'n>
    where
        'p: 'n,
    {
        Path {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// An entry of a map whose keys are the user's own.
    pub fn key<'n>(&'n self, key: &'n str) -> Path<'n>
    where
        'p: 'n,
    {
        Path {
            parent: Some(self),
            step: Step::Key(key),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Field("") => Ok(()),
            Step::Field(name) => {
                let first = self
                    .parent
                    .is_none_or(|parent| matches!(parent.step, Step::Root));
                write!(f, "{}{name}", if first { "" } else { "." })
            }
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, "[{key}]"),
        }
    }
}
