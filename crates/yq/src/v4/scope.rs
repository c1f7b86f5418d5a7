//! The scope of an evaluation: current nodes, variables, and whether new nodes may be created.

use std::rc::Rc;

use kustom_yaml::Str;

use super::arena_node::Id;

/// The nodes that an expression found.
pub(super) type Matches = Rc<Vec<Id>>;

/// What an expression is evaluated on.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// The nodes that `.` stands for.
    pub(super) matches: Matches,
    /// Whether keys that are not there stay away.
    pub(super) readonly: bool,
    /// How dates are written; RFC 3339 if nothing else was said.
    pub(super) layout: Option<Rc<str>>,
    variables: Option<Rc<Variable>>,
}

#[derive(Debug)]
struct Variable {
    name: Str,
    value: Matches,
    outer: Option<Rc<Variable>>,
}

impl Scope {
    /// The same with other nodes.
    pub(super) fn with(&self, matches: Matches) -> Self {
        Self {
            matches,
            ..self.clone()
        }
    }

    /// The same with one node.
    pub(super) fn single(&self, id: Id) -> Self {
        self.with(Rc::new(vec![id]))
    }

    /// The same, for looking only.
    pub(super) fn looking(&self) -> Self {
        Self {
            readonly: true,
            ..self.clone()
        }
    }

    /// The same, for making what is not there.
    pub(super) fn writing(&self) -> Self {
        Self {
            readonly: false,
            ..self.clone()
        }
    }

    /// The same with one node, for looking only.
    pub(super) fn looking_at(&self, id: Id) -> Self {
        Self {
            matches: Rc::new(vec![id]),
            readonly: true,
            ..self.clone()
        }
    }

    /// The nodes of a variable; none if there is no such variable.
    pub(super) fn variable(&self, name: &str) -> Matches {
        let mut at = self.variables.as_deref();
        while let Some(variable) = at {
            if variable.name == name {
                return variable.value.clone();
            }
            at = variable.outer.as_deref();
        }
        Matches::default()
    }

    /// The same with one more variable.
    pub(super) fn bind(&self, name: &Str, value: Matches) -> Self {
        Self {
            variables: Some(Rc::new(Variable {
                name: name.clone(),
                value,
                outer: self.variables.clone(),
            })),
            ..self.clone()
        }
    }
}
