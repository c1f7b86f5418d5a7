//! Writes a [`Node`] as JSON as Go's `encoding/json` prints it, and converts values through JSON
//! and back.
//!
//! Keys are sorted by their bytes; `<`, `>` and `&` are escaped, as are U+2028 and U+2029; there is
//! no white space.

use std::borrow::Cow;

use super::json_read::unquoted;
use super::json_text::{self, write_json_string};
use super::round_trip::{self, DEPTH, Position};
use super::style::{Classes, Emitter, of_string};
use super::{Entry, Node, Scalar, Size, Style, Tag, Value, number};
use crate::error::Result;
use crate::limits::VALUE;

/// The JSON of a node that stands for a whole document.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::{manifests, to_json};
///
/// let documents = manifests(b"b: a < b\na: [0x10, 1.0, 2001-12-14]\n", SourceId::NONE)?;
/// let json = to_json(&documents[0])?;
/// assert_eq!(json, r#"{"a":[16,1,"2001-12-14T00:00:00Z"],"b":"a \u003c b"}"#);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn to_json(node: &Node) -> Result<String> {
    let mut out = String::new();
    write_json(node, &mut out)?;
    Ok(out)
}

/// Appends the JSON of a node that stands for a whole document.
pub fn write_json(node: &Node, out: &mut String) -> Result<()> {
    write_value(node, Context::of(node), out)
}

/// What a node becomes when kustomize sends it through JSON, as it does to apply a JSON patch.
///
/// Every number is a float afterwards, so that large integers lose digits; timestamps are texts;
/// comments, tags and styles are gone and the styles that go-yaml v3 gives are there instead.
/// Places stay.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Node, Tag, through_json};
///
/// let node = through_json(&Node::scalar("12345678901234567890", Tag::Int))?;
/// assert_eq!(node.text(), Some("1.2345678901234567e+19"));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn through_json(node: &Node) -> Result<Node> {
    rebuilt(node, Context::of(node))
}

/// Makes of a node what [`through_json`] makes of it, and copies only what changes; returns the
/// bytes of its [`Size`].
///
/// # Errors
///
/// As [`through_json`]; the node is then of no more use.
pub fn pass_through_json(node: &mut Node) -> Result<u64> {
    let mut bytes = 0;
    match round_trip::before_foot(node) {
        None => pass(node, Context::of(&Node::null()), &mut bytes)?,
        // What the comment at the foot does, it does to one value.
        Some(_) => {
            bytes = Size::of(node).bytes;
            *node = through_json(node)?;
        }
    }
    Ok(bytes)
}

/// What a node becomes when kustomize decodes it, prints it as JSON and reads that, as it does to
/// take lists of objects apart.
///
/// Numbers keep their digits; comments and tags are gone, texts are in double quotes and
/// collections in flow style, as JSON has them. Places stay.
pub fn reread_json(node: &Node) -> Result<Node> {
    rebuilt(node, Context::of(node).on(Trip::List))
}

/// What kustomize applies a JSON patch to: the JSON of an object, each scalar as it is spelt there.
///
/// [`unspelt_json`] of it is what [`through_json`] makes of the object.
pub fn spelt_json(node: &Node) -> Result<Node> {
    rebuilt(node, Context::of(node).on(Trip::Spelling))
}

/// The JSON that kustomize makes of its own YAML, such as a patch, each scalar as it is spelt there.
pub fn spelt_config(node: &Node) -> Result<Node> {
    rebuilt(node, Context::of(node).on(Trip::Config))
}

/// What a spelt value is decoded to: numbers are floats, strings have the styles of go-yaml v3.
///
/// # Errors
///
/// If a number is too large for a float.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::{read_json, unspelt_json};
///
/// let node = unspelt_json(&read_json(r#"[1.0, "a\/b"]"#, SourceId::NONE)?)?;
/// assert_eq!(node.items()[0].text(), Some("1"));
/// assert_eq!(node.items()[1].text(), Some("a/b"));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn unspelt_json(node: &Node) -> Result<Node> {
    let mut new = match &node.value {
        Value::Scalar(spelling) => unspelt_scalar(node, spelling)?,
        Value::Seq(items) => Node::seq(items.iter().map(unspelt_json).collect::<Result<_>>()?),
        Value::Map(entries) => {
            let entries = entries.iter().map(|entry| {
                let value = unspelt_json(&entry.value)?;
                let mut key = v3_string(entry.key.text().unwrap_or_default());
                key.span = entry.key.span;
                Ok(Entry { key, value })
            });
            Node::map(entries.collect::<Result<_>>()?)
        }
        Value::Alias(name) => return Err(round_trip::alias(name, node)),
    };
    if !new.is_scalar() && new.items().is_empty() && new.entries().is_empty() {
        new.style = Style::Flow;
    }
    new.span = node.span;
    Ok(new)
}

