//! What a server answers, in paths and offsets: the language is the caller's.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The language behind a server.
///
/// Paths are those of files, as [`Answers::locate`] gives them; offsets are in bytes of
/// [`Answers::text`].
pub trait Answers {
    /// The one path of a file, whatever links lead to it.
    fn locate(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    /// Hears the text of an open document, or that it was closed: then the disk counts.
    fn set_text(&mut self, path: &Path, text: Option<&str>);

    /// Hears that files on the disk have changed, appeared or gone; whether that may matter.
    fn files_changed(&mut self, paths: &[PathBuf]) -> bool;

    /// The text of a file, open or not.
    fn text(&self, path: &Path) -> Option<String>;

    /// All that is to be said, by file; a file that is left out has nothing.
    fn diagnostics(&mut self, scope: Scope) -> BTreeMap<PathBuf, Vec<Diagnostic>>;

    /// Changes that mend what was said of a range of a file.
    fn fixes(&mut self, _path: &Path, _range: Range<usize>) -> Vec<Fix> {
        Vec::new()
    }

    /// What is shown where the pointer rests.
    fn hover(&mut self, _path: &Path, _offset: usize) -> Option<Hover> {
        None
    }

    /// Where what stands at an offset is defined.
    fn definition(&mut self, _path: &Path, _offset: usize) -> Vec<Target> {
        Vec::new()
    }

    /// Where what stands at an offset is used.
    fn references(&mut self, _path: &Path, _offset: usize) -> Vec<Target> {
        Vec::new()
    }

    /// What can be written at an offset.
    fn completion(&mut self, _path: &Path, _offset: usize) -> Vec<Completion> {
        Vec::new()
    }

    /// The parts of a document.
    fn symbols(&mut self, _path: &Path) -> Vec<Symbol> {
        Vec::new()
    }

    /// What is said above lines of a document.
    fn lenses(&mut self, _path: &Path) -> Vec<Lens> {
        Vec::new()
    }

    /// What would be renamed at an offset.
    ///
    /// # Errors
    ///
    /// If nothing there can be, with the reason.
    fn renamable(&mut self, _path: &Path, _offset: usize) -> Result<Rename, Refused> {
        Err(Refused("nothing here can be renamed".to_owned()))
    }

    /// The changes that rename what stands at an offset.
    ///
    /// # Errors
    ///
    /// If it cannot be renamed, with the reason.
    fn rename(&mut self, _path: &Path, _offset: usize, _name: &str) -> Result<Vec<Edit>, Refused> {
        Err(Refused("nothing here can be renamed".to_owned()))
    }

    /// Forgets all but the open documents: what was known may be half of it, after a panic.
    fn reset(&mut self);
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What the open documents touch: one was opened or changed.
    Typed,
    /// Everything: a document was saved or closed, or files have changed on the disk.
    Everything,
}

/// Why something is not done, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub range: Range<usize>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It must be mended.
    Error,
    /// It is probably not meant.
    Warning,
    /// It is good to know.
    Information,
}

/// A remark on a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The bytes that it is about.
    pub range: Range<usize>,
    /// How bad it is.
    pub severity: Severity,
    /// The rule.
    pub code: String,
    /// Where the rule is described.
    pub about: Option<String>,
    /// What, and what to try next.
    pub message: String,
    /// Whether it is about something that is out of use.
    pub is_deprecated: bool,
    /// What else has to do with it.
    pub related: Vec<Related>,
}

/// A place that has to do with a remark.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Where.
    pub target: Target,
    /// What happened there.
    pub message: String,
}

/// A change that mends something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// The changes.
    pub edits: Vec<Edit>,
    /// The rule of the remark that it mends.
    pub code: String,
    /// Whether it is the one to take.
    pub is_preferred: bool,
}

/// A change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub path: PathBuf,
    /// The bytes that are replaced.
    pub range: Range<usize>,
    /// What stands there then.
    pub text: String,
}

/// What is shown where the pointer rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The bytes that it is about.
    pub range: Range<usize>,
    /// The text, in Markdown.
    pub markdown: String,
}

/// What kind of thing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// The name of a field.
    Field,
    /// One of the words that a field takes.
    Word,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// The name of an object.
    Object,
    /// A value that a template is given.
    Variable,
}

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// How it is listed, and what is written.
    pub label: String,
    /// What kind of thing it is.
    pub kind: CompletionKind,
    /// A few words beside it.
    pub detail: Option<String>,
    /// More about it, in Markdown.
    pub documentation: Option<String>,
    /// The bytes that it takes the place of.
    pub replaces: Range<usize>,
    /// What is written there.
    pub text: String,
    /// Whether nobody should write it any more.
    pub is_deprecated: bool,
}

/// What kind of thing a part of a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A Kubernetes object.
    Object,
    /// A field.
    Field,
    /// A file that is named.
    File,
    /// Something that is called by a name.
    Named,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// A few words beside it.
    pub detail: Option<String>,
    /// What it is.
    pub kind: SymbolKind,
    /// All of it.
    pub range: Range<usize>,
    /// What it is called by, within it.
    pub selection: Range<usize>,
    /// Its parts.
    pub children: Vec<Symbol>,
}

/// Something that is said above a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The bytes that it is about.
    pub range: Range<usize>,
    /// What it says.
    pub title: String,
    /// Where it leads.
    pub targets: Vec<Target>,
}

/// What would be renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The bytes of the name.
    pub range: Range<usize>,
    /// The name.
    pub name: String,
}
