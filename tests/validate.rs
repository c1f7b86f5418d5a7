//! Verdicts of a real API server, where recorded ones are at hand.
//!
//! They are read from `../shared/conformance`, or from the folder that the variable `CONFORMANCE`
//! names. `UPDATE_FIGURES=1 cargo test --test validate` writes how many of the refusals are found, by
//! kind and by family of mistake, into `docs/validate.md`; without it they must be those.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may panic and speak"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use kustom::across::refused_updates;
use kustom::dangling::Options;
use kustom::finding::{Finding, Severity};
use kustom::place::SourceId;
use kustom::resource::{History, Resource};
use kustom::schema::Schema;
use kustom::validation::{Form, Version, validate, validate_together};
use kustom::yaml::{Node, manifests, repeated_key};
use serde_json::Value;

/// Of what the server refused: how much, how much was found, how much of it at the server's field;
/// and of what it took: how much, and how much was refused here.
#[derive(Clone, Copy, Default)]
struct Count {
    refused: u32,
    found: u32,
    placed: u32,
    accepted: u32,
    alarms: u32,
}

#[test]
fn refusals_of_the_server_are_found_and_nothing_else() {
    let Some(corpus) = corpus() else { return };
    let mut kinds: BTreeMap<String, Count> = BTreeMap::new();
    let mut families: BTreeMap<String, Count> = BTreeMap::new();
    let mut all = Count::default();
    for row in rows(&corpus.join("apiserver.jsonl")) {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let count = judge(&row);
        for sum in [
            &mut all,
            kinds.entry(text("kind")).or_default(),
            families.entry(text("family")).or_default(),
        ] {
            sum.add(count);
        }
    }
    let figures = format!(
        "{}\n{}",
        table("family of mistake", &families),
        table("kind", &kinds)
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validate.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_FIGURES").is_some() {
        fs::write(&file, format!("{before}{BEGIN}\n{figures}{END}{after}")).unwrap();
    } else {
        assert_eq!(
            written.trim(),
            figures.trim(),
            "UPDATE_FIGURES=1 writes them"
        );
    }
    let Count {
        refused,
        found,
        placed,
        accepted,
        alarms,
    } = all;
    eprintln!("all: {found} of {refused}, {placed}, {alarms} of {accepted}");
    assert!(
        refused > 1_000 && accepted > 1_000,
        "the rows are not there"
    );
    assert!(found * 100 >= refused * 95, "{found} of {refused} refusals");
    assert!(placed * 100 >= found * 90, "{placed} of {found} places");
    assert!(
        alarms * 1_000 <= accepted * 5,
        "{alarms} alarms of {accepted}"
    );
}

#[test]
fn objects_of_public_repositories_are_taken_as_the_server_takes_them() {
    let Some(corpus) = corpus() else { return };
    let mut all = Count::default();
    for row in rows(&corpus.join("apiserver-real.jsonl")) {
        all.add(judge(&row));
    }
    let Count {
        refused,
        found,
        accepted,
        alarms,
        ..
    } = all;
    assert!(accepted > 100, "the rows are not there");
    assert_eq!((found, alarms), (refused, 0), "of {accepted} accepted");
}

/// Values of all types.
const ODD: [&str; 14] = [
    "null",
    "true",
    "-1",
    "9223372036854775808",
    "1.5",
    "''",
    "text",
    "[]",
    "[[]]",
    "{}",
    "{a: {b: []}}",
    "\"\\u0000é\"",
    "[null]",
    "1e300",
];

/// Whatever stands in a field of an object that the server takes, the judgement is a verdict and no
/// panic; the same twice.
#[test]
fn no_value_anywhere_makes_it_fall_over() {
    let mut judged = 0;
    for object in OBJECTS {
        let nodes = manifests(object.as_bytes(), SourceId::new(0)).unwrap();
        let node = nodes.first().unwrap();
        let count = places(node);
        for place in 0..count {
            for text in ODD {
                let value = manifests(format!("a: {text}").as_bytes(), SourceId::NONE).unwrap();
                let value = value.first().unwrap().get("a").unwrap();
                let mut changed = node.clone();
                replace(&mut changed, &mut place.clone(), value);
                let one = validate(&[&changed], Version::NEWEST, Form::Written);
                assert_eq!(one, validate(&[&changed], Version::NEWEST, Form::Written));
                judged += 1;
            }
        }
    }
    assert!(judged > 1_000, "{judged}");
}

