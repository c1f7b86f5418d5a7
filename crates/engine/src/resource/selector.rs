//! Which resources are meant: by regular expressions on the id, by labels, by annotations.
//!
//! The expressions are anchored at both ends; name and namespace may match what a resource was
//! first called or what it is called now.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/>.

use std::str::Chars;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Str};
use regex::Regex;

use super::Resource;
use crate::id::{Gvk, Id};
use crate::regexp::{self, Literals};

/// A compiled selector; an absent part matches everything.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// Matches the group.
    pub group: Pattern,
    /// Matches the version.
    pub version: Pattern,
    /// Matches the kind.
    pub kind: Pattern,
    /// Matches the name, the first or the present one.
    pub name: Pattern,
    /// Matches the effective namespace, the first or the present one.
    pub namespace: Pattern,
    /// Matches the labels.
    pub labels: LabelSelector,
    /// Matches the annotations.
    pub annotations: LabelSelector,
    /// Where group, version, kind, name and namespace are written.
    pub spans: [Span; 5],
}

/// The parts of a selector that are patterns.
pub const SELECTOR_PARTS: [&str; 5] = ["group", "version", "kind", "name", "namespace"];

impl Selector {
    /// Whether a resource is meant.
    pub fn matches(&self, resource: &Resource) -> bool {
        self.matches_type_and_namespace(resource)
            && (self.name.matches(resource.original_name())
                || self.name.matches(&resource.id().name))
            && self.matches_labels(resource)
    }

    /// Whether group, version, kind and namespace fit.
    pub(super) fn matches_type_and_namespace(&self, resource: &Resource) -> bool {
        let current = resource.id();
        self.matches_gvk(&current.gvk)
            && (self.namespace.matches(resource.original_namespace())
                || self.namespace.matches(current.effective_namespace()))
    }

    /// Whether group, version and kind fit.
    pub fn matches_gvk(&self, gvk: &Gvk) -> bool {
        // Kinds differ most.
        self.kind.matches(&gvk.kind)
            && self.group.matches(&gvk.group)
            && self.version.matches(&gvk.version)
    }

    /// Whether every part of one id fits, its namespace taken as it is written.
    pub fn matches_id(&self, id: &Id) -> bool {
        self.matches_gvk(&id.gvk)
            && self.name.matches(&id.name)
            && self.namespace.matches(&id.namespace)
    }

    /// The pattern of a part of the id, as it is written.
    pub fn part(&self, name: &str) -> Option<Str> {
        let pattern = match name {
            "group" => &self.group,
            "version" => &self.version,
            "kind" => &self.kind,
            "name" => &self.name,
            _ => &self.namespace,
        };
        match pattern {
            Pattern::Any => None,
            Pattern::Exact(word) => Some(word.clone()),
            Pattern::Wild(wild) => Some(wild.0.clone()),
            Pattern::Regex(regex) => Some(regex.as_str().into()),
        }
    }

    /// Where a part is written, if it was read.
    pub fn span_of(&self, name: &str) -> Option<Span> {
        let at = SELECTOR_PARTS.iter().position(|part| *part == name)?;
        Some(self.spans[at]).filter(|span| span.line > 0)
    }

    /// Whether labels and annotations fit.
    pub fn matches_labels(&self, resource: &Resource) -> bool {
        let fits = |selector: &LabelSelector, field| {
            selector.is_empty() || selector.matches(resource.node.at(&["metadata", field]))
        };
        fits(&self.labels, "labels") && fits(&self.annotations, "annotations")
    }

