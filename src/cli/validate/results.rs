//! One result for each object, in the formats of kubeconform.
//!
//! Source: <https://github.com/yannh/kubeconform>, `pkg/output`.

use std::fmt::Write as _;

use kustom::finding::Finding;
use kustom::validation::UNKNOWN_SCHEMA;
use kustom::yaml::Node;
use kustom_yaml::cut::Cut as _;
use serde_json::{Value, json};

use super::{Arguments, is_one_of};
use crate::cli::objects::Objects;

/// A format of kubeconform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Shape {
    /// An object with a list of results.
    Json,
    /// JUnit's XML.
    Junit,
    /// A line for each, with a sign.
    Pretty,
    /// The Test Anything Protocol.
    Tap,
    /// A line for each.
    Text,
}

/// What came of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Valid,
    Invalid,
    Error,
    Skipped,
}

struct Outcome {
    file: String,
    kind: String,
    name: String,
    version: String,
    status: Status,
    /// What is wrong: the field, and a sentence.
    errors: Vec<(String, String)>,
}

pub(super) struct Results {
    shape: Shape,
    files: usize,
    outcomes: Vec<Outcome>,
}

impl Results {
    pub(super) fn new(shape: Shape) -> Self {
        Self {
            shape,
            files: 0,
            outcomes: Vec::new(),
        }
    }

    /// Adds objects, and those of their findings that fail.
    pub(super) fn add(&mut self, objects: &Objects, findings: &[Finding], arguments: &Arguments) {
        self.files += objects.files().len().max(1);
        let least = arguments.fail_on.severity();
        for finding in &objects.broken {
            let place = finding.place.as_ref();
            let file = place.and_then(|place| place.file.as_deref());
            self.outcomes.push(Outcome {
                file: file.unwrap_or_default().to_owned(),
                kind: String::new(),
                name: String::new(),
                version: String::new(),
                status: Status::Error,
                errors: vec![(String::new(), finding.sentence())],
            });
        }
        for resource in &objects.resources {
            let id = resource.id();
            let is_its = |finding: &&Finding| {
                let object = finding.object.as_deref();
                object.is_some_and(|object| {
                    object.kind == *id.gvk.kind
                        && object.name == *id.name
                        && object.namespace == *id.namespace
                })
            };
            let own: Vec<&Finding> = findings.iter().filter(is_its).collect();
            let errors: Vec<(String, String)> = own
                .iter()
                .filter(|finding| finding.severity >= least && finding.rule != UNKNOWN_SCHEMA)
                .map(|finding| {
                    let field = finding.place.as_ref().and_then(|it| it.field.clone());
                    (field.unwrap_or_default(), finding.sentence())
                })
                .collect();
            let is_unknown = own.iter().any(|finding| finding.rule == UNKNOWN_SCHEMA);
            let (status, errors) = if is_one_of(&resource.node, &arguments.skip) {
                (Status::Skipped, Vec::new())
            } else if is_one_of(&resource.node, &arguments.reject) {
                let message = format!("prohibited resource kind {}", id.gvk.kind);
                (Status::Error, vec![(String::new(), message)])
            } else if !errors.is_empty() {
                (Status::Invalid, errors)
            } else if is_unknown && arguments.ignore_missing_schemas {
                (Status::Skipped, Vec::new())
            } else if is_unknown {
                let message = format!("could not find schema for {}", id.gvk.kind);
                (Status::Error, vec![(String::new(), message)])
            } else {
                (Status::Valid, Vec::new())
            };
            let span = [
                resource.node.span,
                resource
                    .node
                    .get("kind")
                    .map_or(resource.node.span, |it: &Node| it.span),
            ];
            let file = span.into_iter().find_map(|span| objects.file(span));
            self.outcomes.push(Outcome {
                file: file.as_deref().unwrap_or_default().to_owned(),
                kind: id.gvk.kind.to_string(),
                name: id.name.to_string(),
                version: id.gvk.api_version().to_string(),
                status,
                errors,
            });
        }
    }

    pub(super) fn failed(&self) -> bool {
        self.count(Status::Invalid) + self.count(Status::Error) > 0
    }

    fn count(&self, status: Status) -> usize {
        let all = self.outcomes.iter();
        all.filter(|one| one.status == status).count()
    }

    /// The text of the format.
    pub(super) fn told(&self, arguments: &Arguments) -> String {
        match self.shape {
            Shape::Json => self.json(arguments),
            Shape::Junit => self.junit(),
            Shape::Tap => self.tap(),
            Shape::Pretty | Shape::Text => self.text(arguments),
        }
    }

    /// Those that are told: all, or those with something to say.
    fn shown(&self, is_verbose: bool) -> impl Iterator<Item = &Outcome> {
        let all = self.outcomes.iter();
        all.filter(move |one| is_verbose || matches!(one.status, Status::Invalid | Status::Error))
    }

