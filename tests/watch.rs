//! `kustom watch`, with the system's own watcher: what is saved shows, whatever way it is saved.
//!
//! Nothing is timed: what must come is waited for, a minute at most, and what must not come is looked
//! for once something that comes after it is there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use stage::Stage;

const LONG: Duration = Duration::from_secs(60);

/// A watch that runs; it is ended with the test.
struct Watch {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
    seen: Vec<String>,
}

impl Watch {
    fn start(stage: &Stage, words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kustom"))
            .args(["watch", "prod"])
            .args(words)
            .current_dir(stage.path("p"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Self {
            child,
            out,
            err,
            seen: Vec::new(),
        }
    }

    #[track_caller]
    fn prints(&mut self, word: &str) {
        let line = heard(&self.out, word);
        self.seen.push(line);
    }

    #[track_caller]
    fn says(&mut self, word: &str) {
        let line = heard(&self.err, word);
        self.seen.push(line);
    }

    fn interrupt(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The first line with a word; those before it are gone.
#[track_caller]
fn heard(lines: &Receiver<String>, word: &str) -> String {
    let start = Instant::now();
    let mut others = Vec::new();
    while let Some(left) = LONG.checked_sub(start.elapsed()) {
        match lines.recv_timeout(left) {
            Ok(line) if line.contains(word) => return line,
            Ok(line) => others.push(line),
            Err(_) => break,
        }
    }
    panic!("no `{word}`, but {others:#?}");
}

#[track_caller]
fn comes(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < LONG, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn web(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{replicas: {replicas}}}\n"
    )
}

fn project() -> Stage {
    let stage = Stage::new();
    stage.write("p/base/kustomization.yaml", "resources: [web.yaml]\n");
    stage.write("p/base/web.yaml", &web(1));
    stage.write(
        "p/environments/prod/kustomization.yaml",
        "resources: [../../base]\n",
    );
    stage
}

/// Saves as many editors do: a new file in the place of the old one.
fn replace(stage: &Stage, name: &str, content: &str) {
    stage.write(&format!("{name}.swp"), content);
    fs::rename(stage.path(&format!("{name}.swp")), stage.path(name)).unwrap();
}

fn runs(stage: &Stage) -> usize {
    fs::read_to_string(stage.path("p/runs"))
        .unwrap_or_default()
        .lines()
        .count()
}

#[test]
fn what_changes_is_shown_and_passed_on_and_what_does_not_is_quiet() {
    let stage = project();
    let command = ["--", "sh", "-c", "grep replicas >> runs"];
    let mut watch = Watch::start(&stage, &command);
    watch.says("watching");
    comes("the first run", || runs(&stage) == 1);
    stage.write("p/base/web.yaml", &web(2));
    watch.prints("spec.replicas");
    watch.prints("+ 2");
    comes("the second run", || runs(&stage) == 2);
    // The same again, a comment, and a file that nobody reads: none is shown or passed on.
    stage.write("p/base/web.yaml", &web(2));
    replace(&stage, "p/base/web.yaml", &format!("# for now\n{}", web(2)));
    stage.write("p/base/notes.txt", "nothing\n");
    replace(&stage, "p/base/web.yaml", &web(3));
    watch.prints("spec.replicas");
    watch.prints("+ 3");
    comes("the third run", || runs(&stage) == 3);
    // An environment's own file, and one that was not there when it was looked for.
    stage.write(
        "p/environments/prod/environment.yaml",
        "replicas: [{name: web, count: 4}]\n",
    );
    watch.prints("+ 4");
    comes("the fourth run", || runs(&stage) == 4);
    assert_eq!(runs(&stage), 4);
}

#[test]
fn what_is_broken_is_told_once_and_the_watch_goes_on() {
    let stage = project();
    let mut watch = Watch::start(&stage, &[]);
    watch.says("watching");
    stage.write("p/base/web.yaml", "a: [\n");
    watch.says("error:");
    // A second save of the same changes nothing; then another file is wanted that is not there.
    stage.write("p/base/web.yaml", "a: [\n");
    stage.write("p/base/web.yaml", &web(1));
    stage.write(
        "p/base/kustomization.yaml",
        "resources: [web.yaml, map.yaml]\n",
    );
    watch.says("there is no `map.yaml`");
    stage.write(
        "p/base/map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}\n",
    );
    watch.prints("ConfigMap map");
    // A base that goes and comes back is watched still.
    fs::rename(stage.path("p/base"), stage.path("p/away")).unwrap();
    watch.says("error:");
    fs::rename(stage.path("p/away"), stage.path("p/base")).unwrap();
    stage.write("p/base/web.yaml", &web(9));
    watch.prints("+ 9");
}

#[test]
fn an_interrupt_ends_the_watch_and_what_it_runs() {
    let stage = project();
    let command = ["--", "sh", "-c", "echo $$ > pid; exec sleep 1000"];
    let mut watch = Watch::start(&stage, &command);
    let pid = stage.path("p/pid");
    let read = || {
        let text = fs::read_to_string(&pid).unwrap_or_default();
        text.trim()
            .parse::<i32>()
            .ok()
            .filter(|_| text.ends_with('\n'))
    };
    comes("the program", || read().is_some());
    watch.interrupt();
    let program = Pid::from_raw(read().unwrap()).unwrap();
    comes("its end", || test_kill_process(program).is_err());
}

#[test]
fn a_command_that_fails_or_is_not_there_is_told() {
    let stage = project();
    let mut watch = Watch::start(&stage, &["--", "sh", "-c", "exit 7"]);
    watch.says("ended with exit status: 7");
    drop(watch);
    let mut watch = Watch::start(&stage, &["--", "no-such-program"]);
    watch.says("there is no such program");
    stage.write("p/base/web.yaml", &web(2));
    watch.prints("+ 2");
    assert!(!watch.seen.is_empty());
}
