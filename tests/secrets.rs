//! `kustom secrets check` on repositories: what is tracked, staged, committed long ago, allowed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::fs;

use serde_json::Value;
use stage::{CommandOutput, Stage};

/// Characters that look drawn, so that no secret stands in this file.
fn drawn(seed: u32) -> String {
    let signs = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut state = seed.wrapping_mul(2_654_435_761);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(signs[(state >> 16) as usize % signs.len()])
    };
    (0..28).map(|_| next()).collect()
}

fn check(stage: &Stage, directory: &str, arguments: &str) -> CommandOutput {
    let words = ["secrets", "check"].into_iter();
    let said = stage.kustom(directory, words.chain(arguments.split_whitespace()));
    for seed in 0..20 {
        let secret = drawn(seed);
        assert!(!said.out.contains(&secret) && !said.err.contains(&secret));
    }
    said
}

/// The places of what was found, one a line.
fn places(said: &CommandOutput) -> Vec<&str> {
    let lines = said.out.lines();
    lines
        .filter_map(|line| line.strip_prefix("  --> "))
        .collect()
}

#[test]
fn what_git_tracks_is_searched_and_what_it_ignores_is_not() {
    let stage = Stage::new();
    stage.write("r/.gitignore", "secrets/\n");
    stage.write("r/secrets/token", &drawn(1));
    stage.write("r/a.yaml", "a: b\n");
    stage.commit("r");
    assert_eq!(check(&stage, "r", "").code, 0);
    assert_eq!(check(&stage, "r", ".").code, 0);
    // Whoever names what is ignored wants it looked at.
    assert_eq!(
        places(&check(&stage, "r", "secrets")),
        ["secrets/token:1:1"]
    );

    stage.write("r/a.yaml", &format!("password: {}\n", drawn(2)));
    let said = check(&stage, "r", "");
    assert_eq!((said.code, places(&said)), (1, vec!["a.yaml:1:11"]));
    stage.git("r", "add a.yaml");
    stage.write("r/a.yaml", "a: b\n");
    let said = check(&stage, "r", "--tracked");
    assert_eq!((said.code, places(&said)), (1, vec!["a.yaml:1:11"]));
    assert!(said.out.contains("in git's index"), "{}", said.out);
}

#[test]
fn what_is_staged_is_searched_for_what_it_adds() {
    let stage = Stage::new();
    let secret = |extra: &str| format!("kind: Secret\nstringData:\n  old: {}\n{extra}", drawn(1));
    stage.write("r/s.yaml", &secret(""));
    stage.commit("r");
    assert_eq!(check(&stage, "r", "--staged").code, 0);
    // A line below an old `stringData:` is a secret only in the whole of the file.
    stage.write("r/s.yaml", &secret(&format!("  new: {}\n", drawn(2))));
    assert_eq!(check(&stage, "r", "--staged").code, 0);
    stage.git("r", "add s.yaml");
    stage.write("r/s.yaml", "a: b\n");
    let said = check(&stage, "r", "--staged");
    assert_eq!((said.code, places(&said)), (1, vec!["s.yaml:4:8"]));

    stage.git("r", "reset --quiet --hard");
    let map = format!("kind: ConfigMap\ndata:\n  x: {}\n", drawn(3));
    stage.write("r/m.yaml", &map);
    stage.git("r", "add m.yaml");
    stage.git("r", "commit --quiet --message map");
    stage.write("r/m.yaml", &map.replace("ConfigMap", "Secret"));
    stage.git("r", "add m.yaml");
    assert_eq!(check(&stage, "r", "--staged").code, 1);
}

