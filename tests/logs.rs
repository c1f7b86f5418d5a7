//! What files say reaches no terminal and no log raw: control characters are shown escaped, and
//! nothing becomes a workflow command.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::{CommandOutput, Stage};

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
fn is_plain(said: &CommandOutput, command: &str) {
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

/// A name with all of it, where a file system takes it.
const NAME: &str = "a\u{1b}[31mb\r\n::error::c\n##[group]d\u{9b}\u{202e}e";

/// What each command prints names with; `NAME` stands for one that is hostile. A command that
/// prints none says why.
const COMMANDS: &[(&str, &[&str])] = &[
    (
        "build",
        &["build p/environments/NAME", "build NAME", "build --NAME"],
    ),
    (
        "render",
        &[
            "render NAME",
            "render --all -o NAME --check",
            "render nope-NAME",
            "render --flux NAME",
            "render --flux p/NAME.yaml NAME",
        ],
    ),
    ("init", &["init NAME/x"]),
    (
        "migrate",
        &[
            "migrate p/environments --dry-run",
            "migrate NAME",
            "migrate p --env NAME --expect NAME",
        ],
    ),
    (
        "edit add",
        &[
            "edit -C p/environments/NAME add resource NAME --dry-run",
            "edit add resource NAME",
        ],
    ),
    (
        "edit set",
        &[
            "edit -C p/environments/NAME set namespace x --diff --dry-run",
            "edit set image NAME",
        ],
    ),
    (
        "edit remove",
        &["edit -C p/environments/NAME remove resource NAME --dry-run"],
    ),
    (
        "edit fix",
        &[
            "edit -C p/environments/NAME fix --dry-run",
            "edit fix --all --diff --dry-run -C p",
        ],
    ),
    (
        "edit alpha-list-builtin-plugin",
        &["edit alpha-list-builtin-plugin"],
    ),
    (
        "create",
        &[
            "create -C NAME --resources NAME --dry-run",
            "create -C NAME --autodetect --diff",
        ],
    ),
    (
        "localize",
        &["localize p/environments/NAME out", "localize NAME"],
    ),
    (
        "diff",
        &[
            "diff NAME NAME",
            "diff --against HEAD",
            "diff NAME --against HEAD",
            "diff --files p NAME",
            "diff --files p/x.yaml p/NAME.yaml",
            "diff --files p/x.yaml p/NAME.yaml --format unified",
            "diff --files p/x.yaml p/NAME.yaml --format markdown",
            "diff --files p/x.yaml p/NAME.yaml --format json",
            "diff --against HEAD --format markdown",
        ],
    ),
    (
        "config",
        &[
            "config NAME",
            "config NAME --check",
            "config NAME --explain",
            "config NAME --write",
        ],
    ),
    ("secrets init", &["secrets init NAME"]),
    (
        "secrets status",
        &[
            "secrets status",
            "secrets status --format json",
            "secrets status NAME",
        ],
    ),
    (
        "secrets check",
        &[
            "secrets check",
            "secrets check --format github",
            "secrets check NAME",
            "secrets check --format json",
        ],
    ),
    (
        "check",
        &[
            "check",
            "check --format github",
            "check --format sarif",
            "check NAME",
        ],
    ),
    (
        "compare-releases",
        &[
            "compare-releases NAME",
            "compare-releases p/environments/NAME",
        ],
    ),
    (
        "validate",
        &[
            "validate p/environments/NAME",
            "validate NAME",
            "validate p/NAME.yaml",
        ],
    ),
    (
        "lint",
        &[
            "lint p/environments/NAME",
            "lint NAME",
            "lint p/NAME.yaml",
            "lint --select NAME p",
            "lint --ignore NAME p",
        ],
    ),
    (
        "substitute",
        &[
            "substitute NAME",
            "substitute p/NAME.yaml --values p/NAME.yaml",
            "substitute p/environments/NAME",
        ],
    ),
    (
        "explain",
        &[
            "explain NAME",
            "explain --dir NAME",
            "explain --dir p/environments/NAME Deployment/NAME",
            "explain --dir p/base x/NAME NAME",
        ],
    ),
    (
        "blame",
        &[
            "blame NAME",
            "blame --dir p/environments/NAME --only Deployment/NAME",
            "blame --dir p/base --reverse NAME",
        ],
    ),
    // It answers an editor in JSON, where nothing is raw; without input it ends.
    ("lsp", &["lsp", "lsp --values NAME"]),
    (
        "report",
        &[
            "report -o out.html",
            "report -o out",
            "report -o NAME/x.html",
            "report NAME -o out.html",
            "report -o out.html --reference NAME",
        ],
    ),
    (
        "graph",
        &[
            "graph NAME",
            "graph --all",
            "graph --all --format dot",
            "graph --all --format mermaid",
            "graph --all --format svg",
            "graph --all --format json",
            "graph --dir p/environments/NAME",
            "graph --dir NAME -o NAME",
        ],
    ),
    (
        "affected",
        &[
            "affected --base HEAD~1",
            "affected --base NAME",
            "affected --base HEAD~1 --format json",
        ],
    ),
    (
        "deps",
        &[
            "deps",
            "deps --format json",
            "deps --format make",
            "deps NAME",
        ],
    ),
    ("watch", &["watch nope-NAME -- NAME", "watch -C NAME x"]),
    ("list", &["list", "list --format json", "list -C NAME"]),
    ("doctor", &["doctor", "doctor -C NAME"]),
    ("schema", &["schema NAME"]),
    ("rules", &["rules NAME", "rules NAME --format json"]),
    ("man", &["man NAME"]),
    ("completion", &["completion NAME"]),
    ("lock", &["lock", "lock --check", "lock -C p/NAME"]),
    ("outdated", &["outdated", "outdated -C NAME"]),
    ("vendor", &["vendor", "vendor --check", "vendor -C NAME"]),
    (
        "argocd applications",
        &[
            "argocd applications NAME",
            "argocd applications p/NAME.yaml",
            "argocd applications --repository NAME p/NAME.yaml",
        ],
    ),
    ("argocd generate", &["argocd generate"]),
    ("argocd parameters", &["argocd parameters"]),
    ("argocd plugin-yaml", &["argocd plugin-yaml"]),
    ("fn", &["fn"]),
    (
        "yq",
        &[
            "yq NAME",
            "yq . NAME",
            "yq error(.a) p/NAME.yaml",
            "yq read NAME a",
        ],
    ),
];

/// The commands that help names, each with those below it.
fn commands(stage: &Stage, path: &[&str]) -> Vec<String> {
    let said = stage.kustom("", path.iter().copied().chain(["--help"]));
    let text = said.out;
    let Some((_, list)) = text.split_once("\nCommands:\n") else {
        return vec![path.join(" ")];
    };
    let lines = list.lines().take_while(|line| !line.trim().is_empty());
    // What a command does goes on below it, indented further.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .flat_map(|name| match path {
            ["edit", _] => vec![path.join(" ")],
            // Its own words are not ours to read.
            _ if name == "yq" => vec![name.to_owned()],
            _ => commands(stage, &[path, &[name]].concat()),
        })
        .collect()
}

