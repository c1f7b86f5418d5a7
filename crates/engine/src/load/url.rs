//! Parses names that are URLs: which of them mean a repository, and which part of it.
//!
//! The rules are kustomize's: they split off the query, then the host, then the path of the
//! repository from the path in it, and a name that cannot be split so is no repository.
//! Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md>.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kustom_yaml::cut::Cut as _;

use super::files::normalized;

/// A directory in a repository, as a URL names it.
///
/// # Example
///
/// ```
/// use kustom_engine::load::Repository;
///
/// let found = Repository::parse("github.com/org/app//deploy/base?ref=v1").unwrap();
/// assert_eq!(found.address, "https://github.com/org/app");
/// assert_eq!(found.directory, "deploy/base");
/// assert_eq!(found.reference, "v1");
/// assert_eq!(Repository::parse("../base"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The URL as it was written.
    pub url: String,
    /// The address that git is given.
    pub address: String,
    /// The path in the repository; empty for its root.
    pub directory: String,
    /// The branch, tag or commit; empty for the default branch.
    pub reference: String,
    /// How long each command of git may take.
    pub limit: Duration,
    /// Whether submodules are fetched too.
    pub submodules: bool,
}

/// How long a command of git may take where the URL does not say.
const LIMIT: Duration = Duration::from_secs(27);

/// Schemes that git understands.
const SCHEMES: [&str; 4] = ["ssh://", "https://", "http://", "file://"];

/// The name that kustomize gives a clone that is not there yet; it shows in origins.
const NOT_CLONED: &str = "notCloned";

impl Repository {
    /// Reads a URL; `None` if it cannot mean a repository.
    pub fn parse(url: &str) -> Option<Self> {
        if Path::new(url).is_absolute() {
            return None;
        }
        let (location, query) = url.split_once('?').unwrap_or((url, ""));
        let query = Query::parse(query);
        let (host, path) = split_host(location)?;
        let (repository, directory) = split_path(path, host.starts_with("file://"))?;
        if repository.is_empty() || leaves(&directory) {
            return None;
        }
        Some(Self {
            url: url.to_owned(),
            address: host + &repository,
            directory: directory.strip_prefix('/').unwrap_or(&directory).to_owned(),
            reference: query.reference,
            limit: query.limit,
            submodules: query.submodules,
        })
    }

    /// Where the directory is in its repository, as origins show it.
    ///
    /// The root itself has an odd name there, which is kustomize's.
    pub fn origin_path(&self) -> String {
        let path = normalized(Path::new(&self.directory));
        if path.as_os_str().is_empty() {
            return NOT_CLONED.to_owned();
        }
        path.to_string_lossy().into_owned()
    }

    /// Whether a GET of the URL can give nothing but a page about the repository.
    ///
    /// kustomize asks every URL for a file first. Where the host is known not to serve files at
    /// such addresses, the answer is known too.
    pub(super) fn is_certain(&self) -> bool {
        let Some(path) = self.address.strip_prefix("https://github.com/") else {
            return false;
        };
        if path.split('/').count() != 2 {
            return false;
        }
        let first = self.directory.split('/').find(|part| !part.is_empty());
        first.is_none_or(|part| !GITHUB_FILES.contains(&part))
    }
}

/// The part of an address that follows `org/repo/` if it names a file.
const GITHUB_FILES: [&str; 9] = [
    "archive", "assets", "blob", "files", "raw", "releases", "suites", "tarball", "zipball",
];

/// Whether a name is the URL of something that is fetched over HTTP.
pub fn is_http(name: &str) -> bool {
    let scheme = |scheme: &str| {
        name.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let is_bad = |byte: u8| byte < b' ' || byte == 0x7f;
    (scheme("http://") || scheme("https://")) && !name.bytes().any(is_bad)
}

/// Words with URLs in them, without the names and passwords that web addresses carry.
pub(super) fn without_passwords(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let is_secret = rest.cut(..at).ends_with("http") || rest.cut(..at).ends_with("https");
        let (before, after) = rest.halves(at + 3);
        clean.push_str(before);
        let authority = after
            .find(['/', '?', ' ', '\'', '"', '\n'])
            .unwrap_or(after.len());
        rest = match after.cut(..authority).rfind('@') {
            Some(end) if is_secret || after.cut(..end).contains(':') => {
                clean.push_str("***");
                after.cut(end..)
            }
            _ => after,
        };
    }
    clean + rest
}

