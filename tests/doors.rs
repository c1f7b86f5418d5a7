//! The two doors, from outside: files stay whole whatever happens, nothing outside is opened, and an
//! absurd environment is answered.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod stage;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use stage::{CommandOutput, Stage, has};

const KUSTOM: &str = env!("CARGO_BIN_EXE_kustom");

/// How often each command is killed; `KUSTOM_KILLS=200` for a long loop.
fn kills() -> u32 {
    let said = std::env::var("KUSTOM_KILLS").ok();
    said.and_then(|count| count.parse().ok()).unwrap_or(10)
}

/// A project whose environment says `word` many times.
fn say(stage: &Stage, word: &str) {
    let line = format!("  {word}: {}\n", word.repeat(40));
    let lines: String = (0..400)
        .map(|number| line.replacen(word, &format!("{word}-{number}"), 1))
        .collect();
    let mut text = String::new();
    for object in 0..20 {
        text.push_str(&format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m{object}\ndata:\n{lines}"
        ));
    }
    stage.write("p/environments/e/maps.yaml", &text);
    stage.write("p/base/configs/current/c.yaml", &text);
}

fn project() -> Stage {
    let stage = Stage::new();
    stage.write("p/kustom.yaml", "base: base\n");
    stage.write("p/base/kustomization.yaml", "{}\n");
    stage.write(
        "p/environments/e/kustomization.yaml",
        "resources: [maps.yaml]\n",
    );
    stage.write(
        "p/other.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m0}}\n",
    );
    say(&stage, "new");
    stage
}

/// What writes files of some size, and the files.
const WRITERS: [(&str, &[&str]); 6] = [
    ("build environments/e -o out.yaml", &["out.yaml"]),
    (
        "render --all -q -o all --secrets placeholder",
        &["all/e.yaml", "all/.kustom-rendered"],
    ),
    (
        "render e --split -o split",
        &["split/v1_configmap_m0.yaml", "split/v1_configmap_m19.yaml"],
    ),
    ("config e --write", &["environments/e/configs/c.yaml"]),
    ("yq -i .data.new-0=1 in-place.yaml", &["in-place.yaml"]),
    (
        "diff --files other.yaml environments/e/maps.yaml --format html -o page.html --exit-zero",
        &["page.html"],
    ),
];

/// What writes small files, and the files.
const SMALL_WRITERS: [(&str, &[&str]); 7] = [
    ("migrate environments --force", &["kustom.yaml"]),
    (
        "edit -C environments/e set nameprefix x-",
        &["environments/e/kustomization.yaml"],
    ),
    (
        "secrets init f",
        &[
            "environments/f/secrets/a/token",
            "environments/f/secrets/b/token",
        ],
    ),
    (
        "init fresh",
        &[
            "fresh/kustom.yaml",
            "fresh/environments/production/kustomization.yaml",
        ],
    ),
    ("lock", &["kustom.lock"]),
    ("vendor", &["vendor/kustom.sum"]),
    (
        "check e --format sarif -o report.sarif --exit-zero",
        &["report.sarif"],
    ),
];

/// A lock that a project has which uses no remotes.
const LOCK_OF_NOTHING: &str = "version: 1\nremotes: []\n";

/// Lays out what there was before a command.
fn lay_out(stage: &Stage, files: &[&str]) {
    for file in files {
        // What is edited in place is its own input.
        let text = match *file {
            "in-place.yaml" => stage.read("p/environments/e/maps.yaml"),
            "environments/e/kustomization.yaml" => "resources: [maps.yaml]\n".to_owned(),
            // What is only made, and what a lock is for.
            "kustom.lock" => LOCK_OF_NOTHING.to_owned(),
            file if file.starts_with("fresh/") || file.contains("/secrets/") => {
                let _ = fs::remove_file(stage.path(&format!("p/{file}")));
                let _ = fs::remove_dir_all(stage.path("p/fresh"));
                let _ = fs::remove_dir_all(stage.path("p/environments/f/secrets"));
                continue;
            }
            file => format!("# the old {file}\n"),
        };
        stage.write(&format!("p/{file}"), &text);
    }
}

/// The drafts below a directory.
fn drafts(directory: &Path) -> usize {
    let entries = walkdir::WalkDir::new(directory).into_iter();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with(".kustom-") && name.ends_with(".tmp"))
        .count()
}

