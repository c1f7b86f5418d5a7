//! What sops has encrypted is decrypted for a render, and shows nowhere else.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod stage;

use stage::{CommandOutput, Stage, has};

/// Part of every secret of these tests.
const CANARY: &str = "canary";

fn kustom(stage: &Stage, line: &str) -> CommandOutput {
    stage.kustom("p", line.split(' '))
}

/// What a command prints that went well; nothing of what was decrypted on stderr.
fn printed(stage: &Stage, line: &str) -> String {
    let said = kustom(stage, line);
    assert_eq!(said.code, 0, "{line}: {said:?}");
    assert!(!said.err.contains(CANARY), "{line}: {said:?}");
    said.out
}

/// What a command says that shows nothing of what was decrypted.
fn clean(stage: &Stage, line: &str) -> CommandOutput {
    let said = kustom(stage, line);
    for text in [&said.out, &said.err] {
        assert!(
            !text.contains(CANARY) && !text.contains("Y2FuYXJ5"),
            "{line}: {said:?}"
        );
    }
    said
}

/// A `sops` that knows two files by their names, one without a key, and one that was changed.
const STAND_IN: &str = r#"#!/bin/sh
for file; do :; done
[ "$1 $2 $4" = "--decrypt --input-type --output-type" ] || exit 9
case $(cat "$file") in
*no-key*) echo "Failed to get the data key required to decrypt the SOPS file." >&2; exit 128;;
*changed*) echo "MAC mismatch. File has canary-mac, computed canary-mac" >&2; exit 51;;
*broken*) echo "Error unmarshalling input: canary-words" >&2; exit 6;;
*TOKEN*) printf 'TOKEN=canary-token\n';;
*kind*) printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: web\nstringData:\n  pin: canary-pin\n';;
*config*) printf 'config: canary-value\n';;
esac
echo x >> "$COUNT"
"#;

const ENC: &str = "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]";

/// A project with files that look encrypted, and the stand-in.
fn project() -> Stage {
    let mut stage = Stage::new();
    stage.write_program("bin/sops", STAND_IN);
    stage.put_programs_first("bin");
    stage.set("COUNT", stage.text("count"));
    stage.write("count", "");
    stage.write("p/kustom.yaml", "");
    stage.write(
        "p/environments/e/kustomization.yaml",
        "resources: [secret.yaml, map.yaml]\nsecretGenerator:\n- name: env\n  envs: [secrets/app.env]\n\
         generatorOptions: {disableNameSuffixHash: true}\n",
    );
    stage.write(
        "p/environments/e/secret.yaml",
        &format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: web}}\nstringData: {{pin: '{ENC}'}}\n\
             sops: {{mac: '{ENC}'}}\n"
        ),
    );
    stage.write(
        "p/environments/e/secrets/app.env",
        &format!("TOKEN={ENC}\nsops_mac={ENC}\n"),
    );
    stage.write(
        "p/environments/e/values.yaml",
        &format!("config: '{ENC}'\nsops: {{mac: '{ENC}'}}\n"),
    );
    stage.write(
        "p/environments/e/map.yaml.j2",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {url: \"{{ config }}\"}\n",
    );
    stage
}

#[test]
fn what_is_read_is_decrypted_once_and_only_on_demand() {
    let stage = project();
    stage.write("p/environments/f/kustomization.yaml", "resources: [../e]\n");
    stage.write("p/environments/f/values.yaml", "config: plain\n");
    let out = printed(&stage, "render e --decrypt");
    for part in [
        "pin: canary-pin",
        "url: canary-value",
        "TOKEN: Y2FuYXJ5LXRva2Vu",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("sops"), "{out}");
    assert_eq!(stage.read("count").lines().count(), 3);
    stage.write("count", "");
    printed(&stage, "render --all --decrypt -o out");
    assert!(
        stage.read("count").lines().count() == 3,
        "{}",
        stage.read("count")
    );
    stage.write("count", "");
    let said = clean(&stage, "render e");
    assert!(said.out.contains("ENC[AES256_GCM"), "{said:?}");
    assert!(said.err.contains("with `--decrypt`"), "{said:?}");
    assert_eq!(stage.read("count"), "");
    // A plain build is kustomize's.
    let said = clean(&stage, "build environments/e");
    assert_eq!(stage.read("count"), "");
    assert_ne!(said.code, 101);
}

