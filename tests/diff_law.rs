//! `diff` never calls a change no difference: objects of many kinds, changed at random, against a
//! judge that knows nothing of how `diff` compares.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};

use kustom::diff::{Class, Detail, Diff, Input, Masking, Op, Options, Secrets, Shown, Sides, diff};
use kustom::fields::Fields;
use kustom::place::SourceId;
use kustom::report::{self, DiffFormat, Layout};
use kustom::resource::{History, Resource};
use kustom::schema::Schema;
use kustom::yaml::{Entry, Node, Tag, Value, manifests};
use serde_json::{Value as Json, json};

/// How often objects are changed.
const MUTATIONS: u32 = 10_000;

const OBJECTS: &str = include_str!("diff_law/objects.yaml");

/// The table that says which orders mean nothing, read a second time.
const TABLE: &str = include_str!("../src/diff/api.tsv");

struct NoSecrets;

impl Secrets for NoSecrets {
    fn find(&self, _: &str) -> Vec<Range<usize>> {
        Vec::new()
    }

    fn is_placeholder(&self, _: &str) -> bool {
        true
    }
}

/// Numbers that look drawn and are the same at every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }
}

fn resources(nodes: &[Node]) -> Vec<Resource> {
    let schema = Schema::builtin();
    let made = nodes.iter().cloned();
    made.map(|node| Resource::generated(node, History::default(), &schema))
        .collect()
}

fn compared(sides: Sides, from: &[Node], to: &[Node], detail: Detail) -> Diff {
    let (from, to) = (resources(from), resources(to));
    let input = |name, resources| Input {
        name,
        resources,
        place: &|_| None,
    };
    let options = Options {
        sides,
        fields: &Fields::builtin(),
        secrets: &NoSecrets,
        masking: Masking::default(),
        expected: &[],
        ignored: &[],
        detail,
    };
    diff(input("before", &from), input("after", &to), &options)
}

// The judge.

/// What the table says of the fields of each type, and which type a kind has.
struct Api {
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    fields: HashMap<(&'static str, &'static str), (&'static str, &'static str)>,
}

impl Api {
    fn read() -> Self {
        let (mut kinds, mut fields) = (HashMap::new(), HashMap::new());
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            if cells[0] == "kind" {
                kinds.insert((cells[1], cells[2]), cells[3]);
            } else {
                fields.insert((cells[0], cells[1]), (cells[2], cells[3]));
            }
        }
        Self { kinds, fields }
    }

    /// An object as the API reads it: keys in order, lists without an order sorted.
    fn read_object(&self, object: &Node) -> Json {
        let text = |key: &str| object.get(key).and_then(Node::text).unwrap_or_default();
        match self.kinds.get(&(text("apiVersion"), text("kind"))) {
            Some(of) => self.value(object, ("object", of)),
            None => self.value(object, ("any", "")),
        }
    }

    fn value(&self, node: &Node, (how, of): (&'static str, &'static str)) -> Json {
        let is_foreign = how == "any" || how == "texts";
        match &node.value {
            Value::Map(entries) => {
                let mut read = BTreeMap::new();
                for entry in entries {
                    let key = entry.key.text().unwrap();
                    let meaning = match how {
                        "object" => *self.fields.get(&(of, key)).unwrap_or(&("plain", "")),
                        "fields" => ("object", of),
                        "quantities" => ("quantity", ""),
                        "any" | "texts" => ("any", ""),
                        _ => ("plain", ""),
                    };
                    let is_dropped = entry.value.is_null() && matches!(how, "object" | "plain");
                    if !is_dropped {
                        read.insert(key.to_owned(), self.value(&entry.value, meaning));
                    }
                }
                json!({"map": read})
            }
            Value::Seq(items) => {
                let inner = match how {
                    _ if is_foreign => ("any", ""),
                    "plain" => ("plain", ""),
                    _ if of.is_empty() => ("plain", ""),
                    _ => ("object", of),
                };
                let mut read: Vec<Json> =
                    items.iter().map(|item| self.value(item, inner)).collect();
                let is_unordered = match how.strip_prefix("map ") {
                    Some(keys) => items.len() < 2 || are_told_apart(items, keys),
                    None => how == "set",
                };
                if is_unordered {
                    read.sort_by_key(ToString::to_string);
                }
                json!(read)
            }
            Value::Scalar(text) => scalar(node, text, how),
            Value::Alias(_) => unreachable!("aliases are replaced"),
        }
    }
}

