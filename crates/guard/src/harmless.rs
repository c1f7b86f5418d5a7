//! Recognises values that are not secret, whatever their name is.
//!
//! References to a secret kept elsewhere, what is encrypted already, public keys, certificates and
//! digests, and the plain shapes of configuration: paths, addresses, names of hosts.

use super::base64;
use super::encrypted::encryption;
use super::random::is_random;

/// Whether the shape of a value says that it is no secret.
pub(super) fn is_harmless(value: &str) -> bool {
    is_reference(value)
        || is_encrypted(value)
        || is_public(value)
        || is_path(value)
        || is_address(value)
        || is_host(value)
        || is_version(value)
        || is_in_base64(value, is_public)
}

/// Whether a test holds of the text behind a base64 text.
fn is_in_base64(value: &str, test: fn(&str) -> bool) -> bool {
    base64::decode_text(value).is_some_and(|text| test(text.trim()))
}

/// `^7.0.4`, `npm:^3.0.0`, `>=1.2,<2`, `v1.27.3-gke.100`: what a lock file or a manifest asks for.
fn is_version(value: &str) -> bool {
    let schemes = ["npm:", "workspace:", "patch:", "link:", "portal:"];
    let scheme = schemes.iter().find_map(|scheme| value.strip_prefix(scheme));
    let spec = scheme
        .unwrap_or(value)
        .trim_start_matches(['^', '~', '>', '<', '=', 'v']);
    let numbers = spec.split(['-', '+', ',']).next().unwrap_or_default();
    numbers.matches('.').count() >= 1
        && numbers.split('.').all(|part| {
            matches!(part, "x" | "*")
                || !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
        })
        && !is_random(spec, 12.0)
}

/// Whether a value looks like a regular expression: `\\s*`, `[^"]+`, `(?i:…)`.
pub(super) fn is_expression(value: &str) -> bool {
    let classes = ["\\s", "\\S", "\\w", "\\W", "\\d", "\\b", "\\|"];
    let signs = [
        "[^", "(?", ".*", ".+", "]+", "]*", ")*", ")+", "]{", "[a-z", "[A-Z", "[0-9",
    ];
    classes.iter().any(|class| value.contains(class))
        || signs.iter().filter(|sign| value.contains(*sign)).count() >= 2
}

/// Whether a value is the fingerprint of a key, as PGP writes it: forty or sixteen hexadecimal
/// digits in capitals.
pub(super) fn is_fingerprint(value: &str) -> bool {
    let digits = value.strip_prefix("0x").unwrap_or(value);
    matches!(digits.len(), 16 | 40)
        && digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
        && digits.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether a value begins with the property of an object, as code writes it: `r.url.password`.
pub(super) fn is_property(value: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
    let path = value.split(|c| !is_sign(c)).next().unwrap_or_default();
    let is_name =
        |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'));
    path.contains('.') && path.split('.').all(is_name) && !is_random(path, 12.0)
}

/// Whether a value is prose in a script that no password is typed in.
pub(super) fn is_foreign(value: &str) -> bool {
    value.chars().any(|c| c >= '\u{370}' && c.is_alphabetic())
}

/// Whether a value is as long as a hash in hexadecimal digits.
pub(super) fn is_hash(value: &str) -> bool {
    matches!(value.len(), 32 | 40 | 64 | 96 | 128)
        && value
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `vault:secret/data/app#password`, `ref+vault://…`, `op://…`: a program fetches the secret.
fn is_reference(value: &str) -> bool {
    REFERENCES.iter().any(|prefix| value.starts_with(prefix))
}

/// `ENC[AES256_GCM,…]`, `$ANSIBLE_VAULT;…`: only the owner of a key can read it.
pub(super) fn is_encrypted(value: &str) -> bool {
    ENCRYPTED.iter().any(|prefix| value.starts_with(prefix))
}

/// Whether a whole file can be shown: it is encrypted, or a public key.
///
/// # Example
///
/// ```
/// use kustom_guard::is_protected;
///
/// assert!(is_protected("$ANSIBLE_VAULT;1.1;AES256\n33363965"));
/// assert!(is_protected("token: ENC[AES256_GCM,data:Zm9v]\nsops:\n  mac: ENC[AES256_GCM,data:YmFy]\n"));
/// assert!(!is_protected("hunter2"));
/// ```
pub fn is_protected(text: &str) -> bool {
    let is_encrypted_file = encryption(text.as_bytes()).is_some();
    let text = text.trim();
    let is_sealed = text.contains("kind: SealedSecret") && text.contains("encryptedData");
    is_encrypted_file
        || is_sealed
        || is_encrypted(text)
        || (is_public(text) && !text.contains("PRIVATE"))
}

/// Certificates, public keys, digests: made to be shown.
pub(super) fn is_public(value: &str) -> bool {
    PUBLIC.iter().any(|prefix| value.starts_with(prefix))
        || (value.starts_with("-----BEGIN ") && !value.contains("PRIVATE"))
}

/// Whether a value is a UUID: `1db95690-1e06-4b15-b745-cc1d5ce0df5d`.
pub(super) fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a value could be the name of an object with a generated end: `api-token-5h9m86f79f`.
pub(super) fn is_generated_name(value: &str) -> bool {
    let Some((stem, end)) = value.rsplit_once('-') else {
        return false;
    };
    let is_word =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase()) && !is_random(word, 6.0);
    end.len() <= 10
        && end
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && stem.split('-').all(is_word)
}

/// Whether a value is a stored password: the hash of `htpasswd`, bcrypt or crypt, with or without
/// the user in front.
pub(super) fn is_password_hash(value: &str) -> bool {
    let hash = match value.split_once(':') {
        Some((user, hash)) if !user.contains(['$', '{']) => hash,
        _ => value,
    };
    let body = HASHES.iter().find_map(|prefix| hash.strip_prefix(prefix));
    body.is_some_and(|body| body.len() >= 20 && !body.contains(char::is_whitespace))
}

fn is_path(value: &str) -> bool {
    let rooted = ["/", "./", "../", "~/", "C:\\"];
    rooted.iter().any(|root| value.starts_with(root))
        && !value.split(['/', '\\']).any(|part| is_random(part, 20.0))
}

/// An URL, where the search for credentials in URLs has the say, or an address of mail.
fn is_address(value: &str) -> bool {
    if let Some((scheme, _)) = value.split_once("://") {
        return !scheme.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    }
    value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !is_random(user, 12.0) && host.contains('.') && is_host(host)
    })
}

