//! Credentials in addresses, whatever their scheme is, and whether it is one.
//!
//! An address that no program knows is shown in the message that says so. So it is not parsed: who
//! mistypes a scheme has mistyped nothing of the password.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::search;
use std::ops::Range;

use super::harmless::is_hash;
use super::judge::{ValueContext, judge};

/// The user information in the addresses of a text, where it holds more than a name.
pub(super) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let schemes = search::all_of_text(SCHEME, bytes);
    // Who writes a blank into a password has not ended the address.
    for quote in [b'`', b'"', b'\''] {
        for range in quoted(bytes, quote, &schemes) {
            let (at, words) = (range.start, text.cut(range));
            if words.contains(' ') {
                found.extend(of_word(words).map(|range| range.start + at..range.end + at));
            }
        }
    }
    // A word without either mark is no address; most texts are made of such.
    let mut marks: Vec<usize> = search::all(b'@', bytes).collect();
    marks.extend(&schemes);
    marks.sort_unstable();
    let mut end = 0;
    for mark in marks {
        if mark < end {
            continue;
        }
        let before = text.cut(end..mark);
        // Whatever ends a word may be longer than a byte.
        let start = before.char_indices().rev().find(|(_, sign)| is_end(*sign));
        let start = start.map_or(end, |(at, sign)| end + at + sign.len_utf8());
        let rest = text.cut(mark..);
        end = mark + rest.find(is_end).unwrap_or(rest.len());
        let word = text.cut(start..end);
        let own = of_word(word).into_iter().chain(queried(word));
        found.extend(own.map(|range| range.start + start..range.end + start));
    }
    found
}

/// What stands between the scheme of an address and the rest.
const SCHEME: &[u8] = b"://";

/// The parts of a text in quotes of one sort that have one of the offsets in them, which are those of
/// schemes, in order.
fn quoted(text: &[u8], quote: u8, mut schemes: &[usize]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut opened = None;
    if schemes.is_empty() {
        return found;
    }
    for at in search::all(quote, text).chain([text.len()]) {
        let Some(start) = opened.replace(at + 1) else {
            continue;
        };
        opened = None;
        let before = schemes.partition_point(|scheme| *scheme < start);
        schemes = &schemes[before..];
        if schemes
            .first()
            .is_some_and(|scheme| scheme + SCHEME.len() <= at)
        {
            found.push(start..at);
        }
    }
    found
}

/// The values in the query of an address, but those that say what is fetched.
fn queried(word: &str) -> Vec<Range<usize>> {
    const KNOWN: [&str; 6] = [
        "ref",
        "version",
        "timeout",
        "submodules",
        "depth",
        "archive",
    ];
    let mut found = Vec::new();
    let Some((address, query)) = word.split_once('?').filter(|it| it.0.contains("://")) else {
        return found;
    };
    let mut at = address.len() + 1;
    for pair in query.split('&') {
        if let Some((key, value)) = pair.split_once('=')
            && !KNOWN.contains(&key)
            && !value.is_empty()
        {
            found.push(at + key.len() + 1..at + pair.len());
        }
        at += pair.len() + 1;
    }
    found
}

/// Whether no address goes on over a character.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '`' | '"' | '\'' | '<' | '>')
}

fn of_word(word: &str) -> Option<Range<usize>> {
    let start = word.find("://").map_or_else(
        // `git::bob@host:path`
        || word.find("::").map_or(0, |at| at + 2),
        |at| at + 3,
    );
    let address = word.cut(start..);
    // A password may hold an `@`, and a slash, where an address ends for a parser.
    let first = address.find('@')?;
    let last = last_mark(address)?;
    let user = address.cut(..first);
    if is_host(user, start > 0) || is_image(address, last) {
        return None;
    }
    let is_secret = match user.split_once(':') {
        Some(_) => true,
        // The rest of one that another program has masked.
        None if user == "***" => last > first,
        // `TOKEN@host`: a plausible user name is shown, anything else is masked.
        None => judge("token", user, ValueContext::Text).is_some(),
    };
    is_secret.then_some(start..start + last)
}

/// The `@` before the host: the last one, unless a path stands before it that another `@` opens.
fn last_mark(address: &str) -> Option<usize> {
    // From the right, so that each sign is looked at once: what follows a mark is a host if a dot
    // comes before whatever ends one.
    let (mut is_host, mut slash) = (false, address.len());
    let mut marks: Vec<(usize, bool, usize)> = Vec::new();
    for (at, sign) in address.char_indices().rev() {
        match sign {
            '@' => marks.push((at, is_host, slash)),
            '.' => is_host = true,
            '/' | ':' | '?' | '#' => is_host = false,
            _ => {}
        }
        if sign == '/' {
            slash = at;
        }
    }
    let mut marks = marks.into_iter().rev();
    let mut found = marks.next()?;
    for mark in marks {
        // `bob:pw@host.example/a@v1`: the path has one of its own.
        let (_, is_host, slash) = found;
        let is_in_path = is_host && slash < mark.0;
        if !is_in_path {
            found = mark;
        }
    }
    Some(found.0)
}

