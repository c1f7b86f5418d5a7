//! Commands for the work on kustom: `cargo xtask COMMAND`.
//!
//! For every day: `test CRATE [WORD]` runs the unit tests of a crate; `case WORD` runs the cases whose
//! paths contain a word, and `update-cases [WORD]` writes down what the program says in them;
//! `bench NAME` runs a benchmark on `main` and here; `peer kustomize|yq ARGUMENTS…` runs the real tool
//! and kustom with the same arguments and compares their outputs.
//!
//! The others write generated files.
//!
//! `cargo run -p xtask -- schema` writes `crates/engine/src/schema/tables.rs`; with `--check` it only says
//! whether that file is up to date. Both need Python with pip, and the network.
//!
//! `meaning OPENAPI` writes `src/diff/api.tsv`, from what `kubectl get --raw /openapi/v2` prints.
//! `cargo run -p xtask -- kubernetes DEFINITIONS LIFECYCLE` writes the tables of the validation: what
//! Kubernetes 1.11 to 1.37 serves. The two files are what an API server publishes of itself: its
//! OpenAPI definitions as JSON, and a JSON line for each kind and version with its life cycle.
//!
//! `custom` writes the table of well-known custom resources; it wants go and unzip.
//!
//! `fuzz [--built] [--seconds N] [--until N] [TARGET…]` runs the fuzz targets, each for some seconds, and adds to
//! the counts in `docs/reliability.md`; with `--until` it goes on until there were so many executions.
//!
//! `session KUSTOM` runs a program on the example and writes what it prints as `docs/session.svg`;
//! `xtask/screens/shoot.mjs` takes the pictures of the pages.
//! `book` is a preprocessor of mdBook, for `docs/book.toml`; `book check DIR` follows the links of a
//! finished book.
//!
//! `gitops DIR KUSTOM` fetches public repositories of Flux users into a directory outside of this one, and
//! says what `kustom check` finds in each.
//! `lint-repositories DIR KUSTOM [NAME…]` fetches the repositories of `xtask/repositories.tsv` into a
//! directory outside of this one, and prints what `kustom lint` finds in each for 100 objects.
//!
//! `linters DIR` runs the programs `kube-linter-VERSION`, `kube-score-VERSION` and `polaris-VERSION` of a
//! directory over the examples of our rules of lint, and writes what they find for a test.
//!
//! For the benchmarks, `inputs DIR` writes their inputs into a directory, `floor DIR OUTPUT` does what
//! a build cannot do without, and `recorded CASES DIR` lays out recorded cases.

mod api_tables;
mod book;
mod custom;
mod daily;
mod definitions;
mod floor;
mod fuzz;
mod gitops;
#[path = "../../benches/inputs/mod.rs"]
mod inputs;
mod lint_repositories;
mod linters;
mod meaning;
mod packages;
mod recorded;
mod render;
mod scope;
mod session;
#[path = "../../fuzz/src/seeds.rs"]
mod seeds;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask \
    test CRATE [WORD…] | case WORD | update-cases [WORD] | bench NAME | \
    peer kustomize|yq ARGUMENTS… | schema [--check] | meaning OPENAPI | kubernetes DEFINITIONS LIFECYCLE | custom | inputs DIR | \
    floor DIR OUTPUT | recorded CASES DIR | session KUSTOM | book [check DIR] | gitops DIR KUSTOM | lint-repositories DIR KUSTOM [NAME…] | linters DIR | fuzz [--built] [--seconds N] [--until N] [TARGET…]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["test", name, ref words @ ..] => daily::test(name, words),
        ["case", word] => daily::cases(Some(word), false),
        ["update-cases"] => daily::cases(None, true),
        ["update-cases", word] => daily::cases(Some(word), true),
        ["bench", name] => daily::bench(name),
        ["peer", name, ref words @ ..] => daily::peer(name, words),
        ["schema"] => write(&tables_file()),
        ["schema", "--check"] => check(&tables_file()),
        ["meaning", openapi] => write_meaning(Path::new(openapi)),
        ["kubernetes", definitions, lifecycle] => api_tables::write(
            Path::new(definitions),
            Path::new(lifecycle),
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/validate/data"),
        ),
        ["custom"] => custom::write(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/validate/data/custom.txt"),
        ),
        ["inputs", directory] => write_inputs(Path::new(directory)),
        ["floor", directory, output] => floor::run(Path::new(directory), Path::new(output)),
        ["recorded", cases, directory] => recorded::lay_out(Path::new(cases), Path::new(directory)),
        ["session", program] => session::record(
            Path::new(program),
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/session.svg"),
        ),
        ["book"] => book::preprocess(),
        // There is nothing in it for one kind of output only.
        ["book", "supports", _] => Ok(()),
        ["book", "check", directory] => book::check(Path::new(directory)),
        ["gitops", directory, kustom] => gitops::check(Path::new(directory), Path::new(kustom)),
        ["linters", directory] => linters::record(
            Path::new(directory),
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/lint/tests/linters.tsv"),
        ),
        ["lint-repositories", directory, kustom, ref names @ ..] => {
            lint_repositories::count(Path::new(directory), Path::new(kustom), names)
        }
        ["fuzz", ref asked @ ..] => fuzz::Asked::parse(asked).and_then(|asked| fuzz::run(&asked)),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(file: &Path) -> Result<()> {
    fs::write(file, tables()?)?;
    eprintln!("wrote {}", file.display());
    Ok(())
}

