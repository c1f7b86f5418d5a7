//! The command line forms of yq 3, as functions.
//!
//! They take texts and return texts; the caller reads and writes the files.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::{Node, PrintOptions, print, rewrite};

use super::delete::delete as delete_path;
use super::documents::{Documents, documents_of, selected};
use super::merge::Merge;
use super::path::Path;
use super::report::CommandReport;
use super::run::{execute, run_on};
use super::script::{Command, Script};
use super::update::{Typed, update};
use super::value::{ValueFlags, is_block};
use crate::json;

/// A text and which of its documents are meant.
#[derive(Clone, Copy, Debug)]
pub struct Input<'t> {
    /// The text.
    pub text: &'t str,
    /// Which documents.
    pub documents: Documents,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// `-j`: as JSON.
    pub json: bool,
    /// `-P`: in block style, or JSON on several lines.
    pub pretty: bool,
    /// `-I`: with this indentation, everything.
    pub indent: Option<usize>,
}

impl Output {
    /// Whether everything is to be written anew.
    fn prints(self) -> bool {
        self.json || self.pretty || self.indent.is_some()
    }

    /// Writes documents that `before` became, in the text of `before` where nothing else is asked.
    fn write(self, text: &str, before: &[Node], after: &[Node]) -> Result<String> {
        if self.prints() {
            self.print(after)
        } else {
            rewrite(text, before, after)
        }
    }

    /// Writes documents anew.
    fn print(self, documents: &[Node]) -> Result<String> {
        if self.json {
            let indent = if self.pretty { self.step() } else { 0 };
            return json::json_lines(documents, indent);
        }
        let options = PrintOptions {
            indent: self.step(),
            pretty: self.pretty,
            ..PrintOptions::default()
        };
        Ok(print(documents, &options))
    }

    pub(super) fn step(self) -> usize {
        match self.indent {
            // What yq 3 cannot use it takes for something near.
            Some(0) => 4,
            Some(1) => 2,
            Some(indent @ 2..=9) => indent,
            _ => 2,
        }
    }
}

/// What `write` writes: a script, or a value to a path.
#[derive(Clone, Copy, Debug)]
pub enum Write<'a> {
    /// `--script`
    Script(&'a Script),
    /// A path and a value; without one only the style and tag change.
    Value {
        /// The path.
        path: &'a str,
        /// The value.
        value: Option<&'a Node>,
        /// Style, tag and anchor.
        flags: &'a ValueFlags,
    },
}

/// A text after a command, and what the command did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// The text.
    pub text: String,
    /// What each statement did; of commands without statements nothing.
    pub reports: Vec<CommandReport>,
}

/// `write`: changes values.
pub fn write(input: Input<'_>, what: Write<'_>, output: Output) -> Result<Done> {
    match what {
        Write::Script(script) => {
            let outcome = run_on(script, input.text, input.documents, output.prints())?;
            let text = match output.prints() {
                true => output.print(&outcome.documents)?,
                false => outcome.text,
            };
            Ok(Done {
                text,
                reports: outcome.reports,
            })
        }
        Write::Value { path, value, flags } => {
            let parsed = Path::parse(path);
            edit(
                input,
                path,
                &parsed,
                Command::Update,
                output,
                value.is_some_and(is_block),
                |root, report| {
                    let mut value = Typed { value, flags };
                    update(root, &parsed, &mut value, report)
                },
            )
        }
    }
}

/// `delete`: takes values out.
pub fn delete(input: Input<'_>, path: &str, output: Output) -> Result<Done> {
    let parsed = Path::parse(path);
    edit(
        input,
        path,
        &parsed,
        Command::Delete,
        output,
        false,
        |root, report| delete_path(root, &parsed, report),
    )
}

/// Changes the chosen documents of a text, read with their comments where these matter.
fn edit(
    input: Input<'_>,
    path: &str,
    parsed: &Path,
    command: Command,
    output: Output,
    comments: bool,
    mut change: impl FnMut(&mut Node, &mut CommandReport) -> Result<()>,
) -> Result<Done> {
    let before = documents_of(input.text, comments || output.prints())?;
    let mut after = before.clone();
    let mut report = CommandReport {
        command,
        path: path.to_owned(),
        // Who types a path means it.
        expects_creation: true,
        quirks: parsed.quirks().to_vec(),
        ..CommandReport::default()
    };
    for root in selected(&mut after, input.documents)? {
        change(root, &mut report)?;
    }
    Ok(Done {
        text: output.write(input.text, &before, &after)?,
        reports: vec![report],
    })
}

/// `merge`: lays the first document of each text into the chosen ones of the first text.
pub fn merge(input: Input<'_>, others: &[&str], how: &Merge, output: Output) -> Result<Done> {
    let before = documents_of(input.text, true)?;
    let mut after = before.clone();
    let mut sources = Vec::with_capacity(others.len());
    for other in others {
        sources.extend(documents_of(other, true)?.into_iter().next());
    }
    for root in selected(&mut after, input.documents)? {
        for source in &sources {
            how.apply(root, source);
        }
    }
    Ok(Done {
        text: output.write(input.text, &before, &after)?,
        reports: Vec::new(),
    })
}

/// `new`: a document made of nothing.
pub fn new(what: Write<'_>, output: Output) -> Result<String> {
    let mut root = Node::map(Vec::new());
    match what {
        Write::Script(script) => {
            let budget = Budget::default();
            for statement in &script.statements {
                let mut report = CommandReport::of(statement);
                execute(statement, &mut root, &mut report, &budget)?;
            }
        }
        Write::Value { path, value, flags } => {
            let path = Path::parse(path);
            let mut value = Typed { value, flags };
            update(&mut root, &path, &mut value, &mut CommandReport::default())?;
        }
    }
    output.print(&[root])
}

/// `prefix`: puts documents below a path.
pub fn prefix(input: Input<'_>, path: &str, output: Output) -> Result<Done> {
    let parsed = Path::parse(path);
    let before = documents_of(input.text, true)?;
    let mut after = before.clone();
    for root in selected(&mut after, input.documents)? {
        let below = std::mem::take(root);
        let flags = ValueFlags::default();
        let mut value = Typed {
            value: Some(&below),
            flags: &flags,
        };
        let mut report = CommandReport::default();
        update(root, &parsed, &mut value, &mut report)?;
    }
    let output = match output {
        Output {
            indent: None,
            json: false,
            ..
        } => Output {
            indent: Some(2),
            ..output
        },
        output => output,
    };
    Ok(Done {
        text: output.write(input.text, &before, &after)?,
        reports: Vec::new(),
    })
}

/// `validate`: refuses a text that is no YAML.
pub fn validate(text: &str) -> Result<()> {
    documents_of(text, false).map(drop)
}

/// An error of the command line.
pub fn usage(message: impl Into<String>) -> Error {
    Error::new(Kind::Script, message)
}
