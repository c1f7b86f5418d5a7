//! Expressions on documents of which what is not looked into was forgotten, beside documents that
//! were kept.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use kustom_yaml::{ByteString, Node, Options, read, read_lazily_from, rewrite_changes};
use kustom_yq::v4::{Context, Expression, Input, Output};

const SEEDS: [&str; 5] = [
    "# Configuration\nplank:\n  url: https://example.com/ # for now\n  limits: {cpu: 100m, memory: 1Gi}\n\n\
     presets:\n  - name: a # first\n    labels: {team: \"t1\", tier: 'backend'}\n    env:\n      - name: PATH\n        value: /go\n\
     \n  # second\n  - name: b\n    volumes:\n      - hostPath:\n          path: /var/lib\n        name: cache\n    script: |\n      set -e\n\n      make\n\
     \n  - name: c\n    env: []\n    note: >-\n      folded\n      text\nnamespace: jobs\n",
    "presets:\n- name: a\n  env:\n  - name: x\n    value: \"1\"\n- name: b\n- - nested\n  - - deeper\n    - name: a\n-\n  name: c\n\
     plank:\n    url: x\n    other:\n        deep:\n            er: 1\n        # end\n# foot\nnamespace: y\n",
    "---\nplank: {url: a}\npresets:\n  - name: one\n    env:\n      - value: ~\n---\nnamespace: b\npresets:\n  - x: y\n    name: two\n    z:\n",
    "- name: a\n  plank:\n    url: b\n- name: b\n  # of c\n  c: |+\n    keep\n\n- name: a\n",
    "a: &x\n  url: 1\nplank: *x\npresets:\n  - <<: *x\n    name: a\n    env: [{value: 1}]\n",
];

const EXPRESSIONS: [&str; 32] = [
    ".",
    ".plank.url = \"new\"",
    ".presets[1].name = \"new\" | .namespace = \"n\"",
    "(.presets[] | select(.name == \"a\") | .env[0].value) = \"new\"",
    "(.presets[] | select(.name != \"a\" and .env == \"x\") | .note) = \"new\"",
    "(.presets[] | select(.name == \"b\" or .name == \"c\")).added = [1, {\"a\": 2}]",
    "(.presets[] | select(.name == \"?\")).name += \"x\"",
    "(.presets[] | select(.\"n*\" == \"a\")).name |= . + \"x\"",
    "(.presets[] | select(.name == \"none\")).name = 1",
    ".presets |= reverse",
    ".presets += [{\"name\": \"d\"}]",
    "del(.presets[0])",
    "del(.presets[] | select(.name == \"a\"))",
    ".presets[0] = .presets[1]",
    ".new.key[0].deep = \"x\"",
    ".presets[].env[].value",
    ".presets | length",
    ".presets[0] | keys",
    "[.presets[] | select(.name == \"a\") | .name]",
    ".. |= .",
    ".. style=\"\"",
    "... comments=\"\"",
    "sort_keys(..)",
    ".plank as $p | .presets[0].plank = $p",
    "with(.presets[0]; .name = \"w\" | .env = [])",
    ".presets[0] * {\"name\": \"m\"}",
    "[.[] | path]",
    ".presets | map(select(.name == \"a\") | .name = \"b\")",
    "to_entries",
    "explode(.)",
    ".presets[2] head_comment=\"above\"",
    ".[] | select(.name == \"a\") | .plank.url = \"u\"",
];

/// What becomes of documents, and of their text.
fn outcome(
    text: &str,
    documents: &[Node],
    expression: &Expression,
) -> (Result<Output, String>, Option<String>) {
    let name = "a.yaml";
    let output = expression.evaluate(&[Input { name, documents }], &Context::default());
    let output = match output {
        Ok(output) => output,
        Err(error) => return (Err(error.to_string()), None),
    };
    let is_edit = output.is_edit(0, documents.len());
    let after = output.clone().into_nodes();
    let written = is_edit.then(|| match rewrite_changes(text, documents, &after) {
        Ok((text, _)) => text,
        Err(error) => error.to_string(),
    });
    (Ok(output), written)
}

/// Holds every expression on a text that was read lazily against the same on one that was not.
fn agrees(text: &str, expressions: &[Expression]) {
    let options = Options {
        keep_aliases: true,
        lasting_anchors: true,
        comments: true,
        go_yaml_4: true,
        ..Options::default()
    };
    let Ok(kept) = read(text, &options) else {
        return;
    };
    let whole = ByteString::from(text);
    for expression in expressions {
        let wanted = outcome(text, &kept, expression);
        for room in [0, 300] {
            let mut documents = read_lazily_from(&whole, &options, room).unwrap();
            documents.iter_mut().for_each(Node::share);
            let found = outcome(text, &documents, expression);
            assert_eq!(found, wanted, "{expression:?}\n{text}");
        }
    }
}

#[test]
fn what_was_forgotten_is_changed_as_what_was_kept() {
    let parsed = EXPRESSIONS.map(|text| Expression::parse(text).unwrap());
    for text in SEEDS {
        agrees(text, &parsed);
    }
    // Xorshift: the same texts at every run.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    };
    let pieces = [
        "\n", "  ", ": ", "- ", " # c", "\n# c\n", "name: a", "\"", "[]", "{x: y}", "---\n", "|\n",
        "- x: y\n", "\n\n",
    ];
    for _ in 0..600 {
        let mut lines: Vec<String> = SEEDS[below(SEEDS.len())]
            .split_inclusive('\n')
            .map(str::to_owned)
            .collect();
        for _ in 0..=below(3) {
            let at = below(lines.len());
            match below(4) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, format!("{}# c\n", " ".repeat(2 * below(5)))),
                2 => lines.insert(at, pieces[below(pieces.len())].to_owned()),
                _ => {
                    let other = lines[below(lines.len())].clone();
                    lines.insert(at, other);
                }
            }
        }
        let number = below(parsed.len());
        agrees(&lines.concat(), &parsed[number..=number]);
    }
}
