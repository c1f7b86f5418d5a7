//! What the name of a file says about its content.

use std::ops::Range;

use kustom_yaml::cut::Cut as _;

use super::harmless::is_password_hash;
use super::judge::{ValueContext, Verdict, is_password, judge};
use super::name_hint::NameHint;
use super::rule_ids;
use super::text::Hit;

/// Whether a file holds keys in a binary format: `client.p12`, `app.jks`; a trust store holds what
/// is public.
pub(super) fn is_keystore(path: &str) -> bool {
    let formats = [
        "p12", "pfx", "jks", "keystore", "bcfks", "kdbx", "keytab", "ppk",
    ];
    has_extension(path, &formats) && !name_of(path).to_ascii_lowercase().contains("trust")
}

/// Whether what stands in a file is meant as a sample: documentation, boilerplate, examples.
pub(super) fn is_sample(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let marks = [
        "boilerplate",
        "example",
        "sample",
        ".template",
        ".tmpl",
        ".dist",
    ];
    marks.iter().any(|mark| lower.contains(mark))
        || has_extension(path, &["md", "markdown", "adoc", "asciidoc", "rst"])
        || name_of(&lower).starts_with("readme")
}

/// Whether a file may be parsed as YAML or JSON.
pub(super) fn is_document(path: &str) -> bool {
    has_extension(
        path,
        &[
            "yaml",
            "yml",
            "json",
            "tfstate",
            "kubeconfig",
            "dockerconfigjson",
            "dockercfg",
        ],
    ) || matches!(
        name_of(path),
        "Kustomization" | "kubeconfig" | ".dockerconfigjson" | ".dockercfg"
    )
}

/// Whether a file is made of names, versions and hashes by a program: only what an issuer marks is
/// a secret in it.
pub(super) fn is_record(path: &str) -> bool {
    const NAMES: &[&str] = &[
        ".sops.yaml",
        ".sops.yml",
        ".terraform.lock.hcl",
        "bun.lock",
        "cargo.lock",
        "chart.lock",
        "composer.lock",
        "deno.lock",
        "flake.lock",
        "gemfile.lock",
        "go.mod",
        "go.sum",
        "go.work.sum",
        "gradle.lockfile",
        "mix.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "packages.lock.json",
        "pdm.lock",
        "pipfile.lock",
        "pixi.lock",
        "pnpm-lock.yaml",
        "podfile.lock",
        "poetry.lock",
        "pubspec.lock",
        "uv.lock",
        "yarn.lock",
    ];
    let name = name_of(path);
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// How clear an assignment in a file must be.
pub(super) fn setting_of(path: &str) -> ValueContext {
    const CODE: &[&str] = &[
        "adoc", "c", "cc", "cjs", "cpp", "cs", "css", "cts", "go", "h", "hpp", "html", "java",
        "js", "jsx", "kt", "lua", "m", "markdown", "md", "mjs", "mts", "php", "pl", "proto", "py",
        "rb", "rs", "rst", "scala", "scss", "svg", "swift", "ts", "tsx", "vue",
    ];
    if has_extension(path, &["tf", "hcl", "tfvars"])
        || name_of(path).eq_ignore_ascii_case("nuget.config")
    {
        ValueContext::Literal
    } else if has_extension(path, CODE) {
        ValueContext::Text
    } else {
        ValueContext::Config
    }
}

/// Whether the whole of a file may be a secret, or each of its lines.
pub(super) fn may_be_secret(path: &str) -> bool {
    Format::of(path).is_some()
}

/// The secrets in a file whose format is known by its name.
pub(super) fn search(path: &str, text: &str) -> Vec<Hit> {
    match Format::of(path) {
        Some(Format::Htpasswd) => lines(text, |line| {
            let colon = line.find(':')?;
            is_password_hash(line).then(|| after(line, colon))
        }),
        Some(Format::Pgpass) => lines(text, |line| {
            let last = line.match_indices(':').nth(3)?.0;
            let found = after(line, last);
            is_password(line.cut(found.clone())).then_some(found)
        }),
        Some(Format::Netrc) => netrc(text),
        Some(Format::Whole) => whole(path, text).into_iter().collect(),
        None => Vec::new(),
    }
}

/// What a file's name says of the format of its secrets.
#[derive(Clone, Copy)]
enum Format {
    /// `user:hash`
    Htpasswd,
    /// `host:port:database:user:password`
    Pgpass,
    /// `machine host login user password word`
    Netrc,
    /// Nothing but the secret.
    Whole,
}

impl Format {
    fn of(path: &str) -> Option<Self> {
        let ends = |end: &str| {
            let start = path.len().checked_sub(end.len());
            start.is_some_and(|start| path.as_bytes()[start..].eq_ignore_ascii_case(end.as_bytes()))
        };
        if ends("htpasswd") {
            Some(Self::Htpasswd)
        } else if ends(".pgpass") || ends("pgpass.conf") {
            Some(Self::Pgpass)
        } else if ends("netrc") {
            Some(Self::Netrc)
        } else {
            is_kept_for_secrets(path).then_some(Self::Whole)
        }
    }
}

/// Whether a file lies in a directory for secrets or is called like one.
fn is_kept_for_secrets(path: &str) -> bool {
    let name = name_of(path);
    let mut above = path.as_bytes()[..path.len() - name.len()].split(|&byte| byte == b'/');
    let stem = name.rsplit_once('.').map_or(name, |(stem, extension)| {
        if stem.is_empty() || matches!(extension, "txt" | "secret" | "key" | "token" | "pass") {
            stem
        } else {
            ""
        }
    });
    above.any(is_secrets_directory) || (!stem.is_empty() && NameHint::of(stem) >= NameHint::Secret)
}

/// `secrets`, `.secrets`, `secrets-boilerplate`.
fn is_secrets_directory(part: &[u8]) -> bool {
    let dots = part.iter().take_while(|&&byte| byte == b'.').count();
    let part = &part[dots..];
    part == b"secret"
        || part
            .strip_prefix(b"secrets")
            .is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_alphanumeric))
}

