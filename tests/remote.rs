//! Bases in repositories and files over HTTP, all of them on this machine.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::time::{Duration, Instant};

use stage::server::Server;
use stage::{Stage, has};

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
}

/// A stage with a repository of a few kustomizations, tagged `v1`.
fn with_repository() -> Option<Stage> {
    if !has("git") {
        return None;
    }
    let stage = Stage::new();
    stage.write("repo/root.yaml", &config_map("root"));
    stage.write("repo/kustomization.yaml", "resources: [root.yaml]\n");
    stage.write("repo/deploy/base/map.yaml", &config_map("base"));
    stage.write(
        "repo/deploy/base/kustomization.yaml",
        "resources: [map.yaml]\n",
    );
    stage.write(
        "repo/deploy/top/kustomization.yaml",
        "namePrefix: top-\nresources: [../base]\n",
    );
    stage.commit("repo");
    stage.git("repo", "tag v1");
    stage.write("repo/root.yaml", &config_map("later"));
    stage.commit("repo");
    Some(stage)
}

/// Writes a kustomization with resources that stand on one line, and builds it.
fn build(stage: &Stage, resources: &str) -> stage::CommandOutput {
    let list = resources.replace("REPO", &format!("file://{}", stage.text("repo")));
    let lines: String = list.split(", ").map(|name| format!("- {name}\n")).collect();
    stage.write("app/kustomization.yaml", &format!("resources:\n{lines}"));
    stage.build("app", "")
}

#[test]
fn a_base_in_a_repository_is_built() {
    let Some(stage) = with_repository() else {
        return;
    };
    assert_eq!(
        build(&stage, "REPO//deploy/top").printed(),
        config_map("top-base")
    );
    assert_eq!(build(&stage, "REPO").printed(), config_map("later"));
    assert_eq!(build(&stage, "REPO?ref=v1").printed(), config_map("root"));
    assert_eq!(
        build(&stage, "REPO/?version=v1&timeout=1m").printed(),
        config_map("root")
    );
    assert_eq!(stage.list("tmp"), [""; 0], "clones are taken away");
}

#[test]
fn the_target_may_be_a_url() {
    let Some(stage) = with_repository() else {
        return;
    };
    let url = format!("file://{}//deploy/top?ref=v1", stage.text("repo"));
    assert_eq!(stage.build(".", &url).printed(), config_map("top-base"));
}

#[test]
fn a_component_may_be_in_a_repository() {
    let Some(stage) = with_repository() else {
        return;
    };
    let component =
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -x\n";
    stage.write("repo/component/kustomization.yaml", component);
    stage.commit("repo");
    let repo = stage.text("repo");
    let text = format!("resources: ['file://{repo}']\ncomponents: ['file://{repo}//component']\n");
    stage.write("app/kustomization.yaml", &text);
    assert_eq!(stage.build("app", "").printed(), config_map("later-x"));
}

#[test]
fn git_is_asked_once_for_each_revision() {
    let Some(mut stage) = with_repository() else {
        return;
    };
    let git = stage
        .run("sh".as_ref(), ".", ["-c", "command -v git"])
        .printed();
    let script = format!(
        "#!/bin/sh\n(while [ \"$1\" = -c ]; do shift 2; done; echo \"$@\") >> {}\nexec {} \"$@\"\n",
        stage.text("asked"),
        git.trim()
    );
    stage.write_program("bin/git", &script);
    stage.put_programs_first("bin");
    let list = "REPO//deploy/base, REPO//deploy/top, REPO, REPO?ref=v1";
    build(&stage, list).printed();
    let url = format!("file://{}", stage.text("repo"));
    let steps = |reference: &str| {
        format!(
            "init\nremote add origin {url}\nfetch --depth=1 {url} {reference}\n\
             checkout FETCH_HEAD\nsubmodule update --init --recursive\n"
        )
    };
    assert_eq!(stage.read("asked"), steps("HEAD") + &steps("v1"));
}

#[test]
fn git_is_not_asked_for_what_is_here() {
    let mut stage = Stage::new();
    stage.write_program("bin/git", "#!/bin/sh\necho no >&2\nexit 1\n");
    stage.put_programs_first("bin");
    stage.write("app/base/kustomization.yaml", "resources: [map.yaml]\n");
    stage.write("app/base/map.yaml", &config_map("here"));
    assert_eq!(build(&stage, "base").printed(), config_map("here"));
}

