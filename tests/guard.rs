//! The guard against recorded texts: how much it finds, and how often it cries wolf.
//!
//! They are read from `../shared/conformance`, or from the folder that the variable `CONFORMANCE`
//! names.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may speak and panic"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use kustom::finding::Severity;
use kustom::guard::{FoundSecret, Guard, gather};
use serde_json::Value;

/// One recorded text; it is kept backwards so that no scanner trips over the file.
struct Row {
    rule: String,
    text: String,
    secret: bool,
    path: String,
    origin: String,
    tier: String,
}

/// Found and missed secrets, false alarms and quiet texts.
#[derive(Default)]
struct Tally<'r> {
    secrets: usize,
    missed: Vec<&'r Row>,
    others: usize,
    alarms: Vec<&'r Row>,
}

#[test]
fn the_guard_finds_what_it_must_and_leaves_the_rest_alone() {
    let Some(corpus) = corpus("guard.jsonl") else {
        return;
    };
    let rows = rows(&corpus.join("guard.jsonl"));
    let guard = Guard::new();
    let (mut all, mut ours) = (Tally::default(), Tally::default());
    for row in &rows {
        let alarmed = !guard.scan(&row.path, row.text.as_bytes()).leaks.is_empty();
        if row.tier == "must" {
            all.add(row, alarmed);
        }
        if !row.origin.starts_with("gitleaks") {
            ours.add(row, alarmed);
        }
    }
    eprintln!(
        "all: {}written for deployments: {}",
        all.report(),
        ours.report()
    );
    assert!(ours.recall() >= 0.99, "{}", ours.report());
    assert!(ours.false_alarms() <= 0.01, "{}", ours.report());
    assert!(all.recall() >= 0.97, "{}", all.report());
    assert!(all.false_alarms() <= 0.02, "{}", all.report());
}

#[test]
fn a_deployment_without_secrets_is_quiet() {
    let Some(corpus) = corpus("prow") else { return };
    let guard = Guard::new();
    for (path, text) in files_below(&corpus.join("prow/2020-build/input")) {
        let scan = guard.scan(&path, &text);
        assert!(scan.leaks.is_empty(), "{:?}", scan.leaks);
    }
}

#[test]
fn secrets_put_back_into_a_deployment_are_found_with_all_their_places() {
    let Some(corpus) = corpus("prow") else { return };
    let (token, cookie, hmac, client) = (hex(20, 1), base64(88, 2), hex(40, 3), hex(40, 4));
    let mut files: BTreeMap<String, Vec<u8>> = files_below(&corpus.join("prow/2020-build/input"));
    let environment = "environments/kubevirtci-testing/kustomization.yaml";
    let literals = String::from_utf8(files[environment].clone()).unwrap();
    let filled = literals
        .replace("token=example-slack-token", &format!("token={token}"))
        .replace("secret=ZXhhbXBsZS1jb29raWU=", &format!("secret={cookie}"))
        .replace("hmac=example-hmac", &format!("hmac={hmac}"))
        .replace(
            "client_id: example-client-id",
            &format!("client_id: {}", hex(20, 5)),
        )
        .replace(
            "client_secret: example-client-secret",
            &format!("client_secret: {client}"),
        );
    assert_ne!(filled, literals);
    files.insert(environment.to_owned(), filled.into_bytes());
    let vars = "molecule/default/vars/kubevirtci-testing.yaml";
    files.insert(
        vars.to_owned(),
        format!("prowHmac: \"{hmac}\"\n").into_bytes(),
    );
    let boilerplate = "secrets-boilerplate/cookie-b64encoded/secret";
    files.insert(
        boilerplate.to_owned(),
        format!("# the cookie\n{cookie}\n").into_bytes(),
    );
    let samples = format!(
        "githubToken: \"{}\"\nprowHmac: \"{}\"\n",
        hex(40, 6),
        hex(40, 7)
    );
    files.insert("README.md".to_owned(), samples.into_bytes());

    let guard = Guard::new();
    let leaks = files
        .iter()
        .flat_map(|(path, text)| guard.scan(path, text).leaks);
    let found: Vec<_> = gather(leaks)
        .iter()
        .map(|one| {
            let others: Vec<String> = one.others.iter().map(ToString::to_string).collect();
            (shape(&one.leak), others.join(" "))
        })
        .collect();
    let error = |preview: &str| (Severity::Error, preview.to_owned());
    let warning = |preview: &str| (Severity::Warning, preview.to_owned());
    let wanted = [
        (warning("githubToken=…(40 hex)"), String::new()),
        (warning("prowHmac=…(40 hex)"), String::new()),
        (error("token=…(20 hex)"), String::new()),
        (
            error("secret=…(88 characters)"),
            format!("{boilerplate}:2:1"),
        ),
        (error("hmac=…(40 hex)"), format!("{vars}:1:12")),
        (error("client_secret=…(40 hex)"), String::new()),
    ];
    assert_eq!(found, wanted);
}

/// How bad a leak is, and its preview without the characters it shows.
fn shape(leak: &FoundSecret) -> (Severity, String) {
    let (name, rest) = leak.preview.split_once('=').unwrap();
    let (_, count) = rest.split_once('…').unwrap();
    (leak.severity, format!("{name}=…{count}"))
}

fn hex(length: usize, seed: u64) -> String {
    drawn(length, seed, b"0123456789abcdef")
}

fn base64(length: usize, seed: u64) -> String {
    let signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    drawn(length, seed, signs)
}

/// Characters that look drawn, so that no secret stands in this file.
fn drawn(length: usize, seed: u64, signs: &[u8]) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(signs[(state >> 33) as usize % signs.len()])
    };
    (0..length).map(|_| next()).collect()
}

fn corpus(part: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    if !folder.join(part).exists() {
        eprintln!("skipped: no recorded texts in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn rows(file: &Path) -> Vec<Row> {
    let lines = fs::read_to_string(file).unwrap();
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        Row {
            rule: text("rule"),
            text: text("text").chars().rev().collect(),
            secret: row["secret"].as_bool().unwrap(),
            path: text("path"),
            origin: text("origin"),
            tier: text("tier"),
        }
    };
    lines.lines().map(row).collect()
}

/// The files below a directory, by their paths from there.
fn files_below(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap();
            let name = path.to_str().unwrap().replace('\\', "/");
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

impl<'r> Tally<'r> {
    fn add(&mut self, row: &'r Row, alarmed: bool) {
        let (count, wrong) = if row.secret {
            (&mut self.secrets, &mut self.missed)
        } else {
            (&mut self.others, &mut self.alarms)
        };
        *count += 1;
        if alarmed != row.secret {
            wrong.push(row);
        }
    }

    fn recall(&self) -> f64 {
        1.0 - self.missed.len() as f64 / self.secrets.max(1) as f64
    }

    fn false_alarms(&self) -> f64 {
        self.alarms.len() as f64 / self.others.max(1) as f64
    }

    fn report(&self) -> String {
        let mut text = format!(
            "recall {:.4} ({} of {} missed), false alarms {:.4} ({} of {})\n",
            self.recall(),
            self.missed.len(),
            self.secrets,
            self.false_alarms(),
            self.alarms.len(),
            self.others
        );
        for (what, rows) in [("missed", &self.missed), ("false alarm", &self.alarms)] {
            for row in rows {
                writeln!(text, "  {what}: {} ({}) {}", row.rule, row.origin, row.path).unwrap();
            }
        }
        text
    }
}
