//! Which kustomizations are edited, and how they are written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kustom::diff::Lines;
use kustom::edit::glob;
use kustom::error::{Error, Kind, Result};
use kustom::kustomization::FILE_NAMES;
use kustom::load::{
    FileKind, Files, Loader, LookupCache, Restriction, SourceStore, display_from, normalized,
};
use kustom::place::SourceId;
use kustom::report::printable;
use kustom::write;
use kustom::yaml::Text;

use super::super::build::working_directory;
use super::super::output::{Streams, line, lines};
use super::super::reading::Bound;

/// Where, and whether it is written.
#[derive(Debug, Default, clap::Args)]
pub(in super::super) struct Places {
    /// Edit the kustomization of this directory; may be repeated, and a quoted `*` stands for
    /// several.
    #[arg(short = 'C', long, value_name = "DIR", global = true)]
    directory: Vec<String>,
    /// Write nothing; name the files that would be written.
    #[arg(long, global = true)]
    dry_run: bool,
    /// Print the changes as a unified diff.
    #[arg(long, global = true)]
    diff: bool,
    #[command(flatten)]
    bound: Bound,
}

/// The directories of the kustomizations.
pub(super) struct Kustomizations<'f> {
    files: &'f dyn Files,
    here: PathBuf,
    directories: Vec<String>,
}

/// What there is of a kustomization in a directory.
pub(super) enum Here {
    /// One file.
    Found(Found),
    /// None, or more than can be edited, and why that is wrong.
    Wrong(Error),
}

/// The file of a kustomization.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// The name of the file, without its directory.
    pub(super) file_name: String,
    /// The path as it is shown.
    pub(super) shown: Arc<str>,
    pub(super) text: String,
    pub(super) source: SourceId,
}

/// A file with its text before and after.
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) shown: Arc<str>,
    pub(super) old: String,
    pub(super) new: String,
}

impl Target {
    pub(super) fn of(found: Found, new: Option<String>) -> Self {
        Self {
            path: found.path,
            shown: found.shown,
            new: new.unwrap_or_else(|| found.text.clone()),
            old: found.text,
        }
    }
}

impl Here {
    /// The name of the file, if there is one.
    pub(super) fn file_name(&self) -> &str {
        match self {
            Self::Found(found) => &found.file_name,
            Self::Wrong(_) => "",
        }
    }

    pub(super) fn found(self) -> Result<Found> {
        match self {
            Self::Found(found) => Ok(found),
            Self::Wrong(error) => Err(error),
        }
    }
}

impl<'f> Kustomizations<'f> {
    /// The directories that are named; the current one if none is.
    pub(super) fn of(places: &Places, files: &'f dyn Files) -> Result<Self> {
        let here = working_directory()?;
        let mut directories: Vec<String> = Vec::new();
        for pattern in &places.directory {
            let found = glob(files, &here, pattern)?;
            let is_directory = |name: &String| {
                let kind = files.resolve(&here.join(name));
                kind.is_ok_and(|(_, kind)| kind == FileKind::Directory)
            };
            let mut found: Vec<String> = found.into_iter().filter(is_directory).collect();
            if found.is_empty() {
                let message = format!("there is no directory `{pattern}`");
                return Err(Error::new(Kind::Load, message));
            }
            found.retain(|name| !directories.contains(name));
            directories.append(&mut found);
        }
        if directories.is_empty() {
            directories.push(".".to_owned());
        }
        Ok(Self {
            files,
            here,
            directories,
        })
    }