/// `mysql.prod.svc`, `registry.example.org:5000`.
fn is_host(value: &str) -> bool {
    let (name, port) = value.split_once(':').unwrap_or((value, ""));
    let port = port.split('/').next().unwrap_or_default();
    let Some((_, last)) = name.rsplit_once('.') else {
        return false;
    };
    port.bytes().all(|byte| byte.is_ascii_digit())
        && (2..=12).contains(&last.len())
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        && !is_random(last, 6.0)
}

/// `newToken(user)`, `[]byte("x")`, `map[string]int{`, `argv[2]`, `0x3f879678`: what a program computes or counts.
pub(super) fn is_code(value: &str) -> bool {
    let number = value.trim_start_matches('-').strip_prefix("0x");
    let body = value.trim_start_matches(['$', '*', '&', '!', '[', ']']);
    let called = body
        .split_once(['(', '{', '['])
        .or_else(|| body.split_once("->"));
    let is_path = |name: &str| {
        let is_part = |part: &str| {
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            part.len() > 1 && part.bytes().all(letters)
        };
        name.contains('.') && name.split('.').all(is_part)
    };
    // `sha256`: a name of one part has digits at the ends of its words only.
    let is_name = |name: &str| {
        let is_word = |word: &str| {
            let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
            letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let bar = match name.bytes().any(|byte| byte.is_ascii_digit()) {
            true => 6.0,
            false => 12.0,
        };
        !is_random(name, bar)
            && (is_path(name) || name.split(['.', ':', '_', '>', '-']).all(is_word))
    };
    let is_closed = value.ends_with([')', '}', ']', '{', '(']);
    // What was cut at a quote or a comma is not closed; a name of two parts leaves no doubt.
    let is_call = called.is_some_and(|(name, inside)| {
        // A macro is called like nothing else.
        let is_macro = name.len() > 2 && name.ends_with('!');
        let name = name.trim_end_matches('!');
        let is_certain = is_macro || is_path(name);
        let is_argument = is_certain && inside.starts_with(['"', '\'', '`']);
        let is_nested = name.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_code(inside);
        let inside = inside.trim_end_matches([')', ']', '}', ',']);
        is_nested
            || is_name(name)
                && (is_closed || is_certain || name.contains('>') || value.starts_with('$'))
                && (is_argument || !is_random(inside, 16.0))
    });
    is_call || number.is_some_and(|digits| digits.len() <= 16)
}

#[rustfmt::skip]
const REFERENCES: &[&str] = &[
    "!vault", "@Microsoft.KeyVault(", "akeyless:", "arn:", "aws-secretsmanager:", "awssm:",
    "awsssm:", "azkv:", "azurekeyvault:", "bws:", "data.", "doppler:", "env:", "file:", "gcp-sm:",
    "gsm:", "infisical:", "k8s:", "keyvault:", "kubernetes:", "local.", "module.", "op://",
    "os.environ", "process.env", "projects/", "ref+", "secret:", "secret+", "secretref:",
    "secrets.", "sm://", "ssm:", "var.", "vault:", "vault+", "<path:",
];

#[rustfmt::skip]
const ENCRYPTED: &[&str] = &[
    "$ANSIBLE_VAULT;", "-----BEGIN AGE ENCRYPTED FILE", "-----BEGIN PGP MESSAGE", "ENC(", "ENC[",
    "age-encryption.org/", "{cipher}",
];

#[rustfmt::skip]
const PUBLIC: &[&str] = &[
    "age1", "data:image/", "ecdsa-sha2-", "h1:", "md5:", "pk_live_", "pk_test_", "sha1:",
    "sha256-", "sha256:", "sha384-", "sha512-", "sha512:", "sk-ecdsa-sha2-", "sk-ssh-ed25519",
    "ssh-dss ", "ssh-ed25519", "ssh-rsa ", "urn:",
];

#[rustfmt::skip]
const HASHES: &[&str] = &[
    "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$7$", "$apr1$", "$argon2", "$scrypt$", "$y$",
    "{SHA}", "{SHA256}", "{SHA512}", "{SSHA}", "{SSHA256}", "{SSHA512}", "pbkdf2_sha256$",
    "pbkdf2:",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_ciphertext_and_public_material_are_harmless() {
        for value in [
            "vault:secret/data/app#password",
            "ref+vault://secret/ci#/token",
            "op://prod/db/pw",
            "ENC[AES256_GCM,data:kJ+hEDlhRHdGRCjq,type:str]",
            "$ANSIBLE_VAULT;1.1;AES256",
            "-----BEGIN CERTIFICATE-----",
            "sha256:5df3e1ff85f5861d32d41815d9f00994",
            "/etc/github/oauth",
            "https://sso.example.org/token",
            "mysql.prod.svc",
            "ci@example.org",
            "registry.example.org:5000",
        ] {
            assert!(is_harmless(value), "{value}");
        }
    }

    #[test]
    fn what_could_be_a_secret_is_not() {
        for value in [
            "-----BEGIN PRIVATE KEY-----",
            "P@oiu7ex$9",
            "oBShVFt3On",
            "h0pk1ns~72f",
            "/k8JdPq2/Zx81LmQwv7TtbN0c==",
        ] {
            assert!(!is_harmless(value), "{value}");
        }
    }

    #[test]
    fn what_a_program_computes_is_told_from_a_password() {
        for code in [
            "newToken(user)",
            "[]byte(\"x\")",
            "map[string]int{",
            "fmt.Sprintf(\"%s$%v:%s$%s:%s\"",
            "$o->{clock}",
            "sha256(key)",
            "newKVJWK([]byte(jwkPubRSA))",
            "format!(\"{above}.{key}\"",
            "0x3f879678",
        ] {
            assert!(is_code(code), "{code}");
        }
        for value in [
            "Xk9Rf(vT7mB2xR8nL5wQ4",
            "Xk9Rf{vT7mB2xR8nL5}",
            "q$(8Lr]zPw2nVx7",
        ] {
            assert!(!is_code(value), "{value}");
        }
    }

    #[test]
    fn versions_expressions_and_fingerprints_are_known_by_their_shape() {
        for version in [
            "^7.0.4",
            "npm:^3.0.0",
            ">=1.2,<2",
            "v1.27.3-gke.100",
            "~> 1.x".trim_start_matches("~> "),
        ] {
            assert!(is_version(version), "{version}");
        }
        assert!(!is_version("1.2hunter"));
        assert!(is_expression("\\s*Bearer\\s+)[^\\s]+"));
        assert!(is_expression("[a-z]+.*"));
        assert!(!is_expression("Xk9.*fvT7mB2"));
        assert!(is_fingerprint("3F2A9C64D1B07E85A9C1D2E3F4051627384950AB"));
        assert!(!is_fingerprint("3f2a9c64d1b07e85a9c1d2e3f4051627384950ab"));
    }

    #[test]
    fn stored_passwords_are_known_by_their_prefix() {
        assert!(is_password_hash(
            "ci:$2y$05$aDOiyPZUyo.Ub64dZc8YuWlVYI4Hmv6F378xaQ"
        ));
        assert!(is_password_hash("admin:{SHA}okDaaGkcflxXNU0OLAeSiwKOUVQ="));
        assert!(!is_password_hash("ci:$2y$05$short"));
    }
}
