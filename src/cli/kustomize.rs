//! The program under the name `kustomize`: the commands that scripts and controllers call.

use std::env::{self, consts};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::release::Release;
use kustom::yaml::{Entry, Node, PrintOptions, print_node};

use super::Global;
use super::build;
use super::edit;
use super::lazy_args::{LazyArgs, Lenient};
use super::localize;
use super::output::Streams;
use super::topics;

/// Builds kustomizations as kustomize v5.8.3 does; this is kustom under kustomize's name.
#[derive(Debug, Parser)]
#[command(name = "kustomize", bin_name = "kustomize", after_help = topics::list())]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Has no effect.
    #[arg(long, global = true, hide = true)]
    stack_trace: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build a kustomization target from a directory or URL.
    Build(Lenient<build::Arguments>),
    /// Edit a kustomization file.
    Edit(Edit),
    /// Create a kustomization in the current directory.
    #[command(alias = "init")]
    Create(LazyArgs<Lenient<edit::Create>>),
    /// Show, count and search configuration.
    Cfg(Cfg),
    /// Run functions over objects in files.
    Fn(Fn),
    /// Write a kustomization, and all that it reads, into a new directory that builds by itself.
    Localize(LazyArgs<Lenient<localize::Arguments>>),
    /// Print what is known of the built-in definitions of Kubernetes.
    #[command(hide = true)]
    Openapi(OpenApi),
    /// Print a script that lets a shell complete commands.
    Completion(Completion),
    /// Print the version of kustomize whose output this program prints.
    Version(Version),
}

#[derive(Debug, clap::Args)]
struct Edit {
    #[command(subcommand)]
    command: Option<edit::Command>,
}

#[derive(Debug, clap::Args)]
struct Cfg {
    #[command(subcommand)]
    command: Option<super::cfg::Command>,
}

#[derive(Debug, clap::Args)]
struct Fn {
    #[command(subcommand)]
    command: Option<super::functions::Command>,
}

#[derive(Debug, clap::Args)]
struct OpenApi {
    #[command(subcommand)]
    command: Option<OpenApiCommand>,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum OpenApiCommand {
    /// Print the release of the definitions.
    #[command(override_help = INFO_HELP)]
    Info {
        // Words are not looked at, as in kustomize.
        #[arg(hide = true)]
        words: Vec<String>,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, clap::Args)]
#[command(override_help = COMPLETION_HELP)]
struct Completion {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

#[derive(Debug, clap::Args)]
#[command(override_help = VERSION_HELP)]
struct Version {
    /// The form: `yaml` or `json`; the version alone, if none is given.
    #[arg(short, long, value_name = "FORM", value_parser = ["", "json", "yaml"])]
    #[arg(
        default_value = "",
        hide_default_value = true,
        hide_possible_values = true
    )]
    output: String,
    /// A form of older versions (deprecated).
    #[arg(long)]
    short: bool,
    // Words are not looked at, as in kustomize.
    #[arg(hide = true)]
    words: Vec<String>,
}

/// Programs that stand around kustomize read what it says of these commands; laid out as there.
const VERSION_HELP: &str = "\
Prints the kustomize version

Usage:
  kustomize version [flags]

Examples:
kustomize version

Flags:
  -h, --help            help for version
  -o, --output string   One of 'yaml' or 'json'.

Global Flags:
      --stack-trace   print a stack-trace on error";

const COMPLETION_HELP: &str = "\
Generate shell completion.

Usage:
  kustomize completion [bash|zsh|fish|powershell]

Flags:
  -h, --help   help for completion

Global Flags:
      --stack-trace   print a stack-trace on error";

const INFO_HELP: &str = "\
Prints the `info` field from the kubernetes OpenAPI data

Usage:
  kustomize openapi info [flags]

Examples:
kustomize openapi info

Flags:
  -h, --help   help for info

Global Flags:
      --stack-trace   print a stack-trace on error";

/// Whether a program's name is kustomize's, perhaps with a version behind it.
pub(super) fn is_meant(program: &OsStr) -> bool {
    let name = Path::new(program).file_stem().unwrap_or_default();
    let name = name.to_string_lossy().to_ascii_lowercase();
    let rest = name.strip_prefix("kustomize");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

/// The parser of all commands.
pub(super) fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command that the arguments name; whatever goes wrong ends with 1.
pub(super) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.collect();
    if let Some(page) = topic(&words) {
        let streams = Streams::default();
        return exit(streams.data(page), &streams);
    }
    let mut command = Arguments::command();
    let matches = command.try_get_matches_from_mut(words);
    match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => {
            let streams = Streams::default();
            if let Err(error) = Global::default().set_limits() {
                return exit(Err(error), &streams);
            }
            match arguments.command {
                Some(Command::Build(Lenient(arguments))) => match release() {
                    Ok(release) => build::run(&arguments.or_release(release), &streams),
                    Err(error) => exit(Err(error), &streams),
                },
                Some(Command::Edit(arguments)) => finished(
                    edit::run_as_kustomize(arguments.command.as_ref(), help, &streams),
                    &streams,
                ),
                Some(Command::Create(LazyArgs(Lenient(arguments)))) => {
                    finished(edit::create_as_kustomize(&arguments, &streams), &streams)
                }
                Some(Command::Cfg(arguments)) => finished(
                    super::cfg::run(arguments.command.as_ref(), help, &streams),
                    &streams,
                ),
                Some(Command::Fn(arguments)) => finished(
                    super::functions::run(arguments.command.as_ref(), help, &streams),
                    &streams,
                ),
                Some(Command::Localize(LazyArgs(Lenient(arguments)))) => {
                    finished(localize::run(&arguments, &streams), &streams)
                }
                Some(Command::Openapi(arguments)) => {
                    exit(openapi(arguments.command.as_ref(), &streams), &streams)
                }
                Some(Command::Completion(arguments)) => {
                    exit(completion(arguments.shell, &streams), &streams)
                }
                Some(Command::Version(arguments)) => version(&arguments, &streams),
                None => exit(
                    streams.data(&command.render_long_help().to_string()),
                    &streams,
                ),
            }
        }
        Err(error) => {
            let printed = super::output::usage(&error, &Streams::default());
            if error.use_stderr() || !printed {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            }
        }
    }
}

