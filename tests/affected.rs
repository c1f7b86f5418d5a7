//! A law of `affected`: an environment whose bytes change is named, whatever the project and the
//! change; and where nothing changed, none is.
//!
//! Projects are drawn from parts of every kind that an environment can read: bases, components,
//! patches, generators, scripts, templates, values, links, charts, functions. `SEEDS` says how many
//! are drawn.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kustom::check::{Affected, CheckContext, Since};
use kustom::load::{Disk, Files, Recording, Revision, WorkTree};
use kustom::project::{Options, Project, Secrets, render};
use kustom::yaml::write_stream;
use stage::Stage;

/// How many projects are drawn.
const SEEDS: u64 = 20;

/// How many times one is changed.
const CHANGES: usize = 4;

const ENVIRONMENTS: [&str; 3] = ["one", "three", "two"];

/// Numbers that look drawn, the same for each seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.roll(count) == 0
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.roll(list.len())]
    }
}

/// A kustomization that is being written.
#[derive(Default)]
struct Kustomization(BTreeMap<&'static str, Vec<String>>);

impl Kustomization {
    fn add(&mut self, field: &'static str, item: impl Into<String>) {
        self.0.entry(field).or_default().push(item.into());
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (field, items) in &self.0 {
            text.push_str(&format!("{field}:\n"));
            items
                .iter()
                .for_each(|item| text.push_str(&format!("- {item}\n")));
        }
        if text.is_empty() {
            "{}\n".to_owned()
        } else {
            text
        }
    }
}

fn map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  at: \"{value}\"\n"
    )
}

/// Lays out a project and commits it.
fn project(dice: &mut Dice) -> Stage {
    let stage = Stage::new();
    stage.write("r/.gitignore", "secrets/\n*.out\n");
    stage.write("r/README.md", "nothing to see\n");
    stage.write(
        "r/kustom.yaml",
        "helm: {enabled: true}\nvalues: {project: p}\n",
    );
    stage.write("r/kustom/base/map.yaml", &map("base", "0"));
    let mut base = Kustomization::default();
    base.add("resources", "map.yaml");
    if dice.one_in(2) {
        base.add("resources", "../more");
        stage.write("r/kustom/more/kustomization.yml", "resources: [m.yaml]\n");
        stage.write("r/kustom/more/m.yaml", &map("more", "0"));
    }
    if dice.one_in(2) {
        stage.write("r/kustom/base/configs/2026/app.yaml", "level: info\n");
        symlink("2026", stage.path("r/kustom/base/configs/current")).unwrap();
    }
    stage.write("r/kustom/base/kustomization.yaml", &base.text());
    if dice.one_in(3) {
        let attributes = *dice.pick(&["*.txt text eol=crlf\n", "*.yaml ident\n", "* text=auto\n"]);
        stage.write("r/.gitattributes", attributes);
    }
    for name in ENVIRONMENTS {
        environment(dice, &stage, name);
    }
    stage.commit("r");
    // As a clean checkout has them.
    stage.git("r", "rm --quiet -r --cached .");
    stage.git("r", "reset --quiet --hard");
    stage
}

