//! Compares documents that are embedded in texts: YAML, JSON and properties in ConfigMaps and
//! annotations.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::IgnoredAny;

use super::scalars::{is_same_in_text, own_tag};
use crate::place::Span;
use crate::yaml::{Entry, Node, Options, Str, Style, Value, read};

/// A text that is longer is compared line by line.
const LONGEST: usize = 4 << 20;

/// A text that is a document of its own.
#[derive(Debug)]
pub(super) struct Document {
    /// What it says; several documents are a list.
    pub(super) node: Node,
    /// What tells it from a document that says the same.
    form: Form,
    /// Whether its name says so, or it is JSON, which nothing else looks like.
    is_trusted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// So many documents, with or without a byte order mark.
    Yaml {
        documents: usize,
        has_mark: bool,
    },
    Properties,
}

impl Document {
    /// Whether both have the same form, so that they can be compared by what they say.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.form == other.form
    }

    /// Whether two documents differ in layout and comments alone, for every reader.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        // Who reads properties may put the earlier ones into the later ones.
        let is_ordered = self.form == Form::Properties;
        self.is_trusted
            && other.is_trusted
            && self.is_like(other)
            && is_same_data(&self.node, &other.node, is_ordered)
    }
}

/// What the name of a text says of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Yaml,
    Properties,
    Nothing,
    Other,
}

impl Named {
    fn of(name: &str) -> Self {
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        match name.rsplit_once('.') {
            Some((_, "yaml" | "yml" | "json")) => Self::Yaml,
            Some((_, "properties" | "env")) => Self::Properties,
            Some(_) => Self::Other,
            None => Self::Nothing,
        }
    }
}

/// The document that a text is, if it is one with a structure; `name` is the key of the text.
pub(super) fn document(name: &str, text: &str) -> Option<Document> {
    let bare = text.trim_start_matches('\u{FEFF}');
    let looks_like_one = bare.contains('\n') || bare.starts_with(['{', '[']);
    if !looks_like_one || text.len() > LONGEST {
        return None;
    }
    let named = Named::of(name);
    let properties = || {
        Some(Document {
            node: properties(text, name.ends_with(".properties"))?,
            form: Form::Properties,
            is_trusted: named == Named::Properties,
        })
    };
    if named == Named::Properties {
        return properties();
    }
    let yaml = yaml(text).map(|(node, documents)| Document {
        node,
        form: Form::Yaml {
            documents,
            has_mark: bare.len() < text.len(),
        },
        is_trusted: named == Named::Yaml || (named == Named::Nothing && is_json(text)),
    });
    yaml.or_else(properties)
}

fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What a text of YAML says, and in how many documents.
fn yaml(text: &str) -> Option<(Node, usize)> {
    let mut documents = read(text, &Options::default()).ok()?;
    let is_structure = |node: &Node| node.is_map() || node.is_seq();
    let count = documents.len();
    if documents.is_empty()
        || !documents.iter().all(is_structure)
        || !documents.iter().all(has_plain_keys)
    {
        return None;
    }
    match count {
        1 => documents.pop().map(|node| (node, count)),
        _ => Some((Node::seq(documents), count)),
    }
}

/// Whether all keys are scalars, each once in its map; other maps have no clear meaning.
fn has_plain_keys(node: &Node) -> bool {
    let mut seen = FxHashSet::default();
    node.items().iter().all(has_plain_keys)
        && node.entries().iter().all(|entry| {
            let key = entry.key.text().filter(|_| entry.key.is_scalar());
            key.is_some_and(|key| seen.insert((entry.key.tag, key))) && has_plain_keys(&entry.value)
        })
}

/// Whether two values are the same in every detail but layout.
fn is_same_data(one: &Node, other: &Node, is_ordered: bool) -> bool {
    let is_same = |one, other| is_same_data(one, other, is_ordered);
    if one.tag != other.tag || own_tag(one) != own_tag(other) {
        return false;
    }
    match (&one.value, &other.value) {
        (Value::Scalar(_), Value::Scalar(_)) => is_same_in_text(one, other),
        (Value::Seq(one), Value::Seq(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(a, b))
        }
        (Value::Map(one), Value::Map(other)) if is_ordered => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(a, b)| is_same_in_text(&a.key, &b.key) && is_same(&a.value, &b.value))
        }
        (Value::Map(one), Value::Map(other)) => {
            let known: FxHashMap<_, _> = other
                .iter()
                .map(|entry| ((entry.key.tag, entry.key.text()), entry))
                .collect();
            one.len() == other.len()
                && one.iter().all(|entry| {
                    let twin = known.get(&(entry.key.tag, entry.key.text()));
                    twin.is_some_and(|twin| {
                        is_same_in_text(&entry.key, &twin.key) && is_same(&entry.value, &twin.value)
                    })
                })
        }
        _ => false,
    }
}

