//! `kustom diff`.

mod all;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::dangling::MISSING;
use kustom::diff::{Detail, Diff, Ignore, Input, Masking, Options, Sides, diff};
use kustom::error::{Error, Kind, Result};
use kustom::fields::Fields;
use kustom::finding::{Finding, Severity};
use kustom::guard::Guard;
use kustom::load::{
    Disk, Files, LookupCache, Memory, Overlay, Revision, TrackedFiles, Within, tracked_files,
    unlistable, unreadable,
};
use kustom::place::{Place, SourceId, Span};
use kustom::project::{self, GuardPolicy, Project, Rendered, render};
use kustom::report::{self, DiffFormat, Layout};
use kustom::resource::{History, Resource};
use kustom::schema::Schema;
use kustom::write;
use kustom::yaml::{Entry, Node, Style, Tag, Value, read_manifests, repeated_key, settle_nulls};

use super::build::working_directory;
use super::complete::{Environments, completer};
use super::output::{Streams, stdin};
use super::progress::Progress;
use super::project::{find_environment, said_by_git};
use super::run_overrides::{Policy, RunOverrides};
use super::selection::{Selection, SelectionFlags};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Two environments; or any with --against, and none for all that are affected; or two files or
    /// directories, with --files.
    #[arg(
        value_name = "ENV",
        required_unless_present = "against",
        add = completer(Environments)
    )]
    sides: Vec<String>,
    /// Compare environments with themselves as of this git revision; `main...` is where the present
    /// commit left `main`.
    #[arg(long, value_name = "REV", conflicts_with = "files")]
    against: Option<String>,
    /// Compare two YAML files, or two directories of them: for KUBECTL_EXTERNAL_DIFF.
    #[arg(long)]
    files: bool,
    /// How to write it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Show everything that was found: what is expected to differ, what is ignored, layout, and
    /// orders that mean nothing.
    #[arg(long)]
    all: bool,
    /// Count and show layout, and orders that mean nothing.
    #[arg(long)]
    strict: bool,
    /// Ignore an object (`KIND/NAME`), a field (`spec.replicas`), or a field of an object
    /// (`Deployment/*:spec.replicas`); may be repeated.
    #[arg(long, value_name = "ENTRY", value_parser = ignored)]
    ignore: Vec<Ignore>,
    #[command(flatten)]
    selection: SelectionFlags,
    /// Say that one word is expected to become another; may be repeated.
    #[arg(long, value_name = "FROM=TO", value_parser = expectation)]
    expect: Vec<(String, String)>,
    /// Show the values of secrets.
    #[arg(long)]
    show_secrets: bool,
    /// Do not say how long secrets are.
    #[arg(long)]
    no_lengths: bool,
    /// What to do about secrets that are not filled in; --against takes placeholders.
    #[arg(long, value_name = "POLICY")]
    secrets: Option<Policy>,
    #[command(flatten)]
    overrides: RunOverrides,
    /// Exit with 0 although there are differences.
    #[arg(long, conflicts_with = "detailed_exitcode")]
    exit_zero: bool,
    /// Exit with 2 if there are differences and with 1 if something went wrong.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Where the page of all differences will be, for a comment that has no room for them.
    #[arg(long, value_name = "URL", value_parser = page)]
    page: Option<String>,
    /// Write to this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For a terminal.
    Text,
    /// Unified differences of normalised YAML.
    Unified,
    /// For programs; see docs/diff.schema.json.
    Json,
    /// For a comment on a pull request.
    Markdown,
    /// One page that needs nothing else.
    Html,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> ExitCode {
    let (changed, failed) = if arguments.detailed_exitcode {
        (2, 1)
    } else {
        (1, 2)
    };
    match show(arguments, streams) {
        Ok(differs) if differs && !arguments.exit_zero => ExitCode::from(changed),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            streams.error(&error);
            ExitCode::from(failed)
        }
    }
}

/// Shows what differs, and says whether anything does.
fn show(arguments: &Arguments, streams: &Streams) -> Result<bool> {
    if let Some(revision) = arguments
        .against
        .as_ref()
        .filter(|_| arguments.sides.len() != 1)
    {
        return all::show(arguments, revision, streams);
    }
    let ignored = project_ignores(arguments)?;
    let selection = arguments.selection.begin();
    let (found, findings) = compared(arguments, &ignored, &selection, sides(arguments)?);
    selection.finish()?;
    streams.findings(&findings);
    let text = report::diff(
        &found,
        arguments.format.format(),
        layout(arguments, streams),
    );
    print(arguments, streams, &text)?;
    Ok(!found.is_empty())
}

