//! Collections that are kept as pieces of their text, beside those that are read.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fs;
use std::path::{Path, PathBuf};

use kustom_yaml::place::SourceId;
use kustom_yaml::{
    Manifests, Node, Options, Size, read, read_manifests, repeated_key, take_manifests_from, write,
    write_rope, write_stream,
};

/// Texts as they are printed, and some at the edge of that.
const SEEDS: [&str; 14] = [
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  annotations:\n    \
     controller-gen.kubebuilder.io/version: v0.14.0\n  name: things.example.com\nspec:\n  group: example.com\n  \
     names:\n    kind: Thing\n    plural: things\n  scope: Namespaced\n  versions:\n  - additionalPrinterColumns:\n    \
     - jsonPath: .status.phase\n      name: Phase\n      type: string\n    name: v1\n    schema:\n      openAPIV3Schema:\n        \
     description: Thing is what this is about, and it goes on about it for longer than\n          a line may be, so that it is folded\n        \
     properties:\n          apiVersion:\n            description: |-\n              APIVersion says which version it is.\n\n                indented: more\n              last\n            \
     type: string\n          limit:\n            anyOf:\n            - type: integer\n            - type: string\n            \
     maxLength: 253\n            pattern: ^[a-z]*$\n            x-kubernetes-int-or-string: true\n          text:\n            \
     description: 'Text: of the thing'\n            enum:\n            - \"\"\n            - \"1\"\n            - a\n            format: int32\n            \
     type: string\n        required:\n        - limit\n        type: object\n    served: true\n    storage: true\n    subresources:\n      status: {}\n",
    "a:\n  args:\n  - --flag=a:b\n  - -c\n  - |\n    set -e\n      echo hi # there\n\n    exit\n  - - nested\n    - - deeper\n  - key: value\n    other:\n      a: b\n  - {}\n  - []\n  env: []\n",
    "data:\n  client_ca: a\n  clientAuth: b\n  z_: c\nmore:\n  a_1: x\n  aB: c\n  v2_: a\n  v10: b\nnumbers:\n  \"1\": a\n  a.b/c: d\n  key: |\n    a\n    b\n  \"y\": \"yes\"\n  z: '*'\n",
    "top:\n  a: 'it''s: quoted and goes on for longer than a line may be, so that it is folded\n    here'\n  b: \"tab\\there and it goes on for longer than a line may be, so that it is fol\\\n    ded here\"\n  c: a very long text without any mark that goes on until column eighty-one is here x\n    y\n  d: null\n  e: 1.5\n  f: \"1.5\"\n  g: 0\n  h: -7\n  i: \"\"\n  j: 2001-01-01\n",
    "w:\n  a: \u{201c}quotes\u{201d} in a text that goes on, \u{e9}\u{e9}\u{e9}, for longer than a line may be, so that\n    it is folded here\n  b: |-\n    \u{2019}s\n    t\n  c: \"\\U0001F600\"\n",
    "s:\n  b: 1\n  a: 2\n  # comment\n  c:\n    - indented\n    - list\n  d:\n    x: y\n\n    z: {a: b}\n  e: [1]\n  f: yes\n  g: 'needless'\n  h:\n      deep: er\n  i: >-\n    folded\n    text\n  j: &x y\n",
    "s:\n  a: b\n  a: c\n  v10: x\n  v2: y\n  A: b\n  _: c\n  n: 012\n  o: 0o17\n  p: ~\n  q:\n  r: |+\n    keep\n\nt: x\n# foot\n",
    "# of people\nspec:\n    # comment\n    args: [\"a\", b, {c: 'd'}, []]  # flow\n    empty:\n    env:\n      - name: 'A'\n        value: \"1\"   \n\n      - name: B\n        # below\n        value: plain text that goes on for longer than a line may be where it is printed, as is seen\n      -   x\n    image: {name: x, tag: ~}\n    keys:\n          deep:\n                text: |-\n                        block\n\n                          of lines\n    list:\n    - - a\n      - b\n    - c\n    multi: one\n      two\n\n      three\n    port: 0x1F\n    quoted: \"is it\"\n    versions:\n      - name: v1\n        schema:\n            openAPIV3Schema:\n                description: |-\n                    Says what it is.\n\n                    And more.\n                enum:\n                  - a\n                  - \"1\"\n                type: object # of course\n        served: true\n      # last\n    z: >-\n      folded\n      text",
    "spec:\n  versions:\n    - name: v1\n      schema:\n        type: object\n        properties:\n          value:\n            type: string  # of course\n            description: 'needless'\n          enabled:\n            type: boolean\n            enum: [true]\n            default:\n              z:\n              - \"1\"\n              - {b: c, a: d}\n              a: b\n      additional:\n        - y: |\n            text\n          x:\n  names:\n    plural: things\n    kind: Thing\n  group: example.com\n",
    "s:\n- name: a\n  image: b\n  env:\n  - name: c\n    value: d\n  args: [x]\n- v2: a\n  v10: b\n  v1alpha2:\n    d: e\n    c: 'f'\n  v1: g\n- t:\n    b: c\n    a: |-\n      one\n      two\n    \"y\": z\n    x: w\n- - z: 1\n    y:\n      x: 2\n      w: 3\n    b: 4\n",
    "items:\n  - a:\n      b:\n        - c: d\n          description: APIVersion defines the versioned schema of this representation of an object, and is long\n          e: 'Text: that goes on for longer than a line may be where it is printed, as is seen here\n            and there'\n          f: |\n            text\n        - g: null\n        # end\n    # end\n  - h: {}\n\nother:\n  x: y\n",
    "a:\n  words: [one, two , 3,true]  # all\n  none: [a, b: c]\n  dates: [2001-01-01, y]\nb:\n    - z: a plain text\n        of a few\n        short lines\n      # of y\n      y: 'it''s\n        short'  # here\n      x:  # of w\n        w: \"in \\\"two\\\"\n          lines\"\n        v: text # of v\n        u: a#b  \n        t: a text that is so long that it is broken, and that a comment follows, which is not printed  # here\n      s:    # nothing\n      r: [a,b]\n    - - p: \"\\ttab\"\n        o: 'a: b and so on, for longer than a line may be, so that it is broken where it is printed'\n",
    "k:\n  a:\n    type: object\n    properties:\n      name:\n        type: string  # of the thing\n      list:\n          - b: one\n            a: two\n      text: |\n        lines\n    required: [name]\n  b:\n    type: object\n    properties:\n      name:\n        type: string  # of the thing\n      list:\n          - b: one\n            a: two\n      text: |\n        lines\n\n    required: [name]\n  c:\n  -   type: object\n      properties:\n        name:\n          type: string  # of the thing\n  d:\n    type: object\n    properties:\n      name:\n        type: string  # of the thing\n      list:\n          - b: one\n            a: two\n      text: |\n        lines\n    required: [name]\n  e:\n      - type: object\n        properties:\n          list:\n            - b: one\n              a: two and more, so that it is long enough to be known\n        f:\n          list:\n            - b: one\n              a: two and more, so that it is long enough to be known\n      - type: object\n        properties:\n          list:\n            - b: one\n              a: two and more, so that it is long enough to be known\n        f:\n          list:\n            - b: one\n              a: two and more, so that it is long enough to be known\n",
    "k:\n- a: b\n  c:\n  - d: e\n    f:\n      g: h\n- a: i\n\n- |-\n  one line\n- |\n  one line\n- ''\n- 'a b'\n- \"a: b\"\n- a b \n",
];

