//! `kustom fn`: a KRM function, which reads a ResourceList and adds what it renders.
//!
//! Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md>.

use std::path::PathBuf;
use std::process::ExitCode;

use kustom::error::{Error, Result};
use kustom::finding::{Finding, Severity};
use kustom::load::{LookupCache, normalized, unreadable};
use kustom::place::SourceId;
use kustom::report::finding_of;
use kustom::yaml::{Entry, Node, configs, write};

use super::build::working_directory;
use super::output::{Streams, stdin};
use super::reading::Bound;
use super::requested::{Answer, FIELDS, Request, unknown_of, wrong};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    bound: Bound,
}

/// Reads the list from stdin, and prints it with what was rendered and found; an error is a result,
/// too.
pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let bytes = stdin(arguments.bound.bytes()).map_err(|cause| unreadable("stdin", cause))?;
    let named = |error: Error| error.name_files(|_| Some("stdin".into()));
    let mut documents = configs(&bytes, SourceId::new(0)).map_err(named)?;
    documents.retain(|document| !document.is_null());
    let list = match &mut documents[..] {
        [list] if list.get("kind").and_then(Node::text) == Some("ResourceList") => list,
        _ => {
            return Err(wrong("stdin holds no `ResourceList`").help(
                "a program that runs functions sends one; `kustom render` renders by itself",
            ));
        }
    };
    let answer = answer(list, &arguments.bound.files());
    let (findings, code) = match answer {
        Ok(answer) => {
            add(list, &answer)?;
            (answer.findings, ExitCode::SUCCESS)
        }
        Err(error) => {
            let error = named(error);
            streams.error(&error);
            (vec![finding_of("fn", &error)], ExitCode::FAILURE)
        }
    };
    let report = streams.masked(kustom::report::Report::of("fn", findings));
    let findings = report.suites.into_iter().flat_map(|suite| suite.checks);
    let results: Vec<Node> = findings
        .flat_map(|check| check.findings().to_vec())
        .map(|finding| result(&finding))
        .collect();
    list.remove("results");
    if !results.is_empty() {
        list.set("results", Node::seq(results));
    }
    let mut text = String::new();
    write(list, &mut text)?;
    streams.data(&text)?;
    Ok(code)
}

/// What the configuration of the function asks for: the `spec` of an object of any kind, or the
/// `data` of a ConfigMap.
fn answer(list: &Node, files: &LookupCache) -> Result<Answer> {
    let nothing = Node::map(Vec::new());
    let config = list.get("functionConfig").unwrap_or(&nothing);
    let is_map = config.get("kind").and_then(Node::text) == Some("ConfigMap");
    let asked = config.get(if is_map { "data" } else { "spec" });
    let asked = asked.unwrap_or(&nothing);
    let mut request = Request::default();
    let mut here: PathBuf = working_directory()?;
    for entry in asked.entries() {
        let name = entry.key.text().unwrap_or_default();
        let at = |error: Error| error.at(entry.value.span);
        match (name, entry.value.text()) {
            ("directory", Some(directory)) => here = normalized(&here.join(directory)),
            ("directory", None) => return Err(at(wrong("`directory` is no text"))),
            ("values", _) if entry.value.is_map() => {
                for value in entry.value.entries() {
                    let key = value.key.text().unwrap_or_default();
                    let Some(text) = value.value.text() else {
                        let message = format!("the value `{key}` is no text");
                        return Err(wrong(message).at(value.value.span));
                    };
                    request.values.set(key, text.into()).map_err(at)?;
                }
            }
            ("images", _) if entry.value.is_seq() => {
                for image in entry.value.items() {
                    request
                        .add_image(image.text().unwrap_or_default())
                        .map_err(|error| error.at(image.span))?;
                }
            }
            (name, _) if !FIELDS.contains(&name) => {
                let fields = [&["directory"][..], &FIELDS].concat();
                return Err(at(unknown_of(name, &fields)));
            }
            (name, Some(text)) => request.set_text(name, text).map_err(at)?,
            (name, None) => return Err(at(wrong(format!("`{name}` has another type")))),
        }
    }
    request.answer(files, &here)
}

/// Adds what was rendered to the items; one that is there already is replaced, and keeps the
/// annotations that say where it is written.
fn add(list: &mut Node, answer: &Answer) -> Result<()> {
    if !list.get("items").is_some_and(Node::is_seq) {
        list.set("items", Node::seq(Vec::new()));
    }
    let Some(items) = list.get_mut("items").and_then(Node::items_mut) else {
        return Ok(());
    };
    for resource in &answer.resources {
        let mut node = resource.node.clone();
        match items.iter_mut().find(|item| id(item) == id(&node)) {
            Some(item) => {
                keep_bookkeeping(item, &mut node);
                *item = node;
            }
            None => items.push(node),
        }
    }
    Ok(())
}

/// What tells an object from others.
fn id(node: &Node) -> [Option<&str>; 4] {
    [
        &["apiVersion"][..],
        &["kind"],
        &["metadata", "namespace"],
        &["metadata", "name"],
    ]
    .map(|way| node.at(way).and_then(Node::text))
}

fn keep_bookkeeping(old: &Node, new: &mut Node) {
    let Some(annotations) = old.at(&["metadata", "annotations"]) else {
        return;
    };
    let is_of_functions = |entry: &&Entry| {
        let key = entry.key.text().unwrap_or_default();
        [
            "config.kubernetes.io/",
            "internal.config.kubernetes.io/",
            "config.k8s.io/",
        ]
        .iter()
        .any(|prefix| key.starts_with(prefix))
    };
    for entry in annotations.entries().iter().filter(is_of_functions) {
        if let Some(metadata) = new.get_mut("metadata") {
            if !metadata.get("annotations").is_some_and(Node::is_map) {
                metadata.set("annotations", Node::map(Vec::new()));
            }
            if let Some(map) = metadata.get_mut("annotations") {
                map.set(entry.key.text().unwrap_or_default(), entry.value.clone());
            }
        }
    }
}

/// A finding as a result of a function.
fn result(finding: &Finding) -> Node {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "info",
    };
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message = format!("{message}; {help}");
    }
    let mut entries = vec![
        Entry::new("message", Node::string(message)),
        Entry::new("severity", Node::string(severity)),
    ];
    if let Some(object) = &finding.object {
        let mut reference = vec![
            Entry::new("kind", Node::string(object.kind.as_str())),
            Entry::new("name", Node::string(object.name.as_str())),
        ];
        if !object.namespace.is_empty() {
            reference.push(Entry::new(
                "namespace",
                Node::string(object.namespace.as_str()),
            ));
        }
        entries.push(Entry::new("resourceRef", Node::map(reference)));
    }
    let mut tags = vec![Entry::new("rule", Node::string(finding.rule))];
    if let Some(place) = &finding.place {
        if let Some(field) = &place.field {
            let path = Entry::new("path", Node::string(field.as_str()));
            entries.push(Entry::new("field", Node::map(vec![path])));
        }
        if let Some(file) = &place.file {
            let path = Entry::new("path", Node::string(&**file));
            entries.push(Entry::new("file", Node::map(vec![path])));
        }
        if place.span.line > 0 {
            let line = Node::string(place.span.line.to_string());
            tags.push(Entry::new("line", line));
        }
    }
    entries.push(Entry::new("tags", Node::map(tags)));
    Node::map(entries)
}
