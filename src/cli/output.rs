//! Writes results to stdout, and messages to stderr.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal as _, StdoutLock, Write as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use kustom::error::{Case, Error, Kind, Result, nearest_within};
use kustom::finding::Finding;
use kustom::guard::Mask;
use kustom::load::{FileKind, Files as _, LookupCache, bounded};
use kustom::place::Place;
use kustom::report::{
    self, Color, Diagnostic, Format, Look, MessageFormat, Outcome, Report, visible_json,
};
use kustom::yaml::Rope;
use kustom::yaml::cut::Cut as _;

use super::{progress, terminal};

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// What is asked for goes before what the environment says, and that before the terminal.
    fn color(self, is_terminal: bool) -> Color {
        let says =
            |name: &str, is: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| is(&value));
        let is_plain = || {
            says("NO_COLOR", |value| !value.is_empty())
                || says("TERM", |value| value == "dumb")
                || says("CLICOLOR", |value| value == "0")
        };
        let is_forced = || says("CLICOLOR_FORCE", |value| !matches!(value, "" | "0"));
        match self {
            Self::Always => Color::Always,
            Self::Auto if !is_plain() && (is_terminal || is_forced()) => Color::Always,
            _ => Color::Never,
        }
    }
}

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Messages {
    /// Over several lines, with the lines of the sources.
    #[default]
    Full,
    /// A line each: `file:line:column: severity[rule]: message`.
    Short,
    /// A JSON object on a line each; `kustom schema message` describes it.
    Json,
}

impl From<Messages> for MessageFormat {
    fn from(messages: Messages) -> Self {
        match messages {
            Messages::Full => Self::Full,
            Messages::Short => Self::Short,
            Messages::Json => Self::Json,
        }
    }
}

/// The columns of a message where there is no terminal.
const MESSAGE_WIDTH: usize = 80;

/// The columns of the terminal; as many as are easily read where there is none.
pub(super) fn width() -> usize {
    const READABLE: usize = 100;
    terminal::columns(io::stdout()).unwrap_or(READABLE)
}

/// Makes the help of a command of `kustomize` from its path, such as `["edit", "add"]`.
pub(super) type Help = fn(&[&str]) -> String;

/// The two streams: data to one, words to the other.
///
/// All words go through one door: the library hides what looks like a secret, and what is one in the
/// files of a message; here what the caller has said is known besides.
pub(super) struct Streams {
    /// That of stderr.
    color: Color,
    /// That of stdout.
    color_of_data: Color,
    quiet: bool,
    messages: MessageFormat,
    /// What the caller said, once it is looked for.
    mask: Mutex<Option<Mask>>,
    /// What was written last on stderr.
    last: Mutex<Last>,
}

/// What was written last on stderr: a message stands apart from what is before and behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Nothing,
    Line,
    Message,
}

impl Default for Streams {
    /// Those of a program without flags of its own.
    fn default() -> Self {
        Self::new(When::Auto, false, Messages::Full)
    }
}

impl Streams {
    pub(super) fn new(when: When, quiet: bool, messages: Messages) -> Self {
        Self {
            messages: messages.into(),
            last: Mutex::default(),
            color: when.color(io::stderr().is_terminal()),
            color_of_data: when.color(io::stdout().is_terminal()),
            quiet,
            mask: Mutex::default(),
        }
    }

    /// Reports that a word is no command of `kustomize`, which would only print its help.
    pub(super) fn unknown_command(&self, of: &str, words: &[OsString]) {
        let word = words.first().map(|word| word.to_string_lossy());
        let message = format!("`{}` is no command of `{of}`", word.unwrap_or_default());
        self.error(&Error::new(Kind::Kustomization, message).help("nothing was done"));
    }

