//! Decides whether a value with a given name is a secret.

use super::base64;
use super::harmless::{
    is_code, is_expression, is_fingerprint, is_foreign, is_generated_name, is_harmless, is_hash,
    is_password_hash, is_property, is_uuid,
};
use super::name_hint::NameHint;
use super::placeholder::is_placeholder_value;
use super::random::{is_random, is_wordy};
use super::words::words;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueContext {
    /// A place made for secrets: every name counts, only the value decides.
    Secret,
    /// Configuration in which a password is never read from elsewhere, or a reference looks like
    /// one: HCL, `nuget.config`.
    Literal,
    /// Configuration: the name must promise a secret.
    Config,
    /// Any other text, code and prose included: likewise, and the value must be clearer.
    Text,
}

/// What a value is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A secret.
    Secret,
    /// A password that anybody would guess, in a place made for secrets.
    Weak,
}

/// Judges one value on one line; `key` is the name it goes by.
pub(super) fn judge(key: &str, value: &str, setting: ValueContext) -> Option<Verdict> {
    let value = fallback(without_scheme(value.trim()));
    if value.is_empty() || value.contains(char::is_whitespace) {
        return None;
    }
    // Most values fall here, by a name that was seen before; what costs more comes behind.
    let is_named = matches!(setting, ValueContext::Config | ValueContext::Text);
    let role = NameHint::of(key);
    if role == NameHint::Open || is_named && role == NameHint::Unknown {
        return None;
    }
    if setting == ValueContext::Secret && is_password_hash(value) {
        return Some(Verdict::Secret);
    }
    let weak = setting == ValueContext::Secret && role == NameHint::Password;
    if weak && is_notorious(value) {
        return Some(Verdict::Weak);
    }
    let verdict = if is_uuid(value) {
        (role >= NameHint::Secret).then_some(Verdict::Secret)?
    } else if is_over_bar(value, role, setting) {
        Verdict::Secret
    } else if weak && could_be_typed(value) {
        Verdict::Weak
    } else {
        return None;
    };
    if is_named && (is_told_in_base64(value) || is_no_value(key, value, role)) {
        return None;
    }
    // `secret: api-token-5h9m86f79f` names a Secret.
    let is_name = is_named && role < NameHint::Password && is_generated_name(value);
    let is_computed = setting != ValueContext::Secret && is_code(value)
        || setting == ValueContext::Text && is_property(value);
    (!is_name && !is_computed && !is_placeholder_value(value) && !is_harmless(value))
        .then_some(verdict)
}

/// Whether a value is the base64 of a text that is no secret: a sentence, a word, a name. Drawn bytes
/// decode to no text.
fn is_told_in_base64(value: &str) -> bool {
    let Some(text) = base64::decode_text(value) else {
        return false;
    };
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return false;
    }
    // `user:password`, as HTTP has it.
    let inner = text.split_once(':').map_or(text, |(_, password)| password);
    is_sentence(text) || !is_password(inner)
}

/// Whether what stands under a name that could promise a secret is something else: the fingerprint
/// of a key, the hash of a content, a regular expression, prose in another script.
fn is_no_value(key: &str, value: &str, role: NameHint) -> bool {
    let says = |wanted: &[&str]| {
        let words = words(key);
        words.iter().any(|word| wanted.contains(&word.as_str()))
    };
    is_expression(value)
        || is_foreign(value)
        || (role < NameHint::Password && !value.is_ascii())
        || (is_fingerprint(value)
            && (role == NameHint::Vague
                || says(&["gpg", "pgp", "signing", "recipient", "recipients"])))
        || (is_hash(value) && says(&["hash", "hashes", "md5", "sha1", "sha256", "commit"]))
}

/// Judges a password whose place leaves no doubt that it is one, as in `user:password@host`.
pub(super) fn is_password(value: &str) -> bool {
    !is_placeholder_value(value)
        && !is_harmless(value)
        && !is_code(value)
        && value.len() >= 6
        && (is_random(value, 6.0) || is_mixed(value))
}

/// `Bearer abc` is about `abc`.
pub(super) fn without_scheme(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, rest)) if is_scheme(scheme) => rest.trim_start(),
        _ => value,
    }
}

/// What a shell takes if the variable is not set, as in `${PASSWORD:-value}`, is written here all
/// the same; any other value is what it is.
fn fallback(value: &str) -> &str {
    let inner = value
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    inner
        .and_then(|inner| inner.split_once(":-"))
        .map_or(value, |(_, fallback)| fallback)
}

/// Whether a word is a scheme of the HTTP header `Authorization`.
pub(super) fn is_scheme(word: &str) -> bool {
    let schemes = [
        "bearer",
        "basic",
        "token",
        "apikey",
        "api-key",
        "api-token",
        "apitoken",
        "key",
    ];
    schemes
        .iter()
        .any(|scheme| scheme.eq_ignore_ascii_case(word))
}

/// Three words or more.
fn is_sentence(text: &str) -> bool {
    text.split_whitespace().count() >= 3 && is_wordy(text)
}

/// The least a value must score anywhere.
const LOWEST: f32 = 6.0;

