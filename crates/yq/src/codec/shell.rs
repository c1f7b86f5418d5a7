//! Text for the shell: a quoted string, or an assignment for each scalar.

use std::collections::HashSet;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::Encoding;

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
    let mut writer = Writer {
        encoding,
        names: HashSet::new(),
        out: String::new(),
    };
    writer.assign(node, "")?;
    Ok(writer.out)
}

struct Writer<'e> {
    encoding: &'e Encoding,
    /// The names that have a value.
    names: HashSet<String>,
    out: String,
}

impl Writer<'_> {
    fn assign(&mut self, node: &Node, name: &str) -> Result<()> {
        match &node.value {
            Value::Scalar(text) => {
                let name = if name.is_empty() { "value" } else { name };
                if !self.names.insert(name.to_owned()) {
                    let message = format!("two values go by the name `{name}` in the shell");
                    return Err(Error::new(Kind::Script, message).at(node.span).help(
                        "what is no letter and no digit becomes `_`; rename one of the two",
                    ));
                }
                self.out.push_str(name);
                self.out.push('=');
                let may_be_bare = self.encoding.unescaped || is_one_word(text);
                if self.encoding.unwrapped && may_be_bare {
                    self.out.push_str(text);
                } else {
                    quote_value(text, &mut self.out);
                }
                self.out.push('\n');
            }
            Value::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.assign(item, &joined(name, &index.to_string()))?;
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    let key = entry.key.text().unwrap_or_default();
                    let name = joined(name, key);
                    if name == "_" {
                        let message = format!(
                            "the key `{key}` has nothing that a name in the shell may have"
                        );
                        return Err(Error::new(Kind::Script, message)
                            .at(entry.key.span)
                            .help("rename it: a name is made of letters, digits and `_`"));
                    }
                    self.assign(&entry.value, &name)?;
                }
            }
            Value::Alias(_) => {}
        }
        Ok(())
    }
}

/// The name of a variable: letters without their accents, digits and underscores, no digit first.
fn joined(name: &str, key: &str) -> String {
    let key: String = key
        .nfkd()
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

/// Whether the shell takes a text that stands bare as this very text.
fn is_one_word(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_.-/:@+,%".contains(c))
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
    use kustom_yaml::{Options, read};

    use super::*;

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
        let text = "a: 1.0-b/c:d\nb: a;b\nc: ~\nd: ''\ne: x=y\n";
        let node = &read(text, &Options::default()).unwrap()[0];
        let mut encoding = Encoding::default();
        assert_eq!(
            assignments(node, &encoding).unwrap(),
            "a=1.0-b/c:d\nb='a;b'\nc='~'\nd=\ne='x=y'\n"
        );
        encoding.unescaped = true;
        assert_eq!(
            assignments(node, &encoding).unwrap(),
            "a=1.0-b/c:d\nb=a;b\nc=~\nd=\ne=x=y\n"
        );
    }
}
