//! Finds secrets by patterns alone: tokens, private keys, URLs with passwords, assignments.
//!
//! One search for all keywords goes over the bytes once; the text behind a keyword is examined only
//! where the keyword occurs.

use std::ops::Range;
use std::sync::OnceLock;

use kustom_yaml::cut::Cut as _;
use regex::bytes::{Regex, RegexBuilder};

use super::assign::{self, Assignment};
use super::finder::Finder;
use super::judge::{ValueContext, is_password, judge};
use super::keywords::Keywords;
use super::marks::{Base, Marks, Wanted};
use super::name_hint::{NameHint, says_nothing};
use super::placeholder::is_placeholder_value;
use super::random::{entropy, is_regular, is_wordy, score};
use super::rules::{RULES, Rule, Test};

/// How far behind its keyword a token may end that begins with it.
const WINDOW: usize = 4096;
/// How far behind its keyword another token may end.
const NEAR: usize = 256;

/// A secret in a text, before its line and column are computed.
pub(super) struct Hit {
    pub(super) rule: &'static str,
    pub(super) range: Range<usize>,
    pub(super) key: Option<String>,
    pub(super) value: String,
}

/// What one pass over a text found.
#[derive(Default)]
pub(super) struct Pass {
    /// Secrets that need no context.
    pub(super) hits: Vec<Hit>,
    /// Assignments of what looks like a secret.
    pub(super) assignments: Vec<Assignment>,
    /// Where the text shows the structures of Kubernetes that hold secrets.
    pub(super) structures: Vec<usize>,
}

/// The keywords, and the expressions behind them.
pub(super) struct Searcher {
    keywords: Finder,
    triggers: Vec<Trigger>,
    /// Which of the keywords are those of [`PROMISES`].
    promising: Vec<bool>,
    expressions: Vec<OnceLock<Option<Regex>>>,
}

#[derive(Clone, Copy)]
enum Trigger {
    Rule(usize),
    /// A part of a name that promises a secret.
    Word,
    /// `://`
    Url,
    /// `-----BEGIN`
    Pem,
    Structure,
    /// `/data`, which is one only as the path of a JSON patch.
    Pointer,
    /// A word of [`PROMISES`] that nothing else is made of.
    Promise,
}

impl Trigger {
    /// Whether it says by itself that a secret is there.
    fn is_mark(self) -> bool {
        matches!(self, Self::Rule(_) | Self::Url | Self::Pem)
    }
}

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "pass", "pw", "secret", "token", "key", "cred", "auth", "cookie", "hmac", "login", "session",
    "licen", "salt", "seed", "bearer",
];

#[rustfmt::skip]
const STRUCTURES: &[&str] = &[
    "secretgenerator", "configmapgenerator", "stringdata", "client-key-data", "dockercfg",
    "dockerconfigjson", "last-applied-configuration", "\"auths\"", "random_password",
    "random_string", "secretlist", "sourcevalue", "inline_string",
];

/// What every name of a secret has in it, and what else makes a value one.
pub(super) const PROMISES: [&str; 12] = [
    "pass",
    "pw",
    "psw",
    "secret",
    "token",
    "cred",
    "key",
    "authorization",
    "bearer",
    "hmac",
    "stringdata",
    "last-applied",
];

