//! [`Node`] to text, byte for byte as kustomize prints it.
//!
//! One pass, straight into one buffer: keys sorted, block style, two spaces, go-yaml's quoting.

use std::borrow::Cow;

use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;
use rustc_hash::FxHashMap;

use super::emit::Output;
use super::list::{Absent, Printed, Shared, Sought, Verbatim};
use super::rope::{Piece, Rope};
use super::round_trip::{self, DEPTH, LONGEST_SIMPLE_KEY, Position};
use super::style::{Classes, Emitter, allowed};
use super::{Entry, Node, Scalar, Style, Tag, Value, json_text, number, order};
use crate::error::{Error, Result};
use crate::threads;

/// Writes a document.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::{manifests, write};
///
/// let documents = manifests(b"{b: 'yes', a: [0x10, 'text']}\n", SourceId::NONE)?;
/// let mut out = String::new();
/// write(&documents[0], &mut out)?;
/// assert_eq!(out, "a:\n- 16\n- text\nb: \"yes\"\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn write(node: &Node, out: &mut String) -> Result<()> {
    document(node, &mut Writer::new(Output::new(out)))
}

fn document<'n>(node: &'n Node, writer: &mut Writer<'n, '_>) -> Result<()> {
    writer.before_foot = round_trip::before_foot(node);
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => writer.mapping(node, entries, 0),
        Value::Seq(items) if !items.is_empty() => writer.sequence(node, items, 0),
        _ => writer.leaf(node, 2),
    }
}

/// Writes a value on the line of its key or dash, which ends in a column; `indent` is that of the
/// collection around it.
pub(super) fn value(
    node: &Node,
    indent: usize,
    after: After,
    column: usize,
    out: &mut String,
) -> Result<()> {
    let mut writer = Writer::new(Output::in_column(out, column));
    // It is within a collection: keys of the root are printed otherwise.
    writer.depth = 1;
    writer.value(node, indent, after)
}

/// Writes a key as it stands before its colon.
pub(super) fn key(text: &str, out: &mut String) {
    Output::new(out).key(text, Classes::of(text));
}

/// How many values a shared collection has whose text is kept.
const WORTH_KEEPING: usize = 256;

/// The first key that stands twice in one mapping, as the error that [`write()`] ends with.
pub fn repeated_key(node: &Node) -> Option<Error> {
    /// Of shared collections it is looked for once.
    fn once(absent: Option<&Absent>, node: &Node) -> Option<Error> {
        if absent.is_some_and(|absent| absent.is_known(Sought::RepeatedKey)) {
            return None;
        }
        let found = repeated_key_in(node);
        if let (Some(absent), None) = (absent, &found) {
            absent.remember(Sought::RepeatedKey);
        }
        found
    }
    match &node.value {
        // What is verbatim has none.
        Value::Map(entries) if entries.as_verbatim().is_some() => None,
        Value::Seq(items) if items.as_verbatim().is_some() => None,
        Value::Map(entries) => once(entries.absent(), node),
        Value::Seq(items) => once(items.absent(), node),
        _ => None,
    }
}

fn repeated_key_in(node: &Node) -> Option<Error> {
    match &node.value {
        Value::Map(entries) => {
            let mut values = entries.iter().map(|entry| &entry.value);
            if are_few_and_differ(entries) {
                return values.find_map(repeated_key);
            }
            let mut keys: FxHashMap<Cow<'_, str>, &Node> = FxHashMap::default();
            for entry in entries {
                let key = match round_trip::unharmed(&entry.key) {
                    Some(text) => Cow::Borrowed(text),
                    None => round_trip::key(&entry.key, false, false).ok()?,
                };
                if let Some(first) = keys.get(&key) {
                    return Some(round_trip::key_is_there_twice(&key, first, &entry.key));
                }
                keys.insert(key, &entry.key);
            }
            values.find_map(repeated_key)
        }
        Value::Seq(items) => items.iter().find_map(repeated_key),
        _ => None,
    }
}

/// Whether the keys of a mapping are so few that they are soon held against each other, and are
/// written as they are, each another.
fn are_few_and_differ(entries: &[Entry]) -> bool {
    const FEW: usize = 12;
    entries.len() <= FEW
        && entries.iter().enumerate().all(|(index, entry)| {
            let key = round_trip::unharmed(&entry.key);
            // What is before it is unharmed, too.
            key.is_some_and(|key| {
                entries[..index]
                    .iter()
                    .all(|other| other.key.text() != Some(key))
            })
        })
}

