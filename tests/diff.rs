//! Differences, seen from outside: between environments, revisions and files, in every format, and
//! never with a secret.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod stage;

use std::path::{Path, PathBuf};
use std::process::Command;

use stage::{CommandOutput, Stage, has};

const FORMATS: [&str; 5] = ["text", "unified", "json", "markdown", "html"];

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: web:1}
";

/// A project with two environments that differ in the number of replicas.
fn project() -> Stage {
    let stage = Stage::new();
    stage.write("p/base/kustomization.yaml", "resources: [web.yaml]\n");
    stage.write("p/base/web.yaml", DEPLOYMENT);
    for (name, count) in [("production", 3), ("staging", 2)] {
        let patch = format!("- op: replace\n  path: /spec/replicas\n  value: {count}\n");
        stage.write(&format!("p/environments/{name}/replicas.yaml"), &patch);
        stage.write(
            &format!("p/environments/{name}/kustomization.yaml"),
            "resources: [../../base]\npatches:\n- path: replicas.yaml\n  target: {kind: Deployment}\n",
        );
    }
    stage
}

fn diff(stage: &Stage, words: &str) -> CommandOutput {
    stage.kustom("p", ["diff"].into_iter().chain(words.split_whitespace()))
}

#[test]
fn exit_codes_are_those_of_diff_unless_others_are_asked_for() {
    let stage = project();
    for (words, code) in [
        ("production production", 0),
        ("production staging", 1),
        ("production staging --exit-zero", 0),
        ("production staging --detailed-exitcode", 2),
        ("production nowhere", 2),
        ("production nowhere --detailed-exitcode", 1),
        ("production", 2),
        ("production staging --against HEAD", 2),
        ("production staging --expect 3", 2),
    ] {
        assert_eq!(diff(&stage, words).code, code, "{words}");
    }
}

#[test]
fn an_environment_is_compared_with_itself_as_of_a_revision() {
    let stage = project();
    stage.commit("p");
    assert_eq!(diff(&stage, "staging --against HEAD").code, 0);
    stage.write(
        "p/environments/staging/replicas.yaml",
        "- op: replace\n  path: /spec/replicas\n  value: 5\n",
    );
    let said = diff(&stage, "staging --against HEAD");
    assert_eq!(
        said.out,
        "staging@HEAD → staging  1 matched, 1 difference\n\n~ Deployment web\n  spec.replicas\n    \
         - 2  environments/staging/replicas.yaml:3\n    + 5  environments/staging/replicas.yaml:3\n"
    );
    assert_eq!(diff(&stage, "production --against HEAD").code, 0);
}

#[test]
fn a_file_that_is_renamed_makes_no_difference() {
    let stage = project();
    stage.commit("p");
    stage.git("p", "mv base/web.yaml base/deployment.yaml");
    stage.write(
        "p/base/kustomization.yaml",
        "resources: [deployment.yaml]\n",
    );
    let said = diff(&stage, "staging --against HEAD");
    assert_eq!(
        said.printed(),
        "staging@HEAD → staging  1 matched, no differences\n"
    );
}

#[test]
fn an_environment_that_is_new_or_gone_is_all_difference() {
    let stage = project();
    stage.commit("p");
    stage.git("p", "rm -r --quiet environments/staging");
    let said = diff(&stage, "staging --against HEAD");
    assert_eq!(said.code, 1);
    assert!(said.out.contains("- Deployment web"), "{}", said.out);
    stage.git("p", "commit --quiet --message gone");
    stage.git("p", "checkout --quiet HEAD~1 -- environments/staging");
    let said = diff(&stage, "staging --against HEAD");
    assert!(said.out.contains("+ Deployment web"), "{}", said.out);
    let said = diff(&stage, "stagin --against HEAD");
    assert!(said.err.contains("did you mean `staging`?"), "{}", said.err);
}

