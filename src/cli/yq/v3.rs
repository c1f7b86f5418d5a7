//! The command lines of yq 3.

use kustom::diff::Lines;
use kustom::error::Result;
use kustom::finding::{Finding, Severity};
use kustom::yaml::{Node, Style};
use kustom::yq::v3::{
    self, Arrays, Command, CommandReport, Comments, Documents, Done, Input, Merge, Output, Reading,
    Script, Shown, ValueFlags, Write,
};

use super::super::flags::{self, Flag, switch, with_value};
use super::super::output::Streams;
use super::{most, named, read_at_most, write_text};

/// A command of yq 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Write,
    Delete,
    Merge,
    New,
    Prefix,
    Read,
    Compare,
    Validate,
}

/// The flags of yq 3.
const FLAGS: &[Flag] = &[
    with_value("anchorName", None),
    with_value("arrays", Some('a')),
    switch("autocreate", Some('c')),
    switch("colors", Some('C')),
    with_value("comments", None),
    with_value("defaultValue", Some('D')),
    with_value("doc", Some('d')),
    switch("explain", None),
    with_value("from", Some('f')),
    with_value("indent", Some('I')),
    with_value("max-file-size", None),
    switch("inplace", Some('i')),
    switch("makeAlias", None),
    switch("overwrite", Some('x')),
    switch("prettyPrint", Some('P')),
    with_value("printMode", Some('p')),
    with_value("script", Some('s')),
    with_value("style", None),
    with_value("tag", Some('t')),
    switch("tojson", Some('j')),
    switch("unwrapScalar", None),
    switch("verbose", Some('v')),
];

/// The flags of `read` and `compare`, of which one has the letter of another command's.
const READ_FLAGS: &[Flag] = &[
    switch("collect", Some('c')),
    switch("colors", Some('C')),
    with_value("defaultValue", Some('D')),
    with_value("doc", Some('d')),
    switch("explodeAnchors", Some('X')),
    with_value("indent", Some('I')),
    switch("length", Some('l')),
    with_value("max-file-size", None),
    switch("prettyPrint", Some('P')),
    with_value("printMode", Some('p')),
    switch("stripComments", None),
    switch("tojson", Some('j')),
    switch("unwrapScalar", None),
    switch("verbose", Some('v')),
];

impl Form {
    /// The command of this name.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "write" | "w" => Self::Write,
            "delete" | "d" => Self::Delete,
            "merge" | "m" => Self::Merge,
            "new" | "n" => Self::New,
            "prefix" | "p" => Self::Prefix,
            "read" | "r" => Self::Read,
            "compare" | "x" => Self::Compare,
            "validate" | "v" => Self::Validate,
            _ => return None,
        })
    }

    /// Runs the command; whether the exit status is success.
    pub(super) fn run(self, arguments: &[String], streams: &Streams) -> Result<bool> {
        let known = match self {
            Self::Read | Self::Compare => READ_FLAGS,
            _ => FLAGS,
        };
        let arguments = flags::Arguments::parse(arguments, known).map_err(v3::usage)?;
        let call = Call {
            documents: match arguments.value("doc") {
                Some(text) => text.parse()?,
                None => Documents::default(),
            },
            output: output_of(&arguments)?,
            arguments,
            streams,
        };
        match self {
            Self::Write => call.write(),
            Self::Delete => call.delete(),
            Self::Merge => call.merge(),
            Self::New => call.new_document(),
            Self::Prefix => call.prefix(),
            Self::Read => call.read(),
            Self::Compare => return call.compare(),
            Self::Validate => call.validate(),
        }?;
        Ok(true)
    }
}

/// A command of yq 3 with its arguments.
struct Call<'s> {
    arguments: flags::Arguments,
    documents: Documents,
    output: Output,
    streams: &'s Streams,
}