/// Writes documents with `---` between them.
pub fn write_stream<'n>(
    documents: impl IntoIterator<Item = &'n Node>,
    out: &mut String,
) -> Result<()> {
    write_rope(documents).map(|rope| rope.append_to(out))
}

/// Writes documents with `---` between them; long pieces of the texts that they were read from stay
/// where they are.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::{manifests, write_rope};
///
/// let documents = manifests(b"{b: 1, a: x}\n---\nc: 2\n", SourceId::NONE)?;
/// let mut out = Vec::new();
/// write_rope(&documents)?.write_to(&mut out).unwrap();
/// assert_eq!(out, b"a: x\nb: 1\n---\nc: 2\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn write_rope<'n>(documents: impl IntoIterator<Item = &'n Node>) -> Result<Rope<'n>> {
    let documents: Vec<&Node> = documents.into_iter().collect();
    if documents.len() < 2 * SHARE {
        return write_some(&documents);
    }
    threads::get_ready();
    let mut ropes = Vec::new();
    documents
        .par_chunks(SHARE)
        .map(write_some)
        .collect_into_vec(&mut ropes);
    let mut all = Rope::default();
    for (index, rope) in ropes.into_iter().enumerate() {
        if index > 0 {
            all.halves().0.push_str(SEPARATOR);
        }
        all.append(rope?);
    }
    Ok(all)
}

/// How many documents a thread writes at a time.
const SHARE: usize = 256;

const SEPARATOR: &str = "---\n";

/// Room for a document, in bytes. Memory that is not written to costs nothing, and to move what is
/// written costs more than the system asks for the whole.
const ROOM: usize = 1 << 10;

fn write_some<'n>(documents: &[&'n Node]) -> Result<Rope<'n>> {
    let mut rope = Rope::default();
    let mut spare = Vec::new();
    let room = documents.len().saturating_mul(ROOM);
    // Where there is none to be had, the text may yet be short.
    let _ = rope.halves().0.try_reserve(room);
    for (index, node) in documents.iter().enumerate() {
        let (text, pieces) = rope.halves();
        if index > 0 {
            text.push_str(SEPARATOR);
        }
        let mut writer = Writer::new(Output::new(text));
        writer.pieces = Some(pieces);
        writer.spare = spare;
        document(node, &mut writer)?;
        spare = writer.spare;
    }
    Ok(rope)
}

struct Writer<'n, 'o> {
    output: Output<'o>,
    depth: usize,
    /// Whether a collection around the present value was written in flow style.
    in_flow: bool,
    /// The value after which the document's last comment follows.
    before_foot: Option<&'n Node>,
    /// Whether what is written is being kept.
    keeps: bool,
    /// Where pieces go that are not copied into the output.
    pieces: Option<&'o mut Vec<Piece<'n>>>,
    /// Lists of fields that are not in use.
    spare: Vec<Vec<Field<'n>>>,
}

/// A key as it will be printed, and its entry.
struct Field<'n> {
    key: Cow<'n, str>,
    classes: Classes,
    entry: &'n Entry,
}

/// What stands on the line before a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// `key:`
    Key,
    /// `-`, or the `:` of a key on a line of its own.
    Mark,
}

impl<'n, 'o> Writer<'n, 'o> {
    fn new(output: Output<'o>) -> Self {
        Self {
            output,
            depth: 0,
            in_flow: false,
            before_foot: None,
            keeps: false,
            pieces: None,
            spare: Vec::new(),
        }
    }

