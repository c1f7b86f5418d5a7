//! Scalars: which style can express a text, and how each style is written.

use super::Writer;
use crate::{Dialect, Node, Style, Tag, resolve};

/// What the characters of a text allow.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) has_breaks: bool,
    can_be_flow_plain: bool,
    can_be_plain: bool,
    can_be_single: bool,
    can_be_block: bool,
}

impl Shape {
    pub(super) fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self {
                can_be_plain: true,
                can_be_single: true,
                ..Self::default()
            };
        }
        let mut marks = Marks::default();
        marks.read(text);
        let (first, last) = (text.chars().next(), text.chars().next_back());
        let is_edged = |test: fn(char) -> bool| first.is_some_and(test) || last.is_some_and(test);
        let is_framed = is_edged(|c| c == ' ') || is_edged(is_break);
        let is_special = marks.is_special || marks.has_tab || marks.has_space_before_break;
        let is_bare = !is_framed && !marks.has_break && !marks.has_space_after_break && !is_special;
        Self {
            has_breaks: marks.has_break,
            can_be_flow_plain: is_bare && !marks.is_flow_indicator,
            can_be_plain: is_bare && !marks.is_block_indicator,
            can_be_single: !marks.has_space_after_break && !is_special,
            can_be_block: !(last == Some(' ') || marks.has_space_before_break || marks.is_special),
        }
    }
}

/// What is found in a text.
#[derive(Debug, Default)]
struct Marks {
    is_block_indicator: bool,
    is_flow_indicator: bool,
    has_break: bool,
    is_special: bool,
    has_tab: bool,
    has_space_after_break: bool,
    has_space_before_break: bool,
}

impl Marks {
    fn read(&mut self, text: &str) {
        if text.starts_with("---") || text.starts_with("...") {
            self.is_block_indicator = true;
            self.is_flow_indicator = true;
        }
        let mut before = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let is_followed = rest.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            self.indicators(c, before, is_followed);
            match c {
                '\t' => self.has_tab = true,
                c if !is_printable(c) => self.is_special = true,
                _ => {}
            }
            let after_break = before.is_some_and(is_break);
            if c == ' ' {
                self.has_space_after_break |= after_break;
            } else if is_break(c) {
                self.has_break = true;
                self.has_space_before_break |= before == Some(' ');
            }
            before = Some(c);
        }
    }

    /// Whether a character means something where it stands.
    fn indicators(&mut self, c: char, before: Option<char>, is_followed: bool) {
        let (flow, block) = match (c, before) {
            ('#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>', None)
            | ('\'' | '"' | '%' | '@' | '`', None) => (true, true),
            ('?', None) | (':', _) => (true, is_followed),
            ('-', None) => (is_followed, is_followed),
            (',' | '?' | '[' | ']' | '{' | '}', Some(_)) => (true, false),
            ('#', Some(before)) => {
                let is_comment = matches!(before, ' ' | '\t' | '\0') || is_break(before);
                (is_comment, is_comment)
            }
            _ => (false, false),
        };
        self.is_flow_indicator |= flow;
        self.is_block_indicator |= block;
    }
}

impl Writer {
    /// Writes a scalar in its own style, or in the nearest that can carry it.
    pub(super) fn scalar(&mut self, node: &Node, text: &str, is_simple_key: bool) {
        match self.style(node, text, is_simple_key) {
            Style::Single => self.single(text),
            Style::Double => self.double(text),
            Style::Literal => self.literal(text),
            Style::Folded => self.folded(text),
            Style::Plain | Style::Flow => self.plain(text),
        }
    }

