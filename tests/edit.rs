//! Changes to YAML texts: what was not changed stays byte for byte, and the rest says what it should.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fs;
use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::yaml::{
    Entry, Node, Options, PrintOptions, Style, Tag, Value, print, read, rewrite, same_data,
};
use kustom::yq::v4::{Context, Expression, Input};
use kustom::yq::{Source, apply};

fn documents(text: &str) -> Option<Vec<Node>> {
    let options = Options {
        keep_aliases: true,
        ..Options::default()
    };
    read(text, &options).ok()
}

/// Texts that hold one of everything.
const TEXTS: &[&str] = &[
    "# head\na: 1 # one\n\nb:\n  # x\n  c: 'q'   # two\n  d: [x, y]\n\n# foot\n",
    "a:\n- 1\n-   k: v # c\n    l: w\n- - x\n  -   y\nb: |\n  text\n\n  more\nc: >-\n  folded\n  text\n\n\n",
    "\u{feff}a: 1\r\nb:\r\n  - x # c\r\n  - y\r\n",
    "--- # note\na: &x {k: v, 'l': \"w\"}\nb: *x\nc: !t\n  <<: *x\n  d: !!str 3\n...\n---\n- 1\n---\nscalar\n",
    "{\n  \"a\": [1, 2, {\"b\": null}],\n  \"c\": \"x\"\n}\n",
    "? a\n: b\n? - c\n  - d\n: e\n? f\n",
    "a: \"multi\n  line\"\nb: plain\n  multi\nc:\nd: ~\n- ",
    "l: [a: 1, b, {c}, [], {}]\nm: {}\nn: []\no:\n  - {}\n  - []\n  -\n  - |+\n    keep\n\n  - last",
    "a: |+\n  x\n\nb: >2\n    y\n  z\nc: |-\n  end",
];

/// A generator of numbers that is the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }
}

fn scalar(dice: &mut Dice) -> Node {
    const TEXTS: [&str; 14] = [
        "new",
        "",
        "a: b",
        "# no",
        "two\nlines\n",
        "three\n\n  lines",
        "x\n\n",
        "true",
        "- a",
        "with 'quotes' and \"more\"",
        "a long text that goes on and on, word after word, so that a folded one has to break",
        " blank ",
        "emoji 😀",
        "tab\tbell\u{7}",
    ];
    const STYLES: [Style; 5] = [
        Style::Plain,
        Style::Single,
        Style::Double,
        Style::Literal,
        Style::Folded,
    ];
    match dice.roll(8) {
        0 => Node::scalar("12", Tag::Int),
        1 => Node::null(),
        _ => Node {
            style: STYLES[dice.roll(STYLES.len())],
            ..Node::string(TEXTS[dice.roll(TEXTS.len())])
        },
    }
}

fn value(dice: &mut Dice) -> Node {
    let mut node = match dice.roll(6) {
        0 => Node::map(vec![
            Entry::new("n1", scalar(dice)),
            Entry::new("n2", scalar(dice)),
        ]),
        1 => Node::seq(vec![
            scalar(dice),
            Node::map(vec![
                Entry::new("m", scalar(dice)),
                Entry::new("o", Node::seq(vec![scalar(dice)])),
            ]),
        ]),
        2 => Node::map(vec![]),
        3 => Node::seq(vec![]),
        _ => scalar(dice),
    };
    if !node.is_scalar() && dice.roll(3) == 0 {
        node.style = Style::Flow;
    }
    node
}

/// Changes one thing somewhere.
fn change(node: &mut Node, dice: &mut Dice) {
    let mut node = node;
    loop {
        let children = node.entries().len() + node.items().len();
        if children == 0 || dice.roll(5) == 0 {
            break;
        }
        let at = dice.roll(children);
        node = match &mut node.value {
            Value::Map(entries) => &mut entries[at].value,
            Value::Seq(items) => &mut items[at],
            _ => unreachable!(),
        };
    }
    let what = dice.roll(8);
    let name = format!("k{}", dice.roll(1000));
    match &mut node.value {
        Value::Map(entries) => {
            let at = dice.roll(entries.len());
            match what {
                0 | 1 => {
                    let at = dice.roll(entries.len() + 1);
                    entries.insert(at, Entry::new(name, value(dice)));
                }
                2 | 3 if !entries.is_empty() => drop(entries.remove(at)),
                4 => entries.clear(),
                5 if !entries.is_empty() => entries.rotate_left(1),
                6 if !entries.is_empty() => entries[at].key = Node::string(name),
                7 => entries.push(Entry::new(name, value(dice))),
                _ => *node = value(dice),
            }
        }
        Value::Seq(items) => {
            let at = dice.roll(items.len());
            match what {
                0 | 1 => {
                    let at = dice.roll(items.len() + 1);
                    items.insert(at, value(dice));
                }
                2 | 3 if !items.is_empty() => drop(items.remove(at)),
                4 => items.clear(),
                5 if !items.is_empty() => items.rotate_left(1),
                6 if !items.is_empty() => items[at] = value(dice),
                7 => items.push(value(dice)),
                _ => *node = value(dice),
            }
        }
        _ => *node = value(dice),
    }
}

