//! The names of the rules that judge by context, and which rule wins where several match.

/// A value in a Secret.
pub(super) const SECRET: &str = "kubernetes-secret";
/// A literal of a generator.
pub(super) const GENERATOR: &str = "secret-generator";
/// A Docker configuration.
pub(super) const DOCKER: &str = "docker-config";
/// A value whose name promises a secret.
pub(super) const CREDENTIAL: &str = "credential";
/// A password that anybody would guess.
pub(super) const WEAK: &str = "weak-password";
/// A file whose content is the secret.
pub(super) const FILE: &str = "secret-file";
/// A file that keeps keys in a binary format.
pub(super) const KEYSTORE: &str = "keystore-file";

/// The rules that are no formats of tokens.
pub(super) const NAMES: [&str; 10] = [
    SECRET,
    GENERATOR,
    DOCKER,
    CREDENTIAL,
    WEAK,
    FILE,
    KEYSTORE,
    "url-password",
    "command-line-password",
    "private-key",
];

/// How much a rule knows about what it found; of two that found the same, the one that knows more
/// is reported.
pub(super) fn precedence(rule: &str) -> u8 {
    match rule {
        CREDENTIAL | WEAK => 0,
        "url-password" | "command-line-password" | "sql-password" | FILE => 1,
        SECRET | GENERATOR | DOCKER => 2,
        // Those that know the issuer.
        _ => 3,
    }
}
