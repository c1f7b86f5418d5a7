//! The example passes its own gate.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What no clone has.
const NOT_TRACKED: [&str; 3] = [".git", "target", "corpus"];

/// As after `git clone`: nothing is filled in, and everything is committed.
#[test]
fn a_fresh_clone_has_nothing_to_find() {
    let clone = tempfile::tempdir().unwrap();
    copy(Path::new(env!("CARGO_MANIFEST_DIR")), clone.path());
    run(clone.path(), "git", &["init", "--quiet"]);
    run(clone.path(), "git", &["add", "."]);
    let identity = ["-c", "user.name=ci", "-c", "user.email=ci@example.com"];
    let commit = ["commit", "--quiet", "--message", "start"];
    run(clone.path(), "git", &[&identity[..], &commit].concat());
    let output = run(clone.path(), env!("CARGO_BIN_EXE_kustom"), &["check"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("warning:"), "{said}");
}

/// Runs a program that must not fail.
fn run(directory: &Path, program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env("HOME", directory)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let words = [&output.stdout[..], &output.stderr].concat();
    assert!(
        output.status.success(),
        "{program} {arguments:?}\n{}",
        String::from_utf8_lossy(&words)
    );
    output
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().unwrap();
        if NOT_TRACKED.iter().any(|left_out| name == *left_out) {
            continue;
        }
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), to.join(name)).unwrap();
        } else if kind.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
