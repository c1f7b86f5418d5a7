//! Nodes to XML text.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Str, Value};

use super::{ATTRIBUTE, CONTENT, DIRECTIVE, INSTRUCTION, is_trimmed};
use crate::codec::Encoding;

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
            writer.text(text, node)?;
            return Ok(writer.out);
        }
        Value::Map(entries) => writer.document(node, entries)?,
        _ => {
            let message = "an XML document is made of a map";
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
        self.comment(node.decor.as_ref().and_then(|decor| decor.head.as_ref()));
        // A text is read only behind an element.
        let (texts, others): (Vec<_>, Vec<_>) = entries
            .iter()
            .filter(|entry| !entry.is(&declaration))
            .partition(|entry| entry.is(CONTENT));
        if let (Some(text), true) = (texts.first(), others.is_empty()) {
            let message = "XML has no text outside of elements".to_owned();
            return Err(refused(message, &text.value).help("put it under the name of an element"));
        }
        for entry in others.into_iter().chain(texts) {
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
        self.comment(node.decor.as_ref().and_then(|decor| decor.foot.as_ref()));
        Ok(())
    }

    /// A child of an element, with its comments.
    fn entry(&mut self, entry: &Entry) -> Result<()> {
        let key = entry.key.text().unwrap_or_default();
        let decor = entry.key.decor.as_deref();
        self.comment(decor.and_then(|decor| decor.head.as_ref()));
        let text = entry.value.text().unwrap_or_default();
        if let Some(name) = key.strip_prefix(INSTRUCTION) {
            self.instruction(name, text);
        } else if key == DIRECTIVE {
            self.out.push_str(&format!("<!{text}>"));
        } else if key == CONTENT {
            self.content(&entry.value)?;
        } else {
            self.element(key, &entry.value)?;
        }
        self.comment(decor.and_then(|decor| decor.foot.as_ref()));
        Ok(())
    }

    fn instruction(&mut self, name: &str, text: &str) {
        self.out.push_str(&format!("<?{name} {text}?>"));
    }

    fn element(&mut self, name: &str, node: &Node) -> Result<()> {
        let decor = node.decor.as_deref();
        match &node.value {
            Value::Seq(items) => {
                if items.is_empty() {
                    return Err(
                        refused("XML has no empty list".to_owned(), node).help("remove it first")
                    );
                }
                for item in items {
                    if item.is_seq() {
                        return Err(refused("XML has no list in a list".to_owned(), item)
                            .help("make one list of them by `flatten`, or name the inner ones"));
                    }
                    self.element(name, item)?;
                }
                return Ok(());
            }
            Value::Scalar(text) => {
                self.start(name, &[], node)?;
                self.comment(decor.and_then(|decor| decor.head.as_ref()));
                self.text(text, node)?;
                self.comment(decor.and_then(|decor| decor.line.as_ref()));
            }
            Value::Map(entries) => {
                let (attributes, children): (Vec<_>, Vec<_>) =
                    entries.iter().partition(|entry| is_attribute(entry));
                self.start(name, &attributes, node)?;
                self.comment(decor.and_then(|decor| decor.head.as_ref()));
                for child in children {
                    self.entry(child)?;
                }
            }
            Value::Alias(_) => self.start(name, &[], node)?,
        }
        self.end(name);
        self.comment(decor.and_then(|decor| decor.foot.as_ref()));
        Ok(())
    }

    /// The text of an element, or several between its children.
    fn content(&mut self, node: &Node) -> Result<()> {
        match &node.value {
            Value::Scalar(text) => self.text(text, node),
            _ => Err(refused(
                format!("`{CONTENT}` is one text, as texts between elements lose their places"),
                node,
            )),
        }
    }

    /// White space at both ends is written as references, as readers leave it away otherwise.
    fn text(&mut self, text: &str, node: &Node) -> Result<()> {
        check_letters(text, node)?;
        let inner = text.trim_matches(is_trimmed);
        let start = text.len() - text.trim_start_matches(is_trimmed).len();
        let (before, after) = match inner {
            "" => (text, ""),
            inner => (text.cut(..start), text.cut(start + inner.len()..)),
        };
        self.references(before);
        escape(inner, false, &mut self.out);
        self.references(after);
        Ok(())
    }

    fn references(&mut self, text: &str) {
        for found in text.chars() {
            self.out.push_str(&format!("&#x{:X};", u32::from(found)));
        }
    }

    fn start(&mut self, name: &str, attributes: &[&Entry], node: &Node) -> Result<()> {
        check_name(name, "an element", node)?;
        self.new_line();
        self.out.push('<');
        self.out.push_str(name);
        for entry in attributes {
            let Some(value) = entry.value.text() else {
                let message = "an attribute is made of a scalar";
                return Err(Error::new(Kind::Script, message).at(entry.value.span));
            };
            let key = entry.key.text().unwrap_or_default();
            let key = key.strip_prefix(ATTRIBUTE).unwrap_or(key);
            check_name(key, "an attribute", &entry.key)?;
            check_letters(value, &entry.value)?;
            self.out.push(' ');
            self.out.push_str(key);
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

    /// A comment; two hyphens would end it, and get a blank between them.
    fn comment(&mut self, comment: Option<&Str>) {
        let Some(comment) = comment else { return };
        let lines = comment.lines().map(|line| {
            let text = line.trim_start_matches('#');
            text.strip_prefix(' ').unwrap_or(text)
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let mut text = text.trim_end().to_owned();
        while text.contains("--") {
            text = text.replace("--", "- -");
        }
        self.out.push_str(&format!("<!-- {text} -->"));
    }
}

#[cold]
fn refused(message: String, node: &Node) -> Error {
    Error::new(Kind::Script, message).at(node.span)
}

/// Refuses what is no `Name` of XML 1.0.
fn check_name(name: &str, what: &str, node: &Node) -> Result<()> {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':' || is_letter(c);
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || matches!(c, '-' | '.' | '\u{b7}');
    if name.starts_with(starts) && name.chars().all(goes_on) {
        return Ok(());
    }
    Err(
        refused(format!("`{name}` is no name of {what} in XML"), node)
            .help("a name starts with a letter or `_`, and has no blanks; rename the key"),
    )
}

/// The letters beyond ASCII that a name may start with.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{37d}' | '\u{37f}'..='\u{1fff}'
        | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// Refuses characters that no XML document may have.
fn check_letters(text: &str, node: &Node) -> Result<()> {
    let is_none = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    match text.chars().find(|c| is_none(*c)) {
        Some(found) => {
            let message = format!("XML has no character `{}`", found.escape_unicode());
            Err(refused(message, node).help("encode the text first, such as by `@base64`"))
        }
        None => Ok(()),
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
