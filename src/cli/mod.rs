//! Flags to options, results to stdout, errors to stderr, and the exit codes.
//!
//! Each command has a file of its own. Exit codes: 0 for clean, 1 for findings or differences, 2
//! for anything that went wrong; `build` keeps kustomize's 1 for what went wrong.

#[cfg(test)]
mod advice;
mod affected;
mod argocd;
mod argocd_plugin;
mod blame;
mod build;
mod cfg;
mod check;
mod compare_releases;
mod complete;
mod completion;
mod config;
mod deps;
mod diff;
mod doctor;
mod edit;
mod examples;
mod explain;
mod explained;
mod files;
mod flags;
mod functions;
mod graph;
mod init;
mod krm_function;
mod kubectl;
mod kustomize;
mod lazy_args;
mod lint;
mod list;
mod localize;
mod lock;
mod lsp;
mod man;
mod migrate;
mod objects;
mod outdated;
mod output;
mod overview;
#[cfg(test)]
mod page;
mod progress;
mod project;
mod reading;
mod render;
mod report;
mod requested;
mod rules;
mod run_overrides;
mod schema;
mod secrets;
mod selection;
mod substitute;
mod terminal;
mod topics;
mod unrendered;
mod validate;
mod vendor;
mod watch;
mod yq;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum as _};
use kustom::error::{Error, Kind, Result};
use kustom::limits::{self, Limits};
use kustom::process;
use kustom::yaml::threads;

use lazy_args::{LazyArgs, Lenient};
use output::Streams;