impl Searcher {
    pub(super) fn new() -> Self {
        let mut keywords = Vec::new();
        let mut triggers = Vec::new();
        for (index, rule) in RULES.iter().enumerate() {
            for keyword in rule.keywords {
                keywords.push(*keyword);
                triggers.push(Trigger::Rule(index));
            }
        }
        let is_other = |word: &&str| !WORDS.contains(word) && !STRUCTURES.contains(word);
        let promises: Vec<&str> = PROMISES.into_iter().filter(is_other).collect();
        let groups: [(&[&'static str], Trigger); 6] = [
            (WORDS, Trigger::Word),
            (&["://"], Trigger::Url),
            (&["-----begin "], Trigger::Pem),
            (STRUCTURES, Trigger::Structure),
            (&["/data"], Trigger::Pointer),
            (&promises, Trigger::Promise),
        ];
        for (words, trigger) in groups {
            for word in words {
                keywords.push(*word);
                triggers.push(trigger);
            }
        }
        let promising = keywords.iter().zip(&triggers).map(|(word, trigger)| {
            let is_own = !matches!(trigger, Trigger::Rule(_));
            is_own && PROMISES.contains(word)
        });
        Self {
            promising: promising.collect(),
            keywords: Finder::new(Keywords::new(keywords)),
            triggers,
            expressions: RULES.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// Says that so many bytes will be searched.
    pub(super) fn expect(&self, bytes: usize) {
        self.keywords.expect(bytes);
    }

    /// What a text shows that is looked at more closely; `base` is what it was made of, if that is
    /// known.
    pub(super) fn marks(&self, text: &[u8], base: Option<Base<'_>>, wanted: Wanted) -> Marks {
        let is_kept = |number: usize| wanted == Wanted::All || self.triggers[number].is_mark();
        // A base in which other things were looked for shows less, or more.
        match base.filter(|base| base.marks.wanted == wanted) {
            Some(base) => Marks::of_version(text, base, &self.keywords, is_kept),
            None => Marks::of(text, &self.keywords, wanted, is_kept),
        }
    }

    /// Where the words of [`PROMISES`] stand.
    pub(super) fn promises(&self, marks: &Marks) -> Vec<Range<usize>> {
        let found = marks.keywords.iter().map(|keyword| &keyword.found);
        let found = found.filter(|found| self.promising[found.number]);
        found.map(|found| found.range.clone()).collect()
    }

    /// Looks at what is marked in a text, and notes what shows nothing: where the same bytes stand
    /// around it in another text, it shows nothing there.
    pub(super) fn pass(&self, text: &[u8], marks: &mut Marks, setting: ValueContext) -> Pass {
        let mut pass = Pass::default();
        let is_other = marks.setting.replace(setting) != Some(setting);
        let mut named = Name::default();
        for keyword in &mut marks.keywords {
            // What is no value here may be one elsewhere.
            if keyword.idle.is_some() && !is_other {
                continue;
            }
            let range = keyword.found.range.clone();
            let read = match self.triggers[keyword.found.number] {
                Trigger::Rule(rule) if may_begin(text, range.start, &RULES[rule]) => {
                    self.token(text, range.start, rule, &mut pass);
                    None
                }
                Trigger::Rule(rule) => read_of_none(text, &range, &RULES[rule]),
                Trigger::Word => {
                    if range.start >= named.end {
                        named = word(text, range, setting, &mut pass);
                    }
                    named.read.clone()
                }
                Trigger::Url => {
                    let authority = authority(text, range.end);
                    let end = range.end + authority.len();
                    let hit = password_in_url(authority, range.end);
                    let read = (hit.is_none() && end < text.len()).then_some(range.start..end + 1);
                    pass.hits.extend(hit);
                    read
                }
                Trigger::Pem => {
                    pass.hits.extend(private_key(text, range.start));
                    None
                }
                Trigger::Structure => {
                    pass.structures.push(range.start);
                    None
                }
                Trigger::Pointer if is_pointer(text, range.start) => {
                    pass.structures.push(range.start);
                    None
                }
                Trigger::Pointer => {
                    let start = range.start.checked_sub(POINTER);
                    start.map(|start| start..range.end)
                }
                Trigger::Promise => Some(range),
            };
            keyword.set_idle(read);
        }
        pass
    }

    fn token(&self, text: &[u8], keyword: usize, rule: usize, pass: &mut Pass) {
        let row = &RULES[rule];
        let start = keyword.saturating_sub(row.before);
        let reach = if row.before == 0 { WINDOW } else { NEAR };
        let window = &text[start..text.len().min(keyword + reach)];
        let expression = self.expressions[rule].get_or_init(|| compile(rule));
        let Some(expression) = expression else { return };
        // Nearly no window holds one, and groups cost more.
        if !expression.is_match(window) {
            return;
        }
        // Of several tokens in the window, the one that the keyword is in.
        let at = keyword - start;
        let has_keyword = |found: &regex::bytes::Captures<'_>| {
            found
                .get(0)
                .is_some_and(|whole| whole.range().contains(&at))
        };
        let Some(captures) = expression.captures_iter(window).find(has_keyword) else {
            return;
        };
        let Some(whole) = captures.get(0) else { return };
        let secret = captures.get(1).unwrap_or(whole);
        let after = start + whole.end();
        let is_cut = text
            .get(after)
            .is_some_and(|&byte| is_sign(byte) || byte == b'-');
        if !opens_word(text, start + whole.start()) || (is_cut && row.test != Test::Password) {
            return;
        }
        let Ok(value) = std::str::from_utf8(secret.as_bytes()) else {
            return;
        };
        // An issuer's mark may be a word; what is behind it may not.
        let marked = row.keywords.iter().find(|mark| {
            let head = value.as_bytes().get(..mark.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(mark.as_bytes()))
        });
        let behind = value.cut(marked.map_or(0, |mark| mark.len())..);
        let holds = match row.test {
            Test::Entropy(floor) => {
                entropy(value.as_bytes()) > floor
                    && !is_regular(value)
                    && !has_long_run(value)
                    && !is_wordy(behind)
                    && !is_placeholder_value(value)
            }
            Test::Password => is_password(value),
        };
        if holds {
            pass.hits.push(Hit {
                rule: row.id,
                range: start + secret.start()..start + secret.end(),
                key: None,
                value: value.to_owned(),
            });
        }
    }
}

/// Whether a token of a rule may begin with a keyword, or before it.
fn may_begin(text: &[u8], keyword: usize, row: &Rule) -> bool {
    let mut letters = text[keyword..].iter().take(row.letters);
    row.before > 0
        || opens_word(text, keyword)
            && letters.all(u8::is_ascii_alphanumeric)
            && row.opens(&text[keyword..])
}

/// The bytes that say that no token of a rule begins with a keyword.
fn read_of_none(text: &[u8], keyword: &Range<usize>, row: &Rule) -> Option<Range<usize>> {
    // What says whether a word begins here.
    let start = keyword.start.checked_sub(2)?;
    let end = keyword.end.max(keyword.start + row.letters);
    (end <= text.len()).then_some(start..end)
}

/// Whether one sign is repeated more often than a drawn token would: what was padded, or DER in base64.
fn has_long_run(value: &str) -> bool {
    let runs = value.as_bytes().chunk_by(|one, other| one == other);
    runs.into_iter().any(|run| run.len() >= 10)
}

/// A row of the table that does not compile would match nothing; a test sees to it that all do.
fn compile(rule: usize) -> Option<Regex> {
    let row = &RULES[rule];
    let expression = if row.before == 0 {
        format!(r"\A(?:{})", row.expression)
    } else {
        row.expression.to_owned()
    };
    RegexBuilder::new(&expression).unicode(false).build().ok()
}

/// Whether no word goes on from the left at `at`; the `n` of `\n` is no word.
fn opens_word(text: &[u8], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).map_or(b' ', |index| text[index]);
    match before(1) {
        b'n' | b't' | b'r' if before(2) == b'\\' => true,
        byte => !is_sign(byte) && byte != b'.',
    }
}

fn is_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A name that was looked at.
#[derive(Default)]
struct Name {
    end: usize,
    /// The bytes that say that nothing stands there, if they are few.
    read: Option<Range<usize>>,
}

/// Looks at a word of a name.
fn word(text: &[u8], range: Range<usize>, setting: ValueContext, pass: &mut Pass) -> Name {
    let is_secret = text[range.clone()].eq_ignore_ascii_case(b"secret");
    let is_kind = is_secret && is_kind(text, range.clone());
    if is_kind {
        pass.structures.push(range.start);
    }
    let name = assign::name_around(text, range.clone());
    let end = name.end;
    // What says that a word is no kind stands before it, and what is no part of its name may be it.
    let with_kind = |read: Range<usize>| match is_secret && range.start == name.start {
        true => Some(read.start.min(range.start.checked_sub(KIND)?)..read.end),
        false => Some(read),
    };
    let with_kind = |read: Option<Range<usize>>| read.filter(|_| !is_kind).and_then(with_kind);
    if let Some(read) = assign::unassigned(text, &name) {
        let read = with_kind(Some(read));
        return Name { end, read };
    }
    let Some(assignment) = assign::of_name(text, name.clone()) else {
        if is_dangling(text, name.end) && role(text, &name) >= NameHint::Secret {
            pass.structures.push(name.start);
        }
        return Name { end, read: None };
    };
    let value = &text[assignment.value.clone()];
    let opens = |signs: &[u8]| value.first().is_some_and(|sign| signs.contains(sign));
    let mut read = None;
    if !opens(b"{[")
        && let Ok(value) = std::str::from_utf8(value)
        && let Ok(name) = std::str::from_utf8(&text[assignment.name.clone()])
        && judge(name, value, setting).is_some()
    {
        pass.assignments.push(assignment);
    } else if opens(b"{[|>&!") && role(text, &name) >= NameHint::Secret {
        // What YAML opens here has names of its own, or goes on below.
        pass.structures.push(name.start);
    } else {
        read = with_kind(assign::extent(text, &assignment));
    }
    Name { end, read }
}

fn role(text: &[u8], name: &Range<usize>) -> NameHint {
    std::str::from_utf8(&text[name.clone()]).map_or(NameHint::Unknown, NameHint::of)
}

/// Whether a name is followed by a colon and nothing else on its line, and by a value on the next.
fn is_dangling(text: &[u8], end: usize) -> bool {
    let rest = &text[end..];
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest).trim_ascii_start();
    let Some(rest) = rest.strip_prefix(b":") else {
        return false;
    };
    let Some(line_end) = rest
        .iter()
        .position(|&byte| byte == b'\n' || !byte.is_ascii_whitespace())
        .filter(|&end| rest[end] == b'\n')
    else {
        return false;
    };
    let next = rest[line_end..].trim_ascii_start();
    let next = &next[..next.len().min(200)];
    let next = next.split(|&byte| byte == b'\n').next().unwrap_or_default();
    // A map below says itself what its values are, unless it only says that there is one.
    let colon = next.iter().position(|&byte| byte == b':');
    colon.is_none_or(|colon| std::str::from_utf8(&next[..colon]).is_ok_and(says_nothing))
}

/// How far `kind` may be from its value.
const KIND: usize = 32;

/// Whether the word is the whole value of `kind`.
fn is_kind(text: &[u8], word: Range<usize>) -> bool {
    let after = text.get(word.end).copied().unwrap_or(b'\n');
    let head = &text[word.start.saturating_sub(KIND)..word.start];
    let head = head.trim_ascii_end();
    let head = head
        .strip_suffix(b"\"")
        .or_else(|| head.strip_suffix(b"'"))
        .unwrap_or(head);
    let Some(head) = head.trim_ascii_end().strip_suffix(b":") else {
        return false;
    };
    let head = head.trim_ascii_end();
    let head = head.strip_suffix(b"\\").unwrap_or(head);
    let head = head
        .strip_suffix(b"\"")
        .or_else(|| head.strip_suffix(b"'"))
        .unwrap_or(head);
    !after.is_ascii_alphanumeric() && head.strip_suffix(b"\\").unwrap_or(head).ends_with(b"kind")
}

/// How far `path` may be from its value.
const POINTER: usize = 16;

/// Whether `/data` at `at` begins the path of a JSON patch: `path: /data/password`.
fn is_pointer(text: &[u8], at: usize) -> bool {
    let head = text[at.saturating_sub(POINTER)..at].trim_ascii_end();
    let head = head
        .strip_suffix(b"\"")
        .or_else(|| head.strip_suffix(b"'"))
        .unwrap_or(head);
    let Some(head) = head.trim_ascii_end().strip_suffix(b":") else {
        return false;
    };
    let head = head.strip_suffix(b"\"").unwrap_or(head);
    head.strip_suffix(b"path")
        .is_some_and(|head| !head.last().is_some_and(u8::is_ascii_alphanumeric))
}

/// What stands behind `://`, up to the path.
fn authority(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..text.len().min(start + 512)];
    let is_end = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
    };
    &rest[..rest.iter().position(is_end).unwrap_or(rest.len())]
}