impl Call<'_> {
    /// The text of a file.
    fn text(&self, file: &str) -> Result<String> {
        read_at_most(file, most(&self.arguments)?)
    }

    fn write(&self) -> Result<()> {
        let words = &self.arguments.words;
        if let Some(name) = self.arguments.value("script") {
            let script = Script::parse(&self.text(name)?, name)?;
            let Some(file) = words.first() else {
                return Err(v3::usage("expected a file"));
            };
            return self.change(file, |input| {
                v3::write(input, Write::Script(&script), self.output)
            });
        }
        let (flags, from) = (self.value_flags(), self.from()?);
        let (file, path, value) = match (words.as_slice(), from) {
            ([file, path], from) => (file, path, from),
            ([file, path, value], None) => (file, path, Some(v3::argument(value, &flags))),
            _ => return Err(v3::usage("expected a file, a path and a value")),
        };
        self.change(file, |input| {
            let what = Write::Value {
                path,
                value: value.as_ref(),
                flags: &flags,
            };
            v3::write(input, what, self.output)
        })
    }

    fn delete(&self) -> Result<()> {
        let [file, path] = self.arguments.words.as_slice() else {
            return Err(v3::usage("expected a file and a path to delete"));
        };
        self.change(file, |input| v3::delete(input, path, self.output))
    }

    fn merge(&self) -> Result<()> {
        let Some((file, others)) = self.arguments.words.split_first() else {
            return Err(v3::usage("expected at least one file"));
        };
        let mut how = Merge {
            overwrite: self.arguments.is_on("overwrite"),
            create: !self.arguments.is_off("autocreate"),
            ..Merge::default()
        };
        if let Some(name) = self.arguments.value("arrays") {
            how.arrays = Arrays::named(name).ok_or_else(|| {
                v3::usage(format!("`{name}` is no way to merge sequences"))
                    .help("the ways are `update`, `overwrite` and `append`")
            })?;
        }
        if let Some(name) = self.arguments.value("comments") {
            how.comments = Comments::named(name).ok_or_else(|| {
                v3::usage(format!("`{name}` is no way to merge comments"))
                    .help("the ways are `setWhenBlank`, `ignore`, `append` and `overwrite`")
            })?;
        }
        let texts = others
            .iter()
            .map(|other| self.text(other))
            .collect::<Result<Vec<String>>>()?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.change(file, |input| v3::merge(input, &texts, &how, self.output))
    }

    fn new_document(&self) -> Result<()> {
        if let Some(name) = self.arguments.value("script") {
            let script = Script::parse(&self.text(name)?, name)?;
            return self
                .streams
                .data(&v3::new(Write::Script(&script), self.output)?);
        }
        let [path, value] = self.arguments.words.as_slice() else {
            return Err(v3::usage("expected a path and a value"));
        };
        let flags = self.value_flags();
        let value = v3::argument(value, &flags);
        let what = Write::Value {
            path,
            value: Some(&value),
            flags: &flags,
        };
        self.streams.data(&v3::new(what, self.output)?)
    }

    fn prefix(&self) -> Result<()> {
        let [file, path] = self.arguments.words.as_slice() else {
            return Err(v3::usage("expected a file and a path"));
        };
        self.change(file, |input| v3::prefix(input, path, self.output))
    }

    fn read(&self) -> Result<()> {
        let (file, path) = match self.arguments.words.as_slice() {
            [file] => (file, ""),
            [file, path] => (file, path.as_str()),
            _ => return Err(v3::usage("expected a file and a path")),
        };
        self.streams.data(&self.found(file, path)?)
    }

    /// `compare`: how what a path names in one file differs from what it names in another.
    fn compare(&self) -> Result<bool> {
        let (one, other, path) = match self.arguments.words.as_slice() {
            [one, other] => (one, other, ""),
            [one, other, path] => (one, other, path.as_str()),
            _ => return Err(v3::usage("expected two files and a path")),
        };
        let (old, new) = (self.found(one, path)?, self.found(other, path)?);
        if old == new {
            return Ok(true);
        }
        self.streams.data(&Lines::of(&old, &new).all())?;
        Ok(false)
    }

    /// What a path names in a file, as text.
    fn found(&self, file: &str, path: &str) -> Result<String> {
        let shown = match self.arguments.value("printMode") {
            None | Some("v") => Shown::Values,
            Some("p") => Shown::Paths,
            Some("pv" | "vp") => Shown::Both,
            Some(mode) => {
                return Err(v3::usage(format!("`{mode}` is no print mode"))
                    .help("the modes are `v`, `p` and `pv`"));
            }
        };
        let how = Reading {
            shown,
            default: self.arguments.value("defaultValue"),
            collect: self.arguments.is_on("collect"),
            lengths: self.arguments.is_on("length"),
            explode: self.arguments.is_on("explodeAnchors"),
            bare: self.arguments.is_on("stripComments"),
        };
        let text = self.text(file)?;
        let input = Input {
            text: &text,
            documents: self.documents,
        };
        v3::read(input, path, &how, self.output).map_err(|error| named(error, file))
    }

    fn validate(&self) -> Result<()> {
        let [file] = self.arguments.words.as_slice() else {
            return Err(v3::usage("expected a file"));
        };
        v3::validate(&self.text(file)?).map_err(|error| named(error, file))
    }

    /// Changes a file, or prints what it would become.
    fn change(&self, file: &str, change: impl Fn(Input<'_>) -> Result<Done>) -> Result<()> {
        let text = self.text(file)?;
        let input = Input {
            text: &text,
            documents: self.documents,
        };
        let done = change(input).map_err(|error| named(error, file))?;
        self.remark(&done.reports);
        if !self.arguments.is_on("inplace") {
            return self.streams.data(&done.text);
        }
        if done.text == text {
            return Ok(());
        }
        write_text(file, &done.text)
    }

    /// Says what a careful reader of the script would remark.
    fn remark(&self, reports: &[CommandReport]) {
        let explains = self.arguments.is_on("explain");
        let mut findings = Vec::new();
        for report in reports {
            if explains {
                let (command, path) = (report.command.name(), &report.path);
                let message = format!("`{command} {path}`: {}", report.summary());
                findings.push(Finding {
                    severity: Severity::Note,
                    ..Finding::warning("script-statement", message).at(report.place.clone())
                });
            }
            let is_odd = |finding: &Finding| match finding.rule {
                "script-path" | "script-replaced" => true,
                // A deletion should create nothing.
                "script-created" => report.command == Command::Delete,
                _ => false,
            };
            let found = report.findings().into_iter();
            findings.extend(found.filter(|finding| explains || is_odd(finding)));
        }
        self.streams.findings(&findings);
    }

    fn value_flags(&self) -> ValueFlags {
        let tag = self.arguments.value("tag").filter(|tag| !tag.is_empty());
        let (style, tagged) = match self.arguments.value("style") {
            Some("single") => (Some(Style::Single), false),
            Some("double") => (Some(Style::Double), false),
            Some("literal") => (Some(Style::Literal), false),
            Some("folded") => (Some(Style::Folded), false),
            Some("flow") => (Some(Style::Flow), false),
            Some("tagged") => (None, true),
            None | Some("") => (None, false),
            Some(other) => {
                let message = format!("`{other}` is no style, it is left out");
                self.streams
                    .findings(&[Finding::warning("unknown-style", message)]);
                (None, false)
            }
        };
        ValueFlags {
            tag: tag.map(str::to_owned),
            style,
            tagged,
            anchor: self.arguments.value("anchorName").map(str::to_owned),
            alias: self.arguments.is_on("makeAlias"),
        }
    }

    /// The value that `--from` names: the first document of a file.
    fn from(&self) -> Result<Option<Node>> {
        let Some(file) = self.arguments.value("from") else {
            return Ok(None);
        };
        let text = self.text(file)?;
        v3::value_of(&text)
            .map(Some)
            .map_err(|error| named(error, file))
    }
}

fn output_of(arguments: &flags::Arguments) -> Result<Output> {
    let indent = match arguments.value("indent") {
        None => None,
        Some(text) => match text.parse::<i64>() {
            // yq takes what makes no sense for the default.
            Ok(indent) => Some(usize::try_from(indent).unwrap_or(2)),
            Err(_) => return Err(v3::usage(format!("`{text}` is no indentation"))),
        },
    };
    Ok(Output {
        json: arguments.is_on("tojson"),
        pretty: arguments.is_on("prettyPrint"),
        indent,
    })
}
