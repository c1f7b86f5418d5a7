//! No message repeats a password that only its place gives away, nor hides what is none.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::Stage;

/// Passwords that could be words of any.
const PASSWORDS: [&str; 3] = ["hunter2", "Tr0ub4dor&3", "swordfish"];

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {pin: PASSWORD, user: app}\n";

/// What is wrong, the files, and the command; `PASSWORD` stands for one.
type Row = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

const ROWS: &[Row] = &[
    (
        "star",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: *PASSWORD\n"),
        ],
        "build k",
    ),
    (
        "star in braces",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            (
                "k/s.yaml",
                "kind: Secret\nstringData: {pin: *PASSWORD, a: b}\n",
            ),
        ],
        "build k",
    ),
    (
        "tag",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            (
                "k/s.yaml",
                "kind: Secret\nstringData:\n  pin: !!PASSWORD x\n",
            ),
        ],
        "build k",
    ),
    (
        "anchor",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            (
                "k/s.yaml",
                "kind: Secret\nstringData:\n  pin: &PASSWORD *PASSWORD\n",
            ),
        ],
        "build k",
    ),
    (
        "percent",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: %PASSWORD\n"),
        ],
        "build k",
    ),
    (
        "at",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: @PASSWORD\n"),
        ],
        "build k",
    ),
    (
        "backtick",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: `PASSWORD`\n"),
        ],
        "build k",
    ),
    (
        "bracket",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: [PASSWORD\n"),
        ],
        "build k",
    ),
    (
        "brace",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: {PASSWORD\n"),
        ],
        "build k",
    ),
    (
        "bar",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: |PASSWORD\n"),
        ],
        "build k",
    ),
    (
        "more",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            ("k/s.yaml", "kind: Secret\nstringData:\n  pin: >PASSWORD\n"),
        ],
        "build k",
    ),
    (
        "colon",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            (
                "k/s.yaml",
                "kind: Secret\nstringData:\n  pin: PASSWORD: x\n",
            ),
        ],
        "build k",
    ),
    (
        "after a quote",
        &[
            ("k/kustomization.yaml", "resources: [s.yaml]\n"),
            (
                "k/s.yaml",
                "kind: Secret\nstringData:\n  pin: 'a' PASSWORD\n",
            ),
        ],
        "build k",
    ),
    (
        "an inline patch",
        &[
            (
                "k/kustomization.yaml",
                "resources: [s.yaml]\npatches:\n- patch: |-\n    kind: Secret\n    stringData: {pin: *PASSWORD}\n",
            ),
            ("k/s.yaml", SECRET),
        ],
        "build k",
    ),
    (
        "a literal",
        &[(
            "k/kustomization.yaml",
            "secretGenerator:\n- name: a\n  literals: [*PASSWORD]\n",
        )],
        "build k",
    ),
    (
        "a literal without a key",
        &[(
            "k/kustomization.yaml",
            "secretGenerator:\n- name: a\n  literals: [PASSWORD]\n",
        )],
        "build k",
    ),
    (
        "literals as a map",
        &[(
            "k/kustomization.yaml",
            "secretGenerator:\n- name: a\n  literals: {pin: PASSWORD}\n",
        )],
        "build k",
    ),
    (
        "literals as a text",
        &[(
            "k/kustomization.yaml",
            "secretGenerator:\n- name: a\n  literals: pin=PASSWORD\n",
        )],
        "build k",
    ),
    (
        "a generator as a text",
        &[("k/kustomization.yaml", "secretGenerator: pin=PASSWORD\n")],
        "build k",
    ),
    (
        "a file",
        &[(
            "k/kustomization.yaml",
            "secretGenerator:\n- {name: a, files: [TOKEN=PASSWORD]}\n",
        )],
        "build k",
    ),
    (
        "an env file",
        &[(
            "k/kustomization.yaml",
            "configMapGenerator:\n- {name: a, envs: [TOKEN=PASSWORD]}\n",
        )],
        "build k",
    ),
    (
        "a line of an env file",
        &[
            (
                "k/kustomization.yaml",
                "secretGenerator:\n- {name: a, envs: [a.env]}\n",
            ),
            ("k/a.env", "A=1\n!PIN PASSWORD=x\n"),
        ],
        "build k",
    ),
    (
        "a resource",
        &[("k/kustomization.yaml", "resources: [DB_PASSWD=PASSWORD]\n")],
        "build k",
    ),
    (
        "a mistyped scheme",
        &[(
            "k/kustomization.yaml",
            "resources: ['htps://bob:PASSWORD@h.io/a?ref=v1']\n",
        )],
        "build k",
    ),
    (
        "a scheme of no repository",
        &[(
            "k/kustomization.yaml",
            "components: ['ftp://bob:PASSWORD@h.io/a']\n",
        )],
        "build k",
    ),
    (
        "a slash in it",
        &[(
            "k/kustomization.yaml",
            "resources: ['htps://bob:a/PASSWORD@h.io/a']\n",
        )],
        "build k",
    ),
    (
        "a sign in it",
        &[(
            "k/kustomization.yaml",
            "resources: ['htps://bob:a@PASSWORD@h.io/a']\n",
        )],
        "build k",
    ),
    (
        "a colon in it",
        &[(
            "k/kustomization.yaml",
            "resources: ['htps://bob:a:PASSWORD@h.io/a']\n",
        )],
        "build k",
    ),
    (
        "a getter",
        &[(
            "k/kustomization.yaml",
            "resources: ['s3::htps://bob:PASSWORD@h.io/a']\n",
        )],
        "build k",
    ),
    (
        "scp",
        &[(
            "k/kustomization.yaml",
            "resources: ['bob:PASSWORD@h.io:a/b']\n",
        )],
        "build k",
    ),
    (
        "a query",
        &[(
            "k/kustomization.yaml",
            "resources: ['htps://h.io/a?sig=PASSWORD']\n",
        )],
        "build k",
    ),
    (
        "an address as an argument",
        &[],
        "build htps://bob:PASSWORD@h.io/a",
    ),
    (
        "a json test",
        &[
            (
                "k/kustomization.yaml",
                "resources: [s.yaml]\npatches:\n- target: {kind: Secret}\n  patch: '[{\"op\": \"test\", \"path\": \"/stringData/pin\", \"value\": \"x\"}]'\n",
            ),
            ("k/s.yaml", SECRET),
        ],
        "build k",
    ),
    (
        "a json value",
        &[
            (
                "k/kustomization.yaml",
                "resources: [s.yaml]\npatches:\n- target: {kind: Secret}\n  patch: '[{\"op\": \"test\", \"path\": \"/stringData/user\", \"value\": \"PASSWORD\"}]'\n",
            ),
            ("k/s.yaml", SECRET),
        ],
        "build k",
    ),
    (
        "a replacement",
        &[
            (
                "k/kustomization.yaml",
                "resources: [s.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: stringData.pin}\n  targets: [{select: {kind: Secret}, fieldPaths: [metadata.name.x]}]\n",
            ),
            ("k/s.yaml", SECRET),
        ],
        "build k",
    ),
    (
        "a source value",
        &[
            (
                "k/kustomization.yaml",
                "resources: [s.yaml]\nreplacements:\n- sourceValue: PASSWORD\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.pin.x]}]\n",
            ),
            ("k/s.yaml", SECRET),
        ],
        "build k",
    ),
    (
        "values in braces",
        &[
            ("environments/a/kustomization.yaml", "resources: []\n"),
            ("environments/a/values.yaml", "db: {password: *PASSWORD}\n"),
        ],
        "render a",
    ),
    (
        "a template",
        &[
            ("environments/a/kustomization.yaml", "resources: [m.yaml]\n"),
            ("environments/a/m.yaml.j2", "a: {{ db.password | int }}\n"),
            ("environments/a/values.yaml", "db: {password: PASSWORD}\n"),
        ],
        "render a",
    ),
    (
        "a template of a flag",
        &[
            ("environments/a/kustomization.yaml", "resources: [m.yaml]\n"),
            ("environments/a/m.yaml.j2", "a: {{ db.password | int }}\n"),
        ],
        "render a --set db.password=PASSWORD",
    ),
    (
        "a flag twice",
        &[("environments/a/kustomization.yaml", "resources: []\n")],
        "render a --set password=PASSWORD --set password.x=PASSWORD",
    ),
    (
        "no flag",
        &[("environments/a/kustomization.yaml", "resources: []\n")],
        "render a --password=PASSWORD",
    ),
    (
        "a setting",
        &[
            ("environments/a/kustomization.yaml", "resources: []\n"),
            (
                "environments/a/environment.yaml",
                "values: {password: *PASSWORD}\n",
            ),
        ],
        "render a",
    ),
    (
        "yq adds",
        &[("s.yaml", "db: {password: PASSWORD}\n")],
        "yq .db.password*1 s.yaml",
    ),
    (
        "yq subtracts",
        &[("s.yaml", "db: {password: PASSWORD}\n")],
        "yq .db.password-1 s.yaml",
    ),
    (
        "yq fails",
        &[("s.yaml", "db: {password: PASSWORD}\n")],
        "yq error(.db.password) s.yaml",
    ),
    (
        "yq reads a number",
        &[("s.yaml", "db: {password: PASSWORD}\n")],
        "yq .db.password|to_number s.yaml",
    ),
    (
        "yq tests",
        &[("s.yaml", "db: {password: PASSWORD}\n")],
        "yq .db.password|test(.db.password+\"(\") s.yaml",
    ),
    (
        "yq loads",
        &[("s.yaml", "db: {password: PASSWORD}\n")],
        "yq load(.db.password) s.yaml",
    ),
    (
        "yq in a Secret",
        &[("s.yaml", SECRET)],
        "yq error(.stringData.pin) s.yaml",
    ),
    ("yq of a text", &[], "yq -n .password=\"PASSWORD\"|nope"),
    (
        "yq 3",
        &[
            ("s.yaml", "db: {password: PASSWORD}\n"),
            (
                "c.yaml",
                "- command: update\n  path: db.password\n  value: *PASSWORD\n",
            ),
        ],
        "yq write s.yaml --script c.yaml",
    ),
    (
        "json",
        &[("s.json", "{\"password\": \"PASSWORD\" x")],
        "yq . s.json",
    ),
    (
        "xml",
        &[("s.xml", "<password>PASSWORD</passwor>")],
        "yq -p xml . s.xml",
    ),
    (
        "toml",
        &[("s.toml", "password = PASSWORD")],
        "yq -p toml . s.toml",
    ),
    (
        "validate",
        &[(
            "s.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {pin: PASSWORD-}\n",
        )],
        "validate s.yaml --format json",
    ),
    (
        "validate a variable",
        &[(
            "s.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b, env: [{name: DB_SECRET, value: [PASSWORD]}]}]}\n",
        )],
        "validate s.yaml",
    ),
    (
        "an edit",
        &[("k/kustomization.yaml", "resources: []\n")],
        "edit -C k add secret a --from-literal=password=PASSWORD --from-literal=password=PASSWORD",
    ),
    (
        "an edit of a broken file",
        &[(
            "k/kustomization.yaml",
            "secretGenerator:\n- name: a\n  literals:\n  - *PASSWORD\n",
        )],
        "edit -C k fix",
    ),
    (
        "diff",
        &[
            ("a.yaml", "kind: Secret\nstringData: {a: *PASSWORD}\n"),
            ("b.yaml", "a: b\n"),
        ],
        "diff --files a.yaml b.yaml",
    ),
    (
        "check",
        &[
            ("kustom.yaml", "environments: environments\n"),
            ("environments/a/kustomization.yaml", "resources: [s.yaml]\n"),
            (
                "environments/a/s.yaml",
                "kind: Secret\nstringData: {pin: *PASSWORD}\n",
            ),
        ],
        "check --format sarif",
    ),
];

