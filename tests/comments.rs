//! A node that moves keeps each of its comments, once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;

use kustom::yaml::{Node, Options, PrintOptions, print, read, rewrite};
use kustom::yq::v4::{Context, Expression, Input};

/// What moves the entries of a mapping: nothing is lost and nothing is there twice.
const ON_MAPPINGS: [&str; 26] = [
    "sort_keys(.)",
    "sort_keys(..)",
    ". |= sort_keys(..)",
    "to_entries | from_entries",
    "to_entries | reverse | from_entries",
    "to_entries | sort_by(.key) | from_entries",
    "with_entries(.)",
    ". |= with_entries(.)",
    "with_entries(.key |= \"p\" + .)",
    "with_entries(.value |= [.])",
    ". |= pick(keys | reverse)",
    "with(.; . |= pick(keys | reverse))",
    "omit([\"missing\"])",
    "del(.missing)",
    "map_values(.)",
    "{} + .",
    ". + {\"new\": 1}",
    "{} * .",
    ". * {\"new\": 1}",
    "{} *+ .",
    ". = {\"k\": .}",
    ".new = .a | del(.a)",
    ". as $x | .new = $x.b | del(.b)",
    "(.. | select(tag == \"!!seq\")) |= reverse",
    "(.. | select(tag == \"!!seq\")) |= sort_by(tag)",
    "(.. | select(tag == \"!!map\")) |= sort_keys(.)",
];

/// The same for the items of a sequence.
const ON_SEQUENCES: [&str; 17] = [
    "reverse",
    ". |= reverse",
    "sort_by(tag)",
    "sort",
    "map(.)",
    ". |= map(.)",
    "[.[]]",
    "[.[1:][], .[0]]",
    "flatten(0)",
    "group_by(tag) | flatten(1)",
    "unique_by(path)",
    ". + [\"new\"]",
    "[\"new\"] + .",
    ". *+ [\"new\"]",
    "{\"k\": .}",
    "(.. | select(tag == \"!!map\")) |= sort_keys(.)",
    "(.. | select(tag == \"!!seq\")) |= (. as $x | $x[1:] + $x[:1])",
];

#[test]
fn each_comment_is_there_once_whatever_moves() {
    let mut tried = 0;
    for seed in 0..900_u64 {
        let mut author = Author::new(seed);
        let is_map = seed % 2 == 0;
        let text = author.document(is_map);
        let before = documents(&text);
        // The reader, as that of yq, overlooks some comments at the very end: those cannot move.
        if (1..=author.comments).any(|number| known(&before, number) != 1) {
            continue;
        }
        let expressions: &[&str] = if is_map { &ON_MAPPINGS } else { &ON_SEQUENCES };
        for expression in expressions {
            let result = written(expression, &text, &before);
            for number in 1..=author.comments {
                let count = result.matches(&comment(number)).count();
                assert_eq!(
                    count, 1,
                    "`{expression}`, comment {number}\n{text}---\n{result}"
                );
            }
            tried += 1;
        }
    }
    assert!(tried > 10_000, "only {tried} were tried");
}

#[test]
fn what_goes_takes_its_comments_along() {
    for (expression, text, wanted) in [
        (
            "del(.a)",
            "# of a\na: 1 # at a\n# of b\nb: 2\n",
            "# of b\nb: 2\n",
        ),
        (".b = .a", "a: 1 # at a\n", "a: 1 # at a\nb: 1 # at a\n"),
        (
            "pick([\"b\"])",
            "a: 1\n# of b\nb: 2\n# below b\n",
            "# of b\nb: 2\n# below b\n",
        ),
        (
            ". |= map(select(. != 2))",
            "- 1\n# of two\n- 2\n# of three\n- 3\n",
            "- 1\n# of three\n- 3\n",
        ),
        (
            ".l |= unique",
            "l:\n  - x # first\n  - x # second\n",
            "l:\n  - x # first\n",
        ),
        ("... comments=\"\"", "# of a\na: 1 # at a\n", "a: 1\n"),
    ] {
        let before = documents(text);
        assert_eq!(written(expression, text, &before), wanted, "{expression}");
    }
}

