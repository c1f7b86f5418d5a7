//! What the fuzzer starts from: inputs made of the cases, and those that were written or found.
//!
//! Knows nothing of kustom, so that whoever writes the files need not build it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A target.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// The dictionaries of its language, in `fuzz/dictionaries`.
    pub dictionaries: &'static [&'static str],
    /// The inputs that are made of a case.
    made: fn(&Case) -> Vec<Vec<u8>>,
}

/// All targets; those that run most often in a second come first.
pub const TARGETS: [Target; 19] = [
    Target::new("block_subset", &["yaml"], texts),
    Target::new("verbatim", &["yaml"], texts),
    Target::new(
        "strategic_merge",
        &["yaml", "kubernetes"],
        pairs_of_manifests,
    ),
    Target::new("json_patch", &["yaml", "kubernetes"], json_patches),
    Target::new("yq_v4", &["yaml", "yq"], expressions),
    Target::new("cel", &["cel"], rules),
    Target::new("template", &["template"], templates),
    Target::new("rewrite", &["yaml"], neighbours),
    Target::new("print", &["yaml"], texts),
    Target::new("codecs", &["codecs"], none),
    Target::new("yq_v3", &["yaml", "yq"], scripts),
    Target::new("guard", &["yaml", "guard"], named_texts),
    Target::new("diff", &["yaml", "kubernetes"], neighbours),
    Target::new("validate", &["yaml", "kubernetes"], texts),
    Target::new("masks", &["yaml", "kubernetes", "guard"], neighbours),
    Target::new("replacements", &["yaml", "kubernetes"], replacements),
    Target::new("any_build", &["yaml", "kubernetes"], kustomizations),
    Target::new("project", &["yaml", "kubernetes", "template"], projects),
    Target::new("git", &["git"], none),
];

/// The longest input that is made of a case.
const LONGEST: usize = 4096;

impl Target {
    const fn new(
        name: &'static str,
        dictionaries: &'static [&'static str],
        made: fn(&Case) -> Vec<Vec<u8>>,
    ) -> Self {
        Self {
            name,
            dictionaries,
            made,
        }
    }

    /// The seeds, each once: what the cases say, then the files of `fuzz/seeds` and of `fuzz/found`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read.
    pub fn seeds(&self, root: &Path) -> io::Result<BTreeSet<Vec<u8>>> {
        let mut seeds = BTreeSet::new();
        for case in cases(&root.join("tests/cases"))? {
            let made = (self.made)(&case);
            seeds.extend(made.into_iter().filter(|seed| seed.len() <= LONGEST));
        }
        for kept in ["seeds", "found"] {
            let directory = root.join("fuzz").join(kept).join(self.name);
            if directory.is_dir() {
                for file in files(&directory)? {
                    seeds.insert(fs::read(file)?);
                }
            }
        }
        Ok(seeds)
    }

    /// The words of its dictionaries.
    ///
    /// # Errors
    ///
    /// If a dictionary cannot be read.
    pub fn dictionary(&self, root: &Path) -> io::Result<String> {
        let directory = root.join("fuzz/dictionaries");
        let texts = self.dictionaries.iter();
        texts
            .map(|name| fs::read_to_string(directory.join(format!("{name}.dict"))))
            .collect()
    }
}

/// A case: its commands and its files, without what is wanted.
struct Case {
    commands: Vec<String>,
    files: Vec<(String, String)>,
}

fn cases(directory: &Path) -> io::Result<Vec<Case>> {
    files(directory)?
        .iter()
        .map(|file| fs::read_to_string(file).map(|text| Case::new(&text)))
        .collect()
}

/// The files below a directory, sorted.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

impl Case {
    fn new(text: &str) -> Self {
        let mut case = Self {
            commands: Vec::new(),
            files: Vec::new(),
        };
        for line in text.split_inclusive('\n') {
            let name = line.trim_end().strip_prefix("-- ");
            if let Some(name) = name.and_then(|name| name.strip_suffix(" --")) {
                let name = name.split(' ').next().unwrap_or_default();
                case.files.push((name.to_owned(), String::new()));
            } else if let Some((_, content)) = case.files.last_mut() {
                content.push_str(line);
            } else if let Some(command) = line.strip_prefix("$ ") {
                case.commands.push(command.trim_end().to_owned());
            }
        }
        case.files
            .retain(|(name, _)| !["stdout", "stderr", "exit"].contains(&name.as_str()));
        case
    }

    fn ending(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        let files = self
            .files
            .iter()
            .filter(move |(name, _)| name.ends_with(end));
        files.map(|(name, text)| (name.as_str(), text.as_str()))
    }

    fn manifests(&self) -> impl Iterator<Item = &str> {
        let manifests = self
            .ending(".yaml")
            .filter(|(_, text)| text.contains("kind:"));
        manifests.map(|(_, text)| text)
    }

