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
    SECRETS.iter().any(|end| plain.ends_with(end)) && is_in_the_clear(value)
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
        ] {
            assert!(!is_secret(name, value), "{name}");
        }
    }
}
