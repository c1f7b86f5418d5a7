//! No message shows a secret: canaries in every kind of file, all commands, all formats.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use base64::Engine as _;
use stage::Stage;

/// A secret that stands in no file of this repository.
fn canary() -> String {
    ["q7Vw2Lr9", "Tn4Xc8Zb", "K1mH6sPd"].concat()
}

/// Kustomizations that fail, or could, where the secret stands: a name and their files.
const BROKEN: &[(&str, &[(&str, &str)])] = &[
    (
        "literal",
        &[(
            "kustomization.yaml",
            "secretGenerator: [{name: a, literals: [CANARY]}]\n",
        )],
    ),
    (
        "literal twice",
        &[(
            "kustomization.yaml",
            "secretGenerator: [{name: a, literals: [a=CANARY, a=CANARY]}]\n",
        )],
    ),
    (
        "literal type",
        &[(
            "kustomization.yaml",
            "secretGenerator: [{name: a, literals: {token: CANARY}}]\n",
        )],
    ),
    (
        "merge",
        &[(
            "kustomization.yaml",
            "secretGenerator: [{name: a, behavior: merge, literals: [a=CANARY]}]\n",
        )],
    ),
    (
        "env line",
        &[
            (
                "kustomization.yaml",
                "secretGenerator: [{name: a, envs: [a.env]}]\n",
            ),
            ("a.env", "A=1\nbad key CANARY\n"),
        ],
    ),
    (
        "env key",
        &[
            (
                "kustomization.yaml",
                "secretGenerator: [{name: a, envs: [a.env]}]\n",
            ),
            ("a.env", "TOKEN CANARY=x\n!=CANARY\n"),
        ],
    ),
    (
        "unknown field",
        &[(
            "kustomization.yaml",
            "secretGenerator: [{name: a, literal: [a=CANARY]}]\ntoken: CANARY\n",
        )],
    ),
    (
        "unterminated",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  token: \"CANARY\n",
            ),
        ],
    ),
    (
        "bad escape",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            (
                "a.yaml",
                "kind: Secret\nstringData: {token: \"\\qCANARY\"}\n",
            ),
        ],
    ),
    (
        "no map",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", "token CANARY\n"),
        ],
    ),
    (
        "colon",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", "password: CANARY: CANARY\n"),
        ],
    ),
    (
        "no kind",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", "apiVersion: v1\nstringData: {token: CANARY}\n"),
        ],
    ),
    (
        "data no map",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nlabels: [{pairs: {a: b}, fields: [{path: stringData/token/x, create: true}]}]\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: CANARY}\n",
            ),
        ],
    ),
    (
        "key twice",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: CANARY, token: CANARY}\n",
            ),
        ],
    ),
    (
        "object twice",
        &[
            ("kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: CANARY}\n",
            ),
            (
                "b.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: CANARY}\n",
            ),
        ],
    ),
    (
        "json test",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- target: {kind: Secret}\n  patch: '[{\"op\": \"test\", \"path\": \"/stringData/token\", \"value\": \"other\"}]'\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: CANARY}\n",
            ),
        ],
    ),
    (
        "json value",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- target: {kind: Secret}\n  patch: '[{\"op\": \"test\", \"path\": \"/stringData/token\", \"value\": \"CANARY\"}]'\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: other}\n",
            ),
        ],
    ),
    (
        "json operation",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- target: {kind: Secret}\n  patch: |-\n    - op: zap\n      path: /stringData/token\n      value: CANARY\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
            ),
        ],
    ),
    (
        "json broken",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- target: {kind: Secret}\n  patch: '[{\"op\": \"add\", \"path\": \"/stringData/token\", \"value\": \"CANARY\"'\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
            ),
        ],
    ),
    (
        "patch of nobody",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: b}\n    stringData: {token: CANARY}\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
            ),
        ],
    ),
    (
        "replacement",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: stringData.token, options: {delimiter: '.', index: 7}}\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.other]}]\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: CANARY, other: CANARY}\n",
            ),
        ],
    ),
    (
        "replacement into",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: stringData}\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.token.deeper, stringData.none]}]\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: CANARY}\n",
            ),
        ],
    ),
    (
        "source value",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nreplacements:\n- sourceValue: CANARY\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.none.x]}]\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {none: x}\n",
            ),
        ],
    ),
    (
        "var",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nvars:\n- name: TOKEN\n  objref: {apiVersion: v1, kind: Secret, name: a}\n  fieldref: {fieldPath: stringData}\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a, annotations: {x: $(TOKEN)}}\nstringData: {token: CANARY}\n",
            ),
        ],
    ),
    (
        "url",
        &[(
            "kustomization.yaml",
            "resources: ['https://bob:CANARY@127.0.0.1:1/repo//base?ref=v1']\n",
        )],
    ),
    (
        "url of a file",
        &[(
            "kustomization.yaml",
            "resources: ['http://bob:CANARY@127.0.0.1:1/a.yaml']\n",
        )],
    ),
    (
        "name",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nnamePrefix: CANARY/\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
            ),
        ],
    ),
    (
        "anchor",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            (
                "a.yaml",
                "kind: Secret\nx: &v CANARY\nstringData: {token: *w}\n",
            ),
        ],
    ),
    (
        "tag",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: !!int CANARY}\n",
            ),
        ],
    ),
    (
        "binary tag",
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {token: !!binary CANARY=.}\n",
            ),
        ],
    ),
    (
        "docker",
        &[
            (
                "kustomization.yaml",
                "secretGenerator: [{name: a, type: kubernetes.io/dockerconfigjson, files: [config.json]}]\n",
            ),
            (
                "config.json",
                "{\"auths\": {\"quay.io\": {\"password\": \"CANARY\"",
            ),
        ],
    ),
    (
        "transformer",
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\ntransformers: [t.yaml]\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
            ),
            (
                "t.yaml",
                "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: b}\nliterals: [token=CANARY]\n",
            ),
        ],
    ),
    (
        "generator",
        &[
            ("kustomization.yaml", "generators: [g.yaml]\n"),
            (
                "g.yaml",
                "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: b}\nliterals: token=CANARY\n",
            ),
        ],
    ),
];

