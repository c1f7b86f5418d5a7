//! Objects: what is read of a substituted text, where it was written, and what is lost.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use kustom_substitute::{Loss, Options, Variables, changes, substitute};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, Tag, manifests, write};

fn object(text: &str) -> Node {
    manifests(text.as_bytes(), SourceId::NONE)
        .unwrap()
        .remove(0)
}

fn variables() -> Variables {
    [
        ("port", "8080"),
        ("quoted", "'8080'"),
        ("list", "[a, b]"),
        ("broken", "a: b"),
        ("web", "web"),
    ]
    .into_iter()
    .collect()
}

fn substituted(text: &str) -> Node {
    substitute(&object(text), &variables(), &Options::default()).unwrap()
}

#[test]
fn quotes_of_the_source_protect_nothing() {
    let node = substituted("kind: X\na: \"${port}\"\nb: ${quoted}\nc: '${list}'\n${web}: $$\n");
    let mut text = String::new();
    write(&node, &mut text).unwrap();
    assert_eq!(
        text,
        "a: 8080\nb: \"8080\"\nc:\n- a\n- b\nkind: X\nweb: $\n"
    );
}

#[test]
fn values_keep_their_places() {
    let node = substituted("kind: X\nspec:\n  b: '${list}'\n  ${web}: 1\n");
    let line = |path: &[&str]| node.at(path).unwrap().span.line;
    assert_eq!((line(&["kind"]), line(&["spec", "b"])), (1, 3));
    assert_eq!(node.at(&["spec", "b"]).unwrap().items()[1].span.line, 3);
    assert_eq!(line(&["spec", "web"]), 4);
}

#[test]
fn without_variables_not_even_escapes_are_touched() {
    let before = object("kind: X\na: $$ ${broken\n");
    let none = Variables::default();
    assert_eq!(
        substitute(&before, &none, &Options::default()).unwrap(),
        before
    );
    let always = Options {
        always: true,
        ..Options::default()
    };
    assert!(substitute(&before, &none, &always).is_err());
}

#[test]
fn an_object_opts_out_by_label_or_annotation() {
    for (field, value, is_out) in [
        ("labels", "disabled", true),
        ("annotations", "disabled", true),
        ("labels", "Disabled", false),
        ("annotations", "false", false),
    ] {
        let text = format!(
            "kind: X\nmetadata:\n  {field}: {{kustomize.toolkit.fluxcd.io/substitute: '{value}'}}\na: ${{web}}\n"
        );
        let node = substituted(&text);
        let text = node.get("a").and_then(Node::text);
        assert_eq!(text == Some("${web}"), is_out, "{field} {value}");
    }
}

#[test]
fn an_error_has_the_line_and_no_value() {
    for (text, line, field) in [
        ("kind: X\na:\n  b:\n  - x\n  - ${gone}\n", 5, "a.b[1]"),
        ("kind: X\na: |\n  one\n  ${gone}\n", 4, "a"),
        ("kind: X\nb: ok\na: ${broken}\n", 3, "a"),
        ("kind: X\nb: ok\n${gone}: 1\n", 3, ""),
        ("kind: X\nb: ok\na: x ${web.x}\n", 3, "a"),
    ] {
        let error = substitute(&object(text), &variables(), &Options::default()).unwrap_err();
        let place = error.place().unwrap();
        assert_eq!(place.span.line, line, "{text}");
        assert_eq!(place.field.as_deref().unwrap_or_default(), field, "{text}");
        assert!(!format!("{error:#}").contains("a: b"), "{error:#}");
    }
}

#[test]
fn what_flux_loses_is_told() {
    let long = "x".repeat(70);
    let text = format!(
        "kind: X\nmetadata:\n  name: ${{port}}\n  labels: {{a: '${{port}}'}}\n\
         data: {{b: '${{port}}', c: 'p$$w', d: '${{gone:?stop}}', e: '${{web:+yes}}'}}\n\
         spec: {{replicas: '${{port}}', f: '{long} ${{web/aaaaa bbbbb/c}}'}}\n"
    );
    let before = object(&text);
    let after = substitute(&before, &variables(), &Options::default()).unwrap();
    let found = changes(&before, &after, &variables());
    let found: Vec<(Loss, &str)> = found.iter().map(|it| (it.loss, it.path.as_str())).collect();
    assert_eq!(
        found,
        [
            (Loss::Object(Tag::Int), "metadata.name"),
            (Loss::Labels(Tag::Int), "metadata.labels.a"),
            (Loss::Text(Tag::Int), "data.b"),
            (Loss::Dollar, "data.c"),
            (Loss::Message, "data.d"),
            (Loss::Alternative, "data.e"),
            (Loss::Pattern, "spec.f"),
        ]
    );
}