/// What differs between two sides, and what was remarked upon.
fn compared(
    arguments: &Arguments,
    ignored: &[Ignore],
    selection: &Selection<'_>,
    [mut from, mut to]: [Loaded; 2],
) -> (Diff, Vec<Finding>) {
    selection.keep(&mut from.resources);
    selection.keep(&mut to.resources);
    let fields = Fields::builtin();
    let ignored = [&arguments.ignore[..], ignored].concat();
    let options = Options {
        sides: match (arguments.files, &arguments.against) {
            (true, _) if is_kubectls(&arguments.sides) => Sides::Cluster,
            (false, None) => Sides::Environments,
            _ => Sides::Times,
        },
        fields: &fields,
        secrets: &Guard::new(),
        masking: Masking {
            show: arguments.show_secrets,
            lengths: !arguments.no_lengths,
        },
        expected: &arguments.expect,
        ignored: &ignored,
        detail: Detail {
            strict: arguments.strict,
            all: arguments.all,
        },
    };
    let found = diff(
        from.input(&|span| from.place(span)),
        to.input(&|span| to.place(span)),
        &options,
    );
    let findings = [&from.findings[..], &to.findings, &found.findings].concat();
    (found, findings)
}

fn layout<'a>(arguments: &'a Arguments, streams: &Streams) -> Layout<'a> {
    Layout {
        color: match arguments.output {
            None => streams.color_of_data(),
            Some(_) => report::Color::Never,
        },
        width: super::output::width(),
        all: arguments.all,
        page: arguments.page.as_deref().filter(|page| !page.is_empty()),
    }
}

fn print(arguments: &Arguments, streams: &Streams, text: &str) -> Result<()> {
    match &arguments.output {
        None => streams.data(text),
        Some(path) => write::file(path, text.as_bytes()),
    }
}

impl Format {
    fn format(self) -> DiffFormat {
        match self {
            Self::Text => DiffFormat::Terminal,
            Self::Unified => DiffFormat::Unified,
            Self::Json => DiffFormat::Json,
            Self::Markdown => DiffFormat::Markdown,
            Self::Html => DiffFormat::Html,
        }
    }
}

/// One of the two sides.
struct Loaded {
    name: String,
    resources: Vec<Resource>,
    findings: Vec<Finding>,
    sources: Named,
}

/// The names of what was read.
enum Named {
    Build(Box<Rendered>),
    Files(Vec<Arc<str>>),
}

impl Loaded {
    fn nothing() -> Self {
        Self {
            name: String::new(),
            resources: Vec::new(),
            findings: Vec::new(),
            sources: Named::Files(Vec::new()),
        }
    }

    fn input<'l>(&'l self, place: &'l dyn Fn(Span) -> Option<Place>) -> Input<'l> {
        Input {
            name: &self.name,
            resources: &self.resources,
            place,
        }
    }

    fn place(&self, span: Span) -> Option<Place> {
        match &self.sources {
            Named::Build(rendered) => rendered.sources.place(span),
            Named::Files(names) => {
                let name = names.get(span.source.index()?)?;
                Some(Place::in_file(Arc::clone(name), span))
            }
        }
    }
}

fn sides(arguments: &Arguments) -> Result<[Loaded; 2]> {
    match (arguments.sides.as_slice(), &arguments.against) {
        ([old, new], None) if arguments.files => {
            let files = arguments.overrides.files()?;
            Ok([
                plain(&files, Path::new(old))?,
                plain(&files, Path::new(new))?,
            ])
        }
        ([from, to], None) => {
            let progress = Progress::new(2, "sides");
            let side = |label: &String| {
                let (opened, name) = Opened::of(arguments, arguments.secrets, label)?;
                let loaded = opened.present(&name)?;
                progress.step();
                Ok(Loaded {
                    name: label.clone(),
                    ..loaded
                })
            };
            Ok([side(from)?, side(to)?])
        }
        ([label], Some(revision)) => {
            let _progress = Progress::new(1, "environments");
            let policy = arguments.secrets.unwrap_or(Policy::Placeholder);
            let (opened, name) = Opened::of(arguments, Some(policy), label)?;
            let tree = Revision::open(&opened.now.root, revision)?.allowing(opened.disk.allowed());
            let then = opened.then(&tree)?;
            let revision = (&tree, revision.as_str());
            against(&opened, label, &name, revision, then.as_ref())
        }
        ([label], None) => {
            let message = format!("there is nothing to compare `{label}` with");
            Err(Error::new(Kind::Project, message).help(format!(
                "write `kustom diff {label} --against main` for a git revision, or name a second \
                 environment"
            )))
        }
        (sides, _) => {
            let message = format!("two sides are compared, and {} are named", sides.len());
            Err(Error::new(Kind::Project, message)
                .help("`--against` with a git revision compares any number with themselves"))
        }
    }
}

