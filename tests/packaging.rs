//! What packages are made of: the scripts in `dist/` run as far as they can without a build and
//! without a registry, and all that names a version, a target or a file names one that is there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kustom::yaml::{self, Node};
use regex::Regex;
use stage::{CommandOutput, Stage, has};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn documents(text: &str) -> Vec<Node> {
    yaml::read(text, &yaml::Options::default()).unwrap()
}

/// The text at a path of keys.
fn at<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(node, |node, key| {
        let entry = node.entries().iter().find(|entry| entry.is(key))?;
        Some(&entry.value)
    })
}

/// The targets of a release: the target, and npm's names of the system and the processor.
fn targets() -> Vec<[String; 3]> {
    let table = text("dist/targets.txt");
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let targets: Vec<[String; 3]> = rows
        .map(|row| [row[0], row[2], row[3]].map(str::to_owned))
        .collect();
    assert!(targets.len() >= 5);
    targets
}

/// Runs a script of the repository.
fn script(stage: &Stage, name: &str, arguments: &[&str]) -> CommandOutput {
    stage.run(
        root().join(name).as_os_str().to_str().unwrap().as_ref(),
        "",
        arguments,
    )
}

/// A stage of a release that has a stand-in for the program, which is large.
fn release() -> Stage {
    let stage = Stage::new();
    let program = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_kustom"));
    stage.write_program("built/kustom", &program);
    script(&stage, "dist/stage", &["built/kustom", "stage"]).printed();
    stage
}

#[test]
fn the_scripts_can_be_run_and_what_calls_them_names_them_rightly() {
    let named = Regex::new(r"dist/[a-zA-Z0-9_./-]*[a-zA-Z]").unwrap();
    let mut found = BTreeSet::new();
    for file in [
        ".github/workflows/release.yaml",
        "action.yml",
        "docs/install.md",
        "dist/Containerfile",
        "flake.nix",
    ] {
        let text = text(file);
        for name in named.find_iter(&text) {
            assert!(
                root().join(name.as_str()).exists(),
                "{file}: {}",
                name.as_str()
            );
            found.insert(name.as_str().to_owned());
        }
    }
    for name in [
        "version", "build", "stage", "archive", "packages", "fill", "install", "wheel", "try",
        "npm/pack",
    ] {
        let name = format!("dist/{name}");
        let mode = fs::metadata(root().join(&name))
            .unwrap()
            .permissions()
            .mode();
        assert!(mode & 0o111 != 0, "{name} is not executable");
        assert!(found.contains(&name), "nothing names {name}");
    }
}

#[test]
fn every_file_has_the_version_of_the_program() {
    let stage = Stage::new();
    assert_eq!(
        script(&stage, "dist/version", &[]).printed().trim_end(),
        VERSION
    );
    let tag = format!("v{VERSION}");
    script(&stage, "dist/version", &[&tag]).printed();
    assert_eq!(script(&stage, "dist/version", &["v0.0.0"]).code, 1);
    assert!(text("dist/Containerfile").contains(&format!("ARG VERSION={VERSION}\n")));
    // These take it from Cargo.toml.
    assert!(text("pyproject.toml").contains("dynamic = [\"version\"]"));
    assert!(text("flake.nix").contains("importTOML ./Cargo.toml"));
    let pinned =
        Regex::new(r"(?:rev: v|version: |kustom@|kustom==|kustom-)([0-9]+\.[0-9]+\.[0-9]+)")
            .unwrap();
    for file in ["docs/install.md", "action.yml", "templates/kustom.yml"] {
        let text = text(file);
        let found: Vec<&str> = pinned
            .captures_iter(&text)
            .map(|found| found.get(1).unwrap().as_str())
            .collect();
        assert!(!found.is_empty(), "{file} pins nothing");
        assert!(
            found.iter().all(|found| *found == VERSION),
            "{file}: {found:?}"
        );
    }
}

#[test]
fn a_stage_has_the_program_its_pages_and_completions_that_find_it_by_name() {
    let stage = release();
    assert!(
        stage
            .read("stage/share/man/man1/kustom-render.1")
            .contains("SYNOPSIS")
    );
    for file in [
        "bash-completion/completions/kustom",
        "zsh/site-functions/_kustom",
        "fish/vendor_completions.d/kustom.fish",
    ] {
        let script = stage.read(&format!("stage/share/{file}"));
        assert!(script.contains("kustom"), "{file}");
        // The place of the program here is not that on another machine.
        assert!(!script.contains(&stage.text("stage")), "{file}: {script}");
    }
    for file in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        assert_eq!(
            stage.read(&format!("stage/share/doc/kustom/{file}")),
            text(file)
        );
    }
}

