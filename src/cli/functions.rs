//! `kustomize fn run`: functions over the objects of a directory.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use kustom::cfg::{Annotated, Function, Item, Wrapping, pairs, print, texts};
use kustom::error::{Error, Kind, Result};
use kustom::load;
use kustom::plugin::FunctionOptions;
use kustom::process::Command as Program;
use kustom::write::{Directory, New};
use kustom::yaml::{Entry, Node, PrintOptions, Tag, print_node};

use super::cfg::items;
use super::lazy_args::{LazyArgs, Lenient};
use super::output::{Help, Streams, line};

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum Command {
    /// Run functions over objects, and write what they change.
    Run(LazyArgs<Lenient<Run>>),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// A directory; without one, stdin and stdout.
    #[arg(value_name = "DIR")]
    directory: Option<String>,
    /// Print what comes out, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Let executables run.
    #[arg(long)]
    enable_exec: bool,
    /// Run this executable, and none that the objects declare.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "",
        hide_default_value = true
    )]
    exec_path: String,
    /// Run the functions that objects here declare, and none of the directory.
    #[arg(long, value_name = "DIR")]
    fn_path: Vec<String>,
    /// A variable for every function: `NAME=value`.
    #[arg(short, long, value_name = "VARIABLE")]
    env: Vec<String>,
    /// Say which functions run.
    #[arg(long)]
    log_steps: bool,
    /// Run this image, and none that the objects declare.
    #[arg(
        long,
        value_name = "IMAGE",
        default_value = "",
        hide_default_value = true
    )]
    image: String,
    /// Let functions of the directory reach all objects.
    #[arg(long)]
    global_scope: bool,
    /// Allow the network to containers that ask for it.
    #[arg(long)]
    network: bool,
    /// Something to mount into containers, such as `type=bind,src=a,dst=/a`; may be repeated.
    #[arg(long, value_name = "OPTIONS")]
    mount: Vec<String>,
    /// Let containers run as the user who runs this.
    #[arg(long)]
    as_current_user: bool,
    /// What the function of `--image` or `--exec-path` is told: a kind, if it is no ConfigMap, and `KEY=value`.
    #[arg(last = true, value_name = "DATA")]
    data: Vec<String>,
}

/// Runs `kustomize fn`; a word that is no command is answered with the help.
pub(super) fn run(command: Option<&Command>, help: Help, streams: &Streams) -> Result<ExitCode> {
    let text = match command {
        Some(Command::Run(LazyArgs(Lenient(arguments)))) => functions(arguments, streams)?,
        Some(Command::Other(words)) => {
            streams.unknown_command("fn", words);
            help(&["fn"])
        }
        None => help(&["fn"]),
    };
    streams.data(&text).map(|()| ExitCode::SUCCESS)
}

fn functions(arguments: &Run, streams: &Streams) -> Result<String> {
    if !arguments.exec_path.is_empty() && !arguments.enable_exec {
        let message = "`--exec-path` is given without `--enable-exec`";
        return Err(Error::new(Kind::Plugin, message).help("add `--enable-exec`"));
    }
    if !arguments.data.is_empty() && arguments.image.is_empty() && arguments.exec_path.is_empty() {
        let message = "what stands behind `--` has no function to be told to";
        return Err(Error::new(Kind::Plugin, message).help("name one with `--image`"));
    }
    let before = items(arguments.directory.as_deref())?;
    let mut after = before.clone();
    for mut function in arguments.chosen(&before)? {
        if function.image.is_none() {
            let variables = &mut function.command.environment;
            variables.extend(pairs(&arguments.env));
        }
        if arguments.log_steps {
            streams.say(&line(&format!("Running {}", function.name())));
        }
        after = function.run(after)?;
    }
    if after.is_empty() {
        // As in kustomize; to remove everything, remove the directory.
        streams.say("the functions answered with nothing, and nothing is written\n");
        return Ok(String::new());
    }
    match &arguments.directory {
        Some(directory) if !arguments.dry_run => write(directory, &before, &after),
        _ => Ok(print(&after, Annotated::Path, &Wrapping::default())),
    }
}

