//! The same values in all forms that YAML has for them: styles of scalars, flow and block
//! collections, comments, anchors and aliases, documents and their marks, line ends, indentation.

use std::fmt::Write as _;

use super::draw::{Draw, Tree, indented};

/// Texts that some style or another cannot show, or that mean something else without quotes.
const TEXTS: &[&str] = &[
    "a",
    "web",
    "two words",
    "",
    " ",
    "yes",
    "NO",
    "on",
    "y",
    "null",
    "~",
    "true",
    "False",
    "1",
    "007",
    "0x1F",
    "0o7",
    "1e3",
    "1_000",
    "1.50",
    ".5",
    "1.",
    "+1",
    "-1",
    ".inf",
    "-.INF",
    ".nan",
    "1:30",
    "2001-12-14",
    "2001-12-14t21:59:43.10-05:00",
    "a: b",
    "a:b",
    "a #b",
    "a#b",
    "- a",
    "-a",
    "-",
    "?",
    "? a",
    ":",
    ":a",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "{a}",
    "[a]",
    "a, b",
    "'a'",
    "it's",
    "\"a\"",
    "say \"a\"",
    "|",
    ">",
    "<<",
    "=",
    "a\\b",
    "a\tb",
    "\ta",
    "a\t",
    " a",
    "a ",
    "---",
    "--- a",
    "...",
    "#a",
    "é",
    "日本語",
    "😀",
    "\u{a0}",
    "a\u{85}b",
    "a\u{2028}b",
    "\u{feff}a",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n\n",
    "\na",
    "\n",
    "a\n  b\nc\n",
    "  a\nb\n",
    "a \nb",
    "a\n b",
    "# a\nb",
    "a: b\nc: d\n",
    "- a\n- b\n",
    "a\n---\nb\n",
    "a\tb\n\tc\n",
    "key:\n  - it's \"so\"\n",
    "a text that is longer than eighty columns, so that it is broken into lines where it has blanks",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "one line that is longer than eighty columns, broken where it has blanks, and more of it too\nand another\n",
    "a long text with  two blanks, and with a colon: here, and a mark # there, over the eightieth one",
];

// Releases differ in keys that are numbers or dates.
const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "key",
    "two words",
    "yes",
    "null",
    "~",
    "a.b/c",
    "a-b",
    "it's",
    "a: b",
    "é",
    "-a",
    "true",
    "x",
    "y",
    "#a",
    "z",
];

const COMMENTS: &[&str] = &["# one", "#two", "#", "# a: b", "## - three", "# é"];

/// A value to be written.
enum Value {
    Text(&'static str),
    /// What stands there as it is: `1`, `null`, nothing.
    Plain(&'static str),
    List(Vec<Value>),
    Map(Vec<(&'static str, Value)>),
}

pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut tree = Tree::default();
    let mut text = String::from("resources:\n- objects.yaml\n");
    text.push_str(draw.pick(&[
        "",
        "",
        "namePrefix: p-\n",
        "commonLabels: {app: l}\n",
        "commonAnnotations: {note: 'it''s'}\n",
        "namespace: shop\n",
        "buildMetadata: [originAnnotations]\n",
    ]));
    patches(draw, &mut text);
    if draw.chance(15) {
        let values = ["a", "'1'", "\"x\\ty\"", "yes", "it's", "é"];
        let value = draw.pick(&values);
        writeln!(
            text,
            "configMapGenerator:\n- name: made\n  literals:\n  - a={value}"
        )
        .unwrap();
        if draw.chance(50) {
            let content = scalar_content(draw);
            tree.add("top/file.txt", content);
            text.push_str("  files: [file.txt]\n");
        }
    }
    let mut objects = Writer::new(draw).objects();
    if draw.chance(12) {
        objects = objects.replace('\n', "\r\n");
    }
    if draw.chance(4) {
        objects.insert(0, '\u{feff}');
    }
    if draw.chance(8) {
        objects.truncate(objects.trim_end().len());
    }
    tree.add("top/objects.yaml", objects);
    if draw.chance(8) {
        text = text.replace('\n', "\r\n");
    }
    tree.add("top/kustomization.yaml", text);
    tree
}

/// The bytes of a file that becomes a value.
fn scalar_content(draw: &mut Draw) -> String {
    let mut text = draw.pick(TEXTS).to_owned();
    if draw.chance(30) {
        text.push_str("\r\n");
        text.push_str(draw.pick(TEXTS));
    }
    text
}

fn patches(draw: &mut Draw, text: &mut String) {
    let count = draw.below(3);
    if count > 0 && draw.chance(60) {
        text.push_str("patches:\n");
        for _ in 0..count {
            let kind = draw.pick(&["ConfigMap", "Thing"]);
            if draw.chance(40) {
                let value =
                    draw.pick(&["1", "'1'", "null", "[a, b]", "{x: 'y'}", "\"a\\nb\"", "yes"]);
                let path = draw.pick(&["/data/new", "/spec", "/spec/a"]);
                writeln!(
                    text,
                    "- target: {{kind: {kind}}}\n  patch: |-\n    - op: add\n      path: {path}\n      value: {value}"
                )
                .unwrap();
                continue;
            }
            let api = ["v1", "example.com/v1"][usize::from(kind == "Thing")];
            let mut writer = Writer::new(draw);
            let field = if kind == "Thing" { "spec" } else { "data" };
            let value = writer.map(1);
            let mut body =
                format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: any}}\n{field}:");
            writer.block(&value, 2, &mut body);
            let head = ["|", "|-", "|+", "|2"][draw.below(4)];
            let columns = if head == "|2" { 4 } else { 4 + draw.below(2) };
            writeln!(
                text,
                "- target: {{kind: {kind}}}\n  patch: {head}\n{}",
                indented(&body, columns).trim_end_matches(' ')
            )
            .unwrap();
        }
    }
}

/// Writes values, each in a form that is drawn.
struct Writer<'d> {
    draw: &'d mut Draw,
    anchors: Vec<String>,
    /// How likely forms are that few people use, in percent.
    odd: usize,
}