const FORMATS: [&str; 6] = ["text", "json", "sarif", "github", "gitlab", "junit"];

struct Ears {
    canaries: Vec<String>,
    heard: usize,
}

impl Ears {
    fn new() -> Self {
        let encoded = base64::engine::general_purpose::STANDARD.encode(canary());
        Self {
            // A part of it is told as much as the whole.
            canaries: vec![
                canary(),
                canary()[..12].to_owned(),
                canary()[10..].to_owned(),
                encoded,
            ],
            heard: 0,
        }
    }

    #[track_caller]
    fn hear(&mut self, what: &str, text: &str) {
        self.heard += usize::from(!text.is_empty());
        for canary in &self.canaries {
            assert!(!text.contains(canary), "{what} shows a secret:\n{text}");
        }
    }
}

fn written(stage: &Stage, directory: &str, files: &[(&str, &str)]) {
    for (name, text) in files {
        stage.write(
            &format!("{directory}/{name}"),
            &text.replace("CANARY", &canary()),
        );
    }
}

#[test]
fn no_build_that_fails_shows_a_secret() {
    let mut ears = Ears::new();
    for (name, files) in BROKEN {
        let stage = Stage::new();
        written(&stage, "d", files);
        let said = stage.kustom("", ["build", "d"]);
        assert_ne!(said.code, 101, "{name}: {}", said.err);
        ears.hear(name, &said.err);
        if said.code != 0 {
            ears.hear(name, &said.out);
        }
    }
    assert!(ears.heard > 20, "{}", ears.heard);
}

#[test]
fn no_format_of_a_check_shows_a_secret() {
    let mut ears = Ears::new();
    for (number, (name, files)) in BROKEN.iter().enumerate() {
        let stage = Stage::new();
        written(&stage, "r/environments/a", files);
        stage.write("r/environments/a/secrets/token", &canary());
        stage.commit("r");
        for command in [
            "check",
            "secrets check",
            "secrets check --history",
            "secrets check environments",
        ] {
            // Every case in two formats, every format in a third of the cases.
            for turn in [0, 3] {
                let format = FORMATS[(number + turn) % FORMATS.len()];
                let words = format!("{command} --format {format}");
                let said = stage.kustom("r", words.split(' '));
                assert_ne!(said.code, 101, "{name}: {}", said.err);
                ears.hear(&format!("{words} ({name})"), &(said.out + &said.err));
            }
        }
        for words in [
            "deps a",
            "deps a --format json",
            "affected --base HEAD",
            "secrets status",
        ] {
            let said = stage.kustom("r", words.split(' '));
            ears.hear(&format!("{words} ({name})"), &(said.out + &said.err));
        }
    }
    assert!(ears.heard > 200, "{}", ears.heard);
}

