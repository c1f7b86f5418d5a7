//! Classifies names of values: does the name promise a secret?

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::words::words;

/// How many names are remembered, and how long one may be.
const REMEMBERED: [usize; 2] = [1 << 12, 1 << 6];

thread_local! {
    /// What names say: the objects of one project use the same ones all over.
    static KNOWN: RefCell<FxHashMap<Box<str>, NameHint>> = RefCell::default();
}

/// What a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameHint {
    /// Not a secret: an identifier, a place, something public.
    Open,
    /// Nothing: `config`, `honk.txt`.
    Unknown,
    /// Perhaps one: `key`, `session`.
    Vague,
    /// A token or key that a machine made.
    Secret,
    /// A password, which a person may have made.
    Password,
}

impl NameHint {
    /// The role of the value behind a name such as `DB_PASSWORD` or `client.secret`.
    pub(super) fn of(name: &str) -> Self {
        if name.len() > REMEMBERED[1] {
            return Self::classified(name);
        }
        if let Some(known) = KNOWN.with_borrow(|known| known.get(name).copied()) {
            return known;
        }
        let hint = Self::classified(name);
        KNOWN.with_borrow_mut(|known| {
            if known.len() >= REMEMBERED[0] {
                known.clear();
            }
            known.insert(name.into(), hint);
        });
        hint
    }

    fn classified(name: &str) -> Self {
        let words = words(name);
        let mut words: Vec<&str> = words
            .iter()
            .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
            .filter(|word| !word.is_empty())
            .collect();
        if words.iter().any(|word| holds(SHOWN, word)) {
            return Self::Open;
        }
        while words.len() > 1 && words.last().is_some_and(|word| holds(FILLERS, word)) {
            words.pop();
        }
        let Some((&last, before)) = words.split_last() else {
            return Self::Unknown;
        };
        if holds(ATTRIBUTES, last) {
            return Self::Open;
        }
        // `siteKey` and `clientToken` are given to every browser; a `labelKey` is the name of a label.
        let owner = before.last().copied().unwrap_or_default();
        if PUBLIC.contains(&(owner, last.strip_suffix('s').unwrap_or(last))) {
            return Self::Open;
        }
        let role = of_word(last, before.last().copied());
        if role > Self::Unknown {
            return role;
        }
        // A word of a secret further left is said of something else, as in `todo_secret_do_not_commit`.
        let left = (0..before.len())
            .map(|index| of_word(before[index], index.checked_sub(1).map(|left| before[left])))
            .max();
        match left {
            Some(Self::Secret | Self::Password) => Self::Secret,
            Some(Self::Vague) => Self::Vague,
            _ => Self::Unknown,
        }
    }
}

fn of_word(word: &str, before: Option<&str>) -> NameHint {
    let single = word.strip_suffix('s').unwrap_or(word);
    let ends = |endings: &[&str]| {
        let mut forms = endings.iter();
        forms.any(|end| word.ends_with(end) || single.ends_with(end))
    };
    if holds(PASSWORDS, word) || ends(PASSWORD_ENDINGS) && !holds(NOT_PASSWORDS, word) {
        return NameHint::Password;
    }
    if holds(SECRETS, word) || ends(SECRET_ENDINGS) {
        return NameHint::Secret;
    }
    if single == "key" && before.is_some_and(|before| holds(KEY_KINDS, before)) {
        return NameHint::Secret;
    }
    if holds(VAGUE, word) || holds(VAGUE, single) {
        return NameHint::Vague;
    }
    NameHint::Unknown
}

fn holds(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// Any of these makes the value one to show; sorted.
#[rustfmt::skip]
const SHOWN: &[&str] = &[
    "checksum", "chksum", "digest", "encrypted", "etag", "fingerprint", "integrity", "md", "pub",
    "pubkey", "public", "publickey", "publishable", "revision", "sealed", "sha", "signature",
    "sitekey", "thumbprint",
];

/// Pairs of last words that mean something public, or the name of something.
#[rustfmt::skip]
const PUBLIC: &[(&str, &str)] = &[
    ("annotation", "key"), ("attribute", "key"), ("cache", "key"), ("client", "token"),
    ("column", "key"), ("config", "key"), ("data", "key"), ("field", "key"), ("foreign", "key"),
    ("gpg", "key"), ("index", "key"), ("instrumentation", "key"), ("label", "key"),
    ("map", "key"), ("metric", "key"), ("object", "key"), ("partition", "key"),
    ("pgp", "key"), ("property", "key"), ("remote", "key"), ("site", "key"), ("sort", "key"),
    ("tag", "key"), ("topology", "key"), ("verify", "key"), ("write", "key"),
];

/// Last words that tell something about a secret, or identify its owner; sorted.
#[rustfmt::skip]
const ATTRIBUTES: &[&str] = &[
    "account", "addr", "address", "alg", "algorithm", "algorithms", "alias", "annotation", "api",
    "arn", "attribute", "audience", "author", "backend", "bucket", "bundle", "ca", "cert",
    "certificate", "certs", "char", "chars", "cipher", "class", "column", "combination", "config",
    "configmap", "count", "crt", "csr", "database", "date", "db", "description", "dir",
    "directory", "distance", "domain", "duration", "elimination", "email", "enabled", "endpoint",
    "engine", "env", "expiration", "expires", "expiry", "field", "fields", "file", "filename",
    "files", "folder", "format", "generator", "group", "hash", "header", "hint", "host",
    "hostname", "icon", "id", "ident", "identifier", "ids", "image", "index", "interval",
    "issuer", "kind", "label", "labels", "len", "length", "level", "limit", "link", "location",
    "manager", "max", "method", "min", "mode", "model", "mount", "name", "names", "namespace",
    "ns", "number", "operator", "order", "owner", "page", "pair", "param", "parameter", "path",
    "paths", "pattern", "policy", "pool", "port", "prefix", "project", "property", "provider",
    "ref", "reference", "refs", "regex", "region", "release", "repo", "repository", "required",
    "reset", "resource", "role", "rotation", "schema", "scope", "scopes", "selector", "server",
    "service", "size", "source", "spec", "status", "store", "suffix", "table", "tag", "target",
    "template", "tenant", "tier", "time", "timeout", "title", "ttl", "type", "types", "uid",
    "uri", "url", "urls", "user", "username", "uuid", "validation", "validity", "variable",
    "version", "volume", "zone",
];

/// Last words that change nothing; sorted.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "b", "base", "bytes", "cleartext", "content", "contents", "data", "default", "dev", "encoded",
    "inline", "json", "new", "old", "plain", "plaintext", "prod", "raw", "result", "staging", "string",
    "test", "text", "txt", "val", "value", "yaml", "yml",
];