    /// Writes the entries of a mapping; the first on the present line.
    fn mapping(&mut self, node: &'n Node, entries: &'n [Entry], indent: usize) -> Result<()> {
        let was_in_flow = self.enter(node)?;
        let mut fields = self.spare.pop().unwrap_or_default();
        fields.reserve(entries.len());
        for entry in entries {
            let key = match round_trip::unharmed(&entry.key) {
                Some(text) => Cow::Borrowed(text),
                None => round_trip::key(&entry.key, self.in_flow, self.depth == 1)?,
            };
            let classes = Classes::of(&key);
            json_text::check_key(&key, classes, &entry.key)?;
            fields.push(Field {
                key,
                classes,
                entry,
            });
        }
        while let Some(twice) = order::sort(&mut fields, |field| &field.key) {
            let (first, second) = (&fields[twice], &fields[twice + 1]);
            if round_trip::are_spellings(&first.entry.key, &second.entry.key) {
                fields.remove(twice);
                continue;
            }
            return Err(round_trip::key_is_there_twice(
                &first.key,
                &first.entry.key,
                &second.entry.key,
            ));
        }
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.output.indent(indent);
            }
            let after = self.key(field, indent)?;
            self.value(&field.entry.value, indent, after)?;
        }
        fields.clear();
        self.spare.push(fields);
        self.leave(was_in_flow);
        Ok(())
    }

    /// Writes the items of a sequence; the first on the present line.
    fn sequence(&mut self, node: &'n Node, items: &'n [Node], indent: usize) -> Result<()> {
        let was_in_flow = self.enter(node)?;
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.output.indent(indent);
            }
            self.output.push("-");
            self.value(item, indent, After::Mark)?;
        }
        self.leave(was_in_flow);
        Ok(())
    }

    fn enter(&mut self, node: &Node) -> Result<bool> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(round_trip::too_deep(node));
        }
        let was_in_flow = self.in_flow;
        self.in_flow |= node.style == Style::Flow;
        Ok(was_in_flow)
    }

    fn leave(&mut self, was_in_flow: bool) {
        self.in_flow = was_in_flow;
        self.depth -= 1;
    }

    /// Writes a key and its colon.
    fn key(&mut self, field: &Field<'n>, indent: usize) -> Result<After> {
        let text: &str = &field.key;
        let classes = field.classes;
        let is_multiline = classes.has_newline()
            || classes.may_have_other_breaks() && allowed(text, classes, Emitter::V2).multiline;
        if is_multiline || text.len() > LONGEST_SIMPLE_KEY {
            self.output.push("? ");
            self.output.string(text, classes, indent + 2);
            self.output.indent(indent);
            self.output.push(":");
            return Ok(After::Mark);
        }
        self.output.key(text, classes);
        self.output.push(":");
        Ok(After::Key)
    }

    /// Writes a value from after its key or dash to the end of its last line.
    fn value(&mut self, node: &'n Node, indent: usize, after: After) -> Result<()> {
        match &node.value {
            Value::Map(entries) if !entries.is_empty() => {
                if self.copy(node, entries.as_verbatim(), indent + 2, after) {
                    return Ok(());
                }
                let write = |writer: &mut Self| {
                    writer.start_collection(after, indent + 2);
                    writer.mapping(node, entries, indent + 2)
                };
                match entries.shared() {
                    Some(shared) if after == After::Key => self.once(node, shared, indent, write),
                    _ => write(self),
                }
            }
            Value::Seq(items) if !items.is_empty() => {
                let inner = match after {
                    After::Key => indent,
                    After::Mark => indent + 2,
                };
                if self.copy(node, items.as_verbatim(), inner, after) {
                    return Ok(());
                }
                let write = |writer: &mut Self| {
                    writer.start_collection(after, inner);
                    writer.sequence(node, items, inner)
                };
                match items.shared() {
                    Some(shared) if after == After::Key => self.once(node, shared, indent, write),
                    _ => write(self),
                }
            }
            _ => {
                self.output.push(" ");
                self.leaf(node, indent + 2)
            }
        }
    }

    /// Copies out a collection that is verbatim, unless it has come to stand elsewhere.
    fn copy<T>(
        &mut self,
        node: &Node,
        list: Option<&'n Verbatim<T>>,
        indent: usize,
        after: After,
    ) -> bool {
        let Some(verbatim) = list else {
            return false;
        };
        let (source, extent) = (verbatim.source(), verbatim.extent());
        let is_in_place = after == After::Key
            && extent.indent as usize == indent
            && self.depth + extent.depth as usize <= DEPTH
            && !self.in_flow
            && node.style != Style::Flow
            && self.before_foot.is_none();
        if is_in_place {
            self.output.end_line();
            match &mut self.pieces {
                Some(pieces) if !self.keeps => pieces.push(Piece {
                    at: self.output.len(),
                    source,
                    extent,
                }),
                _ => self.output.with(|out| source.print(extent, out)),
            }
            self.output.start_line();
        }
        is_in_place
    }

    /// Writes the value of a key that is a shared collection, and keeps its text for other trees
    /// that have it; its first line is that of the key.
    fn once<T>(
        &mut self,
        node: &Node,
        shared: &Shared<T>,
        indent: usize,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let is_kept = shared.weight >= WORTH_KEEPING
            && !self.keeps
            && !self.in_flow
            && node.style != Style::Flow
            && self.before_foot.is_none();
        if !is_kept {
            return write(self);
        }
        let depth = self.depth;
        match shared.printed.get() {
            Some(printed) if (printed.indent, printed.depth) == (indent, depth) => {
                self.output.push(&printed.text);
                self.output.start_line();
                return Ok(());
            }
            _ => {}
        }
        let start = self.output.len();
        self.keeps = true;
        let result = write(self);
        self.keeps = false;
        result?;
        let text = self.output.since(start).into();
        let _ = shared.printed.set(Printed {
            indent,
            depth,
            text,
        });
        Ok(())
    }

    fn start_collection(&mut self, after: After, indent: usize) {
        match after {
            After::Key => {
                self.output.end_line();
                self.output.indent(indent);
            }
            After::Mark => self.output.push(" "),
        }
    }

    /// Writes a scalar or an empty collection; further lines are indented.
    fn leaf(&mut self, node: &'n Node, indent: usize) -> Result<()> {
        match &node.value {
            Value::Scalar(text) => self.scalar(node, text, indent)?,
            Value::Seq(_) => self.word("[]"),
            Value::Map(_) => self.word("{}"),
            Value::Alias(name) => return Err(round_trip::alias(name, node)),
        }
        Ok(())
    }

    fn word(&mut self, word: &str) {
        self.output.push(word);
        self.output.end_line();
    }

    fn scalar(&mut self, node: &'n Node, text: &'n str, indent: usize) -> Result<()> {
        if self.before_foot.is_none()
            && let Some(text) = round_trip::unharmed(node)
        {
            return self.string(Cow::Borrowed(text), node, indent);
        }
        let position = Position {
            in_flow: self.in_flow,
            is_key: false,
            is_before_foot: self
                .before_foot
                .is_some_and(|last| std::ptr::eq(last, node)),
        };
        if node.tag == Tag::Int && node.style == Style::Plain && is_canonical_integer(text) {
            self.word(text);
            return Ok(());
        }
        match round_trip::decoded(node, text, position)? {
            Scalar::Null => self.word("null"),
            Scalar::Bool(true) => self.word("true"),
            Scalar::Bool(false) => self.word("false"),
            Scalar::Int(int) => self.number(|out| number::write_integer(int, out)),
            Scalar::Uint(int) => self.number(|out| number::write_integer(int, out)),
            Scalar::Float(float) => {
                round_trip::check_finite(float, node)?;
                self.number(|out| number::write_float_through_json(float, out));
            }
            Scalar::Str(text) => self.string(text, node, indent)?,
            Scalar::Timestamp(stamp) => {
                let text = round_trip::timestamp_text(stamp, node)?;
                self.string(text.into(), node, indent)?;
            }
        }
        Ok(())
    }

    fn string(&mut self, text: Cow<'_, str>, node: &Node, indent: usize) -> Result<()> {
        let classes = Classes::of(&text);
        if classes.is_fragile() {
            let text = json_text::reread(text, node)?;
            self.output.string(&text, Classes::of(&text), indent);
        } else {
            self.output.string(&text, classes, indent);
        }
        Ok(())
    }

    fn number(&mut self, write: impl FnOnce(&mut String)) {
        self.output.with(write);
        self.output.end_line();
    }
}

