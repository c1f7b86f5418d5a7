//! A fast reader for the subset of YAML in which nearly all manifests are written.
//!
//! The subset is block mappings and sequences, scalars of one line, literal and folded blocks, and
//! short `[]` and `{}` on one line. It yields the same nodes, with the same types, styles and
//! places, as the scanner and the parser.
//! For any other text, be it an anchor, a tab before a value or a mistake, the answer is `None`,
//! and the caller reads the text with the full parser. So no error is made here. Tests and a fuzz
//! target compare both readers.

mod text;

use super::scan::{Class, Mark, Origin, break_length, class, is_blank, is_blank_or_end};
use super::{Dialect, Entry, Node, Str, Style, Tag, Value, resolve};
use crate::place::Span;

/// How deep collections are read here; deeper ones are handed over.
const DEPTH: usize = 128;

/// The length of a key, in bytes, from which on it is handed over: long ones may not be keys.
const KEY_LENGTH: usize = 1000;

/// Reads the only document of a text; nothing, if that is for others to do.
pub(super) fn first(text: &str, origin: Origin, dialect: Dialect) -> Option<Node> {
    if has_odd_break(text) {
        return None;
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        origin,
        dialect,
        at: 0,
        line: 0,
        line_start: 0,
        column: None,
        last_end: 0,
        entries: Vec::new(),
        items: Vec::new(),
        scratch: String::new(),
    };
    reader.start()?;
    let root = reader.nested(0)?;
    // What is left is no part of the root.
    reader.column.is_none().then_some(root)
}

/// What is made of a text here, if anything is; for the fuzz target that holds it to all of YAML.
#[doc(hidden)]
pub fn block_subset(text: &str, dialect: Dialect) -> Option<Node> {
    let source = crate::place::SourceId::NONE;
    super::control_chars::refuse(text, source).ok()?;
    let (text, origin) = super::scan::without_bom(text, Origin::start(source));
    first(text, origin, dialect)
}

/// Whether there is a line break other than LF.
fn has_odd_break(text: &str) -> bool {
    let bytes = text.as_bytes();
    let suspicious = |byte: u8| (byte == b'\r') | (byte == 0xC2) | (byte == 0xE2);
    // Whole blocks without a branch, so that the compiler looks at many bytes at once.
    let any = |block: &[u8]| {
        block
            .iter()
            .fold(false, |any, byte| any | suspicious(*byte))
    };
    bytes.chunks(64).any(any)
        && (0..bytes.len()).any(|at| bytes[at] != b'\n' && break_length(bytes, at) > 0)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    origin: Origin,
    dialect: Dialect,
    at: usize,
    line: u32,
    /// Byte after the last line break.
    line_start: usize,
    /// The column of what comes next, which is the first in its line or follows `- `; none at the
    /// end of the text.
    column: Option<usize>,
    /// Where the last token ended.
    last_end: usize,
    /// The entries of the mappings that are not complete, the innermost one's last.
    entries: Vec<Entry>,
    /// The same for lists.
    items: Vec<Node>,
    /// Where blocks of text are put together.
    scratch: String,
}

/// What a plain scalar comes to.
struct Plain {
    end: usize,
    /// Whether a `:` follows that makes it a key.
    is_key: bool,
}