/// `scheme://user:password@host`, of which the part behind the slashes begins at `start`.
fn password_in_url(authority: &[u8], start: usize) -> Option<Hit> {
    let at = authority.iter().rposition(|&byte| byte == b'@')?;
    let user = authority[..at].iter().position(|&byte| byte == b':')?;
    let value = std::str::from_utf8(&authority[user + 1..at]).ok()?;
    let is_same = authority[..user].eq_ignore_ascii_case(value.as_bytes());
    (!is_same && is_password(value)).then(|| Hit {
        rule: "url-password",
        range: start + user + 1..start + at,
        key: None,
        value: value.to_owned(),
    })
}

/// A PEM block whose label says that it is private, with a body worth the name.
fn private_key(text: &[u8], at: usize) -> Option<Hit> {
    let rest = &text[at..];
    let label_end = rest[11..].iter().take(80).position(|&byte| byte == b'-')? + 11;
    let label = &rest[11..label_end];
    if !label.windows(11).any(|window| window == b"PRIVATE KEY")
        && !label.starts_with(b"OpenVPN Static")
    {
        return None;
    }
    let body = rest[label_end..].strip_prefix(b"-----")?;
    let body_start = label_end + 5;
    let end = body
        .windows(5)
        .position(|window| window == b"-----")
        .unwrap_or(body.len());
    let body = &body[..end];
    // Escaped line breaks, indentation and the headers of old formats may stand between.
    let signs = body
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        .count();
    let text_body = String::from_utf8_lossy(body);
    let block: String = text_body
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(200)
        .collect();
    if signs < 64 || is_placeholder_value(&block) || is_regular(&block) || score(&block) < 4.0 {
        return None;
    }
    let range = at..at + body_start + end;
    Some(Hit {
        rule: "private-key",
        value: String::from_utf8_lossy(&text[range.clone()]).into_owned(),
        range,
        key: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    fn rules(text: &str) -> Vec<&'static str> {
        let searcher = Searcher::new();
        let mut marks = searcher.marks(text.as_bytes(), None, Wanted::All);
        let pass = searcher.pass(text.as_bytes(), &mut marks, ValueContext::Config);
        pass.hits.iter().map(|hit| hit.rule).collect()
    }

    /// Characters that look drawn, so that no token stands in this file.
    fn drawn(length: usize) -> String {
        let mut state = 7_u32;
        let signs = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(signs[(state >> 16) as usize % signs.len()])
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn every_expression_compiles_and_every_keyword_is_lower_case() {
        for (index, row) in RULES.iter().enumerate() {
            assert!(compile(index).is_some(), "{}", row.id);
            assert!(!row.keywords.is_empty(), "{}", row.id);
        }
        let rows = RULES.iter().flat_map(|row| row.keywords);
        for keyword in rows.chain(WORDS).chain(STRUCTURES).chain(&PROMISES) {
            assert_eq!(*keyword, keyword.to_ascii_lowercase());
            let is_printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
            assert!(keyword.bytes().all(is_printable), "{keyword}");
        }
    }

    #[test]
    fn a_token_is_found_by_its_prefix_where_a_word_begins() {
        let token = format!("ghp_{}", drawn(36));
        assert_eq!(rules(&format!("x {token} y")), ["github-pat"]);
        assert_eq!(rules(&format!("\"a\\n{token}\\n\"")), ["github-pat"]);
        assert_eq!(rules(&format!("x{token}")), [""; 0]);
        assert_eq!(rules(&format!("{token}x")), [""; 0]);
    }

    #[test]
    fn what_shows_nothing_shows_nothing_among_other_bytes() {
        const PIECES: [&str; 60] = [
            "token",
            "secret",
            "Secret",
            "key",
            "pass",
            "PASS",
            "pw",
            "auth",
            "licen",
            "path",
            "pat",
            "sk-",
            "/data",
            "://",
            "http",
            "user",
            "example.com",
            "kind",
            "name",
            "value",
            "Bearer ",
            "a",
            "b",
            "n",
            "of",
            "null",
            "true",
            "{{ .x }}",
            "$(y)",
            "1",
            ":",
            ": ",
            " = ",
            ":=",
            "=",
            "?=",
            "=>",
            "->",
            "==",
            ", ",
            "-",
            "--",
            ">",
            "<",
            "?",
            "&",
            "\"",
            "'",
            "`",
            "\\",
            "\\n",
            " ",
            "\n",
            "\t",
            "\n  ",
            "(",
            ")",
            "]",
            ");",
            "é",
        ];
        let searcher = Searcher::new();
        let mut below = drawn::below(7);
        let mut text = |most: usize| -> String {
            let pieces = (0..below(most)).map(|_| match below(30) {
                0 => "x".repeat(below(120)),
                1 => drawn(below(40)),
                _ => PIECES[below(PIECES.len())].to_owned(),
            });
            pieces.collect()
        };
        let setting = ValueContext::Config;
        let (mut idle, mut count) = (0, 0);
        for _ in 0..20_000 {
            let one = text(24);
            let mut marks = searcher.marks(one.as_bytes(), None, Wanted::All);
            searcher.pass(one.as_bytes(), &mut marks, setting);
            count += marks.keywords.len();
            for keyword in &marks.keywords {
                let Some(read) = keyword.read() else { continue };
                let found = &keyword.found;
                let (before, behind) = (text(8), text(8));
                let read_bytes = &one.as_bytes()[read.clone()];
                let other = [before.as_bytes(), read_bytes, behind.as_bytes()].concat();
                let mut others = searcher.marks(&other, None, Wanted::All);
                searcher.pass(&other, &mut others, setting);
                let start = before.len() + found.range.start - read.start;
                let same = others.keywords.iter().find(|other| {
                    other.found.range.start == start && other.found.number == found.number
                });
                let same = same.and_then(|same| same.idle);
                assert_eq!(same, keyword.idle, "{one:?} {:?}", other.escape_ascii());
                idle += 1;
            }
        }
        assert!(idle > count / 4, "{idle} of {count}");
    }

    #[test]
    fn a_sample_of_a_token_is_left_alone() {
        for body in [
            "x".repeat(36),
            "1234".repeat(9),
            "ExampleExampleExampleExampleExampleE".into(),
        ] {
            assert_eq!(rules(&format!("ghp_{body}")), [""; 0]);
        }
    }

    #[test]
    fn a_url_shows_its_password() {
        let password = drawn(14);
        assert_eq!(
            rules(&format!("redis://:{password}@redis:6379/0")),
            ["url-password"]
        );
        for harmless in [
            "https://git@example.org/a",
            "amqp://guest:guest@mq",
            "http://a:8080/x@y",
        ] {
            assert_eq!(rules(harmless), [""; 0], "{harmless}");
        }
    }

    #[test]
    fn a_private_key_needs_a_body() {
        let begin = concat!("-----BEGIN RSA PRIVATE", " KEY-----");
        let end = concat!("-----END RSA PRIVATE", " KEY-----");
        assert_eq!(
            rules(&format!("{begin}\n{}\n{end}", drawn(96))),
            ["private-key"]
        );
        assert_eq!(rules(&format!("{begin}\nanything\n{end}")), [""; 0]);
        assert_eq!(rules(begin), [""; 0]);
    }
}
