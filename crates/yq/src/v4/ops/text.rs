//! Texts: joined, split, trimmed, in upper and lower case.

use std::rc::Rc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::{Style, Tag};

use crate::v4::arena_node::{Id, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

use super::errors::wrong_kind;
use super::errors::{LONGEST, too_long};

/// Refuses what is no text.
pub(super) fn check_text(e: &Evaluator<'_>, call: &Call, id: Id) -> Result<()> {
    if e.type_of(id) == TypeTag::Core(Tag::Str) && e.arena.get(id).is_scalar() {
        return Ok(());
    }
    let error = wrong_kind(e, call, "a string", id);
    Err(error.help("use `|=` to change each value by itself, `to_string` to make strings"))
}

/// A text made of another, of the same type and style.
fn changed(e: &mut Evaluator<'_>, id: Id, text: &str) -> Id {
    let (label, style) = (e.arena.get(id).label.clone(), e.arena.get(id).style);
    let new = e.arena.replacement(id, Kind::Scalar, label, text);
    e.arena.edit(new).style = style;
    new
}

fn change(
    e: &mut Evaluator<'_>,
    call: &Call,
    scope: &Scope,
    make: impl Fn(&str) -> String,
) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        check_text(e, call, id)?;
        let text = make(&e.arena.get(id).text);
        Ok(Some(changed(e, id, &text)))
    })
}

/// `upcase`
pub(crate) fn upcase(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    change(e, call, scope, str::to_uppercase)
}

/// `downcase`
pub(crate) fn downcase(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    change(e, call, scope, str::to_lowercase)
}

/// `trim`
pub(crate) fn trim(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    change(e, call, scope, |text| text.trim().to_owned())
}

/// `to_string`
pub(crate) fn to_string(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let was_text = e.arena.get(id).label == TypeTag::Core(Tag::Str);
        let text = e.written(id)?;
        let new = e.answer(id, &text, Tag::Str);
        if !was_text {
            e.arena.edit(new).style = Style::Double;
        }
        Ok(Some(new))
    })
}

/// `join(separator)`
pub(crate) fn join(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let separator = e.first_text(argument, &scope.looking())?;
    e.for_each(scope, |e, id| {
        if e.arena.get(id).kind != Kind::Seq {
            return Err(wrong_kind(e, call, "a sequence of scalars", id));
        }
        let mut out = String::new();
        for (index, item) in e.arena.listed(id).into_iter().enumerate() {
            if index > 0 {
                out.push_str(&separator);
            }
            let item = e.arena.get(item);
            if !item.is_null() {
                out.push_str(&item.text);
            }
            if out.len() > LONGEST {
                return Err(too_long());
            }
        }
        Ok(Some(e.answer(id, &out, Tag::Str)))
    })
}

/// `split(separator)`
pub(crate) fn split_text(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let separator = e.first_text(argument, &scope.looking())?;
    e.for_each(scope, |e, id| {
        if e.arena.get(id).is_null() {
            return Ok(None);
        }
        check_text(e, call, id)?;
        let parts = split(&e.arena.get(id).text, &separator);
        let seq = e
            .arena
            .replacement(id, Kind::Seq, TypeTag::Core(Tag::Seq), "");
        for part in parts {
            let part = e.arena.scalar(part, Tag::Str);
            e.arena.append(seq, part);
        }
        Ok(Some(seq))
    })
}

/// The parts of a text; its letters where there is no separator, nothing where there is no text.
pub(super) fn split(text: &str, separator: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    if separator.is_empty() {
        return text.chars().map(String::from).collect();
    }
    text.split(separator).map(str::to_owned).collect()
}

/// `system`, which runs nothing.
pub(crate) fn system(_: &mut Evaluator<'_>, _: &Call, _: &Scope) -> Result<Matches> {
    Err(Error::new(
        ErrorKind::Script,
        "an expression may not run programs",
    ))
}