    /// What no message repeats: what the caller said, and what is in some files.
    fn with_mask<'f, T>(
        &self,
        files: impl IntoIterator<Item = &'f str>,
        work: impl FnOnce(&mut Mask) -> T,
    ) -> T {
        let mut known = self.mask.lock().unwrap_or_else(PoisonError::into_inner);
        let mask = known.get_or_insert_with(mask_of_caller);
        let disk = disk();
        for file in files {
            learn_file(mask, file, &disk);
        }
        work(mask)
    }

    /// The findings of a report, as they may be shown.
    pub(super) fn masked(&self, mut report: Report) -> Report {
        let suites = report.suites.iter_mut().flat_map(|suite| &mut suite.checks);
        let findings = suites.filter_map(|check| match &mut check.outcome {
            Outcome::Ran(findings) => Some(findings),
            Outcome::Skipped(_) => None,
        });
        self.mask(findings.flatten());
        report
    }

    fn mask<'f>(&self, findings: impl Iterator<Item = &'f mut Finding>) {
        let mut findings: Vec<&mut Finding> = findings.collect();
        if findings.is_empty() {
            return;
        }
        let places = findings.iter_mut().flat_map(|finding| finding.places_mut());
        // Most findings are in the file of the one before.
        let mut files: Vec<Arc<str>> = Vec::new();
        for file in places.filter_map(|place| place.file.as_ref()) {
            if files.last() != Some(file) {
                files.push(Arc::clone(file));
            }
        }
        self.with_mask(files.iter().map(|file| &**file), |mask| {
            for finding in findings {
                mask.finding(finding);
            }
        });
    }

    /// Whether data for people is coloured.
    pub(super) fn color_of_data(&self) -> Color {
        self.color_of_data
    }

    /// Says something that is neither data nor wrong.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            let text = self.with_mask([], |mask| mask.text(text, &[]).into_owned());
            self.line(&text);
        }
    }

    /// Says how much was found, which repeats nothing that was read, and where to begin.
    pub(super) fn summary(&self, found: &Report) {
        if !self.quiet {
            self.line(&report::summary(found));
            if let Some(next) = report::next_step(found) {
                self.line(&format!("{next}\n"));
            }
        }
    }

    /// Says what went wrong.
    pub(super) fn error(&self, error: &Error) {
        self.tell(report::diagnostics_of(&self.masked_error(error)));
    }

    /// An error, as it may be shown.
    pub(super) fn masked_error(&self, error: &Error) -> Error {
        let files = error.places().filter_map(|place| place.file.as_deref());
        self.with_mask(files, |mask| mask.shown(error))
    }

    /// Says what went wrong with several things.
    pub(super) fn errors(&self, errors: &Report) {
        self.tell(report::diagnostics(&self.masked(errors.clone())));
    }

    /// Says what was noticed of several things.
    pub(super) fn report(&self, found: &Report) {
        if !self.quiet {
            self.errors(found);
        }
    }

    /// Says what was noticed.
    pub(super) fn findings(&self, findings: &[Finding]) {
        if !self.quiet {
            let mut findings = findings.to_vec();
            if !findings.iter().all(is_of_own_words) {
                self.mask(findings.iter_mut());
            }
            self.tell(findings.iter().map(Diagnostic::from));
        }
    }

    /// A report of what may be shown in a format, for stdout or a file; one for people has the
    /// format of all messages, and with `--quiet` a line for each finding.
    pub(super) fn page(&self, report: &Report, format: Format, color: Color) -> String {
        let look = Look {
            color,
            width: terminal::columns(io::stdout()).unwrap_or(MESSAGE_WIDTH),
        };
        self.with_mask([], |mask| {
            let lines = |place: &Place| mask.excerpt(place);
            match (format, self.messages) {
                (Format::Text, MessageFormat::Full) if self.quiet => {
                    report::messages(report, MessageFormat::Short, look, lines)
                }
                (Format::Text, messages) => report::messages(report, messages, look, lines),
                _ => report::report(report, format, look, lines),
            }
        })
    }

    /// Writes messages on stderr, with the lines that hold no secret.
    fn tell(&self, messages: impl IntoIterator<Item = Diagnostic>) {
        let mut messages = messages.into_iter().peekable();
        // The mask reads what the command has read: not for nothing.
        if messages.peek().is_none() {
            return;
        }
        let look = Look {
            color: self.color,
            width: terminal::columns(io::stderr()).unwrap_or(MESSAGE_WIDTH),
        };
        // Only a line that is not yet known is looked for in what was read.
        let line = |place: &Place| self.with_mask([], |mask| mask.excerpt(place));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for told in messages {
            if self.messages == MessageFormat::Full && *last != Last::Nothing {
                text.push('\n');
            }
            *last = Last::Message;
            text.push_str(&told.with_excerpts(line).write(self.messages, look));
        }
        drop(last);
        say(&text);
    }

    /// Writes a line on stderr that is no message.
    fn line(&self, text: &str) {
        if self.messages == MessageFormat::Json {
            return say(&report::json_remark(text));
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == Last::Message && self.messages == MessageFormat::Full {
            say("\n");
        }
        *last = Last::Line;
        say(&report::remark(text));
    }

    /// Prints a list of names, one a line; in none of them a line ends.
    pub(super) fn list<N: AsRef<str>>(&self, names: impl IntoIterator<Item = N>) -> Result<()> {
        let lines = names.into_iter().map(|name| line(name.as_ref()));
        self.data(&lines.collect::<String>())
    }

    /// Prints JSON and the end of a line; characters that a terminal would hide are escaped.
    pub(super) fn json(&self, json: impl fmt::Display) -> Result<()> {
        self.data(&visible_json(&format!("{json}\n")))
    }

    /// Prints messages on stdout; what is said next on stderr stands apart from them.
    pub(super) fn paragraphs(&self, text: &str) -> Result<()> {
        if !text.is_empty() {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Last::Message;
        }
        self.data(text)
    }

    /// Prints data; a reader that has gone away is no error.
    pub(super) fn data(&self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Prints data that need not be text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Result<()> {
        Self::stdout(|stdout| stdout.write_all(bytes))
    }

    /// The same of a text in pieces.
    pub(super) fn rope(&self, rope: &Rope<'_>) -> Result<()> {
        Self::stdout(|stdout| rope.write_to(stdout))
    }

    fn stdout(write: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>) -> Result<()> {
        let _bar = progress::hidden();
        let mut stdout = io::stdout().lock();
        match write(&mut stdout).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::new(Kind::Output, "cannot write to stdout").caused_by(cause))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a finding says nothing but names of ours, so that nothing in it can be a secret: a field
/// that is deprecated, shown by the line on which its name stands alone.
fn is_of_own_words(finding: &Finding) -> bool {
    let is_shown = finding.excerpt.is_some() && finding.notes.is_empty();
    finding.rule == "deprecated-field" && is_shown
}

/// What stands on stdin, which is read once: at most so many bytes.
///
/// # Errors
///
/// If it cannot be read, or is longer.
pub(super) fn stdin(most: u64) -> io::Result<Vec<u8>> {
    if let Some(content) = STDIN.get() {
        return Ok(content.clone());
    }
    let content = bounded(io::stdin().lock(), most)?;
    Ok(STDIN.get_or_init(|| content).clone())
}

/// What was read from stdin: no message repeats what is a secret there.
static STDIN: OnceLock<Vec<u8>> = OnceLock::new();

/// A name as a line of a list.
pub(super) fn line(name: &str) -> String {
    format!("{}\n", report::printable(name))
}

/// A difference of texts with each of its lines printable.
pub(super) fn lines(difference: &str) -> String {
    difference.lines().map(line).collect()
}

/// What the caller said: the words of the command line, the files that they name, and the variables
/// of the environment that are called like a secret.
fn mask_of_caller() -> Mask {
    let mut mask = Mask::default();
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    mask.learn("", words.join("\n").as_bytes());
    // Their names end like that of a password, and a shell sets both.
    let is_place = |name: &std::ffi::OsStr| name == "PWD" || name == "OLDPWD";
    for (name, value) in std::env::vars_os().filter(|(name, _)| !is_place(name)) {
        mask.learn_value(&name.to_string_lossy(), &value.to_string_lossy());
    }
    if let Some(content) = STDIN.get() {
        mask.learn("stdin", content);
    }
    let disk = disk();
    for word in &words {
        let file = word.split_once('=').map_or(word.as_str(), |(_, file)| file);
        learn_file(&mut mask, file, &disk);
    }
    mask
}

/// The files of the disk up to the size that is searched for secrets; the way to each is looked up
/// once as long as this lives, which is for one message.
fn disk() -> LookupCache {
    const LARGEST: u64 = 4 << 20;
    LookupCache::default().bounded(LARGEST)
}

/// Takes notice of a file, or of the files that a directory holds, where they are there and of no
/// more than common size.
fn learn_file(mask: &mut Mask, name: &str, files: &LookupCache) {
    const MANY: usize = 200;
    if mask.knows(name) {
        return;
    }
    let Ok(path) = std::path::absolute(name) else {
        return;
    };
    let path = path.as_path();
    let full = path.to_string_lossy();
    if mask.knows(&full) {
        return mask.learn_name(name, &full);
    }
    match files.resolve(path) {
        Ok((_, FileKind::File)) => {
            if let Ok(content) = files.read(path) {
                mask.learn(&full, &content);
                mask.learn_name(name, &full);
            }
        }
        Ok((_, FileKind::Directory)) => {
            for entry in files.list(path).into_iter().flatten().take(MANY) {
                let inside = path.join(entry);
                if let Ok((_, FileKind::File)) = files.resolve(&inside) {
                    learn_file(mask, &inside.to_string_lossy(), files);
                }
            }
        }
        Err(_) => {}
    }
}

/// Says what the parser of the command line refuses, or prints its help; whether it could be.
pub(super) fn usage(error: &clap::Error, streams: &Streams) -> bool {
    if let Some(error) = in_our_words(error) {
        streams.error(&error);
        return true;
    }
    let text = error.render().to_string();
    let masked = mask_of_caller().text(&text, &[]).into_owned();
    // Without anything masked, the text keeps its colours.
    if !error.use_stderr() || report::remark(&masked) == text {
        return printed(error, streams);
    }
    streams.line(&masked);
    true
}

/// The parser's error as ours, where it is of a kind that is met every day.
fn in_our_words(error: &clap::Error) -> Option<Error> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    };
    let given = context(ContextKind::InvalidArg);
    let usage = context(ContextKind::Usage).concat();
    let usage = usage.trim().trim_start_matches("Usage: ");
    let kind = error.kind();
    let (message, suggested, otherwise) = match kind {
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand).concat();
            let suggested = context(ContextKind::SuggestedSubcommand);
            let program = usage.split(' ').next().unwrap_or_default();
            let otherwise = format!("`{program} help` lists the commands");
            (
                format!("there is no command `{word}`"),
                suggested,
                otherwise,
            )
        }
        ErrorKind::UnknownArgument => {
            let word = given.concat();
            let message = match word.starts_with('-') {
                true => format!("there is no flag `{word}`"),
                false => format!("`{word}` is one argument too many"),
            };
            let otherwise = match word.starts_with('-') {
                true => format!("`{} --help` lists the flags", command_of(usage)),
                false => format!("it is called as `{usage}`"),
            };
            (message, context(ContextKind::SuggestedArg), otherwise)
        }
        ErrorKind::MissingRequiredArgument => {
            let named: Vec<String> = given
                .iter()
                .map(|one| {
                    one.trim_end_matches("...")
                        .replace(['<', '>', '[', ']'], "")
                })
                .collect();
            let command = command_of(usage);
            let message = format!("`{command}` needs `{}`", named.join("` and `"));
            (
                message,
                Vec::new(),
                format!("such as `{}`", called(command, &given)),
            )
        }
        ErrorKind::InvalidValue => {
            let value = context(ContextKind::InvalidValue).concat();
            let flag = given.concat();
            let name = flag.split([' ', '=']).next().unwrap_or_default();
            let message = match value.is_empty() {
                true => format!("`{name}` has no value"),
                false => format!("`{value}` is not a value of `{name}`"),
            };
            let known = context(ContextKind::ValidValue);
            let otherwise = match known.is_empty() {
                true => format!("write `{}`", flag.replace(['<', '>'], "")),
                false => format!("write one of `{}`", known.join("`, `")),
            };
            (message, context(ContextKind::SuggestedValue), otherwise)
        }
        ErrorKind::ValueValidation => {
            let value = context(ContextKind::InvalidValue).concat();
            let why = std::error::Error::source(error).map(ToString::to_string);
            let flag = given.concat();
            let name = flag.split([' ', '=']).next().unwrap_or_default();
            let message = format!("`{value}` is not a value of `{name}`");
            let otherwise =
                why.unwrap_or_else(|| format!("write `{}`", flag.replace(['<', '>'], "")));
            (message, Vec::new(), otherwise)
        }
        _ => return None,
    };
    let error = Error::new(Kind::Project, message);
    let word = context(ContextKind::InvalidSubcommand).concat() + &given.concat();
    let word = word.trim_start_matches('-');
    // The nearest comes last; the parser also suggests what shares a few letters only.
    let near = suggested.iter().rev().find(|near| {
        let near = near.trim_start_matches('-');
        let is_beginning = word.len() > 2 && near.starts_with(word);
        let limit = |known: &str| (known.len().min(word.len()) / 3).max(1);
        is_beginning || nearest_within(word, [near], Case::Ignored, limit).is_some()
    });
    let is_value = kind == ErrorKind::InvalidValue;
    Some(match (near, suggested.as_slice()) {
        (Some(near), _) => error.help(format!("did you mean `{near}`?")),
        (None, [.., near]) if is_value => error.help(format!("did you mean `{near}`?")),
        _ => error.help(otherwise),
    })
}

