//! KYAML: YAML in braces, brackets and double quotes, a line for each value.

use kustom_yaml::{Decor, Node, Str, Tag, Value};

use super::Encoding;

pub(super) fn encode(node: &Node, encoding: &Encoding) -> String {
    if let Some(text) = node.text().filter(|_| encoding.unwrapped) {
        return format!("{text}\n");
    }
    let mut writer = Writer {
        out: String::new(),
        indent: encoding.indent,
        leading: None,
    };
    let decor = node.decor.as_deref();
    writer.comment(super::leading(node), 0);
    writer.leading = super::leading(node).cloned();
    writer.value(node, 0);
    writer.line_end(decor.and_then(|decor| decor.line.as_ref()));
    writer.comment(decor.and_then(|decor| decor.foot.as_ref()), 0);
    writer.out
}

struct Writer {
    out: String,
    indent: usize,
    /// The comment that was written above everything, and is not written again.
    leading: Option<Str>,
}

impl Writer {
    fn value(&mut self, node: &Node, column: usize) {
        let inner = column + self.indent;
        match &node.value {
            Value::Scalar(text) => self.scalar(node.tag, text),
            Value::Alias(_) => self.out.push_str("null"),
            Value::Seq(items) if items.is_empty() => self.out.push_str("[]"),
            Value::Map(entries) if entries.is_empty() => self.out.push_str("{}"),
            Value::Seq(items) => {
                self.out.push_str("[\n");
                for item in items {
                    self.child(None, item, inner);
                }
                self.margin(column);
                self.out.push(']');
            }
            Value::Map(entries) => {
                self.out.push_str("{\n");
                for entry in entries {
                    self.child(Some(&entry.key), &entry.value, inner);
                }
                self.margin(column);
                self.out.push('}');
            }
        }
    }

    fn child(&mut self, key: Option<&Node>, value: &Node, column: usize) {
        let own = key.and_then(|key| key.decor.as_deref());
        let decor = value.decor.as_deref();
        let of =
            |part: fn(&Decor) -> Option<&Str>| decor.and_then(part).or_else(|| own.and_then(part));
        let heads = [own, decor].map(|decor| decor.and_then(|decor| decor.head.as_ref()));
        let leading = self.leading.take();
        if heads[0] != leading.as_ref() {
            self.comment(heads[0], column);
        }
        if heads[0] != heads[1] {
            self.comment(heads[1], column);
        }
        self.margin(column);
        if let Some(key) = key {
            self.key(key.text().unwrap_or_default());
        }
        self.value(value, column);
        self.out.push(',');
        self.line_end(of(|decor| decor.line.as_ref()));
        self.comment(of(|decor| decor.foot.as_ref()), column);
    }

    fn key(&mut self, key: &str) {
        let is_bare = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if is_bare {
            self.out.push_str(key);
        } else {
            self.quoted(key);
        }
        self.out.push_str(": ");
    }

    fn scalar(&mut self, tag: Tag, text: &str) {
        match tag {
            Tag::Null => self.out.push_str("null"),
            Tag::Bool => self.out.push_str(&text.to_lowercase()),
            Tag::Int | Tag::Float => self.out.push_str(text),
            _ => self.quoted(text),
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for found in text.chars() {
            match found {
                '\\' => self.out.push_str("\\\\"),
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\0'..='\u{1f}' => self.out.push_str(&format!("\\u{:04X}", u32::from(found))),
                _ => self.out.push(found),
            }
        }
        self.out.push('"');
    }

    fn comment(&mut self, comment: Option<&Str>, column: usize) {
        for line in comment.into_iter().flat_map(|comment| comment.lines()) {
            if !line.trim().is_empty() {
                self.margin(column);
                self.out.push_str(line);
                self.out.push('\n');
            }
        }
    }

    fn line_end(&mut self, comment: Option<&Str>) {
        if let Some(line) = comment.and_then(|comment| comment.lines().next()) {
            self.out.push(' ');
            self.out.push_str(line);
        }
        self.out.push('\n');
    }

    fn margin(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    #[test]
    fn every_value_has_its_line() {
        let text = "name: John\n1a: [x, 1, {}]\nb: \"q\\\"\\n\"\n";
        let node = &read(text, &Options::default()).unwrap()[0];
        let encoding = Encoding {
            unwrapped: false,
            ..Encoding::default()
        };
        let wanted = "{\n  name: \"John\",\n  \"1a\": [\n    \"x\",\n    1,\n    {},\n  ],\n  \
                      b: \"q\\\"\\n\",\n}\n";
        assert_eq!(encode(node, &encoding), wanted);
    }
}