/// Renders the Kubernetes manifests of many environments from one base.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command understands.
#[derive(Clone, Debug, Default, clap::Args)]
struct Global {
    /// When to use colour.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: output::When,
    /// Print errors only; of a report, a line for each finding.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// How errors and findings are written, on stderr and in reports for people on stdout.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "full")]
    message_format: output::Messages,
    /// How many threads work at most; without it one for each core.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// How much one build may read and make, such as `2G` (default 512M).
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,
    /// How long helm, git and functions may run, such as `90s` (default 10m).
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    timeout: Option<Duration>,
    /// Fetch nothing: what is elsewhere comes from `vendor` or the cache, or is refused.
    #[arg(long, global = true)]
    offline: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build a kustomization, as `kustomize build` does.
    #[command(after_long_help = examples::BUILD)]
    Build(LazyArgs<Lenient<build::Arguments>>),
    /// Render an environment of a project: configs, secrets, kustomization.
    #[command(after_long_help = examples::RENDER)]
    Render(LazyArgs<render::Arguments>),
    /// Write a new project: a base and three environments that render at once.
    #[command(after_long_help = examples::INIT)]
    Init(LazyArgs<init::Arguments>),
    /// Turn a deployment that a script renders with yq and kustomize into a project, and prove that
    /// it renders the same bytes; the script is read, never run.
    #[command(after_long_help = examples::MIGRATE)]
    Migrate(LazyArgs<migrate::Arguments>),
    /// Change a kustomization, and nothing in it besides: images, labels, resources, generators.
    #[command(after_long_help = examples::EDIT)]
    Edit(edit::Arguments),
    /// Write a new kustomization.
    #[command(after_long_help = examples::CREATE)]
    Create(LazyArgs<edit::CreateHere>),
    /// Write a kustomization, and all that it reads, into a new directory that builds by itself.
    #[command(after_long_help = examples::LOCALIZE)]
    Localize(LazyArgs<Lenient<localize::Arguments>>),
    /// Show what differs between two environments, or since a git revision.
    #[command(after_long_help = examples::DIFF)]
    Diff(LazyArgs<diff::Arguments>),
    /// Show, write or check the rendered configs of an environment.
    #[command(after_long_help = examples::CONFIG)]
    Config(LazyArgs<config::Arguments>),
    /// Create secret files, show which are missing or placeholders, and find secrets that are committed.
    #[command(after_long_help = examples::SECRETS)]
    Secrets(LazyArgs<secrets::Arguments>),
    /// Check a project before it is deployed: secrets, configs, strict renders; exit with 1 if
    /// something is found.
    #[command(after_long_help = examples::CHECK)]
    Check(LazyArgs<check::Arguments>),
    /// Say whether releases of kustomize print the same bytes, and why not; exit with 1 if they do
    /// not.
    #[command(after_long_help = examples::COMPARE_RELEASES)]
    CompareReleases(LazyArgs<compare_releases::Arguments>),
    /// Judge objects as the API server of a version of Kubernetes does; exit with 1 if it would refuse
    /// one.
    #[command(after_long_help = examples::VALIDATE)]
    Validate(LazyArgs<validate::Arguments>),
    /// Find what a server accepts and one regrets: limits, rights, webhooks, patches that do nothing;
    /// exit with 1 if an error is found.
    #[command(after_long_help = examples::LINT)]
    Lint(LazyArgs<lint::Arguments>),
    /// Substitute variables in manifests, as Flux does after its build.
    #[command(after_long_help = examples::SUBSTITUTE)]
    Substitute(LazyArgs<substitute::Arguments>),
    /// Show what made an object, or a field of it, what it is: every file and line, oldest first.
    #[command(after_long_help = examples::EXPLAIN)]
    Explain(LazyArgs<explain::Arguments>),
    /// Print the output of an environment with the file and line that each of its lines comes from.
    #[command(after_long_help = examples::BLAME)]
    Blame(LazyArgs<blame::Arguments>),
    /// Answer an editor, as a language server on stdin and stdout.
    #[command(after_long_help = examples::LSP)]
    Lsp(LazyArgs<lsp::Arguments>),
    /// Write a page about a whole project: what it is made of, its objects in all environments, what
    /// `check` finds.
    #[command(after_long_help = examples::REPORT)]
    Report(LazyArgs<overview::Arguments>),
    /// Show what environments are made of: bases, components, generators, charts, configs.
    #[command(after_long_help = examples::GRAPH)]
    Graph(LazyArgs<graph::Arguments>),
    /// Render an environment again whenever something changes that it reads, and show what differs.
    #[command(after_long_help = examples::WATCH)]
    Watch(LazyArgs<watch::Arguments>),
    /// List the environments: what they extend, their objects, and how far their secrets are.
    #[command(after_long_help = examples::LIST)]
    List(LazyArgs<list::Arguments>),
    /// Print the environments that the changes since a revision can affect.
    #[command(after_long_help = examples::AFFECTED)]
    Affected(LazyArgs<affected::Arguments>),
    /// Print the files that environments are made of.
    #[command(after_long_help = examples::DEPS)]
    Deps(LazyArgs<deps::Arguments>),
    /// Write down what the remotes of a project hold, so that nothing else is ever built.
    #[command(after_long_help = examples::LOCK)]
    Lock(LazyArgs<lock::Arguments>),
    /// Print the remote bases and images that there are newer tags of; exit with 1 if there is one.
    #[command(after_long_help = examples::OUTDATED)]
    Outdated(LazyArgs<outdated::Arguments>),
    /// Lay out what is locked in `vendor`, where it is read from then on.
    #[command(after_long_help = examples::VENDOR)]
    Vendor(LazyArgs<vendor::Arguments>),
    /// Say what Argo CD makes of a repository.
    #[command(after_long_help = examples::ARGOCD)]
    Argocd(argocd::Arguments),
    /// Render as a KRM function: read a ResourceList from stdin, and print it with what was rendered.
    #[command(after_long_help = examples::FN)]
    Fn(LazyArgs<krm_function::Arguments>),
    /// Change or query YAML, by the command lines of yq 3 and yq 4.
    #[command(disable_help_flag = true)]
    Yq(yq::Arguments),
    /// Print the JSON Schema of `kustom.yaml`, of `environment.yaml` or of what a command prints.
    #[command(after_long_help = examples::SCHEMA)]
    Schema(LazyArgs<schema::Arguments>),
    /// List the rules that findings name, or say what one of them finds and what to do about it.
    #[command(after_long_help = examples::RULES)]
    Rules(LazyArgs<rules::Arguments>),
    /// Say what is found of a project, of git, and of the programs that kustom may run.
    #[command(after_long_help = examples::DOCTOR)]
    Doctor(LazyArgs<doctor::Arguments>),
    /// Print the manual page of a command, or write all of them into a directory.
    #[command(after_long_help = examples::MAN)]
    Man(LazyArgs<man::Arguments>),
    /// Print the script with which a shell completes commands, environments and objects.
    #[command(after_long_help = examples::COMPLETION)]
    Completion(LazyArgs<completion::Arguments>),
}

