//! Programs of others end with us, and inputs that nest or repeat end with a sentence.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use stage::{Stage, has};

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
fn a_path_of_a_hundred_thousand_parts_is_refused() {
    let stage = Stage::new();
    stage.write("p/kustom.yaml", "{}\n");
    let path = "a/".repeat(100_000);
    for field in [
        "resources: [PATH]",
        "components: [PATH]",
        "patches: [{path: PATH}]",
        "configMapGenerator: [{name: a, files: [PATH]}]",
        "crds: [PATH]",
        "configurations: [PATH]",
        "openapi: {path: PATH}",
        "replacements: [{path: PATH}]",
    ] {
        let text = field.replace("PATH", &format!("{path}x.yaml"));
        stage.write("p/environments/e/kustomization.yaml", &format!("{text}\n"));
        for command in ["build environments/e", "render e"] {
            let said = stage.kustom("p", command.split(' '));
            assert!(matches!(said.code, 1 | 2), "{command}, {field}");
        }
    }
    let path = "a/".repeat(10_000);
    for command in [
        "build PATH",
        "render PATH",
        "explain e PATH",
        "blame --reverse PATH:1",
        "diff --files PATH PATH",
        "substitute --values PATH PATH",
        "localize PATH",
        "argocd applications PATH",
        "yq . PATH",
    ] {
        let words = command.split(' ').map(|word| word.replace("PATH", &path));
        let said = stage.kustom("p", words);
        assert!(matches!(said.code, 1 | 2), "{command}");
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

/// A ConfigMap whose `data` is a map of many keys, or something else.
fn config_map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\ndata: {data}\n")
}

/// Lines, one for each number.
fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn whoever_compares_everything_with_everything_pays_for_it() {
    let stage = Stage::new();
    let pod = |items: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod}}\nspec:\n  containers:\n  - name: \
             web\n    ports:\n{items}"
        )
    };
    // Some have a protocol and some have none, so no key tells all of them apart.
    let port = |number: usize| match number % 2 {
        0 => format!("    - {{containerPort: {number}}}\n"),
        _ => format!("    - {{containerPort: {number}, protocol: UDP}}\n"),
    };
    stage.write("app/pod.yaml", &pod(&many(300, port)));
    stage.write("app/patch.yaml", &pod(&many(300, port)));
    let maps = many(60, |number| {
        format!(
            "{}---\n",
            config_map("{}").replace("name: map", &format!("name: map{number}"))
        )
    });
    stage.write("app/maps.yaml", &maps);
    stage.write("app/map.yaml", &config_map("{k: v}"));
    let operations = |count| {
        many(count, |number| {
            format!("- {{op: add, path: /data/k{number}, value: {number}}}\n")
        })
    };
    stage.write("app/operations.yaml", &operations(2000));
    // What compares values sends the object through JSON each time.
    let patches = many(300, |number| {
        format!(
            "- target: {{kind: ConfigMap}}\n  patch: |-\n    - {{op: add, path: /data/k{number}, \
             value: x}}\n    - {{op: test, path: /data/k{number}, value: x}}\n"
        )
    });
    let replacements = many(300, |number| {
        format!(
            "- sourceValue: v\n  targets:\n  - select: {{labelSelector: a={number}}}\n    \
             fieldPaths: [data.k]\n"
        )
    });
    // Neighbours that reach the same fields are one entry.
    let labels = many(600, |number| {
        let reaches = number % 2 == 0;
        format!("- {{pairs: {{l{number}: v}}, includeTemplates: {reaches}}}\n")
    });
    // No match of such an expression has a word that is known.
    let images = many(600, |number| {
        format!("- {{name: '.*[xy].{{0,{number}}}', newTag: t}}\n")
    });
    let containers = many(600, |number| {
        format!("  - {{name: c{number}, image: i{number}}}\n")
    });
    stage.write(
        "app/images.yaml",
        &format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod}}\nspec:\n  containers:\n{containers}"
        ),
    );
    let generators = many(300, |number| {
        format!("- {{name: map, behavior: merge, literals: [k{number}=v]}}\n")
    });
    let merged = format!("resources: [map.yaml]\nconfigMapGenerator:\n{generators}");
    for (name, text, limit, operator) in [
        (
            "list",
            "resources: [pod.yaml]\npatches: [{path: patch.yaml}]\n".to_owned(),
            "500K",
            "the merge of this list",
        ),
        (
            "operations",
            "resources: [map.yaml]\npatches: [{path: operations.yaml, target: {kind: ConfigMap}}]\n"
                .to_owned(),
            "200K",
            "the operation `add`",
        ),
        (
            "patches",
            format!("resources: [map.yaml]\npatches:\n{patches}"),
            "200K",
            "this JSON patch",
        ),
        (
            "replacements",
            format!("resources: [maps.yaml]\nreplacements:\n{replacements}"),
            "120K",
            "the look for the objects of this target",
        ),
        (
            "labels",
            format!("resources: [map.yaml]\nlabels:\n{labels}"),
            "200K",
            "these labels or annotations",
        ),
        (
            "images",
            format!("resources: [images.yaml]\nimages:\n{images}"),
            "1M",
            "this image",
        ),
        ("generators", merged, "400K", "this generator"),
    ] {
        stage.write("app/kustomization.yaml", &text);
        let said = stage.build("", &format!("app --max-size {limit}"));
        assert_eq!(said.code, 1, "{name}");
        assert!(said.err.contains(operator), "{name}: {}", said.err);
        assert!(said.err.contains("--> app/"), "{name}: {}", said.err);
        let said = stage.build("", "app");
        assert_eq!(said.code, 0, "{name}: {}", said.err);
    }
}