/// A project, from where it is looked for.
struct Opened {
    here: PathBuf,
    /// The project as it is: the objects that are environments of it are looked for once.
    now: Project,
    options: project::Options<'static>,
    disk: Arc<LookupCache>,
}

impl Opened {
    /// The project of an environment, and its name there.
    fn of(arguments: &Arguments, policy: Option<Policy>, label: &str) -> Result<(Self, String)> {
        let here = working_directory()?;
        let directory = arguments.directory.as_deref();
        let disk = Arc::new(arguments.overrides.files()?);
        let (project, name) = find_environment(&*disk, &here, directory, label)?;
        let mut options = arguments.overrides.options(policy.map(Policy::secrets))?;
        options.plugins.helm.charts = Some(Arc::default());
        let opened = Self {
            now: project.seen_from(&here),
            here,
            options,
            disk,
        };
        Ok((opened, name))
    }

    /// The project as of a revision, if there was one.
    fn then(&self, tree: &Revision) -> Result<Option<Project>> {
        let then = Project::find_or_infer(tree, &self.now.root)?;
        Ok(then.map(|then| then.seen_from(&self.here)))
    }

    /// An environment as it is on the disk.
    fn present(&self, name: &str) -> Result<Loaded> {
        let (disk, project) = (&*self.disk, &self.now);
        let tracked = tracked_files(&project.environments.join(name));
        let tracked = said_by_git(tracked, disk, project, &[name.to_owned()])?;
        self.render(disk, project, name, &tracked.unwrap_or_default())
    }

    fn render(
        &self,
        files: &dyn Files,
        project: &Project,
        name: &str,
        tracked: &TrackedFiles,
    ) -> Result<Loaded> {
        let mut environment = project.environment(files, name)?;
        // What is compared need not be fit to be deployed.
        environment.settings.strict = Some(false);
        environment.settings.guard = Some(GuardPolicy::Off);
        let options = project::Options {
            tracked,
            lint: false,
            ..self.options.clone()
        };
        let mut rendered = render(files, &self.here, project, &environment, &options)?;
        let mut resources = std::mem::take(&mut rendered.resources);
        // What is compared is what is printed.
        for resource in &mut resources {
            settle_nulls(resource.parts_mut().0);
        }
        Ok(Loaded {
            name: name.to_owned(),
            resources,
            findings: told(std::mem::take(&mut rendered.findings)),
            sources: Named::Build(Box::new(rendered)),
        })
    }
}

/// An environment as of a revision, and as it is.
///
/// Secrets are not in git: those that are filled in here stand on both sides, and placeholders
/// where none is, so that what differs is what was changed.
fn against(
    opened: &Opened,
    label: &str,
    name: &str,
    (tree, revision): (&Revision, &str),
    then: Option<&Project>,
) -> Result<[Loaded; 2]> {
    let (disk, now) = (&*opened.disk, &opened.now);
    let then = then.filter(|then| then.names(tree).iter().any(|known| known == name));
    let is_now = now.names(disk).iter().any(|known| known == name);
    if then.is_none() && !is_now {
        now.environment(disk, name)?;
    }
    let from = if let Some(then) = then {
        let directory = then.environments.join(name);
        let files = Overlay {
            upper: filled_in(&now.within(disk), &directory.join("secrets"))?,
            lower: tree,
        };
        let tracked = tree.tracked_files(&directory)?;
        opened
            .render(&files, then, name, &tracked)
            .map_err(|error| error.elsewhere().note(format!("as of `{revision}`"), None))?
    } else {
        Loaded::nothing()
    };
    let to = if is_now {
        opened.present(name)?
    } else {
        Loaded::nothing()
    };
    // What was already remarked upon then is not news.
    let from = Loaded {
        name: format!("{label}@{revision}"),
        findings: Vec::new(),
        ..from
    };
    let to = Loaded {
        name: label.to_owned(),
        ..to
    };
    Ok([from, to])
}

