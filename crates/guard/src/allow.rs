//! What may stay although it looks like a secret.
//!
//! A comment on the line says so for a reader of the file, in our form or in that of another
//! scanner; an entry of an allow-list says so where a file has no comments or nobody may edit it.

use std::collections::HashMap;

use kustom_yaml::cut::Cut as _;
use serde::Deserialize;

use super::found_secret::FoundSecret;

/// Who allowed a leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedBy {
    /// A comment beside it: `# kustom:allow test fixture`.
    Comment {
        /// What the comment gives as the reason, if it gives one.
        reason: Option<String>,
    },
    /// An entry of the allow-list.
    List {
        /// The entry's place in the list, counted from 0.
        index: usize,
        /// The reason it gives.
        reason: Option<String>,
    },
}

/// One entry of an allow-list; it allows a leak for which everything it names is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AllowRule {
    /// The rule, such as `weak-password`.
    pub rule: Option<String>,
    /// The file: `*` is any text without a slash, `**` any text, `?` one character.
    pub path: Option<String>,
    /// The name of the value.
    pub key: Option<String>,
    /// The fingerprint, as findings spell it.
    pub fingerprint: Option<String>,
    /// Why it may stay.
    pub reason: Option<String>,
}

impl AllowRule {
    /// Whether the entry names anything, and everything it names is true of the leak.
    pub fn allows(&self, leak: &FoundSecret) -> bool {
        let fingerprint = leak.fingerprint.as_ref().map(|print| print.as_str());
        let named = [
            self.rule.as_deref().map(|rule| rule == leak.rule),
            self.path.as_deref().map(|path| matches(path, &leak.path)),
            self.key
                .as_deref()
                .map(|key| Some(key) == leak.key.as_deref()),
            self.fingerprint
                .as_deref()
                .map(|print| Some(print) == fingerprint),
        ];
        named.iter().any(Option::is_some) && named.iter().flatten().all(|&holds| holds)
    }
}

impl AllowRule {
    /// Whether the path that the entry names, if it names one, fits a file.
    pub fn fits(&self, file: &str) -> bool {
        self.path.as_deref().is_none_or(|path| matches(path, file))
    }
}

/// What entries name, each by the first entry that names it: a leak is looked up, not held against
/// every entry.
#[derive(Default)]
pub(super) struct Index {
    /// Entries that name no path.
    anywhere: Named,
    /// Entries by the path of one file.
    files: HashMap<String, Named>,
    /// Entries by a pattern of paths.
    patterns: Vec<(String, Named)>,
    /// Where each pattern stands.
    places: HashMap<String, usize>,
}

/// Entries by rule, key and fingerprint, and their places in the list.
type Named = HashMap<[Option<String>; 3], usize>;

impl Index {
    pub(super) fn add(&mut self, entry: &AllowRule, index: usize) {
        let names = [&entry.rule, &entry.key, &entry.fingerprint].map(Clone::clone);
        let named = match &entry.path {
            // An entry that names nothing allows nothing.
            None if names.iter().all(Option::is_none) => return,
            None => &mut self.anywhere,
            Some(path) if !path.contains(['*', '?']) => self.files.entry(path.clone()).or_default(),
            Some(path) => {
                let place = *self.places.entry(path.clone()).or_insert_with(|| {
                    self.patterns.push((path.clone(), Named::new()));
                    self.patterns.len() - 1
                });
                &mut self.patterns[place].1
            }
        };
        named.entry(names).or_insert(index);
    }

    /// The entries that may be about a file.
    pub(super) fn of_file(&self, path: &str) -> OfFile<'_> {
        let fits = |(pattern, _): &&(String, Named)| matches(pattern, path);
        let patterns = self.patterns.iter().filter(fits).map(|(_, named)| named);
        let all = std::iter::once(&self.anywhere).chain(self.files.get(path));
        OfFile(all.chain(patterns).filter(|it| !it.is_empty()).collect())
    }
}

/// The entries that may be about one file.
pub(super) struct OfFile<'i>(Vec<&'i Named>);

