//! The law of explanations: the chain of every scalar of an output, replayed from its first place,
//! comes to the scalar; nothing is without a chain, and what is gone was removed by a step.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

#[path = "stage/schema.rs"]
mod schema;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kustom::build::Options;
use kustom::explain::{Chain, Effect, Explained, Field, Life, directory};
use kustom::load::{LookupCache, Memory, Restriction};
use kustom::project::{self, Project, Secrets, explain_environment};
use kustom::report;
use kustom::yaml::{Node, Value};

/// The fields of all scalars of an object, and of collections that hold nothing.
fn scalars(node: &Node, field: &str, found: &mut Vec<(String, String)>) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                let key = entry.key.text().unwrap().replace('\'', "");
                scalars(&entry.value, &format!("{field}['{key}']"), found);
            }
        }
        Value::Seq(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                scalars(item, &format!("{field}[{index}]"), found);
            }
        }
        Value::Map(_) => found.push((field.to_owned(), "{}".to_owned())),
        Value::Seq(_) => found.push((field.to_owned(), "[]".to_owned())),
        Value::Scalar(text) | Value::Alias(text) => {
            found.push((field.to_owned(), text.to_string()));
        }
    }
}

fn chain(explained: &Explained, life: &Life, field: &str) -> Chain {
    let parsed: Field = field.parse().unwrap();
    explained
        .field(life, &parsed)
        .unwrap_or_else(|error| panic!("{} {field}: {error:#}", explained.name(life)))
}

/// What the steps of a chain come to; each goes on where the one before has ended.
fn replayed(name: &str, chain: &Chain) -> Option<String> {
    let mut value: Option<String> = None;
    for event in &chain.events {
        match event.effect {
            Effect::Created => {
                assert_eq!(value, None, "{name}: {chain:#?}");
                assert!(event.place.is_some(), "{name}: {chain:#?}");
            }
            Effect::Set | Effect::Repeated | Effect::Removed => {
                assert_eq!(value, event.before, "{name}: {chain:#?}");
            }
        }
        value.clone_from(&event.after);
    }
    value
}

/// Holds an explained build to the law, and says how many scalars it has.
fn hold(explained: &Explained) -> usize {
    let mut count = 0;
    for life in explained.output() {
        let mut present = Vec::new();
        scalars(life.node(), "", &mut present);
        for (field, value) in &present {
            let name = format!("{} {field}", explained.name(life));
            let chain = chain(explained, life, field);
            assert_eq!(replayed(&name, &chain).as_ref(), Some(value), "{name}");
            assert_eq!(chain.value.as_ref(), Some(value), "{name}");
            count += 1;
            // What was read stands where it is said to stand.
            let first = &chain.events[0];
            let is_plain = |c: char| c.is_alphanumeric() || "-_/.".contains(c);
            let text = first.after.as_deref().unwrap_or_default();
            if let Some(line) = first.place.as_ref().and_then(|place| explained.line(place))
                && first.step == "resources"
                && text.chars().all(is_plain)
                && !line.contains("{{")
            {
                assert!(line.contains(text), "{name}: `{text}` in `{line}`");
            }
        }
        // What it had once and has no more, a step has removed.
        let now: BTreeSet<&str> = present.iter().map(|(field, _)| field.as_str()).collect();
        for node in life.nodes() {
            let mut then = Vec::new();
            scalars(node, "", &mut then);
            for (field, _) in then
                .iter()
                .filter(|(field, _)| !now.contains(field.as_str()))
            {
                let chain = chain(explained, life, field);
                let last = chain.events.last().unwrap();
                let is_moved = chain.value.is_some();
                assert!(
                    is_moved || last.effect == Effect::Removed,
                    "{field}: {chain:#?}"
                );
            }
        }
    }
    for life in explained.removed() {
        let events = explained.life(life);
        assert_eq!(events.last().unwrap().effect, Effect::Removed);
    }
    // Every line of the output has a place but those between objects.
    for line in explained.blame(&|_| true).unwrap() {
        assert!(line.place.is_some() || line.object.is_none(), "{line:?}");
    }
    count
}

fn environments(root: &Path, names: &[&str]) -> usize {
    let files = LookupCache::default();
    let project = Project::find(&files, root).unwrap();
    let options = project::Options {
        secrets: Some(Secrets::Placeholder),
        ..project::Options::default()
    };
    let mut count = 0;
    for name in names {
        let environment = project.environment(&files, name).unwrap();
        let explained = explain_environment(&files, root, &project, &environment, &options);
        count += hold(&explained.unwrap().showing_secrets(true));
    }
    count
}

#[test]
fn every_scalar_of_the_example_has_a_chain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let count = environments(root, &["production", "staging", "testing"]);
    assert!(count > 5_000, "{count}");
}

#[test]
fn every_scalar_of_recorded_trees_has_a_chain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = env::var_os("CONFORMANCE").map(PathBuf::from);
    let recorded = named.unwrap_or_else(|| root.join("../shared/conformance"));
    let Ok(recorded) = recorded.join("prow").canonicalize() else {
        eprintln!("skipped: there are no recorded trees");
        return;
    };
    let rendered = recorded.join("2020-render/input");
    let names = [
        "ibmcloud-production",
        "ibmcloud-staging",
        "kubevirtci-testing",
    ];
    let mut count = environments(&rendered, &names);
    let files = LookupCache::default();
    let options = Options {
        restriction: Restriction::None,
        ..Options::default()
    };
    for entry in walk(&recorded) {
        let built = directory(&files, &recorded, &entry, &options);
        if let Ok(explained) = built {
            count += hold(&explained.showing_secrets(true));
        }
    }
    assert!(count > 15_000, "{count}");
}