fn environment(dice: &mut Dice, stage: &Stage, name: &str) {
    let file = |file: &str| format!("r/environments/{name}/{file}");
    let mut settings = String::new();
    if name != "one" && dice.one_in(4) {
        settings.push_str("extends: one\n");
    }
    let mut it = Kustomization::default();
    it.add("resources", "../../kustom/base");
    if dice.one_in(2) {
        it.add("resources", "own.yaml");
        stage.write(&file("own.yaml"), &map("own", "0"));
    }
    if dice.one_in(2) {
        it.add("patches", "path: patch.yaml");
        stage.write(&file("patch.yaml"), &map("base", "1"));
    }
    if dice.one_in(2) {
        it.add(
            "configMapGenerator",
            "{name: files, files: [a.txt, dir/b.txt]}",
        );
        stage.write(&file("a.txt"), "a\nb\n");
        stage.write(&file("dir/b.txt"), "$Id$\n");
    }
    if dice.one_in(3) {
        it.add("configMapGenerator", "{name: env, envs: [x.env]}");
        stage.write(&file("x.env"), "A=1\n");
    }
    if dice.one_in(3) {
        it.add("components", "part");
        stage.write(
            &file("part/kustomization.yaml"),
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -x\n",
        );
    }
    if dice.one_in(3) {
        it.add("transformers", "labels.yaml");
        stage.write(
            &file("labels.yaml"),
            "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {a: b}\n\
             fieldSpecs: [{path: metadata/labels, create: true}]\n",
        );
    }
    if dice.one_in(3) {
        it.add(
            "configMapGenerator",
            "{name: config, files: [configs/app.yaml]}",
        );
        stage.write(
            &file("yq_scripts/app.yaml"),
            "- {command: update, path: level, value: x}\n",
        );
    }
    if dice.one_in(3) {
        it.add("resources", "made.yaml");
        stage.write(
            &file("made.yaml.j2"),
            &map("made", "{{ project }}{{ own }}"),
        );
        stage.write(&file("values.yaml"), "own: o\n");
    }
    if dice.one_in(4) {
        it.add("resources", "linked.yaml");
        stage.write(&file("target.yaml"), &map("linked", "0"));
        symlink("target.yaml", stage.path(&file("linked.yaml"))).unwrap();
    }
    if dice.one_in(4) {
        settings.push_str(
            "scripts:\n- file: ../../kustom/base/map.yaml\n  expression: .data.at += \"s\"\n",
        );
    }
    if dice.one_in(4) {
        it.add("helmCharts", "{name: chart}");
        stage.write(
            &file("charts/chart/Chart.yaml"),
            "{apiVersion: v2, name: chart, version: 0.1.0}\n",
        );
        stage.write(&file("charts/chart/values.yaml"), "a: b\n");
        stage.write(&file("charts/chart/templates/t.yaml"), &map("chart", "0"));
    }
    if dice.one_in(4) {
        it.add("generators", "gen.yaml");
        stage.write(&file("read.txt"), "r");
        stage.write(
            &file("gen.yaml"),
            "apiVersion: example.com/v1\nkind: Gen\nmetadata:\n  name: g\n  annotations:\n    \
             config.kubernetes.io/function: |\n      exec: {path: ./gen.sh}\n",
        );
        stage.write_program(
            &file("gen.sh"),
            "#!/bin/sh\ncat >/dev/null\nprintf 'apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems:\\n- apiVersion: v1\\n  kind: ConfigMap\\n  metadata: {name: gen}\\n  data: {at: %s}\\n' \"$(cat read.txt ../../README.md 2>/dev/null | tr -dc a-z0-9)\"\n",
        );
    }
    // What stops a render hides what comes after it.
    if dice.one_in(6) {
        it.add("configMapGenerator", "{name: built, files: [built.out]}");
    }
    if !settings.is_empty() {
        stage.write(&file("environment.yaml"), &settings);
    }
    stage.write(&file("kustomization.yaml"), &it.text());
}

