//! Values of helm charts: maps that are laid over each other, and values that are set by a path, as
//! `helm --set` sets them.
//!
//! Source: `MergeMaps` and `strvals` of helm, and how Flux and Argo CD call them.

use std::iter::Peekable;
use std::str::Chars;

use crate::yaml::{Node, Tag, Value};

/// The largest index of a list that helm takes.
const LARGEST_INDEX: usize = 65_536;

/// How the text of a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// As a number, a boolean or null if it looks like one: `--set`.
    Guessed,
    /// As text: `--set-string`.
    Text,
}

/// Lays values over others: maps into maps; all else, null too, takes the place of what was there.
///
/// # Example
///
/// ```
/// use kustom::chart_values::merge;
/// use kustom::place::SourceId;
/// use kustom::yaml::{read_config, write};
///
/// let mut values = read_config(b"{a: {b: 1, c: [1, 2]}}", SourceId::NONE)?;
/// merge(&mut values, &read_config(b"{a: {c: [3], d: null}}", SourceId::NONE)?);
/// let mut text = String::new();
/// write(&values, &mut text)?;
/// assert_eq!(text, "a:\n  b: 1\n  c:\n  - 3\n  d: null\n");
/// # Ok::<(), kustom::error::Error>(())
/// ```
pub fn merge(values: &mut Node, other: &Node) {
    if !(values.is_map() && other.is_map()) {
        *values = other.clone();
        return;
    }
    for entry in other.entries() {
        let key = entry.key.text().unwrap_or_default();
        match values.get_mut(key) {
            Some(value) if value.is_map() && entry.value.is_map() => merge(value, &entry.value),
            Some(value) => *value = entry.value.clone(),
            None => {
                if let Some(entries) = values.entries_mut() {
                    entries.push(entry.clone());
                }
            }
        }
    }
}

/// Sets values by their paths, such as `a.b[0]=x,c={1,2}`.
///
/// # Errors
///
/// Why helm refuses it: a key without a value, an index that is no number, a list without an end.
///
/// # Example
///
/// ```
/// use kustom::chart_values::{Typing, set};
/// use kustom::yaml::{Node, write};
///
/// let mut values = Node::map(Vec::new());
/// set(&mut values, r"image.tag=1.20,ports[1]=80,node\.name=a\,b", Typing::Guessed)?;
/// let mut text = String::new();
/// write(&values, &mut text).map_err(|error| error.to_string())?;
/// assert_eq!(text, "image:\n  tag: \"1.20\"\nnode.name: a,b\nports:\n- null\n- 80\n");
/// # Ok::<(), String>(())
/// ```
pub fn set(values: &mut Node, assignments: &str, typing: Typing) -> Result<(), String> {
    let mut rest = assignments.chars().peekable();
    while rest.peek().is_some() {
        let path = path(&mut rest)?;
        let value = value(&mut rest, typing)?;
        put(values, &path, value);
    }
    Ok(())
}

/// A text as the value of an assignment that means the text itself.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if matches!(letter, '\\' | ',' | '[' | ']' | '{' | '}') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// The keys that a path begins with, and whether an index of a list comes behind them.
pub fn leading_keys(path: &str) -> (Vec<String>, bool) {
    let mut rest = path.chars().peekable();
    let mut keys = Vec::new();
    loop {
        let (key, stop) = until(&mut rest, &['.', '[']);
        keys.push(key);
        match stop {
            Some('.') => {}
            stop => return (keys, stop.is_some()),
        }
    }
}

enum Step {
    Key(String),
    Index(usize),
}

/// Reads up to one of some characters, which is consumed and returned; a backslash escapes.
fn until(rest: &mut Peekable<Chars<'_>>, stops: &[char]) -> (String, Option<char>) {
    let mut text = String::new();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => text.extend(rest.next()),
            letter if stops.contains(&letter) => return (text, Some(letter)),
            letter => text.push(letter),
        }
    }
    (text, None)
}