#[test]
fn history_remembers_what_was_taken_out_with_its_commit() {
    let stage = Stage::new();
    stage.write("r/deploy/a.env", &format!("X_TOKEN={}\n", drawn(1)));
    stage.commit("r");
    stage.write(
        "r/deploy/a.env",
        &format!("# moved\nX_TOKEN={}\n", drawn(1)),
    );
    stage.git("r", "commit --quiet --all --message more");
    stage.write("r/deploy/a.env", "X_TOKEN=\n");
    stage.git("r", "commit --quiet --all --message out");
    assert_eq!(check(&stage, "r", "").code, 0);
    let said = check(&stage, "r/deploy", "--history");
    assert_eq!((said.code, places(&said)), (1, vec!["a.env:1:9"]));
    let first = stage.run("git".as_ref(), "r", ["rev-list", "--max-parents=0", "HEAD"]);
    let commit = format!("in commit {}", &first.out[..10]);
    assert!(said.out.contains(&commit), "{}", said.out);
}

#[test]
fn a_packed_history_shows_what_a_loose_one_shows() {
    // The lines that are shown are those of today.
    const HISTORY: &str = "--history --message-format short";
    let stage = Stage::new();
    let lines = |version: u32| {
        let line = |number: u32| format!("setting-{number}: {}\n", number * 7);
        (0..200)
            .map(|number| match number {
                20 => format!("version: {version}\n"),
                60 if version == 2 => format!("passwor: {}\n", drawn(2)),
                60 if version > 2 => format!("password: {}\n", drawn(2)),
                100 if version == 5 => format!("password: {}\n", drawn(5)),
                150 if version > 7 => format!("token: {}\n", drawn(version)),
                _ => line(number),
            })
            .collect::<String>()
    };
    stage.write("r/a/b/values.yaml", &lines(0));
    stage.commit("r");
    for version in 1..10 {
        stage.write("r/a/b/values.yaml", &lines(version));
        stage.git("r", "commit --quiet --all --message more");
    }
    let loose = check(&stage, "r", HISTORY);
    let count = |said: &CommandOutput| said.out.matches("[credential]").count();
    assert_eq!((loose.code, count(&loose)), (1, 4), "{}", loose.out);
    for packed in ["repack -adfq --depth=50", "gc --quiet"] {
        stage.git("r", packed);
        assert_eq!(check(&stage, "r", HISTORY).out, loose.out, "{packed}");
    }
    // Objects of another repository, an object that is not packed, and one that another replaces.
    stage.git(".", "clone --quiet --shared r shared");
    assert_eq!(check(&stage, "shared", HISTORY).out, loose.out);
    stage.write("r/a/b/values.yaml", &lines(3));
    stage.git("r", "commit --quiet --all --message back");
    assert_eq!(check(&stage, "r", HISTORY).out, loose.out);
    let blob = |name: &str| {
        let found = stage.run("git".as_ref(), "r", ["rev-parse", name]);
        found.out.trim().to_owned()
    };
    let (with, without) = (blob("HEAD~5:a/b/values.yaml"), blob("HEAD:a/b/values.yaml"));
    stage.git("r", &format!("replace {with} {without}"));
    let replaced = check(&stage, "r", HISTORY);
    assert_eq!(count(&replaced), 3, "{}", replaced.out);
}

/// Changes a byte in each half of the packs of a repository.
fn damage_packs(stage: &Stage, directory: &str) {
    let packs = stage.path(&format!("{directory}/.git/objects/pack"));
    for entry in fs::read_dir(packs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "pack") {
            let mut bytes = fs::read(&path).unwrap();
            let length = bytes.len();
            for at in [length / 4, length / 4 * 3] {
                bytes[at] ^= 1;
            }
            // It may not be written to.
            fs::remove_file(&path).unwrap();
            fs::write(&path, bytes).unwrap();
        }
    }
}

