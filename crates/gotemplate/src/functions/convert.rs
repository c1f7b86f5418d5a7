//! Conversions and printing.

use super::Type::{Any, Bool, Int, Text};
use super::{Function, function, int, text, variadic};
use crate::meter::{Meter, Refusal, Result};
use crate::number;
use crate::print;
use crate::quote::quoted;
use crate::value::{Items, Value};

pub(super) static ALL: [Function; 25] = [
    variadic("print", &[], Any, |context, values| {
        print::sprint(values, context.meter).map(Value::text)
    }),
    variadic("printf", &[Text], Any, |context, values| {
        let printed = print::sprintf(text(values, 0), &values[1..], context.meter);
        printed.map(Value::text)
    }),
    variadic("println", &[], Any, |context, values| {
        print::sprintln(values, context.meter).map(Value::text)
    }),
    variadic("html", &[], Any, |context, values| {
        Ok(Value::text(html(&shown(values, context.meter)?)))
    }),
    variadic("js", &[], Any, |context, values| {
        Ok(Value::text(js(&shown(values, context.meter)?)))
    }),
    variadic("urlquery", &[], Any, |context, values| {
        let text = shown(values, context.meter)?;
        Ok(Value::text(super::urls::query(&text)))
    }),
    function("atoi", &[Text], |_, values| {
        let digits = text(values, 0);
        let is_number = digits
            .trim_start_matches(['+', '-'])
            .bytes()
            .all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| digits.parse().ok()).flatten();
        Ok(Value::Int(number.unwrap_or(0)))
    }),
    function("int", &[Any], |_, values| {
        Ok(Value::Int(to_int(&values[0])))
    }),
    function("int64", &[Any], |_, values| {
        Ok(Value::Int64(to_int(&values[0])))
    }),
    function("float64", &[Any], |_, values| {
        Ok(Value::Float(to_float(&values[0])))
    }),
    function("toDecimal", &[Any], |context, values| {
        let text = print::plain(&values[0], context.meter)?;
        let number = i64::from_str_radix(&text, 8).unwrap_or(0);
        Ok(Value::Int64(number))
    }),
    function("toString", &[Any], |context, values| {
        text_of(&values[0], context.meter).map(Value::text)
    }),
    function("toStrings", &[Any], |context, values| {
        texts_of(&values[0], context.meter).map(Value::texts)
    }),
    variadic("quote", &[], Any, |context, values| {
        let values = values.iter().filter(|value| !is_nothing(value));
        let texts = values.map(|value| Ok(quoted(&text_of(value, context.meter)?)));
        Ok(Value::text(texts.collect::<Result<Vec<_>>>()?.join(" ")))
    }),
    variadic("squote", &[], Any, |context, values| {
        let values = values.iter().filter(|value| !is_nothing(value));
        let texts = values.map(|value| Ok(format!("'{}'", text_of(value, context.meter)?)));
        Ok(Value::text(texts.collect::<Result<Vec<_>>>()?.join(" ")))
    }),
    variadic("cat", &[], Any, |context, values| {
        let values = values.iter().filter(|value| !is_nothing(value));
        let texts = values.map(|value| text_of(value, context.meter));
        Ok(Value::text(texts.collect::<Result<Vec<_>>>()?.join(" ")))
    }),
    function("join", &[Text, Any], |context, values| {
        let texts = texts_of(&values[1], context.meter)?;
        let separator = text(values, 0);
        context.meter.charge_pieces(texts.len(), separator.len())?;
        Ok(Value::text(texts.join(separator)))
    }),
    function("sortAlpha", &[Any], |context, values| {
        let mut texts = match &values[0] {
            list @ Value::List(_) => texts_of(list, context.meter)?,
            other => vec![text_of(other, context.meter)?],
        };
        texts.sort();
        Ok(Value::texts(texts))
    }),
    variadic("default", &[Any], Any, |_, values| {
        let given = values.get(1).filter(|given| !given.is_empty());
        Ok(given.unwrap_or(&values[0]).clone())
    }),
    function("empty", &[Any], |_, values| {
        Ok(Value::Bool(values[0].is_empty()))
    }),
    variadic("coalesce", &[], Any, |_, values| {
        let found = values.iter().find(|value| !value.is_empty());
        Ok(found.cloned().unwrap_or(Value::Nil))
    }),
    variadic("all", &[], Any, |_, values| {
        Ok(Value::Bool(values.iter().all(|value| !value.is_empty())))
    }),
    variadic("any", &[], Any, |_, values| {
        Ok(Value::Bool(values.iter().any(|value| !value.is_empty())))
    }),
    function("ternary", &[Any, Any, Bool], |_, values| {
        let chosen = matches!(values[2], Value::Bool(true));
        Ok(values[usize::from(!chosen)].clone())
    }),
    function("plural", &[Text, Text, Int], |_, values| {
        let chosen = usize::from(int(values, 2) != 1);
        Ok(values[chosen].clone())
    }),
];

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Missing | Value::Nil)
}

