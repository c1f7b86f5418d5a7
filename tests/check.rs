//! `kustom check`, `affected` and `deps` on projects that the tests make.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use serde_json::Value;
use stage::{CommandOutput, Stage};

/// A project in a repository: a base with a config, and two environments.
fn project() -> Stage {
    let stage = Stage::new();
    stage.write(
        "r/.gitignore",
        "secrets/\nconfigs/\n!kustom/base/configs/\n",
    );
    stage.write("r/README.md", "nothing to see\n");
    stage.write(
        "r/kustom/base/kustomization.yaml",
        "resources: [web.yaml]\n",
    );
    stage.write(
        "r/kustom/base/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      \
         containers:\n      - {name: web, image: web:1}\n",
    );
    stage.write("r/kustom/base/configs/2026/app/app.yaml", "level: info\n");
    for name in ["production", "staging"] {
        let directory = format!("r/environments/{name}");
        stage.write(
            &format!("{directory}/kustomization.yaml"),
            "resources: [../../kustom/base]\nnamePrefix: x-\nconfigMapGenerator:\n- name: app\n  \
             files: [configs/app/app.yaml]\n",
        );
        stage.write(
            &format!("{directory}/yq_scripts/app/app.yaml"),
            &format!("- command: update\n  path: level\n  value: {name}\n"),
        );
    }
    std::os::unix::fs::symlink("2026", stage.path("r/kustom/base/configs/current")).unwrap();
    stage.commit("r");
    stage
}

fn run(stage: &Stage, directory: &str, command: &str) -> CommandOutput {
    stage.kustom(directory, command.split_whitespace())
}

/// What `check` finds: rule, severity and place, one a line.
fn found(stage: &Stage, arguments: &str) -> Vec<String> {
    let said = run(stage, "r", &format!("check --format json {arguments}"));
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.err));
    let failed = report["summary"]["failed"].as_bool().unwrap();
    assert_eq!(said.code, i32::from(failed));
    let text = |finding: &Value| {
        let field = |name: &str| finding[name].to_string().replace('"', "");
        let suites: Vec<&str> = finding["suites"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s.as_str().unwrap())
            .collect();
        format!(
            "{} {} {}:{} {}",
            field("severity"),
            field("rule"),
            field("file"),
            field("line"),
            suites.join(",")
        )
    };
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect()
}

fn append(stage: &Stage, name: &str, text: &str) {
    let content = stage.read(name);
    stage.write(name, &format!("{content}{text}"));
}

#[test]
fn a_project_in_order_passes() {
    let stage = project();
    let said = run(&stage, "r", "check");
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (
            0,
            "",
            "nothing found\nobjects were not checked by schema: set `kubernetesVersions` in \
             `kustom.yaml`\n"
        )
    );
}

#[test]
fn what_matches_nothing_fails_the_environments_it_is_in() {
    let stage = project();
    append(
        &stage,
        "r/environments/staging/kustomization.yaml",
        "images: [{name: wep, newTag: '2'}]\npatches:\n- target: {kind: Deployment, name: wep}\n  \
         patch: '[{\"op\": \"remove\", \"path\": \"/spec/replicas\"}]'\n",
    );
    append(
        &stage,
        "r/kustom/base/kustomization.yaml",
        "commonLabels: {a: b}\n",
    );
    assert_eq!(
        found(&stage, ""),
        [
            "warning deprecated-field kustom/base/kustomization.yaml:2 production,staging",
            "warning unmatched-patch environments/staging/kustomization.yaml:8 staging",
            "warning unmatched-image environments/staging/kustomization.yaml:6 staging",
        ]
    );
    assert_eq!(found(&stage, "production").len(), 1);
    assert_eq!(run(&stage, "r", "check --fail-on error").code, 0);
}

