//! Newer tags of remote bases and images, of repositories and a registry on this machine.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::server::Server;
use stage::{Stage, has};

#[test]
fn newer_tags_of_bases_and_images_are_listed() {
    if !has("git") {
        return;
    }
    let mut stage = Stage::new();
    stage.set("XDG_CACHE_HOME", stage.text("cache"));
    stage.write("repo/kustomization.yaml", "resources: [map.yaml]\n");
    stage.write(
        "repo/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far}\n",
    );
    stage.commit("repo");
    for tag in ["v1.2.0", "v1.10.0", "v2.0.0", "v3.0.0-rc.1", "other"] {
        stage.git("repo", &format!("tag {tag}"));
    }
    let server = Server::start(stage.path("."));
    let url = server.url("");
    let host = url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let image = |name: &str| format!("      - {{name: a, image: '{host}/{name}'}}\n");
    let images = [
        "plain/app:v1.0.0",
        "paged/app:1.0.0",
        "busy/app:1.0.0",
        "token/app:1.1.0",
        "closed/app:1.0.0",
        "none/app:1.0.0",
        "plain/app:v1.1.0",
    ];
    let lines: String = images.iter().map(|name| image(name)).collect();
    stage.write("p/kustom.yaml", "");
    stage.write(
        "p/environments/e/pods.yaml",
        &format!(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {{name: a}}\n  spec:\n    containers:\n{}    initContainers:\n      - {{name: i, image: 'nginx:1.0.0'}}\n",
            lines
        ),
    );
    let repo = format!("file://{}", stage.text("repo"));
    stage.write(
        "p/environments/e/kustomization.yaml",
        &format!("resources: [pods.yaml, '{repo}?ref=v1.2.0']\n"),
    );
    let said = stage.kustom("p", ["outdated"]);
    assert_eq!(said.code, 1, "{said:?}");
    let mut wanted = [
        format!("{host}/busy/app 1.0.0 -> 1.0.1\n"),
        format!("{host}/paged/app 1.0.0 -> 2.0.0\n"),
        format!("{host}/plain/app v1.0.0 -> v1.1.0\n"),
        format!("{host}/token/app 1.1.0 -> 1.2.0\n"),
        format!("{repo} v1.2.0 -> v1.10.0, v2.0.0\n"),
    ];
    wanted.sort();
    assert_eq!(said.out, wanted.concat(), "{said:?}");
    for (name, why) in [
        ("closed", "it wants a password"),
        ("none", "it has no such image"),
    ] {
        assert!(
            said.err.contains(&format!("`{host}/{name}/app`: {why}")),
            "{said:?}"
        );
    }
    assert_eq!(
        server.count("/v2/plain/app/tags/list"),
        1,
        "asked once for two tags"
    );
    assert_eq!(
        server.count("/v2/busy/app/tags/list"),
        2,
        "asked again when it says so"
    );
    // A lock changes nothing in what there is.
    assert_eq!(stage.kustom("p", ["lock"]).code, 0);
    assert_eq!(stage.kustom("p", ["outdated"]).out, wanted.concat());
    let said = stage.kustom("p", ["outdated", "--offline"]);
    assert_eq!(said.code, 2, "{said:?}");
}

#[test]
fn a_repository_around_the_temporary_directory_runs_nothing() {
    if !has("git") {
        return;
    }
    let mut stage = Stage::new();
    stage.write("repo/kustomization.yaml", "resources: [map.yaml]\n");
    stage.write(
        "repo/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far}\n",
    );
    stage.commit("repo");
    stage.git("repo", "tag v1.0.0");
    stage.git("repo", "tag v1.1.0");
    let repo = format!("file://{}", stage.text("repo"));
    stage.write("p/kustom.yaml", "");
    stage.write(
        "p/environments/e/kustomization.yaml",
        &format!("resources: ['{repo}?ref=v1.0.0']\n"),
    );
    stage.commit("p");
    // As a repository comes that is unpacked together with its configuration.
    let hostile = format!(
        "[core]\n\tsshCommand = touch {}\n[url \"ssh://git@example.invalid/\"]\n\tinsteadOf = {repo}\n",
        stage.text("ran")
    );
    let config = stage.read("p/.git/config");
    stage.write("p/.git/config", &format!("{config}{hostile}"));
    std::fs::create_dir(stage.path("p/tmp")).unwrap();
    stage.set("TMPDIR", stage.text("p/tmp"));
    let said = stage.kustom("p", ["outdated"]);
    assert_eq!(said.out, format!("{repo} v1.0.0 -> v1.1.0\n"), "{said:?}");
    assert!(!stage.path("ran").exists());
}
