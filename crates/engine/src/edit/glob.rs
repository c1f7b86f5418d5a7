//! Patterns for paths, as Go's `filepath.Match` and `filepath.Glob` read them.
//!
//! `*` stands for any letters but `/`, `?` for one, `[a-c]` and `[^a-c]` for one of some, and a
//! backslash takes the next letter as it is.
//! Source: <https://pkg.go.dev/path/filepath#Match>.

use std::path::{Path, PathBuf};

use kustom_yaml::error::{Error, Kind, Result};

use crate::load::{Files, normalized};

/// Whether a name matches a pattern as a whole.
///
/// # Errors
///
/// If the pattern is none: an open bracket, or a backslash at the end.
///
/// # Example
///
/// ```
/// use kustom_engine::edit::is_match;
///
/// assert!(is_match("base/*.yaml", "base/web.yaml")?);
/// assert!(!is_match("*.yaml", "base/web.yaml")?);
/// assert!(is_match("[", "web.yaml").is_err());
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn is_match(pattern: &str, name: &str) -> Result<bool> {
    let parts = parts(pattern)?;
    let name: Vec<char> = name.chars().collect();
    Ok(fits(&parts, &name))
}

/// The paths below a directory that a pattern means, in order; without a special letter, the path
/// itself if something is there.
///
/// # Errors
///
/// If the pattern is none.
pub fn glob(files: &dyn Files, directory: &Path, pattern: &str) -> Result<Vec<String>> {
    parts(pattern)?;
    if pattern.is_empty() {
        return Ok(Vec::new());
    }
    let is_there = |path: &str| {
        let path = normalized(&directory.join(path));
        files.resolve(&path).is_ok() || is_listed(files, &path)
    };
    if !has_special(pattern) {
        return Ok(if is_there(pattern) {
            vec![pattern.to_owned()]
        } else {
            Vec::new()
        });
    }
    let (parent, last) = match pattern.rsplit_once('/') {
        Some(("", last)) => ("/", last),
        Some((parent, last)) => (parent, last),
        None => ("", pattern),
    };
    let parents = match has_special(parent) {
        true => glob(files, directory, parent)?,
        false => vec![parent.to_owned()],
    };
    let mut found = Vec::new();
    for parent in parents {
        let path = normalized(&directory.join(&parent));
        let mut names = files.list(&path).unwrap_or_default();
        names.sort();
        for name in names {
            if is_match(last, &name)? {
                found.push(match parent.as_str() {
                    "" => name,
                    "/" => format!("/{name}"),
                    parent => format!("{parent}/{name}"),
                });
            }
        }
    }
    Ok(found)
}

/// Whether a directory lists a name, be it a link that leads nowhere.
fn is_listed(files: &dyn Files, path: &Path) -> bool {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return false;
    };
    let directory: PathBuf = directory.into();
    let names = files.list(&directory).unwrap_or_default();
    names.iter().any(|known| **known == *name.to_string_lossy())
}

fn has_special(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '\\'])
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Letter(char),
    /// Any letter but `/`.
    One,
    /// Any number of letters but `/`.
    Many,
    /// One of some ranges, or none of them.
    Class(Vec<(char, char)>, bool),
}

fn parts(pattern: &str) -> Result<Vec<Part>> {
    let broken = || {
        Error::new(Kind::Load, format!("`{pattern}` is no pattern"))
            .help("close the bracket, or put a backslash before it to mean the letter")
    };
    let mut letters = pattern.chars().peekable();
    let mut parts = Vec::new();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            '*' => Part::Many,
            '?' => Part::One,
            '\\' => Part::Letter(letters.next().ok_or_else(broken)?),
            '[' => {
                let is_negated = letters.next_if_eq(&'^').is_some();
                // A letter, and whether it stands for itself whatever it is.
                let mut one = || match letters.next() {
                    Some('\\') => Ok((letters.next().ok_or_else(broken)?, true)),
                    Some(letter) => Ok((letter, false)),
                    None => Err(broken()),
                };
                let mut ranges = Vec::new();
                let mut low = one()?;
                loop {
                    // A bracket at once, or a dash, is no letter of a class.
                    if low == ('-', false) || (low == (']', false) && ranges.is_empty()) {
                        return Err(broken());
                    }
                    let mut next = one()?;
                    let mut high = low;
                    if next == ('-', false) {
                        high = one()?;
                        if matches!(high, (']' | '-', false)) {
                            return Err(broken());
                        }
                        next = one()?;
                    }
                    ranges.push((low.0, high.0));
                    if next == (']', false) {
                        break;
                    }
                    low = next;
                }
                Part::Class(ranges, is_negated)
            }
            letter => Part::Letter(letter),
        });
    }
    Ok(parts)
}

fn fits(parts: &[Part], name: &[char]) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return name.is_empty();
    };
    if *part == Part::Many {
        let end = name.iter().position(|letter| *letter == '/');
        let end = end.unwrap_or(name.len());
        return (0..=end).any(|at| fits(rest, &name[at..]));
    }
    let Some((letter, others)) = name.split_first() else {
        return false;
    };
    let is_it = match part {
        Part::Letter(wanted) => letter == wanted,
        Part::Class(ranges, is_negated) => {
            let is_in = ranges
                .iter()
                .any(|(low, high)| (low..=high).contains(&letter));
            is_in != *is_negated
        }
        Part::One | Part::Many => *letter != '/',
    };
    is_it && fits(rest, others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn a_pattern_matches_the_whole_name_and_no_slash() {
        for (pattern, name, wanted) in [
            ("a.yaml", "a.yaml", true),
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "b/a.yaml", false),
            ("b/*", "b/a.yaml", true),
            ("?.yaml", "ab.yaml", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[\\]]", "]", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("", "", true),
            ("*", "", true),
            ("**", "a/b", false),
        ] {
            assert_eq!(is_match(pattern, name).unwrap(), wanted, "{pattern} {name}");
        }
        for broken in ["[", "[a", "[]", "[a-]", "a\\", "[-]", "[]a]"] {
            assert!(is_match(broken, "a").is_err(), "{broken}");
        }
    }

    #[test]
    fn many_stars_are_no_burden() {
        let name = "a".repeat(24);
        assert!(!is_match("*a*a*a*b", &name).unwrap());
    }

    #[test]
    fn paths_are_found_by_pattern_in_order() {
        let mut files = Memory::default();
        for name in [
            "/d/b.yaml",
            "/d/a.yaml",
            "/d/c.txt",
            "/d/x/a.yaml",
            "/e/a.yaml",
        ] {
            files.insert(name, "");
        }
        let found = |pattern: &str| glob(&files, Path::new("/d"), pattern).unwrap();
        assert_eq!(found("*.yaml"), ["a.yaml", "b.yaml"]);
        assert_eq!(found("*/a.yaml"), ["x/a.yaml"]);
        assert_eq!(found("../e/*"), ["../e/a.yaml"]);
        assert_eq!(found("x"), ["x"]);
        assert_eq!(found("./a.yaml"), ["./a.yaml"]);
        assert!(found("nothing*").is_empty());
        assert!(found("nothing").is_empty());
    }
}