    /// Whether labels or annotations are asked for.
    pub fn has_labels(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    /// Whether no part of an id is asked for.
    pub fn has_no_id(&self) -> bool {
        [
            &self.group,
            &self.version,
            &self.kind,
            &self.name,
            &self.namespace,
        ]
        .iter()
        .all(|pattern| matches!(pattern, Pattern::Any))
    }
}

/// A regular expression for a whole text.
#[derive(Clone, Debug, Default)]
pub enum Pattern {
    /// Nothing was asked for.
    #[default]
    Any,
    /// Plain words, which need no expression.
    Exact(Str),
    /// Plain words, `.` and `.*`, and `|` between alternatives: most that is written, and to compile
    /// it as an expression would take longer than a small build.
    Wild(Wild),
    /// Anything else.
    Regex(Regex),
}

/// An expression of nothing but words, `.`, `.*` and `|`, as it is written.
#[derive(Clone, Debug)]
pub struct Wild(Str);

#[derive(Clone, Copy, Debug)]
enum Piece {
    /// A character that stands for itself.
    Char(char),
    /// `.`
    Any,
    /// `.*`
    Anything,
}

impl Wild {
    fn parse(text: &str) -> Option<Self> {
        let is_known = |alternative: &str| {
            let mut rest = alternative.chars();
            std::iter::from_fn(|| next_piece(&mut rest))
                .all(|piece| !matches!(piece, Piece::Char(character) if !is_plain(character)))
        };
        text.split('|').all(is_known).then(|| Self(Str::from(text)))
    }

    fn matches(&self, text: &str) -> bool {
        if self.0 == ".*" {
            return text.bytes().all(|byte| byte != b'\n');
        }
        // There is hardly ever a second.
        match self.0.bytes().any(|byte| byte == b'|') {
            false => fits(&self.0, text),
            true => self.0.split('|').any(|alternative| fits(alternative, text)),
        }
    }

    fn literals(&self) -> Option<Literals> {
        Literals::of_pieces(self.0.split('|').map(|alternative| {
            let mut words = vec![String::new()];
            let mut rest = alternative.chars();
            while let Some(piece) = next_piece(&mut rest) {
                match (piece, words.last_mut()) {
                    (Piece::Char(character), Some(word)) => word.push(character),
                    _ => words.push(String::new()),
                }
            }
            words
        }))
    }
}

/// Takes the next piece from what is left of an alternative.
fn next_piece(rest: &mut Chars<'_>) -> Option<Piece> {
    let character = rest.next()?;
    if character != '.' {
        return Some(Piece::Char(character));
    }
    let mut after = rest.clone();
    Some(match after.next() {
        Some('*') => {
            *rest = after;
            Piece::Anything
        }
        _ => Piece::Any,
    })
}

/// Whether a text is what the pieces of an alternative say, one after the other.
fn fits(alternative: &str, text: &str) -> bool {
    let (mut at, mut rest) = (alternative.chars(), text.chars());
    // Behind the last `.*`, and what is left of the text for what stands there.
    let mut behind: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut further, mut after) = (at.clone(), rest.clone());
        let next = after.next();
        match next_piece(&mut further) {
            // What is left goes to the end of the line.
            Some(Piece::Anything) if further.as_str().is_empty() => {
                return !rest.as_str().contains('\n');
            }
            Some(Piece::Anything) => {
                behind = Some((further.clone(), rest.clone()));
                after = rest;
            }
            None if next.is_none() => return true,
            Some(Piece::Any) if next.is_some_and(|found| found != '\n') => {}
            Some(Piece::Char(wanted)) if next == Some(wanted) => {}
            _ => {
                // The `.*` takes a character more.
                let Some((start, left)) = &mut behind else {
                    return false;
                };
                if left.next().is_none_or(|taken| taken == '\n') {
                    return false;
                }
                (further, after) = (start.clone(), left.clone());
            }
        }
        (at, rest) = (further, after);
    }
}

/// Whether a character means itself in an expression.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '/' | ':')
}

impl Pattern {
    /// Compiles an expression; an empty one matches everything.
    ///
    /// # Errors
    ///
    /// If it is no regular expression, with the place of `node`.
    pub fn new(node: &Node) -> Result<Self> {
        Self::from_text(node.text().unwrap_or_default()).map_err(|error| error.at(node.span))
    }

    /// Compiles an expression; an empty one matches everything.
    ///
    /// # Errors
    ///
    /// If it is no regular expression.
    pub fn from_text(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if text.chars().all(is_plain) {
            return Ok(Self::Exact(text.into()));
        }
        if let Some(wild) = Wild::parse(text) {
            return Ok(Self::Wild(wild));
        }
        let regex = regexp::compile(&format!("^(?:{text})$")).map_err(|cause| {
            Error::new(
                Kind::Kustomization,
                format!("`{text}` is no regular expression"),
            )
            .caused_by(cause)
        })?;
        Ok(Self::Regex(regex))
    }