    fn style(&self, node: &Node, text: &str, is_simple_key: bool) -> Style {
        let shape = Shape::of(text);
        let has_tag = node.decor.as_ref().is_some_and(|decor| decor.tag.is_some());
        let mut style = match node.style {
            Style::Plain | Style::Flow if text.contains('\n') => Style::Literal,
            Style::Plain | Style::Flow if !has_tag && is_misread(node, text) => Style::Double,
            Style::Flow => Style::Plain,
            style => style,
        };
        let is_flow = self.flow > 0;
        if is_simple_key && shape.has_breaks {
            style = Style::Double;
        }
        if style == Style::Plain {
            let is_allowed = if is_flow {
                shape.can_be_flow_plain
            } else {
                shape.can_be_plain
            };
            if !is_allowed || (text.is_empty() && (is_flow || is_simple_key)) {
                style = Style::Single;
            }
        }
        let is_refused = match style {
            Style::Single => !shape.can_be_single,
            Style::Literal | Style::Folded => !shape.can_be_block || is_flow || is_simple_key,
            _ => false,
        };
        if is_refused { Style::Double } else { style }
    }

    fn plain(&mut self, text: &str) {
        if !text.is_empty() {
            self.space();
            self.push_str(text);
            self.is_space = false;
        }
        self.is_margin = false;
    }

    fn single(&mut self, text: &str) {
        self.indicator("'", true, false, false);
        let mut after_break = false;
        for c in text.chars() {
            if is_break(c) {
                if !after_break && c == '\n' {
                    self.line_break();
                }
                self.text_break(c);
                after_break = true;
                continue;
            }
            if after_break && c != ' ' {
                self.margin();
                after_break = false;
            }
            if c == '\'' {
                self.push('\'');
            }
            self.push(c);
            if c != ' ' {
                self.is_margin = false;
            }
        }
        self.word("'");
    }

    fn double(&mut self, text: &str) {
        self.indicator("\"", true, false, false);
        let is_marked = text.starts_with('\u{feff}');
        for c in text.chars() {
            let is_raw = is_printable(c) && !is_break(c) && !matches!(c, '"' | '\\') && !is_marked;
            if is_raw {
                self.push(c);
            } else {
                let escape = escape(c);
                self.push_str(&escape);
            }
        }
        self.word("\"");
    }

    fn block_header(&mut self, mark: &str, text: &str) {
        self.indicator(mark, true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut ends = text.chars().rev().map(is_break);
        let chomp = match (ends.next(), ends.next()) {
            (None | Some(false), _) => "-",
            (Some(true), None | Some(true)) => "+",
            (Some(true), Some(false)) => "",
        };
        self.indicator(chomp, false, false, false);
        if self.comments.line.is_some() {
            self.line_comment();
        } else {
            self.line_break();
        }
        self.is_space = true;
    }

    fn literal(&mut self, text: &str) {
        self.block_header("|", text);
        let mut after_break = true;
        for c in text.chars() {
            if is_break(c) {
                self.text_break(c);
                after_break = true;
                continue;
            }
            if std::mem::take(&mut after_break) {
                self.margin();
            }
            self.push(c);
            self.is_margin = false;
        }
    }

    fn folded(&mut self, text: &str) {
        self.block_header(">", text);
        // go-yaml looks at the start of the text where it should look at the next line.
        let start = text.chars().find(|c| !is_break(*c));
        let starts_bare = start.is_some_and(|c| !matches!(c, ' ' | '\t' | '\0'));
        let (mut after_break, mut is_blank_line) = (true, true);
        for c in text.chars() {
            if is_break(c) {
                if !after_break && !is_blank_line && c == '\n' && starts_bare {
                    self.line_break();
                }
                self.text_break(c);
                after_break = true;
                continue;
            }
            if std::mem::take(&mut after_break) {
                self.margin();
                is_blank_line = matches!(c, ' ' | '\t');
            }
            self.push(c);
            self.is_margin = false;
        }
    }

    /// A line break of the text itself.
    fn text_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
        self.is_margin = true;
    }
}

/// Whether a text without quotes would read as another type than string.
fn is_misread(node: &Node, text: &str) -> bool {
    let reads_as_text = resolve::plain(text, Dialect::Manifest).tag() == Tag::Str && text != "<<";
    node.tag == Tag::Str && !reads_as_text
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What the emitter takes for printable, which ends at three bytes.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && c != '\u{feff}'
}

fn escape(c: char) -> String {
    let letter = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c => {
            return match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{letter}")
}
