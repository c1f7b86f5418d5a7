//! `+`, `-`, `*`, `/`, `%` on texts, numbers, dates, sequences and mappings.

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::{Str, Style, Tag};

use crate::number::{self, write_result};
use crate::v4::arena_node::{Id, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::scope::Scope;

use super::date;
use super::errors::{LONGEST, too_long};

const STR: TypeTag = TypeTag::Core(Tag::Str);
const INT: TypeTag = TypeTag::Core(Tag::Int);
const FLOAT: TypeTag = TypeTag::Core(Tag::Float);

/// `left + right`
pub(crate) fn add(
    e: &mut Evaluator<'_>,
    scope: &Scope,
    left: Option<Id>,
    right: Option<Id>,
) -> Result<Option<Id>> {
    let (left, right) = match (left, right) {
        (None, None) => return Ok(None),
        (Some(only), None) | (None, Some(only)) => return Ok(Some(e.arena.copy(only))),
        (Some(left), Some(right)) => (left, right),
    };
    let (a, b) = (e.arena.get(left), e.arena.get(right));
    if a.is_null() {
        let sum = e.arena.copy(right);
        e.arena.stand_in(left, sum);
        return Ok(Some(sum));
    }
    match (a.kind, b.kind) {
        (Kind::Map, Kind::Map) => Ok(Some(add_maps(e, left, right))),
        (Kind::Seq, _) => Ok(Some(add_to_sequence(e, left, right))),
        (Kind::Scalar, Kind::Scalar) => add_scalars(e, scope, left, right).map(Some),
        (Kind::Alias, _) => Ok(Some(e.arena.copy_head(left))),
        _ => Err(mismatch(e, right, "cannot be added to", left)),
    }
}

#[cold]
fn mismatch(e: &Evaluator<'_>, one: Id, what: &str, other: Id) -> Error {
    let is_text = |id| e.type_of(id) == STR;
    let help = match (e.arena.get(one).kind, e.arena.get(other).kind) {
        (Kind::Scalar, Kind::Scalar) if is_text(one) || is_text(other) => {
            "`to_number` and `to_string` make a value what the other one is"
        }
        (Kind::Seq, _) | (_, Kind::Seq) => "`.[]` stands for all items of a sequence",
        _ => "both sides must be of one type",
    };
    let (one, other) = (e.described(one), e.described(other));
    Error::new(ErrorKind::Script, format!("{one} {what} {other}")).help(help)
}

fn add_maps(e: &mut Evaluator<'_>, left: Id, right: Id) -> Id {
    let sum = e.arena.copy(left);
    if e.arena.len(left) == 0 {
        e.arena.edit(sum).style = Style::Plain;
    }
    for (key, value) in e.arena.entries(right) {
        match e.entry(sum, key) {
            None => e.arena.push_entry(sum, key, value),
            Some((_, old)) => {
                let new = e.arena.copy(value);
                e.arena.stand_in(old, new);
                let children = e.arena.children(sum);
                if let Some(place) = children.iter().position(|child| *child == old) {
                    children[place] = new;
                }
            }
        }
    }
    sum
}

fn add_to_sequence(e: &mut Evaluator<'_>, left: Id, right: Id) -> Id {
    let sum = e.arena.copy(left);
    if e.arena.len(left) == 0 {
        e.arena.edit(sum).style = Style::Plain;
    }
    let item = e.arena.get(right);
    if item.is_null() {
        return sum;
    }
    if item.kind == Kind::Seq {
        let items = e.arena.listed(right);
        e.arena.push_all(sum, &items);
        return sum;
    }
    let new = e.arena.copy(right);
    if e.arena.len(left) > 0 {
        let first = e.arena.child(left, 0);
        let (style, tagged) = (e.arena.get(first).style, e.arena.get(first).tagged);
        let item = e.arena.edit(new);
        item.style = style;
        item.tagged = tagged;
    }
    e.arena.append(sum, new);
    sum
}

/// A scalar like another, with a text and a type.
fn scalar(e: &mut Evaluator<'_>, like: Id, text: impl Into<Str>, label: TypeTag) -> Id {
    let id = e.arena.copy_head(like);
    let item = e.arena.edit(id);
    item.kind = Kind::Scalar;
    item.text = text.into();
    item.label = label;
    id
}

fn add_scalars(e: &mut Evaluator<'_>, scope: &Scope, left: Id, right: Id) -> Result<Id> {
    let (a, b) = (e.type_of(left), e.type_of(right));
    let (own, other) = (e.arena.get(left), e.arena.get(right));
    if let Some(result) = date::shifted(scope, own, other, &a, false)? {
        let label = own.label.clone();
        return Ok(scalar(e, left, result, label));
    }
    let is_number = |label: &TypeTag| *label == INT || *label == FLOAT;
    if a == STR || b == STR {
        let label = if a == STR { &own.label } else { &other.label };
        let right_text = if a == STR && b == TypeTag::Core(Tag::Null) {
            ""
        } else {
            other.text.as_str()
        };
        if own.text.len() + right_text.len() > LONGEST {
            return Err(too_long());
        }
        let (text, label) = (format!("{}{right_text}", own.text), label.clone());
        return Ok(scalar(e, left, text, label));
    }
    if is_number(&a) && is_number(&b) {
        return numbers(e, left, right, i64::checked_add, |a, b| a + b);
    }
    Err(mismatch(e, right, "cannot be added to", left))
}

/// The result of an operation on two numbers: an integer if both are, in the base of the first.
fn numbers(
    e: &mut Evaluator<'_>,
    left: Id,
    right: Id,
    whole: impl Fn(i64, i64) -> Option<i64>,
    broken: impl Fn(f64, f64) -> f64,
) -> Result<Id> {
    let are_ints = e.type_of(left) == INT && e.type_of(right) == INT;
    let (own, other) = (e.arena.get(left), e.arena.get(right));
    let label = own.label.clone();
    if are_ints {
        let (base, a) = number::based(&own.text).ok_or_else(|| no_number(&own.text))?;
        let b = number::int(&other.text).ok_or_else(|| no_number(&other.text))?;
        let result = whole(a, b).ok_or_else(|| {
            Error::new(
                ErrorKind::Script,
                "the result is out of the range of integers",
            )
        })?;
        return Ok(scalar(e, left, base.write(result), label));
    }
    let a = number::float(&own.text).ok_or_else(|| no_number(&own.text))?;
    let b = number::float(&other.text).ok_or_else(|| no_number(&other.text))?;
    let label = if label.is_custom() { label } else { FLOAT };
    Ok(scalar(e, left, write_result(broken(a, b)), label))
}

#[cold]
fn no_number(text: &str) -> Error {
    Error::new(ErrorKind::Script, format!("`{text}` is no number"))
}

/// `left - right`
pub(crate) fn subtract(e: &mut Evaluator<'_>, scope: &Scope, left: Id, right: Id) -> Result<Id> {
    let (a, b) = (e.arena.get(left), e.arena.get(right));
    if a.is_null() {
        let result = e.arena.copy(right);
        e.arena.stand_in(left, result);
        return Ok(result);
    }
    match (a.kind, b.kind) {
        (Kind::Seq, Kind::Seq) => {
            let gone = e.arena.listed(right);
            let items = e.arena.listed(left);
            let result = e.arena.copy_head(left);
            for item in items {
                if !gone.iter().any(|gone| e.same(item, *gone)) {
                    e.arena.push(result, item);
                }
            }
            Ok(result)
        }
        (Kind::Scalar, Kind::Scalar) => subtract_scalars(e, scope, left, right),
        (Kind::Alias, _) => Ok(e.arena.copy_head(left)),
        _ => Err(mismatch(e, right, "cannot be subtracted from", left)),
    }
}

fn subtract_scalars(e: &mut Evaluator<'_>, scope: &Scope, left: Id, right: Id) -> Result<Id> {
    let (a, b) = (e.type_of(left), e.type_of(right));
    let (own, other) = (e.arena.get(left), e.arena.get(right));
    if let Some(result) = date::shifted(scope, own, other, &a, true)? {
        let label = own.label.clone();
        return Ok(scalar(e, left, result, label));
    }
    let is_number = |label: &TypeTag| *label == INT || *label == FLOAT;
    if is_number(&a) && is_number(&b) {
        return numbers(e, left, right, i64::checked_sub, |a, b| a - b);
    }
    Err(mismatch(e, right, "cannot be subtracted from", left))
}

/// `left * right` where nothing is merged.
pub(crate) fn multiply(e: &mut Evaluator<'_>, left: Id, right: Id) -> Result<Id> {
    let (a, b) = (e.type_of(left), e.type_of(right));
    let is_number = |label: &TypeTag| *label == INT || *label == FLOAT;
    let are_scalars = e.arena.get(left).is_scalar() && e.arena.get(right).is_scalar();
    if !are_scalars {
        return Err(mismatch(e, left, "cannot be multiplied with", right));
    }
    if is_number(&a) && is_number(&b) {
        return numbers(e, left, right, i64::checked_mul, |a, b| a * b);
    }
    let (own, other) = (&e.arena.get(left).label, &e.arena.get(right).label);
    if (*own == STR && b == INT) || (a == INT && *other == STR) {
        return repeat(e, left, right);
    }
    Err(mismatch(e, left, "cannot be multiplied with", right))
}

fn repeat(e: &mut Evaluator<'_>, left: Id, right: Id) -> Result<Id> {
    let is_left = e.type_of(left) == STR;
    let (text, count) = if is_left {
        (left, right)
    } else {
        (right, left)
    };
    let (item, times) = (e.arena.get(text), &e.arena.get(count).text);
    let times = number::int(times).ok_or_else(|| no_number(times))?;
    let Ok(times) = usize::try_from(times) else {
        let message = format!("a string cannot be repeated {times} times");
        return Err(Error::new(ErrorKind::Script, message));
    };
    if item
        .text
        .len()
        .checked_mul(times)
        .is_none_or(|length| length > LONGEST)
    {
        return Err(too_long());
    }
    let (label, style) = (item.label.clone(), item.style);
    let result = item.text.repeat(times);
    let id = scalar(e, left, result, label);
    if e.arena.get(id).style == Style::Plain {
        e.arena.edit(id).style = style;
    }
    Ok(id)
}

/// `left / right`: numbers are divided, texts are split.
pub(crate) fn divide(e: &mut Evaluator<'_>, left: Id, right: Id) -> Result<Id> {
    let (a, b) = (e.type_of(left), e.type_of(right));
    let are_scalars = e.arena.get(left).is_scalar() && e.arena.get(right).is_scalar();
    let is_number = |label: &TypeTag| *label == INT || *label == FLOAT;
    if are_scalars && a == STR && b == STR {
        let parts = super::text::split(&e.arena.get(left).text, &e.arena.get(right).text);
        let id = e
            .arena
            .replacement(left, Kind::Seq, TypeTag::Core(Tag::Seq), "");
        for part in parts {
            let part = e.arena.scalar(part, Tag::Str);
            e.arena.append(id, part);
        }
        return Ok(id);
    }
    if are_scalars && is_number(&a) && is_number(&b) {
        let (own, other) = (e.arena.get(left), e.arena.get(right));
        let a = number::float(&own.text).ok_or_else(|| no_number(&own.text))?;
        let b = number::float(&other.text).ok_or_else(|| no_number(&other.text))?;
        let label = own.label.clone();
        let label = if label.is_custom() { label } else { FLOAT };
        return Ok(scalar(e, left, write_result(a / b), label));
    }
    Err(mismatch(e, left, "cannot be divided by", right))
}

/// `left % right`
pub(crate) fn modulo(e: &mut Evaluator<'_>, left: Id, right: Id) -> Result<Id> {
    let (a, b) = (e.type_of(left), e.type_of(right));
    let are_scalars = e.arena.get(left).is_scalar() && e.arena.get(right).is_scalar();
    let is_number = |label: &TypeTag| *label == INT || *label == FLOAT;
    if !are_scalars || !is_number(&a) || !is_number(&b) {
        return Err(mismatch(e, left, "cannot be divided by", right));
    }
    if a == INT && b == INT && number::int(&e.arena.get(right).text) == Some(0) {
        return Err(Error::new(
            ErrorKind::Script,
            "there is no remainder of a division by 0",
        ));
    }
    numbers(e, left, right, i64::checked_rem, |a, b| a % b)
}