#[test]
fn another_name_or_namespace_than_in_a_revision_is_a_change_in_every_format() {
    let stage = project();
    let kustomization = stage.read("p/environments/staging/kustomization.yaml");
    stage.commit("p");
    for (field, word) in [
        ("namespace: shop\n", "shop"),
        ("namePrefix: x-\n", "x-web"),
        ("nameSuffix: -x\n", "web-x"),
    ] {
        let changed = format!("{field}{kustomization}");
        stage.write("p/environments/staging/kustomization.yaml", &changed);
        for format in FORMATS {
            let words = format!("staging --against HEAD --format {format}");
            let said = diff(&stage, &words);
            assert_eq!(said.code, 1, "{words}");
            // A page marks what differs in a word.
            let told = said.out.replace("<mark>", "").replace("</mark>", "");
            assert!(told.contains(word), "{words}: {}", said.out);
            assert!(!said.out.contains(" expected\n"), "{words}: {}", said.out);
        }
    }
}

#[test]
fn a_hash_is_expected_only_beside_the_content_that_it_is_of() {
    let stage = project();
    let kustomization = |literal: &str, options: &str| {
        format!(
            "resources: [../../base, pod.yaml]\nconfigMapGenerator:\n\
             - {{name: app, files: [app.yaml], literals: [{literal}]}}\n{options}"
        )
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n\
               spec: {volumes: [{name: a, configMap: {name: app}}]}\n";
    stage.write("p/environments/staging/pod.yaml", pod);
    stage.write("p/environments/staging/app.yaml", "a: 1\nb: 2\n");
    let file = "p/environments/staging/kustomization.yaml";
    stage.write(file, &kustomization("a=1", ""));
    stage.commit("p");
    stage.write(file, &kustomization("a=2", ""));
    let said = diff(&stage, "staging --against HEAD");
    assert_eq!(said.code, 1);
    let first = "staging@HEAD → staging  3 matched, 1 difference, 2 expected";
    assert_eq!(said.out.lines().next(), Some(first), "{}", said.out);
    assert!(!said.out.contains("metadata.name"), "{}", said.out);
    // A comment makes another hash, and so another object, which the pod is started with anew.
    stage.write(file, &kustomization("a=1", ""));
    stage.write("p/environments/staging/app.yaml", "# why\na: 1\nb: 2\n");
    let said = diff(&stage, "staging --against HEAD");
    assert_eq!(said.code, 1);
    assert!(said.out.contains("1 in layout only"), "{}", said.out);
    assert!(said.out.contains("metadata.name"), "{}", said.out);
    // A hash that is gone is another name.
    stage.write("p/environments/staging/app.yaml", "a: 1\nb: 2\n");
    let options = "generatorOptions: {disableNameSuffixHash: true}\n";
    stage.write(file, &kustomization("a=1", options));
    let said = diff(&stage, "staging --against HEAD");
    assert_eq!(said.code, 1);
    assert!(said.out.contains("metadata.name"), "{}", said.out);
}

#[test]
fn an_environment_and_itself_have_no_names_to_expect() {
    let stage = project();
    let said = diff(&stage, "staging staging");
    assert_eq!((said.code, said.out.contains("expected")), (0, false));
}

#[test]
fn a_revision_that_does_not_exist_is_an_error() {
    let stage = project();
    let said = diff(&stage, "staging --against HEAD");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("is in no git repository"), "{}", said.err);
    stage.commit("p");
    let said = diff(&stage, "staging --against v9");
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(
        said.err.contains("there is no revision `v9`"),
        "{}",
        said.err
    );
}

#[test]
fn secrets_that_are_filled_in_here_stand_on_both_sides_of_a_revision() {
    let stage = project();
    let kustomization = "resources: [../../base]\nsecretGenerator:\n- name: login\n  files: [secrets/login/token]\n";
    stage.write("p/environments/staging/kustomization.yaml", kustomization);
    stage.write("p/secrets-boilerplate/login/token", "CHANGE_ME\n");
    stage.write("p/.gitignore", "/environments/*/secrets/\n");
    stage.commit("p");
    assert_eq!(diff(&stage, "staging --against HEAD").code, 0);
    stage.write(
        "p/environments/staging/secrets/login/token",
        "8Jq0s-PxV2kfbT4w",
    );
    assert_eq!(diff(&stage, "staging --against HEAD").code, 0);
}

