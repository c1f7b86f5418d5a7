//! What a command says of an environment never shows a secret of it.
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