#[test]
fn a_file_without_a_key_is_refused_or_gets_placeholders() {
    let stage = project();
    stage.write(
        "p/environments/e/secrets/app.env",
        &format!("TOKEN={ENC}\nsops_mac={ENC}\nsops_x=no-key\n"),
    );
    let said = clean(&stage, "render e --decrypt");
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    assert!(
        said.err.starts_with(
            "error: `environments/e/secrets/app.env` cannot be decrypted: sops has no key for it\n"
        ),
        "{said:?}"
    );
    assert!(
        said.err
            .contains("--> environments/e/kustomization.yaml:4:"),
        "{said:?}"
    );
    let said = kustom(&stage, "render e --decrypt --secrets placeholder");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("TOKEN: PG5vdCBkZWNyeXB0ZWQ+"), "{said:?}");
    assert!(said.out.contains("pin: canary-pin"), "{said:?}");
    assert!(
        said.err
            .starts_with("warning[locked-secret]: placeholders stand for what "),
        "{said:?}"
    );
    let said = clean(&stage, "check --decrypt");
    assert!(said.out.contains("placeholders stand for what"), "{said:?}");
    let said = clean(&stage, "secrets status --decrypt");
    assert!(said.out.starts_with("encrypted "), "{said:?}");
}

#[test]
fn status_says_what_can_be_decrypted() {
    let stage = project();
    let said = clean(&stage, "secrets status");
    assert!(
        said.out
            .starts_with("encrypted    environments/e/secrets/app.env"),
        "{said:?}"
    );
    let said = clean(&stage, "secrets status --decrypt");
    assert!(
        said.out
            .starts_with("decrypted    environments/e/secrets/app.env"),
        "{said:?}"
    );
    let said = clean(&stage, "secrets status --decrypt --format json");
    assert!(said.out.contains("\"state\": \"decrypted\""), "{said:?}");
}

#[test]
fn a_file_that_was_changed_is_never_rendered() {
    let stage = project();
    stage.write(
        "p/environments/e/secrets/app.env",
        &format!("TOKEN={ENC}\nsops_mac={ENC}\nsops_x=changed\n"),
    );
    for line in [
        "render e --decrypt",
        "render e --decrypt --secrets placeholder",
    ] {
        let said = clean(&stage, line);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
        assert!(said.err.contains("its MAC is wrong"), "{said:?}");
    }
}

#[test]
fn without_sops_it_is_said_what_is_missing() {
    let mut stage = project();
    stage.set("PATH", stage.text("home"));
    let said = clean(&stage, "render e --decrypt");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("there is no program `sops`"), "{said:?}");
}

