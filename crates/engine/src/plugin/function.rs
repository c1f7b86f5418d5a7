//! Runs KRM functions: a resource list in, a resource list out.
//!
//! Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md>.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::container::{self, Sources};
use super::specification::{Exec, Specification};
use super::{FunctionOptions, Options, bookkeeping, notice_files};
use kustom_guard::listener;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::{Finding, Severity};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Entry, Manifests, Node, PrintOptions, Style, print_node, read_manifests};

use crate::load::Loader;
use crate::process::{Command, Output};
use crate::resource::Resource;
use crate::write::Scratch;

/// A function and where it runs.
#[derive(Debug)]
pub(super) struct Function {
    how: How,
    /// Its name in findings.
    name: String,
    /// What configures it, as it is given to it.
    configuration: Node,
    root: PathBuf,
    /// What is mounted and not on the disk as it is mounted.
    _copies: Option<Scratch>,
}

/// How a function runs.
#[derive(Debug)]
enum How {
    Container(Vec<OsString>),
    Exec(Command),
    /// Executables are not allowed: its input is its output.
    NotAtAll,
}

impl Function {
    /// The function that an object configures, if it configures one; `text` is the object.
    pub(super) fn new(
        object: &Resource,
        text: &str,
        loader: &Loader<'_>,
        options: &Options,
    ) -> Result<Option<Self>> {
        let Some(spec) = Specification::of(&object.node)? else {
            return Ok(None);
        };
        let options = &options.functions;
        if spec.container.network && !options.network {
            let message = format!("the function {} asks for the network", object.id().shown());
            return Err(Error::new(Kind::Plugin, message).help("it gets it with `--network`"));
        }
        let root = loader.root().to_owned();
        let mut copies = None;
        let how = if !spec.container.image.is_empty() {
            let below = &*copies.insert(for_copies()?);
            let count = Cell::new(0);
            let sources = Sources {
                root: &root,
                declared: &|path| {
                    count.set(count.get() + 1);
                    loader.on_disk(path, below, &count.get().to_string())
                },
                locate: &|path| loader.hand_over(path),
            };
            How::Container(spec.container.arguments(options, &sources)?)
        } else if options.exec && !spec.exec.path.is_empty() {
            notice_files(&object.node, loader);
            How::Exec(spec.exec.command(options, loader)?)
        } else {
            How::NotAtAll
        };
        let text = read_manifests(text.as_bytes(), SourceId::NONE)?;
        let mut configuration = text.documents.into_iter().next().unwrap_or_default();
        // The configuration itself is not meant for a cluster.
        bookkeeping::annotate(
            &mut configuration,
            "config.kubernetes.io/local-config",
            quoted("true"),
        );
        Ok(Some(Self {
            how,
            name: object.id().to_string(),
            configuration,
            root,
            _copies: copies,
        }))
    }

    /// Whether it does anything.
    pub(super) fn runs(&self) -> bool {
        !matches!(self.how, How::NotAtAll)
    }

    /// What it makes; its configuration is the only object that it is given.
    pub(super) fn generate(&self, findings: &mut Vec<Finding>) -> Result<Manifests> {
        self.run(vec![self.configuration.clone()], findings)
    }

    /// What it makes of objects.
    pub(super) fn transform(&self, text: &str, findings: &mut Vec<Finding>) -> Result<Manifests> {
        let objects = read_manifests(text.as_bytes(), SourceId::NONE)?;
        self.run(objects.documents, findings)
    }

    fn run(&self, items: Vec<Node>, findings: &mut Vec<Finding>) -> Result<Manifests> {
        let input = || self.input(items.clone());
        let output = match &self.how {
            How::NotAtAll => {
                return Ok(Manifests {
                    chunks: items.len(),
                    documents: items,
                });
            }
            How::Exec(command) => start(command.clone(), input())?,
            How::Container(arguments) => self.start_container(arguments, input())?,
        };
        let answer = read_manifests(&output.data, SourceId::NONE);
        if output.status.success() {
            let answer = answer?;
            findings.extend(self.remarks(&answer));
            return Ok(answer);
        }
        let error = Error::new(
            Kind::Plugin,
            format!("the function failed: {}", output.ending()),
        );
        let answer = answer.unwrap_or_default();
        Err(results(&answer).into_iter().fold(error, |error, result| {
            error.note(format!("{}: {}", result.severity, result.message), None)
        }))
    }

