//! The house rules that a compiler does not know.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// The crates whose modules have an order. The order of the crates is held by the compiler.
const ORDERED: [&str; 2] = ["src", "crates/engine/src"];

/// Where the project keeps Rust sources.
fn source_directories() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let mut found: Vec<PathBuf> = crates
        .map(|entry| entry.unwrap().path().join("src"))
        .collect();
    found.push(root().join("src"));
    found.sort();
    found
}

/// The modules of a crate, in the order in which its `lib.rs` declares them.
fn rooms(crate_: &Path) -> Vec<String> {
    let text = fs::read_to_string(crate_.join("lib.rs")).unwrap();
    text.lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .filter_map(|rest| rest.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// The modules of other crates that a `lib.rs` passes on: everyone may import them.
fn passed_on(crate_: &Path) -> Vec<String> {
    let text = fs::read_to_string(crate_.join("lib.rs")).unwrap();
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("//") && !line.starts_with("#!"))
        .collect();
    let code = code.join("\n");
    let uses = code.split(';').filter(|part| {
        let part = part.trim_start();
        part.starts_with("pub use kustom_") || part.starts_with("use kustom_")
    });
    uses.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'))
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

/// The files of a room: `yaml.rs`, or everything below `yaml/`.
fn files_of(crate_: &Path, room: &str) -> Vec<(PathBuf, String)> {
    let file = crate_.join(format!("{room}.rs"));
    let dir = crate_.join(room);
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
    let mut wrong = Vec::new();
    for crate_ in ORDERED.map(|directory| root().join(directory)) {
        let rooms = rooms(&crate_);
        let passed_on = passed_on(&crate_);
        for (index, room) in rooms.iter().enumerate() {
            let is_allowed = |name: &str| {
                let mut known = passed_on.iter().chain(&rooms[..=index]);
                known.any(|above| above == name)
            };
            for (path, text) in files_of(&crate_, room) {
                for (number, line) in text.lines().enumerate() {
                    for name in imported(line).filter(|name| !is_allowed(name)) {
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
    let wrong: Vec<String> = source_directories()
        .iter()
        .flat_map(|directory| sources(directory))
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
    let silent: Vec<_> = source_directories()
        .iter()
        .flat_map(|directory| sources(directory))
        .filter(|(_, text)| !text.starts_with("//! ") && !text.starts_with("#![doc = "))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// The lines of a file that are no tests, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = [
        "#[cfg(test)]\nmod tests {",
        "#[cfg(all(test, unix))]\nmod tests {",
    ];
    let end = tests.iter().filter_map(|start| text.find(start)).min();
    let text = &text[..end.unwrap_or(text.len())];
    let lines = text.lines().enumerate();
    lines.map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default()))
}

/// The files that are compiled for tests alone, by their names.
fn test_files(sources: &[(PathBuf, String)]) -> Vec<String> {
    let mut names = Vec::new();
    for (_, text) in sources {
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let is_for_tests =
                line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test");
            let next = lines.peek().and_then(|line| line.strip_prefix("mod "));
            let name = next.and_then(|name| name.strip_suffix(';'));
            if let Some(name) = name.filter(|_| is_for_tests) {
                names.push(format!("{name}.rs"));
            }
        }
    }
    names
}

/// Where the code outside of a room, and of the tests, says one of some words.
fn said_outside(room: &str, words: &[&str]) -> Vec<String> {
    let sources: Vec<(PathBuf, String)> = source_directories()
        .iter()
        .flat_map(|directory| sources(directory))
        .collect();
    let for_tests = test_files(&sources);
    let mut found = Vec::new();
    for (path, text) in &sources {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let inside = path.strip_prefix(root()).unwrap();
        if inside.starts_with(room) || for_tests.contains(&name) {
            continue;
        }
        for (number, line) in code(text) {
            found.extend(
                words
                    .iter()
                    .filter(|word| line.contains(**word))
                    .map(|word| format!("{}:{number}: `{word}`", inside.display())),
            );
        }
    }
    found
}

#[test]
fn there_is_one_door_for_writing() {
    let words = [
        "fs::write",
        "File::create",
        "File::options",
        "OpenOptions",
        "fs::rename",
        "fs::copy",
        "hard_link",
        "::symlink(",
        "create_dir",
        "DirBuilder",
        "remove_file",
        "remove_dir",
        "set_permissions",
        "set_len",
        "tempfile::",
        "rustix::fs",
    ];
    let wrong: Vec<String> = said_outside("crates/engine/src/write", &words)
        .into_iter()
        // The door for reading opens files without waiting.
        .filter(|found| !found.starts_with("crates/engine/src/load/open.rs"))
        // An interrupt removes what is temporary.
        .filter(|found| !found.starts_with("crates/engine/src/process/interrupt.rs"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_is_one_door_for_reading() {
    let words = [
        "fs::read(",
        "fs::read_to_string",
        "fs::read_dir",
        "File::open",
        "read_link",
    ];
    let wrong: Vec<String> = said_outside("crates/engine/src/load", &words)
        .into_iter()
        // What is written is held against what is there.
        .filter(|found| !found.starts_with("crates/engine/src/write/"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands between backticks in a part of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_page_of_the_architecture_names_files_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let is_path = |name: &&str| {
        name.contains('/') && !name.contains([' ', '*', '.'].as_slice())
            || name.ends_with(".rs") && name.contains('/')
            || ["docs/", "tests/", "src/", "crates/"]
                .iter()
                .any(|start| name.starts_with(start))
    };
    let paths: Vec<&str> = quoted(&text).filter(is_path).collect();
    assert!(paths.len() > 60, "{paths:?}");
    let missing: Vec<&&str> = paths
        .iter()
        .filter(|path| !root().join(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Modules that lie in one directory, with those of them that each imports.
type Imports = std::collections::BTreeMap<String, std::collections::BTreeSet<String>>;

/// The first names behind `head` in a text: of `super::a::b` and `super::{a::b, c}` the `a` and `c`.
fn names_behind<'t>(text: &'t str, head: &str) -> Vec<&'t str> {
    let name = |text: &'t str| {
        text.trim_start()
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default()
    };
    let mut found = Vec::new();
    for (at, _) in text.match_indices(head) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + head.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.push(name(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.push(name(&list[start..at]));
                    start = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The imports among the modules of a directory; `path` is how the crate names it, `crate::a::b::`.
fn imports(directory: &Path, path: &str) -> Imports {
    let mut found = Imports::new();
    let all = sources(directory);
    let for_tests = test_files(&all);
    let modules: Vec<String> = all
        .iter()
        .filter_map(|(file, _)| {
            let first = file.strip_prefix(directory).unwrap().iter().next()?;
            let name = first.to_str()?.trim_end_matches(".rs");
            (!["mod", "lib", "main"].contains(&name)).then(|| name.to_owned())
        })
        .collect();
    for (file, text) in &all {
        let inside = file.strip_prefix(directory).unwrap();
        let name = inside.iter().next().unwrap().to_str().unwrap();
        let module = name.trim_end_matches(".rs").to_owned();
        let is_for_tests =
            for_tests.contains(&file.file_name().unwrap().to_str().unwrap().to_owned());
        if !modules.contains(&module) || is_for_tests {
            continue;
        }
        let is_folded = inside.iter().count() > 1 && inside.ends_with("mod.rs");
        let depth = inside.iter().count() - usize::from(is_folded);
        let lines: Vec<&str> = code(text).map(|(_, line)| line).collect();
        let text = lines.join("\n");
        let heads = ["super::".repeat(depth), path.to_owned()];
        let names = heads.iter().flat_map(|head| names_behind(&text, head));
        let others = names.filter(|name| *name != module && modules.iter().any(|it| it == name));
        let known = found.entry(module.clone()).or_default();
        known.extend(others.map(str::to_owned));
    }
    found
}

/// Everything that a module imports, and what that imports in turn.
fn reached(imports: &Imports, module: &str) -> std::collections::BTreeSet<String> {
    let mut found = std::collections::BTreeSet::new();
    let mut next = vec![module];
    while let Some(module) = next.pop() {
        for other in imports.get(module).into_iter().flatten() {
            if found.insert(other.clone()) {
                next.push(other);
            }
        }
    }
    found
}

/// The one circle: `eval` parses while it evaluates, the parser takes names from the table of
/// operators, and the table holds the functions that evaluate them.
const CIRCLE: (&str, [&str; 6]) = (
    "crates/yq/src/v4",
    ["evaluator", "expr", "lex", "ops", "parse", "table"],
);

#[test]
fn modules_of_a_directory_do_not_import_each_other_in_circles() {
    let mut circles = std::collections::BTreeMap::new();
    for source in source_directories() {
        let mut directories = vec![source.clone()];
        for (file, _) in sources(&source) {
            directories.push(file.parent().unwrap().to_path_buf());
        }
        directories.sort();
        directories.dedup();
        for directory in directories {
            let inside = directory.strip_prefix(&source).unwrap();
            let parts: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
            let path: String = std::iter::once("crate")
                .chain(parts)
                .fold(String::new(), |path, part| path + part + "::");
            let imports = imports(&directory, &path);
            let circle: Vec<String> = imports
                .keys()
                .filter(|module| reached(&imports, module).contains(*module))
                .cloned()
                .collect();
            if !circle.is_empty() {
                let shown = directory.strip_prefix(root()).unwrap();
                circles.insert(shown.to_str().unwrap().to_owned(), circle);
            }
        }
    }
    let (directory, modules) = CIRCLE;
    let known = (directory.to_owned(), modules.map(str::to_owned).to_vec());
    assert_eq!(circles, [known].into());
}