#[test]
fn directories_are_compared_as_kubectl_hands_them_over() {
    let stage = Stage::new();
    let live = DEPLOYMENT.replace(
        "metadata: {name: web}",
        "metadata: {name: web, generation: 4}",
    );
    stage.write("old/apps.v1.Deployment.default.web", &live);
    stage.write(
        "new/apps.v1.Deployment.default.web",
        &live.replace("n: 4", "n: 5"),
    );
    let words = ["diff", "--files", "old", "new"];
    assert_eq!(stage.kustom("", words).code, 0);
    let changed = live.replace("web:1", "web:2").replace("n: 4", "n: 5");
    stage.write("new/apps.v1.Deployment.default.web", &changed);
    let said = stage.kustom("", words);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("+ web:2"), "{}", said.out);
    stage.write("new/broken", "a: b: c\n");
    let said = stage.kustom("", words);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("new/broken:1"), "{}", said.err);
}

/// Secrets in every place where one can be, each one other.
fn planted(side: &str) -> (String, Vec<String>) {
    let mut canaries = Vec::new();
    let mut canary = |name: &str| {
        let signs = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let seed = format!("{side}{name}");
        let mut state = seed.bytes().fold(7_u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        let value: String = (0..28)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(signs[(state >> 16) as usize % signs.len()])
            })
            .collect();
        canaries.push(value.clone());
        value
    };
    let encoded =
        |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let (data, text, applied) = (canary("data"), canary("text"), canary("applied"));
    let (variable, argument, url, config) = (
        canary("env"),
        canary("arg"),
        canary("url"),
        canary("config"),
    );
    let last_applied = format!(
        "{{\"kind\":\"Secret\",\"data\":{{\"token\":\"{}\"}}}}",
        encoded(&applied)
    );
    let yaml = format!(
        "apiVersion: v1
kind: Secret
metadata:
  name: login
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{last_applied}'
data:
  token: {}
stringData:
  text: {text}
---
apiVersion: v1
kind: Secret
metadata: {{name: only-{side}}}
data:
  token: {}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {{note: \"side {side} uses {data}\"}}
spec:
  template:
    spec:
      containers:
      - name: web
        args: [serve, --api-token={argument}, '--side={side}']
        env:
        - {{name: API_TOKEN, value: {variable}}}
        - {{name: DATABASE_URL, value: 'postgres://app:{url}@db/app?{side}'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: app}}
data:
  app.yaml: |
    side: {side}
    oauth:
      client_secret: {config}
  notes: |
    the token of {side} is {data}
    and in base64 it is {}
",
        encoded(&data),
        encoded(&text),
        encoded(&data),
    );
    let coded: Vec<String> = canaries.iter().map(|canary| encoded(canary)).collect();
    canaries.extend(coded);
    (yaml, canaries)
}

#[test]
fn no_format_shows_a_secret() {
    let stage = Stage::new();
    let (old, mut canaries) = planted("a");
    let (new, others) = planted("b");
    canaries.extend(others);
    stage.write("old.yaml", &old);
    stage.write("new.yaml", &new);
    for format in FORMATS {
        for more in ["--all", "--no-lengths", "--color=always"] {
            let words = [
                "diff", "--files", "old.yaml", "new.yaml", "--format", format, more,
            ];
            let said = stage.kustom("", words);
            assert_eq!(said.code, 1, "{}", said.err);
            for canary in &canaries {
                let is_there = said.out.contains(canary) || said.err.contains(canary);
                assert!(!is_there, "{format} {more} shows {canary}:\n{}", said.out);
            }
            assert!(said.out.contains("secret A"), "{format}: {}", said.out);
        }
    }
    let said = stage.kustom(
        "",
        ["diff", "--files", "old.yaml", "new.yaml", "--show-secrets"],
    );
    assert!(said.out.contains(&canaries[0]), "{}", said.out);
}

#[test]
fn a_changed_secret_is_seen_to_have_changed_and_an_equal_one_to_be_equal() {
    let stage = Stage::new();
    let secret = |name: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{a: {value}}}\n"
        )
    };
    let (one, other) = ("w2Yq9Lr4Tz", "h7Kp3Xs8Vd");
    stage.write(
        "old.yaml",
        &format!("{}---\n{}", secret("x", one), secret("y", other)),
    );
    stage.write(
        "new.yaml",
        &format!("{}---\n{}", secret("x", other), secret("y", one)),
    );
    let said = stage.kustom("", ["diff", "--files", "old.yaml", "new.yaml"]);
    let lines: Vec<&str> = said
        .out
        .lines()
        .filter(|line| line.contains("<secret"))
        .collect();
    let words: Vec<&str> = lines
        .iter()
        .map(|line| line.split("  ").nth(2).unwrap_or_default())
        .collect();
    assert_eq!(
        words,
        [
            "- <secret A, 10 bytes>",
            "+ <secret B, 10 bytes>",
            "- <secret B, 10 bytes>",
            "+ <secret A, 10 bytes>"
        ]
    );
    let same = stage.kustom("", ["diff", "--files", "old.yaml", "old.yaml"]);
    assert_eq!(same.code, 0);
}

