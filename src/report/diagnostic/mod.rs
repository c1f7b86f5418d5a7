//! One shape for every message: what is wrong, where, what belongs to it, and what to try next.
//!
//! Errors and findings become a [`Diagnostic`]; lines of sources are added by whoever may show
//! them, once it is known that the message is shown at all.

mod json;
mod layout;
mod wrap;

use std::fmt::Write as _;

use crate::error::{Error, Note};
use crate::finding::{Finding, Severity};
use crate::place::{Excerpt, Place};

use super::{Color, shown};

pub use json::remark as json_remark;
pub(super) use wrap::{columns, first_columns, last_columns, wrapped};

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageFormat {
    /// Over several lines, with the lines of the sources.
    #[default]
    Full,
    /// A line each: `file:line:column: severity[rule]: message`.
    Short,
    /// A JSON object on a line each, as in `schemas/message.schema.json`.
    Json,
}

/// How wide and how colourful text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether it is coloured.
    pub color: Color,
    /// How many columns a line has.
    pub width: usize,
}

impl Default for Look {
    /// Plain text of 80 columns.
    fn default() -> Self {
        Self {
            color: Color::Never,
            width: 80,
        }
    }
}

/// A message, as it is shown.
///
/// # Example
///
/// ```
/// use kustom::error::{Error, Kind};
/// use kustom::place::{Excerpt, Place, Span};
/// use kustom::report::{Diagnostic, Look};
///
/// let span = Span { line: 7, column: 5, ..Span::default() };
/// let missing = Error::new(Kind::Load, "there is no `a.yaml`")
///     .at(Place::in_file("kustomization.yaml", span))
///     .help("did you mean `b.yaml`?");
/// let told = Diagnostic::from(&missing)
///     .with_excerpts(|_| Some(Excerpt::new("  - a.yaml", 4..10)));
/// assert_eq!(told.full(Look::default()), "\
/// error: there is no `a.yaml`
///   --> kustomization.yaml:7:5
///    |
///  7 |   - a.yaml
///    |     ^^^^^^
///   help: did you mean `b.yaml`?
/// ");
/// assert_eq!(told.short(), "kustomization.yaml:7:5: error: there is no `a.yaml`\n");
/// ```
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The rule that a finding is of.
    pub rule: Option<&'static str>,
    /// One sentence.
    pub message: String,
    /// Where it is.
    pub primary: Option<Label>,
    /// Where else the same is to be seen.
    pub also: Vec<Place>,
    /// What belongs to it: other places, and the steps on the way.
    pub related: Vec<Related>,
    /// What to try next.
    pub help: Option<String>,
    /// The environments that it is about, if that is worth saying.
    pub environments: Vec<String>,
    /// Whether its places are in other texts than those of the disk.
    pub is_elsewhere: bool,
}

/// A place with its line.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What is written there.
    pub excerpt: Option<Excerpt>,
}

/// What belongs to a message.
#[derive(Clone, Debug)]
pub struct Related {
    /// What is to be known.
    pub message: String,
    /// Where.
    pub label: Option<Label>,
    /// What to try there.
    pub help: Option<String>,
    /// Whether it is a step on the way, whose line says nothing.
    pub is_step: bool,
}

impl From<&Error> for Diagnostic {
    fn from(error: &Error) -> Self {
        Self {
            severity: Severity::Error,
            rule: None,
            message: error.message().to_owned(),
            primary: error.place().map(|place| Label {
                place: place.clone(),
                excerpt: error.excerpt().cloned(),
            }),
            also: Vec::new(),
            related: error.notes().iter().map(Related::from).collect(),
            help: error.help_line().map(str::to_owned),
            environments: Vec::new(),
            is_elsewhere: error.is_elsewhere(),
        }
    }
}

/// The messages of an error: the findings that it refuses, and it after them as a note.
pub fn diagnostics_of(error: &Error) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = error.findings().iter().map(Diagnostic::from).collect();
    let mut closing = Diagnostic::from(error);
    if !all.is_empty() {
        closing.severity = Severity::Note;
    }
    all.push(closing);
    all
}

