//! The tree of a repository as git generators see it.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::load::{FileKind, Files};

/// How deep directories may be nested.
const DEEPEST: usize = 100;

/// The files and directories of a repository, by paths with slashes from its root.
pub struct Tree<'f> {
    files: &'f dyn Files,
    root: PathBuf,
    /// Sorted as a walk goes: a directory before what is in it.
    directories: Vec<String>,
    /// Sorted.
    paths: Vec<String>,
}

impl<'f> Tree<'f> {
    /// Reads the names below a directory; links to directories are not followed, and git's own directory
    /// is left out.
    ///
    /// # Errors
    ///
    /// If a directory cannot be listed.
    pub fn read(files: &'f dyn Files, root: &Path) -> Result<Self> {
        let mut tree = Self {
            files,
            root: root.to_path_buf(),
            directories: Vec::new(),
            paths: Vec::new(),
        };
        tree.walk(root, "", false, 0)?;
        tree.paths.sort();
        Ok(tree)
    }

    /// Whether a file is below.
    fn walk(
        &mut self,
        directory: &Path,
        name: &str,
        is_hidden: bool,
        depth: usize,
    ) -> Result<bool> {
        let unlisted = |cause| {
            let shown = if name.is_empty() { "." } else { name };
            crate::load::unlistable(directory, shown, cause)
        };
        if depth > DEEPEST {
            let message = format!("`{name}` is nested too deep");
            return Err(Error::new(Kind::Load, message));
        }
        let mut has_files = false;
        for entry in self.files.list(directory).map_err(unlisted)? {
            if entry == ".git" {
                continue;
            }
            let path = directory.join(&entry);
            let inner = if name.is_empty() {
                entry.clone()
            } else {
                format!("{name}/{entry}")
            };
            match self.files.resolve(&path) {
                Ok((real, FileKind::Directory))
                    if real.file_name() == path.file_name()
                        && is_child(&real, directory, self.files) =>
                {
                    let is_hidden = is_hidden || entry.starts_with('.');
                    let at = self.directories.len();
                    if !is_hidden {
                        self.directories.push(inner.clone());
                    }
                    // git knows no empty directories.
                    if self.walk(&path, &inner, is_hidden, depth + 1)? {
                        has_files = true;
                    } else {
                        self.directories.truncate(at);
                    }
                }
                _ => {
                    has_files = true;
                    self.paths.push(inner);
                }
            }
        }
        Ok(has_files)
    }

    /// The directories that one of the patterns includes and none excludes.
    pub(super) fn directories(&self, patterns: &[(&str, bool)]) -> Vec<String> {
        let is_chosen = |path: &&String| {
            let mut matching = patterns
                .iter()
                .filter(|(pattern, _)| path_match(pattern, path));
            let mut is_included = false;
            let is_excluded = matching.any(|(_, excludes)| {
                is_included |= !excludes;
                *excludes
            });
            is_included && !is_excluded
        };
        self.directories.iter().filter(is_chosen).cloned().collect()
    }

    /// The files that `git ls-files PATTERN` names.
    ///
    /// # Errors
    ///
    /// A pattern that git refuses.
    pub(super) fn files(&self, pattern: &str) -> std::result::Result<Vec<&str>, String> {
        let pattern = pathspec(pattern)?;
        let found = self.paths.iter().map(String::as_str);
        Ok(found.filter(|path| pattern.matches(path)).collect())
    }

    /// The content of a file.
    pub(super) fn content(&self, path: &str) -> Result<Vec<u8>> {
        self.files
            .read(&self.root.join(path))
            .map_err(|cause| crate::load::unreadable(path, cause))
    }
}

/// Whether a resolved directory is what its name says, and no link.
fn is_child(real: &Path, directory: &Path, files: &dyn Files) -> bool {
    let parent = files.resolve(directory).map(|(parent, _)| parent);
    parent.is_ok_and(|parent| real.parent() == Some(&parent))
}