/// Runs the command that the arguments name.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    process::end_with_us();
    let mut arguments = arguments.peekable();
    if arguments
        .peek()
        .is_some_and(|program| kustomize::is_meant(program))
    {
        return kustomize::run(arguments);
    }
    let words: Vec<OsString> = arguments.collect();
    if let Some(code) = complete::answered(&words) {
        return code;
    }
    let words = kubectl::words_of_diff(&words).unwrap_or(words);
    let words = validate::words_of_validate(&words).unwrap_or(words);
    let words = words_of_help(&words).unwrap_or(words);
    let words = words_of_yq(&words).unwrap_or(words);
    if let Some(arguments) = plain_build(&words) {
        return Global::default().run(|streams| Ok(build::run(&arguments, streams)));
    }
    match parsed(&words) {
        Ok(Arguments { command, global }) => global.run(|streams| run_command(command, streams)),
        Err(error) => usage(&error, &words),
    }
}

/// The parser of all commands; the words of yq are described, which its own parser takes.
fn documented() -> clap::Command {
    Arguments::command().mut_subcommands(|command| match command.get_name() {
        "yq" => yq::command(),
        _ => command,
    })
}

fn parsed(words: &[OsString]) -> std::result::Result<Arguments, clap::Error> {
    let mut matches = Arguments::command().try_get_matches_from(words)?;
    Arguments::from_arg_matches_mut(&mut matches)
}

/// `kustom build DIR`, which is called most, often for each of many directories: without a flag
/// there is nothing to parse, and the parser takes as long as a small build.
fn plain_build(words: &[OsString]) -> Option<build::Arguments> {
    let [_, command, target] = words else {
        return None;
    };
    let is_flag = target.as_encoded_bytes().starts_with(b"-");
    (command == "build" && !is_flag).then(|| build::Arguments::of(target))
}

/// `kustom help COMMAND` as `kustom COMMAND --help`, with which every command answers.
fn words_of_help(words: &[OsString]) -> Option<Vec<OsString>> {
    let [program, help, command @ ..] = words else {
        return None;
    };
    (help == "help").then(|| {
        let words = std::iter::once(program).chain(command).cloned();
        words.chain(["--help".into()]).collect()
    })
}

/// `kustom yq -- WORDS` with the dashes twice: the parser would keep those that are meant for yq.
fn words_of_yq(words: &[OsString]) -> Option<Vec<OsString>> {
    let at = words.iter().position(|word| word == "yq")? + 1;
    let is_meant = command(words) == Some("yq") && words.get(at).is_some_and(|it| it == "--");
    is_meant.then(|| {
        let mut words = words.to_vec();
        words.insert(at, "--".into());
        words
    })
}

