//! The ready-made steps of pipelines, run as far as they can be here.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::fs;
use std::path::Path;

use stage::{CommandOutput, Stage};

/// The values of a key in a YAML file, in order; of a list its items.
fn values(file: &str, key: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut found = Vec::new();
    for document in kustom::yaml::read(&text, &kustom::yaml::Options::default()).unwrap() {
        gather(&document, key, &mut found);
    }
    assert!(!found.is_empty(), "{file} has no `{key}`");
    found
}

fn gather(node: &kustom::yaml::Node, key: &str, found: &mut Vec<String>) {
    for entry in node.entries() {
        if entry.is(key) {
            let items = std::iter::once(&entry.value).chain(entry.value.items());
            found.extend(items.filter_map(|value| value.text().map(str::to_owned)));
        }
        gather(&entry.value, key, found);
    }
    for item in node.items() {
        gather(item, key, found);
    }
}

/// A repository with two environments, of which a commit after `origin/main` changes one.
fn repository() -> Stage {
    let stage = Stage::new();
    stage.write("r/.gitignore", "secrets/\nconfigs/\n");
    stage.write(
        "r/kustom/base/kustomization.yaml",
        "resources: [map.yaml]\n",
    );
    stage.write(
        "r/kustom/base/map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}\n",
    );
    for name in ["production", "staging"] {
        stage.write(
            &format!("r/environments/{name}/kustomization.yaml"),
            "resources: [../../kustom/base]\n",
        );
    }
    stage.commit("r");
    stage.git("r", "update-ref refs/remotes/origin/main HEAD");
    stage.write(
        "r/environments/staging/kustomization.yaml",
        "resources: [../../kustom/base]\nnamePrefix: x-\n",
    );
    stage.git("r", "commit --quiet --all --message change");
    let mut stage = stage;
    let program = Path::new(env!("CARGO_BIN_EXE_kustom")).parent().unwrap();
    std::os::unix::fs::symlink(program, stage.path("bin")).unwrap();
    stage.put_programs_first("bin");
    stage
}

/// Runs a line of a script as runners do.
fn shell(stage: &Stage, directory: &str, line: &str) -> CommandOutput {
    stage.run(
        "bash".as_ref(),
        directory,
        ["-e", "-o", "pipefail", "-c", line],
    )
}

fn drawn_token() -> String {
    ["uyS1F1a10F1qm", "Qj8q17zZuMHnG5"].concat()
}

#[test]
fn the_steps_of_the_workflow_run() {
    let mut stage = repository();
    stage.set("BASE", "origin/main...");
    stage.set("ENVIRONMENT", "staging");
    stage.set("GITHUB_OUTPUT", stage.text("output"));
    stage.set("GITHUB_STEP_SUMMARY", stage.text("summary"));
    let mut count = 0;
    for line in values("docs/ci/github.yaml", "run") {
        if line.starts_with("cargo install") {
            continue;
        }
        let said = shell(&stage, "r", &line);
        assert_eq!(said.code, 0, "{line}: {}{}", said.out, said.err);
        count += 1;
    }
    assert_eq!(count, 7);
    let told = "### staging&#64;origin/main... → staging";
    assert!(stage.read("r/diff.md").contains(told));
    assert_eq!(stage.read("r/diff.md"), stage.read("summary"));
    assert_eq!(stage.read("output"), "environments=[\"staging\"]\n");
    assert!(
        stage
            .read("r/kustom.sarif")
            .contains("\"version\": \"2.1.0\"")
    );
    assert!(
        stage
            .read("r/rendered/staging.yaml")
            .contains("name: x-map")
    );
}

#[test]
fn the_steps_of_the_workflow_fail_where_they_should() {
    let stage = repository();
    stage.write(
        "r/environments/staging/kustomization.yaml",
        &format!(
            "resources: [../../kustom/base]\nimages: [{{name: nobody, newTag: '1'}}]\n\
             secretGenerator: [{{name: a, literals: [a={}]}}]\n",
            drawn_token()
        ),
    );
    stage.git("r", "commit --quiet --all --message broken");
    let lines = values("docs/ci/github.yaml", "run");
    let failing: Vec<&str> = lines
        .iter()
        .filter(|line| line.starts_with("kustom secrets") || line.starts_with("kustom check"))
        .filter(|line| shell(&stage, "r", line).code != 0)
        .map(String::as_str)
        .collect();
    assert_eq!(
        failing,
        [
            "kustom secrets check --history",
            "kustom check --format github"
        ]
    );
}

#[test]
fn the_jobs_for_gitlab_run() {
    let mut stage = repository();
    stage.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
    stage.set("CI_JOB_URL", "https://ci.example.com/shop/-/jobs/1");
    for line in values("docs/ci/gitlab.yaml", "script") {
        if line.starts_with("git fetch") {
            continue;
        }
        let said = shell(&stage, "r", &line);
        assert_eq!(said.code, 0, "{line}: {}{}", said.out, said.err);
    }
    assert_eq!(stage.read("r/code-quality.json"), "[]\n");
    assert!(
        stage
            .read("r/diff.md")
            .contains("1 environment is affected")
    );
    assert!(
        stage
            .read("r/kustom.xml")
            .contains("<testsuite name=\"staging\"")
    );
}

