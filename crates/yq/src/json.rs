//! Writes nodes as JSON, as yq 4 does.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{
    Entry, Node, Scalar, Style, Tag, Value, implied_tag, write_json_string_with_html,
};

use super::aliases::Aliases;

/// How deep values may be nested once aliases are followed.
const DEPTH: usize = 2000;

/// How many bytes aliases may blow a document up to.
const SIZE: usize = 1 << 30;

/// A value as JSON; with `indent` 0 on one line.
///
/// Aliases are replaced by what they mean. The entries of a merge key take the place of earlier
/// ones of the same name, and give way to later ones.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Options, read};
/// use kustom_yq::json;
///
/// let documents = read("a: [1, 0x10, ~]\n", &Options::default())?;
/// assert_eq!(json(&documents[0], 0)?, r#"{"a":[1,16,null]}"#);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn json(node: &Node, indent: usize) -> Result<String> {
    let mut writer = Writer {
        out: String::new(),
        indent,
        aliases: Aliases::of(node),
    };
    writer.value(node, 0)?;
    Ok(writer.out)
}

/// Documents as JSON, each on lines of its own.
pub fn json_lines(documents: &[Node], indent: usize) -> Result<String> {
    let mut out = String::new();
    for document in documents {
        out.push_str(&json(document, indent)?);
        out.push('\n');
    }
    Ok(out)
}

struct Writer<'n> {
    out: String,
    indent: usize,
    aliases: Aliases<'n>,
}

impl<'n> Writer<'n> {
    fn value(&mut self, node: &'n Node, depth: usize) -> Result<()> {
        if depth > DEPTH || self.out.len() > SIZE {
            let message = "the aliases of this document make it too large for JSON";
            return Err(Error::new(Kind::Output, message).at(node.span));
        }
        let node = self.resolved(node)?;
        match &node.value {
            Value::Scalar(text) => self.scalar(node, text),
            _ if node.tag == Tag::Null => {
                self.out.push_str("null");
                Ok(())
            }
            Value::Seq(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index, depth + 1);
                    self.value(item, depth + 1)?;
                }
                self.close(items.is_empty(), depth, ']');
                Ok(())
            }
            Value::Map(entries) => {
                let mut merged = Vec::with_capacity(entries.len());
                self.merge(entries, &mut merged, 0)?;
                self.out.push('{');
                for (index, entry) in merged.iter().enumerate() {
                    self.separate(index, depth + 1);
                    self.key(&entry.key)?;
                    self.out.push(':');
                    if self.indent > 0 {
                        self.out.push(' ');
                    }
                    self.value(&entry.value, depth + 1)?;
                }
                self.close(merged.is_empty(), depth, '}');
                Ok(())
            }
            Value::Alias(_) => Ok(()),
        }
    }

    fn resolved(&self, node: &'n Node) -> Result<&'n Node> {
        self.aliases.resolve(node).ok_or_else(|| {
            let message = match &node.value {
                Value::Alias(name) => format!("there is no anchor `{name}` before this alias"),
                _ => String::new(),
            };
            Error::new(Kind::Yaml, message).at(node.span)
        })
    }

    /// The entries of a mapping with those that its merge keys bring.
    fn merge(&self, entries: &'n [Entry], merged: &mut Vec<&'n Entry>, depth: usize) -> Result<()> {
        if !entries.iter().any(|entry| entry.key.tag == Tag::Merge) {
            merged.extend(entries);
            return Ok(());
        }
        for entry in entries {
            if entry.key.tag != Tag::Merge {
                put(merged, entry);
                continue;
            }
            let value = self.resolved(&entry.value)?;
            // Of several sources the first one wins.
            let sources = match &value.value {
                Value::Seq(items) => items.iter().rev().collect(),
                _ => vec![value],
            };
            for source in sources {
                let source = self.resolved(source)?;
                if depth > DEPTH {
                    let message = "this merge key brings in itself";
                    return Err(Error::new(Kind::Yaml, message).at(source.span));
                }
                let mut brought = Vec::new();
                self.merge(source.entries(), &mut brought, depth + 1)?;
                for entry in brought {
                    put(merged, entry);
                }
            }
        }
        Ok(())
    }

    fn key(&mut self, key: &'n Node) -> Result<()> {
        let key = self.resolved(key)?;
        write_json_string_with_html(key.text().unwrap_or_default(), &mut self.out);
        Ok(())
    }

    fn scalar(&mut self, node: &Node, text: &str) -> Result<()> {
        match node.tag {
            Tag::Null => self.out.push_str("null"),
            Tag::Bool => {
                let is_true = text.eq_ignore_ascii_case("true");
                self.out.push_str(if is_true { "true" } else { "false" });
            }
            Tag::Int => {
                let digits = integer(text).ok_or_else(|| no_number(node, text))?;
                self.out.push_str(&digits);
            }
            Tag::Float => {
                let digits = float(text).ok_or_else(|| no_number(node, text))?;
                self.out.push_str(&digits);
            }
            Tag::Other if is_local(node) && node.style == Style::Plain && !text.is_empty() => {
                let implied = Node::scalar(text, implied_tag(text));
                return self.scalar(&implied, text);
            }
            _ => write_json_string_with_html(text, &mut self.out),
        }
        Ok(())
    }

    fn separate(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.line(depth);
    }

    fn close(&mut self, is_empty: bool, depth: usize, bracket: char) {
        if !is_empty {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        if self.indent > 0 {
            self.out.push('\n');
            for _ in 0..depth * self.indent {
                self.out.push(' ');
            }
        }
    }
}

/// Whether the tag is one of the author's own, such as `!secret`, which says nothing of the type.
fn is_local(node: &Node) -> bool {
    let tag = node.decor.as_ref().and_then(|decor| decor.tag.as_deref());
    tag.is_some_and(|tag| tag.starts_with('!') && !tag.starts_with("!!"))
}

/// Puts an entry in the place of the one with the same key, or at the end.
fn put<'n>(merged: &mut Vec<&'n Entry>, entry: &'n Entry) {
    let known = merged
        .iter_mut()
        .find(|known| known.key.value == entry.key.value);
    match known {
        Some(known) => *known = entry,
        None => merged.push(entry),
    }
}

