//! The paths of yq 3: `a.b[0].(name==x)."c.d".**`.
//!
//! They are read as yq 3 reads them. Behind a closing `]`, `)` or `"` it skips one character,
//! whichever it is; where that is not the dot that was meant, the path says so as an [`PathQuirk`].

use std::fmt;

use kustom_yaml::cut::Cut as _;

/// A path from a document to the nodes it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    segments: Vec<Segment>,
    quirks: Vec<PathQuirk>,
}

/// A place where a path means something else than it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathQuirk {
    /// What is read, as a sentence.
    pub message: String,
    /// How to say what was probably meant.
    pub help: Option<String>,
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
    /// use kustom_yq::v3::{Path, Segment};
    ///
    /// let path = Path::parse("presets[2].\"a.b\"");
    /// assert_eq!(path.segments()[1], Segment::Index(2));
    /// assert!(path.quirks().is_empty());
    ///
    /// // The character behind a bracket is skipped.
    /// assert_eq!(Path::parse("a[0]name").to_string(), "a[0].ame");
    /// ```
    pub fn parse(text: &str) -> Self {
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
    pub fn quirks(&self) -> &[PathQuirk] {
        &self.quirks
    }
}

impl Segment {
    /// A step as its text says: `*`, `**`, `name*`, `a==b`, `+`, a key.
    fn from_text(text: &str) -> Self {
        if let Some((path, pattern)) = text.split_once("==") {
            let path = path.trim();
            return Self::Filter {
                path: (path != ".").then(|| Path::parse(path)),
                pattern: Pattern::new(pattern.trim()),
                text: text.to_owned(),
            };
        }
        match text {
            "*" => Self::All,
            "**" => Self::Deep,
            "+" => Self::Append,
            _ => match text.strip_suffix('*') {
                Some(prefix) => Self::Prefix(prefix.to_owned()),
                None => Self::Key(text.to_owned()),
            },
        }
    }

    /// Whether the step names children by a pattern, so that it never makes one.
    pub(super) fn is_pattern(&self) -> bool {
        matches!(self, Self::All | Self::Deep | Self::Filter { .. })
    }

    /// Whether the step is made to name several children.
    pub(super) fn is_manifold(&self) -> bool {
        matches!(self, Self::All | Self::Deep | Self::Prefix(_))
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

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Append => f.write_str("[+]"),
            Self::Filter { text, .. } => write!(f, "({text})"),
            _ => f.write_str(&quoted(&self.key_text())),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(&self.segments))
    }
}

/// Steps as a path has them.
pub(super) fn written(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        let is_bracket = matches!(segment, Segment::Index(_) | Segment::Append);
        // Behind a bracket or a quote one character is skipped, which should be a dot.
        if !text.is_empty() && (!is_bracket || text.ends_with([']', ')', '"'])) {
            text.push('.');
        }
        text.push_str(&segment.to_string());
    }
    text
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
    fn parse(mut self) -> Path {
        while let Some(first) = self.rest.chars().next() {
            let segment = match first {
                '[' => self.bracketed(),
                '(' => {
                    let inner = self.enclosed('(', ')');
                    self.check_operator(inner);
                    Segment::from_text(inner)
                }
                '"' => Segment::from_text(self.enclosed('"', '"')),
                _ => self.name(),
            };
            self.path.segments.push(segment);
        }
        self.path
    }

    /// A name up to the next `.`, `[`, `(` or `"`.
    fn name(&mut self) -> Segment {
        let end = self.rest.find(['.', '[', '"', '(']);
        let (name, rest) = self.rest.halves(end.unwrap_or(self.rest.len()));
        self.rest = rest.strip_prefix('.').unwrap_or(rest);
        Segment::from_text(name)
    }

    /// What stands between two brackets; the character behind them is skipped.
    fn enclosed(&mut self, open: char, close: char) -> &'t str {
        let body = self.rest.cut(open.len_utf8()..);
        let Some((inner, rest)) = body.split_once(close) else {
            let message = format!("`{open}` is not closed in the path `{}`", self.text);
            let help = format!("write `{open}{body}{close}`");
            self.quirk(message, Some(help));
            self.rest = "";
            return body;
        };
        let mut behind = rest.chars();
        let skipped = behind.next();
        self.rest = behind.as_str();
        if let Some(skipped) = skipped.filter(|skipped| *skipped != '.') {
            let message = format!(
                "`{skipped}` is skipped behind `{close}` in the path `{}`, as in yq 3",
                self.text
            );
            let help = if skipped == close {
                format!("the first `{close}` closes `{open}`; none can stand within")
            } else {
                let end = rest.find([']', ')']).map(|end| end + 1);
                let end = end.into_iter().chain(rest.find('.')).min();
                format!("write `{close}.{}`", rest.cut(..end.unwrap_or(rest.len())))
            };
            self.quirk(message, Some(help));
        }
        inner
    }

    /// What stands in square brackets: a number, a filter, `*`, `+` or a key.
    fn bracketed(&mut self) -> Segment {
        let inner = self.enclosed('[', ']');
        if let Ok(index) = inner.parse() {
            return Segment::Index(index);
        }
        let meant = inner.trim().trim_matches(['"', '\'']);
        if meant != inner {
            let message = format!(
                "`[{inner}]` is the key `{inner}` in the path `{}`, blanks and quotes included",
                self.text
            );
            self.quirk(message, Some(format!("write `[{meant}]`")));
        }
        Segment::from_text(inner)
    }

    fn quirk(&mut self, message: String, help: Option<String>) {
        self.path.quirks.push(PathQuirk { message, help });
    }

    /// Remarks on a comparison that yq 3 does not know and takes for a key.
    fn check_operator(&mut self, inner: &str) {
        const UNKNOWN: [&str; 7] = ["!=", ">=", "<=", "=~", ">", "<", "="];
        if inner.contains("==") {
            return;
        }
        if let Some(operator) = UNKNOWN.iter().find(|operator| inner.contains(**operator)) {
            let message = format!(
                "`{operator}` is no comparison in the path `{}`: `{inner}` is a key, as in yq 3",
                self.text
            );
            let help = "a filter compares with `==`, and its value may end in `*`";
            self.quirk(message, Some(help.to_owned()));
        }
    }
}