impl OfFile<'_> {
    /// The first entry that allows a leak of this file.
    pub(super) fn first(&self, leak: &FoundSecret) -> Option<usize> {
        let print = leak.fingerprint.as_ref().map(|print| print.as_str());
        let is = [Some(leak.rule), leak.key.as_deref(), print];
        let chosen = |choice: usize| {
            let mut names = is.map(|name| name.map(str::to_owned));
            for (bit, name) in names.iter_mut().enumerate() {
                name.take_if(|_| choice & (1 << bit) == 0);
            }
            names
        };
        let choices: Vec<_> = (0..8).map(chosen).collect();
        let found = self
            .0
            .iter()
            .flat_map(|named| choices.iter().filter_map(|it| named.get(it)));
        found.min().copied()
    }
}

/// The comment that allows what stands on a line; `above` is the line before it.
///
/// A comment counts on the line itself, on a line of its own above, and behind the `|` that opens
/// the block in which the line is.
pub(super) fn comment(line: &[u8], above: &[u8]) -> Option<AllowedBy> {
    if let Some(mark) = Mark::in_line(line)
        && !mark.next_line
    {
        return Some(mark.permit());
    }
    let mark = Mark::in_line(above)?;
    let before = above[..mark.at].trim_ascii_end();
    let opens_block = ["|", "|-", "|+", ">", ">-", ">+"]
        .iter()
        .any(|sign| before.ends_with(sign.as_bytes()));
    let alone = mark.is_ours && before.trim_ascii_start().is_empty();
    (mark.next_line || opens_block || alone).then(|| mark.permit())
}

/// A comment that allows.
struct Mark {
    /// Where its sign stands in the line.
    at: usize,
    is_ours: bool,
    next_line: bool,
    reason: Option<String>,
}

/// What other scanners read: text, whether it is about the next line.
const FOREIGN: &[(&str, bool)] = &[
    ("gitleaks:allow", false),
    ("betterleaks:allow", false),
    ("trufflehog:ignore", false),
    ("pragma: allowlist secret", false),
    ("pragma: whitelist secret", false),
    ("pragma: allowlist nextline secret", true),
    ("pragma: whitelist nextline secret", true),
    ("notsecret", false),
    ("nosecret", false),
];

const OURS: &str = "kustom:allow";

impl Mark {
    fn in_line(line: &[u8]) -> Option<Self> {
        // Nearly every line is told from one with a mark by its bytes alone.
        let line = std::str::from_utf8(line).ok()?;
        if let Some(found) = line.find(OURS) {
            let reason = line.cut(found + OURS.len()..).trim_start_matches(':');
            let reason = reason
                .trim()
                .trim_end_matches("-->")
                .trim_end_matches("*/")
                .trim();
            return Some(Self {
                at: comment_sign(line.cut(..found))?,
                is_ours: true,
                next_line: false,
                reason: (!reason.is_empty()).then(|| reason.to_owned()),
            });
        }
        FOREIGN.iter().find_map(|&(form, next_line)| {
            let found = line.find(form)?;
            Some(Self {
                at: comment_sign(line.cut(..found))?,
                is_ours: false,
                next_line,
                reason: None,
            })
        })
    }

    fn permit(self) -> AllowedBy {
        AllowedBy::Comment {
            reason: self.reason,
        }
    }
}

/// Where the sign that opens a comment stands, if nothing but blanks is behind it.
fn comment_sign(before: &str) -> Option<usize> {
    let trimmed = before.trim_end();
    ["#", "//", "/*", "<!--", ";", "--"]
        .iter()
        .find_map(|sign| trimmed.strip_suffix(sign))
        .map(|rest| rest.trim_end_matches('#').len())
}