impl From<&Finding> for Diagnostic {
    fn from(finding: &Finding) -> Self {
        Self {
            severity: finding.severity,
            rule: Some(finding.rule),
            message: finding.message.clone(),
            primary: finding.place.as_ref().map(|place| Label {
                place: place.clone(),
                excerpt: finding.excerpt.as_deref().cloned(),
            }),
            also: finding.others.clone(),
            related: finding.notes.iter().map(Related::from).collect(),
            help: finding.help.clone(),
            environments: Vec::new(),
            is_elsewhere: finding.is_elsewhere,
        }
    }
}

impl From<&Note> for Related {
    fn from(note: &Note) -> Self {
        Self {
            message: note.message.clone(),
            label: note.place.as_ref().map(|place| Label {
                place: place.clone(),
                excerpt: None,
            }),
            help: note.help.clone(),
            is_step: note.is_step,
        }
    }
}

impl Diagnostic {
    /// Adds the lines of its places, as `find` knows them.
    #[must_use]
    pub fn with_excerpts(mut self, find: impl Fn(&Place) -> Option<Excerpt>) -> Self {
        if self.is_elsewhere {
            return self;
        }
        let related = self.related.iter_mut().filter(|related| !related.is_step);
        let labels = related.filter_map(|related| related.label.as_mut());
        for label in self.primary.iter_mut().chain(labels) {
            if label.excerpt.is_none() && label.place.span.line > 0 {
                label.excerpt = find(&label.place);
            }
        }
        self
    }

