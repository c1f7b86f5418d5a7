//! INI files: sections of keys and values.

use crate::error::{Error, Kind, Result};
use crate::yaml::{Entry, Node, Value};

pub(super) fn decode(text: &str) -> Result<Vec<Node>> {
    let mut root = Node::map(Vec::new());
    let mut section: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            if root.get(name).is_none() {
                root.set(name, Node::map(Vec::new()));
            }
            section = Some(name.to_owned());
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else {
            let message = format!("line {} is no section, key or comment", number + 1);
            return Err(Error::new(Kind::Script, message));
        };
        let value = value.trim();
        let value = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(value);
        let map = match &section {
            Some(name) => root.get_mut(name),
            None => Some(&mut root),
        };
        if let Some(map) = map {
            map.set(key.trim(), Node::string(value));
        }
    }
    Ok(vec![root])
}

pub(super) fn encode(node: &Node) -> Result<String> {
    if let Some(text) = node.text() {
        return Ok(format!("{text}\n"));
    }
    let Value::Map(entries) = &node.value else {
        let message = "an INI file is made of a mapping";
        return Err(Error::new(Kind::Script, message).at(node.span));
    };
    let mut out = keys(entries);
    for entry in entries {
        if let Value::Map(inner) = &entry.value.value {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("[{}]\n", entry.key.text().unwrap_or_default()));
            out.push_str(&keys(inner));
        }
    }
    Ok(out)
}

/// The scalars of a section, their equals signs in one column.
fn keys(entries: &[Entry]) -> String {
    let scalars = entries
        .iter()
        .filter_map(|entry| Some((entry.key.text()?, entry.value.text()?)));
    let width = scalars.clone().map(|(key, _)| key.chars().count()).max();
    let width = width.unwrap_or(0);
    scalars
        .map(|(key, value)| format!("{key:width$} = {value}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_back() {
        let text = "top = 1\n\n[a]\nkey   = x\nother = y z\n";
        let nodes = decode(text).unwrap();
        assert_eq!(encode(&nodes[0]).unwrap(), text);
        assert!(decode("word\n").is_err());
        assert!(encode(&Node::seq(Vec::new())).is_err());
    }
}
