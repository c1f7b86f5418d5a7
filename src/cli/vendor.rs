//! `kustom vendor`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::load::{Contents, Remotes, digest_of, largest_file};
use kustom::place::Place;
use kustom::project::VENDOR;
use kustom::write::{Directory, New, is_of_git};

use super::lock::{Tree, is_inside};
use super::output::{Streams, line};

/// The list of what was vendored, as `sha256sum` writes it.
const RECORD: &str = "vendor/kustom.sum";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write nothing; say which files are not what they would be, and exit with 1 if there is one.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    tree: Tree,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let found = arguments.tree.find()?;
    found.need_lock()?;
    let remotes = Arc::new(Remotes::to_vendor());
    arguments.tree.visit(&found, &remotes, streams)?;
    let contents = remotes.contents()?;
    let vendored = Vendored {
        root: Directory::new(found.shown("")).without_links(),
        shown: found.shown(""),
    };
    let (stale, gone) = vendored.stale(&contents)?;
    if arguments.check {
        let names = stale.iter().map(|file| file.path.clone());
        let names = names.chain(gone.iter().map(|(path, _)| path.clone()));
        let list: String = names.map(|path| line(&vendored.name(&path))).collect();
        streams.data(&list)?;
        return Ok(ExitCode::from(u8::from(!list.is_empty())));
    }
    vendored.root.write(&stale)?;
    let mut findings = Vec::new();
    for (path, hash) in &gone {
        let is_ours = |content: &[u8]| digest_of(content) == *hash;
        if !vendored.root.remove(path, largest_file(), is_ours)?
            && vendored
                .root
                .read(path, largest_file())
                .is_ok_and(|it| it.is_some())
        {
            findings.push(changed_since(&vendored.name(path)));
        }
    }
    streams.findings(&findings);
    let count = contents.len();
    let noun = if count == 1 { "file is" } else { "files are" };
    streams.say(&format!(
        "{count} {noun} vendored in `{}`\n",
        found.shown(VENDOR)
    ));
    Ok(ExitCode::SUCCESS)
}

/// What is vendored, and what was.
struct Vendored {
    root: Directory,
    shown: String,
}

impl Vendored {
    /// A path below the root, as it is shown to people.
    fn name(&self, path: &Path) -> String {
        let path = Path::new(&self.shown).join(path);
        let plain = path.strip_prefix(".").unwrap_or(&path);
        plain.display().to_string()
    }

    /// The files that are to be written, and those that are to go.
    #[allow(clippy::type_complexity, reason = "two lists of what is said above")]
    fn stale(&self, contents: &Contents) -> Result<(Vec<New>, Vec<(PathBuf, String)>)> {
        let old = self.record()?;
        let mut record = String::new();
        let mut stale = Vec::new();
        for (name, bytes) in contents {
            let below = Path::new(name)
                .strip_prefix(VENDOR)
                .unwrap_or(Path::new(name));
            let digest = digest_of(bytes);
            let digits = digest.strip_prefix("sha256:").unwrap_or(&digest);
            record.push_str(&format!("{digits}  {}\n", below.display()));
            if !self.root.holds(Path::new(name), bytes) {
                stale.push(New::over(name, bytes.clone()));
            }
        }
        if !self.root.holds(Path::new(RECORD), record.as_bytes()) {
            stale.push(New::over(RECORD, record));
        }
        let is_gone =
            |(path, _): &(PathBuf, String)| !contents.contains_key(path.to_string_lossy().as_ref());
        Ok((stale, old.into_iter().filter(is_gone).collect()))
    }

    /// The files that were vendored before, with their digests.
    fn record(&self) -> Result<BTreeMap<PathBuf, String>> {
        let read = self.root.read(Path::new(RECORD), largest_file());
        let text = read.map_err(|cause| {
            let message = format!("cannot read `{}`: {cause}", self.name(Path::new(RECORD)));
            Error::new(Kind::Load, message).caused_by(cause)
        })?;
        let text = String::from_utf8_lossy(text.as_deref().unwrap_or_default()).into_owned();
        let recorded = text.lines().filter_map(|line| {
            let (digits, name) = line.split_once("  ")?;
            let path = Path::new(name);
            (is_inside(path) && !is_of_git(path))
                .then(|| (Path::new(VENDOR).join(path), format!("sha256:{digits}")))
        });
        Ok(recorded.collect())
    }
}

fn changed_since(shown: &str) -> Finding {
    let message = format!("`{shown}` is vendored no more, but was changed since it was");
    Finding::warning("changed-output", message)
        .at(Place::file(shown.to_owned()))
        .help("remove it if nobody needs it")
}