#[test]
fn no_command_prints_a_name_raw() {
    let stage = Stage::new();
    stage.write(
        "p/kustom.yaml",
        "environments: environments\nsecretsBoilerplate: boilerplate\n",
    );
    stage.write(
        "p/boilerplate/NAME".replace("NAME", NAME).as_str(),
        "<fill in>\n",
    );
    let environment = format!("p/environments/{NAME}");
    stage.write(
        &format!("{environment}/kustomization.yaml"),
        &"resources: [HOSTILE]\nbases: [HOSTILE]\nvars: []\nsecretGenerator: [{name: a, files: [HOSTILE]}]\n"
            .replace("HOSTILE", HOSTILE),
    );
    stage.write(&format!("{environment}/configs/{NAME}"), "a: 1\n");
    stage.write("p/base/kustomization.yaml", "resources: []\n");
    stage.write(&format!("p/base/configs/current/{NAME}"), "a: 1\n");
    stage.write(
        &format!("p/{NAME}.yaml"),
        &format!("a: {HOSTILE}\nkind: {HOSTILE}\n"),
    );
    stage.write("p/x.yaml", "password: x\n");
    stage.commit("p");
    stage.write("p/base/kustomization.yaml", "resources: [x.yaml]\n");
    stage.git("p", "commit --quiet --all --message change");
    let mut wanted = commands(&stage, &[]);
    wanted.dedup();
    let rows: Vec<&str> = COMMANDS.iter().map(|row| row.0).collect();
    for command in &wanted {
        assert!(
            rows.contains(&command.as_str()),
            "no row for `{command}`: {wanted:?}"
        );
    }
    for row in &rows {
        assert!(
            wanted.iter().any(|command| command == row),
            "`{row}` is no command: {wanted:?}"
        );
    }
    for directory in ["p", ""] {
        for line in COMMANDS.iter().flat_map(|row| row.1) {
            let words = line.split(' ').map(|word| word.replace("NAME", NAME));
            let said = stage.kustom(directory, words);
            assert_ne!(said.code, 101, "{line}: {}", said.err);
            is_plain(&said, line);
        }
    }
}

/// Who writes to stderr writes past the door.
#[test]
fn only_the_door_writes_to_people() {
    // What asks on a terminal, and what counts on one.
    const ALLOWED: [&str; 4] = [
        "cli/output.rs",
        "cli/secrets/prompt.rs",
        "cli/progress.rs",
        "process.rs",
    ];
    let mut open = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let writes = [
            "io::stderr()",
            "eprint",
            "print!(",
            "println!(",
            "error.print()",
        ];
        let is_told = writes.iter().any(|word| code.contains(word));
        if is_told && name.ends_with(".rs") {
            seen += 1;
            assert!(
                ALLOWED.iter().any(|allowed| name.ends_with(allowed)),
                "{name} writes past the door"
            );
        }
    }
    assert!(seen >= 3, "{seen}");
}