/// Those that have exit codes of their own say themselves what went wrong.
fn run_command(command: Command, streams: &Streams) -> Result<ExitCode> {
    match command {
        Command::Build(LazyArgs(Lenient(arguments))) => Ok(build::run(&arguments, streams)),
        Command::Render(LazyArgs(arguments)) => render::run(&arguments, streams),
        Command::Init(LazyArgs(arguments)) => init::run(&arguments, streams),
        Command::Migrate(LazyArgs(arguments)) => migrate::run(&arguments, streams),
        Command::Edit(arguments) => edit::run(&arguments, kustomize::help, streams),
        Command::Create(LazyArgs(arguments)) => edit::create(&arguments, streams),
        Command::Localize(LazyArgs(Lenient(arguments))) => localize::run(&arguments, streams),
        Command::Diff(LazyArgs(arguments)) => Ok(diff::run(&arguments, streams)),
        Command::Config(LazyArgs(arguments)) => config::run(&arguments, streams),
        Command::Secrets(LazyArgs(arguments)) => secrets::run(&arguments, streams),
        Command::Check(LazyArgs(arguments)) => check::run(&arguments, streams),
        Command::CompareReleases(LazyArgs(arguments)) => compare_releases::run(&arguments, streams),
        Command::Validate(LazyArgs(arguments)) => validate::run(&arguments, streams),
        Command::Lint(LazyArgs(arguments)) => lint::run(arguments, streams),
        Command::Substitute(LazyArgs(arguments)) => substitute::run(&arguments, streams),
        Command::Explain(LazyArgs(arguments)) => explain::run(&arguments, streams),
        Command::Blame(LazyArgs(arguments)) => blame::run(&arguments, streams),
        Command::Lsp(LazyArgs(arguments)) => lsp::run(&arguments),
        Command::Report(LazyArgs(arguments)) => overview::run(&arguments, streams),
        Command::Graph(LazyArgs(arguments)) => graph::run(&arguments, streams),
        Command::Watch(LazyArgs(arguments)) => watch::run(&arguments, streams),
        Command::List(LazyArgs(arguments)) => list::run(&arguments, streams),
        Command::Affected(LazyArgs(arguments)) => affected::run(&arguments, streams),
        Command::Deps(LazyArgs(arguments)) => deps::run(&arguments, streams),
        Command::Lock(LazyArgs(arguments)) => lock::run(&arguments, streams),
        Command::Outdated(LazyArgs(arguments)) => outdated::run(&arguments, streams),
        Command::Vendor(LazyArgs(arguments)) => vendor::run(&arguments, streams),
        Command::Argocd(arguments) => argocd::run(&arguments, streams),
        Command::Fn(LazyArgs(arguments)) => krm_function::run(&arguments, streams),
        Command::Yq(arguments) => Ok(yq::run(&arguments.words, streams)),
        Command::Schema(LazyArgs(arguments)) => schema::run(&arguments, streams),
        Command::Rules(LazyArgs(arguments)) => rules::run(&arguments, streams),
        Command::Doctor(LazyArgs(arguments)) => doctor::run(&arguments, streams),
        Command::Man(LazyArgs(arguments)) => man::run(&arguments, documented(), streams),
        Command::Completion(LazyArgs(arguments)) => {
            completion::run(&arguments, documented(), streams)
        }
    }
}

impl Global {
    /// Does the work of a command within what the flags say of messages and limits.
    fn run(&self, work: impl FnOnce(&Streams) -> Result<ExitCode>) -> ExitCode {
        let streams = self.streams();
        let done = self.set_limits().and_then(|()| work(&streams));
        done.unwrap_or_else(|error| {
            streams.error(&error);
            ExitCode::from(2)
        })
    }

    /// The streams that messages and data go to.
    fn streams(&self) -> Streams {
        Streams::new(self.color, self.quiet, self.message_format)
    }

    /// What the flags say in arguments that the parser refuses.
    fn of_refused(words: &[OsString]) -> Self {
        let mut global = Self::default();
        let mut words = words.iter().filter_map(|word| word.to_str());
        while let Some(word) = words.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None => (word, None),
            };
            match flag {
                "--color" => {
                    let value = value.or_else(|| words.next()).unwrap_or_default();
                    global.color = output::When::from_str(value, false).unwrap_or_default();
                }
                "--message-format" => {
                    let value = value.or_else(|| words.next()).unwrap_or_default();
                    global.message_format =
                        output::Messages::from_str(value, false).unwrap_or_default();
                }
                _ => {}
            }
        }
        global
    }

    /// Sets the limits of the process: those of the flags, or else of the environment.
    fn set_limits(&self) -> Result<()> {
        let size = match self.max_size {
            Some(size) => Some(size),
            None => variable("KUSTOM_MAX_SIZE", limits::size)?,
        };
        let time = match self.timeout {
            Some(time) => Some(time),
            None => variable("KUSTOM_TIMEOUT", limits::time)?,
        };
        if self.quiet || self.message_format == output::Messages::Json {
            progress::silence();
        }
        if let Some(jobs) = self.jobs {
            threads::limit(jobs.into());
        }
        limits::set(Limits {
            size: size.unwrap_or(Limits::DEFAULT.size),
            file: variable("KUSTOM_MAX_FILE_SIZE", limits::size)?.unwrap_or(Limits::DEFAULT.file),
            time: time.unwrap_or(Limits::DEFAULT.time),
            offline: self.offline || variable("KUSTOM_OFFLINE", switch)?.unwrap_or_default(),
        });
        Ok(())
    }
}

