//! The manual runs: every `console` block of the documents is executed in a copy of the example.
//!
//! A line that starts with `$ ` is a command for the shell, which goes on in lines that start with
//! `> `; what follows is what it prints, on either stream. A line `...` stands for any number of lines.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The parts of the repository that the documents speak of, and a file for each of those that
/// `kustom.yaml` allows to hold fixtures.
const EXAMPLE: [&str; 7] = [
    "kustom.yaml",
    "kustom",
    "environments",
    "secrets-boilerplate",
    "crates/guard/src/rule_ids.rs",
    "tests/rules.rs",
    "fuzz/Cargo.toml",
];

#[test]
fn every_console_block_prints_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for document in documents(root) {
        let text = fs::read_to_string(&document).unwrap();
        let directory = tempfile::tempdir().unwrap();
        for part in EXAMPLE {
            copy(&root.join(part), &directory.path().join(part));
        }
        for (command, wanted) in commands(&text) {
            let found = run(&command, directory.path());
            let name = document.file_name().unwrap().to_string_lossy();
            assert!(
                fits(&wanted, &found),
                "{name}: `{command}`\n-- wanted --\n{wanted}-- found --\n{found}"
            );
            count += 1;
        }
    }
    assert!(count > 0, "no document has a console block");
}

fn documents(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in [root.to_path_buf(), root.join("docs")] {
        let Ok(entries) = fs::read_dir(directory) else {
            continue;
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|ext| ext == "md")));
    }
    found.sort();
    found
}

/// The commands of all console blocks, each with what it should print.
fn commands(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => found.push((command.to_owned(), String::new())),
                (None, Some((command, wanted))) if wanted.is_empty() && line.starts_with("> ") => {
                    command.push('\n');
                    command.push_str(&line[2..]);
                }
                (None, Some((_, wanted))) => {
                    wanted.push_str(line);
                    wanted.push('\n');
                }
                (None, None) => panic!("output without a command: {line}"),
            },
        }
    }
    found
}

fn run(command: &str, directory: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_kustom")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{{ {command}\n}} 2>&1"))
        .current_dir(directory)
        .env_clear()
        .env("PATH", format!("{}:{path}", program.display()))
        .env("HOME", directory)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Whether lines fit a pattern in which `...` stands for any number of them.
fn fits(wanted: &str, found: &str) -> bool {
    fn lines_fit(wanted: &[&str], found: &[&str]) -> bool {
        match (wanted, found) {
            ([], []) => true,
            (["...", rest @ ..], _) => (0..=found.len()).any(|at| lines_fit(rest, &found[at..])),
            ([first, rest @ ..], [line, more @ ..]) => first == line && lines_fit(rest, more),
            _ => false,
        }
    }
    lines_fit(
        &wanted.lines().collect::<Vec<_>>(),
        &found.lines().collect::<Vec<_>>(),
    )
}

/// Copies a file, a link or a directory.
fn copy(from: &Path, to: &Path) {
    let kind = fs::symlink_metadata(from).unwrap().file_type();
    if kind.is_symlink() {
        std::os::unix::fs::symlink(fs::read_link(from).unwrap(), to).unwrap();
    } else if kind.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}
