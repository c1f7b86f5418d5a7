//! What takes longer than a second shows a bar on the terminal, and takes it away again.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use stage::{Stage, has};

/// What takes a bar away.
const ERASED: &str = "\r\u{1b}[K";

/// A function that takes its time.
const SLOW: &str = "\
apiVersion: example.com/v1
kind: Wait
metadata:
  name: wait
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ./wait.sh}
";

/// Two environments, each of which takes more than a second.
fn project() -> Stage {
    let stage = Stage::new();
    for name in ["a", "b"] {
        let file = |file: &str| format!("environments/{name}/{file}");
        stage.write(
            &file("kustomization.yaml"),
            "resources: [map.yaml]\ntransformers: [wait.yaml]\n",
        );
        stage.write(
            &file("map.yaml"),
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\n",
        );
        stage.write(&file("wait.yaml"), SLOW);
        stage.write_program(&file("wait.sh"), "#!/bin/sh\nsleep 1.5\ncat\n");
    }
    stage
}

/// What the binary writes to stderr, which is a terminal, and its exit code.
fn on_a_terminal(stage: &Stage, arguments: &str) -> (String, i32) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(OsStr::from_bytes(name.as_bytes()))
        .unwrap();
    let programs = stage.path("bin");
    let path = std::env::var_os("PATH").unwrap();
    let path = std::iter::once(programs).chain(std::env::split_paths(&path));
    let mut child = Command::new(env!("CARGO_BIN_EXE_kustom"))
        .args(arguments.split_whitespace())
        .current_dir(stage.path(""))
        .env_clear()
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("HOME", stage.path("home"))
        .env("TMPDIR", stage.path("tmp"))
        .env("GIT_CONFIG_GLOBAL", stage.path("gitconfig"))
        .env("COLUMNS", "80")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(terminal)
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    // A terminal whose other end is closed ends with an error.
    let _ = File::from(controller).read_to_end(&mut said);
    let code = child.wait().unwrap().code().unwrap();
    (String::from_utf8(said).unwrap(), code)
}

/// A bar of these words was shown, and none is left.
#[track_caller]
fn shows_a_bar(stage: &Stage, arguments: &str, words: &str) {
    let (said, _) = on_a_terminal(stage, arguments);
    assert!(said.contains(words), "{arguments}: {said:?}");
    assert!(said.contains(ERASED), "{arguments}: {said:?}");
    let (_, rest) = said.rsplit_once(words).unwrap();
    assert!(rest.contains(ERASED), "{arguments}: {said:?}");
}

const RUN: &str = "--enable-alpha-plugins --enable-exec";

#[test]
fn renders_and_checks_show_how_far_the_environments_are() {
    let stage = project();
    shows_a_bar(&stage, &format!("render a b {RUN}"), "/2 environments, ");
    shows_a_bar(&stage, &format!("check {RUN}"), "/2 environments, ");
}

#[test]
fn a_comparison_shows_how_many_sides_are_rendered() {
    let stage = project();
    // The first takes more than a second, and then the time of the second is known.
    shows_a_bar(&stage, &format!("diff a b {RUN}"), "0/2 sides, ");
    shows_a_bar(&stage, &format!("diff a b {RUN}"), "1/2 sides, ");
}

#[test]
fn what_judges_objects_shows_how_many_targets_are_done() {
    let stage = project();
    shows_a_bar(&stage, &format!("validate {RUN}"), "1/2 targets, ");
    shows_a_bar(&stage, &format!("lint {RUN}"), "1/2 targets, ");
}

#[test]
fn an_explanation_shows_how_long_it_takes() {
    let stage = project();
    shows_a_bar(&stage, &format!("explain a {RUN}"), "0/1 environments, ");
}

#[test]
fn a_lock_shows_how_many_kustomizations_are_read() {
    if !has("git") {
        return;
    }
    let stage = Stage::new();
    stage.write("far/kustomization.yaml", "resources: [map.yaml]\n");
    stage.write(
        "far/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\n",
    );
    stage.commit("far");
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|directory| directory.join("git"))
        .find(|git| git.is_file())
        .unwrap();
    let slow = format!("#!/bin/sh\nsleep 0.6\nexec {} \"$@\"\n", real.display());
    stage.write_program("bin/git", &slow);
    let remote = format!("resources: [\"file://{}?ref=main\"]\n", stage.text("far"));
    stage.write("environments/a/kustomization.yaml", &remote);
    shows_a_bar(&stage, "lock", " kustomizations, ");
    shows_a_bar(&stage, "vendor", " kustomizations");
}

#[test]
fn a_run_that_is_quiet_or_for_programs_shows_no_bar() {
    let stage = project();
    for flag in ["-q", "--message-format json"] {
        let (said, _) = on_a_terminal(&stage, &format!("explain a {RUN} {flag}"));
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}
