//! Command line arguments whose parser is built only if the command is used.
//!
//! Building the parser of all commands takes longer than a small render.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

/// Arguments that are put together late.
#[derive(Debug)]
pub(super) struct LazyArgs<T>(pub(super) T);

/// Adds the arguments; what the command says of itself stays, whatever its parts say.
fn augment<T: Args>(command: Command) -> Command {
    let about = command.get_about().cloned();
    let long_about = command.get_long_about().cloned();
    let command = T::augment_args(command);
    let command = match about {
        Some(about) => command.about(about),
        None => command.about(None),
    };
    match long_about {
        Some(about) => command.long_about(about),
        None => command.long_about(None),
    }
}

impl<T: Args> Args for LazyArgs<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(augment::<T>)
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(T::augment_args_for_update)
    }
}

impl<T: FromArgMatches> FromArgMatches for LazyArgs<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    // Without this, all that was matched would be copied.
    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Arguments whose flags are taken as Go's programs take them.
#[derive(Debug)]
pub(super) struct Lenient<T>(pub(super) T);

impl<T: Args> Args for Lenient<T> {
    fn augment_args(command: Command) -> Command {
        lenient(T::augment_args(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        lenient(T::augment_args_for_update(command))
    }
}

impl<T: FromArgMatches> FromArgMatches for Lenient<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Lets a flag be said twice and switched off (`--enable-helm=false`), and its value begin with a
/// dash.
fn lenient(command: Command) -> Command {
    let as_in_go = |arg: Arg| match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .value_name("BOOL")
            .default_value("false")
            .default_missing_value("true")
            .hide_default_value(true)
            .value_parser(boolean),
        ArgAction::Set | ArgAction::Append if !arg.is_positional() => arg.allow_hyphen_values(true),
        _ => arg,
    };
    command.args_override_self(true).mut_args(as_in_go)
}

/// The words that kustomize takes for a switch.
pub(super) fn boolean(word: &str) -> std::result::Result<bool, String> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("it is `true` or `false`".to_owned()),
    }
}