/// Whether the documents can be written at all: an alias may have lost its anchor.
fn can_be_written(nodes: &[Node]) -> bool {
    let text = print(nodes, &PrintOptions::default());
    documents(&text).is_some_and(|read| {
        read.len() == nodes.len() && read.iter().zip(nodes).all(|(a, b)| same_data(a, b))
    })
}

/// Changes a text at random; returns how many changes could not be written.
fn change_at_random(text: &str, rounds: usize, seed: u64) -> usize {
    let Some(before) = documents(text) else {
        return 0;
    };
    let mut failures = 0;
    let mut dice = Dice(seed);
    for round in 0..rounds {
        let mut after = before.clone();
        for _ in 0..=dice.roll(3) {
            if after.is_empty() {
                break;
            }
            let at = dice.roll(after.len());
            change(&mut after[at], &mut dice);
        }
        if let Err(error) = rewrite(text, &before, &after) {
            if !can_be_written(&after) {
                continue;
            }
            failures += 1;
            if std::env::var_os("SHOW").is_some() {
                eprintln!(
                    "=== seed {seed} round {round}: {error:?}\n{text}\n--- wanted\n{}",
                    print(&after, &PrintOptions::default())
                );
                eprintln!(
                    "{:?}",
                    std::error::Error::source(&error).map(|e| e.to_string())
                );
                return failures;
            }
        }
    }
    failures
}

#[test]
fn a_change_is_written_and_read_back() {
    let rounds = std::env::var("ROUNDS").map_or(300, |rounds| rounds.parse().unwrap());
    let failures: usize = TEXTS
        .iter()
        .enumerate()
        .map(|(seed, text)| change_at_random(text, rounds, seed as u64))
        .sum();
    assert_eq!(failures, 0);
}

#[test]
fn no_change_gives_back_the_same_bytes() {
    for text in TEXTS.iter().chain(&["", "# only\n", "---\n", "\n\n"]) {
        if let Some(before) = documents(text) {
            assert_eq!(&rewrite(text, &before, &before).unwrap(), text);
        }
    }
}

/// The scalars of a document that stand on one line, by the way to them.
fn inline_scalars(node: &Node, way: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    let is_inline = matches!(node.style, Style::Plain | Style::Single | Style::Double);
    if node.text().is_some_and(|text| !text.is_empty()) && is_inline && node.decor.is_none() {
        found.push(way.clone());
    }
    let values = node.entries().iter().map(|entry| &entry.value);
    for (number, child) in values.chain(node.items()).enumerate() {
        way.push(number);
        inline_scalars(child, way, found);
        way.pop();
    }
}

fn child_at<'n>(node: &'n mut Node, way: &[usize]) -> &'n mut Node {
    way.iter()
        .fold(node, |node, &number| match &mut node.value {
            Value::Map(entries) => &mut entries[number].value,
            Value::Seq(items) => &mut items[number],
            _ => unreachable!(),
        })
}

/// Replaces every scalar of a text, one at a time.
fn replace_each(text: &str, limit: usize) {
    let Some(before) = documents(text) else {
        return;
    };
    for (number, document) in before.iter().enumerate() {
        let mut ways = Vec::new();
        inline_scalars(document, &mut Vec::new(), &mut ways);
        for way in ways.iter().take(limit) {
            let mut after = before.clone();
            let node = child_at(&mut after[number], way);
            let range = node.span.range();
            *node = Node::string("replacement");
            let found = rewrite(text, &before, &after).unwrap();
            let (head, tail) = (&text[..range.start], &text[range.end..]);
            let token = found
                .strip_prefix(head)
                .and_then(|rest| rest.strip_suffix(tail));
            let fits = matches!(token, Some("replacement" | "\"replacement\""));
            assert!(fits, "{text}\n-- became --\n{found}");
        }
    }
}

