//! What stands where a secret will be.
//!
//! A placeholder is what a person writes so that another person replaces it, or a machine does:
//! `CHANGE_ME`, `<token>`, `${TOKEN}`, `{{ token }}`, `xxxx`, `REDACTED`, `docker-password`, and the
//! base64 of any of these.

use kustom_yaml::cut::Cut as _;

use super::base64;
use super::random::{is_random, is_regular};
use super::words::{is_made_of, words};

/// Whether a text only stands for a secret, or is empty.
///
/// Lines that are comments do not count; of several lines each must be a placeholder, of a line
/// `key: value` or `key=value` the value.
///
/// # Example
///
/// ```
/// use kustom_guard::is_placeholder;
///
/// assert!(is_placeholder("CHANGE_ME"));
/// assert!(is_placeholder("# fill me in\npassword: <the password>\n"));
/// assert!(!is_placeholder("correct horse battery staple"));
/// ```
pub fn is_placeholder(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(line), None) => is_placeholder_value(line) || is_placeholder_value(assigned(line)),
        (Some(first), Some(second)) => [first, second]
            .into_iter()
            .chain(lines)
            .all(|line| is_placeholder_value(assigned(line))),
    }
}

/// Whether one value, on one line, only stands for a secret, or is empty.
pub(super) fn is_placeholder_value(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', '`']).trim();
    if value.contains("\\u003c") {
        return is_placeholder_value(&value.replace("\\u003c", "<").replace("\\u003e", ">"));
    }
    is_plain(value)
        || (value.len() >= 4
            && base64::decode_text(value).is_some_and(|decoded| {
                let decoded = decoded.trim();
                is_plain(decoded) || is_regular(decoded)
            }))
}

fn assigned(line: &str) -> &str {
    let value = line.split_once(": ").or_else(|| line.split_once('='));
    value.map_or(line, |(_, value)| value)
}

fn is_plain(value: &str) -> bool {
    value.is_empty()
        || is_masked(value)
        || is_filled_later(value)
        || is_bracketed(value)
        || is_variable_name(value)
        || is_told_in_words(value)
}

/// `xxxx`, `****`, `sk-...`, `0000-0000`, `---`: the mask is the whole, or what it leaves is no secret.
fn is_masked(value: &str) -> bool {
    let bytes = value.as_bytes();
    let mut signs = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let first = signs.next();
    if value.is_ascii() && signs.all(|sign| Some(sign) == first) {
        return true;
    }
    // `eyJhbGciOi...`, `sk-abcd…wxyz`: a value that is shown in part.
    let shown = value.split_once("...").or_else(|| value.split_once('…'));
    let is_in_part = |(head, tail): (&str, &str)| {
        let is_known = HEADS.iter().any(|known| head.starts_with(known));
        (head.len() <= 24 || is_known) && tail.len() <= 8
    };
    if shown.is_some_and(is_in_part) {
        return true;
    }
    let (mut rest, mut masked) = (String::new(), 0);
    let mut at = 0;
    while let Some(sign) = value.cut(at..).chars().next() {
        let run = value.cut(at..).chars().take_while(|&c| c == sign).count();
        let least = match sign {
            '*' | '•' => 2,
            '.' => 3,
            '…' => 1,
            'x' | 'X' | '#' | '?' => 4.max(bytes.len() / 16),
            _ => usize::MAX,
        };
        let end = at + run * sign.len_utf8();
        if run >= least {
            masked += run;
        } else {
            rest.push_str(value.cut(at..end));
        }
        at = end;
    }
    // `*****ab12*****` is masked on both sides.
    let is_framed = value.starts_with("**") && value.ends_with("**");
    masked > 0 && (is_framed || !is_drawn(&rest))
}

/// How long values begin that everybody knows: JSON, PEM and DER in base64.
const HEADS: [&str; 3] = ["eyJ", "LS0t", "MII"];

/// Whether what is left of a value is a secret by itself.
fn is_drawn(rest: &str) -> bool {
    is_random(rest, 6.0)
}

/// `${X}`, `$(X)`, `{{ x }}`, `%s`, `$X`, `<%= x %>`: a program puts the value here.
fn is_filled_later(value: &str) -> bool {
    for (open, close) in FILLED {
        let Some((inside, outside)) = enclosed(value, open, close) else {
            // A text that was cut at a blank or a quote ends before it is closed.
            if value.strip_prefix(open).is_some_and(|rest| !is_drawn(rest)) {
                return true;
            }
            continue;
        };
        if open == "${"
            && let Some((_, fallback)) = inside.split_once(":-")
        {
            // What a shell takes if the variable is not set is written here all the same.
            return is_plain(fallback.trim_end_matches('}')) && !is_drawn(&outside);
        }
        if !is_drawn(&outside) {
            return true;
        }
    }
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.is_empty()
            && !is_random(name, 12.0)
    };
    let format = ["%s", "%v", "%d", "%q"];
    format.contains(&value)
        || value.strip_prefix('$').is_some_and(is_name)
        || wrapped(value, "%", "%").is_some_and(is_name)
        || wrapped(value, "@", "@").is_some_and(is_name)
        || wrapped(value, "__", "__").is_some_and(is_name)
        || wrapped(value, "`", "`").is_some()
}

/// What programs put values between.
const FILLED: [(&str, &str); 8] = [
    ("${", "}"),
    ("$(", ")"),
    ("{{", "}}"),
    ("#{", "}"),
    ("%{", "}"),
    ("<%", "%>"),
    ("{%", "%}"),
    ("[[", "]]"),
];

/// What stands between marks that are closed again, and all that stands outside of them.
fn enclosed<'v>(value: &'v str, open: &str, close: &str) -> Option<(&'v str, String)> {
    let (before, rest) = value.split_once(open)?;
    let (first, mut rest) = rest.split_once(close)?;
    let mut outside = before.to_owned();
    while let Some((between, inner)) = rest.split_once(open) {
        outside.push_str(between);
        rest = inner.split_once(close)?.1;
    }
    outside.push_str(rest);
    Some((first, outside))
}

/// `<token>`, `prefix-<token>`, `[PASSWORD]`, `{token}`.
fn is_bracketed(value: &str) -> bool {
    let told = |inner: &str| {
        let inner = inner.trim_matches(['<', '>', '[', ']', '{', '}']);
        inner.bytes().any(|byte| byte.is_ascii_alphabetic())
            && !inner
                .split([' ', '_', '-'])
                .any(|word| is_random(word, 12.0))
    };
    let angled = value.split_once('<').is_some_and(|(before, rest)| {
        rest.rsplit_once('>')
            .is_some_and(|(inner, after)| told(inner) && !is_drawn(&format!("{before}{after}")))
    });
    angled
        || wrapped(value, "[", "]").is_some_and(told)
        || wrapped(value, "{", "}").is_some_and(|inner| !inner.contains('"') && told(inner))
}

fn wrapped<'v>(value: &'v str, open: &str, close: &str) -> Option<&'v str> {
    value.strip_prefix(open)?.strip_suffix(close)
}

/// `HF_API_KEY`: the name of the variable that holds the value elsewhere.
fn is_variable_name(value: &str) -> bool {
    let is_upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !value.contains('_') || !value.bytes().all(is_upper) {
        return false;
    }
    // `QBZTRK_NZB_KEY`: whatever its owner is called, it says what it is.
    let (owner, noun) = value.rsplit_once('_').unwrap_or_default();
    let is_named = NOUNS.contains(&noun.to_ascii_lowercase().trim_end_matches('s'))
        && owner.bytes().all(|byte| !byte.is_ascii_digit())
        && owner.split('_').all(|word| word.len() <= 16);
    is_named || (!value.split('_').any(|word| is_random(word, 6.0)) && !is_random(value, 16.0))
}

/// `CHANGE_ME`, `your-token-here`, `docker-password`, `AKIAIOSFODNN7EXAMPLE`.
fn is_told_in_words(value: &str) -> bool {
    if is_called_example(value) {
        return true;
    }
    if value.len() > 100 {
        return false;
    }
    let words = words(value);
    let marked = words
        .iter()
        .any(|word| is_made_of(word, MARKERS) || MARKERS.iter().any(|mark| glued(word, mark)));
    if marked {
        return !value
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| is_random(part, 16.0));
    }
    let mut named = false;
    for word in &words {
        if !is_made_of(word, LEXICON) {
            return false;
        }
        named |= NOUNS.iter().any(|noun| word.contains(noun));
    }
    named
}

fn glued(word: &str, mark: &str) -> bool {
    mark.len() >= 6 && (word.starts_with(mark) || word.ends_with(mark))
}

/// `AKIAIOSFODNN7EXAMPLE`, `example-token`, `wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`: the word opens
/// or ends the value, or a part of it.
fn is_called_example(value: &str) -> bool {
    const WORD: &str = "example";
    let lower = value.to_ascii_lowercase();
    lower.match_indices(WORD).any(|(at, _)| {
        let before = lower.cut(..at).bytes().next_back();
        let after = lower.cut(at + WORD.len()..).trim_start_matches('s');
        let after = after.strip_prefix("key").unwrap_or(after).bytes().next();
        let is_edge = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        is_edge(before) || is_edge(after) || !is_drawn(&lower.replace(WORD, ""))
    })
}

/// Words that say by themselves that something else belongs here; sorted.
#[rustfmt::skip]
const MARKERS: &[&str] = &[
    "bar", "baz", "bogus", "change", "changed", "changeit", "changeme", "dummy", "edit", "empty",
    "enter", "fake", "fill", "filled", "fillme", "fixme", "foo", "foobar", "hidden", "insert",
    "invalid", "masked", "mock", "nil", "none", "null", "omitted", "placeholder", "provide",
    "put", "qux", "redacted", "removed", "replace", "replaced", "replaceme", "sample", "specify",
    "tbd", "todo", "undefined", "unset", "unused", "xxx", "your",
];

/// Parts of the words that name a secret; a value that holds one and nothing but [`LEXICON`] is a
/// name, not a value.
#[rustfmt::skip]
const NOUNS: &[&str] = &[
    "cert", "cookie", "cred", "hmac", "id", "key", "login", "pass", "passwd", "password", "pw",
    "secret", "token", "user",
];

/// What names of secrets are made of; sorted.
#[rustfmt::skip]
const LEXICON: &[&str] = &[
    "a", "abc", "access", "account", "actual", "admin", "an", "any", "api", "apikey", "app",
    "application", "auth", "aws", "azure", "b64", "base", "basic", "be", "bot", "cert",
    "certificate", "chars", "ci", "client", "code", "cookie", "correct", "cred", "credential",
    "credentials", "creds", "data", "database", "db", "default", "demo", "deploy", "dev",
    "docker", "email", "encoded", "encryption", "env", "fernet", "file", "for", "from", "gcp",
    "generated", "git", "github", "gitlab", "goes", "google", "grafana", "hash", "here", "hmac",
    "host", "id", "in", "is", "it", "jwt", "kafka", "key", "keys", "ldap", "license", "local",
    "login", "long", "mail", "minio", "mongo", "must", "my", "mysql", "name", "new", "no", "not",
    "npm", "oauth", "of", "old", "our", "pass", "passphrase", "passwd", "password", "passwords",
    "plain", "postgres", "private", "prod", "production", "project", "public", "pw", "pwd",
    "quay", "random", "real", "redis", "registry", "root", "s3", "sa", "safe", "secret",
    "secrets", "secure", "server", "service", "session", "shared", "should", "signing", "slack",
    "smtp", "some", "ssh", "staging", "stored", "string", "strong", "super", "test", "testing",
    "text", "the", "there", "this", "tls", "to", "token", "tokens", "top", "user", "username",
    "value", "vault", "very", "webhook", "with",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [MARKERS, LEXICON] {
            assert!(list.is_sorted());
        }
    }

    #[test]
    fn what_stands_for_a_secret_is_a_placeholder() {
        for text in [
            "",
            "x",
            "xxxxxxxxxxxxxxxx",
            "************",
            "**SOPS**",
            "CHANGE_ME",
            "changeme",
            "change me",
            "change-me",
            "<<insert-token-here>>",
            "<base64 of user:token>",
            "<token>",
            "<path:secret/data/app#password>",
            "${DB_PASSWORD}",
            "$(PASSWORD)",
            "$PASSWORD",
            "{{ grafanaPassword }}",
            "\"{{ .Values.db.password }}\"",
            "%PASSWORD%",
            "@TOKEN@",
            "__REPLACE_ME__",
            "TO_BE_REPLACED",
            "insert_password_here",
            "REDACTED",
            "sk-...",
            "your-huggingface-api-key-here",
            "my-secret-password",
            "mysecret",
            "docker-password",
            "token",
            "private-key",
            "AKIAIOSFODNN7EXAMPLE",
            "ZXhhbXBsZS1jb29raWU=",
            "Y2hhbmdlIG1lCg==",
            "[PASSWORD]",
            "{SumoAccessKey}",
            "dummy",
            "placeholder",
            "none",
            "ACCESS_SECRET_KEY",
            "${TOKEN:-changeme}",
            "QBZTRK_NZB_KEY",
            "eyJhbGciOiJSUzI1NiIs...",
            "LS0tLS1CRUd...0tLQo=",
            "ghp_************",
            "postgres-${SUFFIX}-password",
            "{{.Values.auth|default:",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_value_is_no_placeholder() {
        for text in [
            "correct horse battery staple",
            "hunter2",
            "745f1b99d8ed425af497e392d22b1a8995a814a9",
            "uyS1F1a10F1qmQj8q17zZuMHnG5",
            "{HqQ4mHwH9b4aT8}",
            "kite",
            "katib",
            "${TOKEN:-uyS1F1a10F1qmQj8q17zZuMHnG5}",
            "$aD3kPq9ZxLw2",
            "1ST0UQ_0NRT6719YH5J5",
            "Xk9Rf...vT7mB2xR8nL5wQ4",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_strong_password_is_none_whatever_signs_it_holds() {
        let (head, tail) = ("Xk9Rf", "vT7mB2xR8nL5wQ4");
        for mark in [
            "**", "***", "xxxx", "####", "<%", "%>", "{{", "}}", "{%", "{#", "#{", "%{", "<a4>",
            "<", ">", "$(", "${", "${a}", "{{b}}", "$(c)", "[[", "[[d]]", "<<", "<<e>>", "%s",
            "@x@", "__", "example", "${f:-g}", "`", "()", "({", "::",
        ] {
            for text in [
                format!("{head}{mark}{tail}"),
                format!("{mark}{head}{tail}"),
                format!("{head}{tail}{mark}"),
            ] {
                let is_within = text.starts_with(head) && !text.ends_with(mark);
                let is_at_edge = mark == "example" && !is_within;
                assert!(is_placeholder_value(&text) == is_at_edge, "{text}");
            }
        }
    }

    #[test]
    fn a_file_is_unfilled_while_every_line_is_a_placeholder() {
        assert!(is_placeholder("# a token for slack in plain text\ntoken\n"));
        assert!(is_placeholder(
            "# fill in\nusername=docker-user\npassword=docker-password\n"
        ));
        assert!(!is_placeholder(
            "username=docker-user\npassword=N7rQ2x!kd\n"
        ));
    }
}
