//! Tests that no report shows a secret: one is planted in every part of every error and finding,
//! and all formats are written.
//!
//! A new kind of error, a new part of a finding or of a report, and a new format must be added here:
//! each is taken apart without a rest.

use super::{
    Base, Change, Check, Color, Diagnostic, Format, Look, MessageFormat, Outcome, Report, Suite,
    finding_of, json_remark, messages, printable, remark, report, rules, visible_json,
};
use crate::error::{Error, Kind, Note};
use crate::finding::{Finding, Object, Severity};
use crate::guard::Mask;
use crate::place::{Place, Span};

/// Texts of the user, and the secret in each.
fn planted() -> Vec<(String, String)> {
    let drawn = ["q7Vw2Lr9", "Tn4Xc8Zb", "K1mH6sPd"].concat();
    let token = [
        "ghp_", "a8Kd03Lq", "ZxW91mNv", "Bt57RyHc", "U2pFs6Gj", "E4iO",
    ]
    .concat();
    let mut planted: Vec<(String, String)> = vec![(drawn.clone(), drawn), (token.clone(), token)];
    for (text, secret) in [
        ("PASSWORD=hunter2", "hunter2"),
        ("password: hunter2", "hunter2"),
        ("htps://bob:hunter2@host.io/x", "hunter2"),
        ("bob:hunter2@host.io:x", "hunter2"),
        ("git::https://bob:hun/ter2@host.io/x", "ter2"),
        ("ftp://bob:hun@ter2:3@host.io", "ter2"), // kustom:allow made up
    ] {
        planted.push((text.to_owned(), secret.to_owned()));
    }
    planted
}

/// Every kind of error: each names the next, so that a new one has no place until it is added.
fn kinds() -> impl Iterator<Item = Kind> {
    let next = |kind: &Kind| match kind {
        Kind::Yaml => Some(Kind::Resource),
        Kind::Resource => Some(Kind::Kustomization),
        Kind::Kustomization => Some(Kind::Patch),
        Kind::Patch => Some(Kind::Generator),
        Kind::Generator => Some(Kind::Transform),
        Kind::Transform => Some(Kind::Reference),
        Kind::Reference => Some(Kind::Load),
        Kind::Load => Some(Kind::Secret),
        Kind::Secret => Some(Kind::Script),
        Kind::Script => Some(Kind::Template),
        Kind::Template => Some(Kind::Plugin),
        Kind::Plugin => Some(Kind::Project),
        Kind::Project => Some(Kind::Output),
        Kind::Output => Some(Kind::Limit),
        Kind::Limit => None,
    };
    std::iter::successors(Some(Kind::Yaml), next)
}

fn place(text: &str) -> Place {
    let span = Span {
        line: 3,
        column: 5,
        ..Span::default()
    };
    Place {
        field: Some(format!("data.{text}")),
        ..Place::in_file(format!("base/{text}"), span)
    }
}

fn note(text: &str) -> Note {
    Note {
        message: format!("named by `{text}`"),
        place: Some(place(text)),
        help: Some(format!("did you mean `{text}`?")),
        is_step: false,
    }
}

/// All ways to show a message, and how.
fn looks() -> impl Iterator<Item = (MessageFormat, Look)> {
    let formats = [
        MessageFormat::Full,
        MessageFormat::Short,
        MessageFormat::Json,
    ];
    let wide = |color| Look { color, width: 400 };
    formats.into_iter().flat_map(move |format| {
        let looks = [wide(Color::Never), wide(Color::Always), Look::default()];
        looks.into_iter().map(move |look| (format, look))
    })
}

/// A finding with a text in each of its parts.
fn finding_with(rule: &'static str, severity: Severity, text: &str) -> Finding {
    // Without a rest: a new part must be filled here.
    Finding {
        rule,
        severity,
        message: format!("there is no `{text}`, which is wanted"),
        place: Some(place(text)),
        others: vec![place(text)],
        notes: vec![note(text)],
        help: Some(format!("write `{text}`")),
        identity: Some(text.to_owned()),
        object: Some(Box::new(Object {
            kind: "Secret".to_owned(),
            namespace: text.to_owned(),
            name: text.to_owned(),
        })),
        excerpt: None,
        is_elsewhere: false,
    }
}

