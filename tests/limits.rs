//! Programs of others end with us, and inputs that nest or repeat end with a sentence.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use stage::Stage;

/// How long a test waits for what takes a moment.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stage with a function that notes who it is, and its child, and sleeps.
fn with_sleeper() -> Stage {
    let stage = Stage::new();
    stage.write("app/kustomization.yaml", "generators: [fn.yaml]\n");
    let function = "apiVersion: example.com/v1\nkind: Fn\nmetadata:\n  name: fn\n  annotations:\n    \
                    config.kubernetes.io/function: |\n      exec: {path: ./fn.sh}\n";
    stage.write("app/fn.yaml", function);
    let script = "#!/bin/sh\nsleep 300 &\necho $! > child\necho $$ > self\nsleep 300\n";
    stage.write_program("app/fn.sh", script);
    stage
}

/// The number that a program has written down, as soon as it has.
fn noted(stage: &Stage, name: &str) -> Pid {
    let start = Instant::now();
    loop {
        let text = std::fs::read_to_string(stage.path(name)).unwrap_or_default();
        if let Ok(number) = text.trim().parse() {
            return Pid::from_raw(number).unwrap();
        }
        assert!(start.elapsed() < PATIENCE, "nothing is in {name}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn ends(pid: Pid) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if test_kill_process(pid).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn a_function_that_is_late_is_ended_with_its_children() {
    let stage = with_sleeper();
    let flags = "app --enable-alpha-plugins --enable-exec --timeout 1s";
    let said = stage.build("", flags);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("did not end within 1 s"), "{}", said.err);
    assert!(said.err.contains("--timeout 30m"), "{}", said.err);
    assert!(ends(noted(&stage, "app/self")) && ends(noted(&stage, "app/child")));
}

#[test]
fn a_function_that_prints_without_end_is_ended() {
    let stage = with_sleeper();
    stage.write_program("app/fn.sh", "#!/bin/sh\nyes\n");
    let flags = "app --enable-alpha-plugins --enable-exec --max-size 100K";
    let said = stage.build("", flags);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("prints more than 102400 bytes"),
        "{}",
        said.err
    );
}