impl<'d> Writer<'d> {
    fn new(draw: &'d mut Draw) -> Self {
        let odd = [0, 3, 10, 30][draw.below(4)];
        Self {
            draw,
            anchors: Vec::new(),
            odd,
        }
    }

    fn is_odd(&mut self) -> bool {
        self.draw.chance(self.odd)
    }

    fn objects(&mut self) -> String {
        let mut text = String::new();
        let count = 1 + self.draw.below(3);
        for number in 0..count {
            self.anchors.clear();
            self.mark(number, &mut text);
            let is_map = self.draw.chance(50);
            let (api, kind, field) = match is_map {
                true => ("v1", "ConfigMap", "data"),
                false => ("example.com/v1", "Thing", "spec"),
            };
            let value = match is_map {
                true => self.texts(),
                false => self.map(3),
            };
            let indent = self.indent();
            let margin = " ".repeat(indent);
            self.comment(0, &mut text);
            let quote = if self.is_odd() { "\"" } else { "" };
            let gap = if self.is_odd() { "   " } else { " " };
            write!(text, "apiVersion:{gap}{quote}{api}{quote}").unwrap();
            self.end(&mut text);
            writeln!(text, "kind: {kind}").unwrap();
            self.comment(0, &mut text);
            write!(text, "metadata:").unwrap();
            self.end(&mut text);
            writeln!(text, "{margin}name: n{number}").unwrap();
            if self.draw.chance(30) {
                write!(text, "{margin}annotations:").unwrap();
                let value = self.texts();
                self.block(&value, indent * 2, &mut text);
            }
            self.comment(indent, &mut text);
            write!(text, "{field}:").unwrap();
            self.block(&value, indent, &mut text);
            self.comment(0, &mut text);
        }
        if self.is_odd() {
            text.push_str(
                self.draw
                    .pick(&["...\n", "---\n", "--- \n# end\n", "...\n...\n"]),
            );
        }
        text
    }

    /// What stands before a document.
    fn mark(&mut self, number: usize, text: &mut String) {
        if number == 0 {
            let mark = match self.is_odd() {
                true => self.draw.pick(&[
                    "---\n",
                    "# head\n---\n",
                    "%YAML 1.1\n---\n",
                    "\n\n",
                    "--- # c\n",
                ]),
                false => "",
            };
            text.push_str(mark);
            return;
        }
        let mark = match self.is_odd() {
            true => self.draw.pick(&[
                "--- # c\n",
                "...\n---\n",
                "---\n---\n",
                "---\n# only a comment\n---\n",
                "---   \n",
                "---\n\n\n",
                "# foot\n---\n# head\n\n",
                "---\nnull\n---\n",
            ]),
            false => "---\n",
        };
        text.push_str(mark);
    }

    fn indent(&mut self) -> usize {
        match self.is_odd() {
            true => 1 + self.draw.below(7),
            false => 2,
        }
    }

