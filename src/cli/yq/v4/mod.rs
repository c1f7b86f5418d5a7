//! `kustom yq EXPRESSION [FILE…]`: expressions on files, by the command line of yq 4.

mod front;
mod output;
mod split;

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;

use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::load::LookupCache;
use kustom::place::{SourceId, Span};
use kustom::project::{Project, ProjectFiles};
use kustom::report::Color;
use kustom::write;
use kustom::yaml::{ByteString, Node};
use kustom::yq::codec::{Decoding, Format, decode};
use kustom::yq::v4::{AssignmentReport, Context, Documents, Expression, Input, Loader as _};

use super::{help, named, read_at_most};
use crate::cli::build::working_directory;
use crate::cli::flags::{Arguments, Flag, switch, with_value};
use crate::cli::output::Streams;
use crate::cli::reading::allowed;
use front::FrontMatter;
use output::{Content, Printer, Source};

/// The flags of yq 4 that mean something here, and those that are taken for its sake.
pub(super) const FLAGS: &[Flag] = &[
    with_value(
        "allow-read",
        None,
        "PATH",
        "A directory or a file outside of the project that `load` may read; may be repeated",
    ),
    switch("colors", Some('C'), "Colour the result, terminal or not"),
    switch(
        "csv-auto-parse",
        None,
        "Read numbers, booleans and YAML in the cells of CSV (on; `=false` keeps text)",
    ),
    switch("explain", None, "Say on stderr what each assignment did"),
    with_value(
        "expression",
        None,
        "EXPRESSION",
        "The expression, where the first word could be taken for a file",
    ),
    switch(
        "exit-status",
        Some('e'),
        "Exit with 1 if nothing was found, or only `null` or `false`",
    ),
    with_value("from-file", None, "FILE", "Read the expression from a file"),
    with_value(
        "front-matter",
        Some('f'),
        "MODE",
        "The first file has YAML above other text: `extract` drops that text, `process` keeps it",
    ),
    switch("header-preprocess", None, ""),
    switch("help", Some('h'), "Print help"),
    with_value(
        "indent",
        Some('I'),
        "N",
        "Blanks of an indentation (default: as in the file, or 2)",
    ),
    with_value(
        "ini-key-value-delimiters",
        None,
        "CHARACTERS",
        "What stands between key and value in INI (default `=:`)",
    ),
    switch("inplace", Some('i'), "Write the result into the first file"),
    with_value(
        "input-format",
        Some('p'),
        "FORMAT",
        "The format of the input (default: by the name of the file, or `yaml`)",
    ),
    switch(
        "lua-globals",
        None,
        "Write the top-level keys as variables of Lua",
    ),
    with_value(
        "lua-prefix",
        None,
        "TEXT",
        "What stands before the value in Lua (default `return `)",
    ),
    with_value(
        "lua-suffix",
        None,
        "TEXT",
        "What stands behind it (default `;` and the end of the line)",
    ),
    switch(
        "lua-unquoted",
        None,
        "Write the keys of Lua's tables without quotes",
    ),
    switch("no-colors", Some('M'), "Do not colour the result"),
    switch("no-doc", Some('N'), "Write no `---` between documents"),
    with_value(
        "max-file-size",
        None,
        "SIZE",
        "The largest file that is read, such as `1G` (default 256M)",
    ),
    switch(
        "null-input",
        Some('n'),
        "Read nothing: the expression makes the document",
    ),
    switch(
        "nul-output",
        Some('0'),
        "End each result with a NUL character, for `xargs -0`",
    ),
    with_value(
        "output-format",
        Some('o'),
        "FORMAT",
        "The format of the result (default: that of the input)",
    ),
    switch(
        "prettyPrint",
        Some('P'),
        "Write block style, without quotes that are not needed",
    ),
    switch(
        "properties-array-brackets",
        None,
        "Write items of lists as `key[0]` in properties",
    ),
    with_value(
        "properties-separator",
        None,
        "TEXT",
        "What stands between key and value in properties (default ` = `)",
    ),
    switch(
        "security-allow-write-any-path",
        None,
        "Let `--split-exp` write outside of the current directory",
    ),
    switch(
        "security-disable-env-ops",
        None,
        "Refuse `env`, `strenv` and `envsubst`",
    ),
    switch(
        "security-disable-file-ops",
        None,
        "Refuse `load` and its kin",
    ),
    switch(
        "security-force-never-escape-shell-output",
        None,
        "Write values without quotes with `-o shell -r`; a value may then be a command",
    ),
    with_value(
        "split-exp",
        Some('s'),
        "EXPRESSION",
        "Write each result into a file that this expression names; `$index` counts",
    ),
    with_value(
        "split-exp-file",
        None,
        "FILE",
        "Read the expression of `--split-exp` from a file",
    ),
    switch(
        "string-interpolation",
        None,
        "Replace `\\(…)` in strings (on; `=false` keeps it)",
    ),
    switch("tojson", Some('j'), "Write JSON, as `-o json` does"),
    switch(
        "tsv-auto-parse",
        None,
        "The same as `--csv-auto-parse` for TSV",
    ),
    switch(
        "unwrapScalar",
        Some('r'),
        "Print a single word without quotes (on; `=false` keeps them)",
    ),
    switch("verbose", Some('v'), ""),
    switch("version", Some('V'), "Print version"),
    switch(
        "yaml-compact-seq-indent",
        Some('c'),
        "Write items of lists at the column of their key",
    ),
    switch(
        "yaml-fix-merge-anchor-to-spec",
        None,
        "Keys beside `<<` win over merged ones, as the YAML specification says",
    ),
];

