//! Values that are not printed as they stand, made without a node.

use super::super::emit::Output;
use super::super::style::{Classes, is_open_ended, is_remarkable};
use super::super::write::After;
use super::Reader;
use super::keys::word;
use super::leaf::{Leaf, Page, Spot, is_printed_plain};
use crate::search;

impl Reader<'_> {
    /// A plain scalar whose lines are broken elsewhere, or that a comment follows.
    pub(super) fn plain_text(&mut self, page: &mut Page, spot: Spot) -> Option<Leaf> {
        self.scratch.clear();
        let mut start = spot.at;
        loop {
            let (end, next) = self.plain_line_end(page, start)?;
            self.scratch.push_str(self.text.get(start..end)?);
            page.last_end = end;
            let content = page.spaces_end(self.bytes, next);
            let is_over = content - next <= spot.column
                || matches!(self.bytes.get(content), None | Some(b'\n' | b'#'));
            if !is_over && self.bytes.get(end) == Some(&b'\n') {
                self.scratch.push(' ');
                start = content;
                continue;
            }
            // A text of several lines has a space; it is no number, but it may be a date.
            let is_string = start > spot.at && !self.bytes.get(spot.at)?.is_ascii_digit();
            if !is_over || !is_string && !is_printed_plain(&self.scratch) {
                return None;
            }
            return self.made_text(page, spot, next, |output, text| {
                output.plain(text, spot.indent + 2);
                output.end_line();
            });
        }
    }

    /// Where the text of a line of a plain scalar ends, and where the next line starts.
    fn plain_line_end(&self, page: &Page, start: usize) -> Option<(usize, usize)> {
        if let Some(end) = self.plain_end(page, start) {
            return Some((end, end + 1));
        }
        // A comment or blanks may follow.
        let line = self.text.get(start..self.line_end(start))?;
        self.bytes.get(start + line.len())?;
        let comment = search::text(b" #", line.as_bytes()).unwrap_or(line.len());
        let text = line.get(..comment)?.trim_end_matches(' ');
        let is_quiet = !text.is_empty()
            && !text.starts_with('#')
            && text.bytes().all(|byte| byte < 0xEF && byte != b'\t')
            && !text.ends_with(':')
            && search::text(b": ", text.as_bytes()).is_none();
        is_quiet.then_some((start + text.len(), start + line.len() + 1))
    }

    /// A quoted scalar that is printed in one line of the text, or several.
    pub(super) fn quoted_text(&mut self, page: &mut Page, spot: Spot, quote: u8) -> Option<Leaf> {
        self.stand_at(spot.at, spot.line_start);
        self.line = spot.line as u32;
        self.quoted_pieces(spot.at + 1, quote)?;
        let end = self.at;
        self.rest_of_line()?;
        let classes = Classes::of(&self.scratch);
        self.bytes.get(self.at)?;
        let is_harmed = classes.is_fragile() || self.scratch.starts_with('\t');
        // How a block is printed whose end is open depends on what follows.
        if is_harmed || classes.has_newline() && is_open_ended(&self.scratch) {
            return None;
        }
        page.last_end = end;
        self.made_text(page, spot, self.at + 1, |output, text| {
            output.string(text, classes, spot.indent + 2);
        })
    }

    /// The text at hand, whose lines end before `end`, as it is printed behind a key or a dash.
    fn made_text(
        &self,
        page: &mut Page,
        spot: Spot,
        end: usize,
        print: impl FnOnce(&mut Output<'_>, &str),
    ) -> Option<Leaf> {
        let leaf = Leaf {
            end,
            values: 1,
            length: self.scratch.len(),
            ..Leaf::default()
        };
        let made = page.changes.made();
        let start = made.len();
        made.push(' ');
        print(
            &mut Output::in_column(made, spot.printed()? + 1),
            &self.scratch,
        );
        self.made(page, spot, start, leaf)
    }

    /// A list of words in brackets, in one line.
    pub(super) fn words(&mut self, page: &mut Page, spot: Spot) -> Option<Leaf> {
        if spot.after != After::Key {
            return None;
        }
        let mut leaf = Leaf {
            values: 1,
            depth: 1,
            ..Leaf::default()
        };
        let start = page.changes.made().len();
        self.stand_at(spot.at + 1, spot.line_start);
        loop {
            self.skip_spaces();
            let (end, _) = word(self.bytes, self.at);
            let text = self.text.get(self.at..end)?;
            let first = *text.as_bytes().first()?;
            let is_indicator = is_remarkable(first) && !first.is_ascii_alphanumeric();
            if is_indicator || !is_printed_plain(text) {
                return None;
            }
            let mut output = Output::in_column(page.changes.made(), 0);
            output.end_line();
            output.indent(spot.indent);
            output.push("- ");
            output.push(text);
            leaf.values += 1;
            leaf.length += text.len();
            self.at = end;
            self.skip_spaces();
            match self.byte() {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        page.last_end = self.at;
        self.rest_of_line()?;
        self.bytes.get(self.at)?;
        leaf.end = self.at + 1;
        page.changes.made().push('\n');
        self.made(page, spot, start, leaf)
    }
}
