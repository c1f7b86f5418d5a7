//! Manifests beside a kustomization that nothing names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use kustom_validate::Kinds;
use rustc_hash::FxHashSet;

use super::tree::{Tree, words};
use crate::kustomization::FILE_NAMES;
use crate::load::normalized;
use crate::validation::Version;
use crate::yaml::{Node, Options, read};

/// Directories whose files are there for something else than to be deployed.
const OTHERS: [&str; 22] = [
    "archive",
    "archived",
    "bin",
    "charts",
    "deprecated",
    "doc",
    "docs",
    "e2e",
    "example",
    "examples",
    "fixtures",
    "hack",
    "sample",
    "samples",
    "script",
    "scripts",
    "test",
    "testdata",
    "tests",
    "third_party",
    "unused",
    "vendor",
];

/// What decides which files must be named.
pub(super) struct Asked<'a> {
    /// The directories of the kustomizations that are looked at; without it all.
    pub(super) directories: Option<&'a BTreeSet<PathBuf>>,
    /// The files that some build has read.
    pub(super) read: &'a BTreeSet<PathBuf>,
    /// Directories and files that are there for something else.
    pub(super) kept: &'a [PathBuf],
    /// The kinds of the objects that are built: group and kind.
    pub(super) kinds: &'a FxHashSet<(String, String)>,
}

/// The manifests and patches that lie where a kustomization names others, and that nothing names: no
/// kustomization, and no script, page or setting either.
pub(super) fn unnamed(tree: &Tree<'_>, asked: &Asked<'_>) -> Vec<PathBuf> {
    let beside: BTreeSet<&Path> = tree.named.iter().filter_map(|path| path.parent()).collect();
    let known = Kinds::new(Version::NEWEST.minor());
    let is_candidate = |path: &&PathBuf| {
        let Some(directory) = path.parent() else {
            return false;
        };
        let owner = tree.owner(path);
        let is_looked_at = |owner: &Path| {
            let is_wanted = asked
                .directories
                .is_none_or(|wanted| wanted.contains(owner));
            is_wanted && (owner == directory || beside.contains(directory))
        };
        is_manifest_by_name(tree, path)
            && !tree.named.contains(*path)
            && !asked.read.contains(*path)
            && !asked.kept.iter().any(|kept| path.starts_with(kept))
            && owner.is_some_and(is_looked_at)
            && tree
                .text(path)
                .is_some_and(|text| is_manifest(&text, &known, asked.kinds))
    };
    let mut found: Vec<PathBuf> = tree.paths.iter().filter(is_candidate).cloned().collect();
    leave_out_mentioned(tree, &mut found);
    found
}

/// Whether a file may hold manifests, and lies where these are deployed from.
fn is_manifest_by_name(tree: &Tree<'_>, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let is_yaml = |name: &str| name.ends_with(".yaml") || name.ends_with(".yml");
    let is_ours =
        name.is_some_and(|name| is_yaml(name) && !FILE_NAMES.contains(&name) && !is_sample(name));
    let inside = path.strip_prefix(&tree.root).unwrap_or(path);
    let mut parts = inside.parent().into_iter().flatten();
    let is_other = |part: &std::ffi::OsStr| part.to_str().is_none_or(|part| OTHERS.contains(&part));
    let mut above = inside.ancestors().skip(1);
    let is_chart = |directory: &Path| {
        tree.paths
            .contains(&tree.root.join(directory).join("Chart.yaml"))
    };
    is_ours && !parts.any(is_other) && !above.any(is_chart)
}

/// Whether the name of a file says that it is to be copied or tried.
fn is_sample(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let samples = [
        "disabled", "example", "old", "sample", "template", "test", "unused",
    ];
    words.any(|word| samples.contains(&word))
}