#[test]
fn only_the_token_of_a_scalar_changes() {
    for text in TEXTS {
        replace_each(text, usize::MAX);
    }
}

/// Takes every entry and item of a text out, one at a time: all other lines stay.
fn remove_each(text: &str) {
    let Some(before) = documents(text) else {
        return;
    };
    let mut ways = Vec::new();
    fn walk(node: &Node, way: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
        let values = node.entries().iter().map(|entry| &entry.value);
        let children: Vec<&Node> = values.chain(node.items()).collect();
        for (number, child) in children.iter().enumerate() {
            way.push(number);
            if children.len() > 1 && node.style == Style::Plain {
                found.push(way.clone());
            }
            walk(child, way, found);
            way.pop();
        }
    }
    for document in before.iter().take(1) {
        walk(document, &mut Vec::new(), &mut ways);
    }
    for way in ways {
        let mut after = before.clone();
        let (last, parent) = way.split_last().unwrap();
        match &mut child_at(&mut after[0], parent).value {
            Value::Map(entries) => drop(entries.remove(*last)),
            Value::Seq(items) => drop(items.remove(*last)),
            _ => unreachable!(),
        }
        if !can_be_written(&after) {
            continue;
        }
        let found = rewrite(text, &before, &after).unwrap();
        let mut lines = text.lines();
        let new = found
            .lines()
            .filter(|line| !lines.by_ref().any(|other| other == *line))
            .count();
        // The line of a dash may have to take in what stood below it.
        assert!(
            new == 0 || found.lines().count() < text.lines().count(),
            "{text}\n-- became --\n{found}"
        );
    }
}

#[test]
fn taking_something_out_leaves_the_other_lines() {
    for text in TEXTS {
        remove_each(text);
    }
}

#[test]
fn documents_come_and_go() {
    const TEXTS: [&str; 7] = [
        "a: 1\n---\nb: 2\n---\nc: 3\n",
        "---\na: 1\n--- # two\nb: 2\n...\n---\nc: |+\n  x\n\n",
        "# one\na: 1\n\n---\n\n# two\nb: 2",
        "%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n",
        "---\n---\n- x\n---\n",
        "",
        "# only\n",
    ];
    for text in TEXTS {
        let before = documents(text).unwrap();
        for at in 0..=before.len() {
            let mut after = before.clone();
            after.insert(at, Node::map(vec![Entry::new("new", Node::string("x"))]));
            let done = rewrite(text, &before, &after);
            assert!(
                done.is_ok(),
                "{text}\n-- with a new one at {at} --\n{done:?}"
            );
            if at == before.len() {
                continue;
            }
            after.remove(at + 1);
            rewrite(text, &before, &after).unwrap();
            after.remove(at);
            rewrite(text, &before, &after).unwrap();
        }
        let mut after = before.clone();
        after.reverse();
        rewrite(text, &before, &after).unwrap();
        let added = [before.clone(), vec![Node::string("y"); 2]].concat();
        rewrite(text, &before, &added).unwrap();
        rewrite(text, &before, &[]).unwrap();
    }
}

#[test]
fn comments_come_and_go() {
    let text = "# above\na: 1 # beside\nb: # of b\n  c: |- # of c\n    x\nl:\n- x\n";
    let options = Options {
        keep_aliases: true,
        comments: true,
        ..Options::default()
    };
    let before = read(text, &options).unwrap();
    let mut after = before.clone();
    let entries = after[0].entries_mut().unwrap();
    entries[0].value.decor_mut().line = Some("other".into());
    entries[1].key.decor_mut().head = Some("# new\n# lines".into());
    let c = entries[1].value.get_mut("c").unwrap();
    c.decor_mut().line = None;
    entries[2].value.items_mut().unwrap()[0].decor_mut().line = Some("# x".into());
    assert_eq!(
        rewrite(text, &before, &after).unwrap(),
        "# above\na: 1 # other\n# new\n# lines\nb: # of b\n  c: |-\n    x\nl:\n- x # x\n"
    );
}

/// The recorded cases, where they are.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let mut texts = Vec::new();
    let mut open: Vec<PathBuf> = vec![root];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|ext| ext == "jsonl") {
            let Ok(lines) = fs::read_to_string(&path) else {
                continue;
            };
            for line in lines.lines() {
                texts.extend(strings_of(line));
            }
        } else if path
            .extension()
            .is_some_and(|ext| ext == "yaml" || ext == "yml")
        {
            texts.extend(fs::read_to_string(&path));
        }
    }
    texts.sort();
    texts.dedup();
    texts
}