/// A file that is one value, comments aside.
fn whole(path: &str, text: &str) -> Option<Hit> {
    let mut lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let value = lines.next()?.trim();
    if lines.next().is_some() || value.len() < 8 {
        return None;
    }
    let name = name_of(path);
    let verdict = judge(name, value, ValueContext::Secret)?;
    let start = text.find(value)?;
    Some(Hit {
        rule: match verdict {
            Verdict::Secret => rule_ids::FILE,
            Verdict::Weak => rule_ids::WEAK,
        },
        range: start..start + value.len(),
        key: Some(name.to_owned()),
        value: value.to_owned(),
    })
}

/// The words behind `password` in a `.netrc`.
fn netrc(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut is_next = false;
    let mut at = 0;
    for word in text.split_ascii_whitespace() {
        let start = at + text.cut(at..).find(word).unwrap_or(0);
        at = start + word.len();
        if is_next && is_password(word) {
            hits.push(file_hit(start..at, word));
        }
        is_next = word == "password";
    }
    hits
}

fn lines(text: &str, find: impl Fn(&str) -> Option<Range<usize>>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        if !trimmed.starts_with('#')
            && let Some(found) = find(trimmed)
        {
            let range = start + found.start..start + found.end;
            hits.push(file_hit(range, trimmed.cut(found)));
        }
        start += line.len();
    }
    hits
}

fn file_hit(range: Range<usize>, value: &str) -> Hit {
    Hit {
        rule: rule_ids::FILE,
        range,
        key: None,
        value: value.to_owned(),
    }
}

fn after(line: &str, at: usize) -> Range<usize> {
    at + 1..line.len()
}

/// The last part of a path.
pub(super) fn name_of(path: &str) -> &str {
    // A short way back, which a search for a character makes long.
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash.map_or(path, |slash| path.cut(slash + 1..))
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let name = name_of(path);
    let Some(point) = name.bytes().rposition(|byte| byte == b'.') else {
        return false;
    };
    let extension = name.cut(point + 1..);
    extensions
        .iter()
        .any(|known| known.len() == extension.len() && known.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "uyS1F1a10F1qmQj8q17zZuMHnG5";

    fn values(path: &str, text: &str) -> Vec<String> {
        search(path, text)
            .into_iter()
            .map(|hit| hit.value)
            .collect()
    }

    #[test]
    fn formats_of_one_secret_a_line_are_known_by_name() {
        let netrc = format!("machine example.org\n  login bot\n  password {VALUE}\n");
        assert_eq!(values("ci/.netrc", &netrc), [VALUE]);
        assert_eq!(
            values(".pgpass", &format!("db:5432:app:app:{VALUE}\n")),
            [VALUE]
        );
        let hash = "$apr1$chQwkZDY$GLjjjX4nhcJwvoCkxyFBPC";
        assert_eq!(
            values("auth/.htpasswd", &format!("# users\ndev:{hash}\n")),
            [hash]
        );
    }

    #[test]
    fn a_file_for_a_secret_is_its_value() {
        assert_eq!(values("a/secrets/slack-token/token", VALUE), [VALUE]);
        assert_eq!(values("configs/cat-api/api-key", VALUE), [VALUE]);
        assert_eq!(values("configs/cat-api/index", VALUE), [""; 0]);
        assert_eq!(values("a/secrets/t/token", "# a token\ntoken\n"), [""; 0]);
        assert_eq!(values("a/secrets/t/token", ""), [""; 0]);
    }

    #[test]
    fn samples_and_key_stores_are_known_by_their_path() {
        assert!(is_sample("secrets-boilerplate/a/b"));
        assert!(is_sample("README.md"));
        assert!(!is_sample("environments/prod/a.yaml"));
        assert!(is_keystore("cagw_key.P12"));
        assert!(!is_keystore("type.P126.html"));
        assert!(!is_keystore("certs/truststore.jks"));
    }
}
