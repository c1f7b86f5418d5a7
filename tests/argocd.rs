//! What Argo CD calls of `kustomize` for one application, in order, over several checkouts.
//!
//! Every call but the last that is meant to fail must succeed, and the build must hold what the
//! application asks for. With a kustomize v5.8.2 or v5.8.3 on the `PATH` or in the variable
//! `KUSTOMIZE`, that is called in the same way on a checkout of its own, and must end with the
//! same exit codes and print the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A checkout: the name of the kustomization's file, and its text.
const CHECKOUTS: [(&str, &str, &str); 5] = [
    ("plain", "kustomization.yaml", "resources:\n- web.yaml\n"),
    (
        "commented",
        "kustomization.yaml",
        "# the shop\nresources: [web.yaml]   # the front\n\nimages:\n- name: nginx   # ours\n  newTag: '1'\n\ncommonAnnotations: {note: one}\n",
    ),
    (
        "deprecated",
        "kustomization.yml",
        "bases: [../base]\nimageTags:\n- {name: nginx, newTag: \"1\"}\nresources:\n- web.yaml\n",
    ),
    (
        "named-otherwise",
        "Kustomization",
        "resources:\r\n- web.yaml\r\nnamespace: shop   # for now\r\n",
    ),
    (
        "labelled",
        "kustomization.yaml",
        "resources:\n- web.yaml\ncommonLabels:\n  team: red\nlabels:\n- pairs: {tier: front}\ncomponents: [../part]\n",
    ),
];

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1.0'}]}
";

/// An application: its options as Argo CD turns them into calls, and words of the build.
struct Application {
    name: &'static str,
    /// Commands of `edit`, or one of Argo CD's own: `patches`, with a JSON list.
    calls: Vec<Vec<&'static str>>,
    build: &'static [&'static str],
    wanted: &'static [&'static str],
    /// Whether the last call is refused.
    is_refused: bool,
}

const PATCHES: &str = r#"[{"patch":"- op: replace\n  path: /spec/replicas\n  value: 9\n","target":{"kind":"Deployment"}}]"#;

fn applications() -> Vec<Application> {
    let application = |name, calls, wanted| Application {
        name,
        calls,
        build: &[],
        wanted,
        is_refused: false,
    };
    let names = || {
        vec![
            vec!["set", "nameprefix", "--", "p-"],
            vec!["set", "namesuffix", "--", "-s"],
        ]
    };
    let all = |labels: Vec<&'static str>| {
        let mut calls = names();
        calls.extend([
            vec!["set", "image", "nginx=r.io/web:abc", "other@sha256:00"],
            vec!["set", "replicas", "web=3"],
            labels,
            vec![
                "add",
                "annotation",
                "--force",
                "note:two",
                "url:https://x.example/?a=b:c",
            ],
            vec!["set", "namespace", "--", "prod"],
            vec!["patches", PATCHES],
            vec!["add", "component", "../part"],
        ]);
        calls
    };
    vec![
        application("nothing", vec![], &["kind: Deployment"]),
        application("names", names(), &["name: p-web-s"]),
        application(
            "images",
            vec![vec![
                "set",
                "image",
                "nginx:2",
                "nginx=r.io/a/nginx:3@sha256:00",
            ]],
            &["r.io/a/nginx:3@sha256:00"],
        ),
        application(
            "replicas",
            vec![vec!["set", "replicas", "web=5"]],
            &["replicas: 5"],
        ),
        application(
            "labels",
            vec![vec!["add", "label", "--force", "rev:abc", "team:blue"]],
            &["rev: abc", "team: blue"],
        ),
        application(
            "labels without selectors",
            vec![vec![
                "add",
                "label",
                "--force",
                "--without-selector",
                "--include-templates",
                "rev:abc",
            ]],
            &["rev: abc"],
        ),
        application(
            "annotations",
            vec![vec!["add", "annotation", "--force", "note:two\nlines"]],
            &["note: |-\n      two\n      lines"],
        ),
        application(
            "namespace",
            vec![vec!["set", "namespace", "--", "prod"]],
            &["namespace: prod"],
        ),
        application("patches", vec![vec!["patches", PATCHES]], &["replicas: 9"]),
        application(
            "components",
            vec![vec!["add", "component", "../part"]],
            &["part: added"],
        ),
        application(
            "all",
            all(vec!["add", "label", "--force", "rev:abc", "team:blue"]),
            &[
                "name: p-web-s",
                "r.io/web:abc",
                "replicas: 3",
                "namespace: prod",
                "part: added",
            ],
        ),
        application(
            "all without selectors",
            all(vec![
                "add",
                "label",
                "--force",
                "--without-selector",
                "rev:abc",
            ]),
            &["name: p-web-s", "rev: abc"],
        ),
        Application {
            build: &[
                "--load-restrictor=LoadRestrictionsNone",
                "--enable-alpha-plugins",
            ],
            ..application("build options", names(), &["name: p-web-s"])
        },
        Application {
            is_refused: true,
            ..application(
                "a component that is missing",
                vec![vec!["add", "component", "../nope"]],
                &[],
            )
        },
        Application {
            is_refused: true,
            ..application(
                "templates with selectors",
                vec![vec![
                    "add",
                    "label",
                    "--force",
                    "--include-templates",
                    "a:b",
                ]],
                &[],
            )
        },
        Application {
            is_refused: true,
            build: &["--no-such-flag"],
            ..application("a build option that is none", names(), &[])
        },
    ]
}