/// What files of the project hold, those that are there.
fn contents(stage: &Stage, files: &[&str]) -> Vec<Option<String>> {
    let read = |file: &&str| fs::read_to_string(stage.path(&format!("p/{file}"))).ok();
    files.iter().map(read).collect()
}

#[test]
fn a_kill_leaves_every_file_old_or_new() {
    let stage = project();
    stage.write("p/secrets-boilerplate/a/token", "CHANGE_ME\n");
    stage.write("p/secrets-boilerplate/b/token", "CHANGE_ME\n");
    stage.write(
        "p/environments/f/kustomization.yaml",
        "secretGenerator:\n- {name: a, files: [secrets/a/token]}\n- {name: b, files: [secrets/b/token]}\n",
    );
    for (command, files) in WRITERS.iter().chain(&SMALL_WRITERS) {
        lay_out(&stage, files);
        let old = contents(&stage, files);
        let start = Instant::now();
        let said = stage.kustom("p", command.split(' '));
        assert_eq!(said.code, 0, "{command}: {}", said.err);
        let long = start.elapsed();
        let new = contents(&stage, files);
        let mut cut_short = 0;
        for round in 0..kills() {
            lay_out(&stage, files);
            let mut child = Command::new(KUSTOM)
                .args(command.split(' '))
                .current_dir(stage.path("p"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Most of the time it reads; it writes at the end.
            let part = 0.5 + 0.6 * f64::from(round) / f64::from(kills());
            thread::sleep(long.mul_f64(part));
            child.kill().unwrap();
            cut_short += u32::from(child.wait().unwrap().code().is_none());
            let found = contents(&stage, files);
            for (at, file) in files.iter().enumerate() {
                let is_whole = found[at] == old[at] || found[at] == new[at];
                assert!(is_whole, "{command}: {file} is cut");
            }
        }
        eprintln!("{command}: {cut_short} of {} were killed", kills());
        // The next run takes away what the killed ones have left.
        lay_out(&stage, files);
        assert_eq!(stage.kustom("p", command.split(' ')).code, 0, "{command}");
        assert_eq!(drafts(&stage.path("p")), 0, "{command}");
    }
}

#[test]
fn a_full_disk_leaves_every_file_as_it_was() {
    let stage = project();
    for (command, files) in WRITERS {
        lay_out(&stage, files);
        let old = contents(&stage, files);
        // The signal is turned into an error, which is what a full disk is.
        let line = format!("trap '' XFSZ; ulimit -f 4; exec {KUSTOM} {command}");
        let said = shell(&stage, "p", &line);
        assert!(matches!(said.code, 1 | 2), "{command}: {}", said.code);
        assert!(said.err.contains("error: cannot write `"), "{}", said.err);
        for (file, old) in files.iter().zip(&old) {
            let found = fs::read_to_string(stage.path(&format!("p/{file}"))).ok();
            assert_eq!(found, *old, "{command}: {file}");
        }
        assert_eq!(drafts(&stage.path("p")), 0, "{command}");
        // Where nothing was before, nothing is left: not even a directory.
        for file in files.iter().filter(|file| **file != "in-place.yaml") {
            let _ = fs::remove_file(stage.path(&format!("p/{file}")));
        }
        for directory in ["all", "split", "environments/e/configs"] {
            let _ = fs::remove_dir(stage.path(&format!("p/{directory}")));
        }
        let said = shell(&stage, "p", &line);
        assert_ne!(said.code, 0, "{command}");
        for file in files.iter().filter(|file| **file != "in-place.yaml") {
            let path = stage.path(&format!("p/{file}"));
            assert!(!path.exists(), "{command}: {file}");
        }
        for directory in ["all", "split", "environments/e/configs"] {
            let path = stage.path(&format!("p/{directory}"));
            assert!(!path.exists(), "{command}: {directory}");
        }
    }
    for command in [
        "build environments/e",
        "render e",
        "config e",
        "yq . in-place.yaml",
    ] {
        stage.write("p/in-place.yaml", "a: 1\n");
        let said = shell(&stage, "p", &format!("exec {KUSTOM} {command} >/dev/full"));
        assert!(matches!(said.code, 1 | 2), "{command}");
        assert!(
            said.err.contains("error: cannot write to stdout"),
            "{}",
            said.err
        );
    }
}

#[test]
fn an_absurd_environment_is_answered() {
    let mut stage = project();
    let commands = [
        "build environments/e",
        "render e",
        "config e",
        "check",
        "render --all -q -o out",
        "yq .kind environments/e/maps.yaml",
        "explain e",
        "blame e",
        "validate e",
        "outdated",
        "substitute --set a=b environments/e/maps.yaml",
        "diff --files other.yaml environments/e/maps.yaml --format markdown",
    ];
    let plain: Vec<CommandOutput> = commands
        .iter()
        .map(|command| stage.kustom("p", command.split(' ')))
        .collect();
    let wanted_file = stage.read("p/out/e.yaml");
    let same = |stage: &Stage, before: &str, what: &str| {
        for (command, plain) in commands.iter().zip(&plain) {
            let said = shell(stage, "p", &format!("{before} exec {KUSTOM} {command}"));
            assert_eq!(said.code, plain.code, "{what}, {command}: {}", said.err);
            assert_eq!(said.out, plain.out, "{what}, {command}");
            assert_eq!(said.err, plain.err, "{what}, {command}");
        }
        assert_eq!(stage.read("p/out/e.yaml"), wanted_file, "{what}");
        fs::remove_file(stage.path("p/out/e.yaml")).unwrap();
    };
    for threads in ["0", "-1", "1", "10000", "99999999999999999999", "abc", ""] {
        let what = format!("RAYON_NUM_THREADS={threads}");
        same(&stage, &format!("RAYON_NUM_THREADS='{threads}'"), &what);
    }
    same(&stage, "ulimit -n 32;", "32 open files");
    same(&stage, "unset HOME;", "no home");
    same(&stage, "unset PATH;", "no path");
    same(&stage, "exec <&-;", "stdin is closed");
    stage.set("TMPDIR", "/nowhere/at/all");
    same(&stage, "", "no directory for temporary files");
}

#[test]
fn closed_streams_are_no_files() {
    let stage = project();
    // What is opened must not get the number of a stream that is closed, and be written to as one.
    for closed in [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        let line = format!("exec {KUSTOM} build environments/e -o out.yaml {closed}");
        assert_eq!(shell(&stage, "p", &line).code, 0, "{closed}");
        assert!(stage.read("p/out.yaml").starts_with("apiVersion: v1\n"));
        for (command, code) in [
            ("build environments/e", 0),
            ("build none", 1),
            ("render none", 2),
        ] {
            let line = format!("exec {KUSTOM} {command} {closed}");
            let said = shell(&stage, "p", &line);
            assert_eq!(said.code, code, "{command} {closed}");
        }
        let kept = stage.read("p/kustom.yaml");
        assert_eq!(kept, "base: base\n");
    }
    for (command, code) in [("build none", 1), ("render none", 2), ("nothing", 2)] {
        let said = shell(&stage, "p", &format!("exec {KUSTOM} {command} 2>/dev/full"));
        assert_eq!(said.code, code, "{command}");
    }
    let said = shell(&stage, "p", &format!("exec {KUSTOM} --help >/dev/full"));
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "error: cannot write to stdout\n")
    );
}

