//! The command line of `build`, under both names of the program.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::{CommandOutput, Stage};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\n";

fn with_map() -> Stage {
    let stage = Stage::new();
    stage.write("app/kustomization.yaml", "resources: [map.yaml]\n");
    stage.write("app/map.yaml", MAP);
    stage
}

/// A stage with objects of several kinds and namespaces.
fn with_many() -> Stage {
    let stage = with_map();
    let objects = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: Web, namespace: prod}\n---\n\
                   apiVersion: v1\nkind: Namespace\nmetadata: {name: prod, namespace: odd}\n---\n\
                   apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'a:b'}\n";
    stage.write("app/many.yaml", objects);
    stage.write(
        "app/kustomization.yaml",
        "resources: [map.yaml, many.yaml]\n",
    );
    stage
}

/// Runs the program by the name `kustomize`.
fn kustomize(stage: &Stage, arguments: &str) -> CommandOutput {
    let link = stage.path("bin/kustomize");
    if !link.exists() {
        std::fs::create_dir_all(stage.path("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kustom"), &link).unwrap();
    }
    stage.run(&link, "app", arguments.split_whitespace())
}

#[test]
fn a_variable_says_which_kustomize_is_stood_in_for() {
    let stage = with_map();
    let kustomization = "resources: [map.yaml]\nbuildMetadata: [managedByLabel]\n";
    stage.write("app/kustomization.yaml", kustomization);
    kustomize(&stage, "version").printed();
    let run = |release: &str, command: &str| {
        let setting = format!("KUSTOM_KUSTOMIZE_RELEASE={release}");
        let program = stage.text("bin/kustomize");
        let words = [setting.as_str(), program.as_str()];
        let words = words.into_iter().chain(command.split(' '));
        stage.run(std::path::Path::new("/usr/bin/env"), "app", words)
    };
    for (release, flag, wanted) in [
        ("5.7.1", "", "v5.7.1"),
        ("", "", "v5.8.3"),
        ("v5.8", " --kustomize-release 5.4.2", "v5.4.2"),
    ] {
        let printed = run(release, &format!("build{flag} .")).printed();
        assert!(
            printed.contains(&format!("kustomize-{wanted}")),
            "{printed}"
        );
    }
    assert_eq!(run("5.7", "version").printed(), "v5.7.1\n");
    assert!(run("5.7", "version -o json").printed().contains("v5.7.1"));
    for command in ["build .", "version"] {
        let said = run("six", command).refused();
        assert!(said.contains("`KUSTOM_KUSTOMIZE_RELEASE`"), "{said}");
        assert!(said.contains("known releases are 5.4.2"), "{said}");
    }
}

#[test]
fn the_target_is_here_unless_it_is_named() {
    let stage = with_map();
    assert_eq!(stage.build("app", "").printed(), MAP);
    assert_eq!(stage.build(".", "app").printed(), MAP);
    assert_eq!(stage.build(".", &stage.text("app")).printed(), MAP);
    let said = stage.build(".", "app/map.yaml").refused();
    assert!(said.contains("is a file, not a directory"), "{said}");
    assert_eq!(stage.kustom("app", ["build", "a", "b"]).code, 1);
    stage.kustom("app", ["build", ""]).refused();
}

#[test]
fn output_goes_to_a_file() {
    let stage = with_map();
    assert_eq!(stage.build("app", "-o out.yaml").printed(), "");
    assert_eq!(stage.read("app/out.yaml"), MAP);
    stage.write("app/out.yaml", "old");
    assert_eq!(stage.build("app", "--output=out.yaml").printed(), "");
    assert_eq!(stage.read("app/out.yaml"), MAP);
    assert_eq!(stage.kustom("app", ["build", "-o", ""]).printed(), MAP);
    let said = stage.build("app", "-o missing/out.yaml").refused();
    assert!(said.contains("cannot write `missing/out.yaml`"), "{said}");
    assert_eq!(
        stage.list("app"),
        ["kustomization.yaml", "map.yaml", "out.yaml"]
    );
}

#[test]
fn a_failed_build_leaves_the_file_as_it_is() {
    let stage = with_map();
    stage.write("app/out.yaml", "old");
    stage.write("app/map.yaml", "kind: [\n");
    stage.build("app", "-o out.yaml").refused();
    assert_eq!(stage.read("app/out.yaml"), "old");
}

