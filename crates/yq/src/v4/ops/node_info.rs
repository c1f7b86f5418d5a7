//! Properties of nodes: `length`, `line`, `column`, `kind`, `filename`, `document_index`; and
//! `to_number`.

use kustom_yaml::Tag;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::number;
use crate::v4::arena_node::{Id, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

use super::errors::wrong_kind;

/// A number for each node.
fn count(
    e: &mut Evaluator<'_>,
    scope: &Scope,
    of: impl Fn(&Evaluator<'_>, Id) -> usize,
) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let number = of(e, id);
        Ok(Some(e.answer(id, &number.to_string(), Tag::Int)))
    })
}

/// `length`
pub(crate) fn length(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    count(e, scope, |e, id| {
        let item = e.arena.get(id);
        match item.kind {
            Kind::Scalar if item.is_null() => 0,
            Kind::Scalar => item.text.len(),
            Kind::Map => e.arena.len(id) / 2,
            Kind::Seq => e.arena.len(id),
            Kind::Alias => 0,
        }
    })
}

/// `line`
pub(crate) fn line(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    count(e, scope, |e, id| e.arena.get(id).span.line as usize)
}

/// `column`
pub(crate) fn column(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    count(e, scope, |e, id| e.arena.get(id).span.column as usize)
}

/// `document_index`
pub(crate) fn document_index(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    count(e, scope, |e, id| e.arena.origin(id).document as usize)
}

/// `file_index`
pub(crate) fn file_index(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    count(e, scope, |e, id| e.arena.origin(id).file as usize)
}

/// `filename`
pub(crate) fn filename(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let file = e.arena.origin(id).file as usize;
        let name = e.files.get(file).copied().unwrap_or_default();
        Ok(Some(e.answer(id, name, Tag::Str)))
    })
}

/// `kind`
pub(crate) fn kind(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let name = e.arena.get(id).kind.name();
        Ok(Some(e.answer(id, name, Tag::Str)))
    })
}

/// `to_number`
pub(crate) fn to_number(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let item = e.arena.get(id);
        if !item.is_scalar() {
            return Err(wrong_kind(e, call, "a scalar", id));
        }
        if matches!(item.label, TypeTag::Core(Tag::Int | Tag::Float)) {
            return Ok(Some(id));
        }
        let text = item.text.clone();
        let tag = if number::int(&text).is_some() {
            Tag::Int
        } else if text.parse::<f64>().is_ok() {
            Tag::Float
        } else {
            let message = format!("{} is no number", e.described(id));
            return Err(Error::new(ErrorKind::Script, message));
        };
        Ok(Some(e.answer(id, &text, tag)))
    })
}