/// Whether a path fits a pattern with `*`, `**` and `?`.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    let wild = |byte: &u8| matches!(byte, b'*' | b'?');
    let plain = pattern.iter().position(wild).unwrap_or(pattern.len());
    if !path.starts_with(&pattern[..plain]) {
        return false;
    }
    let tail = pattern.iter().rev().position(wild).unwrap_or(pattern.len());
    if !path.ends_with(&pattern[pattern.len() - tail..]) {
        return false;
    }
    // One row of which prefixes of the path the pattern so far fits: no backtracking.
    let mut fits = vec![false; path.len() + 1];
    fits[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let deep = pattern[at..].starts_with(b"**");
        if pattern[at] == b'*' {
            for index in 0..path.len() {
                fits[index + 1] |= fits[index] && (deep || path[index] != b'/');
            }
        } else {
            for index in (0..path.len()).rev() {
                let same =
                    pattern[at] == path[index] || (pattern[at] == b'?' && path[index] != b'/');
                fits[index + 1] = fits[index] && same;
            }
            fits[0] = false;
        }
        at += if deep { 2 } else { 1 };
    }
    fits[path.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_is_looked_up_as_if_every_entry_were_asked() {
        let of = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        let mut rules = Vec::new();
        for path in ["", "a.yaml", "b.yaml", "*.yaml", "?.yaml", "**/a.yaml"] {
            for rule in ["", "weak-password", "jwt"] {
                for key in ["", "password", "token"] {
                    rules.push(AllowRule {
                        rule: of(rule),
                        path: of(path),
                        key: of(key),
                        ..AllowRule::default()
                    });
                }
            }
        }
        let leaks =
            crate::Guard::new().scan("a.yaml", b"kind: Secret\nstringData:\n  password: admin\n");
        let leak = &leaks.leaks[0];
        assert!(rules.iter().filter(|rule| rule.allows(leak)).count() > 9);
        for start in 0..rules.len() {
            let rules = &rules[start..];
            let mut index = Index::default();
            for (place, rule) in rules.iter().enumerate() {
                index.add(rule, place);
            }
            let asked = rules.iter().position(|rule| rule.allows(leak));
            assert_eq!(index.of_file(&leak.path).first(leak), asked, "{start}");
        }
    }

    fn reason(text: &str) -> Option<Option<String>> {
        let lines: Vec<&str> = text.lines().collect();
        let at = lines
            .iter()
            .position(|line| line.contains("VALUE"))
            .unwrap();
        let above = at.checked_sub(1).map_or("", |above| lines[above]);
        match comment(lines[at].as_bytes(), above.as_bytes())? {
            AllowedBy::Comment { reason } => Some(reason),
            AllowedBy::List { .. } => None,
        }
    }

    #[test]
    fn a_comment_of_ours_allows_its_line_the_next_or_its_block() {
        let why = Some(Some("only for tests".to_owned()));
        assert_eq!(reason("a: VALUE # kustom:allow only for tests\n"), why);
        assert_eq!(reason("# kustom:allow only for tests\na: VALUE\n"), why);
        assert_eq!(
            reason("a: |  # kustom:allow only for tests\n  VALUE\n"),
            why
        );
        assert_eq!(reason("a = VALUE // kustom:allow\n"), Some(None));
        assert_eq!(reason("b: 1 # kustom:allow other\na: VALUE\n"), None);
    }

    #[test]
    fn comments_of_other_scanners_allow_too() {
        for form in [
            "gitleaks:allow",
            "notsecret",
            "nosecret",
            "pragma: allowlist secret",
        ] {
            assert_eq!(
                reason(&format!("a: VALUE # {form}\n")),
                Some(None),
                "{form}"
            );
            assert_eq!(reason(&format!("# {form}\na: VALUE\n")), None, "{form}");
        }
        assert_eq!(
            reason("# pragma: allowlist nextline secret\na: VALUE\n"),
            Some(None)
        );
        assert_eq!(
            reason("a: VALUE # pragma: allowlist nextline secret\n"),
            None
        );
    }

    #[test]
    fn words_that_are_no_comment_allow_nothing() {
        assert_eq!(reason("notsecret: VALUE\n"), None);
        assert_eq!(reason("a: VALUE-nosecret\n"), None);
    }

    #[test]
    fn patterns_fit_paths() {
        for (pattern, path) in [
            ("a/*.yaml", "a/b.yaml"),
            ("**/b.yaml", "x/y/b.yaml"),
            ("a/**", "a/b/c"),
            ("?.txt", "a.txt"),
            ("a", "a"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("a/*.yaml", "a/b/c.yaml"),
            ("a", "ab"),
            ("?", "/"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