    /// Takes, instead of each directory, what `below` finds in it.
    pub(super) fn descend(&mut self, below: &dyn Fn(&Path) -> Result<Vec<PathBuf>>) -> Result<()> {
        let mut found = Vec::new();
        for directory in &self.directories {
            for path in below(&normalized(&self.here.join(directory)))? {
                let name = named(&self.here, &path);
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        self.directories = found;
        Ok(())
    }

    /// The directory to which names are relative.
    pub(super) fn here(&self) -> &Path {
        &self.here
    }

    pub(super) fn directories(&self) -> &[String] {
        &self.directories
    }

    /// Does something in a directory; what goes wrong names the files by their paths.
    pub(super) fn with<T>(
        &self,
        directory: &str,
        work: impl FnOnce(&Loader<'_>, Here) -> Result<T>,
    ) -> Result<T> {
        let library = SourceStore::new(self.files, &self.here, Restriction::None);
        let loader = library.open(Path::new(directory))?;
        let here = find(&loader, |source| {
            let span = kustom::place::Span {
                source,
                ..Default::default()
            };
            library.name(span)
        });
        work(&loader, here).map_err(|error| error.name_files(|span| library.name(span)))
    }
}

/// The kustomization of a directory.
fn find(loader: &Loader<'_>, name: impl Fn(SourceId) -> Option<Arc<str>>) -> Here {
    let there: Vec<&str> = FILE_NAMES
        .into_iter()
        .filter(|name| loader.kind(name).is_some())
        .collect();
    let wrong = |message: String| Error::new(Kind::Load, message);
    let shown = loader.shown_root();
    let file_name = match there.as_slice() {
        [one] => *one,
        [] => {
            let error = wrong(format!("there is no kustomization in `{shown}`"));
            return Here::Wrong(error.help("`create` makes one"));
        }
        several => {
            let names = several.join("`, `");
            let error = wrong(format!(
                "there are several kustomizations in `{shown}`: `{names}`"
            ));
            return Here::Wrong(error.help("keep one of them"));
        }
    };
    if loader.kind(file_name) == Some(FileKind::Directory) {
        return Here::Wrong(wrong(format!("`{file_name}` in `{shown}` is a directory")));
    }
    let content = match loader.read(&Text::from(file_name)) {
        Ok(content) => content,
        Err(error) => return Here::Wrong(error),
    };
    let Ok(text) = String::from_utf8(content.bytes.into()) else {
        let error = wrong(format!("`{file_name}` in `{shown}` is not UTF-8"));
        return Here::Wrong(error.help("nothing was written; save the file as UTF-8"));
    };
    Here::Found(Found {
        path: loader.root().join(file_name),
        file_name: file_name.to_owned(),
        shown: name(content.source).unwrap_or_else(|| file_name.into()),
        text,
        source: content.source,
    })
}

impl Places {
    /// The disk, as far as it may be read.
    pub(super) fn files(&self) -> LookupCache {
        self.bound.files()
    }

    /// Writes what has changed, or says what would be written.
    pub(super) fn put_down(&self, targets: &[Target], streams: &Streams) -> Result<()> {
        let changed: Vec<&Target> = targets.iter().filter(|it| it.old != it.new).collect();
        let mut text = String::new();
        for target in &changed {
            if self.diff {
                text.push_str(&difference(target));
            } else if self.dry_run {
                text.push_str(&line(&target.shown));
            }
        }
        if !self.dry_run {
            // A link stays, and what it leads to is written.
            let here = working_directory()?;
            let files = changed.iter().map(|target| {
                let path = target.path.strip_prefix(&here).unwrap_or(&target.path);
                (path.to_path_buf(), target.new.clone().into_bytes())
            });
            write::files(&files.collect::<Vec<_>>())?;
        }
        streams.data(&text)
    }
}

fn difference(target: &Target) -> String {
    let (old, new) = (target.old.as_str(), target.new.as_str());
    let from = if old.is_empty() {
        "/dev/null"
    } else {
        &target.shown
    };
    let difference = Lines::of(old, new).unified(&printable(from), &printable(&target.shown));
    lines(&difference)
}

/// A directory as it is named from another.
pub(super) fn named(here: &Path, directory: &Path) -> String {
    match display_from(here, directory).as_str() {
        "" => ".".to_owned(),
        name => name.to_owned(),
    }
}
