//! Lists.

use super::Type::{Any, Int};
use super::convert::{no_list, to_int};
use super::{Context, Function, function, int, variadic};
use crate::meter::{Refusal, Result};
use crate::value::{Items, List, Value};

pub(super) static ALL: [Function; 31] = [
    variadic("list", &[], Any, |_, values| Value::list(values.to_vec())),
    variadic("tuple", &[], Any, |_, values| Value::list(values.to_vec())),
    function("append", &[Any, Any], push),
    function("push", &[Any, Any], push),
    function("mustAppend", &[Any, Any], push),
    function("mustPush", &[Any, Any], push),
    function("prepend", &[Any, Any], prepend),
    function("mustPrepend", &[Any, Any], prepend),
    function("first", &[Any], first),
    function("mustFirst", &[Any], first),
    function("last", &[Any], last),
    function("mustLast", &[Any], last),
    function("rest", &[Any], |context, values| {
        part(context, values, true)
    }),
    function("mustRest", &[Any], |context, values| {
        part(context, values, true)
    }),
    function("initial", &[Any], |context, values| {
        part(context, values, false)
    }),
    function("mustInitial", &[Any], |context, values| {
        part(context, values, false)
    }),
    function("reverse", &[Any], reverse),
    function("mustReverse", &[Any], reverse),
    function("compact", &[Any], compact),
    function("mustCompact", &[Any], compact),
    function("uniq", &[Any], uniq),
    function("mustUniq", &[Any], uniq),
    variadic("without", &[Any], Any, without),
    variadic("mustWithout", &[Any], Any, without),
    function("has", &[Any, Any], has),
    function("mustHas", &[Any, Any], has),
    variadic("slice", &[Any], Any, slice),
    variadic("mustSlice", &[Any], Any, slice),
    variadic("concat", &[], Any, concat),
    function("chunk", &[Int, Any], chunk),
    function("mustChunk", &[Int, Any], chunk),
];

fn list<'v>(context: &Context<'_>, value: &'v Value) -> Result<&'v List> {
    match value {
        Value::List(list) => {
            context.meter.charge(1 + list.items.len() as u64)?;
            Ok(list)
        }
        other => Err(no_list(other)),
    }
}

fn push(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let mut items = list(context, &values[0])?.items.clone();
    items.push(values[1].clone());
    Value::list(items)
}

fn prepend(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let mut items = list(context, &values[0])?.items.clone();
    items.insert(0, values[1].clone());
    Value::list(items)
}

fn first(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let found = list(context, &values[0])?.items.first();
    Ok(found.cloned().unwrap_or(Value::Nil))
}

fn last(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let found = list(context, &values[0])?.items.last();
    Ok(found.cloned().unwrap_or(Value::Nil))
}

/// All but the first, or all but the last; no list at all of an empty one.
fn part(context: &Context<'_>, values: &[Value], is_rest: bool) -> Result<Value> {
    let mut items = list(context, &values[0])?.items.clone();
    if items.is_empty() {
        return Value::new_list(items, Items::Any, true);
    }
    if is_rest {
        items.remove(0);
    } else {
        items.pop();
    }
    Value::list(items)
}

fn reverse(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let items = list(context, &values[0])?.items.iter().rev();
    Value::list(items.cloned().collect())
}

fn compact(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let items = list(context, &values[0])?.items.iter();
    Value::list(items.filter(|item| !item.is_empty()).cloned().collect())
}

fn is_among(context: &Context<'_>, needle: &Value, items: &[Value]) -> Result<bool> {
    for item in items {
        if needle.equals(item, context.meter)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let mut found: Vec<Value> = Vec::new();
    for item in &list(context, &values[0])?.items {
        if !is_among(context, item, &found)? {
            found.push(item.clone());
        }
    }
    Value::list(found)
}

fn without(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let mut found = Vec::new();
    for item in &list(context, &values[0])?.items {
        if !is_among(context, item, &values[1..])? {
            found.push(item.clone());
        }
    }
    Value::list(found)
}

fn has(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    if matches!(values[1], Value::Nil | Value::Missing) {
        return Ok(Value::Bool(false));
    }
    let items = &list(context, &values[1])?.items;
    is_among(context, &values[0], items).map(Value::Bool)
}

fn slice(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let list = list(context, &values[0])?;
    if list.items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: usize, otherwise: usize| match values.get(index) {
        Some(value) => usize::try_from(to_int(value)).ok(),
        None => Some(otherwise),
    };
    let range = bound(1, 0).zip(bound(2, list.items.len()));
    let items = range.and_then(|(start, end)| list.items.get(start..end));
    let items = items.ok_or_else(|| Refusal::new("the bounds are out of range"))?;
    Value::new_list(items.to_vec(), list.of, false)
}

fn concat(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let mut items = Vec::new();
    for value in values {
        items.extend(list(context, value)?.items.iter().cloned());
    }
    let is_nil = items.is_empty();
    Value::new_list(items, Items::Any, is_nil)
}

fn chunk(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let items = &list(context, &values[1])?.items;
    let size = usize::try_from(int(values, 0))
        .ok()
        .filter(|size| *size > 0);
    let Some(size) = size else {
        return Err(Refusal::new("the size of a chunk is not positive"));
    };
    let chunks = items.chunks(size).map(|chunk| Value::list(chunk.to_vec()));
    Value::new_list(chunks.collect::<Result<_>>()?, Items::Lists, false)
}
