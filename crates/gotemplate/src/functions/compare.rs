//! Comparisons, `not`, `len`, `index`, and what a value is.

use super::Type::{Any, Raw, Text};
use super::{Context, Function, function, text, variadic};
use crate::meter::{Refusal, Result};
use crate::value::Value;

pub(super) static ALL: [Function; 15] = [
    variadic("eq", &[Raw], Raw, |context, values| {
        equal(context, values).map(Value::Bool)
    }),
    function("ne", &[Raw, Raw], |context, values| {
        equal(context, values).map(|is| Value::Bool(!is))
    }),
    function("lt", &[Raw, Raw], |_, values| {
        less(&values[0], &values[1]).map(Value::Bool)
    }),
    function("le", &[Raw, Raw], |context, values| {
        let is = less(&values[0], &values[1])? || equal(context, values)?;
        Ok(Value::Bool(is))
    }),
    function("gt", &[Raw, Raw], |context, values| {
        let is = less(&values[0], &values[1])? || equal(context, values)?;
        Ok(Value::Bool(!is))
    }),
    function("ge", &[Raw, Raw], |_, values| {
        less(&values[0], &values[1]).map(|is| Value::Bool(!is))
    }),
    function("not", &[Raw], |_, values| {
        Ok(Value::Bool(!values[0].is_true()))
    }),
    function("len", &[Raw], |_, values| {
        let count = match &values[0] {
            Value::Str(text) => text.len(),
            Value::List(list) => list.items.len(),
            Value::Map(map) => map.entries.borrow().len(),
            other => return Err(unfit("has no length", other)),
        };
        Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
    }),
    variadic("index", &[Raw], Raw, index),
    function("deepEqual", &[Any, Any], |context, values| {
        values[0].equals(&values[1], context.meter).map(Value::Bool)
    }),
    function("kindIs", &[Text, Any], |_, values| {
        Ok(Value::Bool(text(values, 0) == values[1].kind_name()))
    }),
    function("kindOf", &[Any], |_, values| {
        Ok(Value::text(values[0].kind_name()))
    }),
    function("typeIs", &[Text, Any], |_, values| {
        Ok(Value::Bool(text(values, 0) == values[1].type_name()))
    }),
    function("typeIsLike", &[Text, Any], |_, values| {
        let (wanted, found) = (text(values, 0), values[1].type_name());
        let is = wanted == found || found.strip_prefix('*') == Some(wanted);
        Ok(Value::Bool(is))
    }),
    function("typeOf", &[Any], |_, values| {
        Ok(Value::text(values[0].type_name()))
    }),
];

fn unfit(what: &str, value: &Value) -> Refusal {
    Refusal::new(format!("a {} {what}", value.type_name()))
}

/// A value that can be compared.
#[derive(PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(&'v str),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    Some(match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(number) | Value::Int64(number) => Basic::Int(*number),
        Value::Byte(number) => Basic::Uint(u64::from(*number)),
        Value::Uint(number) => Basic::Uint(*number),
        Value::Float(number) => Basic::Float(*number),
        Value::Str(text) => Basic::Text(text),
        _ => return None,
    })
}

fn incompatible(one: &Value, two: &Value) -> Refusal {
    let message = format!(
        "values of the types {} and {} cannot be compared",
        one.type_name(),
        two.type_name()
    );
    let refusal = Refusal::new(message);
    match (one, two) {
        (Value::Float(_), Value::Int(_) | Value::Int64(_))
        | (Value::Int(_) | Value::Int64(_), Value::Float(_)) => {
            refusal.help("numbers of files are floats: compare with `2.0`, or write `(int .value)`")
        }
        _ => refusal,
    }
}