#[test]
fn a_release_installs_if_its_checksum_is_right() {
    if !has("curl") {
        return;
    }
    let mut stage = release();
    let target = "x86_64-unknown-linux-musl";
    let archive = format!("kustom-{VERSION}-{target}.tar.gz");
    let packed = |stage: &Stage, directory: &str| {
        script(stage, "dist/archive", &["stage", target, directory]).printed();
        fs::read(stage.path(&format!("{directory}/{archive}"))).unwrap()
    };
    let directory = format!("releases/v{VERSION}");
    assert_eq!(
        packed(&stage, &directory),
        packed(&stage, "again"),
        "the same stage, other bytes"
    );
    let sums = stage
        .run("sha256sum".as_ref(), &directory, [&archive])
        .printed();
    stage.write(&format!("{directory}/SHA256SUMS"), &sums);
    // Whatever this machine is.
    stage.write_program(
        "bin/uname",
        "#!/bin/sh\ncase $1 in -s) echo Linux ;; *) echo x86_64 ;; esac\n",
    );
    stage.put_programs_first("bin");
    stage.set(
        "KUSTOM_RELEASES",
        format!("file://{}", stage.text("releases")),
    );
    let place = script(
        &stage,
        "dist/install",
        &[&format!("v{VERSION}"), "installed"],
    )
    .printed();
    let program = Path::new(place.trim_end()).join("kustom");
    let said = stage.run(&program, "", ["--version"]).printed();
    assert_eq!(said, format!("kustom {VERSION}\n"));
    for (pin, wanted) in [("0000", "0000 is expected"), (&sums[..64], "")] {
        let said = script(&stage, "dist/install", &[VERSION, "pinned", pin]);
        assert_eq!(said.code == 0, wanted.is_empty(), "{}", said.err);
        assert!(said.err.contains(wanted), "{}", said.err);
        assert_eq!(stage.path("pinned").exists(), wanted.is_empty());
    }
    // Another archive than the one of the sums.
    stage.write(&format!("{directory}/{archive}"), "other\n");
    let said = script(&stage, "dist/install", &[VERSION, "changed"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("checksum") && !stage.path("changed").exists(),
        "{}",
        said.err
    );
}

#[test]
fn the_formula_and_the_manifest_for_krew_have_an_archive_for_every_target() {
    let mut stage = Stage::new();
    stage.set("HOME_PAGE", "https://git.example.com/kustom");
    stage.set(
        "RELEASES",
        "https://git.example.com/kustom/releases/download",
    );
    let sum = |index: usize| format!("{index:064x}");
    let end = |target: &str| {
        if target.contains("windows") {
            "zip"
        } else {
            "tar.gz"
        }
    };
    let line = |(index, [target, ..]): (usize, &[String; 3])| {
        format!(
            "{}  kustom-{VERSION}-{target}.{}\n",
            sum(index),
            end(target)
        )
    };
    let sums: String = targets().iter().enumerate().map(line).collect();
    stage.write("SHA256SUMS", &sums);
    let formula = script(
        &stage,
        "dist/fill",
        &[&text_path("dist/homebrew.rb"), "SHA256SUMS"],
    )
    .printed();
    let krew = script(
        &stage,
        "dist/fill",
        &[&text_path("dist/krew.yaml"), "SHA256SUMS"],
    )
    .printed();
    for (index, [target, ..]) in targets().iter().enumerate() {
        let url = format!(
            "https://git.example.com/kustom/releases/download/v{VERSION}/kustom-{VERSION}-{target}.{}",
            end(target)
        );
        assert!(
            krew.contains(&url) && krew.contains(&sum(index)),
            "krew: {target}"
        );
        // Homebrew is for macOS and Linux.
        let is_in_formula = formula.contains(&url) && formula.contains(&sum(index));
        assert!(
            is_in_formula || target.contains("windows"),
            "formula: {target}"
        );
    }
    let opened = formula.lines().filter(|line| {
        line.ends_with(" do") || line.starts_with("class ") || line.trim_start().starts_with("def ")
    });
    assert_eq!(
        opened.count(),
        formula.lines().filter(|line| line.trim() == "end").count()
    );
    let manifest = documents(&krew).remove(0);
    let version = at(&manifest, &["spec", "version"]).and_then(Node::text);
    assert_eq!(version, Some(format!("v{VERSION}").as_str()));
    let platforms = at(&manifest, &["spec", "platforms"]).unwrap();
    assert_eq!(platforms.items().len(), targets().len());
    // A sum that is missing is no release.
    stage.write("SHA256SUMS", sums.lines().next().unwrap());
    let said = script(
        &stage,
        "dist/fill",
        &[&text_path("dist/krew.yaml"), "SHA256SUMS"],
    );
    assert_eq!((said.code, said.out.as_str()), (1, ""));
}

fn text_path(file: &str) -> String {
    root().join(file).to_str().unwrap().to_owned()
}

#[test]
fn the_npm_package_starts_the_program_of_the_system_and_ends_as_it_ends() {
    if !has("npm") || !has("node") {
        return;
    }
    let stage = Stage::new();
    stage.write_program("built/kustom", "#!/bin/sh\necho \"$# $1\"\nexit 3\n");
    let [target, os, cpu] = targets().remove(0);
    let given = format!("{target}={}", stage.text("built/kustom"));
    script(&stage, "dist/npm/pack", &["out", &given]).printed();
    for (name, file) in [
        ("cli", "cli"),
        (&format!("{os}-{cpu}"), &format!("{os}-{cpu}")),
    ] {
        let place = format!("node_modules/@kustom/{name}");
        fs::create_dir_all(stage.path(&place)).unwrap();
        let archive = stage.text(&format!("out/kustom-{file}-{VERSION}.tgz"));
        stage
            .run(
                "tar".as_ref(),
                &place,
                ["-xzf", &archive, "--strip-components=1"],
            )
            .printed();
    }
    let manifest: serde_json::Value =
        serde_json::from_str(&stage.read("node_modules/@kustom/cli/package.json")).unwrap();
    assert_eq!(manifest["version"], VERSION);
    assert_eq!(
        manifest["scripts"],
        serde_json::Value::Null,
        "nothing runs at installation"
    );
    for [_, os, cpu] in targets() {
        assert_eq!(
            manifest["optionalDependencies"][format!("@kustom/{os}-{cpu}")],
            VERSION
        );
    }
    let run = |stage: &Stage| {
        stage.run(
            "node".as_ref(),
            "",
            ["node_modules/@kustom/cli/bin/kustom.js", "a b", "c"],
        )
    };
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let said = run(&stage);
        assert_eq!(
            (said.code, said.out.as_str()),
            (3, "2 a b\n"),
            "{}",
            said.err
        );
    }
    fs::remove_dir_all(stage.path(&format!("node_modules/@kustom/{os}-{cpu}"))).unwrap();
    let said = run(&stage);
    assert_eq!(said.code, 2);
    assert!(
        said.err.starts_with("error: the package `@kustom/"),
        "{}",
        said.err
    );
}