/// What a variable of the environment says.
fn variable<T>(name: &str, read: fn(&str) -> Result<T>) -> Result<Option<T>> {
    let Some(text) = std::env::var_os(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    read(&text.to_string_lossy())
        .map(Some)
        .map_err(|error| error.note(format!("in the environment variable `{name}`"), None))
}

/// What `KUSTOM_OFFLINE` says.
fn switch(text: &str) -> Result<bool> {
    lazy_args::boolean(text)
        .map_err(|why| Error::new(Kind::Limit, format!("`{text}` is no switch")).help(why))
}

fn size(text: &str) -> std::result::Result<u64, String> {
    limits::size(text).map_err(|error| error.with_help())
}

fn time(text: &str) -> std::result::Result<Duration, String> {
    limits::time(text).map_err(|error| error.with_help())
}

/// Help and version go to stdout with success, anything else to stderr with 2, or 1 for `build`.
fn usage(error: &clap::Error, words: &[OsString]) -> ExitCode {
    let streams = Global::of_refused(words).streams();
    let is_command = error.kind() == ErrorKind::InvalidSubcommand;
    if let Some(word) = command(words).filter(|_| is_command)
        && let Some(meant) = project::meant_by(word)
    {
        let message = format!("there is no command `{word}`");
        streams.error(&Error::new(Kind::Project, message).help(format!("did you mean `{meant}`?")));
        return ExitCode::from(2);
    }
    let printed = output::usage(error, &streams);
    match (error.use_stderr(), command(words)) {
        (false, _) if printed => ExitCode::SUCCESS,
        (true, Some("build")) => ExitCode::FAILURE,
        _ => ExitCode::from(2),
    }
}

/// The name of the command in arguments that the parser refuses: the first word that is neither a
/// flag nor the value of one.
fn command(words: &[OsString]) -> Option<&str> {
    let mut words = words.iter().skip(1).filter_map(|word| word.to_str());
    loop {
        match words.next()? {
            "--color" | "--jobs" | "--message-format" | "--max-size" | "--timeout" => {
                words.next();
            }
            flag if flag.starts_with('-') => {}
            command => return Some(command),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_flags_is_what_the_parser_makes_of_it() {
        let words = |target: &str| ["kustom", "build", target].map(OsString::from);
        for target in [".", "a/b", "", "https://example.com/a?ref=b"] {
            let words = words(target);
            let (short, long) = (plain_build(&words).unwrap(), parsed(&words).unwrap());
            let short = Arguments {
                command: Command::Build(LazyArgs(Lenient(short))),
                global: Global::default(),
            };
            assert_eq!(format!("{short:?}"), format!("{long:?}"));
        }
        for flag in ["-h", "--help", "-", "--"] {
            assert!(plain_build(&words(flag)).is_none(), "{flag}");
        }
    }

    #[test]
    fn the_command_is_found_behind_flags() {
        let found = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            command(&words).map(str::to_owned)
        };
        for line in [
            "kustom build --nope",
            "kustom -q --color never build -x",
            "kustom --color=always build a b",
        ] {
            assert_eq!(found(line).as_deref(), Some("build"), "{line}");
        }
        assert_eq!(found("kustom --color build").as_deref(), None);
        assert_eq!(found("kustom diff build").as_deref(), Some("diff"));
    }

    #[test]
    fn help_says_first_what_the_command_does() {
        let all = documented();
        let commands: Vec<_> = all.get_subcommands().collect();
        assert!(commands.len() > 5);
        for command in commands {
            let words = ["kustom", command.get_name(), "--help"].map(OsString::from);
            let help = match command.get_name() {
                "yq" => yq::command().render_help().to_string(),
                _ => parsed(&words).unwrap_err().to_string(),
            };
            let about = command.get_about().unwrap().to_string();
            // Lines are wrapped.
            let help: Vec<&str> = help.split_whitespace().collect();
            assert!(help.join(" ").starts_with(&about), "`{about}`");
        }
    }
}