fn are_told_apart(items: &[Node], keys: &str) -> bool {
    let identity = |item: &Node| -> Option<Vec<String>> {
        let of = |key: &str| match item.get(key) {
            Some(value) => value
                .text()
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            None => (key == "protocol").then(|| "TCP".to_owned()),
        };
        keys.split(' ').map(of).collect()
    };
    let mut found: Vec<Option<Vec<String>>> = items.iter().map(identity).collect();
    found.sort();
    found.windows(2).all(|two| two[0] != two[1]) && found.iter().all(Option::is_some)
}

fn scalar(node: &Node, text: &str, how: &str) -> Json {
    let number = |text: &str| -> Option<f64> {
        match text.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16)
                .ok()
                .map(|number| number as f64),
            None => text.parse().ok(),
        }
    };
    match (how, node.tag) {
        ("quantity", Tag::Int | Tag::Float | Tag::Str) if amount(text).is_some() => {
            json!({"amount": amount(text).unwrap().to_string()})
        }
        ("port", Tag::Int) => json!({"port": text}),
        ("port", Tag::Str) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            json!({"port": text})
        }
        (_, Tag::Int | Tag::Float) => json!({"number": number(text).unwrap().to_string()}),
        (_, Tag::Null) => Json::Null,
        (_, tag) => json!({"scalar": text, "tag": tag.name()}),
    }
}

/// An amount in thousandths, of the few forms that occur here.
fn amount(text: &str) -> Option<i128> {
    let units = [
        ("Ki", 1_024_000),
        ("Mi", 1_048_576_000),
        ("Gi", 1_073_741_824_000),
        ("m", 1),
    ];
    for (unit, factor) in units {
        if let Some(number) = text.strip_suffix(unit) {
            return number.parse::<i128>().ok().map(|number| number * factor);
        }
    }
    let number: f64 = text.parse().ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        .then_some((number * 1000.0) as i128)
}

// What is changed.

/// A value somewhere in a tree, drawn at random.
fn pick<'n>(
    dice: &mut Dice,
    node: &'n mut Node,
    fits: &dyn Fn(&Node) -> bool,
) -> Option<&'n mut Node> {
    fn count(node: &Node, fits: &dyn Fn(&Node) -> bool) -> usize {
        let below = node
            .items()
            .iter()
            .chain(node.entries().iter().map(|entry| &entry.value));
        usize::from(fits(node)) + below.map(|node| count(node, fits)).sum::<usize>()
    }
    fn find<'n>(
        node: &'n mut Node,
        left: &mut usize,
        fits: &dyn Fn(&Node) -> bool,
    ) -> Option<&'n mut Node> {
        if fits(node) {
            if *left == 0 {
                return Some(node);
            }
            *left -= 1;
        }
        match &mut node.value {
            Value::Map(entries) => entries
                .iter_mut()
                .find_map(|entry| find(&mut entry.value, left, fits)),
            Value::Seq(items) => items.iter_mut().find_map(|item| find(item, left, fits)),
            _ => None,
        }
    }
    let all = count(node, fits);
    let mut left = if all == 0 {
        return None;
    } else {
        dice.roll(all)
    };
    find(node, &mut left, fits)
}

fn is_filled_map(node: &Node) -> bool {
    !node.entries().is_empty()
}

fn is_long_list(node: &Node) -> bool {
    node.items().len() > 1
}