/// Whether an integer is written the way it will be printed.
pub(super) fn is_canonical_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [b'0'] => text == "0",
        [b'1'..=b'9', rest @ ..] => rest.len() < 18 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::SourceId;
    use crate::{Decor, manifests};

    fn rewrite(text: &str) -> Result<String> {
        let documents = manifests(text.as_bytes(), SourceId::NONE)?;
        let mut out = String::new();
        write_stream(&documents, &mut out)?;
        Ok(out)
    }

    #[track_caller]
    fn prints(text: &str, wanted: &str) {
        assert_eq!(rewrite(text).unwrap(), wanted);
    }

    #[track_caller]
    fn refuses(text: &str, wanted: &str) {
        let error = rewrite(text).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Output);
        assert_eq!(error.to_string(), wanted);
    }

    #[test]
    fn sequences_are_not_indented_and_start_on_the_line_of_their_dash() {
        prints(
            "l: [a, [b, [c]], {y: 1, x: 2}, [], {}]\n",
            "l:\n- a\n- - b\n  - - c\n- x: 2\n  \"y\": 1\n- []\n- {}\n",
        );
    }

    #[test]
    fn documents_stand_apart() {
        prints("a: 1\n---\nb: 2\n", "a: 1\n---\nb: 2\n");
    }

    #[test]
    fn values_have_the_types_of_yaml_1_2_and_the_quotes_of_1_1() {
        prints(
            "a: yes\nb: True\nc: ~\nd: 0x10\ne: 1.0\nf: 2001-12-14\ng: '1'\nh: 1:20\ni: <<\n",
            "a: \"yes\"\nb: true\nc: null\nd: 16\ne: 1\nf: \"2001-12-14T00:00:00Z\"\ng: \"1\"\n\
             h: \"1:20\"\ni: <<\n",
        );
    }

    #[test]
    fn numbers_pass_through_json() {
        prints(
            "a: 1e3\nb: 1e20\nc: 18446744073709551615\nd: -0.0\ne: 1000000.5\nf: 123456789012345678\n\
             g: 1234567890123456789\n",
            "a: 1000\nb: 1e+20\nc: 18446744073709551615\nd: 0\ne: 1.0000005e+06\n\
             f: 123456789012345678\ng: 1234567890123456789\n",
        );
    }

    #[test]
    fn tags_decide_and_unknown_ones_go() {
        prints(
            "a: !!str 1\nb: !!int \"0x10\"\nc: !!float 1\nd: !foo 12\ne: !!binary aMOp\n",
            "a: \"1\"\nb: 16\nc: 1\nd: \"12\"\ne: hé\n",
        );
    }

    #[test]
    fn a_plain_number_in_place_of_a_quoted_text_is_text() {
        let mut node = Node::scalar("2", Tag::Int);
        let write_value = |node: &Node| {
            let mut out = String::new();
            write(node, &mut out).map(|()| out).unwrap()
        };
        assert_eq!(write_value(&node), "2\n");
        node.style = Style::Double;
        assert_eq!(write_value(&node), "\"2\"\n");
        node.tag = Tag::Float;
        assert_eq!(write_value(&node), "2\n");
        node.tag = Tag::Int;
        node.decor_mut().tag = Some("!!int".into());
        assert_eq!(write_value(&node), "2\n");
    }

    #[test]
    fn lines_wrap_at_a_space_beyond_column_eighty() {
        let word = "x".repeat(77);
        prints(&format!("a: {word} b\n"), &format!("a: {word} b\n"));
        let word = "x".repeat(78);
        prints(&format!("a: {word} b\n"), &format!("a: {word}\n  b\n"));
        prints(&format!("a: {word}  b\n"), &format!("a: {word}  b\n"));
        let word = "é".repeat(78);
        prints(&format!("- '{word}: b'\n"), &format!("- '{word}:\n  b'\n"));
        prints(
            &format!("- \"{word}\\t  b c\"\n"),
            &format!("- \"{word}\\t\n  \\ b\n  c\"\n").replace("b\n  c", "b c"),
        );
    }

    #[test]
    fn blocks_say_how_they_end_and_start() {
        prints(
            "a: \"x\\ny\"\nb: \"x\\n\"\nc: \"x\\n\\n\"\nd: \" x\\n\"\ne: \"\\n\"\nf: \"x \\ny\"\n",
            "a: |-\n  x\n  y\nb: |\n  x\nc: |+\n  x\n\nd: |2\n   x\ne: |2+\n\nf: \"x \\ny\"\n",
        );
    }

    #[test]
    fn special_characters_are_escaped() {
        prints(
            "a: \"\\0\\a\\e\\r\\u0001\\U0001F600\\\"\\\\\"\nb: \"\\uFEFFa\\_\"\nc: \"\\L\"\n",
            "a: \"\\0\\a\\e\\r\\x01\\U0001F600\\\"\\\\\"\nb: \"\\uFEFF\\x61\\_\"\nc: '\u{2028}'\n",
        );
    }

    #[test]
    fn long_and_many_lined_keys_have_a_line_of_their_own() {
        let (fits, long) = ("k".repeat(128), "k".repeat(129));
        prints(&format!("{fits}: 1\n"), &format!("{fits}: 1\n"));
        prints(
            &format!("? {long}\n: {{b: [], a: [1, x]}}\n"),
            &format!("? {long}\n: a:\n  - 1\n  - x\n  b: []\n"),
        );
        prints(
            &format!("{long}: [1, 2]\n"),
            &format!("? {long}\n: - 1\n  - 2\n"),
        );
        prints("\"a\\nb\": 1\n", "? |-\n  a\n  b\n: 1\n");
    }

    #[test]
    fn what_is_absent_in_flow_style_becomes_an_empty_text() {
        prints(
            "a:\nb: {c: , d: null, e}\n?\n: f\n",
            "\"\": f\na: null\nb:\n  c: \"\"\n  d: null\n  e: \"\"\n",
        );
        prints("{a: 2001-12-14 1:2:3}\n", "a: \"2001-12-14 1:2:3\"\n");
    }

    #[test]
    fn a_comment_at_the_foot_lengthens_a_kept_block() {
        let mut node = Node::map(vec![Entry::new("a", Node::string("x\n\n"))]);
        node.decor = Some(Box::new(Decor {
            foot: Some("# foot".into()),
            ..Decor::default()
        }));
        let mut out = String::new();
        write(&node, &mut out).unwrap();
        assert_eq!(out, "a: |+\n  x\n\n\n");
    }

    #[test]
    fn keys_are_texts_numbers_or_dates_except_at_the_root() {
        prints("1: a\ntrue: b\n", "\"1\": a\n\"true\": b\n");
        prints(
            "a:\n  0x1F: b\n  2001-12-14: c\n  31: d\n",
            "a:\n  \"31\": d\n  \"2001-12-14T00:00:00Z\": c\n",
        );
        refuses(
            "a:\n  1.0: b\n",
            "the key `1.0` is a fraction, but keys must be strings, whole numbers or dates (<input>:2:3)",
        );
        refuses(
            "a:\n  on: x\n  true: x\n",
            "the key `true` is a boolean, but keys must be strings, whole numbers or dates (<input>:3:3)",
        );
        refuses(
            "null: b\n",
            "the key `null` is null, but keys must be strings, whole numbers or dates (<input>:1:1)",
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_with_both_places() {
        refuses(
            "b: 1\na: 1\n\"b\": 2\n",
            "the key `b` is there twice (<input>:3:1)",
        );
        let error = rewrite("b: 1\na: 1\nb: 2\n").unwrap_err();
        let first = error.notes()[0].place.as_ref().unwrap();
        assert_eq!((first.span.line, first.span.column), (1, 1));
    }

    #[test]
    fn what_kustomize_cannot_print_is_refused() {
        for text in [
            "a: .inf\n",
            "a: -.NAN\n".replace("-.", ".").as_str(),
            "a: !!int ten\n",
            "a: !!bool yes\n",
            "a: \"\\x7F\"\n",
            "a: \"\\x80\"\n",
            "a: \"\\uFFFE\"\n",
            "a: |2\n  \tx\n",
            "a: 2001-12-14T00:00:00+24:00\n",
            "\"a\\Nb\": 1\n",
            &format!("\"{}\": 1\n", "<".repeat(200)),
        ] {
            assert!(rewrite(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn errors_do_not_show_values() {
        let error = rewrite("a: !!int hunter2\n").unwrap_err();
        assert!(!format!("{error:#}").contains("hunter2"));
    }

    #[test]
    fn nesting_has_an_end() {
        let mut node = Node::string("x");
        for _ in 0..DEPTH {
            node = Node::seq(vec![node]);
        }
        let mut out = String::new();
        assert!(write(&node, &mut out).is_ok());
        assert!(write(&Node::seq(vec![node]), &mut out).is_err());
    }

    #[test]
    fn many_documents_are_written_in_order_with_a_separator_between_them() {
        let documents: Vec<Node> = (0..3 * SHARE + 1)
            .map(|number| Node::scalar(number.to_string(), Tag::Int))
            .collect();
        let mut text = String::new();
        write_stream(&documents, &mut text).unwrap();
        let wanted: Vec<String> = (0..3 * SHARE + 1)
            .map(|number| format!("{number}\n"))
            .collect();
        assert_eq!(text, wanted.join(SEPARATOR));
    }
}
