//! Finds `name = value` around a word in any text.
//!
//! No grammar is known here: the word is grown to the name it is part of, an operator is looked for
//! behind it, and behind that a value, quoted or not. That serves `.env` files, code, shell, HCL,
//! XML, prose, and YAML that does not parse. All windows are bounded.

use std::ops::Range;

use super::harmless::is_uuid;
use super::judge::is_scheme;

/// How far a name may reach from the word that was found in it.
const NAME: usize = 80;
/// How long a value may be, in quotes and without.
const VALUE: usize = 2048;
const BARE_VALUE: usize = 512;
/// How far a value may be from the `name:` it belongs to.
const PAIR: usize = 200;

/// What a field may be called whose value is the name of another.
const PAIRS: [&str; 3] = ["name", "key", "path"];

/// A name and its value, as ranges of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The assignment to a name, if there is one.
pub(super) fn of_name(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    direct(text, name.clone()).or_else(|| paired(text, name))
}

/// Which bytes names are made of.
const IS_NAME: [bool; 256] = {
    let mut is_name = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        is_name[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/');
        byte += 1;
    }
    is_name
};

/// The name that a word is part of.
pub(super) fn name_around(text: &[u8], word: Range<usize>) -> Range<usize> {
    let is_name = |byte: &&u8| IS_NAME[usize::from(**byte)];
    let before = text[..word.start].iter().rev().take(NAME);
    let mut start = word.start - before.take_while(is_name).count();
    let after = text[word.end..].iter().take(NAME);
    let end = word.end + after.take_while(is_name).count();
    // `\ntoken` in a string is a line break and `token`.
    if start > 0 && text[start - 1] == b'\\' && start < word.start && b"ntr".contains(&text[start])
    {
        start += 1;
    }
    start..end
}

/// The bytes around a name that say that nothing is assigned to it, and that it is no value of another
/// name: a blank or two before a word, a bracket behind it. Nothing where few bytes do not say so.
pub(super) fn unassigned(text: &[u8], name: &Range<usize>) -> Option<Range<usize>> {
    let mut start = whole_name(text, name)?;
    while is_blank(text[start]) || is_quote(text[start]) {
        start = start.checked_sub(1)?;
    }
    if matches!(text[start], b':' | b'=') {
        start = unpaired(text, start)?;
    }
    let mut end = name.end;
    let is_quoted = is_quote(peek(text, end));
    end += usize::from(is_quoted);
    skip_blanks(text, &mut end);
    let next = *text.get(end)?;
    let says_nothing = match next {
        b',' => !is_quoted,
        b':' => {
            end += 1;
            let then = *text.get(end)?;
            let is_part = !is_blank(then) && !is_quote(then) && !b":=\r\n\x0c".contains(&then);
            let is_header = text[name.clone()].eq_ignore_ascii_case(b"authorization");
            is_part && !is_quoted && !is_header
        }
        b'\n' | b'\r' => {
            let blank = text[end..].iter();
            end += blank.take_while(|byte| byte.is_ascii_whitespace()).count();
            *text.get(end)? != b':'
        }
        // Behind a name of its whole length no letter stands.
        _ => {
            next.is_ascii_alphanumeric() && end > name.end
                || next >= 0x80
                || b"(){}[;|&*#%@!".contains(&next)
        }
    };
    (says_nothing && text[name.start] != b'-').then_some(start..end + 1)
}

/// How far back from the operator at `at` is read to say that no name or key stands before it, whose
/// value may stand elsewhere.
fn unpaired(text: &[u8], at: usize) -> Option<usize> {
    let head = text[..at].trim_ascii_end();
    let head = head.strip_suffix(b"\"").unwrap_or(head);
    let is_pair = PAIRS.iter().any(|end| head.ends_with(end.as_bytes()));
    let longest = PAIRS.iter().map(|end| end.len()).max();
    head.len().checked_sub(longest?).filter(|_| !is_pair)
}