    /// Names the environments that it is about.
    #[must_use]
    pub fn within<'n>(mut self, environments: impl IntoIterator<Item = &'n str>) -> Self {
        self.environments = environments.into_iter().map(str::to_owned).collect();
        self
    }

    /// The message in a format; each ends its line.
    pub fn write(&self, format: MessageFormat, look: Look) -> String {
        match format {
            MessageFormat::Full => self.full(look),
            MessageFormat::Short => self.short(),
            MessageFormat::Json => self.json(),
        }
    }

    /// The message over several lines, with the lines of its places.
    pub fn full(&self, look: Look) -> String {
        layout::full(self, look)
    }

    /// The message on one line, as compilers print it.
    pub fn short(&self) -> String {
        let message = shown::sentence(&self.message).replace('\n', " ");
        let severity = match self.rule {
            Some(rule) => format!("{}[{rule}]", self.severity.name()),
            None => self.severity.name().to_owned(),
        };
        match &self.primary {
            Some(label) if label.place.file.is_some() => {
                let place = label.place.to_string();
                format!("{}: {severity}: {message}\n", shown::name(&place))
            }
            _ => format!("{severity}: {message}\n"),
        }
    }

    /// The message as a JSON object on one line.
    pub fn json(&self) -> String {
        json::line(self)
    }

    /// The parts of a place that can be shown, without a file that nobody knows.
    fn place_of(place: &Place) -> Option<String> {
        let mut text = shown::name(place.file.as_ref()?).into_owned();
        let known = [place.span.line, place.span.column].into_iter();
        for number in known.take_while(|number| *number > 0) {
            // Writing to a string cannot fail.
            let _ = write!(text, ":{number}");
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::cut::Cut as _;

    use super::*;
    use crate::error::Kind;
    use crate::place::Span;

    fn at(line: u32, column: u32) -> Place {
        let span = Span {
            line,
            column,
            ..Span::default()
        };
        Place::in_file("a.yaml", span)
    }

    fn lines(place: &Place) -> Option<Excerpt> {
        Some(Excerpt::of("name: web\n", 0, place.span))
    }

    #[test]
    fn two_places_of_one_file_stand_in_one_excerpt() {
        let error = Error::new(Kind::Yaml, "the key `name` is there twice")
            .at(at(12, 1))
            .note("the first one is here", Some(at(3, 1)))
            .help("keep one of the two");
        let told = Diagnostic::from(&error).with_excerpts(lines);
        assert_eq!(
            told.full(Look::default()),
            "\
error: the key `name` is there twice
  --> a.yaml:12:1
   |
 3 | name: web
   | ---- the first one is here
...
12 | name: web
   | ^^^^
  help: keep one of the two
"
        );
    }

    #[test]
    fn steps_have_no_lines_and_lines_of_other_texts_are_not_shown() {
        let error = Error::new(Kind::Yaml, "no")
            .at(at(1, 1))
            .step("`a` is built from here", Some(at(2, 1)));
        let told = Diagnostic::from(&error).with_excerpts(lines);
        assert_eq!(
            told.full(Look::default()),
            "\
error: no
  --> a.yaml:1:1
   |
 1 | name: web
   | ^^^^
  note: `a` is built from here
  --> a.yaml:2:1
"
        );
        let told = Diagnostic::from(&error.elsewhere()).with_excerpts(lines);
        assert!(!told.full(Look::default()).contains('^'));
    }

    #[test]
    fn words_are_wrapped_and_names_stay_whole() {
        let help = "remove one of them, or tell them apart by name, namespace, prefix or suffix; \
                    `kustom secrets init production` lays out the rest";
        let error = Error::new(Kind::Yaml, "a b").help(help);
        let look = Look {
            width: 60,
            ..Look::default()
        };
        assert_eq!(
            Diagnostic::from(&error).full(look),
            "\
error: a b
  help: remove one of them, or tell them apart by name,
        namespace, prefix or suffix;
        `kustom secrets init production` lays out the rest
"
        );
    }

    #[test]
    fn a_finding_names_its_rule_in_every_format() {
        let finding = Finding::warning("unmatched-patch", "no `x`").at(at(4, 2));
        let told = Diagnostic::from(&finding).within(["a", "b"]);
        assert_eq!(
            told.full(Look::default()),
            "warning[unmatched-patch]: no `x`\n  --> a.yaml:4:2\n  in: a, b\n"
        );
        assert_eq!(
            told.short(),
            "a.yaml:4:2: warning[unmatched-patch]: no `x`\n"
        );
        let json: serde_json::Value = serde_json::from_str(&told.json()).unwrap();
        assert_eq!(json["rule"], "unmatched-patch");
        assert_eq!(json["place"]["line"], 4);
        assert_eq!(json["environments"][1], "b");
    }

    #[test]
    fn what_a_line_holds_moves_no_cursor_and_no_mark() {
        let excerpt = Excerpt::new("\ta\u{1b}[31m: 日本 \u{202e}x", 9..15);
        let error = Error::new(Kind::Yaml, "no")
            .at(at(1, 9))
            .with_excerpt(excerpt);
        let told = Diagnostic::from(&error).full(Look::default());
        assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told}");
        assert!(told.contains("^^^^"), "{told}");
    }

    #[test]
    fn an_excerpt_is_never_wider_than_the_terminal() {
        for (word, before, behind) in [
            ("日本語".repeat(30), "a: ".to_owned(), " # x".to_owned()),
            ("x".repeat(150), "値".repeat(20) + ": ", "語".repeat(40)),
            ("短い".to_owned(), "値".repeat(60) + ": ", "語".repeat(40)),
            ("w".to_owned(), "日".repeat(30), String::new()),
            ("ｶﾅ 👍".repeat(20), "é\t".repeat(9), "ﬀ".repeat(60)),
        ] {
            let line = format!("{before}{word}{behind}");
            let marked = before.len()..before.len() + word.len();
            for width in [20, 40, 41, 80, 81, 120] {
                let error = Error::new(Kind::Yaml, "no")
                    .at(at(1234, 1))
                    .with_excerpt(Excerpt::new(&line, marked.clone()));
                let look = Look {
                    width,
                    ..Look::default()
                };
                let told = Diagnostic::from(&error).full(look);
                let lines: Vec<&str> = told.lines().collect();
                // The name of the file is no part of it.
                for line in &lines[2..] {
                    assert!(columns(line) <= width, "{width}: {line}\n{told}");
                }
                let (source, marks) = (lines[3], lines[4]);
                let start = marks.find('^').unwrap();
                // What stands above the first mark is the first character of what is marked.
                let above = source.cut(first_columns(source, start)..);
                let first = word.chars().next().unwrap();
                assert!(above.starts_with(first), "{width}:\n{told}");
            }
        }
    }
}
