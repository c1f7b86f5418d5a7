//! Tests of the quick reader: texts in the subset and at its edge, beside the full parser.

use super::super::control_chars::Unusual;
use super::super::{ByteString, read_by_scanner, read_lazily_from};
use super::*;

/// Texts in the subset, and some at its edge.
const SEEDS: [&str; 10] = [
    "---\n# comment\napiVersion: apps/v1\nkind: Deployment # line\nmetadata:\n  name: web\n  \
     labels: {app: web, \"tier\": 'x'}\nspec:\n  replicas: 2\n  template:\n    spec:\n      \
     containers:\n      - name: main\n        args: [\"-v\", a b, -c, --port, {--x: -1}, [], {}]\n        command:\n        \
     - sh\n        - -c\n        - |\n          set -e\n            echo hi\n\n          exit\n        \
     env:\n        - name: \"A\"\n          value: '1'\n        -\n          name: B\n",
    "a:\n- b\n-\n- c: d\n  e:\n  - f\n  g: >-\n    folded\n    text\n\n    more\n      deep\n    end\n\n\nh: ~\n",
    "key: value with  spaces\t # not\nother : x\nnull_one:\nurl: http://x:80/#y\nt: 12:30\nn: 0x1F\ny: yes\n<<: x\n",
    "- - a\n  - b\n- - - c\n- x: |+\n    keep\n\n\n- y: |-\n    strip\n\n- z: >\n\n    late\n",
    "\u{e9}t\u{e9}: \u{201c}quotes\u{201d}\nk: \"\u{e9}\" # \u{e9}\nl: [\u{e9}]\nm: \"a\\nb\"\nn: 'it''s'\n",
    "description: Says what\n  it is, and where:\\n\n\n  \u{2018}there\u{2019} it\u{2019}s  \n  - not a list\n\n  # done\nq: \"a b  \n\n  c \\\n   d\\\\\\x41\\t\n    \\u00e9 e\"\nr: 'it''s\n\n\n  so'   # c\nnext:\n  on a line\n  of its own\nquoted:\n- \"a\n  b\"\n- c\n  d\n-\n  e\n  f\nz: 'q'\n",
    "json: {\"a\":1, \"b\": [1, 2,\n    3, {x: y}],  # c\n  \"c\":{}, d: e,\n\n  f: 'g\n  h'}\nlist: [\n  a b,\n  \"c\",\n]\n\u{e9}\u{e8}: {\u{e9}: \u{e8}, b: c}\n\"\u{e9}\\n\" : |2+\n   a\n\n  b\n\nk: >1-  # c\n  x\n y\n",
    "a: &x b\nc: *x\nd: !!str 1\n? e\n: f\ng: \"two\n  lines\"\nh: one\n  two\n...\n",
    "# head\n\n# above\nkey: # of the key\n  # first\n  a: b # line\n  # below\n\n  # of c\n  c: |  # of the block\n    text\n\n  # after it\nlist: # of the list\n# of a\n- a # line\n  # below a\n# of b\n- # of what is in it\n  x: y\n  # below y\n- - z # deep\n  # deeper\n\n# foot of list\n\nflow: {a: [b]} # of the flow\n# foot of flow\n\nlast: 'x\n  y' # quoted\nplain: one\n  two # of two\n# end\n--- # second\n# of second\n- a\n# of m\n- m: n\n  # of o\n  o: p\n# last\n",
    "m:\n  a: b\n  list:\n  - x\n  - a: \"one\n    a: two\n  b: 'three\"\n    b: c\n  - \"a\": [x,\n  \"a\", y]\n    'b' : {a: b,\n    a: c}\n  aa: d\n  b: |\n    a: 1\n\n   \n    b: 2\n  \"a\": two\n    a b\n-a:\n    - a\nn:\n-   a: b  # c\n    c: d\n    b:\n    - a: e\n      b:\n        a: f\n- - a: b\n    c:\n",
];

/// The ways in which texts are read.
fn ways() -> [Options; 3] {
    let options = Options::default();
    [
        options,
        Options {
            dialect: Dialect::Kustomization,
            ..options
        },
        Options {
            keep_aliases: true,
            comments: true,
            ..options
        },
    ]
}