#[test]
fn operators_in_transformers_and_replacements_are_told_too() {
    let stage = project();
    append(
        &stage,
        "r/environments/staging/kustomization.yaml",
        "replacements:\n- sourceValue: x\n  targets:\n  - select: {kind: Deployment}\n    \
         fieldPaths: [spec.template.spec.containers.0.image]\n  - select: {kind: StatefulSet}\n    \
         fieldPaths: [spec.replicas]\ntransformers: [image.yaml, replace.yaml]\n",
    );
    stage.write(
        "r/environments/staging/image.yaml",
        "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: a}\nimageTag: {name: wep, newTag: '2'}\n",
    );
    stage.write(
        "r/environments/staging/replace.yaml",
        "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {name: a}\nreplacements:\n- sourceValue: x\n  \
         targets:\n  - select: {kind: Deployment, name: wep}\n    fieldPaths: [spec.x]\n",
    );
    assert_eq!(
        found(&stage, "staging"),
        [
            "warning unmatched-replacement environments/staging/kustomization.yaml:11 staging",
            "warning unmatched-image environments/staging/image.yaml:4 staging",
            "warning unmatched-replacement environments/staging/replace.yaml:7 staging",
        ]
    );
    // Kustomize keeps silent, and so does `build`.
    assert_eq!(run(&stage, "r", "build kustom/base").err, "");
}

#[test]
fn annotations_name_files_from_the_root_of_the_repository() {
    let stage = project();
    stage.write(
        "r/kustom/base/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {debug: on}\n",
    );
    for command in ["validate", "lint"] {
        let said = run(
            &stage,
            "r/kustom",
            &format!("{command} --format github base/map.yaml"),
        );
        for line in said.out.lines().filter(|line| line.starts_with("::")) {
            assert!(line.contains(" file=kustom/base/map.yaml,"), "{line}");
        }
        assert_eq!(said.out.contains("::error"), command == "validate");
    }
}

#[test]
fn rendered_files_that_are_kept_must_be_up_to_date() {
    let stage = project();
    stage.write("r/kustom.yaml", "rendered: rendered\n");
    assert_eq!(run(&stage, "r", "render --all -o rendered").code, 0);
    assert_eq!(found(&stage, ""), [""; 0]);
    append(&stage, "r/kustom/base/web.yaml", "  replicas: 2\n");
    std::fs::remove_file(stage.path("r/rendered/staging.yaml")).unwrap();
    assert_eq!(
        found(&stage, ""),
        [
            "warning stale-render rendered/production.yaml:null production",
            "warning stale-render rendered/staging.yaml:null staging",
        ]
    );
}

#[test]
fn an_environment_that_does_not_render_stops_no_other() {
    let stage = project();
    append(
        &stage,
        "r/environments/staging/kustomization.yaml",
        "resorces: []\n",
    );
    append(
        &stage,
        "r/environments/production/yq_scripts/app/app.yaml",
        "- command: delete\n  path: gone\n",
    );
    assert_eq!(
        found(&stage, ""),
        [
            "warning script-unmatched environments/production/yq_scripts/app/app.yaml:5 production",
            "error render environments/staging/kustomization.yaml:6 staging",
        ]
    );
    let junit = run(&stage, "r", "check --format junit").out;
    for part in [
        "<testsuites name=\"kustom\" tests=\"18\" failures=\"2\" errors=\"0\">",
        "<testsuite name=\"production\" tests=\"8\" failures=\"1\" errors=\"0\" skipped=\"2\">",
        "<testcase name=\"configs\" classname=\"kustom.staging\">\n      <skipped message=\"the environment does not render\"/>",
    ] {
        assert!(junit.contains(part), "{part}\n--\n{junit}");
    }
}

#[test]
fn secrets_that_nobody_filled_in_do_not_matter_unless_they_must() {
    let stage = project();
    let kustomization = "secretGenerator:\n- name: token\n  files: [secrets/token/token]\n";
    append(
        &stage,
        "r/environments/production/kustomization.yaml",
        kustomization,
    );
    stage.write("r/secrets-boilerplate/token/token", "CHANGE_ME\n");
    assert_eq!(found(&stage, ""), [""; 0]);
    let required = found(&stage, "--secrets required");
    assert_eq!(required.len(), 1);
    assert!(required[0].starts_with("error render"), "{required:?}");
}

#[test]
fn configs_on_disk_that_have_drifted_are_told() {
    let stage = project();
    assert_eq!(run(&stage, "r", "config production --write").code, 0);
    assert_eq!(found(&stage, ""), [""; 0]);
    stage.write(
        "r/environments/production/configs/app/app.yaml",
        "level: by hand\n",
    );
    assert_eq!(
        found(&stage, ""),
        ["warning stale-config environments/production/configs/app/app.yaml:null production"]
    );
}

