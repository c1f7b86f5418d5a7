//! What kube-linter, kube-score and polaris say to the examples of our rules, recorded for a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use kustom_yaml::{Options, read, write_stream};
use serde_json::Value;

use super::Result;

const RULES: &str = include_str!("../../crates/lint/data/rules.tsv");
const EXAMPLES: [&str; 2] = [
    include_str!("../../crates/lint/examples/workloads.txt"),
    include_str!("../../crates/lint/examples/access.txt"),
];

/// The programs, in the order of the columns of the table of the rules; their files are called
/// `NAME-VERSION`.
const PROGRAMS: [&str; 3] = ["kube-linter", "kube-score", "polaris"];

/// Runs the programs in a directory over the examples of each rule that has a check of theirs, and
/// writes which objects each check finds.
pub fn record(programs: &Path, into: &Path) -> Result<()> {
    let found: Vec<PathBuf> = PROGRAMS
        .iter()
        .map(|name| program(programs, name))
        .collect::<Result<_>>()?;
    let scratch = std::env::temp_dir().join(format!("linters-{}", std::process::id()));
    std::fs::create_dir_all(&scratch)?;
    let mut text = String::from(
        "# What other linters find in the examples of a rule: rule, example, program, its check, the objects.\n# Written by `cargo xtask linters`, with",
    );
    for path in &found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        write!(text, " {name}")?;
    }
    text.push('\n');
    let examples = examples();
    for line in RULES.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        for (number, name) in PROGRAMS.iter().enumerate() {
            let check = cells.get(4 + number).copied().unwrap_or_default();
            if check.is_empty() {
                continue;
            }
            for kind in ["bad", "good"] {
                let Some(example) = examples.get(&(cells[0].to_owned(), kind)) else {
                    continue;
                };
                let file = scratch.join("objects.yaml");
                std::fs::write(&file, block(example)?)?;
                let objects = match number {
                    0 => by_kube_linter(&found[0], check, &file)?,
                    1 => by_kube_score(&found[1], check, &file)?,
                    _ => by_polaris(&found[2], check, &file)?,
                };
                let objects: Vec<String> = objects.into_iter().collect();
                writeln!(
                    text,
                    "{}\t{kind}\t{name}\t{check}\t{}",
                    cells[0],
                    objects.join(",")
                )?;
            }
        }
    }
    std::fs::remove_dir_all(&scratch)?;
    std::fs::write(into, text)?;
    Ok(())
}

fn program(directory: &Path, name: &str) -> Result<PathBuf> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let version = file
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('-'));
        if version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit())) {
            return Ok(path);
        }
    }
    Err(format!("{} has no `{name}-VERSION`", directory.display()).into())
}

fn examples() -> BTreeMap<(String, &'static str), String> {
    let mut found: BTreeMap<(String, &'static str), String> = BTreeMap::new();
    for file in EXAMPLES {
        let mut key = None;
        for line in file.lines() {
            let head = line
                .strip_prefix("-- ")
                .and_then(|it| it.strip_suffix(" --"));
            if let Some((rule, kind)) = head.and_then(|head| head.split_once(": ")) {
                key = Some((rule.to_owned(), kind));
            } else if let Some(key) = &key {
                let text = found.entry(key.clone()).or_default();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    found
}

/// A text in block style: what begins with a brace is JSON to these programs.
fn block(text: &str) -> Result<String> {
    let documents = read(text, &Options::default()).map_err(|error| error.to_string())?;
    let mut block = String::new();
    write_stream(documents.iter(), &mut block).map_err(|error| error.to_string())?;
    Ok(block)
}

fn output(command: &mut Command) -> Result<Value> {
    let output = command.output()?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let told = String::from_utf8_lossy(&output.stderr);
        format!("{command:?}: {error}: {told}").into()
    })
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[][..], Vec::as_slice)
}

fn named(kind: &Value, name: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text(kind), text(name))
}

fn by_kube_linter(program: &Path, check: &str, file: &Path) -> Result<BTreeSet<String>> {
    let report = output(
        Command::new(program)
            .args([
                "lint",
                "--format",
                "json",
                "--do-not-auto-add-defaults",
                "--include",
                check,
            ])
            .arg(file),
    )?;
    let objects = list(&report, "Reports").iter().map(|one| {
        let object = &one["Object"]["K8sObject"];
        named(&object["GroupVersionKind"]["Kind"], &object["Name"])
    });
    Ok(objects.collect())
}

fn by_kube_score(program: &Path, check: &str, file: &Path) -> Result<BTreeSet<String>> {
    let report = output(
        Command::new(program)
            .args(["score", "-o", "json", "--all-default-optional"])
            .arg(file),
    )?;
    // 10 is the best grade.
    let is_bad = |one: &Value| {
        let is_own = one["check"]["id"] == check && one["skipped"] != true;
        is_own && one["grade"].as_i64().unwrap_or(10) < 10
    };
    let objects = report.as_array().map_or(&[][..], Vec::as_slice).iter();
    let bad = objects.filter(|object| list(object, "checks").iter().any(is_bad));
    let names =
        bad.map(|object| named(&object["type_meta"]["kind"], &object["object_meta"]["name"]));
    Ok(names.collect())
}

fn by_polaris(program: &Path, check: &str, file: &Path) -> Result<BTreeSet<String>> {
    let settings = file.with_file_name("polaris.yaml");
    std::fs::write(&settings, format!("checks:\n  {check}: warning\n"))?;
    let report = output(
        Command::new(program)
            .args(["audit", "--format", "json", "--config"])
            .arg(&settings)
            .arg("--audit-path")
            .arg(file),
    )?;
    let fails = |results: &Value| results[check]["Success"] == false;
    let objects = list(&report, "Results").iter().filter(|one| {
        let pod = &one["PodResult"];
        let containers = list(pod, "ContainerResults");
        fails(&one["Results"])
            || fails(&pod["Results"])
            || containers
                .iter()
                .any(|container| fails(&container["Results"]))
    });
    Ok(objects
        .map(|one| named(&one["Kind"], &one["Name"]))
        .collect())
}