/// What a text comes to, as it is printed, or the error that ends that.
fn printed(manifests: &Manifests) -> Result<String, String> {
    let mut text = String::new();
    let copied = write_stream(&manifests.documents, &mut text)
        .map(|()| text)
        .map_err(|error| format!("{error}"));
    let mut bytes = Vec::new();
    if let Ok(rope) = write_rope(&manifests.documents) {
        rope.write_to(&mut bytes).unwrap();
    }
    let written = String::from_utf8(bytes).unwrap();
    assert_eq!(copied.as_deref().unwrap_or_default(), written);
    copied
}

/// Changes what is at the end of a path that a number chooses.
fn change(node: &mut Node, number: usize) {
    let mut node = node;
    let mut number = number;
    loop {
        let (items, entries) = (node.items().len(), node.entries().len());
        let choice = number % (items + entries + 1);
        number = number / (items + entries + 1) + number / 7;
        if choice == items + entries || number == 0 {
            break;
        }
        node = match items {
            0 => &mut node.entries_mut().unwrap()[choice].value,
            _ => &mut node.items_mut().unwrap()[choice],
        };
    }
    match (node.is_map(), number % 3) {
        (true, 0) => node.set("new", Node::string("here")),
        (true, 1) => drop(node.entries_mut().unwrap().pop()),
        _ => *node = Node::string("changed"),
    }
}