/// Changes an object somewhere, or only how it is written.
fn mutate(dice: &mut Dice, object: &mut Node) {
    let what = dice.roll(16);
    match what {
        0..=4 => {
            if let Some(node) = pick(dice, object, &Node::is_scalar) {
                change_scalar(dice, node);
            }
        }
        5 => {
            if let Some(node) = pick(dice, object, &is_filled_map) {
                let entries = node.entries_mut().unwrap();
                let at = dice.roll(entries.len());
                entries.remove(at);
            }
        }
        6 => {
            if let Some(node) = pick(dice, object, &Node::is_map) {
                let value = [
                    Node::string("x"),
                    Node::null(),
                    Node::map(Vec::new()),
                    Node::seq(Vec::new()),
                ];
                node.set("added", value[dice.roll(4)].clone());
            }
        }
        7 | 8 => {
            if let Some(node) = pick(dice, object, &is_long_list) {
                let items = node.items_mut().unwrap();
                let (a, b) = (dice.roll(items.len()), dice.roll(items.len()));
                items.swap(a, b);
            }
        }
        9 => {
            if let Some(node) = pick(dice, object, &|node| !node.items().is_empty()) {
                let items = node.items_mut().unwrap();
                let at = dice.roll(items.len());
                items.remove(at);
            }
        }
        10 => {
            if let Some(node) = pick(dice, object, &|node| !node.items().is_empty()) {
                let items = node.items_mut().unwrap();
                let (at, to) = (dice.roll(items.len()), dice.roll(items.len() + 1));
                items.insert(to, items[at].clone());
            }
        }
        11 => {
            if let Some(node) = pick(dice, object, &is_filled_map) {
                let entries = node.entries_mut().unwrap();
                let at = dice.roll(entries.len());
                entries[at].key = Node::string("renamed");
            }
        }
        12 => {
            if let Some(node) = pick(dice, object, &|_| true) {
                *node = Node::null();
            }
        }
        13 => {
            let field = ["name", "namespace", "generateName"][dice.roll(3)];
            if let Some(metadata) = object.get_mut("metadata").filter(|node| node.is_map()) {
                let value = Node::string(["other", "shop", "default", ""][dice.roll(4)]);
                metadata.set(field, value);
            }
        }
        14 => {
            if let Some(node) = pick(dice, object, &is_filled_map) {
                // Only how it is written.
                node.entries_mut().unwrap().reverse();
            }
        }
        _ => {
            let inner = [
                Node::seq(vec![Node::string("x")]),
                Node::map(vec![Entry::new("x", Node::null())]),
            ];
            if let Some(node) = pick(dice, object, &|_| true) {
                *node = inner[dice.roll(2)].clone();
            }
        }
    }
}

fn change_scalar(dice: &mut Dice, node: &mut Node) {
    let text = node.text().unwrap().to_owned();
    let blank = [" ", "\n", "\t", "\u{a0}", "\u{200b}", "\r\n"][dice.roll(6)];
    let at = {
        let starts: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        starts[dice.roll(starts.len())]
    };
    let (before, after) = (&text[..at], &text[at..]);
    *node = match dice.roll(9) {
        0 => Node::string("changed"),
        1 => Node::string(format!("{text}{blank}")),
        2 => Node::string(format!("{before}{blank}{after}")),
        3 => Node::string(format!(
            "{before}{}",
            after.chars().skip(1).collect::<String>()
        )),
        4 => Node::string(text),
        5 => Node::plain(&text),
        6 => match (text.parse::<i64>(), amount(&text)) {
            (Ok(number), _) if number > 0 => {
                let spelled = [
                    format!("{number}.0"),
                    format!("0x{number:x}"),
                    format!("{}", number + 1),
                ];
                Node::plain(&spelled[dice.roll(3)])
            }
            (_, Some(amount)) => Node::string(format!("{amount}m")),
            _ => Node::string(format!("{text}x")),
        },
        7 => Node::string(text.to_uppercase()),
        _ => Node::string(
            text.replace("1.10", "1.1")
                .replace("010", "8")
                .replace("yes", "'yes'"),
        ),
    };
}

// The law.

/// Holds one change against the judge.
fn judge(api: &Api, from: &[Node], to: &[Node]) -> bool {
    let read = |nodes: &[Node]| -> Vec<String> {
        let mut read: Vec<String> = nodes
            .iter()
            .map(|node| api.read_object(node).to_string())
            .collect();
        read.sort();
        read
    };
    let differs = read(from) != read(to);
    let found = compared(Sides::Times, from, to, Detail::default());
    let inputs = || {
        let all = Detail {
            all: true,
            strict: true,
        };
        let found = compared(Sides::Times, from, to, all);
        report::diff(&found, DiffFormat::Json, Layout::default())
    };
    if differs && found.is_empty() {
        let layout = found
            .changes
            .iter()
            .filter(|change| change.class == Class::Layout);
        assert!(layout.clone().count() > 0, "not found: {}", inputs());
        // Only a text of YAML may differ, and only in what no reader of YAML sees.
        for change in layout {
            let [one, other] = [&change.from, &change.to].map(|shown| shown.as_ref().unwrap());
            let data = |shown: &Shown| {
                let text = shown.exact.as_deref()?;
                serde_yaml::from_str::<Json>(text).ok()
            };
            // A value that is no text differs in the spelling of a number.
            let is_number = one.exact.is_none() || other.exact.is_none();
            assert!(
                is_number || (data(one).is_some() && data(one) == data(other)),
                "{}",
                inputs()
            );
        }
    }
    if !differs {
        assert!(found.is_empty(), "found: {}", inputs());
    }
    if found.is_empty() != compared(Sides::Times, to, from, Detail::default()).is_empty() {
        panic!("one way only: {}", inputs());
    }
    if found.is_empty() {
        return false;
    }
    for format in [
        DiffFormat::Terminal,
        DiffFormat::Markdown,
        DiffFormat::Html,
        DiffFormat::Json,
        DiffFormat::Unified,
    ] {
        shows(&found, format);
    }
    true
}

