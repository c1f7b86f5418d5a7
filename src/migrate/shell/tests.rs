//! Scripts, and what is read of them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Assigned, Index, Operation, Part, Target, What, Word, parse};

/// A command in one line, for comparisons.
fn shown(what: &What) -> String {
    let words = |words: &[Word]| {
        let all: Vec<String> = words.iter().map(word).collect();
        all.join(" ")
    };
    let list = |list: &[super::Command]| {
        let all: Vec<String> = list.iter().map(|one| shown(&one.what)).collect();
        all.join("; ")
    };
    match what {
        What::Simple {
            assignments,
            words: named,
        } => {
            let mut all: Vec<String> = assignments
                .iter()
                .map(|one| {
                    let sign = if one.appends { "+=" } else { "=" };
                    match &one.value {
                        Assigned::Text(value) => format!("{}{sign}{}", one.name, word(value)),
                        Assigned::List(items) => format!("{}{sign}({})", one.name, words(items)),
                    }
                })
                .collect();
            all.extend(named.iter().map(word));
            all.join(" ")
        }
        What::Pipeline { negated, stages } => {
            let all: Vec<String> = stages.iter().map(|one| shown(&one.what)).collect();
            format!("{}{}", if *negated { "! " } else { "" }, all.join(" | "))
        }
        What::And(left, right) => format!("({} && {})", shown(&left.what), shown(&right.what)),
        What::Or(left, right) => format!("({} || {})", shown(&left.what), shown(&right.what)),
        What::Group(inside) => format!("{{{}}}", list(inside)),
        What::Subshell(inside) => format!("({})", list(inside)),
        What::If { arms, otherwise } => {
            let arms: Vec<String> = arms
                .iter()
                .map(|(condition, body)| format!("[{}] {}", list(condition), list(body)))
                .collect();
            format!("if {} else {}", arms.join(" elif "), list(otherwise))
        }
        What::For {
            variable,
            items,
            body,
        } => {
            format!(
                "for {variable} in {:?}: {}",
                items.as_deref().map(words),
                list(body)
            )
        }
        What::Loop {
            until,
            condition,
            body,
        } => {
            format!("loop {until} [{}] {}", list(condition), list(body))
        }
        What::Case { subject, arms } => {
            let arms: Vec<String> = arms
                .iter()
                .map(|(patterns, body)| format!("{}) {}", words(patterns), list(body)))
                .collect();
            format!("case {} {}", word(subject), arms.join(" "))
        }
        What::Function { name, body } => format!("{name}() {}", shown(&body.what)),
        What::Test(inside) => format!("[[{}]]", words(inside)),
        What::Unsupported(why) => format!("<{why}>"),
    }
}

fn word(word: &Word) -> String {
    let part = |part: &Part| match part {
        Part::Text { text, quoted: true } => format!("'{text}'"),
        Part::Text { text, .. } => text.clone(),
        Part::Parameter { parameter, .. } => match (&parameter.index, &parameter.operation) {
            (None, Operation::Value) => format!("${}", parameter.name),
            (Some(Index::All), Operation::Value) => format!("${}[@]", parameter.name),
            (_, operation) => format!("${{{} {}}}", parameter.name, named(operation)),
        },
        Part::Output { commands, .. } => {
            let all: Vec<String> = commands.iter().map(|one| shown(&one.what)).collect();
            format!("$({})", all.join("; "))
        }
        Part::Process { commands, .. } => {
            let all: Vec<String> = commands.iter().map(|one| shown(&one.what)).collect();
            format!("<({})", all.join("; "))
        }
        Part::Unsupported(_) => "<?>".to_owned(),
    };
    word.parts.iter().map(part).collect()
}

fn named(operation: &Operation) -> String {
    match operation {
        Operation::Value => String::new(),
        Operation::Length => "length".to_owned(),
        Operation::Keys => "keys".to_owned(),
        Operation::Default {
            kind,
            or_empty,
            word: other,
        } => {
            format!("{}{kind}{}", if *or_empty { ":" } else { "" }, word(other))
        }
        Operation::Trim {
            prefix,
            longest,
            pattern,
        } => {
            format!("trim {prefix} {longest} {}", word(pattern))
        }
        Operation::Replace { all, pattern, with } => {
            format!("replace {all} {} {}", word(pattern), word(with))
        }
        Operation::Case { upper, all } => format!("case {upper} {all}"),
        Operation::Unsupported => "?".to_owned(),
    }
}

fn read(text: &str) -> String {
    let script = parse(text).unwrap();
    let all: Vec<String> = script.commands.iter().map(|one| shown(&one.what)).collect();
    all.join("; ")
}

