//! The paths of yq 3: `a.b[0].(name==x)."c.d".**`.

use std::fmt;

use crate::error::{Error, Kind, Result};

/// A path from a document to the nodes it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    segments: Vec<Segment>,
    accidents: Vec<String>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// `name`, `"na.me"`, `[name]`: a key.
    Key(String),
    /// `na*`: every key that starts so.
    Prefix(String),
    /// `*`: every child.
    All,
    /// `**`: everything below.
    Deep,
    /// `[0]`, `[-1]`: an item.
    Index(i64),
    /// `[+]`: a new item at the end.
    Append,
    /// `(name==x)`: the children that have this.
    Filter {
        /// Where to look in the child; `None` for `.`, the child itself.
        path: Option<Path>,
        /// What is to stand there.
        pattern: Pattern,
        /// As it is written.
        text: String,
    },
}

/// A text, or how a text starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    is_prefix: bool,
}

impl Pattern {
    fn new(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(prefix) => Self {
                text: prefix.to_owned(),
                is_prefix: true,
            },
            None => Self {
                text: text.to_owned(),
                is_prefix: false,
            },
        }
    }

    /// Whether a text fits.
    pub fn matches(&self, text: &str) -> bool {
        if self.is_prefix {
            text.starts_with(&self.text)
        } else {
            text == self.text
        }
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom::yq::v3::{Path, Segment};
    ///
    /// let path = Path::parse("presets[2].\"a.b\"")?;
    /// assert_eq!(path.segments()[1], Segment::Index(2));
    /// assert!(Path::parse("a[0]b").is_err());
    /// # Ok::<(), kustom::error::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        Parser {
            text,
            rest: text,
            path: Self::default(),
        }
        .parse()
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What was read otherwise than it looks.
    pub fn accidents(&self) -> &[String] {
        &self.accidents
    }
}

impl Segment {
    /// A step as its text says: `*`, `**`, `name*`, `a==b`, `+`, a key.
    fn from_text(text: &str) -> Result<Self> {
        if let Some((path, pattern)) = text.split_once("==") {
            let path = path.trim();
            return Ok(Self::Filter {
                path: match path {
                    "." => None,
                    path => Some(Path::parse(path)?),
                },
                pattern: Pattern::new(pattern.trim()),
                text: text.to_owned(),
            });
        }
        Ok(match text {
            "*" => Self::All,
            "**" => Self::Deep,
            "+" => Self::Append,
            _ => match text.strip_suffix('*') {
                Some(prefix) => Self::Prefix(prefix.to_owned()),
                None => Self::Key(text.to_owned()),
            },
        })
    }

    /// Whether the step names children by a pattern, so that it never makes one.
    pub(super) fn is_pattern(&self) -> bool {
        matches!(self, Self::All | Self::Deep | Self::Filter { .. })
    }

    /// Whether the step asks for a sequence.
    pub(super) fn wants_seq(&self) -> bool {
        matches!(self, Self::Index(_) | Self::Append)
    }

    /// The step as the text of a key.
    pub(super) fn key_text(&self) -> String {
        match self {
            Self::Key(key) => key.clone(),
            Self::Prefix(prefix) => format!("{prefix}*"),
            Self::All => "*".to_owned(),
            Self::Deep => "**".to_owned(),
            Self::Index(index) => index.to_string(),
            Self::Append => "+".to_owned(),
            Self::Filter { text, .. } => text.clone(),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Append => f.write_str("[+]")?,
                Segment::Filter { text, .. } => write!(f, "({text})")?,
                _ => {
                    if number > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(&quoted(&segment.key_text()))?;
                }
            }
        }
        Ok(())
    }
}

/// A key as a path has it, in quotes where it needs them.
pub(super) fn quoted(key: &str) -> String {
    if key.is_empty() || key.contains(['.', '[', ']', '(', ')', ' ']) {
        format!("\"{key}\"")
    } else {
        key.to_owned()
    }
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
    path: Path,
}

impl<'t> Parser<'t> {
    fn parse(mut self) -> Result<Path> {
        while let Some(first) = self.rest.chars().next() {
            let segment = match first {
                '[' => {
                    let inner = self.enclosed('[', ']')?;
                    bracketed(inner)?
                }
                '(' => {
                    let inner = self.enclosed('(', ')')?;
                    self.check_operator(inner)?;
                    Segment::from_text(inner)?
                }
                '"' => {
                    let inner = self.enclosed('"', '"')?;
                    Segment::from_text(inner)?
                }
                _ => self.name()?,
            };
            self.path.segments.push(segment);
        }
        Ok(self.path)
    }

