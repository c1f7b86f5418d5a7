//! Names that promise a secret.

/// Ends of names whose values are secrets.
const SECRETS: &[&str] = &[
    "accesskey",
    "apikey",
    "apitoken",
    "authtoken",
    "clientsecret",
    "connectionstring",
    "credential",
    "credentials",
    "encryptionkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "secretaccesskey",
    "signingkey",
    "token",
    "tokens",
];

/// Whether a value of this name is probably a secret that stands there in the clear.
///
/// Names and paths of secrets, switches and what a program replaces are none.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let plain = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    SECRETS.iter().any(|end| plain.ends_with(end))
        && is_in_the_clear(value)
        && !stands_in(value)
        && !is_name_of_object(plain, value)
}

/// Words of values that only fill a field that must not be empty.
const STAND_INS: &[&str] = &[
    "dummy",
    "example",
    "fake",
    "ignored",
    "no-key",
    "not-needed",
    "not-required",
    "not-used",
    "notneeded",
    "placeholder",
    "required",
    "unused",
];

fn stands_in(value: &str) -> bool {
    let value = value.to_ascii_lowercase().replace([' ', '_'], "-");
    STAND_INS.iter().any(|word| value.contains(word))
}

/// Whether a value is the name of an object that holds the secret: words with dashes between, where
/// the name speaks of a Secret or of credentials.
fn is_name_of_object(name: &str, value: &str) -> bool {
    let may_name = ["secret", "credential", "credentials"];
    let is_word = |word: &str| {
        word.bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let mut words = value.split('-');
    may_name.iter().any(|end| name.ends_with(end))
        && !name.ends_with("clientsecret")
        && value.contains('-')
        && words.all(|word| !word.is_empty() && is_word(word) && word.len() < 16)
}

fn is_in_the_clear(value: &str) -> bool {
    let value = value.trim();
    let is_path = value.starts_with(['/', '.']) || value.contains("://") && !value.contains('@');
    let is_replaced = ["$(", "${", "{{", "<", "%("]
        .iter()
        .any(|start| value.contains(start));
    let is_switch = [
        "true", "false", "yes", "no", "on", "off", "none", "null", "disabled", "enabled",
    ]
    .iter()
    .any(|word| value.eq_ignore_ascii_case(word));
    let is_duration = value.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(value);
    let is_number = !is_duration.is_empty()
        && is_duration.bytes().all(|c| c.is_ascii_digit())
        && value.len() < 6;
    !(value.is_empty() || is_path || is_replaced || is_switch || is_number)
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn a_secret_is_told_by_its_name_and_no_path_or_switch() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("github-token", "abc"),
            ("clientSecret", "x9"),
            ("AWS_SECRET_ACCESS_KEY", "abcdef"),
            ("APP_CLIENT_SECRET", "blue-horse"),
            ("APP_SECRET", "s3same"),
            ("ADMIN_PASSWORD", "changeme"),
        ] {
            assert!(is_secret(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD_FILE", "hunter2"),
            ("DB_PASSWORD", "/run/secrets/db"),
            ("REQUIRE_TOKEN", "true"),
            ("TOKEN", "$(OTHER)"),
            ("MAX_TOKENS", "4096"),
            ("PASSWORD", ""),
            ("TOKEN_URL", "https://example.com"),
            ("SYNC_CREDENTIALS_SECRET", "git-vars"),
            ("SWITCH_CREDENTIALS", "switch-credentials"),
            ("LLM_API_KEY", "not needed"),
            ("LLM_API_KEY", "sk-no-key-required"),
        ] {
            assert!(!is_secret(name, value), "{name}");
        }
    }
}
