//! The recorded scripts of yq 3 and command lines of yq 4, where they are at hand.
//!
//! They are read from `../shared/conformance`, or from the folder that the variable `CONFORMANCE`
//! names. `tests/conformance/yq-v3.txt` and `yq-v4.txt` list the cases that come out otherwise,
//! each group with its reason: one that comes out the same must leave the list, and any other that
//! differs fails the run.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use kustom::error::{Error, Kind, Result};
use kustom::place::SourceId;
use kustom::yq::v3::{Documents, Script, run};
use kustom::yq::v4::{self, Context, Expression, Input};
use kustom::yq::{Source, apply, json_lines};
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
    eprintln!(
        "yq 3: {} of {count} scripts come out the same",
        count - differs.len()
    );
    judge(&differs, "yq-v3.txt");
}

#[test]
fn command_lines_do_what_yq_4_did() {
    let Some(cases) = cases("v4.jsonl") else {
        return;
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let differs: BTreeSet<String> = thread::scope(|scope| {
        let chunks = cases.chunks(cases.len().div_ceil(workers));
        let workers: Vec<_> = chunks
            .map(|chunk| scope.spawn(|| differing(chunk)))
            .collect();
        let found = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap());
        found.collect()
    });
    eprintln!(
        "yq 4: {} of {} command lines come out the same",
        cases.len() - differs.len(),
        cases.len()
    );
    judge(&differs, "yq-v4.txt");
}