/// Whether a text is objects of known kinds, or a JSON patch.
fn is_manifest(text: &str, known: &Kinds, built: &FxHashSet<(String, String)>) -> bool {
    let Ok(documents) = read(text, &Options::default()) else {
        return false;
    };
    let mut documents = documents.iter().filter(|node| !node.is_null()).peekable();
    documents.peek().is_some()
        && documents.all(|node| match node.is_seq() {
            true => is_json_patch(node),
            false => is_object(node, known, built),
        })
}

fn is_json_patch(node: &Node) -> bool {
    let is_operation = |item: &Node| ["op", "path"].iter().all(|key| item.get(key).is_some());
    !node.items().is_empty() && node.items().iter().all(is_operation)
}

fn is_object(node: &Node, known: &Kinds, built: &FxHashSet<(String, String)>) -> bool {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return false;
    };
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let is_local = node.at(&[
        "metadata",
        "annotations",
        "config.kubernetes.io/local-config",
    ]);
    let is_named = node.at(&["metadata", "name"]).is_some();
    is_named
        && is_local.is_none()
        && (known.serves(api_version, kind).is_some()
            || built.contains(&(group.to_owned(), kind.to_owned())))
}

/// Takes away the files that some text speaks of, or the directories that they are in.
fn leave_out_mentioned(tree: &Tree<'_>, found: &mut Vec<PathBuf>) {
    if found.is_empty() {
        return;
    }
    let mut mentioned: BTreeSet<PathBuf> = BTreeSet::new();
    let targets: Vec<(PathBuf, PathBuf)> = found.iter().flat_map(|file| ways(tree, file)).collect();
    let mut last: BTreeSet<&str> = targets
        .iter()
        .filter_map(|(way, _)| way.file_name()?.to_str())
        .collect();
    last.insert("*.y");
    let Ok(quick) = AhoCorasick::new(last) else {
        return;
    };
    for path in tree.paths.iter().cloned().chain(hidden(tree)) {
        let Some(text) = tree.text(&path).filter(|text| quick.is_match(text)) else {
            continue;
        };
        let Some(directory) = path.parent() else {
            continue;
        };
        // `patches` is a field of a kustomization, and no directory.
        let is_kustomization = tree.kustomizations.get(directory) == Some(&path);
        for word in words(&text) {
            let here = normalized(&directory.join(word));
            let from_root = normalized(&tree.root.join(word.trim_start_matches('/')));
            let plain = word.trim_start_matches("../").trim_start_matches("./");
            // `base/*.yaml` speaks of all files of a directory.
            let is_glob = word.contains('*');
            for (way, file) in &targets {
                let is_meant = |path: &Path| match is_glob {
                    true => path.parent() == file.parent(),
                    false => path == way,
                };
                if is_kustomization && way != file {
                    continue;
                }
                let is_part = plain.contains('/') && way.ends_with(plain);
                if *file != path && (is_meant(&here) || is_meant(&from_root) || is_part) {
                    mentioned.insert(file.clone());
                }
            }
        }
    }
    found.retain(|file| !mentioned.contains(file));
}

/// What a text may name that means a file: the file, and the directories between it and its
/// kustomization.
fn ways(tree: &Tree<'_>, file: &Path) -> Vec<(PathBuf, PathBuf)> {
    let owner = tree.owner(file);
    let inside = file.ancestors().skip(1);
    let inside = inside.take_while(|directory| Some(*directory) != owner);
    let ways = [file].into_iter().chain(inside);
    ways.map(|way| (way.to_path_buf(), file.to_path_buf()))
        .collect()
}

