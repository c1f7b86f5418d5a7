//! Evaluates an expression: each form takes nodes and yields nodes.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::place::{Place, Span};
use kustom_yaml::{Str, Tag};

use super::arena::Arena;
use super::arena_node::{ArenaNode, Id, Key, Kind, TypeTag};
use super::context::Context;
use super::expr::{Expr, Form, Part, Template};
use super::ops::{build, decor, errors, infix, logic, slice, traverse, variable};
use super::report::AssignmentReports;
use super::scope::{Matches, Scope};
use crate::codec::snippet;

/// A run of an expression.
pub(super) struct Evaluator<'d> {
    /// The nodes that it works on.
    pub(super) arena: Arena<'d>,
    /// What it may ask the world.
    pub(super) context: &'d Context<'d>,
    /// The texts that were decoded, by the place where they stood; encoding asks for them.
    pub(super) decoded: HashMap<String, Str>,
    /// What the assignments did.
    pub(super) effects: AssignmentReports,
    /// The comparisons of collections, which are never equal, by where they stand.
    pub(super) vain: RefCell<BTreeMap<(u32, u32), Comparison>>,
    /// The nodes that were made on the way to a key.
    pub(super) created: Vec<Id>,
    /// The items that an index of the expression named.
    pub(super) numbered: HashSet<Id>,
    /// How many nodes got another value.
    pub(super) changed: usize,
    /// The places of values that an assignment gave the comment of another.
    pub(super) recommented: HashSet<Span>,
    /// What the expression is called.
    pub(super) name: Arc<str>,
    /// The names of the files that documents are from.
    pub(super) files: Vec<&'d str>,
    /// Where the text comes from that is evaluated by `eval`, once for each `eval` within another.
    pub(super) evals: Vec<Span>,
    /// How many variables are bound in each other at the moment.
    bindings: usize,
}

/// One side of an operator.
#[derive(Clone, Copy)]
pub(super) enum Operand<'e> {
    /// An expression, evaluated in the scope at hand.
    Expr(&'e Expr),
    /// A node that is known already.
    Node(Id),
}

/// What is done with a pair of nodes, of which either may be missing.
pub(super) type Calculation<'f, 'd> =
    &'f dyn Fn(&mut Evaluator<'d>, &Scope, Option<Id>, Option<Id>) -> Result<Option<Id>>;

/// What the left node of a pair decides alone.
pub(super) type Early<'f, 'd> = &'f dyn Fn(&mut Evaluator<'d>, Option<Id>) -> Option<Id>;

/// How two lists of nodes are combined, each of one with each of the other.
pub(super) struct Cross<'f, 'd> {
    /// Whether there is a result where one side gives nothing.
    pub(super) when_empty: bool,
    /// A result that the left side decides alone.
    pub(super) early: Option<Early<'f, 'd>>,
    /// The result of a pair.
    pub(super) calculation: Calculation<'f, 'd>,
}

/// A comparison whose outcome is known beforehand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    /// Where what it compares with stands.
    pub(super) span: Span,
    /// `==`, not `!=`.
    pub(super) is_equality: bool,
}

/// How many variables may be bound in each other, each with a place on the stack.
const BINDINGS: usize = 500;

/// How deep `eval` may stand in `eval`.
const EVALS: usize = 20;

impl<'d> Evaluator<'d> {
    pub(super) fn new(context: &'d Context<'d>, name: Arc<str>) -> Self {
        Self {
            arena: Arena::default(),
            context,
            decoded: HashMap::new(),
            effects: AssignmentReports::default(),
            vain: RefCell::default(),
            created: Vec::new(),
            numbered: HashSet::new(),
            recommented: HashSet::new(),
            changed: 0,
            name,
            files: Vec::new(),
            evals: Vec::new(),
            bindings: 0,
        }
    }

    /// The nodes that an expression finds or makes.
    pub(super) fn eval(&mut self, expr: &Expr, scope: &Scope) -> Result<Matches> {
        self.arena.count_step();
        let found = match self.arena.exhausted {
            Some(_) => Ok(Matches::default()),
            None => self.form(&expr.form, expr, scope),
        };
        // The innermost expression that was not finished is the one that went over.
        match self.arena.exhausted {
            Some(reason) if found.is_ok() => {
                let error = reason.error(expr.form.name().as_deref());
                Err(self.placed(error, expr.span))
            }
            _ => found.map_err(|error| self.placed(error, expr.span)),
        }
    }