#[test]
fn what_was_decrypted_shows_in_no_message_and_no_difference() {
    let stage = project();
    stage.write("p/environments/g/environment.yaml", "extends: e\n");
    stage.write(
        "p/environments/g/kustomization.yaml",
        "resources: [map.yaml]\nnamePrefix: g-\n",
    );
    stage.write("p/environments/h/environment.yaml", "extends: g\n");
    stage.write("p/environments/h/values.yaml", "config: other\n");
    for line in [
        "diff g h --decrypt",
        "diff g h --decrypt --format unified",
        "diff g h --decrypt --format markdown",
        "diff g h --decrypt --format json",
        "diff g h --decrypt --format html",
        "check --decrypt",
        "check --decrypt --format json",
        "check --decrypt --format sarif",
        "deps --decrypt",
    ] {
        let said = clean(&stage, line);
        assert_ne!(said.code, 101, "{line}: {said:?}");
        assert!(!said.err.contains("there is no flag"), "{line}: {said:?}");
    }
    // Mistakes about what was decrypted.
    let kustomization = "p/environments/e/kustomization.yaml";
    let text = stage.read(kustomization);
    for (field, code) in [
        (
            "patches: [{target: {kind: ConfigMap}, patch: '[{op: test, path: /data/url, value: x}]'}]\n",
            2,
        ),
        (
            "patches: [{target: {kind: Secret}, patch: '[{op: add, path: /stringData/pin/a, value: x}]'}]\n",
            2,
        ),
        (
            "replacements: [{source: {kind: ConfigMap, fieldPath: data.url, options: {delimiter: ., index: 9}}, targets: [{select: {kind: Secret}, fieldPaths: [metadata.name]}]}]\n",
            2,
        ),
        (
            "images: [{name: x, newTag: y}]\nreplicas: [{name: canary, count: 1}]\n",
            2,
        ),
    ] {
        stage.write(kustomization, &format!("{text}{field}"));
        let said = kustom(&stage, "render e --decrypt");
        assert_eq!(said.code, code, "{field}: {said:?}");
        let named = field.contains("canary");
        assert!(named || !said.err.contains(CANARY), "{field}: {said:?}");
    }
    stage.write(kustomization, &text);
    stage.write(
        "p/environments/e/secret.yaml",
        &format!("config: '{ENC}'\nsops: {{mac: '{ENC}'}}\n"),
    );
    let said = clean(&stage, "render e --decrypt");
    assert_eq!(said.code, 2, "no object: {said:?}");
    stage.write(
        "p/environments/e/secret.yaml",
        &format!("broken: '{ENC}'\nsops: {{mac: '{ENC}'}}\n"),
    );
    let said = kustom(&stage, "render e --decrypt");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("cannot be decrypted: "), "{said:?}");
}

#[test]
fn configs_in_the_clear_are_not_written_down() {
    let stage = project();
    stage.write("p/environments/e/configs/c.yaml", "a: 1\n");
    let said = clean(&stage, "config e --write --decrypt");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.err.contains("`--write` would leave on the disk"),
        "{said:?}"
    );
}

/// The real sops, with keys of age; or nothing, said aloud.
fn with_sops() -> Option<(Stage, String)> {
    if !has("sops") || !has("age-keygen") {
        eprintln!("skipped: there is no sops, or no age-keygen");
        return None;
    }
    let mut stage = Stage::new();
    let said = stage.run("age-keygen".as_ref(), ".", ["-o", "key"]);
    assert_eq!(said.code, 0, "{said:?}");
    let recipient = stage
        .run("age-keygen".as_ref(), ".", ["-y", "key"])
        .printed();
    stage.set("SOPS_AGE_KEY_FILE", stage.text("key"));
    stage.write("p/kustom.yaml", "");
    Some((stage, recipient.trim().to_owned()))
}

