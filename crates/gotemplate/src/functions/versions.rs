//! The methods of a version, which a template calls on the result of `semver`.

use std::cmp::Ordering;

use crate::meter::{Refusal, Result};
use crate::semver::Version;
use crate::value::Value;

/// The result of a method, or of a field without arguments.
pub(crate) fn method(version: &Version, name: &str, arguments: &[Value]) -> Result<Value> {
    if let [Value::Version(other)] = arguments {
        let order = version.compare(other);
        return Ok(match name {
            "Compare" => Value::Int(order as i64),
            "Equal" => Value::Bool(order == Ordering::Equal),
            "LessThan" => Value::Bool(order == Ordering::Less),
            "LessThanEqual" => Value::Bool(order != Ordering::Greater),
            "GreaterThan" => Value::Bool(order == Ordering::Greater),
            "GreaterThanEqual" => Value::Bool(order != Ordering::Less),
            _ => return Err(Refusal::new(format!("a version has no method `{name}`"))),
        });
    }
    if !arguments.is_empty() {
        return Err(Refusal::new(format!("`{name}` takes a version")));
    }
    let [major, minor, patch] = version.numbers;
    Ok(match name {
        "Major" => Value::Uint(major),
        "Minor" => Value::Uint(minor),
        "Patch" => Value::Uint(patch),
        "Prerelease" => Value::text(&version.before),
        "Metadata" => Value::text(&version.build),
        "Original" => Value::text(&version.original),
        "String" => Value::text(version.to_string()),
        _ => return Err(Refusal::new(format!("a version has no field `{name}`"))),
    })
}
