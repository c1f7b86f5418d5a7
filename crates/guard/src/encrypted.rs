//! Files and values that a program has encrypted.
//!
//! Such a file may be committed: reading the repository does not reveal its values. What it
//! must not do is reach a cluster as it is, unless something there decrypts it.
//! Source of the formats of sops: <https://getsops.io/docs/#encrypting-binary-files>.

use kustom_yaml::place::SourceId;
use kustom_yaml::search;
use kustom_yaml::{Node, Value, read_manifests};

/// The program that encrypted a text, by its name.
///
/// A file of sops is one that carries its metadata and at least one encrypted value: YAML, JSON,
/// dotenv, INI, or what it makes of a binary file.
///
/// # Example
///
/// ```
/// use kustom_guard::encryption;
///
/// let env = "TOKEN=ENC[AES256_GCM,data:Zm9v,type:str]\nsops_mac=ENC[AES256_GCM,data:YmFy]\n";
/// assert_eq!(encryption(env.as_bytes()), Some("sops"));
/// assert_eq!(encryption(b"ENC[AES256_GCM,data:Zm9v,type:str]"), Some("sops"));
/// assert_eq!(encryption(b"# decrypt with sops: TOKEN=ENC[AES256_GCM,\xe2\x80\xa6]\n"), None);
/// ```
pub fn encryption(content: &[u8]) -> Option<&'static str> {
    if content.starts_with(b"\0GITCRYPT\0") {
        return Some("git-crypt");
    }
    // The shortest mark, and what every value of sops begins with, are as long.
    if content.len() < SOPS_VALUE.len() {
        return None;
    }
    let is_marked = || {
        let first = content.iter().find(|byte| !byte.is_ascii_whitespace());
        !matches!(first, Some(b'!'..=b'~')) || matches!(first, Some(b'$' | b'-' | b'a'))
    };
    if !is_marked() && search::text(SOPS_VALUE.as_bytes(), content).is_none() {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?.trim();
    let starts = |mark: &&(&str, &str)| text.starts_with(mark.0);
    if let Some((_, program)) = MARKS.iter().find(starts) {
        return Some(program);
    }
    let is_sops = is_sops_value(text) || (text.contains(SOPS_VALUE) && is_sops_file(text));
    is_sops.then_some("sops")
}

/// Whether an object is one that sops has encrypted, with its metadata beside the fields.
pub fn is_sops_document(node: &Node) -> bool {
    node.get("sops")
        .is_some_and(|sops| sops.get("mac").is_some())
}

/// What every encrypted value of sops begins with.
const SOPS_VALUE: &str = "ENC[AES256_GCM,";

/// What texts of other programs begin with.
const MARKS: &[(&str, &str)] = &[
    ("$ANSIBLE_VAULT;", "Ansible Vault"),
    ("-----BEGIN AGE ENCRYPTED FILE-----", "age"),
    ("age-encryption.org/", "age"),
    ("-----BEGIN PGP MESSAGE-----", "PGP"),
];

fn is_sops_value(text: &str) -> bool {
    text.starts_with(SOPS_VALUE) && text.ends_with(']') && !text.contains(char::is_whitespace)
}

fn is_sops_file(text: &str) -> bool {
    is_dotenv(text) || is_ini(text) || is_structured(text)
}

/// `KEY=ENC[…]` and `sops_mac=ENC[…]`.
fn is_dotenv(text: &str) -> bool {
    let entries = || text.lines().filter_map(|line| line.split_once('='));
    let is_mac = |(key, value): (&str, &str)| key == "sops_mac" && is_sops_value(value);
    let is_value = |(key, value): (&str, &str)| !key.starts_with("sops_") && is_sops_value(value);
    entries().any(is_mac) && entries().any(is_value)
}

/// `key = ENC[…]` in a section, and `mac = ENC[…]` in the section `[sops]`.
fn is_ini(text: &str) -> bool {
    let (mut section, mut has_mac, mut has_value) = ("", false, false);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((key, value)) = line.split_once('=')
            && is_sops_value(value.trim().trim_matches(['"', '`']))
        {
            has_mac |= section == "sops" && key.trim() == "mac";
            has_value |= section != "sops";
        }
    }
    has_mac && has_value
}

/// A map `sops` with a `mac` beside encrypted values, in YAML or JSON.
fn is_structured(text: &str) -> bool {
    let Ok(stream) = read_manifests(text.as_bytes(), SourceId::NONE) else {
        return false;
    };
    stream.documents.iter().any(|document| {
        let mut entries = document.entries().iter();
        is_sops_document(document)
            && entries.any(|entry| !entry.is("sops") && holds_value(&entry.value))
    })
}

fn holds_value(node: &Node) -> bool {
    match &node.value {
        Value::Map(entries) => entries.iter().any(|entry| holds_value(&entry.value)),
        Value::Seq(items) => items.iter().any(holds_value),
        Value::Scalar(text) => is_sops_value(text.trim()),
        Value::Alias(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]";

    #[test]
    fn every_format_of_sops_is_known() {
        for text in [
            format!("password: {VALUE}\nsops:\n  mac: {VALUE}\n  version: 3.9.0\n"),
            format!("kind: Secret\nstringData: {{a: \"{VALUE}\"}}\nsops: {{mac: \"{VALUE}\"}}\n"),
            format!("a: 1\n---\nlist:\n- {VALUE}\nsops:\n  mac: {VALUE}\n"),
            format!("{{\"a\": {{\"b\": \"{VALUE}\"}}, \"sops\": {{\"mac\": \"{VALUE}\"}}}}"),
            format!(
                "{{\n\t\"data\": \"{VALUE}\",\n\t\"sops\": {{\n\t\t\"mac\": \"{VALUE}\"\n\t}}\n}}"
            ),
            format!("TOKEN={VALUE}\r\nsops_version=3.9.0\r\nsops_mac={VALUE}\r\n"),
            format!("[app]\ntoken = {VALUE}\n\n[sops]\nlastmodified = x\nmac   = {VALUE}\n"),
        ] {
            assert_eq!(encryption(text.as_bytes()), Some("sops"), "{text}");
        }
    }

    #[test]
    fn metadata_alone_protects_nothing() {
        for text in [
            format!("password: hunter2\nsops:\n  mac: {VALUE}\n"),
            format!("TOKEN=hunter2\nsops_mac={VALUE}\n"),
            format!("[app]\ntoken = hunter2\n[sops]\nmac = {VALUE}\n"),
            format!("# sops\npassword: hunter2\nold: {VALUE}\n"),
        ] {
            assert_eq!(encryption(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn other_programs_leave_their_mark_in_front() {
        assert_eq!(encryption(b"\0GITCRYPT\0\xff\xfe"), Some("git-crypt"));
        let vault = b"$ANSIBLE_VAULT;1.1;AES256\n3336\n";
        assert_eq!(encryption(vault), Some("Ansible Vault"));
        assert_eq!(encryption(b"hunter2"), None);
        assert_eq!(encryption(b"\xff"), None);
    }
}
