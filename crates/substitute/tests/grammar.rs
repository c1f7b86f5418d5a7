//! The grammar: what each operator makes of a value, and laws that hold of any text.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use kustom_substitute::{MistakeKind, Template, Variables};

fn variables() -> Variables {
    [
        ("path", "/srv/data/app.tar.gz"),
        ("word", "grün"),
        ("empty", ""),
        ("two", "2"),
        ("back", "-3"),
        ("star", "*a"),
        ("money", "a$$b ${two}"),
    ]
    .into_iter()
    .collect()
}

fn evaluated(text: &str, strict: bool) -> Result<String, String> {
    let template = Template::parse(text).map_err(|mistake| mistake.message())?;
    let bytes = template.evaluate(&variables(), strict);
    let bytes = bytes.map_err(|error| error.message().to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn operators_do_what_flux_does() {
    for (text, wanted) in [
        // Escapes: pairs of dollar signs, from the left.
        ("$ $x $(x) {{x}} \\${two}", "$ $x $(x) {{x}} \\2"),
        (
            "$$ $$$ $${two} $$${two} $$$${two}",
            "$ $$ ${two} $2 $${two}",
        ),
        ("${money}", "a$$b ${two}"),
        // Defaults: five spellings of one operator.
        (
            "${none:-a}${empty:=b}${none:?c}${empty:+d}${none=e}",
            "abcde",
        ),
        ("${two:-a}${two:=b}${two:?c}${two:+d}${two=e}", "22222"),
        ("${none:-}|${none:-a${two}b${none:-c}}", "|a2bc"),
        ("${none:-$$}${none:-$${two}}${none:-\"q\"}", "$$$2\"q\""),
        ("${none:-{a}}", "{a}"),
        // Lengths and offsets count bytes.
        ("${#word} ${#none}", "5 0"),
        (
            "${path:5}${path:1:3}${path:1:-7}",
            "data/app.tar.gzsrvsrv/data/app",
        ),
        (
            "${path: -2}|${path:x}|${path:0x1}",
            "/srv/data/app.tar.gz|/srv/data/app.tar.gz|/srv/data/app.tar.gz",
        ),
        (
            "${path:${back}}|${path:99}|${path:01:+3}|${path:3:-99}",
            ".gz||srv|",
        ),
        ("${path:1::3}", "srv"),
        // One character becomes one.
        (
            "${word^} ${word^^} ${word,,} ${word^,}",
            "Grün GRÜN grün grün",
        ),
        // A removal is never empty, and its star goes across slashes.
        ("${path#*/} ${path##*/}", "srv/data/app.tar.gz app.tar.gz"),
        ("${path%.*} ${path%%.*}", "/srv/data/app.tar /srv/data/app"),
        ("${path#*}|${path##*}", "srv/data/app.tar.gz|"),
        (
            "${path#[/x]}|${path#[!s]}|${path#[^x]}",
            "srv/data/app.tar.gz|/srv/data/app.tar.gz|srv/data/app.tar.gz",
        ),
        (
            "${path%[z]}|${path#[}|${path###}",
            "/srv/data/app.tar.gz|/srv/data/app.tar.gz|/srv/data/app.tar.gz",
        ),
        // A replacement is literal.
        ("${path/a/A} ${path//a/A} ${path//a}", "error"),
        (
            "${path/a/A} ${path//a/A} ${path//a/}",
            "/srv/dAta/app.tar.gz /srv/dAtA/App.tAr.gz /srv/dt/pp.tr.gz",
        ),
        (
            "${path/*/x} ${path/\\//|} ${path/#\\/srv/x} ${path/%gz/x}",
            "/srv/data/app.tar.gz |srv/data/app.tar.gz x/data/app.tar.gz /srv/data/app.tar.x",
        ),
        (
            "${path/#\\/srv/}|${path/%gz/}",
            "/srv/data/app.tar.gz|/srv/data/app.tar.gz",
        ),
        ("${word/${empty}/-} ${word//${empty}/-}", "-grün -g-r-ü-n-"),
        ("${money/$$$$/$$}", "a$b ${two}"),
        ("${star/*/x}${star#\\*}", "xaa"),
    ] {
        let found = evaluated(text, false).unwrap_or_else(|_| "error".to_owned());
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn what_the_grammar_does_not_know_is_refused() {
    use MistakeKind::{BadOperator, EmptyPart, NoBrace, NoName, Unclosed};
    for (text, kind) in [
        ("${}", NoName),
        ("${ x}", NoName),
        ("${!x}", NoName),
        ("${${x}}", NoName),
        ("${x.y}", NoBrace),
        ("${x-d}", NoBrace),
        ("${x[0]}", NoBrace),
        ("${x }", NoBrace),
        ("${x", Unclosed),
        ("a ${x:-b", Unclosed),
        ("${x^^^}", BadOperator),
        ("${#}", BadOperator),
        ("${#x.y}", BadOperator),
        ("${x:1}${y:ä}", BadOperator),
        ("${x/a}", BadOperator),
        ("${x:a${y}}", BadOperator),
        ("${x#}", EmptyPart),
        ("${x:}", EmptyPart),
        ("${x///y}", EmptyPart),
    ] {
        let mistake = Template::parse(text).unwrap_err();
        assert_eq!(mistake.kind, kind, "{text}");
        assert!(text[mistake.offset..].starts_with("${"), "{text}");
    }
}

#[test]
fn a_missing_variable_is_an_error_where_it_is_strict() {
    for text in [
        "${none}",
        "${#none}",
        "${none^}",
        "${none:1}",
        "${two:-${none}}",
        "${none/a/b}",
    ] {
        assert!(evaluated(text, true).is_err(), "{text}");
        assert!(evaluated(text, false).is_ok(), "{text}");
    }
    assert_eq!(evaluated("${none:-${none:-}}${empty}", true).unwrap(), "");
}

#[test]
fn a_message_shows_no_word_of_a_default() {
    for text in ["${pass:-hunter2", "${pass-hunter2}", "${pass:?${hunter2}"] {
        let message = evaluated(text, true).unwrap_err();
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn nothing_takes_long_or_much() {
    let mut variables = variables();
    variables.set("long", "a".repeat(200_000));
    for (text, is_slow) in [
        ("${long#*b*b}", true),
        ("${long%%*a}", false),
        ("${long//a/${long//a/${long}}}", true),
    ] {
        let template = Template::parse(text).unwrap();
        assert_eq!(
            template.evaluate(&variables, true).is_err(),
            is_slow,
            "{text}"
        );
    }
    let deep = "${a:-".repeat(5000);
    assert_eq!(
        Template::parse(&deep).unwrap_err().kind,
        MistakeKind::TooDeep
    );
}

/// Texts made of what the grammar knows and what it does not, the same at every run.
struct Texts(u64);

impl Texts {
    fn number(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    fn next(&mut self) -> String {
        const PARTS: [&str; 32] = [
            "${", "${", "${", "}", "}", "}", "$", "$$", "path", "two", "none", "empty", ":-", ":=",
            ":?", ":", "#", "##", "%", "/", "//", "^", ",,", "=", "*", "?", "[a-c]", "\\", "1",
            "-1", " ", "ü",
        ];
        let length = self.number(12);
        (0..length)
            .map(|_| PARTS[self.number(PARTS.len())])
            .collect()
    }
}

#[test]
fn laws_hold_of_any_text() {
    let mut texts = Texts(0x2545_F491_4F6C_DD1D);
    let mut read = 0;
    for _ in 0..100_000 {
        let text = texts.next();
        // What is escaped comes out as it was.
        let escaped = text.replace('$', "$$");
        assert_eq!(evaluated(&escaped, true).as_ref(), Ok(&text), "{text}");
        let (strict, lenient) = (evaluated(&text, true), evaluated(&text, false));
        // Strictness refuses, and changes nothing else.
        if let Ok(strict) = &strict {
            assert_eq!(lenient.as_ref(), Ok(strict), "{text}");
        }
        if Template::parse(&text).is_err() {
            assert!(lenient.is_err(), "{text}");
            continue;
        }
        read += 1;
        // A text is the sum of two where it is cut outside of an expression.
        let twice = evaluated(&format!("{text} {text}"), false);
        let sum = lenient.map(|one| format!("{one} {one}"));
        assert_eq!(twice, sum, "{text}");
    }
    assert!(read > 20_000, "{read}");
}