/// What may be done with front matter; after `-f`, any other word is the file of an expression.
const FRONT_MATTER: [&str; 2] = ["extract", "process"];

/// What `-P` does, as an expression: plain style wherever it says the same.
const PRETTY: &str = "(... | (select(tag != \"!!str\"), select(tag == \"!!str\") \
                      | select(test(\"(?i)^(y|yes|n|no|on|off)$\") | not))) style=\"\"";

/// Runs an expression; whether the exit status is success.
pub(super) fn run(arguments: &[String], streams: &Streams) -> Result<bool> {
    let (together, arguments) = match arguments.split_first() {
        Some((first, rest)) if matches!(first.as_str(), "eval" | "e") => (false, rest),
        Some((first, rest)) if matches!(first.as_str(), "eval-all" | "ea") => (true, rest),
        _ => (false, arguments),
    };
    let arguments = Arguments::parse(arguments, FLAGS).map_err(usage)?;
    if arguments.is_on("help") {
        return help::print(super::command(), streams).map(|()| true);
    }
    if arguments.is_on("version") {
        return help::print_version(false, streams).map(|()| true);
    }
    let is_colored = is_colored(&arguments, streams);
    Call::new(arguments, together, is_colored)?.run(streams)
}

/// Whether results are coloured: `-C` says so, or a terminal where `-M` does not object. What goes
/// to files is not.
fn is_colored(arguments: &Arguments, streams: &Streams) -> bool {
    let is_split = ["split-exp", "split-exp-file"]
        .iter()
        .any(|flag| arguments.value(flag).is_some());
    let is_written = is_split || arguments.is_on("inplace");
    let is_usual = streams.color_of_data() == Color::Always && !arguments.is_on("no-colors");
    let is_asked = arguments.is_on("colors") || (is_usual && !arguments.is_off("colors"));
    is_asked && !is_written
}

#[cold]
fn usage(message: impl Into<String>) -> Error {
    Error::new(Kind::Script, message).help("write `kustom yq EXPRESSION [FILE…]`")
}

/// The most bytes that are read of a file.
fn most(arguments: &Arguments) -> Result<u64> {
    super::most(arguments).map_err(|error| error.help("write `kustom yq EXPRESSION [FILE…]`"))
}

