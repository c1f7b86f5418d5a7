//! Follows a script without running it: what it would write is kept in memory, and what it would
//! run is looked at.
//!
//! Programs that work on files (`cp`, `mkdir`, `cat`, `yq` …) are done in memory; `kustomize build`
//! is noted; everything else is remarked upon if it may matter. A value that only a run can tell
//! is carried along as unknown ([`super::value`]).

mod build;
mod conditions;
mod expand;
mod files;
mod programs;
mod streams;
mod texts;
mod yq;

pub(super) use texts::substituted;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Change, Content, Made, ModelFiles};
use super::shell::{self, Assigned, Assignment, Command, Script, What, Word};
use super::trace::Trace;
use super::value::{MARK, Unknown, mark, marks};
use crate::error::{Error, Kind, Result};
use crate::finding::{Finding, Severity};
use crate::load::{Files, display_from, unreadable};
use crate::place::{Place, Span};

/// How many commands a run may have.
const MOST: usize = 200_000;
/// How deep functions and scripts may call each other.
const DEEPEST: usize = 40;
/// How often a loop goes round where arguments are looked for.
const ROUNDS: usize = 100;
/// How long a script may be.
const LONGEST: usize = 1 << 20;

/// The rule of what nobody takes over.
pub(super) const LEFT_OVER: &str = "migration-left-over";
/// The rule of what stays as it is, outside of kustom.
pub(super) const STAYS: &str = "migration-stays";

/// Whether a run is to find out what a script is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// No: what is not said is empty.
    No,
    /// Yes.
    Yes,
    /// Yes, and what has a default is looked for, too.
    Defaults,
}

/// A run of a script.
pub(super) struct Run<'m> {
    pub(super) files: ModelFiles<'m>,
    pub(super) trace: Trace,
    pub(super) unknown: Vec<Unknown>,
    /// Whether arguments and variables are only looked for.
    is_search: bool,
    /// Whether a default is no value: what has one is looked for, too.
    without_defaults: bool,
    scope: Scope,
    functions: BTreeMap<String, (Arc<Source>, Arc<Command>)>,
    source: Arc<Source>,
    /// The directory from which paths are shown.
    here: PathBuf,
    steps: usize,
    depth: usize,
    /// How many conditions it is in, where a failure ends nothing.
    conditions: usize,
    ends_on_failure: bool,
    temporary: usize,
}

/// What a subshell has of its own.
#[derive(Clone, Debug, Default)]
struct Scope {
    directory: PathBuf,
    variables: BTreeMap<String, Value>,
    arguments: Vec<String>,
    /// How many arguments of the script were shifted away.
    shifted: usize,
    /// The name by which the script was called.
    called: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    List(Vec<String>),
}

/// A script that was read.
#[derive(Debug, Default)]
struct Source {
    name: Arc<str>,
    path: PathBuf,
    script: Script,
}

/// Whether a command succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Success,
    Failure,
    /// Only a run can tell; success is what scripts count on.
    Unknown,
}

/// What comes after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next(Status),
    Return(Status),
    Break,
    Continue,
    Exit(Status),
}

/// What flows through pipes and into files.
#[derive(Clone, Debug)]
enum Chunk {
    Text {
        text: String,
        /// The file that this is the content of, and what was done to it.
        origin: Option<(PathBuf, Vec<Change>)>,
    },
    /// The output of a build, by its number.
    Build(usize),
    /// What a program prints that is not followed.
    Unknown { program: String, at: Place },
}

#[derive(Debug, Default)]
struct Io {
    input: Vec<Chunk>,
    output: Vec<Chunk>,
}

impl Io {
    fn print(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.output.push(Chunk::Text { text, origin: None });
    }
}

