//! `and`, `or`, `not`, `//`, `any`, `all`, `select`, `if`.

use std::rc::Rc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::v4::arena_node::{Id, Kind};
use crate::v4::evaluator::{Cross, Evaluator, Operand};
use crate::v4::expr::{Branch, Call, Expr};
use crate::v4::scope::{Matches, Scope};

use super::glimpse;
use super::traverse::children;

/// `left or right` where `decisive` is true, `left and right` where it is false.
pub(crate) fn both(
    e: &mut Evaluator<'_>,
    left: &Expr,
    right: &Expr,
    decisive: bool,
    scope: &Scope,
) -> Result<Matches> {
    let cross = Cross {
        when_empty: true,
        early: Some(&|e, left| {
            let value = left.is_some_and(|left| e.is_true(left));
            (value == decisive).then(|| e.truth(left, decisive))
        }),
        calculation: &|e, _, left, right| {
            let value = right.is_some_and(|right| e.is_true(right));
            Ok(Some(e.truth(left.or(right), value)))
        },
    };
    let (left, right) = (Operand::Expr(left), Operand::Expr(right));
    e.cross(&scope.looking(), left, right, &cross)
}

/// `left // right`: the left side where it is something, else the right one.
pub(crate) fn alternative(
    e: &mut Evaluator<'_>,
    left: &Expr,
    right: &Expr,
    scope: &Scope,
) -> Result<Matches> {
    let cross = Cross {
        when_empty: true,
        early: Some(&|e, left| left.filter(|left| e.is_true(*left))),
        // The right side may have made something of the left one.
        calculation: &|e, _, left, right| {
            Ok(left.filter(|left| e.is_true(*left)).or(right).or(left))
        },
    };
    e.cross(scope, Operand::Expr(left), Operand::Expr(right), &cross)
}

/// `if condition then value … else otherwise end`, of each node by itself.
pub(crate) fn conditional(
    e: &mut Evaluator<'_>,
    branches: &[Branch],
    otherwise: Option<&Expr>,
    scope: &Scope,
) -> Result<Matches> {
    let mut results = Vec::new();
    for id in scope.matches.iter() {
        choose(e, branches, otherwise, *id, scope, &mut results)?;
    }
    Ok(Rc::new(results))
}

/// Adds one value for each result of the condition; no result counts as null.
fn choose(
    e: &mut Evaluator<'_>,
    branches: &[Branch],
    otherwise: Option<&Expr>,
    id: Id,
    scope: &Scope,
    results: &mut Vec<Id>,
) -> Result<()> {
    let Some((branch, rest)) = branches.split_first() else {
        match otherwise {
            Some(value) => results.extend(e.eval(value, &scope.single(id))?.iter()),
            None => results.push(id),
        }
        return Ok(());
    };
    let conditions = e.eval(&branch.condition, &scope.looking_at(id))?;
    let mut outcomes: Vec<bool> = conditions.iter().map(|id| e.is_true(*id)).collect();
    if outcomes.is_empty() {
        outcomes.push(false);
    }
    for holds in outcomes {
        if holds {
            results.extend(e.eval(&branch.value, &scope.single(id))?.iter());
        } else {
            choose(e, rest, otherwise, id, scope, results)?;
        }
    }
    Ok(())
}

/// `not`
pub(crate) fn not(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let value = !e.is_true(id);
        Ok(Some(e.truth(Some(id), value)))
    })
}

/// `any`, `any_c(condition)`
pub(crate) fn any(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    quantified(e, call, true, scope)
}

/// `all`, `all_c(condition)`
pub(crate) fn all(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    quantified(e, call, false, scope)
}

/// Whether an item decides the question: a true one for `any`, a false one for `all`.
fn quantified(
    e: &mut Evaluator<'_>,
    call: &Call,
    decisive: bool,
    scope: &Scope,
) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        if e.arena.get(id).kind != Kind::Seq {
            let name = call.operator.names[0];
            let message = format!("`{name}` expects a sequence, found {}", e.described(id));
            return Err(Error::new(ErrorKind::Script, message));
        }
        let mut value = !decisive;
        for item in e.arena.listed(id) {
            let tested = match &call.argument {
                Some(condition) => e.first(condition, &scope.looking_at(item))?,
                None => Some(item),
            };
            if tested.is_some_and(|tested| e.is_true(tested) == decisive) {
                value = decisive;
                break;
            }
        }
        Ok(Some(e.truth(Some(id), value)))
    })
}

/// `select(condition)`
pub(crate) fn select(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(condition) = &call.argument else {
        return Ok(Rc::default());
    };
    e.for_each(scope, |e, id| {
        Ok(holds(e, condition, id, scope)?.then_some(id))
    })
}

/// Whether any result of a condition is true of a node.
pub(crate) fn holds(
    e: &mut Evaluator<'_>,
    condition: &Expr,
    id: Id,
    scope: &Scope,
) -> Result<bool> {
    if let Some(holds) = glimpse::holds(e, condition, id) {
        return Ok(holds);
    }
    let found = e.eval(condition, &scope.looking_at(id))?;
    Ok(found.iter().any(|id| e.is_true(*id)))
}

/// `first`, `first(condition)`
pub(crate) fn first(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let Some(condition) = &call.argument else {
            let has_any = e.arena.len(id) > 0;
            return Ok(has_any.then(|| e.arena.child(id, 0)));
        };
        for item in children(e, id, scope) {
            let found = e.eval(condition, &scope.single(item))?;
            if found.iter().any(|id| e.is_true(*id)) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    })
}
