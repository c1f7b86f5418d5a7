//! Whether a document can hold what no message repeats, told from its bytes.
//!
//! Most manifests speak of secrets and hold none: `secretKeyRef`, `secretName`, `key: password`. To
//! parse them for that would take longer than all else that is asked of them. So each word that the
//! name of a secret may have is looked at where it stands, and a document goes unparsed if every one
//! of them is the name of something else, or a value that names nothing. Whatever is unusual counts
//! as a promise.

use std::ops::Range;
use std::sync::OnceLock;

use kustom_yaml::cut::Cut as _;

use super::keywords::Keywords;
use super::name_hint::NameHint;
use super::structure::last_step;
use super::text::PROMISES;

/// How long a name is looked at.
const LONGEST: usize = 64;

/// Whether a word of a text could be the name of a secret.
pub(super) fn promises(text: &str) -> bool {
    static WORDS: OnceLock<Keywords> = OnceLock::new();
    let words = WORDS.get_or_init(|| Keywords::new(PROMISES.to_vec()));
    words.are_in(text.as_bytes())
}

/// Whether a document may hold a secret, by its names; `found` is where it has one of [`PROMISES`].
pub(super) fn may_hold(document: &str, found: impl IntoIterator<Item = Range<usize>>) -> bool {
    // An escape may spell any word.
    if document.contains('\\') {
        return true;
    }
    let mut end = 0;
    found.into_iter().any(|word| {
        let is_seen = word.start < end;
        let token = token(document.as_bytes(), word);
        end = token.end;
        !is_seen && !is_harmless(document, &token)
    })
}

/// The letters, digits and signs of names around a word.
fn token(text: &[u8], word: Range<usize>) -> Range<usize> {
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(byte);
    let before = text[..word.start]
        .iter()
        .rev()
        .take_while(|it| is_inside(it));
    let behind = text[word.end..].iter().take_while(|it| is_inside(it));
    word.start - before.count()..word.end + behind.count()
}

/// Whether a word is the whole name of something else, or a whole value that names nothing.
fn is_harmless(text: &str, token: &Range<usize>) -> bool {
    let word = text.cut(token.clone());
    let is_long = word.len() > LONGEST;
    let is_secret = || {
        let mut kinds = ["secret", "secretlist"].into_iter();
        kinds.any(|kind| word.eq_ignore_ascii_case(kind))
    };
    let is_structure = || {
        let mut structures = ["generator", "stringdata", "last-applied"].into_iter();
        structures.any(|structure| {
            let mut windows = word.as_bytes().windows(structure.len());
            windows.any(|window| window.eq_ignore_ascii_case(structure.as_bytes()))
        })
    };
    if is_long || word.starts_with('-') || is_secret() || is_structure() {
        return false;
    }
    let (mut before, mut behind) = (text.cut(..token.start), text.cut(token.end..));
    for quote in ['"', '\''] {
        if let (Some(head), Some(rest)) = (before.strip_suffix(quote), behind.strip_prefix(quote)) {
            (before, behind) = (head, rest);
            break;
        }
    }
    if let Some(rest) = behind.strip_prefix(':') {
        // The name of something.
        let is_whole = rest.is_empty() || rest.starts_with([' ', '\n']);
        return is_whole && opens(before) && NameHint::of(word) < NameHint::Secret;
    }
    let in_list = before.ends_with(", ") || before.ends_with('[');
    let rest = behind.trim_start_matches([' ', ',', '}', ']']);
    let between = behind.cut(..behind.len() - rest.len());
    let is_whole = match rest.bytes().next() {
        _ if between.contains(',') => true,
        None => true,
        // A comment.
        Some(b'#') => between.ends_with(' ') && !in_list,
        // What goes on below may assign something to it.
        Some(b'\n') => match rest.trim_start_matches([' ', '\n']).bytes().next() {
            None => true,
            Some(byte) if in_list && !between.contains([']', '}']) => b"],}".contains(&byte),
            Some(byte) => byte.is_ascii_alphanumeric() || byte == b'-',
        },
        Some(_) => false,
    };
    if !is_whole {
        return false;
    }
    let is_sensitive = || NameHint::of(last_step(word)) >= NameHint::Secret;
    match before.trim_end_matches(' ').strip_suffix(':') {
        // `name: PASSWORD` says what the `value` beside it is.
        Some(head) if before.ends_with(' ') => {
            let key = head.trim_end_matches([' ', '"', '\'']);
            let name = ["name", "key", "path"]
                .iter()
                .find(|name| key.ends_with(*name));
            name.is_none_or(|name| {
                !is_sensitive() || !has_value(around(text, key.len() - name.len(), token.end))
            })
        }
        // `password, and more: hunter2` is a name.
        _ => {
            let line = behind.split('\n').next().unwrap_or_default();
            !line.contains([':', '=']) && (in_list || is_item(before))
        }
    }
}