#[test]
fn long_lists_maps_and_fields_are_done_in_one_pass() {
    const MANY: usize = 20_000;
    let stage = Stage::new();
    let pod = |value: &str, numbers: &mut dyn Iterator<Item = usize>| {
        let items: String = numbers
            .map(|number| format!("    - {{name: v{number}, value: {value}}}\n"))
            .collect();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod}}\nspec:\n  containers:\n  - name: \
             web\n    env:\n{items}"
        )
    };
    stage.write("app/pod.yaml", &pod("a", &mut (0..MANY)));
    stage.write("app/patch.yaml", &pod("b", &mut (0..MANY).rev()));
    let operations = many(MANY, |number| {
        format!(
            "- {{op: add, path: /data/k{number}, value: v}}\n- {{op: add, path: /l/-, value: v}}\n"
        )
    });
    stage.write("app/map.yaml", &format!("{}l: []\n", config_map("{}")));
    stage.write("app/operations.yaml", &operations);
    let labels = many(MANY, |number| format!("    l{number}: v\n"));
    let text = format!(
        "resources: [pod.yaml, map.yaml]\npatches:\n- path: patch.yaml\n- {{path: \
         operations.yaml, target: {{kind: ConfigMap}}}}\nlabels:\n- pairs:\n{labels}"
    );
    stage.write("app/kustomization.yaml", &text);
    let start = Instant::now();
    let said = stage.build("", "app");
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(said.out.matches("value: b").count(), MANY);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn an_expression_names_the_operator_that_went_over() {
    let stage = Stage::new();
    let keys = many(300, |number| format!("  k{number}: v\n"));
    stage.write("d.yaml", &format!("a:\n{keys}"));
    for (expression, limit, operator) in [
        (
            format!(".a{}", " | {\"l\": ., \"r\": .}".repeat(40)),
            "300K",
            "makes too many nodes with `{}`",
        ),
        (
            format!("[.]{}", " | . + .".repeat(40)),
            "300K",
            "makes too many nodes with `+`",
        ),
        (
            format!(".{}", " | . * .".repeat(40)),
            "300K",
            "looks at too many keys and items with `*`",
        ),
        (
            many(300, |number| format!("del(.a.k{number}) | ")) + ".",
            "100K",
            "looks at too many keys and items with `",
        ),
    ] {
        stage.write("e.yq", &expression);
        let said = stage.kustom(
            "",
            ["--max-size", limit, "yq", "--from-file", "e.yq", "d.yaml"],
        );
        assert_eq!(said.code, 1, "{operator}");
        assert!(said.err.contains(operator), "{}", said.err);
        assert!(said.err.contains("--max-size"), "{}", said.err);
    }
}

