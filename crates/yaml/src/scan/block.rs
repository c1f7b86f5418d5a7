//! Literal and folded scalars.

use super::plain::push_break;
use super::{Mark, Scanner, break_length, is_blank, is_wide_break};
use crate::error::Result;
use crate::{Str, Style};

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    /// One stays.
    Clip,
    /// `-`: none stays.
    Strip,
    /// `+`: all stay.
    Keep,
}

/// Line breaks as text, and where the last of them starts.
#[derive(Default)]
struct Breaks {
    text: String,
    last: Option<Mark>,
}

impl Scanner<'_> {
    pub(super) fn fetch_block_scalar(&mut self, style: Style) -> Result<()> {
        self.drop_candidate()?;
        self.key_allowed = true;
        let start = self.mark();
        self.at += 1;
        let (chomp, increment) = self.block_header(start)?;
        let header_end = self.mark();
        self.block_header_end(start)?;
        let mut indent = match increment {
            0 => None,
            _ => Some(self.indent.max(0) as u32 + increment),
        };
        let mut body = Body {
            literal: style == Style::Literal,
            text: String::new(),
            pending: None,
            trailing: Breaks::default(),
            blank: false,
        };
        self.block_breaks(&mut indent, &mut body.trailing)?;
        let mut end = header_end;
        while Some(self.column()) == indent && self.at < self.bytes.len() {
            if indent == Some(0) && self.document_marker().is_some() {
                break;
            }
            end = self.block_line(&mut body);
            self.block_breaks(&mut indent, &mut body.trailing)?;
        }
        if chomp == Chomp::Keep {
            end = body.trailing.last.unwrap_or(end);
        }
        let text = Str::from(body.finish(chomp));
        self.push_scalar(style, start, end, text);
        Ok(())
    }

    /// The indicators after `|` or `>`: how to chomp, and the indentation if it is given.
    fn block_header(&mut self, start: Mark) -> Result<(Chomp, u32)> {
        let mut chomp = self.chomp();
        let mut increment = 0;
        let digit = self.byte(0);
        if digit.is_ascii_digit() {
            if digit == b'0' {
                let message = "the indentation of a block of text cannot be 0";
                return Err(self.error(self.mark(), message));
            }
            increment = u32::from(digit - b'0');
            self.at += 1;
            if chomp.is_none() {
                chomp = self.chomp();
            }
        }
        let _ = start;
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    fn chomp(&mut self) -> Option<Chomp> {
        let chomp = match self.byte(0) {
            b'+' => Chomp::Keep,
            b'-' => Chomp::Strip,
            _ => return None,
        };
        self.at += 1;
        Some(chomp)
    }

    /// Moves over the rest of the header's line.
    fn block_header_end(&mut self, start: Mark) -> Result<()> {
        while is_blank(self.byte(0)) {
            self.at += 1;
        }
        if self.byte(0) == b'#' {
            if self.ahead > 0 {
                self.skip_line_comment(start);
            }
            self.skip_line_content();
        }
        if self.skip_break() || self.at >= self.bytes.len() {
            return Ok(());
        }
        let indicator = char::from(self.bytes[start.at as usize]);
        let message = format!("only `+`, `-`, a digit or a comment may follow `{indicator}`");
        Err(self
            .error(self.mark(), message)
            .help("start the text on the next line, or put it in quotes"))
    }

    /// Moves over blank lines and the indentation of the next one, which it finds out if need be.
    fn block_breaks(&mut self, indent: &mut Option<u32>, breaks: &mut Breaks) -> Result<()> {
        let mut deepest = 0;
        let limit = indent.unwrap_or(u32::MAX);
        loop {
            while self.column() < limit && self.byte(0) == b' ' {
                self.at += 1;
            }
            deepest = deepest.max(self.column());
            if self.column() < limit && self.byte(0) == b'\t' {
                let message = "a tab cannot indent a block of text";
                return Err(self.error(self.mark(), message).help("use spaces"));
            }
            let here = self.mark();
            if !self.skip_break() {
                break;
            }
            let wide = is_wide_break(self.bytes, here.at as usize);
            push_break(
                &mut breaks.text,
                wide,
                self.slice(here.at as usize, self.at),
            );
            breaks.last = Some(here);
        }
        if indent.is_none() {
            // libyaml wants a blank before text below `--- |`.
            let least = u32::from(!self.go_yaml_4);
            *indent = Some(deepest.max((self.indent + 1) as u32).max(least));
        }
        Ok(())
    }

    /// Reads a line and its line break; returns where the line ends.
    fn block_line(&mut self, body: &mut Body) -> Mark {
        body.start_line(is_blank(self.byte(0)));
        let from = self.at;
        self.skip_line_content();
        body.text.push_str(self.slice(from, self.at));
        let end = self.mark();
        body.pending = self.pending_break();
        end
    }

    fn pending_break(&mut self) -> Option<Pending> {
        let from = self.at;
        if break_length(self.bytes, from) == 0 {
            return None;
        }
        self.skip_break();
        Some(if is_wide_break(self.bytes, from) {
            Pending::Wide(self.slice(from, self.at).chars().next().unwrap_or('\n'))
        } else {
            Pending::Line
        })
    }
}

/// The line break after the last line, whose meaning the next line decides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pending {
    Line,
    /// LS or PS, which is never folded.
    Wide(char),
}

/// The text of a block scalar as far as it was read.
struct Body {
    literal: bool,
    text: String,
    pending: Option<Pending>,
    trailing: Breaks,
    /// Whether the last line starts with a blank, so that it is not folded.
    blank: bool,
}

impl Body {
    /// Puts the line breaks before a line in their place.
    fn start_line(&mut self, blank: bool) {
        let folds = !self.literal && !self.blank && !blank;
        match self.pending.take() {
            Some(Pending::Line) if folds && self.trailing.text.is_empty() => self.text.push(' '),
            Some(Pending::Line) if folds => {}
            Some(Pending::Line) => self.text.push('\n'),
            Some(Pending::Wide(character)) => self.text.push(character),
            None => {}
        }
        self.text.push_str(&self.trailing.text);
        self.trailing.text.clear();
        self.trailing.last = None;
        self.blank = blank;
    }

    fn finish(mut self, chomp: Chomp) -> String {
        if chomp != Chomp::Strip {
            match self.pending {
                Some(Pending::Line) => self.text.push('\n'),
                Some(Pending::Wide(character)) => self.text.push(character),
                None => {}
            }
        }
        if chomp == Chomp::Keep {
            self.text.push_str(&self.trailing.text);
        }
        self.text
    }
}
