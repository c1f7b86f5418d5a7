//! Text for the shell: a quoted string, or an assignment for each scalar.

use super::Encoding;
use crate::error::Result;
use crate::yaml::{Node, Value};

/// A string of which the shell takes every character as it is.
pub(super) fn quote(node: &Node) -> Result<String> {
    let text = super::string(node, "a word for the shell")?;
    let mut out = String::with_capacity(text.len() + 2);
    let mut quoted = false;
    for found in text.chars() {
        if found == '\'' {
            if quoted {
                out.push('\'');
                quoted = false;
            }
            out.push('\\');
        } else if !quoted && !is_safe(found) {
            out.push('\'');
            quoted = true;
        }
        out.push(found);
    }
    if quoted {
        out.push('\'');
    }
    Ok(out)
}

fn is_safe(found: char) -> bool {
    found.is_ascii_alphanumeric() || "_@%+=:,./-".contains(found)
}

/// `path_to_key='value'` for each scalar.
pub(super) fn assignments(node: &Node, encoding: &Encoding) -> Result<String> {
    let mut out = String::new();
    assign(node, "", encoding, &mut out);
    Ok(out)
}

fn assign(node: &Node, name: &str, encoding: &Encoding, out: &mut String) {
    match &node.value {
        Value::Scalar(text) => {
            out.push_str(if name.is_empty() { "value" } else { name });
            out.push('=');
            if encoding.unwrapped {
                out.push_str(text);
            } else {
                quote_value(text, out);
            }
            out.push('\n');
        }
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                assign(item, &joined(name, &index.to_string()), encoding, out);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                let key = entry.key.text().unwrap_or_default();
                assign(&entry.value, &joined(name, key), encoding, out);
            }
        }
        Value::Alias(_) => {}
    }
}

/// The name of a variable: letters, digits and underscores, no digit first.
fn joined(name: &str, key: &str) -> String {
    let key: String = key
        .chars()
        .filter(|c| (' '..='~').contains(c))
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !name.is_empty() {
        return format!("{name}_{key}");
    }
    if key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        key
    } else {
        format!("_{key}")
    }
}

fn quote_value(text: &str, out: &mut String) {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        out.push_str(text);
        return;
    }
    out.push('\'');
    out.push_str(&text.replace('\'', "'\"'\"'"));
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Options, read};

    #[test]
    fn unsafe_characters_are_quoted() {
        for (text, wanted) in [
            ("plain-1.0", "plain-1.0"),
            (
                "strings with spaces and a 'quote'",
                "strings' with spaces and a '\\'quote\\'",
            ),
            ("$(rm)", "'$(rm)'"),
            ("", ""),
        ] {
            assert_eq!(quote(&Node::string(text)).unwrap(), wanted);
        }
    }

    #[test]
    fn each_scalar_gets_a_variable() {
        let text = "comment: Hello, World!\nsize: 12\n1a: [x, 'it''s']\n";
        let node = &read(text, &Options::default()).unwrap()[0];
        let encoding = Encoding {
            unwrapped: false,
            ..Encoding::default()
        };
        assert_eq!(
            assignments(node, &encoding).unwrap(),
            "comment='Hello, World!'\nsize=12\n_1a_0=x\n_1a_1='it'\"'\"'s'\n"
        );
    }
}
