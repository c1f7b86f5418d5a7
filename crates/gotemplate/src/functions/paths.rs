//! Paths with slashes.

use super::Type::Text;
use super::{Context, Function, function, text};
use crate::meter::Result;
use crate::value::Value;

pub(super) static ALL: [Function; 10] = [
    function("base", &[Text], base_of),
    function("osBase", &[Text], base_of),
    function("dir", &[Text], dir_of),
    function("osDir", &[Text], dir_of),
    function("clean", &[Text], clean_of),
    function("osClean", &[Text], clean_of),
    function("ext", &[Text], extension_of),
    function("osExt", &[Text], extension_of),
    function("isAbs", &[Text], is_absolute),
    function("osIsAbs", &[Text], is_absolute),
];

fn base_of(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    Ok(Value::text(base(text(values, 0))))
}

fn dir_of(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    let path = text(values, 0);
    let before = path.rfind('/').map_or(0, |slash| slash + 1);
    let (before, _) = kustom_yaml::cut::Cut::halves(path, before);
    Ok(Value::text(clean(before)))
}

fn clean_of(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    Ok(Value::text(clean(text(values, 0))))
}

fn extension_of(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    let path = text(values, 0);
    let name = path.rsplit('/').next().unwrap_or(path);
    let dot = name.rfind('.');
    let found = dot.map_or("", |dot| kustom_yaml::cut::Cut::cut(name, dot..));
    Ok(Value::text(found))
}

fn is_absolute(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    Ok(Value::Bool(text(values, 0).starts_with('/')))
}

/// The last name of a path: `.` of none, `/` of nothing but slashes.
fn base(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        path => path.rsplit('/').next().unwrap_or(path),
    }
}

/// A path without `.`, `..` and slashes that are too many.
fn clean(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            ".." if is_rooted => {}
            _ => names.push(name),
        }
    }
    let joined = names.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
