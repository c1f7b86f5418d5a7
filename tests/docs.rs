//! The manual runs: every `console` block of the documents is executed in a copy of the example.
//!
//! A line that starts with `$ ` is a command for the shell, which goes on in lines that start with
//! `> `; what follows is what it prints, on either stream. A line `...` stands for any number of
//! lines. Each command of a page finds the files that those before it left, and starts in the root
//! of the example. A comment in a page says where that is not so:
//!
//! - `<!-- blocks: one shell, from an empty folder -->`: nothing is there, and `cd` counts for all
//!   that follows;
//! - `<!-- blocks: each section in a fresh copy -->`: every heading starts with the example as it is.
//!
//! With `UPDATE_DOCS` set, what a command prints is written into the page: read it before you keep
//! it. Commands in `sh` blocks and between backticks are not run, but their flags must exist, and so
//! must scripts and examples; every link must lead somewhere.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use regex::Regex;
use tempfile::TempDir;

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

const FROM_NOTHING: &str = "<!-- blocks: one shell, from an empty folder -->";
const FRESH_SECTIONS: &str = "<!-- blocks: each section in a fresh copy -->";

/// What stands in for other programs: `cargo run --release -- …` without a build, and yq and
/// kustomize, which no test needs; kustom answers as they do.
const STAND_INS: [(&str, &str); 3] = [
    (
        "cargo",
        "[ \"$1 $2 $3\" = 'run --release --' ] || exit 127; shift 3; exec kustom \"$@\"",
    ),
    ("yq", "exec kustom yq \"$@\""),
    ("kustomize", "exec kustom \"$@\""),
];

#[test]
fn every_console_block_prints_what_it_says() {
    let root = root();
    // A page is one task: its commands build on each other.
    let pages: Vec<(PathBuf, PageRun)> = documents(&root)
        .into_par_iter()
        .map(|document| {
            let run = run_page(&fs::read_to_string(&document).unwrap());
            (document, run)
        })
        .collect();
    let mut count = 0;
    let mut misfits = Vec::new();
    for (document, page) in pages {
        count += page.commands;
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&document, &page.text).unwrap();
        }
        let name = document.strip_prefix(&root).unwrap().display();
        let found = page.misfits.iter();
        misfits.extend(found.map(|misfit| format!("{name}: {misfit}")));
    }
    assert!(count > 100, "only {count} commands were found");
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

/// What came of a page.
struct PageRun {
    commands: usize,
    /// Commands that print something else than the page says.
    misfits: Vec<String>,
    /// The page with what the commands print.
    text: String,
}

