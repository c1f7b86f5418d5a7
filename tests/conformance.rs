//! The recorded cases of the real tools, where they are at hand.
//!
//! They are read from `../shared/conformance`, or from the folder that the variable `CONFORMANCE`
//! names. `tests/conformance/known.txt` lists the cases that do not pass yet: one that passes must
//! leave the list, and any other that fails fails the run.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use kustom::build::{Options, build};
use kustom::load::{Disk, Memory, Restriction};
use kustom::order::Order;
use serde_json::Value;

/// The suites that `kustom build` is held to.
const SUITES: [&str; 5] = ["krusty", "builtin", "merge", "yaml", "real"];

#[test]
fn builds_print_what_the_real_tool_printed() {
    let Some(corpus) = corpus() else { return };
    let known = known();
    let mut failed = BTreeSet::new();
    let mut counts = Vec::new();
    for suite in SUITES {
        let file = fs::File::open(corpus.join(format!("{suite}.jsonl"))).unwrap();
        let (mut good, mut all) = (0, 0);
        for line in BufReader::new(file).lines() {
            let case: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if needs_the_outside(&case) {
                continue;
            }
            all += 1;
            let name = format!("{suite}/{}", case["name"].as_str().unwrap());
            if passes(&case) {
                good += 1;
            } else {
                failed.insert(name);
            }
        }
        counts.push(format!("{suite} {good} of {all}"));
    }
    eprintln!("conformance: {}", counts.join(", "));
    judge(&failed, &known);
}

/// Configs are made of the base's by scripts; of the secrets, placeholders are there.
#[test]
fn real_environments_render_to_what_the_real_tools_printed() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("prow/2020-render");
    let environments = [
        ("kubevirtci-testing", "expected-testing.yaml"),
        ("ibmcloud-staging", "expected-staging.yaml"),
        ("ibmcloud-production", "expected-production.yaml"),
    ];
    for (name, expected) in environments {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_kustom"))
            .args(["render", name])
            .current_dir(folder.join("input"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}");
        let expected = fs::read(folder.join(expected)).unwrap();
        assert!(output.stdout == expected, "{name} differs");
    }
}

#[test]
fn real_deployments_print_what_the_real_tool_printed() {
    let Some(corpus) = corpus() else { return };
    for group in ["2020-build", "2026-build"] {
        let folder = corpus.join("prow").join(group);
        let cases = fs::read_to_string(folder.join("cases.json")).unwrap();
        let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
        for case in cases {
            let (options, path) = command_line(&case);
            let root = folder.join("input").canonicalize().unwrap();
            let built = build(&Disk, &root, Path::new(&path), &options).unwrap();
            let wanted = fs::read_to_string(folder.join(case["expected"].as_str().unwrap()));
            assert!(
                built.to_yaml().unwrap() == wanted.unwrap(),
                "{path} differs"
            );
        }
    }
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    if !folder.join("krusty.jsonl").exists() {
        eprintln!("skipped: no recorded cases in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn known() -> BTreeSet<String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/known.txt");
    let text = fs::read_to_string(list).unwrap();
    let is_name = |line: &&str| !line.is_empty() && !line.starts_with('#');
    text.lines()
        .map(str::trim)
        .filter(is_name)
        .map(str::to_owned)
        .collect()
}

/// Cases that run helm or executables are held to elsewhere, with the binary itself.
fn needs_the_outside(case: &Value) -> bool {
    let is_enabled = |arg: &Value| arg.as_str().is_some_and(|arg| arg.starts_with("--enable"));
    case["args"]
        .as_array()
        .is_some_and(|args| args.iter().any(is_enabled))
}

fn passes(case: &Value) -> bool {
    let mut files = Memory::default();
    for (name, content) in case["files"].as_object().unwrap() {
        let bytes = match content {
            Value::String(text) => text.clone().into_bytes(),
            other => {
                let text = other["base64"].as_str().unwrap();
                base64::engine::general_purpose::STANDARD
                    .decode(text)
                    .unwrap()
            }
        };
        files.insert(Path::new("/input").join(name), bytes);
    }
    let (options, directory) = command_line(case);
    let found = build(&files, Path::new("/input"), Path::new(&directory), &options)
        .and_then(|built| built.to_yaml());
    match (found, case.get("expected")) {
        (Ok(text), Some(wanted)) => text == wanted.as_str().unwrap(),
        (Err(_), None) => true,
        _ => false,
    }
}

/// The options and the directory that the words of a command line say.
fn command_line(case: &Value) -> (Options, String) {
    let empty = Vec::new();
    let args = case["args"].as_array().unwrap_or(&empty).iter();
    let mut words = args.chain([&case["path"]]).filter_map(Value::as_str);
    let mut options = Options::default();
    let mut directory = ".".to_owned();
    while let Some(word) = words.next() {
        match word {
            "--load-restrictor" => {
                if words.next() == Some("LoadRestrictionsNone") {
                    options.restriction = Restriction::None;
                }
            }
            "--reorder" => {
                options.order = match words.next() {
                    Some("none") => Some(Order::Fifo),
                    _ => Some(Order::legacy()),
                };
            }
            word => word.clone_into(&mut directory),
        }
    }
    (options, directory)
}

fn judge(failed: &BTreeSet<String>, known: &BTreeSet<String>) {
    let list = |names: BTreeSet<&String>| {
        names
            .into_iter()
            .map(|name| format!("\n  {name}"))
            .collect::<String>()
    };
    let broken = list(failed.difference(known).collect());
    let mended = list(known.difference(failed).collect());
    assert!(broken.is_empty(), "these passed before:{broken}");
    assert!(
        mended.is_empty(),
        "these pass now, take them out of known.txt:{mended}"
    );
}
