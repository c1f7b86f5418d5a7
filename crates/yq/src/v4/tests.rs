//! Expressions, what they make of a text, and what they refuse.

use kustom_yaml::error::Kind;
use kustom_yaml::{Options, read, rewrite};

use super::*;
use crate::codec::{Encoding, Format, encode};

fn documents(text: &str) -> Vec<Node> {
    let options = Options {
        keep_aliases: true,
        comments: true,
        ..Options::default()
    };
    read(text, &options).unwrap()
}

fn environment(name: &str) -> Option<String> {
    match name {
        "NAME" => Some("world".to_owned()),
        "LIST" => Some("[1, 2]".to_owned()),
        "BROKEN" => Some("a: b: c".to_owned()),
        _ => None,
    }
}

fn load(path: &str) -> Result<String> {
    match path {
        "a.yaml" => Ok("x: 1\ny: [2]\n".to_owned()),
        "two.yaml" => Ok("1\n---\n2\n".to_owned()),
        "note.txt" => Ok("text\n".to_owned()),
        _ => Err(Error::new(Kind::Load, format!("there is no `{path}`"))),
    }
}

fn context<'c>() -> Context<'c> {
    Context {
        environment: Some(&environment),
        loader: Some(&load),
        ..Context::default()
    }
}

fn evaluated(expression: &str, text: &str, context: &Context<'_>) -> Result<Output> {
    let documents = documents(text);
    let input = Input {
        name: "in.yaml",
        documents: &documents,
    };
    Expression::parse(expression)?.evaluate(&[input], context)
}

/// The results of an expression, each on lines of its own.
fn results(expression: &str, text: &str) -> String {
    match evaluated(expression, text, &context()) {
        Ok(output) => output
            .results
            .iter()
            .map(|found| encode(Format::Yaml, &found.node, &Encoding::default()).unwrap())
            .collect(),
        Err(error) => panic!("{expression}: {error:#}"),
    }
}

/// The text after an expression has edited it.
fn edited(expression: &str, text: &str) -> String {
    let before = documents(text);
    let output = evaluated(expression, text, &context()).unwrap();
    assert!(output.is_edit(0, before.len()), "{expression} is no edit");
    rewrite(text, &before, &output.into_nodes()).unwrap()
}

fn message(expression: &str, text: &str) -> String {
    match evaluated(expression, text, &context()) {
        Ok(output) => panic!("{expression} is not refused: {output:?}"),
        Err(error) => error.to_string(),
    }
}

fn hold(cases: &[(&str, &str, &str)]) {
    for (expression, text, wanted) in cases {
        assert_eq!(results(expression, text), *wanted, "{expression}");
    }
}

fn refuse(cases: &[(&str, &str, &str)]) {
    for (expression, text, wanted) in cases {
        assert_eq!(message(expression, text), *wanted, "{expression}");
    }
}

#[test]
fn paths_lead_into_documents() {
    hold(&[
        (".a.b", "a: {b: 1}", "1\n"),
        (".a[1]", "a: [x, y]", "y\n"),
        (".a[-1]", "a: [x, y]", "y\n"),
        (".a[]", "a: {x: 1, y: 2}", "1\n2\n"),
        (".[\"a b\"]", "a b: 1", "1\n"),
        (".\"a b\"", "a b: 1", "1\n"),
        (".a*", "ab: 1\nac: 2\nb: 3", "1\n2\n"),
        (".a[1:]", "a: [x, y, z]", "- y\n- z\n"),
        (".a[:-1]", "a: [x, y, z]", "- x\n- y\n"),
        (".a[1:3]", "a: héllo", "él\n"),
        ("[..]", "a: [1]", "- a: [1]\n- [1]\n- 1\n"),
        ("[...] | length", "a: [1]", "4\n"),
        (".missing", "a: 1", "null\n"),
        (".a?", "[1]", ""),
        (".a.b | path", "a: {b: 1}", "- a\n- b\n"),
        (".a[0] | parent", "a: [1]", "[1]\n"),
        (".a.b | root | .c", "a: {b: 1}\nc: 2", "2\n"),
        (".a.b | key", "a: {b: 1}", "b\n"),
    ]);
    refuse(&[
        (".b", "[1]", "a sequence has no key `b` (expression:1:1)"),
        (
            ".a[-3]",
            "a: [1]",
            "index -3 is out of range, there are 1 items (expression:1:1)",
        ),
        (
            ".a[5000000]",
            "a: []",
            "index 5000000 is far out of range, there are 0 items (expression:1:1)",
        ),
        (
            ".[1:]",
            "a: 1",
            "cannot take a slice of `!!map` (expression:1:1)",
        ),
    ]);
}

