//! Paths into objects and patterns for their values, as `kustomize cfg grep` takes them.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Style, print_go_v3};
use regex::Regex;

use super::Item;
use crate::regexp;

/// What `cfg grep` looks for: `path=expression`, or `path>quantity` and the like.
#[derive(Debug)]
pub struct Query {
    path: Vec<String>,
    wanted: Wanted,
}

#[derive(Debug)]
enum Wanted {
    /// A text that an expression matches anywhere.
    Text(Regex),
    /// A quantity that compares in one of these ways to another.
    Quantity(&'static [std::cmp::Ordering], f64),
}

/// The parts of a path: `spec.containers[name=app].image`; a backslash keeps a dot.
///
/// # Errors
///
/// If a part has two brackets.
pub(super) fn parts(path: &str) -> Result<Vec<String>> {
    const DOT: char = '\u{0}';
    let mut parts = Vec::new();
    for part in path.replace("\\.", "\0").split('.') {
        let part = part.replace(DOT, ".");
        let mut pieces = part.split('[');
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some(name), None, _) => parts.push(name.to_owned()),
            (Some(name), Some(item), None) => {
                parts.push(name.to_owned());
                parts.push(format!("[{item}"));
            }
            _ => {
                let message = format!("`{part}` is no part of a path");
                return Err(Error::new(Kind::Load, message).help("write `list[field=value]`"));
            }
        }
    }
    Ok(parts)
}

/// A value at the end of a path, and by which values its items were picked on the way.
pub(super) struct Found<'n> {
    pub(super) node: &'n Node,
    pub(super) picked: Vec<String>,
}

/// The values that a path leads to.
pub(super) fn find<'n>(node: &'n Node, path: &[String]) -> Vec<Found<'n>> {
    fn go<'n>(node: &'n Node, path: &[String], picked: &[String], found: &mut Vec<Found<'n>>) {
        let Some((part, rest)) = path.split_first() else {
            found.push(Found {
                node,
                picked: picked.to_vec(),
            });
            return;
        };
        let Some(item) = part.strip_prefix('[') else {
            if let Some(value) = node.get(part) {
                go(value, rest, picked, found);
            }
            return;
        };
        let (field, pattern) = item
            .trim_end_matches(']')
            .split_once('=')
            .unwrap_or(("", ""));
        let Ok(pattern) = regexp::compile(pattern) else {
            return;
        };
        for item in node.items() {
            let text = match field {
                "" => item.text(),
                field => item.get(field).and_then(Node::text),
            };
            if let Some(text) = text.filter(|text| pattern.is_match(text)) {
                let mut picked = picked.to_vec();
                picked.push(text.to_owned());
                go(item, rest, &picked, found);
            }
        }
    }
    let mut found = Vec::new();
    go(node, path, &[], &mut found);
    found
}

/// A value on one line.
pub(super) fn on_one_line(node: &Node) -> String {
    let mut node = node.clone();
    super::strip(&mut node);
    if !node.is_scalar() {
        node.style = Style::Flow;
    }
    print_go_v3(&node).trim().to_owned()
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// If there are two signs in its last part, or what it looks for is no expression or quantity.
    pub fn parse(text: &str) -> Result<Self> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let mut path = parts(text)?;
        let last = path.pop().unwrap_or_default();
        let signs: [(&str, &'static [std::cmp::Ordering]); 4] = [
            (">=", &[Greater, Equal]),
            ("<=", &[Less, Equal]),
            (">", &[Greater]),
            ("<", &[Less]),
        ];
        let sign = signs.into_iter().find(|(sign, _)| last.contains(sign));
        let pieces: Vec<&str> = last.split(sign.map_or("=", |(sign, _)| sign)).collect();
        let (name, value) = match pieces.as_slice() {
            [name] => (*name, ""),
            [name, value] => (*name, *value),
            _ => {
                let message = format!("`{last}` has several signs");
                return Err(Error::new(Kind::Load, message).help("write `PATH=EXPRESSION`"));
            }
        };
        let wanted = match sign {
            None => Wanted::Text(regexp::compile(value)?),
            Some((_, ways)) => {
                let quantity = quantity(value).ok_or_else(|| {
                    Error::new(Kind::Load, format!("`{value}` is no quantity"))
                        .help("write a number, perhaps with a unit such as `m` or `Gi`")
                })?;
                Wanted::Quantity(ways, quantity)
            }
        };
        path.push(name.to_owned());
        Ok(Self { path, wanted })
    }

    /// Whether an object has what is looked for.
    pub fn matches(&self, item: &Item) -> bool {
        find(&item.node, &self.path)
            .iter()
            .any(|found| match &self.wanted {
                Wanted::Text(expression) => {
                    expression.is_match(&on_one_line(found.node).replace('"', ""))
                }
                Wanted::Quantity(ways, wanted) => {
                    let own = found.node.text().and_then(quantity);
                    let way = own.and_then(|own| own.partial_cmp(wanted));
                    way.is_some_and(|way| ways.contains(&way))
                }
            })
    }
}

/// A number with a unit of Kubernetes.
fn quantity(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 14] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
    ];
    let unit = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    match unit {
        Some((number, factor)) => Some(number.parse::<f64>().ok()? * factor),
        None => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_text;
    use super::*;

    fn matches(query: &str, text: &str) -> bool {
        let item = read_text(text).unwrap().remove(0);
        Query::parse(query).unwrap().matches(&item)
    }

    #[test]
    fn a_query_looks_at_the_end_of_a_path() {
        let text = "kind: Pod\nspec:\n  containers:\n  - {name: app, image: \"nginx:1\"}\n  - {name: b, cpu: 500m}\n";
        for (query, wanted) in [
            ("kind=Pod", true),
            ("kind=^Po?d$", true),
            ("kind=Service", false),
            ("missing=.*", false),
            ("spec.containers[name=app].image=nginx:1", true),
            ("spec.containers[name=b].image=nginx", false),
            ("spec.containers[name=b].cpu>0\\.4", true),
            ("spec.containers[name=b].cpu<=400m", false),
        ] {
            assert_eq!(matches(query, text), wanted, "{query}");
        }
        for wrong in ["a=b=c", "a=(", "a>x", "a[b][c]=d"] {
            assert!(Query::parse(wrong).is_err(), "{wrong}");
        }
    }
}
