//! Remotes that are locked, cached and vendored, all of them on this machine.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::fs;

use stage::server::Server;
use stage::{CommandOutput, Stage, has};

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
}

/// A project that builds on a directory of a repository, and on a file of a server.
fn project() -> Option<(Stage, Server)> {
    if !has("git") {
        return None;
    }
    let mut stage = Stage::new();
    stage.set("XDG_CACHE_HOME", stage.text("cache"));
    stage.write("repo/deploy/base/map.yaml", &config_map("base"));
    stage.write(
        "repo/deploy/base/kustomization.yaml",
        "resources: [map.yaml]\n",
    );
    stage.write(
        "repo/deploy/top/kustomization.yaml",
        "namePrefix: top-\nresources: [../base]\n",
    );
    stage.write("repo/large/unused", "x");
    stage.commit("repo");
    stage.git("repo", "tag v1");
    stage.write("site/far.yaml", &config_map("far"));
    let server = Server::start(stage.path("."));
    stage.write("p/kustom.yaml", "");
    stage.write(
        "p/environments/e/kustomization.yaml",
        &format!(
            "resources:\n- file://{}//deploy/top?ref=v1\n- {}\n",
            stage.text("repo"),
            server.url("site/far.yaml")
        ),
    );
    Some((stage, server))
}

fn rendered() -> String {
    format!("{}---\n{}", config_map("far"), config_map("top-base"))
}

fn kustom(stage: &Stage, line: &str) -> CommandOutput {
    stage.kustom("p", line.split(' '))
}

/// What a command prints that went well.
fn printed(stage: &Stage, line: &str) -> String {
    let said = kustom(stage, line);
    assert_eq!(said.code, 0, "{line}: {said:?}");
    said.out
}

/// What a command says that went wrong.
fn refused(stage: &Stage, line: &str) -> String {
    let said = kustom(stage, line);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}: {said:?}");
    said.err
}

#[test]
fn what_is_locked_is_built_whatever_becomes_of_the_tag() {
    let Some((stage, _server)) = project() else {
        return;
    };
    printed(&stage, "lock");
    let lock = stage.read("p/kustom.lock");
    assert_eq!(lock.matches("- address: ").count(), 2, "{lock}");
    assert!(
        lock.contains("  - deploy/base\n  - deploy/top\n  digest: sha256:"),
        "{lock}"
    );
    printed(&stage, "lock");
    assert_eq!(
        stage.read("p/kustom.lock"),
        lock,
        "the same remotes, the same text"
    );
    assert_eq!(printed(&stage, "lock --check"), "");
    assert_eq!(printed(&stage, "render e"), rendered());
    stage.write("repo/deploy/base/map.yaml", &config_map("moved"));
    stage.commit("repo");
    stage.git("repo", "tag --force v1");
    assert_eq!(printed(&stage, "render e"), rendered());
    fs::remove_dir_all(stage.path("cache")).unwrap();
    assert_eq!(
        printed(&stage, "render e"),
        rendered(),
        "fetched by its commit"
    );
    let said = kustom(&stage, "lock --check");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.starts_with("changed: `file://"), "{said:?}");
    assert_eq!(stage.read("p/kustom.lock"), lock);
    printed(&stage, "lock");
    assert!(printed(&stage, "render e").contains("name: top-moved"));
    assert!(stage.list("tmp").is_empty(), "clones are taken away");
}

#[test]
fn content_that_differs_is_refused_with_both_digests() {
    let Some((stage, server)) = project() else {
        return;
    };
    printed(&stage, "lock");
    let lock = stage.read("p/kustom.lock");
    stage.write("site/far.yaml", &config_map("evil"));
    let said = refused(&stage, "render e");
    let url = server.url("site/far.yaml");
    assert!(
        said.starts_with(&format!("error: `{url}` is not what `kustom.lock` says: ")),
        "{said}"
    );
    assert_eq!(said.matches("`sha256:").count(), 2, "{said}");
    assert!(
        said.contains("--> environments/e/kustomization.yaml:3:3"),
        "{said}"
    );
    assert!(said.contains("run `kustom lock` and review"), "{said}");
    // A history that was written anew has the commit no more.
    stage.write("site/far.yaml", &config_map("far"));
    fs::remove_dir_all(stage.path("repo/.git")).unwrap();
    stage.write("repo/deploy/base/map.yaml", &config_map("evil"));
    stage.commit("repo");
    stage.git("repo", "tag v1");
    fs::remove_dir_all(stage.path("cache")).unwrap();
    let said = refused(&stage, "render e");
    assert!(said.contains("is not served any more"), "{said}");
    assert_eq!(said.matches("`sha256:").count(), 2, "{said}");
    assert_eq!(stage.read("p/kustom.lock"), lock);
}

