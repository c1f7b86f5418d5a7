//! Regular expressions and versions.

use std::rc::Rc;

use regex::Regex;

use super::Type::{Int, Text};
use super::{Context, Function, function, int, text};
use crate::meter::{Refusal, Result};
use crate::semver::{Constraints, Version};
use crate::value::{Items, Value};

pub(super) static ALL: [Function; 15] = [
    function("regexMatch", &[Text, Text], |context, values| {
        let is_match = compiled(context, values).is_ok_and(|regex| regex.is_match(text(values, 1)));
        Ok(Value::Bool(is_match))
    }),
    function("mustRegexMatch", &[Text, Text], |context, values| {
        Ok(Value::Bool(
            compiled(context, values)?.is_match(text(values, 1)),
        ))
    }),
    function("regexFind", &[Text, Text], find),
    function("mustRegexFind", &[Text, Text], find),
    function("regexFindAll", &[Text, Text, Int], find_all),
    function("mustRegexFindAll", &[Text, Text, Int], find_all),
    function("regexReplaceAll", &[Text, Text, Text], replace),
    function("mustRegexReplaceAll", &[Text, Text, Text], replace),
    function(
        "regexReplaceAllLiteral",
        &[Text, Text, Text],
        replace_literally,
    ),
    function(
        "mustRegexReplaceAllLiteral",
        &[Text, Text, Text],
        replace_literally,
    ),
    function("regexSplit", &[Text, Text, Int], split),
    function("mustRegexSplit", &[Text, Text, Int], split),
    function("regexQuoteMeta", &[Text], |_, values| {
        let mut out = String::new();
        for found in text(values, 0).chars() {
            if r"\.+*?()|[]{}^$".contains(found) {
                out.push('\\');
            }
            out.push(found);
        }
        Ok(Value::text(out))
    }),
    function("semver", &[Text], |_, values| {
        let version = Version::read(text(values, 0))?;
        Ok(Value::Version(Rc::new(version)))
    }),
    function("semverCompare", &[Text, Text], |_, values| {
        let constraints = Constraints::read(text(values, 0))?;
        let version = Version::read(text(values, 1))?;
        Ok(Value::Bool(constraints.allow(&version)))
    }),
];

fn compiled(context: &Context<'_>, values: &[Value]) -> Result<Regex> {
    let expression = text(values, 0);
    context.meter.charge(100 + expression.len() as u64)?;
    context.meter.charge_bytes(text(values, 1).len())?;
    (context.compile)(expression).map_err(Refusal::new)
}

fn find(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let regex = compiled(context, values)?;
    let found = regex.find(text(values, 1));
    Ok(Value::text(found.map_or("", |found| found.as_str())))
}

/// A number of texts at most; a negative one means all.
fn most(values: &[Value]) -> usize {
    usize::try_from(int(values, 2)).unwrap_or(usize::MAX)
}

fn find_all(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let regex = compiled(context, values)?;
    let found = regex.find_iter(text(values, 1)).take(most(values));
    let found: Vec<Value> = found.map(|found| Value::text(found.as_str())).collect();
    context.meter.charge(found.len() as u64)?;
    let is_nil = found.is_empty();
    Value::new_list(found, Items::Str, is_nil)
}

/// What a replacement makes at most, in bytes: charged before it is made.
fn charge_replacement(context: &Context<'_>, values: &[Value], regex: &Regex) -> Result<()> {
    let count = regex.find_iter(text(values, 1)).count();
    let new = text(values, 2);
    let groups = new.matches('$').count();
    let length = new
        .len()
        .saturating_add(groups.saturating_mul(text(values, 1).len()));
    context.meter.charge_pieces(count, length)
}

fn replace(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let regex = compiled(context, values)?;
    charge_replacement(context, values, &regex)?;
    let replaced = regex.replace_all(text(values, 1), text(values, 2));
    Ok(Value::text(replaced))
}

fn replace_literally(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    let regex = compiled(context, values)?;
    charge_replacement(context, values, &regex)?;
    let new = regex::NoExpand(text(values, 2));
    Ok(Value::text(regex.replace_all(text(values, 1), new)))
}

fn split(context: &Context<'_>, values: &[Value]) -> Result<Value> {
    use kustom_yaml::cut::Cut as _;
    let regex = compiled(context, values)?;
    let (whole, most) = (text(values, 1), most(values));
    if most == 0 {
        return Value::new_list(Vec::new(), Items::Str, true);
    }
    if !text(values, 0).is_empty() && whole.is_empty() {
        return Ok(Value::texts([""]));
    }
    let mut pieces: Vec<&str> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in regex.find_iter(whole) {
        context.meter.step()?;
        if pieces.len() + 1 >= most {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            pieces.push(whole.cut(begin..end));
        }
        begin = found.end();
    }
    if end != whole.len() {
        pieces.push(whole.cut(begin..));
    }
    Ok(Value::texts(pieces))
}