/// Runs the commands of a page.
fn run_page(text: &str) -> PageRun {
    let keeps_directory = text.contains(FROM_NOTHING);
    let starts_anew = text.contains(FRESH_SECTIONS);
    let mut shell = Shell::new(keeps_directory);
    let mut run = PageRun {
        commands: 0,
        misfits: Vec::new(),
        text: String::new(),
    };
    let mut fence = "";
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        push_line(&mut run.text, line);
        if let Some(kind) = line.strip_prefix("```") {
            fence = if fence.is_empty() { line } else { "" };
            assert!(fence.is_empty() || fence == line, "{kind}");
        } else if fence.is_empty() && starts_anew && line.starts_with('#') {
            shell = Shell::new(keeps_directory);
        } else if fence == "```console" {
            let first = line.strip_prefix("$ ");
            let mut command = first
                .unwrap_or_else(|| panic!("output without a command: {line}"))
                .to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
                push_line(&mut run.text, more);
                command.push('\n');
                command.push_str(&more[2..]);
            }
            let mut wanted = String::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ") && *line != "```") {
                push_line(&mut wanted, line);
            }
            let found = shell.run(&command);
            if fits(&wanted, &found) {
                run.text.push_str(&wanted);
            } else {
                found
                    .lines()
                    .for_each(|line| push_line(&mut run.text, line));
                run.misfits.push(format!(
                    "`{command}`\n-- wanted --\n{wanted}-- found --\n{found}"
                ));
            }
            run.commands += 1;
        }
    }
    run
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A directory in which the commands of a page run, one after the other.
struct Shell {
    directory: TempDir,
    /// Programs that stand in for others, and where the last command ended.
    aside: TempDir,
    /// Where the next command starts, if `cd` counts.
    current: Option<PathBuf>,
}

impl Shell {
    fn new(keeps_directory: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let aside = tempfile::tempdir().unwrap();
        for (name, script) in STAND_INS {
            let program = aside.path().join(name);
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let parts = if keeps_directory {
            &[][..]
        } else {
            &EXAMPLE[..]
        };
        for part in parts {
            copy(&root().join(part), &directory.path().join(part));
        }
        let current = keeps_directory.then(|| directory.path().to_path_buf());
        Self {
            directory,
            aside,
            current,
        }
    }

    /// What a command prints, on either stream.
    fn run(&mut self, command: &str) -> String {
        let ended_in = self.aside.path().join("pwd");
        let program = Path::new(env!("CARGO_BIN_EXE_kustom")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!(
            "{}:{}:{path}",
            self.aside.path().display(),
            program.display()
        );
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("{{ {command}\n}} 2>&1\npwd >\"$ENDED_IN\""))
            .current_dir(self.current.as_deref().unwrap_or(self.directory.path()))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.directory.path())
            .env("ENDED_IN", &ended_in)
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "you")))
            .envs(
                ["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "you@example.com")),
            )
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "init.defaultBranch")
            .env("GIT_CONFIG_VALUE_0", "main")
            .output()
            .unwrap();
        if let (Some(current), Ok(ended_in)) = (&mut self.current, fs::read_to_string(ended_in)) {
            *current = PathBuf::from(ended_in.trim_end());
        }
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A flag that is gone, or was never there, is found by the parser that has it.
#[test]
fn every_command_that_is_only_mentioned_has_the_flags_that_it_is_given() {
    let root = root();
    let mut mentioned = BTreeSet::new();
    for document in documents(&root) {
        let text = fs::read_to_string(&document).unwrap();
        let name = document.strip_prefix(&root).unwrap().display().to_string();
        // What was once true is not held against what is true now.
        if name != "CHANGELOG.md" {
            let found = mentions(&text).into_iter();
            mentioned.extend(found.map(|command| (command, name.clone())));
        }
    }
    assert!(mentioned.len() > 100, "only {} were found", mentioned.len());
    let mut shell = Shell::new(true);
    let mut wrong = Vec::new();
    for (command, name) in mentioned {
        let (ours, others) = command.split_once(" -- ").unwrap_or((&command, ""));
        let others = if others.is_empty() {
            others
        } else {
            " -- true"
        };
        let said = shell.run(&format!(
            "{ours} --help{others} >/dev/null || echo \"ended with $?\""
        ));
        if !said.is_empty() {
            wrong.push(format!("{name}: `{command}`\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The command lines of ours in `sh` blocks and between backticks.
fn mentions(text: &str) -> Vec<String> {
    let span = Regex::new("`(kustom [^`]+)`").unwrap();
    let ends = Regex::new(r"\s*(\||&&|;|>|<| #|\$\().*$").unwrap();
    let mut found = Vec::new();
    let mut fence = "";
    for line in text.lines() {
        if line.starts_with("```") {
            fence = if fence.is_empty() { line } else { "" };
        } else if fence == "```sh" {
            let parts = line.split(" | ").flat_map(|part| part.split(" && "));
            found.extend(
                parts
                    .map(str::trim)
                    .filter(|part| part.starts_with("kustom "))
                    .map(str::to_owned),
            );
        } else if fence.is_empty() {
            found.extend(
                span.captures_iter(line)
                    .map(|found| found[1].replace("\\|", "|")),
            );
        }
    }
    let mut found: Vec<String> = found
        .iter()
        .map(|command| ends.replace(command, "").into_owned())
        .collect();
    // These have a grammar of their own, or take any word.
    found.retain(|command| {
        let own = ["kustom yq", "kustom help ", "kustom LIVE "];
        !own.iter().any(|own| command.starts_with(own))
    });
    // Shortened, or one of several spellings.
    found.retain(|command| !command.contains(['…', '[', '|', '\'', '"']) && command.contains(' '));
    found
}

/// Scripts and examples that people are told to run.
#[test]
fn every_script_and_example_that_is_named_is_there() {
    let script = Regex::new(r"(?:^|[\s`])((?:benches|\.ci)/[a-z]+(?:\.sh)?)(?:[\s`]|$)").unwrap();
    let example = Regex::new(r"-p kustom-([a-z]+) --example ([a-z_]+)").unwrap();
    let root = root();
    let mut named = BTreeSet::new();
    for document in documents(&root) {
        if document.ends_with("CHANGELOG.md") {
            continue;
        }
        let text = fs::read_to_string(&document).unwrap();
        for line in text.lines() {
            let scripts = script.captures_iter(line).map(|found| found[1].to_owned());
            let examples = example.captures_iter(line);
            named.extend(scripts);
            named.extend(
                examples.map(|found| format!("crates/{}/examples/{}.rs", &found[1], &found[2])),
            );
        }
    }
    assert!(named.len() > 15, "{named:?}");
    assert!(named.iter().any(|path| path.contains("/examples/")));
    let missing: Vec<&String> = named
        .iter()
        .filter(|path| !root.join(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Blocks of YAML are YAML, and those that are settings have fields that the settings have.
#[test]
fn every_yaml_block_can_be_read_and_settings_have_known_fields() {
    let root = root();
    let known = ["kustom", "environment"].map(|name| {
        let text = fs::read_to_string(root.join(format!("schemas/{name}.schema.json"))).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        let fields = schema["properties"].as_object().unwrap().keys();
        (
            format!("{name}.yaml"),
            fields.cloned().collect::<BTreeSet<_>>(),
        )
    });
    let (mut count, mut settings) = (0, 0);
    for document in documents(&root) {
        let text = fs::read_to_string(&document).unwrap();
        let name = document.file_name().unwrap().to_string_lossy();
        for block in blocks(&text, "```yaml") {
            let read = kustom::yaml::read(&block, &kustom::yaml::Options::default());
            let read = read.unwrap_or_else(|error| panic!("{name}: {error:?}\n{block}"));
            count += 1;
            // The first line says which file it is; it may be one of two.
            let title = block.lines().next().unwrap_or_default();
            let is_titled = |file: &String| title.starts_with('#') && title.contains(file.as_str());
            let files: Vec<_> = known.iter().filter(|(file, _)| is_titled(file)).collect();
            let entries = read.iter().flat_map(kustom::yaml::Node::entries);
            for entry in entries.filter(|_| !files.is_empty()) {
                let key = entry.key.text().unwrap();
                let is_known = files.iter().any(|(_, fields)| fields.contains(key));
                assert!(is_known, "{name}: no settings have `{key}`\n{block}");
                settings += 1;
            }
        }
    }
    assert!(
        count > 20 && settings > 5,
        "{count} blocks, {settings} settings"
    );
}

/// The texts of the blocks of a kind.
fn blocks(text: &str, fence: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == fence {
            let block = lines.by_ref().take_while(|line| *line != "```");
            found.push(block.map(|line| format!("{line}\n")).collect());
        }
    }
    found
}

#[test]
fn every_link_leads_somewhere() {
    let root = root();
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for document in linked_documents(&root) {
        let text = fs::read_to_string(&document).unwrap();
        let name = document.strip_prefix(&root).unwrap().display();
        for found in link.captures_iter(&prose(&text)) {
            let target = &found[1];
            if target.contains("://") {
                continue;
            }
            count += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match path {
                "" => document.clone(),
                path => document.parent().unwrap().join(path),
            };
            if !file.exists() {
                wrong.push(format!("{name}: {target}: no such file"));
            } else if !anchor.is_empty()
                && !anchors(&fs::read_to_string(&file).unwrap()).contains(anchor)
            {
                wrong.push(format!("{name}: {target}: no such heading"));
            }
        }
    }
    assert!(count > 100, "only {count} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The book has every page of `docs/`, and nothing else.
#[test]
fn every_page_is_in_the_book() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let link = Regex::new(r"\]\(([^)]+)\)").unwrap();
    let listed: Vec<String> = link
        .captures_iter(&summary)
        .map(|found| found[1].to_owned())
        .collect();
    let pages: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), pages.len(), "a page stands in the book twice");
    let there: BTreeSet<String> = pages_below(&docs)
        .iter()
        .map(|page| {
            page.strip_prefix(&docs)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .filter(|page| page != "SUMMARY.md")
        .collect();
    assert_eq!(pages, there);
}

#[test]
fn the_readme_is_short_and_names_the_oldest_compiler() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() < 200);
    let oldest = format!("Rust {} or newer", env!("CARGO_PKG_RUST_VERSION"));
    assert!(readme.contains(&oldest), "{oldest}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The pages whose commands are run.
fn documents(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| is_page(path)).collect();
    found.extend(pages_below(&root.join("docs")));
    found.sort();
    found
}

/// These, the pages of the crates, and that of the example.
fn linked_documents(root: &Path) -> Vec<PathBuf> {
    let mut found = documents(root);
    found.push(root.join("environments/README.md"));
    let crates = fs::read_dir(root.join("crates")).unwrap();
    let pages = crates.map(|entry| entry.unwrap().path().join("README.md"));
    found.extend(pages.filter(|page| page.is_file()));
    found
}

fn pages_below(directory: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(directory).sort_by_file_name();
    let files = entries.into_iter().map(|entry| entry.unwrap().into_path());
    files.filter(|path| is_page(path)).collect()
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// A page without its blocks of code and what is between backticks.
fn prose(text: &str) -> String {
    let span = Regex::new("``[^`]+``|`[^`]+`").unwrap();
    let mut prose = String::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            push_line(&mut prose, &span.replace_all(line, "code"));
        }
    }
    prose
}

/// What leads to the headings of a page, as GitHub and mdBook make it of them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if let (false, Some(heading)) = (is_code, line.strip_prefix('#')) {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
            let anchor: String = kept
                .map(|letter| if letter == ' ' { '-' } else { letter })
                .collect();
            let mut several = (1..).map(|number| format!("{anchor}-{number}"));
            let is_new = found.insert(anchor.clone());
            if !is_new {
                found.insert(several.find(|one| !found.contains(one)).unwrap());
            }
        }
    }
    found
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