    /// A name up to the next `.`, `[`, `(` or `"`.
    fn name(&mut self) -> Result<Segment> {
        let end = self.rest.find(['.', '[', '"', '(']);
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.strip_prefix('.').unwrap_or(rest);
        Segment::from_text(name)
    }

    /// What stands between two brackets; what follows them begins a new step.
    fn enclosed(&mut self, open: char, close: char) -> Result<&'t str> {
        let body = &self.rest[open.len_utf8()..];
        let Some(end) = closing(body, open, close) else {
            let note = format!("`{open}` is not closed in the path `{}`", self.text);
            self.path.accidents.push(note);
            self.rest = "";
            return Ok(body);
        };
        let rest = &body[end + close.len_utf8()..];
        self.rest = match rest.chars().next() {
            None | Some('[' | '(' | '"') => rest,
            Some('.') => &rest[1..],
            Some(_) => return Err(self.glued(close, rest)),
        };
        Ok(&body[..end])
    }

    #[cold]
    fn glued(&self, close: char, rest: &str) -> Error {
        let end = rest.find(['.', '[', '(', '"']).unwrap_or(rest.len());
        let message = format!(
            "`{}` follows `{close}` in the path `{}`",
            &rest[..end],
            self.text
        );
        Error::new(Kind::Script, message).help(format!("write `{close}.{}`", &rest[..end]))
    }

    /// Refuses a comparison that yq 3 does not know and takes for a key.
    fn check_operator(&self, inner: &str) -> Result<()> {
        const UNKNOWN: [&str; 7] = ["!=", ">=", "<=", "=~", ">", "<", "="];
        if inner.contains("==") {
            return Ok(());
        }
        let Some(operator) = UNKNOWN.iter().find(|operator| inner.contains(**operator)) else {
            return Ok(());
        };
        let message = format!(
            "`{operator}` is no comparison of a path, in `{}`",
            self.text
        );
        Err(Error::new(Kind::Script, message)
            .help("a filter compares with `==`, and its value may end in `*`"))
    }
}

/// What stands in square brackets: a number, a filter, `*`, `+` or a key.
fn bracketed(inner: &str) -> Result<Segment> {
    let bare = inner.trim();
    if let Ok(index) = bare.parse() {
        return Ok(Segment::Index(index));
    }
    let quoted = bare
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(key) => Ok(Segment::Key(key.to_owned())),
        None => Segment::from_text(inner),
    }
}

/// Where a bracket closes; brackets of the same kind within it come in pairs.
fn closing(body: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in body.char_indices() {
        if c == close && depth == 0 {
            return Some(at);
        } else if c == close {
            depth -= 1;
        } else if c == open {
            depth += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let path = Path::parse(text).unwrap();
        let texts: Vec<String> = path
            .segments()
            .iter()
            .map(|segment| match segment {
                Segment::Index(index) => format!("#{index}"),
                Segment::Key(key) => key.clone(),
                segment => format!("<{}>", segment.key_text()),
            })
            .collect();
        texts.join(" ")
    }

    #[test]
    fn steps_are_split_at_dots_and_brackets() {
        assert_eq!(shown("a.b[0].\"c.d\".e"), "a b #0 c.d e");
        assert_eq!(shown("a.[-1].x"), "a #-1 x");
        assert_eq!(shown("a.0"), "a 0");
        assert_eq!(shown("a.*.b**"), "a <*> <b**>");
        assert_eq!(shown("[+].**"), "<+> <**>");
        assert_eq!(shown("a(b.c==x*).d"), "a <b.c==x*> d");
    }

    #[test]
    fn brackets_may_follow_each_other() {
        assert_eq!(shown("a[0][1](n==x)[\"k\"]"), "a #0 #1 <n==x> k");
        assert_eq!(shown("l(n==a(b)).v"), "l <n==a(b)> v");
    }

    #[test]
    fn a_name_behind_a_bracket_is_refused() {
        let error = Path::parse("a[0]name.x").unwrap_err();
        assert_eq!(
            error.message(),
            "`name` follows `]` in the path `a[0]name.x`"
        );
        assert_eq!(error.help_line(), Some("write `].name`"));
    }

    #[test]
    fn another_comparison_than_equality_is_refused() {
        let error = Path::parse("a(b!=c)").unwrap_err();
        assert_eq!(
            error.message(),
            "`!=` is no comparison of a path, in `a(b!=c)`"
        );
    }

    #[test]
    fn an_unclosed_bracket_is_noticed() {
        let path = Path::parse("a[0").unwrap();
        assert_eq!(path.accidents(), ["`[` is not closed in the path `a[0`"]);
        assert_eq!(path.segments()[1], Segment::Index(0));
    }
}