#[test]
fn every_format_of_the_real_sops_comes_out_as_it_went_in() {
    let Some((stage, recipient)) = with_sops() else {
        return;
    };
    let files: [(&str, &str, &str); 7] = [
        (
            "secret.yaml",
            "# a comment\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  \
             z: canary-z\n  a: |\n    canary first\n    canary second\n  on: \"yes\"\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata:\n  name: b\ndata:\n  k: Y2FuYXJ5\n",
            "--encrypted-regex ^(data|stringData)$",
        ),
        (
            "all.yaml",
            "kind: ConfigMap\nlist:\n- 1\n- canary\n- true\n- 1.5\n- null\n- {b: canary-b, a: canary-a}\nempty: ''\n",
            "--mac-only-encrypted",
        ),
        (
            "secrets/app.env",
            "# canary comment\nTOKEN=canary\nQUOTED=\"canary b\"\nEMPTY=\nA=b=canary\n",
            "",
        ),
        (
            "secrets/app.ini",
            "; canary comment\n[one]\nkey = canary-one\n\n[two]\nkey = canary-two\n",
            "",
        ),
        (
            "secrets/app.json",
            "{\"z\": \"canary\", \"a\": [1, true, null, {\"b\": \"canary-b\"}], \"f\": 1.5}",
            "",
        ),
        ("secrets/key.bin", "canary\0\u{1}binary\n", ""),
        (
            "secrets/key.pem",
            "-----BEGIN X-----\ncanary\n-----END X-----\n",
            "",
        ),
    ];
    for (name, text, flags) in files {
        let path = format!("p/environments/e/{name}");
        stage.write(&path, text);
        let flags = flags.split(' ').filter(|flag| !flag.is_empty());
        let line = ["--encrypt", "--in-place", "--age", &recipient];
        let said = stage.run(
            "sops".as_ref(),
            ".",
            line.into_iter().chain(flags).chain([path.as_str()]),
        );
        assert_eq!(said.code, 0, "{name}: {said:?}");
        assert!(!stage.read(&path).contains(CANARY), "{name}");
    }
    stage.write(
        "p/environments/e/kustomization.yaml",
        "resources: [secret.yaml]\ngeneratorOptions: {disableNameSuffixHash: true}\n\
         secretGenerator:\n- name: files\n  files: [all.yaml, secrets/app.ini, secrets/app.json, secrets/key.bin, secrets/key.pem]\n\
         - name: env\n  envs: [secrets/app.env]\n",
    );
    let encrypted = printed(&stage, "render e --decrypt");
    // The same, decrypted by sops itself and built as kustomize does.
    for (name, ..) in files {
        let path = format!("p/environments/e/{name}");
        let kind = match name.rsplit_once('.').unwrap().1 {
            "env" => "dotenv",
            "yaml" => "yaml",
            "json" => "json",
            "ini" => "ini",
            _ => "binary",
        };
        let line = [
            "--decrypt",
            "--in-place",
            "--input-type",
            kind,
            "--output-type",
            kind,
            &path,
        ];
        let said = stage.run("sops".as_ref(), ".", line);
        assert_eq!(said.code, 0, "{name}: {said:?}");
    }
    assert_eq!(encrypted, stage.build("p", "environments/e").printed());
    assert!(encrypted.contains("z: canary-z"), "{encrypted}");
}

#[test]
fn the_real_sops_says_when_no_key_fits_and_when_a_file_was_changed() {
    let Some((mut stage, recipient)) = with_sops() else {
        return;
    };
    let path = "p/environments/e/secret.yaml";
    stage.write(
        path,
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  labels:\n    a: b\nstringData:\n  pin: canary-pin\n",
    );
    stage.write(
        "p/environments/e/kustomization.yaml",
        "resources: [secret.yaml]\n",
    );
    let line = [
        "--encrypt",
        "--in-place",
        "--age",
        &recipient,
        "--encrypted-regex",
        "^stringData$",
        path,
    ];
    assert_eq!(stage.run("sops".as_ref(), ".", line).code, 0);
    assert!(printed(&stage, "render e --decrypt").contains("canary-pin"));
    let text = stage.read(path);
    stage.write(path, &text.replace("a: b", "a: c"));
    let said = clean(&stage, "render e --decrypt");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("its MAC is wrong"), "{said:?}");
    stage.write(path, &text);
    stage.set("SOPS_AGE_KEY_FILE", stage.text("none"));
    let said = clean(&stage, "render e --decrypt");
    assert!(said.err.contains("sops has no key for it"), "{said:?}");
    let said = clean(&stage, "render e --decrypt --secrets placeholder");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("pin: <not decrypted>"), "{said:?}");
}

