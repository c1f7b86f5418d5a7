//! Comparisons: `==`, `<`, `min`, `max`, `contains`, and the order that sorting uses.

use std::cmp::Ordering;
use std::rc::Rc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::{Tag, Wildcards, matches_pattern};

use crate::number;
use crate::v4::arena_node::{ArenaNode, Id, Kind, TypeTag};
use crate::v4::evaluator::{Cross, Evaluator, Operand};
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

use super::date;
use super::traverse::children;

const NULL: TypeTag = TypeTag::Core(Tag::Null);
const BOOL: TypeTag = TypeTag::Core(Tag::Bool);
const STR: TypeTag = TypeTag::Core(Tag::Str);
const INT: TypeTag = TypeTag::Core(Tag::Int);
const FLOAT: TypeTag = TypeTag::Core(Tag::Float);
const TIMESTAMP: TypeTag = TypeTag::Core(Tag::Timestamp);

/// Whether a pair counts as equal: nulls, and scalars of which the right one may be a pattern.
pub(crate) fn equal(e: &Evaluator<'_>, left: Option<Id>, right: Option<Id>) -> bool {
    let (left, right) = match (left, right) {
        (None, None) => return true,
        (Some(only), None) | (None, Some(only)) => return e.arena.get(only).is_null(),
        (Some(left), Some(right)) => (e.arena.get(left), e.arena.get(right)),
    };
    if left.is_null() {
        return right.is_null();
    }
    left.is_scalar()
        && right.is_scalar()
        && matches_pattern(&right.text, &left.text, Wildcards::StarAndMark)
}

/// `left > right` and its kin.
pub(crate) fn compare(
    e: &Evaluator<'_>,
    scope: &Scope,
    left: Option<Id>,
    right: Option<Id>,
    greater: bool,
    or_equal: bool,
) -> Result<bool> {
    let (left, right) = match (left, right) {
        (None, None) => return Ok(or_equal),
        (Some(left), Some(right)) => (left, right),
        _ => return Ok(false),
    };
    let (a, b) = (e.arena.get(left), e.arena.get(right));
    if !a.is_scalar() || !b.is_scalar() {
        return Err(incomparable(e, left, right));
    }
    let Some(order) = ordered(e, scope, left, right)? else {
        return Ok(or_equal && a.is_null() && b.is_null());
    };
    Ok(match order {
        Ordering::Equal => or_equal,
        Ordering::Greater => greater,
        Ordering::Less => !greater,
    })
}

#[cold]
fn incomparable(e: &Evaluator<'_>, left: Id, right: Id) -> Error {
    let (left, right) = (e.described(left), e.described(right));
    let message = format!("{left} cannot be compared with {right}");
    Error::new(ErrorKind::Script, message)
}

/// The order of two scalars; none where one is null or not a number.
fn ordered(e: &Evaluator<'_>, scope: &Scope, left: Id, right: Id) -> Result<Option<Ordering>> {
    let (a, b) = (e.type_of(left), e.type_of(right));
    let (one, other) = (&e.arena.get(left).text, &e.arena.get(right).text);
    let layout = date::layout(scope);
    let is_date = a == TIMESTAMP || (a == STR && date::parse(layout, one).is_ok());
    if is_date {
        let (one, other) = (date::parse(layout, one)?, date::parse(layout, other)?);
        return Ok(Some(one.instant().cmp(&other.instant())));
    }
    if a == NULL || b == NULL {
        return Ok(None);
    }
    let is_number = |label: &TypeTag| *label == INT || *label == FLOAT;
    if a == INT
        && b == INT
        && let (Some(one), Some(other)) = (number::int(one), number::int(other))
    {
        return Ok(Some(one.cmp(&other)));
    }
    if is_number(&a)
        && is_number(&b)
        && let (Some(one), Some(other)) = (number::float(one), number::float(other))
    {
        return Ok(one.partial_cmp(&other));
    }
    if a == STR && b == STR {
        return Ok(Some(one.as_str().cmp(other)));
    }
    Err(incomparable(e, left, right))
}