#[test]
fn git_does_not_work_in_the_repository_that_it_was_called_from() {
    let Some(mut stage) = with_repository() else {
        return;
    };
    stage.write("app/file", "");
    stage.commit("app");
    stage.set("GIT_DIR", stage.text("app/.git"));
    assert_eq!(
        build(&stage, "REPO//deploy/base").printed(),
        config_map("base")
    );
}

#[test]
fn submodules_come_along_unless_they_are_not_wanted() {
    let Some(stage) = with_repository() else {
        return;
    };
    stage.write("other/map.yaml", &config_map("sub"));
    stage.write("other/kustomization.yaml", "resources: [map.yaml]\n");
    stage.commit("other");
    let url = format!("file://{}", stage.text("other"));
    stage.git("repo", &format!("submodule --quiet add {url} sub"));
    stage.commit("repo");
    assert_eq!(build(&stage, "REPO//sub").printed(), config_map("sub"));
    let said = build(&stage, "REPO//sub?submodules=false").refused();
    assert!(said.contains("there is no kustomization in"), "{said}");
}

#[test]
fn origins_name_the_repository() {
    let Some(stage) = with_repository() else {
        return;
    };
    let repo = stage.text("repo");
    let text = format!(
        "buildMetadata: [originAnnotations]\n\
         resources: ['file://{repo}//deploy/top?ref=v1', 'file://{repo}?ref=v1']\n"
    );
    stage.write("app/kustomization.yaml", &text);
    let origin = |path: &str, name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    \
             config.kubernetes.io/origin: |\n      path: {path}\n      repo: file://{repo}\n      \
             ref: v1\n  name: {name}\n"
        )
    };
    // What is in the root of a repository has a path that kustomize made up.
    let wanted = origin("notCloned/root.yaml", "root") + "---\n";
    assert_eq!(
        stage.build("app", "").printed(),
        wanted + &origin("deploy/base/map.yaml", "top-base")
    );
}

#[test]
fn a_revision_that_is_not_there_is_named() {
    let Some(stage) = with_repository() else {
        return;
    };
    let said = build(&stage, "REPO//deploy/base?ref=v9").refused();
    let repo = stage.text("repo");
    let wanted = format!(
        "error: `git fetch` of `file://{repo}` at `v9` failed: couldn't find remote ref v9\n  \
         --> kustomization.yaml:2:3\n"
    );
    assert!(said.starts_with(&wanted), "{said}");
}

#[test]
fn a_revision_is_no_option() {
    let Some(stage) = with_repository() else {
        return;
    };
    let trap = stage.text("trap");
    let said = build(&stage, &format!("REPO?ref=--upload-pack=touch%20{trap}")).refused();
    assert!(said.contains("is no branch, tag or commit"), "{said}");
    assert!(!stage.path("trap").exists());
}

#[test]
fn a_path_that_is_not_in_the_repository_is_named() {
    let Some(stage) = with_repository() else {
        return;
    };
    let said = build(&stage, "REPO//deploy/missing").refused();
    assert!(
        said.contains("//deploy/missing` is not in its repository"),
        "{said}"
    );
    let said = build(&stage, "REPO//root.yaml").refused();
    assert!(
        said.contains("//root.yaml` is a file, not a directory"),
        "{said}"
    );
}

#[test]
fn a_clone_reads_nothing_outside_of_itself() {
    let Some(stage) = with_repository() else {
        return;
    };
    stage.write("secret.yaml", &config_map("secret"));
    let up = "../".repeat(20);
    let secret = stage.text("secret.yaml");
    stage.write("app/kustomization.yaml", "namePrefix: x-\n");
    for (resource, reason) in [
        (format!("{up}{}", &secret[1..]), "is outside of"),
        (secret.clone(), "is outside of"),
        (
            format!("{up}{}", &stage.text("app")[1..]),
            "leads out of its repository",
        ),
        ("link.yaml".to_owned(), "is outside of"),
    ] {
        stage.write(
            "repo/bad/kustomization.yaml",
            &format!("resources: ['{resource}']\n"),
        );
        let link = stage.path("repo/bad/link.yaml");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&secret, link).unwrap();
        stage.commit("repo");
        let url = format!("file://{}//bad", stage.text("repo"));
        let said = stage.build(
            ".",
            &format!("--load-restrictor LoadRestrictionsNone {url}"),
        );
        let said = said.refused();
        assert!(said.contains(reason), "{resource}: {said}");
    }
    std::os::unix::fs::symlink(stage.path("app"), stage.path("repo/away")).unwrap();
    stage.commit("repo");
    let said = build(&stage, "REPO//away").refused();
    assert!(said.contains("leads out of its repository"), "{said}");
}