/// What an escaping function takes: a value that is nil is the text of a missing one.
fn shown(values: &[Value], meter: &Meter) -> Result<String> {
    let shown = |value: &Value| match is_nothing(value) {
        true => Value::text("<no value>"),
        false => value.clone(),
    };
    let values: Vec<Value> = values.iter().map(shown).collect();
    print::sprint(&values, meter)
}

/// What sprig makes a text of.
pub(super) fn text_of(value: &Value, meter: &Meter) -> Result<String> {
    print::plain(value, meter)
}

/// What sprig makes a list of texts of; what is nil is left out.
pub(super) fn texts_of(value: &Value, meter: &Meter) -> Result<Vec<String>> {
    match value {
        Value::List(list) if list.of == Items::Str => {
            meter.charge_pieces(list.items.len(), 1)?;
            let texts = list.items.iter().map(|item| text_of(item, meter));
            texts.collect()
        }
        Value::List(list) => {
            let items = list.items.iter().filter(|item| !is_nothing(item));
            items.map(|item| text_of(item, meter)).collect()
        }
        Value::Nil | Value::Missing => Ok(Vec::new()),
        other => Ok(vec![text_of(other, meter)?]),
    }
}

/// An integer of anything; what is none is 0.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Byte(number) => i64::from(*number),
        Value::Uint(number) => number.cast_signed(),
        Value::Bool(value) => i64::from(*value),
        Value::Float(number) => truncated(*number),
        Value::Str(text) => number::integer(without_zero_decimals(text)).unwrap_or(0),
        _ => 0,
    }
}

/// A float to an integer, as the processors do it that Go runs on.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn truncated(number: f64) -> i64 {
    // Both bounds are exact as floats.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// `12.00` is read as `12`.
fn without_zero_decimals(text: &str) -> &str {
    let trimmed = text.trim_end_matches('0');
    match trimmed.strip_suffix('.') {
        Some(whole) if trimmed.len() < text.len() => whole,
        _ => text,
    }
}

/// A float of anything; what is none is 0.
#[expect(clippy::cast_precision_loss, reason = "as Go converts")]
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number as f64,
        Value::Byte(number) => f64::from(*number),
        Value::Uint(number) => *number as f64,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Float(number) => *number,
        Value::Str(text) => number::float(text).unwrap_or(0.0),
        _ => 0.0,
    }
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for found in text.chars() {
        match found {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(found),
        }
    }
    out
}

fn js(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for found in text.chars() {
        match found {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04X}", u32::from(found));
            }
            '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04X}", u32::from(found));
            }
            _ => out.push(found),
        }
    }
    out
}

/// What a list function says to something that is no list.
pub(super) fn no_list(value: &Value) -> Refusal {
    Refusal::new(format!("a {} is no list", value.type_name()))
}