#[test]
fn no_message_repeats_a_password() {
    let mut told = 0;
    for password in PASSWORDS {
        for (name, files, command) in ROWS {
            let stage = Stage::new();
            for (file, text) in *files {
                stage.write(&format!("d/{file}"), &text.replace("PASSWORD", password));
            }
            stage.write("d/.keep", "");
            if command.starts_with("check") {
                stage.commit("d");
            }
            let words = command
                .split(' ')
                .map(|word| word.replace("PASSWORD", password));
            let said = stage.kustom("d", words);
            assert_ne!(said.code, 101, "{name}: {}", said.err);
            let text = match said.code {
                0 => said.err,
                _ => said.out + &said.err,
            };
            assert!(
                !text.contains(password),
                "{name} repeats `{password}`:\n{text}"
            );
            told += usize::from(!text.is_empty());
        }
    }
    assert!(told > ROWS.len() * PASSWORDS.len() * 9 / 10, "{told}");
}

/// What is no secret stays readable: the files, the command, and what must be said.
const READABLE: &[(&[(&str, &str)], &str, &str)] = &[
    (
        &[(
            "k/kustomization.yaml",
            "secretGenerator:\n- {name: a, files: [password=secrets/db.txt]}\n",
        )],
        "build k",
        "`secrets/db.txt`",
    ),
    (
        &[("k/kustomization.yaml", "resources: [password-reset.yaml]\n")],
        "build k",
        "`password-reset.yaml`",
    ),
    (
        &[("k/kustomization.yaml", "namePrefix: [three]\n")],
        "build k",
        "`namePrefix`",
    ),
    (
        &[
            (
                "k/kustomization.yaml",
                "resources: [s.yaml]\nreplicas: [{name: app, count: x}]\n",
            ),
            (
                "k/s.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\nstringData: {name: app, user: replicas}\n",
            ),
        ],
        "build k",
        "replicas",
    ),
    (
        &[("s.yaml", "host: db.example.org\npassword: db.example\n")],
        "yq error(.host) s.yaml",
        "db.example.org",
    ),
    (
        &[("s.yaml", "a: {replicas: 3, image: 'web:v1'}\n")],
        "yq error(.a.image) s.yaml",
        "web:v1",
    ),
    (
        &[],
        "build git@github.com.invalid:org/app",
        "github.com.invalid",
    ),
    (
        &[("environments/a/kustomization.yaml", "resources: []\n")],
        "render a --set image.tag",
        "`--set image.tag`",
    ),
    (
        &[("environments/a/kustomization.yaml", "resources: []\n")],
        "render b",
        "`b`",
    ),
];

#[test]
fn what_is_no_secret_stays_readable() {
    for (files, command, wanted) in READABLE {
        let stage = Stage::new();
        for (file, text) in *files {
            stage.write(&format!("d/{file}"), text);
        }
        stage.write("d/.keep", "");
        let said = stage.kustom("d", command.split(' '));
        assert_ne!(said.code, 0, "{command}: {}", said.out);
        assert!(
            said.err.contains(wanted),
            "{command} hides {wanted}:\n{}",
            said.err
        );
    }
}