/// Whether a name begins behind a text: on a line of its own, as an item, or in brackets.
fn opens(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let bare = line.trim_end_matches(' ');
    bare.is_empty() || is_item(before) || bare.ends_with(['{', ','])
}

/// Whether a text ends in the mark of an item that opens a line.
fn is_item(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.ends_with("- ") && line.bytes().all(|byte| b" -".contains(&byte))
}

/// The part of a text that has the mapping in it whose entry is at `entry`; all of the text where
/// that is not plain to see.
fn around(text: &str, entry: usize, end: usize) -> &str {
    let found = match text.cut(end..).starts_with([',', '}', ' ', '"', '\'']) {
        true => in_braces(text, entry),
        false => in_block(text, entry),
    };
    found.map_or(text, |range| text.cut(range))
}

/// The braces around an offset, if nothing between them may hide one.
fn in_braces(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut depth = 0;
    let opens = |&at: &usize| {
        match bytes[at] {
            b'}' => depth += 1,
            b'{' if depth == 0 => return true,
            b'{' => depth -= 1,
            _ => {}
        }
        false
    };
    let start = (0..at).rev().find(opens)?;
    let mut depth = 0;
    let closes = |&at: &usize| {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' if depth == 0 => return true,
            b'}' => depth -= 1,
            _ => {}
        }
        false
    };
    let end = (at..bytes.len()).find(closes)?;
    let inside = text.cut(start..end);
    (!inside.contains(['"', '\'', '#'])).then_some(start..end)
}

/// The lines of the block mapping that an entry at an offset is in.
fn in_block(text: &str, at: usize) -> Option<Range<usize>> {
    let indent = |line: &str| {
        let bare = line.trim_start_matches([' ', '-']);
        (!bare.is_empty() && !bare.starts_with('#')).then(|| line.len() - bare.len())
    };
    let is_flow = |line: &str| line.contains(['{', '}', '[', ']', ',', '"', '\'']);
    let mut start = text.cut(..at).rfind('\n').map_or(0, |end| end + 1);
    let column = at - start;
    if !is_item(text.cut(start..at)) && !text.cut(start..at).bytes().all(|byte| byte == b' ') {
        return None;
    }
    let mut is_first = text.cut(start..at).contains('-');
    while !is_first && start > 0 {
        let before = text.cut(..start - 1).rfind('\n').map_or(0, |end| end + 1);
        let line = text.cut(before..start - 1);
        match indent(line) {
            Some(other) if other < column => {
                if is_flow(line) {
                    return None;
                }
                break;
            }
            Some(other) => {
                let is_item = line.trim_start_matches(' ').starts_with('-');
                is_first = is_item && other == column;
            }
            None => {}
        }
        start = before;
    }
    let mut end = at;
    loop {
        end = match text.cut(end..).find('\n') {
            Some(found) => end + found + 1,
            None => return Some(start..text.len()),
        };
        let line = text.cut(end..).split('\n').next().unwrap_or_default();
        let is_item = line.trim_start_matches(' ').starts_with('-');
        match indent(line) {
            Some(other) if other < column || is_item && other == column => {
                return (!is_flow(line)).then_some(start..end);
            }
            _ => {}
        }
    }
}