/// The bytes around a name and its value that say that it is this one, where they are only what is
/// between both and what stands beside them.
pub(super) fn extent(text: &[u8], assignment: &Assignment) -> Option<Range<usize>> {
    let Assignment { name, value } = assignment;
    let start = whole_name(text, name)?;
    let between = text.get(name.end..value.start)?;
    let is_plain = |byte: &u8| is_blank(*byte) || is_quote(*byte) || b":=?+\\".contains(byte);
    // What looks further back.
    let is_far = text[name.start] == b'-'
        || matches!(text[start], b'?' | b'&')
        || text[name.clone()] == *b"PASS"
        || between == b"=";
    // What closes something is taken off a value.
    let closing = text[value.end..].iter();
    let closing = closing.take_while(|byte| b",;)]}".contains(byte)).count();
    let end = value.end + closing + 2;
    (between.iter().all(is_plain) && !is_far && end <= text.len()).then_some(start..end)
}

/// The byte before a name, if it is there and the name has all of its letters.
fn whole_name(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let is_name = |at: usize| text.get(at).is_some_and(|byte| IS_NAME[usize::from(*byte)]);
    let before = name.start.checked_sub(1)?;
    (!is_name(before) && !is_name(name.end)).then_some(before)
}

/// `name = value`, `name: value`, `"name": "value"`, `--name value`, `<name>value<`.
fn direct(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    let mut at = name.end;
    let name_quoted = skip_quotes(text, &mut at);
    if peek(text, at) == b']' {
        at += 1;
    }
    let after_name = at;
    skip_blanks(text, &mut at);
    let spaced = at > after_name;
    let is_flag = text[name.clone()].starts_with(b"-");
    match operator(text, at) {
        Some(end) => {
            let is_colon = end == at + 1 && text[at] == b':';
            let is_header = || text[name.clone()].eq_ignore_ascii_case(b"authorization");
            let next = peek(text, end);
            // `image:tag` is no assignment, `"image":"tag"` is one.
            if is_colon && !name_quoted && !is_blank(next) && !is_quote(next) && !is_header() {
                return None;
            }
            let is_element = text[at] == b'>';
            if is_element && !(text[..name.start].ends_with(b"<") && text[name.start] != b'/') {
                return None;
            }
            let is_list = text[at] == b',';
            if is_colon && !name_quoted && is_outcome(text, &name) || is_invitation(text, &name) {
                return None;
            }
            at = end;
            if is_element {
                while at < text.len() && at - end < PAIR && text[at].is_ascii_whitespace() {
                    at += 1;
                }
            }
            skip_blanks(text, &mut at);
            let is_argument = || {
                name_quoted
                    && is_quote(peek(text, at))
                    && !is_value(text, name.start)
                    && !is_item(text, name.start)
            };
            if is_list && !is_flag && !is_argument() {
                return None;
            }
            // `--password,--pass` lists flags.
            if is_list && is_flag && peek(text, at) == b'-' {
                return None;
            }
            if is_element {
                let value = value_at(text, at)?;
                let close = text[value.end..].trim_ascii_start();
                return close
                    .starts_with(b"<")
                    .then_some(Assignment { name, value });
            }
        }
        None => {
            let next_item = || {
                let below = text[at..].strip_prefix(b"\n")?.trim_ascii_start();
                Some(text.len() - below.strip_prefix(b"- ")?.len())
            };
            match next_item() {
                _ if !is_flag => return None,
                Some(item) => at = item,
                None if spaced => {}
                None => return None,
            }
            if peek(text, at) == b'-' {
                return None;
            }
        }
    }
    let value = match fills_line(text, &name, at) {
        true => line_value(text, at)?,
        false => value_at(text, at)?,
    };
    // `f("secret", "28b87851-…")` gives an id beside a name.
    let is_id = || std::str::from_utf8(&text[value.clone()]).is_ok_and(is_uuid);
    let is_apart = !is_flag && text[name.end..value.start].contains(&b',');
    (!is_apart || !is_id()).then_some(Assignment { name, value })
}

/// `https://zoom.us/j/1?pwd=`: the address of a meeting is meant to be shared.
fn is_invitation(text: &[u8], name: &Range<usize>) -> bool {
    if !text[..name.start].ends_with(b"?") && !text[..name.start].ends_with(b"&") {
        return false;
    }
    let before = &text[name.start.saturating_sub(200)..name.start];
    let address = before.rsplit(|byte| byte.is_ascii_whitespace()).next();
    let has = |mark: &[u8]| address.is_some_and(|it| it.windows(mark.len()).any(|at| at == mark));
    has(b"zoom.us/") || has(b"/meeting/")
}