fn unspelt_scalar(node: &Node, spelling: &str) -> Result<Node> {
    if let Some(text) = unquoted(spelling) {
        return Ok(v3_string(&text));
    }
    if node.tag != Tag::Float {
        return Ok(Node::scalar(spelling, node.tag));
    }
    let float: f64 = spelling.parse().unwrap_or(f64::NAN);
    round_trip::check_finite(float, node)?;
    let mut text = String::new();
    number::write_float(float, &mut text);
    Ok(Node::plain(&text))
}

/// A string as go-yaml v3 prints it.
fn v3_string(text: &str) -> Node {
    Node {
        style: v3_style(text),
        ..Node::string(text)
    }
}

/// What a value goes through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trip {
    /// It is printed as YAML and decoded; of the JSON of that, numbers are read as floats.
    Patch,
    /// It is decoded; the JSON of that is read as YAML.
    List,
    /// It is printed as YAML and decoded; the JSON of that is left as it is.
    Spelling,
    /// It is decoded; the JSON of that is left as it is.
    Config,
}

impl Trip {
    /// Whether the value is not printed first, and so takes no damage.
    fn is_direct(self) -> bool {
        matches!(self, Self::List | Self::Config)
    }

    fn is_spelt(self) -> bool {
        matches!(self, Self::Spelling | Self::Config)
    }
}

/// What surrounds a value.
#[derive(Clone, Copy)]
struct Context<'r> {
    depth: usize,
    in_flow: bool,
    before_foot: Option<&'r Node>,
    trip: Trip,
}

impl<'r> Context<'r> {
    fn of(root: &'r Node) -> Self {
        Self {
            depth: 0,
            in_flow: false,
            before_foot: round_trip::before_foot(root),
            trip: Trip::Patch,
        }
    }

    fn on(self, trip: Trip) -> Self {
        Self { trip, ..self }
    }

    /// The context of what is in a collection.
    fn inside(self, node: &Node) -> Result<Self> {
        if self.depth >= DEPTH {
            return Err(round_trip::too_deep(node));
        }
        Ok(Self {
            depth: self.depth + 1,
            in_flow: self.in_flow || node.style == Style::Flow,
            ..self
        })
    }

    fn key<'n>(&self, key: &'n Node) -> Result<Cow<'n, str>> {
        let is_root = self.depth == 1;
        match &key.value {
            Value::Scalar(text) if self.trip.is_direct() => {
                let text = round_trip::key_of(key, text, round_trip::tagged(key, text)?, is_root)?;
                if self.trip == Trip::List {
                    json_text::check_key(&text, Classes::of(&text), key)?;
                }
                Ok(text)
            }
            _ => round_trip::key(key, self.in_flow, is_root),
        }
    }

    fn scalar<'n>(&self, node: &'n Node, text: &'n str) -> Result<Scalar<'n>> {
        let position = Position {
            in_flow: self.in_flow,
            is_key: false,
            is_before_foot: self
                .before_foot
                .is_some_and(|last| std::ptr::eq(last, node)),
        };
        let value = if self.trip.is_direct() {
            round_trip::tagged(node, text)?
        } else {
            round_trip::decoded(node, text, position)?
        };
        if let Scalar::Float(float) = value {
            round_trip::check_finite(float, node)?;
        }
        Ok(value)
    }

    /// A string as it is read after the trip.
    fn string(&self, text: &str, node: &Node) -> Result<Node> {
        if self.trip == Trip::List {
            let text = json_text::reread(Cow::Borrowed(text), node)?;
            return Ok(Node {
                style: Style::Double,
                ..Node::string(text.as_ref())
            });
        }
        Ok(v3_string(text))
    }

    /// A number as it is read after the trip: in a JSON patch every number is a float.
    fn number(&self, value: &Scalar<'_>) -> Node {
        let mut text = String::new();
        match *value {
            Scalar::Int(int) if self.trip == Trip::List => number::write_integer(int, &mut text),
            Scalar::Uint(int) if self.trip == Trip::List => number::write_integer(int, &mut text),
            Scalar::Float(float) if self.trip == Trip::List => {
                number::write_json_float(float, &mut text);
            }
            Scalar::Int(int) => number::write_float(int as f64, &mut text),
            Scalar::Uint(int) => number::write_float(int as f64, &mut text),
            Scalar::Float(float) => number::write_float(float, &mut text),
            _ => {}
        }
        Node::plain(&text)
    }
}

