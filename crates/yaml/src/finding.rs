//! A finding: something worth a remark that does not stop the work.
//!
//! Functions return findings as values; the caller decides how they are shown, and whether they
//! fail the run.

use std::fmt;

use crate::note::Note;
use crate::place::{Excerpt, Place};

/// One remark: which rule, how bad, what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, such as `unmatched-patch`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, lower case, the user's words in backticks.
    pub message: String,
    /// Where, if it is somewhere.
    pub place: Option<Place>,
    /// Where else the same is to be seen.
    pub others: Vec<Place>,
    /// The steps on the way to it, the innermost first. It is known without them: a mistake in a
    /// base is one, however many ways lead there.
    pub notes: Vec<Note>,
    /// What to try next.
    pub help: Option<String>,
    /// What tells it from others of its rule in its file, whatever line it is on.
    pub identity: Option<String>,
    /// The object that it is about, if it is about one.
    pub object: Option<Box<Object>>,
    /// The line to show at its place, where that is known without reading its file again.
    pub excerpt: Option<Box<Excerpt>>,
    /// Whether its places are in other texts than those that the disk has under these names.
    pub is_elsewhere: bool,
}

/// The object that a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty if it says none.
    pub namespace: String,
    /// Its name; empty if it says none.
    pub name: String,
}

impl fmt::Display for Object {
    /// Writes `KIND/NAME` or `KIND/NAMESPACE/NAME`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{}/{}", self.kind, self.name),
            namespace => write!(f, "{}/{namespace}/{}", self.kind, self.name),
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Probably not what was meant; fails a strict run.
    Warning,
    /// Must be mended.
    Error,
}

impl Severity {
    /// Its name: `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Finding {
    /// A finding without a place.
    pub fn new(rule: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            place: None,
            others: Vec::new(),
            notes: Vec::new(),
            help: None,
            identity: None,
            object: None,
            excerpt: None,
            is_elsewhere: false,
        }
    }

    /// A warning without a place.
    pub fn warning(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Warning, message)
    }

    /// An error without a place.
    pub fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Error, message)
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Sets the object that it is about.
    #[must_use]
    pub fn about(mut self, object: Object) -> Self {
        self.object = Some(Box::new(object));
        self
    }

    /// Sets the line that says what to try next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Every place that it names.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let notes = self.notes.iter().filter_map(|note| note.place.as_ref());
        self.place.iter().chain(&self.others).chain(notes)
    }

    /// Changes every sentence, the object's names, and the line that is shown.
    pub fn map_words(&mut self, change: impl Fn(&str) -> String) {
        let notes = self.notes.iter_mut();
        let notes = notes.flat_map(|note| std::iter::once(&mut note.message).chain(&mut note.help));
        let own = std::iter::once(&mut self.message).chain(&mut self.help);
        let object = self.object.as_deref_mut();
        let object = object.map(|it| [&mut it.kind, &mut it.namespace, &mut it.name]);
        for words in own.chain(notes).chain(object.into_iter().flatten()) {
            *words = change(words);
        }
        let excerpt = self.excerpt.take();
        self.excerpt = excerpt.and_then(|it| it.changed(&change)).map(Box::new);
    }

    /// The same places, to be changed.
    pub fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        let notes = self.notes.iter_mut();
        self.place
            .iter_mut()
            .chain(&mut self.others)
            .chain(notes.filter_map(|note| note.place.as_mut()))
    }

    /// The sentence with the steps that led there, on one line.
    pub fn sentence(&self) -> String {
        let mut sentence = self.message.clone();
        for note in &self.notes {
            sentence.push_str("; ");
            sentence.push_str(&note.message);
            if let Some(place) = &note.place {
                sentence.push_str(&format!(" ({place})"));
            }
        }
        sentence
    }
}

impl From<&Finding> for Note {
    fn from(finding: &Finding) -> Self {
        Self {
            message: finding.message.clone(),
            place: finding.place.clone(),
            help: finding.help.clone(),
            is_step: false,
        }
    }
}