/// The texts of several lines in a JSON line; JSON is YAML.
fn strings_of(line: &str) -> Vec<String> {
    fn walk(node: &Node, found: &mut Vec<String>) {
        if let Some(text) = node.as_str().filter(|text| text.contains('\n')) {
            found.push(text.to_owned());
        }
        node.items().iter().for_each(|item| walk(item, found));
        node.entries()
            .iter()
            .for_each(|entry| walk(&entry.value, found));
    }
    let mut found = Vec::new();
    for document in read(line, &Options::default()).unwrap_or_default() {
        walk(&document, &mut found);
    }
    found
}

#[test]
fn every_recorded_text_survives() {
    let texts = corpus();
    if texts.is_empty() {
        eprintln!("no recorded texts beside the repository");
        return;
    }
    let rounds = std::env::var("ROUNDS").map_or(2, |rounds| rounds.parse().unwrap());
    let mut read = 0;
    let mut failures = 0;
    for (seed, text) in texts.iter().enumerate() {
        if let Some(before) = documents(text) {
            read += 1;
            assert_eq!(&rewrite(text, &before, &before).unwrap(), text);
            if text.len() < 20_000 {
                failures += change_at_random(text, rounds, seed as u64);
                replace_each(text, 1);
            }
        }
    }
    eprintln!(
        "{read} of {} texts read, {failures} changes failed",
        texts.len()
    );
    assert_eq!(failures, 0);
}

/// Scripts of both languages that ask for nothing, or for what is there already.
const IDLE: [(&str, &str); 9] = [
    ("none.yaml", ""),
    ("none.yaml", "# a comment\n"),
    (
        "miss.yaml",
        "- {command: delete, path: no.such.key}\n- {command: update, path: '(no==where)', value: 1}\n",
    ),
    ("idle.yq", "."),
    ("idle.yq", ".. |= ."),
    ("idle.yq", "(.. | select(false)) = 1"),
    ("idle.yq", "with(.; .) | del(.. | select(false))"),
    ("idle.yq", ". as $all | $all[\"none\"]? as $x | ."),
    ("idle.yq", "(.. | select(tag == \"!!str\")) |= . + \"\""),
];

/// What a script makes of a text.
fn applied(name: &str, script: &str, text: &str) -> Result<String> {
    let script = Source {
        name,
        bytes: script.as_bytes(),
    };
    let config = Source {
        name: "config.yaml",
        bytes: text.as_bytes(),
    };
    let loader = |path: &str| Err(Error::new(Kind::Load, format!("no `{path}`")));
    let applied = apply(script, config, &loader)?;
    Ok(String::from_utf8(applied.content).unwrap())
}

/// Runs scripts that ask for nothing; a text that is not read is left out.
fn idle<'s>(text: &str, scripts: impl Iterator<Item = &'s (&'s str, &'s str)>) {
    if documents(text).is_none_or(|documents| documents.is_empty()) {
        return;
    }
    for (name, script) in scripts.copied() {
        // A document that is no mapping, or empty, is made one by a path of yq 3.
        let root = &documents(text).unwrap()[0];
        if name == "miss.yaml" && root.is_scalar() {
            continue;
        }
        match applied(name, script, text) {
            Ok(found) => assert_eq!(found, text, "`{script}`"),
            // `..` does not follow an alias into what contains it.
            Err(error) => assert!(text.contains('*'), "`{script}` on {text}: {error:#}"),
        }
    }
}

#[test]
fn a_script_that_changes_nothing_gives_back_the_same_bytes() {
    TEXTS.iter().for_each(|text| idle(text, IDLE.iter()));
    let mut dice = Dice(11);
    for text in TEXTS {
        let Some(before) = documents(text) else {
            continue;
        };
        for _ in 0..100 {
            let mut after = before.clone();
            let at = dice.roll(after.len());
            change(&mut after[at], &mut dice);
            if let Ok(text) = rewrite(text, &before, &after) {
                idle(&text, IDLE.iter());
            }
        }
    }
    for (number, text) in corpus().iter().enumerate() {
        if text.len() < 20_000 {
            // Of the many recorded texts, each meets some of the scripts.
            idle(text, IDLE.iter().cycle().skip(number % IDLE.len()).take(3));
        }
    }
}

