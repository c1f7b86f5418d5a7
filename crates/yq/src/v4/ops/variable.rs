//! Variables and what is evaluated with them: `as`, `ref`, `ireduce`, `with`, `eval`, `error`.

use std::rc::Rc;

use kustom_yaml::Str;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::v4::evaluator::{Evaluator, one};
use crate::v4::expr::{Call, Expr, Form, Infix};
use crate::v4::parse::parse;
use crate::v4::scope::{Matches, Scope};

/// `source as $name`
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding<'e> {
    source: &'e Expr,
    name: &'e Str,
    by_reference: bool,
}

/// An expression as a binding, if it is one.
pub(crate) fn binding(expr: &Expr) -> Option<Binding<'_>> {
    let Form::Infix {
        infix: Infix::Bind { by_reference },
        left,
        right,
    } = &expr.form
    else {
        return None;
    };
    let Form::Variable(name) = &right.form else {
        return None;
    };
    Some(Binding {
        source: left,
        name,
        by_reference: *by_reference,
    })
}

/// `source as $name | rest`: the rest once for each node that the source gives.
pub(crate) fn each(
    e: &mut Evaluator<'_>,
    binding: &Binding<'_>,
    rest: &[Expr],
    scope: &Scope,
) -> Result<Matches> {
    if rest.is_empty() {
        return Err(Error::new(
            ErrorKind::Script,
            "a variable is of use only to what follows it",
        )
        .help("write `expression as $name | …`"));
    }
    let mut results = Vec::new();
    let scopes = e.apart(scope);
    let is_whole = scopes.len() == 1;
    for scope in scopes {
        let values = e.eval(binding.source, &scope.looking())?;
        if values.is_empty() {
            let found = e.pipe(rest, &scope)?;
            if is_whole {
                return Ok(found);
            }
            results.extend(found.iter());
        }
        for value in values.iter() {
            let value = if binding.by_reference {
                *value
            } else {
                e.arena.copy(*value)
            };
            let found = e.pipe(rest, &scope.bind(binding.name, one(value)))?;
            results.extend(found.iter());
        }
    }
    Ok(Rc::new(results))
}

/// `source as $name ireduce (start; step)`, of each input by itself; documents that are worked on at once
/// are one input.
pub(crate) fn reduce(
    e: &mut Evaluator<'_>,
    left: &Expr,
    right: &Expr,
    scope: &Scope,
) -> Result<Matches> {
    let (Some(binding), Some((start, step))) = (binding(left), right.block()) else {
        return Ok(Rc::default());
    };
    let mut results = Vec::new();
    for scope in e.apart(scope) {
        let items = e.eval(binding.source, &scope)?;
        let mut result = scope.with(e.eval(start, &scope)?);
        for item in items.iter() {
            let bound = result.bind(binding.name, one(*item));
            result.matches = e.eval(step, &bound)?;
        }
        results.extend(result.matches.iter());
    }
    Ok(Rc::new(results))
}

/// `with(path; update)`
pub(crate) fn with(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some((path, update)) = call.argument.as_ref().and_then(|argument| argument.block()) else {
        return Err(Error::new(
            ErrorKind::Script,
            "`with` expects a path and what is done there",
        )
        .help("write `with(path; update)`"));
    };
    let targets = e.eval(path, scope)?;
    for id in targets.iter() {
        e.eval(update, &scope.single(*id))?;
    }
    Ok(scope.matches.clone())
}

/// `eval(text)`: the text is an expression.
pub(crate) fn eval(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let texts = e.eval(argument, &scope.looking())?;
    let mut expressions = Vec::with_capacity(texts.len());
    for id in texts.iter() {
        let text = &e.arena.get(*id).text;
        expressions.push(parse(text).map_err(|error| {
            let message = format!("in the text given to `eval`: {}", error.message());
            e.placed(Error::new(ErrorKind::Script, message), argument.span)
        })?);
    }
    let mut results = Vec::new();
    for _ in scope.matches.iter() {
        for expression in &expressions {
            let found = e.eval_text(expression, argument.span, scope)?;
            results.extend(found.iter());
        }
    }
    Ok(Rc::new(results))
}

/// `error(message)`
pub(crate) fn error(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let message = match &call.argument {
        Some(argument) => e.first(argument, &scope.looking())?,
        None => None,
    };
    let message = message.map(|id| e.arena.get(id).text.to_string());
    let message = message.unwrap_or_else(|| "aborted".to_owned());
    Err(Error::new(ErrorKind::Script, message))
}