/// Whether the first value equals one of the others.
fn equal(_: &Context<'_>, values: &[Value]) -> Result<bool> {
    let (first, others) = (&values[0], &values[1..]);
    if others.is_empty() {
        return Err(Refusal::new("there is nothing to compare with"));
    }
    for other in others {
        let is = match (basic(first), basic(other)) {
            (Some(Basic::Int(int)), Some(Basic::Uint(uint)))
            | (Some(Basic::Uint(uint)), Some(Basic::Int(int))) => {
                u64::try_from(int).is_ok_and(|int| int == uint)
            }
            (Some(one), Some(two)) => {
                if std::mem::discriminant(&one) != std::mem::discriminant(&two) {
                    return Err(incompatible(first, other));
                }
                one == two
            }
            (None, None) => same(first, other)?,
            _ if is_nothing(first) || is_nothing(other) => false,
            _ => return Err(incompatible(first, other)),
        };
        if is {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Missing | Value::Nil)
}

/// Whether two values that are no numbers, texts or booleans are the same.
fn same(one: &Value, two: &Value) -> Result<bool> {
    let kinds = (one.kind_name(), two.kind_name());
    if kinds.0 != kinds.1 && !is_nothing(one) && !is_nothing(two) {
        return Err(incompatible(one, two));
    }
    if one.is_nil() || two.is_nil() {
        return Ok(one.is_nil() == two.is_nil());
    }
    match (one, two) {
        (Value::Version(one), Value::Version(two)) => Ok(std::rc::Rc::ptr_eq(one, two)),
        _ => Err(unfit("cannot be compared", two)),
    }
}

fn less(one: &Value, two: &Value) -> Result<bool> {
    let (Some(ours), Some(theirs)) = (basic(one), basic(two)) else {
        let wrong = if basic(one).is_none() { one } else { two };
        return Err(unfit("cannot be compared", wrong));
    };
    Ok(match (ours, theirs) {
        (Basic::Int(one), Basic::Int(two)) => one < two,
        (Basic::Uint(one), Basic::Uint(two)) => one < two,
        (Basic::Int(one), Basic::Uint(two)) => u64::try_from(one).map_or(true, |one| one < two),
        (Basic::Uint(one), Basic::Int(two)) => u64::try_from(two).is_ok_and(|two| one < two),
        (Basic::Float(one), Basic::Float(two)) => one < two,
        (Basic::Text(one), Basic::Text(two)) => one < two,
        (Basic::Bool(_), Basic::Bool(_)) => return Err(unfit("cannot be compared", one)),
        _ => {
            return Err(incompatible(one, two));
        }
    })
}

fn index(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    let mut item = values[0].clone();
    if is_nothing(&item) {
        return Err(Refusal::new("there is no value to index"));
    }
    for index in &values[1..] {
        item = match &item {
            Value::List(list) => {
                let at = position(index, list.items.len())?;
                list.items
                    .get(at)
                    .cloned()
                    .ok_or_else(|| out_of_range(at))?
            }
            Value::Str(text) => {
                let at = position(index, text.len())?;
                let byte = text.as_bytes().get(at).copied();
                Value::Byte(byte.ok_or_else(|| out_of_range(at))?)
            }
            Value::Map(map) => {
                let Value::Str(key) = index else {
                    return Err(unfit("is no key of a map", index));
                };
                match map.entries.borrow().get(&**key) {
                    Some(found) => found.clone(),
                    None if map.of_texts => Value::text(""),
                    None => Value::Nil,
                }
            }
            Value::Missing | Value::Nil => {
                return Err(Refusal::new("there is no value to index"));
            }
            other => return Err(unfit("cannot be indexed", other)),
        };
    }
    Ok(item)
}

fn out_of_range(at: usize) -> Refusal {
    Refusal::new(format!("the index {at} is out of range"))
}

fn position(index: &Value, length: usize) -> Result<usize> {
    let number = match index {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Byte(number) => i64::from(*number),
        Value::Uint(number) => i64::try_from(*number).unwrap_or(-1),
        _ => return Err(unfit("is no index of a list", index)),
    };
    let at = usize::try_from(number).ok().filter(|at| *at <= length);
    at.ok_or_else(|| Refusal::new(format!("the index {number} is out of range")))
}
