//! `kustomize cfg`: configuration in files, shown, counted and searched.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgAction, Subcommand};
use kustom::cfg::{
    Annotated, Item, Query, Structure, TreeField, Wrapping, format, print, read_path, read_text,
    tree,
};
use kustom::error::{Error, Kind, Result};
use kustom::load::{LookupCache, largest_file};
use kustom::write;
use kustom::yaml::Style;

use super::build::working_directory;
use super::lazy_args::{LazyArgs, Lenient, boolean};
use super::output::{Help, Streams, line, stdin};

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum Command {
    /// Print objects, their fields in order.
    Cat(LazyArgs<Lenient<Cat>>),
    /// Count objects by kind.
    Count(LazyArgs<Lenient<Count>>),
    /// Print the objects in which a field matches.
    Grep(LazyArgs<Lenient<Grep>>),
    /// Print objects as a tree of directories or owners.
    Tree(LazyArgs<Lenient<Tree>>),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// Which of the objects for tools alone are shown.
#[derive(Debug, clap::Args)]
struct Local {
    /// Show objects with the annotation `config.kubernetes.io/local-config`, too.
    #[arg(long)]
    include_local: bool,
    /// Leave out objects without it.
    #[arg(long)]
    exclude_non_local: bool,
}

impl Local {
    fn filter(&self, items: &mut Vec<Item>) {
        items.retain(|item| match item.is_local() {
            true => self.include_local,
            false => !self.exclude_non_local,
        });
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Cat {
    /// A file or a directory; without one, stdin.
    #[arg(value_name = "DIR")]
    words: Vec<String>,
    /// Put the fields into order.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", value_name = "BOOL", value_parser = boolean)]
    format: bool,
    /// Say in annotations where each object was read.
    #[arg(long)]
    annotate: bool,
    /// Wrap the objects in a list of this kind.
    #[arg(
        long,
        value_name = "KIND",
        default_value = "",
        hide_default_value = true
    )]
    wrap_kind: String,
    /// The apiVersion of that list.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "",
        hide_default_value = true
    )]
    wrap_version: String,
    /// A file whose object becomes the list's `functionConfig`.
    #[arg(long, value_name = "FILE")]
    function_config: Option<PathBuf>,
    /// A style of YAML: `FlowStyle`; others have no effect on objects.
    #[arg(long, value_name = "STYLE", value_delimiter = ',')]
    style: Vec<String>,
    /// Leave comments out.
    #[arg(long)]
    strip_comments: bool,
    #[command(flatten)]
    local: Local,
    /// Write to this file.
    #[arg(long, value_name = "FILE")]
    dest: Option<PathBuf>,
    #[command(flatten)]
    recurse: Recurse,
}

/// Has no effect on directories without packages of their own, as in kustomize.
#[derive(Debug, clap::Args)]
struct Recurse {
    /// Look in packages below, too.
    #[arg(short = 'R', long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", value_name = "BOOL", value_parser = boolean)]
    recurse_subpackages: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Count {
    /// A file or a directory; without one, stdin.
    #[arg(value_name = "DIR")]
    words: Vec<String>,
    /// Count each kind by itself.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", value_name = "BOOL", value_parser = boolean)]
    kind: bool,
    #[command(flatten)]
    recurse: Recurse,
}

#[derive(Debug, clap::Args)]
pub(super) struct Grep {
    /// `PATH=EXPRESSION`, or `PATH>QUANTITY` and the like; then a file or a directory.
    #[arg(value_name = "QUERY [DIR]")]
    words: Vec<String>,
    /// Say in annotations where each object was read.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", value_name = "BOOL", value_parser = boolean)]
    annotate: bool,
    /// Print the objects that do not match.
    #[arg(long)]
    invert_match: bool,
    #[command(flatten)]
    recurse: Recurse,
}

#[derive(Debug, clap::Args)]
pub(super) struct Tree {
    /// A file or a directory; `-` is stdin.
    #[arg(value_name = "DIR")]
    words: Vec<String>,
    /// Show the names of containers.
    #[arg(long)]
    name: bool,
    /// Show the resources of containers.
    #[arg(long)]
    resources: bool,
    /// Show ports.
    #[arg(long)]
    ports: bool,
    /// Show images.
    #[arg(long)]
    image: bool,
    /// Show numbers of replicas.
    #[arg(long)]
    replicas: bool,
    /// Show the arguments of containers.
    #[arg(long)]
    args: bool,
    /// Show the commands of containers.
    #[arg(long)]
    command: bool,
    /// Show the variables of containers.
    #[arg(long)]
    env: bool,
    /// Show all of these.
    #[arg(long)]
    all: bool,
    /// Show the field at a path; commas between several.
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    field: Vec<String>,
    #[command(flatten)]
    local: Local,
    /// The branches of the tree: `directory` or `owners`.
    #[arg(
        long,
        value_name = "STRUCTURE",
        default_value = "",
        hide_default_value = true
    )]
    graph_structure: String,
}

/// Runs `kustomize cfg`; a word that is no command is answered with the help.
pub(super) fn run(command: Option<&Command>, help: Help, streams: &Streams) -> Result<ExitCode> {
    let text = match command {
        Some(Command::Cat(LazyArgs(Lenient(arguments)))) => cat(arguments)?,
        Some(Command::Count(LazyArgs(Lenient(arguments)))) => count(arguments)?,
        Some(Command::Grep(LazyArgs(Lenient(arguments)))) => grep(arguments)?,
        Some(Command::Tree(LazyArgs(Lenient(arguments)))) => drawn(arguments)?,
        Some(Command::Other(words)) => {
            streams.unknown_command("cfg", words);
            help(&["cfg"])
        }
        None => help(&["cfg"]),
    };
    streams.data(&text).map(|()| ExitCode::SUCCESS)
}

