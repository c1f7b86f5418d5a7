//! Reads shell scripts into a tree, without running anything.
//!
//! The grammar is that of POSIX `sh` with what scripts for bash add every day: `[[ … ]]`, arrays,
//! `function`, `<<<`, `&>`, `$'…'`, `${x//a/b}` and braces. What is rare (`select`, `coproc`, C-style
//! `for`, process substitution) is kept as [`What::Unsupported`], so that the lines around it are
//! still read. Every command and word knows its place.
//! Source: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>.

mod braces;
mod parse;
mod words;

use std::sync::Arc;

use crate::error::Result;
use crate::place::Span;

/// A script, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    /// The bodies of here-documents, by the numbers that redirections have of them.
    pub(super) documents: Vec<Word>,
}

/// One command, simple or compound.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Command {
    pub(super) at: Span,
    pub(super) what: What,
    pub(super) redirections: Vec<Redirection>,
}

/// What a command is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// Assignments, and the words of a program and its arguments.
    Simple {
        assignments: Vec<Assignment>,
        words: Vec<Word>,
    },
    /// Commands that are connected by pipes, or one that is negated.
    Pipeline { negated: bool, stages: Vec<Command> },
    /// `a && b`
    And(Box<Command>, Box<Command>),
    /// `a || b`
    Or(Box<Command>, Box<Command>),
    /// `{ …; }`
    Group(Vec<Command>),
    /// `( … )`
    Subshell(Vec<Command>),
    /// Conditions with what they guard, and what is done if none holds.
    If {
        arms: Vec<(Vec<Command>, Vec<Command>)>,
        otherwise: Vec<Command>,
    },
    /// `for x in …`; without items those of the arguments.
    For {
        variable: String,
        items: Option<Vec<Word>>,
        body: Vec<Command>,
    },
    /// `while` or, where it ends once the condition holds, `until`.
    Loop {
        until: bool,
        condition: Vec<Command>,
        body: Vec<Command>,
    },
    /// `case`, with the patterns and the commands of each arm.
    Case {
        subject: Word,
        arms: Vec<(Vec<Word>, Vec<Command>)>,
    },
    /// `name() …`
    Function { name: String, body: Arc<Command> },
    /// `[[ … ]]`, as its words.
    Test(Vec<Word>),
    /// What this reader knows and does not take apart.
    Unsupported(&'static str),
}

/// `NAME=VALUE`, `NAME+=VALUE`, `NAME=(…)`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Assignment {
    pub(super) name: String,
    /// Whether it is added to what is there.
    pub(super) appends: bool,
    pub(super) value: Assigned,
}

/// What a variable gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Assigned {
    Text(Word),
    List(Vec<Word>),
}

/// `> file`, `2>&1`, `<< END`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Redirection {
    /// The descriptor; without one 0 for input, 1 for output.
    pub(super) descriptor: u32,
    pub(super) to: Target,
}

/// Where a descriptor leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// Reads a file.
    From(Word),
    /// Writes a file.
    To(Word),
    /// Adds to a file.
    Onto(Word),
    /// Another descriptor, `-` for none.
    Copy(Word),
    /// A here-document, by its number.
    Document(usize),
    /// `<<< word`
    Text(Word),
}

/// A word before its expansion.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Word {
    pub(super) at: Span,
    pub(super) parts: Vec<Part>,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Text; what is quoted is neither split nor a pattern.
    Text { text: String, quoted: bool },
    /// `$x`, `${x…}`
    Parameter { parameter: Parameter, quoted: bool },
    /// `$(…)`
    Output {
        commands: Vec<Command>,
        quoted: bool,
        at: Span,
    },
    /// `<(…)`: a file with what commands print.
    Process { commands: Vec<Command>, at: Span },
    /// What has a value that this reader does not work out: `$((…))`.
    Unsupported(Span),
}

/// A parameter, and what is made of its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) at: Span,
    pub(super) index: Option<Index>,
    pub(super) operation: Operation,
}

/// Which element of an array is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Index {
    /// `[@]`, `[*]`
    All,
    /// `[3]`, `[$x]`
    One(String),
}

/// What `${…}` does with a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operation {
    /// Nothing.
    Value,
    /// `${#x}`
    Length,
    /// `${!x[@]}`: the keys of an array.
    Keys,
    /// `${x:-y}` and its kin: `-`, `=`, `?` or `+`; with a colon an empty value counts as none.
    Default {
        kind: char,
        or_empty: bool,
        word: Word,
    },
    /// `${x#y}`, `${x%%y}`
    Trim {
        prefix: bool,
        longest: bool,
        pattern: Word,
    },
    /// `${x/y/z}`, `${x//y/z}`
    Replace {
        all: bool,
        pattern: Word,
        with: Word,
    },
    /// `${x^^}`, `${x,,}`, `${x^}`, `${x,}`
    Case { upper: bool, all: bool },
    /// What this reader does not work out.
    Unsupported,
}

/// Reads a script.
///
/// # Errors
///
/// What bash would refuse: a quote or a block that does not end, a word where none may be.
pub(super) fn parse(text: &str) -> Result<Script> {
    parse::Parser::new(text).script()
}

/// Reads commands that stand in another file, all at one place of it.
///
/// # Errors
///
/// As [`parse()`].
pub(super) fn parse_at(text: &str, at: Span) -> Result<Script> {
    parse::Parser::fixed(text, at).script()
}

impl Word {
    /// The text of a word that has nothing to expand.
    pub(super) fn literal(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Whether it is just this, without quotes.
    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(&self.parts[..], [Part::Text { text, quoted: false }] if text == wanted)
    }
}

#[cfg(test)]
mod tests;