/// A URL to be written down: without the name and password that a web address carries, and
/// without what its query calls a secret.
pub(super) fn without_secrets(url: &str) -> String {
    const SECRET: [&str; 8] = [
        "token",
        "secret",
        "passw",
        "key",
        "sig",
        "auth",
        "credential",
        "session",
    ];
    let (location, query) = url.split_once('?').unwrap_or((url, ""));
    let mut clean = without_passwords(location).replacen("***@", "", 1);
    for (index, part) in query.split('&').filter(|part| !part.is_empty()).enumerate() {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let name = key.to_ascii_lowercase();
        let is_secret = SECRET.iter().any(|word| name.contains(word));
        clean.push(if index == 0 { '?' } else { '&' });
        clean.push_str(key);
        clean.push('=');
        clean.push_str(if is_secret { "***" } else { value });
    }
    clean
}

/// A URL for people: no password, and of its query only what we understand ourselves.
pub(super) fn shown_url(url: &str) -> String {
    const KNOWN: [&str; 4] = ["ref", "version", "timeout", "submodules"];
    let (location, query) = url.split_once('?').unwrap_or((url, ""));
    let mut shown = without_passwords(location);
    for (index, part) in query.split('&').filter(|part| !part.is_empty()).enumerate() {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = if KNOWN.contains(&key) { value } else { "***" };
        shown.push(if index == 0 { '?' } else { '&' });
        shown.push_str(key);
        shown.push('=');
        shown.push_str(value);
    }
    shown
}

/// A name that a kustomization uses, for people: a URL keeps its secrets.
///
/// # Example
///
/// ```
/// use kustom_engine::load::shown_name;
///
/// assert_eq!(shown_name("https://me:secret@example.com/org/app"), "https://***@example.com/org/app");
/// assert_eq!(shown_name("base"), "base");
/// ```
pub fn shown_name(name: &str) -> String {
    if name.contains("://") {
        shown_url(name)
    } else {
        name.to_owned()
    }
}

/// The settings in the query of a URL.
struct Query {
    reference: String,
    limit: Duration,
    submodules: bool,
}

impl Query {
    /// Reads a query; one that is malformed says nothing.
    fn parse(text: &str) -> Self {
        let pairs = pairs(text).unwrap_or_default();
        let first = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found
                .map(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty())
        };
        let submodules = match first("submodules") {
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            // `true`, nothing, or something that is no boolean.
            _ => true,
        };
        Self {
            reference: first("ref")
                .or_else(|| first("version"))
                .unwrap_or_default()
                .to_owned(),
            limit: first("timeout").and_then(duration).unwrap_or(LIMIT),
            submodules,
        }
    }
}

/// How long the query of a URL allows.
pub(super) fn limit_of(url: &str) -> Option<Duration> {
    let (_, query) = url.split_once('?')?;
    let pairs = pairs(query)?;
    pairs
        .iter()
        .find(|(key, _)| key == "timeout")
        .and_then(|(_, value)| duration(value))
}

/// The pairs of a query; `None` if one of them is malformed.
fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            if part.contains(';') {
                None
            } else {
                Some((decoded(key)?, decoded(value)?))
            }
        })
        .collect()
}

/// Text whose `%41` and `+` are what they stand for.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whole seconds, or a duration such as `1m30s`; `None` if it is neither, or not above zero.
fn duration(text: &str) -> Option<Duration> {
    let seconds = text.strip_prefix('+').unwrap_or(text);
    let is_whole = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    let length = if is_whole {
        Duration::from_secs(seconds.parse().ok()?)
    } else {
        with_units(seconds)?
    };
    (!length.is_zero()).then_some(length)
}