/// Lines `key=value`, each key once; anything else is no such text.
///
/// A line that goes on in the next one is none. Java takes the blanks around a key and before a
/// value away, and `!` for a comment; other readers do not.
fn properties(text: &str, is_java: bool) -> Option<Node> {
    let mut entries = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = if is_java { line.trim_start() } else { line };
        if line.is_empty() || line.starts_with('#') || (is_java && line.starts_with('!')) {
            continue;
        }
        let (key, value) = line.split_once('=')?;
        let (key, value) = match is_java {
            true => (key.trim_end(), value.trim_start()),
            false => (key, value),
        };
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
        let is_plain = !key.is_empty() && key.bytes().all(is_key);
        if !is_plain || value.ends_with('\\') || !seen.insert(key) {
            return None;
        }
        let value = Node {
            span: Span {
                line: number,
                ..Span::default()
            },
            // Not every reader takes the blanks around a value away.
            ..Node::string(Str::from(value))
        };
        entries.push(Entry::new(key, value));
    }
    (!entries.is_empty()).then(|| Node::map(entries))
}

/// Where something in a document stands, if the text that holds it stands at a span.
pub(super) fn place_within(holder: &Node, inner: Span) -> Span {
    let outer = holder.span;
    // A file is a text from its first byte on; no value of a manifest stands there.
    if (outer.line, outer.column) == (1, 1) {
        return Span {
            source: outer.source,
            ..inner
        };
    }
    // A block starts on the line below its key.
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
            ("app.properties", "a.b = 1\n! c\nd=e=f\n"),
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

    #[test]
    fn layout_is_what_no_reader_sees() {
        let same = |name: &str, one: &str, other: &str| {
            let documents = document(name, one).zip(document(name, other));
            documents.is_some_and(|(one, other)| one.says_the_same(&other))
        };
        for (name, one, other) in [
            ("app.yaml", "a: 1\nb: x\n", "# why\nb: 'x'\na:   1\n"),
            ("app.json", "{\"a\": [1, 2]}", "{\n \"a\": [ 1, 2 ]\n}"),
            ("a.yml", "a: &x [1]\nb: *x\n", "a: [1]\nb: [1]\n"),
            ("example.com/rules", "{\"a\": [1, 2]}", "{\"a\":[1,2]}"),
            ("a.properties", "a=1\nb=2\n", "# why\na = 1\n\nb=2"),
        ] {
            assert!(same(name, one, other), "{name} {one} {other}");
        }
        for (name, one, other) in [
            ("app.yaml", "a: 1.10\nb: 1\n", "a: 1.1\nb: 1\n"),
            ("app.yaml", "a: 010\nb: 1\n", "a: 8\nb: 1\n"),
            ("app.yaml", "a: yes\nb: 1\n", "a: 'yes'\nb: 1\n"),
            ("app.yaml", "1: a\nb: 1\n", "'1': a\nb: 1\n"),
            ("app.yaml", "- {a: b}\n- {c: d}\n", "a: b\n---\nc: d\n"),
            ("app.yaml", "a: b\nc: d\n", "\u{FEFF}a: b\nc: d\n"),
            ("app.yaml", "a: !x b\nc: d\n", "a: b\nc: d\n"),
            ("app.yaml", "a: null\nc: d\n", "c: d\n# a\n"),
            ("app.env", "A=1\nB=$A\n", "B=$A\nA=1\n"),
            ("app.env", "A=1 \nB=2\n", "A=1\nB=2\n"),
            ("a.properties", "a=1 \nb=2\n", "a=1\nb=2\n"),
            ("app.env", "A= 1\nB=2\n", "A=1\nB=2\n"),
            ("app.env", " A=1\nB=2\n", "A=1\nB=2\n"),
            ("app.env", "A=1\r\nB=2\n", "A=1\nB=2\n"),
            ("run.sh", "a: 1\nb: 2\n", "# why\na: 1\nb: 2\n"),
            ("message", "price: 5 # off\nb: 2\n", "price: 5 # up\nb: 2\n"),
            ("message", "A=1\n# B\n", "A=1\n# C\n"),
        ] {
            assert!(!same(name, one, other), "{name} {one} {other}");
        }
        assert!(document("app.yaml", "a: 1\na: 2\n").is_none());
    }
}