#[test]
fn output_goes_to_a_directory_with_a_file_for_each_object() {
    let stage = with_many();
    stage.write("out/stale.yaml", "");
    assert_eq!(stage.build("app", "-o ../out").printed(), "");
    let names = [
        "default_v1_configmap_map.yaml",
        "prod_apps_v1_deployment_web.yaml",
        "rbac.authorization.k8s.io_v1_clusterrole_a:b.yaml",
        "stale.yaml",
        "v1_namespace_prod.yaml",
    ];
    assert_eq!(stage.list("out"), names);
    assert_eq!(stage.read("out/default_v1_configmap_map.yaml"), MAP);
    let wanted =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: Web\n  namespace: prod\n";
    assert_eq!(stage.read("out/prod_apps_v1_deployment_web.yaml"), wanted);
}

#[test]
fn a_single_namespace_is_not_in_the_names() {
    let stage = with_many();
    stage.write(
        "app/kustomization.yaml",
        "namespace: prod\nresources: [map.yaml, many.yaml]\n",
    );
    std::fs::create_dir(stage.path("out")).unwrap();
    stage.build("app", "-o ../out").printed();
    assert_eq!(
        stage.list("out")[0..2],
        [
            "apps_v1_deployment_web.yaml",
            "rbac.authorization.k8s.io_v1_clusterrole_a:b.yaml"
        ]
    );
}

#[test]
fn all_files_are_written_or_none() {
    for (name, reason) in [
        ("MAP", "would both be `v1_configmap_map.yaml`"),
        ("a/b", "its name has a `/`"),
        ("dir", "there is a directory"),
    ] {
        let stage = with_map();
        stage.write("app/other.yaml", &MAP.replace("map", name));
        stage.write(
            "app/kustomization.yaml",
            "resources: [map.yaml, other.yaml]\n",
        );
        std::fs::create_dir_all(stage.path("out/v1_configmap_dir.yaml")).unwrap();
        let said = stage.build("app", "-o ../out").refused();
        assert!(said.contains(reason), "{said}");
        assert_eq!(stage.list("out"), ["v1_configmap_dir.yaml"]);
    }
}

#[test]
fn restrictions_are_those_of_kustomize() {
    let stage = with_map();
    stage.write("map.yaml", MAP);
    stage.write("app/kustomization.yaml", "resources: [../map.yaml]\n");
    let any = "--load-restrictor LoadRestrictionsNone";
    assert_eq!(stage.build("app", any).printed(), MAP);
    for flags in [
        "",
        "--load-restrictor=",
        "--load-restrictor LoadRestrictionsRootOnly",
    ] {
        let said = stage.build("app", flags).refused();
        assert!(said.contains("is outside of"), "{said}");
    }
    let said = stage.build("app", "--load-restrictor none");
    assert_eq!((said.code, said.out.as_str()), (1, ""));
}