/// The words of a usage up to its first argument.
fn command_of(usage: &str) -> &str {
    let mut end = 0;
    for word in usage.split(' ') {
        if word.starts_with(['-', '<', '[']) {
            break;
        }
        end += word.len() + 1;
    }
    usage.cut(..end.saturating_sub(1))
}

/// A command with what it needs, as one would type it.
fn called(command: &str, needed: &[String]) -> String {
    const EXAMPLES: [(&str, &str); 9] = [
        ("<REV>", "main"),
        ("<ENV>", "production"),
        ("<ENVIRONMENT>", "production"),
        ("<FILE>", "file.yaml"),
        ("<FILES>", "file.yaml"),
        ("<DIR>", "."),
        ("<DIRECTORY>", "."),
        ("<KIND/NAME>", "Deployment/web"),
        ("<OBJECT>", "Deployment/web"),
    ];
    let mut text = command.to_owned();
    for one in needed {
        let mut word = one.trim_end_matches("...").to_owned();
        for (place, example) in EXAMPLES {
            word = word.replace(place, example);
        }
        text.push(' ');
        text.push_str(&word.replace(['<', '>'], ""));
    }
    text
}

/// Prints help, or what is wrong with the arguments; whether it could be.
fn printed(error: &clap::Error, streams: &Streams) -> bool {
    match error.print() {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            let error = Error::new(Kind::Output, "cannot write to stdout").caused_by(cause);
            streams.error(&error);
            false
        }
        _ => true,
    }
}

fn say(text: &str) {
    let _bar = progress::hidden();
    // There is nowhere left to report a failure of this.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
