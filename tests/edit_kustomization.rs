//! Random edits of random kustomizations, beside the real kustomize where there is one.
//!
//! Whatever is edited, the text of all other fields stays byte for byte. With a kustomize v5.8.2 or
//! v5.8.3 on the `PATH` or in the variable `KUSTOMIZE`, both must accept or refuse alike, and what
//! they write must build to the same bytes. `DIFFERENTIAL_CASES` says how many kustomizations are
//! edited, and `DIFFERENTIAL_SEED` with which one it starts; a failure prints its seed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kustom::build::{Options, build};
use kustom::edit::{Change, ImageArgument};
use kustom::load::Disk;
use kustom::place::SourceId;

#[test]
fn an_edit_leaves_all_other_fields_and_does_what_kustomize_does() {
    let kustomize = kustomize();
    if kustomize.is_none() {
        eprintln!("without kustomize: no v5.8.2 or v5.8.3 on the PATH or in KUSTOMIZE");
    }
    let number = |name: &str, otherwise: u64| {
        let said = std::env::var(name).ok();
        said.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let first = number("DIFFERENTIAL_SEED", 1);
    let count = number("DIFFERENTIAL_CASES", 60);
    let (mut made, mut accepted) = (0, 0);
    for seed in first..first + count {
        let mut random = Random::new(seed);
        let text = random.kustomization();
        let edits: Vec<_> = (0..=random.below(3)).map(|_| random.edit()).collect();
        let ours = Tree::new(&text);
        let program = ours.linked();
        let (mut said, mut fields) = (Vec::new(), Vec::new());
        for (arguments, meant) in &edits {
            let before = ours.text();
            let is_accepted = ours.edit(&program, arguments);
            assert!(
                is_accepted || ours.text() == before,
                "seed {seed}: refused, but written: {arguments:?}"
            );
            said.push(is_accepted);
            fields.extend(meant);
        }
        let new = ours.text();
        let commands: Vec<_> = edits.iter().map(|(arguments, _)| arguments).collect();
        let case = format!("seed {seed}: {commands:#?}\n-- before --\n{text}\n-- after --\n{new}");
        made += edits.len();
        accepted += said.iter().filter(|it| **it).count();
        for block in blocks(&text) {
            let name = block.lines().find_map(field_of).unwrap_or_default();
            let is_meant = fields.contains(&name);
            assert!(is_meant || new.contains(block), "lost `{block}`: {case}");
        }
        let Some(kustomize) = &kustomize else {
            continue;
        };
        let theirs = Tree::new(&text);
        let theirs_said: Vec<bool> = commands
            .iter()
            .map(|arguments| theirs.edit(kustomize, arguments))
            .collect();
        assert_eq!(said, theirs_said, "exit: {case}");
        assert_eq!(
            ours.build(),
            theirs.build(),
            "build: {case}\n{}",
            theirs.text()
        );
    }
    eprintln!("{made} edits of {count} kustomizations, {accepted} accepted");
    assert!(
        accepted * 2 > made,
        "only {accepted} of {made} edits are accepted"
    );
}

#[test]
fn every_recorded_file_survives_an_image_that_is_set_and_removed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("CORPUS").map(PathBuf::from);
    let set = Change::SetImages(vec![ImageArgument::parse("x=y:1").unwrap()]);
    let remove = Change::RemoveImages(vec!["x".to_owned()]);
    let mut count = 0;
    let mut look = |text: &str, name: &str| {
        let Ok(edited) = set.apply(text, SourceId::NONE, None) else {
            return;
        };
        assert!(edited.text != text, "{name}\n{text}");
        let back = remove.apply(&edited.text, SourceId::NONE, None).unwrap();
        let (new, back) = (edited.text, back.text);
        count += 1;
        assert!(
            back == text || is_without_nothing(text, &back),
            "{name}\n{text}\n-- set --\n{new}\n-- removed --\n{back}"
        );
    };
    for directory in ["environments", "kustom", "tests/cases"] {
        for entry in walkdir::WalkDir::new(root.join(directory)) {
            let path = entry.unwrap().into_path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if is_kustomization(&name) {
                look(&fs::read_to_string(&path).unwrap(), &name);
            }
        }
    }
    for suite in corpus.iter().flat_map(|it| {
        ["krusty", "real", "edit", "argocd", "merge"].map(|name| it.join(format!("{name}.jsonl")))
    }) {
        for line in fs::read_to_string(suite).unwrap_or_default().lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let files = row["files"].as_object().into_iter().flatten();
            for (name, text) in files.filter(|(name, _)| is_kustomization(name)) {
                if let Some(text) = text.as_str() {
                    look(text, name);
                }
            }
        }
    }
    eprintln!("{count} kustomizations");
    assert!(count > 0);
}