    /// A comment on a line of its own, or an empty line.
    fn comment(&mut self, indent: usize, text: &mut String) {
        if self.draw.chance(self.odd / 3 + 2) {
            if self.draw.chance(30) {
                text.push('\n');
            }
            let indent = if self.is_odd() {
                self.draw.below(8)
            } else {
                indent
            };
            let comment = self.draw.pick(COMMENTS);
            writeln!(text, "{}{comment}", " ".repeat(indent)).unwrap();
            if self.draw.chance(20) {
                text.push('\n');
            }
        }
    }

    /// The end of a line.
    fn end(&mut self, text: &mut String) {
        if self.draw.chance(self.odd / 2 + 2) {
            write!(text, " {}", self.draw.pick(COMMENTS)).unwrap();
        } else if self.is_odd() {
            text.push_str(self.draw.pick(&[" ", "\t", "  "]));
        }
        text.push('\n');
    }

    fn texts(&mut self) -> Value {
        let count = self.draw.below(5);
        self.entries(count, |writer| Value::Text(writer.draw.pick(TEXTS)))
    }

    fn map(&mut self, depth: usize) -> Value {
        let count = self.draw.below(4);
        self.entries(count, |writer| writer.value(depth))
    }

    fn entries(&mut self, count: usize, value: impl Fn(&mut Self) -> Value) -> Value {
        let mut entries: Vec<(&'static str, Value)> = Vec::new();
        for _ in 0..count {
            let among = if self.draw.chance(70) {
                &KEYS[..4]
            } else {
                KEYS
            };
            let key = self.draw.pick(among);
            if entries.iter().all(|(known, _)| *known != key) {
                let value = value(self);
                entries.push((key, value));
            }
        }
        Value::Map(entries)
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.draw.below(10) {
            0 => Value::Plain(self.draw.pick(&[
                "1",
                "null",
                "~",
                "",
                "true",
                "1.5",
                "0x1F",
                "yes",
                "1e3",
                "012",
                "2001-12-14",
                "1_000",
                ".inf",
            ])),
            1..=5 => Value::Text(self.draw.pick(TEXTS)),
            _ if depth == 0 => Value::Text(self.draw.pick(TEXTS)),
            6 | 7 => {
                let count = self.draw.below(4);
                Value::List((0..count).map(|_| self.value(depth - 1)).collect())
            }
            _ => self.map(depth - 1),
        }
    }

    /// Writes a value behind its key or its dash, on lines that are indented so far.
    fn block(&mut self, value: &Value, indent: usize, text: &mut String) {
        let is_flow = self.draw.chance(12 + self.odd);
        if !self.anchors.is_empty() && self.is_odd() && self.draw.chance(40) {
            let name = self.anchors[self.draw.below(self.anchors.len())].clone();
            write!(text, " *{name}").unwrap();
            return self.end(text);
        }
        let mut anchor = String::new();
        if self.is_odd() && self.draw.chance(50) {
            anchor = format!(" &n{}", self.anchors.len());
            text.push_str(&anchor);
        }
        match value {
            Value::Plain(plain) => {
                write!(text, " {plain}").unwrap();
                self.end(text);
            }
            Value::Text(content) => self.text(content, indent, text),
            Value::List(items) if items.is_empty() => {
                text.push_str(self.draw.pick(&[" []", " [ ]"]));
                self.end(text);
            }
            Value::Map(entries) if entries.is_empty() => {
                text.push_str(self.draw.pick(&[" {}", " { }"]));
                self.end(text);
            }
            _ if is_flow => {
                text.push(' ');
                self.flow(value, indent, text);
                self.end(text);
            }
            Value::List(items) => {
                self.end(text);
                let indent = match self.draw.chance(50) {
                    true => indent,
                    // Where its key stands.
                    false => indent.saturating_sub(2),
                };
                for item in items {
                    self.comment(indent, text);
                    write!(text, "{}-", " ".repeat(indent)).unwrap();
                    self.item(item, indent, text);
                }
            }
            Value::Map(entries) => {
                self.end(text);
                for (key, value) in entries {
                    self.comment(indent, text);
                    text.push_str(&" ".repeat(indent));
                    self.entry(key, value, indent, text);
                }
            }
        }
        if !anchor.is_empty() {
            self.anchors
                .push(anchor.trim_start_matches(" &").to_owned());
        }
    }

    fn item(&mut self, item: &Value, indent: usize, text: &mut String) {
        match item {
            // On the line of its dash.
            Value::Map(entries) if !entries.is_empty() && self.draw.chance(80) => {
                let gap = if self.is_odd() {
                    1 + self.draw.below(4)
                } else {
                    1
                };
                let inner = indent + 1 + gap;
                for (number, (key, value)) in entries.iter().enumerate() {
                    text.push_str(&" ".repeat(if number == 0 { gap } else { inner }));
                    self.entry(key, value, inner, text);
                }
            }
            Value::List(items) if !items.is_empty() && self.draw.chance(30) => {
                for (number, item) in items.iter().enumerate() {
                    match number {
                        0 => text.push_str(" -"),
                        _ => write!(text, "{}-", " ".repeat(indent + 2)).unwrap(),
                    }
                    self.item(item, indent + 2, text);
                }
            }
            item => {
                let step = self.indent();
                self.block(item, indent + step.max(2), text);
            }
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize, text: &mut String) {
        let is_safe = key.bytes().all(|byte| byte.is_ascii_alphanumeric()) || key == "a-b";
        let written = match self.draw.below(10) {
            0 => format!("\"{}\"", key.replace('"', "\\\"")),
            1 => format!("'{}'", key.replace('\'', "''")),
            _ if is_safe || key == "a.b/c" || key == "~" => key.to_owned(),
            _ => format!("'{}'", key.replace('\'', "''")),
        };
        if self.is_odd() && self.draw.chance(10) {
            writeln!(text, "? {written}").unwrap();
            write!(text, "{}:", " ".repeat(indent)).unwrap();
        } else {
            let gap = if self.is_odd() && self.draw.chance(20) {
                " "
            } else {
                ""
            };
            write!(text, "{written}{gap}:").unwrap();
        }
        if self.is_odd() && self.draw.chance(20) {
            text.push_str("  ");
        }
        let step = self.indent();
        self.block(value, indent + step, text);
    }

    /// Writes a text in a style that can show it, most of the time.
    fn text(&mut self, content: &str, indent: usize, text: &mut String) {
        let style = self.draw.below(6);
        let is_block = content.contains('\n') || self.draw.chance(10);
        if self.is_odd() && self.draw.chance(15) {
            text.push_str(self.draw.pick(&[" !!str", " !", " !!binary", " !own"]));
        }
        match style {
            0 | 1 if is_block && !content.contains(['\u{85}', '\u{2028}', '\u{feff}']) => {
                return self.lines(content, indent, text);
            }
            2 => {
                text.push(' ');
                self.single(content, indent, text);
            }
            3 => {
                text.push(' ');
                self.double(content, indent, text);
            }
            _ if is_plain(content)
                || self.is_odd() && self.draw.chance(5) && !content.contains('\n') =>
            {
                text.push(' ');
                match self.is_odd() {
                    true => text.push_str(&self.folded(content, indent)),
                    false => text.push_str(content),
                }
            }
            _ => {
                text.push(' ');
                self.double(content, indent, text);
            }
        }
        self.end(text);
    }

    /// A text with some blanks between words as line breaks.
    fn folded(&mut self, content: &str, indent: usize) -> String {
        let mut text = String::new();
        let characters: Vec<char> = content.chars().collect();
        for (at, &character) in characters.iter().enumerate() {
            let is_inner = |at: Option<usize>| {
                let near = at.and_then(|at| characters.get(at));
                near.is_some_and(|near| near.is_alphanumeric())
            };
            let may_break =
                character == ' ' && is_inner(at.checked_sub(1)) && is_inner(Some(at + 1));
            if may_break && self.draw.chance(30) {
                write!(text, "\n{}", " ".repeat(indent.max(1))).unwrap();
            } else {
                text.push(character);
            }
        }
        text
    }

    fn single(&mut self, content: &str, indent: usize, text: &mut String) {
        if content.contains(['\u{85}', '\u{2028}', '\u{feff}', '\t']) {
            return self.double(content, indent, text);
        }
        let inner = match self.is_odd() {
            true => self.folded(content, indent),
            false => content.to_owned(),
        };
        let inner = match content.contains('\n') {
            // A line break in quotes is written as two.
            true => content.replace('\n', &format!("\n\n{}", " ".repeat(indent.max(1)))),
            false => inner,
        };
        write!(text, "'{}'", inner.replace('\'', "''")).unwrap();
    }

    fn double(&mut self, content: &str, indent: usize, text: &mut String) {
        text.push('"');
        let breaks = self.is_odd();
        for character in content.chars() {
            match character {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\n' if breaks && self.draw.chance(30) => {
                    write!(text, "\\n\\\n{}", " ".repeat(indent.max(1))).unwrap();
                }
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\u{85}' => text.push_str("\\N"),
                '\u{2028}' => text.push_str("\\L"),
                '\u{a0}' => text.push_str("\\_"),
                '\u{feff}' => text.push_str("\\uFEFF"),
                'a' if breaks => {
                    text.push_str(self.draw.pick(&["a", "\\x61", "\\u0061", "\\U00000061"]))
                }
                '/' if breaks => text.push_str("\\/"),
                other => text.push(other),
            }
        }
        text.push('"');
    }

    /// A block scalar, literal or folded.
    fn lines(&mut self, content: &str, indent: usize, text: &mut String) {
        let style = self.draw.pick(&["|", "|", ">"]);
        let chomp = match self.is_odd() {
            true => self.draw.pick(&["", "-", "+"]),
            false if content.ends_with('\n') => "",
            false => "-",
        };
        let starts_blank = content.starts_with([' ', '\n', '\t']);
        // An indicator counts from the indentation of what is around, which is seldom other than so.
        let columns = indent.max(1);
        let indicator = match starts_blank || self.is_odd() && self.draw.chance(40) {
            true => {
                let step = [2, 2, 2, 1, 3, 4][if self.is_odd() { self.draw.below(6) } else { 0 }];
                step.to_string()
            }
            false => String::new(),
        };
        let head = match self.is_odd() {
            true => format!("{style}{chomp}{indicator}"),
            false => format!("{style}{indicator}{chomp}"),
        };
        write!(text, " {head}").unwrap();
        self.end(text);
        for line in content.trim_end_matches('\n').split('\n') {
            match line.is_empty() {
                true => text.push('\n'),
                false => writeln!(text, "{}{line}", " ".repeat(columns)).unwrap(),
            }
        }
        for _ in 1..content.len() - content.trim_end_matches('\n').len() {
            text.push('\n');
        }
    }

    fn flow(&mut self, value: &Value, indent: usize, text: &mut String) {
        let gap = |writer: &mut Self, text: &mut String| {
            if writer.is_odd() && writer.draw.chance(30) {
                if writer.draw.chance(20) {
                    write!(text, " {}", writer.draw.pick(COMMENTS)).unwrap();
                }
                write!(text, "\n{}", " ".repeat(indent.max(1))).unwrap();
            } else if writer.draw.chance(40) {
                text.push(' ');
            }
        };
        match value {
            Value::Plain("") => text.push_str("null"),
            Value::Plain(plain) => text.push_str(plain),
            Value::Text(content)
                if is_plain(content) && !content.contains(['{', '}', '[', ']', ',']) =>
            {
                text.push_str(content);
            }
            Value::Text(content) if self.draw.chance(50) && !content.contains('\n') => {
                self.single(content, indent, text);
            }
            Value::Text(content) => self.double(content, indent, text),
            Value::List(items) => {
                text.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        text.push(',');
                    }
                    gap(self, text);
                    self.flow(item, indent, text);
                }
                if self.is_odd() && !items.is_empty() {
                    text.push(',');
                }
                gap(self, text);
                text.push(']');
            }
            Value::Map(entries) => {
                text.push('{');
                for (number, (key, value)) in entries.iter().enumerate() {
                    if number > 0 {
                        text.push(',');
                    }
                    gap(self, text);
                    let is_json = self.is_odd();
                    match is_json {
                        true => write!(text, "\"{}\":", key.replace('"', "\\\"")).unwrap(),
                        false => write!(text, "'{}': ", key.replace('\'', "''")).unwrap(),
                    }
                    self.flow(value, indent, text);
                }
                if self.is_odd() && !entries.is_empty() {
                    text.push(',');
                }
                gap(self, text);
                text.push('}');
            }
        }
    }
}

/// Whether a text may stand without quotes, whatever it then means.
fn is_plain(content: &str) -> bool {
    let starts = |c: char| !c.is_whitespace() && !"#,[]{}&*!|>'\"%@`-?:\u{feff}\u{a0}".contains(c);
    content.chars().next().is_some_and(starts)
        && !content.ends_with([' ', '\t', ':'])
        && !content.contains(": ")
        && !content.contains(" #")
        && !content.contains(['\n', '\u{85}', '\u{2028}', '\u{feff}', '\t'])
        && !content.starts_with("...")
}