/// Go's `path.Match`; a pattern that is none matches nothing.
///
/// Source: <https://pkg.go.dev/path#Match>.
fn path_match(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), path.chars().collect());
    is_well_formed(&pattern) && matches(&pattern, &path, &Glob::GO)
}

/// Which rules a glob goes by.
struct Glob {
    /// Whether `*` and `?` stop at a slash.
    stops: bool,
    /// What negates a class, as its first character.
    negations: &'static [char],
}

impl Glob {
    const GO: Self = Self {
        stops: true,
        negations: &['^'],
    };
    const GIT: Self = Self {
        stops: false,
        negations: &['^', '!'],
    };
}

/// Whether a path fits a pattern of a directory source: `*` goes over slashes, `{a,b}` is one of both.
pub(super) fn matches_anywhere(pattern: &str, path: &str) -> bool {
    const MOST: usize = 100;
    let mut open = vec![pattern.to_owned()];
    let mut all = Vec::new();
    while let Some(pattern) = open.pop() {
        let braces = pattern.split_once('{').and_then(|(before, rest)| {
            let (inner, behind) = rest.split_once('}')?;
            Some((before, inner, behind))
        });
        match braces {
            Some((before, inner, behind)) if open.len() + all.len() < MOST => {
                open.extend(inner.split(',').map(|one| format!("{before}{one}{behind}")));
            }
            _ => all.push(pattern),
        }
    }
    let path: Vec<char> = path.chars().collect();
    all.iter().any(|pattern| {
        let pattern: Vec<char> = pattern.chars().collect();
        matches(&pattern, &path, &Glob::GIT)
    })
}

fn is_well_formed(pattern: &[char]) -> bool {
    let mut at = 0;
    while let Some(found) = pattern.get(at) {
        match found {
            '\\' if at + 1 >= pattern.len() => return false,
            '\\' => at += 2,
            '[' => match class(&pattern[at..], &Glob::GO) {
                Some((_, length)) => at += length,
                None => return false,
            },
            _ => at += 1,
        }
    }
    true
}

/// The test of a class that begins a pattern, and how long the class is.
fn class<'p>(pattern: &'p [char], glob: &Glob) -> Option<(impl Fn(char) -> bool + use<'p>, usize)> {
    let mut at = 1;
    let is_negated = pattern
        .get(at)
        .is_some_and(|first| glob.negations.contains(first));
    at += usize::from(is_negated);
    let mut ranges = Vec::new();
    let is_go = glob.stops;
    loop {
        let first = *pattern.get(at)?;
        if first == ']' && !ranges.is_empty() {
            break;
        }
        if is_go && (first == ']' || first == '-') {
            return None;
        }
        let (low, next) = letter(pattern, at)?;
        at = next;
        let mut high = low;
        let is_range =
            pattern.get(at) == Some(&'-') && (is_go || pattern.get(at + 1) != Some(&']'));
        if is_range {
            if is_go && matches!(pattern.get(at + 1), Some(']' | '-')) {
                return None;
            }
            (high, at) = letter(pattern, at + 1)?;
        }
        ranges.push((low, high));
    }
    let length = at + 1;
    Some((
        move |found: char| {
            ranges
                .iter()
                .any(|(low, high)| (*low..=*high).contains(&found))
                != is_negated
        },
        length,
    ))
}

fn letter(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match pattern.get(at)? {
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        found => Some((*found, at + 1)),
    }
}

