//! The guard over repositories of every kind: one that can be read is searched, and one that cannot
//! is refused. Where git cannot be asked, nothing is ever called clean.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::fs;
use std::os::unix::fs::symlink;

use stage::{CommandOutput, Stage};

/// A value that looks drawn, put together so that it stands in no file.
fn secret() -> String {
    ["uyS1F1a10F1q", "mQj8q17zZuMH", "nG5k"].concat()
}

/// A project whose base holds a secret.
fn write_project(stage: &Stage, name: &str) {
    let base = "resources: [secret.yaml]\n";
    let manifest = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  password: {}\n",
        secret()
    );
    stage.write(&format!("{name}/base/kustomization.yaml"), base);
    stage.write(&format!("{name}/base/secret.yaml"), &manifest);
    stage.write(
        &format!("{name}/environments/prod/kustomization.yaml"),
        "resources: [../../base]\n",
    );
}

/// A repository in which that project was committed.
fn committed(stage: &Stage, name: &str, options: &str) {
    write_project(stage, name);
    stage.git(name, &format!("init --quiet {options}"));
    stage.git(name, "add --all");
    stage.git(name, "commit --quiet --message change");
}

const COMMANDS: [&str; 3] = ["render prod", "check", "secrets check"];

fn run(stage: &Stage, directory: &str, command: &str) -> CommandOutput {
    let said = stage.kustom(directory, command.split(' '));
    let shown = format!("{}{}", said.out, said.err);
    assert!(!shown.contains(&secret()), "{command}: {shown}");
    said
}

/// Every command finds the secret, and so does a search of the history.
#[track_caller]
fn finds(stage: &Stage, directory: &str) {
    for command in COMMANDS.into_iter().chain(["secrets check --history"]) {
        let said = run(stage, directory, command);
        let wanted = if command.starts_with("render") { 2 } else { 1 };
        assert_eq!(said.code, wanted, "{command}: {} {}", said.out, said.err);
        let shown = format!("{}{}", said.out, said.err);
        assert!(
            shown.contains("base/secret.yaml:5:13"),
            "{command}: {shown}"
        );
    }
}

/// Every command refuses, names the cause, and says what to do.
#[track_caller]
fn refuses(stage: &Stage, directory: &str, cause: &str) {
    for command in COMMANDS {
        let said = run(stage, directory, command);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{command}");
        let line = said.err.lines().next().unwrap();
        assert!(line.contains(cause), "{command}: {line}");
        assert!(said.err.contains("\n  help: "), "{command}: {}", said.err);
        let speaks_of_a_way = said.err.contains("`guard: off`");
        assert_eq!(speaks_of_a_way, command != "secrets check", "{}", said.err);
    }
}

#[test]
fn formats_and_layouts_of_git_are_read() {
    let stage = Stage::new();
    committed(&stage, "plain", "");
    finds(&stage, "plain");
    committed(&stage, "sha256", "--object-format=sha256");
    finds(&stage, "sha256");
    stage.git("plain", "worktree add --quiet ../linked -b other");
    finds(&stage, "linked");
    committed(
        &stage,
        "apart",
        &format!("--separate-git-dir {}", stage.text("kept")),
    );
    finds(&stage, "apart");
    let clone = format!(
        "clone --quiet --depth 1 file://{} shallow",
        stage.text("plain")
    );
    stage.git(".", &clone);
    finds(&stage, "shallow");
    committed(&stage, "split", "");
    stage.git("split", "update-index --split-index");
    finds(&stage, "split");
    committed(&stage, "bared", "");
    stage.git("bared", "config core.bare true");
    finds(&stage, "bared");
}

#[test]
fn what_is_not_checked_out_is_tracked_all_the_same() {
    let stage = Stage::new();
    committed(&stage, "r", "");
    stage.git("r", "sparse-checkout init --cone --sparse-index");
    stage.git("r", "sparse-checkout set environments");
    assert!(!stage.path("r/base").exists());
    let said = run(&stage, "r", "secrets check");
    assert_eq!(said.code, 1);
    assert!(said.out.contains("base/secret.yaml:5:13"), "{}", said.out);
}

