//! The cases: a file is a test.
//!
//! A case starts with a sentence and a command, both after a mark of their own, then come files,
//! then what is wanted:
//!
//! ```text
//! # a prefix goes before every name
//! $ kustom build app
//! -- app/kustomization.yaml --
//! namePrefix: my-
//! resources: [map.yaml]
//! -- app/map.yaml --
//! {apiVersion: v1, kind: ConfigMap, metadata: {name: map}}
//! -- stdout --
//! apiVersion: v1
//! ...
//! ```
//!
//! The program can be called `kustom` or `kustomize`, and `< FILE` at the end gives it a file to read.
//! `stderr` and `exit` are wanted in the same way; what is left out must be empty and 0. With the
//! variable `UPDATE_CASES` set, the files are rewritten with what the program says; with `CASE=WORD`
//! only the files are run whose paths contain the word.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A case as it stands in its file.
struct Case {
    path: PathBuf,
    /// The sentence, and whatever else stands before the command.
    head: String,
    commands: Vec<String>,
    files: Vec<(String, String)>,
    wanted: Outcome,
}

/// What a program says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Outcome {
    stdout: String,
    stderr: String,
    exit: i32,
}

/// Whether a word before the program sets a variable for it.
fn is_variable(word: &str) -> bool {
    let names = ["KUSTOM_", "ARGOCD_", "COMPLETE="];
    names.iter().any(|name| word.starts_with(name))
}

#[test]
fn every_case_comes_out_as_wanted() {
    let paths = case_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"));
    let word = std::env::var("CASE").unwrap_or_default();
    let is_wanted = |path: &&PathBuf| path.to_string_lossy().contains(&word);
    let paths: Vec<&PathBuf> = paths.iter().filter(is_wanted).collect();
    assert!(!paths.is_empty(), "there are no cases of `{word}`");
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut failures = String::new();
    for path in paths {
        let case = Case::read(path);
        let found = case.run();
        if found == case.wanted {
            continue;
        }
        if update {
            fs::write(&case.path, case.with(&found)).unwrap();
        } else {
            let name = path.file_stem().unwrap().to_string_lossy();
            writeln!(failures, "{name}:\n{}", difference(&case.wanted, &found)).unwrap();
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn a_third_of_the_cases_fail() {
    let paths = case_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"));
    let failing = paths
        .iter()
        .filter(|path| Case::read(path).wanted.exit != 0)
        .count();
    assert!(
        failing * 10 >= paths.len() * 3,
        "{failing} of {} cases fail",
        paths.len()
    );
}

fn case_files(directory: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(case_files(&path));
        } else {
            paths.push(path);
        }
    }
    paths.sort();
    paths
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut case = Self {
            path: path.to_path_buf(),
            head: String::new(),
            commands: Vec::new(),
            files: Vec::new(),
            wanted: Outcome::default(),
        };
        let mut section: Option<(String, String)> = None;
        for line in text.split_inclusive('\n') {
            let name = line
                .trim_end()
                .strip_prefix("-- ")
                .and_then(|rest| rest.strip_suffix(" --"));
            match (name, &mut section) {
                (Some(name), _) => {
                    case.finish(section.take());
                    section = Some((name.to_owned(), String::new()));
                }
                (None, Some((_, content))) => content.push_str(line),
                (None, None) => {
                    if let Some(command) = line.strip_prefix("$ ") {
                        case.commands.push(command.trim_end().to_owned());
                    }
                    case.head.push_str(line);
                }
            }
        }
        case.finish(section);
        assert!(
            case.head.starts_with("# "),
            "{}: a case starts with a sentence",
            path.display()
        );
        assert!(
            !case.commands.is_empty(),
            "{}: a case has a command",
            path.display()
        );
        case
    }

    fn finish(&mut self, section: Option<(String, String)>) {
        let Some((name, content)) = section else {
            return;
        };
        match name.as_str() {
            "stdout" => self.wanted.stdout = content,
            "stderr" => self.wanted.stderr = content,
            "exit" => self.wanted.exit = content.trim().parse().unwrap(),
            _ => self.files.push((name, content)),
        }
    }

    /// Runs the commands in a fresh directory, with nothing of this machine in the environment.
    fn run(&self) -> Outcome {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        for (name, content) in &self.files {
            lay_out(&root, name, content);
        }
        let mut outcome = Outcome::default();
        for command in &self.commands {
            let (command, stdin) = match command.split_once(" < ") {
                Some((command, name)) => (command, Some(fs::File::open(root.join(name)).unwrap())),
                None => (command.as_str(), None),
            };
            let mut words = command.split_whitespace().peekable();
            // As in a shell, variables may stand before the command.
            let mut variables = Vec::new();
            while let Some(variable) = words.next_if(|word| is_variable(word)) {
                variables.extend(variable.split_once('='));
            }
            let name = words.next().unwrap();
            let program = match name {
                "kustom" | "kustomize" => env!("CARGO_BIN_EXE_kustom"),
                other => other,
            };
            let output = Command::new(program)
                .arg0(name)
                .stdin(stdin.map_or_else(Stdio::null, Stdio::from))
                .args(words)
                .current_dir(&root)
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("HOME", &root)
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .envs(variables)
                .output()
                .unwrap();
            let text = |bytes: Vec<u8>| {
                String::from_utf8_lossy(&bytes).replace(&root.display().to_string(), "[ROOT]")
            };
            outcome.stdout.push_str(&text(output.stdout));
            outcome.stderr.push_str(&text(output.stderr));
            outcome.exit = output.status.code().unwrap_or(-1);
        }
        outcome
    }

    /// The text of the case with another outcome.
    fn with(&self, outcome: &Outcome) -> String {
        let mut text = self.head.clone();
        for (name, content) in &self.files {
            write!(text, "-- {name} --\n{content}").unwrap();
        }
        for (name, content) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            if !content.is_empty() {
                write!(text, "-- {name} --\n{content}").unwrap();
            }
        }
        if outcome.exit != 0 {
            writeln!(text, "-- exit --\n{}", outcome.exit).unwrap();
        }
        text
    }
}

/// Writes a file of a case; `a -> b` is a link, and a name that ends in a slash a directory.
fn lay_out(root: &Path, name: &str, content: &str) {
    if let Some((link, target)) = name.split_once(" -> ") {
        let link = root.join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, link).unwrap();
    } else if name.ends_with('/') {
        fs::create_dir_all(root.join(name)).unwrap();
    } else {
        let (name, is_executable) = match name.strip_suffix(" +x") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        if is_executable {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}

fn difference(wanted: &Outcome, found: &Outcome) -> String {
    let mut text = String::new();
    for (name, wanted, found) in [
        ("stdout", &wanted.stdout, &found.stdout),
        ("stderr", &wanted.stderr, &found.stderr),
    ] {
        if wanted != found {
            write!(
                text,
                "-- {name} wanted --\n{wanted}-- {name} found --\n{found}"
            )
            .unwrap();
        }
    }
    if wanted.exit != found.exit {
        writeln!(
            text,
            "-- exit: wanted {}, found {} --",
            wanted.exit, found.exit
        )
        .unwrap();
    }
    text
}