/// Moves a value of an object to another place in it.
fn relocate(node: &mut Node, number: usize) {
    let Some(entries) = node.entries_mut().filter(|entries| !entries.is_empty()) else {
        return;
    };
    let entry = entries.remove(number % entries.len());
    match number % 3 {
        0 => node.set("moved", Node::seq(vec![entry.value])),
        1 => node.set("moved", Node::map(vec![entry])),
        _ => node.set("moved", entry.value),
    }
}

/// Lengths from which on collections are kept.
const LENGTHS: [usize; 3] = [1, 40, 400];

/// Holds what is taken of a text against what is read of it.
fn agrees(text: &str, number: usize, lengths: &[usize]) {
    let whole = read_manifests(text.as_bytes(), SourceId::NONE);
    for &length in lengths {
        let taken = || take_manifests_from(text.to_owned().into(), SourceId::NONE, length);
        let whole = match &whole {
            Ok(whole) => whole,
            Err(error) => {
                assert_eq!(taken().unwrap_err().to_string(), error.to_string());
                continue;
            }
        };
        let wanted = printed(whole);
        let fresh = taken().unwrap();
        for (a, b) in fresh.documents.iter().zip(&whole.documents) {
            assert_eq!(Size::of(a), Size::of(b), "{text}");
            let key = |node| repeated_key(node).map(|error| error.to_string());
            assert_eq!(key(a), key(b), "{text}");
        }
        assert_eq!(printed(&fresh), wanted, "{text}");
        assert_eq!(&fresh, whole, "{text}");
        // Once it was read, it is copied all the same.
        assert_eq!(printed(&fresh), wanted, "{text}");
        for (index, wanted) in whole.documents.iter().enumerate() {
            for changed in [change, relocate] {
                let mut manifests = taken().unwrap();
                let (mut wanted, found) = (wanted.clone(), &mut manifests.documents[index]);
                changed(&mut wanted, number);
                changed(found, number);
                let print = |node: &Node| {
                    let mut text = String::new();
                    write(node, &mut text)
                        .map(|()| text)
                        .map_err(|error| error.to_string())
                };
                assert_eq!(print(found), print(&wanted), "{text}");
                assert_eq!(found, &wanted, "{text}");
            }
        }
        let mut shared = taken().unwrap();
        shared.documents.iter_mut().for_each(Node::share);
        assert_eq!(printed(&shared), wanted, "{text}");
        assert_eq!(&shared, whole);
    }
}

#[test]
fn what_is_taken_is_what_is_read() {
    for text in SEEDS {
        for number in 0..40 {
            agrees(text, number * 7919, &LENGTHS);
        }
        let read = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        if let Ok(printed) = printed(&read) {
            agrees(&printed, 7, &LENGTHS);
        }
    }
    agrees(&SEEDS.join("---\n"), 12345, &LENGTHS);
}

#[test]
fn what_comes_again_in_a_later_document_is_what_is_read() {
    for (number, text) in SEEDS.into_iter().enumerate() {
        for other in SEEDS {
            // The second time it stands in a document that is kept or, after a key that stands twice, is
            // not, and the third time beside something else.
            let twice = format!("{text}\nx:\n  a: b\n  a: c\n");
            let more = format!("a0:\n- b\n{text}");
            agrees(
                &[text, other, text, &more].join("\n---\n"),
                number,
                &LENGTHS,
            );
            agrees(
                &[text, &twice, other, text].join("\n---\n"),
                number,
                &LENGTHS,
            );
        }
    }
}

#[test]
fn a_long_text_is_written_as_it_is_copied() {
    let seeds = SEEDS.into_iter().filter(|text| {
        let read = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        printed(&read).is_ok()
    });
    let seeds: Vec<&str> = seeds.collect();
    // In each round other lines come again, and what is written at a time ends anywhere in them.
    let rounds = (0..150).map(|round| {
        let texts = seeds.join("\n---\n");
        let texts = texts.replace("type", &format!("type{round}"));
        [texts.as_str(); 3].join("\n---\n")
    });
    let text = rounds.collect::<Vec<_>>().join("\n---\n");
    let wanted = printed(&read_manifests(text.as_bytes(), SourceId::NONE).unwrap());
    assert!(wanted.is_ok());
    for length in LENGTHS {
        let taken = take_manifests_from(text.clone().into(), SourceId::NONE, length).unwrap();
        assert_eq!(printed(&taken), wanted);
    }
}

/// Draws numbers below a limit, the same at every run: xorshift.
fn drawer() -> impl FnMut(usize) -> usize {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    move |limit| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    }
}