/// Whether the text was read here in some way; then it was read as all of YAML has it.
fn agrees(text: &str) -> bool {
    let mut is_read = false;
    for options in ways() {
        let Some(documents) = block_subset(text, &options) else {
            continue;
        };
        let by_scanner = read_by_scanner(text, &options);
        assert_eq!(by_scanner.as_ref().ok(), Some(&documents), "{text:?}");
        if options.comments {
            let whole = ByteString::from(text);
            for least in [0, 200] {
                let unread = read_lazily_from(&whole, &options, least);
                for (unread, whole) in unread.iter().flatten().zip(&documents) {
                    glimpses_agree(unread, whole);
                }
                assert_eq!(unread.as_ref().ok(), Some(&documents), "{text:?}");
            }
        }
        let origin = Origin::start(options.source);
        if let Some((first, lines)) = first(text, origin, options.dialect, None)
            && !options.comments
        {
            assert_eq!(documents, [first], "{text:?}");
            assert_eq!(lines as usize, text.matches('\n').count(), "{text:?}");
        }
        is_read = true;
    }
    is_read
}

/// Holds what is glimpsed in the mappings of a value that was forgotten against the whole value.
fn glimpses_agree(unread: &Node, whole: &Node) {
    fn without_comments(node: &mut Node) {
        node.decor = None;
        let items = node.items_mut().into_iter().flatten();
        items.for_each(without_comments);
        for entry in node.entries_mut().into_iter().flatten() {
            without_comments(&mut entry.key);
            without_comments(&mut entry.value);
        }
    }
    let of_key = |entries: &[Entry], key: &str| {
        let mut found = entries.to_vec();
        found.retain(|entry| entry.is(key));
        for entry in &mut found {
            without_comments(&mut entry.key);
            without_comments(&mut entry.value);
        }
        found
    };
    if unread.is_map() {
        let keys = whole.entries().iter().filter_map(|entry| entry.key.text());
        for key in keys.chain(["", "a", "- a", "b"]) {
            let found = unread.glimpse(key, |entries| of_key(entries, key));
            assert_eq!(found, of_key(whole.entries(), key), "{key:?}");
        }
    }
    for (unread, whole) in unread.items().iter().zip(whole.items()) {
        glimpses_agree(unread, whole);
    }
    for (unread, whole) in unread.entries().iter().zip(whole.entries()) {
        glimpses_agree(&unread.value, &whole.value);
    }
}

#[test]
fn what_is_in_the_subset_is_read_here() {
    let texts = [
        SEEDS[0],
        SEEDS[1],
        SEEDS[3],
        "a: b",
        "- a",
        "a:",
        "-",
        "a: |\n  b",
        "a: \"b\" # c\n# d\n",
        "\n\n  a: b\n  c:\n   d: e\n",
        "a: [x, 'y', \"z\", {b: c}]\n",
        "a: [-c, --port, --b=c, -1, {-d: --e}]\n",
        "a:\n  - b\n\n  # c\n\nd: e\n",
        "---\na: b\n",
        "a: |\n\n  b\n \n  c\n",
        SEEDS[4],
        SEEDS[5],
        SEEDS[6],
        SEEDS[8],
        SEEDS[9],
        "a: b\n  c",
        "a:\n  b\n c",
        "a: b\n  - c\n",
        "a: 'b\n  c'",
        "a: 'b\nc'\nd: e",
        "a: [b,]",
        "a: [b\n]",
        "a:\n  {b: c,\n  d: e}\n",
        "a: |2\n  b",
        "a: b\n--- # c\n# d\n\n- c: d\n",
        "# a\n\n# b\na: # c\n  # d\n  b: c # e\n  # f\n\n  # g\n# h\nd: [x] # i\n# j\n",
        "a: \"b\\\n  c\"",
        "- a\n  b\n- |\n  c\n",
        "a: \u{201c}b\u{201d}\n",
    ];
    for text in texts {
        assert!(agrees(text), "{text:?}");
    }
}

