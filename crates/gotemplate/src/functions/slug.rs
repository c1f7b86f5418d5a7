//! Names for Kubernetes: `normalize` and `slugify` of Argo CD.

use super::Type::{Any, Text};
use super::{Function, function, text, variadic};
use crate::meter::{Refusal, Result};
use crate::value::Value;

pub(super) static ALL: [Function; 2] = [
    function("normalize", &[Text], |_, values| {
        Ok(Value::text(normalize(text(values, 0))))
    }),
    variadic("slugify", &[], Any, |_, values| {
        slugify(values).map(Value::text)
    }),
];

/// How long a name of an object may be.
const LONGEST: usize = 253;

/// A text as the name of an object: lower case, `-` for what no name may hold, no `-` and `.` at the
/// ends.
pub fn normalize(text: &str) -> String {
    let lower = super::words::lower(text);
    let fits = |c: char| matches!(c, '-' | '.' | 'a'..='z' | '0'..='9');
    let name: String = lower
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(LONGEST)
        .collect();
    name.trim_matches(['-', '.']).to_owned()
}

/// `slugify [SIZE [SMART]] TEXT`: a name without dots, cut at a `-` if it is smart.
fn slugify(values: &[Value]) -> Result<String> {
    use kustom_yaml::cut::Cut as _;
    let unfit = |value: &Value| Refusal::new(format!("it takes no {} there", value.type_name()));
    let (mut size, mut is_smart) = (50, true);
    let Some((last, before)) = values.split_last() else {
        return Ok(String::new());
    };
    let name = last.as_str().ok_or_else(|| unfit(last))?;
    for (index, value) in before.iter().enumerate() {
        match (index, value) {
            (0, Value::Int(number)) => size = *number,
            (1, Value::Bool(value)) => is_smart = *value,
            (0 | 1, other) => return Err(unfit(other)),
            _ => {}
        }
    }
    let mut slug = normalize(name);
    if !is_smart && i64::try_from(slug.len()).is_ok_and(|length| length >= size) {
        let end = usize::try_from(size).map_err(|_| Refusal::new("the size is negative"))?;
        slug.truncate(end);
    }
    // What is left of the name is ASCII.
    let slug = slug.replace('.', "-");
    let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
    let slug = parts.join("-");
    let Some(size) = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0 && is_smart)
    else {
        return Ok(slug);
    };
    if slug.len() <= size {
        return Ok(slug);
    }
    let dash = slug.cut(..=size).rfind('-').unwrap_or(size);
    Ok(slug.cut(..dash).to_owned())
}
