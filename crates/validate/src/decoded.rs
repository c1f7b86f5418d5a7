//! What the server makes of an object before its rules see it.
//!
//! Null in a list or a map becomes the zero value of the elements' type, and fields of features that
//! are off by default are gone: the schema names them.

use crate::schema::{Schema, Type};
use crate::value::{Data, Entry, Value};

/// The object as its rules see it.
pub(crate) fn decoded<'v>(schema: &Schema, number: usize, object: &Value<'v>) -> Value<'v> {
    definition(schema, number, object)
}

fn definition<'v>(schema: &Schema, number: usize, value: &Value<'v>) -> Value<'v> {
    let known = schema.definition(number);
    with_entries(value, |entry| match known.field(&entry.key) {
        Some(field) if field.dropped => None,
        Some(field) => Some(of_type(schema, &field.kind, &entry.value)),
        None => Some(entry.value.clone()),
    })
}

fn of_type<'v>(schema: &Schema, kind: &Type, value: &Value<'v>) -> Value<'v> {
    match kind {
        Type::List(element) => Value {
            data: match &value.data {
                Data::List(items) => Data::List(
                    items
                        .iter()
                        .map(|item| inside(schema, element, item))
                        .collect(),
                ),
                other => other.clone(),
            },
            origin: value.origin,
        },
        Type::Map(element) => {
            with_entries(value, |entry| Some(inside(schema, element, &entry.value)))
        }
        Type::Definition(number) => definition(schema, *number, value),
        _ => value.clone(),
    }
}

/// An element of a list or a map: there is no null there.
fn inside<'v>(schema: &Schema, kind: &Type, value: &Value<'v>) -> Value<'v> {
    if !value.is_null() {
        return of_type(schema, kind, value);
    }
    let data = match kind {
        Type::String | Type::Bytes => Data::Text("".into()),
        Type::Boolean => Data::Bool(false),
        Type::Int32 | Type::Int64 | Type::Number | Type::Quantity | Type::IntOrString => {
            Data::Int(0)
        }
        Type::List(_) => Data::List(Vec::new()),
        Type::Map(_) | Type::Definition(_) => Data::Map(Vec::new()),
        _ => Data::Null,
    };
    Value {
        data,
        origin: value.origin,
    }
}

fn with_entries<'v>(
    value: &Value<'v>,
    mut made: impl FnMut(&Entry<'v>) -> Option<Value<'v>>,
) -> Value<'v> {
    let data = match &value.data {
        Data::Map(entries) => Data::Map(
            entries
                .iter()
                .filter_map(|entry| {
                    Some(Entry {
                        key: entry.key.clone(),
                        origin: entry.origin,
                        value: made(entry)?,
                    })
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Value {
        data,
        origin: value.origin,
    }
}