    fn json(&self, arguments: &Arguments) -> String {
        let resources: Vec<Value> =
            self.shown(arguments.verbose)
                .map(|one| {
                    let mut value = json!({
                        "filename": one.file,
                        "kind": one.kind,
                        "name": one.name,
                        "version": one.version,
                        "status": match one.status {
                            Status::Valid => "statusValid",
                            Status::Invalid => "statusInvalid",
                            Status::Error => "statusError",
                            Status::Skipped => "statusSkipped",
                        },
                        "msg": one.message(),
                    });
                    if one.status == Status::Invalid {
                        let errors = one.errors.iter().map(
                            |(field, message)| json!({"path": pointer(field), "msg": message}),
                        );
                        value["validationErrors"] = errors.collect();
                    }
                    value
                })
                .collect();
        let mut report = json!({"resources": resources});
        if arguments.summary {
            report["summary"] = json!({
                "valid": self.count(Status::Valid),
                "invalid": self.count(Status::Invalid),
                "errors": self.count(Status::Error),
                "skipped": self.count(Status::Skipped),
            });
        }
        format!("{report:#}\n")
    }

    fn junit(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let (failures, errors) = (self.count(Status::Invalid), self.count(Status::Error));
        let _ = writeln!(
            text,
            "<testsuites name=\"kustom\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" \
             disabled=\"0\" time=\"0\">",
            self.outcomes.len()
        );
        let mut files: Vec<&str> = self.outcomes.iter().map(|one| one.file.as_str()).collect();
        files.dedup();
        for (number, file) in files.iter().enumerate() {
            let of_file: Vec<&Outcome> = self
                .outcomes
                .iter()
                .filter(|one| one.file == *file)
                .collect();
            let count = |status| of_file.iter().filter(|one| one.status == status).count();
            let _ = writeln!(
                text,
                "  <testsuite name=\"{}\" id=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" \
                 skipped=\"{}\">",
                escaped(file),
                number + 1,
                of_file.len(),
                count(Status::Invalid),
                count(Status::Error),
                count(Status::Skipped),
            );
            for one in of_file {
                let title = format!("{}/{}", one.kind, one.name);
                let class = format!("{}@{}", one.kind, one.version);
                let head = format!(
                    "    <testcase name=\"{}\" classname=\"{}\"",
                    escaped(&title),
                    escaped(&class)
                );
                let body = match one.status {
                    Status::Valid => None,
                    Status::Skipped => Some("<skipped></skipped>".to_owned()),
                    Status::Invalid => Some(format!(
                        "<failure message=\"{}\"></failure>",
                        escaped(&one.message())
                    )),
                    Status::Error => Some(format!(
                        "<error message=\"{}\"></error>",
                        escaped(&one.message())
                    )),
                };
                let _ = match body {
                    None => writeln!(text, "{head}></testcase>"),
                    Some(body) => writeln!(text, "{head}>\n      {body}\n    </testcase>"),
                };
            }
            text.push_str("  </testsuite>\n");
        }
        text.push_str("</testsuites>\n");
        text
    }

    fn tap(&self) -> String {
        let mut text = String::from("TAP version 13\n");
        for (number, one) in self.outcomes.iter().enumerate() {
            let number = number + 1;
            let title = one.title();
            let _ = match one.status {
                Status::Valid => writeln!(text, "ok {number} - {title}"),
                Status::Skipped => writeln!(text, "ok {number} - {title} # skip"),
                Status::Invalid | Status::Error => {
                    writeln!(text, "not ok {number} - {title}: {}", one.message())
                }
            };
        }
        let _ = writeln!(text, "1..{}", self.outcomes.len());
        text
    }

    fn text(&self, arguments: &Arguments) -> String {
        let mut text = String::new();
        for one in self.shown(arguments.verbose) {
            let (sign, end) = match one.status {
                Status::Valid => ("✔ ", " is valid".to_owned()),
                Status::Skipped => ("- ", " skipped".to_owned()),
                Status::Invalid => ("✖ ", format!(" is invalid: {}", one.message())),
                Status::Error => ("✖ ", format!(" failed validation: {}", one.message())),
            };
            if self.shape == Shape::Pretty {
                text.push_str(sign);
            }
            let _ = writeln!(text, "{}{end}", one.title());
        }
        if arguments.summary {
            let counted = |count: usize, word: &str| {
                format!("{count} {word}{}", if count == 1 { "" } else { "s" })
            };
            let _ = writeln!(
                text,
                "Summary: {} found in {} - Valid: {}, Invalid: {}, Errors: {}, Skipped: {}",
                counted(self.outcomes.len(), "resource"),
                counted(self.files, "file"),
                self.count(Status::Valid),
                self.count(Status::Invalid),
                self.count(Status::Error),
                self.count(Status::Skipped),
            );
        }
        text
    }
}

impl Outcome {
    fn title(&self) -> String {
        match (self.kind.as_str(), self.name.as_str()) {
            ("", _) => self.file.clone(),
            (kind, "") => format!("{} - {kind}", self.file),
            (kind, name) => format!("{} - {kind} {name}", self.file),
        }
    }

    fn message(&self) -> String {
        let messages: Vec<&str> = self
            .errors
            .iter()
            .map(|(_, message)| message.as_str())
            .collect();
        messages.join("; ")
    }
}

/// A field as a JSON pointer: `spec.ports[0]` is `/spec/ports/0`.
fn pointer(field: &str) -> String {
    let mut pointer = String::new();
    let mut rest = field;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.halves(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    pointer
}

/// A text for an attribute of XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