fn is_kustomization(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    ["kustomization.yaml", "kustomization.yml", "Kustomization"].contains(&name)
}

/// Whether a text is back but for a field `images` of nothing, which goes with its last entry, and
/// with the comment above it.
fn is_without_nothing(text: &str, back: &str) -> bool {
    let is_nothing = |line: &str| {
        let value = line.strip_prefix("images:").map(str::trim);
        value.is_some_and(|it| ["", "[]", "~", "null"].contains(&it))
    };
    let mut kept: Vec<&str> = Vec::new();
    for line in text.split_inclusive('\n') {
        if !is_nothing(line) {
            kept.push(line);
            continue;
        }
        while kept.last().is_some_and(|line| line.starts_with('#')) {
            kept.pop();
        }
    }
    kept.concat() == back
}

/// A directory with a kustomization and what it names.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("app/kustomization.yaml", text);
        write("app/web.yaml", WEB);
        write(
            "app/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n",
        );
        write(
            "app/more.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n",
        );
        write("app/patch.yaml", PATCH);
        write("app/vars.env", "E=1\n");
        write("base/kustomization.yaml", "resources: [map.yaml]\n");
        write(
            "base/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: base}\n",
        );
        write("app/a.txt", "text\n");
        write(
            "part/kustomization.yaml",
            "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: c-\n",
        );
        Self(directory)
    }

    /// Our program under the name of kustomize.
    fn linked(&self) -> PathBuf {
        let link = self.0.path().join("kustomize");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kustom"), &link).unwrap();
        link
    }

    fn edit(&self, program: &Path, arguments: &[String]) -> bool {
        let output = Command::new(program)
            .arg("edit")
            .args(arguments)
            .current_dir(self.0.path().join("app"))
            .output()
            .unwrap();
        output.status.success()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.path().join("app/kustomization.yaml")).unwrap()
    }

    fn build(&self) -> Option<String> {
        let root = self.0.path().canonicalize().unwrap();
        let built = build(&Disk, &root, Path::new("app"), &Options::default());
        built.and_then(|built| built.to_yaml()).ok()
    }
}

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: web, image: nginx:1.0}\n      - {name: api, image: api}\n";
const PATCH: &str =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {paused: true}\n";

