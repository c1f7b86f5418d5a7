//! Java properties: `path.to.key = value`.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Value};

use super::Encoding;
use super::tree::{Step, Tree};

/// Reads properties; a part of a key that is a number is a place of a sequence.
pub(super) fn decode(text: &str) -> Result<Vec<Node>> {
    let mut root = Tree::map();
    let mut comments: Vec<&str> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.trim_start_matches([' ', '\t', '\x0c']);
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix(['#', '!']) {
            comments.push(comment.trim_start());
            continue;
        }
        let mut line = line.to_owned();
        while ends_in_escape(&line) {
            line.pop();
            match lines.next() {
                Some((_, more)) => line.push_str(more.trim_start()),
                None => break,
            }
        }
        let at_line = |error: Error| error.note(format!("in line {}", number + 1), None);
        let (key, value) = split(&line).map_err(at_line)?;
        let path = path(&key);
        *root.at(&path).map_err(at_line)? = Tree::Leaf(Node::string(value));
        comment(&mut root, &path, &mut comments)?;
    }
    if root.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![root.into_node()])
}

/// Whether a line goes on in the next one.
fn ends_in_escape(line: &str) -> bool {
    let escapes = line.len() - line.trim_end_matches('\\').len();
    escapes % 2 == 1
}

/// Key and value of a line.
fn split(line: &str) -> Result<(String, String)> {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|(_, c)| {
            let ends = !escaped && matches!(c, ' ' | '\t' | '\x0c' | ':' | '=');
            escaped = !escaped && *c == '\\';
            ends
        })
        .map_or(line.len(), |(index, _)| index);
    let blanks = [' ', '\t', '\x0c'];
    let rest = line.cut(end..).trim_start_matches(blanks);
    let rest = rest.strip_prefix([':', '=']).unwrap_or(rest);
    let value = rest.trim_start_matches(blanks);
    Ok((unescape(line.cut(..end))?, unescape(value)?))
}

fn unescape(text: &str) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(found) = chars.next() {
        if found != '\\' {
            out.push(found);
            continue;
        }
        match chars.next() {
            Some('f') => out.push('\x0c'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16)
                    .ok()
                    .filter(|_| digits.len() == 4);
                match code.and_then(char::from_u32) {
                    Some(letter) => out.push(letter),
                    None => {
                        let message = format!("there is no character `\\u{digits}`");
                        return Err(Error::new(Kind::Script, message));
                    }
                }
            }
            Some(letter) => out.push(letter),
            None => {}
        }
    }
    Ok(out)
}

/// The steps of a key: `a.b.0`, `a.b[0]`.
fn path(key: &str) -> Vec<Step> {
    let mut path = Vec::new();
    for part in key.split('.') {
        match part.parse() {
            Ok(index) => path.push(Step::Index(index)),
            Err(_) => path.push(Step::Key(part.into())),
        }
    }
    path
}

/// Puts the comments before a property above its key.
fn comment(root: &mut Tree, path: &[Step], comments: &mut Vec<&str>) -> Result<()> {
    if comments.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = comments.drain(..).map(|line| format!("# {line}")).collect();
    let Some((last, parents)) = path.split_last() else {
        return Ok(());
    };
    if let Some(node) = root.at(parents)?.commented(last) {
        node.decor_mut().head = Some(lines.join("\n").into());
    }
    Ok(())
}

pub(super) fn encode(node: &Node, encoding: &Encoding) -> Result<String> {
    if let Some(text) = node.text() {
        return Ok(format!("{text}\n"));
    }
    let nameless = node.get("").filter(|value| !value.is_scalar());
    if let Some(value) = nameless.filter(|it| !it.entries().is_empty() || !it.items().is_empty()) {
        let message = "the empty key would be lost in properties: no line begins with it";
        return Err(Error::new(Kind::Script, message)
            .at(value.span)
            .help("rename the key"));
    }
    if !node.entries().is_empty() || !node.items().is_empty() {
        expand(&mut Tree::default(), node)?;
    }
    let mut out = String::new();
    if let Some(comment) = super::leading(node) {
        out.push_str(comment);
        out.push('\n');
    }
    let mut writer = Writer {
        encoding,
        above: out.len(),
        out,
    };
    writer.write(node, "", None);
    Ok(writer.out)
}

