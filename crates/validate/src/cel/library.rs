//! Functions of the libraries that Kubernetes adds, by what they are called on.

use std::rc::Rc;

use super::val::{Failure, Outcome, Val};

fn list_of(items: Vec<Val>) -> Val {
    Val::List(Rc::new(items))
}

/// Functions of texts.
pub(super) fn text(text: &str, name: &str, values: &[Val]) -> Outcome {
    let pattern = |pattern: &str| {
        let pattern = regex::Regex::new(pattern);
        pattern.map_err(|_| Failure::Error("the pattern is no regular expression".to_owned()))
    };
    Ok(match (name, values) {
        ("find", [Val::Text(found)]) => {
            let found = pattern(found)?
                .find(text)
                .map_or("", |found| found.as_str());
            Val::text(found)
        }
        ("findAll", [Val::Text(found)]) => {
            let found = pattern(found)?;
            list_of(
                found
                    .find_iter(text)
                    .map(|found| Val::text(found.as_str()))
                    .collect(),
            )
        }
        ("reverse", []) => Val::text(&text.chars().rev().collect::<String>()),
        ("format", [Val::List(values)]) => Val::text(&formatted(text, values)?),
        _ => return Err(Failure::Unknown),
    })
}

/// A text with `%s` and `%d` replaced.
fn formatted(text: &str, values: &[Val]) -> Result<String, Failure> {
    let mut made = String::new();
    let mut values = values.iter();
    let mut parts = text.chars();
    while let Some(letter) = parts.next() {
        if letter != '%' {
            made.push(letter);
            continue;
        }
        let kind = parts.next();
        if kind == Some('%') {
            made.push('%');
            continue;
        }
        let value = values.next();
        let value =
            value.ok_or_else(|| Failure::Error("a value is missing in `format`".to_owned()))?;
        match (kind, value) {
            (Some('s'), Val::Text(text)) => made.push_str(text),
            (Some('s'), Val::Bool(set)) => made.push_str(&set.to_string()),
            (Some('s' | 'd'), Val::Int(number)) => made.push_str(&number.to_string()),
            (Some('s' | 'd'), Val::Uint(number)) => made.push_str(&number.to_string()),
            _ => return Err(Failure::Unknown),
        }
    }
    Ok(made)
}

/// Functions of lists.
pub(super) fn list(items: &[Val], name: &str, values: &[Val]) -> Outcome {
    Ok(match (name, values) {
        ("distinct", []) => {
            let mut found: Vec<Val> = Vec::new();
            for item in items {
                if !found.iter().any(|known| known.equals(item)) {
                    found.push(item.clone());
                }
            }
            list_of(found)
        }
        ("reverse", []) => list_of(items.iter().rev().cloned().collect()),
        ("flatten", []) => {
            let mut found = Vec::new();
            for item in items {
                match item {
                    Val::List(inner) => found.extend(inner.iter().cloned()),
                    other => found.push(other.clone()),
                }
            }
            list_of(found)
        }
        ("sort", []) => {
            let mut sorted = items.to_vec();
            for pair in items.windows(2) {
                pair[0].compare(&pair[1]).ok_or(Failure::Unknown)?;
            }
            sorted.sort_by(|one, other| one.compare(other).unwrap_or(std::cmp::Ordering::Equal));
            list_of(sorted)
        }
        _ => return Err(Failure::Unknown),
    })
}