fn write_value(node: &Node, context: Context<'_>, out: &mut String) -> Result<()> {
    match &node.value {
        Value::Scalar(text) => return write_scalar(node, text, context, out),
        Value::Seq(items) => {
            let context = context.inside(node)?;
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, context, out)?;
            }
            out.push(']');
        }
        Value::Map(entries) => {
            let context = context.inside(node)?;
            out.push('{');
            let mut keyed = keyed(entries, context)?;
            keyed.sort_by(|(one, _), (two, _)| one.cmp(two));
            for (index, (key, entry)) in keyed.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json_string(&key, out);
                out.push(':');
                write_value(&entry.value, context, out)?;
            }
            out.push('}');
        }
        Value::Alias(name) => return Err(round_trip::alias(name, node)),
    }
    Ok(())
}

/// An entry and the text of its key.
type Keyed<'n> = (Cow<'n, str>, &'n Entry);

/// The entries of a mapping with the texts of their keys; none may come twice.
fn keyed<'n>(entries: &'n [Entry], context: Context<'_>) -> Result<Vec<Keyed<'n>>> {
    let mut keyed: Vec<Keyed<'n>> = Vec::with_capacity(entries.len());
    for entry in entries {
        keyed.push((context.key(&entry.key)?, entry));
    }
    while let Some((first, second)) = equal(&keyed) {
        let nodes = (&keyed[first].1.key, &keyed[second].1.key);
        if !round_trip::are_spellings(nodes.0, nodes.1) {
            let error = round_trip::key_is_there_twice(&keyed[first].0, nodes.0, nodes.1);
            return Err(error);
        }
        keyed.remove(first);
    }
    Ok(keyed)
}