/// The order that sorting uses: null, booleans, then dates, numbers and texts among themselves.
pub(crate) fn sorting(e: &Evaluator<'_>, scope: &Scope, left: Id, right: Id) -> Ordering {
    let (a, b) = (e.type_of(left), e.type_of(right));
    let by_rank = rank(&a).cmp(&rank(&b));
    if by_rank != Ordering::Equal || a == NULL {
        return by_rank;
    }
    if a == BOOL {
        return e.is_true(left).cmp(&e.is_true(right));
    }
    let (one, other) = (&e.arena.get(left).text, &e.arena.get(right).text);
    let layout = date::layout(scope);
    let may_be_dates = (a == TIMESTAMP && b == TIMESTAMP) || (a == STR && scope.layout.is_some());
    if may_be_dates
        && let (Ok(one), Ok(other)) = (date::parse(layout, one), date::parse(layout, other))
    {
        return one.instant().cmp(&other.instant());
    }
    let is_number = |label: &TypeTag| *label == INT || *label == FLOAT;
    if is_number(&a) && is_number(&b) {
        if let (Some(one), Some(other)) = (number::int(one), number::int(other)) {
            return one.cmp(&other);
        }
        if let (Some(one), Some(other)) = (number::float(one), number::float(other)) {
            return one.total_cmp(&other);
        }
    }
    one.as_str().cmp(other)
}

fn rank(label: &TypeTag) -> u8 {
    match label {
        TypeTag::Core(Tag::Null) => 0,
        TypeTag::Core(Tag::Bool) => 1,
        _ => 2,
    }
}

/// `min`
pub(crate) fn min(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    extreme(e, scope, false)
}

/// `max`
pub(crate) fn max(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    extreme(e, scope, true)
}

fn extreme(e: &mut Evaluator<'_>, scope: &Scope, greater: bool) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let mut items = children(e, id, scope).into_iter();
        let Some(mut best) = items.next() else {
            return Ok(None);
        };
        for item in items {
            if compare(e, scope, Some(item), Some(best), greater, false)? {
                best = item;
            }
        }
        Ok(Some(best))
    })
}

/// `contains(part)`
pub(crate) fn contains(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let mut results = Vec::new();
    for scope in e.apart(&scope.looking()) {
        for whole in scope.matches.iter() {
            for part in e.eval(argument, &scope)?.iter() {
                if e.arena.get(*whole).kind != e.arena.get(*part).kind {
                    let (whole, part) = (e.described(*whole), e.described(*part));
                    let message = format!("{whole} cannot contain {part}");
                    return Err(Error::new(ErrorKind::Script, message));
                }
                let found = holds(e, *whole, *part);
                results.push(e.truth(Some(*whole), found));
            }
        }
    }
    Ok(Rc::new(results))
}

fn holds(e: &mut Evaluator<'_>, whole: Id, part: Id) -> bool {
    let (a, b) = (e.arena.get(whole), e.arena.get(part));
    match a.kind {
        Kind::Map if b.kind == Kind::Map => {
            e.arena.entries(part).into_iter().all(|(key, value)| {
                e.entry(whole, key)
                    .is_some_and(|(_, found)| holds(e, found, value))
            })
        }
        Kind::Map | Kind::Alias => false,
        Kind::Seq => {
            let is_seq = b.kind == Kind::Seq;
            let items = e.arena.listed(whole);
            let parts = match is_seq {
                true => e.arena.listed(part),
                false => vec![part],
            };
            parts
                .into_iter()
                .all(|part| items.iter().any(|item| holds(e, *item, part)))
        }
        Kind::Scalar => b.is_scalar() && a.label == b.label && scalar_holds(a, b),
    }
}

fn scalar_holds(whole: &ArenaNode<'_>, part: &ArenaNode<'_>) -> bool {
    match whole.label {
        TypeTag::Core(Tag::Null) => true,
        TypeTag::Core(Tag::Str) => whole.text.contains(part.text.as_str()),
        _ => whole.text == part.text,
    }
}

/// Whether something is true of a pair of nodes.
type Decision<'f, 'd> = &'f dyn Fn(&Evaluator<'d>, &Scope, Option<Id>, Option<Id>) -> Result<bool>;

/// Combines two sides to booleans.
pub(crate) fn truths<'d>(
    e: &mut Evaluator<'d>,
    scope: &Scope,
    left: Operand<'_>,
    right: Operand<'_>,
    decide: Decision<'_, 'd>,
) -> Result<Matches> {
    let cross = Cross {
        when_empty: true,
        early: None,
        calculation: &|e, scope, left, right| {
            let value = decide(e, scope, left, right)?;
            Ok(Some(e.truth(left.or(right), value)))
        },
    };
    e.cross(scope, left, right, &cross)
}
