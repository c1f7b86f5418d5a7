//! Public repositories of people who run Flux or Argo CD, rendered: every entry makes objects, or says in
//! one line what is missing.

use std::path::Path;
use std::process::Command;

use super::Result;

/// Repositories at a commit; what they hold is never part of this one.
const REPOSITORIES: [(&str, &str); 3] = [
    (
        "https://github.com/onedr0p/home-ops",
        "d9078e4dd52174ad68a4408ca3398f731b2f889e",
    ),
    (
        "https://github.com/bjw-s-labs/home-ops",
        "e183e642922b15733ab8d2c7900027aab596622b",
    ),
    (
        "https://github.com/fluxcd/flux2-kustomize-helm-example",
        "4f1a5b1051b469108d1bdf0ebec6c814427e3834",
    ),
];

/// Fetches the repositories into a directory and runs `kustom check` over each.
pub fn check(into: &Path, kustom: &Path) -> Result<()> {
    let mut failed = Vec::new();
    for (address, commit) in REPOSITORIES {
        let name = address.rsplit("github.com/").next().unwrap_or(address);
        let directory = into.join(name.replace('/', "+"));
        if !directory.join(".git").is_dir() {
            fetch(&directory, address, commit)?;
        }
        let output = Command::new(kustom)
            .args(["check", "--fail-on", "error", "--format", "json"])
            .current_dir(&directory)
            .output()?;
        let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let findings = report["findings"].as_array().map_or(&[][..], Vec::as_slice);
        let of = |severity: &'static str| {
            findings
                .iter()
                .filter(move |finding| finding["severity"] == severity)
        };
        println!(
            "{name}: exit {}, {} errors, {} warnings, {} notes",
            output.status.code().unwrap_or(-1),
            of("error").count(),
            of("warning").count(),
            of("note").count()
        );
        for finding in of("error") {
            let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
            println!("  {}: {}", text("file"), text("message"));
        }
        if !matches!(output.status.code(), Some(0 | 1)) {
            failed.push(name);
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("not checked: {}", failed.join(", ")).into()),
    }
}

/// Lays a repository out in a directory, at a commit.
pub fn fetch(directory: &Path, address: &str, commit: &str) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    git(directory, &["init", "--quiet"])?;
    git(
        directory,
        &["fetch", "--quiet", "--depth=1", address, commit],
    )?;
    git(directory, &["checkout", "--quiet", "FETCH_HEAD"])
}

fn git(directory: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("git {} ended with {status}", arguments.join(" ")).into()),
    }
}