#[test]
fn assignments_change_what_they_name_and_nothing_else() {
    let text = "# top\na:   1   # one\n\nb: {c: 'x'}\nd:\n- e\n- f\n";
    for (expression, wanted) in [
        (".", text),
        (".a = 1", text),
        (
            ".a = 2",
            "# top\na:   2   # one\n\nb: {c: 'x'}\nd:\n- e\n- f\n",
        ),
        (
            ".b.c |= . + \"y\"",
            "# top\na:   1   # one\n\nb: {c: 'xy'}\nd:\n- e\n- f\n",
        ),
        (
            ".d += \"g\" | .a += 1",
            "# top\na:   2   # one\n\nb: {c: 'x'}\nd:\n- e\n- f\n- g\n",
        ),
        (
            "del(.d[0])",
            "# top\na:   1   # one\n\nb: {c: 'x'}\nd:\n- f\n",
        ),
        ("del(.d[:1], .b)", "# top\na:   1   # one\n\nd:\n- f\n"),
        (
            ".new.m = true",
            "# top\na:   1   # one\n\nb: {c: 'x'}\nd:\n- e\n- f\nnew:\n  m: true\n",
        ),
        (
            ". * {\"b\": {\"n\": 1}}",
            "# top\na:   1   # one\n\nb: {c: 'x', \"n\": 1}\nd:\n- e\n- f\n",
        ),
        (
            ".d |= sort_by(.) | .d |= reverse",
            "# top\na:   1   # one\n\nb: {c: 'x'}\nd:\n- f\n- e\n",
        ),
    ] {
        assert_eq!(edited(expression, text), wanted, "{expression}");
    }
}

#[test]
fn assignments_take_styles_tags_and_flags() {
    hold(&[
        ("(.a, .b) = 1", "a: 0", "a: 1\nb: 1\n"),
        (
            ".. |= (select(tag == \"!!int\") | . + 1)",
            "a: [1, {b: 2}]",
            "a: [2, {b: 3}]\n",
        ),
        (".a =c 5", "a: !x 1", "a: 5\n"),
        (".a = 5", "a: !x 1", "a: !x 5\n"),
        (".a style=\"double\"", "a: 5", "a: \"5\"\n"),
        (".a tag=\"!!str\"", "a: 5", "a: \"5\"\n"),
        (
            ".a anchor=\"x\" | .b alias=\"x\"",
            "a: 5\nb: 6",
            "a: &x 5\nb: *x\n",
        ),
        (".a line_comment=\"why\"", "a: 5", "a: 5 # why\n"),
        (".a = .b", "a: 1 # x\nb: 2 # y", "a: 2 # y\nb: 2 # y\n"),
        (".a = .b", "a: 1 # x\nb: 2", "a: 2 # x\nb: 2\n"),
        (".a = .b", "a: 1\nb: 2 # y", "a: 2 # y\nb: 2 # y\n"),
        (".a = .b | del(.b)", "a: 1 # x\nb: 2 # y", "a: 2 # y\n"),
        (
            "(.a, .c) = .b",
            "a: 1 # x\nb: 2 # y\nc: 3",
            "a: 2 # y\nb: 2 # y\nc: 2 # y\n",
        ),
        (".f[0] = .b", "f: [1]\nb: 2 # y", "f: [2]\nb: 2 # y\n"),
        (
            "(.a | key) head_comment |= \"on \" + .",
            "a: 5",
            "# on a\na: 5\n",
        ),
        ("... comments=\"\"", "# x\na: 5 # y\n", "a: 5\n"),
        (".a += [3]", "a: [1]", "a: [1, 3]\n"),
        (".a -= 1", "a: 3", "a: 2\n"),
        (".a *= 2", "a: 3", "a: 6\n"),
    ]);
    refuse(&[
        (
            ".a //= 1",
            "a: 1",
            "expected an expression, found `=` (expression:1:6)",
        ),
        (
            ".a style=\"fancy\"",
            "a: 1",
            "there is no style `fancy` (expression:1:10)",
        ),
        (
            ".a alias=\"x\"",
            "a: 1",
            "there is no anchor `x` in the document (expression:1:10)",
        ),
        (
            ".a += [1]",
            "a: x",
            "`!!seq` cannot be added to `!!str` at `.a` (expression:1:4)",
        ),
        (
            "comments",
            "a: 1",
            "expected an expression, found `comments` (expression:1:1)",
        ),
    ]);
}