/// A command line, understood.
struct Call {
    arguments: Arguments,
    together: bool,
    expression: Expression,
    files: Vec<String>,
    from: Format,
    printer: Printer,
}

impl Call {
    fn new(arguments: Arguments, together: bool, is_colored: bool) -> Result<Self> {
        let (text, name, files) = expression(&arguments)?;
        let text = match (arguments.is_on("prettyPrint"), text.trim().is_empty()) {
            (false, _) => text,
            (true, true) => PRETTY.to_owned(),
            (true, false) => format!("{text}\n| {PRETTY}"),
        };
        let expression = Expression::parse_named(&text, &name)?;
        let (from, to) = formats(&arguments, files.first().map(String::as_str))?;
        let printer = Printer::new(&arguments, to, is_colored)?;
        let call = Self {
            arguments,
            together,
            expression,
            files,
            from,
            printer,
        };
        call.check()?;
        Ok(call)
    }

    fn is_on(&self, flag: &str) -> bool {
        self.arguments.is_on(flag)
    }

    fn check(&self) -> Result<()> {
        let first = self.files.first().map(String::as_str);
        let has_file = first.is_some_and(|file| file != "-");
        if self.is_on("inplace") && !has_file {
            return Err(usage("`-i` needs a file"));
        }
        if self.is_on("inplace") && self.arguments.value("split-exp").is_some() {
            return Err(usage("`-i` and `-s` cannot be given together"));
        }
        if let Some(file) = first.filter(|_| self.is_on("inplace")) {
            write::check_replaceable(Path::new(file))?;
        }
        if self.is_on("null-input") && first.is_some() {
            return Err(usage("`-n` reads no file"));
        }
        if first.is_none() && !self.is_on("null-input") {
            return Err(usage("expected a file"));
        }
        Ok(())
    }

