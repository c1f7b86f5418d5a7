//! Maps. Keys and values come in the order of the keys, where Go has none.

use std::collections::BTreeMap;

use super::Type::{Any, Map, Text};
use super::convert::text_of;
use super::{Context, Function, function, text, variadic};
use crate::meter::{Refusal, Result};
use crate::value::{SHARED, Value};

pub(super) static ALL: [Function; 17] = [
    variadic("dict", &[], Any, |context, values| {
        let mut entries = BTreeMap::new();
        for pair in values.chunks(2) {
            let value = pair.get(1).cloned().unwrap_or_else(|| Value::text(""));
            entries.insert(text_of(&pair[0], context.meter)?, value);
        }
        Value::map(entries)
    }),
    function("get", &[Map, Text], |_, values| {
        let found = values[0].get(text(values, 1));
        Ok(found.unwrap_or_else(|| Value::text("")))
    }),
    function("set", &[Map, Text, Any], |context, values| {
        context.meter.charge(SHARED)?;
        if let Value::Map(map) = &values[0] {
            let key = text(values, 1).to_owned();
            map.entries.borrow_mut().insert(key, values[2].clone());
        }
        Ok(values[0].clone())
    }),
    function("unset", &[Map, Text], |_, values| {
        if let Value::Map(map) = &values[0] {
            map.entries.borrow_mut().remove(text(values, 1));
        }
        Ok(values[0].clone())
    }),
    function("hasKey", &[Map, Text], |_, values| {
        Ok(Value::Bool(values[0].get(text(values, 1)).is_some()))
    }),
    variadic("pluck", &[Text], Map, |_, values| {
        let key = text(values, 0);
        Value::list(values[1..].iter().filter_map(|map| map.get(key)).collect())
    }),
    variadic("keys", &[], Map, |context, values| {
        let mut found = Vec::new();
        for (key, _) in values.iter().flat_map(Value::entries_of) {
            context.meter.charge_bytes(key.len())?;
            found.push(key);
        }
        Ok(Value::texts(found))
    }),
    function("values", &[Map], |context, values| {
        let found = values[0].entries_of();
        context.meter.charge(found.len() as u64)?;
        Value::list(found.into_iter().map(|(_, value)| value).collect())
    }),
    variadic("pick", &[Map], Text, |context, values| {
        chosen(context, values, true)
    }),
    variadic("omit", &[Map], Text, |context, values| {
        chosen(context, values, false)
    }),
    variadic("merge", &[Map], Map, |context, values| {
        merged(context, values, false)
    }),
    variadic("mustMerge", &[Map], Map, |context, values| {
        merged(context, values, false)
    }),
    variadic("mergeOverwrite", &[Map], Map, |context, values| {
        merged(context, values, true)
    }),
    variadic("mustMergeOverwrite", &[Map], Map, |context, values| {
        merged(context, values, true)
    }),
    function("deepCopy", &[Any], copied),
    function("mustDeepCopy", &[Any], copied),
    variadic("dig", &[], Any, dig),
];

/// The entries with one of the keys, or those with none of them.
fn chosen(context: &Context<'_>, values: &[Value], is_pick: bool) -> Result<Value> {
    let keys: Vec<&str> = values[1..].iter().filter_map(Value::as_str).collect();
    let found = values[0].entries_of();
    context
        .meter
        .charge((found.len() as u64).saturating_mul(1 + keys.len() as u64))?;
    let found = found.into_iter();
    Value::map(
        found
            .filter(|(key, _)| keys.contains(&key.as_str()) == is_pick)
            .collect(),
    )
}

fn copied(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    match &values[0] {
        Value::Nil | Value::Missing => Err(Refusal::new("nil has no copy")),
        value => value.deep_copy(context.meter),
    }
}

fn merged(context: &Context<'_>, values: &[Value], wins: bool) -> Result<Value> {
    for other in &values[1..] {
        values[0].merge(other, wins, context.meter)?;
    }
    Ok(values[0].clone())
}

fn dig(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    let [keys @ .., otherwise, map] = values else {
        return Err(Refusal::new("it takes at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Refusal::new("it takes at least three arguments"));
    }
    let mut found = map.clone();
    for key in keys {
        let Some(key) = key.as_str() else {
            return Err(Refusal::new(format!("a {} is no key", key.type_name())));
        };
        match &found {
            Value::Map(map) if !map.of_texts => {}
            other => {
                let message = format!("a {} has no key `{key}`", other.type_name());
                return Err(Refusal::new(message));
            }
        }
        let Some(below) = found.get(key) else {
            return Ok(otherwise.clone());
        };
        found = below;
    }
    Ok(found)
}