/// What is of interest where two sides are compared: not what the cluster may have besides.
fn told(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|one| one.rule != MISSING || one.severity > Severity::Note);
    findings
}

/// The secrets that are filled in on the disk.
pub(super) fn filled_in(files: &Within<'_>, directory: &Path) -> Result<Memory> {
    let mut filled = Memory::default();
    let shown = directory.display().to_string();
    let names = files
        .walk(directory)
        .map_err(|cause| unlistable(directory, &shown, cause))?;
    for name in names {
        let path = directory.join(name);
        let content = files
            .read(&path)
            .map_err(|cause| unreadable(&path.display().to_string(), cause))?;
        filled.insert(path, content);
    }
    Ok(filled)
}

/// What a file of YAML holds, or all files of a directory.
fn plain(files: &LookupCache, path: &Path) -> Result<Loaded> {
    let schema = Schema::builtin();
    let name = shown_side(path);
    let mut loaded = Loaded::nothing();
    let mut names: Vec<Arc<str>> = Vec::new();
    for file in plain_files(path)? {
        let bytes = if file.as_os_str() == "-" {
            stdin(files.largest())
        } else {
            files.read(&file)
        };
        let bytes = bytes.map_err(|cause| cannot_read(&file, cause))?;
        let shown: Arc<str> = match file.strip_prefix(path) {
            Ok(inside) if !inside.as_os_str().is_empty() => format!("{name}/{}", inside.display()),
            _ => name.clone(),
        }
        .into();
        add(&mut loaded.resources, &bytes, shown, &mut names, &schema)?;
    }
    loaded.name = name;
    loaded.sources = Named::Files(names);
    Ok(loaded)
}

/// The objects of a text, under the next number that a source can have.
fn add(
    resources: &mut Vec<Resource>,
    bytes: &[u8],
    shown: Arc<str>,
    names: &mut Vec<Arc<str>>,
    schema: &Schema,
) -> Result<()> {
    let documents = read_manifests(bytes, SourceId::new(names.len()))
        .map_err(|error| error.name_files(|_| Some(Arc::clone(&shown))))?
        .documents;
    names.push(shown);
    for mut document in documents {
        if let Some(error) = repeated_key(&document) {
            return Err(error.name_files(|_| names.last().cloned()));
        }
        read_truths(&mut document);
        let of_document = items(document).into_iter();
        resources
            .extend(of_document.map(|node| Resource::generated(node, History::default(), schema)));
    }
    Ok(())
}

/// What differs between two streams, for people, with secrets masked; nothing if only the layout or
/// an order that means nothing does.
pub(super) fn of_texts(
    before: (&str, &str),
    after: (&str, &str),
    streams: &Streams,
) -> Result<Option<String>> {
    let schema = Schema::builtin();
    let side = |(name, text): (&str, &str)| {
        let mut loaded = Loaded::nothing();
        let mut names = Vec::new();
        add(
            &mut loaded.resources,
            text.as_bytes(),
            name.into(),
            &mut names,
            &schema,
        )?;
        name.clone_into(&mut loaded.name);
        loaded.sources = Named::Files(names);
        Ok(loaded)
    };
    let (from, to): (Loaded, Loaded) = (side(before)?, side(after)?);
    let fields = Fields::builtin();
    let options = Options {
        sides: Sides::Times,
        fields: &fields,
        secrets: &Guard::new(),
        masking: Masking {
            show: false,
            lengths: true,
        },
        expected: &[],
        ignored: &[],
        detail: Detail::default(),
    };
    let found = diff(
        from.input(&|span| from.place(span)),
        to.input(&|span| to.place(span)),
        &options,
    );
    let layout = Layout {
        color: streams.color_of_data(),
        width: super::output::width(),
        all: false,
        page: None,
    };
    let is_same = found.is_empty();
    Ok((!is_same).then(|| report::diff(&found, DiffFormat::Terminal, layout)))
}

/// What a side is called: by its path; one of kubectl's directories, which are gone when anybody
/// reads this, without the number.
fn shown_side(path: &Path) -> String {
    let name = path.file_name().and_then(OsStr::to_str);
    let is_kubectls = |word: &&str| {
        let number = name.and_then(|name| name.strip_prefix(word)?.strip_prefix('-'));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match ["LIVE", "MERGED"].iter().find(|word| is_kubectls(word)) {
        Some(word) => (*word).to_owned(),
        None => path.display().to_string(),
    }
}

fn plain_files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let files = Disk.walk(path).map_err(|cause| cannot_read(path, cause))?;
    Ok(files.into_iter().map(|file| path.join(file)).collect())
}