impl Run {
    /// The functions that run; without `--enable-exec` there is no executable among them.
    fn chosen(&self, objects: &[Item]) -> Result<Vec<Function>> {
        let options = FunctionOptions {
            exec: self.enable_exec,
            network: self.network,
            mounts: self.mount.clone(),
            environment: self.env.clone(),
            as_current_user: self.as_current_user,
        };
        let here = std::env::current_dir().map_err(|cause| {
            let message = format!("cannot tell the working directory: {cause}");
            Error::new(Kind::Load, message).caused_by(cause)
        })?;
        let declared =
            |objects: &[Item], in_scope| Function::declared(objects, in_scope, &options, &here);
        let mut chosen = Vec::new();
        for path in &self.fn_path {
            chosen.extend(declared(&items(Some(path))?, false)?);
        }
        if !self.image.is_empty() {
            let object = self.container()?;
            chosen.extend(Function::of(&object, String::new(), &options, &here)?);
        } else if !self.exec_path.is_empty() {
            chosen.push(Function {
                image: None,
                command: Program::new(&self.exec_path, Vec::<OsString>::new()),
                configuration: self.configuration()?,
                scope: String::new(),
            });
        }
        if chosen.is_empty() && self.fn_path.is_empty() {
            chosen = declared(objects, !self.global_scope)?;
        }
        Ok(chosen)
    }

    /// The object that declares the function of `--image`.
    fn container(&self) -> Result<Node> {
        let mut container = vec![Entry::new("image", Node::string(self.image.as_str()))];
        if self.network {
            container.push(Entry::new("network", Node::scalar("true", Tag::Bool)));
        }
        let declaration = Node::map(vec![Entry::new("container", Node::map(container))]);
        let text = print_node(&declaration, &PrintOptions::default());
        let mut object = self.configuration()?;
        if let Some(metadata) = object.get_mut("metadata") {
            let name = "config.kubernetes.io/function";
            let annotations = vec![Entry::new(name, Node::string(text))];
            metadata.set("annotations", Node::map(annotations));
        }
        Ok(object)
    }

    fn configuration(&self) -> Result<Node> {
        let (kind, data) = match self.data.as_slice() {
            [kind, rest @ ..] if !kind.contains('=') => (kind.as_str(), rest),
            data => ("ConfigMap", data),
        };
        let mut values = Vec::new();
        for text in data {
            let Some((key, value)) = text.split_once('=') else {
                let message = format!("`{text}` is no `KEY=value`");
                return Err(Error::new(Kind::Plugin, message));
            };
            values.push(Entry::new(key, Node::string(value)));
        }
        let metadata = Node::map(vec![Entry::new("name", Node::string("function-input"))]);
        Ok(Node::map(vec![
            Entry::new("metadata", metadata),
            Entry::new("kind", Node::string(kind)),
            Entry::new("apiVersion", Node::string("v1")),
            Entry::new("data", Node::map(values)),
        ]))
    }
}

/// Writes the files in which something has changed, and removes those in which nothing is left.
fn write(directory: &str, before: &[Item], after: &[Item]) -> Result<String> {
    if !Path::new(directory).is_dir() {
        let message = format!("`{directory}` is no directory");
        return Err(Error::new(Kind::Load, message).help("name the directory of the file"));
    }
    // A link is written where it leads, if that is below the directory.
    let owned = Directory::new(directory);
    let old = |path: &str| match owned.read(Path::new(path), load::largest_file()) {
        Ok(Some(bytes)) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| Error::new(Kind::Load, format!("`{directory}/{path}` is not UTF-8"))),
        Ok(None) => Ok(None),
        Err(cause) => {
            let message = format!("cannot write `{directory}/{path}`: {cause}");
            Err(Error::new(Kind::Output, message)
                .caused_by(cause)
                .help("nothing was written"))
        }
    };
    let (mut written, mut gone) = (Vec::new(), Vec::new());
    for (path, text) in texts(before, after, &old)? {
        match text {
            Some(text) => written.push(New::over(path, text)),
            None => gone.push(path),
        }
    }
    owned.write(&written)?;
    for path in gone {
        owned.delete(Path::new(&path))?;
    }
    Ok(String::new())
}