#[test]
fn what_is_no_text_in_a_packed_history_is_not_read_to_its_end() {
    const HISTORY: &str = "--history --message-format short";
    let stage = Stage::new();
    let mut state = 7_u32;
    let mut noise = |signs: usize| -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % signs
        };
        (0..200_000).map(|_| next() as u8).collect()
    };
    let write = |name: &str, content: &[u8]| {
        stage.write(name, "");
        fs::write(stage.path(name), content).unwrap();
        let (directory, _) = name.split_once('/').unwrap();
        stage.commit(directory);
        let loose = check(&stage, directory, HISTORY);
        stage.git(directory, "repack -adq");
        assert_eq!(check(&stage, directory, HISTORY).out, loose.out, "{name}");
        damage_packs(&stage, directory);
        (loose.out, check(&stage, directory, HISTORY))
    };
    let (before, damaged) = write("binary/store.p12", &noise(256));
    assert!(before.contains("[keystore-file]"), "{before}");
    assert_eq!(damaged.out, before);
    let mut text: Vec<u8> = noise(64).iter().map(|sign| b'0' + sign).collect();
    text.extend_from_slice(format!("\npassword: {}\n", drawn(1)).as_bytes());
    let (before, damaged) = write("text/a.yaml", &text);
    assert!(before.contains("[credential]"), "{before}");
    assert!(damaged.err.contains("git has lost"), "{}", damaged.err);
}

#[test]
fn a_baseline_allows_what_was_there_and_nothing_new() {
    let stage = Stage::new();
    stage.write("r/a.yaml", &format!("password: {}\n", drawn(1)));
    stage.commit("r");
    let said = check(&stage, "r", "--write-baseline allowed.yaml");
    assert_eq!(
        (said.code, said.err.as_str()),
        (0, "1 allowed in `allowed.yaml`\n")
    );
    let baseline = stage.read("r/allowed.yaml");
    assert!(!baseline.contains(&drawn(1)), "{baseline}");
    stage.write("r/a.yaml", &format!("# down\n\npassword: {}\n", drawn(1)));
    let said = check(&stage, "r", "--baseline allowed.yaml");
    assert_eq!(
        (said.code, said.err.as_str()),
        (0, "nothing found; 1 allowed\n")
    );
    stage.write("r/a.yaml", &format!("password: {}\n", drawn(2)));
    stage.git("r", "add a.yaml");
    let said = check(&stage, "r", "--baseline allowed.yaml");
    assert_eq!(said.err, "\n1 error, 1 note\nstart with a.yaml:1:11\n");
    assert!(said.out.contains("allows nothing"), "{}", said.out);
    // Written anew it keeps its key, so that other entries stay as they are.
    let key = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("key:"))
            .map(str::to_owned)
    };
    check(&stage, "r", "--write-baseline allowed.yaml");
    assert_eq!(key(&stage.read("r/allowed.yaml")), key(&baseline));
}

#[test]
fn kustom_yaml_allows_by_path_wherever_the_command_is_called() {
    let stage = Stage::new();
    stage.write("r/deploy/x/a.yaml", &format!("password: {}\n", drawn(1)));
    stage.write(
        "r/deploy/kustom.yaml",
        "guard:\n  allow:\n  - {path: x/*.yaml, reason: a fixture}\n",
    );
    stage.commit("r");
    for directory in ["r/deploy", "r/deploy/x"] {
        assert_eq!(
            check(&stage, directory, "").err,
            "nothing found; 1 allowed\n"
        );
    }
    stage.write("r/deploy/kustom.yaml", "guard:\n  alow: []\n");
    assert_eq!(check(&stage, "r/deploy", "").code, 2);
}