    /// All files as one input; that of a name comes first.
    fn tree(&self, first: &str) -> Vec<u8> {
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|(name, _)| name != first);
        let parts = files
            .iter()
            .map(|(name, text)| format!("=== {name}\n{text}"));
        parts.collect::<String>().into_bytes()
    }
}

fn none(_: &Case) -> Vec<Vec<u8>> {
    Vec::new()
}

fn texts(case: &Case) -> Vec<Vec<u8>> {
    case.ending(".yaml").map(|(_, text)| text.into()).collect()
}

fn named_texts(case: &Case) -> Vec<Vec<u8>> {
    let named = |(name, text): &(String, String)| format!("{name}\n{text}").into_bytes();
    case.files.iter().map(named).collect()
}

fn pair(one: &str, other: &str) -> Vec<u8> {
    let end = if one.ends_with('\n') { "" } else { "\n" };
    format!("{one}{end}===\n{other}").into_bytes()
}

/// Each file with the next one, and with itself.
fn neighbours(case: &Case) -> Vec<Vec<u8>> {
    let texts: Vec<&str> = case.ending(".yaml").map(|(_, text)| text).collect();
    let next = texts.windows(2).map(|two| pair(two[0], two[1]));
    next.chain(texts.iter().map(|text| pair(text, text)))
        .collect()
}

fn pairs_of_manifests(case: &Case) -> Vec<Vec<u8>> {
    let texts: Vec<&str> = case.manifests().collect();
    let all = texts.iter().enumerate();
    let pairs = all.flat_map(|(at, one)| texts.iter().skip(at).map(|other| pair(one, other)));
    pairs.collect()
}

fn json_patches(case: &Case) -> Vec<Vec<u8>> {
    let patches = case.files.iter().filter(|(_, text)| {
        let start = text.trim_start();
        text.contains("op") && (start.starts_with('-') || start.starts_with('['))
    });
    let pairs =
        patches.flat_map(|(_, patch)| case.manifests().map(move |object| pair(object, patch)));
    pairs.collect()
}

/// Each expression of a file or a command with each file.
fn expressions(case: &Case) -> Vec<Vec<u8>> {
    let of_files = case.ending(".yq").map(|(_, text)| text);
    let of_commands = case
        .commands
        .iter()
        .filter(|command| command.contains(" yq "))
        .filter_map(|command| command.split('\'').nth(1));
    let pairs = of_files.chain(of_commands).flat_map(|expression| {
        let files = case.ending(".yaml").chain(case.ending(".yml"));
        files.map(move |(_, text)| pair(expression, text))
    });
    pairs.collect()
}

fn scripts(case: &Case) -> Vec<Vec<u8>> {
    let all = || case.files.iter().map(|(_, text)| text.as_str());
    let pairs = all()
        .filter(|text| text.contains("command:"))
        .flat_map(|script| {
            let others = all().filter(move |text| *text != script);
            others.map(move |text| pair(script, text))
        });
    pairs.collect()
}

fn templates(case: &Case) -> Vec<Vec<u8>> {
    const VALUES: &str = r#"{"name":"a","image":{"tag":"v1"},"list":["a","b"],"on":true,"n":3}"#;
    case.ending(".j2")
        .map(|(_, text)| pair(VALUES, text))
        .collect()
}

/// The expressions of definitions and policies.
fn rules(case: &Case) -> Vec<Vec<u8>> {
    let lines = case.files.iter().flat_map(|(_, text)| text.lines());
    let rule = |line: &str| {
        let (_, rule) = line
            .split_once("rule:")
            .or(line.split_once("expression:"))?;
        Some(pair(
            rule.trim().trim_matches(['"', '\'']),
            "{text: a, count: 1}\n",
        ))
    };
    lines.filter_map(rule).collect()
}

fn replacements(case: &Case) -> Vec<Vec<u8>> {
    let objects: String = case
        .manifests()
        .map(|text| format!("---\n{}\n", text.trim_end()))
        .collect();
    let mut found = Vec::new();
    for (_, text) in &case.files {
        // The list in a kustomization, or a file of its own.
        if let Some((_, list)) = text.split_once("replacements:\n") {
            let is_of_list = |line: &&str| line.starts_with([' ', '-', '#']);
            let list: Vec<&str> = list.lines().take_while(is_of_list).collect();
            found.push(pair(&list.join("\n"), &objects));
        } else if text.contains("targets:") && !text.contains("kind: Kustomization") {
            found.push(pair(text, &objects));
        }
    }
    found
}

/// The tree with each of its kustomizations as the one that is built.
fn kustomizations(case: &Case) -> Vec<Vec<u8>> {
    let roots = case.ending("kustomization.yaml").map(|(name, _)| name);
    roots.map(|root| case.tree(root)).collect()
}

fn projects(case: &Case) -> Vec<Vec<u8>> {
    let has = |name: &str| case.files.iter().any(|(file, _)| file.contains(name));
    if has("kustom.yaml") || has("environments/") {
        vec![case.tree("kustom.yaml")]
    } else {
        Vec::new()
    }
}