#[test]
fn what_is_legal_and_seldom_meant_is_told() {
    let stage = project();
    append(
        &stage,
        "r/environments/production/kustomization.yaml",
        "resources: [../../kustom/base, crd.yaml]\npatches:\n- path: patch.yaml\n  target: {kind: Deployment}\n",
    );
    stage.write(
        "r/environments/production/crd.yaml",
        "apiVersion: example.com/v1\nkind: App\nmetadata: {name: app}\nspec:\n  configMapName: x-app\n  name: x-app\n",
    );
    stage.write(
        "r/environments/production/patch.yaml",
        "- {op: test, path: /spec/template/spec/containers/0/name, value: web}\n\
         - {op: replace, path: /spec/template/spec/containers/0/image, value: web:2}\n\
         - {op: add, path: /spec/template/spec/volumes, value: []}\n\
         - {op: add, path: /spec/template/spec/volumes/0, value: {name: x}}\n",
    );
    assert_eq!(
        found(&stage, ""),
        [
            "warning dangling-reference environments/production/crd.yaml:5 production",
            "warning duplicate-key environments/production/kustomization.yaml:6 production",
            "note index-path environments/production/patch.yaml:4 production",
        ]
    );
}

#[test]
fn a_secret_in_what_git_tracks_fails_the_check() {
    let stage = project();
    let token: String = ["uyS1F1a10F1qm", "Qj8q17zZuMHnG5"].concat();
    append(
        &stage,
        "r/kustom/base/web.yaml",
        &format!("# password: {token}\n"),
    );
    let said = run(&stage, "r", "check");
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("kustom/base/web.yaml:9:13\n"),
        "{}",
        said.out
    );
    assert!(!said.out.contains(&token));
    assert!(!said.out.contains("  in: "), "{}", said.out);
}

#[test]
fn places_are_named_from_where_the_user_is_and_for_services_from_the_root() {
    let stage = project();
    append(
        &stage,
        "r/kustom/base/kustomization.yaml",
        "commonLabels: {a: b}\n",
    );
    let said = run(&stage, "r/environments", "check");
    assert!(
        said.out
            .contains("--> ../kustom/base/kustomization.yaml:2:1\n"),
        "{}",
        said.out
    );
    let said = run(&stage, "r/environments", "check --format github");
    assert!(
        said.out
            .contains("::warning file=kustom/base/kustomization.yaml,line=2,"),
        "{}",
        said.out
    );
}

#[test]
fn an_environment_is_affected_by_what_it_reads_and_by_nothing_else() {
    let affected = |stage: &Stage| run(stage, "r", "affected --base HEAD").printed();
    let stage = project();
    assert_eq!(affected(&stage), "");
    for (name, content, wanted) in [
        ("README.md", "changed\n", ""),
        ("environments/staging/notes.txt", "new\n", ""),
        ("environments/staging/secrets/x/y", "ignored\n", ""),
        ("kustom/base/unused.yaml", "new\n", ""),
        (
            "environments/staging/yq_scripts/app/app.yaml",
            "[]\n",
            "staging\n",
        ),
        (
            "environments/staging/environment.yaml",
            "strict: true\n",
            "staging\n",
        ),
        (
            "environments/staging/yq_scripts/new.yaml",
            "[]\n",
            "staging\n",
        ),
        (
            "kustom/base/web.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: a}}\n",
            "production\nstaging\n",
        ),
        (
            "kustom/base/configs/2026/new/new.yaml",
            "a: b\n",
            "production\nstaging\n",
        ),
        ("kustom.yaml", "{}\n", "production\nstaging\n"),
    ] {
        stage.write(&format!("r/{name}"), content);
        assert_eq!(affected(&stage), wanted, "{name}");
        stage.git("r", "stash --quiet --include-untracked");
    }
    stage.write(
        "r/kustom/base/configs/2027/app/app.yaml",
        "level: info\nb: c\n",
    );
    std::fs::remove_file(stage.path("r/kustom/base/configs/current")).unwrap();
    std::os::unix::fs::symlink("2027", stage.path("r/kustom/base/configs/current")).unwrap();
    assert_eq!(affected(&stage), "production\nstaging\n");
    stage.git("r", "stash --quiet --include-untracked");
    std::fs::remove_file(stage.path("r/environments/staging/yq_scripts/app/app.yaml")).unwrap();
    assert_eq!(affected(&stage), "staging\n");
    let said = run(&stage, "r", "affected --base HEAD --format json");
    assert_eq!(said.printed(), "[\"staging\"]\n");
}