#[test]
fn what_git_must_not_track_is_told_even_if_it_looks_harmless() {
    let stage = Stage::new();
    let environment = "r/environments/production";
    stage.write(
        &format!("{environment}/kustomization.yaml"),
        "secretGenerator:\n- name: hmac\n  files: [secrets/hmac/token]\n- name: later\n  envs: [later.env]\n",
    );
    stage.write(&format!("{environment}/secrets/hmac/token"), "hunter2\n");
    stage.write(&format!("{environment}/later.env"), "password=CHANGE_ME\n");
    stage.commit("r");
    let said = check(&stage, "r", "");
    assert_eq!(said.code, 1);
    for part in [
        "error[tracked-generator-file]: git tracks `environments/production/secrets/hmac/token`, which the secret `hmac` is made of\n  \
         --> environments/production/kustomization.yaml:3:11\n",
        "  also: environments/production/secrets/hmac/token\n",
        "warning[tracked-generator-file]: git tracks `environments/production/later.env`",
        "error[tracked-secret]: git tracks the secret `environments/production/secrets/hmac/token`\n",
        "warning[unignored-secrets]: no `.gitignore` covers the secrets of `production`",
    ] {
        assert!(said.out.contains(part), "{part}\n--\n{}", said.out);
    }
    stage.git(
        "r",
        "rm --quiet --cached environments/production/secrets/hmac/token",
    );
    stage.git("r", "rm --quiet --cached environments/production/later.env");
    stage.write(
        &format!("{environment}/.gitignore"),
        "/secrets/\n/configs/\n*.env\n",
    );
    let said = check(&stage, "r", "");
    assert_eq!((said.code, said.out.as_str()), (0, ""));
}

#[test]
fn an_encrypted_file_of_a_generator_may_be_tracked() {
    let stage = Stage::new();
    stage.write(
        "r/kustomization.yaml",
        "secretGenerator:\n- {name: a, files: [a.enc]}\n",
    );
    stage.write("r/a.enc", "$ANSIBLE_VAULT;1.1;AES256\n3336396530303135\n");
    stage.commit("r");
    assert_eq!(check(&stage, "r", "").code, 0);
}

#[test]
fn every_format_has_the_place_and_not_the_value() {
    let stage = Stage::new();
    stage.write("r/a b/x.yaml", &format!("password: {}\n", drawn(1)));
    stage.commit("r");
    let json = |format: &str| -> Value {
        serde_json::from_str(&check(&stage, "r", &format!("--format {format}")).out).unwrap()
    };
    let finding = &json("json")["findings"][0];
    assert_eq!(
        (finding["file"].as_str(), finding["line"].as_u64()),
        (Some("a b/x.yaml"), Some(1))
    );
    let result = &json("sarif")["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/x.yaml");
    let issue = &json("gitlab")[0];
    assert_eq!(issue["location"]["path"], "a b/x.yaml");
    let github = check(&stage, "r", "--format github").out;
    assert!(github.starts_with("::error file=a b/x.yaml,line=1,col=11,title=kustom credential::"));
    let junit = check(&stage, "r", "--format junit -o report.xml");
    assert_eq!((junit.code, junit.out.as_str()), (1, ""));
    assert!(
        stage
            .read("r/report.xml")
            .contains("<failure message=\"a secret")
    );
    // From a directory below, services still see paths from the root of the repository.
    let below = check(&stage, "r/a b", "--format sarif");
    assert!(
        below.out.contains("\"uri\": \"a%20b/x.yaml\""),
        "{}",
        below.out
    );
}

#[test]
fn weak_passwords_fail_only_a_strict_run() {
    let stage = Stage::new();
    stage.write("r/s.yaml", "kind: Secret\nstringData:\n  password: admin\n");
    stage.commit("r");
    assert_eq!(check(&stage, "r", "").code, 0);
    assert_eq!(check(&stage, "r", "--strict").code, 1);
}

#[test]
fn outside_of_a_repository_something_must_be_named() {
    let stage = Stage::new();
    stage.write("d/a.yaml", &format!("password: {}\n", drawn(1)));
    let said = check(&stage, "d", "");
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("name files or directories"),
        "{}",
        said.err
    );
    assert_eq!(check(&stage, "d", ".").code, 1);
    assert_eq!(check(&stage, "d", "nothing-there").code, 2);
}

#[test]
fn this_repository_shows_no_secret() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join(".git").exists() {
        return;
    }
    let stage = Stage::new();
    std::os::unix::fs::symlink(root, stage.path("here")).unwrap();
    let said = stage.kustom("here", ["secrets", "check"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}