/// Words for a password; sorted.
#[rustfmt::skip]
const PASSWORDS: &[&str] = &[
    "pass", "passcode", "passphrase", "passwd", "password", "psw", "pswd", "pw", "pwd",
];

#[rustfmt::skip]
const PASSWORD_ENDINGS: &[&str] = &[
    "pass", "passphrase", "passwd", "password", "pwd",
];

#[rustfmt::skip]
const NOT_PASSWORDS: &[&str] = &[
    "bypass", "compass", "encompass", "minipass", "multipass", "overpass", "subpass", "surpass",
    "trespass", "underpass",
];

#[rustfmt::skip]
const SECRETS: &[&str] = &[
    "authorization", "bearer", "cred", "credential", "credentials", "creds", "hmac", "passkey",
    "secret", "secrets", "token", "tokens",
];

#[rustfmt::skip]
const SECRET_ENDINGS: &[&str] = &[
    "accesskey", "apikey", "authkey", "credential", "encryptionkey", "hmac", "masterkey",
    "privatekey", "secret", "secretkey", "sessionkey", "signingkey", "token",
];

/// Words that make a `key` behind them a secret one; sorted.
#[rustfmt::skip]
const KEY_KINDS: &[&str] = &[
    "access", "account", "admin", "aes", "api", "app", "application", "auth", "cipher", "client",
    "cookie", "crypto", "decrypt", "decryption", "deploy", "encrypt", "encryption", "fernet",
    "hash", "hmac", "jwt", "licence", "license", "management", "master", "primary", "private",
    "recovery", "root", "secondary", "secret", "server", "service", "session", "shared", "sign",
    "signing", "ssh", "ssl", "storage", "subscription", "tls", "unseal", "webhook",
];

#[rustfmt::skip]
const VAGUE: &[&str] = &[
    "auth", "cookie", "key", "licence", "license", "login", "salt", "seed", "session", "webhook",
];

/// Names that only repeat that there is a value.
pub(super) fn says_nothing(name: &str) -> bool {
    let names = [
        "value",
        "default",
        "plain",
        "text",
        "raw",
        "content",
        "data",
        "stringData",
        "plaintext",
        "inline_string",
        "inlineString",
        "inline_bytes",
    ];
    names.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [
            SHOWN,
            ATTRIBUTES,
            FILLERS,
            PASSWORDS,
            NOT_PASSWORDS,
            SECRETS,
            KEY_KINDS,
            VAGUE,
        ] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn names_promise_passwords_secrets_or_nothing() {
        for (name, role) in [
            ("DB_PASSWORD", NameHint::Password),
            ("LDAP_BIND_PW", NameHint::Password),
            ("--requirepass", NameHint::Password),
            ("RABBITMQ_DEFAULT_PASS", NameHint::Password),
            ("SECRET_KEY_BASE", NameHint::Secret),
            ("prowHmac", NameHint::Secret),
            ("mySecretString", NameHint::Secret),
            ("session-key", NameHint::Secret),
            ("todo_secret_do_not_commit", NameHint::Secret),
            ("topologyKey", NameHint::Open),
            ("ManifestHashAnnotationKey", NameHint::Open),
            ("recaptcha_site_key", NameHint::Open),
            ("rum.clientToken", NameHint::Open),
            ("stripePublishableKey", NameHint::Open),
            ("rsaEncryptedKey", NameHint::Open),
            ("fs-minipass", NameHint::Unknown),
            ("secret.inline_string", NameHint::Secret),
            ("honk.txt", NameHint::Unknown),
            ("author", NameHint::Open),
            ("client_id", NameHint::Open),
            ("secretName", NameHint::Open),
            ("publicToken", NameHint::Open),
            ("checksum/secret", NameHint::Open),
            ("token_endpoint", NameHint::Open),
            ("bypass", NameHint::Unknown),
        ] {
            assert_eq!(NameHint::of(name), role, "{name}");
        }
    }
}
