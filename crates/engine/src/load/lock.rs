//! The lock of a project: what each remote held when somebody reviewed it.
//!
//! `kustom.lock` lists one entry for each remote: a repository at a `ref`, a file over HTTP, a chart.
//! A digest says what the content was; whatever is fetched, cached or vendored is held to it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::limits;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Node, read_config, read_strict_config, write};
use sha2::{Digest as _, Sha256};

use super::content::{is_below, named};
use super::url::{Repository, without_secrets};

/// The name of the file that holds the lock of a project.
pub const LOCK_FILE: &str = "kustom.lock";

/// The version of the format.
const VERSION: u64 = 1;

/// The fields of a lock.
const FIELDS: [&str; 2] = ["version", "remotes"];

/// What mends a lock.
const REWRITE: &str = "write it anew with `kustom lock`, and review what changes";

/// The first lines of every lock.
const HEADER: &str =
    "# What the remotes of this project hold: written by `kustom lock`, checked at every fetch.\n";

/// A remote, as a lock names it: without names and passwords.
///
/// # Example
///
/// ```
/// use kustom_engine::load::{Remote, Repository};
///
/// let base = Repository::parse("https://me:secret@example.com/org/app//base?ref=v1").unwrap();
/// assert_eq!(Remote::from(&base).to_string(), "`https://example.com/org/app` at `v1`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Remote {
    /// The address that git, helm or the HTTP client is given.
    pub address: String,
    /// The kind of content at the address.
    pub kind: RemoteKind,
}

/// The kind of a remote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemoteKind {
    /// A file over HTTP.
    File,
    /// A git repository.
    Repository {
        /// The branch, tag or commit; empty for the default branch.
        reference: String,
        /// Whether submodules belong to it.
        submodules: bool,
    },
    /// A chart of a helm repository.
    Chart {
        /// Its name.
        name: String,
        /// Its version; empty for the newest.
        version: String,
    },
}

impl Remote {
    /// The file at a URL.
    pub fn file(url: &str) -> Self {
        Self {
            address: without_secrets(url),
            kind: RemoteKind::File,
        }
    }

    /// A chart of a repository of charts.
    pub fn chart(repository: &str, name: &str, version: &str) -> Self {
        Self {
            address: without_secrets(repository),
            kind: RemoteKind::Chart {
                name: name.to_owned(),
                version: version.to_owned(),
            },
        }
    }

    /// Where its content is vendored, below the directory of the lock.
    ///
    /// A name that says less than the address ends in a part of the address' digest, so that no two
    /// remotes share a directory.
    pub fn vendor_path(&self) -> String {
        let rest = self.address.split_once("://");
        let (scheme, rest) = rest.unwrap_or(("ssh", &self.address));
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        let mut parts: Vec<String> = rest
            .split(['/', ':'])
            .filter(|part| !part.is_empty())
            .map(plain)
            .collect();
        let (below, last) = match &self.kind {
            RemoteKind::File => ("vendor", String::new()),
            RemoteKind::Repository { reference, .. } if reference.is_empty() => {
                ("vendor", "@HEAD".to_owned())
            }
            RemoteKind::Repository { reference, .. } => {
                ("vendor", format!("@{}", plain(reference)))
            }
            RemoteKind::Chart { name, version } => {
                parts.push(plain(name));
                ("vendor/charts", format!("@{}", plain(version)))
            }
        };
        let is_whole = match &self.kind {
            RemoteKind::File | RemoteKind::Chart { .. } => {
                scheme == "https" && parts.join("/") == rest
            }
            RemoteKind::Repository {
                reference,
                submodules,
            } => {
                let is_plain = last.strip_prefix('@') == Some(reference);
                scheme == "https" && *submodules && is_plain && parts.join("/") == rest
            }
        };
        let mut path = format!("{below}/{}{last}", parts.join("/"));
        if !is_whole {
            let digest = format!("{self:?}");
            path.push('-');
            path.extend(hex(&Sha256::digest(digest.as_bytes())).chars().take(8));
        }
        path
    }
}