    /// The results of a function that has not failed; kustomize says nothing of them.
    fn remarks(&self, answer: &Manifests) -> Vec<Finding> {
        let remark = |result: Reported<'_>| {
            let severity = match result.severity {
                "warning" => Severity::Warning,
                "info" => Severity::Note,
                _ => Severity::Error,
            };
            let message = format!("the function `{}` says: {}", self.name, result.message);
            Finding::new("function-result", severity, message)
                .help("it has not failed, so that its answer is used all the same")
        };
        results(answer).into_iter().map(remark).collect()
    }

    /// The list that it is given; every object is numbered, so that the answer can be matched.
    fn input(&self, mut items: Vec<Node>) -> String {
        for (index, item) in items.iter_mut().enumerate() {
            let (index, id) = (index.to_string(), (index + 1).to_string());
            for (key, number) in [
                ("config.kubernetes.io/index", &index),
                ("internal.config.kubernetes.io/index", &index),
                (
                    "internal.config.kubernetes.io/annotations-migration-resource-id",
                    &index,
                ),
                ("internal.config.kubernetes.io/id", &id),
                ("config.k8s.io/id", &id),
            ] {
                bookkeeping::annotate(item, key, quoted(number));
            }
        }
        let list = Node::map(vec![
            Entry::new("apiVersion", Node::string("config.kubernetes.io/v1")),
            Entry::new("kind", Node::string("ResourceList")),
            Entry::new("items", Node::seq(items)),
            Entry::new("functionConfig", self.configuration.clone()),
        ]);
        let options = PrintOptions {
            compact_sequences: true,
            width: None,
            comments: false,
            ..PrintOptions::default()
        };
        print_node(&list, &options)
    }

    fn start_container(&self, arguments: &[OsString], input: String) -> Result<Output> {
        let command = Command {
            arguments: arguments.to_vec(),
            // Files in memory have no directory to run in.
            directory: self.root.is_dir().then(|| self.root.clone()),
            input: input.into_bytes(),
            talks: Some(listener),
            ..Command::default()
        };
        container::run(command)
    }
}

fn start(command: Command, input: String) -> Result<Output> {
    let command = Command {
        input: input.into_bytes(),
        ..command
    };
    command
        .run()
        .map_err(|failure| failure.into_error(&command.program))
}

impl Exec {
    fn command(self, options: &FunctionOptions, loader: &Loader<'_>) -> Result<Command> {
        if loader.root() == Path::new("/") {
            let message = "a function does not run in the root directory";
            return Err(Error::new(Kind::Plugin, message)
                .help("move the kustomization into a directory of its own"));
        }
        // A bare name is looked for on the PATH, anything else from the kustomization on.
        let program = if self.path.contains('/') {
            loader.program(&self.path)?.into_os_string()
        } else {
            self.path.into()
        };
        let mut environment = BTreeMap::new();
        for variable in self.environment.iter().chain(&options.environment) {
            if let Some((name, value)) = variable.split_once('=')
                && !value.contains('=')
            {
                environment.insert(name.into(), value.into());
            }
        }
        Ok(Command {
            directory: Some(loader.hand_over(loader.root())?),
            environment: environment.into_iter().collect(),
            talks: Some(listener),
            ..Command::new(program, self.arguments)
        })
    }
}

fn for_copies() -> Result<Scratch> {
    Scratch::new("kustom-mounts-").map_err(|cause| {
        let message = format!("cannot write what is mounted: {cause}");
        Error::new(Kind::Plugin, message).caused_by(cause)
    })
}

/// A result that a function reports with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reported<'a> {
    severity: &'a str,
    message: &'a str,
}

/// The results that a function reports with its answer.
fn results(answer: &Manifests) -> Vec<Reported<'_>> {
    let lists = answer.documents.iter();
    let results = lists.filter_map(|list| list.get("results"));
    let reported = results.flat_map(Node::items).filter_map(|result| {
        let text = |name: &str| result.get(name).and_then(Node::text);
        Some(Reported {
            severity: text("severity").unwrap_or("error"),
            message: text("message")?.trim(),
        })
    });
    reported.collect()
}

/// A text that could be taken for something else.
fn quoted(text: &str) -> Node {
    Node {
        style: Style::Single,
        ..Node::string(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_function_reports_why() {
        let answer = "kind: ResourceList\nresults:\n- {message: bad, severity: warning}\n- x: y\n\
                      - message: worse\n";
        let answer = read_manifests(answer.as_bytes(), SourceId::NONE).unwrap();
        let reported = results(&answer);
        let words: Vec<_> = reported
            .iter()
            .map(|it| (it.severity, it.message))
            .collect();
        assert_eq!(words, [("warning", "bad"), ("error", "worse")]);
    }
}
