//! Evaluates operators between two expressions.

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::v4::arena_node::Id;
use crate::v4::evaluator::{Calculation, Comparison, Cross, Evaluator, Operand};
use crate::v4::expr::{Expr, Form, Infix};
use crate::v4::scope::{Matches, Scope};

use super::{arithmetic, assign, build, compare, logic, merge, variable};

/// Evaluates `left infix right`.
pub(crate) fn run(
    e: &mut Evaluator<'_>,
    infix: Infix,
    left: &Expr,
    right: &Expr,
    scope: &Scope,
) -> Result<Matches> {
    let (one, other) = (Operand::Expr(left), Operand::Expr(right));
    match infix {
        Infix::Union | Infix::Block => Err(misplaced(infix)),
        Infix::Bind { .. } => Err(misplaced(infix)
            .help("write `expression as $name | …`, with what uses the variable after `|`")),
        Infix::Pair => build::pair(e, left, right, scope),
        Infix::And => logic::both(e, left, right, false, scope),
        Infix::Or => logic::both(e, left, right, true, scope),
        Infix::Alternative => logic::alternative(e, left, right, scope),
        Infix::Reduce => variable::reduce(e, left, right, scope),
        Infix::Assign {
            relative: false,
            clobber,
        } => assign::assign(e, left, right, clobber, scope),
        Infix::Assign { clobber, .. } => assign::update(e, left, right, clobber, scope),
        Infix::AddAssign => {
            let how = assign::How::default();
            assign::compound(e, left, other, how, true, &arithmetic::add, scope)
        }
        Infix::SubtractAssign => {
            let how = assign::How::default();
            let subtract = pairs(&arithmetic::subtract);
            assign::compound(e, left, other, how, false, &subtract, scope)
        }
        Infix::MultiplyAssign(flags) => merge::multiply_assign(e, left, right, flags, scope),
        Infix::Multiply(flags) => {
            let multiply = |e: &mut Evaluator<'_>, _: &Scope, left, right| {
                merge::multiply(e, left, right, flags)
            };
            calculate(e, one, other, &pairs(&multiply), scope)
        }
        Infix::Add => {
            let scope = scope.looking();
            let cross = Cross {
                when_empty: !scope.matches.is_empty(),
                early: None,
                calculation: &arithmetic::add,
            };
            e.cross(&scope, one, other, &cross)
        }
        Infix::Subtract => calculate(e, one, other, &pairs(&arithmetic::subtract), scope),
        Infix::Divide => {
            let divide = |e: &mut Evaluator<'_>, _: &Scope, a, b| arithmetic::divide(e, a, b);
            calculate(e, one, other, &pairs(&divide), scope)
        }
        Infix::Modulo => {
            let modulo = |e: &mut Evaluator<'_>, _: &Scope, a, b| arithmetic::modulo(e, a, b);
            calculate(e, one, other, &pairs(&modulo), scope)
        }
        Infix::Equal => compare::truths(e, scope, one, other, &|e, _, id, with| {
            note_vain(e, (left, right), (id, with), true);
            Ok(compare::equal(e, id, with))
        }),
        Infix::NotEqual => {
            let scope = scope.looking();
            compare::truths(e, &scope, one, other, &|e, _, id, with| {
                note_vain(e, (left, right), (id, with), false);
                Ok(!compare::equal(e, id, with))
            })
        }
        Infix::Compare { greater, or_equal } => {
            compare::truths(e, scope, one, other, &|e, scope, left, right| {
                compare::compare(e, scope, left, right, greater, or_equal)
            })
        }
    }
}

/// Notes a comparison that cannot come out otherwise: of two collections, or with one that is written
/// out.
fn note_vain(
    e: &Evaluator<'_>,
    (left, right): (&Expr, &Expr),
    (id, with): (Option<Id>, Option<Id>),
    is_equality: bool,
) {
    let is_collection = |id: Option<Id>| id.is_some_and(|id| !e.arena.get(id).is_scalar());
    let is_written = |expr: &Expr| matches!(expr.form, Form::Object | Form::List(_));
    let is_vain = match (is_collection(id), is_collection(with)) {
        (true, true) => true,
        (true, false) => is_written(left),
        (false, true) => is_written(right),
        (false, false) => false,
    };
    if is_vain {
        let span = right.span;
        let comparison = Comparison { span, is_equality };
        let mut vain = e.vain.borrow_mut();
        vain.insert((span.start, span.end), comparison);
    }
}

/// A calculation that has a result only where both sides are there.
fn pairs<'d, F>(
    calculation: &F,
) -> impl Fn(&mut Evaluator<'d>, &Scope, Option<Id>, Option<Id>) -> Result<Option<Id>>
where
    F: Fn(&mut Evaluator<'d>, &Scope, Id, Id) -> Result<Id>,
{
    move |e, scope, left, right| match (left, right) {
        (Some(left), Some(right)) => calculation(e, scope, left, right).map(Some),
        _ => Ok(None),
    }
}

fn calculate<'d>(
    e: &mut Evaluator<'d>,
    left: Operand<'_>,
    right: Operand<'_>,
    calculation: Calculation<'_, 'd>,
    scope: &Scope,
) -> Result<Matches> {
    let cross = Cross {
        when_empty: false,
        early: None,
        calculation,
    };
    e.cross(&scope.looking(), left, right, &cross)
}

#[cold]
fn misplaced(infix: Infix) -> Error {
    let message = format!("`{}` means nothing here", infix.name());
    Error::new(ErrorKind::Script, message)
}