/// The files and links below a directory, sorted.
fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(below(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

/// Changes something, and says what; a link to a directory, or to nothing, stays as it is.
fn change(dice: &mut Dice, stage: &Stage) -> String {
    let root = stage.path("r");
    let files = below(&root).into_iter();
    let inside = files.map(|file| file.strip_prefix(&root).unwrap().to_path_buf());
    let files: Vec<PathBuf> = inside.filter(|file| !file.starts_with(".git")).collect();
    let file = dice.pick(&files).clone();
    let path = root.join(&file);
    let shown = file.display();
    match dice.roll(9) {
        0 | 1 => {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let changed = text.replace(": \"0\"", ": \"9\"").replace("b\n", "c\n");
            let _ = fs::write(&path, changed + "\n# more\n");
            format!("changed {shown}")
        }
        2 => {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let _ = fs::write(&path, lines[..lines.len() / 2].join("\n"));
            format!("cut {shown}")
        }
        3 => {
            let _ = fs::remove_file(&path);
            format!("removed {shown}")
        }
        4 => {
            let _ = fs::rename(&path, path.with_extension("moved"));
            format!("moved {shown}")
        }
        5 => {
            let names = [
                "kustomization.yml",
                "values.yaml",
                "environment.yaml",
                "own.yaml",
                "x.env",
                "made.yaml",
                "patch.yaml.j2",
                "yq_scripts/app.yaml",
                "yq_scripts/app.yaml.yq",
                "charts/chart/templates/u.yaml",
                "Kustomization",
                "zz.yaml",
            ];
            let name = dice.pick(&names);
            let new = path.parent().unwrap().join(name);
            let _ = fs::create_dir_all(new.parent().unwrap());
            let text = *dice.pick(&["", "{}\n", "namePrefix: z-\n", "own: other\n", "A=2\n"]);
            let _ = fs::write(&new, text);
            format!("wrote {}", new.strip_prefix(&root).unwrap().display())
        }
        6 => {
            let other = dice.pick(&files).clone();
            let _ = fs::remove_file(&path);
            let _ = symlink(root.join(&other), &path);
            format!("linked {shown} to {}", other.display())
        }
        7 => {
            let name = *dice.pick(&ENVIRONMENTS);
            let from = root.join("environments").join(name);
            let to = root.join("environments/copy");
            for file in below(&from) {
                let target = to.join(file.strip_prefix(&from).unwrap());
                let _ = fs::create_dir_all(target.parent().unwrap());
                // A link may lead nowhere.
                let _ = fs::copy(&file, target);
            }
            format!("copied {name}")
        }
        _ => {
            stage.write("r/.gitattributes", "* -text\n");
            let _ = stage.run(
                "git".as_ref(),
                "r",
                ["checkout", "--quiet", "--", "environments"],
            );
            "no attributes any more".to_owned()
        }
    }
}

fn helm(stage: &Stage) -> PathBuf {
    stage.write_program(
        "bin/helm",
        "#!/bin/sh\ncase $1 in\nversion) echo v3.18.0 ;;\ntemplate)\n  for file in \"$3\"/templates/*; do echo ---; cat \"$file\"; done\n  cat \"$3/values.yaml\" | sed 's/^/# /' ;;\nesac\n",
    );
    stage.path("bin/helm")
}

fn options(helm: &Path) -> Options<'static> {
    let mut options = Options {
        secrets: Some(Secrets::Placeholder),
        ..Options::default()
    };
    options.plugins.enabled = true;
    options.plugins.functions.exec = true;
    options.plugins.helm.command = helm.into();
    options
}

/// The bytes of each environment; nothing where it does not render.
fn rendered(
    files: &dyn Files,
    root: &Path,
    options: &Options<'_>,
) -> BTreeMap<String, Option<String>> {
    let Ok(project) = Project::find(files, root) else {
        return BTreeMap::new();
    };
    let one = |name: &String| {
        let mut environment = project.environment(files, name).ok()?;
        environment.settings.strict = Some(false);
        let rendered = render(files, root, &project, &environment, options).ok()?;
        let mut text = String::new();
        write_stream(rendered.resources.iter().map(|it| &it.node), &mut text).ok()?;
        Some(text)
    };
    let names = project.names(files).into_iter();
    names.map(|name| (name.clone(), one(&name))).collect()
}

/// The environments that are named, and those that may be affected for a reason that is told.
fn affected(root: &Path, options: &Options<'static>) -> Option<BTreeMap<String, bool>> {
    let files = Recording::new(&Disk);
    let project = Project::find(&files, root).ok()?;
    let tree = WorkTree::discover(root).unwrap().unwrap();
    let revision = Revision::open(root, "HEAD").unwrap();
    let setup = CheckContext {
        definitions: Vec::new(),
        files: &Disk,
        accesses: Arc::new(files.accesses()),
        tree: Some(&tree),
        is_git_unread: false,
        here: root,
        prefix: String::new(),
        names: project.names(&Disk),
        options: options.clone(),
        project: &project,
        done: &|_| {},
    };
    let mut named = BTreeMap::new();
    let since = Since::new(&setup, &revision);
    for checked in setup.inputs() {
        match since.affected(&checked).unwrap() {
            Affected::No => {}
            Affected::Yes => drop(named.insert(checked.name, false)),
            Affected::Perhaps(_) => drop(named.insert(checked.name, true)),
        }
    }
    Some(named)
}

fn seed(seed: u64) {
    let dice = &mut Dice(seed);
    let stage = project(dice);
    let options = options(&helm(&stage));
    let root = stage.path("r");
    let before = rendered(&Disk, &root, &options);
    let revision = Revision::open(&root, "HEAD").unwrap();
    assert_eq!(
        rendered(&revision, &root, &options),
        before,
        "seed {seed}: as of HEAD"
    );
    let at_rest = affected(&root, &options).unwrap();
    for (name, text) in &before {
        assert_eq!(
            at_rest.contains_key(name),
            text.is_none(),
            "seed {seed}: `{name}` at rest"
        );
    }
    let mut said = Vec::new();
    for _ in 0..CHANGES {
        said.push(change(dice, &stage));
        let after = rendered(&Disk, &root, &options);
        let Some(named) = affected(&root, &options) else {
            return;
        };
        for (name, text) in &after {
            let is_same = text.is_some() && before.get(name) == Some(text);
            let is_named = named.contains_key(name);
            assert!(
                is_same || is_named,
                "seed {seed}: `{name}` is not what it was, and is not named\n{said:#?}\n{:?}\n{text:?}",
                before.get(name)
            );
        }
    }
}

#[test]
fn an_environment_whose_bytes_change_is_always_named() {
    let count = std::env::var("SEEDS").map_or(SEEDS, |count| count.parse().unwrap());
    let first: u64 = std::env::var("FIRST_SEED").map_or(1, |first| first.parse().unwrap());
    for number in first..first + count {
        seed(number);
    }
}
