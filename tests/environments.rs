//! Environments as a whole: what extends is what a copy would be, many are the same for any number of
//! threads, and what is said never shows a secret.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Files of a project, with a canary wherever somebody could write a secret.
fn lay_out(root: &Path) -> Vec<String> {
    let mut canaries = Vec::new();
    let mut canary = || {
        let letters = ["k9Zq3vT7", "mB2xR8nL", "5wC1hJ6y"].concat();
        let canary = format!("{letters}{:02}", canaries.len());
        canaries.push(canary.clone());
        canary
    };
    let files = [
        ("environments/a/secrets/web/token", canary()),
        (
            "environments/a/secrets/web/env",
            format!("PASSWORD={}\n", canary()),
        ),
        (
            "environments/a/values.yaml",
            format!("token: {}\nlist: [{}]\n", canary(), canary()),
        ),
        (
            "environments/a/environment.yaml",
            format!("values: {{inline: {}}}\n", canary()),
        ),
        (
            "environments/a/bad.yaml.j2",
            format!(
                "a: {}{{{{ token + list + '{}' }}}}{}\n",
                canary(),
                canary(),
                canary()
            ),
        ),
        (
            "secrets-boilerplate/web/token",
            format!("# Not a good place: token={}\nCHANGE_ME\n", canary()),
        ),
        (
            "secrets-boilerplate/web/extra.j2",
            format!("{}{{{{ token.x.y }}}}\n", canary()),
        ),
        (
            "environments/a/kustomization.yaml",
            "resources: [bad.yaml]\nsecretGenerator:\n- name: web\n  files: [secrets/web/token, \
             secrets/web/missing]\n  envs: [secrets/web/env]\n"
                .to_owned(),
        ),
        (
            "environments/b/environment.yaml",
            format!("extends: a\nstrict: {}\n", canary()),
        ),
        (
            "environments/c/environment.yaml",
            format!("secrets: {}\n", canary()),
        ),
        (
            "environments/d/environment.yaml",
            "extends: a\nscripts:\n- {file: values.yaml, expression: '.token.x = 1'}\n".to_owned(),
        ),
        (
            "environments/e/values.yaml",
            format!("token: [{}\nother: \"{}\n", canary(), canary()),
        ),
        (
            "environments/e/kustomization.yaml",
            "namePrefix: a-\n".to_owned(),
        ),
    ];
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    canaries
}

/// What the program says on both streams.
fn said(root: &Path, words: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_kustom"))
        .args(words.split(' '))
        .current_dir(root)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", root)
        .output()
        .unwrap();
    assert_ne!(output.status.code(), Some(101), "{words}");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn no_message_shows_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    let canaries = lay_out(directory.path());
    let typed = "uQ8sW3eR5tY7uI9oP1aS";
    let mut spoken = 0;
    for words in [
        "render a",
        "render a --secrets placeholder",
        "render a --secrets omit -v",
        "render b",
        "render c",
        "render d --secrets omit",
        "render e",
        "render --all -o out",
        "render --all -o out --check --prune",
        "render a --secrets omit --set-string token.x=uQ8sW3eR5tY7uI9oP1aS",
        "render a --set uQ8sW3eR5tY7uI9oP1aS",
        "secrets init a",
        "secrets init a --set token=uQ8sW3eR5tY7uI9oP1aS",
        "secrets status",
        "secrets status a --format json",
        "config a",
        "config d --explain",
    ] {
        let text = said(directory.path(), words);
        spoken += usize::from(!text.is_empty());
        for canary in canaries.iter().map(String::as_str).chain([typed]) {
            assert!(!text.contains(canary), "`{words}` shows {canary}: {text}");
        }
    }
    assert!(spoken > 12, "{spoken}");
}

/// A copy of the example.
fn example(root: &Path) {
    for part in [
        "kustom.yaml",
        "kustom",
        "environments",
        "secrets-boilerplate",
    ] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
        let copied = Command::new("cp").arg("-R").arg(from).arg(root).status();
        assert!(copied.unwrap().success());
    }
}

#[test]
fn what_extends_an_environment_is_what_a_copy_of_it_would_be() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    example(root);
    for name in ["production", "staging"] {
        let (copy, derived) = (format!("{name}-copy"), format!("{name}-derived"));
        let environments = root.join("environments");
        let copied = Command::new("cp")
            .arg("-R")
            .arg(environments.join(name))
            .arg(environments.join(&copy))
            .status();
        assert!(copied.unwrap().success());
        fs::create_dir(environments.join(&derived)).unwrap();
        let settings = environments.join(&derived).join("environment.yaml");
        fs::write(settings, format!("extends: {name}\n")).unwrap();
        let text = |name: &str| said(root, &format!("render {name} --secrets placeholder -q"));
        let wanted = text(&copy);
        assert!(wanted.len() > 10_000, "{wanted}");
        assert!(text(&derived) == wanted, "{name} differs");
    }
}

#[test]
fn many_environments_are_the_same_for_any_number_of_threads() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    example(root);
    let render = |threads: &str, words: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_kustom"))
            .args(words.split(' '))
            .current_dir(root)
            .env_clear()
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{words}");
        assert!(output.status.success(), "{words}");
    };
    render("1", "render --all -o out --secrets placeholder -q");
    for threads in ["2", "8"] {
        render(
            threads,
            "render --all -o out --secrets placeholder -q --check --prune",
        );
    }
}