    /// An error at a place of the expression, unless it has one already.
    pub(super) fn placed(&self, error: Error, span: Span) -> Error {
        // A place in a text that was made on the way is none of the script.
        let span = self.evals.first().copied().unwrap_or(span);
        error.at(Place::in_file(self.name.clone(), span))
    }

    /// What a text is, evaluated as an expression; its places are that of `span`.
    pub(super) fn eval_text(&mut self, expr: &Expr, span: Span, scope: &Scope) -> Result<Matches> {
        if self.evals.len() >= EVALS {
            let message = "`eval` is nested too deep";
            return Err(Error::new(ErrorKind::Script, message));
        }
        self.evals.push(span);
        let found = self.eval(expr, scope);
        self.evals.pop();
        found
    }

    fn form(&mut self, form: &Form, expr: &Expr, scope: &Scope) -> Result<Matches> {
        match form {
            Form::Identity => Ok(scope.matches.clone()),
            Form::Nothing => Ok(Matches::default()),
            Form::Literal { text, tag } => Ok(self.literal(text, *tag, scope)),
            Form::Text(template) => self.text(template, scope),
            Form::Variable(name) => Ok(scope.variable(name)),
            Form::Key { name, optional } => traverse::key(self, name, *optional, scope),
            Form::Index {
                base,
                index,
                optional,
            } => traverse::index(self, base, index, *optional, scope),
            Form::Slice { base, from, to } => {
                slice::slice(self, base, from.as_deref(), to.as_deref(), scope)
            }
            Form::Descend { keys } => traverse::descend(self, *keys, scope),
            Form::List(items) => build::list(self, items, scope),
            Form::Object => build::object(self, scope),
            Form::Pipe(parts) => self.pipe(parts, scope),
            Form::Union(parts) => self.union(parts, scope),
            Form::Infix { infix, left, right } => infix::run(self, *infix, left, right, scope),
            Form::Attribute {
                attribute,
                relative,
                target,
                value,
            } => decor::assign(
                self,
                *attribute,
                *relative,
                (target, value),
                expr.span,
                scope,
            ),
            Form::If {
                branches,
                otherwise,
            } => logic::conditional(self, branches, otherwise.as_deref(), scope),
            Form::Call(call) => (call.operator.run)(self, call, scope),
        }
    }

    fn literal(&mut self, text: &Str, tag: Tag, scope: &Scope) -> Matches {
        let count = scope.matches.len().max(1);
        let nodes = (0..count).map(|_| self.arena.scalar(text.clone(), tag));
        Rc::new(nodes.collect())
    }

    /// Each part on what the part before it found.
    pub(super) fn pipe(&mut self, parts: &[Expr], scope: &Scope) -> Result<Matches> {
        let mut scope = scope.clone();
        for (index, part) in parts.iter().enumerate() {
            if let Some(bound) = variable::binding(part) {
                if self.bindings >= BINDINGS {
                    let message = format!("more than {BINDINGS} variables are bound in each other");
                    return Err(self.placed(Error::new(ErrorKind::Script, message), part.span));
                }
                self.bindings += 1;
                let found = variable::each(self, &bound, &parts[index + 1..], &scope);
                self.bindings -= 1;
                return found.map_err(|error| self.placed(error, part.span));
            }
            scope.matches = self.eval(part, &scope)?;
        }
        Ok(scope.matches)
    }

    /// The results of all parts, one after the other.
    ///
    /// Two assignments give the very same nodes, which count once.
    fn union(&mut self, parts: &[Expr], scope: &Scope) -> Result<Matches> {
        let mut found = Vec::with_capacity(parts.len());
        for part in parts {
            found.push(self.eval(part, scope)?);
        }
        if let [.., before, last] = &found[..]
            && Rc::ptr_eq(before, last)
        {
            found.pop();
        }
        if found.len() == 1 {
            return Ok(Rc::new(found[0].to_vec()));
        }
        Ok(Rc::new(
            found.iter().flat_map(|ids| ids.iter().copied()).collect(),
        ))
    }

