//! The error type of the library.
//!
//! It is one word wide. It has one sentence, a place, and a help line with the next thing to try.
//! The user's words are in backticks; a sentence starts in lower case and has no full stop.

use std::fmt;

use crate::finding::Finding;
pub use crate::note::Note;
use crate::place::{Excerpt, Place, Span};

/// What went wrong, and where.
///
/// `{}` prints the sentence and the place on one line; `{:#}` adds the excerpt, the notes and the
/// help.
///
/// # Example
///
/// ```
/// use kustom_yaml::error::{Error, Kind};
/// use kustom_yaml::place::Place;
///
/// let error = Error::new(Kind::Kustomization, "unknown field `resorces`")
///     .at(Place::file("base/kustomization.yaml"))
///     .help("did you mean `resources`?");
/// assert_eq!(error.to_string(), "unknown field `resorces` (base/kustomization.yaml)");
/// ```
pub struct Error(Box<Repr>);

struct Repr {
    kind: Kind,
    message: String,
    place: Option<Place>,
    notes: Vec<Note>,
    findings: Vec<Finding>,
    help: Option<String>,
    excerpt: Option<Excerpt>,
    is_elsewhere: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Which part of the work an error comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text that is not YAML: `a: b: c`.
    Yaml,
    /// A document that is no Kubernetes object: one without `kind`.
    Resource,
    /// A kustomization that says something impossible: `resorces: []`.
    Kustomization,
    /// A patch that does not apply: `op: zap`.
    Patch,
    /// A generator that cannot make its object: `literals: [novalue]`.
    Generator,
    /// A transformer that cannot do its work: `replicas: [{name: nobody, count: 2}]`.
    Transform,
    /// A name that could mean several objects, or one object twice.
    Reference,
    /// A file that is missing, unreadable, or out of bounds: `resources: [/etc/passwd]`.
    Load,
    /// A secret that must not be where it is, or one that is missing.
    Secret,
    /// A configuration script: `command: udpate`.
    Script,
    /// A template: `{{ missing }}`.
    Template,
    /// A program that runs outside: helm, git, an exec function.
    Plugin,
    /// The project or an environment: `kustom render prodution`.
    Project,
    /// Output that cannot be written.
    Output,
    /// More than a limit allows.
    Limit,
}

/// What is longer is no word that somebody has mistyped, in characters.
pub(crate) const LONGEST_WORD: usize = 256;

/// In how many letters a word may differ from another that is meant, by their lengths.
pub(crate) fn most_letters(known: &str, word: &str) -> usize {
    1 + known.len().min(word.len()) / 4
}

/// The word among some that a mistyped one was probably meant to be.
///
/// # Example
///
/// ```
/// use kustom_yaml::error::nearest;
///
/// assert_eq!(nearest("resorces", ["resources", "replicas"]), Some("resources"));
/// assert_eq!(nearest("zebra", ["resources", "replicas"]), None);
/// ```
pub fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let limit = |known: &str| most_letters(known, word);
    nearest_within(word, words, Case::Ignored, limit)
}

/// Whether a capital and its small letter are two letters for [`nearest_within`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They are the same.
    Ignored,
    /// They differ.
    Counts,
}