#[test]
fn a_check_against_a_revision_leaves_out_what_cannot_be_affected() {
    let stage = project();
    for name in ["production", "staging"] {
        let file = format!("r/environments/{name}/kustomization.yaml");
        append(&stage, &file, "images: [{name: wep, newTag: '2'}]\n");
    }
    stage.git("r", "commit --quiet --all --message broken");
    append(
        &stage,
        "r/environments/staging/kustomization.yaml",
        "# changed\n",
    );
    assert_eq!(found(&stage, "").len(), 2);
    assert_eq!(
        found(&stage, "--against HEAD"),
        ["warning unmatched-image environments/staging/kustomization.yaml:6 staging"]
    );
    let said = run(&stage, "r", "check --against no-such");
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("there is no revision `no-such`"),
        "{}",
        said.err
    );
}

#[test]
fn a_check_against_a_revision_tells_what_the_change_does() {
    let stage = project();
    stage.write("r/secrets-boilerplate/token/token", "CHANGE_ME\n");
    append(
        &stage,
        "r/environments/staging/kustomization.yaml",
        "secretGenerator:\n- {name: token, files: [secrets/token/token]}\n",
    );
    stage.git("r", "add --all");
    stage.git("r", "commit --quiet --message secret");
    let changes = |stage: &Stage| {
        let said = run(stage, "r", "check --against HEAD");
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said.out
    };
    // What somebody has filled in is no change.
    stage.write(
        "r/environments/staging/secrets/token/token",
        "filled in here\n",
    );
    append(
        &stage,
        "r/environments/staging/kustomization.yaml",
        "# a word\n",
    );
    assert_eq!(changes(&stage), "staging: renders as before\n");

    append(
        &stage,
        "r/kustom/base/kustomization.yaml",
        "configMapGenerator: [{name: new, literals: [a=b]}]\n",
    );
    stage.write(
        "r/kustom/base/configs/2026/app/app.yaml",
        "level: info\nmore: true\n",
    );
    stage.git("r", "mv environments/production environments/live");
    assert_eq!(
        changes(&stage),
        "live: is new\n\
         staging: 1 added, 1 changed\n  added: ConfigMap x-new\n  changed: ConfigMap x-app\n\
         production: is gone\n"
    );
    let json = run(&stage, "r", "check --against HEAD --format json").out;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["changes"][1]["added"][0], "ConfigMap x-new");
}

#[test]
fn the_files_of_an_environment_are_listed() {
    let stage = project();
    let said = run(&stage, "r", "deps staging").printed();
    assert_eq!(
        said,
        "environments/staging/kustomization.yaml\nenvironments/staging/yq_scripts/app/app.yaml\n\
         kustom/base/configs/2026/app/app.yaml\nkustom/base/kustomization.yaml\nkustom/base/web.yaml\n"
    );
    let make = run(&stage, "r", "deps staging --format make").printed();
    assert!(make.starts_with("staging.yaml: \\\n  environments/staging/kustomization.yaml \\\n"));
    let json: Value =
        serde_json::from_str(&run(&stage, "r", "deps staging --format json").printed()).unwrap();
    assert_eq!(json[0]["environment"], "staging");
    let missing = json[0]["missing"].to_string();
    assert!(
        missing.contains("environments/staging/environment.yaml"),
        "{missing}"
    );
}

#[test]
fn an_unknown_environment_is_an_error_with_the_nearest_one() {
    let stage = project();
    for command in [
        "check prodution",
        "deps prodution",
        "affected --base HEAD prodution",
    ] {
        let said = run(&stage, "r", command);
        assert_eq!(said.code, 2, "{command}");
        assert!(
            said.err.contains("did you mean `production`?"),
            "{}",
            said.err
        );
    }
}
