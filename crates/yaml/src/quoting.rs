//! Chooses the style of scalars: quotes, and the layout of blocks.
//!
//! A scalar keeps the style it was written with if that style can express the text; otherwise it
//! gets the nearest style that can. The output reads back as the same text and type.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::resolve::{self, Dialect};
use super::{Node, Style, Tag};
use crate::cut::Cut as _;

/// Where a scalar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A value or an item in block style.
    Block,
    /// A key, in block style.
    Key,
    /// Anything between brackets or braces.
    Flow,
}

/// The scalar on one line, without anchor and tag.
pub(super) fn inline<'n>(node: &'n Node, text: &'n str, spot: Spot) -> Cow<'n, str> {
    if text.is_empty() && node.style == Style::Plain && node.tag != Tag::Str {
        // A value that is not written: `key:`, `key: !t`.
        match (spot, has_tag(node)) {
            (Spot::Block, _) => return Cow::Borrowed(""),
            (_, false) if node.tag == Tag::Null => return Cow::Borrowed("null"),
            // `!` names no type, and makes text of quotes.
            (_, true) if node.tag == Tag::Null && is_unnamed(node) => return Cow::Borrowed(""),
            _ => {}
        }
    }
    match node.style {
        Style::Single if can_be_single(text) => return single(text),
        Style::Single | Style::Double if node.tag == Tag::Str || has_tag(node) => {
            return double(text);
        }
        _ => {}
    }
    if is_plain(node, text, spot) {
        return Cow::Borrowed(text);
    }
    let looks_typed = implied_tag(text) != Tag::Str;
    if !looks_typed && !resolve::is_old_bool(text) && can_be_single(text) {
        single(text)
    } else {
        double(text)
    }
}

/// Whether the tag is `!` alone.
fn is_unnamed(node: &Node) -> bool {
    let tag = node.decor.as_ref().and_then(|decor| decor.tag.as_deref());
    tag == Some("!")
}

/// The tag a node must show so that it reads back as the type it has.
pub(super) fn shown_tag(node: &Node) -> Option<Cow<'_, str>> {
    if let Some(tag) = node.decor.as_ref().and_then(|decor| decor.tag.as_deref()) {
        return Some(if tag.starts_with('!') {
            Cow::Borrowed(tag)
        } else {
            Cow::Owned(format!("!<{tag}>"))
        });
    }
    let text = node.text()?;
    let name = match node.tag {
        Tag::Null => "!!null",
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Timestamp => "!!timestamp",
        Tag::Binary => "!!binary",
        Tag::Merge => "!!merge",
        Tag::Str | Tag::Seq | Tag::Map | Tag::Other => return None,
    };
    (implied_tag(text) != node.tag).then_some(Cow::Borrowed(name))
}

/// The type that a reader gives to the text without quotes.
pub fn implied_tag(text: &str) -> Tag {
    match text {
        "<<" => Tag::Merge,
        _ => resolve::plain(text, Dialect::Manifest).tag(),
    }
}

fn has_tag(node: &Node) -> bool {
    node.decor.as_ref().is_some_and(|decor| decor.tag.is_some())
}

/// Whether the text can stand without quotes and still mean the same.
fn is_plain(node: &Node, text: &str, spot: Spot) -> bool {
    if !has_plain_shape(text, spot == Spot::Flow) {
        return false;
    }
    // A type that the text does not show is told by its tag.
    if node.tag != Tag::Str || has_tag(node) {
        return true;
    }
    let is_ours = node.span.line == 0 || node.style != Style::Plain;
    implied_tag(text) == Tag::Str && !(is_ours && resolve::is_old_bool(text))
}

/// Whether the characters allow a plain scalar, YAML 1.2 production `ns-plain`.
fn has_plain_shape(text: &str, in_flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if b",[]{}#&*!|>'\"%@` ".contains(&first) || b" :".contains(&last) {
        return false;
    }
    if b"-?:".contains(&first) && bytes.get(1).is_none_or(|next| b" ,[]{}".contains(next)) {
        return false;
    }
    if text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    let risky = bytes.windows(2).any(|pair| pair == b": " || pair == b" #");
    // libyaml ends a plain scalar at a question mark, too.
    let brackets = in_flow && bytes.iter().any(|byte| b",[]{}?".contains(byte));
    !risky && !brackets && is_one_printable_line(text)
}

fn is_one_printable_line(text: &str) -> bool {
    text.chars().all(is_printable)
}

/// Whether every YAML reader takes the character as it is, and as no line break.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' => true,
        '\u{e000}'..='\u{fffd}' => c != '\u{feff}',
        _ => c as u32 > 0xffff,
    }
}

fn can_be_single(text: &str) -> bool {
    is_one_printable_line(text)
}

fn single(text: &str) -> Cow<'_, str> {
    Cow::Owned(format!("'{}'", text.replace('\'', "''")))
}

fn double(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x100 => drop(write!(out, "\\x{:02X}", c as u32)),
            c => drop(write!(out, "\\u{:04X}", c as u32)),
        }
    }
    out.push('"');
    Cow::Owned(out)
}

/// The block style that a scalar gets, or `None` if it stands on one line.
pub(super) fn block_style(node: &Node, text: &str) -> Option<Style> {
    if node.tag != Tag::Str && !has_tag(node) || !can_be_block(text) {
        return None;
    }
    match node.style {
        Style::Literal => Some(Style::Literal),
        Style::Folded if can_be_folded(text) => Some(Style::Folded),
        Style::Folded => Some(Style::Literal),
        Style::Double | Style::Single => None,
        Style::Plain | Style::Flow => text.contains('\n').then_some(Style::Literal),
    }
}