#[test]
fn places_in_a_decrypted_file_are_those_of_the_encrypted_one() {
    let stage = project();
    // What the stand-in prints has the kind on its second line, and the pin on its last.
    let written = format!(
        "# encrypted\n\nstringData:\n\n  pin: '{ENC}'\nsops: {{mac: '{ENC}'}}\nmetadata:\n  \
         name: web\nkind: Secret\napiVersion: v1\n"
    );
    for (name, kustomization) in [
        ("r", "resources: [web.enc.yaml]\n"),
        ("g", "generators: [ksops.yaml]\n"),
    ] {
        let write = |file: &str, text: &str| {
            stage.write(&format!("p/environments/{name}/{file}"), text);
        };
        write("kustomization.yaml", kustomization);
        write("web.enc.yaml", &written);
        write(
            "ksops.yaml",
            "{apiVersion: viaduct.ai/v1, kind: ksops, metadata: {name: k}, files: [web.enc.yaml]}\n",
        );
        for way in ["--decrypt", ""] {
            let line = format!("blame {name} --secrets placeholder {way}");
            let said = clean(&stage, line.trim_end());
            let line_of = |words: &str| {
                let mut lines = said.out.lines();
                lines.find(|line| line.contains(words)).unwrap_or(&said.err)
            };
            assert!(
                line_of("kind: Secret").contains("web.enc.yaml:9"),
                "{said:?}"
            );
            assert!(line_of("name: web").contains("web.enc.yaml:8"), "{said:?}");
            assert!(line_of(" pin:").contains("web.enc.yaml:5"), "{said:?}");
        }
    }
}

/// A generator of ksops with a manifest, and a Secret of files.
const KSOPS: &str = "apiVersion: viaduct.ai/v1
kind: ksops
metadata: {name: secrets}
files: [web.enc.yaml]
secretFrom:
- metadata: {name: files, labels: {app: web}}
  files: [config.enc.json]
  envs: [app.enc.env]
";

#[test]
fn generators_of_ksops_are_decrypted_in_process() {
    let stage = project();
    for directory in ["environments/k", "apps/k"] {
        let write = |name: &str, text: &str| stage.write(&format!("p/{directory}/{name}"), text);
        write("kustomization.yaml", "generators: [ksops.yaml]\n");
        write("ksops.yaml", KSOPS);
        write(
            "web.enc.yaml",
            &format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: web}}\nstringData: {{pin: '{ENC}'}}\nsops: {{mac: '{ENC}'}}\n"
            ),
        );
        write(
            "config.enc.json",
            &format!("{{\"config\": \"{ENC}\", \"sops\": {{\"mac\": \"{ENC}\"}}}}"),
        );
        write("app.enc.env", &format!("TOKEN={ENC}\nsops_mac={ENC}\n"));
    }
    stage.write("p/kustom.yaml", "argocd: [argocd]\n");
    stage.write(
        "p/argocd/app.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app, namespace: argocd}\n\
         spec:\n  project: default\n  destination: {name: in-cluster}\n  source: {repoURL: 'https://git.example.org/x', path: apps/k}\n",
    );
    for name in ["k", "app"] {
        let out = printed(&stage, &format!("render {name} --decrypt"));
        for part in [
            "pin: canary-pin",
            "config: canary-value",
            "TOKEN: canary-token",
            "app: web",
        ] {
            assert!(out.contains(part), "{part}: {out}");
        }
        stage.write("count", "");
        let said = clean(&stage, &format!("render {name}"));
        assert_eq!((said.code, &*stage.read("count")), (0, ""), "{said:?}");
        assert!(said.out.contains("pin: <not decrypted>"), "{said:?}");
        assert!(!said.out.contains("ENC["), "{said:?}");
        assert_eq!(said.err.matches("placeholders stand for what").count(), 3);
    }
    clean(&stage, "check k app");
    let said = clean(&stage, "secrets status k --decrypt");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.out.matches("decrypted    ").count(), 3, "{said:?}");
    // A plain build is kustomize's, which runs the program if it may.
    let said = clean(&stage, "build environments/k");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("is no built-in plugin"), "{said:?}");
}