impl Reader<'_> {
    /// Moves to the first line with content, over a `---`.
    fn start(&mut self) -> Option<()> {
        self.first_of_line(0)?;
        if self.line_is_marker() {
            self.at += 3;
            self.rest_of_line()?;
            return self.next_line();
        }
        self.is_no_marker()
    }

    fn line_is_marker(&self) -> bool {
        self.column == Some(0)
            && self.bytes[self.at..].starts_with(b"---")
            && matches!(self.bytes.get(self.at + 3), None | Some(b'\n' | b' '))
    }

    /// Moves from the end of a line to the next one with content.
    fn next_line(&mut self) -> Option<()> {
        self.column = None;
        if self.at >= self.bytes.len() {
            return Some(());
        }
        self.line += 1;
        self.first_of_line(self.at + 1)?;
        self.is_no_marker()
    }

    /// Leaves `---` and `...` to others, and all that looks like them.
    fn is_no_marker(&self) -> Option<()> {
        let start = self.bytes.get(self.at..self.at + 3);
        let is_marker = self.column == Some(0) && matches!(start, Some(b"---" | b"..."));
        (!is_marker).then_some(())
    }

    /// Moves to the content of a line or, if it has none, of the next one that has.
    fn first_of_line(&mut self, start: usize) -> Option<()> {
        self.line_start = start;
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                Some(b' ') => at += 1,
                Some(b'\n') => {
                    at += 1;
                    self.line += 1;
                    self.line_start = at;
                }
                Some(b'#') => at = self.line_end(at),
                Some(b'\t') => return None,
                Some(_) => break self.column = Some(at - self.line_start),
                None => break self.column = None,
            }
        }
        self.at = at;
        Some(())
    }

    /// Where the line ends that a position is in.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(self.bytes.len(), |length| at + length)
    }

    fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b'\n')
    }

    fn skip_spaces(&mut self) {
        while self.byte() == b' ' {
            self.at += 1;
        }
    }

    /// Moves over what may follow a value in its line: spaces, and a comment.
    fn rest_of_line(&mut self) -> Option<()> {
        let end = self.at;
        self.skip_spaces();
        match self.byte() {
            b'\n' => Some(()),
            b'#' if self.at > end => {
                self.at = self.line_end(self.at);
                Some(())
            }
            _ => None,
        }
    }

    /// The mark of a position in the line, before which all characters are of one byte.
    fn mark(&self, at: usize) -> Mark {
        Mark {
            at: at as u32,
            line: self.line,
            column: (at - self.line_start) as u32,
        }
    }

    /// Whether a `-` of a list is here.
    fn is_entry(&self) -> bool {
        self.byte() == b'-' && is_blank_or_end(self.bytes, self.at + 1)
    }

    /// A collection that starts here.
    fn nested(&mut self, depth: usize) -> Option<Node> {
        let column = self.column?;
        if self.is_entry() {
            self.list(column, false, depth)
        } else {
            let key = self.key()?;
            self.mapping(column, key, depth)
        }
    }

    /// A mapping, whose first key was read.
    fn mapping(&mut self, column: usize, first: Node, depth: usize) -> Option<Node> {
        let start = first.span;
        let before = self.entries.len();
        let mut key = first;
        loop {
            let value = self.value(column, depth)?;
            self.entries.push(Entry { key, value });
            match self.column {
                Some(next) if next == column => key = self.key()?,
                Some(next) if next > column => return None,
                _ => break,
            }
        }
        let entries = self.entries.split_off(before);
        Some(self.collection(Value::Map(entries), Tag::Map, start))
    }

    /// A key and its `:`.
    fn key(&mut self) -> Option<Node> {
        let start = self.at;
        let node = match self.byte() {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            _ => {
                let plain = self.plain()?;
                plain.is_key.then(|| self.plain_node(start, &plain))?
            }
        };
        self.skip_spaces();
        self.colon(start, node)
    }

    /// Moves over the `:` that makes a scalar a key.
    fn colon(&mut self, start: usize, key: Node) -> Option<Node> {
        let written = self.bytes.get(start..self.at)?;
        let is_key = self.byte() == b':'
            && is_blank_or_end(self.bytes, self.at + 1)
            && written.len() < KEY_LENGTH
            && written.is_ascii()
            // A key `<<`, plain or quoted, is for those who merge.
            && key.text() != Some("<<");
        self.at += 1;
        self.last_end = self.at;
        is_key.then_some(key)
    }

    /// The value of a key of a mapping in a column, up to the line after it.
    fn value(&mut self, column: usize, depth: usize) -> Option<Node> {
        let empty = self.mark(self.at);
        self.skip_spaces();
        if !self.ends_line() {
            return self.one(column, depth);
        }
        self.next_line()?;
        match self.column {
            Some(next) if next > column => self.deeper(depth),
            Some(next) if next == column && self.is_entry() => self.list(column, true, depth + 1),
            _ => Some(self.empty(empty)),
        }
    }

    fn deeper(&mut self, depth: usize) -> Option<Node> {
        (depth < DEPTH).then(|| self.nested(depth + 1))?
    }

    /// Moves to the end of the line if nothing but a comment is left of it.
    fn ends_line(&mut self) -> bool {
        if self.byte() == b'#' {
            self.at = self.line_end(self.at);
        }
        self.byte() == b'\n'
    }

    /// A list. Without indentation it stands in the column of the mapping that it is a value of.
    fn list(&mut self, column: usize, is_indentless: bool, depth: usize) -> Option<Node> {
        let start = self.origin.span(self.mark(self.at), 0);
        let before = self.items.len();
        loop {
            let item = self.item(column, depth)?;
            self.items.push(item);
            match self.column {
                Some(next) if next == column && self.is_entry() => {}
                Some(next) if next == column && is_indentless => break,
                Some(next) if next >= column => return None,
                _ => break,
            }
        }
        let items = self.items.split_off(before);
        Some(self.collection(Value::Seq(items), Tag::Seq, start))
    }

    /// A block collection, which ends where the last token did.
    fn collection(&self, value: Value, tag: Tag, start: Span) -> Node {
        let end = self.origin.span(Mark::default(), self.last_end as u32).end;
        Node {
            value,
            tag,
            style: Style::Plain,
            span: Span { end, ..start },
            decor: None,
        }
    }

    /// A `-` and what follows it, up to the line after it.
    fn item(&mut self, column: usize, depth: usize) -> Option<Node> {
        self.at += 1;
        self.last_end = self.at;
        let empty = self.mark(self.at);
        self.skip_spaces();
        if self.ends_line() {
            self.next_line()?;
            return match self.column {
                Some(next) if next > column => self.deeper(depth),
                _ => Some(self.empty(empty)),
            };
        }
        let start = self.at;
        let inner = start - self.line_start;
        self.column = Some(inner);
        if self.is_entry() {
            return self.deeper(depth);
        }
        let key = match self.byte() {
            quote @ (b'"' | b'\'') => {
                let node = self.quoted(quote)?;
                let end = self.at;
                self.skip_spaces();
                if self.byte() != b':' {
                    self.at = end;
                    return self.last_of_line(node);
                }
                self.colon(start, node)?
            }
            b'[' | b'{' | b'|' | b'>' => return self.one(column, depth),
            _ => {
                let plain = self.plain()?;
                let node = self.plain_node(start, &plain);
                if !plain.is_key {
                    return self.last_of_line(node);
                }
                self.colon(start, node)?
            }
        };
        (depth < DEPTH).then(|| self.mapping(inner, key, depth + 1))?
    }

    /// A value that begins in the line of its key or `-`, and is no block collection.
    fn one(&mut self, column: usize, depth: usize) -> Option<Node> {
        let start = self.at;
        let node = match self.byte() {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            b'[' | b'{' => self.flow(depth)?,
            b'|' => return self.block_text(true, column),
            b'>' => return self.block_text(false, column),
            _ => {
                let plain = self.plain()?;
                if plain.is_key {
                    return None;
                }
                self.plain_node(start, &plain)
            }
        };
        self.last_of_line(node)
    }

    /// Moves on to the next line.
    fn last_of_line(&mut self, node: Node) -> Option<Node> {
        self.rest_of_line()?;
        self.next_line()?;
        Some(node)
    }

    /// A value that is not written.
    fn empty(&self, mark: Mark) -> Node {
        Node {
            value: Value::Scalar(Str::default()),
            tag: Tag::Null,
            style: Style::Plain,
            span: self.origin.span(mark, mark.at),
            decor: None,
        }
    }

    /// Moves over the content of a plain scalar, to what ends it.
    fn plain(&mut self) -> Option<Plain> {
        let can_start = match self.byte() {
            b'-' => !is_blank_or_end(self.bytes, self.at + 1),
            b'?' | b':' | b'*' | b'&' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' | b'#' | b','
            | b'[' | b']' | b'{' | b'}' | b'"' | b'\'' | b'\t' | b'\n' => false,
            _ => true,
        };
        can_start.then(|| self.plain_content(false))
    }

    fn plain_content(&mut self, in_flow: bool) -> Plain {
        let bytes = self.bytes;
        let mut at = self.at;
        let mut plain = Plain {
            end: at,
            is_key: false,
        };
        while let Some(&byte) = bytes.get(at) {
            match class(byte) {
                Class::Break if byte == b'\n' => break,
                Class::Colon if is_blank_or_end(bytes, at + 1) => {
                    plain.is_key = true;
                    break;
                }
                Class::Flow if in_flow => break,
                // Another break is a character that starts as odd line breaks do: there are none.
                Class::Content
                | Class::Wide
                | Class::Continuation
                | Class::Break
                | Class::Colon
                | Class::Flow => {}
                Class::Blank => {
                    while bytes.get(at).is_some_and(|byte| is_blank(*byte)) {
                        at += 1;
                    }
                    if bytes.get(at) == Some(&b'#') {
                        break;
                    }
                    continue;
                }
            }
            at += 1;
            plain.end = at;
        }
        // The blanks at the end are left to those who look for a comment or a colon.
        self.at = plain.end;
        plain
    }

    /// The node of a plain scalar; where it is a key, the blanks before its `:` are passed.
    fn plain_node(&mut self, start: usize, plain: &Plain) -> Node {
        let text = self.text.get(start..plain.end).unwrap_or_default();
        let tag = match text {
            "<<" => Tag::Merge,
            _ => resolve::plain(text, self.dialect).tag(),
        };
        self.last_end = plain.end;
        if plain.is_key {
            while is_blank(self.byte()) {
                self.at += 1;
            }
        }
        self.scalar(start, plain.end, text.into(), tag, Style::Plain)
    }

    fn scalar(&self, start: usize, end: usize, text: Str, tag: Tag, style: Style) -> Node {
        Node {
            value: Value::Scalar(text),
            tag,
            style,
            span: self.origin.span(self.mark(start), end as u32),
            decor: None,
        }
    }

    /// A quoted scalar that ends in its line and says itself, without an escape.
    fn quoted(&mut self, quote: u8) -> Option<Node> {
        let start = self.at;
        let rest = self.bytes.get(start + 1..)?;
        let length = rest
            .iter()
            .position(|&byte| byte == quote || byte == b'\n' || (byte == b'\\' && quote == b'"'))?;
        let end = start + 1 + length;
        let is_doubled = quote == b'\'' && self.bytes.get(end + 1) == Some(&quote);
        if self.bytes[end] != quote || is_doubled {
            return None;
        }
        let style = if quote == b'"' {
            Style::Double
        } else {
            Style::Single
        };
        let text = self.text.get(start + 1..end)?;
        self.at = end + 1;
        self.last_end = self.at;
        Some(self.scalar(start, self.at, text.into(), Tag::Str, style))
    }

    /// `[a, b]` or `{a: b}`, in one line and with nothing left out.
    fn flow(&mut self, depth: usize) -> Option<Node> {
        if depth >= DEPTH {
            return None;
        }
        let start = self.at;
        let value = match self.byte() {
            b'[' => {
                let before = self.items.len();
                self.flow_items(b']', |reader| {
                    let item = reader.flow_value(depth + 1)?;
                    reader.items.push(item);
                    Some(())
                })?;
                Value::Seq(self.items.split_off(before))
            }
            _ => {
                let before = self.entries.len();
                self.flow_items(b'}', |reader| {
                    let at = reader.at;
                    let key = reader.flow_scalar()?;
                    reader.skip_spaces();
                    let key = reader.colon(at, key)?;
                    reader.skip_spaces();
                    let value = reader.flow_value(depth + 1)?;
                    reader.entries.push(Entry { key, value });
                    Some(())
                })?;
                Value::Map(self.entries.split_off(before))
            }
        };
        self.last_end = self.at;
        // Whatever follows in the line has its column by its bytes.
        self.bytes[start..self.at].is_ascii().then(|| Node {
            tag: if matches!(value, Value::Seq(_)) {
                Tag::Seq
            } else {
                Tag::Map
            },
            value,
            style: Style::Flow,
            span: self.origin.span(self.mark(start), self.at as u32),
            decor: None,
        })
    }

    /// Reads what stands between brackets, one after the other.
    fn flow_items(&mut self, end: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.skip_spaces();
        if self.byte() != end {
            loop {
                read(self)?;
                self.skip_spaces();
                match self.byte() {
                    b',' => self.at += 1,
                    byte if byte == end => break,
                    _ => return None,
                }
                self.skip_spaces();
            }
        }
        self.at += 1;
        Some(())
    }

    fn flow_value(&mut self, depth: usize) -> Option<Node> {
        match self.byte() {
            b'[' | b'{' => self.flow(depth),
            _ => self.flow_scalar(),
        }
    }

    fn flow_scalar(&mut self) -> Option<Node> {
        match self.byte() {
            quote @ (b'"' | b'\'') => self.quoted(quote),
            b' ' => None,
            b'-' if !self.is_flag() => None,
            byte if class(byte) != Class::Content => None,
            b'*' | b'&' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' | b'#' => None,
            _ => {
                let start = self.at;
                let plain = self.plain_content(true);
                Some(self.plain_node(start, &plain))
            }
        }
    }

    /// Whether a word with one or two dashes before it is here: `--port`, `-c`.
    fn is_flag(&self) -> bool {
        let rest = &self.bytes[self.at + 1..];
        let rest = rest.strip_prefix(b"-").unwrap_or(rest);
        rest.first().is_some_and(u8::is_ascii_alphanumeric)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, read};
    use super::*;
    use crate::place::SourceId;

    /// Texts in the subset, and some at its edge.
    const SEEDS: [&str; 6] = [
        "---\n# comment\napiVersion: apps/v1\nkind: Deployment # line\nmetadata:\n  name: web\n  \
         labels: {app: web, \"tier\": 'x'}\nspec:\n  replicas: 2\n  template:\n    spec:\n      \
         containers:\n      - name: main\n        args: [\"-v\", a b, -c, --port, {--x: -1}, [], {}]\n        command:\n        \
         - sh\n        - -c\n        - |\n          set -e\n            echo hi\n\n          exit\n        \
         env:\n        - name: \"A\"\n          value: '1'\n        -\n          name: B\n",
        "a:\n- b\n-\n- c: d\n  e:\n  - f\n  g: >-\n    folded\n    text\n\n    more\n      deep\n    end\n\n\nh: ~\n",
        "key: value with  spaces\t # not\nother : x\nnull_one:\nurl: http://x:80/#y\nt: 12:30\nn: 0x1F\ny: yes\n<<: x\n",
        "- - a\n  - b\n- - - c\n- x: |+\n    keep\n\n\n- y: |-\n    strip\n\n- z: >\n\n    late\n",
        "\u{e9}t\u{e9}: \u{201c}quotes\u{201d}\nk: \"\u{e9}\" # \u{e9}\nl: [\u{e9}]\nm: \"a\\nb\"\nn: 'it''s'\n",
        "a: &x b\nc: *x\nd: !!str 1\n? e\n: f\ng: \"two\n  lines\"\nh: one\n  two\n...\n",
    ];

    /// What all of YAML makes of the first document.
    fn all(text: &str, dialect: Dialect) -> Option<Node> {
        let options = Options {
            dialect,
            ..Options::default()
        };
        read(text, &options).ok()?.into_iter().next()
    }

    /// Whether the text was read here; then it was read as all of YAML has it.
    fn agrees(text: &str) -> bool {
        let mut is_read = false;
        for dialect in [Dialect::Manifest, Dialect::Kustomization] {
            let origin = Origin::start(SourceId::NONE);
            if let Some(node) = first(text, origin, dialect) {
                assert_eq!(Some(node), all(text, dialect), "{text:?}");
                is_read = true;
            }
        }
        is_read
    }

    #[test]
    fn what_is_in_the_subset_is_read_here() {
        let texts = [
            SEEDS[0],
            SEEDS[1],
            SEEDS[3],
            "a: b",
            "- a",
            "a:",
            "-",
            "a: |\n  b",
            "a: \"b\" # c\n# d\n",
            "\n\n  a: b\n  c:\n   d: e\n",
            "a: [x, 'y', \"z\", {b: c}]\n",
            "a: [-c, --port, --b=c, -1, {-d: --e}]\n",
            "a:\n  - b\n\n  # c\n\nd: e\n",
            "---\na: b\n",
            "a: |\n\n  b\n \n  c\n",
        ];
        for text in texts {
            assert!(agrees(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_is_handed_over() {
        let texts = [
            "",
            "a",
            "# a\n",
            "a: &b c",
            "a: *b",
            "a: !c d",
            "a: b: c",
            "a: b\n  c",
            "a: b\n- c",
            "a: b\n c: d",
            "a:\tb",
            "a: b\r\n",
            "a: \"b",
            "a: 'b\n  c'",
            "<<: {a: b}",
            "\"<<\": {}",
            "? a",
            "a: [b",
            "a: [b,]",
            "a: {b}",
            "a: [b: c]",
            "a: [-]",
            "a: [- b]",
            "a: [--]",
            "a: [---]",
            "... : b",
            "--- a: b",
            "a: b\n---\nc: d",
            "a: |2\n  b",
            "a: |\nb: c",
            "a: >\n    \n  b",
            "a: |\n \tb",
            "a: b\u{2028}c",
            "%a: b",
            "- a\nb: c",
        ];
        for text in texts {
            assert!(!agrees(text), "{text:?}");
        }
    }

    #[test]
    fn whatever_is_read_here_is_read_as_all_of_yaml_has_it() {
        // Xorshift: the same texts at every run.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut below = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % limit as u64).unwrap()
        };
        let pieces = [
            "\n", " ", "  ", ":", ": ", "- ", "#", " #", "'", "\"", "|", ">", "|-\n", ">+\n", "[",
            "]", "{", "}", ",", "a", "-", "---", "...", "\t", "\\", "&a", "*a", "!", "?", "<<",
            "%", "~", "1", "\u{e9}", "\u{85}",
        ];
        let mut count = 0;
        for _ in 0..40_000 {
            let mut text = SEEDS[below(SEEDS.len())].to_owned();
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let from = below(lines.len());
            let to = from + 1 + below(lines.len() - from);
            text = lines[from..to].concat();
            for _ in 0..below(4) {
                let mut at = below(text.len() + 1);
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                match below(3) {
                    0 if at < text.len() => drop(text.remove(at)),
                    _ => text.insert_str(at, pieces[below(pieces.len())]),
                }
            }
            count += usize::from(agrees(&text));
        }
        assert!(count > 4_000, "only {count} were read here");
    }
}