#[test]
fn a_circle_through_a_url_is_found() {
    let Some(stage) = with_repository() else {
        return;
    };
    let repo = stage.text("repo");
    stage.write(
        "repo/a/kustomization.yaml",
        &format!("resources: ['file://{repo}//b']\n"),
    );
    stage.write(
        "repo/b/kustomization.yaml",
        &format!("resources: ['file://{repo}//a']\n"),
    );
    stage.commit("repo");
    let said = build(&stage, "REPO//a").refused();
    assert!(
        said.contains(&format!(
            "`file://{repo}//a` leads back to `file://{repo}//a`"
        )),
        "{said}"
    );
    assert!(said.contains("is built from here"), "{said}");
}

#[test]
fn a_place_in_a_clone_is_shown_by_its_url() {
    let Some(stage) = with_repository() else {
        return;
    };
    stage.write("repo/bad/kustomization.yaml", "resorces: []\n");
    stage.commit("repo");
    let said = build(&stage, "REPO//bad").refused();
    let place = format!(
        "--> file://{}//bad/kustomization.yaml:1:1",
        stage.text("repo")
    );
    assert!(said.contains(&place), "{said}");
}

#[test]
fn a_repository_may_be_served_over_http() {
    let Some(stage) = with_repository() else {
        return;
    };
    let server = Server::start(stage.path("."));
    let url = server.url("git/repo/.git//deploy/top?ref=v1");
    assert_eq!(build(&stage, &url).printed(), config_map("top-base"));
    let missing = server.url("git/none.git//deploy");
    let said = build(&stage, &missing).refused();
    assert!(said.contains("`git fetch` of"), "{said}");
    assert!(said.contains("read as a file: "), "{said}");
}

#[test]
fn a_file_may_be_served_over_http_wherever_one_is_named() {
    let stage = Stage::new();
    let server = Server::start(stage.path("."));
    stage.write("site/map.yaml", &config_map("far"));
    let patch = config_map("far") + "data: {a: patched}\n";
    stage.write("site/patch.yaml", &patch);
    stage.write("site/key.txt", "value");
    let text = format!(
        "resources: ['{}', '{}']\npatches: [{{path: '{}'}}]\n\
         configMapGenerator: [{{name: made, files: ['key={}'], \
         options: {{disableNameSuffixHash: true}}}}]\n",
        server.url("site/map.yaml"),
        server.url("moved/site/two/three.yaml"),
        server.url("site/patch.yaml"),
        server.url("site/key.txt"),
    );
    stage.write("site/two/three.yaml", &config_map("moved"));
    stage.write("app/kustomization.yaml", &text);
    let data = |key: &str| format!("apiVersion: v1\ndata:\n  {key}\nkind: ConfigMap\n");
    let wanted = format!(
        "{}metadata:\n  name: far\n---\n{}metadata:\n  name: made\n---\n{}",
        data("a: patched"),
        data("key: value"),
        config_map("moved")
    );
    assert_eq!(stage.build("app", "").printed(), wanted);
}

#[test]
fn a_file_is_fetched_once() {
    let stage = Stage::new();
    let server = Server::start(stage.path("."));
    stage.write("site/key.txt", "value");
    let url = server.url("site/key.txt");
    let generator = |name: &str| format!("- {{name: {name}, files: ['{url}']}}\n");
    let text = format!("configMapGenerator:\n{}{}", generator("a"), generator("b"));
    stage.write("app/kustomization.yaml", &text);
    stage.build("app", "").printed();
    assert_eq!(server.count("/site/key.txt"), 1);
}

#[test]
fn a_repository_that_is_there_is_not_asked_for_files() {
    let Some(stage) = with_repository() else {
        return;
    };
    let server = Server::start(stage.path("."));
    let (base, top) = (
        server.url("git/repo/.git//deploy/base"),
        server.url("git/repo/.git//deploy/top"),
    );
    build(&stage, &format!("{base}, {top}")).printed();
    assert_eq!(server.count("/git/repo/.git//deploy/base"), 1);
    assert_eq!(server.count("/git/repo/.git//deploy/top"), 0);
}