#[test]
fn merging_has_flags() {
    hold(&[
        (
            ".a * .b",
            "a: {x: 1, l: [1]}\nb: {y: 2, l: [2]}",
            "{x: 1, l: [2], y: 2}\n",
        ),
        (".a *+ .b", "a: {l: [1]}\nb: {l: [2]}", "{l: [1, 2]}\n"),
        (
            ".a *d .b",
            "a: {l: [{x: 1}, 3]}\nb: {l: [{y: 2}]}",
            "{l: [{x: 1, y: 2}, 3]}\n",
        ),
        (".a *n .b", "a: {x: 1}\nb: {x: 2, y: 3}", "{x: 1, y: 3}\n"),
        (".a *? .b", "a: {x: 1}\nb: {x: 2, y: 3}", "{x: 2}\n"),
        (".a * null", "a: {x: 1}", "{x: 1}\n"),
        (
            ".b.y as $y | .a * {\"z\": $y}",
            "a: {x: 1}\nb: {y: 2}",
            "{x: 1, z: 2}\n",
        ),
    ]);
    refuse(&[
        (
            ". * [1]",
            "a: 1",
            "`!!map` cannot be multiplied with `!!seq` (expression:1:3)",
        ),
        (
            ".a * -1",
            "a: x",
            "a string cannot be repeated -1 times (expression:1:4)",
        ),
        (
            ".a * 99999999",
            "a: x",
            "the text would be longer than 10485760 bytes (expression:1:4)",
        ),
    ]);
}

#[test]
fn numbers_texts_and_dates_are_worked_with() {
    hold(&[
        ("1 - 2 - 3", "", "2\n"),
        (".a + 1", "a: 0xF", "0x10\n"),
        ("3 + 1.5", "", "4.5\n"),
        ("10 / 4", "", "2.5\n"),
        ("-7 % 3", "", "-1\n"),
        ("\"a,b\" / \",\"", "", "- a\n- b\n"),
        ("\"ab\" * 2", "", "abab\n"),
        ("[1, 2, 3] - [2]", "", "- 1\n- 3\n"),
        (
            ".a += \"3h10m\"",
            "a: 2021-01-01T00:00:00Z",
            "a: 2021-01-01T03:10:00Z\n",
        ),
        (
            "with_dtf(\"02 Jan 06\"; .a | format_datetime(\"2006-01-02\"))",
            "a: 31 Dec 20",
            "2020-12-31\n",
        ),
        (
            "1675301929 | from_unix | tz(\"Europe/Berlin\")",
            "",
            "2023-02-02T02:38:49+01:00\n",
        ),
        ("\"2023-02-02\" | to_unix", "", "1675296000\n"),
        (".a | to_number", "a: \"0x1F\"", "0x1F\n"),
        ("to_string", "[1]", "[1]\n"),
    ]);
    refuse(&[
        (
            "5 % 0",
            "",
            "there is no remainder of a division by 0 (expression:1:3)",
        ),
        (
            "9223372036854775807 + 1",
            "",
            "the result is out of the range of integers (expression:1:21)",
        ),
        (
            ".a + \"soon\"",
            "a: 2021-01-01",
            "`soon` is no duration (expression:1:4)",
        ),
        (
            ".a | tz(\"Mars/Base\")",
            "a: 2021-01-01",
            "there is no time zone `Mars/Base` (expression:1:6)",
        ),
        (
            ".a | to_number",
            "a: two",
            "`!!str` at `.a` is no number (expression:1:6)",
        ),
        (
            ".a / 2",
            "a: [1]",
            "`!!seq` at `.a` cannot be divided by `!!int` (expression:1:4)",
        ),
    ]);
}