/// The digits of an integer, as JSON has them.
fn integer(text: &str) -> Option<String> {
    let text = text.replace('_', "");
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) if text.starts_with('-') => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", text.as_str()),
    };
    // yq 4 reads a leading zero as decimal, YAML 1.2's way.
    let is_decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_decimal {
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        return Some(format!("{sign}{digits}"));
    }
    let node = Node::scalar(text.as_str(), Tag::Int);
    match node.scalar_value().ok()? {
        Scalar::Int(number) => Some(number.to_string()),
        Scalar::Uint(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A float as JSON has it: as it is written, if JSON allows that.
fn float(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number: f64 = text.replace('_', "").parse().ok()?;
    if !number.is_finite() {
        return None;
    }
    let mut parts = digits.splitn(2, '.');
    let whole = parts.next().unwrap_or_default();
    let has_whole = !whole.is_empty()
        && (whole == "0" || !whole.starts_with('0'))
        && whole.starts_with(|c: char| c.is_ascii_digit());
    let has_fraction = parts
        .next()
        .is_none_or(|fraction| fraction.starts_with(|c: char| c.is_ascii_digit()));
    if has_whole && has_fraction && !text.contains('_') {
        let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
        return Some(if is_integer {
            format!("{text}.0")
        } else {
            text.to_owned()
        });
    }
    Some(format!("{number:?}"))
}

#[cold]
fn no_number(node: &Node, text: &str) -> Error {
    Error::new(Kind::Output, format!("JSON has no number `{text}`"))
        .at(node.span)
        .help("put it in quotes, or ask for YAML")
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    fn converted(text: &str) -> String {
        let options = Options {
            keep_aliases: true,
            ..Options::default()
        };
        let documents = read(text, &options).unwrap();
        json(&documents[0], 0).unwrap()
    }

    #[test]
    fn scalars_become_what_they_mean() {
        assert_eq!(
            converted("[1, 010, 0o17, 1.50, .5, 1e3, true, ~, x, '1', 2001-01-01]"),
            r#"[1,10,15,1.50,0.5,1e3,true,null,"x","1","2001-01-01"]"#
        );
    }

    #[test]
    fn aliases_and_merge_keys_are_replaced_by_what_they_mean() {
        assert_eq!(
            converted("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}\ne: *x\n"),
            r#"{"a":{"b":1,"c":2},"d":{"b":3,"c":2},"e":{"b":1,"c":2}}"#
        );
    }

    #[test]
    fn an_infinite_number_is_refused() {
        let documents = read("a: .inf\n", &Options::default()).unwrap();
        let error = json(&documents[0], 0).unwrap_err();
        assert_eq!(error.message(), "JSON has no number `.inf`");
    }

    #[test]
    fn an_indented_value_stands_on_several_lines() {
        let documents = read("a: [1]\nb: {}\n", &Options::default()).unwrap();
        let text = json(&documents[0], 2).unwrap();
        assert_eq!(text, "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
    }
}