/// A part of a path that every file system takes, and that leads nowhere else.
fn plain(part: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let part: String = part
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    match part.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => part,
    }
}

impl From<&Repository> for Remote {
    fn from(repository: &Repository) -> Self {
        Self {
            address: without_secrets(&repository.address),
            kind: RemoteKind::Repository {
                reference: repository.reference.clone(),
                submodules: repository.submodules,
            },
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = &self.address;
        match &self.kind {
            RemoteKind::Repository { reference, .. } if !reference.is_empty() => {
                write!(f, "`{address}` at `{reference}`")
            }
            RemoteKind::Chart { name, version } if version.is_empty() => {
                write!(f, "the chart `{name}` of `{address}`")
            }
            RemoteKind::Chart { name, version } => {
                write!(f, "the chart `{name}` `{version}` of `{address}`")
            }
            _ => write!(f, "`{address}`"),
        }
    }
}

/// The content of a remote when it was locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    /// The commit, of a repository.
    pub commit: Option<String>,
    /// The version of a chart that the wanted one led to.
    pub resolved: Option<String>,
    /// The directories of a repository that are used, each with all below it; empty for the root.
    pub directories: BTreeSet<String>,
    /// The digest of a file, or of the files in those directories or in the chart: `sha256:` and 64
    /// digits.
    pub digest: String,
}

impl Locked {
    /// Whether a directory of the repository is one of those that the digest is about.
    pub(super) fn covers(&self, directory: &str) -> bool {
        let mut covered = self.directories.iter();
        covered.any(|covered| is_below(directory, covered))
    }
}

/// The content of the remotes of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock(BTreeMap<Remote, Locked>);

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    ///
    /// If the text is no lock, or one of a later release.
    pub fn parse(text: &[u8], source: SourceId) -> Result<Self> {
        Self::decode(text, source).map_err(|error| match error.help_line() {
            Some(_) => error,
            None => error.help(REWRITE),
        })
    }

    /// Refuses a lock of a later release, which a new one would take the place of; whatever else is
    /// wrong with a lock, a new one mends.
    ///
    /// # Errors
    ///
    /// If the lock says a later version.
    pub fn refuse_later(text: &[u8], source: SourceId) -> Result<()> {
        match read_config(text, source) {
            Ok(node) => check_version(&node, Some(Ordering::Greater)),
            Err(_) => Ok(()),
        }
    }

    fn decode(text: &[u8], source: SourceId) -> Result<Self> {
        let node = read_strict_config(text, source)?;
        let wrong = |message: String, span: Span| Err(Error::new(Kind::Load, message).at(span));
        if node.is_null() {
            let start = Span {
                line: 1,
                column: 1,
                source,
                ..Span::default()
            };
            return wrong("this lock is empty".to_owned(), start);
        }
        if !node.is_map() {
            return wrong(
                "a lock has the fields `version` and `remotes`".into(),
                node.span,
            );
        }
        for field in node.entries() {
            let name = field.key.text().unwrap_or_default();
            if !FIELDS.contains(&name) {
                let message = format!("a lock has no field `{name}`");
                let error = Error::new(Kind::Load, message).at(field.key.span);
                return Err(match nearest(name, FIELDS) {
                    Some(near) => error.help(format!("did you mean `{near}`? {REWRITE}")),
                    None => error,
                });
            }
        }
        check_version(&node, None)?;
        let mut lock = Self::default();
        if let Some(remotes) = node
            .get("remotes")
            .filter(|it| !it.is_seq() && !it.is_null())
        {
            return wrong(
                "`remotes` takes a list, `- address: …`".into(),
                remotes.span,
            );
        }
        for item in node.get("remotes").map(Node::items).unwrap_or_default() {
            let (remote, locked) = entry(item)?;
            if lock.0.insert(remote, locked).is_some() {
                let message = "this remote is locked twice";
                return Err(Error::new(Kind::Load, message).at(item.span));
            }
        }
        Ok(lock)
    }

    /// The recorded content of a remote, if it is locked.
    pub fn get(&self, remote: &Remote) -> Option<&Locked> {
        self.0.get(remote)
    }

    /// Locks a remote.
    pub fn insert(&mut self, remote: Remote, locked: Locked) {
        self.0.insert(remote, locked);
    }

    /// The remotes in order, with what they held.
    pub fn iter(&self) -> impl Iterator<Item = (&Remote, &Locked)> {
        self.0.iter()
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The text of the lock: the same for the same remotes, one entry after the other.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}version: {VERSION}")?;
        if self.is_empty() {
            return f.write_str("remotes: []\n");
        }
        f.write_str("remotes:\n")?;
        for (remote, locked) in &self.0 {
            writeln!(f, "- address: {}", scalar(&remote.address))?;
            match &remote.kind {
                RemoteKind::File => {}
                RemoteKind::Repository {
                    reference,
                    submodules,
                } => {
                    if !reference.is_empty() {
                        writeln!(f, "  ref: {}", scalar(reference))?;
                    }
                    if !submodules {
                        f.write_str("  submodules: false\n")?;
                    }
                    let commit = locked.commit.as_deref().unwrap_or_default();
                    writeln!(f, "  commit: {}", scalar(commit))?;
                    f.write_str("  directories:\n")?;
                    for directory in &locked.directories {
                        let shown = if directory.is_empty() { "." } else { directory };
                        writeln!(f, "  - {}", scalar(shown))?;
                    }
                }
                RemoteKind::Chart { name, version } => {
                    writeln!(f, "  chart: {}", scalar(name))?;
                    if !version.is_empty() {
                        writeln!(f, "  version: {}", scalar(version))?;
                    }
                    if let Some(resolved) = &locked.resolved {
                        writeln!(f, "  resolved: {}", scalar(resolved))?;
                    }
                }
            }
            writeln!(f, "  digest: {}", locked.digest)?;
        }
        Ok(())
    }
}