fn documents(text: &str) -> Vec<Node> {
    let options = Options {
        keep_aliases: true,
        comments: true,
        ..Options::default()
    };
    read(text, &options).unwrap()
}

/// What an expression makes of a text: the text with the change, or a new one.
fn written(expression: &str, text: &str, documents: &[Node]) -> String {
    let input = Input {
        name: "test.yaml",
        documents,
    };
    let parsed = Expression::parse(expression).unwrap();
    let output = parsed.evaluate(&[input], &Context::default()).unwrap();
    let is_edit = output.is_edit(0, 1);
    let after = output.into_nodes();
    match is_edit {
        true => rewrite(text, documents, &after)
            .unwrap_or_else(|error| panic!("`{expression}`: {error}\n{text}")),
        false => print(&after, &PrintOptions::default()),
    }
}

fn comment(number: usize) -> String {
    format!("# c{number}!")
}

/// How often a comment is one of a node.
fn known(nodes: &[Node], number: usize) -> usize {
    let own = |node: &Node| {
        let decor = node.decor.as_deref();
        let comments = decor.map(|it| [&it.head, &it.line, &it.foot]);
        let comments = comments.into_iter().flatten().flatten();
        comments
            .map(|text| text.matches(&comment(number)).count())
            .sum::<usize>()
    };
    nodes
        .iter()
        .map(|node| {
            let entries = node.entries().iter();
            let entries =
                entries.map(|it| own(&it.key) + known(std::slice::from_ref(&it.value), number));
            own(node) + known(node.items(), number) + entries.sum::<usize>()
        })
        .sum()
}

/// Writes documents with comments above, beside and below what is in them.
struct Author {
    state: u64,
    comments: usize,
}

impl Author {
    fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            comments: 0,
        }
    }

    /// A number below a bound (xorshift).
    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 20) % bound
    }

    fn comment(&mut self) -> String {
        self.comments += 1;
        comment(self.comments)
    }

    fn document(&mut self, is_map: bool) -> String {
        let mut text = String::new();
        if self.below(5) == 0 {
            writeln!(text, "{}\n", self.comment()).unwrap();
        }
        for line in self.block(is_map, 0) {
            writeln!(text, "{line}").unwrap();
        }
        text
    }

    /// The lines of a mapping or a sequence, from its own margin on.
    fn block(&mut self, is_map: bool, depth: usize) -> Vec<String> {
        let keys = ["c", "a", "d", "b"];
        let mut lines = Vec::new();
        let count = 1 + self.below(4) as usize;
        for key in keys.iter().take(count) {
            for _ in 0..self.below(5).saturating_sub(2) {
                lines.push(self.comment());
            }
            let lead = if is_map {
                format!("{key}:")
            } else {
                "-".to_owned()
            };
            let is_inner_map = self.below(2) == 0;
            if depth < 2 && self.below(5) < 2 {
                let inner = self.block(is_inner_map, depth + 1);
                let beside = !is_map && !inner[0].starts_with('#');
                let mut inner = inner.into_iter();
                match beside {
                    true => lines.push(format!("- {}", inner.next().unwrap())),
                    false => lines.push(lead),
                }
                lines.extend(inner.map(|line| format!("  {line}")));
            } else {
                let value = ["1", "x", "'q'", "true"][self.below(4) as usize];
                let beside = match self.below(4) {
                    0 => format!(" {}", self.comment()),
                    _ => String::new(),
                };
                lines.push(format!("{lead} {value}{beside}"));
            }
            match self.below(9) {
                0 => lines.push(self.comment()),
                1 => lines.extend([self.comment(), String::new()]),
                _ => {}
            }
        }
        lines
    }
}