#[test]
fn whatever_is_taken_is_what_is_read() {
    let mut below = drawer();
    let pieces = [
        "\n",
        " ",
        "  ",
        ":",
        ": ",
        "- ",
        "#",
        " #",
        "'",
        "\"",
        "|",
        ">",
        "|-\n",
        "[]",
        "{}",
        ",",
        "a",
        "-",
        "---\n",
        "\t",
        "\\",
        "&a ",
        "1",
        "\u{e9}",
        "\u{a0}",
        "\u{FEFF}",
        "\u{1F600}",
        "x: y\n",
        "a long text that goes on and on and on",
        "\n\n",
        " \n",
        "yes",
        "~",
        "0",
        ".",
        "*",
    ];
    let rounds = std::env::var("ROUNDS").map_or(3_000, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        let seed = SEEDS[below(SEEDS.len())];
        let mut text = seed.to_owned();
        if below(3) == 0 {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let from = below(lines.len());
            let to = from + 1 + below(lines.len() - from);
            text = lines[from..to].concat();
        }
        for _ in 0..below(5) {
            let mut at = below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match below(3) {
                0 if at < text.len() => drop(text.remove(at)),
                _ => text.insert_str(at, pieces[below(pieces.len())]),
            }
        }
        match below(4) {
            0 => text = [&text, seed].join("\n---\n"),
            1 => text = [seed, &text].join("\n---\n"),
            _ => {}
        }
        agrees(&text, below(1 << 20), &LENGTHS);
    }
}

/// The recorded trees and cases, where they are at hand.
fn recorded() -> Vec<String> {
    let mut texts = Vec::new();
    let named = std::env::var_os("KUSTOM_TEXTS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let mut open = vec![named.unwrap_or(beside)];
    while let Some(path) = open.pop() {
        let is_yaml = path
            .extension()
            .is_some_and(|it| it == "yaml" || it == "yml");
        if let Ok(entries) = fs::read_dir(&path) {
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if is_yaml {
            texts.extend(fs::read_to_string(&path));
        } else if path.extension().is_some_and(|it| it == "jsonl") {
            let lines = fs::read_to_string(&path).unwrap_or_default();
            for line in lines.lines() {
                for document in read(line, &Options::default()).unwrap_or_default() {
                    texts_of(&document, &mut texts);
                }
            }
        }
    }
    texts.sort();
    texts.dedup();
    texts
}

/// The texts of several lines in a value.
fn texts_of(node: &Node, found: &mut Vec<String>) {
    let text = node.as_str().filter(|text| text.contains('\n'));
    found.extend(text.map(str::to_owned));
    node.items().iter().for_each(|item| texts_of(item, found));
    let values = node.entries().iter().map(|entry| &entry.value);
    values.for_each(|value| texts_of(value, found));
}

#[test]
fn recorded_texts_are_taken_as_they_are_read() {
    let texts = recorded();
    if texts.is_empty() {
        eprintln!("skipped: there are no recorded texts");
        return;
    }
    for (number, text) in texts.iter().enumerate() {
        // They are many: each of them in one way.
        agrees(text, number * 104_729, &LENGTHS[number % 3..][..1]);
    }
    eprintln!("{} texts", texts.len());
}

#[test]
fn what_comes_again_is_printed_again_across_the_ends_of_buffers() {
    let mut below = drawer();
    let list = |number: usize| {
        let items = (0..=number * number / 4).map(|item| {
            format!(
                "          - name: item {item} of {number}, of some length\n            args:\n              \
                 - a\n              - b{item}\n"
            )
        });
        items.collect::<String>()
    };
    let lists: Vec<String> = (0..24).map(list).collect();
    let mut fields = |count: usize| {
        let fields = (0..count).map(|field| {
            let list = &lists[below(lists.len())];
            format!("        field{field}:\n{list}")
        });
        fields.collect::<String>()
    };
    let groups: Vec<String> = (0..40).map(|number| fields(number % 7 + 1)).collect();
    let mut text = String::new();
    for document in 0..3 {
        text.push_str("---\nspec:\n");
        for number in 0..30 {
            let group = &groups[(number * number + document) % groups.len()];
            let own = number % 3;
            text.push_str(&format!(
                "  group{number:03}:\n    own{own}:\n      fields:\n{group}"
            ));
        }
    }
    let wanted = printed(&read_manifests(text.as_bytes(), SourceId::NONE).unwrap());
    for length in [400, 4096, 100_000] {
        let taken = take_manifests_from(text.clone().into(), SourceId::NONE, length).unwrap();
        assert!(printed(&taken) == wanted, "from {length} on");
    }
}