#[test]
fn a_plain_build_is_held_to_the_lock_too() {
    let Some((stage, _server)) = project() else {
        return;
    };
    assert_eq!(printed(&stage, "build environments/e"), rendered());
    printed(&stage, "lock");
    assert_eq!(printed(&stage, "build environments/e"), rendered());
    stage.write("site/far.yaml", &config_map("evil"));
    fs::remove_dir_all(stage.path("cache")).unwrap();
    let said = kustom(&stage, "build environments/e");
    assert_eq!(said.code, 1, "as kustomize: {said:?}");
    assert!(
        said.err.contains("is not what `kustom.lock` says"),
        "{said:?}"
    );
}

#[test]
fn what_the_lock_lacks_is_not_fetched() {
    let Some((stage, server)) = project() else {
        return;
    };
    printed(&stage, "lock");
    let path = "p/environments/e/kustomization.yaml";
    let text = stage.read(path);
    stage.write(path, &text.replace("deploy/top", "large"));
    let said = refused(&stage, "render e");
    assert!(said.contains("the directory `large` of `file://"), "{said}");
    stage.write(path, &text.replace("ref=v1", "ref=main"));
    let said = refused(&stage, "render e");
    assert!(said.contains("at `main` is not in `kustom.lock`"), "{said}");
    let other = server.url("site/other.yaml");
    stage.write("site/other.yaml", &config_map("other"));
    stage.write(path, &format!("{text}- {other}\n"));
    let said = refused(&stage, "render e");
    assert!(said.contains("is not in `kustom.lock`"), "{said}");
    assert_eq!(server.count("/site/other.yaml"), 0);
    printed(&stage, "lock");
    assert!(printed(&stage, "render e").contains("name: other"));
}

#[test]
fn the_cache_serves_without_a_network_and_is_not_believed() {
    let Some((stage, server)) = project() else {
        return;
    };
    printed(&stage, "lock");
    let said = refused(&stage, "render e --offline");
    assert!(said.contains("`--offline` fetches nothing"), "{said}");
    assert!(said.contains("`kustom vendor`"), "{said}");
    printed(&stage, "render e");
    let count = server.count("/site/far.yaml");
    fs::rename(stage.path("repo"), stage.path("away")).unwrap();
    assert_eq!(printed(&stage, "render e --offline"), rendered());
    assert_eq!(printed(&stage, "render e"), rendered());
    assert_eq!(server.count("/site/far.yaml"), count);
    fs::rename(stage.path("away"), stage.path("repo")).unwrap();
    // Somebody has written into it.
    let commits = stage.list("cache/kustom/git");
    assert_eq!(commits.len(), 1);
    let map = format!("cache/kustom/git/{}/deploy/base/map.yaml", commits[0]);
    assert_eq!(stage.read(&map), config_map("base"));
    stage.write(&map, &config_map("evil"));
    refused(&stage, "render e --offline");
    assert_eq!(printed(&stage, "render e"), rendered());
    assert_eq!(stage.read(&map), config_map("base"), "it is mended");
}

#[test]
fn many_runs_at_once_share_the_cache() {
    let Some((stage, _server)) = project() else {
        return;
    };
    printed(&stage, "lock");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| printed(&stage, "render e")))
            .collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), rendered());
        }
    });
    let left: Vec<String> = stage.list("cache/kustom/git");
    assert_eq!(left.len(), 1, "no draft is left: {left:?}");
    assert_eq!(printed(&stage, "render e --offline"), rendered());
}

