//! Runs the fuzzer over all targets, one after the other, and keeps count in `docs/reliability.md`.
//!
//! The targets are built on stable Rust: what libFuzzer needs to know of the code is put in by flags
//! that every compiler has. There is no AddressSanitizer: the program is held to `forbid(unsafe_code)`,
//! and without it the fuzzer tries several times as many inputs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Result;
use crate::seeds::{TARGETS, Target};

/// Where the count is kept.
const PAGE: &str = "docs/reliability.md";

/// The lines of the page between which the table stands.
const MARKS: [&str; 2] = ["<!-- counts -->\n", "<!-- end of counts -->\n"];

/// How the compiler is told to count edges and to show comparisons.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What is asked for.
#[derive(Debug)]
pub struct Asked {
    /// How long each target runs at a time.
    seconds: u64,
    /// Goes on from target to target until there were so many executions in all; once round without.
    until: Option<u64>,
    /// Whether the targets are built already.
    is_built: bool,
    /// Which targets; none for all.
    targets: Vec<String>,
}

/// What is known of a target.
#[derive(Clone, Copy, Default)]
struct Row {
    executions: u64,
    seconds: u64,
    edges: u64,
}

impl Asked {
    /// Reads `[--built] [--seconds N] [--until N] [TARGET…]`.
    pub fn parse(arguments: &[&str]) -> Result<Self> {
        let mut asked = Self {
            seconds: 60,
            until: None,
            is_built: false,
            targets: Vec::new(),
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut number = || -> Result<u64> {
                let text = rest.next().ok_or(format!("{argument} wants a number"))?;
                Ok(text.parse()?)
            };
            match *argument {
                "--built" => asked.is_built = true,
                "--seconds" => asked.seconds = number()?,
                "--until" => asked.until = Some(number()?),
                name if TARGETS.iter().any(|target| target.name == name) => {
                    asked.targets.push(name.to_owned());
                }
                name => return Err(format!("there is no target `{name}`").into()),
            }
        }
        Ok(asked)
    }
}

/// Builds the targets of the tree that is the current directory, runs them, and writes the count
/// down after each.
pub fn run(asked: &Asked) -> Result<()> {
    let root = std::env::current_dir()?;
    if !asked.is_built {
        build(&root, &asked.targets)?;
    }
    let wanted = |target: &&Target| {
        asked.targets.is_empty() || asked.targets.iter().any(|name| name == target.name)
    };
    let mut failures = Vec::new();
    loop {
        for target in TARGETS.iter().filter(wanted) {
            let (row, is_good) = round(&root, target, asked.seconds)?;
            if !is_good {
                failures.push(target.name);
            }
            let total = count(&root, target.name, row)?;
            println!(
                "{}: {} executions, {} edges; {total} executions in all",
                target.name, row.executions, row.edges
            );
            if asked.until.is_some_and(|until| total >= until) {
                return judged(&failures);
            }
        }
        if asked.until.is_none() || !failures.is_empty() {
            return judged(&failures);
        }
    }
}

fn judged(failures: &[&str]) -> Result<()> {
    match failures {
        [] => Ok(()),
        names => Err(format!("see fuzz/artifacts: {}", names.join(", ")).into()),
    }
}

/// Builds some targets; all, if none is named.
fn build(root: &Path, targets: &[String]) -> Result<()> {
    let which = match targets {
        [] => vec!["--bins"],
        some => some
            .iter()
            .flat_map(|name| ["--bin", name.as_str()])
            .collect(),
    };
    let status = Command::new("cargo")
        .args(["build", "--locked", "--release"])
        .args(which)
        // Build scripts and macros are not counted.
        .args(["--target", &host()?])
        .arg("--manifest-path")
        .arg(root.join("fuzz/Cargo.toml"))
        .env("RUSTFLAGS", COVERAGE)
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err("the targets cannot be built".into()),
    }
}

fn host() -> Result<String> {
    let output = Command::new("rustc")
        .args(["--version", "--verbose"])
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.ok_or("rustc does not say where it runs")?.to_owned())
}