#[test]
fn a_directory_that_is_gone_is_named() {
    let stage = project();
    let target = stage.text("p/environments/e");
    for command in [
        format!("build {target}"),
        "render e".to_owned(),
        "check".to_owned(),
        "init".to_owned(),
        format!("build {target} -o out.yaml"),
    ] {
        let line = format!("mkdir gone; cd gone; rmdir ../gone; exec {KUSTOM} {command}");
        let said = shell(&stage, "p", &line);
        assert!(matches!(said.code, 1 | 2), "{command}: {}", said.out);
        assert!(said.err.starts_with("error: "), "{command}: {}", said.err);
        assert!(!stage.path("p/gone").exists());
    }
}

/// What programs open that are no files of anybody: libraries, the system's own tables, and what
/// this very process is.
const OF_THE_SYSTEM: [&str; 9] = [
    "/lib",
    "/usr/lib",
    "/etc/ld.so.cache",
    "/etc/ssl",
    "/etc/localtime",
    "/proc/",
    "/sys/",
    "/dev/null",
    // What git is told of by whoever called it.
    "/etc/gitconfig",
];

#[test]
fn nothing_outside_of_the_project_is_opened() {
    if !has("strace") || !has("git") {
        return;
    }
    let stage = Stage::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in [
        "kustom",
        "environments",
        "secrets-boilerplate",
        "kustom.yaml",
        ".gitignore",
    ] {
        copy(&root.join(part), &stage.path("p").join(part));
    }
    stage.write("p/more.yaml", "version: v7\n");
    // A tempting file that a careless search for projects would read.
    stage.write("kustom.yml", "environments: elsewhere\n");
    stage.write("home/.config/kustomize/plugin/x", "");
    stage.commit("p");
    let probe = Command::new("strace")
        .args(["-qq", "-e", "trace=none", "true"])
        .output()
        .unwrap();
    if !probe.status.success() {
        eprintln!("skipped: strace may not look at processes here");
        return;
    }
    for command in [
        "build kustom/base",
        "render testing",
        "render testing --values more.yaml --secrets placeholder",
        "render --all --secrets placeholder -o ../out",
        "render --all --secrets placeholder -o ../out --check",
        "render --all --split --prune --secrets placeholder -o ../out",
        "render testing -o ../out.yaml",
        "config testing",
        "config testing --explain",
        "config testing --write",
        "config testing --check",
        "secrets status",
        "secrets check",
        "secrets check --history",
        "secrets init testing",
        "check",
        "check --against HEAD",
        "check testing --format sarif -o ../report.sarif",
        "affected --base HEAD",
        "deps",
        "diff testing staging --secrets placeholder",
        "diff staging --against HEAD",
        "validate testing",
        "explain testing",
        "explain testing Deployment/deck spec.replicas",
        "blame testing",
        "blame --reverse kustom/base/kustomization.yaml",
        "lock",
        "lock --check",
        "vendor",
        "substitute --set a=b kustom/base/manifests/upstream/deck_deployment.yaml",
        "diff staging --against HEAD --format html -o ../page.html --exit-zero",
        "compare-releases kustom/base --from 5.7.1",
        "yq . kustom.yaml",
        "yq -i .base=\"kustom/base\" kustom.yaml",
        "edit set namespace x -C environments/testing --dry-run",
        "edit fix --all --dry-run",
        "localize kustom/base ../localized",
        "init ../fresh",
    ] {
        let opened = opened(&stage, command);
        assert!(!opened.is_empty(), "{command} opens nothing");
        let home = stage.path("home");
        let allowed = |path: &str| {
            let path = Path::new(path);
            let below = |name: &str| path.starts_with(stage.path(name));
            below("p") || below("out") || below("fresh") || below("localized") || below("tmp")
                || path == stage.path("out.yaml") || path == stage.path("report.sarif")
                || path == stage.path("page.html")
                // Where results go, and where a draft of them lies.
                || path == stage.path("")
                || path.strip_prefix(stage.path("")).is_ok_and(is_draft)
                || path == stage.path("gitconfig")
                || path.starts_with(home.join(".config/git"))
                || path == home.join(".gitconfig")
        };
        for path in opened {
            let is_of_system = OF_THE_SYSTEM.iter().any(|start| path.starts_with(start));
            assert!(is_of_system || allowed(&path), "{command} opens {path}");
        }
    }
}