#[test]
fn a_bare_repository_is_searched_as_it_was_committed() {
    let stage = Stage::new();
    committed(&stage, "r", "");
    stage.git(".", "clone --quiet --bare r bare.git");
    for command in ["secrets check", "secrets check --history"] {
        let said = run(&stage, "bare.git", command);
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.out.contains("commit"), "{}", said.out);
    }
    let said = run(&stage, "bare.git", "secrets check --staged");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("is a bare repository"), "{}", said.err);
}

#[test]
fn submodules_are_searched_for_what_a_render_reads() {
    let stage = Stage::new();
    committed(&stage, "r", "");
    stage.write(
        "super/environments/prod/kustomization.yaml",
        "resources: [../../sub/base]\n",
    );
    stage.git("super", "init --quiet");
    stage.git(
        "super",
        &format!("submodule --quiet add {} sub", stage.text("r")),
    );
    stage.git("super", "add --all");
    finds(&stage, "super/sub");
    for (command, code) in [("render prod", 2), ("check", 1), ("secrets check", 0)] {
        let said = run(&stage, "super", command);
        assert_eq!(said.code, code, "{command}: {}{}", said.out, said.err);
    }
}

#[test]
fn a_shallow_clone_is_not_called_clean() {
    let stage = Stage::new();
    stage.write("r/a.yaml", "a: b\n");
    stage.commit("r");
    stage.write("r/a.yaml", "a: c\n");
    stage.git("r", "commit --quiet --all --message more");
    assert!(
        run(&stage, "r", "secrets check --history")
            .err
            .contains("nothing found")
    );
    let clone = format!("clone --quiet --depth 1 file://{} shallow", stage.text("r"));
    stage.git(".", &clone);
    let said = run(&stage, "shallow", "secrets check --history");
    assert_eq!(said.code, 0);
    assert!(said.out.contains("this clone is shallow"), "{}", said.out);
    let said = run(&stage, "shallow", "secrets check --history --strict");
    assert_eq!(said.code, 1);
}

#[test]
fn no_program_runs_that_a_repository_names() {
    let stage = Stage::new();
    committed(&stage, "r", "");
    let marker = stage.path("marker");
    let program = stage.text("program");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", marker.display());
    stage.write_program("program", &script);
    for hook in [
        "post-checkout",
        "post-index-change",
        "pre-commit",
        "reference-transaction",
    ] {
        stage.write_program(&format!("r/.git/hooks/{hook}"), &script);
        stage.write_program(&format!("hooks/{hook}"), &script);
    }
    stage.write("r/.gitattributes", "* diff=named\n");
    stage.git("r", "add --all");
    for setting in [
        "alias.status",
        "core.askPass",
        "core.editor",
        "core.fsmonitor",
        "core.gitProxy",
        "core.pager",
        "core.sshCommand",
        "credential.helper",
        "diff.external",
        "diff.named.command",
        "diff.named.textconv",
        "gpg.program",
        "uploadpack.packObjectsHook",
    ] {
        stage.git("r", &format!("config {setting} {program}"));
    }
    stage.git(
        "r",
        &format!("config core.hooksPath {}", stage.text("hooks")),
    );
    let _ = fs::remove_file(&marker);
    stage.write("r/base/more.yaml", "a: b\n");
    for command in [
        "render prod",
        "check",
        "check --against HEAD",
        "affected --against HEAD",
        "secrets check",
        "secrets check --staged",
        "secrets check --history",
        "diff prod --against HEAD",
        "blame prod",
        "build environments/prod",
    ] {
        let said = stage.kustom("r", command.split(' '));
        assert!(
            said.code <= 2 && !said.err.contains("usage"),
            "{command}: {}",
            said.err
        );
        assert!(!marker.exists(), "{command}: {}", stage.read("marker"));
    }
    // The hooks of the user are not for a clone that is gone in a moment.
    stage.git("r", "config --unset uploadpack.packObjectsHook");
    let hooks = stage.text("hooks");
    stage.git(".", &format!("config --global core.hooksPath {hooks}"));
    stage.git(".", &format!("config --global core.fsmonitor {program}"));
    let remote = format!("file://{}//base", stage.text("r"));
    let said = stage.build(".", &remote);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!marker.exists(), "{}", stage.read("marker"));
}