/// Lays a tree out as [`decode`] reads it back, a dot in a key as a step, and refuses what would
/// come back as something else.
fn expand(into: &mut Tree, node: &Node) -> Result<()> {
    let refused = |message: String| Error::new(Kind::Script, message).at(node.span);
    match &node.value {
        Value::Scalar(_) => {
            if !into.is_null() {
                return Err(refused("two values go by one key in properties".to_owned())
                    .help("a dot in a key divides it; rename one of the two"));
            }
            *into = Tree::Leaf(Node::null());
        }
        Value::Seq(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                expand(into.at(&[Step::Index(index)])?, item)?;
            }
        }
        Value::Map(entries) if !entries.is_empty() => {
            for Entry { key, value } in entries {
                let steps = path(key.text().unwrap_or_default());
                let is_number = steps.iter().any(|step| matches!(step, Step::Index(_)));
                if is_number {
                    let message = format!(
                        "the key `{}` would be read back as a place of a list",
                        key.text().unwrap_or_default()
                    );
                    return Err(Error::new(Kind::Script, message)
                        .at(key.span)
                        .help("rename the key, or make a list of the values"));
                }
                let place = into.at(&steps).map_err(|error| error.at(key.span))?;
                expand(place, value)?;
            }
        }
        // What is empty has no line.
        Value::Seq(_) | Value::Map(_) | Value::Alias(_) => {}
    }
    Ok(())
}

struct Writer<'e> {
    encoding: &'e Encoding,
    out: String,
    /// How much of the output is the comment above everything.
    above: usize,
}

impl Writer<'_> {
    fn write(&mut self, node: &Node, path: &str, key: Option<&Node>) {
        match &node.value {
            Value::Scalar(text) => {
                self.comments(node, key);
                self.out.push_str(&escape(path, " :="));
                self.out.push_str(&self.encoding.separator);
                if self.encoding.unwrapped || !text.contains(' ') {
                    self.out.push_str(&escape(text, ""));
                } else {
                    self.out.push_str(&escape(&format!("{text:?}"), ""));
                }
                self.out.push('\n');
            }
            Value::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = match (path, self.encoding.brackets) {
                        ("", _) => index.to_string(),
                        (path, true) => format!("{path}[{index}]"),
                        (path, false) => format!("{path}.{index}"),
                    };
                    self.write(item, &path, None);
                }
            }
            Value::Map(entries) => {
                for Entry { key, value } in entries {
                    let text = key.text().unwrap_or_default();
                    let path = match path {
                        "" => text.to_owned(),
                        path => format!("{path}.{text}"),
                    };
                    self.write(value, &path, Some(key));
                }
            }
            Value::Alias(_) => {}
        }
    }

    /// The comments of key and value, above the line, after an empty one.
    fn comments(&mut self, node: &Node, key: Option<&Node>) {
        let decors = [key, Some(node)].into_iter().flatten();
        let decors = decors.filter_map(|node| node.decor.as_deref());
        let comments: Vec<_> = decors
            .flat_map(|decor| [&decor.head, &decor.line])
            .flatten()
            .collect();
        let is_written = self.above > 0 && self.above == self.out.len();
        let comments = match comments.split_first() {
            Some((first, rest))
                if is_written && self.out.strip_suffix('\n') == Some(first.as_str()) =>
            {
                rest
            }
            _ => &comments[..],
        };
        if !comments.is_empty() && !self.out.is_empty() && !is_written {
            self.out.push('\n');
        }
        for line in comments.iter().flat_map(|comment| comment.lines()) {
            self.out.push_str(line);
            self.out.push('\n');
        }
    }
}

fn escape(text: &str, special: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, found) in text.char_indices() {
        match found {
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            ' ' if index == 0 => out.push_str("\\ "),
            '#' | '!' if index == 0 && !special.is_empty() => {
                out.push('\\');
                out.push(found);
            }
            _ => {
                if special.contains(found) {
                    out.push('\\');
                }
                out.push(found);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_come_back() {
        let text = "# first\na.b = x y\n\n# second\n# third\na.c.0 = 1\na.c.1 = two\\nlines\n";
        let nodes = decode(text).unwrap();
        assert_eq!(encode(&nodes[0], &Encoding::default()).unwrap(), text);
    }

    #[test]
    fn keys_and_values_have_escapes_and_go_on() {
        let nodes = decode("a\\ b : one\\\n   two\nc=\\u0041\n!note\nd\n").unwrap();
        let text = |key| nodes[0].get(key).and_then(Node::text);
        assert_eq!(text("a b"), Some("onetwo"));
        assert_eq!(text("c"), Some("A"));
        assert_eq!(text("d"), Some(""));
        assert!(decode("a = \\u12").is_err());
    }

    #[test]
    fn a_value_has_no_keys() {
        let error = decode("a = 1\na.b = 2\n").unwrap_err();
        assert_eq!(
            error.message(),
            "there is a value where the key `b` should go"
        );
    }
}