#[test]
fn the_scripts_of_a_real_deployment_change_only_what_they_name() {
    let Some(cases) = cases("real.jsonl") else {
        return;
    };
    let mut counts = Vec::new();
    for case in cases.iter().filter(|case| case.get("minimal").is_some()) {
        let script = Script::parse(file(case, "script.yaml"), "script.yaml").unwrap();
        let text = file(case, "input.yaml");
        let outcome = run(&script, text, Documents::default()).unwrap();
        let minimal = case["minimal"].as_str().unwrap();
        assert_eq!(outcome.text, minimal);
        let pairs = text.lines().zip(minimal.lines());
        assert_eq!(text.lines().count(), minimal.lines().count());
        counts.push(pairs.filter(|(old, new)| old != new).count());
        // The same edits as an expression change the same bytes.
        let name = format!("{}--v4", case["name"].as_str().unwrap());
        let twin = cases.iter().find(|twin| twin["name"] == *name).unwrap();
        assert_eq!(printed(twin).0, minimal, "{name}");
    }
    assert_eq!(counts, [5, 4, 5, 4]);
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

/// The names of the cases whose command line does something else.
fn differing(cases: &[Value]) -> Vec<String> {
    let cases = cases.iter().filter(|case| !prints_the_same(case));
    cases
        .map(|case| case["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn no_expression_is_too_much() {
    const PIECES: [&str; 72] = [
        ".a",
        ".b",
        ".c",
        ".[0]",
        ".[-1]",
        ".[]",
        ".[1:]",
        ".*",
        "..",
        "...",
        ".",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "|",
        ",",
        ";",
        ":",
        "=",
        "|=",
        "+=",
        "-=",
        "*=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "//",
        "==",
        "<",
        "and",
        "or",
        "not",
        "as $x",
        "$x",
        "1",
        "-1",
        "1.5",
        "\"x\"",
        "\"\\(.a)\"",
        "null",
        "true",
        "select(. == 1)",
        "map(.a)",
        "del(.a)",
        "del(.[])",
        "with(.a; .b = 1)",
        "to_entries",
        "from_entries",
        "with_entries(.value = 1)",
        "sort_by(.a)",
        "group_by(.a)",
        "unique",
        "flatten",
        "path",
        "parent",
        "setpath([\"a\"]; 1)",
        "delpaths([[\"a\"]])",
        "explode(.)",
        "anchor = \"q\"",
        "alias = \"q\"",
        "style = \"flow\"",
        "tag = \"!!str\"",
        "eval(\".a\")",
        "keys",
        "reverse",
        "split_doc",
        "*+?d",
    ];
    const TEXTS: [&str; 6] = [
        "a: &n {b: 1, c: [x, 1]}\nb:\n  <<: *n\n  c: *n\n",
        "- n: x\n  a:\n  - b\n- [1, [2]]\n- ~\n- |\n  text\n",
        "a: 1\n---\nb: [2]\n",
        "scalar\n",
        "",
        "a:\n  - a: {a: []}\n    b: # c\n    c: 'x'\n",
    ];
    let loader = |path: &str| Err(Error::new(Kind::Load, format!("no `{path}`")));
    let mut state = 11u64;
    let mut roll = |sides: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % sides
    };
    let rounds = std::env::var("ROUNDS").map_or(40_000, |rounds| rounds.parse().unwrap());
    let mut count = 0;
    for _ in 0..rounds {
        let words: Vec<&str> = (0..=roll(7)).map(|_| PIECES[roll(PIECES.len())]).collect();
        let script = words.join([" ", "", " | "][roll(3)]);
        let text = TEXTS[roll(TEXTS.len())];
        let script = Source {
            name: "script.yq",
            bytes: script.as_bytes(),
        };
        let config = Source {
            name: "config.yaml",
            bytes: text.as_bytes(),
        };
        match apply(script, config, &loader) {
            Ok(_) => count += 1,
            Err(error) => assert!(
                matches!(error.kind(), Kind::Script | Kind::Output | Kind::Yaml),
                "{words:?} on {text}: {error:#}"
            ),
        }
    }
    assert!(count > 1_000, "only {count} were run");
}

/// Whether the command line of a case does what it did when it was recorded.
fn prints_the_same(case: &Value) -> bool {
    let (text, status) = printed(case);
    if case.get("error").is_some() {
        return status.code() == Some(1);
    }
    status.success()
        && match case.get("expected_json").and_then(Value::as_array) {
            Some(wanted) => values(&text).is_ok_and(|found| all_same(&found, wanted)),
            None => text == case["expected"].as_str().unwrap(),
        }
}

/// What the command line of a case prints, or writes, in a folder with its files, and its status.
fn printed(case: &Value) -> (String, ExitStatus) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in case["files"].as_object().unwrap() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.as_str().unwrap()).unwrap();
    }
    let arguments = case["args"].as_array().unwrap().iter();
    let arguments = arguments.map(|word| match word.as_str().unwrap() {
        word if word.starts_with('@') => file(case, &word[1..]),
        word => word,
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_kustom"));
    command.arg("yq").args(arguments).current_dir(&folder);
    for (name, value) in case["env"].as_object().into_iter().flatten() {
        command.env(name, value.as_str().unwrap());
    }
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.stderr(Stdio::null()).spawn().unwrap();
    // A program that does not read its input may have ended.
    let input = case["stdin"].as_str().unwrap_or_default();
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = match case.get("inplace") {
        Some(_) => fs::read_to_string(folder.path().join("input.yaml")).unwrap(),
        None => String::from_utf8_lossy(&output.stdout).into_owned(),
    };
    (text, output.status)
}

/// The documents of a text as JSON.
fn values(text: &str) -> Result<Vec<Value>> {
    let read = v4::Documents::read(text, SourceId::default())?;
    let documents = [Input {
        name: "-",
        documents: read.nodes(),
    }];
    let context = Context {
        explode: true,
        ..Context::default()
    };
    let output = Expression::parse(".")?.evaluate(&documents, &context)?;
    let lines = json_lines(&output.into_nodes(), 0)?;
    Ok(lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect())
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
        Some(wanted) => found.is_ok_and(|found| all_same(&found, wanted)),
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

fn all_same(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
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

/// Holds the cases that differ to the list of those that may.
fn judge(differs: &BTreeSet<String>, list: &str) {
    let known = known(list);
    let new: Vec<&String> = differs.difference(&known).collect();
    let gone: Vec<&String> = known.difference(differs).collect();
    assert!(new.is_empty(), "these differ now: {new:?}");
    assert!(gone.is_empty(), "these no longer differ: {gone:?}");
}

fn known(name: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("tests/conformance").join(name)).unwrap();
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
