//! `kustom edit` and `kustom create`; `kustomize edit` and `kustomize create`.
//!
//! Every command becomes a change of a kustomization's text. All of the kustomizations that are
//! named are changed before any is written, so that all of them are or none is.

mod add;
mod create;
mod fix;
mod place;
mod remove;
mod set;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use kustom::edit::{Change, key_value};
use kustom::error::{Error, Kind, Result, nearest};
use kustom::finding::Finding;
use kustom::load::{Files, Loader};

use super::lazy_args::{LazyArgs, Lenient};
use super::output::{Help, Streams};
use place::{Kustomizations, Target};

pub(super) use create::Arguments as Create;
pub(super) use place::Places;

/// Arguments of `kustom edit`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Arguments of `kustom create`.
#[derive(Debug, clap::Args)]
pub(super) struct CreateHere {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    create: Lenient<Create>,
}

/// What is done to a kustomization.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum Command {
    /// Add an item to the kustomization file.
    Add(LazyArgs<Of<add::Command>>),
    /// Set the value of a field in the kustomization file.
    Set(LazyArgs<Of<set::Command>>),
    /// Remove items from the kustomization file.
    Remove(LazyArgs<Of<remove::Command>>),
    /// Add what is missing, and write what is deprecated as it is written today.
    Fix(LazyArgs<Lenient<fix::Arguments>>),
    /// List the built-in plugins.
    AlphaListBuiltinPlugin,
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// A group of commands, one of which may be named.
#[derive(Debug, clap::Args)]
pub(super) struct Of<C: Subcommand> {
    #[command(subcommand)]
    command: Option<C>,
}

/// What a change needs to know of the place where it is made.
struct Context<'c> {
    files: &'c dyn Files,
    loader: &'c Loader<'c>,
    /// The name of the kustomization's file.
    file_name: &'c str,
}

impl Context<'_> {
    fn directory(&self) -> &Path {
        self.loader.root()
    }
}

/// A change, and what was noticed on the way to it.
type Planned = (Option<Change>, Vec<Finding>);

/// A group of commands, each of which changes one kustomization by itself.
trait Plan {
    /// The change that the arguments ask for; none if there is nothing to do.
    fn plan(&self, context: &Context<'_>) -> Result<Planned>;
}

/// Runs `kustom edit`.
pub(super) fn run(arguments: &Arguments, help: Help, streams: &Streams) -> Result<ExitCode> {
    match &arguments.command {
        None => streams.data(&help(&["edit"])).map(|()| ExitCode::SUCCESS),
        Some(Command::Other(words)) => Err(unknown(words)),
        Some(command) => command.run(&arguments.places, help, streams),
    }
}

/// Runs `kustomize edit`, which prints its help where it does not know a command.
pub(super) fn run_as_kustomize(
    command: Option<&Command>,
    help: Help,
    streams: &Streams,
) -> Result<ExitCode> {
    let here = Places::default();
    match command {
        None => streams.data(&help(&["edit"])).map(|()| ExitCode::SUCCESS),
        Some(Command::Other(words)) => {
            streams.error(&unknown(words));
            streams.data(&help(&["edit"])).map(|()| ExitCode::SUCCESS)
        }
        Some(command) => command.run(&here, help, streams),
    }
}

/// Runs `kustom create`.
pub(super) fn create(arguments: &CreateHere, streams: &Streams) -> Result<ExitCode> {
    let Lenient(create) = &arguments.create;
    create::run(create, &arguments.places, streams).map(|()| ExitCode::SUCCESS)
}

/// Runs `kustomize create`.
pub(super) fn create_as_kustomize(arguments: &Create, streams: &Streams) -> Result<ExitCode> {
    create::run(arguments, &Places::default(), streams).map(|()| ExitCode::SUCCESS)
}

impl Command {
    fn run(&self, places: &Places, help: Help, streams: &Streams) -> Result<ExitCode> {
        let print_help = |path: &[&str]| streams.data(&help(path)).map(|()| ExitCode::SUCCESS);
        let plan: &dyn Plan = match self {
            Self::Add(LazyArgs(Of {
                command: Some(command),
            })) => command,
            Self::Set(LazyArgs(Of {
                command: Some(command),
            })) => command,
            Self::Remove(LazyArgs(Of {
                command: Some(command),
            })) => command,
            Self::Add(_) => return print_help(&["edit", "add"]),
            Self::Set(_) => return print_help(&["edit", "set"]),
            Self::Remove(_) => return print_help(&["edit", "remove"]),
            Self::Fix(LazyArgs(Lenient(arguments))) => return fix::run(arguments, places, streams),
            Self::AlphaListBuiltinPlugin => {
                return streams.data(&builtin_plugins()).map(|()| ExitCode::SUCCESS);
            }
            Self::Other(words) => return Err(unknown(words)),
        };
        change(plan, places, streams).map(|()| ExitCode::SUCCESS)
    }
}

/// Makes a change in all kustomizations, and writes them.
fn change(plan: &dyn Plan, places: &Places, streams: &Streams) -> Result<()> {
    let files = places.files();
    let kustomizations = Kustomizations::of(places, &files)?;
    let mut targets = Vec::new();
    for directory in kustomizations.directories() {
        targets.push(kustomizations.with(directory, |loader, here| {
            let context = Context {
                files: &files,
                loader,
                file_name: here.file_name(),
            };
            let (change, mut findings) = plan.plan(&context)?;
            let here = here.found()?;
            let edited = change
                .map(|change| change.apply(&here.text, here.source, Some(loader)))
                .transpose()?;
            let text = edited.map(|edited| {
                findings.extend(edited.findings);
                edited.text
            });
            Ok((Target::of(here, text), findings))
        })?);
    }
    let (targets, findings): (Vec<Target>, Vec<_>) = targets.into_iter().unzip();
    let findings: Vec<Finding> = findings.into_iter().flatten().collect();
    streams.findings(&findings);
    places.put_down(&targets, streams)
}

/// What kustomize's own plugins are called, in order.
fn builtin_plugins() -> String {
    let names = kustom::kustomization::BUILTIN_PLUGINS.map(|name| format!(" * {name}\n"));
    format!("Builtin plugins:\n\n{}", names.concat())
}

fn unknown(words: &[OsString]) -> Error {
    let word = words
        .first()
        .map(|word| word.to_string_lossy().into_owned());
    let word = word.unwrap_or_default();
    let message = format!("`{word}` is no command of `edit`");
    let known = ["add", "set", "remove", "fix"];
    let error = Error::new(Kind::Kustomization, message);
    match nearest(&word, known) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("it has {}", known.join(", "))),
    }
}