/// The same of what is said of objects together, and of one that takes the place of another.
#[test]
fn no_value_anywhere_makes_objects_together_fall_over() {
    let schema = Schema::builtin();
    let options = Options {
        missing: Some(Severity::Note),
        ..Options::default()
    };
    let text = include_str!("validate/together.yaml");
    let nodes = manifests(text.as_bytes(), SourceId::new(0)).unwrap();
    let resource = |node: &Node| Resource::generated(node.clone(), History::default(), &schema);
    let before: Vec<Resource> = nodes.iter().map(resource).collect();
    assert!(refused_updates(&before, &before).is_empty());
    let (mut judged, mut found) = (0, BTreeSet::new());
    for (index, node) in nodes.iter().enumerate() {
        for place in 0..places(node) {
            for text in ODD {
                let value = manifests(format!("a: {text}").as_bytes(), SourceId::NONE).unwrap();
                let value = value.first().unwrap().get("a").unwrap();
                let mut changed = node.clone();
                replace(&mut changed, &mut place.clone(), value);
                let mut now = before.clone();
                now[index] = resource(&changed);
                let said = validate_together(&now, Some(&before), &options);
                found.extend(said.iter().map(|finding| finding.rule));
                assert!(said.iter().all(|finding| finding.place.is_some()));
                judged += 1;
            }
        }
    }
    assert!(judged > 1_000, "{judged}");
    // Every rule but that of sizes speaks up somewhere.
    let rules = [
        "blocked-drain",
        "immutable-field",
        "missing-key",
        "missing-port",
    ];
    let more = ["missing-reference", "unmatched-selector"];
    for rule in rules.iter().chain(&more) {
        assert!(found.contains(rule), "{rule}");
    }
}

/// Objects with many fields.
const OBJECTS: &[&str] = &[
    include_str!("validate/deployment.yaml"),
    include_str!("validate/definition.yaml"),
    include_str!("validate/service.yaml"),
];

/// How many values a node holds, itself included.
fn places(node: &Node) -> usize {
    let inner = node.entries().iter().map(|entry| places(&entry.value));
    let items = node.items().iter().map(places);
    1 + inner.sum::<usize>() + items.sum::<usize>()
}

/// Puts a value at a place, counted as [`places`] counts.
fn replace(node: &mut Node, place: &mut usize, value: &Node) {
    if *place == 0 {
        *node = value.clone();
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    for entry in node.entries_mut().into_iter().flatten() {
        if *place != usize::MAX {
            replace(&mut entry.value, place, value);
        }
    }
    for item in node.items_mut().into_iter().flatten() {
        if *place != usize::MAX {
            replace(item, place, value);
        }
    }
}

/// Where the figures stand in `docs/validate.md`.
const BEGIN: &str = "<!-- figures: UPDATE_FIGURES=1 cargo test --test validate -->";
const END: &str = "<!-- end of the figures -->";

/// A table in Markdown.
fn table(title: &str, counts: &BTreeMap<String, Count>) -> String {
    let mut text = format!(
        "| {title} | refused by the server | found | at the server's field | accepted by the server | refused here |\n|---|---|---|---|---|---|\n"
    );
    for (name, count) in counts {
        let Count {
            refused,
            found,
            placed,
            accepted,
            alarms,
        } = count;
        text += &format!("| {name} | {refused} | {found} | {placed} | {accepted} | {alarms} |\n");
    }
    text
}

fn judge(row: &Value) -> Count {
    let fields = refused_fields(row["yaml"].as_str().unwrap());
    let found = !fields.is_empty();
    if row["verdict"] == "accepted" {
        return Count {
            accepted: 1,
            alarms: u32::from(found),
            ..Count::default()
        };
    }
    let named = |key: &str, error: &Value| {
        error[key]
            .as_str()
            .is_some_and(|name| fields.contains(name))
    };
    let placed = row["errors"]
        .as_array()
        .unwrap()
        .iter()
        .any(|error| named("path", error) || named("source", error));
    Count {
        refused: 1,
        found: u32::from(found),
        placed: u32::from(found && placed),
        ..Count::default()
    }
}

/// The fields of the errors that are found in a stream of objects.
fn refused_fields(text: &str) -> BTreeSet<String> {
    let Ok(nodes) = manifests(text.as_bytes(), SourceId::new(0)) else {
        return BTreeSet::from([String::new()]);
    };
    if nodes.iter().any(|node| repeated_key(node).is_some()) {
        return BTreeSet::from([String::new()]);
    }
    let nodes: Vec<&Node> = nodes.iter().collect();
    validate(&nodes, Version::NEWEST, Form::Written)
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(field)
        .collect()
}

fn field(finding: Finding) -> String {
    finding
        .place
        .and_then(|place| place.field)
        .unwrap_or_default()
}

fn rows(file: &Path) -> Vec<Value> {
    BufReader::new(fs::File::open(file).unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    if !folder.join("apiserver.jsonl").exists() {
        eprintln!("skipped: no recorded verdicts in {}", folder.display());
        return None;
    }
    Some(folder)
}

impl Count {
    fn add(&mut self, other: Self) {
        self.refused += other.refused;
        self.found += other.found;
        self.placed += other.placed;
        self.accepted += other.accepted;
        self.alarms += other.alarms;
    }
}