/// Runs git in a directory of the stage with something to read, and gives the first word it prints.
fn git_with(stage: &Stage, directory: &str, arguments: &[&str], input: &str) -> String {
    let mut git = Command::new("git")
        .args(arguments)
        .current_dir(stage.path(directory))
        .env("GIT_CONFIG_GLOBAL", stage.path("gitconfig"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    git.stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = git.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Commits the tree of the last commit with another one below `more`, and names that `name`.
fn commit_with(stage: &Stage, name: &str, more: &str) {
    let tree = git_with(stage, "p", &["ls-tree", "HEAD"], "");
    let entries = format!("{tree}\n040000 tree {more}\tmore\n");
    let tree = git_with(stage, "p", &["mktree"], &entries);
    let commit = git_with(stage, "p", &["commit-tree", &tree, "-m", name], "");
    stage.git("p", &format!("branch --force {name} {commit}"));
}

/// A tree of directories in directories, each of which is in the next so often.
fn nested(stage: &Stage, depth: usize, times: usize) -> String {
    let blob = git_with(stage, "p", &["hash-object", "-w", "--stdin"], "a: 1\n");
    let mut tree = git_with(
        stage,
        "p",
        &["mktree"],
        &format!("100644 blob {blob}\tf.yaml\n"),
    );
    for _ in 0..depth {
        let entries: String = (0..times)
            .map(|number| format!("040000 tree {tree}\td{number}\n"))
            .collect();
        tree = git_with(stage, "p", &["mktree"], &entries);
    }
    tree
}

#[test]
fn a_tree_of_git_that_is_larger_than_it_looks_is_refused() {
    if !has("git") {
        return;
    }
    let stage = Stage::new();
    stage.write("p/kustom.yaml", "{}\n");
    stage.write("p/environments/e/map.yaml", &config_map("{k: v}"));
    stage.write(
        "p/environments/e/kustomization.yaml",
        "resources: [map.yaml]\n",
    );
    stage.commit("p");
    // A million files and more, of 17 trees.
    let wide = nested(&stage, 16, 4);
    commit_with(&stage, "wide", &wide);
    let deep = nested(&stage, 2100, 1);
    commit_with(&stage, "deep", &deep);
    let refused = |command: &str, directory: &str, (size, words): (&str, &str)| {
        let flags = format!("{command} --max-size {size}");
        let said = stage.kustom(directory, flags.split(' '));
        assert_eq!(said.code, 2, "{command}: {}{}", said.out, said.err);
        assert!(said.err.contains(words), "{command}: {}", said.err);
        assert!(said.err.len() < 2000, "{command}: {}", said.err);
    };
    let many = "the paths of its files come to more than 2097152 bytes, the limit of `--max-size`";
    let nested = "directories are nested more than 2048 deep";
    for (branch, refusal) in [("wide", ("2M", many)), ("deep", ("64M", nested))] {
        for command in [
            "diff e --against",
            "diff --against",
            "affected --base",
            "check --against",
            "validate --against",
        ] {
            refused(&format!("{command} {branch}"), "p", refusal);
        }
        stage.git("p", &format!("symbolic-ref HEAD refs/heads/{branch}"));
        refused("secrets check --staged", "p", refusal);
        stage.run("cp".as_ref(), "", ["-r", "p/.git", branch]);
        stage.git("p", "symbolic-ref HEAD refs/heads/main");
        std::fs::remove_file(stage.path(branch).join("index")).unwrap();
        stage.git(branch, "config core.bare true");
        refused("secrets check", branch, refusal);
    }
    // Each directory is looked at once.
    let said = stage.kustom("p", ["secrets", "check", "--history"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn links_that_make_many_files_of_few_are_refused() {
    let stage = Stage::new();
    stage.write("p/kustom.yaml", "{}\n");
    stage.write("p/environments/e/kustomization.yaml", "{}\n");
    for number in 0..16 {
        for link in ["a", "b", "c", "d"] {
            let directory = stage.path(&format!("p/links/d{number}"));
            std::fs::create_dir_all(&directory).unwrap();
            let target = format!("../d{}", number + 1);
            std::os::unix::fs::symlink(target, directory.join(link)).unwrap();
        }
    }
    stage.write("p/links/d16/f.yaml", "a: 1\n");
    let many = "the paths of its files come to more than 2097152 bytes, the limit of `--max-size`";
    stage.write(
        "p/environments/e/environment.yaml",
        "configs: [{from: ../../links/d0, to: configs}]\n",
    );
    let said = stage.kustom("p", ["render", "e", "--max-size", "2M"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains(many), "{}", said.err);
    // Here links to directories are followed by nobody.
    stage.write("q/kustom.yaml", "argocd: [apps]\n");
    for link in ["a", "b"] {
        std::fs::create_dir_all(stage.path("q/apps")).unwrap();
        std::os::unix::fs::symlink(".", stage.path("q/apps").join(link)).unwrap();
    }
    let start = Instant::now();
    let said = stage.kustom("q", ["deps"]);
    assert!(matches!(said.code, 0 | 2), "{}", said.err);
    let words = ["create", "--autodetect", "--recursive", "--dry-run"];
    let said = stage.kustom("q/apps", words);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(start.elapsed() < PATIENCE);
}
