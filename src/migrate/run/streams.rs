//! Where commands read from and write to: redirections, files, paths.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::files::{Change, Content, Made};
use super::super::shell::{Command, Part, Redirection, Target, Word};
use super::super::value::marks;
use super::{Chunk, Flow, Io, Run, known, texts};
use crate::error::Result;
use crate::load::{Files as _, is_outside};
use crate::place::Span;

impl Run<'_> {
    /// A command whose input or output leads elsewhere.
    pub(super) fn redirected(&mut self, command: &Command, io: &mut Io) -> Result<Flow> {
        let mut inner = Io {
            input: std::mem::take(&mut io.input),
            output: Vec::new(),
        };
        let mut output = None;
        let mut is_dropped = false;
        let mut has_own_input = false;
        for Redirection { descriptor, to } in &command.redirections {
            has_own_input |= !matches!(to, Target::To(_) | Target::Onto(_) | Target::Copy(_));
            match (to, descriptor) {
                (Target::From(Word { parts, .. }), 0)
                    if matches!(&parts[..], [Part::Process { .. }]) =>
                {
                    if let [Part::Process { commands, at }] = &parts[..] {
                        inner.input = self.printed(commands, *at)?;
                    }
                }
                (Target::From(word), 0) => {
                    let name = self.one(word)?;
                    inner.input = self.content(&name, word.at);
                }
                (Target::Document(number), _) => {
                    let source = Arc::clone(&self.source);
                    let word = source.script.documents.get(*number);
                    let text = match word {
                        Some(word) => self.one(word)?,
                        None => String::new(),
                    };
                    inner.input = vec![Chunk::Text { text, origin: None }];
                }
                (Target::Text(word), _) => {
                    let text = self.one(word)? + "\n";
                    inner.input = vec![Chunk::Text { text, origin: None }];
                }
                (Target::To(word), 1) => output = Some((self.one(word)?, word.at, false)),
                (Target::Onto(word), 1) => output = Some((self.one(word)?, word.at, true)),
                (Target::Copy(word), 1) => is_dropped = !word.is("1"),
                _ => {}
            }
        }
        let flow = self.plain(command, &mut inner)?;
        if !has_own_input {
            // What it did not read is there for the next one.
            io.input = std::mem::take(&mut inner.input);
        }
        match output {
            Some((name, at, adds)) => self.write(&name, at, inner.output, adds),
            None if is_dropped => {}
            None => io.output.extend(inner.output),
        }
        Ok(flow)
    }

    /// A path of the script.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.files.canonical(&self.scope.directory.join(name))
    }

    /// What a file holds, for a pipe.
    pub(super) fn content(&mut self, name: &str, at: Span) -> Vec<Chunk> {
        let unknown = |run: &Self, program: &str| {
            vec![Chunk::Unknown {
                program: program.to_owned(),
                at: run.place(at),
            }]
        };
        if name == "/dev/null" {
            return Vec::new();
        }
        if !marks(name).is_empty() {
            return unknown(self, "cat");
        }
        let path = self.path(name);
        let made = self.files.made_at(&path).cloned();
        if let Some(Made {
            content: Content::Build(build),
            ..
        }) = &made
        {
            return vec![Chunk::Build(*build)];
        }
        match self.files.read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => {
                let origin = match made {
                    Some(Made {
                        from: Some(from),
                        changes,
                        ..
                    }) => (from, changes),
                    Some(_) => return vec![Chunk::Text { text, origin: None }],
                    None => (path, Vec::new()),
                };
                vec![Chunk::Text {
                    text,
                    origin: Some(origin),
                }]
            }
            Err(cause) if is_outside(&cause) => {
                self.outside(name);
                unknown(self, "cat")
            }
            _ => unknown(self, "cat"),
        }
    }

    /// Writes what a command prints to a file.
    pub(super) fn write(&mut self, name: &str, at: Span, output: Vec<Chunk>, adds: bool) {
        if name.starts_with("/dev/") || name.is_empty() {
            return;
        }
        let path = self.path(name);
        if !marks(name).is_empty() {
            self.trace.paths.push(path.to_string_lossy().into_owned());
            for chunk in &output {
                if let Chunk::Build(build) = chunk {
                    self.trace.builds[*build].to = None;
                }
            }
            return;
        }
        if let [Chunk::Build(build)] = &output[..] {
            self.trace.builds[*build].to = Some(path.clone());
        }
        let place = self.place(at);
        let mut made = match &output[..] {
            [] => known(String::new(), place),
            [Chunk::Build(build)] => Made {
                content: Content::Build(*build),
                ..known(String::new(), place)
            },
            [
                Chunk::Text {
                    text,
                    origin: Some((from, changes)),
                },
            ] => Made {
                from: Some(from.clone()),
                changes: changes.clone(),
                ..known(text.clone(), place)
            },
            chunks => match texts::joined(chunks) {
                Some(text) => known(text, place),
                None => Made {
                    content: Content::Unknown,
                    ..known(String::new(), place)
                },
            },
        };
        if adds && let Ok(before) = self.files.read(&path) {
            let from = self
                .files
                .made_at(&path)
                .map_or(Some(path.clone()), |made| made.from.clone());
            if let Content::Known(more) = &made.content {
                made.content = Content::Known([&before[..], more].concat().into());
            }
            made.from = from;
            made.changes.push(Change::Other);
        }
        if let Content::Known(bytes) = &made.content {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let what = format!("`{}`", self.readable(name));
            if !marks(&text).is_empty() {
                self.depends_on_unknown(&text, &what, at);
                made.content = Content::Unknown;
            }
        }
        self.files.insert(&path, made);
    }
}