impl<'m> Run<'m> {
    /// A run in a directory; paths are shown from `here`.
    pub(super) fn new(files: &'m dyn Files, here: &Path, directory: &Path, search: Search) -> Self {
        Self {
            files: ModelFiles::new(files),
            trace: Trace::default(),
            unknown: Vec::new(),
            is_search: search != Search::No,
            without_defaults: search == Search::Defaults,
            scope: Scope {
                directory: directory.to_path_buf(),
                ..Scope::default()
            },
            functions: BTreeMap::new(),
            source: Arc::default(),
            here: here.to_path_buf(),
            steps: 0,
            depth: 0,
            conditions: 0,
            ends_on_failure: false,
            temporary: 0,
        }
    }

    /// Follows the script in a file.
    ///
    /// # Errors
    ///
    /// A script that cannot be read, or that goes on and on.
    pub(super) fn script(
        &mut self,
        path: &Path,
        called: &str,
        arguments: Vec<String>,
        variables: &BTreeMap<String, String>,
    ) -> Result<()> {
        let source = self.read_script(path)?;
        self.scope.arguments = arguments;
        called.clone_into(&mut self.scope.called);
        self.set_variables(variables);
        self.source = Arc::new(source);
        self.main()
    }

    /// Follows lines of a recipe, each in a shell of its own.
    ///
    /// # Errors
    ///
    /// As [`Self::script`].
    pub(super) fn lines(
        &mut self,
        name: &Path,
        lines: &[(String, Span)],
        variables: &BTreeMap<String, String>,
    ) -> Result<()> {
        self.set_variables(variables);
        for (line, at) in lines {
            let shown: Arc<str> = self.shown(name).into();
            let script = shell::parse_at(line, *at)
                .map_err(|error| error.name_files(|_| Some(shown.clone())))?;
            self.source = Arc::new(Source {
                name: shown,
                path: name.to_path_buf(),
                script,
            });
            let scope = self.scope.clone();
            self.main()?;
            self.scope = scope;
        }
        Ok(())
    }

    fn set_variables(&mut self, variables: &BTreeMap<String, String>) {
        for (name, value) in variables {
            let value = Value::Text(value.clone());
            self.scope.variables.insert(name.clone(), value);
        }
    }

    fn main(&mut self) -> Result<()> {
        let source = Arc::clone(&self.source);
        self.ends_on_failure = false;
        self.list(&source.script.commands, &mut Io::default())?;
        Ok(())
    }

