//! The tables of `docs/lint.md` are what the table of the rules says; with `UPDATE_LINT` set they are written anew.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kustom::lint::{Group, RuleSet, rules};

/// The text between a mark and the next `<!-- end -->`.
fn with_section(page: &str, mark: &str, section: &str) -> String {
    let (before, rest) = page.split_once(mark).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{mark}\n{section}<!-- end -->{after}")
}

fn table_of_rules() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let own: Vec<_> = rules().iter().filter(|rule| rule.group == group).collect();
        if own.is_empty() {
            continue;
        }
        let name = group.name().replace('-', " ");
        writeln!(text, "### {}{}\n", name[..1].to_uppercase(), &name[1..]).unwrap();
        text.push_str("| rule | severity | profile | why | what to do | source |\n|---|---|---|---|---|---|\n");
        for rule in own {
            let (severity, set) = (rule.severity.name(), rule.set.profile());
            let (why, help) = (rule.why, rule.help);
            writeln!(
                text,
                "| `{}` | {severity} | {set} | {why} | {help} | [source]({}) |",
                rule.name, rule.source
            )
            .unwrap();
        }
        text.push('\n');
    }
    text
}

fn table_of_linters() -> String {
    let mut text = String::from(
        "| rule | kube-linter | kube-score | polaris | kubescape |\n|---|---|---|---|---|\n",
    );
    for rule in rules() {
        if rule.others.iter().all(|name| name.is_empty()) {
            continue;
        }
        let cells = rule.others.map(|name| match name {
            "" => "-".to_owned(),
            name => format!("`{name}`"),
        });
        writeln!(text, "| `{}` | {} |", rule.name, cells.join(" | ")).unwrap();
    }
    text
}

fn table_of_differences() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/lint/data/differences.tsv");
    let mut text = String::from("| rule | linter | why it answers otherwise |\n|---|---|---|\n");
    let lines = fs::read_to_string(path).unwrap();
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        writeln!(text, "| `{}` | {} | {} |", cells[0], cells[1], cells[2]).unwrap();
    }
    text
}

#[test]
fn the_page_has_every_rule_with_its_reason_and_its_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md");
    let page = fs::read_to_string(&path).unwrap();
    let rules = "<!-- rules: UPDATE_LINT=1 cargo test --test lint -->";
    let linters = "<!-- linters: UPDATE_LINT=1 cargo test --test lint -->";
    let wanted = with_section(&page, rules, &table_of_rules());
    let differences = "<!-- differences: UPDATE_LINT=1 cargo test --test lint -->";
    let wanted = with_section(&wanted, linters, &table_of_linters());
    let wanted = with_section(&wanted, differences, &table_of_differences());
    if std::env::var_os("UPDATE_LINT").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == wanted, "UPDATE_LINT=1 cargo test --test lint");
}

#[test]
fn what_three_linters_share_is_recommended() {
    let shared = rules().iter().filter(|rule| {
        let count = rule.others.iter().filter(|name| !name.is_empty()).count();
        count >= 3 && matches!(rule.set, RuleSet::Fault | RuleSet::Habit)
    });
    assert!(shared.count() >= 25);
}

/// Draws numbers, the same for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        let at = self.below(list.len() as u64);
        list[usize::try_from(at).unwrap()]
    }
}