/// A text as YAML, with quotes where it needs them.
fn scalar(text: &str) -> String {
    let mut out = String::new();
    match write(&Node::string(text), &mut out) {
        Ok(()) => out.trim_end().to_owned(),
        // A text on one line can be written.
        Err(_) => text.to_owned(),
    }
}

/// Refuses a lock that does not say our version; with `order` one whose version is that, and no other.
fn check_version(node: &Node, order: Option<Ordering>) -> Result<()> {
    let Some(written) = node.get("version") else {
        let message = "this lock says no `version`";
        return match order {
            Some(_) => Ok(()),
            None => Err(Error::new(Kind::Load, message).at(node.span)),
        };
    };
    let version = written.text().unwrap_or_default();
    let known = version
        .parse::<u64>()
        .ok()
        .map(|number| number.cmp(&VERSION));
    if known == Some(Ordering::Equal) || order.is_some_and(|order| known != Some(order)) {
        return Ok(());
    }
    let message = match written.text() {
        Some(_) => format!("this lock has the version `{version}`, not `{VERSION}`"),
        None => format!("the `version` of a lock is a number, `{VERSION}`"),
    };
    let error = Error::new(Kind::Load, message).at(written.span);
    Err(match known {
        Some(Ordering::Greater) => error.help(
            "a later release has written it: use that one, or remove the file and run `kustom lock`",
        ),
        _ => error,
    })
}

