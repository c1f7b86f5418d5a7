//! How quiet `kustom lint` is on public repositories: what it finds for 100 objects of everything that
//! they build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use kustom_yaml::{Node, Options, read};

use super::{Result, gitops};

/// Repositories, each with a commit; what they hold is never part of this one.
const REPOSITORIES: &str = include_str!("../repositories.tsv");

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Directories of inputs of tests, which are wrong on purpose.
const OF_TESTS: [&str; 5] = ["e2e", "fixtures", "test", "testdata", "tests"];

/// What became of one repository.
#[derive(Default)]
struct Row {
    name: String,
    /// Kustomizations that no other names: how many there are, and how many of them build.
    roots: [usize; 2],
    /// Objects that are rendered, and how many of them differ in kind, namespace or name.
    objects: [usize; 2],
    findings: usize,
    rules: BTreeMap<String, usize>,
}

/// Lays the repositories out in a directory, runs `kustom lint` once over all that builds in each, and
/// prints a table; what is found stands in `NAME.json` beside each. With names only those whose name
/// holds one of them.
pub fn count(into: &Path, kustom: &Path, names: &[&str]) -> Result<()> {
    let kustom = &kustom.canonicalize()?;
    let mut rows = Vec::new();
    for line in REPOSITORIES.lines().filter(|line| !line.starts_with('#')) {
        let (address, commit) = line.split_once('\t').ok_or("a line without a commit")?;
        let name = address.rsplit("github.com/").next().unwrap_or(address);
        if !names.is_empty() && !names.iter().any(|word| name.contains(word)) {
            continue;
        }
        let directory = into.join(name.replace('/', "+"));
        if !directory.exists() {
            gitops::fetch(&directory, address, commit)?;
        }
        let row = judged(name, &directory, kustom)?;
        eprintln!(
            "{}: {} of {} objects",
            row.name, row.findings, row.objects[0]
        );
        rows.push(row);
    }
    print!("{}", table(&rows));
    Ok(())
}

fn judged(name: &str, directory: &Path, kustom: &Path) -> Result<Row> {
    let mut row = Row {
        name: name.to_owned(),
        ..Row::default()
    };
    let mut known = BTreeSet::new();
    let mut built = Vec::new();
    for root in roots(directory)? {
        row.roots[0] += 1;
        let output = Command::new(kustom)
            .arg("build")
            .arg(&root)
            .current_dir(directory)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let objects = objects(&text);
        if output.status.success() && !objects.is_empty() {
            row.roots[1] += 1;
            row.objects[0] += objects.len();
            known.extend(objects);
            built.push(root);
        }
    }
    row.objects[1] = known.len();
    if built.is_empty() {
        return Ok(row);
    }
    let output = Command::new(kustom)
        .args(["lint", "--profile", "recommended", "--format", "json"])
        .args(&built)
        .current_dir(directory)
        .output()?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        let told = String::from_utf8_lossy(&output.stderr);
        format!("{name}: no report ({error}): {told}")
    })?;
    std::fs::write(directory.with_extension("json"), &output.stdout)?;
    let findings = report["findings"].as_array().map_or(&[][..], Vec::as_slice);
    row.findings = findings.len();
    for finding in findings {
        let rule = finding["rule"].as_str().unwrap_or_default().to_owned();
        *row.rules.entry(rule).or_default() += 1;
    }
    Ok(row)
}

/// The kustomizations below a directory that are named by no other, seen from there.
fn roots(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found: BTreeMap<PathBuf, Option<Node>> = BTreeMap::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(here) = waiting.pop() {
        for entry in std::fs::read_dir(directory.join(&here))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                if !name.starts_with('.') && !OF_TESTS.contains(&name.as_str()) {
                    waiting.push(here.join(name));
                }
            } else if NAMES.contains(&name.as_str()) {
                let text = std::fs::read_to_string(entry.path())?;
                let documents = read(&text, &Options::default()).unwrap_or_default();
                found.insert(here.clone(), documents.into_iter().next());
            }
        }
    }
    let mut named = BTreeSet::new();
    for (here, kustomization) in &found {
        let Some(kustomization) = kustomization else {
            continue;
        };
        for field in ["resources", "bases", "components"] {
            let items = kustomization
                .get(field)
                .map_or(&[][..], |list| list.items());
            let texts = items
                .iter()
                .filter_map(|item| item.text().map(str::to_owned));
            named.extend(texts.map(|text| plain(&here.join(text))));
        }
    }
    let is_component =
        |node: &Node| node.get("kind").and_then(|kind| kind.text()) == Some("Component");
    let roots = found.into_iter().filter(|(path, kustomization)| {
        !named.contains(path)
            && kustomization
                .as_ref()
                .is_some_and(|node| !is_component(node))
    });
    // The root itself is named as such.
    let shown = |path: PathBuf| {
        if path.as_os_str().is_empty() {
            ".".into()
        } else {
            path
        }
    };
    Ok(roots.map(|(path, _)| shown(path)).collect())
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The objects of a build: kind, namespace and name.
fn objects(text: &str) -> Vec<(String, String, String)> {
    let documents = read(text, &Options::default()).unwrap_or_default();
    let objects = documents.iter().filter(|node| node.get("kind").is_some());
    let text = |node: &Node, path: &[&str]| {
        let value = node.at(path);
        value
            .and_then(|value| value.text())
            .unwrap_or_default()
            .to_owned()
    };
    let key = |node: &Node| {
        let namespace = text(node, &["metadata", "namespace"]);
        (
            text(node, &["kind"]),
            namespace,
            text(node, &["metadata", "name"]),
        )
    };
    objects.map(key).collect()
}

fn table(rows: &[Row]) -> String {
    let mut out = String::from(
        "| repository | builds | objects | different | findings | for 100 | rules |\n|---|---|---|---|---|---|---|\n",
    );
    let mut all = Row {
        name: "all".to_owned(),
        ..Row::default()
    };
    for row in rows.iter().filter(|row| row.roots[1] > 0) {
        for index in 0..2 {
            all.roots[index] += row.roots[index];
            all.objects[index] += row.objects[index];
        }
        all.findings += row.findings;
        for (rule, count) in &row.rules {
            *all.rules.entry(rule.clone()).or_default() += count;
        }
    }
    for row in rows.iter().filter(|row| row.roots[1] > 0).chain([&all]) {
        let mut rules: Vec<_> = row.rules.iter().collect();
        rules.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let rules = rules
            .iter()
            .map(|(rule, count)| format!("`{rule}` {count}"));
        let rules: Vec<String> = rules.collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} of {} | {} | {} | {} | {:.1} | {} |",
            row.name,
            row.roots[1],
            row.roots[0],
            row.objects[0],
            row.objects[1],
            row.findings,
            100.0 * row.findings as f64 / row.objects[0].max(1) as f64,
            rules.join(", ")
        );
    }
    out
}