/// All ways to show a report, likewise.
fn formats() -> impl Iterator<Item = Format> {
    let next = |format: &Format| match format {
        Format::Text => Some(Format::Json),
        Format::Json => Some(Format::Sarif),
        Format::Sarif => Some(Format::Github),
        Format::Github => Some(Format::Gitlab),
        Format::Gitlab => Some(Format::Junit),
        Format::Junit => None,
    };
    std::iter::successors(Some(Format::Text), next)
}

#[track_caller]
fn hides(told: &str, secret: &str, what: &str) {
    assert!(!told.is_empty(), "{what}: nothing is told");
    // The rest of a query or of a path may be spelled in percents.
    for told in [
        told.to_owned(),
        told.replace("%40", "@").replace("%3A", ":"),
    ] {
        assert!(!told.contains(secret), "{what} shows `{secret}`:\n{told}");
    }
}

#[test]
fn no_error_of_any_kind_shows_a_secret() {
    for kind in kinds() {
        for (text, secret) in planted() {
            let words = format!("there is no `{text}`");
            let error_of = || {
                Error::new(kind, words.clone())
                    .within(place(&text))
                    .at(place(&text))
                    .help(format!("write `{text}`"))
                    .advise(format!("remove `{text}`"))
                    .note(words.clone(), Some(place(&text)))
                    .note_at(words.clone(), place(&text).span)
                    .with_note(note(&text))
                    .step(words.clone(), Some(place(&text)))
                    .elsewhere()
                    .reworded(format!("{words}, it ends"))
                    .caused_by(text.clone())
            };
            for (format, look) in looks() {
                let told = Diagnostic::from(&error_of()).write(format, look);
                hides(&told, &secret, &format!("{kind:?}"));
            }
            let masked = Mask::default().error(error_of());
            // A place is a path: it is hidden where it is shown.
            let told = masked.rename_files(|_| "a".into());
            hides(&format!("{told:#}"), &secret, &format!("{kind:?}"));
            let found = finding_of("render", &error_of());
            let told = Diagnostic::from(&found).full(Look::default());
            hides(&told, &secret, "finding_of");
        }
    }
}

#[test]
fn no_finding_of_any_rule_shows_a_secret_in_any_format() {
    let planted = planted();
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    let formats_of_tokens = crate::guard::rules();
    for (number, rule) in rules().chain(formats_of_tokens).enumerate() {
        let (text, secret) = &planted[number % planted.len()];
        let found = finding_with(rule, severities[number % 3], text);
        for (format, look) in looks() {
            hides(&Diagnostic::from(&found).write(format, look), secret, rule);
        }
        let whole = Report {
            suites: vec![
                Suite {
                    name: format!("env-{text}"),
                    file: format!("env/{text}"),
                    checks: vec![
                        Check::ran("render", vec![found.clone()]),
                        Check {
                            name: "configs",
                            outcome: Outcome::Skipped(format!("there is no `{text}`")),
                        },
                    ],
                },
                Suite {
                    name: "b".to_owned(),
                    file: "b".to_owned(),
                    checks: vec![Check::ran("render", vec![found])],
                },
            ],
            changes: vec![Change {
                environment: format!("env-{text}"),
                note: None,
                added: vec![format!("ConfigMap `{text}`")],
                removed: vec![format!("ConfigMap `{text}`")],
                changed: vec![format!("ConfigMap `{text}`")],
            }],
            allowed: 1,
            permits: vec![finding_with("permit", Severity::Note, text)],
            fails_at: Severity::Warning,
            base: Base::new(
                std::path::Path::new("/r"),
                std::path::Path::new("/r/deploy"),
            ),
        };
        for format in formats() {
            let told = report(&whole, format, Look::default(), |_| None);
            hides(&told, secret, &format!("{rule} as {format:?}"));
        }
        for (format, look) in looks() {
            let told = messages(&whole, format, look, |_| None);
            hides(&told, secret, &format!("{rule} in {format:?}"));
        }
    }
}

#[test]
fn a_remark_is_no_way_around() {
    for (text, secret) in planted() {
        let words = format!("`{text}` is left as it is\n");
        hides(&remark(&words), &secret, "remark");
        hides(&json_remark(&words), &secret, "remark as JSON");
    }
    // Names in lists and data are what they are, but they command nothing.
    assert_eq!(printable("a\u{1b}b"), "a\\u{1b}b");
    assert_eq!(visible_json("\"\u{9b}\""), "\"\\u009b\"");
}
