//! The house rules that a compiler does not know.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `lib.rs`, in the order in which they are declared.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    text.lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .filter_map(|rest| rest.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `dir`, with its text.
fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found.sort();
    found
}

/// The files of a room: `src/yaml.rs`, or everything below `src/yaml/`.
fn files_of(room: &str) -> Vec<(PathBuf, String)> {
    let file = root().join(format!("src/{room}.rs"));
    let dir = root().join("src").join(room);
    let mut found = if dir.is_dir() {
        sources(&dir)
    } else {
        Vec::new()
    };
    if let Ok(text) = fs::read_to_string(&file) {
        found.push((file, text));
    }
    assert!(!found.is_empty(), "no file for the module `{room}`");
    found
}

/// The rooms that a line of code names through `crate::`.
fn imported(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    code.split("crate::").skip(1).map(|rest| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default()
    })
}

#[test]
fn a_module_imports_only_from_modules_declared_above_it() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for (index, room) in rooms.iter().enumerate() {
        for (path, text) in files_of(room) {
            for (number, line) in text.lines().enumerate() {
                for name in imported(line) {
                    let allowed = name == room || rooms[..index].iter().any(|above| above == name);
                    if !allowed {
                        wrong.push(format!(
                            "{}:{}: `{room}` imports `{name}`",
                            path.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_imports_everything_of_another() {
    let wrong: Vec<String> = sources(&root().join("src"))
        .into_iter()
        // A file of tests sees what it tests.
        .filter(|(path, _)| !path.ends_with("tests.rs"))
        .flat_map(|(path, text)| {
            text.split("#[cfg(test)]")
                .next()
                .unwrap_or_default()
                .lines()
                .filter(|line| line.starts_with("use ") && line.ends_with("::*;"))
                .map(|line| format!("{}: {line}", path.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<_> = sources(&root().join("src"))
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}
