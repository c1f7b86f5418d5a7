//! Generated kustomizations, built by us and by the real kustomize, byte for byte.
//!
//! It runs where a kustomize v5.8.2 or v5.8.3 is on the `PATH` or in the variable `KUSTOMIZE`, and says so
//! in one line where there is none. `DIFFERENTIAL_CASES` says how many trees of each kind are drawn, and
//! `DIFFERENTIAL_SEED` with which one it starts; a failure prints its seed and its tree.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod differential {
    pub(crate) mod draw;
    pub(crate) mod forms;
    pub(crate) mod generators;
    pub(crate) mod layered;
    pub(crate) mod names;
    pub(crate) mod notes;
    pub(crate) mod patches;
    pub(crate) mod replacements;
    pub(crate) mod vars;
}

use std::path::{Path, PathBuf};
use std::process::Command;

use differential::draw::{Draw, Tree};
use differential::{forms, generators, layered, names, notes, patches, replacements, vars};
use kustom::build::{Options, build};
use kustom::load::Disk;

/// How often a tree that kustomize refuses loses an entry and is tried again.
const TRIES: usize = 12;

#[test]
fn layers_build_to_the_same_bytes() {
    compare("layers", layered::tree);
}

#[test]
fn notes_among_annotations_are_lost_where_kustomize_loses_them() {
    compare("notes", notes::tree);
}

#[test]
fn replacements_build_to_the_same_bytes() {
    compare("replacements", replacements::tree);
}

#[test]
fn patches_build_to_the_same_bytes() {
    compare("patches", patches::tree);
}

#[test]
fn generators_build_to_the_same_bytes() {
    compare("generators", generators::tree);
}

#[test]
fn names_build_to_the_same_bytes() {
    compare("names", names::tree);
}

#[test]
fn variables_build_to_the_same_bytes() {
    compare("vars", vars::tree);
}

#[test]
fn forms_of_yaml_build_to_the_same_bytes() {
    compare("forms", forms::tree);
}

/// Draws trees of one kind, and builds each with both programs; of a tree that neither builds, what is
/// left without one entry, and so on.
fn compare(kind: &str, tree: fn(&mut Draw) -> Tree) {
    let Some(kustomize) = kustomize() else {
        eprintln!("skipped: no kustomize v5.8.2 or v5.8.3 on the PATH or in KUSTOMIZE");
        return;
    };
    let number = |name: &str, otherwise: u64| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let first = number("DIFFERENTIAL_SEED", 1);
    let count = number("DIFFERENTIAL_CASES", 20);
    let (mut built, mut drawn) = (0, 0);
    for seed in first..first + count {
        let mut draw = Draw::new(seed);
        let mut tree = tree(&mut draw);
        for _ in 0..TRIES {
            drawn += 1;
            if is_built(&kustomize, &tree, seed) {
                built += 1;
                break;
            }
            tree = tree.weaker(&mut draw);
        }
    }
    eprintln!("differential: {drawn} trees of {kind}, of which {built} build");
    assert!(
        built * 4 >= count,
        "only {built} of {count} trees of {kind} build at all"
    );
}

/// Whether both programs build a tree, to the same bytes; otherwise both must refuse it.
fn is_built(kustomize: &Path, tree: &Tree, seed: u64) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    tree.write(&root);
    let ours = build(&Disk, &root, Path::new("top"), &Options::default())
        .and_then(|built| built.to_yaml());
    let theirs = run(kustomize, &root);
    let same = match (&ours, &theirs) {
        (Ok(ours), Some(theirs)) => *ours == theirs.replace("v5.8.2", "v5.8.3"),
        (Err(_), None) => true,
        _ => false,
    };
    // What kustomize itself answers in another way each time says nothing about us.
    if !same && (0..3).all(|_| run(kustomize, &root) == theirs) {
        panic!(
            "seed {seed}:\n{}{}",
            tree.show(),
            answers(&ours, theirs.as_deref())
        );
    }
    theirs.is_some()
}

fn kustomize() -> Option<PathBuf> {
    let named = std::env::var_os("KUSTOMIZE").map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from("kustomize"));
    let output = Command::new(&program).arg("version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout);
    // They differ in keys that are numbers or dates, of which no tree has any.
    ["5.8.2", "5.8.3"]
        .iter()
        .any(|release| version.contains(release))
        .then_some(program)
}

fn run(kustomize: &Path, root: &Path) -> Option<String> {
    let output = Command::new(kustomize)
        .args(["build", "top"])
        .current_dir(root)
        .output()
        .unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

fn answers(ours: &kustom::error::Result<String>, theirs: Option<&str>) -> String {
    let ours = match ours {
        Ok(text) => text.clone(),
        Err(error) => format!("{error:#}\n"),
    };
    format!(
        "== ours ==\n{ours}== theirs ==\n{}",
        theirs.unwrap_or("refused\n")
    )
}