/// `--- PASS: TestShop`: the outcome of a test, not a password.
fn is_outcome(text: &[u8], name: &Range<usize>) -> bool {
    let before = text[..name.start].trim_ascii_end();
    text[name.clone()] == *b"PASS" && (before.is_empty() || before.ends_with(b"---"))
        || text[name.clone()] == *b"PASS"
            && text[..name.start].last().is_none_or(|&byte| byte == b'\n')
            && text[name.end..].starts_with(b": ")
            && !text[name.end + 2..].starts_with(b"\"")
}

/// Whether a quoted word at `at` is one of a list: `["user", "password", "token"]`.
fn is_item(text: &[u8], at: usize) -> bool {
    let head = before_quote(text, at);
    let before = head.strip_suffix(b",").map(<[u8]>::trim_ascii_end);
    head.ends_with(b"[") || before.is_some_and(|it| it.last().is_some_and(|&byte| is_quote(byte)))
}

/// Whether an operator stands before `at`, so that what follows is a value itself.
fn is_value(text: &[u8], at: usize) -> bool {
    let head = before_quote(text, at);
    head.ends_with(b":") || head.ends_with(b"=")
}

fn before_quote(text: &[u8], mut at: usize) -> &[u8] {
    while at > 0 && (is_blank(text[at - 1]) || is_quote(text[at - 1])) {
        at -= 1;
    }
    &text[..at]
}

/// `name: PASSWORD` and `value: …` beside it, on this line or the ones around.
fn paired(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    if !is_value(text, name.start) {
        return None;
    }
    let head = before_quote(text, name.start);
    let head = head[..head.len() - 1].trim_ascii_end();
    let head = head.strip_suffix(b"\"").unwrap_or(head);
    if !PAIRS.iter().any(|end| head.ends_with(end.as_bytes())) {
        return None;
    }
    let after = &text[name.end..text.len().min(name.end + PAIR)];
    let after = &after[..end_of_lines(after, 2)];
    let from = head.len().saturating_sub(PAIR);
    let before = &head[from..];
    let before_start = start_of_lines(before, 2);
    let value = value_word(after)
        .map(|found| name.end + found)
        .and_then(|end| value_behind(text, end))
        .or_else(|| {
            let found = value_word(&before[before_start..])?;
            value_behind(text, from + before_start + found)
        })?;
    // The name may stand in the very text that is called `value`.
    (!value.contains(&name.start)).then_some(Assignment { name, value })
}

/// The end of the word `value` where it is a key.
fn value_word(text: &[u8]) -> Option<usize> {
    let found = text.windows(5).position(|window| window == b"value")?;
    let before = found.checked_sub(1).map(|index| text[index]);
    before
        .is_none_or(|byte| !byte.is_ascii_alphanumeric())
        .then_some(found + 5)
}

fn value_behind(text: &[u8], end: usize) -> Option<Range<usize>> {
    let mut at = end;
    skip_quotes(text, &mut at);
    skip_blanks(text, &mut at);
    if !matches!(peek(text, at), b':' | b'=') {
        return None;
    }
    at += 1;
    skip_blanks(text, &mut at);
    value_at(text, at)
}

/// The end of the first `count` further lines; a new item of a list ends the search.
fn end_of_lines(text: &[u8], count: usize) -> usize {
    let mut left = count;
    for (index, &byte) in text.iter().enumerate() {
        if byte == b'}' {
            return index;
        }
        if byte == b'\n' {
            left -= 1;
            let is_item = text[index + 1..].trim_ascii_start().starts_with(b"- ");
            if left == 0 || is_item {
                return index;
            }
        }
    }
    text.len()
}

fn start_of_lines(text: &[u8], count: usize) -> usize {
    let mut left = count;
    for (index, &byte) in text.iter().enumerate().rev() {
        if byte == b'{' {
            return index + 1;
        }
        if byte == b'\n' {
            left -= 1;
            let is_item = text[index + 1..].trim_ascii_start().starts_with(b"- ");
            if left == 0 || is_item {
                return index + 1;
            }
        }
    }
    0
}

