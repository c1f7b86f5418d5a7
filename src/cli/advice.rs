//! A test: every flag that a message suggests exists on the command that it names.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _};

use super::Arguments;

const EDIT: &str = "edit";

/// The commands that can say what a room of the library says.
fn commands_of(room: &str, file: &str) -> Vec<&'static str> {
    const RENDER: [&str; 5] = ["render", "diff", "check", "affected", "deps"];
    const BUILD: [&str; 6] = ["build", "render", "diff", "check", "affected", "deps"];
    match (room, file) {
        // The page of the rules is of no command; it names each with its flag.
        ("report", _) | ("yq", _) | ("cli", "yq" | "mod.rs" | "kustomize.rs") => Vec::new(),
        ("cli", "build.rs") => vec!["build"],
        ("load", "within.rs") | ("cli", "reading.rs") => RENDER.to_vec(),
        ("cli", "render") => vec!["render"],
        ("migrate", _) | ("cli", "migrate.rs") => vec!["migrate"],
        ("cli", "diff" | "diff.rs") => vec!["diff"],
        ("cli", "config.rs") => vec!["config"],
        ("cli", "compare_releases.rs") => vec!["compare-releases"],
        ("cli", "substitute.rs") => vec!["substitute"],
        ("cli", "check.rs") => vec!["check", "affected", "deps"],
        ("cli", "run_overrides.rs") => RENDER.to_vec(),
        // Of the program under the name `kustomize`, whose commands have a parser of their own.
        ("cfg", _) | ("cli", "functions.rs" | "cfg.rs" | "cfg") => Vec::new(),
        ("localize", _) | ("cli", "localize.rs") => vec!["localize"],
        ("cli", "lock.rs" | "vendor.rs" | "outdated.rs") => vec!["lock", "vendor"],
        ("argocd", _) | ("cli", "argocd.rs" | "argocd_plugin.rs") => vec!["argocd applications"],
        ("cli", "krm_function.rs" | "requested.rs") => vec!["fn"],
        ("cli", "validate") => vec!["validate"],
        ("cli", "lint") => vec!["lint"],
        ("cli", "objects.rs") => vec!["lint", "validate"],
        ("lint", _) => vec!["lint"],
        ("explain", _) | ("cli", "explain.rs" | "explained.rs") => vec!["explain"],
        ("cli", "blame.rs") => vec!["blame"],
        ("cli", "list.rs") => vec!["list"],
        ("cli", "graph.rs") => vec!["graph"],
        ("cli", "overview.rs") => vec!["report"],
        ("cli", "watch.rs") => vec!["watch"],
        ("cli", "doctor.rs") => vec!["doctor"],
        ("cli", "schema.rs") => vec!["schema"],
        ("cli", "rules.rs") => vec!["rules"],
        ("cli", "man.rs") => vec!["man"],
        ("cli", "completion.rs") => vec!["completion"],
        ("cli", "secrets") => vec!["secrets init"],
        // Its commands say each of its own flags.
        ("edit", _) | ("cli", "edit") => vec![EDIT],
        ("sops", _) => RENDER.to_vec(),
        ("template", _) => [&RENDER[..], &["config", "secrets init"]].concat(),
        ("project" | "check" | "diff", _) => RENDER.to_vec(),
        _ => BUILD.to_vec(),
    }
}

/// The files of the program, with their rooms.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// A command of the parser, by its words.
fn named<'c>(all: &'c mut Command, words: &[&str]) -> Option<&'c mut Command> {
    all.build();
    match words {
        [] => Some(all),
        [word, rest @ ..] => named(all.find_subcommand_mut(word)?, rest),
    }
}

/// Whether a command has a flag and, if the flag has a list of values, a value.
fn has(words: &str, flag: &str, value: Option<&str>) -> bool {
    let mut all = Arguments::command();
    let words: Vec<&str> = words.split(' ').collect();
    let Some(found) = named(&mut all, &words) else {
        return false;
    };
    takes(found, flag, value)
        || (words == [EDIT]
            && found
                .get_subcommands()
                .any(|one| one_takes(one, flag, value)))
}

fn one_takes(command: &Command, flag: &str, value: Option<&str>) -> bool {
    let mut inner = command.get_subcommands();
    takes(command, flag, value) || inner.any(|one| one_takes(one, flag, value))
}

fn takes(command: &Command, flag: &str, value: Option<&str>) -> bool {
    let mut flags = command.get_arguments();
    let found = flags.find(|one| one.get_long() == Some(flag));
    found.is_some_and(|one| {
        let known = one.get_possible_values();
        let is_word = |value: &&str| value.starts_with(|c: char| c.is_ascii_lowercase());
        let value = value.filter(is_word);
        known.is_empty()
            || value.is_none_or(|value| known.iter().any(|one| one.get_name() == value))
    })
}

#[test]
fn no_message_names_a_flag_that_the_command_has_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for directory in [
        "src",
        "crates/engine/src",
        "crates/guard/src",
        "crates/yaml/src",
    ] {
        sources(&root.join(directory), &mut files);
    }
    let quoted = regex::Regex::new("`([^`{}\"]*--[a-z][^`{}\"]*)`").unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files {
        let inside = path.strip_prefix(root).unwrap();
        let parts = inside.iter().map(|part| part.to_str().unwrap());
        let mut parts = parts.skip_while(|part| *part != "src").skip(1);
        let room = parts.next().unwrap();
        let file = parts.next().unwrap_or(room);
        let room = room.trim_end_matches(".rs");
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().filter(|line| {
            // The message names the flag only if it was given.
            !line.trim_start().starts_with("//") && !line.contains("override `--reorder`")
        });
        let code: String = lines.collect::<Vec<_>>().join("\n");
        for said in quoted.captures_iter(&code) {
            let words: Vec<&str> = said[1].split_whitespace().collect();
            let at = words
                .iter()
                .position(|word| word.starts_with("--"))
                .unwrap();
            let flag = words[at].trim_start_matches("--");
            let flag = flag.split('=').next().unwrap();
            let named = words[..at].to_vec();
            let commands: Vec<String> = match named.as_slice() {
                // yq has a parser of its own.
                ["git" | "helm" | "kubectl", ..] | ["kustom", "yq", ..] => continue,
                [] => commands_of(room, file)
                    .into_iter()
                    .map(String::from)
                    .collect(),
                ["kustom", rest @ ..] => {
                    let is_command = |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase());
                    vec![
                        rest.iter()
                            .filter(is_command)
                            .copied()
                            .collect::<Vec<_>>()
                            .join(" "),
                    ]
                }
                _ => continue,
            };
            for command in commands {
                count += 1;
                if !has(&command, flag, words.get(at + 1).copied()) {
                    wrong.push(format!(
                        "{}: `kustom {command}` has no `{}`",
                        inside.display(),
                        &said[1]
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 60, "{count}");
}
