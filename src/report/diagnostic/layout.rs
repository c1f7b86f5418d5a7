//! Lays a message out for people; `annotate-snippets` draws the lines of the sources.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use kustom_yaml::cut::Cut as _;

use crate::finding::Severity;
use crate::place::Excerpt;

use super::super::{BLUE, Color, GREEN, RED, YELLOW, painted, shown};
use super::wrap::{columns, first_columns, last_columns, wrapped};
use super::{Diagnostic, Label, Look, Related};

/// The message with everything that belongs to it.
pub(super) fn full(told: &Diagnostic, look: Look) -> String {
    let code = match told.severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => BLUE,
    };
    let word = match told.rule {
        Some(rule) => format!("{}[{rule}]", told.severity.name()),
        None => told.severity.name().to_owned(),
    };
    let mut text = sentence("", &word, code, &told.message, look);
    let mut rest: Vec<&Related> = told.related.iter().collect();
    if let Some(label) = &told.primary {
        let beside = beside(label, &told.related);
        rest.retain(|related| !beside.iter().any(|one| std::ptr::eq(*one, *related)));
        place(&mut text, label, look);
        snippet(&mut text, told.severity, label, &beside, look);
    }
    for place in &told.also {
        text.push_str(&sentence("  ", "also", BLUE, &place.to_string(), look));
    }
    for related in rest {
        text.push_str(&sentence("  ", "note", BLUE, &related.message, look));
        if let Some(label) = &related.label {
            place(&mut text, label, look);
            let is_told = told
                .primary
                .as_ref()
                .is_some_and(|it| it.place == label.place && it.excerpt.is_some());
            if !is_told {
                snippet(&mut text, Severity::Note, label, &[], look);
            }
        }
        if let Some(help) = &related.help {
            text.push_str(&sentence("  ", "help", GREEN, help, look));
        }
    }
    if !told.environments.is_empty() {
        let names = told.environments.join(", ");
        text.push_str(&sentence("  ", "in", BLUE, &names, look));
    }
    if let Some(help) = &told.help {
        text.push_str(&sentence("  ", "help", GREEN, help, look));
    }
    text
}

/// The width beyond which no line is cut; what draws it takes it twice.
const WIDEST: usize = usize::MAX / 2;

/// `word: message`, wrapped below the message.
fn sentence(indent: &str, word: &str, code: &str, message: &str, look: Look) -> String {
    let message = shown::sentence(message);
    // The name of a rule may be long; words go on below the severity.
    let before = word.find('[').unwrap_or(word.len());
    let taken = indent.len() + word.len() + 2;
    let message = wrapped(&message, taken, indent.len() + before + 2, look.width);
    format!("{indent}{}: {message}\n", painted(word, code, look.color))
}

/// `  --> file:line:column`, above the numbers of the lines.
fn place(text: &mut String, label: &Label, look: Look) {
    if let Some(place) = Diagnostic::place_of(&label.place) {
        let width = match label.excerpt {
            Some(_) => digits(label.place.span.line),
            None => 2,
        };
        let arrow = painted("-->", BLUE, look.color);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}{arrow} {place}", " ".repeat(width.max(2)));
    }
}

fn digits(number: u32) -> usize {
    number
        .checked_ilog10()
        .map_or(1, |digits| digits as usize + 1)
}

/// The related places whose lines can stand in the excerpt of the primary one: those of its file.
fn beside<'d>(primary: &Label, related: &'d [Related]) -> Vec<&'d Related> {
    let Some(own) = &primary.excerpt else {
        return Vec::new();
    };
    let can_join = |one: &&Related| {
        one.label.as_ref().is_some_and(|label| {
            let distance = label.place.span.line.abs_diff(primary.place.span.line);
            let fits = match (&label.excerpt, distance) {
                // The same line, cut to the same part.
                (Some(excerpt), 0) => excerpt.line() == own.line() && excerpt != own,
                // A single line between two is shown, and is not known.
                (Some(_), distance) => distance != 2,
                (None, _) => false,
            };
            fits && label.place.file == primary.place.file && one.help.is_none()
        })
    };
    // Lines between two of them are not known either: one is enough.
    related.iter().filter(can_join).take(1).collect()
}