/// A real deployment of many environments, where it is at hand.
#[test]
fn a_real_production_and_its_staging_differ_in_what_fits_on_a_screen() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    let Ok(input) = folder.join("prow/2020-render/input").canonicalize() else {
        eprintln!("skipped: no recorded cases in {}", folder.display());
        return;
    };
    let output = Command::new(env!("CARGO_BIN_EXE_kustom"))
        .args(["diff", "ibmcloud-production", "ibmcloud-staging"])
        .current_dir(input)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("108 matched, 1 only in ibmcloud-staging"),
        "{text}"
    );
    assert!(text.lines().count() < 100, "{text}");
    let at = text.find("RoleBinding kubevirt-prow-jobs/deck").unwrap();
    let place = "ibmcloud-production/patches/JsonRFC6902/rolebinding-subject-prow-name-deck.yaml:3";
    let told = text[at..].lines().take(4).collect::<Vec<_>>().join("\n");
    assert!(
        told.contains("staging-deck on both sides, but ibmcloud-production calls it deck"),
        "{told}"
    );
    assert!(told.contains(place), "{told}");
    assert!(text.contains("×9 configMap.name"), "{text}");
}

#[test]
fn the_page_filters_and_folds_in_a_browser() {
    if !has("chromium") {
        return;
    }
    let stage = project();
    diff(
        &stage,
        "production staging --format html --output page.html",
    );
    let page = stage.read("p/page.html");
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "the page reaches for {outside}");
    }
    // What the script would do when somebody types is done here, and written down for us.
    let act = "byId('text').value = 'no such word'; filter(); \
               document.title = [byId('count').value, byId('none').hidden].join(' '); \
               byId('text').value = 'replicas'; filter(); fold(); \
               document.title += ' ' + [byId('count').value, all[0].open].join(' ');";
    let acted = page.replace(
        "filter();\n</script>",
        &format!("filter();\n{act}\n</script>"),
    );
    assert_ne!(acted, page);
    stage.write("p/acted.html", &acted);
    let url = format!("file://{}", stage.text("p/acted.html"));
    let words = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--dump-dom",
        &url,
    ];
    let said = stage.run("chromium".as_ref(), "p", words);
    assert!(
        said.out
            .contains("<title>0 of 1 false 1 of 1 false</title>"),
        "{}\n{}",
        said.out,
        said.err
    );
}