/// An argument that must be there just once.
fn only<'w>(words: &'w [String], what: &str) -> Result<&'w str> {
    match words {
        [word] => Ok(word),
        [] => Err(Error::new(
            Kind::Kustomization,
            format!("no {what} is given"),
        )),
        words => {
            let message = format!("{} words are given, and one {what} is wanted", words.len());
            Err(Error::new(Kind::Kustomization, message).help("quote a word that has blanks"))
        }
    }
}

/// Arguments of which there must be one.
fn some<'w>(words: &'w [String], what: &str) -> Result<&'w [String]> {
    match words {
        [] => Err(Error::new(
            Kind::Kustomization,
            format!("no {what} is given"),
        )),
        words => Ok(words),
    }
}

/// Pairs of a key and a value.
#[derive(Debug, clap::Args)]
pub(super) struct KeyValues {
    /// A key and its value.
    #[arg(value_name = "KEY:VALUE")]
    words: Vec<String>,
}

impl KeyValues {
    fn read(&self, what: &str) -> Result<Vec<(String, String)>> {
        let words = some(&self.words, what)?.iter();
        words.map(|word| key_value(word)).collect()
    }
}

/// Options of `buildMetadata`.
#[derive(Debug, clap::Args)]
pub(super) struct BuildMetadata {
    /// `originAnnotations`, `transformerAnnotations` or `managedByLabel`; commas between several.
    #[arg(value_name = "OPTIONS")]
    words: Vec<String>,
}

impl BuildMetadata {
    /// The options, which must be known.
    fn read(&self) -> Result<Vec<String>> {
        const KNOWN: [&str; 3] = [
            "originAnnotations",
            "transformerAnnotations",
            "managedByLabel",
        ];
        let options = listed(&self.words, "option")?;
        let Some(unknown) = options.iter().find(|it| !KNOWN.contains(&it.as_str())) else {
            return Ok(options);
        };
        let message = format!("`{unknown}` is no option of `buildMetadata`");
        let error = Error::new(Kind::Kustomization, message);
        Err(match nearest(unknown, KNOWN) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("it has {}", KNOWN.join(", "))),
        })
    }
}

/// A change that nothing has to be said about.
fn just(change: Change) -> Result<Planned> {
    Ok((Some(change), Vec::new()))
}

/// Words of one argument, divided by commas.
fn listed(words: &[String], what: &str) -> Result<Vec<String>> {
    let message = match words {
        [] => format!("no {what} is given"),
        [one] => return Ok(one.split(',').map(str::to_owned).collect()),
        _ => format!("several words are given, and one list of {what}s is wanted"),
    };
    Err(Error::new(Kind::Kustomization, message).help("put commas between them, and no blanks"))
}