/// Expressions that change something in most texts.
const EDITS: [&str; 12] = [
    ".new.key = 1",
    ".metadata.name = \"other\"",
    ".spec.replicas = 3",
    "(.. | select(tag == \"!!int\")) += 1",
    "(.. | select(tag == \"!!str\")) |= . + \"x\"",
    "(.. | select(tag == \"!!seq\")) += [\"added\"]",
    "(.. | select(tag == \"!!map\")).added = {\"k\": [1, \"two\\nlines\\n\"]}",
    "del(.. | select(tag == \"!!bool\"))",
    "del(.[] | select(tag == \"!!map\"))",
    "sort_keys(..)",
    ".* |= {\"was\": .}",
    "(.. | select(kind == \"scalar\")) style=\"double\"",
];

/// Edits a text and reads it; reads it and edits the data. Says whether both could be done.
fn edits_and_reads(text: &str, expression: &str) -> bool {
    let Some(before) = documents(text).filter(|documents| !documents.is_empty()) else {
        return false;
    };
    let input = Input {
        name: "config.yaml",
        documents: &before,
    };
    let expression_read = Expression::parse(expression).unwrap();
    let Ok(output) = expression_read.evaluate(&[input], &Context::default()) else {
        return false;
    };
    let wanted = output.into_nodes();
    let text_after = match applied("edit.yq", expression, text) {
        Ok(text) => text,
        Err(error) => {
            // An alias may have lost its anchor.
            let is_alias = !can_be_written(&wanted) || text.contains('*');
            assert!(is_alias, "`{expression}`: {error:#}\n{text}");
            return false;
        }
    };
    let found = documents(&text_after).unwrap();
    let is_same =
        found.len() == wanted.len() && found.iter().zip(&wanted).all(|(a, b)| same_data(a, b));
    assert!(
        is_same,
        "`{expression}`:\n{text}\n-- became --\n{text_after}"
    );
    true
}

#[test]
fn editing_then_reading_is_reading_then_editing() {
    let mut count = 0;
    let corpus = corpus();
    let texts = TEXTS
        .iter()
        .copied()
        .chain(corpus.iter().map(String::as_str));
    for (number, text) in texts.enumerate().filter(|(_, text)| text.len() < 20_000) {
        // Of the many recorded texts, each meets some of the edits.
        let rounds = if number < TEXTS.len() { EDITS.len() } else { 2 };
        for round in 0..rounds {
            let expression = EDITS[(number * 2 + round) % EDITS.len()];
            count += usize::from(edits_and_reads(text, expression));
        }
    }
    eprintln!("{count} edits read back");
    assert!(count > 40);
}

#[test]
fn the_lines_that_no_statement_names_stay() {
    for text in TEXTS {
        let Some(before) = documents(text) else {
            continue;
        };
        let mut ways = Vec::new();
        inline_scalars(&before[0], &mut Vec::new(), &mut ways);
        for way in &ways {
            let Some((path, range)) = named(&before[0], way) else {
                continue;
            };
            let script = format!("- {{command: update, path: '{path}', value: replaced}}\n");
            for (name, script) in [
                ("edit.yaml", script.as_str()),
                ("edit.yq", &format!("{} = \"replaced\"", dotted(&path))),
            ] {
                // yq 4 changes every document.
                if name == "edit.yq" && before.len() > 1 {
                    continue;
                }
                let found = applied(name, script, text).unwrap();
                let rest = found
                    .strip_prefix(&text[..range.start])
                    .and_then(|rest| rest.strip_suffix(&text[range.end..]));
                let is_token = matches!(rest, Some("replaced" | "\"replaced\"" | "'replaced'"));
                assert!(is_token, "{path} in\n{text}\n-- became --\n{found}");
            }
        }
    }
}

/// The path of yq 3 to a value whose keys are plain words, and its bytes.
fn named(root: &Node, way: &[usize]) -> Option<(String, std::ops::Range<usize>)> {
    let mut path = String::new();
    let mut node = root;
    for &number in way {
        if let Some(entry) = node.entries().get(number) {
            let key = entry.key.text().filter(|key| {
                !key.is_empty() && *key != "<<" && key.chars().all(char::is_alphanumeric)
            })?;
            path = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
            node = &entry.value;
        } else {
            path = format!("{path}.[{number}]");
            node = &node.items()[number];
        }
    }
    Some((path.trim_start_matches('.').to_owned(), node.span.range()))
}

/// The same path as yq 4 has it.
fn dotted(path: &str) -> String {
    format!(".{}", path.replace(".[", "["))
}