    fn run(&self, streams: &Streams) -> Result<bool> {
        let front = self.front_matter()?;
        let texts = self.texts(front.as_ref())?;
        let sources = self.sources(&texts)?;
        let (text, is_found) = match &sources[..] {
            [
                Source {
                    content: Content::Yaml(documents),
                    ..
                },
            ] if self.is_idle()? => (Some(self.printer.unchanged(documents)), true),
            _ => self.evaluated(&sources, streams)?,
        };
        if let Some(mut text) = text {
            let goes_on = self.arguments.value("front-matter") == Some("process");
            if let Some(front) = front.filter(|_| goes_on) {
                text.push_str(&front.rest);
            }
            self.deliver(&text, &texts, streams)?;
        }
        // The process ends here: its memory need not be given back piece by piece.
        std::mem::forget(sources);
        if self.is_on("exit-status") && !is_found {
            streams.error(&Error::new(Kind::Script, "nothing was found"));
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether the text of a single file is the result.
    fn is_idle(&self) -> Result<bool> {
        Ok(self.expression.is_identity()
            && self.printer.keeps_text()
            && !self.is_on("exit-status")
            && self.split_expression()?.is_none())
    }

    /// The text to print, if the results do not go to files of their own, and whether there is
    /// something in it.
    fn evaluated(
        &self,
        sources: &[Source<'_>],
        streams: &Streams,
    ) -> Result<(Option<String>, bool)> {
        let inputs: Vec<Input<'_>> = sources.iter().map(Source::input).collect();
        let environment = |name: &str| std::env::var(name).ok();
        let loader = |path: &str| loaded(&self.arguments, path);
        let context = Context {
            environment: (!self.is_on("security-disable-env-ops")).then_some(&environment),
            loader: (!self.is_on("security-disable-file-ops")).then_some(&loader),
            now: Some(now()),
            seed: u64::from(std::process::id()) ^ now().unsigned_abs(),
            together: self.together,
            own_keys_win: self.is_on("yaml-fix-merge-anchor-to-spec"),
            explode: !self.printer.format().has_aliases(),
            indent: self.printer.indent(),
            interpolation: !self.arguments.is_off("string-interpolation"),
            trace: false,
        };
        let placed = |error: Error| error.name_files(|span| self.file_of(span));
        let output = self.expression.evaluate(&inputs, &context);
        let output = output.map_err(placed)?;
        streams.findings(&output.findings);
        self.remark(&output.effects, streams);
        let is_found = output.results.iter().any(|found| is_something(&found.node));
        if let Some(name) = self.split_expression()? {
            let name = Expression::parse_named(&name, "split-exp")?;
            let files = self.printer.split(&output, &name, &context)?;
            let anywhere = self.is_on("security-allow-write-any-path");
            split::write(files, anywhere)?;
            return Ok((None, is_found));
        }
        let text = self.printer.text(output, sources, streams);
        Ok((Some(text.map_err(placed)?), is_found))
    }

    /// Says what each assignment did, if that is asked for.
    fn remark(&self, effects: &[AssignmentReport], streams: &Streams) {
        if !self.is_on("explain") {
            return;
        }
        let mut findings = Vec::new();
        for effect in effects {
            let message = format!("`{}`: {}", effect.target, effect.summary());
            findings.push(Finding {
                severity: Severity::Note,
                ..Finding::warning("script-statement", message).at(effect.place.clone())
            });
            findings.extend(effect.findings());
        }
        streams.findings(&findings);
    }

    /// The name of the file that a place is in.
    fn file_of(&self, span: Span) -> Option<Arc<str>> {
        let file = self.files.get(span.source.index()?)?;
        Some(file.as_str().into())
    }

    /// Prints the result, or puts it in the place of the file.
    fn deliver(&self, text: &str, texts: &[ByteString], streams: &Streams) -> Result<()> {
        if !self.is_on("inplace") {
            streams.data(text)?;
            // A file may lack the end of its last line, what is printed does not.
            let is_cut = self.printer.keeps_end() && !text.is_empty() && !text.ends_with('\n');
            return if is_cut { streams.data("\n") } else { Ok(()) };
        }
        if texts.first().is_some_and(|old| &**old == text) {
            return Ok(());
        }
        // A link is replaced; what it leads to is not touched.
        write::replacement(Path::new(&self.files[0]), text.as_bytes())
    }

    fn split_expression(&self) -> Result<Option<String>> {
        match self.arguments.value("split-exp-file") {
            Some(file) => read_at_most(file, most(&self.arguments)?).map(Some),
            None => Ok(self.arguments.value("split-exp").map(str::to_owned)),
        }
    }

    fn front_matter(&self) -> Result<Option<FrontMatter>> {
        match self.arguments.value("front-matter") {
            Some(value) if FRONT_MATTER.contains(&value) => match self.files.first() {
                Some(file) => Ok(Some(FrontMatter::of(&read_at_most(
                    file,
                    most(&self.arguments)?,
                )?))),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn texts(&self, front: Option<&FrontMatter>) -> Result<Vec<ByteString>> {
        let mut texts = Vec::with_capacity(self.files.len());
        for (index, file) in self.files.iter().enumerate() {
            texts.push(ByteString::from(match front {
                Some(front) if index == 0 => front.yaml.clone(),
                _ => read_at_most(file, most(&self.arguments)?)?,
            }));
        }
        Ok(texts)
    }

    fn sources<'t>(&'t self, texts: &'t [ByteString]) -> Result<Vec<Source<'t>>> {
        let files = self.files.iter().zip(texts).enumerate();
        files
            .map(|(number, (name, text))| {
                let content = self
                    .content(text, SourceId::new(number))
                    .map_err(|error| named(error, name))?;
                Ok(Source { name, content })
            })
            .collect()
    }

    fn content<'t>(&self, text: &'t ByteString, source: SourceId) -> Result<Content<'t>> {
        if self.from == Format::Yaml {
            let is_partial = self.expression.is_narrow() && self.printer.keeps_text();
            let read = match is_partial {
                true => Documents::read_lazily(text, source),
                false => Documents::read(text, source),
            };
            return read.map(Content::Yaml);
        }
        let typed = match self.from {
            Format::Tsv => !self.arguments.is_off("tsv-auto-parse"),
            _ => !self.arguments.is_off("csv-auto-parse"),
        };
        let mut decoding = Decoding {
            typed,
            ..Decoding::default()
        };
        let delimiters = self.arguments.value("ini-key-value-delimiters");
        if let Some(delimiters) = delimiters.filter(|given| !given.is_empty()) {
            decoding.delimiters = delimiters.to_owned();
        }
        decode(self.from, text, &decoding).map(Content::Values)
    }
}

/// Whether a result counts as a match for `-e`.
fn is_something(node: &Node) -> bool {
    !node.is_null() && node.text() != Some("false")
}

/// The text of the expression, its name, and the files.
fn expression(arguments: &Arguments) -> Result<(String, String, Vec<String>)> {
    let is_file = |word: &str| Path::new(word).is_file();
    let mut files = arguments.words.clone();
    let reads_stdin = !arguments.is_on("null-input")
        && files.len() < 2
        && !files
            .first()
            .is_some_and(|file| is_file(file) || file == "-")
        && is_stdin_piped();
    if reads_stdin {
        files.push("-".to_owned());
    }
    let given = arguments.value("front-matter");
    let short = given.filter(|value| !FRONT_MATTER.contains(value));
    let mut from_file = arguments.value("from-file").or(short).map(str::to_owned);
    if from_file.is_none()
        && files
            .first()
            .is_some_and(|file| file.ends_with(".yq") && is_file(file))
    {
        from_file = Some(files.remove(0));
    }
    if let Some(file) = from_file {
        let text = read_at_most(&file, most(arguments)?)?.replace("\r\n", "\n");
        return Ok((text, file, files));
    }
    if let Some(text) = arguments.value("expression") {
        return Ok((text.to_owned(), "expression".to_owned(), files));
    }
    match files.first() {
        Some(first) if first != "-" && !is_file(first) => {
            let text = files.remove(0);
            Ok((text, "expression".to_owned(), files))
        }
        _ => Ok((String::new(), "expression".to_owned(), files)),
    }
}

/// The formats of input and output: as they are given, else by the name of the first file.
fn formats(arguments: &Arguments, file: Option<&str>) -> Result<(Format, Format)> {
    let given = |flag: &str| match arguments.value(flag) {
        None | Some("" | "auto" | "a") => Ok(None),
        Some(name) => Format::named(name).map(Some).ok_or_else(|| {
            let names: Vec<_> = Format::names().collect();
            usage(format!("there is no format `{name}`"))
                .help(format!("the formats are {}", names.join(", ")))
        }),
    };
    let extension = file.and_then(|file| Path::new(file).extension()?.to_str());
    let by_name = extension.and_then(|extension| Format::named(&extension.to_lowercase()));
    let from = given("input-format")?;
    let to = if arguments.is_on("tojson") {
        Some(Format::Json)
    } else {
        given("output-format")?
    };
    let natural = match from {
        Some(_) => Format::Yaml,
        None => by_name.unwrap_or_default(),
    };
    Ok((from.or(by_name).unwrap_or_default(), to.unwrap_or(natural)))
}

/// What an expression loads: a file of the project that the working directory belongs to, or one
/// below that directory, or what the caller allows.
fn loaded(arguments: &Arguments, path: &str) -> Result<String> {
    let files = LookupCache::default().bounded(most(arguments)?);
    let files = files.allowing(allowed(arguments.values("allow-read").map(Path::new))?);
    let here = working_directory()?;
    let project = Project::find_if_any(&files, &here).ok().flatten();
    let root = project.map_or_else(|| here.clone(), |project| project.root);
    ProjectFiles::new(&files, &root, &here).load(path)
}

/// Seconds since 1970.
fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| i64::try_from(elapsed.as_secs()).unwrap_or(0))
}

/// Whether something is piped in, not typed.
fn is_stdin_piped() -> bool {
    !io::stdin().is_terminal()
}
