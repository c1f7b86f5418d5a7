//! Nodes to XML text.

use super::{ATTRIBUTE, CONTENT, DIRECTIVE, INSTRUCTION};
use crate::error::{Error, Kind, Result};
use crate::yaml::{Entry, Node, Str, Value};
use crate::yq::codec::Encoding;

/// Writes a mapping, each of its entries an element.
pub(crate) fn encode(node: &Node, encoding: &Encoding) -> Result<String> {
    let mut writer = Writer {
        out: String::new(),
        indent: encoding.indent,
        depth: 0,
        is_inside: false,
    };
    match &node.value {
        Value::Scalar(text) => {
            escape(text, false, &mut writer.out);
            return Ok(writer.out);
        }
        Value::Map(entries) => writer.document(node, entries)?,
        _ => {
            let message = "an XML document is made of a mapping";
            return Err(Error::new(Kind::Script, message).at(node.span));
        }
    }
    writer.out.push('\n');
    Ok(writer.out)
}

struct Writer {
    out: String,
    indent: usize,
    depth: usize,
    /// Whether a start tag was written last, so that its end tag goes on the same line.
    is_inside: bool,
}

impl Writer {
    fn document(&mut self, node: &Node, entries: &[Entry]) -> Result<()> {
        let declaration = format!("{INSTRUCTION}xml");
        if let Some(entry) = entries.iter().find(|entry| entry.is(&declaration)) {
            self.instruction("xml", entry.value.text().unwrap_or_default());
            self.out.push('\n');
        }
        self.comment(node.dress.as_ref().and_then(|dress| dress.head.as_ref()));
        for entry in entries.iter().filter(|entry| !entry.is(&declaration)) {
            let is_markup = entry.is(DIRECTIVE)
                || entry
                    .key
                    .text()
                    .is_some_and(|key| key.starts_with(INSTRUCTION));
            self.entry(entry)?;
            if is_markup {
                self.out.push('\n');
            }
        }
        self.comment(node.dress.as_ref().and_then(|dress| dress.foot.as_ref()));
        Ok(())
    }

    /// A child of an element, with its comments.
    fn entry(&mut self, entry: &Entry) -> Result<()> {
        let key = entry.key.text().unwrap_or_default();
        let dress = entry.key.dress.as_deref();
        self.comment(dress.and_then(|dress| dress.head.as_ref()));
        let text = entry.value.text().unwrap_or_default();
        if let Some(name) = key.strip_prefix(INSTRUCTION) {
            self.instruction(name, text);
        } else if key == DIRECTIVE {
            self.out.push_str(&format!("<!{text}>"));
        } else if key == CONTENT {
            escape(text, false, &mut self.out);
        } else {
            self.element(key, &entry.value)?;
        }
        self.comment(dress.and_then(|dress| dress.foot.as_ref()));
        Ok(())
    }

    fn instruction(&mut self, name: &str, text: &str) {
        self.out.push_str(&format!("<?{name} {text}?>"));
    }

    fn element(&mut self, name: &str, node: &Node) -> Result<()> {
        let dress = node.dress.as_deref();
        match &node.value {
            Value::Seq(items) => {
                for item in items {
                    self.element(name, item)?;
                }
                return Ok(());
            }
            Value::Scalar(text) => {
                self.start(name, &[])?;
                self.comment(dress.and_then(|dress| dress.head.as_ref()));
                escape(text, false, &mut self.out);
                self.comment(dress.and_then(|dress| dress.line.as_ref()));
            }
            Value::Map(entries) => {
                let (attributes, children): (Vec<_>, Vec<_>) =
                    entries.iter().partition(|entry| is_attribute(entry));
                self.start(name, &attributes)?;
                self.comment(dress.and_then(|dress| dress.head.as_ref()));
                for child in children {
                    self.entry(child)?;
                }
            }
            Value::Alias(_) => self.start(name, &[])?,
        }
        self.end(name);
        self.comment(dress.and_then(|dress| dress.foot.as_ref()));
        Ok(())
    }

    fn start(&mut self, name: &str, attributes: &[&Entry]) -> Result<()> {
        self.new_line();
        self.out.push('<');
        self.out.push_str(name);
        for entry in attributes {
            let Some(value) = entry.value.text() else {
                let message = "an attribute is made of a scalar";
                return Err(Error::new(Kind::Script, message).at(entry.value.span));
            };
            let key = entry.key.text().unwrap_or_default();
            self.out.push(' ');
            self.out
                .push_str(key.strip_prefix(ATTRIBUTE).unwrap_or(key));
            self.out.push_str("=\"");
            escape(value, true, &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
        self.depth += 1;
        self.is_inside = true;
        Ok(())
    }

    fn end(&mut self, name: &str) {
        self.depth -= 1;
        if !self.is_inside {
            self.new_line();
        }
        self.is_inside = false;
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn new_line(&mut self) {
        self.is_inside = false;
        if self.indent > 0 && !self.out.is_empty() {
            if !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            let columns = self.indent * self.depth;
            self.out.extend(std::iter::repeat_n(' ', columns));
        }
    }

    fn comment(&mut self, comment: Option<&Str>) {
        let Some(comment) = comment else { return };
        let lines = comment.lines().map(|line| {
            let text = line.trim_start_matches('#');
            text.strip_prefix(' ').unwrap_or(text)
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        self.out.push_str(&format!("<!-- {} -->", text.trim_end()));
    }
}

fn is_attribute(entry: &Entry) -> bool {
    let key = entry.key.text().unwrap_or_default();
    key.starts_with(ATTRIBUTE)
}

fn escape(text: &str, in_attribute: bool, out: &mut String) {
    for found in text.chars() {
        match found {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#x9;"),
            '\r' => out.push_str("&#xD;"),
            '\n' if in_attribute => out.push_str("&#xA;"),
            _ => out.push(found),
        }
    }
}