/// Runs the steps of the action, all but the installation; `gh` answers with a comment that is there.
fn act(stage: &mut Stage, comment: &str) -> Vec<(String, CommandOutput)> {
    let gh = format!(
        "#!/bin/sh\necho \"$@\" >> \"$GH_LOG\"\ncase \"$*\" in *--paginate*) printf '{comment}' ;; esac\n"
    );
    stage.write_program("tools/gh", &gh);
    for (name, value) in [
        ("ENVIRONMENTS", ""),
        ("SECRETS", "placeholder"),
        ("AGAINST", "origin/main..."),
        ("AFFECTED", "[\"staging\"]"),
        ("OUTPUT", "rendered"),
        ("GITHUB_REPOSITORY", "shop/deploy"),
        ("COMMENTS", "repos/shop/deploy/issues/7/comments"),
    ] {
        stage.set(name, value);
    }
    for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GH_LOG", "TOOLS"] {
        let place = stage.text(&name.to_lowercase());
        stage.set(name, place);
    }
    let temporary = stage.text("tmp");
    stage.set("RUNNER_TEMP", temporary);
    let lines = values("action.yml", "run").into_iter();
    let lines = lines.filter(|line| !line.contains("dist/install"));
    lines
        .map(|line| {
            let said = shell(stage, "r", &format!("PATH=$TOOLS:$PATH\n{line}"));
            (line, said)
        })
        .collect()
}

#[test]
fn the_action_checks_renders_and_replaces_its_comment() {
    for (comment, wanted) in [
        ("", "api --method POST repos/shop/deploy/issues/7/comments"),
        (
            "41\\n",
            "api --method PATCH repos/shop/deploy/issues/comments/41",
        ),
    ] {
        let mut stage = repository();
        let steps = act(&mut stage, comment);
        assert_eq!(steps.len(), 5);
        for (line, said) in steps {
            assert_eq!(said.code, 0, "{line}: {}{}", said.out, said.err);
        }
        assert_eq!(stage.list("r/rendered"), ["staging.yaml"]);
        assert_eq!(stage.read("github_output"), "environments=[\"staging\"]\n");
        let told = "### staging&#64;origin/main... → staging";
        assert!(stage.read("github_step_summary").contains(told));
        assert!(
            stage.read("gh_log").contains(wanted),
            "{}",
            stage.read("gh_log")
        );
    }
}

#[test]
fn the_action_fails_where_an_environment_does_not_render() {
    let mut stage = repository();
    stage.write(
        "r/environments/staging/kustomization.yaml",
        "resources: [../../kustom/base]\nreplicas: [{name: nobody, count: 1}]\n",
    );
    stage.git("r", "commit --quiet --all --message broken");
    let steps = act(&mut stage, "");
    let (line, said) = &steps[0];
    assert!(line.contains("kustom check"));
    assert_eq!(said.code, 1);
    assert!(
        said.out
            .contains("::error file=environments/staging/kustomization.yaml"),
        "{}",
        said.out
    );
}

#[test]
fn the_component_for_gitlab_checks_compares_and_renders() {
    let mut stage = repository();
    stage.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
    stage.set("CI_JOB_URL", "https://ci.example.com/shop/-/jobs/1");
    let inputs = [
        ("secrets", "placeholder"),
        ("output", "rendered"),
        ("directory", "."),
    ];
    for line in values("templates/kustom.yml", "script") {
        if line.starts_with("git fetch") {
            continue;
        }
        let line = inputs.iter().fold(line, |line, (name, value)| {
            line.replace(&format!("$[[ inputs.{name} ]]"), value)
        });
        assert!(!line.contains("$[["), "{line}");
        let said = shell(&stage, "r", &line);
        assert_eq!(said.code, 0, "{line}: {}{}", said.out, said.err);
    }
    assert_eq!(stage.list("r/rendered"), ["staging.yaml"]);
    assert_eq!(stage.read("r/code-quality.json"), "[]\n");
    assert!(
        stage
            .read("r/diff.md")
            .contains("1 environment is affected")
    );
}

#[test]
fn the_plugin_of_argo_cd_renders_the_environment_it_stands_in() {
    let stage = repository();
    let command = values("docs/ci/argocd-cmp.yaml", "command");
    assert_eq!(command[..2], ["sh", "-c"]);
    let said = stage.run("sh".as_ref(), "r/environments/staging", &command[1..]);
    assert!(said.printed().contains("name: x-map"));
}

#[test]
fn the_hooks_stop_a_commit_with_a_secret_and_one_that_does_not_render() {
    let stage = repository();
    let entries = values(".pre-commit-hooks.yaml", "entry");
    assert_eq!(entries.len(), 6);
    let hook = format!("#!/bin/sh\nset -e\n{}\n", entries.join("\n"));
    stage.write_program("r/.git/hooks/pre-commit", &hook);
    let commit = |stage: &Stage| {
        stage.git("r", "add --all");
        stage.run(
            "git".as_ref(),
            "r",
            ["commit", "--quiet", "--message", "change"],
        )
    };
    stage.write("r/a.env", &format!("API_TOKEN={}\n", drawn_token()));
    let said = commit(&stage);
    assert_eq!(said.code, 1);
    let told = format!("{}{}", said.out, said.err);
    assert!(
        told.contains("a.env:1:11") && !told.contains(&drawn_token()),
        "{told}"
    );
    stage.write("r/a.env", "API_TOKEN=\n");
    stage.write(
        "r/environments/staging/kustomization.yaml",
        "resorces: []\n",
    );
    assert_eq!(commit(&stage).code, 1);
    stage.git("r", "checkout --quiet HEAD environments");
    let said = commit(&stage);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}