/// `host:8080/path`: a port or a path, and no user.
fn is_host(user: &str, has_scheme: bool) -> bool {
    let Some((authority, path)) = user.split_once('/') else {
        return false;
    };
    match authority.split_once(':') {
        Some((_, port)) => !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()),
        None => has_scheme || !path.contains(':'),
    }
}

/// `web:v1@sha256:…`, `NAME:TAG@DIGEST`: a digest stands where a host would.
fn is_image(address: &str, mark: usize) -> bool {
    let digest = address.cut(mark + 1..);
    let Some((algorithm, value)) = digest.split_once(':') else {
        return matches!(digest, "DIGEST" | "sha256") || is_hash(digest);
    };
    algorithm.starts_with("sha") && !value.contains(['/', '.'])
        || value.bytes().all(|byte| byte.is_ascii_hexdigit()) && value.len() >= 32
        || digest.starts_with("sha256")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    fn shown(text: &str) -> String {
        let mut out = text.to_owned();
        for range in credentials(text).into_iter().rev() {
            out.replace_range(range, "***");
        }
        out
    }

    /// [`credentials`], with all words looked at.
    fn word_by_word(text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if !text.contains('@') && !text.contains("://") {
            return found;
        }
        let mut start = 0;
        // Who writes a blank into a password has not ended the address.
        for quote in ['`', '"', '\''] {
            for (number, words) in text.split(quote).enumerate() {
                let at = start;
                start += words.len() + 1;
                if number % 2 == 1 && words.contains("://") && words.contains(' ') {
                    found.extend(of_word(words).map(|range| range.start + at..range.end + at));
                }
            }
            start = 0;
        }
        for word in text.split(is_end) {
            let at = start;
            // Whatever ends a word may be longer than a byte.
            start = at
                + word.len()
                + text
                    .cut(at + word.len()..)
                    .chars()
                    .next()
                    .map_or(0, char::len_utf8);
            let own = of_word(word).into_iter().chain(queried(word));
            found.extend(own.map(|range| range.start + at..range.end + at));
        }
        found
    }

    #[test]
    fn words_without_a_mark_need_no_look() {
        const PIECES: [&str; 24] = [
            "x", "u", "pw", ":", "://", ":/", "//", "@", "@", "/", "?", "&", "=", "`", "\"", "'",
            "<", ">", " ", "\n", "\u{a0}", "ä", "h.io", "ref",
        ];
        let mut below = drawn::below(7);
        let mut count = 0;
        for _ in 0..100_000 {
            let text: String = (0..below(24))
                .map(|_| PIECES[below(PIECES.len())])
                .collect();
            let found = credentials(&text);
            count += found.len();
            assert_eq!(found, word_by_word(&text), "{text:?}");
        }
        assert!(count > 5_000, "{count}");
    }

    #[test]
    fn the_credentials_of_an_address_are_found_whatever_is_wrong_with_it() {
        for (address, wanted) in [
            ("htps://u:pw@h/x", "htps://***@h/x"),
            ("https:/u:pw@h/x", "***@h/x"),
            ("ftp:u:pw@h", "***@h"),
            ("https//u:pw@h", "***@h"),
            ("no `x://u:p w@h`", "no `x://***@h`"),
            ("no 'x://u:p w@h'", "no 'x://***@h'"),
            ("x://***@p/w@h.io/a", "x://***@h.io/a"),
            ("htps://h/x?ref=a&sig=b&c", "htps://h/x?ref=a&sig=***&c"),
            ("ftp://u:p/w@h/x", "ftp://***@h/x"),
            ("ftp://u:p@w@h/x", "ftp://***@h/x"),
            ("ftp://u:p:w@h.io/x@v1", "ftp://***@h.io/x@v1"),
            ("git::https://u:pw@h.io/x", "git::https://***@h.io/x"),
            ("git::u:pw@h.io:x", "git::***@h.io:x"),
            ("u:pw@h.io:a/b", "***@h.io:a/b"),
            (
                "a `x://:p@h` and `y://u:q@i`",
                "a `x://***@h` and `y://***@i`",
            ),
            ("ä`x://u:p@h`ü", "ä`x://***@h`ü"),
        ] {
            assert_eq!(shown(address), wanted);
        }
    }

    #[test]
    fn names_ports_and_digests_are_no_credentials() {
        for address in [
            "https://git@h/x",
            "git@github.com:org/app",
            "git::git@github.com:org/app",
            "git@github.com:org/app@v1",
            "https://h:8080/a@b",
            "oci://h/a@sha256:b",
            "h.io:5000/web:v1@sha256:0123",
            "web:v1@sha256:0123",
            "NAME=NEW:TAG@DIGEST",
            "bob@example.org",
            "@scope/package",
        ] {
            assert_eq!(shown(address), address);
        }
    }
}
