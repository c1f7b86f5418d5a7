//! A secret that was found, described without the secret: rule, place, preview, fingerprint.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use kustom_yaml::finding::{Finding, Severity};
use kustom_yaml::place::{Place, Span};

/// A secret in a text: which rule, how bad, where. The value itself is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundSecret {
    /// The rule's name, such as `github-pat` or `kubernetes-secret`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file, as the caller named it.
    pub path: Arc<str>,
    /// Which version of the file, unless it is the one on disk: a commit, or git's index.
    pub version: Option<Arc<str>>,
    /// Where in the file; for a value inside a base64 text, that text.
    pub span: Span,
    /// The name that the value goes by, if it has one.
    pub key: Option<String>,
    /// What can be shown of it, such as `hmac=ce24…(40 hex)`.
    pub preview: String,
    /// What an allow-list knows it by, if the guard was given a key.
    pub fingerprint: Option<Fingerprint>,
    /// Equal for equal values, however they are encoded.
    pub(super) identity: Identity,
}

/// A value's hash; never shown, because a weak password could be guessed from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity([u8; 32]);

/// What an allow-list knows a leak by: rule, path and a keyed hash of the value.
///
/// It names no line, so that edits elsewhere in the file leave it valid; and without the key
/// a guessed value cannot be verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub(super) fn new(key: &[u8], rule: &str, path: &str, value: &str) -> Self {
        let mut message = Vec::with_capacity(rule.len() + path.len() + value.len() + 2);
        for part in [rule, path] {
            message.extend_from_slice(part.as_bytes());
            message.push(0);
        }
        message.extend_from_slice(value.as_bytes());
        let hash = keyed_hash(key, &message);
        let hex: String = hash[..12]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(format!("{rule}:{path}:{hex}"))
    }

    /// The fingerprint as an allow-list spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Identity {
    pub(super) fn of(value: &str) -> Self {
        Self(keyed_hash(b"identity", value.trim().as_bytes()))
    }
}

impl FoundSecret {
    /// Tells its value from others: equal for equal values, however they are encoded.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Where the leak is.
    pub fn place(&self) -> Place {
        Place::in_file(Arc::clone(&self.path), self.span)
    }
}

impl From<&FoundSecret> for Finding {
    fn from(leak: &FoundSecret) -> Self {
        let what = match leak.severity {
            Severity::Error => "a secret",
            _ => "what could be a secret",
        };
        let version = leak.version.as_ref().map(|name| format!(" in {name}"));
        let message = format!(
            "{what} stands in the clear{}: `{}`",
            version.unwrap_or_default(),
            leak.preview
        );
        let identity = match &leak.fingerprint {
            Some(fingerprint) => fingerprint.to_string(),
            None => leak.key.clone().unwrap_or_default(),
        };
        Self {
            identity: Some(identity),
            ..Self::new(leak.rule, leak.severity, message)
                .at(leak.place())
                .help("remove it, replace it at its issuer, and keep it where git does not look")
        }
    }
}

impl fmt::Debug for FoundSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoundSecret")
            .field("rule", &self.rule)
            .field("severity", &self.severity)
            .field("path", &self.path)
            .field("version", &self.version)
            .field("span", &self.span)
            .field("preview", &self.preview)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// What can be shown of a value: its name, its shape, and of a long one the first characters.
pub(super) fn preview(key: Option<&str>, value: &str) -> String {
    let value = value.trim();
    let length = value.chars().count();
    let shown: String = if length >= 16 && !value.contains('\n') && !value.starts_with('-') {
        value
            .chars()
            .take(4)
            .take_while(char::is_ascii_graphic)
            .filter(|&c| c != '`')
            .collect()
    } else {
        String::new()
    };
    let name = key.map(|key| format!("{key}=")).unwrap_or_default();
    format!("{name}{shown}…({length} {})", shape(value))
}

fn shape(value: &str) -> &'static str {
    let all = |test: fn(&u8) -> bool| value.as_bytes().iter().all(test);
    if value.contains('\n') {
        "characters on several lines"
    } else if all(u8::is_ascii_digit) {
        "digits"
    } else if all(u8::is_ascii_hexdigit) {
        "hex"
    } else if all(u8::is_ascii_alphabetic) {
        "letters"
    } else if all(u8::is_ascii_alphanumeric) {
        "letters and digits"
    } else {
        "characters"
    }
}

/// HMAC with SHA-256, RFC 2104.
fn keyed_hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_keyed_hash_is_hmac() {
        // RFC 4231, cases 2 and 6.
        let short = keyed_hash(b"Jefe", b"what do ya want for nothing?");
        assert!(hex(&short).starts_with("5bdcc146bf60754e6a042426089575c7"));
        let long = keyed_hash(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
        );
        assert!(hex(&long).starts_with("60e431591ee0b67f0d8a26aacbf5b77f"));
    }

    #[test]
    fn a_preview_shows_the_shape_and_never_the_whole() {
        assert_eq!(preview(Some("pw"), "admin"), "pw=…(5 letters)");
        let hmac = "ce24".repeat(10);
        assert_eq!(preview(Some("hmac"), &hmac), "hmac=ce24…(40 hex)");
        assert_eq!(
            preview(None, "aB3$\naB3$"),
            "…(9 characters on several lines)"
        );
        assert_eq!(
            preview(None, "ab\u{1b}[31mcdefghijklmno"),
            "ab…(20 characters)"
        );
    }

    #[test]
    fn a_fingerprint_depends_on_key_rule_path_and_value_only() {
        let of = |key: &str, rule, path, value| Fingerprint::new(key.as_bytes(), rule, path, value);
        let one = of("k", "r", "p", "v");
        assert_eq!(one, of("k", "r", "p", "v"));
        for other in [
            of("l", "r", "p", "v"),
            of("k", "s", "p", "v"),
            of("k", "r", "q", "v"),
            of("k", "r", "p", "w"),
        ] {
            assert_ne!(one, other);
        }
        assert!(one.as_str().starts_with("r:p:"));
    }
}