/// The positions of two entries with equal texts, the earlier one first.
fn equal(keyed: &[Keyed<'_>]) -> Option<(usize, usize)> {
    /// Up to here it is quicker to look at all pairs than to sort.
    const FEW: usize = 16;
    let is_equal = |&(one, two): &(usize, usize)| keyed[one].0 == keyed[two].0;
    if keyed.len() <= FEW {
        let pairs = (1..keyed.len()).flat_map(|two| (0..two).map(move |one| (one, two)));
        return { pairs }.find(is_equal);
    }
    let mut sorted: Vec<usize> = (0..keyed.len()).collect();
    sorted.sort_by(|one, two| keyed[*one].0.cmp(&keyed[*two].0));
    let mut pairs = sorted.windows(2).map(|pair| (pair[0], pair[1]));
    pairs.find(is_equal)
}

fn write_scalar(node: &Node, text: &str, context: Context<'_>, out: &mut String) -> Result<()> {
    write_json_scalar(context.scalar(node, text)?, node, out)
}

/// Appends what a scalar means.
fn write_json_scalar(scalar: Scalar<'_>, node: &Node, out: &mut String) -> Result<()> {
    match scalar {
        Scalar::Null => out.push_str("null"),
        Scalar::Bool(is_true) => out.push_str(if is_true { "true" } else { "false" }),
        Scalar::Int(int) => number::write_integer(int, out),
        Scalar::Uint(int) => number::write_integer(int, out),
        Scalar::Float(float) => number::write_json_float(float, out),
        Scalar::Str(text) => write_json_string(&text, out),
        Scalar::Timestamp(stamp) => {
            write_json_string(&round_trip::timestamp_text(stamp, node)?, out);
        }
    }
    Ok(())
}

fn rebuilt(node: &Node, context: Context<'_>) -> Result<Node> {
    let mut new = match &node.value {
        Value::Scalar(text) => rebuilt_scalar(node, text, context)?,
        Value::Seq(items) => {
            let context = context.inside(node)?;
            let mut new = Vec::with_capacity(items.len());
            for item in items {
                new.push(rebuilt(item, context)?);
            }
            Node::seq(new)
        }
        Value::Map(entries) => {
            let context = context.inside(node)?;
            let mut new = Vec::with_capacity(entries.len());
            for (key, entry) in keyed(entries, context)? {
                let mut key = match context.trip.is_spelt() {
                    true => Node::string(key.as_ref()),
                    false => context.string(&key, &entry.key)?,
                };
                key.span = entry.key.span;
                let value = rebuilt(&entry.value, context)?;
                new.push(Entry { key, value });
            }
            Node::map(new)
        }
        Value::Alias(name) => return Err(round_trip::alias(name, node)),
    };
    // go-yaml prints empty collections as `[]` and `{}`, and reads them as written that way.
    let is_empty = new.items().is_empty() && new.entries().is_empty();
    if !new.is_scalar() && (is_empty || context.trip == Trip::List) {
        new.style = Style::Flow;
    }
    new.span = node.span;
    Ok(new)
}

/// Makes of a node what [`rebuilt`] makes of it.
fn pass(node: &mut Node, context: Context<'_>, bytes: &mut u64) -> Result<()> {
    let inside = match &node.value {
        Value::Scalar(text) if round_trip::unharmed(node).is_some() => {
            *bytes += VALUE + text.len() as u64;
            let style = v3_style(text);
            settle(node, style);
            return Ok(());
        }
        Value::Scalar(text) if is_small_number(node, text) => {
            *bytes += VALUE + text.len() as u64;
            node.inferred = false;
            node.decor = None;
            return Ok(());
        }
        Value::Map(entries) if are_unharmed(entries) => context.inside(node)?,
        Value::Seq(_) => context.inside(node)?,
        _ => {
            *bytes += Size::of(node).bytes;
            *node = rebuilt(node, context)?;
            return Ok(());
        }
    };
    *bytes += VALUE;
    let is_empty = match &mut node.value {
        Value::Seq(items) => {
            node.tag = Tag::Seq;
            for item in items.iter_mut() {
                pass(item, inside, bytes)?;
            }
            items.is_empty()
        }
        Value::Map(entries) => {
            node.tag = Tag::Map;
            for Entry { key, value } in entries.iter_mut() {
                let text = key.text().unwrap_or_default();
                *bytes += VALUE + text.len() as u64;
                let style = v3_style(text);
                settle(key, style);
                pass(value, inside, bytes)?;
            }
            entries.is_empty()
        }
        Value::Scalar(_) | Value::Alias(_) => false,
    };
    settle(node, if is_empty { Style::Flow } else { Style::Plain });
    Ok(())
}

/// The style in which go-yaml v3 prints a string.
fn v3_style(text: &str) -> Style {
    of_string(text, Classes::of(text), Emitter::V3)
}

/// Gives a value another style, and nothing else that a text may say of it.
fn settle(node: &mut Node, style: Style) {
    node.style = style;
    node.inferred = false;
    if node.decor.is_some() {
        node.decor = None;
    }
}

/// Whether [`pass_through_json`] leaves a value as it is that stands in as many collections of an
/// object, one in the other; where that takes long to find out, nothing is said.
pub fn has_passed_json(node: &Node, depth: usize) -> bool {
    let is_bare = |node: &Node| !node.inferred && node.decor.is_none();
    let is_text = |node: &Node| {
        let text = round_trip::unharmed(node);
        is_bare(node) && text.is_some_and(|text| v3_style(text) == node.style)
    };
    let is_fit = |is_empty: bool| {
        let style = if is_empty { Style::Flow } else { Style::Plain };
        depth < DEPTH && is_bare(node) && node.style == style
    };
    match &node.value {
        Value::Scalar(text) => is_text(node) || is_bare(node) && is_small_number(node, text),
        Value::Seq(items) => {
            is_fit(items.is_empty())
                && node.tag == Tag::Seq
                && items.iter().all(|item| has_passed_json(item, depth + 1))
        }
        Value::Map(entries) => {
            is_fit(entries.is_empty())
                && node.tag == Tag::Map
                && are_unharmed(entries)
                && entries
                    .iter()
                    .all(|Entry { key, value }| is_text(key) && has_passed_json(value, depth + 1))
        }
        Value::Alias(_) => false,
    }
}

/// Whether a key that is made of a text is one that [`pass_through_json`] leaves as it is.
pub fn has_key_passed_json(text: &str) -> bool {
    !text.starts_with('\t') && v3_style(text) == Style::Plain
}

/// Whether it is a number that is written as the float is that it becomes.
fn is_small_number(node: &Node, text: &str) -> bool {
    let is_short = matches!(text.as_bytes(), [b'0'] | [b'1'..=b'9', ..]) && text.len() <= 6;
    node.tag == Tag::Int
        && node.style == Style::Plain
        && is_short
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && node.decor.as_ref().is_none_or(|decor| decor.tag.is_none())
}

/// Whether the keys of a mapping are texts that take no damage, and no two of them are the same.
fn are_unharmed(entries: &[Entry]) -> bool {
    /// Up to here it is quicker to look at all pairs than to sort.
    const FEW: usize = 16;
    // Keys that differ in what is marked here are not compared.
    let mut marks = 0_u64;
    entries.len() <= FEW
        && entries.iter().enumerate().all(|(at, entry)| {
            let Some(key) = round_trip::unharmed(&entry.key) else {
                return false;
            };
            let mark = 1 << (mark_of(key) % 64);
            let may_be_there = marks & mark != 0;
            marks |= mark;
            !may_be_there || !entries[..at].iter().any(|before| before.is(key))
        })
}

/// A number that equal texts share, and few others.
fn mark_of(text: &str) -> usize {
    let (first, last) = match text.as_bytes() {
        [first, .., last] => (*first, *last),
        [only] => (*only, 0),
        [] => (0, 0),
    };
    text.len() + 5 * usize::from(first) + 11 * usize::from(last)
}

fn rebuilt_scalar(node: &Node, text: &str, context: Context<'_>) -> Result<Node> {
    let scalar = context.scalar(node, text)?;
    if context.trip.is_spelt() {
        let tag = match scalar.tag() {
            tag @ (Tag::Null | Tag::Bool | Tag::Float) => tag,
            Tag::Int => Tag::Float,
            _ => Tag::Str,
        };
        let mut spelling = String::new();
        write_json_scalar(scalar, node, &mut spelling)?;
        return Ok(Node::scalar(spelling, tag));
    }
    Ok(match scalar {
        Scalar::Null => Node::null(),
        Scalar::Bool(true) => Node::scalar("true", Tag::Bool),
        Scalar::Bool(false) => Node::scalar("false", Tag::Bool),
        Scalar::Str(text) => context.string(&text, node)?,
        Scalar::Timestamp(stamp) => {
            context.string(&round_trip::timestamp_text(stamp, node)?, node)?
        }
        number => context.number(&number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifests;
    use crate::place::SourceId;

    fn read(text: &str) -> Node {
        manifests(text.as_bytes(), SourceId::NONE)
            .unwrap()
            .pop()
            .unwrap()
    }

    #[test]
    fn json_has_sorted_keys_and_go_escapes() {
        let node =
            read("b: \"<&>\\L\\P\\n\\e\\\\\\\"\\b\\f\"\nB: {c: 1e21, a: 0.0000001}\n\"a\": é😀\n");
        assert_eq!(
            to_json(&node).unwrap(),
            "{\"B\":{\"a\":1e-7,\"c\":1e+21},\"a\":\"é😀\",\
             \"b\":\"\\u003c\\u0026\\u003e\\u2028\\u2029\\n\\u001b\\\\\\\"\\b\\f\"}"
        );
    }

    #[test]
    fn json_takes_the_damage_of_the_encoder() {
        let node = read("a: {b: }\nc: >\n  x\n    y\n");
        assert_eq!(
            to_json(&node).unwrap(),
            "{\"a\":{\"b\":\"\"},\"c\":\"x\\n\\n  y\\n\"}"
        );
    }

    #[test]
    fn what_passes_in_place_is_what_is_rebuilt() {
        let scalars = [
            "a",
            "'a'",
            "\"2\"",
            "'a: b'",
            "0",
            "1",
            "080",
            "0x10",
            "999999",
            "1000000",
            "-1",
            "1.0",
            "1e3",
            ".inf",
            "12345678901234567890",
            "true",
            "yes",
            "~",
            "",
            "2001-12-14",
            "!!str 1",
            "!!int '1'",
            "!!float 1",
            "&a b",
            "a # comment",
            ">-\n  a\n\n  b\n",
            "|\n  a\n",
            "[]",
            "{}",
            "[a, 1, {b: '2'}]",
            "\n  0x1F: a\n  b: 2\n",
            "\n  a: b\n  a: c\n",
            "\"\\ta\"",
            "!!binary aGk=",
            "\n- # comment\n  a\n- 1.50\n",
        ];
        let mut counts = [0; 4];
        for (one, other) in scalars
            .iter()
            .flat_map(|one| scalars.map(|other| (one, other)))
        {
            for text in [
                format!("k: {one}\nl: {other}\n"),
                format!("{one}: {other}\n"),
                format!("'on': {one}\nm:\n- {{q: {other}}}\n# at the foot\n"),
            ] {
                let Ok(documents) = manifests(text.as_bytes(), SourceId::NONE) else {
                    continue;
                };
                let Some(mut node) = documents.into_iter().next() else {
                    continue;
                };
                let (wanted, size) = (through_json(&node), Size::of(&node));
                let (before, has_passed) = (node.clone(), has_passed_json(&node, 0));
                let passed = pass_through_json(&mut node);
                if has_passed {
                    assert_eq!(node, before, "{text}");
                    assert!(passed.is_ok(), "{text}");
                    counts[2] += 1;
                }
                match (wanted, passed) {
                    (Ok(wanted), Ok(bytes)) => {
                        assert_eq!((&node, bytes), (&wanted, size.bytes), "{text}");
                        counts[3] += usize::from(has_passed_json(&node, 0));
                        let passed_twice = pass_through_json(&mut node);
                        assert!(!has_passed_json(&wanted, 0) || node == wanted, "{text}");
                        assert!(passed_twice.is_ok(), "{text}");
                    }
                    (Err(wanted), Err(error)) => {
                        assert_eq!(error.to_string(), wanted.to_string(), "{text}");
                        counts[1] += 1;
                    }
                    (wanted, passed) => panic!("{wanted:?} {passed:?} {text}"),
                }
                counts[0] += 1;
            }
        }
        assert!(counts[0] > 1000 && counts[1] > 100, "{counts:?}");
        assert!(counts[2] > 50 && counts[3] > 500, "{counts:?}");
    }

    #[test]
    fn a_patched_object_has_floats_and_the_styles_of_go_yaml() {
        let node = read(
            "a: 12345678901234567890\nb: 0x10\nc: 1000000\nd: 'plain'\ne: \"2\"\nf: a:\\b\ng: 'a: b'\n\
             h: 2001-12-14\ni: [ ]\nj: >-\n  a\n\n  b\n",
        );
        let node = through_json(&node).unwrap();
        let found = |key| {
            let value = node.get(key).unwrap();
            (value.text().unwrap_or_default(), value.tag, value.style)
        };
        for (key, wanted) in [
            ("a", ("1.2345678901234567e+19", Tag::Float, Style::Plain)),
            ("b", ("16", Tag::Int, Style::Plain)),
            ("c", ("1e+06", Tag::Float, Style::Plain)),
            ("d", ("plain", Tag::Str, Style::Plain)),
            ("e", ("2", Tag::Str, Style::Double)),
            ("g", ("a: b", Tag::Str, Style::Single)),
            ("h", ("2001-12-14T00:00:00Z", Tag::Str, Style::Double)),
            ("i", ("", Tag::Seq, Style::Flow)),
            ("j", ("a\nb", Tag::Str, Style::Literal)),
        ] {
            assert_eq!(found(key), wanted, "{key}");
        }
        assert_eq!(node.get("b").unwrap().span.line, 2);
    }

    #[test]
    fn a_list_item_keeps_digits_and_has_the_styles_of_json() {
        let node = read("a: 12345678901234567890\nb: x\nc: {d: }\ne: 1e3\nf: >\n  x\n    y\n");
        let node = reread_json(&node).unwrap();
        let text = |key| node.get(key).unwrap().text();
        assert_eq!(text("a"), Some("12345678901234567890"));
        assert_eq!(text("e"), Some("1000"));
        assert_eq!(text("f"), Some("x\n  y\n"));
        assert_eq!(node.get("b").unwrap().style, Style::Double);
        assert_eq!(node.get("c").unwrap().style, Style::Flow);
        assert!(node.at(&["c", "d"]).unwrap().is_null());
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for text in [
            "a: .nan\n",
            "a: {1.5: b}\n",
            "a: 1\nb: 2\na: 3\n",
            "a: !!int x\n",
        ] {
            let node = read(text);
            assert!(to_json(&node).is_err(), "{text}");
            assert!(through_json(&node).is_err(), "{text}");
            assert!(reread_json(&node).is_err(), "{text}");
        }
    }
}