/// Every value that counts is shown, and no two that differ alike.
fn shows(found: &Diff, format: DiffFormat) {
    let text = report::diff(found, format, Layout::default());
    let counted: Vec<_> = found
        .changes
        .iter()
        .filter(|change| change.class.counts())
        .collect();
    let signs = |sign: &str, html: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            let line = line.trim_start_matches("<pre>");
            let html = line
                .strip_prefix(html)
                .map(|line| line.strip_prefix(sign).unwrap_or(line));
            html.or_else(|| line.strip_prefix(sign))
        });
        lines
            .filter(|line| !line.starts_with("--") && !line.starts_with("++"))
            .map(|line| {
                line.trim_end_matches("</del>")
                    .trim_end_matches("</ins>")
                    .to_owned()
            })
            .collect()
    };
    let (old, new) = (signs("-", "<del>"), signs("+", "<ins>"));
    match format {
        DiffFormat::Json => {
            let json: Json = serde_json::from_str(&text).unwrap();
            let changes = json["changes"].as_array().unwrap();
            assert_eq!(changes.len(), counted.len(), "{text}");
            let are_alike =
                |change: &&Json| change["op"] != "same" && change["from"] == change["to"];
            assert_eq!(changes.iter().find(are_alike), None, "{text}");
        }
        _ if counted.iter().all(|change| change.op == Op::Same) => {}
        _ => {
            assert!(
                !old.is_empty() || !new.is_empty(),
                "{format:?} shows nothing:\n{text}"
            );
            let is_one = counted.len() == 1 && counted[0].op == Op::Changed;
            assert!(
                !is_one || old != new,
                "{format:?} shows both alike:\n{text}"
            );
        }
    }
}

#[test]
fn a_change_of_an_object_is_never_no_difference() {
    let api = Api::read();
    let objects = manifests(OBJECTS.as_bytes(), SourceId::NONE).unwrap();
    let mut dice = Dice(7);
    let (mut changed, mut same) = (0, 0);
    for _ in 0..MUTATIONS {
        let first = dice.roll(objects.len());
        let neighbour = dice.roll(objects.len());
        let from = [objects[first].clone(), objects[neighbour].clone()];
        let mut to = from.clone();
        for _ in 0..1 + dice.roll(2) {
            let which = dice.roll(2);
            mutate(&mut dice, &mut to[which]);
        }
        match judge(&api, &from, &to) {
            true => changed += 1,
            false => same += 1,
        }
    }
    assert!(changed > 7_000 && same > 300, "{changed} {same}");
}

#[test]
fn a_change_of_a_recorded_tree_is_never_no_difference() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    let Ok(file) = fs::File::open(folder.join("real.jsonl")) else {
        eprintln!("skipped: no recorded cases in {}", folder.display());
        return;
    };
    let api = Api::read();
    let mut dice = Dice(11);
    let mut changed = 0;
    for line in BufReader::new(file).lines() {
        let case: Json = serde_json::from_str(&line.unwrap()).unwrap();
        let text = case["expected"].as_str().unwrap_or_default();
        // Large trees are as good as small ones, and slower.
        if text.len() > 100_000 {
            continue;
        }
        let Ok(from) = manifests(text.as_bytes(), SourceId::NONE) else {
            continue;
        };
        if from.is_empty() {
            continue;
        }
        for _ in 0..3 {
            let mut to = from.clone();
            let which = dice.roll(to.len());
            mutate(&mut dice, &mut to[which]);
            changed += usize::from(judge(&api, &from, &to));
        }
    }
    assert!(changed > 300, "{changed}");
}