#[test]
fn commands_are_read() {
    for (text, wanted) in [
        ("#!/bin/sh\n# a comment\necho a b # c\n", "echo a b"),
        ("a && b || c; d &\ne", "((a && b) || c); d; e"),
        ("a |\n b | c", "a | b | c"),
        ("! grep -q x f", "! grep -q x f"),
        (
            "A=1 B=$A run --x=y",
            "A='' B=$A run --x=y".replace("A=''", "A=1").as_str(),
        ),
        ("L=( a\n  b ) # list\nL+=(c)", "L=(a b); L+=(c)"),
        ("local a=1 b", "a=1 local b"),
        (
            "if a; then b; elif c; then d; else e; fi",
            "if [a] b elif [c] d else e",
        ),
        (
            "for x in a b; do echo $x; done",
            "for x in Some(\"a b\"): echo $x",
        ),
        ("for x\ndo y; done", "for x in None: y"),
        (
            "for e in {a,b}/{c,d}; do x; done",
            "for e in Some(\"a/c a/d b/c b/d\"): x",
        ),
        ("for i in {1..3}; do x; done", "for i in Some(\"1 2 3\"): x"),
        (
            "for ((i=0; i<3; i++)); do x; done; y",
            "<a loop that counts>; y",
        ),
        (
            "while read -r x; do y; done < f",
            "loop false [read -r x] y",
        ),
        ("case $1 in a|b) c;; (*) d; esac", "case $1 a b) c *) d"),
        ("f() { a; b; }\nfunction g { c; }", "f() {a; b}; g() {c}"),
        ("(cd x && y)", "((cd x && y))"),
        (
            "[[ -f $x && ! $y =~ ^(a|b)$ ]]",
            "[[-f $x && ! $y =~ ^(a|b)$]]",
        ),
        ("(( i++ )); x", "<arithmetic>; x"),
        ("a \\\n  b", "a b"),
        ("a 2>&1 >/dev/null b", "a b"),
        ("diff <(a) b", "diff <(a) b"),
        ("echo }", "echo }"),
        ("echo done in", "echo done in"),
    ] {
        assert_eq!(read(text), *wanted, "{text}");
    }
}

#[test]
fn words_are_read() {
    for (text, wanted) in [
        ("'a b'\"c $d\"e\\ f", "'a bc '$de' 'f"),
        ("\"$(dirname \"$0\")/x\"", "''$(dirname ''$0)'/x'"),
        ("`pwd`/x", "$(pwd)/x"),
        ("${a:-b$c}${d-}", "${a :-b$c}${d -}"),
        (
            "${a##*/}${a%.yaml}",
            "${a trim true true */}${a trim false false .yaml}",
        ),
        (
            "${a//x/y}${a/x}",
            "${a replace true x y}${a replace false x }",
        ),
        ("${a[@]} ${#a[@]}", "$a[@] ${a length}"),
        ("${BASH_SOURCE[0]}", "${BASH_SOURCE }"),
        ("$((1 + 2))", "<?>"),
        ("$'a\\nb'", "'a\nb'"),
        ("$", "$"),
        ("~/x", "$HOME/x"),
        ("${a^^}${10}", "${a case true true}$10"),
    ] {
        let text = format!("x {text}");
        assert_eq!(read(&text), format!("x {wanted}"), "{text}");
    }
}

#[test]
fn here_documents_are_read() {
    let script = parse("cat > f <<EOF\na $x\nEOF\ncat <<-'E'\n\t$y\n\tE\nz <<< \"$w\"\n").unwrap();
    assert_eq!(script.commands.len(), 3);
    let documents: Vec<String> = script.documents.iter().map(word).collect();
    assert_eq!(documents, ["'a '$x'\n'", "'$y\n'"]);
    assert!(matches!(
        script.commands[0].redirections[1].to,
        Target::Document(0)
    ));
}

#[test]
fn places_are_those_of_the_text() {
    let script = parse("a\n  kustomize build ü/x\n").unwrap();
    let at = script.commands[1].at;
    assert_eq!((at.line, at.column, at.start), (2, 3, 4));
}

#[test]
fn what_is_broken_is_refused_at_its_place() {
    for (text, wanted, line) in [
        ("echo 'a\n", "a quote is not closed", 1),
        ("a\nif x; then y", "a block has no `fi`", 2),
        ("a\n)", "`)` is not expected here", 2),
        (
            "cat <<EOF\nx\n",
            "a here-document has no line `EOF` at its end",
            2,
        ),
        ("x=$(a", "a `$(` is not closed", 1),
        ("for x in a; y; done", "`y` is not expected here", 1),
        ("a ;; b", "`;` is not expected here", 1),
        ("echo ${a", "a `${` is not closed", 1),
        ("a &&", "the script ends in the middle of a command", 1),
        ("case x in a) b", "a `case` has no `esac`", 1),
        ("x=(a", "a list is not closed", 1),
        ("[[ a ; b ]]", "`;` is not expected here", 1),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.message(), wanted, "{text}");
        assert_eq!(error.place().unwrap().span.line, line, "{text}");
    }
}

#[test]
fn anything_is_a_tree_or_an_error() {
    const PIECES: [&str; 36] = [
        "a",
        " ",
        "\n",
        "$",
        "{",
        "}",
        "(",
        ")",
        "\"",
        "'",
        "`",
        "\\",
        "if ",
        "then ",
        "fi",
        "for x in ",
        "do ",
        "done",
        "case ",
        " in ",
        "esac",
        ";;",
        ";",
        "&",
        "|",
        "<",
        ">",
        "<<E",
        "E\n",
        "[[",
        "]]",
        "=",
        "#",
        "((",
        "))",
        "é",
    ];
    // A generator of Lehmer's, so that every run tries the same.
    let mut state = 48_271_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state * 48_271 % 2_147_483_647;
            text.push_str(PIECES[usize::try_from(state).unwrap() % PIECES.len()]);
        }
        if let Err(error) = parse(&text) {
            assert!(error.place().is_some(), "{text:?}");
        }
    }
}

#[test]
fn nesting_is_bounded() {
    for text in [
        "(".repeat(10_000),
        "$(".repeat(10_000),
        "if ".repeat(10_000),
        "\"${a:-".repeat(9_000),
    ] {
        assert!(parse(&text).is_err());
    }
    for open in [
        "(", "$(", "`", "${", "\"", "'", "[[", "((", "{", "<<", "case", "for",
    ] {
        // Whatever is wrong, it is an error or a tree.
        let _ = parse(open);
        let _ = parse(&format!("x {open} y {open}"));
    }
}