fn is_draft(path: &Path) -> bool {
    let name = path.iter().next().unwrap_or_default();
    name.to_string_lossy().starts_with(".kustom-")
}

/// The paths of what a command opens, with links resolved by the system.
fn opened(stage: &Stage, command: &str) -> Vec<String> {
    let log = stage.path("tmp/trace");
    let mut words = vec![
        "-f",
        "-y",
        "-qq",
        "-e",
        "trace=openat,open,creat,openat2",
        "-o",
    ];
    words.push(log.to_str().unwrap());
    words.push(KUSTOM);
    words.extend(command.split(' '));
    let said = stage.run("strace".as_ref(), "p", words);
    assert!(said.code <= 1, "{command}: {}", said.err);
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    let paths = text.lines().filter_map(|line| {
        // `openat(AT_FDCWD</here>, "x", O_RDONLY) = 3</here/x>`
        let (_, result) = line.rsplit_once(" = ")?;
        let (_, path) = result.split_once('<')?;
        Some(path.strip_suffix('>')?.to_owned())
    });
    let mut paths: Vec<String> = paths.collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Runs a line of the shell in a directory of the stage.
fn shell(stage: &Stage, directory: &str, line: &str) -> CommandOutput {
    let start = Instant::now();
    let said = stage.run("/bin/sh".as_ref(), directory, ["-c", line]);
    assert!(start.elapsed() < Duration::from_secs(120), "{line}");
    said
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_symlink() {
                let target = fs::read_link(entry.path()).unwrap();
                std::os::unix::fs::symlink(target, to.join(entry.file_name())).unwrap();
            } else {
                copy(&entry.path(), &to.join(entry.file_name()));
            }
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}