/// The directories of overlays below a directory.
fn walk(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let is_overlay = path.parent().and_then(Path::file_name);
            let is_overlay =
                is_overlay.is_some_and(|name| name == "overlays" || name == "environments");
            if is_overlay && path.join("kustomization.yaml").is_file() {
                found.push(path);
            } else {
                found.extend(walk(&path));
            }
        }
    }
    found.sort();
    found
}

/// A base and an overlay that does a few of many things, in the fixed order of a build.
fn tree(choices: &[bool], words: &[String]) -> Memory {
    let mut files = Memory::default();
    let word = |at: usize| words[at % words.len()].clone();
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {{a: {0}}}\nspec:\n  \
         replicas: 1\n  template:\n    metadata:\n      labels: {{a: {0}}}\n    spec:\n      containers:\n      \
         - name: web\n        image: {1}:v1\n        args: [-a, {0}]\n        env:\n        - {{name: X, value: {0}}}\n        \
         - name: Y\n          valueFrom: {{configMapKeyRef: {{name: made, key: k}}}}\n      \
         - {{name: side, image: side:v1}}\n",
        word(0),
        word(1),
    );
    files.insert("/base/web.yaml", deployment);
    files.insert(
        "/base/svc.yaml",
        format!("{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{selector: {{a: {}}}}}}}", word(0)),
    );
    files.insert(
        "/base/extra.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: extra}, data: {k: v}}",
    );
    files.insert(
        "/base/kustomization.yaml",
        format!(
            "resources: [web.yaml, svc.yaml, extra.yaml]\nconfigMapGenerator:\n- name: made\n  literals: [k={}]\n",
            word(2)
        ),
    );
    files.insert(
        "/app/patch.yaml",
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 3\n  template:\n    \
             spec:\n      containers:\n      - name: web\n        env:\n        - {{name: X, value: {}}}\n        \
             - {{name: Z, value: z}}\n      - {{name: side, $patch: delete}}\n",
            word(3)
        ),
    );
    let mut text = String::from("resources: [../base]\n");
    let mut patches = String::new();
    let parts: [&str; 12] = [
        "namePrefix: pre-\n",
        "nameSuffix: -suf\n",
        "namespace: shop\n",
        "commonLabels: {team: blue}\n",
        "commonAnnotations: {note: 'yes'}\n",
        "images:\n- {name: side, newTag: v9}\n",
        "replicas:\n- {name: web, count: 7}\n",
        "replacements:\n- source: {kind: Service, name: web, fieldPath: metadata.name}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: ['spec.template.spec.containers.[name=web].args.0']\n",
        "labels:\n- pairs: {tier: front}\n  includeTemplates: true\n",
        "- path: patch.yaml\n",
        "- target: {kind: ConfigMap, name: extra}\n  patch: |-\n    $patch: delete\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: extra}\n",
        "- target: {kind: Deployment}\n  patch: |-\n    - {op: remove, path: /spec/template/spec/containers/0/args}\n    - {op: add, path: /spec/paused, value: true}\n",
    ];
    for (part, chosen) in parts.iter().zip(choices) {
        // A replacement needs the arguments that the last patch removes.
        let conflicts = part.starts_with("replacements") && choices[11];
        if *chosen && !conflicts {
            match part.starts_with("- ") {
                true => patches.push_str(part),
                false => text.push_str(part),
            }
        }
    }
    if !patches.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(text, "patches:\n{patches}");
    }
    files.insert("/app/kustomization.yaml", text);
    files
}

#[test]
fn every_scalar_of_made_builds_has_a_chain() {
    // Numbers that look drawn, and are the same in every run.
    let mut state: u64 = 0x2026;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    };
    for _ in 0..96 {
        let choices: Vec<bool> = (0..12).map(|_| next() % 2 == 0).collect();
        let word = |seed: u64| format!("w{}", seed % 7);
        let words: Vec<String> = (0..4).map(|_| word(next())).collect();
        let files = tree(&choices, &words);
        let (root, app) = (Path::new("/"), Path::new("app"));
        let explained = directory(&files, root, app, &Options::default());
        let explained = explained.unwrap().showing_secrets(true);
        assert!(hold(&explained) > 20);
        let is_extra = |life: &Life| life.ids().any(|id| id.name == "extra");
        let is_deleted = explained.removed().any(is_extra);
        assert_eq!(is_deleted, choices[10], "{choices:?}");
    }
}

#[test]
fn json_is_as_its_schemas_say() {
    let files = tree(&[true; 12], &["a", "b", "c", "d"].map(String::from));
    let (root, app) = (Path::new("/"), Path::new("app"));
    let explained = directory(&files, root, app, &Options::default()).unwrap();
    let lives: Vec<&Life> = explained.output().chain(explained.removed()).collect();
    let found = [lives[0]].map(|life| (life, chain(&explained, life, "metadata.name")));
    let lines = explained.blame(&|_| true).unwrap();
    let reached = explained.reached_from("base/web.yaml", None).unwrap();
    assert!(!reached.is_empty());
    let reached: Vec<_> = reached
        .into_iter()
        .map(|one| ("app".to_owned(), one))
        .collect();
    for (name, text) in [
        (
            "explain.schema.json",
            report::lives_json(&explained, &lives),
        ),
        (
            "explain.schema.json",
            report::chains_json(&explained, &found),
        ),
        ("blame.schema.json", report::blame_json(&explained, &lines)),
        (
            "blame.schema.json",
            report::reverse_json("base/web.yaml", &reached),
        ),
    ] {
        assert_eq!(schema::misfit(name, &text), None, "{name}");
    }
}