/// What the calls came to: the exit codes in order, and what the build printed.
#[derive(Debug, PartialEq)]
struct Outcome {
    exits: Vec<bool>,
    build: String,
}

#[test]
fn every_option_of_an_application_takes_effect() {
    let real = kustomize();
    if real.is_none() {
        eprintln!("skipped: without kustomize v5.8.2 or v5.8.3 nothing is held beside it");
    }
    for application in applications() {
        for (checkout, file, text) in CHECKOUTS {
            let case = format!("{} over {checkout}", application.name);
            let ours = deployed(&application, file, text, &|| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_kustom"));
                command.arg0("kustomize");
                command
            });
            let refused = ours.exits.iter().filter(|is_good| !**is_good).count();
            assert_eq!(
                refused,
                usize::from(application.is_refused),
                "{case}: {ours:?}"
            );
            assert_eq!(
                ours.exits.last(),
                Some(&!application.is_refused),
                "{case}: {ours:?}"
            );
            for words in application.wanted {
                assert!(
                    ours.build.contains(words),
                    "{case}: `{words}`\n{}",
                    ours.build
                );
            }
            if let Some(real) = &real {
                let theirs = deployed(&application, file, text, &|| Command::new(real));
                assert_eq!(ours, theirs, "{case}");
            }
        }
    }
}

/// Makes the calls of an application in a checkout of its own, up to the first that fails.
fn deployed(
    application: &Application,
    file: &str,
    text: &str,
    program: &dyn Fn() -> Command,
) -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(&format!("app/{file}"), text);
    write("app/web.yaml", WEB);
    write("base/kustomization.yaml", "resources: [map.yaml]\n");
    write(
        "base/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n",
    );
    write(
        "part/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {part: added}\n",
    );
    let call = |arguments: &[&str], from: &Path| -> Output {
        program()
            .args(arguments)
            .current_dir(from)
            .output()
            .unwrap()
    };
    let app = root.join("app");
    let version = call(&["version", "--short"], &root);
    assert!(
        String::from_utf8_lossy(&version.stdout).contains("v5.8."),
        "Argo CD reads the version"
    );
    let mut exits = vec![version.status.success()];
    for words in &application.calls {
        if words[0] == "patches" {
            add_patches(&app.join(file), words[1]);
            continue;
        }
        let is_good = call(&[&["edit"], words.as_slice()].concat(), &app)
            .status
            .success();
        exits.push(is_good);
        if !is_good {
            return Outcome {
                exits,
                build: String::new(),
            };
        }
    }
    let path = app.to_str().unwrap();
    let build = call(&[&["build", path], application.build].concat(), &root);
    exits.push(build.status.success());
    Outcome {
        exits,
        build: String::from_utf8(build.stdout).unwrap(),
    }
}

/// What Argo CD does by itself: it reads the file, sets `patches`, and writes it anew, sorted.
fn add_patches(file: &Path, patches: &str) {
    let text = fs::read_to_string(file).unwrap();
    let mut root: serde_json::Value = serde_yaml::from_str(&text).unwrap();
    root["patches"] = serde_json::from_str(patches).unwrap();
    // JSON is YAML.
    fs::write(file, root.to_string()).unwrap();
}

fn kustomize() -> Option<PathBuf> {
    let named = std::env::var_os("KUSTOMIZE").map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from("kustomize"));
    let output = Command::new(&program).arg("version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout);
    let is_known = ["5.8.2", "5.8.3"].iter().any(|it| version.contains(it));
    is_known.then_some(program)
}