    fn text(&mut self, template: &Template, scope: &Scope) -> Result<Matches> {
        if !self.context.interpolation {
            let id = self.arena.scalar(template.raw.clone(), Tag::Str);
            return Ok(one(id));
        }
        if scope.matches.is_empty() {
            let text = self.fill(template, scope)?;
            return Ok(one(self.arena.scalar(text, Tag::Str)));
        }
        self.for_each(scope, |this, id| {
            let text = this.fill(template, &scope.single(id))?;
            Ok(Some(this.arena.scalar(text, Tag::Str)))
        })
    }

    fn fill(&mut self, template: &Template, scope: &Scope) -> Result<String> {
        let mut out = String::new();
        for part in &template.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Expr(expr) => {
                    let found = self.eval(expr, scope)?;
                    if let Some(id) = found.first() {
                        out.push_str(&self.written(*id)?);
                        if out.len() > errors::LONGEST {
                            return Err(errors::too_long());
                        }
                    }
                }
            }
        }
        Ok(out)
    }

    /// The text of a scalar, or the YAML of anything else.
    pub(super) fn written(&mut self, id: Id) -> Result<String> {
        let item = self.arena.get(id);
        if item.is_scalar() {
            return Ok(item.text.to_string());
        }
        let node = self.arena.restore(id);
        let text = super::yaml_text(&node, self.context.indent);
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// What one side of an operator finds.
    pub(super) fn operand(&mut self, operand: Operand<'_>, scope: &Scope) -> Result<Matches> {
        match operand {
            Operand::Expr(expr) => self.eval(expr, scope),
            Operand::Node(id) => Ok(one(id)),
        }
    }

    /// The scope as it is where its nodes belong together, else one scope for each of them.
    pub(super) fn apart(&self, scope: &Scope) -> Vec<Scope> {
        if scope.matches.len() == 1 || scope.matches.iter().all(|id| self.is_together(*id)) {
            return vec![scope.clone()];
        }
        scope.matches.iter().map(|id| scope.single(*id)).collect()
    }

    /// Whether a node is a child of its parent, and not only stands where one could.
    pub(super) fn is_there(&mut self, id: Id) -> bool {
        let Some(parent) = self.arena.get(id).parent else {
            return true;
        };
        match self.arena.get(id).key {
            Key::Index(index) => (index as usize) < self.arena.len(parent),
            _ => true,
        }
    }

    /// Whether a node is one of the documents that are worked on at once.
    pub(super) fn is_together(&self, id: Id) -> bool {
        self.arena.own_origin(id).together
    }

    /// Combines each node of one side with each of the other.
    pub(super) fn cross(
        &mut self,
        scope: &Scope,
        left: Operand<'_>,
        right: Operand<'_>,
        cross: &Cross<'_, 'd>,
    ) -> Result<Matches> {
        let mut results = Vec::new();
        for scope in self.apart(scope) {
            let lefts = self.operand(left, &scope)?;
            if cross.when_empty && !scope.matches.is_empty() && lefts.is_empty() {
                self.combine(&scope, None, right, cross, &mut results)?;
            }
            for id in lefts.iter() {
                self.combine(&scope, Some(*id), right, cross, &mut results)?;
            }
        }
        Ok(Rc::new(results))
    }

    fn combine(
        &mut self,
        scope: &Scope,
        left: Option<Id>,
        right: Operand<'_>,
        cross: &Cross<'_, 'd>,
        results: &mut Vec<Id>,
    ) -> Result<()> {
        if let Some(result) = cross.early.and_then(|early| early(self, left)) {
            results.push(result);
            return Ok(());
        }
        let rights = self.operand(right, scope)?;
        if cross.when_empty && rights.is_empty() {
            results.extend((cross.calculation)(self, scope, left, None)?);
        }
        for id in rights.iter() {
            results.extend((cross.calculation)(self, scope, left, Some(*id))?);
        }
        Ok(())
    }

    /// What a function makes of each node of a scope.
    pub(super) fn for_each(
        &mut self,
        scope: &Scope,
        mut make: impl FnMut(&mut Self, Id) -> Result<Option<Id>>,
    ) -> Result<Matches> {
        let mut results = Vec::with_capacity(scope.matches.len());
        for id in scope.matches.iter() {
            results.extend(make(self, *id)?);
        }
        Ok(Rc::new(results))
    }

    /// The first node that an expression finds.
    pub(super) fn first(&mut self, expr: &Expr, scope: &Scope) -> Result<Option<Id>> {
        Ok(self.eval(expr, scope)?.first().copied())
    }

    /// The text of the first node that an expression finds, or no text.
    pub(super) fn first_text(&mut self, expr: &Expr, scope: &Scope) -> Result<Str> {
        let first = self.first(expr, scope)?;
        Ok(first.map_or_else(Str::default, |id| self.arena.get(id).text.clone()))
    }

    /// A scalar that stands where another node stands.
    pub(super) fn answer(&mut self, owner: Id, text: &str, tag: Tag) -> Id {
        self.arena
            .replacement(owner, Kind::Scalar, TypeTag::Core(tag), text)
    }

    /// `true` or `false`, standing where another node stands.
    pub(super) fn truth(&mut self, owner: Option<Id>, value: bool) -> Id {
        let text = if value { "true" } else { "false" };
        match owner {
            Some(owner) => self.answer(owner, text, Tag::Bool),
            None => self.arena.scalar(text, Tag::Bool),
        }
    }

    /// Whether a node counts as true: all but `null` and `false` do.
    pub(super) fn is_true(&self, id: Id) -> bool {
        let item = self.arena.get(id);
        match item.label {
            TypeTag::Core(Tag::Null) => false,
            TypeTag::Core(Tag::Bool) if item.kind == Kind::Scalar => ["true", "yes", "y", "on"]
                .iter()
                .any(|word| item.text.eq_ignore_ascii_case(word)),
            _ => true,
        }
    }

    /// The type of a node; one with a tag of its own has the type that its text shows.
    pub(super) fn type_of(&self, id: Id) -> TypeTag {
        guess(self.arena.get(id))
    }

    /// Whether two nodes hold the same data.
    pub(super) fn same(&mut self, left: Id, right: Id) -> bool {
        self.arena.count_looks(1);
        let (a, b) = (self.arena.get(left), self.arena.get(right));
        if a.kind != b.kind || self.arena.exhausted.is_some() {
            return false;
        }
        match a.kind {
            Kind::Alias => a.text == b.text,
            Kind::Scalar => guess(a) == guess(b) && (a.is_null() || a.text == b.text),
            Kind::Seq => {
                let (a, b) = (self.arena.listed(left), self.arena.listed(right));
                a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| self.same(*a, *b))
            }
            Kind::Map => {
                let (a, b) = (self.arena.entries(left), self.arena.len(right));
                a.len() * 2 == b
                    && a.iter().all(|(key, value)| {
                        self.entry(right, *key)
                            .is_some_and(|(_, other)| self.same(*value, other))
                    })
            }
        }
    }

    /// The entry of a mapping whose key holds the same data.
    pub(super) fn entry(&mut self, map: Id, key: Id) -> Option<(Id, Id)> {
        for index in 0..self.arena.len(map) / 2 {
            let found = self.arena.child(map, index * 2);
            if self.same(found, key) {
                return Some((found, self.arena.child(map, index * 2 + 1)));
            }
        }
        None
    }

    /// What a node is, for messages: `!!str` at `.a.b`.
    pub(super) fn described(&self, id: Id) -> String {
        let item = self.arena.get(id);
        let name = match item.kind {
            Kind::Alias => "an alias",
            _ if item.label == TypeTag::Unset => item.kind.name(),
            _ => item.label.name(),
        };
        let path = self.arena.nice_path(id);
        if path.is_empty() {
            format!("`{name}`")
        } else {
            format!("`{name}` at `{path}`")
        }
    }
}

/// A list of one node.
pub(super) fn one(id: Id) -> Matches {
    Rc::new(vec![id])
}

fn guess(item: &ArenaNode<'_>) -> TypeTag {
    if !item.label.is_custom() || item.text.is_empty() {
        return item.label.clone();
    }
    match snippet(&item.text) {
        Some(node) => ArenaNode::head(&node).label,
        None => item.label.clone(),
    }
}
