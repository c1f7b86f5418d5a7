//! Dates: `now`, `tz`, `format_datetime`, `with_dtf`, `to_unix`, `from_unix`, and moving them.

use std::rc::Rc;

use kustom_yaml::Tag;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::codec::snippet;
use crate::number;
use crate::v4::arena_node::{ArenaNode, Kind, TypeTag};
use crate::v4::evaluator::{Evaluator, one};
use crate::v4::expr::Call;
use crate::v4::go_time::{self, Moment, RFC3339};
use crate::v4::scope::{Matches, Scope};

use super::errors::wrong_kind;

/// How dates are written.
pub(super) fn layout(scope: &Scope) -> &str {
    scope.layout.as_deref().unwrap_or(RFC3339)
}

/// Reads a date; of the usual layout the time of day may be missing.
pub(super) fn parse(layout: &str, text: &str) -> Result<Moment> {
    let parsed = go_time::parse(layout, text);
    if layout == RFC3339 {
        return parsed.or_else(|error| go_time::parse("2006-01-02", text).map_err(|_| error));
    }
    parsed
}

/// A date moved by a duration; `None` if it is no date.
pub(super) fn shifted(
    scope: &Scope,
    date: &ArenaNode<'_>,
    by: &ArenaNode<'_>,
    label: &TypeTag,
    back: bool,
) -> Result<Option<String>> {
    let layout = layout(scope);
    let is_date = match label {
        TypeTag::Core(Tag::Timestamp) => true,
        TypeTag::Core(Tag::Str) => layout != RFC3339 && parse(layout, &date.text).is_ok(),
        _ => false,
    };
    if !is_date {
        return Ok(None);
    }
    let duration = go_time::duration(&by.text)?;
    let moved = parse(layout, &date.text)?.plus(if back { -duration } else { duration });
    Ok(Some(moved.write(layout)))
}

/// `with_dtf(layout; expression)`
pub(crate) fn with_layout(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some((layout, expression)) = call.argument.as_ref().and_then(|argument| argument.pair())
    else {
        return Err(Error::new(
            ErrorKind::Script,
            "`with_dtf` expects a layout and an expression",
        )
        .help("write `with_dtf(\"Monday, 02-Jan-06 at 3:04PM MST\"; …)`"));
    };
    let layout = e.first_text(layout, &scope.looking())?;
    let mut scope = scope.clone();
    scope.layout = Some(layout.as_str().into());
    e.eval(expression, &scope)
}

/// `now`
pub(crate) fn now(e: &mut Evaluator<'_>, _: &Call, _: &Scope) -> Result<Matches> {
    let Some(now) = e.context.now else {
        let message = "the time may not be asked for here";
        return Err(Error::new(ErrorKind::Script, message)
            .help("what is rendered must be the same at every run"));
    };
    let text = Moment::at_seconds(now as f64).write(RFC3339);
    Ok(one(e.arena.scalar(text, Tag::Timestamp)))
}

/// `tz(zone)`
pub(crate) fn zone(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let zone = e.first_text(argument, &scope.looking())?;
    e.for_each(scope, |e, id| {
        let layout = layout(scope);
        let moment = parse(layout, &e.arena.get(id).text)?.in_zone(&zone)?;
        let label = e.arena.get(id).label.clone();
        let text = moment.write(layout);
        Ok(Some(e.arena.replacement(id, Kind::Scalar, label, &text)))
    })
}

/// `format_datetime(layout)`
pub(crate) fn format(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let wanted = e.first_text(argument, &scope.looking())?;
    e.for_each(scope, |e, id| {
        let moment = parse(layout(scope), &e.arena.get(id).text)?;
        let text = moment.write(&wanted);
        let new = match snippet(&text) {
            Some(node) => e.arena.adopt_owned(node),
            None => e.arena.scalar(text, Tag::Str),
        };
        e.arena.stand_in(id, new);
        Ok(Some(new))
    })
}

/// `to_unix`
pub(crate) fn to_unix(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let moment = parse(layout(scope), &e.arena.get(id).text)?;
        Ok(Some(e.answer(id, &moment.seconds().to_string(), Tag::Int)))
    })
}

/// `from_unix`
pub(crate) fn from_unix(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let is_number = matches!(e.type_of(id), TypeTag::Core(Tag::Int | Tag::Float));
        let seconds = number::float(&e.arena.get(id).text);
        match seconds.filter(|_| is_number) {
            Some(seconds) => {
                let text = Moment::at_seconds(seconds).write(RFC3339);
                Ok(Some(e.answer(id, &text, Tag::Timestamp)))
            }
            None => Err(wrong_kind(e, call, "a number of seconds", id)),
        }
    })
}
