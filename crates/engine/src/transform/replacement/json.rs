//! JSON as Go writes it: keys sorted, characters that mean something in HTML escaped.

use std::collections::BTreeMap;

use kustom_yaml::{Node, Scalar, Value, write_json_string};

/// A value as JSON, compact or on lines of its own; nothing if JSON cannot say it.
pub(super) fn write(node: &Node, is_pretty: bool) -> Option<String> {
    let mut writer = Writer {
        out: String::new(),
        is_pretty,
        depth: 0,
    };
    writer.value(node)?;
    Some(writer.out)
}

struct Writer {
    out: String,
    is_pretty: bool,
    depth: usize,
}

impl Writer {
    fn value(&mut self, node: &Node) -> Option<()> {
        match &node.value {
            Value::Scalar(_) => self.scalar(node),
            Value::Seq(items) => {
                self.out.push('[');
                self.depth += 1;
                for (index, item) in items.iter().enumerate() {
                    self.next(index);
                    self.value(item)?;
                }
                self.close(items.is_empty(), ']');
                Some(())
            }
            Value::Map(entries) => {
                let mut sorted = BTreeMap::new();
                for entry in entries {
                    let Ok(Scalar::Str(key)) = entry.key.scalar_value() else {
                        return None;
                    };
                    if sorted.insert(key.into_owned(), &entry.value).is_some() {
                        return None;
                    }
                }
                self.out.push('{');
                self.depth += 1;
                for (index, (key, value)) in sorted.iter().enumerate() {
                    self.next(index);
                    write_json_string(key, &mut self.out);
                    self.out.push_str(if self.is_pretty { ": " } else { ":" });
                    self.value(value)?;
                }
                self.close(sorted.is_empty(), '}');
                Some(())
            }
            Value::Alias(_) => None,
        }
    }

    fn next(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.line();
    }

    fn close(&mut self, is_empty: bool, bracket: char) {
        self.depth -= 1;
        if !is_empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        if self.is_pretty {
            self.out.push('\n');
            for _ in 0..self.depth {
                self.out.push_str("  ");
            }
        }
    }

    fn scalar(&mut self, node: &Node) -> Option<()> {
        match node.scalar_value().ok()? {
            Scalar::Null => self.out.push_str("null"),
            Scalar::Bool(value) => self.out.push_str(&value.to_string()),
            Scalar::Int(value) => self.out.push_str(&value.to_string()),
            Scalar::Uint(value) => self.out.push_str(&value.to_string()),
            Scalar::Float(value) => self.out.push_str(&float(value)?),
            Scalar::Str(text) => write_json_string(&text, &mut self.out),
            Scalar::Timestamp(stamp) => write_json_string(&stamp.to_string(), &mut self.out),
        }
        Some(())
    }
}

/// A number without a point where it needs none, and with an exponent where it is far from one.
fn float(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e')?;
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        return Some(format!("{digits}e{sign}{exponent}"));
    }
    // Negative zero keeps its sign.
    Some(format!("{value}"))
}