/// Whether something is called `value`.
fn has_value(text: &str) -> bool {
    text.match_indices("value").any(|(at, word)| {
        let next = text.as_bytes().get(at + word.len());
        !next.is_some_and(u8::is_ascii_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::super::documents::read;
    use super::super::marks::Wanted;
    use super::super::sensitive::document;
    use super::super::text::Searcher;
    use super::*;

    fn found(text: &str) -> Vec<Range<usize>> {
        static SEARCHER: OnceLock<Searcher> = OnceLock::new();
        let searcher = SEARCHER.get_or_init(Searcher::new);
        searcher.promises(&searcher.marks(text.as_bytes(), None, Wanted::All))
    }

    fn may_hold(text: &str) -> bool {
        super::may_hold(text, found(text))
    }

    #[test]
    fn a_word_is_noted_where_it_stands() {
        for word in PROMISES {
            let text = format!("my_{}: b", word.to_ascii_uppercase());
            assert!(promises(&text), "{word}");
            let range = 3..3 + word.len();
            assert_eq!(found(&text), std::slice::from_ref(&range), "{word}");
        }
        assert!(found("author: b").is_empty());
    }

    const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: token-web}
spec:
  template:
    spec:
      containers:
      - name: web
        args: [--port, '80']
        env:
        - {name: LEVEL, value: info}
        - name: PASSWORD
          valueFrom:
            secretKeyRef:
              name: web-secret
              key: password
        - name: OTHER
          value: one
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: web, key: token}}}
        volumeMounts:
        - mountPath: /etc/secrets
          name: secrets
";

    #[test]
    fn a_manifest_that_speaks_of_secrets_holds_none() {
        assert!(promises(MANIFEST) && !may_hold(MANIFEST));
        for held in [
            "password: hunter2",
            "stringData: {a: b}",
            "kind: Secret",
            "- --password\n- hunter2",
            "{name: PASSWORD, value: hunter2}",
            "{value: hunter2, x: {y: z}, name: PASSWORD}",
            "{a: b, name: PASSWORD\n , value: hunter2}",
            "{value: hunter2,\n  name: PASSWORD\n}",
            "- value: hunter2\n  x:\n    y: z\n\n  name: PASSWORD",
            "- name: PASSWORD\n  value: hunter2",
            "a: 'password=hunter2'",
            "? password\n: hunter2",
            "a: &secret b",
            "secretGenerator:\n- literals: [a=b]",
            "\"p\\u0061ss\": hunter2",
        ] {
            assert!(may_hold(held), "{held}");
        }
    }

    /// The law of this file, for texts of all sorts.
    #[test]
    fn what_promises_nothing_holds_nothing() {
        const PIECES: [&str; 58] = [
            "password",
            "secretName",
            "PASSWORD",
            "token",
            "key",
            "name",
            "value",
            "path",
            "a",
            "hunter2x",
            "c3dvcmRmaXNo",
            ": ",
            ": ",
            ": ",
            ":",
            "\n",
            "\n",
            "\n  ",
            "\n  ",
            "\n- ",
            "\n  - ",
            "  ",
            " ",
            ", ",
            ",",
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\"",
            "'",
            "'",
            "- ",
            "? ",
            "=",
            " = ",
            "#",
            " # ",
            "|\n ",
            ">-\n ",
            "--",
            "&a ",
            "*a",
            "!t ",
            "/",
            "kind",
            "Secret",
            "data",
            "--password",
            "for",
            ".",
            "@",
            "x",
            "stringData",
            "\n---\n",
            "\\",
            "secretKeyRef",
        ];
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        let (mut harmless, mut held) = (0, 0);
        for _ in 0..100_000 {
            let length = 3 + next(10);
            let text: String = (0..length).map(|_| PIECES[next(PIECES.len())]).collect();
            let mut parts = Vec::new();
            if may_hold(&text) {
                held += 1;
                continue;
            }
            harmless += usize::from(promises(&text));
            document(&text, &read(&text), 0, &mut parts);
            assert_eq!(parts, [], "{text:?}");
        }
        assert!(harmless > 500 && held > 500, "{harmless} {held}");
    }
}