fn entry(item: &Node) -> Result<(Remote, Locked)> {
    const KNOWN: [&str; 9] = [
        "address",
        "ref",
        "submodules",
        "commit",
        "directories",
        "chart",
        "version",
        "resolved",
        "digest",
    ];
    let wrong = |what: String| Error::new(Kind::Load, what).at(item.span);
    if !item.is_map() {
        return Err(wrong(
            "a locked remote has an `address` and a `digest`".into(),
        ));
    }
    for field in item.entries() {
        let name = field.key.text().unwrap_or_default();
        if !KNOWN.contains(&name) {
            let message = format!("a locked remote has no field `{name}`");
            let error = Error::new(Kind::Load, message).at(field.key.span);
            return Err(match nearest(name, KNOWN) {
                Some(near) => error.help(format!("did you mean `{near}`? {REWRITE}")),
                None => error,
            });
        }
    }
    let text = |name: &str| item.get(name).and_then(Node::text).map(str::to_owned);
    let address =
        text("address").ok_or_else(|| wrong("a locked remote has no `address`".into()))?;
    let digest = text("digest")
        .filter(|digest| is_digest(digest))
        .ok_or_else(|| {
            wrong(format!(
                "`{address}` has no `digest`: `sha256:` and 64 digits"
            ))
        })?;
    let commit = text("commit");
    if commit.as_deref().is_some_and(|commit| !is_commit(commit)) {
        return Err(wrong(format!("the `commit` of `{address}` is none")));
    }
    let directories = item.get("directories").map(Node::items).unwrap_or_default();
    let directories = directories.iter().filter_map(Node::text);
    let directories: BTreeSet<String> = directories
        .map(|it| {
            if it == "." {
                String::new()
            } else {
                it.to_owned()
            }
        })
        .collect();
    // They are joined to paths: none may lead out, and none be written in two ways.
    if let Some(odd) = directories.iter().find(|it| **it != named(Path::new(it))) {
        return Err(wrong(format!("`{odd}` is no directory of `{address}`")));
    }
    let kind = match (&commit, text("chart")) {
        (Some(_), None) => RemoteKind::Repository {
            reference: text("ref").unwrap_or_default(),
            submodules: text("submodules").as_deref() != Some("false"),
        },
        (None, Some(name)) => RemoteKind::Chart {
            name,
            version: text("version").unwrap_or_default(),
        },
        (None, None) => RemoteKind::File,
        (Some(_), Some(_)) => {
            return Err(wrong(format!("`{address}` has a `commit` and a `chart`")));
        }
    };
    let locked = Locked {
        commit,
        resolved: text("resolved").filter(|_| matches!(kind, RemoteKind::Chart { .. })),
        directories,
        digest,
    };
    Ok((Remote { address, kind }, locked))
}

fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is the whole name of a commit, by SHA-1 or SHA-256.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Stops where something would have to be fetched and nothing may be.
pub(super) fn refuse_offline(remote: &Remote, is_locked: bool) -> Result<()> {
    if !limits::current().offline {
        return Ok(());
    }
    let message = format!("{remote} is not on this machine, and `--offline` fetches nothing");
    Err(Error::new(Kind::Load, message).help(match is_locked {
        true => "run `kustom vendor` where there is a network, or the same command once without `--offline`",
        false => "run `kustom lock` and `kustom vendor` where there is a network",
    }))
}

/// That a remote holds something else than when it was locked.
#[cold]
pub(super) fn differs(remote: &Remote, locked: &Locked, digest: &str) -> Error {
    let message = format!(
        "{remote} is not what `{LOCK_FILE}` says: its digest is `{digest}`, not `{}`",
        locked.digest
    );
    Error::new(Kind::Load, message).help(
        "whoever serves it has changed it: if that is meant, run `kustom lock` and review what \
         changes",
    )
}