#[test]
fn what_is_vendored_is_read_from_the_tree() {
    let Some((stage, server)) = project() else {
        return;
    };
    let said = refused(&stage, "vendor");
    assert!(said.contains("there is no `kustom.lock`"), "{said}");
    let before = stage.read("p/environments/e/kustomization.yaml");
    printed(&stage, "lock");
    printed(&stage, "vendor");
    assert_eq!(stage.read("p/environments/e/kustomization.yaml"), before);
    assert_eq!(printed(&stage, "vendor --check"), "");
    let sum = stage.read("p/vendor/kustom.sum");
    assert_eq!(sum.lines().count(), 4, "only what is used: {sum}");
    fs::remove_dir_all(stage.path("cache")).unwrap();
    fs::remove_dir_all(stage.path("repo")).unwrap();
    let count = server.count("/site/far.yaml");
    for line in ["render e --offline", "render e", "build environments/e"] {
        assert_eq!(printed(&stage, line), rendered(), "{line}");
    }
    assert_eq!(server.count("/site/far.yaml"), count);
    // One that was edited is refused, and laid out anew on demand.
    let map = sum.lines().find(|line| line.ends_with("map.yaml")).unwrap();
    let map = format!("p/vendor/{}", map.split_once("  ").unwrap().1);
    stage.write(&map, &config_map("evil"));
    let said = refused(&stage, "render e");
    assert!(said.starts_with("error: `vendor/"), "{said}");
    assert_eq!(said.matches("`sha256:").count(), 2, "{said}");
}

#[test]
fn vendoring_takes_away_what_it_put_there_and_nothing_else() {
    let Some((stage, server)) = project() else {
        return;
    };
    printed(&stage, "lock");
    printed(&stage, "vendor");
    stage.write("p/vendor/other/mine", "x");
    let far = server.url("site/far.yaml");
    let path = "p/environments/e/kustomization.yaml";
    let text = stage.read(path).replace(&format!("- {far}\n"), "");
    stage.write(path, &text);
    printed(&stage, "lock");
    let said = kustom(&stage, "vendor --check");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("far.yaml"), "{said:?}");
    printed(&stage, "vendor");
    let files = stage.run("find".as_ref(), "p/vendor", ["-type", "f"]).out;
    assert!(
        !files.contains("far.yaml") && files.contains("other/mine"),
        "{files}"
    );
    assert_eq!(printed(&stage, "vendor --check"), "");
    assert_eq!(printed(&stage, "render e"), config_map("top-base"));
}

#[test]
fn origins_and_places_of_what_is_vendored() {
    let Some((stage, _server)) = project() else {
        return;
    };
    let path = "p/environments/e/kustomization.yaml";
    let text = format!("buildMetadata: [originAnnotations]\n{}", stage.read(path));
    stage.write(path, &text);
    let before = printed(&stage, "build environments/e");
    printed(&stage, "lock");
    printed(&stage, "vendor");
    assert_eq!(printed(&stage, "build environments/e"), before);
}

#[test]
fn a_lock_holds_no_password() {
    let Some((stage, server)) = project() else {
        return;
    };
    let url = server.url("site/far.yaml?token=t0psecret");
    let url = url.replace("http://", "http://me:s3cret@");
    stage.write(
        "p/environments/e/kustomization.yaml",
        &format!("resources: ['{url}']\n"),
    );
    stage.write("site/far.yaml", &config_map("far"));
    let said = kustom(&stage, "lock");
    for text in [&stage.read("p/kustom.lock"), &said.out, &said.err] {
        assert!(
            !text.contains("s3cret") && !text.contains("t0psecret"),
            "{text}"
        );
    }
    assert_eq!(printed(&stage, "render e"), config_map("far"));
    assert_eq!(printed(&stage, "render e --offline"), config_map("far"));
    printed(&stage, "vendor");
    let said = refused(&stage, "render e --secrets omit --image web=x");
    assert!(
        !said.contains("s3cret") && !said.contains("t0psecret"),
        "{said}"
    );
}

#[test]
fn definitions_are_locked_too() {
    let Some((stage, server)) = project() else {
        return;
    };
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
                      metadata: {name: shops.example.org}\nspec:\n  group: example.org\n  \
                      scope: Namespaced\n  names: {plural: shops, kind: Shop}\n  versions:\n  - name: v1\n    \
                      served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object}}\n";
    stage.write("site/crd.yaml", definition);
    let url = server.url("site/crd.yaml");
    stage.write("p/kustom.yaml", &format!("crds: ['{url}']\n"));
    stage.write(
        "p/a.yaml",
        "apiVersion: example.org/v1\nkind: Shop\nmetadata: {name: a}\n",
    );
    printed(&stage, "lock");
    assert!(stage.read("p/kustom.lock").contains(&url));
    assert_eq!(kustom(&stage, "validate a.yaml").code, 0);
    stage.write("site/crd.yaml", &format!("# changed\n{definition}"));
    fs::remove_dir_all(stage.path("cache")).unwrap();
    let said = kustom(&stage, "validate a.yaml");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.err.contains("is not what `kustom.lock` says"),
        "{said:?}"
    );
}
