//! Finds secrets by patterns alone: tokens, private keys, URLs with passwords, assignments.
//!
//! One search for all keywords goes over the bytes once; the text behind a keyword is examined only
//! where the keyword occurs.

use std::array;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, MatchKind, dfa};
use kustom_yaml::cut::Cut as _;
use regex::bytes::{Regex, RegexBuilder};

use super::assign::{self, Assignment};
use super::base64;
use super::harmless::is_public;
use super::judge::{ValueContext, is_password, judge};
use super::keywords::Keywords;
use super::name_hint::{NameHint, says_nothing};
use super::placeholder::is_placeholder_value;
use super::random::{entropy, is_regular, is_wordy, score};
use super::rules::{RULES, Test};

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
    /// Base64 texts that hide a text worth reading.
    pub(super) encoded: Vec<Range<usize>>,
    /// Where the text shows the structures of Kubernetes that hold secrets.
    pub(super) structures: Vec<usize>,
    /// The words that the name of a secret may have, wherever they stand.
    pub(super) promises: Vec<Range<usize>>,
}

impl Pass {
    /// Whether nothing is left that needs a closer look.
    pub(super) fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.encoded.is_empty() && self.structures.is_empty()
    }
}

/// How many bytes are searched before an automaton pays, which is quick, but long in the making.
const MANY: usize = 256 << 10;

/// The keywords, and the expressions behind them.
pub(super) struct Searcher {
    keywords: Keywords,
    /// How many bytes the longest keyword has.
    longest: usize,
    /// Finds what `keywords` finds.
    automaton: OnceLock<dfa::DFA>,
    /// How many bytes were searched so far.
    searched: AtomicUsize,
    triggers: Vec<Trigger>,
    /// Which of the keywords are those of [`PROMISES`].
    promising: Vec<bool>,
    expressions: Vec<OnceLock<Option<Regex>>>,
}

/// How many parts of a long text are searched side by side: one search alone waits for the next
/// state most of the time.
const LANES: usize = 4;

/// Shows every match of an automaton, also those that overlap, by their ends; none is longer than
/// `longest`.
///
/// As [`AhoCorasick::find_overlapping_iter`](aho_corasick::AhoCorasick::find_overlapping_iter), which
/// stops at each match and costs several times as much for a byte.
fn overlapping(
    automaton: &impl Automaton,
    longest: usize,
    text: &[u8],
    mut visit: impl FnMut(usize, Range<usize>),
) {
    let ends = if text.len() < 4 * LANES * longest {
        match_ends::<1>(automaton, longest, text)
    } else {
        match_ends::<LANES>(automaton, longest, text)
    };
    for (end, state) in ends {
        for index in 0..automaton.match_len(state) {
            let pattern = automaton.match_pattern(state, index);
            let start = end - automaton.pattern_len(pattern);
            visit(pattern.as_usize(), start..end);
        }
    }
}