/// Runs one target for a while; says what was counted, and whether nothing was found.
fn round(root: &Path, target: &Target, seconds: u64) -> Result<(Row, bool)> {
    let fuzz = root.join("fuzz");
    let corpus = fuzz.join("corpus").join(target.name);
    let artifacts = fuzz.join("artifacts").join(target.name);
    let seeds = fuzz.join("target/seeds").join(target.name);
    for directory in [&corpus, &artifacts, &seeds] {
        fs::create_dir_all(directory)?;
    }
    for (number, seed) in target.seeds(root)?.iter().enumerate() {
        fs::write(seeds.join(format!("{number:04}")), seed)?;
    }
    let dictionary = seeds.with_extension("dict");
    fs::write(&dictionary, target.dictionary(root)?)?;
    let start = Instant::now();
    let mut command = Command::new(binary(&fuzz, target.name)?);
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-dict={}", dictionary.display()))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(["-max_len=4096", "-timeout=60", "-rss_limit_mb=4096"])
        .args(["-print_final_stats=1", "-reload=0"])
        .args([&corpus, &seeds])
        // No program is found, so none is run.
        .env("PATH", "")
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    fs::write(seeds.with_extension("log"), text.as_bytes())?;
    let row = Row {
        executions: stat(&text),
        seconds: start.elapsed().as_secs(),
        edges: edges(&text),
    };
    if !output.status.success() {
        let last: Vec<&str> = text.lines().rev().take(60).collect();
        last.iter().rev().for_each(|line| eprintln!("{line}"));
    }
    Ok((row, output.status.success()))
}

fn binary(fuzz: &Path, name: &str) -> Result<PathBuf> {
    Ok(fuzz.join("target").join(host()?).join("release").join(name))
}

/// How many inputs libFuzzer says that it tried.
fn stat(text: &str) -> u64 {
    let mark = "stat::number_of_executed_units:";
    let value = text.lines().find_map(|line| line.strip_prefix(mark));
    value
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

/// How many edges libFuzzer says were reached.
fn edges(text: &str) -> u64 {
    let counts = text.split(" cov: ").skip(1);
    let counts = counts.filter_map(|rest| rest.split(' ').next()?.parse().ok());
    counts.max().unwrap_or(0)
}

/// Adds to the row of a target, and says how many executions there were in all.
fn count(root: &Path, name: &str, new: Row) -> Result<u64> {
    let page = root.join(PAGE);
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(MARKS[0]).ok_or("the page has no table")?;
    let (table, after) = rest.split_once(MARKS[1]).ok_or("the table has no end")?;
    let mut rows = rows(table);
    let row = rows.entry(name.to_owned()).or_default();
    row.executions += new.executions;
    row.seconds += new.seconds;
    row.edges = row.edges.max(new.edges);
    let total = rows.values().map(|row| row.executions).sum();
    let table = table_of(&rows);
    let [start, end] = MARKS;
    fs::write(page, format!("{before}{start}{table}{end}{after}"))?;
    Ok(total)
}

fn rows(table: &str) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for line in table.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let number = |cell: &str| cell.replace(',', "").parse().unwrap_or(0);
        if let [_, name, executions, seconds, edges, _] = cells[..]
            && let Some(name) = name.strip_prefix('`')
        {
            let row = Row {
                executions: number(executions),
                seconds: number(seconds),
                edges: number(edges),
            };
            rows.insert(name.trim_end_matches('`').to_owned(), row);
        }
    }
    rows
}

fn table_of(rows: &BTreeMap<String, Row>) -> String {
    let mut table =
        "\n| target | executions | seconds | edges |\n|---|---:|---:|---:|\n".to_owned();
    let mut all = Row::default();
    for (name, row) in rows {
        let cells = [row.executions, row.seconds, row.edges].map(grouped);
        table += &format!("| `{name}` | {} |\n", cells.join(" | "));
        all.executions += row.executions;
        all.seconds += row.seconds;
    }
    let [executions, seconds] = [all.executions, all.seconds].map(grouped);
    table + &format!("| all | {executions} | {seconds} | |\n\n")
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