#[test]
fn comparisons_and_logic() {
    hold(&[
        (".a == \"c*\"", "a: cat", "true\n"),
        (".a != .b", "a: 1", "true\n"),
        (".a < 10", "a: 9", "true\n"),
        (".a >= \"b\"", "a: abc", "false\n"),
        (".a > .b", "a: 2021-01-02\nb: 2021-01-01", "true\n"),
        (".x and error(\"not asked\")", "a: 1", "false\n"),
        (".x // \"none\"", "a: 1", "none\n"),
        ("not", "false", "true\n"),
        ("any", "[false, 1]", "true\n"),
        ("all_c(. > 1)", "[2, 1]", "false\n"),
        ("min, max", "[3, 1, 2]", "1\n3\n"),
        ("contains([{\"a\": \"o\"}])", "[{a: foo}, {b: 1}]", "true\n"),
        ("has(\"a\"), has(0)", "a: 1", "true\nfalse\n"),
    ]);
    refuse(&[
        (
            ".a > 1",
            "a: {}",
            "`!!map` at `.a` cannot be compared with `!!int` (expression:1:4)",
        ),
        (
            ".a | any",
            "a: {}",
            "`any` expects a sequence, found `!!map` at `.a` (expression:1:6)",
        ),
        (
            ".a | contains([1])",
            "a: x",
            "`!!str` at `.a` cannot contain `!!seq` at `.a` (expression:1:6)",
        ),
    ]);
}

#[test]
fn collections_are_built_sorted_and_grouped() {
    hold(&[
        ("[.[] | select(. > 1)]", "[1, 2, 3]", "- 2\n- 3\n"),
        (
            "{\"a\": .x, \"b\": .y[]}",
            "x: 1\ny: [2, 3]",
            "a: 1\nb: 2\na: 1\nb: 3\n",
        ),
        ("map(. * 2)", "[1, 2]", "[2, 4]\n"),
        ("map_values(. + 1)", "{a: 1}", "{a: 2}\n"),
        ("filter(. == \"a*\")", "[ab, b]", "[ab]\n"),
        (
            "sort_by(.n, .m)",
            "[{n: 2}, {n: 1, m: 2}, {n: 1}]",
            "[{n: 1}, {n: 1, m: 2}, {n: 2}]\n",
        ),
        ("sort", "[b, null, 2, true, a]", "[null, true, 2, a, b]\n"),
        (
            "sort_keys(..)",
            "{b: {d: 1, c: 2}, a: 3}",
            "{a: 3, b: {c: 2, d: 1}}\n",
        ),
        ("group_by(.k) | length", "[{k: 1}, {k: 2}, {k: 1}]", "2\n"),
        ("unique_by(.k) | length", "[{k: 1}, {k: 2}, {k: 1}]", "2\n"),
        ("unique", "[[1], [1], 1]", "[[1], 1]\n"),
        ("reverse, first, length", "[1, 2]", "[2, 1]\n1\n2\n"),
        ("flatten", "[1, [2, [3]]]", "[1, 2, 3]\n"),
        ("flatten(1)", "[1, [2, [3]]]", "[1, 2, [3]]\n"),
        (
            "pivot",
            "[{a: 1}, {a: 2, b: 3}]",
            "a:\n  - 1\n  - 2\nb:\n  -\n  - 3\n",
        ),
        ("keys", "{a: 1, b: 2}", "- a\n- b\n"),
        ("to_entries | from_entries", "{a: 1}", "a: 1\n"),
        ("with_entries(.key |= \"k\" + .)", "{a: 1}", "ka: 1\n"),
        ("pick([\"b\", \"x\"])", "{a: 1, b: 2}", "{b: 2}\n"),
        ("omit([\"b\"])", "{a: 1, b: 2}", "{a: 1}\n"),
        ("array_to_map", "[null, x]", "1: x\n"),
        (".[] as $i ireduce (0; . + $i)", "[1, 2, 3]", "6\n"),
        ("with(.a; .b = 1 | .c = 2)", "a: {}", "a:\n  b: 1\n  c: 2\n"),
        ("setpath([\"a\", 0]; 1)", "{}", "a:\n  - 1\n"),
        (
            "delpaths([[\"a\"], [\"b\", 0]])",
            "a: 1\nb: [1, 2]",
            "b: [2]\n",
        ),
    ]);
    refuse(&[
        (
            "sort",
            "x",
            "`sort` expects a sequence or a map, found `!!str` (expression:1:1)",
        ),
        (
            "pivot",
            "[[1], {a: 1}]",
            "`pivot` expects sequences only, or maps only, found `!!seq` at `[0]` \
             (expression:1:1)",
        ),
        (
            "from_entries",
            "[{key: a}]",
            "entry 0 has no `value` (expression:1:1)",
        ),
        (
            "{\"a\": 1, \"b\"}",
            "",
            "the parts of the map are no pairs of key and value (expression:1:1)",
        ),
        (
            "delpaths([1])",
            "a: 1",
            "`delpaths` expects a sequence of keys and indices, found `!!int` at `[0]` \
             (expression:1:1)",
        ),
        (
            "with(.a)",
            "a: 1",
            "`with` expects a path and what is done there (expression:1:1)",
        ),
    ]);
}