    fn read_script(&self, path: &Path) -> Result<Source> {
        let name: Arc<str> = self.shown(path).into();
        let bytes = self
            .files
            .read(path)
            .map_err(|cause| unreadable(&name, cause))?;
        let wrong = |message: &str| {
            Error::new(Kind::Script, format!("`{name}` {message}")).at(Place::file(name.clone()))
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))?;
        if text.len() > LONGEST {
            return Err(wrong("is longer than 1 MiB"));
        }
        if text.contains(MARK) {
            return Err(wrong(
                "holds the character U+F8FF, which is for private use",
            ));
        }
        let first = text.lines().next().unwrap_or_default();
        if first.starts_with("#!") && !is_shell(first) {
            return Err(wrong("is no shell script").help(
                "name the script that calls kustomize, or the directory of the environments",
            ));
        }
        let script =
            shell::parse(&text).map_err(|error| error.name_files(|_| Some(name.clone())))?;
        Ok(Source {
            name,
            path: path.to_path_buf(),
            script,
        })
    }

    // ---- what is told

    fn place(&self, span: Span) -> Place {
        Place::in_file(Arc::clone(&self.source.name), span)
    }

    fn shown(&self, path: &Path) -> String {
        display_from(&self.here, path)
    }

    fn left_over(&mut self, at: Span, message: impl Into<String>, help: impl Into<String>) {
        let place = self.place(at);
        let finding = Finding::warning(LEFT_OVER, message).at(place).help(help);
        self.trace.remark(finding);
    }

    fn stays(&mut self, at: Span, message: impl Into<String>, help: impl Into<String>) {
        let place = self.place(at);
        let finding = Finding::new(STAYS, Severity::Note, message)
            .at(place)
            .help(help);
        self.trace.remark(finding);
    }

    /// Says that a path of the script is not looked at.
    fn outside(&mut self, name: &str) {
        let name = self.readable(name);
        let message = format!("`{name}` lies outside of the tree, and is not looked at");
        let place = Place::file(Arc::clone(&self.source.name));
        let help = "the tree is that of the git repository or, where there is none, the directory \
                    that the script is run in; `--allow-read PATH` allows more";
        let finding = Finding::warning(LEFT_OVER, message).at(place).help(help);
        self.trace.remark(finding);
    }

    /// An unknown value, as text.
    fn unknown(&mut self, what: Unknown) -> String {
        let known = self.unknown.iter().position(|one| *one == what);
        let number = known.unwrap_or_else(|| {
            self.unknown.push(what);
            self.unknown.len() - 1
        });
        mark(number)
    }

    /// A text with names in place of its unknown values, for people.
    fn readable(&self, text: &str) -> String {
        programs::readable(text, &self.unknown)
    }

    /// Says what is not known of a text that matters; whether there is something.
    fn depends_on_unknown(&mut self, text: &str, what: &str, at: Span) -> bool {
        let numbers = marks(text);
        let Some(unknown) = numbers.first().and_then(|number| self.unknown.get(*number)) else {
            return false;
        };
        if self.is_search {
            return true;
        }
        let (message, help) = match unknown.clone() {
            Unknown::Parameter(name) => {
                let is_argument = name.starts_with(|c: char| c.is_ascii_digit());
                let help = match is_argument {
                    true => {
                        "say the arguments of the script: `--env NAME='FIRST SECOND'`".to_owned()
                    }
                    false => format!("say its value: `--env NAME='{name}=…'`"),
                };
                (
                    format!("{what} depends on `${name}`, which is not known"),
                    help,
                )
            }
            Unknown::Output { program, .. } => (
                format!("{what} depends on what `{program}` prints"),
                "kustom runs no program of a script; write the value down, in `values` or a patch"
                    .to_owned(),
            ),
        };
        self.left_over(at, message, help);
        true
    }

    // ---- commands

    fn list(&mut self, commands: &[Command], io: &mut Io) -> Result<Flow> {
        let mut status = Status::Success;
        for command in commands {
            match self.command(command, io)? {
                Flow::Next(next) => status = next,
                other => return Ok(other),
            }
            let may_end = matches!(command.what, What::Simple { .. } | What::Test(_));
            let ends = self.ends_on_failure && self.conditions == 0 && may_end;
            if ends && status == Status::Failure {
                return Ok(Flow::Exit(status));
            }
        }
        Ok(Flow::Next(status))
    }

    fn command(&mut self, command: &Command, io: &mut Io) -> Result<Flow> {
        self.steps += 1;
        if self.steps > MOST {
            let message = format!("the script goes on for more than {MOST} commands");
            return Err(Error::new(Kind::Script, message)
                .at(self.place(command.at))
                .help("name the directory of the environments instead of the script"));
        }
        if command.redirections.is_empty() {
            return self.plain(command, io);
        }
        self.redirected(command, io)
    }

    fn plain(&mut self, command: &Command, io: &mut Io) -> Result<Flow> {
        match &command.what {
            What::Simple { assignments, words } => self.simple(assignments, words, command.at, io),
            What::Pipeline { negated, stages } => self.pipeline(*negated, stages, io),
            What::And(left, right) => {
                let flow = self.condition(|run| run.command(left, io))?;
                match flow {
                    Flow::Next(Status::Failure) => Ok(flow),
                    Flow::Next(_) => self.command(right, io),
                    other => Ok(other),
                }
            }
            What::Or(left, right) => {
                let flow = self.condition(|run| run.command(left, io))?;
                match flow {
                    Flow::Next(Status::Failure) => self.command(right, io),
                    other => Ok(other),
                }
            }
            What::Group(inside) => self.list(inside, io),
            What::Subshell(inside) => {
                let scope = self.scope.clone();
                let flow = self.list(inside, io);
                self.scope = scope;
                Ok(match flow? {
                    Flow::Exit(status) | Flow::Return(status) => Flow::Next(status),
                    other => other,
                })
            }
            What::If { arms, otherwise } => {
                for (condition, body) in arms {
                    match self.condition(|run| run.list(condition, io))? {
                        Flow::Next(Status::Failure) => {}
                        Flow::Next(_) => return self.list(body, io),
                        other => return Ok(other),
                    }
                }
                self.list(otherwise, io)
            }
            What::For {
                variable,
                items,
                body,
            } => self.for_each(variable, items.as_deref(), body, io),
            What::Loop {
                until,
                condition,
                body,
            } => self.repeat(*until, condition, body, command.at, io),
            What::Case { subject, arms } => {
                let subject = self.one(subject)?;
                self.case(&subject, arms, io)
            }
            What::Function { name, body } => {
                let function = (Arc::clone(&self.source), Arc::clone(body));
                self.functions.insert(name.clone(), function);
                Ok(Flow::Next(Status::Success))
            }
            What::Test(words) => Ok(Flow::Next(self.double_brackets(words)?)),
            What::Unsupported(what) => {
                if *what != "arithmetic" {
                    let help = "what it does is not taken over; name the directory of the \
                                environments, or say `--env` for what it would choose";
                    self.left_over(command.at, format!("{what}, and is not followed"), help);
                }
                Ok(Flow::Next(Status::Unknown))
            }
        }
    }

    fn condition(&mut self, work: impl FnOnce(&mut Self) -> Result<Flow>) -> Result<Flow> {
        self.conditions += 1;
        let flow = work(self);
        self.conditions -= 1;
        flow
    }

    fn pipeline(&mut self, negated: bool, stages: &[Command], io: &mut Io) -> Result<Flow> {
        let mut input = std::mem::take(&mut io.input);
        let mut status = Status::Success;
        for stage in stages {
            let mut inner = Io {
                input,
                output: Vec::new(),
            };
            // Each stage is a process of its own.
            let scope = (stages.len() > 1).then(|| self.scope.clone());
            let flow = self.condition(|run| run.command(stage, &mut inner))?;
            if let Some(scope) = scope {
                self.scope = scope;
            }
            status = match flow {
                Flow::Next(status) | Flow::Return(status) | Flow::Exit(status) => status,
                Flow::Break | Flow::Continue => Status::Success,
            };
            input = inner.output;
        }
        io.output.extend(input);
        Ok(Flow::Next(match (negated, status) {
            (true, Status::Success) => Status::Failure,
            (true, Status::Failure) => Status::Success,
            (_, status) => status,
        }))
    }

    fn for_each(
        &mut self,
        variable: &str,
        items: Option<&[Word]>,
        body: &[Command],
        io: &mut Io,
    ) -> Result<Flow> {
        let items = match items {
            Some(words) => self.fields(words)?,
            None => self.scope.arguments.clone(),
        };
        let mut status = Status::Success;
        for item in items {
            let value = Value::Text(item);
            self.scope.variables.insert(variable.to_owned(), value);
            match self.list(body, io)? {
                Flow::Next(next) => status = next,
                Flow::Continue => {}
                Flow::Break => break,
                other => return Ok(other),
            }
        }
        Ok(Flow::Next(status))
    }

    /// `while read`: once for each line that is known; another loop once.
    fn repeat(
        &mut self,
        until: bool,
        condition: &[Command],
        body: &[Command],
        at: Span,
        io: &mut Io,
    ) -> Result<Flow> {
        for round in 0.. {
            let flow = self.condition(|run| run.list(condition, io))?;
            let goes_on = match flow {
                Flow::Next(Status::Success) => !until,
                Flow::Next(Status::Failure) => until,
                Flow::Next(Status::Unknown) if round > 0 => false,
                Flow::Next(Status::Unknown) => {
                    let help = "what it does is taken over as of its first round";
                    self.left_over(at, "how often a loop goes round is not known", help);
                    true
                }
                other => return Ok(other),
            };
            // What is looked for was seen in the first rounds.
            if !goes_on || (self.is_search && round > ROUNDS) {
                break;
            }
            match self.list(body, io)? {
                Flow::Next(_) | Flow::Continue => {}
                Flow::Break => break,
                other => return Ok(other),
            }
        }
        Ok(Flow::Next(Status::Success))
    }

    fn case(
        &mut self,
        subject: &str,
        arms: &[(Vec<Word>, Vec<Command>)],
        io: &mut Io,
    ) -> Result<Flow> {
        let unknown = super::value::marked(subject);
        for (patterns, body) in arms {
            for word in patterns {
                let pattern = self.pattern(word)?;
                if let Some(number) = unknown {
                    // What it is compared with is what it may be.
                    if let Some(text) = word.literal().filter(|_| !pattern.is_wild()) {
                        self.trace.choices.entry(number).or_default().insert(text);
                    }
                } else if pattern.fits(subject) {
                    return self.list(body, io);
                }
            }
        }
        Ok(Flow::Next(match unknown {
            Some(_) => Status::Unknown,
            None => Status::Success,
        }))
    }

    fn simple(
        &mut self,
        assignments: &[Assignment],
        words: &[Word],
        at: Span,
        io: &mut Io,
    ) -> Result<Flow> {
        let words = self.fields(words)?;
        let Some((program, arguments)) = words.split_first() else {
            for assignment in assignments {
                self.assign(assignment)?;
            }
            return Ok(Flow::Next(Status::Success));
        };
        let declares = ["local", "export", "declare", "readonly", "typeset"];
        if declares.contains(&program.as_str()) {
            for assignment in assignments {
                self.assign(assignment)?;
            }
            return Ok(Flow::Next(Status::Success));
        }
        let mut before = Vec::new();
        for assignment in assignments {
            let name = assignment.name.clone();
            before.push((name.clone(), self.scope.variables.get(&name).cloned()));
            self.assign(assignment)?;
        }
        let flow = self.call(program, arguments, at, io)?;
        for (name, value) in before.into_iter().rev() {
            match value {
                Some(value) => self.scope.variables.insert(name, value),
                None => self.scope.variables.remove(&name),
            };
        }
        Ok(flow)
    }

    fn assign(&mut self, assignment: &Assignment) -> Result<()> {
        let value = match &assignment.value {
            Assigned::Text(word) => Value::Text(self.one(word)?),
            Assigned::List(words) => Value::List(self.fields(words)?),
        };
        let name = assignment.name.clone();
        let value = match (
            assignment.appends,
            self.scope.variables.remove(&name),
            value,
        ) {
            (true, Some(Value::List(mut list)), Value::List(more)) => {
                list.extend(more);
                Value::List(list)
            }
            (true, Some(Value::Text(text)), Value::Text(more)) => Value::Text(text + &more),
            (_, _, value) => value,
        };
        self.scope.variables.insert(name, value);
        Ok(())
    }

    /// A function, a script of the tree, or a program.
    fn call(&mut self, program: &str, arguments: &[String], at: Span, io: &mut Io) -> Result<Flow> {
        if let Some((source, body)) = self.functions.get(program).cloned() {
            self.enter(at)?;
            let source = std::mem::replace(&mut self.source, source);
            let given = std::mem::replace(&mut self.scope.arguments, arguments.to_vec());
            let shifted = self.scope.shifted;
            let flow = self.command(&body, io);
            self.scope.arguments = given;
            self.scope.shifted = shifted;
            self.source = source;
            self.depth -= 1;
            return Ok(match flow? {
                Flow::Return(status) => Flow::Next(status),
                other => other,
            });
        }
        self.program(program, arguments, at, io)
    }

    fn enter(&mut self, at: Span) -> Result<()> {
        self.depth += 1;
        if self.depth <= DEEPEST {
            return Ok(());
        }
        let message = format!("functions call each other more than {DEEPEST} deep");
        Err(Error::new(Kind::Script, message).at(self.place(at)))
    }

    /// A script of the tree in a process of its own.
    fn child(
        &mut self,
        path: &Path,
        called: &str,
        arguments: &[String],
        at: Span,
        io: &mut Io,
    ) -> Result<Flow> {
        let source = match self.read_script(path) {
            Ok(source) => Arc::new(source),
            Err(error) => {
                let message = format!("`{called}` is not followed: {}", error.message());
                let help = "what it does is not taken over";
                self.left_over(at, message, help);
                return Ok(Flow::Next(Status::Unknown));
            }
        };
        self.enter(at)?;
        let scope = self.scope.clone();
        let functions = std::mem::take(&mut self.functions);
        let outer = std::mem::replace(&mut self.source, Arc::clone(&source));
        let ends_on_failure = std::mem::take(&mut self.ends_on_failure);
        self.scope.arguments = arguments.to_vec();
        self.scope.shifted = 0;
        called.clone_into(&mut self.scope.called);
        let flow = self.list(&source.script.commands, io);
        self.ends_on_failure = ends_on_failure;
        self.source = outer;
        self.functions = functions;
        self.scope = scope;
        self.depth -= 1;
        Ok(match flow? {
            Flow::Exit(status) | Flow::Return(status) => Flow::Next(status),
            other => other,
        })
    }

    /// A file of commands that are followed as if they stood here.
    fn sourced(&mut self, name: &str, at: Span, io: &mut Io) -> Result<Flow> {
        let path = self.path(name);
        let source = match self.read_script(&path) {
            Ok(source) => Arc::new(source),
            Err(error) => {
                let shown = match marks(name).is_empty() {
                    true => self.shown(&path),
                    false => self.readable(name),
                };
                let message = match error.message().contains(&*shown) {
                    true => format!("a file of commands is not followed: {}", error.message()),
                    false => format!("`{shown}` is not followed: {}", error.message()),
                };
                self.left_over(at, message, "what it does is not taken over");
                return Ok(Flow::Next(Status::Unknown));
            }
        };
        self.enter(at)?;
        let outer = std::mem::replace(&mut self.source, Arc::clone(&source));
        let flow = self.list(&source.script.commands, io);
        self.source = outer;
        self.depth -= 1;
        Ok(match flow? {
            Flow::Return(status) => Flow::Next(status),
            other => other,
        })
    }
}