fn can_be_block(text: &str) -> bool {
    let body = text.trim_end_matches('\n');
    !body.trim().is_empty()
        && !body.starts_with('\t')
        && !body.trim_start_matches('\n').starts_with('\t')
        && text
            .chars()
            .all(|c| is_printable(c) || c == '\n' || c == '\t')
}

/// Whether folding can carry the text: no blank is lost where a line ends.
fn can_be_folded(text: &str) -> bool {
    !text.lines().any(|line| line.ends_with([' ', '\t']))
}

/// The header of a block scalar: `|`, `>-`, `|2+`.
pub(super) fn block_header(style: Style, text: &str, indent: usize) -> String {
    let mut header = String::from(if style == Style::Folded { ">" } else { "|" });
    if text.starts_with([' ', '\n']) {
        header.push_str(&indent.to_string());
    }
    let body = text.trim_end_matches('\n');
    match text.len() - body.len() {
        0 => header.push('-'),
        1 => {}
        _ => header.push('+'),
    }
    header
}

/// Appends the lines of a literal block, each ended by a line feed.
pub(super) fn literal_lines(out: &mut String, text: &str, margin: &str) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    for line in text.split('\n') {
        if !line.is_empty() {
            out.push_str(margin);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// A blank at which a folded line may break.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    /// Where it stands in the text.
    pub(super) offset: usize,
    /// How wide the line is up to there.
    pub(super) column: usize,
    /// How wide the next word is.
    pub(super) next: usize,
}

/// Appends the lines of a folded block; `breaks` says at which blanks a line ends.
pub(super) fn folded_lines(
    out: &mut String,
    text: &str,
    margin: &str,
    breaks: &mut dyn FnMut(Gap) -> bool,
) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let body = text.trim_end_matches('\n');
    let mut previous_folds = false;
    let mut offset = 0;
    for line in body.split('\n') {
        if line.is_empty() {
            out.push('\n');
        } else {
            let folds = !line.starts_with([' ', '\t']);
            // A break between two lines that fold takes one empty line more.
            if previous_folds && folds {
                out.push('\n');
            }
            out.push_str(margin);
            if folds {
                wrap(out, line, offset, margin, breaks);
            } else {
                out.push_str(line);
            }
            out.push('\n');
            previous_folds = folds;
        }
        offset += line.len() + 1;
    }
    for _ in body.len()..text.len() {
        out.push('\n');
    }
}

/// Appends one line of text, broken at single blanks.
fn wrap(
    out: &mut String,
    line: &str,
    offset: usize,
    margin: &str,
    breaks: &mut dyn FnMut(Gap) -> bool,
) {
    let mut column = margin.len();
    let mut done = 0;
    for at in single_blanks(line) {
        column += line.cut(done..at).chars().count();
        let rest = line.cut(at + 1..);
        let next = rest.split(' ').next().unwrap_or(rest).chars().count();
        out.push_str(line.cut(done..at));
        done = at + 1;
        let gap = Gap {
            offset: offset + at,
            column,
            next,
        };
        if breaks(gap) {
            out.push('\n');
            out.push_str(margin);
            column = margin.len();
        } else {
            out.push(' ');
            column += 1;
        }
    }
    out.push_str(line.cut(done..));
}

/// The blanks of a line that stand alone between two words.
pub(super) fn single_blanks(line: &str) -> impl Iterator<Item = usize> {
    let bytes = line.as_bytes();
    let is_word = |at: usize| bytes.get(at).is_some_and(|byte| !b" \t".contains(byte));
    (1..bytes.len().max(1))
        .filter(move |&at| bytes[at] == b' ' && is_word(at - 1) && is_word(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> String {
        let node = Node::string(text);
        inline(&node, text, Spot::Block).into_owned()
    }

    #[test]
    fn a_text_that_looks_like_another_type_gets_double_quotes() {
        assert_eq!(string("1"), "\"1\"");
        assert_eq!(string(""), "\"\"");
        assert_eq!(string("yes"), "\"yes\"");
        assert_eq!(string("a"), "a");
    }

    #[test]
    fn a_text_that_would_be_cut_gets_single_quotes() {
        assert_eq!(string("a: b"), "'a: b'");
        assert_eq!(string("it's #1 "), "'it''s #1 '");
        assert_eq!(string("- x"), "'- x'");
        assert_eq!(string("-x"), "-x");
    }

    #[test]
    fn what_ends_a_text_in_brackets_is_quoted_there() {
        let in_flow = |text: &str| inline(&Node::string(text), text, Spot::Flow).into_owned();
        for text in ["a?b", "http://a/?b=c", "a,b", "a]", "{a"] {
            assert_eq!(in_flow(text), format!("'{text}'"));
        }
        assert_eq!(string("a?b"), "a?b");
        assert_eq!(in_flow("a:b"), "a:b");
    }

    #[test]
    fn characters_that_readers_refuse_are_escaped() {
        assert_eq!(string("a\u{7}"), "\"a\\x07\"");
        assert_eq!(string("a\u{85}b"), "\"a\\x85b\"");
        assert_eq!(string("😀"), "😀");
    }

    #[test]
    fn folded_text_breaks_at_single_spaces_only() {
        let mut out = String::new();
        folded_lines(&mut out, "aaa bbb  ccc ddd", "  ", &mut |gap| {
            gap.column + gap.next >= 8
        });
        assert_eq!(out, "  aaa\n  bbb  ccc\n  ddd\n");
    }

    #[test]
    fn folded_text_doubles_the_breaks_between_lines_that_fold() {
        let mut out = String::new();
        folded_lines(&mut out, "a\nb\n\nc\n  d\ne\n", "", &mut |_| false);
        assert_eq!(out, "a\n\nb\n\n\nc\n  d\ne\n");
    }
}