#[test]
fn texts_are_searched_and_changed() {
    hold(&[
        (
            "\"\\(.a) and \\(.b | length)\"",
            "a: 1\nb: [2, 3]",
            "1 and 2\n",
        ),
        ("sub(\"(a)(b)?\"; \"<${1}>\")", "xaay", "x<a><a>y\n"),
        ("test(\"^A\"), test(\"(?i)^A\")", "abc", "false\ntrue\n"),
        ("[match(\"[a-z]\"; \"g\") | .string]", "a1b", "- a\n- b\n"),
        (
            "capture(\"(?P<l>[a-z])(?P<d>x)?\")",
            "a1",
            "l: a\nd: null\n",
        ),
        ("split(\",\") | join(\"-\")", "a,b", "a-b\n"),
        ("upcase, downcase, trim", "' Ab '", " AB \n ab \nAb\n"),
        ("length", "é", "2\n"),
    ]);
    refuse(&[
        (
            "test(\"a(\")",
            "a",
            "`a(` is no regular expression: unclosed group (expression:1:6)",
        ),
        (
            "match(\"a\"; \"x\")",
            "a",
            "there is no option `x` for regular expressions (expression:1:12)",
        ),
        (
            "upcase",
            "1",
            "`upcase` expects a string, found `!!int` (expression:1:1)",
        ),
        (
            "sub(\"a\")",
            "a",
            "`sub` expects a pattern and a replacement (expression:1:1)",
        ),
    ]);
}

#[test]
fn the_world_is_asked_through_the_context() {
    hold(&[
        ("\"hello \" + strenv(NAME)", "", "hello world\n"),
        ("env(LIST) | length", "", "2\n"),
        ("strenv(NONE)", "", "\n"),
        ("\"${NAME} ${NONE:-x}\" | envsubst", "", "world x\n"),
        (".a = load(\"a.yaml\").y", "a: 1", "a: [2]\n"),
        ("load(\"two.yaml\")", "", "- 1\n- 2\n"),
        ("load_str(\"note.txt\")", "", "text\n\n"),
        (
            "filename, document_index, file_index",
            "a: 1",
            "in.yaml\n0\n0\n",
        ),
    ]);
    refuse(&[
        (
            "env(NONE)",
            "",
            "the environment variable `NONE` is not set (expression:1:1)",
        ),
        (
            "env(BROKEN)",
            "",
            "the environment variable `BROKEN` is no YAML (expression:1:1)",
        ),
        (
            "\"$NONE\" | envsubst(nu)",
            "",
            "the variable `NONE` is not set (expression:1:11)",
        ),
        (
            "load(\"missing\")",
            "",
            "there is no `missing` (expression:1:6)",
        ),
        (
            "system(\"ls\")",
            "",
            "an expression may not run programs (expression:1:1)",
        ),
        ("error(\"no \" + .a)", "a: way", "no way (expression:1:1)"),
    ]);
    for expression in ["env(NAME)", "\"\" | envsubst", "load(\"a.yaml\")"] {
        assert!(evaluated(expression, "", &Context::default()).is_err());
    }
}