/// The text of each field, with its comments at line ends.
fn blocks(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if field_of(line).is_some() {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        // What stands above the next field may be about that.
        .map(|(start, end)| {
            text[*start..end]
                .split("\n#")
                .next()
                .unwrap_or_default()
                .trim_end()
        })
        .collect()
}

fn field_of(line: &str) -> Option<&str> {
    let is_key = line.starts_with(|letter: char| letter.is_ascii_alphabetic());
    is_key.then(|| line.split(':').next()).flatten()
}

fn kustomize() -> Option<PathBuf> {
    let named = std::env::var_os("KUSTOMIZE").map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from("kustomize"));
    let output = Command::new(&program).arg("version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout);
    ["5.8.2", "5.8.3"]
        .iter()
        .any(|release| version.contains(release))
        .then_some(program)
}

/// Makes kustomizations and edits; the same seed makes the same.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn pick<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }

    fn kustomization(&mut self) -> String {
        let mut fields = vec![
            self.pick(&["resources:\n- web.yaml\n- map.yaml   # the map\n", "resources: [web.yaml, map.yaml]\n", "resources:\n  - web.yaml\n\n  # then\n  - map.yaml\n"]),
            self.pick(&["", "namePrefix: a-   # first\n", "namePrefix: 'a-'\n", "namePrefix:\n"]),
            self.pick(&["", "namespace: old\n", "nameSuffix: -z\n"]),
            self.pick(&["", "images:\n- name: api   # ours\n  newTag: '1'\n", "images: [{name: nginx, newName: web/nginx, newTag: \"2\"}]\n", "images:\n- newTag: v1\n  name: nginx\n  digest: ''\n"]),
            self.pick(&["", "replicas:\n- {count: 2, name: web} # two\n"]),
            self.pick(&["", "commonLabels:\n  team: red   # us\n", "commonLabels: {team: red, \"on\": \"1\"}\n"]),
            self.pick(&["", "labels:\n- pairs: {a: b}\n  includeSelectors: true\n- pairs:\n    c: d   # plain\n"]),
            self.pick(&["", "commonAnnotations: {note: 'x'}\n"]),
            self.pick(&["", "patches:\n- path: patch.yaml   # later\n", "patches:\n- target: {kind: ConfigMap}\n  patch: |-\n    # why\n    - {op: add, path: /data, value: {a: b}}\n"]),
            self.pick(&["", "configMapGenerator:\n- name: made\n  literals: [a=1, b=2]\n", "configMapGenerator:\n- name: made\n  # of what\n  literals:\n  - a=1   # one\n"]),
            self.pick(&["", "secretGenerator:\n- name: key\n  literals: [a=1]   # one\n", "secretGenerator:\n  - {name: key, literals: [a=1, b=2], type: Opaque}\n"]),
            self.pick(&["", "components: [../part]\n", "buildMetadata: [originAnnotations]\n"]),
        ];
        fields.retain(|field| !field.is_empty());
        for at in (1..fields.len()).rev() {
            let other = self.below(at + 1);
            fields.swap(at, other);
        }
        let mut text = self.pick(&["", "# the app\n\n", "---\n"]).to_owned();
        for field in fields {
            text.push_str(self.pick(&["", "", "\n", "# above\n", "\n# apart\n\n"]));
            text.push_str(field);
        }
        text + self.pick(&["", "", "# the end\n", "\n"])
    }

    /// The arguments of an edit, and the fields that it may touch.
    fn edit(&mut self) -> (Vec<String>, Vec<&'static str>) {
        let image = self.pick(&[
            "nginx:3",
            "nginx=r.io/nginx",
            "api=*:9",
            "new:1",
            "api@sha256:00",
            "bad",
            "nginx=*:*@sha256:11",
        ]);
        let pair = self.pick(&["team:blue", "new:1", "on:yes", "k:\"q\"", ":v", "n"]);
        let word = self.pick(&["b-", "", "yes", "1", "~", "x: y"]);
        let (line, field): (Vec<&str>, &[&'static str]) = match self.below(34) {
            0 => (vec!["set", "nameprefix", word], &["namePrefix"]),
            1 => (vec!["set", "namesuffix", word], &["nameSuffix"]),
            2 => (vec!["set", "namespace", "shop"], &["namespace"]),
            3 | 4 => (vec!["set", "image", image], &["images"]),
            5 => (
                vec!["set", "replicas", self.pick(&["web=3", "web=x", "web=-1"])],
                &["replicas"],
            ),
            6 => (vec!["set", "label", pair], &["commonLabels"]),
            7 => (vec!["add", "label", pair], &["commonLabels"]),
            8 => (
                vec!["add", "label", "--without-selector", pair],
                &["labels"],
            ),
            9 => (
                vec!["add", "annotation", "-f", pair],
                &["commonAnnotations"],
            ),
            10 => (
                vec!["remove", "label", self.pick(&["team", "nope", "team,nope"])],
                &["commonLabels"],
            ),
            11 => (
                vec!["remove", "resource", self.pick(&["map.yaml", "m*", "nope"])],
                &["resources"],
            ),
            12 => (
                vec!["add", "component", self.pick(&["../part", "../nope"])],
                &["components"],
            ),
            13 => (
                vec![
                    "add",
                    "patch",
                    "--path",
                    "patch.yaml",
                    "--kind",
                    "Deployment",
                ],
                &["patches"],
            ),
            14 => (
                vec![
                    "add",
                    "configmap",
                    self.pick(&["made", "other"]),
                    self.pick(&[
                        "--from-literal=z=1",
                        "--from-file=a.txt",
                        "--from-literal=a=1",
                    ]),
                ],
                &["configMapGenerator"],
            ),
            15 => (
                vec![
                    "set",
                    "image",
                    image,
                    self.pick(&["api:7", "other=a/b:1@sha256:22"]),
                ],
                &["images"],
            ),
            16 => (
                vec![
                    "add",
                    "label",
                    "--without-selector",
                    "--include-templates",
                    pair,
                ],
                &["labels"],
            ),
            17 => (vec!["set", "annotation", pair], &["commonAnnotations"]),
            18 => (
                vec![
                    "remove",
                    "annotation",
                    self.pick(&["note", "nope"]),
                    self.pick(&["-i", "--ignore-non-existence=false"]),
                ],
                &["commonAnnotations"],
            ),
            19 => (
                vec![
                    self.pick(&["add", "remove", "set"]),
                    "buildmetadata",
                    self.pick(&[
                        "originAnnotations",
                        "managedByLabel",
                        "originAnnotations,transformerAnnotations",
                        "other",
                    ]),
                ],
                &["buildMetadata"],
            ),
            20 => (
                vec![
                    "add",
                    "resource",
                    self.pick(&["more.yaml", "m*.yaml", "../base", "nope.yaml"]),
                ],
                &["resources"],
            ),
            21 => (
                vec!["add", "resource", "--no-verify", "more.yaml"],
                &["resources"],
            ),
            22 => (
                vec!["add", "base", self.pick(&["../base", "../nope"])],
                &["resources"],
            ),
            23 => (
                vec![
                    "remove",
                    "component",
                    self.pick(&["../part", "../p*", "nope"]),
                ],
                &["components"],
            ),
            24 => (
                vec![
                    "remove",
                    "patch",
                    "--path",
                    "patch.yaml",
                    self.pick(&["--kind=Deployment", "--kind="]),
                ],
                &["patches"],
            ),
            25 => (
                vec![
                    "add",
                    "patch",
                    "--patch",
                    "- {op: add, path: /metadata/labels, value: {p: q}}",
                    "--kind",
                    "ConfigMap",
                    "--name",
                    self.pick(&["map", "m.*"]),
                ],
                &["patches"],
            ),
            26 => (
                vec![
                    "add",
                    "secret",
                    self.pick(&["key", "other"]),
                    self.pick(&[
                        "--from-literal=z=1",
                        "--from-file=k=a.txt",
                        "--from-env-file=vars.env",
                        "--from-literal=a=1",
                    ]),
                ],
                &["secretGenerator"],
            ),
            27 => (
                vec![
                    "set",
                    "secret",
                    "key",
                    self.pick(&[
                        "--from-literal=a=9",
                        "--new-namespace=n",
                        "--from-literal=q=9",
                    ]),
                ],
                &["secretGenerator"],
            ),
            28 => (
                vec!["remove", "secret", self.pick(&["key", "nope", "key,nope"])],
                &["secretGenerator"],
            ),
            29 => (
                vec!["remove", "configmap", self.pick(&["made", "nope"])],
                &["configMapGenerator"],
            ),
            30 => (
                vec![
                    "add",
                    self.pick(&["transformer", "generator", "configuration"]),
                    "nope*.yaml",
                ],
                &[],
            ),
            31 => (
                vec!["set", "replicas", "web=3", self.pick(&["api=2", "web=4"])],
                &["replicas"],
            ),
            32 => (vec!["remove", "transformer", "nope"], &[]),
            _ => (
                vec![
                    "set",
                    "configmap",
                    "made",
                    self.pick(&["--from-literal=a=9", "--from-literal=b=9"]),
                ],
                &["configMapGenerator"],
            ),
        };
        (
            line.into_iter().map(str::to_owned).collect(),
            field.to_vec(),
        )
    }
}
