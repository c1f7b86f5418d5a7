//! The user's own git, which fetches repositories, so that credentials work.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use kustom_yaml::error::{Error, Kind, Result};

use super::url::{Repository, without_passwords};
use crate::process::{Command, Failure, Output};
use crate::write::Scratch;

/// One revision of a repository, checked out.
pub(super) struct Clone {
    /// Where it is, without links.
    pub(super) root: PathBuf,
    /// Takes it away in the end.
    pub(super) directory: Scratch,
}

/// Settings under which a checkout is the same on every machine.
const SAME_EVERYWHERE: [&str; 2] = ["-c", "core.autocrlf=false"];

/// Settings under which git runs no program but the ones that fetch: what a repository holds may
/// end up where git looks for its own, and no hook of the user's is meant for a clone that is gone
/// in a moment. Credential helpers stay; the clone names none, so they are the user's own.
const NO_PROGRAMS: [&str; 8] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.pager=cat",
    "-c",
    "diff.external=",
];

/// Fetches what the `ref` of a URL leads to, without its past, as kustomize does.
pub(super) fn fetch(repository: &Repository) -> Result<Clone> {
    Clone::of(repository, reference(repository)?, false)
}

/// Fetches what the `ref` leads to, and says which commit that is.
pub(super) fn fetch_to_lock(repository: &Repository) -> Result<(Clone, String)> {
    let clone = Clone::of(repository, reference(repository)?, true)?;
    let commit = clone.commit(repository)?;
    Ok((clone, commit))
}

/// Fetches a commit; where the server gives out none by its name, what the `ref` leads to. Says
/// which commit that is.
pub(super) fn fetch_commit(repository: &Repository, commit: &str) -> Result<(Clone, String)> {
    match Clone::of(repository, commit, true) {
        Ok(clone) => Ok((clone, commit.to_owned())),
        Err(_) => fetch_to_lock(repository),
    }
}

/// The names and commits that a repository serves: `refs/tags/v1`, `refs/heads/main`.
///
/// # Errors
///
/// If it cannot be reached.
pub fn served_references(repository: &Repository) -> Result<Vec<(String, String)>> {
    super::lock::refuse_offline(&super::Remote::from(repository), false)?;
    let directory = Scratch::new("kustom-").map_err(|cause| {
        let message = format!("cannot make a directory for git: {cause}");
        Error::new(Kind::Load, message).caused_by(cause)
    })?;
    let git = Git {
        root: directory.path(),
        repository,
        same_everywhere: false,
    };
    let output = git.run(&["ls-remote", "--", &repository.address])?;
    let text = String::from_utf8_lossy(&output).into_owned();
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(lines
        .map(|(commit, name)| (name.to_owned(), commit.to_owned()))
        .collect())
}

fn reference(repository: &Repository) -> Result<&str> {
    match repository.reference.as_str() {
        "" => Ok("HEAD"),
        // git would take it for an option.
        name if name.starts_with('-') => {
            let message = format!("`{name}` is no branch, tag or commit");
            Err(Error::new(Kind::Load, message).help("correct the `ref` of the URL"))
        }
        name => Ok(name),
    }
}

impl Clone {
    fn of(repository: &Repository, reference: &str, same_everywhere: bool) -> Result<Self> {
        let cannot = |cause: io::Error| {
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
            same_everywhere,
        };
        git.run(&["init"])?;
        // Submodules may be relative to where the repository came from.
        git.run(&["remote", "add", "origin", address])?;
        git.run(&["fetch", "--depth=1", address, reference])?;
        git.run(&["checkout", "FETCH_HEAD"])?;
        if repository.submodules {
            git.run(&["submodule", "update", "--init", "--recursive"])?;
        }
        Ok(Self { root, directory })
    }

    /// The commit that is checked out.
    fn commit(&self, repository: &Repository) -> Result<String> {
        let git = Git {
            root: &self.root,
            repository,
            same_everywhere: false,
        };
        let output = git.run(&["rev-parse", "HEAD"])?;
        Ok(String::from_utf8_lossy(&output).trim().to_owned())
    }
}

/// The user's git, at work in a new clone.
struct Git<'r> {
    root: &'r Path,
    repository: &'r Repository,
    /// Whether the settings of the user and the system change nothing in what is checked out.
    same_everywhere: bool,
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
    /// Runs a command, and gives what it prints.
    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let settings: &[&str] = match self.same_everywhere {
            true => &SAME_EVERYWHERE,
            false => &[],
        };
        let above = self.root.parent().unwrap_or(self.root);
        let command = Command {
            directory: Some(self.root.to_owned()),
            environment: vec![
                // No prompt: a password comes from git's credential helpers, or not at all.
                (OsString::from("GIT_TERMINAL_PROMPT"), "0".into()),
                // Temporary files may lie in a repository, whose configuration is none of ours.
                (OsString::from("GIT_CEILING_DIRECTORIES"), above.into()),
            ],
            without: &LEADING_ASTRAY,
            limit: Some(self.repository.limit),
            ..Command::new("git", [&NO_PROGRAMS, settings, arguments].concat())
        };
        match command.run() {
            Ok(output) if output.status.success() => Ok(output.data),
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
        let reason_text = reason(&words).map(str::to_owned);
        let reason_text = without_passwords(&reason_text.unwrap_or_else(|| output.ending()));
        let message = format!("{} failed: {reason_text}", self.step(arguments));
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