#[test]
fn an_interrupt_ends_programs_and_removes_what_is_temporary() {
    for signal in [Signal::INT, Signal::TERM] {
        let stage = with_sleeper();
        // An old exec plugin is given its configuration in a temporary file.
        stage.write(
            "app/fn.yaml",
            "apiVersion: v1\nkind: Fn\nmetadata: {name: fn}\n",
        );
        let script = stage
            .read("app/fn.sh")
            .replace("> ", &format!("> {}/", stage.text("app")));
        stage.write_program("home/plugin/v1/fn/Fn", &script);
        let mut kustom = Command::new(env!("CARGO_BIN_EXE_kustom"))
            .args(["build", "app", "--enable-alpha-plugins"])
            .current_dir(stage.path(""))
            .env("KUSTOMIZE_PLUGIN_HOME", stage.path("home/plugin"))
            .env("TMPDIR", stage.path("tmp"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (program, child) = (noted(&stage, "app/self"), noted(&stage, "app/child"));
        assert_eq!(stage.list("tmp").len(), 1);
        kill_process(Pid::from_child(&kustom), signal).unwrap();
        let status = kustom.wait().unwrap();
        assert!(!status.success() && status.code().is_none(), "{status}");
        assert!(ends(program) && ends(child), "after {signal:?}");
        assert_eq!(stage.list("tmp"), [""; 0]);
    }
}

/// Runs a yq expression from a file on a document, and says how it ended.
fn yq(stage: &Stage, expression: &str) -> i32 {
    stage.write("e.yq", expression);
    stage
        .kustom("", ["yq", "--from-file", "e.yq", "d.yaml"])
        .code
}

#[test]
fn expressions_of_ten_thousand_parts_are_done_or_refused() {
    let stage = Stage::new();
    stage.write("d.yaml", "a: {}\n");
    for (start, part, end) in [
        (".", "a.", "a = 1"),
        (".a", "[0]", ""),
        (".", " | .", ""),
        (".", ",.", ""),
        ("1", " + 1", ""),
        ("1", " - 1", ""),
        ("true", " and true", ""),
        (".x", " // .x", ""),
        ("", "-", "1"),
        ("", "(", "."),
        ("", "[", "."),
        ("", "{\"a\":", "."),
        ("", "select(", "."),
        (".a", " as $a | .", ""),
        (".", " |= .", ""),
        ("", "if . then ", "1"),
        ("(.a", " | .a", ") = 1"),
    ] {
        let expression = format!("{start}{}{end}", part.repeat(10_000));
        let code = yq(&stage, &expression);
        assert!((0..=1).contains(&code), "{part}: {code}");
    }
    let path = vec!["a"; 10_000].join(".");
    assert_eq!(stage.kustom("", ["yq", "w", "d.yaml", &path, "1"]).code, 1);
    assert_eq!(stage.kustom("", ["yq", "r", "d.yaml", &path]).code, 0);
    let stars = ["**"; 12].join(".");
    let deep = format!("{}1{}\n", "{a: ".repeat(40), "}".repeat(40));
    stage.write("d.yaml", &deep);
    let said = stage.kustom("", ["yq", "r", "d.yaml", &stars]);
    assert!(said.err.contains("comes by more than"), "{}", said.err);
    stage.write("d.properties", &format!("{path} = 1\n"));
    let said = stage.kustom("", ["yq", "-p", "props", ".", "d.properties"]);
    assert!(said.err.contains("more than 500 parts"), "{}", said.err);
}

#[test]
fn templates_of_ten_thousand_parts_are_done_or_refused() {
    let stage = Stage::new();
    stage.write("kustom.yaml", "{}\n");
    stage.write(
        "environments/a/kustomization.yaml",
        "resources: [map.yaml]\n",
    );
    for (start, part, end) in [
        ("{{ ", "not ", "1 }}"),
        ("{{ ", "-", "1 }}"),
        ("{{ ", "(", "1 }}"),
        ("{{ ", "[", "1 }}"),
        ("{{ 1", " + 1", " }}"),
        ("{{ 1", " ~ 1", " }}"),
        ("{{ 1", " if 1 else 1", " }}"),
        ("{{ a", ".a", " }}"),
        ("{{ a", "()", " }}"),
        ("{{ 1", " | string", " }}"),
        ("{% if 0 %}", "{% elif 0 %}", "{% endif %}"),
        ("", "{% if 1 %}", ""),
        ("", "{% set x %}", ""),
        (
            "{% set ns = namespace(x=[]) %}{% for i in range(10000) %}{% set ns.x = [ns.x] %}{% endfor %}",
            "",
            "{{ ns.x }}",
        ),
    ] {
        let text = format!("{start}{}{end}\n", part.repeat(10_000));
        stage.write("environments/a/map.yaml.j2", &text);
        let said = stage.kustom("", ["render", "a"]);
        assert_eq!(said.code, 2, "{part}: {}", said.err);
    }
}

#[test]
fn values_that_are_put_into_themselves_end_at_a_depth() {
    let stage = Stage::new();
    stage.write(
        "app/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\nx: {x: {k: v}}\n",
    );
    let path = vec!["x"; 300].join(".");
    let entry = format!(
        "- source: {{kind: ConfigMap, name: map, fieldPath: x}}\n  targets:\n  - select: \
         {{kind: ConfigMap}}\n    fieldPaths: [{path}]\n    options: {{create: true}}\n"
    );
    let text = format!("resources: [map.yaml]\nreplacements:\n{}", entry.repeat(9));
    stage.write("app/kustomization.yaml", &text);
    let said = stage.build("", "app");
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("nested more than 2000 deep"),
        "{}",
        said.err
    );
}