#[test]
fn deprecated_flags_work_and_are_remarked_on() {
    let stage = with_many();
    let kinds = |said: &CommandOutput| {
        let lines = said
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("kind: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let said = stage.build("app", "--reorder none");
    assert_eq!(
        kinds(&said),
        ["ConfigMap", "Deployment", "Namespace", "ClusterRole"]
    );
    assert!(
        said.err
            .starts_with("warning[deprecated-field]: `--reorder` is deprecated\n"),
        "{}",
        said.err
    );
    let said = stage.build("app", "--reorder=legacy");
    assert_eq!(
        kinds(&said),
        ["Namespace", "ClusterRole", "ConfigMap", "Deployment"]
    );
    let text = "sortOptions: {order: fifo}\nresources: [map.yaml, many.yaml]\n";
    stage.write("app/kustomization.yaml", text);
    let said = stage.build("app", "--reorder legacy");
    assert_eq!(kinds(&said)[0], "ConfigMap");
    assert!(
        said.err.contains("`sortOptions` override `--reorder`"),
        "{}",
        said.err
    );
}

#[test]
fn objects_are_labelled_as_managed_when_a_flag_or_a_variable_says_so() {
    let mut stage = with_map();
    let labelled = MAP.replace(
        "  name",
        "  labels:\n    app.kubernetes.io/managed-by: kustomize-v5.8.3\n  name",
    );
    assert_eq!(stage.build("app", "--enable-managedby-label").out, labelled);
    assert_eq!(
        stage
            .build("app", "--enable-managedby-label=false")
            .printed(),
        MAP
    );
    stage.set("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL", "yes");
    assert_eq!(stage.build("app", "").printed(), MAP);
    stage.set("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL", "on");
    assert_eq!(stage.build("app", "").printed(), labelled);
}

#[test]
fn flags_stand_anywhere_and_may_be_taken_back() {
    let stage = with_map();
    let line = "--enable-helm app --enable-helm=false --network --network-name x -e A=1 -eB=2 \
                --env C --mount a --as-current-user=T --helm-command=";
    assert_eq!(stage.build(".", line).printed(), MAP);
    assert_eq!(stage.build(".", "app --enable-exec=maybe").code, 1);
}

#[test]
fn under_the_name_of_kustomize_it_is_kustomize() {
    let stage = with_map();
    assert_eq!(kustomize(&stage, "build").printed(), MAP);
    assert_eq!(kustomize(&stage, "build . --stack-trace").printed(), MAP);
    assert_eq!(kustomize(&stage, "--stack-trace build .").printed(), MAP);
    let said = kustomize(&stage, "build missing").refused();
    assert!(said.contains("missing"), "{said}");
}

#[test]
fn under_the_name_of_kustomize_it_has_kustomizes_version() {
    let stage = with_map();
    assert_eq!(kustomize(&stage, "version").printed(), "v5.8.3\n");
    assert_eq!(
        kustomize(&stage, "version --short").out,
        "{v5.8.3  unknown   }\n"
    );
    let json = kustomize(&stage, "version -o json").printed();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["version"], "v5.8.3");
    assert_eq!(json.as_object().unwrap().len(), 6);
    let yaml = kustomize(&stage, "version --output=yaml").printed();
    assert!(
        yaml.starts_with("version: v5.8.3\n") && yaml.contains("\ngoOs: "),
        "{yaml}"
    );
}

#[test]
fn under_the_name_of_kustomize_it_helps_and_refuses() {
    let stage = with_map();
    for arguments in [
        "",
        "--help",
        "help",
        "build --help",
        "help build",
        "version --help",
    ] {
        assert!(
            kustomize(&stage, arguments).printed().contains("Usage:"),
            "{arguments}"
        );
    }
    for arguments in [
        "nonsense",
        "build --bad",
        "build a b",
        "--version",
        "version -o xml",
    ] {
        kustomize(&stage, arguments).refused();
    }
}

#[test]
fn every_flag_of_kustomize_is_known() {
    let help = kustomize(&with_map(), "build --help").printed();
    for flag in [
        "as-current-user",
        "enable-alpha-plugins",
        "enable-exec",
        "enable-helm",
        "env",
        "helm-api-versions",
        "helm-command",
        "helm-debug",
        "helm-kube-version",
        "load-restrictor",
        "mount",
        "network",
        "output",
    ] {
        assert!(help.contains(&format!("--{flag}")), "{flag}");
    }
}

#[test]
fn under_the_name_of_kustomize_it_runs_functions() {
    let stage = with_map();
    stage.write(
        "app/objects/web.yaml",
        "kind: Service # s\nmetadata:\n  name: web\n",
    );
    stage.write_program(
        "app/rename",
        "#!/bin/sh\nexec sed \"s/name: web/name: $NAME/\"\n",
    );
    stage.write_program("app/fail", "#!/bin/sh\nexit 3\n");
    let line = |line: &str| kustomize(&stage, line);
    let call = "fn run objects --enable-exec --exec-path ./rename -e NAME=shop";
    let shown = line(&format!("{call} --dry-run -- Settings a=b")).printed();
    assert!(shown.contains("name: shop"), "{shown}");
    assert!(stage.read("app/objects/web.yaml").contains("name: web"));
    assert_eq!(line(call).printed(), "");
    let wanted = "kind: Service # s\nmetadata:\n  name: shop\n";
    assert_eq!(stage.read("app/objects/web.yaml"), wanted);
    for wrong in [
        "fn run objects --exec-path ./rename",
        "fn run objects --enable-exec --exec-path ./fail",
        "fn run objects --enable-exec --exec-path ./missing",
        "fn run objects --enable-exec --exec-path ./rename -- Settings nonsense",
        "fn run objects --image example.com/f:v1",
        "fn run missing",
    ] {
        line(wrong).refused();
    }
    assert_eq!(stage.read("app/objects/web.yaml"), wanted);
}

#[test]
fn under_the_name_of_kustomize_it_shows_configuration() {
    let stage = with_map();
    let line = |line: &str| kustomize(&stage, line);
    assert!(line("cfg count .").printed().starts_with("./\n"));
    let found = line("cfg grep kind=ConfigMap . --annotate=false").printed();
    assert!(found.contains("kind: ConfigMap"), "{found}");
    assert_eq!(line("cfg grep kind=Nothing .").printed(), "");
    assert!(line("cfg tree .").printed().contains("ConfigMap"));
    assert!(
        !line("cfg cat .")
            .printed()
            .contains("config.kubernetes.io/path")
    );
    assert_eq!(
        line("openapi info").printed(),
        "{title:Kubernetes,version:v1.21.2}\n"
    );
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = line(&format!("completion {shell}")).printed();
        assert!(script.contains("kustomize"), "{shell}");
    }
    for wrong in [
        "cfg cat missing",
        "cfg count a b",
        "cfg grep",
        "cfg grep a=b=c .",
        "completion tcsh",
        "version --short -o json",
    ] {
        line(wrong).refused();
    }
}