#[test]
fn what_a_server_answers_instead_of_a_file_is_said() {
    let stage = Stage::new();
    let server = Server::start(stage.path("."));
    let text = |url: &str| format!("configMapGenerator: [{{name: a, files: ['{url}']}}]\n");
    for (url, reason) in [
        (
            server.url("missing.yaml"),
            "missing.yaml`: the server answered 404 Not Found",
        ),
        (
            server.url("page/a.yaml"),
            "page/a.yaml` is a web page, not a file",
        ),
        (
            "http://127.0.0.1:1/a.yaml".to_owned(),
            "nobody answers there",
        ),
        (
            "http://host.invalid/a.yaml".to_owned(),
            "there is no such host",
        ),
    ] {
        stage.write("app/kustomization.yaml", &text(&url));
        let said = stage.build("app", "").refused();
        assert!(said.contains(reason), "{said}");
        assert!(said.contains("--> kustomization.yaml:1:"), "{said}");
    }
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let Some(stage) = with_repository() else {
        return;
    };
    let server = Server::start(stage.path("."));
    let start = Instant::now();
    let url = server.url("silent/a.yaml?timeout=1s");
    stage.write(
        "app/kustomization.yaml",
        &format!("patches: [{{path: '{url}'}}]\n"),
    );
    let said = stage.build("app", "").refused();
    assert!(said.contains("the server took too long"), "{said}");
    let said = build(&stage, &server.url("silent/org/app//deploy?timeout=1s")).refused();
    assert!(said.contains("did not end within 1 s"), "{said}");
    assert!(
        start.elapsed() < Duration::from_secs(25),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(stage.list("tmp"), [""; 0], "what was begun is taken away");
}

#[test]
fn secrets_in_a_url_are_not_shown() {
    let Some(stage) = with_repository() else {
        return;
    };
    let said = build(&stage, "http://me:secret@127.0.0.1:1/org/app?token=secret").refused();
    assert!(!said.contains("secret"), "{said}");
    assert!(said.contains("http://***@127.0.0.1:1/org/app"), "{said}");
}

#[test]
fn an_old_prefix_is_remarked_on() {
    let Some(stage) = with_repository() else {
        return;
    };
    let said = build(&stage, "git::REPO//deploy/base");
    assert_eq!((said.code, said.out), (0, config_map("base")));
    assert!(
        said.err.contains("`git::` before a URL is deprecated"),
        "{}",
        said.err
    );
}

#[test]
fn definitions_and_schemas_are_read_from_a_server() {
    let stage = Stage::new();
    let server = Server::start(stage.path(""));
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
                      metadata: {name: shops.example.org}\nspec:\n  group: example.org\n  \
                      scope: Namespaced\n  names: {plural: shops, kind: Shop}\n  versions:\n  - name: v1\n    \
                      served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object, \
                      properties: {spec: {type: object, properties: {size: {type: integer}}}}}}\n";
    stage.write("served/crd.yaml", definition);
    stage.write(
        "served/cart_v1.json",
        r#"{"type": "object", "properties": {"spec": {"type": "object",
            "properties": {"size": {"type": "integer"}}, "additionalProperties": false}}}"#,
    );
    let object = |kind: &str| {
        format!(
            "apiVersion: example.org/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{size: x}}\n"
        )
    };
    let all = format!(
        "{}---\n{}---\n{}",
        object("Shop"),
        object("Cart"),
        object("Other").replace("example.org", "example.com")
    );
    stage.write("project/a.yaml", &all);
    let crds = format!("crds: ['{}']\n", server.url("served/crd.yaml"));
    stage.write("project/kustom.yaml", &crds);
    let schemas = server.url("served/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json");
    let said = stage.kustom(
        "project",
        ["validate", "-schema-location", &schemas, "a.yaml"],
    );
    assert_eq!(said.code, 1, "{said:?}");
    for part in [
        "of Shop `a`: the schema",
        "of Cart `a`: the schema",
        "nothing is known of `Other`",
    ] {
        assert!(said.out.contains(part), "{part}: {said:?}");
    }
    assert_eq!(server.count("/served/crd.yaml"), 1);
    assert_eq!(server.count("/served/other_v1.json"), 1);
    let crds = format!("crds: ['{}']\n", server.url("served/none.yaml"));
    stage.write("project/kustom.yaml", &crds);
    let said = stage.kustom("project", ["validate", "a.yaml"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("it is one of `crds`"), "{said:?}");
}