/// The word among some that differs least from another, in at most as many letters as `limit`
/// allows for it; of two that are as near the first one.
pub fn nearest_within<'w>(
    word: &str,
    words: impl IntoIterator<Item = &'w str>,
    case: Case,
    limit: impl Fn(&str) -> usize,
) -> Option<&'w str> {
    let folded = |text: &str| match case {
        Case::Ignored => text.to_lowercase(),
        Case::Counts => text.to_owned(),
    };
    let word = folded(word);
    let length = word.chars().count();
    if length > LONGEST_WORD {
        return None;
    }
    words
        .into_iter()
        .filter_map(|known| {
            let most = limit(known);
            // Comparing takes the product of both lengths.
            let known_length = known.chars().take(length + most + 1).count();
            if known_length.abs_diff(length) > most {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&word, &folded(known));
            (distance <= most).then_some((distance, known))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// `Result` with the library's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error without a place.
    #[cold]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            kind,
            message: message.into(),
            place: None,
            notes: Vec::new(),
            findings: Vec::new(),
            help: None,
            excerpt: None,
            is_elsewhere: false,
            source: None,
        }))
    }

    /// Sets the place, whatever is known already: for an error in a text that stands in another,
    /// such as a patch in its kustomization.
    #[must_use]
    pub fn within(mut self, place: impl Into<Place>) -> Self {
        self.0.place = Some(place.into());
        self
    }

    /// Sets the place, unless one is known already: the innermost is the most exact.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>) -> Self {
        if self.0.place.is_none() {
            self.0.place = Some(place.into());
        }
        self
    }

    /// Sets the line that says what to try next, unless there is one.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    /// Sets the line that says what to try next, whatever it says already.
    #[must_use]
    pub fn advise(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Adds what else is to be known, or another place that the error is about; the inner ones
    /// come first.
    #[must_use]
    pub fn note(self, message: impl Into<String>, place: Option<Place>) -> Self {
        self.with_note(Note {
            message: message.into(),
            place,
            ..Note::default()
        })
    }

    /// Adds a step on the way to the error, such as the file that names the one that failed.
    #[must_use]
    pub fn step(self, message: impl Into<String>, place: Option<Place>) -> Self {
        self.with_note(Note {
            message: message.into(),
            place,
            is_step: true,
            ..Note::default()
        })
    }

    /// Sets the line to show at its place, for a text that its reader knows better, unless there
    /// is one.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: Excerpt) -> Self {
        self.0.excerpt.get_or_insert(excerpt);
        self
    }

    /// Says that its places are in other texts than the disk has under these names, such as those
    /// of a revision: no line of the disk is shown for them.
    #[must_use]
    pub fn elsewhere(mut self) -> Self {
        self.0.is_elsewhere = true;
        self
    }

    /// Adds a note that may have a help of its own.
    #[must_use]
    pub fn with_note(mut self, note: Note) -> Self {
        self.0.notes.push(note);
        self
    }

    /// Adds a step that only says where something is: nothing is added for what was not read.
    #[must_use]
    pub fn note_at(self, message: impl Into<String>, span: Span) -> Self {
        match span.line {
            0 => self,
            _ => self.note(message, Some(span.into())),
        }
    }

    /// Adds the findings that it refuses: they are told before it, and it says why they are errors.
    #[must_use]
    pub fn refusing(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.0.findings.extend(findings);
        self
    }

    /// Changes the sentence.
    #[must_use]
    pub fn reworded(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// The same words, without the error of another library.
    pub fn without_source(&self) -> Self {
        let inner = &self.0;
        Self(Box::new(Repr {
            kind: inner.kind,
            message: inner.message.clone(),
            place: inner.place.clone(),
            notes: inner.notes.clone(),
            findings: inner.findings.clone(),
            help: inner.help.clone(),
            excerpt: inner.excerpt.clone(),
            is_elsewhere: inner.is_elsewhere,
            source: None,
        }))
    }

    /// Changes every sentence: what went wrong, the steps that led there, what to try next.
    #[must_use]
    pub fn map_words(mut self, change: impl Fn(&str) -> String) -> Self {
        let notes = self.0.notes.iter_mut();
        let notes = notes.flat_map(|note| std::iter::once(&mut note.message).chain(&mut note.help));
        let own = std::iter::once(&mut self.0.message).chain(&mut self.0.help);
        for words in own.chain(notes) {
            *words = change(words);
        }
        let excerpt = self.0.excerpt.take();
        self.0.excerpt = excerpt.and_then(|excerpt| excerpt.changed(&change));
        for finding in &mut self.0.findings {
            finding.map_words(&change);
        }
        self
    }

    /// Keeps the error of another library that caused this one.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Names the files of the places that hold only a span.
    #[must_use]
    pub fn name_files(mut self, name: impl Fn(Span) -> Option<std::sync::Arc<str>>) -> Self {
        for place in self.places_mut() {
            if place.file.is_none() {
                place.file = name(place.span);
            }
        }
        self
    }

    /// Changes its places and those of its notes.
    #[must_use]
    pub fn locate(mut self, locate: impl Fn(&mut Place)) -> Self {
        self.places_mut().for_each(locate);
        self
    }

    /// Changes the names of the files in its places.
    #[must_use]
    pub fn rename_files(mut self, name: impl Fn(&str) -> std::sync::Arc<str>) -> Self {
        for place in self.places_mut() {
            place.file = place.file.take().map(|file| name(&file));
        }
        self
    }

    fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        let inner = &mut *self.0;
        let notes = inner.notes.iter_mut();
        let notes = notes.filter_map(|note| note.place.as_mut());
        let findings = inner.findings.iter_mut().flat_map(Finding::places_mut);
        inner.place.iter_mut().chain(notes).chain(findings)
    }

    /// Every place that it names.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let notes = self.0.notes.iter().filter_map(|note| note.place.as_ref());
        let findings = self.0.findings.iter().flat_map(Finding::places);
        self.0.place.iter().chain(notes).chain(findings)
    }

    /// Which part of the work it comes from.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it is, if that is known.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The other places that it is about, and the steps that led there, the innermost first.
    pub fn notes(&self) -> &[Note] {
        &self.0.notes
    }

    /// The findings that it refuses.
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// The line to show at its place, where that is known without reading its file again.
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.0.excerpt.as_ref()
    }

    /// Whether its places are in other texts than those that the disk has under these names.
    pub fn is_elsewhere(&self) -> bool {
        self.0.is_elsewhere
    }

    /// The sentence and what to try next, for a parser that has one text for both.
    pub fn with_help(&self) -> String {
        match self.help_line() {
            Some(help) => format!("{}; {help}", self.message()),
            None => self.message().to_owned(),
        }
    }

    /// What to try next.
    pub fn help_line(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(place) = &self.0.place {
            write!(f, " ({place})")?;
        }
        if f.alternate() {
            if let Some(excerpt) = &self.0.excerpt {
                let (line, marks) = excerpt.lines();
                write!(f, "\n  {line}\n  {marks}")?;
            }
            let refused: Vec<Note> = self.0.findings.iter().map(Note::from).collect();
            for note in refused.iter().chain(&self.0.notes) {
                write!(f, "\n  {}", note.message)?;
                if let Some(place) = &note.place {
                    write!(f, " ({place})")?;
                }
                if let Some(help) = &note.help {
                    write!(f, "\n    help: {help}")?;
                }
            }
            if let Some(help) = &self.0.help {
                write!(f, "\n  help: {help}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self:#}", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_innermost_place_and_help_win() {
        let error = Error::new(Kind::Yaml, "bad")
            .at(Place::file("inner.yaml"))
            .help("first")
            .at(Place::file("outer.yaml"))
            .help("second");
        assert_eq!(format!("{error:#}"), "bad (inner.yaml)\n  help: first");
    }
}
