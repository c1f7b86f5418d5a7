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
use super::{help, most, named, read_at_most, write_text};

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
    with_value("anchorName", None, "NAME", "The anchor of the new value"),
    with_value(
        "arrays",
        Some('a'),
        "HOW",
        "How lists merge: `update`, `overwrite` or `append`",
    ),
    switch(
        "autocreate",
        Some('c'),
        "Make keys that the first file lacks, when merging (on; `=false` leaves them out)",
    ),
    switch("colors", Some('C'), ""),
    with_value(
        "comments",
        None,
        "HOW",
        "How comments merge: `setWhenBlank`, `ignore`, `append` or `overwrite`",
    ),
    with_value("defaultValue", Some('D'), "VALUE", ""),
    with_value(
        "doc",
        Some('d'),
        "N",
        "The document that is changed, by its number; `*` is all of them",
    ),
    switch("explain", None, "Say on stderr what each statement did"),
    with_value("from", Some('f'), "FILE", "Take the value from a file"),
    switch("help", Some('h'), "Print help"),
    with_value(
        "indent",
        Some('I'),
        "N",
        "Blanks of an indentation (default: as in the file, or 2)",
    ),
    with_value(
        "max-file-size",
        None,
        "SIZE",
        "The largest file that is read, such as `1G` (default 256M)",
    ),
    switch("inplace", Some('i'), "Write the result into the file"),
    switch(
        "makeAlias",
        None,
        "The value is the name of an anchor, and becomes an alias",
    ),
    switch(
        "overwrite",
        Some('x'),
        "Values of later files win, when merging",
    ),
    switch("prettyPrint", Some('P'), "Write block style"),
    with_value("printMode", Some('p'), "MODE", ""),
    with_value("script", Some('s'), "FILE", "Run the statements of a file"),
    with_value(
        "style",
        None,
        "STYLE",
        "The style of the new value: `single`, `double`, `literal`, `folded`, `flow` or `tagged`",
    ),
    with_value(
        "tag",
        Some('t'),
        "TAG",
        "The tag of the new value, such as `!!str`",
    ),
    switch("tojson", Some('j'), "Write JSON"),
    switch("unwrapScalar", None, ""),
    switch("verbose", Some('v'), ""),
    switch("version", Some('V'), "Print version"),
];

/// The flags of `read` and `compare`, of which one has the letter of another command's.
const READ_FLAGS: &[Flag] = &[
    switch("collect", Some('c'), "Print what is found as one list"),
    switch("colors", Some('C'), ""),
    with_value(
        "defaultValue",
        Some('D'),
        "VALUE",
        "What is printed if nothing is found",
    ),
    with_value(
        "doc",
        Some('d'),
        "N",
        "The document that is read, by its number; `*` is all of them",
    ),
    switch(
        "explodeAnchors",
        Some('X'),
        "Write out aliases and what `<<` merges",
    ),
    switch("help", Some('h'), "Print help"),
    with_value(
        "indent",
        Some('I'),
        "N",
        "Blanks of an indentation (default: 2)",
    ),
    switch("length", Some('l'), "Print the length of what is found"),
    with_value(
        "max-file-size",
        None,
        "SIZE",
        "The largest file that is read, such as `1G` (default 256M)",
    ),
    switch("prettyPrint", Some('P'), "Write block style"),
    with_value(
        "printMode",
        Some('p'),
        "MODE",
        "What is printed: `v` for values, `p` for paths, `pv` for both",
    ),
    switch("stripComments", None, "Leave comments out"),
    switch("tojson", Some('j'), "Write JSON"),
    switch("unwrapScalar", None, ""),
    switch("verbose", Some('v'), ""),
    switch("version", Some('V'), "Print version"),
];

impl Form {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::Write,
        Self::Delete,
        Self::Merge,
        Self::New,
        Self::Prefix,
        Self::Read,
        Self::Compare,
        Self::Validate,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Merge => "merge",
            Self::New => "new",
            Self::Prefix => "prefix",
            Self::Read => "read",
            Self::Compare => "compare",
            Self::Validate => "validate",
        }
    }

    /// What it does, and the words behind it.
    fn usage(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Write => (
                "Set what a path names, or run a script of statements (yq 3)",
                &["FILE", "[PATH]", "[VALUE]"],
            ),
            Self::Delete => ("Delete what a path names (yq 3)", &["FILE", "PATH"]),
            Self::Merge => (
                "Merge files into the first one (yq 3)",
                &["FILE", "[OTHER]..."],
            ),
            Self::New => (
                "Make a document of a path and a value, or of a script (yq 3)",
                &["[PATH]", "[VALUE]"],
            ),
            Self::Prefix => ("Put a document below a path (yq 3)", &["FILE", "PATH"]),
            Self::Read => ("Print what a path names (yq 3)", &["FILE", "[PATH]"]),
            Self::Compare => (
                "Print how two files differ, or what a path names in them (yq 3)",
                &["FILE", "OTHER", "[PATH]"],
            ),
            Self::Validate => ("Say whether a file is YAML (yq 3)", &["FILE"]),
        }
    }

    /// The command as help shows it.
    pub(super) fn command(self) -> clap::Command {
        let (about, words) = self.usage();
        help::described(self.name(), about, words, self.flags())
    }

    /// Its flags.
    fn flags(self) -> &'static [Flag] {
        match self {
            Self::Read | Self::Compare => READ_FLAGS,
            _ => FLAGS,
        }
    }

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
        let arguments = flags::Arguments::parse(arguments, self.flags()).map_err(v3::usage)?;
        if arguments.is_on("help") {
            return help::print(self.command(), streams).map(|()| true);
        }
        if arguments.is_on("version") {
            return help::print_version(true, streams).map(|()| true);
        }
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