/// A project of a base, a component and two environments, with entries that have an effect and such
/// that have none.
fn project(seed: u64) -> Vec<(String, String)> {
    let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut files = vec![
        (
            "base/all.yaml".to_owned(),
            "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: web\nspec:\n  size: 1\n  \
             color: blue\n  args: []\n  template:\n    spec:\n      containers:\n      - name: web\n        \
             image: web\n---\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: job\nspec:\n  \
             template:\n    spec:\n      serviceAccount: bot # whose\n      containers:\n      - name: \
             job\n        image: job\n"
                .to_owned(),
        ),
        ("kustom.yaml".to_owned(), "lint: recommended\n".to_owned()),
    ];
    let mut entries = |directory: &str, draw: &mut Draw| {
        let mut text = String::new();
        if draw.below(2) == 0 {
            text.push_str("images:\n");
            for _ in 0..=draw.below(3) {
                let (name, tag) = (draw.of(&["web", "job", "gone"]), draw.below(4));
                writeln!(text, "# an image\n- name: {name}\n  newTag: \"{tag}\"").unwrap();
            }
        }
        if draw.below(3) == 0 {
            writeln!(
                text,
                "labels:\n- pairs:\n    team: {}\n    part: web",
                draw.of(&["red", "blue"])
            )
            .unwrap();
        }
        if draw.below(3) == 0 {
            writeln!(
                text,
                "commonAnnotations:\n  team: {}",
                draw.of(&["red", "blue"])
            )
            .unwrap();
        }
        let mut patches = String::new();
        for number in 0..draw.below(4) {
            let field = draw.of(&["size", "color", "level"]);
            let value = draw.below(3);
            let merge = format!(
                "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: web\nspec:\n  {field}: {value}\n"
            );
            let json = format!("- op: add\n  path: /spec/{field}\n  value: {value}\n");
            let patch = if draw.below(2) == 0 { merge } else { json };
            if draw.below(2) == 0 {
                let name = format!("patch-{number}.yaml");
                writeln!(
                    patches,
                    "# from a file\n- path: {name}\n  target:\n    kind: Widget"
                )
                .unwrap();
                files.push((format!("{directory}/{name}"), patch));
            } else {
                let patch: String = patch.lines().map(|line| format!("    {line}\n")).collect();
                write!(patches, "- target:\n    kind: Widget\n  patch: |-\n{patch}").unwrap();
            }
        }
        if !patches.is_empty() {
            write!(text, "patches:\n{patches}").unwrap();
        }
        text
    };
    let mut made = Vec::new();
    let mut component = entries("component", &mut draw);
    if component.is_empty() {
        component.push_str("commonAnnotations:\n  owner: all\n");
    }
    let base = entries("base", &mut draw);
    let named = |is_named: bool| {
        if is_named {
            "components:\n- ../component\n"
        } else {
            ""
        }
    };
    let base = format!(
        "resources:\n- all.yaml\n{}{base}",
        named(draw.below(3) == 0)
    );
    for name in ["production", "staging"] {
        let directory = format!("environments/{name}");
        let own = entries(&directory, &mut draw);
        let named = named(draw.below(3) == 0).replace("../", "../../");
        let text = format!("resources:\n- ../../base\n{named}{own}");
        made.push((format!("{directory}/kustomization.yaml"), text));
    }
    files.extend(made);
    files.push(("base/kustomization.yaml".to_owned(), base));
    let head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    files.push((
        "component/kustomization.yaml".to_owned(),
        format!("{head}{component}"),
    ));
    files
}

fn kustom(directory: &Path, arguments: &[&str]) -> (String, String) {
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_kustom"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(made.stdout), text(made.stderr))
}

fn is_part_of(lines: &str, all: &str) -> bool {
    let mut all = all.lines();
    lines.lines().all(|line| all.any(|other| other == line))
}

/// `KUSTOM_TREES=400` for a long loop.
#[test]
fn a_fix_changes_nothing_else_and_leaves_nothing_to_mend() {
    let mut written = 0;
    let count = std::env::var("KUSTOM_TREES").ok();
    let count = count.and_then(|text| text.parse().ok());
    for seed in 1..=count.unwrap_or(40) {
        let directory = tempfile::tempdir().unwrap();
        let files = project(seed);
        for (path, text) in &files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let build = |name: &str| {
            let (text, error) = kustom(
                directory.path(),
                &["build", &format!("environments/{name}")],
            );
            assert!(!text.is_empty(), "{seed}: {error}");
            text
        };
        let names = ["production", "staging"];
        let before = names.map(build);
        let (_, said) = kustom(directory.path(), &["lint", "--fix"]);
        let after = names.map(build);
        for (before, after) in before.iter().zip(&after) {
            // The Job may name its account by the new field, and nothing else differs.
            let known = |text: &str| text.replace("serviceAccount: bot", "serviceAccountName: bot");
            assert_eq!(known(before), known(after), "{seed}: {said}");
        }
        for (path, text) in &files {
            let now = fs::read_to_string(directory.path().join(path)).unwrap();
            let is_kept = is_part_of(&now, text) || path == "base/all.yaml";
            assert!(is_kept, "{seed}: {path}\n{text}\n---\n{now}");
        }
        written += said.matches("written: ").count();
        let tree = |files: &[(String, String)]| -> Vec<String> {
            let read = files
                .iter()
                .map(|(path, _)| fs::read_to_string(directory.path().join(path)).unwrap());
            read.collect()
        };
        let once = tree(&files);
        let (_, said) = kustom(directory.path(), &["lint", "--fix"]);
        assert!(!said.contains("written: "), "{seed}: {said}");
        assert_eq!(once, tree(&files), "{seed}");
    }
    assert!(written > 40, "{written}");
}
