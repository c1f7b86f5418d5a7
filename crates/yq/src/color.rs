//! Colours YAML and JSON as yq does.
//!
//! A token is coloured with the white space before it; a plain scalar and a block of text take what
//! follows them up to the next token along, and a comment its line feed.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::{Tag, implied_tag};

/// The number of a colour in an escape sequence; punctuation has none.
type Color = Option<u8>;

const KEY: Color = Some(36);
const TEXT: Color = Some(32);
const NUMBER: Color = Some(95);
const ANCHOR: Color = Some(93);
const COMMENT: Color = Some(90);

/// A YAML or JSON text, coloured for a terminal by escape sequences: keys, texts, numbers, anchors
/// and comments, in the colours of yq 4.
///
/// The text is not checked: one that is no YAML gets some colours, and loses nothing. The last line
/// is ended; an empty line follows a document that ends with a comment or a block of text.
///
/// # Example
///
/// ```
/// let colored = kustom_yq::colored("a: 1\n");
/// assert_eq!(colored, "\u{1b}[36ma\u{1b}[0m:\u{1b}[95m 1\u{1b}[0m\n");
/// ```
pub fn colored(text: &str) -> String {
    painted(text, true)
}

/// As [`colored`], of a text that others come before: no comment in it is at the top of a file.
pub fn colored_part(text: &str) -> String {
    painted(text, false)
}

fn painted(text: &str, mut is_head: bool) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut document = String::new();
    for line in text.split_inclusive('\n') {
        let is_marker = |rest: &&str| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']);
        if let Some(rest) = line.strip_prefix("---").filter(is_marker) {
            end_document(&mut document, &mut out);
            out.push_str("---");
            if rest.trim().is_empty() {
                out.push_str(rest);
            } else {
                document.push_str(rest);
                is_head = false;
            }
        } else if is_head && line.starts_with('#') {
            // Comments at the top of a text are no part of its first document.
            paint(&mut out, COMMENT, line);
            if !line.ends_with('\n') {
                out.push('\n');
            }
        } else if is_head && line.trim().is_empty() {
            out.push_str(line);
        } else {
            is_head = false;
            document.push_str(line);
        }
    }
    end_document(&mut document, &mut out);
    out
}

fn end_document(document: &mut String, out: &mut String) {
    if document.is_empty() {
        return;
    }
    let mut lexer = Lexer {
        rest: document,
        tokens: Vec::new(),
        space: String::new(),
        depth: 0,
        column: 0,
        parent: None,
        is_start: true,
    };
    lexer.run();
    let mut tokens = lexer.tokens;
    let is_bare = tokens.iter().all(|token| token.color == COMMENT);
    if let Some(last) = tokens.last_mut()
        && (is_bare || !last.keeps_line_end)
        && last.text.ends_with('\n')
    {
        last.text.pop();
    }
    for token in &tokens {
        for (number, line) in token.text.split('\n').enumerate() {
            if number > 0 {
                out.push('\n');
            }
            paint(out, token.color, line);
        }
    }
    out.push('\n');
    document.clear();
}

fn paint(out: &mut String, color: Color, text: &str) {
    match color {
        None => out.push_str(text),
        Some(color) => out.push_str(&format!("\u{1b}[{color}m{text}\u{1b}[0m")),
    }
}

struct Token {
    color: Color,
    text: String,
    /// Whether the line feed at the end of a document is printed beside that of the output.
    keeps_line_end: bool,
}