/// Files of every kind that holds secrets.
const FILES: &[(&str, &str)] = &[
    ("a.env", "API_TOKEN=CANARY\n"),
    (".env.local", "export API_TOKEN=\"CANARY\"\n"),
    (".netrc", "machine a.example.org login b password CANARY\n"),
    (".npmrc", "//registry.npmjs.org/:_authToken=CANARY\n"),
    (".pypirc", "[pypi]\npassword = CANARY\n"),
    (".pgpass", "db:5432:app:app:CANARY\n"),
    (".git-credentials", "https://bob:CANARY@github.com\n"),
    (
        ".docker/config.json",
        "{\"auths\": {\"quay.io\": {\"password\": \"CANARY\"}}}",
    ),
    (
        "kubeconfig",
        "kind: Config\nusers:\n- user: {token: CANARY}\n",
    ),
    ("secrets/token", "CANARY"),
    (
        "secret.yaml",
        "kind: Secret\nstringData: {CANARY: CANARY, a: CANARY, 'CANARY CANARY': CANARY}\n",
    ),
    ("data.yaml", "kind: Secret\ndata: {a: ENCODED}\n"),
    (
        "values.yaml",
        "db: {password: CANARY}\nCANARY:\n  password: CANARY\n",
    ),
    (
        "terraform.tfstate",
        "{\"resources\": [{\"type\": \"random_password\", \"instances\": [{\"attributes\": {\"result\": \"CANARY\"}}]}]}",
    ),
    ("main.go", "var apiToken = \"CANARY\" // CANARY\n"),
    (
        "run.sh",
        "curl -u bob:CANARY https://CANARY:CANARY@example.org/CANARY\nmysql -pCANARY\n",
    ),
    ("settings.xml", "<password>CANARY</password>\n"),
    (
        "deep.yaml",
        "kind: Secret\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"kind\":\"Secret\",\"data\":{\"a\":\"ENCODED\"}}\n",
    ),
    ("allowed.yaml", "password: CANARY # kustom:allow CANARY\n"),
    ("CANARY/values.yaml", "password: x\n"),
];

#[test]
fn no_file_of_any_kind_is_quoted() {
    let stage = Stage::new();
    let mut ears = Ears::new();
    for (name, text) in FILES.iter().filter(|(name, _)| !name.contains("CANARY")) {
        let encoded = base64::engine::general_purpose::STANDARD.encode(canary());
        let text = text
            .replace("CANARY", &canary())
            .replace("ENCODED", &encoded);
        stage.write(&format!("r/{name}"), &text);
    }
    stage.commit("r");
    let found = stage.kustom("r", ["secrets", "check", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    let places: usize = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| 1 + finding["others"].as_array().map_or(0, Vec::len))
        .sum();
    assert!(places >= FILES.len() - 2, "{places}\n{}", found.out);
    for format in FORMATS {
        for command in [
            "secrets check",
            "secrets check --history",
            "secrets check --strict .",
        ] {
            let words = format!("{command} --format {format} --color always");
            let said = stage.kustom("r", words.split(' '));
            assert_eq!(said.code, 1, "{words}");
            ears.hear(&words, &(said.out + &said.err));
        }
    }
    let said = stage.kustom("r", ["secrets", "check", "--write-baseline", "b.yaml"]);
    ears.hear("--write-baseline", &(said.out + &said.err));
    ears.hear("a baseline", &stage.read("r/b.yaml"));
    for text in [
        "key: CANARY\n",
        "allow: [{fingerprint: CANARY, CANARY: 1}]\nkey: CANARYCANARY\n",
        "CANARY",
    ] {
        stage.write("r/b.yaml", &text.replace("CANARY", &canary()));
        let said = stage.kustom("r", ["secrets", "check", "--baseline", "b.yaml"]);
        assert_eq!(said.code, 2);
        if !text.contains("CANARY: 1") {
            ears.hear(text, &said.err);
        }
    }
}

#[test]
fn no_explanation_of_a_script_shows_a_value() {
    let stage = Stage::new();
    let mut ears = Ears::new();
    let files = [
        ("kustom/base/kustomization.yaml", "namePrefix: a-\n"),
        (
            "kustom/base/configs/1/app.yaml",
            "token: CANARY\ndeep: {password: CANARY}\nlist: [CANARY]\n",
        ),
        (
            "environments/a/yq_scripts/app.yaml",
            "- {command: update, path: token, value: CANARY}\n\
             - {command: update, path: new.token, value: CANARY}\n\
             - {command: update, path: deep, value: CANARY}\n\
             - {command: update, path: 'list[0]', value: CANARYx}\n\
             - {command: delete, path: 'nothing.(x==CANARY)'}\n",
        ),
        (
            "environments/a/kustomization.yaml",
            "resources: [../../kustom/base]\n",
        ),
        (
            "environments/b/yq_scripts/app.yaml.yq",
            ".token = \"CANARY\" | .new.token = \"CANARY\" | .gone |= select(. == \"CANARY\")\n",
        ),
        (
            "environments/b/kustomization.yaml",
            "resources: [../../kustom/base]\n",
        ),
    ];
    written(&stage, "r", &files);
    for words in [
        "config a --explain",
        "config b --explain",
        "config a --check",
        "render a",
        "render b",
        "check",
        "check --format json",
    ] {
        let said = stage.kustom("r", words.split(' '));
        let text = match words.starts_with("render") {
            true => said.err,
            false => said.out + &said.err,
        };
        // A path may hold a value to look for; whoever writes one there shows it himself.
        let lines = text.lines().filter(|line| !line.contains("nothing.(x=="));
        ears.hear(words, &lines.collect::<Vec<_>>().join("\n"));
    }
    assert!(ears.heard >= 5, "{}", ears.heard);
}