/// The end of the operator at `at`.
fn operator(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at.min(text.len())..];
    if !matches!(
        rest.first()?,
        b':' | b'=' | b',' | b'>' | b'?' | b'+' | b'-'
    ) {
        return None;
    }
    let colons = rest
        .iter()
        .take(3)
        .take_while(|&&byte| byte == b':')
        .count();
    if colons > 0 && rest.get(colons) == Some(&b'=') {
        return Some(at + colons + 1);
    }
    let two = ["=>", "?=", "+=", "->"];
    if let Some(operator) = two.iter().find(|two| rest.starts_with(two.as_bytes())) {
        return Some(at + operator.len());
    }
    if rest.starts_with(b"==") || rest.starts_with(b"::") {
        return None;
    }
    matches!(rest.first(), Some(b':' | b'=' | b',' | b'>')).then_some(at + 1)
}

/// Whether `NAME=value` begins its line, as in a file of variables: nothing but a blank ends the
/// value then, unless it is quoted.
fn fills_line(text: &[u8], name: &Range<usize>, value: usize) -> bool {
    if text[name.end..value] != *b"=" || is_quote(peek(text, value)) {
        return false;
    }
    // A line may be as long as its file; one that begins further away is not filled.
    let near = &text[name.start.saturating_sub(NAME)..name.start];
    let begins = near.len() == name.start || near.contains(&b'\n');
    let line = near.rsplit(|&byte| byte == b'\n').next();
    let before = line.unwrap_or_default().trim_ascii();
    begins && (before.is_empty() || before == b"export")
}

/// The value that reaches to a blank, a semicolon or the end of its line.
fn line_value(text: &[u8], at: usize) -> Option<Range<usize>> {
    let limit = text.len().min(at + BARE_VALUE);
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b';';
    let bare = end_of_bare(text, at, limit);
    let length = text[at..limit].iter().position(is_end);
    // What a shell or a template opens may hold blanks.
    let end = bare.max(length.map_or(limit, |length| at + length));
    let end = end
        - text[at..end]
            .iter()
            .rev()
            .take_while(|byte| b",)]}\\".contains(byte))
            .count();
    let end = end.max(bare);
    (end > at).then_some(at..end)
}

/// The value at `at`.
fn value_at(text: &[u8], mut at: usize) -> Option<Range<usize>> {
    // A prefix of a string literal, as in `b"…"`.
    if matches!(peek(text, at), b'b' | b'r' | b'f') && is_quote(peek(text, at + 1)) {
        at += 1;
    }
    let opened = at;
    let quoted = skip_quotes(text, &mut at);
    let limit = text.len().min(at + BARE_VALUE);
    let end = if quoted {
        end_of_quoted(text, at, text.len().min(at + VALUE), &text[opened..at])
    } else {
        end_of_bare(text, at, limit)
    };
    let value = &text[at..end];
    // What closes a call stands behind a text, not in one.
    let closes = [&b"),"[..], b");", b").", b"))", b")}", b"],", b"},"];
    if quoted && closes.iter().any(|close| value.starts_with(close)) {
        return None;
    }
    // `Bearer …` without quotes goes on behind the blank.
    if !quoted && std::str::from_utf8(value).is_ok_and(is_scheme) && peek(text, end) == b' ' {
        let start = end + 1;
        let end = end_of_bare(text, start, limit);
        return (end > start).then_some(start..end);
    }
    (end > at).then_some(at..end)
}

fn end_of_quoted(text: &[u8], at: usize, limit: usize, opening: &[u8]) -> usize {
    let quote = opening.last().copied().unwrap_or(b'"');
    let escaped = opening.starts_with(b"\\");
    let mut end = at;
    while end < limit {
        match text[end] {
            b'\n' if quote != b'`' => break,
            byte if byte == quote => break,
            b'\\' if escaped && peek(text, end + 1) == quote => break,
            b'\\' => end += 1,
            _ => {}
        }
        end += 1;
    }
    end.min(limit)
}

fn end_of_bare(text: &[u8], at: usize, limit: usize) -> usize {
    let mut end = at;
    // What a shell or a template opens may hold blanks.
    let mut depth = 0_usize;
    while end < limit {
        let byte = text[end];
        match byte {
            b'\n' => break,
            b'{' | b'(' => depth += 1,
            b'}' | b')' => depth = depth.saturating_sub(1),
            b' ' | b'\t' | b'\r' if depth == 0 => break,
            b'"' | b'\'' | b'`' | b'<' | b';' | b',' | b'&' if depth == 0 && end > at => break,
            b'\\' if matches!(peek(text, end + 1), b'n' | b'"' | b'r' | b't') => break,
            _ => {}
        }
        end += 1;
    }
    while end > at
        && matches!(text[end - 1], b',' | b';' | b')' | b']' | b'}')
        && !text[at..end].contains(&opening(text[end - 1]))
    {
        end -= 1;
    }
    end
}

