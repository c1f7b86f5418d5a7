//! INI files: sections of keys and values.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Value};

use super::tree::{Step, Tree};

/// The sections of a text; the first of the `delimiters` in a line ends its key.
pub(super) fn decode(text: &str, delimiters: &str) -> Result<Vec<Node>> {
    let mut root = Tree::map();
    let mut section: Option<Step> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let step = Step::Key(name.into());
            let map = root.at(std::slice::from_ref(&step))?;
            if map.is_null() {
                *map = Tree::map();
            }
            section = Some(step);
            continue;
        }
        let Some((key, value)) = pair(line, delimiters) else {
            let message = format!("line {} is no section, key or comment", number + 1);
            return Err(Error::new(Kind::Script, message));
        };
        let value = value.trim();
        let value = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(value);
        let map = root.at(section.as_slice())?;
        // A key that has the name of the section already is no section.
        if matches!(map, Tree::Map(_)) {
            *map.at(&[Step::Key(key.into())])? = Tree::Leaf(Node::string(value));
        }
    }
    Ok(vec![root.into_node()])
}

/// Key and value of a line; a key in backquotes may hold what would end it.
fn pair<'l>(line: &'l str, delimiters: &str) -> Option<(&'l str, &'l str)> {
    let divides = |found: char| delimiters.contains(found);
    if let Some((key, rest)) = line.strip_prefix('`').and_then(|rest| rest.split_once('`'))
        && let Some(value) = rest.trim_start().strip_prefix(divides)
    {
        return Some((key, value));
    }
    let (key, value) = line.split_once(divides)?;
    Some((key.trim(), value))
}

pub(super) fn encode(node: &Node) -> Result<String> {
    if let Some(text) = node.text() {
        return Ok(format!("{text}\n"));
    }
    let Value::Map(entries) = &node.value else {
        let message = "an INI file is made of a map";
        return Err(Error::new(Kind::Script, message).at(node.span));
    };
    let mut out = keys(entries, true)?;
    for entry in entries {
        if let Value::Map(inner) = &entry.value.value {
            let name = entry.key.text().unwrap_or_default();
            if name.trim() != name || name.contains(['\n', '\r']) {
                return Err(unsayable(
                    &entry.key,
                    "a section of an INI file cannot be called so",
                ));
            }
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("[{name}]\n"));
            out.push_str(&keys(inner, false)?);
        }
    }
    Ok(out)
}

/// The scalars of a section, their equals signs in one column.
fn keys(entries: &[Entry], is_top: bool) -> Result<String> {
    let mut lines = Vec::with_capacity(entries.len());
    for Entry { key, value } in entries {
        if is_top && value.is_map() {
            continue;
        }
        let Some(text) = value.text() else {
            let what = "an INI file holds sections of scalars, nothing deeper";
            return Err(unsayable(value, what));
        };
        lines.push((spelled_key(key)?, spelled_value(value, text)?));
    }
    let width = lines.iter().map(|(key, _)| key.chars().count()).max();
    let width = width.unwrap_or(0);
    let lines = lines.iter();
    Ok(lines
        .map(|(key, value)| format!("{key:width$} = {value}\n"))
        .collect())
}

/// A key as it is read back: in backquotes where it holds what ends a key or begins another line.
fn spelled_key(key: &Node) -> Result<String> {
    let text = key.text().unwrap_or_default();
    let is_odd = text.is_empty()
        || text.trim() != text
        || text.contains(['=', ':'])
        || text.starts_with([';', '#', '[', '"', '`']);
    match is_odd {
        _ if text.contains(['\n', '\r']) => {
            Err(unsayable(key, "a key of an INI file stands on one line"))
        }
        false => Ok(text.to_owned()),
        true if text.contains('`') => Err(unsayable(
            key,
            "a key of an INI file cannot be written so that it is read back",
        )),
        true => Ok(format!("`{text}`")),
    }
}

/// A value as it is read back: in double quotes where blanks or quotes at its ends would go, or where
/// a comment would begin.
fn spelled_value(value: &Node, text: &str) -> Result<String> {
    let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let is_odd = text.trim() != text || is_quoted || text.starts_with(['`', '\'']);
    match is_odd {
        _ if text.contains(['\n', '\r']) => Err(unsayable(
            value,
            "a value of an INI file stands on one line",
        )),
        false => Ok(text.to_owned()),
        true => Ok(format!("\"{text}\"")),
    }
}

#[cold]
fn unsayable(node: &Node, message: &str) -> Error {
    let error = Error::new(Kind::Script, message).at(node.span);
    error.help("write it as YAML or JSON, or remove it first")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_back() {
        let text = "top = 1\n\n[a]\nkey   = x\nother = y z\n";
        let nodes = decode(text, "=:").unwrap();
        assert_eq!(encode(&nodes[0]).unwrap(), text);
        assert!(decode("word\n", "=:").is_err());
        let odd = Node::map(vec![
            Entry::new("a=b", Node::string("c = d")),
            Entry::new("#x", Node::string(" blanks ")),
            Entry::new("", Node::string("\"quoted\"")),
            Entry::new("plain", Node::string("")),
        ]);
        let again = decode(&encode(&odd).unwrap(), "=:").unwrap();
        let read = |node: &Node| {
            let entries = node.entries().iter();
            let pairs = entries.map(|it| {
                (
                    it.key.text().map(str::to_owned),
                    it.value.text().map(str::to_owned),
                )
            });
            pairs.collect::<Vec<_>>()
        };
        assert_eq!(read(&again[0]), read(&odd));
        for (key, value) in [
            ("a\nb", Node::string("x")),
            ("a", Node::string("x\ny")),
            ("a", Node::seq(vec![])),
        ] {
            assert!(encode(&Node::map(vec![Entry::new(key, value)])).is_err());
        }
        assert!(encode(&Node::seq(Vec::new())).is_err());
    }
}
