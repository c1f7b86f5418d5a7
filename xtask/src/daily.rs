//! Commands for the daily work: one crate's tests, one case, a benchmark against `main`, a peer beside kustom.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Result;

/// The crates of the workspace, by the names of their directories.
const CRATES: [&str; 9] = [
    "yaml",
    "gotemplate",
    "yq",
    "guard",
    "substitute",
    "engine",
    "validate",
    "lint",
    "lsp",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        let program = command.get_program().to_string_lossy().into_owned();
        Err(format!("{program} ended with {status}").into())
    }
}

/// Runs the unit tests of a crate, all or those whose names contain a word.
pub fn test(name: &str, words: &[&str]) -> Result<()> {
    let package = match name {
        "kustom" => "kustom".to_owned(),
        name if CRATES.contains(&name) => format!("kustom-{name}"),
        _ => {
            return Err(
                format!("no crate `{name}`; there are kustom, {}", CRATES.join(", ")).into(),
            );
        }
    };
    run(cargo()
        .args(["test", "--locked", "--lib", "-p", &package])
        .args(words))
}

/// Runs the cases whose paths contain a word, or writes down what the program says in them.
pub fn cases(word: Option<&str>, update: bool) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--locked", "--test", "cases", "every_case"]);
    if let Some(word) = word {
        command.env("CASE", word);
    }
    if update {
        command.env("UPDATE_CASES", "1");
    }
    run(&mut command)
}

/// Runs a benchmark on `main` and then here, and prints the differences.
///
/// `main` is checked out below `target/`; both builds share a target directory, in which the
/// benchmarks keep their results.
pub fn bench(name: &str) -> Result<()> {
    let target = root().join("target/bench-against-main");
    let tree = root().join("target/main");
    // A clone that has checked out another branch may have no `main` of its own.
    let own = Command::new("git")
        .current_dir(root())
        .args(["rev-parse", "--quiet", "--verify", "refs/heads/main"])
        .output()?;
    let main = if own.status.success() {
        "main"
    } else {
        "origin/main"
    };
    let mut git = Command::new("git");
    git.current_dir(root());
    if tree.join(".git").exists() {
        git.arg("-C")
            .arg(&tree)
            .args(["checkout", "--quiet", "--detach", main]);
    } else {
        git.args(["worktree", "add", "--quiet", "--detach"])
            .arg(&tree)
            .arg(main);
    }
    run(&mut git)?;
    let bench = |directory: &Path, option: &str| {
        run(cargo()
            .current_dir(directory)
            .env("CARGO_TARGET_DIR", &target)
            .args(["bench", "--locked", "--bench", name, "--", option, "main"]))
    };
    bench(&tree, "--save-baseline")?;
    bench(&root(), "--baseline")
}

/// Runs a peer and kustom with the same words, and shows where their outputs differ.
///
/// The peer is the program that a variable of its name in capitals gives (`KUSTOMIZE`), or the one
/// on the `PATH`.
pub fn peer(name: &str, words: &[&str]) -> Result<()> {
    run(cargo().args(["build", "--locked", "--quiet", "-p", "kustom"]))?;
    let ours = cargo_target().join("debug/kustom");
    let program = std::env::var_os(name.to_uppercase()).unwrap_or_else(|| OsString::from(name));
    let theirs = Command::new(&program).args(words).output()?;
    let mut command = Command::new(ours);
    match name {
        "kustomize" => {}
        "yq" => {
            command.arg("yq");
        }
        _ => return Err(format!("no peer `{name}`; there are kustomize and yq").into()),
    }
    let ours = command.args(words).output()?;
    for (who, output) in [(name, &theirs), ("kustom", &ours)] {
        println!("{who}: {}", output.status);
        print!("{}", String::from_utf8_lossy(&output.stderr));
    }
    if theirs.stdout == ours.stdout {
        println!("same output, {} bytes", ours.stdout.len());
        return Ok(());
    }
    let directory = cargo_target().join("peer");
    std::fs::create_dir_all(&directory)?;
    let files = [(name, theirs.stdout), ("kustom", ours.stdout)].map(|(who, bytes)| {
        let file = directory.join(who);
        std::fs::write(&file, bytes).map(|()| file)
    });
    let [theirs, ours] = files;
    Command::new("diff")
        .arg("-u")
        .arg(theirs?)
        .arg(ours?)
        .status()?;
    Err("the outputs differ".into())
}

fn cargo_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