fn opening(closing: u8) -> u8 {
    match closing {
        b')' => b'(',
        b']' => b'[',
        b'}' => b'{',
        _ => 0,
    }
}

/// Goes over a quote, or a few with backslashes before them; says whether there was one.
fn skip_quotes(text: &[u8], at: &mut usize) -> bool {
    let start = *at;
    while peek(text, *at) == b'\\' {
        *at += 1;
    }
    if is_quote(peek(text, *at)) {
        *at += 1;
        true
    } else {
        *at = start;
        false
    }
}

fn skip_blanks(text: &[u8], at: &mut usize) {
    while is_blank(peek(text, *at)) {
        *at += 1;
    }
}

fn peek(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(b'\n')
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, word: &str) -> Option<(String, String)> {
        let start = text.find(word).unwrap();
        let name = name_around(text.as_bytes(), start..start + word.len());
        let assignment = of_name(text.as_bytes(), name)?;
        Some((
            text[assignment.name].to_owned(),
            text[assignment.value].to_owned(),
        ))
    }

    #[test]
    fn every_operator_assigns() {
        for text in [
            "api_token=abc",
            "api_token = abc",
            "api_token: abc",
            "\"api_token\": \"abc\"",
            "'api_token' => 'abc'",
            "api_token := `abc`",
            "api_token ?= abc",
            "api_token ::= abc",
            "<api_token>\n    abc\n</api_token>",
            "f(\"api_token\", \"abc\")",
            "x[\"api_token\"] = \"abc\"",
            "{\\\"api_token\\\": \\\"abc\\\"}",
            "{api_token: abc}",
            "\\napi_token=abc\\n",
            "api_token: abc # why",
            "api_token=abc;b=c",
            "x=1\nexport api_token=abc\ny=2",
        ] {
            let (name, value) = found(text, "token").unwrap_or_default();
            assert_eq!((&*name, &*value), ("api_token", "abc"), "{text}");
        }
    }

    #[test]
    fn a_variable_has_the_rest_of_its_line() {
        for value in ["a<b>c&d,e`f\"g", "a$(b c)d", "a,b"] {
            let text = format!("x=1\napi_token={value}\ny=2\n");
            assert_eq!(found(&text, "token").unwrap_or_default().1, value);
        }
        let call = found("f(\n  api_token=abc,\n)", "token").unwrap();
        assert_eq!(call.1, "abc");
    }

    #[test]
    fn flags_and_headers_assign() {
        let flag = found("redis-server --requirepass abc", "pass").unwrap();
        assert_eq!(flag, ("--requirepass".to_owned(), "abc".to_owned()));
        for list in [
            "args: [--api-token, abc]",
            "- --api-token\n- abc\n",
            "[\"--api-token\", \"abc\"]",
        ] {
            assert_eq!(found(list, "token").unwrap_or_default().1, "abc", "{list}");
        }
        let header = found("-H \"Authorization: Bearer abc\" url", "Auth").unwrap();
        assert_eq!(header.1, "abc");
    }

    #[test]
    fn a_name_and_a_value_beside_each_other_assign() {
        for text in [
            "- name: DB_PASSWORD\n  value: abc\n",
            "- value: abc\n  name: DB_PASSWORD\n",
            "- {name: DB_PASSWORD, value: abc}",
            "{\"name\": \"DB_PASSWORD\", \"value\": \"abc\"}",
            "<add key=\"DB_PASSWORD\" value=\"abc\" />",
        ] {
            let (_, value) = found(text, "PASSWORD").unwrap_or_default();
            assert_eq!(value, "abc", "{text}");
        }
    }

    #[test]
    fn what_is_no_assignment_is_left_alone() {
        for text in [
            "image: auth-token:abc",
            "the token is abc",
            "if token == abc",
            "- name: db_token\n- value: abc\n",
            "token",
        ] {
            assert_eq!(found(text, "oken"), None, "{text}");
        }
    }
}