#[test]
fn values_are_encoded_and_decoded() {
    hold(&[
        ("to_json(0)", "{a: [1, x]}", "{\"a\":[1,\"x\"]}\n"),
        ("@json | from_json | .a", "{a: 1}", "1\n"),
        (
            ".a |= (from_yaml | .b = 2 | to_yaml)",
            "a: 'b: 1'",
            "a: 'b: 2'\n",
        ),
        ("@base64, (@base64 | @base64d)", "cat", "Y2F0\ncat\n"),
        ("@uri", "a b&c", "a+b%26c\n"),
        ("@sh", "it's", "it\\'s\n"),
        ("@csv", "[[a, b], [1, 'x,y']]", "a,b\n1,\"x,y\"\n"),
        (
            "to_xml(0)",
            "{a: {+@b: 1, c: x}}",
            "<a b=\"1\"><c>x</c></a>\n\n",
        ),
        ("@propsd", "a.b = 1", "a:\n  b: \"1\"\n"),
    ]);
    refuse(&[
        (
            "@base64",
            "[1]",
            "base64 is made of strings only (expression:1:1)",
        ),
        (
            "from_yaml",
            "[1]",
            "`from_yaml` expects a string, found `!!seq` (expression:1:1)",
        ),
        (
            "@base64d",
            "'%%'",
            "`@base64d` cannot read the text: the text is no base64 of a string (expression:1:1)",
        ),
    ]);
}

#[test]
fn aliases_are_kept_followed_and_exploded() {
    let text = "a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n";
    hold(&[
        (".c", text, "*x\n"),
        (".c.b", text, "1\n"),
        (".d.b", text, "1\n"),
        (
            "explode(.d)",
            text,
            "a: &x {b: 1}\nc: *x\nd: {b: 1, e: 2}\n",
        ),
        ("explode(.) | .c", text, "{b: 1}\n"),
        (".c.b = 3 | .a.b", text, "3\n"),
        (".a | anchor", text, "x\n"),
        (".c | alias", text, "x\n"),
    ]);
    let own_first = "a: &x {b: 1}\nd: {b: 2, <<: *x}\n";
    assert_eq!(results(".d.b", own_first), "1\n");
    let context = Context {
        own_keys_win: true,
        ..Context::default()
    };
    let output = evaluated(".d.b", own_first, &context).unwrap();
    assert_eq!(output.results[0].node.text(), Some("2"));
    refuse(&[(
        "explode(.)",
        "a: &x {b: *x}",
        "the anchor `x` contains itself (<input>:1:11)",
    )]);
}

#[test]
fn documents_are_worked_on_one_by_one_or_together() {
    let text = "a: 1\n---\na: 2\n";
    hold(&[
        (".a", text, "1\n2\n"),
        ("select(document_index == 1)", text, "a: 2\n"),
        (".n", "", "null\n"),
    ]);
    let context = Context {
        together: true,
        ..Context::default()
    };
    let output = evaluated("[.[]]", text, &context).unwrap();
    assert_eq!(output.results.len(), 1);
    assert_eq!(output.results[0].node.items().len(), 2);
    let output = evaluated("select(di == 0) * select(di == 1)", text, &context).unwrap();
    assert!(output.results[0].origin == Some((0, 0)) && !output.is_edit(0, 2));
}