/// Whether a value is as long and as random as it must be under a name in a setting.
fn is_over_bar(value: &str, role: NameHint, setting: ValueContext) -> bool {
    let (length, bar) = match (setting, role) {
        (_, NameHint::Open) => return false,
        (ValueContext::Secret, _) => (8, LOWEST),
        (_, NameHint::Unknown) => return false,
        (ValueContext::Literal, NameHint::Password) => return value.len() >= 6,
        (ValueContext::Config, NameHint::Password) if is_mixed(value) => (8, f32::MIN),
        (_, NameHint::Password) => (8, LOWEST),
        (ValueContext::Config, NameHint::Secret) if value.len() >= 14 && is_mixed(value) => {
            (14, -6.0)
        }
        (ValueContext::Config | ValueContext::Literal, NameHint::Secret) => (10, 8.0),
        (ValueContext::Config | ValueContext::Literal, NameHint::Vague) => (16, 20.0),
        (ValueContext::Text, NameHint::Secret) => (10, 12.0),
        (ValueContext::Text, NameHint::Vague) => (20, 30.0),
    };
    value.len() >= length && is_random(value, bar)
}

/// Three kinds of characters, a digit or symbol among letters: no plausible name of a thing.
fn is_mixed(value: &str) -> bool {
    let kinds: [fn(&u8) -> bool; 4] = [
        u8::is_ascii_lowercase,
        u8::is_ascii_uppercase,
        u8::is_ascii_digit,
        |byte| byte.is_ascii_punctuation() && !b"-_./:".contains(byte),
    ];
    let present = kinds
        .iter()
        .filter(|kind| value.as_bytes().iter().any(kind))
        .count();
    present >= 3
}

/// What a person could type as a password, and another could guess.
fn could_be_typed(value: &str) -> bool {
    let signs = value.bytes().filter(u8::is_ascii_alphanumeric).count();
    (3..=40).contains(&signs) && !matches!(value, "true" | "false" | "yes" | "no")
}

/// The passwords that everybody tries first.
fn is_notorious(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!');
    NOTORIOUS.binary_search(&stem).is_ok() || NOTORIOUS.binary_search(&lower.as_str()).is_ok()
}

#[rustfmt::skip]
const NOTORIOUS: &[&str] = &[
    "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "abc", "admin",
    "administrator", "asdf", "dragon", "elastic", "grafana", "guest", "iloveyou", "keycloak",
    "letmein", "minio", "minioadmin", "mongo", "mysql", "nexus", "p@ssw0rd", "pass", "passw0rd",
    "password", "postgres", "postgresql", "prom-operator", "qwerty", "rabbitmq", "redis", "root",
    "secret", "superuser", "sysadmin", "toor", "welcome",
];

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "uyS1F1a10F1qmQj8q17zZuMHnG5";

    #[test]
    fn the_list_is_sorted() {
        assert!(NOTORIOUS.is_sorted());
    }

    #[test]
    fn in_a_place_for_secrets_only_the_value_decides() {
        assert_eq!(
            judge("honk.txt", VALUE, ValueContext::Secret),
            Some(Verdict::Secret)
        );
        assert_eq!(judge("honk.txt", VALUE, ValueContext::Config), None);
        assert_eq!(judge("honk.txt", "", ValueContext::Secret), None);
    }

    #[test]
    fn a_name_that_identifies_excuses_its_value() {
        assert_eq!(judge("client_id", VALUE, ValueContext::Secret), None);
    }

    #[test]
    fn a_password_anybody_would_guess_is_weak() {
        for value in ["admin", "password", "minio123", "devpassword123", "katib"] {
            assert_eq!(
                judge("password", value, ValueContext::Secret),
                Some(Verdict::Weak),
                "{value}"
            );
            assert_eq!(
                judge("password", value, ValueContext::Config),
                None,
                "{value}"
            );
        }
        assert_eq!(judge("password", "mysecret", ValueContext::Secret), None);
    }

    #[test]
    fn a_uuid_is_a_secret_where_the_name_says_so() {
        let uuid = "1db95690-1e06-4b15-b745-cc1d5ce0df5d";
        assert_eq!(
            judge("SNYK_API_TOKEN", uuid, ValueContext::Config),
            Some(Verdict::Secret)
        );
        assert_eq!(judge("tenant", uuid, ValueContext::Secret), None);
        assert_eq!(judge("thing", uuid, ValueContext::Secret), None);
    }

    #[test]
    fn what_a_shell_falls_back_to_is_judged() {
        let secret = format!("${{X_TOKEN:-{VALUE}}}");
        assert_eq!(
            judge("X_TOKEN", &secret, ValueContext::Config),
            Some(Verdict::Secret)
        );
        assert_eq!(
            judge("X_PASSWORD", "${X_PASSWORD:-admin}", ValueContext::Config),
            None
        );
        assert_eq!(
            judge("X_PASSWORD", "${X_PASSWORD}", ValueContext::Secret),
            None
        );
    }

    #[test]
    fn a_sentence_in_base64_is_an_example() {
        let sentence = "c2VjcmV0IGlzIHNlY3VyZSwgb3IgaXMgaXQ/";
        assert_eq!(judge("secret", sentence, ValueContext::Config), None);
    }

    #[test]
    fn a_scheme_before_a_token_does_not_hide_it() {
        let value = format!("Bearer {VALUE}");
        assert_eq!(
            judge("Authorization", &value, ValueContext::Text),
            Some(Verdict::Secret)
        );
    }
}