/// The page that is asked for by its name, or by `help` and its name.
fn topic(words: &[OsString]) -> Option<&'static str> {
    let mut words = words.iter().skip(1).filter_map(|word| word.to_str());
    match words.find(|word| !word.starts_with('-'))? {
        "help" => topics::page(words.next()?),
        word => topics::page(word),
    }
}

/// The help of a command.
pub(super) fn help(path: &[&str]) -> String {
    fn of(command: &mut clap::Command, path: &[&str]) -> String {
        match path {
            [name, rest @ ..] => match command.find_subcommand_mut(name) {
                Some(inner) => of(inner, rest),
                None => String::new(),
            },
            [] => command.render_long_help().to_string(),
        }
    }
    let mut command = command();
    command.build();
    of(&mut command, path)
}

fn openapi(command: Option<&OpenApiCommand>, streams: &Streams) -> Result<()> {
    match command {
        Some(OpenApiCommand::Info { words: _ }) => {
            let release = kustom::schema::RELEASE;
            streams.data(&format!("{{title:Kubernetes,version:{release}}}\n"))
        }
        Some(OpenApiCommand::Other(words)) => {
            streams.unknown_command("openapi", words);
            streams.data(&help(&["openapi"]))
        }
        None => streams.data(&help(&["openapi"])),
    }
}

fn completion(shell: Shell, streams: &Streams) -> Result<()> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "kustomize", &mut script);
    streams.bytes(&script)
}

fn version(arguments: &Version, streams: &Streams) -> ExitCode {
    if arguments.short && !arguments.output.is_empty() {
        let message = "`--short` and `--output` are both given";
        let error = Error::new(Kind::Output, message).help("leave out `--short`");
        return exit(Err(error), streams);
    }
    if arguments.short {
        let old = Finding::warning("deprecated-field", "`--short` is deprecated");
        streams.findings(&[old.help("without it, the version stands alone")]);
    }
    let release = match release() {
        Ok(release) => release,
        Err(error) => return exit(Err(error), streams),
    };
    let text = match (arguments.output.as_str(), arguments.short) {
        ("json", _) => json(release),
        ("yaml", _) => yaml(release),
        (_, true) => format!("{{{release}  unknown   }}\n"),
        _ => format!("{release}\n"),
    };
    exit(streams.data(&text), streams)
}

/// The variable that says which release of kustomize is stood in for.
const RELEASE: &str = "KUSTOM_KUSTOMIZE_RELEASE";

/// The release that is stood in for: the newest, unless the variable says another.
fn release() -> Result<Release> {
    let Some(word) = env::var_os(RELEASE).filter(|word| !word.is_empty()) else {
        return Ok(Release::NEWEST);
    };
    let parsed: Result<Release> = word.to_string_lossy().parse();
    parsed.map_err(|error| {
        let message = format!("`{RELEASE}`: {}", error.message());
        let help = error.help_line().unwrap_or_default().to_owned();
        Error::new(error.kind(), message).help(help)
    })
}

fn exit(result: Result<()>, streams: &Streams) -> ExitCode {
    finished(result.map(|()| ExitCode::SUCCESS), streams)
}

/// Whatever goes wrong ends with 1.
fn finished(result: Result<ExitCode>, streams: &Streams) -> ExitCode {
    result.unwrap_or_else(|error| {
        streams.error(&error);
        ExitCode::FAILURE
    })
}

/// The Go that the newest release is built with, whose reading of keys is followed.
const GO: &str = "go1.27.3";

/// What kustomize tells of itself, in the words that Go has for systems.
fn fields(release: Release) -> [(&'static str, String); 6] {
    let system = match consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    [
        ("version", release.to_string()),
        ("gitCommit", "unknown".to_owned()),
        ("buildDate", "unknown".to_owned()),
        ("goOs", system.to_owned()),
        ("goArch", architecture.to_owned()),
        ("goVersion", GO.to_owned()),
    ]
}

fn json(release: Release) -> String {
    let lines = fields(release).map(|(key, value)| format!("  \"{key}\": \"{value}\""));
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

fn yaml(release: Release) -> String {
    let entries = fields(release).map(|(key, value)| Entry::new(key, Node::string(value)));
    // An empty line follows, as in the original.
    print_node(&Node::map(entries.into()), &PrintOptions::default()) + "\n"
}