/// The digest of a file.
pub fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// The digest of files by their paths: of the lines that `sha256sum` prints of them in the order of
/// their paths.
pub fn digest_of_files(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut whole = Sha256::new();
    for (path, content) in files {
        let line = format!("{}  {path}\n", hex(&Sha256::digest(content)));
        whole.update(line.as_bytes());
    }
    format!("sha256:{}", hex(&whole.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let mut lock = Lock::default();
        let digest = digest_of(b"a");
        let base = Repository::parse("https://me:pw@example.com/org/app//a?ref=v1").unwrap();
        let locked = Locked {
            commit: Some("0123456789".repeat(4)),
            directories: ["a", "b c: #"].map(String::from).into(),
            digest: digest.clone(),
            ..Locked::default()
        };
        lock.insert(Remote::from(&base), locked.clone());
        let bare = Repository::parse("git@example.com:org/app?submodules=false").unwrap();
        let directories = [String::new()].into();
        lock.insert(
            Remote::from(&bare),
            Locked {
                directories,
                ..locked
            },
        );
        let other = Locked {
            digest,
            ..Locked::default()
        };
        lock.insert(
            Remote::file("https://example.com/a.yaml?token=x&v=1"),
            other.clone(),
        );
        let chart = Locked {
            resolved: Some("1.2.3".to_owned()),
            ..other
        };
        lock.insert(
            Remote::chart("https://example.com/charts", "web", "~1.2"),
            chart,
        );
        lock
    }

    #[test]
    fn a_lock_is_read_as_it_was_written_and_holds_no_secret() {
        let text = lock().to_string();
        assert_eq!(
            Lock::parse(text.as_bytes(), SourceId::NONE).unwrap(),
            lock()
        );
        assert!(!text.contains("pw") && !text.contains("token=x"), "{text}");
        assert!(text.contains("v=1"), "{text}");
        let empty = Lock::default();
        let parsed = Lock::parse(empty.to_string().as_bytes(), SourceId::NONE);
        assert_eq!(parsed.unwrap(), empty);
    }

    #[test]
    fn what_is_no_lock_is_refused() {
        let digest = digest_of(b"a");
        for text in [
            "",
            "# nothing\n",
            "remotes: []\n",
            "version: 2\nremotes: []\n",
            "version: [1]\nremotes: []\n",
            "version: 1\nversion: 1\n",
            "version: 1\nremotes: {address: a}\n",
            "version: 1\nremotes: [a]\n",
            "version: 1\nremotes: []\nextra: 1\n",
            "- version: 1\n",
            "version: 1\nremotes: [{digest: x}]\n",
            "version: 1\nremotes: [{address: a, digest: 'sha256:1'}]\n",
            "<<<<<<< HEAD\nversion: 1\n",
            &format!("version: 1\nremotes: [{{address: a, digest: '{digest}', nope: 1}}]\n"),
            &format!("version: 1\nremotes: [{{address: a, commit: main, digest: '{digest}'}}]\n"),
            &format!(
                "version: 1\nremotes: [{{address: a, digest: '{digest}'}}, \
                 {{address: a, digest: '{digest}'}}]\n"
            ),
        ] {
            let error = Lock::parse(text.as_bytes(), SourceId::NONE).unwrap_err();
            assert!(error.help_line().is_some(), "{text}: {error}");
            let line = error.place().map(|place| place.span.line);
            assert!(line.is_some_and(|line| line > 0), "{text}: {error:?}");
            let is_later = text.starts_with("version: 2");
            let refused = Lock::refuse_later(text.as_bytes(), SourceId::NONE);
            assert_eq!(refused.is_err(), is_later, "{text}");
        }
    }

    #[test]
    fn no_two_remotes_are_vendored_in_one_place() {
        let path = |url: &str| Remote::from(&Repository::parse(url).unwrap()).vendor_path();
        assert_eq!(
            path("https://example.com/org/app?ref=v1"),
            "vendor/example.com/org/app@v1"
        );
        let paths: BTreeSet<String> = [
            "https://example.com/org/app?ref=v1",
            "http://example.com/org/app?ref=v1",
            "git@example.com:org/app?ref=v1",
            "https://example.com/org/app?ref=v1&submodules=false",
            "https://example.com/org/app?ref=a/b",
            "https://example.com/org/app?ref=a_b",
            "https://example.com/org/app",
            "file:///srv/.git",
        ]
        .map(path)
        .into();
        assert_eq!(paths.len(), 8, "{paths:#?}");
        assert!(
            paths.iter().all(|path| !path.contains(".git")),
            "{paths:#?}"
        );
        assert_eq!(
            Remote::file("https://example.com/a/b.yaml").vendor_path(),
            "vendor/example.com/a/b.yaml"
        );
    }

    #[test]
    fn the_digest_of_files_is_that_of_what_sha256sum_prints() {
        let files = [("a", "x"), ("b/c", "y")].map(|(path, text)| (path.to_owned(), text.into()));
        // printf x > a; printf y > b/c; sha256sum a b/c | sha256sum
        assert_eq!(
            digest_of_files(&files.into()),
            "sha256:4fee141d00d6e8d53a68f8aefe86aa45ff1297afffa0709f5d3a3136392e731d"
        );
    }
}