#[test]
fn an_assignment_says_what_it_did() {
    let text = "l: [{name: x, v: 1}, {v: 2}]\n";
    let expression = ".l[0].v = 1 | .l[1].v = 9 | .n.m = 1 | .l[] |= select(.v == 7) | del(.none)";
    let effects = evaluated(expression, text, &Context::default())
        .unwrap()
        .effects;
    let counts: Vec<_> = effects
        .iter()
        .map(|effect| (effect.matched, effect.created.len(), effect.changed))
        .collect();
    assert_eq!(
        counts,
        [(1, 0, 0), (1, 0, 1), (1, 1, 1), (2, 0, 0), (0, 0, 0)]
    );
    let summaries: Vec<_> = effects.iter().map(AssignmentReport::summary).collect();
    assert_eq!(
        summaries,
        [
            "found 1 value as wanted, `.l[0]` has the name `x`",
            "changed 1 value, `.l[1]` has no name",
            "created `.n.m`",
            "found 2 values as wanted",
            "matched nothing",
        ]
    );
    let rules: Vec<_> = effects
        .iter()
        .flat_map(AssignmentReport::findings)
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(
        rules,
        [
            "script-unchanged",
            "script-index",
            "script-created",
            "script-unchanged",
            "script-unmatched",
        ]
    );
    assert_eq!(
        effects[0].items[0].by_name().as_deref(),
        Some("(.l[] | select(.name == \"x\") | .v)")
    );
}

#[test]
fn what_changes_something_without_assigning_says_so_too() {
    let text = "b: &x {z: 1, y: 2}\na: [1]\nc: *x\n";
    let expression = "sort_keys(.) | sort_keys(.a) | setpath([\"n\"]; 1) | delpaths([[\"a\", 0]]) \
                      | explode(.c) | with(.none[]; .x = 1) | .b style = \"flow\"";
    let effects = evaluated(expression, text, &Context::default())
        .unwrap()
        .effects;
    let said: Vec<_> = effects
        .iter()
        .map(|effect| format!("{}: {}", effect.target, effect.summary()))
        .collect();
    assert_eq!(
        said,
        [
            "sort_keys(.): changed 1 value",
            "sort_keys(.a): matched nothing",
            "setpath([\"n\"]; 1): created `.n`",
            "delpaths([[\"a\", 0]]): changed 1 value",
            "explode(.c): changed 1 value",
            ".x: matched nothing",
            ".b style: found 1 value as wanted",
        ]
    );
}

#[test]
fn creating_may_be_meant_and_may_be_a_typing_error() {
    let finding = |expression: &str| {
        let output = evaluated(expression, "replicas: 1\n", &Context::default()).unwrap();
        output.effects[0].findings().pop()
    };
    let found = finding(".replcas = 2").unwrap();
    assert_eq!(
        (found.rule, found.help.as_deref()),
        ("script-created", Some("did you mean `.replicas`?"))
    );
    assert_eq!(finding(".image = 2 # kustom: create"), None);
}

#[test]
fn nobody_is_told_to_write_what_the_expression_made() {
    for expression in [
        ".image_a = 1 | .image_b = 2",
        ". += {\"image_a\": 1} | .image_b = 2",
        ".image_a = .replicas | .image_b = 2",
    ] {
        let output = evaluated(expression, "replicas: 1\n", &Context::default()).unwrap();
        let finding = output.effects[1].findings().pop().unwrap();
        assert_eq!(finding.rule, "script-created", "{expression}");
        assert!(
            !finding.help.unwrap().contains("did you mean"),
            "{expression}"
        );
    }
}

#[test]
fn what_grows_without_end_is_stopped() {
    let doubling = format!("[1, 2]{}", " | . += .".repeat(60));
    assert!(message(&doubling, "").starts_with("the expression makes too many nodes"));
    let text = format!("\"ab\"{}", " | . + .".repeat(60));
    assert!(message(&text, "").starts_with("the text would be longer"));
    let mut laughs = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (from, to) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        let items = vec![format!("*{from}"); 9].join(", ");
        laughs.push_str(&format!("{to}: &{to} [{items}]\n"));
    }
    assert!(evaluated("explode(.)", &laughs, &Context::default()).is_err());
}

#[test]
fn an_error_names_the_script_that_it_is_in() {
    let error = Expression::parse_named(".a |\n  slect(.b)", "edit.yq").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no operator `slect` (edit.yq:2:3)"
    );
    assert_eq!(error.help_line(), Some("did you mean `select`?"));
    let excerpt = error.excerpt().unwrap();
    assert_eq!(excerpt.lines(), ("  slect(.b)", "  ^^^^^".to_owned()));
}