fn path(rest: &mut Peekable<Chars<'_>>) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    loop {
        let (key, stop) = until(rest, &['.', '[', '=', ',']);
        let is_after_index = matches!(steps.last(), Some(Step::Index(_)));
        match (key.is_empty(), stop) {
            (_, None | Some(',')) => return Err(format!("the key `{key}` has no value")),
            (true, Some('[' | '.' | '=')) if is_after_index => {}
            (true, _) => return Err("a key is empty".to_owned()),
            (false, _) => steps.push(Step::Key(key)),
        }
        match stop {
            Some('=') => return Ok(steps),
            Some('[') => {
                let (index, end) = until(rest, &[']']);
                let number = index.parse().ok().filter(|at| *at <= LARGEST_INDEX);
                match (number, end) {
                    (Some(number), Some(_)) => steps.push(Step::Index(number)),
                    _ => return Err(format!("`{index}` is no index of a list")),
                }
                if rest.peek() == Some(&'.') {
                    rest.next();
                }
            }
            _ => {}
        }
    }
}

fn value(rest: &mut Peekable<Chars<'_>>, typing: Typing) -> Result<Node, String> {
    if rest.peek() != Some(&'{') {
        let (text, _) = until(rest, &[',']);
        return Ok(match text.as_str() {
            "[]" => Node::seq(Vec::new()),
            text => typed(text, typing),
        });
    }
    rest.next();
    let mut items = Vec::new();
    loop {
        let (text, stop) = until(rest, &[',', '}']);
        if stop.is_none() {
            return Err("a list does not end in `}`".to_owned());
        }
        items.push(typed(&text, typing));
        if stop == Some('}') {
            if rest.peek() == Some(&',') {
                rest.next();
            }
            return Ok(Node::seq(items));
        }
    }
}

/// What helm takes a text for.
fn typed(text: &str, typing: Typing) -> Node {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    let is_number = || text == "0" || !text.starts_with('0') && text.parse::<i64>().is_ok();
    match typing {
        Typing::Text => Node::string(text),
        Typing::Guessed if is("true") => Node::scalar("true", Tag::Bool),
        Typing::Guessed if is("false") => Node::scalar("false", Tag::Bool),
        Typing::Guessed if is("null") => Node::null(),
        Typing::Guessed if is_number() => Node::scalar(text.trim_start_matches('+'), Tag::Int),
        Typing::Guessed => Node::string(text),
    }
}

fn put(node: &mut Node, path: &[Step], value: Node) {
    match path {
        [] => *node = value,
        [Step::Key(key), rest @ ..] => {
            if !node.is_map() {
                *node = Node::map(Vec::new());
            }
            if node.get(key).is_none() {
                node.set(key, Node::null());
            }
            if let Some(inner) = node.get_mut(key) {
                put(inner, rest, value);
            }
        }
        [Step::Index(index), rest @ ..] => {
            if !node.is_seq() {
                *node = Node::seq(Vec::new());
            }
            if let Value::Seq(items) = &mut node.value {
                if items.len() <= *index {
                    items.resize_with(index + 1, Node::null);
                }
                put(&mut items[*index], rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::to_json;

    fn after(assignments: &str) -> Result<String, String> {
        let mut values = Node::map(Vec::new());
        set(&mut values, assignments, Typing::Guessed)?;
        Ok(to_json(&values).unwrap())
    }

    #[test]
    fn values_are_set_as_helm_sets_them() {
        for (assignments, wanted) in [
            ("a=1,b.c=x", r#"{"a":1,"b":{"c":"x"}}"#),
            (
                "a=True,b=null,c=007,d=0",
                r#"{"a":true,"b":null,"c":"007","d":0}"#,
            ),
            ("a={1,x},b=2", r#"{"a":[1,"x"],"b":2}"#),
            (r"a=x\,y,b\.c=1", r#"{"a":"x,y","b.c":1}"#),
            ("a[1].b=x,a[0]=y", r#"{"a":["y",{"b":"x"}]}"#),
            ("a[0][1]=x", r#"{"a":[[null,"x"]]}"#),
            ("a=,b=1.5,c=[]", r#"{"a":"","b":"1.5","c":[]}"#),
            ("a.b=1,a=2", r#"{"a":2}"#),
        ] {
            assert_eq!(after(assignments).unwrap(), wanted, "{assignments}");
        }
    }

    #[test]
    fn what_helm_refuses_is_refused() {
        for assignments in [
            "a",
            "a,b=1",
            "=1",
            "a..b=1",
            "a[x]=1",
            "a[70000]=1",
            "a={1,2",
            "a[1",
        ] {
            assert!(after(assignments).is_err(), "{assignments}");
        }
    }
}