/// Where matches end, in order, and the state there; a text is searched in `PARTS` of one width.
#[expect(
    clippy::needless_range_loop,
    reason = "all parts are read at one place at once"
)]
fn match_ends<const PARTS: usize>(
    automaton: &impl Automaton,
    longest: usize,
    text: &[u8],
) -> Vec<(usize, StateID)> {
    let Ok(start) = automaton.start_state(Anchored::No) else {
        return Vec::new();
    };
    // Parts overlap by what the longest match needs.
    let width = (text.len() + (PARTS - 1) * longest) / PARTS;
    // A match for so many bytes is more than most texts have.
    let mut ends: [Vec<(usize, StateID)>; PARTS] =
        array::from_fn(|_| Vec::with_capacity(width / 64));
    let step = width.saturating_sub(longest);
    let parts: [&[u8]; PARTS] = array::from_fn(|part| &text[part * step..][..width]);
    let mut states = [start; PARTS];
    for at in 0..width {
        let mut is_special = false;
        for part in 0..PARTS {
            states[part] = automaton.next_state(Anchored::No, states[part], parts[part][at]);
            is_special |= automaton.is_special(states[part]);
        }
        if is_special {
            for part in 0..PARTS {
                if automaton.is_match(states[part]) {
                    ends[part].push((part * step + at + 1, states[part]));
                }
            }
        }
    }
    // The division may leave some bytes at the end.
    let mut state = states[PARTS - 1];
    let rest = (PARTS - 1) * step + width;
    for (at, &byte) in text.iter().enumerate().skip(rest) {
        state = automaton.next_state(Anchored::No, state, byte);
        if automaton.is_match(state) {
            ends[PARTS - 1].push((at + 1, state));
        }
    }
    let mut all = Vec::with_capacity(ends.iter().map(Vec::len).sum());
    for (part, ends) in ends.iter().enumerate() {
        // What both parts have read is the earlier one's.
        let seen = if part > 0 { part * step + longest } else { 0 };
        all.extend(ends.iter().filter(|(end, _)| *end > seen));
    }
    all
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
            longest: keywords
                .iter()
                .map(|word| word.len())
                .max()
                .unwrap_or_default(),
            keywords: Keywords::new(keywords),
            automaton: OnceLock::new(),
            searched: AtomicUsize::new(0),
            triggers,
            expressions: RULES.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// Says that so many bytes will be searched: of many, the first need no automaton of their own.
    pub(super) fn expect(&self, bytes: usize) {
        if bytes >= MANY {
            self.searched.fetch_max(MANY, Ordering::Relaxed);
        }
    }

    /// Shows every keyword of a text and its number, also those that overlap.
    fn find_keywords(&self, text: &[u8], mut visit: impl FnMut(usize, Range<usize>)) {
        let searched = self.searched.fetch_add(text.len(), Ordering::Relaxed);
        if searched + text.len() < MANY {
            for (keyword, range) in self.keywords.find(text) {
                visit(keyword, range);
            }
        } else {
            let build = || {
                dfa::Builder::new()
                    .ascii_case_insensitive(true)
                    .match_kind(MatchKind::Standard)
                    .build(self.keywords.words())
                    .expect("some hundred short keywords fit into an automaton")
            };
            overlapping(self.automaton.get_or_init(build), self.longest, text, visit);
        }
    }

    /// Goes over a text once.
    pub(super) fn pass(&self, text: &[u8], setting: ValueContext) -> Pass {
        let mut pass = Pass {
            encoded: encoded(text),
            ..Pass::default()
        };
        let mut named = 0;
        self.find_keywords(text, |keyword, range| {
            if self.promising[keyword] {
                pass.promises.push(range.clone());
            }
            match self.triggers[keyword] {
                Trigger::Rule(rule) => self.token(text, range.start, rule, &mut pass),
                Trigger::Word => {
                    if range.start >= named {
                        named = word(text, range, setting, &mut pass);
                    }
                }
                Trigger::Url => pass.hits.extend(password_in_url(text, range.start)),
                Trigger::Pem => pass.hits.extend(private_key(text, range.start)),
                Trigger::Structure => pass.structures.push(range.start),
                Trigger::Pointer => {
                    if is_pointer(text, range.start) {
                        pass.structures.push(range.start);
                    }
                }
                Trigger::Promise => {}
            }
        });
        pass
    }

    fn token(&self, text: &[u8], keyword: usize, rule: usize, pass: &mut Pass) {
        let row = &RULES[rule];
        if row.before == 0 && !opens_word(text, keyword) {
            return;
        }
        let start = keyword.saturating_sub(row.before);
        let reach = if row.before == 0 { WINDOW } else { NEAR };
        let window = &text[start..text.len().min(keyword + reach)];
        let letters = text[keyword..].iter().take(row.letters);
        if !letters.into_iter().all(u8::is_ascii_alphanumeric) {
            return;
        }
        let expression = self.expressions[rule].get_or_init(|| compile(rule));
        let Some(expression) = expression else { return };
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

/// Looks at a word of a name; returns where the name ends.
fn word(text: &[u8], range: Range<usize>, setting: ValueContext, pass: &mut Pass) -> usize {
    if text[range.clone()].eq_ignore_ascii_case(b"secret") && is_kind(text, range.clone()) {
        pass.structures.push(range.start);
    }
    let name = assign::name_around(text, range.clone());
    let Some(assignment) = assign::around(text, range) else {
        if is_dangling(text, name.end) && role(text, &name) >= NameHint::Secret {
            pass.structures.push(name.start);
        }
        return name.end;
    };
    let value = &text[assignment.value.clone()];
    let opens = |signs: &[u8]| value.first().is_some_and(|sign| signs.contains(sign));
    if !opens(b"{[")
        && let Ok(value) = std::str::from_utf8(value)
        && let Ok(name) = std::str::from_utf8(&text[assignment.name.clone()])
        && judge(name, value, setting).is_some()
    {
        pass.assignments.push(assignment);
    } else if opens(b"{[|>&!") && role(text, &name) >= NameHint::Secret {
        // What YAML opens here has names of its own, or goes on below.
        pass.structures.push(name.start);
    }
    name.end
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

/// Whether the word is the whole value of `kind`.
fn is_kind(text: &[u8], word: Range<usize>) -> bool {
    let after = text.get(word.end).copied().unwrap_or(b'\n');
    let head = &text[word.start.saturating_sub(32)..word.start];
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

/// Whether `/data` at `at` begins the path of a JSON patch: `path: /data/password`.
fn is_pointer(text: &[u8], at: usize) -> bool {
    let head = text[at.saturating_sub(16)..at].trim_ascii_end();
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

/// `scheme://user:password@host`.
fn password_in_url(text: &[u8], colon: usize) -> Option<Hit> {
    let start = colon + 3;
    let rest = &text[start..text.len().min(start + 512)];
    let is_end = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
    };
    let authority = &rest[..rest.iter().position(is_end).unwrap_or(rest.len())];
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

/// The shortest base64 text that is read: that of a token of eighteen characters.
const LEAST: usize = 24;

/// The base64 texts that hide a text which is not public.
fn encoded(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(window) = text.get(start..start + LEAST) {
        // Behind the last sign of another kind the next text may begin.
        if let Some(at) = window.iter().rposition(|&byte| !base64::is_digit(byte)) {
            start += at + 1;
            continue;
        }
        let rest = text[start + LEAST..].iter();
        let end = start + LEAST + rest.take_while(|&&byte| base64::is_digit(byte)).count();
        if hides_text(&text[start..end]) {
            let padding = text[end..].iter().take(2).take_while(|&&byte| byte == b'=');
            found.push(start..end + padding.count());
        }
        start = end + 1;
    }
    found
}

/// Whether a run of base64 signs is a text that is not public; of other signs nearly none is one.
fn hides_text(run: &[u8]) -> bool {
    let opens_text = run.first_chunk().is_some_and(base64::is_text);
    let head = std::str::from_utf8(&run[..run.len().min(64) / 4 * 4]).ok();
    opens_text
        && head
            .and_then(base64::decode_text)
            .is_some_and(|head| !is_public(&head))
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use aho_corasick::nfa::contiguous;

    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        let pass = Searcher::new().pass(text.as_bytes(), ValueContext::Config);
        pass.hits.iter().map(|hit| hit.rule).collect()
    }

    #[test]
    fn with_and_without_an_automaton_the_same_is_found() {
        let text = format!(
            "password: {0}\nTOKEN={0}\ngithub: ghp_{0}\nurl: https://u:{0}@example.com\n\
             data: {1}\nstringData: {{hmac: {0}}}\n- path: /data/key\n",
            drawn(36),
            ::base64::prelude::BASE64_STANDARD.encode(format!("token: {}", drawn(36)))
        );
        let pass = |expected| {
            let searcher = Searcher::new();
            searcher.expect(expected);
            let pass = searcher.pass(text.as_bytes(), ValueContext::Config);
            let is_made = searcher.automaton.get().is_some();
            let rules: Vec<_> = pass
                .hits
                .iter()
                .map(|hit| (hit.rule, hit.range.clone()))
                .collect();
            (
                is_made,
                rules,
                pass.assignments.len(),
                pass.encoded,
                pass.structures,
            )
        };
        let (few, many) = (pass(0), pass(MANY));
        assert_eq!(pass(MANY - 1).0, pass(1).0);
        assert_eq!((few.0, many.0), (false, true));
        assert!(!few.1.is_empty() && few.2 > 0 && !few.3.is_empty() && !few.4.is_empty());
        assert_eq!(
            (few.1, few.2, few.3, few.4),
            (many.1, many.2, many.3, many.4)
        );
    }

    #[test]
    fn parts_side_by_side_show_what_one_search_shows() {
        let searcher = Searcher::new();
        let keywords = searcher.keywords.words();
        let automaton = contiguous::NFA::new(keywords).unwrap();
        let mut state = 7_u32;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % limit
        };
        let mut text = String::new();
        while text.len() < 4_000 {
            text.push_str(keywords[below(keywords.len())]);
            text.push_str(&"x ".repeat(below(9)));
        }
        let longest = searcher.longest;
        for end in 4 * LANES * longest..text.len() {
            let text = &text.as_bytes()[..end];
            let alone = match_ends::<1>(&automaton, longest, text);
            assert_eq!(match_ends::<LANES>(&automaton, longest, text), alone);
        }
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
            for keyword in row.keywords {
                assert_eq!(*keyword, keyword.to_ascii_lowercase());
            }
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
