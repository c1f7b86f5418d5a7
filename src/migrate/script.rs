//! A script that can be followed: a shell script or a Makefile, and what it is called with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::makefile::{Makefile, STEM};
use super::run::{LEFT_OVER, Run, Search};
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::Finding;
use crate::load::{Files, display_from, unreadable};
use crate::place::Place;

/// A script, and where it is run.
pub(super) struct Script {
    pub(super) path: PathBuf,
    /// The directory that it is run in.
    pub(super) directory: PathBuf,
    /// The directory from which paths are shown.
    pub(super) here: PathBuf,
}

/// What a script is called with.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Call {
    pub(super) words: Vec<String>,
    pub(super) variables: BTreeMap<String, String>,
}

impl Call {
    /// Words of a command line: `NAME=VALUE` sets a variable.
    pub(super) fn of(text: &str) -> Self {
        let mut call = Self::default();
        for word in text.split_whitespace() {
            let is_name = |name: &str| {
                let mut characters = name.chars();
                characters
                    .next()
                    .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                    && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
            };
            match word.split_once('=').filter(|(name, _)| is_name(name)) {
                Some((name, value)) => {
                    call.variables.insert(name.to_owned(), value.to_owned());
                }
                None => call.words.push(word.to_owned()),
            }
        }
        call
    }

    /// The same with a value for one more parameter: the next argument, or a variable.
    pub(super) fn with(&self, parameter: &str, value: &str) -> Option<Self> {
        let mut call = self.clone();
        match parameter.parse::<usize>() {
            Ok(number) if number == call.words.len() + 1 => call.words.push(value.to_owned()),
            Ok(_) => return None,
            Err(_) => {
                call.variables
                    .insert(parameter.to_owned(), value.to_owned());
            }
        }
        Some(call)
    }
}

impl Script {
    pub(super) fn is_makefile(&self) -> bool {
        is_makefile(&self.path)
    }

    /// The name by which messages call it.
    pub(super) fn shown(&self) -> String {
        display_from(&self.here, &self.path)
    }

    /// How it is called.
    pub(super) fn called(&self, call: &Call) -> String {
        let variables = call.variables.iter();
        let variables: Vec<String> = variables
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let words = match self.is_makefile() {
            true => [&["make".to_owned()], &call.words[..], &variables].concat(),
            false => [&variables[..], &[self.shown()], &call.words].concat(),
        };
        words.join(" ")
    }

    /// Follows it.
    ///
    /// # Errors
    ///
    /// A script that cannot be read, or that goes on and on; a target that a Makefile has not.
    pub(super) fn run<'m>(
        &self,
        files: &'m dyn Files,
        search: Search,
        call: &Call,
    ) -> Result<Run<'m>> {
        let mut run = Run::new(files, &self.here, &self.directory, search);
        let name = self
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        if ["justfile", ".justfile"].contains(&&*name) || name.starts_with("taskfile.") {
            let message = format!("`{}` is no shell script and no Makefile", self.shown());
            return Err(Error::new(Kind::Script, message).help(
                "name the script that its recipes call, or the directory of the environments",
            ));
        }
        if !self.is_makefile() {
            let called = display_from(&self.directory, &self.path);
            run.script(&self.path, &called, call.words.clone(), &call.variables)?;
            return Ok(run);
        }
        let name = self.shown();
        let bytes = files
            .read(&self.path)
            .map_err(|cause| unreadable(&name, cause))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut variables = call.variables.clone();
        let stem = variables.remove(STEM);
        let makefile = Makefile::parse(&text, &variables);
        let shown: Arc<str> = name.into();
        for (what, at) in &makefile.skipped {
            let message = format!("{what} of a Makefile is not followed");
            let finding = Finding::warning(LEFT_OVER, message)
                .at(Place::in_file(shown.clone(), *at))
                .help("what it says of builds is not taken over; name the script that it calls");
            run.trace.remark(finding);
        }
        let goals = match call.words.is_empty() {
            true => makefile.goals(&variables),
            false => call.words.clone(),
        };
        for goal in goals {
            if !makefile.knows(&goal) {
                let known = makefile.goals(&variables);
                let error = Error::new(Kind::Script, format!("`{shown}` has no target `{goal}`"));
                return Err(match nearest(&goal, known.iter().map(String::as_str)) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!("those that build are `{}`", known.join("`, `"))),
                });
            }
            // A pattern is tried with a parameter for its stem.
            let lines = makefile.recipe(&goal, &variables);
            let lines: Vec<_> = lines
                .into_iter()
                .map(|(line, at)| match goal.contains('%') {
                    true => (line.replace('%', &format!("${{{STEM}}}")), at),
                    false => (line, at),
                })
                .collect();
            let mut set = variables.clone();
            set.extend(stem.clone().map(|stem| (STEM.to_owned(), stem)));
            run.lines(&self.path, &lines, &set)?;
        }
        Ok(run)
    }
}

/// Whether a file is one of make's.
pub(super) fn is_makefile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ["Makefile", "makefile", "GNUmakefile"].contains(&&*name) || name.ends_with(".mk")
}