/// Whether a glob matches a whole path; one star at most is tried again, so it takes no longer than the
/// product of both.
fn matches(pattern: &[char], path: &[char], glob: &Glob) -> bool {
    let (mut at, mut in_path) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, in_path));
            at += 1;
            continue;
        }
        let next = path.get(in_path).copied();
        let step = match (pattern.get(at), next) {
            (None, None) => return true,
            (Some('?'), Some(found)) if !(glob.stops && found == '/') => Some(1),
            (Some('['), Some(found)) if !(glob.stops && found == '/') => {
                class(&pattern[at..], glob).and_then(|(fits, length)| fits(found).then_some(length))
            }
            (Some('?' | '['), _) => None,
            (Some('\\'), Some(found)) => (pattern.get(at + 1) == Some(&found)).then_some(2),
            (Some(wanted), Some(found)) => (*wanted == found).then_some(1),
            _ => None,
        };
        if let Some(length) = step {
            at += length;
            in_path += 1;
            continue;
        }
        let Some((star_at, taken)) = star else {
            return false;
        };
        match path.get(taken) {
            Some('/') if glob.stops => return false,
            None => return false,
            Some(_) => {}
        }
        star = Some((star_at, taken + 1));
        at = star_at + 1;
        in_path = taken + 1;
    }
}

/// A pattern of `git ls-files`.
struct Pathspec {
    path: String,
    has_wildcards: bool,
    /// Whether only what is below counts.
    is_directory: bool,
}

fn pathspec(pattern: &str) -> std::result::Result<Pathspec, String> {
    if pattern.is_empty() {
        return Err("an empty path is no pattern of git".to_owned());
    }
    if pattern.starts_with(':') {
        return Err(format!(
            "`{pattern}` is a pattern with a signature of git's, which is not supported"
        ));
    }
    if pattern.starts_with('/') {
        return Err(format!("`{pattern}` leads out of the repository"));
    }
    let mut names: Vec<&str> = Vec::new();
    for name in pattern.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                if names.pop().is_none() {
                    return Err(format!("`{pattern}` leads out of the repository"));
                }
            }
            _ => names.push(name),
        }
    }
    let path = names.join("/");
    Ok(Pathspec {
        has_wildcards: path.contains(['*', '?', '[', '\\']),
        is_directory: pattern.ends_with('/'),
        path,
    })
}

impl Pathspec {
    fn matches(&self, path: &str) -> bool {
        if self.path.is_empty() {
            return true;
        }
        if let Some(rest) = path.strip_prefix(&self.path)
            && (rest.starts_with('/') || (rest.is_empty() && !self.is_directory))
        {
            return true;
        }
        if !self.has_wildcards {
            return false;
        }
        let mut pattern: Vec<char> = self.path.chars().collect();
        if self.is_directory {
            pattern.push('/');
        }
        let path: Vec<char> = path.chars().collect();
        matches(&pattern, &path, &Glob::GIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_match_as_in_go() {
        for (pattern, path, is) in [
            ("apps/*", "apps/web", true),
            ("apps/*", "apps/web/overlays", false),
            ("apps/**", "apps/web", true),
            ("*", "apps", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "dx", true),
            ("[!a]x", "!x", true),
            ("apps/[", "apps/x", false),
            ("[", "apps", false),
            ("a\\*", "a*", true),
            ("*/b*/c", "a/bb/c", true),
            ("{a,b}", "a", false),
        ] {
            assert_eq!(path_match(pattern, path), is, "{pattern} {path}");
        }
    }

    #[test]
    fn files_match_as_in_git() {
        for (pattern, path, is) in [
            ("env/*/config.yaml", "env/a/b/config.yaml", true),
            ("env", "env/dev/config.yaml", true),
            ("env/", "env/dev/config.yaml", true),
            ("env/dev/config.yaml/", "env/dev/config.yaml", false),
            ("./env/x.yaml", "env/x.yaml", true),
            ("*.yaml", "a/b.yaml", true),
            ("env/[!d]*", "env/prod/x", true),
            ("env/?ev/*", "env/dev/x", true),
            ("en", "env/dev", false),
        ] {
            assert_eq!(
                pathspec(pattern).unwrap().matches(path),
                is,
                "{pattern} {path}"
            );
        }
        assert!(pathspec("../x").is_err());
        assert!(pathspec("").is_err());
    }

    #[test]
    fn a_glob_of_stars_is_quick() {
        let pattern = "*a".repeat(200);
        assert!(
            !pathspec(&pattern)
                .unwrap()
                .matches(&"a".repeat(5000).replace("aa", "ab"))
        );
    }
}