    /// Exactly this word; an empty one matches everything.
    pub fn word(text: &str) -> Self {
        match text {
            "" => Self::Any,
            word => Self::Exact(word.into()),
        }
    }

    /// The only text that fits, if there is one.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(word) => Some(word),
            _ => None,
        }
    }

    /// Words of which every text that fits has one; nothing if it has none.
    pub fn literals(&self) -> Option<Literals> {
        match self {
            Self::Any => None,
            Self::Exact(word) => Some(Literals::of_text(word)),
            Self::Wild(wild) => wild.literals(),
            Self::Regex(regex) => Literals::of(regex.as_str()),
        }
    }

    /// Whether a text fits.
    #[inline]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(word) => word.as_str() == text,
            Self::Wild(wild) => wild.matches(text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A Kubernetes label selector: `app=web,tier in (a, b),!canary`.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: Str,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<Str>),
    NotIn(Vec<Str>),
    Above(i64),
    Below(i64),
}

impl LabelSelector {
    /// Parses a selector; an empty one matches everything.
    ///
    /// # Errors
    ///
    /// Says what stands where something else was expected.
    pub fn parse(text: &str) -> Result<Self> {
        Parser {
            rest: text.trim(),
            whole: text,
        }
        .selector()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a mapping of labels fits.
    pub fn matches(&self, labels: Option<&Node>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)).map(text_of);
        self.0
            .iter()
            .all(|requirement| requirement.test.holds(value(&requirement.key)))
    }
}