struct Lexer<'t> {
    rest: &'t str,
    tokens: Vec<Token>,
    /// White space before the next token.
    space: String,
    /// How many brackets are open.
    depth: usize,
    /// The column at which the innermost entry of this line begins.
    column: usize,
    /// The column of the key or dash that the next value belongs to.
    parent: Option<usize>,
    /// Whether a value may begin here.
    is_start: bool,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(first) = self.rest.chars().next() {
            match first {
                ' ' | '\t' | '\r' | '\n' => self.blanks(),
                '#' if self.is_start || self.follows_blank() => self.comment(),
                '-' | '?' if self.depth == 0 && self.is_start && self.is_sign() => {
                    self.parent = Some(self.column);
                    self.token(None, 1);
                    let blanks = self.rest.len() - self.rest.trim_start_matches(' ').len();
                    self.column += 1 + blanks;
                }
                ':' if self.is_sign() || self.follows_json_key() => {
                    // Whatever stands before the sign is a key to yq, but for the name of an alias.
                    if let Some(last) = self.tokens.last_mut()
                        && last.color != ANCHOR
                    {
                        last.color = KEY;
                    }
                    if self.depth == 0 {
                        self.parent = Some(self.column);
                    }
                    self.token(None, 1);
                    self.is_start = true;
                }
                '[' | '{' if self.is_start => {
                    self.depth += 1;
                    self.token(None, 1);
                }
                ']' | '}' if self.depth > 0 => {
                    self.depth -= 1;
                    self.token(None, 1);
                    self.is_start = false;
                }
                ',' if self.depth > 0 => {
                    self.token(None, 1);
                    self.is_start = true;
                }
                '&' | '*' if self.is_start => {
                    self.token(ANCHOR, 1);
                    let end = self.word_end();
                    self.token(ANCHOR, end);
                    self.is_start = first == '&';
                }
                '!' if self.is_start => {
                    let end = self.word_end();
                    let blank = usize::from(self.rest.cut(end..).starts_with(' '));
                    self.token(None, end + blank);
                }
                '|' | '>' if self.is_start && self.depth == 0 => self.block(),
                '"' | '\'' if self.is_start => self.quoted(first),
                _ => self.plain(),
            }
        }
        if !self.space.is_empty() {
            self.token(None, 0);
        }
    }

    /// Takes a token and the white space before it.
    fn token(&mut self, color: Color, end: usize) {
        let mut text = std::mem::take(&mut self.space);
        let (token, rest) = self.rest.halves(end);
        text.push_str(token);
        self.tokens.push(Token {
            color,
            text,
            keeps_line_end: false,
        });
        self.rest = rest;
    }

    /// Takes a token that ends with its line.
    fn lines(&mut self, color: Color, end: usize) {
        self.token(color, end);
        if let Some(last) = self.tokens.last_mut() {
            last.keeps_line_end = true;
        }
    }

    fn blanks(&mut self) {
        let end = self.rest.len() - self.rest.trim_start().len();
        let (blanks, rest) = self.rest.halves(end.max(1));
        self.passes(blanks);
        self.space.push_str(blanks);
        self.rest = rest;
    }

    /// Notes where the next token stands, if it stands on another line.
    fn passes(&mut self, blanks: &str) {
        if let Some((_, indent)) = blanks.rsplit_once('\n') {
            self.column = indent.len();
            self.is_start = true;
        }
    }

    fn comment(&mut self) {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        self.lines(COMMENT, end);
        self.column = 0;
        self.is_start = true;
        // The indentation of the next line belongs to the next token.
        let indent = self.rest.len() - self.rest.trim_start_matches(' ').len();
        if indent > 0 {
            let (blanks, rest) = self.rest.halves(indent);
            self.space.push_str(blanks);
            self.rest = rest;
            self.column = indent;
        }
    }

    /// Whether the first character stands by itself: white space follows, or in brackets what ends
    /// a value.
    fn is_sign(&self) -> bool {
        self.ends_word(1)
    }

    fn ends_word(&self, at: usize) -> bool {
        match self.rest.cut(at..).chars().next() {
            None => true,
            Some(next) => next.is_ascii_whitespace() || (self.depth > 0 && ",]}".contains(next)),
        }
    }

    fn follows_blank(&self) -> bool {
        let last = self.tokens.last().map_or("", |last| last.text.as_str());
        let before = if self.space.is_empty() {
            last
        } else {
            self.space.as_str()
        };
        before.ends_with([' ', '\t', '\n'])
    }

    /// Whether a key in quotes has just ended, within brackets: `{"a":1}`.
    fn follows_json_key(&self) -> bool {
        let last = self.tokens.last();
        self.depth > 0
            && self.space.is_empty()
            && last.is_some_and(|last| last.text.ends_with(['"', '\'']))
    }

    /// Where a name ends.
    fn word_end(&self) -> usize {
        let ends = |c: char| c.is_whitespace() || (self.depth > 0 && ",]}".contains(c));
        self.rest.find(ends).unwrap_or(self.rest.len())
    }

    /// A block of text: its header, then its lines.
    fn block(&mut self) {
        let line = self.rest.split_inclusive('\n').next().unwrap_or_default();
        let header = line.find(" #").map_or(line.len(), |at| at + 1);
        let digit = line.cut(..header).chars().find_map(|c| c.to_digit(10));
        let has_comment = header < line.len();
        let end = line.len() - header;
        self.token(None, header);
        if has_comment {
            self.token(COMMENT, end);
        }
        let least = self.parent.map_or(0, |parent| parent + 1);
        let mut own = digit.map(|digit| self.parent.unwrap_or(0) + digit as usize);
        let mut end = 0;
        for line in self.rest.split_inclusive('\n') {
            let indent = line.len() - line.trim_start_matches(' ').len();
            let is_blank = line.trim().is_empty();
            if !is_blank && indent < *own.get_or_insert(indent.max(least)) {
                end += indent;
                break;
            }
            end += line.len();
        }
        let text = self.rest.cut(..end);
        self.column = text.rsplit('\n').next().map_or(0, str::len);
        self.is_start = true;
        if end > 0 {
            self.lines(TEXT, end);
        }
    }

    fn quoted(&mut self, quote: char) {
        let mut chars = self.rest.char_indices().skip(1).peekable();
        let mut end = self.rest.len();
        while let Some((at, found)) = chars.next() {
            if found == '\\' && quote == '"' {
                chars.next();
            } else if found == quote {
                if quote == '\'' && chars.next_if(|(_, next)| *next == '\'').is_some() {
                    continue;
                }
                end = at + 1;
                break;
            }
        }
        self.token(TEXT, end);
        self.is_start = false;
    }

    /// A plain scalar.
    fn plain(&mut self) {
        let end = self.plain_end();
        let word = self.rest.cut(..end).trim_end();
        let color = plain_color(word);
        self.is_start = false;
        let behind = self.rest.cut(word.len()..);
        let end = behind.len() - behind.trim_start().len();
        let blanks = behind.cut(..end);
        // What separates a key from its sign belongs to the sign.
        if behind.cut(end..).starts_with(':') && !blanks.contains('\n') {
            return self.token(color, word.len());
        }
        self.passes(blanks);
        self.token(color, word.len() + end);
    }

    /// Where a plain scalar ends, and the white space behind it.
    fn plain_end(&self) -> usize {
        let mut before = ' ';
        // Whether this line is blank so far, and known to be within the scalar.
        let mut is_within = false;
        for (at, found) in self.rest.char_indices() {
            let ends = match found {
                '\n' => !is_within && !self.goes_on(at + 1),
                '#' => before.is_ascii_whitespace(),
                ':' => self.ends_word(at + 1),
                ',' | ']' | '}' | '[' | '{' => self.depth > 0,
                _ => false,
            };
            if ends && at > 0 {
                return at;
            }
            is_within = found == '\n' || (is_within && found.is_whitespace());
            before = found;
        }
        self.rest.len()
    }

    /// Whether a plain scalar goes on with the line that begins here.
    fn goes_on(&self, at: usize) -> bool {
        let rest = self.rest.cut(at..);
        let line = rest.lines().find(|line| !line.trim().is_empty());
        let Some(line) = line else {
            return false;
        };
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_deeper = self.parent.is_none_or(|parent| indent > parent);
        self.depth > 0 || (is_deeper && !line.trim_start().starts_with('#'))
    }
}

