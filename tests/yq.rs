//! The recorded scripts of yq 3, where they are at hand.
//!
//! They are read from `../shared/conformance`, or from the folder that the variable `CONFORMANCE`
//! names. `tests/conformance/yq-v3.txt` lists the cases that come out otherwise on purpose, each
//! group with its reason: one that comes out the same must leave the list, and any other that
//! differs fails the run.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kustom::error::{Kind, Result};
use kustom::yq::json_lines;
use kustom::yq::v3::{Documents, Script, run};
use serde_json::Value;

#[test]
fn scripts_do_what_yq_3_did() {
    let Some(cases) = cases("v3.jsonl") else {
        return;
    };
    let mut differs = BTreeSet::new();
    let mut count = 0;
    for case in &cases {
        let Some(documents) = script_case(case) else {
            continue;
        };
        count += 1;
        if !comes_out_the_same(case, documents) {
            differs.insert(case["name"].as_str().unwrap().to_owned());
        }
    }
    let known = known("yq-v3.txt");
    eprintln!(
        "yq 3: {} of {count} scripts come out the same",
        count - differs.len()
    );
    let new: Vec<&String> = differs.difference(&known).collect();
    let gone: Vec<&String> = known.difference(&differs).collect();
    assert!(new.is_empty(), "these differ now: {new:?}");
    assert!(gone.is_empty(), "these no longer differ: {gone:?}");
}

#[test]
fn the_scripts_of_a_real_deployment_change_only_what_they_name() {
    let Some(cases) = cases("real.jsonl") else {
        return;
    };
    for case in cases.iter().filter(|case| case.get("minimal").is_some()) {
        let script = Script::parse(file(case, "script.yaml"), "script.yaml").unwrap();
        let outcome = run(&script, file(case, "input.yaml"), Documents::default()).unwrap();
        assert_eq!(outcome.text, case["minimal"].as_str().unwrap());
    }
}

#[test]
fn no_path_is_too_much() {
    const PIECES: [&str; 24] = [
        "a", "b", "c", "0", ".", ".", "[", "]", "(", ")", "\"", "*", "**", "+", "-1", "[0]", "[1]",
        "[+]", "==", "x", "(.==1)", "(n==x)", "<<", " ",
    ];
    const TEXTS: [&str; 6] = [
        "a: &n {b: 1, c: [x, 1]}\nb:\n  <<: *n\n  c: *n\n",
        "- n: x\n  a:\n  - b\n- [1, [2]]\n- ~\n- |\n  text\n",
        "a: 1\n",
        "scalar\n",
        "",
        "a:\n  - a: {a: []}\n    b: # c\n    c: 'x'\n",
    ];
    let mut state = 7u64;
    let mut roll = |sides: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % sides
    };
    for _ in 0..20_000 {
        let path: String = (0..=roll(6)).map(|_| PIECES[roll(PIECES.len())]).collect();
        let command = ["update", "delete", "merge"][roll(3)];
        let value = ["v", "{k: [v]}", "~", "[]"][roll(4)];
        let path = path.replace('\'', "''");
        let script = format!("- {{command: {command}, path: '{path}', value: {value}}}\n");
        let text = TEXTS[roll(TEXTS.len())];
        let Ok(script) = Script::parse(&script, "script.yaml") else {
            continue;
        };
        if let Err(error) = run(&script, text, Documents::default()) {
            // Everything but an alias that lost its anchor can be written.
            let is_alias = error.kind() == Kind::Output && text.contains('*');
            assert!(
                error.kind() == Kind::Script || is_alias,
                "{path} on {text}: {error:#}"
            );
        }
    }
}

/// The documents that a case chooses, if it runs a script on a file and asks for nothing else.
fn script_case(case: &Value) -> Option<&str> {
    let arguments: Vec<&str> = case["args"]
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let has_output = case.get("expected_json").is_some() || case.get("error").is_some();
    match arguments.as_slice() {
        _ if !has_output || case.get("inplace").is_some() => None,
        ["write", "input.yaml", "--script", "script.yaml"] => Some("0"),
        [
            "write",
            "input.yaml",
            "-d",
            documents,
            "--script",
            "script.yaml",
        ] => Some(documents),
        _ => None,
    }
}

fn comes_out_the_same(case: &Value, documents: &str) -> bool {
    let found = outcome(
        file(case, "script.yaml"),
        file(case, "input.yaml"),
        documents,
    );
    match case.get("expected_json").and_then(Value::as_array) {
        Some(wanted) => found.is_ok_and(|found| {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| same(a, b))
        }),
        None => found.is_err(),
    }
}

fn outcome(script: &str, text: &str, documents: &str) -> Result<Vec<Value>> {
    let documents: Documents = documents.parse()?;
    let outcome = run(&Script::parse(script, "script.yaml")?, text, documents)?;
    let again = run(&Script::default(), &outcome.text, Documents::default())?;
    let lines = json_lines(&again.documents, 0)?;
    Ok(lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect())
}

/// Whether two values are the same; 1 is 1.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let has = |(key, value)| b.get(key).is_some_and(|other| same(value, other));
            a.len() == b.len() && a.iter().all(has)
        }
        _ => a == b,
    }
}

fn file<'c>(case: &'c Value, name: &str) -> &'c str {
    case["files"][name].as_str().unwrap_or_default()
}

fn cases(name: &str) -> Option<Vec<Value>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    let Ok(text) = fs::read_to_string(folder.join("yq").join(name)) else {
        eprintln!("skipped: no recorded cases in {}", folder.display());
        return None;
    };
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

fn known(name: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("tests/conformance").join(name)).unwrap();
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