/// The files of hidden directories of the root, such as those of a pipeline.
fn hidden(tree: &Tree<'_>) -> Vec<PathBuf> {
    let names = tree.files.list(&tree.root).unwrap_or_default();
    let names = names
        .into_iter()
        .filter(|name| name.starts_with('.') && name != ".git");
    let mut found = Vec::new();
    for name in names {
        let path = tree.root.join(name);
        match tree.files.walk(&path) {
            Ok(below) if !below.is_empty() => {
                found.extend(below.iter().map(|file| path.join(file)))
            }
            _ => found.push(path),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let mut memory = Memory::default();
        for (path, text) in files {
            memory.insert(*path, *text);
        }
        let tree = Tree::read(&memory, &[PathBuf::from("/r")]);
        let asked = Asked {
            directories: None,
            read: &BTreeSet::new(),
            kept: &[],
            kinds: &FxHashSet::default(),
        };
        let found = unnamed(&tree, &asked);
        found
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    const MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
    const OWNER: (&str, &str) = (
        "/r/app/kustomization.yaml",
        "resources: [a.yaml, more/b.yaml]\n",
    );

    #[test]
    fn a_manifest_that_nothing_names_is_found() {
        for path in ["/r/app/c.yaml", "/r/app/more/c.yml", "/r/app/PATCH.yaml"] {
            let files = [
                OWNER,
                ("/r/app/a.yaml", MAP),
                ("/r/app/more/b.yaml", MAP),
                (path, MAP),
            ];
            assert_eq!(found(&files), [path]);
        }
        let patch = ("/r/app/p.yaml", "- {op: remove, path: /spec}\n");
        assert_eq!(found(&[OWNER, patch]), ["/r/app/p.yaml"]);
    }

    #[test]
    fn what_something_names_or_is_none_of_the_kustomization_is_left_alone() {
        let quiet: [&[(&str, &str)]; 16] = [
            // Another kustomization, a comment, a script, a page, a pipeline, a directory application.
            &[
                ("/r/app/c.yaml", MAP),
                ("/r/b/kustomization.yaml", "resources: [../app/c.yaml]"),
            ],
            &[
                ("/r/app/c.yaml", MAP),
                (
                    "/r/b/kustomization.yaml",
                    "# - ../app/c.yaml\nnamePrefix: a",
                ),
            ],
            &[
                ("/r/app/c.yaml", MAP),
                ("/r/Makefile", "x:\n\tkubectl apply -f app/c.yaml\n"),
            ],
            &[
                ("/r/app/c.yaml", MAP),
                ("/r/app/README.md", "Apply `c.yaml` by hand."),
            ],
            &[
                ("/r/app/c.yaml", MAP),
                ("/r/.github/workflows/a.yml", "run: apply app/c.yaml"),
            ],
            &[
                ("/r/app/c.yaml", MAP),
                ("/r/x.sh", "kubectl apply -f app/*.yaml"),
            ],
            &[
                ("/r/app/more/c.yaml", MAP),
                ("/r/argo.yaml", "spec: {source: {path: app/more}}"),
            ],
            // A generator's input.
            &[
                ("/r/app/c.yaml", MAP),
                ("/r/app/a.yaml", "kind: ksops\nfiles: [./c.yaml]"),
            ],
            // No manifests, or none of Kubernetes.
            &[("/r/app/values.yaml", "replicas: 1")],
            &[(
                "/r/app/c.yaml",
                "{apiVersion: skaffold/v4, kind: Config, metadata: {name: a}}",
            )],
            &[(
                "/r/app/c.yaml",
                "{apiVersion: backstage.io/v1, kind: Component, metadata: {name: a}}",
            )],
            &[("/r/app/.sops.yaml", MAP)],
            &[("/r/app/tests/c.yaml", MAP)],
            // Nothing beside it is named.
            &[("/r/app/other/c.yaml", MAP)],
            &[("/r/plain/c.yaml", MAP)],
            &[
                ("/r/app/more/Chart.yaml", "name: a"),
                ("/r/app/more/c.yaml", MAP),
            ],
        ];
        for files in quiet {
            let mut all = vec![OWNER, ("/r/app/more/b.yaml", MAP)];
            if !files.iter().any(|file| file.0 == "/r/app/a.yaml") {
                all.push(("/r/app/a.yaml", MAP));
            }
            all.extend(files);
            assert_eq!(found(&all), [""; 0], "{files:?}");
        }
    }
}