/// The colour of a plain scalar; numbers have theirs where they are written as decimals, without an
/// exponent but behind a point.
fn plain_color(word: &str) -> Color {
    let digits = word.trim_start_matches(['+', '-']);
    let is_decimal = match digits.strip_prefix('0') {
        Some(rest) => rest.is_empty() || rest.starts_with('.'),
        None => digits.contains(|c: char| c.is_ascii_digit()),
    };
    match implied_tag(word) {
        Tag::Bool => NUMBER,
        Tag::Int | Tag::Float if !is_decimal => None,
        Tag::Float if !digits.contains('.') => TEXT,
        Tag::Int | Tag::Float => NUMBER,
        Tag::Null => None,
        _ => TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let colored = colored(text);
        colored.replace("\u{1b}[0m", ">").replace("\u{1b}[", "<")
    }

    #[test]
    fn tokens_have_colours() {
        for (text, wanted) in [
            (
                "# top\na: 1 # one\nb: {c: x, \"d\": [~]}\n",
                "<90m# top\n><36ma>:<95m 1 ><90m# one>\n<90m><36mb>: {<36mc>:<32m x>,<36m \"d\">: [~]}\n",
            ),
            (
                "a:\n  - b: fred\n    c: 'x'\n# foot\n",
                "<36ma>:\n  -<36m b>:<32m fred>\n<32m    ><36mc>:<32m 'x'><90m>\n<90m# foot>\n<90m>\n",
            ),
            (
                "a: &x |\n  # no\n  y\nb: *x\n",
                "<36ma>:<93m &><93mx> |\n<32m  # no>\n<32m  y>\n<32m><36mb>:<93m *><93mx>\n",
            ),
            (
                "a:\n- b: |\n  c: one\n    two\n",
                "<36ma>:\n-<36m b>: |\n<32m  ><36mc>:<32m one>\n<32m    two>\n",
            ),
            (
                "'x'\n--- # y\na: true\n",
                "<32m'x'>\n---<90m # y>\n<90m><36ma>:<95m true>\n",
            ),
            ("{\"a\":1}\n", "{<36m\"a\">:<95m1>}\n"),
            ("a: 0x1F\nb: 010\n", "<36ma>: 0x1F\n<36mb>: 010\n"),
        ] {
            assert_eq!(shown(text), wanted);
        }
    }

    #[test]
    fn nothing_is_lost() {
        for text in [
            "a: b: c\n",
            "\"open\n",
            "- [a, {\n",
            "? é\n: |\n",
            "'",
            "&",
            "a: |",
            ":",
            "a: 'b''",
            "a: | #",
            "\u{a0}b",
            "a\u{a0}:\u{3000}\n",
            "- |9\n x\n\n\n",
            "\r\n#x\r\na: 1 \r\n",
            "!",
            "a: \\",
            "\"\\",
            "a:  \n\n\n",
            "]",
            "{]}: [,",
            "\t- a\n",
        ] {
            let colored = colored(text);
            let mut plain = String::new();
            let mut rest = colored.as_str();
            while let Some((before, behind)) = rest.split_once('\u{1b}') {
                plain.push_str(before);
                rest = behind.split_once('m').map_or("", |(_, rest)| rest);
            }
            plain.push_str(rest);
            let kept = plain.strip_prefix(text.trim_end_matches('\n'));
            assert!(
                kept.is_some_and(|rest| rest.trim().is_empty()),
                "{text:?}: {plain:?}"
            );
        }
    }
}