fn write_meaning(openapi: &Path) -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/diff/api.tsv");
    fs::write(&file, meaning::table(openapi)?)?;
    eprintln!("wrote {}", file.display());
    Ok(())
}

fn check(file: &Path) -> Result<()> {
    if fs::read_to_string(file)? == tables()? {
        Ok(())
    } else {
        Err(format!("{} is out of date: {USAGE}", file.display()).into())
    }
}

/// One directory for each input; each is built at its `top`, or judged as a whole.
fn write_inputs(directory: &Path) -> Result<()> {
    let overlays = [100, 1_000, 2_000, 5_000, 20_000];
    let overlays = overlays.map(|count| (format!("overlay-{count}"), inputs::overlay(count)));
    let others = [
        ("definitions".to_owned(), inputs::definitions(10_000_000)),
        ("written-1".to_owned(), inputs::written(1_000_000)),
        ("written-10".to_owned(), inputs::written(10_000_000)),
        ("deprecated-100".to_owned(), inputs::deprecated(100)),
        ("failing-1".to_owned(), inputs::failing(1_000_000)),
        (
            "environments-20".to_owned(),
            inputs::environments(20, 2_800_000),
        ),
        (
            "environments-200".to_owned(),
            inputs::environments(200, 2_800_000),
        ),
        ("many-500".to_owned(), inputs::environments(500, 0)),
        ("yq-3000".to_owned(), inputs::configuration(3_000)),
        ("yq-30000".to_owned(), inputs::configuration(30_000)),
        ("chain-50".to_owned(), inputs::chain(50)),
        ("diamond-50".to_owned(), inputs::diamond(50)),
        ("entries-100".to_owned(), inputs::entries(100)),
        ("entries-1000".to_owned(), inputs::entries(1_000)),
    ];
    let manifests = [1_000, 2_500, 5_000, 10_000];
    let manifests = manifests.map(|count| (format!("manifests-{count}"), inputs::manifests(count)));
    for (name, tree) in overlays.into_iter().chain(others).chain(manifests) {
        for (path, content) in tree {
            let file = directory.join(&name).join(path);
            fs::create_dir_all(file.parent().unwrap_or(directory))?;
            fs::write(file, content)?;
        }
    }
    Ok(())
}

fn tables() -> Result<String> {
    let packages = packages::fetch()?;
    let definitions = definitions::read(&packages.definitions())?;
    let scopes = scope::read(&packages.interfaces(), &definitions)?;
    Ok(render::render(&definitions, &scopes))
}

fn tables_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/engine/src/schema/tables.rs")
}