#[test]
fn what_can_be_printed_by_lines_is_kept() {
    let texts = [
        "a:\n  b: c\n  d:\n  - e\n",
        "a:\n    - b: 'c'\n      d: |-\n        e\n        f\n",
        "a:\n  d: [e, {f: g}]  # of d\n\n  # b\n  b:\n  c: \"1\"\n",
        "a:\n- d:\n    f: g\n    e: h\n  b: c\n",
    ];
    let kept = |text: &str| {
        let whole = ByteString::from(text);
        let unusual = Unusual::default();
        let mut kept = KeptText::new(&whole, 1, &unusual);
        let origin = Origin::start(Options::default().source);
        let root = first(text, origin, Dialect::Manifest, Some(&mut kept))
            .unwrap()
            .0;
        match &root.entries()[0].value.value {
            Value::Map(entries) => entries.as_verbatim().is_some(),
            Value::Seq(items) => items.as_verbatim().is_some(),
            _ => false,
        }
    };
    for text in texts {
        assert!(kept(text), "{text:?}");
    }
    for text in [
        "a:\n  b: c\n  b: d\n",
        "a:\n  b: |+\n    c\n\n",
        "a:\n  1: b\n",
    ] {
        assert!(!kept(text), "{text:?}");
    }
}

#[test]
fn what_stands_alone_is_forgotten() {
    let unread = |text: &str| {
        let whole = ByteString::from(text);
        let documents = read_lazily_from(&whole, &Options::default(), 0).unwrap();
        let value = match documents[0].entries() {
            [] => &documents[0].items()[1],
            entries => &entries[0].value,
        };
        value.unread_values()
    };
    assert_eq!(unread("a:\n  b: c # d\n  e:\n  - f\ng: h\n"), Some(5));
    assert_eq!(unread("a:\n- b: c\n- d\n\n\ng: h\n"), Some(4));
    assert_eq!(unread("- a\n- b: c\n  d: e\n"), Some(4));
    for text in [
        "a: b\n",
        "a: [b]\n",
        "a:\n  # b\n  c: d\n",
        "a:\n  b: c\n  # d\n  e: f\n",
        "a:\n  b: c\n# d\ne: f\n",
        "- a\n# b\n- c: d\n",
        "- a\n- # b\n  c: d\n",
        "a: &b\n  c: d\n",
    ] {
        assert_eq!(unread(text), None, "{text:?}");
    }
}

#[test]
fn what_is_not_is_handed_over() {
    let texts = [
        "",
        "a",
        "# a\n",
        "a: &b c",
        "a: *b",
        "a: !c d",
        "a: b: c",
        "a: b\n- c",
        "a: b\n c: d",
        "a:\tb",
        "a: b\r\n",
        "a: \"b",
        "<<: {a: b}",
        "\"<<\": {}",
        "? a",
        "a: [b",
        "a: {b}",
        "a: [b: c]",
        "a: [-]",
        "a: [- b]",
        "a: [--]",
        "a: [---]",
        "... : b",
        "--- a: b",
        "a: |\nb: c",
        "a: >\n    \n  b",
        "a: |\n \tb",
        "a: b\u{2028}c",
        "%a: b",
        "- a\nb: c",
        "  a: b\nc: d",
        "a: b\n---\n",
        "a: b\n---\n---\nc: d",
        "a: b\n...\n",
        "\u{FEFF}\u{FEFF} a: b",
        "a: b\n  c: d",
        "a: b\n\t c",
        "a: \"b\n---\nc\"",
        "a: \"\\q\"",
        "a: \"\\ud800\"",
        "a: \"\\x+1\"",
        "\"a\nb\": c",
        "{a: b}",
        "a: [b\n---\n]",
        "a: [b\nc]",
        "a: {b\n: c}",
        "a: |0\n b",
    ];
    for text in texts {
        assert!(!agrees(text), "{text:?}");
    }
}

#[test]
fn whatever_is_read_here_is_read_as_all_of_yaml_has_it() {
    // Xorshift: the same texts at every run.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    };
    let pieces = [
        "\n", " ", "  ", ":", ": ", "- ", "#", " #", "'", "\"", "|", ">", "|-\n", ">+\n", "[", "]",
        "{", "}", ",", "a", "-", "---", "...", "\t", "\\", "&a", "*a", "!", "?", "<<", "%", "~",
        "1", "\u{e9}", "\u{85}",
    ];
    let mut count = 0;
    for _ in 0..40_000 {
        let mut text = SEEDS[below(SEEDS.len())].to_owned();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let from = below(lines.len());
        let to = from + 1 + below(lines.len() - from);
        text = lines[from..to].concat();
        for _ in 0..below(4) {
            let mut at = below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match below(3) {
                0 if at < text.len() => drop(text.remove(at)),
                _ => text.insert_str(at, pieces[below(pieces.len())]),
            }
        }
        count += usize::from(agrees(&text));
    }
    assert!(count > 4_000, "only {count} were read here");
}
