//! Fetches remote targets: clones of repositories, and files over HTTP.
//!
//! A repository is fetched by the user's own git, so that credentials work, and once for each
//! revision that a build needs, however often it is named. Nothing here happens unless a
//! kustomization names something remote.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kustom_yaml::error::{Error, Kind, Result};

use super::http;
use super::url::{Repository, shown, shown_url, without_passwords};
use crate::process::{Command, Failure, Output};
use crate::write::Scratch;

/// What was fetched for a build.
#[derive(Default)]
pub(super) struct Remotes {
    clones: Mutex<HashMap<Revision, Arc<Slot>>>,
    files: Mutex<HashMap<String, Arc<[u8]>>>,
}

/// One revision of one repository.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Revision {
    address: String,
    reference: String,
    submodules: bool,
}

/// The place of a clone; who fetches it holds the lock.
type Slot = Mutex<Option<Arc<Checkout>>>;

/// The files of a revision, on disk until the build is over.
pub(super) struct Checkout {
    /// Where they are, without links.
    pub(super) root: PathBuf,
    /// What git was given.
    address: String,
    /// Takes them away in the end.
    _directory: Scratch,
}

impl Remotes {
    /// The files of a repository.
    pub(super) fn checkout(&self, repository: &Repository) -> Result<Arc<Checkout>> {
        let slot = self.slot(repository);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checkout) = &*slot {
            return Ok(checkout.clone());
        }
        let checkout = Arc::new(Checkout::fetch(repository)?);
        *slot = Some(checkout.clone());
        Ok(checkout)
    }

    /// Whether a repository is there already, and has the directory that is asked for.
    pub(super) fn has(&self, repository: &Repository) -> bool {
        let slot = self.slot(repository);
        let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().is_some_and(|checkout| {
            super::normalized(&checkout.root.join(&repository.directory)).is_dir()
        })
    }

    /// The bytes at a URL.
    pub(super) fn file(&self, url: &str) -> Result<Vec<u8>> {
        let known = self
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(url)
            .cloned();
        if let Some(bytes) = known {
            return Ok(bytes.to_vec());
        }
        let answer = http::fetch(url)?;
        if answer.is_page {
            let message = format!("`{}` is a web page, not a file", shown_url(url));
            return Err(Error::new(Kind::Load, message)
                .help("name the address of the raw file, or of the repository"));
        }
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(url.to_owned(), answer.bytes.as_slice().into());
        Ok(answer.bytes)
    }

    /// The bytes at a URL, if the server has any there.
    pub(super) fn file_if_any(&self, url: &str) -> Result<Option<Vec<u8>>> {
        Ok(http::find(url)?.map(|answer| answer.bytes))
    }

    fn slot(&self, repository: &Repository) -> Arc<Slot> {
        let revision = Revision {
            address: repository.address.clone(),
            reference: repository.reference.clone(),
            submodules: repository.submodules,
        };
        let mut clones = self.clones.lock().unwrap_or_else(PoisonError::into_inner);
        clones.entry(revision).or_default().clone()
    }
}

impl Checkout {
    /// Fetches one revision, without its past.
    fn fetch(repository: &Repository) -> Result<Self> {
        let reference = match repository.reference.as_str() {
            "" => "HEAD",
            // git would take it for an option.
            name if name.starts_with('-') => {
                let message = format!("`{name}` is no branch, tag or commit");
                return Err(Error::new(Kind::Load, message).help("correct the `ref` of the URL"));
            }
            name => name,
        };
        let cannot = |cause: std::io::Error| {
            Error::new(
                Kind::Load,
                format!("cannot make a directory for a clone: {cause}"),
            )
            .caused_by(cause)
        };
        let directory = Scratch::new("kustom-").map_err(cannot)?;
        let root = directory.path().canonicalize().map_err(cannot)?;
        let address = repository.address.as_str();
        let git = Git {
            root: &root,
            repository,
        };
        git.run(&["init"])?;
        // Submodules may be relative to where the repository came from.
        git.run(&["remote", "add", "origin", address])?;
        git.run(&["fetch", "--depth=1", address, reference])?;
        git.run(&["checkout", "FETCH_HEAD"])?;
        if repository.submodules {
            git.run(&["submodule", "update", "--init", "--recursive"])?;
        }
        Ok(Self {
            address: address.to_owned(),
            root,
            _directory: directory,
        })
    }