fn text_of(node: &Node) -> &str {
    node.text().unwrap_or_default()
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::In(wanted) => value.is_some_and(|value| wanted.iter().any(|word| word == value)),
            Self::NotIn(bad) => value.is_none_or(|value| bad.iter().all(|word| word != value)),
            Self::Above(limit) => number().is_some_and(|number| number > *limit),
            Self::Below(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

/// Reads a selector from left to right.
struct Parser<'t> {
    rest: &'t str,
    whole: &'t str,
}

impl<'t> Parser<'t> {
    fn selector(mut self) -> Result<LabelSelector> {
        let mut requirements = Vec::new();
        while !self.rest.is_empty() {
            requirements.push(self.requirement()?);
            if self.rest.is_empty() {
                break;
            }
            if !self.eat(",") {
                return Err(self.unexpected("`,`"));
            }
            if self.rest.is_empty() {
                return Err(self.unexpected("a label"));
            }
        }
        Ok(LabelSelector(requirements))
    }

    fn requirement(&mut self) -> Result<Requirement> {
        if self.eat("!") {
            return Ok(Requirement {
                key: self.key()?,
                test: Test::Absent,
            });
        }
        let key = self.key()?;
        let test = if self.rest.is_empty() || self.rest.starts_with(',') {
            Test::Exists
        } else if self.eat("!=") {
            Test::NotIn(vec![self.value()?])
        } else if self.eat("==") || self.eat("=") {
            Test::In(vec![self.value()?])
        } else if self.eat(">") {
            Test::Above(self.number()?)
        } else if self.eat("<") {
            Test::Below(self.number()?)
        } else {
            match self.word() {
                "in" => Test::In(self.set()?),
                "notin" => Test::NotIn(self.set()?),
                _ => return Err(self.unexpected("an operator such as `=`, `!=`, `in` or `notin`")),
            }
        };
        Ok(Requirement { key, test })
    }

    fn key(&mut self) -> Result<Str> {
        let word = self.word();
        let (prefix, name) = word.rsplit_once('/').unwrap_or(("", word));
        let is_good = !name.is_empty() && name.len() <= 63 && is_label_text(name);
        if is_good && (!word.contains('/') || is_domain(prefix)) {
            return Ok(word.into());
        }
        Err(self.unexpected("a label"))
    }

    fn value(&mut self) -> Result<Str> {
        let word = self.word();
        if word.len() <= 63 && (word.is_empty() || is_label_text(word)) {
            return Ok(word.into());
        }
        Err(self.unexpected("a label's value"))
    }

    fn number(&mut self) -> Result<i64> {
        let word = self.word();
        word.parse().map_err(|_| self.unexpected("a whole number"))
    }

    fn set(&mut self) -> Result<Vec<Str>> {
        if !self.eat("(") {
            return Err(self.unexpected("`(`"));
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if self.eat(")") {
                return Ok(values);
            }
            if !self.eat(",") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else {
            return false;
        };
        self.rest = rest.trim_start();
        true
    }

    fn word(&mut self) -> &'t str {
        let is_end = |c: char| c.is_whitespace() || "=!<>(),".contains(c);
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.halves(end);
        self.rest = rest.trim_start();
        word
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let found = if self.rest.is_empty() {
            "its end"
        } else {
            self.rest
        };
        let message = format!(
            "the selector `{}` should have {wanted} before `{found}`",
            self.whole
        );
        Error::new(Kind::Kustomization, message).help("such as `app=web,tier in (front, back)`")
    }
}

/// Letters, digits, `-`, `_` and `.`, a letter or digit at both ends.
fn is_label_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

/// A DNS subdomain, in lower case.
fn is_domain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|part| {
            is_label_text(part)
                && !part.contains('_')
                && !part.bytes().any(|b| b.is_ascii_uppercase())
        })
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    fn matches(selector: &str, labels: &str) -> bool {
        let documents = read(labels, &Options::default()).unwrap();
        LabelSelector::parse(selector)
            .unwrap()
            .matches(documents.first())
    }

    #[test]
    fn every_form_of_a_requirement_is_understood() {
        let labels = "{app: web, tier: front, level: '7'}";
        for good in [
            "",
            "app",
            "app=web",
            "app == web",
            "app!=db",
            "!canary",
            "tier in (back, front)",
            "tier notin (back)",
            "other notin (x)",
            "other!=x",
            "level>6",
            "level<8",
            "app=web,tier=front",
        ] {
            assert!(matches(good, labels), "{good}");
        }
        for bad in [
            "canary",
            "app=db",
            "!app",
            "tier in (back)",
            "level>7",
            "app=web,tier=back",
        ] {
            assert!(!matches(bad, labels), "{bad}");
        }
    }

    #[test]
    fn a_broken_selector_is_refused() {
        for broken in [
            "app=",
            "app=web,",
            "a b",
            "tier in front",
            "tier in (front",
            "=x",
            "a=-",
        ] {
            let parsed = LabelSelector::parse(broken);
            // `app=` asks for the empty value, as it does in Kubernetes.
            assert_eq!(parsed.is_err(), broken != "app=", "{broken}");
        }
    }

    #[test]
    fn a_pattern_is_anchored_at_both_ends() {
        let pattern = Pattern::from_text("a.*|b").unwrap();
        assert!(pattern.matches("abc") && pattern.matches("b"));
        assert!(!pattern.matches("cb") && !pattern.matches("bb"));
        assert!(Pattern::from_text("(").is_err());
    }

    #[test]
    fn words_with_anything_between_them_fit_as_the_expression_does() {
        let expressions = [
            ".*",
            "a.*",
            ".*a",
            "a.*a",
            "a.*b.*a",
            "a|b",
            "a.*|.*b",
            "|a",
            "a|",
            ".*.*",
            "aa.*aa",
            "x-.*-y|z/:_",
            "a.",
            ".",
            ".a.*",
            "a.*.b",
            "..|a.b",
        ];
        let texts = [
            "", "a", "b", "aa", "ab", "ba", "aba", "abba", "aaa", "aaaa", "a\nb", "x--y", "x-y",
            "z/:_", "\n", "x-a\n-y",
        ];
        for expression in expressions {
            let wild = Wild::parse(expression).unwrap();
            let regex = regexp::compile(&format!("^(?:{expression})$")).unwrap();
            for text in texts {
                let is_match = regex.is_match(text);
                assert_eq!(wild.matches(text), is_match, "`{expression}` of {text:?}");
            }
        }
        for expression in [
            "a.+", "a.*?", "a**", "(a|b)", "a\\.b", "[ab].*", "^a.*", "a$",
        ] {
            assert!(Wild::parse(expression).is_none(), "{expression}");
        }
    }
}