/// The line of a place, and those of others of its file.
fn snippet(text: &mut String, severity: Severity, label: &Label, beside: &[&Related], look: Look) {
    let Some(excerpt) = &label.excerpt else {
        return;
    };
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::INFO,
    };
    let mut shown = vec![(label.place.span.line, excerpt, None)];
    for related in beside {
        if let Some(label) = &related.label
            && let Some(excerpt) = &label.excerpt
        {
            let words = shown::sentence(&related.message).replace('\n', " ");
            shown.push((label.place.span.line, excerpt, Some(words)));
        }
    }
    shown.sort_by_key(|(line, _, words)| (*line, words.is_some()));
    let mut source = String::new();
    let mut annotations = Vec::new();
    let first = shown.first().map_or(0, |(line, _, _)| *line);
    let last_line = shown.last().map_or(0, |(line, _, _)| *line);
    let lines: Vec<u32> = shown.iter().map(|(line, _, _)| *line).collect();
    // The numbers, a blank before and behind them, the bar and another blank.
    let room = look.width.max(20) - (digits(last_line).max(2) + 4);
    let mut last: Option<(u32, usize)> = None;
    for (line, excerpt, words) in shown {
        let (printable, marked) = match printable(excerpt) {
            // Two marks on one line count from the same beginning.
            drawn if lines.iter().filter(|it| **it == line).count() > 1 => drawn,
            drawn => fitted(drawn, room),
        };
        let start = match last {
            Some((number, start)) if number == line => start,
            _ => {
                let ends = last.map_or(0, |(number, _)| line - number);
                source.extend(std::iter::repeat_n('\n', ends as usize));
                let start = source.len();
                source.push_str(&printable);
                start
            }
        };
        last = Some((line, start));
        let kind = match words {
            None => AnnotationKind::Primary,
            Some(_) => AnnotationKind::Context,
        };
        let span = start + marked.start..start + marked.end;
        annotations.push(kind.span(span).label(words));
    }
    let renderer = match look.color {
        Color::Never => Renderer::plain(),
        Color::Always => Renderer::styled().hyperlink(false),
    };
    let drawn = Snippet::source(source)
        .line_start(first as usize)
        .annotations(annotations);
    let drawn = renderer
        .term_width(look.width.clamp(20, WIDEST))
        .render(&[Group::with_level(level).element(drawn)]);
    // The gutter is as wide as two digits, whatever the number.
    let indent = match digits(label.place.span.line.max(first)) {
        1 => " ",
        _ => "",
    };
    for line in drawn.trim_end().lines() {
        match line.trim_end() {
            "..." => text.push_str("..."),
            line => {
                text.push_str(indent);
                text.push_str(line);
            }
        }
        text.push('\n');
    }
}

/// A line of which not more is left than fits, with what is marked or its beginning in it. One that is
/// drawn in narrow letters is left to the library, unless what is marked is too wide by itself.
fn fitted((line, marked): (String, Range<usize>), room: usize) -> (String, Range<usize>) {
    const DOTS: &str = "...";
    let (before, rest) = line.halves(marked.start);
    let (words, behind) = rest.halves(marked.len());
    // Tabs are drawn as four blanks.
    let drawn = columns(&line) + 4 * line.matches('\t').count();
    let is_narrow = line.is_ascii() && columns(words) + 2 * DOTS.len() < room;
    if drawn <= room || is_narrow {
        return (line, marked);
    }
    let [before, words, behind] = [before, words, behind].map(|part| part.replace('\t', " "));
    let spare = room.saturating_sub(columns(&words) + 2 * DOTS.len());
    let most = spare.clamp(room / 8, room / 2);
    let lead = match columns(&before) <= most + DOTS.len() {
        true => before,
        false => format!("{DOTS}{}", before.cut(last_columns(&before, most)..)),
    };
    let left = room.saturating_sub(columns(&lead));
    if columns(&words) + columns(&behind) <= left {
        let marked = lead.len()..lead.len() + words.len();
        return (format!("{lead}{words}{behind}"), marked);
    }
    let left = left.saturating_sub(DOTS.len());
    let words = words.cut(..first_columns(&words, left));
    let behind = behind.cut(..first_columns(&behind, left.saturating_sub(columns(words))));
    let marked = lead.len()..lead.len() + words.len();
    (format!("{lead}{words}{behind}{DOTS}"), marked)
}

/// A line in which every character has a shape, and where its marked part is then.
fn printable(excerpt: &Excerpt) -> (String, std::ops::Range<usize>) {
    let (line, marked) = (excerpt.line(), excerpt.marked());
    // Tabs are drawn as blanks, and a byte order mark as nothing.
    let visible = |piece: &str| {
        let pieces = piece.trim_start_matches('\u{feff}').split('\t');
        let pieces: Vec<_> = pieces.map(shown::name).collect();
        pieces.join("\t")
    };
    let mut shown = visible(line.cut(..marked.start));
    let start = shown.len();
    shown.push_str(&visible(line.cut(marked.clone())));
    let end = shown.len();
    shown.push_str(&visible(line.cut(marked.end..)));
    (shown, start..end)
}