    /// A path in the clone, as it is shown to people.
    pub(super) fn shown(&self, path: &Path) -> Option<PathBuf> {
        Some(shown(&self.address, path.strip_prefix(&self.root).ok()?))
    }
}

/// The user's git, at work in a new clone.
struct Git<'r> {
    root: &'r Path,
    repository: &'r Repository,
}

/// Variables that would lead git to another repository than the one that it is run in.
const LEADING_ASTRAY: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
];

impl Git<'_> {
    fn run(&self, arguments: &[&str]) -> Result<()> {
        let command = Command {
            directory: Some(self.root.to_owned()),
            // There is nobody to ask: a password comes from git's helpers, or not at all.
            environment: vec![(OsString::from("GIT_TERMINAL_PROMPT"), "0".into())],
            without: &LEADING_ASTRAY,
            limit: Some(self.repository.limit),
            ..Command::new("git", arguments)
        };
        match command.run() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(self.failed(arguments, &output)),
            Err(Failure::Late(limit)) => {
                let message = format!(
                    "{} did not end within {} s",
                    self.step(arguments),
                    limit.as_secs_f64()
                );
                Err(Error::new(Kind::Load, message)
                    .help("a URL may allow more, such as `?timeout=120s`"))
            }
            Err(failure) => Err(failure.into_error(OsStr::new("git"))),
        }
    }

    fn failed(&self, arguments: &[&str], output: &Output) -> Error {
        let words = String::from_utf8_lossy(&output.words);
        let said = reason(&words).map(str::to_owned);
        let said = without_passwords(&said.unwrap_or_else(|| output.ending()));
        let message = format!("{} failed: {said}", self.step(arguments));
        Error::new(Kind::Load, message).help(match arguments.first() {
            Some(&"submodule") => "without its submodules it is read with `?submodules=false`",
            _ => "correct the URL; git reads with your own credentials and asks for none",
        })
    }

    fn step(&self, arguments: &[&str]) -> String {
        let address = without_passwords(&self.repository.address);
        let what = arguments.first().copied().unwrap_or_default();
        match self.repository.reference.as_str() {
            "" => format!("`git {what}` of `{address}`"),
            reference => format!("`git {what}` of `{address}` at `{reference}`"),
        }
    }
}

/// The line in which git says why; a message of ssh is preferred to git's.
fn reason(words: &str) -> Option<&str> {
    let mut lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.clone().next()?;
    let of_git = lines.find_map(|line| {
        line.strip_prefix("fatal: ")
            .or_else(|| line.strip_prefix("error: "))
    });
    match of_git {
        Some(line) if !line.starts_with("Could not read from remote") => Some(line),
        _ => Some(first.strip_prefix("fatal: ").unwrap_or(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_line_that_says_why_is_found() {
        for (words, line) in [
            (
                "hint: x\nfatal: couldn't find remote ref v9\n",
                "couldn't find remote ref v9",
            ),
            (
                "git@h: Permission denied (publickey).\nfatal: Could not read from remote \
                 repository.\n\nPlease make sure\n",
                "git@h: Permission denied (publickey).",
            ),
            (
                "fatal: Could not read from remote repository.\n",
                "Could not read from remote repository.",
            ),
            ("something\nelse\n", "something"),
        ] {
            assert_eq!(reason(words), Some(line));
        }
        assert_eq!(reason("\n"), None);
    }
}
