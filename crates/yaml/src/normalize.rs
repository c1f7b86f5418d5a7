//! Normalizes a kustomization as go-yaml v2 and JSON do.
//!
//! kustomize converts its own files to JSON before it decodes them: keys become strings, the last
//! of equal keys wins, tags are applied, and values without a JSON form are refused.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Dialect, Entry, Node, Scalar, Str, Tag, Value};
use crate::error::{Error, Kind, Result};

/// Mappings of so few entries are searched without an index.
const FEW: usize = 16;

/// What is done about a key that is there twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// The last one counts.
    LastCounts,
    /// It is an error.
    Refused,
}

/// Makes a node what JSON can hold.
pub(super) fn normalize(node: &mut Node, repeated: Repeated) -> Result<()> {
    match &mut node.value {
        Value::Scalar(_) => normalize_scalar(node),
        Value::Alias(_) => Ok(()),
        Value::Seq(items) => {
            node.tag = Tag::Seq;
            items
                .iter_mut()
                .try_for_each(|item| normalize(item, repeated))
        }
        Value::Map(entries) => {
            node.tag = Tag::Map;
            for entry in entries.iter_mut() {
                normalize_key(&mut entry.key)?;
            }
            keep_last(entries, repeated)?;
            for entry in entries.iter_mut() {
                check_key(&entry.key)?;
                normalize(&mut entry.value, repeated)?;
            }
            Ok(())
        }
    }
}

fn normalize_scalar(node: &mut Node) -> Result<()> {
    let value = node.value_in(Dialect::Kustomization)?;
    let (text, tag) = match value {
        Scalar::Float(float) if !float.is_finite() => {
            let message = "infinite numbers and `.nan` have no meaning here";
            return Err(Error::new(Kind::Yaml, message).at(node.span));
        }
        Scalar::Str(text) => {
            let changed = node.text() != Some(&*text);
            (changed.then(|| Str::from(text)), Tag::Str)
        }
        Scalar::Timestamp(_) => (None, Tag::Str),
        value => (None, value.tag()),
    };
    if let Some(text) = text {
        node.value = Value::Scalar(text);
    }
    node.tag = tag;
    node.inferred = false;
    node.decor = None;
    Ok(())
}

fn normalize_key(key: &mut Node) -> Result<()> {
    if !key.is_scalar() {
        let what = if key.is_map() { "mapping" } else { "list" };
        let message = format!("a {what} cannot be a key");
        return Err(Error::new(Kind::Yaml, message)
            .at(key.span)
            .help("put a template such as `{{ name }}` in quotes"));
    }
    let text = match key.value_in(Dialect::Kustomization)? {
        // Nearly every key stays as it is.
        Scalar::Str(Cow::Borrowed(_)) => {
            key.tag = Tag::Str;
            key.inferred = false;
            key.decor = None;
            return Ok(());
        }
        Scalar::Str(text) => Str::from(text),
        Scalar::Bool(value) => Str::from(if value { "true" } else { "false" }),
        Scalar::Int(int) => Str::from(int.to_string()),
        Scalar::Float(float) => Str::from(float_key(float)),
        Scalar::Timestamp(_) => key.text().unwrap_or_default().into(),
        // Refused, unless a later entry replaces this one.
        Scalar::Null | Scalar::Uint(_) => return Ok(()),
    };
    key.value = Value::Scalar(text);
    key.tag = Tag::Str;
    key.inferred = false;
    key.decor = None;
    Ok(())
}

fn check_key(key: &Node) -> Result<()> {
    if key.tag == Tag::Str {
        return Ok(());
    }
    let message = format!("the key `{}` is no string", key.text().unwrap_or_default());
    Err(Error::new(Kind::Yaml, message)
        .at(key.span)
        .help("put it in quotes"))
}

/// A float as a key, in the fewest digits that tell it from its neighbours in single precision.
fn float_key(float: f64) -> String {
    let single = float as f32;
    if single.is_nan() {
        return ".nan".to_owned();
    }
    if single.is_infinite() {
        return if single > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{single:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{single}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Of entries with equal keys the last stays, at the place of the first.
fn keep_last(entries: &mut Vec<Entry>, repeated: Repeated) -> Result<()> {
    let twice = |first: &Entry, second: &Entry| {
        let key = second.key.text().unwrap_or_default();
        Error::new(Kind::Yaml, format!("the field `{key}` is there twice"))
            .at(second.key.span)
            .note("the first one is here", Some(first.key.span.into()))
            .help("keep one of the two")
    };
    if entries.len() <= FEW {
        let mut index = 1;
        while index < entries.len() {
            match first_equal(entries, index) {
                Some(earlier) if repeated == Repeated::Refused => {
                    return Err(twice(&entries[earlier], &entries[index]));
                }
                Some(earlier) => entries[earlier] = entries.remove(index),
                None => index += 1,
            }
        }
        return Ok(());
    }
    let mut seen: HashMap<Str, usize> = HashMap::with_capacity(entries.len());
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        let key = entry.key.text().map(Str::from).unwrap_or_default();
        match seen.get(&key) {
            Some(index) if repeated == Repeated::Refused => {
                return Err(twice(&kept[*index], &entry));
            }
            Some(index) => kept[*index] = entry,
            None => {
                seen.insert(key, kept.len());
                kept.push(entry);
            }
        }
    }
    *entries = kept;
    Ok(())
}

fn first_equal(entries: &[Entry], index: usize) -> Option<usize> {
    let key = entries[index].key.text()?;
    entries[..index].iter().position(|entry| entry.is(key))
}