/// One or more decimal numbers, each with its unit.
fn with_units(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("μs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.cut(..end).parse().ok()?;
        let unit_end = rest
            .cut(end..)
            .find(|c: char| c.is_ascii_digit() || c == '.');
        let unit = rest.cut(end..unit_end.map_or(rest.len(), |length| end + length));
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number * factor;
        rest = rest.cut(end + unit.len()..);
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// The part that says where the repository is served, and the path after it.
fn split_host(url: &str) -> Option<(String, &str)> {
    let url = without_prefix(url, "git::").unwrap_or(url);
    let found = SCHEMES
        .iter()
        .find_map(|scheme| Some((*scheme, without_prefix(url, scheme)?)));
    let (scheme, rest) = found.unwrap_or(("", url));
    if scheme == "file://" {
        return Some((scheme.to_owned(), rest));
    }
    let (user, rest) = split_user(rest);
    let is_github = ["github.com/", "github.com:"]
        .iter()
        .any(|host| without_prefix(rest, host).is_some());
    // `user@host:path`, or GitHub without a scheme.
    let is_short = scheme.is_empty() && (!user.is_empty() || is_github);
    if scheme.is_empty() && !is_short {
        return None;
    }
    let (host, path) = match separator(rest, is_short) {
        Some(at) => rest.halves(at + 1),
        None => (rest, ""),
    };
    if is_github {
        let host = if scheme == "ssh://" || !user.is_empty() {
            format!("{user}github.com:")
        } else {
            "https://github.com/".to_owned()
        };
        return Some((host, path));
    }
    if host.is_empty() {
        None
    } else {
        Some((format!("{scheme}{user}{host}"), path))
    }
}

/// Where the path starts: after a slash, or after a colon where that will do.
fn separator(text: &str, colon_will_do: bool) -> Option<usize> {
    let slash = text.find('/');
    let colon = text.find(':').filter(|_| colon_will_do);
    match (slash, colon) {
        (None, colon) => colon,
        (Some(slash), Some(colon)) if colon > 0 && colon < slash => Some(colon),
        (slash, _) => slash,
    }
}

/// `user@`, if the text starts with that.
fn split_user(text: &str) -> (&str, &str) {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match text.find('@') {
        Some(at) if is_name(text.cut(..at)) => text.halves(at + 1),
        _ => ("", text),
    }
}

/// The path of the repository, and the path in it: split where something marks the border, or
/// after the organisation and the name.
fn split_path(path: &str, is_local: bool) -> Option<(String, String)> {
    const BEFORE_NAME: &str = "_git/";
    if let Some(at) = path.find(BEFORE_NAME) {
        let name = at + BEFORE_NAME.len();
        let end = path
            .cut(name..)
            .find('/')
            .map_or(path.len(), |length| name + length);
        let rest = path.get(end + 1..).unwrap_or_default();
        return Some((path.cut(..end).to_owned(), rest.to_owned()));
    }
    if let Some((repository, rest)) = path.split_once("//") {
        return Some((repository.to_owned(), rest.to_owned()));
    }
    if let Some(at) = path.find(".git") {
        let (repository, rest) = path.halves(at + ".git".len());
        return Some((repository.to_owned(), rest.to_owned()));
    }
    if is_local {
        return Some((path.to_owned(), String::new()));
    }
    let (organisation, rest) = path.split_once('/')?;
    let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
    Some((format!("{organisation}/{name}"), rest.to_owned()))
}

/// Whether a path in a repository leads out of it.
fn leaves(directory: &str) -> bool {
    let mut depth = 0_usize;
    for part in directory.trim_start_matches('/').split('/') {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

/// The rest of a text behind a prefix in any case.
fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| text.cut(prefix.len()..))
}

/// Where a name leads that is relative to a directory in a clone, for people.
pub(super) fn shown(address: &str, inside: &Path) -> PathBuf {
    let address = without_passwords(address);
    if inside.as_os_str().is_empty() {
        return address.into();
    }
    format!("{address}//{}", inside.display()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (String, String) {
        let found = Repository::parse(url).unwrap_or_else(|| panic!("{url} is a repository"));
        let directory = found.origin_path();
        (found.address, directory)
    }

    #[test]
    fn the_host_says_how_a_repository_is_addressed() {
        for (url, address) in [
            (
                "https://example.com/org/app/deploy",
                "https://example.com/org/app",
            ),
            (
                "HTTPS://example.com/org/app/deploy",
                "https://example.com/org/app",
            ),
            (
                "http://github.com/org/app/deploy",
                "https://github.com/org/app",
            ),
            ("GitHub.com/org/app/deploy", "https://github.com/org/app"),
            (
                "git::https://github.com/org/app/deploy",
                "https://github.com/org/app",
            ),
            ("github.com:org/app/deploy", "https://github.com/org/app"),
            ("git@github.com:org/app/deploy", "git@github.com:org/app"),
            ("git@github.com/org/app/deploy", "git@github.com:org/app"),
            (
                "ssh://org-12@github.com/org/app/deploy",
                "org-12@github.com:org/app",
            ),
            (
                "ssh://git@ssh.github.com:443/org/app/deploy",
                "ssh://git@ssh.github.com:443/org/app",
            ),
            ("me@example.com:org/app/deploy", "me@example.com:org/app"),
            ("me@example.com/org/app/deploy", "me@example.com/org/app"),
            (
                "ssh://me@example.com/org/app/deploy",
                "ssh://me@example.com/org/app",
            ),
            (
                "https://me@example.com/org/app/deploy",
                "https://me@example.com/org/app",
            ),
        ] {
            assert_eq!(
                parts(url),
                (address.to_owned(), "deploy".to_owned()),
                "{url}"
            );
        }
    }

    #[test]
    fn marks_in_the_path_say_where_the_repository_ends() {
        for (url, address, directory) in [
            ("https://h/a/b/c//d/e", "https://h/a/b/c", "d/e"),
            ("https://h/a/b/c.git/d/e", "https://h/a/b/c.git", "d/e"),
            ("https://h/a/b/c.git//d/../e", "https://h/a/b/c.git", "e"),
            ("https://h/a/_git/c/d/e", "https://h/a/_git/c", "d/e"),
            ("https://h/a/_git/c//d", "https://h/a/_git/c", "d"),
            ("https://h/a/b", "https://h/a/b", "notCloned"),
            ("https://h/a/b/?ref=x", "https://h/a/b", "notCloned"),
            ("file:///a/b/c", "file:///a/b/c", "notCloned"),
            ("file:///a/b/c//d", "file:///a/b/c", "d"),
            ("file://me@a/b.git/c", "file://me@a/b.git", "c"),
            ("git@h:a.git", "git@h:a.git", "notCloned"),
        ] {
            assert_eq!(
                parts(url),
                (address.to_owned(), directory.to_owned()),
                "{url}"
            );
        }
    }

    #[test]
    fn what_cannot_be_split_is_no_repository() {
        for name in [
            "",
            "..",
            "../base",
            "/abs/github.com/org/app",
            "deployment.yaml",
            "example.com/org/app",
            "https://example.com",
            "https://example.com/app",
            "github.com/app",
            "htxps://github.com/org/app",
            "ssh://",
            "https:///org/app//x/../..",
            "https://h/org/app//..",
            "https://h/org/app/a/../../b",
            "file://",
        ] {
            assert_eq!(Repository::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_query_says_which_revision_and_how_long() {
        let query = |query: &str| {
            let found = Repository::parse(&format!("https://h/a/b?{query}")).unwrap();
            (found.reference, found.limit.as_millis(), found.submodules)
        };
        let plain = |reference: &str| (reference.to_owned(), 27_000, true);
        assert_eq!(query(""), plain(""));
        assert_eq!(query("version=v1"), plain("v1"));
        assert_eq!(query("version=v1&ref=v2&ref=v3"), plain("v2"));
        assert_eq!(query("version=v1&ref="), plain("v1"));
        assert_eq!(query("ref=a%2Fb+c"), plain("a/b c"));
        // A malformed query says nothing at all.
        assert_eq!(query("ref=v1&x=%zz"), plain(""));
        assert_eq!(query("ref=v1;x"), plain(""));
        assert_eq!(query("timeout=61"), (String::new(), 61_000, true));
        assert_eq!(query("timeout=1m1.5s20ms"), (String::new(), 61_520, true));
        for odd in ["0", "-3", "3x", "s", "1.5", "-1s"] {
            assert_eq!(query(&format!("timeout={odd}")), plain(""), "{odd}");
        }
        assert_eq!(
            query("submodules=false&ref=x"),
            ("x".to_owned(), 27_000, false)
        );
        assert_eq!(query("submodules=no"), plain(""));
    }

    #[test]
    fn only_where_no_file_can_be_is_a_repository_certain() {
        let is_certain = |url: &str| Repository::parse(url).unwrap().is_certain();
        assert!(is_certain("https://github.com/org/app"));
        assert!(is_certain("https://github.com/org/app.git//deploy?ref=v1"));
        assert!(is_certain("http://github.com/org/app/deploy/base"));
        assert!(!is_certain(
            "https://github.com/org/app/releases/download/v1/all.yaml"
        ));
        assert!(!is_certain("https://github.com/org/app/raw/main/all.yaml"));
        assert!(!is_certain(
            "https://raw.githubusercontent.com/org/app/main/all.yaml"
        ));
        assert!(!is_certain("https://gitlab.com/org/app//deploy"));
    }

    #[test]
    fn secrets_of_a_url_are_not_shown() {
        assert_eq!(
            without_passwords(
                "cannot reach 'https://me:pw@h/a' or https://token@h/b or ssh://git@h"
            ),
            "cannot reach 'https://***@h/a' or https://***@h/b or ssh://git@h"
        );
        assert_eq!(
            shown_url("https://h/a?ref=main&private_token=abc"),
            "https://h/a?ref=main&private_token=***"
        );
    }

    #[test]
    fn what_is_fetched_over_http_starts_with_its_scheme() {
        assert!(is_http("https://h/x.yaml") && is_http("HTTP://h"));
        for other in [
            "",
            "http",
            "http:/h",
            "git::https://h/x",
            "https://h/\nx",
            "ß",
            "file:///x",
        ] {
            assert!(!is_http(other), "{other}");
        }
    }
}
