//! Reads the files that a kustomization names, as far as its loader lets it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use kustom_yaml::Text;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::VALUE;

use super::{Content, FileKind, Loader, cannot, is_http, url};

impl Loader<'_> {
    /// Reads a file that a kustomization names: a path, or the URL of a file.
    ///
    /// # Errors
    ///
    /// If it is missing, unreadable, a directory, or out of bounds; all at the place of the name.
    pub fn read(&self, name: &Text) -> Result<Content> {
        self.read_bound(name, self.is_bound())
    }

    /// Reads a file that a program would read by itself: from anywhere, but for what is fetched.
    ///
    /// # Errors
    ///
    /// As [`Loader::read`].
    pub fn read_as_program(&self, name: &Text) -> Result<Content> {
        self.read_bound(name, self.checkout.is_some())
    }

    fn read_bound(&self, name: &Text, is_bound: bool) -> Result<Content> {
        if is_http(name) {
            let library = self.library;
            let served = library
                .beside()
                .and_then(|beside| library.remotes().file(name, beside))
                .map_err(|error| error.at(name.span))?;
            self.charge(name, &served.bytes)?;
            let shown = match &served.path {
                Some(path) => library.shown(path).to_string_lossy().into_owned(),
                None => url::shown_url(name),
            };
            return Ok(Content {
                bytes: Bytes::copy_from_slice(&served.bytes),
                source: library.register(served.path, shown.into()),
            });
        }
        let path = self.path(name);
        if let Some(read) = self.read_unlinked(name, &path, is_bound) {
            return read;
        }
        let (resolved, kind) = self
            .files()
            .resolve(&path)
            .map_err(|cause| self.missing(name, &path, cause))?;
        if kind == FileKind::Directory {
            return Err(
                Error::new(Kind::Load, format!("`{name}` is a directory, not a file"))
                    .at(name.span)
                    .help("name a file in it, one entry for each"),
            );
        }
        if is_bound && !is_below(&resolved, &self.root) {
            let message = format!("`{name}` is outside of `{}`", self.shown_root());
            let error = Error::new(Kind::Load, message).at(name.span);
            return Err(error.help(match self.checkout {
                Some(_) => "what is fetched may only read files in its directory and below".into(),
                None => format!(
                    "a kustomization reads only files below its directory: move the file into \
                     `{}`, or pass `--load-restrictor LoadRestrictionsNone`",
                    self.shown_root()
                ),
            }));
        }
        let bytes = self
            .files()
            .content(&resolved)
            .map_err(|cause| cannot(&format!("read `{name}`"), cause).at(name.span))?;
        self.content(name, resolved, bytes)
    }

    /// A file that was read, with its number.
    fn content(&self, name: &Text, resolved: PathBuf, bytes: Bytes) -> Result<Content> {
        self.charge(name, &bytes)?;
        let written = match self.files().is_disk() {
            true => Cow::Borrowed(resolved.as_path()),
            false => Cow::Owned(self.files().editable_path(&resolved)),
        };
        let shown = self.shown(&written);
        // Nearly all names are valid, which is soon known.
        let shown = match shown.to_str() {
            Some(shown) => Arc::from(shown),
            None => Arc::from(shown.to_string_lossy()),
        };
        let path = (!self.is_fetched()).then_some(resolved);
        let source = self.library.register(path, shown);
        Ok(Content { bytes, source })
    }

    /// Charges a file that was read.
    fn charge(&self, name: &Text, bytes: &[u8]) -> Result<()> {
        let budget = &self.library.budget;
        let charged = budget.charge("this file", VALUE + bytes.len() as u64);
        charged.map_err(|error| error.at(name.span))
    }

    /// Reads a file of the directory if it is there and within bounds.
    pub fn read_if_there(&self, name: &str) -> Option<Content> {
        self.kind(name)?;
        self.read(&Text::from(name)).ok()
    }

    /// Reads an entry that may be a file or a base, if it is soon known to be a file; otherwise
    /// nothing is known, and nothing wrong.
    ///
    /// # Errors
    ///
    /// If the budget does not reach.
    pub fn read_if_plain(&self, name: &Text) -> Option<Result<Content>> {
        // A name without an extension is that of a directory.
        let is_file = name
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.'));
        match is_file && !is_http(name) {
            true => self.read_unlinked(name, &self.path(name), self.is_bound()),
            false => None,
        }
    }

    fn read_unlinked(&self, name: &Text, path: &Path, is_bound: bool) -> Option<Result<Content>> {
        let may_read = |resolved: &Path| !is_bound || is_below(resolved, &self.root);
        let (resolved, bytes) = self.files().read_unlinked(path, &may_read)?;
        Some(self.content(name, resolved, bytes))
    }
}

/// Whether a path starts with the parts of another, which is first told by their letters.
fn is_below(path: &Path, root: &Path) -> bool {
    let [path_bytes, root_bytes] = [path, root].map(|it| it.as_os_str().as_encoded_bytes());
    let rest = path_bytes.strip_prefix(root_bytes);
    rest.is_some_and(|rest| rest.starts_with(b"/")) || path.starts_with(root)
}