#[test]
fn filters_of_a_repository_run_where_a_revision_is_read_and_nowhere_else() {
    let stage = Stage::new();
    stage.write("p/kustom.yaml", "{}\n");
    stage.write(
        "p/environments/e/kustomization.yaml",
        "resources: [map.yaml]\n",
    );
    stage.write(
        "p/environments/e/map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}\n",
    );
    stage.write("p/.gitattributes", "map.yaml filter=mine\n");
    stage.commit("p");
    // As `git lfs install --local` and `git-crypt` write it: a clone never brings it along.
    let marker = stage.path("marker");
    let script = format!("#!/bin/sh\ntouch {}\ncat\n", marker.display());
    stage.write_program("filter", &script);
    stage.git(
        "p",
        &format!("config filter.mine.smudge {}", stage.text("filter")),
    );
    stage.write(
        "p/environments/e/map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n",
    );
    for (command, runs) in [
        ("render e", false),
        ("secrets check", false),
        ("secrets check --history", false),
        ("check e", false),
        ("diff e --against HEAD --exit-zero", true),
    ] {
        let said = stage.kustom("p", command.split(' '));
        assert!(said.code <= 1, "{command}: {}", said.err);
        assert_eq!(marker.exists(), runs, "{command}");
    }
}

#[test]
fn a_repository_that_cannot_be_read_is_refused() {
    let stage = Stage::new();
    let broken: [(&str, &dyn Fn(), &str); 11] = [
        (
            "version",
            &|| stage.git("version", "config core.repositoryFormatVersion 7"),
            "unsupported repository format version",
        ),
        (
            "extension",
            &|| {
                stage.git("extension", "config core.repositoryFormatVersion 1");
                stage.git("extension", "config extensions.unheardOf true");
            },
            "its format has the unknown extension `unheardOf`",
        ),
        (
            "configuration",
            &|| {
                stage.write(
                    "configuration/.git/config",
                    "[core]\n\turl = a\n[core\nx = y\n",
                )
            },
            "unexpected token on line 3",
        ),
        (
            "head",
            &|| fs::remove_file(stage.path("head/.git/HEAD")).unwrap(),
            "missing HEAD",
        ),
        (
            "objects",
            &|| fs::rename(stage.path("objects/.git/objects"), stage.path("gone")).unwrap(),
            "expected an objects directory",
        ),
        (
            "index",
            &|| stage.write("index/.git/index", "no index"),
            "cannot read git's index",
        ),
        (
            "pipe",
            &|| {
                fs::remove_file(stage.path("pipe/.git/index")).unwrap();
                stage.run("mkfifo".as_ref(), "pipe/.git", ["index"]);
            },
            "is no regular file",
        ),
        (
            "head-pipe",
            &|| {
                fs::remove_file(stage.path("head-pipe/.git/HEAD")).unwrap();
                stage.run("mkfifo".as_ref(), "head-pipe/.git", ["HEAD"]);
            },
            "is no regular file",
        ),
        (
            "nonsense",
            &|| {
                fs::remove_dir_all(stage.path("nonsense/.git")).unwrap();
                stage.write("nonsense/.git", "nonsense\n");
            },
            "does not say `gitdir:`",
        ),
        (
            "dangling",
            &|| {
                fs::remove_dir_all(stage.path("dangling/.git")).unwrap();
                symlink("/nowhere", stage.path("dangling/.git")).unwrap();
            },
            "No such file or directory",
        ),
        (
            "elsewhere",
            &|| {
                stage.git(
                    "elsewhere",
                    &format!("config core.worktree {}", stage.text("home")),
                )
            },
            "its work tree is",
        ),
    ];
    for (name, damage, cause) in broken {
        committed(&stage, name, "");
        damage();
        refuses(&stage, name, cause);
    }
}

#[test]
fn a_work_tree_whose_repository_is_gone_is_refused_even_within_another() {
    let stage = Stage::new();
    committed(&stage, "r", "");
    committed(&stage, "outer", "");
    stage.git("r", "worktree add --quiet ../outer/linked -b other");
    fs::rename(stage.path("r"), stage.path("moved")).unwrap();
    refuses(&stage, "outer/linked", "which is not there");
}

#[test]
fn the_text_of_a_broken_configuration_is_not_shown() {
    let stage = Stage::new();
    committed(&stage, "r", "");
    let line = format!("[core\nextraHeader = {}\n", secret());
    stage.write("r/.git/config", &line);
    refuses(&stage, "r", "unexpected token");
}