#[test]
fn the_packages_for_debian_and_fedora_name_files_that_a_stage_has() {
    let stage = release();
    let config = documents(&text("dist/nfpm.yaml")).remove(0);
    assert_eq!(at(&config, &["name"]).and_then(Node::text), Some("kustom"));
    let contents = at(&config, &["contents"]).unwrap();
    let mut count = 0;
    for entry in contents.items() {
        let source = at(entry, &["src"]).and_then(Node::text).unwrap();
        let source = source.trim_end_matches('/').replace("/*.1.gz", "/kustom.1");
        assert!(stage.path(&source).exists(), "{source}");
        let place = at(entry, &["dst"]).and_then(Node::text).unwrap();
        assert!(place.starts_with("/usr/"), "{place}");
        count += 1;
    }
    assert!(count >= 6);
}

#[test]
fn packages_are_tried_and_none_is_no_success() {
    let stage = Stage::new();
    stage.write("out/SHA256SUMS", "");
    let said = script(&stage, "dist/try", &["out"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("there is no package"), "{}", said.err);
}

#[test]
fn the_wheel_is_described_for_maturin() {
    let stage = Stage::new();
    let ask = |expression: &str| {
        let file = text_path("pyproject.toml");
        stage
            .kustom("", ["yq", "-p", "toml", "-o", "yaml", expression, &file])
            .printed()
    };
    assert_eq!(ask(".build-system.build-backend"), "maturin\n");
    assert_eq!(ask(".project.name"), "kustom\n");
    assert_eq!(ask(".tool.maturin.bindings"), "bin\n");
    for file in ask(".project.license-files[]")
        .lines()
        .chain([ask(".project.readme").trim_end()])
    {
        assert!(root().join(file).is_file(), "{file}");
    }
    // Were it called `kustom`, the example's folder of that name would be taken for its Python.
    let module = ask(".tool.maturin.module-name");
    assert!(!root().join(module.trim_end()).exists());
}

#[test]
fn the_image_has_the_program_and_nothing_that_could_run_beside_it() {
    let file = text("dist/Containerfile");
    let steps: Vec<&str> = file
        .lines()
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .collect();
    assert_eq!(steps[0], "FROM scratch");
    assert!(
        !steps.iter().any(|step| step.starts_with("RUN")),
        "there is no shell"
    );
    assert!(steps.contains(&"ENTRYPOINT [\"/kustom\"]"));
    assert!(steps.iter().any(|step| step.starts_with("USER 65532")));
}

#[test]
fn the_flake_names_files_that_are_there_and_closes_what_it_opens() {
    let flake = text("flake.nix");
    for (open, close) in [('{', '}'), ('[', ']'), ('(', ')')] {
        assert_eq!(
            flake.matches(open).count(),
            flake.matches(close).count(),
            "{open}{close}"
        );
    }
    assert_eq!(flake.matches("''").count() % 2, 0);
    let named = Regex::new(r"\./([A-Za-z.]+)").unwrap();
    for name in named.captures_iter(&flake) {
        assert!(root().join(&name[1]).is_file(), "{}", &name[1]);
    }
}

#[test]
fn every_hook_is_there_in_three_languages_and_runs_whatever_is_committed() {
    let hooks = documents(&text(".pre-commit-hooks.yaml")).remove(0);
    let mut found = BTreeSet::new();
    for hook in hooks.items() {
        let word = |key: &str| at(hook, &[key]).and_then(Node::text).unwrap().to_owned();
        found.insert((word("entry"), word("language")));
        // A generator reads files of any name, and a file may be removed.
        assert_eq!(
            (word("always_run").as_str(), word("pass_filenames").as_str()),
            ("true", "false")
        );
        let files = at(hook, &["files"])
            .and_then(Node::text)
            .unwrap_or_default();
        let files = Regex::new(files).unwrap();
        for path in [
            "environments/production/yq_scripts/web/config.yq",
            "kustom/base/Kustomization",
            "environments/production/tls/ca.crt",
            "environments/production/app.env",
            "base/nginx.conf",
        ] {
            assert!(files.is_match(path), "{path}");
        }
    }
    let wanted = ["kustom check", "kustom secrets check --staged"]
        .into_iter()
        .flat_map(|entry| {
            ["python", "rust", "system"].map(|language| (entry.to_owned(), language.to_owned()))
        });
    assert_eq!(found, wanted.collect());
}

#[test]
fn the_workflow_builds_every_target_and_releases_only_what_is_tagged() {
    let workflow = documents(&text(".github/workflows/release.yaml")).remove(0);
    let jobs = at(&workflow, &["jobs"]).unwrap();
    let steps = |job: &str| {
        let steps = at(jobs, &[job, "steps"]).unwrap().items().iter();
        steps
            .map(|step| {
                let word = |key: &str| {
                    at(step, &[key])
                        .and_then(Node::text)
                        .unwrap_or_default()
                        .to_owned()
                };
                (word("name"), word("if"), word("run"))
            })
            .collect::<Vec<_>>()
    };
    let (_, _, list) = steps("targets").pop().unwrap();
    if has("jq") {
        let mut stage = Stage::new();
        stage.set("GITHUB_OUTPUT", stage.text("output"));
        std::os::unix::fs::symlink(root().join("dist"), stage.path("dist")).unwrap();
        stage
            .run("bash".as_ref(), "", ["-e", "-o", "pipefail", "-c", &list])
            .printed();
        for [target, ..] in targets() {
            assert!(
                stage
                    .read("output")
                    .contains(&format!("\"target\":\"{target}\"")),
                "{target}"
            );
        }
    }
    let published = steps("release")
        .into_iter()
        .filter(|(_, _, run)| run.contains("gh release create"));
    let conditions: Vec<String> = published.map(|(_, condition, _)| condition).collect();
    assert_eq!(conditions, ["github.ref_type == 'tag'"]);
}

#[test]
fn the_linker_is_told_of_the_functions_of_a_build() {
    let script = text("link/first.ld");
    for path in [
        ["kustom_engine", "build"],
        ["kustom_engine", "resource"],
        ["kustom_yaml", "block_subset"],
        ["kustom_yaml", "write"],
    ] {
        let name: String = path
            .iter()
            .map(|part| format!("{}{part}", part.len()))
            .collect();
        assert!(script.contains(&format!("*(.text._ZN{name}")), "{name}");
    }
    assert!(text("build.rs").contains("link/first.ld"));
}