/// An expression with the names of the files that it loads changed.
pub(super) fn with_loads(expression: &str, change: impl Fn(&str) -> String) -> String {
    let mut result = String::new();
    let mut rest = expression;
    while let Some((before, behind)) = rest.split_once("load") {
        result.push_str(before);
        result.push_str("load");
        let kinds = ["_str", "_xml", "_props", "_base64", ""];
        let found = kinds.iter().find_map(|kind| {
            let inside = behind.strip_prefix(kind)?.strip_prefix("(\"")?;
            let (name, after) = inside.split_once('"')?;
            Some((kind, name, after))
        });
        match found {
            Some((kind, name, after)) => {
                result.push_str(&format!("{kind}(\"{}\"", change(name)));
                rest = after;
            }
            None => rest = behind,
        }
    }
    result + rest
}

fn known(text: String, at: Place) -> Made {
    Made {
        content: Content::Known(text.into_bytes().into()),
        from: None,
        changes: Vec::new(),
        at,
    }
}

/// Whether the first line of a script names a shell.
fn is_shell(line: &str) -> bool {
    ["sh", "bash", "dash", "ksh", "zsh", "busybox"]
        .iter()
        .any(|shell| {
            line.split(['/', ' '])
                .any(|word| word.trim_start_matches('!').trim() == *shell)
        })
}