#[test]
fn what_the_environment_names_is_asked() {
    let mut stage = Stage::new();
    committed(&stage, "r", "");
    committed(&stage, "other", "");
    fs::rename(stage.path("r/.git"), stage.path("kept")).unwrap();
    stage.set("GIT_DIR", stage.text("kept"));
    finds(&stage, "r");
    // A hook of one repository may look at another.
    let said = run(
        &stage,
        "r",
        &format!("secrets check -C {}", stage.text("other")),
    );
    assert!(
        said.out.contains("../other/base/secret.yaml:5:13"),
        "{}",
        said.out
    );
    stage.set("GIT_WORK_TREE", stage.text("r"));
    assert_eq!(run(&stage, "r/base", "secrets check").code, 1);
    stage.set("GIT_DIR", stage.text("nothing"));
    refuses(&stage, "r", "cannot read the git repository");
}

#[test]
fn an_index_that_a_hook_is_given_is_the_one() {
    let mut stage = Stage::new();
    write_project(&stage, "r");
    stage.git("r", "init --quiet");
    stage.git("r", "add environments");
    assert_eq!(run(&stage, "r", "secrets check --staged").code, 0);
    stage.set("GIT_INDEX_FILE", stage.text("next"));
    stage.git("r", "add --all");
    assert_eq!(run(&stage, "r", "secrets check --staged").code, 1);
}

#[test]
fn the_guard_off_is_the_only_way_around() {
    let stage = Stage::new();
    for name in ["on", "off"] {
        committed(&stage, name, "");
        fs::remove_file(stage.path(&format!("{name}/.git/HEAD"))).unwrap();
    }
    stage.write("on/environments/prod/environment.yaml", "guard: warn\n");
    refuses(&stage, "on", "missing HEAD");
    stage.write("off/environments/prod/environment.yaml", "guard: off\n");
    let said = stage.kustom("off", ["render", "prod"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let said = stage.kustom("off", ["render", "--all", "-o", "out/"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    // One of several that wants to be guarded is enough.
    stage.write(
        "off/environments/other/kustomization.yaml",
        "resources: [../../base]\n",
    );
    let said = stage.kustom("off", ["render", "--all", "-o", "out/"]);
    assert_eq!(said.code, 2);
}

#[test]
fn without_any_repository_all_is_well() {
    let stage = Stage::new();
    for name in ["none", "empty"] {
        write_project(&stage, name);
    }
    fs::create_dir(stage.path("empty/.git")).unwrap();
    for name in ["none", "empty"] {
        assert_eq!(stage.kustom(name, ["render", "prod"]).code, 0);
        // What an environment reads is searched, tracked or not.
        assert_eq!(run(&stage, name, "check").code, 1);
        let said = run(&stage, name, "secrets check");
        assert!(said.err.contains("is in no git repository"), "{}", said.err);
    }
}

#[test]
fn a_secret_behind_a_link_to_a_directory_is_tracked() {
    let stage = Stage::new();
    write_project(&stage, "r");
    fs::rename(stage.path("r/base"), stage.path("r/real")).unwrap();
    symlink("real", stage.path("r/base")).unwrap();
    stage.commit("r");
    assert_eq!(run(&stage, "r", "render prod").code, 2);
}

#[test]
fn what_is_no_file_is_not_searched_in_silence() {
    let stage = Stage::new();
    stage.run("mkfifo".as_ref(), ".", ["pipe"]);
    let said = run(&stage, ".", "secrets check pipe");
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("`pipe` is no regular file"),
        "{}",
        said.err
    );
}

#[test]
fn references_that_cannot_be_read_are_not_passed_over() {
    let stage = Stage::new();
    committed(&stage, "r", "");
    stage.write("r/.git/refs/heads/broken", "nonsense\n");
    let said = run(&stage, "r", "secrets check --history");
    assert_eq!(said.code, 2, "{}", said.out);
    committed(&stage, "tables", "");
    stage.git("tables", "config core.repositoryFormatVersion 1");
    stage.git("tables", "config extensions.refStorage reftable");
    stage.write("tables/.git/HEAD", "ref: refs/heads/.invalid\n");
    assert_eq!(run(&stage, "tables", "secrets check").code, 1);
    for command in ["secrets check --staged", "secrets check --history"] {
        let said = run(&stage, "tables", command);
        assert_eq!(said.code, 2, "{}", said.out);
        assert!(said.err.contains("reftable"), "{}", said.err);
    }
}