/// The objects of a file, a directory or stdin.
pub(super) fn items(name: Option<&str>) -> Result<Vec<Item>> {
    match name {
        Some(name) => {
            let path = working_directory()?.join(name);
            read_path(&LookupCache::default(), &path, name)
        }
        None => {
            let cannot = |cause| Error::new(Kind::Load, "cannot read stdin").caused_by(cause);
            let not_utf8 = |_| std::io::Error::other("it is not UTF-8");
            let text =
                stdin(largest_file()).and_then(|bytes| String::from_utf8(bytes).map_err(not_utf8));
            read_text(&text.map_err(cannot)?)
        }
    }
}

fn at_most(words: &[String], count: usize) -> Result<()> {
    if words.len() <= count {
        return Ok(());
    }
    let message = format!(
        "{} words are given, and {count} at most are wanted",
        words.len()
    );
    Err(Error::new(Kind::Load, message).help("name one directory"))
}

fn cat(arguments: &Cat) -> Result<String> {
    at_most(&arguments.words, 1)?;
    let mut items = items(arguments.words.first().map(String::as_str))?;
    arguments.local.filter(&mut items);
    for item in &mut items {
        if arguments.annotate {
            item.node = item.annotated(Annotated::Full);
        }
        if arguments.format {
            format(&mut item.node);
        }
        if arguments.strip_comments {
            item.strip_comments();
        }
        if arguments.style.iter().any(|style| style == "FlowStyle") {
            item.node.style = Style::Flow;
        }
    }
    let function_config = match &arguments.function_config {
        Some(path) => {
            let name = path.to_string_lossy();
            let mut found = self::items(Some(&name))?;
            if found.len() != 1 {
                let message = format!("`{name}` holds {} objects, and one is wanted", found.len());
                return Err(Error::new(Kind::Load, message));
            }
            found.pop().map(|item| item.node)
        }
        None => None,
    };
    if items.is_empty() {
        return Ok(String::new());
    }
    let wrapping = Wrapping {
        kind: arguments.wrap_kind.clone(),
        api_version: arguments.wrap_version.clone(),
        function_config,
    };
    let text = print(&items, Annotated::No, &wrapping);
    match &arguments.dest {
        Some(path) => write::file(path, text.as_bytes()).map(|()| String::new()),
        None => Ok(text),
    }
}

fn count(arguments: &Count) -> Result<String> {
    at_most(&arguments.words, 1)?;
    let name = arguments.words.first();
    let items = items(name.map(String::as_str))?;
    let head = name.map(|name| line(&format!("{}/", name.trim_end_matches('/'))));
    let mut text = head.unwrap_or_default();
    if !arguments.kind {
        return Ok(format!("{text}{}\n", items.len()));
    }
    let mut kinds = std::collections::BTreeMap::new();
    for item in &items {
        let kind = item.node.get("kind").and_then(kustom::yaml::Node::text);
        *kinds.entry(kind.unwrap_or_default()).or_insert(0) += 1;
    }
    for (kind, count) in kinds {
        text.push_str(&line(&format!("{kind}: {count}")));
    }
    Ok(text)
}

fn grep(arguments: &Grep) -> Result<String> {
    at_most(&arguments.words, 2)?;
    let [query, rest @ ..] = arguments.words.as_slice() else {
        return Err(Error::new(Kind::Load, "nothing is looked for").help("write `PATH=EXPRESSION`"));
    };
    let query = Query::parse(query)?;
    let mut items = items(rest.first().map(String::as_str))?;
    items.retain(|item| query.matches(item) != arguments.invert_match);
    if items.is_empty() {
        return Ok(String::new());
    }
    let annotated = match arguments.annotate {
        true => Annotated::Full,
        false => Annotated::Path,
    };
    Ok(print(&items, annotated, &Wrapping::default()))
}

fn drawn(arguments: &Tree) -> Result<String> {
    at_most(&arguments.words, 1)?;
    let name = arguments.words.first().map_or(".", String::as_str);
    let mut items = items(Some(name).filter(|name| *name != "-"))?;
    arguments.local.filter(&mut items);
    let mut fields = arguments
        .field
        .iter()
        .map(|path| TreeField::parse(path))
        .collect::<Result<Vec<_>>>()?;
    for (name, is_shown) in [
        ("name", arguments.name),
        ("image", arguments.image),
        ("command", arguments.command),
        ("args", arguments.args),
        ("env", arguments.env),
        ("resources", arguments.resources),
        ("ports", arguments.ports),
    ] {
        if is_shown || arguments.all {
            fields.extend(TreeField::of_containers(name));
        }
    }
    for (path, is_shown) in [
        ("spec.replicas", arguments.replicas),
        ("spec.ports", arguments.ports),
    ] {
        if is_shown || arguments.all {
            fields.push(TreeField::parse(path)?);
        }
    }
    let structure = match arguments.graph_structure.as_str() {
        "directory" => Structure::Directories,
        "owners" => Structure::Owners,
        _ => Structure::Either,
    };
    let root = match name {
        "-" => ".",
        name => name.trim_end_matches('/'),
    };
    let is_package = |directory: &str| {
        fs::exists(Path::new(root).join(directory).join("Krmfile")).unwrap_or(false)
    };
    tree(&items, root, &fields, structure, &is_package)
}