/// Takes `yes`, `no`, `on` and `off` without quotes for truths, as kubectl does, which reads plain
/// files as YAML 1.1. A build makes texts of them.
fn read_truths(node: &mut Node) {
    const WORDS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| read_truths(&mut entry.value)),
        Value::Seq(items) => items.iter_mut().for_each(read_truths),
        Value::Scalar(text) => {
            let cases = |word: &&str| {
                let first = word.get(..1).unwrap_or_default().to_uppercase()
                    + word.get(1..).unwrap_or_default();
                text == *word || *text == first.as_str() || *text == word.to_uppercase().as_str()
            };
            let is_plain = node.tag == Tag::Str && node.style == Style::Plain;
            if is_plain && WORDS.iter().any(cases) {
                node.tag = Tag::Bool;
            }
        }
        Value::Alias(_) => {}
    }
}

/// The objects of a list, or the document itself.
fn items(mut document: Node) -> Vec<Node> {
    let are_objects = |items: &[Node]| {
        let is_object = |item: &Node| item.get("kind").is_some_and(Node::is_scalar);
        !items.is_empty() && items.iter().all(is_object)
    };
    if are_objects(document.items()) {
        return document.items_mut().map(std::mem::take).unwrap_or_default();
    }
    let kind = document.get("kind").and_then(Node::text);
    let is_list = kind.is_some_and(|kind| kind.ends_with("List"))
        && document.entries().iter().all(says_nothing)
        && document
            .get("items")
            .is_some_and(|items| are_objects(items.items()));
    let items = document.get_mut("items").and_then(Node::items_mut);
    match items {
        Some(items) if is_list => std::mem::take(items),
        _ => vec![document],
    }
}

/// Whether a field of a list says nothing but that it is one.
fn says_nothing(entry: &Entry) -> bool {
    match entry.key.text() {
        Some("apiVersion" | "kind" | "items") => true,
        Some("metadata") => {
            let servers = [
                "continue",
                "remainingItemCount",
                "resourceVersion",
                "selfLink",
            ];
            let mut fields = entry.value.entries().iter();
            fields.all(|field| field.key.text().is_some_and(|key| servers.contains(&key)))
        }
        _ => false,
    }
}

/// Whether the two sides are directories as `kubectl diff` writes them: their files have the names
/// of objects, `apps.v1.Deployment.default.web`, and no extension.
fn is_kubectls(sides: &[String]) -> bool {
    let has_extension = |file: &PathBuf| {
        let extension = file.extension().and_then(OsStr::to_str);
        matches!(extension, Some("yaml" | "yml" | "json"))
    };
    sides.iter().all(|side| {
        let path = Path::new(side);
        let files = || plain_files(path).unwrap_or_default();
        path.is_dir() && !files().iter().any(has_extension)
    })
}

/// What the project has chosen to live with, if environments of one are compared.
fn project_ignores(arguments: &Arguments) -> Result<Vec<Ignore>> {
    let Some(label) = arguments.sides.first().filter(|_| !arguments.files) else {
        return Ok(Vec::new());
    };
    let here = working_directory()?;
    let files = &arguments.overrides.files()?;
    let (project, _) = find_environment(files, &here, arguments.directory.as_deref(), label)?;
    project.ignored_differences(files)
}

fn cannot_read(path: &Path, cause: io::Error) -> Error {
    let message = format!("cannot read `{}`: {cause}", path.display());
    Error::new(Kind::Load, message).caused_by(cause)
}

fn page(word: &str) -> std::result::Result<String, String> {
    let is_address = word.starts_with("https://") || word.starts_with("http://");
    let breaks_out = |c: char| c.is_whitespace() || c.is_control() || "()<>[]`\\\"".contains(c);
    // A step that has no page has an empty variable.
    match word.is_empty() || (is_address && !word.contains(breaks_out)) {
        true => Ok(word.to_owned()),
        false => Err("it is an address, `https://…`, without blanks and brackets".to_owned()),
    }
}

fn ignored(word: &str) -> std::result::Result<Ignore, String> {
    word.parse()
}

fn expectation(word: &str) -> std::result::Result<(String, String), String> {
    match word.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.into(), to.into())),
        _ => Err("it is `FROM=TO`".to_owned()),
    }
}
