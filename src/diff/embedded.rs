//! Documents inside of texts: YAML, JSON and properties in ConfigMaps and annotations.

use rustc_hash::FxHashSet;

use crate::place::Span;
use crate::yaml::{Entry, Node, Options, Str, Style, read};

/// A text that is longer is compared line by line.
const LONGEST: usize = 4 << 20;

/// The document that a text is, if it is one with a structure; `name` is the key of the text.
pub(super) fn document(name: &str, text: &str) -> Option<Node> {
    let text = text.trim_start_matches('\u{FEFF}');
    let looks_like_one = text.contains('\n') || text.starts_with(['{', '[']);
    if !looks_like_one || text.len() > LONGEST {
        return None;
    }
    let extension = name
        .rsplit_once('.')
        .map_or(name, |(_, extension)| extension);
    if matches!(extension, "properties" | "env") {
        return properties(text);
    }
    yaml(text).or_else(|| properties(text))
}

fn yaml(text: &str) -> Option<Node> {
    let mut documents = read(text, &Options::default()).ok()?;
    let is_structure = |node: &Node| node.is_map() || node.is_seq();
    if documents.is_empty() || !documents.iter().all(is_structure) {
        return None;
    }
    match documents.len() {
        1 => documents.pop(),
        _ => Some(Node::seq(documents)),
    }
}

/// Lines `key=value`, each key once; anything else is no such text.
fn properties(text: &str) -> Option<Node> {
    let mut entries = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', '!', ';']) {
            continue;
        }
        let (key, value) = line.split_once('=')?;
        let key = key.trim();
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
        if key.is_empty() || !key.bytes().all(is_key) || !seen.insert(key) {
            return None;
        }
        let value = Node {
            span: Span {
                line: number,
                ..Span::default()
            },
            ..Node::string(Str::from(value.trim()))
        };
        entries.push(Entry::new(key, value));
    }
    (!entries.is_empty()).then(|| Node::map(entries))
}

/// Where something in a document stands, if the text that holds it stands at a span.
pub(super) fn place_within(holder: &Node, inner: Span) -> Span {
    let outer = holder.span;
    // A block starts on the line below its key; a file is a text from its first line on.
    let is_block = matches!(holder.style, Style::Literal | Style::Folded);
    let above = match outer.line {
        0 => 0,
        line if is_block => line,
        line => line - 1,
    };
    Span {
        source: outer.source,
        line: above + inner.line.max(1),
        column: if outer.line == 0 { inner.column } else { 0 },
        ..Span::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_known_by_what_they_say() {
        for (name, text) in [
            ("config.yaml", "a: 1\nb: [x]\n"),
            ("config", "{\"a\": 1}"),
            ("many", "a: 1\n---\nb: 2\n"),
            ("app.properties", "a.b = 1\n# c\nd=e=f\n"),
            ("settings", "A=1\nB=2\n"),
        ] {
            assert!(document(name, text).is_some(), "{text}");
        }
        for text in [
            "a: 1",
            "one line",
            "#!/bin/sh\nset -e\necho hi\n",
            "a\nb\n",
            "A=1\nA=2\n",
            "a: [\n",
        ] {
            assert!(document("x", text).is_none(), "{text}");
        }
        assert!(document("x.properties", "no sign\n").is_none());
    }
}