/// The path of one value, put together while it is walked.
#[derive(Clone, Debug, Default)]
pub(super) struct ValuePath(Vec<String>);

impl ValuePath {
    pub(super) fn key(&mut self, key: &str) {
        self.0.push(quoted(key));
    }

    pub(super) fn index(&mut self, number: usize) {
        self.0.push(format!("[{number}]"));
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            // Behind a bracket or a quote one character is skipped, which should be a dot.
            let is_skipped = number > 0 && self.0[number - 1].ends_with([']', '"']);
            if number > 0 && (is_skipped || !step.starts_with('[')) {
                f.write_str(".")?;
            }
            f.write_str(step)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let path = Path::parse(text);
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
    fn the_character_behind_a_bracket_is_skipped_with_a_remark() {
        for (text, wanted, help) in [
            ("a[0]name.x", "a #0 ame x", "write `].name`"),
            ("a[0][1]", "a #0 1]", "write `].[1]`"),
            ("(n==x)y", "<n==x>", "write `).y`"),
            ("\"a\"b", "a", "write `\".b`"),
            (
                "l(n==a(b)).v",
                "l <n==a(b>  v",
                "the first `)` closes `(`; none can stand within",
            ),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
            let path = Path::parse(text);
            assert_eq!(path.quirks()[0].help.as_deref(), Some(help), "{text}");
        }
        let path = Path::parse("a[0]name");
        assert_eq!(
            path.quirks()[0].message,
            "`n` is skipped behind `]` in the path `a[0]name`, as in yq 3"
        );
        assert!(Path::parse("a[0].\"b\".(c==d)").quirks().is_empty());
    }

    #[test]
    fn blanks_and_quotes_in_brackets_belong_to_the_key() {
        assert_eq!(shown("a[ 0 ]"), "a  0 ");
        assert_eq!(shown("a[\"b\"]"), "a \"b\"");
        let path = Path::parse("a[ 0 ]");
        assert_eq!(path.quirks()[0].help.as_deref(), Some("write `[0]`"));
    }

    #[test]
    fn another_comparison_than_equality_is_a_key_with_a_remark() {
        assert_eq!(shown("a(b!=c)"), "a b!=c");
        let path = Path::parse("a(b!=c)");
        assert_eq!(
            path.quirks()[0].message,
            "`!=` is no comparison in the path `a(b!=c)`: `b!=c` is a key, as in yq 3"
        );
    }

    #[test]
    fn an_unclosed_bracket_is_noticed() {
        let path = Path::parse("a[0");
        assert_eq!(
            path.quirks()[0].message,
            "`[` is not closed in the path `a[0`"
        );
        assert_eq!(path.segments()[1], Segment::Index(0));
    }
}
