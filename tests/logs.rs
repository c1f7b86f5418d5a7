//! What files say reaches no terminal and no log raw: control characters are shown escaped, and
//! nothing becomes a workflow command.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::{Said, Stage};

/// Something that colours, ends its line, and would command a runner, as YAML spells it.
const HOSTILE: &str = r#""a\e[31mb\r\n::error::c\n##[group]d\u009b\u202Ee.yaml""#;

fn project(kustomization: &str) -> Stage {
    let stage = Stage::new();
    let made = kustomization.replace("HOSTILE", HOSTILE);
    stage.write("p/environments/prod/kustomization.yaml", &made);
    stage
}

/// Every line is plain, and none is a command but those that are ours.
#[track_caller]
fn is_plain(said: &Said, command: &str) {
    for text in [&said.out, &said.err] {
        let is_raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(is_raw), "{command}: {text:?}");
        for line in text.lines().map(str::trim_start) {
            let is_ours = [
                "::error file=",
                "::warning file=",
                "::notice file=",
                "::group::",
            ]
            .iter()
            .any(|ours| line.starts_with(ours) && command.contains("github"));
            let is_command = line.starts_with("::") || line.starts_with("##[");
            assert!(
                !is_command || is_ours || line == "::endgroup::",
                "{command}: {text}"
            );
        }
    }
}

#[test]
fn names_and_values_command_nothing() {
    for kustomization in [
        "resources: [HOSTILE]\n",
        "HOSTILE: x\n",
        "namePrefix: [HOSTILE]\n",
        "patches:\n- path: HOSTILE\n",
        "images:\n- {name: HOSTILE, newTag: v1}\n",
        "configMapGenerator:\n- {name: a, files: [HOSTILE]}\n",
        "replacements:\n- source: {kind: HOSTILE}\n  targets: [{select: {kind: X}, fieldPaths: [a]}]\n",
        "components: [HOSTILE]\n",
    ] {
        let stage = project(kustomization);
        for command in [
            "build environments/prod",
            "render prod",
            "check",
            "check --format github",
            "check --format junit",
            "check --format gitlab",
        ] {
            let said = stage.kustom("p", command.split(' '));
            is_plain(&said, command);
        }
    }
}

#[test]
fn the_names_of_files_command_nothing() {
    let stage = Stage::new();
    let secret = ["uyS1F1a10F1q", "mQj8q17zZuMH", "nG5k"].concat();
    let name = "p/a\u{1b}[31m\n::error::b\u{202e}.yaml";
    stage.write(name, &format!("password: {secret}\n"));
    stage.commit("p");
    for command in [
        "secrets check",
        "secrets check --format github",
        "secrets check --format junit",
    ] {
        let said = stage.kustom("p", command.split(' '));
        assert_eq!(said.code, 1, "{command}");
        is_plain(&said, command);
    }
}
